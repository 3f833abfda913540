//! What connections hold on the heap.

use crate::engine::hyper::Hyper;
use crate::engine::nghttp2::Nghttp2;
use crate::engine::ours::Ours;
use crate::engine::{Connected, Memory};
use crate::exchanges;
use crate::memory::freed_by;
use crate::plan::Plan;
use crate::rows::Engine;
use crate::sink::{End, Tally};

/// Octets of heap of a client and a server.
pub(crate) struct Heap {
    pub(crate) fresh: [f64; 2],
    pub(crate) idle: [f64; 2],
    pub(crate) stream: [f64; 2],
}

pub(crate) fn of(engine: Engine) -> Heap {
    match engine {
        Engine::Ours => heap_of::<OursEnds>(),
        Engine::Nghttp2 => heap_of::<Nghttp2Ends>(),
        Engine::H2 => heap_of::<HyperEnds>(),
        Engine::Memcpy => unreachable!("it is no engine"),
    }
}

/// An engine for plans of any lifetime.
trait Ends {
    type Of<'p>: Connected<'p, Tally>;
}

struct OursEnds;
struct Nghttp2Ends;
struct HyperEnds;

impl Ends for OursEnds {
    type Of<'p> = Ours<'p, Tally>;
}

impl Ends for Nghttp2Ends {
    type Of<'p> = Nghttp2<'p, Tally>;
}

impl Ends for HyperEnds {
    type Of<'p> = Hyper<'p, Tally>;
}

fn heap_of<E: Ends>() -> Heap {
    let idle = exchanges::get(100);
    let open = exchanges::open_streams(OPEN_STREAMS);
    let base = held_after::<E>(&open, 100);
    let more = held_after::<E>(&open, OPEN_STREAMS);
    let streams = (OPEN_STREAMS - 100) as f64;
    Heap {
        fresh: held_after::<E>(&idle, 0),
        idle: held_after::<E>(&idle, 10_000),
        stream: [(more[0] - base[0]) / streams, (more[1] - base[1]) / streams],
    }
}

/// What each end holds after so many exchanges.
fn held_after<E: Ends>(plan: &Plan, exchanges: usize) -> [f64; 2] {
    let mut ends = E::Of::new(plan, Memory::Counted);
    ends.exchange(exchanges);
    [End::Client, End::Server].map(|end| freed_by(|| ends.drop_end(end)) as f64)
}

const OPEN_STREAMS: usize = 1_100;
