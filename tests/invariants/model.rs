//! One end of a connection as plainly as it can be written: what RFC 9113 says that a frame or a call comes to, with
//! hash maps and sums of 64 bits. It knows nothing of octets, priorities or batches.
//!
//! What the engine may choose, the model does not predict but judges: which DATA goes out first, and when credit is
//! given back ([`Model::on_sent`], [`Model::check_rest`]).

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
    announced: bool,
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
    peer_streams: usize,
    peer_frame: i64,
    /// Our initial windows and table sizes: acknowledged, and then those under way.
    own: VecDeque<(i64, u32)>,
    own_streams: usize,
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
            peer_streams: usize::MAX,
            peer_frame: 16_384,
            own: VecDeque::from([(initial.into(), 4_096)]),
            own_streams: streams as usize,
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
        self.own.iter().map(|(initial, _)| *initial).max().expect("one is acknowledged")
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

/// What the peer sends.
impl Model {
    pub(crate) fn on(&mut self, step: Step) {
        if let Err(code) = step {
            self.end(Some(code));
        }
    }

    pub(crate) fn on_headers(&mut self, stream: u32, section: Section, mark: u8, part: Part) -> Step {
        match self.place(stream) {
            Place::Idle if self.role == Role::Server && !self.is_own(stream) => {
                self.on_request(stream, section, mark, part);
                Ok(())
            }
            Place::Idle | Place::Skipped => Err(PROTOCOL),
            Place::Gone(Ended::ByUs) => Ok(()),
            Place::Gone(Ended::Otherwise) => Err(CLOSED),
            Place::Live => {
                self.on_section(stream, section, mark, part);
                Ok(())
            }
        }
    }

    fn on_request(&mut self, stream: u32, section: Section, mark: u8, part: Part) {
        self.highest_peer = stream;
        if self.peer_active() >= self.own_streams {
            self.refuse(stream, REFUSED);
        } else if section == Section::Request {
            let recv = if part.is_last() { Half::Closed } else { Half::Body };
            self.streams.insert(stream, Stream::new(Half::Head, recv));
            self.tell(Told::Headers(stream, HeadKind::Request, mark, part.is_last()));
        } else {
            self.refuse(stream, PROTOCOL);
        }
    }

    fn on_section(&mut self, stream: u32, section: Section, mark: u8, part: Part) {
        let full = self.peer_active() >= self.own_streams;
        let it = self.live(stream);
        let (head, next) = match (it.recv, section, part) {
            (Half::Closed, _, _) => return self.reset(stream, CLOSED),
            (Half::Body, Section::Trailers, Part::Last) => (HeadKind::Trailers, Half::Closed),
            (Half::Reserved | Half::Head, Section::Interim, Part::More) => (HeadKind::Interim, Half::Head),
            (Half::Reserved | Half::Head, Section::Response, Part::More) => (HeadKind::Response, Half::Body),
            (Half::Reserved | Half::Head, Section::Response, Part::Last) => {
                (HeadKind::Response, Half::Closed)
            }
            (_, _, _) => return self.reset(stream, PROTOCOL),
        };
        if it.recv == Half::Reserved && full {
            return self.reset(stream, REFUSED);
        }
        it.interims += u32::from(head == HeadKind::Interim);
        if it.interims > 16 {
            return self.reset(stream, ErrorCode::ENHANCE_YOUR_CALM);
        }
        it.recv = next;
        self.tell(Told::Headers(stream, head, mark, part.is_last()));
        self.settle(stream);
    }

