//! Priorities: what a server makes of them, and what a client tells (RFC 9218).

use std::cell::RefCell;

use bytes::Bytes;
use sans_h2::frame::{self, Flags, Kind, Part, PriorityUpdate, SettingId};
use sans_h2::{Config, ControlError, Fields, Priority, Role, Violation};

use crate::support::{
    Seen, Sent, Talk, Wire, config, get, heads, id, post, settings_of, talk, talk_from_start, talk_once,
};

/// A client whose windows hold nothing back.
const WIDE: [(SettingId, u32); 1] = [(SettingId::INITIAL_WINDOW_SIZE, 1 << 24)];
const HEEDS_UPDATES: [(SettingId, u32); 1] = [(SettingId::NO_RFC7540_PRIORITIES, 1)];
const FRAME: usize = 16_384;

/// A server whose streams take whole responses.
fn roomy() -> Config {
    config(|config| config.send_buffer_size(1 << 24))
}

fn urgency(urgency: u8) -> Priority {
    Priority::new(urgency).unwrap()
}

fn with_priority(value: &str) -> Fields {
    get().with("priority", value)
}

fn update(wire: Wire, stream: u32, value: &'static str) -> Wire {
    let payload = [&stream.to_be_bytes(), value.as_bytes()].concat();
    wire.frame(Kind::PRIORITY_UPDATE, Flags::NONE, 0, &payload)
}

/// Answers with so many full frames of body.
fn respond(talk: &mut Talk, stream: u32, frames: usize) {
    talk.respond(stream, 200, Part::More);
    let body = Bytes::from(vec![b'x'; frames * FRAME]);
    talk.stream(stream).send_data(body, Part::Last).unwrap();
}

/// The streams of the DATA frames that are to be written, in order.
fn order(talk: &mut Talk) -> Vec<u32> {
    talk.frames().iter().filter(|sent| sent.kind == Kind::DATA).map(|sent| sent.stream).collect()
}

/// The order of bodies of two frames each, for requests with these `priority` fields.
fn order_of(priorities: &[&str]) -> Vec<u32> {
    let seen = RefCell::new(Vec::new());
    talk_once(Role::Server, &roomy(), &WIDE, |talk| {
        let streams: Vec<u32> = (0..priorities.len() as u32).map(|nth| 2 * nth + 1).collect();
        talk.hear(|wire| {
            let requests = streams.iter().zip(priorities);
            requests.fold(wire.window_update(0, 1 << 24), |wire, (&stream, value)| {
                wire.headers(stream, &with_priority(value), Part::Last)
            })
        });
        // Answered in the wrong order.
        for &stream in streams.iter().rev() {
            respond(talk, stream, 2);
        }
        *seen.borrow_mut() = order(talk);
    });
    seen.into_inner()
}

// covers 9218-10-1 9218-10-3
#[test]
fn urgent_responses_go_first_and_others_one_after_the_other() {
    assert_eq!(order_of(&["u=5", "u=0", "u=3"]), [3, 3, 5, 5, 1, 1]);
    assert_eq!(order_of(&["u=2", "u=2", "u=2"]), [1, 1, 3, 3, 5, 5]);
}

// covers 9218-10-2
#[test]
fn incremental_responses_share_what_the_others_leave() {
    assert_eq!(order_of(&["u=2, i", "u=2, i", "u=2"]), [5, 5, 3, 1, 3, 1]);
    assert_eq!(order_of(&["u=4, i", "u=1, i", "u=7"]), [3, 3, 1, 1, 5, 5]);
}

// covers 9218-4-1 9218-4-2
#[test]
fn what_a_request_does_not_say_is_default() {
    for nothing in ["", "x=1", "u=8", "u=-1", "u=high, i=1", "u=2.0", "u=1,", "i=(1 2);u=0"] {
        // Before urgency 4, behind urgency 2, and not sharing with its equal.
        let order = order_of(&["u=4", nothing, "u=3", "u=2"]);
        let at = |stream| order.iter().position(|&other| other == stream).unwrap();
        assert!(at(7) < at(3) && at(3) < at(5) && at(5) < at(1), "{nothing:?}: {order:?}");
        assert_eq!(order[at(3) + 1], 3, "{nothing:?}: {order:?}");
    }
    talk(Role::Server, &roomy(), &WIDE, |talk| {
        talk.hear(|wire| wire.headers(1, &with_priority("u=4"), Part::Last).get(3));
        talk.hear(|wire| wire.headers(5, &with_priority("u=2"), Part::Last));
        for stream in [1, 3, 5] {
            respond(talk, stream, 1);
        }
        assert_eq!(order(talk), [5, 3, 1]);
    });
}

