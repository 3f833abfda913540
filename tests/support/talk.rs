//! Conversations with the engine, step by step; and short names for what it tells and writes.

use std::mem;

use bytes::Bytes;
use sans_h2::frame::{Flags, Kind, Part, SettingId};
use sans_h2::{
    Cause, Config, ConfigBuilder, Connection, ConnectionError, ErrorCode, Fields, Head, Role, Stream, Time,
    Verdict, Violation,
};

use super::{Log, Seen, Sent, Wire, drain, frames, get, id, post};

/// One end, with a peer that speaks in turn with the test.
pub struct Talk {
    pub connection: Connection,
    wire: Option<Wire>,
    pace: Pace,
    heard: usize,
}

/// How the peer's octets come.
#[derive(Clone, Copy)]
enum Pace {
    Pieces(usize),
    CutAt(usize),
}

/// The defaults but for what `change` says.
pub fn config(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Config {
    change(Config::builder()).build().expect("values in range")
}

/// Holds a conversation after both prefaces, the peer's with `settings`, have been exchanged and acknowledged: with
/// the peer's octets whole, one at a time, and cut at every place.
pub fn talk(role: Role, config: &Config, settings: &[(SettingId, u32)], dialog: impl Fn(&mut Talk)) {
    talk_from_start(role, config, |talk| {
        talk.hear(|wire| wire.octets(&Wire::peer(role.peer(), settings).octets));
        talk.frames();
        dialog(talk);
    });
}

/// The same without cuts, for dialogs by the thousand.
pub fn talk_once(role: Role, config: &Config, settings: &[(SettingId, u32)], dialog: impl Fn(&mut Talk)) {
    let mut talk = Talk::new(role, config, Pace::Pieces(usize::MAX));
    talk.hear(|wire| wire.octets(&Wire::peer(role.peer(), settings).octets));
    talk.frames();
    dialog(&mut talk);
}

/// The same as [`talk`] from the first octet on.
pub fn talk_from_start(role: Role, config: &Config, dialog: impl Fn(&mut Talk)) {
    let hold = |pace| {
        let mut talk = Talk::new(role, config, pace);
        dialog(&mut talk);
        talk.heard
    };
    let total = hold(Pace::Pieces(usize::MAX));
    hold(Pace::Pieces(1));
    for cut in (1..total).step_by(1 + total / 2_000) {
        hold(Pace::CutAt(cut));
    }
}

impl Talk {
    fn new(role: Role, config: &Config, pace: Pace) -> Self {
        let connection = match role {
            Role::Client => Connection::client(config.clone()),
            Role::Server => Connection::server(config.clone()),
        };
        Self { connection, wire: Some(Wire::raw()), pace, heard: 0 }
    }

    /// What the engine tells of what the peer says.
    pub fn hear(&mut self, say: impl FnOnce(Wire) -> Wire) -> Vec<Seen> {
        let mut wire = say(self.wire.take().expect("it is put back"));
        let octets = mem::take(&mut wire.octets);
        self.wire = Some(wire);
        let start = self.heard;
        self.heard += octets.len();
        let first = match self.pace {
            Pace::Pieces(size) => size,
            Pace::CutAt(cut) => cut.checked_sub(start).filter(|&cut| cut > 0).unwrap_or(usize::MAX),
        };
        let (piece, mut rest) = octets.split_at(first.min(octets.len()));
        let mut log = Log::default();
        self.take(piece, &mut log);
        while !rest.is_empty() {
            let size = match self.pace {
                Pace::Pieces(size) => size.min(rest.len()),
                Pace::CutAt(_) => rest.len(),
            };
            let (piece, more) = rest.split_at(size);
            self.take(piece, &mut log);
            rest = more;
        }
        log.events
    }

    /// What the engine tells without input.
    pub fn notices(&mut self) -> Vec<Seen> {
        self.hear(|wire| wire)
    }

    /// What the engine tells after the transport has ended.
    pub fn end_of_input(&mut self) -> Vec<Seen> {
        self.connection.end_of_input();
        self.notices()
    }

    fn take(&mut self, mut piece: &[u8], log: &mut Log) {
        while let Some(event) = self.connection.poll(&mut piece, Time::ZERO) {
            log.push(&event);
        }
        assert!(piece.is_empty(), "poll takes all input before it returns None");
    }

    /// All frames that are to be written now.
    pub fn frames(&mut self) -> Vec<Sent> {
        frames(&drain(&mut self.connection))
    }

    /// A live stream.
    pub fn stream(&mut self, number: u32) -> Stream<'_> {
        self.connection.stream(id(number)).expect("a live stream")
    }

    pub fn is_live(&mut self, number: u32) -> bool {
        self.connection.stream(id(number)).is_some()
    }

    /// Opens a stream, a GET or the head of a POST, and returns its number.
    pub fn open(&mut self, part: Part) -> u32 {
        let fields = if part.is_last() { get() } else { post() };
        self.connection.open(fields, part).expect("a stream may be opened").number()
    }

    /// The same, and out it goes.
    pub fn opened(&mut self, part: Part) -> u32 {
        let stream = self.open(part);
        assert_eq!(heads(&self.frames()), [(Kind::HEADERS, stream)]);
        stream
    }

    pub fn respond(&mut self, stream: u32, status: u16, part: Part) {
        self.stream(stream).send_headers(Fields::response(status), part).expect("a response");
    }

    pub fn send(&mut self, stream: u32, octets: &'static [u8], part: Part) {
        self.stream(stream).send_data(Bytes::from_static(octets), part).expect("the stream takes data");
    }

    /// Asserts that the connection works: a PING is answered, with nothing else, after `before` has been written.
    pub fn assert_usable(&mut self, before: &[Sent]) {
        assert_eq!(self.frames(), before);
        assert_eq!(self.hear(|wire| wire.ping(*b"usable??")), []);
        assert_eq!(self.frames(), [Sent::pong(*b"usable??")]);
    }

    /// Asserts that `events` end in this violation, and that GOAWAY with its code is all that is written, ever.
    pub fn assert_failed(&mut self, events: &[Seen], violation: Violation) {
        assert_eq!(events.last(), Some(&Seen::failed(violation)));
        let sent = self.frames();
        let last = sent.last().map(|sent| (sent.kind, sent.code()));
        assert_eq!(last, Some((Kind::GOAWAY, violation.code())), "{sent:?}");
        assert_eq!(sent.iter().filter(|sent| sent.kind == Kind::GOAWAY).count(), 1);
        assert_eq!(self.hear(|wire| wire.ping([0; 8])), []);
        assert_eq!(self.frames(), []);
    }

    /// The octets that the connection's window and the caller account for.
    pub fn assert_balanced(&self) {
        let audit = self.connection.audit();
        assert!(audit.is_balanced(), "{audit:?}");
    }
}

