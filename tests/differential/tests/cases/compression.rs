//! RFC 7541: blocks that decode, and that do not.

use sans_h2_differential::{Request, Wire, flag, kind};

use super::{Case, client, server};

/// `:method: GET`, `:scheme: http`, `:path: /` by index, and `:authority: a` as a literal.
const GET: &[u8] = &[0x82, 0x86, 0x84, 0x01, 0x01, b'a'];

/// The usual request with `more` behind, and another request.
fn behind(name: &str, more: &[u8]) -> Case {
    alone(name, &[GET, more].concat())
}

/// A request of `more` before the usual one, and another request.
fn before(name: &str, more: &[u8]) -> Case {
    alone(name, &[more, GET].concat())
}

fn alone(name: &str, block: &[u8]) -> Case {
    let headers = |wire: Wire, stream, block: &[u8]| {
        wire.frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, stream, block)
    };
    server(name, headers(headers(Wire::new(), 1, block), 3, GET))
}

pub(crate) fn cases() -> Vec<Case> {
    [representations(), integers(), huffman(), sizes(), tables()].concat()
}

fn representations() -> Vec<Case> {
    vec![
        behind("hpack: literal with indexing", b"\x40\x01x\x01y"),
        behind("hpack: literal without indexing", b"\x00\x01x\x01y"),
        behind("hpack: literal never indexed", b"\x10\x01x\x01y"),
        behind("hpack: name by index, with indexing", b"\x53\x01y"),
        behind("hpack: name by index, without indexing", b"\x0f\x04\x01y"),
        behind("hpack: name by index, never indexed", b"\x1f\x04\x01y"),
        behind("hpack: field added, then by index", b"\x40\x01x\x01y\xbe"),
        behind("hpack: field of an empty name", b"\x40\x00\x01y"),
        behind("hpack: last static field", &[0xbd]),
        behind("hpack: index 0", &[0x80]),
        behind("hpack: index past the tables", &[0xbe]),
        behind("hpack: index far past the tables", &[0xff, 0xff, 0x03]),
        behind("hpack: name index past the tables", b"\x7f\x00\x01y"),
        behind("hpack: block ends in a name", b"\x00\x05ab"),
        behind("hpack: block ends before a name", &[0x00]),
        behind("hpack: block ends before a value", b"\x00\x01x"),
        behind("hpack: block ends in an integer", &[0xff]),
        alone("hpack: empty block", &[]),
    ]
}

fn integers() -> Vec<Case> {
    vec![
        behind("integer: longer than need be", &[0x00, 0x01, b'x', 0x7f, 0x80, 0x00]),
        behind("integer: index in two octets", &[0xff, 0x80, 0x80, 0x00]),
        behind("integer: of ten octets", &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        behind("integer: of many zeros", &[0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]),
        behind("integer: length of 2^31", &[0x00, 0x7f, 0x81, 0xff, 0xff, 0xff, 0x07]),
        behind("integer: length of 2^32", &[0x00, 0x7f, 0x81, 0xff, 0xff, 0xff, 0x0f]),
    ]
}

fn huffman() -> Vec<Case> {
    vec![
        // Figure C.4.1: www.example.com.
        behind("huffman: value", b"\x00\x01x\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"),
        behind("huffman: name", b"\x00\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x01y"),
        behind("huffman: empty", b"\x00\x01x\x80"),
        behind("huffman: padding of zeros", b"\x00\x01x\x81\x18"),
        behind("huffman: padding of 8 ones", b"\x00\x01x\x82\x1f\xff"),
        behind("huffman: padding alone", b"\x00\x01x\x81\xff"),
        behind("huffman: EOS", b"\x00\x01x\x84\xff\xff\xff\xff"),
        behind("huffman: LF", b"\x00\x01x\x84\xff\xff\xff\xf3"),
    ]
}

fn sizes() -> Vec<Case> {
    vec![
        before("size: 0", &[0x20]),
        before("size: 4,096", &[0x3f, 0xe1, 0x1f]),
        before("size: 4,097", &[0x3f, 0xe2, 0x1f]),
        before("size: 2^32 - 1", &[0x3f, 0xe0, 0xff, 0xff, 0xff, 0x0f]),
        before("size: two updates", &[0x20, 0x3f, 0xe1, 0x1f]),
        before("size: three updates", &[0x20, 0x21, 0x3f, 0xe1, 0x1f]),
        behind("size: update at the end", &[0x20]),
        behind("size: update in the middle", b"\x20\x00\x01x\x01y"),
    ]
}

fn tables() -> Vec<Case> {
    let headers = |wire: Wire, stream, more: &[u8]| {
        wire.frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, stream, &[GET, more].concat())
    };
    let added = || headers(Wire::new(), 1, b"\x40\x01x\x01y");
    vec![
        server("table: field of the block before", headers(added(), 3, &[0xbe])),
        server("table: field that a size update threw out", {
            let wire = added().frame(kind::HEADERS, 5, 3, &[&[0x20, 0x3f, 0xe1, 0x1f], GET].concat());
            headers(wire, 5, &[0xbe])
        }),
        server("table: field larger than the table empties it", {
            let large = [&b"\x40\x01x\x7f\xa1\x1f"[..], &[b'v'; 4_128]].concat();
            headers(headers(added(), 3, &large), 5, &[0xbe])
        }),
        server("table: field of a malformed request", {
            let wire = Wire::new().frame(kind::HEADERS, 5, 1, b"\x82\x40\x01x\x01y");
            headers(wire, 3, &[0xbe])
        }),
        server("table: field of trailers", {
            let wire = Wire::new().post(1).frame(kind::HEADERS, 5, 1, b"\x40\x01x\x01y");
            headers(wire, 3, &[0xbe])
        }),
        server("table: field of a request that is refused", {
            let wire = (0..100).fold(Wire::new(), |wire, nth| wire.get(2 * nth + 1));
            headers(headers(wire, 201, b"\x40\x01x\x01y").reset(1, 8), 203, &[0xbe])
        }),
        client("table: field of a response that nobody wants", &[Request::Get, Request::Get], {
            let wire = Wire::new().reset(1, 8).frame(kind::HEADERS, 5, 1, b"\x88\x40\x01x\x01y");
            wire.frame(kind::HEADERS, 5, 3, &[0x88, 0xbe])
        }),
        client(
            "hpack: index 0 to a client",
            &[Request::Get],
            Wire::new().frame(kind::HEADERS, 5, 1, &[0x88, 0x80]),
        ),
    ]
}
