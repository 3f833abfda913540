//! What the example programs `serve` and `fetch` are made of.
//!
//! [`link`] drives the engine over any of tokio's transports; the rest only deals with events.

pub mod body;
pub mod fetch;
pub mod link;
pub mod piece;
pub mod serve;
pub mod websocket;
