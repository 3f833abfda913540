//! Frames that come whole, or octet by octet, which is most of them: they take a fraction of a step.

use super::{Due, Reader, State, take, use_up};
use crate::frame::kept::TINY;
use crate::frame::{Data, Flags, Head, Kind};

impl Reader {
    /// What a [`step`](Self::step) would come to if that is a frame without padding that breaks no rule, and that lies
    /// in `input` but for what is lent or skipped. Nearly all frames are so, and take a fraction of a step. With DATA
    /// comes what there is of its payload, too.
    #[inline]
    pub(crate) fn whole<'b>(&mut self, input: &mut &'b [u8]) -> Option<(Head, &'b [u8])> {
        if !self.is_before_head() {
            return None;
        }
        let (octets, behind) = input.split_first_chunk()?;
        let head = Head::parse(octets);
        if head.is_padded() {
            return None;
        }
        let fixed = self.check(&head).ok()?;
        if head.kind == Kind::DATA {
            *input = behind;
            return Some((head, self.begin_data(head.length, input)));
        }
        let (octets, behind) = behind.split_at_checked(fixed as usize)?;
        *input = behind;
        let rest = head.length.saturating_sub(fixed);
        if rest > 0 || head.has_block() {
            self.pass(&head, None, rest);
            self.skip(input);
        }
        Some((head, octets))
    }

    /// The same of DATA alone, for those who know that it is [ahead](Self::kind_ahead).
    #[inline(always)]
    pub(crate) fn whole_data<'b>(&mut self, input: &mut &'b [u8]) -> Option<(Data, &'b [u8])> {
        let (octets, behind) = input.split_first_chunk()?;
        let head = Head::parse(octets);
        if head.is_padded() {
            return None;
        }
        self.check_place(&head).ok()?;
        // Without padding, nothing but its stream can be missing.
        let data = Data::parse(&head, None).ok()?;
        *input = behind;
        Some((data, self.begin_data(head.length, input)))
    }

    /// The kind of the next frame, if its head lies in `input`.
    #[inline]
    pub(crate) fn kind_ahead(&self, input: &[u8]) -> Option<Kind> {
        match input {
            [_, _, _, kind, _, _, _, _, _, ..] if self.is_before_head() => Some(Kind::from(*kind)),
            _ => None,
        }
    }

    /// Whether a head is next, and nothing of it has come, nor anything that comes before it.
    #[inline]
    const fn is_before_head(&self) -> bool {
        matches!(self.state, State::Head) && self.kept.lacks_all(Head::LENGTH as u32)
    }

    /// A frame of HEADERS, for those who know that it is [ahead](Self::kind_ahead), if it breaks no rule of frames and
    /// has its field block alone, the whole of it, and that lies in `input`: the head, the block, and what is behind.
    /// Nothing is taken of it: see [`take_section_head`](Self::take_section_head).
    #[inline(always)]
    pub(crate) fn whole_section<'b>(&self, input: &'b [u8]) -> Option<(Head, &'b [u8], &'b [u8])> {
        let (octets, payload) = input.split_first_chunk()?;
        let head = Head::parse(octets);
        let is_plain = head.flags.contains(Flags::END_HEADERS) && !head.flags.has_any(PREFIXED);
        if !is_plain
            || head.stream.is_none()
            || self.due != Due::Any
            || head.length > self.limits.max_frame_size
        {
            return None;
        }
        let (block, behind) = payload.split_at_checked(head.length as usize)?;
        Some((head, block, behind))
    }

    /// Takes the head of a [whole section](Self::whole_section): its block comes next.
    pub(crate) fn take_section_head(&mut self, head: &Head, input: &mut &[u8]) {
        *input = input.get(Head::LENGTH..).unwrap_or_default();
        self.pass(head, None, head.length);
    }

    /// What there is of the payload of DATA, all of which is lent.
    #[inline(always)]
    fn begin_data<'b>(&mut self, length: u32, input: &mut &'b [u8]) -> &'b [u8] {
        let (octets, lend) = take(input, length);
        if lend > 0 {
            self.enter(State::Rest { lend, skip: 0 });
        }
        octets
    }

    /// The rest of a field block, if all of it is next and lies in `input`: its end has been told with that.
    #[inline(always)]
    pub(crate) fn lend_block<'b>(&mut self, input: &mut &'b [u8]) -> Option<&'b [u8]> {
        let (Due::BlockEnd, State::Rest { lend, skip: 0 }) = (self.due, self.state) else { return None };
        let (block, behind) = input.split_at_checked(lend as usize)?;
        *input = behind;
        self.end_block();
        Some(block)
    }

    /// What a [`step`](Self::step) with the only octet of `input` would come to if that completes the head or the fixed
    /// part of such a frame as [`whole`](Self::whole) takes, most of which has been absorbed. `None` if it does not,
    /// and then the octet is not taken.
    #[inline]
    pub(crate) fn complete(&mut self, input: &mut &[u8], octet: u8) -> Option<Completed> {
        if let State::Head = self.state {
            let head = Head::parse(&self.kept.complete(octet, Head::LENGTH as u32)?);
            let fixed = self.check(&head).ok()?;
            if head.is_padded() {
                return None;
            }
            use_up(input);
            if fixed > 0 {
                self.enter(State::Fixed { head, padding: None, fixed });
                return Some(Completed::Part);
            }
            self.pass(&head, None, head.length);
            return Some(Completed::Frame(head, [0; TINY], 0));
        }
        let State::Fixed { head, padding: None, fixed } = self.state else { return None };
        let octets = self.kept.complete(octet, fixed)?;
        use_up(input);
        let rest = head.length.saturating_sub(fixed);
        if rest == 0 && !head.has_block() {
            self.enter(State::Head);
        } else {
            self.pass(&head, None, rest);
        }
        Some(Completed::Frame(head, octets, fixed as usize))
    }
}

