//! Conversions between [`Fields`](crate::Fields) and the types of the `http` crate, both ways (feature `http`).
//!
//! | from | to | how |
//! |---|---|---|
//! | `&Request<T>`, `&request::Parts`, `(&Method, &Uri)` | `Fields` | `TryFrom`, [`IntoFieldsError`] |
//! | `&Response<T>`, `&response::Parts`, `&HeaderMap` (trailers) | `Fields` | `TryFrom`, [`IntoFieldsError`] |
//! | `StatusCode` | `Fields` | `From` |
//! | `&Fields` of a request | `Request<()>`, `request::Parts`, `Method`, `Uri` | `TryFrom`, [`FromFieldsError`] |
//! | `&Fields` of a response | `Response<()>`, `response::Parts`, `StatusCode` | `TryFrom`, [`FromFieldsError`] |
//! | `&Fields` of trailers | `HeaderMap` | `TryFrom`, [`FromFieldsError`] |
//!
//! Values keep their order and repeats under each name, and a sensitive `HeaderValue` is a field that is
//! [never indexed](crate::Indexing::Never). What a conversion does not look at (the length of a body, the shape of a
//! path) [`Connection`](crate::Connection) checks, whatever made the list.
//!
//! ```
//! use http::header::{ACCEPT, AUTHORIZATION};
//! use http::{HeaderValue, Request, Response, StatusCode};
//! use sans_h2::{Fields, Indexing};
//!
//! let mut secret = HeaderValue::from_static("Basic c2Fucy1oMg==");
//! secret.set_sensitive(true);
//! let request = Request::get("https://example.com/a?b")
//!     .header(ACCEPT, "text/html")
//!     .header(AUTHORIZATION, secret)
//!     .body(())?;
//! let fields = Fields::try_from(&request)?;
//! assert_eq!(
//!     fields,
//!     Fields::request("GET", "https", "example.com", "/a?b")
//!         .with("accept", "text/html")
//!         .with_indexing("authorization", "Basic c2Fucy1oMg==", Indexing::Never)
//! );
//!
//! let received = Request::try_from(&fields)?;
//! assert_eq!(received.uri(), request.uri());
//! assert_eq!(received.headers(), request.headers());
//!
//! let response = Response::try_from(&Fields::response(404).with("age", "7"))?;
//! assert_eq!(response.status(), StatusCode::NOT_FOUND);
//! assert_eq!(response.headers()["age"], "7");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where a request goes
//!
//! A `Uri` with an authority gives `:scheme`, `:authority` and `:path`, and a `host` header beside it is dropped. A
//! `Uri` that is a path only, as an HTTP/1.1 server reads it, takes `:authority` from the `host` header and `:scheme`
//! from a [`Scheme`](::http::uri::Scheme) among the request's extensions. The other way, a list that has `:scheme` and
//! no authority, which no `Uri` can hold, leaves a `Scheme` among the extensions.
//!
//! The path of OPTIONS may be `*`. The `http` crate takes `http://example.com` for `http://example.com/`, so an
//! absolute `Uri` with that path must be made of its parts.
//!
//! ```
//! use http::Request;
//! use http::uri::Scheme;
//! use sans_h2::Fields;
//!
//! let request = Request::options("*").header("host", "example.com").extension(Scheme::HTTPS).body(())?;
//! assert_eq!(Fields::try_from(&request)?, Fields::request("OPTIONS", "https", "example.com", "*"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # CONNECT
//!
//! CONNECT gives the authority only (RFC 9113 §8.5), unless the extensions hold a [`Protocol`] (RFC 8441).

mod error;
mod from_fields;
mod into_fields;
mod protocol;
mod rules;

pub use error::{FromFieldsError, IntoFieldsError};
pub use protocol::{InvalidProtocol, Protocol};
