//! Every role × state of a stream × type of frame × END_STREAM × END_HEADERS, against tables by hand from RFC 9113 §5.1
//! and, where that leaves the choice, from what the types' own sections and §8 say.
//!
//! An end of HEADERS and PUSH_PROMISE that is missing is made up for by CONTINUATION, and must come to the same; or a
//! PING comes in its place, and must end the connection. On other types the two flags mean other things or nothing.

use sans_h2::frame::{Flags, Kind, Part};
use sans_h2::{Cause, Config, ConnectionError, ErrorCode, Head, Role, State, Violation};

use crate::state_tables::{CLIENT, ENDS, SERVER};
use crate::support::{Seen, Sent, Talk, config, talk_once};

/// What a frame comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// This event, and this state afterwards; `None` if the stream is no more.
    Told(What, Option<State>),
    /// Nothing: the state stays.
    Quiet,
    /// The stream is reset with this code.
    Resets(ErrorCode),
    /// The promised stream is, and the caller hears nothing.
    Refuses,
    /// The connection ends with this code.
    Ends(ErrorCode),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Data,
    Request,
    Response,
    Trailers,
    Reset,
    Promise,
}

use Cell::{Quiet, Refuses, Told};
use What::{Data, Promise, Request, Reset, Response, Trailers};

/// A state, how a stream comes to be in it, and its row of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) reach: fn(&mut Talk),
    pub(crate) stream: u32,
    pub(crate) state: Option<State>,
    /// What HEADERS carry: the section that is due if any is.
    pub(crate) section: What,
    /// DATA and DATA with END_STREAM, HEADERS and HEADERS with END_STREAM, RST_STREAM, PUSH_PROMISE, WINDOW_UPDATE.
    /// The types that are not here are the same in all states: see [`elsewhere`].
    pub(crate) cells: [Cell; 7],
}

/// PRIORITY may come in any state (§5.1), and does nothing (§5.3.2). Types that nobody knows do nothing (§5.5). The
/// others belong to the connection or into a field block (§6.5, §6.7, §6.8, §6.10).
fn elsewhere(kind: Kind) -> Cell {
    match kind {
        Kind::PRIORITY => Quiet,
        Kind::SETTINGS | Kind::PING | Kind::GOAWAY | Kind::CONTINUATION => ENDS,
        kind if kind.is_extension() => Quiet,
        kind => panic!("{kind} has columns"),
    }
}

/// The promise that PUSH_PROMISE makes here, above all others.
const PROMISED: u32 = 8;

/// GET http://localhost/ without any use of the dynamic table.
const REQUEST: &[u8] = b"\x82\x86\x84\x01\x09localhost";

/// One frame on a stream that is in a state.
struct Frame {
    kind: Kind,
    flags: Flags,
    payload: Vec<u8>,
    /// What a CONTINUATION frame must bring.
    rest: Vec<u8>,
}

const KINDS: [Kind; 12] = [
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
    Kind::ALTSVC,
    Kind::PRIORITY_UPDATE,
];

impl Frame {
    fn new(kind: Kind, flags: Flags, section: What) -> Self {
        let block = match section {
            Request => REQUEST,
            Response => b"\x88",
            _ => b"\x00\x01x\x011",
        };
        let payload = match kind {
            Kind::DATA => b"x".to_vec(),
            Kind::HEADERS => block.to_vec(),
            Kind::PUSH_PROMISE => [&PROMISED.to_be_bytes()[..], REQUEST].concat(),
            Kind::PRIORITY => vec![0; 5],
            Kind::RST_STREAM => ErrorCode::CANCEL.value().to_be_bytes().to_vec(),
            Kind::SETTINGS | Kind::CONTINUATION | Kind::ALTSVC => Vec::new(),
            Kind::WINDOW_UPDATE => 1_u32.to_be_bytes().to_vec(),
            _ => vec![0; 8],
        };
        let is_open =
            matches!(kind, Kind::HEADERS | Kind::PUSH_PROMISE) && !flags.contains(Flags::END_HEADERS);
        let rest = if is_open { payload.len() - block.len().min(2) } else { payload.len() };
        let (payload, rest) = payload.split_at(rest);
        Self { kind, flags, payload: payload.to_vec(), rest: rest.to_vec() }
    }

    fn part(&self) -> Part {
        if self.flags.contains(Flags::END_STREAM) { Part::Last } else { Part::More }
    }

    fn is_open(&self) -> bool {
        !self.rest.is_empty()
    }
}

fn cell(row: &Row, frame: &Frame) -> Cell {
    let last = usize::from(frame.part().is_last());
    match frame.kind {
        Kind::DATA => row.cells[last],
        Kind::HEADERS => row.cells[2 + last],
        Kind::RST_STREAM => row.cells[4],
        Kind::PUSH_PROMISE => row.cells[5],
        Kind::WINDOW_UPDATE => row.cells[6],
        // RFC 9218 §7.1: it belongs to the connection, and to servers. Its length is not looked at before that.
        Kind::PRIORITY_UPDATE => ENDS,
        kind => elsewhere(kind),
    }
}

