//! Octets to the frame reader: the same frames however the octets are cut, and each frame can be written again.

use sans_h2::frame::{Fault, Frame, Limits, Reader, ping, reset};

use super::pieces;

/// A frame that owns its payload; payloads that follow each other are one.
#[derive(Debug, PartialEq)]
enum Seen {
    Frame(Frame<'static>),
    Payload(Vec<u8>),
    Fault(Fault),
}

/// Three octets say how the rest is cut, and how much of extension frames is kept: nothing in half of the runs.
pub fn frame(data: &[u8]) {
    let Some((&[first, second, kept], octets)) = data.split_first_chunk() else { return };
    let limits = Limits { max_extension: usize::from(kept.saturating_sub(128)), ..Limits::default() };
    let whole = read(limits, [octets].into_iter());
    assert_eq!(read(limits, pieces(octets, &[first, second])), whole, "the cuts change the frames");
    assert_eq!(read(limits, pieces(octets, &[1])), whole, "single octets change the frames");
    whole.iter().for_each(check_written_again);
}

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
        (_, frame) => seen.push(Seen::Frame(owned(frame))),
    }
}

/// The same frame, of another lifetime: only payloads are lent.
pub fn owned(frame: Frame<'_>) -> Frame<'static> {
    match frame {
        Frame::Data(data) => Frame::Data(data),
        Frame::Headers(headers) => Frame::Headers(headers),
        Frame::PushPromise(promise) => Frame::PushPromise(promise),
        Frame::Continuation(continuation) => Frame::Continuation(continuation),
        Frame::Priority { stream, priority } => Frame::Priority { stream, priority },
        Frame::Reset { stream, code } => Frame::Reset { stream, code },
        Frame::Settings(settings) => Frame::Settings(settings),
        Frame::SettingsAck => Frame::SettingsAck,
        Frame::Ping { payload } => Frame::Ping { payload },
        Frame::Pong { payload } => Frame::Pong { payload },
        Frame::GoAway(goaway) => Frame::GoAway(goaway),
        Frame::WindowUpdate(update) => Frame::WindowUpdate(update),
        Frame::Extension(extension) => Frame::Extension(extension),
        Frame::Unknown(head) => Frame::Unknown(head),
        Frame::BlockEnd => Frame::BlockEnd,
        other => panic!("{other:?} is no frame"),
    }
}

/// What is whole is written and read as the same.
fn check_written_again(seen: &Seen) {
    let Seen::Frame(frame) = seen else { return };
    let mut wire = Vec::new();
    match frame {
        Frame::Priority { stream, priority } => priority.write(*stream, &mut wire),
        Frame::Reset { stream, code } => reset::write(*stream, *code, &mut wire),
        Frame::Settings(settings) => settings.write(&mut wire),
        Frame::Ping { payload } => ping::write(*payload, &mut wire),
        Frame::Pong { payload } => ping::write_ack(*payload, &mut wire),
        Frame::GoAway(goaway) => goaway.write(&mut wire),
        Frame::WindowUpdate(update) if update.increment > 0 => update.write(&mut wire),
        Frame::Extension(extension) => extension.write(&mut wire).expect("a kind of extension"),
        _ => return,
    }
    let limits = Limits { max_extension: 1 << 14, ..Limits::default() };
    assert_eq!(Reader::new(limits).next(&mut &wire[..]).as_ref(), Ok(&Some(frame.clone())));
}
