//! How a field lies in the block of a list.

use alloc::vec::Vec;

use super::{Coding, Field, Form, Huffman, Indexing, Literal, Nature, STATIC_TABLE, StaticIndex, form};
use crate::growth::reserve_steadily;

/// A field of a list, with its nature. What the static table has of it takes no room where that was known beforehand:
///
/// | first octet | what follows |
/// |---|---|
/// | index | nothing: the field is an entry, and came as its index |
/// | [`NAMED`] + index | two octets of marks, the length of the value in 32 bits, the value |
/// | [`SPELT`] + index, or 0 | two octets of marks, the lengths of name and value in 32 bits each, the name, the value |
/// | [`WHOLE`] + index | two octets of marks: the field is an entry, and was put there by who made the list |
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
    /// An entry of the static table that has the name, if any.
    pub(crate) index: Option<StaticIndex>,
    pub(super) marks: Marks,
}

/// A record as it lies in a dynamic table: that of a field that comes as the index of an entry. There its nature may be
/// unknown.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'t> {
    pub(super) octets: &'t [u8],
    /// What the field counts towards a list or a table.
    pub(crate) accounted: usize,
}

/// The rest of what is known of a field and its nature, in bits: each pass over a list asks for some of it only.
#[derive(Clone, Copy)]
pub(crate) struct Marks(u16);

/// Puts an entry of the static table at the end of a block that never needs more than `most` octets.
#[inline]
pub(super) fn write_static(block: &mut Vec<u8>, index: StaticIndex, most: usize) {
    reserve_steadily(block, 1, most);
    block.push(index.octet());
}

/// The same with marks.
#[inline]
pub(super) fn write_whole(block: &mut Vec<u8>, index: StaticIndex, Marks(marks): Marks, most: usize) {
    reserve_steadily(block, WHOLE_HEAD, most);
    let [m0, m1] = marks.to_le_bytes();
    block.extend_from_slice(&[WHOLE | index.octet(), m0, m1]);
}

/// The same with a field whose name is an entry's.
#[inline]
pub(super) fn write_named(block: &mut Vec<u8>, index: StaticIndex, value: &[u8], marks: Marks, most: usize) {
    reserve_steadily(block, NAMED_HEAD.saturating_add(value.len()), most);
    append_named(block, index, value, marks);
}

/// The same where there is room.
#[inline]
fn append_named(block: &mut Vec<u8>, index: StaticIndex, value: &[u8], marks: Marks) {
    block.extend_from_slice(&named_head(index, value.len(), marks));
    block.extend_from_slice(value);
}

/// The same with a field that brings its name.
#[inline]
pub(super) fn write_spelt(
    block: &mut Vec<u8>,
    name: &[u8],
    value: &[u8],
    marks: Marks,
    index: Option<StaticIndex>,
    most: usize,
) {
    let octets = SPELT_HEAD.saturating_add(name.len()).saturating_add(value.len());
    reserve_steadily(block, octets, most);
    append_spelt(block, name, value, marks, index);
}

/// The same where there is room.
#[inline]
fn append_spelt(block: &mut Vec<u8>, name: &[u8], value: &[u8], marks: Marks, index: Option<StaticIndex>) {
    block.extend_from_slice(&spelt_head(name.len(), value.len(), marks, index));
    block.extend_from_slice(name);
    block.extend_from_slice(value);
}

/// Puts an entry of a dynamic table at the end of a block that has room for it, with its name unless that is known from
/// the static table.
#[inline]
pub(crate) fn write_entry(block: &mut Vec<u8>, record: &Record<'_>) {
    let &Record { name, value, index, marks } = record;
    match index {
        Some(index) => append_named(block, index, value, marks),
        None => append_spelt(block, name, value, marks, None),
    }
}

/// How many octets that takes.
pub(crate) const fn entry_octets(record: &Record<'_>) -> usize {
    match record.index {
        Some(_) => NAMED_HEAD.saturating_add(record.value.len()),
        None => SPELT_HEAD.saturating_add(record.name.len()).saturating_add(record.value.len()),
    }
}

/// What stands in front of an entry whose text is its name, of so many octets, and its value.
pub(crate) fn entry_head(name_octets: usize, value_octets: usize, nature: Nature) -> [u8; SPELT_HEAD] {
    spelt_head(name_octets, value_octets, Marks::of_indexed(nature), nature.index())
}

