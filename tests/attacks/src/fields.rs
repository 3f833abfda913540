//! C: field blocks and their compression.

use sans_h2::frame::{Flags, Kind};
use sans_h2::{ConfigBuilder, ErrorCode, Huffman, Indexing, Part, Role, hpack};

use crate::caller::{Caller, Sends};
use crate::wire::{UNITS, Wire, flood, inserted, integer, literal, nth, once, preface, simple, start};
use crate::{Attack, Case, Cost, Ends, Scene, row};

pub(crate) const ROWS: [Attack; 13] = [
    row(Cost::Octet, "C1", "CONTINUATION without end: memory", "VU#421644", (2, 0), c1),
    row(
        Cost::Octet,
        "C2",
        "empty CONTINUATION: work that no octet is counted for",
        "CVE-2026-33871",
        (1, 0),
        c2,
    ),
    row(Cost::Octet, "C3", "one fat entry referred to again and again", "CVE-2016-6581", (3, 0), c3),
    row(Cost::Octet, "C4", "one tiny entry referred to thousands of times", "CVE-2026-49975", (2, 0), c4),
    row(Cost::Octet, "C5", "cookies in crumbs: quadratic joining", "CVE-2026-47774", (1, 1), c5),
    row(Cost::Octet, "C6", "empty names: fields that cost nothing", "CVE-2019-9516", (1, 3), c6),
    row(Cost::Octet, "C7", "long literals in small pieces: quadratic decoding", "CVE-2022-41723", (3, 0), c7),
    row(
        Cost::Octet,
        "C8",
        "integers without end, strings of gigabytes",
        "CVE-2023-33953",
        (0, 5 * 11 * 2 + 2),
        c8,
    ),
    row(Cost::Octet, "C9", "indices and sizes out of range", "CVE-2018-14645", (0, 65_536), c9),
    row(Cost::Octet, "C10", "blocks that are refused: tables out of step", "CVE-2024-7246", (0, 2), c10),
    row(Cost::Octet, "C11", "names never seen before: caches", "CVE-2022-41717", (1, 0), c11),
    row(Cost::Octet, "C12", "a hundred thousand fields", "CVE-2021-31525", (1, 0), c12),
    row(
        Cost::Octet,
        "C13",
        "secrets: the mark of fields that are never indexed",
        "RFC 7541 §7.1",
        (0, 1),
        c13,
    ),
];

const CALM: ErrorCode = ErrorCode::ENHANCE_YOUR_CALM;
const RESETS: usize = 1_000;

/// Messages one after the other, each of which ends or is reset at once.
fn messages() -> Caller {
    Caller::new().with(100).reopens().sends(Sends::Empty)
}

/// A block that never ends: in large frames, full of fields; and one octet of a literal at a time.
fn c1(case: Case) -> Scene {
    let victim = case.victim;
    let fields = literal(b"x-filler", &[b'v'; 1_000]).repeat(16);
    let large = case.variant == 0;
    let flights = simple(case, move |wire, n| {
        if n == 0 {
            let first = [start(victim, Part::More), b"\0\x01x\x7f\xe1\xd3\x03"].concat();
            let first = if large { start(victim, Part::More) } else { &first };
            wire.frame(Kind::HEADERS, Flags::NONE, 1, first);
        }
        wire.frame(Kind::CONTINUATION, Flags::NONE, 1, if large { &fields } else { b"v" });
    });
    Scene { caller: Caller::new(), ends: Ends::With(CALM), flights }
}

fn c2(case: Case) -> Scene {
    let victim = case.victim;
    let flights = simple(case, move |wire, n| {
        if n == 0 {
            wire.frame(Kind::HEADERS, Flags::NONE, 1, start(victim, Part::More));
        }
        wire.frame(Kind::CONTINUATION, Flags::NONE, 1, &[]);
    });
    Scene { caller: Caller::new(), ends: Ends::With(CALM), flights }
}

/// An entry of 4,000 octets: in one block, in blocks that are too large, and in blocks that just are not.
fn c3(case: Case) -> Scene {
    let entry = inserted(b"x-fat", &[b'v'; 4_000]);
    let references = match case.variant {
        0 => 10_000,
        1 => 5,
        _ => 3,
    };
    let ends = [Ends::With(CALM), Ends::Calm(RESETS), Ends::Never][case.variant];
    Scene { caller: messages(), ends, flights: referring(case, entry, references) }
}

