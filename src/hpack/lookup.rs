//! Finds fields and names in the encoder's dynamic table.

use alloc::vec;
use alloc::vec::Vec;

use super::hash::{hash_field, hash_name};
use super::table::{ENTRY_OVERHEAD, Table};
use crate::fields::{Record, StaticIndex};

/// Two sets of chains through the entries of a table: by the name's hash and by the field's.
///
/// A look-up takes at most [`MAX_STEPS`] steps, whatever was inserted. Links are never taken away: one that leads to an
/// evicted entry ends its chain. A wrong link costs a comparison that fails, never a wrong answer.
#[derive(Clone, Default)]
pub(super) struct Lookup {
    names: Chains,
    fields: Chains,
    /// The number of the newest entry. The first is 1, so that an empty chain's 0 leads nowhere.
    newest: u16,
}

impl Lookup {
    /// The newest entry of a name: the newest of all is 0.
    pub(super) fn find_name(&self, table: &Table, name: &[u8], hash: u64) -> Option<usize> {
        let is_it = |nth| table.record(nth).is_some_and(|record| record.name == name);
        self.names.find(hash, self.newest, table.len(), is_it)
    }

    /// The newest entry with both this name and this value. `index` is the first entry of the static table that has the
    /// name: the entries of such names were inserted with it.
    #[inline]
    pub(super) fn find_field(
        &self,
        table: &Table,
        field: &Record<'_>,
        index: Option<StaticIndex>,
        hash: u64,
    ) -> Option<usize> {
        let is_it = |nth| {
            table.get(nth).is_some_and(|entry| match index {
                Some(index) => entry.is_named(index, field.value),
                None => entry.record().is_some_and(|it| it.name == field.name && it.value == field.value),
            })
        };
        self.fields.find(hash, self.newest, table.len(), is_it)
    }

    /// Adds the entry that the table has just taken.
    pub(super) fn insert(&mut self, table: &Table, name_hash: u64, field_hash: u64) {
        let chains = chains_of(table.max());
        if self.names.heads.len() < chains {
            self.rebuild(table, chains);
        } else {
            self.add(name_hash, field_hash);
        }
    }

    /// The heap memory in use, in octets.
    pub(super) fn memory_used(&self) -> usize {
        self.names.memory_used().saturating_add(self.fields.memory_used())
    }

    /// The most that [`memory_used`](Self::memory_used) can be, for a table that never has a larger maximum.
    pub(super) const fn max_memory(max: usize) -> usize {
        chains_of(max).saturating_mul(CHAIN_OCTETS)
    }

    fn rebuild(&mut self, table: &Table, chains: usize) {
        *self = Self { names: Chains::new(chains), fields: Chains::new(chains), newest: 0 };
        for nth in (0..table.len()).rev() {
            let Some(Record { name, value, .. }) = table.record(nth) else { break };
            let name_hash = hash_name(name);
            self.add(name_hash, hash_field(name_hash, value));
        }
    }

    fn add(&mut self, name_hash: u64, field_hash: u64) {
        self.newest = self.newest.wrapping_add(1);
        self.names.add(name_hash, self.newest);
        self.fields.add(field_hash, self.newest);
    }
}

/// Entries by number, chained from the newest to the oldest. Both vectors have the same power of two as length.
#[derive(Clone, Default)]
struct Chains {
    /// By hash: the newest entry.
    heads: Vec<u16>,
    /// By number, modulo the length: the next older entry of the same chain.
    older: Vec<u16>,
}

impl Chains {
    fn new(length: usize) -> Self {
        Self { heads: vec![0; length], older: vec![0; length] }
    }

    #[inline]
    fn find(&self, hash: u64, newest: u16, live: usize, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let head = *self.heads.get(self.place(hash))?;
        let nth = usize::from(newest.wrapping_sub(head));
        if nth >= live {
            return None;
        }
        if is_it(nth) { Some(nth) } else { self.find_older(head, newest, live, is_it) }
    }

    /// The same among the entries behind the head: most chains have none.
    #[inline(never)]
    fn find_older(
        &self,
        head: u16,
        newest: u16,
        live: usize,
        is_it: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut number = head;
        for _ in 1..MAX_STEPS {
            number = *self.older.get(self.place_of(number))?;
            let nth = usize::from(newest.wrapping_sub(number));
            if nth >= live {
                return None;
            }
            if is_it(nth) {
                return Some(nth);
            }
        }
        None
    }

    fn add(&mut self, hash: u64, number: u16) {
        let (place, place_of) = (self.place(hash), self.place_of(number));
        if let (Some(head), Some(older)) = (self.heads.get_mut(place), self.older.get_mut(place_of)) {
            *older = core::mem::replace(head, number);
        }
    }

