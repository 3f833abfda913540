//! What there is of each stream.

use super::list::{Links, Want};
use super::message::{Exchange, Message};
use super::progress::Progress;
use super::queue::Queue;
use super::state::Half;
use crate::flow::StreamFlow;
use crate::frame;
use crate::id::{Role, StreamId};
use crate::priority::Priority;

/// What the engine knows of one stream.
#[derive(Debug)]
pub(crate) struct StreamRecord {
    pub(crate) id: StreamId,
    /// What the caller has sent; it may still lie in `queue`.
    pub(crate) send: Message,
    /// What the peer has sent.
    pub(crate) recv: Message,
    pub(crate) exchange: Exchange,
    pub(super) activity: Activity,
    pub(crate) flow: StreamFlow,
    pub(crate) progress: Progress,
    pub(crate) queue: Queue,
    /// Whether the caller was told that the stream is full, and waits to hear that it no longer is.
    pub(crate) fullness: Fullness,
    /// The place of what is sent on it among other streams.
    pub(super) priority: Priority,
    pub(crate) update: PriorityUpdates,
    /// Octets of padding for each frame of it that we send.
    pub(crate) padding: Option<u8>,
    /// The signal of RFC 7540 that the next HEADERS frame will have.
    pub(crate) old_priority: Option<frame::Priority>,
    pub(super) links: Links,
}

/// Whether a stream counts towards its initiator's limit (RFC 9113 §5.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// Not yet: it is not on the wire, or only reserved.
    Waiting,
    Active,
}

/// Whether a stream takes data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fullness {
    Room,
    Full,
}

/// Whether the server is to hear of a stream's priority by PRIORITY_UPDATE once the stream is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PriorityUpdates {
    Sent,
    Due,
}

impl StreamRecord {
    pub(crate) const fn priority(&self) -> Priority {
        self.priority
    }

    pub(crate) fn new(id: StreamId, send: Message, recv: Message, exchange: Exchange) -> Self {
        Self {
            id,
            send,
            recv,
            exchange,
            activity: Activity::Waiting,
            flow: StreamFlow::default(),
            progress: Progress::default(),
            queue: Queue::new(),
            fullness: Fullness::Room,
            priority: Priority::DEFAULT,
            update: PriorityUpdates::Sent,
            padding: None,
            old_priority: None,
            links: Links::default(),
        }
    }

    /// The record of a stream that is new.
    pub(crate) fn prioritized(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    /// Whether the stream is open, beyond being reserved.
    pub(crate) fn is_active(&self) -> bool {
        self.activity == Activity::Active
    }

    /// Whether this is the stream of a server that has promised it and not begun to answer: "reserved (local)".
    #[inline]
    pub(crate) fn is_reserved_by(&self, role: Role) -> bool {
        role == Role::Server && self.id.initiator() == Role::Server && !self.is_active()
    }

    /// Whether the stream is in a list.
    pub(crate) fn is_listed(&self, want: Want) -> bool {
        self.links.of(want).want() == Some(want)
    }

    /// Whether the message that we send is over and written.
    pub(crate) fn is_sent(&self) -> bool {
        self.send.half == Half::Closed && self.queue.is_empty()
    }

    /// Whether both messages are over and nothing waits to be written.
    pub(crate) fn is_over(&self) -> bool {
        self.recv.half == Half::Closed && self.is_sent()
    }
}
