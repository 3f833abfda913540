//! Flow control of what the peer sends (RFC 9113 §5.2, §6.9): windows, and credit that comes back.

use bytes::Buf;
use sans_h2::frame::{Flags, Kind, Part, SettingId};
use sans_h2::{Config, ErrorCode, Role, Verdict, Violation};

use crate::support::{MAGIC, Seen, Sent, Talk, Wire, config, settings_of, talk, talk_from_start, talk_once};

const FLOW: ErrorCode = ErrorCode::FLOW_CONTROL_ERROR;

/// A stream's window of ten octets.
fn ten() -> Config {
    config(|config| config.initial_window_size(10))
}

/// The protocol's window for the connection, a larger one for streams.
fn shared() -> Config {
    config(|config| config.initial_window_size(100_000).connection_window_size(65_535))
}

fn hear_data(talk: &mut Talk, stream: u32, octets: usize) -> Vec<Seen> {
    talk.hear(|wire| wire.data(stream, &vec![b'd'; octets], Part::More))
}

fn data(stream: u32, octets: usize) -> Seen {
    Seen::data(stream, &vec![b'd'; octets], Part::More)
}

fn broken(stream: u32, violation: Violation) -> Seen {
    Seen::broken(stream, violation, Verdict::MaybeProcessed)
}

// covers 9113-6.9.1-1
#[test]
fn an_overrun_of_a_streams_window_costs_the_stream() {
    talk(Role::Server, &ten(), &[], |talk| {
        talk.hear(|wire| wire.post(1).post(3));
        assert_eq!(hear_data(talk, 1, 10), [data(1, 10)]);
        assert_eq!(hear_data(talk, 3, 4), [data(3, 4)]);
        assert_eq!(hear_data(talk, 1, 1), [broken(1, Violation::StreamWindowExceeded)]);
        assert_eq!(hear_data(talk, 3, 6), [data(3, 6)]);
        assert_eq!(hear_data(talk, 3, 1), [broken(3, Violation::StreamWindowExceeded)]);
        talk.assert_usable(&[Sent::reset(1, FLOW), Sent::reset(3, FLOW)]);
        talk.assert_balanced();
        assert_eq!(talk.connection.audit().held, 0);
    });
}

// covers 9113-6.9.3-1
#[test]
fn the_protocols_window_holds_until_ours_is_acknowledged() {
    talk_from_start(Role::Server, &ten(), |talk| {
        talk.hear(|wire| wire.octets(MAGIC).settings(&[]).post(1));
        assert_eq!(hear_data(talk, 1, 100), [data(1, 100)]);
        assert_eq!(talk.hear(Wire::settings_ack), [Seen::SettingsAcknowledged]);
        assert_eq!(hear_data(talk, 1, 1), [broken(1, Violation::StreamWindowExceeded)]);
    });
}

// covers 9113-6.9.1-1
#[test]
fn an_overrun_of_the_connections_window_costs_the_connection() {
    talk(Role::Server, &shared(), &[], |talk| {
        talk.hear(|wire| wire.post(1).post(3));
        for (stream, octets) in [(1, 16_384), (3, 16_384), (1, 16_384), (3, 16_383)] {
            assert_eq!(hear_data(talk, stream, octets), [data(stream, octets)]);
        }
        assert_eq!(hear_data(talk, 1, 0), []);
        let events = hear_data(talk, 3, 1);
        let cut_off = |stream| Seen::cut_off(stream, FLOW, Verdict::MaybeProcessed);
        assert_eq!(events, [cut_off(3), cut_off(1), Seen::failed(Violation::ConnectionWindowExceeded)]);
        talk.assert_failed(&events, Violation::ConnectionWindowExceeded);
    });
}

// covers 9113-6.9-4
#[test]
fn data_that_nobody_wants_uses_the_connections_window() {
    talk(Role::Server, &shared(), &[], |talk| {
        talk.hear(|wire| wire.post(1).post(3));
        for _ in 0..3 {
            assert_eq!(hear_data(talk, 1, 16_384), [data(1, 16_384)]);
        }
        talk.stream(3).reset(ErrorCode::CANCEL);
        // Nothing of the credit for the dropped octets has been written yet.
        assert_eq!(hear_data(talk, 3, 16_383), []);
        let events = hear_data(talk, 3, 1);
        talk.assert_failed(&events, Violation::ConnectionWindowExceeded);
    });
}

