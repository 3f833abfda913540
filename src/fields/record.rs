//! How a field lies in the block of a list.

use alloc::vec::Vec;

use super::statics::Known;
use super::{Field, Huffman, Indexing, StaticIndex, form};
use crate::growth::reserve_steadily;

/// A field of a list, with what is known of it beforehand. What the static table has of it takes no room:
///
/// | first octet | what follows |
/// |---|---|
/// | index | nothing: the field is an entry, and came as its index |
/// | [`NAME`] + index | two octets of marks, the length of the value in 32 bits, the value |
/// | 0 | two octets of marks, the lengths of name and value in 32 bits each, the name, the value |
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) field: Field<'a>,
    pub(super) known: Known,
}

/// Puts an entry of the static table at the end of a block that never needs more than `most` octets.
#[inline]
pub(super) fn write_static(block: &mut Vec<u8>, index: StaticIndex, most: usize) {
    reserve_steadily(block, 1, most);
    block.push(index.octet());
}

/// The same with a field whose name is an entry's.
pub(super) fn write_named(block: &mut Vec<u8>, index: StaticIndex, field: &Field<'_>, most: usize) {
    let head = named_head(index, field.value.len(), field);
    reserve_steadily(block, head.len().saturating_add(field.value.len()), most);
    block.extend_from_slice(&head);
    block.extend_from_slice(field.value);
}

/// The same with any other field.
pub(super) fn write(block: &mut Vec<u8>, field: &Field<'_>, most: usize) {
    let head = head(field.name.len(), field.value.len(), field);
    let octets = head.len().saturating_add(field.name.len()).saturating_add(field.value.len());
    reserve_steadily(block, octets, most);
    block.extend_from_slice(&head);
    block.extend_from_slice(field.name);
    block.extend_from_slice(field.value);
}

/// The same with a field whose name and value, of so many octets, lie at the end of the block already; the name does
/// not if it is an entry's.
pub(super) fn finish(
    block: &mut Vec<u8>,
    start: usize,
    (name_octets, value_octets): (usize, usize),
    known: Option<StaticIndex>,
    field: &Field<'_>,
    most: usize,
) {
    match known {
        Some(index) => insert(block, start, named_head(index, value_octets, field), most),
        None => insert(block, start, head(name_octets, value_octets, field), most),
    }
}

fn insert<const N: usize>(block: &mut Vec<u8>, start: usize, head: [u8; N], most: usize) {
    reserve_steadily(block, N, most);
    block.extend_from_slice(&head);
    let Some(record) = block.get_mut(start..) else { return };
    let text = record.len().saturating_sub(N);
    record.copy_within(..text, N);
    if let Some(place) = record.first_chunk_mut() {
        *place = head;
    }
}

fn named_head(index: StaticIndex, value_octets: usize, field: &Field<'_>) -> [u8; 7] {
    let [v0, v1, v2, v3] = length(value_octets);
    let [marks, form] = marks_of(field);
    [NAME | index.octet(), marks, form, v0, v1, v2, v3]
}

fn head(name_octets: usize, value_octets: usize, field: &Field<'_>) -> [u8; 11] {
    let [n0, n1, n2, n3] = length(name_octets);
    let [v0, v1, v2, v3] = length(value_octets);
    let [marks, form] = marks_of(field);
    [0, marks, form, n0, n1, n2, n3, v0, v1, v2, v3]
}

const fn marks_of(field: &Field<'_>) -> [u8; 2] {
    let Field { indexing, huffman, form, .. } = *field;
    [(huffman as u8) << HUFFMAN_SHIFT | indexing as u8, form::to_octet(form)]
}

/// The records of a block in their order.
#[derive(Clone, Debug)]
pub(super) struct Iter<'a> {
    rest: &'a [u8],
}

impl<'a> Iter<'a> {
    pub(super) const fn new(block: &'a [u8]) -> Self {
        Self { rest: block }
    }

