//! Direct rotation under a real core: an account goes from overdue to compliant, one key an apply.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::process::wait_for;
use tests::terraform::{Change, REQUIRED, Terraform};

const LIMIT: Duration = Duration::from_secs(60);
const POLICY: &str = "keyrotation_policy.logs";

pub(crate) fn configuration(content: &str) -> String {
    let account = fleet::account_id(ACCOUNT);
    format!(
        r#"
{REQUIRED}
resource "keyrotation_policy" "logs" {{
  storage_account_id = "{account}"
  rotation_period    = "P30D"
  direct = {{
    vault_uri   = "https://{VAULT}.vault.azure.net/"
    secret_name = "{ACCOUNT}-key"
    content     = "{content}"
    overlap     = "PT1S"
    verify      = false
  }}
}}
"#
    )
}

#[test]
fn an_overdue_account_becomes_compliant_one_key_an_apply() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "direct", &configuration("key"))?;
    assert_eq!(terraform.plan()?, [Change::new(POLICY, &["create"])]);
    terraform.apply()?;
    assert_eq!(
        emulator.count("StorageAccounts_RegenerateKey")?,
        0,
        "it is only published"
    );
    assert_eq!(attribute(&terraform, "active_key")?, json!("key1"));

    for (turn, active) in [(1, "key2"), (2, "key1")] {
        wait_until_due(&terraform)?;
        terraform.apply()?;
        assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, turn);
        assert_eq!(attribute(&terraform, "active_key")?, json!(active));
    }
    assert_eq!(attribute(&terraform, "rotation_due")?, json!(false));
    terraform.expect_empty_plan()?;
    let (_, report) = cli::check(&emulator, &[])?;
    let verdict = report.pointer("/accounts/0/verdict");
    assert_eq!(verdict, Some(&json!("compliant")), "{report}");

    let versions = emulator.count("SetSecret")?;
    terraform.destroy()?;
    assert_eq!(
        emulator.count("SetSecret")?,
        versions,
        "the end changes nothing"
    );
    assert_eq!(emulator.count("DeleteSecret")?, 0);
    assert_eq!(emulator.count("unmodelled")?, 0);
    Ok(())
}

#[test]
fn another_content_is_published_without_a_turn() -> Result<()> {
    let emulator = Emulator::start(&fleet::of(&[young()], None))?;
    let terraform = Terraform::open(&emulator, "content", &configuration("key"))?;
    terraform.apply()?;
    terraform.expect_empty_plan()?;
    terraform.write(&configuration("connection_string"))?;
    assert_eq!(terraform.plan()?, [Change::new(POLICY, &["update"])]);
    terraform.apply()?;
    terraform.expect_empty_plan()?;
    assert_eq!(emulator.count("SetSecret")?, 2);
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 0);
    Ok(())
}

#[test]
fn a_published_key_is_imported_by_its_secret() -> Result<()> {
    let emulator = Emulator::start(&fleet::of(&[young()], None))?;
    let made = Terraform::open(&emulator, "made", &configuration("key"))?;
    made.apply()?;
    let imported = Terraform::open(&emulator, "imported", &configuration("key"))?;
    let id = format!("https://{VAULT}.vault.azure.net/secrets/{ACCOUNT}-key");
    imported.succeed(&["import", "-input=false", "-no-color", POLICY, &id])?;
    // What Azure does not know, such as the overlap, comes from the configuration.
    imported.apply()?;
    imported.expect_empty_plan()?;
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 0);
    assert_eq!(emulator.count("SetSecret")?, 1);
    Ok(())
}

#[test]
fn an_enrolled_account_is_refused() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let text = crate::configuration::Configuration::default().text();
    Terraform::open(&emulator, "enrolled", &text)?.apply()?;
    let direct = Terraform::open(&emulator, "direct", &configuration("key"))?;
    let said = direct.run(&["apply", "-input=false", "-auto-approve", "-no-color"])?;
    ensure!(said.code == Some(1), "{said:?}");
    ensure!(
        said.stderr.contains("enrolled in a vault"),
        "{}",
        said.stderr
    );
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 0);
    assert_eq!(emulator.count("SetSecret")?, 0);
    Ok(())
}

/// The steps of `docs/guides/from-managed-to-direct.md`.
#[test]
fn an_account_moves_from_its_vault_to_direct_rotation() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let enrolled = crate::configuration::Configuration::default().text();
    let terraform = Terraform::open(&emulator, "moving", &enrolled)?;
    terraform.apply()?;
    terraform.destroy()?;
    let publish = [
        "rotate",
        "apply",
        "--in-use=key1",
        "--vault-uri=https://kvsuite.vault.azure.net",
        "--secret-name={account}-key",
        "--no-verify",
        "--auto-approve",
    ];
    cli::keyrotation(&emulator, &publish)?.expect_code(0)?;
    assert_eq!(emulator.count("SetSecret")?, 1);
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 0);

    // An overlap that no slow machine outlives.
    terraform.write(&configuration("key").replace("PT1S", "P1D"))?;
    terraform.apply()?;
    assert_eq!(
        emulator.count("SetSecret")?,
        1,
        "it goes on from the secret"
    );
    terraform.write(&configuration("key"))?;
    // The other overlap is a change by itself, and the turn may be due with it or a moment later.
    while emulator.count("StorageAccounts_RegenerateKey")? == 0 {
        wait_until_due(&terraform)?;
        terraform.apply()?;
    }
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 1);
    assert_eq!(attribute(&terraform, "active_key")?, json!("key2"));
    assert_eq!(emulator.count("unmodelled")?, 0);
    Ok(())
}

/// A turn that is stopped while Azure regenerates the key is finished by the next apply, which only
/// publishes it.
#[test]
fn an_interrupted_turn_is_published_by_the_next_apply() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "cut", &configuration("key"))?;
    terraform.apply()?;
    wait_until_due(&terraform)?;
    emulator.set_fault(&json!({
        "operation": "StorageAccounts_RegenerateKey",
        "fault": { "delay_ms": 1500, "when": "after" },
    }))?;
    let apply = terraform.start(&["apply", "-input=false", "-auto-approve", "-no-color"])?;
    wait_for("the regeneration", LIMIT, || {
        Ok((emulator.seen_by_fault()? == 1).then_some(()))
    })?;
    apply.signal(Signal::INT)?;
    apply.finish()?.expect_code(1)?;
    assert_eq!(attribute(&terraform, "active_key")?, json!("key1"));

    terraform.write(&configuration("key").replace("PT1S", "P1D"))?;
    terraform.apply()?;
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 1);
    assert_eq!(attribute(&terraform, "active_key")?, json!("key2"));
    Ok(())
}

/// Plans until the overlap of a second is over.
pub(crate) fn wait_until_due(terraform: &Terraform<'_>) -> Result<()> {
    for _ in 0..50 {
        let planned = terraform.plan()?;
        if planned == [Change::new(POLICY, &["update"])] {
            return Ok(());
        }
        ensure!(planned.is_empty(), "{planned:?}");
    }
    bail!("no turn became due")
}

/// An account whose keys were made a moment ago.
fn young() -> Value {
    let mut account = fleet::account(ACCOUNT, None);
    if let Some(account) = account.as_object_mut() {
        account.remove("key1_created");
        account.remove("key2_created");
    }
    account
}

fn attribute(terraform: &Terraform<'_>, name: &str) -> Result<Value> {
    let attributes = terraform.attributes(POLICY)?;
    attributes.get(name).cloned().context("no such attribute")
}
