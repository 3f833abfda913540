//! How a connection begins (RFC 9113 §3.4).

use sans_h2::frame::{Flags, Kind, Part, SettingId};
use sans_h2::{Config, Connection, ErrorCode, Role, Violation};

use crate::support::{
    MAGIC, Script, Seen, Sent, Wire, config, drain, frames, get, settings_seen, talk_from_start,
};

const LIST: (SettingId, u32) = (SettingId::MAX_HEADER_LIST_SIZE, 16_384);

/// What raises the connection's window from the protocol's to the default of 1 MiB.
const RAISE: u32 = 1_048_576 - 65_535;

// covers 9113-3.4-1 9113-6.5-1 9113-3.2-2
#[test]
fn a_client_begins_with_the_fixed_octets_and_settings() {
    let octets = drain(&mut Connection::client(Config::default()));
    assert!(octets.starts_with(MAGIC));
    let expected = [Sent::settings(&[(SettingId::ENABLE_PUSH, 0), LIST]), Sent::window_update(0, RAISE)];
    assert_eq!(frames(&octets), expected);
}

// covers 9113-3.4-2 9113-6.5-1 9113-3.2-2 9113-3.3-2
#[test]
fn a_server_begins_with_settings() {
    let octets = drain(&mut Connection::server(Config::default()));
    let settings = Sent::settings(&[(SettingId::MAX_CONCURRENT_STREAMS, 100), LIST]);
    assert_eq!(frames(&octets), [settings, Sent::window_update(0, RAISE)]);
    assert_eq!(octets[..9], [0, 0, 12, 4, 0, 0, 0, 0, 0]);
}

#[test]
fn what_the_config_says_is_announced() {
    let config = config(|config| {
        let config = config.header_table_size(100).initial_window_size(200).max_frame_size(20_000);
        config.max_concurrent_streams(7).max_header_list_size(300).connection_window_size(65_535)
    });
    let shared = [
        (SettingId::INITIAL_WINDOW_SIZE, 200),
        (SettingId::MAX_FRAME_SIZE, 20_000),
        (SettingId::MAX_HEADER_LIST_SIZE, 300),
    ];
    for (mut connection, own) in [
        (Connection::client(config.clone()), (SettingId::ENABLE_PUSH, 0)),
        (Connection::server(config.clone()), (SettingId::MAX_CONCURRENT_STREAMS, 7)),
    ] {
        let settings = [&[(SettingId::HEADER_TABLE_SIZE, 100), own], &shared[..]].concat();
        assert_eq!(frames(&drain(&mut connection)), [Sent::settings(&settings)]);
    }
}

// covers 9113-3.4-3 9113-3.4-2
#[test]
fn the_first_settings_are_acknowledged_after_our_own() {
    talk_from_start(Role::Server, &Config::default(), |talk| {
        let settings = [(SettingId::MAX_FRAME_SIZE, 16_384)];
        assert_eq!(talk.hear(|wire| wire.octets(MAGIC).settings(&settings)), [settings_seen(&settings)]);
        let own = Sent::settings(&[(SettingId::MAX_CONCURRENT_STREAMS, 100), LIST]);
        assert_eq!(talk.frames(), [own, Sent::window_update(0, RAISE), Sent::settings_ack()]);
        assert_eq!(talk.hear(Wire::settings_ack), [Seen::SettingsAcknowledged]);
    });
}

#[test]
fn a_client_may_send_requests_before_the_servers_preface_has_come() {
    talk_from_start(Role::Client, &Config::default(), |talk| {
        let stream = talk.open(Part::Last);
        assert_eq!(talk.frames().last().map(|sent| (sent.kind, sent.stream)), Some((Kind::HEADERS, stream)));
        assert_eq!(talk.hear(|wire| wire.settings(&[])), [settings_seen(&[])]);
        assert_eq!(talk.frames(), [Sent::settings_ack()]);
    });
}

// covers 9113-3.4-4 9113-5.4-3 9113-5.4.1-1
#[test]
fn a_wrong_octet_anywhere_in_the_fixed_octets_is_refused() {
    for at in 0..MAGIC.len() {
        let mut octets = MAGIC.to_vec();
        octets[at] ^= 0x20;
        let outcome = Script::server().run(Wire::raw().octets(&octets).settings(&[]).get(1));
        assert_eq!(outcome.events, [Seen::failed(Violation::InvalidPreface)], "octet {at}");
        assert_eq!(outcome.sent, [Sent::goaway(0, ErrorCode::PROTOCOL_ERROR)], "octet {at}");
    }
}

