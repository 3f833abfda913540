//! SETTINGS in both directions: the values in force, and those that wait for their acknowledgement
//! (RFC 9113 §6.5).

use alloc::collections::VecDeque;

use crate::config::{Config, within};
use crate::error::{ConfigError, ControlError, Violation};
use crate::fields::rules::ExtendedConnect;
use crate::flow::MAX_WINDOW;
use crate::frame::{Head, Setting, SettingId, Settings};
use crate::id::Role;

/// The settings of one end that the protocol gives a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Values {
    pub(crate) header_table_size: u32,
    pub(crate) enable_push: Push,
    pub(crate) max_concurrent_streams: u32,
    pub(crate) initial_window_size: u32,
    pub(crate) max_frame_size: u32,
    pub(crate) max_header_list_size: u32,
    pub(crate) extended_connect: ExtendedConnect,
    pub(crate) old_priorities: OldPriorities,
}

/// SETTINGS_ENABLE_PUSH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Push {
    Enabled,
    Disabled,
}

/// SETTINGS_NO_RFC7540_PRIORITIES, turned round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OldPriorities {
    Heeded,
    Ignored,
}

impl Values {
    /// What holds before any SETTINGS (RFC 9113 §6.5.2).
    pub(crate) const INITIAL: Self = Self {
        header_table_size: 4_096,
        enable_push: Push::Enabled,
        max_concurrent_streams: u32::MAX,
        initial_window_size: 65_535,
        max_frame_size: 16_384,
        max_header_list_size: u32::MAX,
        extended_connect: ExtendedConnect::Forbidden,
        old_priorities: OldPriorities::Heeded,
    };

