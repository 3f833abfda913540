//! Strings in Huffman code (RFC 7541 §5.2).

use alloc::vec::Vec;

use super::huffman_lookup::{
    Found, MAX_LENGTH, MIN_LENGTH, MOST_FOUND, SHORT_BITS, STEP_BITS, code_of, short_symbols, symbol,
};
use super::huffman_table::EOS;
use crate::error::Violation;

/// How many octets a string has in Huffman code, padding included.
pub(super) fn encoded_octets(text: &[u8]) -> usize {
    // No text in memory has so many octets that their bits could not be counted.
    let bits: u64 = text.iter().map(|octet| u64::from(code_of(*octet).1)).sum();
    bits.div_ceil(8) as usize
}

/// Appends a string in Huffman code, padded to whole octets, if these are no more than `most`: whether they are. If
/// not, a part of them may be there.
pub(super) fn encode(text: &[u8], most: usize, out: &mut Vec<u8>) -> bool {
    encode_behind(Bits::NONE, text, out.len().saturating_add(most), out)
}

/// The same behind what is `waiting`, if all of it ends within `end` octets of output.
#[inline(always)]
pub(super) fn encode_behind(mut waiting: Bits, text: &[u8], end: usize, out: &mut Vec<u8>) -> bool {
    let mut rest = text;
    while let Some((eight, behind)) = rest.split_first_chunk::<8>() {
        if !waiting.push(eight, end, out) {
            return false;
        }
        rest = behind;
    }
    waiting.push_few(rest, end, out) && waiting.finish(end, out)
}

/// Bits that are about to be written.
#[derive(Clone, Copy)]
pub(super) struct Bits {
    /// They are the low ones. What is above them does not count.
    bits: u64,
    /// Fewer than 64 after each step.
    count: u32,
}

impl Bits {
    const NONE: Self = Self { bits: 0, count: 0 };

    /// Those of one octet.
    #[inline]
    pub(super) const fn of_octet(octet: u8) -> Self {
        Self { bits: octet as u64, count: u8::BITS }
    }

    /// These and the codes of some octets of text. If they are more than 64, only their number is right.
    #[inline(always)]
    fn and(self, text: &[u8]) -> Self {
        text.iter().fold(self, |Self { bits, count }, octet| {
            let (code, length) = code_of(*octet);
            let length = u32::from(length);
            Self { bits: bits.wrapping_shl(length) | code, count: count.wrapping_add(length) }
        })
    }

    /// Adds the codes of up to eight octets of text, and writes eight octets if there are so many; `false` if there
    /// would be more than `end`.
    #[inline(always)]
    fn push(&mut self, text: &[u8], end: usize, out: &mut Vec<u8>) -> bool {
        self.add(Self::NONE.and(text), text, end, out)
    }

    /// The same with fewer than eight octets.
    #[inline(always)]
    fn push_few(&mut self, text: &[u8], end: usize, out: &mut Vec<u8>) -> bool {
        let (mut next, mut rest) = (Self::NONE, text);
        if let Some((four, behind)) = rest.split_first_chunk::<4>() {
            (next, rest) = (next.and(four), behind);
        }
        if let Some((two, behind)) = rest.split_first_chunk::<2>() {
            (next, rest) = (next.and(two), behind);
        }
        if let Some((one, _)) = rest.split_first_chunk::<1>() {
            next = next.and(one);
        }
        self.add(next, text, end, out)
    }

    /// The same with the codes of the text.
    #[inline(always)]
    fn add(&mut self, next: Self, text: &[u8], end: usize, out: &mut Vec<u8>) -> bool {
        let count = self.count.wrapping_add(next.count);
        if count < u64::BITS {
            *self = Self { bits: self.bits.wrapping_shl(next.count) | next.bits, count };
            return true;
        }
        if next.count > u64::BITS {
            // A copy leaves the original in registers.
            let mut waiting = *self;
            let has_room = waiting.push_pairs(text, end, out);
            *self = waiting;
            return has_room;
        }
        let left = count.wrapping_sub(u64::BITS);
        let has_room = out.len().saturating_add(8) <= end;
        if has_room {
            // In two steps, since none may have waited.
            let first = self.bits.wrapping_shl(63_u32.wrapping_sub(self.count)) << 1;
            out.extend_from_slice(&(first | next.bits.wrapping_shr(left)).to_be_bytes());
        }
        *self = Self { bits: next.bits, count: left };
        has_room
    }

