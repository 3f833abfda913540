//! Writes bodies in the order of their requests, while they arrive in any order.
//!
//! What is not at its turn waits here, and its server gets no credit for it until it has been written: flow control
//! bounds the memory.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::mem;
use std::sync::mpsc;

use bytes::Bytes;
use sans_h2::StreamId;
use tokio::sync::mpsc::UnboundedSender;

/// Octets of a stream's body that have been written.
pub type Credit = (StreamId, usize);

/// What the connections have to say.
pub enum Message {
    /// More of a body.
    Piece { request: usize, piece: Piece },
    /// The body is complete, or will never be.
    End { request: usize },
}

/// Octets, and whom to tell when they have been written.
pub struct Piece {
    pub octets: Bytes,
    pub stream: StreamId,
    pub credits: UnboundedSender<Credit>,
}

/// Why writing has ended, and whose turn it was.
#[derive(Debug)]
pub struct Unwritten {
    pub request: usize,
    pub error: io::Error,
}

pub type Outcome = Result<(), Unwritten>;

/// Writes the bodies of the requests from 0 to `count`, until the last one has ended.
///
/// # Errors
///
/// When `output` fails.
pub fn write_in_order(
    messages: &mpsc::Receiver<Message>,
    output: Box<dyn Write + Send>,
    count: usize,
) -> Outcome {
    let mut order = Order { output, turn: 0, waiting: HashMap::new() };
    while order.turn < count {
        // When all connections are gone, nothing more will come.
        let Ok(message) = messages.recv() else { break };
        let written = match message {
            Message::Piece { request, piece } => order.on_piece(request, piece),
            Message::End { request } => order.on_end(request),
        };
        written.map_err(|error| Unwritten { request: order.turn, error })?;
    }
    order.output.flush().map_err(|error| Unwritten { request: count.saturating_sub(1), error })
}

struct Order {
    output: Box<dyn Write + Send>,
    /// The request whose body is being written.
    turn: usize,
    /// Those that come later.
    waiting: HashMap<usize, Waiting>,
}

#[derive(Default)]
struct Waiting {
    pieces: VecDeque<Piece>,
    stage: Stage,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    Ended,
}

impl Order {
    fn on_piece(&mut self, request: usize, piece: Piece) -> io::Result<()> {
        if request == self.turn {
            return self.write(piece);
        }
        self.waiting.entry(request).or_default().pieces.push_back(piece);
        Ok(())
    }

    fn on_end(&mut self, request: usize) -> io::Result<()> {
        self.waiting.entry(request).or_default().stage = Stage::Ended;
        // The next ones may have come whole already.
        while let Some(waiting) = self.waiting.get_mut(&self.turn) {
            let stage = waiting.stage;
            for piece in mem::take(&mut waiting.pieces) {
                self.write(piece)?;
            }
            if stage == Stage::Open {
                break;
            }
            self.waiting.remove(&self.turn);
            self.turn += 1;
        }
        Ok(())
    }

    fn write(&mut self, piece: Piece) -> io::Result<()> {
        self.output.write_all(&piece.octets)?;
        // A connection that has ended needs no credit.
        let _ = piece.credits.send((piece.stream, piece.octets.len()));
        Ok(())
    }
}
