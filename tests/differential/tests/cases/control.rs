//! RFC 9113 §5.2, §6.5 and §6.7 to §6.9: flow control, SETTINGS, PING and GOAWAY.

use sans_h2_differential::{Answer, Request, Wire, flag, kind};

use super::{Case, client, server};

pub(crate) fn cases() -> Vec<Case> {
    [received(), sent(), updates(), settings(), settings_to_clients(), pings(), goaways()].concat()
}

fn body(wire: Wire, stream: u32, octets: usize) -> Wire {
    vec![7; octets].chunks(16_384).fold(wire, |wire, chunk| wire.data(stream, 0, chunk))
}

fn received() -> Vec<Case> {
    let held = |name, wire| server(name, wire).with(sans_h2_differential::Script::holding);
    let two = |first, second| body(body(Wire::new().post(1).post(3), 1, first), 3, second);
    vec![
        held("stream window filled", body(Wire::new().post(1), 1, 65_535)),
        held("stream and connection window overrun", body(Wire::new().post(1), 1, 65_536)),
        held("connection window filled by two", two(32_767, 32_768)),
        held("connection window overrun by two", two(32_768, 32_768)),
        held(
            "windows filled by padding",
            (0..255).fold(Wire::new().post(1), |wire, _| {
                wire.data(1, flag::PADDED, &[&[255_u8][..], &[0; 255]].concat())
            }),
        ),
        held(
            "windows overrun by padding",
            (0..256).fold(Wire::new().post(1), |wire, _| {
                wire.data(1, flag::PADDED, &[&[255_u8][..], &[0; 255]].concat())
            }),
        ),
        server("half a megabyte with credit", body(Wire::new().post(1), 1, 500_000).data(1, 1, b"")),
        server("half a megabyte on a refused stream", {
            let wire = Wire::new().section(1, 0, &[(":method", "POST")]);
            (0..30).fold(wire, |wire, _| wire.data(1, 0, &[7; 16_384])).get(3)
        }),
        server("empty DATA", Wire::new().post(1).data(1, 0, b"").data(1, 0, b"").data(1, 1, b"")),
        server(
            "50 empty DATA frames",
            (0..50).fold(Wire::new().post(1), |wire, _| wire.data(1, 0, b"")).data(1, 1, b"x"),
        ),
    ]
}

fn sent() -> Vec<Case> {
    let answer =
        |octets, name, wire: Wire| server(name, wire).with(|script| script.answering(Answer::Body(octets)));
    let window = |octets| Wire::new().settings(&[(4, octets)]);
    vec![
        answer(100_000, "response larger than the window", Wire::new().get(1)),
        answer(
            100_000,
            "response with credit for both",
            Wire::new().get(1).window_update(0, 9).window_update(1, 9),
        ),
        answer(
            100_000,
            "response with credit for the stream alone",
            Wire::new().get(1).window_update(1, 50_000),
        ),
        answer(
            100_000,
            "response with credit for the connection alone",
            Wire::new().get(1).window_update(0, 50_000),
        ),
        answer(1_000, "response under a window of 10", window(10).get(1)),
        answer(1_000, "response under a window of 0, then 1", window(0).get(1).window_update(1, 1)),
        answer(1_000, "window lowered under what was sent", Wire::new().get(1).settings(&[(4, 10)]).get(3)),
        answer(5_000, "window below zero, then credit", {
            window(3_000).get(1).settings(&[(4, 1_000)]).window_update(1, 2_001).get(3)
        }),
        answer(5_000, "window raised with a stream open", window(3_000).get(1).settings(&[(4, 4_000)])),
        answer(
            5_000,
            "window lowered and raised in one frame",
            window(3_000).get(1).settings(&[(4, 0), (4, 3_500)]),
        ),
        answer(100_000, "window of 2^31 - 1", window(0x7fff_ffff).window_update(0, 1_000_000).get(1)),
        answer(
            100_000,
            "largest frame of 2^24 - 1",
            Wire::new().settings(&[(5, 0xff_ffff), (4, 90_000)]).window_update(0, 100_000).get(1),
        ),
        client("upload larger than the window", &[Request::Upload(100_000)], Wire::new()),
        client(
            "upload with credit",
            &[Request::Upload(100_000)],
            Wire::new().window_update(0, 1_000).window_update(1, 500),
        ),
        client(
            "upload that is reset",
            &[Request::Upload(100_000)],
            Wire::new().reset(1, 8).window_update(0, 99),
        ),
        client("response ends an upload by NO_ERROR", &[Request::Upload(100_000)], {
            Wire::new().response(1, 1, "413").reset(1, 0).window_update(0, 99_999)
        }),
    ]
}

