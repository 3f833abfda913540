//! Base64 with the alphabet for URLs and without padding (RFC 4648 §5), as `HTTP2-Settings` carries it.

use alloc::string::String;
use alloc::vec::Vec;

/// The octets as text.
pub(crate) fn encode(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len().div_ceil(3).saturating_mul(4));
    for group in octets.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|nth| u32::from(group.get(nth).copied().unwrap_or(0)));
        let bits = a << 16 | b << 8 | c;
        // A group of n octets takes n + 1 digits.
        let digits = [18, 12, 6, 0].map(|shift| digit(bits >> shift & 63));
        text.extend(digits.iter().take(group.len().saturating_add(1)));
    }
    text
}

/// The octets that `text` stands for; `None` if it is no such text. Padding that completes the last four digits is
/// allowed.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let padding = text.len().saturating_sub(digits.len());
    if padding > 0 && (padding > 2 || text.len() % 4 != 0) {
        return None;
    }
    let mut octets = Vec::with_capacity(digits.len().saturating_mul(3) / 4);
    for group in digits.chunks(4) {
        let mut bits = 0;
        for nth in 0..4 {
            bits = bits << 6 | group.get(nth).map_or(Some(0), |&digit| value(digit))?;
        }
        let [_, a, b, c] = u32::to_be_bytes(bits);
        // n digits hold n − 1 octets; what is left over of the last one must be zero.
        let (whole, rest) = match group.len() {
            2 => (1, &[b, c][..]),
            3 => (2, &[c][..]),
            4 => (3, &[][..]),
            _ => return None,
        };
        if rest.iter().any(|&octet| octet != 0) {
            return None;
        }
        octets.extend([a, b, c].iter().take(whole));
    }
    Some(octets)
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "each arm bounds the value by the letters or digits that are left"
)]
fn digit(value: u32) -> char {
    let value = value as u8;
    char::from(match value {
        0..=25 => b'A' + value,
        26..=51 => b'a' + (value - 26),
        52..=61 => b'0' + (value - 52),
        62 => b'-',
        _ => b'_',
    })
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "each arm bounds the digit from below, and the values are below 64"
)]
fn value(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648() {
        let vectors =
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE")];
        for (octets, text) in vectors {
            assert_eq!(encode(octets.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(octets.as_bytes()));
        }
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
        assert_eq!(decode("Zm9vYg=="), Some(b"foob".to_vec()));
    }

    #[test]
    fn what_is_no_base64url_is_refused() {
        for text in ["Z", "Zm9vY", "Zm+v", "Zm/v", "Zm 9", "Zh", "Zm9", "Zg=a", "\u{e9}A"] {
            assert_eq!(decode(text), None, "{text}");
        }
        for octet in 0..=u8::MAX {
            assert_eq!(decode(&encode(&[octet, 7, octet])), Some(Vec::from([octet, 7, octet])));
        }
    }
}
