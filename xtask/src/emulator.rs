//! The emulator beside a command of ours: in a temporary folder, and gone with it when it is dropped.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::bench::measure::high_water;
use crate::process::{Background, Supervisor};
use crate::workspace;

/// How many short pauses the emulator and what runs beside it get to come up: about a minute in all.
const LOOKS_FOR_READINESS: usize = 3000;

/// The running emulator with everything that is needed to talk to it.
pub struct Emulator {
    // Dropped in this order: first the program, then the folder that it writes to.
    running: Mutex<Background>,
    supervisor: Supervisor,
    keyrotation: PathBuf,
    ready: Value,
    variables: Vec<(String, String)>,
    folder: Folder,
}

impl Emulator {
    /// Starts the emulator of a `keyrotation` on free ports of loopback and waits until it answers.
    pub fn start(supervisor: &Supervisor, keyrotation: &Path, options: &[&OsStr]) -> Result<Self> {
        let folder = Folder::create()?;
        let mut command = start_command(keyrotation, &folder)?;
        let mut running = supervisor.start(command.args(options))?;
        let ready = wait_until_ready(supervisor, &mut running, &folder)?;
        let variables = exported_variables(&folder.state().join("env.sh"))?;
        Ok(Self {
            running: Mutex::new(running),
            supervisor: supervisor.clone(),
            keyrotation: keyrotation.to_path_buf(),
            ready,
            variables,
            folder,
        })
    }

    /// Returns the address of one of its listeners.
    pub fn address(&self, listener: &str) -> &str {
        self.ready
            .get(listener)
            .and_then(Value::as_str)
            .unwrap_or("(not running)")
    }

    /// Returns a folder for the caller's own files, removed with the emulator.
    pub fn folder(&self) -> &Path {
        &self.folder.path
    }

    /// Returns one of the variables that a command sees.
    pub fn variable(&self, name: &str) -> Result<&str> {
        let mut all = self.variables.iter();
        let found = all
            .find(|(one, _)| one == name)
            .map(|(_, value)| value.as_str());
        found.with_context(|| format!("the emulator's env.sh does not set {name}"))
    }

    /// Describes a run of `program` that sees the emulator in the place of Azure and nothing else.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = workspace::isolated(program, &self.folder.path);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs one of the commands that steer an emulator and returns its stdout.
    pub fn says(&self, command: &str, options: &[&str]) -> Result<String> {
        let mut run = self.command(&self.keyrotation);
        run.args(["emulator", command, "--state-dir"])
            .arg(self.folder.state())
            .args(options);
        let output = self.supervisor.capture(&mut run, "")?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "`keyrotation emulator {command}` failed: {stderr}"
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Returns the requests that it has seen.
    pub fn journal(&self) -> Result<Vec<Value>> {
        let mut journal: Value =
            serde_json::from_str(&self.says("journal", &["--format", "json"])?)
                .context("the emulator's journal is not JSON")?;
        match journal.get_mut("requests").map(Value::take) {
            Some(Value::Array(requests)) => Ok(requests),
            _ => bail!("the emulator's journal lacks `requests`"),
        }
    }

    /// Says whether it still runs.
    pub fn is_alive(&self) -> Result<bool> {
        Ok(self.running().ended()?.is_none())
    }

    /// Returns the most bytes of memory that it has held so far.
    pub fn peak(&self) -> u64 {
        high_water(self.running().id())
    }

    fn running(&self) -> MutexGuard<'_, Background> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start_command(keyrotation: &Path, folder: &Folder) -> Result<Command> {
    let log = fs::File::create(folder.log()).context("cannot create the emulator's log")?;
    let mut command = workspace::isolated(keyrotation, &folder.path);
    command
        .args(["emulator", "start", "--state-dir"])
        .arg(folder.state())
        .args(["--tls-listen=127.0.0.1:0", "--proxy-listen=127.0.0.1:0"])
        .arg("--control-listen=127.0.0.1:0")
        .stdout(log.try_clone()?)
        .stderr(log);
    Ok(command)
}

fn wait_until_ready(
    supervisor: &Supervisor,
    emulator: &mut Background,
    folder: &Folder,
) -> Result<Value> {
    let path = folder.state().join("ready.json");
    for _ in 0..LOOKS_FOR_READINESS {
        if let Ok(text) = fs::read_to_string(&path) {
            return serde_json::from_str(&text).context("the emulator's ready.json is not JSON");
        }
        if let Some(status) = emulator.ended()? {
            let log = fs::read_to_string(folder.log()).unwrap_or_default();
            bail!("the emulator ended with {status}:\n{}", log.trim());
        }
        supervisor.pause()?;
    }
    bail!("the emulator was not ready within a minute")
}

/// Reads the `export NAME=value` lines of a file that is made for shells.
fn exported_variables(path: &Path) -> Result<Vec<(String, String)>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let exports = text.lines().filter_map(|line| line.strip_prefix("export "));
    Ok(exports
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.trim_matches(['\'', '"']).to_owned()))
        .collect())
}

/// A folder that nobody else may read, removed when it is dropped.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder of this run; there is one at a time.
    pub fn create() -> Result<Self> {
        // Short, because the provider puts a socket below it and a socket's path has few bytes.
        let path = std::env::temp_dir().join(format!("keyrotation-{}", std::process::id()));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { path })
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn state(&self) -> PathBuf {
        self.path.join("emulator")
    }

    fn log(&self) -> PathBuf {
        self.path.join("emulator.log")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.path));
    }
}
