//! What came of a script, in one shape for all engines.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use crate::wire::{self, HEAD, flag, kind};

/// Fields in an order that all engines can tell: pseudo-header fields, then the others, by name. Fields of one name
/// keep theirs.
pub type Section = Vec<(String, String)>;

/// What the caller got on one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Header sections, promises and trailers as they came.
    pub sections: Vec<Section>,
    /// The body.
    pub data: Vec<u8>,
    /// Whether the caller was told that the message is whole.
    pub is_whole: bool,
}

/// Whether the connection lives on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// As far as the engine cares.
    #[default]
    None,
    /// The engine sent GOAWAY with this code, which is not NO_ERROR.
    GoAway(u32),
    /// The engine gave up without a word.
    Silent,
}

/// How two outcomes differ, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// They find the same fault in the same scope and name it by another code.
    Code,
    /// They end the connection without GOAWAY.
    Silent,
    /// They end the connection where ours ends a stream; what they deliver, ours delivers.
    Wider,
    /// They end a stream where ours ends the connection.
    Narrower,
    /// They find no fault.
    Accepts,
    /// They find a fault where ours finds none.
    Refuses,
    /// They deliver, send or acknowledge something else.
    Delivers,
}

/// What came of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// By stream.
    pub messages: BTreeMap<u32, Message>,
    /// The streams that the engine reset, with the first code of each.
    pub resets: BTreeMap<u32, u32>,
    /// Whether the connection lives on.
    pub end: End,
    /// The PINGs that were answered.
    pub pongs: Vec<Vec<u8>>,
    /// How many SETTINGS frames were acknowledged.
    pub acknowledged: usize,
    /// How many octets of DATA were sent, by stream.
    pub sent: BTreeMap<u32, usize>,
}

impl Outcome {
    /// The message on a stream.
    pub(crate) fn message(&mut self, stream: u32) -> &mut Message {
        self.messages.entry(stream).or_default()
    }

    /// Takes note of what the engine wrote: whole frames.
    pub(crate) fn read(&mut self, octets: &[u8]) {
        for piece in wire::split(octets) {
            if piece != wire::MAGIC {
                self.read_frame(piece);
            }
        }
    }

    fn read_frame(&mut self, frame: &[u8]) {
        let (head, payload) = frame.split_at(HEAD);
        let number = |octets: &[u8]| u32::from_be_bytes(octets[..4].try_into().expect("four octets"));
        let (stream, acknowledges) = (number(&head[5..]), head[4] & flag::ACK != 0);
        match head[3] {
            kind::DATA => *self.sent.entry(stream).or_default() += payload.len(),
            kind::RST_STREAM => {
                self.resets.entry(stream).or_insert(number(payload));
            }
            kind::SETTINGS if acknowledges => self.acknowledged += 1,
            kind::PING if acknowledges => self.pongs.push(payload.to_vec()),
            kind::GOAWAY if number(&payload[4..]) != 0 => self.end = End::GoAway(number(&payload[4..])),
            _ => {}
        }
    }

    /// How another engine's outcome differs from this one, which is ours.
    pub fn compare(&self, theirs: &Self) -> Option<Kind> {
        if self == theirs {
            return None;
        }
        let is_silent = theirs.end == End::Silent;
        let told =
            |outcome: &Self| (outcome.end != End::None, outcome.resets.keys().copied().collect::<Vec<_>>());
        let has_told = |outcome: &Self| told(outcome) != (false, Vec::new());
        let lost_none = self.messages == theirs.messages;
        let lost_only =
            theirs.messages.iter().all(|(stream, message)| self.messages.get(stream) == Some(message));
        Some(match (has_told(self), has_told(theirs)) {
            (true, true) if told(self) == told(theirs) && lost_none && is_silent => Kind::Silent,
            (true, true) if told(self) == told(theirs) && lost_none => Kind::Code,
            (true, true) if self.end == End::None && theirs.end != End::None && lost_only => Kind::Wider,
            (true, true) if self.end != End::None && theirs.end == End::None => Kind::Narrower,
            (true, false) => Kind::Accepts,
            (false, true) => Kind::Refuses,
            (true, true) | (false, false) => Kind::Delivers,
        })
    }

    /// What the peer was told of its faults, in a few words.
    pub fn verdict(&self) -> String {
        let mut words = match self.end {
            End::None => String::new(),
            End::GoAway(code) => format!("GOAWAY {}", Code(code)),
            End::Silent => "silence".to_owned(),
        };
        for (stream, &code) in &self.resets {
            let gap = if words.is_empty() { "" } else { ", " };
            write!(words, "{gap}{stream} {}", Code(code)).expect("strings take all");
        }
        if words.is_empty() { "nothing".to_owned() } else { words }
    }
}

/// The section in the order of [`Section`].
pub(crate) fn section<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: impl IntoIterator<Item = (N, V)>) -> Section {
    let text = |octets: &[u8]| octets.iter().map(|&octet| char::from(octet)).collect::<String>();
    let mut section: Section =
        fields.into_iter().map(|(name, value)| (text(name.as_ref()), text(value.as_ref()))).collect();
    section.sort_by(|(one, _), (other, _)| one.cmp(other));
    // The type of `http` for targets, in which h2 tells them, has no scheme without an authority.
    if !section.iter().any(|(name, _)| name == ":authority") {
        section.retain(|(name, _)| name != ":scheme");
    }
    section
}

/// An error code by its name (RFC 9113 §7).
struct Code(u32);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", sans_h2::ErrorCode::from(self.0))
    }
}
