//! Which symbols bits in Huffman code begin with. Bits are read from the top, and all of them are complemented.

use super::huffman_table::{CODES, EOS, LENGTHS, SYMBOLS};

/// Symbols whose codes come first.
#[derive(Clone, Copy)]
pub(super) struct Found {
    /// Only so many are meant as the step says.
    pub(super) symbols: [u8; MOST_FOUND],
    pub(super) step: u16,
}

impl Found {
    pub(super) const fn one(symbol: u8, length: u32) -> Self {
        Self { symbols: [symbol, 0], step: step(1, length) }
    }
}

/// A step of so many symbols, whose codes have so many bits. Steps can be added up.
pub(super) const fn step(symbols: u16, bits: u32) -> u16 {
    symbols << STEP_BITS | bits as u16
}

/// So many bits of a step tell bits.
pub(super) const STEP_BITS: u32 = 8;

/// At most so many symbols are found at once.
pub(super) const MOST_FOUND: usize = 2;

/// The symbols with short codes that come first, as many as are found at once; none if a long code comes first.
#[inline(always)]
pub(super) const fn short_symbols(bits: u64) -> Found {
    table::find((bits >> (u64::BITS - SHORT_BITS)) as usize)
}

/// The symbol whose code comes first, and the code's length.
pub(super) fn symbol(bits: u64) -> (u16, u32) {
    match short_symbols(bits) {
        Found { step: 0, .. } => long_symbol(bits),
        Found { symbols: [symbol, ..], .. } => (u16::from(symbol), code_of(symbol).1.into()),
    }
}

/// The code of an octet, in the low bits, and how many bits it has.
#[expect(clippy::indexing_slicing, reason = "an octet is less than the number of symbols")]
#[inline(always)]
pub(super) const fn code_of(octet: u8) -> (u64, u8) {
    (LOW_CODES[octet as usize], LENGTHS[octet as usize])
}

/// The code of each octet, as wide as the words that it is put into.
static LOW_CODES: [u64; 256] = low_codes();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn low_codes() -> [u64; 256] {
    let mut codes = [0; 256];
    let mut octet = 0;
    while octet < codes.len() {
        codes[octet] = CODES[octet] as u64;
        octet += 1;
    }
    codes
}

/// The symbol whose code comes first, and the code's length, for a code that is longer than [`SHORT_BITS`].
///
/// The code is canonical: read from the top, codes of one length are consecutive and less than all longer ones.
#[expect(clippy::arithmetic_side_effects, reason = "no code has more than 30 bits")]
fn long_symbol(bits: u64) -> (u16, u32) {
    let top = !bits >> 32;
    let class = LONG.iter().find(|class| top < class.end).unwrap_or(&LAST_LONG);
    let nth = (top.saturating_sub(class.start) >> (32 - class.length)) as usize;
    let symbol = SORTED.get(usize::from(class.first).saturating_add(nth)).copied().unwrap_or(EOS);
    (symbol, class.length)
}

/// Codes of more bits are long.
pub(super) const SHORT_BITS: u32 = table::INDEX_BITS;

/// Finds two symbols at once, in a table of 8 KiB.
#[cfg(not(feature = "small-tables"))]
mod table {
    use super::{Found, complemented, short_codes, step};

    /// Two codes of 5 bits, which are those of the most frequent letters and digits, or of 5 and 6.
    pub(super) const INDEX_BITS: u32 = 11;

    #[expect(clippy::indexing_slicing, reason = "the index has as many bits as the table's length")]
    #[inline(always)]
    pub(super) const fn find(index: usize) -> Found {
        PAIRS[index]
    }

    static PAIRS: [Found; 1 << INDEX_BITS] = complemented(pairs());

    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
    const fn pairs() -> [Found; 1 << INDEX_BITS] {
        let codes: [_; 1 << INDEX_BITS] = short_codes();
        let mut pairs = [Found { symbols: [0; 2], step: 0 }; 1 << INDEX_BITS];
        let mut index = 0;
        while index < pairs.len() {
            let [first, length] = codes[index];
            let [second, behind] = codes[(index << length) % codes.len()];
            pairs[index] = if length == 0 {
                Found { symbols: [0; 2], step: 0 }
            } else if behind == 0 || length as u32 + behind as u32 > INDEX_BITS {
                Found::one(first, length as u32)
            } else {
                Found { symbols: [first, second], step: step(2, length as u32 + behind as u32) }
            };
            index += 1;
        }
        pairs
    }
}

/// Finds one symbol, in a table of 512 octets.
#[cfg(feature = "small-tables")]
mod table {
    use super::{Found, complemented, short_codes, step};

