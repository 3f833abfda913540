//! The frame codec through its public API: public vectors, prefixes, cuts, the error table, round trips.

#[path = "frames/cuts.rs"]
mod cuts;
#[path = "frames/extensions.rs"]
mod extensions;
#[path = "frames/round_trips.rs"]
mod round_trips;
mod support;
#[path = "frames/table.rs"]
mod table;
#[path = "frames/vectors.rs"]
mod vectors;

use bytes::Bytes;
use sans_h2::frame::{Data, Fault, Frame, GoAway, Head, Kind, Limits, Part, Reader};
use sans_h2::{ErrorCode, Scope, StreamId, Violation};

/// What a reader handed over, with adjacent payloads merged.
#[derive(Clone, Debug, PartialEq)]
enum Seen<'b> {
    Frame(Frame<'b>),
    Octets(Vec<u8>),
    Fault(Fault),
}

/// Reads `pieces` to the end, or to a fault that ends the connection.
fn read<'b>(reader: &mut Reader, pieces: impl IntoIterator<Item = &'b [u8]>) -> Vec<Seen<'b>> {
    let mut seen = Vec::new();
    for piece in pieces {
        let mut input = piece;
        loop {
            match reader.next(&mut input) {
                Ok(Some(Frame::Payload(octets))) => {
                    assert!(!octets.is_empty());
                    assert!(piece.as_ptr_range().contains(&octets.as_ptr()), "lent, not copied");
                    match seen.last_mut() {
                        Some(Seen::Octets(before)) => before.extend_from_slice(octets),
                        _ => seen.push(Seen::Octets(octets.to_vec())),
                    }
                }
                Ok(Some(frame)) => seen.push(Seen::Frame(frame)),
                Ok(None) => break assert!(input.is_empty()),
                Err(fault) => {
                    assert_eq!(fault.stream.is_some(), fault.violation.scope() == Scope::Stream);
                    seen.push(Seen::Fault(fault));
                    if fault.stream.is_none() {
                        return seen;
                    }
                }
            }
        }
    }
    seen
}

fn read_whole(wire: &[u8]) -> Vec<Seen<'_>> {
    read(&mut Reader::new(Limits::default()), [wire])
}

fn id(number: u32) -> StreamId {
    StreamId::new(number).unwrap()
}

fn framed(kind: Kind, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u32;
    let mut wire = Vec::new();
    Head { length, kind, flags: flags.into(), stream: StreamId::new(stream) }.write(&mut wire);
    wire.extend_from_slice(payload);
    wire
}

fn data(stream: u32, body: &[u8], padding: Option<u8>, part: Part) -> Vec<u8> {
    let mut wire = Vec::new();
    Data::write_head(id(stream), body.len() as u32, padding, part, &mut wire);
    wire.extend_from_slice(body);
    Data::write_padding(padding, &mut wire);
    wire
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut wire = Vec::new();
    write(&mut wire);
    wire
}

// covers 9113-4.2-1
#[test]
fn limits_are_settable() {
    let mut reader =
        Reader::new(Limits { max_frame_size: 20_000, max_settings: 0, max_debug: 0, max_extension: 0 });
    let wire = data(1, &[7; 20_000], None, Part::More);
    assert_eq!(read(&mut reader, [&wire[..]]).len(), 2);
    reader.set_max_frame_size(16_384);
    let fault = |violation| [Seen::Fault(Fault { violation, stream: None })];
    assert_eq!(read(&mut reader.clone(), [&wire[..]]), fault(Violation::FrameTooLarge));
    let goaway = GoAway { last: None, code: ErrorCode::NO_ERROR, debug: Bytes::from_static(b"why") };
    let kept = GoAway { debug: Bytes::new(), ..goaway.clone() };
    let wire = written(|out| goaway.write(out));
    assert_eq!(read(&mut reader, [&wire[..]]), [Seen::Frame(Frame::GoAway(kept))]);
    let wire = framed(Kind::SETTINGS, 0, 0, &[0; 6]);
    assert_eq!(read(&mut reader, [&wire[..]]), fault(Violation::TooManySettings));
}
