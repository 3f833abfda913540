//! Which octets may stand where (RFC 9110 §5, RFC 3986 §3).

use super::names::NameKind;

/// What one octet may be part of; a set of bits.
const CLASSES: [u8; 256] = classes();

/// In a field name: a token without upper case (RFC 9110 §5.6.2, RFC 9113 §8.2.1).
const NAME: u8 = 1;
/// In a token, such as a method.
const TOKEN: u8 = 1 << 1;
/// In a field value: visible characters, space, tab and everything above ASCII (RFC 9110 §5.5).
const VALUE: u8 = 1 << 2;
/// In a path with its query: what is visible but `#`, and everything above ASCII, which clients send unescaped.
const PATH: u8 = 1 << 3;
/// Octets that stand for themselves in a registered name, and with `:` in user information.
const REG_NAME: u8 = 1 << 4;
/// In a scheme, behind its first letter (RFC 3986 §3.1).
const SCHEME: u8 = 1 << 5;
/// In a field name at the very least: visible ASCII without upper case and colon (RFC 9113 §8.2.1).
const MINIMAL_NAME: u8 = 1 << 6;
/// In an authority whatever it says: what is visible but for the octets that end it (RFC 3986 §3.2).
const ANY_AUTHORITY: u8 = 1 << 7;

/// Which octets the names and values of fields are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grammar {
    /// Those that their definitions allow (RFC 9110 §5.1, §5.5).
    Full,
    /// All but those that nobody may let pass (RFC 9113 §8.2.1).
    Minimal,
}

/// The kinds of values, by their octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
    /// Of those that its definition allows: none that HTTP/1.1 would take for a delimiter, no white space at the ends.
    Right,
    /// The same, and what its name asks of the whole: see [`is_valid`].
    Valid,
    /// Of all but those that nobody may let pass.
    Minimal,
    Wrong,
}

impl ValueKind {
    #[inline]
    pub(super) fn keeps(self, grammar: Grammar) -> bool {
        match self {
            Self::Right | Self::Valid => true,
            Self::Minimal => grammar == Grammar::Minimal,
            Self::Wrong => false,
        }
    }
}

/// The kind of a name that is not among the known ones. Nothing at all is no name in any grammar.
#[inline]
pub(super) fn kind_of_name(name: &[u8]) -> NameKind {
    match name {
        [] => NameKind::Invalid,
        [b':', ..] => NameKind::UnknownPseudo,
        _ if all(name, NAME) => NameKind::Ordinary,
        _ => kind_of_other_name(name),
    }
}

/// The same for what is no name by its definition.
#[cold]
fn kind_of_other_name(name: &[u8]) -> NameKind {
    if all(name, MINIMAL_NAME) { NameKind::Minimal } else { NameKind::Invalid }
}

/// Whether `octets` are a token.
pub(super) fn is_token(octets: &[u8]) -> bool {
    !octets.is_empty() && all(octets, TOKEN)
}

/// The kind of a value behind a name of this kind.
#[inline]
pub(super) fn kind_of_value(value: &[u8], name: NameKind) -> ValueKind {
    if is_valid(value, name) { ValueKind::Valid } else { kind_of_octets(value) }
}

/// The kind of a value of which no name asks more.
#[inline]
fn kind_of_octets(value: &[u8]) -> ValueKind {
    let is_above_blank = |octet: Option<&u8>| octet.is_none_or(|&octet| octet > b' ');
    let is_usual = is_above_blank(value.first()) && is_above_blank(value.last());
    if is_usual && is_text(value) { ValueKind::Right } else { kind_of_other_value(value) }
}

/// The same for what begins or ends with a blank or a control character, or has one within.
#[cold]
fn kind_of_other_value(value: &[u8]) -> ValueKind {
    let is_blank = |octet: Option<&u8>| matches!(octet, Some(b' ' | b'\t'));
    let is_line_break_or_nul = |octet: &u8| matches!(octet, b'\0' | b'\r' | b'\n');
    if is_blank(value.first()) || is_blank(value.last()) || value.iter().any(is_line_break_or_nul) {
        ValueKind::Wrong
    } else {
        ValueKind::Minimal
    }
}