    /// `counted` is the whole payload, padding and all.
    pub(crate) fn on_data(&mut self, stream: u32, octets: i64, counted: i64, part: Part) -> Step {
        match self.place(stream) {
            Place::Idle => return Err(PROTOCOL),
            Place::Skipped | Place::Gone(Ended::Otherwise) => return Err(CLOSED),
            Place::Live if self.streams[&stream].recv == Half::Reserved => return Err(PROTOCOL),
            Place::Live | Place::Gone(Ended::ByUs) => {}
        }
        if counted > self.receive_window && counted > 0 {
            return Err(FLOW);
        }
        self.receive_window -= counted;
        self.released += counted;
        let ceiling = self.ceiling();
        let Some(it) = self.streams.get_mut(&stream) else { return Ok(()) };
        let overrun = counted > 0 && it.used + counted > ceiling;
        match it.recv {
            Half::Closed => self.reset(stream, CLOSED),
            Half::Reserved | Half::Head => self.reset(stream, PROTOCOL),
            Half::Body if overrun => self.reset(stream, FLOW),
            Half::Body => {
                it.used += counted;
                it.held += octets;
                it.released += counted - octets;
                it.recv = if part.is_last() { Half::Closed } else { Half::Body };
                self.released -= octets;
                if octets > 0 || part.is_last() {
                    self.tell(Told::Data(stream, octets, part.is_last()));
                }
                self.settle(stream);
            }
        }
        Ok(())
    }

    pub(crate) fn on_reset(&mut self, stream: u32, code: ErrorCode) -> Step {
        match self.place(stream) {
            Place::Idle => return Err(PROTOCOL),
            Place::Skipped | Place::Gone(_) => {}
            Place::Live => {
                self.tell(Told::Reset(stream, code.value(), Who::Peer));
                self.remove(stream, Ended::Otherwise);
            }
        }
        Ok(())
    }

    pub(crate) fn on_initial_window(&mut self, size: u32) -> Step {
        let size = i64::from(size);
        if size > MAX_WINDOW || self.streams.values().any(|stream| size + stream.sent > MAX_WINDOW) {
            return Err(FLOW);
        }
        self.peer_initial = size;
        Ok(())
    }

    pub(crate) fn on_max_streams(&mut self, count: u32) {
        self.peer_streams = count as usize;
    }

    pub(crate) fn on_max_frame(&mut self, size: u32) -> Step {
        if !(0x4000..=0xff_ffff).contains(&size) {
            return Err(PROTOCOL);
        }
        self.peer_frame = size.into();
        Ok(())
    }

    /// All entries of the frame have been taken.
    pub(crate) fn on_settings(&mut self) {
        self.now.out.push(Out::SettingsAck);
        self.tell(Told::Settings);
    }

    /// The table size that the peer goes by from now on.
    pub(crate) fn on_settings_ack(&mut self) -> Result<u32, ErrorCode> {
        if self.own.len() < 2 {
            return Err(PROTOCOL);
        }
        self.own.pop_front();
        self.tell(Told::Acknowledged);
        Ok(self.own[0].1)
    }

    pub(crate) fn on_ping(&mut self, payload: u8) {
        self.now.out.push(Out::Pong(payload));
    }

    pub(crate) fn on_pong(&mut self, payload: u8) {
        if let Some(at) = self.pings.iter().position(|ping| *ping == payload) {
            self.pings.remove(at);
            self.tell(Told::Pong(payload));
        }
    }

    pub(crate) fn on_goaway(&mut self, last: u32) -> Step {
        if self.goaway.is_some_and(|earlier| last > earlier) {
            return Err(PROTOCOL);
        }
        self.goaway = Some(last);
        self.tell(Told::GoAway(last));
        let own = self.streams.iter().filter(|(id, _)| self.is_own(**id));
        let mut above: Vec<u32> =
            own.filter(|(id, stream)| **id > last || !stream.announced).map(|(id, _)| *id).collect();
        above.sort_unstable();
        for stream in above.into_iter().rev() {
            self.tell(Told::Reset(stream, REFUSED.value(), Who::GoAway));
            self.remove(stream, Ended::ByUs);
        }
        Ok(())
    }

    /// Stream 0 is the connection.
    pub(crate) fn on_window_update(&mut self, stream: u32, increment: u32) -> Step {
        if stream == 0 {
            self.send_window += i64::from(increment);
            return match increment {
                0 => Err(PROTOCOL),
                _ if self.send_window > MAX_WINDOW => Err(FLOW),
                _ => Ok(()),
            };
        }
        let initial = self.peer_initial;
        match self.place(stream) {
            Place::Idle => return Err(PROTOCOL),
            Place::Skipped | Place::Gone(_) => {}
            Place::Live => {
                let it = self.live(stream);
                let raised = it.sent + i64::from(increment);
                match it.recv {
                    Half::Reserved => return Err(PROTOCOL),
                    _ if increment == 0 => self.reset(stream, PROTOCOL),
                    _ if initial + raised > MAX_WINDOW => self.reset(stream, FLOW),
                    _ => it.sent = raised,
                }
            }
        }
        Ok(())
    }

