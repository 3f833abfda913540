//! Honest traffic of the kinds that look like attacks, by the million: the engine resets, refuses and closes nothing.
//!
//! Full sizes take an optimised build (`cargo test --release --test benign`); others count a [`SCALE`]th of them.

#[path = "benign/ends.rs"]
mod ends;
#[path = "benign/recorded.rs"]
mod recorded;
#[path = "benign/slow.rs"]
mod slow;
mod support;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use ends::{App, End, Pair, Pipe, echo};
use sans_h2::{Cause, Config, Connection, ErrorCode, Event, Fields, Head, Part, StreamId, Time};

/// What the counts are divided by.
const SCALE: usize = if cfg!(debug_assertions) { 20 } else { 1 };

/// A server that sends each piece of a body back as it comes, and ends the response with the request.
#[derive(Default)]
struct Echo {
    requests: usize,
    messages: usize,
}

impl App for Echo {
    fn on_event(&mut self, connection: &mut Connection, event: Event<'_>) {
        self.requests += usize::from(matches!(event, Event::Headers { head: Head::Request, .. }));
        self.messages += usize::from(matches!(event, Event::Data { data: [_, ..], .. }));
        echo(connection, event);
    }
}

/// A client that counts what comes back.
#[derive(Default)]
struct Listener {
    messages: usize,
    finished: usize,
}

impl App for Listener {
    fn on_event(&mut self, connection: &mut Connection, event: Event<'_>) {
        match event {
            Event::Data { stream, data, part } => {
                self.messages += usize::from(!data.is_empty());
                self.finished += usize::from(part.is_last());
                if let Some(mut stream) = connection.stream(stream) {
                    stream.release(data.len());
                }
            }
            Event::Headers { part, fields, .. } => {
                self.finished += usize::from(part.is_last());
                connection.recycle(fields);
            }
            _ => {}
        }
    }
}

#[test]
fn a_million_messages_of_one_octet_on_a_hundred_streams() {
    let rounds = 10_000 / SCALE;
    let mut pair = Pair::new(Config::default(), Config::default(), Listener::default(), Echo::default());
    pair.settle();
    let streams: Vec<StreamId> = (0..100).map(|_| pair.client.open(support::post(), Part::More)).collect();
    for round in 0..rounds {
        for &stream in &streams {
            let part = if round + 1 == rounds { Part::Last } else { Part::More };
            pair.client.send(stream, Bytes::from_static(b"m"), part);
        }
        pair.settle();
    }
    assert_eq!((pair.server.app.messages, pair.client.app.messages), (rounds * 100, rounds * 100));
    assert_eq!(pair.client.app.finished, 100);
    pair.finish();
    assert_eq!((pair.client.sent.resets, pair.server.sent.resets), (0, 0));
}

/// A client that gives up six requests of ten, each at another point.
struct Fickle {
    /// Requests that are still to be made.
    left: usize,
    /// Requests that are under way, with what will be done to them.
    open: VecDeque<(StreamId, Fate)>,
    cancelled: usize,
    finished: usize,
}

/// How a request of [`Fickle`] ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The response is read to its end.
    Finish,
    /// It is cancelled before the server has read it.
    Regret,
    /// It is cancelled when the response begins.
    Impatience,
    /// It is cancelled when the first octets have come.
    Enough,
}

impl Fickle {
    fn cancel(&mut self, connection: &mut Connection, stream: StreamId) {
        if let Some(stream) = connection.stream(stream) {
            stream.reset(ErrorCode::CANCEL);
            self.cancelled += 1;
        }
        self.open.retain(|open| open.0 != stream);
    }

    fn fate(&self, stream: StreamId) -> Option<Fate> {
        self.open.iter().find(|open| open.0 == stream).map(|open| open.1)
    }

    /// Cancels requests that have just been written.
    fn regret(&mut self, connection: &mut Connection) {
        let regretted: Vec<StreamId> =
            self.open.iter().filter(|open| open.1 == Fate::Regret).map(|open| open.0).collect();
        for stream in regretted {
            self.cancel(connection, stream);
        }
    }
}

const FATES: [Fate; 10] = [
    Fate::Finish,
    Fate::Regret,
    Fate::Impatience,
    Fate::Finish,
    Fate::Enough,
    Fate::Regret,
    Fate::Finish,
    Fate::Impatience,
    Fate::Enough,
    Fate::Finish,
];

