mod keep;
mod single;

use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroUsize;

use keep::{keep_in_draft, usual_kept};

use super::huffman;
use super::integer::{Integer, Partial};
use super::representation::{Kind, STRING_MASK, whole_index};
use super::short::Short;
use super::sink::{Sink, Taker};
use super::sizes::Sizes;
use super::table::Table;
use crate::error::Violation;
use crate::fields::{Coding, Field, Literal, Marks, Nature, Record, STATIC_TABLE, StaticIndex};

/// Decodes the field blocks of one connection.
///
/// Give each fragment of a block to [`decode`](Self::decode), then call [`finish`](Self::finish). Blocks depend on each
/// other: all must come, in order. A field that was never-indexed is marked
/// [`Indexing::Never`](crate::Indexing::Never), others [`Indexing::Auto`](crate::Indexing::Auto); how exactly the peer
/// represented it is its [`Form`](crate::Form).
///
/// After an error the decoder is of no more use, since its table may differ from the peer's: the connection has to
/// end.
///
/// ```
/// use sans_h2::hpack::Decoder;
/// use sans_h2::{Fields, Violation};
///
/// let mut decoder = Decoder::new(4096);
/// let mut fields = Fields::new();
/// decoder.decode(&[0x82, 0x44, 0x03, b'/'], &mut fields)?;
/// decoder.decode(b"me", &mut fields)?;
/// decoder.finish()?;
/// assert_eq!(fields, Fields::new().with(":method", "GET").with(":path", "/me"));
/// assert_eq!(decoder.table_octets(), 5 + 3 + 32);
///
/// assert_eq!(decoder.decode(&[0xbf], &mut fields), Err(Violation::InvalidIndex));
/// # Ok::<(), Violation>(())
/// ```
#[derive(Clone)]
pub struct Decoder {
    table: Table,
    sizes: Sizes,
    max_string: usize,
    max_kept: usize,
    state: State,
    /// How the literal that is being read will be marked and kept.
    literal: Literal,
    /// How its name is coded, unless that is an entry's.
    name_coding: Option<Coding>,
    static_name: Option<StaticIndex>,
    /// The kept name of that literal, if any, and then as much of its value as had to be kept; unless the taker has a
    /// draft for both, in which they begin at `start` as soon as any has to be kept.
    scratch: Vec<u8>,
    start: Option<NonZeroUsize>,
    kept_name: usize,
    /// Octets of that literal that were not kept, since there are too many.
    skipped: usize,
    /// Octets of the string that is being read, so far.
    text_octets: usize,
    /// What is left of that string if it is in Huffman code.
    rest: huffman::Rest,
}

impl Decoder {
    /// How many octets a name may have, and a value, unless [`with_max_string`](Self::with_max_string) sets it.
    pub const DEFAULT_MAX_STRING: usize = 16_384;

    /// A decoder for a peer that knows a SETTINGS_HEADER_TABLE_SIZE of `table_limit` octets.
    ///
    /// At the start of a connection that is 4,096, whatever we are about to announce; see
    /// [`set_table_limit`](Self::set_table_limit). Nothing is allocated before there is something to keep.
    pub const fn new(table_limit: u32) -> Self {
        Self {
            table: Table::new(table_limit),
            sizes: Sizes::new(table_limit),
            max_string: Self::DEFAULT_MAX_STRING,
            max_kept: usize::MAX,
            state: State::Representation,
            literal: Literal::Without,
            name_coding: None,
            static_name: None,
            scratch: Vec::new(),
            start: None,
            kept_name: 0,
            skipped: 0,
            text_octets: 0,
            rest: huffman::Rest::NONE,
        }
    }

    /// The same decoder with another limit on the octets of a name and of a value, both after Huffman decoding.
    ///
    /// A longer one is [`Violation::StringTooLong`], told from its announced length where that is enough.
    #[must_use]
    pub const fn with_max_string(mut self, octets: usize) -> Self {
        self.max_string = octets;
        self
    }

    /// The same decoder with a limit on the octets of a field that it keeps: those of a name and a value together that
    /// are in Huffman code or come in pieces. Without it there is no other limit than that of the two strings.
    ///
    /// A larger field is decoded and counted, but told by [`Sink::oversize`] only. What goes into the dynamic table is
    /// always kept.
    #[must_use]
    pub const fn with_max_kept(mut self, octets: usize) -> Self {
        self.max_kept = octets;
        self
    }

