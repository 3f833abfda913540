//! From [`Fields`] to the `http` crate's types.

use alloc::vec::Vec;

use ::http::header::COOKIE;
use ::http::uri::{self, PathAndQuery, Scheme};
use ::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, request,
    response,
};

use super::error::FromFieldsError;
use super::protocol::Protocol;
use super::rules::{Section, check_allowed, is_token, parse_authority};
use crate::fields::{Fields, Indexing};

/// The request of this header section, without its body, as [`Version::HTTP_2`].
///
/// Where there is no `:authority`, the `Uri` takes it from `host`; `host` stays among the headers. Several `cookie`
/// fields become one (RFC 9113 §8.2.3). See [`http`](crate::http).
///
/// ```
/// use http::Request;
/// use sans_h2::Fields;
///
/// let fields = Fields::request("GET", "https", "example.com", "/").with("cookie", "a=1").with("cookie", "b=2");
/// let request = Request::try_from(&fields)?.map(|()| "a body");
/// assert_eq!(request.uri(), "https://example.com/");
/// assert_eq!(request.headers()["cookie"], "a=1; b=2");
/// # Ok::<(), sans_h2::http::FromFieldsError>(())
/// ```
impl TryFrom<&Fields> for Request<()> {
    type Error = FromFieldsError;

    fn try_from(fields: &Fields) -> Result<Self, FromFieldsError> {
        let target = Target::of(fields)?;
        let mut request = Self::new(());
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = headers(fields, Section::Request)?;
        *request.method_mut() = target.method;
        *request.uri_mut() = target.uri;
        if let Some(scheme) = target.scheme {
            request.extensions_mut().insert(scheme);
        }
        if let Some(protocol) = target.protocol {
            request.extensions_mut().insert(protocol);
        }
        Ok(request)
    }
}

/// The request of this header section, as [`Version::HTTP_2`].
impl TryFrom<&Fields> for request::Parts {
    type Error = FromFieldsError;

    fn try_from(fields: &Fields) -> Result<Self, FromFieldsError> {
        Ok(Request::try_from(fields)?.into_parts().0)
    }
}

/// The method of a request, without a look at its regular fields.
impl TryFrom<&Fields> for Method {
    type Error = FromFieldsError;

    fn try_from(fields: &Fields) -> Result<Self, FromFieldsError> {
        Ok(Target::of(fields)?.method)
    }
}

/// The target of a request, without a look at its regular fields but `host`, where there is no `:authority`.
///
/// ```
/// use http::Uri;
/// use sans_h2::Fields;
/// use sans_h2::http::FromFieldsError;
///
/// let uri = Uri::try_from(&Fields::request("GET", "https", "example.com", "/a?b"))?;
/// assert_eq!(uri, "https://example.com/a?b");
/// let refused = Uri::try_from(&Fields::request("GET", "https", "example.com", "a?b"));
/// assert_eq!(refused, Err(FromFieldsError::InvalidPath));
/// # Ok::<(), FromFieldsError>(())
/// ```
impl TryFrom<&Fields> for Uri {
    type Error = FromFieldsError;

    fn try_from(fields: &Fields) -> Result<Self, FromFieldsError> {
        Ok(Target::of(fields)?.uri)
    }
}

/// The response of this header section, without its body, as [`Version::HTTP_2`].
impl TryFrom<&Fields> for Response<()> {
    type Error = FromFieldsError;

    fn try_from(fields: &Fields) -> Result<Self, FromFieldsError> {
        let mut response = Self::new(());
        *response.version_mut() = Version::HTTP_2;
        *response.status_mut() = StatusCode::try_from(fields)?;
        *response.headers_mut() = headers(fields, Section::Response)?;
        Ok(response)
    }
}

/// The response of this header section, as [`Version::HTTP_2`].
impl TryFrom<&Fields> for response::Parts {
    type Error = FromFieldsError;

    fn try_from(fields: &Fields) -> Result<Self, FromFieldsError> {
        Ok(Response::try_from(fields)?.into_parts().0)
    }
}

/// The status of a response, without a look at its regular fields.
///
/// ```
/// use http::StatusCode;
/// use sans_h2::Fields;
/// use sans_h2::http::FromFieldsError;
///
/// assert_eq!(StatusCode::try_from(&Fields::response(204)), Ok(StatusCode::NO_CONTENT));
/// assert_eq!(StatusCode::try_from(&Fields::new()), Err(FromFieldsError::MissingPseudoField(":status")));
/// ```
impl TryFrom<&Fields> for StatusCode {
    type Error = FromFieldsError;

    fn try_from(fields: &Fields) -> Result<Self, FromFieldsError> {
        let Pseudo { method, scheme, authority, path, protocol, status } = Pseudo::of(fields)?;
        refuse(":method", method)?;
        refuse(":scheme", scheme)?;
        refuse(":authority", authority)?;
        refuse(":path", path)?;
        refuse(":protocol", protocol)?;
        Self::from_bytes(require(":status", status)?).map_err(|_| FromFieldsError::InvalidStatus)
    }
}

