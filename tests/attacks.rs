//! Every known attack against the engine: its memory, its output, its end. The work that each causes is measured by
//! `.ci/attack-costs`.

use allocation_counter::{AllocationInfo, measure};
use sans_h2::{Connection, ErrorCode, Event, Fields, Indexing, Role, Time};
use sans_h2_attacks::{ATTACKS, Attack, Caller, Ends, Player, Report, Scene, Writes};

/// The most octets of replies that may wait: `max_reply_octets`, a reset for each stream, one frame.
const MOST_REPLIES: u64 = 4_096 + 13 * 100 + 17;

/// What the field list of a request that is queued holds.
const REQUEST_OCTETS: usize = 128;

/// Rows and variants whose figure of output does not hold yet.
const TOO_MUCH_OUTPUT: &[(&str, usize)] = &[("A4", 2)];

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

/// An attack that was played, with what the engine had on the heap.
struct Played {
    report: Report,
    ends: Ends,
    peak: i64,
    live: i64,
    balanced: bool,
    is_limited: bool,
    /// What the configuration states in advance.
    most_heap: i64,
    writes: Writes,
}

/// Plays a scene flight by flight; the heap is counted within the flights alone.
fn play(victim: Role, scene: Scene, piece: usize) -> Played {
    let Scene { caller, ends, flights } = scene;
    let config = &caller.config;
    let is_limited = config.max_concurrent_streams() <= 100 && config.max_header_list_size() <= 16_384;
    // The requests that a client's caller has queued are its own.
    let queued = if victim == Role::Client { caller.opens * REQUEST_OCTETS } else { 0 };
    let most_heap = (config.max_memory() - size_of::<Connection>() + queued) as i64;
    let writes = caller.writes;
    let mut player = None;
    let other = bookkeeping(victim, &caller);
    let started = measure(|| player = Some(Player::new(victim, caller)));
    let mut player = player.expect("it was made");
    let (mut live, mut peak) = (started.bytes_current - other, started.bytes_max as i64 - other);
    for octets in flights {
        let piece = piece.min(octets.len().max(1));
        let AllocationInfo { bytes_max, bytes_current, .. } =
            measure(|| player.receive_in_pieces(&octets, piece));
        peak = peak.max(live + bytes_max as i64);
        live += bytes_current;
    }
    let balanced = player.connection().audit().is_balanced();
    Played { report: player.finish(), ends, peak, live, balanced, is_limited, most_heap, writes }
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
fn check(name: &str, attack: &Attack, variant: usize, played: &Played) {
    let Played { report, ends, peak, balanced, is_limited, most_heap, writes, .. } = played;
    let is_known = |list: &[(&str, usize)]| list.contains(&(attack.row, variant));
    assert!(*peak <= *most_heap, "{name}: {peak} octets on the heap of {most_heap}");
    if !is_known(TOO_MUCH_OUTPUT) {
        let most = report.input * 3 / 2 + 1_024;
        assert!(report.overhead <= most, "{name}: {} octets out for {} in", report.overhead, report.input);
    }
    if *writes == Writes::Never && report.error.is_some() {
        assert!(report.output <= MOST_REPLIES + 100, "{name}: {} octets waited", report.output);
    }
    if *is_limited {
        assert!(report.most_unfinished <= 100, "{name}: {} requests", report.most_unfinished);
        assert!(report.most_surplus == 0, "{name}: {} octets beyond a list's own", report.most_surplus);
    }
    assert!(balanced, "{name}: credit has leaked");
    assert_eq!(report.after_the_end, 0, "{name}: after the end");
    assert!(report.goaways <= 1, "{name}: {} GOAWAYs", report.goaways);
    check_end(name, attack, *ends, report);
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
            assert_eq!(report.code, Some(ErrorCode::ENHANCE_YOUR_CALM), "{name}");
        }
        Ends::Calm(_) | Ends::Either => {}
    }
}

/// Plays all that a group of rows has, each piece of input whole and in single octets.
fn play_rows(letters: &str) {
    let rows = ATTACKS.iter().filter(|attack| attack.row.starts_with(|letter| letters.contains(letter)));
    for attack in rows {
        for &victim in attack.victims {
            // The floods of F3 are those of the other rows.
            for variant in 0..if attack.row == "F3" { 0 } else { attack.floods } {
                let name = format!("{} of a {victim:?}, variant {variant}", attack.row);
                let played = play(victim, attack.scene(victim, variant, size(attack)), usize::MAX);
                check(&name, attack, variant, &played);
                let cut = |piece| play(victim, attack.scene(victim, variant, few(attack)), piece).report;
                let whole = cut(usize::MAX);
                assert_eq!(cut(1), whole, "{name}: one octet at a time");
                assert_eq!(cut(7), whole, "{name}: seven octets at a time");
            }
            for variant in (attack.floods..attack.variants()).step_by(stride(attack)) {
                let name = format!("{} of a {victim:?}, case {}", attack.row, variant - attack.floods);
                let whole = play(victim, attack.scene(victim, variant, 0), usize::MAX);
                check(&name, attack, variant, &whole);
                let octets = play(victim, attack.scene(victim, variant, 0), 1);
                assert_eq!(octets.report, whole.report, "{name}: one octet at a time");
            }
        }
    }
}

/// Of the many cases of a row a part, spread over all of them by a prime.
const fn stride(attack: &Attack) -> usize {
    match attack.cases {
        0..=300 => 1,
        cases if cfg!(debug_assertions) => (cases / 300) | 1,
        cases => (cases / 20_000) | 1,
    }
}

#[test]
fn the_catalogue_is_complete() {
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

#[test]
fn b3_no_response_is_reset_for_its_size() {
    for victim in [Role::Server, Role::Client] {
        let played = play(victim, ATTACKS[15].scene(victim, 0, 1_000), usize::MAX);
        assert_eq!((played.report.resets, ATTACKS[15].row), (0, "B3"), "{victim:?}");
    }
}

#[test]
fn b7_streams_that_end_leave_nothing_behind() {
    let attack = Attack::of("B7").expect("a row");
    let live = |variant, size| play(Role::Server, attack.scene(Role::Server, variant, size), usize::MAX).live;
    let few = live(0, 200);
    for variant in [0, 1] {
        let many = live(variant, 5_000);
        assert!(many <= few + 1_024, "{many} octets after 5,000 streams, {few} after 200");
    }
}
