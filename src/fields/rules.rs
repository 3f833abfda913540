//! What the fields of a message must be (RFC 9113 §8.2, §8.3; RFC 9110 §5): one rule set for what we receive and for
//! what we send.

use super::names::{NameKind, PSEUDO_FIELDS};
pub(crate) use super::octets::Grammar;
use super::octets::{ValueKind, decimal};
use super::{Fields, Nature, octets};
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
        match usual(fields, section) {
            Some(summary) => Ok(summary),
            None => self.check_each(fields, section),
        }
    }

    /// The same with a look at each field, also for what is wrong first.
    #[inline(never)]
    fn check_each(self, fields: &Fields, section: Section) -> Result<Summary, Violation> {
        let mut seen = Seen::default();
        for record in fields.records() {
            let nature = record.nature();
            if nature.is_ordinary() {
                seen.regular = true;
                continue;
            }
            match nature.right_pseudo() {
                Some(pseudo) => seen.take_pseudo(pseudo, record.value, nature.value_kind())?,
                None => seen.take(self.name_kind_of(nature)?, record.value, section)?,
            }
        }
        match section {
            Section::Request(extended) => self.check_request(&seen, extended),
            Section::Response => check_response(&seen),
            Section::Trailers if seen.pseudo_count == 0 => Ok(seen.summary(Method::Other, Status::Other)),
            Section::Trailers => Err(Violation::PseudoFieldNotAllowed),
        }
    }

    /// The kind of a name, if both it and its value are of the octets that they may have.
    #[inline]
    fn name_kind_of(self, nature: Nature) -> Result<NameKind, Violation> {
        if !nature.value_kind().keeps(self.grammar) {
            return Err(Violation::InvalidFieldValue);
        }
        match nature.name_kind() {
            NameKind::Invalid => Err(Violation::InvalidFieldName),
            NameKind::Minimal if self.grammar == Grammar::Full => Err(Violation::InvalidFieldName),
            kind => Ok(kind),
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
    fn check_request(self, seen: &Seen<'_>, extended: ExtendedConnect) -> Result<Summary, Violation> {
        if seen.get(NameKind::Status).is_some() {
            return Err(Violation::PseudoFieldNotAllowed);
        }
        let method = method_of(seen.get(NameKind::Method).ok_or(Violation::MissingPseudoField)?)?;
        match (method, seen.get(NameKind::Protocol)) {
            (Method::Connect, None) => check_connect(seen)?,
            (Method::Connect, Some(protocol)) if extended == ExtendedConnect::Allowed => {
                self.check_extended_connect(seen, protocol)?;
            }
            (_, Some(_)) => return Err(Violation::PseudoFieldNotAllowed),
            (_, None) => self.check_target(seen, method)?,
        }
        match (self.host, seen.host) {
            (Host::Compared, Some(host)) => check_host(host, seen)?,
            (Host::Compared, None) | (Host::Ignored, _) => {}
        }
        Ok(seen.summary(method, Status::Other))
    }

    /// RFC 8441 §4: the target in full.
    fn check_extended_connect(self, seen: &Seen<'_>, protocol: &[u8]) -> Result<(), Violation> {
        if !octets::is_token(protocol) {
            return Err(Violation::InvalidProtocol);
        }
        self.check_target(seen, Method::Connect)
    }

    fn check_target(self, seen: &Seen<'_>, method: Method) -> Result<(), Violation> {
        let scheme = seen.get(NameKind::Scheme).ok_or(Violation::MissingPseudoField)?;
        let path = seen.get(NameKind::Path).ok_or(Violation::MissingPseudoField)?;
        let is_http = seen.is_valid(NameKind::Scheme);
        if !is_http && !octets::is_scheme(scheme) {
            return Err(Violation::InvalidScheme);
        }
        let path_fits = match path {
            [b'/', ..] => seen.is_valid(NameKind::Path),
            [b'*'] if is_http => method == Method::Options,
            // RFC 9113 §8.3.1 leaves the paths of other schemes to them.
            [_, ..] => !is_http && octets::is_path(path),
            [] => !is_http,
        };
        if !path_fits {
            return Err(Violation::InvalidPath);
        }
        let Some(authority) = seen.get(NameKind::Authority) else { return Ok(()) };
        let authority_fits = match self.authority {
            Authority::HostAndPort if is_http => seen.is_valid(NameKind::Authority),
            Authority::HostAndPort => octets::is_authority_with_user(authority),
            // RFC 9113 §8.3.1, and RFC 9110 §4.2.1: there is no `http` without a host.
            Authority::Any if is_http => octets::is_any_authority_without_user(authority),
            Authority::Any => octets::is_any_authority(authority),
        };
        if authority_fits { Ok(()) } else { Err(Violation::InvalidAuthority) }
    }
}

/// What a section says that has nothing remarkable: the outline of its list tells that it keeps all rules, however
/// strict, but for what is read here.
fn usual(fields: &Fields, section: Section) -> Option<Summary> {
    let outline = fields.outline;
    let (mut method, mut status, mut content_length) = (Method::Other, Status::Other, None);
    match section {
        Section::Request(_) if outline.is_of_request() => {
            method = method_of(fields.value_of(NameKind::Method)?).ok()?;
            // It has a target of its own kind.
            if method == Method::Connect {
                return None;
            }
        }
        Section::Response if outline.is_of_response() => {
            status = status_of(fields.value_of(NameKind::Status)).ok()?;
        }
        Section::Trailers if outline.is_of_trailers() => {}
        Section::Request(_) | Section::Response | Section::Trailers => return None,
    }
    if outline.has_content_length() && section != Section::Trailers {
        content_length = Some(decimal(fields.value_of(NameKind::ContentLength)?)?);
    }
    Some(Summary { method, status, content_length, has_priority: outline.has_priority() })
}

/// What has been seen of a section, as far as it matters to the whole.
#[derive(Debug, Default)]
struct Seen<'f> {
    /// The pseudo-header fields, by the kinds of their names.
    pseudo: [Option<&'f [u8]>; PSEUDO_FIELDS],
    /// How many of them there are.
    pseudo_count: u8,
    /// Which of them are [valid](octets::is_valid): a bit each.
    valid: u8,
    /// Whether there is any other field.
    regular: bool,
    host: Option<&'f [u8]>,
    content_length: Option<u64>,
    has_priority: bool,
}

impl<'f> Seen<'f> {
    /// The value of a pseudo-header field.
    #[inline]
    fn get(&self, pseudo: NameKind) -> Option<&'f [u8]> {
        self.pseudo.get(pseudo as usize).copied().flatten()
    }

    /// Whether there is a pseudo-header field that is valid as a whole.
    #[inline]
    const fn is_valid(&self, pseudo: NameKind) -> bool {
        self.valid >> pseudo as u8 & 1 == 1
    }

    /// A pseudo-header field, by the number of its name's kind.
    #[inline]
    fn take_pseudo(&mut self, number: usize, value: &'f [u8], kind: ValueKind) -> Result<(), Violation> {
        let Some(place) = self.pseudo.get_mut(number) else { return Ok(()) };
        self.valid |= u8::from(kind == ValueKind::Valid).wrapping_shl(number as u32);
        // There is at most one of each.
        self.pseudo_count = self.pseudo_count.wrapping_add(1);
        match place.replace(value) {
            _ if self.regular => Err(Violation::PseudoFieldAfterRegular),
            None => Ok(()),
            Some(_) => Err(Violation::RepeatedPseudoField),
        }
    }

    #[inline]
    fn take(&mut self, kind: NameKind, value: &'f [u8], section: Section) -> Result<(), Violation> {
        if (kind as usize) < PSEUDO_FIELDS {
            // One of the right octets would not have come here.
            return self.take_pseudo(kind as usize, value, ValueKind::Minimal);
        }
        let is_late = core::mem::replace(&mut self.regular, true);
        match (kind, section) {
            (NameKind::UnknownPseudo, _) if is_late => Err(Violation::PseudoFieldAfterRegular),
            (NameKind::UnknownPseudo, _) => Err(Violation::UnknownPseudoField),
            (NameKind::ConnectionSpecific, _) => Err(Violation::ConnectionSpecificField),
            (NameKind::Te, Section::Request(_)) if octets::is_valid(value, NameKind::Te) => Ok(()),
            (NameKind::Te, _) => Err(Violation::InvalidTe),
            (NameKind::Host, Section::Request(_)) => match self.host.replace(value) {
                None => Ok(()),
                Some(_) => Err(Violation::HostMismatch),
            },
            (NameKind::ContentLength, Section::Request(_) | Section::Response) => {
                self.take_content_length(value)
            }
            (NameKind::Priority, _) => {
                self.has_priority = true;
                Ok(())
            }
            _ => Ok(()),
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

    const fn summary(&self, method: Method, status: Status) -> Summary {
        Summary { method, status, content_length: self.content_length, has_priority: self.has_priority }
    }
}

/// RFC 9113 §8.5: a host and a port, and nothing else.
fn check_connect(seen: &Seen<'_>) -> Result<(), Violation> {
    if seen.get(NameKind::Scheme).is_some() || seen.get(NameKind::Path).is_some() {
        return Err(Violation::PseudoFieldNotAllowed);
    }
    let authority = seen.get(NameKind::Authority).ok_or(Violation::MissingPseudoField)?;
    // RFC 9110 §9.3.6: a port that there is not is rejected, as is none.
    let port = octets::split_port(authority).1.and_then(decimal);
    let has_port = port.is_some_and(|port| (1..=u64::from(u16::MAX)).contains(&port));
    if seen.is_valid(NameKind::Authority) && has_port { Ok(()) } else { Err(Violation::InvalidAuthority) }
}

/// RFC 9113 §8.3.1: `host` may not name another server than `:authority`, normalised as RFC 3986 §6.2.3 has it.
fn check_host(host: &[u8], seen: &Seen<'_>) -> Result<(), Violation> {
    let Some(authority) = seen.get(NameKind::Authority) else { return Ok(()) };
    let default = match seen.get(NameKind::Scheme) {
        Some(scheme) if scheme.eq_ignore_ascii_case(b"http") => &b"80"[..],
        Some(scheme) if scheme.eq_ignore_ascii_case(b"https") => b"443",
        Some(_) | None => b"",
    };
    let [(host, port), (name, other)] = [host, authority].map(octets::split_port);
    let [port, other] = [port, other].map(|port| port.filter(|port| !port.is_empty() && *port != default));
    if host.eq_ignore_ascii_case(name) && port == other { Ok(()) } else { Err(Violation::HostMismatch) }
}

/// RFC 9113 §8.3.2.
fn check_response(seen: &Seen<'_>) -> Result<Summary, Violation> {
    let status = status_of(seen.get(NameKind::Status))?;
    if seen.pseudo_count != 1 {
        return Err(Violation::PseudoFieldNotAllowed);
    }
    Ok(seen.summary(Method::Other, status))
}

fn method_of(method: &[u8]) -> Result<Method, Violation> {
    match method {
        b"GET" => Ok(Method::Get),
        b"HEAD" => Ok(Method::Head),
        b"OPTIONS" => Ok(Method::Options),
        b"CONNECT" => Ok(Method::Connect),
        b"POST" => Ok(Method::Other),
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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    type Pair = (&'static str, &'static str);

    const REQUEST: [Pair; 4] =
        [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "/")];

    /// Each field that an outline tells from others, and what is like it.
    const FIELDS: [Pair; 35] = [
        (":method", "POST"),
        (":method", "CONNECT"),
        (":method", "OPTIONS"),
        (":method", "a b"),
        (":scheme", "http"),
        (":scheme", "ftp"),
        (":authority", "[::1]:80"),
        (":authority", "u@a"),
        (":authority", ""),
        (":path", "/a"),
        (":path", "*"),
        (":protocol", "websocket"),
        (":status", "200"),
        (":status", "101"),
        (":status", "20"),
        (":other", ""),
        ("a", "b"),
        ("a", " b"),
        ("a", "\x7f"),
        ("{", "b"),
        ("A", "b"),
        ("te", "trailers"),
        ("te", "gzip"),
        ("content-length", "7"),
        ("content-length", " 7"),
        ("content-length", "7\x7f"),
        ("content-length", "x"),
        ("content-length", "18446744073709551616"),
        ("priority", "u=1"),
        ("priority", " "),
        ("host", "a"),
        ("host", "b"),
        ("connection", "close"),
        ("upgrade", "\r"),
        ("cookie", "c"),
    ];

    fn all_rules() -> impl Iterator<Item = Rules> {
        [Grammar::Full, Grammar::Minimal].into_iter().flat_map(|grammar| {
            [Host::Compared, Host::Ignored].into_iter().flat_map(move |host| {
                [Authority::HostAndPort, Authority::Any].map(|authority| Rules { grammar, host, authority })
            })
        })
    }

    const SECTIONS: [Section; 4] = [
        Section::Request(ExtendedConnect::Allowed),
        Section::Request(ExtendedConnect::Forbidden),
        Section::Response,
        Section::Trailers,
    ];

    fn assert_same(fields: &[Pair]) {
        let list: Fields = fields.iter().copied().collect();
        for section in SECTIONS {
            if let Some(summary) = usual(&list, section) {
                for rules in all_rules() {
                    assert_eq!(rules.check_each(&list, section), Ok(summary), "{fields:?} {section:?}");
                }
            }
        }
    }

    #[test]
    fn what_the_outline_says_is_what_each_field_says() {
        let [method, scheme, _, path] = REQUEST;
        let models = [
            &REQUEST[..],
            &[method, scheme, path],
            &[(":status", "200")],
            &[],
            &[scheme, path],
            &[method, path],
            &[method, scheme],
        ];
        for model in models {
            for (one, other) in FIELDS.iter().flat_map(|one| FIELDS.map(|other| (*one, other))) {
                for at in 0..=model.len() {
                    let mut fields = model.to_vec();
                    fields.insert(at, one);
                    assert_same(&fields);
                    fields.push(other);
                    assert_same(&fields);
                    fields.insert(0, other);
                    assert_same(&fields);
                }
            }
        }
    }

    /// Lists are equal by their fields: only the rules tell what else was copied.
    #[test]
    fn a_copy_takes_the_outline_over() {
        let [request, odd, response] =
            [&REQUEST[..], &[(":method", "GET"), ("A", "b"), ("a", " b"), ("a", "b")], &[(":status", "200")]]
                .map(|fields| fields.iter().copied().collect::<Fields>());
        let rules = Rules { grammar: Grammar::Full, host: Host::Compared, authority: Authority::HostAndPort };
        for (from, onto) in [(&request, &odd), (&odd, &request), (&request, &response), (&response, &odd)] {
            let mut copy = onto.clone();
            copy.clone_from(from);
            assert_eq!(&copy, from);
            for section in SECTIONS {
                assert_eq!(usual(&copy, section), usual(from, section), "{section:?}");
                assert_eq!(rules.check(&copy, section), rules.check_each(from, section), "{section:?}");
            }
        }
    }

    #[test]
    fn usual_sections_are_known_by_their_outline() {
        let is_usual = |fields: &[Pair], section| usual(&fields.iter().copied().collect(), section).is_some();
        let regular = [("te", "trailers"), ("priority", "u=1"), ("content-length", "7"), ("a", "b")];
        let mut request: Vec<Pair> = REQUEST.into_iter().chain(regular).collect();
        let section = Section::Request(ExtendedConnect::Forbidden);
        for _ in 0..4 {
            assert!(is_usual(&request, section));
            request[..4].rotate_left(1);
        }
        let [status, length] = [(":status", "200"), ("content-length", "7")];
        assert!(is_usual(&[status, ("a", "b"), length], Section::Response));
        assert!(is_usual(&[("a", "b"), length], Section::Trailers));
        for (fields, section) in
            [(&[status][..], section), (&request, Section::Response), (&REQUEST, Section::Trailers)]
        {
            assert!(!is_usual(fields, section));
        }
    }
}
