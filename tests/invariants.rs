//! The 25 invariants of an HTTP/2 engine that must hold under any input, and where each is shown.
//!
//! | invariant | shown by |
//! |---|---|
//! | 1 no panic, overflow or endless loop | all tests here with overflow checks, `exhaustive.rs`, `fuzz/` |
//! | 2 cuts change neither events, output nor state | [`laws`]; `support` (`Script::run`, `talk`) under all of `rfc9113/`; `frames/cuts.rs` |
//! | 3 each call takes an octet, tells an event, or is done | [`laws`], [`agree`]: `poll` leaves no input behind |
//! | 4 memory within the bound, back to little when idle, to none when dropped | dropped: here; the bound, idle: `attacks.rs`, `allocations.rs` |
//! | 5 output ≤ 1.5 × input + 1 KiB and what the caller submitted; replies ≤ the cap | [`laws`]; the cap: `rfc9113/ping.rs` |
//! | 6 instructions per frame, octet and request | counted by `.ci/attack-costs`, of which `.ci/bounds` has a part |
//! | 7 after an error one GOAWAY, then nothing | [`laws`], [`agree`]; `rfc9113/errors.rs` |
//! | 8 events of a stream in order, one end, none after it | [`laws`]; `calls.rs`, `rfc9113/verdicts.rs` |
//! | 9 one RST_STREAM a stream, none on idle ones, none in answer | [`laws`], [`agree`]; `rfc9113/streams.rs` |
//! | 10 PING and SETTINGS answered once and in order | [`laws`], [`agree`]; `rfc9113/ping.rs`, `rfc9113/settings.rs` |
//! | 11 own output is legal | [`laws`], [`agree`] (frames, states, HPACK); engine to engine: `calls.rs`, `pair.rs` |
//! | 12 credit adds up and comes back | [`agree`], [`laws`]; `calls.rs`, `exhaustive/windows.rs`, `rfc9113/flow_control.rs` |
//! | 13 no DATA beyond a window, no frame and no stream beyond the peer's limits | [`agree`]; `exhaustive/windows.rs`, `rfc9113/sending.rs` |
//! | 14 unfinished requests ≤ the limit, also in reset storms | [`laws`]; `rfc9113/streams.rs` |
//! | 15 GOAWAY's last stream never rises, nothing above it is told, retries are safe exactly where it is said | [`laws`]; `rfc9113/goaway.rs`, `rfc9113/verdicts.rs` |
//! | 16 accepted fields are valid, content is as long as announced | `rfc9113/oracle.rs`, `rfc9113/field_rules.rs`, `rfc9113/content.rs` |
//! | 17 a refused call changes nothing | [`agree`] (but for [`Full`](sans_h2::SendError::Full), which asks for `Writable`); `rfc9113/settings.rs` |
//! | 18 HPACK round trips, tables in step, sizes announced | [`agree`] with [`hpack`]; `rfc7541.rs`, `corpus.rs`, `rfc9113/field_blocks.rs` |
//! | 19 the Huffman code | `exhaustive/huffman.rs` |
//! | 20 all frame heads | `exhaustive/frames.rs`, `frames/table.rs` |
//! | 21 all states | `exhaustive/states.rs` |
//! | 22 budgets do not fall for useful work | `benign.rs` (`ends::check_budgets`); the ledger itself: `src/guard.rs` |
//! | 23 agreement with other engines | `differential/`; `fuzz/` (`differential`) |
//! | 24 the same input comes to the same | [`laws`] |
//! | 25 nothing leaks; a config out of range is refused when built | here: `nothing_is_leaked_…`; `src/config.rs`: `every_value_out_of_range_…` |

#[path = "invariants/agree.rs"]
mod agree;
#[path = "invariants/hpack.rs"]
mod hpack;
#[path = "exhaustive/huffman_code.rs"]
mod huffman_code;
#[path = "invariants/laws.rs"]
mod laws;
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

    #[test]
    fn the_laws_hold_whatever_happens(chaos in laws::chaos()) {
        laws::check(&chaos);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(100), ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_leaked_wherever_a_connection_is_dropped(chaos in laws::chaos()) {
        laws::check_memory(&chaos);
    }
}

/// Scripts come to everything that the model knows of: no comparison is idle.
#[test]
fn scripts_reach_every_outcome() {
    use std::collections::BTreeMap;

    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeMap::<String, usize>::new();
    for _ in 0..400 {
        let script = script::script().new_tree(&mut runner).expect("no filters").current();
        for outcome in agree::run(&script) {
            *seen.entry(outcome).or_default() += 1;
        }
    }
    let count = |name: &str| {
        seen.iter().filter(|(outcome, _)| outcome.starts_with(name)).map(|(_, count)| count).sum()
    };
    for (name, least) in [
        ("told Headers Request", 500),
        ("told Headers Interim", 20),
        ("told Headers Response", 100),
        ("told Headers Trailers", 20),
        ("told Data", 100),
        ("told Reset Peer", 20),
        ("told Reset Us", 60),
        ("told Reset GoAway", 5),
        ("told Reset End", 50),
        ("told Promise", 50),
        ("told Acknowledged", 20),
        ("told Pong", 5),
        ("told Closed", 100),
        ("out Reset", 200),
        ("placed Section", 500),
        ("placed Data", 200),
        ("placed Credit", 50),
    ] {
        let times: usize = count(name);
        assert!(times >= least, "{name}: {times} times\n{seen:#?}");
    }
}
