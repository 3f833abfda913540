//! Field blocks of the peer: from HEADERS or PUSH_PROMISE to the last CONTINUATION.

use alloc::vec::Vec;
use core::num::NonZeroUsize;

use super::Connection;
use super::receive::{Incoming, Told, on_connection, on_stream, violation_of};
use crate::config::Config;
use crate::error::Violation;
use crate::event::{Event, Head};
use crate::fields::rules::{Authority, Grammar, Host, Rules, Section, Status};
use crate::fields::{self, Draft, Entry, Fields, Nature, StaticIndex, cookies};
use crate::frame::{Headers, Part, PushPromise};
use crate::hpack::{Decoder, Taker};
use crate::id::{Role, StreamId};
use crate::priority::Priority;
use crate::settings::Push;
use crate::stream::{Ending, Exchange, Half, Key, Message, Place, Record};

/// A field block that is under way.
#[derive(Debug)]
pub(super) struct Block {
    purpose: Purpose,
    collected: Collected,
    octets_left: usize,
    continuations_left: u32,
}

/// What becomes of the fields.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    /// They open a stream.
    Request { stream: StreamId, part: Part, priority: Option<Priority> },
    /// They belong to a stream that is open.
    Section { stream: StreamId, part: Part },
    /// They are the request of a promise.
    Promise { on: StreamId, promised: StreamId },
    /// They only keep the decoder in step (RFC 9113 §4.3).
    Discard,
}

impl Block {
    /// `list_size` is the limit that the peer was told last.
    fn new(purpose: Purpose, fields: Fields, config: &Config, list_size: u32) -> Self {
        let keep = match purpose {
            Purpose::Request { .. } | Purpose::Section { .. } | Purpose::Promise { .. } => Keep::Fields,
            Purpose::Discard => Keep::Nothing,
        };
        let limits = SectionLimits::new(config, list_size);
        Self {
            purpose,
            collected: Collected {
                fields,
                keep,
                octets_left: limits.most(),
                count_left: limits.count,
                limits,
            },
            octets_left: config.max_field_block_size() as usize,
            continuations_left: config.max_continuations(),
        }
    }

    pub(super) fn decode(&mut self, octets: &[u8], decoder: &mut Decoder) -> Result<(), Violation> {
        match self.octets_left.checked_sub(octets.len()) {
            Some(left) => {
                self.octets_left = left;
                decoder.decode_into(octets, &mut self.collected)
            }
            None => self.decode_the_last(octets, decoder),
        }
    }

    pub(super) fn decode_octet(&mut self, octet: u8, decoder: &mut Decoder) -> Result<(), Violation> {
        match self.octets_left.checked_sub(1) {
            Some(left) => {
                self.octets_left = left;
                decoder.decode_octet(octet, &mut self.collected)
            }
            None => Err(Violation::FieldSectionFarTooLarge),
        }
    }

    /// What is within the limit may break a rule that comes before it.
    #[cold]
    fn decode_the_last(&mut self, octets: &[u8], decoder: &mut Decoder) -> Result<(), Violation> {
        let within = octets.get(..self.octets_left).unwrap_or_default();
        self.octets_left = 0;
        decoder.decode_into(within, &mut self.collected)?;
        Err(Violation::FieldSectionFarTooLarge)
    }

    /// RFC 9113 §10.5.1: empty frames count, too.
    pub(super) fn continued(&mut self) -> Result<(), Violation> {
        self.continuations_left =
            self.continuations_left.checked_sub(1).ok_or(Violation::TooManyContinuations)?;
        Ok(())
    }

    pub(super) fn memory_used(&self) -> usize {
        self.collected.fields.capacity_octets()
    }
}

/// Collects decoded fields within the limits.
#[derive(Debug)]
struct Collected {
    fields: Fields,
    keep: Keep,
    /// What there may still be within the limits: most fields are not even added up.
    octets_left: usize,
    count_left: u32,
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
    octets: u32,
    count: u32,
    hard_octets: u32,
    hard_count: u32,
}

impl SectionLimits {
    fn new(config: &Config, list_size: u32) -> Self {
        Self {
            octets: list_size,
            count: config.max_header_fields(),
            hard_octets: config.hard_header_list_size(),
            hard_count: config.hard_header_fields(),
        }
    }
}

