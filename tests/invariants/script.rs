//! Random scripts for one end: what its peer sends, right and wrong, and what its caller does.

use proptest::{collection::vec, prelude::*, sample::select};
use sans_h2::frame::SettingId;
use sans_h2::{Part, Role};

use crate::model::Section;

/// Which stream a step is about; found when it is run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pick {
    /// One that the peer has not used, with so many left out before it.
    New(u32),
    /// One of those that live, and that the step fits.
    Live(usize),
    /// One of those that live, whether or not it fits.
    Wrong(usize),
    Any(u32),
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    // The peer's.
    Headers {
        on: Pick,
        section: Section,
        mark: u8,
        part: Part,
        choices: u8,
    },
    Data {
        on: Pick,
        octets: usize,
        padding: Option<u8>,
        part: Part,
    },
    Priority(Pick),
    Reset(Pick),
    WindowUpdate(Pick, u32),
    ConnectionUpdate(u32),
    Settings(Vec<Change>),
    SettingsAck,
    /// Though nothing is under way.
    StrayAck,
    Ping(u8),
    Pong(u8),
    GoAway(u32),
    Promise {
        on: Pick,
        promised: Pick,
        section: Section,
        mark: u8,
    },
    Unknown(Pick),
    // The caller's.
    Open {
        mark: u8,
        part: Part,
    },
    SendSection {
        at: usize,
        section: Section,
        mark: u8,
        part: Part,
    },
    SendData {
        at: usize,
        octets: usize,
        part: Part,
    },
    Release {
        at: usize,
        octets: usize,
    },
    Drop {
        at: usize,
    },
    Update(Change),
    SendPing(u8),
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    InitialWindow(u32),
    MaxStreams(u32),
    TableSize(u32),
    MaxFrame(u32),
}

impl Change {
    pub(crate) fn entry(&self) -> (SettingId, u32) {
        match *self {
            Self::InitialWindow(value) => (SettingId::INITIAL_WINDOW_SIZE, value),
            Self::MaxStreams(value) => (SettingId::MAX_CONCURRENT_STREAMS, value),
            Self::TableSize(value) => (SettingId::HEADER_TABLE_SIZE, value),
            Self::MaxFrame(value) => (SettingId::MAX_FRAME_SIZE, value),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) role: Role,
    pub(crate) initial_window: u32,
    pub(crate) connection_window: u32,
    pub(crate) streams: u32,
    /// The peer's octets come in pieces of so many.
    pub(crate) piece: usize,
    pub(crate) steps: Vec<Step>,
}

fn pick() -> impl Strategy<Value = Pick> {
    prop_oneof![
        1 => (0_u32..3).prop_map(Pick::New),
        100 => (0_usize..8).prop_map(Pick::Live),
        3 => (0_usize..8).prop_map(Pick::Wrong),
        1 => (1_u32..16).prop_map(Pick::Any),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![2 => Just(Part::More), 1 => Just(Part::Last)]
}

fn section(usual: Section) -> impl Strategy<Value = Section> {
    use Section::{Interim, Malformed, Request, Response, Trailers};
    prop_oneof![40 => Just(usual), 1 => select(vec![Request, Interim, Response, Trailers, Malformed])]
}

fn any_section() -> impl Strategy<Value = Section> {
    prop_oneof![
        1 => section(Section::Interim),
        4 => section(Section::Response),
        3 => section(Section::Trailers),
    ]
}

fn mark() -> impl Strategy<Value = u8> {
    0_u8..16
}

fn peer_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        60 => select(vec![0, 1, 300, 20_000, 65_535, 100_000]).prop_map(Change::InitialWindow),
        1 => select(vec![0x7fff_fffe, 0x7fff_ffff, 0x8000_0000]).prop_map(Change::InitialWindow),
        30 => select(vec![0, 1, 2, 100]).prop_map(Change::MaxStreams),
        30 => select(vec![0, 64, 4_096, 10_000]).prop_map(Change::TableSize),
        20 => select(vec![16_384, 20_000]).prop_map(Change::MaxFrame),
    ]
}

fn own_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => select(vec![0, 1, 300, 20_000, 65_535]).prop_map(Change::InitialWindow),
        2 => select(vec![0, 1, 3, 100]).prop_map(Change::MaxStreams),
        3 => select(vec![0, 64, 4_096]).prop_map(Change::TableSize),
    ]
}

