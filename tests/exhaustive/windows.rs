//! All window arithmetic at the edges (RFC 9113 §5.2, §6.9), in both directions and roles, against sums of 64 bits.
//!
//! Bodies of gigabytes cost nothing here: the octets are lent to `poll`, which looks at none of them.

use std::sync::LazyLock;

use bytes::Bytes;
use sans_h2::frame::{Kind, Part, SettingId};
use sans_h2::{Cause, Config, Connection, ConnectionError, Event, Fields, Role, Time, Violation};

use crate::step;
use crate::support::{Sent, Wire, config, drain, frames, get, id, post, settings_of};

const MAX: i64 = 0x7fff_ffff;
const EDGES: [u32; 8] = [0, 1, 2, 65_534, 65_535, 65_536, 0x7fff_fffe, 0x7fff_ffff];

/// Every choice of one value a column.
fn choices<const N: usize>(columns: [usize; N]) -> impl Iterator<Item = [usize; N]> {
    let total: usize = columns.iter().product();
    (0..total).map(move |mut nth| {
        columns.map(|count| {
            let at = nth % count;
            nth /= count;
            at
        })
    })
}

fn engine(role: Role, config: &Config) -> Connection {
    match role {
        Role::Client => Connection::client(config.clone()),
        Role::Server => Connection::server(config.clone()),
    }
}

/// What the engine says of these octets that matters here: the violation it found, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    OnStream(u32, Violation),
    OnConnection(Violation),
}

fn feed(connection: &mut Connection, mut input: &[u8]) -> Found {
    let mut found = Found::Nothing;
    while let Some(event) = connection.poll(&mut input, Time::ZERO) {
        match event {
            Event::Reset { stream, cause: Cause::Violation(violation), .. } => {
                found = Found::OnStream(stream.number(), violation);
            }
            Event::Closed { error: Some(ConnectionError::Violation(violation)) } => {
                found = Found::OnConnection(violation);
            }
            _ => {}
        }
    }
    found
}

/// Streams 1 and 3, on which the engine is about to send a body.
fn about_to_send(role: Role, initial: u32) -> Connection {
    let settings = [(SettingId::INITIAL_WINDOW_SIZE, initial)];
    let mut connection = engine(role, &config(|builder| builder.send_buffer_size(1 << 20)));
    let wire = Wire::peer(role.peer(), &settings);
    let wire = if role == Role::Server { wire.get(1).get(3) } else { wire };
    assert_eq!(feed(&mut connection, &wire.octets), Found::Nothing);
    for stream in [1, 3] {
        match role {
            Role::Client => assert_eq!(connection.open(post(), Part::More), Ok(id(stream))),
            Role::Server => {
                let mut stream = connection.stream(id(stream)).expect("it is open");
                stream.send_headers(Fields::response(200), Part::More).expect("a response");
            }
        }
    }
    drain(&mut connection);
    connection
}

/// The engine's send windows, as the peer has set them: the connection's, and those of streams 1 and 3.
#[derive(Clone, Debug)]
struct SendModel {
    initial: i64,
    connection: i64,
    streams: [Option<i64>; 2],
}

impl SendModel {
    const fn new(initial: u32) -> Self {
        Self { initial: initial as i64, connection: 65_535, streams: [Some(initial as i64); 2] }
    }

    /// §6.9.2
    fn set_initial(&mut self, size: u32) -> Found {
        let change = i64::from(size) - self.initial;
        self.initial += change;
        for window in self.streams.iter_mut().flatten() {
            *window += change;
            if *window > MAX {
                return Found::OnConnection(Violation::InitialWindowOverflow);
            }
        }
        Found::Nothing
    }

    /// §6.9.1; stream 0 is the connection.
    fn increase(&mut self, stream: u32, increment: u32) -> Found {
        let (violation, window) = match stream {
            0 if increment == 0 => {
                return Found::OnConnection(Violation::ZeroConnectionIncrement);
            }
            0 => (Found::OnConnection(Violation::ConnectionWindowOverflow), &mut self.connection),
            _ => {
                let slot = &mut self.streams[stream as usize / 2];
                let violation = match (&slot, increment) {
                    (None, _) => return Found::Nothing,
                    (Some(_), 0) => Violation::ZeroStreamIncrement,
                    (Some(window), _) if *window + i64::from(increment) > MAX => {
                        Violation::StreamWindowOverflow
                    }
                    (Some(_), _) => {
                        *slot.as_mut().expect("it lives") += i64::from(increment);
                        return Found::Nothing;
                    }
                };
                *slot = None;
                return Found::OnStream(stream, violation);
            }
        };
        *window += i64::from(increment);
        if *window > MAX { violation } else { Found::Nothing }
    }

