//! Fragments of a single octet: where a peer sends those, each has to cost little more than in a long one.

use super::super::Taker;
use super::{Decoder, Name, OpenString, State};
use crate::error::Violation;
use crate::fields::Coding;

impl Decoder {
    /// [`decode_into`](Self::decode_into) with a fragment of one octet, which needs none of the places that longer ones
    /// do.
    #[inline(never)]
    pub(crate) fn decode_octet(&mut self, octet: u8, taker: &mut impl Taker) -> Result<(), Violation> {
        if let State::Text(string @ OpenString { coding: Coding::Plain, .. }, left) = self.state {
            if self.absorb(octet, left, taker) {
                return if left > 1 { Ok(()) } else { self.on_drafted(string, taker) };
            }
        }
        self.take_octet(octet, taker)
    }

    /// The same for an octet that is not absorbed.
    #[inline(never)]
    fn take_octet(&mut self, octet: u8, taker: &mut impl Taker) -> Result<(), Violation> {
        let piece = [octet];
        let mut name = Name::Kept;
        match self.state {
            State::Representation => self.on_representation(octet, &mut name, taker)?,
            State::Text(string, left) => {
                if string.coding == Coding::Plain && self.take_into_draft(&piece, taker) {
                    self.text_octets = self.text_octets.saturating_add(1);
                    return match left.saturating_sub(1) {
                        0 => self.on_drafted(string, taker),
                        left => self.wait(State::Text(string, left)),
                    };
                }
                self.on_text(string, left, &piece, &mut name, taker)?;
            }
            State::Index(..) | State::Length(_) | State::LengthRest(..) => {
                self.on_octet(octet, &mut name, taker)?;
            }
        }
        self.keep(name, taker);
        Ok(())
    }

    /// Takes an octet of a plain string for which there is room: nearly all are so where octets come one by one, and
    /// this is a fraction of what they cost otherwise. The last of a string only into the draft.
    #[inline]
    fn absorb(&mut self, octet: u8, left: usize, taker: &mut impl Taker) -> bool {
        let is_absorbed = match taker.draft() {
            Some(mut draft) => self.start.is_some() && draft.absorb(octet),
            None if left <= 1 => false,
            None if self.skipped > 0 => {
                self.skipped = self.skipped.saturating_add(1);
                true
            }
            None => {
                let has_room = self.scratch.len() < self.scratch.capacity().min(self.max_kept);
                if has_room {
                    self.scratch.push(octet);
                }
                has_room
            }
        };
        if let (true, State::Text(_, left)) = (is_absorbed, &mut self.state) {
            // No text has so many octets that they could not be counted.
            self.text_octets = self.text_octets.wrapping_add(1);
            *left = left.wrapping_sub(1);
        }
        is_absorbed
    }
}
