//! Snapshots: all that an emulator knows, in one file of its state folder, so that it goes on after a restart where it
//! was. Only the program that wrote a snapshot reads it.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::clock::{pause, real_now};
use crate::shared::Shared;
use crate::start::Addresses;
use crate::state_dir::{StateDir, StateError};
use crate::tls::KeptAuthority;
use crate::world::World;

/// The file of the snapshot.
pub(crate) const FILE: &str = "state.json";
/// Grows when a snapshot would be read as something else.
const FORMAT: &str = concat!(env!("CARGO_PKG_VERSION"), "/2");
/// How long a change may wait for the next snapshot.
const BETWEEN: Duration = Duration::from_secs(5);

/// A snapshot cannot be used.
#[derive(Debug, Error)]
pub(crate) enum SnapshotError {
    #[error("cannot read or write the snapshot")]
    File(#[from] StateError),
    #[error("the snapshot is damaged: start anew with --fresh")]
    Damaged(#[source] serde_json::Error),
    #[error("reading or writing the snapshot was interrupted")]
    Interrupted,
    #[error("the snapshot is of another version, {format}: start anew with --fresh")]
    Version { format: String },
}

/// The ports that an emulator had.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Ports {
    pub(crate) tls: u16,
    pub(crate) proxy: u16,
    pub(crate) control: u16,
}

/// What is kept. The world and its authority hold secrets, so it has no `Debug`.
#[derive(Deserialize, Serialize)]
pub(crate) struct Snapshot<W> {
    /// The time of the world.
    now: Timestamp,
    /// The real time at that moment.
    real: Timestamp,
    pub(crate) ports: Ports,
    pub(crate) authority: KeptAuthority,
    /// Those that have proven to want events.
    pub(crate) subscribers: Vec<String>,
    pub(crate) world: W,
}

/// The first thing in the file: all else may be unreadable in another version.
#[derive(Deserialize, Serialize)]
struct Format {
    format: String,
}

impl Snapshot<World> {
    /// Reads the snapshot of a state folder; nothing if there is none.
    pub(crate) async fn read(state: &StateDir) -> Result<Option<Self>, SnapshotError> {
        let state = state.clone();
        let read = tokio::task::spawn_blocking(move || read_blocking(&state));
        read.await.unwrap_or(Err(SnapshotError::Interrupted))
    }

    /// Gives the time that the world shows now: time went on while nobody looked.
    pub(crate) fn resumed_at(&self, real_now: Timestamp) -> Timestamp {
        let away = real_now.duration_since(self.real);
        self.now
            .saturating_add(away.max(jiff::SignedDuration::ZERO))
            .unwrap_or(self.now)
    }
}

/// Writes a snapshot of the emulator as it is.
///
/// # Cancellation
///
/// The old snapshot stays or the new one is there, each whole.
pub(crate) async fn write(
    shared: &Arc<Shared>,
    state: &StateDir,
    addresses: Addresses,
) -> Result<(), SnapshotError> {
    let (shared, state) = (Arc::clone(shared), state.clone());
    let written = tokio::task::spawn_blocking(move || {
        state.write_large(FILE, |file| fill(&shared, addresses, file))
    });
    match written.await {
        Ok(written) => Ok(written?),
        Err(_) => Err(SnapshotError::Interrupted),
    }
}

/// Writes a snapshot after changes, until the emulator stops.
pub(crate) async fn keep(shared: Arc<Shared>, state: StateDir, addresses: Addresses) {
    let mut kept = None;
    loop {
        let changes = shared.changes();
        if kept != Some(changes) {
            match write(&shared, &state, addresses).await {
                Ok(()) => kept = Some(changes),
                Err(error) => tracing::warn!(%error, "cannot keep a snapshot"),
            }
        }
        pause(BETWEEN).await;
    }
}

fn read_blocking(state: &StateDir) -> Result<Option<Snapshot<World>>, SnapshotError> {
    let Some(file) = state.read_large(FILE)? else {
        return Ok(None);
    };
    let mut reader = serde_json::Deserializer::from_reader(file);
    let Format { format } = Format::deserialize(&mut reader).map_err(SnapshotError::Damaged)?;
    if format != FORMAT {
        return Err(SnapshotError::Version { format });
    }
    Snapshot::deserialize(&mut reader)
        .map(Some)
        .map_err(SnapshotError::Damaged)
}

fn fill(shared: &Shared, addresses: Addresses, file: &mut dyn Write) -> std::io::Result<()> {
    let format = Format {
        format: FORMAT.to_owned(),
    };
    serde_json::to_writer(&mut *file, &format)?;
    file.write_all(b"\n")?;
    let subscribers = shared.subscribers().validated();
    let (world, now) = shared.world();
    let snapshot = Snapshot {
        now,
        real: real_now(),
        ports: Ports {
            tls: addresses.tls.port(),
            proxy: addresses.proxy.port(),
            control: addresses.control.port(),
        },
        authority: shared.authority.to_keep(),
        subscribers: subscribers.iter().map(ToString::to_string).collect(),
        world: &*world,
    };
    serde_json::to_writer(file, &snapshot)?;
    Ok(())
}
