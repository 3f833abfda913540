//! Every frame in every state of a stream (RFC 9113 §5.1).

use sans_h2::frame::{Flags, Kind, Part};
use sans_h2::{Cause, Config, ErrorCode, Role, State, Violation};

use crate::support::{Seen, Sent, Talk, Wire, talk};

/// What a frame does to a stream in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    /// It is an event.
    Told,
    /// Nothing is told, nothing is written.
    Quiet,
    /// The stream is reset with this code.
    Resets(ErrorCode),
    /// The connection ends with this code.
    Ends(ErrorCode),
}

use Cell::{Quiet, Told};

const ENDS: Cell = Cell::Ends(ErrorCode::PROTOCOL_ERROR);
const ENDS_CLOSED: Cell = Cell::Ends(ErrorCode::STREAM_CLOSED);
const RESETS_CLOSED: Cell = Cell::Resets(ErrorCode::STREAM_CLOSED);

type Say = fn(Wire, u32) -> Wire;

/// The columns of the tables.
const FRAMES: [(Kind, Say); 7] = [
    (Kind::DATA, |wire, stream| wire.data(stream, b"x", Part::More)),
    (Kind::HEADERS, |wire, stream| wire.trailers(stream)),
    (Kind::PRIORITY, Wire::priority),
    (Kind::RST_STREAM, |wire, stream| wire.reset(stream, ErrorCode::CANCEL)),
    (Kind::PUSH_PROMISE, |wire, stream| wire.push_promise(stream, 8)),
    (Kind::WINDOW_UPDATE, |wire, stream| wire.window_update(stream, 1)),
    (Kind::CONTINUATION, |wire, stream| wire.frame(Kind::CONTINUATION, Flags::END_HEADERS, stream, &[])),
];

/// Brings a stream into a state.
type Reach = fn(&mut Talk);

struct Row {
    name: &'static str,
    reach: Reach,
    stream: u32,
    state: Option<State>,
    cells: [Cell; 7],
}

const SERVER: [Row; 9] = [
    Row {
        name: "idle",
        reach: |_| {},
        stream: 1,
        state: None,
        cells: [ENDS, Told, Quiet, ENDS, ENDS, ENDS, ENDS],
    },
    Row {
        name: "idle, of our own numbers",
        reach: |_| {},
        stream: 2,
        state: None,
        cells: [ENDS, ENDS, Quiet, ENDS, ENDS, ENDS, ENDS],
    },
    Row {
        name: "open",
        reach: |talk| drop(talk.hear(|wire| wire.post(1))),
        stream: 1,
        state: Some(State::Open),
        cells: [Told, Told, Quiet, Told, ENDS, Quiet, ENDS],
    },
    Row {
        name: "half-closed (remote)",
        reach: |talk| drop(talk.hear(|wire| wire.get(1))),
        stream: 1,
        state: Some(State::HalfClosedRemote),
        cells: [RESETS_CLOSED, RESETS_CLOSED, Quiet, Told, ENDS, Quiet, ENDS],
    },
    Row {
        name: "half-closed (local)",
        reach: |talk| {
            talk.hear(|wire| wire.post(1));
            talk.respond(1, 200, Part::Last);
        },
        stream: 1,
        state: Some(State::HalfClosedLocal),
        cells: [Told, Told, Quiet, Told, ENDS, Quiet, ENDS],
    },
    Row {
        name: "closed by both ends",
        reach: |talk| {
            talk.hear(|wire| wire.get(1));
            talk.respond(1, 200, Part::Last);
        },
        stream: 1,
        state: None,
        cells: [ENDS_CLOSED, ENDS_CLOSED, Quiet, Quiet, ENDS, Quiet, ENDS],
    },
    Row {
        name: "closed by the peer's RST_STREAM",
        reach: |talk| drop(talk.hear(|wire| wire.post(1).reset(1, ErrorCode::CANCEL))),
        stream: 1,
        state: None,
        cells: [ENDS_CLOSED, ENDS_CLOSED, Quiet, Quiet, ENDS, Quiet, ENDS],
    },
    Row {
        name: "closed by our RST_STREAM",
        reach: |talk| {
            talk.hear(|wire| wire.post(1));
            talk.stream(1).reset(ErrorCode::CANCEL);
        },
        stream: 1,
        state: None,
        cells: [Quiet, Quiet, Quiet, Quiet, ENDS, Quiet, ENDS],
    },
    Row {
        name: "closed because it was skipped",
        reach: |talk| drop(talk.hear(|wire| wire.get(3))),
        stream: 1,
        state: None,
        cells: [ENDS_CLOSED, ENDS, Quiet, Quiet, ENDS, Quiet, ENDS],
    },
];

