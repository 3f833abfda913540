//! The peer's mistakes, each with the rule that it breaks, and what comes of them.

use core::fmt;

use super::ErrorCode;

/// How far an error reaches (RFC 9113 §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Ends one stream; the others go on.
    Stream,
    /// Ends the connection.
    Connection,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "stream",
            Self::Connection => "connection",
        })
    }
}

macro_rules! violations {
    ($($(#[$doc:meta])+ $name:ident: $scope:ident $code:ident $clause:literal;)+) => {
        /// One rule that the peer broke.
        ///
        /// Every rejection of peer input is exactly one of these. A variant knows the code that goes to the peer,
        /// how far the error reaches and which clause it breaks.
        ///
        /// ```
        /// use sans_h2::{ErrorCode, Scope, Violation};
        ///
        /// let violation = Violation::PingLength;
        /// assert_eq!(violation.code(), ErrorCode::FRAME_SIZE_ERROR);
        /// assert_eq!(violation.scope(), Scope::Connection);
        /// assert_eq!(violation.clause(), "RFC 9113 §6.7");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Violation {
            $($(#[$doc])+ $name,)+
        }

        impl Violation {
            /// Every variant, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code that the peer is told.
            pub const fn code(self) -> ErrorCode {
                match self {
                    $(Self::$name => ErrorCode::$code,)+
                }
            }

            /// Whether it ends one stream or the connection.
            pub const fn scope(self) -> Scope {
                match self {
                    $(Self::$name => Scope::$scope,)+
                }
            }

            /// The document and section that hold the broken rule.
            pub const fn clause(self) -> &'static str {
                match self {
                    $(Self::$name => $clause,)+
                }
            }
        }
    };
}

violations! {
    /// The client's first octets are not the connection preface.
    InvalidPreface: Connection PROTOCOL_ERROR "RFC 9113 §3.4";
    /// The first frame is not a SETTINGS frame without ACK.
    SettingsNotFirst: Connection PROTOCOL_ERROR "RFC 9113 §3.4";

    /// A frame is longer than the SETTINGS_MAX_FRAME_SIZE that we advertised.
    FrameTooLarge: Connection FRAME_SIZE_ERROR "RFC 9113 §4.2";
    /// A padded frame is too short for its padding length, priority or promised stream.
    FrameTooShort: Connection FRAME_SIZE_ERROR "RFC 9113 §4.2";
    /// The padding leaves no room for what the frame must hold.
    PaddingTooLong: Connection PROTOCOL_ERROR "RFC 9113 §6.1";
    /// A field block was interrupted by another frame, or by another stream.
    FieldBlockInterrupted: Connection PROTOCOL_ERROR "RFC 9113 §4.3";
    /// A CONTINUATION frame came with no field block open.
    UnexpectedContinuation: Connection PROTOCOL_ERROR "RFC 9113 §6.10";

    /// A frame that belongs to a stream came without one.
    StreamMissing: Connection PROTOCOL_ERROR "RFC 9113 §6";
    /// A frame about the whole connection came on a stream.
    StreamNotAllowed: Connection PROTOCOL_ERROR "RFC 9113 §6";
    /// A PRIORITY frame is not 5 octets long.
    PriorityLength: Stream FRAME_SIZE_ERROR "RFC 9113 §6.3";
    /// An RST_STREAM frame is not 4 octets long.
    ResetLength: Connection FRAME_SIZE_ERROR "RFC 9113 §6.4";
    /// The length of a SETTINGS frame is not a multiple of 6 octets.
    SettingsLength: Connection FRAME_SIZE_ERROR "RFC 9113 §6.5";
    /// A SETTINGS acknowledgement carries settings.
    SettingsAckLength: Connection FRAME_SIZE_ERROR "RFC 9113 §6.5";
    /// A PING frame is not 8 octets long.
    PingLength: Connection FRAME_SIZE_ERROR "RFC 9113 §6.7";
    /// A GOAWAY frame is shorter than 8 octets.
    GoAwayLength: Connection FRAME_SIZE_ERROR "RFC 9113 §6.8";
    /// A WINDOW_UPDATE frame is not 4 octets long.
    WindowUpdateLength: Connection FRAME_SIZE_ERROR "RFC 9113 §6.9";
    /// A PRIORITY_UPDATE frame came on a stream.
    PriorityUpdateOnStream: Connection PROTOCOL_ERROR "RFC 9218 §7.1";
    /// A PRIORITY_UPDATE frame is too short to name a stream.
    PriorityUpdateLength: Connection FRAME_SIZE_ERROR "RFC 9113 §4.2";
    /// A PRIORITY_UPDATE frame is about stream 0, which is none.
    PriorityUpdateWithoutStream: Connection PROTOCOL_ERROR "RFC 9218 §7.1";

    /// SETTINGS_ENABLE_PUSH is neither 0 nor 1, or a server set it to 1.
    InvalidEnablePush: Connection PROTOCOL_ERROR "RFC 9113 §6.5.2";
    /// SETTINGS_ENABLE_CONNECT_PROTOCOL is neither 0 nor 1, or went back to 0.
    InvalidEnableConnectProtocol: Connection PROTOCOL_ERROR "RFC 8441 §3";
    /// SETTINGS_NO_RFC7540_PRIORITIES is neither 0 nor 1.
    InvalidNoPriorities: Connection PROTOCOL_ERROR "RFC 9218 §2.1";
    /// SETTINGS_INITIAL_WINDOW_SIZE is above 2^31 − 1.
    InvalidInitialWindowSize: Connection FLOW_CONTROL_ERROR "RFC 9113 §6.5.2";
    /// SETTINGS_MAX_FRAME_SIZE is outside 2^14 to 2^24 − 1.
    InvalidMaxFrameSize: Connection PROTOCOL_ERROR "RFC 9113 §6.5.2";
    /// A SETTINGS acknowledgement came with no SETTINGS of ours under way.
    UnexpectedSettingsAck: Connection PROTOCOL_ERROR "RFC 9113 §6.5.3";
    /// A SETTINGS frame has more entries than `Config::max_settings_entries`.
    TooManySettings: Connection ENHANCE_YOUR_CALM "RFC 9113 §10.5";

    /// A frame came on a stream that nobody has opened.
    IdleStream: Connection PROTOCOL_ERROR "RFC 9113 §5.1";
    /// A new stream's number is not above all earlier ones.
    UnexpectedStreamId: Connection PROTOCOL_ERROR "RFC 9113 §5.1.1";
    /// A frame came on a stream after both ends had finished it.
    ClosedStream: Connection STREAM_CLOSED "RFC 9113 §5.1";
    /// A frame came after the peer had ended its half of the stream.
    HalfClosedStream: Stream STREAM_CLOSED "RFC 9113 §5.1";
    /// DATA came before the header section.
    DataBeforeHeaders: Stream PROTOCOL_ERROR "RFC 9113 §8.1";
    /// More streams were opened at once than we allow.
    TooManyStreams: Stream REFUSED_STREAM "RFC 9113 §5.1.2";
    /// The stream was opened while the connection is being shut down.
    ShuttingDown: Stream REFUSED_STREAM "RFC 9113 §6.8";

    /// DATA overran the connection window.
    ConnectionWindowExceeded: Connection FLOW_CONTROL_ERROR "RFC 9113 §6.9.1";
    /// DATA overran the stream's window.
    StreamWindowExceeded: Stream FLOW_CONTROL_ERROR "RFC 9113 §6.9.1";
    /// A WINDOW_UPDATE adds nothing to the connection window.
    ZeroConnectionIncrement: Connection PROTOCOL_ERROR "RFC 9113 §6.9";
    /// A WINDOW_UPDATE adds nothing to a stream's window.
    ZeroStreamIncrement: Stream PROTOCOL_ERROR "RFC 9113 §6.9";
    /// The connection window would exceed 2^31 − 1.
    ConnectionWindowOverflow: Connection FLOW_CONTROL_ERROR "RFC 9113 §6.9.1";
    /// A stream's window would exceed 2^31 − 1.
    StreamWindowOverflow: Stream FLOW_CONTROL_ERROR "RFC 9113 §6.9.1";
    /// A new initial window size would make a stream's window exceed 2^31 − 1.
    InitialWindowOverflow: Connection FLOW_CONTROL_ERROR "RFC 9113 §6.9.2";

    /// An index names no entry of either table.
    InvalidIndex: Connection COMPRESSION_ERROR "RFC 7541 §2.3.3";
    /// An integer has more octets, or a larger value, than can be meant.
    IntegerTooLarge: Connection COMPRESSION_ERROR "RFC 7541 §5.1";
    /// A string is longer than the largest field that is accepted.
    StringTooLong: Connection COMPRESSION_ERROR "RFC 7541 §5.2";
    /// A Huffman-coded string has wrong padding, or contains EOS.
    InvalidHuffman: Connection COMPRESSION_ERROR "RFC 7541 §5.2";
    /// A dynamic table size update is above the limit that we set.
    TableSizeTooLarge: Connection COMPRESSION_ERROR "RFC 7541 §6.3";
    /// A dynamic table size update comes after the first field, or one too many comes.
    UnexpectedTableSizeUpdate: Connection COMPRESSION_ERROR "RFC 7541 §4.2";
    /// The table size update that our smaller limit demands did not come.
    MissingTableSizeUpdate: Connection COMPRESSION_ERROR "RFC 9113 §4.3.1";
    /// A field block ends in the middle of a field.
    TruncatedFieldBlock: Connection COMPRESSION_ERROR "RFC 9113 §4.3";

    /// A field section is larger than the list size that we advertised, or has too many fields.
    FieldSectionTooLarge: Stream ENHANCE_YOUR_CALM "RFC 9113 §10.5.1";
    /// A field section is so large that it is not even decoded to its end.
    FieldSectionFarTooLarge: Connection ENHANCE_YOUR_CALM "RFC 9113 §10.5.1";
    /// A field block comes in too many CONTINUATION frames.
    TooManyContinuations: Connection ENHANCE_YOUR_CALM "RFC 9113 §10.5.1";

    /// A field name is empty, or has an octet that no name may have: upper case is one.
    InvalidFieldName: Stream PROTOCOL_ERROR "RFC 9113 §8.2.1";
    /// A field value has a control character, or white space at an end.
    InvalidFieldValue: Stream PROTOCOL_ERROR "RFC 9113 §8.2.1";
    /// A field is about an HTTP/1.1 connection, such as `transfer-encoding`.
    ConnectionSpecificField: Stream PROTOCOL_ERROR "RFC 9113 §8.2.2";
    /// `te` says something else than `trailers`, or stands outside a request's header section.
    InvalidTe: Stream PROTOCOL_ERROR "RFC 9113 §8.2.2";
    /// A pseudo-header field stands behind a regular field.
    PseudoFieldAfterRegular: Stream PROTOCOL_ERROR "RFC 9113 §8.3";
    /// A pseudo-header field that is not defined.
    UnknownPseudoField: Stream PROTOCOL_ERROR "RFC 9113 §8.3";
    /// A pseudo-header field stands twice.
    RepeatedPseudoField: Stream PROTOCOL_ERROR "RFC 9113 §8.3";
    /// A pseudo-header field stands where it has no place: in trailers, in the wrong direction, with the wrong method.
    PseudoFieldNotAllowed: Stream PROTOCOL_ERROR "RFC 9113 §8.3";
    /// A pseudo-header field is missing.
    MissingPseudoField: Stream PROTOCOL_ERROR "RFC 9113 §8.3.1";
    /// `:method` is no token.
    InvalidMethod: Stream PROTOCOL_ERROR "RFC 9113 §8.3.1";
    /// `:scheme` is no scheme.
    InvalidScheme: Stream PROTOCOL_ERROR "RFC 9113 §8.3.1";
    /// `:authority` is no host, or one with a user name; or that of CONNECT has no port from 1 to 65,535.
    InvalidAuthority: Stream PROTOCOL_ERROR "RFC 9113 §8.3.1";
    /// `:path` is empty, or no path.
    InvalidPath: Stream PROTOCOL_ERROR "RFC 9113 §8.3.1";
    /// `:protocol` is no token.
    InvalidProtocol: Stream PROTOCOL_ERROR "RFC 8441 §4";
    /// `host` stands twice, or names another server than `:authority`.
    HostMismatch: Stream PROTOCOL_ERROR "RFC 9113 §8.3.1";
    /// `content-length` is no number, or stands twice. In trailers it is no length, and may say anything.
    InvalidContentLength: Stream PROTOCOL_ERROR "RFC 9113 §8.1.1";
    /// The content is longer or shorter than `content-length` says, or there may be none.
    ContentLengthMismatch: Stream PROTOCOL_ERROR "RFC 9113 §8.1.1";
    /// `:status` is no status code.
    InvalidStatus: Stream PROTOCOL_ERROR "RFC 9113 §8.3.2";
    /// An interim response with status 101: a stream cannot switch protocols.
    SwitchingProtocols: Stream PROTOCOL_ERROR "RFC 9113 §8.6";
    /// More interim responses than `Config::max_interim_responses`.
    TooManyInterimResponses: Stream ENHANCE_YOUR_CALM "RFC 9113 §10.5";
    /// A header section or a promise came on a stream that is a tunnel.
    HeadersInTunnel: Stream PROTOCOL_ERROR "RFC 9113 §8.5";
    /// An interim response ends the stream.
    InterimEndsStream: Stream PROTOCOL_ERROR "RFC 9113 §8.1";
    /// A second header section does not end the stream.
    TrailersWithoutEnd: Stream PROTOCOL_ERROR "RFC 9113 §8.1";

    /// PUSH_PROMISE came to a server.
    PushToServer: Connection PROTOCOL_ERROR "RFC 9113 §8.4";
    /// PUSH_PROMISE came although we have switched push off.
    PushDisabled: Connection PROTOCOL_ERROR "RFC 9113 §6.6";
    /// PUSH_PROMISE came on a stream that is not one of our requests, or that has ended.
    PushOnWrongStream: Connection PROTOCOL_ERROR "RFC 9113 §6.6";
    /// PUSH_PROMISE promises a stream that is not the server's next.
    InvalidPromisedStream: Connection PROTOCOL_ERROR "RFC 9113 §6.6";
    /// A promised request is not known to be safe and cacheable.
    UnsafePromise: Stream PROTOCOL_ERROR "RFC 9113 §8.4";
    /// A promised request announces content.
    PromiseWithContent: Stream PROTOCOL_ERROR "RFC 9113 §8.4";
    /// A frame came on a reserved stream that may not come there.
    ReservedStream: Connection PROTOCOL_ERROR "RFC 9113 §5.1";
    /// A promise was refused before it was looked at.
    PushRefused: Stream REFUSED_STREAM "RFC 9113 §8.4.2";

    /// PRIORITY_UPDATE came to a client.
    PriorityUpdateToClient: Connection PROTOCOL_ERROR "RFC 9218 §7.1";
    /// PRIORITY_UPDATE names a push stream that has not been promised.
    PriorityUpdateOfIdlePush: Connection PROTOCOL_ERROR "RFC 9218 §7.1";
    /// More streams have a priority before they are opened than may be open.
    TooManyPrioritizedStreams: Connection PROTOCOL_ERROR "RFC 9218 §7.1";
    /// GOAWAY names a last stream above the one that an earlier GOAWAY named.
    GoAwayRaised: Connection PROTOCOL_ERROR "RFC 9113 §6.8";
    /// The peer causes more answers than may wait to be written.
    TooManyReplies: Connection ENHANCE_YOUR_CALM "RFC 9113 §10.5";
    /// The peer sends more frames without use than its useful work and the time have earned.
    TooMuchNoise: Connection ENHANCE_YOUR_CALM "RFC 9113 §10.5";
    /// More streams end before their time, or are refused, than the peer's useful work and the time have earned.
    TooManyResets: Connection ENHANCE_YOUR_CALM "RFC 9113 §10.5";
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?} ({}, {})", self.code(), self.clause())
    }
}

impl core::error::Error for Violation {}

/// Why a connection ended other than gracefully.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The peer broke a rule whose scope is the connection; it has been sent GOAWAY with the rule's code.
    Violation(Violation),
    /// The peer ended the connection with GOAWAY and this code, which is not NO_ERROR.
    GoAway(ErrorCode),
    /// The transport ended within a frame, or while streams were open.
    UnexpectedEnd,
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => write!(f, "the peer broke the protocol: {violation}"),
            Self::GoAway(code) => write!(f, "the peer closed the connection with {code}"),
            Self::UnexpectedEnd => f.write_str("the transport ended too early"),
        }
    }
}

impl core::error::Error for ConnectionError {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn scopes_are_shown_by_name() {
        assert_eq!(
            [Scope::Stream, Scope::Connection].map(|scope| scope.to_string()),
            ["stream", "connection"]
        );
    }
}
