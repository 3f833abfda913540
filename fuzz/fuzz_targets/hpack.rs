//! Octets to the HPACK decoder: no panic, the same fields however the octets are cut, and what was decoded survives
//! our encoder and decoder.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sans_h2::hpack::{Decoder, Encoder};
use sans_h2::{Fields, Form, Violation};

fuzz_target!(|input: (Vec<Vec<u8>>, u8, u16)| {
    let (blocks, stride, table_limit) = input;
    let limit = u32::from(table_limit);
    let (mut whole, mut cut) = (Decoder::new(limit), Decoder::new(limit));
    let (mut encoder, mut again) = (Encoder::new(limit), Decoder::new(4_096));
    for block in blocks.iter().take(8) {
        let fields = decode(&mut whole, block.chunks(block.len().max(1)));
        let pieces = decode(&mut cut, block.chunks(usize::from(stride).max(1)));
        assert_eq!(pieces, fields, "the cuts change the fields");
        assert_eq!(forms(&pieces), forms(&fields), "the cuts change the forms");
        assert!(whole.table_octets() <= usize::from(table_limit).max(4_096));
        let Ok(fields) = fields else { return };
        let mut encoded = Vec::new();
        encoder.encode(&fields, &mut encoded);
        assert_eq!(decode(&mut again, [&encoded[..]].into_iter()).map(values), Ok(values(fields)));
    }
});

fn decode<'b>(decoder: &mut Decoder, pieces: impl Iterator<Item = &'b [u8]>) -> Result<Fields, Violation> {
    let mut fields = Fields::new();
    for piece in pieces {
        decoder.decode(piece, &mut fields)?;
    }
    decoder.finish()?;
    Ok(fields)
}

/// How each field came, of which equal lists tell nothing.
fn forms(fields: &Result<Fields, Violation>) -> Vec<Option<Form>> {
    fields.iter().flatten().map(|field| field.form).collect()
}

/// Names and values: the encoder may turn fields with secret names into never-indexed ones.
fn values(fields: Fields) -> Vec<(Vec<u8>, Vec<u8>)> {
    fields.iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
}
