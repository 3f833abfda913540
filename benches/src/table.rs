//! The table: figures of all engines side by side, and the goals.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::json;

use crate::heap::{self, Heap};
use crate::measure;
use crate::results::{self, Section};
use crate::rows::{Engine, Input, Row};
use crate::valgrind;

/// What this engine is to reach.
#[derive(Clone, Copy, Debug)]
enum Goal {
    /// At most this share of nghttp2's figure.
    Share(f64),
    /// At most that of nghttp2.
    Peer,
    AtMost(f64),
    /// At least this share of the speed of copying alone.
    SpeedOfCopying(f64),
}

/// One line: what one operation of a row costs each engine.
struct Figure {
    row: Row,
    measure: &'static str,
    values: Vec<(Engine, f64)>,
    goal: Option<Goal>,
    decimals: usize,
}

pub(crate) fn print(only: Option<Row>, json: bool, rounds: usize, record: bool) -> Result<()> {
    let rows = Row::ALL.into_iter().filter(|row| only.is_none_or(|only| only == *row));
    let (mut figures, mut notes) = (Vec::new(), Vec::new());
    for row in rows {
        let input = Input::of(row)?;
        let more =
            if row == Row::Heap { heap_figures() } else { timed_figures(row, &input, rounds, &mut notes)? };
        if input.is_generated() {
            notes.push(format!(
                "{row}: the public stories are missing; a generated corpus takes their place."
            ));
        }
        if json {
            more.iter().for_each(|figure| println!("{}", figure.json()));
        }
        figures.extend(more);
    }
    if cfg!(nghttp2_asserts) {
        notes.push("nghttp2 was built with its assertions: it is faster without (`CFLAGS=-DNDEBUG`).".into());
    }
    // Each row has its own of the same.
    notes.sort();
    notes.dedup();
    if json {
        return Ok(());
    }
    let text = markdown(&figures, &notes)?;
    print!("{text}");
    if record { results::record(Section::TABLE, &text) } else { Ok(()) }
}

fn timed_figures(row: Row, input: &Input, rounds: usize, notes: &mut Vec<String>) -> Result<Vec<Figure>> {
    let times = measure::times(row, input, rounds);
    let with = |values: &dyn Fn(usize) -> f64| {
        row.engines().iter().enumerate().map(|(nth, engine)| (*engine, values(nth))).collect()
    };
    let time = with(&|nth| times[nth].0);
    let mut figures =
        vec![Figure { row, measure: "time, ns", values: time, goal: time_goal(row), decimals: 0 }];
    let mut instructions = Vec::new();
    for engine in row.engines() {
        match valgrind::instructions(&valgrind::work(row, *engine), row.counted(input))? {
            Some(count) => instructions.push((*engine, count)),
            None => notes.push("Instructions are not counted: valgrind is missing.".into()),
        }
    }
    let goal = share_goal(row);
    figures.push(Figure { row, measure: "instructions", values: instructions, goal, decimals: 0 });
    let engines = row.engines().iter().filter(|engine| **engine != Engine::Memcpy);
    let allocations = engines.map(|engine| (*engine, measure::allocations(row, *engine, input))).collect();
    let goal = matches!(row, Row::Decode | Row::Encode | Row::Get1).then_some(Goal::AtMost(0.005));
    figures.push(Figure { row, measure: "allocations", values: allocations, goal, decimals: 2 });
    figures.extend(octets_figure(row, input, &with(&|nth| times[nth].1)));
    Ok(figures)
}

