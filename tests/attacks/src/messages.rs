//! E: what messages mean; F: what only servers send.

use sans_h2::frame::{Flags, Kind};
use sans_h2::{ErrorCode, Part, Role};

use crate::caller::{Caller, Sends};
use crate::wire::{MAGIC, UNITS, Wire, flood, literal, nth, once, preface, simple, with_streams};
use crate::{ATTACKS, Attack, CLIENT, Case, Cost, Ends, SERVER, Scene, row};

pub(crate) const ROWS: [Attack; 9] = [
    row(
        Cost::Octet,
        "E1",
        "content-length that is not the content's",
        "CVE-2021-21409",
        (0, LENGTHS.len()),
        e1,
    ),
    row(
        Cost::Octet,
        "E2",
        "fields of an HTTP/1.1 connection",
        "nginx d3a76322c",
        (0, 2 * CONNECTION.len()),
        e2,
    ),
    row(
        Cost::Octet,
        "E3",
        "octets that no field may have",
        "CVE-2025-57804",
        (0, 256 * 3 * PLACES.len()),
        e3,
    ),
    Attack {
        victims: SERVER,
        ..row(
            Cost::Octet,
            "E4",
            "pseudo-header fields: missing, twice, out of place",
            "nginx a277069b1",
            (0, 64 + 7),
            e4,
        )
    },
    row(Cost::Octet, "E5", "a preface with a wrong octet", "CVE-2022-41721", (0, 24 * 255), e5),
    row(Cost::Octet, "E6", "fields that the caller is to pass on", "CVE-2026-42055", (1, 0), e6),
    Attack {
        victims: CLIENT,
        ..row(Cost::Octet, "F1", "PUSH_PROMISE: reserved streams", "CVE-2024-2398", (1, 1), f1)
    },
    Attack {
        victims: CLIENT,
        ..row(Cost::Octet, "F2", "interim responses without end", "python h2", (1, 0), f2)
    },
    Attack {
        victims: CLIENT,
        ..row(Cost::Octet, "F3", "every row above that a server can play", "CVE-2026-33814", (FLOODS, 0), f3)
    },
];

fn caller() -> Caller {
    Caller::new().with(100).reopens().sends(Sends::Empty)
}

/// Values of `content-length`, and the body.
type Lengths = (&'static [&'static [u8]], Option<&'static [u8]>);

/// Content lengths that a body of two octets contradicts; with `None`, a head that ends the message instead.
const LENGTHS: [Lengths; 16] = [
    (&[b"1"], Some(b"xy")),
    (&[b"3"], Some(b"xy")),
    (&[b"0"], Some(b"xy")),
    (&[b"2", b"3"], Some(b"xy")),
    (&[b"2", b"2"], Some(b"xy")),
    (&[b"2, 2"], Some(b"xy")),
    (&[b"+2"], Some(b"xy")),
    (&[b"-2"], Some(b"xy")),
    (&[b" 2"], Some(b"xy")),
    (&[b"2 "], Some(b"xy")),
    (&[b"0x2"], Some(b"xy")),
    (&[b""], Some(b"xy")),
    (&[b"2\x00"], Some(b"xy")),
    (&[b"18446744073709551618"], Some(b"xy")),
    (&[b"2"], None),
    (&[b"2.0"], Some(b"xy")),
];

fn e1(case: Case) -> Scene {
    let victim = case.victim;
    let (lengths, body) = LENGTHS[case.variant];
    let fields: Vec<u8> = lengths.iter().flat_map(|length| literal(b"content-length", length)).collect();
    let flights = once(case, |wire| {
        match body {
            Some(body) => wire.message(victim, 1, &fields, Part::More).data(1, body, Part::Last),
            // A response to GET may have a length and no content; one to POST may not.
            None => wire.message(victim, 1, &fields, Part::Last),
        };
    });
    Scene { caller: Caller::new(), ends: Ends::Refused, flights }
}

const CONNECTION: [(&[u8], &[u8]); 8] = [
    (b"transfer-encoding", b"chunked"),
    (b"connection", b"close"),
    (b"upgrade", b"h2c"),
    (b"keep-alive", b"timeout=5"),
    (b"proxy-connection", b"keep-alive"),
    (b"te", b"gzip"),
    (b"te", b"trailers, gzip"),
    (b"transfer-encoding", b"identity"),
];

