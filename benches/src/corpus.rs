//! The lists of fields that HPACK is measured with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::engine::nghttp2;
use crate::exchanges;
use crate::plan::Pair;

pub(crate) type List = Vec<Pair>;

pub(crate) struct Corpus {
    /// What is encoded: each story is a connection of its own.
    pub(crate) stories: Vec<Vec<List>>,
    /// What is decoded: blocks of nghttp2's, of one connection whose table is emptied before each story.
    pub(crate) blocks: Vec<Vec<u8>>,
    /// The lists in the blocks.
    pub(crate) decoded: Vec<List>,
    /// Whether they are made up, since the public stories are not there.
    pub(crate) is_generated: bool,
}

impl Corpus {
    /// The public stories, or else what takes their place.
    pub(crate) fn load() -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/hpack-test-case");
        if folder.is_dir() { Self::read(&folder) } else { Ok(Self::generate()) }
    }

    fn read(folder: &Path) -> Result<Self> {
        let lists = |story: Vec<Case>| story.into_iter().map(|case| case.list).collect();
        let stories = read_stories(&folder.join("raw-data"))?.into_iter().map(lists).collect();
        let (mut blocks, mut decoded) = (Vec::new(), Vec::new());
        for story in read_stories(&folder.join("nghttp2"))? {
            for (nth, case) in story.into_iter().enumerate() {
                blocks.push(if nth == 0 { emptied(&case.block) } else { case.block });
                decoded.push(case.list);
            }
        }
        Ok(Self { stories, blocks, decoded, is_generated: false })
    }

    /// The fields of the exchanges.
    pub(crate) fn generate() -> Self {
        let plan = exchanges::get(1);
        let requests = plan.exchanges.iter().map(|it| it.request.head.clone()).collect();
        let responses = plan.exchanges.iter().map(|it| it.response.head.clone()).collect();
        let stories: Vec<Vec<List>> = vec![requests, responses];
        let (mut blocks, mut decoded) = (Vec::new(), Vec::new());
        for story in &stories {
            for (nth, block) in nghttp2::encode(story).into_iter().enumerate() {
                blocks.push(if nth == 0 { emptied(&block) } else { block });
            }
            decoded.extend(story.iter().cloned());
        }
        Self { stories, blocks, decoded, is_generated: true }
    }

    /// How many lists are encoded.
    pub(crate) fn encoded_lists(&self) -> usize {
        self.stories.iter().map(Vec::len).sum()
    }

    /// The octets of all names and values that are encoded.
    pub(crate) fn plain_octets(&self) -> usize {
        octets(self.stories.iter().flatten())
    }

    /// The octets of all names and values that are decoded.
    pub(crate) fn decoded_octets(&self) -> usize {
        octets(&self.decoded)
    }
}

fn octets<'l>(lists: impl IntoIterator<Item = &'l List>) -> usize {
    lists.into_iter().flatten().map(|(name, value)| name.len() + value.len()).sum()
}

/// The block behind two changes of the table's size, to 0 and back to 4,096 octets.
fn emptied(block: &[u8]) -> Vec<u8> {
    [&[0x20, 0x3f, 0xe1, 0x1f], block].concat()
}

struct Case {
    list: List,
    block: Vec<u8>,
}

fn read_stories(folder: &Path) -> Result<Vec<Vec<Case>>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    paths.iter().map(|path| read_story(path).with_context(|| path.display().to_string())).collect()
}

fn read_story(path: &Path) -> Result<Vec<Case>> {
    let story: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    let cases = story["cases"].as_array().context("no cases")?;
    cases.iter().map(|case| read_case(case).context("a case is malformed")).collect()
}

fn read_case(case: &Value) -> Option<Case> {
    let block = case["wire"].as_str().map_or_else(|| Some(Vec::new()), hex)?;
    let field = |field: &Value| {
        let (name, value) = field.as_object()?.iter().next()?;
        Some((name.clone().into_bytes(), value.as_str()?.as_bytes().to_vec()))
    };
    let list = case["headers"].as_array()?.iter().map(field).collect::<Option<List>>()?;
    Some(Case { list, block })
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let octet = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(octet).collect()
}
