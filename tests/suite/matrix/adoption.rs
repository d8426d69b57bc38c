//! Taking over what is there already: by identity, from azurerm, and out of a search.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::azurerm::Stored;
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
    let record = format!("https://{VAULT}.vault.azure.net/storage/{ACCOUNT}");
    let account = fleet::account_id(ACCOUNT);
    let stored = Stored {
        record: &record,
        account: &account,
        definition: "blobread4hours",
        template: "sv=2018-03-28&ss=b&srt=co&sp=rl&spr=https",
        tags: json!({"team": "platform"}),
    };
    stored.state()
}
