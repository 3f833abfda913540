//! GOAWAY and the other ends of a connection (RFC 9113 §5.4.1, §6.8).

use bytes::Bytes;
use sans_h2::frame::{Flags, Kind, Part, SettingId};
use sans_h2::{
    Cause, Config, Connection, ConnectionError, ControlError, ErrorCode, Event, OpenError, Role, Time,
    Verdict, Violation,
};

use crate::support::{
    Log, MAGIC, Script, Seen, Sent, Talk, Wire, config, drain, frames, get, heads, settings_seen, talk,
    talk_from_start,
};

const NO_ERROR: ErrorCode = ErrorCode::NO_ERROR;
const MAX: u32 = 0x7fff_ffff;

fn told(last: u32) -> Seen {
    Seen::GoAway(last, NO_ERROR, Bytes::new())
}

fn unprocessed(stream: u32) -> Seen {
    Seen::Reset(stream, ErrorCode::REFUSED_STREAM, Cause::GoAway, Verdict::Unprocessed)
}

fn never_sent(stream: u32) -> Seen {
    Seen::Reset(stream, ErrorCode::REFUSED_STREAM, Cause::GoAway, Verdict::NeverSent)
}

fn shutdown_ping() -> Sent {
    Sent::ping(*b"shutdown")
}

/// What ends with the transport.
fn cut(stream: u32, verdict: Verdict) -> Seen {
    Seen::cut_off(stream, ErrorCode::CANCEL, verdict)
}

// covers 9113-6.8-1 9113-6.8-2 9113-6.8-3
#[test]
fn a_client_finishes_what_the_server_has_taken() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert_eq!([1, 3, 5], [Part::Last; 3].map(|part| talk.opened(part)));
        assert_eq!(talk.hear(|wire| wire.goaway(1, NO_ERROR)), [told(1), unprocessed(5), unprocessed(3)]);
        assert_eq!(talk.connection.open(get(), Part::Last), Err(OpenError::ShuttingDown));
        // What was on its way on a stream that has been given up is dropped.
        assert_eq!(talk.hear(|wire| wire.response(3, 200, Part::Last)), []);
        talk.assert_usable(&[]);
        let answer = [Seen::response(1, 200, Part::Last), Seen::Closed(None)];
        assert_eq!(talk.hear(|wire| wire.response(1, 200, Part::Last)), answer);
        assert_eq!(talk.frames(), [Sent::goaway(0, NO_ERROR)]);
        assert!(talk.connection.is_closed());
    });
}

/// Also if the caller looks for the deadline before it has heard all that a frame means.
#[test]
fn what_a_goaway_cuts_off_is_to_be_told_at_once() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::Last);
        let wire = Wire::raw().goaway(0, NO_ERROR);
        let told = talk.connection.poll(&mut &wire.octets[..], Time::ZERO);
        assert!(matches!(told, Some(Event::GoAway { last: None, .. })), "{told:?}");
        assert_eq!(talk.connection.deadline(), Some(Time::ZERO));
        assert_eq!(talk.notices(), [unprocessed(1), Seen::Closed(None)]);
    });
}

#[test]
fn a_client_without_streams_closes_at_once() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert_eq!(
            talk.hear(|wire| wire.goaway(MAX, NO_ERROR).ping([0; 8])),
            [told(MAX), Seen::Closed(None)]
        );
        assert_eq!(talk.frames(), [Sent::goaway(0, NO_ERROR)]);
    });
}

