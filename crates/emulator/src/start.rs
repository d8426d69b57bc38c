//! Starting and ending an emulator: puts the parts together, opens the listeners, tells others where they are.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use crate::azurite::Azurite;
use crate::clock::{Clock, real_now};
use crate::control::Control;
use crate::environment::{export_lines, variables};
use crate::events;
use crate::fleet::{Fleet, build};
use crate::record::Recorder;
use crate::shared::Shared;
use crate::snapshot::{self, Snapshot};
use crate::state_dir::{READY, StateDir};
use crate::tls::Authority;
use crate::world::World;
use crate::world::settings::Settings;

pub(crate) mod error;
mod listeners;

use error::StartError;
use listeners::Listeners;

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
    /// Where to keep every exchange with its bodies, secrets of the emulator included.
    pub record: Option<PathBuf>,
    /// Where all secrets of the emulator come from: the same seed gives the same keys.
    pub seed: u64,
    /// How the emulated Azure behaves where the real one varies.
    pub settings: Settings,
    /// What becomes of the world when the emulator ends.
    pub memory: Memory,
    /// Where to post events about secrets: http addresses on loopback.
    pub event_subscribers: Vec<String>,
}

/// Whether a state folder keeps the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// Every start begins with the fleet, and nothing is kept.
    #[default]
    Forget,
    /// A start goes on where the last emulator of the folder was; the fleet counts only if there was none.
    Resume,
    /// This start begins with the fleet, and the next can go on from here.
    Anew,
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
            record: None,
            seed: 0,
            settings: Settings::default(),
            memory: Memory::default(),
            event_subscribers: Vec::new(),
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

/// A running emulator. It ends when this is dropped.
pub struct Emulator {
    shared: Arc<Shared>,
    addresses: Addresses,
    state: Option<StateDir>,
    keeps_snapshots: bool,
    resumed: bool,
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
    let state = match &options.state_dir {
        None => None,
        Some(path) => Some(StateDir::open(path).await.map_err(StartError::state)?),
    };
    let kept = match (&state, options.memory) {
        (Some(state), Memory::Resume) => {
            Snapshot::read(state).await.map_err(StartError::snapshot)?
        }
        _ => None,
    };
    let authority = kept.as_ref().map(|kept| &kept.authority);
    let authority = Authority::kept(authority, real_now()).map_err(StartError::tls)?;
    if let Some(state) = &state {
        prepare(state, &authority).await?;
    }
    let azurite = storage_beside(&options, state.as_ref()).await?;
    let ports = kept.as_ref().map(|kept| kept.ports);
    let listeners = Listeners::bind(&options, ports).await?;
    let addresses = listeners.addresses(azurite.as_ref().map(Azurite::address))?;
    let mut origin = Origin::of(&options, kept)?;
    origin.world.certificate = authority.pem();
    let environment = environment(&origin.world, addresses, state.as_ref());
    let allowed = options.allowed_hosts.iter();
    let allowed = allowed.map(|host| host.to_ascii_lowercase()).collect();
    let recorder = recorder(&options)?;
    let (shared, errands) = Shared::new(
        origin.world,
        origin.clock,
        authority,
        azurite,
        recorder,
        allowed,
    );
    let shared = Arc::new(shared);
    subscribe(&shared, &origin.subscribers, &options.event_subscribers)?;
    shared.publish_keys().await.map_err(StartError::azurite)?;
    listeners.open(&shared)?;
    let delivery = events::deliver(Arc::clone(&shared), errands, addresses.control);
    shared.spawn(delivery);
    let emulator = Emulator {
        shared,
        addresses,
        keeps_snapshots: options.memory != Memory::Forget,
        resumed: origin.resumed,
        state,
        environment,
    };
    emulator.announce().await?;
    emulator.keep_snapshots();
    Ok(emulator)
}

/// Gives the variables that lead other programs here.
fn environment(
    world: &World,
    addresses: Addresses,
    state: Option<&StateDir>,
) -> Vec<(String, String)> {
    let certificate = state.map(|state| state.file("ca.pem"));
    variables(
        world,
        addresses.proxy,
        addresses.control,
        certificate.as_deref(),
    )
}

/// Opens the file for the exchanges, if they are to be kept.
fn recorder(options: &Options) -> Result<Option<Recorder>, StartError> {
    let recorder = options.record.as_deref().map(Recorder::open).transpose();
    recorder.map_err(|error| StartError::because("no file of exchanges", error))
}

/// What an emulator starts with.
struct Origin {
    world: World,
    clock: Clock,
    subscribers: Vec<String>,
    resumed: bool,
}

impl Origin {
    /// Goes on from a snapshot, or builds the world of the fleet. From here on time runs.
    fn of(options: &Options, kept: Option<Snapshot<World>>) -> Result<Self, StartError> {
        if let Some(mut kept) = kept {
            // What was asked for at this start counts more than what was set in the last run.
            if options.settings != Settings::default() {
                kept.world.settings = options.settings.clone();
            }
            return Ok(Self {
                clock: Clock::starting_at(kept.resumed_at(real_now())),
                world: kept.world,
                subscribers: kept.subscribers,
                resumed: true,
            });
        }
        let (mut world, now) =
            build::build(&options.fleet, options.seed, real_now()).map_err(StartError::fleet)?;
        world.settings = options.settings.clone();
        Ok(Self {
            world,
            clock: Clock::starting_at(now),
            subscribers: Vec::new(),
            resumed: false,
        })
    }
}

async fn storage_beside(
    options: &Options,
    state: Option<&StateDir>,
) -> Result<Option<Azurite>, StartError> {
    match (&options.azurite, state) {
        (None, _) => Ok(None),
        (Some(_), None) => Err(StartError::new(
            "a storage server beside needs a state folder",
        )),
        (Some(folder), Some(state)) => Azurite::start(folder, state)
            .await
            .map(Some)
            .map_err(StartError::azurite),
    }
}

/// Takes up the subscribers of an earlier run, and asks the new ones among those that are named.
fn subscribe(shared: &Shared, kept: &[String], named: &[String]) -> Result<(), StartError> {
    let refused = |error| StartError::because("a subscriber cannot be told", error);
    for url in kept {
        shared.subscribers().take_up(url).map_err(refused)?;
    }
    for url in named.iter().filter(|url| !kept.contains(url)) {
        shared.subscribe(url).map_err(refused)?;
    }
    Ok(())
}

/// Writes what does not depend on the addresses.
async fn prepare(state: &StateDir, authority: &Authority) -> Result<(), StartError> {
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
    Ok(())
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

    /// Says whether the emulator goes on from a snapshot.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.resumed
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
            if self.keeps_snapshots
                && let Err(error) = snapshot::write(&self.shared, state, self.addresses).await
            {
                tracing::warn!(%error, "cannot keep a snapshot");
            }
            state.retract().await;
        }
    }

    fn keep_snapshots(&self) {
        if let Some(state) = self.state.clone().filter(|_| self.keeps_snapshots) {
            let shared = Arc::clone(&self.shared);
            self.shared
                .spawn(snapshot::keep(shared, state, self.addresses));
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
