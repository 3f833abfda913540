//! The exchanges that are measured.

use bytes::Bytes;

use crate::plan::{Answers, Exchange, Message, Pair, Plan, Transport};

/// A small answer of an API: a request of 10 fields, a response of 8 and 100 octets.
pub(crate) fn get(at_once: usize) -> Plan {
    let exchanges = (0..VARIANTS).map(|nth| Exchange { request: get_request(nth), response: page(nth) });
    plan(exchanges.collect(), at_once, Transport::Gathered)
}

/// A unary call of gRPC: 69 octets each way, and trailers.
pub(crate) fn grpc() -> Plan {
    let exchanges = (0..VARIANTS).map(|nth| {
        let request = Message {
            head: pairs(&[
                (":method", "POST"),
                (":scheme", "http"),
                (":authority", "greeter.example.com:50051"),
                (":path", "/helloworld.Greeter/SayHello"),
                ("te", "trailers"),
                ("content-type", "application/grpc"),
                ("user-agent", "grpc-go/1.60.0"),
                ("grpc-accept-encoding", "gzip,deflate"),
                ("grpc-timeout", &format!("{}u", 999_000 + nth)),
            ]),
            body: octets(69, nth),
            trailers: Vec::new(),
        };
        let response = Message {
            head: pairs(&[(":status", "200"), ("content-type", "application/grpc")]),
            body: octets(69, nth + 1),
            trailers: pairs(&[("grpc-status", "0"), ("grpc-message", "")]),
        };
        Exchange { request, response }
    });
    plan(exchanges.collect(), 100, Transport::Gathered)
}

/// A body from the server, of so many octets.
pub(crate) fn download(body: usize, transport: Transport) -> Plan {
    let response = Message {
        head: pairs(&[(":status", "200"), ("content-type", "application/octet-stream")]),
        body: octets(body, 0),
        trailers: Vec::new(),
    };
    plan(vec![Exchange { request: get_request(0), response }], 1, transport)
}

/// A body from the client, of so many octets.
pub(crate) fn upload(body: usize, transport: Transport) -> Plan {
    let request = Message {
        head: pairs(&[
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", "api.example.com"),
            (":path", "/v1/upload"),
            ("content-type", "application/octet-stream"),
        ]),
        body: octets(body, 0),
        trailers: Vec::new(),
    };
    let response = Message { head: pairs(&[(":status", "204")]), body: Bytes::new(), trailers: Vec::new() };
    plan(vec![Exchange { request, response }], 1, transport)
}

/// Requests that are never answered.
pub(crate) fn open_streams(at_once: usize) -> Plan {
    Plan { answers: Answers::Never, ..get(at_once) }
}

/// Requests and responses with so many fields of their own each.
pub(crate) fn wide(fields: usize) -> Plan {
    let own = |nth: usize, at: usize| (format!("x-field-{at}"), hex(nth * 1_000 + at));
    let exchanges = (0..16).map(|nth| {
        let mut exchange = Exchange { request: get_request(nth), response: page(nth) };
        exchange.request.head.truncate(4);
        exchange.response.head.truncate(1);
        for message in [&mut exchange.request, &mut exchange.response] {
            let more = (0..fields).map(|at| own(nth, at));
            message.head.extend(more.map(|(name, value)| (name.into_bytes(), value.into_bytes())));
        }
        exchange
    });
    plan(exchanges.collect(), 1, Transport::Gathered)
}

fn plan(exchanges: Vec<Exchange>, at_once: usize, transport: Transport) -> Plan {
    Plan { exchanges, at_once, transport, answers: Answers::AtEnd }
}

fn get_request(nth: usize) -> Message {
    let head = pairs(&[
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "api.example.com"),
        (":path", &format!("/v1/items/{:06}/comments?page=2", nth * 7_919 % 1_000_000)),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip, deflate, br"),
        ("accept-language", "en-US,en;q=0.5"),
        ("referer", "https://www.example.com/items"),
        ("cookie", "session=5fd0b0d3c2a94f7e"),
    ]);
    Message { head, body: Bytes::new(), trailers: Vec::new() }
}

fn page(nth: usize) -> Message {
    let head = pairs(&[
        (":status", "200"),
        ("content-type", "application/json"),
        ("content-length", "100"),
        ("date", &format!("Tue, 05 Aug 2025 10:00:{:02} GMT", nth / 50)),
        ("server", "example/1.0"),
        ("etag", &format!("\"{}\"", &hex(nth + VARIANTS)[..12])),
        ("cache-control", "max-age=60"),
        ("vary", "accept-encoding"),
    ]);
    Message { head, body: octets(100, nth), trailers: Vec::new() }
}

fn pairs(fields: &[(&str, &str)]) -> Vec<Pair> {
    fields.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
}

/// Octets that look like nothing.
fn octets(count: usize, seed: usize) -> Bytes {
    let mut state = mixed(seed as u64);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..count).map(|_| next()).collect()
}

/// 16 digits that do not repeat.
fn hex(seed: usize) -> String {
    format!("{:016x}", mixed(seed as u64 + 1))
}

fn mixed(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 27)
}

/// How many different exchanges there are of a kind.
const VARIANTS: usize = 600;
