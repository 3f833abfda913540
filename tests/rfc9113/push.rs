//! Server push from both sides (RFC 9113 §8.4, and what §5.1 and §6.6 say of reserved streams).

use bytes::{Buf, Bytes};
use sans_h2::frame::{Flags, Kind, Part, SettingId};
use sans_h2::{
    Cause, Config, ErrorCode, Fields, Head, OpenError, Role, SendError, State, Verdict, Violation,
};

use crate::support::{Seen, Sent, Talk, Wire, config, get, heads, id, post, settings_of, talk, talk_once};

const PUSH: SettingId = SettingId::ENABLE_PUSH;
const STREAMS: SettingId = SettingId::MAX_CONCURRENT_STREAMS;

fn style() -> Fields {
    Fields::request("GET", "http", "localhost", "/style.css")
}

/// A client that takes pushes.
fn taker() -> Config {
    config(|config| config.enable_push(true))
}

/// A client with one request under way.
fn asked(config: &Config, dialog: impl Fn(&mut Talk)) {
    talk(Role::Client, config, &[], |talk| {
        talk.opened(Part::Last);
        dialog(talk);
    });
}

/// A server with one request to answer.
fn asked_of(settings: &[(SettingId, u32)], dialog: impl Fn(&mut Talk)) {
    talk(Role::Server, &Config::default(), settings, |talk| {
        talk.hear(|wire| wire.get(1));
        dialog(talk);
    });
}

fn push(talk: &mut Talk, on: u32) -> Result<u32, OpenError> {
    talk.connection.push(id(on), style()).map(|promised| promised.number())
}

fn told() -> Seen {
    Seen::PushPromise(1, 2, style())
}

fn pushed(stream: u32, part: Part) -> Seen {
    Seen::Headers(stream, Head::Response, Fields::response(200), part)
}

// covers 9113-6.6-5 9113-6.6-9 9113-8.4.1-4 9113-8.4.1-6 9113-6.6-1 9113-5.1.1-1
#[test]
fn a_server_promises_ahead_of_its_response_and_answers() {
    asked_of(&[], |talk| {
        talk.respond(1, 200, Part::More);
        talk.send(1, b"page", Part::Last);
        assert_eq!(push(talk, 1), Err(OpenError::NoSuchRequest), "nothing can be promised after the end");
    });
    asked_of(&[], |talk| {
        talk.respond(1, 200, Part::More);
        assert_eq!((push(talk, 1), push(talk, 1)), (Ok(2), Ok(4)));
        talk.send(1, b"page", Part::Last);
        assert_eq!(talk.stream(2).state(), State::ReservedLocal);
        talk.respond(4, 200, Part::More);
        talk.send(4, b"four", Part::Last);
        talk.respond(2, 204, Part::Last);
        let sent = talk.frames();
        let promises = [(Kind::PUSH_PROMISE, 1), (Kind::PUSH_PROMISE, 1)];
        assert_eq!(heads(&sent)[..2], promises);
        assert_eq!((sent[0].number(), sent[1].number()), (2, 4));
        let mut rest = heads(&sent)[2..].to_vec();
        rest.sort_by_key(|&(kind, stream)| (stream, kind));
        let data_and_headers = |stream| [(Kind::DATA, stream), (Kind::HEADERS, stream)];
        assert_eq!(rest, [&data_and_headers(1)[..], &[(Kind::HEADERS, 2)], &data_and_headers(4)].concat());
        assert!(!talk.is_live(1) && !talk.is_live(2) && !talk.is_live(4));
        talk.assert_usable(&[]);
    });
}

// covers 9113-6.5.2-1 9113-6.6-7
#[test]
fn a_server_promises_nothing_to_a_client_that_takes_nothing() {
    asked_of(&[(PUSH, 0)], |talk| assert_eq!(push(talk, 1), Err(OpenError::PushDisabled)));
    // The setting overtakes a promise that is not on the wire.
    asked_of(&[], |talk| {
        assert_eq!(push(talk, 1), Ok(2));
        talk.hear(|wire| wire.settings(&[(PUSH, 0)]));
        assert_eq!(talk.frames(), [Sent::settings_ack()]);
        let unsent = Seen::Reset(2, ErrorCode::CANCEL, Cause::PromiseUnsent, Verdict::NeverSent);
        assert_eq!(talk.notices(), [unsent]);
        talk.respond(1, 204, Part::Last);
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1)]);
    });
}

