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
mod huffman_lookup;
mod huffman_table;
mod integer;
mod lookup;
mod representation;
mod short;
mod sink;
mod sizes;
mod table;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use sink::Sink;
pub(crate) use sink::Taker;

/// SETTINGS_HEADER_TABLE_SIZE before it is set (RFC 9113 §6.5.2).
const DEFAULT_TABLE_LIMIT: u32 = 4096;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::fields::{Field, Fields, Indexing};

    #[test]
    fn the_memory_of_a_decoder_stays_within_what_is_stated() {
        for (table, kept) in [(256, 4_096), (4_096, 256)] {
            let mut decoder = Decoder::new(table).with_max_kept(kept);
            let most = Decoder::max_memory(table, kept);
            let block = [&b"\x40\x01a\x01b\x40\x01n\x7f\x81\x1e"[..], &[b'v'; 3_968]].concat();
            for octet in block {
                decoder.decode(&[octet], &mut Fields::new()).unwrap();
                assert!(decoder.memory_used() <= most);
            }
            assert!(decoder.memory_used() > 3_968, "the value was kept");
        }
    }

    #[test]
    fn the_memory_of_an_encoder_stays_within_what_is_stated() {
        let (mut encoder, mut block) = (Encoder::new(4_096), Vec::new());
        for n in 0..200_u8 {
            let (name, value) = ([b'a', n], [n; 40]);
            let field = Field { indexing: Indexing::Incremental, ..Field::new(&name, &value) };
            encoder.encode([field], &mut block);
            assert!(encoder.memory_used() <= Encoder::max_memory(4_096));
        }
        let octets: usize = encoder.entries().map(|(name, value)| name.len() + value.len()).sum();
        assert!(octets > 2_000, "{octets}");
        assert!(encoder.memory_used() > octets);
    }
}
