//! Conversions to and from the types of the `http` crate.

use ::http::uri::Scheme;
use ::http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use arbitrary::{Arbitrary, Result, Unstructured};
use sans_h2::{Config, Connection, Fields, Part};

/// Any section converts or is refused; what it gives makes a section that gives the same, and that the engine takes if
/// it took the first.
pub fn http(data: &[u8]) {
    let _ = convert(&mut Unstructured::new(data));
}

fn convert(u: &mut Unstructured<'_>) -> Result<()> {
    let fields = if u.arbitrary()? { lines(u)? } else { Fields::arbitrary(u)? };
    let opens = |fields: Fields| Connection::client(Config::default()).open(fields, Part::More).is_ok();
    if let Ok(request) = Request::try_from(&fields) {
        let there = Fields::try_from(&request).expect("it came from fields");
        let again = Request::try_from(&there).expect("it was a request");
        assert_eq!((request.method(), request.uri()), (again.method(), again.uri()));
        assert_eq!(request.extensions().get::<Scheme>(), again.extensions().get::<Scheme>());
        assert_same(request.headers(), again.headers());
        assert!(opens(there) || !opens(fields.clone()), "the way round has spoilt {fields:?}");
    }
    if let Ok(response) = Response::try_from(&fields) {
        let again =
            Response::try_from(&Fields::try_from(&response).expect("it came from fields")).expect("again");
        assert_eq!(response.status(), again.status());
        assert_same(response.headers(), again.headers());
    }
    if let Ok(trailers) = HeaderMap::try_from(&fields) {
        let there = Fields::try_from(&trailers).expect("it came from fields");
        assert_same(&trailers, &HeaderMap::try_from(&there).expect("it was a map"));
    }
    Ok(())
}

/// A section of any octets: a field a line, its value behind an equals sign.
fn lines(u: &mut Unstructured<'_>) -> Result<Fields> {
    let rest = u.bytes(u.len())?;
    let fields = rest.split(|&octet| octet == b'\n').map(|line| {
        let at = line.iter().position(|&octet| octet == b'=').unwrap_or(line.len());
        let (name, value) = line.split_at(at);
        (name, value.get(1..).unwrap_or_default())
    });
    Ok(fields.collect())
}

/// The same headers, but for the space around values that HTTP/2 does not carry, and for `host`, whose place an
/// authority beside it takes.
#[track_caller]
fn assert_same(left: &HeaderMap, right: &HeaderMap) {
    let list = |map: &HeaderMap| -> Vec<(HeaderName, Vec<u8>, bool)> {
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.clone(), value.as_bytes().trim_ascii().to_vec(), value.is_sensitive())
        };
        map.iter().filter(|(name, _)| *name != "host").map(line).collect()
    };
    assert_eq!(list(left), list(right));
}
