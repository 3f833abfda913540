//! What has come of a part of a frame that is wanted as a whole.

use alloc::vec::Vec;
use core::{fmt, mem};

use smallvec::SmallVec;

/// Octets of such a part, or those of a payload that are skipped: they are counted only.
///
/// Nearly all of them can be absorbed: they complete nothing, and there is room for them. Whoever absorbs one need not
/// know what it belongs to.
#[derive(Clone, Default)]
pub(super) struct Kept {
    /// The octets, or those behind `long`.
    short: [u8; SHORT],
    /// How many there are in `short`, or how many have been skipped.
    count: u32,
    /// Up to which count octets complete nothing and there is room for them.
    limit: u32,
    /// Up to which count they are absorbed: `limit`, or 0 while nothing is.
    most: u32,
    /// Whether something comes before the next octet.
    is_paused: bool,
    /// The first octets of a part that is too long for `short`.
    long: Vec<u8>,
}

impl Kept {
    /// So many octets are wanted next, as a whole.
    #[inline]
    pub(super) fn want(&mut self, octets: u32) {
        self.count = 0;
        self.set_limit(octets.saturating_sub(1).min(SHORT as u32));
    }

    /// So many octets are to be skipped next.
    #[inline]
    pub(super) fn want_to_skip(&mut self, octets: u32) {
        self.count = 0;
        self.set_limit(octets.saturating_sub(1));
    }

    /// Absorbs nothing for the time being.
    #[inline]
    pub(super) const fn pause(&mut self) {
        (self.is_paused, self.most) = (true, 0);
    }

    #[inline]
    pub(super) const fn resume(&mut self) {
        (self.is_paused, self.most) = (false, self.limit);
    }

    #[inline]
    pub(super) const fn is_paused(&self) -> bool {
        self.is_paused
    }

    #[inline]
    const fn set_limit(&mut self, count: u32) {
        self.limit = count;
        self.most = if self.is_paused { 0 } else { count };
    }

    /// Takes an octet if that completes nothing.
    #[inline]
    pub(super) fn absorb(&mut self, octet: u8) -> bool {
        let is_absorbed = self.count < self.most;
        if is_absorbed {
            self.add(octet);
        }
        is_absorbed
    }

    /// The octets of a part of no more than `N`, if this is the last of so many.
    #[inline]
    pub(super) fn complete<const N: usize>(&mut self, octet: u8, wanted: u32) -> Option<[u8; N]> {
        if self.count.wrapping_add(1) != wanted || wanted as usize > N {
            return None;
        }
        self.put(self.count, octet);
        self.short.first_chunk().copied()
    }

    /// How many octets have been skipped.
    pub(super) const fn skipped(&self) -> u32 {
        self.count
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0 && self.long.is_empty()
    }

    /// Whether any have come of a part that fits into `short`.
    #[inline]
    pub(super) const fn has_short(&self) -> bool {
        self.count > 0
    }

    pub(super) fn len(&self) -> usize {
        self.long.len().saturating_add(self.count as usize)
    }

    /// Adds octets of a part of which so many more are missing.
    pub(super) fn extend(&mut self, octets: &[u8], missing: u32) {
        let wanted = self.len().saturating_add(octets.len()).saturating_add(missing as usize);
        if wanted <= SHORT {
            octets.iter().for_each(|&octet| self.add(octet));
        } else {
            self.long.reserve_exact(wanted.saturating_sub(self.long.len()));
            let latest = self.short.get(..self.count as usize).unwrap_or_default();
            self.long.extend_from_slice(latest);
            self.long.extend_from_slice(octets);
            self.count = 0;
        }
        self.set_limit(self.count.saturating_add(missing).saturating_sub(1).min(SHORT as u32));
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
        self.short.get(..self.count as usize).unwrap_or_default()
    }

    /// Counting first spares an instruction, of the twenty that an octet takes which comes alone.
    #[inline]
    fn add(&mut self, octet: u8) {
        let at = self.count;
        self.count = at.wrapping_add(1);
        self.put(at, octet);
    }

    /// Octets that are skipped take each other's places.
    #[inline]
    fn put(&mut self, at: u32, octet: u8) {
        if let Some(place) = self.short.get_mut(at as usize % SHORT) {
            *place = octet;
        }
    }
}

impl fmt::Debug for Kept {
    /// Tells what has come, however it was cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.long).entries(self.latest()).finish()
    }
}

/// How many octets are kept without an allocation; a power of two, which spares [`Kept::put`] a comparison.
pub(super) const SHORT: usize = 32;

/// How many octets the fixed parts of nearly all frames have at most.
pub(super) const TINY: usize = 8;
