//! The public vectors of `http2-frame-test-case`.

use std::fs;

use sans_h2::StreamId;
use sans_h2::frame::{
    Continuation, Data, Flags, Frame, GoAway, Head, Headers, Kind, Limits, Part, Priority, PushPromise,
    Reader, Setting, Settings, WindowUpdate, ping, reset,
};
use serde_json::Value;

use crate::support::{self, hex};
use crate::{Seen, data, framed, id, read, read_whole};

/// What only the connection can judge: the reader hands these over as they came.
const NOT_THE_READERS: [&str; 2] =
    ["push_promise-frame-promised_stream-odd.json", "window_update-frame-increment.json"];

/// The cases of the vector directories: file name and content. `None` if they are not here.
fn vectors() -> Option<Vec<(String, Value)>> {
    let directories = fs::read_dir(support::vectors("http2-frame-test-case")?).unwrap();
    let files = directories.filter_map(|entry| fs::read_dir(entry.unwrap().path()).ok()).flatten();
    let case = |file: fs::DirEntry| {
        let text = fs::read_to_string(file.path()).unwrap();
        (file.file_name().into_string().unwrap(), serde_json::from_str(&text).unwrap())
    };
    Some(files.map(|file| case(file.unwrap())).collect())
}

fn wire_of(case: &Value) -> Vec<u8> {
    hex(case["wire"].as_str().unwrap())
}

fn number(value: &Value) -> Option<u32> {
    value.as_u64().map(|number| number as u32)
}

/// What a normal case must decode to, and how it is encoded.
fn expected(head: &Head, payload: &Value) -> (Vec<Seen<'static>>, Vec<u8>) {
    let content = match head.kind {
        Kind::DATA | Kind::HEADERS | Kind::PUSH_PROMISE | Kind::CONTINUATION => {
            let name = if head.kind == Kind::DATA { "data" } else { "header_block_fragment" };
            Some(payload[name].as_str().unwrap().as_bytes())
        }
        _ => None,
    };
    let (frame, wire) = match content {
        Some(content) => streamed(head, payload, content),
        None => small(head, payload),
    };
    let octets = content.filter(|content| !content.is_empty()).map(|content| Seen::Octets(content.to_vec()));
    let end = head.flags.contains(Flags::END_HEADERS).then_some(Seen::Frame(Frame::BlockEnd));
    ([Seen::Frame(frame)].into_iter().chain(octets).chain(end).collect(), wire)
}

fn streamed(head: &Head, payload: &Value, content: &[u8]) -> (Frame<'static>, Vec<u8>) {
    let stream = head.stream.unwrap();
    let part = if head.flags.contains(Flags::END_STREAM) { Part::Last } else { Part::More };
    let padding = number(&payload["padding_length"]).map(|octets| octets as u8);
    let mut wire = Vec::new();
    let frame = match head.kind {
        Kind::DATA => {
            wire = data(stream.number(), content, padding, part);
            let octets = content.len() as u32;
            Frame::Data(Data { stream, octets, flow_octets: head.length, padding, part })
        }
        Kind::HEADERS => {
            let head = Headers { stream, priority: priority(payload), padding, part };
            head.write_block(content, 16_384, &mut wire);
            Frame::Headers(head)
        }
        Kind::PUSH_PROMISE => {
            let promised = id(number(&payload["promised_stream_id"]).unwrap());
            let promise = PushPromise { stream, promised, padding };
            promise.write_block(content, 16_384, &mut wire);
            Frame::PushPromise(promise)
        }
        Kind::CONTINUATION => {
            // No writer leaves a block open, as these cases do; `round_trips` compares CONTINUATIONs.
            wire = framed(head.kind, 0, stream.number(), content);
            Frame::Continuation(Continuation { stream })
        }
        other => panic!("{other}"),
    };
    (frame, wire)
}