impl App for Fickle {
    fn on_event(&mut self, connection: &mut Connection, event: Event<'_>) {
        let (stream, has_data, part) = match event {
            Event::Headers { stream, part, .. } => (stream, false, part),
            Event::Data { stream, data, part } => {
                if let Some(mut stream) = connection.stream(stream) {
                    stream.release(data.len());
                }
                (stream, true, part)
            }
            _ => return,
        };
        match self.fate(stream) {
            Some(Fate::Finish | Fate::Regret) if part.is_last() => {
                self.finished += 1;
                self.open.retain(|open| open.0 != stream);
            }
            Some(Fate::Impatience) => self.cancel(connection, stream),
            Some(Fate::Enough) if has_data => self.cancel(connection, stream),
            _ => {}
        }
    }

    fn on_turn(&mut self, connection: &mut Connection) {
        while self.left > 0 && self.open.len() < 50 {
            self.left -= 1;
            let stream = connection.open(support::get(), Part::Last).expect("fewer than the limit");
            self.open.push_back((stream, FATES[self.left % FATES.len()]));
        }
    }
}

/// A server whose responses are longer than a window, so that they are cancelled amid their bodies.
#[derive(Default)]
struct Generous {
    requests: usize,
    cancelled: usize,
}

impl App for Generous {
    fn on_event(&mut self, connection: &mut Connection, event: Event<'_>) {
        match event {
            Event::Headers { stream, .. } => {
                self.requests += 1;
                let mut stream = connection.stream(stream).expect("a new request");
                stream.send_headers(Fields::response(200), Part::More).expect("the first section");
                // Some end at once, others wait for credit.
                let octets = if self.requests % 3 == 0 { 70_000 } else { 20_000 };
                stream.send_data(Bytes::from(vec![0; octets]), Part::Last).expect("there is capacity");
            }
            Event::Reset { cause: Cause::Peer, .. } => self.cancelled += 1,
            _ => {}
        }
    }
}

#[test]
fn six_of_ten_requests_cancelled() {
    let requests = 100_000 / SCALE;
    let app = Fickle { left: requests, open: VecDeque::new(), cancelled: 0, finished: 0 };
    let mut pair = Pair::new(Config::default(), Config::default(), app, Generous::default());
    while pair.client.app.left > 0 || !pair.client.app.open.is_empty() {
        pair.client.receive(&[], pair.now);
        let mut sent = pair.client.write(usize::MAX);
        pair.client.app.regret(&mut pair.client.connection);
        sent.extend(pair.client.write(usize::MAX));
        pair.server.receive(&sent, pair.now);
        let answered = pair.server.write(usize::MAX);
        pair.client.receive(&answered, pair.now);
        // A round trip.
        pair.pass(Duration::from_millis(5));
    }
    let (client, server) = (&pair.client.app, &pair.server.app);
    assert_eq!(client.cancelled + client.finished, requests);
    assert_eq!(client.cancelled, requests * 6 / 10);
    assert_eq!(server.requests, requests);
    assert!(server.cancelled > requests / 4, "{} amid their responses", server.cancelled);
    pair.finish();
    assert_eq!(pair.server.sent.resets, 0);
    let cancels = pair.client.sent.cancels;
    assert_eq!((pair.client.sent.resets, cancels), (requests * 6 / 10, requests * 6 / 10));
}

/// A client written by hand that gives credit for every `step` octets, on the stream and on the connection.
struct Stingy {
    step: u32,
    owed: u32,
    updates: usize,
    to_send: support::Wire,
}

impl Stingy {
    fn new(step: u32) -> Self {
        Self { step, owed: 0, updates: 0, to_send: support::Wire::raw() }
    }

    /// So many octets of DATA have come on stream 1.
    fn take(&mut self, octets: u32) {
        self.owed += octets;
        while self.owed >= self.step {
            self.owed -= self.step;
            self.updates += 2;
            let wire = std::mem::replace(&mut self.to_send, support::Wire::raw());
            self.to_send = wire.window_update(1, self.step).window_update(0, self.step);
        }
    }

    fn octets(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.to_send.octets)
    }
}

#[test]
fn a_million_small_window_updates_with_a_download() {
    let updates = 1_000_000 / SCALE;
    let mut client = Stingy::new(1_024);
    let mut server = End::new(Connection::server(Config::default()), Download);
    let mut now = Time::ZERO;
    server.receive(&support::Wire::client().get(1).octets, now);
    while client.updates < updates {
        let before = server.sent.data_octets;
        server.top_up(StreamId::new(1).expect("a stream"));
        server.write(usize::MAX);
        client.take(u32::try_from(server.sent.data_octets - before).expect("a window"));
        // A hundred megabits a second.
        now = now.after(Duration::from_millis(5));
        let octets = client.octets();
        assert!(!octets.is_empty(), "the download goes on");
        server.receive(&octets, now);
    }
    // What the last credit was for pays for it.
    server.write(usize::MAX);
    server.check_budgets();
    assert!(server.sent.data_octets >= updates / 2 * 1_024);
    assert_eq!((server.sent.resets, server.sent.goaways), (0, 0));
}

