//! The fields that both ends of any connection know (RFC 7541 Appendix A).

use core::num::NonZeroU8;

use super::names::{self, NameKind, kind_of_known};
use super::{Field, Form};

/// The index of one of them, 1 to 61.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StaticIndex(NonZeroU8);

impl StaticIndex {
    // The first entries of names that the encoder or a rule tells from others.
    pub(crate) const PATH: Self = Self::first_of(b":path");
    pub(crate) const STATUS: Self = Self::first_of(b":status");
    pub(crate) const AGE: Self = Self::first_of(b"age");
    pub(crate) const AUTHORIZATION: Self = Self::first_of(b"authorization");
    pub(crate) const CONTENT_LENGTH: Self = Self::first_of(b"content-length");
    pub(crate) const COOKIE: Self = Self::first_of(b"cookie");
    pub(crate) const ETAG: Self = Self::first_of(b"etag");
    pub(crate) const IF_MODIFIED_SINCE: Self = Self::first_of(b"if-modified-since");
    pub(crate) const IF_NONE_MATCH: Self = Self::first_of(b"if-none-match");
    pub(crate) const LAST_MODIFIED: Self = Self::first_of(b"last-modified");
    pub(crate) const LOCATION: Self = Self::first_of(b"location");
    pub(crate) const PROXY_AUTHORIZATION: Self = Self::first_of(b"proxy-authorization");
    pub(crate) const SET_COOKIE: Self = Self::first_of(b"set-cookie");

    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
    const fn first_of(name: &[u8]) -> Self {
        let mut at = 0;
        while !is_same(TABLE[at].0, name) {
            at += 1;
        }
        Self(NonZeroU8::MIN.saturating_add(at as u8))
    }

    #[inline]
    pub(crate) const fn new(index: usize) -> Option<Self> {
        match (index, NonZeroU8::new(index as u8)) {
            (1..=LENGTH, Some(index)) => Some(Self(index)),
            _ => None,
        }
    }

    /// The first entry that has this name.
    #[inline]
    pub(crate) fn of_name(name: &[u8]) -> Option<Self> {
        names::find(name)?.0
    }

    #[inline]
    pub(crate) const fn name(self) -> &'static [u8] {
        self.entry().0
    }

    #[inline]
    pub(crate) const fn value(self) -> &'static [u8] {
        self.entry().1
    }

    /// What the entry counts towards a list.
    #[inline]
    pub(crate) fn accounted_octets(self) -> usize {
        self.look_up(&ACCOUNTED).into()
    }

    /// The field as the peer's index of it tells it.
    pub(crate) const fn field(self) -> Field<'static> {
        Field { form: Some(Form::Indexed), ..Field::new(self.name(), self.value()) }
    }

    /// What a table of something about all of them, in their order, has about this one.
    #[inline]
    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "indices are 1 to 61")]
    pub(crate) const fn look_up<T: Copy>(self, table: &[T; TABLE.len()]) -> T {
        table[self.0.get() as usize - 1]
    }

    #[inline]
    pub(crate) const fn octet(self) -> u8 {
        self.0.get()
    }

    #[inline]
    pub(super) const fn name_kind(self) -> NameKind {
        self.look_up(&NAME_KINDS)
    }

    /// The first entry with the same name.
    #[inline]
    pub(crate) const fn first(self) -> Self {
        self.look_up(&FIRSTS)
    }

    /// The entry with the same name and this value, if that is this one or one behind it.
    #[inline]
    pub(crate) fn or_next_with(self, value: &[u8]) -> Option<Self> {
        if self.octet() > LAST_WITH_VALUE && !value.is_empty() {
            return None;
        }
        let mut entry = self;
        while entry.value() != value {
            entry = entry.look_up(&NEXTS)?;
        }
        Some(entry)
    }

    /// The entry with the same name and this value, if that has a value: none of these is ever a secret of itself.
    #[inline]
    pub(super) fn with_value(self, value: &[u8]) -> Option<Self> {
        if self.octet() > LAST_WITH_VALUE || value.is_empty() {
            None
        } else {
            self.first().or_next_with(value)
        }
    }

    /// Whether no entry before this one has the same name.
    pub(super) const fn is_first(self) -> bool {
        self.first().octet() == self.octet()
    }

    #[inline]
    const fn entry(self) -> (&'static [u8], &'static [u8]) {
        self.look_up(&TABLE)
    }
}

