//! Literals that lie in a fragment as a whole and whose integers take an octet each: nearly all do.

use super::representation::{Kind, STRING_MASK};
use crate::fields::{Coding, Field, Literal, StaticIndex};

/// A literal (RFC 7541 §6.2) as it lies in the input.
pub(super) struct Short<'f> {
    pub(super) literal: Literal,
    pub(super) name: Name<'f>,
    pub(super) value: Text<'f>,
}

/// Where its name is.
#[derive(Clone, Copy)]
pub(super) enum Name<'f> {
    /// In the static table. A field with a name from the dynamic table may evict the entry, and is no short one.
    Known(StaticIndex),
    Text(Text<'f>),
}

/// A string (RFC 7541 §5.2) of less than 127 octets.
#[derive(Clone, Copy)]
pub(super) struct Text<'f> {
    pub(super) coding: Coding,
    pub(super) octets: &'f [u8],
}

impl<'f> Short<'f> {
    /// No text of a short literal has as many octets, even if it was in Huffman code.
    pub(super) const MAX_TEXT: usize = STRING_MASK as usize * 8 / 5;

    /// The literal that begins with `octet` and goes on with `rest`, and what follows it; `None` if it is none, or no
    /// short one.
    #[inline]
    pub(super) fn parse(octet: u8, rest: &'f [u8]) -> Option<(Self, &'f [u8])> {
        let kind = Kind::of(octet);
        let Kind::Literal(literal) = kind else { return None };
        let index = octet & kind.mask();
        let (name, rest) = if index == 0 {
            let (text, rest) = Text::parse(rest)?;
            (Name::Text(text), rest)
        } else if index < kind.mask() {
            (Name::Known(StaticIndex::new(index.into())?), rest)
        } else {
            return None;
        };
        let (value, rest) = Text::parse(rest)?;
        Some((Self { literal, name, value }, rest))
    }

    /// The field, if none of its strings has to be decoded.
    #[inline]
    pub(super) fn plain(&self) -> Option<Field<'f>> {
        let name = match self.name {
            Name::Known(index) => (index.name(), None),
            Name::Text(Text { coding: Coding::Plain, octets }) => (octets, Some(Coding::Plain)),
            Name::Text(Text { coding: Coding::Huffman, .. }) => return None,
        };
        match self.value.coding {
            Coding::Plain => Some(self.literal.field(name, (self.value.octets, Coding::Plain))),
            Coding::Huffman => None,
        }
    }

    /// The entry of the static table that the name is of.
    #[inline]
    pub(super) fn index(&self) -> Option<StaticIndex> {
        match self.name {
            Name::Known(index) => Some(index),
            Name::Text(_) => None,
        }
    }
}

impl<'f> Text<'f> {
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
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::{format, vec};

    use super::*;

    /// How a literal is read: its kind, its name if it has one of its own, its value, and what follows.
    fn read(octets: &[u8]) -> Option<String> {
        let (&octet, rest) = octets.split_first()?;
        let (Short { literal, name, value }, rest) = Short::parse(octet, rest)?;
        let name = match name {
            Name::Known(_) => None,
            Name::Text(text) => Some(text.octets.escape_ascii()),
        };
        let name = name.map_or_else(|| String::from("-"), |name| name.to_string());
        Some(format!("{literal:?} {name} {} {}", value.octets.escape_ascii(), rest.escape_ascii()))
    }

    #[test]
    fn what_lies_whole_in_the_input_is_short() {
        let read = |octets| read(octets).unwrap();
        assert_eq!(read(b"\x44\x02/ab"), "Incremental - /a b");
        assert_eq!(read(b"\x00\x01a\x00"), "Without a  ");
        assert_eq!(read(b"\x10\x01a\x81\x1fc"), r"Never a \x1f c");
    }

    #[test]
    fn nothing_else_is() {
        // Cut off, of another kind, with a name of the dynamic table, with integers of more than one octet.
        let mut long = vec![0x44, 0x7f, 0];
        long.extend_from_slice(&[b'a'; 127]);
        for octets in
            [&b"\x44"[..], b"\x44\x02/", b"\x00\x01a", b"\x82", b"\x20", b"\x7e\x00", b"\x0f\x2e\x00", &long]
        {
            assert_eq!(read(octets), None, "{octets:?}");
        }
    }
}
