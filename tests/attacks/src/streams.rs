//! B: the life of streams.

use sans_h2::frame::{Flags, Kind, SettingId};
use sans_h2::{ErrorCode, Part, Role};

use crate::caller::{Caller, Sends};
use crate::wire::{
    UNITS, Wire, flood, heads, literal, nth, once, preface, simple, unacknowledged, with_streams,
};
use crate::{Attack, Case, Cost, Ends, Scene, row};

pub(crate) const ROWS: [Attack; 10] = [
    row(
        Cost::Octet,
        "B1",
        "streams that are opened and reset: the application's work",
        "CVE-2023-44487",
        (1, 0),
        b1,
    ),
    row(Cost::Octet, "B2", "streams that the victim has to reset: the same", "CVE-2025-8671", (6, 0), b2),
    row(Cost::Octet, "B3", "a tiny MAX_HEADER_LIST_SIZE: resets of responses", "CVE-2026-50560", (1, 0), b3),
    row(Cost::Octet, "B4", "streams above the limit: refusals", "h2 0.4.20", (1, 0), b4),
    row(
        Cost::Octet,
        "B5",
        "SETTINGS that are never acknowledged: limits not in force",
        "CVE-2025-53506",
        (1, 0),
        b5,
    ),
    row(Cost::Octet, "B6", "many streams that end in any order: removal", "CVE-2021-32778", (3, 0), b6),
    row(Cost::Octet, "B7", "streams that end: memory that they leave behind", "CVE-2023-45802", (2, 0), b7),
    Attack {
        cost: Cost::Dead,
        ..row(
            Cost::Octet,
            "B8",
            "input after the fatal error: use after the end",
            "CVE-2026-27135",
            (2, 256),
            b8,
        )
    },
    row(Cost::Octet, "B9", "stream identifiers: wrap, regression, parity", "RFC 9113 §5.1.1", (0, 7), b9),
    row(Cost::Octet, "B10", "CONNECT and :protocol: tunnels without end", "RFC 9113 §10.5.2", (1, 5), b10),
];

/// What the reset budget of an engine should allow at most.
const RESETS: usize = 1_000;

fn b1(case: Case) -> Scene {
    let flights = match case.victim {
        Role::Server => simple(case, |wire, n| {
            wire.head(Role::Server, nth(n), Part::More).reset(nth(n));
        }),
        Role::Client => with_streams(case, 1, &[], |wire, n| {
            wire.promise(1, promised(n)).reset(promised(n));
        }),
    };
    Scene { caller: Caller::new().config(|knobs| knobs.enable_push(true)), ends: Ends::Calm(RESETS), flights }
}

/// The n-th stream of the server.
fn promised(n: usize) -> u32 {
    nth(n) + 1
}

fn b2(case: Case) -> Scene {
    let (victim, variant) = (case.victim, case.variant);
    let flights = flood(case, vec![preface(victim, &[])], UNITS / 2, move |wire, n| {
        let stream = nth(n);
        let part = if variant == 2 || variant == 3 { Part::Last } else { Part::More };
        match variant {
            5 => wire.message(victim, stream, &literal(b"content-length", b"1"), part),
            _ => wire.head(victim, stream, part),
        };
        match variant {
            0 => wire.window_update(stream, 0),
            1 => wire.window_update(stream, (1 << 31) - 1),
            2 => wire.data(stream, b"x", Part::Last),
            3 => wire.head(victim, stream, Part::Last),
            4 => wire.frame(Kind::PRIORITY, Flags::NONE, stream, &[0; 4]),
            _ => wire.data(stream, b"xy", Part::Last),
        };
    });
    Scene { caller: Caller::new().with(100).reopens(), ends: Ends::Calm(RESETS), flights }
}

fn b3(case: Case) -> Scene {
    let (victim, settings) = (case.victim, [(SettingId::MAX_HEADER_LIST_SIZE, 1)]);
    let flights = flood(case, vec![preface(victim, &settings)], UNITS, move |wire, n| {
        wire.head(victim, nth(n), Part::Last);
    });
    let caller = Caller::new().with(100).reopens().sends(Sends::Empty);
    Scene { caller, ends: Ends::Never, flights }
}

