//! The engine: the only place where the layers meet.

mod block;
mod closing;
mod control;
mod extensions;
mod headers;
mod image;
mod memory;
mod preface;
mod priorities;
mod promises;
mod receive;
mod send;
mod spare;
mod timers;
mod transmit;
mod upgrade;

use alloc::vec::Vec;
use core::ops::ControlFlow;

use closing::Closing;
use control::PING_OCTETS;
#[cfg(feature = "arbitrary")]
pub(crate) use preface::MAGIC;
use preface::Magic;
pub use preface::{ALPN, Preface, UPGRADE_TOKEN};
use receive::{Incoming, on_connection};
pub use send::Stream;
use timers::Pings;

use crate::config::Config;
use crate::error::{ControlError, ErrorCode};
use crate::event::Event;
use crate::fields::Fields;
use crate::fields::rules::Rules;
use crate::flow::{Audit, Flow};
use crate::frame::{self, Completed, Fault, Head, Kind, Limits, Raw, Reader, Settings};
use crate::guard::{Guard, Ledger};
use crate::hpack;
use crate::id::{Role, StreamId};
use crate::output::{Batch, Output};
use crate::settings::{Local, Peer, Values};
use crate::stream::{Key, Store};
use crate::time::Time;

/// One HTTP/2 connection, of either role.
///
/// It owns no socket and no clock. Drive it so:
///
/// 1. [`poll`](Self::poll) with the octets that came until it returns `None`; act on each event.
/// 2. Write what [`output`](Self::output) lends. If there was anything, go back to 1: room in a send buffer is
///    reported by `poll`.
/// 3. If [`is_closed`](Self::is_closed), close the transport. Otherwise wait for octets, or until
///    [`deadline`](Self::deadline).
///
/// Any method may be called at any time between.
///
/// ```
/// use bytes::Buf;
/// use sans_h2::{Config, Connection, Event, Fields, Head, Part, Time};
///
/// fn carry(from: &mut Connection) -> Vec<u8> {
///     let mut octets = Vec::new();
///     while from.output().has_remaining() {
///         let mut output = from.output();
///         octets.extend_from_slice(output.chunk());
///         output.advance(output.chunk().len());
///     }
///     octets
/// }
///
/// let mut client = Connection::client(Config::default());
/// let mut server = Connection::server(Config::default());
/// let stream = client.open(Fields::request("GET", "http", "localhost", "/"), Part::Last)?;
///
/// let octets = carry(&mut client);
/// let mut input = &octets[..];
/// while let Some(event) = server.poll(&mut input, Time::ZERO) {
///     if let Event::Headers { stream, head: Head::Request, .. } = event {
///         let mut stream = server.stream(stream).expect("it was just opened");
///         stream.send_headers(Fields::response(204), Part::Last)?;
///     }
/// }
///
/// let octets = carry(&mut server);
/// let mut input = &octets[..];
/// let events: Vec<Event> = std::iter::from_fn(|| client.poll(&mut input, Time::ZERO)).collect();
/// assert!(events.iter().any(|event| matches!(event, Event::Headers { fields, .. }
///     if fields.get(":status") == Some(b"204"))));
/// assert!(client.stream(stream).is_none(), "the exchange is over");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    role: Role,
    config: Config,
    rules: Rules,
    preface: Magic,
    reader: Reader,
    incoming: Incoming,
    /// A frame that has been reported, and waits to be acted on.
    held: Option<Raw<'static>>,
    decoder: hpack::Decoder,
    encoder: hpack::Encoder,
    spare: spare::Spare,
    local: Local,
    peer: Peer,
    flow: Flow,
    streams: Store,
    next_id: Option<StreamId>,
    guard: Guard,
    prioritized: priorities::Prioritized,
    /// Control frames that the next batch begins with.
    control: Vec<u8>,
    batch: Batch,
    pings: Pings,
    closing: Closing,
    now: Time,
}

impl Connection {
    /// The client's end of a new connection. Its preface is ready in [`output`](Self::output).
    pub fn client(config: Config) -> Self {
        Self::new(Role::Client, config)
    }

    /// The server's end of a new connection. Its preface is ready in [`output`](Self::output).
    pub fn server(config: Config) -> Self {
        Self::new(Role::Server, config)
    }

