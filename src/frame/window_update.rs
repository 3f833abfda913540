//! WINDOW_UPDATE (RFC 9113 §6.9).

use alloc::vec::Vec;

use super::{Flags, Head, Kind};
use crate::error::Violation;
use crate::id::StreamId;

/// A WINDOW_UPDATE frame.
///
/// ```
/// use sans_h2::frame::WindowUpdate;
///
/// let mut wire = Vec::new();
/// WindowUpdate { stream: None, increment: 1000 }.write(&mut wire);
/// assert_eq!(wire, [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 3, 0xe8]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowUpdate {
    /// The stream whose window grows, or `None` for that of the connection.
    pub stream: Option<StreamId>,
    /// By how many octets; 31 bits. A received zero is handed over as it came: how far that error reaches depends
    /// on the stream (RFC 9113 §6.9).
    pub increment: u32,
}

impl WindowUpdate {
    /// The largest increment, 2^31 − 1.
    pub const MAX_INCREMENT: u32 = 0x7fff_ffff;

    /// Appends the frame.
    ///
    /// An increment of zero, which no peer may be sent, writes nothing; one above
    /// [`MAX_INCREMENT`](Self::MAX_INCREMENT) is written as that.
    pub fn write(&self, out: &mut Vec<u8>) {
        if self.increment == 0 {
            return;
        }
        Head { length: LENGTH, kind: Kind::WINDOW_UPDATE, flags: Flags::NONE, stream: self.stream }
            .write(out);
        out.extend_from_slice(&self.increment.min(Self::MAX_INCREMENT).to_be_bytes());
    }

    pub(super) fn check(head: &Head) -> Result<u32, Violation> {
        head.exactly(LENGTH, Violation::WindowUpdateLength)
    }

    pub(crate) fn parse(head: &Head, payload: &[u8]) -> Result<Self, Violation> {
        let bits = u32::from_be_bytes(*payload.first_chunk().ok_or(Violation::WindowUpdateLength)?);
        // RFC 9113 §6.9: the top bit is reserved.
        Ok(Self { stream: head.stream, increment: bits & Self::MAX_INCREMENT })
    }
}

const LENGTH: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_legal_increments_are_written() {
        let mut out = Vec::new();
        WindowUpdate { stream: None, increment: 0 }.write(&mut out);
        assert!(out.is_empty());
        WindowUpdate { stream: None, increment: u32::MAX }.write(&mut out);
        assert_eq!(out[9..], [0x7f, 0xff, 0xff, 0xff]);
    }

    #[test]
    fn the_reserved_bit_is_ignored() {
        let head = Head { length: 4, kind: Kind::WINDOW_UPDATE, flags: Flags::NONE, stream: None };
        let update = WindowUpdate::parse(&head, &[0x80, 0, 0, 1]);
        assert_eq!(update, Ok(WindowUpdate { stream: None, increment: 1 }));
    }
}
