//! A WebSocket that sends every message back, in a tunnel that extended CONNECT has opened (RFC 8441 §5).

use std::io::{self, Read, Write};
use std::mem;

use bytes::{Buf, Bytes, BytesMut};
use sans_h2::Part;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};
use tungstenite::{Error, error::ProtocolError};

/// The server's end of a WebSocket. Messages are only read while nothing waits to be sent, so that it never holds more
/// than the stream's window, one message, and that message on its way back.
pub struct WebSocket {
    socket: tungstenite::WebSocket<Pipe>,
    /// `Last` once nothing follows what the pipe holds.
    sends: Part,
}

impl Default for WebSocket {
    fn default() -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_OCTETS)
            .max_message_size(Some(MESSAGE_OCTETS))
            .max_frame_size(Some(MESSAGE_OCTETS));
        let socket = tungstenite::WebSocket::from_raw_socket(Pipe::default(), Role::Server, Some(config));
        Self { socket, sends: Part::More }
    }
}

impl WebSocket {
    /// Takes what has come through the tunnel.
    pub fn push(&mut self, data: &[u8], part: Part) {
        let pipe = self.socket.get_mut();
        pipe.incoming.extend_from_slice(data);
        pipe.receives = part;
    }

    /// The next octets for the tunnel; `None` if they depend on what comes.
    pub fn next_chunk(&mut self) -> Option<(Bytes, Part)> {
        while !self.sends.is_last() && self.socket.get_ref().outgoing.is_empty() {
            match self.turn() {
                Ok(()) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => self.end(&error),
            }
        }
        let outgoing = mem::take(&mut self.socket.get_mut().outgoing);
        (self.sends.is_last() || !outgoing.is_empty()).then(|| (outgoing.into(), self.sends))
    }

    /// How many octets of the tunnel have been read since this was last asked.
    pub fn take_credit(&mut self) -> usize {
        mem::take(&mut self.socket.get_mut().read)
    }

    fn turn(&mut self) -> tungstenite::Result<()> {
        match self.socket.read()? {
            message @ (Message::Text(_) | Message::Binary(_)) => self.socket.send(message),
            // These have been answered by now, but the answers are still to be written.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {
                self.socket.flush()
            }
        }
    }

    /// Says why it ends here, unless both ends have said goodbye. What else comes is not read.
    fn end(&mut self, error: &Error) {
        let code = match error {
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
            Error::Protocol(_) => Some(CloseCode::Protocol),
            Error::Utf8(_) => Some(CloseCode::Invalid),
            Error::Capacity(_) => Some(CloseCode::Size),
            _ => None,
        };
        if let Some(code) = code {
            // All that a pipe in memory can say is that nothing more comes in.
            let _ = self.socket.close(Some(CloseFrame { code, reason: "".into() }));
        }
        let pipe = self.socket.get_mut();
        pipe.read += pipe.incoming.len();
        pipe.incoming.clear();
        self.sends = Part::Last;
    }
}

/// The tunnel as a transport that never blocks.
struct Pipe {
    incoming: BytesMut,
    receives: Part,
    /// How many of the octets that came in have been read, and not been told of.
    read: usize,
    outgoing: Vec<u8>,
}

impl Default for Pipe {
    fn default() -> Self {
        Self { incoming: BytesMut::new(), receives: Part::More, read: 0, outgoing: Vec::new() }
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.incoming.is_empty() && !self.receives.is_last() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let octets = self.incoming.as_ref().read(buffer)?;
        self.incoming.advance(octets);
        self.read += octets;
        Ok(octets)
    }
}

