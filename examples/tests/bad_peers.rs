//! `fetch` against servers that fail it: a clear line, a non-zero status, and never a hang.

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use common::{Directory, Then, errors, fetch, listen, pattern, play};
use sans_h2::{Config, Connection, ErrorCode, Event, Fields, Part, StreamId};

fn assert_fails(url: &str, options: &[&str], reason: &str) -> anyhow::Result<()> {
    let output = fetch(options.iter().copied().chain([url]))?;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(errors(&output), [format!("fetch: {url}: {reason}")]);
    Ok(())
}

/// Answers the request on `stream`: this header section, this much of a body.
fn answer(
    connection: &mut Connection,
    stream: StreamId,
    head: Fields,
    body: &[u8],
    part: Part,
) -> anyhow::Result<()> {
    if let Some(mut stream) = connection.stream(stream) {
        stream.send_headers(head, Part::More)?;
        stream.send_data(Bytes::copy_from_slice(body), part)?;
    }
    Ok(())
}

#[test]
fn a_push_for_another_origin_is_refused() -> anyhow::Result<()> {
    let (sender, refused) = mpsc::channel();
    let url = listen(move |socket| {
        play(socket, Config::default(), |connection, event| {
            match event {
                Event::Headers { stream, .. } => {
                    let promise = Fields::request("GET", "http", "elsewhere", "/");
                    let promised = connection.push(stream, promise)?;
                    answer(connection, stream, Fields::response(200), b"page", Part::Last)?;
                    answer(connection, promised, Fields::response(200), b"pushed", Part::More)?;
                }
                Event::Reset { code, .. } => sender.send(code)?,
                _ => {}
            }
            Ok(Then::GoOn)
        })
    })?;
    let output = fetch(["--push", &url])?;
    assert!(output.status.success() && output.stdout == b"page" && output.stderr.is_empty());
    assert_eq!(refused.recv_timeout(Duration::from_secs(5))?, ErrorCode::PROTOCOL_ERROR);
    Ok(())
}

#[test]
fn a_closed_port() -> anyhow::Result<()> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let output = fetch([format!("http://{address}/a"), format!("http://{address}/b")])?;
    assert_eq!(output.status.code(), Some(1));
    let lines = errors(&output);
    assert_eq!(lines.len(), 2);
    for (line, path) in lines.iter().zip(["a", "b"]) {
        let start = format!("fetch: http://{address}/{path}: cannot connect: Connection refused");
        assert!(line.starts_with(&start), "{line}");
    }
    Ok(())
}

#[test]
fn a_server_that_speaks_something_else() -> anyhow::Result<()> {
    let url = listen(|mut socket| {
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\nNo.\n")?;
        thread::sleep(Duration::from_secs(1));
        Ok(())
    })?;
    let output = fetch([&url, &url])?;
    assert_eq!(output.status.code(), Some(1));
    let lines = errors(&output);
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert!(line.starts_with(&format!("fetch: {url}: the peer broke the protocol: ")), "{line}");
        assert!(line.contains("RFC 9113"), "{line}");
    }
    Ok(())
}

#[test]
fn a_server_that_is_silent() -> anyhow::Result<()> {
    let url = listen(|_socket| {
        thread::sleep(Duration::from_secs(60));
        Ok(())
    })?;
    assert_fails(&url, &["--timeout", "1"], "no progress for 1 s: the server does not answer")
}

#[test]
fn a_server_that_stops_reading() -> anyhow::Result<()> {
    let url = listen(|socket| {
        let config =
            Config::builder().initial_window_size(1 << 30).connection_window_size(1 << 30).build()?;
        play(socket, config, |_, event| {
            Ok(if let Event::Data { .. } = event { Then::Stall } else { Then::GoOn })
        })
    })?;
    let directory = Directory::new("unread")?;
    let file = directory.file("body", &pattern(50_000_000))?;
    let data = format!("@{}", file.display());
    assert_fails(&url, &["--timeout", "1", "-d", &data], "no progress for 1 s: the server does not read")
}

#[test]
fn a_server_that_gives_no_credit() -> anyhow::Result<()> {
    let url = listen(|socket| play(socket, Config::default(), |_, _| Ok(Then::GoOn)))?;
    let directory = Directory::new("credit")?;
    let file = directory.file("body", &pattern(1_000_000))?;
    let data = format!("@{}", file.display());
    let reason = "no progress for 1 s: the server gives no credit for the request's body";
    assert_fails(&url, &["--timeout", "1", "-d", &data], reason)
}

#[test]
fn a_server_that_stops_in_the_middle() -> anyhow::Result<()> {
    let url = listen(|socket| {
        play(socket, Config::default(), |connection, event| {
            if let Event::Headers { stream, .. } = event {
                answer(connection, stream, Fields::response(200), b"half", Part::More)?;
            }
            Ok(Then::GoOn)
        })
    })?;
    let output = fetch(["--timeout", "1", &url])?;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"half");
    assert_eq!(
        errors(&output),
        [format!("fetch: {url}: no progress for 1 s: the body stopped after 4 octets")]
    );
    Ok(())
}

