//! What the tests of the engine share: a scripted peer, and runs that are cut in every way.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test file uses a part of it")]

mod bench;
mod content;
mod talk;

pub use bench::{Bench, Section};
pub use content::{Content, End, Of};
pub use talk::{Talk, config, heads, settings_seen, talk, talk_from_start, talk_once, trailers};

use std::io::{self, Write as _};
use std::iter;

use bytes::{Buf, Bytes};
use sans_h2::frame::{
    self, AltSvc, Extension, Flags, Frame, Head as FrameHead, Headers, Kind, Origins, Part, Priority,
    PriorityUpdate, PushPromise, Setting, SettingId, Settings,
};
use sans_h2::{
    Cause, Config, Connection, ConnectionError, ErrorCode, Event, Fields, Head, Role, StreamId, Time,
    Verdict, Violation, hpack,
};

pub const MAGIC: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub fn id(number: u32) -> StreamId {
    StreamId::new(number).expect("a stream's number")
}

/// The octets that a scripted peer sends.
pub struct Wire {
    pub octets: Vec<u8>,
    encoder: hpack::Encoder,
}

impl Wire {
    /// Nothing yet, not even a preface.
    pub fn raw() -> Self {
        Self { octets: Vec::new(), encoder: hpack::Encoder::new(4_096) }
    }

    /// A peer of this role that has sent its preface with these settings, and acknowledged ours.
    pub fn peer(role: Role, settings: &[(SettingId, u32)]) -> Self {
        let mut wire = Self::raw();
        if role == Role::Client {
            wire.octets.extend_from_slice(MAGIC);
        }
        wire.settings(settings).settings_ack()
    }

    pub fn client() -> Self {
        Self::peer(Role::Client, &[])
    }

    pub fn server() -> Self {
        Self::peer(Role::Server, &[])
    }

    pub fn settings(mut self, settings: &[(SettingId, u32)]) -> Self {
        settings_of(settings).write(&mut self.octets);
        self
    }

    pub fn settings_ack(mut self) -> Self {
        Settings::write_ack(&mut self.octets);
        self
    }

    pub fn headers(mut self, stream: u32, fields: &Fields, part: Part) -> Self {
        let mut block = Vec::new();
        self.encoder.encode(fields, &mut block);
        let head = Headers { stream: id(stream), priority: None, padding: None, part };
        head.write_block(&block, 16_384, &mut self.octets);
        self
    }

    /// A promise in one PUSH_PROMISE frame.
    pub fn promise(mut self, stream: u32, promised: u32, fields: &Fields) -> Self {
        let mut block = Vec::new();
        self.encoder.encode(fields, &mut block);
        let head = PushPromise { stream: id(stream), promised: id(promised), padding: None };
        head.write_block(&block, 16_384, &mut self.octets);
        self
    }

    /// A GET request without a body.
    pub fn get(self, stream: u32) -> Self {
        self.headers(stream, &get(), Part::Last)
    }

    /// A POST request whose body follows.
    pub fn post(self, stream: u32) -> Self {
        self.headers(stream, &post(), Part::More)
    }

    pub fn data(self, stream: u32, octets: &[u8], part: Part) -> Self {
        let flags = if part.is_last() { Flags::END_STREAM } else { Flags::NONE };
        self.frame(Kind::DATA, flags, stream, octets)
    }

    pub fn padded_data(self, stream: u32, octets: &[u8], padding: u8) -> Self {
        let payload = [&[padding], octets, &vec![0; padding.into()]].concat();
        self.frame(Kind::DATA, Flags::PADDED, stream, &payload)
    }

    pub fn reset(mut self, stream: u32, code: ErrorCode) -> Self {
        frame::reset::write(id(stream), code, &mut self.octets);
        self
    }

    pub fn window_update(self, stream: u32, increment: u32) -> Self {
        self.frame(Kind::WINDOW_UPDATE, Flags::NONE, stream, &increment.to_be_bytes())
    }

    pub fn ping(mut self, payload: [u8; 8]) -> Self {
        frame::ping::write(payload, &mut self.octets);
        self
    }

