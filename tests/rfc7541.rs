//! RFC 7541 through the public API: the examples of its Appendix C, and every rule that a peer can break.

#[path = "rfc7541/examples.rs"]
mod examples;
#[path = "rfc7541/forms.rs"]
mod forms;
#[path = "rfc7541/limits.rs"]
mod limits;
mod support;

use proptest::prelude::*;
use sans_h2::hpack::{Decoder, Encoder, Sink};
use sans_h2::{Coding, Field, Fields, Form, Huffman, Indexing, Violation};
use support::hex;

// covers 7541-2.3.3-1, 7541-6.1-1
#[test]
fn an_index_of_nothing_is_refused() {
    for block in ["80", "be", "ff00", "ffffffff0f", "7e", "0f2f", "1f2f", "ff80808010", "40016100 bf"] {
        assert_eq!(refusal(block), Violation::InvalidIndex, "{block}");
    }
    assert_eq!(
        decode(&mut decoder(4096), &hex("bd"), 1).unwrap(),
        Fields::new().with("www-authenticate", "")
    );
    assert_eq!(decode(&mut decoder(4096), &hex("40016100 be"), 1).unwrap().len(), 2);
}

// covers 7541-5.1-1
#[test]
fn integers_beyond_32_bits_or_five_octets_are_refused() {
    for start in ["ff", "7f", "3f", "1f", "0f", "007f", "00ff", "0001617f", "000161ff"] {
        for rest in ["ffffffff7f", "808080808000", "ffffffffff"] {
            assert_eq!(refusal(&[start, rest].concat()), Violation::IntegerTooLarge, "{start} {rest}");
        }
    }
    assert_eq!(refusal("ff8080808000"), Violation::InvalidIndex, "zeros are allowed up to the fifth octet");
}

#[test]
fn strings_above_the_limit_are_refused_before_they_come() {
    let limited = |max_string_octets| Decoder::new(4096).with_max_string(max_string_octets);
    for announced in ["0006", "00016106", "007fe1ffffff07", "00ffe1ffffff07", "04ff00", "0495"] {
        let mut decoder = limited(5);
        let result = decoder.decode(&hex(announced), &mut Fields::new());
        assert_eq!(result, Err(Violation::StringTooLong), "{announced}");
        assert_eq!(decoder.memory_used(), 0, "{announced}");
    }
    // Huffman code: ten times `0` in seven octets. How long the text is shows only as it comes.
    let long = hex("0001 61 87 0000 0000 0000 3f");
    assert_eq!(decode(&mut limited(10), &long, 1), Ok(Fields::new().with("a", "0000000000")));
    for piece in 1..long.len() {
        assert_eq!(decode(&mut limited(9), &long, piece), Err(Violation::StringTooLong));
    }
    let exact = hex("0005 6162636465 05 6162636465");
    for piece in 1..exact.len() {
        let mut decoder = limited(5);
        assert_eq!(decode(&mut decoder, &exact, piece), Ok(Fields::new().with("abcde", "abcde")));
        assert!(decoder.memory_used() <= 10);
    }
}

// covers 7541-5.2-1, 7541-5.2-2, 7541-5.2-3
#[test]
fn wrong_huffman_strings_are_refused() {
    for (text, why) in [
        ("84ffffffff", "EOS"),
        ("85f1fffffffc", "EOS after a symbol"),
        ("81ff", "eight bits of padding"),
        ("831fffff", "more than seven bits of padding"),
        ("8106", "padding that is not ones"),
        ("8100", "zeros"),
    ] {
        for start in ["04", "44", "14", "00", "40", "000161", "100161"] {
            let block = hex(&[start, text].concat());
            for piece in 1..=block.len() {
                let result = decode(&mut decoder(4096), &block, piece);
                assert_eq!(result, Err(Violation::InvalidHuffman), "{why}: {start} {text}");
            }
        }
    }
}

