//! Octets and fields to HPACK.

use arbitrary::{Arbitrary, Result, Unstructured};
use sans_h2::hpack::{Decoder, Encoder};
use sans_h2::{Field, Fields, Form, Huffman, Indexing, Violation};

use super::pieces;

/// A string in Huffman code, the octets after the first as they are: the same however it is cut, which the first octet
/// says; and what it decodes to comes back, in no more octets.
pub fn huffman(data: &[u8]) {
    let Some((&size, code)) = data.split_first() else { return };
    let (Some(code), true) = (code.get(..MOST_CODE.min(code.len())), code.len() <= MOST_CODE) else { return };
    let mut block = vec![0x00, 1, b'a'];
    write_length(0x80, code.len(), &mut block);
    block.extend_from_slice(code);
    let whole = decode(&mut Decoder::new(0), [&block[..]].into_iter());
    assert_eq!(decode(&mut Decoder::new(0), pieces(&block, &[size])), whole, "the cuts change the string");
    let Ok(fields) = whole else { return };
    let value = fields.get("a").expect("one field");
    let field = Field { indexing: Indexing::Without, huffman: Huffman::Always, ..Field::new(b"a", value) };
    let mut again = Vec::new();
    Encoder::new(0).encode([field], &mut again);
    let again = again.strip_prefix(&[0x20]).unwrap_or(&again);
    assert_eq!(decode(&mut Decoder::new(0), [again].into_iter()), Ok(fields.clone()));
    assert!(again.ends_with(code), "one string has one code");
}

/// RFC 7541 §5.1, for up to two octets and a prefix of seven bits.
fn write_length(flag: u8, octets: usize, out: &mut Vec<u8>) {
    match octets.checked_sub(0x7f) {
        None => out.push(flag | octets as u8),
        Some(rest) if rest < 0x80 => out.extend([flag | 0x7f, rest as u8]),
        Some(rest) => out.extend([flag | 0x7f, 0x80 | (rest & 0x7f) as u8, (rest >> 7) as u8]),
    }
}

const MOST_CODE: usize = 10_000;

/// Blocks of octets: the same fields however they are cut, a table within its limit, and what was decoded survives our
/// encoder and decoder. An octet says how to cut, two more the limit; then each block stands behind its length, of two
/// octets, whose top bit announces a new limit in two octets before the block.
pub fn hpack_decode(data: &[u8]) {
    let mut rest = data;
    let Some([size, l0, l1]) = take(&mut rest) else { return };
    let limit = u32::from(u16::from_be_bytes([l0, l1]));
    let (mut whole, mut cut) = (Decoder::new(limit), Decoder::new(limit));
    let (mut encoder, mut again) = (Encoder::new(limit), Decoder::new(4_096));
    let (mut most, mut encoded) = (limit, Vec::new());
    while let Some([n0, n1]) = take(&mut rest) {
        if let (true, Some(limit)) = (n0 & 0x80 != 0, take(&mut rest)) {
            let limit = u32::from(u16::from_be_bytes(limit));
            whole.set_table_limit(limit);
            cut.set_table_limit(limit);
            most = most.max(limit);
        }
        let length = usize::from(u16::from_be_bytes([n0 & 0x7f, n1]));
        let (block, more) = rest.split_at(length.min(rest.len()));
        rest = more;
        let fields = decode(&mut whole, [block].into_iter());
        let from_pieces = decode(&mut cut, pieces(block, &[size]));
        assert_eq!(from_pieces, fields, "the cuts change the fields");
        assert!(forms(&from_pieces).eq(forms(&fields)), "the cuts change the forms");
        assert!(whole.table_octets() <= most as usize, "the table has outgrown its limit");
        assert!(whole.entries().eq(cut.entries()), "the cuts change the table");
        let Ok(fields) = fields else { return };
        encoded.clear();
        encoder.encode(&fields, &mut encoded);
        let decoded = decode(&mut again, [&encoded[..]].into_iter()).expect("our own block decodes");
        assert_same_values(&decoded, &fields);
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, more) = rest.split_first_chunk()?;
    *rest = more;
    Some(*taken)
}

/// Sections of any fields under changing limits: they come back with their marks, and both tables stay equal.
pub fn hpack_round_trip(data: &[u8]) {
    let _ = round_trip(&mut Unstructured::new(data));
}

fn round_trip(u: &mut Unstructured<'_>) -> Result<()> {
    let cap = u.int_in_range(0..=5_000)?;
    let (mut encoder, mut decoder) = (Encoder::new(cap), Decoder::new(4_096));
    for _ in 0..u.int_in_range(1..=20)? {
        for _ in 0..u.int_in_range(0..=7)? / 6 {
            let limit = u.int_in_range(0..=5_000)?;
            encoder.set_table_limit(limit);
            decoder.set_table_limit(limit);
        }
        let fields = Fields::arbitrary(u)?;
        let mut block = Vec::new();
        encoder.encode(&fields, &mut block);
        let sizes = [u.arbitrary()?];
        let decoded = decode(&mut decoder, pieces(&block, &sizes)).expect("our own block decodes");
        assert_same_values(&decoded, &fields);
        let kept = fields.iter().zip(&decoded).filter(|(sent, _)| sent.indexing == Indexing::Never);
        assert!(
            kept.into_iter().all(|(_, field)| field.indexing == Indexing::Never),
            "a secret has lost its mark"
        );
        assert!(encoder.entries().eq(decoder.entries()), "the tables differ");
        assert!(encoder.table_octets() <= cap as usize);
    }
    Ok(())
}

fn decode<'b>(decoder: &mut Decoder, pieces: impl Iterator<Item = &'b [u8]>) -> Result<Fields, Violation> {
    let mut fields = Fields::new();
    for piece in pieces {
        decoder.decode(piece, &mut fields)?;
    }
    decoder.finish()?;
    Ok(fields)
}

/// How each field came, of which equal lists tell nothing.
fn forms(fields: &Result<Fields, Violation>) -> impl Iterator<Item = Option<Form>> {
    fields.iter().flatten().map(|field| field.form)
}

/// The same names and values: the encoder may turn fields with secret names into never-indexed ones.
#[track_caller]
fn assert_same_values(left: &Fields, right: &Fields) {
    assert!(values(left).eq(values(right)), "{left:?} is not {right:?}");
}

fn values(fields: &Fields) -> impl Iterator<Item = (&[u8], &[u8])> {
    fields.iter().map(|field| (field.name, field.value))
}