    /// The peer has acknowledged a new SETTINGS_HEADER_TABLE_SIZE of ours, in octets.
    ///
    /// Call it between two blocks. If the table was allowed more than the new limit, the next block must start with a
    /// table size update (RFC 9113 §4.3.1), also when a larger limit follows before it.
    pub fn set_table_limit(&mut self, octets: u32) {
        self.sizes.set_limit(octets, self.table.max());
    }

    /// Decodes the next fragment of a block and hands its fields to the sink as soon as they are whole.
    ///
    /// A block may be cut anywhere; no octet is looked at twice.
    ///
    /// # Errors
    ///
    /// The rule that the block breaks, or what the sink returned.
    pub fn decode(&mut self, fragment: &[u8], sink: &mut impl Sink) -> Result<(), Violation> {
        self.decode_into(fragment, sink)
    }

    pub(crate) fn decode_into(&mut self, fragment: &[u8], taker: &mut impl Taker) -> Result<(), Violation> {
        let mut name = Name::Kept;
        let mut places = Places::default();
        let mut input = fragment;
        while let Some((&octet, mut rest)) = input.split_first() {
            match self.state {
                State::Representation => {
                    rest = self.take_fields(input, &mut places, taker)?;
                    if let Some((&octet, behind)) = rest.split_first() {
                        rest = behind;
                        self.on_representation(octet, &mut name, taker)?;
                    }
                }
                State::Text(string, left) => {
                    let piece;
                    (piece, rest) = input.split_at(left.min(input.len()));
                    self.on_text(string, left, piece, &mut name, taker)?;
                }
                State::Index(..) | State::Length(_) | State::LengthRest(..) => {
                    self.on_octet(octet, &mut name, taker)?;
                }
            }
            input = rest;
        }
        self.keep(name, taker);
        Ok(())
    }

    /// The next octet of an integer, or the first of a string.
    #[inline(always)]
    fn on_octet(&mut self, octet: u8, name: &mut Name<'_>, taker: &mut impl Taker) -> Result<(), Violation> {
        match self.state {
            State::Index(kind, mut partial) => match partial.parse_next(octet)? {
                Some(value) => self.on_index(kind, value, name, taker),
                None => self.wait(State::Index(kind, partial)),
            },
            State::Length(part) => self.on_string(part, octet, name, taker),
            State::LengthRest(string, mut partial) => match partial.parse_next(octet)? {
                Some(length) => self.on_length(string, length, name, taker),
                None => self.wait(State::LengthRest(string, partial)),
            },
            State::Representation | State::Text(..) => Ok(()),
        }
    }

    /// Ends the block, after its last fragment.
    ///
    /// # Errors
    ///
    /// [`Violation::TruncatedFieldBlock`] in the middle of a field, and [`Violation::MissingTableSizeUpdate`] if the
    /// block is empty although it had to start with an update.
    pub fn finish(&mut self) -> Result<(), Violation> {
        match self.state {
            State::Representation => self.sizes.finish_block(),
            State::Index(..) | State::Length(_) | State::LengthRest(..) | State::Text(..) => {
                Err(Violation::TruncatedFieldBlock)
            }
        }
    }

    /// Gives back the memory for text, between two blocks.
    pub(crate) fn release_memory(&mut self) {
        self.scratch = Vec::new();
    }

    /// The size of the dynamic table in octets, as RFC 7541 §4.1 counts it.
    pub const fn table_octets(&self) -> usize {
        self.table.size()
    }

