//! RFC 9113 §5.1 and §6: frames in every state of a stream, and the numbers of streams.

use sans_h2_differential::{Answer, Request, Script, Wire, flag, kind};

use super::{Case, client, server};

pub(crate) fn cases() -> Vec<Case> {
    [idle(), half_closed(), closed(), reset(), numbers(), clients()].concat()
}

fn idle() -> Vec<Case> {
    let wire = || Wire::new().get(1);
    vec![
        server("DATA on an idle stream", wire().data(3, 0, b"x")),
        server("RST_STREAM on an idle stream", wire().reset(3, 8)),
        server("WINDOW_UPDATE on an idle stream", wire().window_update(3, 1)),
        server("DATA on an idle stream of the server", wire().data(2, 0, b"x")),
        server("WINDOW_UPDATE on an idle stream of the server", wire().window_update(2, 1)),
        server("RST_STREAM on an idle stream of the server", wire().reset(2, 8)),
    ]
}

fn half_closed() -> Vec<Case> {
    let wire = || Wire::new().get(1);
    let ended = || Wire::new().post(1).data(1, flag::END_STREAM, b"x");
    vec![
        server("DATA after END_STREAM on HEADERS", wire().data(1, 0, b"x")),
        server("empty DATA after END_STREAM", wire().data(1, 0, b"")),
        server("HEADERS after END_STREAM on HEADERS", wire().trailers(1)),
        server("DATA after END_STREAM on DATA", ended().data(1, 0, b"x")),
        server("HEADERS after END_STREAM on DATA", ended().trailers(1)),
        server("DATA after trailers", Wire::new().post(1).trailers(1).data(1, 0, b"x")),
        server("WINDOW_UPDATE after END_STREAM", wire().window_update(1, 10).get(3)),
        server("RST_STREAM after END_STREAM", wire().reset(1, 8).get(3)),
        server("PRIORITY after END_STREAM", wire().frame(kind::PRIORITY, 0, 1, &[0, 0, 0, 0, 1]).get(3)),
    ]
}

fn closed() -> Vec<Case> {
    let answered = |name, wire| server(name, wire).with(|script| script.answering(Answer::AtEnd));
    let wire = || Wire::new().get(1);
    vec![
        answered("DATA on a closed stream", wire().data(1, 0, b"x")),
        answered("HEADERS on a closed stream", wire().trailers(1)),
        answered("request on a closed stream", wire().get(1)),
        answered("WINDOW_UPDATE on a closed stream", wire().window_update(1, 10).get(3)),
        answered("RST_STREAM on a closed stream", wire().reset(1, 8).get(3)),
        answered("WINDOW_UPDATE of 0 on a closed stream", wire().window_update(1, 0).get(3)),
        answered("RST_STREAM on a stream that was skipped", Wire::new().get(5).reset(3, 8).get(7)),
        answered("DATA on a stream that was skipped", Wire::new().get(5).data(3, 0, b"x").get(7)),
        answered("WINDOW_UPDATE on a stream that was skipped", Wire::new().get(5).window_update(3, 1).get(7)),
        server("body after a whole response", Wire::new().post(1).data(1, 0, b"x").data(1, 1, b"y"))
            .with(|script| script.answering(Answer::AtOnce)),
    ]
}

fn reset() -> Vec<Case> {
    let wire = || Wire::new().post(1).reset(1, 8);
    vec![
        server("reset of an open stream", wire().get(3)),
        server("reset with an unknown code", Wire::new().post(1).reset(1, 0xdead_beef).get(3)),
        server("reset twice", wire().reset(1, 8).get(3)),
        server("DATA after RST_STREAM", wire().data(1, 0, b"x")),
        server("HEADERS after RST_STREAM", wire().trailers(1)),
        server("WINDOW_UPDATE after RST_STREAM", wire().window_update(1, 1).get(3)),
        server(
            "reset of the engine, then DATA",
            Wire::new().post(1).window_update(1, 0).data(1, 0, b"x").get(3),
        ),
        server(
            "reset of the engine, then trailers",
            Wire::new().post(1).window_update(1, 0).trailers(1).get(3),
        ),
        server(
            "reset of the engine, then WINDOW_UPDATE",
            Wire::new().post(1).window_update(1, 0).window_update(1, 1).get(3),
        ),
        server("reset of the engine, then reset", Wire::new().post(1).window_update(1, 0).reset(1, 8).get(3)),
        server("101 requests", (0..101).fold(Wire::new(), |wire, nth| wire.get(2 * nth + 1))),
        server("1,000 requests one by one", (0..1_000).fold(Wire::new(), |wire, nth| wire.get(2 * nth + 1)))
            .with(|script| script.answering(Answer::AtEnd)),
    ]
}

fn numbers() -> Vec<Case> {
    vec![
        server("stream numbers with gaps", Wire::new().get(1).get(7).get(101)),
        server("request on an even stream", Wire::new().get(2)),
        server("stream numbers that go down", Wire::new().get(5).get(3)),
        server("request on the last stream", Wire::new().get(0x7fff_ffff)),
        server("request on a stream twice", Wire::new().post(1).get(1)),
        client(
            "response on an even stream",
            &[Request::Get],
            Wire::new().response(2, flag::END_STREAM, "200"),
        ),
        client("response to no request", &[Request::Get], Wire::new().response(3, flag::END_STREAM, "200")),
        client("response on stream 0", &[Request::Get], Wire::new().response(0, flag::END_STREAM, "200")),
    ]
}

fn clients() -> Vec<Case> {
    let get = &[Request::Get, Request::Get];
    let ended = || Wire::new().response(1, flag::END_STREAM, "200");
    vec![
        client("DATA before the response", get, Wire::new().data(1, 0, b"x")),
        client("DATA on a client's idle stream", get, Wire::new().data(5, 0, b"x")),
        client("RST_STREAM on a client's idle stream", get, Wire::new().reset(5, 8)),
        client("WINDOW_UPDATE on a client's idle stream", get, Wire::new().window_update(5, 8)),
        client("DATA on an even idle stream", get, Wire::new().data(2, 0, b"x")),
        client("WINDOW_UPDATE on an even idle stream", get, Wire::new().window_update(2, 1)),
        client("RST_STREAM on an even idle stream", get, Wire::new().reset(2, 1)),
        client("DATA after a whole exchange", get, ended().data(1, 0, b"x")),
        client("HEADERS after a whole exchange", get, ended().trailers(1)),
        client("RST_STREAM after a whole exchange", get, ended().reset(1, 0).response(3, 1, "200")),
        client(
            "WINDOW_UPDATE after a whole exchange",
            get,
            ended().window_update(1, 1).response(3, 1, "200"),
        ),
        client("response before the request's end", &[Request::Post], ended()),
        client("response, then reset NO_ERROR", &[Request::Post], ended().reset(1, 0)),
        client("DATA after the response's end", &[Request::Post], ended().data(1, 0, b"x")),
        client("reset before the response", get, Wire::new().reset(1, 7).response(3, 1, "200")),
        client(
            "response after a reset",
            get,
            Wire::new().reset(1, 7).response(1, 1, "200").response(3, 1, "200"),
        ),
        client("reset amid the body", get, Wire::new().response(1, 0, "200").data(1, 0, b"abc").reset(1, 2)),
        client(
            "PRIORITY to a client",
            get,
            Wire::new().frame(kind::PRIORITY, 0, 1, &[0, 0, 0, 0, 1]).response(1, 1, "200"),
        ),
        Case::new("request to a client", Script::client(get, Wire::new().get(7))),
    ]
}
