//! `cargo xtask test`: the one test command.

mod faults;

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

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

/// How many faults each request meets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Faults {
    /// All for a request that changes something, some for every other.
    Bounded,
    /// All.
    Full,
}

/// Installs the tests' tools, builds both programs and runs the tests whose name has a filter in it.
pub fn run(supervisor: &Supervisor, faults: Faults, filters: &[&str]) -> Result<()> {
    tools::install_all(supervisor)?;
    step(supervisor, &mut workspace::build_with_tests())?;
    // `openapi` reads what the emulators of this run record, and the counts are of this run.
    for name in ["exchanges", faults::FOLDER] {
        forget(&workspace::target()?.join(name))?;
    }
    let mut test = workspace::cargo();
    test.args(["test", "--workspace"]);
    // Most of a test's time is spent in waiting for a claim or before another try.
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    test.env("RUST_TEST_THREADS", (cores * 2).to_string());
    if faults == Faults::Full {
        test.env("KEYROTATION_FULL_MATRIX", "1");
    }
    if !filters.is_empty() {
        test.arg("--").args(filters);
    }
    let tested = step(supervisor, &mut test);
    faults::show()?;
    tested
}

/// Removes what an earlier run left.
fn forget(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
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

/// Writes the state of this version that the tests of later ones plan.
pub fn write_states(supervisor: &Supervisor) -> Result<()> {
    tools::install_all(supervisor)?;
    step(supervisor, &mut workspace::build_programs())?;
    let mut test = workspace::cargo();
    test.args(["test", "--package", "keyrotation-tests", "--test", "suite"])
        .args(["--", "the_states_of_this_version_are_kept"])
        .env("KEYROTATION_WRITE_STATES", "1");
    step(supervisor, &mut test)
}

fn step(supervisor: &Supervisor, command: &mut std::process::Command) -> Result<()> {
    screen::say(&format!("$ {}", describe(command)));
    supervisor.run(command)
}
