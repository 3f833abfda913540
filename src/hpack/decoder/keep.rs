//! The text of a literal that does not lie plain and whole in a fragment: in the draft of the taker, or in the scratch
//! buffer.

use alloc::vec::Vec;
use core::num::NonZeroUsize;

use super::super::{Taker, huffman};
use super::{Decoder, Name, dynamic_name, nth_of};
use crate::error::Violation;
use crate::fields::{Coding, Literal, StaticIndex};
use crate::growth::reserve_within;

impl Decoder {
    /// Keeps the name of an entry in the scratch buffer.
    pub(super) fn keep_name(&mut self, index: u32) -> Result<(), Violation> {
        let dynamic = dynamic_name(&self.table, index)?;
        let (limit, usual) = (self.kept_limit(), self.usual_kept());
        if dynamic.len() > limit {
            self.skipped = dynamic.len();
        } else if self.literal == Literal::Incremental && dynamic.len() > usual {
            self.take_name(index);
        } else {
            reserve_within(&mut self.scratch, dynamic.len(), usual);
            self.scratch.extend_from_slice(dynamic);
            self.make_way();
        }
        self.kept_name = self.scratch.len();
        Ok(())
    }

    /// Moves a name out of the table that the literal will evict: a copy beside it would be too much.
    fn take_name(&mut self, index: u32) {
        self.scratch = Vec::new();
        self.scratch = self.table.take_name(nth_of(index));
        self.make_way();
    }

    /// Whether a string that lies in the fragment need not be kept behind what is kept of the literal.
    pub(super) fn may_be_lent(&self, taker: &mut impl Taker) -> bool {
        match taker.draft() {
            Some(_) => self.start.is_none(),
            // What is kept of a long field goes to the table as it is, see `make_way`: all of it has to be there.
            None => self.scratch.len() <= self.usual_kept(),
        }
    }

    /// How many octets are kept of the literal that is being read.
    pub(super) fn kept_octets(&self, taker: &mut impl Taker) -> usize {
        match (taker.draft(), self.start) {
            (Some(draft), Some(start)) => draft.end().saturating_sub(start.get()),
            (Some(_), None) => 0,
            (None, _) => self.scratch.len(),
        }
    }

    /// Keeps a piece of a string, decoded.
    pub(super) fn keep_text(
        &mut self,
        coding: Coding,
        piece: &[u8],
        taker: &mut impl Taker,
    ) -> Result<(), Violation> {
        match coding {
            Coding::Plain => {
                self.keep_octets(piece, taker);
                self.count_text(piece.len())
            }
            Coding::Huffman => {
                piece.chunks(huffman::CHUNK).try_for_each(|chunk| self.keep_coded(chunk, taker))
            }
        }
    }

    fn keep_coded(&mut self, chunk: &[u8], taker: &mut impl Taker) -> Result<(), Violation> {
        let mut places = huffman::NOTHING_DECODED;
        let (text, result) = self.rest.decode(chunk, &mut places);
        self.keep_octets(text, taker);
        // What is in front of an error comes first, wherever the input is cut.
        self.count_text(text.len())?;
        result
    }

    #[inline]
    fn keep_octets(&mut self, octets: &[u8], taker: &mut impl Taker) {
        if !self.take_into_draft(octets, taker) {
            self.leave_draft(taker);
            self.keep_apart(octets);
        }
    }

    /// Keeps octets of the literal that is being read in the draft of the taker, unless it has none or they are too
    /// many.
    #[inline]
    pub(super) fn take_into_draft(&mut self, octets: &[u8], taker: &mut impl Taker) -> bool {
        keep_in_draft(&mut self.start, self.static_name, octets, taker)
    }

    /// From now on the text of the literal is in the scratch buffer, if it is not already.
    pub(super) fn leave_draft(&mut self, taker: &mut impl Taker) {
        if let Some(text) = taker.give_up(self.start.take()) {
            self.scratch = text;
        }
    }

    /// Keeps octets in the scratch buffer, unless some of their field were not kept already.
    fn keep_apart(&mut self, octets: &[u8]) {
        if self.skipped > 0 {
            self.skipped = self.skipped.saturating_add(octets.len());
            return;
        }
        let limit = self.kept_limit();
        if self.scratch.len().saturating_add(octets.len()) > limit {
            return self.skip(octets.len());
        }
        let most = limit.min(self.usual_kept()).min(self.max_string.saturating_mul(2));
        reserve_within(&mut self.scratch, octets.len(), most);
        self.scratch.extend_from_slice(octets);
        self.make_way();
    }

    /// Lets the table evict what the literal that is being read will evict in any case, if that is long: both together
    /// take no more than a full table and a field of the usual size.
    fn make_way(&mut self) {
        let usual = self.usual_kept();
        if self.scratch.len() > usual {
            self.table.make_way(self.scratch.len(), usual);
            let most = self.kept_limit();
            self.scratch.reserve_exact(most.saturating_sub(self.scratch.len()));
        }
    }

    /// Gives up what is kept of the literal that is being read, and so many octets that are not in the scratch buffer.
    fn skip(&mut self, octets: usize) {
        self.skipped = self.skipped.saturating_add(self.scratch.len()).saturating_add(octets);
        self.scratch.clear();
        self.scratch.shrink_to(self.usual_kept());
        self.kept_name = 0;
    }

    fn count_text(&mut self, octets: usize) -> Result<(), Violation> {
        self.text_octets = self.text_octets.saturating_add(octets);
        if self.text_octets > self.max_string { Err(Violation::StringTooLong) } else { Ok(()) }
    }

    /// The most octets of the literal that is being read that are kept: those of any that the table could hold, if it
    /// goes there.
    fn kept_limit(&self) -> usize {
        match self.literal {
            Literal::Incremental => self.max_kept.max(self.table.max()),
            Literal::Without | Literal::Never => self.max_kept,
        }
    }

    /// How much of a literal is kept beside a full table.
    pub(super) fn usual_kept(&self) -> usize {
        usual_kept(self.max_kept, self.table.max())
    }

    /// Copies a name that the fragment lent, before the fragment goes and before any of the value is kept.
    #[inline]
    pub(super) fn keep(&mut self, name: Name<'_>, taker: &mut impl Taker) {
        if let Name::Lent(lent) = name {
            self.keep_lent(lent, taker);
        }
    }

    fn keep_lent(&mut self, name: &[u8], taker: &mut impl Taker) {
        self.keep_octets(name, taker);
        self.kept_name = self.kept_octets(taker);
    }
}

/// Keeps octets in the draft of the taker, unless it has none or they are too many. The first open it for a field of
/// this name, which begins at `start` then.
#[inline]
pub(super) fn keep_in_draft(
    start: &mut Option<NonZeroUsize>,
    name: Option<StaticIndex>,
    octets: &[u8],
    taker: &mut impl Taker,
) -> bool {
    let Some(mut draft) = taker.draft() else { return false };
    if start.is_none() {
        *start = draft.open(name);
    }
    start.is_some() && draft.keep(octets)
}

/// A longer field leaves the table no more than half of its octets.
pub(super) const fn usual_kept(max_kept: usize, table: usize) -> usize {
    if max_kept > table / 2 { max_kept } else { table / 2 }
}
