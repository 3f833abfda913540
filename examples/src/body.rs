//! Bodies on their way out, made as fast as the peer takes them and no faster.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::mem;

use bytes::Bytes;
use sans_h2::{Connection, Fields, Part, StreamId};

use crate::piece;
use crate::websocket::WebSocket;

/// What is left to send of one message.
pub enum Body {
    Whole(Bytes),
    /// So many octets: 0 to 250 in turn.
    Pattern(u64),
    /// So many octets of a file. Read by blocking calls: they are short, and nearly always answered from memory,
    /// while a thread pool would cost a round trip between threads for each.
    File(File, u64),
    Echo(Echo),
    WebSocket(Box<WebSocket>),
}

/// Whether a body needs another look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more: for the peer to take, or to send first.
    Unfinished,
    /// All of it is queued, or the stream is gone.
    Finished,
}

/// The next thing to send.
enum Next {
    Chunk(Bytes, Part),
    /// Nothing yet: it depends on what the peer sends.
    Wait,
}

impl Body {
    /// Moves as much into the stream as it takes now; `Event::Writable`, or for what answers the peer
    /// `Event::Data`, tells when to go on.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is shorter than it was. The stream cannot be finished then.
    pub fn pump(&mut self, connection: &mut Connection, id: StreamId) -> io::Result<Progress> {
        let Some(mut stream) = connection.stream(id) else { return Ok(Progress::Finished) };
        while stream.capacity() > 0 {
            let next = self.next()?;
            stream.release(self.take_credit());
            let Next::Chunk(chunk, part) = next else { break };
            let trailers = if part.is_last() { self.take_trailers() } else { None };
            let data_part = if trailers.is_some() { Part::More } else { part };
            stream.send_data(chunk, data_part).map_err(io::Error::other)?;
            if let Some(trailers) = trailers {
                stream.send_headers(trailers, Part::Last).map_err(io::Error::other)?;
            }
            if part.is_last() {
                return Ok(Progress::Finished);
            }
        }
        Ok(Progress::Unfinished)
    }

    /// How many octets are still to be sent, as far as is known.
    pub fn left(&self) -> u64 {
        match self {
            Self::Whole(whole) => whole.len() as u64,
            Self::Pattern(left) | Self::File(_, left) => *left,
            Self::Echo(echo) => echo.chunks.iter().map(|chunk| chunk.len() as u64).sum(),
            Self::WebSocket(_) => 0,
        }
    }

    /// How many of the peer's octets are on their way back, or done with, since this was last asked: the peer may send
    /// as many more.
    fn take_credit(&mut self) -> usize {
        match self {
            Self::Whole(_) | Self::Pattern(_) | Self::File(..) => 0,
            Self::Echo(echo) => mem::take(&mut echo.taken),
            Self::WebSocket(socket) => socket.take_credit(),
        }
    }

    fn take_trailers(&mut self) -> Option<Fields> {
        match self {
            Self::Echo(echo) => echo.trailers.take(),
            Self::Whole(_) | Self::Pattern(_) | Self::File(..) | Self::WebSocket(_) => None,
        }
    }

    /// The next piece, for a transport other than a stream; `None` while it depends on what comes.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is shorter than it was.
    pub fn next_chunk(&mut self) -> io::Result<Option<(Bytes, Part)>> {
        Ok(match self.next()? {
            Next::Chunk(chunk, part) => Some((chunk, part)),
            Next::Wait => None,
        })
    }

    fn next(&mut self) -> io::Result<Next> {
        let (chunk, left) = match self {
            Self::Whole(whole) => (mem::take(whole), 0),
            Self::Pattern(left) => {
                let chunk = pattern(*left);
                *left -= chunk.len() as u64;
                (chunk, *left)
            }
            Self::File(file, left) => {
                let chunk = piece::read(file, *left)?;
                *left -= chunk.len() as u64;
                (chunk, *left)
            }
            Self::Echo(echo) => return Ok(echo.next()),
            Self::WebSocket(socket) => {
                return Ok(socket.next_chunk().map_or(Next::Wait, |(chunk, part)| Next::Chunk(chunk, part)));
            }
        };
        Ok(Next::Chunk(chunk, if left == 0 { Part::Last } else { Part::More }))
    }
}

/// A request's body on its way back: received, but not yet taken for sending. It is never more than the stream's
/// window, because the peer gets no credit for it.
pub struct Echo {
    chunks: VecDeque<Bytes>,
    received: Part,
    /// How many octets have been taken, and not been told of.
    taken: usize,
    trailers: Option<Fields>,
}

impl Default for Echo {
    fn default() -> Self {
        Self { chunks: VecDeque::new(), received: Part::More, taken: 0, trailers: None }
    }
}

impl Echo {
    /// An echo with something to say at its end.
    pub fn with_trailers(trailers: Fields) -> Self {
        Self { trailers: Some(trailers), ..Self::default() }
    }

    pub fn push(&mut self, chunk: Bytes, part: Part) {
        if !chunk.is_empty() {
            self.chunks.push_back(chunk);
        }
        self.received = part;
    }

    fn next(&mut self) -> Next {
        let chunk = self.chunks.pop_front();
        self.taken += chunk.as_ref().map_or(0, Bytes::len);
        match (self.received, chunk) {
            (Part::More, None) => Next::Wait,
            (Part::More, Some(chunk)) => Next::Chunk(chunk, Part::More),
            (Part::Last, chunk) => {
                let part = if self.chunks.is_empty() { Part::Last } else { Part::More };
                Next::Chunk(chunk.unwrap_or_default(), part)
            }
        }
    }
}

/// Up to one [`PATTERN`]. Every chunk but the last is a whole one, so that the next starts anew.
fn pattern(left: u64) -> Bytes {
    let octets = usize::try_from(left).unwrap_or(usize::MAX).min(PATTERN.len());
    Bytes::from_static(&PATTERN[..octets])
}

/// The octets 0 to 250 in turn. Their number is a prime, so that a lost or doubled frame shows.
static PATTERN: [u8; 251 * 261] = {
    let mut octets = [0; 251 * 261];
    let mut at = 0;
    while at < octets.len() {
        octets[at] = (at % 251) as u8;
        at += 1;
    }
    octets
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_the_octets_that_were_asked_for() -> io::Result<()> {
        let wanted = 3 * PATTERN.len() + 7;
        let (mut body, mut octets) = (Body::Pattern(wanted as u64), Vec::new());
        while let Next::Chunk(chunk, part) = body.next()? {
            octets.extend_from_slice(&chunk);
            if part.is_last() {
                break;
            }
        }
        assert_eq!(octets.len(), wanted);
        assert!(octets.iter().enumerate().all(|(at, &octet)| octet == (at % 251) as u8));
        Ok(())
    }

    #[test]
    fn an_echo_ends_with_its_last_chunk() {
        let mut echo = Echo::default();
        assert!(matches!(echo.next(), Next::Wait));
        echo.push(Bytes::from_static(b"one"), Part::More);
        echo.push(Bytes::from_static(b"two"), Part::Last);
        assert!(matches!(echo.next(), Next::Chunk(chunk, Part::More) if chunk == "one"));
        assert!(matches!(echo.next(), Next::Chunk(chunk, Part::Last) if chunk == "two"));
    }

    #[test]
    fn an_echo_can_end_without_octets() {
        let mut echo = Echo::default();
        echo.push(Bytes::new(), Part::Last);
        assert!(matches!(echo.next(), Next::Chunk(chunk, Part::Last) if chunk.is_empty()));
    }
}
