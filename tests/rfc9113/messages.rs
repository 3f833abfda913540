//! Requests and responses (RFC 9113 §8.1), as far as the order of their frames goes.

use bytes::Bytes;
use sans_h2::frame::{Flags, Kind, Part};
use sans_h2::{Config, ErrorCode, Fields, Head, Role, SendError, State, Verdict, Violation, hpack};

use crate::support::{Script, Seen, Sent, Talk, Wire, heads, talk, trailers};

fn interim(stream: u32, status: u16) -> Seen {
    Seen::Headers(stream, Head::Interim, Fields::response(status), Part::More)
}

fn broken(stream: u32, violation: Violation) -> Seen {
    Seen::broken(stream, violation, Verdict::MaybeProcessed)
}

#[test]
fn a_request_with_a_body_and_trailers() {
    let wire = Wire::client().post(1).data(1, b"na", Part::More).data(1, b"me", Part::More).trailers(1);
    let outcome = Script::server().run(wire);
    let expected = [Seen::post(1), Seen::data(1, b"name", Part::More), Seen::trailers(1)];
    assert_eq!(outcome.messages(), expected);
    assert_eq!(outcome.sent, [Sent::settings_ack()]);
}

#[test]
fn a_request_may_end_with_its_headers_its_data_or_an_empty_frame() {
    let wire = Wire::client().get(1).post(3).data(3, b"a", Part::Last).post(5).data(5, b"", Part::Last);
    let outcome = Script::server().run(wire);
    let [three, five] =
        [(3, &b"a"[..]), (5, b"")].map(|(stream, octets)| Seen::data(stream, octets, Part::Last));
    assert_eq!(outcome.messages(), [Seen::get(1), Seen::post(3), three, Seen::post(5), five]);
}

#[test]
fn empty_frames_within_a_body_are_no_events() {
    let wire = Wire::client().post(1).data(1, b"", Part::More).data(1, b"", Part::More);
    assert_eq!(Script::server().run(wire).messages(), [Seen::post(1)]);
}

#[test]
fn a_response_with_interim_ones_a_body_and_trailers() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::Last);
        assert_eq!(talk.stream(1).state(), State::HalfClosedLocal);
        let events = talk.hear(|wire| {
            let wire =
                wire.response(1, 103, Part::More).response(1, 100, Part::More).response(1, 200, Part::More);
            wire.data(1, b"body", Part::More).trailers(1)
        });
        let expected = [
            interim(1, 103),
            interim(1, 100),
            Seen::response(1, 200, Part::More),
            Seen::data(1, b"body", Part::More),
            Seen::trailers(1),
        ];
        assert_eq!(events, expected);
        assert!(!talk.is_live(1));
        talk.assert_usable(&[]);
    });
}

#[test]
fn a_response_may_be_headers_alone() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::Last);
        let answer = Seen::response(1, 304, Part::Last);
        assert_eq!(talk.hear(|wire| wire.response(1, 304, Part::Last)), [answer]);
        assert!(!talk.is_live(1));
    });
}

/// What a server writes, in the order in which it was told to.
#[test]
fn a_server_writes_interim_responses_headers_body_and_trailers() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        assert_eq!(talk.stream(1).state(), State::Open);
        talk.respond(1, 100, Part::More);
        talk.respond(1, 103, Part::More);
        talk.respond(1, 200, Part::More);
        talk.send(1, b"bo", Part::More);
        talk.send(1, b"dy", Part::More);
        talk.stream(1).send_headers(trailers(), Part::Last).unwrap();
        assert_eq!(talk.stream(1).state(), State::HalfClosedLocal);
        let sent = talk.frames();
        let headers = (Kind::HEADERS, 1);
        assert_eq!(heads(&sent), [headers, headers, headers, (Kind::DATA, 1), headers]);
        assert_eq!(sent[3], Sent::data(1, b"body", Part::More));
        let mut decoder = hpack::Decoder::new(4_096);
        let mut sections = sent.iter().filter(|sent| sent.kind == Kind::HEADERS).map(|sent| {
            let mut fields = Fields::new();
            decoder.decode(&sent.payload, &mut fields).unwrap();
            decoder.finish().unwrap();
            (fields, sent.flags.contains(Flags::END_STREAM))
        });
        for status in [100, 103, 200] {
            assert_eq!(sections.next(), Some((Fields::response(status), false)));
        }
        assert_eq!(sections.next(), Some((trailers(), true)));
        // The request goes on, and ends the stream.
        let rest = Seen::data(1, b"late", Part::Last);
        assert_eq!(talk.hear(|wire| wire.data(1, b"late", Part::Last)), [rest]);
        assert!(!talk.is_live(1));
        talk.assert_usable(&[]);
    });
}

