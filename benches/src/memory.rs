//! An allocator that counts. nghttp2 gets its own, which counts to the same account.

#![expect(unsafe_code, reason = "allocators are unsafe")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};

use libnghttp2_sys as sys;

/// What has been allocated so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    /// How often memory was asked for, growth included.
    pub(crate) allocations: usize,
    /// Octets that are in use.
    pub(crate) live: usize,
}

pub(crate) fn account() -> Account {
    Account { allocations: ALLOCATIONS.load(Ordering::Relaxed), live: LIVE.load(Ordering::Relaxed) }
}

/// The octets that `drop` gives back.
pub(crate) fn freed_by(drop: impl FnOnce()) -> usize {
    let before = account().live;
    drop();
    before.saturating_sub(account().live)
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// One thread does all the work: a load and a store are enough, and cost next to nothing.
fn count(allocations: usize, more: usize, less: usize) {
    ALLOCATIONS.store(ALLOCATIONS.load(Ordering::Relaxed).wrapping_add(allocations), Ordering::Relaxed);
    let live = LIVE.load(Ordering::Relaxed).wrapping_add(more).wrapping_sub(less);
    LIVE.store(live, Ordering::Relaxed);
}

struct Counting;

// SAFETY: all is the system allocator's work, with the caller's own arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size(), 0);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size(), 0);
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, 0, layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size, layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// For nghttp2, which only reads it.
pub(crate) struct Shared(pub(crate) sys::nghttp2_mem);

// SAFETY: nobody writes to it, and it refers to nothing but functions.
unsafe impl Sync for Shared {}

/// For nghttp2: `malloc` and its kin, with the size kept before each block.
pub(crate) static COUNTING: Shared = Shared(sys::nghttp2_mem {
    mem_user_data: std::ptr::null_mut(),
    malloc: Some(malloc),
    free: Some(free),
    calloc: Some(calloc),
    realloc: Some(realloc),
});

unsafe extern "C" fn malloc(size: usize, _: *mut c_void) -> *mut c_void {
    count(1, size, 0);
    // SAFETY: a block of any size may be asked for.
    unsafe { sized(libc::malloc(size + HEAD), size) }
}

unsafe extern "C" fn calloc(count_of: usize, size: usize, _: *mut c_void) -> *mut c_void {
    let octets = count_of * size;
    count(1, octets, 0);
    // SAFETY: a block of any size may be asked for.
    unsafe { sized(libc::calloc(1, octets + HEAD), octets) }
}

unsafe extern "C" fn realloc(pointer: *mut c_void, size: usize, _: *mut c_void) -> *mut c_void {
    // SAFETY: nghttp2 gives back what it got here, or nothing.
    unsafe {
        let (start, old) = start(pointer);
        count(1, size, old);
        sized(libc::realloc(start, size + HEAD), size)
    }
}

unsafe extern "C" fn free(pointer: *mut c_void, _: *mut c_void) {
    // SAFETY: nghttp2 gives back what it got here, or nothing.
    unsafe {
        let (start, old) = start(pointer);
        count(0, 0, old);
        libc::free(start);
    }
}

/// Writes the size at a block's start; what nghttp2 gets is behind it.
///
/// # Safety
///
/// The block has room for the head.
unsafe fn sized(block: *mut c_void, size: usize) -> *mut c_void {
    assert!(!block.is_null(), "out of memory");
    // SAFETY: `malloc` aligns for any type, and there is room for the head.
    unsafe {
        block.cast::<usize>().write(size);
        block.byte_add(HEAD)
    }
}

/// Where the block of `sized` starts, and its size.
///
/// # Safety
///
/// `pointer` is of `sized`, or null.
unsafe fn start(pointer: *mut c_void) -> (*mut c_void, usize) {
    if pointer.is_null() {
        return (pointer, 0);
    }
    // SAFETY: the head is there.
    unsafe {
        let start = pointer.byte_sub(HEAD);
        (start, start.cast::<usize>().read())
    }
}

/// As much as keeps blocks aligned.
const HEAD: usize = 16;
