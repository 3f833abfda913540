//! Server push (RFC 9113 §8.4): promises of the peer, and those that are written.

use super::Connection;
use super::block::Purpose;
use super::receive::{Told, on_connection, on_stream};
use crate::error::Violation;
use crate::event::Event;
use crate::fields::Fields;
use crate::frame::PushPromise;
use crate::id::{Role, StreamId};
use crate::settings::Push;
use crate::stream::{Exchange, Half, Message, Standing, StreamRecord, Want};

impl Connection {
    /// RFC 9113 §6.6. The fields of a promise that is refused keep the decoder in step.
    pub(super) fn on_push_promise<'b>(&mut self, promise: PushPromise) -> Told<'b> {
        self.check_promise(&promise).map_err(on_connection)?;
        let PushPromise { stream: on, promised, .. } = promise;
        self.streams.use_peer_id(promised);
        if self.streams.find(on).is_some_and(|key| self.streams.record(key).exchange == Exchange::Tunnel) {
            // RFC 9113 §8.5: an error of the tunnel; nothing is told of the promise.
            self.refuse(promised, Violation::PushRefused);
            self.discard_block();
            return Err(on_stream(on, Violation::HeadersInTunnel));
        }
        let wanted = self.local.latest().enable_push == Push::Enabled
            && self.streams.find(on).is_some()
            && self.streams.peer_reserved() < self.config.max_reserved_streams() as usize;
        let purpose = if self.closing.refuses(promised) {
            self.refuse(promised, Violation::ShuttingDown);
            Purpose::Discard
        } else if wanted {
            Purpose::Promise { on, promised }
        } else {
            self.refuse(promised, Violation::PushRefused);
            Purpose::Discard
        };
        self.begin_block(purpose);
        Ok(None)
    }

    fn check_promise(&mut self, promise: &PushPromise) -> Result<(), Violation> {
        if self.role == Role::Server {
            return Err(Violation::PushToServer);
        }
        if !self.local.may_be_pushed_to() {
            return Err(Violation::PushDisabled);
        }
        match self.streams.standing(promise.stream) {
            _ if promise.stream.initiator() != self.role => return Err(Violation::PushOnWrongStream),
            Standing::Live(key) if self.streams.record(key).recv.half != Half::Closed => {}
            Standing::Gone if self.streams.ending(promise.stream).allows_late_frames() => {}
            Standing::Idle | Standing::Live(_) | Standing::Gone => return Err(Violation::PushOnWrongStream),
        }
        let promised = promise.promised;
        if promised.initiator() == self.role || self.streams.standing(promised) != Standing::Idle {
            return Err(Violation::InvalidPromisedStream);
        }
        Ok(())
    }

    /// The request of a promise has come whole.
    pub(super) fn on_promise<'b>(
        &mut self,
        on: StreamId,
        promised: StreamId,
        fields: Fields,
    ) -> Option<Event<'b>> {
        match self.rules.check_promise(&fields) {
            Ok(summary) => {
                let (send, recv) = (Message::new(Half::Closed), Message::new(Half::Reserved));
                self.streams.insert(StreamRecord::new(promised, send, recv, Exchange::new(summary.method)));
                self.closing.accepted(promised);
                let fields = self.for_caller(fields);
                Some(Event::PushPromise { stream: on, promised, fields })
            }
            Err(violation) => {
                self.spare.keep(fields);
                self.refuse(promised, violation);
                None
            }
        }
    }

    /// Writes the next promise, ahead of all that could refer to what is promised (RFC 9113 §8.4.1), and in the order
    /// of the identifiers.
    pub(super) fn write_promise(&mut self) -> Option<()> {
        let key = self.streams.pop(Want::Promise)?;
        let (record, queues) = self.streams.record_and_queues_mut(key);
        let (promised, padding) = (record.id, record.padding);
        let (on, fields) = queues.pop_promise(&mut record.queue)?;
        let more = !record.queue.is_empty();
        if !self.may_promise(on) {
            self.recycle(fields);
            self.enlist_for_caller(key, Want::Orphan);
            return Some(());
        }
        let head = PushPromise { stream: on, promised, padding };
        let (encoder, max_frame_size) = (&mut self.encoder, self.peer.values().max_frame_size);
        self.batch.write_block(fields.list_octets(), |out| {
            let start = head.start_block(out);
            encoder.encode_list(&fields, out);
            head.finish_block(start, max_frame_size, out);
        });
        self.recycle(fields);
        self.streams.announce(promised);
        if more {
            self.streams.enlist(key, Want::Open);
        }
        Some(())
    }

    /// Whether a promise may be made on this stream: no frame has ended our half of it (RFC 9113 §6.6).
    fn may_promise(&self, on: StreamId) -> bool {
        let open = self.streams.find(on).is_some_and(|key| {
            let record = self.streams.record(key);
            record.send.half != Half::Closed || !record.queue.is_empty()
        });
        open && self.peer.values().enable_push == Push::Enabled && !self.closing.peer_is_leaving()
    }
}