fn updates() -> Vec<Case> {
    let most = 0x7fff_ffff;
    vec![
        server("WINDOW_UPDATE of 0 on the connection", Wire::new().window_update(0, 0)),
        server("WINDOW_UPDATE of 0 on a stream", Wire::new().post(1).window_update(1, 0).get(3)),
        server("WINDOW_UPDATE of the reserved bit alone", Wire::new().window_update(0, 1 << 31)),
        server("WINDOW_UPDATE with the reserved bit", Wire::new().window_update(0, 1 << 31 | 5).get(1)),
        server("connection window of 2^31 - 1", Wire::new().window_update(0, most - 65_535).get(1)),
        server("connection window of 2^31", Wire::new().window_update(0, most - 65_534)),
        server("stream window of 2^31 - 1", Wire::new().get(1).window_update(1, most - 65_535).get(3)),
        server("stream window of 2^31", Wire::new().get(1).window_update(1, most - 65_534).get(3)),
        server(
            "stream window of 2^31 by SETTINGS",
            Wire::new().get(1).window_update(1, 1).settings(&[(4, most)]),
        ),
        server("stream window of 2^31 by SETTINGS, closed before", {
            Wire::new().get(1).window_update(1, 1).reset(1, 8).settings(&[(4, most)]).get(3)
        }),
        client("WINDOW_UPDATE of 0 to a client", &[Request::Post], Wire::new().window_update(1, 0)),
        client("stream window of 2^31 at a client", &[Request::Post], Wire::new().window_update(1, most)),
        client("connection window of 2^31 at a client", &[Request::Post], Wire::new().window_update(0, most)),
    ]
}

fn settings() -> Vec<Case> {
    let with = |name, entries: &[(u16, u32)]| server(name, Wire::new().settings(entries).get(1));
    let many = |count: u16| (0..count).map(|nth| (0x1000 + nth, 0)).collect::<Vec<_>>();
    vec![
        with("SETTINGS that are empty", &[]),
        with("SETTINGS of every kind", &[(1, 100), (2, 1), (3, 0), (4, 1), (5, 16_384), (6, 0)]),
        with("SETTINGS that are unknown", &[(0xf0, 1), (0xffff, u32::MAX), (0, 0), (7, 7)]),
        with("SETTINGS_ENABLE_PUSH of 2", &[(2, 2)]),
        with("SETTINGS_ENABLE_PUSH of 1 to a server", &[(2, 1)]),
        with("SETTINGS_INITIAL_WINDOW_SIZE of 2^31 - 1", &[(4, 0x7fff_ffff)]),
        with("SETTINGS_INITIAL_WINDOW_SIZE of 2^31", &[(4, 0x8000_0000)]),
        with("SETTINGS_MAX_FRAME_SIZE of 16,383", &[(5, 16_383)]),
        with("SETTINGS_MAX_FRAME_SIZE of 2^24 - 1", &[(5, 0xff_ffff)]),
        with("SETTINGS_MAX_FRAME_SIZE of 2^24", &[(5, 0x100_0000)]),
        with("SETTINGS_MAX_FRAME_SIZE of 0", &[(5, 0)]),
        with("SETTINGS_HEADER_TABLE_SIZE of 2^32 - 1", &[(1, u32::MAX)]),
        with("SETTINGS_HEADER_TABLE_SIZE down and up", &[(1, 0), (1, 4_096)]),
        with("SETTINGS_MAX_CONCURRENT_STREAMS of 0", &[(3, 0)]),
        with("SETTINGS_ENABLE_CONNECT_PROTOCOL of 1 from a client", &[(8, 1)]),
        with("SETTINGS_ENABLE_CONNECT_PROTOCOL of 2", &[(8, 2)]),
        with("SETTINGS_NO_RFC7540_PRIORITIES of 1", &[(9, 1)]),
        with("SETTINGS_NO_RFC7540_PRIORITIES of 2", &[(9, 2)]),
        with("32 SETTINGS", &many(32)),
        with("33 SETTINGS", &many(33)),
        server("SETTINGS acknowledged twice", Wire::new().settings_ack().get(1)),
        server("ten SETTINGS", (0..10).fold(Wire::new(), |wire, nth| wire.settings(&[(4, nth)])).get(1)),
    ]
}

