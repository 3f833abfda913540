//! What comes out of the engine.

use core::fmt;

use bytes::Bytes;

use crate::error::{ConnectionError, ErrorCode, Violation};
use crate::fields::Fields;
use crate::frame::{self, AltSvc, Extension, Frame, Origins, Part, PriorityUpdate, Settings};
use crate::id::StreamId;

/// One fact that [`Connection::poll`](crate::Connection::poll) reports.
///
/// It borrows from the input that was passed in, never from the connection: any method may be called while an event
/// is held.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'b> {
    /// A whole header or trailer section has come.
    Headers {
        /// The stream; new if `head` is a request.
        stream: StreamId,
        /// Which section of the message it is.
        head: Head,
        /// The fields in the order of the wire. Hand them back by
        /// [`recycle`](crate::Connection::recycle) to spare the next section its allocation.
        fields: Fields,
        /// Whether the message ends with it.
        part: Part,
    },
    /// A piece of a body has come. Pieces follow the input's cuts, not the peer's frames.
    Data {
        /// The stream.
        stream: StreamId,
        /// The octets, where they lie in the input. Empty only where the body ends without any. Give the credit
        /// back by [`Stream::release`](crate::Stream::release) when they are dealt with.
        data: &'b [u8],
        /// Whether the message ends with it.
        part: Part,
    },
    /// A stream has ended before its time, and is gone. Nothing more will come of it.
    Reset {
        /// The stream.
        stream: StreamId,
        /// The code that one end gave the other.
        code: ErrorCode,
        /// Who ended it, and why.
        cause: Cause,
        /// How far it had got.
        verdict: Verdict,
    },
    /// A stream that was full takes data again.
    Writable {
        /// The stream.
        stream: StreamId,
    },
    /// The server will answer a request that nobody made (RFC 9113 §8.4). The response follows on the promised stream;
    /// reset that to refuse it, and do so if the server has no authority over what `:authority` names.
    PushPromise {
        /// The request that the promise goes with.
        stream: StreamId,
        /// The stream that the response will come on.
        promised: StreamId,
        /// The request that is answered.
        fields: Fields,
    },
    /// The peer's SETTINGS have come, are in force and will be acknowledged. In the order of the wire, repeats and
    /// unknown ones included.
    Settings(Settings),
    /// The peer has acknowledged the oldest unacknowledged SETTINGS of ours; they are in force now.
    SettingsAcknowledged,
    /// The answer to a [`ping`](crate::Connection::ping).
    Pong {
        /// The octets that the ping carried.
        payload: [u8; 8],
    },
    /// The server names another place where an origin is served (RFC 7838 §4). Whether to believe it is the caller's
    /// to decide.
    AltSvc(AltSvc),
    /// The server names the origins that it serves on this connection (RFC 8336). Valid over TLS only, and not
    /// through a proxy: a caller that knows better ignores it.
    Origins(Origins),
    /// The client tells how urgent a response is (RFC 9218 §7.1): of a stream that is open, or will be.
    PriorityUpdate(PriorityUpdate),
    /// The peer's next frame begins, on request by [`report_frames`](crate::Config::report_frames). What it comes to
    /// follows, if anything; the payload of DATA and field blocks comes with that.
    ///
    /// Padding and the signals of RFC 7540 are told by this alone; the engine makes nothing of them.
    Frame {
        /// Type, flags, stream and length as they are on the wire.
        head: frame::Head,
        /// What the frame says.
        frame: Frame<'b>,
    },
    /// A frame of an unknown type, on request by [`report_unknown_frames`](crate::Config::report_unknown_frames).
    Extension(Extension),
    /// The peer has overdrawn a budget, which would have ended the connection but for
    /// [`enforce_budgets`](crate::Config::enforce_budgets). The budget is full again.
    OverBudget {
        /// What the connection would have ended with.
        violation: Violation,
    },
    /// The peer is shutting the connection down. Streams above `last` follow as [`Event::Reset`].
    GoAway {
        /// The highest stream of ours that the peer may have worked on; `None` if none.
        last: Option<StreamId>,
        /// Why.
        code: ErrorCode,
        /// What the peer added for a reader of logs, at most
        /// [`max_debug_octets`](crate::Config::max_debug_octets) of it. Not to be trusted.
        debug: Bytes,
    },
    /// The connection is over: always the last event. What [`output`](crate::Connection::output) still holds should
    /// be written before the transport is closed.
    Closed {
        /// Why, unless it ended gracefully or by [`close`](crate::Connection::close).
        error: Option<ConnectionError>,
    },
}

