//! Octets on their way out: frame heads of the engine's own, and bodies by reference between them.

use alloc::vec::Vec;
use core::mem;

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
    /// Slices of bodies in frames that are alike, and heads between them, beyond one of each.
    more_slices: usize,
    /// Octets at the end of `own` that lie behind all segments.
    tail: usize,
    remaining: usize,
    /// Octets of `own` that one batch has, as far as it is up to the engine.
    most_own: usize,
}

#[derive(Debug)]
enum Segment {
    /// So many octets of `own`. The body behind them is in pieces of so many octets, each but the first behind a frame
    /// head that follows in `own`, too.
    Own {
        octets: usize,
        piece: usize,
    },
    Body(Bytes),
}

impl Segment {
    /// Octets of `own` before a body in one piece.
    const fn own(octets: usize) -> Self {
        Self::Own { octets, piece: usize::MAX }
    }

    /// Takes up to so many octets from the front; tells how many, and whether that was all of it.
    fn advance(&mut self, most: usize) -> (usize, bool) {
        match self {
            Self::Own { octets, .. } => {
                let taken = most.min(*octets);
                *octets = octets.saturating_sub(taken);
                (taken, *octets == 0)
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
            more_slices: 0,
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
        self.reserve_own(octets);
        let before = self.own.len();
        let result = write(&mut self.own);
        // What is written is added, and lies in memory.
        let added = self.own.len().wrapping_sub(before);
        self.tail = self.tail.wrapping_add(added);
        self.remaining = self.remaining.wrapping_add(added);
        result
    }

    #[inline]
    fn reserve_own(&mut self, octets: usize) {
        if self.own.capacity().wrapping_sub(self.own.len()) < octets {
            self.grow(octets);
        }
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
            self.segments.push(Segment::own(mem::take(&mut self.tail)));
        }
        self.segments.push(Segment::Body(body));
    }

    /// Adds up to `most` frames with the same head, each with a piece of so many octets of the body, while the body has
    /// more and the batch has room.
    #[inline(never)]
    pub(crate) fn write_alike(
        &mut self,
        head: &[u8; HEAD_OCTETS],
        body: &mut Bytes,
        piece: usize,
        most: usize,
    ) {
        let frames = most.min(whole_pieces(body.len(), piece)).min(self.frames_that_fit(piece));
        let Some(more) = frames.checked_sub(1) else { return };
        self.reserve_own(frames.saturating_mul(HEAD_OCTETS));
        (0..frames).for_each(|_| self.own.extend_from_slice(head));
        let octets = mem::take(&mut self.tail).saturating_add(HEAD_OCTETS);
        let pieces = body.split_to(frames.saturating_mul(piece));
        self.remaining =
            self.remaining.saturating_add(frames.saturating_mul(HEAD_OCTETS)).saturating_add(pieces.len());
        self.more_slices = self.more_slices.saturating_add(more.saturating_mul(2));
        reserve_within(&mut self.segments, 2, most_segments(self.most_own));
        self.segments.push(Segment::Own { octets, piece });
        self.segments.push(Segment::Body(pieces));
    }

    /// How many frames with so many octets by reference can follow each other while the batch [has
    /// room](Self::has_room).
    fn frames_that_fit(&self, octets: usize) -> usize {
        let all = BATCH_OCTETS.checked_sub(1).and_then(|most| most.checked_sub(self.remaining));
        let own = self.most_own.checked_sub(self.own.len().wrapping_add(FRAME_OCTETS));
        let slices = most_segments(self.most_own).checked_sub(self.slices().wrapping_add(FRAME_SEGMENTS));
        beginnings(all, octets.saturating_add(HEAD_OCTETS))
            .min(beginnings(own, HEAD_OCTETS))
            .min(beginnings(slices, 2))
    }

    /// The heap memory in octets, bodies aside.
    pub(crate) fn memory_used(&self) -> usize {
        let segments = self.segments.capacity().saturating_mul(size_of::<Segment>());
        self.own.capacity().saturating_add(segments)
    }

    /// The slices in which the octets lie.
    fn slices(&self) -> usize {
        self.left().len().wrapping_add(self.more_slices).wrapping_add(usize::from(self.tail > 0))
    }

    /// The segments that have not left.
    #[inline]
    fn left(&self) -> &[Segment] {
        self.segments.get(self.segments_sent..).unwrap_or_default()
    }

    fn left_mut(&mut self) -> &mut [Segment] {
        self.segments.get_mut(self.segments_sent..).unwrap_or_default()
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
            self.unfold();
            let Some(first) = self.segments.get_mut(self.segments_sent) else {
                self.own_sent = self.own_sent.saturating_add(octets);
                self.tail = self.tail.saturating_sub(octets);
                return;
            };
            let (taken, is_whole) = first.advance(octets);
            octets = octets.saturating_sub(taken);
            if let Segment::Own { .. } = first {
                self.own_sent = self.own_sent.saturating_add(taken);
            }
            if is_whole {
                *first = Segment::own(0);
                self.segments_sent = self.segments_sent.saturating_add(1);
            }
        }
    }

