//! RFC 9113 §3.4, §4 and §6: the preface, sizes, padding, and where frames may stand.

use sans_h2_differential::{Answer, MAGIC, Request, Script, Wire, block, flag, kind};

use super::{Case, server};

pub(crate) fn cases() -> Vec<Case> {
    [preface(), sizes(), padding(), places(), continuations(), unknown()].concat()
}

fn first(name: &str, wire: Wire) -> Case {
    Case::new(name, Script::server(wire).from_first())
}

fn preface() -> Vec<Case> {
    let magic = || Wire::new().octets(MAGIC);
    vec![
        first("preface, a request before the acknowledgement", magic().settings(&[]).get(1)),
        first(
            "preface with every setting",
            magic().settings(&[(1, 0), (2, 0), (3, 9), (4, 70_000), (5, 20_000), (6, 4_000)]),
        ),
        first("preface without SETTINGS", magic().get(1)),
        first("preface with PING first", magic().ping([1; 8])),
        first("preface with an acknowledgement first", magic().settings_ack()),
        first("preface of HTTP/1.1", Wire::new().octets(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")),
        first(
            "preface with a wrong octet",
            Wire::new().octets(b"PRI * HTTP/2.0\r\n\r\nXM\r\n\r\n").settings(&[]),
        ),
        Case::new(
            "server's preface with PING first",
            Script::client(&[Request::Get], Wire::new().ping([1; 8])).from_first(),
        ),
        Case::new(
            "server's preface with an acknowledgement first",
            Script::client(&[Request::Get], Wire::new().settings_ack()).from_first(),
        ),
        Case::new(
            "server's preface and a response",
            Script::client(&[Request::Get], Wire::new().settings(&[]).response(1, flag::END_STREAM, "204"))
                .from_first(),
        ),
    ]
}

fn sizes() -> Vec<Case> {
    let frame =
        |kind, flags, stream, length: usize| Wire::new().get(1).frame(kind, flags, stream, &vec![0; length]);
    vec![
        server("DATA of 16,384 octets", Wire::new().post(1).data(1, flag::END_STREAM, &[7; 16_384])),
        server("DATA of 16,385 octets", Wire::new().post(1).data(1, flag::NONE, &[7; 16_385])),
        server("HEADERS of 16,385 octets", frame(kind::HEADERS, flag::END_HEADERS, 3, 16_385)),
        server(
            "CONTINUATION of 16,385 octets",
            Wire::new().frame(kind::HEADERS, 0, 1, &[]).frame(kind::CONTINUATION, 4, 1, &[0; 16_385]),
        ),
        server("unknown frame of 16,385 octets", frame(0xbb, 0, 0, 16_385)),
        server("PRIORITY of 4 octets", frame(kind::PRIORITY, 0, 1, 4)),
        server("PRIORITY of 6 octets", frame(kind::PRIORITY, 0, 1, 6)),
        server("PRIORITY of 4 octets on an idle stream", frame(kind::PRIORITY, 0, 9, 4)),
        server("RST_STREAM of 3 octets", frame(kind::RST_STREAM, 0, 1, 3)),
        server("RST_STREAM of 5 octets", frame(kind::RST_STREAM, 0, 1, 5)),
        server("SETTINGS of 1 octet", frame(kind::SETTINGS, 0, 0, 1)),
        server("SETTINGS of 7 octets", frame(kind::SETTINGS, 0, 0, 7)),
        server("SETTINGS acknowledgement of 6 octets", frame(kind::SETTINGS, flag::ACK, 0, 6)),
        server("PING of 7 octets", frame(kind::PING, 0, 0, 7)),
        server("PING of 9 octets", frame(kind::PING, 0, 0, 9)),
        server("PING acknowledgement of 7 octets", frame(kind::PING, flag::ACK, 0, 7)),
        server("GOAWAY of 7 octets", frame(kind::GOAWAY, 0, 0, 7)),
        server("GOAWAY with debug data", frame(kind::GOAWAY, 0, 0, 40)),
        server("WINDOW_UPDATE of 3 octets", frame(kind::WINDOW_UPDATE, 0, 0, 3)),
        server("WINDOW_UPDATE of 5 octets", frame(kind::WINDOW_UPDATE, 0, 0, 5)),
        server("WINDOW_UPDATE of 5 octets on a stream", frame(kind::WINDOW_UPDATE, 0, 1, 5)),
        server(
            "HEADERS with a priority of 4 octets",
            frame(kind::HEADERS, flag::PRIORITY | flag::END_HEADERS, 3, 4),
        ),
        server("PADDED DATA without its length", Wire::new().post(1).data(1, flag::PADDED, &[])),
        server(
            "PADDED HEADERS without its length",
            frame(kind::HEADERS, flag::PADDED | flag::END_HEADERS, 3, 0),
        ),
    ]
}

fn padding() -> Vec<Case> {
    let request = block(&[(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/")]);
    let padded =
        |length: u8, content: &[u8], padding: usize| [&[length], content, &vec![0; padding]].concat();
    let data = |payload: &[u8]| Wire::new().post(1).data(1, flag::PADDED | flag::END_STREAM, payload);
    let headers = |flags, payload: &[u8]| {
        Wire::new().frame(kind::HEADERS, flags | flag::END_HEADERS | flag::END_STREAM, 1, payload)
    };
    vec![
        server("padding of no octets on DATA", data(&padded(0, b"hi", 0))),
        server("padding of 255 octets on DATA", data(&padded(255, b"hi", 255))),
        server("DATA of padding alone", data(&padded(9, b"", 9))),
        server("padding as long as DATA", data(&padded(3, b"hi", 0))),
        server("padding longer than DATA", data(&padded(200, b"hi", 0))),
        server("padding that is not zeros", data(&[2, b'h', b'i', 1, 2])),
        server("padding on HEADERS", headers(flag::PADDED, &padded(7, &request, 7))),
        server("padding longer than HEADERS", headers(flag::PADDED, &padded(255, &request, 0))),
        server(
            "padding and priority on HEADERS",
            headers(flag::PADDED | flag::PRIORITY, &padded(7, &[&[0, 0, 0, 0, 9], &request[..]].concat(), 7)),
        ),
        server(
            "padding that leaves no room for the priority",
            headers(flag::PADDED | flag::PRIORITY, &padded(3, &[0; 5], 0)),
        ),
        server("priority on HEADERS", headers(flag::PRIORITY, &[&[0x80, 0, 0, 0, 9], &request[..]].concat())),
        server(
            "HEADERS that depend on themselves",
            headers(flag::PRIORITY, &[&[0, 0, 0, 1, 9], &request[..]].concat()),
        ),
    ]
}

fn places() -> Vec<Case> {
    let with = |kind, flags, stream, payload: &[u8]| Wire::new().post(1).frame(kind, flags, stream, payload);
    vec![
        server("DATA on stream 0", with(kind::DATA, 0, 0, b"x")),
        server("HEADERS on stream 0", with(kind::HEADERS, flag::END_HEADERS, 0, &[0x82])),
        server("PRIORITY on stream 0", with(kind::PRIORITY, 0, 0, &[0; 5])),
        server("RST_STREAM on stream 0", with(kind::RST_STREAM, 0, 0, &[0; 4])),
        server("SETTINGS on a stream", with(kind::SETTINGS, 0, 1, &[])),
        server("PUSH_PROMISE on stream 0", with(kind::PUSH_PROMISE, flag::END_HEADERS, 0, &[0, 0, 0, 2])),
        server("PUSH_PROMISE to a server", Wire::new().post(1).promise(1, 2, &[(":method", "GET")])),
        server("PING on a stream", with(kind::PING, 0, 1, &[0; 8])),
        server("GOAWAY on a stream", with(kind::GOAWAY, 0, 1, &[0; 8])),
        server("CONTINUATION on stream 0", with(kind::CONTINUATION, flag::END_HEADERS, 0, &[])),
        server("PRIORITY on an idle stream", with(kind::PRIORITY, 0, 99, &[0, 0, 0, 0, 1])),
        server("PRIORITY that depends on itself", with(kind::PRIORITY, 0, 1, &[0, 0, 0, 1, 1])),
        server(
            "PRIORITY on a closed stream",
            Wire::new().get(1).get(3).reset(1, 8).frame(kind::PRIORITY, 0, 1, &[0, 0, 0, 0, 1]),
        ),
        server("reserved bit before the stream", Wire::new().frame(kind::PING, 0, 1 << 31, &[3; 8])),
        server(
            "flags that are not defined",
            Wire::new().frame(kind::PING, 0xfe, 0, &[3; 8]).frame(kind::SETTINGS, 0xfe, 0, &[]),
        ),
    ]
}

fn continuations() -> Vec<Case> {
    let whole = block(&[
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", "a"),
        (":path", "/"),
        ("x-one", "1"),
    ]);
    let (one, two) = whole.split_at(20);
    let begun = || Wire::new().frame(kind::HEADERS, flag::END_STREAM, 1, one);
    let rest = |wire: Wire| wire.frame(kind::CONTINUATION, flag::END_HEADERS, 1, two);
    let empty = |count: usize| (0..count).fold(begun(), |wire, _| wire.frame(kind::CONTINUATION, 0, 1, &[]));
    let octets = Wire::new().frame(kind::HEADERS, flag::END_STREAM, 1, &[]);
    vec![
        server("section in two frames", rest(begun())),
        server(
            "section in four frames",
            rest(begun().frame(kind::CONTINUATION, 0, 1, &[]).frame(kind::CONTINUATION, 0, 1, &[])),
        ),
        server(
            "empty HEADERS, all in CONTINUATION",
            octets.frame(kind::CONTINUATION, flag::END_HEADERS, 1, &whole),
        ),
        server("section that PING interrupts", rest(begun().ping([0; 8]))),
        server("section that DATA interrupts", rest(begun().data(1, 0, b"x"))),
        server("section that HEADERS interrupt", rest(begun().get(3))),
        server("section that an unknown frame interrupts", rest(begun().frame(0xbb, 0, 0, &[]))),
        server("section that PRIORITY interrupts", rest(begun().frame(kind::PRIORITY, 0, 1, &[0; 5]))),
        server(
            "CONTINUATION on another stream",
            begun().frame(kind::CONTINUATION, flag::END_HEADERS, 3, two),
        ),
        server(
            "CONTINUATION with nothing before",
            Wire::new().frame(kind::CONTINUATION, flag::END_HEADERS, 1, &whole),
        ),
        server(
            "CONTINUATION after END_HEADERS",
            Wire::new().get(1).frame(kind::CONTINUATION, flag::END_HEADERS, 1, &[]),
        ),
        server(
            "CONTINUATION after DATA",
            Wire::new().post(1).data(1, 0, b"x").frame(kind::CONTINUATION, flag::END_HEADERS, 1, &[]),
        ),
        server("20 CONTINUATIONs", rest(empty(19))),
        server("300 CONTINUATIONs", rest(empty(299))),
    ]
}

fn unknown() -> Vec<Case> {
    vec![
        server("unknown frame on stream 0", Wire::new().frame(0xbb, 0xff, 0, b"what").get(1)),
        server(
            "unknown frame on an open stream",
            Wire::new().post(1).frame(0xbb, 0xff, 1, b"what").data(1, 1, b"x"),
        ),
        server("unknown frame on an idle stream", Wire::new().frame(0xbb, 0xff, 77, b"what").get(1)),
        server("unknown frame on a closed stream", Wire::new().get(1).frame(0xbb, 0xff, 1, b"what").get(3))
            .with(|script| script.answering(Answer::AtEnd)),
        server(
            "all unknown types",
            (0x11..=0xff_u8).fold(Wire::new(), |wire, kind| wire.frame(kind, kind, 0, b"what")).get(1),
        ),
    ]
}