/// An entry of 33 octets: in one block, and in blocks of 90 fields.
fn c4(case: Case) -> Scene {
    let references = if case.variant == 0 { 10_000 } else { 90 };
    let ends = [Ends::With(CALM), Ends::Never][case.variant];
    Scene { caller: messages(), ends, flights: referring(case, inserted(b"x", b""), references) }
}

/// Messages that refer to an entry, which the first of them puts into the table.
fn referring(case: Case, entry: Vec<u8>, references: usize) -> crate::Flights {
    let victim = case.victim;
    let references = vec![0x80 | 62; references];
    simple(case, move |wire, n| {
        let more = if n == 0 { &entry } else { &references };
        wire.message(victim, nth(n), more, Part::Last);
    })
}

/// As many crumbs as asked for, joined; and more than a default config takes.
fn c5(case: Case) -> Scene {
    let victim = case.victim;
    if case.variant == 0 {
        let crumbs = literal(b"cookie", b"a=b").repeat(case.size);
        let flights = once(case, |wire| drop_ref(wire.message(victim, 1, &crumbs, Part::Last)));
        let caller = messages().config(|knobs| unlimited(knobs).join_cookies(true));
        return Scene { caller, ends: Ends::Never, flights };
    }
    let crumbs = literal(b"cookie", b"a=b").repeat(900);
    let flights = once(case, |wire| drop_ref(wire.message(victim, 1, &crumbs, Part::Last)));
    Scene { caller: messages(), ends: Ends::Refused, flights }
}

/// Limits so high that nothing of this size is refused.
fn unlimited(knobs: ConfigBuilder) -> ConfigBuilder {
    let knobs = knobs.max_header_list_size(16_777_216).max_header_fields(100_000);
    knobs.max_field_block_size(67_108_864).max_continuations(1_000_000)
}

fn c6(case: Case) -> Scene {
    let victim = case.victim;
    let field = match case.variant {
        0 | 1 => literal(b"", b""),
        2 => literal(b"", b"v"),
        _ => literal(b":", b""),
    };
    if case.variant == 0 {
        let flights = simple(case, move |wire, n| drop_ref(wire.message(victim, nth(n), &field, Part::Last)));
        return Scene { caller: messages(), ends: Ends::Calm(RESETS), flights };
    }
    let flights = once(case, |wire| drop_ref(wire.message(victim, 1, &field, Part::Last)));
    Scene { caller: messages(), ends: Ends::Refused, flights }
}

/// Literals of so many octets, at most 60,000 in one block: plain, Huffman-coded, and both a name and a value.
fn c7(case: Case) -> Scene {
    let victim = case.victim;
    let octets = case.size.min(60_000);
    let text = vec![b'a'; octets];
    let field = match case.variant {
        0 => literal(b"x", &text),
        1 => [b"\0\x01x", &huffman(octets)[..]].concat(),
        _ => [b"\0", &huffman(octets.min(45_000))[..], &huffman(octets.min(45_000))].concat(),
    };
    let blocks = Case { size: case.size.div_ceil(60_000), ..case };
    let flights = flood(blocks, vec![preface(victim, &[])], 1, move |wire, n| {
        wire.message(victim, nth(n), &field, Part::Last);
    });
    let ends = if case.variant == 2 { Ends::Either } else { Ends::Never };
    Scene { caller: messages(), ends, flights }
}

/// A string of so many `a`, whose code is 00011.
fn huffman(octets: usize) -> Vec<u8> {
    let mut bits = (0..octets * 5).map(|bit| u8::from(bit % 5 > 2)).chain([1; 7]);
    let coded: Vec<u8> = (0..(octets * 5).div_ceil(8))
        .map(|_| bits.by_ref().take(8).fold(0, |octet, bit| octet << 1 | bit))
        .collect();
    [integer(0x80, 7, coded.len()), coded].concat()
}

