//! Connections that begin as HTTP/1.1 and go on as HTTP/2 by `Upgrade: h2c` (RFC 7540 §3.2, which RFC 9113 §3.1
//! deprecates and leaves to those that still need it).
//!
//! The caller speaks HTTP/1.1; the engine takes over with stream 1, on which the request counts as sent.

use alloc::string::String;

use super::Connection;
use crate::base64;
use crate::config::Config;
use crate::error::{UpgradeError, Violation};
use crate::fields::Fields;
use crate::fields::rules::{ExtendedConnect, Method, Rules, Section};
use crate::frame::Settings;
use crate::id::{Role, StreamId};
use crate::priority::Priority;
use crate::settings::Local;
use crate::stream::{Exchange, Half, Message, StreamRecord};

impl Connection {
    /// What a client puts into the `HTTP2-Settings` field of its upgrade request: the payload of its first SETTINGS
    /// frame in base64url without padding (RFC 7540 §3.2.1).
    ///
    /// ```
    /// use sans_h2::{Config, Connection};
    ///
    /// // ENABLE_PUSH 0 and MAX_HEADER_LIST_SIZE 16,384.
    /// assert_eq!(Connection::http2_settings(&Config::default()), "AAIAAAAAAAYAAEAA");
    /// ```
    pub fn http2_settings(config: &Config) -> String {
        Self::http2_settings_of(&Local::new(Role::Client, config).send_first(config))
    }

    /// What the `HTTP2-Settings` field is for exactly these settings; see [`upgraded_client_with_settings`](Self::upgraded_client_with_settings).
    pub fn http2_settings_of(first: &Settings) -> String {
        base64::encode(&first.to_payload())
    }

    /// The client's end after the server has answered an upgrade request by 101 (RFC 7540 §3.2).
    ///
    /// `request` is the request as HTTP/2 would carry it; its response comes on the stream that is returned. The rest
    /// of what the server sent after the 101 response goes to [`poll`](Self::poll).
    ///
    /// # Errors
    ///
    /// [`UpgradeError::Malformed`] for a request that HTTP/2 would not carry, [`UpgradeError::Connect`] for CONNECT.
    pub fn upgraded_client(config: Config, request: &Fields) -> Result<(Self, StreamId), UpgradeError> {
        Self::client(config).take_over_as_client(request)
    }

    /// The same with exactly these settings in the first SETTINGS frame, which `HTTP2-Settings` has carried; see
    /// [`client_with_settings`](Self::client_with_settings).
    ///
    /// # Errors
    ///
    /// Those of [`upgraded_client`](Self::upgraded_client), and [`UpgradeError::Control`] for a value that this end may
    /// not send, or not enforce, and for more settings than fit into a frame that every peer takes.
    pub fn upgraded_client_with_settings(
        config: Config,
        first: &Settings,
        request: &Fields,
    ) -> Result<(Self, StreamId), UpgradeError> {
        let connection = Self::client_with_settings(config, first).map_err(UpgradeError::Control)?;
        connection.take_over_as_client(request)
    }

    fn take_over_as_client(mut self, request: &Fields) -> Result<(Self, StreamId), UpgradeError> {
        let exchange = exchange_of(self.rules, request)?;
        let stream = StreamId::first(Role::Client);
        let record =
            StreamRecord::new(stream, Message::new(Half::Closed), Message::new(Half::Head), exchange);
        let key = self.streams.insert(record);
        self.streams.activate(key);
        self.streams.announce(stream);
        self.next_id = stream.next();
        // The 101 response has acknowledged what `HTTP2-Settings` said.
        self.local.assume_known();
        self.put_in_force();
        Ok((self, stream))
    }

    /// The server's end after it has answered an upgrade request by 101 (RFC 7540 §3.2).
    ///
    /// `http2_settings` is the value of the request's only `HTTP2-Settings` field, `request` the request as HTTP/2
    /// would carry it, with its body, if any, received already; answer it on the stream that is returned. The rest of
    /// what the client sent goes to [`poll`](Self::poll), beginning with its preface.
    ///
    /// # Errors
    ///
    /// [`UpgradeError`]; answer the request by HTTP/1.1 then, for which it is not too late.
    pub fn upgraded_server(
        config: Config,
        http2_settings: &str,
        request: &Fields,
    ) -> Result<(Self, StreamId), UpgradeError> {
        Self::server(config).take_over_as_server(http2_settings, request)
    }

    /// The same with exactly these settings in the first SETTINGS frame; see
    /// [`server_with_settings`](Self::server_with_settings).
    ///
    /// # Errors
    ///
    /// Those of [`upgraded_server`](Self::upgraded_server), and [`UpgradeError::Control`] for a value that this end may
    /// not send, or not enforce, and for more settings than fit into a frame that every peer takes.
    pub fn upgraded_server_with_settings(
        config: Config,
        first: &Settings,
        http2_settings: &str,
        request: &Fields,
    ) -> Result<(Self, StreamId), UpgradeError> {
        let connection = Self::server_with_settings(config, first).map_err(UpgradeError::Control)?;
        connection.take_over_as_server(http2_settings, request)
    }

    fn take_over_as_server(
        mut self,
        http2_settings: &str,
        request: &Fields,
    ) -> Result<(Self, StreamId), UpgradeError> {
        let exchange = exchange_of(self.rules, request)?;
        let payload = base64::decode(http2_settings).ok_or(UpgradeError::InvalidSettings)?;
        let entries = payload.len().div_ceil(Settings::ENTRY_OCTETS);
        if entries > self.config.max_settings_entries() as usize {
            return Err(UpgradeError::Violation(Violation::TooManySettings));
        }
        let settings = Settings::from_payload(&payload).map_err(UpgradeError::Violation)?;
        // The 101 response is their acknowledgement.
        self.apply_settings(&settings).map_err(UpgradeError::Violation)?;
        let stream = StreamId::first(Role::Client);
        self.streams.use_peer_id(stream);
        let record =
            StreamRecord::new(stream, Message::new(Half::Head), Message::new(Half::Closed), exchange);
        let key = self.streams.insert(record);
        self.streams.activate(key);
        self.closing.accepted(stream);
        self.rank(key, Priority::of(request));
        Ok((self, stream))
    }
}

fn exchange_of(rules: Rules, request: &Fields) -> Result<Exchange, UpgradeError> {
    let section = Section::Request(ExtendedConnect::Forbidden);
    let summary = rules.check(request, section).map_err(UpgradeError::Malformed)?;
    match summary.method {
        Method::Connect => Err(UpgradeError::Connect),
        Method::Get | Method::Head | Method::Options | Method::Other => Ok(Exchange::new(summary.method)),
    }
}
