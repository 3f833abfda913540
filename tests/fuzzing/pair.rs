//! Two engines whose callers make any calls, over a transport that cuts anywhere, under a virtual clock.

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Result, Unstructured};
use sans_h2::arbitrary::{Caller, Operation, StreamOperation};
use sans_h2::frame::{Setting, SettingId, Settings};
use sans_h2::{Cause, Config, Connection, ConnectionError, ErrorCode, Event, Role, StreamId};

use super::outcome::{Watch, check_legal};

/// Neither engine accuses the other of anything that its caller could not help; once the callers have let go of all
/// streams, each has ended exactly once, all credit is back, and both ends see the same windows.
pub fn pair(data: &[u8]) {
    let _ = play(&mut Unstructured::new(data));
}

fn play(u: &mut Unstructured<'_>) -> Result<()> {
    let mut ends = [End::new(Connection::client(config(u)?)), End::new(Connection::server(config(u)?))];
    let mut cut_off = false;
    for _ in 0..200 {
        if u.is_empty() {
            break;
        }
        let role = Role::arbitrary(u)?;
        let operation = Operation::arbitrary(u)?;
        cut_off |= matches!(operation, Operation::Close(_) | Operation::EndOfInput);
        end(&mut ends, role).call(operation);
        carry(&mut ends);
    }
    settle(&mut ends);
    if !cut_off {
        check_rest(&mut ends);
    }
    for end in &mut ends {
        end.connection.end_of_input();
        end.read();
        assert!(end.connection.is_closed() && end.watch.closed.is_some(), "an end that nobody tells");
        check_legal(&end.sent);
    }
    check_bodies(&ends);
    Ok(())
}

/// Small windows and few streams; nothing that makes one end refuse what the other cannot know.
fn config(u: &mut Unstructured<'_>) -> Result<Config> {
    let builder = Config::builder()
        .initial_window_size(*u.choose(&[65_535, 0, 1, 1_000, 0x7fff_ffff])?)
        .connection_window_size(*u.choose(&[1 << 20, 1, 1_000, 65_535])?)
        .max_concurrent_streams(*u.choose(&[100, 0, 1, 3])?)
        .max_open_streams(*u.choose(&[100, 1, 20])?)
        .max_early_streams(*u.choose(&[100, 0, 1])?)
        .header_table_size(*u.choose(&[4_096, 0, 64, 9_000])?)
        .encoder_table_size(*u.choose(&[4_096, 0, 64, 9_000])?)
        .send_buffer_size(*u.choose(&[65_536, 1, 100])?)
        .remembered_streams(*u.choose(&[100, 0, 1])?)
        .enable_push(u.int_in_range(0..=1)? == 1)
        .max_reserved_streams(*u.choose(&[100, 0, 1])?)
        .enable_connect_protocol(u.int_in_range(0..=1)? == 1)
        .report_unknown_frames(u.int_in_range(0..=1)? == 1)
        .max_interim_responses(255)
        .join_cookies(u.int_in_range(0..=1)? == 1)
        .split_cookies(u.int_in_range(0..=1)? == 1);
    Ok(builder.build().expect("values in range"))
}

fn end(ends: &mut [End; 2], role: Role) -> &mut End {
    let [client, server] = ends;
    if role == Role::Client { client } else { server }
}

/// What one end has written has come to the other.
fn carry(ends: &mut [End; 2]) {
    let [client, server] = ends;
    deliver(client, server);
    deliver(server, client);
}

fn deliver(from: &mut End, to: &mut End) {
    from.sent.extend_from_slice(&from.caller.written);
    to.caller.received.append(&mut from.caller.written);
}

/// One engine, its caller, and what it has been told.
struct End {
    connection: Connection,
    caller: Caller,
    watch: Watch,
    /// All octets that have been written.
    sent: Vec<u8>,
    bodies_sent: BTreeMap<StreamId, Vec<u8>>,
    bodies_received: BTreeMap<StreamId, Vec<u8>>,
}

impl End {
    fn new(connection: Connection) -> Self {
        Self {
            connection,
            caller: Caller::default(),
            watch: Watch::default(),
            sent: Vec::new(),
            bodies_sent: BTreeMap::new(),
            bodies_received: BTreeMap::new(),
        }
    }

