//! What each frame of the peer's comes to.

use sans_h2::{ErrorCode, Part, Role};

use super::{
    CLOSED, Ended, FLOW, Half, HeadKind, MAX_WINDOW, Model, Out, PROTOCOL, Place, REFUSED, Section, Step,
    Stream, Told, Who,
};

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
        if self.peer_active() >= self.own_streams() {
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
        // A promise has been taken: its response is refused only to a peer that must have known better.
        let full = self.peer_active() >= self.known_streams();
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
        if size > self.peer_initial {
            self.openings += self.streams.len();
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
