//! Two ends with a clock, watched for what an honest peer would notice.

use std::time::Duration;

use bytes::{Buf, Bytes};
use sans_h2::frame::{Flags, Head as FrameHead, Kind};
use sans_h2::{Cause, Config, Connection, ErrorCode, Event, Fields, Head, Part, StreamId, Time};

/// The caller of one end.
pub(crate) trait App {
    fn on_event(&mut self, connection: &mut Connection, event: Event<'_>);

    /// All that came has been dealt with.
    fn on_turn(&mut self, _connection: &mut Connection) {}
}

/// Frames that an end wrote.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) resets: usize,
    /// The resets with the code CANCEL, which only callers use.
    pub(crate) cancels: usize,
    pub(crate) goaways: usize,
    pub(crate) pongs: usize,
    /// Frames with END_STREAM.
    pub(crate) ended: usize,
    pub(crate) data_octets: usize,
    /// The frame that is under way: its head and the first octets of its payload, then what is to be skipped.
    start: Vec<u8>,
    skipped: usize,
}

impl Sent {
    fn read(&mut self, mut octets: &[u8]) {
        loop {
            let skip = self.skipped.min(octets.len());
            self.skipped -= skip;
            octets = &octets[skip..];
            let Some((&octet, rest)) = octets.split_first() else { return };
            self.start.push(octet);
            octets = rest;
            self.read_frame();
        }
    }

    /// A frame is judged when its head and, of small ones, the payload is there.
    fn read_frame(&mut self) {
        let Some((head, payload)) = self.start.split_first_chunk::<{ FrameHead::LENGTH }>() else { return };
        if head == b"PRI * HTT" {
            self.skipped = crate::support::MAGIC.len() - head.len();
            return self.start.clear();
        }
        let head = FrameHead::parse(head);
        let is_short = [Kind::RST_STREAM, Kind::GOAWAY].contains(&head.kind);
        if is_short && payload.len() < head.length as usize {
            return;
        }
        let code = payload.last_chunk().map(|code| ErrorCode::from(u32::from_be_bytes(*code)));
        match head.kind {
            Kind::RST_STREAM => {
                self.resets += 1;
                self.cancels += usize::from(code == Some(ErrorCode::CANCEL));
            }
            Kind::GOAWAY => {
                assert_eq!(code, Some(ErrorCode::NO_ERROR));
                self.goaways += 1;
            }
            Kind::PING => self.pongs += usize::from(head.flags.contains(Flags::ACK)),
            Kind::DATA => self.data_octets += head.length as usize,
            _ => {}
        }
        let carries_message = [Kind::DATA, Kind::HEADERS].contains(&head.kind);
        self.ended += usize::from(carries_message && head.flags.contains(Flags::END_STREAM));
        self.skipped = head.length as usize - payload.len();
        self.start.clear();
    }
}

/// One end of a connection.
pub(crate) struct End<A> {
    pub(crate) connection: Connection,
    pub(crate) app: A,
    pub(crate) sent: Sent,
    /// Answers to our PINGs.
    pub(crate) pongs: usize,
    is_over: bool,
    /// The least that was left of the budgets at any time, for frames without use and for resets.
    least: (u32, u32),
}

impl<A: App> End<A> {
    pub(crate) fn new(connection: Connection, app: A) -> Self {
        Self { connection, app, sent: Sent::default(), pongs: 0, is_over: false, least: (u32::MAX, u32::MAX) }
    }

    /// Takes what came. The engine finds no fault.
    pub(crate) fn receive(&mut self, mut octets: &[u8], now: Time) {
        while self.take(&mut octets, now) {}
        self.app.on_turn(&mut self.connection);
    }

    /// The same, and writes all there is after each event.
    pub(crate) fn answer(&mut self, mut octets: &[u8], now: Time) {
        while self.take(&mut octets, now) {
            loop {
                self.app.on_turn(&mut self.connection);
                if self.write(usize::MAX).is_empty() {
                    break;
                }
            }
        }
    }

    /// The next event, if there is one.
    fn take(&mut self, octets: &mut &[u8], now: Time) -> bool {
        let Some(event) = self.connection.poll(octets, now) else {
            self.note_budgets();
            return false;
        };
        match &event {
            Event::Reset { cause: Cause::Peer, .. } => {}
            Event::Reset { .. } => panic!("{event:?}"),
            Event::Closed { error } => {
                assert_eq!(*error, None);
                self.is_over = true;
            }
            Event::Pong { .. } => self.pongs += 1,
            _ => {}
        }
        self.app.on_event(&mut self.connection, event);
        true
    }

    fn note_budgets(&mut self) {
        let ledger = self.connection.ledger();
        self.least = (self.least.0.min(ledger.noise_left), self.least.1.min(ledger.resets_left));
    }

