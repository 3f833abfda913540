//! The two halves of a stream, each a small state machine (RFC 9113 §5.1).

use core::fmt;

use crate::frame::Part;

/// How far the messages of one direction of a stream have got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Half {
    /// Nothing has happened.
    Idle,
    /// Promised by PUSH_PROMISE; the response's header section is to come.
    Reserved,
    /// The final header section is to come; interim ones may come before.
    Head,
    /// The header section is over: data, then perhaps trailers.
    Body,
    /// Ended.
    Closed,
}

/// What goes over a half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// A header section with an interim status.
    Interim,
    /// Any other header or trailer section.
    Headers,
    /// A piece of body.
    Data,
}

/// Why a step does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Misstep {
    /// The half has ended.
    Ended,
    /// Data before the final header section.
    DataBeforeHeaders,
    /// An interim response that ends the half.
    InterimLast,
    /// A second header section that does not end the half.
    TrailersNotLast,
    /// More or less content than was announced.
    ContentLength,
    /// A header section on a tunnel.
    HeadersInTunnel,
}

impl Half {
    /// Where the half is after `step`. The same rules hold for what we send and for what the peer sends.
    pub(crate) const fn after(self, step: Step, part: Part) -> Result<Self, Misstep> {
        match (self, step) {
            (Self::Closed, Step::Interim | Step::Headers | Step::Data) => Err(Misstep::Ended),
            (Self::Idle | Self::Reserved | Self::Head, Step::Data) => Err(Misstep::DataBeforeHeaders),
            (Self::Idle | Self::Reserved | Self::Head, Step::Interim) => match part {
                Part::More => Ok(Self::Head),
                Part::Last => Err(Misstep::InterimLast),
            },
            (Self::Idle | Self::Reserved | Self::Head, Step::Headers) | (Self::Body, Step::Data) => {
                match part {
                    Part::More => Ok(Self::Body),
                    Part::Last => Ok(Self::Closed),
                }
            }
            (Self::Body, Step::Interim | Step::Headers) => match part {
                Part::More => Err(Misstep::TrailersNotLast),
                Part::Last => Ok(Self::Closed),
            },
        }
    }
}

/// The state that RFC 9113 §5.1 gives a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not opened yet.
    Idle,
    /// Promised by this end.
    ReservedLocal,
    /// Promised by the peer.
    ReservedRemote,
    /// Both ends may send.
    Open,
    /// This end has ended its half.
    HalfClosedLocal,
    /// The peer has ended its half.
    HalfClosedRemote,
    /// Over.
    Closed,
}

