//! A: floods of control frames, and queues that grow by them.

use sans_h2::frame::{Flags, Kind, SettingId};
use sans_h2::{ErrorCode, Part, Role};

use crate::caller::{Caller, Sends};
use crate::wire::{UNITS, Wire, entry, flood, heads, nth, once, preface, simple, with_streams};
use crate::{Attack, Case, Cost, Ends, Scene, row};

pub(crate) const ROWS: [Attack; 13] = [
    row(Cost::Frame, "A1", "PING: the queue of replies", "CVE-2019-9512", (2, 0), a1),
    row(Cost::Frame, "A2", "SETTINGS: the queue of replies, work", "CVE-2019-9515", (2, 0), a2),
    Attack {
        cost: Cost::Octet,
        ..row(Cost::Frame, "A3", "SETTINGS of many entries: work", "CVE-2020-11080", (1, 1), a3)
    },
    row(
        Cost::Frame,
        "A4",
        "INITIAL_WINDOW_SIZE to and fro: work for each stream",
        "RFC 9113 §10.5",
        (3, 0),
        a4,
    ),
    Attack {
        cost: Cost::Octet,
        ..row(Cost::Frame, "A5", "HEADER_TABLE_SIZE of 4 GiB: the encoder's table", "h2 #941", (1, 0), a5)
    },
    row(
        Cost::Frame,
        "A6",
        "MAX_FRAME_SIZE out of range: endless writing",
        "CVE-2026-33814",
        (0, 8 << 16),
        a6,
    ),
    row(Cost::Frame, "A7", "PRIORITY: a tree of dependencies", "CVE-2019-9513", (3, 0), a7),
    row(Cost::Frame, "A8", "PRIORITY_UPDATE of idle streams: memory", "RFC 9218 §7", (2, 0), a8),
    row(
        Cost::Frame,
        "A9",
        "extension frames and GOAWAY: work, memory",
        "CVE-2022-24668",
        (5, 256 * 256 * 17),
        a9,
    ),
    row(Cost::Frame, "A10", "WINDOW_UPDATE of one octet: work", "RFC 9113 §10.5", (2, 0), a10),
    row(Cost::Frame, "A11", "frames without content: work", "CVE-2019-9518", (3, 0), a11),
    Attack {
        cost: Cost::Octet,
        ..row(Cost::Frame, "A12", "DATA of one octet: memory for each event", "h2 #935", (1, 0), a12)
    },
    row(Cost::Frame, "A13", "frames on streams that are over: answers", "RUSTSEC-2024-0003", (4, 0), a13),
];

/// What the noise budget of an engine should allow at most.
const NOISE: usize = 10_000;

fn a1(case: Case) -> Scene {
    let flights = simple(case, |wire, n| drop_ref(wire.ping(n)));
    match case.variant {
        0 => Scene { caller: Caller::new(), ends: Ends::Calm(NOISE), flights },
        _ => Scene {
            caller: Caller::new().never_writes(),
            ends: Ends::With(ErrorCode::ENHANCE_YOUR_CALM),
            flights,
        },
    }
}

fn a2(case: Case) -> Scene {
    let flips = case.variant == 1;
    let flights = with_streams(case, 100, &[], move |wire, n| {
        let value = u32::try_from(100 + n % 2).expect("small");
        let entries: &[_] = if flips { &[(SettingId::MAX_CONCURRENT_STREAMS, value)] } else { &[] };
        wire.settings(entries);
    });
    Scene { caller: Caller::new().with(100), ends: Ends::Calm(NOISE), flights }
}

fn a3(case: Case) -> Scene {
    let entries = if case.variant == 0 { 32 } else { 2_400 };
    let payload: Vec<u8> =
        (0..entries).flat_map(|n| entry(SettingId::from(0x100 + (n % 7) as u16), n as u32)).collect();
    match case.variant {
        0 => Scene {
            caller: Caller::new(),
            ends: Ends::Calm(NOISE),
            flights: simple(case, move |wire, _| {
                wire.frame(Kind::SETTINGS, Flags::NONE, 0, &payload);
            }),
        },
        _ => Scene {
            caller: Caller::new(),
            ends: Ends::With(ErrorCode::ENHANCE_YOUR_CALM),
            flights: once(case, |wire| drop_ref(wire.frame(Kind::SETTINGS, Flags::NONE, 0, &payload))),
        },
    }
}

