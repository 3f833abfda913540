//! `Fields` against the types of the `http` crate, both ways.
#![cfg(feature = "http")]

#[path = "http/round_trips.rs"]
mod round_trips;

use bytes::Buf;
use http::header::{AUTHORIZATION, COOKIE, HOST, TE};
use http::uri::{self, PathAndQuery, Scheme};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, request,
    response,
};
use sans_h2::http::{FromFieldsError, IntoFieldsError, Protocol};
use sans_h2::{Config, Connection, Event, Fields, Indexing, Part, Time};

const WEBSOCKET: Protocol = Protocol::from_static("websocket");

fn request(method: &str, uri: &str) -> Request<()> {
    Request::builder().method(method).uri(uri).body(()).expect("a valid request")
}

fn with_header(mut request: Request<()>, name: &'static str, value: &'static str) -> Request<()> {
    request.headers_mut().append(name, HeaderValue::from_static(value));
    request
}

fn with_extension<T: Clone + Send + Sync + 'static>(mut request: Request<()>, extension: T) -> Request<()> {
    request.extensions_mut().insert(extension);
    request
}

#[track_caller]
fn gives(request: Request<()>, expected: Fields) {
    assert_eq!(Fields::try_from(&request), Ok(expected.clone()));
    assert_eq!(Fields::try_from(&request.into_parts().0), Ok(expected));
}

#[track_caller]
fn refuses(request: Request<()>, error: IntoFieldsError) {
    assert_eq!(Fields::try_from(&request), Err(error.clone()));
    assert_eq!(Fields::try_from(&request.into_parts().0), Err(error));
}

#[track_caller]
fn refuses_request(fields: Fields, error: FromFieldsError) {
    assert_eq!(Request::try_from(&fields).map(|_| ()), Err(error.clone()));
    assert_eq!(request::Parts::try_from(&fields).map(|_| ()), Err(error));
}

// covers 9113-8.3.1-2 9113-8.3.1-10
#[test]
fn a_uri_gives_the_pseudo_header_fields() {
    for (uri, [scheme, authority, path]) in [
        ("https://example.com/a/b?c=d", ["https", "example.com", "/a/b?c=d"]),
        ("http://example.com:8080/", ["http", "example.com:8080", "/"]),
        ("HTTPS://[::1]:443", ["https", "[::1]:443", "/"]),
        ("http://example.com?a", ["http", "example.com", "/?a"]),
        ("coap+ws://example.com//", ["coap+ws", "example.com", "//"]),
        ("imap://user@example.com/", ["imap", "user@example.com", "/"]),
    ] {
        gives(request("GET", uri), Fields::request("GET", scheme, authority, path));
        let uri: Uri = uri.parse().unwrap();
        let fields = Fields::try_from((&Method::PUT, &uri));
        assert_eq!(fields, Ok(Fields::request("PUT", scheme, authority, path)));
    }
}

// covers 9113-8.3.1-11
#[test]
fn the_asterisk_form_is_a_path() {
    let mut parts = uri::Parts::default();
    parts.scheme = Some(Scheme::HTTPS);
    parts.authority = Some("example.com".parse().unwrap());
    parts.path_and_query = Some(PathAndQuery::from_static("*"));
    let uri = Uri::from_parts(parts).unwrap();
    let fields = Fields::request("OPTIONS", "https", "example.com", "*");
    assert_eq!(Fields::try_from((&Method::OPTIONS, &uri)), Ok(fields.clone()));

    let received = Request::try_from(&fields).unwrap();
    assert_eq!((received.method(), received.uri()), (&Method::OPTIONS, &uri));
    assert_eq!(received.uri().path(), "*");

    let bare = with_extension(with_header(request("OPTIONS", "*"), "host", "example.com"), Scheme::HTTPS);
    gives(bare, fields.clone());
    gives(with_extension(request("OPTIONS", "example.com"), Scheme::HTTPS), fields);
}

// covers 9113-8.3.1-3
#[test]
fn the_authority_of_the_uri_replaces_host() {
    let absolute = with_header(request("GET", "http://a.example/"), "host", "b.example");
    let absolute = with_header(with_header(absolute, "accept", "*/*"), "host", "not an authority");
    gives(absolute, Fields::request("GET", "http", "a.example", "/").with("accept", "*/*"));
}

