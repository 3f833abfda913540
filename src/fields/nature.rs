//! What every rule asks of a field: judged once, and kept with it.

use super::names::{self, Meaning};
use super::octets::{self, Made};
use super::statics::StaticIndex;

/// What the name of a field means, and of which octets its value is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nature {
    /// An entry of the static table that has the name, if any.
    pub(crate) index: Option<StaticIndex>,
    pub(super) meaning: Meaning,
    pub(super) value: Made,
}

impl Nature {
    #[inline]
    pub(super) fn of(name: &[u8], value: &[u8]) -> Self {
        let (index, meaning) = names::find(name).unwrap_or_else(|| (None, octets::meaning_of(name)));
        Self { index, meaning, value: octets::made_of(value) }
    }

    #[inline]
    pub(super) fn of_named(index: StaticIndex, value: &[u8]) -> Self {
        Self { index: Some(index), meaning: index.meaning(), value: octets::made_of(value) }
    }

    /// That of an entry of the static table.
    #[inline]
    pub(super) const fn of_entry(index: StaticIndex) -> Self {
        Self { index: Some(index), meaning: index.meaning(), value: Made::Right }
    }
}

/// How much is known of the nature of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Known {
    #[default]
    Nothing,
    /// The name is that of an entry of the static table.
    Name(StaticIndex),
    All(Nature),
}

impl Known {
    pub(crate) fn of_name(index: Option<StaticIndex>) -> Self {
        index.map_or(Self::Nothing, Self::Name)
    }

    /// The nature of the field of which this is known.
    #[inline]
    pub(crate) fn judge(self, name: &[u8], value: &[u8]) -> Nature {
        match self {
            Self::Nothing => Nature::of(name, value),
            Self::Name(index) => Nature::of_named(index, value),
            Self::All(nature) => nature,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::STATIC_TABLE;
    use super::super::octets::Grammar;
    use super::*;

    #[test]
    fn an_entry_of_the_static_table_has_the_nature_that_its_text_has() {
        for index in (1..=STATIC_TABLE.len()).filter_map(StaticIndex::new) {
            let (name, value) = (index.name(), index.value());
            let nature = Nature::of(name, value);
            assert_eq!(nature, Nature { index: Some(index.first()), ..Nature::of_entry(index) });
            assert_eq!(Nature::of_named(index, value), Nature::of_entry(index));
            assert_ne!(nature.meaning, Meaning::UnknownPseudo);
        }
    }

    #[test]
    fn text_is_judged_by_both_grammars() {
        let made = |value: &[u8]| Nature::of(b"a", value).value;
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
        let meaning = |name: &[u8]| Nature::of(name, b"").meaning;
        assert_eq!([b"x-a", b"a!~"].map(|name| meaning(name)), [Meaning::Nothing; 2]);
        assert_eq!([b"a{", b"\"a"].map(|name| meaning(name)), [Meaning::Minimal; 2]);
        for name in [&b""[..], b"A", b"a b", b"a:", b"a\x7f", b"\xff", b"a\0"] {
            assert_eq!(meaning(name), Meaning::Invalid, "{}", name.escape_ascii());
        }
        assert_eq!([&b":"[..], b":foo", b":Method"].map(meaning), [Meaning::UnknownPseudo; 3]);
    }

    #[test]
    fn what_is_known_beforehand_makes_no_other_nature() {
        for (name, value) in
            STATIC_TABLE.iter().copied().chain([(&b"x"[..], &b"y"[..]), (b"te", b"trailers")])
        {
            let nature = Nature::of(name, value);
            let known = [Known::Nothing, Known::of_name(nature.index), Known::All(nature)];
            assert!(known.iter().all(|known| known.judge(name, value) == nature));
        }
    }

    #[test]
    fn meanings_come_back_from_their_numbers() {
        let meanings: std::vec::Vec<_> = (0..15).map(Meaning::of_number).collect();
        assert!(meanings.iter().enumerate().all(|(number, meaning)| *meaning as usize == number));
        assert_eq!(Meaning::Invalid as usize, 14);
    }
}
