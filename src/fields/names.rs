//! The names that the static table or a rule knows.

use super::STATIC_TABLE;
use super::statics::StaticIndex;

/// The kinds of names, by what they mean for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum NameKind {
    /// Pseudo-header fields (RFC 9113 §8.3, RFC 8441 §4).
    Method,
    Scheme,
    Authority,
    Path,
    Protocol,
    Status,
    UnknownPseudo,
    /// RFC 9113 §8.2.2.
    ConnectionSpecific,
    Te,
    Host,
    ContentLength,
    Priority,
    /// Of no rule, and a name by its definition (RFC 9110 §5.1).
    Ordinary,
    /// Of no rule, and a name at the very least (RFC 9113 §8.2.1).
    Minimal,
    /// It is no name.
    Invalid,
}

impl NameKind {
    /// The kind whose number is in the low bits.
    #[inline]
    pub(super) const fn of_number(number: u16) -> Self {
        match number & 0xf {
            0 => Self::Method,
            1 => Self::Scheme,
            2 => Self::Authority,
            3 => Self::Path,
            4 => Self::Protocol,
            5 => Self::Status,
            6 => Self::UnknownPseudo,
            7 => Self::ConnectionSpecific,
            8 => Self::Te,
            9 => Self::Host,
            10 => Self::ContentLength,
            11 => Self::Priority,
            12 => Self::Ordinary,
            13 => Self::Minimal,
            _ => Self::Invalid,
        }
    }
}

/// How many pseudo-header fields there are; their kinds are the first.
pub(super) const PSEUDO_FIELDS: usize = NameKind::UnknownPseudo as usize;

/// A name that is known, with its first entry in the static table, if any.
#[derive(Clone, Copy)]
struct Name {
    text: &'static [u8],
    index: Option<StaticIndex>,
    kind: NameKind,
}

/// What is known of a name. It takes the same time for any name, but for the comparison with a single candidate.
#[inline]
pub(super) fn find(name: &[u8]) -> Option<(Option<StaticIndex>, NameKind)> {
    let place = PLACES.get(place_of(name)?)?;
    let candidate = NAMES.get(usize::from(*place))?;
    is_same(candidate.text, name).then_some((candidate.index, candidate.kind))
}

/// Whether two names are the same. Most have up to 16 octets: these are compared for less than a call takes.
#[inline]
fn is_same(name: &[u8], other: &[u8]) -> bool {
    if name.len() != other.len() {
        return false;
    }
    match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(first), Some(last)) if name.len() <= 16 => {
            other.first_chunk() == Some(first) && other.last_chunk() == Some(last)
        }
        _ => match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
            (Some(first), Some(last)) if name.len() <= 8 => {
                other.first_chunk() == Some(first) && other.last_chunk() == Some(last)
            }
            _ => name == other,
        },
    }
}

/// Which place a name has of more than one octet, by its ends and its length: no two of the known names have the same.
#[inline]
const fn place_of(name: &[u8]) -> Option<usize> {
    let key = match (name.first_chunk(), name.last_chunk(), name) {
        (Some(first), Some(last), _) => {
            u32::from_le_bytes(*first) ^ u32::from_le_bytes(*last).rotate_left(16)
        }
        (_, _, [first, .., last]) => u32::from_le_bytes([*first, *last, 0, 0]),
        _ => return None,
    };
    let key = key.wrapping_add(name.len() as u32);
    Some((key.wrapping_mul(FACTOR) >> (u32::BITS - PLACE_BITS)) as usize)
}

/// Found by trying.
const FACTOR: u32 = 0x4a8c_9d97;

const PLACE_BITS: u32 = 8;
const PLACE_COUNT: usize = 1 << PLACE_BITS;

/// The places of [`NAMES`]; an empty one has the number of none.
static PLACES: [u8; PLACE_COUNT] = places();

static NAMES: [Name; NAME_COUNT] = names();

/// Names that are not in the static table, which a rule knows.
const OTHERS: [&[u8]; 7] =
    [b":protocol", b"connection", b"keep-alive", b"priority", b"proxy-connection", b"te", b"upgrade"];