/// The kinds and streams of frames.
pub fn heads(sent: &[Sent]) -> Vec<(Kind, u32)> {
    sent.iter().map(|sent| (sent.kind, sent.stream)).collect()
}

impl Wire {
    /// A section in one HEADERS frame with a CONTINUATION for each further octet, at most `frames` in all.
    pub fn continued_headers(mut self, stream: u32, fields: &Fields, part: Part, frames: usize) -> Self {
        let mut block = Vec::new();
        self.encoder.encode(fields, &mut block);
        let size = block.len().div_ceil(frames);
        let count = block.len().div_ceil(size);
        for (nth, fragment) in block.chunks(size).enumerate() {
            let kind = if nth == 0 { Kind::HEADERS } else { Kind::CONTINUATION };
            let end_stream = if nth == 0 && part.is_last() { Flags::END_STREAM } else { Flags::NONE };
            let end_headers = if nth + 1 == count { Flags::END_HEADERS } else { Flags::NONE };
            self = self.frame(kind, end_stream.with(end_headers), stream, fragment);
        }
        self
    }

    /// A whole field block of these octets that ends the stream, right or wrong.
    pub fn block(self, stream: u32, octets: &[u8]) -> Self {
        self.frame(Kind::HEADERS, Flags::END_HEADERS.with(Flags::END_STREAM), stream, octets)
    }

    pub fn response(self, stream: u32, status: u16, part: Part) -> Self {
        self.headers(stream, &Fields::response(status), part)
    }

    pub fn trailers(self, stream: u32) -> Self {
        self.headers(stream, &trailers(), Part::Last)
    }

    pub fn priority(self, stream: u32) -> Self {
        self.frame(Kind::PRIORITY, Flags::NONE, stream, &[0, 0, 0, 0, 15])
    }

