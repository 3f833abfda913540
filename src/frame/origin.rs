//! ORIGIN (RFC 8336 §2).

use alloc::vec::Vec;
use core::net::Ipv6Addr;
use core::{iter, str};

use bytes::Bytes;

use super::ext::{split_prefixed, write_prefixed};
use super::{Extension, ExtensionError, Flags, Kind};

/// An ORIGIN frame: the server lists origins that the connection can be used for (RFC 8336 §2).
///
/// A frame without any is of use too: the connection is then for its first origin alone. Only a client that speaks
/// to the server itself, over TLS, looks at it, and no intermediary hands it on (§2.2).
///
/// ```
/// use sans_h2::frame::Origins;
///
/// let origins = Origins::new(["https://a.example", "https://b.example:8443"])?;
/// let mut wire = Vec::new();
/// origins.write(&mut wire)?;
/// assert_eq!(wire, *b"\0\0\x2b\x0c\0\0\0\0\0\0\x11https://a.example\0\x16https://b.example:8443");
///
/// let received = Origins::parse(&origins.to_extension()).unwrap();
/// assert!(received.iter().eq(["https://a.example", "https://b.example:8443"]));
/// # Ok::<_, sans_h2::frame::ExtensionError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// The entries as they are on the wire.
    entries: Bytes,
}

impl Origins {
    /// A frame that lists these.
    ///
    /// # Errors
    /// [`InvalidOrigin`](ExtensionError::InvalidOrigin) if [`iter`](Self::iter) would leave one out, and
    /// [`OriginTooLong`](ExtensionError::OriginTooLong).
    pub fn new(origins: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, ExtensionError> {
        let mut entries = Vec::new();
        for origin in origins {
            let origin = origin.as_ref();
            if !is_origin(origin) {
                return Err(ExtensionError::InvalidOrigin);
            }
            write_prefixed(origin.as_bytes(), &mut entries)?;
        }
        Ok(Self { entries: entries.into() })
    }

    /// Reads the frame; its octets are shared, not copied.
    ///
    /// `None` for a frame of another type, and for one that has to be ignored: it came on a stream, or with one of
    /// the flags that stand for changes that we do not know (RFC 8336 §2.2).
    pub fn parse(extension: &Extension) -> Option<Self> {
        let is_ours = extension.kind == Kind::ORIGIN
            && extension.stream.is_none()
            && u8::from(extension.flags) & INCOMPATIBLE == 0;
        is_ours.then(|| Self { entries: extension.payload.clone() })
    }

    /// The origins in the order of the wire, repeats included.
    ///
    /// Each has a scheme, a host name or an IPv6 address in brackets, and maybe a port, as RFC 6454 §6.2 writes them,
    /// but unlike there letters can be of either case and the port can be the scheme's own: whoever compares has to
    /// normalize. Entries of any other shape are left out, and so is one that the end of the frame cuts off
    /// (RFC 8336 §2.2).
    ///
    /// How many there are is for the peer to say, within [`Limits::max_extension`](super::Limits::max_extension).
    pub fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        let mut rest = &self.entries[..];
        let entries = iter::from_fn(move || {
            let (entry, more) = split_prefixed(rest)?;
            rest = more;
            Some(entry)
        });
        entries.filter_map(|entry| str::from_utf8(entry).ok()).filter(|entry| is_origin(entry))
    }

    /// The frame as it goes on the wire.
    pub fn to_extension(&self) -> Extension {
        Extension { kind: Kind::ORIGIN, flags: Flags::NONE, stream: None, payload: self.entries.clone() }
    }

    /// Appends the frame. The caller keeps its payload, which is each origin and 2 octets for it, within the peer's
    /// SETTINGS_MAX_FRAME_SIZE; what one frame cannot hold can go into another.
    ///
    /// # Errors
    /// [`TooLong`](ExtensionError::TooLong), with nothing appended.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), ExtensionError> {
        self.to_extension().write(out)
    }
}

/// Whether this is the ASCII serialization of an origin that a server can have (RFC 6454 §6.2).
///
/// `null`, which stands for an origin without a server, is not.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    is_scheme(scheme) && is_authority(authority)
}

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
}

