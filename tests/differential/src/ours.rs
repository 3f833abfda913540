//! The script to `sans-h2`.

use bytes::{Buf, Bytes};
use sans_h2::{Config, Connection, Event, Fields, Head, Part, StreamId, Time};

use crate::outcome::{self, Outcome};
use crate::script::{Answer, Body, Credit, Push, Script, Side, limits};

pub(crate) fn run(script: &Script) -> Outcome {
    let mut run = Run { script, connection: connection(script), outcome: Outcome::default() };
    run.drain();
    run.receive(&script.handshake());
    for &request in &script.requests {
        let mut fields = Fields::new();
        for (name, value) in request.fields() {
            fields = fields.with(name, value);
        }
        let stream = run.connection.open(fields, first_part(request.body())).expect("few streams");
        run.send(stream, request.body());
    }
    run.drain();
    run.outcome = Outcome { sent: run.outcome.sent, ..Outcome::default() };
    for piece in script.pieces() {
        run.receive(piece);
    }
    run.outcome
}

fn connection(script: &Script) -> Connection {
    let config = Config::builder()
        .max_concurrent_streams(limits::STREAMS)
        .initial_window_size(limits::WINDOW)
        .connection_window_size(limits::WINDOW)
        .max_frame_size(limits::FRAME)
        .header_table_size(limits::TABLE)
        .max_header_list_size(limits::LIST)
        .send_buffer_size(1 << 30)
        .enable_push(script.push == Push::On)
        .build()
        .expect("within the ranges");
    match script.side {
        Side::Client => Connection::client(config),
        Side::Server => Connection::server(config),
    }
}

const fn first_part(body: Body) -> Part {
    match body {
        Body::None => Part::Last,
        Body::Open | Body::Octets(_) => Part::More,
    }
}

struct Run<'s> {
    script: &'s Script,
    connection: Connection,
    outcome: Outcome,
}

impl Run<'_> {
    fn receive(&mut self, mut input: &[u8]) {
        while let Some(event) = self.connection.poll(&mut input, Time::ZERO) {
            self.take(event);
        }
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            let mut output = self.connection.output();
            if !output.has_remaining() {
                return;
            }
            let octets: Vec<u8> = output.chunks().flatten().copied().collect();
            output.advance(octets.len());
            self.outcome.read(&octets);
        }
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Headers { stream, head, fields, part } => {
                self.section(stream, &fields, part);
                self.answer(stream, head, part);
            }
            Event::PushPromise { promised, fields, .. } => self.section(promised, &fields, Part::More),
            Event::Data { stream, data, part } => {
                let message = self.outcome.message(stream.number());
                message.data.extend_from_slice(data);
                message.is_whole |= part.is_last();
                if let (Credit::AtOnce, Some(mut stream)) =
                    (self.script.credit, self.connection.stream(stream))
                {
                    stream.release(data.len());
                }
                self.answer(stream, Head::Trailers, part);
            }
            _ => {}
        }
    }

    fn section(&mut self, stream: StreamId, fields: &Fields, part: Part) {
        let message = self.outcome.message(stream.number());
        message.sections.push(outcome::section(fields.iter().map(|field| (field.name, field.value))));
        message.is_whole |= part.is_last();
    }

    fn answer(&mut self, stream: StreamId, head: Head, part: Part) {
        let is_due = self.script.side == Side::Server
            && match self.script.answer {
                Answer::Never => false,
                Answer::AtOnce | Answer::Body(_) => head == Head::Request,
                Answer::AtEnd => part.is_last(),
            };
        let body = self.script.answer.body();
        if let (true, Some(mut live)) = (is_due, self.connection.stream(stream)) {
            live.send_headers(Fields::response(200), first_part(body)).expect("the first section");
            self.send(stream, body);
        }
    }

    fn send(&mut self, stream: StreamId, body: Body) {
        if let (Body::Octets(octets), Some(mut stream)) = (body, self.connection.stream(stream)) {
            stream.send_data(Bytes::from(vec![b'x'; octets]), Part::Last).expect("there is capacity");
        }
    }
}
