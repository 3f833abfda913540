//! Stream identifiers, concurrency and resets (RFC 9113 §5.1, §5.4.2, §6.4).

use sans_h2::frame::{Kind, Part, SettingId};
use sans_h2::{
    Blocked, Cause, Config, Connection, ErrorCode, Event, OpenError, Role, Time, Verdict, Violation,
};

use crate::support::{
    MAGIC, Script, Seen, Sent, Wire, config, drain, frames, get, heads, id, settings_of, talk,
    talk_from_start, trailers,
};

const REFUSED: ErrorCode = ErrorCode::REFUSED_STREAM;
const CANCEL: ErrorCode = ErrorCode::CANCEL;

fn at_most(streams: u32) -> [(SettingId, u32); 1] {
    [(SettingId::MAX_CONCURRENT_STREAMS, streams)]
}

// covers 9113-5.1.1-1 9113-5.1.1-3 9113-5.1-2
#[test]
fn a_client_must_not_use_even_numbers() {
    let outcome = Script::server().run(Wire::client().headers(2, &get(), Part::Last));
    assert!(matches!(outcome.messages()[..], [Seen::Closed(Some(_))]), "{:?}", outcome.events);
    assert_eq!(outcome.goaway(), ErrorCode::PROTOCOL_ERROR);
}

// covers 9113-5.1.1-2 9113-5.1.1-3
#[test]
fn numbers_must_rise() {
    let outcome = Script::server().run(Wire::client().get(5).get(9).get(7));
    let cut_off = |stream| Seen::cut_off(stream, ErrorCode::PROTOCOL_ERROR, Verdict::Complete);
    let failed = Seen::failed(Violation::UnexpectedStreamId);
    assert_eq!(outcome.messages(), [Seen::get(5), Seen::get(9), cut_off(9), cut_off(5), failed]);
    assert_eq!(outcome.sent.last(), Some(&Sent::goaway(9, ErrorCode::PROTOCOL_ERROR)));
}

// covers 9113-5.1.1-2
#[test]
fn numbers_may_be_skipped_up_to_the_last() {
    let last = 0x7fff_ffff;
    let outcome = Script::server().run(Wire::client().get(1).get(101).get(last));
    assert_eq!(outcome.messages(), [Seen::get(1), Seen::get(101), Seen::get(last)]);
}

// covers 9113-5.1.1-1 9113-5.1.1-2
#[test]
fn a_client_numbers_its_streams_1_3_5() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        let streams = [Part::Last, Part::More, Part::Last].map(|part| talk.open(part));
        assert_eq!(streams, [1, 3, 5]);
        assert_eq!(heads(&talk.frames()), [1, 3, 5].map(|stream| (Kind::HEADERS, stream)));
    });
}

/// PRIORITY may name a stream that is opened later, or never.
// covers 9113-5.1-1
#[test]
fn priority_opens_nothing() {
    let outcome = Script::server().run(Wire::client().priority(9).get(1).priority(3).get(3));
    assert_eq!(outcome.messages(), [Seen::get(1), Seen::get(3)]);
    assert_eq!(outcome.sent, [Sent::settings_ack()]);
}

// covers 9113-5.1.2-2 9113-8.7-1
#[test]
fn streams_above_our_limit_are_refused_until_one_ends() {
    talk(Role::Server, &config(|config| config.max_concurrent_streams(2)), &[], |talk| {
        let events = talk.hear(|wire| wire.get(1).post(3).get(5).get(7));
        assert_eq!(events, [Seen::get(1), Seen::post(3)]);
        assert_eq!(talk.frames(), [Sent::reset(5, REFUSED), Sent::reset(7, REFUSED)]);
        // Neither the end of one half nor a response that waits in the queue makes room.
        assert_eq!(talk.hear(|wire| wire.data(3, b"", Part::Last)), [Seen::data(3, b"", Part::Last)]);
        talk.respond(1, 204, Part::Last);
        assert_eq!(talk.hear(|wire| wire.get(9)), []);
        assert_eq!(talk.frames(), [Sent::reset(9, REFUSED), Sent::headers(1, &[0x89], Part::Last)]);
        assert_eq!(talk.hear(|wire| wire.get(11)), [Seen::get(11)]);
        talk.stream(11).reset(CANCEL);
        assert_eq!(talk.hear(|wire| wire.get(13).get(15)), [Seen::get(13)]);
        assert_eq!(talk.frames(), [Sent::reset(11, CANCEL), Sent::reset(15, REFUSED)]);
    });
}