/// A low response gets its turns, however much a more urgent one has to send.
// covers 9218-10-5
#[test]
fn no_response_starves() {
    talk_once(Role::Server, &roomy(), &WIDE, |talk| {
        talk.hear(|wire| {
            let urgent = wire.window_update(0, 1 << 24).headers(1, &with_priority("u=0"), Part::Last);
            urgent.headers(3, &with_priority("u=7"), Part::Last).headers(5, &with_priority("u=7"), Part::Last)
        });
        for stream in [1, 3, 5] {
            respond(talk, stream, 40);
        }
        let order = order(talk);
        let of = |stream| order[..48].iter().filter(|&&other| other == stream).count();
        assert_eq!(order.len(), 120);
        // One turn in eight is for whoever has waited longest: each of three in its turn.
        assert!(of(3) >= 1 && of(5) >= 1 && of(1) >= 40, "{order:?}");
    });
}

// covers 9218-10.1-1
#[test]
fn a_tunnel_gets_its_part_of_the_connection() {
    talk_once(Role::Server, &roomy(), &WIDE, |talk| {
        let connect = Fields::new().with(":method", "CONNECT").with(":authority", "example.com:443");
        talk.hear(|wire| {
            let tunnel = wire.window_update(0, 1 << 24).headers(1, &connect, Part::More);
            (0..5).fold(tunnel, |wire, nth| wire.headers(3 + 2 * nth, &with_priority("u=0"), Part::Last))
        });
        talk.respond(1, 200, Part::More);
        talk.stream(1).send_data(Bytes::from(vec![0; 5 * FRAME]), Part::More).unwrap();
        for stream in [3, 5, 7, 9, 11] {
            respond(talk, stream, 30);
        }
        let order = order(talk);
        let places: Vec<usize> = (0..order.len()).filter(|&at| order[at] == 1).collect();
        // Six wait for one turn in eight.
        assert_eq!(places.len(), 5);
        assert!(places[0] < 8 && places[1] < 64 && places[2] < 128, "{places:?}");
    });
}

// covers 9218-7-1 9218-4-2
#[test]
fn updates_count_before_and_after_the_request() {
    talk(Role::Server, &roomy(), &WIDE, |talk| {
        talk.hear(|wire| {
            let early = update(update(wire.window_update(0, 1 << 24), 5, "u=0"), 5, "u=1");
            // Not a dictionary, and a stream that is passed over.
            let early = update(update(early, 5, "u="), 3, "u=0");
            early.headers(1, &with_priority("u=2"), Part::Last).headers(5, &with_priority("u=7"), Part::Last)
        });
        talk.hear(|wire| wire.headers(7, &with_priority("u=3"), Part::Last).get(9));
        for stream in [9, 7, 5, 1] {
            respond(talk, stream, 1);
        }
        let seen = talk.hear(|wire| update(wire, 7, "u=0"));
        let value = Bytes::from_static(b"u=0");
        assert_eq!(seen, [Seen::PriorityUpdate(PriorityUpdate { prioritized: id(7), value })]);
        assert_eq!(order(talk), [7, 5, 1, 9]);
    });
}

#[test]
fn the_caller_may_overrule_the_client() {
    talk_once(Role::Server, &roomy(), &WIDE, |talk| {
        talk.hear(|wire| wire.window_update(0, 1 << 24).get(1).get(3).get(5));
        for stream in [1, 3, 5] {
            respond(talk, stream, 2);
        }
        talk.stream(5).set_priority(urgency(1));
        talk.stream(1).set_priority(Priority::incremental(7).unwrap());
        assert_eq!(order(talk), [5, 5, 3, 3, 1, 1]);
        assert_eq!(talk.frames(), []);
    });
}

