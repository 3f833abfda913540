//! What streams have accepted from the caller and not yet put on the wire.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::fields::Fields;
use crate::frame::Part;
use crate::growth::reserve_many_within;
use crate::id::StreamId;
use crate::output::Room;

/// One thing that a stream will send.
#[derive(Debug)]
pub(crate) enum Pending {
    /// The request of a promise on another stream, always first.
    Promise(StreamId, Fields),
    /// A header or trailer section, encoded when its turn comes.
    Headers(Fields, Part),
    /// A chunk of body, framed when its turn comes.
    Data(Bytes, Part),
}

/// The items of one stream, in order; they lie in a [`Queues`].
#[derive(Debug)]
pub(crate) struct Queue {
    first: u32,
    last: u32,
    /// Octets of body in the queue.
    octets: usize,
}

impl Queue {
    pub(crate) const fn new() -> Self {
        Self { first: NONE, last: NONE, octets: 0 }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.first == NONE
    }

    /// Octets of body that wait.
    pub(crate) const fn octets(&self) -> usize {
        self.octets
    }
}

/// The next DATA frame of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NextData {
    pub(crate) octets: usize,
    pub(crate) part: Part,
}

/// The memory of all queues of a connection: one arena, which grows to what was needed at once and is used again.
#[derive(Debug)]
pub(crate) struct Queues {
    nodes: Vec<Node>,
    free: u32,
    /// Items in all queues.
    items: u32,
    /// How many items there are at once unless the caller has queued more.
    usual: usize,
}

#[derive(Debug)]
struct Node {
    item: Option<Pending>,
    next: u32,
}

impl Queues {
    pub(crate) const fn new(usual: usize) -> Self {
        Self { nodes: Vec::new(), free: NONE, items: 0, usual }
    }

    /// Puts an item at the end of a queue.
    #[inline]
    pub(crate) fn push(&mut self, queue: &mut Queue, item: Pending) {
        if let Pending::Data(chunk, _) = &item {
            queue.octets = queue.octets.saturating_add(chunk.len());
        }
        let at = self.allocate(item);
        match self.node(queue.last) {
            Some(last) => last.next = at,
            None => queue.first = at,
        }
        queue.last = at;
    }

    /// Takes the first item if it is a promise: the stream on which it is made, and the request.
    pub(crate) fn pop_promise(&mut self, queue: &mut Queue) -> Option<(StreamId, Fields)> {
        match self.node(queue.first)?.item {
            Some(Pending::Promise(..)) => match self.pop(queue)? {
                Pending::Promise(on, fields) => Some((on, fields)),
                Pending::Headers(..) | Pending::Data(..) => None,
            },
            Some(Pending::Headers(..) | Pending::Data(..)) | None => None,
        }
    }

    /// Takes the first item if it is a header or trailer section.
    pub(crate) fn pop_headers(&mut self, queue: &mut Queue) -> Option<(Fields, Part)> {
        match self.node(queue.first)?.item {
            Some(Pending::Headers(..)) => match self.pop(queue)? {
                Pending::Headers(fields, part) => Some((fields, part)),
                Pending::Promise(..) | Pending::Data(..) => None,
            },
            Some(Pending::Promise(..) | Pending::Data(..)) | None => None,
        }
    }

    /// Whether the first item is a chunk that is not empty.
    pub(crate) fn begins_with_octets(&self, queue: &Queue) -> bool {
        let first = self.get(queue.first).and_then(|node| node.item.as_ref());
        matches!(first, Some(Pending::Data(chunk, _)) if !chunk.is_empty())
    }

    /// What a DATA frame of at most `limit` octets would carry: chunks that follow each other share it, if there is
    /// room. `None` if the queue does not begin with data, or if nothing of it fits.
    pub(crate) fn next_data(&self, queue: &Queue, limit: usize, mut room: Room) -> Option<NextData> {
        let mut next = None;
        let mut octets: usize = 0;
        let mut at = queue.first;
        while let Some(Node { item: Some(Pending::Data(chunk, part)), next: following }) = self.get(at) {
            let wanted = chunk.len().min(limit.saturating_sub(octets));
            let taken = if room.take(wanted) { wanted } else { 0 };
            octets = octets.saturating_add(taken);
            if taken < chunk.len() {
                return (octets > 0).then_some(NextData { octets, part: Part::More });
            }
            next = Some(NextData { octets, part: *part });
            at = *following;
        }
        next
    }

