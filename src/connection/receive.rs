//! What each frame of the peer does: one function a type.

use super::Connection;
use super::block::Block;
use super::control::reply_limit;
use crate::error::{ErrorCode, Scope, Violation};
use crate::event::{Cause, Event};
use crate::flow::Flow;
use crate::frame::{
    Data, Extension, Fault, GoAway, Head, Headers, Kind, Part, PushPromise, Raw, SettingId, Settings, Step,
    WindowUpdate, ping, reset,
};
use crate::guard::Guard;
use crate::id::{Role, StreamId};
use crate::settings::Values;
use crate::stream::{Ending, Half, Key, Misstep, Standing, StreamRecord, Want};

/// What the next payload octets belong to.
#[derive(Debug)]
pub(super) enum Incoming {
    /// To nothing, or to DATA that nobody wants.
    Nothing,
    /// To a body that the caller receives: there is more of it in the frame.
    Body(Body),
    /// To a field block.
    Block(Block),
}

impl Incoming {
    #[inline]
    pub(super) const fn is_body(&self) -> bool {
        matches!(self, Self::Body(_))
    }

    pub(super) fn memory_used(&self) -> usize {
        match self {
            Self::Nothing | Self::Body(_) => 0,
            Self::Block(block) => block.memory_used(),
        }
    }
}

/// A DATA frame, the rest of which the reader lends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    stream: StreamId,
    part: Part,
}

/// What comes of a piece of input.
pub(super) type Told<'b> = Result<Option<Event<'b>>, Fault>;