// covers 9113-8.3.1-6
#[test]
fn host_gives_the_authority_that_the_uri_has_not() {
    let origin = || with_extension(with_header(request("GET", "/a"), "accept", "*/*"), Scheme::HTTP);
    let with_host = |host| with_header(origin(), "host", host);
    let expected = Fields::request("GET", "http", "example.com:81", "/a").with("accept", "*/*");
    gives(with_host(" example.com:81 "), expected);

    let without = Fields::new().with(":method", "GET").with(":scheme", "http").with(":path", "/a");
    gives(origin(), without.clone().with("accept", "*/*"));
    gives(with_host(""), without.with("accept", "*/*").with("host", ""));

    for invalid in ["a b", "user@example.com", "example.com/", "a:1:2"] {
        refuses(with_host(invalid), IntoFieldsError::InvalidAuthority);
    }
    refuses(with_header(with_host("example.com"), "host", "example.com"), IntoFieldsError::InvalidAuthority);
}

// covers 9113-8.3.1-8 9113-8.3.1-12
#[test]
fn a_request_needs_its_scheme_and_an_authority_without_user() {
    refuses(with_header(request("GET", "/"), "host", "example.com"), IntoFieldsError::MissingScheme);
    refuses(request("GET", "example.com:80"), IntoFieldsError::MissingScheme);
    refuses(request("GET", "https://user@example.com/"), IntoFieldsError::InvalidAuthority);
    refuses(request("CONNECT", "user@example.com:80"), IntoFieldsError::InvalidAuthority);
    gives(
        with_extension(request("GET", "example.com:80"), Scheme::HTTP),
        Fields::request("GET", "http", "example.com:80", "/"),
    );
}

// covers 9113-8.5-1
#[test]
fn connect_is_an_authority_only() {
    let fields = Fields::new().with(":method", "CONNECT").with(":authority", "example.com:443");
    gives(request("CONNECT", "example.com:443"), fields.clone());
    gives(request("CONNECT", "https://example.com:443/"), fields.clone());
    gives(with_header(request("CONNECT", "example.com:443"), "host", "example.com"), fields.clone());
    refuses(request("CONNECT", "/"), IntoFieldsError::MissingAuthority);

    let received = Request::try_from(&fields).unwrap();
    assert_eq!((received.method(), received.uri()), (&Method::CONNECT, &"example.com:443".parse().unwrap()));
    assert_eq!(received.uri().scheme(), None);
    assert_eq!(received.uri().path_and_query(), None);

    let method = || Fields::new().with(":method", "CONNECT");
    refuses_request(method(), FromFieldsError::MissingPseudoField(":authority"));
    refuses_request(method().with("host", "a:1"), FromFieldsError::MissingPseudoField(":authority"));
    refuses_request(fields.clone().with(":path", "/"), FromFieldsError::UnexpectedPseudoField(":path"));
    refuses_request(fields.with(":scheme", "http"), FromFieldsError::UnexpectedPseudoField(":scheme"));
    refuses_request(method().with(":authority", "u@a:1"), FromFieldsError::InvalidAuthority);
}

// covers 8441-4-1
#[test]
fn extended_connect_carries_its_protocol() {
    let fields = Fields::request("CONNECT", "https", "example.com", "/chat").with(":protocol", "websocket");
    let request_of = |uri| with_extension(request("CONNECT", uri), WEBSOCKET);
    gives(request_of("https://example.com/chat"), fields.clone());
    refuses(request_of("example.com:443"), IntoFieldsError::MissingScheme);
    refuses(with_extension(request_of("/chat"), Scheme::HTTPS), IntoFieldsError::MissingAuthority);
    refuses(
        with_extension(request("GET", "https://example.com/"), WEBSOCKET),
        IntoFieldsError::ProtocolWithoutConnect,
    );

    let received = Request::try_from(&fields).unwrap();
    assert_eq!(received.uri(), "https://example.com/chat");
    assert_eq!(received.extensions().get(), Some(&WEBSOCKET));
    let connect = Fields::request("CONNECT", "https", "example.com", "/");
    refuses_request(connect.with(":protocol", "web socket"), FromFieldsError::InvalidProtocol);
}

