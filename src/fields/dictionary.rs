//! Dictionaries of structured fields (RFC 8941 §3.2), with the types that RFC 9651 adds.

use super::octets::{decimal, is_token};

/// The value of a member, as far as priorities tell types apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// `?1`, `?0`, or a key alone, which is true.
    Boolean(bool),
    /// At most 15 digits and a sign.
    Integer(i64),
    /// A value of another type, or an inner list.
    Other,
}

/// Passes `start` through `step` with the key and the value of one member after the other. `None` if anything in
/// `text` is no part of a dictionary; nothing at all is an empty one.
///
/// A key can come again: its last value is the one that counts (RFC 8941 §4.2.2). Parameters of values are checked and
/// not handed out.
pub(crate) fn fold<T>(text: &[u8], start: T, mut step: impl FnMut(T, &[u8], Value) -> T) -> Option<T> {
    let mut reader = Reader { rest: text };
    reader.take_while(is_space);
    let mut folded = start;
    if reader.rest.is_empty() {
        return Some(folded);
    }
    loop {
        let key = reader.key()?;
        let value = reader.member()?;
        folded = step(folded, key, value);
        reader.take_while(is_blank);
        if reader.rest.is_empty() {
            return Some(folded);
        }
        reader.octet(b',')?;
        reader.take_while(is_blank);
    }
}

/// What is left of the text. Every method reads its piece from the front, and is `None` if it is not there.
struct Reader<'t> {
    rest: &'t [u8],
}

impl<'t> Reader<'t> {
    /// What follows a key: a value or none, and parameters.
    fn member(&mut self) -> Option<Value> {
        let value = match self.octet(b'=') {
            Some(()) => self.item_or_list()?,
            None => Value::Boolean(true),
        };
        self.parameters()?;
        Some(value)
    }

    fn item_or_list(&mut self) -> Option<Value> {
        match self.octet(b'(') {
            Some(()) => self.inner_list().map(|()| Value::Other),
            None => self.bare_item(),
        }
    }

    /// What follows the opening bracket. Lists do not nest.
    fn inner_list(&mut self) -> Option<()> {
        loop {
            self.take_while(is_space);
            if self.octet(b')').is_some() {
                return Some(());
            }
            self.bare_item()?;
            self.parameters()?;
            if !matches!(self.rest.first(), Some(b' ' | b')')) {
                return None;
            }
        }
    }

    fn parameters(&mut self) -> Option<()> {
        while self.octet(b';').is_some() {
            self.take_while(is_space);
            self.key()?;
            if self.octet(b'=').is_some() {
                self.bare_item()?;
            }
        }
        Some(())
    }

