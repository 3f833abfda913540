//! Field blocks: decoding, the limits on them, and tables that stay in step (RFC 9113 §4.3, §10.5.1).

use sans_h2::frame::{Flags, Kind, Part};
use sans_h2::{Config, ErrorCode, Fields, Head, Indexing, Role, Verdict, Violation};

use crate::support::{Script, Seen, Sent, Wire, config, get, talk, trailers};

/// Blocks that cannot be decoded; each is wrong at its end or before.
const UNDECODABLE: [(&str, &[u8], Violation); 15] = [
    ("index zero", &[0x80], Violation::InvalidIndex),
    ("an index above both tables", &[0x82, 0xff, 0x0a], Violation::InvalidIndex),
    ("an entry of the empty dynamic table", &[0xbe], Violation::InvalidIndex),
    ("a name of the empty dynamic table", &[0x7e, 0x01, b'a'], Violation::InvalidIndex),
    ("an integer without an end", &[0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], Violation::IntegerTooLarge),
    ("an integer above 32 bits", &[0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], Violation::IntegerTooLarge),
    ("a string longer than any field", &[0x00, 0x7f, 0x81, 0xff, 0x07], Violation::StringTooLong),
    ("Huffman padding of zeros", &[0x00, 0x81, 0x18], Violation::InvalidHuffman),
    ("Huffman padding of eight bits", &[0x00, 0x82, 0x1f, 0xff], Violation::InvalidHuffman),
    ("Huffman with EOS", &[0x00, 0x84, 0xff, 0xff, 0xff, 0xff], Violation::InvalidHuffman),
    ("a table above our limit", &[0x3f, 0xe2, 0x1f, 0x82], Violation::TableSizeTooLarge),
    ("a table size after a field", &[0x82, 0x20], Violation::UnexpectedTableSizeUpdate),
    ("three table sizes", &[0x20, 0x20, 0x20, 0x82], Violation::UnexpectedTableSizeUpdate),
    ("a name without a value", &[0x82, 0x00, 0x01, b'a'], Violation::TruncatedFieldBlock),
    ("half a value", &[0x82, 0x00, 0x01, b'a', 0x02, b'b'], Violation::TruncatedFieldBlock),
];

// covers 9113-4.3-2 9113-4.3-3 9113-5.4-3
#[test]
fn a_block_that_does_not_decode_ends_the_connection() {
    for (name, block, violation) in UNDECODABLE {
        assert_eq!(violation.code(), ErrorCode::COMPRESSION_ERROR);
        // GET / http, without anything that enters the table.
        let wire = Wire::client().block(1, &[0x82, 0x84, 0x86]).window_update(1, 5).block(3, block).get(5);
        let outcome = Script::server().run(wire);
        let fields = Fields::new().with(":method", "GET").with(":path", "/").with(":scheme", "http");
        let cut_off = Seen::cut_off(1, ErrorCode::COMPRESSION_ERROR, Verdict::Complete);
        let request = Seen::Headers(1, Head::Request, fields, Part::Last);
        assert_eq!(outcome.messages(), [request, cut_off, Seen::failed(violation)], "{name}");
        assert_eq!(outcome.sent, [Sent::settings_ack(), Sent::goaway(1, ErrorCode::COMPRESSION_ERROR)]);
    }
}