/// A host and maybe a port.
fn is_authority(text: &str) -> bool {
    let (is_host, rest) = match text.strip_prefix('[').and_then(|address| address.split_once(']')) {
        Some((address, rest)) => (address.parse::<Ipv6Addr>().is_ok(), rest),
        None => {
            let (host, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
            (is_host_name(host), rest)
        }
    };
    is_host && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
}

/// RFC 3986 §3.2.2 lets a name hold more; but RFC 8336 §2.2 has no wildcards, and names of hosts have nothing else.
fn is_host_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet))
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|octet| octet.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// RFC 8336 §2.2: 0x1, 0x2, 0x4 and 0x8.
const INCOMPATIBLE: u8 = 0x0f;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::StreamId;

    fn extension(payload: impl Into<Bytes>) -> Extension {
        Extension { kind: Kind::ORIGIN, flags: Flags::NONE, stream: None, payload: payload.into() }
    }

    // covers 8336-2.2-1 8336-2.2-3
    #[test]
    fn streams_and_the_first_four_flags_make_it_void() {
        let frame = extension(&b"\0\x09https://a"[..]);
        for flags in 0..=255 {
            let flagged = Extension { flags: flags.into(), ..frame.clone() };
            assert_eq!(Origins::parse(&flagged).is_some(), flags & 0x0f == 0, "{flags:#x}");
            let on_stream = Extension { stream: StreamId::new(1), ..flagged };
            assert_eq!(Origins::parse(&on_stream), None);
        }
        assert_eq!(Origins::parse(&Extension { kind: Kind::ALTSVC, ..frame }), None);
    }

    // covers 8336-2.2-1 9113-4.1-3
    #[test]
    fn it_is_sent_without_stream_and_flags() {
        let mut out = Vec::new();
        Origins::default().write(&mut out).unwrap();
        assert_eq!(out, [0, 0, 0, 12, 0, 0, 0, 0, 0]);
        let received = Origins::parse(&extension(Bytes::new())).unwrap();
        assert_eq!(received, Origins::default());
        assert_eq!(received.iter().count(), 0);
    }

    // covers 8336-2.2-6 8336-2.2-7
    #[test]
    fn entries_that_are_no_origins_are_left_out() {
        let wire = b"\0\x09https://a\0\0\0\x04null\0\x02\xff\xfe\0\x0bhttp://b:80\0\x03a:b\0\x09https://a";
        let origins = Origins::parse(&extension(&wire[..])).unwrap();
        assert!(origins.iter().eq(["https://a", "http://b:80", "https://a"]));
        assert_eq!(origins.to_extension().payload, wire[..]);
    }

    // covers 8336-2.2-7
    #[test]
    fn an_entry_that_is_cut_off_is_left_out() {
        let wire = b"\0\x09https://a\0\x0ahttps://bb";
        for end in 0..=wire.len() {
            let origins = Origins::parse(&extension(wire.get(..end).unwrap())).unwrap();
            let whole = usize::from(end >= 11) + usize::from(end == wire.len());
            assert!(origins.iter().eq(["https://a", "https://bb"].into_iter().take(whole)), "{end}");
        }
    }

    // covers 8336-2.2-6
    #[test]
    fn origins_are_a_scheme_a_host_and_maybe_a_port() {
        let origins = [
            "https://example.com",
            "http://example.com:8080",
            "https://xn--nxasmq6b.example",
            "HTTPS://Example.COM:443",
            "a+b-1.2://_x~y",
            "https://192.0.2.1",
            "https://[2001:db8::1]",
            "https://[::ffff:192.0.2.1]:65535",
            "https://a:0",
        ];
        for origin in origins {
            assert!(is_origin(origin), "{origin}");
        }
        let others = [
            "",
            "null",
            "example.com",
            "https:",
            "https://",
            "https://:443",
            "https:///",
            "//example.com",
            "://example.com",
            "1https://example.com",
            "ht_tp://example.com",
            "https://example.com/",
            "https://example.com?",
            "https://example.com#",
            "https://user@example.com",
            "https://*.example.com",
            "https://%41.example",
            "https://b\u{fc}cher.example",
            "https://example.com ",
            " https://example.com",
            "https://a https://b",
            "https://a\0",
            "https://a:",
            "https://a:+80",
            "https://a:65536",
            "https://a:80:80",
            "https://a:8o",
            "https://[::1",
            "https://[::1]8",
            "https://[::1]:",
            "https://[::1%25eth0]",
            "https://[192.0.2.1]",
            "https://[v1.x]",
            "https://::1",
            "https://[]",
        ];
        for other in others {
            assert!(!is_origin(other), "{other}");
            assert_eq!(Origins::new(["https://a", other]), Err(ExtensionError::InvalidOrigin));
        }
    }

    // covers 8336-2.2-6 8336-2.2-7
    #[test]
    fn every_octet_of_a_host_name_is_looked_at() {
        for octet in 0..=255_u8 {
            let mut wire = *b"\0\x0bhttps://a.b";
            wire[10] = octet;
            let origins = Origins::parse(&extension(wire.to_vec())).unwrap();
            let is_legal = octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
            assert_eq!(origins.iter().count(), usize::from(is_legal), "{octet:#x}");
        }
    }

    #[test]
    fn an_origin_beyond_its_length_field_is_refused() {
        let long = alloc::format!("https://{}", "a".repeat(0x1_0000));
        assert_eq!(Origins::new([&long]), Err(ExtensionError::OriginTooLong));
        assert!(Origins::new([&long[..0xffff]]).unwrap().iter().eq([&long[..0xffff]]));
    }
}
