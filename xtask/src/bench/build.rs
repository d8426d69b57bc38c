//! How long it takes to build both programs from nothing, with what cargo has downloaded before.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::measure;
use super::section::{Section, Table, milliseconds, seconds};
use crate::process::Supervisor;
use crate::workspace::{self, Programs};

const LIMIT: Duration = Duration::from_secs(3600);

/// Builds into a fresh folder, which is removed afterwards.
pub(super) fn measure(supervisor: &Supervisor, _: &Programs) -> Result<Section> {
    let folder = workspace::target()?.join("bench").join("build");
    let mut table = Table::new(&["build", "wall"], 1);
    let mut figures = serde_json::Map::new();
    for (name, profile) in [("debug", None), ("release", Some("--release"))] {
        remove(&folder)?;
        let mut command = workspace::build_programs();
        command
            .args(profile)
            .arg("--quiet")
            .arg("--target-dir")
            .arg(&folder);
        let ended = measure::run(supervisor, &mut command, LIMIT);
        remove(&folder)?;
        let ended = ended?;
        ensure!(ended.code == 0, "the build ended with {}", ended.code);
        table.row(&[name, &seconds(ended.wall)]);
        figures.insert(name.to_owned(), json!(milliseconds(ended.wall)));
    }
    Ok(Section {
        name: "build",
        text: table.text(),
        figures: figures.into(),
    })
}

fn remove(folder: &std::path::Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context("cannot remove the folder of a build")
        }
        _ => Ok(()),
    }
}
