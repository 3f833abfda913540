//! The ways into HTTP/2 (RFC 9113 §3; RFC 7540 §3.2 for the upgrade from HTTP/1.1).

use bytes::Bytes;
use sans_h2::frame::{Kind, Part, SettingId};
use sans_h2::{
    ALPN, Config, Connection, Event, Fields, Head, Preface, State, StreamId, Time, UPGRADE_TOKEN,
    UpgradeError, Violation,
};

use crate::support::{
    Log, MAGIC, Seen, Sent, Wire, config, drain, frames, get, heads, id, settings_of, settings_seen,
};

// covers 9113-3.2-1
#[test]
fn the_protocols_names() {
    assert_eq!((ALPN, UPGRADE_TOKEN), (&b"h2"[..], "h2c"));
}

#[test]
fn the_first_octets_tell_the_protocol_however_they_are_cut() {
    for cut in 0..MAGIC.len() {
        assert_eq!(Preface::of(&MAGIC[..cut]), Preface::NeedMore);
        let mut other = MAGIC[..=cut].to_vec();
        other[cut] ^= 1;
        assert_eq!(Preface::of(&other), Preface::Http1);
    }
    assert_eq!(Preface::of(MAGIC), Preface::Http2);
    assert_eq!(Preface::of(&[MAGIC, b"more"].concat()), Preface::Http2);
    for line in ["GET / HTTP/1.1\r\n", "P", "PR", "PRI", "PRI * HTTP/1.1"] {
        let expected = if MAGIC.starts_with(line.as_bytes()) { Preface::NeedMore } else { Preface::Http1 };
        assert_eq!(Preface::of(line.as_bytes()), expected, "{line}");
    }
}

fn poll(connection: &mut Connection, octets: &[u8]) -> Vec<Seen> {
    let mut log = Log::default();
    let mut input = octets;
    while let Some(event) = connection.poll(&mut input, Time::ZERO) {
        log.push(&event);
    }
    log.events
}

#[test]
fn an_upgraded_pair_answers_the_request_on_stream_1() {
    let config = config(|config| config.initial_window_size(10));
    let offered = Connection::http2_settings(&config);
    let (mut client, stream) = Connection::upgraded_client(config, &get()).unwrap();
    assert_eq!((stream, client.stream(stream).unwrap().state()), (id(1), State::HalfClosedLocal));
    let (mut server, stream) = Connection::upgraded_server(Config::default(), &offered, &get()).unwrap();
    assert_eq!((stream, server.stream(stream).unwrap().state()), (id(1), State::HalfClosedRemote));

    // The settings of the header hold for the response, before the client's SETTINGS frame has come.
    server.stream(stream).unwrap().send_headers(Fields::response(200), Part::More).unwrap();
    server
        .stream(stream)
        .unwrap()
        .send_data(Bytes::from_static(b"hello upgraded world"), Part::Last)
        .unwrap();
    let sent = drain(&mut server);
    assert_eq!(
        heads(&frames(&sent)),
        [(Kind::SETTINGS, 0), (Kind::WINDOW_UPDATE, 0), (Kind::HEADERS, 1), (Kind::DATA, 1)]
    );
    assert_eq!(frames(&sent)[3], Sent::data(1, b"hello upgr", Part::More));
    let events = poll(&mut client, &sent);
    let response = Seen::Headers(1, Head::Response, Fields::response(200), Part::More);
    assert_eq!(events[1..], [response, Seen::data(1, b"hello upgr", Part::More)]);

    client.stream(id(1)).unwrap().release(10);
    let octets = drain(&mut client);
    assert!(octets.starts_with(MAGIC));
    let told = settings_of(&[
        (SettingId::ENABLE_PUSH, 0),
        (SettingId::INITIAL_WINDOW_SIZE, 10),
        (SettingId::MAX_HEADER_LIST_SIZE, 16_384),
    ]);
    assert_eq!(poll(&mut server, &octets)[0], Seen::Settings(told));
    let events = poll(&mut client, &drain(&mut server));
    assert_eq!(events, [Seen::SettingsAcknowledged, Seen::data(1, b"aded world", Part::Last)]);
    assert_eq!(client.open(get(), Part::Last), Ok(id(3)));
    assert_eq!(poll(&mut server, &drain(&mut client)).last(), Some(&Seen::get(3)));
}

