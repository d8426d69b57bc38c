//! No key, token or client secret in anything that a user keeps, shows or sends to a colleague.
//!
//! The emulator's keys and access tokens carry marks, so that a leak is found wherever it is.

mod apps;
mod kept;
mod memory;
mod proxy;
mod sync;

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::process::Said;
use tests::terraform::Terraform;

use crate::configuration::Configuration;

/// The marks of the emulator's secrets, plain and in Base64; its README lists them.
const MARKS: [&str; 5] = [
    "KeyRotationEmulatorKey!!",
    "S2V5Um90YXRpb25FbXVsYXRvcktleSEh",
    "KeyRotationEmulatorToken",
    "S2V5Um90YXRpb25FbXVsYXRvclRva2Vu",
    "KeyRotationEmulatorClientSecret",
];

/// What every signed token contains, as it stands in a query and inside another one.
const SIGNATURES: [&str; 2] = ["sig=", "sig%3d"];

/// All forms of the report.
const FORMS: [&str; 12] = [
    "human",
    "json",
    "jsonl",
    "sarif",
    "junit",
    "csv",
    "markdown",
    "ocsf",
    "github",
    "html",
    "azure-pipelines",
    "prometheus",
];

/// What is searched for.
pub(crate) struct Secrets {
    texts: BTreeSet<String>,
}

impl Secrets {
    /// Begins with what is the same for all emulators, and with the client secret of this one.
    pub(crate) fn of(emulator: &Emulator) -> Result<Self> {
        let mut texts: BTreeSet<String> = MARKS.iter().chain(&SIGNATURES).map(lower).collect();
        let secret = emulator.variable("ARM_CLIENT_SECRET");
        texts.extend(encodings(
            secret.context("the emulator offers no client secret")?,
        ));
        let mut secrets = Self { texts };
        secrets.learn_keys(emulator)?;
        Ok(secrets)
    }

    /// Adds the keys that the accounts have now.
    pub(crate) fn learn_keys(&mut self, emulator: &Emulator) -> Result<()> {
        let before = self.texts.len();
        let accounts = emulator.accounts()?;
        for key in keys_in(&accounts) {
            self.texts.extend(encodings(&key));
        }
        ensure!(
            self.texts.len() > before,
            "the emulator tells no keys: {accounts}"
        );
        Ok(())
    }

    /// Fails if one of them is in the bytes.
    pub(crate) fn expect_none_in(&self, place: &str, bytes: &[u8]) -> Result<()> {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        for secret in &self.texts {
            if let Some(position) = text.find(secret.as_str()) {
                let start = text.floor_char_boundary(position.saturating_sub(120));
                let before = text.get(start..position).unwrap_or_default();
                anyhow::bail!("a secret stands in {place} behind: {before}");
            }
        }
        Ok(())
    }

    pub(crate) fn expect_none_said(&self, place: &str, said: &Said) -> Result<()> {
        self.expect_none_in(&format!("the stdout of {place}"), said.stdout.as_bytes())?;
        self.expect_none_in(&format!("the stderr of {place}"), said.stderr.as_bytes())
    }
}

/// Returns a secret as it may appear: plain, percent-encoded, and in JSON of a careful writer.
///
/// Searches ignore case, because percent-encoding has two.
fn encodings(secret: &str) -> [String; 3] {
    let encode = |plus: &str, slash: &str, equals: &str| {
        secret
            .replace('+', plus)
            .replace('/', slash)
            .replace('=', equals)
    };
    let plain = secret.to_owned();
    let percent = encode("%2b", "%2f", "%3d");
    let json = encode("\\u002b", "\\/", "\\u003d");
    [lower(&plain), lower(&percent), lower(&json)]
}

fn lower(text: impl AsRef<str>) -> String {
    text.as_ref().to_lowercase()
}

