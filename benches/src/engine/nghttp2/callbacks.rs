//! What nghttp2 calls.

use std::ffi::{c_int, c_void};
use std::{ptr, slice};

use libnghttp2_sys as sys;

use super::{Body, State};
use crate::plan::{Answers, Transport, WRITE_OCTETS};
use crate::sink::{End, Sink};

/// All callbacks of a host, to be deleted by the caller.
pub(super) fn new<'p, S: Sink<'p>>() -> *mut sys::nghttp2_session_callbacks {
    let mut callbacks = ptr::null_mut();
    // SAFETY: the out pointer is valid.
    unsafe {
        assert_eq!(sys::nghttp2_session_callbacks_new(&mut callbacks), 0);
        sys::nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Some(on_begin_headers::<S>));
        sys::nghttp2_session_callbacks_set_on_header_callback(callbacks, Some(on_header::<S>));
        sys::nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Some(on_frame::<S>));
        sys::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Some(on_data::<S>));
        sys::nghttp2_session_callbacks_set_send_data_callback(callbacks, Some(send_data::<S>));
    }
    callbacks
}

/// # Safety
///
/// `user_data` is what the session was made with.
unsafe fn state<'a, 'p, S>(user_data: *mut c_void) -> &'a mut State<'p, S> {
    // SAFETY: it lives as long as the session, and nobody else refers to it while that is called.
    unsafe { &mut *user_data.cast::<State<'p, S>>() }
}

/// # Safety
///
/// Only nghttp2 calls it, with `octets` of `length`, perhaps none.
unsafe fn octets<'a>(octets: *const u8, length: usize) -> &'a [u8] {
    // SAFETY: no octets may come without an address.
    if length == 0 { &[] } else { unsafe { slice::from_raw_parts(octets, length) } }
}

unsafe extern "C" fn on_begin_headers<'p, S: Sink<'p>>(
    _session: *mut sys::nghttp2_session,
    frame: *const sys::nghttp2_frame,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: nghttp2 passes a frame, whose head is always valid, and what the session was made with.
    unsafe { state::<S>(user_data).sink.section((*frame).hd.stream_id as u32) };
    0
}

unsafe extern "C" fn on_header<'p, S: Sink<'p>>(
    _session: *mut sys::nghttp2_session,
    frame: *const sys::nghttp2_frame,
    name: *const u8,
    name_length: usize,
    value: *const u8,
    value_length: usize,
    _flags: u8,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: nghttp2 passes a frame, whole strings, and what the session was made with.
    unsafe {
        let stream = (*frame).hd.stream_id as u32;
        state::<S>(user_data).sink.field(stream, octets(name, name_length), octets(value, value_length));
    }
    0
}

unsafe extern "C" fn on_frame<'p, S: Sink<'p>>(
    session: *mut sys::nghttp2_session,
    frame: *const sys::nghttp2_frame,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: nghttp2 passes a frame, whose head is always valid, and what the session was made with.
    let (head, state) = unsafe { ((*frame).hd, state::<S>(user_data)) };
    let has_end = u32::from(head.flags) & sys::NGHTTP2_FLAG_END_STREAM != 0;
    let kind = u32::from(head.type_);
    if has_end && [sys::NGHTTP2_HEADERS, sys::NGHTTP2_DATA].contains(&kind) {
        state.sink.end(head.stream_id as u32);
        state.ended += 1;
        if state.end == End::Server && state.plan.answers == Answers::AtEnd {
            state.answer(session, head.stream_id);
        }
    }
    0
}

unsafe extern "C" fn on_data<'p, S: Sink<'p>>(
    _session: *mut sys::nghttp2_session,
    _flags: u8,
    stream: i32,
    data: *const u8,
    length: usize,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: nghttp2 passes a whole chunk, and what the session was made with.
    unsafe { state::<S>(user_data).sink.data(stream as u32, octets(data, length)) };
    0
}

/// # Safety
///
/// nghttp2 passes what the provider has, and flags to be written.
unsafe fn end_body(
    session: *mut sys::nghttp2_session,
    stream: i32,
    flags: *mut u32,
    trailers: (*const sys::nghttp2_nv, usize),
) {
    // SAFETY: the flags are valid; the list is copied, and its strings live as long as the plan.
    unsafe {
        *flags |= sys::NGHTTP2_DATA_FLAG_EOF;
        if trailers.1 > 0 {
            *flags |= sys::NGHTTP2_DATA_FLAG_NO_END_STREAM;
            assert_eq!(sys::nghttp2_submit_trailer(session, stream, trailers.0, trailers.1), 0);
        }
    }
}

/// Copies a short body: cheaper than a callback more.
pub(super) unsafe extern "C" fn copy_body(
    session: *mut sys::nghttp2_session,
    stream: i32,
    buffer: *mut u8,
    length: usize,
    flags: *mut u32,
    source: *mut sys::nghttp2_data_source,
    _user_data: *mut c_void,
) -> sys::nghttp2_ssize {
    // SAFETY: nghttp2 passes a buffer of `length`, flags, and the source that it was given: a body in its place.
    unsafe {
        let body = &mut *(*source).ptr.cast::<Body>();
        let taken = length.min(body.left);
        ptr::copy_nonoverlapping(body.start, buffer, taken);
        body.start = body.start.add(taken);
        body.left -= taken;
        if body.left == 0 {
            end_body(session, stream, flags, (body.trailers, body.trailer_count));
        }
        taken as sys::nghttp2_ssize
    }
}

/// Says how much of a long body the next frame takes; `send_data` sends it.
pub(super) unsafe extern "C" fn lend_body(
    session: *mut sys::nghttp2_session,
    stream: i32,
    _buffer: *mut u8,
    length: usize,
    flags: *mut u32,
    source: *mut sys::nghttp2_data_source,
    _user_data: *mut c_void,
) -> sys::nghttp2_ssize {
    // SAFETY: nghttp2 passes flags, and the source that it was given: a body in its place.
    unsafe {
        let body = &*(*source).ptr.cast::<Body>();
        let taken = length.min(body.left);
        *flags |= sys::NGHTTP2_DATA_FLAG_NO_COPY;
        if taken == body.left {
            end_body(session, stream, flags, (body.trailers, body.trailer_count));
        }
        taken as sys::nghttp2_ssize
    }
}

unsafe extern "C" fn send_data<'p, S: Sink<'p>>(
    _session: *mut sys::nghttp2_session,
    _frame: *mut sys::nghttp2_frame,
    head: *const u8,
    length: usize,
    source: *mut sys::nghttp2_data_source,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: nghttp2 passes a head of 9 octets, and the source that it was given: a body in its place, of which it has
    // been told that there are `length` octets.
    let (state, head, data) = unsafe {
        let body = &mut *(*source).ptr.cast::<Body>();
        let data = slice::from_raw_parts(body.start, length);
        body.start = body.start.add(length);
        body.left -= length;
        (state::<S>(user_data), slice::from_raw_parts(head, 9), data)
    };
    if state.plan.transport == Transport::ByReference {
        state.lent += 9 + length;
        for piece in [head, data] {
            // SAFETY: the peer lives, and is another session than the one that calls.
            let taken = unsafe { sys::nghttp2_session_mem_recv2(state.peer, piece.as_ptr(), piece.len()) };
            assert_eq!(taken as usize, piece.len());
        }
        return 0;
    }
    state.wire.extend_from_slice(head);
    state.wire.extend_from_slice(data);
    if state.wire.len() < WRITE_OCTETS {
        return 0;
    }
    state.is_paused = true;
    sys::NGHTTP2_ERR_PAUSE as c_int
}