/// In the head of a message, and in its trailers.
fn e2(case: Case) -> Scene {
    let victim = case.victim;
    let (name, value) = CONNECTION[case.variant % CONNECTION.len()];
    let field = literal(name, value);
    let flights = once(case, |wire| {
        if case.variant < CONNECTION.len() {
            wire.message(victim, 1, &field, Part::Last);
        } else {
            wire.head(victim, 1, Part::More).block(1, &field, Part::Last);
        }
    });
    Scene { caller: Caller::new(), ends: Ends::Refused, flights }
}

/// Where an octet is put: into a name and a value, and into the values of pseudo-header fields.
const PLACES: [&[u8]; 6] = [b"", b"x", b":path", b":authority", b":scheme", b":method"];

/// Each octet at the front, in the middle and at the end of each place.
fn e3(case: Case) -> Scene {
    let (octet, at) = ((case.variant % 256) as u8, case.variant / 256 % 3);
    let place = PLACES[case.variant / 256 / 3];
    let mut text = if place == b":path" { b"/a".to_vec() } else { b"ab".to_vec() };
    text.insert(at, octet);
    let block = |victim| match (place, victim) {
        (b"", Role::Server) => [b"\x82\x86\x84\x01\x01h", &literal(&text, b"v")[..]].concat(),
        (b"", Role::Client) => [b"\x88", &literal(&text, b"v")[..]].concat(),
        (b"x", Role::Server) => [b"\x82\x86\x84\x01\x01h", &literal(b"x", &text)[..]].concat(),
        (b"x", Role::Client) => [b"\x88", &literal(b"x", &text)[..]].concat(),
        (_, Role::Client) => literal(b":status", &text),
        (_, Role::Server) => [b":method", &b":scheme"[..], b":authority", b":path"]
            .into_iter()
            .flat_map(|name| match name {
                name if name == place => literal(name, &text),
                b":method" => literal(name, b"GET"),
                b":scheme" => literal(name, b"http"),
                b":path" => literal(name, b"/"),
                _ => literal(name, b"h"),
            })
            .collect(),
    };
    let block = block(case.victim);
    let flights = once(case, |wire| drop_ref(wire.block(1, &block, Part::Last)));
    let ends = match place {
        b"" if is_name(octet) => Ends::Never,
        b"x" if is_value(octet, at) => Ends::Never,
        b"" | b"x" => Ends::Refused,
        // Paths may go unescaped above ASCII; what else is allowed here is not this table's to say.
        b":path" if octet >= 0x80 => Ends::Either,
        _ if case.victim == Role::Client || octet <= b' ' || octet >= 0x7f => Ends::Refused,
        _ => Ends::Either,
    };
    Scene { caller: Caller::new(), ends, flights }
}

/// RFC 9110 §5.1 without upper case (RFC 9113 §8.2.1).
fn is_name(octet: u8) -> bool {
    octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&octet)
}

/// RFC 9110 §5.5: space and tab are for the inside only.
fn is_value(octet: u8, at: usize) -> bool {
    match octet {
        b' ' | b'\t' => at == 1,
        0x21..=0x7e | 0x80.. => true,
        _ => false,
    }
}

