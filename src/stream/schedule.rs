//! The order in which streams send (RFC 9218 §10): by urgency; those whose parts are of use as they come in turn, the
//! others one after the other.

use alloc::vec::Vec;

use super::list::{Key, Want};
use crate::growth::reserve_within;
use crate::id::StreamId;
use crate::priority::Priority;

/// The lists in which rank counts, as binary heaps. A stream is in one of them at most, and its place in it is known.
#[derive(Debug)]
pub(super) struct Schedule {
    /// By priority.
    send: Vec<Entry>,
    shared: Vec<Entry>,
    /// By what their own windows lack, least first.
    window: Vec<Entry>,
    /// Where in its heap the stream of each key is.
    places: Vec<u32>,
    /// Entries made so far.
    made: u64,
    /// As many streams as there can be.
    most: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) rank: Rank,
    pub(super) key: Key,
}

/// The lowest goes first. Two numbers of 32 bits, the higher one first, take less room than one of 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(u32, u32);

impl Rank {
    const LAST: Self = Self(u32::MAX, u32::MAX);

    /// RFC 9218 §10: streams that are not incremental come in the order of their identifiers; incremental ones share
    /// what those leave in the order in which they came for this turn.
    fn of_priority(id: StreamId, priority: Priority, made: u64) -> Self {
        let class = u64::from(priority.urgency()) << 1 | u64::from(priority.is_incremental());
        let order = if priority.is_incremental() { made } else { id.number().into() };
        let bits = class << CLASS_SHIFT | order;
        Self((bits >> u32::BITS) as u32, bits as u32)
    }

    /// Streams whose windows are the largest go first; `offset` is a window's distance from the base of all.
    fn of_window(id: StreamId, offset: i64) -> Self {
        let lack = MAX_OFFSET.saturating_sub(offset);
        Self(u32::try_from(lack).unwrap_or(u32::MAX), id.number())
    }
}

impl Schedule {
    pub(super) const fn new(most: usize) -> Self {
        Self { send: Vec::new(), shared: Vec::new(), window: Vec::new(), places: Vec::new(), made: 0, most }
    }

    /// Adds a stream to the heap of a list, or ranks it anew, if the list is one in which rank counts.
    pub(super) fn insert(&mut self, want: Want, key: Key, id: StreamId, priority: Priority, offset: i64) {
        let rank = match want {
            Want::Send | Want::Shared => {
                self.made = self.made.saturating_add(1);
                Rank::of_priority(id, priority, self.made)
            }
            Want::Window => Rank::of_window(id, offset),
            Want::Promise | Want::Open | Want::Orphan | Want::Update | Want::Notice => return,
        };
        self.remove(want, key);
        let most = self.most;
        let wanted = key.index().saturating_add(1);
        let more = wanted.saturating_sub(self.places.len());
        reserve_within(&mut self.places, more, most);
        self.places.resize(self.places.len().max(wanted), NOWHERE);
        let Some(mut heap) = self.heap(want) else { return };
        reserve_within(heap.entries, 1, most);
        let at = heap.entries.len();
        heap.entries.push(Entry { rank, key });
        heap.rise(at);
    }

    /// Takes a stream out of the heap of a list, if it is in.
    pub(super) fn remove(&mut self, want: Want, key: Key) {
        let Some(mut heap) = self.heap(want) else { return };
        let Some(place) = heap.places.get_mut(key.index()) else { return };
        let at = core::mem::replace(place, NOWHERE) as usize;
        if at >= heap.entries.len() {
            return;
        }
        heap.entries.swap_remove(at);
        if at < heap.entries.len() {
            // The last one has come here, from anywhere below or beside.
            heap.sink(at);
            heap.rise(at);
        }
    }

    /// The stream of a list that goes first.
    pub(super) fn first(&self, want: Want) -> Option<Entry> {
        match want {
            Want::Send => self.send.first(),
            Want::Shared => self.shared.first(),
            Want::Window => self.window.first(),
            Want::Promise | Want::Open | Want::Orphan | Want::Update | Want::Notice => None,
        }
        .copied()
    }

    /// Gives back the memory where nothing is listed.
    pub(super) fn release(&mut self) {
        *self = Self::new(self.most);
    }

    /// The heap memory in use, in octets.
    pub(super) fn memory_used(&self) -> usize {
        let entries = [&self.send, &self.shared, &self.window].map(Vec::capacity).iter().sum::<usize>();
        let places = self.places.capacity().saturating_mul(size_of::<u32>());
        entries.saturating_mul(size_of::<Entry>()).saturating_add(places)
    }

    /// The most that [`memory_used`](Self::memory_used) can be for so many streams.
    pub(super) const fn max_memory(streams: usize) -> usize {
        streams.saturating_mul(STREAM_OCTETS)
    }

