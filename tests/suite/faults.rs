//! The fault matrix of each operation: every request meets every fault, and the next run finishes.

mod by_hand;
mod delivery;
mod direct;
mod policy;
mod provider;
mod reading;
mod sas_definition;

use anyhow::Result;
use tests::emulator::Emulator;
use tests::faults::cut::{Cut, cut_program};
use tests::faults::{Ended, Memory, Next, Operation, Stage, run_matrices};
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::place;
use tests::process::Said;

use crate::secrets::Secrets;

/// Runs matrices, all at once: most of their time is spent in waiting.
fn run_all(operations: &[&Operation]) -> Result<()> {
    run_matrices(operations, watch)
}

fn watch(emulator: &Emulator, place: &str, text: &str) -> Result<()> {
    Secrets::of(emulator)?.expect_none_in(place, text.as_bytes())
}

/// What most operations have in common.
const COMMON: Operation = Operation {
    name: "",
    stage: bare,
    run: nothing,
    begin: None,
    next: Next::Always,
    lapse: 0,
    awaited: None,
    renews_both: false,
    objects: &[ACCOUNT, VAULT],
    inspect: no_more,
    excused: &[],
};

fn nothing(_: &Emulator, _: &mut Memory) -> Result<Ended> {
    Ok(Ended::default())
}

/// Starts where nobody manages an old account.
fn bare() -> Result<Stage> {
    Emulator::start(&fleet::one_account()).map(Stage::from)
}

/// Starts where a vault keeps the keys of an old account, renewing none by itself.
fn enrolled() -> Result<Stage> {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[fleet::record("logs", ACCOUNT, false)]);
    Emulator::start(&fleet::with_vaults(&accounts, &[vault])).map(Stage::from)
}

/// Nothing beside what every matrix looks at.
fn no_more(_: &Emulator) -> Result<()> {
    Ok(())
}

/// Runs a command line until the signal comes.
fn cut_short(emulator: &Emulator, words: &str, cut: &Cut) -> Result<Ended> {
    let mut command = emulator.command(&place::keyrotation()?);
    cut_program(emulator, command.args(words.split(' ')), cut).map(ended)
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

#[test]
fn rotations_and_enrolments_by_hand() -> Result<()> {
    run_all(&[
        &by_hand::ROTATE_DIRECTLY,
        &by_hand::ROTATE_THROUGH_THE_VAULT,
        &by_hand::VAULT_ADD,
        &by_hand::VAULT_UPDATE,
        &by_hand::VAULT_REMOVE,
        &by_hand::VAULT_RECOVER,
        &by_hand::VAULT_REGENERATE_KEY,
        &by_hand::VAULT_REGENERATE_BY_FORCE,
    ])
}

#[test]
fn resources_and_the_action_of_the_provider() -> Result<()> {
    run_all(&[
        &policy::CREATE,
        &policy::UPDATE,
        &policy::DESTROY,
        &policy::IMPORT,
        &sas_definition::CREATE,
        &sas_definition::UPDATE,
        &sas_definition::DESTROY,
        &direct::CREATE,
        &direct::TURN,
        &direct::ACTION,
    ])
}

#[test]
fn what_changes_nothing_in_azure() -> Result<()> {
    run_all(&[
        &reading::CHECK,
        &reading::CHECK_DRIFT,
        &reading::GENERATE,
        &delivery::TO_A_FILE,
    ])
}
