//! What RFC 9113 §4 to §6, RFC 7838, RFC 8336 and RFC 9218 say of one frame at an end that has just begun: by hand,
//! from the texts.

use sans_h2::{ErrorCode, Role, Violation};

/// The stream that a frame names. Stream 1 has been reset by the peer, stream 3 is open, and its header section has
/// come; none has an even number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    Zero,
    OddIdle,
    EvenIdle,
    Live,
    Gone,
    Max,
    /// Stream 3 with the reserved bit before it, which means nothing (§4.1).
    ReservedLive,
    ReservedZero,
}

impl Class {
    pub(crate) const ALL: [Self; 8] = [
        Self::Zero,
        Self::OddIdle,
        Self::EvenIdle,
        Self::Live,
        Self::Gone,
        Self::Max,
        Self::ReservedLive,
        Self::ReservedZero,
    ];

    pub(crate) const fn bits(self) -> u32 {
        match self {
            Self::Zero => 0,
            Self::OddIdle => 5,
            Self::EvenIdle => 2,
            Self::Live => 3,
            Self::Gone => 1,
            Self::Max => 0x7fff_ffff,
            Self::ReservedLive => 0x8000_0003,
            Self::ReservedZero => 0x8000_0000,
        }
    }

    const fn place(self) -> Place {
        match self {
            Self::Zero | Self::ReservedZero => Place::Connection,
            Self::OddIdle | Self::Max => Place::IdleOfClient,
            Self::EvenIdle => Place::IdleOfServer,
            Self::Live | Self::ReservedLive => Place::Live,
            Self::Gone => Place::Gone,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Connection,
    IdleOfClient,
    IdleOfServer,
    Live,
    Gone,
}

/// A frame, all octets of whose payload are `fill`: 0, 2 or 255.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) role: Role,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) length: u32,
    pub(crate) class: Class,
    pub(crate) fill: u8,
}

/// What must come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// No event, and the next frame is taken.
    Quiet,
    /// No event, and the field block must go on.
    Open,
    /// The first event is of this kind.
    Told(&'static str),
    /// Stream 3 is reset for one of these faults: where it has several, the RFC does not say which counts.
    Resets(Vec<Violation>),
    /// A stream that the caller has not heard of is reset.
    Refuses(ErrorCode),
    Ends(Violation),
}

use Judgement::{Ends, Open, Quiet, Refuses, Resets, Told};

/// The judgement, or the violation that ends the connection.
type Judged = Result<Judgement, Violation>;

pub(crate) fn judge(case: &Case) -> Judgement {
    case.judged().unwrap_or_else(Ends)
}

const fn require(holds: bool, otherwise: Violation) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(otherwise) }
}

impl Case {
    fn judged(&self) -> Judged {
        // §4.2
        require(self.length <= 16_384, Violation::FrameTooLarge)?;
        match self.kind {
            0..=3 | 5 | 9 => require(self.place() != Place::Connection, Violation::StreamMissing)?,
            4 | 6 | 7 => require(self.place() == Place::Connection, Violation::StreamNotAllowed)?,
            _ => {}
        }
        match self.kind {
            0 => self.data(),
            1 => self.headers(),
            2 => Ok(self.priority()),
            3 => self.rst_stream(),
            4 => self.settings(),
            5 => self.push_promise(),
            6 => require(self.length == 8, Violation::PingLength).map(|()| Quiet),
            7 => require(self.length >= 8, Violation::GoAwayLength).map(|()| Told("GoAway")),
            8 => self.window_update(),
            // §6.10: no field block is open.
            9 => Err(Violation::UnexpectedContinuation),
            0xa => Ok(self.altsvc()),
            0xc => Ok(self.origin()),
            0x10 => self.priority_update(),
            // §5.5
            _ => Ok(Quiet),
        }
    }

    fn place(&self) -> Place {
        self.class.place()
    }

