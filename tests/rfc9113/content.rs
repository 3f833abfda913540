//! `content-length` against DATA, interim responses, and tunnels (RFC 9113 §8.1, §8.1.1, §8.5).

use bytes::Bytes;
use sans_h2::frame::{Kind, Part, SettingId};
use sans_h2::{
    Blocked, Cause, Config, ErrorCode, Fields, Head, OpenError, Role, SendError, State, Verdict, Violation,
};

use crate::support::{
    Content, End, Of, Seen, Sent, Talk, Wire, config, get, heads, id, post, talk, talk_once, trailers,
};

const MISMATCH: Violation = Violation::ContentLengthMismatch;
const RESET: ErrorCode = ErrorCode::PROTOCOL_ERROR;

fn broken(stream: u32, violation: Violation) -> Seen {
    Seen::broken(stream, violation, Verdict::MaybeProcessed)
}

/// The octets of data in events, and whether one of them ends the message.
fn told(events: &[Seen]) -> (usize, Part) {
    events.iter().fold((0, Part::More), |(octets, _), seen| match seen {
        Seen::Data(_, data, part) => (octets + data.len(), *part),
        Seen::Headers(_, _, _, part) => (octets, *part),
        Seen::Reset(..) => (octets, Part::More),
        other => panic!("{other:?}"),
    })
}

// covers 9113-8.1.1-1 9113-8.1.1-2 9113-8.1.1-3
#[test]
fn received_content_is_as_long_as_announced() {
    for (of, content) in
        Of::BOTH.into_iter().flat_map(|of| Content::all().into_iter().map(move |one| (of, one)))
    {
        talk_once(of.sender().peer(), &Config::default(), &[], |talk| {
            of.prepare(talk);
            let events =
                talk.hear(|wire| content.write(wire.headers(1, &of.fields(content.length), Part::More)));
            let (octets, end) = told(&events);
            if content.agrees() {
                assert_eq!((octets, end), (content.sum(), Part::Last), "{of:?} {content:?}");
                talk.assert_usable(&[]);
            } else {
                assert_eq!(events.last(), Some(&broken(1, MISMATCH)), "{of:?} {content:?}");
                assert!(Some(octets) <= content.length, "nothing beyond it is told: {of:?} {content:?}");
                assert!(!events.iter().any(|event| told(std::slice::from_ref(event)).1.is_last()));
                talk.assert_usable(&[Sent::reset(1, RESET)]);
            }
            talk.assert_balanced();
        });
    }
}

// covers 9113-8.1.1-2
#[test]
fn sent_content_is_as_long_as_announced() {
    for (of, content) in
        Of::BOTH.into_iter().flat_map(|of| Content::all().into_iter().map(move |one| (of, one)))
    {
        talk_once(of.sender(), &Config::default(), &[], |talk| {
            of.begin(talk, of.fields(content.length));
            let refused = send(talk, &content);
            assert_eq!(refused.is_none(), content.agrees(), "{of:?} {content:?}");
            let Some((sent, error)) = refused else { return };
            assert_eq!(error, SendError::ContentLength, "{of:?} {content:?}");
            // What is missing can still be sent, unless that is too long to be shown.
            let missing = content.length.unwrap() - sent;
            if missing < 100 {
                let data = Bytes::from(vec![b'x'; missing]);
                talk.stream(1).send_data(data.clone(), Part::Last).unwrap();
                assert_eq!(talk.frames(), [Sent::data(1, &data, Part::Last)]);
            }
        });
    }
}

/// Sends what is taken; the octets before the first refusal, which changes nothing, and its error.
fn send(talk: &mut Talk, content: &Content) -> Option<(usize, SendError)> {
    let mut sent = 0;
    for (data, part) in content.parts() {
        let before = (talk.stream(1).state(), talk.stream(1).capacity());
        if let Err(error) = talk.stream(1).send_data(data.clone(), part) {
            assert_eq!(
                ((talk.stream(1).state(), talk.stream(1).capacity()), talk.frames()),
                (before, vec![])
            );
            return Some((sent, error));
        }
        sent += data.len();
        assert!(content.length.is_none_or(|length| sent <= length), "{content:?}");
        let nothing = data.is_empty() && !part.is_last();
        assert_eq!(talk.frames(), if nothing { vec![] } else { vec![Sent::data(1, &data, part)] });
    }
    if content.end == End::Trailers {
        let state = talk.stream(1).state();
        if let Err(error) = talk.stream(1).send_headers(trailers(), Part::Last) {
            assert_eq!((talk.stream(1).state(), talk.frames()), (state, vec![]));
            return Some((sent, error));
        }
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1)]);
    }
    None
}

