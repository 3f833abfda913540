//! Octets on their way out: frame heads of the engine's own, and bodies by reference between them.

use alloc::vec::Vec;
use core::{mem, slice};

use crate::growth::reserve_within;
use bytes::{Buf, Bytes};

/// Frames that are final: they leave in this order, and nothing overtakes them any more.
#[derive(Debug)]
pub(crate) struct Batch {
    /// What the engine wrote itself.
    own: Vec<u8>,
    /// How many octets of `own` have left.
    own_sent: usize,
    /// What was written, but for the tail. Nothing is in those that have left.
    segments: Vec<Segment>,
    /// How many segments have left.
    segments_sent: usize,
    /// Octets at the end of `own` that lie behind all segments.
    tail: usize,
    remaining: usize,
    /// Octets of `own` that one batch has, as far as it is up to the engine.
    most_own: usize,
}

#[derive(Debug)]
enum Segment {
    /// So many octets of `own`.
    Own(usize),
    Body(Bytes),
}

impl Segment {
    /// Takes up to so many octets from the front; tells how many, and whether that was all of it.
    fn advance(&mut self, most: usize) -> (usize, bool) {
        match self {
            Self::Own(left) => {
                let taken = most.min(*left);
                *left = left.saturating_sub(taken);
                (taken, *left == 0)
            }
            Self::Body(body) => {
                let taken = most.min(body.len());
                body.advance(taken);
                (taken, body.is_empty())
            }
        }
    }
}

impl Batch {
    pub(crate) const fn new(most_own: usize) -> Self {
        Self {
            own: Vec::new(),
            own_sent: 0,
            segments: Vec::new(),
            segments_sent: 0,
            tail: 0,
            remaining: 0,
            most_own,
        }
    }

