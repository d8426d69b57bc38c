//! The life of a policy on a real core and the emulator, from plan to destroy.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::terraform::{Change, Terraform};

use crate::configuration::{Configuration, POLICY, SAS_DEFINITION};

#[test]
fn a_policy_is_planned_and_applied_and_then_there_is_nothing_to_do() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "one", &Configuration::default().text())?;
    terraform.succeed(&["validate"])?;
    let expected = [
        Change::new(POLICY, &["create"]),
        Change::new(SAS_DEFINITION, &["create"]),
    ];
    assert_eq!(terraform.plan()?, expected);
    assert_eq!(
        emulator.count("SetStorageAccount")?,
        0,
        "planning changes nothing"
    );

    terraform.apply()?;
    assert_eq!(emulator.count("SetStorageAccount")?, 1);
    assert_eq!(emulator.count("SetSasDefinition")?, 1);
    let id = format!("https://{VAULT}.vault.azure.net/storage/{ACCOUNT}");
    assert_eq!(text(&terraform.attributes(POLICY)?, "id")?, id);
    terraform.expect_empty_plan()
}

#[test]
fn applying_enrols_the_account_as_configured() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "one", &Configuration::default().text())?;
    assert_eq!(enrolment(&emulator)?, Value::Null);
    terraform.apply()?;
    let expected = json!({
        "vault": VAULT,
        "name": ACCOUNT,
        "active_key": "key1",
        "auto_regenerate": true,
        "rotation_period": "P30D",
    });
    let enrolment = enrolment(&emulator)?;
    for (name, value) in expected.as_object().into_iter().flatten() {
        if name == "vault" {
            ensure!(text(&enrolment, "vault")?.contains(VAULT), "{enrolment}");
        } else {
            assert_eq!(enrolment.get(name), Some(value), "{name}");
        }
    }
    Ok(())
}

#[test]
fn a_rotation_by_the_vault_is_no_drift() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "one", &Configuration::default().text())?;
    terraform.apply()?;
    let before = terraform.attributes(POLICY)?;
    emulator.advance("P31D")?;
    terraform.expect_empty_plan()?;

    terraform.apply()?;
    let after = terraform.attributes(POLICY)?;
    assert_eq!(text(&before, "active_key")?, "key1");
    assert_eq!(
        text(&after, "active_key")?,
        "key2",
        "the state follows the vault"
    );
    assert_ne!(before.get("key2_created_at"), after.get("key2_created_at"));
    assert_eq!(
        emulator.count("SetStorageAccount")?,
        1,
        "nothing was changed"
    );
    assert_eq!(
        emulator.count("RegenerateStorageAccountKey")?,
        0,
        "nothing was regenerated"
    );
    Ok(())
}

#[test]
fn period_and_tags_change_in_place() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "one", &Configuration::default().text())?;
    terraform.apply()?;
    let changed = Configuration {
        period: "P20D",
        team: "storage",
        ..Configuration::default()
    };
    terraform.write(&changed.text())?;
    assert_eq!(terraform.plan()?, [Change::new(POLICY, &["update"])]);

    terraform.apply()?;
    let enrolment = enrolment(&emulator)?;
    assert_eq!(text(&enrolment, "rotation_period")?, "P20D");
    let attributes = terraform.attributes(POLICY)?;
    assert_eq!(attributes.pointer("/tags/team"), Some(&json!("storage")));
    assert_eq!(
        emulator.count("DeleteStorageAccount")?,
        0,
        "the enrolment was kept"
    );
    terraform.expect_empty_plan()
}

#[test]
fn another_name_replaces_the_enrolment() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "one", &Configuration::default().text())?;
    terraform.apply()?;
    terraform.write(
        &Configuration {
            name: "renamed",
            ..Configuration::default()
        }
        .text(),
    )?;
    let expected = [
        Change::new(POLICY, &["delete", "create"]),
        Change::new(SAS_DEFINITION, &["delete", "create"]),
    ];
    assert_eq!(terraform.plan()?, expected);

    terraform.apply()?;
    assert_eq!(text(&enrolment(&emulator)?, "name")?, "renamed");
    assert_eq!(emulator.count("DeleteStorageAccount")?, 1);
    terraform.expect_empty_plan()
}

