//! Keeps what has been gained: the engine's instructions may not rise above the committed figures.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::rows::{Engine, Input, Row};
use crate::valgrind;

/// How much a figure may rise: what a change of the compiler or of the allocator may bring.
const RISE: f64 = 1.03;

pub(crate) fn run(record: bool) -> Result<()> {
    let counted = count()?;
    if record {
        return write(&counted);
    }
    let committed = read()?;
    let mut faults = Vec::new();
    for (row, count) in &counted {
        let Some(most) = committed.get(row) else { bail!("no figure of {row} is committed") };
        let change = 100.0 * (count / most - 1.0);
        println!("{row}: {count:.1} instructions, {most:.1} committed, {change:+.1} %");
        if *count > most * RISE {
            faults.push(format!("{row} takes {change:.1} % more instructions than committed"));
        } else if *count < most / RISE {
            println!("{row} has become cheaper: `guard --record` keeps the gain");
        }
    }
    if faults.is_empty() { Ok(()) } else { bail!("{}", faults.join("\n")) }
}

/// Instructions of one operation of each row.
fn count() -> Result<BTreeMap<String, f64>> {
    let mut counted = BTreeMap::new();
    for row in Row::timed() {
        let input = Input::of(row)?;
        if input.is_generated() {
            eprintln!("SKIPPED: {row}, since the public stories are missing");
            continue;
        }
        let work = valgrind::work(row, Engine::Ours);
        let count = valgrind::instructions(&work, row.counted(&input))?.context("valgrind is missing")?;
        counted.insert(row.to_string(), count);
    }
    Ok(counted)
}

fn read() -> Result<BTreeMap<String, f64>> {
    let text = fs::read_to_string(path()).with_context(|| path().display().to_string())?;
    let line = |line: &str| {
        let (row, count) = line.split_once('\t').with_context(|| format!("no tab: {line}"))?;
        Ok((row.to_owned(), count.parse().with_context(|| format!("no number: {line}"))?))
    };
    text.lines().skip(1).map(line).collect()
}

/// Rows that could not be counted keep their figures.
fn write(counted: &BTreeMap<String, f64>) -> Result<()> {
    let mut all = if path().exists() { read()? } else { BTreeMap::new() };
    all.extend(counted.iter().map(|(row, count)| (row.clone(), *count)));
    let mut text = String::from("row\tinstructions an operation\n");
    for (row, count) in &all {
        writeln!(text, "{row}\t{count:.1}")?;
    }
    fs::write(path(), text).with_context(|| path().display().to_string())
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("INSTRUCTIONS.tsv")
}
