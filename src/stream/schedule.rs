//! The order in which streams send (RFC 9218 §10): by urgency; those whose parts are of use as they come in turn, the
//! others one after the other.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::list::{Key, Want};
use crate::growth::{reserve_many_within, reserve_ring_within};
use crate::id::StreamId;
use crate::priority::Priority;

/// The lists in which rank counts. A stream is in one of them at most, and its place in it is known.
#[derive(Debug)]
pub(super) struct Schedule {
    /// By priority.
    send: Ranked,
    shared: Ranked,
    /// By what their own windows lack, least first.
    window: Ranked,
    places: Places,
    /// Entries made so far.
    made: u64,
    /// As many streams as there can be.
    most: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RankedKey {
    pub(super) rank: Rank,
    pub(super) key: Key,
}

/// The lowest goes first. Two numbers of 32 bits, the lower one first, take less room than one of 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rank(u32, u32);

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bits().cmp(&other.bits())
    }
}

impl Rank {
    const LAST: Self = Self::new(u64::MAX);

    const fn new(bits: u64) -> Self {
        Self(bits as u32, (bits >> u32::BITS) as u32)
    }

    const fn bits(self) -> u64 {
        (self.1 as u64) << u32::BITS | self.0 as u64
    }

    /// RFC 9218 §10: streams that are not incremental come in the order of their identifiers; incremental ones share
    /// what those leave in the order in which they came for this turn.
    fn of_priority(id: StreamId, priority: Priority, made: u64) -> Self {
        let class = u64::from(priority.urgency()) << 1 | u64::from(priority.is_incremental());
        let order = if priority.is_incremental() { made } else { id.number().into() };
        Self::new(class << CLASS_SHIFT | order)
    }

    /// Streams whose windows are the largest go first; `offset` is a window's distance from the base of all.
    fn of_window(id: StreamId, offset: i64) -> Self {
        let lack = MAX_OFFSET.saturating_sub(offset);
        Self(id.number(), u32::try_from(lack).unwrap_or(u32::MAX))
    }
}

impl Schedule {
    pub(super) const fn new(most: usize) -> Self {
        Self {
            send: Ranked::new(),
            shared: Ranked::new(),
            window: Ranked::new(),
            places: Places(Vec::new()),
            made: 0,
            most,
        }
    }

    /// Ranks a stream in a list that it is not in yet, if the list is one in which rank counts.
    #[inline]
    pub(super) fn insert(&mut self, want: Want, key: Key, id: StreamId, priority: Priority, offset: i64) {
        let (ranked, rank) = match want {
            Want::Send | Want::Shared => {
                self.made = self.made.saturating_add(1);
                let ranked = if want == Want::Send { &mut self.send } else { &mut self.shared };
                (ranked, Rank::of_priority(id, priority, self.made))
            }
            Want::Window => (&mut self.window, Rank::of_window(id, offset)),
            Want::Promise | Want::Open | Want::Orphan | Want::Update | Want::Notice => return,
        };
        self.places.make_room(key, self.most);
        ranked.insert(RankedKey { rank, key }, &mut self.places, self.most);
    }

    /// Takes a stream out of a list in which rank counts, if it is in.
    #[inline]
    pub(super) fn remove(&mut self, want: Want, key: Key) {
        let ranked = match want {
            Want::Send => &mut self.send,
            Want::Shared => &mut self.shared,
            Want::Window => &mut self.window,
            Want::Promise | Want::Open | Want::Orphan | Want::Update | Want::Notice => return,
        };
        ranked.remove(key, &mut self.places);
    }

    /// The stream of a list that goes first.
    pub(super) fn first(&self, want: Want) -> Option<RankedKey> {
        match want {
            Want::Send => self.send.entries.front(),
            Want::Shared => self.shared.entries.front(),
            Want::Window => self.window.entries.front(),
            Want::Promise | Want::Open | Want::Orphan | Want::Update | Want::Notice => None,
        }
        .copied()
    }

