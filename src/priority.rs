//! What a client asks of the order of responses (RFC 9218 §4).

use core::fmt;

use crate::fields::Fields;
use crate::fields::dictionary::{self, Value};
use crate::fields::rules::Summary;

/// How urgent a response is to the client, and whether the client can use it piece by piece (RFC 9218 §4).
///
/// It is the value of the `priority` field of a request, and of a
/// [`PriorityUpdate`](crate::frame::PriorityUpdate) frame. [`frame::Priority`](crate::frame::Priority) is something
/// else: the older signal of RFC 7540, which has lost its meaning.
///
/// ```
/// use sans_h2::{Fields, Priority};
///
/// let priority = Priority::incremental(1).unwrap();
/// assert_eq!(priority.to_string(), "u=1, i");
///
/// let request = Fields::request("GET", "https", "example.com", "/").with("priority", priority.to_string());
/// assert_eq!(Priority::of(&request), Some(priority));
/// assert_eq!(Priority::parse(b"u=high, i=?0"), Some(Priority::DEFAULT));
/// assert_eq!(Priority::parse(b"u=1,"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Priority {
    urgency: u8,
    incremental: bool,
}

impl Priority {
    /// What a request has that says nothing of its priority: urgency 3, not incremental.
    pub const DEFAULT: Self = Self { urgency: 3, incremental: false };

    /// The priority of a response that is of use once it is whole; `None` for an urgency above 7.
    pub const fn new(urgency: u8) -> Option<Self> {
        if urgency <= LEAST_URGENT { Some(Self { urgency, incremental: false }) } else { None }
    }

    /// The priority of a response whose parts are of use as they come; `None` for an urgency above 7.
    pub const fn incremental(urgency: u8) -> Option<Self> {
        if urgency <= LEAST_URGENT { Some(Self { urgency, incremental: true }) } else { None }
    }

    /// Reads the value of a `priority` field, or of a PRIORITY_UPDATE frame. `None` if it is no dictionary of RFC 8941.
    ///
    /// A parameter that is missing has its default. So has one whose value is of the wrong type or out of range;
    /// unknown parameters are ignored. Of a parameter that comes more than once, the last one is taken, even
    /// if it is wrong.
    pub fn parse(value: &[u8]) -> Option<Self> {
        Self::DEFAULT.updated(value)
    }

    /// Reads the `priority` field of a request. `None` if it has none, or one that is no dictionary of RFC 8941: then
    /// the [`DEFAULT`](Self::DEFAULT) holds.
    ///
    /// Several `priority` fields are one list, and one of them that does not parse spoils them all. Names are compared
    /// octet by octet, as in [`Fields::get`].
    ///
    /// In a response, what the field leaves out is as the client asked and not the default (RFC 9218 §8).
    pub fn of(request: &Fields) -> Option<Self> {
        let mut lines = request.iter().filter(|field| field.name == b"priority").map(|field| field.value);
        lines.clone().next()?;
        let is_list = lines.clone().nth(1).is_some();
        lines.try_fold(Self::DEFAULT, |priority, line| {
            // RFC 9110 §5.3 has a comma between lines, and RFC 8941 §4.2.2 a member on both sides of it.
            if is_list && line.trim_ascii().is_empty() { None } else { priority.updated(line) }
        })
    }

    /// The same of a request that was checked.
    pub(crate) fn of_checked(request: &Fields, summary: &Summary) -> Option<Self> {
        if summary.has_priority { Self::of(request) } else { None }
    }

    /// How urgent the response is: from 0, the most urgent, to 7.
    pub const fn urgency(self) -> u8 {
        self.urgency
    }

    /// Whether parts of the response are of use before it is whole.
    pub const fn is_incremental(self) -> bool {
        self.incremental
    }

    /// The same with the parameters of one more field line.
    fn updated(self, line: &[u8]) -> Option<Self> {
        dictionary::fold(line, self, |priority, key, value| match key {
            b"u" => Self { urgency: urgency(value), ..priority },
            b"i" => Self { incremental: value == Value::Boolean(true), ..priority },
            _ => priority,
        })
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The value of a `priority` field. A parameter that has its default is left out, so that nothing is left of
/// [`Priority::DEFAULT`]: a request then needs no such field, but a PRIORITY_UPDATE frame with this value takes an
/// earlier one back.
impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.urgency == Self::DEFAULT.urgency, self.incremental) {
            (true, false) => Ok(()),
            (true, true) => f.write_str("i"),
            (false, false) => write!(f, "u={}", self.urgency),
            (false, true) => write!(f, "u={}, i", self.urgency),
        }
    }
}

/// The urgency that a value stands for (RFC 9218 §4.1).
fn urgency(value: Value) -> u8 {
    match value {
        Value::Integer(number) => u8::try_from(number).ok().filter(|&urgency| urgency <= LEAST_URGENT),
        Value::Boolean(_) | Value::Other => None,
    }
    .unwrap_or(Priority::DEFAULT.urgency)
}