/// How many there are.
const LENGTH: usize = TABLE.len();

pub(crate) static TABLE: [(&[u8], &[u8]); 61] = [
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
];

/// The kind of each name.
static NAME_KINDS: [NameKind; TABLE.len()] = name_kinds();

/// For each entry the first one with the same name.
static FIRSTS: [StaticIndex; TABLE.len()] = firsts();

/// For each entry the next one, if that has the same name: all of one name are neighbours.
static NEXTS: [Option<StaticIndex>; TABLE.len()] = nexts();

/// The entries behind it have no value.
const LAST_WITH_VALUE: u8 = last_with_value();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn last_with_value() -> u8 {
    let mut last = TABLE.len();
    while TABLE[last - 1].1.is_empty() {
        last -= 1;
    }
    last as u8
}

/// What each counts: a look-up costs less than the lengths.
static ACCOUNTED: [u8; TABLE.len()] = accounted();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn accounted() -> [u8; TABLE.len()] {
    let mut accounted = [0; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        let (name, value) = TABLE[at];
        accounted[at] = Field::new(name, value).accounted_octets() as u8;
        at += 1;
    }
    accounted
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn name_kinds() -> [NameKind; TABLE.len()] {
    let mut name_kinds = [NameKind::Ordinary; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        name_kinds[at] = kind_of_known(TABLE[at].0);
        at += 1;
    }
    name_kinds
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn firsts() -> [StaticIndex; TABLE.len()] {
    let mut firsts = [StaticIndex(NonZeroU8::MIN); TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        firsts[at] = StaticIndex::first_of(TABLE[at].0);
        at += 1;
    }
    firsts
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn nexts() -> [Option<StaticIndex>; TABLE.len()] {
    let mut nexts = [None; TABLE.len()];
    let mut at = 1;
    while at < TABLE.len() {
        if is_same(TABLE[at].0, TABLE[at - 1].0) {
            nexts[at - 1] = StaticIndex::new(at + 1);
        }
        at += 1;
    }
    nexts
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn is_same(name: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < name.len() && at < other.len() && name[at] == other[at] {
        at += 1;
    }
    at == name.len() && at == other.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_name_are_neighbours_and_lead_to_each_other() {
        for (at, (name, value)) in TABLE.iter().enumerate() {
            let index = StaticIndex::new(at + 1).unwrap();
            let with_name = |(place, (other, _)): (usize, &(&[u8], &[u8]))| {
                (other == name).then(|| StaticIndex::new(place + 1).unwrap())
            };
            let same: std::vec::Vec<_> = TABLE.iter().enumerate().filter_map(with_name).collect();
            assert_eq!(index.first(), same[0]);
            assert_eq!(index.is_first(), same[0] == index);
            assert_eq!(index.first().or_next_with(value), Some(index));
            assert_eq!(index.or_next_with(b"no such value"), None);
        }
        assert_eq!((StaticIndex::new(0), StaticIndex::new(62), StaticIndex::new(257)), (None, None, None));
    }

    #[test]
    fn the_tables_hold_what_the_entries_say() {
        let (name_kinds, accounted) = (name_kinds(), accounted());
        let (firsts, nexts) = (firsts(), nexts());
        for (at, (name, value)) in TABLE.iter().enumerate() {
            let index = StaticIndex::new(at + 1).unwrap();
            assert_eq!((name_kinds[at], index.name_kind()), (kind_of_known(name), kind_of_known(name)));
            assert_eq!(usize::from(accounted[at]), name.len() + value.len() + 32);
            assert_eq!((firsts[at], nexts[at]), (index.first(), index.look_up(&NEXTS)));
            assert!(
                nexts[at]
                    .is_none_or(|next| next.first() == index.first() && next.octet() == index.octet() + 1)
            );
        }
    }
}
