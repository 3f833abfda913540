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
