//! Every type × all flags × lengths at the bounds × each class of stream × three payloads, at both ends, against
//! [`judge`]: 47,185,920 frames.
//!
//! Debug builds run one of 29 cases of the types that have a meaning, and one of 193 of the others.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bytes::Buf;
use sans_h2::frame::{Kind, Part};
use sans_h2::{Cause, Config, Connection, ConnectionError, ErrorCode, Event, Fields, Role, Time, Violation};

use crate::judgement::{Case, Class, Judgement, judge};
use crate::step;
use crate::support::{Wire, config, frames, get, post};

const LENGTHS: [u32; 15] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16_383, 16_384, 16_385, 0xff_ffff];

const FILLS: [u8; 3] = [0, 2, 0xff];

static PAYLOADS: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| FILLS.map(|fill| vec![fill; 16_384]));

/// What the peer says before the frame.
static PREFACES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    [Role::Client, Role::Server].map(|role| {
        let wire = Wire::peer(role.peer(), &[]);
        let wire = match role {
            Role::Server => wire.post(1).reset(1, ErrorCode::CANCEL).post(3),
            Role::Client => wire.reset(1, ErrorCode::CANCEL).headers(3, &Fields::response(200), Part::More),
        };
        wire.octets
    })
});

/// One end, before the frame.
fn begun(role: Role, config: &Config) -> Connection {
    let mut connection = match role {
        Role::Client => Connection::client(config.clone()),
        Role::Server => Connection::server(config.clone()),
    };
    if role == Role::Client {
        connection.open(post(), Part::More).expect("the first stream");
        connection.open(get(), Part::Last).expect("the second stream");
        written(&mut connection);
    }
    let mut input = &PREFACES[role as usize][..];
    while connection.poll(&mut input, Time::ZERO).is_some() {}
    connection
}

fn written(connection: &mut Connection) -> Vec<u8> {
    let mut output = connection.output();
    let octets = output.chunks().flatten().copied().collect();
    output.advance(output.remaining());
    octets
}

/// The first event, if any, and how the connection stands then.
#[derive(Debug, PartialEq, Eq)]
enum Got {
    Nothing,
    Event(&'static str),
    Reset(u32, Violation),
    Ended(Violation),
}

fn got(event: &Event<'_>) -> Got {
    Got::Event(match event {
        Event::Closed { error: Some(ConnectionError::Violation(violation)) }
        | Event::Reset {
            cause: Cause::ConnectionClosed(Some(ConnectionError::Violation(violation))), ..
        } => {
            return Got::Ended(*violation);
        }
        Event::Reset { stream, cause: Cause::Violation(violation), .. } => {
            return Got::Reset(stream.number(), *violation);
        }
        Event::Reset { cause: Cause::Peer, .. } => "Reset",
        Event::Headers { .. } => "Headers",
        Event::Data { .. } => "Data",
        Event::Settings(_) => "Settings",
        Event::GoAway { .. } => "GoAway",
        Event::AltSvc(_) => "AltSvc",
        Event::Origins(_) => "Origins",
        Event::PriorityUpdate(_) => "PriorityUpdate",
        other => panic!("{other:?}"),
    })
}

/// Polls until all is taken; tells the first event.
fn poll(connection: &mut Connection, mut input: &[u8]) -> Got {
    let first = connection.poll(&mut input, Time::ZERO).map_or(Got::Nothing, |event| got(&event));
    if first != Got::Nothing {
        while connection.poll(&mut input, Time::ZERO).is_some() {}
    }
    first
}

/// Feeds the frame. Where its length alone is wrong, that must be told without its payload.
fn feed(connection: &mut Connection, case: &Case) -> Got {
    let [_, length @ ..] = case.length.to_be_bytes();
    let stream = case.class.bits().to_be_bytes();
    let mut head = [0; 9];
    head[..3].copy_from_slice(&length);
    head[3..5].copy_from_slice(&[case.kind, case.flags]);
    head[5..].copy_from_slice(&stream);
    let of_fill = FILLS.iter().position(|fill| *fill == case.fill).expect("one of the three");
    let payload = PAYLOADS[of_fill].get(..case.length as usize).unwrap_or_default();
    match (poll(connection, &head), poll(connection, payload)) {
        (Got::Nothing, got) => got,
        (got, _) => got,
    }
}

fn check(connection: &mut Connection, case: &Case, expected: &Judgement) {
    let got = feed(connection, case);
    match expected {
        Judgement::Quiet | Judgement::Open => assert_eq!(got, Got::Nothing, "{case:?}"),
        Judgement::Told(kind) => assert_eq!(got, Got::Event(kind), "{case:?}"),
        Judgement::Ends(violation) => {
            assert_eq!(got, Got::Ended(*violation), "{case:?}");
            let octets = written(connection);
            let last = frames(&octets).pop().expect("a frame");
            assert_eq!((last.kind, last.code()), (Kind::GOAWAY, violation.code()), "{case:?}");
        }
        Judgement::Resets(violations) => {
            let Got::Reset(3, violation) = got else { panic!("{case:?}: {got:?}") };
            assert!(violations.contains(&violation), "{case:?}: {violation:?}, not {violations:?}");
            assert_reset(connection, case, violation.code());
        }
        Judgement::Refuses(code) => {
            assert_eq!(got, Got::Nothing, "{case:?}");
            assert_reset(connection, case, *code);
        }
    }
}

fn assert_reset(connection: &mut Connection, case: &Case, code: ErrorCode) {
    let last = frames(&written(connection)).pop().expect("a frame");
    assert_eq!((last.kind, last.code()), (Kind::RST_STREAM, code), "{case:?}");
}

/// A PING is answered, or interrupts the field block that is open.
fn check_ping(connection: &mut Connection, case: &Case, expected: &Judgement) {
    let got = poll(connection, b"\0\0\x08\x06\0\0\0\0\0lookhere");
    match expected {
        Judgement::Ends(_) => {
            assert!(connection.is_closed() && written(connection).is_empty());
            assert_eq!(got, Got::Nothing, "{case:?}");
        }
        Judgement::Open => assert_eq!(got, Got::Ended(Violation::FieldBlockInterrupted), "{case:?}"),
        Judgement::Quiet | Judgement::Resets(_) | Judgement::Refuses(_) => {
            assert_eq!(got, Got::Nothing, "{case:?}");
            let last = frames(&written(connection)).pop().expect("a frame");
            assert_eq!((last.kind, &last.payload[..]), (Kind::PING, &b"lookhere"[..]), "{case:?}");
        }
        // More may have been told: of GOAWAY the ends of streams.
        Judgement::Told(_) => assert!(!matches!(got, Got::Ended(_) | Got::Reset(..)), "{case:?}: {got:?}"),
    }
}

/// Every `step`-th case of these types.
fn cases(kinds: impl Iterator<Item = u8>, role: Role, step: usize) -> impl Iterator<Item = Case> {
    kinds
        .flat_map(move |kind| (0..=255).map(move |flags| (kind, flags)))
        .flat_map(|head| LENGTHS.map(|length| (head, length)))
        .flat_map(|head| Class::ALL.map(|class| (head, class)))
        .flat_map(|head| FILLS.map(|fill| (head, fill)))
        .map(move |((((kind, flags), length), class), fill)| Case { role, kind, flags, length, class, fill })
        .step_by(step)
}

fn push_enabled() -> Config {
    config(|builder| builder.enable_push(true))
}

const ASSIGNED: [u8; 13] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xa, 0xc, 0x10];

