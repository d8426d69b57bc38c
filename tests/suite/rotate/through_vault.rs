//! Accounts that a vault manages: their keys are renewed by the vault, whatever ends the run.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT};

use super::{DONE, apply, check_killed, expect_both_renewed};

fn enrolled() -> Result<Value> {
    let mut fleet = fleet::one_account();
    let vault = fleet.pointer_mut("/subscriptions/0/vaults/0");
    let vault = vault.and_then(Value::as_object_mut).context("no vault")?;
    let record = json!([{
        "name": "logs",
        "account": ACCOUNT,
        "active_key": "key1",
        "auto_regenerate": false,
        "period": "P30D",
    }]);
    vault.insert("managed".to_owned(), record);
    Ok(fleet)
}

#[test]
fn an_enrolled_account_goes_through_its_vault() -> Result<()> {
    let emulator = Emulator::start(&enrolled()?)?;
    apply(&emulator, &[])?.expect_code(DONE)?;
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 0);
    assert_eq!(emulator.count("RegenerateStorageAccountKey")?, 2);
    assert_eq!(emulator.count("SetSecret")?, 0);
    expect_both_renewed(&emulator)
}

#[test]
fn a_run_that_is_killed_while_the_vault_renews_a_key_is_finished_by_resume() -> Result<()> {
    let fleet = enrolled()?;
    for nth in [1, 2] {
        for when in ["before", "after"] {
            check_killed(&fleet, "RegenerateStorageAccountKey", nth, when)?;
        }
    }
    Ok(())
}
