//! A field that is not whole yet, at the end of its list.

use core::num::NonZeroUsize;

use super::record::Marks;
use super::{Field, Fields, Nature, StaticIndex, record};
use crate::growth::reserve_steadily;

/// A list behind whose fields the text of one more is kept: its name, unless that is in the static table, and then its
/// value. No other field comes before that one is [finished](Self::finish).
pub(crate) struct Draft<'l> {
    fields: &'l mut Fields,
    /// The most octets that the list may need.
    most: usize,
}

impl<'l> Draft<'l> {
    pub(crate) const fn new(fields: &'l mut Fields, most: usize) -> Self {
        Self { fields, most }
    }

    /// Makes room for what stands in front of the text of a field, whose name is that of the entry or part of the text.
    /// Tells where the text begins, unless the list would be too large in any case.
    #[inline]
    pub(crate) fn open(&mut self, name: Option<StaticIndex>) -> Option<NonZeroUsize> {
        let is_open = record::open(&mut self.fields.block, name, self.most);
        if is_open { NonZeroUsize::new(self.end()) } else { None }
    }

    /// Where more text goes.
    #[inline]
    pub(crate) fn end(&self) -> usize {
        self.fields.block.len()
    }

    /// Keeps more text. Refuses text with which the list would be too large in any case.
    #[inline]
    pub(crate) fn keep(&mut self, octets: &[u8]) -> bool {
        let fits = octets.len() <= self.most.saturating_sub(self.end());
        if fits {
            reserve_steadily(&mut self.fields.block, octets.len(), self.most);
            self.fields.block.extend_from_slice(octets);
        }
        fits
    }

    /// Keeps one octet, if there is memory for it already.
    #[inline]
    pub(crate) fn absorb(&mut self, octet: u8) -> bool {
        let block = &mut self.fields.block;
        let is_absorbed = block.len() < block.capacity();
        if is_absorbed {
            block.push(octet);
        }
        is_absorbed
    }

    /// The text that begins at `start`.
    pub(crate) fn text(&self, start: NonZeroUsize) -> &[u8] {
        self.fields.block.get(start.get()..).unwrap_or_default()
    }

    /// The text that begins at `start` is whole, and that of a field of this nature, which the list has room for. Its
    /// name has so many octets, or is that of the entry; what else there is to know of it is as in `marks`.
    #[inline]
    pub(crate) fn finish(
        self,
        start: NonZeroUsize,
        name_octets: usize,
        known: Option<StaticIndex>,
        marks: Marks,
        nature: Nature,
    ) {
        let start = start.get();
        let value_octets = self.end().saturating_sub(start).saturating_sub(name_octets);
        let marks = marks.with(nature);
        let block = &mut self.fields.block;
        let name = match known {
            Some(index) => {
                record::finish_named(block, start, index, marks);
                index.name().len()
            }
            None => {
                record::finish_spelt(block, start, name_octets, marks, nature.index());
                name_octets
            }
        };
        self.fields.count(Field::accounted(name, value_octets), nature);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Coding, Literal, Record};
    use super::*;

    #[test]
    fn a_draft_becomes_the_record_that_would_have_been_written() {
        let marks = Marks::of_literal(Literal::Never, None, Coding::Huffman);
        for (known, name, text) in
            [(None, &b"x-name"[..], &b"x-namevalue"[..]), (Some(StaticIndex::PATH), b":path", b"/value")]
        {
            let name_octets = if known.is_some() { 0 } else { name.len() };
            let value = &text[name_octets..];
            let mut written = Fields::new().with("a", "b");
            let nature = written.push_record(&Record::of_literal(name, value, known, marks), usize::MAX);
            let mut fields = Fields::new().with("a", "b");
            let mut draft = Draft::new(&mut fields, usize::MAX);
            let start = draft.open(known).unwrap();
            let (first, rest) = text.split_at(4);
            assert!(draft.keep(first) && rest.iter().all(|&octet| draft.absorb(octet)));
            assert_eq!(draft.text(start), text);
            draft.finish(start, name_octets, known, marks, nature);
            assert_eq!(fields.block, written.block);
            assert_eq!((fields.len(), fields.list_octets()), (written.len(), written.list_octets()));
        }
    }

    #[test]
    fn no_room_is_made_beyond_what_a_list_may_need() {
        let mut fields = Fields::new();
        assert_eq!(Draft::new(&mut fields, 10).open(None), None);
        assert_eq!(Draft::new(&mut fields, 6).open(Some(StaticIndex::PATH)), None);
        assert_eq!(fields.capacity_octets(), 0);
        let mut draft = Draft::new(&mut fields, 12);
        assert_eq!(draft.open(None), NonZeroUsize::new(11));
        assert!(draft.keep(b"a") && !draft.keep(b"b"));
        assert_eq!(fields.capacity_octets(), 12);
    }
}
