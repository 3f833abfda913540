//! HTTP/1.1 requests: what they ask for, as HTTP/2 would say it, and whether they ask to go on in HTTP/2.

use std::iter;

use httparse::{EMPTY_HEADER, Header, Status};
use sans_h2::{Fields, UPGRADE_TOKEN};

/// A request whose head has come whole.
#[derive(Debug)]
pub struct Request {
    /// As HTTP/2 would carry it: without what only concerns the connection.
    pub fields: Fields,
    pub content: Content,
    pub expectation: Expectation,
    /// The value of `HTTP2-Settings`, if the client asks for an upgrade that can be granted.
    pub upgrade: Option<String>,
    /// How many octets the head took.
    pub octets: usize,
}

/// How the body is told from what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// By its length, which is zero if there is no body.
    Length(u64),
    /// By a transfer coding.
    Coded,
}

/// Whether the client waits for a 100 response before it sends the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    None,
    Continue,
}

/// Why a head is no request: the status to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub u16);

impl Request {
    /// Looks at all that a client has sent so far; `None` if the head is not complete.
    ///
    /// # Errors
    ///
    /// When it is not, and cannot become, a request of HTTP/1.1 that makes sense.
    pub fn parse(octets: &[u8]) -> Result<Option<Self>, Refused> {
        let mut headers = [EMPTY_HEADER; MOST_FIELDS];
        let mut head = httparse::Request::new(&mut headers);
        let octets = match head.parse(octets) {
            Ok(Status::Complete(octets)) => octets,
            Ok(Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(TOO_LARGE),
            Err(_) => return Err(BAD),
        };
        let (Some(method), Some(target), Some(version)) = (head.method, head.path, head.version) else {
            return Err(BAD);
        };
        let version = if version == 0 { Version::Http10 } else { Version::Http11 };
        let head = Head { version, method, target, headers: head.headers };
        let content = head.content()?;
        Ok(Some(Self {
            fields: head.fields()?,
            content,
            expectation: head.expectation(),
            upgrade: if content == Content::Length(0) { head.upgrade() } else { None },
            octets,
        }))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Http10,
    Http11,
}

/// A head that follows the grammar; its lists and numbers are still to be looked at.
struct Head<'h> {
    version: Version,
    method: &'h str,
    target: &'h str,
    headers: &'h [Header<'h>],
}

