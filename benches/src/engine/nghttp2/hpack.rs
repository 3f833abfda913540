//! nghttp2's HPACK alone.

use std::{ptr, slice};

use libnghttp2_sys as sys;

use super::name_values;
use crate::corpus::{Corpus, List};
use crate::engine::{Hpack, Memory};

pub(crate) struct Nghttp2Hpack<'c> {
    corpus: &'c Corpus,
    stories: Vec<Vec<Vec<sys::nghttp2_nv>>>,
    inflater: *mut sys::nghttp2_hd_inflater,
    /// The encoder that lasts.
    deflater: Deflater,
    memory: Memory,
    block: Box<[u8]>,
}

impl<'c> Hpack<'c> for Nghttp2Hpack<'c> {
    fn new(corpus: &'c Corpus, memory: Memory) -> Self {
        let story = |story: &Vec<List>| story.iter().map(|list| name_values(list)).collect();
        let stories = corpus.stories.iter().map(story).collect();
        let mut inflater = ptr::null_mut();
        // SAFETY: the out pointer is valid, and the allocator lives for ever.
        let made = unsafe { sys::nghttp2_hd_inflate_new2(&mut inflater, memory.allocator()) };
        assert_eq!(made, 0);
        let block = vec![0; BLOCK_OCTETS].into();
        Self { corpus, stories, inflater, deflater: Deflater::new(memory), memory, block }
    }

    fn decode(&mut self, mut take: impl FnMut(&[u8], &[u8])) {
        for block in &self.corpus.blocks {
            // SAFETY: the decoder lives.
            unsafe { inflate(self.inflater, block, &mut take) };
        }
    }

    fn encode(&mut self, mut take: impl FnMut(&[u8])) -> usize {
        let mut octets = 0;
        for story in &self.stories {
            let mut deflater = Deflater::new(self.memory);
            for list in story {
                let block = deflater.encode(list, &mut self.block);
                take(block);
                octets += block.len();
            }
        }
        octets
    }

    fn encode_on(&mut self) -> usize {
        let lists = self.stories.iter().flatten();
        lists.map(|list| self.deflater.encode(list, &mut self.block).len()).sum()
    }
}

impl Drop for Nghttp2Hpack<'_> {
    fn drop(&mut self) {
        // SAFETY: it is deleted once.
        unsafe { sys::nghttp2_hd_inflate_del(self.inflater) }
    }
}

/// # Safety
///
/// The decoder lives.
unsafe fn inflate(
    inflater: *mut sys::nghttp2_hd_inflater,
    mut block: &[u8],
    take: &mut impl FnMut(&[u8], &[u8]),
) {
    loop {
        let mut flags = 0;
        let mut field = NO_FIELD;
        // SAFETY: the decoder lives, and the out pointers are valid.
        let taken = unsafe {
            let (start, length) = (block.as_ptr(), block.len());
            sys::nghttp2_hd_inflate_hd3(inflater, &mut field, &mut flags, start, length, 1)
        };
        assert!(taken >= 0, "{taken}");
        block = &block[taken as usize..];
        if flags & sys::NGHTTP2_HD_INFLATE_EMIT as i32 != 0 {
            // SAFETY: the strings of a field are valid until the decoder is called again.
            let (name, value) = unsafe {
                let name = slice::from_raw_parts(field.name, field.namelen);
                (name, slice::from_raw_parts(field.value, field.valuelen))
            };
            take(name, value);
        }
        if flags & sys::NGHTTP2_HD_INFLATE_FINAL as i32 != 0 {
            // SAFETY: the decoder lives.
            unsafe { sys::nghttp2_hd_inflate_end_headers(inflater) };
            return;
        }
    }
}

/// The blocks of lists on one connection.
pub(crate) fn encode(lists: &[List]) -> Vec<Vec<u8>> {
    let mut deflater = Deflater::new(Memory::Own);
    let mut block = vec![0; BLOCK_OCTETS];
    lists.iter().map(|list| deflater.encode(&name_values(list), &mut block).to_vec()).collect()
}

struct Deflater(*mut sys::nghttp2_hd_deflater);

impl Deflater {
    fn new(memory: Memory) -> Self {
        let mut raw = ptr::null_mut();
        // SAFETY: the out pointer is valid, and the allocator lives for ever.
        let made = unsafe { sys::nghttp2_hd_deflate_new2(&mut raw, 4_096, memory.allocator()) };
        assert_eq!(made, 0);
        Self(raw)
    }

    fn encode<'b>(&mut self, list: &[sys::nghttp2_nv], block: &'b mut [u8]) -> &'b [u8] {
        let (start, length) = (block.as_mut_ptr(), block.len());
        // SAFETY: the encoder lives, and the block is as long as told.
        let octets = unsafe { sys::nghttp2_hd_deflate_hd2(self.0, start, length, list.as_ptr(), list.len()) };
        assert!(octets >= 0, "{octets}");
        &block[..octets as usize]
    }
}

impl Drop for Deflater {
    fn drop(&mut self) {
        // SAFETY: it is deleted once.
        unsafe { sys::nghttp2_hd_deflate_del(self.0) }
    }
}

/// Room for the longest block.
const BLOCK_OCTETS: usize = 65_536;

const NO_FIELD: sys::nghttp2_nv =
    sys::nghttp2_nv { name: ptr::null_mut(), value: ptr::null_mut(), namelen: 0, valuelen: 0, flags: 0 };
