//! The message of one direction of a stream: how far it has got, and what its fields have announced (RFC 9113 §8.1).

use super::state::{Half, Misstep, Step};
use crate::fields::rules::{Method, Status, Summary};
use crate::frame::Part;
use crate::id::Role;

/// One direction of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) half: Half,
    content: Content,
    /// Interim responses so far.
    interims: u16,
}

/// What is still to come of a message's content (RFC 9113 §8.1.1): so many octets, because `content-length` says so or
/// because there can be none; or as much as there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Content(u64);

/// What the request makes of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    Plain,
    /// The response has no content.
    Head,
    /// A successful response opens a tunnel (RFC 9113 §8.5).
    Connect,
    /// Only data flows any more.
    Tunnel,
}

impl Exchange {
    pub(crate) const fn new(method: Method) -> Self {
        match method {
            Method::Head => Self::Head,
            Method::Connect => Self::Connect,
            Method::Get | Method::Options | Method::Other => Self::Plain,
        }
    }

    /// What it is to what this end sends: a client's CONNECT is followed by nothing but data, answered or not.
    pub(crate) const fn of(self, sender: Role) -> Self {
        match (self, sender) {
            (Self::Connect, Role::Client) => Self::Tunnel,
            (Self::Plain | Self::Head | Self::Connect | Self::Tunnel, _) => self,
        }
    }

    /// Whether a server may put `content-length` into the response (RFC 9110 §8.6).
    pub(crate) const fn may_announce(self, status: Status) -> bool {
        match (self, status) {
            (_, Status::Interim | Status::NoContent) | (Self::Connect | Self::Tunnel, Status::Success) => {
                false
            }
            (Self::Plain | Self::Head, Status::Success) | (_, Status::WithoutContent | Status::Other) => true,
        }
    }
}

impl Message {
    pub(crate) const fn new(half: Half) -> Self {
        Self { half, content: Content::ANY, interims: 0 }
    }

    /// A request whose header section has come or gone.
    pub(crate) fn request(summary: &Summary, part: Part) -> Result<Self, Misstep> {
        // RFC 9110 §9.3.6: CONNECT has no content, and what its tunnel carries is none.
        let announced = if summary.method == Method::Connect { None } else { summary.content_length };
        let content = Content::announced(announced);
        Self::new(Half::Idle).after(Step::Headers, part)?.with(content, part)
    }

    /// After a header section of the response; tells what it makes of the exchange, too.
    #[inline]
    pub(crate) fn after_response(
        self,
        exchange: Exchange,
        summary: &Summary,
        part: Part,
    ) -> Result<(Self, Exchange), Misstep> {
        let after = |step| self.after(step, part);
        let content = Content::announced(summary.content_length);
        match (exchange, summary.status) {
            (_, Status::Interim) => {
                let after = after(Step::Interim)?;
                Ok((Self { interims: after.interims.saturating_add(1), ..after }, exchange))
            }
            (Exchange::Connect | Exchange::Tunnel, Status::Success | Status::NoContent) => {
                Ok((after(Step::Headers)?, Exchange::Tunnel))
            }
            // RFC 9110 §6.4.1: whatever `content-length` says of them.
            (Exchange::Head, _) | (_, Status::WithoutContent | Status::NoContent) => {
                Ok((after(Step::Headers)?.with(Content::NONE, part)?, exchange))
            }
            (Exchange::Plain | Exchange::Connect | Exchange::Tunnel, Status::Success | Status::Other) => {
                Ok((after(Step::Headers)?.with(content, part)?, exchange))
            }
        }
    }

    /// After a trailer section.
    pub(crate) fn after_trailers(self, exchange: Exchange, part: Part) -> Result<Self, Misstep> {
        match exchange {
            Exchange::Tunnel => Err(Misstep::HeadersInTunnel),
            Exchange::Plain | Exchange::Head | Exchange::Connect => {
                self.after(Step::Headers, part)?.with(self.content, part)
            }
        }
    }

    /// After data.
    pub(crate) fn after_data(self, octets: u64, part: Part) -> Result<Self, Misstep> {
        let content = self.content.after(octets).ok_or(Misstep::ContentLength)?;
        self.after(Step::Data, part)?.with(content, part)
    }

    /// A DATA frame of the peer's begins, whose octets will come in pieces: the half moves on with the last of them.
    pub(crate) fn begin_data(&mut self, octets: u64, part: Part) -> Result<(), Misstep> {
        self.content = self.after_data(octets, part)?.content;
        Ok(())
    }

