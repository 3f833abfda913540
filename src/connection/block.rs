//! Field blocks that are under way: what becomes of them, and how much of them is taken.

use alloc::vec::Vec;
use core::num::NonZeroUsize;

use crate::config::Config;
use crate::error::Violation;
use crate::fields::{self, Draft, Entry, Fields, Nature, StaticIndex};
use crate::frame::Part;
use crate::hpack::{Decoder, Taker};
use crate::id::StreamId;
use crate::priority::Priority;

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
pub(super) enum Purpose {
    /// They open a stream.
    Request { stream: StreamId, part: Part, priority: Option<Priority> },
    /// They belong to a stream that is open.
    Section { stream: StreamId, part: Part },
    /// They are the request of a promise.
    Promise { on: StreamId, promised: StreamId },
    /// They only keep the decoder in step (RFC 9113 §4.3).
    Discard,
}

impl Purpose {
    pub(super) const fn is_wanted(&self) -> bool {
        !matches!(self, Self::Discard)
    }
}

impl Block {
    /// `list_size` is the limit that the peer was told last.
    pub(super) fn new(purpose: Purpose, fields: Fields, config: &Config, list_size: u32) -> Self {
        let keep = match purpose {
            Purpose::Request { .. } | Purpose::Section { .. } | Purpose::Promise { .. } => Keep::Fields,
            Purpose::Discard => Keep::Nothing,
        };
        let limits = SectionLimits::new(config, list_size);
        Self {
            purpose,
            collected: Collected { fields, keep, dropped: Dropped::default(), limits },
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

    /// What becomes of the fields, whether they are kept, and those that are.
    #[inline]
    pub(super) fn into_parts(self) -> (Purpose, Keep, Fields) {
        (self.purpose, self.collected.keep, self.collected.fields)
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
    /// All fields of a section that is not kept.
    dropped: Dropped,
    limits: SectionLimits,
}

/// What fields count that are not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Dropped {
    octets: u32,
    count: u32,
}

impl Dropped {
    /// Those of a list.
    fn of(fields: &Fields) -> Self {
        Self { octets: saturated(fields.list_octets()), count: saturated(fields.len()) }
    }

    /// One more field of so many octets.
    fn add(&mut self, octets: usize) {
        self.octets = self.octets.saturating_add(saturated(octets));
        self.count = self.count.saturating_add(1);
    }
}

/// No limit has as much as what is too much to be counted.
fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Whether fields are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
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

    /// The octets that a list may have.
    #[inline]
    const fn most(self) -> usize {
        self.octets as usize
    }
}

impl Taker for Collected {
    #[inline]
    fn take(&mut self, literal: &fields::Record<'_>) -> Result<Nature, Violation> {
        let octets = literal.accounted_octets();
        if self.has_room(octets) {
            return Ok(self.fields.push_record(literal, self.limits.most()));
        }
        self.drop_field(octets).map(|()| literal.nature())
    }

    /// Most fields come so, or as those of the static table: a call costs a third of what is done here.
    #[inline(always)]
    fn take_indexed(&mut self, entry: Entry<'_>) -> Result<Option<Nature>, Violation> {
        if self.has_room(entry.accounted) {
            return Ok(self.fields.push_entry(entry, self.limits.most()));
        }
        self.drop_field(entry.accounted).map(|()| None)
    }

    #[inline(always)]
    fn take_static(&mut self, index: StaticIndex) -> Result<(), Violation> {
        let octets = index.accounted_octets();
        if self.has_room(octets) {
            self.fields.push_static(index, self.limits.most());
            return Ok(());
        }
        self.drop_field(octets)
    }

    /// A field that has room is in the draft, and its list counts it; what was not kept is longer than any list.
    #[inline]
    fn count(&mut self, octets: usize) -> Result<(), Violation> {
        if self.has_room(octets) { Ok(()) } else { self.drop_field(octets) }
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
            self.dropped = Dropped::of(&self.fields);
            core::mem::take(&mut self.fields).into_text(start)
        })
    }
}

impl Collected {
    /// Whether the list takes one more field of so many octets.
    #[inline(always)]
    fn has_room(&self, octets: usize) -> bool {
        self.keep == Keep::Fields && self.fields.has_room(octets, self.limits.octets, self.limits.count)
    }

