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
    let mut hash = mix(seed, octets.len() as u64);
    let mut rest = octets;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        hash = mix(hash, u64::from_le_bytes(*word));
        rest = tail;
    }
    // At most 7 octets are left: the first four and the last four, which may overlap, or up to three.
    let (first, last) = match (rest, rest.first_chunk(), rest.last_chunk()) {
        ([], ..) => return hash,
        ([_, _, _, _], Some(first), _) => (u32::from_le_bytes(*first), 0),
        (_, Some(first), Some(last)) => (u32::from_le_bytes(*first) & 0x00ff_ffff, u32::from_le_bytes(*last)),
        ([a], ..) => (u32::from_le_bytes([*a, 0, 0, 0]), 0),
        ([a, b], ..) => (u32::from_le_bytes([*a, *b, 0, 0]), 0),
        ([a, b, c, ..], ..) => (u32::from_le_bytes([*a, *b, *c, 0]), 0),
    };
    mix(hash, (first as u64) << 32 | last as u64)
}

/// A product's high bits depend on all bits, its low ones on few: they are made to.
const fn mix(hash: u64, word: u64) -> u64 {
    let product = (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    product ^ product >> 32
}

const SEED: u64 = 0;

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
