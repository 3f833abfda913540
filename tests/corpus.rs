//! The public stories of <https://github.com/http2jp/hpack-test-case>: decoded, and encoded again.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use sans_h2::Fields;
use sans_h2::hpack::{Decoder, Encoder};
use serde_json::Value;
use support::{hex, vectors};

/// One field section of a story, and the block of octets where there is one.
struct Case {
    table_limit: Option<u32>,
    block: Vec<u8>,
    fields: Fields,
}

#[test]
fn the_stories_of_go_hpack_are_decoded() {
    decode_all("go-hpack", 32, 3384);
}

#[test]
fn the_stories_of_nghttp2_are_decoded() {
    decode_all("nghttp2", 32, 3384);
}

#[test]
fn the_stories_with_changing_table_sizes_are_decoded() {
    let changes = decode_all("nghttp2-change-table-size", 31, 3267);
    assert!(changes.is_none_or(|changes| changes >= 62), "{changes:?}");
}

#[test]
fn the_raw_stories_are_encoded_well_and_decoded_again() {
    let Some(stories) = stories("raw-data") else { return };
    let (mut plain, mut encoded, mut cases) = (0, 0, 0);
    for story in &stories {
        let (mut encoder, mut decoder) = (Encoder::new(4096), Decoder::new(4096));
        for case in story {
            let mut block = Vec::new();
            encoder.encode(&case.fields, &mut block);
            let decoded = decode(&mut decoder, &block, block.len().max(1));
            assert_eq!(pairs(&decoded), pairs(&case.fields));
            assert!(encoder.entries().eq(decoder.entries()));
            encoded += block.len();
            plain += case.fields.iter().map(|field| field.name.len() + field.value.len()).sum::<usize>();
            cases += 1;
        }
    }
    assert_eq!((stories.len(), cases, plain), (32, 3384, 1_162_372));
    println!("compressed to {encoded} of {plain} octets: {:.4}", encoded as f64 / plain as f64);
    assert!(encoded * 10_000 <= plain * MOST_OF_10_000, "{encoded} of {plain} octets");
}

/// Decodes every story of a folder whole and one octet at a time. Returns how often the table's limit changed.
fn decode_all(folder: &str, expected_stories: usize, expected_cases: usize) -> Option<usize> {
    let stories = stories(folder)?;
    let (mut cases, mut changes) = (0, 0);
    for (number, story) in stories.iter().enumerate() {
        let (mut whole, mut octets) = (Decoder::new(4096), Decoder::new(4096));
        for case in story {
            if let Some(limit) = case.table_limit {
                whole.set_table_limit(limit);
                octets.set_table_limit(limit);
                changes += 1;
            }
            assert!(!case.block.is_empty(), "{folder} {number}: no block");
            assert_eq!(decode(&mut whole, &case.block, case.block.len()), case.fields, "{folder} {number}");
            assert_eq!(decode(&mut octets, &case.block, 1), case.fields, "{folder} {number} by octets");
            cases += 1;
        }
        assert!(whole.entries().eq(octets.entries()));
    }
    assert_eq!((stories.len(), cases), (expected_stories, expected_cases), "{folder}");
    Some(changes)
}

fn decode(decoder: &mut Decoder, block: &[u8], piece: usize) -> Fields {
    let mut fields = Fields::new();
    for piece in block.chunks(piece) {
        decoder.decode(piece, &mut fields).unwrap();
    }
    decoder.finish().unwrap();
    fields
}

/// Names and values without the marks: the encoder marks secrets.
fn pairs(fields: &Fields) -> Vec<(&[u8], &[u8])> {
    fields.iter().map(|field| (field.name, field.value)).collect()
}

/// All stories of a folder, in the order of their numbers. `None`, told loudly, if the corpus is not there.
fn stories(folder: &str) -> Option<Vec<Vec<Case>>> {
    let folder = vectors("hpack-test-case")?.join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    Some(files.iter().map(|file| story(file)).collect())
}

fn story(file: &Path) -> Vec<Case> {
    let story: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    story["cases"].as_array().unwrap().iter().map(case).collect()
}

fn case(case: &Value) -> Case {
    let table_limit = case.get("header_table_size").map(|size| size.as_u64().unwrap().try_into().unwrap());
    let block = case.get("wire").map(|wire| hex(wire.as_str().unwrap())).unwrap_or_default();
    let fields = case["headers"].as_array().unwrap().iter().flat_map(|field| field.as_object().unwrap());
    let fields = fields.map(|(name, value)| (name, value.as_str().unwrap())).collect();
    Case { table_limit, block, fields }
}

/// The ratio that nghttp2 reaches, in parts of 10,000.
const MOST_OF_10_000: usize = 3087;