/// When the connection's window opens again, the most urgent stream has it.
#[test]
fn priorities_hold_among_those_that_wait_for_the_connection() {
    talk_once(Role::Server, &roomy(), &WIDE, |talk| {
        talk.hear(|wire| {
            let lowest = wire.headers(1, &with_priority("u=6"), Part::Last);
            lowest.headers(3, &with_priority("u=5"), Part::Last).headers(5, &with_priority("u=4"), Part::Last)
        });
        // 65,535 octets of window are three frames and a shorter one.
        respond(talk, 1, 10);
        assert_eq!(order(talk), [1, 1, 1, 1]);
        respond(talk, 3, 2);
        respond(talk, 5, 2);
        assert!(order(talk).is_empty());
        talk.hear(|wire| wire.window_update(0, 3 * FRAME as u32));
        let order = order(talk);
        assert_eq!(order.iter().filter(|&&stream| stream == 5).count(), 2, "{order:?}");
        // A new one with nothing but a head waits for no window.
        talk.hear(|wire| wire.headers(7, &with_priority("u=7"), Part::Last));
        talk.respond(7, 204, Part::Last);
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 7)]);
    });
}

// covers 9218-2.1.1-1 9218-2.1.1-2
#[test]
fn a_client_sends_both_kinds_of_signals_until_it_knows_the_server() {
    let old = frame::Priority { exclusive: true, dependency: None, weight: 255 };
    let update =
        |value: &[u8]| Sent::new(Kind::PRIORITY_UPDATE, Flags::NONE, 0, &[&[0, 0, 0, 1], value].concat());
    talk_from_start(Role::Client, &Config::default(), |talk| {
        talk.open(Part::Last);
        talk.frames();
        assert_eq!(talk.connection.send_priority(id(1), old), Ok(()));
        talk.stream(1).set_priority(Priority::incremental(1).unwrap());
        let signal = Sent::new(Kind::PRIORITY, Flags::NONE, 1, &[0x80, 0, 0, 0, 255]);
        assert_eq!(talk.frames(), [signal, update(b"u=1, i")]);
        talk.hear(|wire| wire.settings(&HEEDS_UPDATES).settings_ack());
        assert_eq!(talk.frames(), [Sent::settings_ack()]);
        assert_eq!(talk.connection.send_priority(id(1), old), Err(ControlError::PriorityIgnored));
        talk.stream(1).set_priority(Priority::DEFAULT);
        assert_eq!(talk.frames(), [update(b"")]);
        // That of HEADERS is left out.
        let stream = talk.open(Part::Last);
        talk.stream(stream).set_headers_priority(old);
        let sent = talk.frames();
        assert!(!sent[0].flags.contains(Flags::PRIORITY), "{sent:?}");
    });
}

// covers 9218-2.1.1-3
#[test]
fn a_client_spares_a_server_that_does_not_know_them_its_updates() {
    let extension = PriorityUpdate { prioritized: id(1), value: Bytes::from_static(b"u=1") }.to_extension();
    for settings in [&[][..], &[(SettingId::NO_RFC7540_PRIORITIES, 0)]] {
        talk(Role::Client, &Config::default(), settings, |talk| {
            talk.opened(Part::Last);
            talk.stream(1).set_priority(urgency(1));
            assert_eq!(talk.frames(), []);
            assert_eq!(talk.connection.send_extension(&extension), Err(ControlError::PriorityIgnored));
            let old = frame::Priority { exclusive: false, dependency: Some(id(3)), weight: 1 };
            assert_eq!(talk.connection.send_priority(id(5), old), Ok(()));
            let signal = Sent::new(Kind::PRIORITY, Flags::NONE, 5, &[0, 0, 0, 3, 1]);
            assert_eq!(talk.frames(), [signal]);
        });
    }
}

