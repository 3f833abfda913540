//! Flow control of what we send (RFC 9113 §5.2, §6.9): windows, buffers and what holds data back.

use bytes::{Buf, Bytes};
use sans_h2::frame::{Kind, Part, SettingId};
use sans_h2::{Blocked, Config, Connection, ErrorCode, Role, SendError, Time, Verdict, Violation};

use crate::support::{
    Script, Seen, Sent, Talk, Wire, config, drain, frames, heads, post, talk, talk_once, trailers,
};

const MAX: u32 = 0x7fff_ffff;

fn window(size: u32) -> [(SettingId, u32); 1] {
    [(SettingId::INITIAL_WINDOW_SIZE, size)]
}

fn more(stream: u32, octets: &[u8]) -> Sent {
    Sent::data(stream, octets, Part::More)
}

fn last(stream: u32, octets: &[u8]) -> Sent {
    Sent::data(stream, octets, Part::Last)
}

fn quiet(talk: &mut Talk, say: impl FnOnce(Wire) -> Wire) {
    assert_eq!(talk.hear(say), []);
}

// covers 9113-6.9-2
#[test]
fn an_increment_of_zero_is_an_error_of_the_stream_or_of_the_connection() {
    for (increment, role) in [(0, Role::Client), (0, Role::Server), (0x8000_0000, Role::Server)] {
        let wire = Wire::peer(role.peer(), &[]).window_update(0, increment).ping([0; 8]);
        let outcome = Script::new(role).run(wire);
        assert_eq!(outcome.messages(), [Seen::failed(Violation::ZeroConnectionIncrement)]);
        assert_eq!(outcome.sent, [Sent::settings_ack(), Sent::goaway(0, ErrorCode::PROTOCOL_ERROR)]);
        talk(Role::Client, &Config::default(), &[], |talk| {
            talk.opened(Part::More);
            let broken = Seen::broken(1, Violation::ZeroStreamIncrement, Verdict::MaybeProcessed);
            assert_eq!(talk.hear(|wire| wire.window_update(1, increment)), [broken]);
            talk.assert_usable(&[Sent::reset(1, ErrorCode::PROTOCOL_ERROR)]);
        });
    }
}

// covers 9113-6.9.1-2 9113-6.9.1-3
#[test]
fn no_window_may_exceed_31_bits() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert_eq!((talk.opened(Part::More), talk.opened(Part::More)), (1, 3));
        quiet(talk, |wire| wire.window_update(1, MAX - 65_535).window_update(0, MAX - 65_535));
        let broken = Seen::broken(1, Violation::StreamWindowOverflow, Verdict::MaybeProcessed);
        assert_eq!(talk.hear(|wire| wire.window_update(1, 1)), [broken]);
        talk.assert_usable(&[Sent::reset(1, ErrorCode::FLOW_CONTROL_ERROR)]);
        let events = talk.hear(|wire| wire.window_update(0, 1));
        let cut_off = Seen::cut_off(3, ErrorCode::FLOW_CONTROL_ERROR, Verdict::MaybeProcessed);
        assert_eq!(events, [cut_off, Seen::failed(Violation::ConnectionWindowOverflow)]);
        talk.assert_failed(&events, Violation::ConnectionWindowOverflow);
    });
}

// covers 9113-6.9.2-3
#[test]
fn an_initial_size_that_overflows_a_window_ends_the_connection() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::More);
        quiet(talk, |wire| wire.window_update(1, 10));
        assert!(matches!(talk.hear(|wire| wire.settings(&window(MAX - 10)))[..], [Seen::Settings(_)]));
        talk.assert_usable(&[Sent::settings_ack()]);
        let events = talk.hear(|wire| wire.settings(&window(MAX - 9)));
        talk.assert_failed(&events, Violation::InitialWindowOverflow);
        assert_eq!(Violation::InitialWindowOverflow.code(), ErrorCode::FLOW_CONTROL_ERROR);
    });
}

/// A window that was large belongs to a stream that is gone.
// covers 9113-6.9.2-3
#[test]
fn the_windows_of_streams_that_are_over_do_not_overflow() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert_eq!((talk.opened(Part::More), talk.opened(Part::More)), (1, 3));
        quiet(talk, |wire| wire.window_update(1, 10).window_update(3, 3));
        talk.stream(1).reset(ErrorCode::CANCEL);
        assert!(matches!(talk.hear(|wire| wire.settings(&window(MAX - 3)))[..], [Seen::Settings(_)]));
        talk.assert_usable(&[Sent::reset(1, ErrorCode::CANCEL), Sent::settings_ack()]);
        let events = talk.hear(|wire| wire.settings(&window(MAX - 2)));
        talk.assert_failed(&events, Violation::InitialWindowOverflow);
    });
}

