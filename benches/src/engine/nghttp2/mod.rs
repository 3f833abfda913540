//! nghttp2, by its functions on octets in memory. Strings and long bodies go to it without a copy.

#![expect(unsafe_code, reason = "it is C")]

mod callbacks;
mod hpack;

use std::ffi::c_void;
use std::{mem, ptr, slice};

use libnghttp2_sys as sys;

pub(crate) use self::hpack::{Nghttp2Hpack, encode};
use super::{Connected, Memory};
use crate::memory::COUNTING;
use crate::plan::{Message, Pair, Plan, Transport, WINDOW, WRITE_OCTETS, nth_of};
use crate::sink::{End, Sink};

pub(crate) struct Nghttp2<'p, S> {
    client: Host<'p, S>,
    server: Host<'p, S>,
    octets: usize,
    asked: usize,
}

impl<'p, S: Sink<'p>> Connected<'p, S> for Nghttp2<'p, S> {
    fn new(plan: &'p Plan, memory: Memory) -> Self {
        let (mut client, mut server) =
            (Host::new(plan, End::Client, memory), Host::new(plan, End::Server, memory));
        if plan.transport == Transport::ByReference {
            client.state_mut().peer = server.session;
            server.state_mut().peer = client.session;
        }
        let mut ends = Self { client, server, octets: 0, asked: 0 };
        while ends.carry() > 0 {}
        ends.octets = 0;
        ends
    }

    fn exchange(&mut self, count: usize) {
        let mut left = count;
        while left > 0 {
            let flight = left.min(self.client.state().plan.at_once);
            for _ in 0..flight {
                self.client.ask(self.asked);
                self.asked += 1;
            }
            let due = self.client.state().ended + flight;
            while self.carry() > 0 && self.client.state().ended < due {}
            left -= flight;
        }
    }

    fn wire_octets(&self) -> usize {
        self.octets
    }

    fn sink(&self, end: End) -> &S {
        match end {
            End::Client => &self.client.state().sink,
            End::Server => &self.server.state().sink,
        }
    }

    fn drop_end(&mut self, end: End) {
        match end {
            End::Client => self.client.close(),
            End::Server => self.server.close(),
        }
    }
}

impl<'p, S: Sink<'p>> Nghttp2<'p, S> {
    /// Carries what there is from the client to the server, then back; how many octets.
    fn carry(&mut self) -> usize {
        let octets = self.client.send_to(&mut self.server) + self.server.send_to(&mut self.client);
        self.octets += octets;
        octets
    }
}

/// One end.
struct Host<'p, S> {
    session: *mut sys::nghttp2_session,
    /// Behind a pointer of its own, since callbacks change it whenever the session is called.
    state: *mut State<'p, S>,
}

/// What callbacks write and read. Nobody refers to it while the session is called.
struct State<'p, S> {
    plan: &'p Plan,
    end: End,
    sink: S,
    prepared: Vec<Prepared>,
    /// The bodies that are being sent: those of a flight each have their place.
    bodies: Vec<Body>,
    has_long_bodies: bool,
    /// Where frames with bodies go, unless they are gathered.
    peer: *mut sys::nghttp2_session,
    wire: Vec<u8>,
    /// Octets that went to the peer where they lay.
    lent: usize,
    is_paused: bool,
    ended: usize,
}

impl Memory {
    fn allocator(self) -> *mut sys::nghttp2_mem {
        match self {
            Self::Own => ptr::null_mut(),
            Self::Counted => ptr::from_ref(&COUNTING.0).cast_mut(),
        }
    }
}

/// What an end sends in one exchange, as nghttp2 takes it.
struct Prepared {
    head: Vec<sys::nghttp2_nv>,
    trailers: Vec<sys::nghttp2_nv>,
}

/// A body that is being sent.
#[derive(Clone, Copy)]
struct Body {
    start: *const u8,
    left: usize,
    /// What follows it.
    trailers: *const sys::nghttp2_nv,
    trailer_count: usize,
}

impl Body {
    const NONE: Self = Self { start: ptr::null(), left: 0, trailers: ptr::null(), trailer_count: 0 };
}