fn is_told(event: &Seen, what: What, stream: u32, part: Part) -> bool {
    let is = |on: &u32| *on == stream;
    match (what, event) {
        (Data, Seen::Data(on, octets, end)) => is(on) && octets == b"x" && *end == part,
        (Request, Seen::Headers(on, Head::Request, _, end))
        | (Response, Seen::Headers(on, Head::Response, _, end))
        | (Trailers, Seen::Headers(on, Head::Trailers, _, end)) => is(on) && *end == part,
        (Reset, Seen::Reset(on, ErrorCode::CANCEL, Cause::Peer, _)) => is(on),
        (Promise, Seen::PushPromise(on, PROMISED, _)) => is(on),
        _ => false,
    }
}

fn state(talk: &mut Talk, stream: u32) -> Option<State> {
    talk.is_live(stream).then(|| talk.stream(stream).state())
}

fn violation(events: &[Seen]) -> Option<Violation> {
    match events.last() {
        Some(Seen::Closed(Some(ConnectionError::Violation(violation)))) => Some(*violation),
        _ => None,
    }
}

fn check(talk: &mut Talk, row: &Row, frame: &Frame) {
    let expected = cell(row, frame);
    let Row { name, stream, .. } = *row;
    let what = format!(
        "{} {:?} on a stream that is {name} at {:?}",
        frame.kind,
        frame.flags,
        talk.connection.role()
    );
    let mut events = talk.hear(|wire| wire.frame(frame.kind, frame.flags, stream, &frame.payload));
    if let Cell::Ends(code) = expected {
        let violation = violation(&events).unwrap_or_else(|| panic!("{what}: {events:?}"));
        assert_eq!(violation.code(), code, "{what}: {violation:?}");
        talk.assert_failed(&events, violation);
        return;
    }
    if frame.is_open() {
        assert!(!matches!(events[..], [Seen::Headers(..), ..]), "{what}: too early");
        events.extend(
            talk.hear(|wire| wire.frame(Kind::CONTINUATION, Flags::END_HEADERS, stream, &frame.rest)),
        );
    }
    let expected_state = match (expected, &events[..]) {
        (Told(told, state), [event]) => {
            assert!(is_told(event, told, stream, frame.part()), "{what}: {event:?}");
            if told == Promise {
                assert_eq!(talk.stream(PROMISED).state(), State::ReservedRemote, "{what}");
            }
            talk.assert_usable(&[]);
            state
        }
        (Quiet, []) => {
            talk.assert_usable(&[]);
            row.state
        }
        (Refuses, []) => {
            talk.assert_usable(&[Sent::reset(PROMISED, ErrorCode::REFUSED_STREAM)]);
            row.state
        }
        (Cell::Resets(expected), &[Seen::Reset(reset, code, Cause::Violation(violation), _)]) => {
            assert_eq!((reset, code, violation.code()), (stream, expected, expected), "{what}");
            talk.assert_usable(&[Sent::reset(stream, code)]);
            None
        }
        _ => panic!("{what} should be {expected:?}, but is {events:?}"),
    };
    assert_eq!(state(talk, stream), expected_state, "{what}");
    talk.assert_balanced();
}

fn check_interrupted(talk: &mut Talk, row: &Row, frame: &Frame) {
    talk.hear(|wire| wire.frame(frame.kind, frame.flags, row.stream, &frame.payload));
    talk.frames();
    let events = talk.hear(|wire| wire.ping([0; 8]));
    assert_eq!(violation(&events), Some(Violation::FieldBlockInterrupted), "{}", row.name);
    talk.assert_failed(&events, Violation::FieldBlockInterrupted);
}

fn reach(talk: &mut Talk, row: &Row) {
    (row.reach)(talk);
    talk.frames();
    assert_eq!(state(talk, row.stream), row.state, "{}", row.name);
}

/// Every cell of a table; how many frames have been tried.
fn check_all(role: Role, config: &Config, rows: &[Row]) -> usize {
    let mut count = 0;
    let flags = (0..4).map(|bits| {
        let end_stream = if bits & 1 == 0 { Flags::NONE } else { Flags::END_STREAM };
        end_stream.with(if bits & 2 == 0 { Flags::NONE } else { Flags::END_HEADERS })
    });
    for row in rows {
        for (kind, flags) in KINDS.into_iter().flat_map(|kind| flags.clone().map(move |flags| (kind, flags)))
        {
            let frame = Frame::new(kind, flags, row.section);
            talk_once(role, config, &[], |talk| {
                reach(talk, row);
                check(talk, row, &frame);
            });
            count += 1;
            if frame.is_open() && !matches!(cell(row, &frame), Cell::Ends(_)) {
                talk_once(role, config, &[], |talk| {
                    reach(talk, row);
                    check_interrupted(talk, row, &frame);
                });
            }
        }
    }
    count
}

// covers 9113-5.1-1 9113-5.1-2 9113-5.1-4 9113-5.1-6 9113-5.1-7 9113-5.1-9 9113-5.1-11 9113-5.1.1-3 9113-6.6-8
#[test]
fn every_cell_of_a_server() {
    assert_eq!(check_all(Role::Server, &Config::default(), &SERVER), 20 * 12 * 4);
}

#[test]
fn every_cell_of_a_client() {
    let pushes = config(|builder| builder.enable_push(true));
    assert_eq!(check_all(Role::Client, &pushes, &CLIENT), 20 * 12 * 4);
}
