//! From stream identifiers to records, and what is remembered of streams that are gone.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::list::Key;
use crate::growth::{reserve_many_within, reserve_ring_within};
use crate::id::StreamId;

/// The live streams of one initiator.
///
/// Identifiers only rise, so the entries stay sorted by appending, and a look-up is a binary search. A removed
/// stream leaves an empty entry behind; once half of the entries are empty they are swept out, which costs each
/// removal a constant amount on average and needs no memory of its own.
#[derive(Debug)]
pub(super) struct Index {
    entries: Vec<(StreamId, Option<Key>)>,
    live: usize,
}

impl Index {
    pub(super) const fn new() -> Self {
        Self { entries: Vec::new(), live: 0 }
    }

    /// The most that [`memory_used`](Self::memory_used) can be for so many streams.
    pub(super) const fn max_memory(streams: usize) -> usize {
        most_entries(streams).saturating_mul(size_of::<(StreamId, Option<Key>)>())
    }

    /// Gives back the memory where there is no stream.
    pub(super) fn release_memory(&mut self) {
        *self = Self::new();
    }

    /// Adds a stream whose identifier is above all earlier ones, where there can be so many at `most`.
    pub(super) fn push(&mut self, id: StreamId, key: Key, most: usize) {
        debug_assert!(self.entries.last().is_none_or(|&(last, _)| last < id), "identifiers rise");
        reserve_many_within(&mut self.entries, 1, most_entries(most));
        self.entries.push((id, Some(key)));
        self.live = self.live.saturating_add(1);
    }

    pub(super) fn find(&self, id: StreamId) -> Option<Key> {
        self.entries.get(self.position(id)?)?.1
    }

    /// Where an identifier stands.
    fn position(&self, id: StreamId) -> Option<usize> {
        let likely = likely_position(id, self.entries.last()?.0, self.entries.len());
        match likely.and_then(|at| self.entries.get(at)) {
            Some(&(found, _)) if found == id => likely,
            Some(_) | None => self.entries.binary_search_by_key(&id, |&(id, _)| id).ok(),
        }
    }

    #[inline]
    pub(super) fn remove(&mut self, id: StreamId) {
        let found = self.position(id);
        let Some((_, key)) = found.and_then(|at| self.entries.get_mut(at)) else { return };
        if key.take().is_some() {
            self.live = self.live.saturating_sub(1);
        }
        while self.entries.last().is_some_and(|(_, key)| key.is_none()) {
            self.entries.pop();
        }
        if self.entries.len() > self.live.saturating_mul(2).saturating_add(SWEEP_SLACK) {
            self.entries.retain(|(_, key)| key.is_some());
        }
    }

    /// How many streams there are.
    pub(super) const fn len(&self) -> usize {
        self.live
    }

    /// The stream with the highest identifier.
    pub(super) fn last(&self) -> Option<(StreamId, Key)> {
        self.entries.last().and_then(|&(id, key)| Some((id, key?)))
    }

    pub(super) fn memory_used(&self) -> usize {
        self.entries.capacity().saturating_mul(size_of::<(StreamId, Option<Key>)>())
    }
}

/// Where an identifier stands among `count` ascending ones if none of its initiator is left out, as is the rule.
fn likely_position(id: StreamId, last: StreamId, count: usize) -> Option<usize> {
    let behind = last.number().checked_sub(id.number())? / 2;
    count.checked_sub(1)?.checked_sub(behind as usize)
}

/// How a stream that is gone ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By RST_STREAM of ours: anything may still be on its way from the peer (RFC 9113 §5.1).
    Reset,
    /// Otherwise: the peer knows that it is over.
    Finished,
    /// It is forgotten, and may have been reset by us.
    Forgotten,
    /// It never was: a later stream closed it implicitly (RFC 9113 §5.1.1), unless it ended long ago.
    Unknown,
}

impl Ending {
    /// Whether the peer may have sent frames on the stream before it knew of the end.
    pub(crate) const fn allows_late_frames(self) -> bool {
        match self {
            Self::Reset | Self::Forgotten => true,
            Self::Finished | Self::Unknown => false,
        }
    }
}

