//! What `generate` writes for objects of azurerm, applied by a real core to a state of azurerm.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet;
use tests::terraform::Terraform;

use super::{TEMPLATE, azurerm_shown, define};

const RECORD: &str = "https://kvfirst.vault.azure.net/storage/st000own";

/// A state in which azurerm has an enrolment and its definition, as azurerm writes it.
fn state_of_azurerm() -> Value {
    let resource = |kind: &str, name: &str, attributes: Value| {
        json!({
            "mode": "managed", "type": kind, "name": name,
            "provider": "provider[\"registry.terraform.io/hashicorp/azurerm\"]",
            "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
        })
    };
    let account = json!({
        "id": RECORD, "name": "st000own", "storage_account_id": fleet::account_id("st000"),
        "key_vault_id": "/subscriptions/x", "storage_account_key": "key1",
        "regenerate_key_automatically": true, "regeneration_period": "P30D", "tags": null,
    });
    let definition = json!({
        "id": format!("{RECORD}/sas/read"), "name": "read", "managed_storage_account_id": RECORD,
        "sas_template_uri": TEMPLATE, "sas_type": "account", "validity_period": "PT4H",
        "secret_id": "", "tags": null,
    });
    json!({
        "version": 4, "terraform_version": "1.8.0", "serial": 1,
        "lineage": "3f0b3f0e-0000-4000-8000-000000000002", "outputs": {}, "check_results": null,
        "resources": [
            resource("azurerm_key_vault_managed_storage_account", "logs", account),
            resource(
                "azurerm_key_vault_managed_storage_account_sas_token_definition", "read", definition,
            ),
        ],
    })
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