// covers 9113-6.4-1 9113-6.6-5
#[test]
fn a_promise_on_a_request_that_was_reset_is_not_made() {
    asked_of(&[], |talk| {
        assert_eq!(push(talk, 1), Ok(2));
        talk.respond(2, 200, Part::Last);
        talk.hear(|wire| wire.reset(1, ErrorCode::CANCEL));
        assert_eq!(talk.frames(), []);
        let unsent = Seen::Reset(2, ErrorCode::CANCEL, Cause::PromiseUnsent, Verdict::NeverSent);
        assert_eq!(talk.notices(), [unsent]);
        talk.hear(|wire| wire.get(3));
        assert_eq!(push(talk, 3), Ok(4));
        assert_eq!(talk.frames().first().map(Sent::number), Some(4));
        talk.stream(4).reset(ErrorCode::CANCEL);
        talk.assert_usable(&[Sent::reset(4, ErrorCode::CANCEL)]);
    });
}

#[test]
fn promises_that_find_no_room_go_out_later_and_in_order() {
    let small = config(|config| config.write_buffer_size(1_024));
    talk_once(Role::Server, &small, &[], |talk| {
        talk.hear(|wire| wire.get(1));
        let promised: Vec<u32> = (1..=8).map(|nth| 2 * nth).collect();
        for &stream in &promised {
            let fields = style().with("x-long", vec![b'x'; 500]);
            assert_eq!(talk.connection.push(id(1), fields).map(|it| it.number()), Ok(stream));
        }
        let batch = talk.connection.output().remaining();
        assert!(batch < 1_024, "{batch}");
        assert!(talk.frames().iter().map(Sent::number).eq(promised));
    });
}

/// A server with two promises of which only the later one could be made, and the caller does not know that yet.
fn passed_over(dialog: impl Fn(&mut Talk)) {
    asked_of(&[], |talk| {
        talk.hear(|wire| wire.get(3));
        assert_eq!((push(talk, 1), push(talk, 3)), (Ok(2), Ok(4)));
        talk.stream(1).reset(ErrorCode::CANCEL);
        let sent = talk.frames();
        assert_eq!(heads(&sent), [(Kind::RST_STREAM, 1), (Kind::PUSH_PROMISE, 3)]);
        assert_eq!(sent[1].number(), 4);
        dialog(talk);
    });
}

/// The promise that was made has the higher identifier, so that the other looks as if it had been used.
#[test]
fn a_promise_that_was_passed_over_was_never_sent() {
    passed_over(|talk| {
        assert!(talk.connection.deadline().is_some(), "there is something to tell");
        let unsent = Seen::Reset(2, ErrorCode::CANCEL, Cause::PromiseUnsent, Verdict::NeverSent);
        assert_eq!(talk.notices(), [unsent]);
        assert_eq!(talk.connection.deadline(), None);
        talk.assert_usable(&[]);
    });
}

// covers 9113-6.4-1
#[test]
fn nothing_is_sent_on_a_promise_that_was_passed_over() {
    passed_over(|talk| {
        talk.respond(2, 200, Part::More);
        talk.send(2, b"unseen", Part::More);
        assert_eq!(talk.frames(), []);
        talk.stream(2).reset(ErrorCode::CANCEL);
        assert_eq!(talk.notices(), []);
        talk.assert_usable(&[]);
    });
}

// covers 9113-8.4-1 9113-8.4-4 9113-8.4.1-1 9113-8.4.1-2
#[test]
fn what_may_not_be_promised_is_refused() {
    asked_of(&[], |talk| {
        let refusals = [
            (post(), Violation::UnsafePromise),
            (get().with("content-length", "1"), Violation::PromiseWithContent),
            (Fields::new().with(":method", "GET").with(":path", "/"), Violation::MissingPseudoField),
            (get().with("connection", "close"), Violation::ConnectionSpecificField),
        ];
        for (fields, violation) in refusals {
            assert_eq!(talk.connection.push(id(1), fields), Err(OpenError::Malformed(violation)));
        }
        assert_eq!(push(talk, 3), Err(OpenError::NoSuchRequest));
        assert_eq!(talk.frames(), []);
        assert_eq!(push(talk, 1), Ok(2));
    });
    asked(&taker(), |talk| assert_eq!(push(talk, 1), Err(OpenError::NotServer)));
}

