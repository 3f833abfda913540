//! What a peer might send.

use alloc::vec::Vec;

use ::arbitrary::{Arbitrary, Result, Unstructured};

use super::{fields, one_in};
use crate::connection::MAGIC;
use crate::frame::{
    Data, Extension, Flags, GoAway, Head, Headers, Kind, Part, Priority, PushPromise, Settings, WindowUpdate,
    ping, reset,
};
use crate::hpack::Encoder;
use crate::id::{Role, StreamId};

/// Octets that a peer might send: mostly legal frames, in any order, with field blocks that decode.
///
/// ```
/// use arbitrary::{Arbitrary, Unstructured};
/// use sans_h2::arbitrary::Wire;
/// use sans_h2::frame::{Limits, Reader};
///
/// let mut u = Unstructured::new(b"any octets");
/// let octets = Wire::arbitrary(&mut u)?.0;
/// let mut reader = Reader::new(Limits::default());
/// let mut input = &octets[..];
/// while let Ok(Some(frame)) = reader.next(&mut input) {
///     println!("{frame:?}");
/// }
/// # Ok::<(), arbitrary::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wire(pub Vec<u8>);

impl Wire {
    /// The same behind the preface of a peer of this role, and its acknowledgement of our SETTINGS.
    ///
    /// # Errors
    ///
    /// None but those of `arbitrary` itself, which knows none for input that is too short.
    pub fn from_peer(role: Role, u: &mut Unstructured<'_>) -> Result<Self> {
        let mut octets = Vec::new();
        if role == Role::Client {
            octets.extend_from_slice(MAGIC);
        }
        u.arbitrary::<Settings>()?.write(&mut octets);
        Settings::write_ack(&mut octets);
        append_frames(&mut octets, u)?;
        Ok(Self(octets))
    }
}

impl<'a> Arbitrary<'a> for Wire {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut octets = Vec::new();
        append_frames(&mut octets, u)?;
        Ok(Self(octets))
    }
}

fn append_frames(out: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    let mut encoder = Encoder::new(4_096);
    for _ in 0..u.int_in_range(0..=63)? {
        let start = out.len();
        append_frame(&mut encoder, out, u)?;
        if one_in(32, u)? {
            spoil(start, out, u)?;
        }
    }
    Ok(())
}

fn append_frame(encoder: &mut Encoder, out: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    match u.int_in_range(0..=31)? {
        0..=7 => append_headers(encoder, out, u)?,
        8..=13 => append_data(out, u)?,
        14..=16 => u.arbitrary::<WindowUpdate>()?.write(out),
        17..=18 => reset::write(u.arbitrary()?, u.arbitrary()?, out),
        19..=20 => u.arbitrary::<Settings>()?.write(out),
        21 => Settings::write_ack(out),
        22..=23 => ping::write(u.arbitrary()?, out),
        24 => ping::write_ack(u.arbitrary()?, out),
        25 => u.arbitrary::<Priority>()?.write(u.arbitrary()?, out),
        26 => u.arbitrary::<GoAway>()?.write(out),
        27..=28 => append_promise(encoder, out, u)?,
        29 => out.extend_from_slice(u.arbitrary()?),
        // Its kind is an extension's, and no payload comes near the limit.
        _ => u.arbitrary::<Extension>()?.write(out).unwrap_or(()),
    }
    Ok(())
}

fn append_headers(encoder: &mut Encoder, out: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    let head: Headers = u.arbitrary()?;
    let mut block = Vec::new();
    let fields = match u.int_in_range(0..=3)? {
        0..=1 => fields::request(u)?,
        2 => fields::response(u)?,
        _ => u.arbitrary()?,
    };
    encoder.encode(&fields, &mut block);
    let start = out.len();
    head.write_block(&block, Head::MAX_PAYLOAD, out);
    spread(start, if head.priority.is_some() { 5 } else { 0 }, out, u)
}