/// A refusal is always safe to retry, so the limit holds from the first octet.
// covers 9113-5.1.2-2
#[test]
fn our_limit_holds_before_it_is_acknowledged() {
    talk_from_start(Role::Server, &config(|config| config.max_concurrent_streams(1)), |talk| {
        talk.frames();
        let events = talk.hear(|wire| wire.octets(MAGIC).settings(&[]).get(1).get(3));
        assert_eq!(events, [Seen::Settings(settings_of(&[])), Seen::get(1)]);
        talk.assert_usable(&[Sent::settings_ack(), Sent::reset(3, REFUSED)]);
    });
}

// covers 9113-5.1.2-2 9113-6.9-4 9113-5.1-9
#[test]
fn what_comes_on_a_refused_stream_is_dropped_and_credited() {
    let config = config(|config| config.max_concurrent_streams(0).connection_window_size(65_535));
    talk(Role::Server, &config, &[], |talk| {
        assert_eq!(talk.hear(|wire| wire.post(1)), []);
        assert_eq!(talk.hear(|wire| wire.data(1, &[0; 16_384], Part::More)), []);
        assert_eq!(talk.hear(|wire| wire.data(1, &[0; 16_384], Part::More)), []);
        assert_eq!(talk.hear(|wire| wire.window_update(1, 7).trailers(1).reset(1, CANCEL)), []);
        talk.assert_usable(&[Sent::reset(1, REFUSED), Sent::window_update(0, 32_768)]);
        talk.assert_balanced();
    });
}

// covers 9113-5.1.2-1
#[test]
fn streams_above_the_peers_limit_wait_and_go_out_in_order() {
    talk(Role::Client, &Config::default(), &at_most(1), |talk| {
        assert_eq!([1, 3, 5], [Part::More, Part::Last, Part::Last].map(|part| talk.open(part)));
        assert_eq!(talk.stream(1).blocked_on(), None);
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1)]);
        assert_eq!(talk.stream(3).blocked_on(), Some(Blocked::StreamLimit));
        assert_eq!(talk.stream(5).blocked_on(), Some(Blocked::StreamLimit));
        assert_eq!(talk.hear(|wire| wire.response(1, 200, Part::Last)), [Seen::response(1, 200, Part::Last)]);
        // Half-closed streams count.
        assert_eq!(talk.frames(), []);
        talk.send(1, b"", Part::Last);
        assert_eq!(heads(&talk.frames()), [(Kind::DATA, 1), (Kind::HEADERS, 3)]);
        talk.stream(3).reset(CANCEL);
        assert_eq!(heads(&talk.frames()), [(Kind::RST_STREAM, 3), (Kind::HEADERS, 5)]);
    });
}

// covers 9113-5.1.2-1
#[test]
fn a_limit_that_is_lowered_holds_for_streams_that_are_not_open_yet() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert_eq!((talk.opened(Part::Last), talk.opened(Part::Last)), (1, 3));
        assert_eq!(talk.open(Part::Last), 5);
        assert_eq!(talk.hear(|wire| wire.settings(&at_most(1))), [Seen::Settings(settings_of(&at_most(1)))]);
        assert_eq!(talk.frames(), [Sent::settings_ack()]);
        talk.hear(|wire| wire.response(3, 200, Part::Last));
        assert_eq!(talk.frames(), []);
        assert_eq!(talk.stream(5).blocked_on(), Some(Blocked::StreamLimit));
        talk.hear(|wire| wire.reset(1, CANCEL));
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 5)]);
    });
}

// covers 9113-6.5.2-7
#[test]
fn a_limit_of_zero_is_a_limit_like_others() {
    talk(Role::Client, &Config::default(), &at_most(0), |talk| {
        assert_eq!((talk.open(Part::Last), talk.open(Part::Last)), (1, 3));
        assert_eq!(talk.frames(), []);
        talk.hear(|wire| wire.settings(&at_most(1)));
        assert_eq!(heads(&talk.frames()), [(Kind::SETTINGS, 0), (Kind::HEADERS, 1)]);
    });
}

