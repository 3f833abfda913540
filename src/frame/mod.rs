//! The frame codec: the wire layout of RFC 9113 §4 and §6, of three extensions, and nothing else.
//!
//! [`Reader`] turns received octets, cut anywhere, into [`Frame`]s. The octets of DATA frames and of field blocks
//! are lent straight from the input, so that no frame has to be in memory as a whole. Every type writes itself by
//! a `write` function that appends to a `Vec<u8>`.
//!
//! The layer knows no streams, windows or header fields: it judges lengths, flags, padding, whether a frame
//! belongs to a stream and that nothing interrupts a field block. Everything else is the connection's business.
//!
//! Frames of other types are skipped, or handed over as [`Extension`]s if [`Limits::max_extension`] asks for them.
//! [`AltSvc`], [`Origins`] and [`PriorityUpdate`] read and write the payload of three of them.
//!
//! ```
//! use sans_h2::frame::{Frame, Limits, Reader, ping};
//!
//! let mut wire = Vec::new();
//! ping::write(*b"12345678", &mut wire);
//!
//! let mut reader = Reader::new(Limits::default());
//! // The transport may cut the octets anywhere.
//! let (mut first, mut second) = wire.split_at(11);
//! assert_eq!(reader.next(&mut first), Ok(None));
//! assert_eq!(reader.next(&mut second), Ok(Some(Frame::Ping { payload: *b"12345678" })));
//! assert!(reader.is_idle());
//! ```

mod altsvc;
mod continuation;
mod data;
mod ext;
mod goaway;
mod head;
mod headers;
mod kept;
mod limits;
mod origin;
pub mod ping;
mod priority;
mod priority_update;
mod push;
mod reader;
pub mod reset;
mod settings;
mod window_update;

pub use altsvc::AltSvc;
pub use continuation::Continuation;
pub use data::Data;
pub use ext::{Extension, ExtensionError};
pub use goaway::GoAway;
pub use head::{Flags, Head, Kind};
pub use headers::Headers;
pub use limits::Limits;
pub use origin::Origins;
pub use priority::Priority;
pub use priority_update::PriorityUpdate;
pub use push::PushPromise;
pub(crate) use reader::{Completed, Raw, Step};
pub use reader::{Fault, Reader};
pub use settings::{Setting, SettingId, Settings};
pub use window_update::WindowUpdate;

use crate::error::ErrorCode;
use crate::id::StreamId;

/// Whether more follows on this half of the stream: the END_STREAM flag (RFC 9113 §6.1, §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// More follows.
    More,
    /// This is the last part; the half ends with it.
    Last,
}

impl Part {
    /// Whether this is the last part.
    pub const fn is_last(self) -> bool {
        match self {
            Self::More => false,
            Self::Last => true,
        }
    }

    const fn flags(self) -> Flags {
        match self {
            Self::More => Flags::NONE,
            Self::Last => Flags::END_STREAM,
        }
    }
}

/// What [`Reader::next`] hands over.
///
/// Small frames come whole. Of DATA frames and field blocks the head comes first and the octets follow as
/// [`Payload`](Self::Payload)s as they arrive:
///
/// * `Data`, `Payload`* – exactly [`Data::octets`] octets in all;
/// * `Headers` or `PushPromise`, `Payload`*, (`Continuation`, `Payload`*)*, `BlockEnd`.
///
/// The lifetime is that of the input, never that of the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame<'b> {
    /// The head of a DATA frame (RFC 9113 §6.1).
    Data(Data),
    /// The head of a HEADERS frame; a field block begins (RFC 9113 §6.2).
    Headers(Headers),
    /// The head of a PUSH_PROMISE frame; a field block begins (RFC 9113 §6.6).
    PushPromise(PushPromise),
    /// The head of a CONTINUATION frame; the field block goes on (RFC 9113 §6.10).
    Continuation(Continuation),
    /// Octets of the DATA frame or field block that the last head announced; padding is left out. Never empty.
    Payload(&'b [u8]),
    /// The field block has been handed over to its last octet (RFC 9113 §4.3).
    BlockEnd,
    /// A PRIORITY frame (RFC 9113 §6.3).
    Priority {
        /// The stream that it is about.
        stream: StreamId,
        /// The deprecated priority signal.
        priority: Priority,
    },
    /// An RST_STREAM frame (RFC 9113 §6.4).
    Reset {
        /// The stream that it ends.
        stream: StreamId,
        /// Why.
        code: ErrorCode,
    },
    /// A SETTINGS frame without ACK (RFC 9113 §6.5).
    Settings(Settings),
    /// A SETTINGS frame with ACK (RFC 9113 §6.5.3).
    SettingsAck,
    /// A PING frame without ACK (RFC 9113 §6.7).
    Ping {
        /// What the answer must repeat.
        payload: [u8; 8],
    },
    /// A PING frame with ACK (RFC 9113 §6.7).
    Pong {
        /// What the PING carried.
        payload: [u8; 8],
    },
    /// A GOAWAY frame (RFC 9113 §6.8).
    GoAway(GoAway),
    /// A WINDOW_UPDATE frame (RFC 9113 §6.9).
    WindowUpdate(WindowUpdate),
    /// A frame whose type RFC 9113 does not define (§5.5), within [`Limits::max_extension`].
    Extension(Extension),
    /// The head of a frame whose type RFC 9113 does not define (§4.1, §5.5), and which is not within
    /// [`Limits::max_extension`]. Its payload is skipped, not kept.
    Unknown(Head),
}
