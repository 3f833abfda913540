//! An HTTP/2 engine without I/O.
#![no_std]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod error;
mod fields;
pub mod frame;
pub mod hpack;
mod id;
mod time;

pub use error::{
    ConfigError, ConnectionError, ControlError, ErrorCode, OpenError, Scope, SendError, Violation,
};
pub use fields::{Field, Fields, Indexing, Iter};
pub use frame::Part;
pub use id::{Role, StreamId};
pub use time::Time;