    /// The client's end of a new connection whose first SETTINGS frame holds exactly these settings, in this order,
    /// unknown ones included. The limits of `config` hold beside them.
    ///
    /// # Errors
    ///
    /// [`ControlError::InvalidSetting`] for a value that this end may not send, or not enforce;
    /// [`ControlError::TooLong`] for more entries than fit into a frame that every peer takes.
    pub fn client_with_settings(config: Config, first: &Settings) -> Result<Self, ControlError> {
        Self::with_settings(Role::Client, config, first)
    }

    /// The server's end of a new connection, with exactly these settings in its first SETTINGS frame; see
    /// [`client_with_settings`](Self::client_with_settings).
    ///
    /// # Errors
    ///
    /// [`ControlError::InvalidSetting`] for a value that this end may not send, or not enforce;
    /// [`ControlError::TooLong`] for more entries than fit into a frame that every peer takes.
    pub fn server_with_settings(config: Config, first: &Settings) -> Result<Self, ControlError> {
        Self::with_settings(Role::Server, config, first)
    }

    fn new(role: Role, config: Config) -> Self {
        let mut connection = Self::without_preface(role, config);
        let first = connection.local.send_first(&connection.config);
        connection.write_preface(&first);
        connection
    }

    fn with_settings(role: Role, config: Config, first: &Settings) -> Result<Self, ControlError> {
        let mut connection = Self::without_preface(role, config);
        connection.local.change(first)?;
        connection.write_preface(first);
        Ok(connection)
    }

    fn without_preface(role: Role, config: Config) -> Self {
        let mut reader = Reader::of_connection(Limits {
            max_frame_size: config.max_frame_size(),
            max_settings: config.max_settings_entries() as usize,
            max_debug: config.max_debug_octets() as usize,
            max_extension: config.max_extension_octets() as usize,
        });
        // The fixed octets come first.
        reader.pause();
        Self {
            role,
            rules: headers::rules_of(&config),
            preface: Magic::new(role),
            reader,
            incoming: Incoming::Nothing,
            held: None,
            decoder: hpack::Decoder::new(Values::INITIAL.header_table_size)
                .with_max_string(config.hard_header_list_size() as usize)
                .with_max_kept(config.max_header_list_size() as usize),
            encoder: hpack::Encoder::new(config.encoder_table_size()),
            spare: spare::Spare::new(&config),
            local: Local::new(role, &config),
            peer: Peer::new(config.max_early_streams()),
            flow: Flow::new(config.connection_window_size()),
            streams: Store::new(role, config.max_streams(role), config.remembered_streams() as usize),
            next_id: Some(StreamId::first(role)),
            guard: Guard::new(&config),
            prioritized: priorities::Prioritized::default(),
            control: Vec::new(),
            batch: Batch::new(config.write_buffer_size() as usize),
            pings: Pings::default(),
            closing: Closing::default(),
            now: Time::ZERO,
            config,
        }
    }

