//! What a connection holds at most, with several of its parts full at once, and what it gives back.

mod support;

use bytes::{Buf, Bytes};
use sans_h2::frame::{Flags, Kind};
use sans_h2::{Config, ConfigBuilder, Connection, ErrorCode, Event, Fields, Indexing, Part, Time};
use support::{Wire, id};

const MAGIC: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PING: [u8; 8] = *b"12345678";

fn small() -> ConfigBuilder {
    Config::embedded().to_builder()
}

fn used(connection: &Connection) -> usize {
    size_of::<Connection>() + connection.memory_used()
}

fn receive(connection: &mut Connection, mut input: &[u8]) {
    while let Some(event) = connection.poll(&mut input, Time::ZERO) {
        assert!(!matches!(event, Event::Closed { .. }), "{event:?}");
    }
}

fn write(connection: &mut Connection) {
    while connection.output().has_remaining() {
        write_batch(connection);
    }
}

fn write_batch(connection: &mut Connection) {
    let mut output = connection.output();
    output.advance(output.remaining());
}

fn check(connection: &Connection) {
    let (used, most) = (used(connection), connection.config().max_memory());
    assert!(used <= most, "{used} of {most}");
}

/// A server whose client has begun, and has not acknowledged its settings.
fn server(config: Config) -> Connection {
    let mut server = Connection::server(config);
    receive(&mut server, &Wire::raw().octets(MAGIC).settings(&[]).octets);
    write(&mut server);
    server
}

fn get(stream: u32) -> Vec<u8> {
    Wire::raw().get(stream).octets
}

fn headers(stream: u32, flags: Flags, block: &[u8]) -> Vec<u8> {
    Wire::raw().frame(Kind::HEADERS, flags, stream, block).octets
}

/// A field that goes to the table.
fn literal(name: u8, octets: usize) -> Vec<u8> {
    let more = octets - 127;
    let mut field = vec![0x40, 1, name, 0x7f, (more % 128) as u8 | 0x80, (more / 128) as u8];
    field.resize(field.len() + octets, b'v');
    field
}

// covers 9113-6.5.3-2
#[test]
fn a_table_that_is_used_before_the_settings_are_acknowledged_is_counted() {
    let least =
        small().header_table_size(0).max_concurrent_streams(0).max_open_streams(1).remembered_streams(0);
    for config in [Config::embedded(), least.build().unwrap(), Config::default(), Config::proxy()] {
        let mut server = server(config);
        for nth in 0..5 {
            let block = [&[0x82, 0x86, 0x84, 0x41, 1, b'a'][..], &literal(b'a' + nth, 900)].concat();
            let stream = u32::from(nth) * 2 + 1;
            receive(&mut server, &headers(stream, Flags::END_HEADERS, &block));
            check(&server);
        }
        for nth in 0..4 {
            if let Some(mut stream) = server.stream(id(2 * nth + 1)) {
                stream.send_headers(Fields::response(200), Part::More).unwrap();
                stream.send_data(Bytes::from_static(&[0; 3_000]), Part::Last).unwrap();
            }
        }
        server.output().advance(10);
        receive(&mut server, &Wire::raw().ping(PING).ping(PING).octets);
        let block = literal(b'z', 4_000);
        let whole = headers(101, Flags::END_HEADERS, &block);
        for piece in whole[..whole.len() - 1].chunks(50) {
            receive(&mut server, piece);
            check(&server);
        }
    }
}

#[test]
fn replies_that_wait_take_no_more_than_is_stated() {
    let config = small().max_reply_octets(1_048_576).max_noise(1_000_000).build().unwrap();
    let mut server = server(config);
    let ping = Wire::raw().ping(PING).octets;
    for _ in 0..61_600 {
        receive(&mut server, &ping);
        check(&server);
    }
    server.shut_down();
    server.close(ErrorCode::NO_ERROR);
    check(&server);
}

