//! One end of a connection as plainly as it can be written: what RFC 9113 says that a frame or a call comes to, with
//! hash maps and sums of 64 bits. It knows nothing of octets, priorities or batches.
//!
//! What the engine may choose, the model does not predict but judges: which DATA goes out first, and when credit is
//! given back ([`Model::on_sent`], [`Model::check_rest`]).

#[path = "model_calls.rs"]
mod calls;
#[path = "model_peer.rs"]
mod peer;

use std::collections::{HashMap, VecDeque};

use sans_h2::{ErrorCode, Head, Part, Role, State};

pub(crate) const MAX_WINDOW: i64 = 0x7fff_ffff;

/// One direction of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    Reserved,
    /// The header section of the message, the final one if it is a response, is to come.
    Head,
    Body,
    Closed,
}

/// What is queued on a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Section(u8, Part),
    Data(i64, Part),
}

#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) send: Half,
    pub(crate) recv: Half,
    /// What WINDOW_UPDATEs have added less what was sent, above the peer's initial window.
    sent: i64,
    /// What has been received less what was given back, of our initial window.
    used: i64,
    /// What the caller has not released.
    pub(crate) held: i64,
    released: i64,
    queue: VecDeque<Item>,
    /// On the wire.
    pub(crate) announced: bool,
    interims: u32,
}

impl Stream {
    fn new(send: Half, recv: Half) -> Self {
        let (queue, announced) = (VecDeque::new(), true);
        Self { send, recv, sent: 0, used: 0, held: 0, released: 0, queue, announced, interims: 0 }
    }

    pub(crate) const fn state(&self) -> State {
        match (self.send, self.recv) {
            (_, Half::Reserved) => State::ReservedRemote,
            (Half::Closed, Half::Closed) => State::Closed,
            (Half::Closed, _) => State::HalfClosedLocal,
            (_, Half::Closed) => State::HalfClosedRemote,
            (_, _) => State::Open,
        }
    }
}

/// How a stream that was used ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// By our RST_STREAM: late frames are dropped.
    ByUs,
    Otherwise,
}

/// Where the peer sees a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Idle,
    Live,
    /// Never used; a higher number closed it.
    Skipped,
    Gone(Ended),
}

/// An event, without what the model cannot know of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Told {
    Headers(u32, HeadKind, u8, bool),
    Data(u32, i64, bool),
    Reset(u32, u32, Who),
    Promise(u32, u32),
    Settings,
    Acknowledged,
    Pong(u8),
    GoAway(u32),
    Closed(Option<u32>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum HeadKind {
    Request,
    Interim,
    Response,
    Trailers,
}

impl From<Head> for HeadKind {
    fn from(head: Head) -> Self {
        match head {
            Head::Request => Self::Request,
            Head::Interim => Self::Interim,
            Head::Response => Self::Response,
            Head::Trailers => Self::Trailers,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Who {
    Peer,
    Us,
    GoAway,
    End,
}

/// A frame of the engine's whose time and content are certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Out {
    Reset(u32, u32),
    Settings,
    SettingsAck,
    Ping(u8),
    Pong(u8),
    GoAway(u32),
}

/// A frame of the engine's that it may place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    Section(u32, u8, Part),
    Data(u32, i64, Part),
    Credit(u32, i64),
}

/// What a section is, besides its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Request,
    Interim,
    Response,
    Trailers,
    /// With a name that no field may have.
    Malformed,
}

/// What a step comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) told: Vec<Told>,
    pub(crate) out: Vec<Out>,
}

/// The error that ends the connection.
type Step = Result<(), ErrorCode>;

const PROTOCOL: ErrorCode = ErrorCode::PROTOCOL_ERROR;
const CLOSED: ErrorCode = ErrorCode::STREAM_CLOSED;
const FLOW: ErrorCode = ErrorCode::FLOW_CONTROL_ERROR;
const REFUSED: ErrorCode = ErrorCode::REFUSED_STREAM;

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) role: Role,
    pub(crate) streams: HashMap<u32, Stream>,
    ended: HashMap<u32, Ended>,
    highest_peer: u32,
    pub(crate) next_own: u32,
    /// The lowest of our numbers that the peer has not seen.
    next_announced: u32,
    /// The connection's window in both directions.
    pub(crate) send_window: i64,
    pub(crate) receive_window: i64,
    receive_limit: i64,
    pub(crate) released: i64,
    peer_initial: i64,
    /// At most so many times has a raise of that opened the window of a stream.
    openings: usize,
    peer_streams: usize,
    peer_frame: i64,
    /// Our initial windows, table sizes and limits of streams: acknowledged, and then those under way.
    own: VecDeque<(i64, u32, usize)>,
    pings: VecDeque<u8>,
    goaway: Option<u32>,
    pub(crate) over: bool,
    pub(crate) now: Outcome,
}

