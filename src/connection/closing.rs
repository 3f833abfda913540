//! How a connection ends: by GOAWAY in either direction, by an error, or with its transport (RFC 9113 §5.4, §6.8).

use bytes::Bytes;

use super::Connection;
use super::control::PING_OCTETS;
use crate::error::{ConnectionError, ErrorCode, Violation};
use crate::event::{Cause, Event, Verdict};
use crate::frame::{self, GoAway};
use crate::id::{Role, StreamId};
use crate::stream::{Ending, Half, Key, Want};

/// How far the end has come.
#[derive(Debug, Default)]
pub(super) struct Closing {
    /// Whether either end, or the transport, has begun to end the connection, which nothing takes back.
    has_begun: bool,
    stage: Stage,
    drain: Drain,
    /// The peer's latest GOAWAY.
    peer: Option<PeerGoAway>,
    /// The highest stream of the peer's that the caller has been told of.
    accepted: Option<StreamId>,
    transport: Transport,
}

/// Whether octets may still come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Transport {
    #[default]
    Open,
    Ended,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    /// Nothing is received any more; the caller is being told of the streams that were cut off.
    Ending(Option<ConnectionError>),
    Closed,
}

/// Our own graceful shutdown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Drain {
    #[default]
    No,
    /// The first of two GOAWAY frames has been written: new streams are still taken.
    Announced,
    /// The last stream has been named.
    Final(Option<StreamId>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PeerGoAway {
    last: Option<StreamId>,
    code: ErrorCode,
}

impl Closing {
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.stage == Stage::Open
    }

    /// Whether either end, or the transport, has begun to end the connection.
    #[inline]
    pub(super) const fn has_begun(&self) -> bool {
        self.has_begun
    }

    pub(super) fn is_closed(&self) -> bool {
        self.stage == Stage::Closed
    }

    #[inline]
    pub(super) fn transport_is_open(&self) -> bool {
        self.transport == Transport::Open
    }

    /// Whether one of the ends has said that it takes no new streams.
    pub(super) fn is_shutting_down(&self) -> bool {
        self.drain != Drain::No || self.peer_is_leaving()
    }

    /// Whether the peer takes no new streams of ours (RFC 9113 §6.8).
    pub(super) fn peer_is_leaving(&self) -> bool {
        self.peer.is_some()
    }

    /// The caller has been told of a stream of the peer's.
    pub(super) fn accepted(&mut self, stream: StreamId) {
        self.accepted = self.accepted.max(Some(stream));
    }

    /// Whether a new stream of the peer's comes too late.
    pub(super) fn refuses(&self, stream: StreamId) -> bool {
        match self.drain {
            Drain::No | Drain::Announced => false,
            Drain::Final(last) => Some(stream) > last,
        }
    }

    pub(super) fn on_goaway(&mut self, last: Option<StreamId>, code: ErrorCode) -> Result<(), Violation> {
        if self.peer.is_some_and(|earlier| last > earlier.last) {
            return Err(Violation::GoAwayRaised);
        }
        self.peer = Some(PeerGoAway { last, code });
        Ok(())
    }

    /// The code with which the peer ends the connection, unless that is graceful.
    fn peer_error(&self) -> Option<ConnectionError> {
        let code = self.peer?.code;
        (code != ErrorCode::NO_ERROR).then_some(ConnectionError::GoAway(code))
    }
}

impl Connection {
    /// Either end, or the transport, ends the connection: from now on the reader waits for what that brings.
    pub(super) fn begin_to_close(&mut self) {
        self.closing.has_begun = true;
        self.reader.pause();
    }

    /// No octets will come beyond those that are polled next.
    pub(super) fn end_transport(&mut self) {
        self.closing.transport = Transport::Ended;
        self.begin_to_close();
    }

    /// The peer broke a rule of the connection.
    pub(super) fn fail(&mut self, violation: Violation) {
        self.end(violation.code(), Some(ConnectionError::Violation(violation)));
    }

    /// Ends the connection at once; GOAWAY is the last frame that is written.
    pub(super) fn end(&mut self, code: ErrorCode, error: Option<ConnectionError>) {
        if self.closing.is_open() {
            self.write_goaway(self.last_accepted(), code);
            self.begin_to_close();
            self.closing.stage = Stage::Ending(error);
        }
    }

    /// The transport has ended, and all that came has been taken.
    pub(super) fn end_with_transport(&mut self) {
        let between_frames = self.reader.is_idle() || self.preface.is_untouched();
        let complete = between_frames && self.streams.is_empty();
        let error = match self.closing.peer_error() {
            None if !complete => Some(ConnectionError::UnexpectedEnd),
            error => error,
        };
        self.closing.stage = Stage::Ending(error);
    }

    pub(super) fn start_draining(&mut self) {
        if !self.closing.is_open() {
            return;
        }
        self.begin_to_close();
        match (self.closing.drain, self.role) {
            (Drain::Final(_), _) => {}
            // What a server promises from now on is refused, and nobody has asked for it.
            (_, Role::Client) | (Drain::Announced, Role::Server) => self.finish_draining(),
            (Drain::No, Role::Server) => {
                self.write_goaway(Some(StreamId::MAX), ErrorCode::NO_ERROR);
                let payload = self.pings.start_shutdown();
                self.write_control(PING_OCTETS, |out| frame::ping::write(payload, out));
                self.closing.drain = Drain::Announced;
            }
        }
    }

