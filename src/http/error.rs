//! What does not go from the `http` crate into a list of fields, or back.

use core::fmt;

use ::http::HeaderName;

/// Why a value of the `http` crate makes no [`Fields`](crate::Fields).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IntoFieldsError {
    /// The request says nowhere which scheme it is for: not in its `Uri`, and there is no
    /// [`Scheme`](::http::uri::Scheme) among its extensions.
    MissingScheme,
    /// A CONNECT request says nowhere where to connect to: neither in its `Uri` nor by a `host` header.
    MissingAuthority,
    /// The authority has a user part (RFC 9113 §8.3.1), or it was to come from a `host` header that is none or comes
    /// more than once.
    InvalidAuthority,
    /// A [`Protocol`](super::Protocol) among the extensions of a request that is not CONNECT (RFC 8441 §4).
    ProtocolWithoutConnect,
    /// This header speaks of an HTTP/1.1 connection and has no place in HTTP/2 (RFC 9113 §8.2.2): remove it first.
    ConnectionSpecificField(&'static str),
    /// `te` with another value than `trailers`, or outside a request (RFC 9113 §8.2.2).
    InvalidTe,
}

impl fmt::Display for IntoFieldsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingScheme => f.write_str("the request has no scheme"),
            Self::MissingAuthority => f.write_str("the CONNECT request has no authority"),
            Self::InvalidAuthority => f.write_str("the request's authority is invalid"),
            Self::ProtocolWithoutConnect => f.write_str("only a CONNECT request can have a protocol"),
            Self::ConnectionSpecificField(name) => write!(f, "{name} is specific to HTTP/1.1 connections"),
            Self::InvalidTe => f.write_str("te can only be \"trailers\", in a request"),
        }
    }
}

impl core::error::Error for IntoFieldsError {}

/// Why [`Fields`](crate::Fields) make no value of the `http` crate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FromFieldsError {
    /// This pseudo-header field is missing.
    MissingPseudoField(&'static str),
    /// This pseudo-header field comes twice.
    RepeatedPseudoField(&'static str),
    /// This pseudo-header field has no place here: in a response, in trailers, or beside the request's method.
    UnexpectedPseudoField(&'static str),
    /// A pseudo-header field that no RFC defines.
    UnknownPseudoField,
    /// This pseudo-header field comes after a regular field (RFC 9113 §8.3).
    PseudoFieldAfterRegular(&'static str),
    /// `:method` is not a token.
    InvalidMethod,
    /// `:scheme` is not a scheme.
    InvalidScheme,
    /// `:authority`, or the `host` field that stands for it, is not an authority, or has a user part.
    InvalidAuthority,
    /// `:path` is neither a path with its query nor `*`, or has 65,535 octets or more.
    InvalidPath,
    /// `:protocol` is not a token.
    InvalidProtocol,
    /// `:status` is not a number from 100 to 999.
    InvalidStatus,
    /// A name that is empty or 65,536 octets and longer, or has an octet that no name has, such as an upper-case
    /// letter.
    InvalidFieldName,
    /// The value of this field has a control character.
    InvalidFieldValue(HeaderName),
    /// This field speaks of an HTTP/1.1 connection and has no place in HTTP/2 (RFC 9113 §8.2.2).
    ConnectionSpecificField(&'static str),
    /// `te` with another value than `trailers`, or outside a request (RFC 9113 §8.2.2).
    InvalidTe,
    /// More fields of different names than a `HeaderMap` holds.
    TooManyFields,
}

impl fmt::Display for FromFieldsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingPseudoField(name) => write!(f, "{name} is missing"),
            Self::RepeatedPseudoField(name) => write!(f, "{name} comes twice"),
            Self::UnexpectedPseudoField(name) => write!(f, "{name} has no place here"),
            Self::UnknownPseudoField => f.write_str("unknown pseudo-header field"),
            Self::PseudoFieldAfterRegular(name) => write!(f, "{name} comes after a regular field"),
            Self::InvalidMethod => f.write_str("invalid :method"),
            Self::InvalidScheme => f.write_str("invalid :scheme"),
            Self::InvalidAuthority => f.write_str("invalid :authority or host"),
            Self::InvalidPath => f.write_str("invalid :path"),
            Self::InvalidProtocol => f.write_str("invalid :protocol"),
            Self::InvalidStatus => f.write_str("invalid :status"),
            Self::InvalidFieldName => f.write_str("invalid field name"),
            Self::InvalidFieldValue(name) => write!(f, "invalid value of {name}"),
            Self::ConnectionSpecificField(name) => write!(f, "{name} is specific to HTTP/1.1 connections"),
            Self::InvalidTe => f.write_str("te can only be \"trailers\", in a request"),
            Self::TooManyFields => f.write_str("more fields than a header map holds"),
        }
    }
}

impl core::error::Error for FromFieldsError {}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::*;

    fn assert_distinct<T: ToString>(errors: &[T]) {
        let texts: Vec<String> = errors.iter().map(T::to_string).collect();
        for (nth, text) in texts.iter().enumerate() {
            assert!(!texts[..nth].contains(text), "{text} comes twice");
            assert!(!text.is_empty());
            assert!(!text.ends_with('.'), "{text}");
        }
    }

    #[test]
    fn each_error_has_a_text_of_its_own() {
        assert_distinct(&[
            IntoFieldsError::MissingScheme,
            IntoFieldsError::MissingAuthority,
            IntoFieldsError::InvalidAuthority,
            IntoFieldsError::ProtocolWithoutConnect,
            IntoFieldsError::ConnectionSpecificField("upgrade"),
            IntoFieldsError::InvalidTe,
        ]);
        assert_distinct(&[
            FromFieldsError::MissingPseudoField(":path"),
            FromFieldsError::RepeatedPseudoField(":path"),
            FromFieldsError::UnexpectedPseudoField(":path"),
            FromFieldsError::UnknownPseudoField,
            FromFieldsError::PseudoFieldAfterRegular(":path"),
            FromFieldsError::InvalidMethod,
            FromFieldsError::InvalidScheme,
            FromFieldsError::InvalidAuthority,
            FromFieldsError::InvalidPath,
            FromFieldsError::InvalidProtocol,
            FromFieldsError::InvalidStatus,
            FromFieldsError::InvalidFieldName,
            FromFieldsError::InvalidFieldValue(HeaderName::from_static("etag")),
            FromFieldsError::ConnectionSpecificField("upgrade"),
            FromFieldsError::InvalidTe,
            FromFieldsError::TooManyFields,
        ]);
    }

    #[test]
    fn an_error_names_its_field() {
        for error in [
            FromFieldsError::RepeatedPseudoField(":path"),
            FromFieldsError::UnexpectedPseudoField(":path"),
            FromFieldsError::PseudoFieldAfterRegular(":path"),
        ] {
            assert!(error.to_string().contains(":path"), "{error}");
        }
        assert!(FromFieldsError::ConnectionSpecificField("upgrade").to_string().contains("upgrade"));
    }
}