    fn key(&mut self) -> Option<&'t [u8]> {
        let key = self.take_while(is_key);
        matches!(key.first(), Some(b'a'..=b'z' | b'*')).then_some(key)
    }

    fn bare_item(&mut self) -> Option<Value> {
        match self.rest.first()? {
            b'-' | b'0'..=b'9' => self.number(),
            b'?' => self.boolean(),
            b'a'..=b'z' | b'A'..=b'Z' | b'*' => Some(self.token()),
            b'"' => self.string(),
            b':' => self.byte_sequence(),
            b'@' => self.date(),
            b'%' => self.display_string(),
            _ => None,
        }
    }

    /// An integer or a decimal (RFC 8941 §4.2.4).
    fn number(&mut self) -> Option<Value> {
        let sign = self.octet(b'-').map_or(1, |()| -1);
        let whole = self.take_while(|octet| octet.is_ascii_digit());
        if self.octet(b'.').is_some() {
            let fraction = self.take_while(|octet| octet.is_ascii_digit());
            let fits = (1..=12).contains(&whole.len()) && (1..=3).contains(&fraction.len());
            return fits.then_some(Value::Other);
        }
        if whole.len() > 15 {
            return None;
        }
        let number = i64::try_from(decimal(whole)?).ok()?;
        Some(Value::Integer(number.saturating_mul(sign)))
    }

    fn boolean(&mut self) -> Option<Value> {
        self.octet(b'?')?;
        match self.next()? {
            b'0' => Some(Value::Boolean(false)),
            b'1' => Some(Value::Boolean(true)),
            _ => None,
        }
    }

    /// The caller has seen that its first octet may be one.
    fn token(&mut self) -> Value {
        self.take_while(|octet| matches!(octet, b':' | b'/') || is_token(&[octet]));
        Value::Other
    }

    fn string(&mut self) -> Option<Value> {
        self.octet(b'"')?;
        loop {
            match self.next()? {
                b'"' => return Some(Value::Other),
                b'\\' => match self.next()? {
                    b'"' | b'\\' => {}
                    _ => return None,
                },
                b' '..=b'~' => {}
                _ => return None,
            }
        }
    }

    /// Base64 between colons. RFC 8941 §4.2.7: padding may lack, and bits that it leaves over may be set.
    fn byte_sequence(&mut self) -> Option<Value> {
        self.octet(b':')?;
        let digits = self.take_while(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/'));
        let padding = self.take_while(|octet| octet == b'=');
        self.octet(b':')?;
        let most = match digits.len() % 4 {
            0 => 0,
            2 => 2,
            3 => 1,
            _ => return None,
        };
        (padding.len() <= most).then_some(Value::Other)
    }

    /// Seconds since 1970 behind an `@` (RFC 9651 §4.2.9).
    fn date(&mut self) -> Option<Value> {
        self.octet(b'@')?;
        match self.number()? {
            Value::Integer(_) => Some(Value::Other),
            Value::Boolean(_) | Value::Other => None,
        }
    }

    /// Text whose octets outside of ASCII are escaped (RFC 9651 §4.2.10).
    fn display_string(&mut self) -> Option<Value> {
        self.octet(b'%')?;
        self.octet(b'"')?;
        while self.octet(b'"').is_none() {
            self.character()?;
        }
        Some(Value::Other)
    }

    /// One character of a display string, whose UTF-8 must be whole.
    fn character(&mut self) -> Option<()> {
        let first = self.unescaped()?;
        let length = match first.leading_ones() {
            0 => 1,
            ones @ 2..=4 => ones as usize,
            _ => return None,
        };
        let mut octets = [first, 0, 0, 0];
        for octet in octets.iter_mut().take(length).skip(1) {
            *octet = self.unescaped()?;
        }
        core::str::from_utf8(octets.get(..length)?).is_ok().then_some(())
    }

    /// One octet of a display string.
    fn unescaped(&mut self) -> Option<u8> {
        match self.next()? {
            b'%' => Some(hexadecimal(self.next()?)? << 4 | hexadecimal(self.next()?)?),
            b'"' => None,
            octet @ b' '..=b'~' => Some(octet),
            _ => None,
        }
    }

    fn octet(&mut self, expected: u8) -> Option<()> {
        self.rest = self.rest.strip_prefix(&[expected])?;
        Some(())
    }

    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// The longest run of octets that `is` takes; it can be empty.
    fn take_while(&mut self, is: impl Fn(u8) -> bool) -> &'t [u8] {
        let end = self.rest.iter().position(|&octet| !is(octet)).unwrap_or(self.rest.len());
        let (run, rest) = self.rest.split_at(end);
        self.rest = rest;
        run
    }
}

/// What may stand around the parts of a value.
fn is_space(octet: u8) -> bool {
    octet == b' '
}

/// What may stand around a comma.
fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

fn is_key(octet: u8) -> bool {
    matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*')
}

