//! PUSH_PROMISE (RFC 9113 §6.6).

use alloc::vec::Vec;

use super::{Flags, Head, Kind, continuation};
use crate::error::Violation;
use crate::id::StreamId;

/// The head of a PUSH_PROMISE frame; the field block follows as [`Frame::Payload`](super::Frame::Payload).
///
/// A promised stream of zero is a violation that the reader reports. Whether the promised stream is the server's
/// next is for the connection to judge.
///
/// ```
/// use sans_h2::StreamId;
/// use sans_h2::frame::PushPromise;
///
/// let mut wire = Vec::new();
/// let (stream, promised) = (StreamId::new(1).unwrap(), StreamId::new(2).unwrap());
/// PushPromise { stream, promised, padding: None }.write_block(&[0x82], 16_384, &mut wire);
/// assert_eq!(wire, [0, 0, 5, 5, 0x4, 0, 0, 0, 1, 0, 0, 0, 2, 0x82]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushPromise {
    /// The stream of the request that caused the promise.
    pub stream: StreamId,
    /// The stream that the answer will come on.
    pub promised: StreamId,
    /// Octets of padding, 0 to 255, or `None` for a frame without the PADDED flag.
    pub padding: Option<u8>,
}

impl PushPromise {
    /// Appends a PUSH_PROMISE frame with the encoded field block `block`, and as many CONTINUATION frames as it
    /// needs.
    ///
    /// No payload is longer than `max_frame_size`, the peer's SETTINGS_MAX_FRAME_SIZE. Padding is zeros and goes
    /// into the PUSH_PROMISE frame.
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
    /// use sans_h2::frame::PushPromise;
    ///
    /// let mut wire = Vec::new();
    /// let (stream, promised) = (StreamId::new(1).unwrap(), StreamId::new(2).unwrap());
    /// let promise = PushPromise { stream, promised, padding: None };
    /// let start = promise.start_block(&mut wire);
    /// wire.push(0x82);
    /// promise.finish_block(start, 16_384, &mut wire);
    /// assert_eq!(wire, [0, 0, 5, 5, 0x4, 0, 0, 0, 1, 0, 0, 0, 2, 0x82]);
    /// ```
    pub fn start_block(&self, out: &mut Vec<u8>) -> usize {
        let start = continuation::start_block(self.padding, out);
        out.extend_from_slice(&self.promised.number().to_be_bytes());
        start
    }

    /// Ends the frame that [`start_block`](Self::start_block) began; see
    /// [`Headers::finish_block`](super::Headers::finish_block).
    pub fn finish_block(&self, start: usize, max_frame_size: u32, out: &mut Vec<u8>) {
        continuation::finish_block(self.head(), self.padding, start, max_frame_size, out);
    }

    const fn head(&self) -> Head {
        Head { length: 0, kind: Kind::PUSH_PROMISE, flags: Flags::NONE, stream: Some(self.stream) }
    }

    pub(super) fn check(head: &Head) -> Result<u32, Violation> {
        head.on_stream()?;
        head.holds(PROMISED_LENGTH)
    }

    pub(crate) fn parse(head: &Head, padding: Option<u8>, fixed: &[u8]) -> Result<Self, Violation> {
        let promised = u32::from_be_bytes(*fixed.first_chunk().ok_or(Violation::FrameTooShort)?);
        // RFC 9113 §6.6: zero is no legal choice of a new stream.
        let promised = StreamId::from_wire(promised).ok_or(Violation::InvalidPromisedStream)?;
        Ok(Self { stream: head.on_stream()?, promised, padding })
    }
}

const PROMISED_LENGTH: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    // covers 9113-6.6-6 9113-6.6-12 9113-4.1-4
    #[test]
    fn the_promised_stream_must_be_there_and_not_zero() {
        let head =
            |length, flags| Head { length, kind: Kind::PUSH_PROMISE, flags, stream: Some(StreamId::MAX) };
        assert_eq!(PushPromise::check(&head(3, Flags::NONE)), Err(Violation::FrameTooShort));
        assert_eq!(PushPromise::check(&head(4, Flags::PADDED)), Err(Violation::FrameTooShort));
        assert_eq!(PushPromise::check(&head(5, Flags::PADDED)), Ok(4));
        let parse = |octets| PushPromise::parse(&head(4, Flags::NONE), None, octets);
        assert_eq!(parse(&[0x80, 0, 0, 0]), Err(Violation::InvalidPromisedStream));
        assert_eq!(parse(&[0xff; 4]).unwrap().promised, StreamId::MAX);
    }

    // covers 9113-6.6-2
    #[test]
    fn padding_is_zeros() {
        let promise = PushPromise { stream: StreamId::MAX, promised: StreamId::MAX, padding: Some(2) };
        let mut out = Vec::new();
        promise.write_block(b"a", 16_384, &mut out);
        assert_eq!(out[9..], [2, 0x7f, 0xff, 0xff, 0xff, b'a', 0, 0]);
    }
}
