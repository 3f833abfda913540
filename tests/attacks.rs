//! Every known attack against the engine: its memory, its output, its end. The work that each causes is measured by
//! `.ci/attack-costs`.
//!
//! With `--nocapture` the tests tell their figures, one a line, to `.ci/bounds`: `figure: NAME VALUE WHERE`.

use std::collections::BTreeMap;

use allocation_counter::{AllocationInfo, measure};
use arbitrary::{Arbitrary, Unstructured};
use sans_h2::{
    Config, Connection, ConnectionError, ErrorCode, Event, Fields, Indexing, Role, StreamId, Time,
};
use sans_h2_attacks::{ATTACKS, Attack, Caller, Ends, Player, Report, Scene, Sends, Writes};

/// The most octets of replies that may wait: `max_reply_octets`, a reset for each stream, one frame.
const MOST_REPLIES: u64 = 4_096 + 13 * 100 + 17;

/// What the field list of a request that is queued holds.
const REQUEST_OCTETS: usize = 128;

/// What an item takes that is queued, and how many octets of a body are one. The arena of all items grows by doubling,
/// and while it moves, its old half lives on: up to three times as much for what is beyond one item a stream.
const ITEM_OCTETS: usize = 48;
const PIECE_OCTETS: u32 = 16_384;

/// How many random configurations every row is played under: a hundredth of them in a debug build.
const CONFIGS: u64 = if cfg!(debug_assertions) { 10 } else { 1_000 };

const fn size(attack: &Attack) -> usize {
    match attack.row.as_bytes() {
        b"C7" => 60_000,
        _ if cfg!(debug_assertions) => 2_000,
        _ => 20_000,
    }
}

/// Units that are enough to be played in single octets, too.
const fn few(attack: &Attack) -> usize {
    match attack.row.as_bytes() {
        b"A9" | b"C1" | b"C3" | b"C4" => 5,
        b"A3" | b"A4" | b"A11" | b"D5" => 60,
        b"C7" => 20_000,
        _ => 200,
    }
}

/// How the input is cut.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Flight by flight.
    Whole,
    /// Into pieces of so many octets.
    Pieces(usize),
    /// Once, behind so many octets of a flight.
    Once(usize),
    /// Into pieces of random lengths below 64, from this seed.
    Random(u64),
}

impl Cut {
    fn pieces(self, octets: &[u8]) -> impl Iterator<Item = &[u8]> {
        let mut random = match self {
            Self::Random(seed) => Random(seed),
            _ => Random(0),
        };
        let mut rest = octets;
        std::iter::from_fn(move || {
            let length = match self {
                Self::Whole => rest.len(),
                Self::Pieces(piece) => piece,
                Self::Once(at) => {
                    if rest.len() == octets.len() && at > 0 {
                        at
                    } else {
                        rest.len()
                    }
                }
                Self::Random(_) => 1 + random.below(63),
            };
            let (piece, more) = rest.split_at(length.min(rest.len()));
            rest = more;
            (!piece.is_empty()).then_some(piece)
        })
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }
}

/// An attack that was played, with what the engine had on the heap.
struct Played {
    report: Report,
    ends: Ends,
    peak: i64,
    live: i64,
    balanced: bool,
    config: Config,
    /// What the configuration states in advance, and what the caller itself has queued.
    most_heap: i64,
    writes: Writes,
}

impl Played {
    /// Whether the limits are no higher than those by default.
    fn is_limited(&self) -> bool {
        self.config.max_concurrent_streams() <= 100 && self.config.max_header_list_size() <= 16_384
    }
}

/// Plays a scene flight by flight; the heap is counted within the flights alone.
fn play(victim: Role, scene: Scene, cut: Cut) -> Played {
    let Scene { caller, ends, flights } = scene;
    let config = caller.config.clone();
    let most_heap = (config.max_memory() - size_of::<Connection>() + requests(victim, &caller)) as i64;
    let writes = caller.writes;
    let mut player = None;
    let other = bookkeeping(victim, &caller);
    let started = measure(|| player = Some(Player::new(victim, caller)));
    let mut player = player.expect("it was made");
    let (mut live, mut peak) = (started.bytes_current - other, started.bytes_max as i64 - other);
    for octets in flights {
        let AllocationInfo { bytes_max, bytes_current, .. } =
            measure(|| player.receive_cut(cut.pieces(&octets)));
        peak = peak.max(live + bytes_max as i64);
        live += bytes_current;
    }
    let balanced = player.connection().audit().is_balanced();
    Played { report: player.finish(), ends, peak, live, balanced, config, most_heap, writes }
}

