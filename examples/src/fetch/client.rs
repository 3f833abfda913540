//! The requests on one connection.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use sans_h2::{
    Blocked, Cause, Connection, ConnectionError, ErrorCode, Event, Fields, Head, Part, StreamId, Verdict,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::Job;
use super::order::{Credit, Message, Piece};
use super::pushes::{Concern, Pushes};
use super::target::Origin;
use super::trace::Trace;
use crate::body::{Body, Progress};
use crate::link::{Direction, Handler};

/// Makes requests, and hands their bodies to the writer.
pub struct Client {
    job: Arc<Job>,
    trace: Option<Trace>,
    credits: UnboundedSender<Credit>,
    /// What has not been asked for yet, in order.
    queue: VecDeque<usize>,
    /// What the server has certainly not worked on.
    unprocessed: Vec<usize>,
    /// What is under way, or received but not written yet.
    exchanges: HashMap<StreamId, Exchange>,
    pushes: Pushes,
    stage: Stage,
    /// Requests that the end of the connection has cut off, until it is known why.
    cut_off: Vec<(usize, Verdict)>,
    transport_error: Option<io::Error>,
    /// When there was some progress last.
    active: Instant,
}

/// How far the connection has got.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// Nothing more is wanted.
    Done,
}

struct Exchange {
    request: usize,
    /// What is left of the request's body.
    upload: Option<Body>,
    /// The body's length, if the header section told it.
    expected: Option<u64>,
    received: u64,
    /// Octets that have been received, but not written.
    held: usize,
    response: Response,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Response {
    Awaited,
    Begun,
    Complete,
}

impl Client {
    pub fn new(
        job: Arc<Job>,
        origin: &Origin,
        requests: VecDeque<usize>,
        credits: UnboundedSender<Credit>,
    ) -> Self {
        Self {
            trace: Trace::new(job.trace, origin),
            job,
            credits,
            queue: requests,
            unprocessed: Vec::new(),
            exchanges: HashMap::new(),
            pushes: Pushes::new(origin),
            stage: Stage::Open,
            cut_off: Vec::new(),
            transport_error: None,
            active: Instant::now(),
        }
    }

    /// Makes the requests that may be made now, and lets the connection end when none is left.
    pub fn go_on(&mut self, connection: &mut Connection) {
        if self.stage == Stage::Done || connection.is_closed() {
            return;
        }
        while self.exchanges.len() < AT_ONCE {
            let Some(request) = self.queue.pop_front() else { break };
            if !self.open(connection, request) {
                self.queue.push_front(request);
                break;
            }
        }
        let owed = self.exchanges.values().any(Exchange::is_live) || !self.pushes.is_empty();
        if self.queue.is_empty() && !owed {
            connection.shut_down();
            self.stage = Stage::Done;
        }
    }

    /// The writer has written something.
    pub fn on_credit(&mut self, connection: &mut Connection, (id, octets): Credit) {
        self.active = Instant::now();
        if let Some(mut stream) = connection.stream(id) {
            stream.release(octets);
        }
        if let Some(exchange) = self.exchanges.get_mut(&id) {
            exchange.held = exchange.held.saturating_sub(octets);
            if exchange.held == 0 && !exchange.is_live() {
                self.exchanges.remove(&id);
            }
        }
    }

    pub fn on_transport_error(&mut self, error: io::Error) {
        self.transport_error = Some(error);
    }

    /// When to call [`on_patience_lost`](Self::on_patience_lost), unless something happens before. The server is not
    /// to blame for a body that waits to be written.
    pub fn patience(&self) -> Option<Instant> {
        let owed = self.exchanges.values().any(|exchange| exchange.is_live() && exchange.held == 0);
        let unwritten = self.exchanges.values().any(|exchange| exchange.held > 0);
        (owed || !unwritten).then(|| self.active + self.job.timeout)
    }

    /// The server has kept us waiting for too long: all is over.
    pub fn on_patience_lost(&mut self, connection: &mut Connection) {
        let seconds = self.job.timeout.as_secs();
        let mut exchanges: Vec<_> =
            self.exchanges.drain().filter(|(_, exchange)| exchange.is_live()).collect();
        exchanges.sort_by_key(|(_, exchange)| exchange.request);
        for (id, exchange) in exchanges {
            let reason = what_is_awaited(connection, id, &exchange);
            self.job.fail(exchange.request, &format!("no progress for {seconds} s: {reason}"));
        }
        for request in self.unprocessed.drain(..).chain(self.queue.drain(..)) {
            self.job.fail(request, &format!("no progress for {seconds} s on the connection"));
        }
        connection.close(ErrorCode::CANCEL);
    }

