//! All streams of a connection: their records, by identifier and by what they want.

mod wants;

use alloc::vec::Vec;

use super::index::{Ending, Endings, Index};
use super::list::{Key, Lists};
use super::queue::Queues;
use super::record::{Activity, StreamRecord};
use super::schedule::Schedule;
use crate::flow::{Flow, StreamFlow};
use crate::growth::{reserve_many_within, reserve_within};
use crate::id::{Role, StreamId};

/// Where an identifier stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody has used it yet.
    Idle,
    /// It has a record.
    Live(Key),
    /// It had one, or was skipped; [`Store::ending`] tells.
    Gone,
}

/// The streams of a connection.
#[derive(Debug)]
pub(crate) struct Store {
    role: Role,
    /// As many streams as there can be.
    most: usize,
    slots: Vec<Slot>,
    free: Option<Key>,
    /// The stream that was added or found last, and is likely to be asked for again.
    latest: Option<Key>,
    /// Whether the last of many streams has just ended.
    gave_back: bool,
    local: Index,
    peer: Index,
    /// The first of our identifiers that is not on the wire yet.
    next_announced: Option<StreamId>,
    /// Streams of the peer's that are gone and still count as active, in order.
    held: Vec<StreamId>,
    /// How many of our streams and of the peer's are active.
    local_active: usize,
    peer_active: usize,
    /// The highest identifier that the peer has used.
    highest_peer: Option<StreamId>,
    endings: Endings,
    lists: Lists,
    schedule: Schedule,
    /// DATA frames that were sent so far.
    turns: u32,
    queues: Queues,
}

#[derive(Debug)]
enum Slot {
    Taken(StreamRecord),
    Free { next: Option<Key> },
}

impl Store {
    /// `most` streams of both ends can be there at once, and so many endings are remembered.
    pub(crate) fn new(role: Role, most: usize, remembered: usize) -> Self {
        Self {
            role,
            slots: Vec::new(),
            free: None,
            latest: None,
            gave_back: false,
            most,
            local: Index::new(),
            peer: Index::new(),
            next_announced: Some(StreamId::first(role)),
            held: Vec::new(),
            local_active: 0,
            peer_active: 0,
            highest_peer: None,
            endings: Endings::new(remembered),
            lists: Lists::default(),
            schedule: Schedule::new(most),
            turns: 0,
            queues: Queues::new(most),
        }
    }

    /// Adds a stream; its identifier is above all earlier ones of its initiator.
    pub(crate) fn insert(&mut self, record: StreamRecord) -> Key {
        let id = record.id;
        let key = match self.free {
            Some(key) => {
                let slot = self.slot(key);
                let next = if let Slot::Free { next } = slot { *next } else { None };
                *slot = Slot::Taken(record);
                self.free = next;
                key
            }
            None => {
                reserve_within(&mut self.slots, 1, self.most);
                let key = Key::from_index(self.slots.len());
                self.slots.push(Slot::Taken(record));
                key
            }
        };
        let most = self.most;
        self.index(id).push(id, key, most);
        self.latest = Some(key);
        key
    }

    /// Removes a stream: its credit returns to the connection, what it had queued is dropped.
    pub(crate) fn remove(&mut self, key: Key, ending: Ending, flow: &mut Flow) {
        if self.record(key).links.are_any() {
            self.delist_wholly(key);
        }
        let (record, queues) = self.record_and_queues_mut(key);
        queues.clear(&mut record.queue);
        flow.forget(&record.flow);
        let (id, activity) = (record.id, record.activity);
        *self.slot(key) = Slot::Free { next: self.free };
        self.free = Some(key);
        if self.latest == Some(key) {
            self.latest = None;
        }
        self.index(id).remove(id);
        match activity {
            Activity::Waiting => {}
            Activity::Active => {
                let active = self.active(id);
                *active = active.saturating_sub(1);
            }
        }
        self.endings.remember(id, ending);
        if self.is_empty() && self.slots.capacity() > KEPT_SLOTS {
            self.release_memory();
        }
    }

    /// There is no stream left: what many of them needed is given back.
    fn release_memory(&mut self) {
        (self.slots, self.free, self.gave_back) = (Vec::new(), None, true);
        self.local.release_memory();
        self.peer.release_memory();
        self.schedule.release_memory();
        self.queues.release_memory();
    }

    /// Gives back what many queued items needed once all are written.
    #[inline]
    pub(crate) fn trim_queues(&mut self) {
        self.queues.trim();
    }

    /// Whether memory has been given back since the last call.
    pub(crate) const fn take_gave_back(&mut self) -> bool {
        core::mem::replace(&mut self.gave_back, false)
    }

    /// The most that [`memory_used`](Self::memory_used) can be for so many streams of either end, each with one item
    /// queued.
    pub(crate) const fn max_memory(own: usize, peer: usize, remembered: usize) -> usize {
        let streams = own.saturating_add(peer);
        let slots = streams.saturating_mul(size_of::<Slot>());
        // That of either end grows up to what it would need for all of them.
        let indexed = if own > 0 && peer > 0 { 2 } else { 1 };
        slots
            .saturating_add(Index::max_memory(streams).saturating_mul(indexed))
            .saturating_add(Endings::max_memory(remembered))
            .saturating_add(Queues::max_memory(streams))
            .saturating_add(Schedule::max_memory(streams))
    }

