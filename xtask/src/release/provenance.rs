//! Where a release comes from, as a statement of in-toto with a predicate of SLSA. It is not signed: the
//! one who publishes it does that.

use std::fs;

use anyhow::{Context, Result};
use serde_json::json;

use super::{Artifact, Digest};
use crate::workspace;

/// States which commit, lock file and compiler made these programs.
pub fn statement(commit: &str, compiler: &str, artifacts: &[Artifact]) -> Result<String> {
    let lock = fs::read(workspace::root().join("Cargo.lock")).context("no Cargo.lock")?;
    let subjects = artifacts.iter().map(|artifact| {
        json!({
            "name": artifact.name,
            "digest": {"sha256": artifact.digest.to_string()},
        })
    });
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects.collect::<Vec<_>>(),
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/xtask/src/release.rs"),
                "externalParameters": {"command": "cargo xtask release"},
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
                "builder": {"id": concat!(env!("CARGO_PKG_REPOSITORY"), "#cargo-xtask-release")},
            },
        },
    });
    Ok(serde_json::to_string_pretty(&statement)? + "\n")
}