/// RFC 9113 §6.4: RST_STREAM must not be sent for an idle stream.
// covers 9113-6.4-5
#[test]
fn a_stream_that_never_went_out_is_reset_without_a_frame() {
    talk(Role::Client, &Config::default(), &at_most(1), |talk| {
        assert_eq!([1, 3, 5], [Part::Last; 3].map(|part| talk.open(part)));
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1)]);
        talk.stream(3).reset(CANCEL);
        assert!(!talk.is_live(3));
        assert_eq!(talk.frames(), []);
        talk.hear(|wire| wire.response(1, 200, Part::Last));
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 5)]);
        assert_eq!(talk.notices(), []);
    });
}

// covers 9113-5.1-9 9113-5.4.2-1 9113-5.4.2-2 9113-6.4-2 9113-6.9-4
#[test]
fn late_frames_on_a_stream_that_we_reset_are_dropped() {
    for role in [Role::Client, Role::Server] {
        let config = config(|config| config.connection_window_size(65_535));
        talk(role, &config, &[], |talk| {
            match role {
                Role::Client => drop(talk.opened(Part::More)),
                Role::Server => drop(talk.hear(|wire| wire.post(1))),
            }
            talk.stream(1).reset(ErrorCode::INTERNAL_ERROR);
            assert!(!talk.is_live(1));
            let late = |wire: Wire| {
                let wire = wire.headers(1, &trailers(), Part::More).priority(1).window_update(1, 0);
                let data = [0; 16_384];
                wire.data(1, &data, Part::More).padded_data(1, &data[..16_183], 200).window_update(1, 9)
            };
            assert_eq!(talk.hear(late), []);
            let update = Sent::window_update(0, 32_768);
            talk.assert_usable(&[Sent::reset(1, ErrorCode::INTERNAL_ERROR), update]);
            assert_eq!(talk.hear(|wire| wire.reset(1, CANCEL).trailers(1)), []);
            talk.assert_usable(&[]);
            talk.assert_balanced();
        });
    }
}

// covers 9113-5.4.2-2
#[test]
fn a_stream_error_is_reported_once() {
    let wire = Wire::client().post(1).window_update(1, 0).window_update(1, 0).data(1, b"a", Part::More);
    let outcome = Script::server().run(wire.headers(1, &trailers(), Part::More).get(3));
    let broken = Seen::broken(1, Violation::ZeroStreamIncrement, Verdict::MaybeProcessed);
    assert_eq!(outcome.messages(), [Seen::post(1), broken, Seen::get(3)]);
    assert_eq!(outcome.resets(), [(1, ErrorCode::PROTOCOL_ERROR)]);
}

// covers 9113-5.4.2-3 9113-6.4-1 9113-5.1-8
#[test]
fn a_reset_is_not_answered_and_stops_what_is_queued() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.get(1));
        talk.respond(1, 200, Part::More);
        talk.send(1, b"queued", Part::Last);
        let reset = Seen::Reset(1, CANCEL, Cause::Peer, Verdict::Complete);
        assert_eq!(talk.hear(|wire| wire.reset(1, CANCEL).reset(1, CANCEL)), [reset]);
        assert!(!talk.is_live(1));
        talk.assert_usable(&[]);
    });
}

// covers 9113-6.4-6 9113-6.4-5
#[test]
fn a_reset_of_an_idle_stream_ends_the_connection() {
    let outcome = Script::server().run(Wire::client().get(1).reset(3, CANCEL));
    let cut_off = Seen::cut_off(1, ErrorCode::PROTOCOL_ERROR, Verdict::Complete);
    assert_eq!(outcome.messages(), [Seen::get(1), cut_off, Seen::failed(Violation::IdleStream)]);
    assert_eq!(outcome.sent, [Sent::settings_ack(), Sent::goaway(1, ErrorCode::PROTOCOL_ERROR)]);
}

// covers 9113-8.1-5
#[test]
fn the_verdict_of_a_reset_says_how_far_the_stream_had_got() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert_eq!([1, 3, 5], [Part::More; 3].map(|part| talk.open(part)));
        talk.frames();
        let peer = |stream, code, verdict| Seen::Reset(stream, code, Cause::Peer, verdict);
        let refused = peer(1, REFUSED, Verdict::Unprocessed);
        assert_eq!(talk.hear(|wire| wire.reset(1, REFUSED)), [refused]);
        let cancelled = peer(3, CANCEL, Verdict::MaybeProcessed);
        assert_eq!(talk.hear(|wire| wire.reset(3, CANCEL)), [cancelled]);
        let answered = [
            Seen::response(5, 200, Part::More),
            Seen::data(5, b"early", Part::Last),
            peer(5, ErrorCode::NO_ERROR, Verdict::Complete),
        ];
        let early = |wire: Wire| wire.response(5, 200, Part::More).data(5, b"early", Part::Last);
        assert_eq!(talk.hear(|wire| early(wire).reset(5, ErrorCode::NO_ERROR)), answered);
        talk.assert_usable(&[]);
    });
}

