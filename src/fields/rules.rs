//! What the fields of a message must be (RFC 9113 §8.2, §8.3; RFC 9110 §5): one rule set for what we receive and for
//! what we send.

pub(crate) use super::octets::Grammar;
use super::octets::decimal;
use super::{Field, Fields, octets};
use crate::error::Violation;

/// How strict the rules are where the RFCs leave that open. Everything else holds in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// RFC 9113 §8.2.1.
    pub(crate) grammar: Grammar,
    pub(crate) host: Host,
    pub(crate) authority: Authority,
}

/// Whether `host` is held against `:authority`, as a server should (RFC 9113 §8.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Compared,
    /// The caller compares them, or writes `host` anew.
    Ignored,
}

/// Whether `:authority` is read (RFC 3986 §3.2). That of CONNECT is in any case (RFC 9113 §8.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authority {
    /// It is a host, perhaps with a port.
    HostAndPort,
    /// What it says is the caller's to judge.
    Any,
}

/// Which section of a message fields make up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Request(ExtendedConnect),
    Response,
    Trailers,
}

/// Whether the server has allowed `:protocol` by SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExtendedConnect {
    Allowed,
    Forbidden,
}

/// What a valid section says that the rest of its message depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) method: Method,
    pub(crate) status: Status,
    pub(crate) content_length: Option<u64>,
    /// Whether there is a `priority` field (RFC 9218 §5).
    pub(crate) has_priority: bool,
}

/// The methods that have rules of their own; `Other` also where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Safe and cacheable.
    Get,
    /// Safe and cacheable; its response has no content.
    Head,
    /// Its path may be `*`.
    Options,
    /// A successful response makes the stream a tunnel (RFC 9113 §8.5).
    Connect,
    Other,
}

/// What a status code says about the rest of the response; `Other` also where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// 100 to 199: the final response is still to come.
    Interim,
    /// 204.
    NoContent,
    /// 304: there is no content.
    WithoutContent,
    /// 200 to 299, but for 204.
    Success,
    Other,
}

impl Rules {
    /// Checks a whole section.
    pub(crate) fn check(self, fields: &Fields, section: Section) -> Result<Summary, Violation> {
        let mut pseudo = Pseudo::default();
        let mut regular = Regular::default();
        for field in fields {
            if !octets::is_value(field.value, self.grammar) {
                return Err(Violation::InvalidFieldValue);
            }
            match field.name.split_first() {
                Some((b':', name)) if regular.is_empty() => pseudo.take(name, field.value)?,
                Some((b':', _)) => return Err(Violation::PseudoFieldAfterRegular),
                Some(_) | None if !octets::is_name(field.name, self.grammar) => {
                    return Err(Violation::InvalidFieldName);
                }
                Some(_) | None => regular.take(&field, section)?,
            }
        }
        match section {
            Section::Request(extended) => self.check_request(&pseudo, &regular, extended),
            Section::Response => check_response(&pseudo, &regular),
            Section::Trailers if pseudo == Pseudo::default() => {
                Ok(Summary::of(&regular, Method::Other, Status::Other))
            }
            Section::Trailers => Err(Violation::PseudoFieldNotAllowed),
        }
    }

    /// Checks a promised request: safe, cacheable, without content, and for a named server (RFC 9113 §8.4).
    pub(crate) fn check_promise(self, fields: &Fields) -> Result<Summary, Violation> {
        let summary = self.check(fields, Section::Request(ExtendedConnect::Forbidden))?;
        match summary.method {
            Method::Get | Method::Head => {}
            Method::Options | Method::Connect | Method::Other => return Err(Violation::UnsafePromise),
        }
        if summary.content_length.is_some_and(|octets| octets > 0) {
            return Err(Violation::PromiseWithContent);
        }
        fields.get(":authority").ok_or(Violation::MissingPseudoField)?;
        Ok(summary)
    }

