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
mod values;

/// What a target does with octets. A panic is a finding.
type Target = fn(&[u8]);

/// The targets by their names.
pub const TARGETS: &[(&str, Target)] = &[
    ("client", engine::client),
    ("extension", values::extension),
    ("frame", frames::frame),
    ("hpack_decode", compression::hpack_decode),
    ("hpack_round_trip", compression::hpack_round_trip),
    #[cfg(feature = "http")]
    ("http", http::http),
    ("huffman", compression::huffman),
    ("limits", engine::limits),
    ("pair", pair::pair),
    ("priority", values::priority),
    ("server", engine::server),
    ("split", engine::split),
    ("upgrade", values::upgrade),
];

/// Runs one target.
///
/// # Panics
///
/// When the target finds something, or does not exist.
pub fn run(name: &str, data: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(target, _)| *target == name).expect("a target of this name");
    target(data);
}

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