    /// Takes the stream out of a list that goes first.
    #[inline]
    pub(super) fn pop(&mut self, want: Want) -> Option<Key> {
        let ranked = match want {
            Want::Send => &mut self.send,
            Want::Shared => &mut self.shared,
            Want::Window => &mut self.window,
            Want::Promise | Want::Open | Want::Orphan | Want::Update | Want::Notice => return None,
        };
        ranked.pop(&mut self.places)
    }

    /// Gives back the memory where nothing is listed.
    pub(super) fn release_memory(&mut self) {
        *self = Self::new(self.most);
    }

    /// The heap memory in use, in octets.
    pub(super) fn memory_used(&self) -> usize {
        let all = [&self.send, &self.shared, &self.window];
        let entries: usize = all.map(|ranked| ranked.entries.capacity()).iter().sum();
        let places = self.places.0.capacity().saturating_mul(size_of::<u32>());
        entries.saturating_mul(size_of::<RankedKey>()).saturating_add(places)
    }

    /// The most that [`memory_used`](Self::memory_used) can be for so many streams.
    pub(super) const fn max_memory(streams: usize) -> usize {
        streams.saturating_mul(STREAM_OCTETS)
    }
}

/// One list by rank: a ring in order as long as streams come at its ends or near its front and leave from there, which
/// is the rule; a binary heap from the first time on that one leaves from between or comes there, until all but one have
/// left.
#[derive(Debug)]
struct Ranked {
    entries: VecDeque<RankedKey>,
    shape: Shape,
    /// The place of the first entry. Places go up by one from it, modulo 2^32.
    base: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Entries are in order, which makes a heap of them, too.
    Sorted,
    Heap,
}

impl Ranked {
    const fn new() -> Self {
        Self { entries: VecDeque::new(), shape: Shape::Sorted, base: 0 }
    }

    fn insert(&mut self, entry: RankedKey, places: &mut Places, most: usize) {
        reserve_ring_within(&mut self.entries, 1, most);
        if self.shape == Shape::Sorted && self.entries.back().is_some_and(|last| entry.rank < last.rank) {
            return self.insert_from_front(entry, places);
        }
        let at = self.entries.len();
        self.entries.push_back(entry);
        match self.shape {
            Shape::Sorted => places.set(entry.key, self.place(at)),
            Shape::Heap => self.rise(at, places),
        }
    }

    /// Adds an entry before the last one, and in order if its place is near the front.
    fn insert_from_front(&mut self, entry: RankedKey, places: &mut Places) {
        self.entries.push_front(entry);
        self.base = self.base.wrapping_sub(1);
        let mut at: usize = 0;
        loop {
            let behind = at.saturating_add(1);
            if entry.rank <= self.rank(behind) {
                return self.settle(at, places);
            }
            if at == NEAR {
                self.shape = Shape::Heap;
                return self.sink(at, places);
            }
            self.entries.swap(at, behind);
            self.settle(at, places);
            at = behind;
        }
    }

    /// Takes a stream out, if it is in.
    fn remove(&mut self, key: Key, places: &mut Places) {
        let at = places.of(key).wrapping_sub(self.base) as usize;
        if self.entries.get(at).is_none_or(|entry| entry.key != key) {
            return;
        }
        if at == 0 {
            self.pop(places);
        } else if self.shape == Shape::Sorted && at <= NEAR {
            self.close_up(at, places);
        } else {
            self.take_out(at, places);
        }
    }

    /// Takes out an entry behind a few, which move up to it: the order stays, and so do the others.
    fn close_up(&mut self, at: usize, places: &mut Places) {
        for before in (0..at).rev() {
            let behind = before.saturating_add(1);
            self.entries.swap(before, behind);
            self.settle(behind, places);
        }
        self.entries.pop_front();
        self.base = self.base.wrapping_add(1);
    }

    /// Takes out the stream that goes first.
    #[inline]
    fn pop(&mut self, places: &mut Places) -> Option<Key> {
        match self.shape {
            Shape::Sorted => {
                let first = self.entries.pop_front()?;
                self.base = self.base.wrapping_add(1);
                Some(first.key)
            }
            Shape::Heap => {
                let key = self.entries.front()?.key;
                self.take_out(0, places);
                Some(key)
            }
        }
    }

