//! The script to nghttp2, by its functions on octets in memory.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{c_int, c_void};
use std::{ptr, slice};

use libnghttp2_sys as sys;

use crate::outcome::{self, End, Outcome};
use crate::script::{Answer, Body, Credit, Push, Script, Side, limits};
use crate::wire::{flag, kind};

pub(crate) fn run(script: &Script) -> Outcome {
    let mut session = Session::new(script);
    session.submit_settings(script);
    session.write();
    session.receive(&script.handshake(), script);
    for request in &script.requests {
        session.request(&request.fields(), request.body());
    }
    session.write();
    session.seen.reset();
    for piece in script.pieces() {
        session.receive(piece, script);
    }
    session.seen.outcome.take()
}

/// What the callbacks write and read. They get it as a shared reference, so it is all in cells.
#[derive(Default)]
struct Seen {
    outcome: RefCell<Outcome>,
    /// The section that is coming.
    fields: RefCell<Vec<(Vec<u8>, Vec<u8>)>>,
    /// Streams whose answer is due.
    requested: RefCell<BTreeSet<i32>>,
    /// Octets of body that are still to be sent; streams that are not here never send any.
    bodies: RefCell<BTreeMap<i32, usize>>,
}

impl Seen {
    fn reset(&self) {
        let sent = self.outcome.take().sent;
        *self.outcome.borrow_mut() = Outcome { sent, ..Outcome::default() };
    }

    fn on_header(&self, name: &[u8], value: &[u8]) {
        self.fields.borrow_mut().push((name.to_vec(), value.to_vec()));
    }

    /// A valid frame has come whole: of DATA, its payload has been told before.
    fn on_frame(&self, head: sys::nghttp2_frame_hd, promised: Option<i32>) {
        let stream = promised.unwrap_or(head.stream_id);
        let mut outcome = self.outcome.borrow_mut();
        if [kind::HEADERS, kind::PUSH_PROMISE].contains(&head.type_) {
            let fields = self.fields.take();
            outcome.message(stream as u32).sections.push(outcome::section(fields));
        }
        let has_end = [kind::HEADERS, kind::DATA].contains(&head.type_) && head.flags & flag::END_STREAM != 0;
        if has_end {
            outcome.message(stream as u32).is_whole = true;
        }
        if head.type_ == kind::HEADERS || has_end {
            self.requested.borrow_mut().insert(stream);
        }
    }

    fn on_data(&self, stream: i32, data: &[u8]) {
        self.outcome.borrow_mut().message(stream as u32).data.extend_from_slice(data);
    }

    /// How many octets of `length` a DATA frame takes, and whether they are the last.
    fn read_body(&self, stream: i32, length: usize) -> Option<(usize, bool)> {
        let mut bodies = self.bodies.borrow_mut();
        let left = bodies.get_mut(&stream)?;
        let taken = length.min(*left);
        *left -= taken;
        Some((taken, *left == 0))
    }
}

struct Session {
    raw: *mut sys::nghttp2_session,
    /// The session holds its address.
    seen: Box<Seen>,
    answered: BTreeSet<i32>,
    is_over: bool,
}

