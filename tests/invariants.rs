//! The invariants.

#[path = "invariants/agree.rs"]
mod agree;
#[path = "invariants/hpack.rs"]
mod hpack;
#[path = "exhaustive/huffman_code.rs"]
mod huffman_code;
#[path = "invariants/model.rs"]
mod model;
#[path = "invariants/script.rs"]
mod script;
#[path = "invariants/static_table.rs"]
mod static_table;
mod support;

use std::env;

use proptest::prelude::*;

/// `PROPTEST_CASES`, or as many as take a few seconds.
fn cases(default: u32) -> u32 {
    env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(300), max_shrink_iters: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_agrees_with_the_model(script in script::script()) {
        agree::run(&script);
    }
}