/// Puts room for the head of a record at the end of a block, whose name is an entry's or is still to come. Refuses if
/// the block would need more than `most` octets.
pub(super) fn open(block: &mut Vec<u8>, name: Option<StaticIndex>, most: usize) -> bool {
    match name {
        Some(_) => append_room::<NAMED_HEAD>(block, most),
        None => append_room::<SPELT_HEAD>(block, most),
    }
}

#[inline]
fn append_room<const N: usize>(block: &mut Vec<u8>, most: usize) -> bool {
    let fits = N <= most.saturating_sub(block.len());
    if fits {
        reserve_steadily(block, N, most);
        block.extend_from_slice(&[0; N]);
    }
    fits
}

/// Fills that room, when the value lies behind it, from `start` on.
#[inline]
pub(super) fn finish_named(block: &mut [u8], start: usize, index: StaticIndex, marks: Marks) {
    let value_octets = block.len().saturating_sub(start);
    put(block, start, named_head(index, value_octets, marks));
}

/// The same when a name of so many octets and the value lie there.
#[inline]
pub(super) fn finish_spelt(
    block: &mut [u8],
    start: usize,
    name_octets: usize,
    marks: Marks,
    index: Option<StaticIndex>,
) {
    let value_octets = block.len().saturating_sub(start).saturating_sub(name_octets);
    put(block, start, spelt_head(name_octets, value_octets, marks, index));
}

#[inline]
fn put<const N: usize>(block: &mut [u8], end: usize, head: [u8; N]) {
    if let Some(place) = block.get_mut(..end).and_then(<[u8]>::last_chunk_mut) {
        *place = head;
    }
}

#[inline]
fn named_head(index: StaticIndex, value_octets: usize, Marks(marks): Marks) -> [u8; NAMED_HEAD] {
    let first = u64::from(NAMED | index.octet());
    let [head @ .., _] =
        (first | u64::from(marks) << 8 | u64::from(length(value_octets)) << 24).to_le_bytes();
    head
}

#[inline]
fn spelt_head(
    name_octets: usize,
    value_octets: usize,
    Marks(marks): Marks,
    index: Option<StaticIndex>,
) -> [u8; SPELT_HEAD] {
    let first = u64::from(index.map_or(0, |index| SPELT | index.octet()));
    let [f, m0, m1, n0, n1, n2, n3, _] =
        (first | u64::from(marks) << 8 | u64::from(length(name_octets)) << 24).to_le_bytes();
    let [v0, v1, v2, v3] = length(value_octets).to_le_bytes();
    [f, m0, m1, n0, n1, n2, n3, v0, v1, v2, v3]
}

/// The records of a block in their order.
#[derive(Clone, Debug)]
struct Iter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = Record<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Record<'a>> {
        let (record, rest) = match self.rest {
            // Most are of this kind.
            [first, m0, m1, v0, v1, v2, v3, rest @ ..] if entry_behind(NAMED, *first).is_some() => {
                let (value, rest) = rest.split_at_checked(octets_of([*v0, *v1, *v2, *v3]))?;
                (Record::named(entry_behind(NAMED, *first)?, value, [*m0, *m1]), rest)
            }
            [first, rest @ ..] if entry_behind(0, *first).is_some() => {
                (Record::of_entry(entry_behind(0, *first)?), rest)
            }
            [first, m0, m1, rest @ ..] if entry_behind(WHOLE, *first).is_some() => {
                let index = entry_behind(WHOLE, *first)?;
                (Record::named(index, index.value(), [*m0, *m1]), rest)
            }
            _ => Record::read_spelt(self.rest)?,
        };
        self.rest = rest;
        Some(record)
    }
}

/// The first records of a block, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Records<'a> {
    all: Iter<'a>,
    left: usize,
}

impl<'a> Records<'a> {
    #[inline]
    pub(super) const fn new(block: &'a [u8], count: usize) -> Self {
        Self { all: Iter { rest: block }, left: count }
    }

