//! The dynamic table (RFC 7541 §2.3.2 and §4).

use alloc::vec::Vec;

use crate::fields::{Entry, Nature, Record, SPELT_HEAD, entry_head, entry_octets, write_entry};
use crate::growth::reserve_within;

/// The dynamic table of one direction, the same at both of its ends.
///
/// Entries lie in one buffer as lists keep them, one behind the other: one that comes by its index is copied as it is.
/// What is evicted stays at the front of the buffer, and its place at the front of the places, until the room is needed;
/// then the live ones move there. Beside its name and value an entry takes at most 11 octets in the buffer and 12 for
/// its place, fewer than the 32 that it is accounted with, so octets and places together always fit into the table's
/// maximum size. Their buffers share it: one that needs what the other has too much of takes it from there.
#[derive(Clone)]
pub(super) struct Table {
    octets: Vec<u8>,
    /// From the oldest to the newest.
    places: Vec<Place>,
    /// So many places at the front are no entry's any more.
    evicted_places: usize,
    /// The position of the buffer's first octet.
    base: u32,
    size: usize,
    max: usize,
}

impl Table {
    /// An empty table, without an allocation.
    pub(super) const fn new(max: u32) -> Self {
        Self {
            octets: Vec::new(),
            places: Vec::new(),
            evicted_places: 0,
            base: 0,
            size: 0,
            max: max as usize,
        }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.places.len().wrapping_sub(self.evicted_places)
    }

    /// The size of all entries as RFC 7541 §4.1 counts it.
    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// The maximum size in force.
    pub(super) const fn max(&self) -> usize {
        self.max
    }

    /// Sets the maximum size, and evicts what is above it (RFC 7541 §4.3).
    pub(super) fn set_max(&mut self, max: u32) {
        self.max = max as usize;
        self.evict_to(self.max);
    }