// covers 9113-6.8-5
#[test]
fn the_last_stream_may_be_lowered_but_not_raised() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert_eq!([1, 3, 5], [Part::Last; 3].map(|part| talk.opened(part)));
        assert_eq!(talk.hear(|wire| wire.goaway(MAX, NO_ERROR)), [told(MAX)]);
        assert_eq!(talk.hear(|wire| wire.goaway(3, NO_ERROR)), [told(3), unprocessed(5)]);
        assert_eq!(talk.hear(|wire| wire.goaway(3, NO_ERROR)), [told(3)]);
        assert_eq!(talk.hear(|wire| wire.goaway(1, NO_ERROR)), [told(1), unprocessed(3)]);
        let events = talk.hear(|wire| wire.goaway(3, NO_ERROR));
        let cut_off = Seen::cut_off(1, ErrorCode::PROTOCOL_ERROR, Verdict::MaybeProcessed);
        assert_eq!(events, [cut_off, Seen::failed(Violation::GoAwayRaised)]);
        talk.assert_failed(&events, Violation::GoAwayRaised);
    });
}

/// Even where the number of a waiting stream is not above the last: the receiver must not open it.
// covers 9113-6.8-1
#[test]
fn streams_that_wait_are_not_opened_after_goaway() {
    for last in [1, 3, MAX] {
        talk(Role::Client, &Config::default(), &[(SettingId::MAX_CONCURRENT_STREAMS, 1)], |talk| {
            assert_eq!((talk.open(Part::Last), talk.open(Part::Last)), (1, 3));
            assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1)]);
            assert_eq!(talk.hear(|wire| wire.goaway(last, NO_ERROR)), [told(last), never_sent(3)], "{last}");
            let answer = [Seen::response(1, 200, Part::Last), Seen::Closed(None)];
            assert_eq!(talk.hear(|wire| wire.response(1, 200, Part::Last)), answer);
            assert_eq!(talk.frames(), [Sent::goaway(0, NO_ERROR)]);
        });
    }
}

/// The same for a stream that only the writer has not asked for yet.
// covers 9113-6.8-1
#[test]
fn a_request_that_has_not_been_framed_is_not_sent_after_goaway() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.open(Part::Last);
        assert_eq!(
            talk.hear(|wire| wire.goaway(MAX, NO_ERROR)),
            [told(MAX), never_sent(1), Seen::Closed(None)]
        );
        assert_eq!(talk.frames(), [Sent::goaway(0, NO_ERROR)]);
    });
}

#[test]
fn a_goaway_with_an_error_is_the_error_of_the_end() {
    let code = ErrorCode::ENHANCE_YOUR_CALM;
    let error = Some(ConnectionError::GoAway(code));
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert_eq!((talk.opened(Part::Last), talk.opened(Part::Last)), (1, 3));
        let events = talk.hear(|wire| wire.goaway(1, code));
        assert_eq!(events, [Seen::GoAway(1, code, Bytes::new()), unprocessed(3)]);
        let events = talk.hear(|wire| wire.response(1, 200, Part::Last));
        assert_eq!(events, [Seen::response(1, 200, Part::Last), Seen::Closed(error)]);
    });
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::Last);
        talk.hear(|wire| wire.goaway(1, code));
        let cut_off = Seen::cut_off(1, code, Verdict::MaybeProcessed);
        assert_eq!(talk.end_of_input(), [cut_off, Seen::Closed(error)]);
    });
}

#[test]
fn debug_data_is_told_up_to_the_limit() {
    let payload = [&[0; 8][..], b"too much load"].concat();
    let wire = || Wire::client().frame(Kind::GOAWAY, Flags::NONE, 0, &payload);
    let debug = |octets: &'static [u8]| [Seen::GoAway(0, NO_ERROR, Bytes::from_static(octets))];
    assert_eq!(Script::server().run(wire()).messages(), debug(b"too much load"));
    let short = Script::server().config(config(|config| config.max_debug_octets(8)));
    assert_eq!(short.run(wire().ping([0; 8])).messages(), debug(b"too much"));
}