/// A trailer section, which has no pseudo-header field.
impl TryFrom<&Fields> for HeaderMap {
    type Error = FromFieldsError;

    fn try_from(fields: &Fields) -> Result<Self, FromFieldsError> {
        let Pseudo { method, scheme, authority, path, protocol, status } = Pseudo::of(fields)?;
        refuse(":method", method)?;
        refuse(":scheme", scheme)?;
        refuse(":authority", authority)?;
        refuse(":path", path)?;
        refuse(":protocol", protocol)?;
        refuse(":status", status)?;
        headers(fields, Section::Trailers)
    }
}

/// The pseudo-header fields (RFC 9113 §8.3, RFC 8441 §4).
#[derive(Debug, Default)]
struct Pseudo<'f> {
    method: Option<&'f [u8]>,
    scheme: Option<&'f [u8]>,
    authority: Option<&'f [u8]>,
    path: Option<&'f [u8]>,
    protocol: Option<&'f [u8]>,
    status: Option<&'f [u8]>,
}

impl<'f> Pseudo<'f> {
    fn of(fields: &'f Fields) -> Result<Self, FromFieldsError> {
        let mut pseudo = Self::default();
        let mut is_after_regular = false;
        for field in fields {
            if !field.name.starts_with(b":") {
                is_after_regular = true;
                continue;
            }
            let (name, place) = pseudo.place(field.name).ok_or(FromFieldsError::UnknownPseudoField)?;
            if is_after_regular {
                return Err(FromFieldsError::PseudoFieldAfterRegular(name));
            }
            if place.replace(field.value).is_some() {
                return Err(FromFieldsError::RepeatedPseudoField(name));
            }
        }
        Ok(pseudo)
    }

    fn place(&mut self, name: &[u8]) -> Option<(&'static str, &mut Option<&'f [u8]>)> {
        match name {
            b":method" => Some((":method", &mut self.method)),
            b":scheme" => Some((":scheme", &mut self.scheme)),
            b":authority" => Some((":authority", &mut self.authority)),
            b":path" => Some((":path", &mut self.path)),
            b":protocol" => Some((":protocol", &mut self.protocol)),
            b":status" => Some((":status", &mut self.status)),
            _ => None,
        }
    }
}

fn require<'f>(name: &'static str, value: Option<&'f [u8]>) -> Result<&'f [u8], FromFieldsError> {
    value.ok_or(FromFieldsError::MissingPseudoField(name))
}

fn refuse(name: &'static str, value: Option<&[u8]>) -> Result<(), FromFieldsError> {
    value.map_or(Ok(()), |_| Err(FromFieldsError::UnexpectedPseudoField(name)))
}

/// What the pseudo-header fields of a request say.
struct Target {
    method: Method,
    uri: Uri,
    /// Where the `Uri` cannot hold it.
    scheme: Option<Scheme>,
    protocol: Option<Protocol>,
}

impl Target {
    fn of(fields: &Fields) -> Result<Self, FromFieldsError> {
        let pseudo = Pseudo::of(fields)?;
        refuse(":status", pseudo.status)?;
        let method = require(":method", pseudo.method)?;
        let method = Method::from_bytes(method).map_err(|_| FromFieldsError::InvalidMethod)?;
        match (method == Method::CONNECT, pseudo.protocol) {
            (true, None) => Self::of_connect(method, &pseudo),
            (true, Some(protocol)) => {
                let name = core::str::from_utf8(protocol).map_err(|_| FromFieldsError::InvalidProtocol)?;
                let protocol = name.parse().map_err(|_| FromFieldsError::InvalidProtocol)?;
                let authority = require(":authority", pseudo.authority)?;
                Ok(Self { protocol: Some(protocol), ..Self::of_resource(method, &pseudo, Some(authority))? })
            }
            (false, protocol) => {
                refuse(":protocol", protocol)?;
                let authority = pseudo.authority.map_or_else(|| host(fields), |octets| Ok(Some(octets)))?;
                Self::of_resource(method, &pseudo, authority)
            }
        }
    }

    /// RFC 9113 §8.5: an authority and nothing else.
    fn of_connect(method: Method, pseudo: &Pseudo<'_>) -> Result<Self, FromFieldsError> {
        refuse(":scheme", pseudo.scheme)?;
        refuse(":path", pseudo.path)?;
        let authority = require(":authority", pseudo.authority)?;
        let authority = parse_authority(authority, None).ok_or(FromFieldsError::InvalidAuthority)?;
        Ok(Self { method, uri: Uri::from(authority), scheme: None, protocol: None })
    }

