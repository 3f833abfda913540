//! PING (RFC 9113 §6.7).

use alloc::vec::Vec;

use super::{Flags, Head, Kind};
use crate::error::Violation;

/// Appends a PING frame without ACK.
///
/// ```
/// use sans_h2::frame::ping;
///
/// let mut wire = Vec::new();
/// ping::write([7; 8], &mut wire);
/// ping::write_ack([7; 8], &mut wire);
/// assert_eq!(wire[..9], [0, 0, 8, 6, 0, 0, 0, 0, 0]);
/// assert_eq!(wire[17..26], [0, 0, 8, 6, 1, 0, 0, 0, 0]);
/// ```
pub fn write(payload: [u8; 8], out: &mut Vec<u8>) {
    write_with(Flags::NONE, payload, out);
}

/// Appends a PING frame with ACK: the answer to a PING with this payload.
pub fn write_ack(payload: [u8; 8], out: &mut Vec<u8>) {
    write_with(Flags::ACK, payload, out);
}

pub(super) fn check(head: &Head) -> Result<u32, Violation> {
    head.on_connection()?;
    head.exactly(LENGTH, Violation::PingLength)
}

pub(crate) fn parse(payload: &[u8]) -> Result<[u8; 8], Violation> {
    payload.first_chunk().copied().ok_or(Violation::PingLength)
}

fn write_with(flags: Flags, payload: [u8; 8], out: &mut Vec<u8>) {
    Head { length: LENGTH, kind: Kind::PING, flags, stream: None }.write(out);
    out.extend_from_slice(&payload);
}

const LENGTH: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::StreamId;

    // covers 9113-6.7-1 9113-6.7-4 9113-6.7-6 9113-6.7-7 9113-4.1-3
    #[test]
    fn only_the_ack_bit_tells_pings_from_pongs() {
        let head =
            |length, flags, stream| Head { length, kind: Kind::PING, flags, stream: StreamId::new(stream) };
        let others = Flags::from(0xfe);
        assert!(!head(8, others, 0).is_ack());
        assert!(head(8, others.with(Flags::ACK), 0).is_ack());
        assert_eq!(parse(b"abcdefgh"), Ok(*b"abcdefgh"));
        assert_eq!(check(&head(7, Flags::ACK, 0)), Err(Violation::PingLength));
        assert_eq!(check(&head(7, Flags::ACK, 1)), Err(Violation::StreamNotAllowed));
    }
}
