//! Three HTTP/2 engines, the same octets to each, and what each makes of them in one shape.
//!
//! A [`Script`] is what a peer sends and what the caller does; [`run`] gives it to one [`Engine`] and returns the
//! [`Outcome`]: the messages that the caller got, and what the peer was told about its faults.

mod hyper;
mod nghttp2;
mod ours;
mod outcome;
mod script;
mod wire;

pub use outcome::{End, Kind, Message, Outcome, Section};
pub use script::{Answer, Credit, Push, Request, Script, Side, Start};
pub use wire::{MAGIC, Wire, block, flag, kind};

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// `sans-h2`.
    Ours,
    /// The C library, through `libnghttp2-sys`.
    Nghttp2,
    /// The crate `h2`.
    H2,
}

impl Engine {
    /// Those that ours is compared with.
    pub const OTHERS: [Self; 2] = [Self::Nghttp2, Self::H2];
}

/// What `engine` makes of `script`. The octets come frame by frame, and the caller takes what there is after each.
pub fn run(engine: Engine, script: &Script) -> Outcome {
    match engine {
        Engine::Ours => ours::run(script),
        Engine::Nghttp2 => nghttp2::run(script),
        Engine::H2 => hyper::run(script),
    }
}
