//! RFC 9113 §8: what a message is.

use sans_h2_differential::{Request, Wire, flag};

use super::{Case, client, server};

pub(crate) fn cases() -> Vec<Case> {
    [
        pseudo(),
        targets(),
        connect(),
        fields(),
        lengths(),
        shapes(),
        responses(),
        response_shapes(),
        response_lengths(),
    ]
    .concat()
}

const M: (&str, &str) = (":method", "GET");
const S: (&str, &str) = (":scheme", "http");
const A: (&str, &str) = (":authority", "localhost");
const P: (&str, &str) = (":path", "/");

/// A request of these fields, and another behind it.
fn request(name: &str, fields: &[(&str, &str)]) -> Case {
    server(name, Wire::new().section(1, flag::END_STREAM, fields).get(3))
}

/// A GET request with further fields.
fn with(name: &str, fields: &[(&str, &str)]) -> Case {
    request(name, &[&[M, S, A, P], fields].concat())
}

fn pseudo() -> Vec<Case> {
    vec![
        request("pseudo: all", &[M, S, A, P]),
        request("pseudo: in another order", &[P, A, S, M]),
        request("pseudo: no :method", &[S, A, P]),
        request("pseudo: no :scheme", &[M, A, P]),
        request("pseudo: no :path", &[M, S, A]),
        request("pseudo: no :authority, but host", &[M, S, P, ("host", "localhost")]),
        request("pseudo: no :authority, no host", &[M, S, P]),
        request("pseudo: none", &[("x-one", "1")]),
        request("pseudo: no field at all", &[]),
        request("pseudo: :method twice", &[M, M, S, A, P]),
        request("pseudo: :path twice", &[M, S, A, P, P]),
        request("pseudo: :authority twice", &[M, S, A, A, P]),
        request("pseudo: :path behind a field", &[M, S, A, ("x-one", "1"), P]),
        request("pseudo: unknown", &[M, S, A, P, (":unknown", "1")]),
        request("pseudo: :status in a request", &[M, S, A, P, (":status", "200")]),
        request("pseudo: :protocol without CONNECT", &[M, S, A, P, (":protocol", "websocket")]),
        request("pseudo: name of a colon alone", &[M, S, A, P, (":", "1")]),
    ]
}

fn targets() -> Vec<Case> {
    let method = |value| [(":method", value), S, A, P];
    let scheme = |value| [M, (":scheme", value), A, P];
    let authority = |value| [M, S, (":authority", value), P];
    let path = |value| [M, S, A, (":path", value)];
    vec![
        request("target: method of the caller's", &method("M-SEARCH")),
        request("target: method that is empty", &method("")),
        request("target: method with a space", &method("GE T")),
        request("target: scheme https", &scheme("https")),
        request("target: scheme of the caller's", &scheme("coap+ws")),
        request("target: scheme that is empty", &scheme("")),
        request("target: scheme with a space", &scheme("ht tp")),
        request("target: authority with a port", &authority("localhost:8080")),
        request("target: authority of IPv6", &authority("[::1]:8080")),
        request("target: authority that is empty", &authority("")),
        request("target: authority with a user", &authority("me@localhost")),
        request("target: authority with a slash", &authority("local/host")),
        request("target: authority with a space", &authority("local host")),
        request("target: path with a query", &path("/a/b?c=d&e=%20")),
        request("target: path that is empty", &path("")),
        request("target: path without a slash", &path("a")),
        request("target: path of an asterisk", &path("*")),
        request("target: path with a space", &path("/a b")),
        request("target: path with a fragment", &path("/a#b")),
        request("target: path with a control character", &path("/a\u{1}b")),
        request(
            "target: OPTIONS of an asterisk",
            &[(":method", "OPTIONS"), S, A, ("x-one", "1"), (":path", "*")],
        ),
        request("target: OPTIONS of the server", &[(":method", "OPTIONS"), S, A, (":path", "*")]),
        with("target: host as :authority", &[("host", "localhost")]),
        with("target: host unlike :authority", &[("host", "elsewhere")]),
        with("target: host twice", &[("host", "localhost"), ("host", "localhost")]),
    ]
}

