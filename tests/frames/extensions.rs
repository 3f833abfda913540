//! Frames that RFC 9113 does not define: which are kept, and what three of them mean.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use sans_h2::frame::{
    AltSvc, Extension, Fault, Flags, Frame, Head, Kind, Limits, Origins, PriorityUpdate, Reader, Settings,
    ping,
};
use sans_h2::{StreamId, Violation};

use crate::{Seen, framed, id, read, read_whole, written};

fn keeping(max_extension: usize) -> Reader {
    Reader::new(Limits { max_extension, ..Limits::default() })
}

fn extension(kind: Kind, stream: u32, payload: &[u8]) -> Extension {
    let payload = Bytes::copy_from_slice(payload);
    Extension { kind, flags: Flags::NONE, stream: StreamId::new(stream), payload }
}

fn wire_of(extension: &Extension) -> Vec<u8> {
    written(|out| extension.write(out).unwrap())
}

/// The frames between which extensions come here: nothing of them may be lost or taken.
fn pong() -> (Vec<u8>, Seen<'static>) {
    (written(|out| ping::write_ack([7; 8], out)), Seen::Frame(Frame::Pong { payload: [7; 8] }))
}

/// Some of each type, known and unknown, short and long.
fn some() -> Vec<Extension> {
    let altsvc = |stream, origin: &'static str, value: &'static str| {
        AltSvc { stream, origin: origin.into(), value: value.into() }.to_extension().unwrap()
    };
    let update = PriorityUpdate { prioritized: id(7), value: Bytes::from_static(b"u=2, i") };
    vec![
        altsvc(None, "https://a.example", "h2=\":443\""),
        altsvc(Some(id(1)), "", "clear"),
        Origins::default().to_extension(),
        Origins::new(["https://a.example", "https://b.example:8443"]).unwrap().to_extension(),
        update.to_extension(),
        Extension { flags: 0xff.into(), ..extension(0xbe.into(), 9, b"") },
        Extension { flags: 0x0f.into(), ..extension(0xff.into(), 0, &[1; 200]) },
        extension(0x0b.into(), StreamId::MAX.number(), &[2; 64]),
    ]
}

// covers 9113-4.1-2 9113-5.5-1 9113-5.5-2
#[test]
fn only_what_is_within_the_limit_is_kept() {
    let (after, pong) = pong();
    for length in 0..20_usize {
        let extension = extension(0xbe.into(), 1, &vec![6; length]);
        let wire = [wire_of(&extension), after.clone()].concat();
        let head = Head::parse(wire.first_chunk().unwrap());
        for limit in 0..20 {
            let kept = limit > 0 && length <= limit;
            let frame = if kept { Frame::Extension(extension.clone()) } else { Frame::Unknown(head) };
            let expected = [Seen::Frame(frame), pong.clone()];
            assert_eq!(read(&mut keeping(limit), [&wire[..]]), expected);
            assert_eq!(read(&mut keeping(limit), wire.chunks(1)), expected);
        }
    }
}

/// Every type with all flags: those of RFC 9113 never become extensions, the others always, and nothing of them
/// stays in the reader.
// covers 9113-4.1-2 9113-4.1-3 9113-5.5-2
#[test]
fn all_types_flags_and_short_lengths() {
    for kind in 0..=255 {
        for flags in 0..=255 {
            for length in 0..=16 {
                let wire = framed(kind.into(), flags, u32::from(kind) % 2, &[length as u8; 16][..length]);
                for limit in [0, 8] {
                    let mut reader = keeping(limit);
                    let seen = read(&mut reader, [&wire[..]]);
                    assert_eq!(reader.memory_used(), 0);
                    let is_kept = matches!(seen.first(), Some(Seen::Frame(Frame::Extension(_))));
                    let is_skipped = matches!(seen.first(), Some(Seen::Frame(Frame::Unknown(_))));
                    assert_eq!(is_kept, kind > 9 && limit > 0 && length <= limit);
                    assert_eq!(is_skipped, kind > 9 && !is_kept);
                    if kind > 9 {
                        assert!(reader.is_idle() && seen.len() == 1);
                    }
                    let Some(Seen::Frame(Frame::Extension(extension))) = seen.first() else { continue };
                    assert_eq!(wire_of(extension), wire);
                    // They say something or nothing, and never fall over.
                    if let Some(origins) = Origins::parse(extension) {
                        assert_eq!(origins.iter().count(), 0);
                    }
                    let _ = (AltSvc::parse(extension), PriorityUpdate::parse(extension));
                }
            }
        }
    }
}

#[test]
fn every_prefix_is_nothing_and_every_cut_the_same() {
    let (after, pong) = pong();
    for extension in some() {
        let wire = wire_of(&extension);
        for end in 1..wire.len() {
            let mut reader = keeping(200);
            assert_eq!(read(&mut reader, [&wire[..end]]), [], "{end} octets of {extension:?}");
            assert!(!reader.is_idle());
            assert!(reader.memory_used() <= 200);
        }
        let expected = [Seen::Frame(Frame::Extension(extension)), pong.clone()];
        let wire = [wire, after.clone()].concat();
        for at in 0..=wire.len() {
            let mut reader = keeping(200);
            let (first, second) = wire.split_at(at);
            assert_eq!(read(&mut reader, [first, second]), expected, "cut at {at}");
            assert!(reader.is_idle());
            assert_eq!(reader.memory_used(), 0);
        }
    }
}

