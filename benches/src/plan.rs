//! What the two ends of a connection say to each other.

use bytes::Bytes;

pub(crate) type Pair = (Vec<u8>, Vec<u8>);

/// One message of an exchange.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) head: Vec<Pair>,
    pub(crate) body: Bytes,
    pub(crate) trailers: Vec<Pair>,
}

impl Message {
    /// Whether its header section is all of it.
    pub(crate) fn is_head_only(&self) -> bool {
        self.body.is_empty() && self.trailers.is_empty()
    }
}

#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) request: Message,
    pub(crate) response: Message,
}

/// How octets go from one end to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Through a write buffer, from which the other end reads.
    Gathered,
    /// Slice by slice, where they lie.
    ByReference,
}

/// What the server does with requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    AtEnd,
    /// Never: streams stay open.
    Never,
}

/// Exchanges to be made on one connection, over and over.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) at_once: usize,
    pub(crate) transport: Transport,
    pub(crate) answers: Answers,
}

impl Plan {
    pub(crate) fn exchange(&self, nth: usize) -> &Exchange {
        &self.exchanges[nth % self.exchanges.len()]
    }

    /// The exchange on a client's stream.
    pub(crate) fn of_stream(&self, stream: u32) -> &Exchange {
        self.exchange(nth_of(stream))
    }

    /// How many streams the ends admit at once.
    pub(crate) fn max_streams(&self) -> u32 {
        u32::try_from(self.at_once).expect("far fewer").max(100)
    }

    pub(crate) fn has_long_bodies(&self) -> bool {
        self.exchanges.iter().any(|it| it.request.body.len().max(it.response.body.len()) > 1_024)
    }
}

/// The ordinal of a client's stream.
pub(crate) fn nth_of(stream: u32) -> usize {
    stream as usize / 2
}

/// The windows of streams and of the connection, in octets.
pub(crate) const WINDOW: u32 = 1 << 20;

/// How many octets a write buffer gathers before they are sent.
pub(crate) const WRITE_OCTETS: usize = 65_536;

/// A frame's payload at most.
pub(crate) const FRAME_OCTETS: usize = 16_384;
