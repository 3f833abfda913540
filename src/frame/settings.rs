//! SETTINGS (RFC 9113 §6.5).

use alloc::vec::Vec;
use core::ops::Deref;
use core::slice;

use smallvec::SmallVec;

use super::{Flags, Head, Kind};
use crate::error::Violation;
use crate::registry::registered;

/// The entries of a SETTINGS frame in the order of the wire, unknown ones and repeats included.
///
/// Values are kept as they came: which are legal depends on the role, which this layer does not know.
///
/// ```
/// use sans_h2::frame::{Setting, SettingId, Settings};
///
/// let settings: Settings = [Setting { id: SettingId::ENABLE_PUSH, value: 0 }].into_iter().collect();
/// assert_eq!(settings.iter().next().unwrap().value, 0);
///
/// let mut wire = Vec::new();
/// settings.write(&mut wire);
/// assert_eq!(wire, [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    entries: SmallVec<[Setting; 3]>,
}

impl Settings {
    /// Octets of an entry in a payload.
    pub const ENTRY_OCTETS: usize = ENTRY_LENGTH as usize;

    /// The payload of a SETTINGS frame, which an `HTTP2-Settings` field carries, too (RFC 7540 §3.2.1).
    pub fn to_payload(&self) -> Vec<u8> {
        let mut payload = Vec::with_capacity(self.entries.len().saturating_mul(Self::ENTRY_OCTETS));
        self.entries.iter().for_each(|entry| entry.write(&mut payload));
        payload
    }

    /// The settings of such a payload.
    ///
    /// # Errors
    ///
    /// [`Violation::SettingsLength`] if it does not hold whole entries.
    pub fn from_payload(payload: &[u8]) -> Result<Self, Violation> {
        if payload.len() % Self::ENTRY_OCTETS == 0 {
            Ok(Self::parse(payload))
        } else {
            Err(Violation::SettingsLength)
        }
    }

    /// Appends a SETTINGS frame without ACK.
    ///
    /// 2730 entries fill the longest frame that every peer takes; more than that go into further frames, each of
    /// which the peer acknowledges.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut rest = &self.entries[..];
        loop {
            let (entries, more) = rest.split_at_checked(MAX_ENTRIES).unwrap_or((rest, &[]));
            let length = u32::try_from(entries.len()).unwrap_or(u32::MAX).saturating_mul(ENTRY_LENGTH);
            head(length, Flags::NONE).write(out);
            entries.iter().for_each(|entry| entry.write(out));
            if more.is_empty() {
                return;
            }
            rest = more;
        }
    }

    /// Appends a SETTINGS frame with ACK (RFC 9113 §6.5.3).
    pub fn write_ack(out: &mut Vec<u8>) {
        // RFC 9113 §6.5: an acknowledgement has no payload.
        head(0, Flags::ACK).write(out);
    }

    /// The entries in the order of the wire.
    pub fn iter(&self) -> slice::Iter<'_, Setting> {
        self.entries.iter()
    }

    pub(super) fn check(head: &Head, max_entries: usize) -> Result<u32, Violation> {
        head.on_connection()?;
        if head.flags.contains(Flags::ACK) {
            return head.exactly(0, Violation::SettingsAckLength);
        }
        if head.length % ENTRY_LENGTH != 0 {
            return Err(Violation::SettingsLength);
        }
        if (head.length / ENTRY_LENGTH) as usize > max_entries {
            return Err(Violation::TooManySettings);
        }
        Ok(head.length)
    }

    #[inline]
    pub(crate) fn parse(payload: &[u8]) -> Self {
        if payload.is_empty() { Self::default() } else { Self::parse_entries(payload) }
    }

    fn parse_entries(payload: &[u8]) -> Self {
        let mut settings = Self { entries: SmallVec::new() };
        settings.entries.reserve_exact(payload.len() / Self::ENTRY_OCTETS);
        let mut rest = payload;
        while let Some((entry, more)) = rest.split_first_chunk() {
            settings.entries.push(Setting::parse(entry));
            rest = more;
        }
        settings
    }
}

impl FromIterator<Setting> for Settings {
    fn from_iter<I: IntoIterator<Item = Setting>>(entries: I) -> Self {
        Self { entries: entries.into_iter().collect() }
    }
}

impl<'a> IntoIterator for &'a Settings {
    type Item = &'a Setting;
    type IntoIter = slice::Iter<'a, Setting>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Deref for Settings {
    type Target = [Setting];

    fn deref(&self) -> &[Setting] {
        &self.entries
    }
}

impl AsRef<[Setting]> for Settings {
    fn as_ref(&self) -> &[Setting] {
        self
    }
}

/// One entry of a SETTINGS frame (RFC 9113 §6.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What is set.
    pub id: SettingId,
    /// To which value.
    pub value: u32,
}

