//! HPACK, the compression of field sections (RFC 7541).
//!
//! [`Decoder`] turns field blocks into fields, [`Encoder`] fields into blocks; each is one direction of one
//! connection. They know nothing of frames: a block may be cut anywhere, and what becomes of the fields is the
//! [`Sink`]'s business.
//!
//! ```
//! use sans_h2::Fields;
//! use sans_h2::hpack::{Decoder, Encoder};
//!
//! let mut block = Vec::new();
//! Encoder::new(4096).encode(&Fields::response(200).with("server", "sans-h2"), &mut block);
//!
//! let mut decoder = Decoder::new(4096);
//! let mut fields = Fields::new();
//! for fragment in block.chunks(3) {
//!     decoder.decode(fragment, &mut fields)?;
//! }
//! decoder.finish()?;
//! assert_eq!(fields.get("server"), Some(&b"sans-h2"[..]));
//! # Ok::<(), sans_h2::Violation>(())
//! ```

mod decoder;
mod encoder;
mod hash;
mod huffman;
mod huffman_table;
mod integer;
mod lookup;
mod static_table;
mod table;

pub use decoder::{Decoder, Sink};
pub use encoder::Encoder;

/// SETTINGS_HEADER_TABLE_SIZE before it is set (RFC 9113 §6.5.2).
const DEFAULT_TABLE_LIMIT: u32 = 4096;
