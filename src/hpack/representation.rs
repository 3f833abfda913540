//! What the first octets of representations and strings tell (RFC 7541 §5.2, §6).

use crate::fields::{Coding, Literal};

/// The kinds of representations (RFC 7541 §6).
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Indexed,
    Literal(Literal),
    SizeUpdate,
}

impl Kind {
    pub(super) const fn of(octet: u8) -> Self {
        match octet {
            0x80.. => Self::Indexed,
            0x40.. => Self::Literal(Literal::Incremental),
            0x20.. => Self::SizeUpdate,
            0x10.. => Self::Literal(Literal::Never),
            0x00.. => Self::Literal(Literal::Without),
        }
    }

    /// Which bits of the first octet are the integer's prefix.
    pub(super) const fn mask(self) -> u8 {
        match self {
            Self::Indexed => 0x7f,
            Self::Literal(Literal::Incremental) => 0x3f,
            Self::SizeUpdate => 0x1f,
            Self::Literal(Literal::Without | Literal::Never) => 0x0f,
        }
    }
}

impl Coding {
    pub(super) const fn of(octet: u8) -> Self {
        if octet & !STRING_MASK == 0 { Self::Plain } else { Self::Huffman }
    }
}

/// The index that a single octet gives, and what follows it, if that octet is all of the next representation.
#[inline]
pub(super) const fn whole_index(input: &[u8]) -> Option<(u32, &[u8])> {
    const MASK: u8 = Kind::Indexed.mask();
    // All ones would say that more octets follow.
    match input {
        [octet @ 0x80..=0xfe, rest @ ..] => Some(((*octet & MASK) as u32, rest)),
        _ => None,
    }
}

/// Which bits of a string's first octet are the prefix of its length.
pub(super) const STRING_MASK: u8 = 0x7f;