    /// Most codes have 5 to 8 bits: but for these, two by two are never too many.
    #[cold]
    fn push_pairs(&mut self, text: &[u8], end: usize, out: &mut Vec<u8>) -> bool {
        text.chunks(2).all(|pair| self.push(pair, end, out))
    }

    /// Writes the rest, padded.
    #[inline(always)]
    fn finish(self, end: usize, out: &mut Vec<u8>) -> bool {
        let octets = self.count.wrapping_add(7) / 8;
        let end_of_text = out.len().saturating_add(octets as usize);
        let has_room = end_of_text <= end;
        if has_room {
            // Of the complement zeros follow: ones pad. In two steps, since there may be no bits.
            let padded = !((!self.bits << 1).wrapping_shl(63_u32.wrapping_sub(self.count)));
            let padded = padded.to_be_bytes();
            // Where there is room for all eight octets, it is less work to write them all.
            if out.capacity().wrapping_sub(out.len()) < padded.len() {
                out.extend_from_slice(padded.get(..octets as usize).unwrap_or_default());
            } else {
                out.extend_from_slice(&padded);
                out.truncate(end_of_text);
            }
        }
        has_room
    }
}

/// How many octets a string has at least that is coded in so many octets.
pub(super) const fn least_decoded_octets(encoded: usize) -> usize {
    encoded.saturating_mul(8).saturating_sub(MAX_PADDING as usize).div_ceil(MAX_LENGTH as usize)
}

/// How many octets a string has at most that is coded in so many octets.
#[expect(clippy::arithmetic_side_effects, reason = "no code has no bits")]
pub(super) const fn most_decoded_octets(encoded: usize) -> usize {
    encoded.saturating_mul(8) / MIN_LENGTH as usize
}

/// Decodes a whole string of at most [`CHUNK`] octets, if it is valid.
pub(super) fn decode<'t>(string: &[u8], text: &'t mut Decoded) -> Option<&'t [u8]> {
    debug_assert!(string.len() <= CHUNK, "a longer string has more symbols than there are places");
    match Cursor::START.decode_short(Octets(string), text) {
        Ok(end) => text.get(..end.symbols()),
        Err(cursor) => decode_from(cursor, string, text),
    }
}

/// The same of a string that is not as most are, from the cursor on.
#[cold]
fn decode_from<'t>(mut cursor: Cursor, string: &[u8], text: &'t mut Decoded) -> Option<&'t [u8]> {
    let rest = cursor.decode_rest(Octets(string), text);
    rest.and_then(|mut rest| rest.finish()).ok()?;
    text.get(..cursor.symbols())
}

/// Bits of a string that are not decoded yet. At the end of a piece these are no whole code, and wait for the next one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    /// Complemented, from the top; zeros follow.
    bits: u64,
    count: u32,
}

impl Rest {
    /// Between two strings.
    pub(super) const NONE: Self = Self { bits: 0, count: 0 };

