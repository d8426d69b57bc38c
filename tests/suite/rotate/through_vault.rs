//! Accounts that a vault manages: their keys are renewed by the vault, whatever ends the run.

use anyhow::Result;
use serde_json::Value;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};

use super::{DONE, apply, check_killed, expect_both_renewed};

pub(super) fn enrolled() -> Value {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[fleet::record("logs", ACCOUNT, false)]);
    fleet::with_vaults(&accounts, &[vault])
}

#[test]
fn an_enrolled_account_goes_through_its_vault() -> Result<()> {
    let emulator = Emulator::start(&enrolled())?;
    apply(&emulator, &[])?.expect_code(DONE)?;
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 0);
    assert_eq!(emulator.count("RegenerateStorageAccountKey")?, 2);
    assert_eq!(emulator.count("SetSecret")?, 0);
    expect_both_renewed(&emulator)
}

#[test]
fn a_run_that_is_killed_while_the_vault_renews_a_key_is_finished_by_resume() -> Result<()> {
    let fleet = enrolled();
    for nth in [1, 2] {
        for when in ["before", "after"] {
            check_killed(&fleet, "RegenerateStorageAccountKey", nth, when)?;
        }
    }
    Ok(())
}