impl Write for Pipe {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.outgoing.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The longest message that is sent back.
pub const MESSAGE_OCTETS: usize = 1 << 20;

/// So many octets are read at once.
const READ_OCTETS: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client sends: a frame, with a mask over its payload.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        const MASK: [u8; 4] = [1, 2, 3, 4];
        let mut octets = vec![first];
        match payload.len() {
            length @ 0..=125 => octets.push(0x80 | length as u8),
            length @ 126..=0xffff => {
                octets.push(0x80 | 126);
                octets.extend_from_slice(&(length as u16).to_be_bytes());
            }
            length => {
                octets.push(0x80 | 127);
                octets.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        octets.extend_from_slice(&MASK);
        octets.extend(payload.iter().zip(MASK.iter().cycle()).map(|(octet, mask)| octet ^ mask));
        octets
    }

    /// What comes back for these octets, and whether it is all.
    fn exchange(socket: &mut WebSocket, octets: &[u8], part: Part) -> (Vec<u8>, Part) {
        socket.push(octets, part);
        let mut answer = Vec::new();
        while let Some((chunk, part)) = socket.next_chunk() {
            answer.extend_from_slice(&chunk);
            if part.is_last() {
                return (answer, part);
            }
        }
        (answer, Part::More)
    }

    #[test]
    fn messages_come_back_however_they_are_cut() {
        let sent = [
            frame(0x81, b"one"),
            frame(0x02, b"t"),
            frame(0x89, b"are you there?"),
            frame(0x00, b"w"),
            frame(0x80, b"o"),
            frame(0x8a, b"nobody asked"),
            frame(0x81, b""),
        ]
        .concat();
        let wanted = b"\x81\x03one\x8a\x0eare you there?\x82\x03two\x81\x00".to_vec();
        let mut whole = WebSocket::default();
        assert_eq!(exchange(&mut whole, &sent, Part::More), (wanted.clone(), Part::More));
        assert_eq!(whole.take_credit(), sent.len());
        let mut socket = WebSocket::default();
        let answers: Vec<u8> =
            sent.iter().flat_map(|&octet| exchange(&mut socket, &[octet], Part::More).0).collect();
        assert_eq!(answers, wanted);
    }

    #[test]
    fn a_goodbye_is_answered_with_its_code() {
        let goodbye = [frame(0x88, b"\x0f\xa0done"), frame(0x81, b"too late")].concat();
        let mut socket = WebSocket::default();
        let answer = exchange(&mut socket, &goodbye, Part::More);
        assert_eq!(answer, (b"\x88\x06\x0f\xa0done".to_vec(), Part::Last));
        assert_eq!(socket.take_credit(), goodbye.len());
        let empty = exchange(&mut WebSocket::default(), &frame(0x88, b""), Part::More);
        assert_eq!(empty, (b"\x88\x00".to_vec(), Part::Last));
    }

    #[test]
    fn the_end_of_the_tunnel_ends_it() {
        for octets in [&b""[..], &frame(0x81, b"one")[..4]] {
            let answer = exchange(&mut WebSocket::default(), octets, Part::Last);
            assert_eq!(answer, (Vec::new(), Part::Last));
        }
        let answer = exchange(&mut WebSocket::default(), &frame(0x81, b"one"), Part::Last);
        assert_eq!(answer, (b"\x81\x03one".to_vec(), Part::Last));
    }

    #[test]
    fn what_breaks_the_rules_is_told_why_it_ends() {
        let too_long = (MESSAGE_OCTETS as u64 + 1).to_be_bytes();
        for (octets, code) in [
            (b"\x81\x03one".to_vec(), 1002_u16),
            (frame(0xc1, b"reserved"), 1002),
            (frame(0x80, b"continued"), 1002),
            (frame(0x89, &[0; 126]), 1002),
            (frame(0x88, b"\x03"), 1002),
            (frame(0x81, b"\xff"), 1007),
            ([b"\x82\xff", &too_long[..], b"mask"].concat(), 1009),
            ([frame(0x02, &[0; MESSAGE_OCTETS]), frame(0x80, b"x")].concat(), 1009),
        ] {
            let mut socket = WebSocket::default();
            let (answer, part) = exchange(&mut socket, &octets, Part::More);
            assert_eq!((answer, part), ([b"\x88\x02", &code.to_be_bytes()[..]].concat(), Part::Last));
            assert_eq!(socket.take_credit(), octets.len());
        }
    }

    #[test]
    fn nothing_is_read_before_the_answer_is_taken() {
        let messages = frame(0x82, &[7; 100_000]).repeat(5);
        let mut socket = WebSocket::default();
        socket.push(&messages, Part::More);
        let mut read = 0;
        for answered in 1..=5 {
            assert!(socket.next_chunk().is_some());
            read += socket.take_credit();
            let ahead = read - answered * messages.len() / 5;
            assert!(ahead <= 2 * READ_OCTETS, "{ahead} octets after {answered} answers");
        }
        assert!(socket.next_chunk().is_none());
    }
}
