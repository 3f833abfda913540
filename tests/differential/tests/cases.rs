//! Cases over all rules: all engines agree, or the difference is written down with its reason.

#[path = "cases/compression.rs"]
mod compression;
#[path = "cases/control.rs"]
mod control;
#[path = "cases/differences.rs"]
mod differences;
#[path = "cases/frames.rs"]
mod frames;
#[path = "cases/messages.rs"]
mod messages;
#[path = "cases/promises.rs"]
mod promises;
#[path = "cases/streams.rs"]
mod streams;

use std::collections::BTreeSet;

use differences::Difference;
use sans_h2_differential::{Engine, Request, Script, Wire, run};

/// One test of all engines.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    name: String,
    script: Script,
}

impl Case {
    pub(crate) fn new(name: &str, script: Script) -> Self {
        Self { name: name.to_owned(), script }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(Script) -> Script) -> Self {
        self.script = change(self.script);
        self
    }
}

/// Octets to a server.
pub(crate) fn server(name: &str, wire: Wire) -> Case {
    Case::new(name, Script::server(wire))
}

/// Octets to a client.
pub(crate) fn client(name: &str, requests: &[Request], wire: Wire) -> Case {
    Case::new(name, Script::client(requests, wire))
}

fn all() -> Vec<Case> {
    let topics =
        [frames::cases, streams::cases, control::cases, messages::cases, compression::cases, promises::cases];
    topics.iter().flat_map(|cases| cases()).collect()
}

/// The written difference of a case, if there is one.
fn written(engine: Engine, case: &str) -> Option<&'static Difference> {
    differences::all().find(|it| it.engine == engine && it.cases.contains(&case))
}

#[test]
fn all_engines_agree_but_where_it_is_written_why_not() {
    let mut faults = Vec::new();
    for case in all() {
        let ours = run(Engine::Ours, &case.script);
        for engine in Engine::OTHERS {
            let theirs = run(engine, &case.script);
            let (found, written) = (ours.compare(&theirs), written(engine, &case.name));
            if found != written.map(|it| it.kind) {
                let written = written.map(|it| (it.kind, it.clause, it.reason));
                faults.push(format!(
                    "{}: {engine:?} {found:?}, written {written:?}: ours {}, theirs {}\n{ours:#?}\n{theirs:#?}",
                    case.name,
                    ours.verdict(),
                    theirs.verdict()
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{} unexplained:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_case_has_a_name_of_its_own_and_every_difference_a_case_and_a_clause() {
    let cases = all();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len());
    assert!(cases.len() >= 370, "{} cases", cases.len());
    let mut explained = BTreeSet::new();
    for difference in differences::all() {
        assert!(difference.clause.starts_with("RFC ") && !difference.reason.is_empty());
        for &case in difference.cases {
            assert!(names.contains(case), "no case is called {case}");
            assert!(explained.insert((difference.engine, case)), "{case} is explained twice");
        }
    }
}
