//! Starts the programs, and plays the peers that they should not have to meet.

#![allow(dead_code, reason = "every test program uses a part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bytes::Buf;
use sans_h2::{Config, Connection, Event, Time};

/// A running `serve` or `blocking`.
pub struct Server {
    child: Child,
    /// What the program said it listens on.
    pub urls: Vec<String>,
}

impl Server {
    /// `serve` with its page, or with the files below `root`.
    pub fn start(root: Option<&Path>) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_serve"));
        command.args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0"]);
        if let Some(root) = root {
            command.arg("--root").arg(root);
        }
        Self::listening(command, 2)
    }

    /// `serve` with its page, and what that needs pushed with it.
    pub fn start_pushing() -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_serve"));
        command.args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--push"]);
        Self::listening(command, 2)
    }

    pub fn start_blocking() -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blocking"));
        command.arg("127.0.0.1:0");
        Self::listening(command, 1)
    }

    fn listening(mut command: Command, listeners: usize) -> anyhow::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
        let mut urls = Vec::new();
        for line in lines.take(listeners) {
            let line = line?;
            urls.push(line.strip_prefix("listening on ").context("another line")?.to_string());
        }
        anyhow::ensure!(urls.len() == listeners, "it did not start");
        Ok(Self { child, urls })
    }

    pub fn http(&self, path: &str) -> String {
        format!("{}{path}", self.urls[0])
    }

    pub fn https(&self, path: &str) -> String {
        format!("{}{path}", self.urls[1])
    }

    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.urls[0].trim_start_matches("http://").parse()?)
    }

    pub fn interrupt(&self) -> anyhow::Result<()> {
        let status = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status()?;
        anyhow::ensure!(status.success(), "kill failed");
        Ok(())
    }

    /// The exit code, if it ends within `limit`.
    pub fn exit_code(&mut self, limit: Duration) -> anyhow::Result<Option<i32>> {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.code());
            }
            thread::sleep(Duration::from_millis(10));
        }
        bail!("it did not end within {limit:?}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `fetch` makes of these arguments. That it ends is part of every test.
pub fn fetch<I: IntoIterator<Item = S>, S: Into<String>>(arguments: I) -> anyhow::Result<Output> {
    let arguments: Vec<String> = arguments.into_iter().map(Into::into).collect();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(Command::new(env!("CARGO_BIN_EXE_fetch")).args(arguments).output()));
    Ok(receiver.recv_timeout(Duration::from_secs(60)).context("fetch does not end")??)
}

/// The lines on standard error.
pub fn errors(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stderr).lines().map(str::to_string).collect()
}

/// What `/bytes/N` sends.
pub fn pattern(octets: usize) -> Vec<u8> {
    (0..octets).map(|at| (at % 251) as u8).collect()
}

/// A new directory that is removed in the end.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new(name: &str) -> anyhow::Result<Self> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub fn file(&self, name: &str, octets: &[u8]) -> anyhow::Result<PathBuf> {
        let path = self.0.join(name);
        std::fs::write(&path, octets)?;
        Ok(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a scripted server does after an event.
pub enum Then {
    GoOn,
    /// Write what there is and close the transport.
    Close,
    /// Neither read nor write any more.
    Stall,
}

/// Listens, and treats one connection after the other as `serve` says; returns the URL's beginning.
pub fn listen(
    mut serve: impl FnMut(TcpStream) -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for socket in listener.incoming() {
            // A client that goes away is what most of these tests are about.
            let _ = socket.map_err(Into::into).and_then(|socket| {
                let last = socket.try_clone()?;
                serve(socket)?;
                see_off(last)
            });
        }
    });
    Ok(url)
}

/// Ends a connection so that what was written arrives: closing a socket on unread octets would reset it.
fn see_off(mut socket: TcpStream) -> anyhow::Result<()> {
    socket.shutdown(Shutdown::Write)?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut unread = [0; 4_096];
    while socket.read(&mut unread)? > 0 {}
    Ok(())
}

/// Serves one connection with the engine, as the script says.
pub fn play(
    mut socket: TcpStream,
    config: Config,
    mut script: impl FnMut(&mut Connection, Event<'_>) -> anyhow::Result<Then>,
) -> anyhow::Result<()> {
    let mut connection = Connection::server(config);
    let mut buffer = vec![0; 65_536];
    let mut input = &buffer[..0];
    loop {
        let mut then = Then::GoOn;
        while let Some(event) = connection.poll(&mut input, Time::ZERO) {
            then = script(&mut connection, event)?;
            if !matches!(then, Then::GoOn) {
                break;
            }
        }
        let mut output = connection.output();
        let wrote = output.has_remaining();
        while output.has_remaining() {
            socket.write_all(output.chunk())?;
            output.advance(output.chunk().len());
        }
        match then {
            Then::GoOn if wrote => continue,
            Then::GoOn if connection.is_closed() => return Ok(()),
            Then::GoOn => {}
            Then::Close => return Ok(()),
            Then::Stall => thread::sleep(Duration::from_secs(60)),
        }
        let received = socket.read(&mut buffer)?;
        if received == 0 {
            connection.end_of_input();
        }
        input = &buffer[..received];
    }
}
