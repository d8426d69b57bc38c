//! The way to a cluster whose API is closed: `kubectl` on a machine behind SSH.
//!
//! The machine is known by the fingerprint of its host key, and by nothing else. It is compared
//! during the key exchange, before anybody signs in; a machine with another key gets nothing. What
//! is secret goes over stdin and stdout of `kubectl`, never on its command line.

mod kubectl;
mod session;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use russh::keys::PrivateKey;
use russh::keys::ssh_key::Fingerprint;
use secrecy::{ExposeSecret, SecretString};

/// The usual port.
const PORT: u16 = 22;

/// A machine that has `kubectl` and a way to the cluster.
#[derive(Clone)]
pub struct Remote {
    host: String,
    port: u16,
    user: String,
    pin: Pin,
    key: Arc<PrivateKey>,
    kubectl: String,
    /// The kind of host key that had the fingerprint last; it is asked for first.
    kind: Arc<AtomicUsize>,
}

/// What the machine's host key has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin(Fingerprint);

/// How the machine is reached, without what is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The name or address of the machine, with `:PORT` if it is not 22.
    pub host: String,
    /// Who signs in.
    pub user: String,
    /// What its host key has to be.
    pub pin: Pin,
    /// The command that is `kubectl` there.
    pub kubectl: String,
}

/// SSH failed, or was refused.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// The text is no fingerprint.
    #[error(
        "`{0}` is no SHA-256 fingerprint of a host key; `ssh-keyscan HOST | ssh-keygen -lf -` \
         prints those of a machine, such as `SHA256:` and 43 letters"
    )]
    Fingerprint(String),
    /// The text is no address of a machine.
    #[error("`{0}` is no address of a machine: give `HOST` or `HOST:PORT`")]
    Host(String),
    /// The command has something in it that a shell would read in its own way.
    #[error("`{0}` is no command: give words of letters, digits, `-`, `_`, `.`, `/` and `=`")]
    Command(String),
    /// The private key needs a passphrase.
    #[error("the private key is sealed with a passphrase, and none is given")]
    NoPassphrase,
    /// The private key cannot be used. Why is not said: the text is secret.
    #[error(
        "the private key cannot be read: it is no key in OpenSSH or PEM form, or the passphrase does not open it"
    )]
    Key,
    /// The machine has another host key.
    #[error(
        "refuses {host}: its host key is {found}, not {expected}. Either the machine was set up anew, or \
         another one answers in its place; nothing was sent"
    )]
    HostKey {
        /// The machine.
        host: String,
        /// The fingerprints that it has, of each kind.
        found: String,
        /// The fingerprint that was given.
        expected: String,
    },
    /// The machine was not reached.
    #[error("cannot reach {host} by SSH")]
    Unreached {
        /// The machine.
        host: String,
        /// The reason.
        source: russh::Error,
    },
    /// The user was refused.
    #[error("{host} refuses the key of the user `{user}`")]
    Denied {
        /// The machine.
        host: String,
        /// The user.
        user: String,
    },
}

impl SshError {
    /// Tells whether another try may succeed.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreached { .. })
    }
}

impl FromStr for Pin {
    type Err = SshError;

    fn from_str(text: &str) -> Result<Self, SshError> {
        let refuse = || SshError::Fingerprint(text.to_owned());
        let padded = text.trim_end_matches('=');
        let found: Fingerprint = padded.parse().map_err(|_| refuse())?;
        if !found.is_sha256() {
            return Err(refuse());
        }
        Ok(Self(found))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Remote {
    /// Prepares the way; nothing is sent yet.
    ///
    /// # Errors
    /// An address, a command or a key that cannot be used.
    pub fn new(
        destination: Destination,
        key: &SecretString,
        passphrase: Option<&SecretString>,
    ) -> Result<Self, SshError> {
        let (host, port) = address(&destination.host)?;
        let plain = |letter: char| letter.is_ascii_alphanumeric() || " -_./=".contains(letter);
        let kubectl = destination.kubectl.trim();
        if kubectl.is_empty() || !kubectl.chars().all(plain) {
            return Err(SshError::Command(destination.kubectl));
        }
        Ok(Self {
            host,
            port,
            user: destination.user,
            pin: destination.pin,
            key: Arc::new(private_key(key, passphrase)?),
            kubectl: kubectl.to_owned(),
            kind: Arc::default(),
        })
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ssh://{}@{}:{}", self.user, self.host, self.port)
    }
}

fn address(text: &str) -> Result<(String, u16), SshError> {
    let refuse = || SshError::Host(text.to_owned());
    // An IPv6 address has colons of its own, so its port needs brackets.
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if host.starts_with('[') || !host.contains(':') => {
            (host, port.parse().map_err(|_| refuse())?)
        }
        _ => (text, PORT),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-.:".contains(letter);
    if host.is_empty() || host.starts_with('-') || !host.chars().all(plain) {
        return Err(refuse());
    }
    Ok((host.to_owned(), port))
}

fn private_key(
    key: &SecretString,
    passphrase: Option<&SecretString>,
) -> Result<PrivateKey, SshError> {
    let opened = russh::keys::decode_secret_key(
        key.expose_secret(),
        passphrase.map(ExposeSecret::expose_secret),
    );
    opened.map_err(|error| match error {
        russh::keys::Error::KeyIsEncrypted => SshError::NoPassphrase,
        _ => SshError::Key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_port() {
        let check = |text: &str, expected: Option<(&str, u16)>| {
            let found = address(text).ok();
            let expected = expected.map(|(host, port)| (host.to_owned(), port));
            assert_eq!(found, expected, "{text}");
        };
        check("master.example", Some(("master.example", 22)));
        check("10.0.0.4:2222", Some(("10.0.0.4", 2222)));
        check("fd00::1", Some(("fd00::1", 22)));
        check("[fd00::1]:2222", Some(("fd00::1", 2222)));
        for bad in [
            "",
            "a b",
            "-oProxyCommand=x",
            "host:",
            "host:ssh",
            "user@host",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn only_a_sha_256_fingerprint_is_a_pin() {
        let good = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
        let pin: Pin = good.parse().expect("a pin");
        assert_eq!(pin.to_string(), good);
        for bad in ["", "SHA256:", "MD5:00", "47DEQpj8HBSa", "SHA512:AA"] {
            assert!(bad.parse::<Pin>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_read_is_not_repeated() {
        let error = private_key(&"no key at all".into(), None).expect_err("no key");
        assert!(!error.to_string().contains("no key at all"), "{error}");
    }
}
