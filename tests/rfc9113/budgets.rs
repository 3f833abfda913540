//! The ledger: what floods cost, what earns it back, and who ends them (RFC 9113 §10.5).

use std::time::Duration;

use bytes::Bytes;
use sans_h2::frame::{Flags, Kind, Part, SettingId};
use sans_h2::{Config, Connection, ConnectionError, ErrorCode, Event, Role, Time, Violation};

use crate::support::{
    Seen, Sent, Talk, Wire, config, drain, frames, get, heads, id, talk, talk_once, trailers,
};

const NOISE: u32 = 50;
const RESETS: u32 = 20;

/// Small budgets, and room for the answers.
fn tight() -> Config {
    config(|config| {
        config.max_noise(NOISE).max_resets(RESETS).max_concurrent_streams(1_000).max_reply_octets(1 << 20)
    })
}

fn ended(events: &[Seen]) -> bool {
    matches!(events.last(), Some(Seen::Closed(_)))
}

/// Says something again and again until the connection ends; tells how often that was, and why it ended.
fn flood(role: Role, start: impl Fn(Wire) -> Wire, say: impl Fn(Wire, u32) -> Wire) -> (u32, Violation) {
    let seen = std::cell::Cell::new(None);
    talk_once(role, &tight(), &[], |talk| {
        if role == Role::Client {
            talk.open(Part::More);
        }
        talk.hear(&start);
        for nth in 0..1_000 {
            let events = talk.hear(|wire| say(wire, nth));
            talk.frames();
            if let Some(Seen::Closed(Some(ConnectionError::Violation(violation)))) = events.last() {
                seen.set(Some((nth, *violation)));
                return;
            }
        }
    });
    seen.get().expect("the flood was ended")
}

/// Each kind of noise costs one; the peer's own SETTINGS have cost one before.
// covers 9113-10.5-1
#[test]
fn noise_of_every_kind_is_ended() {
    type Say = fn(Wire, u32) -> Wire;
    let on_one = |wire: Wire| wire.post(1).reset(1, ErrorCode::CANCEL).post(3);
    let kinds: [(&str, Say); 9] = [
        ("PING", |wire, _| wire.ping([0; 8])),
        ("PONG", |wire, _| wire.pong([0; 8])),
        ("SETTINGS", |wire, _| wire.settings(&[])),
        ("PRIORITY", |wire, nth| wire.frame(Kind::PRIORITY, Flags::NONE, nth | 1, &[0; 5])),
        ("unknown", |wire, _| wire.frame(Kind::from(0xdd), Flags::NONE, 0, b"?")),
        ("skipped", |wire, _| wire.frame(Kind::from(0xdd), Flags::NONE, 0, &[0; 300])),
        ("empty DATA", |wire, _| wire.data(3, b"", Part::More)),
        ("padding", |wire, _| wire.padded_data(3, b"", 3)),
        ("RST_STREAM on a stream that is gone", |wire, _| wire.reset(1, ErrorCode::CANCEL)),
    ];
    for (kind, say) in kinds {
        assert_eq!(flood(Role::Server, on_one, say), (NOISE - 1, Violation::TooMuchNoise), "{kind}");
    }
    for kind in [0, 1, 2, 3, 4] {
        assert_eq!(flood(Role::Client, |wire| wire, kinds[kind].1), (NOISE - 1, Violation::TooMuchNoise));
    }
    let last = flood(Role::Server, on_one, |wire, _| wire.goaway(u32::MAX >> 1, ErrorCode::NO_ERROR));
    assert_eq!(last, (NOISE - 1, Violation::TooMuchNoise));
    let update = [&[0, 0, 0, 3][..], b"u=1"].concat();
    let say = |wire: Wire, _| wire.frame(Kind::PRIORITY_UPDATE, Flags::NONE, 0, &update);
    assert_eq!(flood(Role::Server, on_one, say), (NOISE - 1, Violation::TooMuchNoise));
    // A frame on a stream that we have reset.
    let broken = |wire: Wire| wire.post(1).window_update(1, 0);
    let late = |wire: Wire, _| wire.headers(1, &trailers(), Part::Last);
    assert_eq!(flood(Role::Server, broken, late), (NOISE - 1, Violation::TooMuchNoise));
}

