#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects))]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

#[cfg(feature = "arbitrary")]
pub mod arbitrary;
mod base64;
mod config;
mod connection;
mod error;
mod event;
mod fields;
mod flow;
pub mod frame;
mod growth;
mod guard;
pub mod hpack;
#[cfg(feature = "http")]
pub mod http;
mod id;
mod output;
mod priority;
mod registry;
mod settings;
mod stream;
mod time;

pub use config::{Config, ConfigBuilder};
pub use connection::{ALPN, Connection, Preface, Stream, UPGRADE_TOKEN};
pub use error::{
    ConfigError, ConnectionError, ControlError, ErrorCode, OpenError, Scope, SendError, UpgradeError,
    Violation,
};
pub use event::{Blocked, Cause, Event, Head, Verdict};
pub use fields::{Coding, Field, Fields, Form, Huffman, Indexing, Iter, Literal};
pub use flow::Audit;
pub use frame::Part;
pub use guard::Ledger;
pub use id::{Role, StreamId};
pub use output::Output;
pub use priority::Priority;
pub use stream::State;
pub use time::Time;
