//! DATA (RFC 9113 §6.1).

use alloc::vec::Vec;

use super::head::{padded_flag, padded_octets};
use super::{Head, Kind, Part};
use crate::error::Violation;
use crate::id::StreamId;

/// The head of a DATA frame; the body octets follow as [`Frame::Payload`](super::Frame::Payload).
///
/// ```
/// use sans_h2::StreamId;
/// use sans_h2::frame::{Data, Part};
///
/// let mut wire = Vec::new();
/// let stream = StreamId::new(1).unwrap();
/// Data::write_head(stream, 2, Some(3), Part::Last, &mut wire);
/// wire.extend_from_slice(b"hi");
/// Data::write_padding(Some(3), &mut wire);
/// assert_eq!(wire, [0, 0, 6, 0, 0x9, 0, 0, 0, 1, 3, b'h', b'i', 0, 0, 0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data {
    /// The stream that the body belongs to.
    pub stream: StreamId,
    /// Octets of the body in this frame, without padding.
    pub octets: u32,
    /// Octets that count for flow control: the whole payload, padding and its length included (RFC 9113 §6.9.1).
    pub flow_octets: u32,
    /// Octets of padding, 0 to 255, or `None` for a frame without the PADDED flag.
    pub padding: Option<u8>,
    /// Whether the stream half ends with this frame.
    pub part: Part,
}

impl Data {
    /// Appends the head of a DATA frame, and the pad length if there is one; `octets` octets of body and
    /// [`write_padding`](Self::write_padding) have to follow.
    ///
    /// The caller keeps the payload, which is `octets` and with padding 1 + `padding` more, within the peer's
    /// SETTINGS_MAX_FRAME_SIZE.
    #[inline]
    pub fn write_head(stream: StreamId, octets: u32, padding: Option<u8>, part: Part, out: &mut Vec<u8>) {
        Self::head(stream, octets, padding, part).write(out);
        if let Some(octets) = padding {
            out.push(octets);
        }
    }

    #[inline]
    pub(crate) fn head(stream: StreamId, octets: u32, padding: Option<u8>, part: Part) -> Head {
        let length = octets.saturating_add(padded_octets(padding));
        debug_assert!(length <= Head::MAX_PAYLOAD, "no frame holds so much");
        let flags = part.flags().with(padded_flag(padding));
        Head { length, kind: Kind::DATA, flags, stream: Some(stream) }
    }

    /// Appends the padding itself, which is all zeros.
    pub fn write_padding(padding: Option<u8>, out: &mut Vec<u8>) {
        write_padding(padding, out);
    }

    /// What padding adds to the payload: itself, and the octet that tells how long it is.
    pub(crate) fn padded_octets(padding: Option<u8>) -> u32 {
        padded_octets(padding)
    }

    pub(super) fn check(head: &Head) -> Result<u32, Violation> {
        head.on_stream()?;
        head.holds(0)
    }

    pub(crate) fn parse(head: &Head, padding: Option<u8>) -> Result<Self, Violation> {
        Ok(Self {
            stream: head.on_stream()?,
            octets: head.room(padding, 0)?,
            flow_octets: head.length,
            padding,
            part: head.part(),
        })
    }
}

/// Appends padding to any of the three kinds that have it.
pub(super) fn write_padding(padding: Option<u8>, out: &mut Vec<u8>) {
    if let Some(octets) = padding {
        // RFC 9113 §6.1: padding is zeros.
        out.resize(out.len().saturating_add(octets.into()), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Flags;

    fn head(length: u32, flags: Flags, stream: u32) -> Head {
        Head { length, kind: Kind::DATA, flags, stream: StreamId::new(stream) }
    }

    // covers 9113-6.1-3
    #[test]
    fn needs_a_stream() {
        assert_eq!(Data::check(&head(1, Flags::NONE, 0)), Err(Violation::StreamMissing));
        assert_eq!(Data::check(&head(0, Flags::NONE, 1)), Ok(0));
    }

    // covers 9113-6.1-5 9113-4.2-2
    #[test]
    fn padding_fits_or_is_refused() {
        assert_eq!(Data::check(&head(0, Flags::PADDED, 1)), Err(Violation::FrameTooShort));
        assert_eq!(Data::parse(&head(4, Flags::PADDED, 1), Some(4)), Err(Violation::PaddingTooLong));
        let data = Data::parse(&head(4, Flags::PADDED, 1), Some(3)).unwrap();
        assert_eq!((data.octets, data.flow_octets, data.part), (0, 4, Part::More));
    }

    // covers 9113-6.1-1
    #[test]
    fn padding_is_written_as_zeros() {
        let mut out = alloc::vec![7];
        Data::write_padding(Some(255), &mut out);
        assert_eq!((out.len(), out.iter().filter(|&&octet| octet == 0).count()), (256, 255));
        Data::write_padding(None, &mut out);
        assert_eq!(out.len(), 256);
    }
}
