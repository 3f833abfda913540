//! What one operation costs among more and more of them.

use std::fmt;

use anyhow::{Context, Result};
use bytes::{Buf, Bytes};
use clap::ValueEnum;
use sans_h2::{Config, Connection, Event, Fields, Head, Part, Time};

use crate::engine::Memory;
use crate::exchanges;
use crate::measure::{median, time};
use crate::picture::{self, Chart, Series};
use crate::rows::{Engine, Input, Row};
use crate::subject::{Subject, subject};
use crate::valgrind::{self, Work};

/// What there is more and more of.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Axis {
    /// Exchanges at once on one connection.
    Streams,
    /// Connections, each of which has answered a request and is idle.
    Connections,
    /// Fields in each list of an exchange.
    Fields,
}

pub(crate) fn run() -> Result<()> {
    let measures = if valgrind::is_there() { &MEASURES[..] } else { &MEASURES[..1] };
    if measures.len() < MEASURES.len() {
        println!("Instructions are not counted: valgrind is missing.");
    }
    let mut charts = Vec::new();
    for axis in Axis::ALL {
        for (unit, cost) in measures {
            let chart = chart(axis, unit, *cost)?;
            print(&chart);
            charts.push(chart);
        }
    }
    picture::draw(&charts, measures.len())
}

/// What an operation costs at a count.
type Cost = fn(Axis, Engine, usize) -> Result<f64>;

const MEASURES: [(&str, Cost); 2] = [("ns", nanoseconds), ("instructions", instructions)];

fn chart(axis: Axis, unit: &'static str, cost: Cost) -> Result<Chart> {
    let mut series = Vec::new();
    for engine in axis.engines() {
        let mut points = Vec::new();
        for count in axis.counts() {
            points.push((*count, cost(axis, *engine, *count)? / axis.parts(*count) as f64));
        }
        series.push(Series { name: engine.title(), points });
    }
    Ok(Chart { title: axis.title(), unit, series })
}

fn print(chart: &Chart) {
    println!("{} ({})", chart.title, chart.unit);
    for series in &chart.series {
        let points: Vec<String> =
            series.points.iter().map(|(count, cost)| format!("{count}: {cost:.0}")).collect();
        println!("  {}: {}; {:.2} from end to end", series.name, points.join(", "), series.growth());
    }
}

fn nanoseconds(axis: Axis, engine: Engine, count: usize) -> Result<f64> {
    let operations = axis.sample(count);
    Ok(with_subject(axis, engine, count, |subject| {
        subject.run(operations);
        let samples = (0..ROUNDS).map(|_| time(|| subject.run(operations)) / operations as f64).collect();
        subject.check();
        median(samples)
    }))
}

fn instructions(axis: Axis, engine: Engine, count: usize) -> Result<f64> {
    let work: Work =
        ["grow", &axis.to_string(), &engine.to_string(), &count.to_string()].map(Into::into).into();
    valgrind::instructions(&work, count.max(1_200))?.context("valgrind is missing")
}

/// Does so many operations at a count, to be run under valgrind.
pub(crate) fn work(axis: Axis, engine: Engine, count: usize, operations: usize) {
    with_subject(axis, engine, count, |subject| {
        subject.run(operations);
        subject.check();
    });
}

fn with_subject<T>(axis: Axis, engine: Engine, count: usize, work: impl FnOnce(&mut dyn Subject) -> T) -> T {
    let plan = match axis {
        Axis::Streams => exchanges::get(count),
        Axis::Connections => return work(&mut Idle::new(count)),
        Axis::Fields => exchanges::wide(count),
    };
    work(&mut *subject(Row::Get100, engine, Memory::Own, &Input::Plan(plan)))
}

impl Axis {
    const ALL: [Self; 3] = [Self::Streams, Self::Connections, Self::Fields];

    const fn title(self) -> &'static str {
        match self {
            Self::Streams => "An exchange, by streams at once",
            Self::Connections => "A request to an idle connection, by idle connections",
            Self::Fields => "A field of an exchange, by fields in each list",
        }
    }

    const fn engines(self) -> &'static [Engine] {
        match self {
            Self::Streams | Self::Fields => &[Engine::Ours, Engine::Nghttp2, Engine::H2],
            Self::Connections => &[Engine::Ours],
        }
    }

    const fn counts(self) -> &'static [usize] {
        match self {
            Self::Streams | Self::Connections => &[1, 10, 100, 1_000, 10_000, 100_000],
            Self::Fields => &[1, 3, 10, 30, 100, 300, 1_000],
        }
    }

    /// How many parts of an operation the cost is told for.
    const fn parts(self, count: usize) -> usize {
        match self {
            Self::Streams | Self::Connections => 1,
            Self::Fields => 2 * count,
        }
    }

    /// The operations of one timed sample.
    fn sample(self, count: usize) -> usize {
        match self {
            Self::Streams => count.max(10_000),
            Self::Connections => 100_000,
            Self::Fields => (100_000 / count).clamp(100, 10_000),
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().expect("none is hidden").get_name())
    }
}

/// Servers that have answered a request each. An operation is one more request to one of them and the response, in an
/// order that no cache knows.
struct Idle {
    servers: Vec<Server>,
    last: usize,
    octets: usize,
    requests: usize,
}

impl Idle {
    fn new(count: usize) -> Self {
        let servers = (0..count).map(|_| Server::new()).collect();
        Self { servers, last: 0, octets: 0, requests: 0 }
    }
}

impl Subject for Idle {
    fn run(&mut self, operations: usize) {
        for _ in 0..operations {
            self.last = (self.last + STEP) % self.servers.len();
            self.octets += self.servers[self.last].request();
        }
        self.requests += operations;
    }

    fn octets(&self) -> usize {
        self.octets
    }

    fn check(&self) {
        // Two frame heads and the body, at least.
        assert!(self.octets > 118 * self.requests, "{} octets", self.octets);
    }
}

/// A server whose client has nothing to ask.
struct Server {
    connection: Connection,
    /// The next stream of the client.
    next: u32,
}

impl Server {
    fn new() -> Self {
        let mut server = Self { connection: idle_server(), next: 3 };
        server.request();
        server
    }

    /// Answers one more request; how many octets.
    fn request(&mut self) -> usize {
        let mut frame = REQUEST;
        frame[5..9].copy_from_slice(&self.next.to_be_bytes());
        self.next += 2;
        receive(&mut self.connection, &frame);
        let mut output = self.connection.output();
        let octets = output.remaining();
        output.advance(octets);
        octets
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

/// Prime to all counts.
const STEP: usize = 7_919;

const ROUNDS: usize = 3;
