//! How a connection begins (RFC 9113 §3.4).

use super::Connection;
use crate::error::Violation;
use crate::id::Role;

/// How many of the fixed octets have come with which a client begins; its SETTINGS frame is the reader's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preface {
    Missing(usize),
    Complete,
}

impl Preface {
    pub(super) const fn new(role: Role) -> Self {
        match role {
            Role::Client => Self::Complete,
            Role::Server => Self::Missing(MAGIC.len()),
        }
    }

    /// Takes what there is of the fixed octets from the front of `input`.
    pub(super) fn take(&mut self, input: &mut &[u8]) -> Result<(), Violation> {
        let Self::Missing(missing) = *self else { return Ok(()) };
        let expected = MAGIC.split_at(MAGIC.len().saturating_sub(missing)).1;
        let (taken, rest) = input.split_at(missing.min(input.len()));
        if !expected.starts_with(taken) {
            return Err(Violation::InvalidPreface);
        }
        *input = rest;
        *self = match missing.saturating_sub(taken.len()) {
            0 => Self::Complete,
            missing => Self::Missing(missing),
        };
        Ok(())
    }

    /// Whether the peer has not sent anything.
    pub(super) fn is_untouched(self) -> bool {
        self == Self::Missing(MAGIC.len())
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