    fn heap(&mut self, want: Want) -> Option<Heap<'_>> {
        let entries = match want {
            Want::Send => &mut self.send,
            Want::Shared => &mut self.shared,
            Want::Window => &mut self.window,
            Want::Promise | Want::Open | Want::Orphan | Want::Update | Want::Notice => return None,
        };
        Some(Heap { entries, places: &mut self.places })
    }
}

/// One of the heaps, to change it.
struct Heap<'s> {
    entries: &'s mut Vec<Entry>,
    places: &'s mut Vec<u32>,
}

impl Heap<'_> {
    /// Moves an entry up until its parent ranks lower.
    fn rise(&mut self, mut at: usize) {
        while let Some(parent) = at.checked_sub(1).map(|before| before / 2) {
            if self.rank(parent) <= self.rank(at) {
                break;
            }
            self.entries.swap(parent, at);
            self.settle(at);
            at = parent;
        }
        self.settle(at);
    }

    /// Moves an entry down until its children rank higher.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "an entry in memory has more than two octets, so twice its place fits"
    )]
    fn sink(&mut self, mut at: usize) {
        loop {
            let left = at * 2 + 1;
            let child = if self.rank(left + 1) < self.rank(left) { left + 1 } else { left };
            if self.rank(at) <= self.rank(child) {
                break;
            }
            self.entries.swap(at, child);
            self.settle(at);
            at = child;
        }
        self.settle(at);
    }

    /// The rank of an entry; behind the end there are the highest.
    fn rank(&self, at: usize) -> Rank {
        self.entries.get(at).map_or(Rank::LAST, |entry| entry.rank)
    }

    /// Notes where an entry is.
    fn settle(&mut self, at: usize) {
        let key = self.entries.get(at).map(|entry| entry.key.index());
        if let Some(place) = key.and_then(|index| self.places.get_mut(index)) {
            *place = u32::try_from(at).unwrap_or(NOWHERE);
        }
    }
}

/// An entry in each heap, and a place.
const STREAM_OCTETS: usize = 3 * size_of::<Entry>() + size_of::<u32>();

/// The bits below are enough for one entry each nanosecond over a lifetime.
const CLASS_SHIFT: u32 = 60;

/// No offset is above it (RFC 9113 §6.9.1), and none is as far below.
const MAX_OFFSET: i64 = 1 << 31;

/// The place of a stream that is not in the heap.
const NOWHERE: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    fn id(nth: usize) -> StreamId {
        StreamId::new(2 * nth as u32 + 1).unwrap()
    }

    fn priority(urgency: u8, incremental: u8) -> Priority {
        let new = if incremental == 0 { Priority::new } else { Priority::incremental };
        new(urgency).unwrap()
    }

    /// Against a plain list that is sorted each time.
    #[test]
    fn any_mix_of_changes_keeps_the_order() {
        let mut schedule = Schedule::new(100);
        let mut plain: Vec<(Rank, Key)> = Vec::new();
        let mut seed = 1_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..20_000 {
            let nth = random(40) as usize;
            let key = Key::from_index(nth);
            plain.retain(|(_, listed)| *listed != key);
            if random(3) == 0 {
                schedule.remove(Want::Send, key);
            } else {
                let priority = priority(random(8) as u8, random(2) as u8);
                schedule.insert(Want::Send, key, id(nth), priority, 0);
                plain.push((Rank::of_priority(id(nth), priority, schedule.made), key));
            }
            plain.sort_unstable_by_key(|(rank, _)| *rank);
            assert_eq!(schedule.first(Want::Send).map(|entry| entry.key), plain.first().map(|(_, key)| *key));
            assert_eq!(schedule.send.len(), plain.len());
        }
    }

    #[test]
    fn the_memory_of_a_schedule_comes_up_to_what_is_stated_and_is_given_back() {
        let mut schedule = Schedule::new(100);
        for want in [Want::Send, Want::Shared, Want::Window] {
            for nth in 0..100 {
                schedule.insert(want, Key::from_index(nth), id(nth), Priority::DEFAULT, 0);
                assert!(schedule.memory_used() <= Schedule::max_memory(100));
            }
            for nth in 0..100 {
                schedule.remove(want, Key::from_index(nth));
            }
        }
        assert_eq!(schedule.memory_used(), Schedule::max_memory(100));
        schedule.release();
        assert_eq!(schedule.memory_used(), 0);
    }

    #[test]
    fn urgency_goes_before_identifiers_and_those_before_turns() {
        let mut schedule = Schedule::new(100);
        let streams = [(3, 1), (3, 0), (7, 0), (0, 1), (3, 1), (3, 0), (0, 0)];
        for (nth, (urgency, incremental)) in streams.into_iter().enumerate().rev() {
            schedule.insert(Want::Send, Key::from_index(nth), id(nth), priority(urgency, incremental), 0);
        }
        let order: Vec<usize> = core::iter::from_fn(|| {
            let key = schedule.first(Want::Send)?.key;
            schedule.remove(Want::Send, key);
            Some(key.index())
        })
        .collect();
        assert_eq!(order, [6, 3, 1, 5, 4, 0, 2]);
    }
}