    /// Most text has codes of 5 to 8 bits; no code has 9.
    pub(super) const INDEX_BITS: u32 = 8;

    #[expect(clippy::indexing_slicing, reason = "the index has as many bits as the table's length")]
    #[inline(always)]
    pub(super) const fn find(index: usize) -> Found {
        let [symbol, length] = CODES[index];
        Found { symbols: [symbol, 0], step: step((length > 0) as u16, length as u32) }
    }

    static CODES: [[u8; 2]; 1 << INDEX_BITS] = complemented(short_codes());
}

/// By the first bits: the symbol and its code's length, or zeros for a longer code.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn short_codes<const COUNT: usize>() -> [[u8; 2]; COUNT] {
    let bits = COUNT.ilog2();
    let mut table = [[0; 2]; COUNT];
    let mut symbol = 0;
    while symbol < SYMBOLS {
        let length = LENGTHS[symbol] as u32;
        if length <= bits {
            let mut index = (CODES[symbol] << (bits - length)) as usize;
            let end = ((CODES[symbol] + 1) << (bits - length)) as usize;
            while index < end {
                table[index] = [symbol as u8, length as u8];
                index += 1;
            }
        }
        symbol += 1;
    }
    table
}

/// A table by bits becomes one by their complement.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn complemented<T: Copy, const COUNT: usize>(table: [T; COUNT]) -> [T; COUNT] {
    let mut turned = table;
    let mut index = 0;
    while index < COUNT {
        turned[index] = table[COUNT - 1 - index];
        index += 1;
    }
    turned
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

/// All symbols in the order of their codes.
static SORTED: [u16; SYMBOLS] = sorted_symbols();

static LONG: [Class; LONG_LENGTHS] = long_classes();

/// What begins with nothing but ones.
const LAST_LONG: Class = long_classes()[LONG_LENGTHS - 1];

pub(super) const MIN_LENGTH: u32 = 5;
pub(super) const MAX_LENGTH: u32 = 30;

/// How many lengths from [`SHORT_BITS`] to [`MAX_LENGTH`] there are, those that no code has included.
const LONG_LENGTHS: usize = (MAX_LENGTH - SHORT_BITS) as usize;

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn sorted_symbols() -> [u16; SYMBOLS] {
    let mut sorted = [0; SYMBOLS];
    let mut filled = 0;
    let mut length = MIN_LENGTH;
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
    fn no_long_code_is_missed() {
        let long = long_classes();
        let starts = long.iter().skip(1).map(|class| class.start);
        assert!(starts.eq(long.iter().take(LONG_LENGTHS - 1).map(|class| class.end)));
        assert_eq!(long[LONG_LENGTHS - 1].end, 1 << 32);
    }

    #[test]
    fn the_first_bits_tell_a_short_code() {
        let codes: [_; 256] = complemented(short_codes());
        for (index, [first, length]) in codes.into_iter().enumerate() {
            let (expected, bits) = symbol((index as u64) << 56);
            match length {
                0 => assert!(bits > 8, "{index}"),
                _ => assert_eq!((u16::from(first), u32::from(length)), (expected, bits), "{index}"),
            }
        }
    }

    #[test]
    fn each_code_is_found_whatever_follows() {
        for (nth, (&code, &length)) in CODES.iter().zip(&LENGTHS).enumerate() {
            let (top, length) = (u64::from(code) << (64 - u32::from(length)), u32::from(length));
            for follows in [0, u64::MAX, 0x5555_5555_5555_5555] {
                let bits = !(top | follows >> length);
                assert_eq!(symbol(bits), (nth as u16, length));
                let Found { symbols: [first, ..], step } = short_symbols(bits);
                if length <= SHORT_BITS {
                    assert_eq!(usize::from(first), nth);
                } else {
                    assert_eq!(step, 0, "{nth} has a long code");
                }
            }
        }
    }

    /// For all that the table can be asked.
    #[test]
    fn the_symbols_that_are_found_at_once_are_those_that_are_found_one_by_one() {
        for index in 0..1 << SHORT_BITS {
            let bits = index << (u64::BITS - SHORT_BITS);
            let Found { symbols, step: found } = short_symbols(bits);
            let (mut count, mut taken) = (0, 0);
            for expected in symbols.iter().take(usize::from(found >> STEP_BITS)) {
                let (next, length) = symbol(bits << taken);
                assert_eq!(next, u16::from(*expected));
                (count, taken) = (count + 1, taken + length);
            }
            assert!(taken <= SHORT_BITS, "nothing is found that is not there");
            assert_eq!(found, step(count, taken));
        }
    }
}