    /// The list does not take one more field of so many octets, and is not kept any longer: up to the hard limits fields
    /// are counted. Far too many end the connection.
    #[inline(never)]
    fn drop_field(&mut self, octets: usize) -> Result<(), Violation> {
        self.give_up(None);
        self.dropped.add(octets);
        let Dropped { octets, count } = self.dropped;
        let is_within = octets <= self.limits.hard_octets && count <= self.limits.hard_count;
        if is_within { Ok(()) } else { Err(Violation::FieldSectionFarTooLarge) }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::fields::{Coding, Field, Huffman, Indexing, Literal, Marks};
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
                let counted = |it: &Collected| (it.keep, it.dropped, it.fields.list_octets());
                prop_assert_eq!(counted(&seen), counted(&expected));
                prop_assert_eq!(&seen.fields, &expected.fields);
                prop_assert_eq!(seen.fields.capacity_octets(), expected.fields.capacity_octets());
                prop_assert!(cut.entries().eq(whole.entries()));
                prop_assert!(cut.entries().eq(encoder.entries()));
                if seen.keep != Keep::Fields {
                    whole.release_memory();
                    cut.release_memory();
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
        let take = |collected: &mut Collected, octets: usize| {
            let name = vec![b'a'; octets - 32];
            let marks = Marks::of_literal(Literal::Without, None, Coding::Plain);
            let told = collected.take(&fields::Record::of_literal(&name, b"", None, marks));
            told.map(|_| collected.keep)
        };
        for (discards, dropped) in [(false, Keep::TooLarge), (true, Keep::Nothing)] {
            let fresh = || collected(discards, Fields::new());
            let keep = fresh().keep;
            let mut octets = fresh();
            assert_eq!(take(&mut octets, LIST as usize - 40), Ok(keep));
            assert_eq!(take(&mut octets, 40), Ok(keep));
            assert_eq!(octets.fields.len(), if discards { 0 } else { 2 });
            assert_eq!(take(&mut octets, 40), Ok(dropped));
            assert_eq!(take(&mut octets, (hard - LIST - 40) as usize), Ok(dropped));
            assert_eq!(octets.count(0), Ok(()));
            assert_eq!((octets.count(1), octets.fields.len()), (far, 0));
            let mut fields = fresh();
            (0..8).for_each(|_| assert_eq!(take(&mut fields, 32), Ok(keep)));
            assert_eq!(take(&mut fields, 32), Ok(dropped));
            (9..config().hard_header_fields()).for_each(|_| assert_eq!(fields.count(0), Ok(())));
            assert_eq!(fields.count(0), far);
            assert_eq!(fresh().count(hard as usize + 1), far);
            let mut index = fresh();
            (0..8).for_each(|_| assert_eq!(index.take_static(StaticIndex::PATH), Ok(())));
            assert_eq!((index.take_static(StaticIndex::PATH), index.keep), (Ok(()), dropped));
        }
    }

    /// What the list had when its memory became that of a text counts on.
    #[test]
    fn a_list_that_is_given_up_counts_on() {
        let mut collected = collected(false, Fields::new());
        assert_eq!(collected.take_static(StaticIndex::PATH), Ok(()));
        assert!(collected.give_up(None).is_some_and(|text| text.is_empty()));
        let octets = StaticIndex::PATH.accounted_octets();
        assert_eq!(collected.dropped, Dropped { octets: octets as u32, count: 1 });
        assert!(collected.give_up(None).is_none());
        let left = config().hard_header_list_size() as usize - octets;
        assert_eq!(collected.count(left), Ok(()));
        assert_eq!(collected.count(1), Err(Violation::FieldSectionFarTooLarge));
    }

    fn received(decoder: &mut Decoder, block: &[u8], piece: usize) -> Fields {
        let mut collected = collected(false, Fields::new());
        block.chunks(piece).for_each(|piece| decoder.decode_into(piece, &mut collected).unwrap());
        collected.fields
    }

    /// A peer may name any entry that has the name; in the blocks that we make of its lists it is the first.
    #[test]
    fn a_name_that_came_by_a_later_index_is_sent_by_the_first() {
        // `:path` by 5, with a value of its own and with that of entry 4, and `:status` by 9 and by 14.
        let literals = b"\x45\x02/a\x45\x01/\x49\x03418\x4e\x03200";
        let expected: [&[u8]; 4] = [
            b"\x04\x02/a\x84\x48\x03418\x88",
            b"\x44\x02/a\x84\xbf\x88",
            b"\xbe\x84\xbf\x88",
            b"\xbe\x84\xbf\x88",
        ];
        for piece in [1, literals.len()] {
            let mut decoder = decoder();
            // The second time by the entries of the dynamic table that they have become.
            for block in [&literals[..], b"\xc1\xc0\xbf\xbe"] {
                let fields = received(&mut decoder, block, piece);
                for encode in [Encoder::encode_list, Encoder::encode_crumbs] {
                    let mut encoder = Encoder::new(4_096);
                    let blocks = expected.map(|_| {
                        let mut out = Vec::new();
                        encode(&mut encoder, &fields, &mut out);
                        out
                    });
                    assert_eq!(blocks, expected);
                    assert_eq!(encoder.entries().count(), 2);
                }
            }
        }
    }

    /// Whichever index a name came by first, and whichever it comes by next.
    #[test]
    fn a_field_that_was_sent_is_found_by_any_index_of_its_name() {
        let lists = [&b"\x44\x02/a\x48\x03418"[..], b"\x45\x02/a\x49\x03418"]
            .map(|block| received(&mut decoder(), block, block.len()));
        for nths in [[0, 0, 1], [1, 1, 0]] {
            let (mut encoder, mut out) = (Encoder::new(4_096), Vec::new());
            for nth in nths {
                out.clear();
                encoder.encode_list(&lists[nth], &mut out);
            }
            assert_eq!((&out[..], encoder.entries().count()), (&[0xbe, 0xbf][..], 2));
        }
    }

    #[test]
    fn a_list_under_way_has_no_more_fields_than_are_whole() {
        let mut collected = collected(false, Fields::new());
        decoder().decode_into(b"\x82\x44\x10/8:1", &mut collected).unwrap();
        assert!(collected.fields.iter().eq([Field::new(b":method", b"GET")]));
    }
}
