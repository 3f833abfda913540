//! `serve` on its clear-text port, spoken to octet by octet: HTTP/1.1, and the ways from there to HTTP/2.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use bytes::Buf;
use common::{Server, pattern};
use sans_h2::{Config, Connection, Event, Fields, Time};

/// All that comes in answer to these octets until the server closes.
fn talk(server: &Server, octets: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut socket = TcpStream::connect(server.address()?)?;
    socket.set_read_timeout(Some(Duration::from_secs(30)))?;
    socket.write_all(octets)?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer)?;
    Ok(answer)
}

/// The head of the response and its body.
fn ask(server: &Server, request: &str) -> anyhow::Result<(String, Vec<u8>)> {
    let answer = talk(server, request.as_bytes())?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.map_or(answer.len(), |end| end + 4));
    Ok((String::from_utf8(head.to_vec())?, body.to_vec()))
}

#[test]
fn an_http_1_client_gets_what_an_http_2_client_gets() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    let (head, page) = ask(&server, "GET / HTTP/1.1\r\nHost: here\r\n\r\n")?;
    assert!(page.starts_with(b"<!doctype html>"));
    let expected = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        page.len()
    );
    assert_eq!(head, expected);
    assert_eq!(ask(&server, "HEAD / HTTP/1.1\r\nHost: here\r\n\r\n")?, (expected, Vec::new()));
    for (line, status) in [
        ("GET /missing HTTP/1.1", "404 Not Found"),
        ("GET / HTTP/1.0", "200 OK"),
        ("GET http://there/index.html HTTP/1.1", "200 OK"),
        ("DELETE / HTTP/1.1", "405 Method Not Allowed"),
        ("OPTIONS * HTTP/1.1", "405 Method Not Allowed"),
        ("CONNECT there:1 HTTP/1.1", "405 Method Not Allowed"),
    ] {
        let (head, _) = ask(&server, &format!("{line}\r\nHost: here\r\n\r\n"))?;
        assert_eq!(head.lines().next(), Some(format!("HTTP/1.1 {status}").as_str()), "{line}");
    }
    let (_, body) = ask(&server, "GET /bytes/1000000 HTTP/1.1\r\nHost: here\r\n\r\n")?;
    assert!(body == pattern(1_000_000));
    Ok(())
}

#[test]
fn an_http_1_body_comes_back() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    let post = "POST /echo HTTP/1.1\r\nHost: here\r\n";
    let (head, body) = ask(&server, &format!("{post}Content-Length: 5\r\n\r\nhello"))?;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("content-length: 5\r\n"), "{head}");
    assert_eq!(body, b"hello");
    let (head, _) = ask(&server, &format!("{post}Content-Length: 1\r\nExpect: 100-continue\r\n\r\nx"))?;
    assert_eq!(head, "HTTP/1.1 100 Continue\r\n\r\n");
    let (head, _) = ask(&server, &format!("{post}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))?;
    assert!(head.starts_with("HTTP/1.1 411 "), "{head}");
    Ok(())
}

#[test]
fn a_bad_head_is_refused() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    let long = format!("GET /{} HTTP/1.1\r\nHost: here\r\n\r\n", "x".repeat(20_000));
    for (octets, status) in [
        ("\0\0\0\0\0", "400 Bad Request"),
        ("GET /\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request"),
        ("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "400 Bad Request"),
        (&long, "431 Request Header Fields Too Large"),
    ] {
        let (head, body) = ask(&server, octets)?;
        assert_eq!(head.lines().next(), Some(format!("HTTP/1.1 {status}").as_str()), "{octets:?}");
        assert!(body.is_empty());
    }
    Ok(())
}

#[test]
fn a_head_may_come_octet_by_octet() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    // The first one could be HTTP/2's.
    let mut socket = TcpStream::connect(server.address()?)?;
    socket.set_nodelay(true)?;
    for octet in b"POST / HTTP/1.1\r\nHost: here\r\n\r\n" {
        socket.write_all(&[*octet])?;
        thread::sleep(Duration::from_millis(2));
    }
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    Ok(())
}

