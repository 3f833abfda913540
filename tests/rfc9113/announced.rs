//! Where nobody may send `content-length` (RFC 9110 §6.5.1, §8.6), and what becomes of it there when it is received.

use sans_h2::frame::{Kind, Part, SettingId};
use sans_h2::{Fields, Head, Role, SendError, State};

use crate::support::{Seen, Talk, config, get, heads, post, talk, trailers};

fn announced(status: u16, length: &str) -> Fields {
    Fields::response(status).with("content-length", length)
}

/// Plain requests, and both kinds of CONNECT.
fn requests() -> [(Fields, Asks); 5] {
    let connect = Fields::new().with(":method", "CONNECT").with(":authority", "example.com:443");
    let websocket =
        Fields::request("CONNECT", "https", "example.com", "/chat").with(":protocol", "websocket");
    let head = Fields::request("HEAD", "http", "localhost", "/");
    [
        (get(), Asks::Content),
        (post(), Asks::Content),
        (head, Asks::Content),
        (connect, Asks::Tunnel),
        (websocket, Asks::Tunnel),
    ]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Content,
    Tunnel,
}

/// A server that has been asked.
fn asked(request: &Fields, dialog: impl Fn(&mut Talk)) {
    let config = config(|config| config.enable_connect_protocol(true));
    talk(Role::Server, &config, &[], |talk| {
        let seen = Seen::Headers(1, Head::Request, request.clone(), Part::More);
        assert_eq!(talk.hear(|wire| wire.headers(1, request, Part::More)), [seen]);
        dialog(talk);
    });
}

/// With every status that there is, in every request's response.
#[test]
fn a_server_announces_no_content_where_it_must_not() {
    for (request, asks) in requests() {
        asked(&request, |talk| {
            for status in (100..1_000).filter(|&status| status != 101) {
                let is_forbidden = status < 200 || status == 204 || (status < 300 && asks == Asks::Tunnel);
                if !is_forbidden {
                    continue;
                }
                for length in ["0", "7"] {
                    let refused = talk.stream(1).send_headers(announced(status, length), Part::More);
                    assert_eq!(refused, Err(SendError::ContentLengthForbidden), "{request:?} {status}");
                }
            }
            assert_eq!((talk.frames(), talk.stream(1).state()), (vec![], State::Open));
            // What was refused changed nothing.
            talk.respond(1, 100, Part::More);
            talk.respond(1, 204, Part::More);
            assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1); 2]);
            talk.assert_usable(&[]);
        });
    }
}

#[test]
fn a_server_announces_content_elsewhere() {
    for (request, asks) in requests() {
        for status in [200, 205, 206, 299, 300, 304, 403, 502] {
            if status < 300 && asks == Asks::Tunnel {
                continue;
            }
            asked(&request, |talk| {
                talk.stream(1).send_headers(announced(status, "0"), Part::More).unwrap();
                assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1)]);
            });
        }
    }
}

#[test]
fn trailers_announce_nothing() {
    for length in ["4", "5", "", "none"] {
        let fields = trailers().with("content-length", length).with("content-length", "5");
        talk(Role::Client, &config(|config| config), &[], |talk| {
            talk.opened(Part::More);
            talk.send(1, b"body", Part::More);
            talk.frames();
            let refused = talk.stream(1).send_headers(fields.clone(), Part::Last);
            assert_eq!(refused, Err(SendError::ContentLengthForbidden));
            assert_eq!((talk.frames(), talk.stream(1).state()), (vec![], State::Open));
            talk.stream(1).send_headers(trailers(), Part::Last).unwrap();
            assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1)]);
            talk.assert_usable(&[]);
        });
        // The length that counts is that of the header section.
        talk(Role::Server, &config(|config| config), &[], |talk| {
            let request = post().with("content-length", "4");
            let events = talk.hear(|wire| {
                wire.headers(1, &request, Part::More).data(1, b"body", Part::More).headers(
                    1,
                    &fields,
                    Part::Last,
                )
            });
            let last = Seen::Headers(1, Head::Trailers, fields.clone(), Part::Last);
            assert_eq!(events.last(), Some(&last));
            talk.respond(1, 200, Part::More);
            let refused = talk.stream(1).send_headers(fields.clone(), Part::Last);
            assert_eq!(refused, Err(SendError::ContentLengthForbidden));
            talk.stream(1).send_headers(trailers(), Part::Last).unwrap();
            assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1); 2]);
        });
    }
    // A tunnel has no trailers at all, and that is what is told.
    let (connect, _) = requests().into_iter().nth(3).expect("five of them");
    asked(&connect, |talk| {
        talk.respond(1, 200, Part::More);
        let refused = talk.stream(1).send_headers(trailers().with("content-length", "4"), Part::Last);
        assert_eq!(refused, Err(SendError::HeadersInTunnel));
    });
}

/// A client takes what no server should have sent.
#[test]
fn what_is_announced_in_vain_is_ignored() {
    const ALLOWED: [(SettingId, u32); 1] = [(SettingId::ENABLE_CONNECT_PROTOCOL, 1)];
    for (request, asks) in requests() {
        talk(Role::Client, &config(|config| config), &ALLOWED, |talk| {
            talk.connection.open(request.clone(), Part::More).unwrap();
            talk.frames();
            let interim = Seen::Headers(1, Head::Interim, announced(103, "9"), Part::More);
            assert_eq!(talk.hear(|wire| wire.headers(1, &announced(103, "9"), Part::More)), [interim]);
            let answer = if asks == Asks::Tunnel { announced(200, "9") } else { announced(204, "9") };
            let taken = Seen::Headers(1, Head::Response, answer.clone(), Part::More);
            assert_eq!(talk.hear(|wire| wire.headers(1, &answer, Part::More)), [taken]);
            let end = Seen::data(1, b"", Part::Last);
            assert_eq!(talk.hear(|wire| wire.data(1, b"", Part::Last)), [end]);
            talk.assert_usable(&[]);
        });
    }
}
