//! Which streams want something, and whose turn it is to send.

use super::{Slot, Store};
use crate::flow::StreamFlow;
use crate::priority::Priority;
use crate::stream::StreamRecord;
use crate::stream::list::{Key, Link, Want};

/// The lists of streams that want something.
impl Store {
    /// Puts a stream at the end of a list, unless it is in it; one that excludes this one it leaves.
    #[inline(always)]
    pub(crate) fn enlist(&mut self, key: Key, want: Want) {
        match self.record(key).links.of(want).want() {
            Some(listed) if listed == want => return,
            Some(other) => {
                self.delist(key, other);
            }
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

    /// Takes a stream out of a list; tells whether it was in it.
    #[inline]
    pub(crate) fn delist(&mut self, key: Key, want: Want) -> bool {
        let was_listed = self.unlink(key, want);
        if was_listed {
            self.schedule.remove(want, key);
        }
        was_listed
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
    pub(super) fn delist_wholly(&mut self, key: Key) {
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
        if self.delist(key, from) {
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

/// One of so many turns goes to the stream that has waited longest.
const FAIR_TURN: u32 = 8;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::flow::Flow;
    use crate::stream::Ending;
    use crate::stream::store::tests::store_of_five;

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
}