    pub fn pong(mut self, payload: [u8; 8]) -> Self {
        frame::ping::write_ack(payload, &mut self.octets);
        self
    }

    pub fn goaway(mut self, last: u32, code: ErrorCode) -> Self {
        frame::GoAway { last: StreamId::new(last), code, debug: Bytes::new() }.write(&mut self.octets);
        self
    }

    /// Any frame, legal or not.
    pub fn frame(mut self, kind: Kind, flags: Flags, stream: u32, payload: &[u8]) -> Self {
        let length = u32::try_from(payload.len()).expect("a frame's length");
        FrameHead { length, kind, flags, stream: StreamId::new(stream) }.write(&mut self.octets);
        self.octets.extend_from_slice(payload);
        self
    }

    pub fn octets(mut self, octets: &[u8]) -> Self {
        self.octets.extend_from_slice(octets);
        self
    }
}

pub fn settings_of(settings: &[(SettingId, u32)]) -> Settings {
    settings.iter().map(|&(id, value)| Setting { id, value }).collect()
}

pub fn get() -> Fields {
    Fields::request("GET", "http", "localhost", "/")
}

pub fn post() -> Fields {
    Fields::request("POST", "http", "localhost", "/form")
}

/// An event that owns all that it says; pieces of a body that follow each other are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Headers(u32, Head, Fields, Part),
    Data(u32, Vec<u8>, Part),
    Reset(u32, ErrorCode, Cause, Verdict),
    PushPromise(u32, u32, Fields),
    AltSvc(AltSvc),
    Origins(Origins),
    PriorityUpdate(PriorityUpdate),
    Extension(Extension),
    /// With the padding and the old priority, if it has any.
    Frame(Kind, Flags, u32, Option<u8>, Option<Priority>),
    Writable(u32),
    Settings(Settings),
    SettingsAcknowledged,
    Pong([u8; 8]),
    GoAway(u32, ErrorCode, Bytes),
    OverBudget(Violation),
    Closed(Option<ConnectionError>),
}

impl Seen {
    fn of(event: &Event<'_>) -> Self {
        match event {
            Event::Headers { stream, head, fields, part } => {
                Self::Headers(stream.number(), *head, fields.clone(), *part)
            }
            Event::Data { stream, data, part } => Self::Data(stream.number(), data.to_vec(), *part),
            Event::Reset { stream, code, cause, verdict } => {
                let cause = match cause {
                    // `Log` checks that the error is that of the end.
                    Cause::ConnectionClosed(_) => Cause::ConnectionClosed(None),
                    cause => *cause,
                };
                Self::Reset(stream.number(), *code, cause, *verdict)
            }
            Event::AltSvc(alternative) => Self::AltSvc(alternative.clone()),
            Event::Origins(origins) => Self::Origins(origins.clone()),
            Event::PriorityUpdate(update) => Self::PriorityUpdate(update.clone()),
            Event::Extension(extension) => Self::Extension(extension.clone()),
            Event::Frame { head, frame } => {
                let stream = head.stream.map_or(0, StreamId::number);
                let (padding, priority) = match frame {
                    Frame::Data(data) => (data.padding, None),
                    Frame::Headers(headers) => (headers.padding, headers.priority),
                    Frame::PushPromise(promise) => (promise.padding, None),
                    Frame::Priority { priority, .. } => (None, Some(*priority)),
                    _ => (None, None),
                };
                Self::Frame(head.kind, head.flags, stream, padding, priority)
            }
            Event::PushPromise { stream, promised, fields } => {
                Self::PushPromise(stream.number(), promised.number(), fields.clone())
            }
            Event::Writable { stream } => Self::Writable(stream.number()),
            Event::Settings(settings) => Self::Settings(settings.clone()),
            Event::SettingsAcknowledged => Self::SettingsAcknowledged,
            Event::Pong { payload } => Self::Pong(*payload),
            Event::GoAway { last, code, debug } => {
                Self::GoAway(last.map_or(0, StreamId::number), *code, debug.clone())
            }
            Event::OverBudget { violation } => Self::OverBudget(*violation),
            Event::Closed { error } => Self::Closed(*error),
            other => panic!("an event that the tests do not know: {other:?}"),
        }
    }
}