/// RFC 9218 §4.1: for what no user waits for.
const LEAST_URGENT: u8 = 7;

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;

    type Parsed = Option<(u8, bool)>;

    fn parsed(value: &[u8]) -> Parsed {
        Priority::parse(value).map(|priority| (priority.urgency(), priority.is_incremental()))
    }

    /// All eight urgencies, with and without the mark.
    fn all() -> impl Iterator<Item = Priority> {
        (0..=7).flat_map(|urgency| [Priority::new(urgency), Priority::incremental(urgency)]).flatten()
    }

    #[test]
    fn the_forms_of_the_rfc() {
        let cases = [
            ("", (3, false)),
            ("u=0", (0, false)),
            ("u=5, i", (5, true)),
            ("u=7", (7, false)),
            ("i", (3, true)),
            ("i=?1", (3, true)),
            ("i=?0, u=3", (3, false)),
        ];
        for (value, expected) in cases {
            assert_eq!(parsed(value.as_bytes()), Some(expected), "{value}");
        }
    }

    // covers 9218-4-2
    #[test]
    fn what_is_unknown_or_wrong_counts_for_nothing() {
        let cases = [
            ("x, u=1, y=7, i, z=?0", (1, true)),
            ("uu=1, ii, u-=2, *u=4", (3, false)),
            ("x=1;u=1;i", (3, false)),
            ("u=1;i, i;u=7", (1, true)),
            ("u=8, i", (3, true)),
            ("u=-1, i", (3, true)),
            ("u=256", (3, false)),
            ("u=257", (3, false)),
            ("u=-999999999999999", (3, false)),
            ("u=1.0, i", (3, true)),
            ("u, i", (3, true)),
            ("u=\"1\", i", (3, true)),
            ("u=(1), i", (3, true)),
            ("u=@1, i", (3, true)),
            ("u=1, i=1", (1, false)),
            ("u=1, i=true", (1, false)),
            ("u=1, i=(?1)", (1, false)),
        ];
        for (value, expected) in cases {
            assert_eq!(parsed(value.as_bytes()), Some(expected), "{value}");
        }
    }

    #[test]
    fn one_mistake_spoils_the_whole() {
        for value in
            ["u=1,", "u=1, U=2", "u=1 i", "u=1; i;", "u = 1", "u=1, x=\"", "x=(u=1), i", "u=1, i=?2", "u=1\0"]
        {
            assert_eq!(parsed(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn the_last_one_of_a_parameter_counts_even_if_it_is_wrong() {
        let cases = [
            ("u=1, u=2, i, i=?0", (2, false)),
            ("u=1, u=8, i=?0, i", (3, true)),
            ("u=8, u=1, i, i=1", (1, false)),
            ("u=1, u", (3, false)),
        ];
        for (value, expected) in cases {
            assert_eq!(parsed(value.as_bytes()), Some(expected), "{value}");
        }
    }

    #[test]
    fn several_fields_are_one_list() {
        let of = |lines: &[&str]| {
            let request = Fields::request("GET", "https", "a", "/").with("x-priority", "u=7");
            Priority::of(&lines.iter().fold(request, |request, line| request.with("priority", line)))
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[""]), Some(Priority::DEFAULT));
        assert_eq!(of(&["u=1, i"]), Priority::incremental(1));
        assert_eq!(of(&["u=1", "i"]), Priority::incremental(1));
        assert_eq!(of(&["i, u=1", "u=2", "x;u=4"]), Priority::incremental(2));
        assert_eq!(of(&["u=1", "u=9"]), Some(Priority::DEFAULT));
        let broken: [&[&str]; 7] = [
            &["u=1,"],
            &["u=1", "i,"],
            &["u=1,", "i"],
            &["u=1", ""],
            &[" ", "u=1"],
            &["", ""],
            &["x=(1", "2)"],
        ];
        for lines in broken {
            assert_eq!(of(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for priority in all() {
            let value = priority.to_string();
            assert_eq!(Priority::parse(value.as_bytes()), Some(priority), "{value}");
            assert_eq!(Priority::of(&Fields::new().with("priority", &value)), Some(priority), "{value}");
        }
        let written: Vec<_> = all().map(|priority| priority.to_string()).collect();
        assert_eq!(
            written.join("|"),
            "u=0|u=0, i|u=1|u=1, i|u=2|u=2, i||i|u=4|u=4, i|u=5|u=5, i|u=6|u=6, i|u=7|u=7, i"
        );
    }

    #[test]
    fn urgencies_end_at_7() {
        assert_eq!(all().count(), 16);
        for urgency in 8..=255 {
            assert_eq!((Priority::new(urgency), Priority::incremental(urgency)), (None, None));
        }
        assert_eq!(Priority::new(3), Some(Priority::default()));
    }

    #[test]
    fn any_octet_may_stand_anywhere() {
        let sample = br#"u=-1.5;a="\\", i=?1, b=(:YQ==: %"%c3%a4" @7)"#;
        assert_eq!(parsed(sample), Some((3, true)));
        for at in 0..sample.len() {
            for octet in 0..=255 {
                let mut other = *sample;
                other[at] = octet;
                let read = parsed(&other);
                assert!(read.is_none() || matches!(octet, b'\t' | b' '..=b'~'), "{}", other.escape_ascii());
                // Every beginning is read without a panic, too.
                let _ = parsed(&other[..=at]);
            }
        }
    }

    #[test]
    fn another_reader_agrees() {
        for (value, expected) in ANOTHER_READER {
            assert_eq!(parsed(value), expected, "{}", value.escape_ascii());
        }
    }

    /// What the Python package http_sfv 0.9.9 reads from generated values, and what their members mean to RFC 9218.
    ///
    /// Left out are values that it takes against RFC 9651 (`1.`, octets behind the padding of a byte sequence) or does
    /// not take (no padding, dates after the year 9999, nothing but spaces).
    const ANOTHER_READER: [(&[u8], Parsed); 109] = [
        (b"u , u=-0\t", Some((0, false))),
        (b" u=-0;*=?0", Some((0, false))),
        (b"u=()\t, u=0; i=-1\t", Some((0, false))),
        (br#"u=0,ui=%"x";i=1.25 "#, Some((0, false))),
        (b"u=1;u=*x;u", Some((1, false))),
        (b"u=1;u=?1;u", Some((1, false))),
        (b"u=1;u; i=:YQ==:\t", Some((1, false))),
        (br#"u=1,i="u=1, i"; i;i=256"#, Some((1, false))),
        (b"x-y.z_*9;x-y.z_*9=1,\tu=1;i", Some((1, false))),
        (b"u=2;i;i=1\t", Some((2, false))),
        (b"i=999999999999999 ,u=2", Some((2, false))),
        (b"ui  ,u=2;x-y.z_*9;x-y.z_*9=6\t", Some((2, false))),
        (br#"i=%"%c3%a4" ,i=?1 ,u=2"#, Some((2, true))),
        (b" u; i", Some((3, false))),
        (b"au=?0", Some((3, false))),
        (b"i=2; i=4", Some((3, false))),
        (b"ui=T/y:z;i=1", Some((3, false))),
        (b"u=1.25;x-y.z_*9;*=?1\t", Some((3, false))),
        (b"i=%\"%c3%a4\", \tui=\"a\\\"b\"", Some((3, false))),
        (br#"u="u=0, i" ,ua;u=255;u "#, Some((3, false))),
        (br#"i=%"%c3%a4";x-y.z_*9=?0"#, Some((3, false))),
        (b" u-=(?1 )\t,i=2\t,u=:YQ==:", Some((3, false))),
        (b"x-y.z_*9=T/y:z;u\t,\tu=\"x\"", Some((3, false))),
        (b"u=*x;i ,u=T/y:z; *;u=true", Some((3, false))),
        (b" i, \tx-y.z*9=2.0  , i=@-5", Some((3, false))),
        (b"i=-0,*=\"u=1 i\";u=7  ,\ti=5", Some((3, false))),
        (b"i., \tx-y.z_*9=::; x-y.z_*9", Some((3, false))),
        (br#"u=*x;x-y.z_*9=7;x-y.z_*9="x""#, Some((3, false))),
        (b"ui=%\"%c3%a4\"\t,\tu;i\t,  u=T/y:z", Some((3, false))),
        (b" i;u=?1; i=?0,u=?0, \ti=\"a\\\"9\"", Some((3, false))),
        (b" *=:YWI=: \t, \tu=@-5; u,u=( );u", Some((3, false))),
        (b"*=2; i=?0;u=?1; *;i=:YWI=:;*=1", Some((3, false))),
        (br#" u=6;i=?1;u,u="a\"-b";*="a\"b";i"#, Some((3, false))),
        (b" *=%\"x\", \ti=@1659578233; u=256;u", Some((3, false))),
        (b"u=:YQ==:;u=\"u=1, i\";i\t,i=\"a\\\"b\" ", Some((3, false))),
        (b" x-y.z_*9; i ,  u=a;i;i=0, i=2;u", Some((3, false))),
        (b"x-y.0z_*9=999999999999999; u;i=03", Some((3, false))),
        (br#" x-y.z_*9=999999999999999; ui=%"x""#, Some((3, false))),
        (br#"i=(999999999999999;u;i="u=1, i" 2 )"#, Some((3, false))),
        (br#"i=8;i; *=%"%c3%a4" ,i=(%"x";ui 03 -1)"#, Some((3, false))),
        (b"i=true;i=\"u=1,i i\"; i, \tu=-1; x-y.z_*9", Some((3, false))),
        (b"i=0,i", Some((3, true))),
        (b"i=5 \t,i=?1", Some((3, true))),
        (b" i ,u , u=03", Some((3, true))),
        (br#"i="x";u=:YWI=:, i=?1"#, Some((3, true))),
        (b" i=999999999999999,i=?1;ui=::", Some((3, true))),
        (b"x-y.z_*-9=1.25; x-y.z_*9;u\t,i ", Some((3, true))),
        (b" **4, u=4", Some((4, false))),
        (b"i ,\tu=4 ,\ti=1.25;i\t", Some((4, false))),
        (b" u=?1 ,u=4;i=:YWI=:;u", Some((4, false))),
        (br#"u=2 , i="u=1, i"  , u=4"#, Some((4, false))),
        (b" i=1.25\t,u=256; i=256;* \t,u=4", Some((4, false))),
        (b" u=1,\tu=5", Some((5, false))),
        (b"u=5,x-y.z_*9\t", Some((5, false))),
        (b"u=5  ,i=:YWI=:", Some((5, false))),
        (b"u=5;i=-1,\tui=:: ,ui=a\t", Some((5, false))),
        (b"u=( ); i=?0;x-y.z_*9\t,\tu,u=5", Some((5, false))),
        (b"u=6 \t,\ti=-0;*=0", Some((6, false))),
        (br#"u=6;u="u=1, i";i"#, Some((6, false))),
        (b"u; i; i\t,u=6;i1=?1", Some((6, false))),
        (b"u=6;u=@-5;x-y.z_*9=?1", Some((6, false))),
        (b"ui; *=%\"0%c3%a4\";u, \tu=6", Some((6, false))),
        (b"u=6 ,i; i;x-y.z_*9=T/y:\t", Some((6, true))),
        (b"u=7,*1", Some((7, false))),
        (b"i9?1", None),
        (b"u=?.", None),
        (br#" \*=6"#, None),
        (b" *(=6", None),
        (b"u=:):", None),
        (b"(i=@-5", None),
        (b"u=() )", None),
        (b"i=255 =", None),
        (b"u\t,\tu=2;1", None),
        (b"i=*x; 1=@-5", None),
        (b" *=?1 \t,u=-", None),
        (br#" u="u=1, i":"#, None),
        (b"i  ,i=?1;=03", None),
        (b"u=::,*=6;u?0", None),
        (b"x-y:.z_*9=-1", None),
        (b"u=?0 i,u=true", None),
        (b"u=7, \tu=(4-a)", None),
        (b"x-=.z_*9=a; u;i", None),
        (b"ui=a,\t%i=2;*;ui", None),
        (br#"u="a\"b",;u=255"#, None),
        (b"u%=?0; u=4;i=?1", None),
        (br#"i ,x-y.z_*9="a\"b"#, None),
        (b"u=@1659578233 \ti=2", None),
        (b"*=( 4 :Y WI=: 255)", None),
        (b"u=?1  ,  \ti=--5; i", None),
        (br#"u="x";i=2.0i ,i="x""#, None),
        (br#"u="x";u;x-y.z_*9,i 4"#, None),
        (b" u=:);u=@-5;u,ui=@-5", None),
        (b"*=,u;u; i=?0  ,\t*=5 ", None),
        (b"u=4;i=*?0; i=7,u=1.25", None),
        (br#"x-y.z_*9=6, i=Zu=1, i""#, None),
        (b"x-y.z_*9=2,i;*= 6;u=a ", None),
        (b" ui=1,\t*=%%%c3%a4\";*=-1", None),
        (b"9x-y.z_*9=-1; u;i..i=?0", None),
        (br#"i=();i;i=03,i=\"%c3%a4""#, None),
        (b"ui=?1;u=@165957823., i=?1", None),
        (br#"ui=@-5;u,u=%"%c3%a4"u=%"x""#, None),
        (b"ui=(03;;i );i=5;u=@5, \tu=0", None),
        (b" x- .z_*9=\"u=1, i\" \t,u=\"x\"", None),
        (b" u=)?0 \t,u=\"x\"; x-y.z_*9=7\t", None),
        (b" -=-0,i=4; u=03; i=::,ui=?0", None),
        (br#" \u=(), ui=(),i=T/y:z; u=:YQ==:"#, None),
        (br#"u=%"%c3%a4"1;i=?0  ,u=-1;u;*=2.0"#, None),
        (b" u=0,  u \t, \\ i; x-y.z_*9=true;i", None),
        (b" *=\"u=1, i\"\t\tx-y.z_*9; i;x-y.z_*9=0 ", None),
    ];
}
