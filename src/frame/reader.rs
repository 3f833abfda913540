//! Octets in, frames out.

mod raw;
mod whole;

use core::fmt;

use raw::Octets;
pub(crate) use raw::{Raw, Step};
pub(crate) use whole::Completed;

use super::kept::Kept;
use super::{
    Continuation, Data, Flags, Frame, GoAway, Head, Headers, Kind, Limits, Priority, PushPromise, Settings,
    WindowUpdate, ping, reset,
};
use crate::error::{Scope, Violation};
use crate::id::StreamId;

/// A rule that the peer broke, as the reader saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The rule.
    pub violation: Violation,
    /// The stream, for a violation of that scope: the reader goes on after the frame. `None` for one that ends the
    /// connection: the reader must not be used any more.
    pub stream: Option<StreamId>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stream {
            Some(stream) => write!(f, "stream {stream}: {}", self.violation),
            None => self.violation.fmt(f),
        }
    }
}

impl core::error::Error for Fault {}

/// Turns octets, cut anywhere, into [`Frame`]s.
///
/// It lends DATA and field blocks straight from the input. Of everything else it keeps what has come of one
/// unfinished frame, at most a head, a SETTINGS frame within [`Limits::max_settings`], the part of a GOAWAY frame
/// within [`Limits::max_debug`], or an extension frame within [`Limits::max_extension`]. A frame that lies whole in
/// the input is read in place.
///
/// A violation is reported at the earliest octet that proves it, and what comes out does not depend on how the
/// octets were cut, except that a `Payload` can come in pieces.
///
/// ```
/// use sans_h2::frame::{Frame, Limits, Reader};
///
/// let mut reader = Reader::new(Limits::default());
/// let mut input: &[u8] = b"\0\0\x05\0\x01\0\0\0\x01he";
/// let Ok(Some(Frame::Data(data))) = reader.next(&mut input) else { panic!() };
/// assert_eq!(data.octets, 5);
/// assert_eq!(reader.next(&mut input), Ok(Some(Frame::Payload(b"he"))));
/// assert_eq!(reader.next(&mut input), Ok(None));
///
/// let mut input: &[u8] = b"llo";
/// assert_eq!(reader.next(&mut input), Ok(Some(Frame::Payload(b"llo"))));
/// assert!(reader.is_idle());
/// ```
#[derive(Clone)]
pub struct Reader {
    limits: Limits,
    due: Due,
    state: State,
    /// What has come of the octets that are wanted together, or are skipped.
    kept: Kept,
}

impl Reader {
    /// A reader at the beginning of a frame.
    pub fn new(limits: Limits) -> Self {
        Self { limits, due: Due::Any, state: State::Head, kept: Kept::of(Head::LENGTH as u32) }
    }

    /// A reader of a peer's first frame, which must be a SETTINGS frame without ACK (RFC 9113 §3.4). The fixed octets
    /// with which a client begins are no frame, and have been taken already.
    pub fn of_connection(limits: Limits) -> Self {
        Self { due: Due::Settings, ..Self::new(limits) }
    }

    /// Takes longer or shorter frames from the next head on.
    pub const fn set_max_frame_size(&mut self, octets: u32) {
        self.limits.max_frame_size = octets;
    }

