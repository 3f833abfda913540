//! `fetch` and `serve` against each other: what should work.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use common::{Directory, Server, errors, fetch, pattern};

#[test]
fn the_page_comes_in_clear_text_and_over_tls() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    for url in [server.http("/"), server.https("/")] {
        let output = fetch(["-k", "-v", &url])?;
        assert!(output.status.success());
        assert!(output.stdout.starts_with(b"<!doctype html>"));
        let trace = errors(&output);
        let length = format!("<     content-length: {}", output.stdout.len());
        for line in [
            "> HEADERS stream 1, END_STREAM",
            ">     :method: GET",
            "< HEADERS stream 1",
            "<     :status: 200",
            "<     content-type: text/html; charset=utf-8",
            &length,
        ] {
            assert!(trace.iter().any(|shown| shown == line), "{line} is not in {trace:#?}");
        }
    }
    Ok(())
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    let url = server.https("/");
    let output = fetch([&url])?;
    assert!(!output.status.success() && output.stdout.is_empty());
    assert_eq!(
        errors(&output),
        [format!("fetch: {url}: TLS failed: invalid peer certificate: UnknownIssuer")]
    );
    Ok(())
}

#[test]
fn head_brings_the_fields_alone() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    for path in ["/", "/bytes/18446744073709551615"] {
        let output = fetch(["-v", "-X", "HEAD", &server.http(path)])?;
        assert!(output.status.success() && output.stdout.is_empty());
        assert!(errors(&output).iter().any(|line| line.starts_with("<     content-length: ")));
    }
    Ok(())
}

#[test]
fn what_does_not_exist_or_work_has_its_status() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    for (method, path, status, allow) in [
        ("GET", "/missing", "404", None),
        ("GET", "/bytes/many", "404", None),
        ("DELETE", "/", "405", Some("GET, HEAD")),
        ("POST", "/bytes/1", "405", Some("GET, HEAD")),
        ("GET", "/echo", "405", Some("POST")),
    ] {
        let output = fetch(["-v", "-X", method, &server.http(path)])?;
        assert!(output.status.success() && !output.stdout.is_empty());
        let trace = errors(&output);
        assert!(trace.contains(&format!("<     :status: {status}")), "{method} {path}: {trace:#?}");
        if let Some(allow) = allow {
            assert!(trace.contains(&format!("<     allow: {allow}")), "{method} {path}: {trace:#?}");
        }
    }
    Ok(())
}

#[test]
fn an_echo_is_what_was_sent() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    let directory = Directory::new("echo")?;
    for octets in [0, 1, 70_000, 5_000_000] {
        let body = pattern(octets);
        let file = directory.file("body", &body)?;
        for url in [server.http("/echo"), server.https("/echo")] {
            let output = fetch(["-k", "-d", &format!("@{}", file.display()), &url])?;
            assert!(output.status.success(), "{:?}", errors(&output));
            assert!(output.stdout == body, "{octets} octets over {url}");
        }
    }
    let output = fetch(["-d", "hello", &server.http("/echo")])?;
    assert_eq!(output.stdout, b"hello");
    Ok(())
}

#[test]
fn a_body_that_nobody_wants_does_not_block() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    let directory = Directory::new("unwanted")?;
    let file = directory.file("body", &pattern(3_000_000))?;
    let output = fetch(["-d", &format!("@{}", file.display()), &server.http("/"), &server.http("/missing")])?;
    assert!(output.status.success(), "{:?}", errors(&output));
    Ok(())
}

#[test]
fn bytes_are_as_many_as_asked_for() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    for octets in [0, 1, 65_511, 65_512, 10_000_000] {
        let output = fetch([server.http(&format!("/bytes/{octets}"))])?;
        assert!(output.status.success() && output.stdout == pattern(octets), "{octets} octets");
    }
    Ok(())
}

#[test]
fn a_hundred_bodies_come_in_the_order_of_their_urls() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    let directory = Directory::new("hundred")?;
    let sizes = (0..100).map(|number| number * 7_919 % 100 * 5_000);
    let body: Vec<u8> = sizes.clone().flat_map(pattern).collect();
    let file = directory.0.join("bodies");
    let mut arguments = vec!["-k".to_string(), "-o".to_string(), file.display().to_string()];
    // Two origins, in turn.
    arguments.extend(sizes.enumerate().map(|(number, octets)| match number % 3 {
        0 => server.https(&format!("/bytes/{octets}")),
        _ => server.http(&format!("/bytes/{octets}")),
    }));
    let output = fetch(arguments)?;
    assert!(output.status.success() && output.stdout.is_empty(), "{:?}", errors(&output));
    assert!(std::fs::read(file)? == body);
    Ok(())
}

