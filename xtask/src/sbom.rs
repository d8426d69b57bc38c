//! `cargo xtask sbom`: what each program is made of, in the JSON of CycloneDX.
//!
//! The lock file says which packages there are, with their checksums; cargo says which of them a program
//! holds, and under which licences. There is no time and no random number in it: the same lock file gives
//! the same bill.

mod document;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::lock_file::{self, Entry};
use crate::process::Supervisor;
use crate::{screen, workspace};

/// A package by name and version, as cargo's tree and lock file both name it.
pub type Package = (String, String);

/// A program, of which there may be a bill.
pub struct Program<'a> {
    /// The folder with the workspace that it is built from.
    pub sources: &'a Path,
    /// What its file is called.
    pub name: &'a str,
    /// The package that it is built from.
    pub package: &'a str,
    /// The system that it is built for, as rustc names it.
    pub system: &'a str,
}

/// What a bill is made from.
struct Materials {
    locked: Vec<Entry>,
    /// What the program holds, itself included.
    held: BTreeSet<Package>,
    /// Licence expressions, of what is built on this system.
    licences: BTreeMap<Package, String>,
    /// The system that the program is built for.
    system: String,
}

/// Writes the bills to `target/sbom`.
pub fn run(supervisor: &Supervisor) -> Result<()> {
    let folder = workspace::target()?.join("sbom");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let system = workspace::host(supervisor)?;
    for (program, package) in workspace::PROGRAMS {
        let path = folder.join(format!("{program}.cdx.json"));
        let of = Program {
            sources: workspace::root(),
            name: program,
            package,
            system: &system,
        };
        write_one(supervisor, &of, &path)?;
    }
    Ok(())
}

/// Writes the bill of a program into a file; says how much is in it.
pub fn write_one(supervisor: &Supervisor, program: &Program<'_>, path: &Path) -> Result<()> {
    let materials = materials(supervisor, program)?;
    let bill = document::bill(program.name, program.package, &materials)?;
    let text = serde_json::to_string_pretty(&bill)? + "\n";
    fs::write(path, text).with_context(|| path.display().to_string())?;
    screen::say(&format!(
        "{}: {} packages, {} of them in the program",
        path.display(),
        materials.locked.len(),
        materials.held.len()
    ));
    Ok(())
}

/// Returns what a program holds, itself included, with the licence of each package.
pub fn held(supervisor: &Supervisor, program: &Program<'_>) -> Result<BTreeMap<Package, String>> {
    let of = ["--package", program.package, "--edges=normal"];
    tree(supervisor, program, &of)
}

fn materials(supervisor: &Supervisor, program: &Program<'_>) -> Result<Materials> {
    let path = program.sources.join("Cargo.lock");
    let lock = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let held = held(supervisor, program)?;
    let all = tree(supervisor, program, &["--workspace"])?;
    Ok(Materials {
        locked: lock_file::read(&lock)?,
        held: held.into_keys().collect(),
        licences: all,
        system: program.system.to_owned(),
    })
}

/// Asks cargo for packages and their licences.
fn tree(
    supervisor: &Supervisor,
    program: &Program<'_>,
    of: &[&str],
) -> Result<BTreeMap<Package, String>> {
    let mut tree = workspace::cargo();
    tree.current_dir(program.sources);
    tree.args([
        "tree",
        "--locked",
        "--prefix=none",
        "--no-dedupe",
        "--format={p}|{l}",
        "--target",
        program.system,
    ]);
    let said = supervisor.capture_text(tree.args(of))?;
    let lines = said.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (package, licence) = line.split_once('|').context("a line without a licence")?;
            let mut words = package.split(' ');
            let name = words.next().unwrap_or_default().to_owned();
            let version = words.next().unwrap_or_default().trim_start_matches('v');
            Ok(((name, version.to_owned()), expression(licence)))
        })
        .collect()
}

/// Writes a licence as SPDX does; older manifests have a slash for a choice.
fn expression(licence: &str) -> String {
    licence.trim().replace('/', " OR ")
}
