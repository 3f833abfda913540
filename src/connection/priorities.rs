//! What the two ends tell each other of priorities: RFC 9218, and the signals of RFC 7540 that it replaces.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::{Connection, Stream};
use crate::error::{ControlError, Violation};
use crate::event::Event;
use crate::frame::{self, Extension, PriorityUpdate};
use crate::growth::reserve_within;
use crate::id::{Role, StreamId};
use crate::priority::Priority;
use crate::stream::{Half, Key, PriorityUpdates, Standing};

/// Streams that have a priority before they are opened (RFC 9218 §7), in order.
#[derive(Debug, Default)]
pub(super) struct Prioritized {
    idle: Vec<(StreamId, Option<Priority>)>,
}

impl Prioritized {
    /// Notes the latest word about a stream, which may be unintelligible; no more than `most` streams at once.
    fn set(&mut self, stream: StreamId, priority: Option<Priority>, most: usize) -> Result<(), Violation> {
        match self.idle.binary_search_by_key(&stream, |(stream, _)| *stream) {
            Ok(at) => {
                if let Some((_, known)) = self.idle.get_mut(at) {
                    *known = priority.or(*known);
                }
                Ok(())
            }
            Err(_) if self.idle.len() >= most => Err(Violation::TooManyPrioritizedStreams),
            Err(at) => {
                reserve_within(&mut self.idle, 1, most);
                self.idle.insert(at, (stream, priority));
                Ok(())
            }
        }
    }

    /// A stream has been opened, with this priority if it was told; those below it are idle no more, either.
    #[inline]
    pub(super) fn opened(&mut self, stream: StreamId) -> Option<Priority> {
        if self.idle.is_empty() {
            return None;
        }
        let opened = self.idle.partition_point(|(idle, _)| *idle <= stream);
        let (last, priority) = self.idle.drain(..opened).next_back()?;
        priority.filter(|_| last == stream)
    }

    /// The most that [`memory_used`](Self::memory_used) can be for so many streams.
    pub(super) const fn max_memory(streams: usize) -> usize {
        streams.saturating_mul(size_of::<(StreamId, Option<Priority>)>())
    }

    pub(super) fn memory_used(&self) -> usize {
        self.idle.capacity().saturating_mul(size_of::<(StreamId, Option<Priority>)>())
    }
}

impl Connection {
    /// Sends a PRIORITY frame about any stream, opened or not (RFC 9113 §6.3): the deprecated signal of RFC 7540, for
    /// peers that still heed it.
    ///
    /// It goes out with the control frames, in the order of the calls; the first ones directly behind the preface.
    ///
    /// # Errors
    ///
    /// [`ControlError::PriorityIgnored`] if the peer has sent SETTINGS_NO_RFC7540_PRIORITIES (RFC 9218 §2.1.1),
    /// [`ControlError::Closed`] on a closed connection.
    pub fn send_priority(&mut self, stream: StreamId, priority: frame::Priority) -> Result<(), ControlError> {
        self.check_open()?;
        if !self.peer.heeds_old_priorities() {
            return Err(ControlError::PriorityIgnored);
        }
        self.write_control(SIGNAL_OCTETS, |out| priority.write(stream, out));
        Ok(())
    }

    /// Admits a PRIORITY_UPDATE of ours: one about a response that is still to come, or about a push that is promised
    /// or under way (RFC 9218 §7.1), to a server that may heed it (§2.1.1).
    pub(super) fn admit_priority_update(&mut self, extension: &Extension) -> Result<(), ControlError> {
        let Ok(Some(PriorityUpdate { prioritized, .. })) = PriorityUpdate::parse(extension) else {
            return Err(ControlError::InvalidExtension);
        };
        match (prioritized.initiator(), self.streams.standing(prioritized)) {
            (Role::Server, Standing::Idle) | (_, Standing::Gone) => Err(ControlError::InvalidExtension),
            (_, Standing::Live(key)) if self.streams.record(key).recv.half == Half::Closed => {
                Err(ControlError::InvalidExtension)
            }
            (_, _) if !self.peer.heeds_priority_updates() => Err(ControlError::PriorityIgnored),
            (Role::Client, Standing::Idle) => {
                let allowed = self.peer.max_concurrent_streams().min(self.config.max_open_streams());
                let most = (allowed as usize).saturating_sub(self.streams.local_active());
                self.prioritized.set(prioritized, None, most).map_err(|_| ControlError::TooManyPending)
            }
            (_, _) => Ok(()),
        }
    }

