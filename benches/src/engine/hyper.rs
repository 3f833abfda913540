//! The crate `h2`, over a transport in memory. One task polls both ends in turn, whenever there is something for them:
//! no runtime schedules anything, which is in its favour.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::server::SendResponse;
use h2::{RecvStream, SendStream, client, server};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Connected, Memory};
use crate::plan::{Answers, Message, Pair, Plan, WINDOW, nth_of};
use crate::sink::{End, Sink};

pub(crate) struct Hyper<'p, S> {
    client: Option<Client>,
    server: Option<Server>,
    plan: &'p Plan,
    sinks: [S; 2],
    requests: Vec<Request<()>>,
    responses: Vec<(Response<()>, HeaderMap)>,
    link: Rc<RefCell<Link>>,
    /// The octets of the handshake.
    before: usize,
    asked: usize,
    ended: usize,
}

struct Client {
    sender: SendRequest<Bytes>,
    connection: client::Connection<Pipe, Bytes>,
    waiting: Vec<(ResponseFuture, SendStream<Bytes>)>,
    reading: Vec<RecvStream>,
}

struct Server {
    connection: server::Connection<Pipe, Bytes>,
    reading: Vec<(RecvStream, SendResponse<Bytes>)>,
    /// Streams that are not answered.
    held: Vec<(RecvStream, SendResponse<Bytes>)>,
}

impl<'p, S: Sink<'p>> Connected<'p, S> for Hyper<'p, S> {
    fn new(plan: &'p Plan, _: Memory) -> Self {
        let link = Rc::new(RefCell::new(Link::default()));
        let (client, server) = connect(plan, &link);
        let mut ends = Self {
            client: Some(client),
            server: Some(server),
            plan,
            sinks: [S::new(plan, End::Client), S::new(plan, End::Server)],
            requests: plan.exchanges.iter().map(|it| request(&it.request)).collect(),
            responses: plan.exchanges.iter().map(|it| response(&it.response)).collect(),
            link,
            before: 0,
            asked: 0,
            ended: 0,
        };
        ends.settle();
        ends.before = ends.link.borrow().octets;
        ends
    }

    fn exchange(&mut self, count: usize) {
        let mut left = count;
        while left > 0 {
            let flight = left.min(self.plan.at_once);
            for _ in 0..flight {
                self.ask();
            }
            let due = self.ended + flight;
            while self.turn() && self.ended < due {}
            left -= flight;
        }
    }

    fn wire_octets(&self) -> usize {
        self.link.borrow().octets - self.before
    }

    fn sink(&self, end: End) -> &S {
        &self.sinks[end as usize]
    }

    fn drop_end(&mut self, end: End) {
        match end {
            End::Client => self.client = None,
            End::Server => self.server = None,
        }
    }
}