    pub(super) const fn left(&self) -> usize {
        self.left
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// Goes past the next one if it is an entry of the static table with marks of its own, of which none makes it a
    /// secret.
    #[inline]
    pub(crate) fn skip_whole(&mut self) -> Option<StaticIndex> {
        let (&[first, marks, _], rest) = self.all.rest.split_first_chunk::<WHOLE_HEAD>()?;
        if first < WHOLE || self.left == 0 || Marks(marks.into()).indexing() == Indexing::Never {
            return None;
        }
        self.all.rest = rest;
        self.left = self.left.wrapping_sub(1);
        StaticIndex::new((first & INDEX).into())
    }

    /// Goes past the next one if it is this entry's field and to be indexed like the one that became the entry: whether
    /// it is. Both lie in the same way, and are compared as they lie.
    #[inline]
    pub(crate) fn skip_field(&mut self, entry: Entry<'_>) -> bool {
        let Some((record, rest)) = self.all.rest.split_at_checked(entry.octets.len()) else { return false };
        let is_next = self.left > 0 && is_same(record, entry.octets);
        if is_next {
            self.all.rest = rest;
            self.left = self.left.wrapping_sub(1);
        }
        is_next
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    #[inline]
    fn next(&mut self) -> Option<Record<'a>> {
        self.left = self.left.checked_sub(1)?;
        self.all.next()
    }
}

/// Whether two records are alike but for their marks, and of these in the indexing.
#[inline]
fn is_same(record: &[u8], other: &[u8]) -> bool {
    match (record.split_first_chunk(), other.split_first_chunk()) {
        (Some((head, text)), Some((other_head, other_text))) => {
            let differ = u32::from_le_bytes(*head) ^ u32::from_le_bytes(*other_head);
            differ & !MARKS_BUT_INDEXING == 0 && text == other_text
        }
        _ => false,
    }
}

impl<'a> Record<'a> {
    /// A record of which only what an encoder asks for is right.
    #[inline]
    pub(crate) fn to_encode(field: &Field<'a>) -> Self {
        let Field { name, value, indexing, huffman, .. } = *field;
        let marks = Marks(indexing as u16 | (huffman as u16) << Marks::HUFFMAN);
        Self { name, value, index: StaticIndex::of_name(name), marks }
    }

    /// The record of a field of which so much is known.
    #[inline]
    pub(super) const fn of_field(field: &Field<'a>, known: Nature) -> Self {
        Self { name: field.name, value: field.value, index: known.index(), marks: Marks::of(field, known) }
    }

    /// The record of a literal, of whose nature nothing is known but the entry that its name comes from.
    #[inline]
    pub(crate) const fn of_literal(
        name: &'a [u8],
        value: &'a [u8],
        index: Option<StaticIndex>,
        marks: Marks,
    ) -> Self {
        Self { name, value, index, marks }
    }

    /// The record of a field that comes as the index of an entry of a dynamic table, if it comes again.
    #[inline]
    pub(crate) const fn of_indexed(name: &'a [u8], value: &'a [u8], nature: Nature) -> Self {
        Self { name, value, index: nature.index(), marks: Marks::of_indexed(nature) }
    }

    #[inline]
    pub(super) fn of_entry(index: StaticIndex) -> Self {
        let marks = index.look_up(&ENTRY_MARKS);
        Self { name: index.name(), value: index.value(), index: Some(index), marks }
    }

    /// A record whose name is an entry's.
    #[inline]
    const fn named(index: StaticIndex, value: &'a [u8], marks: [u8; 2]) -> Self {
        Self { name: index.name(), value, index: Some(index), marks: Marks::read(marks) }
    }

    /// A record that brings its name, at the front of a block, and what follows it.
    #[inline]
    fn read_spelt(block: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[first, m0, m1, n0, n1, n2, n3, v0, v1, v2, v3], rest) =
            block.split_first_chunk::<SPELT_HEAD>()?;
        let index = entry_behind(SPELT, first);
        let (name, rest) = rest.split_at_checked(octets_of([n0, n1, n2, n3]))?;
        let (value, rest) = rest.split_at_checked(octets_of([v0, v1, v2, v3]))?;
        Some((Self { name, value, index, marks: Marks::read([m0, m1]) }, rest))
    }

    #[inline]
    pub(crate) const fn field(&self) -> Field<'a> {
        let (indexing, huffman, form) = (self.marks.indexing(), self.marks.huffman(), self.marks.form());
        Field { name: self.name, value: self.value, indexing, huffman, form }
    }

    /// What the field counts towards a list or a table.
    #[inline]
    pub(crate) const fn accounted_octets(&self) -> usize {
        Field::accounted(self.name.len(), self.value.len())
    }

    #[inline]
    pub(crate) const fn indexing(&self) -> Indexing {
        self.marks.indexing()
    }

    #[inline]
    pub(crate) const fn huffman(&self) -> Huffman {
        self.marks.huffman()
    }

    /// The same record, with the first entry of the static table that has the name.
    #[inline]
    pub(crate) fn with_first_index(self) -> Self {
        Self { index: self.index.map(StaticIndex::first), ..self }
    }

    /// A record of another value, of the same nature.
    pub(super) const fn with_value(self, value: &'a [u8]) -> Self {
        Self { value, ..self }
    }

    #[inline]
    pub(crate) const fn nature(&self) -> Nature {
        Nature::kept(self.marks.0, self.index)
    }
}

