//! Finds fields and names in the encoder's dynamic table.

use alloc::vec;
use alloc::vec::Vec;

use super::hash::{hash_field, hash_name};
use super::table::{ENTRY_OVERHEAD, Table};
use crate::fields::{Entry, Record};

/// Two sets of chains through the entries of a table: by the name's hash and by the field's. Before both comes a guess,
/// as lists that are alike ask for the same entries one after the other.
///
/// A look-up takes at most [`MAX_STEPS`] steps, whatever was inserted. Links are never taken away: one that leads to an
/// evicted entry ends its chain. A wrong link costs a comparison that fails, never a wrong answer.
#[derive(Clone, Default)]
pub(super) struct Lookup {
    /// As many as a power of two says.
    links: Vec<Link>,
    /// The number of the newest entry. The first is 1, so that an empty chain's 0 leads nowhere.
    newest: u16,
    /// The number of the entry that was asked for or inserted last.
    last: u16,
    /// The maximum size of the largest table for which the links are enough: it follows from their number, but each
    /// insertion asks for it.
    enough_for: usize,
}

/// Numbers of entries: where the chains of a hash begin, and where those go on that lead through an entry.
#[derive(Clone, Default)]
struct Link {
    /// By hash: the newest entry.
    names: u16,
    fields: u16,
    /// By number, modulo the links: the next older entry of the same chain.
    older_name: u16,
    older_field: u16,
    /// By number as well: the entry that was asked for after this one.
    next: u16,
}

/// By what the chains are found.
#[derive(Clone, Copy)]
pub(super) struct Hashes {
    pub(super) name: u64,
    pub(super) field: u64,
}

/// Which entry will be asked for next.
#[derive(Clone, Copy)]
pub(super) struct Guess<'t> {
    pub(super) entry: Entry<'t>,
    number: u16,
}

impl Lookup {
    /// The newest entry of a name: the newest of all is 0.
    pub(super) fn find_name(&self, table: &Table, name: &[u8], hash: u64) -> Option<usize> {
        let is_it = |nth| table.get(nth).is_some_and(|entry| entry.value_of(name).is_some());
        let head = self.links.get(self.place(hash))?.names;
        self.find(head, table.len(), |link| link.older_name, is_it)
    }

    /// The entry that came after the last one before.
    #[inline]
    pub(super) fn guess<'t>(&self, table: &'t Table) -> Option<Guess<'t>> {
        let number = self.links.get(self.place_of(self.last))?.next;
        Some(Guess { entry: table.get(self.nth(number))?, number })
    }

    /// It was asked for: where in the table it is.
    #[inline]
    pub(super) fn confirm(&mut self, guess: Guess<'_>) -> usize {
        self.last = guess.number;
        self.nth(guess.number)
    }

    /// The newest entry with both the name and the value of this field.
    #[inline]
    pub(super) fn find_field(&mut self, table: &Table, field: &Record<'_>, hash: u64) -> Option<usize> {
        let is_it = |nth| table.get(nth).is_some_and(|entry| entry.has_text(field));
        let head = self.links.get(self.place(hash))?.fields;
        let nth = self.find(head, table.len(), |link| link.older_field, is_it)?;
        self.follow(self.newest.wrapping_sub(nth as u16));
        Some(nth)
    }

    /// Adds the entry that the table has just taken.
    #[inline]
    pub(super) fn insert(&mut self, table: &Table, hashes: Hashes) {
        if table.max() > self.enough_for {
            self.rebuild(table, chains_of(table.max()));
        } else {
            self.add(hashes);
        }
        self.follow(self.newest);
    }

    /// The heap memory in use, in octets.
    pub(super) fn memory_used(&self) -> usize {
        self.links.capacity().saturating_mul(size_of::<Link>())
    }

    /// The most that [`memory_used`](Self::memory_used) can be, for a table that never has a larger maximum.
    pub(super) const fn max_memory(max: usize) -> usize {
        chains_of(max).saturating_mul(size_of::<Link>())
    }

    #[cold]
    fn rebuild(&mut self, table: &Table, chains: usize) {
        *self = Self { links: vec![Link::default(); chains], enough_for: most_of(chains), ..Self::default() };
        for nth in (0..table.len()).rev() {
            let Some(Record { name, value, .. }) = table.record(nth) else { break };
            let name_hash = hash_name(name);
            self.add(Hashes { name: name_hash, field: hash_field(name_hash, value) });
        }
    }

    fn add(&mut self, hashes: Hashes) {
        self.newest = self.newest.wrapping_add(1);
        let older_name = self.begin(hashes.name, |link| &mut link.names);
        let older_field = self.begin(hashes.field, |link| &mut link.fields);
        let at = self.place_of(self.newest);
        if let Some(link) = self.links.get_mut(at) {
            (link.older_name, link.older_field) = (older_name, older_field);
        }
    }

    /// Makes the newest entry the head of a hash's chain; returns the one before.
    fn begin(&mut self, hash: u64, head: impl Fn(&mut Link) -> &mut u16) -> u16 {
        let place = self.place(hash);
        self.links.get_mut(place).map_or(0, |link| core::mem::replace(head(link), self.newest))
    }

    /// The entry of this number came after the last one.
    fn follow(&mut self, number: u16) {
        let at = self.place_of(self.last);
        if let Some(link) = self.links.get_mut(at) {
            link.next = number;
        }
        self.last = number;
    }

    /// The first entry of a chain that is the one, of so many live ones: the chain ends before the first other.
    #[inline]
    fn find(
        &self,
        head: u16,
        live: usize,
        older: impl Fn(&Link) -> u16,
        is_it: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let nth = self.nth_of_live(head, live)?;
        if is_it(nth) {
            return Some(nth);
        }
        let second = older(self.links.get(self.place_of(head))?);
        self.nth_of_live(second, live)?;
        self.find_older(second, live, older, is_it)
    }

    /// The same from the second entry of a chain on: most chains have none.
    #[inline(never)]
    fn find_older(
        &self,
        second: u16,
        live: usize,
        older: impl Fn(&Link) -> u16,
        is_it: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut number = second;
        for _ in 1..MAX_STEPS {
            let nth = self.nth_of_live(number, live)?;
            if is_it(nth) {
                return Some(nth);
            }
            number = older(self.links.get(self.place_of(number))?);
        }
        None
    }

    /// Where in the table the entry of this number is, if it is one of so many live ones.
    #[inline]
    fn nth_of_live(&self, number: u16, live: usize) -> Option<usize> {
        Some(self.nth(number)).filter(|nth| *nth < live)
    }

    /// Where in the table the entry of this number is; beyond its end if it is evicted, or there never was one.
    fn nth(&self, number: u16) -> usize {
        self.newest.wrapping_sub(number).into()
    }

    /// As far into the links as the hash's 16 high bits are into their range.
    #[expect(clippy::arithmetic_side_effects, reason = "a product of 16 bits and at most [`MOST_CHAINS`]")]
    fn place(&self, hash: u64) -> usize {
        let high = hash >> (u64::BITS - u16::BITS);
        ((high * self.links.len() as u64) >> u16::BITS) as usize
    }

    fn place_of(&self, number: u16) -> usize {
        usize::from(number) & self.links.len().wrapping_sub(1)
    }
}

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

