//! The server: listeners, one task for each connection, and a clean stop.

mod exchange;
mod files;
mod http1;
mod site;
mod start;
mod tls;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use exchange::Exchange;
use sans_h2::{ALPN, Config, Connection, ErrorCode, Part};
use site::{Push, Site};
use start::Start;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::link::Link;

/// Serves files over HTTP/2: in clear text by prior knowledge or an upgrade from HTTP/1.1, and over TLS with a
/// certificate made at start. In clear text, clients that speak nothing but HTTP/1.1 are served, too.
///
/// Beside the files there are `POST /echo`, which sends the body back as it comes, `GET /bytes/N`, which sends
/// N octets: 0 to 250 in turn, and an extended CONNECT to /echo for "websocket", which opens a WebSocket that sends
/// every message back.
#[derive(Debug, Parser)]
#[command(name = "serve")]
pub struct Options {
    /// Where to listen for clear-text connections.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Where to listen for TLS connections.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    https: SocketAddr,
    /// The directory whose files are served, short ones as they were up to a second ago; a built-in page if none is
    /// given.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Push what the built-in page needs to clients that take it.
    #[arg(long)]
    push: bool,
}

/// What the connections are asked to do. It only ever moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Phase {
    Serving,
    /// Finish what has been asked, and take no more.
    Draining,
    /// Say goodbye at once.
    Closing,
}

/// Serves until it is interrupted, then lets the connections finish.
///
/// # Errors
///
/// When it cannot start: the directory, the certificate or a listener fails.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let push = if options.push { Push::WithPage } else { Push::Never };
    let site = Arc::new(Site::new(options.root.as_deref(), push)?);
    let server = Server { site, tls: tls::acceptor()? };
    let http = listen(options.http).await?;
    let https = listen(options.https).await?;
    let mut interrupts = interrupts()?;
    announce(&http, &https)?;

    let (phase, _) = watch::channel(Phase::Serving);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = http.accept() => match accepted {
                Ok((socket, _)) => {
                    connections.spawn(server.clone().serve_clear(socket, phase.subscribe()));
                }
                Err(error) => on_accept_error(&error).await,
            },
            accepted = https.accept() => match accepted {
                Ok((socket, _)) => {
                    connections.spawn(server.clone().serve_tls(socket, phase.subscribe()));
                }
                Err(error) => on_accept_error(&error).await,
            },
            Some(_) = connections.join_next() => {}
            _ = interrupts.recv() => break,
        }
    }
    drop((http, https));

    phase.send_replace(Phase::Draining);
    tokio::select! {
        () = all_ended(&mut connections) => {}
        () = sleep(GRACE) => {}
        // A second interrupt: somebody is in a hurry.
        _ = interrupts.recv() => {}
    }
    phase.send_replace(Phase::Closing);
    // Whoever does not even read the goodbye is cut off.
    let _ = timeout(GOODBYE, all_ended(&mut connections)).await;
    Ok(())
}

/// What every connection needs.
#[derive(Clone)]
struct Server {
    site: Arc<Site>,
    tls: TlsAcceptor,
}

impl Server {
    async fn serve_clear(self, socket: TcpStream, phase: watch::Receiver<Phase>) {
        if socket.set_nodelay(true).is_err() {
            return;
        }
        // A client that is cut off, or leaves, is nobody's error.
        let _ = self.begin(socket, phase).await;
    }

    /// Finds out what a client in clear text speaks, and serves it in that way.
    async fn begin(self, mut socket: TcpStream, mut phase: watch::Receiver<Phase>) -> io::Result<()> {
        let mut octets = Vec::with_capacity(start::HEAD_OCTETS);
        let start = tokio::select! {
            start = start::recognise(&mut socket, &mut octets) => start?,
            () = reached(&mut phase, Phase::Draining) => return Ok(()),
        };
        match start {
            None => {}
            Some(Start::Http2) => {
                let exchange = Exchange::new(Arc::clone(&self.site));
                let link = Link::resume(Connection::server(config()), socket, &octets);
                serve(link, exchange, phase).await;
            }
            Some(Start::Http1(request)) => {
                let rest = octets.split_off(request.octets);
                if let Some((mut connection, id)) = start::upgrade(&mut socket, config(), &request).await? {
                    let mut exchange = Exchange::new(Arc::clone(&self.site));
                    exchange.on_request(&mut connection, id, request.fields, Part::Last);
                    serve(Link::resume(connection, socket, &rest), exchange, phase).await;
                } else {
                    tokio::select! {
                        responded = start::respond(socket, &self.site, &request, &rest) => responded?,
                        () = reached(&mut phase, Phase::Closing) => {}
                    }
                }
            }
            Some(Start::Refused(refused)) => start::refuse(socket, refused).await?,
        }
        Ok(())
    }

