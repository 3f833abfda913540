//! Stream identifiers and the two roles of a connection.

use core::fmt;
use core::num::NonZeroU32;

/// Which end of the connection this is.
///
/// RFC 9113 §2.2: the client starts the connection, the server accepts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Opens streams with odd identifiers and sends requests on them.
    Client,
    /// Answers requests; streams that it opens have even identifiers.
    Server,
}

impl Role {
    /// The role of the other end.
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

/// Names one stream of a connection: 31 bits, never zero (RFC 9113 §5.1.1).
///
/// Frames about the whole connection have no stream; they are `None` in an `Option<StreamId>`, which is as
/// small as a `StreamId`.
///
/// ```
/// use sans_h2::{Role, StreamId};
///
/// let id = StreamId::new(5).unwrap();
/// assert_eq!(id.initiator(), Role::Client);
/// assert_eq!(u32::from(id), 5);
/// assert_eq!(StreamId::new(0), None);
/// assert_eq!(StreamId::new(1 << 31), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(NonZeroU32);

impl StreamId {
    /// The largest identifier, 2^31 − 1.
    pub const MAX: Self = Self(NonZeroU32::new(0x7fff_ffff).expect("not zero"));

    /// The stream with this number, or `None` for zero and for numbers above 2^31 − 1.
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) if number.get() <= Self::MAX.0.get() => Some(Self(number)),
            _ => None,
        }
    }

    /// The stream that 32 bits of a frame name: the reserved top bit is ignored (RFC 9113 §4.1).
    pub(crate) const fn from_wire(bits: u32) -> Option<Self> {
        Self::new(bits & Self::MAX.0.get())
    }

    /// The number itself.
    pub const fn number(self) -> u32 {
        self.0.get()
    }

    /// The end that may open this stream: the client for odd numbers, the server for even ones.
    pub const fn initiator(self) -> Role {
        if self.number() % 2 == 1 { Role::Client } else { Role::Server }
    }

    /// The first identifier that `initiator` may use.
    pub(crate) const fn first(initiator: Role) -> Self {
        match initiator {
            Role::Client => Self(NonZeroU32::new(1).expect("not zero")),
            Role::Server => Self(NonZeroU32::new(2).expect("not zero")),
        }
    }

    /// The next identifier of the same initiator, or `None` when the numbers are used up.
    pub(crate) const fn next(self) -> Option<Self> {
        Self::new(self.number().saturating_add(2))
    }
}

impl From<StreamId> for u32 {
    fn from(id: StreamId) -> Self {
        id.number()
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamId({})", self.0)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn roles_are_shown_by_name() {
        assert_eq!([Role::Client, Role::Server].map(|role| role.to_string()), ["client", "server"]);
    }

    #[test]
    fn identifiers_end_at_the_largest() {
        assert_eq!(StreamId::MAX.next(), None);
        assert_eq!(u32::from(StreamId::MAX), 0x7fff_ffff);
        assert_eq!(StreamId::first(Role::Server).next(), StreamId::new(4));
        assert_eq!(StreamId::from_wire(0x8000_0003), StreamId::new(3));
        assert_eq!(StreamId::from_wire(0x8000_0000), None);
    }
}
