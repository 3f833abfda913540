//! What is converted comes back.

use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use sans_h2::{Config, Connection, Fields, Indexing, Part};

use super::request;

/// Headers that neither direction treats in a way of their own.
fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>, bool)>> {
    let name = prop_oneof![
        Just("a".to_owned()),
        Just("set-cookie".to_owned()),
        Just("content-type".to_owned()),
        "x-[a-z0-9!#$%&'*+.^_`|~-]{0,20}",
    ];
    let inner = prop_oneof![Just(b'\t'), b' '..=b'~', 0x80..=0xff_u8];
    let outer = prop_oneof![b'!'..=b'~', 0x80..=0xff_u8];
    let value = (vec(outer.clone(), 0..2), vec(inner, 0..12), outer).prop_map(|(first, middle, last)| {
        if first.is_empty() { Vec::new() } else { [first, middle, vec![last]].concat() }
    });
    vec((name, value, any::<bool>()), 0..12)
}

fn header_map(headers: &[(String, Vec<u8>, bool)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value, is_secret) in headers {
        let mut value = HeaderValue::from_bytes(value).expect("a valid value");
        value.set_sensitive(*is_secret);
        map.append(HeaderName::from_bytes(name.as_bytes()).expect("a valid name"), value);
    }
    map
}

/// The fields in the order of a `HeaderMap`: repeats follow the first of their name.
fn add_grouped(mut fields: Fields, headers: &[(String, Vec<u8>, bool)]) -> Fields {
    for (index, (name, ..)) in headers.iter().enumerate() {
        if headers[..index].iter().all(|(earlier, ..)| earlier != name) {
            fields = headers.iter().filter(|(other, ..)| other == name).fold(fields, add);
        }
    }
    fields
}

fn add(fields: Fields, (name, value, is_secret): &(String, Vec<u8>, bool)) -> Fields {
    fields.with_indexing(name, value, if *is_secret { Indexing::Never } else { Indexing::Auto })
}

#[track_caller]
fn assert_same(left: &HeaderMap, right: &HeaderMap) {
    let list = |map: &HeaderMap| -> Vec<_> {
        map.iter().map(|(name, value)| (name.clone(), value.clone(), value.is_sensitive())).collect()
    };
    assert_eq!(list(left), list(right));
}

fn target() -> impl Strategy<Value = [String; 4]> {
    let method =
        prop_oneof![Just("GET".to_owned()), Just("OPTIONS".to_owned()), "[A-Z!#$%&'*+.^_`|~-]{1,30}"]
            .prop_filter("CONNECT has tests of its own", |method| method != "CONNECT");
    let scheme = prop_oneof![Just("http".to_owned()), Just("https".to_owned()), "[a-z][a-z0-9+.-]{0,9}"];
    let authority = "[a-z0-9][a-z0-9.-]{0,20}(:[0-9]{1,4})?|\\[::[0-9a-f]{1,4}\\](:[0-9]{1,4})?";
    let path = "/[a-zA-Z0-9/%!$&'()*+,;=:@._~-]{0,30}(\\?[a-zA-Z0-9/%?=&-]{0,20})?";
    (method, scheme, authority, path).prop_map(<[String; 4]>::from)
}

const NAMES: [&str; 10] =
    [":method", ":scheme", ":authority", ":path", ":protocol", ":status", "host", "cookie", "te", "A"];
const VALUES: [&str; 10] = ["GET", "CONNECT", "https", "a:1", "/", "*", "200", "trailers", "u@a", ""];

/// A field of any kind, often almost right.
fn any_field() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let one_of = |known: &'static [&'static str]| {
        prop_oneof![
            9 => prop::sample::select(known).prop_map(|known| known.as_bytes().to_vec()),
            1 => vec(any::<u8>(), 0..4),
        ]
    };
    (one_of(&NAMES), one_of(&VALUES))
}

