//! The nine octets that every frame begins with (RFC 9113 §4.1).

use alloc::vec::Vec;
use core::fmt;

use super::Part;
use crate::error::Violation;
use crate::id::StreamId;
use crate::registry::registered;

/// The head of a frame (RFC 9113 §4.1).
///
/// ```
/// use sans_h2::frame::{Flags, Head, Kind};
///
/// // The reserved bit before the stream identifier means nothing.
/// let head = Head::parse(&[0, 0, 5, 0, 1, 0x80, 0, 0, 3]);
/// assert_eq!(head.length, 5);
/// assert_eq!(head.kind, Kind::DATA);
/// assert!(head.flags.contains(Flags::END_STREAM));
/// assert_eq!(head.stream.map(u32::from), Some(3));
/// assert_eq!(head.to_octets(), [0, 0, 5, 0, 1, 0, 0, 0, 3]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Head {
    /// Octets of payload that follow the head; 24 bits.
    pub length: u32,
    /// What the payload is.
    pub kind: Kind,
    /// Flags, whose meaning depends on the kind.
    pub flags: Flags,
    /// The stream, or `None` for a frame about the connection.
    pub stream: Option<StreamId>,
}

impl Head {
    /// Octets of a head.
    pub const LENGTH: usize = 9;

    /// The longest payload that a head can announce, 2^24 − 1 octets.
    pub const MAX_PAYLOAD: u32 = 0x00ff_ffff;

    /// The longest payload that every peer takes, 2^14 octets (RFC 9113 §4.2).
    pub const MIN_MAX_PAYLOAD: u32 = 0x4000;

    /// Reads a head. The reserved bit is ignored.
    pub const fn parse(octets: &[u8; Self::LENGTH]) -> Self {
        let [l0, l1, l2, kind, flags, ref stream @ ..] = *octets;
        Self {
            length: u32::from_be_bytes([l0, l1, l2, kind]) >> 8,
            kind: Kind(kind),
            flags: Flags(flags),
            stream: StreamId::from_wire(u32::from_be_bytes(*stream)),
        }
    }

    /// Appends the head to `out`.
    #[inline]
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_octets());
    }

    /// The head as it goes on the wire, the reserved bit unset.
    ///
    /// A `length` above [`MAX_PAYLOAD`](Self::MAX_PAYLOAD) has no encoding and is written as that; no writer of
    /// this module comes so far.
    #[inline]
    pub fn to_octets(&self) -> [u8; Self::LENGTH] {
        let [_, l0, l1, l2] = self.length.min(Self::MAX_PAYLOAD).to_be_bytes();
        let [s0, s1, s2, s3] = self.stream.map_or(0, StreamId::number).to_be_bytes();
        [l0, l1, l2, self.kind.0, self.flags.0, s0, s1, s2, s3]
    }

    /// The stream of a frame that must have one.
    pub(crate) const fn on_stream(&self) -> Result<StreamId, Violation> {
        match self.stream {
            Some(stream) => Ok(stream),
            None => Err(Violation::StreamMissing),
        }
    }

    /// Checks that a frame about the connection names no stream.
    pub(super) const fn on_connection(&self) -> Result<(), Violation> {
        match self.stream {
            Some(_) => Err(Violation::StreamNotAllowed),
            None => Ok(()),
        }
    }

    /// Checks the length of a frame whose length is fixed, and returns it.
    pub(super) fn exactly(&self, octets: u32, otherwise: Violation) -> Result<u32, Violation> {
        if self.length == octets { Ok(octets) } else { Err(otherwise) }
    }

    /// Whether the payload begins with a pad length. On other kinds the flag has no meaning (RFC 9113 §4.1).
    pub(super) fn is_padded(&self) -> bool {
        self.flags.contains(Flags::PADDED)
            && matches!(self.kind, Kind::DATA | Kind::HEADERS | Kind::PUSH_PROMISE)
    }

    /// Checks that the payload can hold `fixed` octets behind its pad length, if it has one, and returns `fixed`.
    pub(super) fn holds(&self, fixed: u32) -> Result<u32, Violation> {
        let least = if self.is_padded() { fixed.saturating_add(1) } else { fixed };
        // RFC 9113 §4.2: too small for what the frame must hold is a matter of its size.
        if self.length < least { Err(Violation::FrameTooShort) } else { Ok(fixed) }
    }

    /// Octets of payload that remain without the padding, its length and `fixed` octets.
    pub(super) fn room(&self, padding: Option<u8>, fixed: u32) -> Result<u32, Violation> {
        // RFC 9113 §6.1, §6.2, §6.6: only what is left after the mandatory fields can be padding.
        let taken = fixed.saturating_add(padded_octets(padding));
        self.length.checked_sub(taken).ok_or(Violation::PaddingTooLong)
    }

    /// Whether the payload holds a part of a field block.
    pub(super) const fn has_block(&self) -> bool {
        matches!(self.kind, Kind::HEADERS | Kind::PUSH_PROMISE | Kind::CONTINUATION)
    }

    /// Whether a SETTINGS or PING frame is an answer.
    pub(crate) const fn is_ack(&self) -> bool {
        self.flags.contains(Flags::ACK)
    }

    /// What END_STREAM says.
    pub(crate) const fn part(&self) -> Part {
        if self.flags.contains(Flags::END_STREAM) { Part::Last } else { Part::More }
    }
}

/// Octets that padding adds to a payload: its length octet and itself.
pub(super) fn padded_octets(padding: Option<u8>) -> u32 {
    padding.map_or(0, |octets| 1 + u32::from(octets))
}

