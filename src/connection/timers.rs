//! What depends on time, and the PINGs that measure it.

use super::Connection;
use crate::error::ControlError;
use crate::event::Event;
use crate::flow::Opening;
use crate::stream::Want;
use crate::time::Time;
use alloc::collections::VecDeque;

/// PINGs of ours that the peer has not answered, oldest first.
#[derive(Debug, Default)]
pub(super) struct Pings {
    pending: VecDeque<Ping>,
}

#[derive(Debug)]
struct Ping {
    payload: [u8; 8],
    asker: Asker,
}

/// Whom the answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    Caller,
    /// It ends the round trip between the two GOAWAY frames of a shutdown.
    Shutdown,
}

impl Pings {
    pub(super) fn start(&mut self, payload: [u8; 8]) -> Result<(), ControlError> {
        let callers = self.pending.iter().filter(|ping| ping.asker == Asker::Caller).count();
        if callers >= MAX_PENDING {
            return Err(ControlError::TooManyPending);
        }
        self.pending.push_back(Ping { payload, asker: Asker::Caller });
        Ok(())
    }

    /// The most that [`memory_used`](Self::memory_used) can be: a ring for the caller's PINGs and that of a shutdown.
    pub(super) const MAX_MEMORY: usize = (MAX_PENDING + 1).next_power_of_two() * size_of::<Ping>();

    pub(super) fn memory_used(&self) -> usize {
        self.pending.capacity().saturating_mul(size_of::<Ping>())
    }

    pub(super) fn start_shutdown(&mut self) -> [u8; 8] {
        self.pending.push_back(Ping { payload: SHUTDOWN_PAYLOAD, asker: Asker::Shutdown });
        SHUTDOWN_PAYLOAD
    }

    /// RFC 9113 §6.7 promises no order of the answers; one that answers nothing is ignored.
    fn finish(&mut self, payload: [u8; 8]) -> Option<Asker> {
        let at = self.pending.iter().position(|ping| ping.payload == payload)?;
        self.pending.remove(at).map(|ping| ping.asker)
    }
}

impl Connection {
    /// RFC 9113 §6.7.
    pub(super) fn on_pong<'b>(&mut self, payload: [u8; 8]) -> Option<Event<'b>> {
        let Some(asker) = self.pings.finish(payload) else {
            self.guard.noise();
            return None;
        };
        match asker {
            Asker::Caller => Some(Event::Pong { payload }),
            Asker::Shutdown => {
                self.finish_draining();
                None
            }
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        if self.streams.first(Want::Notice).is_some() || self.has_ending() {
            Some(self.now)
        } else if self.closing.is_open() && self.waits_for_slivers() {
            Some(self.guard.next_credit())
        } else {
            None
        }
    }

    /// Whether time alone lets a stream send whose window SETTINGS have opened a little.
    fn waits_for_slivers(&self) -> bool {
        let first = self.streams.first_window().map(|stream| self.flow.opening(stream));
        first == Some(Opening::Sliver) && self.flow.sendable() > 0 && !self.guard.affords_sliver()
    }
}

/// PINGs of the caller that may be unanswered at once.
const MAX_PENDING: usize = 4;

const SHUTDOWN_PAYLOAD: [u8; 8] = *b"shutdown";