#[test]
fn a_long_one_in_pieces_takes_what_its_payload_takes() {
    let wire = wire_of(&extension(0xbe.into(), 0, &[1; 16_384]));
    let mut reader = keeping(16_384);
    for octet in wire[..wire.len() - 1].chunks(1) {
        assert_eq!(reader.next(&mut &*octet), Ok(None));
    }
    assert_eq!(reader.memory_used(), 16_384);
    assert!(reader.next(&mut &wire[wire.len() - 1..]).unwrap().is_some());
    assert_eq!(reader.memory_used(), 0);
    // One octet too long: nothing of it is kept.
    let mut reader = keeping(16_383);
    for piece in wire.chunks(100) {
        read(&mut reader, [piece]);
        assert_eq!(reader.memory_used(), 0);
    }
    assert!(reader.is_idle());
}

// covers 9113-4.2-1 9113-4.3-1 9113-5.5-3 9113-3.4-1
#[test]
fn keeping_them_does_not_make_them_legal_everywhere() {
    let fatal = |violation| Seen::Fault(Fault { violation, stream: None });
    let wire = framed(Kind::ALTSVC, 0, 0, &[0; 16_385]);
    let seen = read(&mut keeping(usize::MAX), [&wire[..9]]);
    assert_eq!(seen, [fatal(Violation::FrameTooLarge)]);

    for extension in some() {
        let open = framed(Kind::HEADERS, 0, 1, b"");
        let wire = [open, wire_of(&extension)].concat();
        let seen = read(&mut keeping(200), [&wire[..]]);
        assert_eq!(seen[1..], [fatal(Violation::FieldBlockInterrupted)]);

        let limits = Limits { max_extension: 200, ..Limits::default() };
        let wire = wire_of(&extension);
        let seen = read(&mut Reader::of_connection(limits), [&wire[..]]);
        assert_eq!(seen, [fatal(Violation::SettingsNotFirst)]);
        let wire = [written(|out| Settings::default().write(out)), wire].concat();
        let seen = read(&mut Reader::of_connection(limits), [&wire[..]]);
        assert_eq!(seen[1..], [Seen::Frame(Frame::Extension(extension))]);
    }
}

/// What came in `wire`, which is one frame.
fn received(wire: &[u8]) -> Extension {
    match keeping(usize::MAX).next(&mut &wire[..]) {
        Ok(Some(Frame::Extension(extension))) => extension,
        other => panic!("{other:?}"),
    }
}

// covers 8336-2.2-1 8336-2.2-3 8336-2.2-6 8336-2.2-7
#[test]
fn origins_from_the_wire() {
    let payload = b"\0\x11https://a.example\0\x04null\0\0\0\x15https://*.example:8443\0\x11https://b.exam";
    for (flags, stream, ours) in [(0, 0, true), (0xf0, 0, true), (1, 0, false), (8, 0, false), (0, 1, false)]
    {
        let origins = Origins::parse(&received(&framed(Kind::ORIGIN, flags, stream, payload)));
        let listed: Option<Vec<_>> = origins.as_ref().map(|origins| origins.iter().collect());
        assert_eq!(listed, ours.then(|| vec!["https://a.example"]));
    }
}

#[test]
fn alternative_services_from_the_wire() {
    for (stream, payload, ours) in [
        (0, &b"\0\x09https://ah2=\":1\""[..], true),
        (1, b"\0\0h2=\":1\"", true),
        (0, b"\0\0h2=\":1\"", false),
        (1, b"\0\x09https://ah2=\":1\"", false),
        (0, b"\0\x11https://ah2=\":1\"", false),
        (0, b"", false),
    ] {
        let altsvc = AltSvc::parse(&received(&framed(Kind::ALTSVC, 0xff, stream, payload)));
        assert_eq!(altsvc.map(|altsvc| altsvc.value), ours.then(|| Bytes::from_static(b"h2=\":1\"")));
    }
}

// covers 9218-7.1-2 9218-7.1-9
#[test]
fn priority_updates_from_the_wire() {
    let parse = |stream, payload: &[u8]| {
        PriorityUpdate::parse(&received(&framed(Kind::PRIORITY_UPDATE, 0xff, stream, payload)))
    };
    let update = PriorityUpdate { prioritized: StreamId::MAX, value: Bytes::from_static(b"i") };
    assert_eq!(parse(0, b"\xff\xff\xff\xffi"), Ok(Some(update)));
    for stream in [1, 2, StreamId::MAX.number()] {
        assert_eq!(parse(stream, b"\0\0\0\x01i"), Err(Violation::PriorityUpdateOnStream));
    }
    for length in 0..4 {
        assert_eq!(parse(0, &[0; 3][..length]), Err(Violation::PriorityUpdateLength));
    }
    assert_eq!(parse(0, b"\x80\0\0\0i"), Err(Violation::PriorityUpdateWithoutStream));
}