#[test]
fn the_first_stream_of_an_upgrade_is_taken() {
    let (mut server, _) = Connection::upgraded_server(Config::default(), "", &get()).unwrap();
    let events = poll(&mut server, &Wire::client().get(3).get(1).octets);
    assert_eq!(events[..3], [settings_seen(&[]), Seen::SettingsAcknowledged, Seen::get(3)]);
    // Its request has ended.
    assert!(matches!(events[3], Seen::Reset(1, ..)), "{events:?}");
    let (mut server, _) = Connection::upgraded_server(Config::default(), "", &get()).unwrap();
    server.shut_down();
    server.shut_down();
    let sent = frames(&drain(&mut server));
    let last = sent.iter().rev().find(|sent| sent.kind == Kind::GOAWAY);
    assert_eq!(last.map(Sent::number), Some(1));
}

#[test]
fn an_upgrade_to_head_has_no_content() {
    let head = Fields::request("HEAD", "http", "localhost", "/");
    let (mut client, stream) = Connection::upgraded_client(Config::default(), &head).unwrap();
    let response = Fields::response(200).with("content-length", "5");
    let wire = Wire::server().headers(1, &response, Part::Last);
    let mut input = &wire.octets[..];
    let last = std::iter::from_fn(|| client.poll(&mut input, Time::ZERO)).last();
    assert!(matches!(last, Some(Event::Headers { stream: on, part: Part::Last, .. }) if on == stream));
}

#[test]
fn an_upgrade_that_cannot_be_is_refused() {
    let refused = |settings: &str, request: &Fields| {
        Connection::upgraded_server(Config::default(), settings, request)
            .map(|(_, stream)| stream)
            .unwrap_err()
    };
    assert_eq!(refused("AAIAAAA*", &get()), UpgradeError::InvalidSettings);
    for padding in ["====", "AAIAAAAA=", "AAIAAAA===="] {
        assert_eq!(refused(padding, &get()), UpgradeError::InvalidSettings, "{padding}");
    }
    let connect = Fields::new().with(":method", "CONNECT").with(":authority", "example.com:443");
    assert_eq!(refused("", &connect), UpgradeError::Connect);
    assert_eq!(refused("AAIA", &get()), UpgradeError::Violation(Violation::SettingsLength));
    // ENABLE_PUSH 2.
    assert_eq!(refused("AAIAAAAC", &get()), UpgradeError::Violation(Violation::InvalidEnablePush));
    let many = "AAIAAAAA".repeat(33);
    assert_eq!(refused(&many, &get()), UpgradeError::Violation(Violation::TooManySettings));
    let malformed = get().with("connection", "Upgrade, HTTP2-Settings");
    let violation = Violation::ConnectionSpecificField;
    assert_eq!(refused("", &malformed), UpgradeError::Malformed(violation));
    let client: Result<(Connection, StreamId), _> =
        Connection::upgraded_client(Config::default(), &malformed);
    assert_eq!(client.map(|(_, stream)| stream), Err(UpgradeError::Malformed(violation)));
}

#[test]
fn an_upgrade_begins_with_exactly_the_settings_that_it_is_given() {
    let list = settings_of(&[(SettingId::from(0x7a7a), 1), (SettingId::INITIAL_WINDOW_SIZE, 100_000)]);
    let field = Connection::http2_settings_of(&list);
    let config = Config::default;
    let (mut client, stream) = Connection::upgraded_client_with_settings(config(), &list, &get()).unwrap();
    let (mut server, _) = Connection::upgraded_server_with_settings(config(), &list, &field, &get()).unwrap();
    for first in [&frames(&drain(&mut client))[0], &frames(&drain(&mut server))[0]] {
        assert_eq!((first.kind, &first.payload), (Kind::SETTINGS, &list.to_payload()));
    }
    // In force from the first octet on.
    let body = bytes::Bytes::from(vec![0; 70_000]);
    let mut answer = server.stream(stream).unwrap();
    answer.send_headers(Fields::response(200), Part::More).unwrap();
    answer.send_data(body, Part::Last).unwrap();
    let sent = frames(&drain(&mut server));
    let octets: usize =
        sent.iter().filter(|sent| sent.kind == Kind::DATA).map(|sent| sent.payload.len()).sum();
    // The window of the connection is the limit, not that of the stream.
    assert_eq!(octets, 65_535);
    let wrong = settings_of(&[(SettingId::MAX_FRAME_SIZE, 1)]);
    let refused = Connection::upgraded_client_with_settings(config(), &wrong, &get());
    assert!(matches!(refused, Err(UpgradeError::Control(_))));
}
