//! From the `http` crate's types to [`Fields`].

use ::http::header::HOST;
use ::http::uri::{PathAndQuery, Scheme};
use ::http::{
    Extensions, HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, request, response,
};

use super::error::IntoFieldsError;
use super::protocol::Protocol;
use super::rules::{Section, check_allowed, names_forbidden_user, parse_authority};
use crate::fields::{Field, Fields, Indexing};

/// The header section of the request; its body and version do not matter. See [`http`](crate::http).
impl<T> TryFrom<&Request<T>> for Fields {
    type Error = IntoFieldsError;

    fn try_from(request: &Request<T>) -> Result<Self, IntoFieldsError> {
        Head {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
        .fields()
    }
}

/// The header section of the request; its version does not matter. See [`http`](crate::http).
impl TryFrom<&request::Parts> for Fields {
    type Error = IntoFieldsError;

    fn try_from(parts: &request::Parts) -> Result<Self, IntoFieldsError> {
        Head {
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
            extensions: &parts.extensions,
        }
        .fields()
    }
}

/// The pseudo-header fields of a request, to add others to.
///
/// ```
/// use http::{Method, Uri};
/// use sans_h2::Fields;
///
/// let uri = Uri::from_static("http://example.com");
/// let fields = Fields::try_from((&Method::GET, &uri))?.with("accept", "*/*");
/// assert_eq!(fields, Fields::request("GET", "http", "example.com", "/").with("accept", "*/*"));
/// # Ok::<(), sans_h2::http::IntoFieldsError>(())
/// ```
impl TryFrom<(&Method, &Uri)> for Fields {
    type Error = IntoFieldsError;

    fn try_from((method, uri): (&Method, &Uri)) -> Result<Self, IntoFieldsError> {
        Head { method, uri, headers: &HeaderMap::new(), extensions: &Extensions::new() }.fields()
    }
}

/// The header section of the response; its body, version and extensions do not matter.
impl<T> TryFrom<&Response<T>> for Fields {
    type Error = IntoFieldsError;

    fn try_from(response: &Response<T>) -> Result<Self, IntoFieldsError> {
        add_headers(response.status().into(), response.headers(), Section::Response)
    }
}

/// The header section of the response; its version and extensions do not matter.
impl TryFrom<&response::Parts> for Fields {
    type Error = IntoFieldsError;

    fn try_from(parts: &response::Parts) -> Result<Self, IntoFieldsError> {
        add_headers(parts.status.into(), &parts.headers, Section::Response)
    }
}

/// A response without other fields, to add them to.
impl From<StatusCode> for Fields {
    fn from(status: StatusCode) -> Self {
        Self::response(status.as_u16())
    }
}

/// A trailer section.
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use sans_h2::Fields;
///
/// let mut trailers = HeaderMap::new();
/// trailers.insert("grpc-status", HeaderValue::from_static("0"));
/// let fields = Fields::try_from(&trailers)?;
/// assert_eq!(fields, Fields::new().with("grpc-status", "0"));
/// assert_eq!(HeaderMap::try_from(&fields)?, trailers);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl TryFrom<&HeaderMap> for Fields {
    type Error = IntoFieldsError;

    fn try_from(trailers: &HeaderMap) -> Result<Self, IntoFieldsError> {
        add_headers(Self::new(), trailers, Section::Trailers)
    }
}

/// What a request is made of.
#[derive(Clone, Copy)]
struct Head<'r> {
    method: &'r Method,
    uri: &'r Uri,
    headers: &'r HeaderMap,
    extensions: &'r Extensions,
}

