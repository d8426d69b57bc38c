//! `keyrotation generate` on the emulator: what it writes is formatted, valid, and plans no surprise.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet::{self, VAULT};
use tests::terraform::Terraform;

const OLD: Option<&str> = Some("2025-01-01T00:00:00Z");
const TEMPLATE: &str = "sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https";

fn name(number: usize) -> String {
    format!("st{number:03}")
}

/// A fleet of accounts of which the first ones are enrolled; every seventh of those by a name of its own.
fn fleet(accounts: usize, enrolled: usize) -> Value {
    let managed: Vec<Value> = (0..enrolled)
        .map(|number| {
            let own = if number % 7 == 0 { "own" } else { "" };
            json!({
                "name": format!("{}{own}", name(number)), "account": name(number),
                "active_key": "key1", "auto_regenerate": true,
                "period": if number % 2 == 0 { "P30D" } else { "P20D" },
            })
        })
        .collect();
    let accounts: Vec<Value> = (0..accounts)
        .map(|number| fleet::account(&name(number), OLD))
        .collect();
    let (first, second) = managed.split_at(managed.len() / 2);
    let vaults = [
        fleet::vault("kvfirst", first),
        fleet::vault("kvsecond", second),
        fleet::vault(VAULT, &[]),
    ];
    fleet::with_vaults(&accounts, &vaults)
}

/// Defines tokens for an enrolment.
fn define(emulator: &Emulator, vault: &str, enrolment: &str, more: &[&str]) -> Result<()> {
    let mut words = vec![
        "vault",
        "sas-definition",
        "create",
        "--yes",
        "--vault-name",
        vault,
        "--account-name",
        enrolment,
        "-n",
        "read",
        "--validity-period",
        "PT4H",
        "--template-uri",
    ];
    words.extend_from_slice(if more.is_empty() { &[TEMPLATE] } else { more });
    cli::keyrotation(emulator, &words)?.expect_code(0).map(drop)
}

/// Counts what a plan would do: imports that change nothing, and creations. Anything else is an error.
fn imports_and_creations(plan: &Value) -> Result<(usize, usize)> {
    let all = plan.get("resource_changes").and_then(Value::as_array);
    let (mut imports, mut creations) = (0, 0);
    for change in all.context("the plan has no changes")? {
        let actions = change.pointer("/change/actions");
        let is_import = change.pointer("/change/importing").is_some();
        if actions == Some(&json!(["no-op"])) && is_import {
            imports += 1;
        } else if actions == Some(&json!(["create"])) {
            creations += 1;
        } else {
            anyhow::bail!("neither an import nor a creation: {change}");
        }
    }
    Ok((imports, creations))
}

fn expect_fmt(terraform: &Terraform<'_>) -> Result<()> {
    let said = terraform.run(&["fmt", "-check", "-diff", "-recursive", "-no-color"])?;
    said.expect_code(0).context("not formatted").map(drop)
}

#[test]
fn generate_takes_a_fleet_over_and_the_second_plan_is_empty() -> Result<()> {
    let emulator = Emulator::start(&fleet(200, 60))?;
    for number in 1..6 {
        define(&emulator, "kvfirst", &name(number), &[])?;
    }
    let odd = [
        "sv=2017-07-29&ss=bf&srt=o&sp=r",
        "--tags",
        "team=a",
        "--disabled",
    ];
    define(&emulator, "kvsecond", &name(31), &odd)?;
    let said = cli::keyrotation(&emulator, &["generate", "--vault-name", VAULT])?;
    let said = said.expect_code(0)?;
    let summary = "206 resources: 140 new enrolments, 66 imports, 0 moved from azurerm\n";
    assert_eq!(said.stderr, summary);

    let terraform = Terraform::open(&emulator, "fleet", &said.stdout)?;
    expect_fmt(&terraform)?;
    terraform.succeed(&["validate"])?;
    let plan = terraform.plan_json(&[])?;
    assert_eq!(imports_and_creations(&plan)?, (66, 140));
    terraform.apply()?;
    terraform.expect_empty_plan()?;

    let state = terraform.succeed(&["show", "-json"])?.stdout;
    let file = emulator.scratch().path().join("state.json");
    fs::write(&file, state)?;
    let file = file.display().to_string();
    let left = cli::keyrotation(
        &emulator,
        &["generate", "--vault-name", VAULT, "--state", &file],
    )?;
    let left = left.expect_code(0)?;
    ensure!(!left.stdout.contains("resource"), "{}", left.stdout);

    emulator.advance("P31D")?;
    emulator.advance("P31D")?;
    let (code, report) = cli::check(&emulator, &[])?;
    assert_eq!(
        code,
        Some(0),
        "{}",
        report.get("summary").unwrap_or(&report)
    );
    terraform.expect_empty_plan()
}

