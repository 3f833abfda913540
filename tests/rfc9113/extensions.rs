//! Frames and settings beyond RFC 9113 (§5.5): ALTSVC, ORIGIN, PRIORITY_UPDATE, and unknown ones.

use bytes::Bytes;
use sans_h2::frame::{AltSvc, Extension, Flags, Kind, Origins, Part, PriorityUpdate, SettingId};
use sans_h2::{Config, ControlError, Role, Violation};

use crate::support::{Seen, Sent, Talk, Wire, config, get, id, settings_seen, talk};

fn update(stream: u32, value: &'static str) -> PriorityUpdate {
    PriorityUpdate { prioritized: id(stream), value: Bytes::from_static(value.as_bytes()) }
}

fn say(wire: Wire, extension: &Extension) -> Wire {
    let stream = extension.stream.map_or(0, |stream| stream.number());
    wire.frame(extension.kind, extension.flags, stream, &extension.payload)
}

fn alternative() -> AltSvc {
    AltSvc {
        stream: None,
        origin: Bytes::from_static(b"https://a.b"),
        value: Bytes::from_static(b"h2=\":1\""),
    }
}

fn unknown() -> Extension {
    Extension {
        kind: Kind::from(0xbe),
        flags: Flags::from(7),
        stream: Some(id(9)),
        payload: Bytes::from_static(b"?"),
    }
}

/// A server and what it hears of PRIORITY_UPDATE.
fn hears(talk: &mut Talk, stream: u32) -> Vec<Seen> {
    talk.hear(|wire| say(wire, &update(stream, "u=1").to_extension()))
}

// covers 9218-7.1-3 9218-7-1
#[test]
fn a_server_is_told_priorities_of_streams_that_are_open_or_will_be() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.get(1));
        for stream in [1, 3, 7] {
            assert_eq!(hears(talk, stream), [Seen::PriorityUpdate(update(stream, "u=1"))]);
        }
        // Over, or skipped: nothing to tell.
        talk.hear(|wire| wire.get(9));
        assert_eq!((hears(talk, 3), hears(talk, 7)), (vec![], vec![]));
        talk.assert_usable(&[]);
    });
}

// covers 9218-7.1-4 9218-7.1-5
#[test]
fn as_many_streams_have_priorities_as_may_be_open() {
    let three = config(|config| config.max_concurrent_streams(3));
    talk(Role::Server, &three, &[], |talk| {
        talk.hear(|wire| wire.get(1));
        assert_eq!((hears(talk, 3).len(), hears(talk, 5).len(), hears(talk, 3).len()), (1, 1, 1));
        // One is open now, and two are idle still.
        talk.hear(|wire| wire.get(3));
        assert_eq!(hears(talk, 5).len(), 1);
        let events = hears(talk, 7);
        talk.assert_failed(&events, Violation::TooManyPrioritizedStreams);
    });
}

// covers 9218-7.1-2 9218-7.1-8 9218-7.1-9 9218-7.1-11
#[test]
fn a_misplaced_priority_ends_the_connection() {
    type Say = fn(Wire) -> Wire;
    let kind = Kind::PRIORITY_UPDATE;
    assert_eq!(kind, Kind::from(0x10));
    let wrong: [(Role, Say, Violation); 6] = [
        (
            Role::Server,
            |w| w.frame(Kind::from(0x10), Flags::NONE, 1, &[0, 0, 0, 1]),
            Violation::PriorityUpdateOnStream,
        ),
        (
            Role::Server,
            |w| w.frame(Kind::from(0x10), Flags::NONE, 1, &[9; 300]),
            Violation::PriorityUpdateOnStream,
        ),
        (
            Role::Server,
            |w| w.frame(Kind::from(0x10), Flags::NONE, 0, &[0; 4]),
            Violation::PriorityUpdateWithoutStream,
        ),
        (
            Role::Server,
            |w| w.frame(Kind::from(0x10), Flags::NONE, 0, &[0, 0, 0, 2]),
            Violation::PriorityUpdateOfIdlePush,
        ),
        (
            Role::Client,
            |w| w.frame(Kind::from(0x10), Flags::NONE, 0, &[0, 0, 0, 1]),
            Violation::PriorityUpdateToClient,
        ),
        (
            Role::Client,
            |w| w.frame(Kind::from(0x10), Flags::NONE, 0, &[9; 300]),
            Violation::PriorityUpdateToClient,
        ),
    ];
    for (role, say, violation) in wrong {
        talk(role, &Config::default(), &[], |talk| {
            let events = talk.hear(say);
            talk.assert_failed(&events, violation);
        });
    }
}