    /// Decodes the next piece, of at most [`CHUNK`] octets: returns all symbols that are whole, up to an error.
    pub(super) fn decode<'t>(
        &mut self,
        piece: &[u8],
        text: &'t mut Decoded,
    ) -> (&'t [u8], Result<(), Violation>) {
        debug_assert!(piece.len() <= CHUNK, "a longer piece has more symbols than there are places");
        let mut cursor = Cursor::START;
        let result = self.decode_into(&mut cursor, Octets(piece), text).map(|rest| *self = rest);
        (text.get(..cursor.symbols()).unwrap_or_default(), result)
    }

    /// Ends the string: what is left must be padding.
    pub(super) fn finish(&mut self) -> Result<(), Violation> {
        let Self { bits, count } = core::mem::replace(self, Self::NONE);
        let is_padding = count <= MAX_PADDING && bits == 0;
        if is_padding { Ok(()) } else { Err(Violation::InvalidHuffman) }
    }

    /// Decodes a piece: returns what is left behind it.
    fn decode_into(
        self,
        cursor: &mut Cursor,
        piece: Octets<'_>,
        text: &mut Decoded,
    ) -> Result<Self, Violation> {
        let bits = self.bits | piece.first() >> self.count;
        let count = self.count.wrapping_add(piece.left(*cursor));
        if count <= u64::BITS {
            return cursor.decode_each(Self { bits, count }, text);
        }
        if self.count > 0 {
            // The rest of a code comes first.
            let (symbol, length) = symbol(bits);
            cursor.take_symbol(symbol, length.wrapping_sub(self.count), text)?;
            cursor.pass_octets();
        }
        cursor.decode_rest(piece, text)
    }
}

/// The octets of a piece. Their bits are complemented, so the zeros that follow the last one are padding, which is no
/// symbol.
#[derive(Clone, Copy)]
struct Octets<'p>(&'p [u8]);

impl Octets<'_> {
    /// How many bits are behind a cursor; far more than there can be if it is behind the end.
    #[inline(always)]
    fn left(self, cursor: Cursor) -> u32 {
        let octets = self.0.len().wrapping_sub(cursor.octet) as u32;
        octets.wrapping_mul(8).wrapping_sub(cursor.taken())
    }

    /// The first eight octets; zeros follow after fewer.
    #[inline(always)]
    fn first(self) -> u64 {
        match self.0.first_chunk() {
            Some(octets) => !u64::from_be_bytes(*octets),
            None => self.few(),
        }
    }

    /// All of them, fewer than eight; zeros follow.
    #[inline(always)]
    fn few(self) -> u64 {
        let bits_of = |octets: &[u8; 4]| u64::from(!u32::from_be_bytes(*octets));
        match (self.0.first_chunk(), self.0.last_chunk()) {
            // What is in both is the same.
            (Some(first), Some(last)) => {
                let unused = u64::BITS.wrapping_sub(self.left(Cursor::START));
                bits_of(first) << 32 | bits_of(last).wrapping_shl(unused)
            }
            _ => self.0.iter().rev().fold(0, |bits, octet| bits >> 8 | u64::from(!*octet) << 56),
        }
    }

    /// The next [`WINDOW_BITS`], if there are eight octets; what is behind them does not count.
    #[inline(always)]
    fn window(self, cursor: Cursor) -> Option<u64> {
        if cursor.octet > self.0.len().checked_sub(8)? {
            return None;
        }
        // After that comparison there are no others to make.
        let octets = self.0.get(cursor.octet..)?.first_chunk()?;
        Some((!u64::from_be_bytes(*octets)).rotate_left(cursor.taken()))
    }

    /// All next bits, of fewer than eight octets; zeros follow.
    #[inline(always)]
    fn last(self, cursor: Cursor) -> u64 {
        match self.0.last_chunk() {
            Some(octets) => {
                let bits = !u64::from_be_bytes(*octets);
                // In two steps, since they may be none.
                bits.wrapping_shl(63_u32.wrapping_sub(self.left(cursor))) << 1
            }
            None => {
                self.few().wrapping_shl((cursor.octet as u32).wrapping_mul(8).wrapping_add(cursor.taken()))
            }
        }
    }
}

/// How far a piece is decoded.
#[derive(Clone, Copy)]
struct Cursor {
    /// All bits in front of this octet are taken.
    octet: usize,
    /// All symbols up to here, and the bits that are taken from this octet on.
    step: u32,
}

impl Cursor {
    const START: Self = Self { octet: 0, step: 0 };

