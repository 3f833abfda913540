//! The seeds of the fuzz targets, replayed: what any of them has ever found stays mended.

mod fuzzing;

use std::fs;
use std::path::Path;

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
