//! Starting and ending an emulator: puts the parts together, opens the listeners, tells others where they are.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::azurite::{Azurite, AzuriteError};
use crate::clock::{Clock, real_now};
use crate::control::Control;
use crate::environment::{export_lines, variables};
use crate::fleet::{Fleet, FleetError, build};
use crate::proxy;
use crate::server::{listen_control, listen_tls};
use crate::shared::Shared;
use crate::state_dir::{READY, StateDir, StateError};
use crate::tls::{Authority, ByName, TlsError};

/// How to start an emulator.
#[derive(Clone, Debug)]
pub struct Options {
    /// The tenant to start with.
    pub fleet: Fleet,
    /// Where to write the certificate, the addresses and the variables; nothing is written without it.
    pub state_dir: Option<PathBuf>,
    /// Where to answer TLS clients that resolve the real host names to it; port 0 takes a free one.
    pub tls_listen: SocketAddr,
    /// Where to be a CONNECT proxy.
    pub proxy_listen: SocketAddr,
    /// Where to take orders; loopback only.
    pub control_listen: SocketAddr,
    /// Hosts that the proxy passes on although they are not modelled.
    pub allowed_hosts: Vec<String>,
    /// The folder whose `node_modules` has Azurite, if one is to run beside.
    pub azurite: Option<PathBuf>,
    /// Where all secrets of the emulator come from: the same seed gives the same keys.
    pub seed: u64,
}

impl Options {
    /// Gives the options of an emulator inside a test: free ports, no files.
    #[must_use]
    pub fn ephemeral(fleet: Fleet) -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            fleet,
            state_dir: None,
            tls_listen: any,
            proxy_listen: any,
            control_listen: any,
            allowed_hosts: Vec::new(),
            azurite: None,
            seed: 0,
        }
    }
}

/// Where a running emulator is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// TLS as the real host names.
    pub tls: SocketAddr,
    /// The CONNECT proxy.
    pub proxy: SocketAddr,
    /// The control interface.
    pub control: SocketAddr,
    /// The blob service of the storage server beside.
    pub blob: Option<SocketAddr>,
}

/// An emulator cannot be started.
#[derive(Debug, Error)]
#[error("cannot start the emulator: {act}")]
pub struct StartError {
    act: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StartError {
    fn new(act: impl Into<String>) -> Self {
        Self {
            act: act.into(),
            source: None,
        }
    }

    fn because(
        act: impl Into<String>,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self {
            act: act.into(),
            source: Some(Box::new(source)),
        }
    }

    fn fleet(source: FleetError) -> Self {
        Self::because("the fleet cannot be built", source)
    }

    fn tls(source: TlsError) -> Self {
        Self::because("no certificate authority", source)
    }

    fn state(source: StateError) -> Self {
        Self::because("no state folder", source)
    }

    fn azurite(source: AzuriteError) -> Self {
        Self::because("no storage server beside", source)
    }
}

/// A running emulator. It ends when this is dropped.
pub struct Emulator {
    shared: Arc<Shared>,
    addresses: Addresses,
    state: Option<StateDir>,
    environment: Vec<(String, String)>,
}

impl fmt::Debug for Emulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The environment holds a client secret.
        formatter
            .debug_struct("Emulator")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

/// Starts an emulator and returns when it answers.
///
/// # Errors
///
/// Fails if an address cannot be taken, a file cannot be written, or the storage server beside does not start.
///
/// # Cancellation
///
/// What was started ends again; files that were written stay, without `ready.json`.
pub async fn start(options: Options) -> Result<Emulator, StartError> {
    if !options.control_listen.ip().is_loopback() {
        return Err(StartError::new(
            "the control interface gives keys away and must listen on loopback",
        ));
    }
    let (world, now) = build::build(&options.fleet.document, options.seed, real_now())
        .map_err(StartError::fleet)?;
    // From here on time runs, also while others start.
    let clock = Clock::starting_at(now);
    let authority = Authority::new(real_now()).map_err(StartError::tls)?;
    let state = match &options.state_dir {
        None => None,
        Some(path) => Some(prepare(path, &authority).await?),
    };
    let azurite = match (&options.azurite, &state) {
        (None, _) => None,
        (Some(_), None) => {
            return Err(StartError::new(
                "a storage server beside needs a state folder",
            ));
        }
        (Some(folder), Some(state)) => Some(
            Azurite::start(folder, state)
                .await
                .map_err(StartError::azurite)?,
        ),
    };
    let listeners = Listeners::bind(&options).await?;
    let addresses = listeners.addresses(azurite.as_ref().map(Azurite::address))?;
    let allowed: BTreeSet<String> = options
        .allowed_hosts
        .iter()
        .map(|host| host.to_ascii_lowercase())
        .collect();
    let certificate = state.as_ref().map(|state| state.file("ca.pem"));
    let environment = variables(
        &world,
        addresses.proxy,
        addresses.control,
        certificate.as_deref(),
    );
    let shared = Arc::new(Shared::new(world, clock, authority, azurite, allowed));
    shared.publish_keys().await.map_err(StartError::azurite)?;
    listeners.open(&shared)?;
    let emulator = Emulator {
        shared,
        addresses,
        state,
        environment,
    };
    emulator.announce().await?;
    Ok(emulator)
}

/// Writes what does not depend on the addresses.
async fn prepare(path: &Path, authority: &Authority) -> Result<StateDir, StartError> {
    let state = StateDir::open(path).await.map_err(StartError::state)?;
    let identity = authority.loopback_identity().map_err(StartError::tls)?;
    state
        .write("ca.pem", &authority.pem())
        .await
        .map_err(StartError::state)?;
    state
        .write("localhost.pem", &identity.chain)
        .await
        .map_err(StartError::state)?;
    state
        .write("localhost-key.pem", &identity.key)
        .await
        .map_err(StartError::state)?;
    Ok(state)
}

impl Emulator {
    /// Gives the addresses.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Gives the folder with the emulator's files, if it has one.
    #[must_use]
    pub fn state_dir(&self) -> Option<&Path> {
        self.state.as_ref().map(StateDir::path)
    }

