//! Frames, configurations and callers for fuzzers (feature `arbitrary`), by the crate
//! [`arbitrary`](https://docs.rs/arbitrary).
//!
//! | type | what comes |
//! |---|---|
//! | [`Config`](crate::Config) | one that is within all ranges, about half of its values the defaults |
//! | [`Fields`](crate::Fields) | mostly a section that HTTP allows: a request, a response or trailers |
//! | the types of [`frame`](crate::frame) | mostly legal ones; what no frame can hold never comes |
//! | [`Wire`] | octets that a peer might send: mostly legal frames, with field blocks that decode |
//! | [`Operation`] | what the caller of a [`Connection`](crate::Connection) can do, its reads and writes included |
//!
//! What has been used up gives defaults and zeros, so that any octets make a value. Numbers that name streams are
//! mostly small, so that operations and frames meet on the same ones.
//!
//! A fuzz target that plays any caller against any peer; write the same with your own driver around the connection:
//!
//! ```
//! use arbitrary::{Arbitrary, Result, Unstructured};
//! use sans_h2::arbitrary::{Caller, Operation, Wire};
//! use sans_h2::{Config, Connection, Event, Role};
//!
//! fn target(data: &[u8]) -> Result<()> {
//!     let mut u = Unstructured::new(data);
//!     let mut connection = Connection::server(Config::arbitrary(&mut u)?);
//!     let mut caller = Caller::default();
//!     caller.received = Wire::from_peer(Role::Client, &mut u)?.0;
//!     for operation in Vec::<Operation>::arbitrary(&mut u)? {
//!         // A call that does not fit is refused, and changes nothing.
//!         let _ = operation.apply(&mut connection, &mut caller, |connection, event| {
//!             if let Event::Headers { fields, .. } = event {
//!                 connection.recycle(fields);
//!             }
//!         });
//!         assert!(connection.audit().is_balanced());
//!     }
//!     Ok(())
//! }
//!
//! target(b"libFuzzer, AFL or a seed in a test gives the octets")?;
//! # Ok::<(), arbitrary::Error>(())
//! ```

use ::arbitrary::{Result, Unstructured};

mod caller;
mod fields;
mod frames;
mod operation;
mod wire;

pub use caller::{Caller, Refusal};
pub use operation::{Operation, StreamOperation};
pub use wire::Wire;

/// Whether a rare case is due; never when the octets are used up.
fn one_in(cases: u8, u: &mut Unstructured<'_>) -> Result<bool> {
    Ok(u.int_in_range(1..=cases)? == cases)
}

/// Octets without a visible pattern, other ones for each number.
#[cfg(test)]
fn patternless(number: u64, count: usize) -> alloc::vec::Vec<u8> {
    let mut state = number;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..count).map(|_| next()).collect()
}