/// Every set of the five pseudo-header fields of requests and one of responses; then other disorder.
fn e4(case: Case) -> Scene {
    const PSEUDO: [(&[u8], &[u8]); 6] = [
        (b":method", b"GET"),
        (b":scheme", b"http"),
        (b":path", b"/"),
        (b":authority", b"h"),
        (b":protocol", b"websocket"),
        (b":status", b"200"),
    ];
    let all = |set: usize| -> Vec<u8> {
        let chosen = PSEUDO.iter().enumerate().filter(|(n, _)| set >> n & 1 == 1);
        chosen.flat_map(|(_, (name, value))| literal(name, value)).collect()
    };
    let request = all(0b1111);
    let field = |name: &[u8], value: &[u8]| literal(name, value);
    let block = match case.variant {
        set @ 0..64 => all(set),
        64 => [request, field(b":path", b"/")].concat(),
        65 => [request, field(b"host", b"other")].concat(),
        66 => [field(b"a", b"b"), request].concat(),
        67 => [request, field(b":unknown", b"")].concat(),
        68 => [request, field(b"host", b"h"), field(b"host", b"h")].concat(),
        69 => [all(0b111), field(b":authority", b"user@h")].concat(),
        _ => request,
    };
    let flights = once(case, |wire| {
        if case.variant == 70 {
            wire.block(1, &block, Part::More).block(1, &field(b":path", b"/"), Part::Last);
        } else {
            wire.block(1, &block, Part::Last);
        }
    });
    // RFC 9113 §8.3.1: without :authority, the target has no host, which http needs unless `host` names one.
    let ends = match case.variant {
        0b1111 => Ends::Never,
        0b0111 => Ends::Either,
        _ => Ends::Refused,
    };
    Scene { caller: Caller::new(), ends, flights }
}

/// Each place of a client's fixed octets with each wrong octet; for a client, a first frame of any other type.
fn e5(case: Case) -> Scene {
    let (at, delta) = (case.variant % 24, 1 + (case.variant / 24) as u8);
    let mut first = match case.victim {
        Role::Server => MAGIC.to_vec(),
        Role::Client => b"\0\0\0\x04\0\0\0\0\0".to_vec(),
    };
    let at = match case.victim {
        Role::Server => at,
        Role::Client => 3,
    };
    first[at] = first[at].wrapping_add(delta);
    let code = match case.victim {
        Role::Server => Ends::With(ErrorCode::PROTOCOL_ERROR),
        Role::Client => Ends::Either,
    };
    Scene { caller: Caller::new(), ends: code, flights: Box::new([first].into_iter()) }
}

fn e6(case: Case) -> Scene {
    let victim = case.victim;
    let flights = simple(case, move |wire, n| drop_ref(wire.head(victim, nth(n), Part::Last)));
    Scene { caller: caller().sends(Sends::Invalid), ends: Ends::Never, flights }
}

/// To a client that takes promises and answers none; and to one that takes none.
fn f1(case: Case) -> Scene {
    let case = if case.variant == 0 { case } else { Case { size: 1, ..case } };
    let flights = with_streams(case, 1, &[], |wire, n| drop_ref(wire.promise(1, 2 + 2 * n as u32)));
    match case.variant {
        0 => {
            let caller = Caller::new().config(|knobs| knobs.enable_push(true));
            Scene { caller, ends: Ends::Calm(100 + 1_000), flights }
        }
        _ => Scene { caller: Caller::new(), ends: Ends::With(ErrorCode::PROTOCOL_ERROR), flights },
    }
}

/// Eighteen to each request.
fn f2(case: Case) -> Scene {
    let flights = flood(case, vec![preface(case.victim, &[])], UNITS / 5, |wire, n| {
        for _ in 0..18 {
            wire.frame(Kind::HEADERS, Flags::END_HEADERS, nth(n), b"\x08\x03100");
        }
    });
    Scene { caller: caller(), ends: Ends::Calm(1_000), flights }
}

/// One variant for each flood that can be played against a client.
fn f3(case: Case) -> Scene {
    let mut variant = case.variant;
    for attack in ATTACKS.iter().filter(|attack| attack.row != "F3" && attack.victims.contains(&Role::Client))
    {
        if variant < attack.floods {
            return attack.scene(case.victim, variant, case.size);
        }
        variant -= attack.floods;
    }
    unreachable!("the variants of the row are those of the others")
}

/// How many there are.
const FLOODS: usize = {
    let parts: [&[Attack]; 4] =
        [&crate::control::ROWS, &crate::streams::ROWS, &crate::fields::ROWS, &crate::windows::ROWS];
    let (mut floods, mut part) = (0, 0);
    while part < parts.len() {
        let mut row = 0;
        while row < parts[part].len() {
            floods += parts[part][row].floods;
            row += 1;
        }
        part += 1;
    }
    // E6, F1 and F2.
    floods + 3
};

fn drop_ref(_: &mut Wire) {}