    /// Whether the batch takes more frames: enough for a large write, little enough to be overtaken soon.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        // What lies in memory and a little more overflows nothing.
        self.remaining < BATCH_OCTETS
            && self.own.len().wrapping_add(FRAME_OCTETS) <= self.most_own
            && self.slices().wrapping_add(FRAME_SEGMENTS) <= most_segments(self.most_own)
    }

    /// The room for the octets of one DATA frame, beside its head and padding; a chunk fits if the batch has room.
    pub(crate) fn room(&self) -> Room {
        let own = self.most_own.saturating_sub(self.own.len()).saturating_sub(DATA_OCTETS);
        let segments = most_segments(self.most_own).saturating_sub(self.slices());
        Room { own, segments: segments.saturating_sub(FRAME_SEGMENTS - 1) }
    }

    /// Takes as much of final frames as fits, from the front.
    pub(crate) fn write_from(&mut self, frames: &mut Vec<u8>) {
        if frames.len() <= self.most_own {
            self.write_up_to(frames.len(), |out| out.append(frames));
        } else {
            let octets = frames.drain(..self.most_own);
            self.write_up_to(self.most_own, |out| out.extend(octets));
        }
    }

    /// The most that [`memory_used`](Self::memory_used) can be, unless a field list of the caller's needs more.
    pub(crate) const fn max_memory(most_own: usize) -> usize {
        most_own.saturating_add(most_segments(most_own).saturating_mul(size_of::<Segment>()))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.remaining == 0
    }

    /// Adds what `write` appends to the engine's own octets: a short frame, or a part of one.
    #[inline]
    pub(crate) fn write<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        self.write_up_to(FRAME_OCTETS, write)
    }

    /// The same for the field block of a list of so many octets, which has the room that it needs at most.
    pub(crate) fn write_block(&mut self, list_octets: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let heads = list_octets / 1_024;
        let most = list_octets.saturating_add(heads).saturating_add(DATA_OCTETS);
        self.write_up_to(most.max(FRAME_OCTETS), write);
    }

    /// Gives back the memory that few frames do not need.
    #[inline]
    pub(crate) fn release_memory(&mut self) {
        let is_small = self.own.capacity() <= KEPT_OCTETS && self.segments.capacity() <= KEPT_SEGMENTS;
        if self.is_empty() && !is_small {
            self.shrink();
        }
    }

    #[cold]
    fn shrink(&mut self) {
        self.own.shrink_to(KEPT_OCTETS);
        self.segments.shrink_to(KEPT_SEGMENTS);
    }

    #[inline]
    fn write_up_to<T>(&mut self, octets: usize, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        if self.own.capacity().wrapping_sub(self.own.len()) < octets {
            self.grow(octets);
        }
        let before = self.own.len();
        let result = write(&mut self.own);
        // What is written is added, and lies in memory.
        let added = self.own.len().wrapping_sub(before);
        self.tail = self.tail.wrapping_add(added);
        self.remaining = self.remaining.wrapping_add(added);
        result
    }

    #[cold]
    fn grow(&mut self, octets: usize) {
        // A few short frames, and then a whole one more, need no growth.
        let more = if self.own.capacity() == 0 { octets.max(2 * FRAME_OCTETS) } else { octets };
        reserve_within(&mut self.own, more, self.most_own);
    }

    /// Adds a piece of body; a tiny one is copied behind its frame head, since a slice of its own costs more.
    #[inline]
    pub(crate) fn push_body(&mut self, body: Bytes) {
        if body.len() <= TINY {
            return self.write(|own| own.extend_from_slice(&body));
        }
        self.remaining = self.remaining.saturating_add(body.len());
        let more = usize::from(self.tail > 0).saturating_add(1);
        reserve_within(&mut self.segments, more, most_segments(self.most_own));
        if self.tail > 0 {
            self.segments.push(Segment::Own(mem::take(&mut self.tail)));
        }
        self.segments.push(Segment::Body(body));
    }

    /// The heap memory in octets, bodies aside.
    pub(crate) fn memory_used(&self) -> usize {
        let segments = self.segments.capacity().saturating_mul(size_of::<Segment>());
        self.own.capacity().saturating_add(segments)
    }

    /// The slices in which the octets lie.
    fn slices(&self) -> usize {
        self.left().len().wrapping_add(usize::from(self.tail > 0))
    }

    /// The segments that have not left.
    #[inline]
    fn left(&self) -> &[Segment] {
        self.segments.get(self.segments_sent..).unwrap_or_default()
    }

    fn advance(&mut self, octets: usize) {
        assert!(octets <= self.remaining, "advanced past the end of the output");
        self.remaining = self.remaining.saturating_sub(octets);
        if self.remaining == 0 {
            self.clear();
        } else {
            self.take_from_front(octets);
        }
    }

    /// Fewer octets have left than there were.
    #[cold]
    fn take_from_front(&mut self, mut octets: usize) {
        while octets > 0 {
            let Some(first) = self.segments.get_mut(self.segments_sent) else {
                self.own_sent = self.own_sent.saturating_add(octets);
                self.tail = self.tail.saturating_sub(octets);
                return;
            };
            let (taken, is_whole) = first.advance(octets);
            octets = octets.saturating_sub(taken);
            if let Segment::Own(_) = first {
                self.own_sent = self.own_sent.saturating_add(taken);
            }
            if is_whole {
                *first = Segment::Own(0);
                self.segments_sent = self.segments_sent.saturating_add(1);
            }
        }
    }

    /// Apart, since most batches have none and need no registers for them.
    #[inline(never)]
    fn drop_segments(&mut self) {
        self.segments.clear();
    }

    /// All of it has left.
    fn clear(&mut self) {
        if !self.segments.is_empty() {
            self.drop_segments();
        }
        self.own.clear();
        (self.own_sent, self.segments_sent, self.tail) = (0, 0, 0);
        if self.own.capacity() > self.most_own {
            self.own.shrink_to(self.most_own);
        }
    }
}

/// What one DATA frame may take of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Octets that are copied.
    own: usize,
    segments: usize,
}

impl Room {
    pub(crate) const UNLIMITED: Self = Self { own: usize::MAX, segments: usize::MAX };

    /// Takes the room for a piece of body; tells whether there was enough.
    pub(crate) const fn take(&mut self, octets: usize) -> bool {
        let copied = if octets <= TINY { octets } else { 0 };
        match (self.own.checked_sub(copied), self.segments.checked_sub((octets > 0) as usize)) {
            (Some(own), Some(segments)) => {
                *self = Self { own, segments };
                true
            }
            (_, _) => false,
        }
    }
}

/// Octets to write to the transport, lent by [`Connection::output`](crate::Connection::output).
///
/// Read it as a [`Buf`], or slice by slice through [`chunks`](Self::chunks) for one vectored write; then
/// [`advance`](Buf::advance) by what the transport took. What is left stays for the next call.
#[derive(Debug)]
pub struct Output<'c> {
    batch: &'c mut Batch,
}

impl<'c> Output<'c> {
    pub(crate) const fn new(batch: &'c mut Batch) -> Self {
        Self { batch }
    }

    /// The octets in order, as the slices in which they lie; none is empty.
    #[inline]
    pub fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        Chunks {
            segments: self.batch.left().iter(),
            own: self.batch.own.get(self.batch.own_sent..).unwrap_or_default(),
        }
    }
}

struct Chunks<'o> {
    segments: slice::Iter<'o, Segment>,
    /// What the segments that are left have of it, and the tail.
    own: &'o [u8],
}

impl<'o> Iterator for Chunks<'o> {
    type Item = &'o [u8];