/// A server that sends zeros for as long as it may.
struct Download;

impl App for Download {
    fn on_event(&mut self, connection: &mut Connection, event: Event<'_>) {
        if let Event::Headers { stream, .. } = event {
            let mut stream = connection.stream(stream).expect("a new request");
            stream.send_headers(Fields::response(200), Part::More).expect("the first section");
        }
    }
}

/// A terminal over a tunnel: an octet each way every 10 milliseconds, each with credit for both windows.
#[test]
fn hundreds_of_thousands_of_window_updates_of_one_octet_in_a_terminal() {
    let keys = 500_000 / SCALE;
    let mut client = Stingy::new(1);
    let mut server = End::new(Connection::server(Config::default()), Echo::default());
    let mut now = Time::ZERO;
    server.receive(&support::Wire::client().post(1).octets, now);
    for _ in 0..keys {
        now = now.after(Duration::from_millis(10));
        server.receive(&support::Wire::raw().data(1, b"k", Part::More).octets(&client.octets()).octets, now);
        server.write(usize::MAX);
        client.take(1);
    }
    server.check_budgets();
    assert_eq!((server.app.messages, client.updates), (keys, 2 * keys));
    assert_eq!((server.sent.resets, server.sent.goaways, server.sent.data_octets), (0, 0, keys));
}

#[test]
fn keep_alive_pings_for_a_week() {
    let mut pair = Pair::new(Config::default(), Config::default(), Listener::default(), Echo::default());
    pair.settle();
    let pings = 7 * 24 * 60 * 6;
    for nth in 0..pings {
        pair.pass(Duration::from_secs(10));
        pair.client.connection.ping(u64::to_be_bytes(nth)).expect("the one before is answered");
        pair.server.connection.ping(u64::to_be_bytes(!nth)).expect("the one before is answered");
        if nth % 360 == 0 {
            pair.client.open(support::get(), Part::Last);
        }
        pair.settle();
    }
    let pings = usize::try_from(pings).expect("few");
    assert_eq!((pair.client.sent.pongs, pair.server.sent.pongs), (pings, pings));
    assert_eq!((pair.client.pongs, pair.server.pongs), (pings, pings));
    assert_eq!(pair.client.app.finished, pings / 360);
    pair.finish();
}

/// As many requests as may be open in one write, and as many more as soon as they have ended.
#[test]
fn bursts_at_the_stream_limit() {
    let bursts = 1_000 / SCALE;
    let mut server = End::new(Connection::server(Config::default()), Echo::default());
    server.receive(&support::Wire::client().octets, Time::ZERO);
    for burst in 0..bursts {
        let first = u32::try_from(burst * 100).expect("few bursts");
        let heads = (first..first + 100).fold(support::Wire::raw(), |wire, nth| wire.post(2 * nth + 1));
        server.receive(&heads.octets, Time::ZERO);
        assert_eq!(server.app.requests, (burst + 1) * 100);
        // All are open now; each ends as another would begin.
        let ends = (first..first + 100)
            .fold(support::Wire::raw(), |wire, nth| wire.data(2 * nth + 1, b"burst", Part::Last));
        server.receive(&ends.window_update(0, 500).octets, Time::ZERO);
        server.write(usize::MAX);
    }
    server.check_budgets();
    assert_eq!(server.sent.ended, bursts * 100);
    assert_eq!((server.sent.resets, server.sent.goaways), (0, 0));
}

#[test]
fn a_thousand_requests_at_once_wait_for_the_limit() {
    let config = Config::builder().max_open_streams(1_000).build().expect("within the ranges");
    let mut pair = Pair::new(config, Config::default(), Listener::default(), Echo::default());
    pair.settle();
    for _ in 0..100 / SCALE {
        for _ in 0..1_000 {
            pair.client.open(support::get(), Part::Last);
        }
        pair.settle_over(Pipe { written: 1_000, received: 300 });
    }
    assert_eq!((pair.server.app.requests, pair.client.app.finished), (100_000 / SCALE, 100_000 / SCALE));
    pair.finish();
    assert_eq!((pair.client.sent.resets, pair.server.sent.resets), (0, 0));
}