fn octets_figure(row: Row, input: &Input, octets: &[(Engine, f64)]) -> Option<Figure> {
    let octets = octets.iter().copied().filter(|(engine, _)| *engine != Engine::Memcpy);
    match (row, input) {
        (Row::Decode | Row::Heap, _) => None,
        (Row::Encode, Input::Corpus(corpus)) => {
            let plain = corpus.plain_octets() as f64 / corpus.encoded_lists() as f64;
            let values = octets.map(|(engine, octets)| (engine, octets / plain)).collect();
            let goal = Some(if corpus.is_generated { Goal::Peer } else { Goal::AtMost(0.3087) });
            Some(Figure { row, measure: "output ratio", values, goal, decimals: 4 })
        }
        (_, _) => {
            let (values, goal) = (octets.collect(), Some(Goal::Peer));
            Some(Figure { row, measure: "octets on the wire", values, goal, decimals: 1 })
        }
    }
}

/// The goal for time, and for instructions where those tell something.
const fn time_goal(row: Row) -> Option<Goal> {
    match row {
        Row::DownCopied | Row::UpCopied => Some(Goal::SpeedOfCopying(0.95)),
        _ => share_goal(row),
    }
}

const fn share_goal(row: Row) -> Option<Goal> {
    match row {
        Row::Decode => Some(Goal::Share(0.33)),
        Row::Encode | Row::Get1 | Row::Get100 | Row::Grpc100 => Some(Goal::Share(0.4)),
        Row::DownLent | Row::UpLent => Some(Goal::Share(0.5)),
        Row::DownCopied | Row::UpCopied | Row::Heap => None,
    }
}

fn heap_figures() -> Vec<Figure> {
    let row = Row::Heap;
    let heaps: Vec<(Engine, Heap)> = row.engines().iter().map(|it| (*it, heap::of(*it))).collect();
    let figure = |measure, most, value: &dyn Fn(&Heap) -> f64| {
        let values = heaps.iter().map(|(engine, heap)| (*engine, value(heap))).collect();
        Figure { row, measure, values, goal: Some(Goal::AtMost(most)), decimals: 0 }
    };
    vec![
        figure("fresh client, octets", 4_096.0, &|heap| heap.fresh[0]),
        figure("fresh server, octets", 4_096.0, &|heap| heap.fresh[1]),
        figure("client idle after 10,000 requests, octets", 12_288.0, &|heap| heap.idle[0]),
        figure("server idle after 10,000 requests, octets", 12_288.0, &|heap| heap.idle[1]),
        figure("client's open idle stream, octets", 160.0, &|heap| heap.stream[0]),
        figure("server's open idle stream, octets", 160.0, &|heap| heap.stream[1]),
    ]
}

impl Figure {
    fn of(&self, engine: Engine) -> Option<f64> {
        self.values.iter().find(|(of, _)| *of == engine).map(|(_, value)| *value)
    }

    /// How this engine's figure relates to nghttp2's.
    fn ratio(&self, engine: Engine) -> Option<f64> {
        let peer = self.of(Engine::Nghttp2).filter(|peer| *peer > 0.0)?;
        Some(self.of(engine)? / peer)
    }

    fn is_met(&self) -> Option<bool> {
        let ours = self.of(Engine::Ours)?;
        let most = match self.goal? {
            Goal::Share(share) => self.of(Engine::Nghttp2)? * share,
            Goal::Peer => self.of(Engine::Nghttp2)?,
            Goal::AtMost(most) => most,
            Goal::SpeedOfCopying(share) => self.of(Engine::Memcpy)? / share,
        };
        // As exact as it is shown.
        Some(ours <= most + 0.5 * 0.1_f64.powi(4))
    }

    fn shown(&self, engine: Engine) -> String {
        self.of(engine).map_or("–".into(), |value| grouped(value, self.decimals))
    }

    fn goal(&self) -> String {
        match self.goal {
            None => "–".into(),
            Some(Goal::Share(share)) => format!("≤ {share:.2}×"),
            Some(Goal::Peer) => "≤ nghttp2's".into(),
            Some(Goal::AtMost(most)) if self.measure == "allocations" && most < 0.01 => "0".into(),
            Some(Goal::AtMost(most)) => format!("≤ {}", grouped(most, self.decimals)),
            Some(Goal::SpeedOfCopying(share)) => format!("≥ {share:.2} of memcpy's speed"),
        }
    }

