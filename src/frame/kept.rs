//! What has come of a part of a frame that is wanted as a whole.

use alloc::vec::Vec;
use core::ops::Range;
use core::{fmt, mem};

use smallvec::SmallVec;

/// Octets of such a part, or those of a payload that are skipped: they are counted only.
///
/// Nearly all of them can be absorbed: they complete nothing, and there is room for them. Whoever absorbs one need not
/// know what it belongs to.
#[derive(Clone)]
pub(super) struct Kept {
    /// The octets, or those behind `long`. They lie at the end of the first `SHORT`, so that the last of all comes
    /// behind these. What is behind that means nothing: it makes up the array in which a tiny part is handed out.
    short: [u8; SHORT + TINY],
    /// How many octets are missing, as a negative number that wraps: it counts up to zero. So one addition tells, by
    /// its zero, the octet that is not absorbed, and where any other belongs. `LAST` while the reader is paused.
    count: u32,
    /// What the count is in truth, while the reader is paused.
    held: u32,
    /// Whether something comes before the next octet.
    is_paused: bool,
    /// How many octets were missing when `short` was empty; no more than there is room for, and the one behind them.
    wanted: u32,
    /// The first octets of a part that is too long for `short`.
    long: Vec<u8>,
}

impl Kept {
    /// So many octets are wanted first, as a whole.
    pub(super) const fn of(octets: u32) -> Self {
        let (count, short) = (octets.wrapping_neg(), [0; SHORT + TINY]);
        Self { short, count, held: count, is_paused: false, wanted: octets, long: Vec::new() }
    }

    /// So many octets are wanted next, as a whole.
    #[inline]
    pub(super) fn want(&mut self, octets: u32) {
        self.want_to_skip(octets.min(ROOM));
    }

    /// So many octets are to be skipped next.
    #[inline]
    pub(super) fn want_to_skip(&mut self, octets: u32) {
        // Where none is wanted, the next one is not absorbed either.
        self.wanted = octets.max(1);
        self.set_missing(self.wanted);
    }

    /// Absorbs nothing for the time being.
    #[cold]
    pub(super) const fn pause(&mut self) {
        self.held = self.true_count();
        (self.is_paused, self.count) = (true, LAST);
    }

    #[inline]
    pub(super) const fn resume(&mut self) {
        self.count = self.true_count();
        self.is_paused = false;
    }

    #[inline]
    pub(super) const fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// So many octets are missing from now on.
    #[inline]
    const fn set_missing(&mut self, octets: u32) {
        self.held = octets.wrapping_neg();
        self.count = if self.is_paused { LAST } else { self.held };
    }

    /// The count, whether the reader is paused or not.
    #[inline]
    const fn true_count(&self) -> u32 {
        if self.is_paused { self.held } else { self.count }
    }

    /// How many octets are missing of those that there is room for, and the one behind them.
    #[inline]
    const fn missing(&self) -> u32 {
        self.true_count().wrapping_neg()
    }

    /// Takes an octet if that completes nothing. Those that are skipped take each other's places.
    #[inline]
    pub(super) fn absorb(&mut self, octet: u8) -> bool {
        let count = self.count.wrapping_add(1);
        let is_absorbed = count != 0;
        if is_absorbed {
            self.count = count;
            if let Some(place) = self.short.get_mut(count as usize % SHORT) {
                *place = octet;
            }
        }
        is_absorbed
    }

    /// The octets of a part of `N`, or of no more than that where it is `TINY`, if this is the last of so many.
    #[inline]
    pub(super) fn complete<const N: usize>(&mut self, octet: u8, wanted: u32) -> Option<[u8; N]> {
        if self.missing() != 1 || wanted as usize > N {
            return None;
        }
        if let Some(place) = self.short.get_mut(SHORT) {
            *place = octet;
        }
        self.short.get(place_of(wanted)..)?.first_chunk().copied()
    }

