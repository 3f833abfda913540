//! SETTINGS in both directions (RFC 9113 §6.5).

use bytes::Bytes;
use sans_h2::frame::{Flags, Kind, Part, SettingId};
use sans_h2::{Config, ControlError, ErrorCode, Fields, Head, Indexing, Role, Verdict, Violation, hpack};

use crate::support::{
    MAGIC, Script, Seen, Sent, Talk, Wire, config, get, heads, settings_of, settings_seen, talk,
    talk_from_start,
};

const TABLE: SettingId = SettingId::HEADER_TABLE_SIZE;
const PUSH: SettingId = SettingId::ENABLE_PUSH;
const STREAMS: SettingId = SettingId::MAX_CONCURRENT_STREAMS;
const WINDOW: SettingId = SettingId::INITIAL_WINDOW_SIZE;
const FRAME: SettingId = SettingId::MAX_FRAME_SIZE;

// covers 9113-6.5.3-1 9113-6.5.3-4
#[test]
fn each_frame_is_acknowledged_once() {
    for role in [Role::Client, Role::Server] {
        let several = [(WINDOW, 1), (FRAME, 16_385), (WINDOW, 2)];
        let wire = Wire::peer(role.peer(), &[]).settings(&several).settings(&[]).ping([0; 8]);
        let outcome = Script::new(role).run(wire);
        let empty = || settings_seen(&[]);
        assert_eq!(outcome.events, [empty(), Seen::SettingsAcknowledged, settings_seen(&several), empty()]);
        let acks = vec![Sent::settings_ack(); 3];
        assert_eq!(outcome.sent, [&acks[..], &[Sent::pong([0; 8])]].concat());
    }
}

// covers 9113-6.5.2-12 9113-6.5.3-3 9113-5.5-1
#[test]
fn unknown_settings_are_told_and_ignored() {
    let unknown =
        [(SettingId::from(0x0a0a), u32::MAX), (SettingId::from(0), 1), (SettingId::from(0xffff), 0)];
    for role in [Role::Client, Role::Server] {
        talk(role, &Config::default(), &[], |talk| {
            assert_eq!(talk.hear(|wire| wire.settings(&unknown)), [settings_seen(&unknown)]);
            talk.assert_usable(&[Sent::settings_ack()]);
        });
    }
}

// covers 9113-6.5.2-3 9113-6.5.2-6 9113-6.5.2-9 9113-6.5.2-11 9113-6.5-2 9113-6.5-7
#[test]
fn values_out_of_range_end_the_connection() {
    use Role::{Client, Server};
    let both = &[Client, Server][..];
    let cases = [
        (both, PUSH, 2, Violation::InvalidEnablePush),
        (both, PUSH, u32::MAX, Violation::InvalidEnablePush),
        (&[Client], PUSH, 1, Violation::InvalidEnablePush),
        (both, WINDOW, 0x8000_0000, Violation::InvalidInitialWindowSize),
        (both, WINDOW, u32::MAX, Violation::InvalidInitialWindowSize),
        (both, FRAME, 0, Violation::InvalidMaxFrameSize),
        (both, FRAME, 16_383, Violation::InvalidMaxFrameSize),
        (both, FRAME, 0x0100_0000, Violation::InvalidMaxFrameSize),
    ];
    for (roles, setting, value, violation) in cases {
        for &role in roles {
            let settings = [(TABLE, 1), (setting, value), (STREAMS, 1)];
            let outcome =
                Script::new(role).run(Wire::peer(role.peer(), &[]).settings(&settings).ping([0; 8]));
            assert_eq!(outcome.messages(), [Seen::failed(violation)], "{role:?} {setting} {value}");
            assert_eq!(outcome.sent, [Sent::settings_ack(), Sent::goaway(0, violation.code())]);
        }
    }
}