// covers 9113-8.1.1-2
#[test]
fn padding_is_no_content() {
    for of in Of::BOTH {
        talk(of.sender().peer(), &Config::default(), &[], |talk| {
            of.prepare(talk);
            let events = talk.hear(|wire| {
                let wire = wire.headers(1, &of.fields(Some(5)), Part::More).padded_data(1, b"abc", 0);
                wire.padded_data(1, b"", 9).padded_data(1, b"de", 200).data(1, b"", Part::Last)
            });
            assert_eq!(told(&events), (5, Part::Last));
            talk.assert_balanced();
        });
        talk(of.sender().peer(), &Config::default(), &[], |talk| {
            of.prepare(talk);
            let events = talk.hear(|wire| {
                let wire = wire.headers(1, &of.fields(Some(5)), Part::More).padded_data(1, b"abc", 2);
                wire.data(1, b"", Part::Last)
            });
            assert_eq!(events.last(), Some(&broken(1, MISMATCH)));
            let sent = talk.frames();
            assert!(sent.contains(&Sent::reset(1, RESET)), "{sent:?}");
            talk.assert_usable(&[]);
            talk.assert_balanced();
        });
    }
}

/// END_STREAM stands on the header section itself.
// covers 9113-8.1.1-1 9113-8.1.1-2 9113-8.1.1-3
#[test]
fn a_message_of_headers_alone_announces_no_content() {
    let request = |length: &str| post().with("content-length", length);
    let response = |length: &str| Fields::response(200).with("content-length", length);
    for length in ["1", "18446744073709551615"] {
        talk(Role::Server, &Config::default(), &[], |talk| {
            assert_eq!(talk.hear(|wire| wire.headers(1, &request(length), Part::Last)), []);
            talk.assert_usable(&[Sent::reset(1, RESET)]);
            assert_eq!(talk.hear(|wire| wire.get(3)), [Seen::get(3)]);
            let refused = talk.stream(3).send_headers(response(length), Part::Last);
            assert_eq!(refused, Err(SendError::ContentLength));
            assert_eq!((talk.frames(), talk.stream(3).state()), (vec![], State::HalfClosedRemote));
            talk.respond(3, 200, Part::Last);
            assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 3)]);
        });
        talk(Role::Client, &Config::default(), &[], |talk| {
            let refused = talk.connection.open(request(length), Part::Last);
            assert_eq!(refused, Err(OpenError::Malformed(MISMATCH)));
            assert_eq!(talk.frames(), []);
            assert_eq!(talk.opened(Part::Last), 1);
            assert_eq!(
                talk.hear(|wire| wire.headers(1, &response(length), Part::Last)),
                [broken(1, MISMATCH)]
            );
            talk.assert_usable(&[Sent::reset(1, RESET)]);
        });
    }
    for length in ["0", "000"] {
        talk(Role::Server, &Config::default(), &[], |talk| {
            let taken = Seen::Headers(1, Head::Request, request(length), Part::Last);
            assert_eq!(talk.hear(|wire| wire.headers(1, &request(length), Part::Last)), [taken]);
            talk.stream(1).send_headers(response(length), Part::Last).unwrap();
        });
    }
}

/// What makes a response one without content: the method, the status.
const WITHOUT_CONTENT: [(&str, u16); 6] =
    [("HEAD", 200), ("HEAD", 404), ("HEAD", 204), ("GET", 204), ("POST", 304), ("OPTIONS", 204)];

fn with_length(status: u16, length: &str) -> Fields {
    Fields::response(status).with("content-length", length)
}

