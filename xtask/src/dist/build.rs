//! The build of a commit, in a folder of its own, from nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::elf;
use super::pack::{Effort, Programs};
use super::renew;
use super::system::System;
use crate::process::Supervisor;
use crate::workspace;

/// Separates flags in the variable that cargo hands on to each compiler.
const BETWEEN_FLAGS: &str = "\u{1f}";

/// The sources of one commit.
pub struct Sources {
    /// The commit.
    pub commit: String,
    folder: PathBuf,
}

/// Names the commit; a release of anything else could not be built again.
pub fn commit(supervisor: &Supervisor) -> Result<String> {
    let changed = git(supervisor, &["status", "--porcelain"])?;
    ensure!(
        changed.is_empty(),
        "a release is built from a commit, and these files differ from it:\n{changed}"
    );
    Ok(git(supervisor, &["rev-parse", "HEAD"])?.trim().to_owned())
}

fn git(supervisor: &Supervisor, arguments: &[&str]) -> Result<String> {
    let mut git = Command::new("git");
    git.args(arguments).current_dir(workspace::root());
    supervisor.capture_text(&mut git)
}

/// Returns a `keyrotation` that runs here, which writes the pages and scripts for all systems: one of those
/// that were built, else that of the tests, from the same sources.
pub fn speaker(supervisor: &Supervisor, built: &[Programs]) -> Result<PathBuf> {
    let host = System::host(supervisor)?;
    let mut all = built.iter();
    if let Some(programs) = all.find(|programs| programs.system.runs_on(&host)) {
        return Ok(programs.tool.clone());
    }
    supervisor.run(&mut workspace::build_programs())?;
    Ok(workspace::programs()?.keyrotation)
}

impl Sources {
    /// Unpacks a commit into an empty folder.
    pub fn unpack(supervisor: &Supervisor, commit: &str, folder: &Path) -> Result<Self> {
        renew(folder)?;
        let archive = folder.join("sources.tar");
        let output = format!("--output={}", archive.display());
        git(supervisor, &["archive", "--format=tar", &output, commit])?;
        let mut unpack = Command::new("tar");
        unpack.arg("-xf").arg(&archive).arg("-C").arg(folder);
        supervisor.run(&mut unpack)?;
        Ok(Self {
            commit: commit.to_owned(),
            folder: folder.to_owned(),
        })
    }

    /// Builds both programs for a system.
    pub fn build(&self, supervisor: &Supervisor, system: &System) -> Result<Programs> {
        let target = self.folder.join("target");
        let mut build = workspace::cargo();
        build
            .args(["build", "--release", "--locked", "--target", system.triple])
            .args(workspace::PROGRAMS.map(|(_, package)| format!("--package={package}")))
            .env("CARGO_TARGET_DIR", &target)
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags(supervisor)?)
            .current_dir(&self.folder);
        system.prepare(supervisor, &mut build)?;
        supervisor
            .run(&mut build)
            .with_context(|| format!("cannot build for {}", system.triple))?;
        let folder = target.join(system.triple).join("release");
        let programs = Programs::in_folder(&folder, system, &self.folder, Effort::Most)?;
        if system.is_static() {
            for program in [&programs.tool, &programs.provider] {
                let shown = || program.display().to_string();
                let bytes = fs::read(program).with_context(shown)?;
                let is_static = elf::is_static(&bytes).with_context(shown)?;
                ensure!(is_static, "{} is not static", shown());
            }
        }
        Ok(programs)
    }

    /// Says folders of this machine in another way: messages of panics name source files.
    fn flags(&self, supervisor: &Supervisor) -> Result<String> {
        let sources = format!("--remap-path-prefix={}=/keyrotation", self.folder.display());
        let packages = workspace::cargo_home(supervisor)?;
        let packages = format!("--remap-path-prefix={}=/cargo", packages.display());
        Ok([sources, packages].join(BETWEEN_FLAGS))
    }
}
