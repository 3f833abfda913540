//! Field blocks of the peer: from HEADERS or PUSH_PROMISE to the last CONTINUATION.

use alloc::vec::Vec;

use super::Connection;
use super::block::{Block, Keep, Purpose};
use super::receive::{Incoming, Told, on_connection, on_stream, violation_of};
use crate::config::Config;
use crate::error::Violation;
use crate::event::{Event, Head};
use crate::fields::rules::{Authority, Grammar, Host, Rules, Section, Status};
use crate::fields::{Fields, cookies};
use crate::frame::{Fault, Headers, Part};
use crate::id::{Role, StreamId};
use crate::priority::Priority;
use crate::stream::{Ending, Exchange, Half, Key, Message, Standing, StreamRecord};

impl Connection {
    /// RFC 9113 §6.2. What is in `input` is of the field block at first; there may be nothing although more has come.
    pub(super) fn on_headers<'b>(&mut self, headers: Headers, input: &mut &'b [u8]) -> Told<'b> {
        let purpose = self.judge_headers(headers.stream, headers.part)?;
        // What a block of no use has cost is told before the block is read.
        let whole = if purpose.is_wanted() { self.reader.lend_block(input) } else { None };
        match whole {
            Some(octets) => self.on_whole_block(purpose, octets),
            None => {
                self.begin_block(purpose);
                Ok(None)
            }
        }
    }

    /// The same where the frame is next and lies in `input` as a whole; `None` if it does not.
    #[inline(always)]
    pub(super) fn on_section_ahead<'b>(&mut self, input: &mut &'b [u8]) -> Option<Told<'b>> {
        let (head, block, behind) = self.reader.whole_section(input)?;
        let stream = head.stream?;
        Some(match self.judge_headers(stream, head.part()) {
            Ok(purpose) if purpose.is_wanted() => {
                *input = behind;
                self.on_whole_block(purpose, block)
            }
            judged => {
                self.reader.take_section_head(&head, input);
                judged.map(|purpose| {
                    self.begin_block(purpose);
                    None
                })
            }
        })
    }

    /// What becomes of the fields of a HEADERS frame.
    fn judge_headers(&mut self, stream: StreamId, part: Part) -> Result<Purpose, Fault> {
        Ok(match self.streams.standing(stream) {
            Standing::Idle => self.on_new_stream(stream, part).map_err(on_connection)?,
            Standing::Live(key) if self.streams.record(key).is_reserved_by(self.role) => {
                return Err(on_connection(Violation::ReservedStream));
            }
            Standing::Live(key) if self.streams.record(key).recv.half == Half::Closed => {
                self.discard_block();
                return Err(on_stream(stream, Violation::HalfClosedStream));
            }
            Standing::Live(_) => Purpose::Section { stream, part },
            Standing::Gone => match self.streams.ending(stream) {
                Ending::Reset | Ending::Forgotten => {
                    self.guard.noise();
                    Purpose::Discard
                }
                Ending::Finished => return Err(on_connection(Violation::ClosedStream)),
                Ending::Unknown => return Err(on_connection(Violation::UnexpectedStreamId)),
            },
        })
    }

    fn on_new_stream(&mut self, stream: StreamId, part: Part) -> Result<Purpose, Violation> {
        // RFC 9113 §5.1: a server opens streams by promises only, and we open ours ourselves.
        if self.role == Role::Client || stream.initiator() == self.role {
            return Err(Violation::IdleStream);
        }
        self.streams.use_peer_id(stream);
        let priority = self.prioritized.opened(stream);
        let allowed = self.local.max_concurrent_streams() as usize;
        if self.closing.refuses(stream) {
            self.refuse(stream, Violation::ShuttingDown);
        } else if self.streams.peer_active() >= allowed {
            self.refuse(stream, Violation::TooManyStreams);
        } else if self.streams.peer_taken() >= allowed {
            // Within its limit, as far as the peer can know.
            self.guard.noise();
            self.turn_away(stream, Violation::TooManyStreams);
        } else {
            return Ok(Purpose::Request { stream, part, priority });
        }
        Ok(Purpose::Discard)
    }

    /// A block that came whole, as nearly all do, needs no place to wait in.
    fn on_whole_block<'b>(&mut self, purpose: Purpose, octets: &[u8]) -> Told<'b> {
        let mut block = self.block_of(purpose);
        block.decode(octets, &mut self.decoder).map_err(on_connection)?;
        let (_, keep, fields) = block.into_parts();
        self.on_section_end(purpose, keep, fields)
    }

    /// RFC 9113 §4.3: the block is complete.
    pub(super) fn on_block_end<'b>(&mut self) -> Told<'b> {
        match core::mem::replace(&mut self.incoming, Incoming::Nothing) {
            Incoming::Block(block) => {
                let (purpose, keep, fields) = block.into_parts();
                self.on_section_end(purpose, keep, fields)
            }
            Incoming::Nothing | Incoming::Body(_) => Ok(None),
        }
    }

    /// All of a section has been decoded.
    fn on_section_end<'b>(&mut self, purpose: Purpose, keep: Keep, fields: Fields) -> Told<'b> {
        self.decoder.finish().map_err(on_connection)?;
        if keep != Keep::Fields {
            self.decoder.release_memory();
        }
        if let Some(refused) = self.refuse_section(purpose, keep) {
            self.spare.keep(fields);
            return refused;
        }
        match purpose {
            Purpose::Discard => {
                self.spare.keep(fields);
                Ok(None)
            }
            Purpose::Request { stream, part, priority } => self.on_request(stream, part, priority, fields),
            Purpose::Promise { on, promised } => Ok(self.on_promise(on, promised, fields)),
            Purpose::Section { stream, part } => self.on_section(stream, part, fields),
        }
    }

    /// What comes of a field section that nobody gets, whatever it says.
    fn refuse_section<'b>(&mut self, purpose: Purpose, keep: Keep) -> Option<Told<'b>> {
        let (stream, violation) = match (purpose, keep) {
            (Purpose::Section { stream, .. }, Keep::TooLarge | Keep::Nothing) => {
                return Some(Err(on_stream(stream, Violation::FieldSectionTooLarge)));
            }
            (
                Purpose::Request { stream, .. } | Purpose::Promise { promised: stream, .. },
                Keep::TooLarge | Keep::Nothing,
            ) => (stream, Violation::FieldSectionTooLarge),
            // The caller may have named the last stream while the block came.
            (Purpose::Request { stream, .. }, Keep::Fields) if self.closing.refuses(stream) => {
                (stream, Violation::ShuttingDown)
            }
            // It may have reset the stream that promises.
            (Purpose::Promise { on, promised }, Keep::Fields) if self.streams.find(on).is_none() => {
                (promised, Violation::PushRefused)
            }
            (Purpose::Discard, _) | (_, Keep::Fields) => return None,
        };
        self.refuse(stream, violation);
        Some(Ok(None))
    }

    /// A section that keeps all rules, as the caller gets it.
    #[inline]
    pub(super) fn for_caller(&mut self, mut fields: Fields) -> Fields {
        if self.config.join_cookies() {
            fields = self.join_cookies(fields);
        }
        self.spare.lend(&mut fields);
        fields.trim();
        fields
    }

    #[cold]
    fn join_cookies(&mut self, fields: Fields) -> Fields {
        let (joined, spare) = cookies::join(fields, self.spare.take());
        self.spare.keep(spare);
        joined
    }

    fn on_request<'b>(
        &mut self,
        stream: StreamId,
        part: Part,
        priority: Option<Priority>,
        fields: Fields,
    ) -> Told<'b> {
        match self.accept_request(stream, part, priority, &fields) {
            Ok(()) => {
                let fields = self.for_caller(fields);
                Ok(Some(Event::Headers { stream, head: Head::Request, fields, part }))
            }
            Err(violation) => {
                self.spare.keep(fields);
                if self.config.answer_malformed() {
                    self.answer_bad_request(stream);
                }
                self.refuse(stream, violation);
                Ok(None)
            }
        }
    }

    /// RFC 9113 §8.1.1: a server may answer before it resets the stream. What is encoded here goes out ahead of what
    /// is encoded for the next batch, as HPACK demands.
    fn answer_bad_request(&mut self, stream: StreamId) {
        let head = Headers { stream, priority: None, padding: None, part: Part::More };
        let max_frame_size = self.peer.values().max_frame_size;
        let mut block = Vec::new();
        self.encoder.encode(&Fields::response(400), &mut block);
        self.reply(|out| {
            let start = head.start_block(out);
            out.append(&mut block);
            head.finish_block(start, max_frame_size, out);
        });
    }

    fn accept_request(
        &mut self,
        stream: StreamId,
        part: Part,
        updated: Option<Priority>,
        fields: &Fields,
    ) -> Result<(), Violation> {
        let extended = self.local.latest().extended_connect;
        let summary = self.rules.check(fields, Section::Request(extended))?;
        let recv = Message::request(&summary, part).map_err(violation_of)?;
        let exchange = Exchange::new(summary.method);
        let key = self.streams.insert(StreamRecord::new(stream, Message::new(Half::Head), recv, exchange));
        self.streams.activate(key);
        self.guard.opened();
        self.closing.accepted(stream);
        // RFC 9218 §7: what an update said earlier is the later word.
        self.rank(key, updated.or_else(|| Priority::of_checked(fields, &summary)));
        Ok(())
    }

    fn on_section<'b>(&mut self, stream: StreamId, part: Part, fields: Fields) -> Told<'b> {
        let Some(key) = self.streams.find(stream) else {
            // Reset by the caller while the block came.
            self.spare.keep(fields);
            return Ok(None);
        };
        match self.accept_section(key, part, &fields) {
            Ok(head) => {
                self.streams.record_mut(key).progress.step(self.config.stall_floor());
                self.settle(key);
                let fields = self.for_caller(fields);
                Ok(Some(Event::Headers { stream, head, fields, part }))
            }
            Err(violation) => {
                self.spare.keep(fields);
                Err(on_stream(stream, violation))
            }
        }
    }

    fn accept_section(&mut self, key: Key, part: Part, fields: &Fields) -> Result<Head, Violation> {
        let most_interims = self.config.max_interim_responses();
        let peer = self.role.peer();
        let record = self.streams.record(key);
        let is_first = record.recv.half == Half::Reserved;
        if record.recv.half == Half::Body {
            let exchange = record.exchange.of(peer);
            let recv = record.recv.after_trailers(exchange, part).map_err(violation_of)?;
            self.rules.check(fields, Section::Trailers)?;
            self.streams.record_mut(key).recv = recv;
            return Ok(Head::Trailers);
        }
        let summary = self.rules.check(fields, Section::Response)?;
        let (recv, exchange) =
            record.recv.after_response(record.exchange, &summary, part).map_err(violation_of)?;
        // RFC 9113 §5.1.2: a promised stream counts from its response on.
        if is_first && !self.admits_promised() {
            return Err(Violation::TooManyStreams);
        }
        if u32::from(recv.interims()) > most_interims {
            return Err(Violation::TooManyInterimResponses);
        }
        let record = self.streams.record_mut(key);
        (record.recv, record.exchange) = (recv, exchange);
        self.streams.activate(key);
        Ok(if summary.status == Status::Interim { Head::Interim } else { Head::Response })
    }

    /// Whether one more promised stream may count, as far as the peer can know.
    #[cold]
    fn admits_promised(&self) -> bool {
        self.streams.peer_taken() < self.local.most_known_streams() as usize
    }

    #[cold]
    pub(super) fn discard_block(&mut self) {
        self.begin_block(Purpose::Discard);
    }

    pub(super) fn begin_block(&mut self, purpose: Purpose) {
        self.incoming = Incoming::Block(self.block_of(purpose));
    }

    #[inline]
    fn block_of(&mut self, purpose: Purpose) -> Block {
        let list_size = self.local.max_header_list_size();
        let fields = match purpose {
            Purpose::Request { .. } | Purpose::Section { .. } | Purpose::Promise { .. } => self.spare.take(),
            Purpose::Discard => Fields::new(),
        };
        Block::new(purpose, fields, &self.config, list_size)
    }
}

