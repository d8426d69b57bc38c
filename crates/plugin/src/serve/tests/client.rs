//! A client as a core is one: it shows a P-521 certificate and trusts only the one it was told of.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::rt::TokioIo;
use p521::ecdsa::signature::Signer as _;
use p521::ecdsa::{Signature, SigningKey as P521Key, VerifyingKey};
use rcgen::{CertificateParams, PKCS_ECDSA_P384_SHA384, PublicKeyData, SignatureAlgorithm};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tonic::codegen::Service;
use tonic::codegen::http::Uri;
use tonic::transport::{Channel, Endpoint};

use crate::serve::handshake::{Address, Greeting};
use crate::serve::listener::{Socket, boxed};

/// A certificate and a key, which need not belong together.
pub(super) struct Identity {
    certificate: CertificateDer<'static>,
    key: Arc<P521Key>,
}

impl Identity {
    /// Makes the identity of a core; different seeds make different ones.
    pub(super) fn of_core(seed: u8) -> Identity {
        let mut secret = [seed; 66];
        // The order of the curve begins with a byte of one.
        secret[0] = 0;
        let key = P521Key::from_slice(&secret).expect("a number below the order");
        Identity {
            certificate: certificate(&key),
            key: Arc::new(key),
        }
    }

    /// Keeps the certificate and takes another key.
    pub(super) fn with_key_of(self, seed: u8) -> Identity {
        Identity {
            key: Identity::of_core(seed).key,
            ..self
        }
    }

    /// Returns the certificate as a core hands it over.
    pub(super) fn pem(&self) -> String {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(&self.certificate);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }
}

/// Connects as the handshake says, over TLS if it names a certificate.
pub(super) async fn connect(
    greeting: &Greeting,
    shown: Option<Identity>,
) -> Result<Channel, tonic::transport::Error> {
    let connector = Connector {
        address: greeting.address.clone(),
        tls: greeting
            .certificate
            .as_ref()
            .map(|trusted| tls(trusted, shown)),
    };
    Endpoint::from_static("http://localhost")
        .connect_with_connector(connector)
        .await
}

fn tls(trusted: &[u8], shown: Option<Identity>) -> TlsConnector {
    let trusted = CertificateDer::from(trusted.to_vec());
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trusted(trusted)));
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(Identity { certificate, key }) => {
            let certified = CertifiedKey::new(vec![certificate], Arc::new(Key(key)));
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// Makes a certificate for a key on P-521, which rcgen with ring does not know.
///
/// The identifiers of the curves P-384 and P-521 differ in their last byte only, so it is put right afterwards.
/// The signature is then wrong, but nobody verifies it: the certificate is pinned.
fn certificate(key: &P521Key) -> CertificateDer<'static> {
    const P384: [u8; 5] = [0x2b, 0x81, 0x04, 0x00, 0x22];
    let public = VerifyingKey::from(key)
        .to_encoded_point(false)
        .as_bytes()
        .to_vec();
    let params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let certificate = params.self_signed(&Unknown(public)).expect("a certificate");
    let mut der = certificate.der().to_vec();
    let curve = der
        .windows(P384.len())
        .position(|window| window == P384)
        .expect("the curve");
    *der.get_mut(curve + P384.len() - 1).expect("its last byte") = 0x23;
    CertificateDer::from(der)
}

struct Unknown(Vec<u8>);

impl PublicKeyData for Unknown {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P384_SHA384
    }
}

impl rcgen::SigningKey for Unknown {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(vec![0; 64])
    }
}

#[derive(Clone)]
struct Key(Arc<P521Key>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered
            .contains(&self.scheme())
            .then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> rustls::SignatureAlgorithm {
        rustls::SignatureAlgorithm::ECDSA
    }
}

impl Signer for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature: Signature = self.0.sign(message);
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}

/// Trusts one certificate.
#[derive(Debug)]
struct Trusted(CertificateDer<'static>);

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        assert!(
            *end_entity == self.0,
            "the server shows what the handshake says"
        );
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Opens the connection that the handshake names.
struct Connector {
    address: Address,
    tls: Option<TlsConnector>,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Box<dyn Socket>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _uri: Uri) -> Self::Future {
        let (address, tls) = (self.address.clone(), self.tls.clone());
        Box::pin(async move {
            let socket = match address {
                Address::Unix(path) => boxed(UnixStream::connect(path).await?),
                Address::Tcp(address) => boxed(TcpStream::connect(address).await?),
            };
            let Some(tls) = tls else {
                return Ok(TokioIo::new(socket));
            };
            let name = ServerName::try_from("localhost").expect("a name");
            Ok(TokioIo::new(boxed(tls.connect(name, socket).await?)))
        })
    }
}