#[test]
fn a_server_that_closes_in_the_middle() -> anyhow::Result<()> {
    let url = listen(|socket| {
        play(socket, Config::default(), |connection, event| {
            let Event::Headers { stream, .. } = event else { return Ok(Then::GoOn) };
            answer(connection, stream, Fields::response(200), b"half", Part::More)?;
            Ok(Then::Close)
        })
    })?;
    assert_fails(
        &url,
        &["-o", "/dev/null"],
        "the server closed the connection before the response was complete",
    )
}

#[test]
fn a_body_of_another_length() -> anyhow::Result<()> {
    let url = listen(|socket| {
        play(socket, Config::default(), |connection, event| {
            if let Event::Headers { stream, .. } = event {
                let head = Fields::response(200).with("content-length", "1000");
                answer(connection, stream, head, b"half", Part::Last)?;
            }
            Ok(Then::GoOn)
        })
    })?;
    let output = fetch([&url])?;
    assert_eq!(output.status.code(), Some(1));
    let lines = errors(&output);
    assert!(matches!(&lines[..], [line] if line.starts_with(&format!("fetch: {url}: "))), "{lines:?}");
    Ok(())
}

#[test]
fn a_stream_that_is_reset_is_the_only_one_to_fail() -> anyhow::Result<()> {
    let url = listen(|socket| {
        play(socket, Config::default(), |connection, event| {
            let Event::Headers { stream, fields, .. } = event else { return Ok(Then::GoOn) };
            if fields.get(":path") == Some(b"/bad") {
                if let Some(stream) = connection.stream(stream) {
                    stream.reset(ErrorCode::INTERNAL_ERROR);
                }
            } else {
                answer(connection, stream, Fields::response(200), b"good ", Part::Last)?;
            }
            Ok(Then::GoOn)
        })
    })?;
    let output = fetch([format!("{url}/1"), format!("{url}/bad"), format!("{url}/2")])?;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"good good ");
    assert_eq!(
        errors(&output),
        [format!("fetch: {url}/bad: the server reset the stream with INTERNAL_ERROR")]
    );
    Ok(())
}

#[test]
fn what_a_server_has_not_worked_on_is_asked_for_again() -> anyhow::Result<()> {
    // Each connection takes one request and shuts down.
    let url = listen(|socket| {
        let mut taken = 0;
        play(socket, Config::builder().max_concurrent_streams(1).build()?, |connection, event| {
            if let Event::Headers { stream, .. } = event {
                taken += 1;
                answer(connection, stream, Fields::response(200), b"good ", Part::Last)?;
                if taken == 1 {
                    connection.shut_down();
                }
            }
            Ok(Then::GoOn)
        })
    })?;
    let output = fetch((0..5).map(|number| format!("{url}/{number}")))?;
    assert!(output.status.success(), "{:?}", errors(&output));
    assert_eq!(output.stdout, b"good good good good good ");
    Ok(())
}

#[test]
fn few_streams_at_once_are_enough_for_many_urls() -> anyhow::Result<()> {
    let url = listen(|socket| {
        play(socket, Config::builder().max_concurrent_streams(3).build()?, |connection, event| {
            if let Event::Headers { stream, fields, .. } = event {
                let path = fields.get(":path").unwrap_or_default();
                answer(connection, stream, Fields::response(200), path, Part::Last)?;
            }
            Ok(Then::GoOn)
        })
    })?;
    let output = fetch((0..250).map(|number| format!("{url}/{number}")))?;
    assert!(output.status.success(), "{:?}", errors(&output));
    let expected: String = (0..250).map(|number| format!("/{number}")).collect();
    assert_eq!(String::from_utf8(output.stdout)?, expected);
    Ok(())
}

#[test]
fn a_reader_that_goes_away_ends_the_fetch() -> anyhow::Result<()> {
    let server = common::Server::start(None)?;
    let mut client = Command::new(env!("CARGO_BIN_EXE_fetch"))
        .args([server.http("/bytes/1000"), server.http("/bytes/1000000000000")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    drop(client.stdout.take());
    let mut lines = String::new();
    if let Some(mut stderr) = client.stderr.take() {
        stderr.read_to_string(&mut lines)?;
    }
    assert_eq!(client.wait()?.code(), Some(1));
    assert!(lines.starts_with("fetch: http://") && lines.contains("cannot write the body: "), "{lines}");
    assert_eq!(lines.lines().count(), 1, "{lines}");
    Ok(())
}

#[test]
fn what_makes_no_sense_is_told() -> anyhow::Result<()> {
    assert_fails("nonsense", &[], "not a URL: it must begin with http:// or https://")?;
    assert_fails("ftp://127.0.0.1/", &[], "the scheme ftp is not known, only http and https")?;
    for arguments in [["-H", "none"], ["-H", "Connection: close"], ["-d", "@/does/not/exist"], ["-X", "G T"]]
    {
        let output = fetch(arguments.into_iter().chain(["http://127.0.0.1:9/"]))?;
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(errors(&output).len(), 1);
    }
    Ok(())
}