impl Session {
    fn new(script: &Script) -> Self {
        let seen = Box::new(Seen::default());
        let user_data = ptr::from_ref::<Seen>(&seen).cast_mut().cast::<c_void>();
        let mut raw = ptr::null_mut();
        let (mut callbacks, mut option) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the out pointers are valid, and what they get is freed once, after the session has copied it.
        unsafe {
            assert_eq!(sys::nghttp2_session_callbacks_new(&mut callbacks), 0);
            sys::nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Some(on_begin_headers));
            sys::nghttp2_session_callbacks_set_on_header_callback(callbacks, Some(on_header));
            sys::nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Some(on_frame));
            sys::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Some(on_data));
            assert_eq!(sys::nghttp2_option_new(&mut option), 0);
            let held = c_int::from(script.credit == Credit::Never);
            sys::nghttp2_option_set_no_auto_window_update(option, held);
            let new = match script.side {
                Side::Client => sys::nghttp2_session_client_new2,
                Side::Server => sys::nghttp2_session_server_new2,
            };
            assert_eq!(new(&mut raw, callbacks, user_data, option), 0);
            sys::nghttp2_option_del(option);
            sys::nghttp2_session_callbacks_del(callbacks);
        }
        Self { raw, seen, answered: BTreeSet::new(), is_over: false }
    }

    fn submit_settings(&mut self, script: &Script) {
        let mut entries = vec![
            entry(sys::NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits::STREAMS),
            entry(sys::NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits::WINDOW),
            entry(sys::NGHTTP2_SETTINGS_MAX_FRAME_SIZE, limits::FRAME),
            entry(sys::NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, limits::TABLE),
            entry(sys::NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits::LIST),
        ];
        if script.side == Side::Client {
            let value = u32::from(script.push == Push::On);
            entries.push(entry(sys::NGHTTP2_SETTINGS_ENABLE_PUSH, value));
        }
        // SAFETY: the session lives, and copies the entries.
        let result = unsafe { sys::nghttp2_submit_settings(self.raw, 0, entries.as_ptr(), entries.len()) };
        assert_eq!(result, 0);
    }

    fn receive(&mut self, piece: &[u8], script: &Script) {
        if self.is_over {
            return;
        }
        // SAFETY: the session lives, and `piece` does during the call.
        let taken = unsafe { sys::nghttp2_session_mem_recv2(self.raw, piece.as_ptr(), piece.len()) };
        if taken < 0 {
            self.is_over = true;
        }
        self.answer(script);
        self.write();
        let mut outcome = self.seen.outcome.borrow_mut();
        if self.is_over && outcome.end == End::None {
            outcome.end = End::Silent;
        }
    }

    fn answer(&mut self, script: &Script) {
        for stream in self.seen.requested.take() {
            let is_whole =
                self.seen.outcome.borrow().messages.get(&(stream as u32)).is_some_and(|it| it.is_whole);
            let is_due = script.side == Side::Server
                && match script.answer {
                    Answer::Never => false,
                    Answer::AtOnce | Answer::Body(_) => true,
                    Answer::AtEnd => is_whole,
                };
            if is_due && self.answered.insert(stream) {
                self.respond(stream, script.answer.body());
            }
        }
    }

    fn respond(&mut self, stream: i32, body: Body) {
        let fields = name_values(&[(":status", "200")]);
        let provider = self.provider(stream, body);
        let provider = provider.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the session lives, and copies the fields and the provider.
        unsafe {
            sys::nghttp2_submit_response2(self.raw, stream, fields.as_ptr(), fields.len(), provider);
        }
    }

    fn request(&mut self, fields: &[(&str, &str)], body: Body) {
        // SAFETY: the session lives.
        let stream = unsafe { sys::nghttp2_session_get_next_stream_id(self.raw) } as i32;
        let fields = name_values(fields);
        let provider = self.provider(stream, body);
        let provider = provider.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the session lives, and copies the fields and the provider.
        let opened = unsafe {
            let (fields, count) = (fields.as_ptr(), fields.len());
            sys::nghttp2_submit_request2(self.raw, ptr::null(), fields, count, provider, ptr::null_mut())
        };
        assert_eq!(opened, stream);
    }

    fn provider(&self, stream: i32, body: Body) -> Option<sys::nghttp2_data_provider2> {
        match body {
            Body::None => return None,
            Body::Open => {}
            Body::Octets(octets) => {
                self.seen.bodies.borrow_mut().insert(stream, octets);
            }
        }
        let source = sys::nghttp2_data_source { fd: 0 };
        Some(sys::nghttp2_data_provider2 { source, read_callback: Some(read_body) })
    }

    fn write(&mut self) {
        let mut octets = Vec::new();
        loop {
            let mut start = ptr::null();
            // SAFETY: the session lives; what it points to is valid until it is called again.
            let piece = unsafe {
                let length = sys::nghttp2_session_mem_send2(self.raw, &mut start);
                if length <= 0 {
                    break;
                }
                slice::from_raw_parts(start, length as usize)
            };
            octets.extend_from_slice(piece);
        }
        self.seen.outcome.borrow_mut().read(&octets);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: it is deleted once, before what its callbacks see.
        unsafe { sys::nghttp2_session_del(self.raw) }
    }
}

