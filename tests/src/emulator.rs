//! The emulator as a process: started for one test on free ports, with a fleet of the test's own.

pub mod snapshot;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde_json::{Value, json};

use self::snapshot::Snapshot;
use crate::http;
use crate::place::{self, Scratch};
use crate::process::{Running, wait_for};

const START_LIMIT: Duration = Duration::from_secs(60);

/// A running emulator; it ends, and its files go, when it is dropped.
#[derive(Debug)]
pub struct Emulator {
    // Dropped in this order: first the program, then the folder that it writes to.
    running: Running,
    ready: Value,
    variables: Vec<(String, String)>,
    scratch: Scratch,
}

/// One request that the emulator has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The address, without secrets.
    pub url: String,
    /// The status of the answer; 0 if the connection was closed instead.
    pub status: u64,
    /// The published name of the operation, as in `SetStorageAccount`.
    pub operation: String,
}

impl Emulator {
    /// Starts an emulator with the fleet and waits until it answers.
    ///
    /// # Errors
    ///
    /// Fails if it ends or is not ready within a generous bound.
    pub fn start(fleet: &Value) -> Result<Self> {
        Self::start_with(fleet, &[])
    }

    /// Starts an emulator as [`Emulator::start`] does, with a real storage server for blobs beside it.
    ///
    /// # Errors
    ///
    /// As there, and if the storage server is not installed.
    pub fn start_with_storage(fleet: &Value) -> Result<Self> {
        let folder = place::azurite()?;
        Self::start_with(fleet, &["--azurite".as_ref(), folder.as_os_str()])
    }

    /// Starts an emulator that goes on from a snapshot, and records nothing: it is for runs by the hundred.
    ///
    /// # Errors
    ///
    /// As [`Emulator::start`].
    pub fn resume(snapshot: &Snapshot) -> Result<Self> {
        let scratch = Scratch::new()?;
        let state = scratch.folder("emulator")?;
        snapshot.write(&state)?;
        Self::launch(scratch, &[])
    }

    fn start_with(fleet: &Value, more: &[&OsStr]) -> Result<Self> {
        let scratch = Scratch::new()?;
        scratch.folder("emulator")?;
        let document = scratch.path().join("fleet.json");
        fs::write(&document, fleet.to_string()).context("cannot write the fleet")?;
        let record = place::exchanges()?;
        let own: [&OsStr; 4] = [
            "--fleet".as_ref(),
            document.as_ref(),
            "--record".as_ref(),
            record.as_ref(),
        ];
        Self::launch(scratch, &[&own, more].concat())
    }

    fn launch(scratch: Scratch, more: &[&OsStr]) -> Result<Self> {
        let state = scratch.path().join("emulator");
        let mut command = place::isolated(&place::keyrotation()?, scratch.path());
        command
            .args(["emulator", "start", "--state-dir"])
            .arg(&state);
        command.args(["--tls-listen=127.0.0.1:0", "--proxy-listen=127.0.0.1:0"]);
        command.arg("--control-listen=127.0.0.1:0").args(more);
        let mut running = Running::start(&mut command)?;
        let ready = wait_until_ready(&mut running, &state.join("ready.json"))?;
        let variables = exported_variables(&state.join("env.sh"))?;
        Ok(Self {
            running,
            ready,
            variables,
            scratch,
        })
    }

    /// Ends the emulator and returns all that it knew, and its folder with what runs have left there.
    ///
    /// # Errors
    ///
    /// Fails if it does not end in peace.
    pub fn stop(self) -> Result<(Snapshot, Scratch)> {
        self.running.signal(Signal::TERM)?;
        self.running.finish()?.expect_code(0)?;
        let snapshot = Snapshot::read(&self.scratch.path().join("emulator"))?;
        Ok((snapshot, self.scratch))
    }

    /// Ends the emulator and goes on with it after `minutes` in which nothing has happened: all times
    /// in it lie so much further back.
    ///
    /// # Errors
    ///
    /// As [`Emulator::stop`] and [`Emulator::start`].
    pub fn after_minutes(self, minutes: i64) -> Result<Self> {
        let (mut snapshot, scratch) = self.stop()?;
        snapshot.age(minutes);
        snapshot.write(&scratch.path().join("emulator"))?;
        Self::launch(scratch, &[])
    }

    /// Describes a run of `program` that sees the emulator in the place of Azure and nothing else.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = place::isolated(program, self.scratch.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Returns the folder for what belongs to this emulator's test.
    #[must_use]
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Returns a variable of the environment that the emulator offers to its clients.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns all variables of that environment.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns where the emulator takes connections for all host names of Azure.
    ///
    /// # Errors
    ///
    /// Fails if the emulator does not tell.
    pub fn tls_address(&self) -> Result<&str> {
        let address = self.ready.get("tls").and_then(Value::as_str);
        address.context("ready.json lacks `tls`")
    }

    /// Returns the key in a slot of an account, such as `key1`.
    ///
    /// # Errors
    ///
    /// Fails if there is no such account.
    pub fn key(&self, account: &str, slot: &str) -> Result<String> {
        let accounts = self.accounts()?;
        let all = accounts.get("accounts").and_then(Value::as_array);
        let mut all = all.context("no accounts")?.iter();
        let found = all.find(|one| one.get("name").and_then(Value::as_str) == Some(account));
        let key = found.and_then(|one| one.get(slot)).and_then(Value::as_str);
        let key = key.map(str::to_owned);
        key.with_context(|| format!("no {slot} of {account}"))
    }

