//! What the caller may do, and what the engine may write of it.

use sans_h2::{ErrorCode, Part, Role};

use super::{Ended, Half, Item, MAX_WINDOW, Model, Out, Placed, Section, Stream};

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
        let (old_initial, old_table, old_streams) = *self.own.back().expect("one is acknowledged");
        let streams = streams.map_or(old_streams, |count| count as usize);
        self.own.push_back((initial.map_or(old_initial, i64::from), table.unwrap_or(old_table), streams));
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
                Some(Item::Data(1.., _)) => self.send_window <= 0 || self.may_wait(*id),
                Some(Item::Section(..) | Item::Data(..)) => false,
            };
            assert!(blocked, "{id} could send: {stream:?}");
            let acknowledged = self.own[0].0;
            let starved = stream.used >= acknowledged && stream.released > 0 && stream.recv == Half::Body;
            assert!(!starved, "{id} waits for credit: {stream:?}");
        }
        assert!(self.receive_window > 0 || self.released <= 0, "the connection waits for credit");
    }

    /// Whether a stream's own window excuses it from sending: it is shut, or has been opened by SETTINGS by too little,
    /// too often.
    fn may_wait(&self, stream: u32) -> bool {
        let window = self.stream_send_window(stream);
        window <= 0 || (window < 1_024 && self.streams[&stream].sent < 0 && self.openings > 100)
    }

    pub(crate) fn held(&self) -> i64 {
        self.streams.values().map(|stream| stream.held).sum()
    }
}