    const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Four octets of payload without the reserved bit.
    fn number(&self) -> u32 {
        u32::from_be_bytes([self.fill; 4]) & 0x7fff_ffff
    }

    /// §6.1, §6.2, §6.6: what is left of a payload that may be padded, behind its fixed part.
    fn room(&self, fixed: u32) -> Result<u32, Violation> {
        let pad_length = u32::from(self.has(0x8));
        let room = self.length.checked_sub(pad_length + fixed).ok_or(Violation::FrameTooShort)?;
        room.checked_sub(pad_length * u32::from(self.fill)).ok_or(Violation::PaddingTooLong)
    }

    /// §5.1: idle streams take nothing but HEADERS and PRIORITY.
    fn not_idle(&self) -> Result<(), Violation> {
        let idle = matches!(self.place(), Place::IdleOfClient | Place::IdleOfServer);
        require(!idle, Violation::IdleStream)
    }

    /// §6.1. After the peer's RST_STREAM nothing of the peer's may come any more (§5.1).
    fn data(&self) -> Judged {
        let octets = self.room(0)?;
        self.not_idle()?;
        require(self.place() != Place::Gone, Violation::ClosedStream)?;
        Ok(if octets == 0 && !self.has(0x1) { Quiet } else { Told("Data") })
    }

    /// §6.2.
    fn headers(&self) -> Judged {
        let fragment = self.room(if self.has(0x20) { 5 } else { 0 })?;
        match (self.place(), self.role) {
            (Place::IdleOfServer, _) | (Place::IdleOfClient, Role::Client) => Err(Violation::IdleStream),
            (Place::Gone, _) => Err(Violation::ClosedStream),
            (Place::IdleOfClient, Role::Server) => Ok(match self.block(fragment)? {
                None => Open,
                // No request consists of nothing, of empty names, or of a method of control characters.
                Some(_) => Refuses(ErrorCode::PROTOCOL_ERROR),
            }),
            (Place::Live | Place::Connection, _) => Ok(match self.block(fragment)? {
                None => Open,
                Some(fields) => self.trailers(fields),
            }),
        }
    }

    /// §8.1: trailers end the stream, and have no pseudo-header fields.
    fn trailers(&self, fields: u32) -> Judgement {
        let mut faults = Vec::new();
        if !self.has(0x1) {
            faults.push(Violation::TrailersWithoutEnd);
        }
        match (fields, self.fill) {
            (0, _) => {}
            (_, 0) => faults.push(Violation::InvalidFieldName),
            (_, _) => faults.extend([Violation::PseudoFieldNotAllowed, Violation::InvalidFieldValue]),
        }
        if faults.is_empty() { Told("Headers") } else { Resets(faults) }
    }

    /// RFC 7541 §6: the fields of a block of so many octets, or `None` if it is not over.
    ///
    /// * Zeros: a literal with a new name, a name and a value of no octets.
    /// * Twos: a literal with the name of entry 2, `:method`, and two octets of value.
    /// * 255: the index of an indexed field. No value of 32 bits has more than five octets behind the prefix (§5.1);
    ///   here each says that another follows.
    ///
    /// `Config::max_header_fields` is 100 and ten times as many end the connection; between those there is no case.
    fn block(&self, octets: u32) -> Result<Option<u32>, Violation> {
        let field = match self.fill {
            0 => 3,
            2 => 4,
            _ => {
                require(octets < 6, Violation::IntegerTooLarge)?;
                u32::MAX
            }
        };
        let fields = octets / field;
        require(fields <= 1_000, Violation::FieldSectionFarTooLarge)?;
        assert!(fields <= 100);
        if !self.has(0x4) {
            return Ok(None);
        }
        require(octets % field == 0, Violation::TruncatedFieldBlock)?;
        Ok(Some(fields))
    }

