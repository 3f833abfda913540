//! The load: runs of h2load, and what it reports.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::servers::missing;

/// What h2load asks a server for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) requests: u64,
    pub(crate) connections: u64,
    pub(crate) streams: u64,
}

/// What h2load says that became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Report {
    requests_a_second: f64,
    /// Those that were answered to the end.
    succeeded: u64,
    /// Those whose status is 2xx.
    welcome: u64,
    /// Octets of bodies.
    octets: u64,
}

impl Load {
    /// Asks for what has so many octets; how many requests a second are answered.
    pub(crate) fn run(self, url: &str, octets: u64) -> Result<f64> {
        // A connection without a request is refused.
        let connections = self.connections.min(self.requests);
        let output = Command::new("h2load")
            .args(["-n".into(), self.requests.to_string(), "-c".into(), connections.to_string()])
            .args(["-m", &self.streams.to_string(), url])
            .output()
            .map_err(|error| missing("h2load", "nghttp2-client", error))?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "h2load: {}", String::from_utf8_lossy(&output.stderr));
        let report = Report::of(&text).with_context(|| format!("h2load tells too little: {text}"))?;
        let expected = Report {
            succeeded: self.requests,
            welcome: self.requests,
            octets: self.requests * octets,
            ..report
        };
        ensure!(report == expected, "not all of {expected:?} came from {url}, but {report:?}");
        Ok(report.requests_a_second)
    }
}

impl Report {
    fn of(text: &str) -> Option<Self> {
        let line = |head: &str| text.lines().find_map(|line| line.strip_prefix(head));
        Some(Self {
            requests_a_second: before(line("finished in ")?, " req/s")?.parse().ok()?,
            succeeded: before(line("requests: ")?, " succeeded")?.parse().ok()?,
            welcome: before(line("status codes: ")?, " 2xx")?.parse().ok()?,
            octets: before(line("traffic: ")?, ") data")?.rsplit('(').next()?.parse().ok()?,
        })
    }
}

/// The word that stands before this.
fn before<'t>(line: &'t str, end: &str) -> Option<&'t str> {
    line.split_once(end)?.0.rsplit(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "\
starting benchmark...
progress: 100% done

finished in 562.77ms, 35538.62 req/s, 102.39MB/s
requests: 20000 total, 20000 started, 20000 done, 19999 succeeded, 1 failed, 1 errored, 0 timeout
status codes: 19998 2xx, 0 3xx, 1 4xx, 0 5xx
traffic: 57.62MB (60420664) total, 58.81KB (60224) headers (space savings 95.30%), 57.22MB (60000000) data
                     min         max         mean         sd        +/- sd
req/s           :    4474.54     5212.63     4716.44      216.98    75.00%
";

    #[test]
    fn a_report_is_read() {
        let expected =
            Report { requests_a_second: 35_538.62, succeeded: 19_999, welcome: 19_998, octets: 60_000_000 };
        assert_eq!(Report::of(REPORT), Some(expected));
    }

    #[test]
    fn a_report_without_one_of_its_lines_is_none() {
        for head in ["finished", "requests", "status", "traffic"] {
            let cut: String =
                REPORT.lines().filter(|it| !it.starts_with(head)).collect::<Vec<_>>().join("\n");
            assert_eq!(Report::of(&cut), None, "without {head}");
        }
    }
}
