//! Direct rotation by the provider, led without a core, and the action that has a vault rotate.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::faults::cut::Cut;
use tests::faults::{Ended, Excused, Memory, Next, Operation, Stage};
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::life;

use super::provider::{self, ended};
use super::{bare, enrolled};

const KIND: &str = "keyrotation_policy";

/// Longer than a claim lasts.
const LAPSE: i64 = 6;

fn policy() -> Value {
    json!({
        "storage_account_id": fleet::account_id(ACCOUNT),
        "rotation_period": "P30D",
        "direct": {
            "vault_uri": format!("https://{VAULT}.vault.azure.net/"),
            "secret_name": "st-key",
            "overlap": "PT1H",
            "verify": false,
        },
    })
}

fn apply(emulator: &Emulator, memory: &mut Memory, cut: Option<&Cut>) -> Result<Ended> {
    provider::bring(emulator, memory, (KIND, Some(&policy())), cut)
}

/// Starts where the key in use was published longer ago than clients need, and is too old.
fn due() -> Result<Stage> {
    let Stage {
        emulator,
        mut memory,
    } = bare()?;
    let ended = apply(&emulator, &mut memory, None)?;
    ensure!(ended.done, "{}", ended.said);
    let emulator = emulator.after_minutes(120)?;
    Ok(Stage { emulator, memory })
}

/// An answer that says that the secret is gone is believed.
const GONE: Excused = Excused {
    request: "GetSecretVersions",
    nth: None,
    faults: &["404"],
    reason: "an answer that says that the secret is gone is believed: the key in use is published \
             once more",
};

pub(super) const CREATE: Operation = Operation {
    name: "direct policy create",
    run: |emulator, memory| apply(emulator, memory, None),
    begin: Some(|emulator, memory, cut| apply(emulator, memory, Some(cut))),
    ..super::COMMON
};

pub(super) const TURN: Operation = Operation {
    name: "direct policy, a due turn",
    stage: due,
    lapse: LAPSE,
    excused: &[GONE],
    ..CREATE
};

pub(super) const ACTION: Operation = Operation {
    name: "action keyrotation_rotate",
    stage: enrolled,
    run: |emulator, _| {
        let config =
            json!({ "policy_id": format!("https://{VAULT}.vault.azure.net/storage/logs") });
        life::invoke(emulator, "keyrotation_rotate", &config).map(ended)
    },
    next: Next::AfterFailure,
    ..super::COMMON
};