#[test]
fn a_block_that_ends_within_a_field_is_refused() {
    for block in [
        "400a 6375 7374 6f6d 2d6b 6579 0d63 7573",
        "0088 25a8 49e9 5ba9 7d7f 01",
        "ff80",
        "3fe1",
        "000161ff80",
    ] {
        let block = hex(block);
        for end in 1..=block.len() {
            let result = decode(&mut decoder(4096), &block[..end], end);
            assert_eq!(result, Err(Violation::TruncatedFieldBlock), "{:x?}", &block[..end]);
        }
    }
}

// covers 7541-6.3-1, 7541-6.3-2
#[test]
fn a_table_size_above_the_limit_is_refused() {
    assert_eq!(refusal("3fe21f"), Violation::TableSizeTooLarge);
    assert_eq!(decode(&mut decoder(4096), &hex("3fe11f82"), 1).unwrap().len(), 1);
    assert_eq!(decode(&mut decoder(30), &hex("3f00"), 1), Err(Violation::TableSizeTooLarge));
    let mut raised = decoder(4096);
    raised.set_table_limit(u32::MAX);
    assert_eq!(decode(&mut raised, &hex("3fe0ffffff0f"), 1), Ok(Fields::new()));
    assert_eq!(raised.memory_used(), 0, "a size allocates nothing");
}

#[test]
fn a_table_size_update_stands_only_at_the_start_and_at_most_twice() {
    assert_eq!(decode(&mut decoder(4096), &hex("203f e11f 82"), 1).unwrap().len(), 1);
    assert_eq!(decode(&mut decoder(4096), &hex("2020"), 1).unwrap().len(), 0);
    assert_eq!(refusal("202020"), Violation::UnexpectedTableSizeUpdate);
    assert_eq!(refusal("8220"), Violation::UnexpectedTableSizeUpdate);
    assert_eq!(refusal("2082203f"), Violation::UnexpectedTableSizeUpdate);
    let mut decoder = decoder(4096);
    for _ in 0..3 {
        assert_eq!(
            decode(&mut decoder, &hex("2020 82"), 1).unwrap().len(),
            1,
            "each block has its own start"
        );
    }
}

// covers 9113-4.3.1-2, 7541-4.2-2, 7541-4.2-3
#[test]
fn a_smaller_limit_must_be_followed_by_an_update() {
    let limited = |limits: &[u32]| {
        let mut decoder = decoder(4096);
        limits.iter().for_each(|limit| decoder.set_table_limit(*limit));
        decoder
    };
    let missing = Err(Violation::MissingTableSizeUpdate);
    let one = Ok(Fields::new().with(":method", "GET"));
    for limits in [&[100][..], &[100, 4096], &[200, 100, 8192], &[100, 200]] {
        for block in ["82", "400161 00", "", "3f4682"] {
            let expected = match (block, limits) {
                ("3f4682", [.., 100]) => Err(Violation::TableSizeTooLarge),
                _ => missing.clone(),
            };
            assert_eq!(decode(&mut limited(limits), &hex(block), 1), expected, "{limits:?} {block}");
        }
        assert_eq!(decode(&mut limited(limits), &hex("3f45 82"), 1), one, "{limits:?}: exactly 100");
        assert_eq!(decode(&mut limited(limits), &hex("20 3f45 82"), 1), one, "{limits:?}: 0 and 100");
    }
    assert_eq!(
        decode(&mut limited(&[100, 4096]), &hex("3f45 3fe11f 82"), 1),
        one,
        "the smallest, then the latest"
    );
    assert_eq!(
        decode(&mut limited(&[100, 200]), &hex("3f45 3faa01 82"), 1),
        Err(Violation::TableSizeTooLarge)
    );
    for limits in [&[4096][..], &[8192], &[8192, 4096]] {
        assert_eq!(decode(&mut limited(limits), &hex("82"), 1), one, "{limits:?}: nothing is due");
    }
}

