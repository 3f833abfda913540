//! PRIORITY (RFC 9113 §6.3), and the same five octets within HEADERS.

use alloc::vec::Vec;

use super::{Flags, Head, Kind};
use crate::error::Violation;
use crate::id::StreamId;

/// The deprecated priority signal of RFC 7540, which RFC 9113 §5.3.2 keeps on the wire without a meaning.
///
/// [`sans_h2::Priority`](crate::Priority), of RFC 9218, has taken its place. A dependency of a stream on itself is
/// no error any more.
///
/// ```
/// use sans_h2::StreamId;
/// use sans_h2::frame::Priority;
///
/// let mut wire = Vec::new();
/// let priority = Priority { exclusive: true, dependency: StreamId::new(3), weight: 15 };
/// priority.write(StreamId::new(5).unwrap(), &mut wire);
/// assert_eq!(wire, [0, 0, 5, 2, 0, 0, 0, 0, 5, 0x80, 0, 0, 3, 15]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority {
    /// The exclusive bit.
    pub exclusive: bool,
    /// The stream that this one depends on, or `None` for the root.
    pub dependency: Option<StreamId>,
    /// The weight as it is on the wire: one less than what it stands for.
    pub weight: u8,
}

impl Priority {
    /// Octets of the signal.
    pub(super) const LENGTH: u32 = 5;

    /// Appends a PRIORITY frame about `stream`.
    pub fn write(&self, stream: StreamId, out: &mut Vec<u8>) {
        Head { length: Self::LENGTH, kind: Kind::PRIORITY, flags: Flags::NONE, stream: Some(stream) }
            .write(out);
        out.extend_from_slice(&self.to_octets());
    }

    pub(super) fn check(head: &Head) -> Result<u32, Violation> {
        head.on_stream()?;
        head.exactly(Self::LENGTH, Violation::PriorityLength)
    }

    pub(super) fn parse(octets: &[u8]) -> Result<Self, Violation> {
        let [d0, d1, d2, d3, weight] = *octets.first_chunk().ok_or(Violation::PriorityLength)?;
        let bits = u32::from_be_bytes([d0, d1, d2, d3]);
        Ok(Self { exclusive: bits & EXCLUSIVE != 0, dependency: StreamId::from_wire(bits), weight })
    }

    pub(super) fn to_octets(self) -> [u8; 5] {
        let exclusive = if self.exclusive { EXCLUSIVE } else { 0 };
        let [d0, d1, d2, d3] = (self.dependency.map_or(0, StreamId::number) | exclusive).to_be_bytes();
        [d0, d1, d2, d3, self.weight]
    }
}

const EXCLUSIVE: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_bit_is_not_part_of_the_dependency() {
        let octets = [0x80, 0, 0, 0, 255];
        let priority = Priority::parse(&octets).unwrap();
        assert_eq!(priority, Priority { exclusive: true, dependency: None, weight: 255 });
        assert_eq!(priority.to_octets(), octets);
    }

    // covers 9113-6.3-1 9113-6.3-2
    #[test]
    fn the_stream_is_judged_before_the_length() {
        let head = |length, stream| Head {
            length,
            kind: Kind::PRIORITY,
            flags: Flags::NONE,
            stream: StreamId::new(stream),
        };
        assert_eq!(Priority::check(&head(4, 0)), Err(Violation::StreamMissing));
        assert_eq!(Priority::check(&head(4, 1)), Err(Violation::PriorityLength));
        assert_eq!(Priority::check(&head(5, 1)), Ok(5));
    }
}