    /// Useful work has paid for all that the peer did, but for what came last; at no time was a tenth of a budget gone.
    pub(crate) fn check_budgets(&self) {
        let (ledger, all) = (self.connection.ledger(), Config::default());
        assert!(ledger.noise_left + 2 >= all.max_noise(), "{ledger:?}");
        assert!(ledger.resets_left + 2 >= all.max_resets(), "{ledger:?}");
        let (noise, resets) = self.least;
        assert!(noise >= all.max_noise() / 10 * 9, "{noise} frames were left");
        assert!(resets >= all.max_resets() / 10 * 9, "{resets} resets were left");
    }

    /// Octets for the other end: at most `most`.
    pub(crate) fn write(&mut self, most: usize) -> Vec<u8> {
        let mut octets = Vec::new();
        loop {
            let mut output = self.connection.output();
            let room = (most - octets.len()).min(output.remaining());
            if room == 0 {
                break;
            }
            let start = octets.len();
            for chunk in output.chunks() {
                let left = start + room - octets.len();
                octets.extend_from_slice(&chunk[..left.min(chunk.len())]);
            }
            output.advance(room);
        }
        self.sent.read(&octets);
        octets
    }

    pub(crate) fn open(&mut self, fields: Fields, part: Part) -> StreamId {
        self.connection.open(fields, part).expect("few streams")
    }

    pub(crate) fn send(&mut self, stream: StreamId, octets: Bytes, part: Part) {
        let mut stream = self.connection.stream(stream).expect("a live stream");
        stream.send_data(octets, part).expect("there is capacity");
    }

    /// Sends zeros on a stream until it is full.
    pub(crate) fn top_up(&mut self, stream: StreamId) {
        let mut stream = self.connection.stream(stream).expect("a live stream");
        while stream.capacity() > 0 {
            stream.send_data(Bytes::from_static(&[0; 16_384]), Part::More).expect("there is capacity");
        }
    }
}

/// How the octets travel: how many a transport takes, and how many arrive, at once.
#[derive(Clone, Copy)]
pub(crate) struct Pipe {
    pub(crate) written: usize,
    pub(crate) received: usize,
}

/// A client and a server.
pub(crate) struct Pair<C, S> {
    pub(crate) client: End<C>,
    pub(crate) server: End<S>,
    pub(crate) now: Time,
}

impl<C: App, S: App> Pair<C, S> {
    pub(crate) fn new(client: Config, server: Config, app: C, other: S) -> Self {
        Self {
            client: End::new(Connection::client(client), app),
            server: End::new(Connection::server(server), other),
            now: Time::ZERO,
        }
    }

    pub(crate) fn pass(&mut self, span: Duration) {
        self.now = self.now.after(span);
    }

    /// Carries octets both ways until neither end has any.
    pub(crate) fn settle(&mut self) {
        self.settle_over(Pipe { written: usize::MAX, received: usize::MAX });
    }

    pub(crate) fn settle_over(&mut self, pipe: Pipe) {
        while self.exchange(pipe, pipe) {}
    }

    /// One write of each end; whether there was anything to write.
    pub(crate) fn exchange(&mut self, up: Pipe, down: Pipe) -> bool {
        self.client.receive(&[], self.now);
        let sent = self.client.write(up.written);
        sent.chunks(up.received).for_each(|piece| self.server.receive(piece, self.now));
        self.server.receive(&[], self.now);
        let answered = self.server.write(down.written);
        answered.chunks(down.received).for_each(|piece| self.client.receive(piece, self.now));
        !sent.is_empty() || !answered.is_empty()
    }

    /// Both ends part in peace, with all credit accounted for.
    pub(crate) fn finish(&mut self) {
        self.client.check_budgets();
        self.server.check_budgets();
        for audit in [self.client.connection.audit(), self.server.connection.audit()] {
            assert!(audit.is_balanced(), "{audit:?}");
            assert_eq!(audit.held, 0);
        }
        self.server.connection.shut_down();
        self.settle();
        assert!(self.client.connection.is_closed());
        self.server.connection.end_of_input();
        self.server.receive(&[], self.now);
        assert!(self.client.is_over && self.server.is_over);
    }
}

/// Answers as the request comes: its head by a head, its octets by the same, its end by the end.
pub(crate) fn echo(connection: &mut Connection, event: Event<'_>) {
    match event {
        Event::Headers { stream, head: Head::Request, part, fields } => {
            let mut stream = connection.stream(stream).expect("a new request");
            stream.send_headers(Fields::response(200), part).expect("the first section");
            connection.recycle(fields);
        }
        Event::Headers { stream, .. } => {
            let mut stream = connection.stream(stream).expect("the response has not ended");
            stream.send_headers(Fields::new().with("x-status", "0"), Part::Last).expect("trailers");
        }
        Event::Data { stream, data, part } => {
            if let Some(mut stream) = connection.stream(stream) {
                stream.release(data.len());
                if !data.is_empty() || part.is_last() {
                    stream.send_data(Bytes::copy_from_slice(data), part).expect("there is capacity");
                }
            }
        }
        _ => {}
    }
}