impl State {
    /// The name of a pair of halves.
    pub(crate) const fn of(send: Half, recv: Half) -> Self {
        match (send, recv) {
            (Half::Reserved, _) => Self::ReservedLocal,
            (_, Half::Reserved) => Self::ReservedRemote,
            (Half::Closed, Half::Closed) => Self::Closed,
            (Half::Closed, Half::Idle | Half::Head | Half::Body) => Self::HalfClosedLocal,
            (Half::Idle | Half::Head | Half::Body, Half::Closed) => Self::HalfClosedRemote,
            (Half::Idle, Half::Idle) => Self::Idle,
            (Half::Head | Half::Body, Half::Idle | Half::Head | Half::Body)
            | (Half::Idle, Half::Head | Half::Body) => Self::Open,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::ReservedLocal => "reserved (local)",
            Self::ReservedRemote => "reserved (remote)",
            Self::Open => "open",
            Self::HalfClosedLocal => "half-closed (local)",
            Self::HalfClosedRemote => "half-closed (remote)",
            Self::Closed => "closed",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::string::ToString;
    use std::vec::Vec;

    use super::*;

    const HALVES: [Half; 5] = [Half::Idle, Half::Reserved, Half::Head, Half::Body, Half::Closed];
    const STEPS: [(Step, Part); 6] = [
        (Step::Interim, Part::More),
        (Step::Interim, Part::Last),
        (Step::Headers, Part::More),
        (Step::Headers, Part::Last),
        (Step::Data, Part::More),
        (Step::Data, Part::Last),
    ];

    /// A row a half, a column a step, in the order of the two lists above.
    #[test]
    fn every_half_answers_every_step() {
        use Half::{Body, Closed, Head};
        use Misstep::{DataBeforeHeaders as Early, Ended, InterimLast, TrailersNotLast};
        let table = [
            [Ok(Head), Err(InterimLast), Ok(Body), Ok(Closed), Err(Early), Err(Early)],
            [Ok(Head), Err(InterimLast), Ok(Body), Ok(Closed), Err(Early), Err(Early)],
            [Ok(Head), Err(InterimLast), Ok(Body), Ok(Closed), Err(Early), Err(Early)],
            [Err(TrailersNotLast), Ok(Closed), Err(TrailersNotLast), Ok(Closed), Ok(Body), Ok(Closed)],
            [Err(Ended); 6],
        ];
        for (half, row) in HALVES.into_iter().zip(table) {
            for ((step, part), expected) in STEPS.into_iter().zip(row) {
                assert_eq!(half.after(step, part), expected, "{half:?} {step:?} {part:?}");
            }
        }
    }

    /// From the pairs in which streams begin, the steps of both ends reach eleven pairs and no more.
    #[test]
    fn eleven_pairs_are_reachable() {
        let mut seen = BTreeSet::new();
        let mut todo = Vec::from([(Half::Idle, Half::Idle)]);
        for part in [Part::More, Part::Last] {
            let request = Half::Idle.after(Step::Headers, part).unwrap();
            todo.extend([(request, Half::Head), (Half::Head, request)]);
        }
        todo.extend([(Half::Reserved, Half::Closed), (Half::Closed, Half::Reserved)]);
        while let Some((send, recv)) = todo.pop() {
            if !seen.insert((send as u8, recv as u8)) || send == Half::Idle {
                continue;
            }
            for (step, part) in STEPS {
                todo.extend(send.after(step, part).map(|next| (next, recv)));
                todo.extend(recv.after(step, part).map(|next| (send, next)));
            }
        }
        let expected = [
            (Half::Idle, Half::Idle),
            (Half::Body, Half::Head),
            (Half::Closed, Half::Head),
            (Half::Head, Half::Body),
            (Half::Head, Half::Closed),
            (Half::Body, Half::Body),
            (Half::Closed, Half::Body),
            (Half::Body, Half::Closed),
            (Half::Closed, Half::Closed),
            (Half::Reserved, Half::Closed),
            (Half::Closed, Half::Reserved),
        ];
        assert_eq!(seen, expected.iter().map(|&(send, recv)| (send as u8, recv as u8)).collect());
    }

    #[test]
    fn pairs_have_the_names_of_the_rfc() {
        use State::{Closed, HalfClosedLocal, HalfClosedRemote, Idle, Open, ReservedLocal, ReservedRemote};
        let named = [
            (Half::Idle, Half::Idle, Idle),
            (Half::Body, Half::Head, Open),
            (Half::Closed, Half::Head, HalfClosedLocal),
            (Half::Head, Half::Body, Open),
            (Half::Head, Half::Closed, HalfClosedRemote),
            (Half::Body, Half::Body, Open),
            (Half::Closed, Half::Body, HalfClosedLocal),
            (Half::Body, Half::Closed, HalfClosedRemote),
            (Half::Closed, Half::Closed, Closed),
            (Half::Reserved, Half::Closed, ReservedLocal),
            (Half::Closed, Half::Reserved, ReservedRemote),
        ];
        for (send, recv, state) in named {
            assert_eq!(State::of(send, recv), state, "{send:?} {recv:?}");
        }
    }

    #[test]
    fn states_are_written_as_the_rfc_writes_them() {
        use State::{Closed, HalfClosedLocal, HalfClosedRemote, Idle, Open, ReservedLocal, ReservedRemote};
        let states = [Idle, ReservedLocal, ReservedRemote, Open, HalfClosedLocal, HalfClosedRemote, Closed];
        let shown = [
            "idle",
            "reserved (local)",
            "reserved (remote)",
            "open",
            "half-closed (local)",
            "half-closed (remote)",
            "closed",
        ];
        assert_eq!(states.map(|state| state.to_string()), shown);
    }
}