    /// A stream that never got a record has been answered with a reset.
    pub(crate) fn remember_refused(&mut self, id: StreamId) {
        self.endings.remember(id, Ending::Reset);
    }

    /// The memory for as many streams that are held.
    pub(crate) const fn max_held_memory(streams: usize) -> usize {
        streams.saturating_mul(size_of::<StreamId>())
    }

    /// The record of a stream, to be changed.
    #[inline]
    pub(crate) fn record_mut(&mut self, key: Key) -> &mut StreamRecord {
        match self.slot(key) {
            Slot::Taken(record) => record,
            Slot::Free { .. } => unreachable!("a key does not outlive its stream"),
        }
    }

    /// The record of a stream.
    #[inline]
    pub(crate) fn record(&self, key: Key) -> &StreamRecord {
        self.record_and_queues(key).0
    }

    /// A record together with the arena of its queue.
    #[inline]
    pub(crate) fn record_and_queues(&self, key: Key) -> (&StreamRecord, &Queues) {
        match self.slots.get(key.index()) {
            Some(Slot::Taken(record)) => (record, &self.queues),
            Some(Slot::Free { .. }) | None => unreachable!("a key does not outlive its stream"),
        }
    }

    /// The same, to be changed.
    #[inline]
    pub(crate) fn record_and_queues_mut(&mut self, key: Key) -> (&mut StreamRecord, &mut Queues) {
        match self.slots.get_mut(key.index()) {
            Some(Slot::Taken(record)) => (record, &mut self.queues),
            Some(Slot::Free { .. }) | None => unreachable!("a key does not outlive its stream"),
        }
    }

    /// Where the record of a stream is that lives, as the caller sees it: it may not be on the wire yet.
    #[inline]
    pub(crate) fn find(&self, id: StreamId) -> Option<Key> {
        match self.latest.and_then(|key| self.slots.get(key.index())) {
            Some(Slot::Taken(record)) if record.id == id => self.latest,
            Some(_) | None => self.search(id),
        }
    }

    fn search(&self, id: StreamId) -> Option<Key> {
        if id.initiator() == self.role { self.local.find(id) } else { self.peer.find(id) }
    }

    /// Where the peer may believe a stream to be.
    #[inline]
    pub(crate) fn standing(&mut self, id: StreamId) -> Standing {
        let is_used =
            if id.initiator() == self.role { self.is_announced(id) } else { Some(id) <= self.highest_peer };
        if !is_used {
            return Standing::Idle;
        }
        let Some(key) = self.find(id) else { return Standing::Gone };
        self.latest = Some(key);
        Standing::Live(key)
    }

    /// How a stream that is gone ended.
    pub(crate) fn ending(&self, id: StreamId) -> Ending {
        self.endings.of(id)
    }

    /// The peer has opened or reserved a stream; all lower ones that it has not used are closed.
    pub(crate) fn use_peer_id(&mut self, id: StreamId) {
        self.highest_peer = self.highest_peer.max(Some(id));
    }

    /// A stream is open now, and counts as such.
    #[inline]
    pub(crate) fn activate(&mut self, key: Key) {
        let record = self.record_mut(key);
        let id = record.id;
        if core::mem::replace(&mut record.activity, Activity::Active) == Activity::Waiting {
            let active = self.active(id);
            *active = active.saturating_add(1);
        }
    }

    /// Streams of the peer's that count against the limit of concurrent ones: it knows them to be open.
    pub(crate) const fn peer_active(&self) -> usize {
        self.peer_active
    }

    /// The same, and those that are held after a reset, of which the peer knows nothing.
    pub(crate) fn peer_taken(&self) -> usize {
        self.peer_active.saturating_add(self.held.len())
    }

    /// Lets a stream of the peer's count as active after it is removed, until [the hold ends](Self::end_hold).
    pub(crate) fn hold(&mut self, key: Key) {
        let id = self.record(key).id;
        if id.initiator() != self.role && self.record(key).is_active() {
            if let Err(at) = self.held.binary_search(&id) {
                reserve_many_within(&mut self.held, 1, self.most);
                self.held.insert(at, id);
            }
        }
    }

    /// Lets a stream that was held count no more; tells whether it was.
    pub(crate) fn end_hold(&mut self, id: StreamId) -> bool {
        let Ok(at) = self.held.binary_search(&id) else { return false };
        self.held.remove(at);
        if self.held.is_empty() {
            self.held.shrink_to(KEPT_SLOTS);
        }
        true
    }

    /// Streams that the peer has reserved.
    pub(crate) const fn peer_reserved(&self) -> usize {
        self.peer.len().saturating_sub(self.peer_active)
    }

    /// Streams that this end has open.
    pub(crate) const fn local_active(&self) -> usize {
        self.local_active
    }