impl SectionLimits {
    /// The octets that a list may have.
    #[inline]
    const fn most(self) -> usize {
        self.octets as usize
    }

    const fn hard(self) -> Self {
        Self { octets: self.hard_octets, count: self.hard_count, ..self }
    }
}

impl Taker for Collected {
    #[inline]
    fn take(&mut self, literal: &fields::Record<'_>) -> Result<Nature, Violation> {
        self.count(literal.accounted_octets())?;
        match self.keep {
            Keep::Fields => Ok(self.fields.push_record(literal, self.limits.most())),
            Keep::Nothing | Keep::TooLarge => Ok(literal.nature()),
        }
    }

    /// Most fields come so, or as those of the static table: a call costs a third of what is done here.
    #[inline(always)]
    fn take_indexed(&mut self, entry: Entry<'_>) -> Result<Option<Nature>, Violation> {
        self.count(entry.accounted)?;
        match self.keep {
            Keep::Fields => Ok(self.fields.push_entry(entry, self.limits.most())),
            Keep::Nothing | Keep::TooLarge => Ok(None),
        }
    }

    #[inline(always)]
    fn take_static(&mut self, index: StaticIndex) -> Result<(), Violation> {
        self.count(index.accounted_octets())?;
        if self.keep == Keep::Fields {
            self.fields.push_static(index, self.limits.most());
        }
        Ok(())
    }

    #[inline]
    fn count(&mut self, octets: usize) -> Result<(), Violation> {
        match (self.octets_left.checked_sub(octets), self.count_left.checked_sub(1)) {
            (Some(octets_left), Some(count_left)) => {
                (self.octets_left, self.count_left) = (octets_left, count_left);
                Ok(())
            }
            _ => self.on_too_large(octets),
        }
    }

    #[inline]
    fn draft(&mut self) -> Option<Draft<'_>> {
        (self.keep == Keep::Fields).then(|| Draft::new(&mut self.fields, self.limits.most()))
    }

    #[cold]
    fn give_up(&mut self, start: Option<NonZeroUsize>) -> Option<Vec<u8>> {
        let is_list = self.keep == Keep::Fields;
        is_list.then(|| {
            self.keep = Keep::TooLarge;
            core::mem::take(&mut self.fields).into_text(start)
        })
    }
}

impl Collected {
    /// With one more field of so many octets a limit is exceeded: from now on the hard ones are in force. Far too many
    /// fields end the connection.
    #[cold]
    fn on_too_large(&mut self, octets: usize) -> Result<(), Violation> {
        self.give_up(None);
        let total = self.limits.most().saturating_sub(self.octets_left).saturating_add(octets);
        let count = self.limits.count.saturating_sub(self.count_left).saturating_add(1);
        self.limits = self.limits.hard();
        let left = (self.limits.most().checked_sub(total), self.limits.count.checked_sub(count));
        let (Some(octets_left), Some(count_left)) = left else {
            return Err(Violation::FieldSectionFarTooLarge);
        };
        (self.octets_left, self.count_left) = (octets_left, count_left);
        Ok(())
    }
}