fn entry(setting: sys::nghttp2_settings_id, value: u32) -> sys::nghttp2_settings_entry {
    sys::nghttp2_settings_entry { settings_id: setting as i32, value }
}

fn name_values(fields: &[(&str, &str)]) -> Vec<sys::nghttp2_nv> {
    let pointer = |text: &str| text.as_ptr().cast_mut();
    let field = |&(name, value): &(&str, &str)| sys::nghttp2_nv {
        name: pointer(name),
        value: pointer(value),
        namelen: name.len(),
        valuelen: value.len(),
        flags: sys::NGHTTP2_NV_FLAG_NONE as u8,
    };
    fields.iter().map(field).collect()
}

/// # Safety
///
/// `user_data` is what the session was made with.
unsafe fn seen<'a>(user_data: *mut c_void) -> &'a Seen {
    // SAFETY: it is the address of the box, which lives as long as the session.
    unsafe { &*user_data.cast::<Seen>() }
}

/// # Safety
///
/// Only nghttp2 calls it, with `octets` of `length`, perhaps none.
unsafe fn octets<'a>(octets: *const u8, length: usize) -> &'a [u8] {
    // SAFETY: no octets may come without an address.
    if length == 0 { &[] } else { unsafe { slice::from_raw_parts(octets, length) } }
}

unsafe extern "C" fn on_begin_headers(
    _session: *mut sys::nghttp2_session,
    _frame: *const sys::nghttp2_frame,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: nghttp2 passes what the session was made with.
    unsafe { seen(user_data) }.fields.take();
    0
}

unsafe extern "C" fn on_header(
    _session: *mut sys::nghttp2_session,
    _frame: *const sys::nghttp2_frame,
    name: *const u8,
    name_length: usize,
    value: *const u8,
    value_length: usize,
    _flags: u8,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: nghttp2 passes what the session was made with, and whole strings.
    unsafe { seen(user_data).on_header(octets(name, name_length), octets(value, value_length)) };
    0
}

unsafe extern "C" fn on_frame(
    _session: *mut sys::nghttp2_session,
    frame: *const sys::nghttp2_frame,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: nghttp2 passes a frame, whose head is valid for all types, and the rest for that which it names.
    unsafe {
        let head = (*frame).hd;
        let promised = (head.type_ == kind::PUSH_PROMISE).then(|| (*frame).push_promise.promised_stream_id);
        seen(user_data).on_frame(head, promised);
    }
    0
}

unsafe extern "C" fn on_data(
    _session: *mut sys::nghttp2_session,
    _flags: u8,
    stream: i32,
    data: *const u8,
    length: usize,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: nghttp2 passes what the session was made with, and a whole chunk.
    unsafe { seen(user_data).on_data(stream, octets(data, length)) };
    0
}

unsafe extern "C" fn read_body(
    _session: *mut sys::nghttp2_session,
    stream: i32,
    buffer: *mut u8,
    length: usize,
    flags: *mut u32,
    _source: *mut sys::nghttp2_data_source,
    user_data: *mut c_void,
) -> sys::nghttp2_ssize {
    // SAFETY: nghttp2 passes what the session was made with, a buffer of `length` and flags to write.
    unsafe {
        let Some((taken, is_last)) = seen(user_data).read_body(stream, length) else {
            return sys::NGHTTP2_ERR_DEFERRED as sys::nghttp2_ssize;
        };
        ptr::write_bytes(buffer, b'x', taken);
        if is_last {
            *flags |= sys::NGHTTP2_DATA_FLAG_EOF;
        }
        taken as sys::nghttp2_ssize
    }
}
