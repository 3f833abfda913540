//! What the caller does to streams.

use bytes::Bytes;

use super::Connection;
use crate::error::{ErrorCode, OpenError, SendError, Violation};
use crate::event::Blocked;
use crate::fields::Fields;
use crate::fields::rules::Section;
use crate::flow::Opening;
use crate::frame::Part;
use crate::id::{Role, StreamId};
use crate::output::Room;
use crate::priority::Priority;
use crate::settings::Push;
use crate::stream::{
    Ending, Exchange, Fullness, Half, Key, Message, Misstep, Pending, State, StreamRecord, Want,
};

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
    pub(super) connection: &'c mut Connection,
    pub(super) key: Key,
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
        self.check_section(&fields, part)?;
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
        let send = self.record().send.after_data(chunk.len() as u64, part)?;
        if !chunk.is_empty() && self.capacity() == 0 {
            self.record_mut().fullness = Fullness::Full;
            return Err(SendError::Full);
        }
        self.record_mut().send = send;
        if !chunk.is_empty() || part.is_last() {
            self.queue(Pending::Data(chunk, part));
        }
        if self.capacity() == 0 {
            self.record_mut().fullness = Fullness::Full;
        }
        Ok(())
    }

    /// How many octets of body the stream takes before it is full. Windows do not enter into it; see
    /// [`blocked_on`](Self::blocked_on).
    ///
    /// Once it is zero, [`Event::Writable`](crate::Event::Writable) follows when half of the buffer is free again.
    pub fn capacity(&self) -> usize {
        self.connection.send_buffer_size().saturating_sub(self.record().queue.octets())
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
        let record = self.record();
        State::of(record.send.half, record.recv.half)
    }

    /// The stream's identifier.
    pub fn id(&self) -> StreamId {
        self.record().id
    }

    /// Ends the stream at once with RST_STREAM (RFC 9113 §6.4): what is queued is dropped, what still comes is
    /// discarded, and its credit is given back. No event follows.
    pub fn reset(self, code: ErrorCode) {
        self.connection.reset(self.key, code);
    }

    fn record(&self) -> &StreamRecord {
        self.connection.streams.record(self.key)
    }

    pub(super) fn record_mut(&mut self) -> &mut StreamRecord {
        self.connection.streams.record_mut(self.key)
    }

    fn check_section(&mut self, fields: &Fields, part: Part) -> Result<(), SendError> {
        let (rules, role) = (self.connection.rules, self.connection.role);
        let record = self.record_mut();
        match record.send.half {
            Half::Body | Half::Closed => {
                let send = record.send.after_trailers(record.exchange.of(role), part)?;
                rules.check(fields, Section::Trailers).map_err(SendError::Malformed)?;
                // RFC 9110 §6.5.1: what frames a message is of no use behind it.
                if fields.get("content-length").is_some() {
                    return Err(SendError::ContentLengthForbidden);
                }
                record.send = send;
            }
            Half::Idle | Half::Reserved | Half::Head => {
                let summary = rules.check(fields, Section::Response).map_err(SendError::Malformed)?;
                let after = record.send.after_response(record.exchange, &summary, part)?;
                if summary.content_length.is_some() && !record.exchange.may_announce(summary.status) {
                    return Err(SendError::ContentLengthForbidden);
                }
                (record.send, record.exchange) = after;
            }
        }
        Ok(())
    }

    fn queue(&mut self, item: Pending) {
        self.connection.queue(self.key, item);
    }
}

impl Connection {
    /// Opens a stream with a request; client only (RFC 9113 §8.1).
    ///
    /// Its header section goes out as soon as the peer's limit of concurrent streams admits it. Its body has the
    /// priority that the request's `priority` field asks for the response, or shares the connection if there is none;
    /// see [`Stream::set_priority`].
    ///
    /// # Errors
    ///
    /// [`OpenError`]; nothing has changed then.
    pub fn open(&mut self, fields: Fields, part: Part) -> Result<StreamId, OpenError> {
        let id = self.check_opening()?;
        let extended = self.peer.values().extended_connect;
        let summary = self.rules.check(&fields, Section::Request(extended)).map_err(OpenError::Malformed)?;
        let send = Message::request(&summary, part)
            .map_err(|_| OpenError::Malformed(Violation::ContentLengthMismatch))?;
        let recv = Message::new(Half::Head);
        let record = StreamRecord::new(id, send, recv, Exchange::new(summary.method));
        let priority = Priority::of_checked(&fields, &summary).unwrap_or(UPLOAD);
        self.start(record, priority, Pending::Headers(fields, part), Want::Open);
        Ok(id)
    }