const CLIENT: [Row; 10] = [
    Row {
        name: "idle",
        reach: |_| {},
        stream: 1,
        state: None,
        cells: [ENDS, ENDS, Quiet, ENDS, ENDS, ENDS, ENDS],
    },
    Row {
        name: "idle, of the server's numbers",
        reach: |_| {},
        stream: 2,
        state: None,
        cells: [ENDS, ENDS, Quiet, ENDS, ENDS, ENDS, ENDS],
    },
    Row {
        name: "idle to the server, since its limit makes it wait",
        reach: |talk| {
            talk.hear(|wire| wire.settings(&[(sans_h2::frame::SettingId::MAX_CONCURRENT_STREAMS, 0)]));
            talk.open(Part::More);
        },
        stream: 1,
        state: Some(State::Open),
        cells: [ENDS, ENDS, Quiet, ENDS, ENDS, ENDS, ENDS],
    },
    Row {
        name: "open, before the response",
        reach: asked,
        stream: 1,
        state: Some(State::Open),
        cells: [
            Cell::Resets(ErrorCode::PROTOCOL_ERROR),
            Cell::Resets(ErrorCode::PROTOCOL_ERROR),
            Quiet,
            Told,
            ENDS,
            Quiet,
            ENDS,
        ],
    },
    Row {
        name: "open",
        reach: |talk| {
            talk.opened(Part::More);
            talk.hear(|wire| wire.response(1, 200, Part::More));
        },
        stream: 1,
        state: Some(State::Open),
        cells: [Told, Told, Quiet, Told, ENDS, Quiet, ENDS],
    },
    Row {
        name: "half-closed (local)",
        reach: |talk| {
            talk.opened(Part::Last);
            talk.hear(|wire| wire.response(1, 200, Part::More));
        },
        stream: 1,
        state: Some(State::HalfClosedLocal),
        cells: [Told, Told, Quiet, Told, ENDS, Quiet, ENDS],
    },
    Row {
        name: "half-closed (remote)",
        reach: |talk| {
            talk.opened(Part::More);
            talk.hear(|wire| wire.response(1, 200, Part::Last));
        },
        stream: 1,
        state: Some(State::HalfClosedRemote),
        cells: [RESETS_CLOSED, RESETS_CLOSED, Quiet, Told, ENDS, Quiet, ENDS],
    },
    Row {
        name: "closed by both ends",
        reach: |talk| {
            talk.opened(Part::Last);
            talk.hear(|wire| wire.response(1, 200, Part::Last));
        },
        stream: 1,
        state: None,
        cells: [ENDS_CLOSED, ENDS_CLOSED, Quiet, Quiet, ENDS, Quiet, ENDS],
    },
    Row {
        name: "closed by the peer's RST_STREAM",
        reach: |talk| {
            talk.opened(Part::More);
            talk.hear(|wire| wire.reset(1, ErrorCode::CANCEL));
        },
        stream: 1,
        state: None,
        cells: [ENDS_CLOSED, ENDS_CLOSED, Quiet, Quiet, ENDS, Quiet, ENDS],
    },
    Row {
        name: "closed by our RST_STREAM",
        reach: |talk| {
            talk.opened(Part::More);
            talk.stream(1).reset(ErrorCode::CANCEL);
        },
        stream: 1,
        state: None,
        cells: [Quiet, Quiet, Quiet, Quiet, ENDS, Quiet, ENDS],
    },
];

// covers 9113-5.1-1 9113-5.1-2 9113-5.1-7 9113-5.1-9 9113-5.1-11 9113-5.1.1-3 9113-6.1-4 9113-6.4-6
// covers 9113-6.5.2-2 9113-6.6-8 9113-8.4-6 9113-6.9-3 9113-5.4.2-1 9113-5.4.2-2 9113-5.4.2-3 9113-6.10-6
#[test]
fn every_frame_has_its_effect_in_every_state() {
    for (role, rows) in [(Role::Server, &SERVER[..]), (Role::Client, &CLIENT[..])] {
        for row in rows {
            for ((kind, say), cell) in FRAMES.into_iter().zip(row.cells) {
                let opens = kind == Kind::HEADERS && cell == Told && row.state.is_none();
                let say: Say = if opens { Wire::get } else { say };
                talk(role, &Config::default(), &[], |talk| {
                    (row.reach)(talk);
                    talk.frames();
                    assert_eq!(state(talk, row.stream), row.state, "{role:?}, {}", row.name);
                    let events = talk.hear(|wire| say(wire, row.stream));
                    let what = format!("{kind} on a stream that is {} at a {role:?}", row.name);
                    assert_cell(talk, cell, kind, row.stream, &events, &what);
                });
            }
        }
    }
}

fn state(talk: &mut Talk, stream: u32) -> Option<State> {
    talk.is_live(stream).then(|| talk.stream(stream).state())
}

