//! HEADERS (RFC 9113 §6.2).

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
        let start = self.start_block(out);
        out.extend_from_slice(block);
        self.finish_block(start, max_frame_size, out);
    }

    /// Begins the frame; the caller appends the field block to `out` next, encoding it where it belongs.
    ///
    /// Returns the `start` that [`finish_block`](Self::finish_block) asks for.
    ///
    /// ```
    /// use sans_h2::StreamId;
    /// use sans_h2::frame::{Headers, Part};
    ///
    /// let mut wire = Vec::new();
    /// let head = Headers { stream: StreamId::new(1).unwrap(), priority: None, padding: None, part: Part::Last };
    /// let start = head.start_block(&mut wire);
    /// wire.push(0x82);
    /// head.finish_block(start, 16_384, &mut wire);
    /// assert_eq!(wire, [0, 0, 1, 1, 0x5, 0, 0, 0, 1, 0x82]);
    /// ```
    #[inline]
    pub fn start_block(&self, out: &mut Vec<u8>) -> usize {
        let start = continuation::start_block(self.padding, out);
        if let Some(priority) = self.priority {
            out.extend_from_slice(&priority.to_octets());
        }
        start
    }

    /// Ends the frame that [`start_block`](Self::start_block) began: everything behind it is the field block.
    ///
    /// Costs a write of nine octets and the padding. Only a block that does not fit into a payload of
    /// `max_frame_size`, the peer's SETTINGS_MAX_FRAME_SIZE, is split into CONTINUATION frames, which copies the rest.
    ///
    /// Does nothing when `out` has no room for a head at `start`.
    #[inline]
    pub fn finish_block(&self, start: usize, max_frame_size: u32, out: &mut Vec<u8>) {
        continuation::finish_block(self.head(), self.padding, start, max_frame_size, out);
    }

    fn head(&self) -> Head {
        let priority = if self.priority.is_some() { Flags::PRIORITY } else { Flags::NONE };
        let flags = self.part.flags().with(priority);
        Head { length: 0, kind: Kind::HEADERS, flags, stream: Some(self.stream) }
    }

    #[inline(always)]
    pub(super) fn check(head: &Head) -> Result<u32, Violation> {
        head.on_stream()?;
        head.holds(if head.flags.contains(Flags::PRIORITY) { Priority::LENGTH } else { 0 })
    }

    pub(crate) fn parse(head: &Head, padding: Option<u8>, fixed: &[u8]) -> Result<Self, Violation> {
        let priority =
            if head.flags.contains(Flags::PRIORITY) { Some(Priority::parse(fixed)?) } else { None };
        Ok(Self { stream: head.on_stream()?, priority, padding, part: head.part() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flagged(length: u32, flags: Flags) -> Head {
        Head { length, kind: Kind::HEADERS, flags, stream: Some(StreamId::MAX) }
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
