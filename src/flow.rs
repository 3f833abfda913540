//! Flow control (RFC 9113 §5.2, §6.9): the only file that moves window credit.
//!
//! A window is kept as its distance from a base that many windows share, so that a changed initial window size
//! costs the same for one stream as for thousands.
//!
//! Receiving: `consumed` is what has come and has not been given back on the wire, `released` the part of it that
//! the caller is done with. The peer may send `base − consumed` octets more; `consumed − released` are held by the
//! caller. Sending: `offset` is what WINDOW_UPDATEs have added less what has been sent; `base + offset` may go out.

use crate::error::Violation;

/// Both windows of the connection, and the bases of its streams' windows.
#[derive(Debug)]
pub(crate) struct Flow {
    receive: ReceiveWindow,
    receive_base: i32,
    send: SendWindow,
    /// Our SETTINGS_INITIAL_WINDOW_SIZE that the peer has acknowledged.
    local_initial: i32,
    /// The largest of ours that the peer may already use.
    local_ceiling: i32,
    /// The peer's SETTINGS_INITIAL_WINDOW_SIZE.
    peer_initial: i64,
    /// No open stream's send offset is above this.
    offset_bound: i64,
}

/// Both windows of one stream.
#[derive(Debug, Default)]
pub(crate) struct StreamFlow {
    receive: ReceiveWindow,
    send: SendWindow,
}

impl StreamFlow {
    /// How far the send window is from the base that all streams share.
    pub(crate) const fn send_offset(&self) -> i64 {
        self.send.offset
    }
}

/// How far a change of the peer's initial window size has opened a stream's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// Not at all.
    Shut,
    /// By less than is worth a frame; and the peer has cause for a WINDOW_UPDATE, as it has not given credit for all
    /// that was sent.
    Sliver,
    /// By as much as is worth a frame, or as far as the peer may ever open it.
    Useful,
}

/// What the windows of a connection say about themselves; see [`Connection::audit`](crate::Connection::audit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Octets that the peer may still send on the connection.
    pub receive_window: i64,
    /// Octets that the caller holds, or that are still on their way within a frame.
    pub held: i64,
    /// Octets that the caller has released and that no WINDOW_UPDATE has given back yet.
    pub released: i64,
    /// The octets of `held` that an open stream accounts for. Equal to `held`, or credit has leaked.
    pub held_by_streams: i64,
    /// Octets that the peer's connection window lets us send.
    pub send_window: i64,
}

impl Audit {
    /// Whether every octet of credit is accounted for.
    pub const fn is_balanced(&self) -> bool {
        self.held == self.held_by_streams
    }
}

impl Flow {
    /// Starts with the protocol's windows (RFC 9113 §6.9.2); the rest of `connection_window` is given to the peer by
    /// the first update.
    pub(crate) fn new(connection_window: u32) -> Self {
        let owed = within_31_bits(connection_window).saturating_sub(INITIAL_WINDOW);
        Self {
            receive: ReceiveWindow { consumed: owed, released: owed },
            receive_base: within_31_bits(connection_window),
            send: SendWindow::default(),
            local_initial: INITIAL_WINDOW,
            local_ceiling: INITIAL_WINDOW,
            peer_initial: INITIAL_WINDOW.into(),
            offset_bound: 0,
        }
    }

    /// A DATA frame of this payload length has come, on whatever stream.
    pub(crate) fn receive(&mut self, octets: u32) -> Result<(), Violation> {
        self.receive.take(self.receive_base, octets).ok_or(Violation::ConnectionWindowExceeded)
    }

    /// The same frame's stream is open.
    pub(crate) fn receive_on(&self, stream: &mut StreamFlow, octets: u32) -> Result<(), Violation> {
        stream.receive.take(self.local_ceiling, octets).ok_or(Violation::StreamWindowExceeded)
    }

    /// Octets that no stream holds, such as late or refused DATA, are done with.
    pub(crate) fn release(&mut self, octets: u32) {
        self.receive.release(within_31_bits(octets));
    }

    /// The caller is done with octets of a stream, of which no more are taken back than it holds.
    pub(crate) fn release_on(&mut self, stream: &mut StreamFlow, octets: u32) {
        let released = within_31_bits(octets).min(stream.receive.held());
        stream.receive.release(released);
        self.receive.release(released);
    }

    /// A stream is over: what the caller still holds of it goes back to the connection.
    pub(crate) fn forget(&mut self, stream: &StreamFlow) {
        self.receive.release(stream.receive.held());
    }

