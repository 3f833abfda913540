//! What a browser sends first, octet for octet: written by our client, and read back by our server.
//!
//! It was recorded from Chromium 156 (headless) over TLS, up to the end of the first HEADERS frame.

use sans_h2::frame::{Flags, Frame, Head as FrameHead, Kind, Part, Priority, SettingId, WindowUpdate};
use sans_h2::{
    Coding, Config, Connection, Event, Fields, Form, Head, Indexing, Literal, Priority as Urgency, Time,
};

use crate::support::{MAGIC, config, drain, hex, id, settings_of};

/// What follows the fixed octets.
const RECORDED: &str = "00001804000000000000010001000000020000000000040060000000060004000000000408000000000000ef00010001b5012500\
     00000180000000ff82418b089d5c0b8170dc65e7dd0f878440874148b1275ad1ffa2fe749d37215aed83aa4fe7efbc1fcbdfcfd2\
     9fcde9ec3d26b69fe7efbc1fc85b73f9408b4148b1275ad1ad49e33505023f30408d4148b1275ad1ad5d034ca7b29f07224c696e\
     7578224092b6b9ac1c8558d520a4b6c2ad617b5a54251f01317ad3d07f66a281b0dae053fafc087ed4ce6aadf2a7979c89c6bfb5\
     21aeba0bc8b1e632586d975765c53facd8f7e8cff4a506ea5531149d4ffda98ca39282a117a7b0f49580b6e2e05c0b814dc39476\
     1986d975765c53ec497ca589d34d1f43aeba0c41a4c7a98f33a69a3fdf9a68fa1d75d0620d263d4c79a68fbed00177fe8d48e62b\
     1d3cd1f46a4731581f734bf46a473158f058ebfa352398ac0ebaa6faf963e7efb4005defa1d75d0620d263d4c20d35459162f924\
     e3aa62fdf782367efb4005dd408a4148b4a549275906497f83a8f517408a4148b4a549275a93c85f86a87dcd30d25f408a4148b4\
     a549275ad416cf023f31408a4148b4a549275a42a13f8690e4b692d49f50929bd9abfa5242cb40d25fa523b3e94f684c9f518b2d\
     4b70ddf45abefb4005df4086aec31ec327d785b6007d286f";

const SETTINGS: [(SettingId, u32); 4] = [
    (SettingId::HEADER_TABLE_SIZE, 65_536),
    (SettingId::ENABLE_PUSH, 0),
    (SettingId::INITIAL_WINDOW_SIZE, 6_291_456),
    (SettingId::MAX_HEADER_LIST_SIZE, 262_144),
];

const FIELDS: [(&str, &str); 17] = [
    (":method", "GET"),
    (":authority", "127.0.0.1:38971"),
    (":scheme", "https"),
    (":path", "/"),
    ("sec-ch-ua", "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\""),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("upgrade-insecure-requests", "1"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
    ),
    (
        "accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    ),
    ("sec-fetch-site", "none"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-user", "?1"),
    ("sec-fetch-dest", "document"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-US,en;q=0.9"),
    ("priority", "u=0, i"),
];

/// The signal of RFC 7540 beside the `priority` field.
const PRIORITY: Priority = Priority { exclusive: true, dependency: None, weight: 255 };

fn browser() -> Config {
    config(|config| {
        config
            .header_table_size(65_536)
            .initial_window_size(6_291_456)
            .max_header_list_size(262_144)
            .connection_window_size(15_728_640)
    })
}

fn recorded() -> Vec<u8> {
    [MAGIC, &hex(RECORDED)].concat()
}

#[test]
fn a_browsers_first_octets_are_reproduced() {
    let mut client = Connection::client_with_settings(browser(), &settings_of(&SETTINGS)).unwrap();
    // All that no table has goes into the dynamic one.
    let request = FIELDS.iter().fold(Fields::new(), |fields, (name, value)| {
        fields.with_indexing(name, value, Indexing::Incremental)
    });
    let stream = client.open(request, Part::Last).unwrap();
    client.stream(stream).unwrap().set_headers_priority(PRIORITY);
    assert_eq!(drain(&mut client), recorded());
}

#[test]
fn a_browsers_first_octets_are_read_back() {
    let octets = recorded();
    let mut server = Connection::server(config(|config| config.report_frames(true)));
    let mut input = &octets[..];
    let events: Vec<Event<'_>> = std::iter::from_fn(|| server.poll(&mut input, Time::ZERO)).collect();
    let [settings, told, update, headers, request] = &events[..] else { panic!("{events:?}") };

    let head = |length, kind, flags, stream| FrameHead { length, kind, flags, stream };
    let list = settings_of(&SETTINGS);
    let first = head(24, Kind::SETTINGS, Flags::NONE, None);
    assert_eq!(settings, &Event::Frame { head: first, frame: Frame::Settings(list.clone()) });
    assert_eq!(told, &Event::Settings(list));
    let raise = Frame::WindowUpdate(WindowUpdate { stream: None, increment: 15_663_105 });
    let second = head(4, Kind::WINDOW_UPDATE, Flags::NONE, None);
    assert_eq!(update, &Event::Frame { head: second, frame: raise });
    let Event::Frame { head: third, frame: Frame::Headers(block) } = headers else { panic!("{headers:?}") };
    assert_eq!(*third, head(437, Kind::HEADERS, Flags::from(0x25), Some(id(1))));
    assert_eq!((block.priority, block.padding, block.part), (Some(PRIORITY), None, Part::Last));

    let Event::Headers { head: Head::Request, fields, part: Part::Last, .. } = request else {
        panic!("{request:?}")
    };
    let pairs = FIELDS.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    assert!(fields.iter().map(|field| (field.name, field.value)).eq(pairs));
    assert_eq!(Urgency::of(fields), Urgency::incremental(0));
    for field in fields {
        let shorter = |coding| matches!(coding, Some(Coding::Huffman) | None);
        match field.form {
            Some(Form::Indexed) => assert!(matches!(field.name, b":method" | b":scheme" | b":path")),
            Some(Form::Literal { kind: Literal::Incremental, name, value }) => {
                let plain = matches!(field.value, b"?0" | b"?1" | b"1" | b"\"Linux\"");
                assert!(shorter(name), "{field:?}");
                assert_eq!(value == Coding::Plain, plain, "{field:?}");
            }
            other => panic!("{field:?} {other:?}"),
        }
    }
}
