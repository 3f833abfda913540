//! What one operation costs among more and more of them.

use anyhow::Result;
use bytes::{Buf, Bytes};
use sans_h2::{Config, Connection, Event, Fields, Head, Part, Time};

use crate::engine::Memory;
use crate::exchanges;
use crate::measure::{median, time};
use crate::picture::{self, Chart, Series};
use crate::rows::{Engine, Input, Row};
use crate::subject::subject;

pub(crate) fn run() -> Result<()> {
    let charts = [streams(), connections(), fields()];
    for chart in &charts {
        println!("{} ({})", chart.title, chart.unit);
        for series in &chart.series {
            let points: Vec<String> =
                series.points.iter().map(|(count, cost)| format!("{count}: {cost:.0}")).collect();
            println!("  {}: {}; {:.2} from end to end", series.name, points.join(", "), series.growth());
        }
    }
    picture::draw(&charts)
}

const ENGINES: [Engine; 3] = [Engine::Ours, Engine::Nghttp2, Engine::H2];

fn streams() -> Chart {
    let plan = |count| exchanges::get(count);
    let cost = |engine, count: usize| exchange(engine, &Input::Plan(plan(count)), count.max(10_000));
    Chart {
        title: "An exchange, by streams at once",
        unit: "ns",
        series: ENGINES.map(|it| series(it, &[1, 10, 100, 1_000, 10_000, 100_000], cost)).into(),
    }
}

fn fields() -> Chart {
    let cost = |engine, count: usize| {
        let operations = (100_000 / count).clamp(100, 10_000);
        exchange(engine, &Input::Plan(exchanges::wide(count)), operations) / (2 * count) as f64
    };
    Chart {
        title: "A field of an exchange, by fields in each list",
        unit: "ns",
        series: ENGINES.map(|it| series(it, &[1, 3, 10, 30, 100, 300, 1_000], cost)).into(),
    }
}

fn series(engine: Engine, counts: &[usize], cost: impl Fn(Engine, usize) -> f64) -> Series {
    let points = counts.iter().map(|count| (*count, cost(engine, *count))).collect();
    Series { name: engine.title(), points }
}

/// Nanoseconds of one exchange.
fn exchange(engine: Engine, input: &Input, operations: usize) -> f64 {
    let mut subject = subject(Row::Get100, engine, Memory::Own, input);
    subject.run(operations);
    let samples = (0..ROUNDS).map(|_| time(|| subject.run(operations)) / operations as f64).collect();
    subject.check();
    median(samples)
}

/// A request to one of so many servers, each of which has answered one and is idle, and the response; in an order that
/// no cache knows.
fn connections() -> Chart {
    let cost = |_, count: usize| {
        let mut servers: Vec<Box<Idle>> = (0..count).map(|_| Box::new(Idle::new())).collect();
        let mut nth = 0;
        let mut requests = |operations: usize| {
            for _ in 0..operations {
                // Prime to all counts.
                nth = (nth + 7_919) % count;
                servers[nth].request();
            }
        };
        requests(count.max(10_000));
        let samples = (0..ROUNDS).map(|_| time(|| requests(100_000)) / 100_000.0).collect();
        median(samples)
    };
    Chart {
        title: "A request to an idle connection, by idle connections",
        unit: "ns",
        series: vec![series(Engine::Ours, &[1, 10, 100, 1_000, 10_000, 100_000], cost)],
    }
}

/// A server whose client has nothing to ask.
struct Idle {
    connection: Connection,
    /// The next stream of the client.
    next: u32,
}

impl Idle {
    fn new() -> Self {
        let mut idle = Self { connection: idle_server(), next: 3 };
        idle.request();
        idle
    }

    fn request(&mut self) {
        let mut frame = REQUEST;
        frame[5..9].copy_from_slice(&self.next.to_be_bytes());
        self.next += 2;
        receive(&mut self.connection, &frame);
        let mut output = self.connection.output();
        let octets = output.remaining();
        assert!(octets > 100, "the response is due");
        output.advance(octets);
    }
}

fn idle_server() -> Connection {
    // The client never gives credit again.
    let wide = Config::builder().connection_window_size(i32::MAX as u32).build().expect("values in range");
    let (mut client, mut server) = (Connection::client(wide), Connection::server(Config::default()));
    client.open(Fields::request("GET", "https", "example.com", "/"), Part::Last).expect("the first");
    for _ in 0..2 {
        carry(&mut client, &mut server);
        carry(&mut server, &mut client);
    }
    server
}

fn carry(from: &mut Connection, to: &mut Connection) {
    let mut octets = Vec::new();
    while from.output().has_remaining() {
        let mut output = from.output();
        output.chunks().for_each(|chunk| octets.extend_from_slice(chunk));
        output.advance(output.remaining());
    }
    receive(to, &octets);
}

fn receive(connection: &mut Connection, mut input: &[u8]) {
    while let Some(event) = connection.poll(&mut input, Time::ZERO) {
        if let Event::Headers { stream, head: Head::Request, mut fields, .. } = event {
            fields.clear();
            fields.extend([(":status", "200"), ("content-type", "text/plain")]);
            let mut stream = connection.stream(stream).expect("it waits for an answer");
            stream.send_headers(fields, Part::More).expect("the first");
            stream.send_data(Bytes::from_static(&[b'x'; 100]), Part::Last).expect("it is empty");
        }
    }
}

/// GET of `http` and `/` at `a.example`, which goes into no table.
const REQUEST: [u8; 23] = *b"\0\0\x0e\x01\x05\0\0\0\0\x82\x86\x84\x01\x09a.example";

const ROUNDS: usize = 3;