impl Connection {
    /// Takes whatever comes next, or all that has come of it.
    pub(super) fn receive_piece<'b>(&mut self, input: &mut &'b [u8]) -> Told<'b> {
        match self.reader.step(input)? {
            Some(Step::Frame(raw)) if self.config.report_frames() => self.report(raw),
            Some(Step::Frame(raw)) => self.on_raw(&raw),
            Some(Step::Payload(octets)) => self.on_payload(octets),
            Some(Step::BlockEnd) => self.on_block_end(),
            None => Ok(None),
        }
    }

    /// The next frame, if it need not be reported before it is acted on, and can be without delay.
    #[inline]
    pub(super) fn whole_frame<'b>(&mut self, input: &mut &'b [u8]) -> Option<(Head, &'b [u8])> {
        if !self.config.report_frames() { self.reader.whole(input) } else { None }
    }

    pub(super) fn on_raw<'b>(&mut self, raw: &Raw<'_>) -> Told<'b> {
        self.on_frame_apart(&raw.head, raw.padding, &raw.octets)
    }

    /// The peer has caused too much. Budgets may be there to be watched only; the limit of replies is always one.
    pub(super) fn on_overdraft<'b>(&mut self, violation: Violation) -> Told<'b> {
        let watched = if !self.config.enforce_budgets() { self.guard.forgive() } else { None };
        match watched {
            Some(violation) => Ok(Some(Event::OverBudget { violation })),
            None => Err(on_connection(violation)),
        }
    }

    /// A frame that came whole. Those of messages spare the call: most of the frames that come in numbers are such.
    #[inline(always)]
    pub(super) fn on_whole_frame<'b>(
        &mut self,
        head: &Head,
        octets: &'b [u8],
        input: &mut &'b [u8],
    ) -> Told<'b> {
        match head.kind {
            Kind::DATA => self.on_data_apart(&parsed(Data::parse(head, None))?, octets),
            Kind::HEADERS => self.on_headers(parsed(Headers::parse(head, None, octets))?, input),
            _ => self.on_frame_apart(head, None, octets),
        }
    }

    /// [`on_frame`](Self::on_frame) by a call, for all but those who take frames one by one.
    #[inline(never)]
    fn on_frame_apart<'b>(&mut self, head: &Head, padding: Option<u8>, octets: &[u8]) -> Told<'b> {
        self.on_frame(head, padding, octets)
    }

    #[inline(always)]
    pub(super) fn on_frame<'b>(&mut self, head: &Head, padding: Option<u8>, octets: &[u8]) -> Told<'b> {
        match head.kind {
            Kind::DATA => self.on_data_apart(&parsed(Data::parse(head, padding))?, &[]),
            Kind::HEADERS => self.on_headers(parsed(Headers::parse(head, padding, octets))?, &mut &[][..]),
            Kind::PRIORITY => Ok(self.on_priority()),
            Kind::RST_STREAM => self.on_reset(parsed(head.on_stream())?, parsed(reset::parse(octets))?),
            Kind::SETTINGS if head.is_ack() => self.on_settings_ack(),
            Kind::SETTINGS => self.on_settings(Settings::parse(octets)),
            Kind::PUSH_PROMISE => self.on_push_promise(parsed(PushPromise::parse(head, padding, octets))?),
            Kind::PING if head.is_ack() => Ok(self.on_pong(parsed(ping::parse(octets))?)),
            Kind::PING => Ok(self.on_ping(parsed(ping::parse(octets))?)),
            Kind::GOAWAY => self.on_goaway(parsed(GoAway::parse(octets))?),
            Kind::WINDOW_UPDATE => self.on_window_update(parsed(WindowUpdate::parse(head, octets))?),
            Kind::CONTINUATION => self.on_continuation(),
            _ if self.reader.keeps(head) => self.on_extension(Extension::parse(head, octets)),
            _ => self.on_skipped_extension(*head),
        }
    }

    /// RFC 9113 §5.3.2: the signal is deprecated.
    fn on_priority<'b>(&mut self) -> Option<Event<'b>> {
        self.guard.noise();
        None
    }

    /// [`on_data`](Self::on_data) by a call, for all but those who know that there is nothing else.
    #[inline(never)]
    fn on_data_apart<'b>(&mut self, data: &Data, piece: &'b [u8]) -> Told<'b> {
        self.on_data(data, piece)
    }

    /// RFC 9113 §6.1. A piece of the body may have come with the head.
    #[inline(always)]
    pub(super) fn on_data<'b>(&mut self, data: &Data, piece: &'b [u8]) -> Told<'b> {
        let key = match self.streams.standing(data.stream) {
            Standing::Idle => return Err(on_connection(Violation::IdleStream)),
            Standing::Live(key) => key,
            Standing::Gone => return self.on_late_data(*data),
        };
        let &Data { stream, octets, flow_octets, part, .. } = data;
        let record = self.streams.record_mut(key);
        if record.recv.half == Half::Reserved || record.is_reserved_by(self.role) {
            return Err(on_connection(Violation::ReservedStream));
        }
        count_data(data, &mut self.flow, &mut self.guard)?;
        if let Err(violation) = begin_body(data, record, &mut self.flow) {
            self.flow.release(flow_octets);
            return Err(on_stream(stream, violation));
        }
        self.guard.received(octets);
        record.progress.octets(piece.len());
        // Even without any released now: the peer may be so short of credit that what was released earlier is due.
        if owes_update(&self.flow, record) && flow_octets > 0 && !part.is_last() {
            self.list_for_update(key);
        }
        if piece.len() < octets as usize {
            self.incoming = Incoming::Body(Body { stream, part });
            return Ok(match piece {
                [] => None,
                data => Some(Event::Data { stream, data, part: Part::More }),
            });
        }
        match (octets, part) {
            (0, Part::More) => return Ok(None),
            (_, Part::More) => {}
            (_, Part::Last) => self.end_body(key),
        }
        Ok(Some(Event::Data { stream, data: piece, part }))
    }

    /// RFC 9113 §5.1: late DATA counts towards the connection's window, and nobody else gives it back.
    #[inline(never)]
    fn on_late_data<'b>(&mut self, data: Data) -> Told<'b> {
        if !self.streams.ending(data.stream).allows_late_frames() {
            return Err(on_connection(Violation::ClosedStream));
        }
        count_data(&data, &mut self.flow, &mut self.guard)?;
        if data.octets == 0 && data.part.is_last() {
            self.guard.noise();
        }
        self.flow.release(data.flow_octets);
        Ok(None)
    }

    pub(super) fn on_payload<'b>(&mut self, octets: &'b [u8]) -> Told<'b> {
        match &mut self.incoming {
            Incoming::Nothing => Ok(None),
            Incoming::Body(_) => Ok(self.on_body(octets)),
            Incoming::Block(block) => {
                block.decode(octets, &mut self.decoder).map_err(on_connection)?;
                Ok(None)
            }
        }
    }

    /// More octets of a body, which the reader has just lent.
    #[inline(always)]
    pub(super) fn on_body<'b>(&mut self, octets: &'b [u8]) -> Option<Event<'b>> {
        let Incoming::Body(Body { stream, mut part }) = self.incoming else { return None };
        if self.reader.is_lending() {
            part = Part::More;
        } else {
            self.incoming = Incoming::Nothing;
        }
        // Gone since the frame began: its credit went back to the connection then.
        let key = self.streams.find(stream)?;
        Some(self.deliver(key, stream, octets, part))
    }

    #[inline(always)]
    fn deliver<'b>(&mut self, key: Key, stream: StreamId, data: &'b [u8], part: Part) -> Event<'b> {
        self.streams.record_mut(key).progress.octets(data.len());
        if part.is_last() {
            self.end_body(key);
        }
        Event::Data { stream, data, part }
    }

    /// The last octets of a body have come.
    #[inline(never)]
    fn end_body(&mut self, key: Key) {
        let record = self.streams.record_mut(key);
        record.progress.step(self.config.stall_floor());
        record.recv.half = Half::Closed;
        self.settle(key);
    }

    /// RFC 9113 §6.10.
    fn on_continuation<'b>(&mut self) -> Told<'b> {
        if let Incoming::Block(block) = &mut self.incoming {
            block.continued().map_err(on_connection)?;
        }
        Ok(None)
    }

    /// RFC 9113 §6.4.
    fn on_reset<'b>(&mut self, stream: StreamId, code: ErrorCode) -> Told<'b> {
        match self.streams.standing(stream) {
            Standing::Idle => Err(on_connection(Violation::IdleStream)),
            Standing::Gone => {
                self.guard.noise();
                Ok(None)
            }
            Standing::Live(key) => {
                let verdict = self.verdict(key, Cause::Peer, code);
                self.charge_reset(key);
                self.hold(key);
                self.streams.remove(key, Ending::Finished, &mut self.flow);
                Ok(Some(Event::Reset { stream, code, cause: Cause::Peer, verdict }))
            }
        }
    }

    /// RFC 9113 §6.5.
    #[inline(always)]
    fn on_settings<'b>(&mut self, settings: Settings) -> Told<'b> {
        self.guard.noise();
        self.apply_settings(&settings).map_err(on_connection)?;
        self.reply(Settings::write_ack);
        Ok(Some(Event::Settings(settings)))
    }

    /// Takes over what the peer has set, in order (RFC 9113 §6.5.3).
    pub(super) fn apply_settings(&mut self, settings: &Settings) -> Result<(), Violation> {
        for setting in settings.iter() {
            self.peer.apply(*setting, self.role.peer())?;
            match setting.id {
                SettingId::HEADER_TABLE_SIZE => self.encoder.set_table_limit(setting.value),
                SettingId::INITIAL_WINDOW_SIZE => {
                    self.flow.set_peer_initial(setting.value, self.streams.flows())?;
                }
                _ => {}
            }
        }
        self.peer.applied();
        Ok(())
    }

    /// RFC 9113 §6.5.3.
    fn on_settings_ack<'b>(&mut self) -> Told<'b> {
        self.local.acknowledge().map_err(on_connection)?;
        self.put_in_force();
        // A smaller window can leave the peer short of credit that was released before.
        let flow = &self.flow;
        self.streams.enlist_all(Want::Update, |record| flow.update_is_due_on(&record.flow));
        Ok(Some(Event::SettingsAcknowledged))
    }

    /// RFC 9113 §6.7.
    fn on_ping<'b>(&mut self, payload: [u8; 8]) -> Option<Event<'b>> {
        self.guard.noise();
        self.reply(|out| ping::write_ack(payload, out));
        None
    }

    /// RFC 9113 §6.8.
    fn on_goaway<'b>(&mut self, goaway: GoAway) -> Told<'b> {
        let GoAway { last, code, debug } = goaway;
        self.closing.on_goaway(last, code).map_err(on_connection)?;
        self.begin_to_close();
        self.guard.noise();
        Ok(Some(Event::GoAway { last, code, debug }))
    }

    /// RFC 9113 §6.9.
    fn on_window_update<'b>(&mut self, update: WindowUpdate) -> Told<'b> {
        self.guard.window_update();
        let Some(stream) = update.stream else {
            self.flow.increase(update.increment).map_err(on_connection)?;
            return Ok(None);
        };
        match self.streams.standing(stream) {
            Standing::Idle => Err(on_connection(Violation::IdleStream)),
            Standing::Gone => Ok(None),
            Standing::Live(key) if self.streams.record(key).recv.half == Half::Reserved => {
                Err(on_connection(Violation::ReservedStream))
            }
            Standing::Live(key) => {
                let flow = &mut self.streams.record_mut(key).flow;
                self.flow
                    .increase_on(flow, update.increment)
                    .map_err(|violation| on_stream(stream, violation))?;
                self.streams.relist(key, Want::Window, Want::Send);
                Ok(None)
            }
        }
    }

    /// The reaction to whatever the peer did wrong.
    #[cold]
    pub(super) fn on_fault<'b>(&mut self, fault: Fault) -> Option<Event<'b>> {
        // The field block of a frame at fault may be over.
        self.reader.pause();
        let Fault { violation, stream } = fault;
        let standing = match (violation.scope(), stream) {
            (Scope::Connection, _) | (Scope::Stream, None) => Standing::Idle,
            (Scope::Stream, Some(stream)) => self.streams.standing(stream),
        };
        match (standing, stream) {
            (Standing::Live(key), Some(stream)) => {
                let (code, cause) = (violation.code(), Cause::Violation(violation));
                let verdict = self.verdict(key, cause, code);
                self.guard.reset();
                self.hold(key);
                self.write_reset(stream, code);
                self.streams.remove(key, Ending::Reset, &mut self.flow);
                Some(Event::Reset { stream, code, cause, verdict })
            }
            // RFC 9113 §5.1: nothing may be sent on a stream that is gone.
            (Standing::Gone, _) => None,
            // RFC 9113 §6.4: an idle stream cannot be reset, so the error is the connection's.
            (Standing::Idle | Standing::Live(_), _) => {
                self.fail(violation);
                None
            }
        }
    }

    /// The peer has reset a stream. That costs it something if it has opened the stream itself, and made work that is
    /// lost: a response under way, or a push that never came.
    fn charge_reset(&mut self, key: Key) {
        let record = self.streams.record(key);
        let is_lost = match self.role {
            Role::Server => record.send.half != Half::Closed || !record.queue.is_empty(),
            Role::Client => true,
        };
        if is_lost && record.id.initiator() != self.role {
            self.guard.reset();
        }
    }

    /// Keeps the place of a stream that is about to be reset until the caller acknowledges that, if it asked for it.
    fn hold(&mut self, key: Key) {
        if self.config.hold_reset_streams() {
            self.streams.hold(key);
        }
    }

    /// Refuses a stream that the caller has not heard of.
    pub(super) fn refuse(&mut self, stream: StreamId, violation: Violation) {
        self.guard.reset();
        self.turn_away(stream, violation);
    }

    /// The same at no cost to the peer.
    pub(super) fn turn_away(&mut self, stream: StreamId, violation: Violation) {
        self.write_reset(stream, violation.code());
        self.streams.remember_refused(stream);
    }

    /// Removes a stream once both halves are over and all is written.
    pub(super) fn settle(&mut self, key: Key) {
        if self.streams.record(key).is_over() {
            self.guard.finished();
            self.streams.remove(key, Ending::Finished, &mut self.flow);
        }
    }

    /// Takes credit back for octets of a stream.
    pub(super) fn release(&mut self, key: Key, octets: u32) {
        let record = self.streams.record_mut(key);
        self.flow.release_on(&mut record.flow, octets);
        if owes_update(&self.flow, record) {
            self.list_for_update(key);
        }
    }

    /// One of many DATA frames comes to this.
    #[cold]
    fn list_for_update(&mut self, key: Key) {
        self.streams.enlist(key, Want::Update);
    }

    /// Our settings that the peer has acknowledged bind it now (RFC 9113 §6.5.3).
    pub(super) fn put_in_force(&mut self) {
        self.decoder.set_table_limit(self.local.acknowledged().header_table_size);
        self.refresh_ceilings();
    }

    /// What the peer may do follows our settings, those under way included where they allow more.
    pub(super) fn refresh_ceilings(&mut self) {
        self.guard.allow_replies(reply_limit(&self.config, self.local.max_concurrent_streams()));
        self.pause_if_replies_exceed();
        let window = |values: &Values| values.initial_window_size;
        self.flow.set_local_initial(window(self.local.acknowledged()), self.local.ceiling(window));
        self.reader.set_max_frame_size(self.local.ceiling(|values| values.max_frame_size));
    }
}

