//! Octets to a connection of either role: no panic, the same events and output however the octets are cut, credit
//! that adds up, and output that an engine of the other role finds legal.
#![no_main]

use std::collections::BTreeSet;

use arbitrary::Arbitrary;
use bytes::{Buf, Bytes};
use libfuzzer_sys::fuzz_target;
use sans_h2::frame::{Frame, Limits, Part, Reader, Setting, SettingId, Settings};
use sans_h2::hpack::Decoder;
use sans_h2::{Config, Connection, ErrorCode, Event, Fields, Head, Role, StreamId, Time};

const MAGIC: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[derive(Arbitrary, Debug)]
struct Input {
    client: bool,
    /// Whether the octets begin after a good preface.
    preface: bool,
    requests: u8,
    /// What the caller does beyond answering: one call an event.
    calls: Vec<Call>,
    stride: u8,
    octets: Vec<u8>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Call {
    Nothing,
    Reset,
    Window(u16),
    Streams(u8),
    Table(u16),
    Ping,
    ShutDown,
    Close,
}

fuzz_target!(|input: Input| {
    let role = if input.client { Role::Client } else { Role::Server };
    let mut octets = Vec::new();
    if input.preface {
        if role == Role::Server {
            octets.extend_from_slice(MAGIC);
        }
        Settings::default().write(&mut octets);
        Settings::write_ack(&mut octets);
    }
    octets.extend_from_slice(&input.octets);
    let whole = run(role, &input, octets.chunks(octets.len().max(1)));
    let cut = run(role, &input, octets.chunks(usize::from(input.stride).max(1)));
    assert_eq!(cut, whole, "the cuts change the outcome");
    check_legal(&whole.1);
});

/// Runs a connection whose caller answers every request, releases all that it gets, and makes the calls.
fn run<'b>(role: Role, input: &Input, pieces: impl Iterator<Item = &'b [u8]>) -> (Vec<String>, Vec<u8>) {
    let mut connection = match role {
        Role::Client => Connection::client(Config::default()),
        Role::Server => Connection::server(Config::default()),
    };
    let mut written = Vec::new();
    if role == Role::Client {
        for n in 0..input.requests % 8 {
            let part = if n % 2 == 0 { Part::Last } else { Part::More };
            connection.open(Fields::request("GET", "http", "localhost", "/"), part).expect("few streams");
        }
        drain(&mut connection, &mut written);
    }
    let mut log = Log { calls: input.calls.clone(), ..Log::default() };
    for mut piece in pieces {
        poll(&mut connection, &mut piece, &mut log);
        assert!(piece.is_empty(), "poll takes all that it is given");
    }
    drain(&mut connection, &mut written);
    poll(&mut connection, &mut &[][..], &mut log);
    connection.end_of_input();
    poll(&mut connection, &mut &[][..], &mut log);
    assert!(connection.is_closed() && log.closed, "an end of the transport ends the connection");
    (log.lines, written)
}

fn poll(connection: &mut Connection, input: &mut &[u8], log: &mut Log) {
    while let Some(event) = connection.poll(input, Time::ZERO) {
        react(connection, &event);
        if !matches!(event, Event::Data { .. }) {
            // Pieces of bodies follow the cuts, so they are no time for calls.
            log.calls.pop().into_iter().for_each(|call| make(connection, call, &event));
        }
        log.push(event);
        assert!(connection.audit().is_balanced(), "credit has leaked");
    }
}

fn react(connection: &mut Connection, event: &Event<'_>) {
    match event {
        Event::Headers { stream, head: Head::Request, .. } => {
            if let Some(mut stream) = connection.stream(*stream) {
                stream.send_headers(Fields::response(200), Part::More).expect("a response is due");
                stream.send_data(Bytes::from_static(&[b'x'; 500]), Part::Last).expect("there is room");
            }
        }
        Event::Data { stream, data, .. } => {
            if let Some(mut stream) = connection.stream(*stream) {
                stream.release(data.len());
            }
        }
        _ => {}
    }
}

fn make(connection: &mut Connection, call: Call, event: &Event<'_>) {
    let set = |id, value: u32| Settings::from_iter([Setting { id, value }]);
    // A call that does not fit is refused, and changes nothing.
    let _ = match call {
        Call::Nothing => Ok(()),
        Call::Reset => {
            if let Event::Headers { stream, .. } = event {
                connection.stream(*stream).into_iter().for_each(|stream| stream.reset(ErrorCode::CANCEL));
            }
            Ok(())
        }
        Call::Window(size) => connection.update_settings(&set(SettingId::INITIAL_WINDOW_SIZE, size.into())),
        Call::Streams(count) => {
            connection.update_settings(&set(SettingId::MAX_CONCURRENT_STREAMS, count.into()))
        }
        Call::Table(size) => connection.update_settings(&set(SettingId::HEADER_TABLE_SIZE, size.into())),
        Call::Ping => connection.ping(*b"fuzzping"),
        Call::ShutDown => {
            connection.shut_down();
            Ok(())
        }
        Call::Close => {
            connection.close(ErrorCode::CANCEL);
            Ok(())
        }
    };
}

fn drain(connection: &mut Connection, written: &mut Vec<u8>) {
    loop {
        let mut output = connection.output();
        if !output.has_remaining() {
            return;
        }
        written.extend(output.chunks().flatten());
        output.advance(output.remaining());
    }
}

/// What was told; pieces of a body that follow each other are one.
#[derive(Default)]
struct Log {
    lines: Vec<String>,
    body: Option<(StreamId, Part)>,
    closed: bool,
    calls: Vec<Call>,
}

impl Log {
    fn push(&mut self, event: Event<'_>) {
        assert!(!self.closed, "Closed is the last event");
        self.closed = matches!(event, Event::Closed { .. });
        let Event::Data { stream, data, part } = event else {
            self.body = None;
            return self.lines.push(format!("{event:?}"));
        };
        let text = format!("{}{}", data.escape_ascii(), if part.is_last() { " end" } else { "" });
        match (self.lines.last_mut(), self.body) {
            (Some(line), Some((before, Part::More))) if before == stream => line.push_str(&text),
            _ => self.lines.push(format!("{stream}: {text}")),
        }
        self.body = Some((stream, part));
    }
}

/// Reads the output as a peer would: whole legal frames, field blocks that decode, no stream reset twice, and nothing
/// but one GOAWAY at the end of a connection that failed.
fn check_legal(written: &[u8]) {
    let mut input = written.strip_prefix(MAGIC).unwrap_or(written);
    let (mut reader, mut decoder) = (Reader::new(Limits::default()), Decoder::new(4_096));
    let mut fields = None;
    let mut reset = BTreeSet::new();
    let mut failed = false;
    while let Some(frame) = reader.next(&mut input).expect("legal output") {
        assert!(!failed, "{frame:?} after GOAWAY with an error");
        match frame {
            Frame::Headers(_) => fields = Some(Fields::new()),
            Frame::Payload(octets) => {
                if let Some(fields) = &mut fields {
                    decoder.decode(octets, fields).expect("a field block that decodes");
                }
            }
            Frame::BlockEnd => {
                decoder.finish().expect("a whole field block");
                fields = None;
            }
            Frame::Reset { stream, .. } => assert!(reset.insert(stream), "{stream} is reset twice"),
            Frame::GoAway(goaway) => failed = goaway.code != ErrorCode::NO_ERROR,
            _ => {}
        }
    }
    assert!(reader.is_idle(), "the output ends with a whole frame");
}
