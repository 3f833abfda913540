//! How to find a field in the static table (RFC 7541 Appendix A).

use super::hash::hash_name;
use crate::fields::STATIC_TABLE as TABLE;

/// The field of an index, if the static table has it. Indices begin with 1.
fn get(index: usize) -> Option<(&'static [u8], &'static [u8])> {
    TABLE.get(index.checked_sub(1)?).copied()
}

/// The least index of a name, whose [`hash_name`] the caller knows.
pub(super) fn find_name(name: &[u8], hash: u64) -> Option<usize> {
    let mut place = home_of(hash);
    loop {
        let index = usize::from(PLACES.get(place).copied()?);
        // An empty place holds 0, which is no index.
        let (candidate, _) = get(index)?;
        if candidate == name {
            return Some(index);
        }
        place = place.wrapping_add(1) % PLACE_COUNT;
    }
}

/// The index of a field, if the static table has its value as well. `first` is the least index of its name.
pub(super) fn find_value(first: usize, value: &[u8]) -> Option<usize> {
    let values =
        TABLE.get(first.checked_sub(1)?..first.saturating_add(names_from(first)).saturating_sub(1))?;
    values.iter().position(|(_, candidate)| *candidate == value).map(|at| first.saturating_add(at))
}

/// How many entries share the name that has its first at this index.
const fn names_from(first: usize) -> usize {
    match first {
        METHOD | PATH | SCHEME => 2,
        STATUS => 7,
        _ => 1,
    }
}

const fn home_of(hash: u64) -> usize {
    (hash >> (u64::BITS - PLACE_BITS)) as usize
}

/// How many entries the static table has; the dynamic table's indices follow.
pub(super) const LENGTH: usize = TABLE.len();

pub(super) const METHOD: usize = 2;
pub(super) const PATH: usize = 4;
pub(super) const SCHEME: usize = 6;
pub(super) const STATUS: usize = 8;
pub(super) const AGE: usize = 21;
pub(super) const AUTHORIZATION: usize = 23;
pub(super) const CONTENT_LENGTH: usize = 28;
pub(super) const COOKIE: usize = 32;
pub(super) const ETAG: usize = 34;
pub(super) const IF_MODIFIED_SINCE: usize = 40;
pub(super) const IF_NONE_MATCH: usize = 41;
pub(super) const LAST_MODIFIED: usize = 44;
pub(super) const LOCATION: usize = 46;
pub(super) const PROXY_AUTHORIZATION: usize = 49;
pub(super) const SET_COOKIE: usize = 55;

/// An open hash table of the least index of each name; 0 is an empty place.
static PLACES: [u8; PLACE_COUNT] = places();

/// Room for four times the 52 names, so that most names are found, or not, at the first place.
const PLACE_BITS: u32 = 8;
const PLACE_COUNT: usize = 1 << PLACE_BITS;

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn places() -> [u8; PLACE_COUNT] {
    let mut places = [0; PLACE_COUNT];
    let mut index = 1;
    while index <= LENGTH {
        let mut place = home_of(hash_name(TABLE[index - 1].0));
        while places[place] != 0 {
            place = (place + 1) % PLACE_COUNT;
        }
        places[place] = index as u8;
        index += names_from(index);
    }
    places
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_entry_is_found() {
        assert_eq!(LENGTH, 61);
        for index in 1..=LENGTH {
            let (name, value) = get(index).unwrap();
            let first = find_name(name, hash_name(name)).unwrap();
            assert_eq!(TABLE.iter().position(|entry| entry.0 == name), Some(first - 1));
            assert_eq!(find_value(first, value), Some(index));
            assert_eq!(find_value(first, b"no such value"), None);
        }
        assert_eq!((get(0), get(62)), (None, None));
    }

    #[test]
    fn each_name_has_one_place() {
        let mut indices: Vec<u8> = places().into_iter().filter(|index| *index != 0).collect();
        indices.sort_unstable();
        let is_first = |index: &u8| {
            let (name, _) = get(usize::from(*index)).unwrap();
            get(usize::from(*index) - 1).is_none_or(|(before, _)| before != name)
        };
        assert!(indices.iter().copied().eq((1..=61).filter(is_first)));
    }

    #[test]
    fn other_names_are_not_found() {
        for name in [&b""[..], b":", b":statuz", b"x-request-id", b"set-cookie2", b"Age"] {
            assert_eq!(find_name(name, hash_name(name)), None);
        }
    }

    #[test]
    fn the_named_indices_are_those_of_the_names() {
        let named: [(usize, &[u8]); 15] = [
            (METHOD, b":method"),
            (PATH, b":path"),
            (SCHEME, b":scheme"),
            (STATUS, b":status"),
            (AGE, b"age"),
            (AUTHORIZATION, b"authorization"),
            (CONTENT_LENGTH, b"content-length"),
            (COOKIE, b"cookie"),
            (ETAG, b"etag"),
            (IF_MODIFIED_SINCE, b"if-modified-since"),
            (IF_NONE_MATCH, b"if-none-match"),
            (LAST_MODIFIED, b"last-modified"),
            (LOCATION, b"location"),
            (PROXY_AUTHORIZATION, b"proxy-authorization"),
            (SET_COOKIE, b"set-cookie"),
        ];
        for (index, name) in named {
            assert_eq!(find_name(name, hash_name(name)), Some(index));
        }
    }

    #[test]
    fn most_names_are_at_their_home() {
        let displaced = |name: &[u8]| {
            PLACES[home_of(hash_name(name))] as usize != find_name(name, hash_name(name)).unwrap()
        };
        assert!(TABLE.iter().filter(|entry| displaced(entry.0)).count() <= 8);
    }
}