// covers 9113-8.1.1-2 9113-8.1.1-3
#[test]
fn responses_without_content_may_announce_some() {
    for (method, status) in WITHOUT_CONTENT {
        let request = Fields::request(method, "http", "localhost", "/");
        for fields in [with_length(status, "7"), with_length(status, "0"), Fields::response(status)] {
            talk(Role::Client, &Config::default(), &[], |talk| {
                for stream in [1, 3, 5, 7] {
                    talk.connection.open(request.clone(), Part::Last).unwrap();
                    assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, stream)]);
                }
                let seen = |stream, part| Seen::Headers(stream, Head::Response, fields.clone(), part);
                assert_eq!(talk.hear(|wire| wire.headers(1, &fields, Part::Last)), [seen(1, Part::Last)]);
                let empty = |wire: Wire| wire.headers(3, &fields, Part::More).data(3, b"", Part::Last);
                assert_eq!(talk.hear(empty), [seen(3, Part::More), Seen::data(3, b"", Part::Last)]);
                let more = |wire: Wire| wire.headers(5, &fields, Part::More).trailers(5);
                assert_eq!(talk.hear(more), [seen(5, Part::More), Seen::trailers(5)]);
                let content =
                    |wire: Wire| wire.headers(7, &fields, Part::More).data(7, b"content", Part::Last);
                assert_eq!(talk.hear(content), [seen(7, Part::More), broken(7, MISMATCH)]);
                talk.assert_usable(&[Sent::reset(7, RESET)]);
                talk.assert_balanced();
            });
            talk(Role::Server, &Config::default(), &[], |talk| {
                talk.hear(|wire| wire.headers(1, &request, Part::Last).headers(3, &request, Part::Last));
                // RFC 9110 §8.6: a server leaves it out of a 204 response.
                if status == 204 && fields.get("content-length").is_some() {
                    let refused = talk.stream(1).send_headers(fields.clone(), Part::Last);
                    assert_eq!(refused, Err(SendError::ContentLengthForbidden));
                    return;
                }
                talk.stream(1).send_headers(fields.clone(), Part::Last).unwrap();
                talk.stream(3).send_headers(fields.clone(), Part::More).unwrap();
                assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1), (Kind::HEADERS, 3)]);
                for part in [Part::More, Part::Last] {
                    let refused = talk.stream(3).send_data(Bytes::from_static(b"content"), part);
                    assert_eq!(refused, Err(SendError::ContentLength));
                }
                assert_eq!((talk.frames(), talk.stream(3).state()), (vec![], State::HalfClosedRemote));
                talk.send(3, b"", Part::Last);
                assert_eq!(talk.frames(), [Sent::data(3, b"", Part::Last)]);
            });
        }
    }
}

/// The length that counts is that of the final response.
// covers 9113-8.1.1-2
#[test]
fn interim_responses_announce_nothing() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert_eq!((talk.opened(Part::Last), talk.opened(Part::Last)), (1, 3));
        let say = |wire: Wire, stream| {
            let wire = wire.headers(stream, &with_length(103, "9"), Part::More);
            wire.headers(stream, &with_length(200, "3"), Part::More)
        };
        assert_eq!(told(&talk.hear(|wire| say(wire, 1).data(1, b"abc", Part::Last))), (3, Part::Last));
        let events = talk.hear(|wire| say(wire, 3).data(3, b"abcdefghi", Part::Last));
        assert_eq!(events.last(), Some(&broken(3, MISMATCH)));
    });
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.get(1));
        talk.respond(1, 103, Part::More);
        talk.stream(1).send_headers(with_length(200, "3"), Part::More).unwrap();
        talk.send(1, b"abc", Part::Last);
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1), (Kind::HEADERS, 1), (Kind::DATA, 1)]);
    });
}

/// A server that has answered already hears of it, too.
// covers 9113-8.1.1-2 9113-8.1-5
#[test]
fn a_request_may_turn_out_malformed_after_its_response() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| {
            wire.headers(1, &Of::Request.fields(Some(5)), Part::More).data(1, b"abc", Part::More)
        });
        talk.respond(1, 400, Part::Last);
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1)]);
        assert_eq!(talk.hear(|wire| wire.data(1, b"", Part::Last)), [broken(1, MISMATCH)]);
        talk.assert_usable(&[Sent::reset(1, RESET)]);
        talk.assert_balanced();
    });
}