/// A client's streams, of which a server allows 100; a server's promises, of which a client allows as many.
fn b4(case: Case) -> Scene {
    let flights = match case.victim {
        Role::Server => simple(case, |wire, n| {
            wire.head(Role::Server, nth(n), Part::More);
        }),
        Role::Client => with_streams(case, 1, &[], |wire, n| {
            wire.promise(1, promised(n));
        }),
    };
    let ends = Ends::Calm(100 + RESETS);
    Scene { caller: Caller::new().config(|knobs| knobs.enable_push(true)), ends, flights }
}

/// The same without an acknowledgement.
fn b5(case: Case) -> Scene {
    let victim = case.victim;
    let head = match victim {
        Role::Server => Vec::new(),
        Role::Client => heads(case, 1),
    };
    let before = vec![unacknowledged(victim, &[]), head];
    let flights = flood(case, before, UNITS, move |wire, n| {
        match victim {
            Role::Server => wire.head(victim, nth(n), Part::More),
            Role::Client => wire.promise(1, promised(n)),
        };
    });
    let ends = Ends::Calm(100 + RESETS);
    Scene { caller: Caller::new().config(|knobs| knobs.enable_push(true)), ends, flights }
}

/// All streams are opened, then all of them end: in the order of their opening, from the last one, and in neither.
fn b6(case: Case) -> Scene {
    let (victim, size, variant) = (case.victim, case.size, case.variant);
    let mut before = vec![preface(victim, &[])];
    before.extend((0..size).step_by(UNITS).map(|from| {
        let mut wire = Wire::default();
        for n in from..size.min(from + UNITS) {
            wire.head(victim, nth(n), Part::More);
        }
        wire.0
    }));
    let flights = flood(case, before, UNITS, move |wire, n| {
        let at = match variant {
            0 => n,
            1 => size - 1 - n,
            _ => shuffled(n, size),
        };
        wire.data(nth(at), b"x", Part::Last);
    });
    let many = size.max(1) as u32;
    let knobs = |knobs: sans_h2::ConfigBuilder| {
        knobs.max_concurrent_streams(many).max_open_streams(many).max_early_streams(many)
    };
    Scene { caller: Caller::new().with(size).sends(Sends::Empty).config(knobs), ends: Ends::Never, flights }
}

/// A permutation of the numbers below `size`: a stride that has no divisor in common with it.
fn shuffled(n: usize, size: usize) -> usize {
    let divisor = |mut a: usize, mut b: usize| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let stride = (size / 2 + 1..).find(|&stride| divisor(stride, size) == 1).unwrap_or(1);
    n.wrapping_mul(stride) % size
}

/// One stream at a time, and 50 at once.
fn b7(case: Case) -> Scene {
    let victim = case.victim;
    let units = if case.variant == 0 { 1 } else { UNITS };
    let flights = flood(case, vec![preface(victim, &[])], units, move |wire, n| {
        wire.head(victim, nth(n), Part::Last);
    });
    let caller = Caller::new().with(units).reopens().sends(Sends::Empty);
    Scene { caller, ends: Ends::Never, flights }
}

/// A fatal error, then octets that are nothing, or frames that once were something, or a frame of each type.
fn b8(case: Case) -> Scene {
    let (victim, variant) = (case.victim, case.variant);
    let mut fatal = Wire::default();
    fatal.head(victim, 1, Part::More).frame(Kind::PING, Flags::NONE, 1, &[0; 8]);
    let before = vec![preface(victim, &[]), fatal.0];
    let (case, units) = if variant < 2 { (case, 1_000) } else { (Case { size: 1, ..case }, 1) };
    let flights = flood(case, before, units, move |wire, n| {
        match variant {
            0 => wire.octets(&[n as u8]),
            1 if n % 26 == 0 => wire.frame(Kind::PING, Flags::NONE, 0, &[1; 8]).octets(&[0, 0, 0, 0, 0, 0]),
            1 => wire,
            _ => wire.frame(Kind::from((variant - 2) as u8), Flags::NONE, 1, &[0; 8]),
        };
    });
    Scene { caller: Caller::new(), ends: Ends::With(ErrorCode::PROTOCOL_ERROR), flights }
}

