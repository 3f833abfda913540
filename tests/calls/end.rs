//! One end: an engine, its caller, and all that must hold of what the caller is told.

use std::collections::BTreeMap;
use std::mem;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::{Buf, Bytes};
use sans_h2::frame::{Setting, SettingId};
use sans_h2::{
    Blocked, Cause, Connection, ConnectionError, ControlError, ErrorCode, Event, Fields, Head, OpenError,
    Part, Role, SendError, StreamId, Time, Verdict,
};

use crate::plan::{Call, Scale};

/// One message as far as it has been sent, or received: the same rules for both.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) heads: Vec<Head>,
    pub(crate) octets: usize,
    pub(crate) ended: bool,
}

impl Message {
    /// Goes on by a section; returns what the section says of itself.
    pub(crate) fn section(&mut self, head: Head, part: Part) -> String {
        assert!(!self.ended, "{head:?} after the end");
        let says = format!("{head:?} {} {}", self.heads.len(), self.octets);
        self.heads.push(head);
        self.ended = part.is_last();
        says
    }

    /// Goes on by a piece of body; returns its octets.
    pub(crate) fn body(&mut self, stream: StreamId, sender: Role, octets: usize, part: Part) -> Bytes {
        assert!(!self.ended, "data after the end");
        let from = (stream.number() as usize * 31 + sender as usize * 7 + self.octets) % PERIOD;
        self.octets += octets;
        self.ended = part.is_last();
        PATTERN.slice(from..from + octets)
    }

    /// Whether a section of this kind may come next.
    pub(crate) fn takes(&self, head: Head) -> bool {
        let in_body = self.heads.iter().any(|head| matches!(head, Head::Request | Head::Response));
        !self.ended && in_body == (head == Head::Trailers)
    }

    /// Whether this is what may have been received of `sent`.
    pub(crate) fn is_copy_of(&self, sent: &Self) -> bool {
        let begins = sent.heads.starts_with(&self.heads) && self.octets <= sent.octets;
        if self.ended { self == sent } else { begins }
    }
}

/// What every body is cut from; its period fits no size of a frame, a chunk or a buffer.
pub(crate) static PATTERN: LazyLock<Bytes> = LazyLock::new(|| {
    (0..PERIOD + 300_000).map(|at| at % PERIOD).map(|at| (at * 7 + at / 251) as u8).collect()
});
pub(crate) const PERIOD: usize = 65_521;

/// What a caller knows of a stream.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    pub(crate) sent: Message,
    pub(crate) received: Message,
    /// Octets that the caller has not released.
    pub(crate) held: usize,
    /// How often it was full, less how often the caller was told that it no longer is.
    pub(crate) full: usize,
    /// Whether the caller waits to be told so.
    pub(crate) waits: bool,
    pub(crate) fate: Fate,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    #[default]
    Live,
    /// Both messages are over.
    Over,
    /// Its own caller has reset it.
    Dropped,
    /// The caller has been told of a reset.
    Reset(Cause, ErrorCode),
}

/// How far a caller has gone to end the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Leave {
    Stays,
    ShutDown,
    Closed,
}

/// What callers do of their own accord while the ends come to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// Nothing.
    Wait,
    /// They release all that comes.
    Drain,
    /// They end their messages, too.
    Finish,
}

/// An engine and its caller.
pub(crate) struct End {
    pub(crate) connection: Connection,
    pub(crate) exchanges: BTreeMap<StreamId, Exchange>,
    /// The streams whose fate is [`Fate::Live`].
    pub(crate) live: Vec<StreamId>,
    /// What has come over the transport and has not been read.
    pub(crate) inbox: Vec<u8>,
    /// Octets of body that the caller may still send.
    pub(crate) budget: usize,
    /// The window to which the caller opens one of 0.
    pub(crate) least_window: u32,
    /// The latest settings that the peer has been told.
    pub(crate) window: u32,
    pub(crate) streams: u32,
    pub(crate) unacknowledged: usize,
    now: Time,
    pub(crate) unanswered: usize,
    pub(crate) leave: Leave,
    pub(crate) closed: Option<Option<ConnectionError>>,
}

