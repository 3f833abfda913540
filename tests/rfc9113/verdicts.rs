//! How each stream ends: exactly once, and with the verdict that tells whether its request may be made again
//! (RFC 9113 §8.7), whatever comes in which order.

use std::mem;

use sans_h2::frame::{Part, SettingId};
use sans_h2::{Config, Connection, ErrorCode, Role, Time, Verdict};

use crate::support::{Log, Seen, Wire, drain, get};

/// What can end a stream, or the connection under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
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

const ENDINGS: [Ending; 6] = [
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

/// What the order of `endings` must come to: the first one that touches the stream decides.
fn expected(endings: &[Ending], sent: Sent) -> Option<Told> {
    endings.iter().find_map(|ending| match (ending, sent) {
        (Ending::Response, Sent::Yes) => Some(Told::End),
        (Ending::Reset | Ending::Transport, Sent::Yes) => Some(Told::Reset(Verdict::MaybeProcessed)),
        (Ending::Refused | Ending::GoAwayBelow, Sent::Yes) => Some(Told::Reset(Verdict::Unprocessed)),
        (Ending::GoAwayAbove, Sent::Yes) => None,
        // RFC 9113 §6.8: nothing is opened after GOAWAY. On a stream that it has not seen a server says nothing.
        (Ending::GoAwayAbove | Ending::GoAwayBelow | Ending::Transport, Sent::No) => {
            Some(Told::Reset(Verdict::NeverSent))
        }
        (Ending::Response | Ending::Reset | Ending::Refused, Sent::No) => None,
    })
}

fn say(wire: Wire, ending: Ending) -> Wire {
    match ending {
        Ending::Response => wire.response(1, 200, Part::Last),
        Ending::Reset => wire.reset(1, ErrorCode::CANCEL),
        Ending::Refused => wire.reset(1, ErrorCode::REFUSED_STREAM),
        Ending::GoAwayBelow => wire.goaway(0, ErrorCode::NO_ERROR),
        Ending::GoAwayAbove => wire.goaway(1, ErrorCode::NO_ERROR),
        Ending::Transport => wire,
    }
}

/// What a client is told of stream 1 when these things happen, and nothing that is no end of it.
fn told(endings: &[Ending], sent: Sent) -> Vec<Told> {
    let limit = match sent {
        Sent::Yes => 1,
        Sent::No => 0,
    };
    let mut client = Connection::client(Config::default());
    client.open(get(), Part::Last).unwrap();
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
    let mut orders = 0;
    each_order(&mut Vec::new(), &ENDINGS, &mut |endings| {
        orders += 1;
        let told = told(endings, Sent::Yes);
        assert_eq!(told, Vec::from_iter(expected(endings, Sent::Yes)), "{endings:?}");
    });
    // All selections of six, in all orders.
    assert_eq!(orders, 1 + 6 + 30 + 120 + 360 + 720 + 720);
}

#[test]
fn a_stream_that_waits_ends_as_never_sent() {
    let quiet = [Ending::GoAwayBelow, Ending::GoAwayAbove, Ending::Transport];
    each_order(&mut Vec::new(), &quiet, &mut |endings| {
        let told = told(endings, Sent::No);
        assert_eq!(told, Vec::from_iter(expected(endings, Sent::No)), "{endings:?}");
    });
}