#[test]
fn a_response_may_come_before_the_request_has_ended() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::More);
        assert_eq!(
            talk.hear(|wire| wire.response(1, 413, Part::More).data(1, b"too much", Part::Last)),
            [Seen::response(1, 413, Part::More), Seen::data(1, b"too much", Part::Last)]
        );
        assert_eq!(talk.stream(1).state(), State::HalfClosedRemote);
        talk.send(1, b"all the same", Part::Last);
        assert_eq!(talk.frames(), [Sent::data(1, b"all the same", Part::Last)]);
        assert!(!talk.is_live(1));
    });
}

// covers 9113-8.1-4 9113-8.1.1-2
#[test]
fn trailers_must_end_the_stream() {
    let wire = Wire::client().post(1).headers(1, &trailers(), Part::More).data(1, b"a", Part::Last).get(3);
    let outcome = Script::server().run(wire);
    let violation = Violation::TrailersWithoutEnd;
    assert_eq!(outcome.messages(), [Seen::post(1), broken(1, violation), Seen::get(3)]);
    assert_eq!(outcome.resets(), [(1, ErrorCode::PROTOCOL_ERROR)]);

    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::Last);
        let twice = |wire: Wire| wire.response(1, 200, Part::More).response(1, 200, Part::More);
        assert_eq!(talk.hear(twice), [Seen::response(1, 200, Part::More), broken(1, violation)]);
        talk.assert_usable(&[Sent::reset(1, ErrorCode::PROTOCOL_ERROR)]);
    });
}

/// A client with one stream open hears what breaks a rule of responses.
fn is_broken(violation: Violation, before: &[Seen], say: impl Fn(Wire) -> Wire) {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::More);
        let events = talk.hear(&say);
        assert_eq!(events, [before, &[broken(1, violation)]].concat());
        talk.assert_usable(&[Sent::reset(1, ErrorCode::PROTOCOL_ERROR)]);
        talk.assert_balanced();
        assert_eq!(talk.opened(Part::Last), 3);
        let answer = Seen::response(3, 200, Part::Last);
        assert_eq!(talk.hear(|wire| wire.response(3, 200, Part::Last)), [answer]);
    });
}

// covers 9113-8.1.1-2
#[test]
fn data_must_not_come_before_the_final_headers() {
    let violation = Violation::DataBeforeHeaders;
    is_broken(violation, &[], |wire| wire.data(1, b"abc", Part::More));
    is_broken(violation, &[], |wire| wire.data(1, b"", Part::Last));
    is_broken(violation, &[interim(1, 100)], |wire| {
        wire.response(1, 100, Part::More).data(1, b"a", Part::Last)
    });
}

// covers 9113-8.1.1-2
#[test]
fn an_interim_response_must_not_end_the_stream() {
    is_broken(Violation::InterimEndsStream, &[], |wire| wire.response(1, 100, Part::Last));
    let twice = |wire: Wire| wire.response(1, 103, Part::More).response(1, 103, Part::Last);
    is_broken(Violation::InterimEndsStream, &[interim(1, 103)], twice);
}

// covers 9113-8.3.2-1 9113-8.1.1-2 9113-8.1.1-3
#[test]
fn a_response_needs_a_status() {
    let violation = Violation::InvalidStatus;
    for status in ["", "0", "20", "099", "2000", "abc", "2x0", "+20"] {
        let fields = Fields::new().with(":status", status);
        is_broken(violation, &[], |wire| wire.headers(1, &fields, Part::Last));
    }
    let violation = Violation::MissingPseudoField;
    is_broken(violation, &[], |wire| wire.headers(1, &trailers(), Part::Last));
    is_broken(violation, &[], |wire| wire.block(1, &[]));
    let after_interim = |wire: Wire| wire.response(1, 100, Part::More).headers(1, &trailers(), Part::Last);
    is_broken(violation, &[interim(1, 100)], after_interim);
}