/// What the upgraded client gets on stream 1, and for one more request.
fn converse(socket: &mut TcpStream, mut connection: Connection) -> anyhow::Result<Vec<(u32, Vec<u8>)>> {
    connection.open(Fields::request("GET", "http", "here", "/missing"), sans_h2::Part::Last)?;
    let mut bodies = vec![(1, Vec::new()), (3, Vec::new())];
    let (mut buffer, mut ended) = (vec![0; 65_536], 0);
    while ended < 2 {
        let mut output = connection.output();
        while output.has_remaining() {
            socket.write_all(output.chunk())?;
            output.advance(output.chunk().len());
        }
        let received = socket.read(&mut buffer)?;
        anyhow::ensure!(received > 0, "the server left");
        let mut input = &buffer[..received];
        while let Some(event) = connection.poll(&mut input, Time::ZERO) {
            match event {
                Event::Headers { part, .. } => ended += usize::from(part.is_last()),
                Event::Data { stream, data, part } => {
                    bodies[u32::from(stream) as usize / 2].1.extend_from_slice(data);
                    if let Some(mut stream) = connection.stream(stream) {
                        stream.release(data.len());
                    }
                    ended += usize::from(part.is_last());
                }
                Event::Reset { .. } | Event::Closed { .. } => anyhow::bail!("{event:?}"),
                _ => {}
            }
        }
    }
    Ok(bodies)
}

/// The engine takes the request only without the fields that were about the HTTP/1.1 connection.
// covers 9113-8.2.2-4
#[test]
fn an_upgraded_connection_goes_on_in_http_2() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    let (config, settings) = (Config::default(), Connection::http2_settings(&Config::default()));
    let head = format!(
        "GET /bytes/300000 HTTP/1.1\r\nHost: here\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
         HTTP2-Settings: {settings}\r\n\r\n"
    );
    let request = Fields::request("GET", "http", "here", "/bytes/300000");
    let (mut connection, _) = Connection::upgraded_client(config, &request)?;
    let mut socket = TcpStream::connect(server.address()?)?;
    socket.set_read_timeout(Some(Duration::from_secs(30)))?;
    // RFC 7540 §3.2 lets no client go on before the 101 response, but a server takes it if one does.
    let mut octets = head.into_bytes();
    let mut output = connection.output();
    octets.extend_from_slice(output.chunk());
    output.advance(output.chunk().len());
    socket.write_all(&octets)?;
    let mut switching = vec![0; SWITCHING.len()];
    socket.read_exact(&mut switching)?;
    assert_eq!(String::from_utf8(switching)?, SWITCHING);
    let bodies = converse(&mut socket, connection)?;
    assert!(bodies[0].1 == pattern(300_000));
    assert_eq!(bodies[1].1, b"There is nothing here.\n");
    Ok(())
}

#[test]
fn an_upgrade_that_cannot_be_granted_is_ignored() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    let upgrade = "Host: here\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n";
    for (line, rest) in [
        // Not base64url, not settings, not once, and with a body.
        ("GET / HTTP/1.1", "HTTP2-Settings: !\r\n\r\n"),
        ("GET / HTTP/1.1", "HTTP2-Settings: AAAA\r\n\r\n"),
        ("GET / HTTP/1.1", "\r\n"),
        ("GET / HTTP/1.1", "HTTP2-Settings: \r\nHTTP2-Settings: \r\n\r\n"),
        ("POST /echo HTTP/1.1", "HTTP2-Settings: \r\nContent-Length: 2\r\n\r\nhi"),
    ] {
        let (head, body) = ask(&server, &format!("{line}\r\n{upgrade}{rest}"))?;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && !body.is_empty(), "{rest:?}: {head}");
    }
    Ok(())
}

#[test]
fn whoever_has_said_nothing_is_not_waited_for() -> anyhow::Result<()> {
    let mut server = Server::start(None)?;
    let _silent = TcpStream::connect(server.address()?)?;
    thread::sleep(Duration::from_millis(200));
    server.interrupt()?;
    assert_eq!(server.exit_code(Duration::from_secs(5))?, Some(0));
    Ok(())
}

const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: h2c\r\n\r\n";