    fn memory_used(&self) -> usize {
        self.heads.capacity().saturating_add(self.older.capacity()).saturating_mul(size_of::<u16>())
    }

    /// As far into the chains as the hash's 16 high bits are into their range.
    #[expect(clippy::arithmetic_side_effects, reason = "a product of 16 bits and at most [`MOST_CHAINS`]")]
    fn place(&self, hash: u64) -> usize {
        let high = hash >> (u64::BITS - u16::BITS);
        ((high * self.heads.len() as u64) >> u16::BITS) as usize
    }

    fn place_of(&self, number: u16) -> usize {
        usize::from(number) & self.older.len().wrapping_sub(1)
    }
}

/// A head and an older entry, of names and of fields.
const CHAIN_OCTETS: usize = 4 * size_of::<u16>();

/// So far a look-up goes at most.
const MAX_STEPS: usize = 8;

/// How many chains a table of this maximum size has: as many as it can have entries, within these bounds.
const fn chains_of(max: usize) -> usize {
    let chains = (max / ENTRY_OVERHEAD).next_power_of_two();
    if chains < LEAST_CHAINS {
        LEAST_CHAINS
    } else if chains > MOST_CHAINS {
        MOST_CHAINS
    } else {
        chains
    }
}

const LEAST_CHAINS: usize = 16;
const MOST_CHAINS: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::{Field, Nature};

    fn insert(table: &mut Table, lookup: &mut Lookup, name: &[u8], value: &[u8]) {
        table.insert(name, value, Nature::UNKNOWN);
        lookup.insert(table, hash_name(name), hash_field(hash_name(name), value));
    }

    fn find(table: &Table, lookup: &Lookup, name: &[u8], value: &[u8]) -> (Option<usize>, Option<usize>) {
        let hash = hash_name(name);
        let field = Record::to_encode(&Field::new(name, value));
        let field = lookup.find_field(table, &field, None, hash_field(hash, value));
        (lookup.find_name(table, name, hash), field)
    }

    #[test]
    fn the_newest_of_each_is_found_until_it_is_evicted() {
        let (mut table, mut lookup) = (Table::new(100), Lookup::default());
        assert_eq!(find(&table, &lookup, b"a", b"1"), (None, None));
        insert(&mut table, &mut lookup, b"a", b"1");
        insert(&mut table, &mut lookup, b"a", b"2");
        assert_eq!(find(&table, &lookup, b"a", b"1"), (Some(0), Some(1)));
        insert(&mut table, &mut lookup, b"b", b"1");
        assert_eq!(find(&table, &lookup, b"a", b"1"), (Some(1), None));
        assert_eq!(find(&table, &lookup, b"a", b"2"), (Some(1), Some(1)));
        table.set_max(0);
        assert_eq!(find(&table, &lookup, b"b", b"1"), (None, None));
    }

    #[test]
    fn entries_are_found_after_the_table_has_grown() {
        let (mut table, mut lookup) = (Table::new(200), Lookup::default());
        insert(&mut table, &mut lookup, b"a", b"1");
        let small = lookup.memory_used();
        table.set_max(4096);
        insert(&mut table, &mut lookup, b"b", b"2");
        assert!(lookup.memory_used() > small);
        assert_eq!(find(&table, &lookup, b"a", b"1"), (Some(1), Some(1)));
        assert_eq!(find(&table, &lookup, b"b", b"2"), (Some(0), Some(0)));
    }

    #[test]
    fn there_is_a_chain_for_each_entry_that_there_can_be_within_bounds() {
        let chains = [0, 32, 4_096, 65_536, 1 << 20].map(chains_of);
        assert_eq!(chains, [LEAST_CHAINS, LEAST_CHAINS, 128, MOST_CHAINS, MOST_CHAINS]);
        let (mut table, mut lookup) = (Table::new(4096), Lookup::default());
        assert_eq!(lookup.memory_used(), 0);
        insert(&mut table, &mut lookup, b"a", b"1");
        assert_eq!(lookup.memory_used(), Lookup::max_memory(4096));
    }

    #[test]
    fn numbers_may_wrap() {
        let (mut table, mut lookup) = (Table::new(4096), Lookup::default());
        for n in 0_u32..200_000 {
            let name = n.to_be_bytes();
            insert(&mut table, &mut lookup, &name, b"");
            assert_eq!(find(&table, &lookup, &name, b""), (Some(0), Some(0)));
        }
        assert_eq!(lookup.newest, 200_000_u32 as u16, "they have wrapped");
        let live: std::vec::Vec<_> = table.iter().collect();
        let found = live
            .iter()
            .enumerate()
            .filter(|(nth, (name, value))| find(&table, &lookup, name, value) == (Some(*nth), Some(*nth)));
        assert!(found.count() * 100 >= live.len() * 95, "few chains are longer than the bound");
    }
}
