//! A victim: the engine under an application that behaves as a [`Caller`] says.

use std::collections::HashMap;
use std::fmt::{self, Write as _};

use bytes::{Buf, Bytes};
use sans_h2::frame::{Head as FrameHead, Kind};
use sans_h2::{
    Connection, ConnectionError, ErrorCode, Event, Fields, Head, Part, Role, SendError, StreamId, Time,
};

use crate::caller::{Caller, Reopens, Sends, Writes};
use crate::wire::MAGIC;

/// Plays the flights of an attack against a [`Connection`], and keeps count.
#[derive(Debug)]
pub struct Player {
    connection: Connection,
    caller: Caller,
    report: Report,
    /// Requests that the caller of a server has been told of and that are not over: what either end has still to send.
    unfinished: HashMap<StreamId, (Part, Part)>,
    ended: usize,
    written: Vec<u8>,
    heard: Scanner,
    told: Scanner,
    messages: usize,
    digest: Digest,
}

/// What came of it so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Octets and frames of the peer.
    pub input: u64,
    /// Frames of the peer, as far as their heads can be told.
    pub frames: u64,
    /// Octets that the victim wrote.
    pub output: u64,
    /// Those of them that are neither field blocks nor bodies, with their heads: the caller sent those.
    pub overhead: u64,
    /// RST_STREAM frames that the victim wrote.
    pub resets: u64,
    /// GOAWAY frames that the victim wrote.
    pub goaways: u64,
    /// The code of the last one.
    pub code: Option<ErrorCode>,
    /// Facts that were told, but for pieces of bodies.
    pub events: u64,
    /// Messages whose end was told.
    pub completed: u64,
    /// The most requests that were in the hands of a server's caller at once.
    pub most_unfinished: usize,
    /// The most heap octets that a delivered field list had beyond those it accounts for.
    pub most_surplus: usize,
    /// The most heap octets that one had for 1,000 it accounts for.
    pub most_per_mille: usize,
    /// The most fields that a delivered list had.
    pub most_fields: usize,
    /// Why the connection ended, if it did.
    pub error: Option<Option<ConnectionError>>,
    /// Events and octets of output after the end.
    pub after_the_end: u64,
    /// A digest of all events and all output, which does not depend on how the input was cut.
    pub digest: u64,
}

impl Player {
    /// A connection of this role; what its caller does at the start it has done, and written.
    pub fn new(victim: Role, caller: Caller) -> Self {
        let connection = match victim {
            Role::Client => Connection::client(caller.config.clone()),
            Role::Server => Connection::server(caller.config.clone()),
        };
        let mut player = Self {
            connection,
            report: Report::default(),
            // Neither grows during the attack, whose heap is the engine's alone.
            unfinished: HashMap::with_capacity(caller.config.max_concurrent_streams().max(1_024) as usize),
            written: Vec::with_capacity(1 << 22),
            ended: caller.opens,
            caller,
            heard: Scanner::new(victim.peer()),
            told: Scanner::new(victim),
            messages: 0,
            digest: Digest(0xcbf2_9ce4_8422_2325),
        };
        player.open();
        player.write();
        player
    }

    /// Plays one flight that comes whole.
    pub fn receive(&mut self, octets: &[u8]) {
        self.receive_in_pieces(octets, octets.len().max(1));
    }

    /// Plays one flight that comes in pieces of so many octets.
    pub fn receive_in_pieces(&mut self, octets: &[u8], piece: usize) {
        self.receive_cut(octets.chunks(piece));
    }

