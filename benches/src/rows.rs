//! The rows of the table: what is done, by whom, how often.

use std::fmt;

use anyhow::Result;
use clap::ValueEnum;

use crate::corpus::Corpus;
use crate::exchanges;
use crate::plan::{FRAME_OCTETS, Plan, Transport};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    Decode,
    Encode,
    Get1,
    Get100,
    Grpc100,
    DownLent,
    UpLent,
    DownCopied,
    UpCopied,
    Heap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Ours,
    Nghttp2,
    H2,
    /// Not an engine: what the write buffer alone costs.
    Memcpy,
}

impl Engine {
    pub(crate) const ALL: [Self; 4] = [Self::Ours, Self::Nghttp2, Self::H2, Self::Memcpy];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Ours => "sans-h2",
            Self::Nghttp2 => "nghttp2",
            Self::H2 => "h2",
            Self::Memcpy => "memcpy",
        }
    }
}

impl Row {
    pub(crate) const ALL: [Self; 10] = [
        Self::Decode,
        Self::Encode,
        Self::Get1,
        Self::Get100,
        Self::Grpc100,
        Self::DownLent,
        Self::UpLent,
        Self::DownCopied,
        Self::UpCopied,
        Self::Heap,
    ];

    /// Those whose work is timed and counted.
    pub(crate) fn timed() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|row| *row != Self::Heap)
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Decode => "decode a header list (`nghttp2` stories)",
            Self::Encode => "encode a header list (`raw-data` stories)",
            Self::Get1 => "GET with 10 fields, 200 with 8 and 100 octets, one at a time",
            Self::Get100 => "the same, 100 at a time",
            Self::Grpc100 => "gRPC-shaped POST, 69 octets each way, trailers, 100 at a time",
            Self::DownLent => "64 MiB down, body by reference",
            Self::UpLent => "64 MiB up, body by reference",
            Self::DownCopied => "64 MiB down, gathered into a write buffer",
            Self::UpCopied => "64 MiB up, gathered into a write buffer",
            Self::Heap => "heap of one end",
        }
    }

    /// What one operation is.
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::Decode | Self::Encode => "list",
            Self::Get1 | Self::Get100 | Self::Grpc100 => "exchange",
            Self::DownLent | Self::UpLent | Self::DownCopied | Self::UpCopied => "frame",
            Self::Heap => "end",
        }
    }

    /// Who does it, this engine first.
    pub(crate) const fn engines(self) -> &'static [Engine] {
        match self {
            Self::Decode | Self::Encode => &[Engine::Ours, Engine::Nghttp2],
            Self::Get1 | Self::Get100 | Self::Grpc100 | Self::Heap => {
                &[Engine::Ours, Engine::Nghttp2, Engine::H2]
            }
            // It copies bodies into buffers of its own.
            Self::DownLent | Self::UpLent => &[Engine::Ours, Engine::Nghttp2],
            Self::DownCopied | Self::UpCopied => &[Engine::Ours, Engine::Nghttp2, Engine::H2, Engine::Memcpy],
        }
    }

    /// The operations of one timed sample.
    pub(crate) fn sample(self, input: &Input) -> usize {
        match self {
            Self::Decode | Self::Encode => 3 * self.counted(input),
            Self::Get1 | Self::Get100 | Self::Grpc100 => 5_000,
            Self::DownLent | Self::UpLent => 8 * FRAMES,
            Self::DownCopied | Self::UpCopied => FRAMES,
            Self::Heap => 0,
        }
    }

    /// The operations that are counted instruction by instruction, and of which whole multiples can be done.
    pub(crate) fn counted(self, input: &Input) -> usize {
        match (self, input) {
            (Self::Decode, Input::Corpus(corpus)) => corpus.blocks.len(),
            (Self::Encode, Input::Corpus(corpus)) => corpus.encoded_lists(),
            (Self::DownLent | Self::UpLent | Self::DownCopied | Self::UpCopied, _) => FRAMES,
            _ => 1_200,
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().expect("none is hidden").get_name())
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().expect("none is hidden").get_name())
    }
}

/// What a row works on.
pub(crate) enum Input {
    Corpus(Corpus),
    Plan(Plan),
    Nothing,
}

impl Input {
    pub(crate) fn of(row: Row) -> Result<Self> {
        Ok(match row {
            Row::Decode | Row::Encode => Self::Corpus(Corpus::load()?),
            Row::Get1 => Self::Plan(exchanges::get(1)),
            Row::Get100 => Self::Plan(exchanges::get(100)),
            Row::Grpc100 => Self::Plan(exchanges::grpc()),
            Row::DownLent => Self::Plan(exchanges::download(BODY_OCTETS, Transport::ByReference)),
            Row::UpLent => Self::Plan(exchanges::upload(BODY_OCTETS, Transport::ByReference)),
            Row::DownCopied => Self::Plan(exchanges::download(BODY_OCTETS, Transport::Gathered)),
            Row::UpCopied => Self::Plan(exchanges::upload(BODY_OCTETS, Transport::Gathered)),
            Row::Heap => Self::Nothing,
        })
    }

    pub(crate) const fn is_generated(&self) -> bool {
        matches!(self, Self::Corpus(corpus) if corpus.is_generated)
    }
}

/// The long body, and how many frames carry it.
pub(crate) const BODY_OCTETS: usize = 64 << 20;
pub(crate) const FRAMES: usize = BODY_OCTETS / FRAME_OCTETS;