    async fn serve_tls(self, socket: TcpStream, phase: watch::Receiver<Phase>) {
        if socket.set_nodelay(true).is_err() {
            return;
        }
        let Ok(Ok(stream)) = timeout(HANDSHAKE, self.tls.accept(socket)).await else { return };
        // RFC 9113 §3.2: without `h2` the client means another protocol.
        if stream.get_ref().1.alpn_protocol() == Some(ALPN) {
            let link = Link::new(Connection::server(config()), stream);
            serve(link, Exchange::new(self.site), phase).await;
        }
    }
}

/// Serves one connection in HTTP/2 to its end.
async fn serve<T>(mut link: Link<T>, mut exchange: Exchange, mut phase: watch::Receiver<Phase>)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let mut obeyed = Phase::Serving;
    loop {
        link.deliver(&mut exchange);
        if link.connection.is_closed() {
            break;
        }
        // Looked at in every turn, because the transport of a busy connection is always ready.
        let asked = *phase.borrow_and_update();
        if asked != obeyed {
            obey(&mut link.connection, asked);
            obeyed = asked;
            continue;
        }
        tokio::select! {
            biased;
            moved = link.moved(&mut exchange) => if moved.is_err() {
                return;
            },
            _ = phase.changed() => {}
        }
    }
    link.finish(&mut exchange).await;
}

/// Waits until the connections are asked for at least so much.
async fn reached(phase: &mut watch::Receiver<Phase>, wanted: Phase) {
    // When nobody is left to ask, all is over anyway.
    let _ = phase.wait_for(|asked| *asked >= wanted).await;
}

fn obey(connection: &mut Connection, asked: Phase) {
    match asked {
        Phase::Serving => {}
        Phase::Draining => connection.shut_down(),
        Phase::Closing => connection.close(ErrorCode::NO_ERROR),
    }
}

/// Windows wide enough for fast uploads, and still no more than a few MiB for a client that sends all it may.
fn config() -> Config {
    Config::builder()
        .initial_window_size(WINDOW)
        .connection_window_size(4 * WINDOW)
        .write_buffer_size(WRITE_BUFFER)
        .enable_connect_protocol(true)
        .build()
        .expect("the values are within their ranges")
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Tells where the server listens, also to a program that waits for the lines.
fn announce(http: &TcpListener, https: &TcpListener) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on http://{}", http.local_addr()?)?;
    writeln!(out, "listening on https://{}", https.local_addr()?)?;
    out.flush()
}

/// Too many open files, or a client that left too soon: neither must stop the server, or make it spin.
async fn on_accept_error(error: &io::Error) {
    eprintln!("serve: cannot accept: {error}");
    sleep(Duration::from_millis(50)).await;
}

async fn all_ended(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

#[cfg(unix)]
fn interrupts() -> io::Result<tokio::signal::unix::Signal> {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
}

#[cfg(windows)]
fn interrupts() -> io::Result<tokio::signal::windows::CtrlC> {
    tokio::signal::windows::ctrl_c()
}

/// What a stream may receive before the application takes some of it.
const WINDOW: u32 = 256 * 1024;

/// Room for the heads of as many responses as one write takes. The default would make four writes of one.
const WRITE_BUFFER: u32 = 16 * 1024;

/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long exchanges may go on after an interrupt.
const GRACE: Duration = Duration::from_secs(10);

/// How long the last octets may take.
const GOODBYE: Duration = Duration::from_secs(2);
