//! Servers on sockets, under the load of h2load in turn: what comes of the engine in a whole program.

pub(crate) mod hyper;
mod load;
#[path = "../../../examples/src/piece.rs"]
mod piece;
mod report;
mod servers;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::{env, process, thread};

use anyhow::{Context, Result};
use clap::Args;

use crate::results::{self, Section};
use load::Load;
use report::{Sample, Workload};
use servers::{Kind, Server};

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How many requests of the page each server gets in one round.
    #[arg(short = 'n', long, default_value_t = 500_000, value_parser = clap::value_parser!(u64).range(1..))]
    requests: u64,
    /// How many requests of the long file each server gets in one round.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..))]
    downloads: u64,
    /// How many connections ask.
    #[arg(short = 'c', long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..))]
    connections: u64,
    /// How many requests a connection has under way.
    #[arg(short = 'm', long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    streams: u64,
    /// How often each server has its turn.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// How many threads each server has; as many as there are processors if this is not given.
    #[arg(long)]
    threads: Option<usize>,
    /// Writes the table into RESULTS.md, too.
    #[arg(long)]
    record: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let root = Directory::new()?;
    write_files(&root.0)?;
    let threads = match options.threads {
        Some(threads) => threads,
        None => thread::available_parallelism()?.get(),
    };
    let servers: Vec<Server> =
        Kind::ALL.into_iter().map(|kind| Server::start(kind, &root.0, threads)).collect::<Result<_>>()?;
    let loads = [(Workload::Page, options.requests), (Workload::File, options.downloads)].map(
        |(workload, requests)| {
            (workload, Load { requests, connections: options.connections, streams: options.streams })
        },
    );
    let mut samples = Vec::new();
    for (workload, load) in loads {
        samples.extend(measure(&servers, workload, load, options.rounds as usize)?);
    }
    let text = report::markdown(&loads, options.rounds, threads, &samples)?;
    print!("{text}");
    if options.record { results::record(Section::SERVE, &text) } else { Ok(()) }
}

/// Rounds in which all have their turn.
fn measure(servers: &[Server], workload: Workload, load: Load, rounds: usize) -> Result<Vec<Sample>> {
    let warm_up = Load { requests: load.requests.div_ceil(10), ..load };
    for server in servers {
        sample(server, workload, warm_up)?;
    }
    let turns =
        (0..rounds).flat_map(|round| (0..servers.len()).map(move |turn| (turn + round) % servers.len()));
    turns.map(|nth| sample(&servers[nth], workload, load)).collect()
}

fn sample(server: &Server, workload: Workload, load: Load) -> Result<Sample> {
    let before = server.processor_seconds()?;
    let requests_a_second = load.run(&server.url(workload.path()), workload.octets())?;
    let seconds = server.processor_seconds()? - before;
    Ok(Sample {
        kind: server.kind,
        workload,
        requests_a_second,
        seconds_a_request: seconds / load.requests as f64,
    })
}

fn write_files(root: &Path) -> Result<()> {
    for workload in Workload::ALL {
        let path = root.join(workload.path().trim_start_matches('/'));
        let mut file = File::create(&path).with_context(|| path.display().to_string())?;
        io::copy(&mut io::repeat(b'x').take(workload.octets()), &mut file)?;
        file.flush()?;
    }
    Ok(())
}

/// A directory that goes with this.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Result<Self> {
        let path = env::temp_dir().join(format!("benches-{}", process::id()));
        fs::create_dir(&path).with_context(|| path.display().to_string())?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What is left of it is in nobody's way.
        let _ = fs::remove_dir_all(&self.0);
    }
}
