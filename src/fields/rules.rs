//! What the fields of a message must be (RFC 9113 §8.2, §8.3).

use super::Fields;

/// What a status code says about the sections to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// 100 to 199: the final response is still to come.
    Interim,
    /// Any other.
    Final,
}

impl Status {
    /// Reads `:status`; `None` if it is missing or is not three digits from 100 on (RFC 9113 §8.3.2).
    pub(crate) fn of(fields: &Fields) -> Option<Self> {
        match fields.get(":status")? {
            [b'1', b'0'..=b'9', b'0'..=b'9'] => Some(Self::Interim),
            [b'2'..=b'9', b'0'..=b'9', b'0'..=b'9'] => Some(Self::Final),
            _ => None,
        }
    }
}