    /// Plays one flight that comes in these pieces.
    pub fn receive_cut<'o>(&mut self, pieces: impl Iterator<Item = &'o [u8]>) {
        for mut input in pieces {
            self.report.input += input.len() as u64;
            let frames = &mut self.report.frames;
            self.heard.scan(input, |_, _| *frames += 1);
            while let Some(event) = engine_poll(&mut self.connection, &mut input) {
                self.on_event(event);
            }
        }
        if self.caller.writes == Writes::AfterEachFlight {
            self.open();
            self.write();
        }
    }

    /// The connection, to look at.
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What came of it so far.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Takes all output that is left, and tells what came of the attack.
    pub fn finish(mut self) -> Report {
        if self.caller.sends != Sends::Bodies || self.caller.writes != Writes::Never {
            self.write();
        }
        self.report.digest = self.digest.0;
        self.report
    }

    fn on_event(&mut self, event: Event<'_>) {
        if self.report.error.is_some() {
            self.report.after_the_end += 1;
        }
        // Pieces of bodies follow the cuts of the input.
        self.report.events += u64::from(!matches!(event, Event::Data { .. }));
        self.digest.event(&event);
        match event {
            Event::Headers { stream, head, fields, part } => self.on_headers(stream, head, fields, part),
            Event::Data { stream, data, part } => {
                if let Some(mut stream) = self.connection.stream(stream) {
                    stream.release(data.len());
                }
                if part.is_last() {
                    self.on_end(stream);
                }
            }
            Event::Reset { stream, .. } => self.on_over(stream),
            Event::Writable { stream } => self.fill(stream),
            Event::PushPromise { fields, .. } => self.connection.recycle(fields),
            Event::Closed { error } => self.report.error = Some(error),
            _ => {}
        }
    }

    fn on_headers(&mut self, stream: StreamId, head: Head, fields: Fields, part: Part) {
        let (real, accounted) = (fields.capacity_octets(), fields.list_octets());
        self.report.most_surplus = self.report.most_surplus.max(real.saturating_sub(accounted));
        self.report.most_per_mille = self.report.most_per_mille.max(real * 1_000 / accounted.max(1));
        self.report.most_fields = self.report.most_fields.max(fields.len());
        self.connection.recycle(fields);
        if head == Head::Request {
            self.unfinished.insert(stream, (part, Part::More));
            self.report.most_unfinished = self.report.most_unfinished.max(self.unfinished.len());
            self.answer(stream);
        }
        if let (Sends::Resets(code), Head::Request | Head::Response) = (self.caller.sends, head) {
            if let Some(stream) = self.connection.stream(stream) {
                stream.reset(code);
            }
            self.on_over(stream);
        }
        if part.is_last() {
            self.on_end(stream);
        }
    }

    /// The peer's message is complete.
    fn on_end(&mut self, stream: StreamId) {
        self.report.completed += 1;
        match self.unfinished.get_mut(&stream) {
            Some((_, Part::Last)) => self.on_over(stream),
            Some((peer, Part::More)) => *peer = Part::Last,
            None if self.connection.role() == Role::Client => self.ended += 1,
            None => {}
        }
    }

    fn on_over(&mut self, stream: StreamId) {
        if self.unfinished.remove(&stream).is_none() {
            self.ended += 1;
        }
    }

    /// A server's answer.
    fn answer(&mut self, id: StreamId) {
        let message = self.messages;
        self.messages += 1;
        let Some(mut stream) = self.connection.stream(id) else { return };
        let (fields, part) = match self.caller.sends {
            Sends::Nothing | Sends::Resets(_) => return,
            Sends::Empty => (Fields::response(204), Part::Last),
            Sends::Distinct => (distinct(Fields::response(200), message), Part::Last),
            Sends::Bodies | Sends::Tunnel => (Fields::response(200), Part::More),
            Sends::Invalid => {
                for (name, value) in INVALID {
                    let refused = stream.send_headers(Fields::response(200).with(name, value), Part::Last);
                    assert!(matches!(refused, Err(SendError::Malformed(_))), "{name} {value:?}: {refused:?}");
                }
                (Fields::response(204), Part::Last)
            }
        };
        engine_send(|| stream.send_headers(fields, part)).expect("the stream waits for its answer");
        if self.caller.sends == Sends::Bodies {
            self.fill(id);
        }
        if part.is_last() {
            if let Some((_, own)) = self.unfinished.get_mut(&id) {
                *own = Part::Last;
            }
        }
    }

    /// A client's requests: as many as it keeps under way.
    fn open(&mut self) {
        if self.connection.role() == Role::Server || self.connection.is_closed() {
            return;
        }
        for _ in 0..core::mem::take(&mut self.ended) {
            self.request();
        }
        if self.caller.reopens == Reopens::Never {
            self.ended = 0;
        }
    }

    fn request(&mut self) {
        let message = self.messages;
        if self.caller.reopens == Reopens::Never && message >= self.caller.opens {
            return;
        }
        self.messages += 1;
        let post = || Fields::request("POST", "http", "localhost", "/");
        let get = || Fields::request("GET", "http", "localhost", "/");
        let (fields, part) = match self.caller.sends {
            Sends::Nothing | Sends::Bodies | Sends::Resets(_) => (post(), Part::More),
            Sends::Empty => (get(), Part::Last),
            Sends::Distinct => (distinct(get(), message), Part::Last),
            Sends::Tunnel => {
                (Fields::new().with(":method", "CONNECT").with(":authority", "localhost:80"), Part::More)
            }
            Sends::Invalid => {
                for (name, value) in INVALID {
                    let refused = self.connection.open(get().with(name, value), Part::Last);
                    assert!(refused.is_err(), "{name} {value:?}");
                }
                (get(), Part::Last)
            }
        };
        // The victim of an attack may be shutting down, or be full.
        let Ok(stream) = engine_send(|| self.connection.open(fields, part)) else { return };
        if self.caller.sends == Sends::Bodies {
            self.fill(stream);
        }
    }

    fn fill(&mut self, id: StreamId) {
        let Some(mut stream) = self.connection.stream(id) else { return };
        while stream.capacity() > 0 {
            engine_send(|| stream.send_data(Bytes::from_static(BODY), Part::More)).expect("there is room");
        }
    }

    /// Takes all output, and what room in send buffers makes the caller add.
    fn write(&mut self) {
        loop {
            self.written.clear();
            engine_write(&mut self.connection, &mut self.written);
            if self.written.is_empty() {
                return;
            }
            self.count_output();
            while let Some(event) = engine_poll(&mut self.connection, &mut &[][..]) {
                self.on_event(event);
            }
        }
    }

    fn count_output(&mut self) {
        let report = &mut self.report;
        report.output += self.written.len() as u64;
        self.digest.octets(&self.written);
        self.told.scan(&self.written, |head, code| {
            // GOAWAY is the last frame of a connection that is over.
            if report.goaways > 0 && report.error.is_some() {
                report.after_the_end += 1;
            }
            match head.kind {
                Kind::RST_STREAM => report.resets += 1,
                Kind::GOAWAY => {
                    report.goaways += 1;
                    report.code = Some(code);
                }
                _ => {}
            }
            report.overhead += match head.kind {
                Kind::HEADERS | Kind::CONTINUATION | Kind::PUSH_PROMISE => 0,
                Kind::DATA => 9,
                _ => 9 + u64::from(head.length),
            };
        });
    }
}

