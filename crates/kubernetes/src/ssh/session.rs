//! One command on the machine: connected, compared, signed in, fed, and read to its end.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use russh::client::{Config, Handle, Handler, connect};
use russh::keys::ssh_key::Fingerprint;
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{AlgorithmKind, ChannelMsg, Disconnect, Preferred};
use tokio::time::timeout;

use super::{Pin, Remote, SshError};

/// How long one command may take, sign-in and all.
const PATIENCE: Duration = Duration::from_mins(1);

/// More than any object of a cluster has.
const LONGEST: usize = 8 << 20;

/// The kinds of host keys. A machine may have one of each, and shows the one that is asked for.
/// SHA-1 is not among them.
const KINDS: [&[Algorithm]; 5] = [
    &[Algorithm::Ed25519],
    &[Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP256,
    }],
    &[Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP384,
    }],
    &[Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP521,
    }],
    &[
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha512),
        },
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha256),
        },
    ],
];

/// How a command ended.
pub(super) struct Ended {
    /// Its exit code; none if it was killed.
    pub(super) code: Option<u32>,
    pub(super) out: Vec<u8>,
    pub(super) err: Vec<u8>,
}

/// What keeps a session from coming about.
#[derive(Debug, thiserror::Error)]
enum Obstacle {
    #[error(transparent)]
    Protocol(#[from] russh::Error),
    #[error("another host key")]
    HostKey(Fingerprint),
    #[error("other host keys")]
    HostKeys(Vec<Fingerprint>),
}

/// Lets in the one host key that was given.
struct Gate(Pin);

impl Handler for Gate {
    type Error = Obstacle;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Obstacle> {
        let found = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => key.fingerprint(HashAlg::Sha256),
            PublicKeyOrCertificate::Certificate(signed) => {
                signed.public_key().fingerprint(HashAlg::Sha256)
            }
        };
        if found == self.0.0 {
            return Ok(true);
        }
        Err(Obstacle::HostKey(found))
    }
}

impl Remote {
    /// Runs a command and hands it its input.
    ///
    /// # Cancellation
    /// The command may run on; what it does may be done again.
    pub(super) async fn run(&self, command: &str, input: &[u8]) -> Result<Ended, SshError> {
        let done = timeout(PATIENCE, self.converse(command, input)).await;
        let late = |_| Err(Obstacle::Protocol(russh::Error::ConnectionTimeout));
        done.unwrap_or_else(late)
            .map_err(|obstacle| self.explain(obstacle))?
            .ok_or_else(|| SshError::Denied {
                host: self.host.clone(),
                user: self.user.clone(),
            })
    }

    fn explain(&self, obstacle: Obstacle) -> SshError {
        let host = self.host.clone();
        match obstacle {
            Obstacle::Protocol(source) => SshError::Unreached { host, source },
            Obstacle::HostKey(found) => self.another(&[found]),
            Obstacle::HostKeys(found) => self.another(&found),
        }
    }

    fn another(&self, found: &[Fingerprint]) -> SshError {
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        SshError::HostKey {
            host: self.host.clone(),
            found: found.join(" or "),
            expected: self.pin.to_string(),
        }
    }

    /// Connects and compares the host key: each kind that the machine has in turn, since which kind
    /// the fingerprint is of cannot be seen. Nobody has signed in when it returns.
    async fn reach(&self) -> Result<Handle<Gate>, Obstacle> {
        let address = (self.host.as_str(), self.port);
        let (mut found, mut none) = (Vec::new(), None);
        let first = self.kind.load(Ordering::Relaxed);
        let in_turn = KINDS.iter().enumerate().cycle().skip(first);
        for (number, kind) in in_turn.take(KINDS.len()) {
            let config = Config {
                preferred: Preferred {
                    key: Cow::Borrowed(kind),
                    ..Preferred::DEFAULT
                },
                ..Config::default()
            };
            match connect(Arc::new(config), address, Gate(self.pin)).await {
                Ok(session) => {
                    self.kind.store(number, Ordering::Relaxed);
                    return Ok(session);
                }
                Err(Obstacle::HostKey(other)) => found.push(other),
                Err(Obstacle::Protocol(
                    error @ russh::Error::NoCommonAlgo {
                        kind: AlgorithmKind::Key,
                        ..
                    },
                )) => none = Some(error),
                Err(obstacle) => return Err(obstacle),
            }
        }
        match none {
            Some(error) if found.is_empty() => Err(error.into()),
            _ => Err(Obstacle::HostKeys(found)),
        }
    }

    /// Gives nothing if the user is refused.
    async fn converse(&self, command: &str, input: &[u8]) -> Result<Option<Ended>, Obstacle> {
        let mut session = self.reach().await?;
        // A server that does not say takes SHA-2 all the same; SHA-1 is not offered.
        let hash = session.best_supported_rsa_hash().await?.flatten();
        let hash = Some(hash.unwrap_or(HashAlg::Sha512));
        let key = PrivateKeyWithHashAlg::new(Arc::clone(&self.key), hash);
        let answer = session.authenticate_publickey(&self.user, key).await?;
        if !answer.success() {
            return Ok(None);
        }
        let ended = execute(&session, command, input).await?;
        // The command is over; whether the farewell arrives changes nothing.
        let _unheard = session.disconnect(Disconnect::ByApplication, "", "").await;
        Ok(Some(ended))
    }
}

async fn execute(
    session: &Handle<Gate>,
    command: &str,
    input: &[u8],
) -> Result<Ended, russh::Error> {
    let mut channel = session.channel_open_session().await?;
    channel.exec(true, command).await?;
    channel.data(input).await?;
    channel.eof().await?;
    let mut ended = Ended {
        code: None,
        out: Vec::new(),
        err: Vec::new(),
    };
    let mut is_told = false;
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Data { data } => ended.out.extend_from_slice(&data),
            ChannelMsg::ExtendedData { data, .. } => ended.err.extend_from_slice(&data),
            ChannelMsg::ExitStatus { exit_status } => {
                ended.code = Some(exit_status);
                is_told = true;
            }
            ChannelMsg::ExitSignal { .. } => is_told = true,
            ChannelMsg::Failure => {
                ended.err = b"the machine lets this user run no command".to_vec();
                is_told = true;
                break;
            }
            _ => {}
        }
        if ended.out.len() + ended.err.len() > LONGEST {
            return Err(russh::Error::Disconnect);
        }
    }
    // A connection that broke tells nothing: the command may have done its work.
    if !is_told {
        return Err(russh::Error::Disconnect);
    }
    Ok(ended)
}
