//! Keys, tokens and backups: values that cannot be printed, compared or serialised.
//!
//! The text comes out by `expose` alone, which reviewers can search for. Other rooms take the
//! neutral `SecretString` of `secrecy` instead.

use std::fmt;

use ring::digest;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// Is the value of a storage account key.
///
/// It says nothing about itself:
/// ```
/// let key = azure::KeyMaterial::new("c2VjcmV0".to_owned());
/// assert_eq!(format!("{key:?}"), "KeyMaterial(redacted)");
/// ```
/// It cannot be displayed:
/// ```compile_fail
/// let key = azure::KeyMaterial::new("c2VjcmV0".to_owned());
/// let text = format!("{key}");
/// ```
/// It cannot be serialised, which a plain text can:
/// ```
/// fn is_serialisable<T: serde::Serialize>(_: &T) {}
/// is_serialisable(&"c2VjcmV0".to_owned());
/// ```
/// ```compile_fail
/// fn is_serialisable<T: serde::Serialize>(_: &T) {}
/// is_serialisable(&azure::KeyMaterial::new("c2VjcmV0".to_owned()));
/// ```
#[derive(Clone)]
pub struct KeyMaterial(SecretString);

/// Is a shared access signature, with or without the leading question mark.
///
/// It says nothing about itself:
/// ```
/// let token = azure::SasToken::new("?sv=2018-03-28&sig=x".to_owned());
/// assert_eq!(format!("{token:?}"), "SasToken(redacted)");
/// ```
/// It cannot be displayed:
/// ```compile_fail
/// let token = azure::SasToken::new("?sv=2018-03-28&sig=x".to_owned());
/// let text = format!("{token}");
/// ```
/// It cannot be serialised, which a plain text can:
/// ```
/// fn is_serialisable<T: serde::Serialize>(_: &T) {}
/// is_serialisable(&"?sv=2018-03-28".to_owned());
/// ```
/// ```compile_fail
/// fn is_serialisable<T: serde::Serialize>(_: &T) {}
/// is_serialisable(&azure::SasToken::new("?sv=2018-03-28".to_owned()));
/// ```
#[derive(Clone)]
pub struct SasToken(SecretString);

/// Is the sealed backup of an enrolment, as a vault hands it out and takes it back.
///
/// It says nothing about itself:
/// ```
/// let backup = azure::VaultBackup::new("c2VhbGVk".to_owned());
/// assert_eq!(format!("{backup:?}"), "VaultBackup(redacted)");
/// ```
#[derive(Clone)]
pub struct VaultBackup(SecretString);

/// Tells one key or token from another without showing either: they have 256 secret bits and more, so
/// nobody finds one by its SHA-256.
#[must_use]
pub fn fingerprint(secret: &SecretString) -> String {
    let digest = digest::digest(&digest::SHA256, secret.expose_secret().as_bytes());
    let bytes = digest.as_ref().iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

macro_rules! secret {
    ($name:ident) => {
        impl $name {
            /// Takes a text into custody.
            #[must_use]
            pub fn new(text: String) -> Self {
                Self(SecretString::from(text))
            }

            /// Borrows the secret text.
            #[must_use]
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }

            /// Tells whether another text is the same, without showing either.
            #[must_use]
            pub fn is(&self, other: &SecretString) -> bool {
                self.0.expose_secret() == other.expose_secret()
            }

            /// Hands the secret to another room.
            #[must_use]
            pub fn into_secret(self) -> SecretString {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }

        impl From<SecretString> for $name {
            fn from(secret: SecretString) -> Self {
                Self(secret)
            }
        }
    };
}

secret!(KeyMaterial);
secret!(SasToken);
secret!(VaultBackup);

/// Reads a secret out of an answer, for wire types.
pub(crate) fn deserialize_secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}
