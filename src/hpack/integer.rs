//! Integers with a prefix of a few bits (RFC 7541 §5.1).

use alloc::vec::Vec;

use crate::error::Violation;

/// What the octet with the prefix tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Integer {
    /// The prefix holds the whole value.
    Whole(u32),
    /// More octets follow.
    Partial(Partial),
}

impl Integer {
    /// Parses the first octet, whose prefix is the low bits that `mask` names.
    pub(super) const fn parse(octet: u8, mask: u8) -> Self {
        let prefix = octet & mask;
        if prefix < mask {
            Self::Whole(prefix as u32)
        } else {
            Self::Partial(Partial { value: prefix as u64, shift: 0 })
        }
    }
}

/// An integer of which some octets are still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Partial {
    value: u64,
    shift: u8,
}

impl Partial {
    /// Takes the next octet. The value is known after the last one.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "at most 255 + 5 × 7 bits: far from the end of 64 bits"
    )]
    pub(super) fn parse_next(&mut self, octet: u8) -> Result<Option<u32>, Violation> {
        self.value += u64::from(octet & !CONTINUES) << self.shift;
        self.shift += 7;
        if octet & CONTINUES == 0 {
            return u32::try_from(self.value).map(Some).map_err(|_| Violation::IntegerTooLarge);
        }
        if self.shift >= MAX_SHIFT { Err(Violation::IntegerTooLarge) } else { Ok(None) }
    }
}

/// Writes a value behind the bits of `pattern`, in the prefix that `mask` names and in as few octets as possible.
#[inline]
pub(super) fn write(pattern: u8, mask: u8, value: usize, out: &mut Vec<u8>) {
    match value.checked_sub(usize::from(mask)) {
        None => out.push(pattern | low_octet(value)),
        Some(rest) if rest <= usize::from(!CONTINUES) => {
            out.extend_from_slice(&[pattern | mask, low_octet(rest)]);
        }
        Some(rest) => write_long(pattern | mask, rest, out),
    }
}

/// The full prefix, and what exceeds it.
#[inline(never)]
fn write_long(first: u8, mut rest: usize, out: &mut Vec<u8>) {
    out.push(first);
    while rest > usize::from(!CONTINUES) {
        out.push(low_octet(rest) | CONTINUES);
        rest >>= 7;
    }
    out.push(low_octet(rest));
}

const fn low_octet(value: usize) -> u8 {
    value.to_le_bytes()[0]
}

/// The bit of an octet that says that another follows.
const CONTINUES: u8 = 0x80;

/// Five octets hold every value of 32 bits, the largest that a setting can have. More would be zeros, or too large.
const MAX_SHIFT: u8 = 5 * 7;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(octets: &[u8], mask: u8) -> Result<Option<u32>, Violation> {
        let (first, rest) = octets.split_first().unwrap();
        let mut partial = match Integer::parse(*first, mask) {
            Integer::Whole(value) => return Ok(Some(value)),
            Integer::Partial(partial) => partial,
        };
        for (at, octet) in rest.iter().enumerate() {
            if let Some(value) = partial.parse_next(*octet)? {
                assert_eq!(at + 1, rest.len(), "the value ends before the octets");
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    fn written(pattern: u8, mask: u8, value: usize) -> Vec<u8> {
        let mut out = Vec::new();
        write(pattern, mask, value, &mut out);
        out
    }

    #[test]
    fn the_examples_of_the_rfc() {
        assert_eq!(written(0b1010_0000, 31, 10), [0b1010_1010]);
        assert_eq!(written(0, 31, 1337), [31, 0b1001_1010, 0b0000_1010]);
        assert_eq!(written(0, 255, 42), [42]);
        assert_eq!(parse(&[0b1110_1010], 31), Ok(Some(10)));
        assert_eq!(parse(&[0b1111_1111, 154, 10], 31), Ok(Some(1337)));
        assert_eq!(parse(&[42], 255), Ok(Some(42)));
    }

    #[test]
    fn a_full_prefix_needs_one_more_octet() {
        assert_eq!(written(0, 31, 30), [30]);
        assert_eq!(written(0, 31, 31), [31, 0]);
        assert_eq!(written(0, 31, 31 + 127), [31, 127]);
        assert_eq!(written(0, 31, 31 + 128), [31, 128, 1]);
    }

    #[test]
    fn the_largest_value_and_the_longest_form_are_accepted() {
        assert_eq!(parse(&written(0, 31, 0xffff_ffff), 31), Ok(Some(u32::MAX)));
        assert_eq!(parse(&[31, 0x80, 0x80, 0x80, 0x80, 0x00], 31), Ok(Some(31)));
        assert_eq!(parse(&[31, 0xff, 0xff, 0xff, 0xff], 31), Ok(None));
    }

    // covers 7541-5.1-1
    #[test]
    fn larger_values_and_longer_forms_are_refused() {
        let too_large = Err(Violation::IntegerTooLarge);
        assert_eq!(parse(&[31, 0xe1, 0xff, 0xff, 0xff, 0x0f], 31), too_large);
        assert_eq!(parse(&[255, 0x80, 0xfe, 0xff, 0xff, 0x7f], 255), too_large);
        assert_eq!(parse(&[31, 0x80, 0x80, 0x80, 0x80, 0x80], 31), too_large);
        assert_eq!(parse(&[31, 0xff, 0xff, 0xff, 0xff, 0xff], 31), too_large);
    }

    proptest! {
        #[test]
        fn what_is_written_is_parsed(value: u32, bits in 4u32..=8, pattern: u8) {
            let mask = u8::MAX >> (8 - bits);
            let octets = written(pattern & !mask, mask, value as usize);
            prop_assert_eq!(octets[0] & !mask, pattern & !mask);
            prop_assert!(octets.len() <= 6);
            prop_assert_eq!(parse(&octets, mask), Ok(Some(value)));
        }

        #[test]
        fn any_octets_are_parsed_or_refused(octets in prop::collection::vec(any::<u8>(), 6)) {
            let mut partial = match Integer::parse(octets[0], 31) {
                Integer::Whole(_) => return Ok(()),
                Integer::Partial(partial) => partial,
            };
            let ended = octets[1..].iter().any(|octet| !matches!(partial.parse_next(*octet), Ok(None)));
            prop_assert!(ended, "five octets must decide");
        }
    }
}
