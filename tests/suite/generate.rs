//! `keyrotation generate` on the emulator: what it writes is formatted, valid, and plans no surprise.

mod moves;

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
    let (template, more) = more.split_first().unwrap_or((&TEMPLATE, &[]));
    let definition = cli::Definition {
        vault,
        enrolment,
        name: "read",
        template,
        validity: "PT4H",
    };
    cli::define(emulator, &definition, more)
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
    // What is there just as it would be written may be left of a run that was cut short.
    cli::keyrotation(&emulator, &words)?.expect_code(0)?;
    let path = format!("{folder}/rotation.tf");
    let text = fs::read_to_string(&path)?;
    let changed = format!("{text}# by hand\n");
    fs::write(&path, &changed)?;
    let again = cli::keyrotation(&emulator, &words)?.expect_code(1)?;
    ensure!(again.stderr.contains("rotation.tf"), "{}", again.stderr);
    assert_eq!(fs::read_to_string(&path)?, changed, "it is not overwritten");
    fs::write(&path, text)?;

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

/// Lists the policies in a configuration.
fn policies(text: &str) -> Vec<&str> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("resource \"keyrotation_policy\" "));
    lines.filter_map(|line| line.split('"').nth(1)).collect()
}

#[test]
fn generate_looks_where_check_would() -> Result<()> {
    let emulator = Emulator::start(&fleet(6, 3))?;
    let folder = emulator.scratch().path();
    let list = format!("# ours\n{}\n", fleet::account_id("st001"));
    fs::write(folder.join("fleet"), list)?;
    let state = json!({"format_version": "1.0", "values": {"root_module": {"resources": [
        {"address": "azurerm_storage_account.a", "mode": "managed", "type": "azurerm_storage_account",
         "name": "a", "values": {"id": fleet::account_id("st004")}},
        {"address": "keyrotation_policy.b", "mode": "managed", "type": "keyrotation_policy",
         "name": "b", "values": {"id": "https://kvfirst.vault.azure.net/storage/st000own",
         "storage_account_id": fleet::account_id("st000")}},
    ]}}});
    fs::write(folder.join("state.json"), state.to_string())?;
    let check = |words: &[&str], expected: &[&str]| -> Result<()> {
        let all = [&["generate", "--vault-name", VAULT], words].concat();
        let said = cli::keyrotation(&emulator, &all)?.expect_code(0)?;
        assert_eq!(
            policies(&said.stdout),
            expected,
            "{words:?}: {}",
            said.stderr
        );
        Ok(())
    };
    let all = ["st000", "st001", "st002", "st003", "st004", "st005"];
    let group = format!(
        "/subscriptions/{}/resourceGroups/{}",
        fleet::SUBSCRIPTION,
        fleet::GROUP
    );
    let st002 = fleet::account_id("st002");
    check(&[], &all)?;
    check(
        &["--management-group", "22222222-2222-4222-8222-222222222222"],
        &all,
    )?;
    check(&["--subscription", fleet::SUBSCRIPTION], &all)?;
    check(&["--resource-group", &group], &all)?;
    check(&["--account", &st002], &["st002"])?;
    check(&["--fleet", "fleet"], &["st001"])?;
    check(
        &["--fleet", "fleet", "--account", &st002],
        &["st001", "st002"],
    )?;
    check(
        &["--state", "state.json", "--accounts-of-state"],
        &["st004"],
    )?;
    check(&["--state", "state.json"], all.get(1..).context("six")?)
}

#[test]
fn generate_does_not_take_nothing_for_everything() -> Result<()> {
    let emulator = Emulator::start(&fleet(1, 0))?;
    let folder = emulator.scratch().path();
    fs::write(folder.join("fleet"), "# nothing\n")?;
    fs::write(folder.join("state.json"), r#"{"format_version":"1.0"}"#)?;
    let check = |words: &[&str], expected: &str| -> Result<()> {
        let said = cli::keyrotation(&emulator, &[&["generate"], words].concat())?.expect_code(1)?;
        ensure!(said.stderr.contains(expected), "{words:?}: {}", said.stderr);
        Ok(())
    };
    check(&["--fleet", "fleet"], "names nothing to look at")?;
    check(
        &["--state", "state.json", "--accounts-of-state"],
        "none of the states holds a storage account",
    )?;
    check(&["--accounts-of-state"], "--state <FILE>")
}

#[test]
fn a_management_group_that_cannot_be_read_leaves_the_configuration_incomplete() -> Result<()> {
    let emulator = Emulator::start(&fleet(2, 1))?;
    let words = [
        "generate",
        "--vault-name",
        VAULT,
        "--management-group",
        "elsewhere",
    ];
    let said = cli::keyrotation(&emulator, &words)?.expect_code(3)?;
    ensure!(
        said.stderr.contains("not read: ") && said.stderr.contains("elsewhere"),
        "{}",
        said.stderr
    );
    Ok(())
}

#[test]
fn a_name_that_an_account_outside_of_the_scope_has_in_the_vault_is_not_taken() -> Result<()> {
    let accounts = ["sta", "stb"].map(|name| fleet::account(name, OLD));
    let vault = fleet::vault(VAULT, &[fleet::record("stb", "sta", true)]);
    let emulator = Emulator::start(&fleet::with_vaults(&accounts, &[vault]))?;
    let account = fleet::account_id("stb");
    let words = ["generate", "--vault-name", VAULT, "--account", &account];
    let said = cli::keyrotation(&emulator, &words)?.expect_code(3)?;
    ensure!(
        said.stderr.contains("is another account's enrolment"),
        "{}",
        said.stderr
    );
    Ok(())
}