/// What the caller does.
impl End {
    pub(crate) fn new(connection: Connection, scale: Scale) -> Self {
        let (budget, least_window) = if scale == Scale::Small { (3_000, 1) } else { (2_000_000, 3_000) };
        Self {
            exchanges: BTreeMap::new(),
            live: Vec::new(),
            inbox: Vec::new(),
            budget,
            least_window,
            window: connection.config().initial_window_size(),
            streams: connection.config().max_concurrent_streams(),
            unacknowledged: 1,
            now: Time::ZERO,
            unanswered: 0,
            leave: Leave::Stays,
            closed: None,
            connection,
        }
    }

    pub(crate) fn call(&mut self, call: &Call) {
        match *call {
            Call::Open { part, filler } => self.open(part, filler),
            Call::Section { at, head, part, filler } => {
                let responds = head == Head::Trailers || self.connection.role() == Role::Server;
                if let Some(stream) = self.pick(at, |exchange| responds && exchange.sent.takes(head)) {
                    self.send_section(stream, head, part, filler);
                }
            }
            Call::Data { at, octets, part } => {
                if let Some(stream) = self.pick(at, |exchange| exchange.sent.takes(Head::Trailers)) {
                    self.send_data(stream, octets, part);
                }
            }
            Call::Release { at, octets } => {
                if let Some(stream) = self.pick(at, |exchange| exchange.held > 0) {
                    self.release(stream, octets);
                }
            }
            Call::Reset { at } => {
                if let Some(stream) = self.pick(at, |_| true) {
                    self.reset(stream);
                }
            }
            Call::Settings(ref settings) => self.update_settings(settings),
            Call::Ping => self.ping(),
            Call::Clock(millis) => self.turn_clock(millis),
            Call::ShutDown => {
                self.connection.shut_down();
                self.leave = self.leave.max(Leave::ShutDown);
            }
            Call::Close(code) => {
                self.connection.close(code);
                self.leave = Leave::Closed;
            }
            Call::Write { .. } | Call::Read { .. } | Call::Rest => unreachable!("it needs both ends"),
        }
    }

    /// One of the streams to which something applies.
    pub(crate) fn pick(&self, at: usize, applies: impl Fn(&Exchange) -> bool) -> Option<StreamId> {
        let streams: Vec<_> = self.live.iter().filter(|stream| applies(&self.exchanges[stream])).collect();
        let stream = streams.get(at % streams.len().max(1)).map(|&&stream| stream);
        stream.filter(|_| self.leave != Leave::Closed)
    }

    pub(crate) fn open(&mut self, part: Part, filler: usize) {
        let mut sent = Message::default();
        let fields = Fields::request("POST", "http", "localhost", "/").with("filler", "z".repeat(filler));
        match self.connection.open(fields.with("says", sent.section(Head::Request, part)), part) {
            Ok(stream) => {
                assert_eq!(self.leave, Leave::Stays);
                let earlier = self.exchanges.insert(stream, Exchange { sent, ..Exchange::default() });
                assert!(earlier.is_none(), "{stream} is opened twice");
                self.live.push(stream);
            }
            Err(OpenError::TooManyStreams) => {
                assert_eq!(self.live.len(), self.connection.config().max_open_streams() as usize);
            }
            Err(OpenError::NotClient) => assert_eq!(self.connection.role(), Role::Server),
            Err(error) => assert!(matches!(error, OpenError::ShuttingDown | OpenError::Closed)),
        }
    }

    pub(crate) fn send_section(&mut self, stream: StreamId, head: Head, part: Part, filler: usize) {
        let (fields, part) = match head {
            Head::Trailers => (Fields::new(), Part::Last),
            Head::Interim => (Fields::response(103), Part::More),
            Head::Request | Head::Response => (Fields::response(200), part),
        };
        let says = self.exchange(stream).sent.section(head, part);
        let fields = fields.with("filler", "z".repeat(filler)).with("says", says);
        let mut stream = self.connection.stream(stream).expect("it is live");
        stream.send_headers(fields, part).expect("the section fits");
    }

    pub(crate) fn send_data(&mut self, id: StreamId, octets: usize, part: Part) {
        let octets = octets.min(self.budget);
        let role = self.connection.role();
        let exchange = self.exchanges.get_mut(&id).expect("it is live");
        let mut stream = self.connection.stream(id).expect("it is live");
        if octets > 0 && stream.capacity() == 0 {
            assert_eq!(stream.send_data(PATTERN.slice(..octets), part), Err(SendError::Full));
        } else {
            let body = exchange.sent.body(id, role, octets, part);
            stream.send_data(body, part).expect("there is room");
            self.budget -= octets;
        }
        if stream.capacity() == 0 {
            exchange.full += 1;
            exchange.waits = true;
        }
    }

