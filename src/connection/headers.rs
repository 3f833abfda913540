//! Field blocks of the peer: from HEADERS or PUSH_PROMISE to the last CONTINUATION.

use alloc::vec::Vec;

use super::Connection;
use super::receive::{Incoming, on_connection, on_stream, violation_of};
use crate::config::Config;
use crate::error::Violation;
use crate::event::{Event, Head};
use crate::fields::{Field, Fields, Status};
use crate::frame::{Fault, Headers, Part, PushPromise};
use crate::hpack::{self, Decoder};
use crate::id::{Role, StreamId};
use crate::settings::Push;
use crate::stream::{Ending, Half, Key, Place, Record, Step};

/// A field block that is under way.
#[derive(Debug)]
pub(super) struct Block {
    purpose: Purpose,
    section: Section,
    octets_left: usize,
    continuations_left: u32,
}

/// What becomes of the fields.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    /// They open a stream.
    Request { stream: StreamId, part: Part },
    /// They belong to a stream that is open.
    Section { stream: StreamId, part: Part },
    /// They only keep the decoder in step (RFC 9113 §4.3).
    Discard,
}

impl Block {
    /// `list_size` is the limit that the peer was told last.
    fn new(purpose: Purpose, fields: Fields, config: &Config, list_size: u32) -> Self {
        let keep = match purpose {
            Purpose::Request { .. } | Purpose::Section { .. } => Keep::Fields,
            Purpose::Discard => Keep::Nothing,
        };
        Self {
            purpose,
            section: Section {
                fields,
                keep,
                octets: 0,
                count: 0,
                limits: SectionLimits::new(config, list_size),
            },
            octets_left: config.max_field_block_size() as usize,
            continuations_left: config.max_continuations(),
        }
    }

    pub(super) fn decode(&mut self, octets: &[u8], decoder: &mut Decoder) -> Result<(), Violation> {
        let (within, beyond) = octets.split_at(octets.len().min(self.octets_left));
        self.octets_left = self.octets_left.saturating_sub(within.len());
        decoder.decode(within, &mut self.section)?;
        if beyond.is_empty() { Ok(()) } else { Err(Violation::FieldSectionFarTooLarge) }
    }

    /// RFC 9113 §10.5.1: empty frames count, too.
    pub(super) fn continued(&mut self) -> Result<(), Violation> {
        self.continuations_left =
            self.continuations_left.checked_sub(1).ok_or(Violation::TooManyContinuations)?;
        Ok(())
    }

    pub(super) fn memory_used(&self) -> usize {
        self.section.fields.capacity_octets()
    }
}

/// Collects decoded fields within the limits.
#[derive(Debug)]
struct Section {
    fields: Fields,
    keep: Keep,
    octets: usize,
    count: usize,
    limits: SectionLimits,
}

/// Whether fields are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Fields,
    Nothing,
    /// Nothing any more: there were too many.
    TooLarge,
}

#[derive(Clone, Copy, Debug)]
struct SectionLimits {
    octets: usize,
    count: usize,
    hard_octets: usize,
    hard_count: usize,
}

impl SectionLimits {
    fn new(config: &Config, list_size: u32) -> Self {
        Self {
            octets: list_size as usize,
            count: config.max_header_fields() as usize,
            hard_octets: config.hard_header_list_size() as usize,
            hard_count: config.hard_header_fields() as usize,
        }
    }
}

impl hpack::Sink for Section {
    fn field(&mut self, field: Field<'_>) -> Result<(), Violation> {
        self.octets = self.octets.saturating_add(field.accounted_octets());
        self.count = self.count.saturating_add(1);
        if self.octets > self.limits.hard_octets || self.count > self.limits.hard_count {
            return Err(Violation::FieldSectionFarTooLarge);
        }
        if self.keep == Keep::Fields {
            if self.octets > self.limits.octets || self.count > self.limits.count {
                self.keep = Keep::TooLarge;
            } else {
                self.fields.push(field);
            }
        }
        Ok(())
    }
}

impl Connection {
    /// RFC 9113 §6.2.
    pub(super) fn on_headers<'b>(&mut self, headers: Headers) -> Result<Option<Event<'b>>, Fault> {
        let Headers { stream, part, .. } = headers;
        let purpose = match self.streams.place(stream) {
            Place::Idle => self.on_new_stream(stream, part).map_err(on_connection)?,
            Place::Live(key) if self.streams.get(key).recv == Half::Closed => {
                self.begin_block(Purpose::Discard);
                return Err(on_stream(stream, Violation::HalfClosedStream));
            }
            Place::Live(_) => Purpose::Section { stream, part },
            Place::Gone => match self.streams.ending(stream) {
                Ending::Reset | Ending::Forgotten => Purpose::Discard,
                Ending::Finished => return Err(on_connection(Violation::ClosedStream)),
                Ending::Unknown => return Err(on_connection(Violation::UnexpectedStreamId)),
            },
        };
        self.begin_block(purpose);
        Ok(None)
    }

    fn on_new_stream(&mut self, stream: StreamId, part: Part) -> Result<Purpose, Violation> {
        // RFC 9113 §5.1: a server opens streams by promises only, and we open ours ourselves.
        if self.role == Role::Client || stream.initiator() == self.role {
            return Err(Violation::IdleStream);
        }
        self.streams.use_peer_id(stream);
        let allowed = self.local.latest().max_concurrent_streams as usize;
        if self.closing.refuses(stream) {
            self.refuse(stream, Violation::ShuttingDown);
        } else if self.streams.peer_count() >= allowed {
            self.refuse(stream, Violation::TooManyStreams);
        } else {
            return Ok(Purpose::Request { stream, part });
        }
        Ok(Purpose::Discard)
    }

