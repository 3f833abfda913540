//! PING (RFC 9113 §6.7), and replies that the peer does not read (§10.5).

use sans_h2::frame::Part;
use sans_h2::{Config, ControlError, ErrorCode, Role, Violation};

use crate::support::{Script, Seen, Sent, Wire, config, settings_seen, talk};

const ROLES: [Role; 2] = [Role::Client, Role::Server];

// covers 9113-6.7-2 9113-6.7-4
#[test]
fn each_ping_is_answered_once_and_in_order_with_its_octets() {
    for role in ROLES {
        let wire = Wire::peer(role.peer(), &[]).ping(*b"first...").ping([0xff; 8]).ping(*b"first...");
        let outcome = Script::new(role).run(wire);
        assert_eq!(outcome.messages(), []);
        let pongs = [*b"first...", [0xff; 8], *b"first..."].map(Sent::pong);
        assert_eq!(outcome.sent, [&[Sent::settings_ack()][..], &pongs].concat());
    }
}

// covers 9113-6.7-3
#[test]
fn answers_overtake_queued_data() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.get(1));
        talk.respond(1, 200, Part::More);
        talk.send(1, b"body", Part::Last);
        assert_eq!(talk.hear(|wire| wire.ping(*b"overtake")), []);
        let response = [Sent::headers(1, &[0x88], Part::More), Sent::data(1, b"body", Part::Last)];
        assert_eq!(talk.frames(), [&[Sent::pong(*b"overtake")][..], &response].concat());
    });
}

// covers 9113-6.7-5
#[test]
fn an_answer_to_nothing_is_ignored() {
    for role in ROLES {
        talk(role, &Config::default(), &[], |talk| {
            assert_eq!(talk.hear(|wire| wire.pong(*b"whatever")), []);
            talk.connection.ping(*b"question").unwrap();
            assert_eq!(talk.hear(|wire| wire.pong(*b"whatever")), []);
            assert_eq!(talk.frames(), [Sent::ping(*b"question")]);
            assert_eq!(talk.hear(|wire| wire.pong(*b"question")), [Seen::Pong(*b"question")]);
            assert_eq!(talk.hear(|wire| wire.pong(*b"question")), []);
            assert_eq!(talk.frames(), []);
        });
    }
}

/// No rule makes the peer answer in the order of the PINGs.
#[test]
fn answers_may_come_in_any_order() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.connection.ping([1; 8]).unwrap();
        talk.connection.ping([2; 8]).unwrap();
        assert_eq!(talk.frames(), [Sent::ping([1; 8]), Sent::ping([2; 8])]);
        let answers = talk.hear(|wire| wire.pong([2; 8]).pong([1; 8]));
        assert_eq!(answers, [Seen::Pong([2; 8]), Seen::Pong([1; 8])]);
    });
}

#[test]
fn four_pings_may_be_unanswered() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        for nth in 1..=4 {
            talk.connection.ping([nth; 8]).unwrap();
        }
        assert_eq!(talk.connection.ping([5; 8]), Err(ControlError::TooManyPending));
        assert_eq!(talk.frames(), [1, 2, 3, 4].map(|nth| Sent::ping([nth; 8])));
        assert_eq!(talk.hear(|wire| wire.pong([1; 8])), [Seen::Pong([1; 8])]);
        talk.connection.ping([5; 8]).unwrap();
        assert_eq!(talk.connection.ping([6; 8]), Err(ControlError::TooManyPending));
        assert_eq!(talk.frames(), [Sent::ping([5; 8])]);
    });
}

/// Room for four answers to PINGs, beside a reset for each of ten streams.
fn small() -> Config {
    config(|config| config.max_reply_octets(68).max_concurrent_streams(0))
}

// covers 9113-10.5-2
#[test]
fn more_pings_than_the_limit_without_reading_the_answers_end_the_connection() {
    talk(Role::Server, &small(), &[], |talk| {
        assert_eq!(talk.hear(|wire| (0..4).fold(wire, |wire, nth| wire.ping([nth; 8]))), []);
        let events = talk.hear(|wire| wire.ping([4; 8]).ping([5; 8]));
        assert_eq!(events, [Seen::failed(Violation::TooManyReplies)]);
        let goaway = Sent::goaway(0, ErrorCode::ENHANCE_YOUR_CALM);
        assert_eq!(talk.frames(), [&[0, 1, 2, 3, 4].map(|nth| Sent::pong([nth; 8]))[..], &[goaway]].concat());
    });
}

// covers 9113-10.5-2
#[test]
fn answers_that_are_read_do_not_count() {
    talk(Role::Server, &small(), &[], |talk| {
        for nth in 0..20 {
            assert_eq!(talk.hear(|wire| (0..4).fold(wire, |wire, _| wire.ping([nth; 8]))), []);
            assert_eq!(talk.frames(), vec![Sent::pong([nth; 8]); 4]);
        }
    });
}

// covers 9113-10.5-2
#[test]
fn acknowledgements_and_refusals_count_as_well() {
    talk(Role::Client, &small(), &[], |talk| {
        // Seven acknowledgements have 63 octets, eight 72.
        let events = talk.hear(|wire| (0..9).fold(wire, |wire, _| wire.settings(&[])));
        let mut expected = vec![settings_seen(&[]); 8];
        expected.push(Seen::failed(Violation::TooManyReplies));
        assert_eq!(events, expected);
    });
    talk(Role::Server, &small(), &[], |talk| {
        // Five resets have 65 octets, six 78.
        let events = talk.hear(|wire| (0..6).fold(wire, |wire, nth| wire.get(2 * nth + 1)));
        assert_eq!(events, [Seen::failed(Violation::TooManyReplies)]);
        let resets = (0..6).map(|nth| Sent::reset(2 * nth + 1, ErrorCode::REFUSED_STREAM));
        let goaway = Sent::goaway(0, ErrorCode::ENHANCE_YOUR_CALM);
        assert_eq!(talk.frames(), resets.chain([goaway]).collect::<Vec<_>>());
    });
}

// covers 9113-10.5-2
#[test]
fn a_reset_by_the_caller_that_is_one_reply_too_many_is_noticed_before_anything_comes() {
    let config = config(|config| config.max_reply_octets(68).max_concurrent_streams(1));
    talk(Role::Server, &config, &[], |talk| {
        talk.hear(|wire| wire.get(1));
        // With the reset there are 90 octets; 81 may wait.
        talk.hear(|wire| (0..4).fold(wire, |wire, nth| wire.ping([nth; 8])).settings(&[]));
        assert_eq!(talk.notices(), []);
        talk.stream(1).reset(ErrorCode::CANCEL);
        assert_eq!(talk.notices(), [Seen::failed(Violation::TooManyReplies)]);
    });
}

// covers 9113-10.5-2
#[test]
fn the_default_limit_ends_a_flood() {
    let pings = |count| (0..count).fold(Wire::client(), |wire, _| wire.ping([0; 8]));
    // 4,096 octets, 13 for each of 100 streams, and one acknowledgement of SETTINGS beside PONGs of 17 octets.
    let outcome = Script::server().run(pings(316));
    assert_eq!(outcome.messages(), []);
    assert_eq!(outcome.sent.len(), 1 + 316);
    let outcome = Script::server().run(pings(600));
    outcome.assert_failed(Violation::TooManyReplies);
    assert_eq!(outcome.sent.len(), 1 + 317 + 1);
}