impl Setting {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id.value().to_be_bytes());
        out.extend_from_slice(&self.value.to_be_bytes());
    }

    fn parse(octets: &[u8; ENTRY_LENGTH as usize]) -> Self {
        let [i0, i1, v0, v1, v2, v3] = *octets;
        Self { id: SettingId(u16::from_be_bytes([i0, i1])), value: u32::from_be_bytes([v0, v1, v2, v3]) }
    }
}

/// Names a setting (RFC 9113 §6.5.2).
///
/// ```
/// use sans_h2::frame::SettingId;
///
/// assert_eq!(SettingId::from(3), SettingId::MAX_CONCURRENT_STREAMS);
/// assert_eq!(SettingId::from(0x0a0a).to_string(), "0xa0a");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SettingId(u16);

registered! { for SettingId(u16) {
    /// Octets of the HPACK dynamic table that the sender of the setting decodes with.
    HEADER_TABLE_SIZE = 1;
    /// Whether server push is allowed: 0 or 1.
    ENABLE_PUSH = 2;
    /// How many streams the other end may have open at once.
    MAX_CONCURRENT_STREAMS = 3;
    /// Octets of a new stream's window.
    INITIAL_WINDOW_SIZE = 4;
    /// Octets of the longest payload that the sender of the setting takes.
    MAX_FRAME_SIZE = 5;
    /// Octets of the largest field section that the sender of the setting takes.
    MAX_HEADER_LIST_SIZE = 6;
    /// Whether extended CONNECT is allowed: 0 or 1 (RFC 8441 §3).
    ENABLE_CONNECT_PROTOCOL = 8;
    /// Whether the sender ignores the priorities of RFC 7540: 0 or 1 (RFC 9218 §2.1).
    NO_RFC7540_PRIORITIES = 9;
} }

const fn head(length: u32, flags: Flags) -> Head {
    Head { length, kind: Kind::SETTINGS, flags, stream: None }
}

const ENTRY_LENGTH: u32 = 6;

/// RFC 9113 §4.2: no peer takes less than 2^14 octets.
const MAX_ENTRIES: usize = (Head::MIN_MAX_PAYLOAD / ENTRY_LENGTH) as usize;

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::id::StreamId;

    // covers 9113-6.5-4 9113-6.5-5 9113-6.5-6 9113-6.5-8
    #[test]
    fn the_head_tells_what_is_wrong() {
        let check = |length, flags| Settings::check(&head(length, flags), 32);
        assert_eq!(check(0, Flags::NONE), Ok(0));
        assert_eq!(check(0, Flags::ACK), Ok(0));
        assert_eq!(check(6, Flags::ACK), Err(Violation::SettingsAckLength));
        assert_eq!(check(7, Flags::NONE), Err(Violation::SettingsLength));
        assert_eq!(check(32 * 6, Flags::NONE), Ok(192));
        assert_eq!(check(33 * 6, Flags::NONE), Err(Violation::TooManySettings));
        let on_stream = Head { stream: StreamId::new(1), ..head(7, Flags::ACK) };
        assert_eq!(Settings::check(&on_stream, 32), Err(Violation::StreamNotAllowed));
    }

    // covers 9113-6.5.2-12
    #[test]
    fn unknown_and_repeated_entries_are_kept_in_order() {
        let settings = Settings::parse(&[0, 4, 0, 0, 0, 1, 0xff, 0xff, 1, 2, 3, 4, 0, 4, 0, 0, 0, 2]);
        let entries: Vec<_> = settings.iter().map(|entry| (u16::from(entry.id), entry.value)).collect();
        assert_eq!(entries, [(4, 1), (0xffff, 0x0102_0304), (4, 2)]);
        assert_eq!(format!("{:?}", settings[0].id), "INITIAL_WINDOW_SIZE");
        assert_eq!((&settings).into_iter().count(), settings.as_ref().len());
    }

    // covers 9113-4.1-1
    #[test]
    fn too_many_entries_for_one_frame_go_into_two() {
        let settings: Settings =
            (0..MAX_ENTRIES + 1).map(|_| Setting { id: SettingId(77), value: 7 }).collect();
        let mut out = Vec::new();
        settings.write(&mut out);
        assert_eq!(out[..9], head(MAX_ENTRIES as u32 * 6, Flags::NONE).to_octets());
        assert_eq!(out[9 + MAX_ENTRIES * 6..][..9], head(6, Flags::NONE).to_octets());
        assert_eq!(out.len(), 2 * 9 + (MAX_ENTRIES + 1) * 6);
    }

    // covers 9113-6.5-3
    #[test]
    fn an_acknowledgement_is_empty() {
        let mut out = Vec::new();
        Settings::write_ack(&mut out);
        assert_eq!(out, [0, 0, 0, 4, 1, 0, 0, 0, 0]);
    }
}
