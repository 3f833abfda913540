//! What must hold of any trace, whatever the peer and the caller did: judged by what goes in and comes out alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use proptest::{collection::vec, prelude::*, sample::select};
use sans_h2::frame::{Flags, Frame, Kind, Limits, Part, Reader};
use sans_h2::{
    Cause, Config, Connection, ConnectionError, ErrorCode, Fields, Head, Priority, Role, StreamId, Time,
};

use crate::model::Section;
use crate::script::{Change, Pick, Step, from_caller, from_peer};
use crate::support::{Log, Seen, Sent, Wire, config, drain, frames, id, settings_of, trailers};

/// One move of a script that obeys nobody.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Step(Step),
    /// Any octets.
    Noise(Vec<u8>),
    /// A frame of any type, flags and stream.
    Frame(u8, u8, u32, Vec<u8>),
    ShutDown,
    Close(ErrorCode),
    EndOfInput,
    /// The clock goes on, or back.
    Time(u64),
    Prioritize(usize),
    /// What is written goes out; it does not go out at other times.
    Flush,
}

#[derive(Clone, Debug)]
pub(crate) struct Chaos {
    pub(crate) role: Role,
    streams: u32,
    window: u32,
    remembered: u32,
    acts: Vec<Act>,
    cut: usize,
}

fn act(role: Role) -> impl Strategy<Value = Act> {
    let octets = || vec(any::<u8>(), 0..40);
    let any_frame = (0_u8..20, any::<u8>(), 0_u32..12, octets())
        .prop_map(|(kind, flags, stream, payload)| Act::Frame(kind, flags, stream, payload));
    prop_oneof![
        300 => from_peer(role).prop_map(Act::Step),
        200 => from_caller(role).prop_map(Act::Step),
        1 => octets().prop_map(Act::Noise),
        6 => any_frame,
        3 => Just(Act::ShutDown),
        1 => select(vec![ErrorCode::NO_ERROR, ErrorCode::INTERNAL_ERROR]).prop_map(Act::Close),
        1 => Just(Act::EndOfInput),
        10 => (0_u64..100_000).prop_map(Act::Time),
        10 => (0_usize..8).prop_map(Act::Prioritize),
        150 => Just(Act::Flush),
    ]
}

pub(crate) fn chaos() -> impl Strategy<Value = Chaos> {
    select(vec![Role::Client, Role::Server]).prop_flat_map(|role| {
        let streams = select(vec![0_u32, 1, 3, 100]);
        let window = select(vec![0_u32, 1, 300, 65_535]);
        let remembered = select(vec![0_u32, 1, 100]);
        (streams, window, remembered, vec(act(role), 1..100), 1_usize..200).prop_map(
            move |(streams, window, remembered, acts, cut)| Chaos {
                role,
                streams,
                window,
                remembered,
                acts,
                cut,
            },
        )
    })
}

impl Chaos {
    fn config(&self) -> Config {
        config(|builder| {
            builder
                .max_concurrent_streams(self.streams)
                .initial_window_size(self.window)
                .remembered_streams(self.remembered)
                .enable_push(true)
        })
    }
}

/// What goes in and out, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Told(Seen),
    Sent(Sent),
    /// A PING of the peer's, as long as the octets make frames.
    Pinged([u8; 8]),
    /// The caller did something on a stream, which is over for it afterwards if that was a reset.
    Dropped(u32),
}

/// All that a run can be compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Trace {
    entries: Vec<Entry>,
    state: String,
    octets_in: usize,
    octets_out: usize,
    /// The octets of frames that the caller has asked for, as if each were sent at once.
    submitted: usize,
    /// The largest limit of streams that the peer has been told.
    allowed: usize,
}

struct Run {
    connection: Connection,
    wire: Option<Wire>,
    /// The next stream that the peer opens or promises.
    next: u32,
    /// SETTINGS of ours that the peer has not acknowledged.
    unacknowledged: usize,
    now: Time,
    piece: usize,
    trace: Trace,
}