    /// RFC 9218 §7.1. What holds afterwards the caller may change again when it hears of it.
    pub(super) fn on_priority_update<'b>(
        &mut self,
        extension: &Extension,
    ) -> Result<Option<Event<'b>>, Violation> {
        if self.role == Role::Client {
            return Err(Violation::PriorityUpdateToClient);
        }
        let Some(update) = PriorityUpdate::parse(extension)? else { return Ok(None) };
        // A value that is none changes nothing.
        let priority = Priority::parse(&update.value);
        match (self.streams.standing(update.prioritized), update.prioritized.initiator()) {
            (Standing::Idle, Role::Server) => return Err(Violation::PriorityUpdateOfIdlePush),
            (Standing::Idle, Role::Client) => return self.on_early_update(update, priority),
            (Standing::Live(key), _) => self.rank(key, priority),
            (Standing::Gone, _) => return Ok(None),
        }
        Ok(Some(Event::PriorityUpdate(update)))
    }

    /// The peer is held to the largest limit that it may know of, our memory to the latest and to streams that are
    /// held: what is above that is forgotten, as its stream would be refused.
    fn on_early_update<'b>(
        &mut self,
        update: PriorityUpdate,
        priority: Option<Priority>,
    ) -> Result<Option<Event<'b>>, Violation> {
        let latest = self.local.max_concurrent_streams() as usize;
        let known = self.local.ceiling(|values| values.max_concurrent_streams) as usize;
        let most = latest.saturating_sub(self.streams.peer_taken());
        match self.prioritized.set(update.prioritized, priority, most) {
            Ok(()) => Ok(Some(Event::PriorityUpdate(update))),
            Err(_) if most < known.saturating_sub(self.streams.peer_active()) => Ok(None),
            Err(violation) => Err(violation),
        }
    }

    /// Gives a stream the priority that was told, if any was.
    pub(super) fn rank(&mut self, key: Key, priority: Option<Priority>) {
        if let Some(priority) = priority {
            self.streams.prioritize(key, priority);
        }
    }

    /// Tells the server the priority of a stream that has just been opened, if the request does not.
    pub(super) fn write_due_priority(&mut self, key: Key) {
        let record = self.streams.record_mut(key);
        if record.update == PriorityUpdates::Due {
            record.update = PriorityUpdates::Sent;
            self.write_priority_update(key);
        }
    }

    fn write_priority_update(&mut self, key: Key) {
        let record = self.streams.record(key);
        // RFC 9218 §7.1: it is of no use when the response has come.
        if record.recv.half == Half::Closed || !self.peer.heeds_priority_updates() {
            return;
        }
        let value = record.priority().to_string().into();
        let update = PriorityUpdate { prioritized: record.id, value };
        self.write_control(SIGNAL_OCTETS, |out| update.write(out))
            .expect("no priority is longer than a frame");
    }
}

/// About what a PRIORITY or PRIORITY_UPDATE frame takes.
const SIGNAL_OCTETS: usize = 24;

impl Stream<'_> {
    /// Gives the stream a place among others: which of them sends first when several have something to send
    /// (RFC 9218 §10).
    ///
    /// More urgent streams go first. At one urgency, those that are not incremental go one after the other, in the
    /// order of their identifiers, and incremental ones share what is left. One turn in eight goes to the stream that
    /// has waited longest, whatever its priority, so that none starves.
    ///
    /// At a server a stream starts with what the request said, and follows the client's PRIORITY_UPDATE frames
    /// ([`Event::PriorityUpdate`]); the latest word counts, the client's or the caller's. At a client a stream starts
    /// with what its own request said, or sharing if that said nothing, and the server is told of a change by
    /// PRIORITY_UPDATE unless its SETTINGS say that it ignores that (RFC 9218 §2.1.1).
    ///
    /// ```
    /// use sans_h2::{Config, Connection, Fields, Part, Priority};
    ///
    /// let mut client = Connection::client(Config::default());
    /// let id = client.open(Fields::request("GET", "https", "example.com", "/late.js"), Part::Last)?;
    /// let priority = Priority::new(5).expect("at most 7");
    /// client.stream(id).expect("it is open").set_priority(priority);
    /// # Ok::<(), sans_h2::OpenError>(())
    /// ```
    pub fn set_priority(&mut self, priority: Priority) {
        let key = self.key;
        self.connection.streams.prioritize(key, priority);
        match self.connection.role {
            Role::Client if self.connection.streams.is_announced(self.id()) => {
                self.connection.write_priority_update(key);
            }
            Role::Client => self.record_mut().update = PriorityUpdates::Due,
            Role::Server => {}
        }
    }
}
