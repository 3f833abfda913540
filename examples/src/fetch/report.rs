//! What the user gets to see beside the bodies: errors, and a progress bar.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Whether there is a terminal to show progress on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Shown,
    Hidden,
}

/// Collects what happens to all requests.
pub struct Report {
    urls: Vec<String>,
    failed: AtomicBool,
    started: Instant,
    progress: Progress,
    bar: ProgressBar,
    /// The bar appears when the transfer turns out to be a long one.
    appeared: Once,
}

impl Report {
    pub fn new(progress: Progress, urls: Vec<String>) -> Self {
        Self {
            urls,
            failed: AtomicBool::new(false),
            started: Instant::now(),
            progress,
            bar: ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden()),
            appeared: Once::new(),
        }
    }

    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// Tells of a request that has failed: in one line, whatever the server put into the reason.
    pub fn fail(&self, request: usize, reason: &str) {
        self.failed.store(true, Ordering::Relaxed);
        let url = self.urls.get(request).map_or("", String::as_str);
        let line = format!("fetch: {url}: {reason}").replace(char::is_control, " ");
        self.bar.suspend(|| eprintln!("{line}"));
    }

    /// Tells of something that is no failure, in one line.
    pub fn tell(&self, line: &str) {
        let line = line.replace(char::is_control, " ");
        self.bar.suspend(|| eprintln!("{line}"));
    }

    pub fn has_failures(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// So many octets of bodies, in either direction, are to be moved beside those known already.
    pub fn expect(&self, octets: u64) {
        self.bar.inc_length(octets);
    }

    /// So many octets of bodies have been moved.
    pub fn moved(&self, octets: u64) {
        self.bar().inc(octets);
    }

    /// Takes the bar off the terminal.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn bar(&self) -> &ProgressBar {
        if self.progress == Progress::Shown && self.started.elapsed() >= LONG {
            self.appeared.call_once(|| {
                self.bar.set_style(style(self.bar.length()));
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
            });
        }
        &self.bar
    }
}

/// Not every server tells how much there will be.
fn style(total: Option<u64>) -> ProgressStyle {
    let template = match total {
        None | Some(0) => "{bytes}, {bytes_per_sec}",
        Some(_) => "{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A transfer that takes longer gets a progress bar.
const LONG: Duration = Duration::from_secs(1);
