//! Section after section, on connections that last: what the peer sends to one end, and what a caller sends at another.

use std::mem;

use sans_h2::frame::{Flags, Kind, Part, SettingId};
use sans_h2::{
    Cause, Config, ConfigBuilder, Connection, ErrorCode, Event, Fields, Head, OpenError, Role, SendError,
    StreamId, Time, Verdict, Violation, hpack,
};

use super::{Seen, Sent, Wire, drain, frames, get, id, post, trailers};

/// Where a section stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Request,
    /// Of a client that knows from the server's SETTINGS that it takes `:protocol`.
    ExtendedRequest,
    Response,
    RequestTrailers,
    ResponseTrailers,
}

impl Section {
    pub const ALL: [Self; 5] =
        [Self::Request, Self::ExtendedRequest, Self::Response, Self::RequestTrailers, Self::ResponseTrailers];

    pub const fn is_request(self) -> bool {
        matches!(self, Self::Request | Self::ExtendedRequest)
    }

    pub const fn is_trailers(self) -> bool {
        matches!(self, Self::RequestTrailers | Self::ResponseTrailers)
    }

    /// The right fields, to which others can be added.
    pub fn base(self) -> Fields {
        match self {
            Self::Request | Self::ExtendedRequest => get(),
            Self::Response => Fields::response(200),
            Self::RequestTrailers | Self::ResponseTrailers => Fields::new(),
        }
    }

    /// The role of the end that sends it.
    pub const fn sender(self) -> Role {
        match self {
            Self::Request | Self::ExtendedRequest | Self::RequestTrailers => Role::Client,
            Self::Response | Self::ResponseTrailers => Role::Server,
        }
    }

    /// Header sections leave the content open, so that `content-length` does not enter into it.
    const fn part(self) -> Part {
        if self.is_trailers() { Part::Last } else { Part::More }
    }
}

/// Names all rules that a section breaks.
type Judge = Box<dyn Fn(Section, &Fields) -> Vec<Violation>>;

/// Compares the engine with a judge in both directions.
pub struct Bench {
    section: Section,
    judge: Judge,
    receiver: End,
    sender: End,
    taken: usize,
    rejected: usize,
}

impl Bench {
    pub fn new(section: Section, judge: impl Fn(Section, &Fields) -> Vec<Violation> + 'static) -> Self {
        Self::with(Config::builder(), section, judge)
    }

    /// The same at ends that are configured so.
    pub fn with(
        config: ConfigBuilder,
        section: Section,
        judge: impl Fn(Section, &Fields) -> Vec<Violation> + 'static,
    ) -> Self {
        // All that is rejected resets a stream, and a PING shows each time that the connection works.
        let config = config.max_resets(1_000_000_000).max_noise(1_000_000_000);
        Self {
            section,
            judge: Box::new(judge),
            receiver: End::new(config.clone(), section, section.sender().peer()),
            sender: End::new(config, section, section.sender()),
            taken: 0,
            rejected: 0,
        }
    }

    /// Has each of these sections judged; how many have been taken and rejected so far.
    pub fn check_all(&mut self, sections: impl IntoIterator<Item = Fields>) -> (usize, usize) {
        for fields in sections {
            self.expect(&fields, &(self.judge)(self.section, &fields));
        }
        (self.taken, self.rejected)
    }

    /// Asserts that the section is taken and sent if it has no faults; or rejected and refused for one of them, after
    /// which both connections work. Gives the rule that was named.
    pub fn expect(&mut self, fields: &Fields, faults: &[Violation]) -> Option<Violation> {
        let heard = self.receiver.hear(self.section, fields);
        let sent = self.sender.send(self.section, fields);
        let context = || format!("{:?} {fields:?}, at fault: {faults:?}, received: {heard:?}", self.section);
        match sent {
            None => assert!(faults.is_empty(), "sent: {}", context()),
            Some(named) => assert!(faults.contains(&named), "refused for {named:?}: {}", context()),
        }
        match heard {
            Verdicts::Taken => assert!(faults.is_empty(), "taken: {}", context()),
            // The server's caller hears nothing of a request that is malformed.
            Verdicts::RejectedUnheard => assert!(!faults.is_empty(), "rejected: {}", context()),
            Verdicts::Rejected(named) => assert!(faults.contains(&named), "rejected: {}", context()),
        }
        if let Verdicts::Rejected(named) = heard {
            assert_eq!(sent, Some(named), "one rule set: {}", context());
        }
        *if faults.is_empty() { &mut self.taken } else { &mut self.rejected } += 1;
        sent
    }
}

