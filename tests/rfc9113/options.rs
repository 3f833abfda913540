//! What a `Config` switches on: answers to malformed requests, cookies in one or in crumbs, settings of extensions.

use sans_h2::frame::{Kind, Part, SettingId};
use sans_h2::{Config, Connection, ControlError, ErrorCode, Event, Fields, Head, Indexing, Role, Time};

use crate::support::{MAGIC, Seen, Sent, Wire, config, drain, frames, get, heads, hex, settings_of, talk};

fn crumbs() -> Fields {
    get()
        .with("cookie", "first=long-enough-to-index")
        .with("accept", "*/*")
        .with("cookie", "second=long-enough-to-index")
        .with("cookie", "third=long-enough-to-index")
}

fn whole() -> Fields {
    get()
        .with("cookie", "first=long-enough-to-index; second=long-enough-to-index; third=long-enough-to-index")
        .with("accept", "*/*")
}

// covers 9113-8.2.1-9
#[test]
fn a_malformed_request_is_answered_with_400_on_request() {
    let polite = config(|config| config.answer_malformed(true));
    talk(Role::Server, &polite, &[], |talk| {
        let answered = [Sent::headers(1, &[0x8c], Part::More), Sent::reset(1, ErrorCode::PROTOCOL_ERROR)];
        assert_eq!(talk.hear(|wire| wire.headers(1, &get().with("Upper", "1"), Part::More)), []);
        talk.assert_usable(&answered);
        // In step with what is encoded afterwards.
        assert_eq!(talk.hear(|wire| wire.get(3)), [Seen::get(3)]);
        talk.respond(3, 400, Part::Last);
        assert_eq!(talk.frames(), [Sent::headers(3, &[0x8c], Part::Last)]);
        // Trailers come too late for an answer.
        talk.hear(|wire| wire.post(5).headers(5, &Fields::new().with("Upper", "1"), Part::Last));
        talk.assert_usable(&[Sent::reset(5, ErrorCode::PROTOCOL_ERROR)]);
    });
}

// covers 9113-8.2.3-1
#[test]
fn cookies_are_joined_on_request() {
    for (joined, seen) in [(false, crumbs()), (true, whole())] {
        let config = config(|config| config.join_cookies(joined));
        talk(Role::Server, &config, &[], |talk| {
            let request = Seen::Headers(1, Head::Request, seen.clone(), Part::Last);
            assert_eq!(talk.hear(|wire| wire.headers(1, &crumbs(), Part::Last)), [request]);
        });
    }
    // One that is secret keeps all of it out of tables (RFC 7541 §6.2.3).
    let config = config(|config| config.join_cookies(true));
    talk(Role::Server, &config, &[], |talk| {
        let mixed =
            get().with_indexing("cookie", "s=1", Indexing::Never).with("cookie", "a-cookie-of-some-length=2");
        let joined = get().with_indexing("cookie", "s=1; a-cookie-of-some-length=2", Indexing::Never);
        let request = Seen::Headers(1, Head::Request, joined, Part::Last);
        assert_eq!(talk.hear(|wire| wire.headers(1, &mixed, Part::Last)), [request]);
        // Each crumb is a field of its own, and held to the rules of one.
        let blank = get().with("cookie", "a").with("cookie", " b").with("cookie", "c");
        assert_eq!(talk.hear(|wire| wire.headers(3, &blank, Part::Last)), []);
        talk.assert_usable(&[Sent::reset(3, ErrorCode::PROTOCOL_ERROR)]);
        // What is joined is a field that may be sent on.
        let empty = get().with_indexing("cookie", "a", Indexing::Never).with("cookie", "");
        let joined = get().with_indexing("cookie", "a", Indexing::Never);
        let request = Seen::Headers(5, Head::Request, joined, Part::Last);
        assert_eq!(talk.hear(|wire| wire.headers(5, &empty, Part::Last)), [request]);
    });
}

#[test]
fn cookies_are_split_on_request() {
    for (split, sent) in [
        (false, whole()),
        (
            true,
            get()
                .with("cookie", "first=long-enough-to-index")
                .with("cookie", "second=long-enough-to-index")
                .with("cookie", "third=long-enough-to-index")
                .with("accept", "*/*"),
        ),
    ] {
        let config = config(|config| config.split_cookies(split));
        talk(Role::Client, &config, &[], |talk| {
            talk.connection.open(whole(), Part::Last).unwrap();
            let frames = talk.frames();
            assert_eq!(heads(&frames), [(Kind::HEADERS, 1)]);
            let mut fields = Fields::new();
            let mut decoder = sans_h2::hpack::Decoder::new(4_096);
            decoder.decode(&frames[0].payload, &mut fields).unwrap();
            decoder.finish().unwrap();
            let pairs = |fields: &Fields| {
                fields.iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect::<Vec<_>>()
            };
            assert_eq!(pairs(&fields), pairs(&sent));
        });
    }
}