fn settings_to_clients() -> Vec<Case> {
    let with = |name, entries: &[(u16, u32)]| {
        client(name, &[Request::Get], Wire::new().settings(entries).response(1, 1, "200"))
    };
    vec![
        with("SETTINGS_ENABLE_PUSH of 1 to a client", &[(2, 1)]),
        with("SETTINGS_ENABLE_PUSH of 0 to a client", &[(2, 0)]),
        with("SETTINGS_ENABLE_CONNECT_PROTOCOL of 1", &[(8, 1)]),
        with("SETTINGS_ENABLE_CONNECT_PROTOCOL back to 0", &[(8, 1), (8, 0)]),
        with("SETTINGS_ENABLE_CONNECT_PROTOCOL of 2 to a client", &[(8, 2)]),
        with("SETTINGS_MAX_CONCURRENT_STREAMS of 0 to a client", &[(3, 0)]),
        with("SETTINGS_MAX_FRAME_SIZE of 1 to a client", &[(5, 1)]),
    ]
}

fn pings() -> Vec<Case> {
    vec![
        server("PING", Wire::new().ping(*b"12345678").get(1)),
        server("PING acknowledgement of none", Wire::new().frame(kind::PING, flag::ACK, 0, &[9; 8]).get(1)),
        server("20 PINGs", (0..20).fold(Wire::new(), |wire, nth| wire.ping([nth; 8])).get(1)),
        client("PING to a client", &[Request::Get], Wire::new().ping([1; 8]).response(1, 1, "200")),
    ]
}

fn goaways() -> Vec<Case> {
    let two = &[Request::Get, Request::Get];
    let second = |wire: Wire| wire.response(3, 1, "200");
    vec![
        server("GOAWAY from a client", Wire::new().post(1).goaway(0, 0).data(1, 1, b"x")),
        server("request after the client's GOAWAY", Wire::new().goaway(0, 0).get(1)),
        server("GOAWAY with an error from a client", Wire::new().post(1).goaway(0, 2)),
        client(
            "GOAWAY that spares all",
            two,
            second(Wire::new().goaway(0x7fff_ffff, 0).response(1, 1, "200")),
        ),
        client("GOAWAY that drops the second", two, Wire::new().goaway(1, 0).response(1, 1, "200")),
        client("GOAWAY that drops all", two, Wire::new().goaway(0, 0)),
        client(
            "GOAWAY twice, lowered",
            two,
            Wire::new().goaway(0x7fff_ffff, 0).goaway(1, 0).response(1, 1, "200"),
        ),
        client("GOAWAY twice, raised", two, Wire::new().goaway(1, 0).goaway(3, 0).response(1, 1, "200")),
        client("GOAWAY with an error", two, Wire::new().goaway(1, 2).response(1, 1, "200")),
        client("GOAWAY with an unknown error", two, Wire::new().goaway(3, 0xdead_beef)),
        client("GOAWAY with an even stream", two, second(Wire::new().goaway(2, 0).response(1, 1, "200"))),
        client("PING after GOAWAY", two, Wire::new().goaway(3, 0).ping([5; 8]).response(1, 1, "200")),
    ]
}