fn assert_cell(talk: &mut Talk, cell: Cell, kind: Kind, stream: u32, events: &[Seen], what: &str) {
    match (cell, events) {
        (Cell::Told, [event]) => {
            assert!(is_of(event, kind, stream), "{what}: {event:?}");
            talk.assert_usable(&[]);
        }
        (Cell::Quiet, []) => talk.assert_usable(&[]),
        (Cell::Resets(expected), &[Seen::Reset(reset, code, Cause::Violation(violation), _)]) => {
            assert_eq!((reset, code, violation.code()), (stream, expected, expected), "{what}");
            talk.assert_usable(&[Sent::reset(stream, code)]);
        }
        (Cell::Ends(code), [others @ .., Seen::Closed(Some(_))]) => {
            let Some(&Seen::Closed(Some(sans_h2::ConnectionError::Violation(violation)))) = events.last()
            else {
                panic!("{what}: {events:?}");
            };
            assert!(
                others.iter().all(|seen| matches!(seen, Seen::Reset(_, _, Cause::ConnectionClosed(_), _)))
            );
            assert_eq!(violation.code(), code, "{what}: {violation:?}");
            talk.assert_failed(events, violation);
        }
        _ => panic!("{what} should be {cell:?}, but is {events:?}"),
    }
    talk.assert_balanced();
}

fn is_of(event: &Seen, kind: Kind, on: u32) -> bool {
    match event {
        Seen::Data(stream, octets, Part::More) => kind == Kind::DATA && *stream == on && octets == b"x",
        Seen::Headers(stream, ..) => kind == Kind::HEADERS && *stream == on,
        Seen::Reset(stream, ErrorCode::CANCEL, Cause::Peer, _) => kind == Kind::RST_STREAM && *stream == on,
        _ => false,
    }
}

/// Until a client's SETTINGS are acknowledged, a server may push; what it promises is refused.
// covers 9113-6.6-10 9113-6.6-11 9113-6.6-12 9113-5.1-5
#[test]
fn promises_before_our_settings_are_acknowledged() {
    let cases: [(&str, Reach, u32, u32, Option<Violation>); 9] = [
        ("on an open stream", asked, 1, 2, None),
        ("on a half-closed (local) stream", asked_in_full, 1, 4, None),
        ("on a stream that we have reset", reset_by_us, 1, 2, None),
        ("on an idle stream", |_| {}, 1, 2, Some(Violation::PushOnWrongStream)),
        ("on a half-closed (remote) stream", responded, 1, 2, Some(Violation::PushOnWrongStream)),
        ("on a closed stream", over, 1, 2, Some(Violation::PushOnWrongStream)),
        ("of a client's stream", asked_in_full, 1, 3, Some(Violation::InvalidPromisedStream)),
        ("of a stream twice", promised, 1, 6, Some(Violation::InvalidPromisedStream)),
        ("of a lower stream", promised, 1, 4, Some(Violation::InvalidPromisedStream)),
    ];
    for (name, reach, on, promise, violation) in cases {
        crate::support::talk_from_start(Role::Client, &Config::default(), |talk| {
            talk.hear(|wire| wire.settings(&[]));
            talk.frames();
            reach(talk);
            talk.frames();
            let events = talk.hear(|wire| wire.push_promise(on, promise));
            match violation {
                None => {
                    assert_eq!(events, [], "{name}");
                    talk.assert_usable(&[Sent::reset(promise, ErrorCode::REFUSED_STREAM)]);
                    // What was pushed before the refusal arrived is dropped.
                    let pushed =
                        |wire: Wire| wire.response(promise, 200, Part::More).data(promise, b"x", Part::Last);
                    assert_eq!(talk.hear(pushed), []);
                    talk.assert_usable(&[]);
                    talk.assert_balanced();
                }
                Some(violation) => {
                    assert_eq!(events.last(), Some(&Seen::failed(violation)), "{name}");
                    talk.assert_failed(&events, violation);
                }
            }
        });
    }
}

fn asked(talk: &mut Talk) {
    talk.opened(Part::More);
}

fn asked_in_full(talk: &mut Talk) {
    talk.opened(Part::Last);
}

fn reset_by_us(talk: &mut Talk) {
    talk.opened(Part::More);
    talk.stream(1).reset(ErrorCode::CANCEL);
}

fn responded(talk: &mut Talk) {
    talk.opened(Part::More);
    talk.hear(|wire| wire.response(1, 200, Part::Last));
}

fn over(talk: &mut Talk) {
    talk.opened(Part::Last);
    talk.hear(|wire| wire.response(1, 200, Part::Last));
}

fn promised(talk: &mut Talk) {
    talk.opened(Part::Last);
    talk.hear(|wire| wire.push_promise(1, 6));
}