/// Runs with the peer's octets cut into pieces of a size.
fn run(chaos: &Chaos, piece: usize) -> Trace {
    let connection = match chaos.role {
        Role::Client => Connection::client(chaos.config()),
        Role::Server => Connection::server(chaos.config()),
    };
    let trace = Trace {
        entries: Vec::new(),
        state: String::new(),
        octets_in: 0,
        octets_out: 0,
        submitted: 0,
        allowed: chaos.streams as usize,
    };
    let next = if chaos.role == Role::Server { 1 } else { 2 };
    let mut run =
        Run { connection, wire: Some(Wire::raw()), next, unacknowledged: 0, now: Time::ZERO, piece, trace };
    run.flush();
    run.feed(&Wire::peer(chaos.role.peer(), &[]).octets);
    run.flush();
    chaos.acts.iter().for_each(|act| run.act(act));
    run.flush();
    run.feed(&[]);
    run.flush();
    run.check_end();
    // After the end it does not matter what has been left unread.
    if !run.connection.is_closed() {
        run.trace.state = format!("{:?}", run.connection);
    }
    run.trace
}

impl Run {
    fn feed(&mut self, octets: &[u8]) {
        self.trace.octets_in += octets.len();
        let mut log = Log::default();
        for mut piece in octets.chunks(self.piece).chain([&[][..]]) {
            while let Some(event) = self.connection.poll(&mut piece, self.now) {
                log.push(&event);
                if let sans_h2::Event::Headers { head: Head::Request, .. } = event {
                    self.check_count();
                }
            }
            assert!(piece.is_empty(), "3: all input is taken");
        }
        self.trace.entries.extend(log.events.into_iter().map(Entry::Told));
        assert!(self.connection.audit().is_balanced(), "12");
    }

    /// 14: no more requests are in the caller's hands than the peer was ever allowed.
    fn check_count(&mut self) {
        let live = (1..400).step_by(2).filter(|stream| self.connection.stream(id(*stream)).is_some());
        assert!(live.count() <= self.trace.allowed, "14");
    }

    /// 12: without streams nothing is held.
    fn check_end(&mut self) {
        if (1..400).all(|stream| self.connection.stream(id(stream)).is_none()) && !self.connection.is_closed()
        {
            assert_eq!(self.connection.audit().held, 0, "12");
        }
    }