#[test]
fn resets_of_our_own_streams_are_counted() {
    let config = Config::builder().max_reply_octets(1_048_576).max_noise(1_000_000).build().unwrap();
    let mut client = Connection::client(config);
    for _ in 0..100 {
        client.open(support::get(), Part::Last).unwrap();
    }
    write(&mut client);
    receive(&mut client, &Wire::server().octets);
    let ping = Wire::raw().ping(PING).octets;
    for _ in 0..61_700 {
        receive(&mut client, &ping);
    }
    for nth in 0..100 {
        receive(&mut client, &Wire::raw().window_update(2 * nth + 1, 0).octets);
        check(&client);
    }
    assert!(client.stream(id(1)).is_none());
}

/// However long its last field block is, and in how many pieces bodies come.
#[test]
fn a_batch_takes_no_more_than_is_stated() {
    for buffer in [1_024, 3_000, 32_768] {
        let config = small().write_buffer_size(buffer).max_concurrent_streams(40).max_reply_octets(64);
        let mut server = server(config.send_buffer_size(1 << 20).build().unwrap());
        for nth in 0..40 {
            receive(&mut server, &get(2 * nth + 1));
            let mut stream = server.stream(id(2 * nth + 1)).unwrap();
            let long = Fields::response(200).with_indexing("x", "\u{80}".repeat(450), Indexing::Never);
            stream.send_headers(long, Part::Last).unwrap();
        }
        while server.output().has_remaining() {
            let most = server.config().max_memory() + 1_000;
            assert!(used(&server) <= most, "{} of {most}", used(&server));
            write_batch(&mut server);
        }
    }
}

#[test]
fn a_data_frame_has_as_many_pieces_as_a_batch_has_room_for() {
    for octets in [1, 100, 128, 129, 131, 1_000] {
        let config = small().write_buffer_size(1_024).send_buffer_size(1 << 20).build().unwrap();
        let mut server = server(config);
        let windows = Wire::raw().window_update(0, 1 << 20).get(1).window_update(1, 1 << 20);
        receive(&mut server, &windows.octets);
        let mut stream = server.stream(id(1)).unwrap();
        stream.send_headers(Fields::response(200), Part::More).unwrap();
        let chunk = Bytes::from(vec![7; octets]);
        for nth in 0..300 {
            let part = if nth == 299 { Part::Last } else { Part::More };
            stream.send_data(chunk.clone(), part).unwrap();
            if nth % 7 == 0 && part == Part::More {
                stream.send_data(Bytes::from_static(b"tiny"), part).unwrap();
            }
        }
        let queued = server.memory_used();
        while server.output().has_remaining() {
            assert!(server.memory_used() <= queued + 1_536, "{octets}");
            write_batch(&mut server);
        }
        assert!(server.stream(id(1)).is_none(), "all of it is written");
    }
}

#[test]
fn what_was_needed_at_once_is_given_back() {
    let config = Config::builder().max_reply_octets(1_048_576).max_noise(1_000_000).build().unwrap();
    let mut server = server(config);
    let idle = server.memory_used();
    for _ in 0..60_000 {
        receive(&mut server, &Wire::raw().ping(PING).octets);
    }
    write(&mut server);
    assert!(server.memory_used() <= idle + 1_024, "{} of {idle}", server.memory_used());
    for nth in 0..100 {
        // `GET /` of a host that does not go to the table.
        let block = [0x82, 0x86, 0x84, 0x01, 1, b'a'];
        receive(&mut server, &headers(2 * nth + 1, Flags::END_HEADERS.with(Flags::END_STREAM), &block));
        let mut stream = server.stream(id(2 * nth + 1)).unwrap();
        stream.send_headers(Fields::response(200), Part::More).unwrap();
        for _ in 0..3 {
            stream.send_data(Bytes::from_static(&[0; 200]), Part::More).unwrap();
        }
        stream.send_data(Bytes::new(), Part::Last).unwrap();
    }
    write(&mut server);
    assert!(server.stream(id(1)).is_none());
    assert!(server.memory_used() <= idle + 1_024, "{} of {idle}", server.memory_used());
}
