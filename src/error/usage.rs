//! The caller's mistakes: calls that are refused, and values out of range.

use core::fmt;

use super::Violation;

/// Why [`Connection::open`](crate::Connection::open) or [`Connection::push`](crate::Connection::push) refused to open
/// a stream. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpenError {
    /// Only a client opens streams with requests (RFC 9113 §8.1).
    NotClient,
    /// Only a server promises streams (RFC 9113 §8.4).
    NotServer,
    /// The client takes no promises (RFC 9113 §6.5.2).
    PushDisabled,
    /// The stream on which the promise would be made is not a request whose response is still being sent
    /// (RFC 9113 §6.6).
    NoSuchRequest,
    /// The request breaks this rule, for which the peer would reset its stream (RFC 9113 §8.1.1).
    Malformed(Violation),
    /// As many streams wait or are open as [`Config::max_open_streams`](crate::Config::max_open_streams) allows, or
    /// [`Config::max_pushes`](crate::Config::max_pushes) at a server.
    TooManyStreams,
    /// The stream identifiers are used up; a new connection is needed (RFC 9113 §5.1.1).
    IdsExhausted,
    /// One of the two ends is shutting the connection down (RFC 9113 §6.8).
    ShuttingDown,
    /// The connection is closed.
    Closed,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(violation) => return write!(f, "the request is malformed: {violation}"),
            Self::NotClient => "only a client opens streams",
            Self::NotServer => "only a server promises streams",
            Self::PushDisabled => "the client takes no promises",
            Self::NoSuchRequest => "there is no request to answer with a promise",
            Self::TooManyStreams => "too many streams are open",
            Self::IdsExhausted => "the stream identifiers are used up",
            Self::ShuttingDown => "the connection is shutting down",
            Self::Closed => "the connection is closed",
        })
    }
}

impl core::error::Error for OpenError {}

/// Why a connection could not be taken over from HTTP/1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UpgradeError {
    /// `HTTP2-Settings` is not in base64url (RFC 7540 §3.2.1).
    InvalidSettings,
    /// `HTTP2-Settings` holds settings that break this rule.
    Violation(Violation),
    /// The request breaks this rule of HTTP/2's messages (RFC 9113 §8.1.1).
    Malformed(Violation),
    /// The request is CONNECT: its connection becomes a tunnel, if anything.
    Connect,
    /// The settings for the first SETTINGS frame cannot be sent.
    Control(ControlError),
}

impl fmt::Display for UpgradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidSettings => f.write_str("HTTP2-Settings is not in base64url"),
            Self::Violation(violation) => write!(f, "HTTP2-Settings breaks the protocol: {violation}"),
            Self::Malformed(violation) => write!(f, "the request is malformed: {violation}"),
            Self::Connect => f.write_str("CONNECT is no request to upgrade with"),
            Self::Control(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for UpgradeError {}

/// Why a command on a [`Stream`](crate::Stream) was refused. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// This half of the stream has ended already.
    Ended,
    /// DATA cannot come before the final header section.
    HeadersFirst,
    /// A second header section must be the last of the stream: trailers end it (RFC 9113 §8.1).
    TrailersNotLast,
    /// An interim response cannot end the stream (RFC 9113 §8.1).
    InterimLast,
    /// The section breaks this rule, for which the peer would reset the stream (RFC 9113 §8.1.1).
    Malformed(Violation),
    /// The content would be longer or shorter than `content-length` says, or there may be none (RFC 9113 §8.1.1).
    ContentLength,
    /// `content-length` stands where no sender may put it: in a response 1xx or 204, in one 2xx to CONNECT (RFC 9110
    /// §8.6), or in trailers (§6.5.1).
    ///
    /// Received, it is no violation but means nothing: RFC 9113 §8.1.1 allows it where there is no content, RFC 9110
    /// has a client ignore it after CONNECT (§9.3.6), and trailers frame nothing.
    ContentLengthForbidden,
    /// The stream is a tunnel: only data may be sent (RFC 9113 §8.5).
    HeadersInTunnel,
    /// The stream's send buffer is full; wait for [`Event::Writable`](crate::Event::Writable).
    Full,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(violation) => return write!(f, "the section is malformed: {violation}"),
            Self::Ended => "this half of the stream has ended",
            Self::HeadersFirst => "the header section must come before data",
            Self::TrailersNotLast => "trailers must end the stream",
            Self::InterimLast => "an interim response cannot end the stream",
            Self::ContentLength => "the content is not as long as content-length says",
            Self::ContentLengthForbidden => "content-length may not stand in this section",
            Self::HeadersInTunnel => "only data may be sent on a tunnel",
            Self::Full => "the stream's send buffer is full",
        })
    }
}