/// What a caller itself has queued at most: a client its requests. Only what is queued at once moves the arena.
fn requests(victim: Role, Caller { config, opens, .. }: &Caller) -> usize {
    match victim {
        Role::Client => (*opens).min(config.max_open_streams() as usize) * (REQUEST_OCTETS + ITEM_OCTETS),
        Role::Server => 0,
    }
}

/// What the pieces of bodies take that a caller has queued at most, and the head before them.
fn bodies(victim: Role, Caller { config, opens, sends, .. }: &Caller) -> usize {
    let streams = match victim {
        Role::Client => (*opens).min(config.max_open_streams() as usize),
        Role::Server => config.max_concurrent_streams() as usize,
    };
    match sends {
        Sends::Bodies => {
            streams * config.send_buffer_size().div_ceil(PIECE_OCTETS) as usize * 3 * ITEM_OCTETS
        }
        _ => 0,
    }
}

/// What a player allocates beside its connection.
fn bookkeeping(victim: Role, caller: &Caller) -> i64 {
    let idle = Caller { opens: 0, ..caller.clone() };
    let mut kept = None;
    let player = measure(|| kept = Some(Player::new(victim, idle.clone())));
    let mut connection = None;
    let alone = measure(|| {
        let mut fresh = match victim {
            Role::Client => Connection::client(idle.config.clone()),
            Role::Server => Connection::server(idle.config.clone()),
        };
        let octets = fresh.output().chunks().map(<[u8]>::len).sum();
        bytes::Buf::advance(&mut fresh.output(), octets);
        connection = Some(fresh);
    });
    player.bytes_current - alone.bytes_current
}

/// What holds in any attack.
fn check(name: &str, attack: &Attack, played: &Played) {
    let Played { report, ends, peak, balanced, config, most_heap, writes, .. } = played;
    assert!(*peak <= *most_heap, "{name}: {peak} octets on the heap of {most_heap}");
    if *config == Config::default() {
        let all = *peak as usize + size_of::<Connection>();
        assert!(all <= config.max_memory(), "{name}: {all} octets at defaults, requests included");
    }
    check_output(name, report);
    if *writes == Writes::Never && report.error.is_some() {
        assert!(report.overhead <= MOST_REPLIES + 100, "{name}: {} octets waited", report.overhead);
    }
    if played.is_limited() {
        assert!(report.most_unfinished <= 100, "{name}: {} requests", report.most_unfinished);
        assert!(report.most_surplus == 0, "{name}: {} octets beyond a list's own", report.most_surplus);
    }
    assert!(report.most_fields <= config.max_header_fields() as usize, "{name}: {}", report.most_fields);
    assert!(balanced, "{name}: credit has leaked");
    assert_eq!(report.after_the_end, 0, "{name}: after the end");
    assert!(report.goaways <= 1, "{name}: {} GOAWAYs", report.goaways);
    check_end(name, attack, *ends, report);
}

fn check_output(name: &str, report: &Report) {
    let most = report.input * 3 / 2 + 1_024;
    assert!(report.overhead <= most, "{name}: {} octets out for {} in", report.overhead, report.input);
}

fn check_end(name: &str, attack: &Attack, ends: Ends, report: &Report) {
    match ends {
        Ends::Never => assert_eq!(report.error, None, "{name}"),
        Ends::Refused => {
            assert_eq!(report.error, None, "{name}");
            assert_eq!(report.completed, 0, "{name}: a message was told");
        }
        Ends::With(code) => assert_eq!(report.code, Some(code), "{name}: {:?}", report.error),
        Ends::Calm(most) if size(attack) > most => {
            // The GOAWAY may wait behind bodies that nobody takes.
            let Some(Some(ConnectionError::Violation(violation))) = report.error else {
                panic!("{name}: {:?}", report.error)
            };
            assert_eq!(violation.code(), ErrorCode::ENHANCE_YOUR_CALM, "{name}");
        }
        Ends::Calm(_) | Ends::Either => {}
    }
}