/// The events in order, with pieces of bodies joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    pub events: Vec<Seen>,
    /// What the streams that the end cut off say about it.
    end: Option<Option<ConnectionError>>,
}

impl Log {
    pub fn push(&mut self, event: &Event<'_>) {
        let seen = Seen::of(event);
        match (event, self.end) {
            (Event::Reset { cause: Cause::ConnectionClosed(error), .. }, _) => self.end = Some(*error),
            (Event::Closed { error }, Some(told)) => assert_eq!(*error, told, "one reason for all"),
            (_, _) => {}
        }
        if let (Some(Seen::Data(stream, octets, part)), Seen::Data(next, more, last)) =
            (self.events.last_mut(), &seen)
        {
            if stream == next && !part.is_last() {
                octets.extend_from_slice(more);
                *part = *last;
                return;
            }
        }
        self.events.push(seen);
    }
}

/// A frame that the engine wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub kind: Kind,
    pub flags: Flags,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Sent {
    /// The error code of RST_STREAM and GOAWAY.
    pub fn code(&self) -> ErrorCode {
        let octets = if self.kind == Kind::GOAWAY { &self.payload[4..8] } else { &self.payload[..4] };
        ErrorCode::from(u32::from_be_bytes(octets.try_into().expect("four octets")))
    }

    /// The first 32 bits of the payload: an increment, or GOAWAY's last stream.
    pub fn number(&self) -> u32 {
        u32::from_be_bytes(self.payload[..4].try_into().expect("four octets"))
    }
}

/// All that `connection` has to write now, batch after batch.
pub fn drain(connection: &mut Connection) -> Vec<u8> {
    let mut octets = Vec::new();
    loop {
        let mut output = connection.output();
        if !output.has_remaining() {
            return octets;
        }
        octets.extend(output.chunks().flatten());
        output.advance(output.remaining());
    }
}

/// The frames in `octets`, after a client's fixed octets if they are there.
pub fn frames(octets: &[u8]) -> Vec<Sent> {
    let mut rest = octets.strip_prefix(MAGIC).unwrap_or(octets);
    iter::from_fn(|| {
        let (head, after) = rest.split_first_chunk::<{ FrameHead::LENGTH }>()?;
        let head = FrameHead::parse(head);
        let (payload, after) = after.split_at(head.length as usize);
        rest = after;
        let stream = head.stream.map_or(0, StreamId::number);
        Some(Sent { kind: head.kind, flags: head.flags, stream, payload: payload.to_vec() })
    })
    .collect()
}

/// What came of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub events: Vec<Seen>,
    /// What was written after the engine's own preface.
    pub sent: Vec<Sent>,
    /// Whether every octet of credit was accounted for at the end.
    pub balanced: bool,
}

impl Outcome {
    /// The code of the only GOAWAY, which must be the last frame.
    pub fn goaway(&self) -> ErrorCode {
        let goaways = self.sent.iter().filter(|sent| sent.kind == Kind::GOAWAY).count();
        assert_eq!(goaways, 1, "one GOAWAY: {:?}", self.sent);
        let last = self.sent.last().expect("a frame");
        assert_eq!(last.kind, Kind::GOAWAY, "GOAWAY is the last frame");
        last.code()
    }

    /// Asserts that the connection ended with this violation, and that the peer was told its code.
    pub fn assert_failed(&self, violation: Violation) {
        let error = Some(ConnectionError::Violation(violation));
        assert_eq!(self.events.last(), Some(&Seen::Closed(error)));
        assert_eq!(self.goaway(), violation.code());
    }

    /// The streams that were reset, with the codes.
    pub fn resets(&self) -> Vec<(u32, ErrorCode)> {
        let resets = self.sent.iter().filter(|sent| sent.kind == Kind::RST_STREAM);
        resets.map(|sent| (sent.stream, sent.code())).collect()
    }

    /// What the engine wrote of a kind.
    pub fn of_kind(&self, kind: Kind) -> Vec<&Sent> {
        self.sent.iter().filter(|sent| sent.kind == kind).collect()
    }

