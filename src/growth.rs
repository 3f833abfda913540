//! How buffers grow whose size the peer has a hand in.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Makes room for more items. Grows by doubling, but to a capacity above `most` only if it must.
pub(crate) fn reserve_within<T>(buffer: &mut Vec<T>, additional: usize, most: usize) {
    if additional > buffer.capacity().saturating_sub(buffer.len()) {
        grow_within(buffer, buffer.capacity().saturating_mul(2), additional, most);
    }
}

/// The same for what is small and there is of each stream: fourfold, since where there are a few there are often many,
/// and what they need is given back with the last of them.
pub(crate) fn reserve_many_within<T>(buffer: &mut Vec<T>, additional: usize, most: usize) {
    if additional > buffer.capacity().saturating_sub(buffer.len()) {
        grow_within(buffer, many(buffer.capacity()), additional, most);
    }
}

/// The same for a block that is written in pieces of any size, by half of what it has: its capacity then tells what it
/// has to hold, and nothing of the pieces.
#[inline]
pub(crate) fn reserve_steadily(block: &mut Vec<u8>, additional: usize, most: usize) {
    if additional > block.capacity().wrapping_sub(block.len()) {
        grow_steadily(block, additional, most);
    }
}

/// The same as for many, for a ring.
pub(crate) fn reserve_ring_within<T>(ring: &mut VecDeque<T>, additional: usize, most: usize) {
    if additional > ring.capacity().saturating_sub(ring.len()) {
        grow_ring_within(ring, additional, most);
    }
}

#[cold]
fn grow_within<T>(buffer: &mut Vec<T>, better: usize, additional: usize, most: usize) {
    let capacity = capacity_within(buffer.len(), better, additional, most);
    buffer.reserve_exact(capacity.saturating_sub(buffer.len()));
}

#[cold]
fn grow_ring_within<T>(ring: &mut VecDeque<T>, additional: usize, most: usize) {
    let capacity = capacity_within(ring.len(), many(ring.capacity()), additional, most);
    ring.reserve_exact(capacity.saturating_sub(ring.len()));
}

#[cold]
fn grow_steadily(block: &mut Vec<u8>, additional: usize, most: usize) {
    let wanted = block.len().saturating_add(additional);
    let mut capacity = block.capacity().max(LEAST_BLOCK);
    while capacity < wanted {
        capacity = capacity.saturating_add(capacity / 2);
    }
    block.reserve_exact(capacity.min(most).max(wanted).saturating_sub(block.len()));
}

/// At least what is wanted, and what is `better` up to `most`.
const fn capacity_within(length: usize, better: usize, additional: usize, most: usize) -> usize {
    let wanted = length.saturating_add(additional);
    let few = if better > 0 && better < FEW { FEW } else { better };
    let capacity = if few < most { few } else { most };
    if capacity > wanted { capacity } else { wanted }
}

/// What is better than a capacity for what there is of each stream.
const fn many(capacity: usize) -> usize {
    if capacity < FEW { capacity.saturating_mul(2) } else { capacity.saturating_mul(4) }
}

/// Where there is more than one item, there will be some more.
const FEW: usize = 8;

/// What a block has at least: room for a field or two.
const LEAST_BLOCK: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacities_grow_up_to_the_most_and_above_it_as_far_as_they_must() {
        assert_eq!(capacity_within(0, 0, 1, 100), 1);
        assert_eq!(capacity_within(1, 2, 1, 100), 8);
        assert_eq!(capacity_within(1, 2, 1, 3), 3);
        assert_eq!(capacity_within(8, 16, 1, 100), 16);
        assert_eq!(capacity_within(0, 0, 9, 100), 9);
        assert_eq!(capacity_within(64, 128, 1, 100), 100);
        assert_eq!(capacity_within(100, 200, 1, 100), 101);
    }

    #[test]
    fn buffers_double_and_what_there_is_of_streams_grows_faster() {
        let grown = |reserve: &dyn Fn(&mut Vec<u64>)| {
            let mut buffer = Vec::new();
            let mut capacities = Vec::new();
            while buffer.len() < 100 {
                reserve(&mut buffer);
                buffer.push(0);
                capacities.push(buffer.capacity());
            }
            capacities.dedup();
            capacities
        };
        assert_eq!(grown(&|buffer| reserve_within(buffer, 1, 100)), [1, 8, 16, 32, 64, 100]);
        assert_eq!(grown(&|buffer| reserve_many_within(buffer, 1, 100)), [1, 8, 32, 100]);
        let ring = |buffer: &mut Vec<u64>| {
            let mut ring = VecDeque::from(core::mem::take(buffer));
            reserve_ring_within(&mut ring, 1, 100);
            *buffer = ring.into();
        };
        assert_eq!(grown(&ring), [1, 8, 32, 100]);
    }

    #[test]
    fn the_capacity_of_a_block_does_not_tell_how_it_was_written() {
        for first in [0, 10, 64, 100] {
            for length in [1, 64, 65, 500, 511, 700, 2_000] {
                let capacity = |piece: usize| {
                    let mut block = Vec::with_capacity(first);
                    for octets in alloc::vec![0; length].chunks(piece) {
                        reserve_steadily(&mut block, octets.len(), 600);
                        block.extend_from_slice(octets);
                    }
                    block.capacity()
                };
                let whole = capacity(length);
                assert!(
                    whole >= length && whole <= first.max(2 * length).max(64),
                    "{first} {length} {whole}"
                );
                assert!(
                    length > 600 || [1, 7, 300].iter().all(|&piece| capacity(piece) == whole),
                    "{first} {length}"
                );
            }
        }
    }
}
