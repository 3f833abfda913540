//! The files below a directory, and how a request for one is answered.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use sans_h2::Fields;

use super::site::{Answer, ok};
use crate::body::Body;

/// A directory of files. Short ones that were asked for a moment ago are answered from memory: finding, opening and
/// reading one takes more time than the rest of its response.
pub struct Files {
    /// Without links or dots, so that it can be told what lies below it.
    root: PathBuf,
    /// By the path of the request.
    recent: Mutex<HashMap<String, Recent>>,
}

/// A file as it was a moment ago.
struct Recent {
    head: Fields,
    content: Bytes,
    read_at: Instant,
}

impl Files {
    /// # Errors
    ///
    /// When `root` is not a directory that can be found.
    pub fn new(root: &Path) -> anyhow::Result<Self> {
        let canonical = root.canonicalize().with_context(|| format!("cannot serve {}", root.display()))?;
        anyhow::ensure!(canonical.is_dir(), "cannot serve {}: not a directory", root.display());
        Ok(Self { root: canonical, recent: Mutex::default() })
    }

    /// The answer to a request for this path; `None` if there is no such file.
    pub fn answer(&self, path: &str) -> Option<Answer> {
        if let Some(answer) = self.recent().get(path).filter(|it| it.is_fresh()).map(Recent::answer) {
            return Some(answer);
        }
        let located = locate(&self.root, path)?;
        let file = File::open(&located).ok()?;
        let octets = file.metadata().ok()?.len();
        if octets > SHORT_OCTETS {
            return Some(Answer { head: head(&located, octets), body: Some(Body::File(file, octets)) });
        }
        let mut content = Vec::with_capacity(octets as usize);
        file.take(octets).read_to_end(&mut content).ok()?;
        let head = head(&located, content.len() as u64);
        let recent = Recent { head, content: content.into(), read_at: Instant::now() };
        let answer = recent.answer();
        self.keep(path, recent);
        Some(answer)
    }

    fn keep(&self, path: &str, file: Recent) {
        let mut recent = self.recent();
        if recent.len() >= RECENT_FILES {
            recent.retain(|_, it| it.is_fresh());
        }
        if recent.len() < RECENT_FILES {
            recent.insert(path.to_owned(), file);
        }
    }

    fn recent(&self) -> MutexGuard<'_, HashMap<String, Recent>> {
        // Whoever failed while holding it left nothing half done.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn is_fresh(&self) -> bool {
        self.read_at.elapsed() < MOMENT
    }

    fn answer(&self) -> Answer {
        let body = (!self.content.is_empty()).then(|| Body::Whole(self.content.clone()));
        Answer { head: self.head.clone(), body }
    }
}

/// The file that a path of a request names: always one below `root`.
fn locate(root: &Path, path: &str) -> Option<PathBuf> {
    let mut file = root.to_path_buf();
    for segment in percent_decode(path.strip_prefix('/')?)?.split('/') {
        let mut components = Path::new(segment).components();
        match (components.next(), components.next()) {
            (None | Some(Component::CurDir), None) => {}
            (Some(Component::Normal(name)), None) if name == segment => file.push(name),
            _ => return None,
        }
    }
    // A link may still lead out.
    let mut file = file.canonicalize().ok()?;
    if file.is_dir() {
        file = file.join("index.html").canonicalize().ok()?;
    }
    // Anything but a regular file, such as a pipe, may block whoever opens it.
    (file.starts_with(root) && file.is_file()).then_some(file)
}

fn head(path: &Path, octets: u64) -> Fields {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    match kind.type_() {
        mime_guess::mime::TEXT => ok(&format!("{kind}; charset=utf-8"), octets),
        _ => ok(kind.essence_str(), octets),
    }
}

/// `None` if an escape is malformed, or the result is not UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'%' => hex_digit(rest.next()?)? * 16 + hex_digit(rest.next()?)?,
            _ => octet,
        });
    }
    String::from_utf8(octets).ok()
}

