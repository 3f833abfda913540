//! What a reader takes.

use super::Head;

/// What a [`Reader`](super::Reader) takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the longest payload: the SETTINGS_MAX_FRAME_SIZE that the peer knows. Default 16 384.
    pub max_frame_size: u32,
    /// Entries of a SETTINGS frame; a frame with more is a violation. Default 32.
    pub max_settings: usize,
    /// Octets of GOAWAY debug data that are kept; the rest is skipped. Default 256.
    pub max_debug: usize,
    /// Octets of payload up to which an extension frame is kept and handed over as
    /// [`Frame::Extension`](super::Frame::Extension); a longer one is skipped. Default 0, which skips even
    /// those without payload.
    pub max_extension: usize,
}

impl Limits {
    /// Whether a frame of an extension is handed over whole.
    pub(super) fn keeps(&self, head: &Head) -> bool {
        debug_assert!(head.kind.is_extension(), "all others are looked at in any case");
        self.max_extension > 0
            && usize::try_from(head.length).is_ok_and(|octets| octets <= self.max_extension)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_frame_size: Head::MIN_MAX_PAYLOAD, max_settings: 32, max_debug: 256, max_extension: 0 }
    }
}