#[test]
fn a_stream_that_never_went_out_says_so_when_the_connection_ends() {
    talk(Role::Client, &Config::default(), &at_most(1), |talk| {
        assert_eq!((talk.open(Part::Last), talk.open(Part::Last)), (1, 3));
        talk.frames();
        talk.connection.close(ErrorCode::NO_ERROR);
        let cut_off = [
            Seen::cut_off(3, CANCEL, Verdict::NeverSent),
            Seen::cut_off(1, CANCEL, Verdict::MaybeProcessed),
            Seen::Closed(None),
        ];
        assert_eq!(talk.notices(), cut_off);
        assert_eq!(talk.frames(), [Sent::goaway(0, ErrorCode::NO_ERROR)]);
    });
}

/// Which of the older streams were reset is not remembered one by one, but none of them ends the connection.
// covers 9113-5.1-9
#[test]
fn late_frames_are_taken_long_after_a_reset() {
    talk(Role::Server, &config(|config| config.remembered_streams(1)), &[], |talk| {
        for stream in [1, 3, 5] {
            talk.hear(|wire| wire.post(stream));
            talk.stream(stream).reset(CANCEL);
        }
        let late = |wire: Wire| [1, 3, 5].into_iter().fold(wire, |wire, on| wire.data(on, b"a", Part::More));
        assert_eq!(talk.hear(late), []);
        assert_eq!(talk.hear(|wire| wire.trailers(1)), []);
        talk.assert_usable(&[1, 3, 5].map(|stream| Sent::reset(stream, CANCEL)));
        talk.assert_balanced();
    });
}

#[test]
fn only_a_client_opens_streams_and_no_more_than_it_may() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        assert_eq!(talk.connection.open(get(), Part::Last), Err(OpenError::NotClient));
        talk.assert_usable(&[]);
    });
    talk(Role::Client, &config(|config| config.max_open_streams(2)), &at_most(1), |talk| {
        assert_eq!((talk.open(Part::Last), talk.open(Part::Last)), (1, 3));
        assert_eq!(talk.connection.open(get(), Part::Last), Err(OpenError::TooManyStreams));
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1)]);
        talk.hear(|wire| wire.response(1, 200, Part::Last));
        // The refused call has used up no number.
        assert_eq!(talk.connection.open(get(), Part::Last), Ok(id(5)));
    });
}

/// What the head of the first SETTINGS frame alone cannot tell.
#[test]
fn few_streams_go_out_before_the_peers_limit_is_known() {
    let mut client = Connection::client(config(|config| config.max_early_streams(2)));
    for _ in 0..5 {
        client.open(get(), Part::Last).unwrap();
    }
    let opened = |client: &mut Connection| {
        frames(&drain(client)).iter().filter(|sent| sent.kind == Kind::HEADERS).count()
    };
    assert_eq!(opened(&mut client), 2);
    let settings = Wire::raw().settings(&at_most(4)).octets;
    let (mut head, mut rest) = settings.split_at(9);
    assert_eq!(client.poll(&mut head, Time::ZERO), None);
    assert_eq!(opened(&mut client), 0);
    assert!(client.poll(&mut rest, Time::ZERO).is_some());
    assert_eq!(opened(&mut client), 2);
}

/// A client that knows no limit yet may run into it (RFC 9113 §5.1.2).
#[test]
fn a_first_flight_above_our_limit_is_refused_and_no_more() {
    let mut wire = Wire::raw().octets(MAGIC).settings(&[]);
    for nth in 0..500 {
        wire = wire.get(2 * nth + 1);
    }
    let mut server = Connection::server(Config::default());
    let mut input = &wire.octets[..];
    let mut requests = 0;
    while let Some(event) = server.poll(&mut input, Time::ZERO) {
        assert!(!matches!(event, Event::Closed { .. }), "{event:?}");
        requests += usize::from(matches!(event, Event::Headers { .. }));
    }
    let resets = frames(&drain(&mut server)).iter().filter(|sent| sent.kind == Kind::RST_STREAM).count();
    assert_eq!((requests, resets), (100, 400));
}
