//! The order in which streams send (RFC 9218 §10): by urgency; those whose parts are of use as they come in turn, the
//! others one after the other.

use alloc::vec::Vec;

use super::list::{Key, Want};
use crate::growth::reserve_within;
use crate::id::StreamId;
use crate::priority::Priority;

/// The lists in which rank counts.
#[derive(Debug)]
pub(super) struct Schedules {
    send: Schedule,
    shared: Schedule,
}

impl Schedules {
    pub(super) const fn new(most: usize) -> Self {
        Self { send: Schedule::new(most), shared: Schedule::new(most) }
    }

    /// The most that [`memory_used`](Self::memory_used) can be for so many streams.
    pub(super) const fn max_memory(streams: usize) -> usize {
        streams.saturating_mul(2 * (size_of::<Entry>() + size_of::<u32>()))
    }

    /// Gives back the memory where nothing is listed.
    pub(super) fn release(&mut self) {
        *self = Self::new(self.send.most);
    }

    pub(super) const fn of(&self, want: Want) -> Option<&Schedule> {
        match want {
            Want::Send => Some(&self.send),
            Want::Shared => Some(&self.shared),
            Want::Promise | Want::Open | Want::Window | Want::Orphan | Want::Update | Want::Notice => None,
        }
    }

    pub(super) const fn of_mut(&mut self, want: Want) -> Option<&mut Schedule> {
        match want {
            Want::Send => Some(&mut self.send),
            Want::Shared => Some(&mut self.shared),
            Want::Promise | Want::Open | Want::Window | Want::Orphan | Want::Update | Want::Notice => None,
        }
    }

    pub(super) fn memory_used(&self) -> usize {
        self.send.memory_used().saturating_add(self.shared.memory_used())
    }
}

/// Streams by rank: a binary heap that knows the place of each.
#[derive(Debug)]
pub(super) struct Schedule {
    heap: Vec<Entry>,
    /// Where in the heap the stream of each key is.
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

/// The lowest goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(u64);

impl Rank {
    /// RFC 9218 §10: streams that are not incremental come in the order of their identifiers; incremental ones share
    /// what those leave in the order in which they came for this turn.
    fn new(id: StreamId, priority: Priority, made: u64) -> Self {
        let class = u64::from(priority.urgency()) << 1 | u64::from(priority.is_incremental());
        let order = if priority.is_incremental() { made } else { id.number().into() };
        Self(class << CLASS_SHIFT | order)
    }
}

impl Schedule {
    const fn new(most: usize) -> Self {
        Self { heap: Vec::new(), places: Vec::new(), made: 0, most }
    }

    /// Adds a stream, or ranks it anew.
    pub(super) fn insert(&mut self, key: Key, id: StreamId, priority: Priority) {
        self.remove(key);
        self.made = self.made.saturating_add(1);
        if self.places.len() <= key.index() {
            let wanted = key.index() + 1;
            let more = wanted.saturating_sub(self.places.len());
            reserve_within(&mut self.places, more, self.most);
            self.places.resize(wanted, NOWHERE);
        }
        let at = self.heap.len();
        reserve_within(&mut self.heap, 1, self.most);
        self.heap.push(Entry { rank: Rank::new(id, priority, self.made), key });
        self.rise(at);
    }

    /// Takes a stream out, if it is in.
    pub(super) fn remove(&mut self, key: Key) {
        let Some(place) = self.places.get_mut(key.index()) else { return };
        let at = core::mem::replace(place, NOWHERE) as usize;
        if at >= self.heap.len() {
            return;
        }
        self.heap.swap_remove(at);
        if at < self.heap.len() {
            // The last one has come here, from anywhere below or beside.
            self.sink(at);
            self.rise(at);
        }
    }

    /// The stream that goes first.
    pub(super) fn first(&self) -> Option<Entry> {
        self.heap.first().copied()
    }

    fn memory_used(&self) -> usize {
        let heap = self.heap.capacity().saturating_mul(size_of::<Entry>());
        heap.saturating_add(self.places.capacity().saturating_mul(size_of::<u32>()))
    }

    /// Moves an entry up until its parent ranks lower.
    fn rise(&mut self, mut at: usize) {
        while let Some(parent) = at.checked_sub(1).map(|before| before / 2) {
            if self.rank(parent) <= self.rank(at) {
                break;
            }
            self.heap.swap(parent, at);
            self.settle(at);
            at = parent;
        }
        self.settle(at);
    }

    /// Moves an entry down until its children rank higher.
    fn sink(&mut self, mut at: usize) {
        loop {
            let left = at * 2 + 1;
            let child = if self.rank(left + 1) < self.rank(left) { left + 1 } else { left };
            if self.rank(at) <= self.rank(child) {
                break;
            }
            self.heap.swap(at, child);
            self.settle(at);
            at = child;
        }
        self.settle(at);
    }

    /// The rank of an entry; behind the end there are the highest.
    fn rank(&self, at: usize) -> Rank {
        self.heap.get(at).map_or(Rank(u64::MAX), |entry| entry.rank)
    }

    /// Notes where an entry is.
    fn settle(&mut self, at: usize) {
        let key = self.heap.get(at).map(|entry| entry.key.index());
        if let Some(place) = key.and_then(|index| self.places.get_mut(index)) {
            *place = u32::try_from(at).unwrap_or(NOWHERE);
        }
    }
}

/// The bits below are enough for one entry each nanosecond over a lifetime.
const CLASS_SHIFT: u32 = 60;

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
                schedule.remove(key);
            } else {
                let priority = priority(random(8) as u8, random(2) as u8);
                schedule.insert(key, id(nth), priority);
                plain.push((Rank::new(id(nth), priority, schedule.made), key));
            }
            plain.sort_unstable_by_key(|(rank, _)| *rank);
            assert_eq!(schedule.first().map(|entry| entry.key), plain.first().map(|(_, key)| *key));
            assert_eq!(schedule.heap.len(), plain.len());
        }
    }

    #[test]
    fn urgency_goes_before_identifiers_and_those_before_turns() {
        let mut schedule = Schedule::new(100);
        let streams = [(3, 1), (3, 0), (7, 0), (0, 1), (3, 1), (3, 0), (0, 0)];
        for (nth, (urgency, incremental)) in streams.into_iter().enumerate().rev() {
            schedule.insert(Key::from_index(nth), id(nth), priority(urgency, incremental));
        }
        let order: Vec<usize> = core::iter::from_fn(|| {
            let key = schedule.first()?.key;
            schedule.remove(key);
            Some(key.index())
        })
        .collect();
        assert_eq!(order, [6, 3, 1, 5, 4, 0, 2]);
    }
}
