//! The memory of field lists, used again.

use alloc::vec::Vec;

use crate::config::Config;
use crate::fields::Fields;
use crate::growth::reserve_within;

/// Field lists whose memory waits to be used again: a part of what one list may have.
#[derive(Debug)]
pub(super) struct Spare {
    /// From the smallest to the largest.
    lists: Vec<Fields>,
    octets: usize,
    most_octets: usize,
    /// How many lists the caller has, as far as is known: it may drop them, and send others than it got.
    lent: u32,
}

impl Spare {
    pub(super) const fn new(config: &Config) -> Self {
        Self { lists: Vec::new(), octets: 0, most_octets: config.max_spare_octets(), lent: 0 }
    }

    /// The list with the most memory.
    pub(super) fn take(&mut self) -> Fields {
        let fields = self.lists.pop().unwrap_or_default();
        self.octets = self.octets.saturating_sub(fields.capacity_octets());
        fields
    }

    /// What the caller gets of a list. Where it already has others and none is left, more are likely to come before any
    /// comes back: it gets a copy, which takes one allocation, and the next list has what this one grew to in several.
    #[inline]
    pub(super) fn lend(&mut self, fields: &mut Fields) {
        if self.lent > 0 && self.lists.is_empty() && fields.capacity_octets() <= self.most_octets {
            self.lend_copy(fields);
        }
        self.lent = self.lent.saturating_add(1);
    }

    #[cold]
    fn lend_copy(&mut self, fields: &mut Fields) {
        let copy = fields.clone();
        self.keep(core::mem::replace(fields, copy));
    }

    /// Takes a list that is done with.
    pub(super) fn put(&mut self, fields: Fields) {
        self.lent = self.lent.saturating_sub(1);
        self.keep(fields);
    }

    pub(super) fn keep(&mut self, mut fields: Fields) {
        let capacity = fields.capacity_octets();
        let octets = self.octets.saturating_add(capacity);
        let most = most_lists(self.most_octets);
        if capacity > 0 && octets <= self.most_octets && self.lists.len() < most {
            fields.clear();
            self.octets = octets;
            reserve_within(&mut self.lists, 1, most);
            let place = self.lists.iter().rposition(|list| list.capacity_octets() <= capacity);
            self.lists.insert(place.map_or(0, |below| below.saturating_add(1)), fields);
        }
    }

    /// Gives back what one exchange at a time does not need.
    pub(super) fn release_memory(&mut self) {
        while self.lists.last().is_some_and(|largest| largest.capacity_octets() > KEPT_OCTETS) {
            self.take();
        }
        while self.octets > KEPT_OCTETS || self.lists.len() > KEPT_LISTS {
            let smallest = self.lists.remove(0);
            self.octets = self.octets.saturating_sub(smallest.capacity_octets());
        }
        self.lists.shrink_to(KEPT_LISTS);
    }

    pub(super) fn memory_used(&self) -> usize {
        self.lists.capacity().saturating_mul(size_of::<Fields>()).saturating_add(self.octets)
    }

    /// The most that [`memory_used`](Self::memory_used) can be.
    pub(super) const fn max_memory(config: &Config) -> usize {
        let octets = config.max_spare_octets();
        octets.saturating_add(most_lists(octets).saturating_mul(size_of::<Fields>()))
    }
}

/// What is kept when many streams have ended.
const KEPT_LISTS: usize = 2;
const KEPT_OCTETS: usize = 512;

/// How many lists are kept at once.
const fn most_lists(octets: usize) -> usize {
    octets / 128
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::fields::Field;

    #[test]
    fn what_one_exchange_needs_is_kept_of_many_lists() {
        let mut spare = Spare::new(&Config::default());
        for octets in [100, 300, 700, 100] {
            spare.put(Fields::new().with("a", vec![b'a'; octets]));
        }
        let largest = spare.lists.last().map(Fields::capacity_octets);
        assert!(largest > Some(700) && spare.memory_used() > 1_200, "{largest:?}");
        spare.release_memory();
        assert!(spare.octets <= KEPT_OCTETS, "{}", spare.octets);
        assert!(spare.take().capacity_octets() > 300, "the largest of those that may stay");
    }

    #[test]
    fn the_caller_gets_copies_while_it_has_other_lists_and_none_is_left() {
        let mut spare = Spare::new(&Config::default());
        let list = |spare: &mut Spare| {
            let mut fields = spare.take();
            fields.push(Field::new(b"a", &[b'a'; 300]));
            spare.lend(&mut fields);
            fields
        };
        let first = list(&mut spare);
        assert_eq!(spare.octets, 0, "which it may give back before the next");
        let second = list(&mut spare);
        assert_eq!(first, second);
        assert!(spare.octets >= second.capacity_octets(), "what it grew to");
        let third = list(&mut spare);
        assert_eq!(spare.octets, first.capacity_octets(), "which is used and kept again");
        for fields in [first, second, third] {
            spare.put(fields);
        }
        let kept = spare.octets;
        assert_eq!(list(&mut spare).capacity_octets() + spare.octets, kept, "the caller has no list");
    }
}