    /// An entry; the newest is 0.
    #[inline]
    pub(super) fn get(&self, nth: usize) -> Option<Entry<'_>> {
        // There are none before the first one, wherever that would be, and an evicted one is nowhere.
        let place = self.places.get(self.places.len().wrapping_sub(nth).wrapping_sub(1))?;
        let octets = self.octets.get(self.offset(place.start)..self.offset(place.end))?;
        Some(Entry::new(octets, place.size as usize))
    }

    /// The field of an entry.
    #[inline]
    pub(super) fn record(&self, nth: usize) -> Option<Record<'_>> {
        self.get(nth)?.record()
    }

    /// Notes what has become known of an entry.
    #[cold]
    pub(super) fn note(&mut self, nth: usize, nature: Nature) {
        if let Some(octets) = self.octets_mut(nth) {
            Entry::note(octets, nature);
        }
    }

    fn octets_mut(&mut self, nth: usize) -> Option<&mut [u8]> {
        let at = self.places.len().checked_sub(nth.saturating_add(1))?;
        let &Place { start, end, .. } = self.places.get(at)?;
        let range = self.offset(start)..self.offset(end);
        self.octets.get_mut(range)
    }

    /// The entries from the newest to the oldest.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        (0..self.len()).filter_map(|nth| self.record(nth).map(|Record { name, value, .. }| (name, value)))
    }

    /// Makes a field the newest entry, and evicts for it (RFC 7541 §4.4). A field that is larger than the table
    /// empties it and is not kept.
    pub(super) fn insert(&mut self, name: &[u8], value: &[u8], nature: Nature) -> Inserted {
        self.insert_record(&Record::of_indexed(name, value, nature))
    }

    /// The same with the marks of a record.
    #[inline(always)]
    pub(super) fn insert_record(&mut self, record: &Record<'_>) -> Inserted {
        let size = record.accounted_octets();
        let Some(left) = self.max.checked_sub(size) else {
            self.evict_to(0);
            return Inserted::TooLarge;
        };
        self.evict_to(left);
        self.make_room(entry_octets(record));
        let start = self.octets.len();
        write_entry(&mut self.octets, record);
        self.push_place(start, size);
        Inserted::Newest
    }

    /// Evicts at once what a field of at least so many octets will evict once it is whole, and gives the memory back
    /// beyond what fits beside a field of `kept` octets, which is no more.
    pub(super) fn make_way(&mut self, octets: usize, kept: usize) {
        self.evict_to(self.max.saturating_sub(octets).saturating_sub(ENTRY_OVERHEAD));
        self.shrink_within(self.max.saturating_sub(kept));
    }

    /// Takes the name of an entry out of the table, with the memory in which it lies, and evicts the entry and what is
    /// older: for a field that is so long that it will evict all of that in any case. No name of the static table is as
    /// long, so that the name lies in the entry.
    pub(super) fn take_name(&mut self, nth: usize) -> Vec<u8> {
        let Some(Record { name, .. }) = self.record(nth) else { return Vec::new() };
        let name_octets = name.len();
        let at = self.places.len().saturating_sub(nth).saturating_sub(1);
        let Some(&Place { start, end, .. }) = self.places.get(at) else { return Vec::new() };
        let [start, end] = [start, end].map(|position| self.offset(position));
        let newer = self.octets.get(end..).unwrap_or_default().to_vec();
        self.base = self.position(end);
        let evicted =
            self.places.drain(..=at).fold(0_usize, |sum, place| sum.saturating_add(place.size as usize));
        self.evicted_places = 0;
        self.size = self.size.saturating_sub(evicted);
        let start = start.saturating_add(SPELT_HEAD);
        let mut name = core::mem::replace(&mut self.octets, newer);
        name.truncate(start.saturating_add(name_octets));
        name.drain(..start.min(name.len()));
        name
    }

    /// Gives back the memory that a table of this maximum size does not need.
    pub(super) fn shrink_within(&mut self, max: usize) {
        if self.memory_used() > max {
            self.drop_evicted();
            self.drop_evicted_places();
            let unused = max.saturating_sub(self.octets.len());
            self.places.shrink_to((unused / 2 / PLACE_OCTETS).max(self.places.len()));
            self.octets.shrink_to(max.saturating_sub(self.places_memory()));
        }
    }

    /// The same as [`insert`](Self::insert) for a field that has octets of its own: all but the front of its name.
    pub(super) fn adopt(&mut self, front: &[u8], mut octets: Vec<u8>, name_octets: usize, nature: Nature) {
        let text = front.len().saturating_add(octets.len());
        let size = text.saturating_add(ENTRY_OVERHEAD);
        let Some(left) = self.max.checked_sub(size) else { return self.evict_to(0) };
        self.evict_to(left);
        self.drop_evicted();
        if self.len() == 0 {
            // Later there would be octets, and no place to tell that they are live.
            self.octets = Vec::new();
            self.make_room_for_place(text.saturating_add(SPELT_HEAD));
        }
        let start = self.octets.len();
        let head = entry_head(name_octets, text.saturating_sub(name_octets), nature);
        octets.splice(..0, self.octets.iter().chain(&head).chain(front).copied());
        self.octets = octets;
        // Only now is there one buffer instead of two.
        self.make_room_for_place(0);
        self.push_place(start, size);
        self.shrink_within(self.max);
    }

    /// Makes what the buffer has from `start` on the newest entry, which counts so much.
    fn push_place(&mut self, start: usize, size: usize) {
        let (start, end) = (self.position(start), self.position(self.octets.len()));
        self.places.push(Place { start, end, size: size as u32 });
        // Together no more than the maximum.
        self.size = self.size.wrapping_add(size);
    }

    /// Evicts all entries.
    pub(super) fn clear(&mut self) {
        self.evict_to(0);
    }

    /// The heap memory in use, in octets.
    pub(super) fn memory_used(&self) -> usize {
        self.octets.capacity().saturating_add(self.places_memory())
    }

    /// The most that [`memory_used`](Self::memory_used) can be, for a table that never has a larger maximum.
    pub(super) const fn max_memory(max: usize) -> usize {
        max
    }

    fn places_memory(&self) -> usize {
        self.places.capacity().saturating_mul(PLACE_OCTETS)
    }

    /// Evicts the oldest entries until the others have at most this size.
    fn evict_to(&mut self, size: usize) {
        let mut left = self.size;
        while left > size {
            let Some(oldest) = self.places.get_mut(self.evicted_places) else { break };
            left = left.wrapping_sub(oldest.size as usize);
            *oldest = Place::NOWHERE;
            self.evicted_places = self.evicted_places.wrapping_add(1);
        }
        self.size = left;
        // Each entry counts: there is none.
        if left == 0 {
            self.drop_front(self.octets.len());
            self.drop_evicted_places();
        }
    }

    /// Room for the place of one more entry of so many octets, which fits after the eviction.
    #[inline]
    fn make_room_for_place(&mut self, octets: usize) {
        if self.places.len() == self.places.capacity() {
            self.grow_places(octets);
        }
    }

    #[cold]
    fn grow_places(&mut self, octets: usize) {
        let evicted = self.evicted_places;
        self.drop_evicted_places();
        if evicted > self.places.len() / 4 {
            return;
        }
        let live = self.octets.len().saturating_sub(self.evicted());
        let most = self.most_places(live.saturating_add(octets), 2);
        let capacity = self.places.capacity().saturating_mul(2).max(LEAST_ENTRIES).min(most);
        let beside = self.max.saturating_sub(capacity.saturating_mul(PLACE_OCTETS));
        if self.octets.capacity() > beside {
            self.drop_evicted();
            self.octets.shrink_to(beside);
        }
        self.places.reserve_exact(capacity.saturating_sub(self.places.len()));
    }

    /// Room for one more entry of so many octets, which fits after the eviction.
    #[inline]
    fn make_room(&mut self, octets: usize) {
        self.make_room_for_place(octets);
        if self.octets.capacity().wrapping_sub(self.octets.len()) < octets {
            self.grow_octets(octets);
        }
    }

    #[cold]
    fn grow_octets(&mut self, octets: usize) {
        self.drop_evicted();
        let live = self.octets.len();
        let needed = live.saturating_add(octets);
        if self.places.capacity() > self.most_places(needed, 3) {
            self.drop_evicted_places();
            self.places.shrink_to(self.most_places(needed, 2));
        }
        let most = self.max.saturating_sub(self.places_memory());
        let least = LEAST_OCTETS.min(most.saturating_sub(live));
        reserve_within(&mut self.octets, octets.max(least), most);
    }

    /// How many places there may be beside so many octets: those of the entries and of one more, and so many quarters
    /// of what is left. They get two, and give them back only where they have more than three: neither buffer takes at
    /// each entry from the other what that one needs at the next.
    fn most_places(&self, octets: usize, quarters: usize) -> usize {
        let least = self.len().saturating_add(1);
        let needed = octets.saturating_add(least.saturating_mul(PLACE_OCTETS));
        let quarter = self.max.saturating_sub(needed) / 4;
        least.saturating_add(quarter.saturating_mul(quarters) / PLACE_OCTETS)
    }

    /// Moves the live octets to the buffer's front.
    fn drop_evicted(&mut self) {
        self.drop_front(self.evicted());
    }

    /// How many octets at the buffer's front are no entry's any more.
    fn evicted(&self) -> usize {
        self.places.get(self.evicted_places).map_or(self.octets.len(), |oldest| self.offset(oldest.start))
    }

    /// Moves the live places to the front.
    fn drop_evicted_places(&mut self) {
        self.places.drain(..self.evicted_places);
        self.evicted_places = 0;
    }

    fn drop_front(&mut self, octets: usize) {
        self.base = self.position(octets);
        self.octets.drain(..octets);
    }

    /// Positions count all octets that there ever were, modulo 2^32; the live ones are fewer.
    const fn position(&self, offset: usize) -> u32 {
        self.base.wrapping_add(offset as u32)
    }

    const fn offset(&self, position: u32) -> usize {
        position.wrapping_sub(self.base) as usize
    }
}

