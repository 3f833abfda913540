//! Pseudo-header fields (RFC 9113 §8.3, §8.5, RFC 8441 §4): every set and order of them, and every octet in their
//! values.

use sans_h2::frame::{Kind, Part, SettingId};
use sans_h2::{Config, ControlError, ErrorCode, Fields, Head, OpenError, Role, Violation};

use super::oracle::faults;
use crate::support::{
    Bench, Section, Seen, Sent, Talk, Wire, config, heads, id, settings_of, settings_seen, talk,
    talk_from_start,
};

const METHOD: (&str, &str) = (":method", "GET");
const CONNECT: (&str, &str) = (":method", "CONNECT");
const SCHEME: (&str, &str) = (":scheme", "https");
const AUTHORITY: (&str, &str) = (":authority", "example.com:443");
const PATH: (&str, &str) = (":path", "/");
const PROTOCOL: (&str, &str) = (":protocol", "websocket");
const STATUS: (&str, &str) = (":status", "200");

pub(crate) type List = Vec<(&'static str, &'static str)>;

/// All sets and orders of these fields.
pub(crate) fn orders(of: &[(&'static str, &'static str)]) -> Vec<List> {
    let mut all = vec![vec![]];
    for &first in of {
        let others: List = of.iter().copied().filter(|&other| other != first).collect();
        all.extend(orders(&others).into_iter().map(|rest| [vec![first], rest].concat()));
    }
    all
}

/// The list, and the same with one more field at each place.
fn with_one_more(list: &List, field: (&'static str, &'static str)) -> Vec<List> {
    (0..=list.len()).map(|at| [&list[..at], &[field], &list[at..]].concat()).collect()
}

fn judge(section: Section, lists: impl IntoIterator<Item = List>) -> (usize, usize) {
    judge_fields(section, lists.into_iter().map(Fields::from_iter))
}

fn judge_fields(section: Section, lists: impl IntoIterator<Item = Fields>) -> (usize, usize) {
    Bench::new(section, faults).check_all(lists)
}

/// Every set and order of all that are defined, alone and with a regular field behind.
fn judge_orders(section: Section, method: (&'static str, &'static str)) -> (usize, usize) {
    let lists = orders(&[method, SCHEME, AUTHORITY, PATH, PROTOCOL, STATUS]);
    judge(section, lists.into_iter().flat_map(|list| [[&list[..], &[REGULAR]].concat(), list]))
}

/// The same with a regular field at every place.
fn judge_places(section: Section, method: (&'static str, &'static str)) -> (usize, usize) {
    let lists = orders(&[method, SCHEME, AUTHORITY, PATH, PROTOCOL, STATUS]);
    judge(section, lists.iter().flat_map(|list| with_one_more(list, REGULAR)))
}

const REGULAR: (&str, &str) = ("accept", "*/*");

/// As many lists as `judge_orders` and `judge_places` go through.
const ORDERS: usize = 2 * 1_957;
const PLACES: usize = 11_743;

// covers 9113-8.3-2 9113-8.3-4 9113-8.3-5 9113-8.3-6 9113-8.3.1-12 9113-8.1.1-1 9113-8.1.1-2
#[test]
fn every_set_and_order_in_requests() {
    // Three or four fields in any order, with and without a field behind them.
    let right = 6 + 24;
    assert_eq!(judge_orders(Section::Request, METHOD), (2 * right, ORDERS - 2 * right));
    assert_eq!(judge_orders(Section::ExtendedRequest, METHOD), (2 * right, ORDERS - 2 * right));
    assert_eq!(judge_places(Section::Request, METHOD), (right, PLACES - right));
}

// covers 9113-8.5-1 9113-8.3-6
#[test]
fn every_set_and_order_with_connect() {
    assert_eq!(judge_orders(Section::Request, CONNECT), (2 * 2, ORDERS - 4));
}