impl Head<'_> {
    fn fields(self) -> Result<Fields, IntoFieldsError> {
        add_headers(self.pseudo_fields()?, self.headers, Section::Request)
    }

    fn pseudo_fields(self) -> Result<Fields, IntoFieldsError> {
        let mut fields = Fields::new().with(":method", self.method.as_str());
        let protocol = self.extensions.get::<Protocol>();
        let is_connect = self.method == Method::CONNECT;
        if protocol.is_some() && !is_connect {
            return Err(IntoFieldsError::ProtocolWithoutConnect);
        }
        // RFC 9113 §8.5: a plain CONNECT has neither scheme nor path.
        let names_resource = !is_connect || protocol.is_some();
        let scheme = if names_resource { Some(self.scheme()?) } else { None };
        let authority = self.authority(scheme)?;
        if is_connect && authority.is_none() {
            return Err(IntoFieldsError::MissingAuthority);
        }
        push_present(&mut fields, ":scheme", scheme.map(|scheme| scheme.as_str().as_bytes()));
        push_present(&mut fields, ":authority", authority);
        if names_resource {
            push_path(&mut fields, self.method, self.uri);
        }
        push_present(&mut fields, ":protocol", protocol.map(|protocol| protocol.as_str().as_bytes()));
        Ok(fields)
    }

    fn scheme(&self) -> Result<&Scheme, IntoFieldsError> {
        self.uri.scheme().or_else(|| self.extensions.get()).ok_or(IntoFieldsError::MissingScheme)
    }

    /// RFC 9113 §8.3.1: the target's, whatever `host` says. A target that is a path only left it to `host`.
    fn authority(&self, scheme: Option<&Scheme>) -> Result<Option<&[u8]>, IntoFieldsError> {
        match self.uri.authority() {
            Some(authority) if names_forbidden_user(authority, scheme) => {
                Err(IntoFieldsError::InvalidAuthority)
            }
            Some(authority) => Ok(Some(authority.as_str().as_bytes())),
            None => self.host(scheme),
        }
    }

    /// What `host` names; nothing where it is empty, for a target without an authority (RFC 9110 §7.2).
    fn host(&self, scheme: Option<&Scheme>) -> Result<Option<&[u8]>, IntoFieldsError> {
        let mut hosts = self.headers.get_all(HOST).iter().map(octets);
        match (hosts.next(), hosts.next()) {
            (None, _) | (Some([]), None) => Ok(None),
            (Some(host), None) if parse_authority(host, scheme).is_some() => Ok(Some(host)),
            (Some(_), _) => Err(IntoFieldsError::InvalidAuthority),
        }
    }
}

fn push_present(fields: &mut Fields, name: &str, value: Option<&[u8]>) {
    if let Some(value) = value {
        fields.push(Field::new(name.as_bytes(), value));
    }
}

/// RFC 9113 §8.3.1: a URI without a path is the root's, or for OPTIONS the server's.
fn push_path(fields: &mut Fields, method: &Method, uri: &Uri) {
    let path = uri.path_and_query().map_or("", PathAndQuery::as_str);
    match path.as_bytes() {
        [] if method == Method::OPTIONS => push_present(fields, ":path", Some(b"*")),
        [] => push_present(fields, ":path", Some(b"/")),
        [b'?', ..] => push_present(fields, ":path", Some(["/", path].concat().as_bytes())),
        whole => push_present(fields, ":path", Some(whole)),
    }
}

/// Adds the headers to the pseudo-header fields; `host` only where no `:authority` says the same.
fn add_headers(mut fields: Fields, headers: &HeaderMap, section: Section) -> Result<Fields, IntoFieldsError> {
    let has_authority = fields.get(":authority").is_some();
    for (name, value) in headers {
        if has_authority && name == HOST {
            continue;
        }
        check_allowed(name, octets(value), section)?;
        let indexing = if value.is_sensitive() { Indexing::Never } else { Indexing::Auto };
        fields.push(Field { indexing, ..Field::new(name.as_str().as_bytes(), octets(value)) });
    }
    Ok(fields)
}

/// The value proper: HTTP/1.1 allows white space around it, HTTP/2 does not (RFC 9113 §8.2.1).
fn octets(value: &HeaderValue) -> &[u8] {
    value.as_bytes().trim_ascii()
}
