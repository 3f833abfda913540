//! Octets to a connection whose caller has habits.

use arbitrary::{Arbitrary, Result, Unstructured};
use bytes::Bytes;
use sans_h2::arbitrary::{Caller, Operation, StreamOperation, Wire};
use sans_h2::frame::Settings;
use sans_h2::{Audit, Config, Connection, ErrorCode, Event, Fields, Head, Part, Role, StreamId, Time};

use super::outcome::{MAGIC, Watch, check_legal, drain};
use super::pieces;
use super::told::{self, Told};

/// What a client sends, as the octets after the first few are: no panic, each event where it may come, legal output,
/// credit that adds up, and an end that is told.
pub fn server(data: &[u8]) {
    let _ = from_octets(Role::Server, data);
}

/// The same for what a server sends.
pub fn client(data: &[u8]) {
    let _ = from_octets(Role::Client, data);
}

/// The first octet holds habits; with [`ANY_CONFIG`] a configuration follows. The rest comes from the peer.
fn from_octets(role: Role, data: &[u8]) -> Result<()> {
    let mut u = Unstructured::new(data);
    let habits: u8 = u.arbitrary()?;
    let config = if habits & ANY_CONFIG == 0 { Config::default() } else { u.arbitrary()? };
    let mut octets = Vec::new();
    if habits & AFTER_PREFACE != 0 {
        if role == Role::Server {
            octets.extend_from_slice(MAGIC);
        }
        Settings::default().write(&mut octets);
        Settings::write_ack(&mut octets);
    }
    octets.extend_from_slice(u.take_rest());
    let mut run: Run<()> = Run::new(role, config, habits);
    run.feed([&octets[..]].into_iter(), &[]);
    run.hang_up();
    check_legal(&run.written);
    Ok(())
}

/// Mostly legal octets to a connection of any configuration whose caller makes any calls: everything told and written
/// is the same whole, octet by octet, and cut anywhere.
pub fn split(data: &[u8]) {
    let _ = split_anywhere(&mut Unstructured::new(data));
}

fn split_anywhere(u: &mut Unstructured<'_>) -> Result<()> {
    let (role, habits) = (Role::arbitrary(u)?, u.arbitrary()?);
    let config = Config::arbitrary(u)?;
    let sizes: [u8; 5] = u.arbitrary()?;
    let octets = any_octets(role, u)?;
    let mut calls: Vec<Operation> = u.arbitrary()?;
    // How reads are cut is the target's business, and what ends the input comes at its end.
    calls.retain(|call| !matches!(call, Operation::Read { .. } | Operation::EndOfInput));
    let run = |sizes: &[u8]| {
        let mut run: Run<Vec<Told>> = Run::new(role, config.clone(), habits);
        run.feed(pieces(&octets, sizes), &calls);
        run.hang_up();
        (run.kept, run.written, run.audit)
    };
    let whole = run(&[]);
    let sizes = if sizes[0] % 4 == 0 { &[1][..] } else { &sizes };
    assert_eq!(run(sizes), whole, "the cuts change the outcome");
    check_legal(&whole.1);
    Ok(())
}

/// Mostly legal octets, or any, from a peer.
fn any_octets(role: Role, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    match u.int_in_range(0..=7)? {
        7 => Ok(u.arbitrary::<&[u8]>()?.to_vec()),
        _ => Ok(Wire::from_peer(role.peer(), u)?.0),
    }
}

/// The same octets again and again to a connection of any configuration whose caller reads no output, or seldom: what
/// it holds stays within a bound that follows from the configuration.
pub fn limits(data: &[u8]) {
    let _ = within_limits(&mut Unstructured::new(data));
}

fn within_limits(u: &mut Unstructured<'_>) -> Result<()> {
    let (role, habits) = (Role::arbitrary(u)?, u.arbitrary()?);
    let config = Config::arbitrary(u)?;
    let times = u.int_in_range(1..=40)?;
    let start = any_octets(role, u)?;
    let Wire(octets) = u.arbitrary()?;
    let mut run: Run<MostMemory> = Run::new(role, config.clone(), habits);
    run.feed([&start[..]].into_iter(), &[]);
    for _ in 0..times {
        run.feed([&octets[..]].into_iter(), &[]);
    }
    let bound = config.max_memory() - size_of::<Connection>();
    let MostMemory(held) = run.kept;
    assert!(held <= bound, "{held} octets are held, above {bound}: {config:?}");
    run.hang_up();
    Ok(())
}

/// The peer's octets come behind a good preface.
const AFTER_PREFACE: u8 = 1;
const ANY_CONFIG: u8 = 2;
/// The caller answers nothing.
const SILENT: u8 = 4;
/// The caller keeps the credit.
const HOLDS: u8 = 8;
/// The caller takes the output at the end only.
const LATE: u8 = 16;
/// The caller resets each third stream that it hears of.
const RESETS: u8 = 32;
/// The caller pushes.
const PUSHES: u8 = 64;

