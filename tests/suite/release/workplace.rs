//! A folder in which a core has to find its provider by itself.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tests::emulator::Emulator;
use tests::place::{self, Scratch};
use tests::process::{self, Said};
use tests::site::Site;

use crate::configuration::Configuration;

const LOCK: &str = ".terraform.lock.hcl";

/// The folder, and where the core is told to look.
pub(super) struct Workplace {
    folder: PathBuf,
    program: PathBuf,
}

impl Workplace {
    /// Opens a folder; `source` is the provider's address, `installation` the block of a core's settings that
    /// says where to look, if it is not the registry.
    pub(super) fn open(scratch: &Scratch, source: &str, installation: &str) -> Result<Self> {
        let folder = scratch.folder("workplace")?;
        let text = Configuration::default().text();
        let usual = "\"azure-keyrotation/keyrotation\"";
        ensure!(text.contains(usual), "the configuration names no provider");
        let text = text.replace(usual, &format!("\"{source}\""));
        fs::write(folder.join("main.tf"), text).context("cannot write main.tf")?;
        let settings = format!("{installation}\ndisable_checkpoint = true\n");
        fs::write(folder.join("core.tfrc"), settings).context("cannot write settings")?;
        Ok(Self {
            folder,
            program: place::terraform()?,
        })
    }

    /// Runs a command of the core that may reach this site, and no other.
    pub(super) fn run(&self, site: Option<&Site>, arguments: &[&str]) -> Result<Said> {
        let mut command = place::isolated(&self.program, &self.folder);
        command.env("TF_CLI_CONFIG_FILE", self.folder.join("core.tfrc"));
        command.env("CHECKPOINT_DISABLE", "1").args(arguments);
        if let Some(site) = site {
            command.env("SSL_CERT_FILE", site.certificate());
        }
        process::run(&mut command)
    }

    /// Installs the provider; returns what the core says.
    pub(super) fn init(&self, site: Option<&Site>) -> Result<Said> {
        self.run(site, &["init", "-input=false", "-no-color"])
    }

    /// Makes sure that what was installed plans.
    pub(super) fn expect_plan(&self, emulator: &Emulator) -> Result<()> {
        let mut plan = emulator.command(&self.program);
        plan.env("TF_CLI_CONFIG_FILE", self.folder.join("core.tfrc"));
        plan.env("CHECKPOINT_DISABLE", "1")
            .current_dir(&self.folder);
        plan.args(["plan", "-input=false", "-no-color"]);
        let said = process::run(&mut plan)?.expect_code(0)?;
        ensure!(
            said.stdout
                .contains("Plan: 2 to add, 0 to change, 0 to destroy."),
            "{}",
            said.stdout
        );
        Ok(())
    }

    /// Returns what the core has noted about the provider.
    pub(super) fn lock(&self) -> Result<String> {
        fs::read_to_string(self.folder.join(LOCK)).context("the core noted no provider")
    }

    /// Forgets what was installed and noted.
    pub(super) fn forget(&self) -> Result<()> {
        fs::remove_file(self.folder.join(LOCK)).context("there is no note")?;
        fs::remove_dir_all(self.installed()).context("nothing is installed")
    }

    /// Fails if anything was installed.
    pub(super) fn expect_nothing_installed(&self) -> Result<()> {
        let found = files_below(&self.installed())?;
        ensure!(found.is_empty(), "installed: {found:?}");
        Ok(())
    }

    fn installed(&self) -> PathBuf {
        self.folder.join(".terraform/providers")
    }
}

/// Lists the files below a folder, which may be missing.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.append(&mut files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