/// With `:protocol` it needs `:scheme` and `:path`, and `:authority` as little as any other request does.
// covers 8441-4-1 8441-4-2 8441-5-1 9113-8.3-4 9113-8.3-6
#[test]
fn every_set_and_order_with_extended_connect() {
    let right = 2 + 24 + 120;
    assert_eq!(judge_orders(Section::ExtendedRequest, CONNECT), (2 * right, ORDERS - 2 * right));
    assert_eq!(judge_places(Section::ExtendedRequest, CONNECT), (right, PLACES - right));
}

// covers 9113-8.3.2-1 9113-8.3-2 9113-8.3-5 9113-8.3-6 9113-8.1.1-3
#[test]
fn every_set_and_order_in_responses() {
    assert_eq!(judge_orders(Section::Response, METHOD), (2, ORDERS - 2));
}

// covers 9113-8.1-2 9113-8.1-3 9113-8.3-3 9113-8.3-2
#[test]
fn every_set_and_order_in_trailers() {
    // Nothing at all, and a regular field.
    for section in [Section::RequestTrailers, Section::ResponseTrailers] {
        assert_eq!(judge_orders(section, METHOD), (2, ORDERS - 2));
    }
}

// covers 9113-8.3-7 9113-8.3-8
#[test]
fn every_pseudo_field_that_comes_twice() {
    let plain = vec![METHOD, SCHEME, AUTHORITY, PATH];
    let extended = vec![CONNECT, PROTOCOL, SCHEME, PATH, AUTHORITY];
    for (section, right) in [
        (Section::Request, plain.clone()),
        (Section::Request, vec![CONNECT, AUTHORITY]),
        (Section::ExtendedRequest, plain),
        (Section::ExtendedRequest, extended),
        (Section::Response, vec![STATUS]),
    ] {
        let again =
            |&(name, value): &(&'static str, &'static str)| [(name, value), (name, "http"), (name, "")];
        let fields = right.iter().flat_map(again);
        let counts = judge(section, fields.flat_map(|field| with_one_more(&right, field)));
        assert_eq!(counts, (0, 3 * right.len() * (right.len() + 1)));
        let behind = right.iter().chain([&REGULAR, &right[0]]).copied().collect();
        assert_eq!(judge(section, [right, behind]), (1, 1));
    }
}

/// All short lists with repeats.
// covers 9113-8.3-7 9113-8.3-8 9113-8.3-4
#[test]
fn every_short_list() {
    let pool =
        [METHOD, CONNECT, SCHEME, AUTHORITY, PATH, PROTOCOL, STATUS, (":other", "x"), ("name", "value")];
    let mut lists: Vec<List> = vec![vec![]];
    for _ in 0..3 {
        let longer = |list: &List| pool.map(|field| [&list[..], &[field]].concat());
        lists = lists.iter().flat_map(longer).chain([vec![]]).collect();
    }
    assert_eq!(lists.len(), 1 + 9 + 9 * 9 + 9 * 9 * 9);
    for section in Section::ALL {
        judge(section, lists.clone());
    }
}

// covers 9113-8.3-1 9113-8.3-4
#[test]
fn unknown_pseudo_fields_are_nowhere() {
    let names =
        [":", "::", ":Path", ":methods", ":metho", ":host", ":version", ":path:", ":\u{e9}", ":status-text"];
    for section in Section::ALL {
        let right: List = match section {
            Section::Response => vec![STATUS],
            _ if section.is_trailers() => vec![],
            _ => vec![METHOD, SCHEME, AUTHORITY, PATH],
        };
        let fields = names.into_iter().flat_map(|name| [(name, "/"), (name, "")]);
        let counts = judge(section, fields.flat_map(|field| with_one_more(&right, field)));
        assert_eq!(counts, (0, 20 * (right.len() + 1)));
    }
}

/// A request with these values; those that are empty stand there, too.
pub(crate) fn request(values: [&[u8]; 4]) -> Fields {
    [":method", ":scheme", ":authority", ":path"].into_iter().zip(values).collect()
}

