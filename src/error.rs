//! Error codes, the violations that a peer can commit, and the mistakes that a caller can make.
//!
//! The two never mix: octets of the peer cause a [`Violation`] and nothing else, and a call that does not fit causes an
//! [`OpenError`], [`SendError`] or [`ControlError`] and changes nothing. Values out of range are a [`ConfigError`]. Only
//! an [`UpgradeError`] may be due to either side, since the caller hands in what the peer said in HTTP/1.1.

mod code;
mod usage;
mod violation;

pub use code::ErrorCode;
pub use usage::{ConfigError, ControlError, OpenError, SendError, UpgradeError};
pub use violation::{ConnectionError, Scope, Violation};
