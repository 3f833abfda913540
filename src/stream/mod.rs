//! The records of streams: their halves, what they have queued, and how they are found.

mod index;
mod list;
mod message;
mod progress;
mod queue;
mod record;
mod schedule;
mod state;
mod store;

pub(crate) use index::Ending;
pub(crate) use list::{Key, Want};
pub(crate) use message::{Exchange, Message};
pub(crate) use queue::{NextData, Pending, Queues};
pub(crate) use record::{Fullness, PriorityUpdates, StreamRecord};
pub use state::State;
pub(crate) use state::{Half, Misstep};
pub(crate) use store::{Standing, Store};

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use bytes::Bytes;

    use super::*;
    use crate::flow::Flow;
    use crate::frame::Part;
    use crate::id::{Role, StreamId};

    fn id(number: u32) -> StreamId {
        StreamId::new(number).unwrap()
    }

    fn insert(store: &mut Store, number: u32) -> Key {
        let (send, recv) = (Message::new(Half::Body), Message::new(Half::Body));
        store.insert(StreamRecord::new(id(number), send, recv, Exchange::Plain))
    }

    /// A server's store with so many requests.
    fn requests(count: usize) -> (Store, Vec<Key>) {
        let mut store = Store::new(Role::Server, 100, 10);
        let keys = (0..count as u32).map(|nth| insert(&mut store, 2 * nth + 1)).collect();
        (store, keys)
    }

    /// What a list has, from its front.
    fn listed(store: &mut Store, want: Want) -> Vec<Key> {
        core::iter::from_fn(|| store.pop(want)).collect()
    }

    fn remove_all(store: &mut Store, keys: &[Key]) {
        let mut flow = Flow::new(65_535);
        keys.iter().for_each(|&key| store.remove(key, Ending::Finished, &mut flow));
    }

    #[test]
    fn a_stream_keeps_its_place_in_a_list_that_it_is_in() {
        let (mut store, keys) = requests(3);
        for key in [keys[0], keys[1], keys[0], keys[2], keys[1]] {
            store.enlist(key, Want::Update);
        }
        assert_eq!(listed(&mut store, Want::Update), keys);
    }

    #[test]
    fn a_stream_leaves_the_list_that_excludes_the_one_it_enters() {
        let (mut store, keys) = requests(2);
        for &key in &keys {
            store.enlist(key, Want::Send);
            store.enlist(key, Want::Notice);
        }
        store.enlist(keys[0], Want::Window);
        assert_eq!([Want::Window, Want::Send].map(|want| store.is_listed(keys[0], want)), [true, false]);
        assert_eq!(listed(&mut store, Want::Send), [keys[1]]);
        assert_eq!(listed(&mut store, Want::Window), [keys[0]]);
        assert_eq!(listed(&mut store, Want::Notice), keys, "it excludes none of the others");
    }

    #[test]
    fn a_stream_leaves_no_list_that_it_is_not_in() {
        let (mut store, keys) = requests(2);
        keys.iter().for_each(|&key| store.enlist(key, Want::Send));
        store.delist(keys[0], Want::Window);
        assert_eq!(listed(&mut store, Want::Send), keys);
    }

    #[test]
    fn only_active_streams_of_the_peers_are_held_and_each_once() {
        let mut store = Store::new(Role::Client, 100, 10);
        let [ours, reserved, active] = [1, 2, 4].map(|number| insert(&mut store, number));
        store.activate(ours);
        store.activate(active);
        for key in [ours, reserved, active, active] {
            store.hold(key);
        }
        remove_all(&mut store, &[ours, reserved, active]);
        assert_eq!((store.peer_taken(), store.local_active()), (1, 0));
        assert_eq!([1, 2, 4, 4].map(|number| store.end_hold(id(number))), [false, false, true, false]);
        assert_eq!(store.peer_taken(), 0);
    }

    #[test]
    fn the_memory_of_many_streams_stays_within_what_is_stated() {
        let (mut store, keys) = requests(100);
        for &key in &keys {
            let (record, queues) = store.record_and_queues_mut(key);
            queues.push(&mut record.queue, Pending::Data(Bytes::from_static(b"body"), Part::Last));
        }
        for want in [Want::Send, Want::Window, Want::Shared] {
            keys.iter().for_each(|&key| store.enlist(key, want));
        }
        (101..200).for_each(|nth| store.remember_refused(id(2 * nth + 1)));
        let least = keys.len() * size_of::<StreamRecord>();
        assert!((least..=Store::max_memory(0, 100, 10)).contains(&store.memory_used()));
    }

    #[test]
    fn the_memory_of_streams_that_are_held_comes_up_to_what_is_stated() {
        let (mut store, keys) = requests(100);
        let before = store.memory_used();
        for &key in &keys {
            store.activate(key);
            store.hold(key);
        }
        assert_eq!(store.memory_used() - before, Store::max_held_memory(100));
    }

    /// What a few streams needed is kept for the next ones.
    #[test]
    fn the_memory_of_many_streams_is_given_back_with_the_last_of_them() {
        for (count, is_kept) in [(8, true), (9, false)] {
            let (mut store, keys) = requests(count);
            let used = store.memory_used();
            remove_all(&mut store, &keys[1..]);
            assert!(store.memory_used() >= used, "one of {count} is there");
            remove_all(&mut store, &keys[..1]);
            assert_eq!(store.memory_used() >= used, is_kept, "{count}");
        }
    }
}
