//! All streams of a connection: their records, by identifier and by what they want.

use alloc::vec::Vec;

use super::index::{Ending, Endings, Index};
use super::list::{Key, Link, Links, Lists, Want};
use super::message::{Exchange, Message};
use super::progress::Progress;
use super::queue::{Queue, Queues};
use super::schedule::Schedule;
use super::state::Half;
use crate::flow::{Flow, StreamFlow};
use crate::frame;
use crate::growth::reserve_many_within;
use crate::id::{Role, StreamId};
use crate::priority::Priority;

/// What the engine knows of one stream.
#[derive(Debug)]
pub(crate) struct StreamRecord {
    pub(crate) id: StreamId,
    /// What the caller has sent; it may still lie in `queue`.
    pub(crate) send: Message,
    /// What the peer has sent.
    pub(crate) recv: Message,
    pub(crate) exchange: Exchange,
    activity: Activity,
    pub(crate) flow: StreamFlow,
    pub(crate) progress: Progress,
    pub(crate) queue: Queue,
    /// Whether the caller was told that the stream is full, and waits to hear that it no longer is.
    pub(crate) fullness: Fullness,
    /// The place of what is sent on it among other streams.
    priority: Priority,
    pub(crate) update: PriorityUpdates,
    /// Octets of padding for each frame of it that we send.
    pub(crate) padding: Option<u8>,
    /// The signal of RFC 7540 that the next HEADERS frame will have.
    pub(crate) old_priority: Option<frame::Priority>,
    links: Links,
}

/// Whether a stream counts towards its initiator's limit (RFC 9113 §5.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activity {
    /// Not yet: it is not on the wire, or only reserved.
    Waiting,
    Active,
}

/// Whether a stream takes data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fullness {
    Room,
    Full,
}

/// Whether the server is to hear of a stream's priority by PRIORITY_UPDATE once the stream is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PriorityUpdates {
    Sent,
    Due,
}

impl StreamRecord {
    pub(crate) const fn priority(&self) -> Priority {
        self.priority
    }

    pub(crate) fn new(id: StreamId, send: Message, recv: Message, exchange: Exchange) -> Self {
        Self {
            id,
            send,
            recv,
            exchange,
            activity: Activity::Waiting,
            flow: StreamFlow::default(),
            progress: Progress::default(),
            queue: Queue::new(),
            fullness: Fullness::Room,
            priority: Priority::DEFAULT,
            update: PriorityUpdates::Sent,
            padding: None,
            old_priority: None,
            links: Links::default(),
        }
    }

    /// The record of a stream that is new.
    pub(crate) fn prioritized(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    /// Whether the stream is open, beyond being reserved.
    pub(crate) fn is_active(&self) -> bool {
        self.activity == Activity::Active
    }

    /// Whether this is the stream of a server that has promised it and not begun to answer: "reserved (local)".
    #[inline]
    pub(crate) fn is_reserved_by(&self, role: Role) -> bool {
        role == Role::Server && self.id.initiator() == Role::Server && !self.is_active()
    }

    /// Whether the stream is in a list.
    pub(crate) fn is_listed(&self, want: Want) -> bool {
        self.links.of(want).want() == Some(want)
    }

    /// Whether the message that we send is over and written.
    pub(crate) fn is_sent(&self) -> bool {
        self.send.half == Half::Closed && self.queue.is_empty()
    }

    /// Whether both messages are over and nothing waits to be written.
    pub(crate) fn is_over(&self) -> bool {
        self.recv.half == Half::Closed && self.is_sent()
    }
}

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
                reserve_many_within(&mut self.slots, 1, self.most);
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

/// The lists of streams that want something.
impl Store {
    /// Puts a stream at the end of a list, unless it is in it; one that excludes this one it leaves.
    #[inline(always)]
    pub(crate) fn enlist(&mut self, key: Key, want: Want) {
        match self.record(key).links.of(want).want() {
            Some(listed) if listed == want => return,
            Some(other) => self.delist(key, other),
            None => {}
        }
        let before = self.lists.push(key, want);
        let record = self.record_mut(key);
        *record.links.of_mut(want) = Link::Listed { want, before, after: None };
        let (id, priority, offset) = (record.id, record.priority, record.flow.send_offset());
        if let Some(before) = before {
            self.set_after(before, want, Some(key));
        }
        self.schedule.insert(want, key, id, priority, offset);
    }

