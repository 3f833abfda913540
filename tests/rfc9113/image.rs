//! What the wire looks like: padding, the priority signal of HEADERS, heads of frames; sent, and told.

use std::cell::RefCell;

use bytes::Bytes;
use sans_h2::frame::{Flags, Kind, Part, Priority, SettingId};
use sans_h2::{Config, Fields, Head, Role};

use crate::support::{
    Seen, Sent, config, get, heads, id, post, settings_seen, talk, talk_from_start, talk_once, trailers,
};

const OLD: Priority = Priority { exclusive: true, dependency: None, weight: 219 };

fn curious() -> Config {
    config(|config| config.report_frames(true).report_unknown_frames(true))
}

/// The head of a frame without padding and priority.
fn plain(kind: Kind, flags: Flags, stream: u32) -> Seen {
    Seen::Frame(kind, flags, stream, None, None)
}

/// The padding of a padded frame whose payload begins with its length, asserted to be zeros.
fn padding(sent: &Sent) -> usize {
    assert!(sent.flags.contains(Flags::PADDED), "{sent:?}");
    let octets = usize::from(sent.payload[0]);
    let (_, padding) = sent.payload.split_at(sent.payload.len() - octets);
    assert!(padding.iter().all(|&octet| octet == 0), "{sent:?}");
    octets
}

// covers 9113-6.1-3 9113-10.7-1
#[test]
fn padding_is_sent_as_told_and_told_as_sent() {
    for octets in [0, 1, 100, 255] {
        talk_once(Role::Client, &Config::default(), &[], |client| {
            let stream = client.open(Part::More);
            client.stream(stream).set_padding(Some(octets));
            client.send(stream, b"abc", Part::More);
            client.stream(stream).send_headers(trailers(), Part::Last).unwrap();
            let sent = client.frames();
            assert_eq!(sent.iter().map(padding).collect::<Vec<_>>(), [usize::from(octets); 3]);
            assert_eq!(sent[1].payload[1..4], *b"abc");

            talk(Role::Server, &curious(), &[], |server| {
                let seen = server.hear(|wire| {
                    sent.iter().fold(wire, |wire, sent| {
                        wire.frame(sent.kind, sent.flags, sent.stream, &sent.payload)
                    })
                });
                let told = |nth: usize| Seen::Frame(sent[nth].kind, sent[nth].flags, 1, Some(octets), None);
                let expected = [
                    told(0),
                    Seen::Headers(1, Head::Request, post(), Part::More),
                    told(1),
                    Seen::Data(1, b"abc".to_vec(), Part::More),
                    told(2),
                    Seen::Headers(1, Head::Trailers, trailers(), Part::Last),
                ];
                assert_eq!(seen, expected);
            });
        });
    }
}

/// A hop passes DATA on with the padding that it came with.
// covers 9113-10.7-1
#[test]
fn a_hop_keeps_the_padding_of_data() {
    let received = RefCell::new(Vec::new());
    let bodies = [(7, &b"seven"[..]), (0, b"none"), (255, b"all")];
    talk_once(Role::Server, &curious(), &[], |inbound| {
        inbound.hear(|wire| wire.post(1));
        let seen = inbound
            .hear(|wire| bodies.iter().fold(wire, |wire, (octets, text)| wire.padded_data(1, text, *octets)));
        received.replace(seen);
    });
    talk_once(Role::Client, &Config::default(), &[], |outbound| {
        let stream = outbound.opened(Part::More);
        let received = received.borrow();
        for (told, (octets, text)) in received.chunks(2).zip(bodies) {
            let [Seen::Frame(Kind::DATA, _, 1, padding, None), Seen::Data(1, data, part)] = told else {
                panic!("{told:?}");
            };
            outbound.stream(stream).set_padding(*padding);
            outbound.stream(stream).send_data(Bytes::copy_from_slice(data), *part).unwrap();
            let payload = [&[octets], text, &vec![0; octets.into()]].concat();
            assert_eq!(outbound.frames(), [Sent::new(Kind::DATA, Flags::PADDED, stream, &payload)]);
        }
        assert_eq!(received.len(), 6);
    });
}

