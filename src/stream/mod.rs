//! The records of streams: their halves, what they have queued, and how they are found.

mod index;
mod list;
mod message;
mod progress;
mod queue;
mod schedule;
mod state;
mod store;

pub(crate) use index::Ending;
pub(crate) use list::{Key, Want};
pub(crate) use message::{Exchange, Message};
pub(crate) use queue::Pending;
pub use state::State;
pub(crate) use state::{Half, Misstep};
pub(crate) use store::{Fullness, Place, PriorityUpdates, Record, Store};