    /// What a DATA frame of at most `limit` octets carries, if the first item is a chunk that makes it up alone, as
    /// nearly all do: it has more octets, or no other chunk follows.
    #[inline]
    pub(crate) fn take_piece(&mut self, queue: &mut Queue, limit: usize) -> Option<(Bytes, Part)> {
        let Some(Node { item: Some(Pending::Data(chunk, _)), next }) = self.node(queue.first) else {
            return None;
        };
        if chunk.len() > limit {
            return (limit > 0).then(|| {
                queue.octets = queue.octets.wrapping_sub(limit);
                (chunk.split_to(limit), Part::More)
            });
        }
        let next = *next;
        if let Some(Node { item: Some(Pending::Data(..)), .. }) = self.get(next) {
            return None;
        }
        match self.pop(queue)? {
            Pending::Data(chunk, part) => Some((chunk, part)),
            Pending::Promise(..) | Pending::Headers(..) => None,
        }
    }

    /// Lets octets be cut off the first item, if it is a chunk; tells how many were.
    #[inline]
    pub(crate) fn cut_first(&mut self, queue: &mut Queue, cut: impl FnOnce(&mut Bytes)) -> usize {
        let Some(Node { item: Some(Pending::Data(chunk, _)), .. }) = self.node(queue.first) else { return 0 };
        let before = chunk.len();
        cut(chunk);
        let octets = before.saturating_sub(chunk.len());
        queue.octets = queue.octets.saturating_sub(octets);
        octets
    }

    /// Whether the first item is a header or trailer section.
    #[inline]
    pub(crate) fn begins_with_section(&self, queue: &Queue) -> bool {
        matches!(self.get(queue.first), Some(Node { item: Some(Pending::Headers(..)), .. }))
    }

    /// Takes the octets that [`Self::next_data`] announced, chunk by chunk.
    pub(crate) fn take_data(&mut self, queue: &mut Queue, next: NextData, mut each: impl FnMut(Bytes)) {
        let mut left = next.octets;
        while let Some(Node { item: Some(Pending::Data(chunk, _)), .. }) = self.node(queue.first) {
            if chunk.len() > left {
                if left > 0 {
                    each(chunk.split_to(left));
                    queue.octets = queue.octets.saturating_sub(left);
                }
                return;
            }
            left = left.saturating_sub(chunk.len());
            match self.pop(queue) {
                Some(Pending::Data(chunk, _)) if !chunk.is_empty() => each(chunk),
                Some(_) | None => {}
            }
        }
    }

    /// Drops all that a queue holds.
    #[inline]
    pub(crate) fn clear(&mut self, queue: &mut Queue) {
        while !queue.is_empty() {
            self.pop(queue);
        }
    }

    /// The heap memory of the arena, in octets.
    pub(crate) fn memory_used(&self) -> usize {
        self.nodes.capacity().saturating_mul(size_of::<Node>())
    }

    /// The heap memory of so many items.
    pub(crate) const fn max_memory(items: usize) -> usize {
        items.saturating_mul(size_of::<Node>())
    }

    /// Gives back the memory of many items where nothing is queued: streams may stay open for long that have nothing to
    /// send, and to take it again costs a few allocations for as many items.
    #[inline]
    pub(crate) fn trim(&mut self) {
        if self.nodes.capacity() > FEW_NODES && self.items == 0 {
            self.release_memory();
        }
    }

    /// Gives back the memory where nothing is queued.
    #[cold]
    pub(crate) fn release_memory(&mut self) {
        *self = Self::new(self.usual);
    }

    fn allocate(&mut self, item: Pending) -> u32 {
        let node = Node { item: Some(item), next: NONE };
        // There are no more items than nodes, which are fewer than 2^32.
        self.items = self.items.wrapping_add(1);
        let at = self.free;
        if let Some(free) = self.node(at) {
            self.free = core::mem::replace(free, node).next;
            return at;
        }
        let at = u32::try_from(self.nodes.len()).expect("the caller queues fewer than 2^32 items");
        if self.nodes.len() == self.nodes.capacity() {
            self.grow();
        }
        self.nodes.push(node);
        at
    }

    /// What goes beyond the usual grows as fast, or each item of the caller's would move all of them.
    #[cold]
    fn grow(&mut self) {
        let beyond = self.nodes.len().saturating_sub(self.usual);
        reserve_many_within(&mut self.nodes, beyond.saturating_add(1), self.usual);
    }

    fn pop(&mut self, queue: &mut Queue) -> Option<Pending> {
        let free = self.free;
        let at = queue.first;
        let node = self.node(at)?;
        let item = node.item.take();
        queue.first = core::mem::replace(&mut node.next, free);
        self.free = at;
        if queue.first == NONE {
            queue.last = NONE;
        }
        if let Some(Pending::Data(chunk, _)) = &item {
            queue.octets = queue.octets.saturating_sub(chunk.len());
        }
        self.items = self.items.wrapping_sub(1);
        item
    }

