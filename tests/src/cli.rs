//! The command line tool, run against an emulator.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::emulator::Emulator;
use crate::place;
use crate::process::{self, Said};

/// Runs `keyrotation` with the emulator in the place of Azure.
///
/// # Errors
///
/// Fails if it cannot be started or does not end.
pub fn keyrotation(emulator: &Emulator, arguments: &[&str]) -> Result<Said> {
    process::run(emulator.command(&place::keyrotation()?).args(arguments))
}

/// Runs `keyrotation check` as of the emulator's time and returns its exit code and JSON report.
///
/// # Errors
///
/// Fails if it cannot be run or its stdout is not JSON.
pub fn check(emulator: &Emulator, arguments: &[&str]) -> Result<(Option<i32>, Value)> {
    let now = emulator.now()?;
    let mut all = vec!["check", "--format", "json", "--as-of", &now];
    all.extend_from_slice(arguments);
    let said = keyrotation(emulator, &all)?;
    let report = serde_json::from_str(&said.stdout).with_context(|| {
        format!(
            "no report ({:?}): {}{}",
            said.code, said.stdout, said.stderr
        )
    })?;
    Ok((said.code, report))
}
