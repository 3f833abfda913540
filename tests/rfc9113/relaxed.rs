//! The rules that a `Config` relaxes, and that nothing else is relaxed with them (RFC 9113 §8.2.1, §8.3.1).

use sans_h2::frame::{Part, SettingId};
use sans_h2::{
    Config, ConfigBuilder, Connection, ErrorCode, Fields, OpenError, Role, UpgradeError, Violation,
};

use super::control_data::{AUTHORITIES, HOSTS, List, PATHS, WORD, fill, orders, request};
use super::field_rules::places;
use super::oracle::{CONNECTION_SPECIFIC, Leave, faults_but};
use crate::support::{Bench, Section, Seen, Sent, config, get, id, talk};

const NONE: Leave = Leave { octets: false, host: false, authority: false };
const ALL: Leave = Leave { octets: true, host: true, authority: true };

/// Each set of rules that can be left out.
fn leaves() -> impl Iterator<Item = Leave> {
    (0..8).map(|bits| Leave { octets: bits & 1 != 0, host: bits & 2 != 0, authority: bits & 4 != 0 })
}

impl Leave {
    fn config(self) -> ConfigBuilder {
        Config::builder()
            .minimal_field_checks(self.octets)
            .allow_differing_host(self.host)
            .allow_any_authority(self.authority)
    }

    /// How many of these lists are taken and rejected, as the oracle has it.
    fn judge(self, section: Section, lists: impl IntoIterator<Item = Fields>) -> (usize, usize) {
        let judge = move |section, fields: &Fields| faults_but(self, section, fields);
        Bench::with(self.config(), section, judge).check_all(lists)
    }
}

// covers 9113-8.2.1-1 9113-8.2.1-2 9113-8.2.1-3 9113-8.2.1-4 9113-8.2.1-7 9113-8.2.1-8 9113-8.2-1
#[test]
fn every_octet_in_every_place_of_a_name() {
    let names: Vec<Vec<u8>> = (0..=255).flat_map(places).chain([vec![]]).collect();
    for leave in leaves() {
        // The 94 that are visible without 26 capitals and the colon, or the 51 of tokens.
        let taken = 4 * if leave.octets { 94 - 26 - 1 } else { 51 };
        for section in Section::ALL {
            let lists = names.iter().map(|name| section.base().with(name, "v"));
            assert_eq!(leave.judge(section, lists), (taken, 1_025 - taken), "{leave:?} {section:?}");
        }
    }
}

// covers 9113-8.2.1-1 9113-8.2.1-2 9113-8.2.1-5 9113-8.2.1-6 9113-8.2.1-7 9113-8.2.1-8
#[test]
fn every_octet_in_every_place_of_a_value() {
    let values: Vec<Vec<u8>> = (0..=255).flat_map(places).chain([vec![]]).collect();
    for leave in leaves() {
        // All without NUL, CR and LF, or those that are visible or above ASCII; space and tab in the middle alone.
        let taken = 4 * if leave.octets { 256 - 3 - 2 } else { 94 + 128 } + 2 + 1;
        for section in Section::ALL {
            let lists = values.iter().map(|value| section.base().with("name", value));
            assert_eq!(leave.judge(section, lists), (taken, 1_025 - taken), "{leave:?} {section:?}");
        }
    }
}

/// What §8.3.1 and §8.3.2 want to be valid stays so, whatever octets other values have.
// covers 9113-8.3-4 9113-8.3.1-9 9113-8.3.1-11 9113-8.3.1-12
#[test]
fn control_data_stays_valid() {
    let words = || fill(&WORD).into_iter().chain([vec![]]);
    let methods = words().map(|value| request([&value, b"http", b"a", b"/"]));
    assert_eq!(ALL.judge(Section::Request, methods), (4 * 77, 4 * 179 + 1));
    let schemes = words().map(|value| request([b"GET", &value, b"a", b"/"]));
    assert_eq!(ALL.judge(Section::Request, schemes), (2 * 52 + 2 * 65, 1_025 - 234));
    let connect = || Fields::request("CONNECT", "https", "a", "/");
    let protocols = words().map(|value| connect().with(":protocol", value));
    assert_eq!(ALL.judge(Section::ExtendedRequest, protocols), (4 * 77, 4 * 179 + 1));
    for (method, scheme) in [("GET", "http"), ("OPTIONS", "https"), ("GET", "coap")] {
        let lists = || {
            let paths = fill(&PATHS).into_iter().chain([vec![]]);
            paths.map(|path| request([method.as_bytes(), scheme.as_bytes(), b"a", &path]))
        };
        assert_eq!(ALL.judge(Section::Request, lists()), NONE.judge(Section::Request, lists()));
    }
    let statuses = fill(&["_", "_00", "2_0", "20_", "200_", "10_"]).into_iter();
    let statuses = || statuses.clone().map(|value| Fields::new().with(":status", value));
    assert_eq!(ALL.judge(Section::Response, statuses()), NONE.judge(Section::Response, statuses()));
}

