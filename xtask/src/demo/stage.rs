//! Where the demo plays: a temporary folder and the emulator, both gone when the stage is dropped.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::process::{Background, Supervisor};
use crate::workspace::{self, Programs};

/// How many short pauses the emulator and Azurite get to come up: about a minute in all.
const LOOKS_FOR_READINESS: usize = 3000;

/// The running emulator with everything that is needed to talk to it.
pub struct Stage {
    // Dropped in this order: first the programs, then the folder that they write to.
    emulator: std::cell::RefCell<Background>,
    supervisor: Supervisor,
    programs: Programs,
    ready: Value,
    variables: Vec<(String, String)>,
    folder: Folder,
}

/// What a command of ours said and how it ended.
pub struct Said {
    /// Its exit code.
    pub code: i32,
    /// Its stdout, then its stderr.
    pub text: String,
}

impl Stage {
    /// Starts the emulator with the example's fleet and waits until it answers.
    pub fn open(supervisor: &Supervisor, azurite: &Path) -> Result<Self> {
        let folder = Folder::create()?;
        let programs = workspace::programs()?;
        let mut start = start_command(&programs, &folder, azurite)?;
        let mut emulator = supervisor.start(&mut start)?;
        let ready = wait_until_ready(supervisor, &mut emulator, &folder)?;
        let variables = exported_variables(&folder.state().join("env.sh"))?;
        Ok(Self {
            emulator: std::cell::RefCell::new(emulator),
            supervisor: supervisor.clone(),
            programs,
            ready,
            variables,
            folder,
        })
    }

    /// Returns the address of the proxy that stands for Azure's host names.
    pub fn proxy(&self) -> &str {
        self.address("proxy")
    }

    /// Returns the base address of the storage server.
    pub fn blobs(&self) -> &str {
        self.address("blob")
    }

    /// Returns the folder for the demo's own files.
    pub fn folder(&self) -> &Path {
        &self.folder.path
    }

    /// Returns the guard that runs programs for the demo.
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// Returns the provider as cargo built it.
    pub fn provider(&self) -> &Path {
        &self.programs.provider
    }

    /// Describes a run of `program` that sees the emulator in the place of Azure and nothing else.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = workspace::isolated(program, &self.folder.path);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command of the command line tool to its end, whatever its exit code.
    pub fn keyrotation(&self, arguments: &[&str]) -> Result<Said> {
        let mut command = self.command(&self.programs.keyrotation);
        let output = self.supervisor.capture(command.args(arguments), "")?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let code = output
            .status
            .code()
            .context("keyrotation was ended by a signal")?;
        Ok(Said {
            code,
            text: format!("{stdout}{stderr}"),
        })
    }

    /// Moves the emulator's clock and returns its new time.
    pub fn advance(&self, duration: &str) -> Result<String> {
        self.emulator_says("clock", &["--advance", duration])?;
        self.now()
    }

    /// Returns the emulator's time.
    pub fn now(&self) -> Result<String> {
        Ok(self.emulator_says("clock", &[])?.trim().to_owned())
    }

    /// Returns the requests that the emulator has seen, one a line: method, address and status.
    pub fn journal(&self) -> Result<Vec<String>> {
        let journal: Value =
            serde_json::from_str(&self.emulator_says("journal", &["--format", "json"])?)
                .context("the emulator's journal is not JSON")?;
        let requests = journal.get("requests").and_then(Value::as_array);
        let requests = requests.context("the emulator's journal lacks `requests`")?;
        Ok(requests.iter().map(journal_line).collect())
    }

    /// Says whether the emulator still runs.
    pub fn is_alive(&self) -> Result<bool> {
        Ok(self.emulator.borrow_mut().ended()?.is_none())
    }

    fn emulator_says(&self, command: &str, options: &[&str]) -> Result<String> {
        let mut run = self.command(&self.programs.keyrotation);
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

    fn address(&self, listener: &str) -> &str {
        self.ready
            .get(listener)
            .and_then(Value::as_str)
            .unwrap_or("(not running)")
    }
}

fn start_command(programs: &Programs, folder: &Folder, azurite: &Path) -> Result<Command> {
    let log = fs::File::create(folder.log()).context("cannot create the emulator's log")?;
    let mut command = workspace::isolated(&programs.keyrotation, &folder.path);
    command
        .args(["emulator", "start", "--state-dir"])
        .arg(folder.state())
        .arg("--fleet")
        .arg(workspace::root().join("examples/quickstart/fleet.json"))
        .arg("--azurite")
        .arg(azurite)
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

fn journal_line(request: &Value) -> String {
    let field = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or("?");
    let status = request
        .get("status")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    format!("{} {} -> {status}", field("method"), field("url"))
}

/// A folder that nobody else may read, removed when it is dropped.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn create() -> Result<Self> {
        // Short, because the provider puts a socket below it and a socket's path has few bytes.
        let path = std::env::temp_dir().join(format!("keyrotation-demo-{}", std::process::id()));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { path })
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
