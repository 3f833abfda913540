//! What there is to serve, and how a request is answered.

use std::path::Path;

use bytes::Bytes;
use sans_h2::Fields;

use super::files::Files;
use crate::body::{Body, Echo};

/// A directory of files or the built-in page, and the two services beside them.
pub struct Site {
    files: Option<Files>,
    /// The header section of the built-in page, made once.
    page: Fields,
    push: Push,
}

/// Whether what the built-in page needs is pushed along with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    Never,
    WithPage,
}

/// A response: its header section, and the body unless there is none.
pub struct Answer {
    pub head: Fields,
    pub body: Option<Body>,
}

impl Site {
    /// # Errors
    ///
    /// When `root` is not a directory that can be found.
    pub fn new(root: Option<&Path>, push: Push) -> anyhow::Result<Self> {
        let files = root.map(Files::new).transpose()?;
        Ok(Self { files, page: ok("text/html; charset=utf-8", PAGE.len() as u64), push })
    }

    /// The request that the client is going to make after this one, if it is to be answered at once.
    pub fn promise(&self, request: &Fields) -> Option<Fields> {
        if self.push == Push::Never || self.files.is_some() || request.get(":method") != Some(b"GET") {
            return None;
        }
        let page = matches!(request.get(":path"), Some(b"/" | b"/index.html"));
        let promise = |scheme, authority| {
            let fields = Fields::new().with(":method", "GET").with(":scheme", scheme);
            fields.with(":authority", authority).with(":path", STYLE_PATH)
        };
        page.then(|| Some(promise(request.get(":scheme")?, request.get(":authority")?)))?
    }

    /// The answer to a request with these fields.
    pub fn answer(&self, request: &Fields) -> Answer {
        let target = request.get(":path").and_then(|path| std::str::from_utf8(path).ok()).unwrap_or_default();
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        let method = request.get(":method").unwrap_or_default();
        let mut answer = match (method, path) {
            (b"CONNECT", "/echo") if request.get(":protocol") == Some(b"websocket") => websocket(request),
            (b"POST", "/echo") => echo(request),
            (_, "/echo") => not_allowed("POST"),
            (b"GET" | b"HEAD", _) => match path.strip_prefix("/bytes/") {
                Some(number) => bytes(number),
                None => self.file(path),
            },
            _ => not_allowed("GET, HEAD"),
        };
        if method == b"HEAD" {
            answer.body = None;
        }
        answer
    }

    fn file(&self, path: &str) -> Answer {
        let Some(files) = &self.files else {
            return match path {
                "/" | "/index.html" => {
                    Answer { head: self.page.clone(), body: Some(Body::Whole(Bytes::from_static(PAGE))) }
                }
                STYLE_PATH => Answer {
                    head: ok("text/css; charset=utf-8", STYLE.len() as u64),
                    body: Some(Body::Whole(Bytes::from_static(STYLE))),
                },
                _ => not_found(),
            };
        };
        files.answer(path).unwrap_or_else(not_found)
    }
}

fn bytes(number: &str) -> Answer {
    // `parse` alone would take a sign.
    if !number.bytes().all(|octet| octet.is_ascii_digit()) {
        return not_found();
    }
    match number.parse() {
        Ok(octets) => Answer {
            head: ok("application/octet-stream", octets),
            body: (octets > 0).then_some(Body::Pattern(octets)),
        },
        Err(_) => not_found(),
    }
}

fn echo(request: &Fields) -> Answer {
    let kind = request.get("content-type").unwrap_or(b"application/octet-stream");
    // A call of gRPC ends with its status, which says here that all went well.
    let echo = match kind.starts_with(b"application/grpc") {
        true => Echo::with_trailers(Fields::new().with("grpc-status", "0")),
        false => Echo::default(),
    };
    Answer { head: Fields::response(200).with("content-type", kind), body: Some(Body::Echo(echo)) }
}

/// RFC 8441 §5: of the opening handshake there is left what the client says about itself.
fn websocket(request: &Fields) -> Answer {
    if request.get("sec-websocket-version") != Some(VERSION) {
        let Answer { head, body } = text(400, OTHER_VERSION);
        return Answer { head: head.with("sec-websocket-version", VERSION), body };
    }
    Answer { head: Fields::response(200), body: Some(Body::WebSocket(Box::default())) }
}

fn not_found() -> Answer {
    text(404, NOT_FOUND)
}

fn not_allowed(methods: &str) -> Answer {
    let Answer { head, body } = text(405, NOT_ALLOWED);
    Answer { head: head.with("allow", methods), body }
}

fn text(status: u16, body: &'static str) -> Answer {
    Answer {
        head: with_content(Fields::response(status), "text/plain; charset=utf-8", body.len() as u64),
        body: Some(Body::Whole(Bytes::from_static(body.as_bytes()))),
    }
}

/// The header section of a response with so many octets of this kind.
pub fn ok(kind: &str, octets: u64) -> Fields {
    with_content(Fields::response(200), kind, octets)
}

fn with_content(head: Fields, kind: &str, octets: u64) -> Fields {
    head.with("content-type", kind).with("content-length", octets.to_string())
}

const PAGE: &[u8] = b"<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>sans-h2</title>
<link rel=\"stylesheet\" href=\"/style.css\">
<h1>It speaks HTTP/2</h1>
<p>This page was served by an HTTP/2 engine that does no I/O of its own.
<ul>
<li><a href=\"/bytes/1000000\">/bytes/N</a> sends N octets.
<li>/echo sends back what is posted to it.
</ul>
</html>
";

/// What the page needs.
const STYLE_PATH: &str = "/style.css";

const STYLE: &[u8] = b"body { font-family: sans-serif; margin: 2em auto; max-width: 40em }\n";

const NOT_FOUND: &str = "There is nothing here.\n";

/// The only version of the WebSocket protocol (RFC 6455 §4.4).
const VERSION: &[u8] = b"13";

const OTHER_VERSION: &str = "This WebSocket speaks another version.\n";

const NOT_ALLOWED: &str = "This does not work with that method.\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_only() {
        let status = |number| bytes(number).head.get(":status").map(<[u8]>::to_vec);
        assert_eq!(status("0"), Some(b"200".to_vec()));
        assert_eq!(status("18446744073709551615"), Some(b"200".to_vec()));
        for number in ["", "+1", "-1", "1x", "18446744073709551616"] {
            assert_eq!(status(number), Some(b"404".to_vec()), "{number}");
        }
    }
}