// covers 9218-2.1-3 9218-2.1-4
#[test]
fn a_setting_about_old_priorities_comes_first_and_stays() {
    const SETTING: SettingId = SettingId::NO_RFC7540_PRIORITIES;
    for value in [0, 1] {
        let config = config(|config| config.no_rfc7540_priorities(value == 1));
        for role in [Role::Client, Role::Server] {
            talk(role, &config, &[], |talk| {
                let other = talk.connection.update_settings(&settings_of(&[(SETTING, 1 - value)]));
                assert!(matches!(other, Err(ControlError::InvalidSetting(_))));
                assert_eq!(talk.connection.update_settings(&settings_of(&[(SETTING, value)])), Ok(()));
            });
            let mut connection = match role {
                Role::Client => Connection::client(config.clone()),
                Role::Server => Connection::server(config.clone()),
            };
            let first = &frames(&drain(&mut connection))[0];
            let said = first.payload.chunks(6).any(|entry| entry == [0, 9, 0, 0, 0, 1]);
            assert_eq!((first.kind, said), (Kind::SETTINGS, value == 1));
        }
    }
}

// covers 8441-3-2 9113-5.5-5 9113-5.5-6
#[test]
fn extended_connect_is_off_until_the_server_allows_it_and_stays_on() {
    const SETTING: SettingId = SettingId::ENABLE_CONNECT_PROTOCOL;
    let request = Fields::new()
        .with(":method", "CONNECT")
        .with(":protocol", "websocket")
        .with(":scheme", "https")
        .with(":authority", "localhost")
        .with(":path", "/chat");
    talk(Role::Server, &Config::default(), &[], |talk| {
        assert_eq!(talk.hear(|wire| wire.headers(1, &request, Part::More)), []);
        talk.assert_usable(&[Sent::reset(1, ErrorCode::PROTOCOL_ERROR)]);
        assert_eq!(talk.connection.update_settings(&settings_of(&[(SETTING, 1)])), Ok(()));
        let back = talk.connection.update_settings(&settings_of(&[(SETTING, 0)]));
        assert!(matches!(back, Err(ControlError::InvalidSetting(_))));
        assert_eq!(talk.hear(|wire| wire.headers(3, &request, Part::More)).len(), 1);
    });
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert!(talk.connection.open(request.clone(), Part::More).is_err());
        talk.hear(|wire| wire.settings(&[(SETTING, 1)]));
        assert!(talk.connection.open(request.clone(), Part::More).is_ok());
    });
}

/// As a browser begins: its settings in their order, one that nobody knows among them, then a large window.
#[test]
fn the_first_settings_can_be_given_to_the_letter() {
    let list = [
        (SettingId::HEADER_TABLE_SIZE, 65_536),
        (SettingId::from(0x2a2a), 7),
        (SettingId::ENABLE_PUSH, 0),
        (SettingId::INITIAL_WINDOW_SIZE, 6_291_456),
        (SettingId::MAX_HEADER_LIST_SIZE, 262_144),
    ];
    let config = config(|config| config.connection_window_size(15_728_640).max_header_list_size(262_144));
    let mut client = Connection::client_with_settings(config, &settings_of(&list)).unwrap();
    let octets = drain(&mut client);
    let expected = hex(
        "00001e 04 00 00000000  0001 00010000  2a2a 00000007  0002 00000000  0004 00600000  0006 00040000
         000004 08 00 00000000  00ef0001",
    );
    assert_eq!(octets, [MAGIC, &expected[..]].concat());

    let mut server = Connection::server(Config::default());
    let mut input = &octets[..];
    let told = server.poll(&mut input, Time::ZERO);
    assert_eq!(told, Some(Event::Settings(settings_of(&list))));
}

#[test]
fn first_settings_that_could_not_hold_are_refused() {
    let first = |list: &[(SettingId, u32)]| {
        Connection::server_with_settings(Config::default(), &settings_of(list)).map(drop)
    };
    assert_eq!(first(&[]), Ok(()));
    for (setting, value) in [
        (SettingId::MAX_HEADER_LIST_SIZE, 16_385),
        (SettingId::ENABLE_PUSH, 1),
        (SettingId::MAX_FRAME_SIZE, 1),
    ] {
        assert!(matches!(first(&[(setting, value)]), Err(ControlError::InvalidSetting(_))), "{setting}");
    }
    // What is left out keeps the limits of the config.
    let few = config(|config| config.max_concurrent_streams(1));
    let mut server = Connection::server_with_settings(few, &settings_of(&[])).unwrap();
    let wire = Wire::client().get(1).get(3);
    let mut input = &wire.octets[..];
    while server.poll(&mut input, Time::ZERO).is_some() {}
    let sent = frames(&drain(&mut server));
    assert!(sent.contains(&Sent::reset(3, ErrorCode::REFUSED_STREAM)), "{sent:?}");
}
