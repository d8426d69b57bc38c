//! `cargo xtask test`: the one test command.

use anyhow::{Context, Result};

use crate::process::{Supervisor, describe};
use crate::{screen, tools, workspace};

/// Runs the tests of the provider's life on one core, which may be any terraform or tofu program; with
/// filters, the tests whose name has one of them in it.
pub fn run_on(supervisor: &Supervisor, core: &str, filters: &[&str]) -> Result<()> {
    let core = std::fs::canonicalize(core).with_context(|| format!("cannot find {core}"))?;
    tools::install_all(supervisor)?;
    step(supervisor, &mut workspace::build_programs())?;
    let mut test = workspace::cargo();
    test.args([
        "test",
        "--package",
        "keyrotation-tests",
        "--test",
        "suite",
        "--",
    ]);
    test.args(if filters.is_empty() {
        &["matrix"]
    } else {
        filters
    });
    test.env("KEYROTATION_TEST_CORE", core);
    step(supervisor, &mut test)
}

/// Installs the tests' tools, builds both programs and runs the tests whose name has a filter in it.
pub fn run(supervisor: &Supervisor, filters: &[&str]) -> Result<()> {
    tools::install_all(supervisor)?;
    step(supervisor, &mut workspace::build_with_tests())?;
    forget_exchanges()?;
    let mut test = workspace::cargo();
    test.args(["test", "--workspace"]);
    if !filters.is_empty() {
        test.arg("--").args(filters);
    }
    step(supervisor, &mut test)
}

/// Removes what the emulators of an earlier run recorded, so that `openapi` reads this run only.
fn forget_exchanges() -> Result<()> {
    let folder = workspace::target()?.join("exchanges");
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Writes the pages that the tests otherwise compare.
pub fn write_pages(supervisor: &Supervisor) -> Result<()> {
    tools::install_all(supervisor)?;
    step(supervisor, &mut workspace::build_programs())?;
    let mut test = workspace::cargo();
    test.args(["test", "--package", "keyrotation-tests", "--test", "suite"])
        .args(["--", "the_pages_are_those_of_the_schema"])
        .env("KEYROTATION_WRITE_PAGES", "1");
    step(supervisor, &mut test)?;
    let mut manual = workspace::cargo();
    manual
        .args(["test", "--package", "keyrotation-cli", "--test", "manual"])
        .args(["--", "the_pages_of_the_tool_are_those_of_its_tables"])
        .env("KEYROTATION_WRITE_PAGES", "1");
    step(supervisor, &mut manual)
}

fn step(supervisor: &Supervisor, command: &mut std::process::Command) -> Result<()> {
    screen::say(&format!("$ {}", describe(command)));
    supervisor.run(command)
}
