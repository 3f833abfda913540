//! The front page: its server is the example's to the letter, its set-up commands are two.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a file of the repository")
}

/// The code blocks of the README in this language.
fn blocks(readme: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    readme.split(&fence).skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_server_on_the_front_page_is_the_example() {
    let [server] = &blocks(&read("README.md"), "rust")[..] else { panic!("one block of Rust") };
    assert!(server.contains("connection.poll("));
    assert!(read("examples/src/bin/blocking.rs").contains(server.as_str()));
}

#[test]
fn two_commands_set_everything_up() {
    let commands = blocks(&read("README.md"), "sh");
    assert_eq!(commands, ["cargo run --release -p examples --bin serve\n", "cargo test\n"]);
}
