//! What a caller can do.

use core::time::Duration;

use ::arbitrary::{Arbitrary, Result, Unstructured};
use bytes::Bytes;

use super::caller::{Caller, Refusal};
use super::{fields, frames, one_in};
use crate::connection::{Connection, Stream};
use crate::error::{ErrorCode, SendError};
use crate::event::Event;
use crate::fields::Fields;
use crate::frame::{self, Extension, Part, Settings};
use crate::id::StreamId;
use crate::priority::Priority;

/// One thing that the caller of a [`Connection`] can do.
///
/// Where it concerns a stream, `on` picks one of those that the caller knows and that live: the remainder of a division
/// by their number, in the order in which it learnt of them. See [`Caller`] for a pair of ends that
/// [`apply`](Self::apply) operations.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the arguments of the methods that the variants name")]
pub enum Operation {
    /// [`Connection::open`].
    Open { fields: Fields, part: Part },
    /// [`Connection::push`].
    Push { on: u8, fields: Fields },
    /// [`Connection::stream`], and something with that.
    Stream { on: u8, operation: StreamOperation },
    /// [`Connection::send_priority`].
    SendPriority { stream: StreamId, priority: frame::Priority },
    /// [`Connection::send_extension`].
    SendExtension(Extension),
    /// [`Connection::ping`].
    Ping([u8; 8]),
    /// [`Connection::update_settings`].
    UpdateSettings(Settings),
    /// [`Connection::shut_down`].
    ShutDown,
    /// [`Connection::close`].
    Close(ErrorCode),
    /// [`Connection::recycle`].
    Recycle(Fields),
    /// [`Connection::output`]: so many octets at most of one batch are written.
    Write { most: usize },
    /// [`Connection::poll`]: so many octets at most of what has been received are offered, until they are used up or so
    /// many events have come.
    Read { most: usize, events: usize },
    /// Time passes.
    Wait(Duration),
    /// [`Connection::end_of_input`].
    EndOfInput,
}

/// One thing that a caller can do with a [`Stream`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the arguments of the methods that the variants name")]
pub enum StreamOperation {
    /// [`Stream::send_headers`].
    SendHeaders { fields: Fields, part: Part },
    /// [`Stream::send_data`].
    SendData { chunk: Bytes, part: Part },
    /// [`Stream::release`].
    Release(usize),
    /// [`Stream::reset`].
    Reset(ErrorCode),
    /// [`Stream::set_priority`].
    SetPriority(Priority),
    /// [`Stream::set_padding`].
    SetPadding(Option<u8>),
    /// [`Stream::set_headers_priority`].
    SetHeadersPriority(frame::Priority),
}

