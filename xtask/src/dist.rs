//! `cargo xtask dist`: both programs as they are given to users, built from the commit alone and packed
//! the way registries and people expect, with bills of materials, checksums, a statement of where they
//! come from, and a signature if a key is named.
//!
//! Nothing of the folder, the user or the day gets into a program or an archive, so anybody who builds the
//! commit with the same toolchain gets the same bytes; with `--check` that is tried, by a second build
//! elsewhere.

mod build;
pub mod digest;
mod elf;
mod licences;
pub mod options;
mod pack;
mod pages;
mod provenance;
mod seal;
mod system;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::process::Supervisor;
use crate::{sbom, screen, workspace};

use build::Sources;
use options::{Check, Options, Work};
use pack::{Effort, Programs};
use seal::Seal;
use system::System;

/// The version of everything in this workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What the names of all files for registries begin with.
pub const PROVIDER: &str = "terraform-provider-keyrotation";
/// What the names of all other files begin with.
pub const TOOL: &str = "keyrotation";

/// Makes what the options ask for.
pub fn run(supervisor: &Supervisor, words: &[&str]) -> Result<()> {
    let options = Options::read(words)?;
    let out = match &options.out {
        Some(folder) => folder.clone(),
        None => folder()?,
    };
    match &options.work {
        Work::Build { targets, check } => {
            let systems = systems(supervisor, targets)?;
            build_all(supervisor, &systems, *check, &out)?;
        }
        Work::Pack { programs } => {
            let system = System::host(supervisor)?;
            make_room(&out)?;
            let programs =
                Programs::in_folder(programs, &system, workspace::root(), Effort::Least)?;
            pack::write(supervisor, &programs, &programs.tool, &out)?;
            screen::say("nothing states what these programs are made of: this did not build them");
        }
        Work::Seal => {}
    }
    let seal = Seal::of(&out)?;
    seal.write(supervisor, options.key.as_deref())?;
    for (name, digest) in seal.archives() {
        screen::say(&format!("{digest}  {name}"));
    }
    screen::say(&format!("the release is in {}", out.display()));
    Ok(())
}

/// Returns where releases are put if nothing else is said.
pub fn folder() -> Result<PathBuf> {
    Ok(workspace::target()?.join("dist"))
}

/// Chooses what to build for: what was named, or what this machine can build.
fn systems(supervisor: &Supervisor, targets: &[String]) -> Result<Vec<System>> {
    if targets.is_empty() {
        return System::usual(&System::host(supervisor)?);
    }
    targets.iter().map(|target| System::named(target)).collect()
}

fn build_all(supervisor: &Supervisor, systems: &[System], check: Check, out: &Path) -> Result<()> {
    let commit = build::commit(supervisor)?;
    let builds = workspace::target()?.join("dist-builds");
    let first = Sources::unpack(supervisor, &commit, &builds.join("first"))?;
    make(supervisor, &first, systems, out)?;
    if check == Check::Twice {
        let elsewhere = builds.join("second/under/a/longer/name");
        let second = Sources::unpack(supervisor, &commit, &elsewhere)?;
        let again = elsewhere.join("dist");
        make(supervisor, &second, systems, &again)?;
        compare(out, &again)?;
        screen::say("two builds in two folders gave the same bytes");
    }
    Ok(())
}

/// Builds and packs for each system, and says of each what it is made of and where it comes from.
fn make(supervisor: &Supervisor, sources: &Sources, systems: &[System], out: &Path) -> Result<()> {
    make_room(out)?;
    let mut built = Vec::new();
    for system in systems {
        built.push(sources.build(supervisor, system)?);
    }
    let speaker = build::speaker(supervisor, &built)?;
    let compiler = workspace::compiler(supervisor)?;
    for programs in &built {
        let archives = pack::write(supervisor, programs, &speaker, out)?;
        let system = &programs.system;
        for (program, package) in workspace::PROGRAMS {
            let path = out.join(file_name(program, system, ".cdx.json"));
            sbom::write_one(supervisor, &programs.described(program, package), &path)?;
        }
        let statement = provenance::statement(&sources.commit, &compiler, programs, &archives)?;
        let path = out.join(file_name(TOOL, system, ".provenance.json"));
        fs::write(&path, statement).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Names a file of a program for a system.
fn file_name(program: &str, system: &System, end: &str) -> String {
    format!("{program}_{VERSION}_{system}{end}")
}

fn compare(one: &Path, other: &Path) -> Result<()> {
    let (ours, theirs) = (digest::of_folder(one)?, digest::of_folder(other)?);
    ensure!(
        ours == theirs,
        "two builds differ:\n{}\n{}\n{}\n{}",
        one.display(),
        digest::lines(&ours),
        other.display(),
        digest::lines(&theirs)
    );
    Ok(())
}

/// Empties a folder of an earlier release. What is of another kind was not meant to go, so it is refused.
fn make_room(out: &Path) -> Result<()> {
    let is_ours = |name: &str| name.starts_with(PROVIDER) || name.starts_with(TOOL);
    for entry in fs::read_dir(out).into_iter().flatten() {
        let name = entry?.file_name().to_string_lossy().into_owned();
        ensure!(
            is_ours(&name),
            "{} is no folder of a release: it holds {name}",
            out.display()
        );
    }
    renew(out)
}

fn renew(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_other_things_is_not_emptied() -> Result<()> {
        let out = std::env::temp_dir().join(format!("keyrotation-dist-{}", std::process::id()));
        renew(&out)?;
        let ours = out.join(format!("{PROVIDER}_{VERSION}_manifest.json"));
        fs::write(&ours, "{}")?;
        make_room(&out)?;
        assert!(!ours.exists());
        let other = out.join("thesis.txt");
        fs::write(&other, "words")?;
        let refused = make_room(&out);
        assert!(other.exists() && refused.is_err());
        fs::remove_dir_all(&out)?;
        Ok(())
    }
}
