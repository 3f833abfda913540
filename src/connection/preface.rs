//! How a connection begins (RFC 9113 §3.4).

use super::Connection;
use crate::error::Violation;
use crate::frame::{Head, Settings, WindowUpdate};
use crate::id::Role;

/// Which protocol the first octets of a connection in clear text belong to.
///
/// ```
/// use sans_h2::Preface;
///
/// assert_eq!(Preface::of(b"PRI * HT"), Preface::NeedMore);
/// assert_eq!(Preface::of(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0"), Preface::Http2);
/// assert_eq!(Preface::of(b"GET / HTTP/1.1\r\n"), Preface::Http1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Preface {
    /// A client's whole preface but for its SETTINGS frame (RFC 9113 §3.4): give all octets to a
    /// [`Connection::server`].
    Http2,
    /// Something else: HTTP/1.1, if anything.
    Http1,
    /// Too few octets to tell.
    NeedMore,
}

impl Preface {
    /// Looks at the first octets that a client has sent; all of them, each time.
    pub fn of(octets: &[u8]) -> Self {
        if octets.starts_with(MAGIC) {
            Self::Http2
        } else if MAGIC.starts_with(octets) {
            Self::NeedMore
        } else {
            Self::Http1
        }
    }
}

/// The protocol's name in TLS ALPN (RFC 9113 §3.2).
pub const ALPN: &[u8] = b"h2";

/// The protocol's name in an `Upgrade` field, for clear text only: never in TLS (RFC 9113 §3.1).
pub const UPGRADE_TOKEN: &str = "h2c";

/// How many of the fixed octets have come with which a client begins; its SETTINGS frame is the reader's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Magic {
    Missing(usize),
    Complete,
}

impl Magic {
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

    /// Whether the frames have begun.
    pub(super) fn is_complete(self) -> bool {
        self == Self::Complete
    }

    /// Whether the peer has not sent anything.
    pub(super) fn is_untouched(self) -> bool {
        self == Self::Missing(MAGIC.len())
    }
}

impl Connection {
    /// Makes our own preface the first thing to be written, and what widens the connection's window the second.
    pub(super) fn write_preface(&mut self, first: &Settings) {
        if self.role == Role::Client {
            self.control.extend_from_slice(MAGIC);
        }
        first.write(&mut self.control);
        self.refresh_ceilings();
        if let Some(increment) = self.flow.first_update() {
            WindowUpdate { stream: None, increment }.write(&mut self.control);
        }
    }
}

/// The longest preface, but for settings that the caller has chosen: the fixed octets, the eight settings that a
/// [`Config`](crate::Config) states, and WINDOW_UPDATE.
pub(super) const PREFACE_OCTETS: usize =
    MAGIC.len() + Head::LENGTH + 8 * Settings::ENTRY_OCTETS + Head::LENGTH + 4;

/// The octets with which a client begins.
pub(crate) const MAGIC: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