    fn call(&mut self, operation: Operation) {
        let (chunk, opens, resets) = match &operation {
            Operation::Stream { operation: StreamOperation::SendData { chunk, .. }, .. } => {
                (Some(chunk.clone()), false, false)
            }
            Operation::Stream { operation: StreamOperation::Reset(_), .. } => (None, false, true),
            Operation::Open { .. } | Operation::Push { .. } => (None, true, false),
            Operation::UpdateSettings(settings) if narrows(settings) => return,
            _ => (None, false, false),
        };
        let (watch, bodies) = (&mut self.watch, &mut self.bodies_received);
        let done = operation.apply(&mut self.connection, &mut self.caller, |connection, event| {
            hear(connection, watch, bodies, event);
        });
        if let Ok(Some(stream)) = done {
            if opens {
                self.watch.opened(stream);
            } else if resets {
                self.watch.dropped(stream);
            } else if let Some(chunk) = chunk {
                self.bodies_sent.entry(stream).or_default().extend_from_slice(&chunk);
            }
        }
    }

    fn read(&mut self) {
        self.call(Operation::Read { most: usize::MAX, events: usize::MAX });
        assert!(self.caller.received.is_empty(), "poll takes all that it is given");
        assert_eq!(self.connection.deadline(), None, "nothing is due after None");
    }

    fn is_server(&self) -> bool {
        self.connection.role() == Role::Server
    }

    /// The caller lets go of everything.
    fn let_go(&mut self) {
        for stream in self.caller.streams().to_vec() {
            if let Some(live) = self.connection.stream(stream) {
                live.reset(ErrorCode::CANCEL);
                self.watch.dropped(stream);
            }
        }
    }
}

/// Whether the peer would be accused: no caller is held to the other end's limit on sections when it sends one.
fn narrows(settings: &Settings) -> bool {
    settings.iter().any(|Setting { id, value }| *id == SettingId::MAX_HEADER_LIST_SIZE && *value < 16_384)
}

fn hear(
    connection: &mut Connection,
    watch: &mut Watch,
    bodies: &mut BTreeMap<StreamId, Vec<u8>>,
    event: Event<'_>,
) {
    watch.hear(&event, connection.role());
    assert!(connection.audit().is_balanced(), "credit has leaked");
    match event {
        Event::Data { stream, data, .. } => bodies.entry(stream).or_default().extend_from_slice(data),
        Event::Reset { stream, cause: Cause::Violation(violation), .. } => {
            panic!("{stream} is accused: {violation}");
        }
        Event::Closed { error: Some(ConnectionError::Violation(violation)) } => {
            panic!("an engine is accused: {violation}")
        }
        _ => {}
    }
}

/// Carries everything both ways until nothing moves, then lets go, and again.
fn settle(ends: &mut [End; 2]) {
    exchange(ends);
    ends.iter_mut().for_each(End::let_go);
    exchange(ends);
    // Streams of which one end has heard only now.
    ends.iter_mut().for_each(End::let_go);
    exchange(ends);
}

fn exchange(ends: &mut [End; 2]) {
    for round in 0.. {
        assert!(round < 10_000, "the ends do not come to rest");
        let mut moved = false;
        for role in [Role::Client, Role::Server] {
            let one = end(ends, role);
            one.call(Operation::Write { most: usize::MAX });
            moved |= !one.caller.written.is_empty();
            carry(ends);
            end(ends, role.peer()).read();
            end(ends, role).read();
        }
        if !moved {
            return;
        }
    }
}

fn check_rest(ends: &mut [End; 2]) {
    let leaves = ends.iter().any(|end| end.watch.closed.is_some());
    for end in ends.iter_mut() {
        for (stream, story) in &end.watch.streams {
            assert!(end.connection.stream(*stream).is_none(), "{stream} is not over");
            let early = usize::from(story.reset.is_some()) + usize::from(story.dropped);
            // Nothing comes on a stream that this end has promised.
            let is_whole = story.complete || stream.initiator() == Role::Server && end.is_server();
            assert!(early == 1 || (early == 0 && is_whole), "{stream} has no end: {story:?}");
        }
        assert_eq!(end.connection.audit().held, 0, "all credit is back");
    }
    let [client, server] = ends.each_ref().map(|end| end.connection.audit());
    if !leaves {
        let windows = [client.receive_window, server.receive_window];
        assert_eq!([server.send_window, client.send_window], windows, "both ends see the same windows");
    }
}

/// What has been received of each body is how what was sent begins.
fn check_bodies([client, server]: &[End; 2]) {
    for (sender, receiver) in [(client, server), (server, client)] {
        for (stream, body) in &receiver.bodies_received {
            let sent = sender.bodies_sent.get(stream).map_or(&[][..], |sent| sent);
            assert!(sent.starts_with(body), "the body of {stream} has changed");
        }
    }
}