    /// RFC 9113 §8.3.1.
    fn check_request(
        self,
        pseudo: &Pseudo<'_>,
        regular: &Regular<'_>,
        extended: ExtendedConnect,
    ) -> Result<Summary, Violation> {
        if pseudo.status.is_some() {
            return Err(Violation::PseudoFieldNotAllowed);
        }
        let method = method_of(pseudo.method.ok_or(Violation::MissingPseudoField)?)?;
        match (method, pseudo.protocol) {
            (Method::Connect, None) => check_connect(pseudo)?,
            (Method::Connect, Some(protocol)) if extended == ExtendedConnect::Allowed => {
                self.check_extended_connect(pseudo, protocol)?;
            }
            (_, Some(_)) => return Err(Violation::PseudoFieldNotAllowed),
            (_, None) => self.check_target(pseudo, method)?,
        }
        match self.host {
            Host::Compared => check_host(pseudo, regular.host)?,
            Host::Ignored => {}
        }
        Ok(Summary::of(regular, method, Status::Other))
    }

    /// RFC 8441 §4: the target in full.
    fn check_extended_connect(self, pseudo: &Pseudo<'_>, protocol: &[u8]) -> Result<(), Violation> {
        if !octets::is_token(protocol) {
            return Err(Violation::InvalidProtocol);
        }
        self.check_target(pseudo, Method::Connect)
    }

    fn check_target(self, pseudo: &Pseudo<'_>, method: Method) -> Result<(), Violation> {
        let scheme = pseudo.scheme.ok_or(Violation::MissingPseudoField)?;
        let path = pseudo.path.ok_or(Violation::MissingPseudoField)?;
        let is_http = is_http(scheme);
        if !is_http && !octets::is_scheme(scheme) {
            return Err(Violation::InvalidScheme);
        }
        let path_fits = match path.split_first() {
            Some((b'/', rest)) => octets::is_path(rest),
            Some((b'*', [])) if is_http => method == Method::Options,
            // RFC 9113 §8.3.1 leaves the paths of other schemes to them.
            Some(_) => !is_http && octets::is_path(path),
            None => !is_http,
        };
        if !path_fits {
            return Err(Violation::InvalidPath);
        }
        let Some(authority) = pseudo.authority else { return Ok(()) };
        let authority_fits = match self.authority {
            Authority::HostAndPort if is_http => octets::is_authority(authority),
            Authority::HostAndPort => octets::is_authority_with_user(authority),
            // RFC 9113 §8.3.1, and RFC 9110 §4.2.1: there is no `http` without a host.
            Authority::Any if is_http => octets::is_any_authority_without_user(authority),
            Authority::Any => octets::is_any_authority(authority),
        };
        if authority_fits { Ok(()) } else { Err(Violation::InvalidAuthority) }
    }
}

/// The pseudo-header fields (RFC 9113 §8.3, RFC 8441 §4).
#[derive(Debug, Default, PartialEq, Eq)]
struct Pseudo<'f> {
    method: Option<&'f [u8]>,
    scheme: Option<&'f [u8]>,
    authority: Option<&'f [u8]>,
    path: Option<&'f [u8]>,
    protocol: Option<&'f [u8]>,
    status: Option<&'f [u8]>,
}

impl<'f> Pseudo<'f> {
    fn take(&mut self, name: &[u8], value: &'f [u8]) -> Result<(), Violation> {
        let place = match name {
            b"method" => &mut self.method,
            b"scheme" => &mut self.scheme,
            b"authority" => &mut self.authority,
            b"path" => &mut self.path,
            b"protocol" => &mut self.protocol,
            b"status" => &mut self.status,
            _ => return Err(Violation::UnknownPseudoField),
        };
        match place.replace(value) {
            None => Ok(()),
            Some(_) => Err(Violation::RepeatedPseudoField),
        }
    }
}

/// What matters of the other fields.
#[derive(Debug, Default)]
struct Regular<'f> {
    count: usize,
    host: Option<&'f [u8]>,
    content_length: Option<u64>,
    has_priority: bool,
}

impl<'f> Regular<'f> {
    const fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn take(&mut self, field: &Field<'f>, section: Section) -> Result<(), Violation> {
        self.count = self.count.saturating_add(1);
        match (field.name, section) {
            // RFC 9113 §8.2.2.
            (b"connection" | b"proxy-connection" | b"keep-alive" | b"transfer-encoding" | b"upgrade", _) => {
                Err(Violation::ConnectionSpecificField)
            }
            (b"te", Section::Request(_)) if field.value.eq_ignore_ascii_case(b"trailers") => Ok(()),
            (b"te", _) => Err(Violation::InvalidTe),
            (b"host", Section::Request(_)) => match self.host.replace(field.value) {
                None => Ok(()),
                Some(_) => Err(Violation::HostMismatch),
            },
            (b"content-length", Section::Request(_) | Section::Response) => {
                self.take_content_length(field.value)
            }
            (b"priority", _) => {
                self.has_priority = true;
                Ok(())
            }
            (_, _) => Ok(()),
        }
    }

