//! The hash by which the encoder finds fields.
//!
//! It has no secret seed, because equal input must give equal output. Nothing depends on it but how well a list is
//! compressed: every look-up has a bound on its steps and compares what it finds.

/// The hash of a name.
pub(super) const fn hash_name(name: &[u8]) -> u64 {
    hash(SEED, name)
}

/// The hash of a field, from that of its name.
pub(super) const fn hash_field(name: u64, value: &[u8]) -> u64 {
    hash(name, value)
}

const fn hash(seed: u64, octets: &[u8]) -> u64 {
    let mut hash = seed ^ octets.len() as u64;
    let mut rest = octets;
    while rest.len() > PAIR {
        let Some((pair, tail)) = rest.split_first_chunk() else { break };
        hash = fold(hash, words(pair));
        rest = tail;
    }
    fold(hash, last_words(octets, rest))
}

/// The last 16 octets, of which `rest` was not hashed yet; those of fewer octets each at least once.
const fn last_words(octets: &[u8], rest: &[u8]) -> (u64, u64) {
    if let Some(pair) = octets.last_chunk() {
        return words(pair);
    }
    match (rest.first_chunk(), rest.last_chunk(), rest.first_chunk(), rest.last_chunk()) {
        (Some(first), Some(last), ..) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        (.., Some(first), Some(last)) => {
            (u32::from_le_bytes(*first) as u64, u32::from_le_bytes(*last) as u64)
        }
        _ => match *rest {
            [] => (0, 0),
            [a] => (a as u64, 0),
            [a, b] => (u16::from_le_bytes([a, b]) as u64, 0),
            [a, b, c, ..] => (u32::from_le_bytes([a, b, c, 0]) as u64, 0),
        },
    }
}

const fn words(pair: &[u8; PAIR]) -> (u64, u64) {
    let [first @ .., _, _, _, _, _, _, _, _] = *pair;
    let [_, _, _, _, _, _, _, _, last @ ..] = *pair;
    (u64::from_le_bytes(first), u64::from_le_bytes(last))
}

/// Both halves of a product, which together depend on all bits.
const fn fold(hash: u64, (first, last): (u64, u64)) -> u64 {
    let product = ((first ^ FACTOR) as u128).wrapping_mul((last ^ hash.rotate_left(23)) as u128);
    (product >> u64::BITS) as u64 ^ product as u64
}

const PAIR: usize = 16;

const SEED: u64 = 0x2545_f491_4f6c_dd1d;

/// 2^64 divided by the golden ratio: its multiples lie evenly.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn every_octet_counts_in_both_halves() {
        for length in 0..40 {
            let plain = vec![b'x'; length];
            let others = (0..length).map(|at| {
                let mut other = plain.clone();
                other[at] = b'y';
                other
            });
            let hashes: Vec<u64> = others.chain([plain.clone()]).map(|name| hash_name(&name)).collect();
            for shift in [0, 32] {
                let distinct: BTreeSet<u32> = hashes.iter().map(|hash| (hash >> shift) as u32).collect();
                assert_eq!(distinct.len(), length + 1);
            }
        }
    }

    #[test]
    fn high_bits_spread() {
        let places: Vec<_> = (0..256).map(|n| hash_name(std::format!("x-{n}").as_bytes()) >> 56).collect();
        let distinct: BTreeSet<_> = places.iter().collect();
        assert!(distinct.len() > 120, "{} of 256 places", distinct.len());
    }
}