/// The endings of the streams with the highest identifiers, up to a number and in their order; for the others, the
/// identifiers up to which resets were forgotten.
#[derive(Debug)]
pub(super) struct Endings {
    highest: VecDeque<Remembered>,
    capacity: usize,
    forgotten: Option<StreamId>,
}

impl Endings {
    pub(super) const fn new(capacity: usize) -> Self {
        Self { highest: VecDeque::new(), capacity, forgotten: None }
    }

    /// The most that [`memory_used`](Self::memory_used) can be.
    pub(super) const fn max_memory(capacity: usize) -> usize {
        capacity.saturating_add(1).saturating_mul(size_of::<Remembered>())
    }

    /// A stream has ended, by a reset of ours or otherwise.
    #[inline]
    pub(super) fn remember(&mut self, id: StreamId, ending: Ending) {
        reserve_ring_within(&mut self.highest, 1, self.capacity.saturating_add(1));
        let new = Remembered::new(id, ending);
        match self.highest.back() {
            Some(&last) if last > new => self.insert_below(new),
            Some(_) | None => self.highest.push_back(new),
        }
        if self.highest.len() > self.capacity {
            if let Some(lowest) = self.highest.pop_front() {
                self.forget(lowest);
            }
        }
    }

    fn insert_below(&mut self, new: Remembered) {
        self.highest.insert(self.highest.partition_point(|&remembered| remembered < new), new);
    }

    fn forget(&mut self, lowest: Remembered) {
        if lowest.ending() == Ending::Reset {
            self.forgotten = self.forgotten.max(lowest.id());
        }
    }

    pub(super) fn of(&self, id: StreamId) -> Ending {
        match self.find(id) {
            Some(remembered) => remembered.ending(),
            None if Some(id) <= self.forgotten => Ending::Forgotten,
            None => Ending::Unknown,
        }
    }

    fn find(&self, id: StreamId) -> Option<Remembered> {
        let likely = likely_position(id, self.highest.back()?.id()?, self.highest.len());
        let likely = likely.and_then(|at| self.highest.get(at)).filter(|likely| likely.id() == Some(id));
        likely.copied().or_else(|| self.search(id))
    }

    fn search(&self, id: StreamId) -> Option<Remembered> {
        let (lower, higher) = self.highest.as_slices();
        let is_higher = higher.first().is_some_and(|first| first.id() <= Some(id));
        let part = if is_higher { higher } else { lower };
        let least = Remembered::new(id, Ending::Finished);
        let at = part.partition_point(|&remembered| remembered < least);
        part.get(at).copied().filter(|remembered| remembered.id() == Some(id))
    }

    pub(super) fn memory_used(&self) -> usize {
        self.highest.capacity().saturating_mul(size_of::<Remembered>())
    }
}

/// An identifier of 31 bits, and below it whether we have reset the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Remembered(u32);

impl Remembered {
    fn new(id: StreamId, ending: Ending) -> Self {
        Self(id.number() << 1 | u32::from(ending == Ending::Reset))
    }

    fn id(self) -> Option<StreamId> {
        StreamId::new(self.0 >> 1)
    }

    const fn ending(self) -> Ending {
        if self.0 & 1 == 1 { Ending::Reset } else { Ending::Finished }
    }
}

/// As many entries as so many streams can have, the one that causes a sweep included.
const fn most_entries(streams: usize) -> usize {
    streams.saturating_mul(2).saturating_add(SWEEP_SLACK + 1)
}

