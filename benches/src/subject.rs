//! An engine at the work of a row: checked first, then measured.

use std::hint::black_box;

use crate::corpus::Corpus;
use crate::engine::hyper::Hyper;
use crate::engine::nghttp2::{Nghttp2, Nghttp2Hpack};
use crate::engine::ours::{self, Ours, OursHpack};
use crate::engine::{Connected, Hpack, Memory};
use crate::plan::{FRAME_OCTETS, Pair, Plan, WRITE_OCTETS};
use crate::rows::{BODY_OCTETS, Engine, FRAMES, Input, Row};
use crate::sink::{Checked, End, Tally};

/// Something that does the operations of a row.
pub(crate) trait Subject {
    fn run(&mut self, operations: usize);

    /// Octets made so far: on the wire in both directions, or of encoded blocks.
    fn octets(&self) -> usize;

    /// Asserts that all that was done so far was delivered.
    fn check(&self);
}

/// The engine for the row, which has done the same under inspection before.
pub(crate) fn subject<'i>(
    row: Row,
    engine: Engine,
    memory: Memory,
    input: &'i Input,
) -> Box<dyn Subject + 'i> {
    match (engine, input) {
        (Engine::Ours, Input::Plan(plan)) => connected::<Ours<_>, Ours<_>>(row, memory, plan),
        (Engine::Nghttp2, Input::Plan(plan)) => connected::<Nghttp2<_>, Nghttp2<_>>(row, memory, plan),
        (Engine::H2, Input::Plan(plan)) => connected::<Hyper<_>, Hyper<_>>(row, memory, plan),
        (Engine::Ours, Input::Corpus(corpus)) => coded::<OursHpack>(row, memory, corpus),
        (Engine::Nghttp2, Input::Corpus(corpus)) => coded::<Nghttp2Hpack>(row, memory, corpus),
        (Engine::Memcpy, Input::Plan(plan)) => Box::new(Copies::new(plan)),
        (Engine::H2 | Engine::Memcpy, Input::Corpus(_)) | (_, Input::Nothing) => {
            unreachable!("{engine} has no part in {row}")
        }
    }
}

fn connected<'p, C, T>(row: Row, memory: Memory, plan: &'p Plan) -> Box<dyn Subject + 'p>
where
    C: Connected<'p, Checked<'p>>,
    T: Connected<'p, Tally> + 'p,
{
    verify_exchanges::<C>(plan);
    let frames = match row {
        Row::DownLent | Row::UpLent | Row::DownCopied | Row::UpCopied => FRAMES,
        _ => 1,
    };
    Box::new(Exchanges { ends: T::new(plan, memory), plan, frames, done: 0 })
}

/// Makes every exchange, and two flights more, with all that is delivered compared.
fn verify_exchanges<'p, C: Connected<'p, Checked<'p>>>(plan: &'p Plan) {
    let mut ends = C::new(plan, Memory::Own);
    let count = plan.exchanges.len() + 2 * plan.at_once;
    ends.exchange(count);
    for end in [End::Client, End::Server] {
        ends.sink(end).assert_whole(count);
    }
}

struct Exchanges<'p, T> {
    ends: T,
    plan: &'p Plan,
    /// How many operations one exchange is.
    frames: usize,
    done: usize,
}

impl<'p, T: Connected<'p, Tally>> Subject for Exchanges<'p, T> {
    fn run(&mut self, operations: usize) {
        let count = operations / self.frames;
        self.ends.exchange(count);
        self.done += count;
    }

    fn octets(&self) -> usize {
        self.ends.wire_octets()
    }

    fn check(&self) {
        for end in [End::Client, End::Server] {
            assert_eq!(*self.ends.sink(end), Tally::expected(self.plan, end, self.done), "{end:?}");
        }
    }
}

fn coded<'c, H: Hpack<'c> + 'c>(row: Row, memory: Memory, corpus: &'c Corpus) -> Box<dyn Subject + 'c> {
    let hpack = H::new(corpus, memory);
    if row == Row::Decode {
        verify_decoding::<H>(corpus);
        Box::new(Decoding { hpack, corpus, fields: 0, octets: 0, passes: 0 })
    } else {
        verify_encoding::<H>(corpus);
        Box::new(Encoding { hpack, corpus, memory, octets: 0 })
    }
}

fn verify_decoding<'c, H: Hpack<'c>>(corpus: &'c Corpus) {
    let mut expected = corpus.decoded.iter().flatten();
    H::new(corpus, Memory::Own).decode(|name, value| {
        let pair: &Pair = expected.next().expect("no more fields than there are");
        assert_eq!((name, value), (&pair.0[..], &pair.1[..]));
    });
    assert!(expected.next().is_none(), "fields are missing");
}

fn verify_encoding<'c, H: Hpack<'c>>(corpus: &'c Corpus) {
    let mut blocks = Vec::new();
    H::new(corpus, Memory::Own).encode(|block| blocks.push(block.to_vec()));
    let mut blocks = &blocks[..];
    for story in &corpus.stories {
        let (of_story, rest) = blocks.split_at(story.len());
        assert_eq!(ours::decode(of_story), *story);
        blocks = rest;
    }
}

