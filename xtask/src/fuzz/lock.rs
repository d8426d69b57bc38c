//! The lock file of the fuzzers: that of the main workspace and `own.lock`, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::workspace;

/// Writes the lock file; cargo then takes out what the fuzzers do not need.
pub fn write(folder: &Path) -> Result<()> {
    let path = folder.join("Cargo.lock");
    fs::write(&path, whole(folder)?).with_context(|| path.display().to_string())
}

/// Fails if cargo has put in what was in neither file.
pub fn check(folder: &Path) -> Result<()> {
    let whole = whole(folder)?;
    let known: BTreeSet<String> = packages(&whole).collect();
    let now = read(&folder.join("Cargo.lock"))?;
    let added: Vec<String> = packages(&now)
        .filter(|package| !known.contains(package))
        .collect();
    ensure!(
        added.is_empty(),
        "the fuzzers need packages that tests/fuzz/own.lock does not list:\n{}",
        added.join("\n")
    );
    Ok(())
}

fn whole(folder: &Path) -> Result<String> {
    let main = read(&workspace::root().join("Cargo.lock"))?;
    Ok(main + "\n" + &read(&folder.join("own.lock"))?)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// Returns name, version, source and checksum of each package that comes from a registry.
fn packages(lock: &str) -> impl Iterator<Item = String> {
    let entries = lock.split("[[package]]").skip(1);
    entries
        .filter(|entry| entry.contains("\nsource = "))
        .map(|entry| {
            let lines = entry.lines();
            let of_itself = ["name = ", "version = ", "source = ", "checksum = "];
            let told = lines.filter(|line| of_itself.iter().any(|start| line.starts_with(start)));
            told.collect::<Vec<_>>().join(", ")
        })
}