    /// RFC 9110 §8.6: digits, and one value only.
    fn take_content_length(&mut self, value: &[u8]) -> Result<(), Violation> {
        let length = decimal(value).ok_or(Violation::InvalidContentLength)?;
        match self.content_length.replace(length) {
            None => Ok(()),
            Some(_) => Err(Violation::InvalidContentLength),
        }
    }
}

impl Summary {
    const fn of(regular: &Regular<'_>, method: Method, status: Status) -> Self {
        Self { method, status, content_length: regular.content_length, has_priority: regular.has_priority }
    }
}

fn is_http(scheme: &[u8]) -> bool {
    matches!(scheme, b"https" | b"http")
        || scheme.eq_ignore_ascii_case(b"https")
        || scheme.eq_ignore_ascii_case(b"http")
}

/// RFC 9113 §8.5: a host and a port, and nothing else.
fn check_connect(pseudo: &Pseudo<'_>) -> Result<(), Violation> {
    if pseudo.scheme.is_some() || pseudo.path.is_some() {
        return Err(Violation::PseudoFieldNotAllowed);
    }
    let authority = pseudo.authority.ok_or(Violation::MissingPseudoField)?;
    // RFC 9110 §9.3.6: a port that there is not is rejected, as is none.
    let port = octets::split_port(authority).1.and_then(decimal);
    let has_port = port.is_some_and(|port| (1..=u64::from(u16::MAX)).contains(&port));
    if octets::is_authority(authority) && has_port { Ok(()) } else { Err(Violation::InvalidAuthority) }
}

/// RFC 9113 §8.3.1: `host` may not name another server than `:authority`, normalised as RFC 3986 §6.2.3 has it.
fn check_host(pseudo: &Pseudo<'_>, host: Option<&[u8]>) -> Result<(), Violation> {
    let (Some(host), Some(authority)) = (host, pseudo.authority) else { return Ok(()) };
    let default = match pseudo.scheme {
        Some(scheme) if scheme.eq_ignore_ascii_case(b"http") => &b"80"[..],
        Some(scheme) if scheme.eq_ignore_ascii_case(b"https") => b"443",
        Some(_) | None => b"",
    };
    let [(host, port), (name, other)] = [host, authority].map(octets::split_port);
    let [port, other] = [port, other].map(|port| port.filter(|port| !port.is_empty() && *port != default));
    if host.eq_ignore_ascii_case(name) && port == other { Ok(()) } else { Err(Violation::HostMismatch) }
}

/// RFC 9113 §8.3.2.
fn check_response(pseudo: &Pseudo<'_>, regular: &Regular<'_>) -> Result<Summary, Violation> {
    let status = status_of(pseudo.status)?;
    if *pseudo != (Pseudo { status: pseudo.status, ..Pseudo::default() }) {
        return Err(Violation::PseudoFieldNotAllowed);
    }
    Ok(Summary::of(regular, Method::Other, status))
}

fn method_of(method: &[u8]) -> Result<Method, Violation> {
    match method {
        b"GET" => Ok(Method::Get),
        b"HEAD" => Ok(Method::Head),
        b"OPTIONS" => Ok(Method::Options),
        b"CONNECT" => Ok(Method::Connect),
        _ if octets::is_token(method) => Ok(Method::Other),
        _ => Err(Violation::InvalidMethod),
    }
}

fn status_of(status: Option<&[u8]>) -> Result<Status, Violation> {
    match status.ok_or(Violation::MissingPseudoField)? {
        // RFC 9113 §8.6: a stream cannot switch protocols.
        b"101" => Err(Violation::SwitchingProtocols),
        b"204" => Ok(Status::NoContent),
        b"304" => Ok(Status::WithoutContent),
        [b'1', b'0'..=b'9', b'0'..=b'9'] => Ok(Status::Interim),
        [b'2', b'0'..=b'9', b'0'..=b'9'] => Ok(Status::Success),
        [b'3'..=b'9', b'0'..=b'9', b'0'..=b'9'] => Ok(Status::Other),
        _ => Err(Violation::InvalidStatus),
    }
}
