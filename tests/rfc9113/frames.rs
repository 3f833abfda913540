//! Frames in general, and field blocks over several of them (RFC 9113 §4, §5.5, §6.10).

use sans_h2::frame::{Flags, Kind, Part};
use sans_h2::{Cause, Config, ErrorCode, Head, Role, Verdict, Violation};

use crate::support::{Script, Seen, Sent, Wire, config, get, settings_of, talk, trailers};

const ROLES: [Role; 2] = [Role::Client, Role::Server];

/// All types of RFC 9113 and one more.
const KINDS: [Kind; 10] = [
    Kind::DATA,
    Kind::HEADERS,
    Kind::PRIORITY,
    Kind::RST_STREAM,
    Kind::SETTINGS,
    Kind::PUSH_PROMISE,
    Kind::PING,
    Kind::GOAWAY,
    Kind::WINDOW_UPDATE,
    Kind::CONTINUATION,
];

// covers 9113-4.2-2 9113-4.2-3
#[test]
fn a_frame_above_the_limit_ends_the_connection_whatever_its_type() {
    for role in ROLES {
        for kind in KINDS.into_iter().chain([Kind::from(0xbe)]) {
            for stream in [0, 1] {
                let head = Wire::raw().frame(kind, Flags::NONE, stream, &[0; 16_385]).octets[..9].to_vec();
                let outcome = Script::new(role).run(Wire::peer(role.peer(), &[]).octets(&head).ping([0; 8]));
                assert_eq!(
                    outcome.messages(),
                    [Seen::failed(Violation::FrameTooLarge)],
                    "{kind} on {stream}"
                );
                let goaway = Sent::goaway(0, ErrorCode::FRAME_SIZE_ERROR);
                assert_eq!(outcome.sent, [Sent::settings_ack(), goaway]);
            }
        }
    }
}

// covers 9113-4.2-1
#[test]
fn the_longest_frame_is_taken() {
    let longest = [b'x'; 16_384];
    let wire = Wire::client().post(1).data(1, &longest, Part::More).frame(
        Kind::from(0xbe),
        Flags::NONE,
        0,
        &longest,
    );
    let outcome = Script::server().run(wire.data(1, b"y", Part::Last));
    let body = [&longest[..], b"y"].concat();
    let joined = Seen::data(1, &body, Part::Last);
    assert_eq!(outcome.messages(), [Seen::post(1), joined]);
}

// covers 9113-4.1-2 9113-5.5-1 9113-5.5-2
#[test]
fn unknown_types_are_ignored_on_any_stream() {
    let empty = |wire: Wire| wire.frame(Kind::from(0x0a), Flags::NONE, 9, &[]);
    let wire = empty(Wire::client().unknown(0).unknown(1).post(1).unknown(1));
    let outcome = Script::server().run(wire.unknown(2).get(3).reset(1, ErrorCode::CANCEL).unknown(1));
    let reset = Seen::Reset(1, ErrorCode::CANCEL, Cause::Peer, Verdict::MaybeProcessed);
    assert_eq!(outcome.messages(), [Seen::post(1), Seen::get(3), reset]);
    assert_eq!(outcome.sent, [Sent::settings_ack()]);
}

// covers 9113-4.1-3
#[test]
fn unused_flags_are_ignored() {
    let all_but = |bits: u8| Flags::from(!bits);
    talk(Role::Server, &Config::default(), &[], |talk| {
        assert_eq!(talk.hear(|wire| wire.frame(Kind::PING, all_but(0x1), 0, &[7; 8])), []);
        assert_eq!(
            talk.hear(|wire| wire.frame(Kind::SETTINGS, all_but(0x1), 0, &[])),
            [Seen::Settings(settings_of(&[]))]
        );
        let block = Wire::raw().get(1).octets[9..].to_vec();
        let opened = Seen::Headers(1, Head::Request, get(), Part::More);
        assert_eq!(talk.hear(|wire| wire.frame(Kind::HEADERS, all_but(0x29), 1, &block)), [opened]);
        let data = Seen::data(1, b"abc", Part::More);
        assert_eq!(talk.hear(|wire| wire.frame(Kind::DATA, all_but(0x9), 1, b"abc")), [data]);
        assert_eq!(talk.hear(|wire| wire.frame(Kind::PRIORITY, all_but(0), 1, &[0; 5])), []);
        assert_eq!(talk.hear(|wire| wire.frame(Kind::WINDOW_UPDATE, all_but(0), 1, &[0, 0, 0, 1])), []);
        let reset = Seen::Reset(1, ErrorCode::CANCEL, Cause::Peer, Verdict::MaybeProcessed);
        assert_eq!(talk.hear(|wire| wire.frame(Kind::RST_STREAM, all_but(0), 1, &[0, 0, 0, 8])), [reset]);
        let goaway = Seen::GoAway(0, ErrorCode::NO_ERROR, bytes::Bytes::new());
        assert_eq!(talk.hear(|wire| wire.frame(Kind::GOAWAY, all_but(0), 0, &[0; 8])), [goaway]);
        assert_eq!(talk.frames(), [Sent::pong([7; 8]), Sent::settings_ack()]);
    });
}

