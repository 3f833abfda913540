//! What each fuzz target does with any octets.
//!
//! `fuzz/` hands it those that libFuzzer finds, `tests/seeds.rs` those of the committed seeds.
#![allow(dead_code, unreachable_pub, reason = "each user takes a part of it")]

mod compression;
mod engine;
mod frames;
#[cfg(feature = "http")]
mod http;
mod outcome;
mod pair;
mod told;
mod values;

#[cfg(feature = "http")]
pub use self::http::http;
pub use compression::{hpack_decode, hpack_round_trip, huffman};
pub use engine::{client, limits, server, split};
pub use frames::frame;
pub use pair::pair;
pub use values::{extension, priority, upgrade};

/// What a target does with octets. A panic is a finding.
type Target = fn(&[u8]);

/// The targets by their names.
pub const TARGETS: &[(&str, Target)] = &[
    ("client", client),
    ("extension", extension),
    ("frame", frame),
    ("hpack_decode", hpack_decode),
    ("hpack_round_trip", hpack_round_trip),
    #[cfg(feature = "http")]
    ("http", http),
    ("huffman", huffman),
    ("limits", limits),
    ("pair", pair),
    ("priority", priority),
    ("server", server),
    ("split", split),
    ("upgrade", upgrade),
];

/// The whole, split into pieces as long as the octets of `sizes` say, one after the other and again.
fn pieces<'b>(whole: &'b [u8], sizes: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
    let mut rest = whole;
    let mut at = 0;
    std::iter::from_fn(move || {
        let size = sizes.get(at % sizes.len().max(1)).map_or(usize::MAX, |&size| usize::from(size).max(1));
        let (piece, more) = rest.split_at(size.min(rest.len()));
        (rest, at) = (more, at + 1);
        (!piece.is_empty()).then_some(piece)
    })
}
