//! Where the engines differ, and why ours is right.

#[path = "differences/h2.rs"]
mod h2;
#[path = "differences/nghttp2.rs"]
mod nghttp2;

use sans_h2_differential::{Engine, Kind};

/// A reason to differ, and the cases that it explains.
pub(crate) struct Difference {
    pub(crate) engine: Engine,
    pub(crate) kind: Kind,
    pub(crate) clause: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) cases: &'static [&'static str],
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Difference> {
    nghttp2::DIFFERENCES.iter().chain(h2::DIFFERENCES)
}

const fn differs(
    engine: Engine,
    kind: Kind,
    clause: &'static str,
    reason: &'static str,
    cases: &'static [&'static str],
) -> Difference {
    Difference { engine, kind, clause, reason, cases }
}