    pub fn push_promise(self, stream: u32, promised: u32) -> Self {
        let payload = [&promised.to_be_bytes()[..], &[0x82, 0x84, 0x86]].concat();
        self.frame(Kind::PUSH_PROMISE, Flags::END_HEADERS, stream, &payload)
    }

    pub fn unknown(self, stream: u32) -> Self {
        self.frame(Kind::from(0xbe), Flags::from(0xff), stream, b"whatever")
    }
}

pub fn trailers() -> Fields {
    Fields::new().with("x-checksum", "1")
}

impl Seen {
    pub fn get(stream: u32) -> Self {
        Self::Headers(stream, Head::Request, get(), Part::Last)
    }

    pub fn post(stream: u32) -> Self {
        Self::Headers(stream, Head::Request, post(), Part::More)
    }

    pub fn response(stream: u32, status: u16, part: Part) -> Self {
        Self::Headers(stream, Head::Response, Fields::response(status), part)
    }

    pub fn trailers(stream: u32) -> Self {
        Self::Headers(stream, Head::Trailers, trailers(), Part::Last)
    }

    pub fn data(stream: u32, octets: &[u8], part: Part) -> Self {
        Self::Data(stream, octets.to_vec(), part)
    }

    /// The stream ended because the peer broke a rule.
    pub fn broken(stream: u32, violation: Violation, verdict: Verdict) -> Self {
        Self::Reset(stream, violation.code(), Cause::Violation(violation), verdict)
    }

    /// The connection ended because the peer broke a rule.
    pub const fn failed(violation: Violation) -> Self {
        Self::Closed(Some(ConnectionError::Violation(violation)))
    }

    /// The stream ended with the connection.
    pub const fn cut_off(stream: u32, code: ErrorCode, verdict: Verdict) -> Self {
        Self::Reset(stream, code, Cause::ConnectionClosed(None), verdict)
    }
}

impl Sent {
    pub fn new(kind: Kind, flags: Flags, stream: u32, payload: &[u8]) -> Self {
        Self { kind, flags, stream, payload: payload.to_vec() }
    }

    pub fn data(stream: u32, octets: &[u8], part: Part) -> Self {
        Self::new(Kind::DATA, end_stream(part), stream, octets)
    }

    /// HEADERS with this whole field block.
    pub fn headers(stream: u32, block: &[u8], part: Part) -> Self {
        Self::new(Kind::HEADERS, end_stream(part).with(Flags::END_HEADERS), stream, block)
    }

    pub fn reset(stream: u32, code: ErrorCode) -> Self {
        Self::new(Kind::RST_STREAM, Flags::NONE, stream, &code.value().to_be_bytes())
    }

    pub fn window_update(stream: u32, increment: u32) -> Self {
        Self::new(Kind::WINDOW_UPDATE, Flags::NONE, stream, &increment.to_be_bytes())
    }

    pub fn ping(payload: [u8; 8]) -> Self {
        Self::new(Kind::PING, Flags::NONE, 0, &payload)
    }

    pub fn pong(payload: [u8; 8]) -> Self {
        Self::new(Kind::PING, Flags::ACK, 0, &payload)
    }

    pub fn settings(settings: &[(SettingId, u32)]) -> Self {
        let entry = |&(id, value): &(SettingId, u32)| {
            [&u16::from(id).to_be_bytes()[..], &value.to_be_bytes()].concat()
        };
        Self::new(Kind::SETTINGS, Flags::NONE, 0, &settings.iter().flat_map(entry).collect::<Vec<u8>>())
    }

    pub fn settings_ack() -> Self {
        Self::new(Kind::SETTINGS, Flags::ACK, 0, &[])
    }

    pub fn goaway(last: u32, code: ErrorCode) -> Self {
        let payload = [last.to_be_bytes(), code.value().to_be_bytes()].concat();
        Self::new(Kind::GOAWAY, Flags::NONE, 0, &payload)
    }
}

fn end_stream(part: Part) -> Flags {
    if part.is_last() { Flags::END_STREAM } else { Flags::NONE }
}

/// The peer's SETTINGS have come.
pub fn settings_seen(settings: &[(SettingId, u32)]) -> Seen {
    Seen::Settings(super::settings_of(settings))
}
