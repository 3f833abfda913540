//! HPACK against nghttp2's.

use std::ptr;

use libnghttp2_sys as ffi;
use sans_h2::hpack::{Decoder, Encoder};
use sans_h2::{Fields, Indexing, Violation};

/// Blocks, each behind its length of two octets, whose top bit announces a new limit of the table in two octets before
/// the block: both take it or both refuse it, and come to the same fields; these go through both encoders and come back
/// from the other's decoder.
pub fn differential(data: &[u8]) {
    let (mut ours, mut theirs) = (Decoder::new(4_096), Inflater::new());
    let (mut encoder, mut inflater) = (Encoder::new(4_096), Inflater::new());
    let (mut deflater, mut decoder) = (Deflater::new(4_096), Decoder::new(4_096));
    let mut rest = data;
    while let Some([n0, n1]) = take(&mut rest) {
        if let (true, Some(limit)) = (n0 & 0x80 != 0, take(&mut rest)) {
            let limit = u32::from(u16::from_be_bytes(limit));
            ours.set_table_limit(limit);
            theirs.set_table_limit(limit);
        }
        let length = usize::from(u16::from_be_bytes([n0 & 0x7f, n1]));
        let (block, more) = rest.split_at(length.min(rest.len()));
        rest = more;
        let decoded = decode(&mut ours, block);
        let inflated = theirs.inflate(block);
        if is_known_difference(&decoded) {
            return;
        }
        let expected = decoded.as_ref().ok().map(lines);
        assert_eq!(expected, inflated, "ours and theirs of {block:02x?}: {decoded:?}");
        let (Ok(fields), Some(sent)) = (decoded, expected) else { return };

        let mut encoded = Vec::new();
        encoder.encode(&fields, &mut encoded);
        let inflated = inflater.inflate(&encoded).expect("our block");
        assert!(unmarked(&inflated).eq(unmarked(&sent)), "{inflated:02x?} is not {sent:02x?}");
        let decoded = decode(&mut decoder, &deflater.deflate(&sent)).expect("their block");
        assert!(
            decoded.iter().map(|field| (field.name, field.value)).eq(unmarked(&sent)),
            "{decoded:?} is not {fields:?}"
        );
    }
}

/// What ours refuses on purpose and nghttp2 takes.
fn is_known_difference(decoded: &Result<Fields, Violation>) -> bool {
    match decoded {
        // RFC 7541 §4.2 has an encoder send two at most; nghttp2 takes any number.
        Err(Violation::UnexpectedTableSizeUpdate) => true,
        Ok(_) | Err(_) => false,
    }
}

/// Name, value, and whether the field is never indexed.
type Line = (Vec<u8>, Vec<u8>, bool);

fn lines(fields: &Fields) -> Vec<Line> {
    let line = |field: sans_h2::Field<'_>| {
        (field.name.to_vec(), field.value.to_vec(), field.indexing == Indexing::Never)
    };
    fields.iter().map(line).collect()
}

/// Encoders mark secrets of their own accord.
fn unmarked(lines: &[Line]) -> impl Iterator<Item = (&[u8], &[u8])> {
    lines.iter().map(|(name, value, _)| (&name[..], &value[..]))
}

fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<Fields, Violation> {
    let mut fields = Fields::new();
    decoder.decode(block, &mut fields)?;
    decoder.finish()?;
    Ok(fields)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, more) = rest.split_first_chunk()?;
    *rest = more;
    Some(*taken)
}

struct Inflater(*mut ffi::nghttp2_hd_inflater);

impl Inflater {
    fn new() -> Self {
        let mut inflater = ptr::null_mut();
        // SAFETY: the pointer is to a place for the new inflater.
        assert_eq!(unsafe { ffi::nghttp2_hd_inflate_new(&mut inflater) }, 0);
        Self(inflater)
    }

    fn set_table_limit(&mut self, octets: u32) {
        // SAFETY: the inflater lives, and no block is under way.
        assert_eq!(unsafe { ffi::nghttp2_hd_inflate_change_table_size(self.0, octets as usize) }, 0);
    }

    /// The fields of a block, or `None` if it is refused.
    fn inflate(&mut self, mut block: &[u8]) -> Option<Vec<Line>> {
        let mut lines = Vec::new();
        loop {
            let mut field = ffi::nghttp2_nv {
                name: ptr::null_mut(),
                value: ptr::null_mut(),
                namelen: 0,
                valuelen: 0,
                flags: 0,
            };
            let mut flags = 0;
            // SAFETY: the inflater lives, and the block is as long as it is said to be.
            let taken = unsafe {
                ffi::nghttp2_hd_inflate_hd3(self.0, &mut field, &mut flags, block.as_ptr(), block.len(), 1)
            };
            block = &block[usize::try_from(taken).ok()?..];
            if flags as u32 & ffi::NGHTTP2_HD_INFLATE_EMIT != 0 {
                // SAFETY: an emitted field's strings live until the next call.
                lines.push(unsafe {
                    let name = octets(field.name, field.namelen);
                    let value = octets(field.value, field.valuelen);
                    (name, value, u32::from(field.flags) & ffi::NGHTTP2_NV_FLAG_NO_INDEX as u32 != 0)
                });
            }
            if flags as u32 & ffi::NGHTTP2_HD_INFLATE_FINAL != 0 {
                // SAFETY: the inflater lives.
                assert_eq!(unsafe { ffi::nghttp2_hd_inflate_end_headers(self.0) }, 0);
                return Some(lines);
            }
        }
    }
}

impl Drop for Inflater {
    fn drop(&mut self) {
        // SAFETY: it is dropped once.
        unsafe { ffi::nghttp2_hd_inflate_del(self.0) }
    }
}

/// # Safety
///
/// `length` octets are at `start`, unless there are none.
unsafe fn octets(start: *const u8, length: usize) -> Vec<u8> {
    if length == 0 {
        return Vec::new();
    }
    // SAFETY: the caller says so.
    unsafe { std::slice::from_raw_parts(start, length) }.to_vec()
}

struct Deflater(*mut ffi::nghttp2_hd_deflater);

impl Deflater {
    fn new(table: usize) -> Self {
        let mut deflater = ptr::null_mut();
        // SAFETY: the pointer is to a place for the new deflater.
        assert_eq!(unsafe { ffi::nghttp2_hd_deflate_new(&mut deflater, table) }, 0);
        Self(deflater)
    }

    fn deflate(&mut self, lines: &[Line]) -> Vec<u8> {
        let fields: Vec<_> = lines
            .iter()
            .map(|(name, value, is_secret)| ffi::nghttp2_nv {
                name: name.as_ptr().cast_mut(),
                value: value.as_ptr().cast_mut(),
                namelen: name.len(),
                valuelen: value.len(),
                flags: if *is_secret { ffi::NGHTTP2_NV_FLAG_NO_INDEX as u8 } else { 0 },
            })
            .collect();
        // SAFETY: the deflater lives, the fields and their strings are as many and as long as they are said to be and
        // are not written to, and there is room for the block.
        unsafe {
            let bound = ffi::nghttp2_hd_deflate_bound(self.0, fields.as_ptr(), fields.len());
            let mut block = vec![0; bound];
            let length =
                ffi::nghttp2_hd_deflate_hd2(self.0, block.as_mut_ptr(), bound, fields.as_ptr(), fields.len());
            block.truncate(usize::try_from(length).expect("it fits the bound"));
            block
        }
    }
}

impl Drop for Deflater {
    fn drop(&mut self) {
        // SAFETY: it is dropped once.
        unsafe { ffi::nghttp2_hd_deflate_del(self.0) }
    }
}
