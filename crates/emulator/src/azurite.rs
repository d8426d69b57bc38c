//! A real storage server beside the emulator: starts Azurite and brings it every change of a key before the change is
//! answered, so that a token dies with its key. Blobs are Azurite's business alone.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::state_dir::{StateDir, StateError};
use crate::world::World;
use crate::world::account::KeySlot;

const CONTROL: &str = include_str!("azurite/control.cjs");
/// What the control script answers when a list of keys is in force.
const IN_FORCE: &str = "keyrotation: keys are in force";
/// What Azurite prints when it is up; its address follows.
const LISTENS: &str = "successfully listens on ";
/// A loaded machine takes long to start node.
const PATIENCE: Duration = Duration::from_secs(60);

/// Azurite cannot be started or did not take the keys.
#[derive(Debug, Error)]
pub(crate) enum AzuriteError {
    #[error("there is no Azurite in `{}`: run `npm install azurite@3.35.0` there", folder.display())]
    Missing { folder: PathBuf },
    #[error("cannot start node for Azurite: install Node.js 20 or later")]
    Node(#[source] std::io::Error),
    #[error("cannot write Azurite's files")]
    Files(#[from] StateError),
    #[error("Azurite ended early or did not answer")]
    Silent,
}

/// The keys of all accounts at one moment, and that moment: Azurite's clock is the emulator's.
pub(crate) struct Keys {
    revision: u64,
    line: String,
}

impl Keys {
    /// Gives the keys of a world if they are newer than a revision.
    pub(crate) fn newer(world: &World, now: Timestamp, revision: u64) -> Option<Self> {
        if world.key_revision <= revision {
            return None;
        }
        let entry = |account: &crate::world::account::Account| {
            let key = |slot| account.key(&world.mint, slot).expose();
            format!(
                "{}:{}:{}",
                account.name,
                key(KeySlot::Key1),
                key(KeySlot::Key2)
            )
        };
        let accounts: Vec<_> = world.accounts.values().map(entry).collect();
        let line = format!("{} {}", now.as_millisecond(), accounts.join(";"));
        Some(Self {
            revision: world.key_revision,
            line,
        })
    }
}

/// A running Azurite. It ends when this is dropped.
pub(crate) struct Azurite {
    address: SocketAddr,
    published: Arc<AtomicU64>,
    keeper: mpsc::Sender<(Keys, oneshot::Sender<bool>)>,
}

impl Azurite {
    /// Starts the Azurite whose `node_modules` is in `folder`, with the certificate files that are in the state folder.
    ///
    /// # Cancellation
    ///
    /// A process that was started ends.
    pub(crate) async fn start(folder: &Path, state: &StateDir) -> Result<Self, AzuriteError> {
        let main = folder.join("node_modules/azurite/dist/src/blob/main.js");
        if !tokio::fs::try_exists(&main).await.unwrap_or(false) {
            return Err(AzuriteError::Missing {
                folder: folder.to_owned(),
            });
        }
        let script = state.write("azurite-control.cjs", CONTROL).await?;
        let mut child = command(&main, &script, state)
            .spawn()
            .map_err(AzuriteError::Node)?;
        let input = child.stdin.take().ok_or(AzuriteError::Silent)?;
        let mut lines = BufReader::new(child.stdout.take().ok_or(AzuriteError::Silent)?).lines();
        let address = listening(&mut lines).await.ok_or(AzuriteError::Silent)?;
        let (keeper, requests) = mpsc::channel(16);
        let published = Arc::new(AtomicU64::new(0));
        tokio::spawn(keep(
            Process {
                child,
                input,
                lines,
            },
            requests,
            Arc::clone(&published),
        ));
        Ok(Self {
            address,
            published,
            keeper,
        })
    }

    /// Gives the address of the blob service.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Brings the keys if they have changed since the last time.
    ///
    /// # Cancellation
    ///
    /// The keys arrive or not; the next call brings them.
    pub(crate) async fn publish(
        &self,
        newer: impl FnOnce(u64) -> Option<Keys>,
    ) -> Result<(), AzuriteError> {
        let Some(keys) = newer(self.published.load(Ordering::Acquire)) else {
            return Ok(());
        };
        let (done, answer) = oneshot::channel();
        self.keeper
            .send((keys, done))
            .await
            .map_err(|_| AzuriteError::Silent)?;
        if answer.await.unwrap_or(false) {
            Ok(())
        } else {
            Err(AzuriteError::Silent)
        }
    }
}

struct Process {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

fn command(main: &Path, script: &Path, state: &StateDir) -> Command {
    let mut command = Command::new("node");
    command
        .arg("-r")
        .arg(script)
        .arg(main)
        .args([
            "--blobHost",
            "127.0.0.1",
            "--blobPort",
            "0",
            "--inMemoryPersistence",
            "--silent",
        ])
        .args(["--disableTelemetry", "--skipApiVersionCheck", "--cert"])
        .arg(state.file("localhost.pem"))
        .arg("--key")
        .arg(state.file("localhost-key.pem"))
        .current_dir(state.path())
        // Without an account Azurite falls back to a key that everybody knows. The real ones come by the pipe, where
        // nobody can read them.
        .env("AZURITE_ACCOUNTS", "nobody:bm9ib2R5")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    command
}

async fn listening(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<SocketAddr> {
    let line = next_with(lines, LISTENS).await?;
    let (_, url) = line.split_once(LISTENS)?;
    url.trim()
        .trim_start_matches("https://")
        .trim_end_matches('/')
        .parse()
        .ok()
}

/// Waits for a line that contains `mark`.
async fn next_with(lines: &mut Lines<BufReader<ChildStdout>>, mark: &str) -> Option<String> {
    let search = async {
        while let Ok(Some(line)) = lines.next_line().await {
            if line.contains(mark) {
                return Some(line);
            }
        }
        None
    };
    timeout(PATIENCE, search).await.ok().flatten()
}

/// Owns the process: takes one list of keys after the other, until nobody is left to send one.
async fn keep(
    mut process: Process,
    mut requests: mpsc::Receiver<(Keys, oneshot::Sender<bool>)>,
    published: Arc<AtomicU64>,
) {
    while let Some((keys, done)) = requests.recv().await {
        // Requests may overtake each other on their way here; an older list must not undo a newer one.
        let is_newer = published.load(Ordering::Acquire) < keys.revision;
        let taken = !is_newer || process.take(&keys.line).await;
        if taken {
            published.fetch_max(keys.revision, Ordering::AcqRel);
        }
        // The request may have been given up; then nobody waits for the answer.
        let _unheard = done.send(taken);
    }
    drop(process.input);
    let _ended = timeout(Duration::from_secs(5), process.child.wait()).await;
}

impl Process {
    async fn take(&mut self, line: &str) -> bool {
        let sent = self
            .input
            .write_all(format!("{line}\n").as_bytes())
            .await
            .is_ok();
        sent && self.input.flush().await.is_ok()
            && next_with(&mut self.lines, IN_FORCE).await.is_some()
    }
}
