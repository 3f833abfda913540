//! Every kind with all flags, lengths at the bounds, and each class of stream, against a table.

use std::collections::HashMap;

use sans_h2::frame::{Frame, Head, Kind, Limits, Part, Reader};
use sans_h2::{StreamId, Violation};

use crate::{framed, read};

/// A head, and the payload's first octets.
struct Case {
    kind: u8,
    flags: u8,
    length: u32,
    stream: u32,
    /// The stream of the field block that is open.
    open: Option<u32>,
    payload: [u8; 16],
}

/// RFC 9113 §4.2, §4.3 and §6 once more, as a table: the name of the frame, or the violation.
fn oracle(case: &Case) -> Result<&'static str, Violation> {
    use Violation::*;
    let Case { kind, flags, length, stream, open, payload } = *case;
    let has = |bit: u8| flags & bit != 0;
    let size = |legal: bool, violation| if legal { Ok(()) } else { Err(violation) };
    size(length <= 16_384, FrameTooLarge)?;
    size(open.is_none() || kind == 9, FieldBlockInterrupted)?;
    match kind {
        0 | 1 | 2 | 3 | 5 | 9 => size(stream != 0, StreamMissing)?,
        4 | 6 | 7 => size(stream == 0, StreamNotAllowed)?,
        _ => {}
    }
    let pad_length = u32::from(has(0x8) && [0, 1, 5].contains(&kind));
    let padding = u32::from(payload[0]) * pad_length;
    let padded = |fixed: u32| {
        size(length >= pad_length + fixed, FrameTooShort)?;
        size(length >= pad_length + fixed + padding, PaddingTooLong)
    };
    match kind {
        0 => padded(0).map(|()| "Data"),
        1 => padded(if has(0x20) { 5 } else { 0 }).map(|()| "Headers"),
        2 => size(length == 5, PriorityLength).map(|()| "Priority"),
        3 => size(length == 4, ResetLength).map(|()| "Reset"),
        4 if has(0x1) => size(length == 0, SettingsAckLength).map(|()| "SettingsAck"),
        4 => {
            size(length % 6 == 0, SettingsLength)?;
            size(length <= 32 * 6, TooManySettings).map(|()| "Settings")
        }
        5 => {
            padded(4)?;
            let at = pad_length as usize;
            let promised = (u32::from(payload[at]) & 0x7f)
                + payload[at + 1..at + 4].iter().map(|&b| u32::from(b)).sum::<u32>();
            size(promised != 0, InvalidPromisedStream).map(|()| "PushPromise")
        }
        6 => size(length == 8, PingLength).map(|()| if has(0x1) { "Pong" } else { "Ping" }),
        7 => size(length >= 8, GoAwayLength).map(|()| "GoAway"),
        8 => size(length == 4, WindowUpdateLength).map(|()| "WindowUpdate"),
        9 => match open {
            None => Err(UnexpectedContinuation),
            Some(open) => size(open == stream, FieldBlockInterrupted).map(|()| "Continuation"),
        },
        _ => Ok("Unknown"),
    }
}

