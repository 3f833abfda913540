//! What may stand on the wire for one field: all of it is told to the receiver, and the sender chooses the strings.

use std::str;

use bytes::Buf;
use sans_h2::frame::Part;
use sans_h2::hpack::{Decoder, Encoder};
use sans_h2::{
    Coding, Config, Connection, Event, Field, Fields, Form, Head, Huffman, Indexing, Literal, Time,
};

use crate::decode;
use crate::support::hex;

/// A string, and its octets on the wire in both codings.
struct Text {
    text: &'static str,
    plain: &'static str,
    huffman: &'static str,
    shorter: Coding,
}

impl Text {
    fn octets(&self, coding: Coding) -> Vec<u8> {
        match coding {
            Coding::Plain => hex(self.plain),
            Coding::Huffman => hex(self.huffman),
        }
    }

    fn coding(&self, wish: Huffman) -> Coding {
        match wish {
            Huffman::Shorter => self.shorter,
            Huffman::Always => Coding::Huffman,
            Huffman::Never => Coding::Plain,
        }
    }
}

const TEXTS: [Text; 4] = [
    Text {
        text: "custom-key",
        plain: "0a 6375 7374 6f6d 2d6b 6579",
        huffman: "88 25a8 49e9 5ba9 7d7f",
        shorter: Coding::Huffman,
    },
    Text {
        text: "custom-value",
        plain: "0c 6375 7374 6f6d 2d76 616c 7565",
        huffman: "89 25a8 49e9 5bb8 e8b4 bf",
        shorter: Coding::Huffman,
    },
    Text { text: "{}", plain: "02 7b7d", huffman: "84 fffd ffef", shorter: Coding::Plain },
    Text { text: "", plain: "00", huffman: "80", shorter: Coding::Plain },
];

/// The beginnings of a literal: one whose name follows, one with the name of a static entry, and of a dynamic one.
struct Start {
    kind: Literal,
    whole: &'static str,
    accept_encoding: &'static str,
    newest: &'static str,
}

const STARTS: [Start; 3] = [
    Start { kind: Literal::Incremental, whole: "40", accept_encoding: "50", newest: "7e" },
    Start { kind: Literal::Without, whole: "00", accept_encoding: "0f01", newest: "0f2f" },
    Start { kind: Literal::Never, whole: "10", accept_encoding: "1f01", newest: "1f2f" },
];

const CODINGS: [Coding; 2] = [Coding::Plain, Coding::Huffman];
const WISHES: [Huffman; 3] = [Huffman::Shorter, Huffman::Always, Huffman::Never];
/// What the marks become where the encoder is free to choose.
const MARKS: [(Indexing, Literal); 4] = [
    (Indexing::Auto, Literal::Incremental),
    (Indexing::Incremental, Literal::Incremental),
    (Indexing::Without, Literal::Without),
    (Indexing::Never, Literal::Never),
];
/// The entry that both tables hold before each field.
const NEWEST: &str = "x-newest";
const ITS_VALUE: &str = "0";

#[test]
fn every_literal_is_told_as_it_came() {
    for start in &STARTS {
        for value in &TEXTS {
            for value_coding in CODINGS {
                let form = |name| Form::Literal { kind: start.kind, name, value: value_coding };
                let octets = value.octets(value_coding);
                let block = [hex(start.accept_encoding), octets.clone()].concat();
                check_received(&block, "accept-encoding", value.text, form(None));
                let block = [hex(start.newest), octets.clone()].concat();
                check_received(&block, NEWEST, value.text, form(None));
                for name in &TEXTS {
                    for name_coding in CODINGS {
                        let block = [hex(start.whole), name.octets(name_coding), octets.clone()].concat();
                        check_received(&block, name.text, value.text, form(Some(name_coding)));
                    }
                }
            }
        }
    }
}

#[test]
fn an_index_is_told_as_such() {
    check_received(&hex("82"), ":method", "GET", Form::Indexed);
    check_received(&hex("bd"), "www-authenticate", "", Form::Indexed);
    check_received(&hex("be"), NEWEST, ITS_VALUE, Form::Indexed);
}