/// The maximum size of the largest table that has so many chains.
const fn most_of(chains: usize) -> usize {
    if chains < MOST_CHAINS {
        chains.saturating_mul(ENTRY_OVERHEAD).saturating_add(ENTRY_OVERHEAD - 1)
    } else {
        usize::MAX
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
        let hash = hash_name(name);
        lookup.insert(table, Hashes { name: hash, field: hash_field(hash, value) });
    }

    fn find(table: &Table, lookup: &mut Lookup, name: &[u8], value: &[u8]) -> (Option<usize>, Option<usize>) {
        let hash = hash_name(name);
        let field = Record::to_encode(&Field::new(name, value));
        let field = lookup.find_field(table, &field, hash_field(hash, value));
        (lookup.find_name(table, name, hash), field)
    }

    #[test]
    fn the_newest_of_each_is_found_until_it_is_evicted() {
        let (mut table, mut lookup) = (Table::new(100), Lookup::default());
        assert_eq!(find(&table, &mut lookup, b"a", b"1"), (None, None));
        insert(&mut table, &mut lookup, b"a", b"1");
        insert(&mut table, &mut lookup, b"a", b"2");
        assert_eq!(find(&table, &mut lookup, b"a", b"1"), (Some(0), Some(1)));
        insert(&mut table, &mut lookup, b"b", b"1");
        assert_eq!(find(&table, &mut lookup, b"a", b"1"), (Some(1), None));
        assert_eq!(find(&table, &mut lookup, b"a", b"2"), (Some(1), Some(1)));
        table.set_max(0);
        assert_eq!(find(&table, &mut lookup, b"b", b"1"), (None, None));
    }

    #[test]
    fn what_came_next_before_is_guessed() {
        let (mut table, mut lookup) = (Table::new(4_096), Lookup::default());
        let guess = |table: &Table, lookup: &mut Lookup, name: &[u8], value: &[u8]| {
            let guess = lookup.guess(table)?;
            let is_it = guess.entry.is(&Record::to_encode(&Field::new(name, value)));
            is_it.then(|| lookup.confirm(guess))
        };
        assert_eq!(guess(&table, &mut lookup, b"a", b"1"), None);
        for name in [b"a", b"b", b"c"] {
            insert(&mut table, &mut lookup, name, b"1");
        }
        assert_eq!(find(&table, &mut lookup, b"a", b"1"), (Some(2), Some(2)));
        assert_eq!(guess(&table, &mut lookup, b"b", b"2"), None, "another value");
        assert_eq!(guess(&table, &mut lookup, b"b", b"1"), Some(1));
        assert_eq!(guess(&table, &mut lookup, b"c", b"1"), Some(0));
        assert_eq!(guess(&table, &mut lookup, b"a", b"1"), Some(2), "it came after the last one before");
        insert(&mut table, &mut lookup, b"b", b"2");
        assert_eq!(guess(&table, &mut lookup, b"c", b"1"), None);
        find(&table, &mut lookup, b"a", b"1");
        assert_eq!(guess(&table, &mut lookup, b"b", b"2"), Some(0), "it took the place of the other");
        table.set_max(0);
        assert_eq!(guess(&table, &mut lookup, b"a", b"1"), None);
    }

    #[test]
    fn entries_are_found_after_the_table_has_grown() {
        let (mut table, mut lookup) = (Table::new(200), Lookup::default());
        insert(&mut table, &mut lookup, b"a", b"1");
        let small = lookup.memory_used();
        table.set_max(4096);
        insert(&mut table, &mut lookup, b"b", b"2");
        assert!(lookup.memory_used() > small);
        assert_eq!(find(&table, &mut lookup, b"a", b"1"), (Some(1), Some(1)));
        assert_eq!(find(&table, &mut lookup, b"b", b"2"), (Some(0), Some(0)));
    }

    #[test]
    fn there_is_a_chain_for_each_entry_that_there_can_be_within_bounds() {
        let chains = [0, 32, 4_096, 65_536, 1 << 20].map(chains_of);
        assert_eq!(chains, [LEAST_CHAINS, LEAST_CHAINS, 128, MOST_CHAINS, MOST_CHAINS]);
        for chains in [LEAST_CHAINS, 64, 128, MOST_CHAINS / 2] {
            let most = most_of(chains);
            assert_eq!((chains_of(most), chains_of(most + 1)), (chains, 2 * chains));
        }
        assert_eq!((chains_of(usize::MAX), most_of(MOST_CHAINS)), (MOST_CHAINS, usize::MAX));
        let (mut table, mut lookup) = (Table::new(4096), Lookup::default());
        assert_eq!(lookup.memory_used(), 0);
        insert(&mut table, &mut lookup, b"a", b"1");
        assert_eq!(lookup.memory_used(), Lookup::max_memory(4096));
    }

    /// Whoever adds all entries anew counts them anew.
    #[test]
    fn a_table_as_large_as_its_chains_are_enough_for_keeps_them() {
        for max in [LEAST_CHAINS, 128].map(most_of) {
            let (mut table, mut lookup) = (Table::new(max as u32), Lookup::default());
            for n in 1..=1_000_u16 {
                insert(&mut table, &mut lookup, &n.to_be_bytes(), b"");
                assert_eq!(lookup.newest, n, "{max}");
            }
            table.set_max(max as u32 + 1);
            insert(&mut table, &mut lookup, b"a", b"");
            assert_eq!(usize::from(lookup.newest), table.len(), "there are more chains");
        }
    }

    #[test]
    fn a_chain_is_followed_for_eight_steps() {
        let (mut table, mut lookup) = (Table::new(4_096), Lookup::default());
        let names = *b"abcdefghijkl";
        for name in names.chunks(1) {
            table.insert(name, b"", Nature::UNKNOWN);
            lookup.insert(&table, Hashes { name: 0, field: 0 });
        }
        for (nth, name) in names.chunks(1).rev().enumerate() {
            let expected = (nth < 8).then_some(nth);
            assert_eq!(lookup.find_name(&table, name, 0), expected);
            let field = Record::to_encode(&Field::new(name, b""));
            assert_eq!(lookup.find_field(&table, &field, 0), expected);
        }
    }

    #[test]
    fn a_table_may_have_room_for_more_entries_than_there_are_chains() {
        let (mut table, mut lookup) = (Table::new(1 << 20), Lookup::default());
        for n in 0..3 * MOST_CHAINS as u32 {
            insert(&mut table, &mut lookup, &n.to_be_bytes(), b"");
            assert_eq!(lookup.memory_used(), Lookup::max_memory(1 << 20));
            if let Some(earlier) = n.checked_sub(2) {
                let found = find(&table, &mut lookup, &earlier.to_be_bytes(), b"");
                assert_eq!(found, (Some(2), Some(2)), "{n}");
            }
        }
    }

    #[test]
    fn numbers_may_wrap() {
        let (mut table, mut lookup) = (Table::new(4096), Lookup::default());
        for n in 0_u32..200_000 {
            let name = n.to_be_bytes();
            insert(&mut table, &mut lookup, &name, b"");
            assert_eq!(find(&table, &mut lookup, &name, b""), (Some(0), Some(0)));
        }
        assert_eq!(lookup.newest, 200_000_u32 as u16, "they have wrapped");
        let live: std::vec::Vec<_> = table.iter().collect();
        let found = live.iter().enumerate().filter(|(nth, (name, value))| {
            find(&table, &mut lookup, name, value) == (Some(*nth), Some(*nth))
        });
        assert!(found.count() * 100 >= live.len() * 95, "few chains are longer than the bound");
    }
}
