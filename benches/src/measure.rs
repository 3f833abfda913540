//! Time, allocations and octets.

use rustix::time::{ClockId, clock_gettime};

use crate::engine::Memory;
use crate::memory::account;
use crate::rows::{Engine, Input, Row};
use crate::subject::subject;

/// Nanoseconds of the thread's own time for one operation of each engine: the median of rounds in which all have their
/// turn. Beside it the octets that one operation makes.
pub(crate) fn times(row: Row, input: &Input, rounds: usize) -> Vec<(f64, f64)> {
    let engines = row.engines();
    let mut subjects: Vec<_> = engines.iter().map(|it| subject(row, *it, Memory::Own, input)).collect();
    let operations = row.sample(input);
    let mut samples = vec![Vec::new(); engines.len()];
    for round in 0..=rounds {
        for turn in 0..engines.len() {
            let nth = (turn + round) % engines.len();
            let taken = time(|| subjects[nth].run(operations));
            // The first round warms up.
            if round > 0 {
                samples[nth].push(taken / operations as f64);
            }
        }
    }
    let total = (operations * (rounds + 1)) as f64;
    let figures = subjects.iter().zip(samples).map(|(subject, samples)| {
        subject.check();
        (median(samples), subject.octets() as f64 / total)
    });
    figures.collect()
}

/// The nanoseconds of the thread's own time that something takes.
pub(crate) fn time(work: impl FnOnce()) -> f64 {
    let before = thread_time();
    work();
    thread_time() - before
}

fn thread_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// How often one operation asks for memory, in the steady state.
pub(crate) fn allocations(row: Row, engine: Engine, input: &Input) -> f64 {
    let mut subject = subject(row, engine, Memory::Counted, input);
    let operations = row.counted(input);
    subject.run(operations);
    let before = account().allocations;
    subject.run(2 * operations);
    let made = account().allocations - before;
    subject.check();
    made as f64 / (2 * operations) as f64
}
