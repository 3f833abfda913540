//! RESULTS.md: each program that measures has a section there, and leaves those of the others alone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// What heads a section.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    /// How the program is called that writes it.
    pub(crate) command: &'static str,
}

impl Section {
    pub(crate) const TABLE: Self = Self { title: "In memory", command: "table" };
    pub(crate) const PROFILE: Self = Self { title: "Where the instructions go", command: "profile" };
    pub(crate) const SERVE: Self = Self { title: "Servers on sockets", command: "serve" };

    fn heading(self) -> String {
        format!("## {}\n", self.title)
    }

    fn text(self, results: &str) -> String {
        let (heading, command) = (self.heading(), self.command);
        format!(
            "{heading}\nThe last whole run of `cargo run --release -p benches -- {command}`.\n\n{results}\n"
        )
    }
}

/// Puts these results into their section.
pub(crate) fn record(section: Section, results: &str) -> Result<()> {
    let before = fs::read_to_string(path()).with_context(|| path().display().to_string())?;
    fs::write(path(), replaced(&before, section, results)).with_context(|| path().display().to_string())
}

/// The whole text with another section in the place of the old one, or behind all others.
fn replaced(text: &str, section: Section, results: &str) -> String {
    let new = section.text(results.trim_end());
    let start = text.find(&format!("\n{}", section.heading())).map(|before| before + 1);
    let Some(start) = start else { return format!("{}\n\n{new}", text.trim_end()) };
    let (before, old) = text.split_at(start);
    match old.find("\n## ") {
        Some(end) => format!("{before}{new}{}", &old[end..]),
        None => format!("{before}{new}"),
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_takes_the_place_of_its_last_version_only() {
        let first = replaced("# Results\n", Section::TABLE, "| 1 |");
        let both = replaced(&first, Section::SERVE, "| 2 |\n");
        assert!(both.starts_with(&first), "a new section goes behind the others");
        let changed = replaced(&both, Section::TABLE, "| 3 |\n");
        assert_eq!(changed, both.replace("| 1 |", "| 3 |"));
        let changed = replaced(&changed, Section::SERVE, "| 4 |");
        assert_eq!(changed, both.replace("| 1 |", "| 3 |").replace("| 2 |", "| 4 |"));
    }
}