// covers 9113-6.9.1-1 9113-5.2.1-1
#[test]
fn a_tiny_window_of_the_stream_is_respected() {
    talk(Role::Client, &Config::default(), &window(3), |talk| {
        talk.opened(Part::More);
        talk.send(1, b"0123456789", Part::Last);
        assert_eq!(talk.frames(), [more(1, b"012")]);
        assert_eq!(talk.stream(1).blocked_on(), Some(Blocked::StreamWindow));
        quiet(talk, |wire| wire.window_update(0, 100));
        assert_eq!(talk.frames(), []);
        for expected in [b"3", b"4", b"5"] {
            quiet(talk, |wire| wire.window_update(1, 1));
            assert_eq!(talk.stream(1).blocked_on(), None);
            assert_eq!(talk.frames(), [more(1, expected)]);
        }
        quiet(talk, |wire| wire.window_update(1, 2).window_update(1, 100));
        assert_eq!(talk.frames(), [last(1, b"6789")]);
        assert_eq!(talk.stream(1).blocked_on(), None);
    });
}

// covers 9113-6.9.1-1 9113-5.2.1-1 9113-6.9.2-1
#[test]
fn the_window_of_the_connection_is_respected() {
    talk(Role::Client, &Config::default(), &window(1 << 20), |talk| {
        assert_eq!((talk.opened(Part::More), talk.opened(Part::More)), (1, 3));
        talk.send(1, &[b'a'; 65_534], Part::Last);
        assert_eq!(talk.frames().iter().map(|sent| sent.payload.len()).sum::<usize>(), 65_534);
        talk.send(3, b"bcdef", Part::Last);
        assert_eq!(talk.frames(), [more(3, b"b")]);
        assert_eq!(talk.stream(3).blocked_on(), Some(Blocked::ConnectionWindow));
        assert_eq!(talk.connection.audit().send_window, 0);
        // Neither a stream's window nor the initial size moves that of the connection.
        quiet(talk, |wire| wire.window_update(3, 100));
        assert!(matches!(talk.hear(|wire| wire.settings(&window(1 << 21)))[..], [Seen::Settings(_)]));
        assert_eq!(talk.frames(), [Sent::settings_ack()]);
        quiet(talk, |wire| wire.window_update(0, 3));
        assert_eq!(talk.frames(), [more(3, b"cde")]);
        quiet(talk, |wire| wire.window_update(0, 1));
        assert_eq!(talk.frames(), [last(3, b"f")]);
    });
}

/// Streams that wait for the connection's window are served in turn, frame by frame.
#[test]
fn streams_share_the_connection() {
    talk(Role::Client, &Config::default(), &window(1 << 20), |talk| {
        assert_eq!((talk.opened(Part::More), talk.opened(Part::More)), (1, 3));
        talk.send(1, &[b'a'; 20_000], Part::Last);
        talk.send(3, &[b'b'; 20_000], Part::Last);
        let sent: Vec<_> = talk.frames().iter().map(|sent| (sent.stream, sent.payload.len())).collect();
        assert_eq!(sent, [(1, 16_384), (3, 16_384), (1, 3_616), (3, 3_616)]);
    });
}

/// However many batches there were before.
#[test]
fn a_body_that_is_alone_leaves_in_batches_of_the_same_slices() {
    const BODY: &[u8] = &[b'x'; 4 << 20];
    let roomy = config(|config| config.send_buffer_size(4 << 20));
    talk_once(Role::Server, &roomy, &window(MAX), |talk| {
        talk.hear(|wire| wire.window_update(0, 4 << 20).get(1));
        talk.respond(1, 200, Part::More);
        talk.frames();
        talk.send(1, BODY, Part::Last);
        let mut batches = Vec::new();
        loop {
            let mut output = talk.connection.output();
            if !output.has_remaining() {
                break;
            }
            batches.push(output.chunks().map(<[u8]>::len).collect::<Vec<_>>());
            output.advance(output.remaining());
        }
        assert_eq!(batches.len(), BODY.len() / 65_536);
        assert!(batches.iter().all(|batch| *batch == [9, 16_384].repeat(4)), "{batches:?}");
    });
}

