//! What keeps a peer from making the engine work for nothing: one ledger for all floods.
//!
//! Frames that ask for work and bring none cost something, useful work and time earn it back. So a limit that stops
//! an attack within seconds lets an honest peer live for ever.

use core::time::Duration;

use crate::config::Config;
use crate::error::Violation;
use crate::flow::USEFUL_OCTETS;
use crate::time::Time;

/// What the peer has caused, and what it may cause yet.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Octets of replies that have not gone into the output.
    replies: usize,
    most_replies: usize,
    noise: Budget,
    resets: Budget,
    /// WINDOW_UPDATE frames that the traffic so far accounts for.
    updates: u32,
    /// What is left for DATA frames that carry little, each counted as many octets as would be useful.
    slivers: u32,
    /// Until when time has been credited.
    credited: Time,
    exceeded: Option<Violation>,
}

impl Guard {
    pub(crate) const fn new(config: &Config) -> Self {
        Self {
            replies: 0,
            most_replies: 0,
            noise: Budget::new(config.max_noise()),
            resets: Budget::new(config.max_resets()),
            updates: EARLY_UPDATES,
            slivers: MAX_SLIVERS,
            credited: Time::ZERO,
            exceeded: None,
        }
    }

    /// So many octets of replies may wait.
    pub(crate) const fn allow_replies(&mut self, most: usize) {
        self.most_replies = most;
    }

    /// How many octets of replies may wait.
    pub(crate) const fn most_replies(&self) -> usize {
        self.most_replies
    }

    /// Octets were written in answer to the peer; all that wait lie in memory.
    pub(crate) const fn replied(&mut self, octets: usize) {
        self.replies = self.replies.wrapping_add(octets);
    }

    /// Frames have gone into the output: no more than so many octets of replies still wait.
    pub(crate) fn flushed(&mut self, waiting: usize) {
        self.replies = self.replies.min(waiting);
    }

    /// A frame asked for work and brought none.
    pub(crate) fn noise(&mut self) {
        if self.noise.spend() == Spent::TooMuch {
            self.exceeded = Some(Violation::TooMuchNoise);
        }
    }

    /// A stream was reset before its time, by either end, or refused.
    pub(crate) fn reset(&mut self) {
        if self.resets.spend() == Spent::TooMuch {
            self.exceeded = Some(Violation::TooManyResets);
        }
    }

    /// A WINDOW_UPDATE has come. More of them than streams and DATA frames call for are noise.
    pub(crate) fn window_update(&mut self) {
        match self.updates.checked_sub(1) {
            Some(left) => self.updates = left,
            None => self.noise(),
        }
    }

    /// A stream was opened.
    pub(crate) const fn opened(&mut self) {
        self.updates = self.updates.saturating_add(UPDATES_PER_STREAM);
    }

    /// So many DATA frames were sent, with so many octets together.
    pub(crate) fn sent(&mut self, frames: u32, octets: u32) {
        self.updates = self.updates.saturating_add(UPDATES_PER_DATA.saturating_mul(frames));
        self.earn_slivers(octets);
        self.noise.earn(octets.into());
    }

    /// Whether a stream may send although SETTINGS have opened its window by less than is useful.
    ///
    /// One SETTINGS frame opens the windows of all streams: by an octet each, again and again, it would cause a DATA
    /// frame for each stream each time (RFC 9113 §10.5). A stream that may not waits until its window is useful.
    pub(crate) const fn affords_sliver(&self) -> bool {
        self.slivers >= USEFUL_OCTETS
    }

    /// Lets a stream send so, if it may; tells whether it does.
    pub(crate) const fn spend_sliver(&mut self) -> bool {
        match self.slivers.checked_sub(USEFUL_OCTETS) {
            Some(left) => {
                self.slivers = left;
                true
            }
            None => false,
        }
    }

    /// When time earns something next.
    pub(crate) const fn next_credit(&self) -> Time {
        self.credited.after(Duration::from_secs(1))
    }

    fn earn_slivers(&mut self, octets: u32) {
        self.slivers = self.slivers.saturating_add(octets).min(MAX_SLIVERS);
    }

    /// So many octets of DATA have come that somebody wanted.
    pub(crate) fn received(&mut self, octets: u32) {
        self.noise.earn(octets.into());
    }

    /// An exchange has come to its regular end.
    pub(crate) fn finished(&mut self) {
        self.noise.earn(NOISE_PER_EXCHANGE * OCTETS_PER_CREDIT);
        self.resets.earn(RESETS_PER_EXCHANGE * OCTETS_PER_CREDIT);
    }