/// Five WINDOW_UPDATEs are free, two for a stream and twenty for each DATA frame that was sent.
#[test]
fn window_updates_cost_what_the_traffic_does_not_call_for() {
    let increment = |wire: Wire, _| wire.window_update(0, 1);
    assert_eq!(flood(Role::Server, |wire| wire, increment), (NOISE - 1 + 5, Violation::TooMuchNoise));
    assert_eq!(flood(Role::Server, |wire| wire.get(1), increment), (NOISE - 1 + 7, Violation::TooMuchNoise));
    talk_once(Role::Server, &tight(), &[], |talk| {
        talk.hear(|wire| wire.get(1));
        talk.respond(1, 200, Part::More);
        for _ in 0..1_000 {
            talk.send(1, b"tick", Part::More);
            assert_eq!(heads(&talk.frames()).last(), Some(&(Kind::DATA, 1)));
            talk.hear(|wire| (0..10).fold(wire, |wire, _| wire.window_update(0, 1).window_update(1, 1)));
        }
        let left = talk.connection.ledger().noise_left;
        assert!(left >= NOISE - 1, "{left}");
    });
}

/// Also where one write has them all.
#[test]
fn each_of_many_frames_in_a_row_calls_for_window_updates() {
    talk_once(Role::Server, &tight(), &[(SettingId::INITIAL_WINDOW_SIZE, 1 << 20)], |talk| {
        talk.hear(|wire| wire.window_update(0, 1 << 20).get(1));
        talk.respond(1, 200, Part::More);
        talk.send(1, &[b'x'; 4 * 16_384], Part::More);
        let sent = talk.frames();
        assert_eq!(sent.iter().filter(|sent| sent.kind == Kind::DATA).count(), 4);
        let spent = talk.connection.ledger().noise_spent;
        // One of them has been used for the wide window.
        let free = 5 + 2 + 20 * 4 - 1;
        talk.hear(|wire| (0..free).fold(wire, |wire, _| wire.window_update(1, 1)));
        assert_eq!(talk.connection.ledger().noise_spent, spent);
        talk.hear(|wire| wire.window_update(1, 1));
        assert_eq!(talk.connection.ledger().noise_spent, spent + 1);
    });
}

/// Rapid reset, the six ways to make us reset, and refusals; each stream costs one.
#[test]
fn resets_of_every_kind_are_ended() {
    type Say = fn(Wire, u32) -> Wire;
    let kinds: [(&str, Say); 8] = [
        ("RST_STREAM by the peer", |wire, id| wire.get(id).reset(id, ErrorCode::CANCEL)),
        ("increment of zero", |wire, id| wire.get(id).window_update(id, 0)),
        ("increment beyond all", |wire, id| wire.get(id).window_update(id, u32::MAX >> 1)),
        ("HEADERS after the end", |wire, id| wire.get(id).headers(id, &trailers(), Part::Last)),
        ("DATA after the end", |wire, id| wire.get(id).data(id, b"late", Part::Last)),
        ("trailers that do not end", |wire, id| wire.post(id).headers(id, &trailers(), Part::More)),
        ("content-length", |wire, id| {
            wire.headers(id, &get().with("content-length", "1"), Part::More).data(id, b"22", Part::Last)
        }),
        ("a malformed request", |wire, id| wire.headers(id, &trailers(), Part::Last)),
    ];
    for (kind, say) in kinds {
        let ended = flood(Role::Server, |wire| wire, |wire, nth| say(wire, 2 * nth + 1));
        assert_eq!(ended, (RESETS, Violation::TooManyResets), "{kind}");
    }
    // Streams above the limit; what is within it goes on.
    let crowded = config(|config| config.max_resets(RESETS).max_concurrent_streams(1));
    talk_once(Role::Server, &crowded, &[], |talk| {
        let events = talk.hear(|wire| (0..RESETS).fold(wire, |wire, nth| wire.post(2 * nth + 1)));
        assert!(!ended(&events));
        assert_eq!(talk.connection.ledger().resets_left, 1);
        let events = talk.hear(|wire| wire.post(2 * RESETS + 1).post(2 * RESETS + 3));
        assert!(ended(&events));
    });
    // Promises that a client refuses.
    let promises = |wire: Wire, nth| wire.promise(1, 2 * nth + 2, &get().with("te", "wrong"));
    let taker = config(|config| config.max_resets(RESETS).enable_push(true).max_reply_octets(1 << 20));
    talk_once(Role::Client, &taker, &[], |talk| {
        talk.opened(Part::More);
        let events = talk.hear(|wire| (0..RESETS).fold(wire, promises));
        assert!(!ended(&events));
        let events = talk.hear(|wire| promises(wire, RESETS));
        talk.assert_failed(&events, Violation::TooManyResets);
    });
}