/// Takes DATA into the connection's window.
#[inline]
fn count_data(data: &Data, flow: &mut Flow, guard: &mut Guard) -> Result<(), Fault> {
    flow.receive(data.flow_octets).map_err(on_connection)?;
    if data.octets == 0 && data.part == Part::More {
        guard.noise();
    }
    Ok(())
}

/// Takes DATA into the message and the windows of its stream, or neither.
#[inline(always)]
fn begin_body(data: &Data, record: &mut StreamRecord, flow: &mut Flow) -> Result<(), Violation> {
    let &Data { octets, flow_octets, part, .. } = data;
    record.recv.begin_data(octets.into(), part).map_err(violation_of)?;
    flow.receive_on(&mut record.flow, flow_octets)?;
    if flow_octets > octets {
        // RFC 9113 §6.1: padding counts towards the windows; nobody else can give it back.
        flow.release_on(&mut record.flow, flow_octets.saturating_sub(octets));
    }
    Ok(())
}

/// Whether a WINDOW_UPDATE of a stream is due, and the stream is not listed for that.
fn owes_update(flow: &Flow, record: &StreamRecord) -> bool {
    flow.update_is_due_on(&record.flow) && !record.is_listed(Want::Update)
}

fn parsed<T>(frame: Result<T, Violation>) -> Result<T, Fault> {
    frame.map_err(on_connection)
}