impl<'t> Entry<'t> {
    #[inline]
    pub(crate) const fn new(octets: &'t [u8], accounted: usize) -> Self {
        Self { octets, accounted }
    }

    #[inline]
    pub(crate) fn record(self) -> Option<Record<'t>> {
        Iter { rest: self.octets }.next()
    }

    /// The field as the peer's index of it tells it.
    #[inline]
    pub(crate) fn field(self) -> Option<Field<'t>> {
        self.record()
            .map(|Record { name, value, .. }| Field { form: Some(Form::Indexed), ..Field::new(name, value) })
    }

    #[inline]
    pub(super) fn nature(self) -> Nature {
        let [first, m0, m1, ..] = *self.octets else { return Nature::UNKNOWN };
        Nature::kept(u16::from_le_bytes([m0, m1]), StaticIndex::new((first & INDEX).into()))
    }

    /// Whether it is this field, and to be indexed like the one that became the entry.
    #[inline(always)]
    pub(crate) fn is(self, field: &Record<'_>) -> bool {
        matches!(self.octets, [_, marks, ..] if Marks(u16::from(*marks)).indexing() == field.indexing())
            && self.has_text(field)
    }

    /// Whether it has the name and the value of this field. Both have the same entry of the static table for their
    /// names, the first one.
    #[inline(always)]
    pub(crate) fn has_text(self, field: &Record<'_>) -> bool {
        match field.index {
            Some(index) => self.is_named(index, field.value),
            None => self.value_of(field.name) == Some(field.value),
        }
    }

    /// Whether the name is that of this entry of the static table, and the value this.
    #[inline]
    fn is_named(self, index: StaticIndex, value: &[u8]) -> bool {
        match self.octets.split_first_chunk::<NAMED_HEAD>() {
            Some((&[first, ..], text)) => first == NAMED | index.octet() && text == value,
            None => false,
        }
    }

    /// The value, if the entry brings its name, and this one.
    #[inline]
    pub(crate) fn value_of(self, name: &[u8]) -> Option<&'t [u8]> {
        let (&[first, _, _, n0, n1, n2, n3, ..], text) = self.octets.split_first_chunk::<SPELT_HEAD>()?;
        let has_length = first & NAMED == 0 && u32::from_le_bytes([n0, n1, n2, n3]) as usize == name.len();
        if has_length { text.strip_prefix(name) } else { None }
    }

    /// Notes the nature in the octets of an entry.
    pub(crate) fn note(octets: &mut [u8], nature: Nature) {
        let [first, _, marks, ..] = octets else { return };
        let [_, high] = nature.high_bits().to_le_bytes();
        *marks = *marks & 0b11 | high;
        if *first & NAMED == 0 {
            *first = nature.index().map_or(0, |index| SPELT | index.octet());
        }
    }
}

impl Marks {
    #[inline]
    const fn read(octets: [u8; 2]) -> Self {
        Self(u16::from_le_bytes(octets))
    }

    #[inline]
    pub(super) const fn of(field: &Field<'_>, nature: Nature) -> Self {
        let Field { indexing, huffman, form, .. } = *field;
        let form = (form::to_octet(form) as u16) << Self::FORM;
        Self(indexing as u16 | (huffman as u16) << Self::HUFFMAN | form | nature.high_bits())
    }

    /// Those of a field that came as an index.
    #[inline]
    pub(super) const fn of_indexed(nature: Nature) -> Self {
        Self::of(&Field { form: Some(Form::Indexed), ..Field::new(&[], &[]) }, nature)
    }

    /// Those of a literal of this kind, whose strings were coded so. Its nature is not known.
    #[inline]
    pub(crate) const fn of_literal(kind: Literal, name: Option<Coding>, value: Coding) -> Self {
        let indexing = match kind {
            Literal::Incremental | Literal::Without => Indexing::Auto,
            Literal::Never => Indexing::Never,
        };
        let form = form::to_octet(Some(Form::Literal { kind, name, value }));
        Self(indexing as u16 | (form as u16) << Self::FORM | Nature::UNKNOWN.high_bits())
    }