    /// Takes over one setting that the end of this role has sent.
    ///
    /// Unknown settings change nothing (RFC 9113 §6.5.2).
    pub(crate) fn apply(&mut self, setting: Setting, sender: Role) -> Result<(), Violation> {
        let value = setting.value;
        match setting.id {
            SettingId::HEADER_TABLE_SIZE => self.header_table_size = value,
            SettingId::ENABLE_PUSH => {
                self.enable_push = match (value, sender) {
                    (0, _) => Push::Disabled,
                    (1, Role::Client) => Push::Enabled,
                    _ => return Err(Violation::InvalidEnablePush),
                }
            }
            SettingId::MAX_CONCURRENT_STREAMS => self.max_concurrent_streams = value,
            SettingId::INITIAL_WINDOW_SIZE if value > MAX_WINDOW => {
                return Err(Violation::InvalidInitialWindowSize);
            }
            SettingId::INITIAL_WINDOW_SIZE => self.initial_window_size = value,
            SettingId::MAX_FRAME_SIZE if !(Head::MIN_MAX_PAYLOAD..=Head::MAX_PAYLOAD).contains(&value) => {
                return Err(Violation::InvalidMaxFrameSize);
            }
            SettingId::MAX_FRAME_SIZE => self.max_frame_size = value,
            SettingId::MAX_HEADER_LIST_SIZE => self.max_header_list_size = value,
            SettingId::ENABLE_CONNECT_PROTOCOL => {
                self.extended_connect = match (value, self.extended_connect) {
                    (0, ExtendedConnect::Forbidden) => ExtendedConnect::Forbidden,
                    (1, _) => ExtendedConnect::Allowed,
                    _ => return Err(Violation::InvalidEnableConnectProtocol),
                }
            }
            SettingId::NO_RFC7540_PRIORITIES => {
                self.old_priorities = match value {
                    0 => OldPriorities::Heeded,
                    1 => OldPriorities::Ignored,
                    _ => return Err(Violation::InvalidNoPriorities),
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The settings of the peer, as far as they have come.
#[derive(Debug)]
pub(crate) struct Peer {
    values: Values,
    /// How many streams may be opened before the first SETTINGS; `None` once they have come.
    early_streams: Option<u32>,
}

impl Peer {
    pub(crate) const fn new(early_streams: u32) -> Self {
        Self { values: Values::INITIAL, early_streams: Some(early_streams) }
    }

    /// The values in force.
    pub(crate) const fn values(&self) -> &Values {
        &self.values
    }

    /// How many streams this end may have open at once.
    pub(crate) fn max_concurrent_streams(&self) -> u32 {
        self.early_streams.unwrap_or(self.values.max_concurrent_streams)
    }

    /// Whether the peer may heed the priority signals of RFC 7540 (RFC 9218 §2.1.1).
    pub(crate) fn heeds_old_priorities(&self) -> bool {
        self.values.old_priorities == OldPriorities::Heeded
    }

    /// Whether the peer may heed PRIORITY_UPDATE: until its SETTINGS have come, or if they say so (RFC 9218 §2.1.1).
    pub(crate) fn heeds_priority_updates(&self) -> bool {
        self.early_streams.is_some() || !self.heeds_old_priorities()
    }

    /// Takes over one setting that the peer has sent.
    pub(crate) fn apply(&mut self, setting: Setting, sender: Role) -> Result<(), Violation> {
        self.values.apply(setting, sender)
    }

    /// A whole SETTINGS frame has been applied.
    pub(crate) fn applied(&mut self) {
        self.early_streams = None;
    }
}

/// Our own settings: sent, and in force once the peer has acknowledged them.
#[derive(Debug)]
pub(crate) struct Local {
    role: Role,
    /// How many streams the peer may open while it has been told no limit.
    untold_streams: u32,
    /// No larger field section is ever taken: the decoder's memory was sized by it.
    most_header_list: u32,
    no_rfc7540_priorities: u32,
    acknowledged: Values,
    /// What will hold after each SETTINGS frame under way.
    pending: VecDeque<Values>,
}

impl Local {
    pub(crate) fn new(role: Role, config: &Config) -> Self {
        let untold_streams = config.max_concurrent_streams();
        let most_header_list = config.max_header_list_size();
        let no_rfc7540_priorities = config.no_rfc7540_priorities().into();
        Self {
            role,
            untold_streams,
            most_header_list,
            no_rfc7540_priorities,
            acknowledged: Values::INITIAL,
            pending: VecDeque::new(),
        }
    }

    /// The most that [`memory_used`](Self::memory_used) can be.
    pub(crate) const MAX_MEMORY: usize = MAX_PENDING.next_power_of_two() * size_of::<Values>();

    pub(crate) fn memory_used(&self) -> usize {
        self.pending.capacity().saturating_mul(size_of::<Values>())
    }

    /// The values that the peer has acknowledged.
    pub(crate) const fn acknowledged(&self) -> &Values {
        &self.acknowledged
    }

    /// The values of the latest SETTINGS frame.
    pub(crate) fn latest(&self) -> &Values {
        self.pending.back().unwrap_or(&self.acknowledged)
    }

    /// How many streams the peer may have open at once.
    pub(crate) fn max_concurrent_streams(&self) -> u32 {
        self.streams_in(self.latest())
    }

    /// How many streams the peer may believe that it may have open at once.
    pub(crate) fn most_known_streams(&self) -> u32 {
        self.ceiling(|values| self.streams_in(values))
    }

    fn streams_in(&self, values: &Values) -> u32 {
        match values.max_concurrent_streams {
            u32::MAX => self.untold_streams,
            told => told,
        }
    }

    /// The largest field section that is taken.
    pub(crate) fn max_header_list_size(&self) -> u32 {
        self.latest().max_header_list_size.min(self.most_header_list)
    }

    /// The largest of a value among those that the peer may already use.
    pub(crate) fn ceiling(&self, value: impl Fn(&Values) -> u32) -> u32 {
        self.pending.iter().map(&value).fold(value(&self.acknowledged), u32::max)
    }

    /// Whether the peer may believe that it may push.
    pub(crate) fn may_be_pushed_to(&self) -> bool {
        core::iter::once(&self.acknowledged)
            .chain(&self.pending)
            .any(|values| values.enable_push == Push::Enabled)
    }

    /// The first SETTINGS frame, which `config` describes; only what differs from the protocol's initial values
    /// is spelled out.
    pub(crate) fn send_first(&mut self, config: &Config) -> Settings {
        let settings = first_settings(config, self.role);
        let mut values = *self.latest();
        settings.iter().for_each(|setting| self.apply(*setting, &mut values));
        self.pending.push_back(values);
        settings
    }

    /// Checks further settings of ours, and counts them as sent.
    pub(crate) fn change(&mut self, settings: &Settings) -> Result<(), ControlError> {
        if self.pending.len() >= MAX_PENDING {
            return Err(ControlError::TooManyPending);
        }
        if settings.len() > MOST_ENTRIES {
            return Err(ControlError::TooLong);
        }
        let mut values = *self.latest();
        for setting in settings.iter() {
            // The entries act one after the other: the same setting may come again.
            self.check(*setting, &values).map_err(ControlError::InvalidSetting)?;
            self.apply(*setting, &mut values);
        }
        self.pending.push_back(values);
        Ok(())
    }

    /// The peer knows the values of the frames under way by other means than those.
    pub(crate) fn assume_known(&mut self) {
        self.acknowledged = *self.latest();
    }

    /// The peer has acknowledged the oldest frame under way.
    pub(crate) fn acknowledge(&mut self) -> Result<(), Violation> {
        self.acknowledged = self.pending.pop_front().ok_or(Violation::UnexpectedSettingsAck)?;
        Ok(())
    }

    /// Whether we may send a setting with this value behind those that have made up `before`.
    fn check(&self, setting: Setting, before: &Values) -> Result<(), ConfigError> {
        let (name, least, most) = match setting.id {
            // RFC 9113 §6.5.2: a server never sets it to 1.
            SettingId::ENABLE_PUSH => ("enable_push", 0, u32::from(self.role == Role::Client)),
            SettingId::ENABLE_CONNECT_PROTOCOL => {
                // RFC 8441 §3: it is never taken back.
                let least = u32::from(before.extended_connect == ExtendedConnect::Allowed);
                ("enable_connect_protocol", least, u32::from(self.role == Role::Server))
            }
            // RFC 9218 §2.1: it stays as the first frame had it.
            SettingId::NO_RFC7540_PRIORITIES => {
                ("no_rfc7540_priorities", self.no_rfc7540_priorities, self.no_rfc7540_priorities)
            }
            SettingId::HEADER_TABLE_SIZE => ("header_table_size", 0, MOST_TABLE),
            SettingId::INITIAL_WINDOW_SIZE => ("initial_window_size", 0, MAX_WINDOW),
            SettingId::MAX_FRAME_SIZE => ("max_frame_size", Head::MIN_MAX_PAYLOAD, Head::MAX_PAYLOAD),
            SettingId::MAX_CONCURRENT_STREAMS => ("max_concurrent_streams", 0, MOST_STREAMS),
            SettingId::MAX_HEADER_LIST_SIZE => ("max_header_list_size", 0, self.most_header_list),
            _ => return Ok(()),
        };
        within(name, setting.value, least, most)
    }

    fn apply(&self, setting: Setting, values: &mut Values) {
        values.apply(setting, self.role).expect("our own settings are checked before they are sent");
    }
}

fn first_settings(config: &Config, role: Role) -> Settings {
    let initial = Values::INITIAL;
    let entry = |id, value, default| (value != default).then_some(Setting { id, value });
    let push = match role {
        Role::Client => entry(SettingId::ENABLE_PUSH, config.enable_push().into(), 1),
        Role::Server => None,
    };
    let concurrent = match (role, config.enable_push()) {
        // Without push a server opens no streams that a client could limit.
        (Role::Client, false) => None,
        (Role::Client, true) | (Role::Server, _) => {
            Some(Setting { id: SettingId::MAX_CONCURRENT_STREAMS, value: config.max_concurrent_streams() })
        }
    };
    [
        entry(SettingId::HEADER_TABLE_SIZE, config.header_table_size(), initial.header_table_size),
        push,
        concurrent,
        entry(SettingId::INITIAL_WINDOW_SIZE, config.initial_window_size(), initial.initial_window_size),
        entry(SettingId::MAX_FRAME_SIZE, config.max_frame_size(), initial.max_frame_size),
        Some(Setting { id: SettingId::MAX_HEADER_LIST_SIZE, value: config.max_header_list_size() }),
        entry(SettingId::NO_RFC7540_PRIORITIES, config.no_rfc7540_priorities().into(), 0),
        match role {
            Role::Client => None,
            Role::Server => {
                entry(SettingId::ENABLE_CONNECT_PROTOCOL, config.enable_connect_protocol().into(), 0)
            }
        },
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What [`Config`] allows, too.
const MOST_TABLE: u32 = 1 << 20;
const MOST_STREAMS: u32 = 1_000_000;

/// What fits into one frame of the smallest maximum, so that one acknowledgement answers for all of a change.
const MOST_ENTRIES: usize = Head::MIN_MAX_PAYLOAD as usize / Settings::ENTRY_OCTETS;

/// SETTINGS frames of ours that may be under way at once.
const MAX_PENDING: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(id: SettingId, value: u32) -> Setting {
        Setting { id, value }
    }

    // covers 9113-6.5.2-3 9113-6.5.2-6 9113-6.5.2-9 9113-6.5.2-11 9113-6.5.2-12
    #[test]
    fn values_out_of_range_are_violations() {
        let cases = [
            (SettingId::ENABLE_PUSH, 2, Role::Client, Err(Violation::InvalidEnablePush)),
            (SettingId::ENABLE_PUSH, 1, Role::Server, Err(Violation::InvalidEnablePush)),
            (SettingId::ENABLE_PUSH, 1, Role::Client, Ok(())),
            (SettingId::ENABLE_PUSH, 0, Role::Server, Ok(())),
            (SettingId::INITIAL_WINDOW_SIZE, 1 << 31, Role::Client, Err(Violation::InvalidInitialWindowSize)),
            (SettingId::INITIAL_WINDOW_SIZE, MAX_WINDOW, Role::Client, Ok(())),
            (SettingId::MAX_FRAME_SIZE, 16_383, Role::Server, Err(Violation::InvalidMaxFrameSize)),
            (SettingId::MAX_FRAME_SIZE, 1 << 24, Role::Server, Err(Violation::InvalidMaxFrameSize)),
            (SettingId::MAX_FRAME_SIZE, Head::MAX_PAYLOAD, Role::Server, Ok(())),
            (SettingId::from(0xffff), u32::MAX, Role::Server, Ok(())),
        ];
        for (id, value, sender, expected) in cases {
            let mut values = Values::INITIAL;
            assert_eq!(values.apply(setting(id, value), sender), expected, "{id:?} {value}");
        }
    }

    #[test]
    fn our_values_hold_when_acknowledged_one_frame_after_the_other() {
        let mut local = Local::new(Role::Server, &Config::default());
        local.send_first(&Config::builder().initial_window_size(100_000).build().unwrap());
        let smaller = Settings::from_iter([setting(SettingId::INITIAL_WINDOW_SIZE, 10)]);
        local.change(&smaller).unwrap();
        let window = |values: &Values| values.initial_window_size;
        assert_eq!((window(local.acknowledged()), local.ceiling(window)), (65_535, 100_000));
        local.acknowledge().unwrap();
        assert_eq!((window(local.acknowledged()), local.ceiling(window)), (100_000, 100_000));
        local.acknowledge().unwrap();
        assert_eq!((window(local.acknowledged()), local.ceiling(window)), (10, 10));
        assert_eq!(local.acknowledge(), Err(Violation::UnexpectedSettingsAck));
    }

    #[test]
    fn few_frames_may_be_under_way_and_bad_values_change_nothing() {
        let mut local = Local::new(Role::Client, &Config::default());
        let bad = Settings::from_iter([setting(SettingId::MAX_FRAME_SIZE, 1)]);
        assert!(matches!(local.change(&bad), Err(ControlError::InvalidSetting(_))));
        for _ in 0..MAX_PENDING {
            local.change(&Settings::from_iter([])).unwrap();
        }
        assert_eq!(local.change(&Settings::from_iter([])), Err(ControlError::TooManyPending));
    }

    #[test]
    fn what_one_entry_grants_the_next_cannot_take_back() {
        let mut local = Local::new(Role::Server, &Config::default());
        let allow = |value| setting(SettingId::ENABLE_CONNECT_PROTOCOL, value);
        let taken_back = Settings::from_iter([allow(1), allow(0)]);
        assert!(matches!(local.change(&taken_back), Err(ControlError::InvalidSetting(_))));
        local.change(&Settings::from_iter([allow(0), allow(1), allow(1)])).unwrap();
        assert_eq!(local.latest().extended_connect, ExtendedConnect::Allowed);
    }
}
