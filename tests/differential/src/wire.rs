//! Octets as they stand in RFC 9113, written with no help of any of the engines.

/// What a client sends first (RFC 9113 §3.4).
pub const MAGIC: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The octets before a frame's payload.
pub(crate) const HEAD: usize = 9;

/// Frame types.
pub mod kind {
    #![allow(missing_docs, reason = "the names of RFC 9113 §6")]
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const PRIORITY: u8 = 2;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PUSH_PROMISE: u8 = 5;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
}

/// Frame flags.
pub mod flag {
    #![allow(missing_docs, reason = "the names of RFC 9113 §6")]
    pub const NONE: u8 = 0;
    pub const ACK: u8 = 0x1;
    pub const END_STREAM: u8 = 0x1;
    pub const END_HEADERS: u8 = 0x4;
    pub const PADDED: u8 = 0x8;
    pub const PRIORITY: u8 = 0x20;
}

/// The octets that a peer sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wire {
    /// As far as they are written.
    pub octets: Vec<u8>,
}

impl Wire {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Any octets.
    pub fn octets(mut self, octets: &[u8]) -> Self {
        self.octets.extend_from_slice(octets);
        self
    }

    /// Any frame, right or wrong.
    pub fn frame(self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Self {
        let length = u32::try_from(payload.len()).expect("a frame's length").to_be_bytes();
        self.octets(&length[1..]).octets(&[kind, flags]).octets(&stream.to_be_bytes()).octets(payload)
    }

    /// A whole section, as literals that are not indexed, in one HEADERS frame with `flags` beside END_HEADERS.
    pub fn section(self, stream: u32, flags: u8, fields: &[(&str, &str)]) -> Self {
        self.frame(kind::HEADERS, flags | flag::END_HEADERS, stream, &block(fields))
    }

    /// A whole GET request.
    pub fn get(self, stream: u32) -> Self {
        self.section(stream, flag::END_STREAM, &GET)
    }

    /// The head of a POST request.
    pub fn post(self, stream: u32) -> Self {
        self.section(stream, flag::NONE, &POST)
    }

    /// The head of a final or an interim response.
    pub fn response(self, stream: u32, flags: u8, status: &str) -> Self {
        self.section(stream, flags, &[(":status", status)])
    }

    /// DATA without padding.
    pub fn data(self, stream: u32, flags: u8, data: &[u8]) -> Self {
        self.frame(kind::DATA, flags, stream, data)
    }

    /// A section that ends a message.
    pub fn trailers(self, stream: u32) -> Self {
        self.section(stream, flag::END_STREAM, &[("x-checksum", "1")])
    }

    /// A promise of a GET request.
    pub fn promise(self, stream: u32, promised: u32, fields: &[(&str, &str)]) -> Self {
        let payload = [&promised.to_be_bytes()[..], &block(fields)].concat();
        self.frame(kind::PUSH_PROMISE, flag::END_HEADERS, stream, &payload)
    }

    /// SETTINGS with these entries.
    pub fn settings(self, entries: &[(u16, u32)]) -> Self {
        let octets = |&(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
        self.frame(kind::SETTINGS, flag::NONE, 0, &entries.iter().flat_map(octets).collect::<Vec<u8>>())
    }

    /// The acknowledgement of SETTINGS.
    pub fn settings_ack(self) -> Self {
        self.frame(kind::SETTINGS, flag::ACK, 0, &[])
    }

    /// Credit for the engine.
    pub fn window_update(self, stream: u32, increment: u32) -> Self {
        self.frame(kind::WINDOW_UPDATE, flag::NONE, stream, &increment.to_be_bytes())
    }

    /// The end of a stream before its time.
    pub fn reset(self, stream: u32, code: u32) -> Self {
        self.frame(kind::RST_STREAM, flag::NONE, stream, &code.to_be_bytes())
    }

    /// PING, to be answered.
    pub fn ping(self, payload: [u8; 8]) -> Self {
        self.frame(kind::PING, flag::NONE, 0, &payload)
    }

    /// GOAWAY without debug data.
    pub fn goaway(self, last: u32, code: u32) -> Self {
        self.frame(kind::GOAWAY, flag::NONE, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())
    }
}

/// The fields of [`Wire::get`].
pub(crate) const GET: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/")];

/// The fields of [`Wire::post`].
pub(crate) const POST: [(&str, &str); 4] =
    [(":method", "POST"), (":scheme", "http"), (":authority", "localhost"), (":path", "/form")];

/// Literals without indexing and Huffman code (RFC 7541 §6.2.2).
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut octets = Vec::new();
    for (name, value) in fields {
        octets.push(0);
        for string in [name, value] {
            length(string.len(), &mut octets);
            octets.extend_from_slice(string.as_bytes());
        }
    }
    octets
}

/// An integer behind a prefix of seven bits, the first of the octet 0 (RFC 7541 §5.1).
fn length(value: usize, octets: &mut Vec<u8>) {
    let Some(mut rest) = value.checked_sub(127) else {
        octets.push(value as u8);
        return;
    };
    octets.push(127);
    while rest >= 128 {
        octets.push(0x80 | (rest % 128) as u8);
        rest /= 128;
    }
    octets.push(rest as u8);
}

/// Cuts octets where frames end; a last frame that is not whole is the last piece.
pub(crate) fn split(octets: &[u8]) -> Vec<&[u8]> {
    let mut rest = octets;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let size = match rest.strip_prefix(MAGIC) {
            Some(_) => MAGIC.len(),
            None if rest.len() < HEAD => rest.len(),
            None => rest.len().min(HEAD + payload_length(rest)),
        };
        let (piece, after) = rest.split_at(size);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// What the first three octets of a frame say.
pub(crate) fn payload_length(frame: &[u8]) -> usize {
    u32::from_be_bytes([0, frame[0], frame[1], frame[2]]) as usize
}