/// Two of three requests cancelled, for ever; and a client whose server resets is not to blame.
#[test]
fn finished_exchanges_earn_resets() {
    talk_once(Role::Server, &tight(), &[], |talk| {
        let mut stream = 1;
        for _ in 0..500 {
            talk.hear(|wire| wire.get(stream).get(stream + 2).get(stream + 4));
            talk.hear(|wire| wire.reset(stream, ErrorCode::CANCEL).reset(stream + 2, ErrorCode::CANCEL));
            talk.respond(stream + 4, 204, Part::Last);
            talk.frames();
            stream += 6;
        }
        let ledger = talk.connection.ledger();
        assert_eq!((ledger.resets_left, ledger.resets_spent), (RESETS, 1_000));
        assert_eq!(ledger.noise_left, NOISE);
    });
    talk_once(Role::Client, &tight(), &[], |talk| {
        for _ in 0..1_000 {
            let stream = talk.opened(Part::Last);
            let events = talk.hear(|wire| wire.reset(stream, ErrorCode::REFUSED_STREAM));
            assert!(matches!(events[..], [Seen::Reset(..)]));
        }
        assert_eq!(talk.connection.ledger().resets_spent, 0);
    });
}

#[test]
fn a_reset_after_our_last_octet_costs_nothing() {
    talk(Role::Server, &tight(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        talk.respond(1, 204, Part::Last);
        talk.frames();
        talk.hear(|wire| wire.reset(1, ErrorCode::CANCEL));
        assert_eq!(talk.connection.ledger().resets_spent, 0);
    });
}

/// DATA earns in both directions, time earns where it is told.
#[test]
fn data_and_time_earn() {
    talk_once(Role::Server, &tight(), &[], |talk| {
        talk.hear(|wire| (0..NOISE - 1).fold(wire, |wire, _| wire.ping([0; 8])));
        assert_eq!(talk.connection.ledger().noise_left, 0);
        talk.hear(|wire| wire.post(1).data(1, &[0; 2_560], Part::Last));
        assert_eq!(talk.connection.ledger().noise_left, 10);
        talk.respond(1, 200, Part::More);
        talk.stream(1).send_data(Bytes::from_static(&[0; 1_280]), Part::More).unwrap();
        talk.frames();
        assert_eq!(talk.connection.ledger().noise_left, 15);
    });
    // A PING every 30 seconds for a virtual week.
    let mut server = Connection::server(tight());
    let octets = Wire::client().octets;
    let mut input = &octets[..];
    while server.poll(&mut input, Time::ZERO).is_some() {}
    for nth in 0..20_160 {
        let now = Time::ZERO.after(Duration::from_secs(30 * nth));
        let octets = Wire::raw().ping([0; 8]).octets;
        assert_eq!(server.poll(&mut &octets[..], now), None);
        assert!(frames(&drain(&mut server)).contains(&Sent::pong([0; 8])));
    }
    assert_eq!(server.ledger().noise_left, NOISE - 1);
}