// covers 9113-8.2.2-1 9113-8.2.2-3
#[test]
fn connection_specific_headers_are_refused_both_ways() {
    let uri = "https://example.com/";
    let plain = || Fields::request("GET", "https", "example.com", "/");
    for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        refuses(with_header(request("GET", uri), name, "x"), IntoFieldsError::ConnectionSpecificField(name));
        refuses_request(plain().with(name, "x"), FromFieldsError::ConnectionSpecificField(name));

        let mut response = Response::new(());
        response.headers_mut().insert(name, HeaderValue::from_static("x"));
        let refused = Err(IntoFieldsError::ConnectionSpecificField(name));
        assert_eq!(Fields::try_from(&response), refused);
        assert_eq!(Fields::try_from(response.headers()), refused);
        assert_eq!(Fields::try_from(&response.into_parts().0), refused);
        let refused = FromFieldsError::ConnectionSpecificField(name);
        let fields = Fields::response(200).with(name, "x");
        assert_eq!(Response::try_from(&fields).map(|_| ()), Err(refused.clone()));
        assert_eq!(HeaderMap::try_from(&Fields::new().with(name, "x")), Err(refused));
    }

    gives(with_header(request("GET", uri), "te", "Trailers"), plain().with("te", "Trailers"));
    assert_eq!(Request::try_from(&plain().with("te", "trailers")).unwrap().headers()[TE], "trailers");
    refuses(with_header(request("GET", uri), "te", "gzip"), IntoFieldsError::InvalidTe);
    refuses_request(plain().with("te", "gzip"), FromFieldsError::InvalidTe);
    let mut trailers = HeaderMap::new();
    trailers.insert(TE, HeaderValue::from_static("trailers"));
    assert_eq!(Fields::try_from(&trailers), Err(IntoFieldsError::InvalidTe));
    let fields = Fields::response(200).with("te", "trailers");
    assert_eq!(Response::try_from(&fields).map(|_| ()), Err(FromFieldsError::InvalidTe));
}

// covers 9113-8.2-1
#[test]
fn names_are_in_lower_case() {
    let response = Response::builder().header("X-Name", "Value").body(()).unwrap();
    assert_eq!(Fields::try_from(&response), Ok(Fields::response(200).with("x-name", "Value")));
}

#[test]
fn a_secret_stays_one() {
    let fields = Fields::response(200).with_indexing("set-cookie", "a=1", Indexing::Never).with_indexing(
        "set-cookie",
        "b=2",
        Indexing::Without,
    );
    let response = Response::try_from(&fields).unwrap();
    let secrets: Vec<_> = response.headers().get_all("set-cookie").iter().map(|v| v.is_sensitive()).collect();
    assert_eq!(secrets, [true, false]);
    let marks: Vec<_> = Fields::try_from(&response).unwrap().iter().map(|field| field.indexing).collect();
    assert_eq!(marks, [Indexing::Auto, Indexing::Never, Indexing::Auto]);
}

// covers 9113-8.2.1-6
#[test]
fn white_space_around_a_value_is_not_part_of_it() {
    let mut trailers = HeaderMap::new();
    trailers.insert("a", HeaderValue::from_static(" \t x y\t"));
    trailers.insert("b", HeaderValue::from_static(" "));
    assert_eq!(Fields::try_from(&trailers), Ok(Fields::new().with("a", "x y").with("b", "")));
}

// covers 9113-8.2.3-1
#[test]
fn cookies_become_one() {
    let fields = Fields::request("GET", "https", "example.com", "/")
        .with("cookie", "a=1")
        .with("accept", "*/*")
        .with_indexing("cookie", "", Indexing::Never)
        .with("cookie", "c=3");
    let received = Request::try_from(&fields).unwrap();
    let cookies: Vec<_> = received.headers().get_all(COOKIE).iter().collect();
    assert_eq!(cookies, ["a=1; ; c=3"]);
    assert!(cookies[0].is_sensitive());
    assert_eq!(received.headers().keys().collect::<Vec<_>>(), ["cookie", "accept"]);

    let one = Fields::new().with("cookie", "a=1");
    assert!(!HeaderMap::try_from(&one).unwrap()[COOKIE].is_sensitive());
    let invalid = one.with("cookie", "\0");
    assert_eq!(HeaderMap::try_from(&invalid), Err(FromFieldsError::InvalidFieldValue(COOKIE)));
}

/// Quadratic work on this many would take minutes.
#[test]
fn cookies_are_joined_in_linear_time() {
    let crumbs = 200_000;
    let fields: Fields = (0..crumbs).map(|_| ("cookie", "abc")).collect();
    let map = HeaderMap::try_from(&fields).unwrap();
    assert_eq!(map[COOKIE].len(), crumbs * 5 - 2);
}

#[test]
fn a_section_of_too_many_names_is_an_error_and_many_repeats_are_none() {
    let names: Fields = (0..40_000).map(|n| (format!("n{n}"), "")).collect();
    assert_eq!(HeaderMap::try_from(&names), Err(FromFieldsError::TooManyFields));
    let repeats: Fields = (0..40_000).map(|_| ("n", "")).collect();
    assert_eq!(HeaderMap::try_from(&repeats).unwrap().len(), 40_000);
}

