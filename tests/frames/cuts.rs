//! Prefixes of frames, and input cut anywhere.

use bytes::Bytes;
use sans_h2::frame::{
    Continuation, Data, Fault, Frame, GoAway, Head, Headers, Kind, Limits, Part, Priority, PushPromise,
    Reader, Setting, Settings, WindowUpdate, ping, reset,
};
use sans_h2::{ErrorCode, StreamId, Violation};

use crate::{Seen, data, framed, id, read, read_whole, written};

/// Frames of every kind, one after the other, and what they are.
fn script() -> Script {
    [connection_frames(), stream_frames(), bodies(), blocks()].concat()
}

type Script = Vec<(Vec<u8>, Vec<Seen<'static>>)>;

const SIGNAL: Priority = Priority { exclusive: true, dependency: Some(StreamId::MAX), weight: 7 };

fn one(wire: Vec<u8>, frame: Frame<'static>) -> (Vec<u8>, Vec<Seen<'static>>) {
    (wire, vec![Seen::Frame(frame)])
}

fn connection_frames() -> Script {
    let goaway = |debug: &'static [u8]| GoAway {
        last: Some(id(7)),
        code: ErrorCode::NO_ERROR,
        debug: Bytes::from_static(debug),
    };
    let settings: Settings = (1..=32).map(|id: u16| Setting { id: id.into(), value: 70_000 }).collect();
    let window_update = framed(Kind::WINDOW_UPDATE, 0xff, 0, &[0x80, 0, 0, 0]);
    let unknown = framed(Kind::from(0xbe), 0xff, 9, b"skipped");
    let unknown_head = Head::parse(unknown.first_chunk().unwrap());
    vec![
        one(written(|out| Settings::default().write(out)), Frame::Settings(Settings::default())),
        one(written(|out| settings.write(out)), Frame::Settings(settings.clone())),
        one(written(Settings::write_ack), Frame::SettingsAck),
        one(written(|out| ping::write([1; 8], out)), Frame::Ping { payload: [1; 8] }),
        one(written(|out| ping::write_ack([2; 8], out)), Frame::Pong { payload: [2; 8] }),
        one(window_update, Frame::WindowUpdate(WindowUpdate { stream: None, increment: 0 })),
        one(written(|out| goaway(b"bye").write(out)), Frame::GoAway(goaway(b"bye"))),
        one(written(|out| goaway(&[9; 300]).write(out)), Frame::GoAway(goaway(&[9; 256]))),
        one(unknown, Frame::Unknown(unknown_head)),
    ]
}

fn stream_frames() -> Script {
    let (stream, code) = (id(3), ErrorCode::CANCEL);
    // A wrong length of PRIORITY ends its stream, and nothing else.
    let fault = Fault { violation: Violation::PriorityLength, stream: Some(id(5)) };
    vec![
        one(written(|out| SIGNAL.write(stream, out)), Frame::Priority { stream, priority: SIGNAL }),
        one(written(|out| reset::write(stream, code, out)), Frame::Reset { stream, code }),
        (framed(Kind::PRIORITY, 0, 5, &[3; 20]), vec![Seen::Fault(fault)]),
    ]
}

fn bodies() -> Script {
    let case = |body: &[u8], flow_octets, padding, part| {
        let octets = body.len() as u32;
        let head = Seen::Frame(Frame::Data(Data { stream: id(1), octets, flow_octets, padding, part }));
        let body_seen = (octets > 0).then(|| Seen::Octets(body.to_vec()));
        (data(1, body, padding, part), [head].into_iter().chain(body_seen).collect())
    };
    vec![
        case(b"", 0, None, Part::Last),
        case(b"", 5, Some(4), Part::More),
        case(b"hello", 5, None, Part::More),
        case(b"hello", 6, Some(0), Part::More),
        case(b"hello", 9, Some(3), Part::Last),
    ]
}

