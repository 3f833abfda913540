//! What keeps a peer from making the engine work for nothing.

use crate::config::Config;
use crate::error::Violation;

/// Counts what the peer has caused.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Octets of replies that have not left.
    replies: usize,
    reply_limit: usize,
}

impl Guard {
    pub(crate) fn new(config: &Config) -> Self {
        Self { replies: 0, reply_limit: config.reply_limit() as usize }
    }

    /// Octets were written in answer to the peer.
    pub(crate) fn replied(&mut self, octets: usize) {
        self.replies = self.replies.saturating_add(octets);
    }

    /// All replies have gone into the output.
    pub(crate) fn flushed(&mut self) {
        self.replies = 0;
    }

    /// Whether the peer may cause more (RFC 9113 §10.5).
    pub(crate) fn check(&self) -> Result<(), Violation> {
        if self.replies > self.reply_limit { Err(Violation::TooManyReplies) } else { Ok(()) }
    }
}