    /// §6.3: of a stream error on a stream that is idle the connection ends; one that is gone needs no reset.
    fn priority(&self) -> Judgement {
        match (self.length, self.place()) {
            (5, _) | (_, Place::Gone) => Quiet,
            (_, Place::Live) => Resets(vec![Violation::PriorityLength]),
            (_, _) => Ends(Violation::PriorityLength),
        }
    }

    /// §6.4.
    fn rst_stream(&self) -> Judged {
        require(self.length == 4, Violation::ResetLength)?;
        self.not_idle()?;
        Ok(if self.place() == Place::Live { Told("Reset") } else { Quiet })
    }

    /// §6.5. Settings 0, 0x0202 and 0xffff are not defined. Our own SETTINGS have been acknowledged.
    fn settings(&self) -> Judged {
        if self.has(0x1) {
            require(self.length == 0, Violation::SettingsAckLength)?;
            return Err(Violation::UnexpectedSettingsAck);
        }
        require(self.length % 6 == 0, Violation::SettingsLength)?;
        Ok(Told("Settings"))
    }

    /// §6.6, §8.4. Push is enabled, the client's streams are odd and the server's even.
    fn push_promise(&self) -> Judged {
        let fragment = self.room(4)?;
        require(self.number() != 0, Violation::InvalidPromisedStream)?;
        require(self.role == Role::Client, Violation::PushToServer)?;
        require(self.place() == Place::Live, Violation::PushOnWrongStream)?;
        require(self.number() % 2 == 0, Violation::InvalidPromisedStream)?;
        Ok(match self.block(fragment)? {
            None => Open,
            Some(_) => Refuses(ErrorCode::PROTOCOL_ERROR),
        })
    }

    /// §6.9, §6.9.1: the windows are 65,535 octets wide.
    fn window_update(&self) -> Judged {
        require(self.length == 4, Violation::WindowUpdateLength)?;
        self.not_idle()?;
        let overflows = self.number() > 0x7fff_ffff - 65_535;
        match (self.place(), self.number()) {
            (Place::Connection, 0) => Err(Violation::ZeroConnectionIncrement),
            (Place::Connection, _) if overflows => Err(Violation::ConnectionWindowOverflow),
            (Place::Live, 0) => Ok(Resets(vec![Violation::ZeroStreamIncrement])),
            (Place::Live, _) if overflows => Ok(Resets(vec![Violation::StreamWindowOverflow])),
            (_, _) => Ok(Quiet),
        }
    }

    /// `Config::max_extension_octets`: longer frames are skipped.
    const fn is_kept(&self) -> bool {
        self.length <= 256
    }

    /// RFC 7838 §4: to clients only, and either the frame names an origin or its stream does. Of the payloads only
    /// zeros name an origin whose octets are there: an empty one.
    fn altsvc(&self) -> Judgement {
        let empty_origin = self.fill == 0 && self.length >= 2 && self.is_kept();
        let told = self.role == Role::Client && empty_origin && self.place() != Place::Connection;
        if told { Told("AltSvc") } else { Quiet }
    }

    /// RFC 8336 §2: to clients only, on stream 0, without any of the four lowest flags.
    fn origin(&self) -> Judgement {
        let valid = self.place() == Place::Connection && self.flags & 0xf == 0 && self.is_kept();
        if valid && self.role == Role::Client { Told("Origins") } else { Quiet }
    }

    /// RFC 9218 §7.1: to servers only, on stream 0, about a request or a push that has been promised.
    fn priority_update(&self) -> Judged {
        require(self.role == Role::Server, Violation::PriorityUpdateToClient)?;
        require(self.place() == Place::Connection, Violation::PriorityUpdateOnStream)?;
        if !self.is_kept() {
            return Ok(Quiet);
        }
        require(self.length >= 4, Violation::PriorityUpdateLength)?;
        require(self.number() != 0, Violation::PriorityUpdateWithoutStream)?;
        require(self.number() % 2 == 1, Violation::PriorityUpdateOfIdlePush)?;
        Ok(Told("PriorityUpdate"))
    }
}