    /// What another connection may try again.
    pub fn into_unprocessed(self) -> VecDeque<usize> {
        let mut requests: Vec<_> = self.unprocessed.into_iter().chain(self.queue).collect();
        requests.sort_unstable();
        requests.into()
    }

    /// Makes one request; `false` if the connection takes no more.
    fn open(&mut self, connection: &mut Connection, request: usize) -> bool {
        let Some(Some(target)) = self.job.targets.get(request) else { return true };
        let upload = match self.job.template.body() {
            Ok(upload) => upload,
            Err(error) => {
                self.job.fail(request, &format!("{error:#}"));
                return true;
            }
        };
        let fields = self.job.template.fields(target);
        let shown = self.trace.is_some().then(|| fields.clone());
        let part = if upload.is_some() { Part::More } else { Part::Last };
        let Ok(id) = connection.open(fields, part) else { return false };
        if let (Some(trace), Some(fields)) = (&mut self.trace, shown) {
            trace.opened(id, fields);
        }
        self.job.report.expect(upload.as_ref().map_or(0, Body::left));
        self.exchanges.insert(id, Exchange::new(request, upload));
        self.active = Instant::now();
        self.send(connection, id);
        true
    }

    fn send(&mut self, connection: &mut Connection, id: StreamId) {
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        let Some(upload) = &mut exchange.upload else { return };
        let before = upload.left();
        let progress = upload.pump(connection, id);
        self.job.report.moved(before.saturating_sub(upload.left()));
        self.active = Instant::now();
        match progress {
            Ok(Progress::Unfinished) => {}
            Ok(Progress::Finished) => exchange.upload = None,
            Err(error) => {
                cancel(connection, id);
                self.fail(id, &format!("cannot read the body of the request: {error}"));
            }
        }
    }

    fn on_headers(
        &mut self,
        connection: &mut Connection,
        id: StreamId,
        head: Head,
        fields: Fields,
        part: Part,
    ) {
        self.active = Instant::now();
        if let Some(trace) = &self.trace {
            trace.fields(&fields);
        }
        if let (Head::Response, Some(exchange)) = (head, self.exchanges.get_mut(&id)) {
            exchange.response = Response::Begun;
            exchange.expected = if self.job.template.is_head() { None } else { content_length(&fields) };
            self.job.report.expect(exchange.expected.unwrap_or(0));
        }
        connection.recycle(fields);
        self.on_part(connection, id, part);
    }

    fn on_data(&mut self, connection: &mut Connection, id: StreamId, data: &[u8], part: Part) {
        self.active = Instant::now();
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        if !data.is_empty() {
            exchange.received += data.len() as u64;
            exchange.held += data.len();
            self.job.report.moved(data.len() as u64);
            let piece =
                Piece { octets: Bytes::copy_from_slice(data), stream: id, credits: self.credits.clone() };
            // If the writer is gone, so is everything, soon.
            let _ = self.job.bodies.send(Message::Piece { request: exchange.request, piece });
        }
        self.on_part(connection, id, part);
    }

    fn on_part(&mut self, connection: &mut Connection, id: StreamId, part: Part) {
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        if !part.is_last() {
            return;
        }
        if exchange.upload.is_some() {
            // RFC 9113 §8.1: the server has answered without waiting for the rest.
            cancel(connection, id);
        }
        match exchange.expected {
            Some(expected) if expected != exchange.received => {
                let received = exchange.received;
                self.fail(id, &format!("the body has {received} octets, but content-length says {expected}"));
            }
            _ => {
                exchange.response = Response::Complete;
                self.job.end(exchange.request);
                if exchange.held == 0 {
                    self.exchanges.remove(&id);
                }
            }
        }
    }

    fn on_pushed(&mut self, event: &Event<'_>) {
        self.active = Instant::now();
        if let (Some(trace), Event::PushPromise { fields, .. } | Event::Headers { fields, .. }) =
            (&self.trace, event)
        {
            trace.fields(fields);
        }
    }