/// Variants 0 and 1: between 0 and 1, with 100 streams and with one that wait for their windows. Variant 2: up by one
/// octet each time.
fn a4(case: Case) -> Scene {
    let streams = if case.variant == 1 { 1 } else { 100 };
    let closed = [(SettingId::INITIAL_WINDOW_SIZE, 0)];
    let rises = case.variant == 2;
    let mut before = vec![preface(case.victim, &closed), heads(case, streams)];
    if let Some(first) = before.first_mut() {
        let mut wire = Wire::default();
        first.extend_from_slice(&wire.window_update(0, (1 << 31) - 65_536).0);
    }
    let units = if rises { 1 } else { UNITS };
    let flights = flood(case, before, units, move |wire, n| {
        let value = if rises { n } else { n % 2 };
        wire.settings(&[(SettingId::INITIAL_WINDOW_SIZE, u32::try_from(value).expect("small"))]);
    });
    Scene { caller: Caller::new().with(streams).sends(Sends::Bodies), ends: Ends::Calm(NOISE), flights }
}

fn a5(case: Case) -> Scene {
    let settings = [(SettingId::HEADER_TABLE_SIZE, u32::MAX)];
    let victim = case.victim;
    let flights = flood(case, vec![preface(victim, &settings)], UNITS, move |wire, n| {
        wire.head(victim, nth(n), Part::Last);
    });
    let caller = Caller::new().with(100).reopens().sends(Sends::Distinct);
    Scene { caller, ends: Ends::Never, flights }
}

/// Each low value of each setting, while a body is being sent.
fn a6(case: Case) -> Scene {
    let value = (case.variant & 0xffff) as u32;
    let setting = [1, 2, 3, 4, 5, 6, 8, 9][case.variant >> 16];
    let ends = match (setting, case.victim) {
        (2, Role::Server) | (8, _) if value > 1 => Ends::With(ErrorCode::PROTOCOL_ERROR),
        (2, Role::Client) if value > 0 => Ends::With(ErrorCode::PROTOCOL_ERROR),
        (5, _) if value < 16_384 => Ends::With(ErrorCode::PROTOCOL_ERROR),
        (9, _) if value > 1 => Ends::With(ErrorCode::PROTOCOL_ERROR),
        _ => Ends::Never,
    };
    let victim = case.victim;
    let flights = once(case, |wire| {
        wire.settings(&[(SettingId::from(setting), value)]).head(victim, 1, Part::More).window_update(1, 1);
    });
    Scene { caller: Caller::new().sends(Sends::Bodies), ends, flights }
}

/// On itself, in a circle, and of ever more streams.
fn a7(case: Case) -> Scene {
    let variant = case.variant;
    let flights = simple(case, move |wire, n| {
        let (stream, parent) = match variant {
            0 => (nth(7), nth(7)),
            1 => (nth(n % 3), nth((n + 1) % 3)),
            _ => (nth(n), nth(n / 2)),
        };
        let payload = [&(0x8000_0000 | parent).to_be_bytes()[..], &[n as u8]].concat();
        wire.frame(Kind::PRIORITY, Flags::NONE, stream, &payload);
    });
    Scene { caller: Caller::new(), ends: Ends::Calm(NOISE), flights }
}

/// Of ever more streams, and of the same few again and again.
fn a8(case: Case) -> Scene {
    let variant = case.variant;
    let flights = simple(case, move |wire, n| {
        let spread = if variant == 0 { n.wrapping_mul(0x9e37_79b9) % (1 << 30) } else { n % 50 };
        let payload = [&nth(spread).to_be_bytes()[..], b"u=1"].concat();
        wire.frame(Kind::PRIORITY_UPDATE, Flags::NONE, 0, &payload);
    });
    let ends = match (variant, case.victim) {
        (0, _) | (_, Role::Client) => Ends::With(ErrorCode::PROTOCOL_ERROR),
        (_, Role::Server) => Ends::Calm(NOISE),
    };
    Scene { caller: Caller::new(), ends, flights }
}