/// A client's GOAWAY is about pushes: it may still ask.
#[test]
fn a_server_serves_on_after_a_clients_goaway() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        assert_eq!(
            talk.hear(|wire| wire.get(1).goaway(0, NO_ERROR).get(3)),
            [Seen::get(1), told(0), Seen::get(3)]
        );
        talk.respond(1, 204, Part::Last);
        talk.respond(3, 204, Part::Last);
        let sent = [Sent::headers(1, &[0x89], Part::Last), Sent::headers(3, &[0x89], Part::Last)];
        assert_eq!(talk.frames(), sent);
        assert_eq!(talk.end_of_input(), [Seen::Closed(None)]);
    });
}

// covers 9113-6.8-6 9113-6.8-5 9113-6.8-7 9113-8.7-2 9113-8.7-1
#[test]
fn a_server_shuts_down_in_two_steps() {
    let config = config(|config| config.connection_window_size(65_535));
    talk(Role::Server, &config, &[], |talk| {
        talk.hear(|wire| wire.get(1));
        talk.connection.shut_down();
        assert_eq!(talk.frames(), [Sent::goaway(MAX, NO_ERROR), shutdown_ping()]);
        // Opened before the client knew.
        assert_eq!(talk.hear(|wire| wire.post(3).pong(*b"shutdown")), [Seen::post(3)]);
        assert_eq!(talk.frames(), [Sent::goaway(3, NO_ERROR)]);
        // Too late: refused, decoded and credited.
        assert_eq!(talk.hear(|wire| wire.post(5).data(5, &[0; 16_384], Part::More)), []);
        assert_eq!(talk.hear(|wire| wire.data(5, &[0; 16_384], Part::Last)), []);
        let refused = [Sent::reset(5, ErrorCode::REFUSED_STREAM), Sent::window_update(0, 32_768)];
        talk.assert_usable(&refused);
        assert_eq!(talk.hear(|wire| wire.trailers(3)), [Seen::trailers(3)]);
        for stream in [1, 3] {
            assert!(!talk.connection.is_closed());
            talk.respond(stream, 204, Part::Last);
            assert_eq!(talk.frames(), [Sent::headers(stream, &[0x89], Part::Last)]);
        }
        assert!(talk.connection.deadline().is_some());
        assert_eq!(talk.notices(), [Seen::Closed(None)]);
        assert_eq!((talk.frames(), talk.notices()), (vec![], vec![]));
    });
}

/// The caller need not wait for a client that does not answer.
#[test]
fn a_second_call_names_the_last_stream_at_once() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.get(1));
        talk.connection.shut_down();
        talk.connection.shut_down();
        let sent = [Sent::goaway(MAX, NO_ERROR), shutdown_ping(), Sent::goaway(1, NO_ERROR)];
        assert_eq!(talk.frames(), sent);
        assert_eq!(talk.hear(|wire| wire.get(3).pong(*b"shutdown")), []);
        talk.connection.shut_down();
        assert_eq!(talk.frames(), [Sent::reset(3, ErrorCode::REFUSED_STREAM)]);
        talk.respond(1, 204, Part::Last);
        assert_eq!(talk.frames(), [Sent::headers(1, &[0x89], Part::Last)]);
        assert_eq!(talk.notices(), [Seen::Closed(None)]);
    });
}

// covers 9113-6.8-6
#[test]
fn a_server_without_streams_waits_for_one_round_trip() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.connection.ping(*b"shutdown").unwrap();
        talk.connection.shut_down();
        assert_eq!(talk.frames(), [shutdown_ping(), Sent::goaway(MAX, NO_ERROR), shutdown_ping()]);
        assert_eq!(talk.hear(|wire| wire.pong(*b"shutdown")), [Seen::Pong(*b"shutdown")]);
        assert_eq!(talk.frames(), []);
        assert_eq!(talk.hear(|wire| wire.pong(*b"shutdown")), [Seen::Closed(None)]);
        assert_eq!(talk.frames(), [Sent::goaway(0, NO_ERROR)]);
    });
}