impl Operation {
    /// Does it, and hands each event that comes to `tell`.
    ///
    /// Gives the stream that was opened or that it was done to; `None` also where a stream was needed and none lives.
    ///
    /// # Errors
    ///
    /// The [`Refusal`] of the method that the variant names.
    pub fn apply(
        self,
        connection: &mut Connection,
        caller: &mut Caller,
        tell: impl FnMut(&mut Connection, Event<'_>),
    ) -> Result<Option<StreamId>, Refusal> {
        match self {
            Self::Open { fields, part } => {
                let stream = connection.open(fields, part)?;
                caller.opened(stream);
                return Ok(Some(stream));
            }
            Self::Push { on, fields } => return push(on, fields, connection, caller),
            Self::Stream { on, operation } => {
                let Some(id) = caller.pick(on, connection) else { return Ok(None) };
                connection.stream(id).map_or(Ok(()), |stream| operation.apply(stream))?;
                return Ok(Some(id));
            }
            Self::SendPriority { stream, priority } => connection.send_priority(stream, priority)?,
            Self::SendExtension(extension) => connection.send_extension(&extension)?,
            Self::Ping(payload) => connection.ping(payload)?,
            Self::UpdateSettings(settings) => connection.update_settings(&settings)?,
            Self::ShutDown => connection.shut_down(),
            Self::Close(code) => connection.close(code),
            Self::Recycle(fields) => connection.recycle(fields),
            Self::Write { most } => caller.write(most, connection),
            Self::Read { most, events } => caller.read(most, events, connection, tell),
            Self::Wait(span) => caller.now = caller.now.after(span),
            Self::EndOfInput => connection.end_of_input(),
        }
        Ok(None)
    }
}

fn push(
    on: u8,
    fields: Fields,
    connection: &mut Connection,
    caller: &mut Caller,
) -> Result<Option<StreamId>, Refusal> {
    let Some(on) = caller.pick(on, connection) else { return Ok(None) };
    let stream = connection.push(on, fields)?;
    caller.opened(stream);
    Ok(Some(stream))
}

impl StreamOperation {
    /// Does it.
    ///
    /// # Errors
    ///
    /// The error of the method that the variant names.
    pub fn apply(self, mut stream: Stream<'_>) -> Result<(), SendError> {
        match self {
            Self::SendHeaders { fields, part } => stream.send_headers(fields, part)?,
            Self::SendData { chunk, part } => stream.send_data(chunk, part)?,
            Self::Release(octets) => stream.release(octets),
            Self::Reset(code) => stream.reset(code),
            Self::SetPriority(priority) => stream.set_priority(priority),
            Self::SetPadding(octets) => stream.set_padding(octets),
            Self::SetHeadersPriority(priority) => stream.set_headers_priority(priority),
        }
        Ok(())
    }
}

/// Mostly messages, reads and writes; rarely what ends the connection.
impl<'a> Arbitrary<'a> for Operation {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.arbitrary::<u8>()? {
            0..=39 => Self::Read { most: amount(u)?, events: amount(u)? },
            40..=69 => Self::Write { most: amount(u)? },
            70..=99 => Self::Open { fields: fields::request(u)?, part: part(u)? },
            100..=214 => Self::Stream { on: u.arbitrary()?, operation: u.arbitrary()? },
            215..=224 => Self::Push { on: u.arbitrary()?, fields: fields::request(u)? },
            225..=226 => Self::SendPriority { stream: u.arbitrary()?, priority: u.arbitrary()? },
            227..=232 => Self::SendExtension(u.arbitrary()?),
            233..=236 => Self::Ping(u.arbitrary()?),
            237..=244 => Self::UpdateSettings(u.arbitrary()?),
            245..=247 => Self::Recycle(u.arbitrary()?),
            248..=250 => Self::Wait(frames::duration(u)?),
            251..=252 => Self::ShutDown,
            253..=254 => Self::Close(u.arbitrary()?),
            255 => Self::EndOfInput,
        })
    }
}

/// Mostly messages.
impl<'a> Arbitrary<'a> for StreamOperation {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=31)? {
            0..=8 => Self::SendHeaders { fields: answer(u)?, part: part(u)? },
            9..=19 => Self::SendData { chunk: chunk(u)?, part: part(u)? },
            20..=24 => Self::Release(amount(u)?),
            25..=26 => Self::Reset(u.arbitrary()?),
            27..=28 => Self::SetPriority(u.arbitrary()?),
            29..=30 => Self::SetPadding(u.arbitrary()?),
            _ => Self::SetHeadersPriority(u.arbitrary()?),
        })
    }
}

/// A response or trailers.
fn answer(u: &mut Unstructured<'_>) -> Result<Fields> {
    if one_in(4, u)? { fields::trailers(u) } else { fields::response(u) }
}

/// Few parts are the last.
fn part(u: &mut Unstructured<'_>) -> Result<Part> {
    Ok(if one_in(3, u)? { Part::Last } else { Part::More })
}

/// Often all there is.
fn amount(u: &mut Unstructured<'_>) -> Result<usize> {
    let octet: u8 = u.arbitrary()?;
    Ok(match octet {
        0..=127 => usize::MAX,
        128..=191 => usize::from(octet.saturating_sub(127)),
        192..=255 => usize::from(u.arbitrary::<u16>()?),
    })
}

/// Part of a text that never ends, so that long chunks cost few octets of input and no copy.
fn chunk(u: &mut Unstructured<'_>) -> Result<Bytes> {
    let from = u.int_in_range(0..=TEXT_PERIOD)?;
    let octets = match u.arbitrary::<u8>()? {
        octet @ 0..=199 => usize::from(octet),
        octet => usize::from(octet.saturating_sub(199)) << 10,
    };
    let chunk = TEXT.get(from..from.saturating_add(octets)).unwrap_or(TEXT);
    Ok(Bytes::from_static(chunk))
}

const TEXT: &[u8] = &text();
const TEXT_PERIOD: usize = 251;

const fn text() -> [u8; 58_000] {
    let mut text = [0; 58_000];
    let mut rest: &mut [u8] = &mut text;
    let mut at = 0;
    while let Some((first, more)) = rest.split_first_mut() {
        *first = (at % TEXT_PERIOD) as u8;
        rest = more;
        at = at.saturating_add(1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_repeats_with_its_period() {
        let text = text();
        assert!(text.chunks(TEXT_PERIOD).all(|period| period == &text[..period.len()]));
        assert!(text[..TEXT_PERIOD].iter().copied().eq(0..251));
    }
}