#[test]
fn an_update_is_due_only_once_and_only_below_the_size_in_force() {
    let mut decoder = decoder(4096);
    decoder.set_table_limit(100);
    decode(&mut decoder, &hex("3f4582"), 1).unwrap();
    decode(&mut decoder, &hex("82"), 1).unwrap();
    decoder.set_table_limit(1000);
    decoder.set_table_limit(100);
    decode(&mut decoder, &hex("82"), 1).unwrap();
}

#[test]
fn an_empty_block_is_a_block() {
    let mut decoder = decoder(4096);
    assert_eq!(decoder.finish(), Ok(()));
    assert_eq!(decoder.decode(&[], &mut Fields::new()), Ok(()));
    assert_eq!(decoder.finish(), Ok(()));
    assert_eq!(decoder.memory_used(), 0);
}

#[test]
fn a_name_of_an_entry_that_its_own_insertion_evicts_is_kept() {
    let mut decoder = decoder(100);
    let long = "61".repeat(40);
    let fields = decode(&mut decoder, &hex(&format!("4028{long}0162 7e3b{}", "63".repeat(59))), 7).unwrap();
    assert_eq!(fields.len(), 2);
    assert_eq!(fields.iter().last().unwrap().name, [b'a'; 40]);
    assert_eq!(decoder.entries().count(), 0, "131 octets are more than the table has");
    let fields = decode(
        &mut decoder,
        &hex("400161 0162 7e 28").iter().copied().chain([b'x'; 40]).collect::<Vec<_>>(),
        9,
    );
    assert_eq!(fields.unwrap().iter().last().unwrap().name, b"a");
    assert_eq!(decoder.entries().collect::<Vec<_>>(), [(&b"a"[..], &[b'x'; 40][..])]);
}

// covers 7541-2.1-2
#[test]
fn an_error_of_the_sink_ends_the_decoding() {
    struct One(Vec<u8>);
    impl Sink for One {
        fn field(&mut self, field: Field<'_>) -> Result<(), Violation> {
            if !self.0.is_empty() {
                return Err(Violation::FieldSectionTooLarge);
            }
            self.0.extend_from_slice(field.name);
            Ok(())
        }
    }
    let mut one = One(Vec::new());
    assert_eq!(decoder(4096).decode(&hex("848280"), &mut one), Err(Violation::FieldSectionTooLarge));
    assert_eq!(one.0, b":path");
}

// covers 7541-4.2-1, 7541-4.2-2, 7541-4.2-3
#[test]
fn the_encoder_announces_sizes_at_the_start_of_the_next_block() {
    let block = |encoder: &mut Encoder| {
        let mut block = Vec::new();
        encoder.encode(&Fields::response(200), &mut block);
        block
    };
    for (cap, limits, expected) in [
        (4096, &[][..], "88"),
        (4096, &[4096], "88"),
        (4096, &[65_536, u32::MAX], "88"),
        (0, &[], "2088"),
        (100, &[], "3f4588"),
        (100, &[4096], "3f4588"),
        (100, &[50], "3f1388"),
        (4096, &[100], "3f4588"),
        (4096, &[100, 4096], "3f453fe11f88"),
        (4096, &[200, 100, 150], "3f453f7788"),
        (8192, &[], "88"),
        (8192, &[8192], "3fe13f88"),
        (8192, &[8192, 4096], "88"),
        (8192, &[10_000, 0, 8192], "203fe13f88"),
    ] {
        let mut encoder = Encoder::new(cap);
        limits.iter().for_each(|limit| encoder.set_table_limit(*limit));
        assert_eq!(block(&mut encoder), hex(expected), "{cap} {limits:?}");
        assert_eq!(block(&mut encoder), hex("88"), "once is enough");
    }
}

#[test]
fn a_peer_cannot_make_the_encoder_allocate() {
    let mut encoder = Encoder::new(4096);
    encoder.set_table_limit(u32::MAX);
    assert_eq!(encoder.memory_used(), 0);
    let mut block = Vec::new();
    for n in 0..10_000 {
        block.clear();
        encoder.encode(&Fields::new().with(format!("x-{n}"), "y"), &mut block);
    }
    assert!(encoder.table_octets() <= 4096);
    assert!(encoder.memory_used() <= 4096 * 3 / 2, "{}", encoder.memory_used());
}