impl<'p, S: Sink<'p>> Host<'p, S> {
    fn new(plan: &'p Plan, end: End, memory: Memory) -> Self {
        let state = Box::into_raw(Box::new(State::new(plan, end)));
        let mut session = ptr::null_mut();
        let new = match end {
            End::Client => sys::nghttp2_session_client_new3,
            End::Server => sys::nghttp2_session_server_new3,
        };
        // SAFETY: the out pointers are valid; the session copies the callbacks, and does not outlive its state.
        unsafe {
            let callbacks = callbacks::new::<S>();
            let user_data = state.cast::<c_void>();
            assert_eq!(new(&mut session, callbacks, user_data, ptr::null(), memory.allocator()), 0);
            sys::nghttp2_session_callbacks_del(callbacks);
        }
        let mut host = Self { session, state };
        host.submit_settings();
        host
    }

    fn submit_settings(&mut self) {
        let mut entries = vec![
            entry(sys::NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, self.state().plan.max_streams()),
            entry(sys::NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW),
        ];
        if self.state().end == End::Client {
            entries.push(entry(sys::NGHTTP2_SETTINGS_ENABLE_PUSH, 0));
        }
        let window = i32::try_from(WINDOW).expect("1 MiB");
        // SAFETY: the session lives, and copies the entries.
        unsafe {
            assert_eq!(sys::nghttp2_submit_settings(self.session, 0, entries.as_ptr(), entries.len()), 0);
            assert_eq!(sys::nghttp2_session_set_local_window_size(self.session, 0, 0, window), 0);
        }
    }

    fn ask(&mut self, nth: usize) {
        let session = self.session;
        self.state_mut().ask(session, nth);
    }

    /// Sends all that there is; how many octets.
    fn send_to(&mut self, peer: &mut Self) -> usize {
        match self.state().plan.transport {
            Transport::Gathered => self.write_to(peer),
            Transport::ByReference => self.lend_to(peer),
        }
    }

    /// Gathers all output in write buffers, which the peer reads.
    fn write_to(&mut self, peer: &mut Self) -> usize {
        let mut octets = 0;
        loop {
            while self.state().wire.len() < WRITE_OCTETS {
                let Some(piece) = self.next_piece() else { break };
                // SAFETY: the piece is valid until the session is called again.
                let piece = unsafe { slice::from_raw_parts(piece.0, piece.1) };
                self.state_mut().wire.extend_from_slice(piece);
            }
            let wire = &self.state().wire;
            if wire.is_empty() {
                return octets;
            }
            octets += wire.len();
            peer.read(wire);
            self.state_mut().wire.clear();
        }
    }

    /// Hands all output to the peer where it lies.
    fn lend_to(&mut self, peer: &mut Self) -> usize {
        let mut octets = 0;
        while let Some(piece) = self.next_piece() {
            octets += piece.1;
            // SAFETY: the piece is valid until the session is called again.
            peer.read(unsafe { slice::from_raw_parts(piece.0, piece.1) });
        }
        octets + mem::take(&mut self.state_mut().lent)
    }

    /// The next piece of output, perhaps without octets where a callback took them.
    fn next_piece(&mut self) -> Option<(*const u8, usize)> {
        let mut start = ptr::null();
        // SAFETY: the session lives, and nobody refers to its state.
        let length = unsafe { sys::nghttp2_session_mem_send2(self.session, &mut start) };
        assert!(length >= 0, "{length}");
        let was_paused = mem::take(&mut self.state_mut().is_paused);
        match length as usize {
            0 if was_paused => Some((ptr::NonNull::dangling().as_ptr(), 0)),
            0 => None,
            length => Some((start, length)),
        }
    }

    fn read(&mut self, octets: &[u8]) {
        // SAFETY: the session lives, and nobody refers to its state.
        let taken = unsafe { sys::nghttp2_session_mem_recv2(self.session, octets.as_ptr(), octets.len()) };
        assert_eq!(taken as usize, octets.len());
    }

    fn state(&self) -> &State<'p, S> {
        // SAFETY: it lives as long as the host, and callbacks run only while the session is called.
        unsafe { &*self.state }
    }

    fn state_mut(&mut self) -> &mut State<'p, S> {
        // SAFETY: it lives as long as the host, and callbacks run only while the session is called.
        unsafe { &mut *self.state }
    }
}

