//! ALTSVC (RFC 7838 §4).

use alloc::vec::Vec;

use bytes::Bytes;

use super::ext::{split_prefixed, write_prefixed};
use super::{Extension, ExtensionError, Flags, Kind};
use crate::id::StreamId;

/// An ALTSVC frame: the server tells the client where else an origin is served (RFC 7838 §4).
///
/// It takes the place of all that was known for its origin. Only a client looks at it, and no intermediary hands it
/// on. Whether the connection speaks for the origin is the caller's to judge.
///
/// ```
/// use bytes::Bytes;
/// use sans_h2::frame::AltSvc;
///
/// let origin = Bytes::from_static(b"https://a.example");
/// let altsvc = AltSvc { stream: None, origin, value: Bytes::from_static(b"h2=\":8000\"") };
/// let mut wire = Vec::new();
/// altsvc.write(&mut wire)?;
/// assert_eq!(wire, *b"\0\0\x1d\x0a\0\0\0\0\0\0\x11https://a.exampleh2=\":8000\"");
///
/// assert_eq!(AltSvc::parse(&altsvc.to_extension()?), Some(altsvc));
/// # Ok::<_, sans_h2::frame::ExtensionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AltSvc {
    /// The stream whose origin it is about, or `None` if [`origin`](Self::origin) names that.
    pub stream: Option<StreamId>,
    /// The origin in ASCII as it came, unchecked; at most 65 535 octets. Empty on a stream, and only there.
    pub origin: Bytes,
    /// What an `alt-svc` field would hold (RFC 7838 §3), unchecked.
    pub value: Bytes,
}

impl AltSvc {
    /// Reads the frame; its octets are shared, not copied.
    ///
    /// `None` for a frame of another type, and for one that has to be ignored: it names an origin on a stream, names
    /// none without a stream, or ends within the origin. Flags mean nothing.
    pub fn parse(extension: &Extension) -> Option<Self> {
        if extension.kind != Kind::ALTSVC {
            return None;
        }
        let (origin, value) = split_prefixed(&extension.payload)?;
        let share = |octets| extension.payload.slice_ref(octets);
        let altsvc = Self { stream: extension.stream, origin: share(origin), value: share(value) };
        altsvc.has_one_origin().then_some(altsvc)
    }

    /// The frame as it goes on the wire.
    ///
    /// # Errors
    /// [`MisplacedOrigin`](ExtensionError::MisplacedOrigin) and [`OriginTooLong`](ExtensionError::OriginTooLong).
    pub fn to_extension(&self) -> Result<Extension, ExtensionError> {
        if !self.has_one_origin() {
            return Err(ExtensionError::MisplacedOrigin);
        }
        let mut payload = Vec::new();
        write_prefixed(&self.origin, &mut payload)?;
        payload.extend_from_slice(&self.value);
        let payload = payload.into();
        Ok(Extension { kind: Kind::ALTSVC, flags: Flags::NONE, stream: self.stream, payload })
    }

    /// Appends the frame. The caller keeps its payload, which is `origin`, `value` and 2 octets, within the peer's
    /// SETTINGS_MAX_FRAME_SIZE.
    ///
    /// # Errors
    /// Those of [`to_extension`](Self::to_extension), and [`TooLong`](ExtensionError::TooLong). Nothing is appended
    /// then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), ExtensionError> {
        self.to_extension()?.write(out)
    }

    /// RFC 7838 §4: either the stream tells the origin, or the frame.
    const fn has_one_origin(&self) -> bool {
        self.stream.is_some() == self.origin.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn altsvc(stream: u32, origin: &'static [u8], value: &'static [u8]) -> AltSvc {
        let (origin, value) = (Bytes::from_static(origin), Bytes::from_static(value));
        AltSvc { stream: StreamId::new(stream), origin, value }
    }

    fn extension(stream: u32, payload: &'static [u8]) -> Extension {
        let (stream, payload) = (StreamId::new(stream), Bytes::from_static(payload));
        Extension { kind: Kind::ALTSVC, flags: Flags::NONE, stream, payload }
    }

    #[test]
    fn the_origin_comes_from_the_stream_or_from_the_frame() {
        let cases = [
            (altsvc(0, b"https://a", b"clear"), extension(0, b"\0\x09https://aclear")),
            (altsvc(0, b"a", b""), extension(0, b"\0\x01a")),
            (altsvc(5, b"", b"clear"), extension(5, b"\0\0clear")),
            (altsvc(5, b"", b""), extension(5, b"\0\0")),
        ];
        for (altsvc, extension) in cases {
            assert_eq!(altsvc.to_extension(), Ok(extension.clone()));
            assert_eq!(AltSvc::parse(&Extension { flags: 0xff.into(), ..extension }), Some(altsvc));
        }
    }

    #[test]
    fn what_has_no_single_origin_is_ignored_and_never_sent() {
        let cases = [
            (altsvc(0, b"", b"clear"), extension(0, b"\0\0clear")),
            (altsvc(0, b"", b""), extension(0, b"\0\0")),
            (altsvc(5, b"a", b"clear"), extension(5, b"\0\x01aclear")),
        ];
        for (altsvc, extension) in cases {
            let mut out = alloc::vec![7];
            assert_eq!(altsvc.write(&mut out), Err(ExtensionError::MisplacedOrigin));
            assert_eq!(out, [7]);
            assert_eq!(AltSvc::parse(&extension), None);
        }
    }

    #[test]
    fn frames_that_end_within_the_origin_are_ignored() {
        let whole = extension(0, b"\0\x09https://aclear");
        for end in 0..whole.payload.len() {
            let cut = Extension { payload: whole.payload.slice(..end), ..whole.clone() };
            let value = end.checked_sub(11).and_then(|value| b"clear".get(..value));
            assert_eq!(AltSvc::parse(&cut).map(|altsvc| altsvc.value), value.map(Bytes::from_static));
        }
        assert_eq!(AltSvc::parse(&extension(5, b"")), None);
        assert_eq!(AltSvc::parse(&extension(5, b"\0")), None);
    }

    #[test]
    fn other_types_are_left_alone() {
        let other = Extension { kind: Kind::ORIGIN, ..extension(0, b"\0\x09https://a") };
        assert_eq!(AltSvc::parse(&other), None);
    }

    #[test]
    fn an_origin_beyond_its_length_field_is_refused() {
        let long = AltSvc { origin: alloc::vec![b'a'; 0x1_0000].into(), ..altsvc(0, b"", b"") };
        assert_eq!(long.write(&mut Vec::new()), Err(ExtensionError::OriginTooLong));
        let value = alloc::vec![b'a'; 0xff_ffff].into();
        assert_eq!(
            AltSvc { value, ..altsvc(5, b"", b"") }.write(&mut Vec::new()),
            Err(ExtensionError::TooLong)
        );
    }
}
