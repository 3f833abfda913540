//! The script to the crate `h2`, over a transport in memory and without a runtime.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{PushPromises, PushedResponseFuture, ResponseFuture};
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Response};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::outcome::{self, End, Outcome, Section};
use crate::script::{Answer, Body, Credit, Push, Script, Side, limits};

pub(crate) fn run(script: &Script) -> Outcome {
    let pipe = Pipe::default();
    let mut run = Run { script, pipe: pipe.clone(), streams: Vec::new(), outcome: Outcome::default() };
    match script.side {
        Side::Server => run.serve(pipe),
        Side::Client => run.ask(pipe),
    }
    run.outcome
}

/// How often the connection is polled for one piece at most: far more than any piece needs.
const ROUNDS: usize = 1_000;

struct Run<'s> {
    script: &'s Script,
    pipe: Pipe,
    streams: Vec<Stream>,
    outcome: Outcome,
}

impl Run<'_> {
    fn serve(&mut self, pipe: Pipe) {
        let mut builder = h2::server::Builder::new();
        builder
            .max_concurrent_streams(limits::STREAMS)
            .initial_window_size(limits::WINDOW)
            .initial_connection_window_size(limits::WINDOW)
            .max_frame_size(limits::FRAME)
            .header_table_size(limits::TABLE)
            .max_header_list_size(limits::LIST)
            .reset_stream_duration(LONG);
        let mut handshake = Box::pin(builder.handshake::<_, Bytes>(pipe));
        let mut connection = None;
        let mut is_over = false;
        self.feed(|run, context| {
            if is_over {
                return;
            }
            if connection.is_none() {
                match handshake.as_mut().poll(context) {
                    Poll::Pending => return,
                    Poll::Ready(Ok(ready)) => connection = Some(ready),
                    Poll::Ready(Err(error)) => {
                        is_over = true;
                        return run.failed(&error);
                    }
                }
            }
            let Some(connection) = &mut connection else { return };
            while let Poll::Ready(accepted) = connection.poll_accept(context) {
                match accepted {
                    Some(Ok((request, respond))) => run.accept(request, respond),
                    Some(Err(error)) => {
                        is_over = true;
                        return run.failed(&error);
                    }
                    None => {
                        is_over = true;
                        return;
                    }
                }
            }
        });
    }

    fn accept(&mut self, request: http::Request<RecvStream>, respond: SendResponse<Bytes>) {
        let (head, body) = request.into_parts();
        let number = respond.stream_id().as_u32();
        self.outcome.message(number).sections.push(request_section(&head));
        self.streams.push(Stream {
            number,
            part: Some(Received::Data(body)),
            respond: Some(respond),
            ..Stream::default()
        });
    }

    fn ask(&mut self, pipe: Pipe) {
        let mut builder = h2::client::Builder::new();
        builder
            .max_concurrent_streams(limits::STREAMS)
            .initial_window_size(limits::WINDOW)
            .initial_connection_window_size(limits::WINDOW)
            .max_frame_size(limits::FRAME)
            .header_table_size(limits::TABLE)
            .max_header_list_size(limits::LIST)
            .enable_push(self.script.push == Push::On)
            .reset_stream_duration(LONG);
        let mut handshake = Box::pin(builder.handshake::<_, Bytes>(pipe));
        let context = &mut Context::from_waker(Waker::noop());
        let Poll::Ready(Ok((mut sender, mut connection))) = handshake.as_mut().poll(context) else {
            panic!("a client's handshake waits for nothing")
        };
        let mut is_over = false;
        let mut has_asked = false;
        let requests = self.script.requests.clone();
        self.feed(|run, context| {
            let mut drive = |context: &mut Context<'_>| {
                if is_over {
                    return None;
                }
                let polled = Pin::new(&mut connection).poll(context);
                is_over = polled.is_ready();
                match polled {
                    Poll::Ready(Err(error)) => Some(error),
                    Poll::Ready(Ok(())) | Poll::Pending => None,
                }
            };
            let mut error = drive(context);
            if !has_asked {
                has_asked = true;
                for request in &requests {
                    let asked = http_request(&request.fields());
                    let (response, body) =
                        sender.send_request(asked, request.body() == Body::None).expect("few streams");
                    run.asked(response, body, request.body());
                }
                error = error.or(drive(context));
            }
            if let Some(error) = error {
                run.failed(&error);
            }
        });
    }

    /// The connection is over. If h2 has written GOAWAY, `settle` finds it.
    fn failed(&mut self, error: &h2::Error) {
        if !error.is_remote() {
            self.outcome.end = End::Silent;
        }
    }

    fn asked(&mut self, mut response: ResponseFuture, mut sender: SendStream<Bytes>, body: Body) {
        send(&mut sender, body);
        self.streams.push(Stream {
            number: sender.stream_id().as_u32(),
            promises: Some(response.push_promises()),
            part: Some(Received::Response(response)),
            sender: Some(sender),
            ..Stream::default()
        });
    }

    /// Gives the script's pieces to a connection that `drive` drives.
    fn feed(&mut self, mut drive: impl FnMut(&mut Self, &mut Context<'_>)) {
        self.settle(&self.script.handshake(), &mut drive);
        self.outcome = Outcome { sent: std::mem::take(&mut self.outcome.sent), ..Outcome::default() };
        for piece in self.script.pieces() {
            self.settle(piece, &mut drive);
        }
    }

    /// Gives one piece to the connection, and polls all there is until nothing wakes it.
    fn settle(&mut self, piece: &[u8], drive: &mut impl FnMut(&mut Self, &mut Context<'_>)) {
        self.pipe.lock().input.extend(piece);
        let bell = Arc::new(Bell(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&bell));
        let context = &mut Context::from_waker(&waker);
        for round in 0.. {
            assert!(round < ROUNDS, "h2 does not come to rest");
            bell.0.store(false, Ordering::Relaxed);
            drive(self, context);
            self.poll_streams(context);
            if !bell.0.load(Ordering::Relaxed) {
                break;
            }
        }
        let octets = std::mem::take(&mut self.pipe.lock().output);
        self.outcome.read(&octets);
    }

    fn poll_streams(&mut self, context: &mut Context<'_>) {
        let mut promised = Vec::new();
        for stream in &mut self.streams {
            stream.poll(self.script, &mut self.outcome, context);
            while let Some(Poll::Ready(Some(Ok(promise)))) =
                stream.promises.as_mut().map(|promises| promises.poll_push_promise(context))
            {
                let (request, response) = promise.into_parts();
                let number = response.stream_id().as_u32();
                let head = request.into_parts().0;
                self.outcome.message(number).sections.push(request_section(&head));
                let part = Some(Received::Promised(response));
                promised.push(Stream { number, part, ..Stream::default() });
            }
        }
        self.streams.append(&mut promised);
    }
}

/// How long h2 remembers the streams that it reset: as long as any test runs.
const LONG: Duration = Duration::from_secs(3_600);

/// What the caller holds of a stream: dropping any of it would reset the stream.
#[derive(Default)]
struct Stream {
    number: u32,
    part: Option<Received>,
    respond: Option<SendResponse<Bytes>>,
    promises: Option<PushPromises>,
    sender: Option<SendStream<Bytes>>,
}

/// How far the message has come.
enum Received {
    Response(ResponseFuture),
    Promised(PushedResponseFuture),
    Data(RecvStream),
    Trailers(RecvStream),
    /// Whole, or failed.
    Over(Option<RecvStream>),
}

impl Stream {
    fn poll(&mut self, script: &Script, outcome: &mut Outcome, context: &mut Context<'_>) {
        self.answer(script, |answer| matches!(answer, Answer::AtOnce | Answer::Body(_)));
        while let Some(part) = self.part.take() {
            let (next, progress) = self.advance(part, script.credit, outcome, context);
            self.part = Some(next);
            if progress == Progress::Waits {
                break;
            }
        }
        if outcome.messages.get(&self.number).is_some_and(|message| message.is_whole) {
            self.answer(script, |answer| answer == Answer::AtEnd);
        }
    }

    fn answer(&mut self, script: &Script, is_due: impl Fn(Answer) -> bool) {
        if let (true, None, Some(respond)) = (is_due(script.answer), &self.sender, &mut self.respond) {
            let body = script.answer.body();
            // A stream that is reset by now takes none.
            self.sender = respond.send_response(Response::new(()), body == Body::None).ok();
            if let Some(sender) = &mut self.sender {
                send(sender, body);
            }
        }
    }

    fn advance(
        &self,
        part: Received,
        credit: Credit,
        outcome: &mut Outcome,
        context: &mut Context<'_>,
    ) -> (Received, Progress) {
        match part {
            Received::Response(mut future) => {
                while let Poll::Ready(Some(Ok(interim))) = future.poll_informational(context) {
                    outcome.message(self.number).sections.push(response_section(&interim));
                }
                let polled = Pin::new(&mut future).poll(context);
                self.response(polled, || Received::Response(future), outcome)
            }
            Received::Promised(mut future) => {
                let polled = Pin::new(&mut future).poll(context);
                self.response(polled, || Received::Promised(future), outcome)
            }
            Received::Data(mut body) => match body.poll_data(context) {
                Poll::Pending => (Received::Data(body), Progress::Waits),
                Poll::Ready(None) => (Received::Trailers(body), Progress::Moves),
                Poll::Ready(Some(Err(_))) => (Received::Over(Some(body)), Progress::Waits),
                Poll::Ready(Some(Ok(data))) => {
                    outcome.message(self.number).data.extend_from_slice(&data);
                    if credit == Credit::AtOnce {
                        // Refused where the stream has ended meanwhile.
                        let _ = body.flow_control().release_capacity(data.len());
                    }
                    (Received::Data(body), Progress::Moves)
                }
            },
            Received::Trailers(mut body) => match body.poll_trailers(context) {
                Poll::Pending => (Received::Trailers(body), Progress::Waits),
                Poll::Ready(trailers) => {
                    if let Ok(trailers) = trailers {
                        let message = outcome.message(self.number);
                        message.is_whole = true;
                        message.sections.extend(trailers.map(|fields| outcome::section(&fields)));
                    }
                    (Received::Over(Some(body)), Progress::Waits)
                }
            },
            Received::Over(body) => (Received::Over(body), Progress::Waits),
        }
    }

    fn response(
        &self,
        polled: Poll<Result<Response<RecvStream>, h2::Error>>,
        waiting: impl FnOnce() -> Received,
        outcome: &mut Outcome,
    ) -> (Received, Progress) {
        match polled {
            Poll::Pending => (waiting(), Progress::Waits),
            Poll::Ready(Ok(response)) => {
                outcome.message(self.number).sections.push(response_section(&response));
                (Received::Data(response.into_body()), Progress::Moves)
            }
            Poll::Ready(Err(_)) => (Received::Over(None), Progress::Waits),
        }
    }
}

#[derive(PartialEq, Eq)]
enum Progress {
    Moves,
    Waits,
}

fn send(sender: &mut SendStream<Bytes>, body: Body) {
    if let Body::Octets(octets) = body {
        sender.send_data(Bytes::from(vec![b'x'; octets]), true).expect("the stream is new");
    }
}

fn http_request(fields: &[(&str, &str)]) -> http::Request<()> {
    let value = |name| fields.iter().find(|field| field.0 == name).map_or("", |field| field.1);
    let target = match value(":method") {
        "CONNECT" => value(":authority").to_owned(),
        _ => format!("{}://{}{}", value(":scheme"), value(":authority"), value(":path")),
    };
    http::Request::builder().method(value(":method")).uri(target).body(()).expect("a request")
}

fn request_section(head: &http::request::Parts) -> Section {
    let protocol = head.extensions.get::<h2::ext::Protocol>();
    let pseudo = [
        (":method", Some(head.method.as_str())),
        (":scheme", head.uri.scheme_str()),
        (":authority", head.uri.authority().map(http::uri::Authority::as_str)),
        (":path", head.uri.path_and_query().map(http::uri::PathAndQuery::as_str)),
        (":protocol", protocol.map(h2::ext::Protocol::as_str)),
    ];
    let pseudo = pseudo.into_iter().filter_map(|(name, value)| Some((name, value?)));
    outcome::section(pseudo.map(|(name, value)| (name, value.as_bytes())).chain(fields(&head.headers)))
}

fn response_section<B>(response: &Response<B>) -> Section {
    let status = response.status();
    outcome::section([(":status", status.as_str().as_bytes())].into_iter().chain(fields(response.headers())))
}

fn fields(map: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    map.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
}

struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Both directions of a transport; never full, never closed.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Octets>>);

#[derive(Default)]
struct Octets {
    input: VecDeque<u8>,
    output: Vec<u8>,
}

impl Pipe {
    fn lock(&self) -> std::sync::MutexGuard<'_, Octets> {
        self.0.lock().expect("one thread")
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut octets = self.lock();
        if octets.input.is_empty() {
            // Whoever adds octets polls again.
            return Poll::Pending;
        }
        let size = buffer.remaining().min(octets.input.len());
        let read: Vec<u8> = octets.input.drain(..size).collect();
        buffer.put_slice(&read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.lock().output.extend_from_slice(octets);
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