    /// Returns what the emulator has said so far, which is for people.
    #[must_use]
    pub fn talk(&self) -> String {
        format!("{}{}", self.running.stdout(), self.running.stderr())
    }

    /// Moves the clock by an ISO 8601 duration.
    ///
    /// # Errors
    ///
    /// Fails if the emulator refuses.
    pub fn advance(&self, duration: &str) -> Result<()> {
        self.control("POST", "/clock", &json!({ "advance": duration }))
            .map(drop)
    }

    /// Returns the emulator's time.
    ///
    /// # Errors
    ///
    /// Fails if the emulator does not tell.
    pub fn now(&self) -> Result<String> {
        let clock = self.control("GET", "/clock", &Value::Null)?;
        let now = clock.get("now").and_then(Value::as_str);
        now.map(str::to_owned)
            .with_context(|| format!("no `now` in {clock}"))
    }

    /// Sets a fault, as the emulator's manual describes it.
    ///
    /// # Errors
    ///
    /// Fails if the emulator refuses.
    pub fn set_fault(&self, fault: &Value) -> Result<()> {
        self.control("POST", "/faults", fault).map(drop)
    }

    /// Forgets all faults.
    ///
    /// # Errors
    ///
    /// Fails if the emulator refuses.
    pub fn clear_faults(&self) -> Result<()> {
        self.control("DELETE", "/faults", &Value::Null).map(drop)
    }

    /// Returns how many requests of its operation the first fault has seen.
    ///
    /// # Errors
    ///
    /// Fails if the emulator does not tell, or if there is no fault.
    pub fn seen_by_fault(&self) -> Result<u64> {
        let faults = self.control("GET", "/faults", &Value::Null)?;
        let seen = faults.pointer("/faults/0/seen").and_then(Value::as_u64);
        seen.context("there is no fault")
    }

    /// Returns all there is, in the form of a snapshot, keys included.
    ///
    /// # Errors
    ///
    /// Fails if the emulator does not tell.
    pub fn world(&self) -> Result<Value> {
        let mut told = self.control("GET", "/world", &Value::Null)?;
        Ok(told.get_mut("world").map(Value::take).unwrap_or_default())
    }

    /// Has events about secrets posted to an address on this machine.
    ///
    /// # Errors
    ///
    /// Fails if the emulator refuses.
    pub fn subscribe(&self, url: &str) -> Result<()> {
        self.control("POST", "/subscribers", &json!({ "url": url }))
            .map(drop)
    }

    /// Returns those who hear of events, and whether they want to.
    ///
    /// # Errors
    ///
    /// Fails if the emulator does not tell.
    pub fn subscribers(&self) -> Result<Value> {
        self.control("GET", "/subscribers", &Value::Null)
    }

    /// Returns all requests so far, the oldest first.
    ///
    /// # Errors
    ///
    /// Fails if the emulator does not tell.
    pub fn journal(&self) -> Result<Vec<Request>> {
        let journal = self.journal_text()?;
        let requests = journal.get("requests").and_then(Value::as_array);
        Ok(requests
            .context("the journal lacks `requests`")?
            .iter()
            .map(request)
            .collect())
    }

    /// Returns the journal as the emulator writes it.
    ///
    /// # Errors
    ///
    /// Fails if the emulator does not tell.
    pub fn journal_text(&self) -> Result<Value> {
        self.control("GET", "/journal", &Value::Null)
    }

    /// Returns how many requests of one operation were seen.
    ///
    /// # Errors
    ///
    /// Fails if the emulator does not tell.
    pub fn count(&self, operation: &str) -> Result<usize> {
        Ok(self
            .journal()?
            .iter()
            .filter(|request| request.operation == operation)
            .count())
    }

    /// Returns the storage accounts with their keys.
    ///
    /// # Errors
    ///
    /// Fails if the emulator does not tell.
    pub fn accounts(&self) -> Result<Value> {
        self.control("GET", "/accounts", &Value::Null)
    }

    fn control(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let address = self.ready.get("control").and_then(Value::as_str);
        let address = address.context("ready.json lacks `control`")?;
        let address = address.trim_start_matches("http://");
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        http::ask(address, method, path, &body)
    }
}

fn wait_until_ready(running: &mut Running, path: &Path) -> Result<Value> {
    wait_for("the emulator", START_LIMIT, || {
        if let Ok(text) = fs::read_to_string(path) {
            return Ok(Some(
                serde_json::from_str(&text).context("ready.json is not JSON")?,
            ));
        }
        if running.has_ended()? {
            bail!(
                "the emulator has ended: {}{}",
                running.stdout(),
                running.stderr()
            );
        }
        Ok(None)
    })
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

fn request(entry: &Value) -> Request {
    let text = |name: &str| {
        entry
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .unwrap_or_default()
    };
    let status = entry
        .get("status")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    Request {
        method: text("method"),
        url: text("url"),
        status,
        operation: text("operation"),
    }
}