/// Each template with every octet in place of its `_`.
pub(crate) fn fill(templates: &[&str]) -> Vec<Vec<u8>> {
    let octets = |template: &str| {
        let (before, after) = template.split_once('_').expect("one place");
        let (before, after) = (before.as_bytes().to_vec(), after.as_bytes().to_vec());
        (0..=255).map(move |octet| [&before[..], &[octet], &after].concat())
    };
    templates.iter().flat_map(|template| octets(template)).collect()
}

pub(crate) const WORD: [&str; 4] = ["_", "_ab", "a_b", "ab_"];

// covers 9113-8.3.1-12 9113-10.3-1
#[test]
fn every_octet_in_every_place_of_a_method() {
    let lists = fill(&WORD).into_iter().chain([vec![]]).map(|value| request([&value, b"http", b"a", b"/"]));
    assert_eq!(judge_fields(Section::Request, lists), (4 * 77, 4 * 179 + 1));
}

// covers 9113-8.3.1-12 9113-10.3-1
#[test]
fn every_octet_in_every_place_of_a_scheme() {
    let lists = fill(&WORD).into_iter().chain([vec![]]).map(|value| request([b"GET", &value, b"a", b"/"]));
    assert_eq!(judge_fields(Section::Request, lists), (2 * 52 + 2 * 65, 1_025 - 234));
}

pub(crate) const PATHS: [&str; 11] =
    ["_", "_/", "/_", "/_b", "/a_b", "/a/_/b", "/a?_", "/a?b_c", "/a_", "*_", "/%_1"];

// covers 9113-8.3.1-9 9113-8.3.1-12 9113-10.3-1
#[test]
fn every_octet_in_every_place_of_a_path() {
    let pairs: [[&[u8]; 2]; 4] =
        [[b"GET", b"http"], [b"OPTIONS", b"https"], [b"POST", b"HTTPS"], [b"GET", b"coap"]];
    for [method, scheme] in pairs {
        let values = fill(&PATHS).into_iter().chain([vec![], b"/%4".to_vec(), b"/%".to_vec()]);
        judge_fields(Section::Request, values.map(|value| request([method, scheme, b"a", &value])));
    }
    let websocket =
        |path: Vec<u8>| request([b"CONNECT", b"https", b"a", &path]).with(":protocol", "websocket");
    judge_fields(Section::ExtendedRequest, fill(&PATHS).into_iter().chain([vec![]]).map(websocket));
}

/// The empty path is no path for `http`; `*` is one for OPTIONS.
// covers 9113-8.3.1-9 9113-8.3.1-10 9113-8.3.1-11
#[test]
fn empty_paths_and_asterisks() {
    let mut bench = Bench::new(Section::Request, faults);
    for (method, scheme, path, faults) in [
        ("GET", "http", "", &[Violation::InvalidPath][..]),
        ("OPTIONS", "https", "", &[Violation::InvalidPath]),
        ("GET", "coap", "", &[]),
        ("OPTIONS", "http", "*", &[]),
        ("OPTIONS", "https", "/", &[]),
        ("GET", "http", "*", &[Violation::InvalidPath]),
        ("options", "http", "*", &[Violation::InvalidPath]),
        ("OPTIONS", "http", "**", &[Violation::InvalidPath]),
        ("GET", "http", "/a#b", &[Violation::InvalidPath]),
        ("GET", "http", "/a?b#c", &[Violation::InvalidPath]),
        ("GET", "http", "a/b", &[Violation::InvalidPath]),
        ("GET", "http", "?a", &[Violation::InvalidPath]),
        ("GET", "http", "http://localhost/", &[Violation::InvalidPath]),
        ("GET", "http", "//a//b/../c?d?e/f", &[]),
    ] {
        bench.expect(&Fields::request(method, scheme, "localhost", path), faults);
    }
}

pub(crate) const AUTHORITIES: [&str; 15] = [
    "_", "_ab", "a_b", "ab_", "a:_", "a:8_", "a:_0", "[_]", "[::_]", "[::1_", "_::1]", "[::1]_", "[::1]:_",
    "a%_1", "a_@b",
];