#[test]
fn files_come_from_below_the_root_alone() -> anyhow::Result<()> {
    let directory = Directory::new("files")?;
    directory.file("secret", b"secret")?;
    let root = directory.0.join("root");
    std::fs::create_dir_all(root.join("sub"))?;
    directory.file("root/a b.txt", &pattern(200_000))?;
    directory.file("root/empty.css", b"")?;
    directory.file("root/sub/index.html", b"index")?;
    let server = Server::start(Some(&root))?;
    let status = |path: &str| -> anyhow::Result<_> {
        let output = fetch(["-v", &server.http(path)])?;
        assert!(output.status.success());
        let trace = errors(&output);
        let field = |name: &str| trace.iter().find_map(|line| line.strip_prefix(name)).map(str::to_string);
        Ok((
            field("<     :status: ").context("no status")?,
            field("<     content-type: ").context("no content-type")?,
            output.stdout,
        ))
    };
    let ok = |kind: &str, body: &[u8]| ("200".to_string(), kind.to_string(), body.to_vec());
    assert_eq!(status("/a%20b.txt?query")?, ok("text/plain; charset=utf-8", &pattern(200_000)));
    assert_eq!(status("/empty.css")?, ok("text/css; charset=utf-8", b""));
    assert_eq!(status("/sub/")?, ok("text/html; charset=utf-8", b"index"));
    for path in ["/", "/missing", "/../secret", "/%2e%2e/secret", "/sub/..%2f..%2fsecret", "//../secret"] {
        assert_eq!(status(path)?.0, "404", "{path}");
    }
    Ok(())
}

#[test]
fn the_blocking_server_answers_each_get() -> anyhow::Result<()> {
    let server = Server::start_blocking()?;
    let urls: Vec<_> = (0..20).map(|number| server.http(&format!("/{number}"))).collect();
    let output = fetch(&urls)?;
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout)?, "Hello over HTTP/2!\n".repeat(20));

    let directory = Directory::new("blocking")?;
    let file = directory.file("body", &pattern(1_000_000))?;
    let output = fetch(["-v", "-d", &format!("@{}", file.display()), &urls[0]])?;
    assert!(output.status.success(), "{:?}", errors(&output));
    assert!(errors(&output).contains(&"<     :status: 405".to_string()));
    Ok(())
}

#[test]
fn pushed_responses_are_told_of_if_they_are_wanted() -> anyhow::Result<()> {
    let server = Server::start_pushing()?;
    for url in [server.http("/"), server.https("/")] {
        let style = fetch(["-k", &server.http("/style.css")])?.stdout.len();
        let output = fetch(["-k", "--push", &url])?;
        assert!(output.status.success() && output.stdout.starts_with(b"<!doctype html>"));
        assert_eq!(errors(&output), [format!("pushed: /style.css 200 {style}")]);
        let output = fetch(["-k", &url])?;
        assert!(output.status.success() && output.stderr.is_empty());
    }
    Ok(())
}

#[test]
fn an_interrupted_server_finishes_what_it_has_begun() -> anyhow::Result<()> {
    const OCTETS: usize = 100_000_000;
    let mut server = Server::start(None)?;
    let mut client = Command::new(env!("CARGO_BIN_EXE_fetch"))
        .arg(server.http(&format!("/bytes/{OCTETS}")))
        .stdout(Stdio::piped())
        .spawn()?;
    let mut body = client.stdout.take().context("no stdout")?;
    let mut octets = vec![0; 1_000_000];
    body.read_exact(&mut octets)?;

    server.interrupt()?;
    thread::sleep(Duration::from_millis(300));
    assert!(TcpStream::connect(server.address()?).is_err(), "it still accepts");

    body.read_to_end(&mut octets)?;
    assert!(octets == pattern(OCTETS));
    assert!(client.wait()?.success());
    assert_eq!(server.exit_code(Duration::from_secs(5))?, Some(0));
    Ok(())
}

#[test]
fn a_second_interrupt_cuts_off_whoever_is_silent() -> anyhow::Result<()> {
    let mut server = Server::start(None)?;
    let mut silent = TcpStream::connect(server.address()?)?;
    silent.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")?;
    thread::sleep(Duration::from_millis(200));
    server.interrupt()?;
    thread::sleep(Duration::from_millis(200));
    server.interrupt()?;
    assert_eq!(server.exit_code(Duration::from_secs(5))?, Some(0));
    Ok(())
}
