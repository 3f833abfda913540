//! HEADERS (RFC 9113 §6.2), and writing a field block that is encoded in place.

use alloc::vec::Vec;

use super::{Flags, Head, Kind, Part, Priority, continuation};
use crate::error::Violation;
use crate::id::StreamId;

/// The head of a HEADERS frame; the field block follows as [`Frame::Payload`](super::Frame::Payload).
///
/// ```
/// use sans_h2::StreamId;
/// use sans_h2::frame::{Headers, Part};
///
/// let mut wire = Vec::new();
/// let head = Headers { stream: StreamId::new(1).unwrap(), priority: None, padding: None, part: Part::Last };
/// head.write_block(&[0x82], 16_384, &mut wire);
/// assert_eq!(wire, [0, 0, 1, 1, 0x5, 0, 0, 0, 1, 0x82]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers {
    /// The stream that the fields belong to.
    pub stream: StreamId,
    /// The deprecated priority signal, if the frame has one.
    pub priority: Option<Priority>,
    /// Octets of padding, 0 to 255, or `None` for a frame without the PADDED flag.
    pub padding: Option<u8>,
    /// Whether the stream half ends with this field block.
    pub part: Part,
}

impl Headers {
    /// Appends a HEADERS frame with the encoded field block `block`, and as many CONTINUATION frames as it needs.
    ///
    /// No payload is longer than `max_frame_size`, the peer's SETTINGS_MAX_FRAME_SIZE. Padding is zeros and goes
    /// into the HEADERS frame.
    pub fn write_block(&self, block: &[u8], max_frame_size: u32, out: &mut Vec<u8>) {
        let head = head(self.stream, self.part);
        match self.priority {
            Some(priority) => {
                let head = Head { flags: head.flags.with(Flags::PRIORITY), ..head };
                continuation::write_block(
                    head,
                    self.padding,
                    &priority.to_octets(),
                    block,
                    max_frame_size,
                    out,
                );
            }
            None => continuation::write_block(head, self.padding, &[], block, max_frame_size, out),
        }
    }

    pub(super) fn check(head: &Head) -> Result<u32, Violation> {
        head.on_stream()?;
        head.holds(if head.flags.contains(Flags::PRIORITY) { Priority::LENGTH } else { 0 })
    }

    pub(super) fn parse(head: &Head, padding: Option<u8>, fixed: &[u8]) -> Result<Self, Violation> {
        let priority = if head.flags.contains(Flags::PRIORITY) {
            Some(Priority::parse(fixed.first_chunk().ok_or(Violation::FrameTooShort)?))
        } else {
            None
        };
        Ok(Self { stream: head.on_stream()?, priority, padding, part: head.part() })
    }
}

/// Begins a HEADERS frame whose field block the caller appends to `out` next.
///
/// Returns the `start` that [`finish_block`] asks for.
///
/// ```
/// use sans_h2::StreamId;
/// use sans_h2::frame::{Part, headers};
///
/// let mut wire = Vec::new();
/// let start = headers::start_block(&mut wire);
/// wire.push(0x82);
/// headers::finish_block(&mut wire, start, StreamId::new(1).unwrap(), Part::Last, 16_384);
/// assert_eq!(wire, [0, 0, 1, 1, 0x5, 0, 0, 0, 1, 0x82]);
/// ```
pub fn start_block(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; Head::LENGTH]);
    start
}

/// Ends a HEADERS frame that [`start_block`] began: everything behind its head is the field block.
///
/// Costs a write of nine octets. Only a block longer than `max_frame_size`, the peer's SETTINGS_MAX_FRAME_SIZE,
/// is split into CONTINUATION frames, which copies what does not fit into the first frame.
///
/// Does nothing when `out` has no room for a head at `start`.
pub fn finish_block(out: &mut Vec<u8>, start: usize, stream: StreamId, part: Part, max_frame_size: u32) {
    continuation::finish_block(out, start, head(stream, part), max_frame_size);
}

fn head(stream: StreamId, part: Part) -> Head {
    Head { length: 0, kind: Kind::HEADERS, flags: part.flags(), stream: Some(stream) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flagged(length: u32, flags: Flags) -> Head {
        Head { length, flags, ..head(StreamId::MAX, Part::More) }
    }

    // covers 9113-4.2-2 9113-6.2-4 9113-6.2-5
    #[test]
    fn what_the_flags_announce_must_fit() {
        let both = Flags::PADDED.with(Flags::PRIORITY);
        assert_eq!(Headers::check(&flagged(0, Flags::NONE)), Ok(0));
        assert_eq!(Headers::check(&flagged(0, Flags::PADDED)), Err(Violation::FrameTooShort));
        assert_eq!(Headers::check(&flagged(4, Flags::PRIORITY)), Err(Violation::FrameTooShort));
        assert_eq!(Headers::check(&flagged(5, Flags::PRIORITY)), Ok(5));
        assert_eq!(Headers::check(&flagged(5, both)), Err(Violation::FrameTooShort));
        assert_eq!(Headers::check(&flagged(6, both)), Ok(5));
        let missing = Head { stream: None, ..flagged(0, both) };
        assert_eq!(Headers::check(&missing), Err(Violation::StreamMissing));
    }

    // covers 9113-6.2-1
    #[test]
    fn padding_and_priority_are_written_around_the_block() {
        let priority = Some(Priority { exclusive: false, dependency: None, weight: 9 });
        let head = Headers { stream: StreamId::MAX, priority, padding: Some(2), part: Part::More };
        let mut out = Vec::new();
        head.write_block(b"ab", 16_384, &mut out);
        assert_eq!(out[..9], flagged(10, Flags::from(0x2c)).to_octets());
        assert_eq!(out[9..], [2, 0, 0, 0, 0, 9, b'a', b'b', 0, 0]);
    }
}