#[test]
fn any_final_status_of_three_digits_is_taken() {
    for status in [200, 299, 404, 599, 600, 999] {
        talk(Role::Client, &Config::default(), &[], |talk| {
            talk.opened(Part::Last);
            let answer = Seen::response(1, status, Part::Last);
            assert_eq!(talk.hear(|wire| wire.response(1, status, Part::Last)), [answer]);
        });
    }
}

fn refused(talk: &mut Talk, fields: Fields, part: Part) -> SendError {
    talk.stream(1).send_headers(fields, part).expect_err("it does not fit")
}

fn refused_data(talk: &mut Talk, part: Part) -> SendError {
    talk.stream(1).send_data(Bytes::from_static(b"x"), part).expect_err("it does not fit")
}

#[test]
fn a_servers_mistakes_change_nothing() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.get(1));
        for part in [Part::More, Part::Last] {
            assert_eq!(refused_data(talk, part), SendError::HeadersFirst);
            let missing = SendError::Malformed(Violation::MissingPseudoField);
            assert_eq!(refused(talk, trailers(), part), missing);
            let invalid = SendError::Malformed(Violation::InvalidStatus);
            for status in [0, 99, 1_000, 2_000, 65_535] {
                let fields = Fields::response(status);
                assert_eq!(refused(talk, fields, part), invalid, "{status}");
            }
        }
        assert_eq!(refused(talk, Fields::response(100), Part::Last), SendError::InterimLast);
        assert_eq!((talk.frames(), talk.stream(1).state()), (vec![], State::HalfClosedRemote));
        talk.respond(1, 200, Part::More);
        assert_eq!(refused(talk, Fields::response(200), Part::More), SendError::TrailersNotLast);
        assert_eq!(refused(talk, Fields::response(100), Part::More), SendError::TrailersNotLast);
        assert_eq!(talk.frames(), [Sent::headers(1, &[0x88], Part::More)]);
        talk.send(1, b"body", Part::Last);
        for part in [Part::More, Part::Last] {
            assert_eq!(refused_data(talk, part), SendError::Ended);
            assert_eq!(refused(talk, trailers(), part), SendError::Ended);
        }
        assert_eq!(talk.frames(), [Sent::data(1, b"body", Part::Last)]);
        assert!(!talk.is_live(1));
    });
}

#[test]
fn a_clients_mistakes_change_nothing() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::More);
        assert_eq!(refused(talk, trailers(), Part::More), SendError::TrailersNotLast);
        assert_eq!((talk.frames(), talk.stream(1).state()), (vec![], State::Open));
        talk.send(1, b"body", Part::More);
        talk.stream(1).send_headers(trailers(), Part::Last).unwrap();
        assert_eq!(refused(talk, trailers(), Part::Last), SendError::Ended);
        assert_eq!(refused_data(talk, Part::Last), SendError::Ended);
        assert_eq!(heads(&talk.frames()), [(Kind::DATA, 1), (Kind::HEADERS, 1)]);
        assert_eq!(talk.stream(1).state(), State::HalfClosedLocal);
    });
}

// covers 9113-4.1-3 9113-4.1-4
#[test]
fn what_we_write_has_no_flags_but_those_of_its_type() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.open(Part::More);
        talk.send(1, b"abc", Part::Last);
        talk.connection.ping([0; 8]).unwrap();
        talk.hear(|wire| wire.ping([0; 8]).settings(&[]));
        talk.open(Part::Last);
        for sent in talk.frames() {
            let legal = match sent.kind {
                Kind::DATA => Flags::END_STREAM,
                Kind::HEADERS => Flags::END_STREAM.with(Flags::END_HEADERS),
                Kind::PING | Kind::SETTINGS => Flags::ACK,
                _ => Flags::NONE,
            };
            assert!(legal.contains(sent.flags), "{sent:?}");
        }
    });
}
