//! The engines, behind one face: a connection with both of its ends, and HPACK alone.

pub(crate) mod hyper;
pub(crate) mod nghttp2;
pub(crate) mod ours;

use crate::corpus::Corpus;
use crate::plan::Plan;
use crate::sink::{End, Sink};

/// Who allocates for an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// What it uses itself: times are measured so.
    Own,
    /// What counts, for an engine that is not written in Rust.
    Counted,
}

/// Both ends of one connection, after their handshake.
pub(crate) trait Connected<'p, S: Sink<'p>>: Sized {
    fn new(plan: &'p Plan, memory: Memory) -> Self;

    /// Makes so many exchanges more.
    fn exchange(&mut self, count: usize);

    /// The octets that have gone each way since the handshake.
    fn wire_octets(&self) -> usize;

    fn sink(&self, end: End) -> &S;

    /// Lets go of one end, and of nothing else: what the heap has more then was its.
    fn drop_end(&mut self, end: End);
}

/// HPACK alone, on contexts that last.
pub(crate) trait Hpack<'c>: Sized {
    fn new(corpus: &'c Corpus, memory: Memory) -> Self;

    /// Decodes all blocks.
    fn decode(&mut self, take: impl FnMut(&[u8], &[u8]));

    /// Encodes all lists, each story with an encoder of its own; how many octets that makes.
    fn encode(&mut self, take: impl FnMut(&[u8])) -> usize;

    /// The same with one encoder, which lasts.
    fn encode_on(&mut self) -> usize;
}