    /// How many of so many octets go out on a stream.
    fn send(&mut self, stream: u32, octets: i64) -> i64 {
        let window = self.streams[stream as usize / 2].as_mut().expect("it lives");
        let sent = octets.min(*window).min(self.connection).max(0);
        *window -= sent;
        self.connection -= sent;
        sent
    }
}

static BODY: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(vec![b'x'; 70_000]));

/// One end that sends, the model beside it, and what stream 1 has queued that is not out.
struct Sender {
    connection: Connection,
    model: SendModel,
    waiting: i64,
}

impl Sender {
    fn new(role: Role, initial: u32) -> Self {
        Self { connection: about_to_send(role, initial), model: SendModel::new(initial), waiting: 0 }
    }

    /// Queues octets on stream 1, and writes what may go.
    fn send(&mut self, octets: usize) {
        if let Some(mut stream) = self.connection.stream(id(1)) {
            stream.send_data(BODY.slice(..octets), Part::More).expect("there is room");
            self.waiting += octets as i64;
            self.flush();
        }
    }

    fn flush(&mut self) {
        let sent: usize = written(&mut self.connection)
            .iter()
            .filter(|sent| sent.kind == Kind::DATA)
            .map(|sent| sent.payload.len())
            .sum();
        let expected = if self.model.streams[0].is_some() { self.model.send(1, self.waiting) } else { 0 };
        self.waiting -= expected;
        assert_eq!(sent as i64, expected, "{:?}", self.model);
        assert_eq!(self.connection.audit().send_window, self.model.connection, "{:?}", self.model);
    }

    /// Whether the connection goes on.
    fn settings(&mut self, initial: u32) -> bool {
        let wire = Wire::raw().settings(&[(SettingId::INITIAL_WINDOW_SIZE, initial)]);
        let expected = self.model.set_initial(initial);
        assert_eq!(feed(&mut self.connection, &wire.octets), expected, "{:?}", self.model);
        expected == Found::Nothing
    }

    fn increase(&mut self, stream: u32, increment: u32) -> bool {
        let wire = Wire::raw().window_update(stream, increment);
        let expected = self.model.increase(stream, increment);
        assert_eq!(feed(&mut self.connection, &wire.octets), expected, "{:?}", self.model);
        !matches!(expected, Found::OnConnection(_))
    }

    /// Both streams' windows are what the model says: they can be filled up, and not by one octet more.
    fn probe(mut self) {
        for stream in [3, 1] {
            let Some(window) = self.model.streams[stream as usize / 2] else { continue };
            // Below zero it takes two steps.
            let mut room = MAX - window;
            while room > 0 {
                let increment = room.min(MAX);
                room -= increment;
                assert!(self.increase(stream, u32::try_from(increment).expect("31 bits")));
            }
            assert_eq!(self.model.streams[stream as usize / 2], Some(MAX));
            assert!(self.increase(stream, 1));
            assert_eq!(self.model.streams[stream as usize / 2], None, "it is reset");
        }
    }
}

fn written(connection: &mut Connection) -> Vec<Sent> {
    frames(&drain(connection))
}

/// Every chain of an initial size, octets sent, another initial size, an update anywhere, and a third size.
fn check_sending(role: Role) {
    const SENT: [usize; 5] = [0, 1, 2, 65_535, 65_536];
    const UPDATED: [u32; 3] = [0, 1, 3];
    let counts = [EDGES.len(), SENT.len(), EDGES.len(), UPDATED.len(), EDGES.len(), EDGES.len()];
    for [first, sent, second, stream, increment, third] in choices(counts).step_by(step(41)) {
        let mut sender = Sender::new(role, EDGES[first]);
        sender.send(SENT[sent]);
        if !sender.settings(EDGES[second]) {
            continue;
        }
        sender.flush();
        if !sender.increase(UPDATED[stream], EDGES[increment]) {
            continue;
        }
        sender.flush();
        if sender.settings(EDGES[third]) {
            sender.flush();
            sender.send(10);
            sender.probe();
        }
    }
}

