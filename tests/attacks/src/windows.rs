//! D: flow control and slow peers.

use sans_h2::frame::{Flags, Kind, SettingId};
use sans_h2::{ErrorCode, Part, Role};

use crate::caller::{Caller, Sends};
use crate::wire::{UNITS, Wire, flood, heads, nth, once, preface, with_streams};
use crate::{Attack, Case, Cost, Ends, Scene, row};

pub(crate) const ROWS: [Attack; 6] = [
    Attack {
        cost: Cost::Octet,
        ..row(Cost::Frame, "D1", "windows opened by one octet: tiny DATA frames", "CVE-2019-9511", (1, 0), d1)
    },
    row(Cost::Frame, "D2", "windows that stay shut: streams without end", "CVE-2023-43622", (1, 0), d2),
    row(Cost::Frame, "D3", "a huge window over a shut transport: buffers", "CVE-2019-9517", (1, 0), d3),
    row(Cost::Frame, "D4", "increments and sizes out of range", "CVE-2026-21714", (0, 9), d4),
    Attack {
        cost: Cost::Octet,
        ..row(Cost::Frame, "D5", "padding and late DATA: credit that never comes back", "h2 #869", (3, 0), d5)
    },
    row(Cost::Frame, "D6", "SETTINGS cut anywhere: a window that is lost", "nginx 5f92d7afb", (0, 1), d6),
];

const NOISE: usize = 10_000;
const SHUT: [(SettingId, u32); 1] = [(SettingId::INITIAL_WINDOW_SIZE, 0)];
const MAX: u32 = (1 << 31) - 1;

fn d1(case: Case) -> Scene {
    let before = vec![preface(case.victim, &SHUT), heads(case, 1)];
    let flights = flood(case, before, 1, |wire, _| drop_ref(wire.window_update(1, 1)));
    // A client has sent more than that before it hears of the windows; the octets only make up for it.
    let ends = if case.victim == Role::Client { Ends::Calm(NOISE) } else { Ends::Never };
    Scene { caller: Caller::new().sends(Sends::Bodies), ends, flights }
}

/// The connection's window opens, the streams' windows do not.
fn d2(case: Case) -> Scene {
    let flights = with_streams(case, 100, &SHUT, |wire, _| drop_ref(wire.window_update(0, 1)));
    Scene { caller: Caller::new().with(100).sends(Sends::Bodies), ends: Ends::Calm(NOISE), flights }
}

fn d3(case: Case) -> Scene {
    let settings = [(SettingId::INITIAL_WINDOW_SIZE, MAX)];
    let mut wire = Wire::default();
    wire.window_update(0, MAX - 65_535);
    let before = vec![preface(case.victim, &settings), wire.0, heads(case, 100)];
    let flights = flood(case, before, UNITS, |wire, n| {
        drop_ref(wire.frame(Kind::PRIORITY, Flags::NONE, nth(n), &[0; 5]))
    });
    let caller = Caller::new().with(100).sends(Sends::Bodies).never_writes();
    Scene { caller, ends: Ends::Calm(NOISE), flights }
}

fn d4(case: Case) -> Scene {
    let victim = case.victim;
    let initial = |value| [(SettingId::INITIAL_WINDOW_SIZE, value)];
    let flights = once(case, |wire| {
        wire.head(victim, 1, Part::More);
        match case.variant {
            0 => wire.window_update(0, 0),
            1 => wire.window_update(0, MAX).window_update(0, MAX),
            2 => wire.settings(&initial(1 << 31)),
            3 => wire.window_update(1, 1 << 20).settings(&initial(MAX)),
            4 => wire.window_update(1, 0),
            5 => wire.window_update(1, MAX),
            // Below zero, and up again.
            6 => wire.settings(&initial(0)).window_update(1, 5).settings(&initial(65_535)),
            7 => wire.settings(&initial(0)).window_update(1, MAX - 65_535).window_update(1, 1),
            // An idle stream has no window.
            _ => wire.window_update(if victim == Role::Server { 9 } else { 2 }, 1),
        };
    });
    let ends = match case.variant {
        0 | 8 => Ends::With(ErrorCode::PROTOCOL_ERROR),
        1..=3 => Ends::With(ErrorCode::FLOW_CONTROL_ERROR),
        _ => Ends::Refused,
    };
    Scene { caller: Caller::new().sends(Sends::Bodies), ends, flights }
}

/// DATA that is mostly padding, on streams that were reset, and behind GOAWAY.
fn d5(case: Case) -> Scene {
    let variant = case.variant;
    let payload = [&[200][..], b"body", &[0; 200]].concat();
    let unit = move |wire: &mut Wire, n: usize| {
        if variant == 2 && n == 0 {
            wire.frame(Kind::GOAWAY, Flags::NONE, 0, &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
        }
        wire.frame(Kind::DATA, Flags::PADDED, 1, &payload);
    };
    let sends = if variant == 1 { Sends::Resets(ErrorCode::CANCEL) } else { Sends::Nothing };
    Scene { caller: Caller::new().sends(sends), ends: Ends::Never, flights: with_streams(case, 1, &[], unit) }
}

/// A window that is opened by SETTINGS among others; the body that waits for it has to follow.
fn d6(case: Case) -> Scene {
    let victim = case.victim;
    let mut wire = Wire::default();
    wire.head(victim, 1, Part::More).settings(&[
        (SettingId::MAX_CONCURRENT_STREAMS, 100),
        (SettingId::INITIAL_WINDOW_SIZE, 1_000),
        (SettingId::HEADER_TABLE_SIZE, 0),
    ]);
    let flights = Box::new([preface(victim, &SHUT), wire.0].into_iter());
    Scene { caller: Caller::new().sends(Sends::Bodies), ends: Ends::Never, flights }
}

fn drop_ref(_: &mut Wire) {}