fn append_promise(encoder: &mut Encoder, out: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    let head: PushPromise = u.arbitrary()?;
    let mut block = Vec::new();
    encoder.encode(&fields::request(u)?, &mut block);
    let start = out.len();
    head.write_block(&block, Head::MAX_PAYLOAD, out);
    spread(start, 4, out, u)
}

/// Now and then spreads the field block of the last frame, behind so many octets that are none of it, over
/// CONTINUATION frames.
fn spread(start: usize, fixed: usize, out: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    let Some(octets) = out.get_mut(start..).and_then(|frame| frame.first_chunk_mut()) else { return Ok(()) };
    let head = Head::parse(octets);
    // Padding stands behind the part of the block that the frame holds.
    if head.flags.contains(Flags::PADDED) || !one_in(8, u)? {
        return Ok(());
    }
    let kept = u.int_in_range(fixed..=head.length as usize)?;
    let flags = Flags::from(u8::from(head.flags) & !u8::from(Flags::END_HEADERS));
    *octets = Head { length: kept as u32, flags, ..head }.to_octets();
    let mut rest = out.split_off(start.saturating_add(Head::LENGTH).saturating_add(kept));
    for _ in 0..u.int_in_range(0..=3)? {
        let behind = rest.split_off(u.int_in_range(0..=rest.len())?);
        append_continuation(head.stream, Flags::NONE, &rest, out);
        rest = behind;
    }
    append_continuation(head.stream, Flags::END_HEADERS, &rest, out);
    Ok(())
}

fn append_continuation(stream: Option<StreamId>, flags: Flags, fragment: &[u8], out: &mut Vec<u8>) {
    Head { length: fragment.len() as u32, kind: Kind::CONTINUATION, flags, stream }.write(out);
    out.extend_from_slice(fragment);
}

fn append_data(out: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    let stream: StreamId = u.arbitrary()?;
    let padding = if one_in(4, u)? { u.arbitrary()? } else { None };
    let part: Part = u.arbitrary()?;
    let octets = if one_in(16, u)? { u.int_in_range(0..=0x3e00)? } else { u.int_in_range(0..=63)? };
    Data::write_head(stream, octets, padding, part, out);
    out.resize(out.len().saturating_add(octets as usize), b'x');
    Data::write_padding(padding, out);
    Ok(())
}

/// Changes an octet of the last frame's head, or cuts its end off.
fn spoil(start: usize, out: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    if u.arbitrary()? {
        let frame = out.len().saturating_sub(start);
        out.truncate(start.saturating_add(u.int_in_range(0..=frame)?));
        return Ok(());
    }
    let at = u.int_in_range(0..=Head::LENGTH - 1)?;
    let octet = u.arbitrary()?;
    if let Some(changed) = out.get_mut(start.saturating_add(at)) {
        *changed = octet;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::patternless;
    use super::*;
    use crate::frame::{Limits, Reader, Step};

    /// The heads of the frames, up to the first one that a peer must not send.
    fn heads(wire: &Wire) -> Vec<Head> {
        let mut reader = Reader::new(Limits { max_frame_size: Head::MAX_PAYLOAD, ..Limits::default() });
        let mut input = &wire.0[..];
        let mut heads = Vec::new();
        while let Ok(Some(step)) = reader.step(&mut input) {
            if let Step::Frame(raw) = step {
                heads.push(raw.head);
            }
        }
        heads
    }

    #[test]
    fn every_kind_of_frame_comes_up() {
        let wires = (0..200)
            .map(|number| Wire::arbitrary(&mut Unstructured::new(&patternless(number, 4_096))).unwrap());
        let heads: Vec<Head> = wires.flat_map(|wire| heads(&wire)).collect();
        for kind in 0..=9 {
            assert!(heads.iter().any(|head| head.kind == Kind::from(kind)), "{kind}");
        }
        assert!(heads.iter().any(|head| head.kind.is_extension()));
        let padded = |head: &Head| head.kind == Kind::DATA && head.flags.contains(Flags::PADDED);
        assert!(heads.iter().any(padded));
    }
}
