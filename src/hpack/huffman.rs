//! Strings in Huffman code (RFC 7541 §5.2).

use alloc::vec::Vec;
use core::slice::IterMut;

use super::huffman_table::{CODES, EOS, LENGTHS, SYMBOLS};
use crate::error::Violation;

/// How many octets a string has in Huffman code, padding included.
pub(super) fn encoded_octets(text: &[u8]) -> usize {
    // No text in memory has so many octets that their bits could not be counted.
    let bits: u64 = text.iter().map(|octet| u64::from(code_of(*octet).1)).sum();
    bits.div_ceil(8) as usize
}

/// Appends a string in Huffman code, padded to whole octets.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "fewer than 32 bits wait and a code has at most 30; each subtraction is guarded"
)]
pub(super) fn encode(text: &[u8], out: &mut Vec<u8>) {
    let mut bits = 0_u64;
    let mut count = 0;
    for octet in text {
        let (code, length) = code_of(*octet);
        bits = bits << length | u64::from(code);
        count += length;
        if count >= 32 {
            count -= 32;
            let [_, _, _, _, word @ ..] = (bits >> count).to_be_bytes();
            out.extend_from_slice(&word);
        }
    }
    while count >= 8 {
        count -= 8;
        out.push((bits >> count).to_le_bytes()[0]);
    }
    if count > 0 {
        let padded = bits << (8 - count) | 0xff >> count;
        out.push(padded.to_le_bytes()[0]);
    }
}

/// How many octets a string has at least that is coded in so many octets.
pub(super) const fn least_decoded_octets(encoded: usize) -> usize {
    encoded.saturating_mul(8).saturating_sub(MAX_PADDING as usize).div_ceil(MAX_LENGTH as usize)
}

/// Decodes one string that comes in pieces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decoder {
    /// The bits that are not decoded yet, from the top; zeros follow.
    bits: u64,
    count: u32,
}

impl Decoder {
    /// Before the first octet.
    pub(super) const fn new() -> Self {
        Self { bits: 0, count: 0 }
    }

    /// Decodes a piece of at most [`CHUNK`] octets: returns all symbols that are whole, up to an error.
    pub(super) fn decode<'t>(
        &mut self,
        piece: &[u8],
        text: &'t mut Text,
    ) -> (&'t [u8], Result<(), Violation>) {
        debug_assert!(piece.len() <= CHUNK, "a longer piece has more symbols than there are places");
        let mut places = text.iter_mut();
        let result = self.decode_into(piece, &mut places);
        let used = TEXT.saturating_sub(places.len());
        (text.get(..used).unwrap_or_default(), result)
    }

    /// Ends the string: what is left must be padding.
    pub(super) fn finish(&mut self) -> Result<(), Violation> {
        let Self { bits, count } = core::mem::replace(self, Self::new());
        let is_padding = count <= MAX_PADDING && bits == top_ones(count);
        if is_padding { Ok(()) } else { Err(Violation::InvalidHuffman) }
    }

    /// Decodes a piece into the first places.
    fn decode_into(&mut self, mut piece: &[u8], places: &mut IterMut<'_, u8>) -> Result<(), Violation> {
        // A copy can stay in registers.
        let mut bits = *self;
        while let Some((word, rest)) = piece.split_first_chunk::<4>() {
            bits.push(u32::from_be_bytes(*word), 32);
            bits.decode_whole(places)?;
            piece = rest;
        }
        for octet in piece {
            bits.push(u32::from(*octet), 8);
        }
        bits.decode_whole(places)?;
        *self = bits;
        Ok(())
    }

    /// Adds bits.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "fewer than 32 may wait, and 32 come at once or up to 24 by octets"
    )]
    fn push(&mut self, bits: u32, count: u32) {
        self.count += count;
        self.bits |= u64::from(bits) << (u64::BITS - self.count);
    }

    /// Decodes until the bits that are left are no whole code.
    #[inline(always)]
    fn decode_whole(&mut self, places: &mut IterMut<'_, u8>) -> Result<(), Violation> {
        loop {
            while self.count >= SHORT_BITS {
                let (symbol, length) = short_symbol(self.bits);
                if length == 0 {
                    break;
                }
                self.take(symbol, length, places)?;
            }
            let (symbol, length) = match short_symbol(self.bits) {
                (_, 0) => long_symbol(self.bits),
                (symbol, length) => (u16::from(symbol), length),
            };
            if length > self.count {
                return Ok(());
            }
            if symbol == EOS {
                return Err(Violation::InvalidHuffman);
            }
            self.take(symbol.to_le_bytes()[0], length, places)?;
        }
    }

    #[expect(clippy::arithmetic_side_effects, reason = "a code is taken only if all its bits are there")]
    #[inline(always)]
    fn take(&mut self, symbol: u8, length: u32, places: &mut IterMut<'_, u8>) -> Result<(), Violation> {
        *places.next().ok_or(Violation::StringTooLong)? = symbol;
        self.bits <<= length;
        self.count -= length;
        Ok(())
    }
}