/// Which section of a message [`Event::Headers`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Head {
    /// The header section of a request.
    Request,
    /// An interim response, 100 to 199; the final one is still to come.
    Interim,
    /// The header section of the final response.
    Response,
    /// The trailer section.
    Trailers,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "request",
            Self::Interim => "interim response",
            Self::Response => "response",
            Self::Trailers => "trailers",
        })
    }
}

/// Who ended a stream before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The peer sent RST_STREAM.
    Peer,
    /// The peer broke a rule, and the engine sent RST_STREAM.
    Violation(Violation),
    /// The peer sent GOAWAY with a last stream below this one.
    GoAway,
    /// A promise could no longer be made: the request that it went with had ended, or the client takes none any more.
    PromiseUnsent,
    /// The connection ended, for the reason that [`Event::Closed`] will give.
    ConnectionClosed(Option<ConnectionError>),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer => f.write_str("the peer reset the stream"),
            Self::Violation(violation) => write!(f, "the peer broke the protocol: {violation}"),
            Self::GoAway => f.write_str("the peer is shutting down"),
            Self::PromiseUnsent => f.write_str("the promise could not be made any more"),
            Self::ConnectionClosed(None) => f.write_str("the connection was closed"),
            Self::ConnectionClosed(Some(error)) => write!(f, "the connection ended: {error}"),
        }
    }
}

/// How far a stream had got when it ended: whether its request may be made again elsewhere (RFC 9113 §8.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Nothing of it was ever written. A retry is safe.
    NeverSent,
    /// The peer says that it has not worked on it. A retry is safe.
    Unprocessed,
    /// The peer may have acted on it. Only what may be done twice may be retried.
    MaybeProcessed,
    /// The peer's message had come whole before.
    Complete,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NeverSent => "never sent",
            Self::Unprocessed => "not processed",
            Self::MaybeProcessed => "perhaps processed",
            Self::Complete => "complete",
        })
    }
}

/// What holds a stream's queued data back; see [`Stream::blocked_on`](crate::Stream::blocked_on).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blocked {
    /// The peer's SETTINGS_MAX_CONCURRENT_STREAMS does not admit the stream yet (RFC 9113 §5.1.2).
    StreamLimit,
    /// The stream's window is used up (RFC 9113 §6.9.1).
    ///
    /// Or SETTINGS have opened it by less than 1,024 octets, too often for that to be worth a frame (§10.5): then it
    /// waits until it is open that far, or for a WINDOW_UPDATE of its own. The first hundred times it does not wait;
    /// DATA and time make good for more. Nor does it if the peer has given credit for all that was sent on the stream.
    StreamWindow,
    /// The connection's window is used up (RFC 9113 §6.9.1).
    ConnectionWindow,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StreamLimit => "the peer's limit of streams",
            Self::StreamWindow => "the stream's window",
            Self::ConnectionWindow => "the connection's window",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn logs_read_well() {
        let shown =
            [Head::Request, Head::Interim, Head::Response, Head::Trailers].map(|head| head.to_string());
        assert_eq!(shown, ["request", "interim response", "response", "trailers"]);
        let verdicts = [Verdict::NeverSent, Verdict::Unprocessed, Verdict::MaybeProcessed, Verdict::Complete];
        let shown = verdicts.map(|verdict| verdict.to_string());
        assert_eq!(shown, ["never sent", "not processed", "perhaps processed", "complete"]);
        let shown = [Blocked::StreamLimit, Blocked::StreamWindow, Blocked::ConnectionWindow]
            .map(|blocked| blocked.to_string());
        assert_eq!(shown, ["the peer's limit of streams", "the stream's window", "the connection's window"]);
    }

    #[test]
    fn causes_name_the_rule_and_the_end() {
        let causes = [
            Cause::Peer,
            Cause::Violation(Violation::HostMismatch),
            Cause::GoAway,
            Cause::PromiseUnsent,
            Cause::ConnectionClosed(None),
            Cause::ConnectionClosed(Some(ConnectionError::UnexpectedEnd)),
        ];
        let shown = [
            "the peer reset the stream",
            "the peer broke the protocol: HostMismatch (PROTOCOL_ERROR, RFC 9113 §8.3.1)",
            "the peer is shutting down",
            "the promise could not be made any more",
            "the connection was closed",
            "the connection ended: the transport ended too early",
        ];
        assert_eq!(causes.map(|cause| cause.to_string()), shown);
    }
}