    /// Gives the certificate of the emulator's authority as PEM.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.shared.authority.pem()
    }

    /// Gives the variables that lead a program to this emulator. They hold a client secret.
    #[must_use]
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Gives the control interface.
    #[must_use]
    pub fn control(&self) -> Control {
        Control(Arc::clone(&self.shared))
    }

    /// Ends the emulator and takes back `ready.json`.
    ///
    /// # Cancellation
    ///
    /// The emulator ends all the same.
    pub async fn shutdown(self) {
        self.shared.stop();
        if let Some(state) = &self.state {
            state.retract().await;
        }
    }

    async fn announce(&self) -> Result<(), StartError> {
        let Some(state) = &self.state else {
            return Ok(());
        };
        state
            .write("env.sh", &export_lines(&self.environment))
            .await
            .map_err(StartError::state)?;
        let Addresses {
            tls,
            proxy,
            control,
            blob,
        } = self.addresses;
        let mut ready = json!({
            "tls": tls.to_string(),
            "proxy": proxy.to_string(),
            "control": control.to_string(),
        });
        if let (Some(blob), Some(ready)) = (blob, ready.as_object_mut()) {
            ready.insert("blob".to_owned(), json!(format!("https://{blob}")));
        }
        state
            .write(READY, &format!("{ready}\n"))
            .await
            .map_err(StartError::state)?;
        Ok(())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

struct Listeners {
    tls: TcpListener,
    proxy: TcpListener,
    control: TcpListener,
}

impl Listeners {
    async fn bind(options: &Options) -> Result<Self, StartError> {
        Ok(Self {
            tls: bind("TLS", options.tls_listen).await?,
            proxy: bind("proxy", options.proxy_listen).await?,
            control: bind("control", options.control_listen).await?,
        })
    }

    fn addresses(&self, blob: Option<SocketAddr>) -> Result<Addresses, StartError> {
        let address = |listener: &TcpListener| {
            listener
                .local_addr()
                .map_err(|error| StartError::because("a listener has no address", error))
        };
        Ok(Addresses {
            tls: address(&self.tls)?,
            proxy: address(&self.proxy)?,
            control: address(&self.control)?,
            blob,
        })
    }

    fn open(self, shared: &Arc<Shared>) -> Result<(), StartError> {
        let resolver = Arc::new(ByName(Arc::clone(shared)));
        let config = Authority::server_config(resolver).map_err(StartError::tls)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        shared.spawn(listen_tls(Arc::clone(shared), self.tls, acceptor.clone()));
        shared.spawn(proxy::listen(Arc::clone(shared), self.proxy, acceptor));
        shared.spawn(listen_control(Arc::clone(shared), self.control));
        Ok(())
    }
}

async fn bind(what: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let act = || format!("cannot listen on {address} ({what})");
    TcpListener::bind(address)
        .await
        .map_err(|error| StartError::because(act(), error))
}
