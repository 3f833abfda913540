//! Windows that SETTINGS open by next to nothing (RFC 9113 §6.9.2, §10.5): many DATA frames for one SETTINGS frame.

use std::time::Duration;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use sans_h2::frame::{Kind, Part, SettingId};
use sans_h2::{Blocked, Config, Connection, Event, Role, Time};

use crate::support::{Seen, Sent, Talk, config, drain, post, settings_of, talk, talk_once};

/// The octets that are worth a frame.
const USEFUL: u32 = 1_024;

/// Openings by less that go through at once.
const SLIVERS: usize = 100;

const BODY: &[u8] = &[b'x'; 5_000];

fn window(size: u32) -> [(SettingId, u32); 1] {
    [(SettingId::INITIAL_WINDOW_SIZE, size)]
}

/// The peer sets its initial window size; which DATA goes out then, by stream and octets.
fn set(talk: &mut Talk, size: u32) -> Vec<(u32, usize)> {
    assert!(matches!(talk.hear(|wire| wire.settings(&window(size)))[..], [Seen::Settings(_)]));
    data(talk)
}

fn data(talk: &mut Talk) -> Vec<(u32, usize)> {
    let sent = talk.frames();
    sent.iter().filter(|sent| sent.kind == Kind::DATA).map(|sent| (sent.stream, sent.payload.len())).collect()
}

/// So many octets on each of the first streams of a client.
fn each(streams: u32, octets: usize) -> Vec<(u32, usize)> {
    (0..streams).map(|nth| (2 * nth + 1, octets)).collect()
}

/// A client with so many streams, each with the first octet of a long body sent, and no window for the second.
fn waiting(streams: u32, test: impl Fn(&mut Talk)) {
    talk_once(Role::Client, &Config::default(), &window(1), |talk| {
        for _ in 0..streams {
            let stream = talk.opened(Part::More);
            talk.send(stream, BODY, Part::Last);
            assert_eq!(data(talk), [(stream, 1)]);
        }
        test(talk);
    });
}

/// The same after 100 openings by an octet: what opens further by so little is held.
fn held(streams: u32, test: impl Fn(&mut Talk)) {
    let raises = SLIVERS as u32 / streams;
    assert_eq!(raises * streams, SLIVERS as u32);
    waiting(streams, |talk| {
        for size in 2..2 + raises {
            assert_eq!(set(talk, size).len(), streams as usize);
        }
        assert_eq!(set(talk, 2 + raises), []);
        test(talk);
    });
}

// covers 9113-6.9.2-1 9113-10.5-2
#[test]
fn windows_that_open_octet_by_octet_are_used_a_hundred_times() {
    waiting(60, |talk| {
        assert_eq!(set(talk, 2), each(60, 1));
        // Of those that are open as far, the first.
        assert_eq!(set(talk, 3), each(40, 1));
        assert_eq!(set(talk, 4), []);
        assert_eq!(talk.stream(1).blocked_on(), Some(Blocked::StreamWindow));
        // The last twenty lack an octet of what is useful, the first forty two.
        assert_eq!(set(talk, 2 + USEFUL - 1), []);
        assert_eq!(talk.stream(119).blocked_on(), Some(Blocked::StreamWindow));
    });
}

#[test]
fn a_useful_window_is_used_at_once() {
    held(50, |talk| {
        assert_eq!(set(talk, 3 + USEFUL), each(50, USEFUL as usize));
    });
}

/// What was sent since is worth as many frames with less in them.
#[test]
fn data_makes_good_for_slivers() {
    held(1, |talk| {
        let sent = set(talk, 101 + 2 * USEFUL);
        assert_eq!(sent, [(1, 2 * USEFUL as usize)]);
        let raised = |nth| 101 + 2 * USEFUL + nth;
        assert_eq!((1..=3).map(|nth| set(talk, raised(nth)).len()).collect::<Vec<_>>(), [1, 1, 0]);
    });
}

#[test]
fn time_makes_good_for_slivers() {
    held(1, |talk| {
        assert_eq!(talk.stream(1).blocked_on(), Some(Blocked::StreamWindow));
        let deadline = talk.connection.deadline().expect("time lets it send");
        assert_eq!(deadline, Time::from(Duration::from_secs(1)));
        assert_eq!(talk.connection.poll(&mut &[][..], deadline), None);
        assert_eq!(talk.stream(1).blocked_on(), None);
        assert_eq!(talk.connection.deadline(), None);
        assert_eq!(data(talk), [(1, 1)]);
    });
}

/// What the peer gives a stream by itself it means, however little it is.
// covers 9113-6.9.1-1
#[test]
fn a_window_update_ends_the_wait() {
    held(100, |talk| {
        for octets in [3, 1, 1] {
            assert_eq!(talk.hear(|wire| wire.window_update(7, if octets == 3 { 2 } else { 1 })), []);
            assert_eq!(data(talk), [(7, octets)]);
        }
        // That of the connection opens nothing.
        assert_eq!(talk.hear(|wire| wire.window_update(0, 10_000)), []);
        assert_eq!(data(talk), []);
    });
}

