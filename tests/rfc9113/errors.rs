//! Errors of the peer and what becomes of them (RFC 9113 §5.4), with the public vectors of malformed frames.

use std::fs;

use bytes::Bytes;
use sans_h2::frame::{Kind, Part};
use sans_h2::{
    Cause, Config, ConnectionError, ControlError, ErrorCode, OpenError, Role, Scope, Verdict, Violation,
};
use serde_json::Value;

use crate::support::{Script, Seen, Sent, Talk, Wire, get, hex, settings_of, talk, talk_from_start, vectors};

/// The rule that each malformed frame breaks: for a server and for a client.
const RULES: [(&str, Violation, Violation); 22] = {
    use Violation as V;
    [
        ("data-frame-padding", V::PaddingTooLong, V::PaddingTooLong),
        ("data-frame-size", V::FrameTooLarge, V::FrameTooLarge),
        ("data-frame-stream", V::StreamMissing, V::StreamMissing),
        ("goaway-frame-size", V::GoAwayLength, V::GoAwayLength),
        ("goaway-frame-stream", V::StreamNotAllowed, V::StreamNotAllowed),
        ("headers-frame-padding", V::PaddingTooLong, V::PaddingTooLong),
        ("headers-frame-stream", V::StreamMissing, V::StreamMissing),
        ("ping-frame-size", V::PingLength, V::PingLength),
        ("ping-frame-stream", V::StreamNotAllowed, V::StreamNotAllowed),
        ("priority-frame-size", V::PriorityLength, V::PriorityLength),
        ("priority-frame-stream", V::StreamMissing, V::StreamMissing),
        ("push_promise-frame-padding", V::FrameTooShort, V::FrameTooShort),
        ("push_promise-frame-promised_stream-odd", V::PushToServer, V::InvalidPromisedStream),
        ("push_promise-frame-promised_stream-zero", V::InvalidPromisedStream, V::InvalidPromisedStream),
        ("push_promise-frame-stream", V::StreamMissing, V::StreamMissing),
        ("rst_stream-frame-size", V::ResetLength, V::ResetLength),
        ("rst_stream-frame-stream", V::StreamMissing, V::StreamMissing),
        ("settings-frame-ack-size", V::SettingsAckLength, V::SettingsAckLength),
        ("settings-frame-size", V::SettingsLength, V::SettingsLength),
        ("settings-frame-stream", V::StreamNotAllowed, V::StreamNotAllowed),
        ("window_update-frame-increment", V::ZeroStreamIncrement, V::ZeroStreamIncrement),
        ("window_update-frame-size", V::WindowUpdateLength, V::WindowUpdateLength),
    ]
};

/// The octets and the legal codes of a vector.
fn vector(text: &str) -> (Vec<u8>, Vec<ErrorCode>) {
    let case: Value = serde_json::from_str(text).unwrap();
    let code = |code: &Value| ErrorCode::from(u32::try_from(code.as_u64().unwrap()).unwrap());
    let codes = case["error"].as_array().unwrap().iter().map(code).collect();
    (hex(case["wire"].as_str().unwrap()), codes)
}

// covers 9113-6.1-3 9113-6.1-5 9113-6.2-5 9113-6.2-6 9113-6.3-1 9113-6.3-2 9113-6.4-4 9113-6.4-7 9113-6.5-4
// covers 9113-6.5-6 9113-6.5-8 9113-6.6-6 9113-6.6-12 9113-6.6-13 9113-6.7-6 9113-6.7-7 9113-6.8-4 9113-6.9-2
// covers 9113-6.9-5 9113-4.2-2 9113-4.2-3 9113-5.4-3 9113-5.4.1-1 9113-5.4.1-2
#[test]
fn malformed_frames_get_the_code_and_the_scope_of_the_rfc() {
    let Some(root) = vectors("http2-frame-test-case") else { return };
    let mut seen = 0;
    for entry in fs::read_dir(root.join("error")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let &(_, server, client) = RULES.iter().find(|(rule, ..)| *rule == name).expect(name);
        let (mut octets, codes) = vector(&fs::read_to_string(&path).unwrap());
        assert!(codes.contains(&server.code()) && codes.contains(&client.code()), "{name}");
        let number = &mut octets[8];
        // Stream 1 is the one that is open.
        *number = if *number == 2 { 1 } else { *number };
        is_refused(Role::Server, &octets, server);
        is_refused(Role::Client, &octets, client);
        seen += 1;
    }
    assert_eq!(seen, RULES.len());
}

/// A malformed frame after half a message on stream 1, followed by a PING in the same read.
fn is_refused(role: Role, octets: &[u8], violation: Violation) {
    talk_from_start(role, &Config::default(), |talk| {
        let message = begin(talk, role);
        let events = talk.hear(|wire| {
            let wire = if role == Role::Server { wire.post(1) } else { wire.response(1, 200, Part::More) };
            wire.data(1, b"half", Part::More).octets(octets).ping(*b"go on...")
        });
        let half = Seen::data(1, b"half", Part::More);
        let code = violation.code();
        match violation.scope() {
            Scope::Stream => {
                let reset = Seen::broken(1, violation, Verdict::MaybeProcessed);
                assert_eq!(events, [message, half, reset]);
                assert_eq!(talk.frames(), [Sent::reset(1, code), Sent::pong(*b"go on...")]);
                assert!(!talk.is_live(1));
                goes_on(talk, role);
            }
            Scope::Connection => {
                let reset = Seen::cut_off(1, code, Verdict::MaybeProcessed);
                assert_eq!(events, [message, half, reset, Seen::failed(violation)]);
                let last = if role == Role::Server { 1 } else { 0 };
                assert_eq!(talk.frames(), [Sent::goaway(last, code)]);
                assert!(talk.connection.is_closed());
            }
        }
        talk.assert_balanced();
    });
}