/// Windows of every size around that of the padding: data goes out as long as there is any window, never more than
/// that, and all credit is accounted for.
// covers 9113-6.1-4
#[test]
fn padding_gives_way_to_data_where_windows_are_short() {
    for window in 1..=30 {
        talk_once(Role::Client, &Config::default(), &[(SettingId::INITIAL_WINDOW_SIZE, window)], |talk| {
            let stream = talk.opened(Part::More);
            talk.stream(stream).set_padding(Some(20));
            talk.send(stream, &[b'x'; 9], Part::Last);
            let mut body = 0;
            loop {
                let sent = talk.frames();
                let [frame] = &sent[..] else { panic!("{window}: {sent:?}") };
                let padded = if frame.flags.contains(Flags::PADDED) { 1 + padding(frame) } else { 0 };
                // Data first; padding of what is left, its length included.
                let data = (9 - body).min(window as usize);
                let room = window as usize - data;
                assert_eq!((frame.payload.len() - padded, padded), (data, room.min(21)), "{window}");
                body += data;
                if frame.flags.contains(Flags::END_STREAM) {
                    break;
                }
                talk.hear(|wire| wire.window_update(stream, frame.payload.len() as u32));
            }
            assert_eq!(body, 9, "{window}");
        });
    }
}

#[test]
fn padding_counts_within_a_frame_and_may_change_from_one_to_the_next() {
    let wide = [(SettingId::INITIAL_WINDOW_SIZE, 1 << 20)];
    talk_once(Role::Server, &Config::default(), &wide, |talk| {
        talk.hear(|wire| wire.get(1));
        talk.stream(1).set_padding(Some(99));
        talk.respond(1, 200, Part::More);
        talk.stream(1).send_data(Bytes::from(vec![1; 40_000]), Part::More).unwrap();
        let lengths: Vec<usize> = talk.frames().iter().map(|sent| sent.payload.len()).collect();
        assert_eq!(lengths, [101, 16_384, 16_384, 100 + 40_000 - 2 * 16_284]);
        talk.stream(1).set_padding(None);
        talk.send(1, b"bare", Part::Last);
        assert_eq!(talk.frames(), [Sent::data(1, b"bare", Part::Last)]);
    });
}

#[test]
fn promises_are_padded_like_the_rest_of_their_stream() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.get(1));
        let promised = talk.connection.push(id(1), get()).unwrap();
        talk.connection.stream(promised).unwrap().set_padding(Some(3));
        let sent = talk.frames();
        assert_eq!((sent[0].kind, padding(&sent[0])), (Kind::PUSH_PROMISE, 3));
        assert_eq!(sent[0].payload[1..5], [0, 0, 0, 2]);
    });
}

/// A block that just fits into a frame, and no longer does with padding.
#[test]
fn padded_headers_continue_where_they_must() {
    for (octets, continued) in [(None, false), (Some(0), true), (Some(255), true)] {
        talk_once(Role::Client, &Config::default(), &[], |talk| {
            // 16,384 octets with all around it.
            let filler = vec![b'\\'; 16_384];
            let fields =
                |octets: usize| get().with_indexing("x", &filler[..octets], sans_h2::Indexing::Without);
            let size = (16_000..16_384)
                .find(|&size| {
                    let mut block = Vec::new();
                    sans_h2::hpack::Encoder::new(4_096).encode(&fields(size), &mut block);
                    block.len() == 16_384
                })
                .unwrap();
            let stream = talk.connection.open(fields(size), Part::Last).unwrap();
            talk.connection.stream(stream).unwrap().set_padding(octets);
            let sent = talk.frames();
            assert_eq!((sent[0].payload.len(), sent.len() == 2), (16_384, continued));
            assert!(sent.last().unwrap().flags.contains(Flags::END_HEADERS));
        });
    }
}

#[test]
fn headers_carry_the_old_priority_once() {
    talk_once(Role::Client, &Config::default(), &[], |client| {
        let stream = client.open(Part::More);
        client.stream(stream).set_headers_priority(OLD);
        client.stream(stream).send_headers(trailers(), Part::Last).unwrap();
        let sent = client.frames();
        assert!(sent[0].flags.contains(Flags::PRIORITY) && !sent[1].flags.contains(Flags::PRIORITY));
        assert_eq!(sent[0].payload[..5], [0x80, 0, 0, 0, 219]);
        talk(Role::Server, &curious(), &[], |server| {
            let seen = server.hear(|wire| wire.frame(sent[0].kind, sent[0].flags, 1, &sent[0].payload));
            let head = Seen::Frame(Kind::HEADERS, sent[0].flags, 1, None, Some(OLD));
            assert_eq!(seen, [head, Seen::Headers(1, Head::Request, post(), Part::More)]);
        });
    });
}