    /// Decodes the rest, if all codes are short and nothing but padding follows them. If not, returns a cursor that is
    /// not behind the first other code.
    #[inline(always)]
    fn decode_short(mut self, octets: Octets<'_>, text: &mut Decoded) -> Result<Self, Self> {
        if !self.decode_windows(octets, text) {
            return Err(self);
        }
        let (mut end, mut bits) = (self, octets.last(self));
        while bits != 0 && end.take_short::<2>(&mut bits, text) {}
        if bits == 0 && octets.left(end) <= MAX_PADDING { Ok(end) } else { Err(self) }
    }

    /// Decodes the rest: returns the bits that are no whole code.
    fn decode_rest(&mut self, octets: Octets<'_>, text: &mut Decoded) -> Result<Rest, Violation> {
        loop {
            self.decode_windows(octets, text);
            let Some(bits) = octets.window(*self) else {
                return self.decode_each(Rest { bits: octets.last(*self), count: octets.left(*self) }, text);
            };
            self.decode_each(Rest { bits, count: WINDOW_BITS }, text)?;
        }
    }

    /// Decodes short codes as long as there are eight octets: whether no other code came first.
    #[inline(always)]
    fn decode_windows(&mut self, octets: Octets<'_>, text: &mut Decoded) -> bool {
        while let Some(mut bits) = octets.window(*self) {
            let may_go_on = self.take_short::<ROUND>(&mut bits, text);
            self.pass_octets();
            if !may_go_on {
                return false;
            }
        }
        true
    }

    /// Decodes short codes in so many steps: whether there may be more of them.
    #[inline(always)]
    fn take_short<const STEPS: usize>(&mut self, bits: &mut u64, text: &mut Decoded) -> bool {
        let mut last = 0;
        for _ in 0..STEPS {
            let found = short_symbols(*bits);
            *bits = bits.wrapping_shl(found.step.into());
            self.take(found, text);
            last = found.step;
        }
        last > 0
    }

    /// Decodes all codes that are whole among some bits: returns the others.
    #[inline]
    fn decode_each(&mut self, some: Rest, text: &mut Decoded) -> Result<Rest, Violation> {
        let Rest { mut bits, mut count } = some;
        loop {
            let (symbol, length) = symbol(bits);
            if length > count {
                self.pass_octets();
                return Ok(Rest { bits, count });
            }
            self.take_symbol(symbol, length, text)?;
            bits = bits.wrapping_shl(length);
            count = count.wrapping_sub(length);
        }
    }

    #[inline(always)]
    fn take_symbol(&mut self, symbol: u16, bits: u32, text: &mut Decoded) -> Result<(), Violation> {
        if symbol == EOS {
            return Err(Violation::InvalidHuffman);
        }
        self.take(Found::one(symbol.to_le_bytes()[0], bits), text);
        Ok(())
    }

    #[inline(always)]
    fn take(&mut self, found: Found, text: &mut Decoded) {
        let place = self.symbols();
        // Where the step is added first, the entry is not needed in two registers.
        self.step = self.step.wrapping_add(found.step.into());
        if let Some(places) = text.get_mut(place..place.wrapping_add(MOST_FOUND)) {
            places.copy_from_slice(&found.symbols);
        }
    }

    #[inline(always)]
    fn symbols(self) -> usize {
        let [_, symbols, ..] = self.step.to_le_bytes();
        symbols.into()
    }

    #[inline(always)]
    fn taken(self) -> u32 {
        self.step % (1 << STEP_BITS)
    }

    /// Goes past the octets of which all bits are taken.
    #[inline(always)]
    fn pass_octets(&mut self) {
        let octets = self.taken() / 8;
        self.octet = self.octet.wrapping_add(octets as usize);
        self.step = self.step.wrapping_sub(octets.wrapping_mul(8));
    }
}

/// All windows but the last have at least so many bits.
const WINDOW_BITS: u32 = 57;

/// So many steps do not leave such a window.
const ROUND: usize = (WINDOW_BITS / SHORT_BITS) as usize;

/// A string is decoded in pieces of at most so many octets.
pub(super) const CHUNK: usize = 127;

