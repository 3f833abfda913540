//! The engine's parts alone, through its public API. What is not public is measured by the smallest operation that
//! contains it, and the documentation of each says which.

use divan::Bencher;
use divan::counter::BytesCount;
use sans_h2::frame::{Flags, Frame, Head, Kind, Limits, Part, Reader};
use sans_h2::hpack::{Decoder, Encoder, Sink};
use sans_h2::{Config, Connection, ErrorCode, Field, Fields, Huffman, Indexing, StreamId, Violation};

fn main() {
    divan::main();
}

/// Lets fields go.
struct Nowhere;

impl Sink for Nowhere {
    fn field(&mut self, field: Field<'_>) -> Result<(), Violation> {
        divan::black_box(field);
        Ok(())
    }
}

/// So many octets of what values are made of.
fn text(octets: usize) -> Vec<u8> {
    b"text/html; charset=utf-8, session=5fd0b0d3; max-age=3600, "
        .iter()
        .copied()
        .cycle()
        .take(octets)
        .collect()
}

fn encoded(fields: &[Field<'_>]) -> Vec<u8> {
    let mut block = Vec::new();
    Encoder::new(4_096).encode(fields.iter().copied(), &mut block);
    block
}

fn decode(decoder: &mut Decoder, block: &[u8]) {
    decoder.decode(block, &mut Nowhere).expect("a valid block");
    decoder.finish().expect("a whole block");
}

const LENGTHS: [usize; 4] = [8, 32, 128, 1_024];

/// Within the decoding of one field that goes into no table; `plain` is the same without Huffman code.
mod strings {
    use super::*;

    fn decoding(bencher: Bencher<'_, '_>, octets: usize, huffman: Huffman) {
        let value = text(octets);
        let field = Field { huffman, indexing: Indexing::Never, ..Field::new(b"accept", &value) };
        let (block, mut decoder) = (encoded(&[field]), Decoder::new(4_096));
        bencher
            .counter(BytesCount::new(octets))
            .bench_local(|| decode(&mut decoder, divan::black_box(&block)));
    }

    fn encoding(bencher: Bencher<'_, '_>, octets: usize, huffman: Huffman) {
        let value = text(octets);
        let field = Field { huffman, indexing: Indexing::Never, ..Field::new(b"accept", &value) };
        let (mut block, mut encoder) = (Vec::with_capacity(2 * octets + 64), Encoder::new(4_096));
        bencher.counter(BytesCount::new(octets)).bench_local(|| {
            block.clear();
            encoder.encode([divan::black_box(field)], &mut block);
        });
    }

    #[divan::bench(args = LENGTHS)]
    fn decode_huffman(bencher: Bencher<'_, '_>, octets: usize) {
        decoding(bencher, octets, Huffman::Always);
    }

    #[divan::bench(args = LENGTHS)]
    fn decode_plain(bencher: Bencher<'_, '_>, octets: usize) {
        decoding(bencher, octets, Huffman::Never);
    }

    #[divan::bench(args = LENGTHS)]
    fn encode_huffman(bencher: Bencher<'_, '_>, octets: usize) {
        encoding(bencher, octets, Huffman::Always);
    }

    #[divan::bench(args = LENGTHS)]
    fn encode_plain(bencher: Bencher<'_, '_>, octets: usize) {
        encoding(bencher, octets, Huffman::Never);
    }
}

/// Fields that are in a table: the integer of the index, and the look-up. An index has one octet up to 126, and 62 is
/// where the dynamic table begins.
mod indexed {
    use super::*;

    /// So many fields, which fill the dynamic table; the first has the highest index.
    fn entries(count: usize) -> Vec<(String, String)> {
        (0..count).map(|nth| (format!("x-{nth:03}"), format!("{nth}"))).collect()
    }

    fn indexed(entries: &[(String, String)]) -> Vec<Field<'_>> {
        let field = |name, value| Field { indexing: Indexing::Incremental, ..Field::new(name, value) };
        entries.iter().map(|(name, value)| field(name.as_bytes(), value.as_bytes())).collect()
    }

    const COUNTS: [usize; 3] = [1, 50, 100];

    #[divan::bench]
    fn decode_static(bencher: Bencher<'_, '_>) {
        let mut decoder = Decoder::new(4_096);
        bencher.bench_local(|| decode(&mut decoder, divan::black_box(&[0x82])));
    }

    #[divan::bench]
    fn encode_static(bencher: Bencher<'_, '_>) {
        let (mut encoder, mut block) = (Encoder::new(4_096), Vec::with_capacity(64));
        bencher.bench_local(|| {
            block.clear();
            encoder.encode([divan::black_box(Field::new(b":method", b"GET"))], &mut block);
        });
    }

    /// The oldest of so many entries.
    #[divan::bench(args = COUNTS)]
    fn decode_dynamic(bencher: Bencher<'_, '_>, count: usize) {
        let (entries, mut encoder, mut decoder) = (entries(count), Encoder::new(4_096), Decoder::new(4_096));
        let fields = indexed(&entries);
        let mut block = Vec::new();
        encoder.encode(fields.iter().copied(), &mut block);
        decode(&mut decoder, &block);
        block.clear();
        encoder.encode([fields[0]], &mut block);
        assert_eq!(block.len(), if count > 64 { 2 } else { 1 });
        bencher.bench_local(|| decode(&mut decoder, divan::black_box(&block)));
    }

    /// The oldest of so many entries.
    #[divan::bench(args = COUNTS)]
    fn encode_dynamic(bencher: Bencher<'_, '_>, count: usize) {
        let (entries, mut encoder) = (entries(count), Encoder::new(4_096));
        let fields = indexed(&entries);
        let mut block = Vec::with_capacity(4_096);
        encoder.encode(fields.iter().copied(), &mut block);
        bencher.bench_local(|| {
            block.clear();
            encoder.encode([divan::black_box(fields[0])], &mut block);
        });
    }
}

