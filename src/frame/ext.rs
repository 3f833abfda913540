//! Frames that RFC 9113 does not define (§5.5).

use alloc::vec::Vec;

use super::Head;

/// Appends an extension frame.
///
/// The length is that of `payload`; [`Head::length`] is not looked at. The caller keeps the payload within the
/// peer's SETTINGS_MAX_FRAME_SIZE; octets beyond [`Head::MAX_PAYLOAD`], which no frame holds, are left out. The
/// kind must not be one of RFC 9113: those have writers that know what is legal.
///
/// ```
/// use sans_h2::frame::{Flags, Head, Kind, ext};
///
/// let mut wire = Vec::new();
/// let head = Head { length: 0, kind: Kind::from(0xbe), flags: Flags::NONE, stream: None };
/// ext::write(head, b"hi", &mut wire);
/// assert_eq!(wire, *b"\0\0\x02\xbe\0\0\0\0\0hi");
/// ```
pub fn write(head: Head, payload: &[u8], out: &mut Vec<u8>) {
    debug_assert!(head.kind.name().is_none(), "{} has a writer of its own", head.kind);
    let payload = payload.get(..Head::MAX_PAYLOAD as usize).unwrap_or(payload);
    let length = u32::try_from(payload.len()).unwrap_or(Head::MAX_PAYLOAD);
    Head { length, ..head }.write(out);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Flags, Kind};

    #[test]
    fn the_payload_decides_the_length() {
        let head = Head { length: 7, kind: Kind::from(0xff), flags: Flags::from(0xff), stream: None };
        let mut out = Vec::new();
        write(head, &[], &mut out);
        assert_eq!(out, Head { length: 0, ..head }.to_octets());
        out.clear();
        write(head, &alloc::vec![0; Head::MAX_PAYLOAD as usize + 1], &mut out);
        assert_eq!(out[..9], Head { length: Head::MAX_PAYLOAD, ..head }.to_octets());
        assert_eq!(out.len(), Head::LENGTH + Head::MAX_PAYLOAD as usize);
    }
}
