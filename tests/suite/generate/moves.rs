//! What `generate` writes for objects of azurerm, applied by a real core to a state of azurerm.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::azurerm::Stored;
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet;
use tests::terraform::Terraform;

use super::{TEMPLATE, azurerm_shown, define};

const RECORD: &str = "https://kvfirst.vault.azure.net/storage/st000own";

fn state_of_azurerm() -> Value {
    let account = fleet::account_id("st000");
    let stored = Stored {
        record: RECORD,
        account: &account,
        definition: "read",
        template: TEMPLATE,
        tags: Value::Null,
    };
    stored.state()
}

#[test]
fn what_generate_moves_a_real_core_takes_over_without_a_change_in_azure() -> Result<()> {
    let emulator = Emulator::start(&super::fleet(3, 2))?;
    define(&emulator, "kvfirst", "st000own", &[])?;
    fs::write(
        emulator.scratch().path().join("state.json"),
        azurerm_shown(RECORD).to_string(),
    )?;
    let words = ["generate", "--state", "state.json"];
    let said = cli::keyrotation(&emulator, &words)?.expect_code(0)?;

    // The core asks a provider of azurerm's name for the schema of what it forgets: ours will do.
    let terraform = Terraform::open(&emulator, "moved", &said.stdout)?;
    terraform.offer_as("hashicorp/azurerm")?;
    terraform.write_file("terraform.tfstate", &state_of_azurerm().to_string())?;
    terraform.succeed(&["init", "-input=false"])?;
    super::expect_fmt(&terraform)?;
    let plan = terraform.plan_json(&[])?;
    let changes = plan.get("resource_changes").and_then(Value::as_array);
    let changes = changes.context("the plan has no changes")?;
    for change in changes {
        let actions = change.pointer("/change/actions");
        ensure!(actions == Some(&json!(["no-op"])), "{change}");
    }
    let moved = changes
        .iter()
        .filter(|one| one.get("previous_address").is_some());
    assert_eq!(moved.count(), 2, "the plan moves both objects of azurerm");
    terraform.apply()?;
    terraform.expect_empty_plan()?;
    let expected = [
        "keyrotation_policy.st000",
        "keyrotation_policy.st001",
        "keyrotation_sas_definition.st000_read",
    ];
    assert_eq!(terraform.addresses()?, expected);
    for change in [
        "SetStorageAccount",
        "UpdateStorageAccount",
        "UpdateSasDefinition",
    ] {
        assert_eq!(emulator.count(change)?, 0, "{change}");
    }
    assert_eq!(
        emulator.count("SetSasDefinition")?,
        1,
        "the one it began with"
    );
    Ok(())
}