/// Their order, repeats and sets.
// covers 9113-8.3-2 9113-8.3-3 9113-8.3-5 9113-8.3-6 9113-8.3-7 9113-8.3-8 9113-8.3.1-12 9113-8.5-1
#[test]
fn pseudo_fields_stay_in_their_places() {
    for method in ["GET", "CONNECT"] {
        let fields = [
            (":method", method),
            (":scheme", "https"),
            (":authority", "a:1"),
            (":path", "/"),
            (":status", "200"),
        ];
        let lists: Vec<List> = orders(&fields).into_iter().filter(|list| list.len() > 1).collect();
        let right = if method == "GET" { 6 + 24 } else { 2 };
        let judge = |section| ALL.judge(section, lists.iter().cloned().map(Fields::from_iter));
        assert_eq!(judge(Section::Request), (right, lists.len() - right));
        for section in [Section::Response, Section::RequestTrailers, Section::ResponseTrailers] {
            assert_eq!(judge(section), (0, lists.len()));
        }
    }
    for section in Section::ALL {
        let base: Vec<_> =
            section.base().iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect();
        let behind = base.iter().map(|(name, value)| section.base().with("name", "value").with(name, value));
        let twice = base.iter().map(|(name, value)| section.base().with(name, value));
        let other = [":", ":Path", ":other", ":\u{e9}"].map(|name| Fields::new().with(name, "a"));
        assert_eq!(ALL.judge(section, behind.chain(twice).chain(other)), (0, 2 * base.len() + 4));
    }
}

// covers 9113-8.2.2-1 9113-8.2.2-2 9113-8.2.2-3
#[test]
fn fields_of_the_connection_stay_out() {
    for section in Section::ALL {
        let own = CONNECTION_SPECIFIC.iter().map(|name| section.base().with(name, "close"));
        let te = ["", "gzip", "trailers, gzip"].map(|value| section.base().with("te", value));
        let lengths = ["", "+1", "1, 1", "a"].map(|value| section.base().with("content-length", value));
        let lengths = lengths.into_iter().filter(|_| !section.is_trailers());
        let lists: Vec<Fields> = own.chain(te).chain(lengths).collect();
        let count = lists.len();
        assert_eq!(ALL.judge(section, lists), (0, count));
    }
}

/// Whatever `host` says, alone.
// covers 9113-8.3.1-4
#[test]
fn a_host_may_differ_from_the_authority_on_request() {
    for leave in leaves() {
        for (scheme, authority) in ["http", "coap"].iter().flat_map(|one| HOSTS.map(|two| (one, two))) {
            let bases = [
                Fields::request("GET", scheme, authority, "/"),
                Fields::request("CONNECT", scheme, authority, "/").with(":protocol", "websocket"),
            ];
            let hosts = HOSTS.iter().chain(&["", "a@example.com"]);
            let lists = hosts.flat_map(|host| bases.clone().map(|base| base.with("host", host)));
            let (taken, rejected) = leave.judge(Section::ExtendedRequest, lists);
            assert_eq!(rejected == 0, leave.host, "{leave:?} {scheme} {authority}: {taken} taken");
        }
        let twice = ["localhost", "other"].map(|host| get().with("host", "localhost").with("host", host));
        assert_eq!(leave.judge(Section::Request, twice), (0, 2));
    }
}