    pub(crate) fn on_promise(&mut self, stream: u32, promised: u32, section: Section) -> Step {
        if self.role == Role::Server || !self.is_own(stream) {
            return Err(PROTOCOL);
        }
        let parent = match self.place(stream) {
            Place::Live if self.streams[&stream].recv != Half::Closed => true,
            Place::Gone(Ended::ByUs) => false,
            _ => return Err(PROTOCOL),
        };
        if self.is_own(promised) || self.place(promised) != Place::Idle {
            return Err(PROTOCOL);
        }
        self.highest_peer = promised;
        match section {
            _ if !parent => self.refuse(promised, REFUSED),
            Section::Request => {
                self.streams.insert(promised, Stream::new(Half::Closed, Half::Reserved));
                self.tell(Told::Promise(stream, promised));
            }
            _ => self.refuse(promised, PROTOCOL),
        }
        Ok(())
    }
}

/// What the caller does; whether it may.
impl Model {
    pub(crate) fn open(&mut self, mark: u8, part: Part) -> Option<u32> {
        let own = self.count(|id, _| self.is_own(id));
        if self.role == Role::Server || self.over || self.goaway.is_some() || own >= 100 {
            return None;
        }
        let id = self.next_own;
        self.next_own += 2;
        let send = if part.is_last() { Half::Closed } else { Half::Body };
        let mut stream = Stream { announced: false, ..Stream::new(send, Half::Head) };
        stream.queue.push_back(Item::Section(mark, part));
        self.streams.insert(id, stream);
        Some(id)
    }

    pub(crate) fn send_section(&mut self, stream: u32, section: Section, mark: u8, part: Part) -> bool {
        let it = self.live(stream);
        it.send = match (it.send, section, part) {
            (Half::Head, Section::Interim, Part::More) => Half::Head,
            (Half::Head, Section::Response, Part::More) => Half::Body,
            (Half::Head, Section::Response, Part::Last) | (Half::Body, Section::Trailers, Part::Last) => {
                Half::Closed
            }
            _ => return false,
        };
        it.queue.push_back(Item::Section(mark, part));
        true
    }

    pub(crate) fn send_data(&mut self, stream: u32, octets: i64, part: Part) -> bool {
        let it = self.live(stream);
        if it.send != Half::Body {
            return false;
        }
        if octets > 0 || part.is_last() {
            it.queue.push_back(Item::Data(octets, part));
        }
        if part.is_last() {
            it.send = Half::Closed;
        }
        true
    }

    /// Octets of body that wait on a stream.
    pub(crate) fn queued(&self, stream: u32) -> i64 {
        let octets = |item: &Item| if let Item::Data(octets, _) = item { *octets } else { 0 };
        self.streams[&stream].queue.iter().map(octets).sum()
    }

    pub(crate) fn release(&mut self, stream: u32, octets: i64) {
        let it = self.live(stream);
        let released = octets.min(it.held);
        it.held -= released;
        it.released += released;
        self.released += released;
    }

    pub(crate) fn drop_stream(&mut self, stream: u32) {
        if self.streams[&stream].announced {
            self.now.out.push(Out::Reset(stream, ErrorCode::CANCEL.value()));
        }
        self.remove(stream, Ended::ByUs);
    }

    pub(crate) fn update_settings(
        &mut self,
        initial: Option<u32>,
        table: Option<u32>,
        streams: Option<u32>,
    ) -> bool {
        if self.over || self.own.len() > 4 {
            return false;
        }
        let (old_initial, old_table) = *self.own.back().expect("one is acknowledged");
        self.own.push_back((initial.map_or(old_initial, i64::from), table.unwrap_or(old_table)));
        self.own_streams = streams.map_or(self.own_streams, |count| count as usize);
        self.now.out.push(Out::Settings);
        true
    }