impl<S> Host<'_, S> {
    fn close(&mut self) {
        // SAFETY: it is deleted once; nothing is what a second time finds.
        unsafe { sys::nghttp2_session_del(self.session) }
        self.session = ptr::null_mut();
    }
}

impl<S> Drop for Host<'_, S> {
    fn drop(&mut self) {
        self.close();
        // SAFETY: it was a box, and there is no session any more that knows it.
        drop(unsafe { Box::from_raw(self.state) });
    }
}

impl<'p, S: Sink<'p>> State<'p, S> {
    fn new(plan: &'p Plan, end: End) -> Self {
        let sent = plan.exchanges.iter().map(|exchange| match end {
            End::Client => &exchange.request,
            End::Server => &exchange.response,
        });
        Self {
            plan,
            end,
            sink: S::new(plan, end),
            prepared: sent.map(Prepared::of).collect(),
            bodies: vec![Body::NONE; plan.at_once],
            has_long_bodies: plan.has_long_bodies(),
            peer: ptr::null_mut(),
            wire: Vec::with_capacity(2 * WRITE_OCTETS),
            lent: 0,
            is_paused: false,
            ended: 0,
        }
    }

    fn ask(&mut self, session: *mut sys::nghttp2_session, nth: usize) {
        let provider = self.provide(nth);
        let provider = provider.as_ref().map_or(ptr::null(), ptr::from_ref);
        let head = &self.prepared[nth % self.prepared.len()].head;
        let (fields, count) = (head.as_ptr(), head.len());
        // SAFETY: the session lives and copies list and provider; what they point to lives as long as the plan. It
        // calls nobody.
        let stream = unsafe {
            sys::nghttp2_submit_request2(session, ptr::null(), fields, count, provider, ptr::null_mut())
        };
        assert!(stream > 0, "{stream}");
    }

    fn answer(&mut self, session: *mut sys::nghttp2_session, stream: i32) {
        let nth = nth_of(stream as u32);
        let provider = self.provide(nth);
        let provider = provider.as_ref().map_or(ptr::null(), ptr::from_ref);
        let head = &self.prepared[nth % self.prepared.len()].head;
        // SAFETY: the session lives and copies list and provider; what they point to lives as long as the plan. It
        // calls nobody.
        let result =
            unsafe { sys::nghttp2_submit_response2(session, stream, head.as_ptr(), head.len(), provider) };
        assert_eq!(result, 0);
    }

    /// Lays the body of an exchange ready, if it has one.
    fn provide(&mut self, nth: usize) -> Option<sys::nghttp2_data_provider2> {
        let exchange = self.plan.exchange(nth);
        let message = match self.end {
            End::Client => &exchange.request,
            End::Server => &exchange.response,
        };
        if message.is_head_only() {
            return None;
        }
        let trailers = &self.prepared[nth % self.prepared.len()].trailers;
        let place = nth % self.bodies.len();
        self.bodies[place] = Body {
            start: message.body.as_ptr(),
            left: message.body.len(),
            trailers: trailers.as_ptr(),
            trailer_count: trailers.len(),
        };
        let source = sys::nghttp2_data_source { ptr: (&raw mut self.bodies[place]).cast::<c_void>() };
        let read_callback = match self.has_long_bodies {
            true => Some(callbacks::lend_body as _),
            false => Some(callbacks::copy_body as _),
        };
        Some(sys::nghttp2_data_provider2 { source, read_callback })
    }
}

impl Prepared {
    fn of(message: &Message) -> Self {
        Self { head: name_values(&message.head), trailers: name_values(&message.trailers) }
    }
}

/// Fields that nghttp2 need not copy.
fn name_values(fields: &[Pair]) -> Vec<sys::nghttp2_nv> {
    let flags = (sys::NGHTTP2_NV_FLAG_NO_COPY_NAME | sys::NGHTTP2_NV_FLAG_NO_COPY_VALUE) as u8;
    let field = |(name, value): &Pair| sys::nghttp2_nv {
        name: name.as_ptr().cast_mut(),
        value: value.as_ptr().cast_mut(),
        namelen: name.len(),
        valuelen: value.len(),
        flags,
    };
    fields.iter().map(field).collect()
}

fn entry(setting: sys::nghttp2_settings_id, value: u32) -> sys::nghttp2_settings_entry {
    sys::nghttp2_settings_entry { settings_id: setting as i32, value }
}
