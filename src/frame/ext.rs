//! Frames that RFC 9113 does not define (§5.5).

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use super::{Flags, Head, Kind};
use crate::id::StreamId;

/// A whole frame of a type that RFC 9113 does not define (§5.5).
///
/// The reader hands it over if its payload is within [`Limits::max_extension`](super::Limits::max_extension).
/// [`AltSvc`](super::AltSvc), [`Origins`](super::Origins) and [`PriorityUpdate`](super::PriorityUpdate) know what
/// three of the types mean; their `parse` leaves all others alone.
///
/// ```
/// use bytes::Bytes;
/// use sans_h2::frame::{Extension, Flags, Frame, Kind, Limits, Reader};
///
/// let payload = Bytes::from_static(b"hi");
/// let extension = Extension { kind: Kind::from(0xbe), flags: Flags::NONE, stream: None, payload };
/// let mut wire = Vec::new();
/// extension.write(&mut wire)?;
/// assert_eq!(wire, *b"\0\0\x02\xbe\0\0\0\0\0hi");
///
/// let mut reader = Reader::new(Limits { max_extension: 64, ..Limits::default() });
/// assert_eq!(reader.next(&mut &wire[..]), Ok(Some(Frame::Extension(extension))));
/// # Ok::<_, sans_h2::frame::ExtensionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// What the payload is.
    pub kind: Kind,
    /// Flags, whose meaning depends on the kind.
    pub flags: Flags,
    /// The stream, or `None` for a frame about the connection.
    pub stream: Option<StreamId>,
    /// All octets behind the head.
    pub payload: Bytes,
}

impl Extension {
    /// Appends the frame.
    ///
    /// The caller keeps the payload within the peer's SETTINGS_MAX_FRAME_SIZE.
    ///
    /// # Errors
    /// [`NotAnExtension`](ExtensionError::NotAnExtension) for a type of RFC 9113, whose writer knows what is legal,
    /// and [`TooLong`](ExtensionError::TooLong) for a payload that no frame can hold. Nothing is appended then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), ExtensionError> {
        if !self.kind.is_extension() {
            return Err(ExtensionError::NotAnExtension);
        }
        let length = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        if length > Head::MAX_PAYLOAD {
            return Err(ExtensionError::TooLong);
        }
        Head { length, kind: self.kind, flags: self.flags, stream: self.stream }.write(out);
        out.extend_from_slice(&self.payload);
        Ok(())
    }

    pub(crate) fn parse(head: &Head, payload: &[u8]) -> Self {
        let payload = Bytes::copy_from_slice(payload);
        Self { kind: head.kind, flags: head.flags, stream: head.stream, payload }
    }
}

/// Why an extension frame was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExtensionError {
    /// RFC 9113 defines frames of this type (§6).
    NotAnExtension,
    /// The payload is longer than [`Head::MAX_PAYLOAD`].
    TooLong,
    /// An origin is longer than the 65 535 octets that its length field can count.
    OriginTooLong,
    /// ALTSVC without a stream must name an origin, and with a stream it must not (RFC 7838 §4).
    MisplacedOrigin,
    /// An ORIGIN frame cannot hold what is no ASCII serialization of an origin (RFC 8336 §2.1).
    InvalidOrigin,
}

impl fmt::Display for ExtensionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnExtension => "the frame type is not an extension",
            Self::TooLong => "the payload is too long for a frame",
            Self::OriginTooLong => "the origin is too long",
            Self::MisplacedOrigin => "an origin stands on a stream, or is missing without one",
            Self::InvalidOrigin => "this is not the ASCII serialization of an origin",
        })
    }
}

impl core::error::Error for ExtensionError {}

/// Splits off octets behind their 16-bit length. `None` if they are not all there.
pub(super) fn split_prefixed(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_first_chunk()?;
    rest.split_at_checked(u16::from_be_bytes(*length).into())
}

/// Appends an origin behind its 16-bit length.
pub(super) fn write_prefixed(origin: &[u8], out: &mut Vec<u8>) -> Result<(), ExtensionError> {
    let length = u16::try_from(origin.len()).map_err(|_| ExtensionError::OriginTooLong)?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(origin);
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    fn extension(kind: u8, payload: Vec<u8>) -> Extension {
        Extension { kind: kind.into(), flags: Flags::from(0xff), stream: None, payload: payload.into() }
    }

    #[test]
    fn only_types_that_rfc_9113_leaves_free_are_written() {
        for kind in 0..=255 {
            let mut out = vec![7];
            let written = extension(kind, vec![1, 2]).write(&mut out);
            if kind <= 9 {
                assert_eq!((written, out), (Err(ExtensionError::NotAnExtension), vec![7]));
            } else {
                assert_eq!(written, Ok(()));
                assert_eq!(out, [7, 0, 0, 2, kind, 0xff, 0, 0, 0, 0, 1, 2]);
            }
        }
    }

    #[test]
    fn a_payload_beyond_every_frame_is_refused() {
        let most = Head::MAX_PAYLOAD as usize;
        let mut out = Vec::new();
        assert_eq!(extension(0xff, vec![0; most + 1]).write(&mut out), Err(ExtensionError::TooLong));
        assert!(out.is_empty());
        assert_eq!(extension(0xff, vec![0; most]).write(&mut out), Ok(()));
        assert_eq!(out.len(), Head::LENGTH + most);
        assert_eq!(Head::parse(out.first_chunk().unwrap()).length, Head::MAX_PAYLOAD);
    }

    #[test]
    fn lengths_count_what_follows() {
        assert_eq!(split_prefixed(b"\0\x02abc"), Some((&b"ab"[..], &b"c"[..])));
        assert_eq!(split_prefixed(b"\0\0"), Some((&[][..], &[][..])));
        for truncated in [&b""[..], b"\0", b"\0\x01", b"\x01\0a", b"\xff\xff"] {
            assert_eq!(split_prefixed(truncated), None);
        }
        let mut out = Vec::new();
        assert_eq!(write_prefixed(&[1; 0x1_0000], &mut out), Err(ExtensionError::OriginTooLong));
        assert!(out.is_empty());
        assert_eq!(write_prefixed(&[1; 0xffff], &mut out), Ok(()));
        assert_eq!(out.len(), 2 + 0xffff);
        assert_eq!(split_prefixed(&out), Some((&[1; 0xffff][..], &[][..])));
    }

    #[test]
    fn errors_have_a_text() {
        assert_eq!(ExtensionError::TooLong.to_string(), "the payload is too long for a frame");
    }
}