// covers 9113-3.4-4
#[test]
fn a_first_line_of_http_1_is_refused() {
    for line in
        ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\n\r\n", "PRI * HTTP/1.1\r\n\r\nSM\r\n"]
    {
        let outcome = Script::server().run(Wire::raw().octets(line.as_bytes()));
        assert_eq!(outcome.events, [Seen::failed(Violation::InvalidPreface)], "{line}");
        assert_eq!(outcome.sent, [Sent::goaway(0, ErrorCode::PROTOCOL_ERROR)], "{line}");
    }
}

// covers 9113-3.4-4
#[test]
fn an_answer_in_http_1_is_no_preface_of_a_server() {
    let outcome = Script::client().run(Wire::raw().octets(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    assert_eq!(outcome.events, [Seen::failed(Violation::SettingsNotFirst)]);
    assert_eq!(outcome.sent, [Sent::goaway(0, ErrorCode::PROTOCOL_ERROR)]);
}

type Say = fn(Wire) -> Wire;

const NOT_SETTINGS: [(&str, Say); 11] = [
    ("SETTINGS with ACK", Wire::settings_ack),
    ("DATA", |wire| wire.data(1, b"a", Part::More)),
    ("HEADERS", |wire| wire.headers(1, &get(), Part::Last)),
    ("PRIORITY", |wire| wire.priority(1)),
    ("RST_STREAM", |wire| wire.reset(1, ErrorCode::CANCEL)),
    ("PUSH_PROMISE", |wire| wire.push_promise(1, 2)),
    ("PING", |wire| wire.ping([0; 8])),
    ("PING with ACK", |wire| wire.pong([0; 8])),
    ("GOAWAY", |wire| wire.goaway(0, ErrorCode::NO_ERROR)),
    ("WINDOW_UPDATE", |wire| wire.window_update(0, 1)),
    ("an unknown type", |wire| wire.unknown(0)),
];

// covers 9113-3.4-4 9113-3.4-1 9113-3.4-2
#[test]
fn the_first_frame_must_be_settings() {
    for (name, say) in NOT_SETTINGS {
        for role in [Role::Client, Role::Server] {
            let start = if role == Role::Server { Wire::raw().octets(MAGIC) } else { Wire::raw() };
            let outcome = Script::new(role).run(say(start).settings(&[]));
            assert_eq!(outcome.events, [Seen::failed(Violation::SettingsNotFirst)], "{role:?} {name}");
            assert_eq!(outcome.sent, [Sent::goaway(0, ErrorCode::PROTOCOL_ERROR)], "{role:?} {name}");
        }
    }
}

/// What would be an error of one stream later is one of the connection before SETTINGS have come.
// covers 9113-3.4-4
#[test]
fn a_malformed_first_frame_does_not_stand_in_for_settings() {
    let client = Script::client().start(|client| {
        client.open(get(), Part::Last).unwrap();
    });
    let short = |wire: Wire| wire.frame(Kind::PRIORITY, Flags::NONE, 1, &[0; 4]);
    let outcome = client.run(short(Wire::raw()).settings(&[]));
    assert!(matches!(outcome.events.last(), Some(Seen::Closed(Some(_)))), "{:?}", outcome.events);
    assert_eq!(outcome.goaway(), ErrorCode::PROTOCOL_ERROR);
    assert_eq!(outcome.resets(), []);
}

#[test]
fn half_a_preface_tells_nothing() {
    let outcome = Script::server().run(Wire::raw().octets(&MAGIC[..23]));
    assert_eq!((outcome.events, outcome.sent), (vec![], vec![]));
}

/// However little that is above the protocol's own window.
#[test]
fn the_first_update_gives_the_peer_the_whole_window_of_the_connection() {
    for (window, increment) in
        [(65_535, None), (65_536, Some(1)), (70_000, Some(4_465)), (131_070, Some(65_535))]
    {
        let mut server = Connection::server(config(|config| config.connection_window_size(window)));
        let sent = frames(&drain(&mut server));
        let update = sent.get(1).map(|sent| (sent.kind, sent.stream, sent.number()));
        assert_eq!(update, increment.map(|octets| (Kind::WINDOW_UPDATE, 0, octets)), "{window}");
    }
}