/// What the reader says first about `case`, and its name.
fn verdict(case: &Case) -> Result<&'static str, Violation> {
    let mut reader = Reader::new(Limits::default());
    if let Some(open) = case.open {
        read(&mut reader, [&framed(Kind::HEADERS, 0, open, b"")[..]]);
    }
    let stream = StreamId::new(case.stream);
    let head = Head { length: case.length, kind: case.kind.into(), flags: case.flags.into(), stream };
    let mut wire = [0; 9 + 264];
    wire[..9].copy_from_slice(&head.to_octets());
    wire[9..25].copy_from_slice(&case.payload);
    let mut input = &wire[..9 + case.length.min(264) as usize];
    let part = if case.flags & 1 != 0 { Part::Last } else { Part::More };
    match reader.next(&mut input).map_err(|fault| fault.violation)?.unwrap() {
        Frame::Data(data) => {
            assert_eq!((data.part, data.flow_octets), (part, case.length));
            let padded = data.padding.map_or(0, |octets| 1 + u32::from(octets));
            assert_eq!((data.octets + padded, data.padding.is_some()), (case.length, case.flags & 8 != 0));
            Ok("Data")
        }
        Frame::Headers(headers) => {
            assert_eq!((headers.part, headers.priority.is_some()), (part, case.flags & 0x20 != 0));
            assert_eq!(headers.padding, (case.flags & 8 != 0).then_some(case.payload[0]));
            Ok("Headers")
        }
        Frame::PushPromise(promise) => {
            assert_eq!(promise.padding, (case.flags & 8 != 0).then_some(case.payload[0]));
            Ok("PushPromise")
        }
        Frame::Unknown(unknown) => {
            assert_eq!(unknown, head);
            Ok("Unknown")
        }
        Frame::Continuation(_) => Ok("Continuation"),
        Frame::Priority { .. } => Ok("Priority"),
        Frame::Reset { .. } => Ok("Reset"),
        Frame::Settings(settings) => {
            assert_eq!(settings.len() as u32 * 6, case.length);
            Ok("Settings")
        }
        Frame::SettingsAck => Ok("SettingsAck"),
        Frame::Ping { .. } => Ok("Ping"),
        Frame::Pong { .. } => Ok("Pong"),
        Frame::GoAway(goaway) => {
            assert_eq!(goaway.debug.len() as u32, (case.length - 8).min(256));
            Ok("GoAway")
        }
        Frame::WindowUpdate(_) => Ok("WindowUpdate"),
        other => panic!("{other:?}"),
    }
}

// covers 9113-4.1-2 9113-4.1-3 9113-4.2-1 9113-4.2-2 9113-6.1-3 9113-6.1-5 9113-6.2-3 9113-6.2-5 9113-6.2-6
// covers 9113-6.3-1 9113-6.3-2 9113-6.4-4 9113-6.4-7 9113-6.5-4 9113-6.5-6 9113-6.5-8 9113-6.6-6
// covers 9113-6.6-12 9113-6.6-13 9113-6.7-6 9113-6.7-7 9113-6.8-4 9113-6.9-5 9113-6.10-2 9113-6.10-4 9113-6.10-6
#[test]
fn every_head_is_judged_as_the_rfc_says() {
    const LENGTHS: [u32; 22] = [
        0,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        11,
        12,
        13,
        18,
        192,
        198,
        264,
        265,
        16_384,
        16_385,
        Head::MAX_PAYLOAD,
    ];
    let mut verdicts = HashMap::<_, u32>::new();
    for kind in (0..=10).chain([0xff]) {
        for flags in 0..=255 {
            for (length, stream, open) in LENGTHS
                .into_iter()
                .flat_map(|length| [0, 1, 3].map(|stream| (length, stream)))
                .flat_map(|(length, stream)| [None, Some(1)].map(|open| (length, stream, open)))
            {
                // The first is a pad length, or the first octet of something else.
                for (first, others) in [(0, 1), (0, 0), (3, 1), (255, 0)] {
                    let mut payload = [others; 16];
                    payload[0] = first;
                    let case = Case { kind, flags, length, stream, open, payload };
                    let verdict = verdict(&case);
                    let expected = oracle(&case);
                    let at = (kind, flags, length, stream, open, first, others);
                    assert_eq!(verdict, expected, "{at:?}");
                    *verdicts.entry(verdict).or_default() += 1;
                }
            }
        }
    }
    // 13 frames and 16 violations: nothing of the table is left out.
    assert_eq!(verdicts.keys().filter(|verdict| verdict.is_ok()).count(), 13);
    assert_eq!(verdicts.keys().filter(|verdict| verdict.is_err()).count(), 16, "{verdicts:?}");
}