// covers 9218-7.1-1 9218-7.1-10
#[test]
fn a_client_sends_priorities_and_a_server_does_not() {
    let extension = update(1, "u=3, i").to_extension();
    talk(Role::Client, &Config::default(), &HEEDS_UPDATES, |talk| {
        assert_eq!(talk.connection.send_extension(&extension), Ok(()));
        let payload = [&[0, 0, 0, 1][..], b"u=3, i"].concat();
        assert_eq!(talk.frames(), [Sent::new(Kind::PRIORITY_UPDATE, Flags::NONE, 0, &payload)]);
    });
    talk(Role::Server, &Config::default(), &[], |talk| {
        assert_eq!(talk.connection.send_extension(&extension), Err(ControlError::InvalidExtension));
        assert_eq!(talk.frames(), []);
    });
}

/// RFC 9218 §7.1: it names a stream, and belongs to none.
#[test]
fn a_client_sends_no_priority_update_that_is_malformed() {
    let whole = update(1, "u=3").to_extension();
    talk(Role::Client, &Config::default(), &HEEDS_UPDATES, |talk| {
        for payload in [&b""[..], &[0, 0, 1], &[0, 0, 0, 0, b'i']] {
            let cut = Extension { payload: Bytes::copy_from_slice(payload), ..whole.clone() };
            assert_eq!(talk.connection.send_extension(&cut), Err(ControlError::InvalidExtension));
        }
        let placed = Extension { stream: Some(id(1)), ..whole.clone() };
        assert_eq!(talk.connection.send_extension(&placed), Err(ControlError::InvalidExtension));
        assert_eq!(talk.frames(), []);
    });
}

// covers 8336-2.2-1 8336-2.2-3
#[test]
fn a_client_is_told_alternatives_and_origins() {
    let origins = Origins::new(["https://a.example", "https://b.example"]).unwrap();
    let both = |wire| say(say(wire, &alternative().to_extension().unwrap()), &origins.to_extension());
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert_eq!(talk.hear(both), [Seen::AltSvc(alternative()), Seen::Origins(origins.clone())]);
        let misplaced = Extension { stream: Some(id(1)), ..origins.to_extension() };
        let flagged = Extension { flags: Flags::from(4), ..origins.to_extension() };
        assert_eq!(talk.hear(|wire| say(say(wire, &misplaced), &flagged)), []);
        talk.assert_usable(&[]);
    });
    talk(Role::Server, &Config::default(), &[], |talk| {
        assert_eq!(talk.hear(both), []);
        talk.assert_usable(&[]);
        assert_eq!(talk.connection.send_extension(&origins.to_extension()), Ok(()));
        assert_eq!(talk.frames().first().map(|sent| sent.kind), Some(Kind::ORIGIN));
    });
}

// covers 8336-2.2-2
#[test]
fn origins_mean_nothing_in_clear_text() {
    let clear = config(|config| config.clear_text(true));
    talk(Role::Client, &clear, &[], |talk| {
        let origins = Origins::new(["https://a.example"]).unwrap();
        assert_eq!(talk.hear(|wire| say(wire, &origins.to_extension())), []);
        talk.assert_usable(&[]);
    });
}

// covers 9218-7.1-6
#[test]
fn a_client_prioritizes_no_response_that_is_over() {
    let extension = update(1, "u=7").to_extension();
    talk(Role::Client, &Config::default(), &HEEDS_UPDATES, |talk| {
        talk.opened(Part::More);
        assert_eq!(talk.connection.send_extension(&extension), Ok(()));
        talk.hear(|wire| wire.response(1, 200, Part::Last));
        assert!(talk.is_live(1), "the request still goes on");
        assert_eq!(talk.connection.send_extension(&extension), Err(ControlError::InvalidExtension));
    });
}