#[test]
fn budgets_may_be_watched_instead_of_enforced() {
    let lenient = config(|config| config.max_noise(NOISE).max_resets(RESETS).enforce_budgets(false));
    talk(Role::Server, &lenient, &[], |talk| {
        let say = |wire: Wire| (0..NOISE).fold(wire, |wire, _| wire.settings(&[]));
        let events = talk.hear(say);
        let settings = |seen: &&Seen| !matches!(seen, Seen::Settings(_));
        let told: Vec<&Seen> = events.iter().filter(settings).collect();
        assert_eq!(told, [&Seen::OverBudget(Violation::TooMuchNoise)]);
        assert_eq!(events.last(), Some(told[0]));
        assert_eq!(talk.connection.ledger().noise_left, NOISE);
        talk.frames();
        let streams = (0..=RESETS).map(|nth| 2 * nth + 1);
        let events = talk.hear(|wire| streams.fold(wire, |wire, id| wire.get(id).window_update(id, 0)));
        assert_eq!(events.last(), Some(&Seen::OverBudget(Violation::TooManyResets)));
        assert_eq!(talk.frames().len(), RESETS as usize + 1);
        talk.assert_usable(&[]);
    });
}

/// Feeds octets one by one, none of which must lead to anything.
fn feed(connection: &mut Connection, octets: &[u8]) {
    for octet in octets.chunks(1) {
        assert_eq!(connection.poll(&mut &*octet, Time::ZERO), None);
    }
}

/// A server that is in the middle of a head, whose octets come one by one.
fn server_within_a_head(config: Config) -> Connection {
    let mut server = Connection::server(config);
    let start = Wire::client().settings(&[]).octets;
    for octet in start.chunks(1) {
        let mut input = octet;
        while server.poll(&mut input, Time::ZERO).is_some() {}
    }
    feed(&mut server, &[0, 0, 0, 0xbe, 0]);
    server
}

#[test]
fn what_the_caller_causes_is_told_before_another_octet_is_taken() {
    let causes: [fn(&mut Connection); 2] =
        [|server| server.close(ErrorCode::NO_ERROR), |server| server.end_of_input()];
    for cause in causes {
        let mut server = server_within_a_head(Config::default());
        cause(&mut server);
        let mut input = &[0][..];
        assert!(matches!(server.poll(&mut input, Time::ZERO), Some(Event::Closed { .. })));
    }
    let mut server = server_within_a_head(Config::default());
    server.shut_down();
    feed(&mut server, &[0; 4]);
}

#[test]
fn a_fault_that_overdraws_is_told_before_another_octet_is_taken() {
    let lenient = config(|config| config.max_resets(1).enforce_budgets(false));
    let mut server = server_within_a_head(lenient);
    feed(&mut server, &[0; 4]);
    let wire = Wire::raw().headers(1, &get(), Part::More).headers(3, &get(), Part::More);
    let wire = wire.window_update(1, 0).window_update(3, 0).octets;
    let told: Vec<_> = wire.chunks(1).filter_map(|octet| server.poll(&mut &*octet, Time::ZERO)).collect();
    assert!(matches!(
        told[..],
        [Event::Headers { .. }, Event::Headers { .. }, Event::Reset { .. }, Event::Reset { .. }]
    ));
    let told = server.poll(&mut &[0][..], Time::ZERO);
    assert_eq!(told, Some(Event::OverBudget { violation: Violation::TooManyResets }));
}

#[test]
fn an_overdraft_is_told_before_another_octet_is_taken() {
    let lenient = config(|config| config.max_noise(1).enforce_budgets(false));
    let mut server = Connection::server(lenient);
    let start = Wire::client().settings(&[]).octets;
    let mut input = &start[..];
    while !input.is_empty() {
        assert!(matches!(
            server.poll(&mut input, Time::ZERO),
            Some(Event::Settings(_) | Event::SettingsAcknowledged)
        ));
    }
    let told = server.poll(&mut &[0][..], Time::ZERO);
    assert_eq!(told, Some(Event::OverBudget { violation: Violation::TooMuchNoise }));
}

