//! Drives one [`Connection`] over a tokio transport.
//!
//! The engine owns no socket, so this is all that an async program needs to write once: octets in, octets out, and
//! events handed to whoever knows what they mean. Reading and writing go on at the same time, since two peers that
//! only write would wait for each other forever.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Buf;
use sans_h2::{Connection, Event, Role, Time};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, sleep, timeout};

/// What a program does with what happens on its connection.
pub trait Handler {
    /// Something has happened. Act on it at once, by commands to the connection.
    fn on_event(&mut self, connection: &mut Connection, event: Event<'_>);

    /// Octets have crossed the wire. Received ones are shown before the event that they led to.
    fn on_octets(&mut self, _direction: Direction, _octets: &[u8]) {}
}

/// Which way octets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the peer.
    Sent,
    /// From the peer.
    Received,
}

/// A connection and the transport that carries it.
pub struct Link<T> {
    pub connection: Connection,
    transport: T,
    /// Received octets: one buffer for the life of the connection. The first `filled` are news to the engine.
    buffer: Box<[u8]>,
    filled: usize,
    unsent: Unsent,
    epoch: Instant,
}

/// What has been written, but perhaps not sent: a transport such as TLS has a buffer of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unsent {
    Nothing,
    Something,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Link<T> {
    pub fn new(connection: Connection, transport: T) -> Self {
        Self::resume(connection, transport, &[])
    }

    /// Takes a transport over from which these octets have been read, and not been dealt with.
    pub fn resume(connection: Connection, transport: T, received: &[u8]) -> Self {
        let mut buffer = received.to_vec();
        buffer.resize(received.len().max(BUFFER_OCTETS), 0);
        Self {
            connection,
            transport,
            buffer: buffer.into_boxed_slice(),
            filled: received.len(),
            unsent: Unsent::Nothing,
            epoch: Instant::now(),
        }
    }

    /// Shows the engine what has come, and the handler what follows from it.
    pub fn deliver(&mut self, handler: &mut impl Handler) {
        let now = Time::from(self.epoch.elapsed());
        let mut input = self.buffer.get(..self.filled).unwrap_or_default();
        self.filled = 0;
        loop {
            let before = input;
            let event = self.connection.poll(&mut input, now);
            let taken = before.len().saturating_sub(input.len());
            if taken > 0 {
                handler.on_octets(Direction::Received, before.get(..taken).unwrap_or_default());
            }
            match event {
                Some(event) => handler.on_event(&mut self.connection, event),
                None => return,
            }
        }
    }

    /// Waits until octets have moved in either direction, or the engine's deadline has come; then
    /// [`deliver`](Self::deliver) is due. Nothing is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// What the transport reports. The peer's end of the transport is no error; the engine is told of it.
    pub async fn moved(&mut self, handler: &mut impl Handler) -> io::Result<()> {
        match self.connection.deadline() {
            None => poll_fn(|cx| self.poll_moved(cx, handler)).await,
            Some(deadline) => {
                let wait = Duration::from(deadline).saturating_sub(self.epoch.elapsed());
                let moved = poll_fn(|cx| self.poll_moved(cx, handler));
                timeout(wait, moved).await.unwrap_or(Ok(()))
            }
        }
    }

    /// Writes what is left, as long as the peer takes it, and lets go of the transport.
    pub async fn finish(mut self, handler: &mut impl Handler) {
        let goodbye = async {
            poll_fn(|cx| self.poll_write(cx, handler)).await?;
            self.transport.shutdown().await?;
            // Closing a socket on unread octets resets it, and the client might lose our last words: read on until
            // it has closed, too. A client's own last words matter to nobody.
            while self.connection.role() == Role::Server && self.transport.read(&mut self.buffer).await? > 0 {
            }
            io::Result::Ok(())
        };
        tokio::select! {
            // The peer is gone already if this fails.
            _ = goodbye => {}
            () = sleep(LINGER) => {}
        }
    }

    fn poll_moved(&mut self, cx: &mut Context<'_>, handler: &mut impl Handler) -> Poll<io::Result<()>> {
        let wrote = match self.poll_write(cx, handler) {
            Poll::Ready(Ok(Unsent::Something)) => Poll::Ready(Ok(())),
            Poll::Ready(Ok(Unsent::Nothing)) | Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
        };
        match self.poll_read(cx) {
            Poll::Pending => wrote,
            read => read,
        }
    }

    /// Writes all output there is; ready once the transport has sent it, with what there was.
    fn poll_write(&mut self, cx: &mut Context<'_>, handler: &mut impl Handler) -> Poll<io::Result<Unsent>> {
        loop {
            let mut output = self.connection.output();
            if !output.has_remaining() {
                break;
            }
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = output.chunks_vectored(&mut slices);
            let slices = slices.get(..count).unwrap_or_default();
            let written = ready!(Pin::new(&mut self.transport).poll_write_vectored(cx, slices))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            show(handler, output.chunks(), written);
            output.advance(written);
            self.unsent = Unsent::Something;
        }
        if self.unsent == Unsent::Something {
            ready!(Pin::new(&mut self.transport).poll_flush(cx))?;
        }
        Poll::Ready(Ok(mem::replace(&mut self.unsent, Unsent::Nothing)))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut buffer = ReadBuf::new(&mut self.buffer);
        ready!(Pin::new(&mut self.transport).poll_read(cx, &mut buffer))?;
        self.filled = buffer.filled().len();
        if self.filled == 0 {
            self.connection.end_of_input();
        }
        Poll::Ready(Ok(()))
    }
}

/// Shows the handler the first `octets` of what lies in `chunks`.
fn show<'o>(handler: &mut impl Handler, chunks: impl Iterator<Item = &'o [u8]>, mut octets: usize) {
    for chunk in chunks {
        if octets == 0 {
            return;
        }
        let sent = chunk.get(..octets).unwrap_or(chunk);
        handler.on_octets(Direction::Sent, sent);
        octets -= sent.len();
    }
}

/// One read takes up to this many octets.
const BUFFER_OCTETS: usize = 65_536;

/// One write gathers up to this many slices.
const SLICES: usize = 128;

/// How long a peer may take to read the last octets and to close its end.
const LINGER: Duration = Duration::from_secs(1);