    /// The entries of the dynamic table, from the newest to the oldest.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.table.iter()
    }

    /// The heap memory in use, in octets.
    pub fn memory_used(&self) -> usize {
        self.table.memory_used().saturating_add(self.scratch.capacity())
    }

    /// The most that [`memory_used`](Self::memory_used) can be, for a table that never has a higher limit; with the
    /// list of the taker's draft, if that is limited to `max_kept` as well.
    pub(crate) const fn max_memory(table_limit: u32, max_kept: usize) -> usize {
        let table = table_limit as usize;
        Table::max_memory(table).saturating_add(usual_kept(max_kept, table))
    }

    /// A literal that needs no state and no memory, since all of it is there, and whose strings are not too long in any
    /// case.
    #[inline(always)]
    fn short<'f>(&self, input: &'f [u8]) -> Option<(Short<'f>, &'f [u8])> {
        let fits = self.max_string >= Short::MAX_TEXT && self.max_kept >= 2 * Short::MAX_TEXT;
        if fits { Short::parse(input).filter(|(short, _)| self.has_name(short)) } else { None }
    }

    /// Whether the name of a literal is known, unless it brings its own, and short as well.
    #[inline]
    fn has_name(&self, short: &Short<'_>) -> bool {
        let is_dynamic = short.index as usize > STATIC_TABLE.len();
        !is_dynamic || dynamic_name(&self.table, short.index).is_ok_and(|name| name.len() <= SHORT_NAME)
    }

    #[inline(always)]
    fn on_short(
        &mut self,
        short: &Short<'_>,
        places: &mut Places,
        taker: &mut impl Taker,
    ) -> Result<(), Violation> {
        self.sizes.on_field()?;
        let Short { literal, index, name, value } = *short;
        let known = StaticIndex::new(index as usize);
        // The field may evict the entry that its name comes from (RFC 7541 §4.4): hence a copy.
        let mut name_copy;
        let (name, name_coding) = match (known, index) {
            (Some(index), _) => (index.name(), None),
            (None, 0) => (name.read(&mut places.name)?, Some(name.coding)),
            (None, _) => {
                name_copy = [0; SHORT_NAME];
                (copy_to(&mut name_copy, dynamic_name(&self.table, index)?), None)
            }
        };
        let octets = value.read(&mut places.value)?;
        let marks = Marks::of_literal(literal, name_coding, value.coding);
        let nature = taker.take(&Record::of_literal(name, octets, known, marks))?;
        if literal == Literal::Incremental {
            self.table.insert(name, octets, nature);
        }
        Ok(())
    }

    /// The first octet of a representation.
    fn on_representation(
        &mut self,
        octet: u8,
        name: &mut Name<'_>,
        taker: &mut impl Taker,
    ) -> Result<(), Violation> {
        let kind = Kind::of(octet);
        self.sizes.on_representation(kind)?;
        match Integer::parse(octet, kind.mask()) {
            Integer::Whole(value) => self.on_index(kind, value, name, taker),
            Integer::Partial(partial) => self.wait(State::Index(kind, partial)),
        }
    }

    /// The first octet of a string.
    fn on_string(
        &mut self,
        part: Part,
        octet: u8,
        name: &mut Name<'_>,
        taker: &mut impl Taker,
    ) -> Result<(), Violation> {
        let string = OpenString { part, coding: Coding::of(octet) };
        match Integer::parse(octet, STRING_MASK) {
            Integer::Whole(length) => self.on_length(string, length, name, taker),
            Integer::Partial(partial) => self.wait(State::LengthRest(string, partial)),
        }
    }

    fn wait(&mut self, state: State) -> Result<(), Violation> {
        self.state = state;
        Ok(())
    }

    /// The integer of a representation is known.
    fn on_index(
        &mut self,
        kind: Kind,
        value: u32,
        name: &mut Name<'_>,
        taker: &mut impl Taker,
    ) -> Result<(), Violation> {
        match kind {
            Kind::Indexed => {
                self.state = State::Representation;
                self.on_entry(value, taker)
            }
            Kind::Literal(literal) => {
                self.begin(literal);
                let part = if value == 0 { Part::Name } else { self.on_name_index(value, name, taker)? };
                self.wait(State::Length(part))
            }
            Kind::SizeUpdate => {
                self.sizes.on_update(value)?;
                self.table.set_max(value);
                self.table.shrink_within(self.sizes.limit() as usize);
                self.wait(State::Representation)
            }
        }
    }

    /// Takes the fields that come next, as far as each is a single octet or a short literal: nearly all of most blocks
    /// are. There is no state between them.
    #[inline(always)]
    fn take_fields<'f>(
        &mut self,
        input: &'f [u8],
        places: &mut Places,
        taker: &mut impl Taker,
    ) -> Result<&'f [u8], Violation> {
        let mut rest = input;
        loop {
            if whole_index(rest).is_some() {
                rest = self.take_entries(rest, taker)?;
            }
            let Some((short, behind)) = self.short(rest) else { return Ok(rest) };
            self.on_short(&short, places, taker)?;
            rest = behind;
        }
    }

    /// Takes the fields that come next, as far as a single octet represents each.
    #[inline]
    fn take_entries<'f>(&mut self, input: &'f [u8], taker: &mut impl Taker) -> Result<&'f [u8], Violation> {
        self.sizes.on_field()?;
        let mut rest = input;
        while let Some((index, behind)) = whole_index(rest) {
            self.on_entry(index, taker)?;
            rest = behind;
        }
        Ok(rest)
    }

    /// A field that is an entry of one of the tables. For one of the static table a call would cost as much again.
    #[inline(always)]
    fn on_entry(&mut self, index: u32, taker: &mut impl Taker) -> Result<(), Violation> {
        match StaticIndex::new(index as usize) {
            Some(index) => taker.take_static(index),
            None => self.on_dynamic_entry(nth_of(index), taker),
        }
    }

    #[inline(always)]
    fn on_dynamic_entry(&mut self, nth: usize, taker: &mut impl Taker) -> Result<(), Violation> {
        let entry = self.table.get(nth).ok_or(Violation::InvalidIndex)?;
        if let Some(told) = taker.take_indexed(entry)? {
            self.table.note(nth, told);
        }
        Ok(())
    }

    #[inline]
    fn begin(&mut self, literal: Literal) {
        self.literal = literal;
        (self.name_coding, self.static_name) = (None, None);
        self.scratch.clear();
        self.start = None;
        (self.kept_name, self.skipped) = (0, 0);
    }

    fn on_name_index(
        &mut self,
        index: u32,
        name: &mut Name<'_>,
        taker: &mut impl Taker,
    ) -> Result<Part, Violation> {
        if let Some(index) = StaticIndex::new(index as usize) {
            self.static_name = Some(index);
        } else {
            // The field may evict the entry that its name comes from (RFC 7541 §4.4): hence a copy.
            let dynamic = dynamic_name(&self.table, index)?;
            self.kept_name = dynamic.len();
            if !keep_in_draft(&mut self.start, None, dynamic, taker) {
                self.leave_draft(taker);
                self.keep_name(index)?;
            }
            *name = Name::Kept;
        }
        Ok(Part::Value)
    }

    /// The length of a string is known: refuses it before anything is kept.
    fn on_length(
        &mut self,
        string: OpenString,
        length: u32,
        name: &mut Name<'_>,
        taker: &mut impl Taker,
    ) -> Result<(), Violation> {
        let length = length as usize;
        let least = match string.coding {
            Coding::Plain => length,
            Coding::Huffman => huffman::least_decoded_octets(length),
        };
        if least > self.max_string {
            return Err(Violation::StringTooLong);
        }
        self.text_octets = 0;
        self.state = State::Text(string, length);
        match length {
            0 if string.coding == Coding::Plain && self.start.is_some() => self.on_drafted(string, taker),
            0 => self.on_text(string, 0, &[], name, taker),
            _ => Ok(()),
        }
    }

    /// Takes a piece of a string, of which so many octets were left.
    fn on_text<'f>(
        &mut self,
        string: OpenString,
        left: usize,
        piece: &'f [u8],
        name: &mut Name<'f>,
        taker: &mut impl Taker,
    ) -> Result<(), Violation> {
        let left = left.saturating_sub(piece.len());
        if left > 0 {
            // The fragment ends here: the name goes in front of the value.
            self.keep(core::mem::take(name), taker);
            self.state = State::Text(string, left);
            return self.keep_text(string.coding, piece, taker);
        }
        let is_lent = string.coding == Coding::Plain && self.text_octets == 0 && self.may_be_lent(taker);
        if !is_lent {
            if taker.draft().is_some() {
                self.keep(core::mem::take(name), taker);
            }
            self.keep_text(string.coding, piece, taker)?;
            if string.coding == Coding::Huffman {
                self.rest.finish()?;
            }
        }
        match string.part {
            Part::Name => {
                *name = if is_lent { Name::Lent(piece) } else { Name::Kept };
                self.on_name(string.coding, taker)
            }
            Part::Value => {
                self.state = State::Representation;
                self.on_literal(core::mem::take(name), is_lent.then_some(piece), string.coding, taker)
            }
        }
    }

    /// A string is whole, and in the draft.
    fn on_drafted(&mut self, string: OpenString, taker: &mut impl Taker) -> Result<(), Violation> {
        match string.part {
            Part::Name => self.on_name(string.coding, taker),
            Part::Value => {
                self.state = State::Representation;
                self.on_draft(string.coding, taker)
            }
        }
    }

    /// A name is whole, and kept unless it is lent.
    fn on_name(&mut self, coding: Coding, taker: &mut impl Taker) -> Result<(), Violation> {
        self.kept_name = self.kept_octets(taker);
        self.name_coding = Some(coding);
        self.wait(State::Length(Part::Value))
    }

    /// A literal is whole. Its value is in the scratch buffer unless it is lent.
    fn on_literal(
        &mut self,
        name: Name<'_>,
        lent_value: Option<&[u8]>,
        coding: Coding,
        taker: &mut impl Taker,
    ) -> Result<(), Violation> {
        if self.start.is_some() {
            return self.on_draft(coding, taker);
        }
        let (kept_name, kept_value) = self.scratch.split_at_checked(self.kept_name).unwrap_or_default();
        let (front, name) = match (self.static_name, name) {
            (Some(index), _) => (index.name(), index.name()),
            (None, Name::Lent(lent)) => (lent, lent),
            (None, Name::Kept) => (&[][..], kept_name),
        };
        let value = lent_value.unwrap_or(kept_value);
        if self.skipped > 0 {
            // Too large for the table as well, which it empties (RFC 7541 §4.4).
            if self.literal == Literal::Incremental {
                self.table.clear();
            }
            let octets = Field::new(name, value).accounted_octets().saturating_add(self.skipped);
            return taker.count(octets);
        }
        let marks = Marks::of_literal(self.literal, self.name_coding, coding);
        let known = taker.take(&Record::of_literal(name, value, self.static_name, marks))?;
        if self.literal == Literal::Incremental {
            if self.scratch.len() > self.usual_kept() {
                let name_octets = name.len();
                self.table.adopt(front, core::mem::take(&mut self.scratch), name_octets, known);
            } else {
                self.table.insert(name, value, known);
            }
        }
        Ok(())
    }

    /// A literal is whole whose name and value are in the draft.
    fn on_draft(&mut self, coding: Coding, taker: &mut impl Taker) -> Result<(), Violation> {
        let (Some(draft), Some(start)) = (taker.draft(), self.start) else { return Ok(()) };
        let (kept_name, value) = draft.text(start).split_at_checked(self.kept_name).unwrap_or_default();
        let name = match self.static_name {
            Some(index) => index.name(),
            None => kept_name,
        };
        let octets = Field::new(name, value).accounted_octets();
        let nature = Nature::of_name(self.static_name).judged(name, value);
        if self.literal == Literal::Incremental {
            self.table.insert(name, value, nature);
        }
        taker.count(octets)?;
        if let Some(draft) = taker.draft() {
            let marks = Marks::of_literal(self.literal, self.name_coding, coding);
            draft.finish(start, self.kept_name, self.static_name, marks, nature);
        }
        Ok(())
    }
}