// covers 9218-7.1-3 9218-7.1-4
#[test]
fn a_client_tells_priorities_of_streams_that_may_be_open() {
    let settings = [(SettingId::MAX_CONCURRENT_STREAMS, 2), HEEDS_UPDATES[0]];
    talk(Role::Client, &Config::default(), &settings, |talk| {
        // Told when the stream is opened, not before.
        for stream in [1, 3, 5] {
            assert_eq!(talk.open(Part::Last), stream);
            talk.stream(stream).set_priority(urgency(6));
        }
        let told = |sent: &[Sent]| {
            let updates = sent.iter().filter(|sent| sent.kind == Kind::PRIORITY_UPDATE);
            updates.map(Sent::number).collect::<Vec<_>>()
        };
        let sent = talk.frames();
        assert_eq!(told(&sent), [1, 3]);
        let extension = |stream| {
            PriorityUpdate { prioritized: id(stream), value: Bytes::from_static(b"u=1") }.to_extension()
        };
        assert_eq!(talk.connection.send_extension(&extension(5)), Err(ControlError::TooManyPending));
        assert_eq!(talk.connection.send_extension(&extension(1)), Ok(()));
        talk.hear(|wire| wire.response(1, 200, Part::Last).response(3, 200, Part::More));
        assert_eq!(told(&talk.frames()), [1, 5]);
        // One is open now: one more may be announced, as often as it likes.
        talk.hear(|wire| wire.data(3, b"", Part::Last));
        assert_eq!(talk.connection.send_extension(&extension(7)), Ok(()));
        assert_eq!(talk.connection.send_extension(&extension(7)), Ok(()));
        assert_eq!(talk.connection.send_extension(&extension(9)), Err(ControlError::TooManyPending));
        // Nothing is told of a stream whose response has come.
        let stream = talk.open(Part::More);
        talk.frames();
        talk.hear(|wire| wire.response(stream, 200, Part::Last));
        talk.stream(stream).set_priority(urgency(1));
        assert_eq!(talk.frames(), []);
    });
}

#[test]
fn uploads_share_unless_their_requests_say_otherwise() {
    for (second, expected) in [(post(), [1, 3, 1, 3]), (post().with("priority", "u=2"), [3, 3, 1, 1])] {
        talk_once(Role::Client, &roomy(), &WIDE, |talk| {
            talk.hear(|wire| wire.window_update(0, 1 << 24));
            for fields in [post(), second.clone()] {
                let stream = talk.connection.open(fields, Part::More).unwrap();
                let body = Bytes::from(vec![0; 2 * FRAME]);
                talk.connection.stream(stream).unwrap().send_data(body, Part::Last).unwrap();
            }
            assert_eq!(order(talk), expected);
        });
    }
}

#[test]
fn a_server_says_that_it_ignores_the_old_signals() {
    let modern = config(|config| config.no_rfc7540_priorities(true));
    talk_from_start(Role::Server, &modern, |talk| {
        let settings = &talk.frames()[0];
        let entry = settings_of(&HEEDS_UPDATES).iter().map(|entry| (u16::from(entry.id), entry.value)).next();
        assert_eq!(entry, Some((9, 1)));
        assert!(settings.payload.chunks(6).any(|entry| entry == [0, 9, 0, 0, 0, 1]));
    });
}

/// However the connection's window opens, the share of whoever has waited longest is one DATA frame in eight.
// covers 9218-10-5 9218-10.1-1
#[test]
fn the_share_of_the_low_is_the_same_in_step_with_any_window() {
    for step in [1_000, 4_096, 16_384, 32_768, 40_960, 81_920] {
        for turns_before in 0..8 {
            talk_once(Role::Server, &roomy(), &WIDE, |talk| {
                talk.hear(|wire| {
                    let wire = wire.get(1).headers(3, &with_priority("u=1"), Part::Last);
                    wire.headers(5, &with_priority("u=5"), Part::Last)
                });
                respond(talk, 1, turns_before);
                talk.frames();
                talk.hear(|wire| wire.window_update(0, 1 + (FRAME * turns_before) as u32));
                talk.frames();
                respond(talk, 3, 200);
                respond(talk, 5, 200);
                let mut turns = order(talk);
                while turns.len() < 160 {
                    talk.hear(|wire| wire.window_update(0, step));
                    turns.extend(order(talk));
                }
                let low = turns.iter().filter(|&&stream| stream == 5).count();
                assert!(low.abs_diff(turns.len() / 8) <= 1, "{step}: {low} of {}", turns.len());
            });
        }
    }
}