// covers 9113-8.3.1-8 9113-8.5-1
#[test]
fn an_authority_may_be_in_any_grammar_on_request() {
    let more = [
        "",
        ":",
        ":80",
        "a:",
        "a:b:1",
        "a@b",
        "a:b@c:80",
        "@a",
        "a@",
        "[]",
        "[::1",
        "::1",
        "a b",
        "a%4",
        "[v1.a:b]",
        "[fe80::1%25eth0]",
        "[fe80::1%eth0]:80",
        "b\u{fc}cher.example:443",
        "a/b",
        "a?b",
        "a#b",
    ];
    let values: Vec<Vec<u8>> =
        fill(&AUTHORITIES).into_iter().chain(more.map(|value| value.as_bytes().to_vec())).collect();
    let judge = |leave: Leave, scheme: &[u8]| {
        leave.judge(Section::Request, values.iter().map(|value| request([b"GET", scheme, value, b"/"]))).0
    };
    for scheme in [&b"HTTP"[..], b"coap"] {
        let others = judge(Leave { authority: false, ..ALL }, scheme);
        let [alone, all] = [Leave { authority: true, ..NONE }, ALL].map(|leave| judge(leave, scheme));
        assert!(others < alone, "{others} and {alone}");
        assert_eq!(alone, all, "no other switch has a part in it");
    }
    let connect = |value: &Vec<u8>| {
        let tunnel = [value, &b":443"[..]].concat();
        [value, &tunnel].map(|value| Fields::new().with(":method", "CONNECT").with(":authority", value))
    };
    ALL.judge(Section::Request, values.iter().flat_map(connect));
}

/// For each rule that can be relaxed a request that it alone is against.
fn offenders() -> [(Leave, Fields, Violation); 4] {
    [
        (Leave { octets: true, ..NONE }, get().with("na(me", "v"), Violation::InvalidFieldName),
        (Leave { octets: true, ..NONE }, get().with("name", "a\x01b"), Violation::InvalidFieldValue),
        (Leave { host: true, ..NONE }, get().with("host", "elsewhere"), Violation::HostMismatch),
        (
            Leave { authority: true, ..NONE },
            Fields::request("GET", "http", "[fe80::1%25eth0]", "/"),
            Violation::InvalidAuthority,
        ),
    ]
}

// covers 9113-8.4.1-1 9113-8.4.1-3
#[test]
fn promises_have_the_rules_of_requests() {
    for (leave, (relaxed, fields, violation)) in
        leaves().flat_map(|leave| offenders().map(|one| (leave, one)))
    {
        let is_taken = (relaxed.octets && leave.octets)
            || (relaxed.host && leave.host)
            || (relaxed.authority && leave.authority);
        let client = config(|_| leave.config().enable_push(true));
        talk(Role::Client, &client, &[], |talk| {
            talk.opened(Part::Last);
            let events = talk.hear(|wire| wire.promise(1, 2, &fields));
            if is_taken {
                assert_eq!(events, [Seen::PushPromise(1, 2, fields.clone())]);
            } else {
                assert_eq!(events, []);
                talk.assert_usable(&[Sent::reset(2, ErrorCode::PROTOCOL_ERROR)]);
            }
            let answer = Seen::response(1, 200, Part::Last);
            assert_eq!(talk.hear(|wire| wire.response(1, 200, Part::Last)), [answer]);
        });
        let server = config(|_| leave.config());
        talk(Role::Server, &server, &[(SettingId::ENABLE_PUSH, 1)], |talk| {
            talk.hear(|wire| wire.get(1));
            let promised = talk.connection.push(id(1), fields.clone());
            let expected = if is_taken { Ok(id(2)) } else { Err(OpenError::Malformed(violation)) };
            assert_eq!(promised, expected);
            assert_eq!(talk.frames().len(), usize::from(is_taken));
            talk.assert_usable(&[]);
        });
    }
}

#[test]
fn upgraded_connections_have_the_rules_of_others() {
    for (leave, (relaxed, fields, violation)) in
        [NONE, ALL].iter().flat_map(|&leave| offenders().map(|one| (leave, one)))
    {
        assert_ne!(relaxed, NONE);
        let expected = if leave == ALL { Ok(id(1)) } else { Err(UpgradeError::Malformed(violation)) };
        let config = config(|_| leave.config());
        let client = Connection::upgraded_client(config.clone(), &fields);
        assert_eq!(client.map(|(_, stream)| stream), expected);
        let server = Connection::upgraded_server(config, "", &fields);
        assert_eq!(server.map(|(_, stream)| stream), expected);
    }
}
