//! Frames and flights, legal or not.

use std::iter;

use sans_h2::frame::{Flags, Head, Headers, Kind, PushPromise, SettingId, Settings};
use sans_h2::{ErrorCode, Part, Role, StreamId, frame};

use crate::{Case, Flights};

/// With what a client begins (RFC 9113 §3.4).
pub(crate) const MAGIC: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// GET and POST of `http://localhost/`, by the static table where it has an entry.
const GET: &[u8] = b"\x82\x86\x84\x01\x09localhost";
const POST: &[u8] = b"\x83\x86\x84\x01\x09localhost";

/// Status 200.
const OK: &[u8] = b"\x88";

pub(crate) fn id(number: u32) -> StreamId {
    StreamId::new(number).expect("a stream's number")
}

/// The n-th stream of the client.
pub(crate) fn nth(n: usize) -> u32 {
    u32::try_from(2 * n + 1).expect("few streams")
}

/// Octets that the peer sends together.
#[derive(Clone, Default)]
pub(crate) struct Wire(pub(crate) Vec<u8>);

impl Wire {
    pub(crate) fn frame(&mut self, kind: Kind, flags: Flags, stream: u32, payload: &[u8]) -> &mut Self {
        let length = u32::try_from(payload.len()).expect("a frame's length");
        Head { length, kind, flags, stream: StreamId::new(stream) }.write(&mut self.0);
        self.octets(payload)
    }

    pub(crate) fn octets(&mut self, octets: &[u8]) -> &mut Self {
        self.0.extend_from_slice(octets);
        self
    }

    pub(crate) fn settings(&mut self, entries: &[(SettingId, u32)]) -> &mut Self {
        let payload: Vec<u8> = entries.iter().flat_map(|&(id, value)| entry(id, value)).collect();
        self.frame(Kind::SETTINGS, Flags::NONE, 0, &payload)
    }

    pub(crate) fn ping(&mut self, n: usize) -> &mut Self {
        frame::ping::write((n as u64).to_be_bytes(), &mut self.0);
        self
    }

    pub(crate) fn window_update(&mut self, stream: u32, increment: u32) -> &mut Self {
        self.frame(Kind::WINDOW_UPDATE, Flags::NONE, stream, &increment.to_be_bytes())
    }

    pub(crate) fn reset(&mut self, stream: u32) -> &mut Self {
        self.frame(Kind::RST_STREAM, Flags::NONE, stream, &u32::from(ErrorCode::CANCEL).to_be_bytes())
    }

    pub(crate) fn data(&mut self, stream: u32, octets: &[u8], part: Part) -> &mut Self {
        let flags = if part.is_last() { Flags::END_STREAM } else { Flags::NONE };
        self.frame(Kind::DATA, flags, stream, octets)
    }

    /// DATA that is nothing but padding.
    pub(crate) fn padding(&mut self, stream: u32, octets: u8) -> &mut Self {
        let payload = [&[octets][..], &vec![0; octets.into()]].concat();
        self.frame(Kind::DATA, Flags::PADDED, stream, &payload)
    }

    /// A field block in as many frames as it needs.
    pub(crate) fn block(&mut self, stream: u32, block: &[u8], part: Part) -> &mut Self {
        let head = Headers { stream: id(stream), priority: None, padding: None, part };
        head.write_block(block, 16_384, &mut self.0);
        self
    }

    /// The head of a message of the victim's peer: a request to a server, a response to a client.
    pub(crate) fn head(&mut self, victim: Role, stream: u32, part: Part) -> &mut Self {
        self.message(victim, stream, &[], part)
    }

    /// The head of a message with more fields behind its regular ones.
    pub(crate) fn message(&mut self, victim: Role, stream: u32, more: &[u8], part: Part) -> &mut Self {
        let block = [start(victim, part), more].concat();
        self.block(stream, &block, part)
    }

    pub(crate) fn promise(&mut self, on: u32, promised: u32) -> &mut Self {
        let head = PushPromise { stream: id(on), promised: id(promised), padding: None };
        head.write_block(GET, 16_384, &mut self.0);
        self
    }
}