    #[inline]
    fn next(&mut self) -> Option<&'o [u8]> {
        match self.segments.next() {
            Some(Segment::Own(octets)) => {
                let (chunk, rest) = self.own.split_at_checked(*octets)?;
                self.own = rest;
                Some(chunk)
            }
            Some(Segment::Body(body)) => Some(body),
            None => Some(mem::take(&mut self.own)).filter(|tail| !tail.is_empty()),
        }
    }
}

impl Buf for Output<'_> {
    #[inline]
    fn remaining(&self) -> usize {
        self.batch.remaining
    }

    fn chunk(&self) -> &[u8] {
        self.chunks().next().unwrap_or_default()
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, slices: &mut [std::io::IoSlice<'a>]) -> usize {
        slices
            .iter_mut()
            .zip(self.chunks())
            .map(|(slice, chunk)| *slice = std::io::IoSlice::new(chunk))
            .count()
    }

    /// # Panics
    ///
    /// When `octets` is more than [`remaining`](Buf::remaining).
    fn advance(&mut self, octets: usize) {
        self.batch.advance(octets);
    }
}

/// Bodies up to this many octets are copied.
const TINY: usize = 128;

/// Octets of all kinds that a batch should have at most; one DATA frame can be more.
pub(crate) const BATCH_OCTETS: usize = 65_536;

/// Slices of a batch: a frame's head and its body are two.
const fn most_segments(most_own: usize) -> usize {
    most_own / 128
}

/// Octets of its own that a frame takes, unless its field block is long.
const FRAME_OCTETS: usize = 512;

/// The head, the padding and, in a field block, two updates of the table's size.
const DATA_OCTETS: usize = 9 + 256 + 12;

/// A head, a piece of body, and padding behind it.
const FRAME_SEGMENTS: usize = 3;

/// What one exchange at a time needs.
const KEPT_OCTETS: usize = 2 * FRAME_OCTETS;
const KEPT_SEGMENTS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> (Batch, Vec<u8>) {
        let mut batch = Batch::new(4_096);
        let body = Bytes::from_static(&[7; 200]);
        batch.write(|own| own.extend_from_slice(b"head"));
        batch.push_body(body.clone());
        batch.write(|own| own.extend_from_slice(b"more"));
        batch.push_body(Bytes::from_static(b"tiny"));
        batch.push_body(body.clone());
        (batch, [&b"head"[..], &body, b"moretiny", &body].concat())
    }

    #[test]
    fn chunks_are_the_octets_in_order() {
        let (mut batch, expected) = batch();
        let output = Output::new(&mut batch);
        assert_eq!(output.chunks().map(<[u8]>::len).collect::<Vec<_>>(), [4, 200, 8, 200]);
        assert_eq!(output.chunks().collect::<Vec<_>>().concat(), expected);
    }

    #[test]
    fn what_the_engine_wrote_last_is_a_chunk_of_its_own() {
        let (mut batch, mut expected) = batch();
        batch.write(|own| own.extend_from_slice(b"tail"));
        expected.extend_from_slice(b"tail");
        assert_eq!(batch.slices(), 5);
        let output = Output::new(&mut batch);
        assert_eq!(output.chunks().map(<[u8]>::len).collect::<Vec<_>>(), [4, 200, 8, 200, 4]);
        assert_eq!(output.chunks().collect::<Vec<_>>().concat(), expected);
        Output::new(&mut batch).advance(expected.len() - 3);
        assert_eq!(batch.slices(), 1);
        batch.write(|own| own.extend_from_slice(b"more"));
        assert_eq!(Output::new(&mut batch).chunks().collect::<Vec<_>>(), [b"ailmore"]);
        Output::new(&mut batch).advance(7);
        assert_eq!((batch.slices(), batch.own_sent), (0, 0));
    }

    #[test]
    fn any_step_leaves_the_rest() {
        for step in 1..=412 {
            let (mut batch, expected) = batch();
            let mut written = Vec::new();
            while !batch.is_empty() {
                let mut output = Output::new(&mut batch);
                let taken = step.min(output.remaining());
                written.extend_from_slice(&output.chunks().collect::<Vec<_>>().concat()[..taken]);
                assert!(!output.chunk().is_empty());
                output.advance(taken);
            }
            assert_eq!(written, expected);
            assert_eq!((batch.own.len(), batch.segments.len()), (0, 0));
        }
    }

    #[cfg(feature = "std")]
    #[test]
    fn vectored_chunks_fill_what_they_are_given() {
        let (mut batch, expected) = batch();
        let output = Output::new(&mut batch);
        let mut slices = [std::io::IoSlice::new(&[]); 3];
        assert_eq!(output.chunks_vectored(&mut slices), 3);
        let seen: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        assert_eq!(seen, expected[..212]);
    }
}