// covers 7541-6.2.3-2
#[test]
fn each_mark_is_honoured() {
    let encoded = |encoder: &mut Encoder, name: &str, value: &str, indexing| {
        let mut block = Vec::new();
        encoder.encode([field(name, value, indexing)], &mut block);
        block[0]
    };
    let encoder = &mut Encoder::new(4096);
    assert_eq!(encoded(encoder, "x", "y", Indexing::Without), 0x00);
    assert_eq!(encoded(encoder, "x", "y", Indexing::Never), 0x10);
    assert_eq!(encoder.entries().count(), 0);
    assert_eq!(encoded(encoder, ":path", "/p", Indexing::Incremental), 0x44);
    assert_eq!(encoded(encoder, "x", "y", Indexing::Incremental), 0x40);
    assert_eq!(encoded(encoder, "x", "y", Indexing::Incremental), 0xbe);
    assert_eq!(encoded(encoder, "x", "y", Indexing::Without), 0xbe);
    assert_eq!(encoded(encoder, "x", "y", Indexing::Auto), 0xbe);
    assert_eq!(encoded(encoder, "x", "y", Indexing::Never), 0x1f, "never, though both tables could hold it");
    assert_eq!(encoded(encoder, ":method", "GET", Indexing::Never), 0x12);
    assert_eq!(encoded(encoder, "authorization", "Basic eDp5", Indexing::Auto), 0x1f);
    assert_eq!(encoded(encoder, "proxy-authorization", "Basic eDp5", Indexing::Auto), 0x1f);
    assert_eq!(encoded(encoder, "cookie", "0123456789abcdefghi", Indexing::Auto), 0x1f);
    assert_eq!(encoded(encoder, "cookie", "0123456789abcdefghij", Indexing::Auto), 0x60);
}

#[test]
fn what_seldom_repeats_is_indexed_only_when_it_repeats() {
    let mut encoder = Encoder::new(4096);
    let mut lengths = Vec::new();
    for _ in 0..3 {
        let mut block = Vec::new();
        encoder.encode(&Fields::new().with(":path", "/a/rather/long/path"), &mut block);
        lengths.push(block.len());
    }
    assert!(lengths[0] > 10 && lengths[0] == lengths[1] && lengths[2] == 1, "{lengths:?}");

    let large = Fields::new().with("x-large", "v".repeat(3100));
    encoder.encode(&large, &mut Vec::new());
    assert_eq!(encoder.entries().count(), 1, "a field does not push out all others");
}