    /// Releases octets, perhaps more than the caller holds.
    pub(crate) fn release(&mut self, stream: StreamId, octets: usize) {
        let exchange = self.exchange(stream);
        exchange.held = exchange.held.saturating_sub(octets);
        self.connection.stream(stream).expect("it is live").release(octets);
    }

    pub(crate) fn reset(&mut self, stream: StreamId) {
        self.connection.stream(stream).expect("it is live").reset(ErrorCode::CANCEL);
        self.end(stream, Fate::Dropped);
    }

    pub(crate) fn update_settings(&mut self, settings: &[Setting]) {
        match self.connection.update_settings(&settings.iter().copied().collect()) {
            Ok(()) => self.unacknowledged += 1,
            Err(ControlError::TooManyPending) => return assert_eq!(self.unacknowledged, 4),
            Err(error) => return assert_eq!(error, ControlError::Closed),
        }
        for setting in settings {
            match setting.id {
                SettingId::INITIAL_WINDOW_SIZE => self.window = setting.value,
                SettingId::MAX_CONCURRENT_STREAMS => self.streams = setting.value,
                _ => {}
            }
        }
    }

    fn turn_clock(&mut self, millis: i64) {
        let span = Duration::from_millis(millis.unsigned_abs());
        let now = Duration::from(self.now);
        self.now = Time::from(if millis < 0 { now.saturating_sub(span) } else { now + span });
    }

    pub(crate) fn ping(&mut self) {
        match self.connection.ping([self.unanswered as u8; 8]) {
            Ok(()) => self.unanswered += 1,
            Err(ControlError::TooManyPending) => assert_eq!(self.unanswered, 4),
            Err(error) => assert_eq!(error, ControlError::Closed),
        }
    }

    pub(crate) fn pursue(&mut self, aim: Aim) {
        if self.leave == Leave::Closed || aim == Aim::Wait {
            return;
        }
        if self.window == 0 {
            self.update_settings(&[Setting { id: SettingId::INITIAL_WINDOW_SIZE, value: self.least_window }]);
        }
        if self.streams == 0 {
            self.update_settings(&[Setting { id: SettingId::MAX_CONCURRENT_STREAMS, value: 1 }]);
        }
        for stream in self.live.clone() {
            self.release(stream, usize::MAX);
            let sent = &self.exchange(stream).sent;
            if aim == Aim::Drain || sent.ended {
                continue;
            }
            match (sent.takes(Head::Response), stream.number() % 4) {
                (true, _) => self.send_section(stream, Head::Response, Part::Last, 0),
                (false, 1) => self.send_section(stream, Head::Trailers, Part::Last, 0),
                (false, _) => self.send_data(stream, 0, Part::Last),
            }
        }
    }
}

/// What the caller is told.
impl End {
    /// At most `most` octets for the other end.
    pub(crate) fn write(&mut self, most: usize) -> Vec<u8> {
        let mut output = self.connection.output();
        let octets: Vec<u8> = output.chunks().flatten().copied().take(most).collect();
        output.advance(octets.len());
        octets
    }

    /// Reads up to so many octets of what came, and stops early after so many events.
    pub(crate) fn read(&mut self, octets: usize, events: usize) {
        let mut inbox = mem::take(&mut self.inbox);
        let read = octets.min(inbox.len());
        let mut input = &inbox[..read];
        for _ in 0..events {
            let Some(event) = self.connection.poll(&mut input, self.now) else {
                assert!(input.is_empty(), "poll takes all input before it returns None");
                let is_later = self.connection.deadline().is_none_or(|deadline| deadline > self.now);
                assert!(is_later, "nothing is due after None");
                break;
            };
            assert_eq!(self.closed, None, "{event:?} after the end");
            self.take(event);
            self.check_balance();
        }
        let left = input.len();
        inbox.drain(..read - left);
        self.inbox = inbox;
    }

