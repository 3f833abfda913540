//! GOAWAY (RFC 9113 §6.8).

use alloc::vec::Vec;

use bytes::Bytes;

use super::{Flags, Head, Kind};
use crate::error::{ErrorCode, Violation};
use crate::id::StreamId;

/// A GOAWAY frame.
///
/// ```
/// use bytes::Bytes;
/// use sans_h2::frame::GoAway;
/// use sans_h2::{ErrorCode, StreamId};
///
/// let mut wire = Vec::new();
/// let goaway = GoAway { last: StreamId::new(5), code: ErrorCode::NO_ERROR, debug: Bytes::from_static(b"bye") };
/// goaway.write(&mut wire);
/// assert_eq!(wire, *b"\0\0\x0b\x07\0\0\0\0\0\0\0\0\x05\0\0\0\0bye");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoAway {
    /// The last stream that the sender may have acted on, or `None` for none at all.
    pub last: Option<StreamId>,
    /// Why the connection ends.
    pub code: ErrorCode,
    /// Text for whoever looks for a fault. Of a received frame only the first
    /// [`Limits::max_debug`](super::Limits::max_debug) octets are kept.
    pub debug: Bytes,
}

impl GoAway {
    /// Appends the frame. Debug octets beyond the longest payload that every peer takes, 2^14 octets, are left
    /// out.
    pub fn write(&self, out: &mut Vec<u8>) {
        let debug = self.debug.get(..MAX_DEBUG as usize).unwrap_or(&self.debug);
        let length = u32::try_from(debug.len()).unwrap_or(MAX_DEBUG).saturating_add(FIXED_LENGTH);
        Head { length, kind: Kind::GOAWAY, flags: Flags::NONE, stream: None }.write(out);
        out.extend_from_slice(&self.last.map_or(0, StreamId::number).to_be_bytes());
        out.extend_from_slice(&self.code.value().to_be_bytes());
        out.extend_from_slice(debug);
    }

    /// Returns how many octets to keep, at most `max_debug` of them debug.
    pub(super) fn check(head: &Head, max_debug: usize) -> Result<u32, Violation> {
        head.on_connection()?;
        let debug = head.length.checked_sub(FIXED_LENGTH).ok_or(Violation::GoAwayLength)?;
        let kept = debug.min(u32::try_from(max_debug).unwrap_or(u32::MAX));
        Ok(kept.saturating_add(FIXED_LENGTH))
    }

    pub(crate) fn parse(payload: &[u8]) -> Result<Self, Violation> {
        let (last, rest) = payload.split_first_chunk().ok_or(Violation::GoAwayLength)?;
        let (code, debug) = rest.split_first_chunk().ok_or(Violation::GoAwayLength)?;
        Ok(Self {
            last: StreamId::from_wire(u32::from_be_bytes(*last)),
            code: u32::from_be_bytes(*code).into(),
            debug: Bytes::copy_from_slice(debug),
        })
    }
}

const FIXED_LENGTH: u32 = 8;

/// RFC 9113 §4.2: no peer takes less than 2^14 octets.
const MAX_DEBUG: u32 = Head::MIN_MAX_PAYLOAD - FIXED_LENGTH;

#[cfg(test)]
mod tests {
    use super::*;

    // covers 9113-6.8-4
    #[test]
    fn the_head_tells_what_is_wrong() {
        let head = |length, stream| Head {
            length,
            kind: Kind::GOAWAY,
            flags: Flags::NONE,
            stream: StreamId::new(stream),
        };
        assert_eq!(GoAway::check(&head(7, 1), 4), Err(Violation::StreamNotAllowed));
        assert_eq!(GoAway::check(&head(7, 0), 4), Err(Violation::GoAwayLength));
        assert_eq!(GoAway::check(&head(8, 0), 4), Ok(8));
        assert_eq!(GoAway::check(&head(100, 0), 4), Ok(12));
        assert_eq!(GoAway::check(&head(100, 0), usize::MAX), Ok(100));
    }

    // covers 9113-4.1-1
    #[test]
    fn long_debug_data_is_cut_to_a_legal_frame() {
        let goaway = GoAway { last: None, code: ErrorCode::NO_ERROR, debug: alloc::vec![1; 20_000].into() };
        let mut out = Vec::new();
        goaway.write(&mut out);
        assert_eq!(out.len(), 9 + 16_384);
        assert_eq!(Head::parse(out.first_chunk().unwrap()).length, 16_384);
    }
}
