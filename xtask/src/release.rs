//! `cargo xtask release`: both programs as they are given to users, built from the commit alone, with a
//! bill of materials, checksums and a statement of where they come from.
//!
//! Nothing of the folder, the user or the day gets into a program, so anybody who builds the commit with
//! the same toolchain gets the same bytes; with `--check` that is tried, by a second build elsewhere.

mod digest;
mod provenance;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::Supervisor;
use crate::{sbom, screen, workspace};

use digest::Digest;

/// Separates flags in the variable that cargo hands on to each compiler.
const BETWEEN_FLAGS: &str = "\u{1f}";

/// Whether a release is compared with a second build.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// It is not.
    Skipped,
    /// It is, in another folder.
    Twice,
}

/// Builds a release into `target/dist`.
pub fn run(supervisor: &Supervisor, check: Check) -> Result<()> {
    let commit = commit(supervisor)?;
    let builds = workspace::target()?.join("release-builds");
    let first = built(supervisor, &commit, &builds.join("first"))?;
    if check == Check::Twice {
        let second = built(
            supervisor,
            &commit,
            &builds.join("second/under/a/longer/name"),
        )?;
        compare(&first, &second)?;
        screen::say("two builds in two folders gave the same bytes");
    }
    let dist = workspace::target()?.join("dist");
    renew(&dist)?;
    for artifact in &first {
        fs::copy(&artifact.path, dist.join(artifact.name)).context("cannot copy a program")?;
    }
    sbom::write(supervisor, &dist)?;
    let statement = provenance::statement(&commit, &workspace::compiler(supervisor)?, &first)?;
    fs::write(dist.join("provenance.json"), statement).context("cannot write the provenance")?;
    fs::write(dist.join("SHA256SUMS"), digest::sums(&dist)?).context("cannot write the sums")?;
    for artifact in &first {
        screen::say(&format!(
            "{}  {} ({} bytes)",
            artifact.digest, artifact.name, artifact.size
        ));
    }
    screen::say(&format!("the release is in {}", dist.display()));
    Ok(())
}

/// A program that was built.
pub struct Artifact {
    name: &'static str,
    path: PathBuf,
    digest: Digest,
    size: u64,
}

/// Names the commit; a release of anything else could not be built again.
fn commit(supervisor: &Supervisor) -> Result<String> {
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

/// Builds the commit in a folder of its own, from nothing.
fn built(supervisor: &Supervisor, commit: &str, folder: &Path) -> Result<Vec<Artifact>> {
    renew(folder)?;
    let archive = folder.join("sources.tar");
    let output = format!("--output={}", archive.display());
    git(supervisor, &["archive", "--format=tar", &output, commit])?;
    let mut unpack = Command::new("tar");
    unpack.arg("-xf").arg(&archive).arg("-C").arg(folder);
    supervisor.run(&mut unpack)?;
    let target = folder.join("target");
    let mut build = workspace::cargo();
    build
        .args(["build", "--release", "--locked"])
        .args(workspace::PROGRAMS.map(|(_, package)| format!("--package={package}")))
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(supervisor, folder)?)
        .current_dir(folder);
    supervisor.run(&mut build)?;
    let names = workspace::PROGRAMS.iter().map(|(program, _)| *program);
    names
        .map(|name| artifact(name, target.join("release").join(name)))
        .collect()
}

/// Says folders of this machine in another way: messages of panics name source files.
fn flags(supervisor: &Supervisor, folder: &Path) -> Result<String> {
    let sources = format!("--remap-path-prefix={}=/keyrotation", folder.display());
    let packages = workspace::cargo_home(supervisor)?;
    let packages = format!("--remap-path-prefix={}=/cargo", packages.display());
    Ok([sources, packages].join(BETWEEN_FLAGS))
}

fn artifact(name: &'static str, path: PathBuf) -> Result<Artifact> {
    let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
    Ok(Artifact {
        name,
        digest: Digest::of(&bytes),
        size: u64::try_from(bytes.len()).context("a program is too large")?,
        path,
    })
}

fn compare(first: &[Artifact], second: &[Artifact]) -> Result<()> {
    for (one, other) in first.iter().zip(second) {
        ensure!(
            one.digest == other.digest,
            "two builds of {} differ: {} ({}), {} ({})",
            one.name,
            one.digest,
            one.path.display(),
            other.digest,
            other.path.display()
        );
    }
    Ok(())
}

fn renew(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())
}