// covers 9113-6.5.2-3 9113-6.5.2-9 9113-6.5.2-11 9113-6.5-2
#[test]
fn values_at_the_edges_are_taken() {
    let edges = [
        (TABLE, 0),
        (TABLE, u32::MAX),
        (PUSH, 0),
        (STREAMS, 0),
        (STREAMS, u32::MAX),
        (WINDOW, 0),
        (WINDOW, 0x7fff_ffff),
        (FRAME, 16_384),
        (FRAME, 0x00ff_ffff),
        (SettingId::MAX_HEADER_LIST_SIZE, 0),
        (SettingId::MAX_HEADER_LIST_SIZE, u32::MAX),
    ];
    for role in [Role::Client, Role::Server] {
        talk(role, &Config::default(), &[], |talk| {
            for edge in edges {
                assert_eq!(talk.hear(|wire| wire.settings(&[edge])), [settings_seen(&[edge])]);
                talk.assert_usable(&[Sent::settings_ack()]);
            }
        });
    }
    let push = [(PUSH, 1)];
    assert_eq!(Script::server().run(Wire::peer(Role::Client, &push)).events[0], settings_seen(&push));
}

#[test]
fn a_frame_of_too_many_entries_ends_the_connection() {
    let entries = |count| vec![(WINDOW, 5); count];
    let outcome = Script::server().run(Wire::client().settings(&entries(32)));
    assert_eq!(outcome.events.last(), Some(&settings_seen(&entries(32))));
    let outcome = Script::server().run(Wire::client().settings(&entries(33)));
    assert_eq!(outcome.messages(), [Seen::failed(Violation::TooManySettings)]);
    assert_eq!(outcome.goaway(), ErrorCode::ENHANCE_YOUR_CALM);
}

// covers 9113-6.5.3-2 9113-6.5.3-1
#[test]
fn the_last_of_repeated_values_holds() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.settings(&[(WINDOW, 0), (STREAMS, 0), (WINDOW, 3), (STREAMS, 1)]));
        assert_eq!((talk.open(Part::More), talk.open(Part::Last)), (1, 3));
        talk.send(1, b"abcde", Part::Last);
        let sent = talk.frames();
        assert_eq!(heads(&sent), [(Kind::SETTINGS, 0), (Kind::HEADERS, 1), (Kind::DATA, 1)]);
        assert_eq!(sent[2], Sent::data(1, b"abc", Part::More));
    });
}

// covers 9113-4.1-1 9113-6.5.3-1
#[test]
fn the_peers_frame_size_limits_our_data() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::More);
        talk.send(1, &[b'a'; 20_000], Part::More);
        let data = |octets, part| Sent::data(1, &vec![b'a'; octets], part);
        assert_eq!(talk.frames(), [data(16_384, Part::More), data(3_616, Part::More)]);
        talk.hear(|wire| wire.settings(&[(FRAME, 20_000)]));
        talk.send(1, &[b'a'; 20_001], Part::More);
        let sent = [Sent::settings_ack(), data(20_000, Part::More), data(1, Part::More)];
        assert_eq!(talk.frames(), sent);
        talk.hear(|wire| wire.settings(&[(FRAME, 16_384)]));
        talk.send(1, &[b'a'; 20_000], Part::Last);
        let sent = [Sent::settings_ack(), data(16_384, Part::More), data(3_616, Part::Last)];
        assert_eq!(talk.frames(), sent);
    });
}

