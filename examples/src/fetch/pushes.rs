//! Responses that the server sends without being asked (RFC 9113 §8.4): taken, reported, and thrown away.

use std::collections::HashMap;

use sans_h2::{Connection, ErrorCode, Event, Fields, Head, Part, StreamId};

use super::target::{Origin, Target};

/// The promises of one connection.
pub struct Pushes {
    origin: Origin,
    open: HashMap<StreamId, Pushed>,
}

struct Pushed {
    path: String,
    status: String,
    octets: u64,
}

/// Whom an event concerns.
pub enum Concern {
    /// Not a pushed response.
    Other,
    Push,
    /// A pushed response that has ended: what to tell about it.
    End(String),
}

impl Pushes {
    pub fn new(origin: &Origin) -> Self {
        Self { origin: origin.clone(), open: HashMap::new() }
    }

    /// Whether nothing is owed.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Deals with an event if it is about a pushed response.
    pub fn on_event(&mut self, connection: &mut Connection, event: &Event<'_>) -> Concern {
        match event {
            Event::PushPromise { promised, fields, .. } => {
                self.on_promise(connection, *promised, fields);
                Concern::Push
            }
            Event::Headers { stream, head, fields, part } => {
                let Some(pushed) = self.open.get_mut(stream) else { return Concern::Other };
                if *head == Head::Response {
                    pushed.status = text(fields, ":status");
                }
                self.on_part(*stream, *part)
            }
            Event::Data { stream, data, part } => {
                let Some(pushed) = self.open.get_mut(stream) else { return Concern::Other };
                pushed.octets += data.len() as u64;
                if let Some(mut stream) = connection.stream(*stream) {
                    stream.release(data.len());
                }
                self.on_part(*stream, *part)
            }
            Event::Reset { stream, code, .. } => match self.open.remove(stream) {
                Some(pushed) => Concern::End(format!("pushed: {} reset with {code}", pushed.path)),
                None => Concern::Other,
            },
            _ => Concern::Other,
        }
    }

    fn on_promise(&mut self, connection: &mut Connection, promised: StreamId, fields: &Fields) {
        let path = text(fields, ":path");
        let url = format!("{}://{}{path}", text(fields, ":scheme"), text(fields, ":authority"));
        // RFC 9113 §8.4: a server speaks for its own origin alone.
        if url.parse::<Target>().is_ok_and(|target| target.origin == self.origin) {
            self.open.insert(promised, Pushed { path, status: String::new(), octets: 0 });
        } else if let Some(stream) = connection.stream(promised) {
            stream.reset(ErrorCode::PROTOCOL_ERROR);
        }
    }

    fn on_part(&mut self, id: StreamId, part: Part) -> Concern {
        if !part.is_last() {
            return Concern::Push;
        }
        match self.open.remove(&id) {
            Some(Pushed { path, status, octets }) => {
                Concern::End(format!("pushed: {path} {status} {octets}"))
            }
            None => Concern::Other,
        }
    }
}

fn text(fields: &Fields, name: &str) -> String {
    String::from_utf8_lossy(fields.get(name).unwrap_or_default()).into_owned()
}
