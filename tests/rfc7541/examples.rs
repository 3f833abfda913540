//! The examples of RFC 7541, Appendix C.

use sans_h2::hpack::{Decoder, Encoder};
use sans_h2::{Coding, Fields, Form, Indexing, Literal};

use crate::support::hex;
use crate::{decode, decoder, field};

/// One step of an example: the block, its fields and their forms, and the table that it leaves, from the newest entry.
struct Step {
    block: &'static str,
    fields: &'static [(&'static str, &'static str)],
    forms: Vec<Form>,
    table: &'static [(&'static str, &'static str)],
    table_octets: usize,
}

#[test]
fn c2_1_literal_with_indexing() {
    let step = Step {
        block: "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
        fields: &[("custom-key", "custom-header")],
        forms: vec![whole(Coding::Plain)],
        table: &[("custom-key", "custom-header")],
        table_octets: 55,
    };
    check_example(4096, &[step]);
}

#[test]
fn c2_2_literal_without_indexing() {
    let step = Step {
        block: "040c 2f73 616d 706c 652f 7061 7468",
        fields: &[(":path", "/sample/path")],
        forms: vec![Form::Literal { kind: Literal::Without, name: None, value: Coding::Plain }],
        table: &[],
        table_octets: 0,
    };
    check_example(4096, &[step]);
}

// covers 7541-6.2.3-1, 7541-6.2.3-3, 7541-7.1.3-1, 7541-7.1.3-2
#[test]
fn c2_3_literal_never_indexed_is_forwarded_as_such() {
    let block = hex("1008 7061 7373 776f 7264 0673 6563 7265 74");
    let mut decoder = decoder(4096);
    let fields = decode(&mut decoder, &block, 3).unwrap();
    assert_eq!(fields, Fields::new().with_indexing("password", "secret", Indexing::Never));
    let form = Form::Literal { kind: Literal::Never, name: Some(Coding::Plain), value: Coding::Plain };
    assert!(fields.iter().all(|field| field.form == Some(form)));
    assert_eq!(decoder.entries().count(), 0);

    let mut forwarded = Vec::new();
    Encoder::new(4096).encode(&fields, &mut forwarded);
    assert_eq!(forwarded[0], 0x10);
    assert_eq!(decode(&mut decoder, &forwarded, 3).unwrap(), fields);
}

#[test]
fn c2_4_indexed() {
    let step = Step {
        block: "82",
        fields: &[(":method", "GET")],
        forms: vec![Form::Indexed],
        table: &[],
        table_octets: 0,
    };
    check_example(4096, &[step]);
}

// covers 7541-3.2-1, 7541-2.1-2
#[test]
fn c3_requests_without_huffman() {
    let blocks = [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ];
    check_example(4096, &requests(Coding::Plain, blocks));
}

#[test]
fn c4_requests_with_huffman() {
    let blocks = [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ];
    check_example(4096, &requests(Coding::Huffman, blocks));
}

#[test]
fn c5_responses_without_huffman() {
    let blocks = [
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 \
         3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 \
         7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 \
         6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
    ];
    check_example(256, &responses(Coding::Plain, blocks));
}

#[test]
fn c6_responses_with_huffman() {
    let blocks = [
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad \
         1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 \
         e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
    ];
    check_example(256, &responses(Coding::Huffman, blocks));
}