/// Whether a value is a scheme of HTTP, a host, perhaps with a port, a path from the root on, or the word `trailers`:
/// whichever a name of this kind asks for. Such values are of the right octets, and what most messages have.
#[inline]
pub(super) fn is_valid(value: &[u8], name: NameKind) -> bool {
    match (name, value) {
        (NameKind::Scheme, _) => is_http(value),
        (NameKind::Authority, _) => is_authority(value),
        (NameKind::Path, [b'/', rest @ ..]) => is_path(rest),
        (NameKind::Te, _) => is_trailers(value),
        _ => false,
    }
}

/// The only value that `te` may have (RFC 9113 §8.2.2).
fn is_trailers(value: &[u8]) -> bool {
    value.eq_ignore_ascii_case(b"trailers")
}

fn is_http(scheme: &[u8]) -> bool {
    matches!(scheme, b"https" | b"http")
        || scheme.eq_ignore_ascii_case(b"https")
        || scheme.eq_ignore_ascii_case(b"http")
}

/// Whether `octets` may follow the first octet of a `:path`.
pub(super) fn is_path(octets: &[u8]) -> bool {
    let is_in_path = |word| any_less(word, b'!') | any_is(word, b'#') | any_is(word, 0x7f) == 0;
    all_by_words(octets, is_in_path, PATH)
}

/// The host and, after the last colon that is in no brackets, the port.
pub(super) fn split_port(octets: &[u8]) -> (&[u8], Option<&[u8]>) {
    match octets
        .iter()
        .rposition(|octet| matches!(octet, b':' | b']'))
        .and_then(|at| octets.split_at_checked(at))
    {
        Some((host, [b':', port @ ..])) => (host, Some(port)),
        Some(_) | None => (octets, None),
    }
}

/// Whether `octets` are a host, perhaps with a port. Most are plain names: one pass tells.
fn is_authority(octets: &[u8]) -> bool {
    match split_at_other(octets, REG_NAME) {
        ([], _) => is_any_host_and_port(octets),
        (_, []) => true,
        (_, [b':', port @ ..]) => port.iter().all(u8::is_ascii_digit),
        (_, _) => is_any_host_and_port(octets),
    }
}

/// The same for hosts of all kinds.
fn is_any_host_and_port(octets: &[u8]) -> bool {
    let (host, port) = split_port(octets);
    let is_host = match host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) {
        Some(address) => {
            core::str::from_utf8(address).is_ok_and(|address| address.parse::<core::net::Ipv6Addr>().is_ok())
        }
        None => !host.is_empty() && is_reg_name(host),
    };
    is_host && port.is_none_or(|port| port.iter().all(u8::is_ascii_digit))
}

/// Whether these are octets of a registered name (RFC 3986 §3.2.2), of which the coded ones are coded right.
fn is_reg_name(octets: &[u8]) -> bool {
    all(octets, REG_NAME) || is_coded_reg_name(octets)
}

fn is_coded_reg_name(octets: &[u8]) -> bool {
    let mut parts = octets.split(|&octet| octet == b'%');
    parts.next().is_none_or(|plain| all(plain, REG_NAME))
        && parts.all(|part| {
            part.split_first_chunk::<2>().is_some_and(|(digits, plain)| {
                digits.iter().all(u8::is_ascii_hexdigit) && all(plain, REG_NAME)
            })
        })
}

/// The same with a user name, or nothing at all.
pub(super) fn is_authority_with_user(octets: &[u8]) -> bool {
    let mut parts = octets.rsplitn(2, |&octet| octet == b'@');
    let host = parts.next().unwrap_or_default();
    let user = parts.next().unwrap_or_default();
    let is_user = user.split(|&octet| octet == b':').all(is_reg_name);
    is_user && (host.is_empty() || is_authority(host))
}

/// Whether `octets` are of a class that keeps an authority in its place, whatever they say.
pub(super) fn is_any_authority(octets: &[u8]) -> bool {
    all(octets, ANY_AUTHORITY)
}

/// The same with a host, and without a user name.
pub(super) fn is_any_authority_without_user(octets: &[u8]) -> bool {
    is_any_authority(octets) && !octets.contains(&b'@') && !split_port(octets).0.is_empty()
}

/// Whether `octets` are a scheme.
pub(super) fn is_scheme(octets: &[u8]) -> bool {
    octets.first().is_some_and(u8::is_ascii_alphabetic) && all(octets, SCHEME)
}

