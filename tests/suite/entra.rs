//! The guide to Microsoft Entra ID, step by step as it is written, on an account with all that can stand
//! in the way.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tests::arm;
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet::{self, SUBSCRIPTION};
use tests::place;

const GUIDE: &str = "docs/guides/from-shared-keys-to-entra.md";
const GROUP: &str = "rg-logs";

/// The exit codes of the guide's commands of ours, in their order: the keys of the account are overdue.
const CODES: [i32; 5] = [2, 0, 0, 2, 0];

/// What `check` says before and after the steps.
const FINDINGS: [&[&str]; 3] = [
    &["key-in-app-setting", "shared-key-needed"],
    &["shared-key-unneeded"],
    &["shared-key-off"],
];

fn id(kind: &str, name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{kind}/{name}")
}

/// The account of the guide, with a published key, a SAS definition and an app that holds a key.
fn start() -> Result<Emulator> {
    let in_group = |mut one: Value| {
        if let Some(fields) = one.as_object_mut() {
            fields.insert("resource_group".to_owned(), json!(GROUP));
        }
        one
    };
    let account = in_group(fleet::account("stlogs", Some("2025-01-01T00:00:00Z")));
    let vault = in_group(fleet::vault("kvprod", &[]));
    let mut fleet = fleet::with_vaults(&[account], &[vault]);
    let subscription = fleet.pointer_mut("/subscriptions/0").context("none")?;
    let fields = subscription.as_object_mut().context("no object")?;
    let app = in_group(fleet::app("func-logs"));
    fields.insert("sites".to_owned(), json!([app]));
    let emulator = Emulator::start(&fleet)?;
    stand_in_the_way(&emulator)?;
    Ok(emulator)
}

fn stand_in_the_way(emulator: &Emulator) -> Result<()> {
    let account = id("Microsoft.Storage/storageAccounts", "stlogs");
    let resource = format!("--resource-id={account}");
    let run = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        cli::keyrotation(emulator, &words)?.expect_code(0)
    };
    run(
        "rotate apply --in-use=key1 --vault-uri=https://kvprod.vault.azure.net \
         --secret-name=st-{account} --no-verify --auto-approve",
    )?;
    run(&format!(
        "vault add --vault-name kvprod -n logs {resource} --active-key-name key1 --grant-access --yes"
    ))?;
    run(
        "vault sas-definition create --vault-name kvprod --account-name logs -n read \
         --validity-period PT4H --template-uri sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https --yes",
    )?;
    let key = emulator.key("stlogs", "key1")?;
    let string = format!("AccountName=stlogs;AccountKey={key}");
    put_settings(
        emulator,
        &json!({ "AzureWebJobsStorage": string, "MODE": "fast" }),
    )
}

fn settings_path(rest: &str) -> String {
    let app = id("Microsoft.Web/sites", "func-logs");
    format!("{app}/config/appsettings{rest}?api-version=2023-12-01")
}

fn put_settings(emulator: &Emulator, properties: &Value) -> Result<()> {
    let body = json!({ "properties": properties });
    arm::ask(emulator, "PUT", &settings_path(""), &body).map(drop)
}

/// Gives the commands of the guide's console blocks.
fn commands() -> Result<Vec<String>> {
    let text = fs::read_to_string(place::root().join(GUIDE))?;
    let lines = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("$ "));
    Ok(lines.map(str::to_owned).collect())
}

