//! How connections in clear text begin: in HTTP/2, or in HTTP/1.1 with or without the wish to go on in HTTP/2.

use std::io;
use std::time::Duration;

use bytes::BufMut;
use sans_h2::{Config, Connection, Fields, Preface, StreamId};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use super::http1::{Content, Expectation, Refused, Request, TOO_LARGE, response_head};
use super::site::{Answer, Site};
use crate::body::Body;

/// What a client has begun with.
pub enum Start {
    /// HTTP/2 by prior knowledge (RFC 9113 §3.3).
    Http2,
    Http1(Request),
    /// Nothing that can be served.
    Refused(Refused),
}

/// Reads until it is clear what the client speaks; `octets` are all that it has sent then. `None` if it left before.
///
/// # Errors
///
/// What the transport reports.
pub async fn recognise<T>(transport: &mut T, octets: &mut Vec<u8>) -> io::Result<Option<Start>>
where
    T: AsyncRead + Unpin,
{
    match timeout(PATIENCE, read_start(transport, octets)).await {
        Ok(start) => start,
        Err(_) if octets.is_empty() => Ok(None),
        Err(_) => Ok(Some(Start::Refused(TOO_SLOW))),
    }
}

async fn read_start<T>(transport: &mut T, octets: &mut Vec<u8>) -> io::Result<Option<Start>>
where
    T: AsyncRead + Unpin,
{
    loop {
        match Preface::of(octets) {
            Preface::Http2 => return Ok(Some(Start::Http2)),
            Preface::NeedMore => {}
            Preface::Http1 => match Request::parse(octets) {
                Ok(Some(request)) => return Ok(Some(Start::Http1(request))),
                Ok(None) if octets.len() >= HEAD_OCTETS => return Ok(Some(Start::Refused(TOO_LARGE))),
                Ok(None) => {}
                Err(refused) => return Ok(Some(Start::Refused(refused))),
            },
        }
        let room = HEAD_OCTETS.saturating_sub(octets.len());
        if transport.read_buf(&mut octets.limit(room)).await? == 0 {
            return Ok(None);
        }
    }
}

/// Goes on in HTTP/2 if the client asks for it, and for nothing that HTTP/2 would not carry: the connection, the
/// stream of the request, and what is asked for on it.
///
/// # Errors
///
/// What the transport reports.
pub async fn upgrade<T>(
    transport: &mut T,
    config: Config,
    request: &Request,
) -> io::Result<Option<(Connection, StreamId)>>
where
    T: AsyncWrite + Unpin,
{
    let Some(settings) = &request.upgrade else { return Ok(None) };
    let Ok(upgraded) = Connection::upgraded_server(config, settings, &request.fields) else {
        return Ok(None);
    };
    transport.write_all(SWITCHING).await?;
    Ok(Some(upgraded))
}

/// Answers by HTTP/1.1, the only request on this connection. `rest` is what came after its head.
///
/// # Errors
///
/// What the transport or the file system reports: the response is not complete then.
pub async fn respond<T>(mut transport: T, site: &Site, request: &Request, rest: &[u8]) -> io::Result<()>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let Answer { head, body } = site.answer(&request.fields);
    match (body, request.content) {
        (Some(Body::Echo(_)), Content::Length(octets)) => {
            echo(&mut transport, head, request.expectation, rest, octets).await?;
        }
        // Nobody here can tell where the body ends.
        (Some(Body::Echo(_)), Content::Coded) => return refuse(transport, LENGTH_REQUIRED).await,
        (Some(body), _) => send(&mut transport, &head, body).await?,
        (None, _) => transport.write_all(&response_head(&head)).await?,
    }
    finish(transport).await
}

/// Says by HTTP/1.1 that nothing can be done.
///
/// # Errors
///
/// What the transport reports.
pub async fn refuse<T>(mut transport: T, Refused(status): Refused) -> io::Result<()>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let head = Fields::response(status).with("content-length", "0");
    transport.write_all(&response_head(&head)).await?;
    finish(transport).await
}

async fn send<T: AsyncWrite + Unpin>(transport: &mut T, head: &Fields, mut body: Body) -> io::Result<()> {
    transport.write_all(&response_head(head)).await?;
    while let Some((chunk, part)) = body.next_chunk()? {
        transport.write_all(&chunk).await?;
        if part.is_last() {
            break;
        }
    }
    Ok(())
}

/// Sends so many octets of what comes back as they come.
async fn echo<T>(
    transport: &mut T,
    head: Fields,
    expectation: Expectation,
    rest: &[u8],
    octets: u64,
) -> io::Result<()>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    if expectation == Expectation::Continue {
        transport.write_all(CONTINUE).await?;
    }
    transport.write_all(&response_head(&head.with("content-length", octets.to_string()))).await?;
    let (reader, mut writer) = tokio::io::split(transport);
    let copied = tokio::io::copy(&mut rest.chain(reader).take(octets), &mut writer).await?;
    if copied == octets { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Closes the transport so that the last octets arrive: a socket closed on unread ones would be reset.
async fn finish<T: AsyncRead + AsyncWrite + Unpin>(mut transport: T) -> io::Result<()> {
    transport.shutdown().await?;
    let mut unwanted = [0; 4_096];
    tokio::select! {
        () = sleep(LINGER) => Ok(()),
        gone = async {
            while transport.read(&mut unwanted).await? > 0 {}
            io::Result::Ok(())
        } => gone,
    }
}

const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: h2c\r\n\r\n";

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

const LENGTH_REQUIRED: Refused = Refused(411);

const TOO_SLOW: Refused = Refused(408);

/// How many octets the head of a request may have.
pub const HEAD_OCTETS: usize = 16_384;

/// How long a client may take to say what it speaks, and what it wants if that is HTTP/1.1.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a client may take to read the last octets and to close its end.
const LINGER: Duration = Duration::from_secs(1);
