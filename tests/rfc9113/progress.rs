//! How far streams get, for hosts that give up those that stall (RFC 9113 §10.5).

use sans_h2::frame::{Part, SettingId};
use sans_h2::{Config, ErrorCode, Role};

use crate::support::{Seen, Sent, Talk, Wire, config, id, talk, talk_once, trailers};

/// The octets that are progress by default.
const FLOOR: usize = 16_384;

const BODY: &[u8] = &[b'x'; 2 * FLOOR];

fn progress(talk: &Talk, stream: u32) -> u64 {
    talk.connection.progress(id(stream)).expect("it is live")
}

/// A floor of ten octets.
fn ten() -> Config {
    config(|config| config.stall_floor(10))
}

/// Asserts that something brings stream 1 forward by so much.
fn gains(talk: &mut Talk, gain: u64, act: impl FnOnce(&mut Talk)) {
    let before = progress(talk, 1);
    act(talk);
    assert_eq!(progress(talk, 1) - before, gain);
}

/// A server that has sent the head of a response and the first octets of its body, and waits for window.
fn waiting(window: u32, test: impl Fn(&mut Talk)) {
    talk_once(Role::Server, &Config::default(), &[(SettingId::INITIAL_WINDOW_SIZE, window)], |talk| {
        talk.hear(|wire| wire.get(1));
        talk.respond(1, 200, Part::More);
        talk.send(1, BODY, Part::Last);
        talk.frames();
        test(talk);
    });
}

// covers 9113-10.5-2
#[test]
fn ten_thousand_updates_by_an_octet_are_no_progress() {
    waiting(0, |talk| {
        let mut drip = |updates: usize| {
            for _ in 0..updates {
                assert_eq!(talk.hear(|wire| wire.window_update(1, 1)), []);
                assert_eq!(talk.frames(), [Sent::data(1, b"x", Part::More)]);
            }
            progress(talk, 1)
        };
        // The header section went out.
        assert_eq!(drip(10_000), 1);
        assert_eq!(drip(FLOOR - 10_000 - 1), 1);
        assert_eq!(drip(1), 2);
    });
}

#[test]
fn ten_thousand_octets_in_as_many_frames_are_no_progress() {
    talk_once(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        for _ in 0..10_000 {
            talk.hear(|wire| wire.data(1, b"x", Part::More));
            talk.stream(1).release(1);
        }
        assert_eq!(progress(talk, 1), 0);
        talk.hear(|wire| wire.data(1, &BODY[10_000..FLOOR], Part::More));
        assert_eq!(progress(talk, 1), 1);
    });
}

/// Windows that open and nothing that goes through them.
#[test]
fn what_moves_no_octet_is_no_progress() {
    waiting(0, |talk| {
        gains(talk, 0, |talk| {
            talk.hear(|wire| wire.window_update(0, 1).priority(1).ping([0; 8]));
        });
    });
    talk(Role::Server, &ten(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        gains(talk, 0, |talk| {
            talk.hear(|wire| wire.window_update(1, 100).window_update(0, 100).data(1, b"", Part::More));
            talk.hear(|wire| wire.padded_data(1, b"abc", 200).padded_data(1, b"abc", 200));
            talk.stream(1).release(6);
            talk.frames();
        });
    });
}

#[test]
fn octets_of_both_directions_add_up() {
    talk(Role::Server, &ten(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        talk.respond(1, 200, Part::More);
        talk.frames();
        gains(talk, 0, |talk| drop(talk.hear(|wire| wire.data(1, b"123", Part::More))));
        // What is queued is not out yet.
        gains(talk, 0, |talk| talk.send(1, b"1234567", Part::More));
        gains(talk, 1, |talk| drop(talk.frames()));
        gains(talk, 2, |talk| drop(talk.hear(|wire| wire.data(1, b"12345678901234567890", Part::More))));
    });
}

/// All octets of a response that needs several frames and has the connection for itself count.
#[test]
fn octets_of_each_of_many_frames_are_progress() {
    let wide = [(SettingId::INITIAL_WINDOW_SIZE, 1 << 20)];
    talk_once(Role::Server, &Config::default(), &wide, |talk| {
        talk.hear(|wire| wire.window_update(0, 1).get(1));
        talk.respond(1, 200, Part::More);
        talk.frames();
        talk.send(1, &[b'x'; 3 * FLOOR + 1], Part::More);
        gains(talk, 3, |talk| assert_eq!(talk.frames().len(), 4));
        talk.send(1, &BODY[..FLOOR - 1], Part::More);
        gains(talk, 1, |talk| drop(talk.frames()));
    });
}

/// A long frame that comes octet by octet, or not at all.
#[test]
fn the_head_of_a_frame_is_no_progress() {
    talk_once(Role::Server, &ten(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        let frame = Wire::raw().data(1, &BODY[..10_000], Part::Last).octets;
        let (head, payload) = frame.split_at(9 + 9);
        gains(talk, 0, |talk| drop(talk.hear(|wire| wire.octets(head))));
        gains(talk, 1, |talk| drop(talk.hear(|wire| wire.octets(&payload[..1]))));
        gains(talk, 998, |talk| drop(talk.hear(|wire| wire.octets(&payload[1..9_989]))));
        // The last octets, and the end.
        gains(talk, 2, |talk| drop(talk.hear(|wire| wire.octets(&payload[9_989..]))));
    });
}

#[test]
fn sections_and_ends_are_progress() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        let stream = talk.open(Part::More);
        assert_eq!((stream, progress(talk, 1)), (1, 0));
        gains(talk, 1, |talk| drop(talk.frames()));
        gains(talk, 1, |talk| drop(talk.hear(|wire| wire.response(1, 103, Part::More))));
        gains(talk, 1, |talk| drop(talk.hear(|wire| wire.response(1, 200, Part::More))));
        talk.stream(1).send_headers(trailers(), Part::Last).unwrap();
        gains(talk, 1, |talk| drop(talk.frames()));
        assert_eq!(talk.hear(|wire| wire.trailers(1)), [Seen::trailers(1)]);
        assert_eq!(talk.connection.progress(id(1)), None);
    });
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        gains(talk, 1, |talk| drop(talk.hear(|wire| wire.data(1, b"", Part::Last))));
        talk.respond(1, 200, Part::More);
        talk.send(1, b"", Part::Last);
        talk.frames();
        assert_eq!(talk.connection.progress(id(1)), None);
    });
}

/// An end goes out although the peer's message has not ended.
#[test]
fn our_own_end_is_progress() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        talk.respond(1, 200, Part::More);
        talk.frames();
        talk.send(1, b"", Part::Last);
        gains(talk, 1, |talk| assert_eq!(talk.frames(), [Sent::data(1, b"", Part::Last)]));
    });
}

#[test]
fn nothing_is_told_of_streams_that_are_not_live() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        assert_eq!(talk.connection.progress(id(1)), None);
        talk.hear(|wire| wire.post(1).post(3));
        talk.stream(1).reset(ErrorCode::CANCEL);
        assert_eq!([1, 3].map(|stream| talk.connection.progress(id(stream))), [None, Some(0)]);
        talk.connection.close(ErrorCode::NO_ERROR);
        assert_eq!(talk.connection.progress(id(3)), None);
    });
}