impl fmt::Debug for Decoder {
    /// Tells sizes only: the table may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("table_octets", &self.table.size())
            .field("table_limit", &self.sizes.limit())
            .finish_non_exhaustive()
    }
}

/// The name of an entry that is not in the static table: the dynamic table's follow (RFC 7541 §2.3.3).
fn dynamic_name(table: &Table, index: u32) -> Result<&[u8], Violation> {
    Ok(table.record(nth_of(index)).ok_or(Violation::InvalidIndex)?.name)
}

/// What `octets` has of a text at most, copied to the front of `place`.
fn copy_to<'p>(place: &'p mut [u8; SHORT_NAME], octets: &[u8]) -> &'p [u8] {
    let length = octets.len().min(place.len());
    match (place.get_mut(..length), octets.get(..length)) {
        (Some(copy), Some(octets)) => {
            copy.copy_from_slice(octets);
            copy
        }
        _ => &[],
    }
}

/// The place of such an index in the dynamic table; far beyond its end for one of the static table.
const fn nth_of(index: u32) -> usize {
    (index as usize).wrapping_sub(STATIC_TABLE.len()).wrapping_sub(1)
}

/// A longer name of an entry is not copied on the stack.
const SHORT_NAME: usize = 64;

/// Where the strings of short literals are decoded: to clear that takes as long as to decode some, so it is done once
/// for all of a fragment, if there are any.
#[derive(Default)]
struct Places {
    name: Option<huffman::Decoded>,
    value: Option<huffman::Decoded>,
}