    /// Takes octets from the front of `input` until something is worth telling, and tells it.
    ///
    /// `now` is the current time; a step backwards counts as no time. The event borrows from the input alone.
    /// `None` means that all input has been taken and that nothing is due. After [`Event::Closed`] all input is
    /// discarded unread.
    ///
    /// It never fails: what the peer does wrong is an event, too.
    #[inline]
    pub fn poll<'b>(&mut self, input: &mut &'b [u8], now: Time) -> Option<Event<'b>> {
        if now > self.now {
            self.now = now;
            self.guard.pass(now);
        }
        debug_assert!(self.reader.is_paused() || self.is_waiting(), "something is to be told first");
        match **input {
            [octet] => self.poll_octet(input, octet),
            _ if self.reader.is_paused() => self.advance(input),
            [] => None,
            _ if self.incoming.is_body() => self.take_body(input),
            _ if self.config.report_frames() => self.advance(input),
            _ => match self.reader.kind_ahead(input) {
                Some(Kind::DATA) => self.take_data(input),
                Some(Kind::HEADERS) => self.take_section(input),
                _ => self.advance(input),
            },
        }
    }

    /// The same for an octet alone. Most of those that come so complete nothing.
    #[inline(always)]
    fn poll_octet<'b>(&mut self, input: &mut &'b [u8], octet: u8) -> Option<Event<'b>> {
        if self.reader.absorb(input, octet) {
            None
        } else if self.reader.is_paused() {
            self.advance(input)
        } else {
            self.take_octet(input, octet)
        }
    }

    /// Whether there is nothing to do but to take octets of frames.
    #[inline]
    fn is_waiting(&self) -> bool {
        self.is_quiet() && self.preface.is_complete() && self.held.is_none() && !self.reader.is_block_over()
    }

    /// Whether the frames so far have caused nothing that comes before the next one.
    #[inline]
    fn is_quiet(&self) -> bool {
        !self.has_notice() && self.guard.check().is_ok()
    }

    /// Takes an octet that cannot be absorbed, while nothing is due without it. One within a field block, and one that
    /// ends a head or a fixed part, takes a fraction of what it costs to [`advance`](Self::advance).
    fn take_octet<'b>(&mut self, input: &mut &'b [u8], octet: u8) -> Option<Event<'b>> {
        let Incoming::Block(block) = &mut self.incoming else { return self.complete_octet(input, octet) };
        if !self.reader.lend_octet(input) {
            return self.complete_octet(input, octet);
        }
        match block.decode_octet(octet, &mut self.decoder) {
            Ok(()) => None,
            // Nothing is behind the octet; not to name the input here spares all others a register.
            Err(violation) => self.recover(on_connection(violation), &mut &[][..]),
        }
    }

    /// The same where the octet may be the last of something.
    #[inline(never)]
    fn complete_octet<'b>(&mut self, input: &mut &'b [u8], octet: u8) -> Option<Event<'b>> {
        if self.config.report_frames() {
            return self.advance(input);
        }
        if self.incoming.is_body() {
            return self.take_body(input);
        }
        let told = match self.reader.complete(input, octet) {
            Some(Completed::Frame(head, octets, fixed)) => {
                self.on_frame(&head, None, octets.get(..fixed).unwrap_or_default())
            }
            Some(Completed::Part) => return None,
            None => return self.advance(input),
        };
        self.pause_if_overdrawn();
        match told {
            Ok(Some(event)) => Some(event),
            Ok(None) if self.reader.is_paused() || self.reader.is_block_over() => self.advance(input),
            Ok(None) => None,
            Err(fault) => self.recover(fault, input),
        }
    }

    /// Takes more of a body, while nothing is due without it: a fraction of what it costs to
    /// [`advance`](Self::advance). It overdraws no budget: octets of a body earn.
    fn take_body<'b>(&mut self, input: &mut &'b [u8]) -> Option<Event<'b>> {
        let told = self.reader.lend(input).and_then(|octets| self.on_body(octets));
        if told.is_some() { told } else { self.advance(input) }
    }

    /// Takes a DATA frame, and what there is of its body, while nothing is due without it: most bodies come so, and
    /// spare the loop for frames of any kind.
    #[inline(never)]
    fn take_data<'b>(&mut self, input: &mut &'b [u8]) -> Option<Event<'b>> {
        let Some((data, piece)) = self.reader.whole_data(input) else { return self.advance(input) };
        let told = self.on_data(&data, piece);
        self.pause_if_overdrawn();
        match told {
            Ok(Some(event)) => Some(event),
            Ok(None) if input.is_empty() && !self.reader.is_paused() => None,
            Ok(None) => self.advance(input),
            Err(fault) => self.recover(fault, input),
        }
    }

    /// Takes a field block that lies whole in the input with its head, while nothing is due without it.
    #[inline(never)]
    fn take_section<'b>(&mut self, input: &mut &'b [u8]) -> Option<Event<'b>> {
        let Some(told) = self.on_section_ahead(input) else { return self.advance(input) };
        self.pause_if_overdrawn();
        match told {
            Ok(Some(event)) => Some(event),
            Ok(None) => self.advance(input),
            Err(fault) => self.recover(fault, input),
        }
    }

    /// Goes on behind what the peer did wrong.
    #[cold]
    fn recover<'b>(&mut self, fault: Fault, input: &mut &'b [u8]) -> Option<Event<'b>> {
        self.on_fault(fault).or_else(|| self.advance(input))
    }

    /// Goes on until something is worth telling, or the input is used up.
    fn advance<'b>(&mut self, input: &mut &'b [u8]) -> Option<Event<'b>> {
        loop {
            if self.reader.is_paused() {
                if let ControlFlow::Break(told) = self.attend(input) {
                    return told;
                }
            }
            loop {
                let told = if let Some((head, octets)) = self.whole_frame(input) {
                    self.on_whole_frame(&head, octets, input)
                } else if input.is_empty() {
                    if self.reader.ends_block() {
                        self.on_block_end()
                    } else if self.closing.transport_is_open() {
                        return None;
                    } else {
                        self.end_with_transport();
                        break;
                    }
                } else if let Some(octets) = self.reader.lend(input) {
                    self.on_payload(octets)
                } else if self.reader.ends_block() {
                    self.on_block_end()
                } else {
                    self.receive_piece(input)
                };
                self.pause_if_overdrawn();
                match told {
                    Ok(Some(event)) => return Some(event),
                    Ok(None) if self.reader.is_paused() => break,
                    Ok(None) => {}
                    Err(fault) => match self.on_fault(fault) {
                        Some(event) => return Some(event),
                        None => break,
                    },
                }
            }
        }
    }

    /// Looks after what comes before any frame, until something is worth telling or nothing of the kind is left. The
    /// reader is paused where any of it comes about, within [`poll`](Self::poll) or outside, which is in one place for
    /// each: the preface from the start; a [reported frame](Self::report); a [fault](Self::on_fault); the
    /// [end](Self::begin_to_close); a stream [of which the caller is told](Self::enlist_for_caller);
    /// [replies](Self::pause_if_replies_exceed) and [budgets](Self::pause_if_overdrawn) that are exceeded. Only here it
    /// is resumed.
    #[cold]
    fn attend<'b>(&mut self, input: &mut &'b [u8]) -> ControlFlow<Option<Event<'b>>> {
        loop {
            if self.has_notice() {
                if let Some(notice) = self.notice() {
                    return ControlFlow::Break(Some(notice));
                }
                if !self.closing.is_open() {
                    *input = &[];
                    return ControlFlow::Break(None);
                }
            }
            let told = if let Err(violation) = self.guard.check() {
                self.on_overdraft(violation)
            } else if let Err(violation) = self.preface.take(input) {
                Err(on_connection(violation))
            } else if let Some(raw) = self.held.take() {
                self.on_raw(&raw)
            } else {
                if self.is_waiting() {
                    self.reader.resume();
                }
                return ControlFlow::Continue(());
            };
            if let Some(event) = told.unwrap_or_else(|fault| self.on_fault(fault)) {
                return ControlFlow::Break(Some(event));
            }
        }
    }

    /// Lets no budget that a frame has overdrawn go unnoticed.
    #[inline]
    fn pause_if_overdrawn(&mut self) {
        if self.guard.is_overdrawn() {
            self.reader.pause();
        }
    }

    /// The peer has closed the transport: no octets will come beyond those that are polled next.
    ///
    /// Call [`poll`](Self::poll) afterwards; when its input is used up it reports the streams that were cut off, then
    /// [`Event::Closed`].
    pub fn end_of_input(&mut self) {
        self.end_transport();
    }

    /// The octets that are to be written next; empty when there is nothing to write now.
    ///
    /// At most one batch of frames is made at a time, so that what matters more overtakes queued bodies: ask again
    /// once it is written.
    pub fn output(&mut self) -> Output<'_> {
        self.transmit();
        Output::new(&mut self.batch)
    }

    /// When [`poll`](Self::poll) must be called again even if no octets come; `None` if it need not.
    pub fn deadline(&self) -> Option<Time> {
        self.next_deadline()
    }

    /// A live stream, to send on it, give credit back or reset it. `None` once it is over.
    pub fn stream(&mut self, id: StreamId) -> Option<Stream<'_>> {
        let key = self.find(id)?;
        Some(Stream::new(self, key))
    }

    /// Sends a PING; [`Event::Pong`] tells when the peer has answered it (RFC 9113 §6.7).
    ///
    /// # Errors
    ///
    /// [`ControlError::TooManyPending`] while four PINGs are unanswered, [`ControlError::Closed`] on a closed
    /// connection.
    pub fn ping(&mut self, payload: [u8; 8]) -> Result<(), ControlError> {
        self.check_open()?;
        self.pings.start(payload)?;
        self.write_control(PING_OCTETS, |out| frame::ping::write(payload, out));
        Ok(())
    }

    /// Sends SETTINGS, in one frame; [`Event::SettingsAcknowledged`] tells when the peer has acknowledged it
    /// (RFC 9113 §6.5.3).
    ///
    /// What takes something from the peer (a smaller window, table or frame size) is in force from then on; what
    /// gives it more is taken at once, and so are the limits of field sections and of concurrent streams: a request
    /// above that is refused, which is safe to retry, while the response to a promise is taken as long as the server
    /// may not know of the new limit. An initial window of 0 is opened by a larger one.
    ///
    /// # Errors
    ///
    /// [`ControlError::InvalidSetting`] for a value out of range, [`ControlError::TooLong`] for more entries than fit
    /// into a frame that every peer takes, [`ControlError::TooManyPending`] while four SETTINGS are unacknowledged,
    /// [`ControlError::Closed`] on a closed connection.
    pub fn update_settings(&mut self, settings: &Settings) -> Result<(), ControlError> {
        self.check_open()?;
        self.local.change(settings)?;
        let octets = settings.len().saturating_mul(Settings::ENTRY_OCTETS).saturating_add(Head::LENGTH);
        self.write_control(octets, |out| settings.write(out));
        self.refresh_ceilings();
        Ok(())
    }

    /// Lets the streams that are open finish, and takes no new ones (RFC 9113 §6.8).
    ///
    /// A server announces the end first, and names the last stream that it takes one round trip later, so that no
    /// request is lost; a second call does so at once. [`Event::Closed`] follows when all streams are over. How long
    /// to wait for that is the caller's to decide; [`close`](Self::close) does not wait.
    pub fn shut_down(&mut self) {
        self.start_draining();
    }

    /// Ends the connection at once with GOAWAY and this code (RFC 9113 §5.4.1).
    ///
    /// Call [`poll`](Self::poll) afterwards; it reports the streams that were cut off, then [`Event::Closed`].
    pub fn close(&mut self, code: ErrorCode) {
        self.end(code, None);
    }

    /// Whether the connection is over: write what [`output`](Self::output) holds, then close the transport.
    pub fn is_closed(&self) -> bool {
        self.closing.is_closed()
    }

    /// Takes back a field list whose memory the next one may use.
    pub fn recycle(&mut self, fields: Fields) {
        self.spare.put(fields);
    }

    /// What the peer has spent of its budgets, and what is left; see [`Config::max_noise`].
    ///
    /// ```
    /// use sans_h2::{Config, Connection};
    ///
    /// let server = Connection::server(Config::default());
    /// assert_eq!(server.ledger().noise_left, 10_000);
    /// assert_eq!(server.ledger().resets_spent, 0);
    /// ```
    pub const fn ledger(&self) -> Ledger {
        self.guard.ledger()
    }

    /// The caller is done with a stream that [`Event::Reset`] told of, which makes room for another one. Needed only
    /// with [`hold_reset_streams`](Config::hold_reset_streams); tells whether the stream was held.
    pub fn acknowledge_reset(&mut self, stream: StreamId) -> bool {
        self.streams.end_hold(stream)
    }

    /// The balance of the flow-control windows.
    pub fn audit(&self) -> Audit {
        self.flow.audit(self.streams.flows())
    }

    /// Which end this is.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// What the connection was built with.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Where a live stream is, until the connection is closed.
    fn find(&self, id: StreamId) -> Option<Key> {
        self.closing.is_open().then(|| self.streams.find(id)).flatten()
    }

    fn check_open(&self) -> Result<(), ControlError> {
        if self.closing.is_open() { Ok(()) } else { Err(ControlError::Closed) }
    }

    /// Whether [`Self::notice`] may have something to tell.
    #[inline]
    fn has_notice(&self) -> bool {
        self.closing.has_begun() || self.streams.has_notice()
    }

    /// What is due without input: the streams that an end has cut off, room in send buffers, the end itself.
    fn notice<'b>(&mut self) -> Option<Event<'b>> {
        if let Some(event) = self.next_ending() {
            return Some(event);
        }
        if !self.closing.is_open() {
            return None;
        }
        self.next_writable().map(|stream| Event::Writable { stream })
    }
}
