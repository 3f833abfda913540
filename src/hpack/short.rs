//! Literals that lie in a fragment as a whole, and whose lengths take an octet each: nearly all do.

use super::huffman;
use super::representation::{Kind, STRING_MASK};
use crate::error::Violation;
use crate::fields::{Coding, Literal};

/// A literal (RFC 7541 §6.2) as it lies in the input.
#[derive(Clone, Copy)]
pub(super) struct Short<'f> {
    pub(super) literal: Literal,
    /// The index of the entry that has the name; 0 if the name is the next string.
    pub(super) index: u32,
    pub(super) name: ShortString<'f>,
    pub(super) value: ShortString<'f>,
}

/// A string (RFC 7541 §5.2) of less than 127 octets: of no more than a [chunk](huffman::CHUNK).
#[derive(Clone, Copy)]
pub(super) struct ShortString<'f> {
    pub(super) coding: Coding,
    pub(super) octets: &'f [u8],
}

impl<'f> Short<'f> {
    /// No text of a short literal has as many octets, even if it was in Huffman code.
    pub(super) const MAX_TEXT: usize = huffman::most_decoded_octets(STRING_MASK as usize);

    /// The literal that comes first, and what follows it; `None` if it is none, or no short one.
    #[inline(always)]
    pub(super) fn parse(input: &'f [u8]) -> Option<(Self, &'f [u8])> {
        let (&octet, rest) = input.split_first()?;
        let kind = Kind::of(octet);
        let Kind::Literal(literal) = kind else { return None };
        let mask = kind.mask();
        let prefix = octet & mask;
        let (index, rest) = if prefix < mask {
            (prefix.into(), rest)
        } else {
            let (&more, rest) = rest.split_first()?;
            if more >= MORE {
                return None;
            }
            (u32::from(mask).saturating_add(more.into()), rest)
        };
        let (name, rest) = if index == 0 { ShortString::parse(rest)? } else { (ShortString::NONE, rest) };
        let (value, rest) = ShortString::parse(rest)?;
        Some((Self { literal, index, name, value }, rest))
    }
}

/// The octet of an integer that another one follows (RFC 7541 §5.1).
const MORE: u8 = 0x80;

impl<'f> ShortString<'f> {
    const NONE: Self = Self { coding: Coding::Plain, octets: &[] };

    #[inline]
    fn parse(input: &'f [u8]) -> Option<(Self, &'f [u8])> {
        let (&octet, rest) = input.split_first()?;
        let length = octet & STRING_MASK;
        if length == STRING_MASK {
            return None;
        }
        let (octets, rest) = rest.split_at_checked(length.into())?;
        Some((Self { coding: Coding::of(octet), octets }, rest))
    }

    /// What the string says. Only one in Huffman code needs places.
    #[inline]
    pub(super) fn read<'p>(self, places: &'p mut Option<huffman::Decoded>) -> Result<&'p [u8], Violation>
    where
        'f: 'p,
    {
        match self.coding {
            Coding::Plain => Ok(self.octets),
            Coding::Huffman => {
                let places = places.get_or_insert(huffman::NOTHING_DECODED);
                huffman::decode(self.octets, places).ok_or(Violation::InvalidHuffman)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};

    use super::*;

    /// How a literal is read: its kind, its name if it has one of its own, its value, and what follows.
    fn read(octets: &[u8]) -> Option<String> {
        let (Short { literal, index, name, value }, rest) = Short::parse(octets)?;
        let name = if index == 0 { name.octets.escape_ascii().to_string() } else { index.to_string() };
        Some(format!("{literal:?} {name} {} {}", value.octets.escape_ascii(), rest.escape_ascii()))
    }

    #[test]
    fn what_lies_whole_in_the_input_is_short() {
        let read = |octets| read(octets).unwrap();
        assert_eq!(read(b"\x44\x02/ab"), "Incremental 4 /a b");
        assert_eq!(read(b"\x7e\x01a"), "Incremental 62 a ");
        assert_eq!(read(b"\x7f\x00\x01a"), "Incremental 63 a ");
        assert_eq!(read(b"\x0f\x00\x01a"), "Without 15 a ");
        assert_eq!(read(b"\x1f\x7f\x01ab"), "Never 142 a b");
        assert_eq!(read(b"\x00\x01a\x00"), "Without a  ");
        assert_eq!(read(b"\x10\x01a\x81\x1fc"), r"Never a \x1f c");
    }

    #[test]
    fn nothing_else_is() {
        // Cut off, of another kind, with an index of more than two octets, or with a length of more than one.
        let long = [&[0x44, 0x7f, 0][..], &[b'a'; 127]].concat();
        let coded = [&[0x44, 0xff, 0][..], &[0; 127]].concat();
        assert!(read(&[&[0x44, 0xfe][..], &[0; 126]].concat()).is_some());
        for octets in [
            &b"\x44"[..],
            b"\x44\x02/",
            b"\x00\x01a",
            b"\x82",
            b"\x20",
            b"\x7f\x80\x01\x00",
            b"\x0f",
            b"\x0f\x80",
            &long,
            &coded,
        ] {
            assert_eq!(read(octets), None, "{octets:?}");
        }
    }
}