    /// Takes the first frame that has not left out of those that are alike, if that is what comes next.
    fn unfold(&mut self) {
        let [Segment::Own { piece, .. }, Segment::Body(body), ..] = self.left_mut() else { return };
        let piece = *piece;
        if body.len() <= piece {
            return;
        }
        let behind = body.split_off(piece);
        let own = Segment::Own { octets: HEAD_OCTETS, piece };
        self.more_slices = self.more_slices.saturating_sub(2);
        let at = self.segments_sent.saturating_add(2);
        reserve_within(&mut self.segments, 2, most_segments(self.most_own));
        self.segments.splice(at..at, [own, Segment::Body(behind)]);
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
        (self.own_sent, self.segments_sent, self.more_slices, self.tail) = (0, 0, 0, 0);
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
            segments: self.batch.left(),
            own: self.batch.own.get(self.batch.own_sent..).unwrap_or_default(),
            piece: usize::MAX,
            seen: 0,
            is_behind_piece: false,
        }
    }
}

struct Chunks<'o> {
    segments: &'o [Segment],
    /// What the segments that are left have of it, and the tail.
    own: &'o [u8],
    /// How long the pieces of the first body are.
    piece: usize,
    /// How many octets of it have been seen, if it is in pieces.
    seen: usize,
    /// Whether a head comes before the next of these.
    is_behind_piece: bool,
}

impl<'o> Chunks<'o> {
    #[inline]
    fn next_own(&mut self, octets: usize) -> Option<&'o [u8]> {
        let (chunk, rest) = self.own.split_at_checked(octets)?;
        self.own = rest;
        Some(chunk)
    }

    /// Apart, since most batches have none.
    #[inline(never)]
    fn next_of_segment(&mut self) -> Option<&'o [u8]> {
        match self.segments {
            [] => None,
            [Segment::Own { octets, piece }, rest @ ..] => {
                (self.segments, self.piece) = (rest, *piece);
                self.next_own(*octets)
            }
            [Segment::Body(body), rest @ ..] if body.len() <= self.piece => {
                self.segments = rest;
                Some(body)
            }
            [Segment::Body(body), rest @ ..] => self.next_piece(body, rest),
        }
    }

    #[inline]
    fn next_piece(&mut self, body: &'o [u8], rest: &'o [Segment]) -> Option<&'o [u8]> {
        if mem::take(&mut self.is_behind_piece) {
            return self.next_own(HEAD_OCTETS);
        }
        let left = body.get(self.seen..)?;
        if left.len() <= self.piece {
            (self.segments, self.seen) = (rest, 0);
            return Some(left);
        }
        (self.seen, self.is_behind_piece) = (self.seen.saturating_add(self.piece), true);
        left.get(..self.piece)
    }
}

impl<'o> Iterator for Chunks<'o> {
    type Item = &'o [u8];

