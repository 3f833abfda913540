//! The layer rule: a file uses only files of lower layers, or of its own module.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The layer of each top-level module; a path may use modules of lower layers only.
const LAYERS: [(&str, i8); 21] = [
    // A macro, on which even the lowest layer stands.
    ("registry", -1),
    ("growth", -1),
    ("base64", 0),
    ("id", 0),
    ("time", 0),
    ("error", 0),
    ("config", 1),
    ("fields", 1),
    ("flow", 1),
    ("hpack", 2),
    ("priority", 2),
    ("frame", 2),
    ("output", 2),
    ("http", 2),
    ("stream", 3),
    ("settings", 3),
    ("guard", 3),
    ("event", 3),
    ("connection", 4),
    // What callers may do, for fuzzers.
    ("arbitrary", 5),
    ("lib", 6),
];

#[test]
fn uses_point_to_lower_layers() {
    let layers = BTreeMap::from(LAYERS);
    let mut uses = 0;
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let module = module_of(&file);
        let source = fs::read_to_string(&file).unwrap();
        let top = file.file_stem().is_some_and(|name| name == module.as_str());
        assert!(!(top && code_of(&source).contains("super::")), "{} reaches past itself", file.display());
        let layer = *layers.get(module.as_str()).unwrap_or_else(|| panic!("{module} has no layer"));
        for used in used_modules(&source) {
            uses += 1;
            let below = *layers.get(used.as_str()).unwrap_or_else(|| panic!("{used} has no layer"));
            assert!(used == module || below < layer, "{} uses {used}", file.display());
        }
    }
    assert!(uses > 50, "the test has found the crate's uses: {uses}");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The top-level module that a file belongs to.
fn module_of(file: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let first = file.strip_prefix(root).unwrap().components().next().unwrap();
    Path::new(first.as_os_str()).file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Every top-level module after `crate::`, in code and not in comments.
fn used_modules(source: &str) -> Vec<String> {
    let lines: Vec<&str> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut used = Vec::new();
    for after in lines.join(" ").split("crate::").skip(1) {
        assert!(!after.starts_with('{'), "one use a module, so that this test can read them");
        used.push(first_word(after));
    }
    used.retain(|module| !module.is_empty() && module.chars().next().is_some_and(char::is_lowercase));
    used
}

/// A file without its tests, which may reach into it.
fn code_of(source: &str) -> &str {
    source.split("#[cfg(test)]").next().unwrap()
}

fn first_word(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}