    /// Reads on, taking octets from the front of `input`.
    ///
    /// `None` means that all of `input` has been taken and more is needed for the next frame. A frame can be
    /// complete without another octet: call until `None` comes.
    ///
    /// # Errors
    /// A [`Fault`] is a rule of RFC 9113 §4 or §6 that the peer broke. If it names a stream, the reader goes on
    /// after the frame at the next call. If not, the reader must not be used any more: where the next frame would
    /// begin may be unknown.
    pub fn next<'b>(&mut self, input: &mut &'b [u8]) -> Result<Option<Frame<'b>>, Fault> {
        Ok(match self.step(input)? {
            Some(Step::Frame(raw)) => Some(self.parse(&raw)?),
            Some(Step::Payload(octets)) => Some(Frame::Payload(octets)),
            Some(Step::BlockEnd) => Some(Frame::BlockEnd),
            None => None,
        })
    }

    /// Does what [`next`](Self::next) does, without looking into what it found.
    pub(crate) fn step<'b>(&mut self, input: &mut &'b [u8]) -> Result<Option<Step<'b>>, Fault> {
        loop {
            match self.state {
                State::Head => {
                    let Some(octets) = self.gather(input, Head::LENGTH as u32) else { return Ok(None) };
                    self.on_head(Head::parse(octets.first_chunk().unwrap_or(&[0; Head::LENGTH])))?;
                }
                State::PadLength { head, fixed } => {
                    let Some((&padding, rest)) = input.split_first() else { return Ok(None) };
                    *input = rest;
                    self.on_layout(head, Some(padding), fixed)?;
                }
                State::Fixed { head, padding, fixed } => {
                    let Some(octets) = self.gather(input, fixed) else { return Ok(None) };
                    let rest = head.room(padding, fixed).map_err(fatal)?;
                    self.pass(&head, padding, rest);
                    return Ok(Some(Step::Frame(Raw { head, padding, octets })));
                }
                State::Rest { lend, .. } => match self.on_rest(input, lend) {
                    Outcome::Step(step) => return Ok(Some(step)),
                    Outcome::Done => {}
                    Outcome::Starved => return Ok(None),
                },
            }
        }
    }

    /// Reads a frame as [`Raw::parse`] does.
    pub(crate) fn parse(&self, raw: &Raw<'_>) -> Result<Frame<'static>, Fault> {
        raw.parse(&self.limits).map_err(fatal)
    }

    /// Whether a frame of an extension is handed over whole.
    pub(crate) fn keeps(&self, head: &Head) -> bool {
        self.limits.keeps(head)
    }

    /// Takes the only octet of `input` if that completes nothing: much cheaper than a step, for transports that come in
    /// the smallest pieces.
    #[inline]
    pub(crate) fn absorb(&mut self, input: &mut &[u8], octet: u8) -> bool {
        debug_assert_eq!(*input, [octet], "it is the only one");
        let is_absorbed = self.kept.absorb(octet);
        if is_absorbed {
            use_up(input);
        }
        is_absorbed
    }

    /// No octet is absorbed or completes anything until the reader is [resumed](Self::resume): something else is first.
    #[inline]
    pub(crate) const fn pause(&mut self) {
        self.kept.pause();
    }

    /// Nothing but octets is due.
    #[inline]
    pub(crate) const fn resume(&mut self) {
        self.kept.resume();
    }

    #[inline]
    pub(crate) const fn is_paused(&self) -> bool {
        self.kept.is_paused()
    }

    /// Whether the octets so far end at the end of a frame, outside a field block, and hold the first frame where
    /// that is a certain one. If the transport ends when this is false, the peer was cut off.
    pub fn is_idle(&self) -> bool {
        let between_frames = match self.state {
            State::Head => self.kept.is_empty(),
            State::PadLength { .. } | State::Fixed { .. } => false,
            State::Rest { lend, skip } => lend == 0 && skip == 0,
        };
        between_frames && self.due == Due::Any
    }

    /// Octets on the heap; zero except within a long SETTINGS, GOAWAY or extension frame that came in pieces.
    pub fn memory_used(&self) -> usize {
        self.kept.memory_used()
    }

    fn on_head(&mut self, head: Head) -> Result<(), Fault> {
        match self.check(&head) {
            Ok(fixed) if head.is_padded() => {
                self.enter(State::PadLength { head, fixed });
                Ok(())
            }
            Ok(fixed) => self.on_layout(head, None, fixed),
            Err(violation) => match violation.scope() {
                Scope::Stream => {
                    self.enter(State::Rest { lend: 0, skip: head.length });
                    Err(Fault { violation, stream: head.stream })
                }
                Scope::Connection => Err(fatal(violation)),
            },
        }
    }

    /// Everything that a head alone can prove wrong. Returns how many octets behind the pad length make up the
    /// part of the payload that is read as a whole.
    #[inline(always)]
    fn check(&mut self, head: &Head) -> Result<u32, Violation> {
        self.check_place(head)?;
        match head.kind {
            Kind::DATA => Data::check(head),
            Kind::HEADERS => Headers::check(head),
            Kind::PRIORITY => Priority::check(head),
            Kind::RST_STREAM => reset::check(head),
            Kind::SETTINGS => Settings::check(head, self.limits.max_settings),
            Kind::PUSH_PROMISE => PushPromise::check(head),
            Kind::PING => ping::check(head),
            Kind::GOAWAY => GoAway::check(head, self.limits.max_debug),
            Kind::WINDOW_UPDATE => WindowUpdate::check(head),
            Kind::CONTINUATION => Continuation::check(head, self.due.block()),
            _ if self.limits.keeps(head) => Ok(head.length),
            _ => Ok(0),
        }
    }

    /// Whether any frame of this kind and length may come here.
    #[inline(always)]
    fn check_place(&mut self, head: &Head) -> Result<(), Violation> {
        if self.due != Due::Any {
            self.check_due(head.length, head.kind, head.flags)?;
        }
        if head.length > self.limits.max_frame_size {
            return Err(Violation::FrameTooLarge);
        }
        Ok(())
    }

    /// Checks what a head says where not any frame may come.
    #[cold]
    fn check_due(&mut self, length: u32, kind: Kind, flags: Flags) -> Result<(), Violation> {
        match self.due {
            Due::Settings if kind != Kind::SETTINGS || flags.contains(Flags::ACK) => {
                Err(Violation::SettingsNotFirst)
            }
            Due::Settings => {
                self.due = Due::Any;
                Ok(())
            }
            // A frame that is too large is that in the first place.
            Due::Continuation(_) if length > self.limits.max_frame_size => Ok(()),
            // RFC 9113 §4.3: within a field block even frames of unknown types are forbidden.
            Due::Continuation(_) if kind != Kind::CONTINUATION => Err(Violation::FieldBlockInterrupted),
            Due::Any | Due::Continuation(_) | Due::BlockEnd => Ok(()),
        }
    }

    /// The head and the pad length are known, and so is where everything lies.
    fn on_layout(&mut self, head: Head, padding: Option<u8>, fixed: u32) -> Result<(), Fault> {
        head.room(padding, fixed).map_err(fatal)?;
        self.enter(State::Fixed { head, padding, fixed });
        Ok(())
    }

    /// The part that is read as a whole has come; `rest` octets without padding come behind it.
    #[inline(always)]
    fn pass(&mut self, head: &Head, padding: Option<u8>, rest: u32) {
        let has_block = head.has_block();
        if has_block {
            self.due = match head.stream {
                Some(stream) if !head.flags.contains(Flags::END_HEADERS) => Due::Continuation(stream),
                Some(_) | None => Due::BlockEnd,
            };
        }
        let is_lent = has_block || head.kind == Kind::DATA;
        let (lend, skip) = if is_lent { (rest, u32::from(padding.unwrap_or(0))) } else { (0, rest) };
        self.leave(lend, skip);
    }

    fn on_rest<'b>(&mut self, input: &mut &'b [u8], lend: u32) -> Outcome<'b> {
        if lend > 0 {
            return self.lend(input).map_or(Outcome::Starved, |piece| Outcome::Step(Step::Payload(piece)));
        }
        self.skip(input);
        if self.ends_block() {
            return Outcome::Step(Step::BlockEnd);
        }
        match self.state {
            State::Rest { .. } => Outcome::Starved,
            State::Head | State::PadLength { .. } | State::Fixed { .. } => Outcome::Done,
        }
    }

    /// The next piece of payload that is lent, if that is what comes next.
    #[inline]
    pub(crate) fn lend<'b>(&mut self, input: &mut &'b [u8]) -> Option<&'b [u8]> {
        let State::Rest { lend: lend @ 1.., skip } = self.state else { return None };
        if input.is_empty() {
            return None;
        }
        let Some((piece, behind)) = input.split_at_checked(lend as usize) else {
            let piece = *input;
            use_up(input);
            // There are fewer than 2^32.
            self.state = State::Rest { lend: lend.wrapping_sub(piece.len() as u32), skip };
            return Some(piece);
        };
        *input = behind;
        self.leave(0, skip);
        Some(piece)
    }

    /// Whether more of the payload that is lent is to come.
    #[inline]
    pub(crate) const fn is_lending(&self) -> bool {
        matches!(self.state, State::Rest { lend: 1.., .. })
    }

    /// Takes the only octet of `input` if it is payload that is lent, and more of that is to come.
    #[inline]
    pub(crate) fn lend_octet(&mut self, input: &mut &[u8]) -> bool {
        debug_assert_eq!(input.len(), 1, "it is the only one");
        let State::Rest { lend, .. } = &mut self.state else { return false };
        let is_within = *lend > 1;
        if is_within {
            *lend = lend.wrapping_sub(1);
            use_up(input);
        }
        is_within
    }

    /// Whether all of a field block has been handed over, and that has not been told.
    #[inline]
    pub(crate) const fn is_block_over(&self) -> bool {
        matches!((self.due, self.state), (Due::BlockEnd, State::Rest { lend: 0, skip: 0 }))
    }

    /// Whether all of a field block has been handed over; tells it once.
    #[inline]
    pub(crate) fn ends_block(&mut self) -> bool {
        let ends = self.is_block_over();
        if ends {
            self.end_block();
        }
        ends
    }

    #[inline]
    fn end_block(&mut self) {
        self.due = Due::Any;
        self.enter(State::Head);
    }

    /// Takes what is of no interest, if that is what comes next, outside field blocks.
    #[inline(always)]
    fn skip(&mut self, input: &mut &[u8]) {
        if let State::Rest { lend: 0, skip } = self.state {
            let (_, skip) = take(input, self.left_to_skip(skip));
            self.leave(0, skip);
        }
    }

    /// Of so many octets to skip, some may have been absorbed.
    const fn left_to_skip(&self, skip: u32) -> u32 {
        skip.saturating_sub(self.kept.skipped())
    }

    /// The frame has been handed over, but not so much of its payload.
    #[inline]
    fn leave(&mut self, lend: u32, skip: u32) {
        let is_done = lend == 0 && skip == 0 && self.due != Due::BlockEnd;
        self.enter(if is_done { State::Head } else { State::Rest { lend, skip } });
    }

    #[inline(always)]
    fn enter(&mut self, state: State) {
        self.state = state;
        match state {
            State::Head => self.kept.want(Head::LENGTH as u32),
            State::Fixed { fixed, .. } => self.kept.want(fixed),
            State::Rest { lend: 0, skip } => self.kept.want_to_skip(skip),
            State::PadLength { .. } | State::Rest { .. } => self.kept.want(0),
        }
    }

    /// So many octets, once they are all there: in place if they lie in `input` as a whole.
    #[inline(always)]
    fn gather<'b>(&mut self, input: &mut &'b [u8], count: u32) -> Option<Octets<'b>> {
        let kept = self.kept.len();
        let missing = count.saturating_sub(u32::try_from(kept).unwrap_or(u32::MAX));
        if missing > 0 && input.is_empty() {
            return None;
        }
        let (octets, missing) = take(input, missing);
        if missing == 0 && kept == 0 {
            return Some(Octets::Lent(octets));
        }
        self.kept.extend(octets, count, missing);
        (missing == 0).then(|| Octets::Kept(self.kept.take()))
    }
}