// covers 9113-8.1.1-2
#[test]
fn so_many_interim_responses_and_no_more() {
    for limit in [0, 1, 16, 255] {
        let config = config(|config| config.max_interim_responses(limit));
        let interims = |wire: Wire, stream, count: u32| {
            (0..count).fold(wire, |wire, nth| {
                wire.response(stream, if nth % 2 == 0 { 100 } else { 103 }, Part::More)
            })
        };
        talk_once(Role::Client, &config, &[], |talk| {
            assert_eq!((talk.opened(Part::Last), talk.opened(Part::Last)), (1, 3));
            let events = talk.hear(|wire| interims(wire, 1, limit).response(1, 200, Part::Last));
            assert_eq!(events.len(), limit as usize + 1);
            assert_eq!(events.last(), Some(&Seen::response(1, 200, Part::Last)));
            let events = talk.hear(|wire| interims(wire, 3, limit + 1));
            assert_eq!(events.last(), Some(&broken(3, Violation::TooManyInterimResponses)), "{limit}");
            assert_eq!(events.len(), limit as usize + 1);
            talk.assert_usable(&[Sent::reset(3, ErrorCode::ENHANCE_YOUR_CALM)]);
        });
    }
}

/// `CONNECT`, plain or with `:protocol`.
fn connects() -> [Fields; 2] {
    let plain = Fields::new().with(":method", "CONNECT").with(":authority", "example.com:443");
    [plain, Fields::request("CONNECT", "https", "example.com", "/chat").with(":protocol", "websocket")]
}

const ALLOWED: [(SettingId, u32); 1] = [(SettingId::ENABLE_CONNECT_PROTOCOL, 1)];

/// A client that has sent `connect`, and heard `answer` to it.
fn client_tunnel(config: &Config, connect: &Fields, answer: &Fields, dialog: impl Fn(&mut Talk)) {
    talk(Role::Client, config, &ALLOWED, |talk| {
        talk.connection.open(connect.clone(), Part::More).unwrap();
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1)]);
        let events = talk.hear(|wire| wire.headers(1, answer, Part::More));
        assert_eq!(events, [Seen::Headers(1, Head::Response, answer.clone(), Part::More)]);
        dialog(talk);
    });
}

/// A server that has heard `connect`, and sent `answer` to it.
fn server_tunnel(connect: &Fields, answer: &Fields, dialog: impl Fn(&mut Talk)) {
    let config = config(|config| config.enable_connect_protocol(true));
    talk(Role::Server, &config, &[], |talk| {
        let events = talk.hear(|wire| wire.headers(1, connect, Part::More));
        assert_eq!(events, [Seen::Headers(1, Head::Request, connect.clone(), Part::More)]);
        talk.stream(1).send_headers(answer.clone(), Part::More).unwrap();
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1)]);
        dialog(talk);
    });
}

/// Data flows through a tunnel both ways, whatever `connect` and the `answer` that came announce.
fn assert_flows(connect: &Fields, answer: &Fields) {
    client_tunnel(&Config::default(), connect, answer, |talk| {
        talk.send(1, b"to the server", Part::More);
        assert_eq!(talk.frames(), [Sent::data(1, b"to the server", Part::More)]);
        let data = Seen::data(1, b"to the client", Part::Last);
        assert_eq!(talk.hear(|wire| wire.data(1, b"to the client", Part::Last)), [data]);
        talk.send(1, b"", Part::Last);
        assert_eq!(talk.frames(), [Sent::data(1, b"", Part::Last)]);
        assert!(!talk.is_live(1));
    });
    let answer = Fields::new().with(":status", answer.get(":status").unwrap());
    server_tunnel(connect, &answer, |talk| {
        let data = Seen::data(1, b"to the server", Part::Last);
        assert_eq!(talk.hear(|wire| wire.data(1, b"to the server", Part::Last)), [data]);
        talk.send(1, b"to the client", Part::Last);
        assert_eq!(talk.frames(), [Sent::data(1, b"to the client", Part::Last)]);
        assert!(!talk.is_live(1));
    });
}