/// What became of a section that was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdicts {
    Taken,
    RejectedUnheard,
    Rejected(Violation),
}

/// The engine at one end, and a peer that writes and reads what it likes.
struct End {
    connection: Connection,
    wire: Option<Wire>,
    decoder: hpack::Decoder,
    next: u32,
}

impl End {
    fn new(builder: ConfigBuilder, section: Section, role: Role) -> Self {
        let (builder, settings) = match (section, role) {
            (Section::ExtendedRequest, Role::Client) => {
                (builder, &[(SettingId::ENABLE_CONNECT_PROTOCOL, 1)][..])
            }
            (Section::ExtendedRequest, Role::Server) => (builder.enable_connect_protocol(true), &[][..]),
            _ => (builder, &[][..]),
        };
        let config = builder.build().expect("values in range");
        let connection = match role {
            Role::Client => Connection::client(config),
            Role::Server => Connection::server(config),
        };
        let mut end =
            Self { connection, wire: Some(Wire::raw()), decoder: hpack::Decoder::new(4_096), next: 1 };
        drain(&mut end.connection);
        end.say(|wire| wire.octets(&Wire::peer(role.peer(), settings).octets));
        drain(&mut end.connection);
        end
    }

    /// What the engine tells of what the peer says.
    fn say(&mut self, say: impl FnOnce(Wire) -> Wire) -> Vec<Seen> {
        let mut wire = say(self.wire.take().expect("it is put back"));
        let octets = mem::take(&mut wire.octets);
        self.wire = Some(wire);
        let (mut input, mut log) = (&octets[..], super::Log::default());
        while let Some(event) = self.connection.poll(&mut input, Time::ZERO) {
            log.push(&event);
        }
        log.events
    }

    fn written(&mut self) -> Vec<Sent> {
        frames(&drain(&mut self.connection))
    }

    /// The only frame written is a section; its fields.
    fn written_section(&mut self, stream: u32, part: Part) -> Fields {
        let written = self.written();
        let [section] = &written[..] else { panic!("one frame: {written:?}") };
        assert_eq!(*section, Sent::headers(stream, &section.payload, part));
        let mut fields = Fields::new();
        self.decoder.decode(&section.payload, &mut fields).expect("a whole block");
        self.decoder.finish().expect("a whole block");
        fields
    }

    /// The peer sends the section on a new stream.
    fn hear(&mut self, section: Section, fields: &Fields) -> Verdicts {
        let stream = self.prepare(section, self.connection.role());
        let part = section.part();
        let events = self.say(|wire| wire.headers(stream, fields, part));
        let written = self.written();
        if written.is_empty() {
            let [Seen::Headers(on, _, taken, end)] = &events[..] else { panic!("{fields:?}: {events:?}") };
            assert_eq!((*on, taken, *end), (stream, fields, part));
            self.reset(stream);
            return Verdicts::Taken;
        }
        assert_eq!(written, [Sent::reset(stream, ErrorCode::PROTOCOL_ERROR)], "{fields:?}: {events:?}");
        assert!(self.connection.stream(id(stream)).is_none(), "{fields:?}");
        let verdict = match &events[..] {
            [] => Verdicts::RejectedUnheard,
            [
                Seen::Reset(on, ErrorCode::PROTOCOL_ERROR, Cause::Violation(named), Verdict::MaybeProcessed),
            ] => {
                assert_eq!((*on, named.code()), (stream, ErrorCode::PROTOCOL_ERROR));
                Verdicts::Rejected(*named)
            }
            events => panic!("{fields:?}: {events:?}"),
        };
        assert_eq!(verdict == Verdicts::RejectedUnheard, section.is_request(), "{fields:?}");
        self.assert_receives(section);
        verdict
    }

