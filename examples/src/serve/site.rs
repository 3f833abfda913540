//! What there is to serve, and how a request is answered.

use std::fs::File;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use bytes::Bytes;
use sans_h2::Fields;

use crate::body::{Body, Echo};

/// A directory of files or the built-in page, and the two services beside them.
pub struct Site {
    /// Without links or dots, so that it can be told what lies below it.
    root: Option<PathBuf>,
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
        let root = match root {
            Some(root) => {
                let canonical =
                    root.canonicalize().with_context(|| format!("cannot serve {}", root.display()))?;
                anyhow::ensure!(canonical.is_dir(), "cannot serve {}: not a directory", root.display());
                Some(canonical)
            }
            None => None,
        };
        Ok(Self { root, page: ok("text/html; charset=utf-8", PAGE.len() as u64), push })
    }

    /// The request that the client is going to make after this one, if it is to be answered at once.
    pub fn promise(&self, request: &Fields) -> Option<Fields> {
        if self.push == Push::Never || self.root.is_some() || request.get(":method") != Some(b"GET") {
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
        let mut answer = match (method, path, request.get(":protocol")) {
            (b"CONNECT", "/echo", Some(b"websocket")) => websocket(request),
            (b"POST", "/echo", _) => echo(request),
            (_, "/echo", _) => not_allowed("POST"),
            (b"GET" | b"HEAD", _, _) => match path.strip_prefix("/bytes/") {
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
        let Some(root) = &self.root else {
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
        locate(root, path).and_then(|file| open(&file)).unwrap_or_else(not_found)
    }
}

/// The file that a path of a request names: always one below `root`.
fn locate(root: &Path, path: &str) -> Option<PathBuf> {
    let mut file = root.to_path_buf();
    for segment in percent_decode(path.strip_prefix('/')?)?.split('/') {
        let mut components = Path::new(segment).components();
        match (components.next(), components.next()) {
            (None | Some(Component::CurDir), None) => {}
            (Some(Component::Normal(name)), None) if name == segment => file.push(name),
            _ => return None,
        }
    }
    // A link may still lead out.
    let mut file = file.canonicalize().ok()?;
    if file.is_dir() {
        file = file.join("index.html").canonicalize().ok()?;
    }
    // Anything but a regular file, such as a pipe, may block whoever opens it.
    (file.starts_with(root) && file.is_file()).then_some(file)
}

fn open(path: &Path) -> Option<Answer> {
    let file = File::open(path).ok()?;
    let octets = file.metadata().ok()?.len();
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let head = match kind.type_() {
        mime_guess::mime::TEXT => ok(&format!("{kind}; charset=utf-8"), octets),
        _ => ok(kind.essence_str(), octets),
    };
    Some(Answer { head, body: (octets > 0).then_some(Body::File(file, octets)) })
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

fn ok(kind: &str, octets: u64) -> Fields {
    with_content(Fields::response(200), kind, octets)
}

fn with_content(head: Fields, kind: &str, octets: u64) -> Fields {
    head.with("content-type", kind).with("content-length", octets.to_string())
}

/// `None` if an escape is malformed, or the result is not UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'%' => hex_digit(rest.next()?)? * 16 + hex_digit(rest.next()?)?,
            _ => octet,
        });
    }
    String::from_utf8(octets).ok()
}

fn hex_digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).map(|digit| digit as u8)
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
    fn paths_stay_below_the_root() -> anyhow::Result<()> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").canonicalize()?;
        let located = |path| locate(&root, path);
        assert_eq!(located("/lib.rs"), Some(root.join("lib.rs")));
        assert_eq!(located("/%6cib.rs"), Some(root.join("lib.rs")));
        assert_eq!(located("/./serve//site.rs"), Some(root.join("serve").join("site.rs")));
        for path in [
            "/../Cargo.toml",
            "/serve/../lib.rs",
            "/%2e%2e/Cargo.toml",
            "/..%2fCargo.toml",
            "/serve/%2E%2E%2flib.rs",
            "//../Cargo.toml",
            "/lib.rs%00",
            "/lib.rs%",
            "/lib.rs%4",
            "/%ff",
            "lib.rs",
            "",
            "/",
            "/serve",
            "/missing",
        ] {
            assert_eq!(located(path), None, "{path}");
        }
        Ok(())
    }

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
