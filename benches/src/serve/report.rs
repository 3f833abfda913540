//! The table of the servers: figures side by side, and the goals.

use std::fmt::Write as _;

use anyhow::Result;

use super::load::Load;
use super::servers::Kind;
use crate::measure::median;
use crate::table::grouped;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    Page,
    File,
}

impl Workload {
    pub(crate) const ALL: [Self; 2] = [Self::Page, Self::File];

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Page => "/page.txt",
            Self::File => "/file.txt",
        }
    }

    pub(crate) const fn octets(self) -> u64 {
        match self {
            Self::Page => 1_000,
            Self::File => 100 << 20,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Page => "GET of 1,000 octets",
            Self::File => "GET of 100 MiB",
        }
    }

    /// In what speed is told, and how much of it one request a second is.
    const fn speed(self) -> (&'static str, f64) {
        match self {
            Self::Page => ("requests a second", 1.0),
            Self::File => ("MiB a second", 100.0),
        }
    }

    /// In what processor time is told, and how much of it one second a request is.
    const fn cost(self) -> (&'static str, f64) {
        match self {
            Self::Page => ("processor time a request, µs", 1e6),
            Self::File => ("processor time a GiB, s", 10.24),
        }
    }
}

/// What one server did in one round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) kind: Kind,
    pub(crate) workload: Workload,
    pub(crate) requests_a_second: f64,
    /// Processor time.
    pub(crate) seconds_a_request: f64,
}

/// One line: medians of all servers.
struct Figure {
    workload: Workload,
    measure: &'static str,
    values: [f64; Kind::ALL.len()],
    decimals: usize,
    goals: &'static [Goal],
}

/// `serve` is to be at least so many times as fast as another server.
#[derive(Clone, Copy, Debug)]
struct Goal {
    peer: Kind,
    times: f64,
}

const GOALS: &[Goal] = &[Goal { peer: Kind::Nghttpd, times: 1.0 }, Goal { peer: Kind::Hyper, times: 1.5 }];

pub(crate) fn markdown(
    loads: &[(Workload, Load)],
    rounds: u64,
    threads: usize,
    samples: &[Sample],
) -> Result<String> {
    let mut text = String::new();
    for (workload, load) in loads {
        let Load { requests, connections, streams } = load;
        let (title, requests) = (workload.title(), grouped(*requests as f64, 0));
        writeln!(
            text,
            "- {title}: {requests} requests on {connections} connections, up to {streams} at once on each"
        )?;
    }
    writeln!(text, "- {threads} threads for each server, medians of {rounds} rounds\n")?;
    let titles = Kind::ALL.map(Kind::title).join(" | ");
    writeln!(text, "| workload | measure | {titles} | `serve` ÷ nghttpd | `serve` ÷ hyper | goals | |")?;
    writeln!(text, "|---|---|--:|--:|--:|--:|--:|---|---|")?;
    for figure in loads.iter().flat_map(|(workload, _)| figures(*workload, samples)) {
        writeln!(text, "{}", figure.line())?;
    }
    Ok(text)
}

/// The speed, which has the goals, and the processor time.
fn figures(workload: Workload, samples: &[Sample]) -> [Figure; 2] {
    let medians = |value: &dyn Fn(&Sample) -> f64| {
        Kind::ALL.map(|kind| {
            let own = samples.iter().filter(|it| (it.kind, it.workload) == (kind, workload));
            median(own.map(value).collect())
        })
    };
    let (speed, speed_of_one) = workload.speed();
    let (cost, cost_of_one) = workload.cost();
    let speeds = medians(&|it| it.requests_a_second * speed_of_one);
    let costs = medians(&|it| it.seconds_a_request * cost_of_one);
    [
        Figure { workload, measure: speed, values: speeds, decimals: 0, goals: GOALS },
        Figure { workload, measure: cost, values: costs, decimals: 2, goals: &[] },
    ]
}

impl Figure {
    fn of(&self, kind: Kind) -> f64 {
        self.values[kind as usize]
    }

    /// How the figure of `serve` relates to another's.
    fn ratio(&self, peer: Kind) -> f64 {
        self.of(Kind::Serve) / self.of(peer)
    }

    fn is_met(&self, goal: Goal) -> bool {
        self.ratio(goal.peer) >= goal.times
    }

    fn line(&self) -> String {
        let title = if self.goals.is_empty() { "" } else { self.workload.title() };
        let values = self.values.map(|value| grouped(value, self.decimals)).join(" | ");
        let ratios = [Kind::Nghttpd, Kind::Hyper].map(|peer| format!("{:.2}", self.ratio(peer))).join(" | ");
        let goals = listed(self.goals, |goal| format!("≥ {:.1}× {}", goal.times, goal.peer.title()));
        let verdicts =
            listed(self.goals, |goal| if self.is_met(*goal) { "met" } else { "**not met**" }.into());
        format!("| {title} | {} | {values} | {ratios} | {goals} | {verdicts} |", self.measure)
    }
}

fn listed(goals: &[Goal], shown: impl Fn(&Goal) -> String) -> String {
    match goals {
        [] => "–".into(),
        goals => goals.iter().map(shown).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(kind: Kind, workload: Workload, requests_a_second: f64) -> Sample {
        Sample { kind, workload, requests_a_second, seconds_a_request: 1.0 / requests_a_second }
    }

    #[test]
    fn the_table_has_the_medians_and_what_becomes_of_the_goals() -> Result<()> {
        let rounds = [[90_000.0, 1_000.0, 100_000.0], [1.5, 2.0, 1.0]];
        let samples: Vec<_> = rounds[0]
            .iter()
            .flat_map(|rate| Kind::ALL.map(|kind| sample(kind, Workload::Page, *rate)))
            .chain(
                Kind::ALL.into_iter().zip(rounds[1]).map(|(kind, rate)| sample(kind, Workload::File, rate)),
            )
            .collect();
        let load = |requests| Load { requests, connections: 8, streams: 100 };
        let text = markdown(&[(Workload::Page, load(1_000)), (Workload::File, load(16))], 3, 2, &samples)?;
        let expected = "\
- GET of 1,000 octets: 1,000 requests on 8 connections, up to 100 at once on each
- GET of 100 MiB: 16 requests on 8 connections, up to 100 at once on each
- 2 threads for each server, medians of 3 rounds

| workload | measure | `serve` | nghttpd | hyper | `serve` ÷ nghttpd | `serve` ÷ hyper | goals | |
|---|---|--:|--:|--:|--:|--:|---|---|
| GET of 1,000 octets | requests a second | 90,000 | 90,000 | 90,000 | 1.00 | 1.00 | ≥ 1.0× nghttpd, ≥ 1.5× hyper | met, **not met** |
|  | processor time a request, µs | 11.11 | 11.11 | 11.11 | 1.00 | 1.00 | – | – |
| GET of 100 MiB | MiB a second | 150 | 200 | 100 | 0.75 | 1.50 | ≥ 1.0× nghttpd, ≥ 1.5× hyper | **not met**, met |
|  | processor time a GiB, s | 6.83 | 5.12 | 10.24 | 1.33 | 0.67 | – | – |
";
        assert_eq!(text, expected);
        Ok(())
    }
}
