//! The fault matrix of each operation: every request meets every fault, and the next run finishes.

mod by_hand;
mod policy;

use anyhow::Result;
use tests::emulator::Emulator;
use tests::faults::{Ended, Operation, run_matrix};
use tests::process::Said;

use crate::secrets::Secrets;

/// Runs a matrix.
fn run(operation: &Operation) -> Result<()> {
    run_matrix(operation, watch)
}

fn watch(emulator: &Emulator, place: &str, text: &str) -> Result<()> {
    Secrets::of(emulator)?.expect_none_in(place, text.as_bytes())
}

/// Nothing beside what every matrix looks at.
fn no_more(_: &Emulator) -> Result<()> {
    Ok(())
}

/// Reads the end of a run of the command line tool, which is done with exit code 0.
fn ended(
    Said {
        code,
        stdout,
        stderr,
    }: Said,
) -> Ended {
    let both = stdout + &stderr;
    Ended {
        done: code == Some(0),
        said: both.clone(),
        written: both,
        ..Ended::default()
    }
}
