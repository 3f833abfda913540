//! Two engines against each other in memory, with windows, sizes and cuts of every kind.

#[path = "pair/late.rs"]
mod late;
mod support;

use std::collections::BTreeMap;

use bytes::{Buf, Bytes};
use proptest::prelude::*;
use sans_h2::{Config, Connection, ConnectionError, Event, Fields, Head, Part, StreamId, Time};

/// One request and its response.
#[derive(Clone, Copy, Debug)]
struct Exchange {
    request_octets: usize,
    response_octets: usize,
    trailers: Part,
}

/// How the octets travel.
#[derive(Clone, Copy, Debug)]
struct Link {
    /// Octets that the transport takes at once.
    written: usize,
    /// Octets that arrive at once.
    received: usize,
    /// Octets of body that the callers queue at once.
    chunk: usize,
}

/// What a caller still has to send on a stream, and what it has received.
#[derive(Debug, Default)]
struct Message {
    to_send: usize,
    sent: usize,
    trailers: Option<Fields>,
    received: Vec<u8>,
    heads: Vec<Head>,
    ended: bool,
}

struct End {
    connection: Connection,
    messages: BTreeMap<StreamId, Message>,
    closed: Option<Option<ConnectionError>>,
}

impl End {
    fn new(connection: Connection) -> Self {
        Self { connection, messages: BTreeMap::new(), closed: None }
    }

    /// Takes what came; returns whether anything happened.
    fn receive(&mut self, octets: &[u8], exchanges: &BTreeMap<StreamId, Exchange>) {
        let mut input = octets;
        while let Some(event) = self.connection.poll(&mut input, Time::ZERO) {
            assert_eq!(self.closed, None, "{event:?} after the end");
            match event {
                Event::Headers { stream, head, part, fields } => {
                    let message = self.messages.entry(stream).or_default();
                    message.heads.push(head);
                    message.ended |= part.is_last();
                    if head == Head::Request {
                        message.to_send = exchanges[&stream].response_octets;
                        message.trailers = trailers(exchanges[&stream].trailers);
                        self.respond(stream);
                    }
                    self.connection.recycle(fields);
                }
                Event::Data { stream, data, part } => {
                    let message = self.messages.get_mut(&stream).expect("headers come first");
                    message.received.extend_from_slice(data);
                    message.ended |= part.is_last();
                    if let Some(mut stream) = self.connection.stream(stream) {
                        stream.release(data.len());
                    }
                }
                Event::Reset { .. } => panic!("{event:?}"),
                Event::Closed { error } => self.closed = Some(error),
                _ => {}
            }
        }
    }

    fn respond(&mut self, stream: StreamId) {
        let message = &self.messages[&stream];
        let part = if message.to_send == 0 && message.trailers.is_none() { Part::Last } else { Part::More };
        let mut stream = self.connection.stream(stream).expect("a new request");
        stream.send_headers(Fields::response(200), part).expect("the first section");
    }

    /// Queues as much as the streams take.
    fn send(&mut self, chunk: usize) {
        for (&id, message) in &mut self.messages {
            let Some(mut stream) = self.connection.stream(id) else { continue };
            while message.sent < message.to_send && stream.capacity() > 0 {
                let octets = chunk.min(message.to_send - message.sent);
                let body: Vec<u8> =
                    (message.sent..message.sent + octets).map(|at| octet_of(id, at)).collect();
                message.sent += octets;
                let last = message.sent == message.to_send && message.trailers.is_none();
                let part = if last { Part::Last } else { Part::More };
                stream.send_data(Bytes::from(body), part).expect("there is capacity");
            }
            if message.sent == message.to_send {
                if let Some(fields) = message.trailers.take() {
                    stream.send_headers(fields, Part::Last).expect("trailers end the message");
                }
            }
        }
    }

    /// Octets for the other end: at most `most`.
    fn write(&mut self, most: usize) -> Vec<u8> {
        let mut output = self.connection.output();
        let octets: Vec<u8> = output.chunks().flatten().copied().take(most).collect();
        output.advance(octets.len());
        octets
    }
}

fn trailers(part: Part) -> Option<Fields> {
    part.is_last().then(|| Fields::new().with("grpc-status", "0"))
}

fn octet_of(stream: StreamId, at: usize) -> u8 {
    (stream.number() as usize * 31 + at * 7 + at / 251) as u8
}

/// Carries octets both ways until neither end has any.
fn settle(ends: &mut [End; 2], link: Link, exchanges: &BTreeMap<StreamId, Exchange>) {
    for round in 0.. {
        assert!(round < 1_000_000, "the ends do not come to rest");
        let mut moved = false;
        for (from, to) in [(0, 1), (1, 0)] {
            ends[from].send(link.chunk);
            let octets = ends[from].write(link.written);
            moved |= !octets.is_empty();
            for piece in octets.chunks(link.received) {
                ends[to].receive(piece, exchanges);
            }
            ends[from].receive(&[], exchanges);
        }
        if !moved {
            return;
        }
    }
}