#[test]
fn every_wish_is_honoured() {
    for (indexing, kind) in MARKS {
        let start = STARTS.iter().find(|start| start.kind == kind).unwrap();
        for wish in WISHES {
            for value in &TEXTS {
                let form = |name| Form::Literal { kind, name, value: value.coding(wish) };
                let field = |name: &'static str| Field {
                    indexing,
                    huffman: wish,
                    ..Field::new(name.as_bytes(), value.text.as_bytes())
                };
                let octets = value.octets(value.coding(wish));
                let block = [hex(start.accept_encoding), octets.clone()].concat();
                check_sent(field("accept-encoding"), &block, form(None));
                let block = [hex(start.newest), octets.clone()].concat();
                check_sent(field(NEWEST), &block, form(None));
                for name in &TEXTS {
                    let coding = name.coding(wish);
                    let block = [hex(start.whole), name.octets(coding), octets.clone()].concat();
                    check_sent(field(name.text), &block, form(Some(coding)));
                }
            }
        }
    }
}

#[test]
fn an_index_has_no_strings_to_wish_for() {
    for huffman in WISHES {
        for (name, value, block) in [(":method", "GET", "82"), (NEWEST, ITS_VALUE, "be")] {
            let field = Field { huffman, ..Field::new(name.as_bytes(), value.as_bytes()) };
            check_sent(field, &hex(block), Form::Indexed);
        }
    }
}

#[test]
fn the_encoder_pays_no_heed_to_a_received_form() {
    for kind in [Literal::Incremental, Literal::Without, Literal::Never] {
        let form = Form::Literal { kind, name: Some(Coding::Plain), value: Coding::Plain };
        let field = Field { form: Some(form), ..Field::new(b"custom-key", b"") };
        let sent =
            Form::Literal { kind: Literal::Incremental, name: Some(Coding::Huffman), value: Coding::Plain };
        check_sent(field, &hex("40 88 25a8 49e9 5ba9 7d7f 00"), sent);
    }
}

#[test]
fn a_connection_passes_wishes_and_forms_on() {
    let mut client = Connection::client(Config::default());
    let mut server = Connection::server(Config::default());
    let request = Fields::request("GET", "https", "example.com", "/")
        .with_field(Field { huffman: Huffman::Never, ..Field::new(b"custom-key", b"custom-value") })
        .with_field(Field { huffman: Huffman::Always, ..Field::new(b"accept-encoding", b"{}") });
    client.open(request.clone(), Part::Last).unwrap();
    let mut output = client.output();
    let octets = output.copy_to_bytes(output.remaining());
    let mut input = &octets[..];
    let received = loop {
        match server.poll(&mut input, Time::ZERO).unwrap() {
            Event::Headers { head: Head::Request, fields, .. } => break fields,
            Event::Settings(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(received, request);
    let literal = |name, value| Some(Form::Literal { kind: Literal::Incremental, name, value });
    let forms: Vec<Option<Form>> = received.iter().map(|field| field.form).collect();
    assert_eq!(
        forms,
        [
            Some(Form::Indexed),
            Some(Form::Indexed),
            literal(None, Coding::Huffman),
            Some(Form::Indexed),
            literal(Some(Coding::Plain), Coding::Plain),
            literal(None, Coding::Huffman),
        ]
    );
}

/// A block of one field is read as this, however it is cut.
fn check_received(block: &[u8], name: &str, value: &str, form: Form) {
    let indexing = match form {
        Form::Literal { kind: Literal::Never, .. } => Indexing::Never,
        Form::Indexed | Form::Literal { kind: Literal::Incremental | Literal::Without, .. } => Indexing::Auto,
    };
    let mut before = Decoder::new(4096);
    decode(&mut before, &hex("40 08 782d 6e65 7765 7374 01 30"), 64).unwrap();
    for piece in 1..=block.len() {
        let fields = decode(&mut before.clone(), block, piece).unwrap();
        assert_eq!(fields, Fields::new().with_indexing(name, value, indexing), "{block:02x?}");
        assert!(fields.iter().all(|field| field.form == Some(form)), "{block:02x?}");
    }
}

/// The field is sent as this block, and read as this form.
fn check_sent(field: Field<'_>, block: &[u8], form: Form) {
    let mut encoder = Encoder::new(4096);
    encoder.encode(&Fields::new().with(NEWEST, ITS_VALUE), &mut Vec::new());
    let mut sent = Vec::new();
    encoder.encode([field], &mut sent);
    assert_eq!(sent, block, "{field:?} {:?} {:?}", field.indexing, field.huffman);
    let text = |octets| str::from_utf8(octets).unwrap();
    check_received(block, text(field.name), text(field.value), form);
}