// covers 9113-4.1-1 9113-6.2-2 9113-6.10-1 9113-4.3-1
#[test]
fn the_peers_frame_size_splits_our_field_blocks() {
    // No octet of the value is shorter in Huffman code.
    let fields = || get().with_indexing("x-large", [b'\\'; 40_000], Indexing::Without);
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.connection.open(fields(), Part::Last).unwrap();
        let sent = talk.frames();
        let lengths: Vec<usize> = sent.iter().map(|sent| sent.payload.len()).collect();
        let total: usize = lengths.iter().sum();
        assert_eq!(lengths, [16_384, 16_384, total - 32_768]);
        let kinds = [(Kind::HEADERS, 1), (Kind::CONTINUATION, 1), (Kind::CONTINUATION, 1)];
        assert_eq!(heads(&sent), kinds);
        let flags: Vec<Flags> = sent.iter().map(|sent| sent.flags).collect();
        assert_eq!(flags, [Flags::END_STREAM, Flags::NONE, Flags::END_HEADERS]);
        let block: Vec<u8> = sent.iter().flat_map(|sent| sent.payload.clone()).collect();
        let mut decoded = Fields::new();
        let mut decoder = hpack::Decoder::new(4_096).with_max_string(40_000);
        decoder.decode(&block, &mut decoded).unwrap();
        assert_eq!(decoded.get("x-large"), Some(&[b'\\'; 40_000][..]));

        talk.hear(|wire| wire.settings(&[(FRAME, 1 << 17)]));
        talk.connection.open(fields(), Part::Last).unwrap();
        assert_eq!(heads(&talk.frames()), [(Kind::SETTINGS, 0), (Kind::HEADERS, 3)]);
    });
}

fn next_block(talk: &mut Talk) -> Vec<u8> {
    talk.open(Part::Last);
    let mut sent = talk.frames();
    let headers = sent.pop().expect("a frame");
    assert_eq!((headers.kind, sent), (Kind::HEADERS, vec![Sent::settings_ack()]));
    headers.payload
}

// covers 9113-4.3.1-1 9113-6.5.3-1
#[test]
fn our_next_block_begins_with_the_changes_of_the_table_size() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.opened(Part::Last);
        // To 100: 31 in the prefix, and 69.
        talk.hear(|wire| wire.settings(&[(TABLE, 100)]));
        assert_eq!(next_block(talk)[..2], [0x3f, 69]);
        // Down and up between two blocks: the lowest, then the last.
        talk.hear(|wire| wire.settings(&[(TABLE, 0), (TABLE, 4_096)]));
        assert_eq!(next_block(talk)[..4], [0x20, 0x3f, 0xe1, 0x1f]);
        // We never use more than our own limit of 4,096.
        talk.hear(|wire| wire.settings(&[(TABLE, 65_536)]));
        assert!(next_block(talk)[0] >= 0x40);
    });
}

// covers 9113-4.3.1-1
#[test]
fn changes_of_the_table_size_in_several_frames_come_in_one_block() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.settings(&[(TABLE, 40)]));
        talk.hear(|wire| wire.settings(&[(TABLE, 0)]));
        talk.hear(|wire| wire.settings(&[(TABLE, 50)]));
        assert_eq!(talk.frames(), vec![Sent::settings_ack(); 3]);
        talk.open(Part::Last);
        assert_eq!(talk.frames()[0].payload[..3], [0x20, 0x3f, 19]);
    });
}

fn update(talk: &mut Talk, settings: &[(SettingId, u32)]) {
    talk.connection.update_settings(&settings_of(settings)).unwrap();
    assert_eq!(talk.frames(), [Sent::settings(settings)]);
}

fn acknowledged(talk: &mut Talk) {
    assert_eq!(talk.hear(Wire::settings_ack), [Seen::SettingsAcknowledged]);
}

// covers 9113-4.2-2
#[test]
fn our_smaller_frame_size_holds_when_acknowledged() {
    let config = config(|config| config.max_frame_size(20_000));
    talk(Role::Server, &config, &[], |talk| {
        talk.hear(|wire| wire.post(1));
        update(talk, &[(FRAME, 16_384)]);
        let long = Seen::data(1, &[0; 20_000], Part::More);
        assert_eq!(talk.hear(|wire| wire.data(1, &[0; 20_000], Part::More)), [long]);
        acknowledged(talk);
        let events = talk.hear(|wire| wire.data(1, &[0; 16_385], Part::More));
        talk.assert_failed(&events, Violation::FrameTooLarge);
    });
}