/// The places for the symbols of a piece, and of the bits before it that were no whole code.
pub(super) type Decoded = [u8; DECODED];
pub(super) const NOTHING_DECODED: Decoded = [0; DECODED];

/// One more than steps can count, so that two symbols can be written wherever one can.
const DECODED: usize = (1 << (u16::BITS - STEP_BITS)) + 1;

const _: () = assert!(most_decoded_octets(CHUNK.saturating_add(4)) < DECODED, "with what is left of a code");

const MAX_PADDING: u32 = 7;

#[cfg(test)]
mod tests {
    use super::super::huffman_table::{CODES, LENGTHS};
    use super::*;
    use alloc::string::String;
    use alloc::vec;
    use proptest::prelude::*;

    fn encoded(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        assert!(encode(text, usize::MAX, &mut out));
        assert_eq!(out.len(), encoded_octets(text));
        out
    }

    fn decoded(octets: &[u8], piece: usize) -> Result<Vec<u8>, Violation> {
        let mut left = Rest::NONE;
        let mut text = Vec::new();
        for piece in octets.chunks(piece.min(CHUNK)) {
            let mut places = NOTHING_DECODED;
            let (symbols, result) = left.decode(piece, &mut places);
            text.extend_from_slice(symbols);
            result?;
        }
        left.finish()?;
        Ok(text)
    }

    /// Octets from a string of bits, padded with ones.
    fn octets_of(bits: &str) -> Vec<u8> {
        let mut bits = String::from(bits);
        while bits.len() % 8 != 0 {
            bits.push('1');
        }
        let octet = |at: usize| u8::from_str_radix(&bits[at..at + 8], 2).unwrap();
        (0..bits.len()).step_by(8).map(octet).collect()
    }

    fn code_bits(symbol: usize) -> String {
        std::format!("{:0width$b}", CODES[symbol], width = usize::from(LENGTHS[symbol]))
    }

    #[test]
    fn the_example_of_the_rfc() {
        let octets = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        assert_eq!(encoded(b"www.example.com"), octets);
        assert_eq!(decoded(&octets, 12).unwrap(), b"www.example.com");
    }

    #[test]
    fn each_of_the_256_symbols_alone_and_before_each_padding() {
        for symbol in 0..=u8::MAX {
            assert_eq!(encoded(&[symbol]), octets_of(&code_bits(usize::from(symbol))));
            for zeros in 0..8 {
                let mut text = vec![b'0'; zeros];
                text.push(symbol);
                assert_eq!(decoded(&encoded(&text), 1 + zeros).unwrap(), text);
            }
        }
    }

    // covers 7541-5.2-1, 7541-5.2-2
    #[test]
    fn every_padding_but_up_to_seven_ones_is_refused() {
        let invalid = Err(Violation::InvalidHuffman);
        for symbol in 0..=u8::MAX {
            let whole = encoded(&[symbol]);
            for extra in 1..=3 {
                let longer = [&whole[..], &[0xff; 3][..extra]].concat();
                assert_eq!(decoded(&longer, 1), invalid, "{symbol} and {extra} octets of padding");
                assert_eq!(decoded(&longer, 9), invalid);
            }
            let padding = (8 - code_bits(usize::from(symbol)).len() % 8) % 8;
            for wrong in 0..(1_u32 << padding) - 1 {
                let mut octets = whole.clone();
                let last = octets.last_mut().unwrap();
                *last = *last & (0xff << padding) | u8::try_from(wrong).unwrap();
                // The wrong bits may begin with the code of another symbol; padding that is right follows it then.
                if let Ok(text) = decoded(&octets, 9) {
                    assert_eq!((text.len(), encoded(&text)), (2, octets));
                }
            }
        }
        assert_eq!(decoded(&[0xff], 1), invalid);
        assert_eq!(decoded(&octets_of("0000000000"), 1).unwrap(), b"00");
        assert_eq!(decoded(&[0b0000_0110], 1), invalid);
        assert_eq!(decoded(&[], 1).unwrap(), b"");
    }