    /// A right message of the kind is taken on the next stream.
    fn assert_receives(&mut self, section: Section) {
        assert_eq!(self.say(|wire| wire.ping(*b"usable??")), []);
        assert_eq!(self.written(), [Sent::pong(*b"usable??")]);
        let stream = self.prepare(section, self.connection.role());
        let (fields, part) =
            if section.is_trailers() { (trailers(), Part::Last) } else { (section.base(), Part::More) };
        let events = self.say(|wire| wire.headers(stream, &fields, part));
        assert!(matches!(&events[..], [Seen::Headers(on, ..)] if *on == stream), "{events:?}");
        assert_eq!(self.written(), []);
        self.reset(stream);
    }

    /// The caller sends the section on a new stream; the rule for which that is refused.
    fn send(&mut self, section: Section, fields: &Fields) -> Option<Violation> {
        if section.is_request() {
            return self.open(fields);
        }
        let stream = self.prepare(section, self.connection.role());
        let part = section.part();
        let mut handle = self.connection.stream(id(stream)).expect("a live stream");
        let state = handle.state();
        let refused = match handle.send_headers(fields.clone(), part) {
            Ok(()) => {
                assert_eq!(self.written_section(stream, part), *fields);
                None
            }
            Err(SendError::Malformed(violation)) => {
                assert_eq!((handle.state(), handle.blocked_on()), (state, None), "{fields:?}");
                let right = if section.is_trailers() { trailers() } else { Fields::response(200) };
                assert_eq!(self.written(), [], "{fields:?}");
                let mut handle = self.connection.stream(id(stream)).expect("a live stream");
                handle.send_headers(right.clone(), part).expect("what was refused changed nothing");
                assert_eq!(self.written_section(stream, part), right);
                Some(violation)
            }
            Err(other) => panic!("{fields:?}: {other:?}"),
        };
        self.reset(stream);
        refused
    }

    fn open(&mut self, fields: &Fields) -> Option<Violation> {
        let refused = match self.connection.open(fields.clone(), Part::More) {
            Ok(stream) => {
                assert_eq!(stream, id(self.next));
                assert_eq!(self.written_section(stream.number(), Part::More), *fields);
                None
            }
            Err(OpenError::Malformed(violation)) => {
                assert_eq!(self.written(), [], "{fields:?}");
                let opened = self.connection.open(get(), Part::More);
                assert_eq!(opened.map(StreamId::number), Ok(self.next), "no number is used up");
                assert_eq!(self.written_section(self.next, Part::More), get());
                Some(violation)
            }
            Err(other) => panic!("{fields:?}: {other:?}"),
        };
        self.reset(self.next);
        self.next += 2;
        refused
    }

    /// Brings a new stream to where the section belongs.
    fn prepare(&mut self, section: Section, role: Role) -> u32 {
        let stream = self.next;
        self.next += 2;
        let part =
            if section.is_trailers() && section.sender() == Role::Client { Part::More } else { Part::Last };
        let request = if part.is_last() { get() } else { post() };
        match (section.is_request(), role) {
            (true, _) => {}
            (false, Role::Client) => {
                assert_eq!(self.connection.open(request, part), Ok(id(stream)));
                self.written_section(stream, part);
            }
            (false, Role::Server) => {
                let events = self.say(|wire| wire.headers(stream, &request, part));
                assert_eq!(events, [Seen::Headers(stream, Head::Request, request, part)]);
            }
        }
        match (section, role) {
            (Section::ResponseTrailers, Role::Client) => {
                let events = self.say(|wire| wire.response(stream, 200, Part::More));
                assert_eq!(events, [Seen::response(stream, 200, Part::More)]);
            }
            (Section::ResponseTrailers, Role::Server) => {
                let mut handle = self.connection.stream(id(stream)).expect("a live stream");
                handle.send_headers(Fields::response(200), Part::More).expect("a response");
                self.written_section(stream, Part::More);
            }
            _ => {}
        }
        stream
    }

    /// Ends the stream, if it is not over.
    fn reset(&mut self, stream: u32) {
        if let Some(handle) = self.connection.stream(id(stream)) {
            handle.reset(ErrorCode::CANCEL);
            assert_eq!(self.written(), [Sent::reset(stream, ErrorCode::CANCEL)]);
        }
    }
}
