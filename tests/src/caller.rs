//! A stand-in for a core: starts the provider by hand and speaks the plugin protocol to it.
//!
//! A core's client certificate is an ECDSA P-521 certificate that calls itself a CA. The two in
//! `fixtures/` have that shape; their keys are the numbers below, so no key file is kept. The real
//! cores are in `terraform`.

mod key;
mod pin;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::task::{self, Poll};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use rustix::process::Signal;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::codegen::{Service, http::Uri};
use tonic::transport::{Channel, Endpoint};

use self::key::ClientKey;
use self::pin::Pinned;
use crate::emulator::Emulator;
use crate::place::{self, Scratch};
use crate::process::{Running, Said, wait_for};

/// The variable and the value by which a plugin knows that a core has started it.
pub const COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);

const CORE_CERTIFICATE: &str = include_str!("../fixtures/core-certificate.pem");
const STRANGER_CERTIFICATE: &str = include_str!("../fixtures/stranger-certificate.pem");
const CORE_KEY_STARTS_WITH: u8 = 1;
const STRANGER_KEY_STARTS_WITH: u8 = 101;

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(30);

/// Somebody who connects to the provider's socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// The core that started the provider.
    Core,
    /// A client without a certificate.
    Nobody,
    /// A client with a certificate of its own.
    Stranger,
    /// A client that shows the core's certificate, which is public, without having its key.
    Thief,
}

/// The one line that a plugin writes to stdout.
#[derive(Debug, Clone)]
pub struct Handshake {
    /// The version of the handshake itself.
    pub core_version: String,
    /// The version of the plugin protocol.
    pub protocol_version: String,
    /// The path of the socket.
    pub socket: PathBuf,
    /// The last field before the certificate.
    pub wire: String,
    certificate: CertificateDer<'static>,
}

/// The provider, started as a core starts it.
#[derive(Debug)]
pub struct Plugin {
    // Dropped in this order: first the program, then the folder with its socket.
    running: Running,
    handshake: Handshake,
    scratch: Scratch,
}

impl Plugin {
    /// Starts the provider and reads its handshake.
    ///
    /// # Errors
    ///
    /// Fails if it does not start or writes something else.
    pub fn start() -> Result<Self> {
        let scratch = Scratch::new()?;
        let command = command(&scratch)?;
        Self::launch(scratch, command)
    }

    /// Starts the provider with an emulator in the place of Azure.
    ///
    /// # Errors
    ///
    /// As [`Plugin::start`].
    pub fn start_on(emulator: &Emulator) -> Result<Self> {
        let scratch = Scratch::new()?;
        let mut command = command(&scratch)?;
        command.envs(emulator.variables());
        Self::launch(scratch, command)
    }

    fn launch(scratch: Scratch, mut command: Command) -> Result<Self> {
        let mut running = Running::start(&mut command)?;
        let line = wait_for("the handshake", HANDSHAKE_LIMIT, || {
            let ended = running.has_ended()?;
            let stdout = running.stdout();
            ensure!(
                !ended || stdout.contains('\n'),
                "the provider ended: {}",
                running.stderr()
            );
            Ok(stdout
                .lines()
                .next()
                .filter(|_| stdout.contains('\n'))
                .map(str::to_owned))
        })?;
        let handshake = parse_handshake(&line)?;
        Ok(Self {
            running,
            handshake,
            scratch,
        })
    }

    /// Returns what the provider has said in its handshake.
    #[must_use]
    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// Returns the folder that the provider uses for temporary files.
    #[must_use]
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Returns what the provider has written to stderr so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.running.stderr()
    }

    /// Sends a signal to the provider.
    ///
    /// # Errors
    ///
    /// Fails if it has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.running.signal(signal)
    }

    /// Opens a connection; a refusal may show only when something is asked over it.
    ///
    /// # Errors
    ///
    /// Fails if the provider refuses the caller.
    pub async fn connect(&self, caller: Caller) -> Result<Channel> {
        let connector = Connector {
            socket: self.handshake.socket.clone(),
            tls: TlsConnector::from(Arc::new(self.tls(caller)?)),
        };
        let endpoint = Endpoint::from_static("http://localhost");
        endpoint
            .connect_with_connector(connector)
            .await
            .context("the provider refuses the caller")
    }

    /// Waits for the end of the provider and returns all that it has said.
    ///
    /// # Errors
    ///
    /// Fails if it does not end.
    pub fn finish(self) -> Result<(Said, Scratch)> {
        Ok((self.running.finish()?, self.scratch))
    }

    /// Prepares a client that trusts only the certificate of the handshake, as a core does.
    fn tls(&self, caller: Caller) -> Result<ClientConfig> {
        let crypto = Arc::new(rustls::crypto::ring::default_provider());
        let certificate = self.handshake.certificate.clone();
        let pinned = Pinned {
            certificate,
            crypto: Arc::clone(&crypto),
        };
        let builder = ClientConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(pinned));
        let mut config = match identity(caller)? {
            None => builder.with_no_client_auth(),
            Some(key) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key))),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }
}

/// Describes the provider's start with everything that a core adds to the environment.
///
/// # Errors
///
/// Fails if the provider was not built.
pub fn command(scratch: &Scratch) -> Result<Command> {
    let mut command = place::isolated(&place::provider()?, scratch.path());
    command
        .env(COOKIE.0, COOKIE.1)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .env("PLUGIN_CLIENT_CERT", CORE_CERTIFICATE);
    Ok(command)
}

fn parse_handshake(line: &str) -> Result<Handshake> {
    let fields: Vec<&str> = line.split('|').collect();
    let [
        core_version,
        protocol_version,
        "unix",
        socket,
        wire,
        certificate,
    ] = fields.as_slice()
    else {
        bail!("no handshake on a Unix socket with a certificate: {line}");
    };
    let certificate = STANDARD_NO_PAD
        .decode(certificate)
        .context("the handshake's certificate")?;
    Ok(Handshake {
        core_version: (*core_version).to_owned(),
        protocol_version: (*protocol_version).to_owned(),
        socket: PathBuf::from(socket),
        wire: (*wire).to_owned(),
        certificate: CertificateDer::from(certificate),
    })
}

fn identity(caller: Caller) -> Result<Option<CertifiedKey>> {
    let (certificate, key) = match caller {
        Caller::Nobody => return Ok(None),
        Caller::Core => (CORE_CERTIFICATE, CORE_KEY_STARTS_WITH),
        Caller::Stranger => (STRANGER_CERTIFICATE, STRANGER_KEY_STARTS_WITH),
        Caller::Thief => (CORE_CERTIFICATE, STRANGER_KEY_STARTS_WITH),
    };
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes())?;
    Ok(Some(CertifiedKey::new(
        vec![certificate],
        Arc::new(ClientKey::counting_from(key)?),
    )))
}

/// Connects to the provider's socket by TLS.
#[derive(Clone)]
struct Connector {
    socket: PathBuf,
    tls: TlsConnector,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TlsStream<UnixStream>>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { socket, tls } = self.clone();
        Box::pin(async move {
            let stream = UnixStream::connect(socket).await?;
            let name = ServerName::try_from("localhost").map_err(std::io::Error::other)?;
            Ok(TokioIo::new(tls.connect(name, stream).await?))
        })
    }
}
