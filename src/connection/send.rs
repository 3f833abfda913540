//! What the caller does to streams.

use bytes::Bytes;

use super::Connection;
use crate::error::{ErrorCode, OpenError, SendError};
use crate::event::Blocked;
use crate::fields::{Fields, Status};
use crate::frame::Part;
use crate::id::{Role, StreamId};
use crate::stream::{Ending, Fullness, Half, Key, Misstep, Pending, Record, State, Step, Want};

/// One live stream: a handle for one or more commands, after one look-up.
///
/// ```
/// # use sans_h2::{Config, Connection, Fields, Part};
/// use bytes::Bytes;
///
/// # let mut client = Connection::client(Config::default());
/// let id = client.open(Fields::request("POST", "http", "localhost", "/form"), Part::More)?;
/// let mut stream = client.stream(id).expect("it is open");
/// while stream.capacity() > 0 {
///     stream.send_data(Bytes::from_static(&[b'x'; 16_384]), Part::More)?;
/// }
/// // Full: `Event::Writable` will tell when there is room again.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Stream<'c> {
    connection: &'c mut Connection,
    key: Key,
}

impl<'c> Stream<'c> {
    pub(super) const fn new(connection: &'c mut Connection, key: Key) -> Self {
        Self { connection, key }
    }

    /// Queues a header or trailer section: an interim or the final response before any data, trailers after the
    /// header section (RFC 9113 §8.1).
    ///
    /// # Errors
    ///
    /// [`SendError`], when the section does not fit where the stream is.
    pub fn send_headers(&mut self, fields: Fields, part: Part) -> Result<(), SendError> {
        let step = self.step_of(&fields)?;
        self.advance(step, part)?;
        self.queue(Pending::Headers(fields, part));
        Ok(())
    }

    /// Queues a chunk of body, whole and by reference, as long as there is any [`capacity`](Self::capacity).
    ///
    /// An empty chunk has a meaning only with [`Part::Last`], and is taken then even by a full stream.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] without capacity; another [`SendError`] when data does not fit where the stream is.
    pub fn send_data(&mut self, chunk: Bytes, part: Part) -> Result<(), SendError> {
        if !chunk.is_empty() && self.capacity() == 0 {
            self.get().send.after(Step::Data, part)?;
            self.record().fullness = Fullness::Full;
            return Err(SendError::Full);
        }
        self.advance(Step::Data, part)?;
        if !chunk.is_empty() || part.is_last() {
            self.queue(Pending::Data(chunk, part));
        }
        if self.capacity() == 0 {
            self.record().fullness = Fullness::Full;
        }
        Ok(())
    }

    /// How many octets of body the stream takes before it is full. Windows do not enter into it; see
    /// [`blocked_on`](Self::blocked_on).
    ///
    /// Once it is zero, [`Event::Writable`](crate::Event::Writable) follows when half of the buffer is free again.
    pub fn capacity(&self) -> usize {
        self.connection.send_buffer_size().saturating_sub(self.get().queue.octets())
    }

    /// Gives the peer credit back for received body octets that the caller is done with (RFC 9113 §6.9). No more
    /// is given back than the stream holds.
    pub fn release(&mut self, octets: usize) {
        // More than 32 bits hold is more than any window.
        self.connection.release(self.key, u32::try_from(octets).unwrap_or(u32::MAX));
    }

    /// What holds the queued data back, or `None` if nothing is queued or only the writer is waited for.
    pub fn blocked_on(&self) -> Option<Blocked> {
        self.connection.blocked_on(self.key)
    }

    /// The stream's state (RFC 9113 §5.1), as the calls so far have made it: what is queued counts as sent.
    pub fn state(&self) -> State {
        let record = self.get();
        State::of(record.send, record.recv)
    }

    /// The stream's identifier.
    pub fn id(&self) -> StreamId {
        self.get().id
    }

    /// Ends the stream at once with RST_STREAM (RFC 9113 §6.4): what is queued is dropped, what still comes is
    /// discarded, and its credit is given back. No event follows.
    pub fn reset(self, code: ErrorCode) {
        self.connection.reset(self.key, code);
    }

    fn get(&self) -> &Record {
        self.connection.streams.get(self.key)
    }

    fn record(&mut self) -> &mut Record {
        self.connection.streams.record(self.key)
    }

    fn step_of(&self, fields: &Fields) -> Result<Step, SendError> {
        match self.get().send {
            Half::Body | Half::Closed => Ok(Step::Headers),
            Half::Idle | Half::Reserved | Half::Head => match Status::of(fields) {
                Some(Status::Interim) => Ok(Step::Interim),
                Some(Status::Final) => Ok(Step::Headers),
                None => Err(SendError::InvalidStatus),
            },
        }
    }