/// The message rules as the caller has relaxed them.
pub(super) fn rules_of(config: &Config) -> Rules {
    Rules {
        grammar: if config.minimal_field_checks() { Grammar::Minimal } else { Grammar::Full },
        host: if config.allow_differing_host() { Host::Ignored } else { Host::Compared },
        authority: if config.allow_any_authority() { Authority::Any } else { Authority::HostAndPort },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_of_a_half_closed_stream_is_taken_once() {
        let mut server = Connection::server(Config::default());
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        let request = [0, 0, 3, 1, 5, 0, 0, 0, 1, 0x83, 0x84, 0x86];
        let octets = [crate::connection::MAGIC, &settings, &request].concat();
        let mut left = |mut input: &[u8]| {
            while server.poll(&mut input, crate::Time::ZERO).is_some() {}
            let ledger = server.ledger();
            (input.len(), ledger.noise_spent, ledger.resets_spent)
        };
        assert_eq!(left(&octets), (0, 1, 0), "SETTINGS");
        assert_eq!(left(&request), (0, 1, 1));
    }

    /// A block that nobody wants is not looked into before the peer has answered for it, whether its frame comes behind
    /// others or alone.
    #[test]
    fn a_budget_that_a_refusal_overdraws_is_told_before_what_its_block_breaks() {
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        let acknowledged = [0, 0, 0, 4, 1, 0, 0, 0, 0];
        let request = [0, 0, 1, 1, 5, 0, 0, 0, 1, 0x82];
        // It names an index that no table has.
        let second = [0, 0, 1, 1, 5, 0, 0, 0, 3, 0x80];
        let octets = [crate::connection::MAGIC, &settings, &acknowledged, &request, &second].concat();
        for first in [octets.len(), octets.len() - second.len()] {
            let config = Config::builder().enforce_budgets(false).max_resets(1).max_concurrent_streams(0);
            let mut server = Connection::server(config.build().unwrap());
            let (mut now, mut later) = octets.split_at(first);
            let mut poll = |input: &mut &'_ [u8]| -> Vec<_> {
                core::iter::from_fn(|| {
                    server.poll(input, crate::Time::ZERO).map(|it| alloc::format!("{it:?}"))
                })
                .collect()
            };
            let told = [poll(&mut now), poll(&mut later)].concat();
            let expected = [
                "OverBudget { violation: TooManyResets }",
                "Closed { error: Some(Violation(InvalidIndex)) }",
            ];
            assert_eq!(told[2..], expected);
        }
    }

    /// Memory for the text of a section that nobody gets is let go with it.
    #[test]
    fn a_section_that_is_too_large_leaves_nothing_behind() {
        let mut server = Connection::server(Config::embedded());
        let block = [&b"\x00\x01x\x7f\xa1\x15"[..], &[b'x'; 2_848]].concat();
        let [high, low] = u16::try_from(block.len()).unwrap().to_be_bytes();
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        let head = [0, high, low, 1, 5, 0, 0, 0, 1];
        let octets = [crate::connection::MAGIC, &settings, &head, &block].concat();
        let (last, before) = octets.split_last().unwrap();
        for mut octet in before.chunks(1) {
            while server.poll(&mut octet, crate::Time::ZERO).is_some() {}
        }
        assert!(server.decoder.memory_used() >= 2_000, "{}", server.decoder.memory_used());
        assert_eq!(server.poll(&mut &[*last][..], crate::Time::ZERO), None);
        assert_eq!(server.decoder.memory_used(), 0);
    }
}
