//! How each stream ends: exactly once, and with the verdict that tells whether its request may be made again
//! (RFC 9113 §8.7), whatever comes in which order.

use std::mem;

use sans_h2::frame::{Part, SettingId};
use sans_h2::{Config, Connection, ErrorCode, Role, Time, Verdict};

use crate::support::{Log, Seen, Wire, drain, get, talk};

/// What can end a stream, or the connection under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// An interim response, which ends nothing but says that the server is at work.
    Begun,
    /// The response, to its end.
    Response,
    Reset,
    Refused,
    /// GOAWAY that names no stream.
    GoAwayBelow,
    /// GOAWAY that leaves the stream alone.
    GoAwayAbove,
    Transport,
}

const ENDINGS: [Ending; 7] = [
    Ending::Begun,
    Ending::Response,
    Ending::Reset,
    Ending::Refused,
    Ending::GoAwayBelow,
    Ending::GoAwayAbove,
    Ending::Transport,
];

/// Whether the server knows of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Yes,
    /// It waits for the server's limit.
    No,
}

/// How the caller is told that stream 1 ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    End,
    Reset(Verdict),
}

/// What the order of `endings` must come to: once the stream is over, the rest means nothing to it. A response that is
/// whole before the upload is leaves the stream to what comes next.
fn expected(endings: &[Ending], upload: Part) -> Vec<Told> {
    let mut told = Vec::new();
    let mut unless_whole = Verdict::Unprocessed;
    for ending in endings {
        let whole = !told.is_empty();
        let verdict = match ending {
            Ending::GoAwayAbove => continue,
            Ending::Begun if !whole => {
                unless_whole = Verdict::MaybeProcessed;
                continue;
            }
            Ending::Response if !whole => {
                told.push(Told::End);
                if upload.is_last() {
                    break;
                }
                continue;
            }
            _ if whole => Verdict::Complete,
            Ending::Refused | Ending::GoAwayBelow => unless_whole,
            Ending::Begun | Ending::Response | Ending::Reset | Ending::Transport => Verdict::MaybeProcessed,
        };
        told.push(Told::Reset(verdict));
        break;
    }
    told
}

fn say(wire: Wire, ending: Ending) -> Wire {
    match ending {
        Ending::Begun => wire.response(1, 103, Part::More),
        Ending::Response => wire.response(1, 200, Part::Last),
        Ending::Reset => wire.reset(1, ErrorCode::CANCEL),
        Ending::Refused => wire.reset(1, ErrorCode::REFUSED_STREAM),
        Ending::GoAwayBelow => wire.goaway(0, ErrorCode::NO_ERROR),
        Ending::GoAwayAbove => wire.goaway(1, ErrorCode::NO_ERROR),
        Ending::Transport => wire,
    }
}

/// What a client is told of stream 1 when these things happen, and nothing that is no end of it.
fn told(endings: &[Ending], sent: Sent, upload: Part) -> Vec<Told> {
    let limit = match sent {
        Sent::Yes => 1,
        Sent::No => 0,
    };
    let mut client = Connection::client(Config::default());
    client.open(get(), upload).unwrap();
    let mut wire = Wire::peer(Role::Server, &[(SettingId::MAX_CONCURRENT_STREAMS, limit)]);
    let mut log = Log::default();
    poll(&mut client, &mem::take(&mut wire.octets), &mut log);
    drain(&mut client);
    for &ending in endings {
        if ending == Ending::Transport {
            client.end_of_input();
        }
        wire = say(wire, ending);
        poll(&mut client, &mem::take(&mut wire.octets), &mut log);
    }
    let ends = log.events.iter().filter_map(|event| match event {
        Seen::Headers(1, _, _, Part::Last) => Some(Told::End),
        Seen::Reset(1, _, _, verdict) => Some(Told::Reset(*verdict)),
        _ => None,
    });
    ends.collect()
}

fn poll(client: &mut Connection, mut input: &[u8], log: &mut Log) {
    while let Some(event) = client.poll(&mut input, Time::ZERO) {
        log.push(&event);
    }
}

/// All orders of `rest` behind `before`.
fn each_order(before: &mut Vec<Ending>, rest: &[Ending], check: &mut impl FnMut(&[Ending])) {
    check(before);
    for (at, &ending) in rest.iter().enumerate() {
        let others: Vec<Ending> = [&rest[..at], &rest[at + 1..]].concat();
        before.push(ending);
        each_order(before, &others, check);
        before.pop();
    }
}

// covers 9113-8.7-1 9113-8.7-2 9113-6.8-1
#[test]
fn every_order_of_endings_ends_a_stream_once_and_with_its_verdict() {
    for upload in [Part::Last, Part::More] {
        let mut orders = 0;
        each_order(&mut Vec::new(), &ENDINGS, &mut |endings| {
            orders += 1;
            assert_eq!(told(endings, Sent::Yes, upload), expected(endings, upload), "{upload:?} {endings:?}");
        });
        // All selections of seven, in all orders.
        assert_eq!(orders, 1 + 7 + 42 + 210 + 840 + 2_520 + 5_040 + 5_040);
    }
}

/// RFC 9113 §6.8: nothing is opened after GOAWAY. On a stream that it has not seen a server says nothing.
#[test]
fn a_stream_that_waits_ends_as_never_sent() {
    let quiet = [Ending::GoAwayBelow, Ending::GoAwayAbove, Ending::Transport];
    each_order(&mut Vec::new(), &quiet, &mut |endings| {
        let expected = endings.first().map(|_| Told::Reset(Verdict::NeverSent));
        assert_eq!(told(endings, Sent::No, Part::Last), Vec::from_iter(expected), "{endings:?}");
    });
}

/// What a server is told of a request that its client takes back, or goes away from.
#[test]
fn a_servers_verdict_is_about_the_request() {
    type Say = fn(Wire) -> Wire;
    let resets: [Say; 2] =
        [|wire| wire.reset(1, ErrorCode::REFUSED_STREAM), |wire| wire.reset(1, ErrorCode::CANCEL)];
    for say in resets {
        for (part, expected) in [(Part::Last, Verdict::Complete), (Part::More, Verdict::MaybeProcessed)] {
            talk(Role::Server, &Config::default(), &[], |talk| {
                talk.hear(|wire| wire.headers(1, &get(), part));
                let events = talk.hear(say);
                assert!(matches!(events[..], [Seen::Reset(1, _, _, verdict)] if verdict == expected));
            });
        }
    }
}
