//! RST_STREAM (RFC 9113 §6.4).

use alloc::vec::Vec;

use super::{Flags, Head, Kind};
use crate::error::{ErrorCode, Violation};
use crate::id::StreamId;

/// Appends an RST_STREAM frame.
///
/// ```
/// use sans_h2::frame::reset;
/// use sans_h2::{ErrorCode, StreamId};
///
/// let mut wire = Vec::new();
/// reset::write(StreamId::new(1).unwrap(), ErrorCode::CANCEL, &mut wire);
/// assert_eq!(wire, [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8]);
/// ```
pub fn write(stream: StreamId, code: ErrorCode, out: &mut Vec<u8>) {
    Head { length: LENGTH, kind: Kind::RST_STREAM, flags: Flags::NONE, stream: Some(stream) }.write(out);
    out.extend_from_slice(&code.value().to_be_bytes());
}

pub(super) fn check(head: &Head) -> Result<u32, Violation> {
    head.on_stream()?;
    head.exactly(LENGTH, Violation::ResetLength)
}

pub(crate) fn parse(payload: &[u8]) -> Result<ErrorCode, Violation> {
    let code = payload.first_chunk().ok_or(Violation::ResetLength)?;
    Ok(u32::from_be_bytes(*code).into())
}

/// Octets of the whole frame.
pub const OCTETS: u32 = Head::LENGTH as u32 + LENGTH;

const LENGTH: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    // covers 9113-6.4-3 9113-6.4-4 9113-6.4-7
    #[test]
    fn the_stream_is_judged_before_the_length() {
        let head = |length, stream| Head {
            length,
            kind: Kind::RST_STREAM,
            flags: Flags::NONE,
            stream: StreamId::new(stream),
        };
        assert_eq!(check(&head(5, 0)), Err(Violation::StreamMissing));
        assert_eq!(check(&head(5, 1)), Err(Violation::ResetLength));
        assert_eq!(check(&head(4, 1)), Ok(4));
    }

    #[test]
    fn codes_without_a_name_are_kept() {
        let (stream, code) = (StreamId::MAX, ErrorCode::from(0xdead_beef));
        let mut out = Vec::new();
        write(stream, code, &mut out);
        let (head, payload) = out.split_first_chunk().unwrap();
        assert_eq!(Head::parse(head).stream, Some(stream));
        assert_eq!(parse(payload), Ok(code));
    }
}
