//! All of the Huffman code (RFC 7541 §5.2), against a decoder that walks the RFC's table bit by bit.

use std::collections::HashMap;
use std::sync::LazyLock;

use sans_h2::hpack::{Decoder, Encoder, Sink};
use sans_h2::{Field, Fields, Huffman, Indexing, Violation};

use crate::huffman_code::CODE;
use crate::step;

/// Where a walk from the top of the code's tree may stand: at a symbol, or at two further places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Fork([usize; 2]),
    Symbol(usize),
}

/// The tree of the code, the root first. Zero stands for a way that no code takes; there must be none.
static TREE: LazyLock<Vec<Node>> = LazyLock::new(|| {
    let mut tree = vec![Node::Fork([0; 2])];
    for (symbol, code) in CODE.into_iter().enumerate() {
        let mut at = 0;
        for (nth, bit) in code.bytes().map(|digit| usize::from(digit == b'1')).enumerate() {
            let next = tree.len();
            let Node::Fork(ways) = &mut tree[at] else { panic!("{symbol} begins like another") };
            if ways[bit] == 0 {
                ways[bit] = next;
                let last = nth + 1 == code.len();
                tree.push(if last { Node::Symbol(symbol) } else { Node::Fork([0; 2]) });
            }
            let Node::Fork(ways) = tree[at] else { unreachable!() };
            at = ways[bit];
        }
    }
    assert!(tree.iter().all(|node| !matches!(node, Node::Fork(ways) if ways.contains(&0))), "a whole tree");
    tree
});

const EOS: usize = 256;

/// §5.2, in the order of the text: EOS is an error; what is left over is at most seven bits, all ones.
fn naive(octets: &[u8]) -> Option<Vec<u8>> {
    let tree = &TREE[..];
    let (mut text, mut at, mut left, mut ones) = (Vec::new(), 0, 0, true);
    for octet in octets {
        for bit in (0..8).rev().map(|shift| usize::from(octet >> shift & 1)) {
            let Node::Fork(ways) = tree[at] else { unreachable!("walks go on at the root") };
            (at, left, ones) = (ways[bit], left + 1, ones && bit == 1);
            match tree[at] {
                Node::Symbol(EOS) => return None,
                Node::Symbol(symbol) => {
                    text.push(u8::try_from(symbol).expect("an octet"));
                    (at, left, ones) = (0, 0, true);
                }
                Node::Fork(_) => {}
            }
        }
    }
    (left <= 7 && ones).then_some(text)
}

/// The value of the last field.
#[derive(Default)]
struct Value(Vec<u8>);

impl Sink for Value {
    fn field(&mut self, field: Field<'_>) -> Result<(), Violation> {
        self.0.clear();
        self.0.extend_from_slice(field.value);
        Ok(())
    }
}

/// Runs the engine's decoder on values in Huffman code.
struct Engine {
    decoder: Decoder,
    block: Vec<u8>,
    value: Value,
}

impl Engine {
    fn new() -> Self {
        Self { decoder: Decoder::new(0), block: Vec::new(), value: Value::default() }
    }

    /// The same decision whole and octet by octet.
    fn check(&mut self, octets: &[u8]) {
        let expected = naive(octets);
        // A literal without indexing whose name is entry 1.
        self.block.clear();
        self.block.extend_from_slice(&[0x01, 0x80 | u8::try_from(octets.len()).expect("a short string")]);
        self.block.extend_from_slice(octets);
        for piece in [self.block.len(), 1] {
            let decoded = self
                .block
                .chunks(piece)
                .try_for_each(|piece| self.decoder.decode(piece, &mut self.value))
                .and_then(|()| self.decoder.finish());
            match &expected {
                Some(text) => {
                    assert_eq!(decoded, Ok(()), "{octets:02x?}");
                    assert_eq!(self.value.0, *text, "{octets:02x?}");
                }
                None => {
                    assert_eq!(decoded, Err(Violation::InvalidHuffman), "{octets:02x?}");
                    self.decoder = Decoder::new(0);
                }
            }
        }
    }
}

/// The octets of a string of bits, whose number is a multiple of eight.
fn octets_of(bits: &str) -> Vec<u8> {
    assert_eq!(bits.len() % 8, 0);
    (0..bits.len())
        .step_by(8)
        .map(|at| u8::from_str_radix(&bits[at..at + 8], 2).expect("eight bits"))
        .collect()
}

/// The string as the RFC says that it is to be encoded.
fn encoded(symbols: &[usize]) -> Vec<u8> {
    let bits: String = symbols.iter().map(|&symbol| CODE[symbol]).collect();
    let padding = "1".repeat(bits.len().next_multiple_of(8) - bits.len());
    octets_of(&(bits + &padding))
}