    /// How many octets have been skipped, or have come behind `long`.
    #[inline]
    pub(super) const fn skipped(&self) -> u32 {
        self.wanted.wrapping_sub(self.missing())
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether nothing is paused, and none has come of a part of so many, for which there is room.
    #[inline]
    pub(super) const fn lacks_all(&self, octets: u32) -> bool {
        self.count == octets.wrapping_neg()
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.long.len().saturating_add(self.skipped() as usize)
    }

    /// Adds octets of a part of so many, of which so many more are missing.
    pub(super) fn extend(&mut self, octets: &[u8], wanted: u32, missing: u32) {
        if wanted as usize <= SHORT {
            let places = place_of(self.missing())..place_of(missing);
            if let Some(places) = self.short.get_mut(places) {
                places.copy_from_slice(octets);
            }
            self.set_missing(missing);
        } else {
            self.long.reserve_exact((wanted as usize).saturating_sub(self.long.len()));
            self.long.extend_from_slice(self.short.get(self.places()).unwrap_or_default());
            self.long.extend_from_slice(octets);
            self.want(missing);
        }
    }

    /// Takes out all that has come.
    pub(super) fn take(&mut self) -> SmallVec<[u8; SHORT]> {
        let mut octets = SmallVec::from_vec(mem::take(&mut self.long));
        octets.extend_from_slice(self.latest());
        self.want(0);
        octets
    }

    /// Octets on the heap.
    pub(super) fn memory_used(&self) -> usize {
        self.long.capacity()
    }

    /// The octets behind `long`, unless they are skipped.
    fn latest(&self) -> &[u8] {
        self.short.get(self.places()).unwrap_or_default()
    }

    /// Where they lie.
    const fn places(&self) -> Range<usize> {
        place_of(self.wanted)..place_of(self.missing())
    }
}

/// Where in [`Kept::short`] the first of so many octets belongs of which the last one comes behind `SHORT`.
#[inline]
const fn place_of(missing: u32) -> usize {
    (ROOM as usize).saturating_sub(missing as usize)
}

impl fmt::Debug for Kept {
    /// Tells what has come, however it was cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.long).entries(self.latest()).finish()
    }
}

/// How many octets are kept without an allocation; a power of two, which spares [`Kept::absorb`] a comparison.
pub(super) const SHORT: usize = 32;

/// As many, and the one that completes them or for which there is no room.
const ROOM: u32 = SHORT as u32 + 1;

/// The count with which the next octet is not absorbed.
const LAST: u32 = u32::MAX;