    /// The events but for those about SETTINGS.
    pub fn messages(&self) -> Vec<Seen> {
        let settings = |seen: &&Seen| matches!(seen, Seen::Settings(_) | Seen::SettingsAcknowledged);
        self.events.iter().filter(|seen| !settings(seen)).cloned().collect()
    }
}

type Start = Box<dyn Fn(&mut Connection)>;
type React = Box<dyn Fn(&mut Connection, &Event<'_>)>;

/// A connection test: what the caller does, and what the peer sends.
pub struct Script {
    role: Role,
    config: Config,
    start: Start,
    react: React,
    end_of_input: bool,
}

impl Script {
    /// A connection of this role whose caller does nothing.
    pub fn new(role: Role) -> Self {
        Self {
            role,
            config: Config::default(),
            start: Box::new(|_| {}),
            react: Box::new(|_, _| {}),
            end_of_input: false,
        }
    }

    pub fn server() -> Self {
        Self::new(Role::Server)
    }

    pub fn client() -> Self {
        Self::new(Role::Client)
    }

    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// What the caller does before the peer's first octet; what that makes the engine write goes out at once.
    pub fn start(mut self, start: impl Fn(&mut Connection) + 'static) -> Self {
        self.start = Box::new(start);
        self
    }

    /// What the caller does on each event.
    pub fn react(mut self, react: impl Fn(&mut Connection, &Event<'_>) + 'static) -> Self {
        self.react = Box::new(react);
        self
    }

    /// The transport ends after the input.
    pub fn end_of_input(mut self) -> Self {
        self.end_of_input = true;
        self
    }

    /// Runs the script with the input whole, one octet at a time, and cut in two at every place, or at 2,000 places
    /// of a longer one; all must come to the same.
    pub fn run(&self, wire: Wire) -> Outcome {
        let octets = wire.octets;
        let whole = self.run_pieces([&octets[..]]);
        assert_eq!(self.run_pieces(octets.chunks(1)), whole, "one octet at a time");
        let stride = 1 + octets.len() / 2_000;
        for cut in (1..octets.len()).step_by(stride) {
            let (first, second) = octets.split_at(cut);
            assert_eq!(self.run_pieces([first, second]), whole, "cut at {cut}");
        }
        whole
    }

    fn run_pieces<'b>(&self, pieces: impl IntoIterator<Item = &'b [u8]>) -> Outcome {
        let mut connection = match self.role {
            Role::Client => Connection::client(self.config.clone()),
            Role::Server => Connection::server(self.config.clone()),
        };
        (self.start)(&mut connection);
        drain(&mut connection);
        let mut log = Log::default();
        for mut piece in pieces {
            self.poll(&mut connection, &mut piece, &mut log);
        }
        if self.end_of_input {
            connection.end_of_input();
            self.poll(&mut connection, &mut &[][..], &mut log);
        }
        let sent = frames(&drain(&mut connection));
        self.poll(&mut connection, &mut &[][..], &mut log);
        Outcome { events: log.events, sent, balanced: connection.audit().is_balanced() }
    }

    fn poll(&self, connection: &mut Connection, input: &mut &[u8], log: &mut Log) {
        while let Some(event) = connection.poll(input, Time::ZERO) {
            log.push(&event);
            (self.react)(connection, &event);
        }
        assert!(input.is_empty(), "poll takes all input before it returns None");
    }
}

/// Where the public test vectors lie, or `None`, loudly, if they are not there.
pub fn vectors(folder: &str) -> Option<std::path::PathBuf> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    // Past the test runner's capture, so that nobody takes a skipped test for a passed one.
    writeln!(io::stderr(), "SKIPPED: {} is missing", path.display()).expect("standard error takes a line");
    None
}

/// The octets that hexadecimal digits stand for; white space does not count.
pub fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<char> = digits.chars().filter(|digit| !digit.is_whitespace()).collect();
    assert_eq!(digits.len() % 2, 0, "two digits an octet");
    let octet = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).expect("hexadecimal digits");
    digits.chunks(2).map(octet).collect()
}