    fn of_resource(
        method: Method,
        pseudo: &Pseudo<'_>,
        authority: Option<&[u8]>,
    ) -> Result<Self, FromFieldsError> {
        let scheme = parse_scheme(require(":scheme", pseudo.scheme)?)?;
        let path = parse_path(require(":path", pseudo.path)?)?;
        let Some(authority) = authority else {
            return Ok(Self { method, uri: Uri::from(path), scheme: Some(scheme), protocol: None });
        };
        let authority = parse_authority(authority, Some(&scheme)).ok_or(FromFieldsError::InvalidAuthority)?;
        let mut parts = uri::Parts::default();
        parts.scheme = Some(scheme);
        parts.authority = Some(authority);
        parts.path_and_query = Some(path);
        let uri = Uri::from_parts(parts).map_err(|_| FromFieldsError::InvalidPath)?;
        Ok(Self { method, uri, scheme: None, protocol: None })
    }
}

/// RFC 3986 §3.1: a letter first, and case does not matter.
fn parse_scheme(octets: &[u8]) -> Result<Scheme, FromFieldsError> {
    match octets {
        _ if octets.eq_ignore_ascii_case(b"http") => Ok(Scheme::HTTP),
        _ if octets.eq_ignore_ascii_case(b"https") => Ok(Scheme::HTTPS),
        [b'a'..=b'z' | b'A'..=b'Z', ..] => {
            Scheme::try_from(octets).map_err(|_| FromFieldsError::InvalidScheme)
        }
        _ => Err(FromFieldsError::InvalidScheme),
    }
}

/// A path that the `http` crate takes to the last octet: it would cut off a fragment, and older versions of it do not
/// look at the length.
fn parse_path(octets: &[u8]) -> Result<PathAndQuery, FromFieldsError> {
    match octets {
        [b'/', ..] | b"*" if octets.len() <= MAX_PATH_OCTETS => PathAndQuery::try_from(octets)
            .ok()
            .filter(|path| path.as_str().len() == octets.len())
            .ok_or(FromFieldsError::InvalidPath),
        _ => Err(FromFieldsError::InvalidPath),
    }
}

/// What `host` says where there is no `:authority`; an empty one says that there is none (RFC 9110 §7.2).
fn host(fields: &Fields) -> Result<Option<&[u8]>, FromFieldsError> {
    let mut hosts = fields.iter().filter(|field| field.name == b"host").map(|field| field.value);
    match (hosts.next(), hosts.next()) {
        (None, _) | (Some([]), None) => Ok(None),
        (Some(host), None) => Ok(Some(host)),
        (Some(_), Some(_)) => Err(FromFieldsError::InvalidAuthority),
    }
}

fn headers(fields: &Fields, section: Section) -> Result<HeaderMap, FromFieldsError> {
    let mut headers = HeaderMap::with_capacity(fields.len().min(EXPECTED_FIELDS));
    for field in fields.iter().filter(|field| !field.name.starts_with(b":")) {
        let name = header_name(field.name).ok_or(FromFieldsError::InvalidFieldName)?;
        check_allowed(&name, field.value, section)?;
        let value = if name == COOKIE {
            if headers.contains_key(COOKIE) {
                continue;
            }
            cookie(fields)
        } else {
            header_value(field.value.to_vec(), field.indexing)
        };
        let value = value.ok_or_else(|| FromFieldsError::InvalidFieldValue(name.clone()))?;
        headers.try_append(name, value).map_err(|_| FromFieldsError::TooManyFields)?;
    }
    Ok(headers)
}

/// RFC 9113 §8.2.3: all `cookie` fields in one; a secret if any of them is.
fn cookie(fields: &Fields) -> Option<HeaderValue> {
    let mut joined = Vec::new();
    let mut indexing = Indexing::Auto;
    for (index, crumb) in fields.iter().filter(|field| field.name == b"cookie").enumerate() {
        joined.extend_from_slice(if index == 0 { b"" } else { b"; " });
        joined.extend_from_slice(crumb.value);
        if crumb.indexing == Indexing::Never {
            indexing = Indexing::Never;
        }
    }
    header_value(joined, indexing)
}

/// The `http` crate lets a quotation mark pass, which is no part of a token.
fn header_name(octets: &[u8]) -> Option<HeaderName> {
    HeaderName::from_lowercase(octets).ok().filter(|_| is_token(octets))
}

fn header_value(octets: Vec<u8>, indexing: Indexing) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(octets).ok()?;
    value.set_sensitive(indexing == Indexing::Never);
    Some(value)
}

/// Room for a usual section; a larger one grows the map.
const EXPECTED_FIELDS: usize = 64;

/// The longest path that the `http` crate can take apart: it keeps the place of the query in 16 bits.
const MAX_PATH_OCTETS: usize = u16::MAX as usize - 1;
