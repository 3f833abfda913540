//! The bodies of the fuzz targets: those that `tests/seeds.rs` of the crate replays, and the one against nghttp2.

#[path = "../../tests/fuzzing/mod.rs"]
mod fuzzing;
mod nghttp2;

pub use fuzzing::*;
pub use nghttp2::differential;