/// The worst of each figure, and where that was.
#[derive(Default)]
struct Figures(BTreeMap<&'static str, (f64, String)>);

impl Figures {
    fn most(&mut self, figure: &'static str, value: f64, place: &str) {
        let worst = self.0.entry(figure).or_default();
        if value >= worst.0 {
            *worst = (value, place.to_owned());
        }
    }

    fn add(&mut self, figure: &'static str, value: usize) {
        self.0.entry(figure).or_default().0 += value as f64;
    }

    fn note(&mut self, name: &str, played: &Played) {
        let Played { report, peak, most_heap, writes, config, .. } = played;
        self.add("audits", 1);
        if *config == Config::default() {
            self.most("peak", (*peak + size_of::<Connection>() as i64) as f64, name);
            self.most("fields", report.most_fields as f64, name);
        }
        self.most("share", *peak as f64 / *most_heap as f64, name);
        if played.is_limited() {
            self.most("lists", report.most_per_mille as f64 / 1_000.0, name);
        }
        let output = report.overhead.saturating_sub(1_024) as f64 / report.input as f64;
        self.most("output", output, name);
        if *writes == Writes::Never && report.error.is_some() {
            self.most("replies", report.overhead as f64, name);
        }
    }
}

impl Drop for Figures {
    fn drop(&mut self) {
        for (figure, (value, place)) in &self.0 {
            println!("figure: {figure} {value} {place}");
        }
    }
}

/// Plays all that a group of rows has, the input whole and cut.
fn play_rows(letters: &str) {
    let mut figures = Figures::default();
    let rows = ATTACKS.iter().filter(|attack| attack.row.starts_with(|letter| letters.contains(letter)));
    for attack in rows {
        for &victim in attack.victims {
            // The floods of F3 are those of the other rows.
            for variant in 0..if attack.row == "F3" { 0 } else { attack.floods } {
                let name = format!("{} of a {victim:?}, variant {variant}", attack.row);
                let played = play(victim, attack.scene(victim, variant, size(attack)), Cut::Whole);
                check(&name, attack, &played);
                figures.note(&name, &played);
                figures.add("splits", check_cuts(&name, attack, victim, variant, few(attack)));
            }
            for variant in (attack.floods..attack.variants()).step_by(stride(attack)) {
                let name = format!("{} of a {victim:?}, case {}", attack.row, variant - attack.floods);
                let whole = play(victim, attack.scene(victim, variant, 0), Cut::Whole);
                check(&name, attack, &whole);
                figures.note(&name, &whole);
                let octets = play(victim, attack.scene(victim, variant, 0), Cut::Pieces(1));
                assert_eq!(octets.report, whole.report, "{name}: one octet at a time");
                figures.add("splits", 1);
            }
            // Every single cut: of the shortest flood of each kind, and of some cases.
            for variant in
                (0..attack.floods).chain((attack.floods..attack.variants()).step_by(sparse(attack)))
            {
                let name = format!("{} of a {victim:?}, {variant}", attack.row);
                figures.add("splits", check_single_cuts(&name, attack, victim, variant));
            }
        }
        figures.add(if attack.victims.len() == 2 { "rows-both" } else { "rows-one" }, 1);
    }
}

/// Single octets, seven and random numbers of them make no difference. Returns how many cuts were compared.
fn check_cuts(name: &str, attack: &Attack, victim: Role, variant: usize, size: usize) -> usize {
    let cut = |cut| play(victim, attack.scene(victim, variant, size), cut).report;
    let whole = cut(Cut::Whole);
    let cuts = [Cut::Pieces(1), Cut::Pieces(7), Cut::Random(1), Cut::Random(variant as u64 + 2)];
    for each in cuts {
        assert_eq!(cut(each), whole, "{name}: {each:?}");
    }
    cuts.len()
}

/// No single cut makes a difference; of flights of more than 1,000 octets about as many are tried.
fn check_single_cuts(name: &str, attack: &Attack, victim: Role, variant: usize) -> usize {
    let scene = || attack.scene(victim, variant, if attack.row == "C7" { 300 } else { 3 });
    let whole = play(victim, scene(), Cut::Whole).report;
    let longest = scene().flights.map(|octets| octets.len()).max().unwrap_or(0);
    let most = if cfg!(debug_assertions) { 20 } else { 1_000 };
    let cuts = (1..longest).step_by((longest / most) | 1);
    for at in cuts.clone() {
        assert_eq!(play(victim, scene(), Cut::Once(at)).report, whole, "{name}: cut behind {at} octets");
    }
    cuts.len()
}

/// Of the many cases of a row a part, spread over all of them by a prime.
const fn stride(attack: &Attack) -> usize {
    match attack.cases {
        0..=300 => 1,
        cases if cfg!(debug_assertions) => (cases / 300) | 1,
        cases => (cases / 20_000) | 1,
    }
}

/// Few enough cases for every single cut of each.
const fn sparse(attack: &Attack) -> usize {
    (attack.cases / if cfg!(debug_assertions) { 3 } else { 30 }) | 1
}

/// A configuration of any kind. What costs the player's own memory and time is capped, and what the caller may queue.
fn any_config(seed: u64) -> Config {
    let mut random = Random(seed);
    let octets: Vec<u8> = (0..64).flat_map(|_| random.next().to_le_bytes()).collect();
    let any = Config::arbitrary(&mut Unstructured::new(&octets)).expect("there are always octets");
    let capped = any
        .to_builder()
        .max_concurrent_streams(any.max_concurrent_streams().min(4_096))
        .send_buffer_size(any.send_buffer_size().min(1 << 20));
    capped.build().expect("below their ranges' ends")
}

#[test]
fn random_configurations_hold_what_they_state() {
    let mut figures = Figures::default();
    let mut broken = Vec::new();
    for seed in 0..CONFIGS {
        let config = any_config(seed);
        let mut random = Random(!seed);
        for attack in &ATTACKS {
            for &victim in attack.victims {
                let variant = random.below(attack.variants().min(attack.floods.max(1) + 1));
                let size = few(attack) * [1, 1, 1, 1, 1, 1, 1, 10][random.below(8)];
                let cut = [Cut::Whole, Cut::Whole, Cut::Random(seed), Cut::Pieces(1)][random.below(4)];
                let mut scene = attack.scene(victim, variant, size);
                scene.caller.config = config.clone();
                let bodies = bodies(victim, &scene.caller) as i64;
                let played = play(victim, scene, cut);
                let name = format!("{} of a {victim:?}, variant {variant}, size {size}, {cut:?}", attack.row);
                let Played { report, peak, .. } = &played;
                let most_heap = played.most_heap + bodies;
                figures.most("share-random", *peak as f64 / most_heap as f64, &name);
                if *peak > most_heap {
                    broken.push(format!("seed {seed}: {name}: {peak} octets on the heap of {most_heap}"));
                }
                assert!(played.balanced, "seed {seed}: {name}: credit has leaked");
                assert!(report.goaways <= 1, "seed {seed}: {name}: {} GOAWAYs", report.goaways);
                assert_eq!(report.after_the_end, 0, "seed {seed}: {name}: after the end");
            }
        }
        figures.add("configs", 1);
        figures.add("audits", ATTACKS.iter().map(|attack| attack.victims.len()).sum());
    }
    assert!(broken.is_empty(), "{} beyond max_memory():\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn the_catalogue_is_complete() {
    println!("figure: rows {} in the catalogue", ATTACKS.len());
    println!("figure: reply-cap {} default", MOST_REPLIES + 100);
    println!("figure: default {} max_memory()", Config::default().max_memory());
    println!("figure: embedded {} max_memory()", Config::embedded().max_memory());
    let rows: Vec<&str> = ATTACKS.iter().map(|attack| attack.row).collect();
    let expected = [('A', 13), ('B', 10), ('C', 13), ('D', 6), ('E', 6), ('F', 3)];
    let expected: Vec<String> = expected
        .into_iter()
        .flat_map(|(letter, rows)| (1..=rows).map(move |row| format!("{letter}{row}")))
        .collect();
    assert_eq!(rows, expected);
}

// covers 9113-10.5-1
#[test]
fn floods_of_control_frames() {
    play_rows("A");
}

#[test]
fn lives_of_streams() {
    play_rows("B");
}

#[test]
fn field_blocks() {
    play_rows("C");
}

#[test]
fn windows() {
    play_rows("D");
}

#[test]
fn messages_and_servers() {
    play_rows("EF");
}

/// All fields that a case tells, of all messages.
fn fields_of(row: &str, victim: Role, variant: usize) -> Vec<Fields> {
    let attack = Attack::of(row).expect("a row");
    let scene = attack.scene(victim, variant, 0);
    let mut connection = match victim {
        Role::Client => Connection::client(scene.caller.config),
        Role::Server => Connection::server(scene.caller.config),
    };
    if victim == Role::Client {
        for _ in 0..scene.caller.opens {
            connection
                .open(Fields::request("GET", "http", "localhost", "/"), sans_h2::Part::Last)
                .expect("few");
        }
    }
    let mut told = Vec::new();
    for octets in scene.flights {
        let written = connection.output().chunks().map(<[u8]>::len).sum();
        bytes::Buf::advance(&mut connection.output(), written);
        let mut input = &octets[..];
        while let Some(event) = connection.poll(&mut input, Time::ZERO) {
            if let Event::Headers { fields, .. } = event {
                told.push(fields);
            }
        }
    }
    told
}

#[test]
fn c10_blocks_that_are_refused_keep_the_tables_in_step() {
    for victim in [Role::Server, Role::Client] {
        for variant in [0, 1] {
            let told = fields_of("C10", victim, variant);
            let last = told.last().and_then(|fields| fields.get("x-kept"));
            assert_eq!(last, Some(&b"the same"[..]), "{victim:?} {variant}");
        }
    }
}

#[test]
fn c13_secrets_keep_their_mark() {
    for victim in [Role::Server, Role::Client] {
        let told = fields_of("C13", victim, 0);
        let secret = told.iter().flatten().find(|field| field.name == b"x-secret");
        assert_eq!(secret.map(|field| field.indexing), Some(Indexing::Never), "{victim:?}");
    }
}

/// However few they are: a raise that opens all windows must not be worth while by itself.
#[test]
fn a4_raises_by_one_octet_cause_no_more_than_they_cost() {
    let attack = Attack::of("A4").expect("a row");
    for victim in [Role::Server, Role::Client] {
        for size in (0..12).chain([20, 50, 100, 200, 500, 1_000, 1_024, 1_030, 1_500]) {
            let played = play(victim, attack.scene(victim, 2, size), Cut::Whole);
            check_output(&format!("A4 of a {victim:?}, {size} raises"), &played.report);
        }
    }
}

/// One field more than may be told is not told; the most that may be is.
#[test]
fn c4_no_more_fields_are_told_than_may_be() {
    let attack = Attack::of("C4").expect("a row");
    for victim in [Role::Server, Role::Client] {
        let told = |variant| {
            let played = play(victim, attack.scene(victim, variant, 20), Cut::Whole);
            assert_eq!(played.config.max_header_fields(), 100);
            played.report.most_fields
        };
        // The list that puts the entry into the table comes before the bomb.
        assert!(told(0) <= 5, "{victim:?}: a part of a bomb");
        assert!((90..=100).contains(&told(1)), "{victim:?}");
    }
}

#[test]
fn b3_no_response_is_reset_for_its_size() {
    for victim in [Role::Server, Role::Client] {
        let played = play(victim, ATTACKS[15].scene(victim, 0, 1_000), Cut::Whole);
        assert_eq!((played.report.resets, ATTACKS[15].row), (0, "B3"), "{victim:?}");
    }
}

/// A host with a clock can tell the streams that are held open.
#[test]
fn d2_windows_that_stay_shut_are_no_progress() {
    for victim in [Role::Server, Role::Client] {
        let Scene { caller, flights, .. } = Attack::of("D2").expect("a row").scene(victim, 0, 9_000);
        let mut player = Player::new(victim, caller);
        let mut seen = Vec::new();
        for octets in flights {
            player.receive(&octets);
            let streams = (1..200).step_by(2).filter_map(StreamId::new);
            seen.push(streams.map(|stream| player.connection().progress(stream)).collect::<Vec<_>>());
        }
        assert!(seen.len() > 90 && seen[3..].iter().all(|progress| *progress == seen[3]), "{victim:?}");
        assert!(seen[3].iter().all(Option::is_some), "{victim:?}: all streams live");
    }
}

#[test]
fn b7_streams_that_end_leave_nothing_behind() {
    let attack = Attack::of("B7").expect("a row");
    let live = |variant, size| play(Role::Server, attack.scene(Role::Server, variant, size), Cut::Whole).live;
    let few = live(0, 200);
    for variant in [0, 1] {
        let many = live(variant, 5_000);
        assert!(many <= few + 1_024, "{many} octets after 5,000 streams, {few} after 200");
    }
}