impl<'p, S: Sink<'p>> Hyper<'p, S> {
    fn ask(&mut self) {
        let nth = self.asked % self.requests.len();
        self.asked += 1;
        let client = self.client.as_mut().expect("not dropped");
        let message = &self.plan.exchanges[nth].request;
        let context = &mut Context::from_waker(Waker::noop());
        assert!(client.sender.poll_ready(context).is_ready(), "few streams");
        let request = self.requests[nth].clone();
        let (response, mut body) =
            client.sender.send_request(request, message.is_head_only()).expect("a valid request");
        if !message.is_head_only() {
            body.send_data(message.body.clone(), true).expect("the stream is open");
        }
        client.waiting.push((response, body));
    }

    /// Polls both ends; tells whether that moved any octets.
    fn turn(&mut self) -> bool {
        let before = self.link.borrow().octets;
        self.drive_client();
        self.drive_server();
        self.drive_client();
        self.link.borrow().octets > before
    }

    fn settle(&mut self) {
        while self.turn() {}
    }

    fn drive_server(&mut self) {
        let context = &mut Context::from_waker(Waker::noop());
        let Some(server) = &mut self.server else { return };
        loop {
            let mut has_moved = false;
            while let Poll::Ready(accepted) = server.connection.poll_accept(context) {
                let (request, respond) = accepted.expect("it stays open").expect("a valid request");
                let stream = respond.stream_id().as_u32();
                let (head, body) = request.into_parts();
                take_request(&mut self.sinks[1], stream, &head);
                server.reading.push((body, respond));
            }
            let mut nth = 0;
            while let Some((body, respond)) = server.reading.get_mut(nth) {
                let stream = respond.stream_id().as_u32();
                let (is_whole, has_read) = read_body(&mut self.sinks[1], stream, body, context);
                has_moved |= has_read;
                if !is_whole {
                    nth += 1;
                    continue;
                }
                let (body, mut respond) = server.reading.swap_remove(nth);
                if self.plan.answers == Answers::Never {
                    server.held.push((body, respond));
                    continue;
                }
                let nth = nth_of(stream) % self.responses.len();
                let (response, trailers) = &self.responses[nth];
                answer(&mut respond, response, trailers, &self.plan.exchanges[nth].response);
                has_moved = true;
            }
            if !has_moved {
                return;
            }
        }
    }

    fn drive_client(&mut self) {
        let context = &mut Context::from_waker(Waker::noop());
        let Some(client) = &mut self.client else { return };
        assert!(Pin::new(&mut client.connection).poll(context).is_pending(), "it stays open");
        let mut nth = 0;
        while let Some((response, _)) = client.waiting.get_mut(nth) {
            let Poll::Ready(response) = Pin::new(response).poll(context) else {
                nth += 1;
                continue;
            };
            let (head, body) = response.expect("it is answered").into_parts();
            drop(client.waiting.swap_remove(nth));
            let stream = body.stream_id().as_u32();
            let sink = &mut self.sinks[0];
            sink.section(stream);
            sink.field(stream, b":status", head.status.as_str().as_bytes());
            take_fields(sink, stream, &head.headers);
            client.reading.push(body);
        }
        let mut nth = 0;
        while let Some(body) = client.reading.get_mut(nth) {
            let stream = body.stream_id().as_u32();
            if read_body(&mut self.sinks[0], stream, body, context).0 {
                drop(client.reading.swap_remove(nth));
                self.ended += 1;
            } else {
                nth += 1;
            }
        }
        // What the bodies gave back may go out.
        assert!(Pin::new(&mut client.connection).poll(context).is_pending(), "it stays open");
    }
}

fn connect(plan: &Plan, link: &Rc<RefCell<Link>>) -> (Client, Server) {
    let most = plan.max_streams();
    let pipe = |end| Pipe { link: Rc::clone(link), end };
    let mut asking = Box::pin(
        client::Builder::new()
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .initial_max_send_streams(most as usize)
            .enable_push(false)
            .handshake::<_, Bytes>(pipe(End::Client)),
    );
    let mut serving = Box::pin(
        server::Builder::new()
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_concurrent_streams(most)
            .handshake::<_, Bytes>(pipe(End::Server)),
    );
    let context = &mut Context::from_waker(Waker::noop());
    let Poll::Ready(Ok((sender, mut connection))) = asking.as_mut().poll(context) else {
        panic!("a client's handshake waits for nothing")
    };
    for _ in 0..4 {
        assert!(Pin::new(&mut connection).poll(context).is_pending());
        if let Poll::Ready(served) = serving.as_mut().poll(context) {
            let client = Client { sender, connection, waiting: Vec::new(), reading: Vec::new() };
            let connection = served.expect("a valid preface");
            return (client, Server { connection, reading: Vec::new(), held: Vec::new() });
        }
    }
    panic!("the handshake does not end")
}

fn take_request<'p, S: Sink<'p>>(sink: &mut S, stream: u32, head: &http::request::Parts) {
    sink.section(stream);
    sink.field(stream, b":method", head.method.as_str().as_bytes());
    sink.field(stream, b":scheme", head.uri.scheme_str().unwrap_or_default().as_bytes());
    sink.field(stream, b":authority", head.uri.authority().map_or("", |it| it.as_str()).as_bytes());
    sink.field(stream, b":path", head.uri.path_and_query().map_or("", |it| it.as_str()).as_bytes());
    take_fields(sink, stream, &head.headers);
}