/// What became of a field that was to be inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inserted {
    /// It is the newest entry.
    Newest,
    /// It is larger than the table, which is now empty.
    TooLarge,
}

/// Where an entry begins and ends, and what it counts. Where it ends the next one begins, but who looks for one need
/// not look for two.
#[derive(Clone, Copy)]
struct Place {
    start: u32,
    end: u32,
    size: u32,
}

impl Place {
    /// That of an evicted entry. Wherever positions begin there are no octets from 1 to 0: the end comes first, or is
    /// farther than any octet.
    const NOWHERE: Self = Self { start: 1, end: 0, size: 0 };
}

const PLACE_OCTETS: usize = size_of::<Place>();

/// What RFC 7541 §4.1 adds to an entry's octets.
pub(super) const ENTRY_OVERHEAD: usize = 32;

/// The first allocations hold a few fields, so that most connections stay with them.
const LEAST_ENTRIES: usize = 8;
const LEAST_OCTETS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::VecDeque;
    use alloc::vec;
    use proptest::prelude::*;

    use crate::fields::{Fields, StaticIndex};

    /// The table as RFC 7541 describes it, without any cleverness.
    struct Model(VecDeque<(Vec<u8>, Vec<u8>)>, usize);

    impl Model {
        fn size(&self) -> usize {
            self.0.iter().map(|(name, value)| name.len() + value.len() + 32).sum()
        }

        fn set_max(&mut self, max: usize) {
            self.1 = max;
            while self.size() > max {
                self.0.pop_back();
            }
        }

        fn insert(&mut self, name: &[u8], value: &[u8]) {
            self.0.push_front((name.to_vec(), value.to_vec()));
            self.set_max(self.1);
        }
    }

    #[test]
    fn a_fresh_table_holds_no_memory() {
        let table = Table::new(u32::MAX);
        assert_eq!((table.memory_used(), table.len(), table.size()), (0, 0, 0));
        assert!(table.get(0).is_none());
    }

    #[test]
    fn an_entry_of_exactly_the_maximum_stays_and_a_larger_one_empties() {
        let mut table = Table::new(64);
        assert_eq!(table.insert(b"name", &[0; 28], Nature::UNKNOWN), Inserted::Newest);
        assert_eq!((table.len(), table.size()), (1, 64));
        assert_eq!(table.insert(b"name", &[0; 29], Nature::UNKNOWN), Inserted::TooLarge);
        assert_eq!((table.len(), table.size()), (0, 0));
    }

    // covers 7541-2.3.2-1
    #[test]
    fn duplicates_are_entries_of_their_own() {
        let mut table = Table::new(4096);
        table.insert(b"a", b"b", Nature::UNKNOWN);
        table.insert(b"a", b"b", Nature::UNKNOWN);
        assert_eq!(table.iter().collect::<Vec<_>>(), [(&b"a"[..], &b"b"[..]); 2]);
    }

    /// Whichever of the two buffers needs the room, and however little the other leaves.
    #[test]
    fn memory_stays_within_the_maximum() {
        for max in [32, 33, 64, 100, 384, 4_096, 5_000] {
            let mut table = Table::new(max);
            let most = Table::max_memory(table.max());
            assert_eq!(most, table.max());
            for octets in [0, 0, 1, 7, 40, 400, 3_000, 0, 4_000, 1, 4_064, 0, 2_000, 32, 0] {
                for _ in 0..200 {
                    table.insert(b"", &vec![b'x'; octets], Nature::UNKNOWN);
                    assert!(table.memory_used() <= most, "{max}: {}", table.memory_used());
                }
            }
        }
    }

    /// Now and then a long entry among many short ones: what it evicts is room for places before and for octets after.
    #[test]
    fn buffers_seldom_take_room_from_each_other() {
        for max in [4_096, 65_536, 1 << 20] {
            for (long, short, period) in
                [(16, 6, 200), (64, 6, 200), (64, 0, 100), (4, 0, 1_000), (64, 6, 20), (5, 0, 166)]
            {
                let mut table = Table::new(max);
                let (mut moves, mut known) = (0, (0, 0, 0));
                let (mut place_moves, mut evicted) = (0, 0);
                for nth in 0..40_000_usize {
                    let octets = if nth % period == 0 { max as usize / long } else { short };
                    table.insert(b"x", &vec![b'v'; octets], Nature::UNKNOWN);
                    let now = (table.octets.capacity(), table.places.capacity(), table.base);
                    moves += usize::from(now != known);
                    place_moves += usize::from(table.evicted_places < evicted);
                    (known, evicted) = (now, table.evicted_places);
                }
                assert!(moves <= 40_000 / 20, "{max} {long} {short} {period}: {moves}");
                assert!(place_moves <= 40_000 / 20, "{max} {long} {short} {period}: {place_moves}");
            }
        }
    }

    /// The octets leave room for many more, as the name is in the static table.
    #[test]
    fn there_are_no_more_places_than_twice_the_entries() {
        let index = StaticIndex::of_name(b"access-control-allow-origin").unwrap();
        let mut table = Table::new(4_096);
        for _ in 0..5_000 {
            table.insert(index.name(), b"", Nature::of_name(Some(index)));
        }
        let (entries, places) = (table.len(), table.places.capacity());
        assert_eq!(entries, 4_096 / (27 + 32));
        let most = table.most_places(table.octets.len() - table.evicted(), 2);
        assert!(places <= 2 * entries && 2 * entries < most, "{places}, {most}");
    }

    #[test]
    fn what_becomes_known_of_an_entry_stays_with_it() {
        let path = Nature::of_name(Some(StaticIndex::PATH));
        for (name, value, known) in [
            (&b":path"[..], &b"/a"[..], path),
            (b":path", b"/\0", path),
            (b"te", b"trailers", Nature::UNKNOWN),
            (b"age", b"1", Nature::UNKNOWN),
            (b"x-a", b"b\x7f", Nature::UNKNOWN),
            (b"X", b"", Nature::UNKNOWN),
        ] {
            let mut table = Table::new(4_096);
            table.insert(b"older", b"entry", Nature::UNKNOWN);
            table.insert(name, value, known);
            table.insert(b"newer", b"entry", Nature::UNKNOWN);
            let mut fields = Fields::new();
            let told = fields.push_entry(table.get(1).unwrap(), usize::MAX).expect("it was not judged");
            assert_eq!(told, Nature::UNKNOWN.judged(name, value));
            table.note(1, told);
            assert_eq!(fields.push_entry(table.get(1).unwrap(), usize::MAX), None);
            assert_eq!(fields, Fields::new().with(name, value).with(name, value));
            let natures: Vec<_> = fields.records().map(|record| (record.index, record.nature())).collect();
            assert_eq!(natures[0], natures[1], "{}", name.escape_ascii());
            assert!(table.iter().eq([(&b"newer"[..], &b"entry"[..]), (name, value), (b"older", b"entry")]));
        }
    }

    #[test]
    fn memory_comes_up_to_what_is_stated() {
        let mut table = Table::new(4_096);
        for octets in [40, 400] {
            for _ in 0..200 {
                table.insert(b"", &vec![b'x'; octets], Nature::UNKNOWN);
            }
            assert!((4_000..=4_096).contains(&table.memory_used()), "{octets}: {}", table.memory_used());
        }
    }

    #[test]
    fn what_a_smaller_table_does_not_need_is_given_back() {
        let mut table = Table::new(4_096);
        for nth in 0..100 {
            table.insert(b"name", &[nth; 10], Nature::UNKNOWN);
        }
        table.set_max(512);
        table.shrink_within(512);
        assert!(table.memory_used() <= 512);
        let newest: Vec<_> = (89..100).rev().map(|nth| vec![nth; 10]).collect();
        assert!(table.iter().eq(newest.iter().map(|value| (&b"name"[..], &value[..]))));
        table.insert(b"name", b"more", Nature::UNKNOWN);
        assert_eq!((table.len(), table.memory_used() <= 512), (11, true));
    }

    #[test]
    fn a_name_is_taken_with_its_entry_and_what_is_older() {
        let mut table = Table::new(4_096);
        for name in [&b"evicted"[..], b"old", b"long", b"new", b"newest"] {
            table.insert(name, b"value", Nature::UNKNOWN);
        }
        table.set_max(table.size() as u32 - 1);
        table.set_max(4_096);
        assert_eq!((table.evicted_places, table.len()), (1, 4), "a place in front is no entry's");
        assert_eq!(table.take_name(2), b"long");
        assert_eq!(table.iter().collect::<Vec<_>>(), [(&b"newest"[..], &b"value"[..]), (b"new", b"value")]);
        assert_eq!(table.size(), 6 + 3 + 2 * (5 + 32));
        table.insert(b"a", b"b", Nature::UNKNOWN);
        assert_eq!(table.take_name(0), b"a");
        assert_eq!(
            (table.len(), table.size(), table.memory_used() <= LEAST_ENTRIES * PLACE_OCTETS),
            (0, 0, true)
        );
        table.insert(b"a", b"b", Nature::UNKNOWN);
        assert_eq!(table.iter().next(), Some((&b"a"[..], &b"b"[..])));
    }

    #[test]
    fn positions_may_wrap() {
        let mut table = Table::new(4096);
        table.base = u32::MAX - 5;
        table.insert(b"first", b"field", Nature::UNKNOWN);
        table.insert(b"second", b"field", Nature::UNKNOWN);
        let entries = [(&b"second"[..], &b"field"[..]), (b"first", b"field")];
        assert_eq!(table.iter().collect::<Vec<_>>(), entries);
        table.set_max(43);
        assert_eq!(table.iter().collect::<Vec<_>>(), [(&b"second"[..], &b"field"[..])]);
    }

    proptest! {
        #[test]
        fn the_table_does_what_the_model_does(
            steps in prop::collection::vec((0usize..20, 0usize..120, any::<u8>(), prop::option::weighted(0.1, 0u32..600)), 1..100)
        ) {
            let (mut table, mut model) = (Table::new(500), Model(VecDeque::new(), 500));
            for (name, value, octet, max) in steps {
                if let Some(max) = max {
                    table.set_max(max);
                    model.set_max(max as usize);
                }
                // Some names are in the static table, as the encoder knows.
                let index = StaticIndex::new(octet.into());
                let (name, value) = (vec![octet; name], vec![!octet; value]);
                let name = index.map_or(&name[..], |index| index.name());
                table.insert(name, &value, Nature::of_name(index));
                model.insert(name, &value);
                let expected: Vec<_> = model.0.iter().map(|(name, value)| (&name[..], &value[..])).collect();
                prop_assert_eq!(table.iter().collect::<Vec<_>>(), expected);
                prop_assert!((table.len()..200).all(|nth| table.get(nth).is_none()));
                prop_assert_eq!(table.size(), model.size());
                prop_assert!(table.memory_used() <= 600);
            }
        }
    }
}
