//! The client: one connection for each origin, bodies in the order of the URLs, errors in one line each.

mod client;
mod order;
mod origin;
mod pushes;
mod report;
mod request;
mod target;
mod tls;
mod trace;

use std::collections::{HashSet, VecDeque};
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use order::Message;
use report::Report;
use request::Template;
use target::{Origin, Target};
use tls::Trust;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Fetches URLs over HTTP/2: `http:` by prior knowledge, `https:` by ALPN.
///
/// All URLs of one origin go over one connection at once. The bodies come out one after the other, in the order of
/// the URLs, whatever the order in which they arrive. A response counts as a success whatever its status is; the
/// exit status is 0 only if every URL got a whole one.
#[derive(Debug, Parser)]
#[command(name = "fetch")]
pub struct Options {
    /// Show the frames in both directions, and their fields, on standard error.
    #[arg(short, long)]
    verbose: bool,
    /// Take any certificate.
    #[arg(short = 'k', long)]
    insecure: bool,
    /// The method; GET if not given, or POST with -d.
    #[arg(short = 'X', long, value_name = "METHOD")]
    method: Option<String>,
    /// The body of the request, for every URL; @FILE sends a file.
    #[arg(short, long, value_name = "DATA|@FILE")]
    data: Option<String>,
    /// One more field of the request; may be given several times.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Let servers push, and tell on standard error what came in that way: `pushed: PATH STATUS OCTETS`.
    #[arg(long)]
    push: bool,
    /// Where the bodies go instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How long a server may let us wait without any progress.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    timeout: u32,
    /// What to fetch.
    #[arg(value_name = "URL", required = true)]
    urls: Vec<String>,
}

/// What becomes of responses that nobody asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Push {
    Refused,
    Taken,
}

/// What all connections share.
struct Job {
    /// In the order of the URLs; `None` for one that makes no sense.
    targets: Vec<Option<Target>>,
    template: Template,
    trust: Trust,
    push: Push,
    timeout: Duration,
    trace: trace::Mode,
    report: Report,
    bodies: mpsc::Sender<Message>,
}

/// Fetches all there is to fetch.
///
/// # Errors
///
/// When it cannot start, or the bodies cannot be written. Failures of single URLs are reported on the way, and
/// show in the exit code.
pub fn run(options: Options) -> anyhow::Result<ExitCode> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let output = open_output(&options)?;
    let (bodies, received) = mpsc::channel();
    let job = Arc::new(Job::new(options, bodies)?);
    let (done, written) = oneshot::channel();
    let count = job.targets.len();
    // Writing blocks, so it has a thread of its own.
    std::thread::spawn(move || done.send(order::write_in_order(&received, output, count)));

    let written = runtime.block_on(fetch_all(Arc::clone(&job), written));
    // A name that is still being looked up must not delay the end.
    runtime.shutdown_background();
    if let Err(order::Unwritten { request, error }) = written {
        job.fail(request, &format!("cannot write the body: {error}"));
    }
    job.report.finish();
    Ok(if job.report.has_failures() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Job {
    fn new(options: Options, bodies: mpsc::Sender<Message>) -> anyhow::Result<Self> {
        let progress = options.progress();
        let template = Template::new(options.method, options.data.as_deref(), &options.headers)?;
        let report = Report::new(progress, options.urls);
        let targets: Vec<_> = report.urls().iter().map(|url| url.parse::<Target>()).collect();
        let origins: HashSet<_> = targets.iter().flatten().map(|target| &target.origin).collect();
        let trace = match (options.verbose, origins.len()) {
            (false, _) => trace::Mode::Off,
            (true, 0 | 1) => trace::Mode::Plain,
            (true, _) => trace::Mode::Named,
        };
        for (request, target) in targets.iter().enumerate() {
            if let Err(error) = target {
                report.fail(request, &error.to_string());
                // The writer is there as long as the other end of the channel, which is not in use yet.
                let _ = bodies.send(Message::End { request });
            }
        }
        Ok(Self {
            template,
            push: if options.push { Push::Taken } else { Push::Refused },
            trust: if options.insecure { Trust::Anyone } else { Trust::WebRoots },
            timeout: Duration::from_secs(options.timeout.into()),
            trace,
            targets: targets.into_iter().map(Result::ok).collect(),
            report,
            bodies,
        })
    }

    /// The requests of each origin, in the order of the URLs.
    fn by_origin(&self) -> Vec<(Origin, VecDeque<usize>)> {
        let mut origins: Vec<(Origin, VecDeque<usize>)> = Vec::new();
        for (request, target) in self.targets.iter().enumerate() {
            let Some(target) = target else { continue };
            match origins.iter_mut().find(|(origin, _)| *origin == target.origin) {
                Some((_, requests)) => requests.push_back(request),
                None => origins.push((target.origin.clone(), VecDeque::from([request]))),
            }
        }
        origins
    }

    /// This request has failed, and nothing more comes of it.
    fn fail(&self, request: usize, reason: &str) {
        self.report.fail(request, reason);
        self.end(request);
    }

    /// The body of this request is complete, or will never be.
    fn end(&self, request: usize) {
        // If the writer is gone, so is everything, soon.
        let _ = self.bodies.send(Message::End { request });
    }
}

/// Runs all connections until everything has been written, or cannot be.
async fn fetch_all(job: Arc<Job>, mut written: oneshot::Receiver<order::Outcome>) -> order::Outcome {
    let mut connections = JoinSet::new();
    for (origin, requests) in job.by_origin() {
        connections.spawn(origin::fetch(Arc::clone(&job), origin, requests));
    }
    let outcome = tokio::select! {
        outcome = &mut written => outcome,
        () = all_ended(&mut connections) => written.await,
    };
    let outcome = outcome.unwrap_or(Ok(()));
    if outcome.is_ok() {
        // All bodies are there; what is left is to close the connections.
        let _ = timeout(GOODBYE, all_ended(&mut connections)).await;
    }
    outcome
}

async fn all_ended(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

impl Options {
    /// Progress is shown to somebody who looks at it, and not across a body or a trace.
    fn progress(&self) -> report::Progress {
        let body_elsewhere = self.output.is_some() || !io::stdout().is_terminal();
        if io::stderr().is_terminal() && body_elsewhere && !self.verbose {
            report::Progress::Shown
        } else {
            report::Progress::Hidden
        }
    }
}

fn open_output(options: &Options) -> anyhow::Result<Box<dyn Write + Send>> {
    Ok(match &options.output {
        Some(path) => {
            Box::new(File::create(path).with_context(|| format!("cannot write to {}", path.display()))?)
        }
        None => Box::new(io::stdout()),
    })
}

/// How long the end of the connections may take.
const GOODBYE: Duration = Duration::from_secs(2);