impl Model {
    /// After both prefaces.
    pub(crate) fn new(role: Role, initial: u32, connection: u32, streams: u32) -> Self {
        Self {
            role,
            streams: HashMap::new(),
            ended: HashMap::new(),
            highest_peer: 0,
            next_own: if role == Role::Client { 1 } else { 2 },
            next_announced: if role == Role::Client { 1 } else { 2 },
            send_window: 65_535,
            receive_window: 65_535,
            receive_limit: connection.into(),
            released: i64::from(connection) - 65_535,
            peer_initial: 65_535,
            openings: 0,
            peer_streams: usize::MAX,
            peer_frame: 16_384,
            own: VecDeque::from([(initial.into(), 4_096, streams as usize)]),
            pings: VecDeque::new(),
            goaway: None,
            over: false,
            now: Outcome::default(),
        }
    }

    fn is_own(&self, stream: u32) -> bool {
        (stream % 2 == 1) == (self.role == Role::Client)
    }

    fn place(&self, stream: u32) -> Place {
        let used =
            if self.is_own(stream) { stream < self.next_announced } else { stream <= self.highest_peer };
        match (used, self.streams.contains_key(&stream), self.ended.get(&stream)) {
            (false, _, _) => Place::Idle,
            (true, true, _) => Place::Live,
            (true, false, Some(ended)) => Place::Gone(*ended),
            (true, false, None) => Place::Skipped,
        }
    }

    /// The lowest number that the peer may use next.
    pub(crate) fn next_of_peer(&self) -> u32 {
        match (self.highest_peer, self.role) {
            (0, Role::Server) => 1,
            (0, Role::Client) => 2,
            (highest, _) => highest + 2,
        }
    }

    fn live(&mut self, stream: u32) -> &mut Stream {
        self.streams.get_mut(&stream).expect("it is live")
    }

    fn count(&self, which: impl Fn(u32, &Stream) -> bool) -> usize {
        self.streams.iter().filter(|(id, stream)| which(**id, stream)).count()
    }

    /// Streams of the peer's that count (§5.1.2).
    fn peer_active(&self) -> usize {
        self.count(|id, stream| !self.is_own(id) && stream.recv != Half::Reserved)
    }

    fn own_active(&self) -> usize {
        self.count(|id, stream| self.is_own(id) && stream.announced)
    }

    /// The initial window of ours that the peer may go by.
    fn ceiling(&self) -> i64 {
        self.own.iter().map(|(initial, _, _)| *initial).max().expect("one is acknowledged")
    }

    /// The limit of streams that we have set last.
    fn own_streams(&self) -> usize {
        self.own.back().expect("one is acknowledged").2
    }

    /// The largest that the peer may go by.
    fn known_streams(&self) -> usize {
        self.own.iter().map(|(_, _, streams)| *streams).max().expect("one is acknowledged")
    }

    pub(crate) fn awaits_ack(&self) -> bool {
        self.own.len() > 1
    }

    /// What the peer may send on a live stream.
    pub(crate) fn may_receive(&self, stream: u32) -> i64 {
        (self.ceiling() - self.streams[&stream].used).min(self.receive_window)
    }

    /// The largest window of a stream that anything may still be sent in.
    pub(crate) fn stream_send_window(&self, stream: u32) -> i64 {
        self.peer_initial + self.streams[&stream].sent
    }

    fn tell(&mut self, told: Told) {
        self.now.told.push(told);
    }

    fn remove(&mut self, stream: u32, ended: Ended) {
        let gone = self.streams.remove(&stream).expect("it is live");
        self.released += gone.held;
        self.ended.insert(stream, ended);
    }

    /// An error of a stream that lives.
    fn reset(&mut self, stream: u32, code: ErrorCode) {
        self.now.out.push(Out::Reset(stream, code.value()));
        self.tell(Told::Reset(stream, code.value(), Who::Us));
        self.remove(stream, Ended::ByUs);
    }

    /// A stream of which the caller hears nothing.
    fn refuse(&mut self, stream: u32, code: ErrorCode) {
        self.now.out.push(Out::Reset(stream, code.value()));
        self.ended.insert(stream, Ended::ByUs);
    }

    /// The end, if all streams have gone and GOAWAY has come to a client; or because of an error.
    pub(crate) fn end(&mut self, error: Option<ErrorCode>) {
        self.now.out.push(Out::GoAway(error.unwrap_or(ErrorCode::NO_ERROR).value()));
        self.close(error, error);
    }

    /// The streams are cut off, with `code`, and the caller hears of the error.
    pub(crate) fn close(&mut self, code: Option<ErrorCode>, error: Option<ErrorCode>) {
        let code = code.unwrap_or(ErrorCode::CANCEL).value();
        let mut streams: Vec<u32> = self.streams.keys().copied().collect();
        streams.sort_unstable();
        for stream in streams {
            self.tell(Told::Reset(stream, code, Who::End));
            self.remove(stream, Ended::Otherwise);
        }
        self.tell(Told::Closed(error.map(ErrorCode::value)));
        self.over = true;
    }

    /// §6.8: a client that may open nothing more is done with its last stream.
    pub(crate) fn finish(&mut self) {
        if !self.over && self.goaway.is_some() && self.role == Role::Client && self.streams.is_empty() {
            self.end(None);
        }
    }

    fn settle(&mut self, stream: u32) {
        let Some(it) = self.streams.get(&stream) else { return };
        if (it.send, it.recv) == (Half::Closed, Half::Closed) && it.queue.is_empty() {
            self.remove(stream, Ended::Otherwise);
        }
    }
}
