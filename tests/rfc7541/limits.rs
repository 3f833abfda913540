//! What a decoder keeps of fields that are larger than somebody wants to keep, and what it shows of those it has.

use sans_h2::hpack::{Decoder, Encoder, Sink};
use sans_h2::{Field, Fields, Huffman, Indexing, Violation};

use super::decode;

/// A literal with a name of one octet.
fn literal(value: &[u8], indexing: Indexing, huffman: Huffman) -> Vec<u8> {
    let mut block = Vec::new();
    Encoder::new(4096).encode([Field { indexing, huffman, ..Field::new(b"n", value) }], &mut block);
    block
}

/// Decodes with a table of 40 octets, in which there is an entry, and a limit of 100 octets a field.
fn decode_limited(block: &[u8], sink: &mut impl Sink) -> (Decoder, Result<(), Violation>) {
    let mut decoder = Decoder::new(40).with_max_kept(100);
    decode(&mut decoder, b"\x40\x01a\x01b", 1).expect("a small field");
    let result = block.iter().try_for_each(|octet| decoder.decode(&[*octet], sink));
    (decoder, result)
}

#[test]
fn a_field_of_as_many_octets_as_are_kept_is_kept() {
    for huffman in [Huffman::Always, Huffman::Never] {
        let mut fields = Fields::new();
        let block = literal(&[b'v'; 99], Indexing::Without, huffman);
        let (_, result) = decode_limited(&block, &mut fields);
        assert_eq!((result, fields), (Ok(()), Fields::new().with("n", [b'v'; 99])), "{huffman:?}");
    }
}

#[test]
fn a_larger_field_is_refused_by_a_sink_of_no_opinion() {
    for huffman in [Huffman::Always, Huffman::Never] {
        let block = literal(&[b'v'; 100], Indexing::Without, huffman);
        let (_, result) = decode_limited(&block, &mut Fields::new());
        assert_eq!(result, Err(Violation::StringTooLong), "{huffman:?}");
    }
}

/// Takes everything, and keeps nothing.
struct Indifferent;

impl Sink for Indifferent {
    fn field(&mut self, _: Field<'_>) -> Result<(), Violation> {
        Ok(())
    }

    fn oversize(&mut self, _: usize) -> Result<(), Violation> {
        Ok(())
    }
}

#[test]
fn a_larger_field_may_cross_the_limit_anywhere() {
    let block = literal(&[b'0'; 1_000], Indexing::Without, Huffman::Always);
    for limit in 0..1_001 {
        let mut decoder = Decoder::new(0).with_max_kept(limit);
        assert_eq!(decoder.decode(&block, &mut Indifferent), Ok(()), "{limit}");
    }
}

/// RFC 7541 §4.4, and §6.2.2 and §6.2.3: only one that is to be indexed touches the table.
#[test]
fn a_larger_field_empties_the_table_only_if_it_is_to_be_indexed() {
    for (indexing, left) in [(Indexing::Incremental, 0), (Indexing::Without, 34), (Indexing::Never, 34)] {
        for octets in [99, 100, 5_000] {
            let block = literal(&vec![b'v'; octets], indexing, Huffman::Shorter);
            let (decoder, result) = decode_limited(&block, &mut Indifferent);
            assert_eq!((result, decoder.table_octets()), (Ok(()), left), "{indexing:?} {octets}");
        }
    }
}

#[test]
fn debug_output_tells_sizes_and_no_secrets() {
    let fields = Fields::new().with("n", "secret");
    let (mut encoder, mut block) = (Encoder::new(4096), Vec::new());
    encoder.encode(&fields, &mut block);
    let mut decoder = Decoder::new(4096);
    assert_eq!(decode(&mut decoder, &block, 1), Ok(fields));
    for debug in [format!("{encoder:?}"), format!("{decoder:?}")] {
        assert!(debug.contains("table_octets: 39") && debug.contains("table_limit: 4096"), "{debug}");
        assert!(!debug.contains("secret"), "{debug}");
    }
}
