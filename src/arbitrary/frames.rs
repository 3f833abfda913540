//! Frames, and what they are made of.

use alloc::vec::Vec;
use core::time::Duration;

use ::arbitrary::{Arbitrary, Result, Unstructured};
use bytes::Bytes;

use super::one_in;
use crate::frame::{
    AltSvc, Continuation, Data, Extension, Flags, Frame, GoAway, Head, Headers, Kind, Limits, Origins, Part,
    Priority, PriorityUpdate, PushPromise, Setting, SettingId, Settings, WindowUpdate,
};
use crate::id::{Role, StreamId};
use crate::priority;
use crate::time::Time;

impl<'a> Arbitrary<'a> for Role {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.choose(&[Self::Client, Self::Server]).copied()
    }
}

/// Mostly one of the first streams.
impl<'a> Arbitrary<'a> for StreamId {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let number = match u.arbitrary::<u8>()? {
            255 => u.int_in_range(1..=Self::MAX.number())?,
            254 => Self::MAX.number(),
            choice => u32::from(choice % 16) + 1,
        };
        Ok(Self::new(number).unwrap_or(Self::MAX))
    }
}

/// Within a century of the epoch.
impl<'a> Arbitrary<'a> for Time {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        duration(u).map(Self::from)
    }
}

/// From microseconds to decades.
pub(super) fn duration(u: &mut Unstructured<'_>) -> Result<Duration> {
    let micros = u64::from(u.arbitrary::<u32>()?);
    Ok(Duration::from_micros(micros << u.int_in_range(0..=19_u32)?))
}

impl<'a> Arbitrary<'a> for priority::Priority {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let urgency = u.int_in_range(0..=7)?;
        let priority = if u.arbitrary()? { Self::incremental(urgency) } else { Self::new(urgency) };
        Ok(priority.unwrap_or_default())
    }
}

impl<'a> Arbitrary<'a> for Part {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.choose(&[Self::More, Self::Last]).copied()
    }
}

impl<'a> Arbitrary<'a> for Flags {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.arbitrary::<u8>().map(Self::from)
    }
}

/// Mostly short and of a type that RFC 9113 defines.
impl<'a> Arbitrary<'a> for Head {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let length =
            if one_in(8, u)? { u.int_in_range(0..=Self::MAX_PAYLOAD)? } else { u.int_in_range(0..=64)? };
        Ok(Self { length, kind: u.arbitrary()?, flags: u.arbitrary()?, stream: u.arbitrary()? })
    }
}

impl<'a> Arbitrary<'a> for Limits {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            max_frame_size: u.int_in_range(Head::MIN_MAX_PAYLOAD..=Head::MAX_PAYLOAD)?,
            max_settings: u.int_in_range(0..=2_730)?,
            max_debug: u.int_in_range(0..=16_376)?,
            max_extension: u.int_in_range(0..=65_536)?,
        })
    }
}

impl<'a> Arbitrary<'a> for Data {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (octets, padding) = (u.int_in_range(0..=0x3e00)?, u.arbitrary()?);
        let flow_octets = Self::padded_octets(padding).saturating_add(octets);
        Ok(Self { stream: u.arbitrary()?, octets, flow_octets, padding, part: u.arbitrary()? })
    }
}

impl<'a> Arbitrary<'a> for Headers {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (priority, padding) = if one_in(4, u)? { (u.arbitrary()?, u.arbitrary()?) } else { (None, None) };
        Ok(Self { stream: u.arbitrary()?, priority, padding, part: u.arbitrary()? })
    }
}

impl<'a> Arbitrary<'a> for PushPromise {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { stream: u.arbitrary()?, promised: u.arbitrary()?, padding: u.arbitrary()? })
    }
}

impl<'a> Arbitrary<'a> for Continuation {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { stream: u.arbitrary()? })
    }
}

impl<'a> Arbitrary<'a> for Priority {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { exclusive: u.arbitrary()?, dependency: u.arbitrary()?, weight: u.arbitrary()? })
    }
}

/// Mostly a value that its setting allows.
impl<'a> Arbitrary<'a> for Setting {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let id = u.arbitrary()?;
        let value = match (one_in(16, u)?, id) {
            (false, SettingId::ENABLE_PUSH | SettingId::ENABLE_CONNECT_PROTOCOL) => u.int_in_range(0..=1)?,
            (false, SettingId::NO_RFC7540_PRIORITIES) => u.int_in_range(0..=1)?,
            (false, SettingId::MAX_CONCURRENT_STREAMS) => *u.choose(&[0, 1, 2, 10, 100])?,
            (false, SettingId::MAX_FRAME_SIZE) => {
                u.int_in_range(Head::MIN_MAX_PAYLOAD..=Head::MAX_PAYLOAD)?
            }
            (false, SettingId::INITIAL_WINDOW_SIZE) => {
                *u.choose(&[0, 1, 10, 1_000, 65_535, 100_000, 0x7fff_ffff])?
            }
            (false, SettingId::HEADER_TABLE_SIZE) => *u.choose(&[0, 1, 64, 4_096, 10_000])?,
            (_, _) => u.arbitrary()?,
        };
        Ok(Self { id, value })
    }
}

/// At most as many as a peer takes by default.
impl<'a> Arbitrary<'a> for Settings {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let most = if one_in(16, u)? { 32 } else { 3 };
        let count = u.int_in_range(0..=most)?;
        (0..count).map(|_| u.arbitrary::<Setting>()).collect()
    }
}

impl<'a> Arbitrary<'a> for GoAway {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { last: u.arbitrary()?, code: u.arbitrary()?, debug: octets(u)? })
    }
}

