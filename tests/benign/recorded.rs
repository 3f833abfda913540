//! What real clients sent, to a server that answers as theirs did, whole and in pieces.
//!
//! How the recordings were made is told in `tests/benign/README.md`.

use std::collections::BTreeMap;

use bytes::Bytes;
use sans_h2::{Config, Connection, Event, Fields, Head, Part, StreamId, Time};

use crate::ends::{App, End, echo};

/// Answers `/bytes/N` by N octets, `/Slow` never, and all else by what comes.
#[derive(Default)]
struct Site {
    requests: usize,
    silent: Vec<StreamId>,
    /// Octets that are still to be sent.
    downloads: BTreeMap<StreamId, usize>,
    octets: usize,
}

impl App for Site {
    fn on_event(&mut self, connection: &mut Connection, event: Event<'_>) {
        match &event {
            Event::Headers { stream, head: Head::Request, fields, .. } => {
                self.requests += 1;
                let path = String::from_utf8_lossy(fields.get(":path").unwrap_or_default()).into_owned();
                if path.ends_with("/Slow") {
                    self.silent.push(*stream);
                } else if let Some(octets) = path.strip_prefix("/bytes/") {
                    self.downloads.insert(*stream, octets.parse().expect("a number"));
                    let mut stream = connection.stream(*stream).expect("a new request");
                    return stream.send_headers(Fields::response(200), Part::More).expect("a response");
                }
            }
            Event::Data { data, .. } => self.octets += data.len(),
            _ => {}
        }
        match event {
            Event::Headers { stream, .. } | Event::Data { stream, .. } if self.silent.contains(&stream) => {}
            event => echo(connection, event),
        }
    }

    fn on_turn(&mut self, connection: &mut Connection) {
        self.downloads.retain(|&id, left| {
            let Some(mut stream) = connection.stream(id) else { return false };
            while *left > 0 && stream.capacity() > 0 {
                let octets = 16_384.min(*left);
                *left -= octets;
                let part = if *left == 0 { Part::Last } else { Part::More };
                stream.send_data(Bytes::from(vec![0; octets]), part).expect("there is capacity");
            }
            *left > 0
        });
    }
}

/// What a recording holds.
struct Recording {
    octets: &'static [u8],
    requests: usize,
    /// Octets of bodies.
    body: usize,
    /// Requests that the client gave up.
    silent: usize,
}

/// Replays it to a server in pieces of `size`. What the server answers goes out at once, for the client has seen it
/// before it went on.
fn replay(recording: &Recording, size: usize) {
    // The limits of the servers that it was recorded with.
    let config = Config::builder().initial_window_size(1 << 22).connection_window_size(1 << 24);
    let config = config.max_frame_size(1 << 22).build().expect("within the ranges");
    let mut server = End::new(Connection::server(config), Site::default());
    server.write(usize::MAX);
    for piece in recording.octets.chunks(size) {
        server.answer(piece, Time::ZERO);
    }
    assert_eq!(server.app.requests, recording.requests);
    assert_eq!((server.app.octets, server.app.silent.len()), (recording.body, recording.silent));
    assert_eq!(server.sent.ended, recording.requests - recording.silent, "all are answered");
    assert_eq!(server.sent.resets, 0);
    server.check_budgets();
    assert!(server.connection.audit().is_balanced());
}

fn whole_and_cut(recording: &Recording) {
    for size in [usize::MAX, 1, 2, 7, 100, 1_460, 16_384] {
        replay(recording, size);
    }
}

#[test]
fn h2load_gets_the_page_two_thousand_times() {
    let octets = include_bytes!("h2load-get.bin");
    whole_and_cut(&Recording { octets, requests: 2_000, body: 0, silent: 0 });
}

#[test]
fn h2load_posts_small_bodies() {
    let octets = include_bytes!("h2load-post.bin");
    whole_and_cut(&Recording { octets, requests: 60, body: 60 * 406, silent: 0 });
}

#[test]
fn h2load_downloads_thirty_megabytes() {
    let octets = include_bytes!("h2load-down.bin");
    whole_and_cut(&Recording { octets, requests: 30, body: 0, silent: 0 });
}

#[test]
fn nghttp_uploads_with_priorities_and_padding() {
    let octets = include_bytes!("nghttp.bin");
    whole_and_cut(&Recording { octets, requests: 1, body: 15_000, silent: 0 });
}

#[test]
fn curl_posts() {
    let octets = include_bytes!("curl.bin");
    whole_and_cut(&Recording { octets, requests: 1, body: 400, silent: 0 });
}

#[test]
fn grpc_calls_streams_and_cancels() {
    let octets = include_bytes!("grpc.bin");
    whole_and_cut(&Recording { octets, requests: 253, body: 16_825, silent: 30 });
}