/// A number in digits, at least one; `None` if it is anything else, or too large to count.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    digits.first()?;
    digits.iter().try_fold(0_u64, |number, &digit| {
        let value = char::from(digit).to_digit(10)?;
        // One comparison tells what a product of 128 bits would.
        if number > u64::MAX / 10 { None } else { number.wrapping_mul(10).checked_add(value.into()) }
    })
}

/// Whether all octets are of the class [`VALUE`].
fn is_text(octets: &[u8]) -> bool {
    let is_plain = |word| any_less(word, b' ') | any_is(word, 0x7f) == 0;
    all_by_words(octets, is_plain, VALUE)
}

/// Whether all octets are of a class. Where `are` says so of each eight of them, none is looked at alone.
#[inline(always)]
fn all_by_words(octets: &[u8], are: impl Fn(u64) -> bool, class: u8) -> bool {
    let mut rest = octets;
    while let Some((eight, behind)) = rest.split_first_chunk() {
        if !are(u64::from_ne_bytes(*eight)) {
            return all_singly(octets, class);
        }
        rest = behind;
    }
    // Of what is no whole word, some octets are looked at twice.
    let last = match (octets.last_chunk(), octets.first_chunk(), octets.last_chunk()) {
        (Some(last), ..) => u64::from_ne_bytes(*last),
        (None, Some(first), Some(last)) => {
            let [first, last] = [first, last].map(|four| u64::from(u32::from_ne_bytes(*four)));
            first << 32 | last
        }
        _ => return all(octets, class),
    };
    are(last) || all_singly(octets, class)
}

#[cold]
#[inline(never)]
fn all_singly(octets: &[u8], class: u8) -> bool {
    all(octets, class)
}

/// Some bits if any of eight octets is less than another of ASCII, none if not.
#[inline(always)]
const fn any_less(word: u64, least: u8) -> u64 {
    // An octet borrows, and sets its highest bit, if it is less than what is taken from it.
    word.wrapping_sub(ONES.wrapping_mul(least as u64)) & !word & HIGH
}

/// Some bits if any of eight octets is another, none if not.
#[inline(always)]
const fn any_is(word: u64, octet: u8) -> u64 {
    any_less(word ^ ONES.wrapping_mul(octet as u64), 1)
}

/// A word of eight octets 1, and one of their highest bits.
const ONES: u64 = u64::MAX / 0xff;
const HIGH: u64 = ONES << 7;

/// What is in front of the first octet that is not of a class, and the rest.
fn split_at_other(octets: &[u8], class: u8) -> (&[u8], &[u8]) {
    let rest = behind_fours(octets, class);
    let other = rest.iter().position(|&octet| class_of(octet) & class == 0);
    let left = rest.len().saturating_sub(other.unwrap_or(rest.len()));
    octets.split_at_checked(octets.len().saturating_sub(left)).unwrap_or_default()
}

fn all(octets: &[u8], class: u8) -> bool {
    behind_fours(octets, class).iter().all(|&octet| class_of(octet) & class != 0)
}

/// What follows as many groups of four octets as are all of a class: a step of a loop is more work than an octet.
#[inline]
fn behind_fours(octets: &[u8], class: u8) -> &[u8] {
    let mut rest = octets;
    while let Some((&[a, b, c, d], behind)) = rest.split_first_chunk() {
        if class_of(a) & class_of(b) & class_of(c) & class_of(d) & class == 0 {
            break;
        }
        rest = behind;
    }
    rest
}

#[expect(clippy::indexing_slicing, reason = "the table has an entry for every octet")]
fn class_of(octet: u8) -> u8 {
    CLASSES[octet as usize]
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "the loop ends with the table")]
const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        classes[octet] = class(octet as u8);
        octet += 1;
    }
    classes
}