#[test]
fn our_larger_frame_size_holds_at_once() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        update(talk, &[(FRAME, 20_000)]);
        talk.hear(|wire| wire.post(1));
        let long = Seen::data(1, &[0; 20_000], Part::More);
        assert_eq!(talk.hear(|wire| wire.data(1, &[0; 20_000], Part::More)), [long]);
        let events = talk.hear(|wire| wire.data(1, &[0; 20_001], Part::More));
        talk.assert_failed(&events, Violation::FrameTooLarge);
    });
}

// covers 9113-6.9.3-1 9113-6.9.2-1
#[test]
fn our_smaller_window_holds_when_acknowledged() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        talk.hear(|wire| wire.post(1));
        update(talk, &[(WINDOW, 10)]);
        let data =
            |talk: &mut Talk, octets: usize| talk.hear(|wire| wire.data(1, &vec![0; octets], Part::More));
        assert_eq!(data(talk, 100), [Seen::data(1, &[0; 100], Part::More)]);
        acknowledged(talk);
        // Ninety below zero: nothing but empty frames until all is released.
        assert_eq!(data(talk, 0), []);
        talk.stream(1).release(100);
        assert_eq!(talk.frames(), [Sent::window_update(1, 100)]);
        assert_eq!(data(talk, 10), [Seen::data(1, &[0; 10], Part::More)]);
        let broken = Seen::broken(1, Violation::StreamWindowExceeded, Verdict::MaybeProcessed);
        assert_eq!(data(talk, 1), [broken]);
        talk.assert_usable(&[Sent::reset(1, ErrorCode::FLOW_CONTROL_ERROR)]);
        talk.assert_balanced();
    });
}

// covers 9113-4.3.1-2
#[test]
fn our_smaller_table_demands_an_update_once_it_is_acknowledged() {
    let begin = |talk: &mut Talk| {
        talk.hear(|wire| wire.octets(MAGIC).settings(&[]));
        // Not acknowledged yet: the table may still be used.
        assert_eq!(talk.hear(|wire| wire.get(1)), [Seen::get(1)]);
        acknowledged(talk);
        talk.frames();
    };
    let config = config(|config| config.header_table_size(100));
    let rest = [0x82, 0x84, 0x86];
    for (block, violation) in [
        (&[][..], Some(Violation::MissingTableSizeUpdate)),
        (&[0x3f, 70], Some(Violation::TableSizeTooLarge)),
        (&[0x3f, 69], None),
        (&[0x20], None),
        (&[0x20, 0x3f, 69], None),
    ] {
        talk_from_start(Role::Server, &config, |talk| {
            begin(talk);
            let events = talk.hear(|wire| wire.block(3, &[block, &rest[..]].concat()));
            match violation {
                Some(violation) => talk.assert_failed(&events, violation),
                None => assert!(matches!(events[..], [Seen::Headers(3, Head::Request, ..)]), "{events:?}"),
            }
        });
    }
}

// covers 9113-4.3.1-2
#[test]
fn our_larger_table_may_be_used_once_it_is_acknowledged() {
    let config = config(|config| config.header_table_size(8_192));
    let block = [0x3f, 0xe1, 0x3f, 0x82, 0x84, 0x86];
    let early = Script::server().config(config.clone());
    let outcome = early.run(Wire::raw().octets(MAGIC).settings(&[]).block(1, &block));
    outcome.assert_failed(Violation::TableSizeTooLarge);
    let outcome = Script::server().config(config).run(Wire::client().block(1, &block));
    assert!(matches!(outcome.messages()[..], [Seen::Headers(1, Head::Request, ..)]));
}

// covers 9113-5.1.2-2
#[test]
fn our_limit_of_streams_can_be_changed() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        update(talk, &[(STREAMS, 1)]);
        acknowledged(talk);
        assert_eq!(talk.hear(|wire| wire.get(1).get(3)), [Seen::get(1)]);
        assert_eq!(talk.frames(), [Sent::reset(3, ErrorCode::REFUSED_STREAM)]);
        update(talk, &[(STREAMS, 2)]);
        assert_eq!(talk.hear(|wire| wire.get(5)), [Seen::get(5)]);
    });
}

