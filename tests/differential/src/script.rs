//! What a peer sends, and what the caller does meanwhile.

use crate::wire::{self, MAGIC, Wire};

/// Which end the engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It opens streams.
    Client,
    /// It answers.
    Server,
}

/// Where the script's octets begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// After both prefaces and both acknowledgements.
    Ready,
    /// With the peer's first octet.
    First,
}

/// What a client's caller asks for before the script's octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// GET.
    Get,
    /// HEAD.
    Head,
    /// POST whose body does not come.
    Post,
    /// POST with a body of so many octets.
    Upload(usize),
    /// CONNECT, without octets for the tunnel.
    Connect,
}

impl Request {
    /// The fields of its header section.
    pub(crate) fn fields(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Get => wire::GET.to_vec(),
            Self::Head => [&[(":method", "HEAD")], &wire::GET[1..]].concat(),
            Self::Post | Self::Upload(_) => wire::POST.to_vec(),
            Self::Connect => vec![(":method", "CONNECT"), (":authority", "localhost:80")],
        }
    }

    pub(crate) const fn body(self) -> Body {
        match self {
            Self::Get | Self::Head => Body::None,
            Self::Post | Self::Connect => Body::Open,
            Self::Upload(octets) => Body::Octets(octets),
        }
    }
}

/// What follows a header section that an engine sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    None,
    /// It does not come, and does not end.
    Open,
    Octets(usize),
}

/// What a server's caller does with requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing: streams stay open.
    Never,
    /// A response that ends with its header section, as soon as the request's has come.
    AtOnce,
    /// The same as soon as the whole request has come.
    AtEnd,
    /// A response with so many octets, as soon as the request's header section has come.
    Body(usize),
}

impl Answer {
    pub(crate) const fn body(self) -> Body {
        match self {
            Self::Never | Self::AtOnce | Self::AtEnd => Body::None,
            Self::Body(octets) => Body::Octets(octets),
        }
    }
}

/// When the caller gives credit for received DATA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credit {
    /// When it comes.
    AtOnce,
    /// Never.
    Never,
}

/// Whether a client takes promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    /// SETTINGS_ENABLE_PUSH is 0.
    Off,
    /// SETTINGS_ENABLE_PUSH is 1.
    On,
}

/// One test of all engines.
#[derive(Clone, Debug)]
pub struct Script {
    /// Which end the engine is.
    pub side: Side,
    /// Where the octets begin.
    pub start: Start,
    /// What a client asks for, on streams 1, 3 and so on.
    pub requests: Vec<Request>,
    /// What a server answers.
    pub answer: Answer,
    /// When it gives credit.
    pub credit: Credit,
    /// Whether a client takes promises.
    pub push: Push,
    /// What the peer sends.
    pub wire: Wire,
}

impl Script {
    /// Octets to a server that never answers.
    pub fn server(wire: Wire) -> Self {
        Self {
            side: Side::Server,
            start: Start::Ready,
            requests: Vec::new(),
            answer: Answer::Never,
            credit: Credit::AtOnce,
            push: Push::Off,
            wire,
        }
    }

    /// Octets to a client that has made `requests`.
    pub fn client(requests: &[Request], wire: Wire) -> Self {
        Self { side: Side::Client, requests: requests.to_vec(), ..Self::server(wire) }
    }

    /// The octets are all that the peer sends.
    pub fn from_first(mut self) -> Self {
        self.start = Start::First;
        self
    }

    /// What the server answers.
    pub fn answering(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    /// No credit is given.
    pub fn holding(mut self) -> Self {
        self.credit = Credit::Never;
        self
    }

    /// The client takes promises.
    pub fn taking_promises(mut self) -> Self {
        self.push = Push::On;
        self
    }

    /// What the peer sends before the script's octets.
    pub(crate) fn handshake(&self) -> Vec<u8> {
        let magic = if self.side == Side::Server { MAGIC } else { b"" };
        match self.start {
            Start::Ready => Wire::new().octets(magic).settings(&[]).settings_ack().octets,
            Start::First => Vec::new(),
        }
    }

    /// The octets in pieces as they come.
    pub(crate) fn pieces(&self) -> Vec<&[u8]> {
        wire::split(&self.wire.octets)
    }
}

/// What all engines are configured with, so that the same octets mean the same.
pub(crate) mod limits {
    pub(crate) const STREAMS: u32 = 100;
    pub(crate) const WINDOW: u32 = 65_535;
    pub(crate) const FRAME: u32 = 16_384;
    pub(crate) const TABLE: u32 = 4_096;
    pub(crate) const LIST: u32 = 16_384;
}
