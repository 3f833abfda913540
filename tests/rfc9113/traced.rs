//! Requirements about what is left alone: late frames, old signals, codes that are never sent; and how turns are
//! shared.

use sans_h2::frame::{Flags, Kind, Part, SettingId};
use sans_h2::{Config, ControlError, ErrorCode, Role, Time, Violation};

use crate::support::{Sent, Wire, get, settings_of, talk, talk_from_start};

/// The same an age later as at once.
// covers 9113-5.1-10
#[test]
fn late_frames_are_taken_however_late_they_are() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        talk.stream(1).reset(ErrorCode::CANCEL);
        assert_eq!(talk.frames(), [Sent::reset(1, ErrorCode::CANCEL)]);
        assert_eq!(talk.connection.deadline(), None);
        assert_eq!(
            talk.connection.poll(&mut &[][..], Time::ZERO.after(std::time::Duration::from_secs(1 << 40))),
            None
        );
        assert_eq!(talk.hear(|wire| wire.data(1, b"late", Part::Last)), []);
        talk.assert_usable(&[]);
    });
}

// covers 9113-6.5.2-4 9113-6.5.2-5
#[test]
fn a_server_never_sends_enable_push_of_1() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        for value in [1, 2, u32::MAX] {
            let push = settings_of(&[(SettingId::ENABLE_PUSH, value)]);
            let refused = talk.connection.update_settings(&push);
            assert!(matches!(refused, Err(ControlError::InvalidSetting(_))), "{value}");
        }
        assert_eq!(talk.frames(), []);
    });
}

const INTRUDERS: [fn(Wire) -> Wire; 4] = [
    |wire| wire.ping([0; 8]),
    |wire| wire.data(1, b"a", Part::More),
    |wire| wire.frame(Kind::CONTINUATION, Flags::END_HEADERS, 2, &[]),
    |wire| wire.push_promise(1, 4),
];

// covers 9113-6.6-3 9113-6.6-4 9113-4.3-1
#[test]
fn nothing_may_come_between_the_frames_of_a_promise() {
    for intrude in INTRUDERS {
        talk_from_start(Role::Client, &Config::default(), |talk| {
            talk.hear(|wire| wire.settings(&[]));
            talk.frames();
            talk.opened(Part::Last);
            let events = talk
                .hear(|wire| intrude(wire.frame(Kind::PUSH_PROMISE, Flags::NONE, 1, &[0, 0, 0, 2, 0x82])));
            talk.assert_failed(&events, Violation::FieldBlockInterrupted);
        });
    }
}

// covers 9113-9.2.2-2
#[test]
fn no_violation_is_about_tls() {
    assert!(Violation::ALL.iter().all(|violation| violation.code() != ErrorCode::INADEQUATE_SECURITY));
}

/// The old priorities, against the order of the requests.
// covers 9218-2.1-5
#[test]
fn the_old_priorities_change_nothing() {
    let no_old_priorities = [(SettingId::from(9), 1)];
    talk(Role::Server, &Config::default(), &no_old_priorities, |talk| {
        talk.hear(|wire| {
            let wire = wire.get(1).get(3).get(5);
            let wire = wire.frame(Kind::PRIORITY, Flags::NONE, 5, &[0x80, 0, 0, 0, 255]);
            wire.frame(Kind::PRIORITY, Flags::NONE, 1, &[0, 0, 0, 5, 0])
        });
        for stream in [1, 3, 5] {
            talk.respond(stream, 204, Part::Last);
        }
        assert_eq!(talk.frames(), [1, 3, 5].map(|stream| Sent::headers(stream, &[0x89], Part::Last)));
    });
}

/// A short response is not kept waiting by a long one, and both say that they are incremental.
// covers 9218-10-4 9218-10-5
#[test]
fn responses_share_the_connection() {
    let wide = [(SettingId::INITIAL_WINDOW_SIZE, 1 << 20)];
    talk(Role::Server, &Config::default(), &wide, |talk| {
        let incremental = get().with("priority", "i");
        talk.hear(|wire| wire.headers(1, &incremental, Part::Last).headers(3, &incremental, Part::Last));
        for (stream, octets) in [(1, &[b'a'; 40_000][..]), (3, b"bcd")] {
            talk.respond(stream, 200, Part::More);
            let chunk = bytes::Bytes::copy_from_slice(octets);
            talk.stream(stream).send_data(chunk, Part::Last).unwrap();
        }
        let sent: Vec<_> = talk
            .frames()
            .iter()
            .filter(|sent| sent.kind == Kind::DATA)
            .map(|sent| (sent.stream, sent.payload.len()))
            .collect();
        assert_eq!(sent, [(1, 16_384), (3, 3), (1, 16_384), (1, 7_232)]);
    });
}