/// The client is to ignore what the answer to CONNECT announces (RFC 9110 §9.3.6).
// covers 9113-8.5-2
#[test]
fn the_answer_that_opens_a_tunnel_announces_nothing() {
    for connect in connects() {
        for answer in [Fields::response(200), with_length(200, "7"), with_length(299, "0")] {
            assert_flows(&connect, &answer);
        }
    }
}

/// CONNECT has no content (RFC 9110 §9.3.6), so there is none for its `content-length` to differ from.
// covers 9113-8.5-2
#[test]
fn connect_announces_nothing() {
    for connect in connects() {
        assert_flows(&connect.with("content-length", "3"), &Fields::response(200));
    }
}

/// Any status from 200 to 299 opens the tunnel (RFC 9110 §9.3.6), even one without content.
// covers 9113-8.5-2
#[test]
fn status_204_opens_a_tunnel() {
    for connect in connects() {
        assert_flows(&connect, &Fields::response(204));
    }
}

/// A CONNECT that fails has a response like any other.
// covers 9113-8.1.1-2
#[test]
fn a_failed_connect_opens_no_tunnel() {
    for connect in connects() {
        for status in [304, 403, 502] {
            let length = if status == 304 { 0 } else { 3 };
            client_tunnel(&Config::default(), &connect, &with_length(status, &length.to_string()), |talk| {
                let events = talk.hear(|wire| wire.data(1, &b"abcd"[..=length], Part::More));
                assert_eq!(events, [broken(1, MISMATCH)]);
                talk.assert_usable(&[Sent::reset(1, RESET)]);
            });
            client_tunnel(&Config::default(), &connect, &Fields::response(status), |talk| {
                assert_eq!(talk.hear(|wire| wire.trailers(1)), [Seen::trailers(1)]);
            });
            server_tunnel(&connect, &with_length(status, "3"), |talk| {
                let refused = talk.stream(1).send_data(Bytes::from_static(b"abcd"), Part::More);
                assert_eq!(refused, Err(SendError::ContentLength));
            });
        }
    }
}

// covers 9113-8.5-2
#[test]
fn a_tunnel_has_no_more_headers() {
    let sections = [trailers(), Fields::response(200), Fields::response(100), get()];
    for connect in connects() {
        let answer = Fields::response(200);
        for (section, part) in sections.iter().flat_map(|one| [(one, Part::More), (one, Part::Last)]) {
            let dialog = |talk: &mut Talk| {
                let state = talk.stream(1).state();
                let refused = talk.stream(1).send_headers(section.clone(), part);
                assert_eq!(refused, Err(SendError::HeadersInTunnel));
                assert_eq!((talk.stream(1).state(), talk.frames()), (state, vec![]));
                talk.send(1, b"data", Part::More);
                assert_eq!(talk.frames(), [Sent::data(1, b"data", Part::More)]);
                let events = talk.hear(|wire| wire.data(1, b"a", Part::More).headers(1, section, part));
                assert_eq!(events, [Seen::data(1, b"a", Part::More), broken(1, Violation::HeadersInTunnel)]);
                talk.assert_usable(&[Sent::reset(1, RESET)]);
                talk.assert_balanced();
            };
            client_tunnel(&Config::default(), &connect, &answer, dialog);
            server_tunnel(&connect, &answer, dialog);
        }
    }
}

/// The response that makes it one may have been sent already.
// covers 9113-8.5-2
#[test]
fn a_client_sends_no_trailers_on_what_may_become_a_tunnel() {
    for connect in connects() {
        talk(Role::Client, &Config::default(), &ALLOWED, |talk| {
            talk.connection.open(connect.clone(), Part::More).expect("a request");
            talk.frames();
            let refused = talk.stream(1).send_headers(trailers(), Part::Last);
            assert_eq!(refused, Err(SendError::HeadersInTunnel));
            talk.send(1, b"data", Part::Last);
            assert_eq!(talk.frames(), [Sent::data(1, b"data", Part::Last)]);
        });
    }
}