/// The value of a digit of an escape, which is never in upper case.
fn hexadecimal(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'F' => None,
        _ => char::from(digit).to_digit(16).map(|value| value as u8),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    type Members = Vec<(Vec<u8>, Value)>;

    fn members(text: &[u8]) -> Option<Members> {
        fold(text, Members::new(), |mut members, key, value| {
            members.push((key.to_vec(), value));
            members
        })
    }

    /// The value of the member `a`, which is alone.
    fn value(text: &[u8]) -> Option<Value> {
        let members = members(&[b"a=", text].concat())?;
        assert_eq!((members.len(), members[0].0.as_slice()), (1, &b"a"[..]));
        Some(members[0].1)
    }

    #[test]
    fn members_come_in_their_order_and_repeated() {
        let expected = [
            (b"a".to_vec(), Value::Integer(-15)),
            (b"*b_-.*9".to_vec(), Value::Boolean(true)),
            (b"c".to_vec(), Value::Boolean(false)),
            (b"a".to_vec(), Value::Other),
        ];
        assert_eq!(members(b"  a=-015, *b_-.*9;x=1; y,c=?0;z\t,\t a=(1 2);q ").unwrap(), expected);
        assert_eq!(members(b""), Some(Members::new()));
        assert_eq!(members(b"  "), Some(Members::new()));
    }

    #[test]
    fn white_space_has_its_places() {
        for text in ["a,b", "a ,b", "a\t, \tb", " a,b", "a,b ", "a,b\t", "a; x,b", "a=(1  2 ),b", "a=( ),b"] {
            assert!(members(text.as_bytes()).is_some_and(|members| members.len() == 2), "{text:?}");
        }
        for text in [
            "\ta", "\t", "a =1", "a= 1", "a ;x", "a;\tx", "a;x =1", "a;x= 1", "a=(1\t2)", "a=(\t1)", "a\n",
            "a b",
        ] {
            assert_eq!(members(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn commas_stand_between_members_only() {
        for text in [",", "a,", "a, ", ",a", "a,,b", "a, ,b", "a=,b", "a;b", "a;,b"] {
            let expected = if text == "a;b" { Some(1) } else { None };
            assert_eq!(members(text.as_bytes()).map(|members| members.len()), expected, "{text:?}");
        }
    }

    #[test]
    fn keys_are_in_lower_case() {
        for text in ["A", "aB", "1", "1a", "-", "_a", ".a", "=1", "a;B", "a;1", "a;", "a;=1", "\u{e4}"] {
            assert_eq!(members(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn integers_have_at_most_15_digits() {
        let cases: [(&str, i64); 6] = [
            ("0", 0),
            ("-0", 0),
            ("007", 7),
            ("999999999999999", 999_999_999_999_999),
            ("-999999999999999", -999_999_999_999_999),
            ("000000000000001", 1),
        ];
        for (text, number) in cases {
            assert_eq!(value(text.as_bytes()), Some(Value::Integer(number)), "{text}");
        }
        for text in ["", "-", "--1", "+1", "1-", "1e3", "0x1", "0000000000000000", "1000000000000000"] {
            assert_eq!(value(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn decimals_have_at_most_12_digits_and_3() {
        for text in ["1.0", "-1.125", "00.000", "999999999999.999"] {
            assert_eq!(value(text.as_bytes()), Some(Value::Other), "{text}");
        }
        for text in ["1.", ".5", "-.5", "1.1234", "1000000000000.0", "1.2.3", "1.-2", "1,5"] {
            assert_eq!(value(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn each_type_is_told() {
        let cases = [
            ("?1", Value::Boolean(true)),
            ("?0;x", Value::Boolean(false)),
            ("5;x=?1", Value::Integer(5)),
            ("T:/!#$%&'*+-.^_`|~9", Value::Other),
            ("*", Value::Other),
            (r#""""#, Value::Other),
            (r#"" ~,;=(\"\\""#, Value::Other),
            ("()", Value::Other),
            (r#"(a 1;b=:YQ==: "c)");d"#, Value::Other),
            ("@-1659578233", Value::Other),
            ("@999999999999999", Value::Other),
        ];
        for (text, expected) in cases {
            assert_eq!(value(text.as_bytes()), Some(expected), "{text}");
        }
        for text in [
            "?",
            "?2",
            "?true",
            "?11",
            "a@",
            "'a'",
            "\"",
            r#""\"#,
            r#""\a""#,
            "\"\t\"",
            "\"\x7f\"",
            "\"\u{e4}\"",
            "(",
            "(a",
            "(a ",
            "(a;b",
            "(a,b)",
            "((a))",
            "(\"a\"b)",
            "@",
            "@-",
            "@1.0",
            "@a",
            "{",
            "!",
            "=",
        ] {
            assert_eq!(value(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn byte_sequences_may_lack_padding() {
        for text in ["::", ":YQ==:", ":YQ=:", ":YQ:", ":YWI=:", ":YWI:", ":YWJj:", ":+/+/:", ":YR==:"] {
            assert_eq!(value(text.as_bytes()), Some(Value::Other), "{text}");
        }
        for text in
            [":", ":YQ", ":Y:", ":Y===:", ":=:", ":=YQ=:", ":YQ===:", ":YWI==:", ":YWJj=:", ":-_-_:", ":Y Q:"]
        {
            assert_eq!(value(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn display_strings_are_utf_8() {
        for text in [r#"%"""#, r#"%"a\b%25%22""#, r#"%"%00%7f""#, r#"%"%c3%a4%e2%82%ac%f0%9f%92%a9!""#] {
            assert_eq!(value(text.as_bytes()), Some(Value::Other), "{text}");
        }
        for text in [
            "%",
            "%a",
            "%\"",
            "%\"%",
            "%\"%\"",
            "%\"%2\"",
            "%\"%2g\"",
            "%\"%C3%a4\"",
            "%\"%c3%A4\"",
            "%\"%c3\"",
            "%\"%c3a\"",
            "%\"%a4\"",
            "%\"%c0%80\"",
            "%\"%e0%80%80\"",
            "%\"%ed%a0%80\"",
            "%\"%f4%90%80%80\"",
            "%\"%f8%80%80%80\"",
            "%\"%ff\"",
            "%\"\u{e4}\"",
            "%\"\t\"",
            "%\"%+1\"",
        ] {
            assert_eq!(value(text.as_bytes()), None, "{text}");
        }
    }
}