    /// A record whose name is known.
    fn named(&mut self, index: StaticIndex, rest: &'a [u8]) -> Option<Record<'a>> {
        let (&[marks, form, v0, v1, v2, v3], rest) = rest.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(u32::from_le_bytes([v0, v1, v2, v3]) as usize)?;
        self.rest = rest;
        Some(Record { field: marked(index.name(), value, marks, form), known: Known::Name(index) })
    }

    fn whole(&mut self, rest: &'a [u8]) -> Option<Record<'a>> {
        let (&[marks, form, n0, n1, n2, n3, v0, v1, v2, v3], rest) = rest.split_first_chunk()?;
        let (name, rest) = rest.split_at_checked(u32::from_le_bytes([n0, n1, n2, n3]) as usize)?;
        let (value, rest) = rest.split_at_checked(u32::from_le_bytes([v0, v1, v2, v3]) as usize)?;
        self.rest = rest;
        Some(Record { field: marked(name, value, marks, form), known: Known::Nothing })
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Record<'a>;

    #[inline]
    fn next(&mut self) -> Option<Record<'a>> {
        let (&first, rest) = self.rest.split_first()?;
        let Some(index) = StaticIndex::new((first & !NAME).into()) else { return self.whole(rest) };
        if first & NAME != 0 {
            return self.named(index, rest);
        }
        self.rest = rest;
        Some(Record { field: index.field(), known: Known::Field(index) })
    }
}

#[inline]
fn marked<'a>(name: &'a [u8], value: &'a [u8], marks: u8, form: u8) -> Field<'a> {
    let indexing = match marks & INDEXING {
        1 => Indexing::Incremental,
        2 => Indexing::Without,
        3 => Indexing::Never,
        _ => Indexing::Auto,
    };
    let huffman = match marks >> HUFFMAN_SHIFT {
        1 => Huffman::Always,
        2 => Huffman::Never,
        _ => Huffman::Shorter,
    };
    Field { name, value, indexing, huffman, form: form::from_octet(form) }
}

fn length(octets: usize) -> [u8; 4] {
    u32::try_from(octets).expect("a field is shorter than 4 GiB").to_le_bytes()
}

/// The bit that tells that the name alone is an entry's.
const NAME: u8 = 0x80;

/// The bits of the marks that tell the indexing; those above tell the coding.
const INDEXING: u8 = 3;
const HUFFMAN_SHIFT: u32 = 2;

#[cfg(test)]
mod tests {
    use super::super::{Coding, Field, Fields, Form, Literal, STATIC_TABLE};
    use super::*;

    fn indices() -> impl Iterator<Item = StaticIndex> {
        (1..=STATIC_TABLE.len()).filter_map(StaticIndex::new)
    }

    #[test]
    fn an_entry_of_the_static_table_takes_one_octet() {
        let mut fields = Fields::new();
        indices().for_each(|index| fields.push_static(index, usize::MAX));
        assert_eq!((fields.block.len(), fields.len()), (61, 61));
        let strings = fields.iter().map(|field| (field.name, field.value));
        assert!(strings.eq(STATIC_TABLE.iter().copied()));
        assert!(fields.iter().all(|field| field.form == Some(Form::Indexed)));
        let mut pushed = Fields::new();
        fields.iter().for_each(|field| pushed.push(field));
        assert_eq!((&pushed, pushed.list_octets()), (&fields, fields.list_octets()));
    }

    #[test]
    fn a_name_of_the_static_table_is_not_copied() {
        let form = Some(Form::Literal { kind: Literal::Never, name: None, value: Coding::Huffman });
        for index in indices() {
            for (indexing, huffman) in [(Indexing::Never, Huffman::Always), (Indexing::Auto, Huffman::Never)]
            {
                let field = Field { indexing, huffman, form, ..Field::new(index.name(), b"value") };
                let mut fields = Fields::new();
                fields.push_within(field, Some(index), usize::MAX);
                fields.push(field);
                assert_eq!(fields.block.len(), 7 + 5 + 11 + index.name().len() + 5);
                for kept in &fields {
                    assert_eq!((kept, kept.huffman, kept.form), (field, huffman, form));
                }
                assert_eq!(fields.iter().count(), 2);
            }
        }
    }
}