    fn flush(&mut self) {
        let octets = drain(&mut self.connection);
        self.trace.octets_out += octets.len();
        self.trace.entries.extend(frames(&octets).into_iter().map(Entry::Sent));
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Step(step) => self.step(step),
            Act::Noise(octets) => self.feed(octets),
            Act::Frame(kind, flags, stream, payload) => {
                let (kind, flags) = (Kind::from(*kind), Flags::from(*flags));
                if kind == Kind::PING && !flags.contains(Flags::ACK) {
                    self.trace.entries.extend(payload.first_chunk().map(|first| Entry::Pinged(*first)));
                }
                let wire = Wire::raw().frame(kind, flags, *stream, payload);
                self.feed(&wire.octets);
            }
            Act::ShutDown => {
                // Two GOAWAY frames, and a PING between them.
                self.trace.submitted += 51;
                self.connection.shut_down();
            }
            Act::Close(code) => {
                self.trace.submitted += 17;
                self.connection.close(*code);
            }
            Act::EndOfInput => {
                self.connection.end_of_input();
                self.feed(&[]);
            }
            Act::Time(millis) => self.now = Time::from(Duration::from_millis(*millis)),
            Act::Prioritize(at) => {
                if let Some(mut stream) = self.live(*at).and_then(|stream| self.connection.stream(stream)) {
                    // A PRIORITY_UPDATE with `u=7`.
                    self.trace.submitted += 16;
                    stream.set_priority(Priority::new(at.to_le_bytes()[0] % 8).expect("at most 7"));
                }
            }
            Act::Flush => self.flush(),
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Open { part, .. } => {
                let fields = Fields::request("POST", "http", "localhost", "/");
                if self.connection.open(fields, *part).is_ok() {
                    self.trace.submitted += SECTION_OCTETS;
                }
            }
            Step::Update(change) => {
                let (id, value) = change.entry();
                let done = self.connection.update_settings(&settings_of(&[(id, value)])).is_ok();
                self.unacknowledged += usize::from(done);
                self.trace.submitted += 15 * usize::from(done);
                if let (Change::MaxStreams(count), true) = (change, done) {
                    self.trace.allowed = self.trace.allowed.max(*count as usize);
                }
            }
            Step::SendPing(payload) => {
                let done = self.connection.ping([*payload; 8]).is_ok();
                self.trace.submitted += 17 * usize::from(done);
            }
            Step::SendSection { .. } | Step::SendData { .. } | Step::Release { .. } | Step::Drop { .. } => {
                self.step_on(step);
            }
            step => {
                if let Step::Ping(payload) = step {
                    self.trace.entries.push(Entry::Pinged([*payload; 8]));
                }
                let Some(on) = self.target(step) else { return };
                if let Step::SettingsAck | Step::StrayAck = step {
                    self.unacknowledged = self.unacknowledged.saturating_sub(1);
                }
                let mut wire = say(step, on, self.next, self.wire.take().expect("it is put back"));
                if matches!(step, Step::Headers { on: Pick::New(_), .. } | Step::Promise { .. }) {
                    self.next += 2;
                }
                let octets = std::mem::take(&mut wire.octets);
                self.wire = Some(wire);
                self.feed(&octets);
            }
        }
    }

    /// The stream that a step of the peer's is about; `None` if it would be about one that lives, and none does.
    fn target(&mut self, step: &Step) -> Option<u32> {
        match *step {
            Step::Headers { on, .. }
            | Step::Data { on, .. }
            | Step::Promise { on, .. }
            | Step::Priority(on)
            | Step::Reset(on)
            | Step::WindowUpdate(on, _)
            | Step::Unknown(on) => match on {
                Pick::New(_) => Some(self.next),
                Pick::Any(stream) => Some(stream),
                Pick::Live(at) | Pick::Wrong(at) => self.live(at).map(StreamId::number),
            },
            Step::SettingsAck if self.unacknowledged == 0 => None,
            _ => Some(1),
        }
    }

    fn live(&mut self, at: usize) -> Option<StreamId> {
        let live: Vec<StreamId> =
            (1..200).map(id).filter(|stream| self.connection.stream(*stream).is_some()).collect();
        live.get(at % live.len().max(1)).copied()
    }

    fn step_on(&mut self, step: &Step) {
        let (Step::SendSection { at, .. }
        | Step::SendData { at, .. }
        | Step::Release { at, .. }
        | Step::Drop { at }) = step
        else {
            return;
        };
        let Some(mut stream) = self.live(*at).and_then(|stream| self.connection.stream(stream)) else {
            return;
        };
        match *step {
            Step::SendSection { section, part, .. } => {
                let fields = match section {
                    Section::Trailers => trailers(),
                    Section::Interim => Fields::response(103),
                    _ => Fields::response(200),
                };
                if stream.send_headers(fields, part).is_ok() {
                    self.trace.submitted += SECTION_OCTETS;
                }
            }
            Step::SendData { octets, part, .. } => {
                if stream.send_data(Bytes::from(vec![b'z'; octets]), part).is_ok() {
                    // One frame: for more of them the peer pays, by windows that it opens little by little.
                    self.trace.submitted += 9 + octets;
                }
            }
            Step::Release { octets, .. } => {
                // A WINDOW_UPDATE each for the stream and the connection.
                self.trace.submitted += 26;
                stream.release(octets);
            }
            _ => {
                let stream_id = stream.id();
                // RST_STREAM, and a WINDOW_UPDATE for what the connection gets back.
                self.trace.submitted += 26;
                stream.reset(ErrorCode::CANCEL);
                self.trace.entries.push(Entry::Dropped(stream_id.number()));
            }
        }
    }
}

/// The most that a frame with any of the caller's field sections takes.
const SECTION_OCTETS: usize = 9 + 24;

/// What the peer says, with little heed of what is legal.
fn say(step: &Step, on: u32, next: u32, wire: Wire) -> Wire {
    match *step {
        Step::Headers { section, part, .. } => {
            let fields = match section {
                Section::Request => Fields::request("POST", "http", "localhost", "/"),
                Section::Interim => Fields::response(103),
                Section::Response => Fields::response(200),
                Section::Trailers => trailers(),
                Section::Malformed => Fields::new().with("Bad", "name"),
            };
            wire.headers(on, &fields, part)
        }
        Step::Promise { .. } => wire.promise(on, next, &Fields::request("GET", "http", "localhost", "/")),
        Step::Data { octets, part, padding: None, .. } => wire.data(on, &vec![b'x'; octets], part),
        Step::Data { octets, padding: Some(padding), .. } => {
            wire.padded_data(on, &vec![b'x'; octets], padding)
        }
        Step::Priority(_) => wire.priority(on),
        Step::Reset(_) => wire.reset(on, ErrorCode::CANCEL),
        Step::WindowUpdate(_, increment) => wire.window_update(on, increment),
        Step::ConnectionUpdate(increment) => wire.window_update(0, increment),
        Step::Settings(ref changes) => wire.settings(&changes.iter().map(Change::entry).collect::<Vec<_>>()),
        Step::SettingsAck | Step::StrayAck => wire.settings_ack(),
        Step::Ping(payload) => wire.ping([payload; 8]),
        Step::Pong(payload) => wire.pong([payload; 8]),
        Step::GoAway(last) => wire.goaway(last, ErrorCode::NO_ERROR),
        Step::Unknown(_) => wire.unknown(on),
        ref other => panic!("{other:?} is the caller's"),
    }
}