/// Where in a block the decoder is.
#[derive(Clone, Copy)]
enum State {
    /// A representation is next, or the end.
    Representation,
    /// Within the integer that a representation begins with.
    Index(Kind, Partial),
    /// A string is next.
    Length(Part),
    /// Within the length of a string.
    LengthRest(OpenString, Partial),
    /// Within the text of a string, of which so many octets are left.
    Text(OpenString, usize),
}

/// A string that is being read.
#[derive(Clone, Copy)]
struct OpenString {
    part: Part,
    coding: Coding,
}

#[derive(Clone, Copy)]
enum Part {
    Name,
    Value,
}

/// Where the name of the literal is that is being read.
#[derive(Clone, Copy, Default)]
enum Name<'a> {
    /// In the fragment.
    Lent(&'a [u8]),
    /// In the draft or the scratch buffer, unless it is in the static table.
    #[default]
    Kept,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Fields;
    use crate::hpack::integer;

    #[test]
    fn whole_plain_strings_are_not_kept() {
        let mut decoder = Decoder::new(4096);
        decoder.decode(b"\x00\x04name\x05value", &mut Fields::new()).unwrap();
        assert_eq!((decoder.scratch.capacity(), decoder.memory_used()), (0, 0));
    }

    #[test]
    fn a_cut_field_is_kept_within_the_limits() {
        let mut decoder = Decoder::new(4096).with_max_string(8);
        let mut fields = Fields::new();
        for octet in b"\x40\x08longname\x08longtext" {
            decoder.decode(&[*octet], &mut fields).unwrap();
            assert!(decoder.scratch.capacity() <= 16);
        }
        assert_eq!(fields, Fields::new().with("longname", "longtext"));
        assert_eq!(decoder.table_octets(), 48);
    }

    /// As few octets as text can have in Huffman code.
    #[test]
    fn limits_are_those_of_the_text_that_short_code_says() {
        let string = |octets: usize| {
            let mut coded = Vec::new();
            assert!(huffman::encode(&alloc::vec![b'0'; octets], 126, &mut coded));
            [&[0x80 | coded.len() as u8], &coded[..]].concat()
        };
        for octets in 0..=201 {
            let field = [&[0][..], &string(octets), &string(octets)].concat();
            let decode = |decoder: Decoder| { decoder }.decode(&field, &mut Fields::new());
            for more in 0..=1 {
                let decoder = Decoder::new(0).with_max_string(octets + more);
                assert_eq!(decode(decoder), Ok(()), "{octets}");
                let decoder = Decoder::new(0).with_max_kept(2 * octets + more);
                assert_eq!(decode(decoder), Ok(()), "{octets}");
            }
            if let Some(less) = octets.checked_sub(1) {
                let too_long = Err(Violation::StringTooLong);
                assert_eq!(decode(Decoder::new(0).with_max_string(less)), too_long, "{octets}");
                assert_eq!(decode(Decoder::new(0).with_max_kept(2 * octets - 1)), too_long, "{octets}");
            }
        }
    }

    /// What a sink is told of fields, in octets as tables count them; those that were not kept are negative.
    struct ToldSizes(Vec<isize>);

    impl Sink for ToldSizes {
        fn field(&mut self, field: Field<'_>) -> Result<(), Violation> {
            self.0.push(field.accounted_octets() as isize);
            Ok(())
        }

        fn oversize(&mut self, octets: usize) -> Result<(), Violation> {
            self.0.push(-(octets as isize));
            Ok(())
        }
    }

    /// However it is coded and cut, a field that is too large is counted, and empties the table.
    #[test]
    fn a_field_above_the_limit_is_counted_and_not_kept() {
        let small = b"\x40\x01a\x01b";
        let mut coded = Vec::new();
        assert!(huffman::encode(&[b'0'; 1_000], usize::MAX, &mut coded));
        let plain = [&b"\x40\x01n\x7f\xe9\x06"[..], &[b'0'; 1_000]].concat();
        let huffman = [&b"\x40\x01n\xff\xf2\x03"[..], &coded].concat();
        let long_name = [&b"\x40\x7f\xe9\x06"[..], &[b'0'; 1_000], b"\x01v"].concat();
        assert_eq!(coded.len(), 127 + 114 + 3 * 128);
        for large in [plain, huffman, long_name] {
            let block = [&small[..], &large, small, b"\xbe"].concat();
            for size in [1, 7, 300] {
                let mut decoder = Decoder::new(300).with_max_kept(200);
                let mut sizes = ToldSizes(Vec::new());
                for piece in block.chunks(size) {
                    decoder.decode(piece, &mut sizes).unwrap();
                    assert!(decoder.scratch.capacity() <= 300);
                }
                assert_eq!(sizes.0, [34, -1_033, 34, 34], "{size}");
                assert_eq!(decoder.table_octets(), 34);
            }
            let unlike =
                Decoder::new(300).with_max_kept(200).decode(&large[..large.len() - 1], &mut Fields::new());
            assert_eq!(unlike, Ok(()));
        }
    }

    /// Also one that is short, if its text would have to be kept.
    #[test]
    fn a_coded_field_above_the_limit_is_not_told() {
        let mut coded = b"\x00\x01n\x82".to_vec();
        huffman::encode(b"000", 3, &mut coded);
        for (kept, told) in [(2, -36), (3, 36)] {
            let mut decoder = Decoder::new(300).with_max_kept(kept);
            let mut sizes = ToldSizes(Vec::new());
            decoder.decode(&coded, &mut sizes).unwrap();
            assert_eq!(sizes.0, [told], "{kept}");
        }
    }

    /// A table without entries has nothing beside what it takes over.
    #[test]
    fn the_first_field_may_be_a_long_one() {
        let block = [&b"\x40\x01l\x7f\xb9\x16"[..], &[b'v'; 3_000], b"\xbe"].concat();
        for size in [1, 64, 999, block.len()] {
            let mut decoder = Decoder::new(4_096).with_max_kept(2_048);
            let mut sizes = ToldSizes(Vec::new());
            for piece in block.chunks(size) {
                decoder.decode(piece, &mut sizes).unwrap();
                assert!(decoder.memory_used() <= Decoder::max_memory(4_096, 2_048), "{size}");
            }
            assert_eq!((sizes.0, decoder.table_octets()), (alloc::vec![3_033; 2], 3_033), "{size}");
        }
    }

    /// The name is that of an entry, and is wanted again behind a cut: one that is longer than what is kept of a field
    /// is counted only, and one of which the table has no room for a copy is taken out of it.
    #[test]
    fn a_long_name_comes_from_the_table_once_more() {
        let entry = |octets: usize| {
            let mut field = b"\x40".to_vec();
            integer::write(0, STRING_MASK, octets, &mut field);
            [&field[..], &alloc::vec![b'n'; octets], b"\x01v"].concat()
        };
        let (without, incremental) = (&b"\x0f\x2f\x02ww"[..], &b"\x7e\x02ww"[..]);
        for (octets, again, told, left) in [
            (1_000, without, -1_034, 1_033),
            (1_000, incremental, 1_034, 2_067),
            (2_100, incremental, 2_134, 2_134),
        ] {
            let mut decoder = Decoder::new(4_096).with_max_kept(200);
            let mut sizes = ToldSizes(Vec::new());
            decoder.decode(&entry(octets), &mut sizes).unwrap();
            for octet in again.chunks(1) {
                decoder.decode(octet, &mut sizes).unwrap();
                assert!(decoder.memory_used() <= Decoder::max_memory(4_096, 200));
            }
            assert_eq!((sizes.0.last(), decoder.table_octets()), (Some(&told), left));
            let (name, value) = decoder.entries().next().unwrap();
            assert_eq!((name.len(), value), (octets, if again == without { &b"v"[..] } else { b"ww" }));
        }
    }

    /// What is left of a field that is too large for the table is not kept, either.
    #[test]
    fn the_end_of_a_field_above_the_limit_takes_no_memory() {
        let large = [&b"\x40\x01n\x7f\xc1\x3d"[..], &[b'v'; 8_000]].concat();
        let mut decoder = Decoder::new(4_096).with_max_kept(2_048);
        let mut sizes = ToldSizes(Vec::new());
        for octet in large.into_iter().chain([&b"\x40\x01a\x32"[..], &[b'b'; 50]].concat().repeat(60)) {
            decoder.decode(&[octet], &mut sizes).unwrap();
            let used = decoder.memory_used();
            assert!(used <= Decoder::max_memory(4_096, 2_048), "{used}");
        }
        assert_eq!((sizes.0.first(), sizes.0.len()), (Some(&-8_033), 61));
    }

    /// Two things are wrong with it; the first is told, whether both come in one piece or not.
    #[test]
    fn the_first_error_of_a_coded_string_is_told() {
        let block = [&[0x00, 1, b'n', 0x8b][..], &[0; 7], &[0xff; 4]].concat();
        for size in [1, 3, block.len()] {
            let mut decoder = Decoder::new(4_096).with_max_string(8);
            let told = block.chunks(size).find_map(|piece| decoder.decode(piece, &mut Fields::new()).err());
            assert_eq!(told, Some(Violation::StringTooLong), "{size}");
        }
    }

    /// Fields that fill half of the table or more: whatever is kept and evicted early, the table becomes the same.
    #[test]
    fn long_fields_that_come_in_pieces_take_the_place_of_what_they_evict() {
        let literal = |name: &[u8], octets: usize| {
            let mut block = alloc::vec![0x40];
            integer::write(0, 0x7f, name.len(), &mut block);
            block.extend_from_slice(name);
            integer::write(0, 0x7f, octets, &mut block);
            block.resize(block.len() + octets, b'v');
            block
        };
        for kept in [0, 100, 2_048, 5_000] {
            for octets in [100, 1_900, 2_049, 2_500, 3_900, 4_059, 4_063, 4_064, 5_000] {
                let small = [literal(b"a", 20), literal(b"b", 1_000), literal(b"c", 50)].concat();
                let block = [&small[..], &literal(b"l", octets), &literal(b"d", 5)].concat();
                // The whole block is never kept, and so the model of the others.
                let mut whole = Decoder::new(4_096);
                whole.decode(&block, &mut Fields::new()).unwrap();
                for size in [1, 64, 999] {
                    let mut decoder = Decoder::new(4_096).with_max_kept(kept);
                    for piece in block.chunks(size) {
                        decoder.decode(piece, &mut ToldSizes(Vec::new())).unwrap();
                        let (used, most) = (decoder.memory_used(), Decoder::max_memory(4_096, kept));
                        assert!(used <= most, "{kept} {octets} {size}: {used} of {most}");
                    }
                    decoder.finish().unwrap();
                    assert!(decoder.entries().eq(whole.entries()), "{kept} {octets} {size}");
                }
            }
        }
    }

    #[test]
    fn steady_blocks_do_not_allocate() {
        let mut decoder = Decoder::new(256);
        let mut used = 0;
        for round in 0..200_u8 {
            let value = [round; 30];
            let block = [&[0x40, 0x81, 0x1f, 30], &value[..]].concat();
            decoder.decode(&block, &mut Fields::new()).unwrap();
            decoder.finish().unwrap();
            if round == 20 {
                used = decoder.memory_used();
            }
        }
        assert_eq!(decoder.memory_used(), used);
    }

    #[test]
    fn each_first_octet_has_one_kind() {
        for octet in 0..=u8::MAX {
            let kind = Kind::of(octet);
            assert!(octet & !kind.mask() != 0 || kind.mask() == 0x0f, "{octet:#04x}");
        }
    }
}