/// Stream management is allowed, and frames that are unknown are ignored everywhere (RFC 9113 §5.5).
// covers 9113-8.5-2
#[test]
fn what_may_come_in_a_tunnel() {
    for connect in connects() {
        client_tunnel(&Config::default(), &connect, &Fields::response(200), |talk| {
            let events = talk.hear(|wire| wire.priority(1).window_update(1, 9).data(1, b"data", Part::More));
            assert_eq!(events, [Seen::data(1, b"data", Part::More)]);
            // Each direction ends by itself.
            assert_eq!(talk.hear(|wire| wire.data(1, b"", Part::Last)), [Seen::data(1, b"", Part::Last)]);
            talk.send(1, b"still open", Part::Last);
            assert_eq!(talk.frames(), [Sent::data(1, b"still open", Part::Last)]);
            assert!(!talk.is_live(1));
        });
        server_tunnel(&connect, &Fields::response(200), |talk| {
            let failed = Seen::Reset(1, ErrorCode::CANCEL, Cause::Peer, Verdict::MaybeProcessed);
            assert_eq!(talk.hear(|wire| wire.reset(1, ErrorCode::CANCEL)), [failed]);
            talk.assert_usable(&[]);
        });
    }
}

/// A promise on a tunnel ends the tunnel, not the connection.
// covers 9113-8.5-2
#[test]
fn a_promise_ends_a_tunnel() {
    let config = config(|config| config.enable_push(true));
    for connect in connects() {
        client_tunnel(&config, &connect, &Fields::response(200), |talk| {
            let events = talk.hear(|wire| wire.push_promise(1, 2));
            assert!(matches!(events[..], [Seen::Reset(1, RESET, ..)]), "{events:?}");
            let sent = talk.frames();
            assert!(sent.contains(&Sent::reset(1, RESET)), "{sent:?}");
            talk.assert_usable(&[]);
        });
    }
}

// covers 9113-8.5-2
#[test]
fn we_promise_nothing_on_a_tunnel() {
    for connect in connects() {
        server_tunnel(&connect, &Fields::response(200), |talk| {
            let refused = talk.connection.push(id(1), get());
            assert!(refused.is_err(), "{refused:?}");
            assert_eq!(talk.frames(), []);
        });
    }
}

/// Both directions wait for credit, and go on when it comes.
// covers 9113-8.5-2
#[test]
fn a_tunnels_data_flows_under_backpressure() {
    let narrow = config(|config| config.initial_window_size(4).send_buffer_size(8));
    for connect in connects() {
        client_tunnel(&narrow, &connect, &Fields::response(200), |talk| {
            // We hold the peer back until the caller releases what it got.
            let four = |wire: Wire| wire.data(1, b"abcd", Part::More);
            assert_eq!(talk.hear(four), [Seen::data(1, b"abcd", Part::More)]);
            assert_eq!(talk.frames(), []);
            talk.stream(1).release(4);
            assert_eq!(talk.frames(), [Sent::window_update(1, 4)]);
            assert_eq!(talk.hear(four), [Seen::data(1, b"abcd", Part::More)]);
            // The peer holds us back.
            talk.hear(|wire| wire.settings(&[(SettingId::INITIAL_WINDOW_SIZE, 6)]));
            assert_eq!(talk.frames(), [Sent::settings_ack()]);
            talk.send(1, b"12345678", Part::More);
            assert_eq!(talk.frames(), [Sent::data(1, b"123456", Part::More)]);
            assert_eq!(talk.stream(1).blocked_on(), Some(Blocked::StreamWindow));
            talk.send(1, b"more that waits", Part::More);
            assert_eq!(talk.stream(1).send_data(Bytes::from_static(b"x"), Part::More), Err(SendError::Full));
            assert_eq!(talk.hear(|wire| wire.window_update(1, 100)), []);
            assert_eq!(talk.frames(), [Sent::data(1, b"78more that waits", Part::More)]);
            assert_eq!(talk.notices(), [Seen::Writable(1)]);
            talk.assert_balanced();
        });
    }
}