fn blocks() -> Script {
    let seen = |first, payloads: &[&[u8]]| {
        let mut seen = vec![Seen::Frame(first)];
        for (at, payload) in payloads.iter().enumerate() {
            let next = Seen::Frame(Frame::Continuation(Continuation { stream: id(1) }));
            seen.extend((at > 0).then_some(next));
            seen.extend((!payload.is_empty()).then(|| Seen::Octets(payload.to_vec())));
        }
        seen.push(Seen::Frame(Frame::BlockEnd));
        seen
    };
    let request =
        |padding, priority, part| Frame::Headers(Headers { stream: id(1), priority, padding, part });
    let promise = |padding| Frame::PushPromise(PushPromise { stream: id(1), promised: id(2), padding });
    let continued = |flags, payload| framed(Kind::CONTINUATION, flags, 1, payload);
    let long = framed(Kind::HEADERS, 0x29, 1, b"\x03\xff\xff\xff\xff\x07ab\0\0\0");
    let long_promise = framed(Kind::PUSH_PROMISE, 0, 1, b"\0\0\0\x02");
    vec![
        (framed(Kind::HEADERS, 0x05, 1, b""), seen(request(None, None, Part::Last), &[b""])),
        (
            [long, continued(0xfb, b""), continued(0x04, b"cd")].concat(),
            seen(request(Some(3), Some(SIGNAL), Part::Last), &[b"ab", b"", b"cd"]),
        ),
        (framed(Kind::HEADERS, 0x0c, 1, b"\x02ab\0\0"), seen(request(Some(2), None, Part::More), &[b"ab"])),
        (framed(Kind::PUSH_PROMISE, 0x0c, 1, b"\x02\x80\0\0\x02ab\0\0"), seen(promise(Some(2)), &[b"ab"])),
        ([long_promise, continued(4, b"x")].concat(), seen(promise(None), &[b"", b"x"])),
    ]
}

/// Every prefix of every frame: nothing of a small frame, of a streamed one only what has come, and never an end
/// of a field block; the reader knows that it is within a frame.
// covers 9113-6.3-2 9113-6.6-3
#[test]
fn prefixes_are_never_complete() {
    for (wire, expected) in script() {
        assert_eq!(read_whole(&wire), expected);
        for end in 1..wire.len() {
            let mut reader = Reader::new(Limits::default());
            let seen = read(&mut reader, [&wire[..end]]);
            assert!(!reader.is_idle(), "{end} octets of {expected:?}");
            let streamed = match &expected[0] {
                Seen::Frame(Frame::Data(_) | Frame::Headers(_) | Frame::PushPromise(_)) => true,
                // Handed over, or reported, before the part that is skipped.
                Seen::Frame(Frame::Unknown(_)) | Seen::Fault(_) => end >= Head::LENGTH,
                Seen::Frame(Frame::GoAway(goaway)) => {
                    goaway.debug.len() == 256 && end >= Head::LENGTH + 8 + goaway.debug.len()
                }
                _ => false,
            };
            if !streamed {
                assert_eq!(seen, [], "{end} octets of {expected:?}");
                continue;
            }
            assert!(!seen.contains(&Seen::Frame(Frame::BlockEnd)));
            let Some((last, before)) = seen.split_last() else { continue };
            assert_eq!(before, &expected[..before.len()]);
            match (last, &expected[before.len()]) {
                (Seen::Octets(some), Seen::Octets(all)) => assert!(all.starts_with(some)),
                (last, whole) => assert_eq!(last, whole),
            }
        }
    }
}

#[test]
fn cuts_change_nothing() {
    let (wires, expected): (Vec<_>, Vec<_>) = script().into_iter().unzip();
    let wire = wires.concat();
    let expected = expected.concat();
    assert_eq!(read_whole(&wire), expected);
    for at in 0..=wire.len() {
        let (first, second) = wire.split_at(at);
        assert_eq!(read(&mut Reader::new(Limits::default()), [first, second]), expected, "cut at {at}");
    }
    for size in 1..=40 {
        let seen = read(&mut Reader::new(Limits::default()), wire.chunks(size));
        assert_eq!(seen, expected, "pieces of {size}");
    }
}

#[test]
fn idle_is_between_frames_and_outside_field_blocks() {
    let wires: Vec<_> = script().into_iter().map(|(wire, _)| wire).collect();
    let wire = wires.concat();
    let mut reader = Reader::new(Limits::default());
    let mut ends = wires.iter().scan(0, |end, wire| {
        *end += wire.len();
        Some(*end)
    });
    let mut next_end = ends.next();
    for (at, octet) in wire.chunks(1).enumerate() {
        read(&mut reader, [octet]);
        let is_end = next_end == Some(at + 1);
        assert_eq!(reader.is_idle(), is_end, "after {}", at + 1);
        assert!(reader.memory_used() <= 8 + 256);
        assert!(!is_end || reader.memory_used() == 0);
        next_end = if is_end { ends.next() } else { next_end };
    }
    assert_eq!(next_end, None);
}

