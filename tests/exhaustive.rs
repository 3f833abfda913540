//! Small spaces, seen through to the last case, against tables and decoders that are written here from the RFCs alone.
//!
//! In release builds every space is whole. Debug builds are some twenty times slower; where a space has millions of
//! cases they take every so many of them, by steps that divide no dimension, so that each value of each dimension
//! still meets all values of every other. Each place says what it leaves out.

#[path = "exhaustive/frames.rs"]
mod frames;
#[path = "exhaustive/huffman.rs"]
mod huffman;
#[path = "exhaustive/huffman_code.rs"]
mod huffman_code;
#[path = "exhaustive/integers.rs"]
mod integers;
#[path = "exhaustive/judgement.rs"]
mod judgement;
#[path = "exhaustive/state_tables.rs"]
mod state_tables;
#[path = "exhaustive/states.rs"]
mod states;
mod support;
#[path = "exhaustive/windows.rs"]
mod windows;

/// Every how many cases of a large space are run.
const fn step(debug: usize) -> usize {
    if cfg!(debug_assertions) { debug } else { 1 }
}
