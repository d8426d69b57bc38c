//! SAS definitions of the provider, led without a core.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::faults::cut::Cut;
use tests::faults::{Ended, Excused, Memory, Next, Operation, Stage};
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::life;
use tests::life::end::apply_until;

use super::no_more;
use super::policy::ended;

const KIND: &str = "keyrotation_sas_definition";

/// Starts where a vault keeps the keys of the account, renewing none by itself.
fn enrolled() -> Result<Stage> {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[fleet::record("logs", ACCOUNT, false)]);
    Emulator::start(&fleet::with_vaults(&accounts, &[vault])).map(Stage::from)
}

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

fn bring(emulator: &Emulator, memory: &mut Memory, config: Option<&Value>) -> Result<Ended> {
    life::apply(emulator, KIND, config, &mut memory.held).map(ended)
}

fn bring_until(
    emulator: &Emulator,
    memory: &mut Memory,
    config: Option<&Value>,
    cut: &Cut,
) -> Result<Ended> {
    apply_until(emulator, KIND, config, &mut memory.held, cut).map(ended)
}

/// Starts where an earlier run has made the definition.
fn defined() -> Result<Stage> {
    let mut stage = enrolled()?;
    let ended = bring(&stage.emulator, &mut stage.memory, Some(&definition("rl")))?;
    ensure!(ended.done, "{}", ended.said);
    Ok(stage)
}

pub(super) const CREATE: Operation = Operation {
    name: "SAS definition create",
    stage: enrolled,
    run: |emulator, memory| bring(emulator, memory, Some(&definition("rl"))),
    begin: Some(|emulator, memory, cut| {
        bring_until(emulator, memory, Some(&definition("rl")), cut)
    }),
    next: Next::Always,
    lapse: 0,
    awaited: None,
    renews_both: false,
    objects: &[ACCOUNT, VAULT],
    inspect: no_more,
    excused: &[],
};

pub(super) const UPDATE: Operation = Operation {
    name: "SAS definition update",
    stage: defined,
    run: |emulator, memory| bring(emulator, memory, Some(&definition("r"))),
    begin: Some(|emulator, memory, cut| bring_until(emulator, memory, Some(&definition("r")), cut)),
    ..CREATE
};

pub(super) const DESTROY: Operation = Operation {
    name: "SAS definition destroy",
    stage: defined,
    run: |emulator, memory| bring(emulator, memory, None),
    begin: Some(|emulator, memory, cut| bring_until(emulator, memory, None, cut)),
    excused: &[Excused {
        request: "GetSasDefinition",
        nth: None,
        faults: &["404"],
        reason: "an answer that says that the definition is gone is believed",
    }],
    ..CREATE
};
