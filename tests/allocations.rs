//! What the engine allocates, counted by an allocator.

mod support;

use allocation_counter::measure;
use bytes::{Buf, Bytes};
use sans_h2::frame::Kind;
use sans_h2::{Config, Connection, Event, Fields, Head, Part, StreamId, Time};
use support::{Wire, id};

/// Polls all of `input`; returns the octets of body that came.
fn receive(connection: &mut Connection, mut input: &[u8]) -> usize {
    let mut octets = 0;
    while let Some(event) = connection.poll(&mut input, Time::ZERO) {
        match event {
            Event::Data { stream, data, .. } => {
                octets += data.len();
                if let Some(mut stream) = connection.stream(stream) {
                    stream.release(data.len());
                }
            }
            Event::Headers { fields, .. } => connection.recycle(fields),
            Event::Settings(_) | Event::SettingsAcknowledged => {}
            other => panic!("{other:?}"),
        }
    }
    octets
}

/// Copies all output into `to`, which has room for it.
fn write(connection: &mut Connection, to: &mut Vec<u8>) {
    to.clear();
    loop {
        let mut output = connection.output();
        if !output.has_remaining() {
            return;
        }
        output.chunks().for_each(|chunk| to.extend_from_slice(chunk));
        output.advance(output.remaining());
    }
}

#[test]
fn receiving_data_allocates_nothing_whatever_its_size() {
    let mut server = Connection::server(Config::default());
    receive(&mut server, &Wire::client().post(1).octets);
    let mut written = Vec::with_capacity(1 << 20);
    write(&mut server, &mut written);
    let body = Wire::raw().data(1, &[7; 16_384], Part::More).padded_data(1, &[8; 1_000], 200).octets;
    // Once, so that the memory for WINDOW_UPDATEs is there.
    for _ in 0..8 {
        assert_eq!(receive(&mut server, &body), 17_384);
        write(&mut server, &mut written);
    }
    for cut in [1, 10, 1_000, body.len()] {
        let mut received = 0;
        let allocations = measure(|| {
            for _ in 0..64 {
                body.chunks(cut).for_each(|piece| received += receive(&mut server, piece));
                write(&mut server, &mut written);
            }
        });
        assert_eq!(received, 64 * 17_384);
        assert_eq!(allocations.count_total, 0, "pieces of {cut} octets");
    }
}

/// One POST with a body each way.
fn exchange(ends: &mut [Connection; 2], request: Fields, response: Fields, body: &Bytes, wire: &mut Vec<u8>) {
    let [client, server] = ends;
    let stream = client.open(request, Part::More).expect("no other stream is open");
    client.stream(stream).expect("open").send_data(body.clone(), Part::Last).expect("room");
    write(client, wire);
    let mut input = &wire[..];
    let mut response = Some(response);
    while let Some(event) = server.poll(&mut input, Time::ZERO) {
        match event {
            Event::Headers { head: Head::Request, fields, .. } => server.recycle(fields),
            Event::Data { stream, data, part } => {
                let mut stream = server.stream(stream).expect("open");
                stream.release(data.len());
                if part.is_last() {
                    stream.send_headers(response.take().expect("one request"), Part::More).expect("first");
                    stream.send_data(body.clone(), Part::Last).expect("room");
                }
            }
            other => panic!("{other:?}"),
        }
    }
    write(server, wire);
    assert_eq!(receive(client, wire), body.len());
    assert!(client.stream(stream).is_none());
    write(client, wire);
    receive(server, wire);
}

fn request(n: usize) -> Fields {
    Fields::request("POST", "https", "example.com", &format!("/things/{n}"))
        .with("user-agent", "sans-h2")
        .with("accept", "*/*")
        .with("x-request-id", format!("{n:032}"))
}

fn response(n: usize) -> Fields {
    Fields::response(200).with("content-type", "text/plain").with("etag", format!("{n:08x}"))
}