/// What a target keeps of a run, beside the checks that are made in all runs.
trait Keep: Default {
    /// Looks at an event that has come.
    fn hear(&mut self, _: &Event<'_>) {}

    /// Looks at the connection behind each event, and at the end of each poll.
    fn look(&mut self, _: &Connection) {}
}

impl Keep for () {}

/// All that was told.
impl Keep for Vec<Told> {
    fn hear(&mut self, event: &Event<'_>) {
        told::tell(self, event);
    }
}

/// The most that the connection has held.
#[derive(Default)]
struct MostMemory(usize);

impl Keep for MostMemory {
    fn look(&mut self, connection: &Connection) {
        self.0 = self.0.max(connection.memory_used());
    }
}

/// One run of one connection.
struct Run<K> {
    connection: Connection,
    caller: Caller,
    habits: u8,
    watch: Watch,
    /// How many events have come.
    events: usize,
    written: Vec<u8>,
    audit: Option<Audit>,
    kept: K,
}

impl<K: Keep> Run<K> {
    fn new(role: Role, config: Config, habits: u8) -> Self {
        let connection = match role {
            Role::Client => Connection::client(config),
            Role::Server => Connection::server(config),
        };
        let mut run = Self {
            connection,
            caller: Caller::default(),
            habits,
            watch: Watch::default(),
            events: 0,
            written: Vec::new(),
            audit: None,
            kept: K::default(),
        };
        if role == Role::Client {
            [Part::Last, Part::More, Part::Last].into_iter().for_each(|part| run.open(part));
        }
        drain(&mut run.connection, &mut run.written);
        run
    }

    fn open(&mut self, part: Part) {
        let fields = Fields::request("GET", "http", "localhost", "/");
        self.call(Operation::Open { fields, part });
    }

    /// Hands over the pieces; the caller makes one of `calls` at each event that does not follow the cuts.
    fn feed<'b>(&mut self, pieces: impl Iterator<Item = &'b [u8]>, calls: &[Operation]) {
        let mut calls = calls.iter();
        for mut piece in pieces {
            self.poll(&mut piece, &mut calls);
            assert!(piece.is_empty(), "poll takes all that it is given");
        }
        if self.habits & LATE == 0 {
            drain(&mut self.connection, &mut self.written);
            self.poll(&mut &[][..], &mut calls);
        }
        self.audit = Some(self.connection.audit());
    }

    fn poll<'c>(&mut self, input: &mut &[u8], calls: &mut impl Iterator<Item = &'c Operation>) {
        let most = 10_000 + 100 * (self.events + input.len());
        while let Some(event) = self.connection.poll(input, Time::ZERO) {
            self.events += 1;
            assert!(self.events < most, "poll does not come to an end");
            self.caller.hear(&event, self.connection.role());
            self.watch.hear(&event, self.connection.role());
            self.react(&event);
            let follows_cuts = matches!(event, Event::Data { .. } | Event::Frame { .. });
            if !follows_cuts {
                calls.next().into_iter().for_each(|call| self.call(call.clone()));
            }
            self.kept.hear(&event);
            if let Event::Headers { fields, .. } = event {
                self.connection.recycle(fields);
            }
            assert!(self.connection.audit().is_balanced(), "credit has leaked");
            self.kept.look(&self.connection);
        }
        self.kept.look(&self.connection);
    }

    fn react(&mut self, event: &Event<'_>) {
        match event {
            Event::Headers { stream, head: Head::Request, .. } => self.answer(*stream),
            Event::Data { stream, data, .. } if self.habits & HOLDS == 0 => {
                self.connection.stream(*stream).into_iter().for_each(|mut stream| stream.release(data.len()));
            }
            Event::PushPromise { promised, .. } if self.habits & RESETS != 0 => self.reset(*promised),
            _ => {}
        }
    }

    fn answer(&mut self, stream: StreamId) {
        if self.habits & RESETS != 0 && stream.number() % 3 == 0 {
            return self.reset(stream);
        }
        if self.habits & PUSHES != 0 {
            let fields = Fields::request("GET", "http", "localhost", "/pushed");
            self.call(Operation::Push { on: 0, fields });
        }
        if self.habits & SILENT == 0 {
            let mut stream = self.connection.stream(stream).expect("a request that was just told");
            stream.send_headers(Fields::response(200), Part::More).expect("a response is due");
            // HEAD is answered without content.
            if stream.send_data(Bytes::from_static(&[b'x'; 500]), Part::Last).is_err() {
                stream.send_data(Bytes::new(), Part::Last).expect("the end of the response");
            }
        }
    }

    fn reset(&mut self, stream: StreamId) {
        if let Some(live) = self.connection.stream(stream) {
            live.reset(ErrorCode::CANCEL);
            self.watch.dropped(stream);
        }
    }

    /// Makes a call; one that does not fit is refused.
    fn call(&mut self, call: Operation) {
        let opens = matches!(call, Operation::Open { .. } | Operation::Push { .. });
        let drops = matches!(call, Operation::Stream { operation: StreamOperation::Reset(_), .. });
        let done =
            call.apply(&mut self.connection, &mut self.caller, |_, event| panic!("{event:?} without a poll"));
        match done {
            Ok(Some(stream)) if opens => self.watch.opened(stream),
            Ok(Some(stream)) if drops => self.watch.dropped(stream),
            _ => {}
        }
        self.written.append(&mut self.caller.written);
    }

    /// The transport ends: the caller is told how everything ended.
    fn hang_up(&mut self) {
        drain(&mut self.connection, &mut self.written);
        self.poll(&mut &[][..], &mut [].iter());
        self.connection.end_of_input();
        self.poll(&mut &[][..], &mut [].iter());
        drain(&mut self.connection, &mut self.written);
        assert!(self.connection.is_closed() && self.watch.closed.is_some(), "an end that nobody tells");
        let mut late = &b"late octets"[..];
        assert_eq!(self.connection.poll(&mut late, Time::ZERO), None);
        assert!(late.is_empty() && self.connection.output().chunks().next().is_none(), "all is over");
    }
}