// covers 9113-6.9-4
#[test]
fn padding_counts_and_comes_back_at_once() {
    talk(Role::Server, &ten(), &[], |talk| {
        talk.hear(|wire| wire.post(1).post(3).post(5));
        // Ten octets: the pad length, four of data, five of padding.
        let events = talk.hear(|wire| wire.padded_data(1, b"abcd", 5));
        assert_eq!(events, [Seen::data(1, b"abcd", Part::More)]);
        assert_eq!(talk.frames(), [Sent::window_update(1, 6)]);
        assert_eq!(talk.connection.audit().held, 4);
        assert_eq!(hear_data(talk, 1, 6), [data(1, 6)]);
        let events = talk.hear(|wire| wire.padded_data(3, b"abcd", 6));
        assert_eq!(events, [broken(3, Violation::StreamWindowExceeded)]);
        // Padding alone is no event.
        assert_eq!(talk.hear(|wire| wire.padded_data(5, b"", 9)), []);
        talk.assert_usable(&[Sent::reset(3, FLOW), Sent::window_update(5, 10)]);
        talk.assert_balanced();
    });
}

#[test]
fn credit_that_a_larger_window_makes_needless_waits() {
    talk(Role::Server, &ten(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        assert_eq!(hear_data(talk, 1, 10), [data(1, 10)]);
        let larger = [(SettingId::INITIAL_WINDOW_SIZE, 100)];
        talk.connection.update_settings(&settings_of(&larger)).unwrap();
        assert_eq!(talk.frames(), [Sent::settings(&larger)]);
        talk.stream(1).release(10);
        talk.hear(Wire::settings_ack);
        talk.assert_usable(&[]);
        assert_eq!(hear_data(talk, 1, 90), [data(1, 90)]);
    });
}

/// It is known from the head on that the peer needs none, though the end comes later.
#[test]
fn the_last_frame_of_a_message_leads_to_no_credit() {
    for (part, updates) in [(Part::More, vec![Sent::window_update(1, 4)]), (Part::Last, vec![])] {
        talk_once(Role::Server, &ten(), &[], |talk| {
            talk.hear(|wire| wire.post(1));
            hear_data(talk, 1, 4);
            talk.stream(1).release(4);
            assert_eq!(talk.frames(), []);
            let frame = Wire::raw().data(1, b"efg", part).octets;
            let (start, end) = frame.split_at(10);
            assert_eq!(talk.hear(|wire| wire.octets(start)), [Seen::data(1, b"e", Part::More)]);
            assert_eq!(talk.frames(), updates);
            assert_eq!(talk.hear(|wire| wire.octets(end)), [Seen::data(1, b"fg", part)]);
            assert_eq!(talk.frames(), []);
        });
    }
}

/// A batch of output has room for a few frames of 13 octets.
#[test]
fn credit_that_finds_no_room_goes_out_later() {
    let small = config(|config| config.initial_window_size(10).write_buffer_size(1_024));
    talk_once(Role::Server, &small, &[], |talk| {
        let streams: Vec<u32> = (0..100).map(|nth| 2 * nth + 1).collect();
        talk.hear(|wire| streams.iter().fold(wire, |wire, &stream| wire.post(stream)));
        for &stream in &streams {
            assert_eq!(hear_data(talk, stream, 10), [data(stream, 10)]);
            talk.stream(stream).release(10);
        }
        let batch = talk.connection.output().remaining();
        assert!(batch < 1_024, "{batch}");
        let updates: Vec<Sent> = streams.iter().map(|&stream| Sent::window_update(stream, 10)).collect();
        assert_eq!(talk.frames(), updates);
    });
}

// covers 9113-6.9-4
#[test]
fn a_padded_end_is_the_end() {
    talk(Role::Server, &ten(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        let flags = Flags::PADDED.with(Flags::END_STREAM);
        let events = talk.hear(|wire| wire.frame(Kind::DATA, flags, 1, &[2, 0, 0]));
        assert_eq!(events, [Seen::data(1, b"", Part::Last)]);
        talk.assert_usable(&[]);
        assert_eq!(talk.connection.audit().held, 0);
        talk.assert_balanced();
    });
}

#[test]
fn a_stream_gets_credit_by_the_half_window() {
    talk(Role::Server, &ten(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        assert_eq!(hear_data(talk, 1, 4), [data(1, 4)]);
        talk.stream(1).release(4);
        assert_eq!(talk.frames(), []);
        assert_eq!(hear_data(talk, 1, 1), [data(1, 1)]);
        talk.stream(1).release(1);
        assert_eq!(talk.frames(), [Sent::window_update(1, 5)]);
        // No more comes back than was held.
        talk.stream(1).release(100);
        assert_eq!(talk.frames(), []);
        talk.assert_balanced();
    });
}