// covers 9113-6.9.2-1 9113-6.9.2-2
#[test]
fn a_smaller_initial_size_makes_windows_negative() {
    talk(Role::Client, &Config::default(), &window(10), |talk| {
        talk.opened(Part::More);
        talk.send(1, b"0123456789abcdefghij", Part::Last);
        assert_eq!(talk.frames(), [more(1, b"0123456789")]);
        let set = |talk: &mut Talk, size| {
            assert!(matches!(talk.hear(|wire| wire.settings(&window(size)))[..], [Seen::Settings(_)]));
        };
        set(talk, 12);
        assert_eq!(talk.frames(), [Sent::settings_ack(), more(1, b"ab")]);
        // Twelve are sent: seven below zero.
        set(talk, 5);
        assert_eq!(talk.frames(), [Sent::settings_ack()]);
        quiet(talk, |wire| wire.window_update(1, 7));
        assert_eq!(talk.frames(), []);
        assert_eq!(talk.stream(1).blocked_on(), Some(Blocked::StreamWindow));
        quiet(talk, |wire| wire.window_update(1, 1));
        assert_eq!(talk.frames(), [more(1, b"c")]);
        set(talk, 100);
        assert_eq!(talk.frames(), [Sent::settings_ack(), last(1, b"defghij")]);
    });
}

// covers 9113-6.9.2-2 9113-6.9-1
#[test]
fn an_empty_end_and_trailers_need_no_window() {
    talk(Role::Client, &Config::default(), &window(5), |talk| {
        assert_eq!([1, 3, 5], [Part::More; 3].map(|part| talk.opened(part)));
        for stream in [1, 3, 5] {
            talk.send(stream, b"abcde", Part::More);
            assert_eq!(talk.frames(), [more(stream, b"abcde")]);
        }
        talk.hear(|wire| wire.settings(&window(0)));
        talk.send(1, b"", Part::Last);
        talk.stream(3).send_headers(trailers(), Part::Last).unwrap();
        talk.send(5, b"f", Part::More);
        talk.stream(5).send_headers(trailers(), Part::Last).unwrap();
        let sent = talk.frames();
        assert_eq!(heads(&sent), [(Kind::SETTINGS, 0), (Kind::DATA, 1), (Kind::HEADERS, 3)]);
        assert_eq!(sent[1], last(1, b""));
        // Trailers wait for the data before them.
        assert_eq!(talk.stream(5).blocked_on(), Some(Blocked::StreamWindow));
        quiet(talk, |wire| wire.window_update(5, 6));
        assert_eq!(heads(&talk.frames()), [(Kind::DATA, 5), (Kind::HEADERS, 5)]);
    });
}

// covers 9113-5.1-7
#[test]
fn windows_move_after_the_peers_end() {
    talk(Role::Server, &Config::default(), &window(1), |talk| {
        talk.hear(|wire| wire.get(1));
        talk.respond(1, 200, Part::More);
        talk.send(1, b"abc", Part::Last);
        assert_eq!(talk.frames(), [Sent::headers(1, &[0x88], Part::More), more(1, b"a")]);
        quiet(talk, |wire| wire.window_update(1, 2));
        assert_eq!(talk.frames(), [last(1, b"bc")]);
        assert!(!talk.is_live(1));
        quiet(talk, |wire| wire.window_update(1, 2));
        talk.assert_usable(&[]);
    });
}

fn buffer_of_ten() -> Config {
    config(|config| config.send_buffer_size(10))
}

#[test]
fn a_full_stream_says_once_that_it_takes_data_again() {
    talk(Role::Client, &buffer_of_ten(), &window(4), |talk| {
        talk.opened(Part::More);
        assert_eq!(talk.stream(1).capacity(), 10);
        talk.send(1, b"0123456", Part::More);
        assert_eq!(talk.stream(1).capacity(), 3);
        // A chunk is taken whole while there is any room.
        talk.send(1, b"789abc", Part::More);
        assert_eq!(talk.stream(1).capacity(), 0);
        let full = talk.stream(1).send_data(Bytes::from_static(b"x"), Part::More);
        assert_eq!(full, Err(SendError::Full));
        assert_eq!(talk.frames(), [more(1, b"0123")]);
        // Nine wait: room for one, which is too little to tell.
        assert_eq!((talk.stream(1).capacity(), talk.notices()), (1, vec![]));
        quiet(talk, |wire| wire.window_update(1, 3));
        assert_eq!((talk.frames(), talk.notices()), (vec![more(1, b"456")], vec![]));
        quiet(talk, |wire| wire.window_update(1, 1));
        assert_eq!(talk.frames(), [more(1, b"7")]);
        assert!(talk.connection.deadline().is_some());
        assert_eq!(talk.notices(), [Seen::Writable(1)]);
        assert_eq!(talk.notices(), []);
        quiet(talk, |wire| wire.window_update(1, 100));
        assert_eq!((talk.frames(), talk.notices()), (vec![more(1, b"89abc")], vec![]));
    });
}

#[test]
fn a_stream_that_was_never_full_says_nothing() {
    talk(Role::Client, &buffer_of_ten(), &[], |talk| {
        talk.opened(Part::More);
        talk.send(1, b"012345678", Part::More);
        assert_eq!((talk.frames(), talk.notices()), (vec![more(1, b"012345678")], vec![]));
        assert_eq!(talk.stream(1).capacity(), 10);
    });
}

