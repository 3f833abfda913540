//! Frames beyond RFC 9113 (§5.5): ALTSVC, ORIGIN, PRIORITY_UPDATE, and those that nobody here knows.

use alloc::vec::Vec;

use super::Connection;
use super::receive::on_connection;
use crate::error::{ControlError, Violation};
use crate::event::Event;
use crate::frame::{AltSvc, Extension, Fault, Head, Kind, Origins, PriorityUpdate};
use crate::id::{Role, StreamId};
use crate::stream::Place;

/// Streams that have a priority before they are opened (RFC 9218 §7.1), in order.
#[derive(Debug, Default)]
pub(super) struct Prioritized {
    idle: Vec<StreamId>,
}

impl Prioritized {
    /// Adds a stream; no more than `most` at once.
    fn add(&mut self, stream: StreamId, most: usize) -> Result<(), Violation> {
        match self.idle.binary_search(&stream) {
            Ok(_) => Ok(()),
            Err(_) if self.idle.len() >= most => Err(Violation::TooManyPrioritizedStreams),
            Err(at) => {
                self.idle.insert(at, stream);
                Ok(())
            }
        }
    }

    /// A stream has been opened; those below it are idle no more, either.
    pub(super) fn opened(&mut self, stream: StreamId) {
        let opened = self.idle.partition_point(|&idle| idle <= stream);
        self.idle.drain(..opened);
    }

    pub(super) fn memory_used(&self) -> usize {
        self.idle.capacity().saturating_mul(size_of::<StreamId>())
    }
}

impl Connection {
    /// Sends a frame of a type that RFC 9113 does not define (§5.5): an opaque one, or [`AltSvc`], [`Origins`] or
    /// [`PriorityUpdate`] turned into one.
    ///
    /// # Errors
    ///
    /// [`ControlError::InvalidExtension`] for a type that the engine sends itself, or that this role may not send;
    /// [`ControlError::TooLong`] for a payload above the peer's SETTINGS_MAX_FRAME_SIZE; [`ControlError::Closed`] on
    /// a closed connection.
    pub fn send_extension(&mut self, extension: &Extension) -> Result<(), ControlError> {
        self.check_open()?;
        if extension.payload.len() > self.peer.values().max_frame_size as usize {
            return Err(ControlError::TooLong);
        }
        match (extension.kind, self.role) {
            // RFC 9218 §7.1: a server has no priorities to tell. RFC 8336 §2, RFC 7838 §4: nor a client origins.
            (Kind::PRIORITY_UPDATE, Role::Server) | (Kind::ORIGIN | Kind::ALTSVC, Role::Client) => {
                Err(ControlError::InvalidExtension)
            }
            (Kind::PRIORITY_UPDATE, Role::Client) if !self.may_prioritize(extension) => {
                Err(ControlError::InvalidExtension)
            }
            (_, _) => extension.write(&mut self.control).map_err(|_| ControlError::InvalidExtension),
        }
    }

    /// Whether a PRIORITY_UPDATE of ours is about a request, or about a push that is promised or under way
    /// (RFC 9218 §7.1).
    fn may_prioritize(&self, extension: &Extension) -> bool {
        match PriorityUpdate::parse(extension) {
            Ok(Some(update)) => match update.prioritized.initiator() {
                Role::Client => true,
                Role::Server => matches!(self.streams.place(update.prioritized), Place::Live(_)),
            },
            Ok(None) | Err(_) => false,
        }
    }

    pub(super) fn on_extension<'b>(&mut self, extension: Extension) -> Result<Option<Event<'b>>, Fault> {
        match (extension.kind, self.role) {
            // RFC 7838 §4, RFC 8336 §2.1: what only a server says; anything else is ignored.
            (Kind::ALTSVC, Role::Client) => Ok(AltSvc::parse(&extension).map(Event::AltSvc)),
            // RFC 8336 §2.2: it means nothing without TLS.
            (Kind::ORIGIN, Role::Client) if self.config.clear_text() == 1 => Ok(None),
            (Kind::ORIGIN, Role::Client) => Ok(Origins::parse(&extension).map(Event::Origins)),
            (Kind::ALTSVC | Kind::ORIGIN, Role::Server) => Ok(None),
            (Kind::PRIORITY_UPDATE, _) => self.on_priority_update(&extension).map_err(on_connection),
            (_, _) if self.config.report_unknown_frames() == 1 => Ok(Some(Event::Extension(extension))),
            (_, _) => Ok(None),
        }
    }

    /// An extension frame that is too long to be kept. Its head still tells whether it may come.
    pub(super) fn on_skipped_extension<'b>(&mut self, head: Head) -> Result<Option<Event<'b>>, Fault> {
        match (head.kind, self.role, head.stream) {
            (Kind::PRIORITY_UPDATE, Role::Client, _) => Err(on_connection(Violation::PriorityUpdateToClient)),
            (Kind::PRIORITY_UPDATE, Role::Server, Some(_)) => {
                Err(on_connection(Violation::PriorityUpdateOnStream))
            }
            (_, _, _) => Ok(None),
        }
    }

    /// RFC 9218 §7.1.
    fn on_priority_update<'b>(&mut self, extension: &Extension) -> Result<Option<Event<'b>>, Violation> {
        if self.role == Role::Client {
            return Err(Violation::PriorityUpdateToClient);
        }
        let Some(update) = PriorityUpdate::parse(extension)? else { return Ok(None) };
        match (self.streams.place(update.prioritized), update.prioritized.initiator()) {
            (Place::Idle, Role::Server) => return Err(Violation::PriorityUpdateOfIdlePush),
            (Place::Idle, Role::Client) => {
                let allowed = self.local.max_concurrent_streams() as usize;
                let most = allowed.saturating_sub(self.streams.peer_active());
                self.prioritized.add(update.prioritized, most)?;
            }
            (Place::Live(_), _) => {}
            (Place::Gone, _) => return Ok(None),
        }
        Ok(Some(Event::PriorityUpdate(update)))
    }
}