/// Floods of giant and of small frames; then each type with each set of flags and each short length.
fn a9(case: Case) -> Scene {
    let giants =
        [vec![7; 16_384], vec![0; 16_384], b"\0\0h2=\":443\"".to_vec(), vec![0; 16_384], vec![1; 20]];
    let kinds = [Kind::from(0xbe), Kind::ORIGIN, Kind::ALTSVC, Kind::GOAWAY, Kind::from(0x4d)];
    if let (Some(&kind), Some(payload)) = (kinds.get(case.variant), giants.into_iter().nth(case.variant)) {
        let stream = if kind == Kind::ALTSVC { 1 } else { 0 };
        let mut payload = payload;
        if kind == Kind::GOAWAY {
            payload[..4].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff]);
        }
        let flights = with_streams(case, 1, &[], move |wire, _| {
            wire.frame(kind, Flags::NONE, stream, &payload);
        });
        return Scene { caller: Caller::new(), ends: Ends::Calm(NOISE), flights };
    }
    let nth = case.variant - kinds.len();
    let (kind, flags, length) = ((nth / 17 / 256) as u8, (nth / 17 % 256) as u8, nth % 17);
    let victim = case.victim;
    let flights = once(case, |wire| {
        wire.head(victim, 1, Part::More);
        wire.frame(Kind::from(kind), Flags::from(flags), u32::from(kind % 2), &[0; 16][..length]).ping(1);
    });
    Scene { caller: Caller::new(), ends: Ends::Either, flights }
}

fn a10(case: Case) -> Scene {
    let stream = if case.variant == 0 { 0 } else { 1 };
    let flights = with_streams(case, 1, &[], move |wire, _| drop_ref(wire.window_update(stream, 1)));
    Scene { caller: Caller::new(), ends: Ends::Calm(NOISE), flights }
}

/// Empty DATA, DATA of padding, empty field blocks.
fn a11(case: Case) -> Scene {
    let empty = |wire: &mut Wire, n| {
        wire.frame(Kind::HEADERS, Flags::END_HEADERS, nth(n), &[]);
    };
    match case.variant {
        0 => Scene {
            caller: Caller::new(),
            ends: Ends::Calm(NOISE),
            flights: with_streams(case, 1, &[], |wire, _| drop_ref(wire.data(1, &[], Part::More))),
        },
        1 => Scene {
            caller: Caller::new(),
            ends: Ends::Calm(NOISE),
            flights: with_streams(case, 1, &[], |wire, _| drop_ref(wire.padding(1, 255))),
        },
        _ => Scene {
            caller: Caller::new().with(100).reopens(),
            ends: Ends::Calm(1_000),
            flights: simple(case, empty),
        },
    }
}

fn a12(case: Case) -> Scene {
    let flights = with_streams(case, 1, &[], |wire, _| drop_ref(wire.data(1, b"x", Part::More)));
    Scene { caller: Caller::new(), ends: Ends::Never, flights }
}

/// On streams that the victim's caller has reset: DATA, WINDOW_UPDATE, RST_STREAM, field blocks.
fn a13(case: Case) -> Scene {
    let (victim, variant) = (case.victim, case.variant);
    let flights = with_streams(case, UNITS, &[], move |wire, n| {
        let stream = nth(n % UNITS);
        drop_ref(match variant {
            0 => wire.data(stream, b"x", Part::More),
            1 => wire.window_update(stream, 1),
            2 => wire.reset(stream),
            _ => wire.head(victim, stream, Part::More),
        });
    });
    // Late DATA costs nothing: an honest peer sends it, too, until it hears of the reset.
    let caller = Caller::new().with(UNITS).sends(Sends::Resets(ErrorCode::CANCEL));
    let ends = if variant == 0 { Ends::Never } else { Ends::Calm(NOISE) };
    Scene { caller, ends, flights }
}

fn drop_ref(_: &mut Wire) {}