/// The static table has 52 different names.
const NAME_COUNT: usize = 52 + OTHERS.len();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn names() -> [Name; NAME_COUNT] {
    let mut names = [Name { text: b"", index: None, kind: NameKind::Ordinary }; NAME_COUNT];
    let (mut count, mut at) = (0, 0);
    while at < OTHERS.len() {
        names[count] = Name { text: OTHERS[at], index: None, kind: kind_of_known(OTHERS[at]) };
        (count, at) = (count + 1, at + 1);
    }
    let mut index = 1;
    while let Some(entry) = StaticIndex::new(index) {
        if entry.is_first() {
            let text = STATIC_TABLE[index - 1].0;
            names[count] = Name { text, index: Some(entry), kind: kind_of_known(text) };
            count += 1;
        }
        index += 1;
    }
    assert!(count == NAME_COUNT, "no name is missing");
    names
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn places() -> [u8; PLACE_COUNT] {
    let names = names();
    let mut places = [NAME_COUNT as u8; PLACE_COUNT];
    let mut at = 0;
    while at < NAME_COUNT {
        if let Some(place) = place_of(names[at].text) {
            assert!(places[place] == NAME_COUNT as u8, "each name has a place of its own");
            places[place] = at as u8;
        }
        at += 1;
    }
    places
}

/// The kind of a known name.
pub(super) const fn kind_of_known(name: &[u8]) -> NameKind {
    match name {
        b":method" => NameKind::Method,
        b":scheme" => NameKind::Scheme,
        b":authority" => NameKind::Authority,
        b":path" => NameKind::Path,
        b":protocol" => NameKind::Protocol,
        b":status" => NameKind::Status,
        b"connection" | b"proxy-connection" | b"keep-alive" | b"transfer-encoding" | b"upgrade" => {
            NameKind::ConnectionSpecific
        }
        b"te" => NameKind::Te,
        b"host" => NameKind::Host,
        b"content-length" => NameKind::ContentLength,
        b"priority" => NameKind::Priority,
        _ => NameKind::Ordinary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found() {
        for (at, (name, _)) in STATIC_TABLE.iter().enumerate() {
            let first = STATIC_TABLE.iter().position(|(other, _)| other == name).unwrap();
            assert_eq!(find(name), Some((StaticIndex::new(first + 1), kind_of_known(name))), "{at}");
        }
        for name in OTHERS {
            assert_eq!(find(name), Some((None, kind_of_known(name))));
            assert_ne!(kind_of_known(name), NameKind::Ordinary);
        }
    }

    #[test]
    fn each_name_has_one_place() {
        let names = names();
        let mut numbers: std::vec::Vec<_> =
            places().into_iter().map(usize::from).filter(|number| *number < NAME_COUNT).collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..NAME_COUNT));
        for name in names {
            assert_eq!(find(name.text), Some((name.index, name.kind)));
        }
    }

    #[test]
    fn no_other_name_is_found() {
        for name in [&b""[..], b":", b":statuz", b"x-request-id", b"set-cookie2", b"Age", b"tee", b"t"] {
            assert_eq!(find(name), None);
        }
        let found = |name: &[u8]| find(name).is_some();
        for (name, _) in STATIC_TABLE {
            for at in 0..name.len() {
                let mut other = name.to_vec();
                other[at] ^= 0x20;
                assert!(!found(&other));
                other.remove(at);
                assert_eq!(found(&other), STATIC_TABLE.iter().any(|(name, _)| *name == other));
            }
        }
    }

    #[test]
    fn names_are_the_same_if_all_their_octets_are() {
        let text: [u8; 40] = core::array::from_fn(|at| at as u8);
        for length in 0..=text.len() {
            let name = &text[..length];
            assert!(is_same(name, &text.to_vec()[..length]));
            assert!(length == 0 || !is_same(name, &name[1..]) && !is_same(&name[..length - 1], name));
            for at in 0..length {
                let mut other = text;
                other[at] ^= 1;
                assert!(!is_same(name, &other[..length]), "{length} octets, the one at {at}");
            }
        }
    }

    /// The places are chosen by a few octets of a name and its length, and there are not many.
    #[test]
    fn names_in_the_places_of_others_are_none() {
        for (known, _) in STATIC_TABLE {
            let longer = (1..).map(|octets| [known, &b"a"[..]].concat().repeat(octets));
            let other = longer.into_iter().find(|name| place_of(name) == place_of(known)).unwrap();
            assert_eq!(find(&other), None);
        }
    }
}