/// How many octets the fixed parts of nearly all frames have at most.
pub(super) const TINY: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [u32; 12] = [1, 2, 8, 9, 31, 32, 33, 34, 65, 66, 67, 100];

    fn octets(count: u32) -> Vec<u8> {
        (1..=count as u8).collect()
    }

    /// Takes an octet of a part of so many as a reader does. Whether that was absorbed.
    fn feed(kept: &mut Kept, octet: u8, wanted: u32) -> bool {
        let is_absorbed = kept.absorb(octet);
        if !is_absorbed {
            kept.extend(&[octet], wanted, wanted - kept.len() as u32 - 1);
        }
        is_absorbed
    }

    #[test]
    fn parts_are_what_has_come_however_they_were_cut() {
        for wanted in SIZES {
            let part = octets(wanted);
            for first in 0..part.len() {
                for second in first..part.len() {
                    let mut kept = Kept::of(9);
                    kept.want(wanted);
                    for piece in [&part[..first], &part[first..second]] {
                        let missing = wanted - (kept.len() + piece.len()) as u32;
                        kept.extend(piece, wanted, missing);
                    }
                    for (at, &octet) in part.iter().enumerate().skip(second) {
                        assert_eq!((kept.len(), kept.is_empty()), (at, at == 0));
                        assert_eq!(alloc::format!("{kept:?}"), alloc::format!("{:?}", &part[..at]));
                        feed(&mut kept, octet, wanted);
                    }
                    assert_eq!(kept.take()[..], part, "{first} {second}");
                    assert_eq!((kept.is_empty(), kept.absorb(0)), (true, false), "nothing is wanted");
                }
            }
        }
    }

    #[test]
    fn all_octets_are_absorbed_but_the_last_and_those_without_room() {
        for wanted in SIZES {
            let mut kept = Kept::of(9);
            kept.want(wanted);
            let refused: Vec<_> =
                octets(wanted).into_iter().filter(|&octet| !feed(&mut kept, octet, wanted)).collect();
            let expected: Vec<_> =
                octets(wanted).into_iter().filter(|&n| n % 33 == 0 || u32::from(n) == wanted).collect();
            assert_eq!(refused, expected, "{wanted}");
        }
    }

    #[test]
    fn the_last_octet_completes_a_tiny_part_or_a_head() {
        for wanted in 1..=TINY as u32 {
            let mut kept = Kept::of(9);
            kept.want(wanted);
            let part = octets(wanted);
            let (&last, others) = part.split_last().unwrap();
            for &octet in others {
                kept.pause();
                assert_eq!(kept.complete::<TINY>(octet, wanted), None);
                kept.resume();
                assert!(kept.absorb(octet));
            }
            assert_eq!(kept.complete::<TINY>(last, wanted).unwrap()[..wanted as usize], part);
        }
        let mut head = Kept::of(9);
        assert!((1..9).all(|octet| head.absorb(octet)));
        assert_eq!(head.complete(9, 9), Some([1, 2, 3, 4, 5, 6, 7, 8, 9]));
        assert_eq!(head.complete::<TINY>(9, 9), None, "it is no tiny part");
        head.want(0);
        assert_eq!(head.complete::<TINY>(0, 0), None, "nothing is wanted");
    }

    #[test]
    fn skipped_octets_are_counted() {
        for skip in SIZES {
            let mut kept = Kept::of(9);
            kept.want_to_skip(skip);
            for count in 0..skip {
                assert_eq!(kept.skipped(), count);
                assert_eq!(kept.absorb(7), count + 1 < skip);
            }
        }
        let mut kept = Kept::of(9);
        kept.want_to_skip(0);
        assert_eq!((kept.absorb(7), kept.skipped()), (false, 0));
    }

    #[test]
    fn a_pause_changes_nothing_but_that_nothing_is_absorbed() {
        for wanted in SIZES {
            let part = octets(wanted);
            for at in 0..part.len() {
                for is_wanted_meanwhile in [false, true] {
                    let mut kept = Kept::of(9);
                    kept.want(wanted);
                    part[..at].iter().for_each(|&octet| _ = feed(&mut kept, octet, wanted));
                    kept.pause();
                    kept.pause();
                    assert_eq!((kept.is_paused(), kept.absorb(0)), (true, false));
                    assert_eq!((kept.len(), kept.is_empty()), (at, at == 0));
                    assert!(!kept.lacks_all(wanted) || wanted == 1);
                    let mut from = at;
                    if is_wanted_meanwhile {
                        assert_eq!(kept.take()[..], part[..at]);
                        kept.want(wanted);
                        feed(&mut kept, part[0], wanted);
                        from = 1;
                    }
                    kept.resume();
                    kept.resume();
                    assert!(!kept.is_paused());
                    part[from..].iter().for_each(|&octet| _ = feed(&mut kept, octet, wanted));
                    assert_eq!(kept.take()[..], part);
                }
            }
        }
    }

    #[test]
    fn a_part_lacks_all_until_the_first_octet() {
        let mut kept = Kept::of(9);
        assert!(kept.lacks_all(9));
        assert_eq!((kept.absorb(0), kept.lacks_all(9)), (true, false));
        kept.want(9);
        assert_eq!([9, 8].map(|octets| kept.lacks_all(octets)), [true, false]);
        kept.pause();
        assert!(!kept.lacks_all(9));
    }
}