    /// Streams that this end has opened, on the wire or not.
    pub(crate) const fn local_count(&self) -> usize {
        self.local.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.local.len() == 0 && self.peer.len() == 0
    }

    /// A stream of ours is on the wire now, and with it all lower ones.
    pub(crate) fn announce(&mut self, id: StreamId) {
        self.next_announced = id.next();
    }

    /// Whether a stream is on the wire, as those of the peer's always are.
    pub(crate) fn is_announced(&self, id: StreamId) -> bool {
        id.initiator() != self.role || self.next_announced.is_none_or(|next| id < next)
    }

    /// The live stream of ours with the highest identifier.
    pub(crate) fn last_local(&self) -> Option<(StreamId, Key)> {
        self.local.last()
    }

    /// Any live stream.
    pub(crate) fn any(&self) -> Option<(StreamId, Key)> {
        self.local.last().or_else(|| self.peer.last())
    }

    /// The windows of all streams.
    pub(crate) fn flows(&self) -> impl Iterator<Item = &StreamFlow> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Taken(record) => Some(&record.flow),
            Slot::Free { .. } => None,
        })
    }

    /// The heap memory of all of it, in octets, without what the queued items themselves hold.
    pub(crate) fn memory_used(&self) -> usize {
        self.slots
            .capacity()
            .saturating_mul(size_of::<Slot>())
            .saturating_add(self.local.memory_used())
            .saturating_add(self.peer.memory_used())
            .saturating_add(self.endings.memory_used())
            .saturating_add(self.queues.memory_used())
            .saturating_add(self.schedule.memory_used())
            .saturating_add(self.held.capacity().saturating_mul(size_of::<StreamId>()))
    }

    fn active(&mut self, id: StreamId) -> &mut usize {
        if id.initiator() == self.role { &mut self.local_active } else { &mut self.peer_active }
    }

    fn index(&mut self, id: StreamId) -> &mut Index {
        if id.initiator() == self.role { &mut self.local } else { &mut self.peer }
    }

    #[inline]
    fn slot(&mut self, key: Key) -> &mut Slot {
        self.slots.get_mut(key.index()).expect("keys come from `insert`, and slots are never taken away")
    }
}

/// A connection with one exchange at a time keeps their memory.
const KEPT_SLOTS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Exchange, Half, Message};

    fn id(number: u32) -> StreamId {
        StreamId::new(number).unwrap()
    }

    fn record(number: u32, send: Half, recv: Half) -> StreamRecord {
        StreamRecord::new(id(number), Message::new(send), Message::new(recv), Exchange::Plain)
    }

    pub(super) fn store_of_five() -> (Store, Vec<Key>) {
        let mut store = Store::new(Role::Server, 100, 10);
        let keys = (0..5)
            .map(|n| {
                store.use_peer_id(id(2 * n + 1));
                store.insert(record(2 * n + 1, Half::Head, Half::Body))
            })
            .collect();
        (store, keys)
    }

    #[test]
    fn a_stream_that_was_found_is_not_found_once_it_is_gone() {
        let (mut store, keys) = store_of_five();
        let mut flow = Flow::new(65_535);
        for at in [1, 3] {
            assert_eq!(store.standing(id(2 * at + 1)), Standing::Live(keys[at as usize]));
            assert_eq!(store.find(id(2 * at + 1)), Some(keys[at as usize]));
            store.remove(keys[at as usize], Ending::Finished, &mut flow);
            assert_eq!(store.find(id(2 * at + 1)), None);
        }
        store.use_peer_id(id(11));
        let key = store.insert(record(11, Half::Head, Half::Body));
        assert_eq!((key, store.find(id(7)), store.find(id(11))), (keys[3], None, Some(key)));
    }

    #[test]
    fn slots_are_used_again() {
        let (mut store, keys) = store_of_five();
        let mut flow = Flow::new(65_535);
        store.remove(keys[1], Ending::Reset, &mut flow);
        store.remove(keys[3], Ending::Finished, &mut flow);
        assert_eq!((store.standing(id(3)), store.ending(id(3))), (Standing::Gone, Ending::Reset));
        assert_eq!((store.standing(id(7)), store.ending(id(7))), (Standing::Gone, Ending::Finished));
        assert_eq!(store.standing(id(11)), Standing::Idle);
        for number in [13, 15] {
            store.use_peer_id(id(number));
            store.insert(record(number, Half::Head, Half::Body));
        }
        assert_eq!(store.slots.len(), 5);
        assert_eq!((store.standing(id(11)), store.ending(id(11))), (Standing::Gone, Ending::Unknown));
        assert_eq!(store.standing(id(15)), Standing::Live(keys[1]));
        assert_eq!((store.peer_active(), store.peer_reserved()), (0, 5));
    }

    #[test]
    fn a_stream_of_ours_is_idle_to_the_peer_until_it_is_on_the_wire() {
        let mut store = Store::new(Role::Client, 100, 10);
        let key = store.insert(record(1, Half::Body, Half::Head));
        assert_eq!(store.standing(id(1)), Standing::Idle);
        store.announce(id(1));
        assert_eq!(store.standing(id(1)), Standing::Live(key));
    }
}