    fn advance(&mut self, step: Step, part: Part) -> Result<(), SendError> {
        let record = self.record();
        record.send = record.send.after(step, part)?;
        Ok(())
    }

    fn queue(&mut self, item: Pending) {
        self.connection.queue(self.key, item);
    }
}

impl Connection {
    /// Opens a stream with a request; client only (RFC 9113 §8.1).
    ///
    /// Its header section goes out as soon as the peer's limit of concurrent streams admits it.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; nothing has changed then.
    pub fn open(&mut self, fields: Fields, part: Part) -> Result<StreamId, OpenError> {
        let id = self.check_opening()?;
        let send = match part {
            Part::More => Half::Body,
            Part::Last => Half::Closed,
        };
        let key = self.streams.insert(Record::new(id, send, Half::Head));
        self.next_id = id.next();
        self.queue(key, Pending::Headers(fields, part));
        Ok(id)
    }

    fn check_opening(&self) -> Result<StreamId, OpenError> {
        if self.role == Role::Server {
            return Err(OpenError::NotClient);
        }
        if !self.closing.is_open() {
            return Err(OpenError::Closed);
        }
        if self.closing.is_shutting_down() {
            return Err(OpenError::ShuttingDown);
        }
        if self.streams.local_count() >= self.config.max_open_streams() as usize {
            return Err(OpenError::TooManyStreams);
        }
        self.next_id.ok_or(OpenError::IdsExhausted)
    }

    /// Puts an item in a stream's queue, and the stream among those that have something to send.
    fn queue(&mut self, key: Key, item: Pending) {
        let (record, queues) = self.streams.record_and_queues(key);
        let first = record.queue.is_empty();
        queues.push(&mut record.queue, item);
        let id = record.id;
        // A stream of ours enters the lists when it enters the wire.
        if first && (id.initiator() != self.role || self.streams.is_announced(id)) {
            self.streams.enlist(key, Want::Send);
        }
    }

    fn reset(&mut self, key: Key, code: ErrorCode) {
        let id = self.streams.get(key).id;
        // RFC 9113 §6.4: a stream that never reached the wire needs no reset, and must not get one.
        if id.initiator() != self.role || self.streams.is_announced(id) {
            self.write_reset(id, code);
        }
        self.streams.remove(key, Ending::Reset, &mut self.flow);
    }

    /// The next stream that was full and takes data again.
    pub(super) fn next_writable(&mut self) -> Option<StreamId> {
        let limit = self.send_buffer_size();
        while let Some(key) = self.streams.pop(Want::Notice) {
            let record = self.streams.record(key);
            if record.send == Half::Closed {
                continue;
            }
            // The caller may have filled it again since.
            if record.queue.octets() < limit {
                return Some(record.id);
            }
            record.fullness = Fullness::Full;
        }
        None
    }

    pub(super) fn send_buffer_size(&self) -> usize {
        self.config.send_buffer_size() as usize
    }

    fn blocked_on(&self, key: Key) -> Option<Blocked> {
        let (record, queues) = self.streams.record_and_queued(key);
        if record.queue.is_empty() {
            return None;
        }
        let data_first = queues.next_data(&record.queue, 1).is_some_and(|next| next.octets > 0);
        let stream_window = self.flow.sendable_on(&record.flow);
        let id = record.id;
        if id.initiator() == self.role && !self.streams.is_announced(id) {
            return (!self.may_announce()).then_some(Blocked::StreamLimit);
        }
        match (data_first, stream_window, self.flow.sendable()) {
            (false, _, _) => None,
            (true, 0, _) => Some(Blocked::StreamWindow),
            (true, _, 0) => Some(Blocked::ConnectionWindow),
            (true, _, _) => None,
        }
    }
}

impl From<Misstep> for SendError {
    fn from(misstep: Misstep) -> Self {
        match misstep {
            Misstep::Ended => Self::Ended,
            Misstep::DataBeforeHeaders => Self::HeadersFirst,
            Misstep::InterimLast => Self::InterimLast,
            Misstep::TrailersNotLast => Self::TrailersNotLast,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    // covers 9113-5.1.1-2
    #[test]
    fn identifiers_end_with_the_largest() {
        let mut client = Connection::client(Config::default());
        client.next_id = Some(StreamId::MAX);
        let fields = || Fields::request("GET", "http", "localhost", "/");
        assert_eq!(client.open(fields(), Part::Last), Ok(StreamId::MAX));
        assert_eq!(client.open(fields(), Part::Last), Err(OpenError::IdsExhausted));
    }
}
