//! Octets on their way out: frame heads of the engine's own, and bodies by reference between them.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::{Buf, Bytes};

/// Frames that are final: they leave in this order, and nothing overtakes them any more.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// What the engine wrote itself.
    own: Vec<u8>,
    /// How many octets of `own` have left.
    own_sent: usize,
    segments: VecDeque<Segment>,
    remaining: usize,
}

#[derive(Debug)]
enum Segment {
    /// So many octets of `own`.
    Own(usize),
    Body(Bytes),
}

impl Batch {
    pub(crate) const fn is_empty(&self) -> bool {
        self.remaining == 0
    }

    /// Octets that have not left yet.
    pub(crate) const fn remaining(&self) -> usize {
        self.remaining
    }

    /// Adds what `write` appends to the engine's own octets.
    pub(crate) fn write<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let before = self.own.len();
        let result = write(&mut self.own);
        let added = self.own.len().saturating_sub(before);
        self.count_own(added);
        result
    }

    /// Adds a piece of body; a tiny one is copied behind its frame head, since a slice of its own costs more.
    pub(crate) fn push_body(&mut self, body: Bytes) {
        if body.len() <= TINY {
            return self.write(|own| own.extend_from_slice(&body));
        }
        self.remaining = self.remaining.saturating_add(body.len());
        self.segments.push_back(Segment::Body(body));
    }

    /// The heap memory in octets, bodies aside.
    pub(crate) fn memory_used(&self) -> usize {
        let segments = self.segments.capacity().saturating_mul(size_of::<Segment>());
        self.own.capacity().saturating_add(segments)
    }

    fn count_own(&mut self, added: usize) {
        self.remaining = self.remaining.saturating_add(added);
        match self.segments.back_mut() {
            Some(Segment::Own(octets)) => *octets = octets.saturating_add(added),
            Some(Segment::Body(_)) | None if added > 0 => self.segments.push_back(Segment::Own(added)),
            Some(Segment::Body(_)) | None => {}
        }
    }

    fn own_chunk(&self, sent: usize, octets: usize) -> &[u8] {
        self.own.get(sent..).and_then(|rest| rest.get(..octets)).unwrap_or_default()
    }

    fn advance(&mut self, mut octets: usize) {
        assert!(octets <= self.remaining, "advanced past the end of the output");
        self.remaining = self.remaining.saturating_sub(octets);
        while octets > 0 {
            let whole = match self.segments.front_mut() {
                Some(Segment::Own(left)) => {
                    let taken = octets.min(*left);
                    self.own_sent = self.own_sent.saturating_add(taken);
                    *left = left.saturating_sub(taken);
                    octets = octets.saturating_sub(taken);
                    *left == 0
                }
                Some(Segment::Body(body)) => {
                    let taken = octets.min(body.len());
                    body.advance(taken);
                    octets = octets.saturating_sub(taken);
                    body.is_empty()
                }
                None => return,
            };
            if whole {
                self.segments.pop_front();
            }
        }
        if self.remaining == 0 {
            self.own.clear();
            self.own_sent = 0;
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
    pub fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        let mut sent = self.batch.own_sent;
        self.batch.segments.iter().map(move |segment| match segment {
            Segment::Own(octets) => {
                let chunk = self.batch.own_chunk(sent, *octets);
                sent = sent.saturating_add(*octets);
                chunk
            }
            Segment::Body(body) => body,
        })
    }
}

impl Buf for Output<'_> {
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
const TINY: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> (Batch, Vec<u8>) {
        let mut batch = Batch::default();
        let body = Bytes::from_static(&[7; 100]);
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
        assert_eq!(output.chunks().map(<[u8]>::len).collect::<Vec<_>>(), [4, 100, 8, 100]);
        assert_eq!(output.chunks().collect::<Vec<_>>().concat(), expected);
    }

    #[test]
    fn any_step_leaves_the_rest() {
        for step in 1..=212 {
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
            assert!(batch.own.is_empty() && batch.segments.is_empty());
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
        assert_eq!(seen, expected[..112]);
    }
}
