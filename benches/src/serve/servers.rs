//! The servers: each a process of its own, started here and ended here.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The example of this crate.
    Serve,
    Nghttpd,
    /// A server of the crate `hyper`: this program in another process.
    Hyper,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Serve, Self::Nghttpd, Self::Hyper];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Serve => "`serve`",
            Self::Nghttpd => "nghttpd",
            Self::Hyper => "hyper",
        }
    }
}

/// A running server. It ends with this.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) kind: Kind,
    child: Process,
    url: String,
}

impl Server {
    /// Starts a server of the files below `root`, with so many threads, and waits until it listens.
    pub(crate) fn start(kind: Kind, root: &Path, threads: usize) -> Result<Self> {
        let (child, url) = match kind {
            Kind::Serve => {
                let mut command = Command::new(build_serve()?);
                command.args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--root"]).arg(root);
                announced(command, threads)
            }
            Kind::Nghttpd => nghttpd(root, threads),
            Kind::Hyper => {
                let mut command = Command::new(env::current_exe()?);
                command.arg("hyper").arg(root);
                announced(command, threads)
            }
        }
        .with_context(|| format!("cannot start {}", kind.title()))?;
        Ok(Self { kind, child, url })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The processor time of all its threads so far, in seconds.
    pub(crate) fn processor_seconds(&self) -> Result<f64> {
        let file = format!("/proc/{}/stat", self.child.0.id());
        let stat = fs::read_to_string(&file).with_context(|| file.clone())?;
        let ticks = ticks(&stat).with_context(|| format!("{file} tells no times: {stat}"))?;
        Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
    }
}

/// Ends when it is dropped.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Why a program could not be started.
pub(crate) fn missing(program: &str, package: &str, error: io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::NotFound => anyhow!("{program} is missing: the package {package} has it"),
        _ => anyhow!(error).context(program.to_owned()),
    }
}

/// A server of tokio's, which picks a port and says so.
fn announced(mut command: Command, threads: usize) -> Result<(Process, String)> {
    let child = command.env("TOKIO_WORKER_THREADS", threads.to_string()).stdout(Stdio::piped()).spawn()?;
    let mut child = Process(child);
    let mut line = String::new();
    BufReader::new(child.0.stdout.as_mut().context("no output")?).read_line(&mut line)?;
    let url = line.trim_end().strip_prefix(ANNOUNCEMENT).with_context(|| format!("it says {line:?}"))?;
    Ok((child, url.to_owned()))
}

/// It is told its port, and says nothing.
fn nghttpd(root: &Path, threads: usize) -> Result<(Process, String)> {
    let port = free_port()?;
    let child = Command::new("nghttpd")
        .args(["--no-tls", "--address=127.0.0.1", "--workers", &threads.to_string(), "--htdocs"])
        .arg(root)
        .arg(port.to_string())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| missing("nghttpd", "nghttp2-server", error))?;
    let mut child = Process(child);
    let end = Instant::now() + PATIENCE;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if let Some(status) = child.0.try_wait()? {
            bail!("it ended: {status}");
        }
        ensure!(Instant::now() < end, "it does not listen");
        thread::sleep(Duration::from_millis(10));
    }
    Ok((child, format!("http://127.0.0.1:{port}")))
}

/// A port that nobody had a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The program, after it has been built as it would be by hand.
fn build_serve() -> Result<PathBuf> {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--package", "examples", "--bin", "serve"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        // `cargo run` has set it, and what is written in C would be built anew.
        .env_remove("CFLAGS")
        .stderr(Stdio::inherit())
        .output()
        .context("cargo")?;
    ensure!(output.status.success(), "it cannot be built");
    executable(&String::from_utf8_lossy(&output.stdout)).context("cargo does not tell where it is")
}

/// The only executable that cargo tells of.
fn executable(messages: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    messages.into_iter().find_map(|message| Some(message.get("executable")?.as_str()?.into()))
}

/// The times in user and in system mode together, in a line of `/proc/PID/stat`.
fn ticks(stat: &str) -> Option<u64> {
    // The name of the program may hold spaces and parentheses.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

/// What a server says before the URL on which it listens.
pub(super) const ANNOUNCEMENT: &str = "listening on ";

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_behind_the_name_whatever_that_is() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 90 0 1 0 17 5 0 0 20 0 3 0 77 1 2 3";
        assert_eq!(ticks(stat), Some(22));
        assert_eq!(ticks("42 (serve) S 1"), None);
    }

    #[test]
    fn the_executable_is_the_one_that_cargo_tells_of() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null}\nnoise\n\
                        {\"reason\":\"compiler-artifact\",\"executable\":\"/target/serve\"}\n{}";
        assert_eq!(executable(messages), Some("/target/serve".into()));
        assert_eq!(executable("{}"), None);
    }

    #[test]
    fn what_is_missing_is_told_with_its_package() {
        let told = |kind: io::ErrorKind| missing("h2load", "nghttp2-client", kind.into()).to_string();
        assert_eq!(told(io::ErrorKind::NotFound), "h2load is missing: the package nghttp2-client has it");
        assert_eq!(told(io::ErrorKind::PermissionDenied), "h2load");
    }
}