    /// Promises a response to a request that nobody made; server only (RFC 9113 §8.4).
    ///
    /// The promise goes out before anything that is sent afterwards. Answer it on the promised stream, as if it were a
    /// request; the answer goes out as soon as the client's limit of concurrent streams admits it.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; nothing has changed then.
    pub fn push(&mut self, on: StreamId, fields: Fields) -> Result<StreamId, OpenError> {
        if self.role == Role::Client {
            return Err(OpenError::NotServer);
        }
        let id = self.check_new_stream()?;
        if self.peer.values().enable_push == Push::Disabled {
            return Err(OpenError::PushDisabled);
        }
        let parent = self.streams.find(on).filter(|_| on.initiator() == Role::Client);
        let answering = parent.is_some_and(|key| {
            let record = self.streams.record(key);
            // RFC 9113 §8.5: nothing but data is sent on a tunnel.
            matches!(record.send.half, Half::Head | Half::Body) && record.exchange != Exchange::Tunnel
        });
        if !answering {
            return Err(OpenError::NoSuchRequest);
        }
        let summary = self.rules.check_promise(&fields).map_err(OpenError::Malformed)?;
        let (send, recv) = (Message::new(Half::Reserved), Message::new(Half::Closed));
        let record = StreamRecord::new(id, send, recv, Exchange::new(summary.method));
        let priority = Priority::of_checked(&fields, &summary).unwrap_or_default();
        self.start(record, priority, Pending::Promise(on, fields), Want::Promise);
        Ok(id)
    }

