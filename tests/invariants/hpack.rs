//! HPACK as plainly as it can be written (RFC 7541): lists that are searched from the front, bits that are walked one
//! by one. For legal blocks alone: it panics at any other.

use std::collections::VecDeque;

use crate::huffman_code::CODE;
use crate::static_table::ENTRIES;

pub(crate) type Pair = (Vec<u8>, Vec<u8>);

/// §2.3.2, §4
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    entries: VecDeque<Pair>,
    max: usize,
}

impl Table {
    pub(crate) const fn new(max: usize) -> Self {
        Self { entries: VecDeque::new(), max }
    }

    fn size(&self) -> usize {
        self.entries.iter().map(size_of_pair).sum()
    }

    fn set_max(&mut self, max: usize) {
        self.max = max;
        self.evict(0);
    }

    fn evict(&mut self, room: usize) {
        while !self.entries.is_empty() && self.size() + room > self.max {
            self.entries.pop_back();
        }
    }

    fn insert(&mut self, pair: Pair) {
        let size = size_of_pair(&pair);
        self.evict(size);
        if size <= self.max {
            self.entries.push_front(pair);
        }
    }

    fn get(&self, index: usize) -> Pair {
        match index {
            0 => panic!("no entry has the index 0"),
            1..=61 => {
                let (name, value) = ENTRIES[index - 1];
                (name.into(), value.into())
            }
            _ => self.entries[index - 62].clone(),
        }
    }
}

fn size_of_pair((name, value): &Pair) -> usize {
    name.len() + value.len() + 32
}

/// Reads what the engine writes.
#[derive(Debug)]
pub(crate) struct Reader {
    table: Table,
    /// The last limit that the engine has been told.
    limit: usize,
    /// The smallest since the last block.
    smallest: usize,
}

impl Reader {
    pub(crate) const fn new() -> Self {
        Self { table: Table::new(4_096), limit: 4_096, smallest: 4_096 }
    }

    pub(crate) fn set_limit(&mut self, limit: u32) {
        self.limit = limit as usize;
        self.smallest = self.smallest.min(self.limit);
    }

    pub(crate) fn read(&mut self, mut block: &[u8]) -> Vec<Pair> {
        let mut pairs = Vec::new();
        let mut least = self.table.max;
        while let Some(&first) = block.first() {
            match first {
                0x80.. => pairs.push(self.table.get(integer(&mut block, 7))),
                0x40.. => {
                    let pair = self.literal(&mut block, 6);
                    self.table.insert(pair.clone());
                    pairs.push(pair);
                }
                0x20.. => {
                    assert!(pairs.is_empty(), "§4.2: sizes stand at the beginning");
                    let size = integer(&mut block, 5);
                    assert!(size <= self.limit, "§6.3: {size} is above {}", self.limit);
                    self.table.set_max(size);
                    least = least.min(size);
                    continue;
                }
                _ => pairs.push(self.literal(&mut block, 4)),
            }
            assert!(
                least <= self.smallest && self.table.max <= self.limit,
                "§4.2: a limit is obeyed at once"
            );
        }
        self.smallest = self.limit;
        pairs
    }

    fn literal(&self, block: &mut &[u8], bits: u32) -> Pair {
        let name = match integer(block, bits) {
            0 => string(block),
            index => self.table.get(index).0,
        };
        (name, string(block))
    }
}

fn octet(block: &mut &[u8]) -> u8 {
    let (first, rest) = block.split_first().expect("§5: the block goes on");
    *block = rest;
    *first
}

/// §5.1
fn integer(block: &mut &[u8], bits: u32) -> usize {
    let full = (1 << bits) - 1;
    let mut value = usize::from(octet(block)) & full;
    let mut shift = 0;
    while value >= full {
        let next = octet(block);
        value += usize::from(next & 0x7f) << shift;
        shift += 7;
        if next < 0x80 {
            break;
        }
    }
    value
}

/// §5.2
fn string(block: &mut &[u8]) -> Vec<u8> {
    let coded = block.first().expect("§5.2: the block goes on") & 0x80 != 0;
    let length = integer(block, 7);
    let (text, rest) = block.split_at(length);
    *block = rest;
    if coded { plain(text) } else { text.to_vec() }
}

fn plain(text: &[u8]) -> Vec<u8> {
    let mut bits: String = text.iter().map(|octet| format!("{octet:08b}")).collect();
    let mut symbols = Vec::new();
    while let Some(symbol) = CODE.iter().position(|code| bits.starts_with(code)) {
        symbols.push(u8::try_from(symbol).expect("not EOS"));
        bits.drain(..CODE[symbol].len());
    }
    assert!(bits.len() < 8 && bits.bytes().all(|bit| bit == b'1'), "padding: {bits}");
    symbols
}

/// Writes what the peer says.
#[derive(Debug)]
pub(crate) struct Writer {
    table: Table,
    /// The smallest limit since the last block, if the table must come down to it.
    due: Option<usize>,
}

impl Writer {
    pub(crate) const fn new() -> Self {
        Self { table: Table::new(4_096), due: None }
    }

    /// The peer acknowledges this limit of the engine's.
    pub(crate) fn acknowledge(&mut self, limit: u32) {
        let limit = limit as usize;
        let smallest = self.due.map_or(limit, |due| due.min(limit));
        self.due = (smallest < self.table.max).then_some(smallest);
    }

    /// Each bit of `choices` says whether a literal goes into the table.
    pub(crate) fn write(&mut self, pairs: &[Pair], choices: u8) -> Vec<u8> {
        let mut block = Vec::new();
        if let Some(size) = self.due.take() {
            write_integer(0x20, 5, size, &mut block);
            self.table.set_max(size);
        }
        for (nth, pair) in pairs.iter().enumerate() {
            if let Some(at) = self.table.entries.iter().position(|entry| entry == pair) {
                write_integer(0x80, 7, at + 62, &mut block);
                continue;
            }
            let (name, value) = pair;
            let known = self.table.entries.iter().position(|entry| entry.0 == *name).map(|at| at + 62);
            let of_static = ENTRIES.iter().position(|entry| entry.0.as_bytes() == name).map(|at| at + 1);
            let index = known.or(of_static).unwrap_or(0);
            let keeps = choices >> (nth % 8) & 1 == 1;
            let (pattern, bits) = if keeps { (0x40, 6) } else { (0, 4) };
            write_integer(pattern, bits, index, &mut block);
            if index == 0 {
                write_string(name, &mut block);
            }
            write_string(value, &mut block);
            if keeps {
                self.table.insert(pair.clone());
            }
        }
        block
    }
}

fn write_string(text: &[u8], out: &mut Vec<u8>) {
    write_integer(0, 7, text.len(), out);
    out.extend_from_slice(text);
}

fn write_integer(pattern: u8, bits: u32, value: usize, out: &mut Vec<u8>) {
    let full = (1 << bits) - 1;
    if value < full {
        out.push(pattern | value as u8);
        return;
    }
    out.push(pattern | full as u8);
    let mut rest = value - full;
    while rest >= 128 {
        out.push(0x80 | (rest % 128) as u8);
        rest /= 128;
    }
    out.push(rest as u8);
}