/// An ended half takes no data, however much room there is.
#[test]
fn a_full_stream_that_has_ended_says_nothing() {
    talk(Role::Client, &buffer_of_ten(), &[], |talk| {
        talk.opened(Part::More);
        talk.send(1, b"0123456789", Part::Last);
        assert_eq!(talk.frames(), [last(1, b"0123456789")]);
        assert_eq!(talk.notices(), []);
    });
}

#[test]
fn a_full_stream_takes_an_empty_end() {
    talk(Role::Client, &buffer_of_ten(), &[], |talk| {
        talk.opened(Part::More);
        talk.send(1, b"0123456789", Part::More);
        talk.send(1, b"", Part::Last);
        assert_eq!(talk.frames(), [last(1, b"0123456789")]);
        let ended = talk.stream(1).send_data(Bytes::from_static(b"x"), Part::More);
        assert_eq!(ended, Err(SendError::Ended));
    });
}

#[test]
fn nothing_is_blocked_when_only_the_writer_is_waited_for() {
    talk(Role::Server, &Config::default(), &window(0), |talk| {
        talk.hear(|wire| wire.get(1).get(3));
        assert_eq!(talk.stream(1).blocked_on(), None);
        talk.respond(1, 200, Part::More);
        assert_eq!(talk.stream(1).blocked_on(), None);
        talk.send(1, b"", Part::More);
        talk.send(1, b"", Part::Last);
        let sent = [Sent::headers(1, &[0x88], Part::More), last(1, b"")];
        assert_eq!(talk.frames(), sent);
    });
}

#[test]
fn a_stream_that_was_filled_again_says_nothing_until_it_has_room() {
    talk(Role::Client, &buffer_of_ten(), &[], |talk| {
        talk.opened(Part::More);
        talk.stream(1).send_data(Bytes::from_static(&[b'x'; 10]), Part::More).unwrap();
        talk.frames();
        talk.stream(1).send_data(Bytes::from_static(&[b'y'; 10]), Part::More).unwrap();
        assert_eq!(talk.notices(), []);
        talk.frames();
        assert_eq!(talk.notices(), [Seen::Writable(1)]);
        assert_eq!(talk.notices(), []);
    });
}

/// A reset must be able to overtake, however long the frames that the peer takes.
#[test]
fn a_batch_is_bounded_whatever_the_peer_takes() {
    const HUGE: [(SettingId, u32); 2] =
        [(SettingId::MAX_FRAME_SIZE, 0xff_ffff), (SettingId::INITIAL_WINDOW_SIZE, 0x7fff_ffff)];
    let mut client = Connection::client(Config::default());
    let stream = client.open(post(), Part::More).unwrap();
    let wire = Wire::peer(Role::Server, &HUGE).window_update(0, 0x7000_0000);
    let mut input = &wire.octets[..];
    while client.poll(&mut input, Time::ZERO).is_some() {}
    client.stream(stream).unwrap().send_data(Bytes::from(vec![0; 10_000_000]), Part::Last).unwrap();
    assert!(client.output().remaining() < 70_000);
    client.stream(stream).unwrap().reset(ErrorCode::CANCEL);
    let sent = frames(&drain(&mut client));
    assert_eq!(sent.last(), Some(&Sent::reset(1, ErrorCode::CANCEL)));
}

/// Streams that wait for their own windows are tried again when the initial size has risen in the end, however it went.
// covers 9113-6.1-2
#[test]
fn a_window_that_rises_and_falls_in_one_flight_moves_nothing() {
    let size = |octets| [(SettingId::INITIAL_WINDOW_SIZE, octets)];
    talk(Role::Client, &Config::default(), &size(5), |talk| {
        let stream = talk.opened(Part::More);
        talk.send(stream, b"hello world", Part::Last);
        assert_eq!(talk.frames(), [Sent::data(stream, b"hello", Part::More)]);
        talk.hear(|wire| wire.settings(&size(100)).settings(&size(5)));
        assert_eq!(talk.frames(), [Sent::settings_ack(), Sent::settings_ack()]);
        talk.hear(|wire| wire.settings(&size(0)).settings(&size(6)));
        let sent = talk.frames();
        assert_eq!(sent[2..], [Sent::data(stream, b" ", Part::More)]);
        talk.hear(|wire| wire.settings(&size(0)));
        assert_eq!(talk.frames(), [Sent::settings_ack()]);
        talk.hear(|wire| wire.settings(&size(7)));
        assert_eq!(talk.frames(), [Sent::settings_ack(), Sent::data(stream, b"w", Part::More)]);
    });
}
