//! Control frames that wait for the next batch, and how much memory they take.

use alloc::vec::Vec;

use super::Connection;
use super::preface::PREFACE_OCTETS;
use crate::config::Config;
use crate::error::ErrorCode;
use crate::frame::{Head, reset};
use crate::growth::reserve_within;
use crate::id::{Role, StreamId};

impl Connection {
    /// Writes frames of so many octets, or somewhat more or less, ahead of the streams' own. Their buffer grows by
    /// doubling as far as the peer can make it grow, and beyond that only as far as it must.
    pub(super) fn write_control<T>(&mut self, octets: usize, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        if self.control.capacity().wrapping_sub(self.control.len()) < octets {
            let most = self.guard.most_replies().saturating_add(own_octets(&self.config, self.role));
            reserve_within(&mut self.control, octets, most);
        }
        write(&mut self.control)
    }

    /// Writes a frame that answers the peer.
    pub(super) fn reply(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.control.len();
        self.write_control(REPLY_OCTETS, write);
        // What is written is added.
        self.guard.replied(self.control.len().wrapping_sub(before));
        self.pause_if_replies_exceed();
    }

    /// The peer is to be told of too many replies before its next frame counts.
    #[inline]
    pub(super) fn pause_if_replies_exceed(&mut self) {
        if self.guard.has_too_many_replies() {
            self.reader.pause();
        }
    }

    /// Writes RST_STREAM. One for a stream of the peer's counts as an answer: the peer can cause any number.
    pub(super) fn write_reset(&mut self, stream: StreamId, code: ErrorCode) {
        if stream.initiator() == self.role {
            self.write_control(reset::OCTETS as usize, |out| reset::write(stream, code, out));
        } else {
            self.reply(|out| reset::write(stream, code, out));
        }
    }

    /// Moves what waits to the batch, which is empty. Memory that few frames do not need is given back.
    pub(super) fn flush_control(&mut self) {
        self.batch.write_from(&mut self.control);
        self.guard.flushed(self.control.len());
        if self.control.is_empty() {
            self.control.shrink_to(KEPT_OCTETS);
        }
    }
}

/// The most memory that control frames take, but for those of the caller's.
pub(super) const fn max_memory(config: &Config, role: Role) -> usize {
    reply_limit(config, config.max_concurrent_streams()).saturating_add(own_octets(config, role))
}

/// How many octets of replies may wait (RFC 9113 §10.5) when the peer may have so many streams open: what the caller
/// allows, and a reset for each of them.
pub(super) const fn reply_limit(config: &Config, streams: u32) -> usize {
    streams.saturating_mul(reset::OCTETS).saturating_add(config.max_reply_octets()) as usize
}

/// What can wait beside replies: the preface, a reset for each stream of our own, GOAWAY and PING, and the reply that
/// is one too many.
const fn own_octets(config: &Config, role: Role) -> usize {
    let resets = config.max_own_streams(role).saturating_mul(reset::OCTETS) as usize;
    resets.saturating_add(REPLY_OCTETS).saturating_add(PREFACE_OCTETS).saturating_add(CONNECTION_OCTETS)
}

/// The longest reply: PING or RST_STREAM, or a short answer to a malformed request and then RST_STREAM.
const REPLY_OCTETS: usize = 40;

/// PING; GOAWAY without debug data is as long.
pub(super) const PING_OCTETS: usize = Head::LENGTH + 8;

/// GOAWAY up to three times, two of a shutdown and one of an error, and the five PINGs that may be under way.
const CONNECTION_OCTETS: usize = 8 * PING_OCTETS;

/// What is kept of the buffer: room for the answers to a few frames.
const KEPT_OCTETS: usize = 128;