impl Connection {
    /// RFC 9113 §6.2. The field block follows in `input`, as far as it has come.
    pub(super) fn on_headers<'b>(&mut self, headers: Headers, input: &mut &'b [u8]) -> Told<'b> {
        let Headers { stream, part, .. } = headers;
        let purpose = match self.streams.place(stream) {
            Place::Idle => self.on_new_stream(stream, part).map_err(on_connection)?,
            Place::Live(key) if self.is_reserved_here(self.streams.get(key)) => {
                return Err(on_connection(Violation::ReservedStream));
            }
            Place::Live(key) if self.streams.get(key).recv.half == Half::Closed => {
                self.discard_block();
                return Err(on_stream(stream, Violation::HalfClosedStream));
            }
            Place::Live(_) => Purpose::Section { stream, part },
            Place::Gone => match self.streams.ending(stream) {
                Ending::Reset | Ending::Forgotten => {
                    self.guard.noise();
                    Purpose::Discard
                }
                Ending::Finished => return Err(on_connection(Violation::ClosedStream)),
                Ending::Unknown => return Err(on_connection(Violation::UnexpectedStreamId)),
            },
        };
        // What a block of no use has cost is told before the block is read.
        let whole = if let Purpose::Discard = purpose { None } else { self.reader.lend_block(input) };
        match whole {
            Some(octets) => self.on_whole_block(purpose, octets),
            None => {
                self.begin_block(purpose);
                Ok(None)
            }
        }
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
        } else if self.streams.peer_open() >= allowed {
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

    /// RFC 9113 §6.6. The fields of a promise that is refused keep the decoder in step.
    pub(super) fn on_push_promise<'b>(&mut self, promise: PushPromise) -> Told<'b> {
        self.check_promise(&promise).map_err(on_connection)?;
        let PushPromise { stream: on, promised, .. } = promise;
        self.streams.use_peer_id(promised);
        if self.streams.find(on).is_some_and(|key| self.streams.get(key).exchange == Exchange::Tunnel) {
            // RFC 9113 §8.5: an error of the tunnel; nothing is told of the promise.
            self.refuse(promised, Violation::PushRefused);
            self.discard_block();
            return Err(on_stream(on, Violation::HeadersInTunnel));
        }
        let wanted = self.local.latest().enable_push == Push::Enabled
            && self.streams.find(on).is_some()
            && self.streams.peer_reserved() < self.config.max_reserved_streams() as usize;
        let purpose = if self.closing.refuses(promised) {
            self.refuse(promised, Violation::ShuttingDown);
            Purpose::Discard
        } else if wanted {
            Purpose::Promise { on, promised }
        } else {
            self.refuse(promised, Violation::PushRefused);
            Purpose::Discard
        };
        self.begin_block(purpose);
        Ok(None)
    }

    fn check_promise(&mut self, promise: &PushPromise) -> Result<(), Violation> {
        if self.role == Role::Server {
            return Err(Violation::PushToServer);
        }
        if !self.local.may_be_pushed_to() {
            return Err(Violation::PushDisabled);
        }
        match self.streams.place(promise.stream) {
            _ if promise.stream.initiator() != self.role => return Err(Violation::PushOnWrongStream),
            Place::Live(key) if self.streams.get(key).recv.half != Half::Closed => {}
            Place::Gone if self.streams.ending(promise.stream).allows_late_frames() => {}
            Place::Idle | Place::Live(_) | Place::Gone => return Err(Violation::PushOnWrongStream),
        }
        let promised = promise.promised;
        if promised.initiator() == self.role || self.streams.place(promised) != Place::Idle {
            return Err(Violation::InvalidPromisedStream);
        }
        Ok(())
    }

    /// A block that came whole, as nearly all do, needs no place to wait in.
    fn on_whole_block<'b>(&mut self, purpose: Purpose, octets: &[u8]) -> Told<'b> {
        let mut block = self.block_of(purpose);
        block.decode(octets, &mut self.decoder).map_err(on_connection)?;
        self.on_section_end(purpose, block.collected.keep, block.collected.fields)
    }

    /// RFC 9113 §4.3: the block is complete.
    pub(super) fn on_block_end<'b>(&mut self) -> Told<'b> {
        let Incoming::Block(Block { purpose, collected, .. }) = &mut self.incoming else { return Ok(None) };
        let (purpose, keep, fields) = (*purpose, collected.keep, core::mem::take(&mut collected.fields));
        self.incoming = Incoming::Nothing;
        self.on_section_end(purpose, keep, fields)
    }

    /// All of a section has been decoded.
    fn on_section_end<'b>(&mut self, purpose: Purpose, keep: Keep, fields: Fields) -> Told<'b> {
        self.decoder.finish().map_err(on_connection)?;
        if keep != Keep::Fields {
            self.decoder.release();
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
    fn for_caller(&mut self, mut fields: Fields) -> Fields {
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
        let key = self.streams.insert(Record::new(stream, Message::new(Half::Head), recv, exchange));
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
                self.streams.record(key).progress.step(self.config.stall_floor());
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

    fn on_promise<'b>(&mut self, on: StreamId, promised: StreamId, fields: Fields) -> Option<Event<'b>> {
        match self.rules.check_promise(&fields) {
            Ok(summary) => {
                let (send, recv) = (Message::new(Half::Closed), Message::new(Half::Reserved));
                self.streams.insert(Record::new(promised, send, recv, Exchange::new(summary.method)));
                self.closing.accepted(promised);
                let fields = self.for_caller(fields);
                Some(Event::PushPromise { stream: on, promised, fields })
            }
            Err(violation) => {
                self.spare.keep(fields);
                self.refuse(promised, violation);
                None
            }
        }
    }

    /// Whether a stream is one that we have promised and not begun to answer: "reserved (local)".
    pub(super) fn is_reserved_here(&self, record: &Record) -> bool {
        self.role == Role::Server && record.id.initiator() == Role::Server && !record.is_active()
    }

    fn accept_section(&mut self, key: Key, part: Part, fields: &Fields) -> Result<Head, Violation> {
        let most_interims = self.config.max_interim_responses();
        let peer = self.role.peer();
        let record = self.streams.get(key);
        let is_first = record.recv.half == Half::Reserved;
        if record.recv.half == Half::Body {
            let exchange = record.exchange.of(peer);
            let recv = record.recv.after_trailers(exchange, part).map_err(violation_of)?;
            self.rules.check(fields, Section::Trailers)?;
            self.streams.record(key).recv = recv;
            return Ok(Head::Trailers);
        }
        let summary = self.rules.check(fields, Section::Response)?;
        let (recv, exchange) =
            record.recv.after_response(record.exchange, &summary, part).map_err(violation_of)?;
        // RFC 9113 §5.1.2: a promised stream counts from its response on.
        if is_first && recv.half != Half::Reserved && !self.admits_promised() {
            return Err(Violation::TooManyStreams);
        }
        if u32::from(recv.interims()) > most_interims {
            return Err(Violation::TooManyInterimResponses);
        }
        let record = self.streams.record(key);
        (record.recv, record.exchange) = (recv, exchange);
        if recv.half != Half::Reserved {
            self.streams.activate(key);
        }
        Ok(if summary.status == Status::Interim { Head::Interim } else { Head::Response })
    }

    /// Whether one more promised stream may count, as far as the peer can know.
    #[cold]
    fn admits_promised(&self) -> bool {
        self.streams.peer_taken() < self.local.most_known_streams() as usize
    }

    #[cold]
    fn discard_block(&mut self) {
        self.begin_block(Purpose::Discard);
    }

    fn begin_block(&mut self, purpose: Purpose) {
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
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::fields::{Field, Huffman, Indexing};
    use crate::hpack::Encoder;

    const LIST: u32 = 600;

    fn config() -> Config {
        Config::builder().max_header_list_size(LIST).max_header_fields(8).build().unwrap()
    }

    fn decoder() -> Decoder {
        Decoder::new(4_096).with_max_string(4 * LIST as usize).with_max_kept(LIST as usize)
    }

    /// Few names, of which some come from the tables; values from nothing to what fills the list, or the table.
    fn fields() -> impl Strategy<Value = Vec<(usize, usize, Indexing, Huffman)>> {
        let name = prop::sample::select(vec![1, 2, 3, 40, 200]);
        let value = prop::sample::select(vec![0, 1, 5, 63, 130, 300, 560, 700, 2_000]);
        let indexing = prop::sample::select(vec![Indexing::Incremental, Indexing::Without, Indexing::Never]);
        let huffman = prop::sample::select(vec![Huffman::Always, Huffman::Never]);
        prop::collection::vec((name, value, indexing, huffman), 0..8)
    }

    fn collected(discards: bool, fields: Fields) -> Collected {
        let stream = StreamId::new(1).unwrap();
        let purpose = if discards { Purpose::Discard } else { Purpose::Section { stream, part: Part::More } };
        Block::new(purpose, fields, &config(), LIST).collected
    }

    proptest! {
        /// Whatever a list has to give up, and wherever its block is cut: list, table and memory are the same.
        #[test]
        fn cuts_change_neither_lists_nor_tables(
            blocks in prop::collection::vec((fields(), any::<bool>()), 1..5),
            pieces in prop::collection::vec(prop_oneof![Just(1), 1_usize..90], 1..20),
        ) {
            let (mut encoder, mut whole, mut cut) = (Encoder::new(4_096), decoder(), decoder());
            let most = Decoder::max_memory(4_096, LIST as usize);
            let mut sizes = pieces.iter().cycle();
            for (fields, discards) in blocks {
                let text = [b'a'; 2_000];
                let fields = fields.iter().map(|&(name, value, indexing, huffman)| Field {
                    indexing,
                    huffman,
                    ..Field::new(&text[..name], &text[..value])
                });
                let mut block = Vec::new();
                encoder.encode(fields, &mut block);
                let mut expected = collected(discards, Fields::new());
                let outcome = whole.decode_into(&block, &mut expected).and_then(|()| whole.finish());
                let (mut seen, mut rest) = (collected(discards, Fields::new()), &block[..]);
                let mut told = Ok(());
                while !rest.is_empty() && told.is_ok() {
                    let (piece, behind) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                    told = match piece {
                        [octet] => cut.decode_octet(*octet, &mut seen),
                        _ => cut.decode_into(piece, &mut seen),
                    };
                    prop_assert!(cut.memory_used() + seen.fields.capacity_octets() <= most);
                    rest = behind;
                }
                prop_assert_eq!(told.and_then(|()| cut.finish()), outcome);
                if outcome.is_err() {
                    break;
                }
                let counted = |it: &Collected| (it.keep, it.octets_left, it.count_left);
                prop_assert_eq!(counted(&seen), counted(&expected));
                prop_assert_eq!(&seen.fields, &expected.fields);
                prop_assert_eq!(seen.fields.capacity_octets(), expected.fields.capacity_octets());
                prop_assert!(cut.entries().eq(whole.entries()));
                prop_assert!(cut.entries().eq(encoder.entries()));
                if seen.keep != Keep::Fields {
                    whole.release();
                    cut.release();
                }
            }
        }
    }

    /// Fields are dropped above the first limits, and counted on.
    #[test]
    fn above_the_limits_the_hard_ones_are_in_force() {
        let far = Err(Violation::FieldSectionFarTooLarge);
        let hard = config().hard_header_list_size();
        assert!(hard > LIST + 2 && config().hard_header_fields() > 9);
        for discards in [false, true] {
            let mut octets = collected(discards, Fields::new());
            let keep = octets.keep;
            assert_eq!((octets.count(LIST as usize), octets.keep), (Ok(()), keep));
            assert_eq!(octets.count(1), Ok(()));
            assert_eq!(octets.keep, if discards { Keep::Nothing } else { Keep::TooLarge });
            assert_eq!(octets.count((hard - LIST - 1) as usize), Ok(()));
            assert_eq!((octets.count(0), octets.count(1)), (Ok(()), far));
            let mut fields = collected(discards, Fields::new());
            (0..8).for_each(|_| assert_eq!((fields.count(0), fields.keep), (Ok(()), keep)));
            (8..config().hard_header_fields()).for_each(|_| assert_eq!(fields.count(0), Ok(())));
            assert!(discards || fields.keep == Keep::TooLarge);
            assert_eq!(fields.count(0), far);
            assert_eq!(collected(discards, Fields::new()).count(hard as usize + 1), far);
        }
    }

    #[test]
    fn a_list_under_way_has_no_more_fields_than_are_whole() {
        let mut collected = collected(false, Fields::new());
        decoder().decode_into(b"\x82\x44\x10/8:1", &mut collected).unwrap();
        assert!(collected.fields.iter().eq([Field::new(b":method", b"GET")]));
    }

    /// A block that nobody wants is not looked into before the peer has answered for it.
    #[test]
    fn a_budget_that_a_refusal_overdraws_is_told_before_what_its_block_breaks() {
        let config = Config::builder().enforce_budgets(false).max_resets(1).max_concurrent_streams(0);
        let mut server = Connection::server(config.build().unwrap());
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        let acknowledged = [0, 0, 0, 4, 1, 0, 0, 0, 0];
        // The second one names an index that no table has.
        let requests = [0, 0, 1, 1, 5, 0, 0, 0, 1, 0x82, 0, 0, 1, 1, 5, 0, 0, 0, 3, 0x80];
        let octets = [crate::connection::MAGIC, &settings, &acknowledged, &requests].concat();
        let mut input = &octets[..];
        let told: Vec<_> = core::iter::from_fn(|| server.poll(&mut input, crate::Time::ZERO)).collect();
        let (code, violation) = (Violation::TooManyResets, Violation::InvalidIndex);
        assert!(
            matches!(
                &told[2..],
                [Event::OverBudget { violation: first }, Event::Closed { error: Some(error) }]
                    if *first == code && *error == crate::ConnectionError::Violation(violation)
            ),
            "{told:?}"
        );
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