/// A section that is often almost right.
fn any_section() -> impl Strategy<Value = Fields> {
    let head = prop_oneof![
        Just(Fields::new()),
        Just(Fields::response(200)),
        Just(Fields::request("GET", "https", "a:1", "/")),
        Just(Fields::new().with(":method", "GET").with(":scheme", "a").with(":path", "/")),
        Just(Fields::new().with(":method", "CONNECT").with(":authority", "a:1")),
    ];
    (head, vec(any_field(), 0..6)).prop_map(|(mut fields, more)| {
        fields.extend(more);
        fields
    })
}

proptest! {
    #[test]
    fn requests_come_back([method, scheme, authority, path] in target(), headers in headers()) {
        let mut sent = request(&method, &format!("{scheme}://{authority}{path}"));
        *sent.headers_mut() = header_map(&headers);
        let fields = Fields::try_from(&sent).unwrap();
        let expected = Fields::request(&method, &scheme, &authority, &path);
        prop_assert_eq!(&fields, &add_grouped(expected, &headers));
        prop_assert!(Connection::client(Config::default()).open(fields.clone(), Part::Last).is_ok());

        let received = Request::try_from(&fields).unwrap();
        prop_assert_eq!((received.method(), received.uri()), (sent.method(), sent.uri()));
        prop_assert_eq!(received.version(), Version::HTTP_2);
        prop_assert!(received.extensions().is_empty());
        assert_same(received.headers(), sent.headers());
        prop_assert_eq!(Method::try_from(&fields), Ok(sent.method().clone()));
        prop_assert_eq!(Uri::try_from(&fields), Ok(sent.uri().clone()));
    }

    #[test]
    fn request_fields_come_back([method, scheme, authority, path] in target(), headers in headers()) {
        let head = || Fields::request(&method, &scheme, &authority, &path);
        let received = Request::try_from(&headers.iter().fold(head(), add)).unwrap();
        prop_assert_eq!(Fields::try_from(&received), Ok(add_grouped(head(), &headers)));
    }

    #[test]
    fn tunnels_come_back([_, scheme, authority, path] in target(), protocol in "[a-z-]{1,12}", headers in headers()) {
        let plain = Fields::new().with(":method", "CONNECT").with(":authority", &authority);
        let extended = Fields::request("CONNECT", &scheme, &authority, &path).with(":protocol", &protocol);
        for fields in [plain, extended] {
            let fields = add_grouped(fields, &headers);
            prop_assert_eq!(Fields::try_from(&Request::try_from(&fields).unwrap()), Ok(fields));
        }
    }

    #[test]
    fn responses_come_back(status in 100_u16..1000, headers in headers()) {
        let mut sent = Response::new(());
        *sent.status_mut() = StatusCode::from_u16(status).unwrap();
        *sent.headers_mut() = header_map(&headers);
        let fields = Fields::try_from(&sent).unwrap();
        prop_assert_eq!(&fields, &add_grouped(Fields::response(status), &headers));

        let received = Response::try_from(&headers.iter().fold(Fields::response(status), add)).unwrap();
        prop_assert_eq!(received.status(), sent.status());
        assert_same(received.headers(), sent.headers());
    }

    #[test]
    fn trailers_come_back(headers in headers()) {
        let sent = header_map(&headers);
        prop_assert_eq!(Fields::try_from(&sent), Ok(add_grouped(Fields::new(), &headers)));
        assert_same(&HeaderMap::try_from(&headers.iter().fold(Fields::new(), add)).unwrap(), &sent);
    }

    /// No list panics, and what one gives makes a list that gives the same.
    #[test]
    fn any_fields_convert_or_are_refused(fields in any_section()) {
        if let Ok(request) = Request::try_from(&fields) {
            let again = Request::try_from(&Fields::try_from(&request).unwrap()).unwrap();
            prop_assert_eq!((request.method(), request.uri()), (again.method(), again.uri()));
            prop_assert_eq!(request.extensions().get::<Scheme>(), again.extensions().get::<Scheme>());
        }
        if let Ok(response) = Response::try_from(&fields) {
            let again = Response::try_from(&Fields::try_from(&response).unwrap()).unwrap();
            prop_assert_eq!(response.status(), again.status());
        }
        if let Ok(trailers) = HeaderMap::try_from(&fields) {
            prop_assert!(Fields::try_from(&trailers).is_ok());
        }
    }
}
