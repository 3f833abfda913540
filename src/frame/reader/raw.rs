//! What a reader comes to: frames that have not been looked into.

use core::ops::Deref;

use smallvec::SmallVec;

use crate::error::Violation;
use crate::frame::kept::SHORT;
use crate::frame::{
    Continuation, Data, Extension, Frame, GoAway, Head, Headers, Kind, Limits, Priority, PushPromise,
    Settings, WindowUpdate, ping, reset,
};

/// What a reader comes to.
#[derive(Debug)]
pub(crate) enum Step<'b> {
    Frame(Raw<'b>),
    Payload(&'b [u8]),
    BlockEnd,
}

/// A frame that breaks no rule of its head, as it came.
#[derive(Debug)]
pub(crate) struct Raw<'b> {
    pub(crate) head: Head,
    pub(crate) padding: Option<u8>,
    /// The part of the payload that is read as a whole.
    pub(crate) octets: Octets<'b>,
}

impl Raw<'_> {
    pub(super) fn parse(&self, limits: &Limits) -> Result<Frame<'static>, Violation> {
        let Self { head, padding, octets } = self;
        Ok(match head.kind {
            Kind::DATA => Frame::Data(Data::parse(head, *padding)?),
            Kind::HEADERS => Frame::Headers(Headers::parse(head, *padding, octets)?),
            Kind::PRIORITY => {
                Frame::Priority { stream: head.on_stream()?, priority: Priority::parse(octets)? }
            }
            Kind::RST_STREAM => Frame::Reset { stream: head.on_stream()?, code: reset::parse(octets)? },
            Kind::SETTINGS if head.is_ack() => Frame::SettingsAck,
            Kind::SETTINGS => Frame::Settings(Settings::parse(octets)),
            Kind::PUSH_PROMISE => Frame::PushPromise(PushPromise::parse(head, *padding, octets)?),
            Kind::PING if head.is_ack() => Frame::Pong { payload: ping::parse(octets)? },
            Kind::PING => Frame::Ping { payload: ping::parse(octets)? },
            Kind::GOAWAY => Frame::GoAway(GoAway::parse(octets)?),
            Kind::WINDOW_UPDATE => Frame::WindowUpdate(WindowUpdate::parse(head, octets)?),
            Kind::CONTINUATION => Frame::Continuation(Continuation::parse(head)?),
            _ if limits.keeps(head) => Frame::Extension(Extension::parse(head, octets)),
            _ => Frame::Unknown(*head),
        })
    }

    /// The same, borrowing nothing.
    pub(crate) fn into_owned(self) -> Raw<'static> {
        let octets = match self.octets {
            Octets::Lent(octets) => SmallVec::from_slice(octets),
            Octets::Kept(octets) => octets,
        };
        Raw { octets: Octets::Kept(octets), ..self }
    }

    /// Octets on the heap.
    pub(crate) fn memory_used(&self) -> usize {
        match &self.octets {
            Octets::Kept(octets) if octets.spilled() => octets.capacity(),
            Octets::Kept(_) | Octets::Lent(_) => 0,
        }
    }
}

/// Octets of a frame: where they lie in the input, or kept if they came in pieces.
#[derive(Debug)]
pub(crate) enum Octets<'b> {
    Lent(&'b [u8]),
    Kept(SmallVec<[u8; SHORT]>),
}

impl Deref for Octets<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Lent(octets) => octets,
            Self::Kept(octets) => octets,
        }
    }
}