#[expect(clippy::indexing_slicing, reason = "an octet is less than the number of symbols")]
const fn code_of(octet: u8) -> (u32, u32) {
    (CODES[octet as usize], LENGTHS[octet as usize] as u32)
}

/// So many ones from the top, fewer than 64.
const fn top_ones(count: u32) -> u64 {
    !(u64::MAX >> count)
}

/// The symbol whose code comes first, and the code's length; the length is 0 if it is a long code.
#[expect(clippy::indexing_slicing, reason = "the index has as many bits as the table's length")]
#[inline(always)]
const fn short_symbol(bits: u64) -> (u8, u32) {
    let [symbol, length] = SHORT[(bits >> (u64::BITS - SHORT_BITS)) as usize].to_le_bytes();
    (symbol, length as u32)
}

/// The symbol whose code comes first, and the code's length, for a code that is longer than [`SHORT_BITS`].
///
/// The code is canonical: read from the top, codes of one length are consecutive and less than all longer ones.
#[expect(clippy::arithmetic_side_effects, reason = "no code has more than 30 bits")]
fn long_symbol(bits: u64) -> (u16, u32) {
    let top = bits >> 32;
    let class = LONG.iter().find(|class| top < class.end).unwrap_or(&LAST_LONG);
    let nth = (top.saturating_sub(class.start) >> (32 - class.length)) as usize;
    let symbol = SORTED.get(usize::from(class.first).saturating_add(nth)).copied().unwrap_or(EOS);
    (symbol, class.length)
}

/// The codes of one length. Codes are read from the top of 32 bits.
#[derive(Clone, Copy)]
struct Class {
    length: u32,
    start: u64,
    end: u64,
    /// The place of the first symbol in [`SORTED`].
    first: u16,
}

/// By the first bits: the symbol in the low octet and the code's length above, or 0 for a longer code.
static SHORT: [u16; 1 << SHORT_BITS] = short_table();

/// All symbols in the order of their codes.
static SORTED: [u16; SYMBOLS] = sorted_symbols();

static LONG: [Class; LONG_LENGTHS] = long_classes();

/// What begins with nothing but ones.
const LAST_LONG: Class = long_classes()[LONG_LENGTHS - 1];

/// A string is decoded in pieces of at most so many octets.
pub(super) const CHUNK: usize = 64;

/// The places for the symbols of a piece, and of the bits before it that were no whole code.
pub(super) type Text = [u8; TEXT];
pub(super) const PLACES: Text = [0; TEXT];
const TEXT: usize = (CHUNK * 8 + MAX_LENGTH as usize) / MIN_LENGTH;

const MIN_LENGTH: usize = 5;
const MAX_LENGTH: u32 = 30;
const MAX_PADDING: u32 = 7;

/// Most text has codes of 5 to 8 bits; no code has 9.
const SHORT_BITS: u32 = 8;