    fn on_reset(&mut self, id: StreamId, code: ErrorCode, cause: Cause, verdict: Verdict) {
        let Some(exchange) = self.exchanges.get(&id) else { return };
        if !exchange.is_live() {
            return;
        }
        match (cause, verdict, exchange.response) {
            (Cause::ConnectionClosed(_), _, _) => {
                self.cut_off.push((exchange.request, verdict));
                self.exchanges.remove(&id);
            }
            // It may be made again on another connection.
            (_, Verdict::NeverSent | Verdict::Unprocessed, Response::Awaited) => {
                self.unprocessed.push(exchange.request);
                self.exchanges.remove(&id);
            }
            (Cause::Violation(violation), _, _) => {
                self.fail(id, &format!("the server broke the protocol: {violation}"));
            }
            (_, _, _) => self.fail(id, &format!("the server reset the stream with {code}")),
        }
    }

    fn on_closed(&mut self, error: Option<ConnectionError>) {
        let reason = match (error, &self.transport_error) {
            (Some(ConnectionError::UnexpectedEnd) | None, Some(error)) => {
                format!("the connection broke: {error}")
            }
            (Some(ConnectionError::UnexpectedEnd), None) => {
                "the server closed the connection before the response was complete".to_string()
            }
            (Some(error), _) => error.to_string(),
            (None, None) => "the connection was closed".to_string(),
        };
        let broken = matches!(error, Some(ConnectionError::Violation(_)));
        self.cut_off.sort_unstable_by_key(|&(request, _)| request);
        for (request, verdict) in self.cut_off.drain(..) {
            if verdict == Verdict::NeverSent && !broken {
                self.unprocessed.push(request);
            } else {
                self.job.fail(request, &reason);
            }
        }
        if broken {
            // Another connection would end in the same way.
            for request in self.unprocessed.drain(..).chain(self.queue.drain(..)) {
                self.job.fail(request, &reason);
            }
        }
    }

    fn fail(&mut self, id: StreamId, reason: &str) {
        if let Some(exchange) = self.exchanges.remove(&id) {
            self.job.fail(exchange.request, reason);
        }
    }
}

impl Handler for Client {
    fn on_event(&mut self, connection: &mut Connection, event: Event<'_>) {
        match self.pushes.on_event(connection, &event) {
            Concern::Other => {}
            Concern::Push => return self.on_pushed(&event),
            Concern::End(line) => {
                self.on_pushed(&event);
                return self.job.report.tell(&line);
            }
        }
        match event {
            Event::Headers { stream, head, fields, part } => {
                self.on_headers(connection, stream, head, fields, part);
            }
            Event::Data { stream, data, part } => self.on_data(connection, stream, data, part),
            Event::Writable { stream } => self.send(connection, stream),
            Event::Reset { stream, code, cause, verdict } => self.on_reset(stream, code, cause, verdict),
            Event::Closed { error } => self.on_closed(error),
            _ => {}
        }
    }

    fn on_octets(&mut self, direction: Direction, octets: &[u8]) {
        if let Some(trace) = &mut self.trace {
            trace.octets(direction, octets);
        }
    }
}

impl Exchange {
    fn new(request: usize, upload: Option<Body>) -> Self {
        Self { request, upload, expected: None, received: 0, held: 0, response: Response::Awaited }
    }

    /// Whether the server owes something.
    fn is_live(&self) -> bool {
        self.response != Response::Complete
    }
}

/// What the server has not done for so long.
fn what_is_awaited(connection: &mut Connection, id: StreamId, exchange: &Exchange) -> String {
    let blocked = connection.stream(id).and_then(|stream| stream.blocked_on());
    match (blocked, exchange.response) {
        (Some(Blocked::StreamLimit), _) => "the server admits no more requests".to_string(),
        (Some(Blocked::StreamWindow | Blocked::ConnectionWindow), _) => {
            "the server gives no credit for the request's body".to_string()
        }
        (_, _) if exchange.upload.is_some() => "the server does not read".to_string(),
        (_, Response::Awaited) => "the server does not answer".to_string(),
        (_, Response::Begun | Response::Complete) => {
            format!("the body stopped after {} octets", exchange.received)
        }
    }
}

fn cancel(connection: &mut Connection, id: StreamId) {
    if let Some(stream) = connection.stream(id) {
        stream.reset(ErrorCode::CANCEL);
    }
}

/// The length of the body that follows; `None` if it is not told, or none follows (RFC 9110 §6.4.1).
fn content_length(fields: &Fields) -> Option<u64> {
    if matches!(fields.get(":status"), Some(b"204" | b"304")) {
        return None;
    }
    std::str::from_utf8(fields.get("content-length")?).ok()?.parse().ok()
}

/// How many requests are under way at once, or answered but not written yet.
pub const AT_ONCE: usize = 100;
