//! How a connection begins (RFC 9113 §3.4).

use super::Connection;
use crate::error::Violation;
use crate::frame::Frame;
use crate::id::Role;

/// How much of the peer's preface has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preface {
    /// So many octets of [`MAGIC`].
    Magic(usize),
    /// All but the SETTINGS frame.
    Settings,
    Complete,
}

impl Preface {
    pub(super) const fn new(role: Role) -> Self {
        match role {
            Role::Client => Self::Settings,
            Role::Server => Self::Magic(0),
        }
    }

    /// Takes what there is of a client's fixed octets from the front of `input`.
    pub(super) fn take_magic(&mut self, input: &mut &[u8]) -> Result<(), Violation> {
        let Self::Magic(matched) = *self else { return Ok(()) };
        let expected = MAGIC.get(matched..).unwrap_or_default();
        let compared = expected.len().min(input.len());
        let (taken, rest) = input.split_at(compared);
        if !expected.starts_with(taken) {
            return Err(Violation::InvalidPreface);
        }
        *input = rest;
        *self = if compared == expected.len() { Self::Settings } else { Self::Magic(matched + compared) };
        Ok(())
    }

    /// Checks that the first frame is the right one.
    pub(super) fn take_frame(&mut self, frame: &Frame<'_>) -> Result<(), Violation> {
        match (*self, frame) {
            (Self::Complete, _) => Ok(()),
            (Self::Settings, Frame::Settings(_)) => {
                *self = Self::Complete;
                Ok(())
            }
            (Self::Magic(_) | Self::Settings, _) => Err(Violation::SettingsNotFirst),
        }
    }

    /// Whether the transport may end here without having cut the preface.
    pub(super) fn may_end(self) -> bool {
        matches!(self, Self::Complete | Self::Magic(0))
    }
}

impl Connection {
    /// Makes our own preface the first thing to be written.
    pub(super) fn write_preface(&mut self) {
        if self.role == Role::Client {
            self.control.extend_from_slice(MAGIC);
        }
        self.local.first(&self.config).write(&mut self.control);
        self.refresh_ceilings();
    }
}

/// The octets with which a client begins.
const MAGIC: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