// covers 9113-6.9.1-1 9113-6.9.1-2 9113-6.9.1-3 9113-6.9.2-1 9113-6.9.2-2 9113-6.9.2-3
#[test]
fn send_windows_of_a_client() {
    check_sending(Role::Client);
}

#[test]
fn send_windows_of_a_server() {
    check_sending(Role::Server);
}

/// The connection's window takes any updates up to 2^31 − 1, whatever has been sent, and SETTINGS do not move it.
#[test]
fn updates_of_the_connection() {
    const INCREMENTS: [u32; 8] =
        [0, 1, 2, 65_535, 0x7fff_ffff - 65_536, 0x7fff_ffff - 65_535, 0x7fff_ffff - 65_534, 0x7fff_ffff];
    for [sent, first, second, third] in choices([5, 8, 8, 8]) {
        let mut sender = Sender::new(Role::Server, 0x7fff_ffff);
        sender.send([0, 1, 2, 65_534, 65_535][sent]);
        let goes_on = [first, second, third].into_iter().all(|at| {
            let goes_on = sender.increase(0, INCREMENTS[at]);
            if goes_on {
                sender.flush();
            }
            goes_on
        });
        if goes_on {
            assert!(sender.settings(0));
            sender.send(1);
            assert_eq!(sender.waiting, 1, "the stream's window is closed");
        }
    }
}

/// What a peer of ours may send: the connection's window, and that of stream 1.
#[derive(Debug)]
struct ReceiveModel {
    connection: i64,
    /// What was granted on the stream by updates, less what has been sent on it.
    stream: i64,
    /// Our initial sizes that the peer may go by: the one it has acknowledged, and those under way.
    initials: Vec<i64>,
    received: i64,
    released: i64,
}

impl ReceiveModel {
    fn stream_window(&self) -> i64 {
        self.initials.iter().max().expect("at least one") + self.stream
    }

    fn window(&self) -> i64 {
        self.stream_window().min(self.connection)
    }
}

const LARGEST: usize = 0xff_ffff;

static ZEROS: LazyLock<Vec<u8>> = LazyLock::new(|| vec![0; LARGEST]);

struct Receiver {
    connection: Connection,
    model: ReceiveModel,
}

impl Receiver {
    fn new(role: Role, connection_window: u32, initial: u32) -> Self {
        let config = config(|builder| {
            builder
                .connection_window_size(connection_window)
                .initial_window_size(initial)
                .max_frame_size(LARGEST as u32)
        });
        let mut connection = engine(role, &config);
        let wire = Wire::peer(role.peer(), &[]);
        let wire = match role {
            Role::Server => wire.post(1),
            Role::Client => {
                assert_eq!(connection.open(get(), Part::Last), Ok(id(1)));
                wire
            }
        };
        let model = ReceiveModel {
            connection: 65_535,
            stream: 0,
            initials: vec![initial.into()],
            received: 0,
            released: 0,
        };
        let mut receiver = Self { connection, model };
        receiver.flush();
        assert_eq!(feed(&mut receiver.connection, &wire.octets), Found::Nothing);
        if role == Role::Client {
            let response = Wire::raw().headers(1, &Fields::response(200), Part::More);
            assert_eq!(feed(&mut receiver.connection, &response.octets), Found::Nothing);
        }
        receiver.flush();
        receiver
    }

    /// Hands what is written to the peer.
    fn flush(&mut self) {
        for update in written(&mut self.connection).iter().filter(|sent| sent.kind == Kind::WINDOW_UPDATE) {
            let increment = i64::from(update.number());
            assert!(increment > 0, "no empty updates");
            match update.stream {
                0 => self.model.connection += increment,
                _ => self.model.stream += increment,
            }
        }
        assert!(self.model.connection <= MAX && self.model.stream_window() <= MAX, "{:?}", self.model);
        let audit = self.connection.audit();
        assert!(audit.is_balanced(), "{audit:?}");
        assert_eq!(audit.receive_window, self.model.connection, "{:?}", self.model);
        if self.connection.stream(id(1)).is_some() {
            assert_eq!(audit.held, self.model.received - self.model.released, "{:?}", self.model);
        }
    }

