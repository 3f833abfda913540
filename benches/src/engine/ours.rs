//! This engine, driven as its documentation says.

use bytes::Buf;
use sans_h2::{Config, Connection, Event, Field, Fields, Head, Part, StreamId, Time, Violation, hpack};

use super::{Connected, Hpack, Memory};
use crate::corpus::Corpus;
use crate::plan::{Answers, Message, Pair, Plan, Transport, WINDOW, WRITE_OCTETS, nth_of};
use crate::sink::{End, Sink};

/// One end, and what its host keeps beside it.
struct Host<'p, S> {
    /// Boxed, so that the heap has all of it.
    connection: Option<Box<Connection>>,
    plan: &'p Plan,
    sink: S,
    /// What the end sends in each exchange.
    prepared: Vec<Prepared>,
    /// Lists whose memory the next message to be sent takes.
    lists: Vec<Fields>,
    /// Messages that have come whole.
    ended: usize,
}

/// The lists of a message.
struct Prepared {
    head: Fields,
    trailers: Fields,
}

impl Prepared {
    fn of(message: &Message) -> Self {
        Self { head: fields_of(&message.head), trailers: fields_of(&message.trailers) }
    }
}

fn fields_of(pairs: &[Pair]) -> Fields {
    pairs.iter().map(|(name, value)| (name, value)).collect()
}

pub(crate) struct Ours<'p, S> {
    client: Host<'p, S>,
    server: Host<'p, S>,
    wire: Vec<u8>,
    octets: usize,
    asked: usize,
}

impl<'p, S: Sink<'p>> Connected<'p, S> for Ours<'p, S> {
    fn new(plan: &'p Plan, _: Memory) -> Self {
        let mut ends = Self {
            client: Host::new(plan, End::Client),
            server: Host::new(plan, End::Server),
            wire: Vec::with_capacity(2 * WRITE_OCTETS),
            octets: 0,
            asked: 0,
        };
        while ends.carry() > 0 {}
        ends.octets = 0;
        ends
    }

    fn exchange(&mut self, count: usize) {
        let mut left = count;
        while left > 0 {
            let flight = left.min(self.client.plan.at_once);
            for _ in 0..flight {
                self.client.ask(self.asked);
                self.asked += 1;
            }
            let due = self.client.ended + flight;
            while self.carry() > 0 && self.client.ended < due {}
            left -= flight;
        }
    }

    fn wire_octets(&self) -> usize {
        self.octets
    }

    fn sink(&self, end: End) -> &S {
        match end {
            End::Client => &self.client.sink,
            End::Server => &self.server.sink,
        }
    }

    fn drop_end(&mut self, end: End) {
        let host = match end {
            End::Client => &mut self.client,
            End::Server => &mut self.server,
        };
        host.connection = None;
    }
}

impl<'p, S: Sink<'p>> Ours<'p, S> {
    /// Carries what there is from the client to the server, then back; how many octets.
    fn carry(&mut self) -> usize {
        let before = self.octets;
        let Self { client, server, wire, octets, .. } = self;
        match client.plan.transport {
            Transport::Gathered => {
                *octets += client.write_to(server, wire);
                *octets += server.write_to(client, wire);
            }
            Transport::ByReference => {
                *octets += client.lend_to(server);
                *octets += server.lend_to(client);
            }
        }
        self.octets - before
    }
}