fn any_stream() -> impl Strategy<Value = Option<StreamId>> {
    proptest::option::of((1..=StreamId::MAX.number()).prop_map(id))
}

fn any_octets() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..100).prop_map(Bytes::from)
}

fn any_extension() -> impl Strategy<Value = Extension> {
    let kind = prop_oneof![Just(0xa), Just(0xc), Just(0x10), 10..=255_u8];
    (kind, any::<u8>(), any_stream(), any_octets()).prop_map(|(kind, flags, stream, payload)| Extension {
        kind: kind.into(),
        flags: flags.into(),
        stream,
        payload,
    })
}

/// What [`Origins::iter`] promises to hand over, put together from its parts.
fn any_origin() -> impl Strategy<Value = String> {
    let host = prop_oneof!["[a-z0-9._~-]{1,30}", Just("[2001:db8::1]".to_owned())];
    let port = proptest::option::of(any::<u16>());
    ("[a-zA-Z][a-z0-9+.-]{0,8}", host, port).prop_map(|(scheme, host, port)| match port {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

proptest! {
    #[test]
    fn what_is_written_is_kept_as_it_was(
        extensions in vec(any_extension(), 0..10),
        size in 1..150_usize,
    ) {
        let wire: Vec<u8> = extensions.iter().flat_map(wire_of).collect();
        let expected: Vec<_> = extensions.into_iter().map(|one| Seen::Frame(Frame::Extension(one))).collect();
        prop_assert_eq!(read(&mut keeping(100), wire.chunks(size)), expected);
    }

    #[test]
    fn alternative_services_round_trip(
        stream in any_stream(),
        origin in vec(any::<u8>(), 1..100),
        value in any_octets(),
    ) {
        let origin = if stream.is_none() { origin.into() } else { Bytes::new() };
        let altsvc = AltSvc { stream, origin, value };
        let wire = written(|out| altsvc.write(out).unwrap());
        prop_assert_eq!(AltSvc::parse(&received(&wire)), Some(altsvc));
    }

    #[test]
    fn origins_round_trip(listed in vec(any_origin(), 0..10)) {
        let origins = Origins::new(&listed).unwrap();
        let wire = written(|out| origins.write(out).unwrap());
        let parsed = Origins::parse(&received(&wire)).unwrap();
        prop_assert!(parsed.iter().eq(listed.iter().map(String::as_str)));
        prop_assert_eq!(parsed, origins);
    }

    #[test]
    fn priority_updates_round_trip(prioritized in 1..=StreamId::MAX.number(), value in any_octets()) {
        let update = PriorityUpdate { prioritized: id(prioritized), value };
        let wire = written(|out| update.write(out).unwrap());
        prop_assert_eq!(PriorityUpdate::parse(&received(&wire)), Ok(Some(update)));
    }

    /// Whatever comes: what is taken for one of the three is written as it came, but for what means nothing.
    #[test]
    fn typed_forms_lose_nothing(extension in any_extension()) {
        let extension = Extension { flags: Flags::NONE, ..extension };
        if let Some(altsvc) = AltSvc::parse(&extension) {
            prop_assert_eq!(altsvc.to_extension(), Ok(extension.clone()));
        }
        if let Some(origins) = Origins::parse(&extension) {
            prop_assert_eq!(origins.to_extension(), extension.clone());
            prop_assert!(Origins::new(origins.iter()).unwrap().iter().eq(origins.iter()));
        }
        if let Ok(Some(update)) = PriorityUpdate::parse(&extension) {
            let mut payload = extension.payload.to_vec();
            payload[0] &= 0x7f;
            prop_assert_eq!(update.to_extension(), Extension { payload: payload.into(), ..extension });
        }
    }

    /// Octets that are mostly heads of short frames: which extensions are kept does not depend on the cuts, and all
    /// other frames are those that come when none is kept.
    #[test]
    fn keeping_changes_only_extensions(
        frames in vec((0..14_usize, 0..18_u8, any::<u8>(), 0..4_u32, vec(0..5_u8, 14)), 0..12),
        limit in 1..14_usize,
        size in 1..20_usize,
    ) {
        let wire: Vec<u8> = frames
            .into_iter()
            .flat_map(|(length, kind, flags, stream, payload)| {
                framed(kind.into(), flags, stream, &payload[..length])
            })
            .collect();
        let seen = read(&mut keeping(limit), wire.chunks(size));
        prop_assert_eq!(&seen, &read(&mut keeping(limit), [&wire[..]]));
        let heads: Vec<_> = seen
            .into_iter()
            .map(|seen| match seen {
                Seen::Frame(Frame::Extension(Extension { kind, flags, stream, payload })) => {
                    Seen::Frame(Frame::Unknown(Head { length: payload.len() as u32, kind, flags, stream }))
                }
                seen => seen,
            })
            .collect();
        prop_assert_eq!(heads, read_whole(&wire));
    }
}