/// Empty entries that are not worth a sweep.
const SWEEP_SLACK: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> StreamId {
        StreamId::new(number).unwrap()
    }

    #[test]
    fn an_index_finds_what_is_live_and_stays_small() {
        let mut index = Index::new();
        for number in (1..2_000).step_by(2) {
            index.push(id(number), Key::from_index(number as usize), 1_000);
            if number > 20 && number % 10 != 1 {
                index.remove(id(number - 20));
            }
        }
        let live: Vec<u32> =
            (1..2_000).step_by(2).filter(|&number| index.find(id(number)).is_some()).collect();
        assert_eq!(live.len(), index.len());
        assert!(index.entries.len() <= 2 * index.len() + SWEEP_SLACK);
        assert_eq!(index.last(), Some((id(1_999), Key::from_index(1_999))));
        for &number in &live {
            assert_eq!(index.find(id(number)), Some(Key::from_index(number as usize)));
        }
        for number in live {
            index.remove(id(number));
        }
        assert_eq!((index.len(), index.last(), index.entries.len()), (0, None, 0));
    }

    #[test]
    fn where_no_identifier_is_left_out_each_is_found_at_the_first_look() {
        for initiator in [1, 2] {
            let of = |nth: usize| id(2 * nth as u32 + initiator);
            for at in 0..10 {
                assert_eq!(likely_position(of(20 + at), of(29), 10), Some(at));
            }
            assert_eq!(likely_position(of(19), of(29), 10), None, "gone");
            assert_eq!(likely_position(of(30), of(29), 10), None, "not there yet");
        }
    }

    #[test]
    fn empty_entries_are_swept_out_only_once_they_are_too_many() {
        let mut index = Index::new();
        for nth in 0..100 {
            index.push(id(2 * nth + 1), Key::from_index(nth as usize), 100);
        }
        for nth in 0..58 {
            index.remove(id(2 * nth + 1));
            assert_eq!(index.entries.len(), 100, "42 are live or more");
        }
        index.remove(id(2 * 58 + 1));
        assert_eq!(index.entries.len(), 41);
    }

    #[test]
    fn the_memory_of_an_index_comes_up_to_what_is_stated_and_is_given_back() {
        let mut index = Index::new();
        for nth in 0..1_000 {
            if nth >= 100 {
                // The oldest but one: an entry that stays empty behind it.
                index.remove(id(2 * (nth - 99) + 1));
            }
            index.push(id(2 * nth + 1), Key::from_index(nth as usize), 100);
            assert!(index.memory_used() <= Index::max_memory(100));
        }
        assert_eq!(index.memory_used(), Index::max_memory(100));
        index.release_memory();
        assert_eq!(index.memory_used(), 0);
    }

    #[test]
    fn the_memory_of_endings_comes_up_to_what_is_stated() {
        let mut endings = Endings::new(10);
        assert_eq!(endings.memory_used(), 0);
        for nth in 0..100 {
            endings.remember(id(2 * nth + 1), Ending::Finished);
            assert!(endings.memory_used() <= Endings::max_memory(10));
        }
        assert_eq!(endings.memory_used(), Endings::max_memory(10));
    }

    #[test]
    fn endings_are_remembered_up_to_a_number() {
        let mut endings = Endings::new(2);
        endings.remember(id(1), Ending::Finished);
        endings.remember(id(3), Ending::Reset);
        endings.remember(id(7), Ending::Finished);
        assert_eq!(endings.of(id(1)), Ending::Unknown);
        assert_eq!(endings.of(id(3)), Ending::Reset);
        endings.remember(id(9), Ending::Reset);
        assert_eq!(endings.of(id(3)), Ending::Forgotten);
        assert_eq!(endings.of(id(1)), Ending::Forgotten);
        assert_eq!(endings.of(id(5)), Ending::Unknown);
        assert_eq!(endings.of(id(7)), Ending::Finished);
    }

    #[test]
    fn endings_are_found_wherever_the_ring_begins() {
        let ending = |number| if number % 3 == 0 { Ending::Reset } else { Ending::Finished };
        let mut endings = Endings::new(5);
        for newest in 1..100 {
            endings.remember(id(newest), ending(newest));
            for number in newest.saturating_sub(4).max(1)..=newest {
                assert_eq!(endings.of(id(number)), ending(number), "{number} of {newest}");
            }
        }
    }

    #[test]
    fn endings_out_of_order_push_out_the_lowest() {
        let mut endings = Endings::new(3);
        for number in [9, 5, 11, 7] {
            endings.remember(id(number), Ending::Reset);
        }
        endings.remember(id(3), Ending::Finished);
        let remembered = [3, 5, 7, 9, 11].map(|number| endings.of(id(number)));
        let [forgotten, reset] = [Ending::Forgotten, Ending::Reset];
        assert_eq!(remembered, [forgotten, forgotten, reset, reset, reset]);
    }
}
