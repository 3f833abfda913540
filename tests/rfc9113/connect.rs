//! The request that asks for a tunnel (RFC 9113 §8.5, RFC 9110 §9.3.6).

use bytes::Bytes;
use sans_h2::frame::Part;
use sans_h2::{Config, ErrorCode, Fields, Role, SendError, Violation};

use super::oracle::faults;
use crate::support::{Bench, Section, Seen, Sent, talk};

/// CONNECT is malformed for any port but these; for other requests a port is digits.
// covers 9113-8.5-1
#[test]
fn a_tunnel_leads_to_a_port() {
    let near = [0, 1, 2, 9, 80, 443, 65_534, 65_535, 65_536, 65_537, 131_072, 4_294_967_297_u64];
    let ports = near.iter().flat_map(|port| [format!("{port}"), format!("0{port}"), format!("{port}0")]);
    let more = ["", "00000", "0000000000000000000000000443", "18446744073709551617", "9".repeat(40).leak()];
    let ports: Vec<String> = ports.chain(more.map(str::to_owned)).collect();
    for host in ["example.com", "192.0.2.1", "[2001:db8::1]"] {
        let connects = ports.iter().map(|port| {
            Fields::new().with(":method", "CONNECT").with(":authority", format!("{host}:{port}"))
        });
        assert_eq!(Bench::new(Section::Request, faults).check_all(connects), (20, 21));
        let gets = ports.iter().map(|port| Fields::request("GET", "http", &format!("{host}:{port}"), "/"));
        assert_eq!(Bench::new(Section::Request, faults).check_all(gets), (41, 0));
        let websockets = ports.iter().map(|port| {
            let authority = format!("{host}:{port}");
            Fields::request("CONNECT", "https", &authority, "/").with(":protocol", "websocket")
        });
        assert_eq!(Bench::new(Section::ExtendedRequest, faults).check_all(websockets), (41, 0));
    }
    let mut bench = Bench::new(Section::Request, faults);
    for port in ["0", "65536", "", "+80", "0x50", "80 ", "https"] {
        let authority = format!("example.com:{port}");
        let fields = Fields::new().with(":method", "CONNECT").with(":authority", authority);
        let violation = bench.expect(&fields, &[Violation::InvalidAuthority, Violation::InvalidFieldValue]);
        assert!(violation.is_some());
    }
}

/// Nothing but data follows CONNECT, answered or not; the same holds both ways.
#[test]
fn a_connect_has_no_trailers_before_its_answer_either() {
    let connect = || Fields::new().with(":method", "CONNECT").with(":authority", "example.com:443");
    let trailers = || Fields::new().with("x-end", "yes");
    talk(Role::Client, &Config::default(), &[], |talk| {
        let stream = talk.connection.open(connect(), Part::More).unwrap();
        let mut stream = talk.connection.stream(stream).unwrap();
        assert_eq!(stream.send_headers(trailers(), Part::Last), Err(SendError::HeadersInTunnel));
        assert_eq!(stream.send_data(Bytes::new(), Part::Last), Ok(()));
    });
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.headers(1, &connect(), Part::More));
        let events = talk.hear(|wire| wire.headers(1, &trailers(), Part::Last));
        assert!(matches!(events[..], [Seen::Reset(1, ErrorCode::PROTOCOL_ERROR, ..)]), "{events:?}");
        talk.assert_usable(&[Sent::reset(1, ErrorCode::PROTOCOL_ERROR)]);
        // A refusal has what any response has.
        talk.hear(|wire| wire.headers(3, &connect(), Part::More));
        talk.respond(3, 403, Part::More);
        assert_eq!(talk.stream(3).send_headers(trailers(), Part::Last), Ok(()));
    });
}
