//! SAS definitions of the provider, led without a core.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::faults::cut::Cut;
use tests::faults::{Ended, Excused, Memory, Operation, Stage};
use tests::fleet::VAULT;
use tests::life;

use super::{enrolled, provider};

const KIND: &str = "keyrotation_sas_definition";

fn definition(permissions: &str) -> Value {
    json!({
        "policy_id": format!("https://{VAULT}.vault.azure.net/storage/logs"),
        "name": "read",
        "services": "b",
        "resource_types": "co",
        "permissions": permissions,
        "validity_period": "PT4H",
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

/// Starts where an earlier run has made the definition.
fn defined() -> Result<Stage> {
    let mut stage = enrolled()?;
    let ended = bring(
        &stage.emulator,
        &mut stage.memory,
        Some(&definition("rl")),
        None,
    )?;
    ensure!(ended.done, "{}", ended.said);
    Ok(stage)
}

pub(super) const CREATE: Operation = Operation {
    name: "SAS definition create",
    stage: enrolled,
    run: |emulator, memory| bring(emulator, memory, Some(&definition("rl")), None),
    begin: Some(|emulator, memory, cut| {
        bring(emulator, memory, Some(&definition("rl")), Some(cut))
    }),
    ..super::COMMON
};

/// Changes the definition; one that was seen to be gone, and is there, is imported as it is told to be.
fn update(emulator: &Emulator, memory: &mut Memory) -> Result<Ended> {
    if memory.held.is_none() {
        let id = format!("https://{VAULT}.vault.azure.net/storage/logs/sas/read");
        let imported = life::import(emulator, KIND, &id, &mut memory.held)?;
        if memory.held.is_none() {
            return Ok(provider::ended(imported));
        }
    }
    bring(emulator, memory, Some(&definition("r")), None)
}

pub(super) const UPDATE: Operation = Operation {
    name: "SAS definition update",
    stage: defined,
    run: update,
    begin: Some(|emulator, memory, cut| bring(emulator, memory, Some(&definition("r")), Some(cut))),
    ..CREATE
};

pub(super) const DESTROY: Operation = Operation {
    name: "SAS definition destroy",
    stage: defined,
    run: |emulator, memory| bring(emulator, memory, None, None),
    begin: Some(|emulator, memory, cut| bring(emulator, memory, None, Some(cut))),
    excused: &[Excused {
        request: "GetSasDefinition",
        nth: None,
        faults: &["404"],
        reason: "an answer that says that the definition is gone is believed",
    }],
    ..CREATE
};
