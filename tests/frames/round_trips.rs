//! What is written is read, whatever it is and however it is cut.

use proptest::collection::vec;
use proptest::prelude::*;
use sans_h2::StreamId;
use sans_h2::frame::{
    Data, Extension, Frame, GoAway, Head, Headers, Limits, Part, Priority, PushPromise, Reader, Setting,
    Settings, WindowUpdate, ping, reset,
};

use crate::{Seen, data, framed, id, read, read_whole, written};

type Written = (Vec<u8>, Vec<Seen<'static>>);

fn any_id() -> impl Strategy<Value = StreamId> {
    (1..=StreamId::MAX.number()).prop_map(id)
}

fn any_part() -> impl Strategy<Value = Part> {
    prop_oneof![Just(Part::More), Just(Part::Last)]
}

fn any_priority() -> impl Strategy<Value = Priority> {
    let dependency = proptest::option::of(any_id());
    (any::<bool>(), dependency, any::<u8>()).prop_map(|(exclusive, dependency, weight)| Priority {
        exclusive,
        dependency,
        weight,
    })
}

fn any_block() -> impl Strategy<Value = Vec<u8>> {
    // Around the lengths at which CONTINUATIONs begin.
    let length = prop_oneof![0..40_usize, 16_100..16_400_usize, 32_700..32_800_usize];
    (length, any::<u8>()).prop_map(|(length, seed)| (0..length).map(|at| at as u8 ^ seed).collect())
}

/// The frames of a block, its octets joined: how it was cut is the writer's choice.
fn block_seen(wire: &[u8], first: Frame<'static>, block: &[u8]) -> Vec<Seen<'static>> {
    let mut seen = vec![Seen::Frame(first)];
    let seen_octets: usize = read_whole(wire)
        .iter()
        .map(|seen| if let Seen::Octets(octets) = seen { octets.len() } else { 0 })
        .sum();
    assert_eq!(seen_octets, block.len());
    seen.extend((!block.is_empty()).then(|| Seen::Octets(block.to_vec())));
    seen.push(Seen::Frame(Frame::BlockEnd));
    seen
}

/// Joins what CONTINUATIONs part.
fn joined(seen: Vec<Seen<'_>>) -> Vec<Seen<'_>> {
    let mut joined: Vec<Seen<'_>> = Vec::new();
    for item in seen {
        match (joined.last_mut(), item) {
            (_, Seen::Frame(Frame::Continuation(_))) => {}
            (Some(Seen::Octets(before)), Seen::Octets(more)) => before.extend(more),
            (_, item) => joined.push(item),
        }
    }
    joined
}

fn any_block_frame() -> impl Strategy<Value = Written> {
    let padding = proptest::option::of(any::<u8>());
    let request = (any_id(), proptest::option::of(any_priority()), padding.clone(), any_part(), any_block())
        .prop_map(|(stream, priority, padding, part, block)| {
            let head = Headers { stream, priority, padding, part };
            let wire = written(|out| head.write_block(&block, 16_384, out));
            (block_seen(&wire, Frame::Headers(head), &block), wire)
        });
    let promise =
        (any_id(), any_id(), padding, any_block()).prop_map(|(stream, promised, padding, block)| {
            let head = PushPromise { stream, promised, padding };
            let wire = written(|out| head.write_block(&block, 16_384, out));
            (block_seen(&wire, Frame::PushPromise(head), &block), wire)
        });
    prop_oneof![request, promise].prop_map(|(seen, wire)| (wire, seen))
}

fn any_small_frame() -> impl Strategy<Value = Written> {
    let one = |wire, frame| (wire, vec![Seen::Frame(frame)]);
    let entries = vec((any::<u16>(), any::<u32>()), 0..=32);
    let debug = vec(any::<u8>(), 0..=256);
    prop_oneof![
        (any_id(), any_priority()).prop_map(move |(stream, priority)| one(
            written(|out| priority.write(stream, out)),
            Frame::Priority { stream, priority }
        )),
        (any_id(), any::<u32>()).prop_map(move |(stream, code)| one(
            written(|out| reset::write(stream, code.into(), out)),
            Frame::Reset { stream, code: code.into() }
        )),
        entries.prop_map(move |entries| {
            let entries = entries.into_iter().map(|(id, value)| Setting { id: id.into(), value });
            let settings: Settings = entries.collect();
            one(written(|out| settings.write(out)), Frame::Settings(settings))
        }),
        any::<[u8; 8]>()
            .prop_map(move |payload| one(written(|out| ping::write(payload, out)), Frame::Ping { payload })),
        any::<[u8; 8]>().prop_map(move |payload| one(
            written(|out| ping::write_ack(payload, out)),
            Frame::Pong { payload }
        )),
        (proptest::option::of(any_id()), any::<u32>(), debug).prop_map(move |(last, code, debug)| {
            let goaway = GoAway { last, code: code.into(), debug: debug.into() };
            one(written(|out| goaway.write(out)), Frame::GoAway(goaway))
        }),
        (proptest::option::of(any_id()), 1..=WindowUpdate::MAX_INCREMENT).prop_map(
            move |(stream, increment)| {
                let update = WindowUpdate { stream, increment };
                one(written(|out| update.write(out)), Frame::WindowUpdate(update))
            }
        ),
    ]
}

fn any_other_frame() -> impl Strategy<Value = Written> {
    let padding = proptest::option::of(any::<u8>());
    let body = vec(any::<u8>(), 0..300);
    let data = (any_id(), body.clone(), padding, any_part()).prop_map(|(stream, body, padding, part)| {
        let octets = body.len() as u32;
        let flow_octets = octets + padding.map_or(0, |octets| 1 + u32::from(octets));
        let wire = data(stream.number(), &body, padding, part);
        let head = Seen::Frame(Frame::Data(Data { stream, octets, flow_octets, padding, part }));
        let body = (octets > 0).then_some(Seen::Octets(body));
        (wire, [head].into_iter().chain(body).collect())
    });
    let unknown = (10..=255_u8, any::<u8>(), proptest::option::of(any_id()), body).prop_map(
        |(kind, flags, stream, payload)| {
            let head = Head { length: payload.len() as u32, kind: kind.into(), flags: flags.into(), stream };
            let Head { kind, flags, .. } = head;
            let extension = Extension { kind, flags, stream, payload: payload.into() };
            (written(|out| extension.write(out).unwrap()), vec![Seen::Frame(Frame::Unknown(head))])
        },
    );
    prop_oneof![data, unknown]
}

fn pieces<'b>(mut wire: &'b [u8], sizes: &[usize]) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    for &size in sizes.iter().cycle() {
        let (piece, rest) = wire.split_at(size.min(wire.len()));
        pieces.push(piece);
        wire = rest;
        if wire.is_empty() {
            break;
        }
    }
    pieces
}

proptest! {
    // covers 9113-6.6-3
    #[test]
    fn what_is_written_is_read(
        frames in vec(prop_oneof![any_block_frame(), any_small_frame(), any_other_frame()], 0..12),
        sizes in vec(1..500_usize, 1..20),
    ) {
        let (wires, expected): (Vec<_>, Vec<_>) = frames.into_iter().unzip();
        let wire = wires.concat();
        let mut reader = Reader::new(Limits::default());
        let seen = read(&mut reader, pieces(&wire, &sizes));
        prop_assert!(reader.is_idle());
        prop_assert_eq!(joined(seen), joined(expected.concat()));
    }

    /// Octets that are mostly heads of short frames: whatever they mean, cuts do not change it.
    #[test]
    fn arbitrary_octets_mean_the_same_however_they_are_cut(
        frames in vec((0..14_u32, 0..12_u8, any::<u8>(), 0..4_u32, vec(0..5_u8, 14)), 0..12),
        noise in vec(any::<u8>(), 0..40),
        sizes in vec(1..20_usize, 1..10),
    ) {
        let mut wire = Vec::new();
        for (length, kind, flags, stream, payload) in frames {
            wire.extend(framed(kind.into(), flags, stream, &payload[..length as usize]));
        }
        wire.extend(noise);
        let seen = read(&mut Reader::new(Limits::default()), pieces(&wire, &sizes));
        prop_assert_eq!(seen, read_whole(&wire));
    }
}