/// What is released never waits for what is not, or a caller that holds most of a window would stop the peer for good.
#[test]
fn credit_comes_back_whatever_the_caller_holds() {
    talk(Role::Server, &ten(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        assert_eq!(hear_data(talk, 1, 3), [data(1, 3)]);
        talk.stream(1).release(3);
        assert_eq!(talk.frames(), []);
        assert_eq!(hear_data(talk, 1, 3), [data(1, 3)]);
        // The peer could send four more, and three would be due: not yet.
        assert_eq!(talk.frames(), []);
        assert_eq!(hear_data(talk, 1, 4), [data(1, 4)]);
        assert_eq!(talk.frames(), [Sent::window_update(1, 3)]);
        assert_eq!(hear_data(talk, 1, 3), [data(1, 3)]);
        talk.stream(1).release(1);
        assert_eq!(talk.frames(), [Sent::window_update(1, 1)]);
        assert_eq!(hear_data(talk, 1, 2), [broken(1, Violation::StreamWindowExceeded)]);
        talk.assert_balanced();
    });
}

/// Credit that was released before our window shrank is what the peer needs to get above zero again.
#[test]
fn credit_comes_back_after_our_window_shrank() {
    talk(Role::Server, &ten(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        assert_eq!(hear_data(talk, 1, 4), [data(1, 4)]);
        talk.stream(1).release(4);
        assert_eq!(talk.frames(), []);
        let smaller = settings_of(&[(SettingId::INITIAL_WINDOW_SIZE, 2)]);
        talk.connection.update_settings(&smaller).unwrap();
        talk.frames();
        talk.hear(Wire::settings_ack);
        assert_eq!(talk.frames(), [Sent::window_update(1, 4)]);
    });
}

// covers 9113-5.2.2-1
#[test]
fn a_few_slow_streams_do_not_stop_the_others() {
    let config = config(|config| config.connection_window_size(100_000).initial_window_size(90_000));
    talk(Role::Server, &config, &[], |talk| {
        talk.hear(|wire| wire.post(1).post(3));
        // Nine tenths of the connection's window lie with a caller that does not release them.
        for octets in [16_384, 16_384, 16_384, 16_384, 16_384, 8_080] {
            assert_eq!(hear_data(talk, 1, octets), [data(1, octets)]);
            talk.frames();
        }
        for _ in 0..100 {
            assert_eq!(hear_data(talk, 3, 5_000), [data(3, 5_000)]);
            talk.stream(3).release(5_000);
            talk.frames();
        }
        assert_eq!(talk.connection.audit().held, 90_000);
        talk.assert_balanced();
    });
}

#[test]
fn the_connection_gets_as_much_credit_as_the_peer_still_has() {
    talk(Role::Server, &shared(), &[], |talk| {
        talk.hear(|wire| wire.post(1).post(3));
        for stream in [1, 3, 1, 3] {
            hear_data(talk, stream, 16_000);
        }
        // The peer may send 1,535 octets more.
        talk.stream(1).release(1_000);
        talk.stream(3).release(534);
        assert_eq!(talk.frames(), []);
        talk.stream(3).release(1);
        assert_eq!(talk.frames(), [Sent::window_update(0, 1_535)]);
        talk.stream(1).release(31_000);
        talk.stream(3).release(31_465);
        assert_eq!(talk.frames(), [Sent::window_update(0, 62_465)]);
        assert_eq!((talk.connection.audit().held, talk.connection.audit().receive_window), (0, 65_535));
    });
}

/// A window below the protocol's is reached by holding credit back.
#[test]
fn a_smaller_window_of_the_connection_takes_effect_once_the_initial_one_is_used() {
    let config = config(|config| config.connection_window_size(1_000).initial_window_size(100_000));
    talk(Role::Client, &config, &[], |talk| {
        talk.opened(Part::Last);
        talk.hear(|wire| wire.response(1, 200, Part::More));
        for octets in [16_384, 16_384, 16_384, 16_383] {
            assert_eq!(hear_data(talk, 1, octets), [data(1, octets)]);
            assert_eq!(talk.connection.audit().receive_window.min(0), 0);
            talk.stream(1).release(octets);
        }
        assert_eq!(talk.frames(), [Sent::window_update(0, 1_000), Sent::window_update(1, 65_535)]);
        assert_eq!(hear_data(talk, 1, 1_000), [data(1, 1_000)]);
        let events = hear_data(talk, 1, 1);
        talk.assert_failed(&events, Violation::ConnectionWindowExceeded);
    });
}