/// Each violation, the octets that prove it, and how many of them it takes.
// covers 9113-4.2-2 9113-4.2-3 9113-4.3-1 9113-6.1-3 9113-6.1-5 9113-6.2-3 9113-6.2-6 9113-6.6-12 9113-6.6-13
// covers 9113-6.4-7 9113-6.5-4 9113-6.5-8 9113-6.7-7 9113-6.9-5 9113-6.10-6
#[test]
fn violations_are_told_at_the_first_octet_that_proves_them() {
    use Violation::*;
    let open = framed(Kind::HEADERS, 0, 1, b"");
    let after_open = |next: Vec<u8>| [open.clone(), next].concat();
    let cases = [
        (9, FrameTooLarge, framed(Kind::from(0xbe), 0, 0, &[0; 16_385])),
        (9, FrameTooLarge, framed(Kind::PRIORITY, 0, 0, &[0; 16_385])),
        (9, FrameTooShort, framed(Kind::DATA, 0x8, 1, b"")),
        (9, FrameTooShort, framed(Kind::HEADERS, 0x28, 1, &[255; 5])),
        (9, FrameTooShort, framed(Kind::PUSH_PROMISE, 0, 1, &[1; 3])),
        (10, PaddingTooLong, framed(Kind::DATA, 0x8, 1, &[1])),
        (10, PaddingTooLong, framed(Kind::HEADERS, 0x28, 1, &[2, 0, 0, 0, 0, 0, 0])),
        (10, PaddingTooLong, framed(Kind::PUSH_PROMISE, 0x8, 1, &[1, 0, 0, 0, 0])),
        (13, InvalidPromisedStream, framed(Kind::PUSH_PROMISE, 0, 1, &[0x80, 0, 0, 0, 0])),
        (9, StreamMissing, framed(Kind::DATA, 0x8, 0, b"")),
        (9, StreamNotAllowed, framed(Kind::PING, 0, 1, b"")),
        (9, ResetLength, framed(Kind::RST_STREAM, 0, 1, &[0; 5])),
        (9, SettingsLength, framed(Kind::SETTINGS, 0, 0, &[0; 199])),
        (9, SettingsAckLength, framed(Kind::SETTINGS, 1, 0, &[0; 6])),
        (9, TooManySettings, framed(Kind::SETTINGS, 0, 0, &[0; 198])),
        (9, PingLength, framed(Kind::PING, 0, 0, &[0; 9])),
        (9, GoAwayLength, framed(Kind::GOAWAY, 0, 0, &[0; 7])),
        (9, WindowUpdateLength, framed(Kind::WINDOW_UPDATE, 0, 1, &[0; 3])),
        (9, UnexpectedContinuation, framed(Kind::CONTINUATION, 4, 1, b"")),
        (18, FieldBlockInterrupted, after_open(framed(Kind::from(0xbe), 0, 1, b""))),
        (18, FieldBlockInterrupted, after_open(framed(Kind::CONTINUATION, 4, 3, b""))),
        (18, FieldBlockInterrupted, after_open(open.clone())),
        (18, StreamMissing, after_open(framed(Kind::CONTINUATION, 4, 0, b""))),
    ];
    for (proof, violation, wire) in cases {
        let fault = Seen::Fault(Fault { violation, stream: None });
        assert!(!read_whole(&wire[..proof - 1]).contains(&fault), "{violation}");
        assert_eq!(read_whole(&wire[..proof]).last(), Some(&fault));
        let whole = read_whole(&wire);
        assert_eq!(whole.last(), Some(&fault));
        for at in 0..wire.len().min(40) {
            let (first, second) = wire.split_at(at);
            assert_eq!(read(&mut Reader::new(Limits::default()), [first, second]), whole);
        }
        assert_eq!(read(&mut Reader::new(Limits::default()), wire.chunks(1)), whole);
    }
}
