//! Random plans: what the callers do, and with which configurations.

use std::array;

use proptest::{collection::vec, prelude::*, sample::select};
use sans_h2::frame::{Setting, SettingId};
use sans_h2::{Config, ErrorCode, Head, Part, Role};

/// One call of one caller, or one move of its transport. `at` picks one of the streams to which the call applies,
/// if there are any.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Open {
        part: Part,
        filler: usize,
    },
    Section {
        at: usize,
        head: Head,
        part: Part,
        filler: usize,
    },
    Data {
        at: usize,
        octets: usize,
        part: Part,
    },
    Release {
        at: usize,
        octets: usize,
    },
    Reset {
        at: usize,
    },
    Settings(Vec<Setting>),
    Ping,
    ShutDown,
    Close(ErrorCode),
    Write {
        most: usize,
    },
    Read {
        octets: usize,
        events: usize,
    },
    /// The caller's clock goes on by so many milliseconds, or back.
    Clock(i64),
    /// All octets travel until there are no more.
    Rest,
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) scale: Scale,
    pub(crate) configs: [Config; 2],
    pub(crate) calls: Vec<(Role, Call)>,
}

/// How much goes through how small windows, so that every plan ends soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Small,
    Large,
}

pub(crate) const ROLES: [Role; 2] = [Role::Client, Role::Server];

pub(crate) fn config(scale: Scale) -> impl Strategy<Value = Config> {
    let connection = match scale {
        Scale::Small => vec![1, 100, 1_000, 65_535],
        Scale::Large => vec![3_000, 65_535, 70_000, 1 << 20],
    };
    let knobs: [Vec<u32>; 9] = [
        windows(scale),
        connection,
        vec![0, 1, 3, 100],
        vec![1, 20, 200],
        vec![0, 1, 100],
        vec![0, 64, 4_096, 9_000],
        vec![1, 100, 65_536],
        vec![16_384, 70_000],
        vec![0, 1, 5, 100],
    ];
    knobs.map(select).prop_map(
        |[window, connection, streams, open, early, table, buffer, frame, remembered]| {
            Config::builder()
                .initial_window_size(window)
                .connection_window_size(connection)
                .max_concurrent_streams(streams)
                .max_open_streams(open)
                .max_early_streams(early)
                .header_table_size(table)
                .encoder_table_size(table / 2)
                .send_buffer_size(buffer)
                .max_frame_size(frame)
                .remembered_streams(remembered)
                .max_header_list_size(1 << 15)
                .build()
                .expect("within the ranges")
        },
    )
}

pub(crate) fn windows(scale: Scale) -> Vec<u32> {
    match scale {
        Scale::Small => vec![0, 1, 10, 1_000, 65_535],
        Scale::Large => vec![0, 3_000, 65_535, 100_000, 0x7fff_ffff],
    }
}

pub(crate) fn setting(scale: Scale) -> impl Strategy<Value = Setting> {
    let of = |id, values: Vec<u32>| select(values).prop_map(move |value| Setting { id, value });
    prop_oneof![
        3 => of(SettingId::INITIAL_WINDOW_SIZE, windows(scale)),
        1 => of(SettingId::MAX_CONCURRENT_STREAMS, vec![0, 1, 2, 100]),
        1 => of(SettingId::HEADER_TABLE_SIZE, vec![0, 1, 100, 4_096, 10_000]),
        1 => of(SettingId::MAX_FRAME_SIZE, vec![16_384, 20_000, 0xff_ffff]),
    ]
}

/// A call on a stream.
pub(crate) fn exchange(scale: Scale) -> impl Strategy<Value = Call> {
    let at = || 0_usize..8;
    let part = || prop_oneof![3 => Just(Part::More), 1 => Just(Part::Last)];
    // The largest takes a CONTINUATION frame.
    let filler = || prop_oneof![20 => Just(0_usize), 3 => Just(100), 1 => Just(25_000)];
    let head = prop_oneof![1 => Just(Head::Interim), 4 => Just(Head::Response), 1 => Just(Head::Trailers)];
    let section = (at(), head, part(), filler());
    let chunks = [0, 1, 64, 65, 1_000, 16_384, 70_000, 300_000];
    let chunk = select(chunks[..if scale == Scale::Small { 5 } else { 8 }].to_vec());
    let amount = select(vec![1_usize, 5, 500, 5_000, usize::MAX]);
    prop_oneof![
        6 => (part(), filler()).prop_map(|(part, filler)| Call::Open { part, filler }),
        6 => section.prop_map(|(at, head, part, filler)| Call::Section { at, head, part, filler }),
        10 => (at(), chunk, part()).prop_map(|(at, octets, part)| Call::Data { at, octets, part }),
        6 => (at(), amount).prop_map(|(at, octets)| Call::Release { at, octets }),
        1 => at().prop_map(|at| Call::Reset { at }),
    ]
}

pub(crate) fn call(scale: Scale) -> impl Strategy<Value = Call> {
    let code = select(vec![ErrorCode::NO_ERROR, ErrorCode::INTERNAL_ERROR]);
    let cut = || prop_oneof![select(vec![1_usize, 9, 100, 5_000]), Just(usize::MAX)];
    let clock = prop_oneof![4 => 0_i64..2_000, 1 => Just(1 << 40), 1 => -5_000_i64..0];
    let events = prop_oneof![1 => Just(1_usize), 1 => Just(3), 2 => Just(usize::MAX)];
    prop_oneof![
        1_000 => exchange(scale),
        80 => vec(setting(scale), 0..3).prop_map(Call::Settings),
        20 => Just(Call::Ping),
        12 => Just(Call::ShutDown),
        2 => code.prop_map(Call::Close),
        300 => cut().prop_map(|most| Call::Write { most }),
        500 => (cut(), events).prop_map(|(octets, events)| Call::Read { octets, events }),
        60 => clock.prop_map(Call::Clock),
        40 => Just(Call::Rest),
    ]
}

pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    select(vec![Scale::Small, Scale::Large]).prop_flat_map(|scale| {
        let configs: [_; 2] = array::from_fn(|_| config(scale));
        let calls = vec((select(ROLES.to_vec()), call(scale)), 1..250);
        (configs, calls).prop_map(move |(configs, calls)| Plan { scale, configs, calls })
    })
}
