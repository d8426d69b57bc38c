//! Where a release comes from, as a statement of in-toto with a predicate of SLSA. It is not signed by
//! itself; its sum is among those that are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::digest::Digest;
use super::pack::Programs;

/// States which commit, lock file and compiler made these programs and archives.
pub fn statement(
    commit: &str,
    compiler: &str,
    programs: &Programs,
    archives: &[PathBuf],
) -> Result<String> {
    let lock = fs::read(programs.sources.join("Cargo.lock")).context("no Cargo.lock")?;
    let built = [programs.provider.as_path(), programs.tool.as_path()];
    let files = built
        .into_iter()
        .chain(archives.iter().map(PathBuf::as_path));
    let subjects = files.map(subject).collect::<Result<Vec<_>>>()?;
    let triple = programs.system.triple;
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/xtask/src/dist.rs"),
                "externalParameters": {"command": format!("cargo xtask dist --target {triple}")},
                "internalParameters": {"compiler": compiler.lines().collect::<Vec<_>>()},
                "resolvedDependencies": [
                    {
                        "uri": concat!("git+", env!("CARGO_PKG_REPOSITORY")),
                        "digest": {"gitCommit": commit},
                    },
                    {
                        "name": "Cargo.lock",
                        "digest": {"sha256": Digest::of(&lock).to_string()},
                    },
                ],
            },
            "runDetails": {
                "builder": {"id": concat!(env!("CARGO_PKG_REPOSITORY"), "#cargo-xtask-dist")},
            },
        },
    });
    Ok(serde_json::to_string_pretty(&statement)? + "\n")
}

fn subject(path: &Path) -> Result<Value> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    Ok(json!({
        "name": path.file_name().unwrap_or_default().to_string_lossy(),
        "digest": {"sha256": Digest::of(&bytes).to_string()},
    }))
}
