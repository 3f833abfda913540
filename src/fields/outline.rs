//! What is known of a list as a whole: how many fields it has, and which of those that rules ask for. Rules need not
//! look at each field of a list that has nothing remarkable.

use super::names::NameKind;
use super::nature::{NATURES, Nature};
use super::octets::ValueKind;

/// The number of fields in 24 bits, and of 8 more one for each field that rules ask for: each message that waits has a
/// list.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Outline(u32);

impl Outline {
    /// That of a list without fields.
    pub(super) const EMPTY: Self = Self(0);

    /// How many fields there are.
    #[inline]
    pub(super) const fn fields(self) -> usize {
        (self.0 & FIELDS) as usize
    }

    /// Whether there can be no more.
    pub(super) const fn is_full(self) -> bool {
        self.0 & FIELDS == FIELDS
    }

    /// One more.
    #[inline(always)]
    pub(super) fn add(&mut self, nature: Nature) {
        let Step { adds, unless } = nature.look_up(&STEPS);
        assert!(!self.is_full(), "a list has fewer than 2^24 fields");
        self.0 = if self.0 & unless == 0 { self.0 | adds } else { self.0 | ODD };
        self.0 = self.0.wrapping_add(1);
    }

    /// Whether the pseudo-header fields are those of a request other than CONNECT, and each is valid by itself.
    pub(super) const fn is_of_request(self) -> bool {
        self.0 & (PSEUDO & !AUTHORITY) == METHOD | SCHEME | PATH
    }

    /// Whether the only pseudo-header field is a status.
    pub(super) const fn is_of_response(self) -> bool {
        self.0 & PSEUDO == STATUS
    }

    /// Whether there is no pseudo-header field.
    pub(super) const fn is_of_trailers(self) -> bool {
        self.0 & PSEUDO == 0
    }

    pub(super) const fn has_content_length(self) -> bool {
        self.0 & CONTENT_LENGTH != 0
    }

    pub(super) const fn has_priority(self) -> bool {
        self.0 & PRIORITY != 0
    }
}

/// The bits that are the number of fields.
const FIELDS: u32 = (1 << 24) - 1;

const METHOD: u32 = 1 << 24;
const SCHEME: u32 = 1 << 25;
const AUTHORITY: u32 = 1 << 26;
const PATH: u32 = 1 << 27;
const STATUS: u32 = 1 << 28;
const PSEUDO: u32 = METHOD | SCHEME | AUTHORITY | PATH | STATUS;
const CONTENT_LENGTH: u32 = 1 << 29;
const PRIORITY: u32 = 1 << 30;
/// Any field that is no pseudo-header field.
const REGULAR: u32 = 1 << 31;

/// The bits of a list of which only its fields can tell whether it keeps the rules. It has a method as well as a
/// status, whatever comes, and so is of no message.
const ODD: u32 = !FIELDS;

/// What a field makes of an outline.
#[derive(Clone, Copy)]
struct Step {
    adds: u32,
    /// What makes the list odd if it is there already.
    unless: u32,
}

impl Step {
    const ODD: Self = Self { adds: ODD, unless: 0 };

    /// That of a pseudo-header field: in front of all others, and once.
    const fn pseudo(field: u32) -> Self {
        Self { adds: field, unless: field | REGULAR }
    }

    const fn regular(field: u32) -> Self {
        Self { adds: REGULAR | field, unless: 0 }
    }

    const fn of(nature: Nature) -> Self {
        if !nature.is_judged() {
            return Self::ODD;
        }
        match (nature.name_kind(), nature.value_kind()) {
            (NameKind::Method, ValueKind::Right) => Self::pseudo(METHOD),
            (NameKind::Status, ValueKind::Right) => Self::pseudo(STATUS),
            (NameKind::Scheme, ValueKind::Valid) => Self::pseudo(SCHEME),
            (NameKind::Authority, ValueKind::Valid) => Self::pseudo(AUTHORITY),
            (NameKind::Path, ValueKind::Valid) => Self::pseudo(PATH),
            (NameKind::Ordinary, ValueKind::Right) => Self::regular(0),
            (NameKind::Priority, ValueKind::Right) => Self::regular(PRIORITY),
            // It tells a request from other messages, as a method does.
            (NameKind::Te, ValueKind::Valid) => Self::regular(METHOD),
            (NameKind::ContentLength, ValueKind::Right) => {
                Self { unless: CONTENT_LENGTH, ..Self::regular(CONTENT_LENGTH) }
            }
            _ => Self::ODD,
        }
    }
}

static STEPS: [Step; NATURES] = steps();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn steps() -> [Step; NATURES] {
    let mut steps = [Step::ODD; NATURES];
    let mut number = 0;
    while number < NATURES {
        steps[number] = Step::of(Nature::of_number(number as u16));
        number += 1;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "fewer than 2^24 fields")]
    fn there_are_not_more_than_are_counted() {
        let nature = Nature::UNKNOWN.judged(b"a", b"");
        let mut outline = Outline(FIELDS - 1);
        assert!(!outline.is_full());
        outline.add(nature);
        assert_eq!((outline.fields(), outline.is_full()), (0xff_ffff, true));
        outline.add(nature);
    }

    #[test]
    fn an_odd_list_is_of_no_message_whatever_comes() {
        for number in 0..NATURES as u16 {
            let mut outline = Outline(ODD);
            outline.add(Nature::of_number(number));
            assert_eq!((outline.0 & ODD, outline.fields()), (ODD, 1));
            assert!(!outline.is_of_request() && !outline.is_of_response() && !outline.is_of_trailers());
        }
    }

    #[test]
    fn what_is_not_judged_makes_a_list_odd() {
        let mut outline = Outline::EMPTY;
        outline.add(Nature::UNKNOWN);
        assert_eq!(outline.0, ODD | 1);
    }
}