// covers 9113-8.3.1-8 9113-10.3-1
#[test]
fn every_octet_in_every_place_of_an_authority() {
    let more = [
        "", ":", ":80", "a:", "a:b:1", "a@b", "a:b@c:80", "@a", "a@", "a:99999", "a,b", "[]", "[::1", "::1",
        "a b",
    ];
    let more = more.iter().chain(&[
        "a%4",
        "a%",
        "a:80:80",
        "[v1.a:b]",
        "[::1%25eth0]",
        "1.2.3.4",
        "[::ffff:1.2.3.4]:8",
    ]);
    let values: Vec<Vec<u8>> =
        fill(&AUTHORITIES).into_iter().chain(more.map(|value| value.as_bytes().to_vec())).collect();
    for scheme in [&b"http"[..], b"HTTPS", b"coap"] {
        judge_fields(Section::Request, values.iter().map(|value| request([b"GET", scheme, value, b"/"])));
    }
}

// covers 9113-8.5-1 9113-10.3-1
#[test]
fn every_octet_in_every_place_of_a_tunnels_authority() {
    let hosts = AUTHORITIES.map(|template| format!("{template}:443"));
    let hosts: Vec<&str> = hosts.iter().map(|host| &host[..]).chain(AUTHORITIES).collect();
    let more = [
        "",
        ":",
        "a",
        "a:",
        ":443",
        "a:443",
        "[::1]:443",
        "[::1]",
        "[::1]:",
        "a@b:443",
        "a:b",
        "https://a:443",
        "a:443/",
    ];
    let values = fill(&hosts).into_iter().chain(more.iter().map(|value| value.as_bytes().to_vec()));
    let connect = |value| Fields::new().with(":method", "CONNECT").with(":authority", value);
    judge_fields(Section::Request, values.map(connect));
}

// covers 9113-8.3.2-1
#[test]
fn every_octet_in_every_place_of_a_status() {
    let values = fill(&["_", "_00", "2_0", "20_", "200_", "_200", "10_"]);
    let lists = values.into_iter().chain([vec![]]).map(|value| Fields::new().with(":status", value));
    judge_fields(Section::Response, lists);
    // Every number that there is, but for 101.
    let lists = (0..1_000).map(|status| Fields::new().with(":status", format!("{status:03}")));
    assert_eq!(judge_fields(Section::Response, lists), (899, 101));
}

// covers 8441-5-1
#[test]
fn every_octet_in_every_place_of_a_protocol() {
    let connect = || Fields::request("CONNECT", "https", "a", "/");
    let lists = fill(&WORD).into_iter().chain([vec![]]).map(|value| connect().with(":protocol", value));
    assert_eq!(judge_fields(Section::ExtendedRequest, lists), (4 * 77, 4 * 179 + 1));
}

pub(crate) const HOSTS: [&str; 18] = [
    "example.com",
    "EXAMPLE.com",
    "example.com:80",
    "example.com:443",
    "Example.Com:80",
    "example.com:",
    "example.com:8080",
    "example.org",
    "[::1]",
    "[::1]:80",
    "[::1]:443",
    "[::1]:",
    "example.com.",
    "www.example.com",
    "127.0.0.1",
    "127.0.0.1:80",
    "localhost",
    "localhost:443",
];

/// Every pair, with every scheme.
// covers 9113-8.3.1-1 9113-8.3.1-3 9113-8.3.1-4 9113-8.3.1-5
#[test]
fn host_and_authority_name_the_same_server() {
    let hosts = HOSTS.iter().chain(&["", "a@example.com", "example.com, example.com"]);
    let hosts: Vec<&str> = hosts.copied().collect();
    for section in [Section::Request, Section::ExtendedRequest] {
        for (scheme, authority) in
            ["http", "https", "HTTP", "coap"].iter().flat_map(|one| HOSTS.map(|two| (one, two)))
        {
            let plain = Fields::request("GET", scheme, authority, "/");
            let tunnel = Fields::new().with(":method", "CONNECT").with(":authority", authority);
            let websocket = Fields::request("CONNECT", scheme, authority, "/").with(":protocol", "websocket");
            let bases = [plain, tunnel, websocket];
            judge_fields(
                section,
                hosts.iter().flat_map(|host| bases.clone().map(|base| base.with("host", host))),
            );
        }
    }
}