    fn take_out(&mut self, at: usize, places: &mut Places) {
        self.entries.swap_remove_back(at);
        if at < self.entries.len() {
            // The last one has come here, from anywhere below or beside.
            self.shape = Shape::Heap;
            self.sink(at, places);
            self.rise(at, places);
        }
        if self.entries.len() <= 1 {
            self.shape = Shape::Sorted;
        }
    }

    /// Moves an entry up until its parent ranks lower.
    fn rise(&mut self, mut at: usize, places: &mut Places) {
        while let Some(parent) = at.checked_sub(1).map(|before| before / 2) {
            if self.rank(parent) <= self.rank(at) {
                break;
            }
            self.entries.swap(parent, at);
            self.settle(at, places);
            at = parent;
        }
        self.settle(at, places);
    }

    /// Moves an entry down until its children rank higher.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "an entry in memory has more than two octets, so twice its place fits"
    )]
    fn sink(&mut self, mut at: usize, places: &mut Places) {
        loop {
            let left = at * 2 + 1;
            let child = if self.rank(left + 1) < self.rank(left) { left + 1 } else { left };
            if self.rank(at) <= self.rank(child) {
                break;
            }
            self.entries.swap(at, child);
            self.settle(at, places);
            at = child;
        }
        self.settle(at, places);
    }

    /// The rank of an entry; behind the end there are the highest.
    fn rank(&self, at: usize) -> Rank {
        self.entries.get(at).map_or(Rank::LAST, |entry| entry.rank)
    }

    /// Notes where an entry is.
    fn settle(&self, at: usize, places: &mut Places) {
        if let Some(entry) = self.entries.get(at) {
            places.set(entry.key, self.place(at));
        }
    }

    /// There are fewer than 2^32 streams.
    const fn place(&self, at: usize) -> u32 {
        self.base.wrapping_add(at as u32)
    }
}

/// Where the stream of each key was put last. That it is still there its entry tells.
#[derive(Debug)]
struct Places(Vec<u32>);

impl Places {
    fn make_room(&mut self, key: Key, most: usize) {
        if self.0.get(key.index()).is_none() {
            let wanted = key.index().saturating_add(1);
            let more = wanted.saturating_sub(self.0.len());
            reserve_many_within(&mut self.0, more, most);
            self.0.resize(self.0.capacity(), 0);
        }
    }

    fn of(&self, key: Key) -> u32 {
        self.0.get(key.index()).copied().unwrap_or_default()
    }

    fn set(&mut self, key: Key, new: u32) {
        if let Some(place) = self.0.get_mut(key.index()) {
            *place = new;
        }
    }
}

/// Behind so many entries at the front, one comes and leaves without disorder. Now and then it is the turn of the
/// stream that has waited longest: it ranks next to one that has only its trailers left.
const NEAR: usize = 4;

/// An entry in each list, and a place.
const STREAM_OCTETS: usize = 3 * size_of::<RankedKey>() + size_of::<u32>();

/// The bits below are enough for one entry each nanosecond over a lifetime.
const CLASS_SHIFT: u32 = 60;