/// Whatever the block is for: a request, trailers, a refused stream, a late one, a response.
// covers 9113-4.3-2 9113-4.3-3 9113-5.1-9
#[test]
fn blocks_that_nobody_wants_must_decode_as_well() {
    for (name, block, violation) in UNDECODABLE {
        talk(Role::Server, &Config::default(), &[], |talk| {
            let events = talk.hear(|wire| wire.block(1, block));
            assert_eq!(events, [Seen::failed(violation)], "{name} as a request");
            talk.assert_failed(&events, violation);
        });
        talk(Role::Server, &config(|config| config.max_concurrent_streams(0)), &[], |talk| {
            let events = talk.hear(|wire| wire.block(1, block));
            assert_eq!(events, [Seen::failed(violation)], "{name} on a refused stream");
            let refused = Sent::reset(1, ErrorCode::REFUSED_STREAM);
            assert_eq!(talk.frames(), [refused, Sent::goaway(0, ErrorCode::COMPRESSION_ERROR)]);
        });
        talk(Role::Client, &Config::default(), &[], |talk| {
            talk.opened(Part::Last);
            let cut_off = Seen::cut_off(1, ErrorCode::COMPRESSION_ERROR, Verdict::MaybeProcessed);
            let events = talk.hear(|wire| wire.block(1, block));
            assert_eq!(events, [cut_off, Seen::failed(violation)], "{name} as a response");
            talk.assert_failed(&events, violation);
        });
        talk(Role::Client, &Config::default(), &[], |talk| {
            talk.opened(Part::Last);
            talk.stream(1).reset(ErrorCode::CANCEL);
            let events = talk.hear(|wire| wire.block(1, block));
            assert_eq!(events, [Seen::failed(violation)], "{name} on a stream that we have reset");
            talk.assert_failed(&events, violation);
        });
    }
}

/// A field that the peer puts into the table; it comes as an index from then on.
fn indexed(fields: Fields) -> Fields {
    fields.with_indexing("x-step", "in step", Indexing::Incremental)
}

fn request(stream: u32) -> Seen {
    Seen::Headers(stream, Head::Request, get().with("x-step", "in step"), Part::Last)
}

// covers 9113-4.3-2 9113-5.1-9 9113-10.5.1-1
#[test]
fn the_tables_stay_in_step_after_a_refused_block() {
    talk(Role::Server, &config(|config| config.max_concurrent_streams(1)), &[], |talk| {
        assert_eq!(talk.hear(|wire| wire.get(1)), [Seen::get(1)]);
        assert_eq!(talk.hear(|wire| wire.headers(3, &indexed(get()), Part::Last)), []);
        talk.respond(1, 204, Part::Last);
        let sent = [Sent::reset(3, ErrorCode::REFUSED_STREAM), Sent::headers(1, &[0x89], Part::Last)];
        assert_eq!(talk.frames(), sent);
        assert_eq!(talk.hear(|wire| wire.headers(5, &indexed(get()), Part::Last)), [request(5)]);
    });
}

// covers 9113-4.3-2 9113-5.1-9 9113-5.4.2-1
#[test]
fn the_tables_stay_in_step_after_late_blocks() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        talk.stream(1).reset(ErrorCode::CANCEL);
        assert_eq!(talk.hear(|wire| wire.headers(1, &indexed(trailers()), Part::Last)), []);
        assert_eq!(talk.hear(|wire| wire.headers(3, &indexed(get()), Part::Last)), [request(3)]);
    });
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert_eq!((talk.opened(Part::Last), talk.opened(Part::Last)), (1, 3));
        talk.stream(1).reset(ErrorCode::CANCEL);
        assert_eq!(talk.hear(|wire| wire.headers(1, &indexed(Fields::response(200)), Part::Last)), []);
        let fields = Fields::response(200).with("x-step", "in step");
        assert_eq!(
            talk.hear(|wire| wire.headers(3, &indexed(Fields::response(200)), Part::Last)),
            [Seen::Headers(3, Head::Response, fields, Part::Last)]
        );
    });
}

// covers 9113-4.3-2 9113-5.1-7
#[test]
fn the_tables_stay_in_step_after_a_block_on_a_half_closed_stream() {
    let wire = Wire::client().get(1).headers(1, &indexed(trailers()), Part::Last);
    let outcome = Script::server().run(wire.headers(3, &indexed(get()), Part::Last));
    let reset = Seen::broken(1, Violation::HalfClosedStream, Verdict::Complete);
    assert_eq!(outcome.messages(), [Seen::get(1), reset, request(3)]);
    assert_eq!(outcome.resets(), [(1, ErrorCode::STREAM_CLOSED)]);
}