struct Decoding<'c, H> {
    hpack: H,
    corpus: &'c Corpus,
    fields: usize,
    octets: usize,
    passes: usize,
}

impl<'c, H: Hpack<'c>> Subject for Decoding<'c, H> {
    fn run(&mut self, operations: usize) {
        for _ in 0..operations / self.corpus.blocks.len() {
            let (mut fields, mut octets) = (0, 0);
            self.hpack.decode(|name, value| {
                fields += 1;
                octets += name.len() + value.len();
            });
            self.fields += fields;
            self.octets += octets;
            self.passes += 1;
        }
    }

    fn octets(&self) -> usize {
        self.octets
    }

    fn check(&self) {
        assert_eq!(self.octets, self.corpus.decoded_octets() * self.passes);
        let fields: usize = self.corpus.decoded.iter().map(Vec::len).sum();
        assert_eq!(self.fields, fields * self.passes);
    }
}

struct Encoding<'c, H> {
    hpack: H,
    corpus: &'c Corpus,
    memory: Memory,
    octets: usize,
}

impl<'c, H: Hpack<'c>> Subject for Encoding<'c, H> {
    fn run(&mut self, operations: usize) {
        for _ in 0..operations / self.corpus.encoded_lists() {
            // What is allocated is asked of the steady state.
            self.octets += match self.memory {
                Memory::Own => self.hpack.encode(|block| _ = black_box(block)),
                Memory::Counted => self.hpack.encode_on(),
            };
        }
    }

    fn octets(&self) -> usize {
        self.octets
    }

    fn check(&self) {
        assert!(self.octets > 0);
    }
}

/// The copies alone that a write buffer needs.
struct Copies<'p> {
    plan: &'p Plan,
    wire: Vec<u8>,
    octets: usize,
}

impl<'p> Copies<'p> {
    fn new(plan: &'p Plan) -> Self {
        Self { plan, wire: Vec::with_capacity(2 * WRITE_OCTETS), octets: 0 }
    }
}

impl Subject for Copies<'_> {
    fn run(&mut self, operations: usize) {
        let exchange = self.plan.exchange(0);
        let body =
            if exchange.request.body.is_empty() { &exchange.response.body } else { &exchange.request.body };
        for _ in 0..operations / FRAMES {
            for piece in body.chunks(FRAME_OCTETS) {
                self.wire.extend_from_slice(piece);
                if self.wire.len() >= WRITE_OCTETS {
                    self.octets += black_box(&self.wire).len();
                    self.wire.clear();
                }
            }
        }
    }

    fn octets(&self) -> usize {
        self.octets
    }

    fn check(&self) {
        assert_eq!(self.octets % BODY_OCTETS, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchanges;
    use crate::plan::{Answers, Transport};

    const ENGINES: [Engine; 3] = [Engine::Ours, Engine::Nghttp2, Engine::H2];

    /// Does a little of it, compared and then counted.
    fn work(engine: Engine, plan: Plan) {
        for memory in [Memory::Own, Memory::Counted] {
            let mut subject = match engine {
                Engine::Ours => connected::<Ours<_>, Ours<_>>(Row::Get1, memory, &plan),
                Engine::Nghttp2 => connected::<Nghttp2<_>, Nghttp2<_>>(Row::Get1, memory, &plan),
                Engine::H2 => connected::<Hyper<_>, Hyper<_>>(Row::Get1, memory, &plan),
                Engine::Memcpy => unreachable!("it is no engine"),
            };
            subject.run(7);
            subject.check();
            assert!(subject.octets() > 0);
        }
    }

    #[test]
    fn all_engines_deliver_all_exchanges() {
        for engine in ENGINES {
            [exchanges::get(1), exchanges::get(100), exchanges::grpc(), exchanges::wide(200)]
                .into_iter()
                .for_each(|plan| work(engine, plan));
        }
    }

    /// Through several windows.
    #[test]
    fn all_engines_deliver_long_bodies() {
        for engine in ENGINES {
            let octets = 5_000_001;
            work(engine, exchanges::download(octets, Transport::Gathered));
            work(engine, exchanges::upload(octets, Transport::Gathered));
        }
    }

    #[test]
    fn bodies_by_reference_stay_where_they_are() {
        for engine in [Engine::Ours, Engine::Nghttp2] {
            work(engine, exchanges::download(5_000_001, Transport::ByReference));
            work(engine, exchanges::upload(5_000_001, Transport::ByReference));
        }
    }

    #[test]
    fn all_engines_code_all_lists() {
        let input = Input::Corpus(Corpus::generate());
        for row in [Row::Decode, Row::Encode] {
            for engine in [Engine::Ours, Engine::Nghttp2] {
                let mut subject = subject(row, engine, Memory::Own, &input);
                subject.run(row.counted(&input));
                subject.check();
            }
        }
    }

    #[test]
    #[should_panic(expected = "assertion")]
    fn a_message_that_never_comes_is_missed() {
        let plan = Plan { answers: Answers::Never, ..exchanges::get(1) };
        let mut ends = Ours::<Checked<'_>>::new(&plan, Memory::Own);
        ends.exchange(1);
        ends.sink(End::Server).assert_whole(1);
        ends.sink(End::Client).assert_whole(1);
    }
}