#[test]
fn an_enrolment_is_imported_by_its_id() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let made = Terraform::open(&emulator, "made", &Configuration::default().text())?;
    made.apply()?;
    let imported = Terraform::open(&emulator, "imported", &Configuration::default().text())?;
    for address in [POLICY, SAS_DEFINITION] {
        let attributes = made.attributes(address)?;
        let id = text(&attributes, "id")?;
        imported.succeed(&["import", "-input=false", "-no-color", address, id])?;
    }
    imported.expect_empty_plan()?;
    for address in [POLICY, SAS_DEFINITION] {
        assert_eq!(
            imported.attributes(address)?,
            made.attributes(address)?,
            "{address}"
        );
    }
    Ok(())
}

#[test]
fn destroy_really_ends_the_enrolment() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "one", &Configuration::default().text())?;
    terraform.apply()?;
    terraform.destroy()?;
    assert_eq!(terraform.addresses()?, Vec::<String>::new());
    let path = format!("/storage/{ACCOUNT}");
    let removed = emulator.journal()?.into_iter().any(|request| {
        let address = request.url.split('?').next().unwrap_or_default();
        request.method == "DELETE" && address.ends_with(&path) && request.status == 200
    });
    ensure!(
        removed,
        "the journal holds no DELETE {path}: {:?}",
        emulator.journal()?
    );
    assert_eq!(enrolment(&emulator)?, Value::Null);
    let unmodelled = emulator
        .journal()?
        .into_iter()
        .find(|seen| seen.operation == "unmodelled");
    assert_eq!(
        unmodelled, None,
        "the provider asks for what Azure does not have"
    );
    Ok(())
}

#[test]
fn destroy_takes_back_the_role_that_was_granted() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "one", &Configuration::default().text())?;
    terraform.apply()?;
    assert_eq!(emulator.count("RoleAssignments_Create")?, 1);
    terraform.destroy()?;
    assert_eq!(emulator.count("RoleAssignments_Delete")?, 1);
    Ok(())
}

#[test]
fn an_enrolment_removed_by_other_means_is_replaced_and_its_role_taken_back() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let ours = Terraform::open(&emulator, "ours", &Configuration::default().text())?;
    ours.apply()?;
    let id = text(&ours.attributes(POLICY)?, "id")?.to_owned();
    let other = Terraform::open(&emulator, "other", &Configuration::default().text())?;
    other.succeed(&["import", "-input=false", "-no-color", POLICY, &id])?;
    other.destroy()?;
    assert_eq!(
        emulator.count("RoleAssignments_Delete")?,
        0,
        "an import does not own the role"
    );
    let expected = [
        Change::new(POLICY, &["delete", "create"]),
        Change::new(SAS_DEFINITION, &["create"]),
    ];
    assert_eq!(ours.plan()?, expected);
    ours.apply()?;
    ours.expect_empty_plan()?;
    ours.destroy()?;
    assert_eq!(emulator.count("RoleAssignments_Delete")?, 2);
    Ok(())
}

/// Asks the command line tool, which shares no state with the core, how the account is enrolled.
fn enrolment(emulator: &Emulator) -> Result<Value> {
    let (_, report) = cli::check(emulator, &[])?;
    let enrolment = report.pointer("/accounts/0/enrolment").cloned();
    enrolment.with_context(|| format!("the report has no account: {report}"))
}

fn text<'a>(object: &'a Value, name: &str) -> Result<&'a str> {
    let value = object.get(name).and_then(Value::as_str);
    value.with_context(|| format!("no text `{name}` in {object}"))
}
