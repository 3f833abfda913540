//! What the engine costs beside nghttp2 and the crate `h2`.

#![deny(unsafe_code)]

mod corpus;
mod engine;
mod exchanges;
mod growth;
mod guard;
mod heap;
mod measure;
mod memory;
mod picture;
mod plan;
mod results;
mod rows;
mod serve;
mod sink;
mod subject;
mod table;
mod valgrind;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::engine::Memory;
use crate::growth::Axis;
use crate::results::Section;
use crate::rows::{Engine, Input, Row};

#[derive(Parser)]
#[command(about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures all rows, and prints a table in Markdown.
    Table {
        /// Only this row.
        #[arg(long)]
        only: Option<Row>,
        /// One line of JSON for each figure instead.
        #[arg(long)]
        json: bool,
        /// How often each engine has its turn.
        #[arg(long, default_value_t = 21)]
        rounds: usize,
        /// Writes the table into RESULTS.md, too.
        #[arg(long, conflicts_with_all = ["only", "json"])]
        record: bool,
    },
    /// Counts the instructions of this engine's operations, and fails where they are above the committed figures.
    Guard {
        /// Writes the figures instead.
        #[arg(long)]
        record: bool,
    },
    /// Times and counts with more and more streams, connections and fields, and draws growth.svg.
    Growth,
    /// Prints which functions take the most instructions, of all rows or of one.
    Profile {
        row: Option<Row>,
        #[arg(long, default_value_t = Engine::Ours)]
        engine: Engine,
        /// How many functions are shown.
        #[arg(long, default_value_t = 25)]
        functions: usize,
        /// Writes them into RESULTS.md, too.
        #[arg(long, conflicts_with_all = ["row", "engine"])]
        record: bool,
    },
    /// Puts `serve`, nghttpd and a server of hyper under the load of h2load in turn, and prints a table in Markdown.
    Serve(serve::Options),
    /// The server of hyper.
    #[command(hide = true)]
    Hyper { root: PathBuf },
    /// Does so many operations of a row, to be run under a profiler.
    Run { row: Row, engine: Engine, operations: usize },
    /// Does so many operations among so many of something, to be run under a profiler.
    Grow { axis: Axis, engine: Engine, count: usize, operations: usize },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Table { only, json, rounds, record } => table::print(only, json, rounds, record),
        Command::Guard { record } => guard::run(record),
        Command::Growth => growth::run(),
        Command::Profile { row, engine, functions, record } => profile(row, engine, functions, record),
        Command::Serve(options) => serve::run(&options),
        Command::Hyper { root } => serve::hyper::run(&root),
        Command::Run { row, engine, operations } => run(row, engine, operations),
        Command::Grow { axis, engine, count, operations } => {
            growth::work(axis, engine, count, operations);
            Ok(())
        }
    }
}

fn profile(row: Option<Row>, engine: Engine, functions: usize, record: bool) -> Result<()> {
    let rows: Vec<Row> = row.map_or_else(|| Row::timed().collect(), |row| vec![row]);
    let mut profiles = Vec::new();
    for row in rows {
        let profile = valgrind::profile(row, engine, &Input::of(row)?, functions)?;
        print!("{profile}");
        profiles.push(profile);
    }
    if record {
        results::record(Section::PROFILE, &format!("```text\n{}```", profiles.join("\n")))?;
    }
    Ok(())
}

fn run(row: Row, engine: Engine, operations: usize) -> Result<()> {
    let input = Input::of(row)?;
    let mut subject = subject::subject(row, engine, Memory::Own, &input);
    subject.run(operations);
    subject.check();
    Ok(())
}