// covers 9113-4.1-4
#[test]
fn reserved_bits_are_ignored() {
    talk(Role::Client, &config(|config| config.initial_window_size(65_535)), &[], |talk| {
        let stream = talk.opened(Part::More);
        let reserved = |head: &mut Vec<u8>, at: usize| head[at] |= 0x80;
        let mut octets = Wire::raw().response(stream, 200, Part::More).octets;
        reserved(&mut octets, 5);
        assert_eq!(talk.hear(|wire| wire.octets(&octets)), [Seen::response(stream, 200, Part::More)]);
        let mut octets = Wire::raw().window_update(stream, 1).window_update(0, 1).octets;
        for at in [5, 9, 18, 22] {
            reserved(&mut octets, at);
        }
        assert_eq!(talk.hear(|wire| wire.octets(&octets)), []);
        assert_eq!(talk.connection.audit().send_window, 65_536);
        let mut octets = Wire::raw().goaway(stream, ErrorCode::NO_ERROR).octets;
        reserved(&mut octets, 5);
        reserved(&mut octets, 9);
        let goaway = Seen::GoAway(stream, ErrorCode::NO_ERROR, bytes::Bytes::new());
        assert_eq!(talk.hear(|wire| wire.octets(&octets)), [goaway]);
        talk.assert_usable(&[]);
    });
}

type Say = fn(Wire) -> Wire;

const INTRUDERS: [(&str, Say); 13] = [
    ("DATA", |wire| wire.data(1, b"a", Part::More)),
    ("HEADERS of the same stream", |wire| wire.block(1, &[0x82])),
    ("HEADERS of another stream", |wire| wire.get(3)),
    ("PRIORITY", |wire| wire.priority(1)),
    ("RST_STREAM", |wire| wire.reset(1, ErrorCode::CANCEL)),
    ("SETTINGS", |wire| wire.settings(&[])),
    ("SETTINGS with ACK", Wire::settings_ack),
    ("PUSH_PROMISE", |wire| wire.push_promise(1, 2)),
    ("PING", |wire| wire.ping([0; 8])),
    ("GOAWAY", |wire| wire.goaway(0, ErrorCode::NO_ERROR)),
    ("WINDOW_UPDATE", |wire| wire.window_update(1, 1)),
    ("an unknown type", |wire| wire.unknown(1)),
    ("CONTINUATION of another stream", |wire| wire.frame(Kind::CONTINUATION, Flags::END_HEADERS, 3, &[])),
];

// covers 9113-4.3-1 9113-6.2-2 9113-6.2-3 9113-6.10-1 9113-6.10-2 9113-5.5-3 9113-8.1-1
#[test]
fn nothing_may_come_between_the_frames_of_a_field_block() {
    for role in ROLES {
        for (name, intrude) in INTRUDERS {
            for continuations in 0..2 {
                talk(role, &Config::default(), &[], |talk| {
                    let mut expected = Vec::new();
                    if role == Role::Client {
                        talk.opened(Part::Last);
                        expected.push(Seen::cut_off(1, ErrorCode::PROTOCOL_ERROR, Verdict::MaybeProcessed));
                    }
                    expected.push(Seen::failed(Violation::FieldBlockInterrupted));
                    let events = talk.hear(|wire| {
                        let wire = wire.frame(Kind::HEADERS, Flags::NONE, 1, &[0x82]);
                        let more = |wire: Wire, _| wire.frame(Kind::CONTINUATION, Flags::NONE, 1, &[0x84]);
                        intrude((0..continuations).fold(wire, more))
                    });
                    assert_eq!(events, expected, "{name}");
                    talk.assert_failed(&events, Violation::FieldBlockInterrupted);
                });
            }
        }
    }
}