impl<'h> Head<'h> {
    fn values(&self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        let named = self.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| header.value.trim_ascii())
    }

    /// The elements of a list over all fields of this name (RFC 9110 §5.6.1).
    fn elements(&self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        self.values(name).flat_map(|value| value.split(|&octet| octet == b',')).map(<[u8]>::trim_ascii)
    }

    fn lists(&self, name: &str, wanted: &str) -> bool {
        self.elements(name).any(|element| element.eq_ignore_ascii_case(wanted.as_bytes()))
    }

    /// RFC 9112 §6.3.
    fn content(&self) -> Result<Content, Refused> {
        let mut lengths = self.elements("content-length");
        let coded = self.values("transfer-encoding").next().is_some();
        match (lengths.next(), coded) {
            (None, false) => Ok(Content::Length(0)),
            (None, true) => Ok(Content::Coded),
            // One of them lies.
            (Some(_), true) => Err(BAD),
            (Some(length), false) => {
                if lengths.any(|other| other != length) {
                    return Err(BAD);
                }
                number(length).map(Content::Length).ok_or(BAD)
            }
        }
    }

    fn expectation(&self) -> Expectation {
        match self.version {
            Version::Http11 if self.lists("expect", "100-continue") => Expectation::Continue,
            Version::Http10 | Version::Http11 => Expectation::None,
        }
    }

    /// RFC 7540 §3.2.1 asks for exactly one `HTTP2-Settings`, and for `Connection` to name it; RFC 9110 §7.8 lets no
    /// client of HTTP/1.0 upgrade.
    fn upgrade(&self) -> Option<String> {
        let asked = self.version == Version::Http11
            && self.lists("upgrade", UPGRADE_TOKEN)
            && ["upgrade", SETTINGS].iter().all(|option| self.lists("connection", option));
        let mut settings = self.values(SETTINGS);
        match (asked, settings.next(), settings.next()) {
            (true, Some(settings), None) => String::from_utf8(settings.to_vec()).ok(),
            _ => None,
        }
    }

    fn fields(&self) -> Result<Fields, Refused> {
        let (authority, path) = self.locate().ok_or(BAD)?;
        let mut fields = Fields::new().with(":method", self.method).with(":scheme", "http");
        if !authority.is_empty() {
            fields = fields.with(":authority", authority);
        }
        fields = fields.with(":path", path);
        for header in self.headers {
            let name = header.name.to_ascii_lowercase();
            // RFC 9113 §8.2.2; `host` became :authority.
            let dropped = OF_THE_CONNECTION.contains(&name.as_str()) || self.lists("connection", &name);
            if !dropped {
                fields = fields.with(name, header.value.trim_ascii());
            }
        }
        Ok(fields)
    }

    /// The authority and the path (RFC 9112 §3.2).
    fn locate(&self) -> Option<(&'h [u8], String)> {
        let mut hosts = self.values("host");
        let host = match (hosts.next(), hosts.next(), self.version) {
            (Some(host), None, _) => host,
            (None, _, Version::Http10) => b"",
            _ => return None,
        };
        if self.target.starts_with('/') {
            return Some((host, self.target.to_string()));
        }
        match (self.method, self.target) {
            ("OPTIONS", "*") => return Some((host, "*".to_string())),
            ("CONNECT", authority) => return Some((authority.as_bytes(), String::new())),
            _ => {}
        }
        // What stands in the target goes before `Host`.
        let (scheme, rest) = self.target.split_at_checked(HTTP.len())?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let slash = if path.starts_with('/') { "" } else { "/" };
        let valid = scheme.eq_ignore_ascii_case(HTTP) && !authority.is_empty();
        valid.then(|| (authority.as_bytes(), format!("{slash}{path}")))
    }
}

/// The head of a response, which is the last one on its connection.
pub fn response_head(fields: &Fields) -> Vec<u8> {
    let status = fields.get(":status").unwrap_or_default();
    let reason = http::StatusCode::from_bytes(status).ok().and_then(|status| status.canonical_reason());
    let line = [b"HTTP/1.1 ", status, b" ", reason.unwrap_or_default().as_bytes(), b"\r\n"].concat();
    let regular = fields.iter().filter(|field| !field.name.starts_with(b":"));
    iter::once(line)
        .chain(regular.map(|field| [field.name, b": ", field.value, b"\r\n"].concat()))
        .chain([b"connection: close\r\n\r\n".to_vec()])
        .flatten()
        .collect()
}

/// `None` for anything but digits that fit.
fn number(digits: &[u8]) -> Option<u64> {
    // `parse` alone would take a sign.
    let digits = digits.iter().all(u8::is_ascii_digit).then(|| std::str::from_utf8(digits).ok())??;
    digits.parse().ok()
}

/// It makes no sense.
pub const BAD: Refused = Refused(400);

/// It is more than we want to look at.
pub const TOO_LARGE: Refused = Refused(431);

/// What the upgrade needs beside `Upgrade` itself, in lower case.
const SETTINGS: &str = "http2-settings";

