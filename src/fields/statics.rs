//! The fields that both ends of any connection know (RFC 7541 Appendix A).

use super::{Field, Form};

/// The index of one of them, 1 to 61.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StaticIndex(u8);

impl StaticIndex {
    #[inline]
    pub(crate) const fn new(index: usize) -> Option<Self> {
        if index >= 1 && index <= TABLE.len() { Some(Self(index as u8)) } else { None }
    }

    #[inline]
    pub(crate) fn name(self) -> &'static [u8] {
        self.entry().0
    }

    #[inline]
    pub(crate) fn value(self) -> &'static [u8] {
        self.entry().1
    }

    /// What the entry counts towards a list.
    #[inline]
    pub(crate) fn accounted_octets(self) -> usize {
        self.look_up(&ACCOUNTED).into()
    }

    /// The field as the peer's index of it tells it.
    pub(crate) fn field(self) -> Field<'static> {
        Field { form: Some(Form::Indexed), ..Field::new(self.name(), self.value()) }
    }

    /// What a table of something about all of them, in their order, has about this one.
    #[inline]
    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "indices are 1 to 61")]
    pub(super) const fn look_up<T: Copy>(self, table: &[T; TABLE.len()]) -> T {
        table[self.0 as usize - 1]
    }

    pub(super) const fn octet(self) -> u8 {
        self.0
    }

    fn entry(self) -> (&'static [u8], &'static [u8]) {
        self.look_up(&TABLE)
    }
}

/// How much of a field the static table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Nothing,
    /// The name is an entry's.
    Name(StaticIndex),
    /// Both name and value are an entry's.
    Field(StaticIndex),
}

pub(crate) static TABLE: [(&[u8], &[u8]); 61] = [
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
];

/// What each counts: a look-up costs less than the lengths.
static ACCOUNTED: [u8; TABLE.len()] = accounted();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn accounted() -> [u8; TABLE.len()] {
    let mut accounted = [0; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        let (name, value) = TABLE[at];
        accounted[at] = Field::new(name, value).accounted_octets() as u8;
        at += 1;
    }
    accounted
}
