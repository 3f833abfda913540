//! Frames beyond RFC 9113 (§5.5): ALTSVC, ORIGIN, PRIORITY_UPDATE, and those that nobody here knows.

use super::Connection;
use super::receive::{Told, on_connection};
use crate::error::{ControlError, Violation};
use crate::event::Event;
use crate::frame::{AltSvc, Extension, Head, Kind, Origins};
use crate::id::Role;

impl Connection {
    /// Sends a frame of a type that RFC 9113 does not define (§5.5): an opaque one, or [`AltSvc`], [`Origins`] or
    /// [`PriorityUpdate`](crate::frame::PriorityUpdate) turned into one.
    ///
    /// # Errors
    ///
    /// [`ControlError::InvalidExtension`] for a type that the engine sends itself, or that this role may not send, and
    /// for a PRIORITY_UPDATE about a response that is over (RFC 9218 §7.1);
    /// [`ControlError::PriorityIgnored`] for a PRIORITY_UPDATE that the server's SETTINGS say it ignores (RFC 9218
    /// §2.1.1); [`ControlError::TooManyPending`] for one about a stream that is not open yet, when the server's
    /// limit of concurrent streams leaves no room for it (§7.1); [`ControlError::TooLong`] for a payload above the
    /// peer's SETTINGS_MAX_FRAME_SIZE; [`ControlError::Closed`] on a closed connection.
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
            (Kind::PRIORITY_UPDATE, Role::Client) => self.admit_priority_update(extension),
            (_, _) => Ok(()),
        }?;
        let octets = extension.payload.len().saturating_add(Head::LENGTH);
        self.write_control(octets, |out| extension.write(out)).map_err(|_| ControlError::InvalidExtension)
    }

    pub(super) fn on_extension<'b>(&mut self, extension: Extension) -> Told<'b> {
        self.guard.noise();
        match (extension.kind, self.role) {
            // RFC 7838 §4, RFC 8336 §2.1: what only a server says; anything else is ignored.
            (Kind::ALTSVC, Role::Client) => Ok(AltSvc::parse(&extension).map(Event::AltSvc)),
            // RFC 8336 §2.2: it means nothing without TLS.
            (Kind::ORIGIN, Role::Client) if self.config.clear_text() => Ok(None),
            (Kind::ORIGIN, Role::Client) => Ok(Origins::parse(&extension).map(Event::Origins)),
            (Kind::ALTSVC | Kind::ORIGIN, Role::Server) => Ok(None),
            (Kind::PRIORITY_UPDATE, _) => self.on_priority_update(&extension).map_err(on_connection),
            (_, _) if self.config.report_unknown_frames() => Ok(Some(Event::Extension(extension))),
            (_, _) => Ok(None),
        }
    }

    /// An extension frame that is too long to be kept. Its head still tells whether it may come.
    pub(super) fn on_skipped_extension<'b>(&mut self, head: Head) -> Told<'b> {
        self.guard.noise();
        match (head.kind, self.role, head.stream) {
            (Kind::PRIORITY_UPDATE, Role::Client, _) => Err(on_connection(Violation::PriorityUpdateToClient)),
            (Kind::PRIORITY_UPDATE, Role::Server, Some(_)) => {
                Err(on_connection(Violation::PriorityUpdateOnStream))
            }
            (_, _, _) => Ok(None),
        }
    }
}