/// What no field may be, however a peer talked the caller into sending it on (RFC 9113 §8.2.1).
const INVALID: [(&str, &str); 6] = [
    ("x-forwarded-for", "1\r\nset-cookie: a=b"),
    ("x\r\ny", "1"),
    ("X-Upper", "1"),
    ("", "1"),
    ("x-nul", "a\0b"),
    ("transfer-encoding", "chunked"),
];

/// A piece of a large body.
static BODY: &[u8] = &[b'x'; 16_384];

fn distinct(fields: Fields, n: usize) -> Fields {
    fields.with(format!("x-name-{n}"), format!("value-{n}"))
}

/// All work of the engine is done within these functions, which a profiler can tell by their names.
#[inline(never)]
fn engine_poll<'b>(connection: &mut Connection, input: &mut &'b [u8]) -> Option<Event<'b>> {
    connection.poll(input, Time::ZERO)
}

#[inline(never)]
fn engine_write(connection: &mut Connection, to: &mut Vec<u8>) {
    let mut output = connection.output();
    output.chunks().for_each(|chunk| to.extend_from_slice(chunk));
    output.advance(output.remaining());
}

#[inline(never)]
fn engine_send<T>(send: impl FnOnce() -> T) -> T {
    send()
}

/// Finds the heads of frames, and the code of GOAWAY, in octets that are cut anywhere.
#[derive(Debug)]
struct Scanner {
    skip: usize,
    kept: Vec<u8>,
}

impl Scanner {
    fn new(sender: Role) -> Self {
        let skip = if sender == Role::Client { MAGIC.len() } else { 0 };
        Self { skip, kept: Vec::with_capacity(32) }
    }

    fn scan(&mut self, mut octets: &[u8], mut each: impl FnMut(FrameHead, ErrorCode)) {
        loop {
            let skipped = self.skip.min(octets.len());
            octets = &octets[skipped..];
            self.skip -= skipped;
            let wanted = FrameHead::LENGTH + if self.is_goaway() { 8 } else { 0 };
            let taken = octets.len().min(wanted - self.kept.len());
            if taken == 0 {
                return;
            }
            self.kept.extend_from_slice(&octets[..taken]);
            octets = &octets[taken..];
            let Some(head) = self.kept.first_chunk().map(FrameHead::parse) else { return };
            if self.is_goaway() && self.kept.len() < FrameHead::LENGTH + 8 {
                continue;
            }
            let code = self.kept.get(13..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
            self.skip = (FrameHead::LENGTH + head.length as usize).saturating_sub(self.kept.len());
            self.kept.clear();
            each(head, ErrorCode::from(u32::from_be_bytes(code)));
        }
    }

    fn is_goaway(&self) -> bool {
        self.kept.len() >= FrameHead::LENGTH && self.kept[3] == u8::from(Kind::GOAWAY)
    }
}

/// FNV-1a.
#[derive(Debug)]
struct Digest(u64);

impl Digest {
    fn octets(&mut self, octets: &[u8]) {
        for &octet in octets {
            self.0 = (self.0 ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Pieces of a body count octet by octet, since they follow the cuts of the input.
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Data { stream, data, part } => {
                for octet in *data {
                    self.octets(&stream.number().to_be_bytes());
                    self.octets(&[*octet]);
                }
                if part.is_last() {
                    self.octets(b"last");
                }
            }
            Event::Headers { stream, head, fields, part } => {
                write!(self, "{stream} {head} {part:?}").expect("a digest takes anything");
                for field in fields {
                    self.octets(field.name);
                    self.octets(field.value);
                }
            }
            other => write!(self, "{other:?}").expect("a digest takes anything"),
        }
    }
}

impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.octets(text.as_bytes());
        Ok(())
    }
}