// covers 9113-5.1-3 9113-5.1.2-1
#[test]
fn a_promised_stream_counts_from_its_response_on() {
    asked_of(&[(STREAMS, 1)], |talk| {
        assert_eq!((push(talk, 1), push(talk, 1)), (Ok(2), Ok(4)));
        assert_eq!(heads(&talk.frames()), [(Kind::PUSH_PROMISE, 1), (Kind::PUSH_PROMISE, 1)]);
        assert_eq!(
            talk.stream(2).send_data(Bytes::from_static(b"x"), Part::More),
            Err(SendError::HeadersFirst)
        );
        talk.respond(2, 200, Part::More);
        talk.respond(4, 200, Part::Last);
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 2)]);
        talk.send(2, b"two", Part::Last);
        assert_eq!(heads(&talk.frames()), [(Kind::DATA, 2), (Kind::HEADERS, 4)]);
    });
}

// covers 9113-5.1-4
#[test]
fn a_client_sends_little_on_a_stream_that_we_reserved() {
    type Say = fn(Wire) -> Wire;
    let wrong: [Say; 3] = [
        |wire| wire.headers(2, &get(), Part::Last),
        |wire| wire.data(2, b"x", Part::Last),
        |wire| wire.push_promise(2, 3),
    ];
    for say in wrong {
        asked_of(&[], |talk| {
            assert_eq!(push(talk, 1), Ok(2));
            talk.frames();
            let events = talk.hear(say);
            assert!(matches!(
                events.last(),
                Some(Seen::Closed(Some(error))) if *error == sans_h2::ConnectionError::Violation(Violation::ReservedStream)
                    || *error == sans_h2::ConnectionError::Violation(Violation::PushToServer)
            ));
        });
    }
    asked_of(&[], |talk| {
        assert_eq!(push(talk, 1), Ok(2));
        talk.frames();
        assert_eq!(talk.hear(|wire| wire.priority(2).window_update(2, 100)), []);
        let reset = Seen::Reset(2, ErrorCode::CANCEL, Cause::Peer, Verdict::MaybeProcessed);
        assert_eq!(talk.hear(|wire| wire.reset(2, ErrorCode::CANCEL)), [reset]);
        assert_eq!(push(talk, 1), Ok(4));
        talk.frames();
        let refused = Seen::Reset(4, ErrorCode::REFUSED_STREAM, Cause::Peer, Verdict::Unprocessed);
        assert_eq!(talk.hear(|wire| wire.reset(4, ErrorCode::REFUSED_STREAM)), [refused]);
        talk.assert_usable(&[]);
    });
}

// covers 9113-8.4.2-2 9113-8.4-5 9113-10.4-2
#[test]
fn a_client_takes_a_promise_and_its_response_or_refuses_it() {
    asked(&taker(), |talk| {
        assert_eq!(talk.hear(|wire| wire.promise(1, 2, &style())), [told()]);
        assert_eq!(talk.stream(2).state(), State::ReservedRemote);
        let answer = |wire: Wire| wire.response(2, 200, Part::More).data(2, b"css", Part::Last);
        assert_eq!(talk.hear(answer), [pushed(2, Part::More), Seen::data(2, b"css", Part::Last)]);
        assert!(!talk.is_live(2));
        talk.assert_usable(&[]);
    });
    // A server without authority over what it promises.
    asked(&taker(), |talk| {
        talk.hear(|wire| wire.promise(1, 2, &style()));
        talk.stream(2).reset(ErrorCode::PROTOCOL_ERROR);
        assert_eq!(talk.hear(|wire| wire.response(2, 200, Part::More).data(2, b"css", Part::Last)), []);
        talk.assert_usable(&[Sent::reset(2, ErrorCode::PROTOCOL_ERROR)]);
        talk.assert_balanced();
    });
}

