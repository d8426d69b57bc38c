//! A real core in a folder of its own beside the emulator, watched from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::measure::{self, Ended};
use crate::emulator::Emulator;
use crate::process::Supervisor;

/// Far above what a thousand resources take under the published limits.
const LIMIT: Duration = Duration::from_secs(540);

/// A core with a configuration.
pub(super) struct Core<'a> {
    supervisor: &'a Supervisor,
    emulator: &'a Emulator,
    program: &'a Path,
    folder: PathBuf,
    settings: &'a Path,
}

impl<'a> Core<'a> {
    /// Writes the configuration into a folder of that name and runs `init`.
    pub(super) fn open(
        supervisor: &'a Supervisor,
        emulator: &'a Emulator,
        (program, settings): (&'a Path, &'a Path),
        name: &str,
        configuration: &str,
    ) -> Result<Self> {
        let folder = emulator.folder().join(name);
        fs::create_dir(&folder).context("cannot create a folder for a core")?;
        fs::write(folder.join("main.tf"), configuration).context("cannot write main.tf")?;
        let core = Self {
            supervisor,
            emulator,
            program,
            folder,
            settings,
        };
        core.run(&["init", "-input=false"])?;
        Ok(core)
    }

    /// Runs a command that must end with exit code 0.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<Ended> {
        let path = self.folder.join("core.log");
        let log = fs::File::create(&path).context("cannot create the log of a core")?;
        let mut command = self.emulator.command(self.program);
        command
            .current_dir(&self.folder)
            .env("TF_CLI_CONFIG_FILE", self.settings)
            .env("TF_CLI_ARGS", "-no-color")
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .args(arguments)
            .stdout(log.try_clone()?)
            .stderr(log);
        let ended = measure::run(self.supervisor, &mut command, LIMIT)?;
        ensure!(
            ended.code == 0,
            "`terraform {}` ended with {}: {}",
            arguments.join(" "),
            ended.code,
            fs::read_to_string(&path).unwrap_or_default()
        );
        Ok(ended)
    }
}