    /// Time has passed.
    pub(crate) fn pass(&mut self, now: Time) {
        let seconds = now.since(self.credited).as_secs();
        self.credited = self.credited.after(Duration::from_secs(seconds));
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        self.noise.add(seconds.saturating_mul(NOISE_PER_SECOND));
        self.resets.add(seconds.saturating_mul(RESETS_PER_SECOND));
        self.earn_slivers(seconds.saturating_mul(SLIVERS_PER_SECOND));
    }

    /// Whether a budget is overdrawn.
    #[inline]
    pub(crate) const fn is_overdrawn(&self) -> bool {
        self.exceeded.is_some()
    }

    /// Whether more octets of replies wait than may.
    #[inline]
    pub(crate) const fn has_too_many_replies(&self) -> bool {
        self.replies > self.most_replies
    }

    /// Whether the peer may cause more: no more octets of replies wait than may, and no budget is overdrawn.
    pub(crate) const fn check(&self) -> Result<(), Violation> {
        match self.exceeded {
            Some(violation) => Err(violation),
            None if self.has_too_many_replies() => Err(Violation::TooManyReplies),
            None => Ok(()),
        }
    }

    /// The budget that is overdrawn, which is filled again: for those who only want to know.
    pub(crate) fn forgive(&mut self) -> Option<Violation> {
        let exceeded = self.exceeded.take()?;
        for budget in [&mut self.noise, &mut self.resets] {
            if budget.left() == 0 {
                budget.left = budget.most;
            }
        }
        Some(exceeded)
    }

    pub(crate) const fn ledger(&self) -> Ledger {
        Ledger {
            noise_left: self.noise.left(),
            noise_spent: self.noise.spent,
            resets_left: self.resets.left(),
            resets_spent: self.resets.spent,
            replies: self.replies,
        }
    }
}

/// What a connection's ledger says; see [`Connection::ledger`](crate::Connection::ledger).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ledger {
    /// Frames without use that the peer may still send; [`Config::max_noise`] at most.
    pub noise_left: u32,
    /// Frames without use that it has sent.
    pub noise_spent: u64,
    /// Streams that may still be reset or refused before their time; [`Config::max_resets`] at most.
    pub resets_left: u32,
    /// Streams that were.
    pub resets_spent: u64,
    /// Octets of automatic replies that wait for [`output`](crate::Connection::output).
    pub replies: usize,
}

/// Something of which the peer may spend a certain amount.
#[derive(Debug)]
struct Budget {
    /// Without what was earned since it was last spent of.
    left: u32,
    most: u32,
    /// What was earned since, as octets of DATA. Nearly every frame earns, and few spend: it counts only then.
    earned: u64,
    spent: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spent {
    Enough,
    TooMuch,
}

impl Budget {
    const fn new(most: u32) -> Self {
        Self { left: most, most, earned: 0, spent: 0 }
    }

    const fn spend(&mut self) -> Spent {
        if self.earned >= OCTETS_PER_CREDIT {
            self.add(0);
        }
        self.spent = self.spent.wrapping_add(1);
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Spent::Enough
            }
            None => Spent::TooMuch,
        }
    }

    /// So many octets of DATA, or what is worth as many, have come or gone. All that a connection carries is fewer than
    /// 2^64.
    const fn earn(&mut self, octets: u64) {
        self.earned = self.earned.wrapping_add(octets);
    }

    /// Adds what was earned, and so much more.
    #[inline(never)]
    const fn add(&mut self, credit: u32) {
        self.left = self.left_with(credit);
        self.earned %= OCTETS_PER_CREDIT;
    }

    const fn left(&self) -> u32 {
        self.left_with(0)
    }

    const fn left_with(&self, credit: u32) -> u32 {
        let earned = self.earned / OCTETS_PER_CREDIT;
        let left = earned.saturating_add(self.left as u64).saturating_add(credit as u64);
        if left < self.most as u64 { left as u32 } else { self.most }
    }
}

/// What a second, an exchange and DATA are worth. A keep-alive PING each second, or a peer that cancels two of three
/// requests, never overdraws.
const NOISE_PER_SECOND: u32 = 330;
const RESETS_PER_SECOND: u32 = 33;
const SLIVERS_PER_SECOND: u32 = 33 * USEFUL_OCTETS;
const NOISE_PER_EXCHANGE: u64 = 64;
const RESETS_PER_EXCHANGE: u64 = 2;
const OCTETS_PER_CREDIT: u64 = 256;

/// Enough for one SETTINGS frame that opens the windows of a hundred streams.
const MAX_SLIVERS: u32 = 100 * USEFUL_OCTETS;