    // covers 7541-5.2-3
    #[test]
    fn eos_is_refused_wherever_it_stands() {
        for before in 0..16 {
            for after in ["", "00000", "11111111"] {
                let bits = "00000".repeat(before) + &code_bits(usize::from(EOS)) + after;
                for piece in 1..6 {
                    assert_eq!(decoded(&octets_of(&bits), piece), Err(Violation::InvalidHuffman));
                }
            }
        }
        let mut left = Rest::NONE;
        let mut places = NOTHING_DECODED;
        let (before, all) = left.decode(&[0x07, 0xff, 0xff, 0xff, 0xff], &mut places);
        assert_eq!(
            (before, all),
            (&b"0"[..], Err(Violation::InvalidHuffman)),
            "known before the string ends"
        );
    }

    /// The shortest codes, behind all bits that a longer one can leave of the piece before.
    #[test]
    fn a_piece_has_places_for_the_symbols_that_it_can_have() {
        for before in 0..=u8::MAX {
            let bits = code_bits(before.into()) + &"00000".repeat(1_000);
            let octets = octets_of(&bits);
            for first in 1..=4 {
                let mut left = Rest::NONE;
                let (first, rest) = octets.split_at(first);
                let mut text = Vec::new();
                for piece in [first].into_iter().chain(rest.chunks(CHUNK)) {
                    let mut places = NOTHING_DECODED;
                    let (symbols, result) = left.decode(piece, &mut places);
                    result.unwrap();
                    text.extend_from_slice(symbols);
                }
                left.finish().unwrap();
                assert_eq!(text, [&[before][..], &[b'0'; 1_000]].concat());
            }
        }
        let most = vec![b'0'; most_decoded_octets(CHUNK)];
        assert_eq!(decode(&encoded(&most), &mut { NOTHING_DECODED }), Some(&most[..]));
    }

    /// What is coded together is eight octets, and what is written together: whatever waits, and whatever room there
    /// is.
    #[test]
    fn codes_of_all_lengths_meet_at_all_places() {
        let by_length = |bits: u8| (0..=u8::MAX).find(|octet| LENGTHS[usize::from(*octet)] == bits);
        let octets: Vec<u8> = (5..=30).filter_map(by_length).collect();
        for before in 0..24 {
            for &first in &octets {
                for &second in &octets {
                    for count in [1, 7, 8, 9] {
                        let text = [&vec![b'0'; before][..], &vec![first; count], &[second]].concat();
                        let bits: String = text.iter().map(|octet| code_bits((*octet).into())).collect();
                        let expected = octets_of(&bits);
                        let mut exact = Vec::with_capacity(expected.len());
                        assert!(encode(&text, expected.len(), &mut exact));
                        assert_eq!((&exact, exact.capacity()), (&expected, expected.len()), "{text:?}");
                        let mut wide = Vec::with_capacity(2 * expected.len() + 8);
                        assert!(encode(&text, usize::MAX, &mut wide));
                        assert_eq!(wide, expected, "{text:?}");
                        assert!(!encode(&text, expected.len() - 1, &mut wide));
                        assert!(wide.len() < 2 * expected.len());
                    }
                }
            }
        }
    }

    #[test]
    fn the_least_decoded_length_is_that_of_the_longest_codes() {
        for length in 0..100 {
            let text = vec![b'\n'; length];
            assert_eq!(least_decoded_octets(encoded_octets(&text)), length);
        }
    }

    /// The symbols of a string of bits and how many bits they have, code by code; up to the first EOS.
    fn read(octets: &[u8]) -> (Vec<u8>, usize, Result<(), Violation>) {
        let bits = octets.iter().map(|octet| std::format!("{octet:08b}")).collect::<String>();
        let codes: Vec<String> = (0..CODES.len()).map(code_bits).collect();
        let (mut text, mut at) = (Vec::new(), 0);
        while let Some(symbol) = codes.iter().position(|code| bits[at..].starts_with(code.as_str())) {
            let Ok(octet) = u8::try_from(symbol) else { return (text, at, Err(Violation::InvalidHuffman)) };
            text.push(octet);
            at += codes[symbol].len();
        }
        (text, at, Ok(()))
    }