impl core::error::Error for SendError {}

/// Why a command about the whole connection was refused. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ControlError {
    /// Too many PINGs or SETTINGS of ours still wait for their acknowledgement, or too many streams with a priority to
    /// be opened.
    TooManyPending,
    /// The frame is none that may be sent as an extension in this role.
    InvalidExtension,
    /// The payload is longer than the peer takes, or, of SETTINGS, than every peer takes (RFC 9113 §4.2).
    TooLong,
    /// The peer's SETTINGS say that it ignores this kind of priority signal (RFC 9218 §2.1.1).
    PriorityIgnored,
    /// The setting cannot have this value.
    InvalidSetting(ConfigError),
    /// The connection is closed.
    Closed,
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyPending => {
                f.write_str("too many frames wait for what they announce or for their acknowledgement")
            }
            Self::InvalidExtension => f.write_str("the frame may not be sent as an extension"),
            Self::TooLong => f.write_str("the payload is longer than the peer takes"),
            Self::PriorityIgnored => f.write_str("the peer ignores this kind of priority signal"),
            Self::InvalidSetting(error) => error.fmt(f),
            Self::Closed => f.write_str("the connection is closed"),
        }
    }
}

impl core::error::Error for ControlError {}

/// A configuration value outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConfigError {
    /// The name of the [`Config`](crate::Config) value.
    pub name: &'static str,
    /// What it was given.
    pub value: u32,
    /// The smallest value that it takes.
    pub least: u32,
    /// The largest value that it takes.
    pub most: u32,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, which is not within {} to {}", self.name, self.value, self.least, self.most)
    }
}

impl core::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::*;

    const RULE: Violation = Violation::MissingPseudoField;
    const RANGE: ConfigError = ConfigError { name: "max_pushes", value: 9, least: 1, most: 8 };

    /// Texts that tell the errors apart, and read as the end of a sentence that the caller begins.
    fn assert_distinct(texts: &[String]) {
        for (nth, text) in texts.iter().enumerate() {
            assert!(!texts[..nth].contains(text), "{text} comes twice");
            assert!(!text.is_empty());
            assert!(!text.ends_with('.'), "{text}");
        }
    }

    fn texts<T: ToString>(errors: &[T]) -> Vec<String> {
        errors.iter().map(T::to_string).collect()
    }

    #[test]
    fn each_error_has_a_text_of_its_own() {
        assert_distinct(&texts(&[
            OpenError::NotClient,
            OpenError::NotServer,
            OpenError::PushDisabled,
            OpenError::NoSuchRequest,
            OpenError::Malformed(RULE),
            OpenError::TooManyStreams,
            OpenError::IdsExhausted,
            OpenError::ShuttingDown,
            OpenError::Closed,
        ]));
        assert_distinct(&texts(&[
            UpgradeError::InvalidSettings,
            UpgradeError::Violation(RULE),
            UpgradeError::Malformed(RULE),
            UpgradeError::Connect,
            UpgradeError::Control(ControlError::TooLong),
        ]));
        assert_distinct(&texts(&[
            SendError::Ended,
            SendError::HeadersFirst,
            SendError::TrailersNotLast,
            SendError::InterimLast,
            SendError::Malformed(RULE),
            SendError::ContentLength,
            SendError::ContentLengthForbidden,
            SendError::HeadersInTunnel,
            SendError::Full,
        ]));
        assert_distinct(&texts(&[
            ControlError::TooManyPending,
            ControlError::InvalidExtension,
            ControlError::TooLong,
            ControlError::PriorityIgnored,
            ControlError::InvalidSetting(RANGE),
            ControlError::Closed,
        ]));
    }

    #[test]
    fn an_error_says_what_is_behind_it() {
        let rule = RULE.to_string();
        for text in [
            OpenError::Malformed(RULE).to_string(),
            SendError::Malformed(RULE).to_string(),
            UpgradeError::Malformed(RULE).to_string(),
            UpgradeError::Violation(RULE).to_string(),
        ] {
            assert!(text.contains(&rule), "{text}");
        }
        let setting = ControlError::InvalidSetting(RANGE);
        assert_eq!(UpgradeError::Control(setting).to_string(), RANGE.to_string());
        for part in ["max_pushes", "9", "1", "8"] {
            assert!(RANGE.to_string().contains(part), "{part}");
        }
    }
}
