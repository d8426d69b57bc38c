//! Tokens that `sync` puts into a file. Those in clusters are looked at in `sync::faults`.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::cli;
use tests::emulator::Emulator;
use tests::faults::{Ended, Memory, Operation, Stage};
use tests::fleet::{self, ACCOUNT, VAULT};

use super::{cut_short, ended};
use crate::sync::{define, source};

/// Starts where a vault keeps the keys of the account, and mints tokens.
fn enrolled() -> Result<Stage> {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[fleet::record("logs", ACCOUNT, true)]);
    let emulator = Emulator::start(&fleet::with_vaults(&accounts, &[vault]))?;
    define(&emulator)?;
    Ok(Stage::from(emulator))
}

/// The words that deliver to a file.
fn to_file() -> String {
    format!("sync --from {} --file token", source())
}

fn keyrotation(emulator: &Emulator, words: &str) -> Result<Ended> {
    let words: Vec<&str> = words.split(' ').collect();
    cli::keyrotation(emulator, &words).map(ended)
}

pub(super) const TO_A_FILE: Operation = Operation {
    name: "sync to a file",
    stage: enrolled,
    run: |emulator: &Emulator, _: &mut Memory| keyrotation(emulator, &to_file()),
    begin: Some(|emulator, _, cut| cut_short(emulator, &to_file(), cut)),
    objects: &[ACCOUNT, VAULT, "token", "logs"],
    inspect: holds_a_token,
    ..super::COMMON
};

fn holds_a_token(emulator: &Emulator) -> Result<()> {
    let token = emulator.scratch().path().join("token");
    let token = fs::read_to_string(token).context("there is no token")?;
    ensure!(token.contains("sig="), "the file holds no token");
    let look = keyrotation(emulator, &format!("{} --check", to_file()))?;
    ensure!(look.done, "{}", look.said);
    Ok(())
}
