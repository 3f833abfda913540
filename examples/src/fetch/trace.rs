//! Shows the frames that cross the wire, one line for each, and their fields below.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use sans_h2::frame::{Frame, GoAway, Head, Headers, Limits, PushPromise, Reader};
use sans_h2::{Fields, Part, StreamId};

use super::target::Origin;
use crate::link::Direction;

/// Whether and how frames are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Off,
    Plain,
    /// With the origin in every line, since there are several.
    Named,
}

/// The trace of one connection.
pub struct Trace {
    name: String,
    sent: Half,
    received: Half,
    /// The fields of requests whose frames have not been sent yet.
    requests: HashMap<StreamId, Fields>,
}

struct Half {
    mark: char,
    /// What has to pass before the first frame.
    preface: usize,
    /// `None` once the octets make no sense any more.
    reader: Option<Reader>,
}

impl Trace {
    /// `None` if nothing is to be shown.
    pub fn new(mode: Mode, origin: &Origin) -> Option<Self> {
        let name = match mode {
            Mode::Off => return None,
            Mode::Plain => String::new(),
            Mode::Named => format!("{origin} "),
        };
        Some(Self {
            name,
            // RFC 9113 §3.4: "PRI * HTTP/2.0" and so on.
            sent: Half::new('>', 24),
            received: Half::new('<', 0),
            requests: HashMap::new(),
        })
    }

    /// Remembers what a request's HEADERS frame will carry.
    pub fn opened(&mut self, stream: StreamId, fields: Fields) {
        self.requests.insert(stream, fields);
    }

    /// Shows the frames that begin in these octets.
    pub fn octets(&mut self, direction: Direction, octets: &[u8]) {
        let half = match direction {
            Direction::Sent => &mut self.sent,
            Direction::Received => &mut self.received,
        };
        let mut lines = String::new();
        half.read(octets, |mark, frame| {
            let Some(text) = describe(frame) else { return };
            line(&mut lines, &self.name, mark, &text);
            if let (Direction::Sent, Frame::Headers(Headers { stream, .. })) = (direction, frame) {
                if let Some(fields) = self.requests.remove(stream) {
                    list(&mut lines, &self.name, mark, &fields);
                }
            }
        });
        print(&lines);
    }

    /// Shows the fields that the last frame received has completed.
    pub fn fields(&self, fields: &Fields) {
        let mut lines = String::new();
        list(&mut lines, &self.name, self.received.mark, fields);
        print(&lines);
    }
}

impl Half {
    fn new(mark: char, preface: usize) -> Self {
        let limits = Limits { max_frame_size: Head::MAX_PAYLOAD, max_settings: 1_000, ..Limits::default() };
        Self { mark, preface, reader: Some(Reader::new(limits)) }
    }

    fn read(&mut self, mut octets: &[u8], mut show: impl FnMut(char, &Frame<'_>)) {
        let preface = self.preface.min(octets.len());
        self.preface -= preface;
        octets = octets.get(preface..).unwrap_or_default();
        while let Some(reader) = &mut self.reader {
            match reader.next(&mut octets) {
                Ok(Some(frame)) => show(self.mark, &frame),
                Ok(None) => return,
                // The engine tells of it; the reader goes on if only one frame was wrong.
                Err(fault) if fault.stream.is_some() => {}
                Err(_) => self.reader = None,
            }
        }
    }
}

fn line(lines: &mut String, name: &str, mark: char, text: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(lines, "{name}{mark} {text}");
}

fn list(lines: &mut String, name: &str, mark: char, fields: &Fields) {
    for field in fields {
        line(lines, name, mark, &format!("    {field:?}"));
    }
}

fn print(lines: &str) {
    // A trace that nobody reads is no reason to stop.
    let _ = io::stderr().lock().write_all(lines.as_bytes());
}

/// One line about a frame; `None` for what is only part of one.
fn describe(frame: &Frame<'_>) -> Option<String> {
    Some(match frame {
        Frame::Data(data) => {
            format!("DATA stream {}, {} octets{}", data.stream, data.octets, end(data.part))
        }
        Frame::Headers(headers) => {
            format!("HEADERS stream {}{}", headers.stream, end(headers.part))
        }
        Frame::PushPromise(PushPromise { stream, promised, .. }) => {
            format!("PUSH_PROMISE stream {stream}, promises stream {promised}")
        }
        Frame::Continuation(continuation) => format!("CONTINUATION stream {}", continuation.stream),
        Frame::Priority { stream, priority } => {
            format!("PRIORITY stream {stream}, weight {}", u16::from(priority.weight) + 1)
        }
        Frame::Reset { stream, code } => format!("RST_STREAM stream {stream}, {code}"),
        Frame::Settings(settings) => settings.iter().fold("SETTINGS".to_string(), |text, setting| {
            let name = setting.id.name().map_or_else(|| format!("{:?}", setting.id), str::to_string);
            format!("{text} {name}={}", setting.value)
        }),
        Frame::SettingsAck => "SETTINGS ACK".to_string(),
        Frame::Ping { payload } => format!("PING {}", payload.escape_ascii()),
        Frame::Pong { payload } => format!("PING ACK {}", payload.escape_ascii()),
        Frame::GoAway(GoAway { last, code, debug }) => {
            let last = last.map_or(0, StreamId::number);
            format!("GOAWAY last stream {last}, {code} {}", debug.escape_ascii()).trim_end().to_string()
        }
        Frame::WindowUpdate(update) => match update.stream {
            Some(stream) => format!("WINDOW_UPDATE stream {stream}, {} octets", update.increment),
            None => format!("WINDOW_UPDATE connection, {} octets", update.increment),
        },
        Frame::Unknown(head) => format!("{} {} octets", head.kind, head.length),
        _ => return None,
    })
}

fn end(part: Part) -> &'static str {
    match part {
        Part::More => "",
        Part::Last => ", END_STREAM",
    }
}