fn connect() -> Vec<Case> {
    let connect = (":method", "CONNECT");
    let to = (":authority", "localhost:80");
    let open = |name: &str, fields: &[(&str, &str)]| {
        server(name, Wire::new().section(1, 0, fields).data(1, 0, b"abc").get(3))
    };
    vec![
        open("CONNECT", &[connect, to]),
        open("CONNECT with :scheme and :path", &[connect, S, to, P]),
        open("CONNECT with :scheme", &[connect, S, to]),
        open("CONNECT with :path", &[connect, to, P]),
        open("CONNECT without :authority", &[connect]),
        open("CONNECT without a port", &[connect, ("x-one", "1"), A]),
        open("CONNECT to a host without a port", &[connect, A]),
        open("CONNECT with :protocol that nobody enabled", &[connect, (":protocol", "websocket"), S, A, P]),
        server(
            "CONNECT with DATA and END_STREAM",
            Wire::new().section(1, 0, &[connect, to]).data(1, 1, b"abc").get(3),
        ),
        server("CONNECT with trailers", Wire::new().section(1, 0, &[connect, to]).trailers(1).get(3)),
        client(
            "CONNECT, then a tunnel",
            &[Request::Connect],
            Wire::new().response(1, 0, "200").data(1, 1, b"abc"),
        ),
        client(
            "CONNECT that is refused",
            &[Request::Connect],
            Wire::new().response(1, 0, "403").data(1, 1, b"abc"),
        ),
        client("CONNECT with content-length in the answer", &[Request::Connect], {
            Wire::new().section(1, 0, &[(":status", "200"), ("content-length", "5")]).data(1, 1, b"abc")
        }),
        client(
            "CONNECT, a tunnel, then trailers",
            &[Request::Connect],
            Wire::new().response(1, 0, "200").trailers(1),
        ),
    ]
}

fn fields() -> Vec<Case> {
    vec![
        with("field: usual ones", &[("accept", "*/*"), ("x-empty", ""), ("user-agent", "a b (c; d)")]),
        with("field: two of a name", &[("x-one", "1"), ("accept", "a"), ("x-one", "2")]),
        with("field: cookies in crumbs", &[("cookie", "a=b"), ("cookie", "c=d")]),
        with("field: name in upper case", &[("X-One", "1")]),
        with("field: name that is empty", &[("", "1")]),
        with("field: name with a space", &[("x one", "1")]),
        with("field: name with a colon", &[("x:one", "1")]),
        with("field: name of all token characters", &[("!#$%&'*+-.^_`|~09az", "1")]),
        with("field: name with a parenthesis", &[("x(one)", "1")]),
        with("field: name above ASCII", &[("x-\u{e9}", "1")]),
        with("field: value with CR", &[("x-one", "a\rb")]),
        with("field: value with LF", &[("x-one", "a\nb")]),
        with("field: value with NUL", &[("x-one", "a\0b")]),
        with("field: value with a tab", &[("x-one", "a\tb")]),
        with("field: value with a control character", &[("x-one", "a\u{1}b")]),
        with("field: value with DEL", &[("x-one", "a\u{7f}b")]),
        with("field: value above ASCII", &[("x-one", "\u{e9}\u{20ac}")]),
        with("field: value with a space first", &[("x-one", " a")]),
        with("field: value with a space last", &[("x-one", "a ")]),
        with("field: value with a tab first", &[("x-one", "\ta")]),
        with("field: connection", &[("connection", "close")]),
        with("field: keep-alive", &[("keep-alive", "5")]),
        with("field: proxy-connection", &[("proxy-connection", "close")]),
        with("field: transfer-encoding", &[("transfer-encoding", "chunked")]),
        with("field: upgrade", &[("upgrade", "h2c")]),
        with("field: te of trailers", &[("te", "trailers")]),
        with("field: te of gzip", &[("te", "gzip")]),
        with("field: te of trailers and gzip", &[("te", "trailers, gzip")]),
        with("field: te in capitals", &[("te", "Trailers")]),
        with("field: http2-settings", &[("http2-settings", "AAMAAABk")]),
        with("field: expect", &[("expect", "100-continue")]),
        with("field: 90 of them", &(0..90).map(|_| ("x-one", "1")).collect::<Vec<_>>()),
        with("field: 200 of them", &(0..200).map(|_| ("x-one", "1")).collect::<Vec<_>>()),
        with("field: 12,000 octets", &[("x-one", &"v".repeat(12_000))]),
        with("field: 16,300 octets", &[("x-one", &"v".repeat(16_300))]),
    ]
}

