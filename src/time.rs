//! The clock that callers lend to the engine.

use core::time::Duration;

/// A point in time: how long after an epoch that the caller chose.
///
/// The engine never reads a clock. It compares the values that it is given with each other and treats a step
/// backwards as no step. A caller without a clock passes [`Time::ZERO`] always; nothing that depends on time
/// happens then.
///
/// ```
/// use core::time::Duration;
/// use sans_h2::Time;
///
/// let start = Time::ZERO;
/// assert_eq!(start.after(Duration::from_secs(2)), Time::from(Duration::from_secs(2)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(Duration);

impl Time {
    /// The epoch itself.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// The point in time that lies `span` later; the end of time at the latest.
    pub const fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// How long `earlier` lies before this point; zero when it does not.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl From<Duration> for Time {
    fn from(since_epoch: Duration) -> Self {
        Self(since_epoch)
    }
}

impl From<Time> for Duration {
    fn from(time: Time) -> Self {
        time.0
    }
}