    #[inline]
    fn next(&mut self) -> Option<&'o [u8]> {
        if !self.segments.is_empty() {
            return self.next_of_segment();
        }
        Some(mem::take(&mut self.own)).filter(|tail| !tail.is_empty())
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

/// How many times something of a size can begin within a room, the last one to go beyond it.
fn beginnings(room: Option<usize>, each: usize) -> usize {
    room.and_then(|room| room.checked_div(each)).map_or(0, |before| before.saturating_add(1))
}

/// How many times so many octets can be taken while more are left.
const fn whole_pieces(length: usize, octets: usize) -> usize {
    match length.saturating_sub(1).checked_div(octets) {
        Some(pieces) => pieces,
        None => 0,
    }
}

/// Slices of a batch: a frame's head and its body are two.
const fn most_segments(most_own: usize) -> usize {
    most_own / 128
}

/// Octets of its own that a frame takes, unless its field block is long.
const FRAME_OCTETS: usize = 512;

/// The head that every frame begins with.
const HEAD_OCTETS: usize = 9;

/// The head, the padding and, in a field block, two updates of the table's size.
const DATA_OCTETS: usize = HEAD_OCTETS + 256 + 12;

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

    /// A body of so many octets, of which frames with pieces of 300 were made, and what is on the wire for them behind
    /// a head section. Of the body what is in no frame.
    fn alike(most_own: usize, octets: usize, most: usize) -> (Batch, Vec<u8>, Bytes) {
        let mut batch = Batch::new(most_own);
        batch.write(|own| own.extend_from_slice(b"section"));
        let body: Vec<u8> = (0..octets).map(|at| at as u8).collect();
        let mut left = Bytes::from(body.clone());
        batch.write_alike(b"same head", &mut left, 300, most);
        let framed = octets - left.len();
        let mut expected = b"section".to_vec();
        for piece in body[..framed].chunks(300) {
            expected.extend_from_slice(b"same head");
            expected.extend_from_slice(piece);
        }
        assert_eq!(framed % 300, 0);
        assert_eq!(batch.remaining, expected.len());
        (batch, expected, left)
    }

    #[test]
    fn frames_that_are_alike_are_as_many_as_there_is_body_window_and_room_for() {
        for (octets, most, frames) in [
            (0, 9, 0),
            (300, 9, 0),
            (301, 9, 1),
            (600, 9, 1),
            (601, 9, 2),
            (3_001, 9, 9),
            (3_000, 10, 9),
            (3_001, 10, 10),
            (3_001, 0, 0),
            // 32 slices: the last frame begins with room for three.
            (30_000, 99, 15),
        ] {
            let (mut batch, expected, left) = alike(4_096, octets, most);
            assert_eq!(octets - left.len(), 300 * frames, "{octets} {most}");
            assert_eq!(batch.slices(), (2 * frames).max(1));
            let output = Output::new(&mut batch);
            let lengths: Vec<usize> = output.chunks().map(<[u8]>::len).collect();
            let heads = [16].into_iter().chain([9].repeat(frames.saturating_sub(1)));
            let pairs: Vec<usize> = heads.flat_map(|head| [head, 300]).collect();
            assert_eq!(lengths, if frames == 0 { &[7][..] } else { &pairs[..] });
            assert_eq!(output.chunks().collect::<Vec<_>>().concat(), expected);
        }
    }

    #[test]
    fn no_more_frames_are_alike_than_octets_of_any_kind_or_of_its_own_fit() {
        let frames_behind = |written: usize, most_own, octets: usize| {
            let mut batch = Batch::new(most_own);
            batch.write(|own| own.resize(written, 0));
            let mut body = Bytes::from(alloc::vec![0; 200 * octets]);
            batch.write_alike(b"same head", &mut body, octets, 199);
            assert_eq!(batch.has_room(), batch.frames_that_fit(octets) > 0);
            (batch.own.len() - written) / HEAD_OCTETS
        };
        let frames = |most_own, octets| frames_behind(0, most_own, octets);
        assert_eq!(frames(1 << 20, 16_384), 4);
        assert_eq!(frames(1 << 20, 65_536 - 9), 1);
        assert_eq!(frames(1 << 20, 65_536 - 10), 2);
        assert_eq!(frames(1_024, 200), 3, "8 slices");
        assert_eq!((frames(520, 200), frames(600, 200)), (1, 1), "4 slices");
        assert_eq!(frames_behind(4_096 - FRAME_OCTETS - HEAD_OCTETS, 4_096, 200), 2);
        assert_eq!(frames_behind(4_096 - FRAME_OCTETS - HEAD_OCTETS + 1, 4_096, 200), 1);
    }

