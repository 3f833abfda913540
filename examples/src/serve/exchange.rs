//! The exchanges of one connection: requests in, responses out.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bytes::Bytes;
use sans_h2::{Connection, ErrorCode, Event, Fields, Head, Part, StreamId};

use super::site::{Answer, Site};
use crate::body::{Body, Progress};
use crate::link::Handler;

/// Answers what comes on one connection.
pub struct Exchange {
    site: Arc<Site>,
    /// The responses that are not sent to their end yet.
    bodies: HashMap<StreamId, Body>,
}

impl Exchange {
    pub fn new(site: Arc<Site>) -> Self {
        Self { site, bodies: HashMap::new() }
    }

    /// Answers a request: one that has just come, or the one that the connection was upgraded on.
    pub fn on_request(&mut self, connection: &mut Connection, id: StreamId, fields: Fields, part: Part) {
        if let Some(promised) = self.site.promise(&fields) {
            // Before the page that makes the client ask for it. A client need not take it.
            if let Ok(stream) = connection.push(id, promised.clone()) {
                self.on_request(connection, stream, promised, Part::Last);
            }
        }
        let Answer { head, body } = self.site.answer(&fields);
        connection.recycle(fields);
        let body = match body {
            Some(Body::Echo(_) | Body::WebSocket(_)) if part.is_last() => None,
            body => body,
        };
        let Some(mut stream) = connection.stream(id) else { return };
        let head_part = if body.is_some() { Part::More } else { Part::Last };
        if stream.send_headers(head, head_part).is_err() {
            return stream.reset(ErrorCode::INTERNAL_ERROR);
        }
        let Some(mut body) = body else { return };
        if pump(connection, id, &mut body) == Progress::Unfinished {
            self.bodies.insert(id, body);
        }
    }

    fn on_data(&mut self, connection: &mut Connection, id: StreamId, data: &[u8], part: Part) {
        let Entry::Occupied(mut entry) = self.bodies.entry(id) else { return discard(connection, id, data) };
        match entry.get_mut() {
            Body::Echo(echo) => echo.push(Bytes::copy_from_slice(data), part),
            Body::WebSocket(socket) => socket.push(data, part),
            Body::Whole(_) | Body::Pattern(_) | Body::File(..) => return discard(connection, id, data),
        }
        if pump(connection, id, entry.get_mut()) == Progress::Finished {
            entry.remove();
        }
    }

    fn on_writable(&mut self, connection: &mut Connection, id: StreamId) {
        if let Entry::Occupied(mut entry) = self.bodies.entry(id) {
            if pump(connection, id, entry.get_mut()) == Progress::Finished {
                entry.remove();
            }
        }
    }
}

impl Handler for Exchange {
    fn on_event(&mut self, connection: &mut Connection, event: Event<'_>) {
        match event {
            Event::Headers { stream, head: Head::Request, fields, part } => {
                self.on_request(connection, stream, fields, part);
            }
            // The trailers of a request: nobody here wants to know them, but they end its body.
            Event::Headers { stream, fields, part, .. } => {
                connection.recycle(fields);
                self.on_data(connection, stream, &[], part);
            }
            Event::Data { stream, data, part } => self.on_data(connection, stream, data, part),
            Event::Writable { stream } => self.on_writable(connection, stream),
            Event::Reset { stream, .. } => {
                self.bodies.remove(&stream);
            }
            _ => {}
        }
    }
}

/// Sends on; an error of our own ends the stream, not the connection.
fn pump(connection: &mut Connection, id: StreamId, body: &mut Body) -> Progress {
    body.pump(connection, id).unwrap_or_else(|_| {
        if let Some(stream) = connection.stream(id) {
            stream.reset(ErrorCode::INTERNAL_ERROR);
        }
        Progress::Finished
    })
}

/// The body of a request that is answered without it.
fn discard(connection: &mut Connection, id: StreamId, data: &[u8]) {
    if let Some(mut stream) = connection.stream(id) {
        stream.release(data.len());
    }
}
