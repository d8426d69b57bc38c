//! The provider's life on every core: what all of them can do works on all of them, and what only
//! newer ones can do works on those.

mod adoption;
mod meta_arguments;

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
fn the_whole_life_works_on_every_core() -> Result<()> {
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
fn a_reader_can_plan() -> Result<()> {
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

/// Returns a fleet in which somebody may read, and nothing else.
fn with_reader() -> Value {
    let reader = "0b7ec700-0000-4000-8000-0000000000ee";
    let owner = "0b7ec700-0000-4000-8000-000000000001";
    json!({
        "applications": [{
            "client_id": READER, "object_id": reader, "client_secret": READERS_SECRET,
            "roles": [{ "role": "Reader", "scope": format!("/subscriptions/{SUBSCRIPTION}") }],
        }],
        "subscriptions": [{
            "id": SUBSCRIPTION,
            "accounts": [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))],
            "vaults": [{
                "resource_group": GROUP, "name": VAULT, "rbac": false,
                "access_policies": [
                    { "object_id": owner, "storage": ["all"], "secrets": ["all"] },
                    { "object_id": reader, "storage": ["get", "list", "getsas"], "secrets": [] },
                ],
            }],
        }],
    })
}

#[test]
fn functions_are_called() -> Result<()> {
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
fn ephemeral_tokens_are_minted_and_stay_out_of_the_state() -> Result<()> {
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
fn an_action_rotates_once_and_never_by_itself() -> Result<()> {
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