    #[test]
    fn bodies_of_frames_that_are_alike_follow_each_other() {
        let (mut batch, mut expected, _) = alike(4_096, 1_500, 9);
        let mut body = Bytes::from_static(&[8; 601]);
        batch.write_alike(b"next head", &mut body, 300, 9);
        for _ in 0..2 {
            expected.extend_from_slice(b"next head");
            expected.extend_from_slice(&[8; 300]);
        }
        let output = Output::new(&mut batch);
        assert_eq!(output.chunks().collect::<Vec<_>>().concat(), expected);
    }

    fn assert_within_bounds(batch: &Batch) {
        assert!(batch.own.capacity() <= batch.most_own);
        assert!(batch.segments.capacity() <= most_segments(batch.most_own));
        assert!(batch.memory_used() <= Batch::max_memory(batch.most_own));
    }

    /// Twice the memory would be more than the batch may have, both times.
    #[test]
    fn frames_that_are_alike_take_no_more_memory_than_a_batch_may_have() {
        let body = Bytes::from_static(&[7; 1_000]);
        let mut batch = Batch::new(13 * 128);
        batch.write(|own| own.resize(FRAME_OCTETS, 0));
        batch.write(|own| own.resize(2 * FRAME_OCTETS - HEAD_OCTETS, 0));
        assert_eq!(batch.own.capacity(), 2 * FRAME_OCTETS);
        batch.write_alike(b"same head", &mut body.clone(), 300, 2);
        assert_within_bounds(&batch);
        let mut batch = Batch::new(13 * 128);
        for _ in 0..4 {
            batch.write(|own| own.extend_from_slice(b"head"));
            batch.push_body(body.clone());
        }
        assert_eq!(batch.segments.capacity(), 8);
        batch.write_alike(b"same head", &mut body.clone(), 300, 2);
        assert_within_bounds(&batch);
    }

    /// Lets frames that are alike and two bodies behind them leave in steps of so many octets.
    fn leave_in_steps(step: usize, most_own: usize) {
        let (mut batch, mut expected, left) = alike(most_own, 1_500, 9);
        for body in [left, Bytes::from_static(&[8; 400])] {
            assert!(batch.has_room());
            batch.write(|own| own.extend_from_slice(b"more"));
            expected.extend_from_slice(b"more");
            expected.extend_from_slice(&body);
            batch.push_body(body);
        }
        assert_eq!(expected.len(), 1_951, "the last step takes all");
        let (mut written, mut most) = (Vec::new(), batch.slices());
        while !batch.is_empty() {
            let mut output = Output::new(&mut batch);
            let taken = step.min(output.remaining());
            let chunks: Vec<&[u8]> = output.chunks().collect();
            assert!(chunks.iter().all(|chunk| !chunk.is_empty()));
            written.extend_from_slice(&chunks.concat()[..taken]);
            let slices = chunks.len();
            output.advance(taken);
            assert!(batch.slices() <= slices && slices <= most, "{step}");
            most = slices;
            assert!(batch.segments.len() <= most_segments(batch.most_own));
            assert_within_bounds(&batch);
        }
        assert_eq!(written, expected, "{step}");
        assert_eq!((batch.own.len(), batch.segments.len(), batch.slices()), (0, 0, 0));
    }

    /// Whatever has left of them.
    #[test]
    fn frames_that_are_alike_leave_in_any_steps() {
        for step in 1..=1_951 {
            leave_in_steps(step, 13 * 128);
            leave_in_steps(step, 4_096);
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
