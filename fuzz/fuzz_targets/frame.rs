//! Octets to the frame reader: no panic, and the same frames however the octets are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sans_h2::frame::{Fault, Frame, Limits, Reader};

/// A frame that owns its payload; payloads that follow each other are one.
#[derive(Debug, PartialEq)]
enum Seen {
    Frame(String),
    Payload(Vec<u8>),
    Fault(Fault),
}

fuzz_target!(|input: (Vec<u8>, u8, u8)| {
    let (octets, stride, kept) = input;
    // How much of extension frames is kept; nothing in half of the runs.
    let limits = Limits { max_extension: usize::from(kept.saturating_sub(128)), ..Limits::default() };
    let whole = read(limits, octets.chunks(octets.len().max(1)));
    assert_eq!(read(limits, octets.chunks(usize::from(stride).max(1))), whole, "the cuts change the frames");
    assert_eq!(read(limits, octets.chunks(1)), whole, "single octets change the frames");
});

fn read<'b>(limits: Limits, pieces: impl Iterator<Item = &'b [u8]>) -> Vec<Seen> {
    let mut reader = Reader::new(limits);
    let mut seen = Vec::new();
    for mut piece in pieces {
        loop {
            match reader.next(&mut piece) {
                Ok(Some(frame)) => push(&mut seen, frame),
                Ok(None) => break,
                Err(fault) if fault.stream.is_some() => seen.push(Seen::Fault(fault)),
                Err(fault) => {
                    seen.push(Seen::Fault(fault));
                    return seen;
                }
            }
        }
        assert!(piece.is_empty(), "the reader takes all that it is given");
    }
    seen
}

fn push(seen: &mut Vec<Seen>, frame: Frame<'_>) {
    match (seen.last_mut(), frame) {
        (Some(Seen::Payload(before)), Frame::Payload(octets)) => before.extend_from_slice(octets),
        (_, Frame::Payload(octets)) => seen.push(Seen::Payload(octets.to_vec())),
        (_, frame) => seen.push(Seen::Frame(format!("{frame:?}"))),
    }
}