/// What the engine's encoder makes of a value.
fn written(text: &[u8]) -> Vec<u8> {
    let field =
        Field { indexing: Indexing::Without, huffman: Huffman::Always, ..Field::new(b":authority", text) };
    let mut block = Vec::new();
    Encoder::new(0).encode([field], &mut block);
    // The encoder first says that it has no table.
    let [0x20, 0x01, length, value @ ..] = &block[..] else { panic!("{block:02x?}") };
    assert_eq!(usize::from(*length), 0x80 | value.len());
    value.to_vec()
}

/// 256 symbols and 65,536 pairs of them are written and read as the RFC says.
// covers 7541-5.2-1
#[test]
fn every_symbol_and_every_pair() {
    let mut engine = Engine::new();
    let symbols = (0..256).map(|one| vec![one]);
    let pairs = (0..65_536).map(|pair| vec![pair / 256, pair % 256]);
    let mut distinct = HashMap::new();
    for string in symbols.chain(pairs) {
        let text: Vec<u8> = string.iter().map(|&symbol| u8::try_from(symbol).expect("an octet")).collect();
        let octets = encoded(&string);
        assert_eq!(naive(&octets).as_ref(), Some(&text), "the decoders here agree");
        assert_eq!(written(&text), octets, "{text:02x?}");
        engine.check(&octets);
        assert_eq!(distinct.insert(octets, text), None, "no two strings have one code");
    }
}

/// Behind every symbol each way to fill up the octet, and one and two further octets of ones, zeros and ends of both
/// kinds: paddings of 0 to 23 bits, right and wrong.
// covers 7541-5.2-2 7541-5.2-3
#[test]
fn every_padding_behind_every_symbol() {
    let mut engine = Engine::new();
    for code in CODE {
        let room = code.len().next_multiple_of(8) - code.len();
        for fill in 0..1 << room {
            let fill = if room == 0 { String::new() } else { format!("{fill:0room$b}") };
            for more in ["", "11111111", "00000000", "11111110", "01111111", "1111111111111111"] {
                engine.check(&octets_of(&format!("{code}{fill}{more}")));
            }
        }
    }
}

/// EOS whole, at every place of an octet: behind each symbol, behind each pair of symbols whose codes differ in
/// length, alone, and with something behind it.
// covers 7541-5.2-3
#[test]
fn eos_anywhere() {
    let mut engine = Engine::new();
    let mut places = [0; 8];
    let by_length: HashMap<usize, &str> = CODE[..EOS].iter().map(|code| (code.len(), *code)).collect();
    let before = [""].into_iter().chain(CODE[..EOS].iter().copied());
    for first in before {
        for second in [""].into_iter().chain(by_length.values().copied()) {
            for after in ["", CODE[usize::from(b'0')], CODE[0]] {
                let bits = [first, second, CODE[EOS], after].concat();
                places[(first.len() + second.len()) % 8] += 1;
                let padding = "1".repeat(bits.len().next_multiple_of(8) - bits.len());
                let octets = octets_of(&(bits + &padding));
                assert_eq!(naive(&octets), None);
                engine.check(&octets);
            }
        }
    }
    assert!(places.iter().all(|&count| count > 100), "{places:?}");
}

/// All strings of up to two octets, and of three; debug builds run one of 37 of the latter.
#[test]
fn every_short_string() {
    let mut engine = Engine::new();
    engine.check(&[]);
    (0..=255).for_each(|octet| engine.check(&[octet]));
    (0..=u16::MAX).for_each(|octets| engine.check(&octets.to_be_bytes()));
    for octets in (0..1_u32 << 24).step_by(step(37)) {
        engine.check(&octets.to_be_bytes()[1..]);
    }
}

/// The longest codes end in the fourth octet: every such string whose first octets are ones, since all codes of more
/// than 15 bits begin so. Debug builds run one of 61.
#[test]
fn every_string_of_long_codes() {
    let mut engine = Engine::new();
    let longest = CODE.iter().filter(|code| code.len() > 15);
    assert!(longest.clone().all(|code| code.starts_with("1111111111")));
    for octets in (0..1_u32 << 22).step_by(step(61)) {
        engine.check(&(octets | 0xffc0_0000).to_be_bytes());
    }
}

/// What the tests of this file take from the engine besides its decoder.
#[test]
fn a_plain_value_is_not_touched() {
    let mut fields = Fields::new();
    Decoder::new(0).decode(&[0x01, 0x02, 0xff, 0xff], &mut fields).expect("two octets");
    assert_eq!(fields.get(":authority"), Some(&[0xff, 0xff][..]));
}
