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

/// Makes a SAS definition.
///
/// # Errors
///
/// Fails if it is refused.
pub fn define(emulator: &Emulator, definition: &Definition<'_>, more: &[&str]) -> Result<()> {
    let Definition {
        vault,
        enrolment,
        name,
        template,
        validity,
    } = definition;
    let place = [
        "--vault-name",
        vault,
        "--account-name",
        enrolment,
        "-n",
        name,
    ];
    let terms = [
        "--validity-period",
        validity,
        "--template-uri",
        template,
        "--yes",
    ];
    let words = ["vault", "sas-definition", "create"];
    let words = [&words[..], &place, &terms, more].concat();
    keyrotation(emulator, &words)?.expect_code(0).map(drop)
}

/// A SAS definition to be made.
#[derive(Clone, Copy, Debug)]
pub struct Definition<'a> {
    /// The name of the vault.
    pub vault: &'a str,
    /// The enrolment that it belongs to.
    pub enrolment: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its template.
    pub template: &'a str,
    /// How long its tokens live.
    pub validity: &'a str,
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
