//! Names and values of fields (RFC 9113 §8.2): every octet in every place, in every section and both directions.

use sans_h2::{Fields, Violation};

use super::oracle::{CONNECTION_SPECIFIC, faults};
use crate::support::{Bench, Section};

/// The places of one octet: alone, first, in the middle, last.
pub(crate) fn places(octet: u8) -> [Vec<u8>; 4] {
    [vec![octet], vec![octet, b'a', b'b'], vec![b'a', octet, b'b'], vec![b'a', b'b', octet]]
}

/// How many of these lists are taken and rejected in each section, as the oracle has it.
fn judge(lists: impl Fn(Section) -> Vec<Fields>) -> [(usize, usize); 5] {
    Section::ALL.map(|section| Bench::new(section, faults).check_all(lists(section)))
}

/// The sections in which these fields are added to the right ones.
fn with_each<'a>(
    fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])> + Clone,
) -> impl Fn(Section) -> Vec<Fields> {
    move |section| fields.clone().into_iter().map(|(name, value)| section.base().with(name, value)).collect()
}

// covers 9113-8.2-1 9113-8.2.1-1 9113-8.2.1-2 9113-8.2.1-3 9113-8.2.1-4 9113-8.2.1-8 9113-8.1.1-1 9113-8.1.1-2
#[test]
fn every_octet_in_every_place_of_a_name() {
    let names: Vec<Vec<u8>> = (0..=255).flat_map(places).chain([vec![]]).collect();
    let counts = judge(with_each(names.iter().map(|name| (&name[..], &b"v"[..]))));
    // The lower-case octets of tokens: 26 letters, 10 digits and 15 signs.
    assert_eq!(counts, [(51 * 4, 205 * 4 + 1); 5]);
}

// covers 9113-8.2.1-4 9113-8.3-1 9113-8.3-4
#[test]
fn every_octet_in_every_place_of_a_pseudo_name() {
    let names: Vec<Vec<u8>> = (0..=255)
        .flat_map(places)
        .chain([vec![], b":".to_vec(), b":path".to_vec()])
        .map(|name| [b":", &name[..]].concat())
        .collect();
    let lists = |section: Section| {
        let first = |name: &Vec<u8>| {
            let mut fields = Fields::new().with(name, "v");
            fields.extend(section.base().iter().map(|field| (field.name, field.value)));
            fields
        };
        names.iter().map(first).collect()
    };
    assert_eq!(judge(lists), [(0, 1_027); 5]);
}

// covers 9113-8.2.1-1 9113-8.2.1-2 9113-8.2.1-5 9113-8.2.1-6 9113-8.2.1-8 9113-8.1.1-2 9113-8.1.1-3 9113-10.3-1
#[test]
fn every_octet_in_every_place_of_a_value() {
    let values: Vec<Vec<u8>> = (0..=255).flat_map(places).chain([vec![]]).collect();
    let counts = judge(with_each(values.iter().map(|value| (&b"name"[..], &value[..]))));
    // 94 visible ones and 128 above ASCII; in the middle space and tab, too; and the empty value.
    let taken = 4 * (94 + 128) + 2 + 1;
    assert_eq!(counts, [(taken, 1_025 - taken); 5]);
}

/// Both ends at once, with every white space and what looks like it.
// covers 9113-8.2.1-6
#[test]
fn white_space_at_the_ends_of_values() {
    let pads = ["", " ", "\t", "  ", " \t", "\t ", "\u{a0}", "\u{85}", "\r\n ", "\u{b}", "\u{c}"];
    let values: Vec<String> = pads
        .iter()
        .flat_map(|before| pads.iter().map(move |after| (before, after)))
        .flat_map(|(before, after)| ["", "a", "a b"].map(|value| format!("{before}{value}{after}")))
        .collect();
    judge(with_each(values.iter().map(|value| (&b"name"[..], value.as_bytes()))));
}

/// One bad field among good ones, wherever it stands.
// covers 9113-8.2.1-7 9113-8.2.1-8 9113-8.1.1-2
#[test]
fn a_single_bad_field_spoils_the_section() {
    let bad = [("Name", "v"), ("na me", "v"), ("na:me", "v"), ("", "v"), ("name", "\0"), ("name", " v")];
    let lists = |section: Section| {
        let place = |at: usize, (name, value): (&str, &str)| {
            let good = |range: std::ops::Range<usize>| range.map(|nth| (format!("x-{nth}"), "good"));
            let mut fields = section.base();
            fields.extend(good(0..at));
            fields = fields.with(name, value);
            fields.extend(good(at..20));
            fields
        };
        (0..=20).flat_map(|at| bad.map(|field| place(at, field))).collect()
    };
    assert_eq!(judge(lists), [(0, 21 * 6); 5]);
}