// covers 9218-7.1-6 9218-7.1-7
#[test]
fn a_client_prioritizes_a_push_only_while_it_lives() {
    let taker = config(|config| config.enable_push(true));
    let extension = update(2, "u=7").to_extension();
    talk(Role::Client, &taker, &HEEDS_UPDATES, |talk| {
        talk.opened(Part::Last);
        assert_eq!(talk.connection.send_extension(&extension), Err(ControlError::InvalidExtension));
        talk.hear(|wire| wire.promise(1, 2, &get()));
        assert_eq!(talk.connection.send_extension(&extension), Ok(()));
        talk.hear(|wire| wire.response(2, 200, Part::More));
        assert_eq!(talk.connection.send_extension(&extension), Ok(()));
        talk.hear(|wire| wire.data(2, b"", Part::Last));
        assert_eq!(talk.connection.send_extension(&extension), Err(ControlError::InvalidExtension));
        assert_eq!(talk.frames().len(), 2);
    });
}

// covers 9113-5.5-1 9113-5.5-2 9113-4.1-2
#[test]
fn unknown_frames_are_told_on_request_and_can_be_sent() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        assert_eq!(talk.hear(|wire| say(wire, &unknown())), []);
        talk.assert_usable(&[]);
    });
    let curious = config(|config| config.report_unknown_frames(true).max_extension_octets(3));
    talk(Role::Server, &curious, &[], |talk| {
        let long = Extension { payload: Bytes::from_static(b"long"), ..unknown() };
        assert_eq!(talk.hear(|wire| say(say(wire, &long), &unknown())), [Seen::Extension(unknown())]);
        assert_eq!(talk.connection.send_extension(&unknown()), Ok(()));
        assert_eq!(talk.frames(), [Sent::new(Kind::from(0xbe), Flags::from(7), 9, b"?")]);
        let ours = Extension { kind: Kind::DATA, ..unknown() };
        assert_eq!(talk.connection.send_extension(&ours), Err(ControlError::InvalidExtension));
        let huge = Extension { payload: Bytes::from(vec![0; 16_385]), ..unknown() };
        assert_eq!(talk.connection.send_extension(&huge), Err(ControlError::TooLong));
    });
}

// covers 9113-6.5.2-12 9218-2.1-1 9218-2.1-2 8441-3-1
#[test]
fn settings_of_extensions_are_checked_and_unknown_ones_are_told() {
    const UNKNOWN: SettingId = SettingId::MAX_HEADER_LIST_SIZE;
    talk(Role::Server, &Config::default(), &[], |talk| {
        let list = [(SettingId::from(0xfafa), 7), (UNKNOWN, 9), (SettingId::from(0xfafa), 8)];
        assert_eq!(talk.hear(|wire| wire.settings(&list)), [settings_seen(&list)]);
        talk.assert_usable(&[Sent::settings_ack()]);
    });
    let wrong = [
        (SettingId::NO_RFC7540_PRIORITIES, Violation::InvalidNoPriorities),
        (SettingId::ENABLE_CONNECT_PROTOCOL, Violation::InvalidEnableConnectProtocol),
    ];
    for (setting, violation) in wrong {
        talk(Role::Client, &Config::default(), &[], |talk| {
            assert_eq!(talk.hear(|wire| wire.settings(&[(setting, 1)])).len(), 1);
            talk.frames();
            let events = talk.hear(|wire| wire.settings(&[(setting, 2)]));
            talk.assert_failed(&events, violation);
        });
    }
}

// covers 9218-2.1-5
#[test]
fn priority_signals_change_nothing() {
    talk(Role::Server, &Config::default(), &[(SettingId::NO_RFC7540_PRIORITIES, 1)], |talk| {
        assert_eq!(
            talk.hear(|wire| wire.priority(1).get(1).priority(1).headers(3, &get(), Part::Last)).len(),
            2
        );
        talk.assert_usable(&[]);
    });
}

/// What a server sends that heeds PRIORITY_UPDATE.
const HEEDS_UPDATES: [(SettingId, u32); 1] = [(SettingId::NO_RFC7540_PRIORITIES, 1)];
