//! What the RFCs say of a section of fields, written from their text alone: the judge of the engine's rules.

use std::net::Ipv6Addr;
use std::str;

use sans_h2::Violation::{self, *};
use sans_h2::{Field, Fields};

use crate::support::Section;

/// RFC 9113 §8.2.2 and RFC 9110 §7.6.1.
pub(crate) const CONNECTION_SPECIFIC: [&[u8]; 5] =
    [b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"];

/// Which of the rules that the RFCs leave open do not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Leave {
    /// RFC 9113 §8.2.1: a "should" where it says what names and values are, a "must" where it says the least of it.
    pub(crate) octets: bool,
    /// RFC 9113 §8.3.1: servers should compare `host` with `:authority`, and hops may let it be.
    pub(crate) host: bool,
    /// RFC 9113 §8.3.1: `:method`, `:scheme` and `:path` have to be valid; of `:authority` it says less.
    pub(crate) authority: bool,
}

/// Every rule that the section breaks, of which the engine may name any; none if it is as the RFCs have it.
pub(crate) fn faults(section: Section, fields: &Fields) -> Vec<Violation> {
    faults_but(Leave::default(), section, fields)
}

/// The same of the rules that are left.
pub(crate) fn faults_but(leave: Leave, section: Section, fields: &Fields) -> Vec<Violation> {
    let list: Vec<Field<'_>> = fields.iter().collect();
    let mut found = wrong_set(section, fields);
    if !leave.host {
        found.extend(wrong_host(section, fields));
    }
    let is_field_name = |name| if leave.octets { is_least_name(name) } else { is_field_name(name) };
    let is_field_value = |value| if leave.octets { is_least_value(value) } else { is_field_value(value) };
    for (nth, &Field { name, value, .. }) in list.iter().enumerate() {
        found.extend((!is_field_value(value)).then_some(InvalidFieldValue));
        let is_repeated = list[..nth].iter().any(|earlier| earlier.name == name);
        if let Some(rest) = name.strip_prefix(b":") {
            let is_late = list[..nth].iter().any(|earlier| !earlier.name.starts_with(b":"));
            found.extend(is_late.then_some(PseudoFieldAfterRegular));
            found.extend(is_repeated.then_some(RepeatedPseudoField));
            found.extend((!is_field_name(rest)).then_some(InvalidFieldName));
            found.extend(misplaced(section, name));
            found.extend(wrong_control_data(leave, fields, name, value));
        } else {
            found.extend((!is_field_name(name)).then_some(InvalidFieldName));
            found.extend(
                wrong_field(section, name, value).or(is_repeated.then(|| alone(section, name)).flatten()),
            );
        }
    }
    found
}

/// RFC 9110 §5.1, and RFC 9113 §8.2.1: no upper case.
fn is_field_name(name: &[u8]) -> bool {
    is_token(name) && !name.iter().any(u8::is_ascii_uppercase)
}

/// RFC 9110 §5.6.2.
fn is_token(octets: &[u8]) -> bool {
    let is_tchar = |octet: &u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(octet);
    !octets.is_empty() && octets.iter().all(is_tchar)
}

/// RFC 9110 §5.5: what is visible or above ASCII, with space and tab but at the ends.
fn is_field_value(value: &[u8]) -> bool {
    let is_space = |octet: &u8| [b' ', b'\t'].contains(octet);
    let ends_in_space = value.first().is_some_and(is_space) || value.last().is_some_and(is_space);
    !ends_in_space && value.iter().all(|octet| is_space(octet) || matches!(octet, 0x21..=0x7e | 0x80..))
}

/// RFC 9113 §8.2.1: three ranges and the colon are ruled out. A name has an octet at least (RFC 9110 §5.1).
fn is_least_name(name: &[u8]) -> bool {
    let is_out = |octet: &u8| matches!(octet, 0x00..=0x20 | 0x41..=0x5a | 0x7f..=0xff | 0x3a);
    !name.is_empty() && !name.iter().any(is_out)
}

