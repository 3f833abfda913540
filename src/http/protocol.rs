//! The `:protocol` of an extended CONNECT, which the `http` crate has no type for.

use alloc::borrow::{Cow, ToOwned};
use core::fmt;
use core::str::FromStr;

use super::rules::is_token;

/// What an extended CONNECT request makes of its stream: its `:protocol` (RFC 8441 §4), as an extension of a request.
///
/// ```
/// use http::{Method, Request};
/// use sans_h2::Fields;
/// use sans_h2::http::Protocol;
///
/// const WEBSOCKET: Protocol = Protocol::from_static("websocket");
///
/// let request = Request::connect("https://example.com/chat").extension(WEBSOCKET).body(())?;
/// let fields = Fields::try_from(&request)?;
/// assert_eq!(fields, Fields::request("CONNECT", "https", "example.com", "/chat").with(":protocol", "websocket"));
///
/// let received = Request::try_from(&fields)?;
/// assert_eq!(received.extensions().get(), Some(&WEBSOCKET));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Protocol(Cow<'static, str>);

impl Protocol {
    /// The protocol of this name.
    ///
    /// # Panics
    ///
    /// When the name is not a token; in a constant, the compiler says so.
    pub const fn from_static(name: &'static str) -> Self {
        assert!(is_token(name.as_bytes()), "the name of a protocol is a token");
        Self(Cow::Borrowed(name))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Protocol {
    type Err = InvalidProtocol;

    fn from_str(name: &str) -> Result<Self, InvalidProtocol> {
        if is_token(name.as_bytes()) { Ok(Self(Cow::Owned(name.to_owned()))) } else { Err(InvalidProtocol) }
    }
}

impl AsRef<str> for Protocol {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that cannot be a protocol's, for it is not a token (RFC 9110 §5.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvalidProtocol;

impl fmt::Display for InvalidProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a protocol is a token")
    }
}

impl core::error::Error for InvalidProtocol {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_its_name() {
        let parsed: Protocol = "websocket".parse().unwrap();
        assert_eq!(parsed, Protocol::from_static("websocket"));
        assert_eq!((parsed.as_str(), parsed.as_ref()), ("websocket", "websocket"));
        assert_eq!(alloc::format!("{parsed}"), "websocket");
        assert_eq!("".parse::<Protocol>(), Err(InvalidProtocol));
        assert!(alloc::format!("{InvalidProtocol}").contains("token"));
    }
}
