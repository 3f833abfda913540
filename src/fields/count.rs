//! How many fields there are.

/// How many fields a list has, and how many of them a rule has to look at, from the first one on. It takes 24 bits and
/// 8, since each message that waits has a list.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count(u32);

impl Count {
    pub(super) const NONE: Self = Self(0);

    pub(super) const fn fields(self) -> usize {
        (self.0 & FIELDS) as usize
    }

    /// How many there are up to the last one that tells a rule anything, or all of them.
    pub(super) const fn telling(self) -> usize {
        match self.0 >> FIELDS_BITS {
            MANY => self.fields(),
            telling => telling as usize,
        }
    }

    pub(super) const fn is_full(self) -> bool {
        self.0 & FIELDS == FIELDS
    }

    /// One more, which may tell a rule something.
    #[inline]
    pub(super) fn add(&mut self, tells: bool) {
        let more = self.0.wrapping_add(1);
        let fields = more & FIELDS;
        assert!(fields > 0, "a list has fewer than 2^24 fields");
        self.0 = if tells { fields.min(MANY) << FIELDS_BITS | fields } else { more };
    }
}

const FIELDS_BITS: u32 = 24;
const FIELDS: u32 = (1 << FIELDS_BITS) - 1;
/// So many and more.
const MANY: u32 = u32::MAX >> FIELDS_BITS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_behind_the_last_telling_one_is_not_looked_at() {
        let mut count = Count::NONE;
        for (tells, expected) in
            [(false, (1, 0)), (true, (2, 2)), (false, (3, 2)), (false, (4, 2)), (true, (5, 5))]
        {
            count.add(tells);
            assert_eq!((count.fields(), count.telling()), expected);
        }
    }

    #[test]
    fn a_late_telling_one_has_all_looked_at() {
        let mut count = Count::NONE;
        (0..253).for_each(|_| count.add(false));
        count.add(true);
        count.add(false);
        assert_eq!((count.fields(), count.telling()), (255, 254));
        count.add(true);
        count.add(false);
        assert_eq!((count.fields(), count.telling()), (257, 257));
    }

    #[test]
    #[should_panic(expected = "fewer than 2^24 fields")]
    fn there_are_not_more_than_are_counted() {
        let mut count = Count(FIELDS - 1);
        assert!(!count.is_full());
        count.add(false);
        assert_eq!((count.fields(), count.is_full()), (0xff_ffff, true));
        count.add(false);
    }
}
