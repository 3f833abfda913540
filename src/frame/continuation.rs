//! CONTINUATION (RFC 9113 §6.10), and how a field block is laid out over frames (§4.3).

use alloc::vec::Vec;

use super::data::write_padding;
use super::head::padded_flag;
use super::{Flags, Head, Kind};
use crate::error::Violation;
use crate::id::StreamId;

/// The head of a CONTINUATION frame; more of the field block follows as
/// [`Frame::Payload`](super::Frame::Payload).
///
/// It has no `write`: [`Headers`](super::Headers) and [`PushPromise`](super::PushPromise) write a block to its
/// end, for the frames of a block may not be parted (RFC 9113 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// The stream of the field block.
    pub stream: StreamId,
}

impl Continuation {
    /// Checks a head against the stream whose field block is `open`.
    pub(super) fn check(head: &Head, open: Option<StreamId>) -> Result<u32, Violation> {
        let stream = head.on_stream()?;
        match open {
            Some(open) if open == stream => Ok(0),
            Some(_) => Err(Violation::FieldBlockInterrupted),
            None => Err(Violation::UnexpectedContinuation),
        }
    }

    pub(crate) fn parse(head: &Head) -> Result<Self, Violation> {
        Ok(Self { stream: head.on_stream()? })
    }
}

/// Reserves a head, and writes the pad length. Returns where.
#[inline]
pub(super) fn start_block(padding: Option<u8>, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; Head::LENGTH]);
    if let Some(octets) = padding {
        out.push(octets);
    }
    start
}

/// Ends the frame for which [`start_block`] reserved a head at `start`; the rest of `out` is its payload. What exceeds
/// the limit moves into CONTINUATIONs.
///
/// The length, PADDED and END_HEADERS of `head` are filled in here. Does nothing if there is no room for a head at
/// `start`.
#[inline]
pub(super) fn finish_block(
    head: Head,
    padding: Option<u8>,
    start: usize,
    max_frame_size: u32,
    out: &mut Vec<u8>,
) {
    let max = payload_limit(max_frame_size);
    let Some(payload) = start.checked_add(Head::LENGTH).and_then(|begin| out.len().checked_sub(begin)) else {
        return;
    };
    // At most 255 octets are taken from a limit of at least 2^14.
    let surplus = payload.saturating_sub(max.saturating_sub(padding.unwrap_or(0).into()));
    if surplus == 0 {
        finish_first(head, padding, start, Flags::END_HEADERS, out);
    } else {
        split_block(head, padding, start, surplus, max, out);
    }
}

/// Seldom: one copy of what does not fit.
#[cold]
fn split_block(head: Head, padding: Option<u8>, start: usize, surplus: usize, max: usize, out: &mut Vec<u8>) {
    let rest = out.split_off(out.len().saturating_sub(surplus));
    finish_first(head, padding, start, Flags::NONE, out);
    write_rest(head.stream, &rest, max, out);
}

/// Ends the frame whose head is reserved at `start`.
#[inline]
fn finish_first(head: Head, padding: Option<u8>, start: usize, end: Flags, out: &mut Vec<u8>) {
    write_padding(padding, out);
    let payload = out.len().saturating_sub(start).saturating_sub(Head::LENGTH);
    let flags = head.flags.with(padded_flag(padding)).with(end);
    if let Some(reserved) = out.get_mut(start..).and_then(|tail| tail.first_chunk_mut()) {
        *reserved = Head { length: length(payload), flags, ..head }.to_octets();
    }
}

fn write_rest(stream: Option<StreamId>, mut rest: &[u8], max: usize, out: &mut Vec<u8>) {
    while !rest.is_empty() {
        let (fragment, more) = rest.split_at_checked(max).unwrap_or((rest, &[]));
        rest = more;
        Head { length: length(fragment.len()), kind: Kind::CONTINUATION, flags: end_flag(rest), stream }
            .write(out);
        out.extend_from_slice(fragment);
    }
}

const fn end_flag(rest: &[u8]) -> Flags {
    if rest.is_empty() { Flags::END_HEADERS } else { Flags::NONE }
}

/// RFC 9113 §6.5.2: no peer can set a limit outside these bounds.
fn payload_limit(max_frame_size: u32) -> usize {
    octets(max_frame_size.clamp(Head::MIN_MAX_PAYLOAD, Head::MAX_PAYLOAD))
}