mod heads {
    use super::*;

    #[divan::bench]
    fn parse(bencher: Bencher<'_, '_>) {
        bencher.bench_local(|| Head::parse(divan::black_box(&[0, 0x40, 0, 0, 1, 0, 0, 0, 3])));
    }

    #[divan::bench]
    fn write(bencher: Bencher<'_, '_>) {
        let stream = StreamId::new(3);
        let head = Head { length: 16_384, kind: Kind::DATA, flags: Flags::END_STREAM, stream };
        let mut out = Vec::with_capacity(64);
        bencher.bench_local(|| {
            out.clear();
            divan::black_box(head).write(&mut out);
        });
    }

    /// A frame of 1,000 octets through the reader.
    #[divan::bench]
    fn read(bencher: Bencher<'_, '_>) {
        let mut frame = vec![0, 3, 0xe8, 0, 0, 0, 0, 0, 3];
        frame.resize(9 + 1_000, b'x');
        let mut reader = Reader::new(Limits::default());
        bencher.bench_local(|| {
            let mut input = divan::black_box(&frame[..]);
            while let Some(frame) = reader.next(&mut input).expect("a valid frame") {
                divan::black_box::<Frame<'_>>(frame);
            }
        });
    }
}

/// The rules of fields, within the opening of a stream that is reset before it reaches the wire. What that takes for
/// the four pseudo-header fields alone is the first figure.
#[divan::bench(args = [(0, 0), (10, 8), (10, 64), (50, 8), (10, 512)])]
fn validate(bencher: Bencher<'_, '_>, (fields, octets): (usize, usize)) {
    let mut list = Fields::request("GET", "https", "example.com", "/index.html");
    let (name, value) = (b"accept-language", text(octets));
    (0..fields).for_each(|_| list.push(Field::new(name, &value)));
    let mut client = Connection::client(Config::default());
    bencher.with_inputs(|| list.clone()).bench_local_values(|list| {
        let stream = client.open(list, Part::Last).expect("valid");
        client.stream(stream).expect("just opened").reset(ErrorCode::CANCEL);
    });
}