/// A `host` alone is the caller's to judge; two are too many, and each is held against `:authority`.
// covers 9113-8.3.1-2 9113-8.3.1-4
#[test]
fn one_host_at_most() {
    let mut bench = Bench::new(Section::Request, faults);
    let bare = || Fields::new().with(":method", "GET").with(":scheme", "http").with(":path", "/");
    assert_eq!(bench.expect(&bare(), &[]), None);
    assert_eq!(bench.expect(&bare().with("host", "example.com"), &[]), None);
    let with = |hosts: [&str; 2]| bare().with("host", hosts[0]).with("a", "b").with("host", hosts[1]);
    for hosts in [["a", "a"], ["a", "b"], ["", ""]] {
        assert_eq!(bench.expect(&with(hosts), &[Violation::HostMismatch]), Some(Violation::HostMismatch));
    }
    for hosts in [["localhost", "localhost"], ["localhost", "other"], ["other", "localhost"]] {
        let fields =
            Fields::request("GET", "http", "localhost", "/").with("host", hosts[0]).with("host", hosts[1]);
        assert_eq!(bench.expect(&fields, &[Violation::HostMismatch]), Some(Violation::HostMismatch));
    }
    // Responses and trailers do not have it compared with anything.
    for section in [Section::Response, Section::RequestTrailers, Section::ResponseTrailers] {
        Bench::new(section, faults).expect(&section.base().with("host", "elsewhere"), &[]);
    }
}

/// Hosts that only look like the authority's.
// covers 9113-8.3.1-3 9113-8.3.1-4
#[test]
fn hosts_that_are_not_normal_forms() {
    let mut bench = Bench::new(Section::Request, faults);
    for host in ["a::80", "a:80:80", "a:080", "a:80:", "a::", ":80", "a.", "a/", "[a]", "b@a", "a:0"] {
        let fields = Fields::request("GET", "http", "a", "/").with("host", host);
        bench.expect(&fields, &[Violation::HostMismatch]);
    }
}

const SETTING: SettingId = SettingId::ENABLE_CONNECT_PROTOCOL;

fn websocket() -> Fields {
    Fields::request("CONNECT", "https", "example.com", "/chat").with(":protocol", "websocket")
}

/// A WebSocket is refused for its `:protocol`.
fn assert_refused(talk: &mut Talk) {
    let refused = talk.connection.open(websocket(), Part::More);
    assert_eq!(refused, Err(OpenError::Malformed(Violation::PseudoFieldNotAllowed)));
    assert_eq!(talk.frames(), []);
}

// covers 8441-3-1 8441-4-1 8441-5-1
#[test]
fn a_client_asks_for_protocols_once_the_server_allows_it() {
    talk_from_start(Role::Client, &Config::default(), |talk| {
        talk.frames();
        assert_refused(talk);
        talk.hear(|wire| wire.settings(&[]));
        assert_eq!(talk.frames(), [Sent::settings_ack()]);
        assert_refused(talk);
        talk.hear(|wire| wire.settings(&[(SETTING, 0)]));
        assert_eq!(talk.frames(), [Sent::settings_ack()]);
        assert_refused(talk);
        talk.hear(|wire| wire.settings(&[(SETTING, 0), (SETTING, 1)]));
        assert_eq!(talk.frames(), [Sent::settings_ack()]);
        assert_eq!(talk.connection.open(websocket(), Part::More), Ok(id(1)), "nothing was used up");
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1)]);
        talk.hear(|wire| wire.settings(&[(SETTING, 1)]));
        assert_eq!(talk.frames(), [Sent::settings_ack()]);
        assert_eq!(talk.connection.open(websocket(), Part::More), Ok(id(3)));
    });
}

