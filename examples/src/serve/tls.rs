//! TLS with a self-signed certificate that lives as long as the process.

use std::sync::Arc;

use anyhow::Context;
use sans_h2::ALPN;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Accepts TLS 1.2 and 1.3 for the names of this machine.
///
/// # Errors
///
/// When the certificate cannot be made.
pub fn acceptor() -> anyhow::Result<TlsAcceptor> {
    let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
    let certified = rcgen::generate_simple_self_signed(names).context("cannot make a certificate")?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.into()], key)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
