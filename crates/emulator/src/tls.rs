//! The emulator's own certificate authority: made at the start or brought back from a snapshot, and asked for a certificate of each host
//! name as clients come for it.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use crate::cloud::{Cloud, service_at};

/// How long certificates are good: what strict clients accept at most.
const LIFETIME: Duration = Duration::days(397);
/// An authority that is older is not brought back: its certificates would soon end.
const KEPT_FOR: Duration = Duration::days(300);

/// The authority cannot be set up, or a certificate cannot be made.
#[derive(Debug, Error)]
pub(crate) enum TlsError {
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
}

/// The certificate authority of one emulator.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// All hosts share one key: they are all this process.
    host_key: KeyPair,
    provider: Arc<CryptoProvider>,
    issued: Mutex<HashMap<String, Arc<CertifiedKey>>>,
    from: OffsetDateTime,
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Authority(redacted)")
    }
}

/// What is kept of an authority. It has no `Debug`, since whoever holds it can play every host.
#[derive(Deserialize, Serialize)]
pub(crate) struct KeptAuthority {
    key: String,
    /// Since when its certificates are good, in Unix seconds.
    from: i64,
}

/// A certificate with its key, for a server beside the emulator.
pub(crate) struct Identity {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Authority {
    /// Makes an authority with new keys.
    pub(crate) fn new(real_now: Timestamp) -> Result<Self, TlsError> {
        // A client whose clock is behind must not find the certificate too young.
        let yesterday = real_now.as_second() - 24 * 3600;
        Self::with_key(KeyPair::generate()?, yesterday)
    }

    /// Brings back an authority that was kept, so that clients that trust it still do; a new one if there is none or it is
    /// about to end.
    pub(crate) fn kept(
        kept: Option<&KeptAuthority>,
        real_now: Timestamp,
    ) -> Result<Self, TlsError> {
        match kept {
            Some(kept) if real_now.as_second() - kept.from < KEPT_FOR.whole_seconds() => {
                Self::with_key(KeyPair::from_pem(&kept.key)?, kept.from)
            }
            _ => Self::new(real_now),
        }
    }

    /// Gives what it takes to bring the authority back: a secret.
    pub(crate) fn to_keep(&self) -> KeptAuthority {
        KeptAuthority {
            key: self.issuer.key().serialize_pem(),
            from: self.from.unix_timestamp(),
        }
    }

    fn with_key(key: KeyPair, from: i64) -> Result<Self, TlsError> {
        let from = OffsetDateTime::from_unix_timestamp(from).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "keyrotation emulator CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = from;
        params.not_after = from + LIFETIME;
        Ok(Self {
            issuer: CertifiedIssuer::self_signed(params, key)?,
            host_key: KeyPair::generate()?,
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            issued: Mutex::default(),
            from,
        })
    }

    /// Gives the authority's certificate as PEM.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Makes the certificate of servers beside the emulator: loopback, and the blob hosts that the proxy leads to them.
    pub(crate) fn loopback_identity(&self) -> Result<Identity, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = self.params("localhost");
        params.subject_alt_names = loopback_names()?;
        for cloud in Cloud::all() {
            let hosts = format!("*.blob.{}", cloud.storage_suffix);
            params
                .subject_alt_names
                .push(SanType::DnsName(hosts.try_into()?));
        }
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Identity {
            chain: certificate.pem(),
            key: key.serialize_pem(),
        })
    }

    /// Makes the TLS settings of the emulator's listeners.
    pub(crate) fn server_config(
        resolver: Arc<dyn ResolvesServerCert>,
    ) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Gives the certificate of a host, made at its first use; nothing for a host that the emulator does not play.
    pub(crate) fn certificate_for(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        let host = host.to_ascii_lowercase();
        if host != "localhost" && service_at(&host).is_none() {
            return None;
        }
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = issued.get(&host) {
            return Some(Arc::clone(known));
        }
        let made = Arc::new(self.issue(&host).ok()?);
        issued.insert(host, Arc::clone(&made));
        Some(made)
    }

    fn issue(&self, host: &str) -> Result<CertifiedKey, TlsError> {
        let mut params = self.params(host);
        params.subject_alt_names = match host {
            "localhost" => loopback_names()?,
            _ => vec![SanType::DnsName(host.try_into()?)],
        };
        let certificate: CertificateDer<'static> = params
            .signed_by(&self.host_key, &self.issuer)?
            .der()
            .clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.host_key.serialize_der()));
        let key = self.provider.key_provider.load_private_key(key)?;
        Ok(CertifiedKey::new(vec![certificate], key))
    }

    fn params(&self, name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = self.from;
        params.not_after = self.from + LIFETIME;
        params
    }
}

fn loopback_names() -> Result<Vec<SanType>, rcgen::Error> {
    Ok(vec![
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ])
}

/// Chooses the certificate by the name the client asks for; without a name it is loopback's.
#[derive(Debug)]
pub(crate) struct ByName(pub(crate) Arc<crate::shared::Shared>);

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0
            .authority
            .certificate_for(hello.server_name().unwrap_or("localhost"))
    }
}

impl fmt::Debug for crate::shared::Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shared")
    }
}