    /// The peer sends DATA of so many octets; a frame longer than all others is taken as several.
    fn data(&mut self, octets: i64) -> Found {
        let mut left = usize::try_from(octets).expect("not below zero");
        loop {
            let length = left.min(LARGEST);
            let [_, l0, l1, l2] = u32::try_from(length).expect("24 bits").to_be_bytes();
            let head = [l0, l1, l2, 0, 0, 0, 0, 0, 1];
            let found = match feed(&mut self.connection, &head) {
                Found::Nothing => feed(&mut self.connection, &ZEROS[..length]),
                found => found,
            };
            left -= length;
            if found != Found::Nothing || left == 0 {
                return found;
            }
        }
    }

    /// The peer sends so many octets, which are within its windows.
    fn take(&mut self, octets: i64) {
        assert_eq!(self.data(octets), Found::Nothing, "{octets} {:?}", self.model);
        self.model.connection -= octets;
        self.model.stream -= octets;
        self.model.received += octets;
        self.flush();
    }

    fn release(&mut self, octets: i64) {
        let held = self.model.received - self.model.released;
        let released = octets.min(held);
        self.model.released += released;
        let mut stream = self.connection.stream(id(1)).expect("it lives");
        stream.release(usize::try_from(octets).expect("not below zero"));
        self.flush();
    }

    fn settings(&mut self, initial: u32) {
        let settings = settings_of(&[(SettingId::INITIAL_WINDOW_SIZE, initial)]);
        self.connection.update_settings(&settings).expect("a value in range");
        self.model.initials.push(initial.into());
        self.flush();
    }

    fn acknowledged(&mut self) {
        self.model.initials.remove(0);
        assert_eq!(feed(&mut self.connection, &Wire::raw().settings_ack().octets), Found::Nothing);
        self.flush();
    }

    /// The windows end where the model says: nothing is refused up to there, and one octet more is.
    fn probe(mut self) {
        self.take(0);
        // What was released before may become credit only now that the peer is short of it.
        while self.model.window() > 0 {
            self.take(self.model.window());
        }
        let expected = if self.model.connection < 1 {
            Found::OnConnection(Violation::ConnectionWindowExceeded)
        } else {
            Found::OnStream(1, Violation::StreamWindowExceeded)
        };
        self.take(0);
        assert_eq!(self.data(1), expected, "{:?}", self.model);
        // What the caller held of a stream that is gone is credit again.
        if expected == Found::OnStream(1, Violation::StreamWindowExceeded) {
            self.model.connection -= 1;
            self.flush();
            assert_eq!(self.connection.audit().held, 0);
        }
    }
}

/// Every chain of a connection's window, an initial size, octets received, another size, and octets released before or
/// after the peer has acknowledged that size.
fn check_receiving(role: Role) {
    const CONNECTION: [u32; 7] = [1, 2, 65_534, 65_535, 65_536, 0x7fff_fffe, 0x7fff_ffff];
    let counts = [CONNECTION.len(), EDGES.len(), 5, EDGES.len(), 4, 2];
    for [connection, first, received, second, released, order] in choices(counts).step_by(step(41)) {
        let mut receiver = Receiver::new(role, CONNECTION[connection], EDGES[first]);
        let window = receiver.model.window();
        receiver.take([0, 1, window / 2, window - 1, window][received].clamp(0, window));
        let held = receiver.model.received;
        let release = [0, 1, held / 2, MAX][released];
        receiver.settings(EDGES[second]);
        if order == 0 {
            receiver.release(release);
            receiver.acknowledged();
        } else {
            receiver.acknowledged();
            receiver.release(release);
        }
        receiver.probe();
    }
}

// covers 9113-6.9.3-1
#[test]
fn receive_windows_of_a_client() {
    check_receiving(Role::Client);
}

#[test]
fn receive_windows_of_a_server() {
    check_receiving(Role::Server);
}

/// While a smaller size is under way the peer may still go by the larger one, and the other way round.
#[test]
fn receive_windows_while_settings_are_under_way() {
    for [first, second, third, received, early] in choices([8, 8, 8, 4, 2]).step_by(step(3)) {
        let mut receiver = Receiver::new(Role::Server, 0x7fff_ffff, EDGES[first]);
        let window = receiver.model.window();
        receiver.take([0, 1, window - 1, window][received].clamp(0, window));
        receiver.settings(EDGES[second]);
        receiver.settings(EDGES[third]);
        if early == 1 {
            receiver.acknowledged();
            receiver.release(MAX);
        }
        receiver.probe();
    }
}