    /// Puts every stream that is `due` in a list.
    pub(crate) fn enlist_all(&mut self, want: Want, due: impl Fn(&StreamRecord) -> bool) {
        for at in 0..self.slots.len() {
            if let Some(Slot::Taken(record)) = self.slots.get(at) {
                if due(record) {
                    self.enlist(Key::from_index(at), want);
                }
            }
        }
    }

    /// Whether a stream is in a list.
    pub(crate) fn is_listed(&self, key: Key, want: Want) -> bool {
        self.record(key).is_listed(want)
    }

    /// Takes a stream out of a list, if it is in it.
    #[inline]
    pub(crate) fn delist(&mut self, key: Key, want: Want) {
        if self.unlink(key, want) {
            self.schedule.remove(want, key);
        }
    }

    /// Takes a stream out of a list, but for its rank; tells whether it was in it.
    #[inline]
    fn unlink(&mut self, key: Key, want: Want) -> bool {
        let link = self.link(key, want);
        if link.want() != Some(want) {
            return false;
        }
        let Link::Listed { before, after, .. } = core::mem::take(link) else { return false };
        match before {
            Some(before) => self.set_after(before, want, after),
            None => self.lists.of_mut(want).first = after,
        }
        match after {
            Some(after) => self.set_before(after, want, before),
            None => self.lists.of_mut(want).last = before,
        }
        true
    }

    /// Takes a stream out of all lists.
    fn delist_wholly(&mut self, key: Key) {
        for want in self.record(key).links.wants().into_iter().flatten() {
            self.delist(key, want);
        }
    }

    /// The stream at the front of a list.
    pub(crate) fn first(&self, want: Want) -> Option<Key> {
        self.lists.of(want).first
    }

    /// Whether the caller is to be told of a stream.
    #[inline]
    pub(crate) fn has_notice(&self) -> bool {
        self.first(Want::Notice).is_some() || self.first(Want::Orphan).is_some()
    }

    /// Takes the stream at the front of a list.
    pub(crate) fn pop(&mut self, want: Want) -> Option<Key> {
        let key = self.first(want)?;
        self.delist(key, want);
        Some(key)
    }

    /// Moves a stream from one list to the end of another, if it is in the first.
    pub(crate) fn relist(&mut self, key: Key, from: Want, to: Want) {
        if self.is_listed(key, from) {
            self.delist(key, from);
            self.enlist(key, to);
        }
    }

    /// Lets the streams send that waited for their own windows and that may `open` now. Those with the largest windows
    /// are asked first, so that the others, which may not if one of these may not, cost nothing.
    pub(crate) fn open_windows(&mut self, mut open: impl FnMut(&StreamFlow) -> bool) {
        while let Some(entry) = self.schedule.first(Want::Window) {
            if !open(&self.record(entry.key).flow) {
                return;
            }
            self.relist(entry.key, Want::Window, Want::Send);
        }
    }

    /// Of the streams that wait for their own windows, the one whose is open furthest.
    pub(crate) fn first_window(&self) -> Option<&StreamFlow> {
        self.schedule.first(Want::Window).map(|entry| &self.record(entry.key).flow)
    }

    /// Whether it is the turn of any stream to send; of those that wait for the connection's window only if it is open.
    #[inline]
    pub(crate) fn has_turn(&self, is_open: bool) -> bool {
        self.first(Want::Send).is_some() || self.first(Want::Shared).is_some() && is_open
    }

    /// Whether a stream is in a list whose frames go ahead of those that wait for their turn.
    #[inline]
    pub(crate) fn has_ahead(&self) -> bool {
        [Want::Update, Want::Promise, Want::Open].into_iter().any(|want| self.first(want).is_some())
    }

    /// Takes the stream whose turn it is to send (RFC 9218 §10); of those that wait for the connection's window only
    /// if it is open.
    ///
    /// Now and then that is the one that has waited longest, whatever its priority: nobody starves, and a tunnel gets
    /// its part (RFC 9218 §10.1).
    #[inline]
    pub(crate) fn pop_turn(&mut self, is_open: bool) -> Option<Key> {
        let (send, shared) = (self.first(Want::Send), self.first(Want::Shared).filter(|_| is_open));
        let is_longest = self.turns % FAIR_TURN == FAIR_TURN - 1;
        let want = match (send, shared) {
            (Some(_), Some(_)) if !is_longest && self.goes_before(Want::Send, Want::Shared) => Want::Send,
            (_, Some(_)) => Want::Shared,
            (Some(_), None) => Want::Send,
            (None, None) => return None,
        };
        if is_longest {
            return self.pop(want);
        }
        let key = self.schedule.pop(want)?;
        self.unlink(key, want);
        Some(key)
    }