fn b9(case: Case) -> Scene {
    let victim = case.victim;
    let goaway = |last: u32| [last.to_be_bytes(), [0; 4]].concat();
    let flights = once(case, |wire| {
        match case.variant {
            // The other end's identifier; for a client, any that it has not used itself.
            0 => wire.head(victim, if victim == Role::Server { 2 } else { 5 }, Part::Last),
            1 => wire.head(victim, 5, Part::Last).head(victim, 3, Part::Last),
            2 => wire.head(victim, MAX - 4, Part::Last).head(victim, MAX - 2, Part::Last).head(
                victim,
                MAX,
                Part::Last,
            ),
            3 => wire.head(victim, MAX, Part::Last).head(victim, 1, Part::Last),
            4 => wire.frame(Kind::GOAWAY, Flags::NONE, 0, &goaway(1)).frame(
                Kind::GOAWAY,
                Flags::NONE,
                0,
                &goaway(3),
            ),
            5 => wire.head(victim, 0x7fff_fffe, Part::Last),
            // The reserved bit means nothing.
            _ => wire.octets(&[0, 0, 1, 1, 4, 0x80, 0, 0, 1, 0x88]),
        };
    });
    let refused = Ends::With(ErrorCode::PROTOCOL_ERROR);
    let ends = match (case.variant, victim) {
        (2, Role::Server) | (6, _) => Ends::Never,
        _ => refused,
    };
    Scene { caller: Caller::new(), ends, flights }
}

const MAX: u32 = (1 << 31) - 1;

/// Tunnels that the peer ends on its side only; then what must not be in or with CONNECT.
fn b10(case: Case) -> Scene {
    let victim = case.victim;
    let connect = |more: &[Vec<u8>]| [literal(b":method", b"CONNECT"), more.concat()].concat();
    let authority = literal(b":authority", b"localhost:80");
    let websocket = literal(b":protocol", b"websocket");
    let (scheme, path) = (literal(b":scheme", b"http"), literal(b":path", b"/"));
    let tunnel = connect(std::slice::from_ref(&authority));
    let caller = Caller::new().sends(Sends::Tunnel);
    if case.variant == 0 {
        let size = if victim == Role::Server { case.size } else { case.size.min(100) };
        let flights = simple(Case { size, ..case }, move |wire, n| {
            match victim {
                Role::Server => wire.block(nth(n), &tunnel, Part::More).data(nth(n), b"x", Part::Last),
                Role::Client => wire.head(victim, nth(n), Part::More).data(nth(n), b"x", Part::Last),
            };
        });
        let ends = if victim == Role::Server { Ends::Calm(100 + RESETS) } else { Ends::Never };
        return Scene { caller: caller.with(100), ends, flights };
    }
    let blocks = match victim {
        Role::Server => [
            connect(&[authority.clone(), scheme.clone(), path.clone()]),
            connect(&[]),
            connect(&[authority.clone(), scheme.clone(), path.clone(), websocket.clone()]),
            [literal(b":method", b"GET"), scheme, path, websocket].concat(),
            connect(&[authority, literal(b"content-length", b"1")]),
        ],
        // A length, and what only a request may say.
        Role::Client => [
            [b"\x88", &literal(b":protocol", b"websocket")[..]].concat(),
            [b"\x88", &literal(b":method", b"CONNECT")[..]].concat(),
            [b"\x88", &literal(b":authority", b"a")[..]].concat(),
            [b"\x88", &literal(b":path", b"/")[..]].concat(),
            [b"\x88", &literal(b":scheme", b"http")[..]].concat(),
        ],
    };
    let block = &blocks[case.variant - 1];
    let flights = once(case, |wire| {
        wire.block(1, block, Part::More).data(1, b"xy", Part::Last);
    });
    // RFC 9113 §8.5 does not say what a length of a tunnel means.
    let ends = if (victim, case.variant) == (Role::Server, 5) { Ends::Either } else { Ends::Refused };
    Scene { caller, ends, flights }
}