/// How far the peer's message on a stream has got, as the caller was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Head,
    Body,
    Ended,
    Reset,
}

/// 8: what is told of each stream makes sense, and ends once.
fn check_messages(role: Role, entries: &[Entry]) {
    let mut streams = BTreeMap::<u32, Progress>::new();
    for entry in entries {
        let (stream, next) = match entry {
            Entry::Told(Seen::Headers(stream, Head::Request, _, part)) => {
                assert!(streams.insert(*stream, ended(*part)).is_none(), "8: {stream} begins twice");
                assert_eq!(role, Role::Server);
                continue;
            }
            Entry::Told(Seen::PushPromise(_, promised, _)) => {
                assert!(streams.insert(*promised, Progress::Head).is_none(), "8: {promised} begins twice");
                continue;
            }
            Entry::Told(Seen::Headers(stream, head, _, part)) => {
                let before = streams.get(stream).copied().unwrap_or(Progress::Head);
                let expected = if *head == Head::Trailers { Progress::Body } else { Progress::Head };
                assert_eq!(before, expected, "8: {head} of {stream}");
                (*stream, if *head == Head::Interim { Progress::Head } else { ended(*part) })
            }
            Entry::Told(Seen::Data(stream, _, part)) => {
                assert_eq!(streams.get(stream), Some(&Progress::Body), "8: data of {stream}");
                (*stream, ended(*part))
            }
            Entry::Told(Seen::Reset(stream, ..)) | Entry::Dropped(stream) => (*stream, Progress::Reset),
            Entry::Told(Seen::Writable(stream)) => {
                assert_ne!(streams.get(stream), Some(&Progress::Reset), "8: {stream} is writable");
                continue;
            }
            Entry::Told(_) | Entry::Sent(_) | Entry::Pinged(_) => continue,
        };
        assert_ne!(streams.insert(stream, next), Some(Progress::Reset), "8: {stream} after its end");
    }
}

const fn ended(part: Part) -> Progress {
    match part {
        Part::More => Progress::Body,
        Part::Last => Progress::Ended,
    }
}

/// 7: after the end there is nothing, and a violation is announced once, by the last frame.
fn check_silence(entries: &[Entry]) {
    let Some(at) = entries.iter().position(|entry| matches!(entry, Entry::Told(Seen::Closed(_)))) else {
        return;
    };
    let Entry::Told(Seen::Closed(error)) = &entries[at] else { unreachable!() };
    let told = entries[at + 1..].iter().filter(|entry| matches!(entry, Entry::Told(_)));
    assert_eq!(told.count(), 0, "7: events after the end");
    if let Some(ConnectionError::Violation(violation)) = error {
        let last = entries.iter().rev().find_map(sent).expect("7: GOAWAY");
        assert_eq!((last.kind, last.code()), (Kind::GOAWAY, violation.code()), "7");
        let errors = entries
            .iter()
            .filter_map(sent)
            .filter(|sent| sent.kind == Kind::GOAWAY && sent.code() != ErrorCode::NO_ERROR);
        assert_eq!(errors.count(), 1, "7: one error is announced");
    }
}

const fn sent(entry: &Entry) -> Option<&Sent> {
    if let Entry::Sent(sent) = entry { Some(sent) } else { None }
}

/// 9: a stream is reset once, never when it is idle, and never in answer to a reset that the caller was told of.
fn check_resets(role: Role, entries: &[Entry]) {
    let (mut reset, mut of_peer, mut own) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for entry in entries {
        match entry {
            Entry::Told(Seen::Reset(stream, _, Cause::Peer, _)) => {
                of_peer.insert(*stream);
            }
            Entry::Sent(sent) if matches!(sent.kind, Kind::HEADERS | Kind::PUSH_PROMISE) => {
                own.insert(sent.stream);
            }
            Entry::Sent(sent) if sent.kind == Kind::RST_STREAM => {
                assert!(reset.insert(sent.stream), "9: {} twice", sent.stream);
                assert!(!of_peer.contains(&sent.stream), "9: {} in answer", sent.stream);
                let is_own = id(sent.stream).initiator() == role;
                assert!(!is_own || own.contains(&sent.stream), "9: {} is idle", sent.stream);
            }
            _ => {}
        }
    }
}