    /// The same of a nature that is known now.
    #[inline]
    pub(super) const fn with(self, nature: Nature) -> Self {
        Self(self.0 & !Nature::HIGH_BITS | nature.high_bits())
    }

    #[inline]
    const fn indexing(self) -> Indexing {
        match self.0 & 0b11 {
            1 => Indexing::Incremental,
            2 => Indexing::Without,
            3 => Indexing::Never,
            _ => Indexing::Auto,
        }
    }

    #[inline]
    const fn huffman(self) -> Huffman {
        match self.0 >> Self::HUFFMAN & 0b11 {
            1 => Huffman::Always,
            2 => Huffman::Never,
            _ => Huffman::Shorter,
        }
    }

    #[inline]
    const fn form(self) -> Option<Form> {
        form::from_octet((self.0 >> Self::FORM & 0x3f) as u8)
    }

    // Where what begins; the indexing is in the lowest bits, and what is kept of the nature in the highest.
    const HUFFMAN: u32 = 2;
    const FORM: u32 = 4;
}

/// The marks of each entry of the static table.
static ENTRY_MARKS: [Marks; STATIC_TABLE.len()] = entry_marks();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn entry_marks() -> [Marks; STATIC_TABLE.len()] {
    let mut marks = [Marks(0); STATIC_TABLE.len()];
    let mut at = 0;
    while let Some(index) = StaticIndex::new(at + 1) {
        marks[at] = Marks::of_indexed(Nature::of_entry(index));
        at += 1;
    }
    marks
}

/// The entry that the first octet of a record tells, if it says this beside.
#[inline(always)]
const fn entry_behind(says: u8, first: u8) -> Option<StaticIndex> {
    // The difference is an index in no other case.
    StaticIndex::new(first.wrapping_sub(says) as usize)
}

#[inline]
const fn octets_of(length: [u8; 4]) -> usize {
    u32::from_le_bytes(length) as usize
}

#[inline]
fn length(octets: usize) -> u32 {
    u32::try_from(octets).expect("a field is shorter than 4 GiB")
}

/// The bits of the first octet that are an index, if any.
const INDEX: u8 = 0x3f;
/// What else the first octet says beside an index: the name is that of the entry, it comes all the same, or the field
/// is the entry and has marks of its own.
const NAMED: u8 = 0x40;
const SPELT: u8 = 0x80;
const WHOLE: u8 = NAMED | SPELT;

/// Which bits of the first four octets of a record, from the low ones on, are marks, but for the indexing.
const MARKS_BUT_INDEXING: u32 = 0x00ff_fc00;

/// The octets of a record of each kind before its text.
const WHOLE_HEAD: usize = 3;
const NAMED_HEAD: usize = 7;
pub(crate) const SPELT_HEAD: usize = 11;

#[cfg(test)]
mod tests {
    use super::super::Fields;
    use super::*;

    fn indices() -> impl Iterator<Item = StaticIndex> {
        (1..=STATIC_TABLE.len()).filter_map(StaticIndex::new)
    }

    #[test]
    fn an_entry_of_the_static_table_takes_one_octet() {
        let mut fields = Fields::new();
        indices().for_each(|index| fields.push_static(index, usize::MAX));
        assert!(fields.records().map(|record| record.marks.0).eq(entry_marks().map(|Marks(marks)| marks)));
        assert_eq!((fields.block.len(), fields.len()), (61, 61));
        let strings = fields.iter().map(|field| (field.name, field.value));
        assert!(strings.eq(STATIC_TABLE.iter().copied()));
        assert!(fields.iter().all(|field| field.form == Some(Form::Indexed)));
        let mut pushed = Fields::new();
        fields.iter().for_each(|field| pushed.push(field));
        assert_eq!((&pushed, pushed.list_octets()), (&fields, fields.list_octets()));
    }