impl<'p, S: Sink<'p>> Host<'p, S> {
    fn new(plan: &'p Plan, end: End) -> Self {
        let most = plan.max_streams();
        let config = Config::builder()
            .initial_window_size(WINDOW)
            .connection_window_size(WINDOW)
            .max_concurrent_streams(most)
            .max_open_streams(most)
            .max_early_streams(most)
            .max_header_list_size(list_limit(plan))
            .max_header_fields(fields_limit(plan))
            .build()
            .expect("values in range");
        let connection = match end {
            End::Client => Connection::client(config),
            End::Server => Connection::server(config),
        };
        let sent = plan.exchanges.iter().map(|exchange| match end {
            End::Client => &exchange.request,
            End::Server => &exchange.response,
        });
        Self {
            connection: Some(Box::new(connection)),
            plan,
            sink: S::new(plan, end),
            prepared: sent.map(Prepared::of).collect(),
            lists: Vec::with_capacity(KEPT_LISTS),
            ended: 0,
        }
    }

    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("not dropped")
    }

    /// Gathers all output in write buffers, which the peer reads; how many octets.
    fn write_to(&mut self, peer: &mut Self, wire: &mut Vec<u8>) -> usize {
        let mut octets = 0;
        loop {
            while wire.len() < WRITE_OCTETS {
                let mut output = self.connection().output();
                if !output.has_remaining() {
                    break;
                }
                output.chunks().for_each(|chunk| wire.extend_from_slice(chunk));
                output.advance(output.remaining());
                self.read(&[]);
            }
            if wire.is_empty() {
                return octets;
            }
            octets += wire.len();
            peer.read(wire);
            wire.clear();
        }
    }

    /// Hands all output to the peer where it lies; how many octets.
    fn lend_to(&mut self, peer: &mut Self) -> usize {
        let mut octets = 0;
        loop {
            let mut output = self.connection().output();
            let length = output.remaining();
            if length == 0 {
                return octets;
            }
            octets += length;
            output.chunks().for_each(|chunk| peer.read(chunk));
            output.advance(length);
            self.read(&[]);
        }
    }

    fn read(&mut self, mut input: &[u8]) {
        while let Some(event) = self.connection().poll(&mut input, Time::ZERO) {
            match event {
                Event::Headers { stream, head, fields, part } => self.on_headers(stream, head, fields, part),
                Event::Data { stream, data, part } => self.on_data(stream, data, part),
                Event::Settings(_) | Event::SettingsAcknowledged | Event::Writable { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn on_headers(&mut self, stream: StreamId, head: Head, fields: Fields, part: Part) {
        let number = u32::from(stream);
        self.sink.section(number);
        for field in &fields {
            self.sink.field(number, field.name, field.value);
        }
        self.keep(fields);
        if part.is_last() {
            self.on_end(stream, head == Head::Request);
        }
    }

    fn on_data(&mut self, stream: StreamId, data: &[u8], part: Part) {
        self.sink.data(stream.into(), data);
        // There is none any more where the message was the last that the stream waited for.
        let live = self.connection().stream(stream).map(|mut it| it.release(data.len())).is_some();
        if part.is_last() {
            self.on_end(stream, live);
        }
    }

    /// The memory of a received list is the next one's, of the host or of the engine.
    fn keep(&mut self, fields: Fields) {
        if self.lists.len() < KEPT_LISTS {
            self.lists.push(fields);
        } else {
            self.connection().recycle(fields);
        }
    }

    /// A message has come whole; it can be answered if its stream lives.
    fn on_end(&mut self, stream: StreamId, live: bool) {
        let number = u32::from(stream);
        self.sink.end(number);
        self.ended += 1;
        if live && self.plan.answers == Answers::AtEnd {
            self.answer(stream, nth_of(number));
        }
    }

    /// A copy of a list that was prepared.
    fn copy(&mut self, nth: usize, which: impl Fn(&Prepared) -> &Fields) -> Fields {
        let mut fields = self.lists.pop().unwrap_or_default();
        fields.clone_from(which(&self.prepared[nth % self.prepared.len()]));
        fields
    }

    fn ask(&mut self, nth: usize) {
        let request = &self.plan.exchange(nth).request;
        let fields = self.copy(nth, |it| &it.head);
        let part = part(request.is_head_only());
        let stream = self.connection().open(fields, part).expect("few streams");
        if !request.is_head_only() {
            let mut stream = self.connection().stream(stream).expect("just opened");
            stream.send_data(request.body.clone(), Part::Last).expect("it is empty");
        }
    }

    fn answer(&mut self, stream: StreamId, nth: usize) {
        let response = &self.plan.exchange(nth).response;
        let head = self.copy(nth, |it| &it.head);
        let trailers = (!response.trailers.is_empty()).then(|| self.copy(nth, |it| &it.trailers));
        let mut stream = self.connection().stream(stream).expect("it waits for an answer");
        stream.send_headers(head, part(response.is_head_only())).expect("the first");
        if !response.body.is_empty() {
            stream.send_data(response.body.clone(), part(trailers.is_none())).expect("it is empty");
        }
        if let Some(trailers) = trailers {
            stream.send_headers(trailers, Part::Last).expect("the last");
        }
    }
}

const fn part(is_last: bool) -> Part {
    if is_last { Part::Last } else { Part::More }
}

/// The default, or more where the plan has longer lists.
fn list_limit(plan: &Plan) -> u32 {
    let octets = |pairs: &[Pair]| pairs.iter().map(|(name, value)| name.len() + value.len() + 32).sum();
    Config::default().max_header_list_size().max(most(plan, octets))
}

/// The default, or more where the plan has more fields.
fn fields_limit(plan: &Plan) -> u32 {
    Config::default().max_header_fields().max(most(plan, <[Pair]>::len))
}

/// The most of something that a header section of the plan has.
fn most(plan: &Plan, of: impl Fn(&[Pair]) -> usize) -> u32 {
    let each = plan.exchanges.iter().map(|it| of(&it.request.head).max(of(&it.response.head)));
    u32::try_from(each.max().unwrap_or(0)).expect("far fewer")
}

pub(crate) struct OursHpack<'c> {
    corpus: &'c Corpus,
    decoder: hpack::Decoder,
    encoder: hpack::Encoder,
    block: Vec<u8>,
}

impl<'c> Hpack<'c> for OursHpack<'c> {
    fn new(corpus: &'c Corpus, _: Memory) -> Self {
        let (decoder, encoder) = (hpack::Decoder::new(4_096), hpack::Encoder::new(4_096));
        Self { corpus, decoder, encoder, block: Vec::with_capacity(65_536) }
    }

    fn decode(&mut self, take: impl FnMut(&[u8], &[u8])) {
        let mut taker = Taker(take);
        for block in &self.corpus.blocks {
            self.decoder.decode(block, &mut taker).expect("a valid block");
            self.decoder.finish().expect("a whole block");
        }
    }

    fn encode(&mut self, mut take: impl FnMut(&[u8])) -> usize {
        let mut octets = 0;
        for story in &self.corpus.stories {
            let mut encoder = hpack::Encoder::new(4_096);
            for list in story {
                self.block.clear();
                encoder.encode(lent(list), &mut self.block);
                take(&self.block);
                octets += self.block.len();
            }
        }
        octets
    }

    fn encode_on(&mut self) -> usize {
        let mut octets = 0;
        for list in self.corpus.stories.iter().flatten() {
            self.block.clear();
            self.encoder.encode(lent(list), &mut self.block);
            octets += self.block.len();
        }
        octets
    }
}

struct Taker<F>(F);

impl<F: FnMut(&[u8], &[u8])> hpack::Sink for Taker<F> {
    fn field(&mut self, field: Field<'_>) -> Result<(), Violation> {
        (self.0)(field.name, field.value);
        Ok(())
    }
}

/// Decodes blocks into lists, to be compared.
pub(crate) fn decode(blocks: &[Vec<u8>]) -> Vec<Vec<Pair>> {
    let mut decoder = hpack::Decoder::new(4_096);
    let decode = |block: &Vec<u8>| {
        let mut fields = Fields::new();
        decoder.decode(block, &mut fields).expect("a valid block");
        decoder.finish().expect("a whole block");
        fields.iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
    };
    blocks.iter().map(decode).collect()
}

fn lent(list: &[Pair]) -> impl Iterator<Item = Field<'_>> {
    list.iter().map(|(name, value)| Field::new(name, value))
}

/// How many lists a host keeps for what it sends next, such as a response and its trailers; the engine keeps more.
const KEPT_LISTS: usize = 2;