/// A reset in the middle of a block.
// covers 9113-4.3-2 9113-5.1-9
#[test]
fn the_tables_stay_in_step_when_a_stream_is_reset_within_its_block() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert_eq!((talk.opened(Part::Last), talk.opened(Part::Last)), (1, 3));
        let octets = Wire::raw().continued_headers(1, &indexed(Fields::response(200)), Part::Last, 2).octets;
        assert_eq!(talk.hear(|wire| wire.octets(&octets[..15])), []);
        talk.stream(1).reset(ErrorCode::CANCEL);
        assert_eq!(talk.hear(|wire| wire.octets(&octets[15..])), []);
        let fields = Fields::response(200).with("x-step", "in step");
        let answer = Seen::Headers(3, Head::Response, fields, Part::Last);
        assert_eq!(talk.hear(|wire| wire.block(3, &[0x88, 0xbe])), [answer]);
        talk.assert_usable(&[Sent::reset(1, ErrorCode::CANCEL)]);
    });
}

/// A response that breaks a rule of messages has been decoded all the same.
// covers 9113-4.3-2
#[test]
fn the_tables_stay_in_step_after_a_malformed_message() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        assert_eq!((talk.opened(Part::Last), talk.opened(Part::Last)), (1, 3));
        let broken = Seen::broken(1, Violation::MissingPseudoField, Verdict::MaybeProcessed);
        assert_eq!(talk.hear(|wire| wire.headers(1, &indexed(Fields::new()), Part::Last)), [broken]);
        let fields = Fields::response(200).with("x-step", "in step");
        let answer = Seen::Headers(3, Head::Response, fields, Part::Last);
        assert_eq!(talk.hear(|wire| wire.headers(3, &indexed(Fields::response(200)), Part::Last)), [answer]);
    });
}

fn small_lists() -> Config {
    config(|config| config.max_header_list_size(300))
}

/// As large as `size` by the count of RFC 9113 §6.5.2.
fn filled(fields: Fields, size: usize) -> Fields {
    let octets = size - fields.list_octets() - 32 - 1;
    fields.with_indexing("f", vec![b'f'; octets], Indexing::Without)
}

// covers 9113-10.5.1-1
#[test]
fn a_list_of_exactly_the_advertised_size_is_taken() {
    let fields = filled(get(), 300);
    assert_eq!(fields.list_octets(), 300);
    let wire = Wire::client().headers(1, &fields, Part::Last);
    let outcome = Script::server().config(small_lists()).run(wire);
    let fields = fields.iter().map(|field| (field.name, field.value)).collect();
    assert_eq!(outcome.messages(), [Seen::Headers(1, Head::Request, fields, Part::Last)]);
}

// covers 9113-10.5.1-1 9113-4.3-2
#[test]
fn a_larger_list_costs_the_stream_only() {
    let large = indexed(filled(get(), 301));
    let wire = Wire::client().headers(1, &large, Part::Last).headers(3, &indexed(get()), Part::Last);
    let outcome = Script::server().config(small_lists()).run(wire);
    assert_eq!(outcome.messages(), [request(3)]);
    let reset = Sent::reset(1, ErrorCode::ENHANCE_YOUR_CALM);
    assert_eq!(outcome.sent, [Sent::settings_ack(), reset]);

    let violation = Violation::FieldSectionTooLarge;
    let wire = Wire::client().post(1).headers(1, &indexed(filled(trailers(), 400)), Part::Last);
    let outcome = Script::server().config(small_lists()).run(wire.headers(3, &indexed(get()), Part::Last));
    let broken = Seen::broken(1, violation, Verdict::MaybeProcessed);
    assert_eq!(outcome.messages(), [Seen::post(1), broken, request(3)]);
    assert_eq!(outcome.resets(), [(1, violation.code())]);
}

// covers 9113-10.5.1-1
#[test]
fn a_larger_response_costs_the_stream_only() {
    talk(Role::Client, &small_lists(), &[], |talk| {
        assert_eq!((talk.opened(Part::Last), talk.opened(Part::Last)), (1, 3));
        let events = talk.hear(|wire| wire.headers(1, &filled(Fields::response(200), 301), Part::More));
        let broken = Seen::broken(1, Violation::FieldSectionTooLarge, Verdict::MaybeProcessed);
        assert_eq!(events, [broken]);
        talk.assert_usable(&[Sent::reset(1, ErrorCode::ENHANCE_YOUR_CALM)]);
        assert_eq!(
            talk.hear(|wire| wire.data(1, b"late", Part::Last).response(3, 200, Part::Last)),
            [Seen::response(3, 200, Part::Last)]
        );
        talk.assert_balanced();
    });
}