    #[test]
    fn the_most_decoded_octets_are_those_of_the_shortest_codes() {
        for length in 0..100 {
            let text = vec![b'0'; most_decoded_octets(length)];
            assert_eq!(encoded_octets(&text), length);
        }
    }

    /// Octets such as text has, with some of any value among them, so that codes of all lengths meet.
    fn mixed_text() -> impl Strategy<Value = Vec<u8>> {
        let octet = prop_oneof![6 => b'0'..=b'z', 1 => any::<u8>()];
        prop::collection::vec(octet, 0..250)
    }

    proptest! {
        #[test]
        fn a_whole_string_is_decoded_as_its_octets_are(
            text in mixed_text(),
            noise in prop::collection::vec(any::<u8>(), 0..4),
            length in 0..=CHUNK,
        ) {
            let mut octets = [encoded(&text), noise].concat();
            octets.truncate(length);
            let mut places = NOTHING_DECODED;
            prop_assert_eq!(decode(&octets, &mut places).map(<[u8]>::to_vec), decoded(&octets, 1).ok());
            let mut places = NOTHING_DECODED;
            let coded = encoded(text.get(..length / 8).unwrap_or(&text));
            prop_assert_eq!(decode(&coded, &mut places).map(<[u8]>::to_vec), decoded(&coded, 1).ok());
        }

        /// After each piece all symbols are there that are whole, and nothing else.
        #[test]
        fn a_piece_gives_all_symbols_that_it_makes_whole(
            text in mixed_text(),
            noise in prop::collection::vec(any::<u8>(), 0..4),
            pieces in prop::collection::vec(1_usize..=CHUNK, 1..20),
        ) {
            let octets = [encoded(&text), noise].concat();
            let (mut waiting, mut decoded, mut end) = (Rest::NONE, Vec::new(), 0);
            for size in pieces.iter().cycle() {
                let piece = &octets[end..octets.len().min(end + size)];
                end += piece.len();
                let mut places = NOTHING_DECODED;
                let (symbols, result) = waiting.decode(piece, &mut places);
                decoded.extend_from_slice(symbols);
                let (expected, bits, error) = read(&octets[..end]);
                prop_assert_eq!((&decoded, result), (&expected, error));
                if result.is_err() || end == octets.len() {
                    let left = 8 * end - bits;
                    let is_padded = left < 8 && (left == 0 || octets[end - 1] | 0xff << left == 0xff);
                    prop_assert_eq!(result.and_then(|()| waiting.finish()).is_ok(), result.is_ok() && is_padded);
                    break;
                }
            }
        }

        #[test]
        fn no_more_octets_are_written_than_there_may_be(text in mixed_text(), most in 0_usize..400) {
            let mut out = vec![b'x'; 3];
            let is_whole = encode(&text, most, &mut out);
            prop_assert_eq!(is_whole, encoded_octets(&text) <= most);
            prop_assert!(out.len() <= 3 + most);
            if is_whole {
                prop_assert_eq!(&out[3..], &octets_of(&text.iter().map(|octet| code_bits((*octet).into())).collect::<String>()));
            }
        }

        #[test]
        fn what_is_encoded_is_decoded(text in prop::collection::vec(any::<u8>(), 0..200), piece in 1usize..20) {
            prop_assert_eq!(decoded(&encoded(&text), piece).unwrap(), text);
        }

        #[test]
        fn a_split_changes_nothing(octets in prop::collection::vec(any::<u8>(), 0..40), piece in 1usize..40) {
            prop_assert_eq!(decoded(&octets, piece), decoded(&octets, 40));
        }

        #[test]
        fn what_is_accepted_is_the_only_form(octets in prop::collection::vec(any::<u8>(), 0..12)) {
            if let Ok(text) = decoded(&octets, 12) {
                prop_assert_eq!(encoded(&text), octets);
            }
        }
    }
}