/// Never of zero, which no frame may have.
impl<'a> Arbitrary<'a> for WindowUpdate {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let most = if one_in(8, u)? { Self::MAX_INCREMENT } else { 100_000 };
        Ok(Self { stream: u.arbitrary()?, increment: u.int_in_range(1..=most)? })
    }
}

/// Mostly one that has a meaning, on the right stream.
impl<'a> Arbitrary<'a> for Extension {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        match u.int_in_range(0..=7)? {
            0..=2 => Ok(u.arbitrary::<PriorityUpdate>()?.to_extension()),
            3 => Ok(u.arbitrary::<Origins>()?.to_extension()),
            4 => u.arbitrary::<AltSvc>()?.to_extension().map_err(|_| ::arbitrary::Error::IncorrectFormat),
            5 => opaque(u.arbitrary()?, u),
            _ => opaque(u.int_in_range(Kind::CONTINUATION.value().saturating_add(1)..=255)?.into(), u),
        }
    }
}

fn opaque(kind: Kind, u: &mut Unstructured<'_>) -> Result<Extension> {
    let kind = if kind.is_extension() { kind } else { Kind::PRIORITY_UPDATE };
    Ok(Extension { kind, flags: u.arbitrary()?, stream: u.arbitrary()?, payload: octets(u)? })
}

/// With an origin where one belongs.
impl<'a> Arbitrary<'a> for AltSvc {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let stream: Option<StreamId> = u.arbitrary()?;
        let origin: &[u8] = if stream.is_some() { b"" } else { u.choose(ORIGINS)?.as_bytes() };
        let value = u.choose(&["clear", "h2=\":8000\"", "h3=\":443\"; ma=60"])?.as_bytes();
        Ok(Self { stream, origin: Bytes::copy_from_slice(origin), value: Bytes::copy_from_slice(value) })
    }
}

impl<'a> Arbitrary<'a> for Origins {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let count = u.int_in_range(0..=4)?;
        let origins: Vec<&str> = (0..count).map(|_| u.choose(ORIGINS).copied()).collect::<Result<_>>()?;
        Self::new(origins).map_err(|_| ::arbitrary::Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for PriorityUpdate {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let prioritized = u.arbitrary()?;
        let value = if one_in(8, u)? { octets(u)? } else { u.choose(PRIORITIES)?.as_bytes().into() };
        Ok(Self { prioritized, value })
    }
}

/// One that the reader may hand over; a head says nothing of the payload that will follow.
impl<'a> Arbitrary<'a> for Frame<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=15)? {
            0 => Self::Data(u.arbitrary()?),
            1 => Self::Headers(u.arbitrary()?),
            2 => Self::PushPromise(u.arbitrary()?),
            3 => Self::Continuation(u.arbitrary()?),
            4 => u.arbitrary().map(
                |octets: &[u8]| if octets.is_empty() { Self::BlockEnd } else { Self::Payload(octets) },
            )?,
            5 => Self::BlockEnd,
            6 => Self::Priority { stream: u.arbitrary()?, priority: u.arbitrary()? },
            7 => Self::Reset { stream: u.arbitrary()?, code: u.arbitrary()? },
            8 => Self::Settings(u.arbitrary()?),
            9 => Self::SettingsAck,
            10 => Self::Ping { payload: u.arbitrary()? },
            11 => Self::Pong { payload: u.arbitrary()? },
            12 => Self::GoAway(u.arbitrary()?),
            13 => Self::WindowUpdate(u.arbitrary()?),
            14 => Self::Extension(u.arbitrary()?),
            _ => Self::Unknown(Head { kind: opaque(u.arbitrary()?, u)?.kind, ..u.arbitrary()? }),
        })
    }
}

fn octets(u: &mut Unstructured<'_>) -> Result<Bytes> {
    u.arbitrary::<&[u8]>().map(Bytes::copy_from_slice)
}

const ORIGINS: &[&str] =
    &["https://localhost", "https://a.example", "https://b.example:8443", "http://[::1]:80"];
const PRIORITIES: &[&str] = &["u=0", "u=1, i", "u=7", "i", "", "u=5, i=?0", "u=9, x=y", "u=1,"];

#[cfg(test)]
mod tests {
    use core::mem::{Discriminant, discriminant};

    use super::super::patternless;
    use super::*;

    #[test]
    fn every_frame_comes_up() {
        let inputs: Vec<Vec<u8>> = (0..1000).map(|number| patternless(number, 256)).collect();
        let mut seen: Vec<Discriminant<Frame<'_>>> = Vec::new();
        for octets in &inputs {
            let Ok(frame) = Frame::arbitrary(&mut Unstructured::new(octets)) else { continue };
            if let Frame::Unknown(head) = &frame {
                assert!(head.kind.is_extension(), "{head:?}");
                assert!(head.length <= Head::MAX_PAYLOAD, "{head:?}");
            }
            if let Frame::Data(data) = &frame {
                assert_eq!(data.flow_octets, data.octets + Data::padded_octets(data.padding));
            }
            if !seen.contains(&discriminant(&frame)) {
                seen.push(discriminant(&frame));
            }
        }
        assert_eq!(seen.len(), 16, "one for each kind, the payload and the end of a block");
    }

    #[test]
    fn limits_and_times_are_within_their_ranges() {
        for number in 0..100 {
            let octets = patternless(number, 256);
            let mut u = Unstructured::new(&octets);
            let limits = Limits::arbitrary(&mut u).unwrap();
            assert!((Head::MIN_MAX_PAYLOAD..=Head::MAX_PAYLOAD).contains(&limits.max_frame_size));
            let century = Duration::from_secs(100 * 366 * 24 * 3600);
            assert!(Duration::from(Time::arbitrary(&mut u).unwrap()) < century);
        }
    }
}