/// Returns every text below `value` that has the length of a storage key.
fn keys_in(value: &Value) -> Vec<String> {
    const LENGTH: usize = 88;
    match value {
        Value::String(text) if text.len() == LENGTH => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(keys_in).collect(),
        Value::Object(fields) => fields.values().flat_map(keys_in).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_search_finds_what_it_is_for() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let secrets = Secrets::of(&emulator)?;
    let key = keys_in(&emulator.accounts()?).pop().context("no key")?;
    let percent = key
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    for leak in [
        key.as_str(),
        percent.as_str(),
        "https://x/?sv=1&sig=abc",
        MARKS[2],
    ] {
        let hidden = format!("much text {leak} and more");
        ensure!(
            secrets
                .expect_none_in("the bait", hidden.as_bytes())
                .is_err(),
            "missed: {leak}"
        );
    }
    secrets.expect_none_in("a harmless text", b"signature, key1, SAS")
}

#[test]
fn terraform_keeps_and_says_no_secret() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "one", &Configuration::default().text())?;
    let mut secrets = Secrets::of(&emulator)?;
    let mut said = vec![(
        "plan",
        trace(&terraform, &["plan", "-out=saved", "-no-color"])?,
    )];
    said.push((
        "show -json of the plan",
        terraform.succeed(&["show", "-json", "saved"])?,
    ));
    said.push((
        "apply",
        trace(&terraform, &["apply", "-auto-approve", "-no-color"])?,
    ));
    emulator.advance("P31D")?;
    secrets.learn_keys(&emulator)?;
    said.push((
        "refresh",
        trace(&terraform, &["apply", "-auto-approve", "-no-color"])?,
    ));
    said.push((
        "show -json of the state",
        terraform.succeed(&["show", "-json"])?,
    ));
    let files = terraform.files()?;
    said.push((
        "destroy",
        trace(&terraform, &["destroy", "-auto-approve", "-no-color"])?,
    ));

    for (command, said) in &said {
        secrets.expect_none_said(command, said)?;
    }
    for (path, content) in files {
        secrets.expect_none_in(&path.display().to_string(), &content)?;
    }
    secrets.expect_none_in(
        "the journal",
        emulator.journal_text()?.to_string().as_bytes(),
    )?;
    secrets.expect_none_in("the emulator's talk", emulator.talk().as_bytes())
}

#[test]
fn the_command_line_tool_says_no_secret() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let secrets = Secrets::of(&emulator)?;
    for format in FORMS {
        let mut command = emulator.command(&tests::place::keyrotation()?);
        command
            .args(["check", "--format", format])
            .env("RUST_LOG", "trace");
        let said = tests::process::run(&mut command)?;
        ensure!(
            !said.stdout.is_empty(),
            "check said nothing: {}",
            said.stderr
        );
        secrets.expect_none_said(&format!("check --format {format}"), &said)?;
    }
    let said = cli::keyrotation(&emulator, &["check", "--no-such-flag"])?;
    secrets.expect_none_said("a wrong command line", &said)
}

#[test]
fn a_rotation_says_and_keeps_no_secret() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let mut secrets = Secrets::of(&emulator)?;
    let mut command = emulator.command(&tests::place::keyrotation()?);
    command.env("RUST_LOG", "trace").args([
        "rotate",
        "apply",
        "--both",
        "--wait=PT1S",
        "--vault-uri=https://kvsuite.vault.azure.net",
        "--secret-name=st-{account}",
        "--content=connection_string",
        "--no-verify",
        "--auto-approve",
        "--journal=j",
        "--after-publish=env | grep KEYROTATION",
    ]);
    let said = tests::process::run(&mut command)?.expect_code(0)?;
    secrets.learn_keys(&emulator)?;
    secrets.expect_none_said("rotate apply", &said)?;
    let journal = std::fs::read(emulator.scratch().path().join("j"))?;
    ensure!(journal.len() > 1000, "the journal holds nothing");
    secrets.expect_none_in("the journal", &journal)
}

/// Runs `keyrotation` at its most talkative.
fn talkative(emulator: &Emulator, line: &str) -> Result<Said> {
    let mut command = emulator.command(&tests::place::keyrotation()?);
    command
        .arg("--verbose")
        .args(line.split(' '))
        .env("RUST_LOG", "trace");
    tests::process::run(&mut command)?.expect_code(0)
}

/// A life of an enrolment in which every command over a vault is used.
const BY_HAND: [&str; 24] = [
    "vault add VAULT -n logs --resource-id ACCOUNT --active-key-name key1 --grant-access --yes",
    "vault list VAULT --format json",
    "vault show VAULT -n logs",
    "vault update VAULT -n logs --tags team=logs --yes --format json",
    "vault regenerate-key VAULT -n logs --yes",
    "vault regenerate-key VAULT -n logs --key-name key1 --force --yes --format json",
    "vault sas-definition create VAULT SAS --validity-period PT4H --template-uri TEMPLATE --yes",
    "vault sas-definition list VAULT --account-name logs --format json",
    "vault sas-definition show VAULT SAS",
    "vault sas-definition update VAULT SAS --validity-period PT1H --yes",
    "vault token VAULT SAS",
    "vault token VAULT SAS --format json",
    "vault backup VAULT -n logs --file backup",
    "vault sas-definition delete VAULT SAS --yes",
    "vault sas-definition list-deleted VAULT --account-name logs",
    "vault sas-definition show-deleted VAULT SAS --format json",
    "vault sas-definition recover VAULT SAS --yes",
    "vault remove VAULT -n logs --yes",
    "vault list-deleted VAULT",
    "vault show-deleted VAULT -n logs --format json",
    "vault recover VAULT -n logs --yes",
    "vault remove VAULT -n logs --yes --format json",
    "vault purge VAULT -n logs --yes",
    "vault restore VAULT --file backup --yes",
];

