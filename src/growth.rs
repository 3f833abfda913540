//! How buffers grow whose size the peer has a hand in.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Makes room for more items. Grows by doubling, but to a capacity above `most` only if it must.
pub(crate) fn reserve_within<T>(buffer: &mut Vec<T>, additional: usize, most: usize) {
    if additional > buffer.capacity().saturating_sub(buffer.len()) {
        grow_within(buffer, additional, most);
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

/// The same for a ring.
pub(crate) fn reserve_ring_within<T>(ring: &mut VecDeque<T>, additional: usize, most: usize) {
    if additional > ring.capacity().saturating_sub(ring.len()) {
        grow_ring_within(ring, additional, most);
    }
}

#[cold]
fn grow_within<T>(buffer: &mut Vec<T>, additional: usize, most: usize) {
    let capacity = capacity_within(buffer.len(), buffer.capacity(), additional, most);
    buffer.reserve_exact(capacity.saturating_sub(buffer.len()));
}

#[cold]
fn grow_ring_within<T>(ring: &mut VecDeque<T>, additional: usize, most: usize) {
    let capacity = capacity_within(ring.len(), ring.capacity(), additional, most);
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

const fn capacity_within(length: usize, capacity: usize, additional: usize, most: usize) -> usize {
    let wanted = length.saturating_add(additional);
    let twice = capacity.saturating_mul(2);
    let twice = if capacity > 0 && twice < FEW { FEW } else { twice };
    let capacity = if twice < most { twice } else { most };
    if capacity > wanted { capacity } else { wanted }
}

/// Where there is more than one item, there will be some more.
const FEW: usize = 8;

/// What a block has at least: room for a field or two.
const LEAST_BLOCK: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacities_double_up_to_the_most_and_above_it_as_far_as_they_must() {
        assert_eq!(capacity_within(0, 0, 1, 100), 1);
        assert_eq!(capacity_within(1, 1, 1, 100), 8);
        assert_eq!(capacity_within(1, 1, 1, 3), 3);
        assert_eq!(capacity_within(4, 4, 1, 100), 8);
        assert_eq!(capacity_within(8, 8, 1, 100), 16);
        assert_eq!(capacity_within(0, 0, 9, 100), 9);
        assert_eq!(capacity_within(64, 64, 1, 100), 100);
        assert_eq!(capacity_within(100, 100, 1, 100), 101);
        let mut buffer = Vec::from([0_u64; 4]);
        reserve_within(&mut buffer, 1, 7);
        assert_eq!(buffer.capacity(), 7);
        let mut ring = VecDeque::from(buffer);
        reserve_ring_within(&mut ring, 4, 9);
        assert_eq!(ring.capacity(), 9);
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