/// A field whose name and value collide often enough for the tables to matter.
fn any_field() -> impl Strategy<Value = (Vec<u8>, Vec<u8>, Indexing, Huffman)> {
    let known = prop::sample::select(
        &[":path", ":method", ":status", "cookie", "authorization", "etag", "x-a", "x-b"][..],
    );
    let name = prop_oneof![
        3 => known.prop_map(|name| name.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    let value = prop_oneof![
        2 => prop::sample::select(&["", "/", "GET", "200", "a", "b"][..]).prop_map(|value| value.as_bytes().to_vec()),
        1 => "[ -~]{0,60}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..300),
    ];
    let marks = [Indexing::Auto, Indexing::Incremental, Indexing::Without, Indexing::Never];
    let huffman = prop::sample::select(vec![Huffman::Shorter, Huffman::Always, Huffman::Never]);
    (name, value, prop::sample::select(marks.to_vec()), huffman)
}

proptest! {
    // covers 7541-2.1-1, 7541-2.1-2
    #[test]
    fn what_is_encoded_is_decoded(
        cap in 0u32..700,
        blocks in prop::collection::vec(
            (
                prop::collection::vec(any_field(), 0..12),
                prop::collection::vec(prop_oneof![0u32..700, Just(4096), Just(u32::MAX)], 0..3),
                1usize..50,
            ),
            1..12,
        ),
    ) {
        let (mut encoder, mut decoder) = (Encoder::new(cap), decoder(4096));
        for (fields, limits, piece) in blocks {
            for limit in limits {
                encoder.set_table_limit(limit);
                decoder.set_table_limit(limit);
            }
            let sent: Vec<_> = fields
                .iter()
                .map(|(name, value, mark, huffman)| Field { indexing: *mark, huffman: *huffman, ..Field::new(name, value) })
                .collect();
            let mut block = Vec::new();
            encoder.encode(sent.iter().copied(), &mut block);
            let decoded = decode(&mut decoder, &block, piece).unwrap();
            prop_assert_eq!(decoded.len(), sent.len());
            for (received, sent) in decoded.iter().zip(sent) {
                prop_assert_eq!((received.name, received.value), (sent.name, sent.value));
                prop_assert!(sent.indexing != Indexing::Never || received.indexing == Indexing::Never);
                prop_assert!(matches!(received.indexing, Indexing::Auto | Indexing::Never));
                prop_assert!(is_as_asked(received.form, sent.huffman), "{:?} {:?}", received.form, sent.huffman);
            }
            prop_assert!(encoder.entries().eq(decoder.entries()));
            prop_assert!(encoder.table_octets() <= cap as usize);
        }
    }

    #[test]
    fn any_octets_give_the_same_whatever_the_split(
        block in prop::collection::vec(prop_oneof![any::<u8>(), Just(0x40), Just(0xbe), Just(0x01)], 0..60),
        piece in 1usize..60,
    ) {
        let (mut whole, mut cut) = (decoder(200), decoder(200));
        let (fields, again) = (decode(&mut whole, &block, 60), decode(&mut cut, &block, piece));
        let forms = |fields: &Result<Fields, Violation>| {
            fields.iter().flatten().map(|field| field.form).collect::<Vec<_>>()
        };
        prop_assert_eq!(forms(&fields), forms(&again));
        prop_assert_eq!(fields, again);
        prop_assert!(whole.entries().eq(cut.entries()));
        prop_assert!(whole.table_octets() <= 200);
    }
}

/// Whether the strings of a received field, if it has any, are coded as the sender was asked to.
fn is_as_asked(form: Option<Form>, huffman: Huffman) -> bool {
    match (form, huffman) {
        (None, _) => false,
        (Some(Form::Indexed), _) | (Some(Form::Literal { .. }), Huffman::Shorter) => true,
        (Some(Form::Literal { name, value, .. }), Huffman::Always) => {
            name != Some(Coding::Plain) && value == Coding::Huffman
        }
        (Some(Form::Literal { name, value, .. }), Huffman::Never) => {
            name != Some(Coding::Huffman) && value == Coding::Plain
        }
    }
}

fn decoder(table_limit: u32) -> Decoder {
    Decoder::new(table_limit)
}

/// Decodes a block in pieces of so many octets.
fn decode(decoder: &mut Decoder, block: &[u8], piece: usize) -> Result<Fields, Violation> {
    let mut fields = Fields::new();
    for piece in block.chunks(piece) {
        decoder.decode(piece, &mut fields)?;
    }
    decoder.finish()?;
    Ok(fields)
}

/// Why a fresh decoder refuses a block, however it is cut.
fn refusal(block: &str) -> Violation {
    let block = hex(block);
    let refusal = decode(&mut decoder(4096), &block, block.len()).unwrap_err();
    for piece in 1..block.len() {
        assert_eq!(decode(&mut decoder(4096), &block, piece), Err(refusal));
    }
    refusal
}

fn field<'a>(name: &'a str, value: &'a str, indexing: Indexing) -> Field<'a> {
    Field { indexing, ..Field::new(name.as_bytes(), value.as_bytes()) }
}