    fn verdict(&self) -> &'static str {
        match self.is_met() {
            None => "–",
            Some(true) => "met",
            Some(false) => "**not met**",
        }
    }

    fn json(&self) -> serde_json::Value {
        let values: serde_json::Map<_, _> =
            self.values.iter().map(|(engine, value)| (engine.to_string(), json!(value))).collect();
        json!({
            "row": self.row.to_string(),
            "unit": self.row.unit(),
            "measure": self.measure,
            "values": values,
            "ratio": self.ratio(Engine::Ours),
            "goal": self.goal.map(|_| self.goal()),
            "met": self.is_met(),
        })
    }
}

fn markdown(figures: &[Figure], notes: &[String]) -> Result<String> {
    let mut text = String::new();
    let engines = Engine::ALL.map(Engine::title).join(" | ");
    writeln!(text, "| workload | one | measure | {engines} | sans-h2 ÷ nghttp2 | h2 ÷ nghttp2 | goal | |")?;
    writeln!(text, "|---|---|---|--:|--:|--:|--:|--:|--:|---|---|")?;
    let mut last = None;
    for figure in figures {
        let is_first = last.replace(figure.row) != Some(figure.row);
        let (title, unit) = if is_first { (figure.row.title(), figure.row.unit()) } else { ("", "") };
        let values = Engine::ALL.map(|it| figure.shown(it));
        let ratios = [Engine::Ours, Engine::H2]
            .map(|it| figure.ratio(it).map_or("–".into(), |ratio| format!("{ratio:.2}")));
        let (measure, goal, verdict) = (figure.measure, figure.goal(), figure.verdict());
        let cells = [&values[..], &ratios].concat().join(" | ");
        writeln!(text, "| {title} | {unit} | {measure} | {cells} | {goal} | {verdict} |")?;
    }
    let (met, all) = figures
        .iter()
        .filter_map(Figure::is_met)
        .fold((0, 0), |(met, all), it| (met + usize::from(it), all + 1));
    writeln!(text, "\n{met} of {all} goals are met.")?;
    for note in notes {
        writeln!(text, "\n{note}")?;
    }
    Ok(text)
}

/// With commas between thousands.
pub(crate) fn grouped(value: f64, decimals: usize) -> String {
    let shown = format!("{value:.decimals$}");
    let (whole, fraction) = shown.split_once('.').map_or((&shown[..], None), |(it, more)| (it, Some(more)));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 && digit.is_ascii_digit() {
            out.push(',');
        }
        out.push(digit);
    }
    fraction.map_or(out.clone(), |fraction| format!("{out}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(ours: f64, nghttp2: f64, goal: Goal) -> Figure {
        let values = vec![(Engine::Ours, ours), (Engine::Nghttp2, nghttp2)];
        Figure { row: Row::Get1, measure: "time, ns", values, goal: Some(goal), decimals: 0 }
    }

    #[test]
    fn goals_are_met_up_to_their_bounds() {
        assert_eq!(figure(40.0, 100.0, Goal::Share(0.4)).is_met(), Some(true));
        assert_eq!(figure(41.0, 100.0, Goal::Share(0.4)).is_met(), Some(false));
        assert_eq!(figure(0.3088, 1.0, Goal::AtMost(0.3087)).is_met(), Some(false));
        assert_eq!(figure(101.0, 100.0, Goal::Peer).is_met(), Some(false));
        assert_eq!(figure(1.0, 1.0, Goal::SpeedOfCopying(0.95)).is_met(), None, "nobody copied");
    }

    #[test]
    fn thousands_are_apart() {
        let shown = [(7.0, 0), (1_234.5, 1), (-1_000_000.0, 0), (0.30874, 4)].map(|(it, to)| grouped(it, to));
        assert_eq!(shown, ["7", "1,234.5", "-1,000,000", "0.3087"]);
    }
}