fn take_fields<'p, S: Sink<'p>>(sink: &mut S, stream: u32, fields: &HeaderMap) {
    for (name, value) in fields {
        sink.field(stream, name.as_str().as_bytes(), value.as_bytes());
    }
}

/// Reads what there is; tells whether the message is whole, and whether there was anything.
fn read_body<'p, S: Sink<'p>>(
    sink: &mut S,
    stream: u32,
    body: &mut RecvStream,
    context: &mut Context<'_>,
) -> (bool, bool) {
    let mut has_read = false;
    loop {
        match body.poll_data(context) {
            Poll::Ready(Some(data)) => {
                let data = data.expect("a whole message");
                sink.data(stream, &data);
                has_read = true;
                body.flow_control().release_capacity(data.len()).expect("it was used");
            }
            Poll::Ready(None) => break,
            Poll::Pending => return (false, has_read),
        }
    }
    let Poll::Ready(trailers) = body.poll_trailers(context) else { return (false, has_read) };
    if let Some(trailers) = trailers.expect("a whole message") {
        sink.section(stream);
        take_fields(sink, stream, &trailers);
    }
    sink.end(stream);
    (true, has_read)
}

fn answer(respond: &mut SendResponse<Bytes>, head: &Response<()>, trailers: &HeaderMap, message: &Message) {
    let mut stream = respond.send_response(head.clone(), message.is_head_only()).expect("the first");
    if !message.body.is_empty() {
        stream.send_data(message.body.clone(), trailers.is_empty()).expect("the stream is open");
    }
    if !trailers.is_empty() {
        stream.send_trailers(trailers.clone()).expect("the stream is open");
    }
}

fn request(message: &Message) -> Request<()> {
    let pseudo = |name: &str| {
        let found = message.head.iter().find(|pair| pair.0 == name.as_bytes());
        String::from_utf8(found.expect("a request has all four").1.clone()).expect("ASCII")
    };
    let mut request = Request::new(());
    *request.method_mut() = pseudo(":method").parse().expect("a method");
    let uri = format!("{}://{}{}", pseudo(":scheme"), pseudo(":authority"), pseudo(":path"));
    *request.uri_mut() = uri.parse().expect("a URI");
    *request.version_mut() = http::Version::HTTP_2;
    *request.headers_mut() = header_map(&message.head);
    request
}

fn response(message: &Message) -> (Response<()>, HeaderMap) {
    let mut response = Response::new(());
    *response.status_mut() = http::StatusCode::from_bytes(&message.head[0].1).expect("a status");
    *response.headers_mut() = header_map(&message.head);
    (response, header_map(&message.trailers))
}

/// The fields that are not pseudo-header fields.
fn header_map(fields: &[Pair]) -> HeaderMap {
    let regular = fields.iter().filter(|(name, _)| !name.starts_with(b":"));
    let field = |(name, value): &Pair| {
        let name = HeaderName::from_bytes(name).expect("a valid name");
        (name, HeaderValue::from_bytes(value).expect("a valid value"))
    };
    regular.map(field).collect()
}

/// Octets on their way to each end.
#[derive(Debug, Default)]
struct Link {
    waiting: [BytesMut; 2],
    octets: usize,
}

#[derive(Debug)]
struct Pipe {
    link: Rc<RefCell<Link>>,
    end: End,
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let waiting = &mut self.link.borrow_mut().waiting[self.end as usize];
        if waiting.is_empty() {
            return Poll::Pending;
        }
        let taken = waiting.len().min(buffer.remaining());
        buffer.put_slice(&waiting[..taken]);
        if taken == waiting.len() {
            waiting.clear()
        } else {
            waiting.advance(taken)
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.link.borrow_mut().write(self.end, octets);
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut link = self.link.borrow_mut();
        slices.iter().for_each(|slice| link.write(self.end, slice));
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Link {
    fn write(&mut self, from: End, octets: &[u8]) {
        self.octets += octets.len();
        self.waiting[1 - from as usize].extend_from_slice(octets);
    }
}
