//! Error codes, the violations that a peer can commit, and the mistakes that a caller can make.
//!
//! The two never mix: peer octets cause a [`Violation`] and nothing else, a call that does not fit causes an
//! [`OpenError`], [`SendError`] or [`ControlError`] and changes nothing.

mod code;
mod usage;
mod violation;

pub use code::ErrorCode;
pub use usage::{ConfigError, ControlError, OpenError, SendError, UpgradeError};
pub use violation::{ConnectionError, Scope, Violation};
