//! What must hold of all that an engine tells and writes, whatever the peer and the caller do.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Buf;
use sans_h2::frame::{Frame, Limits, Reader};
use sans_h2::hpack::Decoder;
use sans_h2::{Cause, Connection, ConnectionError, ErrorCode, Event, Fields, Head, Part, Role, StreamId};

pub const MAGIC: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Follows the events of one connection.
#[derive(Debug, Default)]
pub struct Watch {
    pub streams: BTreeMap<StreamId, Story>,
    /// What [`Event::Closed`] gave.
    pub closed: Option<Option<ConnectionError>>,
}

/// What was told of one stream.
#[derive(Debug, Default)]
pub struct Story {
    place: Place,
    pub octets: usize,
    /// The peer's message has come whole.
    pub complete: bool,
    /// The end before its time that was told.
    pub reset: Option<(ErrorCode, Cause)>,
    /// The caller itself has ended it.
    pub dropped: bool,
}

/// How far the peer's message has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    #[default]
    Head,
    Body,
    Trailers,
}

impl Watch {
    /// Checks that the event may come here. Of the caller's own streams it hears by [`opened`](Self::opened).
    pub fn hear(&mut self, event: &Event<'_>, role: Role) {
        assert_eq!(self.closed, None, "{event:?} after Closed");
        match event {
            Event::Headers { stream, head, part, .. } => self.on_headers(*stream, *head, *part, role),
            Event::Data { stream, data, part } => {
                let story = self.live(*stream);
                assert_eq!(story.place, Place::Body, "data of {stream}");
                assert!(!data.is_empty() || part.is_last());
                story.octets += data.len();
                story.complete = part.is_last();
            }
            Event::Reset { stream, code, cause, .. } => {
                let story = self.streams.get_mut(stream).expect("a stream that the caller knows");
                assert!(!story.dropped && story.reset.is_none(), "{stream} ends twice");
                story.reset = Some((*code, *cause));
            }
            Event::Writable { stream } => {
                let story = &self.streams[stream];
                assert!(!story.dropped && story.reset.is_none(), "{stream} is over");
            }
            Event::PushPromise { stream, promised, .. } => {
                self.live(*stream);
                self.opened(*promised);
            }
            Event::Closed { error } => self.closed = Some(*error),
            _ => {}
        }
    }

    fn on_headers(&mut self, stream: StreamId, head: Head, part: Part, role: Role) {
        if head == Head::Request {
            assert_eq!(role, Role::Server);
            self.opened(stream);
        }
        let is_request = stream.initiator() == Role::Client && role == Role::Server;
        let story = self.live(stream);
        let after = match (head, story.place) {
            (Head::Request, Place::Head) if is_request => Place::Body,
            (Head::Interim, Place::Head) if !is_request && !part.is_last() => Place::Head,
            (Head::Response, Place::Head) if !is_request => Place::Body,
            (Head::Trailers, Place::Body) if part.is_last() => Place::Trailers,
            (_, place) => panic!("{head:?} of {stream} where {place:?} is"),
        };
        story.place = after;
        story.complete = part.is_last();
    }

    /// The caller has opened a stream, or heard of a new one.
    pub fn opened(&mut self, stream: StreamId) {
        assert!(self.streams.insert(stream, Story::default()).is_none(), "{stream} begins twice");
    }

    /// The caller has reset a stream.
    pub fn dropped(&mut self, stream: StreamId) {
        let story = self.streams.get_mut(&stream).expect("a stream that the caller knows");
        assert!(!story.dropped && story.reset.is_none(), "{stream} is over");
        story.dropped = true;
    }

    /// A stream of which something may be told.
    fn live(&mut self, stream: StreamId) -> &mut Story {
        let story = self.streams.get_mut(&stream).expect("a stream that the caller knows");
        assert!(!story.dropped && story.reset.is_none() && !story.complete, "{stream} is over: {story:?}");
        story
    }
}

/// All that is to be written now, batch after batch.
pub fn drain(connection: &mut Connection, written: &mut Vec<u8>) {
    loop {
        let mut output = connection.output();
        if !output.has_remaining() {
            return;
        }
        output.chunks().for_each(|chunk| written.extend_from_slice(chunk));
        output.advance(output.remaining());
    }
}

/// Reads the output as a peer would: whole legal frames, field blocks that decode, no stream reset twice, a last stream
/// that never grows in GOAWAY, and nothing but one GOAWAY at the end of a connection that failed.
pub fn check_legal(written: &[u8]) {
    let mut input = written.strip_prefix(MAGIC).unwrap_or(written);
    // What the peer's SETTINGS allowed is not known here.
    let limits = Limits { max_frame_size: 0xff_ffff, max_settings: 4_096, ..Limits::default() };
    let (mut reader, mut decoder) = (Reader::new(limits), Decoder::new(1 << 20));
    let mut fields = None;
    let mut reset = BTreeSet::new();
    let mut last = StreamId::MAX.number();
    let mut failed = false;
    while let Some(frame) = reader.next(&mut input).expect("legal output") {
        assert!(!failed, "{frame:?} after GOAWAY with an error");
        match frame {
            Frame::Headers(_) | Frame::PushPromise(_) => fields = Some(Fields::new()),
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
            Frame::GoAway(goaway) => {
                let named = goaway.last.map_or(0, StreamId::number);
                assert!(named <= last, "the last stream grows from {last} to {named}");
                last = named;
                failed = goaway.code != ErrorCode::NO_ERROR;
            }
            _ => {}
        }
    }
    assert!(reader.is_idle(), "the output ends with a whole frame");
}