/// DATA frames of a message that had the connection to itself are turns, too, whatever follows them.
#[test]
fn frames_ahead_of_trailers_are_turns_like_others() {
    for before in 0..7 {
        let [plain, with_trailers] = [false, true].map(|trailers| turns_behind(before, trailers));
        assert_eq!(plain, with_trailers, "{before}");
        assert_eq!(plain.iter().position(|&stream| stream == 3), Some(7 - before as usize), "{before}");
    }
}

/// The DATA frames of two responses, of which the first is the more urgent, behind so many short ones.
fn turns_behind(before: u32, trailers: bool) -> Vec<u32> {
    let turns = RefCell::new(Vec::new());
    talk_once(Role::Server, &roomy(), &WIDE, |talk| {
        talk.hear(|wire| wire.window_update(0, 1 << 24));
        for nth in 0..before {
            let stream = 1 + 2 * nth;
            talk.hear(|wire| wire.get(stream));
            talk.respond(stream, 200, Part::More);
            let part = if trailers { Part::More } else { Part::Last };
            talk.stream(stream).send_data(Bytes::from_static(b"octets"), part).unwrap();
            if trailers {
                talk.stream(stream).send_headers(Fields::new().with("a", "b"), Part::Last).unwrap();
            }
            talk.frames();
        }
        let first = 1 + 2 * before;
        talk.hear(|wire| {
            let wire = wire.headers(first, &with_priority("u=1"), Part::Last);
            wire.headers(first + 2, &with_priority("u=5"), Part::Last)
        });
        respond(talk, first, 10);
        respond(talk, first + 2, 10);
        turns.replace(order(talk).into_iter().map(|stream| stream - 2 * before).collect());
    });
    turns.into_inner()
}

/// A server that takes fewer streams than the client knows is not the client's fault.
// covers 9218-7.1-5
#[test]
fn early_updates_above_a_limit_that_is_not_known_are_forgotten() {
    let one = config(|config| config.max_concurrent_streams(1));
    talk_from_start(Role::Server, &one, |talk| {
        talk.frames();
        talk.hear(|wire| wire.octets(crate::support::MAGIC).settings(&[]));
        assert_eq!(talk.hear(|wire| update(wire, 1, "u=1")).len(), 1);
        assert_eq!(talk.hear(|wire| update(wire, 3, "u=1")), []);
        talk.assert_usable(&[Sent::settings_ack()]);
        assert_eq!(talk.hear(Wire::settings_ack), [Seen::SettingsAcknowledged]);
        let events = talk.hear(|wire| update(wire, 3, "u=1"));
        talk.assert_failed(&events, Violation::TooManyPrioritizedStreams);
    });
    talk(Role::Server, &Config::default(), &[], |talk| {
        let none = settings_of(&[(SettingId::MAX_CONCURRENT_STREAMS, 0)]);
        talk.connection.update_settings(&none).unwrap();
        assert_eq!(talk.hear(|wire| update(wire, 1, "u=1")), []);
        talk.frames();
        talk.assert_usable(&[]);
    });
}

#[test]
fn a_client_gives_every_push_its_priority() {
    let taker = config(|config| config.enable_push(true));
    talk(Role::Client, &taker, &HEEDS_UPDATES, |talk| {
        talk.opened(Part::Last);
        talk.hear(|wire| wire.promise(1, 2, &get()).promise(1, 4, &get()));
        for promised in [2, 4] {
            talk.stream(promised).set_priority(urgency(6));
        }
        let told: Vec<u32> = talk.frames().iter().map(Sent::number).collect();
        assert_eq!(told, [2, 4]);
        // Of a response that is over nothing is told.
        talk.hear(|wire| wire.response(1, 200, Part::Last));
        let late = PriorityUpdate { prioritized: id(1), value: Bytes::from_static(b"u=1") }.to_extension();
        assert_eq!(talk.connection.send_extension(&late), Err(ControlError::InvalidExtension));
    });
}
