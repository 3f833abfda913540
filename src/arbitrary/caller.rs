//! What stands around a connection.

use alloc::vec::Vec;
use core::{fmt, mem};

use bytes::Buf;

use crate::connection::Connection;
use crate::error::{ControlError, OpenError, SendError};
use crate::event::{Event, Head};
use crate::id::{Role, StreamId};
use crate::time::Time;

/// What a caller keeps beside its connection: its end of the transport, its clock, and the streams that it knows.
///
/// It is all that [`Operation::apply`](super::Operation::apply) needs; two of them and a way to carry octets make a
/// pair:
///
/// ```
/// use sans_h2::arbitrary::{Caller, Operation};
/// use sans_h2::{Config, Connection, Event, Fields, Part};
///
/// let (mut client, mut asking) = (Connection::client(Config::default()), Caller::default());
/// let (mut server, mut serving) = (Connection::server(Config::default()), Caller::default());
///
/// let fields = Fields::request("GET", "https", "localhost", "/");
/// Operation::Open { fields, part: Part::Last }.apply(&mut client, &mut asking, |_, _| {})?;
/// Operation::Write { most: usize::MAX }.apply(&mut client, &mut asking, |_, _| {})?;
/// serving.received.append(&mut asking.written);
///
/// let mut requests = 0;
/// let read = Operation::Read { most: usize::MAX, events: usize::MAX };
/// read.apply(&mut server, &mut serving, |_, event| requests += matches!(event, Event::Headers { .. }) as u32)?;
/// assert_eq!(requests, 1);
/// assert_eq!(serving.streams().len(), 1);
/// # Ok::<(), sans_h2::arbitrary::Refusal>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// Octets that have come over the transport and have not been polled.
    pub received: Vec<u8>,
    /// Octets that the connection has given out, all of them unless you take some away.
    pub written: Vec<u8>,
    /// The time that is told to the connection.
    pub now: Time,
    streams: Vec<StreamId>,
}

impl Caller {
    /// The streams that the caller has opened or heard of; those that are over stay until the next operation on one.
    pub fn streams(&self) -> &[StreamId] {
        &self.streams
    }

    /// Remembers the stream that an event tells of. [`Operation::apply`](super::Operation::apply) does so by itself; it
    /// is for events that were polled otherwise.
    pub fn hear(&mut self, event: &Event<'_>, role: Role) {
        match event {
            Event::Headers { stream, head: Head::Request, .. } if role == Role::Server => {
                self.opened(*stream)
            }
            Event::PushPromise { promised, .. } => self.opened(*promised),
            _ => {}
        }
    }

    /// One of the streams that live.
    pub(super) fn pick(&mut self, on: u8, connection: &mut Connection) -> Option<StreamId> {
        self.streams.retain(|&stream| connection.stream(stream).is_some());
        let nth = usize::from(on).checked_rem(self.streams.len())?;
        self.streams.get(nth).copied()
    }

    pub(super) fn opened(&mut self, stream: StreamId) {
        self.streams.push(stream);
    }

    pub(super) fn write(&mut self, most: usize, connection: &mut Connection) {
        let mut output = connection.output();
        let mut left = most.min(output.remaining());
        while left > 0 {
            let chunk = output.chunk();
            let taken = chunk.get(..left).unwrap_or(chunk);
            self.written.extend_from_slice(taken);
            let taken = taken.len();
            left = left.saturating_sub(taken);
            output.advance(taken);
        }
    }

    pub(super) fn read(
        &mut self,
        most: usize,
        events: usize,
        connection: &mut Connection,
        mut tell: impl FnMut(&mut Connection, Event<'_>),
    ) {
        let mut received = mem::take(&mut self.received);
        let offered = received.get(..most).unwrap_or(&received);
        let mut input = offered;
        for _ in 0..events {
            let Some(event) = connection.poll(&mut input, self.now) else { break };
            self.hear(&event, connection.role());
            tell(connection, event);
        }
        let taken = offered.len().saturating_sub(input.len());
        received.drain(..taken);
        self.received = received;
    }
}

/// Why an [`Operation`](super::Operation) was refused. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// No stream was opened.
    Open(OpenError),
    /// A stream did not take what was to be sent.
    Send(SendError),
    /// A command about the connection was refused.
    Control(ControlError),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
            Self::Control(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Refusal {}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<SendError> for Refusal {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl From<ControlError> for Refusal {
    fn from(error: ControlError) -> Self {
        Self::Control(error)
    }
}