#[test]
fn generate_writes_a_module_with_maps() -> Result<()> {
    let emulator = Emulator::start(&fleet(6, 3))?;
    define(&emulator, "kvfirst", "st000own", &[])?;
    let terraform = Terraform::open(&emulator, "module", "")?;
    let folder = emulator.scratch().path().join("module");
    let folder = folder.display().to_string();
    let words = [
        "generate",
        "--vault-name",
        VAULT,
        "--form",
        "module",
        "--folder",
        &folder,
    ];
    let said = cli::keyrotation(&emulator, &words)?.expect_code(0)?;
    assert_eq!(said.stdout, "", "what is written goes to files");
    let again = cli::keyrotation(&emulator, &words)?.expect_code(1)?;
    ensure!(again.stderr.contains("rotation.tf"), "{}", again.stderr);

    terraform.succeed(&["init", "-input=false"])?;
    expect_fmt(&terraform)?;
    terraform.succeed(&["validate"])?;
    let plan = terraform.plan_json(&[])?;
    assert_eq!(imports_and_creations(&plan)?, (4, 3));
    terraform.apply()?;
    terraform.expect_empty_plan()
}

/// What `terraform show -json` says of a state in which azurerm has an enrolment and a definition.
fn azurerm_shown(id: &str) -> Value {
    let resource = |kind: &str, name: &str, id: &str| {
        json!({
            "address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name,
            "values": {"id": id},
        })
    };
    json!({"format_version": "1.0", "values": {"root_module": {"resources": [
        resource("azurerm_key_vault_managed_storage_account", "logs", id),
        resource(
            "azurerm_key_vault_managed_storage_account_sas_token_definition", "read",
            &format!("{id}/sas/read"),
        ),
    ]}}})
}

#[test]
fn generate_moves_what_azurerm_has() -> Result<()> {
    let emulator = Emulator::start(&fleet(3, 2))?;
    define(&emulator, "kvfirst", "st000own", &[])?;
    let file = emulator.scratch().path().join("state.json");
    let id = "https://kvfirst.vault.azure.net/storage/st000own";
    fs::write(&file, azurerm_shown(id).to_string())?;
    let file = file.display().to_string();
    let said = cli::keyrotation(&emulator, &["generate", "--state", &file])?.expect_code(0)?;
    insta::assert_snapshot!(format!("{}\n[stderr]\n{}", said.stdout, said.stderr));
    Ok(())
}

#[test]
fn generate_enrols_nobody_where_a_vault_could_not_be_read() -> Result<()> {
    let emulator = Emulator::start(&fleet(4, 2))?;
    emulator.set_fault(&json!({
        "operation": "GetStorageAccounts", "count": 1,
        "fault": {"status": 403, "code": "Forbidden"},
    }))?;
    let said = cli::keyrotation(&emulator, &["generate", "--vault-name", VAULT])?;
    let said = said.expect_code(3)?;
    ensure!(
        !said.stdout.contains("initial_active_key"),
        "{}",
        said.stdout
    );
    for expected in ["not read: cannot list", "not written: "] {
        ensure!(said.stderr.contains(expected), "{}", said.stderr);
    }
    let filtered = ["generate", "--vault-name", VAULT, "--include", "st003"];
    let said = cli::keyrotation(&emulator, &filtered)?.expect_code(0)?;
    ensure!(
        said.stderr.starts_with("1 resources: 1 new"),
        "{}",
        said.stderr
    );
    Ok(())
}