pub(super) const fn on_connection(violation: Violation) -> Fault {
    Fault { violation, stream: None }
}

pub(super) const fn on_stream(stream: StreamId, violation: Violation) -> Fault {
    Fault { violation, stream: Some(stream) }
}

/// What a step that does not fit says about the peer.
pub(super) const fn violation_of(misstep: Misstep) -> Violation {
    match misstep {
        Misstep::Ended => Violation::HalfClosedStream,
        Misstep::DataBeforeHeaders => Violation::DataBeforeHeaders,
        Misstep::InterimLast => Violation::InterimEndsStream,
        Misstep::TrailersNotLast => Violation::TrailersWithoutEnd,
        Misstep::ContentLength => Violation::ContentLengthMismatch,
        Misstep::HeadersInTunnel => Violation::HeadersInTunnel,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::config::Config;
    use crate::time::Time;

    /// Though its frame is the last of the input, and tells nothing else.
    #[test]
    fn what_data_overdraws_is_told_with_it() {
        let mut server = Connection::server(Config::builder().max_noise(2).build().unwrap());
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        let request = [0, 0, 3, 1, 4, 0, 0, 0, 1, 0x83, 0x84, 0x86];
        let octets = [crate::connection::MAGIC, &settings, &request].concat();
        let mut poll = |mut input: &[u8]| core::iter::from_fn(|| server.poll(&mut input, Time::ZERO)).count();
        assert_eq!(poll(&octets), 2);
        let empty = [0, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(poll(&empty), 0);
        assert_eq!(poll(&empty), 2, "the stream and the connection end");
        assert!(server.is_closed());
    }

    #[test]
    fn data_in_a_row_is_told_frame_by_frame() {
        let mut server = Connection::server(Config::default());
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        let request = [0, 0, 3, 1, 4, 0, 0, 0, 1, 0x83, 0x84, 0x86];
        let data = [
            0, 0, 2, 0, 0, 0, 0, 0, 1, b'a', b'b', 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 1, b'c',
        ];
        let octets = [crate::connection::MAGIC, &settings, &request, &data].concat();
        let mut input = &octets[..];
        let told: Vec<_> = core::iter::from_fn(|| server.poll(&mut input, Time::ZERO)).skip(2).collect();
        let stream = StreamId::new(1).unwrap();
        let piece = |data, part| Event::Data { stream, data, part };
        assert_eq!(told, [piece(&b"ab"[..], Part::More), piece(&b"c"[..], Part::Last)]);
    }
}