/// The flag that announces `padding`.
pub(super) const fn padded_flag(padding: Option<u8>) -> Flags {
    match padding {
        Some(_) => Flags::PADDED,
        None => Flags::NONE,
    }
}

/// The type of a frame.
///
/// RFC 9113 §6 defines those up to CONTINUATION. All others are extensions (§5.5), of which three have a name here.
///
/// ```
/// use sans_h2::frame::Kind;
///
/// assert_eq!(Kind::from(6), Kind::PING);
/// assert!(!Kind::PING.is_extension());
/// assert!(Kind::ALTSVC.is_extension());
/// assert_eq!(Kind::PING.to_string(), "PING");
/// assert_eq!(Kind::from(0xbe).to_string(), "0xbe");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(u8);

registered! { for Kind(u8) {
    /// Octets of a message's content (RFC 9113 §6.1).
    DATA = 0x0;
    /// A field block that may open a stream (RFC 9113 §6.2).
    HEADERS = 0x1;
    /// A deprecated priority signal (RFC 9113 §6.3).
    PRIORITY = 0x2;
    /// The end of a stream by either side (RFC 9113 §6.4).
    RST_STREAM = 0x3;
    /// Settings, or their acknowledgement (RFC 9113 §6.5).
    SETTINGS = 0x4;
    /// A request that the server answers unasked (RFC 9113 §6.6).
    PUSH_PROMISE = 0x5;
    /// A round trip (RFC 9113 §6.7).
    PING = 0x6;
    /// The end of the connection (RFC 9113 §6.8).
    GOAWAY = 0x7;
    /// Credit for DATA (RFC 9113 §6.9).
    WINDOW_UPDATE = 0x8;
    /// More of a field block (RFC 9113 §6.10).
    CONTINUATION = 0x9;
    /// An extension: where else an origin is served (RFC 7838 §4).
    ALTSVC = 0xa;
    /// An extension: the origins that a connection can be used for (RFC 8336 §2).
    ORIGIN = 0xc;
    /// An extension: how urgent a response is (RFC 9218 §7.1).
    PRIORITY_UPDATE = 0x10;
} }

impl Kind {
    /// Whether RFC 9113 leaves this type to extensions (§5.5), whether or not it has a name here.
    pub const fn is_extension(self) -> bool {
        self.0 > Self::CONTINUATION.0
    }
}

/// The flags of a frame (RFC 9113 §4.1). Bits that a kind does not define are ignored.
///
/// ```
/// use sans_h2::frame::Flags;
///
/// let flags = Flags::END_STREAM.with(Flags::PADDED);
/// assert!(flags.contains(Flags::PADDED));
/// assert!(!flags.contains(Flags::END_HEADERS));
/// assert_eq!(u8::from(flags), 0x9);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(u8);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// On SETTINGS and PING: this is the answer.
    pub const ACK: Self = Self(0x1);
    /// On DATA and HEADERS: the stream half ends.
    pub const END_STREAM: Self = Self(0x1);
    /// On HEADERS, PUSH_PROMISE and CONTINUATION: the field block ends.
    pub const END_HEADERS: Self = Self(0x4);
    /// On DATA, HEADERS and PUSH_PROMISE: the payload begins with a pad length.
    pub const PADDED: Self = Self(0x8);
    /// On HEADERS: the payload holds a priority.
    pub const PRIORITY: Self = Self(0x20);

    /// Whether every flag of `others` is set.
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether any flag of `others` is set.
    #[inline]
    pub(super) const fn has_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// These flags and `others`.
    #[must_use]
    pub const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

impl From<u8> for Flags {
    fn from(bits: u8) -> Self {
        Self(bits)
    }
}

impl From<Flags> for u8 {
    fn from(flags: Flags) -> Self {
        flags.0
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags({:#04x})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn what_rfc_9113_does_not_define_is_an_extension() {
        let extensions = (0..=255).filter(|&value| Kind(value).is_extension());
        assert!(extensions.eq(10..=255));
    }

    // covers 9113-4.1-4
    #[test]
    fn the_reserved_bit_is_ignored_and_never_written() {
        let octets = [0x12, 0x34, 0x56, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff];
        let head = Head::parse(&octets);
        assert_eq!(
            head,
            Head { length: 0x12_3456, kind: Kind(0xfe), flags: Flags(0xff), stream: Some(StreamId::MAX) }
        );
        assert_eq!(head.to_octets(), [0x12, 0x34, 0x56, 0xfe, 0xff, 0x7f, 0xff, 0xff, 0xff]);
        assert_eq!(Head::parse(&[0, 0, 0, 0, 0, 0x80, 0, 0, 0]).stream, None);
    }

    #[test]
    fn a_length_without_encoding_is_written_as_the_largest() {
        let head = Head { length: u32::MAX, kind: Kind::DATA, flags: Flags::NONE, stream: None };
        assert_eq!(Head::parse(&head.to_octets()).length, Head::MAX_PAYLOAD);
    }

    #[test]
    fn kinds_and_flags_show_what_they_are() {
        assert_eq!(format!("{:?} {}", Kind::GOAWAY, Kind(0x11)), "GOAWAY 0x11");
        assert_eq!((0..=255).filter(|&value| Kind(value).name().is_some()).count(), 13);
        assert_eq!(Kind::CONTINUATION.to_string(), "CONTINUATION");
        assert_eq!(Kind(0x10).to_string(), "PRIORITY_UPDATE");
        assert_eq!(format!("{:?}", Flags::END_HEADERS), "Flags(0x04)");
    }
}