fn hex_digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).map(|digit| digit as u8)
}

/// Files up to this length are kept in memory for a moment.
const SHORT_OCTETS: u64 = 65_536;

/// How many of them.
const RECENT_FILES: usize = 256;

/// How long a file is answered as it was.
const MOMENT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_root() -> anyhow::Result<()> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").canonicalize()?;
        let located = |path| locate(&root, path);
        assert_eq!(located("/lib.rs"), Some(root.join("lib.rs")));
        assert_eq!(located("/%6cib.rs"), Some(root.join("lib.rs")));
        assert_eq!(located("/./serve//site.rs"), Some(root.join("serve").join("site.rs")));
        for path in [
            "/../Cargo.toml",
            "/serve/../lib.rs",
            "/%2e%2e/Cargo.toml",
            "/..%2fCargo.toml",
            "/serve/%2E%2E%2flib.rs",
            "//../Cargo.toml",
            "/lib.rs%00",
            "/lib.rs%",
            "/lib.rs%4",
            "/%ff",
            "lib.rs",
            "",
            "/",
            "/serve",
            "/missing",
        ] {
            assert_eq!(located(path), None, "{path}");
        }
        Ok(())
    }

    /// An empty directory of this test's own.
    fn directory(test: &str) -> anyhow::Result<PathBuf> {
        let path = std::env::temp_dir().join(format!("serve-{}-{test}", std::process::id()));
        std::fs::create_dir(&path)?;
        Ok(path)
    }

    fn body(files: &Files, path: &str) -> Option<Bytes> {
        match files.answer(path)?.body {
            Some(Body::Whole(whole)) => Some(whole),
            _ => None,
        }
    }

    #[test]
    fn short_files_are_answered_from_memory_for_a_moment() -> anyhow::Result<()> {
        let root = directory("moment")?;
        let files = Files::new(&root)?;
        std::fs::write(root.join("file"), "before")?;
        assert_eq!(body(&files, "/file"), Some("before".into()));
        std::fs::write(root.join("file"), "afterwards")?;
        assert_eq!(body(&files, "/file"), Some("before".into()));
        files.recent().values_mut().for_each(|file| file.read_at -= MOMENT);
        let answer = files.answer("/file").context("it is there")?;
        assert_eq!(answer.head.get("content-length"), Some(&b"10"[..]));
        assert_eq!(body(&files, "/file"), Some("afterwards".into()));
        std::fs::remove_file(root.join("file"))?;
        files.recent().values_mut().for_each(|file| file.read_at -= MOMENT);
        assert!(files.answer("/file").is_none());
        Ok(std::fs::remove_dir_all(&root)?)
    }

    #[test]
    fn few_files_are_kept_and_only_short_ones() -> anyhow::Result<()> {
        let root = directory("kept")?;
        let files = Files::new(&root)?;
        for (name, octets) in [("empty", 0), ("short", SHORT_OCTETS), ("long", SHORT_OCTETS + 1)] {
            std::fs::write(root.join(name), vec![0; octets as usize])?;
        }
        assert!(files.answer("/empty").is_some_and(|answer| answer.body.is_none()));
        assert_eq!(body(&files, "/short").map(|body| body.len() as u64), Some(SHORT_OCTETS));
        let answer = files.answer("/long").context("it is there")?;
        assert!(matches!(answer.body, Some(Body::File(_, octets)) if octets == SHORT_OCTETS + 1));
        assert_eq!(files.recent().len(), 2);
        for nth in 0..RECENT_FILES {
            assert!(files.answer(&format!("{}short", "/".repeat(nth + 1))).is_some());
        }
        assert_eq!(files.recent().len(), RECENT_FILES);
        files.recent().values_mut().for_each(|file| file.read_at -= MOMENT);
        assert!(files.answer("/./short").is_some());
        assert_eq!(files.recent().len(), 1, "those before have had their moment");
        Ok(std::fs::remove_dir_all(&root)?)
    }
}