    /// Whether enough of a stream has been released to tell the peer.
    pub(crate) fn update_is_due_on(&self, stream: &StreamFlow) -> bool {
        stream.receive.update_is_due(self.local_initial)
    }

    /// The increment of a WINDOW_UPDATE that is to be written now for the connection.
    pub(crate) fn update(&mut self) -> Option<u32> {
        self.receive.update(self.receive_base)
    }

    /// The increment of the first WINDOW_UPDATE, for all that the connection's window has above the protocol's own.
    pub(crate) fn first_update(&mut self) -> Option<u32> {
        self.receive.give_back()
    }

    /// The increment of a WINDOW_UPDATE that is to be written now for a stream.
    pub(crate) fn update_on(&self, stream: &mut StreamFlow) -> Option<u32> {
        stream.receive.update(self.local_initial)
    }

    /// Our initial window size has been sent, or acknowledged: `acknowledged` is in force, `ceiling` the largest
    /// that the peer may already know of.
    pub(crate) fn set_local_initial(&mut self, acknowledged: u32, ceiling: u32) {
        self.local_initial = within_31_bits(acknowledged);
        self.local_ceiling = within_31_bits(ceiling);
    }

    /// How many octets of DATA the connection window lets us send.
    pub(crate) fn sendable(&self) -> u32 {
        self.send.sendable(INITIAL_WINDOW.into())
    }

    /// Whether the connection window lets us send DATA with content.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.send.is_open(INITIAL_WINDOW.into())
    }

    /// How many octets of DATA a stream's own window lets us send.
    pub(crate) fn sendable_on(&self, stream: &StreamFlow) -> u32 {
        stream.send.sendable(self.peer_initial)
    }

    /// DATA goes out; the octets are within both windows.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "no window has less than −2^31 octets, or 63 bits of them"
    )]
    pub(crate) fn send_on(&mut self, stream: &mut StreamFlow, octets: u32) {
        self.send.offset -= i64::from(octets);
        stream.send.offset -= i64::from(octets);
    }

    /// A WINDOW_UPDATE for the connection has come.
    pub(crate) fn increase(&mut self, increment: u32) -> Result<(), Violation> {
        if increment == 0 {
            return Err(Violation::ZeroConnectionIncrement);
        }
        self.send.increase(INITIAL_WINDOW.into(), increment).ok_or(Violation::ConnectionWindowOverflow)
    }

    /// A WINDOW_UPDATE for a stream has come.
    pub(crate) fn increase_on(&mut self, stream: &mut StreamFlow, increment: u32) -> Result<(), Violation> {
        if increment == 0 {
            return Err(Violation::ZeroStreamIncrement);
        }
        stream.send.increase(self.peer_initial, increment).ok_or(Violation::StreamWindowOverflow)?;
        self.offset_bound = self.offset_bound.max(stream.send.offset);
        Ok(())
    }

    /// The peer's initial window size has changed, and with it the send window of each of `streams`.
    pub(crate) fn set_peer_initial<'s>(
        &mut self,
        size: u32,
        streams: impl Iterator<Item = &'s StreamFlow>,
    ) -> Result<(), Violation> {
        let size = i64::from(size);
        if size.saturating_add(self.offset_bound) > i64::from(MAX_WINDOW) {
            // The bound may stem from a stream that is gone; only now is it worth a look at each.
            self.offset_bound = streams.map(|stream| stream.send.offset).max().unwrap_or(0).max(0);
            if size.saturating_add(self.offset_bound) > i64::from(MAX_WINDOW) {
                return Err(Violation::InitialWindowOverflow);
            }
        }
        self.peer_initial = size;
        Ok(())
    }

    /// How far the window of a stream that waited for it is open now.
    pub(crate) fn opening(&self, stream: &StreamFlow) -> Opening {
        match self.sendable_on(stream) {
            0 => Opening::Shut,
            1..USEFUL_OCTETS if stream.send.offset < 0 => Opening::Sliver,
            1.. => Opening::Useful,
        }
    }

    /// The balance of the connection, with what `streams` hold.
    pub(crate) fn audit<'s>(&self, streams: impl Iterator<Item = &'s StreamFlow>) -> Audit {
        Audit {
            receive_window: self.receive_base.saturating_sub(self.receive.consumed).into(),
            held: self.receive.held().into(),
            released: self.receive.released.into(),
            held_by_streams: streams.map(|stream| i64::from(stream.receive.held())).sum(),
            send_window: i64::from(INITIAL_WINDOW).saturating_add(self.send.offset),
        }
    }
}