// covers 9113-8.2.2-1 9113-8.2.2-2 9113-10.3-2 8441-5-3
#[test]
fn the_connections_own_fields_are_in_no_section() {
    let values = ["", "close", "keep-alive", "chunked", "websocket", "timeout=5", "te"];
    let fields = CONNECTION_SPECIFIC.iter().flat_map(|&name| values.map(|value| (name, value.as_bytes())));
    assert_eq!(judge(with_each(fields)), [(0, 35); 5]);
    // Others look like them.
    let near =
        ["connections", "connectio", "x-connection", "proxy-authenticate", "keep-alives", "keep_alive"];
    let more =
        ["transfer-encodings", "content-encoding", "upgrade-insecure-requests", "upgrad", "http2-settings"];
    let fields = near.iter().chain(&more).map(|name| (name.as_bytes(), &b"close"[..]));
    assert_eq!(judge(with_each(fields)), [(11, 0); 5]);
    // Nor are they with CONNECT, be it for a WebSocket.
    let mut bench = Bench::new(Section::ExtendedRequest, faults);
    for name in CONNECTION_SPECIFIC {
        let connect =
            Fields::new().with(":method", "CONNECT").with(":authority", "a:1").with(name, "upgrade");
        let websocket =
            Fields::request("CONNECT", "https", "a", "/").with(":protocol", "websocket").with(name, "a");
        for fields in [connect, websocket] {
            bench.expect(&fields, &[Violation::ConnectionSpecificField]);
        }
    }
}

// covers 9113-8.2.2-3
#[test]
fn te_says_trailers_in_requests_or_is_not_there() {
    let mut values: Vec<Vec<u8>> =
        ["trailers", "", "gzip", "trailers, gzip", "gzip, trailers", "trailers;q=0.5"]
            .iter()
            .chain(&[
                "trailer",
                "trailerss",
                "trailers,",
                "chunked",
                "deflate;q=0.5",
                "identity",
                "*",
                "\"trailers\"",
            ])
            .map(|value| value.as_bytes().to_vec())
            .collect();
    // Every octet in every place; upper case is left out, for codings know no case.
    let others = (0..=255_u8).filter(|octet| !octet.is_ascii_uppercase());
    values.extend(others.flat_map(|octet| {
        (0..8).map(move |at| {
            let mut value = b"trailers".to_vec();
            value[at] = octet;
            value
        })
    }));
    let right = values.iter().filter(|value| *value == b"trailers").count();
    let counts = judge(with_each(values.iter().map(|value| (&b"te"[..], &value[..]))));
    let [request, extended, others @ ..] = counts;
    assert_eq!([request, extended], [(right, values.len() - right); 2]);
    assert_eq!(others, [(0, values.len()); 3]);
}

/// The syntax alone; `content.rs` holds the number against the content.
// covers 9113-8.1.1-2 9113-10.3-1
#[test]
fn every_octet_in_every_place_of_a_content_length() {
    let digits =
        |octet: u8| [vec![octet], vec![octet, b'1', b'2'], vec![b'1', octet, b'2'], vec![b'1', b'2', octet]];
    let mut values: Vec<Vec<u8>> = (0..=255).flat_map(digits).collect();
    let more = [
        "",
        "0",
        "00",
        "007",
        "+1",
        "-1",
        "1.0",
        "1e3",
        "0x10",
        "1,1",
        "1, 1",
        "1 1",
        "4294967296",
        "1;",
        "１",
    ];
    // Numbers know no end, zeros in front count for nothing; what no stream can hold is rejected.
    let long = [
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999",
        "0000000000000000000000012",
    ];
    values.extend(more.iter().chain(&long).map(|value| value.as_bytes().to_vec()));
    let lists = |section: Section| {
        let one = |value: &Vec<u8>| section.base().with("content-length", value);
        let twice = |value: &&str| {
            section.base().with("content-length", "3").with("a", "b").with("content-length", value)
        };
        values.iter().map(one).chain(["3", "4", "", "3, 3"].iter().map(twice)).collect::<Vec<_>>()
    };
    for section in [Section::Request, Section::ExtendedRequest, Section::Response] {
        let counts = Bench::new(section, faults).check_all(lists(section));
        assert_eq!(counts, (40 + 6, 1_024 + 19 + 4 - 46));
    }
}