// covers 9113-8.4-2 9113-8.4.1-3
#[test]
fn a_promise_that_may_not_be_made_is_reset() {
    let refusals = [
        (post(), Violation::UnsafePromise),
        (get().with("content-length", "1"), Violation::PromiseWithContent),
        (Fields::new().with(":method", "GET"), Violation::MissingPseudoField),
    ];
    for (fields, violation) in refusals {
        asked(&taker(), |talk| {
            assert_eq!(talk.hear(|wire| wire.promise(1, 2, &fields)), []);
            assert_eq!(talk.frames(), [Sent::reset(2, violation.code())]);
            assert_eq!(talk.hear(|wire| wire.promise(1, 4, &style())), [Seen::PushPromise(1, 4, style())]);
        });
    }
}

// covers 9113-10.5-1 9113-5.1.2-2
#[test]
fn a_client_limits_what_is_reserved_and_what_is_open() {
    let config = config(|config| config.enable_push(true).max_reserved_streams(2).max_concurrent_streams(1));
    asked(&config, |talk| {
        let promises = |wire: Wire| [2, 4, 6].into_iter().fold(wire, |wire, n| wire.promise(1, n, &style()));
        assert_eq!(talk.hear(promises).len(), 2);
        assert_eq!(talk.frames(), [Sent::reset(6, ErrorCode::REFUSED_STREAM)]);
        assert_eq!(talk.hear(|wire| wire.response(2, 200, Part::More)), [pushed(2, Part::More)]);
        let refused = Seen::broken(4, Violation::TooManyStreams, Verdict::MaybeProcessed);
        assert_eq!(talk.hear(|wire| wire.response(4, 200, Part::More)), [refused]);
        talk.assert_usable(&[Sent::reset(4, ErrorCode::REFUSED_STREAM)]);
    });
}

/// A promise that has been told is not taken back for a limit that the server cannot know.
#[test]
fn a_new_limit_holds_for_responses_to_promises_once_it_is_acknowledged() {
    let lowered = settings_of(&[(SettingId::MAX_CONCURRENT_STREAMS, 0)]);
    asked(&taker(), |talk| {
        let promises = |wire: Wire| [2, 4].into_iter().fold(wire, |wire, n| wire.promise(1, n, &style()));
        assert_eq!(talk.hear(promises).len(), 2);
        talk.connection.update_settings(&lowered).unwrap();
        assert_eq!(talk.hear(|wire| wire.response(2, 200, Part::More)), [pushed(2, Part::More)]);
        assert_eq!(talk.hear(|wire| wire.settings_ack()), [Seen::SettingsAcknowledged]);
        let refused = Seen::broken(4, Violation::TooManyStreams, Verdict::MaybeProcessed);
        assert_eq!(talk.hear(|wire| wire.response(4, 200, Part::More)), [refused]);
    });
}

// covers 9113-5.1-6
#[test]
fn a_server_sends_headers_first_on_a_stream_that_it_reserved() {
    type Say = fn(Wire) -> Wire;
    let wrong: [Say; 3] = [
        |wire| wire.data(2, b"x", Part::Last),
        |wire| wire.window_update(2, 1),
        |wire| wire.push_promise(2, 4),
    ];
    for say in wrong {
        asked(&taker(), |talk| {
            talk.hear(|wire| wire.promise(1, 2, &style()));
            let events = talk.hear(say);
            assert!(matches!(events.last(), Some(Seen::Closed(Some(_)))), "{events:?}");
            assert_eq!(talk.frames().last().map(Sent::code), Some(ErrorCode::PROTOCOL_ERROR));
        });
    }
    asked(&taker(), |talk| {
        talk.hear(|wire| wire.promise(1, 2, &style()));
        assert_eq!(talk.hear(|wire| wire.priority(2)), []);
        let reset = Seen::Reset(2, ErrorCode::CANCEL, Cause::Peer, Verdict::MaybeProcessed);
        assert_eq!(talk.hear(|wire| wire.reset(2, ErrorCode::CANCEL)), [reset]);
    });
}

