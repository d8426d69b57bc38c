//! The provider's life on every core: what all of them can do works on all of them, and what only
//! newer ones can do works on those.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::core::{Core, Feature};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, GROUP, SUBSCRIPTION, VAULT};
use tests::process;
use tests::terraform::{Change, Terraform};

use crate::configuration::{Configuration, POLICY, SAS_DEFINITION};

const ACCESS: &str = "keyrotation_vault_access.function";
const PRINCIPAL: &str = "0b7ec700-0000-4000-8000-0000000000bb";

fn each_core(check: impl Fn(&Core) -> Result<()>) -> Result<()> {
    for core in Core::all()? {
        check(&core).with_context(|| format!("on {core}"))?;
    }
    Ok(())
}

fn each_core_with(feature: Feature, check: impl Fn(&Core) -> Result<()>) -> Result<()> {
    each_core(|core| {
        if core.has(feature) {
            check(core)
        } else {
            Ok(())
        }
    })
}

fn everything(configuration: &Configuration) -> String {
    format!(
        r#"{}
resource "keyrotation_vault_access" "function" {{
  vault_uri    = "https://{VAULT}.vault.azure.net/"
  principal_id = "{PRINCIPAL}"
  purpose      = "issue_sas"
}}

data "keyrotation_account" "logs" {{
  storage_account_id = keyrotation_policy.logs.storage_account_id
}}
"#,
        configuration.text()
    )
}

fn access_id(purpose: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.KeyVault/vaults/\
         {VAULT}/access/{PRINCIPAL}/{purpose}"
    )
}

#[test]
fn matrix_of_the_whole_life() -> Result<()> {
    each_core(|core| {
        let emulator = Emulator::start(&fleet::one_account())?;
        let text = everything(&Configuration::default());
        let terraform = Terraform::open_on(core.program(), &emulator, "life", &text)?;
        terraform.succeed(&["validate"])?;
        let expected = [POLICY, SAS_DEFINITION, ACCESS].map(|new| Change::new(new, &["create"]));
        assert_eq!(changes(&terraform)?, expected);
        terraform.apply()?;
        terraform.expect_empty_plan()?;
        for way in ["-refresh-only", "-refresh=false"] {
            // Newer cores count a data source that was read as a change of the refresh.
            let said = terraform.succeed(&["plan", way, "-input=false", "-no-color"])?;
            ensure!(
                said.stdout.contains("No changes."),
                "{way}: {}",
                said.stdout
            );
        }
        change_in_place(&terraform)?;
        import_what_is_there(core, &emulator)?;
        terraform.destroy()?;
        assert_eq!(terraform.addresses()?, Vec::<String>::new());
        assert_eq!(emulator.count("DeleteStorageAccount")?, 1);
        assert_eq!(emulator.count("RoleAssignments_Delete")?, 1);
        let unmodelled = emulator.count("unmodelled")?;
        assert_eq!(
            unmodelled, 0,
            "the provider asks for what Azure does not have"
        );
        Ok(())
    })
}

/// Plans; the data source reads what the policy is about, which is known already or not yet.
fn changes(terraform: &Terraform<'_>) -> Result<Vec<Change>> {
    let mut planned = terraform.plan()?;
    planned.retain(|change| change.actions != ["read"]);
    Ok(planned)
}

fn change_in_place(terraform: &Terraform<'_>) -> Result<()> {
    let changed = Configuration {
        period: "P20D",
        ..Configuration::default()
    };
    let text = everything(&changed).replace("issue_sas", "read_sas");
    terraform.write(&text)?;
    let expected = [
        Change::new(POLICY, &["update"]),
        Change::new(ACCESS, &["update"]),
    ];
    assert_eq!(changes(terraform)?, expected);
    terraform.apply()?;
    terraform.expect_empty_plan()?;
    let held = terraform.attributes(ACCESS)?;
    assert_eq!(held.get("secret_permissions"), Some(&json!(["get"])));
    assert_eq!(held.get("storage_permissions"), Some(&json!([])));
    Ok(())
}

fn import_what_is_there(core: &Core, emulator: &Emulator) -> Result<()> {
    let configuration = Configuration {
        period: "P20D",
        ..Configuration::default()
    };
    let text = everything(&configuration).replace("issue_sas", "read_sas");
    let imported = Terraform::open_on(core.program(), emulator, "imported", &text)?;
    let policy = format!("https://{VAULT}.vault.azure.net/storage/{ACCOUNT}");
    let definition = format!("{policy}/sas/blobread4hours");
    let access = access_id("read_sas");
    for (address, id) in [
        (POLICY, &policy),
        (SAS_DEFINITION, &definition),
        (ACCESS, &access),
    ] {
        imported.succeed(&["import", "-input=false", "-no-color", address, id])?;
    }
    imported.expect_empty_plan()
}

