//! Where received messages go: to a count, or to a comparison with what was sent.

use std::collections::BTreeMap;

use crate::plan::{Exchange, FRAME_OCTETS, Message, Pair, Plan, Transport};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Client,
    Server,
}

/// Takes what one end receives.
pub(crate) trait Sink<'p> {
    fn new(plan: &'p Plan, end: End) -> Self;

    /// A header or trailer section begins.
    fn section(&mut self, stream: u32);

    fn field(&mut self, stream: u32, name: &[u8], value: &[u8]);

    fn data(&mut self, stream: u32, data: &[u8]);

    /// The message is whole.
    fn end(&mut self, stream: u32);
}

/// Counts what is delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) messages: usize,
    pub(crate) sections: usize,
    pub(crate) fields: usize,
    pub(crate) field_octets: usize,
    pub(crate) body_octets: usize,
}

impl<'p> Sink<'p> for Tally {
    fn new(_: &'p Plan, _: End) -> Self {
        Self::default()
    }

    fn section(&mut self, _: u32) {
        self.sections += 1;
    }

    fn field(&mut self, _: u32, name: &[u8], value: &[u8]) {
        self.fields += 1;
        self.field_octets += name.len() + value.len();
    }

    fn data(&mut self, _: u32, data: &[u8]) {
        self.body_octets += data.len();
    }

    fn end(&mut self, _: u32) {
        self.messages += 1;
    }
}

impl Tally {
    /// What an end receives in so many exchanges.
    pub(crate) fn expected(plan: &Plan, end: End, count: usize) -> Self {
        let cycle = plan.exchanges.len();
        let mut tally = Self::default();
        tally.add(Self::of_first(plan, end, cycle), count / cycle);
        tally.add(Self::of_first(plan, end, count % cycle), 1);
        tally
    }

    fn of_first(plan: &Plan, end: End, count: usize) -> Self {
        let mut tally = Self::default();
        plan.exchanges[..count].iter().map(|exchange| received(exchange, end)).for_each(|message| {
            let fields = message.head.iter().chain(&message.trailers);
            let one = Self {
                messages: 1,
                sections: 1 + usize::from(!message.trailers.is_empty()),
                fields: message.head.len() + message.trailers.len(),
                field_octets: fields.map(|(name, value)| name.len() + value.len()).sum(),
                body_octets: message.body.len(),
            };
            tally.add(one, 1);
        });
        tally
    }

    fn add(&mut self, other: Self, times: usize) {
        self.messages += other.messages * times;
        self.sections += other.sections * times;
        self.fields += other.fields * times;
        self.field_octets += other.field_octets * times;
        self.body_octets += other.body_octets * times;
    }
}

fn received(exchange: &Exchange, end: End) -> &Message {
    match end {
        End::Client => &exchange.response,
        End::Server => &exchange.request,
    }
}

/// Compares what is delivered with what was sent, field by field and octet by octet. Where bodies go by reference, they
/// have to lie where the sender has them.
#[derive(Debug)]
pub(crate) struct Checked<'p> {
    plan: &'p Plan,
    end: End,
    streams: BTreeMap<u32, Received>,
    pub(crate) messages: usize,
}

#[derive(Debug, Default)]
struct Received {
    sections: Vec<Vec<Pair>>,
    body_octets: usize,
    /// Those that lie where the sender has them.
    in_place: usize,
}

impl Checked<'_> {
    /// Asserts that so many whole messages have come, and nothing else.
    pub(crate) fn assert_whole(&self, messages: usize) {
        assert_eq!(self.messages, messages);
        assert!(self.streams.is_empty(), "parts of messages: {:?}", self.streams);
    }
}

impl<'p> Sink<'p> for Checked<'p> {
    fn new(plan: &'p Plan, end: End) -> Self {
        Self { plan, end, streams: BTreeMap::new(), messages: 0 }
    }

    fn section(&mut self, stream: u32) {
        self.streams.entry(stream).or_default().sections.push(Vec::new());
    }

    fn field(&mut self, stream: u32, name: &[u8], value: &[u8]) {
        let received = self.streams.get_mut(&stream).expect("a section has begun");
        received.sections.last_mut().expect("one").push((name.to_vec(), value.to_vec()));
    }

    fn data(&mut self, stream: u32, data: &[u8]) {
        let body = &self.message(stream).body;
        let received = self.streams.get_mut(&stream).expect("a section comes first");
        let at = received.body_octets;
        let expected = body.get(at..at + data.len()).expect("no more than was sent");
        assert!(data == expected, "the body differs behind octet {at}");
        received.body_octets += data.len();
        if data.as_ptr() == expected.as_ptr() {
            received.in_place += data.len();
        }
    }

    fn end(&mut self, stream: u32) {
        let received = self.streams.remove(&stream).expect("a section comes first");
        let message = self.message(stream);
        let expected: Vec<&Vec<Pair>> =
            [&message.head, &message.trailers].into_iter().filter(|it| !it.is_empty()).collect();
        assert_eq!(received.sections.iter().collect::<Vec<_>>(), expected);
        assert_eq!(received.body_octets, message.body.len());
        if self.plan.transport == Transport::ByReference && message.body.len() > FRAME_OCTETS {
            assert_eq!(received.in_place, message.body.len(), "the body was copied");
        }
        self.messages += 1;
    }
}

impl<'p> Checked<'p> {
    fn message(&self, stream: u32) -> &'p Message {
        received(self.plan.of_stream(stream), self.end)
    }
}