/// No offset is above it (RFC 9113 §6.9.1), and none is as far below.
const MAX_OFFSET: i64 = 1 << 31;

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

    /// Numbers below others that look like any.
    fn random() -> impl FnMut(u64) -> u64 {
        let mut seed = 1_u64;
        move |below| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        }
    }

    /// Against a plain list that is sorted each time.
    #[test]
    fn any_mix_of_changes_keeps_the_order() {
        for streams in [2, 4, 40] {
            check_mix_of_changes(streams);
        }
    }

    fn check_mix_of_changes(streams: u64) {
        let mut schedule = Schedule::new(100);
        let mut plain: Vec<(Rank, Key)> = Vec::new();
        let mut random = random();
        for _ in 0..20_000 {
            let nth = random(streams) as usize;
            let key = Key::from_index(nth);
            plain.retain(|(_, listed)| *listed != key);
            schedule.remove(Want::Send, key);
            if random(3) > 0 {
                let priority = priority(random(8) as u8, random(2) as u8);
                schedule.insert(Want::Send, key, id(nth), priority, 0);
                plain.push((Rank::of_priority(id(nth), priority, schedule.made), key));
            }
            plain.sort_unstable_by_key(|(rank, _)| *rank);
            assert_eq!(schedule.first(Want::Send).map(|entry| entry.key), plain.first().map(|(_, key)| *key));
            assert_eq!(schedule.send.entries.len(), plain.len());
        }
    }

    /// What comes at the ends of a list and leaves from them, as round robin does, moves nothing else.
    #[test]
    fn a_list_stays_sorted_while_streams_come_at_its_ends_and_leave_from_them() {
        let mut schedule = Schedule::new(100);
        let turn = priority(3, 1);
        (0..10).for_each(|nth| schedule.insert(Want::Send, Key::from_index(nth), id(nth), turn, 0));
        for nth in (0..10).cycle().take(1_000) {
            let key = schedule.first(Want::Send).unwrap().key;
            assert_eq!(key.index(), nth);
            schedule.remove(Want::Send, key);
            let urgent = Key::from_index(10);
            schedule.insert(Want::Send, urgent, id(10), priority(0, 0), 0);
            assert_eq!(schedule.first(Want::Send).unwrap().key, urgent);
            schedule.remove(Want::Send, urgent);
            schedule.insert(Want::Send, key, id(nth), turn, 0);
            assert_eq!(schedule.send.shape, Shape::Sorted);
        }
        schedule.remove(Want::Send, Key::from_index(NEAR));
        let keys: Vec<usize> = schedule.send.entries.iter().map(|entry| entry.key.index()).collect();
        assert_eq!((schedule.send.shape, &keys[..]), (Shape::Sorted, &[0, 1, 2, 3, 5, 6, 7, 8, 9][..]));
        schedule.remove(Want::Send, Key::from_index(keys[NEAR + 1]));
        assert_eq!(schedule.send.shape, Shape::Heap);
        (1..10).for_each(|nth| schedule.remove(Want::Send, Key::from_index(nth)));
        assert_eq!((schedule.send.shape, schedule.send.entries.len()), (Shape::Sorted, 1));
    }

    /// Whether they came in order or not.
    #[test]
    fn streams_leave_by_rank() {
        let mut random = random();
        for streams in 1..40 {
            let mut schedule = Schedule::new(100);
            let mut plain = Vec::new();
            for nth in 0..streams {
                let (key, priority) = (Key::from_index(nth), priority(random(8) as u8, 1));
                schedule.insert(Want::Shared, key, id(nth), priority, 0);
                plain.push((Rank::of_priority(id(nth), priority, schedule.made), key));
            }
            plain.sort_unstable_by_key(|(rank, _)| *rank);
            let left: Vec<Key> = core::iter::from_fn(|| schedule.pop(Want::Shared)).collect();
            assert!(left.into_iter().eq(plain.into_iter().map(|(_, key)| key)));
        }
    }

    #[test]
    fn a_stream_that_comes_between_others_leaves_between_them() {
        let streams = 30;
        for before in 0..=streams {
            let mut schedule = Schedule::new(100);
            let mut insert =
                |nth| schedule.insert(Want::Send, Key::from_index(nth), id(nth), Priority::DEFAULT, 0);
            (0..streams).for_each(|nth| insert(2 * nth + 1));
            insert(2 * before);
            let is_sorted = before <= NEAR || before == streams;
            assert_eq!(schedule.send.shape == Shape::Sorted, is_sorted, "{before}");
            let left: Vec<usize> =
                core::iter::from_fn(|| schedule.pop(Want::Send)).map(|key| key.index()).collect();
            assert!(left.is_sorted() && left.len() == streams + 1, "{before}: {left:?}");
        }
    }

    #[test]
    fn a_stream_leaves_no_list_that_it_is_not_in() {
        let mut schedule = Schedule::new(100);
        let keys = [0, 1].map(Key::from_index);
        schedule.remove(Want::Send, keys[0]);
        schedule.insert(Want::Send, keys[0], id(0), Priority::DEFAULT, 0);
        schedule.remove(Want::Window, keys[0]);
        schedule.remove(Want::Send, keys[1]);
        assert_eq!(schedule.first(Want::Send).map(|entry| entry.key), Some(keys[0]));
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
        schedule.release_memory();
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