/// What HTTP/2 says in another way, or not at all.
const OF_THE_CONNECTION: [&str; 8] =
    ["connection", "host", SETTINGS, "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

const HTTP: &str = "http://";

/// As many as the engine takes by default.
const MOST_FIELDS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(head: &str) -> Result<Option<Request>, Refused> {
        Request::parse(format!("{}\r\n\r\n", head.replace('\n', "\r\n")).as_bytes())
    }

    fn request(head: &str) -> Request {
        parse(head).unwrap_or_else(|_| panic!("{head:?}")).unwrap_or_else(|| panic!("{head:?}"))
    }

    #[test]
    fn fields_become_those_of_http_2() {
        let head =
            "GET /a?b HTTP/1.1\nHost: h:8\nAccept: x \nConnection: X-Hop, close\nX-Hop: 1\nTE: trailers";
        let request = request(head);
        let expected = Fields::request("GET", "http", "h:8", "/a?b").with("accept", "x");
        let pairs = |fields: &Fields| -> Vec<_> {
            let mut pairs: Vec<_> =
                fields.iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect();
            pairs.sort();
            pairs
        };
        assert_eq!(pairs(&request.fields), pairs(&expected));
        assert_eq!((request.content, request.octets), (Content::Length(0), head.len() + 6 + 3));
    }

    #[test]
    fn targets_have_four_forms() {
        for (line, authority, path) in [
            ("GET / HTTP/1.1", "host", "/"),
            ("GET http://other/x HTTP/1.1", "other", "/x"),
            ("GET HTTP://other HTTP/1.1", "other", "/"),
            ("GET http://other?x HTTP/1.1", "other", "/?x"),
            ("OPTIONS * HTTP/1.1", "host", "*"),
            ("CONNECT other:1 HTTP/1.1", "other:1", ""),
        ] {
            let fields = request(&format!("{line}\nHost: host")).fields;
            assert_eq!(fields.get(":authority"), Some(authority.as_bytes()), "{line}");
            assert_eq!(fields.get(":path"), Some(path.as_bytes()), "{line}");
        }
        for target in ["*", "x", "https://host/", "http://", "http:///x"] {
            let line = format!("GET {target} HTTP/1.1\nHost: host");
            assert_eq!(parse(&line).err(), Some(BAD), "{target}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let many = "\nX: y".repeat(MOST_FIELDS);
        for (head, refused) in [
            ("GET / HTTP/1.1", BAD),
            ("GET / HTTP/1.1\nHost: a\nHost: a", BAD),
            ("GET / HTTP/2.0\nHost: a", BAD),
            ("G@T / HTTP/1.1\nHost: a", BAD),
            ("GET / HTTP/1.1\nHost : a", BAD),
            ("POST / HTTP/1.1\nHost: a\nContent-Length: +1", BAD),
            ("POST / HTTP/1.1\nHost: a\nContent-Length: 1\nContent-Length: 2", BAD),
            ("POST / HTTP/1.1\nHost: a\nContent-Length: 1\nTransfer-Encoding: chunked", BAD),
            (&format!("GET / HTTP/1.1\nHost: a{many}"), TOO_LARGE),
        ] {
            assert_eq!(parse(head).err(), Some(refused), "{head:?}");
        }
        assert!(matches!(Request::parse(b"GET / HTTP/1.1\r\nHost: a\r\n"), Ok(None)));
        assert!(matches!(parse("GET / HTTP/1.0"), Ok(Some(_))));
    }

    #[test]
    fn an_upgrade_needs_all_its_fields_and_no_body() {
        let whole = "GET / HTTP/1.1\nHost: a\nConnection: Upgrade, HTTP2-Settings\nUpgrade: x, h2c\nHTTP2-Settings: AAA";
        assert_eq!(request(whole).upgrade.as_deref(), Some("AAA"));
        for (part, other) in [
            ("Upgrade, HTTP2-Settings", "Upgrade"),
            ("Upgrade, HTTP2-Settings", "HTTP2-Settings"),
            ("h2c", "h2"),
            ("HTTP2-Settings: AAA", "HTTP2-Settings: AAA\nHTTP2-Settings: AAA"),
            ("\nHTTP2-Settings: AAA", ""),
            ("HTTP/1.1", "HTTP/1.0"),
            ("Host: a", "Host: a\nContent-Length: 1"),
            ("Host: a", "Host: a\nTransfer-Encoding: chunked"),
        ] {
            assert_eq!(request(&whole.replace(part, other)).upgrade, None, "{part} -> {other}");
        }
    }
}