/// In 32 bits, as each stream has one: no more is consumed than a base of 31 bits, and no more released than that.
#[derive(Debug, Default)]
struct ReceiveWindow {
    consumed: i32,
    released: i32,
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "0 ≤ released ≤ consumed ≤ 2^31 − 1, less the same for all three where a window begins below zero"
)]
impl ReceiveWindow {
    fn take(&mut self, base: i32, octets: u32) -> Option<()> {
        let octets = within_31_bits(octets);
        // Below zero, there is room for nothing.
        let fits = octets <= base - self.consumed || octets == 0;
        fits.then(|| self.consumed += octets)
    }

    fn held(&self) -> i32 {
        self.consumed - self.released
    }

    fn release(&mut self, octets: i32) {
        self.released += octets;
    }

    /// Once the peer could send as much again as it still may: half a window at a time where the caller holds
    /// nothing, and soon enough where it holds most of it, so that what is released never waits for what is not.
    fn update_is_due(&self, base: i32) -> bool {
        self.released > 0 && self.released >= base - self.consumed
    }

    fn update(&mut self, base: i32) -> Option<u32> {
        if self.update_is_due(base) { self.give_back() } else { None }
    }

    fn give_back(&mut self) -> Option<u32> {
        let increment = u32::try_from(self.released).ok().filter(|&increment| increment > 0)?;
        self.consumed -= self.released;
        self.released = 0;
        Some(increment)
    }
}

/// A number of octets as it is counted here: no window has more (RFC 9113 §6.9.1).
fn within_31_bits(octets: u32) -> i32 {
    i32::try_from(octets).unwrap_or(i32::MAX)
}

#[derive(Debug, Default)]
struct SendWindow {
    offset: i64,
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "an offset is within 32 bits of zero, a base and an increment have 31"
)]
impl SendWindow {
    /// RFC 9113 §6.9.2: a window below zero sends nothing until it is above zero again.
    fn sendable(&self, base: i64) -> u32 {
        u32::try_from(base + self.offset).unwrap_or(0)
    }

    fn is_open(&self, base: i64) -> bool {
        base + self.offset > 0
    }

    fn increase(&mut self, base: i64, increment: u32) -> Option<()> {
        let offset = self.offset + i64::from(increment);
        (base + offset <= i64::from(MAX_WINDOW)).then(|| self.offset = offset)
    }
}

/// RFC 9113 §6.9.2: both the connection's window and a stream's before any SETTINGS.
const INITIAL_WINDOW: i32 = 65_535;

/// RFC 9113 §6.9.1.
pub(crate) const MAX_WINDOW: u32 = 0x7fff_ffff;

/// Octets of DATA that are worth a frame of their own.
pub(crate) const USEFUL_OCTETS: u32 = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection with the protocol's windows and a stream on which the peer has used up its window.
    fn used_up() -> (Flow, StreamFlow) {
        let (mut flow, mut stream) = (Flow::new(65_535), StreamFlow::default());
        flow.receive(65_535).unwrap();
        flow.receive_on(&mut stream, 65_535).unwrap();
        (flow, stream)
    }

    #[test]
    fn an_update_is_due_once_as_much_is_released_as_the_peer_may_still_send() {
        let (mut flow, mut stream) = (Flow::new(65_535), StreamFlow::default());
        flow.receive_on(&mut stream, 40_000).unwrap();
        flow.release_on(&mut stream, 25_534);
        assert!(!flow.update_is_due_on(&stream));
        assert_eq!(flow.update_on(&mut stream), None);
        flow.release_on(&mut stream, 1);
        assert!(flow.update_is_due_on(&stream));
        assert_eq!(flow.update_on(&mut stream), Some(25_535));
        assert!(!flow.update_is_due_on(&stream));
    }

    #[test]
    fn nothing_is_due_of_a_stream_of_which_nothing_is_released() {
        let (mut flow, mut stream) = used_up();
        assert!(!flow.update_is_due_on(&stream));
        flow.release_on(&mut stream, 1);
        assert!(flow.update_is_due_on(&stream));
    }

    #[test]
    fn only_what_a_window_has_above_the_protocols_own_is_given_at_the_start() {
        assert_eq!(Flow::new(65_535).first_update(), None);
        assert_eq!(Flow::new(65_536).first_update(), Some(1));
    }

    #[test]
    fn credit_that_no_stream_holds_shows_in_the_balance() {
        let (flow, stream) = used_up();
        assert!(flow.audit([&stream].into_iter()).is_balanced());
        let leaked = flow.audit([].into_iter());
        assert_eq!((leaked.held, leaked.held_by_streams), (65_535, 0));
        assert!(!leaked.is_balanced());
    }
}