#[test]
fn the_encoder_writes_the_examples_of_c4_and_c6() {
    let c4 = [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ];
    let mut encoder = Encoder::new(4096);
    for step in requests(Coding::Huffman, c4) {
        let mut block = Vec::new();
        encoder.encode(&step.fields.iter().copied().collect::<Fields>(), &mut block);
        assert_eq!(block, hex(step.block));
        assert_eq!(encoder.table_octets(), step.table_octets);
    }
    let mut encoder = Encoder::new(4096);
    encoder.set_table_limit(256);
    let mut first = Vec::new();
    encoder.encode(&Fields::new(), &mut first);
    assert_eq!(first, hex("3fe101"), "the table of 256 octets");
    for step in responses(Coding::Huffman, ["", "", ""]) {
        let mut all = Fields::new();
        for (name, value) in step.fields {
            all.push(field(name, value, Indexing::Incremental));
        }
        encoder.encode(&all, &mut Vec::new());
        assert!(
            encoder.entries().eq(step.table.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
        );
    }
}

/// Decodes the blocks in all ways to cut them in two, by the octet and whole.
fn check_example(table_limit: u32, steps: &[Step]) {
    let mut before = decoder(table_limit);
    for step in steps {
        let block = hex(step.block);
        let expected: Fields = step.fields.iter().copied().collect();
        let check = |decoder: &Decoder, fields: &Fields| {
            assert_eq!(*fields, expected);
            assert!(fields.iter().map(|field| field.form).eq(step.forms.iter().copied().map(Some)));
            assert!(
                decoder
                    .entries()
                    .eq(step.table.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
            );
            assert_eq!(decoder.table_octets(), step.table_octets);
        };
        for cut in 0..=block.len() {
            let (mut decoder, mut fields) = (before.clone(), Fields::new());
            let (first, second) = block.split_at(cut);
            decoder.decode(first, &mut fields).unwrap();
            decoder.decode(second, &mut fields).unwrap();
            decoder.finish().unwrap();
            check(&decoder, &fields);
        }
        let mut by_octet = before.clone();
        let fields = decode(&mut by_octet, &block, 1).unwrap();
        check(&by_octet, &fields);
        let fields = decode(&mut before, &block, block.len()).unwrap();
        check(&before, &fields);
    }
}

/// A value in the dynamic table from now on, whose name was in a table.
fn named(value: Coding) -> Form {
    Form::Literal { kind: Literal::Incremental, name: None, value }
}

/// A field in the dynamic table from now on.
fn whole(coding: Coding) -> Form {
    Form::Literal { kind: Literal::Incremental, name: Some(coding), value: coding }
}

fn requests(coding: Coding, blocks: [&'static str; 3]) -> [Step; 3] {
    let [first, second, third] = blocks;
    [
        Step {
            block: first,
            fields: &[
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "/"),
                (":authority", "www.example.com"),
            ],
            forms: vec![Form::Indexed, Form::Indexed, Form::Indexed, named(coding)],
            table: &[(":authority", "www.example.com")],
            table_octets: 57,
        },
        Step {
            block: second,
            fields: &[
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "/"),
                (":authority", "www.example.com"),
                ("cache-control", "no-cache"),
            ],
            forms: vec![Form::Indexed, Form::Indexed, Form::Indexed, Form::Indexed, named(coding)],
            table: &[("cache-control", "no-cache"), (":authority", "www.example.com")],
            table_octets: 110,
        },
        Step {
            block: third,
            fields: &[
                (":method", "GET"),
                (":scheme", "https"),
                (":path", "/index.html"),
                (":authority", "www.example.com"),
                ("custom-key", "custom-value"),
            ],
            forms: vec![Form::Indexed, Form::Indexed, Form::Indexed, Form::Indexed, whole(coding)],
            table: &[
                ("custom-key", "custom-value"),
                ("cache-control", "no-cache"),
                (":authority", "www.example.com"),
            ],
            table_octets: 164,
        },
    ]
}

fn responses(coding: Coding, blocks: [&'static str; 3]) -> [Step; 3] {
    const PRIVATE: (&str, &str) = ("cache-control", "private");
    const DATE: (&str, &str) = ("date", "Mon, 21 Oct 2013 20:13:21 GMT");
    const LATER: (&str, &str) = ("date", "Mon, 21 Oct 2013 20:13:22 GMT");
    const LOCATION: (&str, &str) = ("location", "https://www.example.com");
    const GZIP: (&str, &str) = ("content-encoding", "gzip");
    const COOKIE: (&str, &str) = ("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1");
    let [first, second, third] = blocks;
    [
        Step {
            block: first,
            fields: &[(":status", "302"), PRIVATE, DATE, LOCATION],
            forms: vec![named(coding); 4],
            table: &[LOCATION, DATE, PRIVATE, (":status", "302")],
            table_octets: 222,
        },
        Step {
            block: second,
            fields: &[(":status", "307"), PRIVATE, DATE, LOCATION],
            forms: vec![named(coding), Form::Indexed, Form::Indexed, Form::Indexed],
            table: &[(":status", "307"), LOCATION, DATE, PRIVATE],
            table_octets: 222,
        },
        Step {
            block: third,
            fields: &[(":status", "200"), PRIVATE, LATER, LOCATION, GZIP, COOKIE],
            forms: vec![
                Form::Indexed,
                Form::Indexed,
                named(coding),
                Form::Indexed,
                named(coding),
                named(coding),
            ],
            table: &[COOKIE, GZIP, LATER],
            table_octets: 215,
        },
    ]
}