/// 10: each PING and each SETTINGS is answered once and in order, unless the end came before.
fn check_answers(chaos: &Chaos, entries: &[Entry]) {
    let is_ack = |sent: &&Sent, kind| sent.kind == kind && sent.flags.contains(Flags::ACK);
    let acks = entries.iter().filter_map(sent).filter(|sent| is_ack(sent, Kind::SETTINGS)).count();
    let settings = entries.iter().filter(|entry| matches!(entry, Entry::Told(Seen::Settings(_)))).count();
    let over = entries.iter().any(|entry| matches!(entry, Entry::Told(Seen::Closed(_))));
    assert!(acks == settings || (over && acks <= settings), "10: {acks} for {settings}");
    let pongs: Vec<&[u8]> = entries
        .iter()
        .filter_map(sent)
        .filter(|sent| is_ack(sent, Kind::PING))
        .map(|sent| &sent.payload[..])
        .collect();
    let pings: Vec<&[u8]> = entries
        .iter()
        .filter_map(|entry| if let Entry::Pinged(payload) = entry { Some(&payload[..]) } else { None })
        .collect();
    // Noise may swallow a frame, or hold one.
    if !chaos.acts.iter().any(|act| matches!(act, Act::Noise(_) | Act::Frame(..))) {
        assert!(pings.starts_with(&pongs), "10: {pongs:?} for {pings:?}");
        let ends = chaos.acts.iter().any(|act| matches!(act, Act::EndOfInput));
        assert!(over || ends || pings == pongs, "10: {pongs:?} for {pings:?}");
    }
}

/// 11: what the engine writes is frames as RFC 9113 has them.
fn check_frames(entries: &[Entry]) {
    let mut reader = Reader::of_connection(Limits { max_frame_size: 20_000, ..Limits::default() });
    for sent in entries.iter().filter_map(sent) {
        let wire = Wire::raw().frame(sent.kind, sent.flags, sent.stream, &sent.payload);
        let mut input = &wire.octets[..];
        while let Some(frame) = reader.next(&mut input).expect("11: a legal frame") {
            assert!(!matches!(frame, Frame::Unknown(_)) || sent.kind == Kind::PRIORITY_UPDATE, "11");
        }
    }
    assert!(reader.is_idle(), "11: whole frames");
}

/// 15: the last stream in GOAWAY never rises, and nothing above it is told afterwards.
fn check_last_stream(role: Role, entries: &[Entry]) {
    let mut last = None;
    for entry in entries {
        match entry {
            Entry::Sent(sent) if sent.kind == Kind::GOAWAY => {
                assert!(last.is_none_or(|last| sent.number() <= last), "15: {} rises", sent.number());
                last = Some(sent.number());
            }
            Entry::Told(Seen::Headers(stream, ..) | Seen::Data(stream, ..)) => {
                let theirs = id(*stream).initiator() != role;
                assert!(!theirs || last.is_none_or(|last| *stream <= last), "15: {stream} is told");
            }
            _ => {}
        }
    }
}

/// 1, 2, 3, 5, 7 to 12, 14, 15 and 24.
pub(crate) fn check(chaos: &Chaos) {
    let trace = run(chaos, usize::MAX);
    for piece in [usize::MAX, 1, chaos.cut] {
        let other = run(chaos, piece);
        assert_eq!(other.entries, trace.entries, "2, 24: pieces of {piece}");
        assert!(other == trace, "2, 24: pieces of {piece}\n{}\n{}", other.state, trace.state);
    }
    let entries = &trace.entries[..];
    check_messages(chaos.role, entries);
    check_silence(entries);
    check_resets(chaos.role, entries);
    check_answers(chaos, entries);
    check_frames(entries);
    check_last_stream(chaos.role, entries);
    let most = trace.octets_in * 3 / 2 + 1_024 + trace.submitted;
    assert!(trace.octets_out <= most, "5: {} octets, not {most}", trace.octets_out);
}

/// 25: what a run takes it gives back, wherever it is dropped.
pub(crate) fn check_memory(chaos: &Chaos) {
    // Whatever is set up once is not counted.
    run(chaos, usize::MAX);
    let counted = allocation_counter::measure(|| drop(run(chaos, usize::MAX)));
    assert_eq!((counted.count_current, counted.bytes_current), (0, 0), "25");
}
