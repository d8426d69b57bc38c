//! Policies and SAS definitions of the provider, led without a core.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::faults::{Ended, Excused, Memory, Next, Operation, Stage};
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::life::{self, Outcome};

use super::{no_more, run};

const KIND: &str = "keyrotation_policy";

const COMMON: Operation = Operation {
    name: "",
    stage: bare,
    run: enrol,
    next: Next::Always,
    lapse: 0,
    awaited: None,
    renews_both: false,
    objects: &[ACCOUNT, VAULT, "Key Vault's service principal"],
    inspect: no_more,
    excused: &[],
};

fn bare() -> Result<Stage> {
    Emulator::start(&fleet::one_account()).map(Stage::from)
}

fn ended(outcome: Outcome) -> Ended {
    // A warning that the next plan goes on is as honest as an error.
    let left = outcome.said.contains("The next plan shows");
    Ended {
        done: !outcome.failed && !left,
        written: format!("{}{}", outcome.said, outcome.log),
        said: outcome.said,
        claims: Value::Null,
    }
}

fn policy(period: &str) -> Value {
    json!({
        "storage_account_id": fleet::account_id(ACCOUNT),
        "rotation_period": period,
        "key_vault": { "vault_uri": format!("https://{VAULT}.vault.azure.net/") },
        "tags": { "team": "platform" },
    })
}

fn bring(emulator: &Emulator, memory: &mut Memory, config: Option<&Value>) -> Result<Ended> {
    life::apply(emulator, KIND, config, &mut memory.held).map(ended)
}

fn enrol(emulator: &Emulator, memory: &mut Memory) -> Result<Ended> {
    bring(emulator, memory, Some(&policy("P30D")))
}

/// Starts where an earlier run has enrolled the account.
fn enrolled() -> Result<Stage> {
    let mut stage = bare()?;
    let ended = enrol(&stage.emulator, &mut stage.memory)?;
    ensure!(ended.done, "{}", ended.said);
    Ok(stage)
}

#[test]
fn a_policy_is_created() -> Result<()> {
    run(&Operation {
        name: "policy create",
        ..COMMON
    })
}

#[test]
fn a_policy_is_updated() -> Result<()> {
    run(&Operation {
        name: "policy update",
        stage: enrolled,
        run: |emulator, memory| bring(emulator, memory, Some(&policy("P20D"))),
        ..COMMON
    })
}

#[test]
fn a_policy_is_destroyed() -> Result<()> {
    run(&Operation {
        name: "policy destroy",
        stage: enrolled,
        run: |emulator, memory| bring(emulator, memory, None),
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
    })
}
