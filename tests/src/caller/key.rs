//! A P-521 key that signs TLS handshakes, which ring cannot.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use p521::ecdsa::signature::RandomizedSigner;
use p521::ecdsa::signature::rand_core::{self, CryptoRng, RngCore};
use p521::ecdsa::{DerSignature, Signature};
use rustls::sign::{Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};

/// A P-521 key, which rustls cannot use by itself when it runs on ring.
#[derive(Clone)]
pub(super) struct ClientKey(Arc<p521::ecdsa::SigningKey>);

impl ClientKey {
    /// Makes the key whose number is a zero byte and 65 bytes that count up from `first`.
    pub(super) fn counting_from(first: u8) -> Result<Self> {
        let number: Vec<u8> = std::iter::once(0).chain((first..).take(65)).collect();
        let key = p521::ecdsa::SigningKey::from_slice(&number)
            .map_err(|error| anyhow!("not a P-521 key: {error}"))?;
        Ok(Self(Arc::new(key)))
    }
}

impl std::fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientKey(redacted)")
    }
}

impl SigningKey for ClientKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let offers_ours = offered.contains(&SignatureScheme::ECDSA_NISTP521_SHA512);
        offers_ours.then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for ClientKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let signature: Signature = self.0.sign_with_rng(&mut SystemRandom, message);
        Ok(DerSignature::from(signature).as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}

/// The random numbers that rustls itself uses.
struct SystemRandom;

impl CryptoRng for SystemRandom {}

impl RngCore for SystemRandom {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        let filled = self.try_fill_bytes(bytes);
        filled.expect("the system has random numbers, else no TLS would work");
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        let provider = rustls::crypto::ring::default_provider();
        provider
            .secure_random
            .fill(bytes)
            .map_err(|_| rand_core::Error::from(std::num::NonZeroU32::MIN))
    }
}
