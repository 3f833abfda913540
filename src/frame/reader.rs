//! Octets in, frames out.

use core::fmt;

use smallvec::SmallVec;

use super::{
    Continuation, Data, Extension, Flags, Frame, GoAway, Head, Headers, Kind, Priority, PushPromise,
    Settings, WindowUpdate, ping, reset,
};
use crate::error::{Scope, Violation};
use crate::id::StreamId;

/// What a [`Reader`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the longest payload: the SETTINGS_MAX_FRAME_SIZE that the peer knows. Default 16 384.
    pub max_frame_size: u32,
    /// Entries of a SETTINGS frame; a frame with more is a violation. Default 32.
    pub max_settings: usize,
    /// Octets of GOAWAY debug data that are kept; the rest is skipped. Default 256.
    pub max_debug: usize,
    /// Octets of payload up to which an extension frame is kept and handed over as
    /// [`Frame::Extension`]; a longer one is skipped. Default 0, which skips even those without payload.
    pub max_extension: usize,
}

impl Limits {
    /// Whether the frame is an extension that is handed over whole.
    fn keeps(&self, head: &Head) -> bool {
        let is_short = usize::try_from(head.length).is_ok_and(|octets| octets <= self.max_extension);
        head.kind.is_extension() && self.max_extension > 0 && is_short
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_frame_size: Head::MIN_MAX_PAYLOAD, max_settings: 32, max_debug: 256, max_extension: 0 }
    }
}

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
#[derive(Clone, Debug)]
pub struct Reader {
    limits: Limits,
    first: First,
    state: State,
    block: Block,
    /// What has come of the octets that are wanted together.
    kept: SmallVec<[u8; KEPT_OCTETS]>,
}

impl Reader {
    /// A reader at the beginning of a frame.
    pub fn new(limits: Limits) -> Self {
        Self { limits, first: First::Any, state: State::Head, block: Block::Closed, kept: SmallVec::new() }
    }

    /// A reader of a peer's first frame, which must be a SETTINGS frame without ACK (RFC 9113 §3.4). The fixed octets
    /// with which a client begins are no frame, and have been taken already.
    pub fn of_connection(limits: Limits) -> Self {
        Self { first: First::Settings, ..Self::new(limits) }
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
        Ok(self.step(input)?.map(|step| match step {
            Step::Frame { frame, .. } => frame,
            Step::Payload(octets) => Frame::Payload(octets),
            Step::BlockEnd => Frame::BlockEnd,
        }))
    }