    pub(crate) fn ping(&mut self, payload: u8) -> bool {
        if self.over || self.pings.len() >= 4 {
            return false;
        }
        self.pings.push_back(payload);
        self.now.out.push(Out::Ping(payload));
        true
    }
}

/// What the engine writes of its own choice.
impl Model {
    pub(crate) fn on_sent(&mut self, placed: Placed) {
        match placed {
            Placed::Credit(0, increment) => {
                assert!(increment > 0 && increment <= self.released, "credit out of nothing");
                self.released -= increment;
                self.receive_window += increment;
                assert!(self.receive_window <= self.receive_limit);
            }
            Placed::Credit(stream, increment) => {
                let it = self.live(stream);
                assert!(increment > 0 && increment <= it.released, "credit out of nothing");
                assert_ne!(it.recv, Half::Closed, "credit for nothing");
                it.released -= increment;
                it.used -= increment;
                let window = self.ceiling() - self.streams[&stream].used;
                assert!(window <= MAX_WINDOW, "{window}");
            }
            Placed::Section(stream, mark, part) => {
                self.announce(stream);
                let next = self.live(stream).queue.pop_front();
                assert_eq!(next, Some(Item::Section(mark, part)), "{stream}");
                self.settle(stream);
            }
            Placed::Data(stream, octets, part) => self.on_data_sent(stream, octets, part),
        }
    }

    /// Our streams appear in the order of their numbers, and no more than the peer admits.
    fn announce(&mut self, stream: u32) {
        if self.live(stream).announced {
            return;
        }
        let lower = self.count(|id, other| self.is_own(id) && !other.announced && id < stream);
        assert_eq!(lower, 0, "{stream} overtakes");
        assert!(self.own_active() < self.peer_streams, "{stream} is one too many");
        self.live(stream).announced = true;
        self.next_announced = stream + 2;
    }

    fn on_data_sent(&mut self, stream: u32, octets: i64, part: Part) {
        assert!(octets <= self.peer_frame, "a frame of {octets} octets");
        let window = self.send_window.min(self.stream_send_window(stream));
        assert!(octets == 0 || octets <= window, "{octets} octets into a window of {window}");
        self.send_window -= octets;
        let it = self.live(stream);
        it.sent -= octets;
        assert!(it.announced, "DATA behind HEADERS");
        let mut left = octets;
        let mut ended = Part::More;
        while let Some(Item::Data(queued, last)) = it.queue.front_mut() {
            let taken = left.min(*queued);
            (*queued, left) = (*queued - taken, left - taken);
            // An end without octets goes with what was before it, or by itself.
            if *queued > 0 || (left == 0 && last.is_last() && !part.is_last()) {
                break;
            }
            ended = *last;
            it.queue.pop_front();
            if left == 0 && (ended == part || part == Part::More) {
                break;
            }
        }
        assert_eq!((left, ended.is_last()), (0, part.is_last()), "{stream}");
        self.settle(stream);
    }

    /// Nothing waits that could go, and no peer waits for credit that the caller has released.
    pub(crate) fn check_rest(&self) {
        let may_open = self.own_active() < self.peer_streams && self.goaway.is_none();
        for (id, stream) in &self.streams {
            let blocked = match stream.queue.front() {
                None => true,
                Some(_) if !stream.announced => !may_open,
                Some(Item::Data(1.., _)) => self.send_window <= 0 || self.stream_send_window(*id) <= 0,
                Some(Item::Section(..) | Item::Data(..)) => false,
            };
            assert!(blocked, "{id} could send: {stream:?}");
            let acknowledged = self.own[0].0;
            let starved = stream.used >= acknowledged && stream.released > 0 && stream.recv == Half::Body;
            assert!(!starved, "{id} waits for credit: {stream:?}");
        }
        assert!(self.receive_window > 0 || self.released <= 0, "the connection waits for credit");
    }

    pub(crate) fn held(&self) -> i64 {
        self.streams.values().map(|stream| stream.held).sum()
    }
}