/// A peer that gives credit for each DATA frame, on the stream and the connection, is far within these.
const EARLY_UPDATES: u32 = 5;
const UPDATES_PER_STREAM: u32 = 2;
const UPDATES_PER_DATA: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(&Config::builder().max_noise(100).max_resets(10).build().unwrap())
    }

    #[test]
    fn a_budget_is_overdrawn_by_one_more_than_it_has() {
        let mut guard = guard();
        for _ in 0..100 {
            guard.noise();
            assert_eq!(guard.check(), Ok(()));
        }
        guard.noise();
        assert_eq!(guard.check(), Err(Violation::TooMuchNoise));
        assert_eq!(guard.forgive(), Some(Violation::TooMuchNoise));
        assert_eq!(
            (guard.check(), guard.ledger().noise_left, guard.ledger().noise_spent),
            (Ok(()), 100, 101)
        );
        for _ in 0..11 {
            guard.reset();
        }
        assert_eq!(guard.check(), Err(Violation::TooManyResets));
    }

    #[test]
    fn as_many_octets_of_replies_may_wait_as_are_allowed() {
        let mut guard = guard();
        guard.allow_replies(100);
        assert_eq!(guard.most_replies(), 100);
        guard.replied(100);
        assert_eq!(guard.check(), Ok(()));
        guard.replied(1);
        assert_eq!(guard.check(), Err(Violation::TooManyReplies));
        guard.flushed(100);
        assert_eq!(guard.check(), Ok(()));
    }

    #[test]
    fn work_and_time_earn_and_never_more_than_all() {
        let mut guard = guard();
        let spend = |guard: &mut Guard| {
            (0..90).for_each(|_| guard.noise());
            (0..9).for_each(|_| guard.reset());
        };
        spend(&mut guard);
        guard.received(255);
        assert_eq!(guard.ledger().noise_left, 10);
        guard.sent(1, 513);
        assert_eq!(guard.ledger().noise_left, 13);
        guard.finished();
        assert_eq!((guard.ledger().noise_left, guard.ledger().resets_left), (77, 3));
        guard.pass(Time::from(Duration::from_millis(999)));
        assert_eq!(guard.ledger().noise_left, 77);
        guard.pass(Time::from(Duration::from_millis(1_001)));
        assert_eq!((guard.ledger().noise_left, guard.ledger().resets_left), (100, 10));
        spend(&mut guard);
        guard.pass(Time::from(Duration::from_millis(1_999)));
        assert_eq!(guard.ledger().noise_left, 10);
        guard.pass(Time::from(Duration::MAX));
        assert_eq!(guard.ledger().noise_left, 100);
    }

    #[test]
    fn octets_that_are_no_whole_credit_yet_outlast_what_is_spent() {
        let mut guard = guard();
        (0..10).for_each(|_| guard.noise());
        guard.received(256 + 255);
        assert_eq!(guard.ledger().noise_left, 91);
        guard.noise();
        assert_eq!(guard.ledger().noise_left, 90);
        guard.received(1);
        assert_eq!(guard.ledger().noise_left, 91);
    }

    #[test]
    fn a_budget_that_has_earned_something_is_not_filled_with_another() {
        let mut guard = guard();
        (0..100).for_each(|_| guard.noise());
        guard.received(512);
        (0..11).for_each(|_| guard.reset());
        assert_eq!(guard.forgive(), Some(Violation::TooManyResets));
        assert_eq!((guard.ledger().noise_left, guard.ledger().resets_left), (2, 10));
    }

    #[test]
    fn slivers_are_paid_by_data_sent_and_by_time() {
        let mut guard = guard();
        let spend_all =
            |guard: &mut Guard| core::iter::from_fn(|| guard.spend_sliver().then_some(())).count();
        assert_eq!(spend_all(&mut guard), 100);
        guard.received(10 * USEFUL_OCTETS);
        guard.sent(1, USEFUL_OCTETS - 1);
        assert!(!guard.affords_sliver());
        guard.sent(1, USEFUL_OCTETS + 1);
        assert_eq!(spend_all(&mut guard), 2);
        guard.pass(Time::from(Duration::from_secs(1)));
        assert_eq!(spend_all(&mut guard), 33);
        guard.sent(1, u32::MAX);
        assert_eq!(spend_all(&mut guard), 100);
    }

    #[test]
    fn updates_that_traffic_calls_for_cost_nothing() {
        let mut guard = guard();
        guard.opened();
        guard.sent(1, 1);
        guard.sent(2, 9);
        (0..67).for_each(|_| guard.window_update());
        assert_eq!(guard.ledger().noise_left, 100);
        guard.window_update();
        assert_eq!(guard.ledger().noise_left, 99);
    }
}