    /// Does what [`next`](Self::next) does, and tells the heads, too.
    pub(crate) fn step<'b>(&mut self, input: &mut &'b [u8]) -> Result<Option<Step<'b>>, Fault> {
        loop {
            match self.state {
                State::Head => {
                    let Some(head) = self.gather_head(input) else { return Ok(None) };
                    if let Some(octets) = self.on_head(head, input)? {
                        return self.finish(head, None, octets);
                    }
                }
                State::PadLength { head, fixed } => {
                    let Some((&padding, rest)) = input.split_first() else { return Ok(None) };
                    *input = rest;
                    self.on_layout(head, Some(padding), fixed)?;
                }
                State::Fixed { head, padding, fixed, rest } => {
                    let limits = self.limits;
                    let parsed = self.gather(input, fixed, |octets| parse(&limits, &head, padding, octets));
                    let Some(parsed) = parsed else { return Ok(None) };
                    self.pass(&head, padding, rest);
                    return match parsed {
                        Ok(frame) => Ok(Some(Step::Frame { head, frame })),
                        Err(violation) => Err(fatal(violation)),
                    };
                }
                State::Rest { lend, skip } => match self.on_rest(input, lend, skip) {
                    Progress::Step(step) => return Ok(Some(step)),
                    Progress::Done => self.state = State::Head,
                    Progress::Starved => return Ok(None),
                },
            }
        }
    }

    /// Takes the only octet of an input that completes nothing: much cheaper than a step, for transports that come in
    /// the smallest pieces.
    #[inline]
    pub(crate) fn absorb(&mut self, input: &mut &[u8]) -> bool {
        let &[octet] = *input else { return false };
        let wanted = match self.state {
            State::Head => Head::LENGTH as u32,
            State::Fixed { fixed, .. } => fixed,
            State::PadLength { .. } | State::Rest { .. } => return false,
        };
        // Only a step makes more room than there is inline, and only a step completes anything.
        let is_short = self.kept.len() < KEPT_OCTETS && self.kept.len().saturating_add(1) < wanted as usize;
        if is_short {
            self.kept.push(octet);
            *input = &[];
        }
        is_short
    }

    /// Whether the octets so far end at the end of a frame, outside a field block, and hold the first frame where
    /// that is a certain one. If the transport ends when this is false, the peer was cut off.
    pub fn is_idle(&self) -> bool {
        let between_frames = match self.state {
            State::Head => self.kept.is_empty(),
            State::PadLength { .. } | State::Fixed { .. } => false,
            State::Rest { lend, skip } => lend == 0 && skip == 0,
        };
        between_frames && matches!(self.block, Block::Closed) && self.first == First::Any
    }

    /// Octets on the heap; zero except within a long SETTINGS, GOAWAY or extension frame that came in pieces.
    pub fn memory_used(&self) -> usize {
        if self.kept.spilled() { self.kept.capacity() } else { 0 }
    }

    /// Returns the part of the frame that is read as a whole, if that lies in `input` as a whole.
    #[inline]
    fn on_head<'b>(&mut self, head: Head, input: &mut &'b [u8]) -> Result<Option<&'b [u8]>, Fault> {
        match self.check(&head) {
            Ok(fixed) if head.is_padded() => {
                self.state = State::PadLength { head, fixed };
                Ok(None)
            }
            Ok(fixed) => match input.split_at_checked(fixed as usize) {
                Some((octets, behind)) => {
                    let rest = head.room(None, fixed).map_err(fatal)?;
                    *input = behind;
                    self.pass(&head, None, rest);
                    Ok(Some(octets))
                }
                None => self.on_layout(head, None, fixed).map(|()| None),
            },
            Err(violation) => match violation.scope() {
                Scope::Stream => {
                    self.state = State::Rest { lend: 0, skip: head.length };
                    Err(Fault { violation, stream: head.stream })
                }
                Scope::Connection => Err(fatal(violation)),
            },
        }
    }

    /// Everything that a head alone can prove wrong. Returns how many octets behind the pad length make up the
    /// part of the payload that is read as a whole.
    fn check(&mut self, head: &Head) -> Result<u32, Violation> {
        self.first.take(head)?;
        if head.length > self.limits.max_frame_size {
            return Err(Violation::FrameTooLarge);
        }
        let open = match self.block {
            Block::Open(stream) => Some(stream),
            Block::Closed | Block::Ending => None,
        };
        // RFC 9113 §4.3: within a field block even frames of unknown types are forbidden.
        if open.is_some() && head.kind != Kind::CONTINUATION {
            return Err(Violation::FieldBlockInterrupted);
        }
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
            Kind::CONTINUATION => Continuation::check(head, open),
            _ if self.limits.keeps(head) => Ok(head.length),
            _ => Ok(0),
        }
    }

    /// The head and the pad length are known, and so is where everything lies.
    fn on_layout(&mut self, head: Head, padding: Option<u8>, fixed: u32) -> Result<(), Fault> {
        let rest = head.room(padding, fixed).map_err(fatal)?;
        self.state = State::Fixed { head, padding, fixed, rest };
        Ok(())
    }

    /// The part that is read as a whole has come; `rest` octets without padding come behind it.
    #[inline]
    fn pass(&mut self, head: &Head, padding: Option<u8>, rest: u32) {
        let padding = u32::from(padding.unwrap_or(0));
        let (lend, skip) = match head.kind {
            Kind::DATA => (rest, padding),
            Kind::HEADERS | Kind::PUSH_PROMISE | Kind::CONTINUATION => {
                self.block = match head.stream {
                    Some(stream) if !head.flags.contains(Flags::END_HEADERS) => Block::Open(stream),
                    Some(_) | None => Block::Ending,
                };
                self.state = State::Rest { lend: rest, skip: padding };
                return;
            }
            _ => (0, rest),
        };
        self.state = if lend == 0 && skip == 0 { State::Head } else { State::Rest { lend, skip } };
    }

    /// Reads a frame from the part that is read as a whole.
    #[inline]
    fn finish<'b>(&self, head: Head, padding: Option<u8>, octets: &[u8]) -> Result<Option<Step<'b>>, Fault> {
        match parse(&self.limits, &head, padding, octets) {
            Ok(frame) => Ok(Some(Step::Frame { head, frame })),
            Err(violation) => Err(fatal(violation)),
        }
    }

    fn on_rest<'b>(&mut self, input: &mut &'b [u8], lend: u32, skip: u32) -> Progress<'b> {
        if lend > 0 {
            let (piece, lend) = take(input, lend);
            self.state = State::Rest { lend, skip };
            return if piece.is_empty() { Progress::Starved } else { Progress::Step(Step::Payload(piece)) };
        }
        let (_, skip) = take(input, skip);
        self.state = State::Rest { lend, skip };
        if skip > 0 {
            return Progress::Starved;
        }
        match self.block {
            Block::Ending => {
                self.block = Block::Closed;
                Progress::Step(Step::BlockEnd)
            }
            Block::Closed | Block::Open(_) => Progress::Done,
        }
    }

    fn gather_head(&mut self, input: &mut &[u8]) -> Option<Head> {
        if self.kept.is_empty() {
            if let Some((octets, behind)) = input.split_first_chunk() {
                *input = behind;
                return Some(Head::parse(octets));
            }
        }
        self.gather(input, Head::LENGTH as u32, |octets| octets.first_chunk().map(Head::parse)).flatten()
    }

    /// Hands `count` octets to `parse` once they are all there: in place if they lie in `input` as a whole.
    fn gather<T>(&mut self, input: &mut &[u8], count: u32, parse: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let missing = count.saturating_sub(u32::try_from(self.kept.len()).unwrap_or(u32::MAX));
        let (octets, missing) = take(input, missing);
        if missing == 0 && self.kept.is_empty() {
            return Some(parse(octets));
        }
        if !octets.is_empty() {
            let wanted = usize::try_from(missing).unwrap_or(0).saturating_add(octets.len());
            self.kept.reserve_exact(wanted);
            self.kept.extend_from_slice(octets);
        }
        if missing > 0 {
            return None;
        }
        let parsed = parse(&self.kept);
        self.kept = SmallVec::new();
        Some(parsed)
    }
}