// covers 9113-6.8-2
#[test]
fn a_client_shuts_down_in_one_step() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::Last);
        talk.connection.shut_down();
        assert_eq!(talk.frames(), [Sent::goaway(0, NO_ERROR)]);
        assert_eq!(talk.connection.open(get(), Part::Last), Err(OpenError::ShuttingDown));
        let answer = [Seen::response(1, 200, Part::Last), Seen::Closed(None)];
        assert_eq!(talk.hear(|wire| wire.response(1, 200, Part::Last)), answer);
        assert_eq!(talk.frames(), []);
    });
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.connection.shut_down();
        assert!(talk.connection.deadline().is_some());
        assert_eq!(talk.notices(), [Seen::Closed(None)]);
        assert_eq!(talk.frames(), [Sent::goaway(0, NO_ERROR)]);
    });
}

// covers 9113-6.8-5 9113-5.4-2 9113-5.4.1-1
#[test]
fn an_error_during_a_shutdown_does_not_raise_the_last_stream() {
    let finished: fn(&mut Talk) = |talk| {
        assert_eq!(talk.hear(|wire| wire.pong(*b"shutdown").get(3)), []);
        assert_eq!(talk.frames(), [Sent::goaway(1, NO_ERROR), Sent::reset(3, ErrorCode::REFUSED_STREAM)]);
    };
    let announced: fn(&mut Talk) = |_| {};
    for step in [announced, finished] {
        talk(Role::Server, &Config::default(), &[], |talk| {
            talk.hear(|wire| wire.get(1));
            talk.connection.shut_down();
            assert_eq!(talk.frames(), [Sent::goaway(MAX, NO_ERROR), shutdown_ping()]);
            step(talk);
            let events = talk.hear(|wire| wire.data(9, b"a", Part::More));
            let code = ErrorCode::PROTOCOL_ERROR;
            let cut_off = Seen::cut_off(1, code, Verdict::Complete);
            assert_eq!(events, [cut_off, Seen::failed(Violation::IdleStream)]);
            assert_eq!(talk.frames(), [Sent::goaway(1, code)]);
        });
    }
}

// covers 9113-5.4.1-3 9113-6.8-2 9113-9.1-3
#[test]
fn close_ends_at_once() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.get(1).post(3));
        talk.respond(1, 200, Part::More);
        talk.send(1, b"never framed", Part::Last);
        talk.connection.close(ErrorCode::INTERNAL_ERROR);
        assert!(!talk.connection.is_closed() && !talk.is_live(1));
        assert_eq!(talk.connection.ping([0; 8]), Err(ControlError::Closed));
        let ends = [cut(3, Verdict::MaybeProcessed), cut(1, Verdict::Complete), Seen::Closed(None)];
        assert_eq!(talk.hear(|wire| wire.data(3, b"ignored", Part::Last)), ends);
        assert_eq!(talk.frames(), [Sent::goaway(3, ErrorCode::INTERNAL_ERROR)]);
        assert!(talk.connection.is_closed());
        talk.assert_balanced();
        assert_eq!(talk.end_of_input(), []);
    });
}

/// Where the transport may end, and where that cuts something off.
#[test]
fn the_end_of_the_transport() {
    let early = Some(ConnectionError::UnexpectedEnd);
    let ping = Wire::raw().ping([0; 8]).octets;
    let server: [(&str, Vec<u8>, Option<ConnectionError>); 8] = [
        ("before the first octet", vec![], None),
        ("within the fixed octets", MAGIC[..5].to_vec(), early),
        ("before SETTINGS", MAGIC.to_vec(), early),
        ("between frames", Wire::client().octets, None),
        ("within a head", Wire::client().octets(&ping[..8]).octets, early),
        ("within a payload", Wire::client().octets(&ping[..16]).octets, early),
        ("within a field block", Wire::client().frame(Kind::HEADERS, Flags::NONE, 1, &[0x82]).octets, early),
        ("after a stream has ended", Wire::client().post(1).reset(1, ErrorCode::CANCEL).octets, None),
    ];
    for (name, octets, error) in server {
        let outcome = Script::server().end_of_input().run(Wire::raw().octets(&octets));
        assert_eq!(outcome.events.last(), Some(&Seen::Closed(error)), "{name}");
        assert_eq!(outcome.events.iter().filter(|seen| matches!(seen, Seen::Closed(_))).count(), 1);
        assert!(outcome.balanced && outcome.of_kind(Kind::GOAWAY).is_empty());
    }
    let client = Script::client().end_of_input();
    assert_eq!(client.run(Wire::raw()).events, [Seen::Closed(early)]);
    assert_eq!(client.run(Wire::server()).messages(), [Seen::Closed(None)]);
}

