//! The seeds of the fuzz targets, replayed: what any of them has ever found stays mended.

mod fuzzing;
mod support;

use std::fs;
use std::path::Path;

use sans_h2::{Config, Part};

#[test]
fn the_seeds_find_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (target, run) in fuzzing::TARGETS {
        let mut seeds = 0;
        for entry in fs::read_dir(folder.join(target)).expect("each target has seeds") {
            let path = entry.expect("a file").path();
            println!("{}", path.display());
            run(&fs::read(&path).expect("a seed"));
            seeds += 1;
        }
        assert!(seeds > 0, "{target} has no seeds");
    }
}

/// The input of the target `split` of a client's octets that come in pieces of these sizes, with each value of the
/// configuration by default, and no calls.
fn to_split(sizes: [u8; 5], octets: &[u8]) -> Vec<u8> {
    let values = format!("{:?}", Config::default()).matches(": ").count();
    // A server, without habits; then octets that are taken as they are.
    let mut data = vec![1, 0];
    data.resize(2 + values, 0);
    data.extend(sizes);
    data.push(7);
    data.extend(octets);
    // `arbitrary` takes lengths from the end.
    let length = u16::try_from(octets.len()).expect("a few frames");
    data.extend(length.to_be_bytes());
    data
}

/// Bodies of two streams that take turns, of which most pieces are cut: what is told of them does not depend on that.
#[test]
fn bodies_in_pieces_are_told_as_the_whole() {
    let mut client = support::Wire::client().post(1).post(3);
    for round in 0..6 {
        let part = if round == 5 { Part::Last } else { Part::More };
        client = client.data(1, &[round; 20], Part::More).data(1, &[round; 30], part);
        client = client.data(3, &[round; 40], Part::More).data(3, b"", part);
    }
    for sizes in [[3, 5, 7, 2, 11], [9, 1, 30, 4, 50], [0; 5]] {
        fuzzing::split(&to_split(sizes, &client.octets));
    }
}

/// A seed folder without a target is never run; nor is a target that nobody hands octets to.
#[test]
fn each_target_is_built_and_each_folder_is_a_targets() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let names = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(fuzz.join(folder)).expect("a folder of fuzz/");
        let stem = |entry: fs::DirEntry| entry.path().file_stem().unwrap().to_str().unwrap().to_owned();
        let mut names: Vec<_> = entries.map(|entry| stem(entry.unwrap())).collect();
        names.sort();
        names
    };
    let programs = names("fuzz_targets");
    assert_eq!(names("seeds"), programs);
    // The target against nghttp2 is replayed in `fuzz/` alone, and that of conversions with the feature `http`.
    let here: Vec<_> = fuzzing::TARGETS.iter().map(|(target, _)| *target).collect();
    let elsewhere: Vec<_> = programs.iter().filter(|program| !here.contains(&program.as_str())).collect();
    assert_eq!(elsewhere.len(), 1 + usize::from(cfg!(not(feature = "http"))), "{elsewhere:?}");
}
