//! Where the demo plays: the emulator with the example's fleet and a storage server beside it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::emulator::Emulator;
use crate::process::Supervisor;
use crate::workspace::{self, Programs};

/// The running emulator and the programs that play on it.
pub struct Stage {
    emulator: Emulator,
    supervisor: Supervisor,
    programs: Programs,
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
        let programs = workspace::programs()?;
        let fleet = workspace::root().join("examples/quickstart/fleet.json");
        let options = [
            OsStr::new("--fleet"),
            fleet.as_os_str(),
            OsStr::new("--azurite"),
            azurite.as_os_str(),
        ];
        Ok(Self {
            emulator: Emulator::start(supervisor, &programs.keyrotation, &options)?,
            supervisor: supervisor.clone(),
            programs,
        })
    }

    /// Returns the address of the proxy that stands for Azure's host names.
    pub fn proxy(&self) -> &str {
        self.emulator.address("proxy")
    }

    /// Returns the base address of the storage server.
    pub fn blobs(&self) -> &str {
        self.emulator.address("blob")
    }

    /// Returns the folder for the demo's own files.
    pub fn folder(&self) -> &Path {
        self.emulator.folder()
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
        self.emulator.command(program)
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
        self.emulator.says("clock", &["--advance", duration])?;
        self.now()
    }

    /// Returns the emulator's time.
    pub fn now(&self) -> Result<String> {
        Ok(self.emulator.says("clock", &[])?.trim().to_owned())
    }

    /// Returns the requests that the emulator has seen, one a line: method, address and status.
    pub fn journal(&self) -> Result<Vec<String>> {
        Ok(self.emulator.journal()?.iter().map(journal_line).collect())
    }

    /// Says whether the emulator still runs.
    pub fn is_alive(&self) -> Result<bool> {
        self.emulator.is_alive()
    }
}

fn journal_line(request: &Value) -> String {
    let field = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or("?");
    let status = request
        .get("status")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    format!("{} {} -> {status}", field("method"), field("url"))
}