/// For each prefix an integer that goes on for 0 to 10 octets; then strings of 2 GiB.
fn c8(case: Case) -> Scene {
    let (prefix, length) = (case.variant / 22, case.variant / 2 % 11);
    let filler = if case.variant % 2 == 0 { 0x80 } else { 0xff };
    let first: &[u8] = [&[0xff][..], &[0x7f], &[0x3f], &[0x1f], &[0, 1, b'x', 0x7f], &[]][prefix.min(5)];
    let block = match prefix {
        5 => {
            [&[0, 1, b'x'][..], &[if case.variant % 2 == 0 { 0x7f } else { 0xff }, 0x81, 0xff, 0xff, 0xff, 7]]
                .concat()
        }
        _ => [first, &vec![filler; length]].concat(),
    };
    let flights = once(case, |wire| drop_ref(wire.block(1, &block, Part::Last)));
    Scene { caller: messages(), ends: Ends::With(ErrorCode::COMPRESSION_ERROR), flights }
}

/// Every block of two octets.
fn c9(case: Case) -> Scene {
    let block = (case.variant as u16).to_be_bytes();
    let flights = once(case, |wire| drop_ref(wire.block(1, &block, Part::Last)));
    // A size update as such is no message, and an index of a status is one.
    let ends = match is_legal(block) {
        true if case.victim == Role::Server => Ends::Refused,
        true => Ends::Never,
        false => Ends::With(ErrorCode::COMPRESSION_ERROR),
    };
    Scene { caller: messages(), ends, flights }
}

/// Whether a block of two octets can be decoded with an empty dynamic table of at most 4,096 octets (RFC 7541 §6).
fn is_legal([first, second]: [u8; 2]) -> bool {
    let indexed = |octet: u8| (0x81..=0x80 + 61).contains(&octet);
    let update = |octet: u8| (0x20..0x3f).contains(&octet);
    match first {
        0x80.. => indexed(first) && indexed(second),
        // The index of a name, and an empty value.
        0x40.. => (0x41..=0x40 + 61).contains(&first) && second & 0x7f == 0,
        0x3f => second < 0x80,
        0x20.. => update(second) || indexed(second),
        _ => first & 0x0f != 0 && first & 0x0f != 0x0f && second & 0x7f == 0,
    }
}

/// A block that is refused puts an entry into the table, and the next message refers to it. To a server the first
/// stream is one too many, or its list is too large; to a client a response is too large.
fn c10(case: Case) -> Scene {
    let victim = case.victim;
    let entry = inserted(b"x-kept", b"the same");
    let large = literal(b"x-large", &[b'v'; 17_000]);
    let streams = if case.variant == 0 && victim == Role::Server { 100 } else { 0 };
    let flights = once(case, |wire| {
        for n in 0..streams {
            wire.head(victim, nth(n), Part::More);
        }
        let more = if streams > 0 { entry.clone() } else { [&entry[..], &large].concat() };
        wire.message(victim, nth(streams), &more, Part::Last);
        if streams > 0 {
            wire.data(1, b"", Part::Last).reset(1);
        }
        wire.message(victim, nth(streams + 1), &[0x80 | 62], Part::Last);
    });
    Scene { caller: Caller::new().with(2), ends: Ends::Never, flights }
}

fn c11(case: Case) -> Scene {
    let victim = case.victim;
    let flights = flood(case, vec![preface(victim, &[])], UNITS, move |wire, n| {
        let field = inserted(format!("x-name-{n}").as_bytes(), format!("value-{n}").as_bytes());
        wire.message(victim, nth(n), &field, Part::Last);
    });
    Scene { caller: messages(), ends: Ends::Never, flights }
}

/// One message of as many fields as asked for, with all limits off.
fn c12(case: Case) -> Scene {
    let victim = case.victim;
    let fields: Vec<u8> = (0..case.size).flat_map(|n| literal(format!("x-{n}").as_bytes(), b"")).collect();
    let flights = once(case, |wire| drop_ref(wire.message(victim, 1, &fields, Part::Last)));
    Scene { caller: messages().config(unlimited), ends: Ends::Never, flights }
}

fn c13(case: Case) -> Scene {
    let victim = case.victim;
    let secret = sans_h2::Field {
        indexing: Indexing::Never,
        huffman: Huffman::Never,
        ..sans_h2::Field::new(b"x-secret", b"hush")
    };
    let mut block = Vec::new();
    hpack::Encoder::new(4_096).encode([secret], &mut block);
    let flights = once(case, |wire| drop_ref(wire.message(victim, 1, &block, Part::Last)));
    Scene { caller: messages(), ends: Ends::Never, flights }
}

fn drop_ref(_: &mut Wire) {}