/// How many lengths from [`SHORT_BITS`] to [`MAX_LENGTH`] there are, those that no code has included.
const LONG_LENGTHS: usize = (MAX_LENGTH - SHORT_BITS) as usize;

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn sorted_symbols() -> [u16; SYMBOLS] {
    let mut sorted = [0; SYMBOLS];
    let mut filled = 0;
    let mut length = MIN_LENGTH as u32;
    while length <= MAX_LENGTH {
        let mut symbol = 0;
        while symbol < SYMBOLS {
            if LENGTHS[symbol] as u32 == length {
                sorted[filled] = symbol as u16;
                filled += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    sorted
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn short_table() -> [u16; 1 << SHORT_BITS] {
    let mut table = [0; 1 << SHORT_BITS];
    let mut symbol = 0;
    while symbol < SYMBOLS {
        let length = LENGTHS[symbol] as u32;
        if length <= SHORT_BITS {
            let mut index = (CODES[symbol] << (SHORT_BITS - length)) as usize;
            let end = ((CODES[symbol] + 1) << (SHORT_BITS - length)) as usize;
            while index < end {
                table[index] = symbol as u16 | (length as u16) << 8;
                index += 1;
            }
        }
        symbol += 1;
    }
    table
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn long_classes() -> [Class; LONG_LENGTHS] {
    let sorted = sorted_symbols();
    let mut classes = [Class { length: 0, start: 0, end: 0, first: 0 }; LONG_LENGTHS];
    let mut place = 0;
    let mut end = 0;
    let mut length = 1;
    while length <= MAX_LENGTH {
        let (start, first) = (end, place);
        while place < SYMBOLS && LENGTHS[sorted[place] as usize] as u32 == length {
            end = (CODES[sorted[place] as usize] as u64 + 1) << (32 - length);
            place += 1;
        }
        if length > SHORT_BITS {
            classes[(length - SHORT_BITS - 1) as usize] = Class { length, start, end, first: first as u16 };
        }
        length += 1;
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec;
    use proptest::prelude::*;

    fn encoded(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(text, &mut out);
        assert_eq!(out.len(), encoded_octets(text));
        out
    }

    fn decoded(octets: &[u8], piece: usize) -> Result<Vec<u8>, Violation> {
        let mut decoder = Decoder::new();
        let mut text = Vec::new();
        for piece in octets.chunks(piece.min(CHUNK)) {
            let mut places = PLACES;
            let (symbols, result) = decoder.decode(piece, &mut places);
            text.extend_from_slice(symbols);
            result?;
        }
        decoder.finish()?;
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
    fn the_code_is_complete_and_canonical() {
        let measure: u64 = LENGTHS.iter().map(|length| 1_u64 << (MAX_LENGTH - u32::from(*length))).sum();
        assert_eq!(measure, 1 << MAX_LENGTH);
        let aligned =
            |symbol: u16| CODES[usize::from(symbol)] << (32 - u32::from(LENGTHS[usize::from(symbol)]));
        let sorted = sorted_symbols();
        assert!(sorted.is_sorted_by_key(|symbol| aligned(*symbol)));
        assert_eq!(sorted.last(), Some(&EOS));
    }

    #[test]
    fn the_tables_hold_each_code_at_its_place() {
        let (short, long) = (short_table(), long_classes());
        let starts = long.iter().skip(1).map(|class| class.start);
        assert!(starts.eq(long.iter().take(LONG_LENGTHS - 1).map(|class| class.end)), "no code is missed");
        assert_eq!(long[LONG_LENGTHS - 1].end, 1 << 32);
        for (symbol, (&code, &length)) in CODES.iter().zip(&LENGTHS).enumerate() {
            let top = u64::from(code) << (32 - u32::from(length));
            let [found, octets] = short[(top >> 24) as usize].to_le_bytes();
            if u32::from(length) <= SHORT_BITS {
                assert_eq!((usize::from(found), octets), (symbol, length));
            } else {
                assert_eq!(octets, 0, "{symbol} has a long code");
                let class = long.iter().find(|class| top < class.end).unwrap();
                assert_eq!(class.length, u32::from(length), "{symbol}");
                assert!(class.start <= top, "{symbol}");
            }
        }
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
        let mut decoder = Decoder::new();
        let mut places = PLACES;
        let (before, all) = decoder.decode(&[0x07, 0xff, 0xff, 0xff, 0xff], &mut places);
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
                let mut decoder = Decoder::new();
                let (first, rest) = octets.split_at(first);
                let mut text = Vec::new();
                for piece in [first].into_iter().chain(rest.chunks(CHUNK)) {
                    let mut places = PLACES;
                    let (symbols, result) = decoder.decode(piece, &mut places);
                    result.unwrap();
                    text.extend_from_slice(symbols);
                }
                decoder.finish().unwrap();
                assert_eq!(text, [&[before][..], &[b'0'; 1_000]].concat());
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

    proptest! {
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