/// A [`Frame`], apart from which only payload is lent, and the head that it came with.
pub(crate) enum Step<'b> {
    Frame { head: Head, frame: Frame<'static> },
    Payload(&'b [u8]),
    BlockEnd,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nine octets of head are wanted.
    Head,
    /// The pad length is wanted, then `fixed` octets.
    PadLength { head: Head, fixed: u32 },
    /// `fixed` octets are wanted together; `rest` octets without padding come behind them.
    Fixed { head: Head, padding: Option<u8>, fixed: u32, rest: u32 },
    /// The frame has been handed over, but not `lend` octets of its payload; `skip` more are of no interest.
    Rest { lend: u32, skip: u32 },
}

/// Octets that are kept without an allocation.
const KEPT_OCTETS: usize = 24;

/// What the first frame may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Settings,
    Any,
}

impl First {
    fn take(&mut self, head: &Head) -> Result<(), Violation> {
        match self {
            Self::Settings if head.kind != Kind::SETTINGS || head.flags.contains(Flags::ACK) => {
                Err(Violation::SettingsNotFirst)
            }
            Self::Settings | Self::Any => {
                *self = Self::Any;
                Ok(())
            }
        }
    }
}

/// The field block, RFC 9113 §4.3.
#[derive(Clone, Copy, Debug)]
enum Block {
    Closed,
    /// A CONTINUATION on this stream has to come.
    Open(StreamId),
    /// The frame that is being read is its last.
    Ending,
}

enum Progress<'b> {
    Step(Step<'b>),
    Done,
    Starved,
}

/// Reads a frame of which `octets` is the part behind the pad length that [`Reader::check`] asked for.
#[inline(always)]
fn parse(
    limits: &Limits,
    head: &Head,
    padding: Option<u8>,
    octets: &[u8],
) -> Result<Frame<'static>, Violation> {
    Ok(match head.kind {
        Kind::DATA => Frame::Data(Data::parse(head, padding)?),
        Kind::HEADERS => Frame::Headers(Headers::parse(head, padding, octets)?),
        Kind::PRIORITY => {
            let priority = Priority::parse(octets.first_chunk().ok_or(Violation::PriorityLength)?);
            Frame::Priority { stream: head.on_stream()?, priority }
        }
        Kind::RST_STREAM => reset::parse(head, octets)?,
        Kind::SETTINGS if head.flags.contains(Flags::ACK) => Frame::SettingsAck,
        Kind::SETTINGS => Frame::Settings(Settings::parse(octets)),
        Kind::PUSH_PROMISE => Frame::PushPromise(PushPromise::parse(head, padding, octets)?),
        Kind::PING => ping::parse(head, octets)?,
        Kind::GOAWAY => Frame::GoAway(GoAway::parse(octets)?),
        Kind::WINDOW_UPDATE => Frame::WindowUpdate(WindowUpdate::parse(head, octets)?),
        Kind::CONTINUATION => Frame::Continuation(Continuation::parse(head)?),
        _ if limits.keeps(head) => Frame::Extension(Extension::parse(head, octets)),
        _ => Frame::Unknown(*head),
    })
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