#[test]
fn a_target_without_authority_keeps_its_scheme() {
    let fields = Fields::new().with(":method", "GET").with(":scheme", "HTTPS").with(":path", "/a");
    let received = Request::try_from(&fields).unwrap();
    assert_eq!(received.uri(), "/a");
    assert_eq!(received.extensions().get(), Some(&Scheme::HTTPS));
    let lower = Fields::new().with(":method", "GET").with(":scheme", "https").with(":path", "/a");
    assert_eq!(Fields::try_from(&received), Ok(lower.clone()));

    let received = Request::try_from(&lower.clone().with("host", "example.com")).unwrap();
    assert_eq!(received.uri(), "https://example.com/a");
    assert_eq!(received.headers()[HOST], "example.com");
    assert_eq!(received.extensions().get::<Scheme>(), None);

    assert_eq!(Uri::try_from(&lower.clone().with("host", "")), Ok(Uri::from_static("/a")));
    refuses_request(lower.clone().with("host", "a").with("host", "a"), FromFieldsError::InvalidAuthority);
    refuses_request(lower.with("host", "u@a"), FromFieldsError::InvalidAuthority);
}

// covers 9113-8.3.1-1
#[test]
fn host_does_not_replace_the_authority() {
    let fields = Fields::request("GET", "https", "a.example", "/").with("host", "b.example");
    assert_eq!(Uri::try_from(&fields).unwrap(), "https://a.example/");
}

#[test]
fn what_a_uri_cannot_hold_is_refused() {
    let with = |scheme, authority, path| Fields::request("GET", scheme, authority, path);
    for scheme in ["", "1a", "a b", "http:", "~", "\u{e9}"] {
        refuses_request(with(scheme, "a", "/"), FromFieldsError::InvalidScheme);
    }
    for authority in ["", "a b", "u@a", "a/", "a?", "a#", "a:1:2", "[::1", "\u{e9}"] {
        refuses_request(with("https", authority, "/"), FromFieldsError::InvalidAuthority);
    }
    let long = "/".repeat(65_535);
    for path in ["", "a", "?a", "#", "/a#b", "/a?b#c", "/a b", "**", "*?", "/\u{7f}", &long] {
        refuses_request(with("https", "a", path), FromFieldsError::InvalidPath);
    }
    assert_eq!(Uri::try_from(&with("imap", "u@a", "/")).unwrap(), "imap://u@a/");
    assert_eq!(Uri::try_from(&with("https", "a", "/\u{e9}?\u{e9}")).unwrap().path(), "/\u{e9}");
    for method in ["", "G T", "G\u{e9}"] {
        let fields = Fields::request(method, "https", "a", "/");
        refuses_request(fields.clone(), FromFieldsError::InvalidMethod);
        assert_eq!(Method::try_from(&fields), Err(FromFieldsError::InvalidMethod));
    }
    for status in ["", "1", "099", "20", "2000", "abc", "+20"] {
        let fields = Fields::new().with(":status", status);
        assert_eq!(StatusCode::try_from(&fields), Err(FromFieldsError::InvalidStatus));
        assert_eq!(response::Parts::try_from(&fields).map(|_| ()), Err(FromFieldsError::InvalidStatus));
    }
}

#[test]
fn pseudo_header_fields_are_told_apart() {
    let get = || Fields::request("GET", "https", "a", "/");
    refuses_request(get().with(":path", "/"), FromFieldsError::RepeatedPseudoField(":path"));
    refuses_request(get().with(":other", "/"), FromFieldsError::UnknownPseudoField);
    refuses_request(get().with(":", "/"), FromFieldsError::UnknownPseudoField);
    refuses_request(get().with(":status", "200"), FromFieldsError::UnexpectedPseudoField(":status"));
    refuses_request(get().with(":protocol", "a"), FromFieldsError::UnexpectedPseudoField(":protocol"));
    let late = Fields::new().with("a", "b").with(":method", "GET");
    refuses_request(late.clone(), FromFieldsError::PseudoFieldAfterRegular(":method"));
    assert_eq!(HeaderMap::try_from(&late), Err(FromFieldsError::PseudoFieldAfterRegular(":method")));
    let trailers = Fields::response(200);
    assert_eq!(HeaderMap::try_from(&trailers), Err(FromFieldsError::UnexpectedPseudoField(":status")));
}

const PSEUDO: [(&str, &str); 6] = [
    (":method", "GET"),
    (":scheme", "https"),
    (":authority", "a:1"),
    (":path", "/"),
    (":protocol", "p"),
    (":status", "200"),
];

