//! The certificate of an application with its private key, from the files that people have.
//!
//! PEM and PKCS#12 are read without OpenSSL. What is signed with the key is told by `assertion`.

mod ber;
mod encryption;
mod pkcs12;
mod x509;

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{rand::SystemRandom, rsa, signature};
use secrecy::{ExposeSecret, SecretString};

use self::{
    ber::{Odd, Reader},
    encryption::Password,
};

/// Is a certificate with its private key, both of which Entra ID can use.
#[derive(Clone)]
pub struct ClientCertificate {
    inner: Arc<Inner>,
}

struct Inner {
    /// The certificate, then those that certify it, as far as they are known.
    chain: Vec<Vec<u8>>,
    key: rsa::KeyPair,
}

/// Says why a file cannot be used as the certificate of an application.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The text is not what it has to be.
    #[error("it is neither a PEM file nor Base64 of a PKCS#12 file")]
    Encoding,
    /// The bytes are not what they have to be.
    #[error("it is neither a PEM file nor a PKCS#12 file, or it is damaged")]
    Unreadable,
    /// There is no key.
    #[error("it holds no private key")]
    NoKey,
    /// There is no certificate, or none of the key.
    #[error("it holds no certificate of its private key")]
    NoCertificate,
    /// The key is encrypted.
    #[error("its private key is encrypted and client_certificate_password is not set")]
    PasswordMissing,
    /// The password is another one.
    #[error("client_certificate_password does not open it")]
    Password,
    /// The key is of another kind.
    #[error("its private key is not an RSA key, and Entra ID takes no other")]
    NotRsa,
    /// The key is damaged, too short or too long.
    #[error("its RSA key cannot be used, it has to have 2048 to 4096 bits: {reason}")]
    Key {
        /// The cause in a word.
        reason: String,
    },
    /// The file is made in a way that we do not know.
    #[error("{what} in it is not supported: {name}")]
    Unsupported {
        /// What is made in an unknown way.
        what: &'static str,
        /// The way, by its registered name.
        name: String,
    },
}

impl CertificateError {
    fn unsupported(what: &'static str, name: &str) -> Self {
        let name = name.to_owned();
        Self::Unsupported { what, name }
    }
}

impl From<Odd> for CertificateError {
    fn from(_: Odd) -> Self {
        Self::Unreadable
    }
}

/// Is what a file holds.
#[derive(Default)]
struct Contents {
    certificates: Vec<Vec<u8>>,
    keys: Vec<PrivateKey>,
}

enum PrivateKey {
    /// An RSA key alone.
    Pkcs1(Vec<u8>),
    /// A key of a kind that it tells.
    Pkcs8(Vec<u8>),
}

impl ClientCertificate {
    /// Reads the content of a file, PEM or PKCS#12.
    ///
    /// # Errors
    /// What keeps the file from being used; never anything of what is in it.
    pub fn from_file(
        file: &[u8],
        password: Option<&SecretString>,
    ) -> Result<Self, CertificateError> {
        let contents = match std::str::from_utf8(file) {
            Ok(text) if text.contains("-----BEGIN ") => read_pem(text, password)?,
            _ => {
                let password = password.map(ExposeSecret::expose_secret);
                pkcs12::read(file, password.unwrap_or_default()).map_err(|error| {
                    let is_missing = error == CertificateError::Password && password.is_none();
                    if is_missing {
                        CertificateError::PasswordMissing
                    } else {
                        error
                    }
                })?
            }
        };
        Self::of_contents(&contents)
    }

    /// Reads a text: PEM, or Base64 of a file.
    ///
    /// # Errors
    /// What keeps the text from being used; never anything of what is in it.
    pub fn from_text(
        text: &SecretString,
        password: Option<&SecretString>,
    ) -> Result<Self, CertificateError> {
        let text = text.expose_secret();
        if text.contains("-----BEGIN ") {
            return Self::from_file(text.as_bytes(), password);
        }
        let compact: String = text.split_whitespace().collect();
        let file = STANDARD
            .decode(compact)
            .map_err(|_| CertificateError::Encoding)?;
        Self::from_file(&file, password)
    }

    /// Takes the first key that can be used and has a certificate.
    fn of_contents(contents: &Contents) -> Result<Self, CertificateError> {
        let mut failure = CertificateError::NoKey;
        for key in &contents.keys {
            match Self::of_key(key, &contents.certificates) {
                Ok(found) => return Ok(found),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn of_key(key: &PrivateKey, certificates: &[Vec<u8>]) -> Result<Self, CertificateError> {
        let key = rsa_key(key)?;
        let chain = x509::chain(certificates, key.public().as_ref())
            .ok_or(CertificateError::NoCertificate)?;
        let inner = Arc::new(Inner { chain, key });
        Ok(Self { inner })
    }

    /// Borrows the certificates, that of the key first.
    pub(super) fn chain(&self) -> &[Vec<u8>] {
        &self.inner.chain
    }

    /// Signs by RSASSA-PSS with SHA-256, which JSON Web Tokens call PS256.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ring::error::Unspecified> {
        let mut signature = vec![0; self.inner.key.public().modulus_len()];
        let random = SystemRandom::new();
        self.inner
            .key
            .sign(&signature::RSA_PSS_SHA256, &random, message, &mut signature)?;
        Ok(signature)
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate(redacted)")
    }
}

fn rsa_key(key: &PrivateKey) -> Result<rsa::KeyPair, CertificateError> {
    let read = match key {
        PrivateKey::Pkcs1(der) => rsa::KeyPair::from_der(der),
        PrivateKey::Pkcs8(der) => {
            let mut reader = Reader::sequence_of(der)?;
            reader.number()?;
            if reader.sequence()?.oid()? != "1.2.840.113549.1.1.1" {
                return Err(CertificateError::NotRsa);
            }
            rsa::KeyPair::from_pkcs8(der)
        }
    };
    read.map_err(|rejected| CertificateError::Key {
        reason: rejected.to_string(),
    })
}

fn read_pem(text: &str, password: Option<&SecretString>) -> Result<Contents, CertificateError> {
    let sections = pem::parse_many(text).map_err(|_| CertificateError::Unreadable)?;
    let mut contents = Contents::default();
    for section in sections {
        if section.headers().get("Proc-Type").is_some() {
            let name = "encryption by OpenSSL's own scheme; `openssl pkcs8 -topk8` rewrites it";
            return Err(CertificateError::unsupported("the key", name));
        }
        match section.tag() {
            "CERTIFICATE" => contents.certificates.push(section.into_contents()),
            "PRIVATE KEY" => contents
                .keys
                .push(PrivateKey::Pkcs8(section.into_contents())),
            "RSA PRIVATE KEY" => contents
                .keys
                .push(PrivateKey::Pkcs1(section.into_contents())),
            "EC PRIVATE KEY" => return Err(CertificateError::NotRsa),
            "ENCRYPTED PRIVATE KEY" => {
                let key = decrypt(section.contents(), password)?;
                contents.keys.push(PrivateKey::Pkcs8(key));
            }
            _ => {}
        }
    }
    Ok(contents)
}

fn decrypt(key: &[u8], password: Option<&SecretString>) -> Result<Vec<u8>, CertificateError> {
    let password = password.ok_or(CertificateError::PasswordMissing)?;
    let mut readings = Password::readings(password.expose_secret()).into_iter();
    let password = readings.next().ok_or(CertificateError::Password)?;
    pkcs12::decrypt_key(key, &password)
}

#[cfg(test)]
mod tests;
