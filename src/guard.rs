//! What keeps a peer from making the engine work for nothing.

use crate::error::Violation;

/// Counts what the peer has caused.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    /// Octets of replies that have not gone into the output.
    replies: usize,
}

impl Guard {
    /// Octets were written in answer to the peer.
    pub(crate) fn replied(&mut self, octets: usize) {
        self.replies = self.replies.saturating_add(octets);
    }

    /// All replies have gone into the output.
    pub(crate) fn flushed(&mut self) {
        self.replies = 0;
    }

    /// Whether the peer may cause more: no more than `limit` octets of replies wait.
    pub(crate) fn check(&self, limit: usize) -> Result<(), Violation> {
        if self.replies > limit { Err(Violation::TooManyReplies) } else { Ok(()) }
    }
}