#[test]
fn an_acknowledgement_of_nothing_ends_the_connection() {
    for role in [Role::Client, Role::Server] {
        let outcome = Script::new(role).run(Wire::peer(role.peer(), &[]).settings_ack());
        assert_eq!(outcome.messages(), [Seen::failed(Violation::UnexpectedSettingsAck)]);
        assert_eq!(outcome.goaway(), ErrorCode::PROTOCOL_ERROR);
    }
}

// covers 9113-6.5.2-10
#[test]
fn a_refused_change_of_ours_writes_nothing() {
    talk(Role::Client, &Config::default(), &[], |talk| {
        for (setting, value) in [(FRAME, 16_383), (FRAME, 1 << 24), (WINDOW, 1 << 31), (PUSH, 2)] {
            let result = talk.connection.update_settings(&settings_of(&[(TABLE, 7), (setting, value)]));
            assert!(matches!(result, Err(ControlError::InvalidSetting(_))), "{setting} {value}");
        }
        assert_eq!(talk.frames(), []);
        for _ in 0..4 {
            update(talk, &[]);
        }
        let result = talk.connection.update_settings(&settings_of(&[]));
        assert_eq!(result, Err(ControlError::TooManyPending));
        assert_eq!(talk.frames(), []);
        for _ in 0..4 {
            acknowledged(talk);
        }
        update(talk, &[(TABLE, 7)]);
    });
}

/// A frame of the least maximum holds 2,730 entries: one acknowledgement answers for all of a change.
#[test]
fn a_change_of_ours_fits_one_frame() {
    talk(Role::Server, &Config::default(), &[], |talk| {
        let entry = (SettingId::from(0xf0f0), 1);
        let result = talk.connection.update_settings(&settings_of(&[entry; 2_731]));
        assert_eq!(result, Err(ControlError::TooLong));
        assert_eq!(talk.frames(), []);
        talk.connection.update_settings(&settings_of(&[entry; 2_730])).unwrap();
        assert_eq!(talk.frames().len(), 1);
        assert_eq!(talk.hear(Wire::settings_ack), [Seen::SettingsAcknowledged]);
    });
}

#[test]
fn data_that_was_queued_before_keeps_its_order() {
    talk(Role::Client, &Config::default(), &[(WINDOW, 0)], |talk| {
        talk.opened(Part::More);
        talk.stream(1).send_data(Bytes::from_static(b"ab"), Part::More).unwrap();
        talk.stream(1).send_data(Bytes::from_static(b"cd"), Part::Last).unwrap();
        assert_eq!(talk.frames(), []);
        talk.hear(|wire| wire.settings(&[(WINDOW, 3)]));
        assert_eq!(talk.frames(), [Sent::settings_ack(), Sent::data(1, b"abc", Part::More)]);
        talk.hear(|wire| wire.settings(&[(WINDOW, 4)]));
        assert_eq!(talk.frames(), [Sent::settings_ack(), Sent::data(1, b"d", Part::Last)]);
    });
}

#[test]
fn a_smaller_limit_of_field_sections_holds_at_once_and_a_larger_one_than_built_for_is_refused() {
    const LIST: SettingId = SettingId::MAX_HEADER_LIST_SIZE;
    talk(Role::Server, &Config::default(), &[], |talk| {
        let larger = talk.connection.update_settings(&settings_of(&[(LIST, 16_385)]));
        assert!(matches!(larger, Err(ControlError::InvalidSetting(error)) if error.most == 16_384));
        update(talk, &[(LIST, 300)]);
        let long = get().with("x-long", "x".repeat(200));
        assert_eq!(talk.hear(|wire| wire.headers(1, &long, Part::Last)), []);
        assert_eq!(talk.frames(), [Sent::reset(1, ErrorCode::ENHANCE_YOUR_CALM)]);
        assert_eq!(talk.hear(|wire| wire.get(3)), [Seen::get(3)]);
    });
}