// covers 9113-6.10-4 9113-6.10-3
#[test]
fn a_continuation_without_a_stream_ends_the_connection() {
    for open in [false, true] {
        let flags = if open { Flags::NONE } else { Flags::END_HEADERS };
        let wire = Wire::client().frame(Kind::HEADERS, flags, 1, &[0x82]);
        let outcome = Script::server().run(wire.frame(Kind::CONTINUATION, Flags::END_HEADERS, 0, &[]));
        outcome.assert_failed(Violation::StreamMissing);
    }
}

// covers 9113-6.10-5 9113-6.10-6
#[test]
fn a_continuation_must_continue_something() {
    let continuation = |wire: Wire| wire.frame(Kind::CONTINUATION, Flags::END_HEADERS, 1, &[]);
    for wire in [
        Wire::client(),
        Wire::client().get(1),
        Wire::client().post(1).data(1, b"a", Part::More),
        Wire::client().post(1).reset(1, ErrorCode::CANCEL),
        Wire::client().continued_headers(1, &get(), Part::More, 3),
    ] {
        Script::server().run(continuation(wire)).assert_failed(Violation::UnexpectedContinuation);
    }
}

// covers 9113-4.3-1 9113-6.10-1
#[test]
fn a_block_may_be_cut_anywhere() {
    let server = Script::server().config(config(|config| config.max_continuations(100)));
    for frames in 1..30 {
        let wire = Wire::client().continued_headers(1, &get(), Part::Last, frames).get(3);
        assert_eq!(server.run(wire).messages(), [Seen::get(1), Seen::get(3)], "{frames} frames");
    }
}

// covers 9113-6.10-1
#[test]
fn empty_frames_belong_to_a_block_like_others() {
    let octets = Wire::raw().get(1).octets[9..].to_vec();
    let empty = |wire: Wire, flags| wire.frame(Kind::CONTINUATION, flags, 1, &[]);
    let wire = empty(Wire::client().frame(Kind::HEADERS, Flags::END_STREAM, 1, &[]), Flags::NONE);
    let wire = empty(wire.frame(Kind::CONTINUATION, Flags::NONE, 1, &octets), Flags::END_HEADERS);
    assert_eq!(Script::server().run(wire).messages(), [Seen::get(1)]);
}

/// END_STREAM belongs to HEADERS; the stream has ended only when the block has.
#[test]
fn end_stream_on_headers_holds_for_the_whole_block() {
    let wire = Wire::client().continued_headers(1, &get(), Part::Last, 2);
    let outcome = Script::server().run(wire.data(1, b"a", Part::More));
    let reset = Seen::broken(1, Violation::HalfClosedStream, Verdict::Complete);
    assert_eq!(outcome.messages(), [Seen::get(1), reset]);
}

#[test]
fn padding_and_the_old_priority_of_headers_are_skipped() {
    let block = Wire::raw().get(1).octets[9..].to_vec();
    let payload = [&[3, 0x80, 0, 0, 1, 255][..], &block, &[0; 3]].concat();
    let flags = Flags::PADDED.with(Flags::PRIORITY).with(Flags::END_HEADERS).with(Flags::END_STREAM);
    let wire = Wire::client().frame(Kind::HEADERS, flags, 1, &payload);
    let outcome = Script::server().run(wire);
    assert_eq!(outcome.messages(), [Seen::get(1)]);
    assert_eq!(outcome.sent, [Sent::settings_ack()]);
}

/// Padding of trailers is skipped as well, and costs no credit.
#[test]
fn trailers_may_be_padded() {
    let mut block = Vec::new();
    sans_h2::hpack::Encoder::new(4_096).encode(&trailers(), &mut block);
    let payload = [&[200][..], &block, &[0; 200]].concat();
    let flags = Flags::PADDED.with(Flags::END_HEADERS).with(Flags::END_STREAM);
    let wire = Wire::client().post(1).frame(Kind::HEADERS, flags, 1, &payload);
    let outcome = Script::server().run(wire);
    assert_eq!(outcome.messages(), [Seen::post(1), Seen::trailers(1)]);
    assert!(outcome.balanced);
}
