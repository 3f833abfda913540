//! What the example programs `serve` and `fetch` are made of.
//!
//! [`link`] drives the engine over any of tokio's transports; the rest only deals with events.

pub mod body;
pub mod fetch;
pub mod link;
pub mod serve;
pub mod websocket;

/// What ALPN calls HTTP/2 over TLS (RFC 9113 §3.2).
pub const H2: &[u8] = b"h2";