// covers 9113-6.9-4 9113-5.1-9
#[test]
fn credit_of_a_stream_that_ends_early_goes_back_to_the_connection() {
    type End = fn(&mut Talk);
    let ends: [(&str, End, Option<Sent>); 3] = [
        (
            "reset by us",
            |talk| talk.stream(1).reset(ErrorCode::CANCEL),
            Some(Sent::reset(1, ErrorCode::CANCEL)),
        ),
        ("reset by the peer", |talk| drop(talk.hear(|wire| wire.reset(1, ErrorCode::CANCEL))), None),
        (
            "an error of the peer",
            |talk| drop(talk.hear(|wire| wire.window_update(1, 0))),
            Some(Sent::reset(1, ErrorCode::PROTOCOL_ERROR)),
        ),
    ];
    for (name, end, reset) in ends {
        talk(Role::Server, &shared(), &[], |talk| {
            talk.hear(|wire| wire.post(1));
            for _ in 0..3 {
                hear_data(talk, 1, 16_000);
            }
            end(talk);
            let sent: Vec<Sent> = reset.clone().into_iter().chain([Sent::window_update(0, 48_000)]).collect();
            assert_eq!(talk.frames(), sent, "{name}");
            assert_eq!(talk.connection.audit().receive_window, 65_535);
            talk.assert_balanced();
        });
    }
}

#[test]
fn credit_of_a_stream_that_is_over_goes_back_to_the_connection() {
    talk(Role::Client, &shared(), &[], |talk| {
        talk.opened(Part::Last);
        talk.hear(|wire| wire.response(1, 200, Part::More));
        for _ in 0..3 {
            hear_data(talk, 1, 16_000);
        }
        talk.hear(|wire| wire.trailers(1));
        assert!(!talk.is_live(1));
        assert_eq!(talk.frames(), [Sent::window_update(0, 48_000)]);
        talk.assert_balanced();
    });
}

/// A reset in the middle of a DATA frame: what is still to come of it belongs to nobody.
// covers 9113-6.9-4 9113-5.1-9
#[test]
fn credit_of_half_a_frame_goes_back() {
    talk(Role::Server, &shared(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        for _ in 0..2 {
            hear_data(talk, 1, 16_384);
        }
        let octets = Wire::raw().data(1, &[b'd'; 16_000], Part::Last).octets;
        assert_eq!(talk.hear(|wire| wire.octets(&octets[..109])), [data(1, 100)]);
        talk.stream(1).reset(ErrorCode::CANCEL);
        assert_eq!(talk.hear(|wire| wire.octets(&octets[109..])), []);
        let update = Sent::window_update(0, 48_768);
        talk.assert_usable(&[Sent::reset(1, ErrorCode::CANCEL), update]);
        talk.assert_balanced();
    });
}

// covers 9113-5.1-7 9113-6.9-4
#[test]
fn credit_of_data_after_the_end_goes_back() {
    talk(Role::Server, &shared(), &[], |talk| {
        talk.hear(|wire| wire.get(1).get(3).get(5));
        for stream in [1, 3, 5] {
            let broken = Seen::broken(stream, Violation::HalfClosedStream, Verdict::Complete);
            assert_eq!(hear_data(talk, stream, 16_000), [broken]);
        }
        let resets = [1, 3, 5].map(|stream| Sent::reset(stream, ErrorCode::STREAM_CLOSED));
        talk.assert_usable(&[&resets[..], &[Sent::window_update(0, 48_000)]].concat());
        talk.assert_balanced();
    });
}

/// Nothing more can come on the stream, so only the connection needs the credit.
#[test]
fn a_stream_gets_no_credit_after_the_peers_end() {
    talk(Role::Server, &shared(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        for _ in 0..3 {
            hear_data(talk, 1, 16_000);
        }
        talk.hear(|wire| wire.data(1, b"z", Part::Last));
        talk.stream(1).release(48_001);
        assert_eq!(talk.frames(), [Sent::window_update(0, 48_001)]);
        talk.assert_balanced();
    });
}

// covers 9113-6.9-1
#[test]
fn only_data_uses_the_windows() {
    let config = config(|config| config.initial_window_size(0));
    talk(Role::Server, &config, &[], |talk| {
        assert_eq!(talk.hear(|wire| wire.post(1)), [Seen::post(1)]);
        let before = talk.connection.audit();
        assert_eq!(talk.hear(|wire| wire.priority(1).ping([0; 8]).window_update(1, 1)), []);
        assert_eq!(talk.hear(|wire| wire.data(1, b"", Part::More).trailers(1)), [Seen::trailers(1)]);
        assert_eq!(talk.connection.audit(), before);
        assert_eq!(
            hear_data(talk, 3, 0),
            [
                Seen::cut_off(1, ErrorCode::PROTOCOL_ERROR, Verdict::Complete),
                Seen::failed(Violation::IdleStream)
            ]
        );
    });
}

#[test]
fn an_empty_end_needs_no_window() {
    let config = config(|config| config.initial_window_size(0));
    talk(Role::Server, &config, &[], |talk| {
        talk.hear(|wire| wire.post(1).post(3));
        assert_eq!(talk.hear(|wire| wire.data(1, b"", Part::Last)), [Seen::data(1, b"", Part::Last)]);
        assert_eq!(hear_data(talk, 3, 1), [broken(3, Violation::StreamWindowExceeded)]);
    });
}