/// RFC 9113 §8.2.1: three octets nowhere, two not at the ends.
fn is_least_value(value: &[u8]) -> bool {
    let ends = [value.first(), value.last()];
    !ends.iter().flatten().any(|&&octet| octet == 0x20 || octet == 0x09)
        && [0x00, 0x0a, 0x0d].iter().all(|octet| !value.contains(octet))
}

/// RFC 9113 §8.3, §8.3.1 and §8.3.2, RFC 8441 §4.
fn misplaced(section: Section, name: &[u8]) -> Vec<Violation> {
    match (section, name) {
        (Section::Request | Section::ExtendedRequest, b":method" | b":scheme" | b":authority" | b":path")
        | (Section::ExtendedRequest, b":protocol")
        | (Section::Response, b":status") => vec![],
        (_, b":method" | b":scheme" | b":authority" | b":path" | b":status") => vec![PseudoFieldNotAllowed],
        (_, b":protocol") => vec![PseudoFieldNotAllowed, UnknownPseudoField],
        (Section::RequestTrailers | Section::ResponseTrailers, _) => {
            vec![PseudoFieldNotAllowed, UnknownPseudoField]
        }
        _ => vec![UnknownPseudoField],
    }
}

fn wrong_control_data(leave: Leave, fields: &Fields, name: &[u8], value: &[u8]) -> Option<Violation> {
    let method = fields.get(":method").unwrap_or_default();
    let is_http = matches!(&scheme_of(fields)[..], b"http" | b"https");
    let is_tunnel = method == b"CONNECT" && fields.get(":protocol").is_none();
    let (is_valid, violation) = match name {
        b":method" => (is_token(value), InvalidMethod),
        b":protocol" => (is_token(value), InvalidProtocol),
        b":scheme" => {
            let is_inner = |octet: &u8| octet.is_ascii_alphanumeric() || b"+-.".contains(octet);
            (value.first().is_some_and(u8::is_ascii_alphabetic) && value.iter().all(is_inner), InvalidScheme)
        }
        b":path" => {
            // No fragment; what RFC 3986 would have escaped comes as it is from too many clients.
            let is_path = value.iter().all(|octet| matches!(octet, b'!'..=b'~' | 0x80..) && *octet != b'#');
            let is_asterisk = value == b"*" && method == b"OPTIONS";
            (is_path && (!is_http || value.starts_with(b"/") || is_asterisk), InvalidPath)
        }
        b":authority" if is_tunnel => {
            (is_authority(value) && split_port(value).1.is_some_and(is_tcp_port), InvalidAuthority)
        }
        b":authority" if leave.authority => (is_somewhere(value, is_http), InvalidAuthority),
        b":authority" if is_http => (is_authority(value), InvalidAuthority),
        b":authority" => {
            let (user, host) =
                value.split_at(value.iter().position(|&octet| octet == b'@').map_or(0, |at| at + 1));
            let is_user = is_uri(user.strip_suffix(b"@").unwrap_or_default(), b":");
            (is_user && (host.is_empty() || is_authority(host)), InvalidAuthority)
        }
        b":status" if value == b"101" => (false, SwitchingProtocols),
        // RFC 9110 §15: a client takes 600 to 999 for 5xx.
        b":status" => (matches!(value, [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9']), InvalidStatus),
        _ => return None,
    };
    (!is_valid).then_some(violation)
}

fn scheme_of(fields: &Fields) -> Vec<u8> {
    fields.get(":scheme").unwrap_or_default().to_ascii_lowercase()
}

/// What RFC 3986 §2 allows everywhere, escaped octets, and `more`.
fn is_uri(value: &[u8], more: &[u8]) -> bool {
    value.iter().enumerate().all(|(at, octet)| match octet {
        b'%' => value.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        _ => octet.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(octet) || more.contains(octet),
    })
}

/// The host and, after the last colon that is in no brackets, the port.
fn split_port(value: &[u8]) -> (&[u8], Option<&[u8]>) {
    match value.iter().rposition(|&octet| octet == b':' || octet == b']') {
        Some(at) if value[at] == b':' => (&value[..at], Some(&value[at + 1..])),
        _ => (value, None),
    }
}

/// RFC 3986 §3.2 without a user; RFC 9110 §4.2.1: with a host.
fn is_authority(value: &[u8]) -> bool {
    let (host, port) = split_port(value);
    let is_host = match host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) {
        Some(address) => str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => !host.is_empty() && is_uri(host, b""),
    };
    is_host && port.unwrap_or_default().iter().all(u8::is_ascii_digit)
}

/// RFC 9110 §9.3.6, of any length in digits (RFC 3986 §3.2.3): a number of 16 bits, and not zero.
fn is_tcp_port(port: &[u8]) -> bool {
    let zeros = port.iter().take_while(|&&digit| digit == b'0').count();
    let number = str::from_utf8(&port[zeros..]).unwrap_or_default();
    number.parse::<u16>().is_ok_and(|number| number > 0)
}

/// RFC 3986 §3.2: an authority ends before `/`, `?` and `#`, which is all that can be told of one in an unknown syntax.
/// RFC 9113 §8.3.1 and RFC 9110 §4.2.1: with `http` there is a host, and no user.
fn is_somewhere(value: &[u8], is_http: bool) -> bool {
    let is_inside = |octet: &u8| !b"/?#".contains(octet) && !octet.is_ascii_control() && *octet != b' ';
    let has_host = !split_port(value).0.is_empty() && !value.contains(&b'@');
    value.iter().all(is_inside) && (has_host || !is_http)
}

/// RFC 9113 §8.2.2, and the syntax of RFC 9110 §8.6; no stream can hold more than 64 bits count.
fn wrong_field(section: Section, name: &[u8], value: &[u8]) -> Option<Violation> {
    let is_number =
        || value.iter().all(u8::is_ascii_digit) && str::from_utf8(value).unwrap().parse::<u64>().is_ok();
    match name {
        b"te" if section.is_request() && value.eq_ignore_ascii_case(b"trailers") => None,
        b"te" => Some(InvalidTe),
        b"content-length" if !section.is_trailers() => (!is_number()).then_some(InvalidContentLength),
        name => CONNECTION_SPECIFIC.contains(&name).then_some(ConnectionSpecificField),
    }
}

/// What a field breaks that stands there again (RFC 9110 §7.2 and §8.6).
fn alone(section: Section, name: &[u8]) -> Option<Violation> {
    match name {
        b"host" if section.is_request() => Some(HostMismatch),
        b"content-length" if !section.is_trailers() => Some(InvalidContentLength),
        _ => None,
    }
}

/// RFC 9113 §8.3.1, §8.3.2 and §8.5, RFC 8441 §4.
fn wrong_set(section: Section, fields: &Fields) -> Vec<Violation> {
    let missing =
        |names: &[&str]| names.iter().any(|name| fields.get(name).is_none()).then_some(MissingPseudoField);
    let barred =
        |names: &[&str]| names.iter().any(|name| fields.get(name).is_some()).then_some(PseudoFieldNotAllowed);
    let is_connect = fields.get(":method") == Some(b"CONNECT");
    let wrong = match section {
        Section::RequestTrailers | Section::ResponseTrailers => [None, None],
        Section::Response => [missing(&[":status"]), None],
        _ if !is_connect => [missing(&[":method", ":scheme", ":path"]), barred(&[":protocol"])],
        _ if fields.get(":protocol").is_some() => [missing(&[":scheme", ":path"]), None],
        _ => [missing(&[":authority"]), barred(&[":scheme", ":path"])],
    };
    wrong.into_iter().flatten().collect()
}

/// RFC 9113 §8.3.1, with the normalisation of RFC 3986 §6.2.3: case, an empty port, the scheme's own port.
fn wrong_host(section: Section, fields: &Fields) -> Vec<Violation> {
    let default: &[u8] = match &scheme_of(fields)[..] {
        b"http" => b"80",
        b"https" => b"443",
        _ => b"",
    };
    let normal = |value| {
        let (host, port) = split_port(value);
        (host.to_ascii_lowercase(), port.filter(|port| *port != default && !port.is_empty()))
    };
    match (fields.get("host"), fields.get(":authority")) {
        (Some(host), Some(authority)) if section.is_request() && normal(host) != normal(authority) => {
            vec![HostMismatch]
        }
        _ => vec![],
    }
}
