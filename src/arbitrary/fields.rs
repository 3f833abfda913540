//! Sections that are mostly what HTTP allows, and sometimes anything.

use ::arbitrary::{Arbitrary, Result, Unstructured};

use super::one_in;
use crate::fields::{Field, Fields, Huffman, Indexing};

impl<'a> Arbitrary<'a> for Indexing {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.choose(&[Self::Auto, Self::Incremental, Self::Without, Self::Never]).copied()
    }
}

impl<'a> Arbitrary<'a> for Huffman {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.choose(&[Self::Shorter, Self::Always, Self::Never]).copied()
    }
}

/// Mostly one that a header section may have, and no pseudo-header field.
impl<'a> Arbitrary<'a> for Field<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (name, value) = match u.int_in_range(0..=15)? {
            0 => (u.arbitrary()?, u.arbitrary()?),
            1 => (u.choose(UNUSUAL)?.as_bytes(), u.choose(VALUES)?.as_bytes()),
            2..=4 => (u.choose(NAMES)?.as_bytes(), u.choose(VALUES)?.as_bytes()),
            _ => {
                let (name, value) = u.choose(USUAL)?;
                (name.as_bytes(), value.as_bytes())
            }
        };
        let mut field = Field::new(name, value);
        if one_in(4, u)? {
            (field.indexing, field.huffman) = (u.arbitrary()?, u.arbitrary()?);
        }
        Ok(field)
    }
}

/// Mostly a section that HTTP allows: a request, a response, trailers.
impl<'a> Arbitrary<'a> for Fields {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        match u.int_in_range(0..=7)? {
            0..=2 => request(u),
            3..=4 => response(u),
            5..=6 => trailers(u),
            _ => anything(u),
        }
    }
}

/// Mostly a request, now and then a tunnel.
pub(super) fn request(u: &mut Unstructured<'_>) -> Result<Fields> {
    let head = match u.int_in_range(0..=31)? {
        0 => return anything(u),
        1 => Fields::new().with(":method", "CONNECT").with(":authority", "localhost:80"),
        2 => Fields::request("CONNECT", "https", "localhost", "/chat").with(":protocol", "websocket"),
        3 => Fields::request("OPTIONS", "https", "localhost", "*"),
        _ => Fields::request(u.choose(METHODS)?, "https", "localhost", u.choose(PATHS)?),
    };
    with_more(head, u)
}

/// Mostly a final response, now and then an interim one.
pub(super) fn response(u: &mut Unstructured<'_>) -> Result<Fields> {
    let status = match u.int_in_range(0..=31)? {
        0 => return anything(u),
        1 => u.int_in_range(0..=999)?,
        _ => *u.choose(&[200, 200, 200, 103, 100, 204, 304, 404])?,
    };
    with_more(Fields::response(status), u)
}

pub(super) fn trailers(u: &mut Unstructured<'_>) -> Result<Fields> {
    with_more(Fields::new(), u)
}

fn with_more(mut fields: Fields, u: &mut Unstructured<'_>) -> Result<Fields> {
    for _ in 0..u.int_in_range(0..=15)? / 3 {
        fields.push(u.arbitrary()?);
    }
    Ok(fields)
}

/// Fields of any kind in any order, often almost right.
fn anything(u: &mut Unstructured<'_>) -> Result<Fields> {
    let mut fields = Fields::new();
    for _ in 0..u.int_in_range(0..=6)? {
        if one_in(2, u)? {
            fields.push(u.arbitrary()?);
        } else {
            fields.push(Field::new(u.choose(PSEUDO)?.as_bytes(), u.choose(VALUES)?.as_bytes()));
        }
    }
    Ok(fields)
}

const METHODS: &[&str] = &["GET", "GET", "POST", "HEAD", "PUT", "OPTIONS"];
const PATHS: &[&str] = &["/", "/index.html", "/a/long/path?with=a&query=of%20sorts"];
const PSEUDO: &[&str] = &[":method", ":scheme", ":authority", ":path", ":protocol", ":status", ":other"];
const VALUES: &[&str] =
    &["GET", "200", "/", "0", "7", "localhost", "CONNECT", "u=0, i", "a=b; c=d", "\u{e9}", "", " x", "a\nb"];

/// What sections often have.
const USUAL: &[(&str, &str)] = &[
    ("accept", "*/*"),
    ("accept-encoding", "gzip, deflate"),
    ("authorization", "Basic c2Fucy1oMg=="),
    ("cache-control", "no-cache"),
    ("content-type", "text/plain"),
    ("cookie", "a=b; c=d"),
    ("cookie", "session=0123456789abcdef"),
    ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ("priority", "u=1, i"),
    ("te", "trailers"),
    ("user-agent", "a fuzzer"),
    ("x-long", LONG),
    ("content-length", "7"),
];

const NAMES: &[&str] = &["a", "b", "x-0", "x-1", "cookie", "priority", "server", "via", "vary", "age"];

/// What has rules of its own, or breaks one.
const UNUSUAL: &[&str] = &["host", "content-length", "connection", "transfer-encoding", "te", "A", ""];

const LONG: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
                    0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
