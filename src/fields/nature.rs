//! What every rule asks of a field: judged once, and kept with it.

use core::fmt;

use super::names::{self, Meaning, PSEUDO_FIELDS};
use super::octets::{self, Made};
use super::statics::StaticIndex;

/// What is known of a field beforehand, in bits: the entry of the static table that has its name, what the name means,
/// and of which octets the value is made. Fields go through many hands, and this with them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nature(u16);

impl Nature {
    pub(crate) const UNKNOWN: Self = Self(Self::NOT_JUDGED);

    /// That of a field of which only the entry with its name is known, if there is one.
    #[inline]
    pub(crate) const fn of_name(index: Option<StaticIndex>) -> Self {
        match index {
            Some(index) => Self(Self::NOT_JUDGED | index.octet() as u16),
            None => Self::UNKNOWN,
        }
    }

    /// That of a list's or a table's field, by what is kept of it but for the index, as a number less than [`NATURES`].
    pub(super) const fn of_number(number: u16) -> Self {
        Self(number << Self::MADE)
    }

    /// What a table of something about each, by that number, has about this one.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "the number has as many bits as the table's length")]
    pub(super) fn look_up<T: Copy>(self, table: &[T; NATURES]) -> T {
        table[usize::from(self.0 >> Self::MADE)]
    }

    /// That of an entry of the static table.
    #[inline]
    pub(super) const fn of_entry(index: StaticIndex) -> Self {
        let is_valid = matches!(index.meaning(), Meaning::Scheme | Meaning::Path);
        let made = if is_valid { Made::Valid } else { Made::Right };
        Self::new(Some(index), index.meaning(), made)
    }

    #[inline]
    const fn new(index: Option<StaticIndex>, meaning: Meaning, made: Made) -> Self {
        Self::kept((made as u16) << Self::MADE | (meaning as u16) << Self::MEANING, index)
    }

    /// All that there is to know of the field.
    #[inline]
    pub(crate) fn judged(self, name: &[u8], value: &[u8]) -> Self {
        if self.is_judged() { self } else { self.judge(name, value) }
    }

    fn judge(self, name: &[u8], value: &[u8]) -> Self {
        let (index, meaning) = match self.index() {
            Some(index) => (Some(index), index.meaning()),
            None => names::find(name).unwrap_or_else(|| (None, octets::meaning_of(name))),
        };
        let made = if octets::is_valid(value, meaning) { Made::Valid } else { octets::made_of(value) };
        Self::new(index, meaning, made)
    }

    #[inline]
    pub(super) const fn is_judged(self) -> bool {
        self.0 & Self::NOT_JUDGED != Self::NOT_JUDGED
    }

    /// An entry of the static table that has the name, if that is known and there is one.
    #[inline]
    pub(crate) const fn index(self) -> Option<StaticIndex> {
        StaticIndex::new((self.0 & Self::INDEX) as usize)
    }

    #[inline]
    pub(super) const fn meaning(self) -> Meaning {
        Meaning::of_number(self.0 >> Self::MEANING)
    }

    /// Whether the name means this.
    #[inline]
    pub(super) const fn means(self, meaning: Meaning) -> bool {
        self.0 >> Self::MEANING == meaning as u16
    }

    #[inline]
    pub(super) const fn made(self) -> Made {
        match self.0 >> Self::MADE & 0b11 {
            0 => Made::Right,
            1 => Made::Valid,
            2 => Made::Minimal,
            _ => Made::Wrong,
        }
    }

    /// The number of its meaning, if that is a pseudo-header field and the value is of the right octets: most of what
    /// rules look at is.
    #[inline]
    pub(super) const fn right_pseudo(self) -> Option<usize> {
        let number = (self.0 >> Self::MEANING) as usize;
        let is_right = self.0 & Self::NOT_RIGHT == 0;
        if is_right && number < PSEUDO_FIELDS { Some(number) } else { None }
    }

    /// What a list has to keep beside the index: the highest bits.
    #[inline]
    pub(super) const fn high_bits(self) -> u16 {
        self.0 & Self::HIGH_BITS
    }

    /// That of a field of a list, which kept the highest bits of `bits`.
    #[inline]
    pub(super) const fn kept(bits: u16, index: Option<StaticIndex>) -> Self {
        let index = match index {
            Some(index) => index.octet() as u16,
            None => 0,
        };
        Self(index | bits & Self::HIGH_BITS)
    }

    // Where what begins; the index is in the lowest bits.
    const INDEX: u16 = 0x3f;
    const MADE: u32 = 10;
    /// The bit of what is made of other octets than it should be.
    const NOT_RIGHT: u16 = 0b10 << Self::MADE;
    const MEANING: u32 = 12;
    /// What no name means.
    const NOT_JUDGED: u16 = 0xf << Self::MEANING;
    pub(super) const HIGH_BITS: u16 = u16::MAX << Self::MADE;
}

/// How many natures there are, whatever the index.
pub(super) const NATURES: usize = 1 << (u16::BITS - Nature::MADE);

