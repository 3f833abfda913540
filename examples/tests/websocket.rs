//! WebSockets in tunnels that extended CONNECT opens (RFC 8441). What the frames mean is shown where they are read.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::Context;
use bytes::{Buf, Bytes};
use common::Server;
use sans_h2::frame::Settings;
use sans_h2::{Blocked, Config, Connection, Event, Fields, Head, Part, StreamId, Time};

/// A client with one tunnel, which takes what comes without giving credit for it.
struct Client {
    socket: TcpStream,
    connection: Connection,
    settings: Option<Settings>,
    status: Vec<u8>,
    received: Vec<u8>,
    ended: Part,
}

impl Client {
    /// A connection to a server that has said that it knows extended CONNECT.
    fn connect(server: &Server) -> anyhow::Result<Self> {
        let socket = TcpStream::connect(server.address()?)?;
        socket.set_read_timeout(Some(Duration::from_millis(500)))?;
        let mut client = Self {
            socket,
            connection: Connection::client(Config::default()),
            settings: None,
            status: Vec::new(),
            received: Vec::new(),
            ended: Part::More,
        };
        while client.settings.is_none() {
            client.turn()?.context("no settings")?;
        }
        Ok(client)
    }

    /// Asks for a tunnel, and waits for the answer.
    fn open(&mut self, protocol: &str, version: &str) -> anyhow::Result<StreamId> {
        let request = Fields::request("CONNECT", "http", "here", "/echo")
            .with(":protocol", protocol)
            .with("sec-websocket-version", version);
        let tunnel = self.connection.open(request, Part::More)?;
        while self.status.is_empty() {
            self.turn()?.context("no response")?;
        }
        Ok(tunnel)
    }

    fn send(&mut self, tunnel: StreamId, octets: &[u8]) -> anyhow::Result<()> {
        let mut stream = self.connection.stream(tunnel).context("no tunnel")?;
        Ok(stream.send_data(Bytes::copy_from_slice(octets), Part::More)?)
    }

    /// Sends what there is and takes what comes; `None` if that is nothing for a while.
    fn turn(&mut self) -> anyhow::Result<Option<()>> {
        let mut output = self.connection.output();
        while output.has_remaining() {
            self.socket.write_all(output.chunk())?;
            output.advance(output.chunk().len());
        }
        let mut buffer = vec![0; 65_536];
        let octets = match self.socket.read(&mut buffer) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(None);
            }
            read => read?,
        };
        anyhow::ensure!(octets > 0, "the server left");
        let mut input = &buffer[..octets];
        while let Some(event) = self.connection.poll(&mut input, Time::ZERO) {
            match event {
                Event::Settings(settings) => self.settings = Some(settings),
                Event::Headers { head: Head::Response, fields, .. } => {
                    self.status = fields.get(":status").context("no status")?.to_vec();
                }
                Event::Data { data, part, .. } => {
                    self.received.extend_from_slice(data);
                    self.ended = part;
                }
                Event::Reset { .. } | Event::Closed { .. } => anyhow::bail!("{event:?}"),
                _ => {}
            }
        }
        Ok(Some(()))
    }
}

/// A frame of a client, with a mask that leaves the payload as it is.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("no test needs more");
    [&[first, 0xfe], &length.to_be_bytes()[..], &[0; 4], payload].concat()
}

#[test]
fn a_websocket_sends_messages_back_until_the_goodbye() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    let mut client = Client::connect(&server)?;
    let tunnel = client.open("websocket", "13")?;
    assert_eq!(client.status, b"200");
    client.send(tunnel, &[frame(0x81, b"one"), frame(0x82, b"two")].concat())?;
    while client.received.len() < 10 {
        client.turn()?.context("no echo")?;
    }
    assert_eq!(client.received, b"\x81\x03one\x82\x03two");
    client.send(tunnel, &frame(0x88, b"\x03\xe8"))?;
    while !client.ended.is_last() {
        client.turn()?.context("no goodbye")?;
    }
    assert_eq!(client.received[10..], *b"\x88\x02\x03\xe8");
    Ok(())
}

#[test]
fn what_is_no_websocket_is_refused() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    for (protocol, version, status) in [("websocket", "8", "400"), ("connect-udp", "13", "405")] {
        let mut client = Client::connect(&server)?;
        client.open(protocol, version)?;
        assert_eq!(client.status, status.as_bytes(), "{protocol} {version}");
    }
    Ok(())
}

/// All that the server may hold are its window, what it has made ready to send, and a message.
#[test]
fn a_client_that_does_not_read_is_not_read_from() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    let mut client = Client::connect(&server)?;
    let tunnel = client.open("websocket", "13")?;
    let message = frame(0x82, &[7; 60_000]);
    let mut messages = 0;
    loop {
        let stream = client.connection.stream(tunnel).context("no tunnel")?;
        if stream.capacity() > 0 {
            client.send(tunnel, &message)?;
            messages += 1;
            anyhow::ensure!(messages < 100, "the server takes whatever comes");
        }
        if client.turn()?.is_none() {
            let stream = client.connection.stream(tunnel).context("no tunnel")?;
            if stream.capacity() == 0 && stream.blocked_on() == Some(Blocked::StreamWindow) {
                break;
            }
        }
    }
    assert_eq!(client.received.len(), 65_535);
    // The headers of the frames that come back have no mask.
    let wanted = messages * (message.len() - 4);
    let mut released = 0;
    while client.received.len() < wanted {
        let mut stream = client.connection.stream(tunnel).context("no tunnel")?;
        stream.release(client.received.len() - released);
        released = client.received.len();
        client.turn()?.context("no more comes")?;
    }
    let echoes = client.received.chunks(wanted / messages);
    assert!(echoes.into_iter().all(|echo| echo[4..] == message[8..]));
    Ok(())
}