#[test]
fn matrix_of_meta_arguments() -> Result<()> {
    each_core(|core| {
        let emulator = Emulator::start(&fleet::one_account())?;
        let terraform = Terraform::open_on(core.program(), &emulator, "meta", &meta("a", "b"))?;
        // Nothing is known of the account while this is planned.
        let planned = terraform.plan()?;
        assert_eq!(planned.len(), 4, "{planned:?}");
        terraform.apply()?;
        terraform.expect_empty_plan()?;
        let refused = terraform.run(&["destroy", "-input=false", "-auto-approve", "-no-color"])?;
        ensure!(
            refused.stderr.contains("prevent_destroy"),
            "{}",
            refused.stderr
        );

        // Another name: the new one is made before the old one goes.
        terraform.write(&meta("a", "c"))?;
        terraform.apply()?;
        terraform.expect_empty_plan()?;
        let made_and_gone = emulator.journal()?.into_iter().filter_map(|request| {
            let ours = ["SetSasDefinition", "DeleteSasDefinition"];
            let done = request.status == 200 && ours.contains(&request.operation.as_str());
            done.then_some(request.operation)
        });
        let made_and_gone: Vec<String> = made_and_gone.collect();
        let last_two = made_and_gone.iter().rev().take(2).map(String::as_str);
        assert!(last_two.eq(["DeleteSasDefinition", "SetSasDefinition"]));

        let target = "-target=keyrotation_sas_definition.each[\"a\"]";
        terraform.write(&meta("d", "e"))?;
        let targeted = terraform.plan_json(&[target])?;
        let all = targeted
            .pointer("/resource_changes")
            .and_then(Value::as_array);
        let touched = all
            .into_iter()
            .flatten()
            .filter(|change| change.pointer("/change/actions") != Some(&json!(["no-op"])));
        assert_eq!(touched.count(), 1);
        Ok(())
    })
}

fn meta(first: &str, second: &str) -> String {
    let account = fleet::account_id(ACCOUNT);
    format!(
        r#"
terraform {{
  required_providers {{
    keyrotation = {{ source = "azure-keyrotation/keyrotation" }}
  }}
}}

resource "terraform_data" "account" {{
  input = "{account}"
}}

resource "keyrotation_policy" "logs" {{
  count              = 1
  storage_account_id = terraform_data.account.output
  key_vault          = {{ vault_uri = "https://{VAULT}.vault.azure.net/" }}

  lifecycle {{
    prevent_destroy = true
  }}
}}

resource "keyrotation_sas_definition" "each" {{
  for_each        = {{ a = "{first}", b = "{second}" }}
  policy_id       = keyrotation_policy.logs[0].id
  name            = "blob${{each.value}}"
  services        = "b"
  resource_types  = "co"
  permissions     = "rl"
  validity_period = "PT4H"

  lifecycle {{
    create_before_destroy = true
  }}
}}

output "secrets" {{
  value = [for each in keyrotation_sas_definition.each : each.secret_id]
}}
"#
    )
}