/// Of streams' own windows, and of the connection's.
fn increment() -> impl Strategy<Value = u32> {
    prop_oneof![100 => select(vec![1_u32, 100, 10_000, 65_535]), 1 => select(vec![0, 0x7fff_0000, 0x7fff_ffff])]
}

pub(crate) fn from_peer(role: Role) -> impl Strategy<Value = Step> {
    let request = (0_u32..2, section(Section::Request), mark(), part(), any::<u8>()).prop_map(
        |(skipped, section, mark, part, choices)| {
            let on = Pick::New(skipped);
            Step::Headers { on, section, mark, part, choices }
        },
    );
    let headers = (pick(), any_section(), mark(), part(), any::<u8>())
        .prop_map(|(on, section, mark, part, choices)| Step::Headers { on, section, mark, part, choices });
    let octets = prop_oneof![8 => select(vec![0_usize, 1, 100, 300]), 2 => select(vec![5_000_usize, 16_000])];
    let padding = prop_oneof![4 => Just(None), 1 => (0_u8..200).prop_map(Some)];
    let data = (pick(), octets, padding, part()).prop_map(|(on, octets, padding, part)| Step::Data {
        on,
        octets,
        padding,
        part,
    });
    let promise = (pick(), (0_u32..2).prop_map(Pick::New), section(Section::Request), mark())
        .prop_map(|(on, promised, section, mark)| Step::Promise { on, promised, section, mark });
    // What the other role sends ends the connection.
    let (requests, promises) = if role == Role::Server { (160, 1) } else { (1, 60) };
    let opening = prop_oneof![requests => request, promises => promise];
    prop_oneof![
        if role == Role::Server { 160 } else { 40 } => opening,
        160 => headers,
        240 => data,
        20 => pick().prop_map(Step::Priority),
        20 => pick().prop_map(Step::Reset),
        100 => (pick(), increment()).prop_map(|(on, increment)| Step::WindowUpdate(on, increment)),
        60 => increment().prop_map(Step::ConnectionUpdate),
        60 => vec(peer_change(), 0..3).prop_map(Step::Settings),
        60 => Just(Step::SettingsAck),
        1 => Just(Step::StrayAck),
        20 => any::<u8>().prop_map(Step::Ping),
        20 => (0_u8..4).prop_map(Step::Pong),
        4 => select(vec![0_u32, 1, 5, 0x7fff_ffff]).prop_map(Step::GoAway),
        20 => pick().prop_map(Step::Unknown),
    ]
}

pub(crate) fn from_caller(role: Role) -> impl Strategy<Value = Step> {
    let at = || 0_usize..8;
    let opens = if role == Role::Client { 8 } else { 1 };
    prop_oneof![
        opens => (mark(), part()).prop_map(|(mark, part)| Step::Open { mark, part }),
        8 => (at(), any_section(), mark(), part())
            .prop_map(|(at, section, mark, part)| Step::SendSection { at, section, mark, part }),
        8 => (at(), select(vec![0_usize, 1, 70, 500, 9_000]), part())
            .prop_map(|(at, octets, part)| Step::SendData { at, octets, part }),
        6 => (at(), select(vec![0_usize, 1, 100, 5_000, usize::MAX]))
            .prop_map(|(at, octets)| Step::Release { at, octets }),
        1 => at().prop_map(|at| Step::Drop { at }),
        2 => own_change().prop_map(Step::Update),
        1 => (0_u8..4).prop_map(Step::SendPing),
    ]
}

pub(crate) fn script() -> impl Strategy<Value = Script> {
    select(vec![Role::Client, Role::Server]).prop_flat_map(|role| {
        let step = prop_oneof![3 => from_peer(role), 2 => from_caller(role)];
        let initial = select(vec![0, 1, 300, 20_000, 65_535]);
        let connection = select(vec![65_535, 65_536, 100_000, 1 << 20]);
        let piece = select(vec![1, 2, 7, 100, usize::MAX]);
        (initial, connection, select(vec![1, 3, 100]), piece, vec(step, 1..120)).prop_map(
            move |(initial_window, connection_window, streams, piece, steps)| Script {
                role,
                initial_window,
                connection_window,
                streams,
                piece,
                steps,
            },
        )
    })
}
