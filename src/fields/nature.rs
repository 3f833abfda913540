//! What every rule asks of a field: judged once, and kept with it.

use core::fmt;

use super::names::{self, NameKind, PSEUDO_FIELDS};
use super::octets::{self, ValueKind};
use super::statics::StaticIndex;

/// What is known of a field beforehand, in bits: the entry of the static table that has its name, and the kinds of its
/// name and its value. Fields go through many hands, and this with them.
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
        Self(number << Self::VALUE)
    }

    /// What a table of something about each, by that number, has about this one.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "the number has as many bits as the table's length")]
    pub(super) fn look_up<T: Copy>(self, table: &[T; NATURES]) -> T {
        table[usize::from(self.0 >> Self::VALUE)]
    }

    /// That of an entry of the static table.
    #[inline]
    pub(super) const fn of_entry(index: StaticIndex) -> Self {
        let is_valid = matches!(index.name_kind(), NameKind::Scheme | NameKind::Path);
        let value = if is_valid { ValueKind::Valid } else { ValueKind::Right };
        Self::new(Some(index), index.name_kind(), value)
    }

    #[inline]
    const fn new(index: Option<StaticIndex>, name: NameKind, value: ValueKind) -> Self {
        Self::kept((value as u16) << Self::VALUE | (name as u16) << Self::NAME, index)
    }

    /// All that there is to know of the field.
    #[inline]
    pub(crate) fn judged(self, name: &[u8], value: &[u8]) -> Self {
        if self.is_judged() { self } else { self.judge(name, value) }
    }

    fn judge(self, name: &[u8], value: &[u8]) -> Self {
        let (index, name_kind) = match self.index() {
            Some(index) => (Some(index), index.name_kind()),
            None => names::find(name).unwrap_or_else(|| (None, octets::kind_of_name(name))),
        };
        Self::new(index, name_kind, octets::kind_of_value(value, name_kind))
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
    pub(super) const fn name_kind(self) -> NameKind {
        NameKind::of_number(self.0 >> Self::NAME)
    }

    /// Whether the name is of this kind.
    #[inline]
    pub(super) const fn is_named(self, kind: NameKind) -> bool {
        self.0 >> Self::NAME == kind as u16
    }

    #[inline]
    pub(super) const fn value_kind(self) -> ValueKind {
        match self.0 >> Self::VALUE & 0b11 {
            0 => ValueKind::Right,
            1 => ValueKind::Valid,
            2 => ValueKind::Minimal,
            _ => ValueKind::Wrong,
        }
    }

    /// The number of the name's kind, if it is a pseudo-header field and the value is of the right octets: most of what
    /// rules look at is.
    #[inline]
    pub(super) const fn right_pseudo(self) -> Option<usize> {
        let number = (self.0 >> Self::NAME) as usize;
        let is_right = self.0 & Self::NOT_RIGHT == 0;
        if is_right && number < PSEUDO_FIELDS { Some(number) } else { None }
    }

    /// Whether no rule has to know more of the field than that it is there: so are most.
    #[inline]
    pub(super) const fn is_ordinary(self) -> bool {
        self.high_bits() == (NameKind::Ordinary as u16) << Self::NAME
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

    // Where each kind begins; the index is in the lowest bits.
    const INDEX: u16 = 0x3f;
    const VALUE: u32 = 10;
    /// The bit of a value that has other octets than it should.
    const NOT_RIGHT: u16 = 0b10 << Self::VALUE;
    const NAME: u32 = 12;
    /// That of no name.
    const NOT_JUDGED: u16 = 0xf << Self::NAME;
    pub(super) const HIGH_BITS: u16 = u16::MAX << Self::VALUE;
}

/// How many natures there are, whatever the index.
pub(super) const NATURES: usize = 1 << (u16::BITS - Nature::VALUE);

impl fmt::Debug for Nature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let judged = self.is_judged().then(|| (self.name_kind(), self.value_kind()));
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
            assert_eq!(nature.name_kind(), index.name_kind());
            assert!(nature.value_kind().keeps(Grammar::Full));
            assert_eq!(Nature::of_name(Some(index)).judged(name, value), Nature::of_entry(index));
            assert_ne!(nature.name_kind(), NameKind::UnknownPseudo);
        }
    }

    #[test]
    fn text_is_judged_by_both_grammars() {
        let value_kind = |value: &[u8]| nature_of(b"a", value).value_kind();
        let kept =
            |value: &[u8]| [Grammar::Full, Grammar::Minimal].map(|grammar| value_kind(value).keeps(grammar));
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
        let kind = |name: &[u8]| nature_of(name, b"").name_kind();
        assert_eq!([&b"x-a"[..], b"a!~"].map(kind), [NameKind::Ordinary; 2]);
        assert_eq!([&b"a{"[..], b"\"a"].map(kind), [NameKind::Minimal; 2]);
        for name in [&b""[..], b"A", b"a b", b"a:", b"a\x7f", b"\xff", b"a\0"] {
            assert_eq!(kind(name), NameKind::Invalid, "{}", name.escape_ascii());
        }
        assert_eq!([&b":"[..], b":foo", b":Method"].map(kind), [NameKind::UnknownPseudo; 3]);
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
            let is_valid = |value: &&[u8]| nature_of(name, value).value_kind() == ValueKind::Valid;
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
        let name_kinds: std::vec::Vec<_> = (0..15).map(NameKind::of_number).collect();
        assert!(name_kinds.iter().enumerate().all(|(number, kind)| *kind as usize == number));
        assert_eq!(NameKind::Invalid as usize, 14);
        for value_kind in [ValueKind::Right, ValueKind::Valid, ValueKind::Minimal, ValueKind::Wrong] {
            for &kind in &name_kinds {
                let nature = Nature::new(None, kind, value_kind);
                assert_eq!(
                    (nature.index(), nature.name_kind(), nature.value_kind()),
                    (None, kind, value_kind)
                );
                assert!(nature.is_judged());
                let is_right = matches!(value_kind, ValueKind::Right | ValueKind::Valid)
                    && (kind as usize) < PSEUDO_FIELDS;
                assert_eq!(nature.right_pseudo(), is_right.then_some(kind as usize));
                let is_ordinary = (kind, value_kind) == (NameKind::Ordinary, ValueKind::Right);
                assert_eq!(nature.is_ordinary(), is_ordinary);
            }
        }
    }
}
