//! Two engines in memory whose callers make any calls at any time, each by a clock of its own: nothing is lost,
//! nobody is accused or hangs.
//!
//! A plan is a list of calls, so that a failure shrinks to a few of them and plays again. Messages describe
//! themselves: each section says what it is, how many sections and how many octets of body go before it, and each
//! octet of a body follows from its place. So a receiver checks all that it is told without asking the sender.

#[path = "calls/end.rs"]
mod end;
#[path = "calls/plan.rs"]
mod plan;

use std::{env, mem};

use end::{Aim, End, Exchange, Fate, Leave};
use plan::{Call, Plan, ROLES, plan};
use proptest::prelude::*;
use sans_h2::{Cause, Connection, ErrorCode, Role};

/// Both ends, and the transport between them.
struct Pair {
    ends: [End; 2],
}

impl Pair {
    fn end(&mut self, role: Role) -> &mut End {
        &mut self.ends[role as usize]
    }

    fn step(&mut self, role: Role, call: &Call) {
        match *call {
            Call::Write { most } => {
                let octets = self.end(role).write(most);
                self.end(role.peer()).inbox.extend(octets);
            }
            Call::Read { octets, events } => self.end(role).read(octets, events),
            Call::Rest => self.settle(Aim::Wait),
            ref call => self.end(role).call(call),
        }
        self.end(role).check_balance();
        self.end(role).retire();
    }

    /// Carries octets both ways until neither end has any.
    fn settle(&mut self, aim: Aim) {
        let mut moved = true;
        for round in 0.. {
            if !mem::take(&mut moved) {
                break;
            }
            assert!(round < 100_000, "the ends do not come to rest");
            for role in ROLES {
                self.end(role).pursue(aim);
                self.step(role, &Call::Write { most: usize::MAX });
                moved |= !self.end(role.peer()).inbox.is_empty();
                self.step(role.peer(), &Call::Read { octets: usize::MAX, events: usize::MAX });
                self.step(role, &Call::Read { octets: 0, events: usize::MAX });
            }
        }
        let [client, server] = &mut self.ends;
        if client.leave.max(server.leave) != Leave::Closed {
            client.check_wait(server);
            server.check_wait(client);
        }
    }

    fn leave(&self) -> Leave {
        self.ends[0].leave.max(self.ends[1].leave)
    }

    /// Nothing is left to do, unless the connection was cut off.
    fn check_rest(&self) {
        let leave = self.leave();
        assert_eq!(self.ends.iter().any(|end| end.closed.is_some()), leave != Leave::Stays);
        let [client, server] = self.ends.each_ref().map(|end| end.connection.audit());
        if leave != Leave::Closed {
            assert_eq!(self.ends.each_ref().map(|end| &end.live[..]), [&[]; 2], "every message is over");
            assert_eq!([client.held, server.held], [0, 0], "all credit is back");
        }
        if leave == Leave::Stays {
            let windows = [client.receive_window, server.receive_window];
            assert_eq!([server.send_window, client.send_window], windows, "both ends see the same windows");
            let waits = self.ends.iter().map(|end| end.unacknowledged + end.unanswered);
            assert_eq!(waits.sum::<usize>(), 0, "everything is answered");
        }
    }

    /// The transport ends: both callers must have heard how everything ended.
    fn hang_up(&mut self) {
        for end in &mut self.ends {
            end.connection.end_of_input();
            end.read(0, usize::MAX);
            assert!(end.connection.is_closed() && end.closed.is_some(), "the end is told");
        }
        let gracefully = self.ends.iter().all(|end| end.closed == Some(None));
        assert!(gracefully || self.leave() == Leave::Closed);
    }

    /// Each caller has received what the other has sent, and no stream has ended for nothing.
    fn check_messages(&self) {
        let [client, server] = &self.ends;
        let nobody = Exchange { fate: Fate::Dropped, ..Exchange::default() };
        assert!(server.exchanges.keys().all(|stream| client.exchanges.contains_key(stream)));
        for (stream, asked) in &client.exchanges {
            let answered = server.exchanges.get(stream);
            match asked.fate {
                Fate::Reset(Cause::GoAway, _) => assert!(answered.is_none() && self.leave() > Leave::Stays),
                Fate::Reset(_, ErrorCode::REFUSED_STREAM) => assert!(answered.is_none(), "{stream}"),
                Fate::Over => assert!(answered.is_some(), "{stream}"),
                _ => {}
            }
            let answered = answered.unwrap_or(&nobody);
            for (one, other) in [(asked, answered), (answered, asked)] {
                assert!(one.received.is_copy_of(&other.sent), "{stream}: {one:?} {other:?}");
                match one.fate {
                    Fate::Live => panic!("nobody told the end of {stream}: {one:?}"),
                    Fate::Reset(Cause::Peer, _) => assert_eq!(other.fate, Fate::Dropped, "{stream}"),
                    Fate::Reset(Cause::ConnectionClosed(_), _) => assert_eq!(self.leave(), Leave::Closed),
                    Fate::Over | Fate::Dropped | Fate::Reset(..) => {}
                }
            }
        }
    }
}

fn run(plan: &Plan) {
    let [client, server] = plan.configs.clone();
    let engines = [Connection::client(client), Connection::server(server)];
    let mut pair = Pair { ends: engines.map(|engine| End::new(engine, plan.scale)) };
    plan.calls.iter().for_each(|(role, call)| pair.step(*role, call));
    for aim in [Aim::Wait, Aim::Drain, Aim::Finish] {
        pair.settle(aim);
    }
    pair.check_rest();
    pair.hang_up();
    pair.check_messages();
}

/// `PROPTEST_CASES`, or as many as take a few seconds.
fn cases() -> u32 {
    env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_calls_at_any_time_lose_nothing(plan in plan()) {
        run(&plan);
    }
}
