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
type Package = (String, String);

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
    write(supervisor, &workspace::target()?.join("sbom"))
}

/// Writes the bill of each program into a folder, and says how much is in it.
pub fn write(supervisor: &Supervisor, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (program, package) in workspace::PROGRAMS {
        write_one(supervisor, program, package, folder)?;
    }
    Ok(())
}

fn write_one(supervisor: &Supervisor, program: &str, package: &str, folder: &Path) -> Result<()> {
    let materials = materials(supervisor, package)?;
    let bill = document::bill(program, package, &materials)?;
    let path = folder.join(format!("{program}.cdx.json"));
    let text = serde_json::to_string_pretty(&bill)? + "\n";
    fs::write(&path, text).with_context(|| path.display().to_string())?;
    screen::say(&format!(
        "{}: {} packages, {} of them in the program",
        path.display(),
        materials.locked.len(),
        materials.held.len()
    ));
    Ok(())
}

fn materials(supervisor: &Supervisor, package: &str) -> Result<Materials> {
    let path = workspace::root().join("Cargo.lock");
    let lock = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let held = tree(supervisor, &["--package", package, "--edges=normal"])?;
    let all = tree(supervisor, &["--workspace"])?;
    Ok(Materials {
        locked: lock_file::read(&lock)?,
        held: held.into_keys().collect(),
        licences: all,
        system: workspace::host(supervisor)?,
    })
}

/// Asks cargo for packages and their licences.
fn tree(supervisor: &Supervisor, of: &[&str]) -> Result<BTreeMap<Package, String>> {
    let mut tree = workspace::cargo();
    tree.args([
        "tree",
        "--locked",
        "--prefix=none",
        "--no-dedupe",
        "--format={p}|{l}",
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
