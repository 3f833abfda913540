//! Frames that come late, on streams that the other end has reset: two engines do not answer each other for ever.

use std::collections::BTreeMap;

use bytes::Bytes;
use sans_h2::frame::Head as FrameHead;
use sans_h2::{Config, Connection, ErrorCode, Event, Fields, Head, Part, Role, StreamId, Time};

use crate::support::{MAGIC, drain, post};

const STREAMS: usize = 100;

/// What an end does on each stream before it hears of the reset.
#[derive(Clone, Copy, Debug)]
enum Late {
    Nothing,
    /// A piece of the body.
    Data,
    /// The end of the message, by a field section.
    Trailers,
    /// Credit for what came.
    Credit,
    /// A reset of its own.
    Reset,
}

const ALL: [Late; 5] = [Late::Nothing, Late::Data, Late::Trailers, Late::Credit, Late::Reset];

struct Ends {
    client: Connection,
    server: Connection,
    streams: Vec<StreamId>,
    /// Frames on each stream, in both directions.
    frames: BTreeMap<u32, usize>,
}

impl Ends {
    /// Streams that both ends have begun to send on, with credit due on each.
    fn new(remembered: u32) -> Self {
        let config = Config::builder().initial_window_size(100).remembered_streams(remembered);
        let config = config.build().expect("within the ranges");
        let mut client = Connection::client(config.clone());
        let streams = (0..STREAMS).map(|_| client.open(post(), Part::More).expect("few streams")).collect();
        let server = Connection::server(config);
        let mut ends = Self { client, server, streams, frames: BTreeMap::new() };
        ends.settle();
        for stream in ends.streams.clone() {
            let mut answer = ends.server.stream(stream).expect("a request");
            answer.send_headers(Fields::response(200), Part::More).expect("the first section");
        }
        for end in [&mut ends.client, &mut ends.server] {
            for &stream in &ends.streams {
                let mut stream = end.stream(stream).expect("it lives");
                stream.send_data(Bytes::from_static(&[0; 60]), Part::More).expect("there is room");
            }
        }
        ends.settle();
        ends.frames.clear();
        ends
    }

    fn end(&mut self, role: Role) -> &mut Connection {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    /// What an end has to write.
    fn write(&mut self, role: Role) -> Vec<u8> {
        let octets = drain(self.end(role));
        let mut rest = octets.strip_prefix(MAGIC).unwrap_or(&octets);
        while let Some((head, payload)) =
            rest.split_first_chunk().map(|(head, rest)| (FrameHead::parse(head), rest))
        {
            if let Some(stream) = head.stream {
                *self.frames.entry(stream.number()).or_default() += 1;
            }
            rest = &payload[head.length as usize..];
        }
        octets
    }

    fn read(&mut self, role: Role, mut octets: &[u8]) {
        while let Some(event) = self.end(role).poll(&mut octets, Time::ZERO) {
            assert!(!matches!(event, Event::Closed { .. }), "{event:?}");
            assert!(!matches!(event, Event::Headers { head: Head::Trailers, .. }), "{event:?}");
        }
    }

    /// Carries octets both ways until neither end has any; tells how often.
    fn settle(&mut self) -> usize {
        let mut rounds = 0;
        loop {
            let (up, down) = (self.write(Role::Client), self.write(Role::Server));
            if up.is_empty() && down.is_empty() {
                return rounds;
            }
            self.read(Role::Server, &up);
            self.read(Role::Client, &down);
            rounds += 1;
        }
    }

    fn act(&mut self, role: Role, late: Late) {
        for stream in self.streams.clone() {
            let mut stream = self.end(role).stream(stream).expect("it has not heard of the reset");
            match late {
                Late::Nothing => {}
                Late::Data => stream.send_data(Bytes::from_static(b"x"), Part::More).expect("there is room"),
                Late::Trailers => {
                    let trailers = Fields::new().with("x-status", "0");
                    stream.send_headers(trailers, Part::Last).expect("trailers");
                }
                Late::Credit => stream.release(60),
                Late::Reset => stream.reset(ErrorCode::CANCEL),
            }
        }
    }
}

/// A13: on each stream a reset, and what was under way when it was sent; nothing is said of a stream that is over.
#[test]
fn no_more_than_two_frames_on_a_stream_that_was_reset() {
    for remembered in [STREAMS as u32, 1_024] {
        for first in [Role::Client, Role::Server] {
            for late in ALL {
                let mut ends = Ends::new(remembered);
                ends.act(first, Late::Reset);
                ends.act(first.peer(), late);
                let rounds = ends.settle();
                let place = format!("{first:?} resets, {late:?} comes late, {remembered} remembered");
                let expected = 1 + usize::from(!matches!(late, Late::Nothing));
                assert_eq!(ends.frames.len(), STREAMS, "{place}");
                assert!(ends.frames.values().all(|&frames| frames == expected), "{place}: {:?}", ends.frames);
                assert!(rounds <= 2, "{place}: {rounds} rounds");
            }
        }
    }
}