    pub(crate) const fn interims(&self) -> u16 {
        self.interims
    }

    fn after(self, step: Step, part: Part) -> Result<Self, Misstep> {
        Ok(Self { half: self.half.after(step, part)?, ..self })
    }

    fn with(self, content: Content, part: Part) -> Result<Self, Misstep> {
        match part {
            Part::Last if content.is_missing() => Err(Misstep::ContentLength),
            Part::Last | Part::More => Ok(Self { content, ..self }),
        }
    }
}

impl Content {
    const NONE: Self = Self(0);
    const ANY: Self = Self(u64::MAX);

    fn announced(length: Option<u64>) -> Self {
        // Nothing is ever as long as that.
        length.map_or(Self::ANY, |octets| Self(octets.min(u64::MAX - 1)))
    }

    fn after(self, octets: u64) -> Option<Self> {
        if self == Self::ANY { Some(self) } else { self.0.checked_sub(octets).map(Self) }
    }

    fn is_missing(self) -> bool {
        self != Self::ANY && self != Self::NONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(method: Method, status: Status, content_length: Option<u64>) -> Summary {
        Summary { method, status, content_length, has_priority: false }
    }

    // covers 9113-8.1.1-2
    #[test]
    fn content_must_be_as_long_as_announced() {
        let request = |length, part| Message::request(&summary(Method::Other, Status::Other, length), part);
        assert_eq!(request(Some(1), Part::Last), Err(Misstep::ContentLength));
        assert!(request(Some(0), Part::Last).is_ok());
        assert!(request(None, Part::Last).is_ok());
        let message = request(Some(5), Part::More).unwrap();
        assert_eq!(message.after_data(6, Part::More), Err(Misstep::ContentLength));
        assert_eq!(message.after_data(4, Part::Last), Err(Misstep::ContentLength));
        assert_eq!(message.after_trailers(Exchange::Plain, Part::Last), Err(Misstep::ContentLength));
        let message = message.after_data(5, Part::More).unwrap();
        assert_eq!(message.after_data(1, Part::Last), Err(Misstep::ContentLength));
        assert!(message.after_data(0, Part::Last).is_ok());
        assert!(message.after_trailers(Exchange::Plain, Part::Last).is_ok());
    }

    #[test]
    fn no_announced_length_is_too_large_to_be_missed() {
        let longest = summary(Method::Other, Status::Other, Some(u64::MAX));
        assert_eq!(Message::request(&longest, Part::Last), Err(Misstep::ContentLength));
        let message = Message::request(&longest, Part::More).unwrap();
        assert_eq!(message.after_data(1, Part::Last), Err(Misstep::ContentLength));
    }

    #[test]
    fn some_responses_have_no_content_whatever_they_say() {
        let head = Message::new(Half::Head);
        let respond = |exchange, status, part| {
            head.after_response(exchange, &summary(Method::Other, status, Some(7)), part)
                .map(|(message, _)| message)
        };
        for (exchange, status) in
            [(Exchange::Head, Status::Success), (Exchange::Plain, Status::WithoutContent)]
        {
            assert!(respond(exchange, status, Part::Last).is_ok());
            let message = respond(exchange, status, Part::More).unwrap();
            assert_eq!(message.after_data(1, Part::More), Err(Misstep::ContentLength));
            assert!(message.after_data(0, Part::Last).is_ok());
        }
        assert_eq!(respond(Exchange::Plain, Status::Success, Part::Last), Err(Misstep::ContentLength));
    }

    // covers 9113-8.5-2
    #[test]
    fn a_successful_connect_opens_a_tunnel() {
        let head = Message::new(Half::Head);
        let respond = |status| {
            head.after_response(Exchange::Connect, &summary(Method::Other, status, Some(7)), Part::More)
                .unwrap()
        };
        let (message, exchange) = respond(Status::Success);
        assert_eq!(exchange, Exchange::Tunnel);
        assert!(message.after_data(1_000, Part::Last).is_ok());
        assert_eq!(message.after_trailers(exchange, Part::Last), Err(Misstep::HeadersInTunnel));
        let (message, exchange) = respond(Status::Other);
        assert_eq!(exchange, Exchange::Connect);
        assert_eq!(message.after_data(8, Part::More), Err(Misstep::ContentLength));
    }
}