/// Does what a command of `az` does, as far as the guide uses it.
fn az(emulator: &Emulator, line: &str) -> Result<()> {
    let words: Vec<&str> = line.split(' ').collect();
    let verb = words.iter().take_while(|word| !word.starts_with("--"));
    let verb: Vec<&str> = verb.copied().collect();
    let options = words.get(verb.len()..).unwrap_or_default();
    let options: BTreeMap<&str, &str> = options
        .chunks(2)
        .filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)))
        .collect();
    let option = |name: &str| options.get(name).copied().context(line.to_owned());
    match verb.join(" ").as_str() {
        "az functionapp config appsettings set" => {
            let (name, value) = option("--settings")?.split_once('=').context("no value")?;
            change_settings(emulator, |all| drop(all.insert(name.into(), json!(value))))
        }
        "az functionapp config appsettings delete" => {
            let name = option("--setting-names")?;
            change_settings(emulator, |all| drop(all.remove(name)))
        }
        "az keyvault secret delete" => {
            let path = format!("/secrets/{}?api-version=7.4", option("--name")?);
            arm::ask_vault(
                emulator,
                option("--vault-name")?,
                "DELETE",
                &path,
                &Value::Null,
            )
            .map(drop)
        }
        "az storage account update" => {
            let account = id("Microsoft.Storage/storageAccounts", option("--name")?);
            let allowed: bool = option("--allow-shared-key-access")?.parse()?;
            let body = json!({ "properties": { "allowSharedKeyAccess": allowed } });
            let path = format!("{account}?api-version=2023-05-01");
            arm::ask(emulator, "PATCH", &path, &body).map(drop)
        }
        other => bail!("the test does not know `{other}`"),
    }
}

/// `az` writes settings as a whole too.
fn change_settings(
    emulator: &Emulator,
    change: impl FnOnce(&mut serde_json::Map<String, Value>),
) -> Result<()> {
    let mut found = arm::ask(emulator, "POST", &settings_path("/list"), &Value::Null)?;
    let properties = found.get_mut("properties").and_then(Value::as_object_mut);
    let properties = properties.context("no settings")?;
    change(properties);
    put_settings(emulator, &json!(properties))
}

/// Runs a command of ours as the guide has it; `check` writes JSON besides, and a test cannot answer.
fn ours(emulator: &Emulator, line: &str, code: i32) -> Result<Option<Value>> {
    let mut words: Vec<&str> = line.split(' ').skip(1).collect();
    let is_check = words.first() == Some(&"check");
    words.push(if is_check { "--format=json" } else { "--yes" });
    let said = cli::keyrotation(emulator, &words)?;
    ensure!(said.code == Some(code), "{line}: {said:?}");
    is_check
        .then(|| serde_json::from_str(&said.stdout).context("no report"))
        .transpose()
}

/// Gives the findings that are about keys being needed.
fn findings(report: &Value) -> Vec<&str> {
    let findings = report
        .pointer("/accounts/0/findings")
        .and_then(Value::as_array);
    let codes = findings.into_iter().flatten();
    let codes = codes.filter_map(|one| one.get("code").and_then(Value::as_str));
    codes
        .filter(|code| code.starts_with("shared-key") || code.contains("app-setting"))
        .collect()
}

#[test]
fn the_guide_leads_an_account_to_where_it_refuses_its_keys() -> Result<()> {
    let emulator = start()?;
    let (mut reports, mut codes) = (Vec::new(), CODES.into_iter());
    for line in commands()? {
        if line.starts_with("az ") {
            az(&emulator, &line)?;
        } else {
            let code = codes.next().context("the guide has become longer")?;
            reports.extend(ours(&emulator, &line, code)?);
        }
    }
    ensure!(codes.next().is_none(), "the guide has become shorter");
    let found: Vec<_> = reports.iter().map(findings).collect();
    assert_eq!(found, FINDINGS);
    let first = reports.first().context("no report")?.to_string();
    for obstacle in [
        "the record `logs`",
        "with 1 SAS definition",
        "kvprod/st-stlogs",
        "func-logs",
    ] {
        ensure!(first.contains(obstacle), "{obstacle} is not in {first}");
    }
    let last = reports
        .last()
        .and_then(|report| report.pointer("/accounts/0/verdict"));
    assert_eq!(last, Some(&json!("not_applicable")));
    assert_eq!(emulator.count("unmodelled")?, 0);
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 0);
    Ok(())
}
