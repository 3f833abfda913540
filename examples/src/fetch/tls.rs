//! Transports: TCP, with TLS on top for `https:`.

use std::sync::Arc;

use anyhow::{Context, ensure};
use sans_h2::ALPN;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::target::{Origin, Security};

/// Whose certificates are good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those of servers that the web's authorities vouch for.
    WebRoots,
    /// All: only for tests.
    Anyone,
}

/// Any transport.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// Connects to where `origin` says, and makes sure that HTTP/2 is what the server speaks, if it says so at all.
///
/// # Errors
///
/// When the server cannot be reached, cannot be trusted, or speaks something else.
pub async fn connect(origin: &Origin, trust: Trust) -> anyhow::Result<Box<dyn Transport>> {
    let socket = TcpStream::connect((origin.host.as_str(), origin.port)).await.context("cannot connect")?;
    socket.set_nodelay(true)?;
    match origin.security {
        Security::Clear => Ok(Box::new(socket)),
        Security::Tls => {
            let name = ServerName::try_from(origin.host.clone()).context("no name for TLS")?;
            let connector = TlsConnector::from(Arc::new(config(trust)?));
            let stream = connector.connect(name, socket).await.context("TLS failed")?;
            let protocol = stream.get_ref().1.alpn_protocol();
            ensure!(protocol == Some(ALPN), "the server does not offer HTTP/2");
            Ok(Box::new(stream))
        }
    }
}

fn config(trust: Trust) -> anyhow::Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match trust {
        Trust::WebRoots => builder
            .with_root_certificates(RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned())),
        Trust::Anyone => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified { provider }))
        }
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(config)
}

/// Takes any certificate, but still wants the server to have its key.
#[derive(Debug)]
struct Unverified {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
