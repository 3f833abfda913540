//! All integers of HPACK of up to four octets, for each prefix that HPACK uses (RFC 7541 §5.1), against sums of 64
//! bits.
//!
//! An integer is over at its first octet unless all bits of the prefix are ones, and at the first further octet below
//! 128. So up to four octets there are, for a prefix of N bits, 2^N − 1 + 128 + 128² + 128³ whole integers and as many
//! again, but for the first, that break off: 4.2 million a prefix, not 2^32. Debug builds run one of 13 of those with
//! four octets. Longer ones are sampled at every bit that can tip the balance.

use sans_h2::hpack::{Decoder, Sink};
use sans_h2::{Field, Violation};

use crate::step;

/// What stands before the prefix, and what makes the representation whole behind the integer.
#[derive(Clone, Copy, Debug)]
enum Use {
    /// §6.1: an indexed field.
    Index,
    /// §6.2.1: the name of a literal that goes into the table.
    IndexedName,
    /// §6.2.2: the name of a literal that does not.
    Name,
    /// §6.2.3: the name of one that never may.
    NeverName,
    /// §6.3: a table size.
    Size,
    /// §5.2: the length of a value.
    Length,
    /// §5.2: the length of a value in Huffman code.
    HuffmanLength,
}

impl Use {
    const ALL: [Self; 7] = [
        Self::Index,
        Self::IndexedName,
        Self::Name,
        Self::NeverName,
        Self::Size,
        Self::Length,
        Self::HuffmanLength,
    ];

    /// The pattern of the first octet, and the bits of the prefix.
    const fn first(self) -> (u8, u32) {
        match self {
            Self::Index => (0x80, 7),
            Self::IndexedName => (0x40, 6),
            Self::Name => (0x00, 4),
            Self::NeverName => (0x10, 4),
            Self::Size => (0x20, 5),
            Self::Length => (0x00, 7),
            Self::HuffmanLength => (0x80, 7),
        }
    }
}

/// §5.1, in the order of its pseudocode: the value, or `None` if more octets must follow.
fn value(octets: &[u8], bits: u32) -> Option<u64> {
    let full = (1 << bits) - 1;
    let mut sum = u64::from(octets[0]) & full;
    if sum < full {
        return Some(sum);
    }
    let mut factor = 1;
    for octet in &octets[1..] {
        sum += u64::from(octet & 0x7f) * factor;
        factor *= 128;
        if octet & 0x80 == 0 {
            return Some(sum);
        }
    }
    None
}

#[derive(Default)]
struct Last {
    name: Vec<u8>,
    count: usize,
}

impl Sink for Last {
    fn field(&mut self, field: Field<'_>) -> Result<(), Violation> {
        self.name.clear();
        self.name.extend_from_slice(field.name);
        self.count += 1;
        Ok(())
    }
}

/// The block that uses the integer, at a decoder; how it ends.
fn decode(mut decoder: Decoder, usage: Use, octets: &[u8], last: &mut Last) -> Result<(), Violation> {
    let mut block = [0; 24];
    let (before, after): (&[u8], &[u8]) = match usage {
        Use::Index | Use::Size => (&[], &[]),
        Use::IndexedName | Use::Name | Use::NeverName => (&[], &[0]),
        Use::Length | Use::HuffmanLength => (&[0x01], &[]),
    };
    let mut length = 0;
    for part in [before, octets, after] {
        block[length..length + part.len()].copy_from_slice(part);
        length += part.len();
    }
    decoder.decode(&block[..length], last)?;
    decoder.finish()
}

/// Names of some entries of the static table; its last is 61.
const fn name_of(index: u64) -> Option<&'static str> {
    match index {
        1 => Some(":authority"),
        2 | 3 => Some(":method"),
        8..=14 => Some(":status"),
        61 => Some("www-authenticate"),
        _ => None,
    }
}

fn check(usage: Use, octets: &[u8]) {
    let last = &mut Last::default();
    let plain = || Decoder::new(0);
    let Some(value) = value(octets, usage.first().1) else {
        // A name is followed by a zero here, which ends the integer in its place.
        let decoded = match usage {
            Use::IndexedName | Use::Name | Use::NeverName => return,
            _ => decode(plain(), usage, octets, last),
        };
        return assert_eq!(decoded, Err(Violation::TruncatedFieldBlock), "{usage:?} {octets:02x?}");
    };
    let least = u32::try_from(value).expect("four octets say less than 2^32");
    match usage {
        Use::Size => {
            assert_eq!(decode(Decoder::new(least), usage, octets, last), Ok(()), "{octets:02x?}");
            if let Some(below) = least.checked_sub(1) {
                let refused = decode(Decoder::new(below), usage, octets, last);
                assert_eq!(refused, Err(Violation::TableSizeTooLarge), "{octets:02x?}");
            }
        }
        Use::Length | Use::HuffmanLength => check_length(usage, octets, least),
        Use::Index | Use::IndexedName | Use::Name | Use::NeverName => {
            let decoded = decode(plain(), usage, octets, last);
            let new_name = value == 0 && !matches!(usage, Use::Index);
            match value {
                // The zero behind it is the length of a name, whose value is missing.
                0 if new_name => assert_eq!(decoded, Err(Violation::TruncatedFieldBlock)),
                1..=61 => assert_eq!((decoded, last.count), (Ok(()), 1), "{usage:?} {octets:02x?}"),
                _ => assert_eq!(decoded, Err(Violation::InvalidIndex), "{usage:?} {octets:02x?}"),
            }
            if let Some(name) = name_of(value) {
                assert_eq!(last.name, name.as_bytes(), "{usage:?} {octets:02x?}");
            }
        }
    }
}

