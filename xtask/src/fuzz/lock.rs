//! The lock file of the fuzzers: that of the main workspace and `own.lock`, and nothing else.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::lock_file::{self, Entry};
use crate::workspace;

/// Writes the lock file; cargo then takes out what the fuzzers do not need.
pub fn write(folder: &Path) -> Result<()> {
    let path = folder.join("Cargo.lock");
    fs::write(&path, whole(folder)?).with_context(|| path.display().to_string())
}

/// Fails if cargo has put in what was in neither file.
pub fn check(folder: &Path) -> Result<()> {
    let known = lock_file::read(&whole(folder)?)?;
    let now = lock_file::read(&read(&folder.join("Cargo.lock"))?)?;
    let is_known = |entry: &Entry| {
        let same = |known: &&Entry| (&known.name, &known.version) == (&entry.name, &entry.version);
        let same = known.iter().find(same);
        same.is_some_and(|known| known.checksum == entry.checksum)
    };
    let added: Vec<String> = now
        .iter()
        .filter(|entry| entry.source.is_some() && !is_known(entry))
        .map(|entry| format!("{} {}", entry.name, entry.version))
        .collect();
    ensure!(
        added.is_empty(),
        "the fuzzers need packages that tests/fuzz/own.lock does not list: {}",
        added.join(", ")
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