fn small(head: &Head, payload: &Value) -> (Frame<'static>, Vec<u8>) {
    let stream = head.stream;
    let text = |name: &str| payload[name].as_str().unwrap().to_owned();
    let mut wire = Vec::new();
    let frame = match head.kind {
        Kind::PRIORITY => {
            let (stream, priority) = (stream.unwrap(), priority(payload).unwrap());
            priority.write(stream, &mut wire);
            Frame::Priority { stream, priority }
        }
        Kind::RST_STREAM => {
            let (stream, code) = (stream.unwrap(), number(&payload["error_code"]).unwrap().into());
            reset::write(stream, code, &mut wire);
            Frame::Reset { stream, code }
        }
        Kind::SETTINGS => {
            let setting = |entry: &Value| Setting {
                id: (number(&entry[0]).unwrap() as u16).into(),
                value: number(&entry[1]).unwrap(),
            };
            let settings: Settings = payload["settings"].as_array().unwrap().iter().map(setting).collect();
            settings.write(&mut wire);
            Frame::Settings(settings)
        }
        Kind::PING => {
            let payload = text("opaque_data").as_bytes().try_into().unwrap();
            ping::write(payload, &mut wire);
            Frame::Ping { payload }
        }
        Kind::GOAWAY => {
            let last = StreamId::new(number(&payload["last_stream_id"]).unwrap());
            let code = number(&payload["error_code"]).unwrap().into();
            let goaway = GoAway { last, code, debug: text("additional_debug_data").into() };
            goaway.write(&mut wire);
            Frame::GoAway(goaway)
        }
        Kind::WINDOW_UPDATE => {
            let update =
                WindowUpdate { stream, increment: number(&payload["window_size_increment"]).unwrap() };
            update.write(&mut wire);
            Frame::WindowUpdate(update)
        }
        other => panic!("{other}"),
    };
    (frame, wire)
}

fn priority(payload: &Value) -> Option<Priority> {
    number(&payload["weight"]).map(|weight| Priority {
        exclusive: payload["exclusive"].as_bool().unwrap(),
        dependency: StreamId::new(number(&payload["stream_dependency"]).unwrap()),
        weight: weight as u8 - 1,
    })
}

#[test]
fn vectors_decode_and_encode() {
    let Some(vectors) = vectors() else { return };
    let (mut normal, mut judged, mut left) = (0, 0, 0);
    for (name, case) in vectors {
        if case["error"].is_null() {
            decodes_and_encodes(&name, &case);
            normal += 1;
        } else if NOT_THE_READERS.contains(&name.as_str()) {
            let wire = wire_of(&case);
            assert!(matches!(read_whole(&wire).first(), Some(Seen::Frame(_))), "{name}");
            left += 1;
        } else {
            is_refused(&name, &case);
            judged += 1;
        }
    }
    assert_eq!((normal, judged, left), (12, 20, 2));
}

fn is_refused(name: &str, case: &Value) {
    let wire = wire_of(case);
    let seen = read_whole(&wire);
    let [Seen::Fault(fault)] = &seen[..] else { panic!("{name}: {seen:?}") };
    let codes = case["error"].as_array().unwrap();
    assert!(codes.contains(&fault.violation.code().value().into()), "{name}: {fault}");
}

fn decodes_and_encodes(name: &str, case: &Value) {
    let (wire, frame) = (wire_of(case), &case["frame"]);
    let head = Head::parse(wire.first_chunk().unwrap());
    assert_eq!(Some(head.length), number(&frame["length"]));
    assert_eq!(Some(u8::from(head.kind).into()), number(&frame["type"]));
    assert_eq!(Some(u8::from(head.flags).into()), number(&frame["flags"]));
    assert_eq!(head.stream, StreamId::new(number(&frame["stream_identifier"]).unwrap()));

    let mut reader = Reader::new(Limits::default());
    if head.kind == Kind::CONTINUATION {
        read(&mut reader, [&framed(Kind::HEADERS, 0, head.stream.unwrap().number(), b"")[..]]);
    }
    let (expected, mut encoded) = expected(&head, &frame["frame_payload"]);
    assert_eq!(read(&mut reader, [&wire[..]]), expected, "{name}");
    // We pad with zeros only.
    if let Some(padding) = frame["frame_payload"]["padding"].as_str() {
        let zeros = encoded.split_off(encoded.len() - padding.len());
        assert!(zeros.iter().all(|&octet| octet == 0));
        encoded.extend_from_slice(padding.as_bytes());
    }
    assert_eq!(encoded, wire, "{name}");
}