fn lengths() -> Vec<Case> {
    let body = |name: &str, length: &str, wire: fn(Wire) -> Wire| {
        let fields = [(":method", "POST"), S, A, P, ("content-length", length)];
        server(name, wire(Wire::new().section(1, 0, &fields)).get(3))
    };
    let ended = |name: &str, lengths: &[&str]| {
        let lengths: Vec<_> = lengths.iter().map(|&length| ("content-length", length)).collect();
        request(name, &[&[(":method", "POST"), S, A, P], &lengths[..]].concat())
    };
    vec![
        body("length: right", "3", |wire| wire.data(1, 1, b"abc")),
        body("length: right in two frames", "3", |wire| wire.data(1, 0, b"ab").data(1, 1, b"c")),
        body("length: right, then trailers", "3", |wire| wire.data(1, 0, b"abc").trailers(1)),
        body("length: right, then empty DATA", "3", |wire| wire.data(1, 0, b"abc").data(1, 1, b"")),
        body("length: too large", "4", |wire| wire.data(1, 1, b"abc")),
        body("length: too large, then trailers", "4", |wire| wire.data(1, 0, b"abc").trailers(1)),
        body("length: too small", "2", |wire| wire.data(1, 1, b"abc")),
        body("length: too small in the second frame", "2", |wire| wire.data(1, 0, b"ab").data(1, 0, b"c")),
        body("length: with padding", "1", |wire| wire.data(1, 9, &[3, b'a', 0, 0, 0])),
        body("length: leading zeros", "003", |wire| wire.data(1, 1, b"abc")),
        body("length: no number", "abc", |wire| wire.data(1, 1, b"abc")),
        body("length: signed", "+3", |wire| wire.data(1, 1, b"abc")),
        body("length: negative", "-3", |wire| wire.data(1, 1, b"abc")),
        body("length: a list of equals", "3, 3", |wire| wire.data(1, 1, b"abc")),
        body("length: 2^64", "18446744073709551616", |wire| wire.data(1, 1, b"abc")),
        body("length: empty", "", |wire| wire.data(1, 1, b"abc")),
        ended("length: 0 without DATA", &["0"]),
        ended("length: 3 without DATA", &["3"]),
        ended("length: twice, equal", &["0", "0"]),
        ended("length: twice, different", &["0", "3"]),
    ]
}

fn shapes() -> Vec<Case> {
    vec![
        server("shape: body and trailers", Wire::new().post(1).data(1, 0, b"abc").trailers(1)),
        server("shape: trailers without a body", Wire::new().post(1).trailers(1)),
        server(
            "shape: trailers without END_STREAM",
            Wire::new().post(1).data(1, 0, b"abc").section(1, 0, &[("x-one", "1")]).get(3),
        ),
        server(
            "shape: trailers with a pseudo-header field",
            Wire::new().post(1).section(1, 1, &[(":path", "/")]).get(3),
        ),
        server(
            "shape: trailers with an unknown pseudo-header field",
            Wire::new().post(1).section(1, 1, &[(":x", "/")]).get(3),
        ),
        server("shape: trailers in upper case", Wire::new().post(1).section(1, 1, &[("X-One", "1")]).get(3)),
        server(
            "shape: trailers with connection",
            Wire::new().post(1).section(1, 1, &[("connection", "close")]).get(3),
        ),
        server("shape: trailers with te", Wire::new().post(1).section(1, 1, &[("te", "trailers")]).get(3)),
        server(
            "shape: trailers with content-length",
            Wire::new().post(1).section(1, 1, &[("content-length", "5")]).get(3),
        ),
        server("shape: trailers that are empty", Wire::new().post(1).section(1, 1, &[]).get(3)),
        server("shape: GET with a body", Wire::new().section(1, 0, &[M, S, A, P]).data(1, 1, b"abc")),
        server("shape: two requests at once", Wire::new().post(1).post(3).data(3, 1, b"c").data(1, 1, b"a")),
    ]
}

fn response(name: &str, fields: &[(&str, &str)]) -> Case {
    client(name, &[Request::Get, Request::Get], Wire::new().section(1, 1, fields).response(3, 1, "200"))
}

fn responses() -> Vec<Case> {
    let ok = (":status", "200");
    vec![
        response(
            "response: as it should be",
            &[ok, ("content-type", "text/plain"), ("set-cookie", "a"), ("set-cookie", "b")],
        ),
        response("response: no :status", &[("x-one", "1")]),
        response("response: :status twice", &[ok, ok]),
        response("response: :status behind a field", &[("x-one", "1"), ok]),
        response("response: with :path", &[ok, (":path", "/")]),
        response("response: unknown pseudo-header field", &[ok, (":x", "/")]),
        response("response: status of two digits", &[(":status", "20")]),
        response("response: status of four digits", &[(":status", "2000")]),
        response("response: status of letters", &[(":status", "abc")]),
        response("response: status that is empty", &[(":status", "")]),
        response("response: status 099", &[(":status", "099")]),
        response("response: status 600", &[(":status", "600")]),
        response("response: status 999", &[(":status", "999")]),
        response("response: status 101", &[(":status", "101")]),
        response("response: status 100 with END_STREAM", &[(":status", "100")]),
        response("response: name in upper case", &[ok, ("X-One", "1")]),
        response("response: connection", &[ok, ("connection", "close")]),
        response("response: transfer-encoding", &[ok, ("transfer-encoding", "chunked")]),
        response("response: te", &[ok, ("te", "trailers")]),
        response("response: value with LF", &[ok, ("x-one", "a\nb")]),
        response("response: value with a space first", &[ok, ("x-one", " a")]),
    ]
}