#[test]
fn a_list_four_times_as_large_ends_the_connection() {
    let wire = Wire::client().headers(1, &filled(get(), 1_200), Part::Last);
    let outcome = Script::server().config(small_lists()).run(wire.get(3));
    assert_eq!(outcome.messages(), [Seen::get(3)]);
    let wire = Wire::client().headers(1, &filled(get(), 1_201), Part::Last);
    let outcome = Script::server().config(small_lists()).run(wire.get(3));
    assert_eq!(outcome.messages(), [Seen::failed(Violation::FieldSectionFarTooLarge)]);
    assert_eq!(outcome.goaway(), ErrorCode::ENHANCE_YOUR_CALM);
}

#[test]
fn many_small_fields_are_counted() {
    let config = || config(|config| config.max_header_fields(8));
    let block = |fields: usize| [&[0x82, 0x84, 0x86][..], &vec![0x90; fields - 3]].concat();
    let run = |fields| {
        let wire = Wire::client().block(1, &block(fields)).get(3);
        Script::server().config(config()).run(wire)
    };
    assert!(matches!(run(8).messages()[..], [Seen::Headers(1, ..), Seen::Headers(3, ..)]));
    for fields in [9, 80] {
        assert_eq!(run(fields).messages(), [Seen::get(3)]);
        assert_eq!(run(fields).resets(), [(1, ErrorCode::ENHANCE_YOUR_CALM)]);
    }
    assert_eq!(run(81).messages(), [Seen::failed(Violation::FieldSectionFarTooLarge)]);
}

#[test]
fn too_many_continuations_end_the_connection() {
    let run = |frames: usize| {
        let wire = Wire::client().frame(Kind::HEADERS, Flags::END_STREAM, 1, &[0x82, 0x84, 0x86]);
        let empty = |wire: Wire, _| wire.frame(Kind::CONTINUATION, Flags::NONE, 1, &[]);
        let wire = (1..frames).fold(wire, empty).frame(Kind::CONTINUATION, Flags::END_HEADERS, 1, &[]);
        Script::server().run(wire)
    };
    assert!(matches!(run(8).messages()[..], [Seen::Headers(1, ..)]));
    assert_eq!(run(9).messages(), [Seen::failed(Violation::TooManyContinuations)]);
    assert_eq!(run(9).goaway(), ErrorCode::ENHANCE_YOUR_CALM);
}

#[test]
fn a_block_of_too_many_octets_ends_the_connection() {
    let config = config(|config| config.max_field_block_size(1_024).max_header_list_size(65_536));
    let run = |octets: usize| {
        let payload =
            [&[0x82, 0x84, 0x86, 0x00, 1, b'f', 0x7f][..], &integer(octets), &vec![b'f'; octets]].concat();
        Script::server().config(config.clone()).run(Wire::client().block(1, &payload))
    };
    assert!(matches!(run(1_024 - 9).messages()[..], [Seen::Headers(1, ..)]));
    assert_eq!(run(1_025 - 9).messages(), [Seen::failed(Violation::FieldSectionFarTooLarge)]);
}

/// The rest of an integer above its prefix of 127, for values that take two octets.
fn integer(value: usize) -> [u8; 2] {
    let rest = u16::try_from(value - 127).unwrap();
    [0x80 | (rest & 0x7f) as u8, (rest >> 7) as u8]
}

/// The earliest fault is told, however the octets were cut.
#[test]
fn a_block_that_is_too_long_and_does_not_decode() {
    let config = config(|config| config.max_field_block_size(1_024));
    let payload = [&[0x82, 0x80][..], &[0x82; 1_100]].concat();
    let outcome = Script::server().config(config).run(Wire::client().block(1, &payload));
    assert_eq!(outcome.messages(), [Seen::failed(Violation::InvalidIndex)]);
}

#[test]
fn a_never_indexed_field_is_marked() {
    let fields = get().with_indexing("authorization", "secret", Indexing::Never);
    let outcome = Script::server().run(Wire::client().headers(1, &fields, Part::Last));
    assert_eq!(outcome.messages(), [Seen::Headers(1, Head::Request, fields, Part::Last)]);
}
