//! Peers that read and write slowly.

use std::time::Duration;

use bytes::Bytes;
use sans_h2::{Config, Part, StreamId};

use crate::ends::{Pair, Pipe};
use crate::{Echo, Listener, SCALE, support};

const BODY: usize = 40_000;

/// Streams with a body each, carried in small pieces with time between them.
fn slow(up: Pipe, down: Pipe, pause: Duration) {
    let small = Config::builder().initial_window_size(5_000).build().expect("within the ranges");
    let mut pair = Pair::new(small.clone(), small, Listener::default(), Echo::default());
    let streams: Vec<StreamId> = (0..20).map(|_| pair.client.open(support::post(), Part::More)).collect();
    for stream in streams {
        pair.client.send(stream, Bytes::from(vec![1; BODY]), Part::Last);
    }
    let mut rounds = 0;
    while pair.exchange(up, down) {
        pair.pass(pause);
        rounds += 1;
        if rounds % 500 == 0 {
            // An answer is waited for before the next is asked for, however slow it comes.
            let _ = pair.client.connection.ping([7; 8]);
        }
    }
    assert_eq!(pair.client.app.finished, 20);
    assert_eq!((pair.client.sent.data_octets, pair.server.sent.data_octets), (20 * BODY, 20 * BODY));
    pair.finish();
    assert_eq!((pair.client.sent.resets, pair.server.sent.resets), (0, 0));
}

const FAST: Pipe = Pipe { written: usize::MAX, received: usize::MAX };

#[test]
fn a_peer_reads_a_few_octets_at_a_time() {
    slow(FAST, Pipe { written: 11 * SCALE, received: 7 * SCALE }, Duration::from_millis(1));
}

#[test]
fn a_peer_writes_a_few_octets_at_a_time() {
    slow(Pipe { written: 11 * SCALE, received: 7 * SCALE }, FAST, Duration::from_millis(1));
}

#[test]
fn both_are_slow_and_pause_for_minutes() {
    let pipe = Pipe { written: 900, received: 130 };
    slow(pipe, pipe, Duration::from_secs(120));
}

#[test]
fn no_time_passes_that_the_engine_knows_of() {
    let pipe = Pipe { written: 900, received: 130 };
    slow(pipe, pipe, Duration::ZERO);
}
