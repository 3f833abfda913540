//! The whole frames of the public `http2-frame-test-case`, to servers and clients that have streams open.

use std::io::{self, Write as _};
use std::{fs, path::Path};

use sans_h2_differential::{Engine, Kind, Request, Script, Wire, run};

/// Name, octets, of all vectors. `None`, loudly, if they are not here.
fn vectors() -> Option<Vec<(String, Vec<u8>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/http2-frame-test-case");
    let Ok(folders) = fs::read_dir(&folder) else {
        // Past the test runner's capture, so that nobody takes a skipped test for a passed one.
        writeln!(io::stderr(), "SKIPPED: {} is missing", folder.display())
            .expect("standard error takes a line");
        return None;
    };
    let mut vectors = Vec::new();
    for file in folders.filter_map(|entry| fs::read_dir(entry.unwrap().path()).ok()).flatten() {
        let file = file.unwrap();
        let case: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(file.path()).unwrap()).unwrap();
        let topic = file.path().parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let name = format!("{topic}/{}", file.file_name().to_string_lossy());
        vectors.push((name, hex(case["wire"].as_str().unwrap())));
    }
    vectors.sort();
    Some(vectors)
}

fn hex(digits: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(octet).collect()
}

/// The vector behind requests on streams 1 to 21, which it may name, or behind as many of the engine's.
fn scripts(octets: &[u8]) -> [(&'static str, Script); 2] {
    let opened = (0..11).fold(Wire::new(), |wire, nth| wire.post(2 * nth + 1));
    [
        ("server", Script::server(opened.octets(octets))),
        ("client", Script::client(&[Request::Get; 11], Wire::new().octets(octets))),
    ]
}

/// What RFC 9113 lets engines choose (§5.4, §5.4.1): another code, GOAWAY for RST_STREAM, no GOAWAY.
const CHOSEN: [Kind; 3] = [Kind::Code, Kind::Silent, Kind::Wider];

/// Vector, end, engine, how it differs, clause and reason.
const DIFFERENCES: [(&str, &str, Engine, Kind, &str); 3] = [
    (
        "error/priority-frame-stream.json",
        "server",
        Engine::Nghttp2,
        Kind::Accepts,
        "RFC 9113 §6.3: PRIORITY on stream 0 must be a connection error",
    ),
    (
        "error/priority-frame-stream.json",
        "client",
        Engine::Nghttp2,
        Kind::Accepts,
        "RFC 9113 §6.3: PRIORITY on stream 0 must be a connection error",
    ),
    (
        "goaway/normal.json",
        "client",
        Engine::Nghttp2,
        Kind::Refuses,
        "RFC 9113 §6.8: nothing demands that the last stream be one of the receiver's",
    ),
];

#[test]
fn all_engines_agree_on_the_vectors() {
    let Some(vectors) = vectors() else { return };
    let mut faults = Vec::new();
    let mut explained = 0;
    for (name, octets) in &vectors {
        for (side, script) in scripts(octets) {
            let ours = run(Engine::Ours, &script);
            for engine in Engine::OTHERS {
                let theirs = run(engine, &script);
                let Some(kind) = ours.compare(&theirs) else { continue };
                if DIFFERENCES.iter().any(|it| (it.0, it.1, it.2, it.3) == (name, side, engine, kind)) {
                    explained += 1;
                } else if !CHOSEN.contains(&kind) {
                    faults.push(format!("{name} to a {side}: {engine:?} {kind:?}\n{ours:#?}\n{theirs:#?}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!((vectors.len(), explained), (34, DIFFERENCES.len()));
}
