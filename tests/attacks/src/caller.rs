//! What the victim's caller does.

use sans_h2::{Config, ConfigBuilder, ErrorCode};

/// The behaviour of the application above the engine that is attacked.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What the connection is built with.
    pub config: Config,
    /// How many requests a client makes at the start.
    pub opens: usize,
    /// Whether a client makes more.
    pub reopens: Reopens,
    /// What a server answers, or what a client's requests are.
    pub sends: Sends,
    /// When it writes.
    pub writes: Writes,
}

/// Whether a client makes another request when one is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reopens {
    /// It does not.
    Never,
    /// It always has as many under way as at the start.
    AsTheyEnd,
}

/// What the application sends. Whatever body comes it releases at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// A server no answer; a client a request whose body never comes.
    Nothing,
    /// A message without a body.
    Empty,
    /// A body of a gigabyte, as fast as it is taken.
    Bodies,
    /// A message with a field that no other has.
    Distinct,
    /// RST_STREAM with this code, as soon as a head comes.
    Resets(ErrorCode),
    /// CONNECT, or its acceptance.
    Tunnel,
    /// First what it must not, and a message without a body when that was refused.
    Invalid,
}

/// When the application takes the engine's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// All of it, after each flight.
    AfterEachFlight,
    /// The transport takes nothing.
    Never,
}

impl Caller {
    /// One request under way, nothing sent on it, and all output taken.
    pub(crate) fn new() -> Self {
        Self {
            config: Config::default(),
            opens: 1,
            reopens: Reopens::Never,
            sends: Sends::Nothing,
            writes: Writes::AfterEachFlight,
        }
    }

    pub(crate) fn sends(self, sends: Sends) -> Self {
        Self { sends, ..self }
    }

    pub(crate) fn with(self, opens: usize) -> Self {
        Self { opens, ..self }
    }

    pub(crate) fn reopens(self) -> Self {
        Self { reopens: Reopens::AsTheyEnd, ..self }
    }

    pub(crate) fn never_writes(self) -> Self {
        Self { writes: Writes::Never, ..self }
    }

    pub(crate) fn config(self, knobs: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let config = knobs(Config::builder()).build().expect("an attack's own values are in range");
        Self { config, ..self }
    }
}