// covers 9113-6.6-10 9113-6.6-12 9113-8.4.1-5
#[test]
fn a_promise_belongs_to_a_request_under_way_and_names_the_next_stream() {
    let wrong = |promised| {
        asked(&taker(), |talk| {
            talk.hear(|wire| wire.promise(1, 4, &style()));
            let events = talk.hear(|wire| wire.promise(1, promised, &style()));
            talk.assert_failed(&events, Violation::InvalidPromisedStream);
        });
    };
    [2, 3, 4].into_iter().for_each(wrong);
    asked(&taker(), |talk| {
        talk.hear(|wire| wire.response(1, 200, Part::Last));
        let events = talk.hear(|wire| wire.promise(1, 2, &style()));
        talk.assert_failed(&events, Violation::PushOnWrongStream);
    });
}

// covers 9113-6.6-11
#[test]
fn a_promise_that_crosses_our_reset_is_refused_and_decoded() {
    asked(&taker(), |talk| {
        talk.stream(1).reset(ErrorCode::CANCEL);
        talk.frames();
        assert_eq!(talk.hear(|wire| wire.promise(1, 2, &style().with("x-kept", "in step"))), []);
        assert_eq!(talk.frames(), [Sent::reset(2, ErrorCode::REFUSED_STREAM)]);
        assert_eq!(talk.opened(Part::Last), 3);
        let fields = Fields::response(200).with("x-kept", "in step");
        let answer = Seen::Headers(3, Head::Response, fields.clone(), Part::Last);
        assert_eq!(talk.hear(|wire| wire.headers(3, &fields, Part::Last)), [answer]);
    });
}

// covers 9113-6.6-3
#[test]
fn a_promise_may_take_several_frames() {
    asked(&taker(), |talk| {
        let block = [0x82, 0x86, 0x84, 0x41, 0x01, b'h'];
        let payload = [&[0, 0, 0, 2][..], &block[..2]].concat();
        let say = |wire: Wire| {
            wire.frame(Kind::PUSH_PROMISE, Flags::NONE, 1, &payload)
                .frame(Kind::CONTINUATION, Flags::NONE, 1, &block[2..4])
                .frame(Kind::CONTINUATION, Flags::END_HEADERS, 1, &block[4..])
        };
        let promised = Fields::new()
            .with(":method", "GET")
            .with(":scheme", "http")
            .with(":path", "/")
            .with(":authority", "h");
        assert_eq!(talk.hear(say), [Seen::PushPromise(1, 2, promised)]);
    });
}

// covers 9113-6.8-7
#[test]
fn promises_above_the_last_stream_of_a_goaway_are_dropped() {
    asked_of(&[], |talk| {
        assert_eq!((push(talk, 1), push(talk, 1)), (Ok(2), Ok(4)));
        talk.frames();
        let events = talk.hear(|wire| wire.goaway(2, ErrorCode::NO_ERROR));
        let dropped = Seen::Reset(4, ErrorCode::REFUSED_STREAM, Cause::GoAway, Verdict::Unprocessed);
        assert_eq!(events[1..], [dropped]);
        assert_eq!(push(talk, 1), Err(OpenError::ShuttingDown));
        talk.respond(2, 204, Part::Last);
        talk.respond(1, 204, Part::Last);
        let mut sent = heads(&talk.frames());
        sent.sort();
        assert_eq!(sent, [(Kind::HEADERS, 1), (Kind::HEADERS, 2)]);
    });
}

/// A server that has read of it may push before it is acknowledged.
#[test]
fn push_may_begin_as_soon_as_it_is_allowed() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::Last);
        let allow = settings_of(&[(SettingId::ENABLE_PUSH, 1)]);
        talk.connection.update_settings(&allow).unwrap();
        talk.frames();
        assert_eq!(talk.hear(|wire| wire.promise(1, 2, &style())), [told()]);
        assert_eq!(talk.hear(Wire::settings_ack), [Seen::SettingsAcknowledged]);
        talk.assert_usable(&[]);
    });
}

#[test]
fn a_client_that_shuts_down_refuses_promises() {
    asked(&taker(), |talk| {
        talk.connection.shut_down();
        assert_eq!(talk.hear(|wire| wire.promise(1, 2, &style())), []);
        assert!(talk.frames().contains(&Sent::reset(2, Violation::ShuttingDown.code())));
        assert!(!talk.is_live(2));
    });
}