    /// How far a stream has got: a number that goes up with every [`stall_floor`](crate::Config::stall_floor) octets of
    /// DATA that have come or gone on it, with every header or trailer section, and with the end of each message.
    /// `None` once the stream is over.
    ///
    /// For hosts that give up streams which stall (RFC 9113 §10.5): a peer may shut its windows, or let octets come and
    /// go one at a time, to hold a stream and all that belongs to it for ever. The engine has no clock to tell. So look
    /// every few seconds, and reset the streams that wait for the peer and whose number is the same as before.
    /// WINDOW_UPDATE, padding, empty DATA and what is queued but not written change nothing.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// use sans_h2::{Connection, ErrorCode, State, Stream, StreamId};
    ///
    /// /// Resets the streams that have stalled since the last call, and forgets those that are over.
    /// fn reap(connection: &mut Connection, progress: &mut BTreeMap<StreamId, u64>) {
    ///     progress.retain(|&id, known| {
    ///         let Some(now) = connection.progress(id) else { return false };
    ///         let is_same = std::mem::replace(known, now) == now;
    ///         if let Some(stream) = connection.stream(id).filter(|stream| is_same && waits_for_peer(stream)) {
    ///             stream.reset(ErrorCode::CANCEL);
    ///         }
    ///         true
    ///     });
    /// }
    ///
    /// /// At a server: the request is not whole, or the client's windows hold the response back.
    /// fn waits_for_peer(stream: &Stream<'_>) -> bool {
    ///     stream.state() == State::Open || stream.blocked_on().is_some()
    /// }
    /// # use bytes::{Buf, Bytes};
    /// # use sans_h2::{Config, Fields, Part, Time};
    /// # fn carry(from: &mut Connection, to: &mut Connection) {
    /// #     while from.output().has_remaining() {
    /// #         let octets = from.output().chunk().to_vec();
    /// #         from.output().advance(octets.len());
    /// #         let mut input = &octets[..];
    /// #         while to.poll(&mut input, Time::ZERO).is_some() {}
    /// #     }
    /// # }
    /// # let mut client = Connection::client(Config::builder().initial_window_size(0).build()?);
    /// # let mut server = Connection::server(Config::default());
    /// # let id = client.open(Fields::request("GET", "http", "localhost", "/"), Part::Last)?;
    /// # carry(&mut client, &mut server);
    ///
    /// // A client has asked for a page, and opens no window for it.
    /// let mut progress = BTreeMap::from([(id, 0)]);
    /// let mut stream = server.stream(id).expect("the request has come");
    /// stream.send_headers(Fields::response(200), Part::More)?;
    /// stream.send_data(Bytes::from_static(b"a page"), Part::Last)?;
    /// # carry(&mut server, &mut client);
    /// reap(&mut server, &mut progress);
    /// assert_eq!(progress[&id], 1, "the header section went out");
    /// reap(&mut server, &mut progress);
    /// assert!(server.stream(id).is_none(), "nothing did since");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn progress(&self, stream: StreamId) -> Option<u64> {
        let key = self.find(stream)?;
        Some(self.streams.record(key).progress.mark(self.config.stall_floor()))
    }

    /// Adds a stream of ours, which waits for its place on the wire.
    fn start(&mut self, record: StreamRecord, priority: Priority, first: Pending, want: Want) {
        self.next_id = record.id.next();
        let key = self.streams.insert(record.prioritized(priority));
        let (record, queues) = self.streams.record_and_queues_mut(key);
        queues.push(&mut record.queue, first);
        self.streams.enlist(key, want);
    }

    fn check_opening(&self) -> Result<StreamId, OpenError> {
        match self.role {
            Role::Client => self.check_new_stream(),
            Role::Server => Err(OpenError::NotClient),
        }
    }

    fn check_new_stream(&self) -> Result<StreamId, OpenError> {
        if !self.closing.is_open() {
            return Err(OpenError::Closed);
        }
        if self.closing.is_shutting_down() {
            return Err(OpenError::ShuttingDown);
        }
        let most = match self.role {
            Role::Client => self.config.max_open_streams(),
            Role::Server => self.config.max_pushes(),
        };
        if self.streams.local_count() >= most as usize {
            return Err(OpenError::TooManyStreams);
        }
        self.next_id.ok_or(OpenError::IdsExhausted)
    }

    /// Puts an item in a stream's queue, and the stream among those that have something to send.
    fn queue(&mut self, key: Key, item: Pending) {
        let (record, queues) = self.streams.record_and_queues_mut(key);
        let first = record.queue.is_empty();
        queues.push(&mut record.queue, item);
        // With an empty queue a stream of ours is on the wire, but a promised one may not be open yet.
        let waits = record.id.initiator() == self.role && !record.is_active();
        if !first || record.is_listed(Want::Orphan) {
            return;
        }
        if waits {
            self.streams.enlist(key, Want::Open);
        } else {
            self.streams.enlist(key, Want::Send);
        }
    }

    fn reset(&mut self, key: Key, code: ErrorCode) {
        let id = self.streams.record(key).id;
        // RFC 9113 §6.4: a stream that never reached the wire needs no reset, and must not get one.
        let sent = self.streams.is_announced(id) && !self.streams.is_listed(key, Want::Orphan);
        if id.initiator() != self.role || sent {
            self.write_reset(id, code);
        }
        self.streams.remove(key, Ending::Reset, &mut self.flow);
    }

    /// The next stream that was full and takes data again.
    pub(super) fn next_writable(&mut self) -> Option<StreamId> {
        let limit = self.send_buffer_size();
        while let Some(key) = self.streams.pop(Want::Notice) {
            let record = self.streams.record_mut(key);
            if record.send.half == Half::Closed {
                continue;
            }
            // The caller may have filled it again since.
            // If not, the notice is due again when half of it is free.
            if record.queue.octets() < limit {
                record.fullness = Fullness::Room;
                return Some(record.id);
            }
        }
        None
    }

    pub(super) fn send_buffer_size(&self) -> usize {
        self.config.send_buffer_size() as usize
    }

    fn blocked_on(&self, key: Key) -> Option<Blocked> {
        let (record, queues) = self.streams.record_and_queues(key);
        if record.queue.is_empty() {
            return None;
        }
        let data_first =
            queues.next_data(&record.queue, 1, Room::UNLIMITED).is_some_and(|next| next.octets > 0);
        let id = record.id;
        if id.initiator() == self.role && !self.streams.record(key).is_active() {
            return (!self.may_open()).then_some(Blocked::StreamLimit);
        }
        match (data_first, self.is_shut(key), self.flow.sendable()) {
            (false, _, _) => None,
            (true, true, _) => Some(Blocked::StreamWindow),
            (true, false, 0) => Some(Blocked::ConnectionWindow),
            (true, false, _) => None,
        }
    }

    /// Whether its own window keeps a stream from sending.
    fn is_shut(&self, key: Key) -> bool {
        match self.flow.opening(&self.streams.record(key).flow) {
            Opening::Shut => true,
            Opening::Sliver => self.streams.is_listed(key, Want::Window) && !self.guard.affords_sliver(),
            Opening::Useful => false,
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
            Misstep::ContentLength => Self::ContentLength,
            Misstep::HeadersInTunnel => Self::HeadersInTunnel,
        }
    }
}

/// The priority of a request's body where nobody says anything else: RFC 9218 is about responses only.
const UPLOAD: Priority =
    Priority::incremental(Priority::DEFAULT.urgency()).expect("any priority's urgency is one");

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