/// With nothing left to give credit for, a peer can open a window by SETTINGS alone.
// covers 9113-6.9.2-1
#[test]
fn a_stream_is_not_held_when_the_peer_has_no_cause_for_credit() {
    held(50, |talk| {
        assert_eq!(set(talk, 0), []);
        // Three octets are without credit on each; the fourth is sent at once.
        assert_eq!(talk.hear(|wire| wire.window_update(5, 2).window_update(7, 3).window_update(9, 4)), []);
        assert_eq!(data(talk), [(9, 1)]);
        assert_eq!(set(talk, 1), [(7, 1), (9, 1)]);
        let new = talk.opened(Part::More);
        talk.send(new, BODY, Part::Last);
        assert_eq!(data(talk), [(new, 1)]);
    });
}

// covers 9113-6.9.2-2
#[test]
fn a_window_below_zero_is_open_again_by_one_octet() {
    talk(Role::Server, &Config::default(), &window(3), |talk| {
        talk.hear(|wire| wire.get(1));
        talk.respond(1, 200, Part::More);
        talk.send(1, BODY, Part::Last);
        assert_eq!(data(talk), [(1, 3)]);
        assert_eq!(set(talk, 2), []);
        assert_eq!(talk.hear(|wire| wire.window_update(1, 2)), []);
        assert_eq!(data(talk), [(1, 1)]);
    });
}

// covers 9113-6.9.2-1
#[test]
fn a_window_of_one_octet_is_used_at_once_by_a_stream_that_has_sent_nothing() {
    talk(Role::Server, &Config::default(), &window(0), |talk| {
        talk.hear(|wire| wire.get(1));
        talk.respond(1, 200, Part::More);
        talk.send(1, BODY, Part::Last);
        assert_eq!(data(talk), []);
        assert_eq!(set(talk, 1), [(1, 1)]);
    });
}

/// Only what waited for its window is held: what is left of a window is sent however little it is.
#[test]
fn the_rest_of_a_window_is_used() {
    held(1, |talk| {
        assert_eq!(set(talk, 110), []);
        let new = talk.opened(Part::More);
        for _ in 0..3 {
            talk.send(new, b"abc", Part::More);
            assert_eq!(data(talk), [(new, 3)]);
        }
        talk.send(new, b"", Part::Last);
        assert_eq!(talk.frames(), [Sent::data(new, b"", Part::Last)]);
    });
}

/// A caller that waits for room hears of it when the wait for the window is over.
#[test]
fn a_full_stream_that_is_held_says_when_it_has_room() {
    let small = config(|config| config.send_buffer_size(2_000));
    talk_once(Role::Client, &small, &window(1), |talk| {
        let stream = talk.opened(Part::More);
        talk.send(stream, &BODY[..2_000], Part::More);
        let sent: usize = (2..200).flat_map(|size| set(talk, size)).map(|(_, octets)| octets).sum();
        // The first two octets opened a stream that had sent nothing.
        assert_eq!((sent, talk.stream(stream).capacity(), talk.notices()), (102, 102, vec![]));
        assert_eq!(set(talk, 102 + USEFUL), [(stream, USEFUL as usize)]);
        assert_eq!(talk.notices(), [Seen::Writable(stream)]);
    });
}

/// A server that gives credit by the half window, as most do.
struct Receiver {
    connection: Connection,
    received: usize,
}

impl Receiver {
    fn hear(&mut self, octets: &[u8]) {
        let mut input = octets;
        while let Some(event) = self.connection.poll(&mut input, Time::ZERO) {
            match event {
                Event::Data { stream, data, part } => {
                    self.received += data.len();
                    if let (Some(mut stream), Part::More) = (self.connection.stream(stream), part) {
                        stream.release(data.len());
                    }
                }
                Event::Reset { .. } | Event::Closed { .. } => panic!("{event:?}"),
                _ => {}
            }
        }
    }
}

/// Carries octets until neither end has any.
fn settle(client: &mut Connection, server: &mut Receiver) {
    loop {
        let (up, down) = (drain(client), drain(&mut server.connection));
        if up.is_empty() && down.is_empty() {
            return;
        }
        server.hear(&up);
        let mut input = &down[..];
        while client.poll(&mut input, Time::ZERO).is_some() {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    /// Nobody waits for the other for ever: of windows twice as large as is useful, a peer gives credit for the half
    /// that was used before what is left is too little for a frame.
    #[test]
    fn bodies_arrive_whatever_became_of_the_windows(
        sizes in vec(0_u32..1_200, 1..150),
        streams in 1_usize..100,
        last in 2 * USEFUL..10_000,
    ) {
        let server = config(|config| config.initial_window_size(sizes[0]));
        let mut server = Receiver { connection: Connection::server(server), received: 0 };
        let mut client = Connection::client(Config::default());
        settle(&mut client, &mut server);
        for _ in 0..streams {
            let stream = client.open(post(), Part::More).expect("few streams");
            let mut stream = client.stream(stream).expect("it is open");
            stream.send_data(Bytes::from_static(BODY), Part::Last).expect("there is room");
        }
        for size in sizes.into_iter().chain([last]) {
            let settings = settings_of(&window(size));
            server.connection.update_settings(&settings).expect("the last ones are acknowledged");
            settle(&mut client, &mut server);
        }
        prop_assert_eq!(server.received, streams * BODY.len());
    }
}