/// Every type of frame has its head told, before what it comes to.
#[test]
fn all_heads_are_told_on_request() {
    let acknowledged = [plain(Kind::SETTINGS, Flags::ACK, 0), Seen::SettingsAcknowledged];
    talk_from_start(Role::Server, &curious(), |talk| {
        let none = Flags::NONE;
        let seen = talk.hear(|wire| wire.octets(crate::support::MAGIC).settings(&[]).settings_ack());
        assert_eq!(seen[..2], [plain(Kind::SETTINGS, none, 0), settings_seen(&[])]);
        assert_eq!(seen[2..], acknowledged);
        let seen = talk.hear(|wire| {
            let wire = wire.continued_headers(1, &post(), Part::More, 2).data(1, b"", Part::Last);
            let wire = wire.frame(Kind::PRIORITY, none, 9, &[0x80, 0, 0, 0, 219]).ping([7; 8]);
            let wire = wire.window_update(0, 1).frame(Kind::from(0xee), Flags::from(9), 3, b"");
            wire.get(5).reset(5, sans_h2::ErrorCode::CANCEL).goaway(0, sans_h2::ErrorCode::NO_ERROR)
        });
        let frames: Vec<&Seen> = seen.iter().filter(|seen| matches!(seen, Seen::Frame(..))).collect();
        let end = Flags::END_STREAM;
        let expected = [
            plain(Kind::HEADERS, none, 1),
            plain(Kind::CONTINUATION, Flags::END_HEADERS, 1),
            plain(Kind::DATA, end, 1),
            Seen::Frame(Kind::PRIORITY, none, 9, None, Some(OLD)),
            plain(Kind::PING, none, 0),
            plain(Kind::WINDOW_UPDATE, none, 0),
            plain(Kind::from(0xee), Flags::from(9), 3),
            plain(Kind::HEADERS, end.with(Flags::END_HEADERS), 5),
            plain(Kind::RST_STREAM, none, 5),
            plain(Kind::GOAWAY, none, 0),
        ];
        assert_eq!(frames, expected.iter().collect::<Vec<_>>());
        let at = |wanted: &Seen| seen.iter().position(|seen| seen == wanted).unwrap();
        assert!(at(&expected[2]) < at(&Seen::Data(1, vec![], Part::Last)));
        assert!(matches!(seen[at(&expected[8]) + 1], Seen::Reset(5, ..)), "{seen:?}");
        assert!(talk.frames().contains(&Sent::pong([7; 8])));
    });
}

/// What was reported before the end of the input still counts.
#[test]
fn a_reported_frame_is_acted_on_though_the_input_ends() {
    talk(Role::Server, &curious(), &[], |talk| {
        let seen = talk.hear(|wire| wire.get(1));
        assert!(matches!(seen[..], [Seen::Frame(..), Seen::Headers(1, ..)]), "{seen:?}");
        talk.stream(1).send_headers(Fields::response(204), Part::Last).unwrap();
        assert_eq!(talk.frames(), [Sent::headers(1, &[0x89], Part::Last)]);
        let seen = talk.end_of_input();
        assert_eq!(seen, [Seen::Closed(None)]);
    });
}

/// A client that builds a tree of idle streams to hang its requests below, as some did under RFC 7540.
#[test]
fn old_priorities_follow_the_preface_and_come_before_requests() {
    talk_from_start(Role::Client, &Config::default(), |talk| {
        let groups = [(3, 200, None), (5, 100, None), (7, 0, None), (9, 0, Some(7)), (11, 0, Some(3))];
        for (stream, weight, dependency) in groups {
            let dependency = dependency.map(id);
            let group = Priority { exclusive: false, dependency, weight };
            assert_eq!(talk.connection.send_priority(id(stream), group), Ok(()));
        }
        talk.open(Part::Last);
        let order: Vec<(Kind, u32)> = heads(&talk.frames());
        let first = [(Kind::SETTINGS, 0), (Kind::WINDOW_UPDATE, 0)];
        let tree = groups.map(|(stream, ..)| (Kind::PRIORITY, stream));
        assert_eq!(order, [&first[..], &tree, &[(Kind::HEADERS, 1)]].concat());
    });
}
