//! RFC 9113 §6.6 and §8.4: promises.

use sans_h2_differential::{Request, Script, Wire, flag, kind};

use super::{Case, client};

const GET: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/style.css")];

/// A promise to a client that takes them, has made two requests, and gets an answer to the second.
fn promised(name: &str, wire: Wire) -> Case {
    client(name, &[Request::Get, Request::Get], wire.response(3, 1, "200")).with(Script::taking_promises)
}

fn with(name: &str, fields: &[(&str, &str)]) -> Case {
    promised(name, Wire::new().promise(1, 2, fields))
}

pub(crate) fn cases() -> Vec<Case> {
    [states(), requests()].concat()
}

fn states() -> Vec<Case> {
    let plain = || Wire::new().promise(1, 2, &GET);
    let (start, rest) = ([&[0, 0, 0, 2][..], &[0x82]].concat(), &[0x86, 0x84, 0x01, 0x01, b'a']);
    vec![
        promised(
            "promise and its response",
            plain().response(2, 0, "200").data(2, 1, b"css").response(1, 1, "200"),
        ),
        promised(
            "promise, response to the request first",
            plain().response(1, 1, "200").response(2, 1, "200"),
        ),
        promised("promise in two frames", {
            Wire::new()
                .frame(kind::PUSH_PROMISE, 0, 1, &start)
                .frame(kind::CONTINUATION, 4, 1, rest)
                .response(2, 1, "200")
        }),
        promised("promise with padding", {
            let payload = [&[3][..], &start, rest, &[0; 3]].concat();
            Wire::new().frame(kind::PUSH_PROMISE, flag::PADDED | 4, 1, &payload)
        }),
        promised("promise of 3 octets", Wire::new().frame(kind::PUSH_PROMISE, 4, 1, &[0; 3])),
        promised("promise of stream 0", Wire::new().promise(1, 0, &GET)),
        promised("promise of an odd stream", Wire::new().promise(1, 5, &GET)),
        promised("promise of a stream twice", plain().promise(1, 2, &GET)),
        promised("promise of streams that go down", Wire::new().promise(1, 4, &GET).promise(1, 2, &GET)),
        promised("promise on stream 0", Wire::new().promise(0, 2, &GET)),
        promised("promise on an idle stream", Wire::new().promise(9, 2, &GET)),
        promised("promise on a promised stream", plain().promise(2, 4, &GET)),
        promised("promise after the response", Wire::new().response(1, 1, "200").promise(1, 2, &GET)),
        promised(
            "promise amid the body",
            Wire::new().response(1, 0, "200").data(1, 0, b"x").promise(1, 2, &GET).data(1, 1, b"x"),
        ),
        promised("promise on a reset stream", Wire::new().reset(1, 8).promise(1, 2, &GET)),
        promised("promise withdrawn", plain().reset(2, 8)),
        promised("DATA on a promised stream", plain().data(2, 0, b"x")),
        promised("WINDOW_UPDATE on a promised stream", plain().window_update(2, 1)),
        promised("PRIORITY on a promised stream", plain().frame(kind::PRIORITY, 0, 2, &[0, 0, 0, 0, 1])),
        promised("response to no promise", Wire::new().response(2, 1, "200")),
        promised("promised response without :status", plain().section(2, 1, &[("x-one", "1")])),
        promised(
            "promised response with trailers",
            plain().response(2, 0, "200").data(2, 0, b"x").trailers(2),
        ),
        promised("promised response with a wrong length", {
            plain().section(2, 0, &[(":status", "200"), ("content-length", "9")]).data(2, 1, b"x")
        }),
        client("promise that was switched off", &[Request::Get], plain().response(1, 1, "200")),
    ]
}

/// What is promised.
fn requests() -> Vec<Case> {
    let changed = |nth: usize, value| {
        let mut fields = GET;
        fields[nth].1 = value;
        fields
    };
    vec![
        with("promise of HEAD", &changed(0, "HEAD")),
        with("promise of POST", &changed(0, "POST")),
        with("promise of OPTIONS", &changed(0, "OPTIONS")),
        with("promise of CONNECT", &[(":method", "CONNECT"), (":authority", "localhost:80")]),
        with("promise without :path", &GET[..3]),
        with("promise without :authority", &[GET[0], GET[1], GET[3]]),
        with("promise without :method", &GET[1..]),
        with("promise with :status", &[&GET[..], &[(":status", "200")]].concat()),
        with("promise with content-length 0", &[&GET[..], &[("content-length", "0")]].concat()),
        with("promise with content-length 5", &[&GET[..], &[("content-length", "5")]].concat()),
        with("promise with upper case", &[&GET[..], &[("X-One", "1")]].concat()),
    ]
}