    /// Names the last stream that is taken.
    pub(super) fn finish_draining(&mut self) {
        if matches!(self.closing.drain, Drain::Final(_)) {
            return;
        }
        let last = self.last_accepted();
        self.write_goaway(last, ErrorCode::NO_ERROR);
        self.closing.drain = Drain::Final(last);
    }

    /// Whether [`Self::next_ending`] has something to tell.
    pub(super) fn has_ending(&self) -> bool {
        match self.closing.stage {
            Stage::Open => {
                self.streams.first(Want::Orphan).is_some()
                    || self.stream_above_goaway().is_some()
                    || self.is_drained()
                    || !self.closing.transport_is_open()
            }
            Stage::Ending(_) => true,
            Stage::Closed => false,
        }
    }

    /// The next stream that the end of the connection cuts off; after the last one, the end itself.
    pub(super) fn next_ending<'b>(&mut self) -> Option<Event<'b>> {
        if self.closing.is_open() {
            if let Some(key) = self.streams.first(Want::Orphan) {
                let stream = self.streams.record(key).id;
                return Some(self.cut_off(stream, key, ErrorCode::CANCEL, Cause::PromiseUnsent));
            }
            if let Some((stream, key)) = self.stream_above_goaway() {
                return Some(self.cut_off(stream, key, ErrorCode::REFUSED_STREAM, Cause::GoAway));
            }
            if !self.is_drained() {
                return None;
            }
            self.finish();
        }
        let Stage::Ending(error) = self.closing.stage else { return None };
        if let Some((stream, key)) = self.streams.any() {
            let code = match error {
                Some(ConnectionError::Violation(violation)) => violation.code(),
                Some(ConnectionError::GoAway(code)) => code,
                Some(ConnectionError::UnexpectedEnd) | None => ErrorCode::CANCEL,
            };
            return Some(self.cut_off(stream, key, code, Cause::ConnectionClosed(error)));
        }
        self.closing.stage = Stage::Closed;
        Some(Event::Closed { error })
    }

    /// How far a stream had got.
    pub(super) fn verdict(&self, key: Key, cause: Cause, code: ErrorCode) -> Verdict {
        let record = self.streams.record(key);
        let is_ours = record.id.initiator() == self.role;
        if is_ours && !self.streams.is_announced(record.id) {
            return Verdict::NeverSent;
        }
        // Of a push nothing comes back, and its half is closed from the start.
        let is_push = is_ours && self.role == Role::Server;
        let answered = !is_push && (record.recv.half == Half::Body || record.recv.interims() > 0);
        if cause == Cause::PromiseUnsent {
            return Verdict::NeverSent;
        }
        if record.recv.half == Half::Closed && !is_push {
            return Verdict::Complete;
        }
        match cause {
            Cause::GoAway if !answered => Verdict::Unprocessed,
            Cause::Peer if is_ours && !answered && code == ErrorCode::REFUSED_STREAM => Verdict::Unprocessed,
            Cause::Peer
            | Cause::Violation(_)
            | Cause::GoAway
            | Cause::PromiseUnsent
            | Cause::ConnectionClosed(_) => Verdict::MaybeProcessed,
        }
    }

    fn cut_off<'b>(&mut self, stream: StreamId, key: Key, code: ErrorCode, cause: Cause) -> Event<'b> {
        let verdict = self.verdict(key, cause, code);
        self.streams.remove(key, Ending::Reset, &mut self.flow);
        Event::Reset { stream, code, cause, verdict }
    }

    /// RFC 9113 §6.8: streams of ours above the last one that the peer names were not and will not be worked on,
    /// and no further ones may be opened.
    fn stream_above_goaway(&self) -> Option<(StreamId, Key)> {
        let last = self.closing.peer?.last;
        let over = |stream| Some(stream) > last || !self.streams.is_announced(stream);
        self.streams.last_local().filter(|&(stream, _)| over(stream))
    }

    /// Whether a shutdown has nothing left to wait for. A server whose client shuts down may still get requests.
    fn is_drained(&self) -> bool {
        let ending = match (self.closing.drain, self.role) {
            (Drain::Final(_), _) => true,
            (Drain::No | Drain::Announced, Role::Client) => self.closing.peer.is_some(),
            (Drain::No | Drain::Announced, Role::Server) => false,
        };
        ending && self.streams.is_empty()
    }

    /// All streams are over: the connection ends as gracefully as the peer lets it.
    fn finish(&mut self) {
        let error = self.closing.peer_error();
        match self.closing.drain {
            Drain::Final(_) => self.closing.stage = Stage::Ending(error),
            Drain::No | Drain::Announced => self.end(ErrorCode::NO_ERROR, error),
        }
    }

    /// The stream that GOAWAY names; it never rises between two of them (RFC 9113 §6.8).
    fn last_accepted(&self) -> Option<StreamId> {
        match self.closing.drain {
            Drain::No | Drain::Announced => self.closing.accepted,
            Drain::Final(last) => last,
        }
    }

    fn write_goaway(&mut self, last: Option<StreamId>, code: ErrorCode) {
        let goaway = GoAway { last, code, debug: Bytes::new() };
        self.write_control(PING_OCTETS, |out| goaway.write(out));
    }
}