fn response_shapes() -> Vec<Case> {
    let get = &[Request::Get, Request::Get];
    let shape = |name: &str, wire: Wire| client(name, get, wire.response(3, 1, "200"));
    let ok = || Wire::new().response(1, 0, "200");
    vec![
        shape("answer: body", ok().data(1, 1, b"abc")),
        shape("answer: body and trailers", ok().data(1, 0, b"abc").trailers(1)),
        shape("answer: trailers alone", ok().trailers(1)),
        shape("answer: trailers without END_STREAM", ok().section(1, 0, &[("x-one", "1")])),
        shape("answer: trailers with :status", ok().response(1, 1, "200")),
        shape("answer: interim, then final", Wire::new().response(1, 0, "100").response(1, 1, "204")),
        shape(
            "answer: three interim ones",
            Wire::new()
                .response(1, 0, "100")
                .response(1, 0, "103")
                .response(1, 0, "199")
                .response(1, 1, "200"),
        ),
        shape("answer: interim 101", Wire::new().response(1, 0, "101").response(1, 1, "200")),
        shape("answer: interim, then DATA", Wire::new().response(1, 0, "100").data(1, 1, b"abc")),
        shape("answer: interim after the final", ok().response(1, 0, "100").data(1, 1, b"abc")),
        shape("answer: interim, then reset", Wire::new().response(1, 0, "103").reset(1, 8)),
        shape(
            "answer: interim with content-length",
            Wire::new().section(1, 0, &[(":status", "103"), ("content-length", "9")]).response(1, 1, "200"),
        ),
        shape("answer: final twice", ok().response(1, 0, "200").data(1, 1, b"abc")),
        shape(
            "answer: 100 interim ones",
            (0..100).fold(Wire::new(), |wire, _| wire.response(1, 0, "103")).response(1, 1, "200"),
        ),
    ]
}

fn response_lengths() -> Vec<Case> {
    let answer = |name: &str, asked, status: &str, length: &str, wire: fn(Wire) -> Wire| {
        let head = Wire::new().section(1, 0, &[(":status", status), ("content-length", length)]);
        client(name, &[asked, Request::Get], wire(head).response(3, 1, "200"))
    };
    vec![
        answer("answer: length right", Request::Get, "200", "3", |wire| wire.data(1, 1, b"abc")),
        answer("answer: length too large", Request::Get, "200", "4", |wire| wire.data(1, 1, b"abc")),
        answer("answer: length too small", Request::Get, "200", "2", |wire| wire.data(1, 1, b"abc")),
        answer("answer: length to HEAD", Request::Head, "200", "30", |wire| wire.data(1, 1, b"")),
        answer("answer: body to HEAD", Request::Head, "200", "3", |wire| wire.data(1, 1, b"abc")),
        answer("answer: length of 304", Request::Get, "304", "30", |wire| wire.data(1, 1, b"")),
        answer("answer: body of 304", Request::Get, "304", "3", |wire| wire.data(1, 1, b"abc")),
        answer("answer: length of 204", Request::Get, "204", "0", |wire| wire.data(1, 1, b"")),
        answer("answer: length of 204 that is not 0", Request::Get, "204", "3", |wire| wire.data(1, 1, b"")),
        client("answer: body of 204", &[Request::Get, Request::Get], {
            Wire::new().response(1, 0, "204").data(1, 1, b"abc").response(3, 1, "200")
        }),
        client("answer: body to HEAD without a length", &[Request::Head, Request::Get], {
            Wire::new().response(1, 0, "200").data(1, 1, b"abc").response(3, 1, "200")
        }),
        response("answer: length of 3 with END_STREAM", &[(":status", "200"), ("content-length", "3")]),
        response(
            "answer: length of 3 in 304 with END_STREAM",
            &[(":status", "304"), ("content-length", "3")],
        ),
        response(
            "answer: length twice, equal",
            &[(":status", "200"), ("content-length", "0"), ("content-length", "0")],
        ),
    ]
}