fn run(client: Config, server: Config, exchanges: &[Exchange], link: Link) {
    let mut ends = [End::new(Connection::client(client)), End::new(Connection::server(server))];
    let mut opened = BTreeMap::new();
    // So that the client knows how many streams the server takes at once.
    settle(&mut ends, link, &opened);
    for &exchange in exchanges {
        let part = if exchange.request_octets == 0 && !exchange.trailers.is_last() {
            Part::Last
        } else {
            Part::More
        };
        let stream = ends[0].connection.open(support::post(), part).expect("few streams");
        let trailers = trailers(exchange.trailers);
        let message = Message { to_send: exchange.request_octets, trailers, ..Message::default() };
        ends[0].messages.insert(stream, message);
        opened.insert(stream, exchange);
    }
    settle(&mut ends, link, &opened);
    for end in &ends {
        let audit = end.connection.audit();
        assert!(audit.is_balanced(), "{audit:?}");
        assert_eq!(audit.held, 0, "all credit is back");
    }
    let [client, server] = &mut ends;
    let (sent, received) = (client.connection.audit(), server.connection.audit());
    assert_eq!(sent.send_window, received.receive_window, "both ends see the same window");
    assert_eq!(server.connection.audit().send_window, client.connection.audit().receive_window);
    for (&stream, exchange) in &opened {
        check(&server.messages[&stream], stream, exchange.request_octets, exchange, Head::Request);
        check(&client.messages[&stream], stream, exchange.response_octets, exchange, Head::Response);
        assert!(client.connection.stream(stream).is_none() && server.connection.stream(stream).is_none());
    }
    server.connection.shut_down();
    settle(&mut ends, link, &opened);
    // The client has nothing to wait for, and closes the transport.
    assert!(ends[0].connection.is_closed());
    ends[1].connection.end_of_input();
    ends[1].receive(&[], &opened);
    assert_eq!(ends.map(|end| end.closed), [Some(None), Some(None)], "both end gracefully");
}

fn check(message: &Message, stream: StreamId, octets: usize, exchange: &Exchange, head: Head) {
    let expected: Vec<u8> = (0..octets).map(|at| octet_of(stream, at)).collect();
    assert!(message.received == expected, "the body of {stream} arrives octet by octet");
    let mut heads = vec![head];
    heads.extend(exchange.trailers.is_last().then_some(Head::Trailers));
    assert_eq!(message.heads, heads);
    assert!(message.ended);
}

const PLAIN: Exchange = Exchange { request_octets: 0, response_octets: 100, trailers: Part::More };

const WIDE: Link = Link { written: usize::MAX, received: usize::MAX, chunk: 65_536 };

#[test]
fn a_hundred_exchanges_at_once() {
    run(Config::default(), Config::default(), &[PLAIN; 100], WIDE);
}

#[test]
fn more_streams_than_the_server_takes_wait_for_their_turn() {
    let client = Config::builder().max_open_streams(500).build().unwrap();
    let server = Config::builder().max_concurrent_streams(3).build().unwrap();
    run(client, server, &[PLAIN; 300], WIDE);
}

#[test]
fn bodies_cross_the_smallest_windows() {
    let tiny = Config::builder().initial_window_size(1).build().unwrap();
    let exchange = Exchange { request_octets: 300, response_octets: 200, trailers: Part::Last };
    run(tiny.clone(), tiny, &[exchange; 3], Link { written: 7, received: 3, chunk: 50 });
}

#[test]
fn megabytes_cross_both_ways_with_trailers() {
    let exchange = Exchange { request_octets: 3_000_000, response_octets: 2_000_000, trailers: Part::Last };
    run(Config::default(), Config::default(), &[exchange; 4], WIDE);
}

fn configs() -> impl Strategy<Value = Config> {
    (1_u32..200_000, 1_u32..200_000, 1_u32..20, 0_u32..10_000, 1_u32..100_000).prop_map(
        |(stream, connection, streams, table, buffer)| {
            Config::builder()
                .initial_window_size(stream)
                .connection_window_size(connection)
                .max_concurrent_streams(streams)
                .header_table_size(table)
                .encoder_table_size(table)
                .send_buffer_size(buffer)
                .build()
                .expect("within the ranges")
        },
    )
}

fn exchanges() -> impl Strategy<Value = Vec<Exchange>> {
    let part = prop_oneof![Just(Part::More), Just(Part::Last)];
    let octets = prop_oneof![3 => 0_usize..2_000, 1 => 0_usize..100_000];
    let exchange = (octets.clone(), octets, part).prop_map(|(request_octets, response_octets, trailers)| {
        Exchange { request_octets, response_octets, trailers }
    });
    prop::collection::vec(exchange, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_exchanges_complete_over_any_link(
        client in configs(),
        server in configs(),
        exchanges in exchanges(),
        written in 1_usize..100_000,
        received in 1_usize..70_000,
        chunk in 1_usize..70_000,
    ) {
        // A small write moves little a round; bodies of a hundred kilobytes need larger ones.
        let written = written.max(exchanges.iter().map(|e| e.request_octets.max(e.response_octets)).sum::<usize>() / 500);
        let chunk = chunk.max(written / 100);
        run(client, server, &exchanges, Link { written, received, chunk });
    }
}

/// An engine may move between threads with whatever drives it.
#[test]
fn connections_are_send_and_sync() {
    fn assert_send_and_sync<T: Send + Sync>() {}
    assert_send_and_sync::<Connection>();
    assert_send_and_sync::<Event<'static>>();
}