/// What RFC 9113 §8.3.1, §8.3.2 and §8.5 and RFC 8441 §4 make of a set of pseudo-header fields.
// covers 9113-8.3.1-12
#[test]
fn every_set_of_pseudo_header_fields_is_what_the_rfc_says() {
    for method in ["GET", "CONNECT"] {
        for set in 0_u32..64 {
            let has = |index: usize| set & (1 << index) != 0;
            let fields: Fields = (0..6)
                .filter(|&index| has(index))
                .map(|index| if index == 0 { (":method", method) } else { PSEUDO[index] })
                .collect();
            let [has_method, scheme, authority, path, protocol, status] = [0, 1, 2, 3, 4, 5].map(has);
            let is_request = has_method
                && !status
                && match (method, protocol) {
                    ("GET", false) => scheme && path,
                    ("GET", true) => false,
                    (_, false) => authority && !scheme && !path,
                    (_, true) => scheme && authority && path,
                };
            assert_eq!(Request::try_from(&fields).is_ok(), is_request, "{fields:?}");
            assert_eq!(Method::try_from(&fields).is_ok(), is_request, "{fields:?}");
            assert_eq!(Uri::try_from(&fields).is_ok(), is_request, "{fields:?}");
            assert_eq!(Response::try_from(&fields).is_ok(), set == 1 << 5, "{fields:?}");
            assert_eq!(StatusCode::try_from(&fields).is_ok(), set == 1 << 5, "{fields:?}");
            assert_eq!(HeaderMap::try_from(&fields).is_ok(), set == 0, "{fields:?}");
        }
    }
}

// covers 9113-8.2.1-3 9113-8.2.1-4
#[test]
fn every_octet_of_a_name_and_a_value_is_what_the_rfc_says() {
    for octet in 0..=u8::MAX {
        let in_name = matches!(octet, b'a'..=b'z' | b'0'..=b'9') || b"!#$%&'*+-.^_`|~".contains(&octet);
        let map = HeaderMap::try_from(&Fields::new().with([b'x', octet], "v"));
        assert_eq!(map.err(), (!in_name).then_some(FromFieldsError::InvalidFieldName), "{octet:#x}");

        let in_value = octet == b'\t' || (octet >= b' ' && octet != 0x7f);
        let map = HeaderMap::try_from(&Fields::new().with("x", [b'a', octet, b'a']));
        let refused = FromFieldsError::InvalidFieldValue(HeaderName::from_static("x"));
        assert_eq!(map.err(), (!in_value).then_some(refused), "{octet:#x}");
    }
    assert_eq!(HeaderMap::try_from(&Fields::new().with("", "")), Err(FromFieldsError::InvalidFieldName));
    let long = Fields::new().with(vec![b'a'; 1 << 16], "");
    assert_eq!(HeaderMap::try_from(&long), Err(FromFieldsError::InvalidFieldName));
}

#[test]
fn every_status_comes_back() {
    for status in 100..1000 {
        let status = StatusCode::from_u16(status).unwrap();
        let fields = Fields::from(status);
        assert_eq!(StatusCode::try_from(&fields), Ok(status));
        let response = Response::try_from(&fields).unwrap();
        assert_eq!((response.status(), response.version()), (status, Version::HTTP_2));
        assert_eq!(Fields::try_from(&response), Ok(fields));
    }
}

#[test]
fn errors_say_what_is_wrong() {
    assert_eq!(FromFieldsError::MissingPseudoField(":path").to_string(), ":path is missing");
    let value = FromFieldsError::InvalidFieldValue(AUTHORIZATION);
    assert_eq!(value.to_string(), "invalid value of authorization");
    let upgrade = IntoFieldsError::ConnectionSpecificField("upgrade");
    assert_eq!(upgrade.to_string(), "upgrade is specific to HTTP/1.1 connections");
    let _: &dyn std::error::Error = &upgrade;
}

#[test]
fn a_request_crosses_two_engines() {
    let uri = "https://example.com/a?b";
    let sent = with_header(with_header(request("POST", uri), "x", "1"), "x", "2");
    let mut client = Connection::client(Config::default());
    client.open(Fields::try_from(&sent).unwrap(), Part::Last).expect("a new connection");
    let mut output = client.output();
    let octets = output.copy_to_bytes(output.remaining());

    let mut server = Connection::server(Config::default());
    let mut input = &octets[..];
    let mut received = None;
    while let Some(event) = server.poll(&mut input, Time::ZERO) {
        if let Event::Headers { fields, .. } = event {
            received = Some(Request::try_from(&fields).expect("a valid request"));
        }
    }
    let received = received.expect("the request arrives");
    assert_eq!((received.method(), received.uri()), (sent.method(), sent.uri()));
    assert_eq!(received.headers(), sent.headers());
}
