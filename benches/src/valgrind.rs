//! Instructions, counted by valgrind: the program runs itself under it.

use std::env;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::rows::{Engine, Input, Row};

/// A command of this program that does so many operations when the number is put behind its words.
pub(crate) type Work = Vec<String>;

/// The operations of a row.
pub(crate) fn work(row: Row, engine: Engine) -> Work {
    vec!["run".into(), row.to_string(), engine.to_string()]
}

pub(crate) fn is_there() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok()
}

/// Instructions of one operation: what `2n` take more than `n`. `None` without valgrind.
pub(crate) fn instructions(work: &Work, operations: usize) -> Result<Option<f64>> {
    let count = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"];
    let Some(once) = start(&count, work, operations)? else { return Ok(None) };
    let twice = start(&count, work, 2 * operations)?.context("valgrind is gone")?;
    let [once, twice] = [once, twice].map(|child| {
        let report = finish(child)?;
        references(&report).with_context(|| format!("valgrind tells no instructions: {report}"))
    });
    Ok(Some((twice? - once?) / operations as f64))
}

/// The functions that take the most instructions of an operation, their own only, with their shares.
pub(crate) fn profile(row: Row, engine: Engine, input: &Input, functions: usize) -> Result<String> {
    let operations = row.counted(input);
    let file = env::temp_dir().join(format!("benches-{}.callgrind", std::process::id()));
    let result = profile_to(&file, row, engine, operations, functions);
    // It may never have been written.
    let _ = std::fs::remove_file(&file);
    result
}

fn profile_to(file: &Path, row: Row, engine: Engine, operations: usize, functions: usize) -> Result<String> {
    let out = format!("--callgrind-out-file={}", file.display());
    let tool = ["--tool=callgrind", &out, "--toggle-collect=*Subject>::run*"];
    finish(start(&tool, &work(row, engine), operations)?.context("valgrind is missing")?)?;
    let output = Command::new("callgrind_annotate")
        .args(["--show-percs=no", "--threshold=100"])
        .arg(file)
        .output()
        .context("callgrind_annotate")?;
    let annotated = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = annotated.lines().filter_map(function);
    let (total, _) = lines.next().context("callgrind tells nothing")?;
    let of_one = |count: f64| count / operations as f64;
    let mut shown = format!("{row} of {engine}: {:.0} instructions per {}\n", of_one(total), row.unit());
    for (count, name) in lines.take(functions) {
        writeln!(shown, "{:9.1} {:5.1} % {name}", of_one(count), 100.0 * count / total)?;
    }
    Ok(shown)
}

/// The count and the name in a line of an annotation.
fn function(line: &str) -> Option<(f64, &str)> {
    let (count, rest) = line.trim_start().split_once(' ')?;
    let name = rest.trim_start().split(" [").next()?;
    Some((count.replace(',', "").parse().ok()?, name.trim_start_matches("???:")))
}

/// Starts so many operations under valgrind; `None` where that is missing.
fn start(tool: &[&str], work: &Work, operations: usize) -> Result<Option<Child>> {
    let started = Command::new("valgrind")
        .args(tool)
        .arg(env::current_exe()?)
        .args(work)
        .arg(operations.to_string())
        .env("GLIBC_TUNABLES", MOVES)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    match started {
        Ok(child) => Ok(Some(child)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("valgrind"),
    }
}

/// What valgrind reports.
fn finish(child: Child) -> Result<String> {
    let output = child.wait_with_output().context("valgrind")?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(report) } else { bail!("valgrind: {report}") }
}

/// The figure behind `I refs:`.
fn references(report: &str) -> Option<f64> {
    let line = report.lines().find(|line| line.contains("refs:"))?;
    let digits: String = line.rsplit(':').next()?.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// A string instruction is one to the processor, but to valgrind one for each octet that it moves, and memcpy has one
/// for long moves.
const MOVES: &str =
    "glibc.cpu.x86_rep_movsb_threshold=0x40000000:glibc.cpu.x86_rep_stosb_threshold=0x40000000";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_what_is_behind_the_colon() {
        let report = "==12== Command: benches run\n==12== I   refs:      1,234,567\n";
        assert_eq!(references(report), Some(1_234_567.0));
        assert_eq!(references("==12== nothing"), None);
    }

    #[test]
    fn functions_have_a_count_and_a_name() {
        let line = " 1,234  ???:<a as b>::run [/target/benches]";
        assert_eq!(function(line), Some((1_234.0, "<a as b>::run")));
        assert_eq!(function("Ir  file:function"), None);
    }
}