const fn class(octet: u8) -> u8 {
    let token = match octet {
        b'a'..=b'z' | b'0'..=b'9' => NAME | TOKEN,
        b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|'
        | b'~' => NAME | TOKEN,
        b'A'..=b'Z' => TOKEN,
        _ => 0,
    };
    let value = match octet {
        b'\t' | b' '..=b'~' | 0x80.. => VALUE,
        _ => 0,
    };
    let path = match octet {
        b'#' => 0,
        b'!'..=b'~' | 0x80.. => PATH,
        _ => 0,
    };
    let reg_name = match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => REG_NAME,
        b'-' | b'.' | b'_' | b'~' => REG_NAME,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => REG_NAME,
        _ => 0,
    };
    let scheme = match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.' => SCHEME,
        _ => 0,
    };
    let minimal_name = match octet {
        b'A'..=b'Z' | b':' => 0,
        b'!'..=b'~' => MINIMAL_NAME,
        _ => 0,
    };
    let any_authority = match octet {
        b'/' | b'?' | b'#' => 0,
        b'!'..=b'~' | 0x80.. => ANY_AUTHORITY,
        _ => 0,
    };
    token | value | path | reg_name | scheme | minimal_name | any_authority
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// RFC 9110 §5.6.2 and RFC 3986 §3.1, told in another way than the table tells them.
    #[test]
    fn the_classes_are_those_of_the_grammar() {
        let classes = classes();
        for octet in 0..=u8::MAX {
            let is = |class| classes[usize::from(octet)] & class != 0;
            let is_tchar = octet.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&octet);
            assert_eq!(is(TOKEN), is_tchar, "{octet:#04x}");
            assert_eq!(is(NAME), is_tchar && !octet.is_ascii_uppercase(), "{octet:#04x}");
            assert_eq!(is(SCHEME), octet.is_ascii_alphanumeric() || b"+-.".contains(&octet), "{octet:#04x}");
            assert_eq!(is(VALUE), octet == b'\t' || octet >= b' ' && octet != 0x7f, "{octet:#04x}");
            let is_visible = octet > b' ' && octet != 0x7f;
            assert_eq!(is(PATH), is_visible && octet != b'#', "{octet:#04x}");
            assert_eq!(is(ANY_AUTHORITY), is_visible && !b"/?#".contains(&octet), "{octet:#04x}");
            assert!(!is(REG_NAME) || is(ANY_AUTHORITY), "{octet:#04x}");
        }
    }

    #[test]
    fn octets_are_judged_alike_wherever_they_stand() {
        for octet in 0..=u8::MAX {
            for around in [b'a', b' ', b'!', 0x7e, 0x80, 0xff, b'\t'] {
                for length in 0..=40 {
                    for at in 0..length {
                        let mut octets = [around; 40];
                        octets[at] = octet;
                        let octets = &octets[..length];
                        assert_eq!(is_text(octets), all(octets, VALUE), "{octets:?}");
                        assert_eq!(is_path(octets), all(octets, PATH), "{octets:?}");
                    }
                }
            }
        }
        assert!(is_text(b"") && is_path(b""));
    }

    #[test]
    fn octets_are_judged_alike_whatever_stands_beside_them() {
        for [octet, other] in (0..=u16::MAX).map(u16::to_le_bytes) {
            let octets = [b'a', octet, other, b'a', octet, octet, other, other];
            assert_eq!(is_text(&octets), all(&octets, VALUE), "{octets:?}");
            assert_eq!(is_path(&octets), all(&octets, PATH), "{octets:?}");
        }
    }

    #[test]
    fn groups_of_octets_are_of_a_class_if_each_octet_is() {
        for length in 0..=13 {
            assert!(all(&[b'a'; 13][..length], NAME));
            for at in 0..length {
                let mut octets = [b'a'; 13];
                octets[at] = b'A';
                let octets = &octets[..length];
                assert!(!all(octets, NAME) && all(octets, TOKEN));
                assert_eq!(split_at_other(octets, NAME), octets.split_at(at));
                assert_eq!(split_at_other(octets, TOKEN), (octets, &[][..]));
            }
        }
    }

    #[test]
    fn one_pass_tells_what_the_general_way_tells() {
        let signs = b"a:1%4[]@-";
        for number in 0..signs.len().pow(5) {
            let mut rest = number;
            let octets: Vec<u8> = core::iter::from_fn(|| {
                let sign = signs[rest % signs.len()];
                rest /= signs.len();
                (rest > 0).then_some(sign)
            })
            .collect();
            let text = octets.escape_ascii();
            assert_eq!(is_authority(&octets), is_any_host_and_port(&octets), "{text}");
        }
    }

    #[test]
    fn a_number_has_digits_only_and_fits() {
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        for text in ["18446744073709551616", "99999999999999999999", "", "+1", "-1", "1 ", "a"] {
            assert_eq!(decimal(text.as_bytes()), None, "{text:?}");
        }
    }
}