/// The types that have a meaning.
fn check_assigned(role: Role) {
    let config = push_enabled();
    let mut spare = None;
    let mut judgements = BTreeMap::<String, usize>::new();
    for case in cases(ASSIGNED.into_iter(), role, step(29)) {
        let expected = judge(&case);
        let mut connection = spare.take().unwrap_or_else(|| begun(role, &config));
        check(&mut connection, &case, &expected);
        check_ping(&mut connection, &case, &expected);
        // What has changed nothing serves again, but for credit.
        if expected == Judgement::Quiet && case.kind != 8 && connection.memory_used() < 20_000 {
            spare = Some(connection);
        }
        *judgements.entry(format!("{expected:?}")).or_default() += 1;
    }
    let of = |name: &str| judgements.keys().filter(|judgement| judgement.starts_with(name)).count();
    let expected = match role {
        Role::Client => (7, 8, 24),
        Role::Server => (6, 8, 27),
    };
    // Nothing of the table is left out.
    assert_eq!((of("Told"), of("Resets"), of("Ends")), expected, "{judgements:#?}");
}

// covers 9113-4.1-3 9113-4.1-4 9113-4.2-2 9113-4.2-3 9113-5.5-1
#[test]
fn every_frame_at_a_server() {
    check_assigned(Role::Server);
}

#[test]
fn every_frame_at_a_client() {
    check_assigned(Role::Client);
}

/// The types without a meaning have none, whatever else they say.
fn check_unassigned(role: Role) {
    let unassigned = (0..=255).filter(|kind| !ASSIGNED.contains(kind));
    let mut connection = begun(role, &push_enabled());
    let mut count = 0_u32;
    for case in cases(unassigned, role, step(193)) {
        let expected = judge(&case);
        check(&mut connection, &case, &expected);
        count += 1;
        if expected != Judgement::Quiet || count % 10_000 == 0 {
            check_ping(&mut connection, &case, &expected);
            connection = begun(role, &push_enabled());
        }
    }
}

// covers 9113-4.1-2 9113-5.5-2
#[test]
fn every_unknown_frame_at_a_server() {
    check_unassigned(Role::Server);
}

#[test]
fn every_unknown_frame_at_a_client() {
    check_unassigned(Role::Client);
}