    /// RFC 9113 §6.6. Promises are refused; their fields keep the decoder in step.
    pub(super) fn on_push_promise<'b>(&mut self, promise: PushPromise) -> Result<Option<Event<'b>>, Fault> {
        self.check_promise(&promise).map_err(on_connection)?;
        self.streams.use_peer_id(promise.promised);
        self.refuse(promise.promised, Violation::PushRefused);
        self.begin_block(Purpose::Discard);
        Ok(None)
    }

    fn check_promise(&self, promise: &PushPromise) -> Result<(), Violation> {
        if self.role == Role::Server {
            return Err(Violation::PushToServer);
        }
        match self.local.acknowledged().enable_push {
            Push::Enabled => {}
            Push::Disabled => return Err(Violation::PushDisabled),
        }
        match self.streams.place(promise.stream) {
            _ if promise.stream.initiator() != self.role => return Err(Violation::PushOnWrongStream),
            Place::Live(key) if self.streams.get(key).recv != Half::Closed => {}
            Place::Gone if self.streams.ending(promise.stream).allows_late_frames() => {}
            Place::Idle | Place::Live(_) | Place::Gone => return Err(Violation::PushOnWrongStream),
        }
        let promised = promise.promised;
        if promised.initiator() == self.role || self.streams.place(promised) != Place::Idle {
            return Err(Violation::InvalidPromisedStream);
        }
        Ok(())
    }

    /// RFC 9113 §4.3: the block is complete.
    pub(super) fn on_block_end<'b>(&mut self) -> Result<Option<Event<'b>>, Fault> {
        let Incoming::Block(block) = core::mem::replace(&mut self.incoming, Incoming::Nothing) else {
            return Ok(None);
        };
        self.decoder.finish().map_err(on_connection)?;
        match (block.purpose, block.section.keep) {
            (Purpose::Discard, _) => {
                self.recycle(block.section.fields);
                Ok(None)
            }
            (Purpose::Request { stream, .. }, Keep::TooLarge | Keep::Nothing) => {
                self.recycle(block.section.fields);
                self.refuse(stream, Violation::FieldSectionTooLarge);
                Ok(None)
            }
            (Purpose::Section { stream, .. }, Keep::TooLarge | Keep::Nothing) => {
                self.recycle(block.section.fields);
                Err(on_stream(stream, Violation::FieldSectionTooLarge))
            }
            (Purpose::Request { stream, part }, Keep::Fields) => {
                self.on_request(stream, part, block.section.fields)
            }
            (Purpose::Section { stream, part }, Keep::Fields) => {
                self.on_section(stream, part, block.section.fields)
            }
        }
    }

    fn on_request<'b>(
        &mut self,
        stream: StreamId,
        part: Part,
        fields: Fields,
    ) -> Result<Option<Event<'b>>, Fault> {
        let recv = Half::Idle
            .after(Step::Headers, part)
            .map_err(|misstep| on_stream(stream, violation_of(misstep)))?;
        self.streams.insert(Record::new(stream, Half::Head, recv));
        self.closing.accepted(stream);
        Ok(Some(Event::Headers { stream, head: Head::Request, fields, part }))
    }

    fn on_section<'b>(
        &mut self,
        stream: StreamId,
        part: Part,
        fields: Fields,
    ) -> Result<Option<Event<'b>>, Fault> {
        let Some(key) = self.streams.find(stream) else {
            // Reset by the caller while the block came.
            self.recycle(fields);
            return Ok(None);
        };
        let head = self.head_of(key, &fields).map_err(|violation| on_stream(stream, violation))?;
        let step = if head == Head::Interim { Step::Interim } else { Step::Headers };
        let record = self.streams.record(key);
        record.recv =
            record.recv.after(step, part).map_err(|misstep| on_stream(stream, violation_of(misstep)))?;
        self.settle(key);
        Ok(Some(Event::Headers { stream, head, fields, part }))
    }

    fn head_of(&self, key: Key, fields: &Fields) -> Result<Head, Violation> {
        if self.streams.get(key).recv == Half::Body {
            return Ok(Head::Trailers);
        }
        match Status::of(fields).ok_or(Violation::InvalidStatus)? {
            Status::Interim => Ok(Head::Interim),
            Status::Final => Ok(Head::Response),
        }
    }

    fn begin_block(&mut self, purpose: Purpose) {
        let list_size = self.local.latest().max_header_list_size;
        self.incoming = Incoming::Block(Block::new(purpose, self.spare.take(), &self.config, list_size));
    }
}

/// Field lists whose memory waits to be used again: no more of it than one list may have.
#[derive(Debug)]
pub(super) struct Spare {
    lists: Vec<Fields>,
    octets: usize,
    limit: usize,
}

impl Spare {
    pub(super) const fn new(limit: usize) -> Self {
        Self { lists: Vec::new(), octets: 0, limit }
    }

    pub(super) fn take(&mut self) -> Fields {
        let fields = self.lists.pop().unwrap_or_default();
        self.octets = self.octets.saturating_sub(fields.capacity_octets());
        fields
    }

    pub(super) fn put(&mut self, mut fields: Fields) {
        let octets = self.octets.saturating_add(fields.capacity_octets());
        if fields.capacity_octets() > 0 && octets <= self.limit {
            fields.clear();
            self.octets = octets;
            self.lists.push(fields);
        }
    }

    pub(super) fn memory_used(&self) -> usize {
        self.lists.capacity().saturating_mul(size_of::<Fields>()).saturating_add(self.octets)
    }
}