/// The fields that a message of the victim's peer begins with.
pub(crate) fn start(victim: Role, part: Part) -> &'static [u8] {
    match (victim, part) {
        (Role::Client, _) => OK,
        (Role::Server, Part::Last) => GET,
        (Role::Server, Part::More) => POST,
    }
}

/// A field of a name and a value in plain octets, kept out of the table.
pub(crate) fn literal(name: &[u8], value: &[u8]) -> Vec<u8> {
    [&[0][..], &string(name), &string(value)].concat()
}

/// The same, put into the table.
pub(crate) fn inserted(name: &[u8], value: &[u8]) -> Vec<u8> {
    [&[0x40][..], &string(name), &string(value)].concat()
}

fn string(octets: &[u8]) -> Vec<u8> {
    [&integer(0, 7, octets.len()), octets].concat()
}

/// RFC 7541 §5.1: an integer behind the bits of `first`.
pub(crate) fn integer(first: u8, prefix: u32, value: usize) -> Vec<u8> {
    let most = (1_usize << prefix) - 1;
    if value < most {
        return vec![first | value as u8];
    }
    let (mut octets, mut rest) = (vec![first | most as u8], value - most);
    while rest >= 128 {
        octets.push(0x80 | (rest % 128) as u8);
        rest /= 128;
    }
    octets.push(rest as u8);
    octets
}

/// One entry of a SETTINGS frame.
pub(crate) fn entry(id: SettingId, value: u32) -> [u8; 6] {
    let ([i0, i1], [v0, v1, v2, v3]) = (u16::from(id).to_be_bytes(), value.to_be_bytes());
    [i0, i1, v0, v1, v2, v3]
}

/// What a peer of the victim begins with: its preface, these settings, and the acknowledgement of the victim's.
pub(crate) fn preface(victim: Role, settings: &[(SettingId, u32)]) -> Vec<u8> {
    let mut wire = unacknowledged(victim, settings);
    Settings::write_ack(&mut wire);
    wire
}

/// The same without the acknowledgement.
pub(crate) fn unacknowledged(victim: Role, settings: &[(SettingId, u32)]) -> Vec<u8> {
    let mut wire = Wire::default();
    if victim == Role::Server {
        wire.octets(MAGIC);
    }
    wire.settings(settings).0.clone()
}

/// The preface, and one flight behind it.
pub(crate) fn once(case: Case, write: impl FnOnce(&mut Wire)) -> Flights {
    let mut wire = Wire::default();
    write(&mut wire);
    Box::new([preface(case.victim, &[]), wire.0].into_iter())
}

/// Flights of so many units each, behind those of `before`.
pub(crate) fn flood(
    case: Case,
    before: Vec<Vec<u8>>,
    units: usize,
    mut unit: impl FnMut(&mut Wire, usize) + 'static,
) -> Flights {
    let mut next = 0;
    let flights = iter::from_fn(move || {
        let last = case.size.min(next + units);
        (next < last).then(|| {
            let mut wire = Wire::default();
            (next..last).for_each(|n| unit(&mut wire, n));
            next = last;
            wire.0
        })
    });
    Box::new(before.into_iter().chain(flights))
}

/// A flood behind the preface alone.
pub(crate) fn simple(case: Case, unit: impl FnMut(&mut Wire, usize) + 'static) -> Flights {
    flood(case, vec![preface(case.victim, &[])], UNITS, unit)
}

/// A flood behind the preface and the heads of so many messages, whose bodies are to come.
pub(crate) fn with_streams(
    case: Case,
    streams: usize,
    settings: &[(SettingId, u32)],
    unit: impl FnMut(&mut Wire, usize) + 'static,
) -> Flights {
    flood(case, vec![preface(case.victim, settings), heads(case, streams)], UNITS, unit)
}

/// The heads of so many messages.
pub(crate) fn heads(case: Case, streams: usize) -> Vec<u8> {
    let mut wire = Wire::default();
    for n in 0..streams {
        wire.head(case.victim, nth(n), Part::More);
    }
    wire.0
}

/// Frames of a flight: few enough that their answers never fill the victim's buffer for replies.
pub(crate) const UNITS: usize = 50;