#[test]
fn matrix_of_moves_from_azurerm() -> Result<()> {
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

#[test]
fn matrix_of_plans_by_a_reader() -> Result<()> {
    each_core(|core| {
        let emulator = Emulator::start(&with_reader())?;
        let text = Configuration::default().text();
        let terraform = Terraform::open_on(core.program(), &emulator, "reader", &text)?;
        terraform.apply()?;
        let arguments = ["plan", "-input=false", "-no-color", "-detailed-exitcode"];
        let mut plan = terraform.command(&arguments);
        plan.env("ARM_CLIENT_ID", READER)
            .env("ARM_CLIENT_SECRET", READERS_SECRET);
        process::run(&mut plan)?
            .expect_code(0)
            .context("a reader cannot plan")?;
        Ok(())
    })
}

const READER: &str = "c11e4700-0000-4000-8000-0000000000ee";
const READERS_SECRET: &str = "of a reader";

/// Adds somebody who may read, and nothing else.
fn with_reader() -> Value {
    let mut fleet = fleet::one_account();
    let reader = "0b7ec700-0000-4000-8000-0000000000ee";
    let scope = format!("/subscriptions/{SUBSCRIPTION}");
    let everything = |id: &str| json!({"object_id": id, "storage": ["all"], "secrets": ["all"]});
    let looking = json!({"object_id": reader, "storage": ["get", "list", "getsas"], "secrets": []});
    let policies = json!([everything("0b7ec700-0000-4000-8000-000000000001"), looking]);
    fleet["applications"] = json!([{
        "client_id": READER, "object_id": reader, "client_secret": READERS_SECRET,
        "roles": [{"role": "Reader", "scope": scope}],
    }]);
    fleet["subscriptions"][0]["vaults"][0]["access_policies"] = policies;
    fleet
}

#[test]
fn matrix_of_functions() -> Result<()> {
    each_core_with(Feature::Functions, |core| {
        let emulator = Emulator::start(&fleet::one_account())?;
        let text = format!(
            "{}\noutput \"life\" {{\n  value = provider::keyrotation::longest_key_life(\"P30D\")\n}}\n",
            Configuration::default().text()
        );
        let terraform = Terraform::open_on(core.program(), &emulator, "functions", &text)?;
        let plan = terraform.plan_json(&[])?;
        let life = plan.pointer("/planned_values/outputs/life/value");
        assert_eq!(life, Some(&json!("P60D")));
        Ok(())
    })
}

#[test]
fn matrix_of_ephemeral_tokens() -> Result<()> {
    each_core_with(Feature::Ephemeral, |core| {
        let emulator = Emulator::start(&fleet::one_account())?;
        let text = format!(
            "{}\nephemeral \"keyrotation_sas_token\" \"read\" {{\n  \
             secret_id = keyrotation_sas_definition.read.secret_id\n}}\n",
            Configuration::default().text()
        );
        let terraform = Terraform::open_on(core.program(), &emulator, "ephemeral", &text)?;
        terraform.apply()?;
        ensure!(emulator.count("GetSecret")? > 0, "no token was minted");
        let state = terraform.succeed(&["show", "-json"])?.stdout;
        ensure!(!state.contains("sig="), "a token is in the state");
        Ok(())
    })
}

#[test]
fn matrix_of_imports_by_identity() -> Result<()> {
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
fn matrix_of_queries() -> Result<()> {
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
fn matrix_of_actions() -> Result<()> {
    each_core_with(Feature::Actions, |core| {
        // Long ago by the provider's clock, so that no token of the idle key can live any more.
        let young = fleet::account(ACCOUNT, Some("2025-12-01T00:00:00Z"));
        let emulator = Emulator::start(&fleet::of(&[young], Some("2026-01-01T00:00:00Z")))?;
        let text = format!(
            "{}\naction \"keyrotation_rotate\" \"logs\" {{\n  config {{\n    policy_id = \
             keyrotation_policy.logs.id\n  }}\n}}\n",
            Configuration::default().text()
        );
        let terraform = Terraform::open_on(core.program(), &emulator, "action", &text)?;
        terraform.apply()?;
        assert_eq!(emulator.count("RegenerateStorageAccountKey")?, 0);
        let said = terraform.succeed(&[
            "apply",
            "-input=false",
            "-auto-approve",
            "-no-color",
            "-invoke=action.keyrotation_rotate.logs",
        ])?;
        ensure!(
            said.stdout.contains("key2"),
            "no progress is shown: {}",
            said.stdout
        );
        assert_eq!(emulator.count("RegenerateStorageAccountKey")?, 1);
        assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 0);
        terraform.apply()?;
        let regenerated = emulator.count("RegenerateStorageAccountKey")?;
        assert_eq!(regenerated, 1, "it never runs by itself");
        assert_eq!(attribute(&terraform, "active_key")?, json!("key2"));
        terraform.expect_empty_plan()
    })
}

fn attribute(terraform: &Terraform<'_>, name: &str) -> Result<Value> {
    let attributes = terraform.attributes(POLICY)?;
    attributes.get(name).cloned().context("no such attribute")
}

#[test]
fn every_feature_is_run_on_some_core() -> Result<()> {
    let cores = Core::all()?;
    if cores.len() == 1 {
        return Ok(());
    }
    for feature in Feature::ALL {
        ensure!(
            cores.iter().any(|core| core.has(feature)),
            "no core has {feature:?}"
        );
    }
    Ok(())
}