/// A caller that is slow to cancel never has more in hand than the limit.
#[test]
fn a_reset_stream_may_keep_its_place_until_the_caller_is_done() {
    let slow = config(|config| config.max_concurrent_streams(2).hold_reset_streams(true));
    talk(Role::Server, &slow, &[], |talk| {
        let hear =
            |talk: &mut Talk, stream| talk.hear(|wire| wire.get(stream).reset(stream, ErrorCode::CANCEL));
        assert_eq!((hear(talk, 1).len(), hear(talk, 3).len()), (2, 2));
        // Refused, which is safe to retry; the caller hears of nothing.
        assert_eq!(hear(talk, 5), []);
        assert_eq!(talk.frames(), [Sent::reset(5, ErrorCode::REFUSED_STREAM)]);
        assert!(talk.connection.acknowledge_reset(id(3)));
        assert!(!talk.connection.acknowledge_reset(id(3)));
        assert!(!talk.connection.acknowledge_reset(id(9)));
        // Resets of ours count, too.
        assert_eq!(talk.hear(|wire| wire.get(7).window_update(7, 0)).len(), 2);
        talk.frames();
        assert_eq!(hear(talk, 9), []);
        assert!(talk.connection.acknowledge_reset(id(1)) && talk.connection.acknowledge_reset(id(7)));
        assert_eq!(hear(talk, 11).len(), 2);
    });
    // Without it, and where the caller resets by itself, the place is free at once.
    talk(Role::Server, &config(|config| config.max_concurrent_streams(1)), &[], |talk| {
        for stream in [1, 3, 5] {
            let events = talk.hear(|wire| wire.get(stream).reset(stream, ErrorCode::CANCEL));
            assert_eq!(events.len(), 2);
            assert!(!talk.connection.acknowledge_reset(id(stream)));
        }
    });
    talk(Role::Server, &slow, &[], |talk| {
        for stream in [1, 3, 5, 7] {
            assert_eq!(talk.hear(|wire| wire.get(stream)).len(), 1);
            talk.connection.stream(id(stream)).unwrap().reset(ErrorCode::CANCEL);
        }
    });
}

/// A peer within its limit cannot know that a slow caller leaves no room.
#[test]
fn places_that_are_held_are_not_held_against_the_peer() {
    let slow = config(|config| config.max_concurrent_streams(1).hold_reset_streams(true));
    talk(Role::Server, &slow, &[], |talk| {
        talk.hear(|wire| wire.get(1).reset(1, ErrorCode::CANCEL));
        let before = talk.connection.ledger();
        assert_eq!(talk.hear(|wire| wire.get(3)), []);
        assert_eq!(talk.frames(), [Sent::reset(3, ErrorCode::REFUSED_STREAM)]);
        let after = talk.connection.ledger();
        assert_eq!(after.resets_left, before.resets_left);
        assert_eq!(after.noise_left, before.noise_left - 1);
        let update = b"\0\0\0\x05u=1";
        let events = talk.hear(|wire| wire.frame(Kind::PRIORITY_UPDATE, Flags::NONE, 0, update));
        assert_eq!(events, [], "nothing is kept of it, and nobody is accused");
        assert!(talk.connection.acknowledge_reset(id(1)));
        talk.assert_usable(&[]);
    });
}

/// Whatever a flood is made of, the end is told once, and octets behind it are not looked at.
#[test]
fn the_end_of_a_flood_is_the_end() {
    let mut server = Connection::server(tight());
    let mut octets = Wire::peer(Role::Client, &[(SettingId::MAX_CONCURRENT_STREAMS, 1)]).octets;
    octets.extend((0..NOISE * 3).flat_map(|_| Wire::raw().ping([1; 8]).octets));
    let mut input = &octets[..];
    let mut last = None;
    while let Some(event) = server.poll(&mut input, Time::ZERO) {
        assert!(!matches!(last, Some(Event::Closed { .. })));
        last = Some(event);
    }
    let error = Some(ConnectionError::Violation(Violation::TooMuchNoise));
    assert_eq!(last, Some(Event::Closed { error }));
    let sent = frames(&drain(&mut server));
    let pongs = sent.iter().filter(|sent| sent.kind == Kind::PING).count();
    assert_eq!(pongs as u32, NOISE);
    assert_eq!(sent.last().map(Sent::code), Some(ErrorCode::ENHANCE_YOUR_CALM));
}