#[test]
fn the_end_of_the_transport_cuts_off_what_is_open() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.get(1).post(3));
        let half = Wire::raw().data(3, b"abcdef", Part::Last).octets;
        assert_eq!(talk.hear(|wire| wire.octets(&half[..12])), [Seen::data(3, b"abc", Part::More)]);
        let early = Seen::Closed(Some(ConnectionError::UnexpectedEnd));
        let ends = [cut(3, Verdict::MaybeProcessed), cut(1, Verdict::Complete), early];
        assert_eq!(talk.end_of_input(), ends);
        talk.assert_balanced();
        assert_eq!(talk.hear(|wire| wire.ping([0; 8])), []);
        assert_eq!((talk.end_of_input(), talk.frames()), (vec![], vec![]));
    });
    talk_from_start(Role::Client, &Config::default(), |talk| {
        talk.open(Part::Last);
        let early = Seen::Closed(Some(ConnectionError::UnexpectedEnd));
        assert_eq!(talk.end_of_input(), [cut(1, Verdict::NeverSent), early]);
    });
}

#[test]
fn the_end_of_the_transport_may_finish_a_shutdown() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.get(1));
        talk.respond(1, 204, Part::Last);
        talk.connection.shut_down();
        talk.frames();
        assert_eq!(talk.end_of_input(), [Seen::Closed(None)]);
    });
}

/// The end of the transport may be known before its last octets have been polled.
#[test]
fn what_came_before_the_end_of_the_transport_is_told() {
    let mut server = Connection::server(Config::default());
    let wire = Wire::client().get(1);
    server.end_of_input();
    let mut log = Log::default();
    let mut input = &wire.octets[..];
    while let Some(event) = server.poll(&mut input, Time::ZERO) {
        log.push(&event);
    }
    let told = [
        settings_seen(&[]),
        Seen::SettingsAcknowledged,
        Seen::get(1),
        Seen::cut_off(1, ErrorCode::CANCEL, Verdict::Complete),
        Seen::Closed(Some(ConnectionError::UnexpectedEnd)),
    ];
    assert_eq!(log.events, told);
}

/// A stream above the last one that GOAWAY names is refused even if its header block had begun before.
// covers 9113-8.7-2
#[test]
fn a_request_that_was_half_here_when_the_last_stream_was_named_is_refused() {
    let mut server = Connection::server(Config::default());
    let poll = |server: &mut Connection, mut octets: &[u8]| {
        let mut log = Log::default();
        while let Some(event) = server.poll(&mut octets, Time::ZERO) {
            log.push(&event);
        }
        log.events
    };
    let before = Wire::client().get(1).octets.len();
    let octets = Wire::client().get(1).get(3).octets;
    poll(&mut server, &octets[..before + 9]);
    server.shut_down();
    server.shut_down();
    assert_eq!(poll(&mut server, &octets[before + 9..]), []);
    let sent = frames(&drain(&mut server));
    let goaway = sent.iter().rev().find(|sent| sent.kind == Kind::GOAWAY).map(Sent::number);
    assert_eq!(goaway, Some(1));
    assert!(sent.contains(&Sent::reset(3, ErrorCode::REFUSED_STREAM)), "{sent:?}");
}