/// Both prefaces; a client's SETTINGS stay unacknowledged, so that a server may still push.
fn begin(talk: &mut Talk, role: Role) -> Seen {
    let preface = if role == Role::Server { Wire::client() } else { Wire::raw().settings(&[]) };
    talk.hear(|wire| wire.octets(&preface.octets));
    talk.frames();
    if role == Role::Server {
        return Seen::post(1);
    }
    talk.opened(Part::More);
    Seen::response(1, 200, Part::More)
}

fn goes_on(talk: &mut Talk, role: Role) {
    if role == Role::Server {
        assert_eq!(talk.hear(|wire| wire.get(3)), [Seen::get(3)]);
    } else {
        assert_eq!(talk.opened(Part::Last), 3);
        let response = Seen::response(3, 204, Part::Last);
        assert_eq!(talk.hear(|wire| wire.response(3, 204, Part::Last)), [response]);
    }
}

/// A PRIORITY frame can be wrong on a stream that cannot be reset.
// covers 9113-6.3-2 9113-6.4-5
#[test]
fn a_stream_error_on_an_idle_stream_is_the_connections() {
    let wire = Wire::client().frame(Kind::PRIORITY, sans_h2::frame::Flags::NONE, 7, &[0; 4]).get(9);
    let outcome = Script::server().run(wire);
    assert_eq!(outcome.messages(), [Seen::failed(Violation::PriorityLength)]);
    assert_eq!(outcome.sent, [Sent::settings_ack(), Sent::goaway(0, ErrorCode::FRAME_SIZE_ERROR)]);
}

// covers 9113-5.4-1 9113-5.4-2 9113-5.4.1-1 9113-5.4.1-2
#[test]
fn after_a_connection_error_there_is_one_goaway_and_then_silence() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::More);
        let events = talk.hear(|wire| wire.data(0, b"", Part::More).data(0, b"", Part::More).ping([0; 8]));
        let code = ErrorCode::PROTOCOL_ERROR;
        let reset = Seen::cut_off(1, code, Verdict::MaybeProcessed);
        assert_eq!(events, [reset, Seen::failed(Violation::StreamMissing)]);

        assert_eq!(talk.connection.open(get(), Part::Last), Err(OpenError::Closed));
        assert_eq!(talk.connection.ping([0; 8]), Err(ControlError::Closed));
        assert_eq!(talk.connection.update_settings(&settings_of(&[])), Err(ControlError::Closed));
        talk.connection.close(ErrorCode::INTERNAL_ERROR);
        talk.connection.shut_down();
        assert!(!talk.is_live(1));
        assert_eq!(talk.end_of_input(), []);
        assert_eq!(talk.hear(|wire| wire.settings(&[]).ping([0; 8]).octets(b"anything")), []);
        assert_eq!(talk.frames(), [Sent::goaway(0, code)]);
        assert_eq!(talk.connection.deadline(), None);
    });
}

/// What was told before the error is told however the octets were cut, and its streams before the end itself.
// covers 9113-5.4-3
#[test]
fn what_came_before_an_error_is_not_lost() {
    let wire = Wire::client().get(1).post(3).data(3, b"abc", Part::More).reset(5, ErrorCode::CANCEL);
    let outcome = Script::server().run(wire);
    let code = ErrorCode::PROTOCOL_ERROR;
    let expected = [
        Seen::get(1),
        Seen::post(3),
        Seen::data(3, b"abc", Part::More),
        Seen::cut_off(3, code, Verdict::MaybeProcessed),
        Seen::cut_off(1, code, Verdict::Complete),
        Seen::failed(Violation::IdleStream),
    ];
    assert_eq!(outcome.messages(), expected);
    assert_eq!(outcome.sent, [Sent::settings_ack(), Sent::goaway(3, code)]);
    assert!(outcome.balanced);
}

// covers 9113-7-1
#[test]
fn unknown_error_codes_are_codes_like_others() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::Last);
        let code = ErrorCode::from(0xdead_beef);
        let reset = Seen::Reset(1, code, Cause::Peer, Verdict::MaybeProcessed);
        assert_eq!(talk.hear(|wire| wire.reset(1, code)), [reset]);
        talk.assert_usable(&[]);
        let closed = Seen::Closed(Some(ConnectionError::GoAway(code)));
        assert_eq!(talk.hear(|wire| wire.goaway(1, code)), [Seen::GoAway(1, code, Bytes::new()), closed]);
        assert_eq!(talk.frames(), [Sent::goaway(0, ErrorCode::NO_ERROR)]);
    });
}
