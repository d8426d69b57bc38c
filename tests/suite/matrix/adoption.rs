//! Taking over what is there already: by identity, from azurerm, and out of a search.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::core::Feature;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::terraform::{Change, Terraform};

use super::each_core_with;
use crate::configuration::{Configuration, POLICY, SAS_DEFINITION};

#[test]
fn objects_are_imported_by_identity() -> Result<()> {
    each_core_with(Feature::ImportByIdentity, |core| {
        let emulator = Emulator::start(&fleet::one_account())?;
        let text = Configuration::default().text();
        let made = Terraform::open_on(core.program(), &emulator, "made", &text)?;
        made.apply()?;
        let import = format!(
            r#"
import {{
  to = {POLICY}
  identity = {{
    vault_uri = "https://{VAULT}.vault.azure.net/"
    name      = "{ACCOUNT}"
  }}
}}

import {{
  to = {SAS_DEFINITION}
  id = "https://{VAULT}.vault.azure.net/storage/{ACCOUNT}/sas/blobread4hours"
}}
"#
        );
        let by_identity = Terraform::open_on(core.program(), &emulator, "adopting", &text)?;
        by_identity.write_file("import.tf", &import)?;
        assert_eq!(by_identity.plan()?, [], "imports change nothing");
        by_identity.apply()?;
        by_identity.expect_empty_plan()
    })
}

#[test]
fn objects_are_listed_with_a_configuration() -> Result<()> {
    each_core_with(Feature::Query, |core| {
        let emulator = Emulator::start(&fleet::one_account())?;
        let text = Configuration::default().text();
        let terraform = Terraform::open_on(core.program(), &emulator, "query", &text)?;
        terraform.apply()?;
        let list = format!(
            "list \"keyrotation_policy\" \"all\" {{\n  provider = keyrotation\n  config {{\n    \
             vault_uri = \"https://{VAULT}.vault.azure.net/\"\n  }}\n}}\n"
        );
        terraform.write_file("all.tfquery.hcl", &list)?;
        let said = terraform.succeed(&["query", "-no-color", "-generate-config-out=made.tf"])?;
        ensure!(
            said.stdout.contains(ACCOUNT),
            "the policy is not listed: {}",
            said.stdout
        );
        let made = terraform.files()?;
        let made = made.iter().find(|(path, _)| path.ends_with("made.tf"));
        let made = made.context("no configuration was generated")?;
        let made = String::from_utf8_lossy(&made.1);
        ensure!(made.contains("rotation_period"), "{made}");
        Ok(())
    })
}

#[test]
fn objects_of_azurerm_are_taken_over() -> Result<()> {
    each_core_with(Feature::Functions, |core| {
        let emulator = Emulator::start(&fleet::one_account())?;
        let text = Configuration::default().text();
        let made = Terraform::open_on(core.program(), &emulator, "made", &text)?;
        made.apply()?;
        let moved = Terraform::open_on(core.program(), &emulator, "moved", &text)?;
        moved.offer_as("hashicorp/azurerm")?;
        moved.write(&format!("{text}{MOVED}"))?;
        moved.write_file("terraform.tfstate", &state_of_azurerm().to_string())?;
        moved.succeed(&["init", "-input=false"])?;
        let planned = moved.plan()?;
        let kept = [Change::new(POLICY, &["update"])];
        ensure!(planned == kept || planned.is_empty(), "{planned:?}");
        moved.apply()?;
        moved.expect_empty_plan()?;
        assert_eq!(moved.addresses()?, [POLICY, SAS_DEFINITION]);
        assert_eq!(
            emulator.count("SetStorageAccount")?,
            1,
            "it was enrolled once"
        );
        Ok(())
    })
}

const MOVED: &str = r#"
moved {
  from = azurerm_key_vault_managed_storage_account.logs
  to   = keyrotation_policy.logs
}

moved {
  from = azurerm_key_vault_managed_storage_account_sas_token_definition.read
  to   = keyrotation_sas_definition.read
}
"#;

/// What azurerm stores of the same two records.
fn state_of_azurerm() -> Value {
    let id = format!("https://{VAULT}.vault.azure.net/storage/{ACCOUNT}");
    let resource = |kind: &str, name: &str, attributes: Value| {
        json!({
            "mode": "managed", "type": kind, "name": name,
            "provider": "provider[\"registry.terraform.io/hashicorp/azurerm\"]",
            "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
        })
    };
    let account = json!({
        "id": id, "name": ACCOUNT, "storage_account_id": fleet::account_id(ACCOUNT),
        "key_vault_id": "/subscriptions/x", "storage_account_key": "key1",
        "regenerate_key_automatically": true, "regeneration_period": "P30D",
        "tags": {"team": "platform"},
    });
    let definition = json!({
        "id": format!("{id}/sas/blobread4hours"), "name": "blobread4hours",
        "managed_storage_account_id": id, "sas_template_uri": "sv=2018-03-28&ss=b&srt=co&sp=rl&spr=https",
        "sas_type": "account", "validity_period": "PT4H", "secret_id": "", "tags": null,
    });
    json!({
        "version": 4, "terraform_version": "1.8.0", "serial": 1,
        "lineage": "3f0b3f0e-0000-4000-8000-000000000001", "outputs": {},
        "resources": [
            resource("azurerm_key_vault_managed_storage_account", "logs", account),
            resource(
                "azurerm_key_vault_managed_storage_account_sas_token_definition", "read", definition,
            ),
        ],
        "check_results": null,
    })
}