// covers 8441-3-1 8441-3-2
#[test]
fn the_setting_is_0_or_1_and_does_not_go_back() {
    let wrong = |role: Role, settings: &'static [&'static [(SettingId, u32)]]| {
        talk(role, &Config::default(), &[], |talk| {
            let (last, before) = settings.split_last().unwrap();
            for settings in before {
                assert_eq!(talk.hear(|wire| wire.settings(settings)), [settings_seen(settings)]);
                assert_eq!(talk.frames(), [Sent::settings_ack()]);
            }
            let events = talk.hear(|wire| wire.settings(last));
            talk.assert_failed(&events, Violation::InvalidEnableConnectProtocol);
        });
    };
    wrong(Role::Client, &[&[(SETTING, 2)]]);
    wrong(Role::Client, &[&[(SETTING, u32::MAX)]]);
    wrong(Role::Client, &[&[(SETTING, 1)], &[(SETTING, 2)]]);
    wrong(Role::Client, &[&[(SETTING, 1)], &[(SETTING, 0)]]);
    wrong(Role::Client, &[&[(SETTING, 1)], &[(SETTING, 1)], &[], &[(SETTING, 0)]]);
    wrong(Role::Client, &[&[(SETTING, 1), (SETTING, 0)]]);
    wrong(Role::Server, &[&[(SETTING, 2)]]);
}

/// What a client says of it has no effect on a server.
// covers 8441-3-1 9113-8.3-4 9113-8.3-1
#[test]
fn a_server_that_has_not_allowed_protocols_takes_none() {
    for settings in [&[][..], &[(SETTING, 0)], &[(SETTING, 1)]] {
        talk(Role::Server, &Config::default(), settings, |talk| {
            assert_eq!(talk.hear(|wire| wire.headers(1, &websocket(), Part::More)), []);
            talk.assert_usable(&[Sent::reset(1, ErrorCode::PROTOCOL_ERROR)]);
            assert_eq!(talk.hear(|wire| wire.get(3)), [Seen::get(3)]);
        });
    }
}

/// From the start, or later: the setting is on the wire, and then it stays.
// covers 8441-3-1 8441-3-2 8441-4-2
#[test]
fn a_server_allows_protocols_and_never_takes_it_back() {
    let taken = [Seen::Headers(1, Head::Request, websocket(), Part::More)];
    let stays = |talk: &mut Talk| {
        for value in [0, 2, u32::MAX] {
            let refused = talk.connection.update_settings(&settings_of(&[(SETTING, value)]));
            assert!(matches!(refused, Err(ControlError::InvalidSetting(_))), "{refused:?}");
        }
        assert_eq!(talk.frames(), []);
        talk.connection.update_settings(&settings_of(&[(SETTING, 1)])).unwrap();
        assert_eq!(talk.frames(), [Sent::settings(&[(SETTING, 1)])]);
    };
    let on = config(|config| config.enable_connect_protocol(true));
    talk_from_start(Role::Server, &on, |talk| {
        let preface = talk.frames();
        let entry = &Sent::settings(&[(SETTING, 1)]).payload;
        assert!(preface[0].payload.chunks(6).any(|setting| setting == entry), "{preface:?}");
        talk.hear(|wire| wire.octets(&Wire::client().octets));
        assert_eq!(talk.hear(|wire| wire.headers(1, &websocket(), Part::More)), taken);
        talk.frames();
        stays(talk);
    });
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.connection.update_settings(&settings_of(&[(SETTING, 0)])).unwrap();
        talk.connection.update_settings(&settings_of(&[(SETTING, 1)])).unwrap();
        assert_eq!(talk.frames(), [Sent::settings(&[(SETTING, 0)]), Sent::settings(&[(SETTING, 1)])]);
        talk.hear(|wire| wire.settings_ack().settings_ack());
        assert_eq!(talk.hear(|wire| wire.headers(1, &websocket(), Part::More)), taken);
        stays(talk);
    });
}
