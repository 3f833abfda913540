//! The codes that go over the wire.

use crate::registry::registered;

/// The 32-bit code that RST_STREAM and GOAWAY carry (RFC 9113 §7).
///
/// Every value is legal; those without a name here are kept as they came and mean nothing special.
///
/// ```
/// use sans_h2::ErrorCode;
///
/// assert_eq!(ErrorCode::CANCEL.value(), 8);
/// assert_eq!(ErrorCode::CANCEL.to_string(), "CANCEL");
/// assert_eq!(ErrorCode::from(0xbeef).to_string(), "0xbeef");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErrorCode(u32);

registered! { for ErrorCode(u32) {
    /// No error: a graceful end.
    NO_ERROR = 0x0;
    /// The peer broke a rule that has no code of its own.
    PROTOCOL_ERROR = 0x1;
    /// Something failed on this side.
    INTERNAL_ERROR = 0x2;
    /// The peer overran a flow-control window, or made one too large.
    FLOW_CONTROL_ERROR = 0x3;
    /// Our SETTINGS were not acknowledged in time.
    SETTINGS_TIMEOUT = 0x4;
    /// A frame came for a stream half that was already closed.
    STREAM_CLOSED = 0x5;
    /// A frame had a length that its type does not allow.
    FRAME_SIZE_ERROR = 0x6;
    /// The stream was refused before any processing; a retry is safe.
    REFUSED_STREAM = 0x7;
    /// The stream is no longer wanted.
    CANCEL = 0x8;
    /// A field block could not be decoded; the tables are out of step.
    COMPRESSION_ERROR = 0x9;
    /// The connection behind a CONNECT request failed.
    CONNECT_ERROR = 0xa;
    /// The peer causes more load than it may.
    ENHANCE_YOUR_CALM = 0xb;
    /// The transport is not secure enough.
    INADEQUATE_SECURITY = 0xc;
    /// The request must be made over HTTP/1.1.
    HTTP_1_1_REQUIRED = 0xd;
} }