/// The longest string that is taken tells the length, since none of its octets is there.
fn check_length(usage: Use, octets: &[u8], length: u32) {
    let with = |most: u32| {
        let decoder = Decoder::new(0).with_max_string(most as usize);
        decode(decoder, usage, octets, &mut Last::default())
    };
    let truncated = if length == 0 { Ok(()) } else { Err(Violation::TruncatedFieldBlock) };
    // So many octets of code come to as many symbols at least: 30 bits are the longest code, 7 the longest padding.
    let least = match usage {
        Use::HuffmanLength => (u64::from(length) * 8).saturating_sub(7).div_ceil(30),
        _ => u64::from(length),
    };
    let least = u32::try_from(least).expect("less than the length");
    assert_eq!(with(least), truncated, "{usage:?} {octets:02x?}");
    if let Some(below) = least.checked_sub(1) {
        assert_eq!(with(below), Err(Violation::StringTooLong), "{usage:?} {octets:02x?}");
    }
}

/// Every integer of one to four octets in this use; how many.
fn check_all(usage: Use) -> usize {
    let (pattern, bits) = usage.first();
    let full = u8::MAX >> (8 - bits);
    let mut count = 0;
    let mut run = |octets: &[u8]| {
        check(usage, octets);
        count += 1;
    };
    (0..=full).for_each(|prefix| run(&[pattern | prefix]));
    let first = pattern | full;
    (0..=255).for_each(|octet| run(&[first, octet]));
    for (second, third) in (0x80..=255).flat_map(|second| (0..=255).map(move |third| (second, third))) {
        run(&[first, second, third]);
    }
    let continued = (0..1 << 22).step_by(step(13)).map(|nth: u32| {
        let low = nth.to_be_bytes()[3];
        let [high, middle] = [nth >> 15, nth >> 8].map(|bits| 0x80 | bits.to_be_bytes()[3]);
        [high, middle, low]
    });
    continued.for_each(|[second, third, fourth]| run(&[first, second, third, fourth]));
    count
}

// covers 7541-5.1-1
#[test]
fn every_integer_of_four_octets_as_an_index() {
    for usage in [Use::Index, Use::IndexedName] {
        assert!(check_all(usage) > 100_000);
    }
}

#[test]
fn every_integer_of_four_octets_as_a_name() {
    for usage in [Use::Name, Use::NeverName] {
        assert!(check_all(usage) > 100_000);
    }
}

#[test]
fn every_integer_of_four_octets_as_a_size_and_a_length() {
    for usage in [Use::Size, Use::Length, Use::HuffmanLength] {
        assert!(check_all(usage) > 100_000);
    }
}

/// Five octets behind the prefix hold 2^32 − 1. Whatever is larger or longer is refused, a small value with zeros
/// before it included.
// covers 7541-5.1-1
#[test]
fn longer_integers() {
    let edges = [0, 1, 0x7f, 0x80, 0xff, 0xf1, 0xf0, 0x8f, 0x0f, 0x10, 0x70];
    let mut counts = [0; 3];
    for usage in Use::ALL {
        let (pattern, bits) = usage.first();
        let first = pattern | u8::MAX >> (8 - bits);
        for [second, fifth, sixth, seventh] in four(&edges) {
            let octets = [first, second | 0x80, second | 0x80, fifth | 0x80, fifth | 0x80, sixth, seventh];
            // The octet that ends the integer is the sixth, the seventh, or later.
            let octets = if sixth < 0x80 { &octets[..6] } else { &octets };
            let last = &mut Last::default();
            match value(&octets[..6], bits) {
                Some(value) if u32::try_from(value).is_ok() => {
                    check(usage, octets);
                    counts[0] += 1;
                }
                Some(_) => {
                    let decoded = decode(Decoder::new(u32::MAX), usage, octets, last);
                    assert_eq!(decoded, Err(Violation::IntegerTooLarge), "{usage:?} {octets:02x?}");
                    counts[1] += 1;
                }
                None => {
                    let decoded = decode(Decoder::new(u32::MAX), usage, octets, last);
                    assert_eq!(decoded, Err(Violation::IntegerTooLarge), "{usage:?} {octets:02x?}");
                    counts[2] += 1;
                }
            }
        }
    }
    assert!(counts.iter().all(|&count| count > 1_000), "{counts:?}");
}

fn four(values: &[u8]) -> impl Iterator<Item = [u8; 4]> {
    let count = values.len();
    (0..count.pow(4))
        .map(move |nth| [1, count, count.pow(2), count.pow(3)].map(|place| values[nth / place % count]))
}
