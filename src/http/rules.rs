//! What both directions refuse alike.

use ::http::HeaderName;
use ::http::uri::{Authority, Scheme};

use super::error::{FromFieldsError, IntoFieldsError};

/// Which section of a message the headers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Request,
    Response,
    Trailers,
}

/// Why a header has no place in HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    ConnectionSpecific(&'static str),
    Te,
}

/// RFC 9113 §8.2.2.
pub(super) fn check_allowed(name: &HeaderName, value: &[u8], section: Section) -> Result<(), Refusal> {
    match name.as_str() {
        "connection" => Err(Refusal::ConnectionSpecific("connection")),
        "keep-alive" => Err(Refusal::ConnectionSpecific("keep-alive")),
        "proxy-connection" => Err(Refusal::ConnectionSpecific("proxy-connection")),
        "transfer-encoding" => Err(Refusal::ConnectionSpecific("transfer-encoding")),
        "upgrade" => Err(Refusal::ConnectionSpecific("upgrade")),
        "te" if section != Section::Request || !value.eq_ignore_ascii_case(b"trailers") => Err(Refusal::Te),
        _ => Ok(()),
    }
}

impl From<Refusal> for IntoFieldsError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::ConnectionSpecific(name) => Self::ConnectionSpecificField(name),
            Refusal::Te => Self::InvalidTe,
        }
    }
}

impl From<Refusal> for FromFieldsError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::ConnectionSpecific(name) => Self::ConnectionSpecificField(name),
            Refusal::Te => Self::InvalidTe,
        }
    }
}

/// The authority in these octets, if they are one that the scheme allows.
pub(super) fn parse_authority(octets: &[u8], scheme: Option<&Scheme>) -> Option<Authority> {
    let authority = Authority::try_from(octets).ok()?;
    let is_whole = authority.as_str().len() == octets.len();
    if is_whole && !names_forbidden_user(&authority, scheme) { Some(authority) } else { None }
}

/// RFC 9113 §8.3.1: no user in the authority for the web's own schemes; nor for CONNECT, which has no scheme.
pub(super) fn names_forbidden_user(authority: &Authority, scheme: Option<&Scheme>) -> bool {
    authority.as_str().contains('@')
        && scheme.is_none_or(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS)
}

/// RFC 9110 §5.6.2.
pub(super) const fn is_token(name: &[u8]) -> bool {
    let mut rest = name;
    while let [octet, after @ ..] = rest {
        let in_token = octet.is_ascii_alphanumeric()
            || matches!(octet, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-')
            || matches!(octet, b'.' | b'^' | b'_' | b'`' | b'|' | b'~');
        if !in_token {
            return false;
        }
        rest = after;
    }
    !name.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_what_the_rfc_says() {
        let all: &[u8] = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        for octet in 0..=u8::MAX {
            assert_eq!(is_token(&[octet]), all.contains(&octet), "{octet:#x}");
        }
        assert!(!is_token(b""));
        assert!(is_token(b"connect-udp"));
        assert!(!is_token(b"web socket"));
    }
}