    fn get(&self, at: u32) -> Option<&Node> {
        self.nodes.get(at as usize)
    }

    fn node(&mut self, at: u32) -> Option<&mut Node> {
        self.nodes.get_mut(at as usize)
    }
}

/// An arena of no more nodes is kept where nothing is queued.
const FEW_NODES: usize = 64;

/// No node.
const NONE: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use bytes::Buf;

    use super::*;

    fn data(queues: &mut Queues, queue: &mut Queue, octets: &'static [u8], part: Part) {
        queues.push(queue, Pending::Data(Bytes::from_static(octets), part));
    }

    fn take(queues: &mut Queues, queue: &mut Queue, limit: usize) -> Option<(Vec<u8>, Part)> {
        let next = queues.next_data(queue, limit, Room::UNLIMITED)?;
        let mut taken = Vec::new();
        queues.take_data(queue, next, |chunk| taken.extend_from_slice(&chunk));
        assert_eq!(taken.len(), next.octets);
        Some((taken, next.part))
    }

    #[test]
    fn chunks_share_frames_and_frames_share_chunks() {
        let (mut queues, mut queue) = (Queues::new(10), Queue::new());
        data(&mut queues, &mut queue, b"abc", Part::More);
        data(&mut queues, &mut queue, b"defgh", Part::More);
        data(&mut queues, &mut queue, b"", Part::Last);
        assert_eq!(queue.octets(), 8);
        assert_eq!(queues.next_data(&queue, 0, Room::UNLIMITED), None);
        assert!(queues.begins_with_octets(&queue), "which wait for a window");
        assert_eq!(take(&mut queues, &mut queue, 5), Some((b"abcde".to_vec(), Part::More)));
        assert_eq!(take(&mut queues, &mut queue, 5), Some((b"fgh".to_vec(), Part::Last)));
        assert!(queue.is_empty());
        assert_eq!(queue.octets(), 0);
    }

    #[test]
    fn a_chunk_makes_up_a_frame_alone_where_it_is_longer_or_no_other_follows() {
        let (mut queues, mut queue) = (Queues::new(10), Queue::new());
        assert_eq!(queues.take_piece(&mut queue, 1), None);
        data(&mut queues, &mut queue, b"abcde", Part::More);
        data(&mut queues, &mut queue, b"fgh", Part::More);
        queues.push(&mut queue, Pending::Headers(Fields::new(), Part::Last));
        for limit in [0, 5, 6] {
            assert_eq!(queues.take_piece(&mut queue, limit), None, "{limit}");
        }
        let mut next = |limit| (queues.take_piece(&mut queue, limit), queue.octets());
        assert_eq!(next(2), (Some((Bytes::from_static(b"ab"), Part::More)), 6));
        assert_eq!(next(3), (None, 6), "more of the body may share the frame");
        assert_eq!(next(2), (Some((Bytes::from_static(b"cd"), Part::More)), 4));
        assert_eq!(take(&mut queues, &mut queue, 2), Some((b"ef".to_vec(), Part::More)));
        let mut next = |limit| (queues.take_piece(&mut queue, limit), queue.octets());
        assert_eq!(next(2), (Some((Bytes::from_static(b"gh"), Part::More)), 0));
        assert_eq!(next(9), (None, 0), "nothing but trailers is left");
        assert!(queues.begins_with_section(&queue));
        assert_eq!(queues.pop_headers(&mut queue), Some((Fields::new(), Part::Last)));
        data(&mut queues, &mut queue, b"", Part::Last);
        assert!(!queues.begins_with_section(&queue));
        assert_eq!(queues.take_piece(&mut queue, 0), Some((Bytes::new(), Part::Last)));
        assert!(queue.is_empty());
    }

    #[test]
    fn octets_are_cut_off_a_chunk_alone_and_counted() {
        let (mut queues, mut queue) = (Queues::new(10), Queue::new());
        assert_eq!(queues.cut_first(&mut queue, |_| unreachable!("there is none")), 0);
        data(&mut queues, &mut queue, b"abcde", Part::More);
        data(&mut queues, &mut queue, b"fgh", Part::More);
        assert_eq!(queues.cut_first(&mut queue, |chunk| chunk.advance(2)), 2);
        assert_eq!(queues.cut_first(&mut queue, |_| ()), 0);
        assert_eq!(queue.octets(), 6);
        assert_eq!(take(&mut queues, &mut queue, 9), Some((b"cdefgh".to_vec(), Part::More)));
        queues.push(&mut queue, Pending::Headers(Fields::new(), Part::Last));
        assert_eq!(queues.cut_first(&mut queue, |_| unreachable!("it is a section")), 0);
    }

    #[test]
    fn an_empty_last_chunk_needs_no_window() {
        let (mut queues, mut queue) = (Queues::new(10), Queue::new());
        data(&mut queues, &mut queue, b"", Part::Last);
        assert!(!queues.begins_with_octets(&queue));
        assert_eq!(take(&mut queues, &mut queue, 0), Some((Vec::new(), Part::Last)));
        assert!(queue.is_empty());
    }

    #[test]
    fn no_piece_that_is_taken_is_empty() {
        let (mut queues, mut queue) = (Queues::new(10), Queue::new());
        data(&mut queues, &mut queue, b"abc", Part::More);
        data(&mut queues, &mut queue, b"def", Part::More);
        data(&mut queues, &mut queue, b"", Part::Last);
        for expected in [b"abc", b"def"] {
            let next = queues.next_data(&queue, 3, Room::UNLIMITED).unwrap();
            let mut pieces = Vec::new();
            queues.take_data(&mut queue, next, |piece| pieces.push(piece));
            assert_eq!(pieces, [&expected[..]]);
        }
        assert!(queue.is_empty());
    }

    #[test]
    fn the_memory_of_queues_comes_up_to_what_is_stated_and_is_given_back() {
        let (mut queues, mut queue) = (Queues::new(10), Queue::new());
        for _ in 0..10 {
            data(&mut queues, &mut queue, b"x", Part::More);
            assert!(queues.memory_used() <= Queues::max_memory(10));
        }
        assert_eq!(queues.memory_used(), Queues::max_memory(10));
        queues.clear(&mut queue);
        queues.release_memory();
        assert_eq!(queues.memory_used(), 0);
    }

    /// Beyond the usual, too, which is half of this.
    #[test]
    fn the_memory_of_many_items_is_given_back_with_the_last_and_takes_few_allocations() {
        for (count, is_kept) in [(40, true), (80, false), (1_000, false)] {
            let (mut queues, mut queue) = (Queues::new(count / 2), Queue::new());
            let mut capacities = Vec::new();
            for _ in 0..count {
                data(&mut queues, &mut queue, b"x", Part::More);
                capacities.push(queues.nodes.capacity());
            }
            let used = queues.memory_used();
            assert!(
                used >= Queues::max_memory(count) && used <= Queues::max_memory(count / 2 * 3 + 1),
                "{used}"
            );
            capacities.dedup();
            assert!(capacities.len() <= 20, "{capacities:?}");
            assert!(take(&mut queues, &mut queue, count - 1).is_some());
            queues.trim();
            assert_eq!(queues.memory_used(), used, "one of {count} is there");
            queues.clear(&mut queue);
            queues.trim();
            assert_eq!(queues.memory_used(), if is_kept { used } else { 0 }, "{count}");
            data(&mut queues, &mut queue, b"x", Part::Last);
            assert_eq!(take(&mut queues, &mut queue, 1), Some((b"x".to_vec(), Part::Last)));
        }
    }

    #[test]
    fn sections_keep_their_place() {
        let (mut queues, mut queue) = (Queues::new(10), Queue::new());
        queues.push(&mut queue, Pending::Headers(Fields::response(200), Part::More));
        data(&mut queues, &mut queue, b"x", Part::More);
        queues.push(&mut queue, Pending::Headers(Fields::new(), Part::Last));
        assert_eq!(queues.next_data(&queue, 9, Room::UNLIMITED), None);
        assert_eq!(queues.pop_headers(&mut queue), Some((Fields::response(200), Part::More)));
        assert_eq!(queues.pop_headers(&mut queue), None);
        assert_eq!(take(&mut queues, &mut queue, 9), Some((b"x".to_vec(), Part::More)));
        assert_eq!(queues.pop_headers(&mut queue), Some((Fields::new(), Part::Last)));
    }

    #[test]
    fn freed_nodes_are_used_again() {
        let mut queues = Queues::new(10);
        for _ in 0..100 {
            let (mut one, mut two) = (Queue::new(), Queue::new());
            for _ in 0..3 {
                data(&mut queues, &mut one, b"1", Part::More);
                data(&mut queues, &mut two, b"2", Part::More);
            }
            queues.clear(&mut one);
            assert_eq!(take(&mut queues, &mut two, 9), Some((b"222".to_vec(), Part::More)));
        }
        assert_eq!(queues.nodes.len(), 6);
    }
}
