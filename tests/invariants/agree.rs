//! Runs a script on an engine and on the model, and compares them after every step.

use bytes::Bytes;
use sans_h2::frame::{Flags, Kind, Part, Setting, SettingId, Settings};
use sans_h2::{Cause, Config, Connection, ConnectionError, ErrorCode, Field, Fields, Role, Time};

use crate::hpack::{Pair, Reader, Writer};
use crate::model::{Half, HeadKind, Model, Out, Outcome, Placed, Section, Stream, Told, Who};
use crate::script::{Change, Pick, Script, Step};
use crate::support::{Log, Seen, Sent, Wire, config, drain, frames, id};

const SECTIONS: [Section; 5] =
    [Section::Request, Section::Interim, Section::Response, Section::Trailers, Section::Malformed];

/// What stands for a section and its fields: the kind in the upper bits, a few values in the lower ones.
fn full_mark(section: Section, mark: u8) -> u8 {
    let kind = SECTIONS.iter().position(|other| *other == section).expect("one of the five");
    u8::try_from(kind).expect("at most 4") * 16 + mark
}

fn pairs(mark: u8) -> Vec<Pair> {
    let first: &[(&str, &str)] = match SECTIONS[usize::from(mark / 16)] {
        Section::Request => {
            &[(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/")]
        }
        Section::Interim => &[(":status", "103")],
        Section::Response => &[(":status", "200")],
        Section::Trailers => &[],
        Section::Malformed => &[("Bad", "name")],
    };
    let mark = mark.to_string();
    let values = [first, &[("x-mark", &mark), ("x-content", &"0123456789abcdef"[..8])]].concat();
    values.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn fields(mark: u8) -> Fields {
    let mut fields = Fields::new();
    pairs(mark).iter().for_each(|(name, value)| fields.push(Field::new(name, value)));
    fields
}

/// The mark in these fields, all of which must be its own.
fn mark_of(received: Vec<Pair>) -> u8 {
    let mark = received.iter().find(|(name, _)| name == b"x-mark").expect("each section has one");
    let mark = std::str::from_utf8(&mark.1).ok().and_then(|mark| mark.parse().ok()).expect("a number");
    assert_eq!(received, pairs(mark), "the tables are in step");
    mark
}

fn mark_in(fields: &Fields) -> u8 {
    mark_of(fields.iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect())
}

/// A frame, and what it comes to.
type Said = (Wire, Result<(), ErrorCode>);

struct Run {
    connection: Connection,
    model: Model,
    reader: Reader,
    writer: Writer,
    piece: usize,
    /// Names of all that was compared.
    reached: Vec<String>,
}

fn told(seen: &Seen) -> Told {
    let code_of = |error: &ConnectionError| match error {
        ConnectionError::Violation(violation) => violation.code().value(),
        ConnectionError::GoAway(code) => code.value(),
        other => panic!("{other:?}"),
    };
    match seen {
        Seen::Headers(stream, head, fields, part) => {
            Told::Headers(*stream, HeadKind::from(*head), mark_in(fields), part.is_last())
        }
        Seen::Data(stream, data, part) => Told::Data(*stream, data.len() as i64, part.is_last()),
        Seen::Reset(stream, code, cause, _) => {
            let who = match cause {
                Cause::Peer => Who::Peer,
                Cause::Violation(violation) => {
                    assert_eq!(violation.code(), *code);
                    Who::Us
                }
                Cause::GoAway => Who::GoAway,
                Cause::ConnectionClosed(_) => Who::End,
                other => panic!("{other:?}"),
            };
            Told::Reset(*stream, code.value(), who)
        }
        Seen::PushPromise(stream, promised, fields) => {
            mark_in(fields);
            Told::Promise(*stream, *promised)
        }
        Seen::Settings(_) => Told::Settings,
        Seen::SettingsAcknowledged => Told::Acknowledged,
        Seen::Pong(payload) => Told::Pong(payload[0]),
        Seen::GoAway(last, ..) => Told::GoAway(*last),
        Seen::Closed(error) => Told::Closed(error.as_ref().map(code_of)),
        other => panic!("{other:?}"),
    }
}

impl Run {
    fn new(script: &Script) -> Self {
        let Script { role, initial_window, connection_window, streams, piece, .. } = *script;
        let config = config(|builder| {
            builder
                .initial_window_size(initial_window)
                .connection_window_size(connection_window)
                .max_concurrent_streams(streams)
                .enable_push(true)
        });
        let connection = Self::begin(role, &config);
        let model = Model::new(role, initial_window, connection_window, streams);
        let mut run = Self {
            connection,
            model,
            reader: Reader::new(),
            writer: Writer::new(),
            piece,
            reached: Vec::new(),
        };
        let written = drain(&mut run.connection);
        let control = run.judge(&written);
        assert!(matches!(control[..], [Out::Settings]));
        let _ = run.poll(&Wire::peer(role.peer(), &[]).octets);
        let written = drain(&mut run.connection);
        assert_eq!(run.judge(&written), [Out::SettingsAck]);
        run.model.now = Outcome::default();
        run
    }

    fn begin(role: Role, config: &Config) -> Connection {
        match role {
            Role::Client => Connection::client(config.clone()),
            Role::Server => Connection::server(config.clone()),
        }
    }

    fn poll(&mut self, octets: &[u8]) -> Vec<Seen> {
        let mut log = Log::default();
        for mut piece in octets.chunks(self.piece).chain([&[][..]]) {
            while let Some(event) = self.connection.poll(&mut piece, Time::ZERO) {
                log.push(&event);
            }
            assert!(piece.is_empty(), "progress");
        }
        log.events
    }

    /// Has the model judge what it does not foresee, and gives back what it must have foreseen.
    fn judge(&mut self, written: &[u8]) -> Vec<Out> {
        let mut control = Vec::new();
        for sent in frames(written) {
            let Sent { kind, flags, stream, ref payload } = sent;
            let part = if flags.contains(Flags::END_STREAM) { Part::Last } else { Part::More };
            match kind {
                Kind::DATA => self.place(Placed::Data(stream, payload.len() as i64, part)),
                Kind::HEADERS => {
                    assert!(flags.contains(Flags::END_HEADERS));
                    let mark = mark_of(self.reader.read(payload));
                    self.place(Placed::Section(stream, mark, part));
                }
                Kind::WINDOW_UPDATE => self.place(Placed::Credit(stream, sent.number().into())),
                Kind::RST_STREAM => control.push(Out::Reset(stream, sent.code().value())),
                Kind::GOAWAY => control.push(Out::GoAway(sent.code().value())),
                Kind::SETTINGS if flags.contains(Flags::ACK) => control.push(Out::SettingsAck),
                Kind::SETTINGS => control.push(Out::Settings),
                Kind::PING if flags.contains(Flags::ACK) => control.push(Out::Pong(payload[0])),
                Kind::PING => control.push(Out::Ping(payload[0])),
                other => panic!("{other}"),
            }
        }
        control
    }

    fn place(&mut self, placed: Placed) {
        self.reached.push(format!("placed {placed:?}"));
        self.model.on_sent(placed);
    }

    fn step(&mut self, step: &Step) {
        let octets = if self.model.over { Vec::new() } else { self.act(step) };
        // The model says what a step comes to, before it sees anything of the engine's.
        self.model.finish();
        let mut events = self.poll(&octets);
        let written = drain(&mut self.connection);
        let mut control = self.judge(&written);
        // The last octets that go out may end a stream, and with it the connection.
        self.model.finish();
        events.extend(self.poll(&[]));
        let written = drain(&mut self.connection);
        control.extend(self.judge(&written));
        self.compare(step, &events, control);
    }

    fn compare(&mut self, step: &Step, events: &[Seen], control: Vec<Out>) {
        let mut seen: Vec<Told> = events.iter().map(told).collect();
        if self.model.over {
            // The order in which an end cuts streams off is the engine's.
            let is_cut = |told: &Told| matches!(told, Told::Reset(_, _, Who::End));
            let from = seen.iter().position(is_cut).unwrap_or(seen.len());
            let to = seen.iter().rposition(is_cut).map_or(from, |last| last + 1);
            seen[from..to].sort();
        }
        let now = std::mem::take(&mut self.model.now);
        assert_eq!(seen, now.told, "{step:?}");
        self.reached.extend(seen.iter().map(name_of));
        self.reached.extend(control.iter().map(|out| format!("out {out:?}")));
        assert_eq!(control, now.out, "{step:?}");
        assert_eq!(self.connection.is_closed(), self.model.over);
        for stream in 1..40 {
            let state = self.connection.stream(id(stream)).map(|stream| stream.state());
            let expected = self.model.streams.get(&stream).map(|stream| stream.state());
            assert_eq!(state, expected, "{stream} after {step:?}");
        }
        let audit = self.connection.audit();
        assert!(audit.is_balanced(), "{audit:?}");
        if !self.model.over {
            let windows = (audit.receive_window, audit.held, audit.released, audit.send_window);
            let Model { receive_window, released, send_window, .. } = self.model;
            assert_eq!(windows, (receive_window, self.model.held(), released, send_window), "{step:?}");
            self.model.check_rest();
        }
    }

    /// The stream that is picked, if there is one that fits.
    fn pick(&self, pick: Pick, fits: impl Fn(&Stream) -> bool) -> Option<u32> {
        match pick {
            Pick::New(skipped) => Some(self.model.next_of_peer() + 2 * skipped),
            Pick::Any(stream) => Some(stream),
            Pick::Wrong(at) => self.live(at),
            Pick::Live(at) => {
                let streams =
                    self.model.streams.iter().filter(|(_, stream)| stream.announced && fits(stream));
                nth(at, streams.map(|(id, _)| *id).collect())
            }
        }
    }

    fn live(&self, at: usize) -> Option<u32> {
        nth(at, self.model.streams.keys().copied().collect())
    }

    /// The octets of the peer, if the step is the peer's.
    fn act(&mut self, step: &Step) -> Vec<u8> {
        match step {
            Step::Open { .. }
            | Step::SendSection { .. }
            | Step::SendData { .. }
            | Step::Release { .. }
            | Step::Drop { .. }
            | Step::Update(_)
            | Step::SendPing(_) => {
                self.call(step);
                Vec::new()
            }
            step => self.say(step).unwrap_or_default(),
        }
    }

    /// `None` if no stream is there for it.
    fn say(&mut self, step: &Step) -> Option<Vec<u8>> {
        let wire = Wire::raw();
        let (wire, outcome) = match *step {
            Step::Headers { .. } => self.say_headers(wire, step)?,
            Step::Data { .. } => self.say_data(wire, step)?,
            Step::Promise { on, promised, section, mark } => {
                let stream = self.pick(on, |stream| stream.recv != Half::Closed)?;
                let promised = self.pick(promised, |_| true)?;
                let block = self.writer.write(&pairs(full_mark(section, mark)), 0xff);
                let payload = [&promised.to_be_bytes()[..], &block].concat();
                let wire = wire.frame(Kind::PUSH_PROMISE, Flags::END_HEADERS, stream, &payload);
                (wire, self.model.on_promise(stream, promised, section))
            }
            Step::Priority(on) => (wire.priority(self.pick(on, |_| true)?), Ok(())),
            Step::Unknown(on) => (wire.unknown(self.pick(on, |_| true)?), Ok(())),
            Step::Reset(on) => {
                let stream = self.pick(on, |_| true)?;
                (wire.reset(stream, ErrorCode::CANCEL), self.model.on_reset(stream, ErrorCode::CANCEL))
            }
            Step::WindowUpdate(on, increment) => {
                let stream = self.pick(on, |stream| stream.recv != Half::Reserved)?;
                (wire.window_update(stream, increment), self.model.on_window_update(stream, increment))
            }
            Step::ConnectionUpdate(increment) => {
                (wire.window_update(0, increment), self.model.on_window_update(0, increment))
            }
            Step::SettingsAck if !self.model.awaits_ack() => return None,
            Step::SettingsAck | Step::StrayAck => {
                let outcome = self.model.on_settings_ack();
                (wire.settings_ack(), outcome.map(|table| self.writer.acknowledge(table)))
            }
            Step::Ping(payload) => {
                self.model.on_ping(payload);
                (wire.ping([payload; 8]), Ok(()))
            }
            Step::Pong(payload) => {
                self.model.on_pong(payload);
                (wire.pong([payload; 8]), Ok(()))
            }
            Step::GoAway(last) => (wire.goaway(last, ErrorCode::NO_ERROR), self.model.on_goaway(last)),
            Step::Settings(ref changes) => self.say_settings(wire, changes),
            ref other => panic!("{other:?} is the caller's"),
        };
        self.model.on(outcome);
        Some(wire.octets)
    }

    fn say_headers(&mut self, wire: Wire, step: &Step) -> Option<Said> {
        let Step::Headers { on, section, mark, part, choices } = *step else { return None };
        let stream = self.pick(on, |stream| stream.recv != Half::Closed)?;
        let (section, part) = match (on, self.model.streams.get(&stream)) {
            (Pick::Live(_), Some(live)) => due(live, section, part),
            (_, _) => (section, part),
        };
        let mark = full_mark(section, mark);
        let block = self.writer.write(&pairs(mark), choices);
        let wire = wire.frame(Kind::HEADERS, ending(part).with(Flags::END_HEADERS), stream, &block);
        Some((wire, self.model.on_headers(stream, section, mark, part)))
    }

    fn say_data(&mut self, wire: Wire, step: &Step) -> Option<Said> {
        let Step::Data { on, octets, padding, part } = *step else { return None };
        let stream = self.pick(on, |stream| stream.recv == Half::Body)?;
        let counted = |octets: usize| octets + padding.map_or(0, |padding| 1 + usize::from(padding));
        // A fitting frame keeps to the windows.
        let octets = match on {
            Pick::Live(_) if self.model.may_receive(stream) < counted(octets) as i64 => 0,
            _ => octets,
        };
        let padding = padding.filter(|_| !matches!(on, Pick::Live(_)) || octets > 0);
        let body = vec![b'x'; octets];
        let payload = match padding {
            Some(padding) => [&[padding], &body[..], &vec![0; padding.into()]].concat(),
            None => body,
        };
        let flags = ending(part).with(if padding.is_some() { Flags::PADDED } else { Flags::NONE });
        let wire = wire.frame(Kind::DATA, flags, stream, &payload);
        Some((wire, self.model.on_data(stream, octets as i64, payload.len() as i64, part)))
    }

    fn say_settings(&mut self, wire: Wire, changes: &[Change]) -> Said {
        let mut outcome = Ok(());
        for change in changes {
            outcome = outcome.and_then(|()| match *change {
                Change::InitialWindow(size) => self.model.on_initial_window(size),
                Change::MaxFrame(size) => self.model.on_max_frame(size),
                Change::MaxStreams(count) => {
                    self.model.on_max_streams(count);
                    Ok(())
                }
                Change::TableSize(size) => {
                    self.reader.set_limit(size);
                    Ok(())
                }
            });
        }
        if outcome.is_ok() {
            self.model.on_settings();
        }
        let settings: Vec<(SettingId, u32)> = changes.iter().map(Change::entry).collect();
        (wire.settings(&settings), outcome)
    }

    /// A call; one that is refused must change nothing.
    fn call(&mut self, step: &Step) {
        let before = format!("{:?}", self.connection);
        let (expected, done) = match *step {
            Step::Open { mark, part } => {
                let opened = self.connection.open(fields(mark), part);
                let expected = self.model.open(mark, part);
                assert_eq!(opened.as_ref().ok().map(|stream| stream.number()), expected);
                (expected.is_some(), opened.is_ok())
            }
            Step::Update(change) => {
                let one = |id| (setting(&change).id == id).then(|| setting(&change).value);
                let window = one(SettingId::INITIAL_WINDOW_SIZE);
                let table = one(SettingId::HEADER_TABLE_SIZE);
                let streams = one(SettingId::MAX_CONCURRENT_STREAMS);
                let settings: Settings = [setting(&change)].into_iter().collect();
                let done = self.connection.update_settings(&settings).is_ok();
                (self.model.update_settings(window, table, streams), done)
            }
            Step::SendPing(payload) => (self.model.ping(payload), self.connection.ping([payload; 8]).is_ok()),
            Step::SendSection { at, .. }
            | Step::SendData { at, .. }
            | Step::Release { at, .. }
            | Step::Drop { at } => match self.live(at) {
                Some(stream) => self.call_on(step, stream),
                None => return,
            },
            ref other => panic!("{other:?} is the peer's"),
        };
        assert_eq!(done, expected, "{step:?}");
        if !done {
            assert_eq!(format!("{:?}", self.connection), before, "{step:?}");
        }
    }

    fn call_on(&mut self, step: &Step, on: u32) -> (bool, bool) {
        let mut stream = self.connection.stream(id(on)).expect("it is live");
        match *step {
            Step::SendSection { section, mark, part, .. } => {
                let mark = full_mark(section, mark);
                let done = stream.send_headers(fields(mark), part).is_ok();
                (self.model.send_section(on, section, mark, part), done)
            }
            // Full streams are not of this model.
            Step::SendData { octets, .. } if self.model.queued(on) + octets as i64 > 60_000 => (true, true),
            Step::SendData { octets, part, .. } => {
                let done = stream.send_data(Bytes::from(vec![b'y'; octets]), part).is_ok();
                (self.model.send_data(on, octets as i64, part), done)
            }
            Step::Release { octets, .. } => {
                stream.release(octets);
                self.model.release(on, i64::try_from(octets).unwrap_or(i64::MAX));
                (true, true)
            }
            Step::Drop { .. } => {
                stream.reset(ErrorCode::CANCEL);
                self.model.drop_stream(on);
                (true, true)
            }
            ref other => panic!("{other:?} is not about a stream"),
        }
    }
}

fn nth(at: usize, mut streams: Vec<u32>) -> Option<u32> {
    streams.sort_unstable();
    streams.get(at % streams.len().max(1)).copied()
}

/// What is due on a live stream, in place of what is not.
fn due(stream: &Stream, section: Section, part: Part) -> (Section, Part) {
    match (stream.recv, section) {
        (Half::Head | Half::Reserved, Section::Interim) => (section, Part::More),
        (Half::Head | Half::Reserved, Section::Response) => (section, part),
        (Half::Head | Half::Reserved, Section::Trailers) => (Section::Response, part),
        (Half::Body | Half::Closed, Section::Interim | Section::Response | Section::Trailers) => {
            (Section::Trailers, Part::Last)
        }
        (_, Section::Request | Section::Malformed) => (section, part),
    }
}

fn setting(change: &Change) -> Setting {
    let (id, value) = change.entry();
    Setting { id, value }
}

fn ending(part: Part) -> Flags {
    if part.is_last() { Flags::END_STREAM } else { Flags::NONE }
}

fn name_of(told: &Told) -> String {
    match told {
        Told::Headers(_, head, ..) => format!("told Headers {head:?}"),
        Told::Reset(_, code, who) => format!("told Reset {who:?} {code}"),
        told => format!("told {told:?}"),
    }
}

/// Runs a script; the names of all that came of it.
pub(crate) fn run(script: &Script) -> Vec<String> {
    let mut run = Run::new(script);
    for step in &script.steps {
        run.step(step);
        if run.model.over {
            // Nothing is told or written after the end.
            run.step(&Step::Ping(1));
            break;
        }
    }
    run.reached
}
