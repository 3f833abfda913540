//! How far a stream has got, for hosts that give up those that stall.

/// Octets of DATA in both directions; what else brings a stream forward counts as many as are worth a mark. All that
/// comes and goes is fewer than 2^64.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress(u64);

impl Progress {
    /// Octets of DATA have come or gone.
    pub(crate) fn octets(&mut self, octets: usize) {
        self.0 = self.0.wrapping_add(octets as u64);
    }

    /// A header or trailer section has come or gone, or a message has ended.
    pub(crate) fn step(&mut self, floor: u32) {
        self.0 = self.0.wrapping_add(floor.into());
    }

    /// Goes up by one with every `floor` octets of DATA, and with every step.
    pub(crate) fn mark(self, floor: u32) -> u64 {
        self.0.checked_div(floor.into()).unwrap_or(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_add_up_and_steps_leave_them_alone() {
        let mut progress = Progress::default();
        let after = |progress: &mut Progress, octets| {
            progress.octets(octets);
            progress.mark(10)
        };
        assert_eq!([9, 0, 1, 9].map(|octets| after(&mut progress, octets)), [0, 0, 1, 1]);
        progress.step(10);
        assert_eq!(progress.mark(10), 2);
        assert_eq!([1, 20].map(|octets| after(&mut progress, octets)), [3, 5]);
    }
}
