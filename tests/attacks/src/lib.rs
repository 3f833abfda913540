//! What hostile HTTP/2 peers send: one generator for each of 51 known attacks, against servers and against clients.
//!
//! Use it to see that what you have built around [`sans_h2::Connection`] (or around any other engine) keeps its memory,
//! its work and its output within bounds. [`ATTACKS`] lists the rows of the catalogue; [`Attack::scene`] gives the
//! octets of one, flight by flight, as long as you like, together with what the application does meanwhile and how it
//! has to end.
//!
//! Feed the flights to your own code; this plays all of them against the bare engine:
//!
//! ```
//! use sans_h2::Role;
//! use sans_h2_attacks::{ATTACKS, Ends, Player};
//!
//! for attack in ATTACKS.iter().filter(|attack| attack.victims.contains(&Role::Server)) {
//!     for variant in 0..attack.floods {
//!         let scene = attack.scene(Role::Server, variant, 1_000);
//!         let most = scene.caller.config.max_concurrent_streams() as usize;
//!         let mut player = Player::new(Role::Server, scene.caller);
//!         for octets in scene.flights {
//!             player.receive(&octets);
//!         }
//!         let report = player.finish();
//!         assert!(report.most_unfinished <= most, "{}", attack.row);
//!         if let Ends::With(code) = scene.ends {
//!             assert_eq!(report.code, Some(code), "{}", attack.row);
//!         }
//!     }
//! }
//! ```
//!
//! A wrapper that owns sockets takes the flights as they are: write each to the socket, and read what comes back.
//! Flights of an attack on a client answer requests that the client makes: [`opens`](field@Caller::opens) tells how
//! many.

mod caller;
mod control;
mod fields;
mod messages;
mod player;
mod streams;
mod windows;
mod wire;

pub use caller::{Caller, Reopens, Sends, Writes};
pub use player::{Player, Report};
use sans_h2::{ErrorCode, Role};

/// One row of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// Its name there, such as `"A1"`.
    pub row: &'static str,
    /// What the peer sends, and what that exhausts.
    pub exhausts: &'static str,
    /// Where it was seen.
    pub reference: &'static str,
    /// The roles that it can be played against.
    pub victims: &'static [Role],
    /// How many variants there are that grow with their size, numbered from 0.
    pub floods: usize,
    /// How many variants there are of one fixed size, numbered from `floods` on.
    pub cases: usize,
    /// What the victim's work is measured by.
    pub cost: Cost,
    scene: fn(Case) -> Scene,
}

/// A row that is played against both roles.
const fn row(
    cost: Cost,
    row: &'static str,
    exhausts: &'static str,
    reference: &'static str,
    (floods, cases): (usize, usize),
    scene: fn(Case) -> Scene,
) -> Attack {
    Attack { row, exhausts, reference, victims: BOTH, floods, cases, cost, scene }
}

/// The unit of the work that an attack causes, and so the limit that it is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Frames of a few octets.
    Frame,
    /// Octets of input.
    Octet,
    /// Octets that come when the connection is over already.
    Dead,
}

/// A variant of an attack, against one role, of one size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) victim: Role,
    pub(crate) variant: usize,
    pub(crate) size: usize,
}

/// All that one play of an attack needs.
pub struct Scene {
    /// What the victim's caller does.
    pub caller: Caller,
    /// How it has to end.
    pub ends: Ends,
    /// What the peer sends. The victim writes after each flight, if its caller writes at all.
    pub flights: Flights,
}

/// Octets in order, made as they are asked for.
pub type Flights = Box<dyn Iterator<Item = Vec<u8>>>;

/// How an attack has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The connection lives on, whatever becomes of its streams.
    Never,
    /// The connection lives on, and no whole message reaches the caller.
    Refused,
    /// The victim sends GOAWAY with this code.
    With(ErrorCode),
    /// The victim sends GOAWAY with ENHANCE_YOUR_CALM once the peer has sent this many units; before, it lives on.
    Calm(usize),
    /// It may live on or end; nothing else is claimed here.
    Either,
}

impl Attack {
    /// The attack against one role, `size` frames, streams or octets long. Variants from [`floods`](Self::floods) on
    /// ignore the size.
    ///
    /// # Panics
    ///
    /// When there is no such variant.
    pub fn scene(&self, victim: Role, variant: usize, size: usize) -> Scene {
        assert!(variant < self.variants(), "{} has {} variants", self.row, self.variants());
        (self.scene)(Case { victim, variant, size })
    }

    /// The octets of [`scene`](Self::scene) alone.
    ///
    /// # Panics
    ///
    /// When there is no such variant.
    pub fn octets(&self, victim: Role, variant: usize, size: usize) -> Flights {
        self.scene(victim, variant, size).flights
    }

    /// How many variants there are in all.
    pub const fn variants(&self) -> usize {
        self.floods + self.cases
    }

    /// The row of this name.
    pub fn of(row: &str) -> Option<&'static Self> {
        ATTACKS.iter().find(|attack| attack.row == row)
    }
}

/// Every row, in the order of the catalogue.
pub static ATTACKS: [Attack; 51] = {
    let parts: [&[Attack]; 5] =
        [&control::ROWS, &streams::ROWS, &fields::ROWS, &windows::ROWS, &messages::ROWS];
    let mut all = [control::ROWS[0]; 51];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let mut row = 0;
        while row < parts[part].len() {
            all[at] = parts[part][row];
            at += 1;
            row += 1;
        }
        part += 1;
    }
    assert!(at == all.len());
    all
};

pub(crate) const BOTH: &[Role] = &[Role::Server, Role::Client];
pub(crate) const SERVER: &[Role] = &[Role::Server];
pub(crate) const CLIENT: &[Role] = &[Role::Client];
