//! How HPACK represents fields on the wire: what the caller asks for, and what the peer did.

/// Whether the strings of a field are sent in Huffman code (RFC 7541 §5.2).
///
/// It concerns the name and the value of a literal as far as they are sent: a field that HPACK represents by an index
/// has no strings. Peers must accept either.
///
/// ```
/// use sans_h2::hpack::Encoder;
/// use sans_h2::{Field, Fields, Huffman, Indexing};
///
/// let plain = Field {
///     indexing: Indexing::Without,
///     huffman: Huffman::Never,
///     ..Field::new(b":path", b"/000")
/// };
/// let coded = Field { huffman: Huffman::Always, ..plain };
///
/// let mut block = Vec::new();
/// Encoder::new(4096).encode([plain, coded], &mut block);
/// assert_eq!(block, [&[0x04, 4][..], b"/000", &[0x04, 0x83, 0x60, 0x00, 0x07]].concat());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Huffman {
    /// Each string where that makes it shorter.
    #[default]
    Shorter,
    /// Every string, also one that it makes longer.
    Always,
    /// No string.
    Never,
}

/// How the peer represented a field (RFC 7541 §6).
///
/// ```
/// use sans_h2::hpack::Decoder;
/// use sans_h2::{Coding, Fields, Form, Indexing, Literal, Violation};
///
/// let mut fields = Fields::new();
/// Decoder::new(4096).decode(b"\x82\x04\x83\x60\x00\x07\x10\x01a\x01b", &mut fields)?;
///
/// let sent = Fields::new().with(":method", "GET").with(":path", "/000").with_indexing("a", "b", Indexing::Never);
/// assert_eq!(fields, sent);
/// let forms = fields.iter().map(|field| field.form);
/// assert!(forms.eq([
///     Some(Form::Indexed),
///     Some(Form::Literal { kind: Literal::Without, name: None, value: Coding::Huffman }),
///     Some(Form::Literal { kind: Literal::Never, name: Some(Coding::Plain), value: Coding::Plain }),
/// ]));
/// # Ok::<(), Violation>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The index of an entry with this name and value (§6.1).
    Indexed,
    /// A literal (§6.2).
    Literal {
        /// Which of the three.
        kind: Literal,
        /// How the name was coded; `None` if it came as the index of an entry.
        name: Option<Coding>,
        /// How the value was coded.
        value: Coding,
    },
}

/// The three literals, which differ in what becomes of the field (RFC 7541 §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
    /// With incremental indexing: it goes into the dynamic table (§6.2.1).
    Incremental,
    /// Without indexing (§6.2.2).
    Without,
    /// Never indexed, by no one who forwards it either (§6.2.3).
    Never,
}

/// How a string of a literal is coded (RFC 7541 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As its own octets.
    Plain,
    /// In Huffman code.
    Huffman,
}

/// One octet that [`from_octet`] turns back: three bits for the representation, two for the name, one for the value.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the largest sums are 2 for a name and `NEVER` for a literal"
)]
#[inline]
pub(super) const fn to_octet(form: Option<Form>) -> u8 {
    match form {
        None => 0,
        Some(Form::Indexed) => INDEXED << 3,
        Some(Form::Literal { kind, name, value }) => {
            let name = match name {
                None => 0,
                Some(coding) => 1 + coding as u8,
            };
            (INCREMENTAL + kind as u8) << 3 | name << 1 | value as u8
        }
    }
}

/// A look-up: each pass over a list needs it, though few ask for forms.
#[inline]
#[expect(clippy::indexing_slicing, reason = "guarded by the length")]
pub(super) const fn from_octet(octet: u8) -> Option<Form> {
    let at = octet as usize;
    if at < FORMS.len() { FORMS[at] } else { None }
}

/// The form of each octet.
static FORMS: [Option<Form>; OCTETS] = forms();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn forms() -> [Option<Form>; OCTETS] {
    let mut forms = [None; OCTETS];
    let mut octet = 0;
    while octet < OCTETS {
        forms[octet] = form_of(octet as u8);
        octet += 1;
    }
    forms
}

const fn form_of(octet: u8) -> Option<Form> {
    let kind = match octet >> 3 {
        INDEXED => return Some(Form::Indexed),
        INCREMENTAL => Literal::Incremental,
        WITHOUT => Literal::Without,
        NEVER => Literal::Never,
        _ => return None,
    };
    let name = match octet >> 1 & 0b11 {
        1 => Some(Coding::Plain),
        2 => Some(Coding::Huffman),
        _ => None,
    };
    let value = if octet & 1 == 0 { Coding::Plain } else { Coding::Huffman };
    Some(Form::Literal { kind, name, value })
}

const INDEXED: u8 = 1;
const INCREMENTAL: u8 = 2;
const WITHOUT: u8 = INCREMENTAL + Literal::Without as u8;
const NEVER: u8 = INCREMENTAL + Literal::Never as u8;

const OCTETS: usize = (NEVER as usize + 1) << 3;

#[cfg(test)]
mod tests {
    use super::*;

    const CODINGS: [Coding; 2] = [Coding::Plain, Coding::Huffman];

    #[test]
    fn each_form_comes_back_from_its_octet() {
        let forms = forms();
        let back = |form| forms[usize::from(to_octet(form))];
        assert_eq!((back(None), back(Some(Form::Indexed))), (None, Some(Form::Indexed)));
        for kind in [Literal::Incremental, Literal::Without, Literal::Never] {
            for name in [None, Some(Coding::Plain), Some(Coding::Huffman)] {
                for value in CODINGS {
                    let form = Some(Form::Literal { kind, name, value });
                    assert_eq!((back(form), from_octet(to_octet(form))), (form, form));
                }
            }
        }
        assert_eq!(from_octet(u8::MAX), None);
    }
}