impl fmt::Debug for Nature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let judged = self.is_judged().then(|| (self.meaning(), self.made()));
        f.debug_tuple("Nature").field(&self.index()).field(&judged).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::STATIC_TABLE;
    use super::super::octets::Grammar;
    use super::*;

    fn nature_of(name: &[u8], value: &[u8]) -> Nature {
        Nature::UNKNOWN.judged(name, value)
    }

    #[test]
    fn an_entry_of_the_static_table_has_the_nature_that_its_text_has() {
        for index in (1..=STATIC_TABLE.len()).filter_map(StaticIndex::new) {
            let (name, value) = (index.name(), index.value());
            let nature = nature_of(name, value);
            assert_eq!(nature.index(), Some(index.first()));
            assert_eq!(nature.meaning(), index.meaning());
            assert!(nature.made().keeps(Grammar::Full));
            assert_eq!(Nature::of_name(Some(index)).judged(name, value), Nature::of_entry(index));
            assert_ne!(nature.meaning(), Meaning::UnknownPseudo);
        }
    }

    #[test]
    fn text_is_judged_by_both_grammars() {
        let made = |value: &[u8]| nature_of(b"a", value).made();
        let kept = |value: &[u8]| [Grammar::Full, Grammar::Minimal].map(|grammar| made(value).keeps(grammar));
        for (value, by) in [
            (&b""[..], [true, true]),
            (b"a b\tc\xff", [true, true]),
            (b"a\x7f", [false, true]),
            (b"long enough \x01 for a word", [false, true]),
            (b"a\0", [false, false]),
            (b"a\rb", [false, false]),
            (b"long enough \n for a word", [false, false]),
            (b" a", [false, false]),
            (b"a\t", [false, false]),
            (b" ", [false, false]),
        ] {
            assert_eq!(kept(value), by, "{}", value.escape_ascii());
        }
        let meaning = |name: &[u8]| nature_of(name, b"").meaning();
        assert_eq!([&b"x-a"[..], b"a!~"].map(meaning), [Meaning::Nothing; 2]);
        assert_eq!([&b"a{"[..], b"\"a"].map(meaning), [Meaning::Minimal; 2]);
        for name in [&b""[..], b"A", b"a b", b"a:", b"a\x7f", b"\xff", b"a\0"] {
            assert_eq!(meaning(name), Meaning::Invalid, "{}", name.escape_ascii());
        }
        assert_eq!([&b":"[..], b":foo", b":Method"].map(meaning), [Meaning::UnknownPseudo; 3]);
    }

    #[test]
    fn some_values_are_judged_as_a_whole() {
        for (name, valid, other) in [
            (&b":scheme"[..], &[&b"http"[..], b"https", b"HTTPS"][..], &[&b""[..], b"ftp", b"https "][..]),
            (b":authority", &[b"a", b"a:80", b"[::1]:", b"%41"], &[b"", b":80", b"u@a", b"a:b", b"[::g]"]),
            (b":path", &[b"/", b"/a?b", b"/\xe4/*"], &[b"", b"*", b"a", b"/#", b"/a b", b"/\x7f"]),
            (b"te", &[b"trailers", b"Trailers"], &[b"", b"trailers, gzip", b"gzip"]),
            (b":method", &[], &[b"GET", b"/"]),
            (b"host", &[], &[b"a", b"/", b"http"]),
        ] {
            let is_valid = |value: &&[u8]| nature_of(name, value).made() == Made::Valid;
            assert!(valid.iter().all(is_valid) && !other.iter().any(is_valid), "{}", name.escape_ascii());
        }
    }

    #[test]
    fn what_is_known_beforehand_makes_no_other_nature() {
        for (name, value) in
            STATIC_TABLE.iter().copied().chain([(&b"x"[..], &b"y"[..]), (b"te", b"trailers")])
        {
            let nature = nature_of(name, value);
            let known = [Nature::UNKNOWN, Nature::of_name(nature.index()), nature];
            assert!(known.iter().all(|known| known.judged(name, value) == nature));
            assert_eq!(Nature::kept(nature.high_bits() | 0x3ff, nature.index()), nature);
        }
    }

    #[test]
    fn what_is_judged_comes_back_from_the_bits() {
        let meanings: std::vec::Vec<_> = (0..15).map(Meaning::of_number).collect();
        assert!(meanings.iter().enumerate().all(|(number, meaning)| *meaning as usize == number));
        assert_eq!(Meaning::Invalid as usize, 14);
        for made in [Made::Right, Made::Valid, Made::Minimal, Made::Wrong] {
            for &meaning in &meanings {
                let nature = Nature::new(None, meaning, made);
                assert_eq!((nature.index(), nature.meaning(), nature.made()), (None, meaning, made));
                assert!(nature.is_judged());
                let is_right =
                    matches!(made, Made::Right | Made::Valid) && (meaning as usize) < PSEUDO_FIELDS;
                assert_eq!(nature.right_pseudo(), is_right.then_some(meaning as usize));
            }
        }
    }
}