/// Fails if the tool has a command after these words that no line uses.
fn expect_all_used(emulator: &Emulator, words: &str) -> Result<()> {
    let help = talkative(emulator, &format!("{words} --help"))?.stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        // The texts of a command go on further to the right.
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split(' ').next())
        .collect();
    ensure!(!commands.is_empty(), "{help}");
    for command in commands {
        let start = format!("{words} {command} ");
        ensure!(
            BY_HAND.iter().any(|line| line.starts_with(&start)),
            "unused: {start}"
        );
    }
    Ok(())
}

#[test]
fn a_vault_by_hand_discloses_nothing_but_the_token_on_stdout() -> Result<()> {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[]);
    let emulator = Emulator::start(&fleet::with_vaults(&accounts, &[vault]))?;
    expect_all_used(&emulator, "vault")?;
    expect_all_used(&emulator, "vault sas-definition")?;
    let mut secrets = Secrets::of(&emulator)?;
    let mut all = Vec::new();
    for line in BY_HAND {
        let typed = line
            .replace("ACCOUNT", &fleet::account_id(ACCOUNT))
            .replace("VAULT", &format!("--vault-name {VAULT}"))
            .replace("SAS", "--account-name logs -n read")
            .replace("TEMPLATE", "sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https");
        let mut said = talkative(&emulator, &typed)?;
        let sent = ["GET", "POST", "DELETE"].map(|method| said.stderr.contains(method));
        ensure!(sent.contains(&true), "{line} logged nothing");
        if line.starts_with("vault regenerate-key ") {
            secrets.learn_keys(&emulator)?;
        }
        if line.starts_with("vault token ") {
            let token = std::mem::take(&mut said.stdout);
            let (_, signature) = token.split_once("sig=").context("no token")?;
            let end = signature.find(['&', '"', '\n']);
            let signature = signature.get(..end.unwrap_or(signature.len()));
            secrets
                .texts
                .extend(encodings(signature.context("no signature")?));
        }
        all.push((line, said));
    }
    for (line, said) in &all {
        secrets.expect_none_said(line, said)?;
    }
    let backup = std::fs::read(emulator.scratch().path().join("backup"))?;
    ensure!(!backup.is_empty(), "the backup holds nothing");
    secrets.expect_none_in("the backup", &backup)
}

#[test]
fn what_is_generated_and_what_is_planned_hold_no_secret() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let secrets = Secrets::of(&emulator)?;
    let folder = emulator.scratch().path();
    let key = keys_in(&emulator.accounts()?).pop().context("no key")?;
    let state = json!({ "format_version": "1.0", "values": { "root_module": { "resources": [{
        "address": "azurerm_storage_account.a",
        "mode": "managed",
        "type": "azurerm_storage_account",
        "values": { "id": fleet::account_id(ACCOUNT), "primary_access_key": key },
    }] } } });
    std::fs::write(folder.join("state.json"), state.to_string())?;
    let vault_uri = format!("--vault-uri=https://{VAULT}.vault.azure.net");
    for line in [
        format!("generate --vault-name {VAULT} --state state.json"),
        format!("generate --vault-name {VAULT} --form module --folder made"),
        format!(
            "rotate plan {vault_uri} --secret-name=st-{{account}} --out=plan --state state.json"
        ),
    ] {
        secrets.expect_none_said(&line, &talkative(&emulator, &line)?)?;
    }
    for file in ["made/rotation.tf", "made/imports.tf", "plan"] {
        let kept = std::fs::read(folder.join(file)).with_context(|| file.to_owned())?;
        secrets.expect_none_in(file, &kept)?;
    }
    let plan = std::fs::read_to_string(folder.join("plan"))?;
    ensure!(plan.contains(ACCOUNT), "nothing is planned: {plan}");
    Ok(())
}

/// Runs a command at the most talkative level of the core and of every provider.
fn trace(terraform: &Terraform<'_>, arguments: &[&str]) -> Result<Said> {
    let mut command = terraform.command(arguments);
    command
        .env("TF_LOG", "TRACE")
        .env("TF_LOG_PROVIDER", "TRACE")
        .env("RUST_LOG", "trace");
    let said = tests::process::run(&mut command)?.expect_code(0)?;
    ensure!(said.stderr.contains("[TRACE]"), "the core did not log");
    Ok(said)
}