    /// Whether the stream that goes first in one list ranks above the one that does in another.
    fn goes_before(&self, one: Want, other: Want) -> bool {
        let rank = |want| self.schedule.first(want).map(|entry| entry.rank);
        rank(one) < rank(other)
    }

    /// Turns were used: so many DATA frames were sent. Others count for nothing, or they could fall in step with the
    /// windows.
    pub(crate) fn use_turns(&mut self, frames: u32) {
        self.turns = self.turns.wrapping_add(frames);
    }

    /// Gives a stream another priority, which holds from its next turn on.
    pub(crate) fn prioritize(&mut self, key: Key, priority: Priority) {
        self.record_mut(key).priority = priority;
        for want in [Want::Send, Want::Shared] {
            if self.is_listed(key, want) {
                self.schedule.remove(want, key);
                self.rank(key, want);
            }
        }
    }

    /// Gives a stream its rank in a list whose streams are ranked.
    fn rank(&mut self, key: Key, want: Want) {
        let record = self.record(key);
        let (id, priority, offset) = (record.id, record.priority, record.flow.send_offset());
        self.schedule.insert(want, key, id, priority, offset);
    }

    fn link(&mut self, key: Key, want: Want) -> &mut Link {
        self.record_mut(key).links.of_mut(want)
    }

    fn set_after(&mut self, key: Key, want: Want, new: Option<Key>) {
        if let Link::Listed { after, .. } = self.link(key, want) {
            *after = new;
        }
    }

    fn set_before(&mut self, key: Key, want: Want, new: Option<Key>) {
        if let Link::Listed { before, .. } = self.link(key, want) {
            *before = new;
        }
    }
}

/// A connection with one exchange at a time keeps their memory.
const KEPT_SLOTS: usize = 8;

/// One of so many turns goes to the stream that has waited longest.
const FAIR_TURN: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> StreamId {
        StreamId::new(number).unwrap()
    }

    fn record(number: u32, send: Half, recv: Half) -> StreamRecord {
        StreamRecord::new(id(number), Message::new(send), Message::new(recv), Exchange::Plain)
    }

    fn store_of_five() -> (Store, Vec<Key>) {
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
    fn lists_keep_order_under_removal_from_any_place() {
        for removed in 0..5 {
            let (mut store, keys) = store_of_five();
            let mut flow = Flow::new(65_535);
            for &key in &keys {
                store.enlist(key, Want::Send);
                store.enlist(key, Want::Send);
            }
            store.remove(keys[removed], Ending::Finished, &mut flow);
            let expected: Vec<Key> = keys.iter().copied().filter(|&key| key != keys[removed]).collect();
            let listed: Vec<Key> = core::iter::from_fn(|| store.pop(Want::Send)).collect();
            assert_eq!(listed, expected);
            assert_eq!(store.first(Want::Send), None);
        }
    }

    #[test]
    fn of_the_streams_that_wait_for_windows_only_those_are_touched_whose_windows_open() {
        let (mut store, keys) = store_of_five();
        let mut flow = Flow::new(65_535);
        flow.set_peer_initial(0, store.flows()).unwrap();
        for (&key, sent) in keys.iter().zip([3, 1, 4, 1, 5]) {
            flow.send_on(&mut store.record_mut(key).flow, sent);
            store.enlist(key, Want::Window);
        }
        let mut opened = Vec::new();
        for size in [0, 1, 2, 1, 4, 2, 5, 6] {
            flow.set_peer_initial(size, store.flows()).unwrap();
            let looks = core::cell::Cell::new(0);
            store.open_windows(|stream| {
                looks.set(looks.get() + 1);
                flow.sendable_on(stream) > 0
            });
            let before = opened.len();
            opened.extend(core::iter::from_fn(|| store.pop(Want::Send)));
            assert!(looks.get() <= opened.len() - before + 1, "one look more than streams that may send");
        }
        assert_eq!(opened, [keys[1], keys[3], keys[0], keys[2], keys[4]]);
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