impl fmt::Debug for Reader {
    /// Tells where the reader is, which does not depend on how the octets were cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limits, due, state, kept } = self;
        let mut out = f.debug_struct("Reader");
        out.field("limits", limits).field("due", due);
        match *state {
            State::Rest { lend, skip } => out.field("lend", &lend).field("skip", &self.left_to_skip(skip)),
            _ => out.field("state", state).field("kept", kept),
        };
        out.finish()
    }
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nine octets of head are wanted.
    Head,
    /// The pad length is wanted, then `fixed` octets.
    PadLength { head: Head, fixed: u32 },
    /// `fixed` octets are wanted together.
    Fixed { head: Head, padding: Option<u8>, fixed: u32 },
    /// The frame has been handed over, but not `lend` octets of its payload; `skip` more are of no interest.
    Rest { lend: u32, skip: u32 },
}

/// What comes next of the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// Any but CONTINUATION.
    Any,
    /// SETTINGS without ACK: nothing has come yet.
    Settings,
    /// CONTINUATION on this stream (RFC 9113 §4.3).
    Continuation(StreamId),
    /// The end of a field block, which the frame that is being read has.
    BlockEnd,
}

impl Due {
    /// The stream of the field block that goes on.
    const fn block(self) -> Option<StreamId> {
        match self {
            Self::Continuation(stream) => Some(stream),
            Self::Any | Self::Settings | Self::BlockEnd => None,
        }
    }
}

