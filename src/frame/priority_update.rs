//! PRIORITY_UPDATE (RFC 9218 §7.1).

use alloc::vec::Vec;

use bytes::Bytes;

use super::{Extension, ExtensionError, Flags, Kind};
use crate::error::Violation;
use crate::id::StreamId;

/// A PRIORITY_UPDATE frame: the client says how urgent a response is to it (RFC 9218 §7.1).
///
/// It can come before the request that it is about. Only clients send it.
///
/// ```
/// use bytes::Bytes;
/// use sans_h2::StreamId;
/// use sans_h2::frame::PriorityUpdate;
///
/// let prioritized = StreamId::new(5).unwrap();
/// let update = PriorityUpdate { prioritized, value: Bytes::from_static(b"u=1, i") };
/// let mut wire = Vec::new();
/// update.write(&mut wire)?;
/// assert_eq!(wire, *b"\0\0\x0a\x10\0\0\0\0\0\0\0\0\x05u=1, i");
///
/// assert_eq!(PriorityUpdate::parse(&update.to_extension()), Ok(Some(update)));
/// # Ok::<_, sans_h2::frame::ExtensionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorityUpdate {
    /// The stream whose response it is about.
    pub prioritized: StreamId,
    /// What a `priority` field would hold (RFC 9218 §5), unchecked.
    pub value: Bytes,
}

impl PriorityUpdate {
    /// Reads the frame; its octets are shared, not copied. `None` for a frame of another type.
    ///
    /// Flags and the reserved bit mean nothing. Whether the peer may send the frame at all, and about this stream,
    /// is the connection's to judge.
    ///
    /// # Errors
    /// In this order [`PriorityUpdateOnStream`](Violation::PriorityUpdateOnStream),
    /// [`PriorityUpdateLength`](Violation::PriorityUpdateLength) and
    /// [`PriorityUpdateWithoutStream`](Violation::PriorityUpdateWithoutStream), each of which ends the connection.
    pub fn parse(extension: &Extension) -> Result<Option<Self>, Violation> {
        if extension.kind != Kind::PRIORITY_UPDATE {
            return Ok(None);
        }
        if extension.stream.is_some() {
            return Err(Violation::PriorityUpdateOnStream);
        }
        let fixed = extension.payload.split_first_chunk();
        let (prioritized, value) = fixed.ok_or(Violation::PriorityUpdateLength)?;
        let prioritized = StreamId::from_wire(u32::from_be_bytes(*prioritized))
            .ok_or(Violation::PriorityUpdateWithoutStream)?;
        Ok(Some(Self { prioritized, value: extension.payload.slice_ref(value) }))
    }

    /// The frame as it goes on the wire.
    pub fn to_extension(&self) -> Extension {
        let mut payload = Vec::new();
        payload.extend_from_slice(&self.prioritized.number().to_be_bytes());
        payload.extend_from_slice(&self.value);
        let payload = payload.into();
        // RFC 9218 §7.1: it belongs to no stream, and has no flags.
        Extension { kind: Kind::PRIORITY_UPDATE, flags: Flags::NONE, stream: None, payload }
    }

    /// Appends the frame. The caller keeps its payload, which is `value` and 4 octets, within the peer's
    /// SETTINGS_MAX_FRAME_SIZE.
    ///
    /// # Errors
    /// [`TooLong`](ExtensionError::TooLong), with nothing appended.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), ExtensionError> {
        self.to_extension().write(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ErrorCode, Scope};

    fn extension(payload: &'static [u8]) -> Extension {
        let payload = Bytes::from_static(payload);
        Extension { kind: Kind::PRIORITY_UPDATE, flags: Flags::NONE, stream: None, payload }
    }

    // covers 9218-7.1-1 9113-4.1-3 9113-4.1-4
    #[test]
    fn it_is_sent_without_stream_flags_and_reserved_bit() {
        let update = PriorityUpdate { prioritized: StreamId::MAX, value: Bytes::new() };
        assert_eq!(update.to_extension(), extension(b"\x7f\xff\xff\xff"));
    }

    #[test]
    fn flags_and_the_reserved_bit_are_ignored() {
        let value = Bytes::from_static(b"u=7");
        for flags in 0..=255 {
            let frame = Extension { flags: flags.into(), ..extension(b"\x80\0\0\x03u=7") };
            let update = PriorityUpdate { prioritized: StreamId::new(3).unwrap(), value: value.clone() };
            assert_eq!(PriorityUpdate::parse(&frame), Ok(Some(update)));
        }
    }

    // covers 9218-7.1-2 9218-7.1-9
    #[test]
    fn each_mistake_has_its_violation() {
        let on_stream = |payload| Extension { stream: StreamId::new(3), ..extension(payload) };
        let cases = [
            (on_stream(b"\0\0\0\x03u=7"), Violation::PriorityUpdateOnStream, ErrorCode::PROTOCOL_ERROR),
            (on_stream(b""), Violation::PriorityUpdateOnStream, ErrorCode::PROTOCOL_ERROR),
            (extension(b""), Violation::PriorityUpdateLength, ErrorCode::FRAME_SIZE_ERROR),
            (extension(b"\0\0\0"), Violation::PriorityUpdateLength, ErrorCode::FRAME_SIZE_ERROR),
            (extension(b"\0\0\0\0"), Violation::PriorityUpdateWithoutStream, ErrorCode::PROTOCOL_ERROR),
            (extension(b"\x80\0\0\0u=7"), Violation::PriorityUpdateWithoutStream, ErrorCode::PROTOCOL_ERROR),
        ];
        for (frame, violation, code) in cases {
            assert_eq!(PriorityUpdate::parse(&frame), Err(violation));
            assert_eq!((violation.scope(), violation.code()), (Scope::Connection, code));
        }
    }

    #[test]
    fn prefixes_are_short_or_have_a_shorter_value() {
        let whole = extension(b"\0\0\0\x03u=7");
        for end in 0..whole.payload.len() {
            let cut = Extension { payload: whole.payload.slice(..end), ..whole.clone() };
            match PriorityUpdate::parse(&cut) {
                Ok(update) => assert_eq!(update.unwrap().value, whole.payload.slice(4..end)),
                Err(violation) => assert_eq!((violation, end < 4), (Violation::PriorityUpdateLength, true)),
            }
        }
    }

    #[test]
    fn other_types_are_left_alone() {
        let other = Extension { kind: Kind::from(0x11), stream: StreamId::new(1), ..extension(b"") };
        assert_eq!(PriorityUpdate::parse(&other), Ok(None));
    }

    #[test]
    fn a_value_beyond_every_frame_is_refused() {
        let value = alloc::vec![b' '; 0xff_fffc].into();
        let update = PriorityUpdate { prioritized: StreamId::MAX, value };
        let mut out = alloc::vec![7];
        assert_eq!(update.write(&mut out), Err(ExtensionError::TooLong));
        assert_eq!(out, [7]);
    }
}