/// What a single octet completes.
pub(crate) enum Completed {
    /// A part that is of no interest yet.
    Part,
    /// A frame, with so many octets that are read as a whole.
    Frame(Head, [u8; TINY], usize),
}

/// What comes ahead of a field block.
const PREFIXED: Flags = Flags::PADDED.with(Flags::PRIORITY);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Limits;
    use crate::frame::reader::Step;

    #[test]
    fn data_comes_with_what_there_is_of_its_payload() {
        let frames = b"\0\0\x03\0\x01\0\0\0\x01abc\0\0\0\0\0\0\0\0\x03\0\0\x04\0\0\0\0\0\x01defg";
        let mut reader = Reader::new(Limits::default());
        let (mut input, mut later) = frames.split_at(frames.len() - 3);
        let mut next = |input: &mut &'static [u8]| {
            let (head, octets) = reader.whole(input)?;
            Some((head.stream.map(u32::from), head.length, octets, reader.is_lending()))
        };
        assert_eq!(next(&mut input), Some((Some(1), 3, &b"abc"[..], false)));
        assert_eq!(next(&mut input), Some((Some(3), 0, &b""[..], false)));
        assert_eq!(next(&mut input), Some((Some(1), 4, &b"d"[..], true)));
        assert_eq!(next(&mut later), None, "it is payload");
        assert_eq!(reader.lend(&mut later), Some(&b"efg"[..]));
        assert_eq!((reader.is_lending(), reader.is_idle()), (false, true));
    }

    #[test]
    fn only_data_that_breaks_no_rule_and_has_no_padding_comes_alone() {
        let limits = Limits { max_frame_size: 3, ..Limits::default() };
        let data = |head: &'static [u8; Head::LENGTH]| {
            let mut reader = Reader::new(limits);
            let mut input = &[&head[..], b"abcd"].concat()[..];
            let is_at = reader.kind_ahead(input) == Some(Kind::DATA);
            let taken = reader.whole_data(&mut input).map(|(data, piece)| (data.octets, piece.len()));
            (is_at, taken, input.len())
        };
        assert_eq!(data(b"\0\0\x03\0\x01\0\0\0\x01"), (true, Some((3, 3)), 1));
        assert_eq!(data(b"\0\0\x03\0\x08\0\0\0\x01"), (true, None, 13), "it has padding");
        assert_eq!(data(b"\0\0\x04\0\0\0\0\0\x01"), (true, None, 13), "it is too large");
        assert_eq!(data(b"\0\0\x03\0\0\0\0\0\0"), (true, None, 13), "it has no stream");
        assert!(!data(b"\0\0\x03\x01\0\0\0\0\x01").0, "it is HEADERS");
        let mut reader = Reader::new(limits);
        assert_eq!(reader.kind_ahead(&[0; 8]), None, "its head is not whole");
        assert!(matches!(reader.step(&mut &b"\0"[..]), Ok(None)));
        assert_eq!(reader.kind_ahead(&[0; 20]), None, "a head has begun");
        let mut reader = Reader::new(limits);
        assert_eq!(
            reader.whole_data(&mut &b"\0\0\x03\0\0\0\0\0\x01"[..]).map(|(_, piece)| piece.len()),
            Some(0)
        );
        assert_eq!(reader.kind_ahead(&[0; 20]), None, "it is payload");
    }

    #[test]
    fn a_section_is_whole_where_its_block_is_there_alone() {
        let limits = Limits { max_frame_size: 3, ..Limits::default() };
        let section = |head: &[u8; Head::LENGTH], payload| {
            let mut reader = Reader::new(limits);
            let octets = [&head[..], payload].concat();
            let (head, block, behind) = reader.whole_section(&octets)?;
            assert!(reader.is_idle(), "nothing has been taken");
            let mut input = &octets[..];
            reader.take_section_head(&head, &mut input);
            assert_eq!((reader.lend_block(&mut input), input), (Some(block), behind));
            Some((block.len(), behind.len()))
        };
        assert_eq!(section(b"\0\0\x03\x01\x05\0\0\0\x01", b"abcd"), Some((3, 1)));
        assert_eq!(section(b"\0\0\0\x01\x04\0\0\0\x01", b""), Some((0, 0)));
        assert_eq!(section(b"\0\0\x03\x01\x04\0\0\0\x01", b"ab"), None, "there is more");
        assert_eq!(section(b"\0\0\x03\x01\x01\0\0\0\x01", b"abc"), None, "it goes on");
        assert_eq!(section(b"\0\0\x03\x01\x0c\0\0\0\x01", b"abc"), None, "it has padding");
        assert_eq!(section(b"\0\0\x03\x01\x24\0\0\0\x01", b"abc"), None, "it has a priority");
        assert_eq!(section(b"\0\0\x04\x01\x04\0\0\0\x01", b"abcd"), None, "it is too large");
        assert_eq!(section(b"\0\0\0\x01\x04\0\0\0\0", b""), None, "it has no stream");
        let reader = Reader::of_connection(limits);
        assert_eq!(reader.whole_section(b"\0\0\0\x01\x04\0\0\0\x01"), None, "SETTINGS are due");
    }

    #[test]
    fn a_block_is_lent_whole_where_all_that_is_left_of_it_is_there() {
        let block = |head: &[u8; Head::LENGTH], mut input| {
            let mut reader = Reader::new(Limits::default());
            assert!(reader.step(&mut &head[..]).is_ok());
            let lent = reader.lend_block(&mut input);
            (lent, input, reader.is_idle())
        };
        let ended = b"\0\0\x03\x01\x04\0\0\0\x01";
        assert_eq!(block(ended, b"abc"), (Some(&b"abc"[..]), &b""[..], true));
        assert_eq!(block(ended, b"abcd"), (Some(&b"abc"[..]), &b"d"[..], true));
        assert_eq!(block(ended, b"ab"), (None, &b"ab"[..], false));
        assert_eq!(block(b"\0\0\x03\x01\0\0\0\0\x01", b"abc"), (None, &b"abc"[..], false));
        assert_eq!(block(b"\0\0\x03\0\x04\0\0\0\x01", b"abc"), (None, &b"abc"[..], false), "it is DATA");
        let mut reader = Reader::new(Limits::default());
        let mut input = &b"\0\0\x03\x01\x0c\0\0\0\x01\x01a\0"[..];
        assert!(matches!(reader.step(&mut input), Ok(Some(Step::Frame(_)))));
        assert_eq!(reader.lend_block(&mut input), None, "there is padding behind it");
    }
}
