//! Proof that the crate needs no `std`: a program without it that links, and in which a client and a server talk.
//!
//! It exits with 0 if a request and its response arrived.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::ffi::c_int;
use core::panic::PanicInfo;

use bytes::{Buf, Bytes};
use libc_alloc::LibcAlloc;
use sans_h2::{Config, Connection, Event, Fields, Head, Part, Time};

#[global_allocator]
static ALLOCATOR: LibcAlloc = LibcAlloc;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: it takes no argument and does not return.
    unsafe { libc::abort() }
}

/// The toolchain's `alloc` was compiled for unwinding and names this function, which `std` would bring; since a panic
/// aborts here, nothing calls it.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    let mut client = Connection::client(Config::default());
    let mut server = Connection::server(Config::default());
    let opened = client.open(Fields::request("GET", "http", "localhost", "/"), Part::Last);
    let received = carry(&mut client, &mut server) + carry(&mut server, &mut client);
    if opened.is_ok() && received == BODY.len() { 0 } else { 1 }
}

/// Takes the output of one end to the other, which answers requests; returns how much body arrived.
fn carry(from: &mut Connection, to: &mut Connection) -> usize {
    let mut octets = Vec::new();
    while from.output().has_remaining() {
        let mut output = from.output();
        octets.extend(output.chunks().flatten());
        output.advance(output.remaining());
    }
    let (mut input, mut received) = (&octets[..], 0);
    while let Some(event) = to.poll(&mut input, Time::ZERO) {
        match event {
            Event::Headers { stream, head: Head::Request, .. } => {
                if let Some(mut stream) = to.stream(stream) {
                    let _ = stream.send_headers(Fields::response(200), Part::More);
                    let _ = stream.send_data(Bytes::from_static(BODY), Part::Last);
                }
            }
            Event::Data { data, .. } => received += data.len(),
            _ => {}
        }
    }
    received
}

const BODY: &[u8] = b"no std in sight";