    #[test]
    fn an_entry_with_a_value_takes_three_octets_whoever_puts_it_there() {
        let form = Some(Form::Literal { kind: Literal::Never, name: None, value: Coding::Huffman });
        for index in indices().filter(|index| !index.value().is_empty()) {
            for indexing in [Indexing::Auto, Indexing::Incremental, Indexing::Without, Indexing::Never] {
                for (huffman, form) in [(Huffman::Always, form), (Huffman::Shorter, None)] {
                    let field = Field { indexing, huffman, form, ..Field::new(index.name(), index.value()) };
                    let fields = Fields::new().with_field(field).with("a", "b");
                    assert_eq!(
                        (fields.block.len(), fields.list_octets()),
                        (3 + 13, index.accounted_octets() + 34)
                    );
                    let kept = fields.iter().next().unwrap();
                    assert_eq!((kept, kept.huffman, kept.form), (field, huffman, form));
                    let record = fields.records().next().unwrap();
                    assert_eq!((record.index, record.nature()), (Some(index), Nature::of_entry(index)));
                    let is_skipped = fields.records().skip_whole() == Some(index);
                    assert_eq!(is_skipped, indexing != Indexing::Never);
                }
            }
        }
        for other in [("cookie", ""), (":method", "PUT"), (":authority", ""), ("accept", "GET")] {
            assert_eq!(Fields::from_iter([other]).block.len(), 7 + other.1.len());
        }
    }

    #[test]
    fn no_record_is_skipped_but_the_same_field_that_is_to_be_indexed_alike() {
        let entry_of = |name: &[u8], value: &[u8], indexing| {
            let mut octets = Vec::new();
            let field = Field { indexing, ..Field::new(name, value) };
            write_entry(&mut octets, &Record::to_encode(&field));
            octets
        };
        for (name, value) in [(&b"etag"[..], &b"12"[..]), (b"a", b"12"), (b"a", b"")] {
            for indexing in [Indexing::Auto, Indexing::Incremental] {
                let octets = entry_of(name, value, indexing);
                let entry = Entry::new(&octets, 0);
                let form = Some(Form::Literal { kind: Literal::Never, name: None, value: Coding::Huffman });
                let field = Field { indexing, huffman: Huffman::Never, form, ..Field::new(name, value) };
                let rest = Field::new(b"b", b"c");
                let is_skipped = |field| {
                    let fields = Fields::new().with_field(field).with_field(rest);
                    let mut records = fields.records();
                    let is_skipped = records.skip_field(entry);
                    assert_eq!(is_skipped, entry.is(&Record::to_encode(&field)));
                    assert_eq!(
                        records.next().map(|next| next.field()),
                        Some(if is_skipped { rest } else { field })
                    );
                    assert_eq!(records.left(), if is_skipped { 0 } else { 1 });
                    is_skipped
                };
                assert!(is_skipped(field));
                for other in [Indexing::Auto, Indexing::Incremental, Indexing::Without, Indexing::Never] {
                    assert_eq!(is_skipped(Field { indexing: other, ..field }), other == indexing);
                }
                for other in [
                    (&b"etag"[..], &b"13"[..]),
                    (b"etag", b"1"),
                    (b"age", b"12"),
                    (b"b", b"12"),
                    (b"", b"a12"),
                ] {
                    assert!(!is_skipped(Field { indexing, ..Field::new(other.0, other.1) }));
                }
            }
        }
        let octets = entry_of(b"a", b"", Indexing::Auto);
        assert!(!Fields::new().records().skip_field(Entry::new(&octets, 0)));
        let fields = Fields::new().with("a", "").with("a", "");
        assert!(!Records::new(&fields.block, 0).skip_field(Entry::new(&octets, 0)), "it is not of the list");
    }

    #[test]
    fn a_name_of_the_static_table_is_not_copied() {
        let form = Some(Form::Literal { kind: Literal::Never, name: None, value: Coding::Huffman });
        for index in indices() {
            for (indexing, huffman) in [(Indexing::Never, Huffman::Always), (Indexing::Auto, Huffman::Never)]
            {
                let field = Field { indexing, huffman, form, ..Field::new(index.name(), b"value") };
                let mut fields = Fields::new();
                fields.push_within(field, Nature::of_name(Some(index)), usize::MAX);
                fields.push(field);
                fields.push_within(field, Nature::UNKNOWN, usize::MAX);
                assert_eq!(fields.block.len(), 2 * (7 + 5) + 11 + index.name().len() + 5);
                for kept in &fields {
                    assert_eq!((kept, kept.huffman, kept.form), (field, huffman, form));
                }
                assert_eq!(fields.iter().count(), 3);
                assert!(
                    fields
                        .records()
                        .all(|record| record.index == Some(index.first()) || record.index == Some(index))
                );
            }
        }
    }
}