enum Outcome<'b> {
    Step(Step<'b>),
    Done,
    Starved,
}

/// Takes all octets there are: one store, where an empty slice from elsewhere is two.
#[inline]
fn use_up(input: &mut &[u8]) {
    *input = input.get(..0).unwrap_or_default();
}

/// Takes up to `count` octets off the front of `input`; returns them and how many are missing.
fn take<'b>(input: &mut &'b [u8], count: u32) -> (&'b [u8], u32) {
    let count_here = usize::try_from(count).unwrap_or(usize::MAX);
    let (taken, rest) = input.split_at_checked(count_here).unwrap_or((input, &[]));
    *input = rest;
    (taken, count.saturating_sub(u32::try_from(taken.len()).unwrap_or(u32::MAX)))
}

const fn fatal(violation: Violation) -> Fault {
    Fault { violation, stream: None }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::frame::{Setting, SettingId};

    fn settings_wire(entries: usize) -> Vec<u8> {
        let mut wire = Vec::new();
        let entry = Setting { id: SettingId::MAX_FRAME_SIZE, value: 20_000 };
        core::iter::repeat_n(entry, entries).collect::<Settings>().write(&mut wire);
        wire
    }

    #[test]
    fn whole_frames_are_not_kept() {
        let wire = settings_wire(32);
        let mut reader = Reader::new(Limits::default());
        let (mut head, mut payload) = wire.split_at(Head::LENGTH);
        assert_eq!(reader.next(&mut head), Ok(None));
        assert_eq!(reader.memory_used(), 0);
        assert!(!reader.is_idle());
        assert!(reader.next(&mut payload).unwrap().is_some());
        assert_eq!(reader.memory_used(), 0);
        assert!(reader.is_idle());
    }

    #[test]
    fn parts_of_a_frame_take_what_the_frame_takes() {
        let wire = settings_wire(32);
        let mut reader = Reader::new(Limits::default());
        for octet in wire[..wire.len() - 1].chunks(1) {
            assert_eq!(reader.next(&mut &*octet), Ok(None));
        }
        assert_eq!(reader.memory_used(), 32 * 6);
        assert!(reader.next(&mut &wire[wire.len() - 1..]).unwrap().is_some());
        assert_eq!(reader.memory_used(), 0);
    }

    #[test]
    fn a_fault_names_its_stream_if_it_has_one() {
        let violation = Violation::ZeroStreamIncrement;
        let text = alloc::format!("{violation}");
        assert_eq!(alloc::format!("{}", Fault { violation, stream: None }), text);
        let stream = StreamId::new(5);
        assert_eq!(alloc::format!("{}", Fault { violation, stream }), alloc::format!("stream 5: {text}"));
    }

    // covers 9113-4.1-2
    #[test]
    fn skipped_octets_are_counted_only() {
        let mut reader = Reader::new(Limits::default());
        let head = Head { length: 10_000, kind: Kind::from(0xf0), flags: Flags::NONE, stream: None };
        assert_eq!(reader.next(&mut &head.to_octets()[..]), Ok(Some(Frame::Unknown(head))));
        for _ in 0..100 {
            assert!(!reader.is_idle());
            assert_eq!(reader.next(&mut &vec![0; 100][..]), Ok(None));
        }
        assert!(reader.is_idle());
        assert_eq!(reader.memory_used(), 0);
    }

    /// What a reader comes to that takes octets one by one as a connection does, and how many cost a step.
    fn take_octets(wire: &[u8], reader: &mut Reader) -> (Vec<String>, usize) {
        let (mut seen, mut steps) = (Vec::new(), 0);
        for octet in wire.chunks(1) {
            let mut input = octet;
            if reader.absorb(&mut input, octet[0]) {
                assert!(input.is_empty());
                continue;
            }
            match reader.complete(&mut input, octet[0]) {
                Some(Completed::Part) => {}
                Some(Completed::Frame(head, octets, fixed)) => {
                    let octets = Octets::Lent(&octets[..fixed]);
                    let frame = reader.parse(&Raw { head, padding: None, octets });
                    seen.push(alloc::format!("{frame:?}"));
                }
                None => steps += 1,
            }
            seen.extend(core::iter::from_fn(|| match reader.next(&mut input) {
                Ok(None) => None,
                other => Some(alloc::format!("{:?}", other.map(|frame| frame.expect("it is not `None`")))),
            }));
        }
        (seen, steps)
    }

    #[test]
    fn octets_come_to_what_they_come_to_together_and_hardly_any_costs_a_step() {
        let extension = Head { length: 500, kind: Kind::from(0xf0), flags: Flags::NONE, stream: None };
        let mut skipped = extension.to_octets().to_vec();
        skipped.resize(509, 7);
        let mut goaway = Vec::new();
        GoAway { last: StreamId::new(7), code: 2.into(), debug: bytes::Bytes::from_static(&[b'd'; 300]) }
            .write(&mut goaway);
        let cases = [
            (b"\0\0\x08\x06\0\0\0\0\x0012345678".to_vec(), 0),
            (b"\0\0\x04\x08\0\0\0\0\x01\0\0\0\x09".to_vec(), 0),
            (b"\0\0\0\x04\x01\0\0\0\0".to_vec(), 0),
            (b"\0\0\0\0\x01\0\0\0\x01".to_vec(), 0),
            // Lent, an octet each.
            (b"\0\0\x02\x01\x04\0\0\0\x01ab".to_vec(), 2),
            // The pad length, one octet of body, and the last of the padding.
            (b"\0\0\x05\0\x08\0\0\0\x01\x03b\0\0\0".to_vec(), 4),
            (b"\0\0\x05\x06\0\0\0\0\0".to_vec(), 1),
            (settings_wire(1), 0),
            // One in 33.
            (settings_wire(32), 6),
            (goaway, 9),
            (skipped, 1),
        ];
        for (wire, steps) in cases {
            let mut whole = Reader::new(Limits::default());
            let mut input = &wire[..];
            let mut expected = Vec::new();
            while let Some(frame) = whole.next(&mut input).transpose() {
                let is_fatal = frame.is_err();
                match frame {
                    Ok(Frame::Payload(octets)) => {
                        expected
                            .extend(octets.chunks(1).map(|octet| alloc::format!("Ok(Payload({octet:?}))")));
                    }
                    other => expected.push(alloc::format!("{other:?}")),
                }
                if is_fatal {
                    break;
                }
            }
            let mut reader = Reader::new(Limits::default());
            let (seen, needed) = take_octets(&wire, &mut reader);
            assert_eq!((&seen, needed), (&expected, steps), "{wire:?}");
            assert_eq!(alloc::format!("{reader:?}"), alloc::format!("{whole:?}"));
        }
    }

    #[test]
    fn a_reader_that_is_paused_absorbs_nothing() {
        let mut reader = Reader::new(Limits::default());
        assert_eq!(reader.next(&mut &b"\0"[..]), Ok(None));
        assert!(reader.absorb(&mut &b"\0"[..], b'\0'));
        reader.pause();
        assert!(!reader.absorb(&mut &b"\0"[..], b'\0'));
        assert_eq!(reader.next(&mut &b"\x08\x06"[..]), Ok(None));
        assert!(!reader.absorb(&mut &b"\0"[..], b'\0'), "nothing but the connection resumes it");
        reader.resume();
        assert!(reader.absorb(&mut &b"\0"[..], b'\0'));
    }

    #[test]
    fn an_end_can_come_without_another_octet() {
        let mut reader = Reader::new(Limits::default());
        let mut input: &[u8] = b"\0\0\x01\x01\x04\0\0\0\x01x";
        assert!(matches!(reader.next(&mut input), Ok(Some(Frame::Headers(_)))));
        assert_eq!(reader.next(&mut input), Ok(Some(Frame::Payload(b"x"))));
        assert!(input.is_empty());
        assert!(!reader.is_idle());
        assert_eq!(reader.next(&mut input), Ok(Some(Frame::BlockEnd)));
        assert!(reader.is_idle());
    }
}