#[test]
fn an_exchange_in_the_steady_state_allocates_nothing() {
    let mut ends = [Connection::client(Config::default()), Connection::server(Config::default())];
    let mut wire = Vec::with_capacity(1 << 20);
    let body = Bytes::from(vec![1; 3_000]);
    for (from, to) in [(0, 1), (1, 0), (0, 1)] {
        write(&mut ends[from], &mut wire);
        receive(&mut ends[to], &wire);
    }
    for n in 0..1_000 {
        exchange(&mut ends, request(n), response(n), &body, &mut wire);
    }
    // The caller's own lists are made before the count begins.
    let lists: Vec<(Fields, Fields)> = (0..500).map(|n| (request(n), response(n))).collect();
    let allocations = measure(|| {
        for (request, response) in lists {
            exchange(&mut ends, request, response, &body, &mut wire);
        }
    });
    assert_eq!(allocations.count_total, 0);
}

#[test]
fn control_frames_of_the_peer_leave_nothing_behind() {
    let mut server = Connection::server(Config::default());
    receive(&mut server, &Wire::client().octets);
    let mut written = Vec::with_capacity(1 << 20);
    let frames = Wire::raw()
        .ping(*b"12345678")
        .window_update(0, 1)
        .settings(&[])
        .frame(Kind::PRIORITY, sans_h2::frame::Flags::NONE, 7, &[0; 5])
        .frame(Kind::from(0xee), sans_h2::frame::Flags::NONE, 9, &[0; 500])
        .octets;
    for _ in 0..10 {
        receive(&mut server, &frames);
        write(&mut server, &mut written);
    }
    let before = server.memory_used();
    let allocations = measure(|| {
        for _ in 0..1_000 {
            receive(&mut server, &frames);
            write(&mut server, &mut written);
        }
    });
    assert_eq!((allocations.count_total, server.memory_used()), (0, before));
}

#[test]
fn bodies_go_out_where_they_lie() {
    let mut client = Connection::client(Config::default());
    let body = Bytes::from(vec![9; 60_000]);
    let stream = client.open(support::post(), Part::More).unwrap();
    client.stream(stream).unwrap().send_data(body.clone(), Part::Last).unwrap();
    let lent = body.as_ptr_range();
    let mut by_reference = 0;
    loop {
        let mut output = client.output();
        if !output.has_remaining() {
            break;
        }
        by_reference +=
            output.chunks().filter(|chunk| lent.contains(&chunk.as_ptr())).map(<[u8]>::len).sum::<usize>();
        output.advance(output.remaining());
    }
    assert_eq!((stream, by_reference), (id(1), body.len()));
}

#[test]
fn bodies_come_in_where_they_lie() {
    let mut server = Connection::server(Config::default());
    let wire = Wire::client().post(1).data(1, &[5; 10_000], Part::Last).octets;
    let mut input = &wire[..];
    let mut lent = 0;
    while let Some(event) = server.poll(&mut input, Time::ZERO) {
        if let Event::Data { stream, data, .. } = event {
            assert_eq!(stream, StreamId::new(1).unwrap());
            assert!(wire.as_ptr_range().contains(&data.as_ptr()));
            lent += data.len();
        }
    }
    assert_eq!(lent, 10_000);
}

/// A caller that holds field lists holds what they are accounted with, however large the lists were that it gave back.
#[test]
fn a_field_list_holds_no_more_than_it_is_accounted_with() {
    let mut server = Connection::server(Config::default());
    receive(&mut server, &Wire::client().octets);
    let mut wire = Wire::raw();
    let mut held = Vec::new();
    for nth in 0..40 {
        let octets = if nth % 2 == 0 { 15_000 } else { 10 };
        let fields = request(nth).with("x-large", vec![b'x'; octets]);
        wire = wire.headers(2 * nth as u32 + 1, &fields, Part::Last);
        let octets = std::mem::take(&mut wire.octets);
        for mut piece in octets.chunks(100) {
            while let Some(event) = server.poll(&mut piece, Time::ZERO) {
                let Event::Headers { fields, .. } = event else { panic!("{event:?}") };
                assert!(fields.capacity_octets() <= fields.list_octets(), "{fields:?}");
                if nth % 2 == 0 { server.recycle(fields) } else { held.push(fields) }
            }
        }
    }
    assert_eq!(held.len(), 20);
    assert!(held.iter().map(Fields::capacity_octets).sum::<usize>() < 20 * 1_000);
}