    pub(crate) fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Headers { stream, head, fields, part } => self.on_headers(stream, head, fields, part),
            Event::Data { stream, data, part } => self.on_data(stream, data, part),
            Event::Reset { stream, code, cause, verdict } => self.on_reset(stream, code, cause, verdict),
            Event::Writable { stream } => self.on_writable(stream),
            Event::SettingsAcknowledged => self.unacknowledged -= 1,
            Event::Pong { .. } => self.unanswered -= 1,
            Event::Closed { error } => {
                assert!(!matches!(error, Some(ConnectionError::Violation(_))), "accused: {error:?}");
                self.closed = Some(error);
                self.retire();
            }
            _ => {}
        }
    }

    pub(crate) fn on_headers(&mut self, stream: StreamId, head: Head, fields: Fields, part: Part) {
        if head == Head::Request {
            assert!(self.exchanges.insert(stream, Exchange::default()).is_none(), "{stream} begins twice");
            self.live.push(stream);
        }
        let says = self.exchange(stream).received.section(head, part);
        assert_eq!(fields.get("says"), Some(says.as_bytes()));
        self.connection.recycle(fields);
    }

    pub(crate) fn on_data(&mut self, stream: StreamId, data: &[u8], part: Part) {
        assert!(!data.is_empty() || part.is_last(), "only an end comes without octets");
        let sender = self.connection.role().peer();
        let exchange = self.exchange(stream);
        exchange.held += data.len();
        let expected = exchange.received.body(stream, sender, data.len(), part);
        assert!(data == expected, "the body of {stream} arrives octet by octet");
    }

    pub(crate) fn on_reset(&mut self, stream: StreamId, code: ErrorCode, cause: Cause, verdict: Verdict) {
        assert!(!matches!(cause, Cause::Violation(_)), "accused: {cause:?}");
        let complete = self.exchange(stream).received.ended;
        assert_eq!(verdict == Verdict::Complete, complete, "{verdict:?} of {stream}");
        self.end(stream, Fate::Reset(cause, code));
    }

    pub(crate) fn on_writable(&mut self, id: StreamId) {
        let exchange = self.exchange(id);
        assert!(!exchange.sent.ended, "{id} takes no more data");
        exchange.full = exchange.full.checked_sub(1).expect("it was full");
        exchange.waits = false;
        let stream = self.connection.stream(id).expect("it is live");
        assert!(stream.capacity() > 0, "{id} is still full");
    }

    /// A stream that the caller may do something with, and hear of.
    pub(crate) fn exchange(&mut self, stream: StreamId) -> &mut Exchange {
        let exchange = self.exchanges.get_mut(&stream).expect("a stream begins with its headers");
        assert_eq!(exchange.fate, Fate::Live, "{stream}");
        exchange
    }

    pub(crate) fn end(&mut self, stream: StreamId, fate: Fate) {
        self.exchange(stream).fate = fate;
        self.live.retain(|&live| live != stream);
    }

    /// Lets go of the streams that the engine has let go of: those whose messages are over.
    pub(crate) fn retire(&mut self) {
        // A closed connection lends no streams, and has yet to tell of them.
        if self.leave == Leave::Closed && self.closed.is_none() {
            return;
        }
        for stream in self.live.clone() {
            if self.connection.stream(stream).is_none() {
                let exchange = self.exchange(stream);
                assert!(exchange.sent.ended && exchange.received.ended, "{stream} is gone: {exchange:?}");
                self.end(stream, Fate::Over);
            }
        }
    }

    pub(crate) fn check_balance(&self) {
        let audit = self.connection.audit();
        assert!(audit.is_balanced(), "{audit:?}");
    }

    /// No octet travels: what is not sent waits for `peer`, who holds all credit or admits no more streams.
    pub(crate) fn check_wait(&mut self, peer: &Self) {
        let room = self.connection.config().send_buffer_size() as usize;
        for &id in &self.live {
            let exchange = &self.exchanges[&id];
            let stream = self.connection.stream(id).expect("it is live");
            let held = peer.exchanges.get(&id).map_or(0, |exchange| exchange.held);
            match stream.blocked_on() {
                Some(Blocked::StreamLimit) => assert_eq!(exchange.received, Message::default()),
                Some(Blocked::StreamWindow) => assert!(held >= peer.window as usize, "{id}: {exchange:?}"),
                Some(_) => assert!(peer.connection.audit().released <= 0, "{id}: {exchange:?}"),
                None => {
                    assert_eq!(stream.capacity(), room, "{id} hangs: {exchange:?}");
                    assert!(!exchange.waits || exchange.sent.ended, "nobody says that {id} has room");
                }
            }
        }
    }
}
