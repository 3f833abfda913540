//! What the wire looks like beyond what it means: padding, the priority signal in HEADERS, reports of frames.

use super::receive::Told;
use super::{Connection, Stream};
use crate::event::Event;
use crate::frame::{Headers, Part, Priority, Raw};
use crate::stream::Key;

impl Connection {
    /// Tells of a frame, and holds it back until that is told.
    pub(super) fn report<'b>(&mut self, raw: Raw<'_>) -> Told<'b> {
        let (head, frame) = (raw.head, self.reader.parse(&raw)?);
        self.held = Some(raw.into_owned());
        self.reader.pause();
        Ok(Some(Event::Frame { head, frame }))
    }

    /// The head of the next HEADERS frame of a stream.
    pub(super) fn headers_head(&mut self, key: Key, part: Part) -> Headers {
        let record = self.streams.record_mut(key);
        // RFC 9218 §2.1.1: a peer that ignores the signal is spared it.
        let priority = record.old_priority.take().filter(|_| self.peer.heeds_old_priorities());
        Headers { stream: record.id, priority, padding: record.padding, part }
    }
}

impl Stream<'_> {
    /// Pads the HEADERS, PUSH_PROMISE and DATA frames of the stream that are made from now on, by so many octets each;
    /// `None`, as it is at the start, leaves the PADDED flag out (RFC 9113 §6.1, §10.7).
    ///
    /// Frames are made when [`output`](Connection::output) is called: padding set before that call holds for what was
    /// queued earlier, too. Padding of DATA takes from the windows. Where they are short, it gives way to data.
    ///
    /// ```
    /// use bytes::Buf;
    /// use sans_h2::{Config, Connection, Fields, Part};
    ///
    /// let mut client = Connection::client(Config::default());
    /// let id = client.open(Fields::request("GET", "https", "example.com", "/"), Part::Last)?;
    /// client.stream(id).expect("it is open").set_padding(Some(100));
    ///
    /// let octets: Vec<u8> = client.output().chunks().flatten().copied().collect();
    /// assert_eq!(octets.iter().rev().take_while(|&&octet| octet == 0).count(), 100);
    /// # Ok::<(), sans_h2::OpenError>(())
    /// ```
    pub fn set_padding(&mut self, octets: Option<u8>) {
        self.record_mut().padding = octets;
    }

    /// Puts the deprecated priority signal of RFC 7540 in the next HEADERS frame of the stream (RFC 9113 §6.2), which
    /// is the request's if [`output`](Connection::output) has not been called since it was opened.
    ///
    /// It is left out if the peer has sent SETTINGS_NO_RFC7540_PRIORITIES by then (RFC 9218 §2.1.1).
    pub fn set_headers_priority(&mut self, priority: Priority) {
        self.record_mut().old_priority = Some(priority);
    }
}
