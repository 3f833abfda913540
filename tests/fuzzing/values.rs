//! Values that hold a grammar of their own.

use arbitrary::{Arbitrary, Result, Unstructured};
use bytes::Bytes;
use sans_h2::frame::{AltSvc, Extension, Kind, Origins, PriorityUpdate};
use sans_h2::{Config, Connection, Fields, Preface, Priority};

use super::outcome::MAGIC;

/// Values of `priority` fields, one a line: what is read is written and read as the same, and lines mean what they
/// mean together.
pub fn priority(data: &[u8]) {
    if let Some(priority) = Priority::parse(data) {
        assert_eq!(Priority::parse(priority.to_string().as_bytes()), Some(priority));
    }
    let lines: Vec<&[u8]> = data.split(|&octet| octet == b'\n').map(<[u8]>::trim_ascii).collect();
    let fields: Fields = lines.iter().map(|line| ("priority", *line)).collect();
    let together = lines.join(&b", "[..]);
    // RFC 8941 §4.2: lines that are none by themselves, such as parts of a string, may be refused.
    if let Some(priority) = Priority::of(&fields) {
        assert_eq!(Priority::parse(&together), Some(priority));
    }
}

/// The payload of an extension frame, whose kind is the first octet: what has a meaning is written as the same.
pub fn extension(data: &[u8]) {
    let _ = any_extension(Unstructured::new(data));
}

fn any_extension(mut u: Unstructured<'_>) -> Result<()> {
    let kind: u8 = u.arbitrary()?;
    let kind = [Kind::ALTSVC, Kind::ORIGIN, Kind::PRIORITY_UPDATE][usize::from(kind % 3)];
    let (flags, stream) = if u.arbitrary()? { (u.arbitrary()?, u.arbitrary()?) } else { (0.into(), None) };
    let payload = Bytes::copy_from_slice(u.take_rest());
    let extension = Extension { kind, flags, stream, payload };
    if let Some(altsvc) = AltSvc::parse(&extension) {
        assert_eq!(AltSvc::parse(&altsvc.to_extension().expect("it was in a frame")), Some(altsvc));
    }
    if let Some(origins) = Origins::parse(&extension) {
        let again = Origins::new(origins.iter()).expect("only origins come");
        assert!(Origins::parse(&again.to_extension()).expect("an ORIGIN frame").iter().eq(origins.iter()));
    }
    if let Ok(Some(update)) = PriorityUpdate::parse(&extension) {
        assert_eq!(PriorityUpdate::parse(&update.to_extension()), Ok(Some(update)));
    }
    Ok(())
}

/// What an HTTP/1.1 client sends to go on as HTTP/2: its first octets, `HTTP2-Settings`, and a request.
pub fn upgrade(data: &[u8]) {
    let preface = Preface::of(data);
    assert_eq!(preface == Preface::Http2, data.starts_with(MAGIC));
    assert_eq!(preface == Preface::NeedMore, data.len() < MAGIC.len() && MAGIC.starts_with(data));
    let _ = upgraded(&mut Unstructured::new(data));
}

fn upgraded(u: &mut Unstructured<'_>) -> Result<()> {
    let config = Config::arbitrary(u)?;
    let fields = Fields::arbitrary(u)?;
    let client = Connection::upgraded_client(config.clone(), &fields);
    let http2_settings = if u.arbitrary()? { u.arbitrary()? } else { "" };
    let server = Connection::upgraded_server(config.clone(), http2_settings, &fields);
    let Ok((mut client, stream)) = client else { return Ok(()) };
    assert!(client.stream(stream).is_some());
    if let Ok((mut server, answered)) = server {
        assert_eq!(stream, answered);
        assert!(server.stream(stream).is_some());
    }
    Connection::upgraded_server(config.clone(), &Connection::http2_settings(&config), &fields)
        .map_or_else(|error| panic!("our own settings: {error}"), drop);
    Ok(())
}