fn octets(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn length(octets: usize) -> u32 {
    u32::try_from(octets).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    const MAX: usize = 0x4000;

    /// The heads in `wire`, which must be whole frames.
    fn heads(mut wire: &[u8]) -> Vec<Head> {
        let mut heads = Vec::new();
        while let Some((head, rest)) = wire.split_first_chunk() {
            let head = Head::parse(head);
            heads.push(head);
            wire = &rest[head.length as usize..];
        }
        assert!(wire.is_empty());
        heads
    }

    fn head() -> Head {
        Head { length: 0, kind: Kind::HEADERS, flags: Flags::NONE, stream: StreamId::new(1) }
    }

    fn write_block(padding: Option<u8>, fixed: &[u8], block: &[u8], max_frame_size: u32, out: &mut Vec<u8>) {
        let start = start_block(padding, out);
        out.extend_from_slice(fixed);
        out.extend_from_slice(block);
        finish_block(head(), padding, start, max_frame_size, out);
    }

    // covers 9113-6.10-3 9113-6.10-4 9113-6.10-5 9113-6.10-6 9113-6.10-2
    #[test]
    fn only_the_open_block_goes_on() {
        let continuation =
            |stream| Head { kind: Kind::CONTINUATION, stream: StreamId::new(stream), ..head() };
        let open = StreamId::new(3);
        assert_eq!(Continuation::check(&continuation(3), open), Ok(0));
        assert_eq!(Continuation::check(&continuation(5), open), Err(Violation::FieldBlockInterrupted));
        assert_eq!(Continuation::check(&continuation(0), open), Err(Violation::StreamMissing));
        assert_eq!(Continuation::check(&continuation(0), None), Err(Violation::StreamMissing));
        assert_eq!(Continuation::check(&continuation(3), None), Err(Violation::UnexpectedContinuation));
    }

    // covers 9113-4.1-1 9113-6.2-2 9113-6.10-1
    #[test]
    fn a_block_takes_as_many_frames_as_it_needs() {
        for size in [0, 1, MAX - 1, MAX, MAX + 1, 2 * MAX, 2 * MAX + 1, 5 * MAX] {
            let block: Vec<u8> = (0..size).map(|octet| octet as u8).collect();
            let mut written = vec![0xaa; 5];
            write_block(None, &[], &block, 0, &mut written);

            assert_eq!(written[..5], [0xaa; 5]);
            let heads = heads(&written[5..]);
            assert_eq!(heads.len(), size.div_ceil(MAX).max(1));
            let (last, others) = heads.split_last().unwrap();
            assert_eq!(last.flags, Flags::END_HEADERS);
            assert!(others.iter().all(|head| (head.flags, head.length) == (Flags::NONE, MAX as u32)));
            assert!(heads.iter().skip(1).all(|head| head.kind == Kind::CONTINUATION));
            assert!(heads.iter().all(|head| head.stream == StreamId::new(1)));
        }
    }

    #[test]
    fn what_is_not_block_stays_in_the_first_frame() {
        let mut out = Vec::new();
        write_block(Some(255), &[1, 2, 3, 4, 5], &vec![9; MAX], 0, &mut out);
        let heads = heads(&out);
        assert_eq!(heads[0].length, MAX as u32);
        assert_eq!(heads[0].flags, Flags::PADDED);
        assert_eq!(heads[1].length, 261);
        assert_eq!(heads[1].flags, Flags::END_HEADERS);
        assert_eq!(out[9..16], [255, 1, 2, 3, 4, 5, 9]);
        assert_eq!(out[9 + MAX - 255..9 + MAX], [0; 255]);
    }

    #[test]
    fn larger_limits_are_used() {
        let mut out = Vec::new();
        write_block(None, &[], &vec![9; MAX + 1], MAX as u32 + 1, &mut out);
        assert_eq!(heads(&out).len(), 1);
    }

    #[test]
    fn a_head_that_was_not_reserved_is_not_filled_in() {
        let mut out = vec![0; 8];
        finish_block(head(), None, 0, 0, &mut out);
        finish_block(head(), None, usize::MAX, 0, &mut out);
        assert_eq!(out, [0; 8]);
    }
}
