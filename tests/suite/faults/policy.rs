//! Policies that enrol an account.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::faults::cut::Cut;
use tests::faults::{Ended, Excused, Memory, Operation, Stage};
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::life;

use super::bare;
use super::provider::{self, ended};

const KIND: &str = "keyrotation_policy";

const COMMON: Operation = Operation {
    run: enrol,
    begin: Some(|emulator, memory, cut| bring(emulator, memory, Some(&policy("P30D")), Some(cut))),
    objects: &[ACCOUNT, VAULT, "Key Vault's service principal"],
    ..super::COMMON
};

fn policy(period: &str) -> Value {
    json!({
        "storage_account_id": fleet::account_id(ACCOUNT),
        "rotation_period": period,
        "key_vault": { "vault_uri": format!("https://{VAULT}.vault.azure.net/") },
        "tags": { "team": "platform" },
    })
}

fn bring(
    emulator: &Emulator,
    memory: &mut Memory,
    config: Option<&Value>,
    cut: Option<&Cut>,
) -> Result<Ended> {
    provider::bring(emulator, memory, (KIND, config), cut)
}

fn enrol(emulator: &Emulator, memory: &mut Memory) -> Result<Ended> {
    bring(emulator, memory, Some(&policy("P30D")), None)
}

/// Starts where an earlier run has enrolled the account.
fn enrolled() -> Result<Stage> {
    let mut stage = bare()?;
    let ended = enrol(&stage.emulator, &mut stage.memory)?;
    ensure!(ended.done, "{}", ended.said);
    Ok(stage)
}

pub(super) const CREATE: Operation = Operation {
    name: "policy create",
    ..COMMON
};

pub(super) const UPDATE: Operation = Operation {
    name: "policy update",
    stage: enrolled,
    run: |emulator, memory| bring(emulator, memory, Some(&policy("P20D")), None),
    begin: Some(|emulator, memory, cut| bring(emulator, memory, Some(&policy("P20D")), Some(cut))),
    ..COMMON
};

pub(super) const DESTROY: Operation = Operation {
    name: "policy destroy",
    stage: enrolled,
    run: |emulator, memory| bring(emulator, memory, None, None),
    begin: Some(|emulator, memory, cut| bring(emulator, memory, None, Some(cut))),
    excused: &[
        Excused {
            request: "RoleAssignments_Delete",
            nth: None,
            faults: &["403", "409"],
            reason: "the enrolment is gone, and its state with it; a warning says which right is \
                     left, and how it is taken back",
        },
        Excused {
            request: "GetStorageAccount",
            nth: None,
            faults: &["404"],
            reason: "an answer that says that the enrolment is gone is believed",
        },
    ],
    ..COMMON
};

pub(super) const IMPORT: Operation = Operation {
    name: "policy import",
    stage: elsewhere,
    run: take_over,
    begin: None,
    ..COMMON
};

/// Starts where the account is enrolled, and no state knows of it.
fn elsewhere() -> Result<Stage> {
    enrolled().map(|stage| Stage::from(stage.emulator))
}

fn take_over(emulator: &Emulator, memory: &mut Memory) -> Result<Ended> {
    if memory.held.is_none() {
        let id = format!("https://{VAULT}.vault.azure.net/storage/{ACCOUNT}");
        let imported = life::import(emulator, KIND, &id, &mut memory.held)?;
        if memory.held.is_none() {
            return Ok(ended(imported));
        }
    }
    enrol(emulator, memory)
}
