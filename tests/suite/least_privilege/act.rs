//! What somebody with few rights does, and what there is to do it to.

use std::fs;
use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, GROUP, VAULT};
use tests::handler::Handler;
use tests::place;
use tests::process::{self, Said};
use tests::terraform::{REQUIRED, Terraform};

use super::{CLIENT, SECRET};

/// A command, or a life of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Check,
    CheckApps,
    Enrol,
    EnrolAndGrant,
    RotateDirectly,
    Policy,
    Function,
    RotateThroughVault,
    RegenerateKey,
    Sync,
}

impl Act {
    /// The one account: old where a key is to be renewed.
    pub(super) fn accounts(self) -> [Value; 1] {
        let mut account =
            json!({ "resource_group": GROUP, "name": ACCOUNT, "location": "westeurope" });
        if let Some(fields) = account.as_object_mut() {
            let young = [
                Self::Check,
                Self::CheckApps,
                Self::Enrol,
                Self::EnrolAndGrant,
            ];
            if !young.contains(&self) {
                fields.insert("key1_created".to_owned(), json!("2025-01-01T00:00:00Z"));
                fields.insert("key2_created".to_owned(), json!("2025-01-01T00:00:00Z"));
            }
        }
        [account]
    }

    /// What the vault manages.
    pub(super) fn records(self) -> Vec<Value> {
        let enrolled = [
            Self::Check,
            Self::CheckApps,
            Self::RotateThroughVault,
            Self::RegenerateKey,
            Self::Sync,
        ];
        if !enrolled.contains(&self) {
            return Vec::new();
        }
        let definition = json!({
            "name": "read", "sas_type": "account", "validity": "PT4H",
            "template_uri": "sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https",
        });
        vec![json!({
            "name": ACCOUNT, "account": ACCOUNT, "active_key": "key1", "auto_regenerate": true,
            "period": "P30D", "key_vault_role": true, "definitions": [definition],
        })]
    }

    /// What runs beside the account.
    pub(super) fn apps(self) -> Value {
        match self {
            Self::CheckApps => json!([{
                "resource_group": GROUP, "name": "func-suite", "kind": "functionapp,linux",
                "app_settings": {}, "slots": [{ "name": "staging", "app_settings": {} }],
            }]),
            _ => json!([]),
        }
    }

    /// Tells whether it soon ends where a right is missing: a life of resources takes seconds, and
    /// without some rights waits until it might have arrived.
    pub(super) fn is_quick_without(self, right: &str) -> bool {
        match self {
            Self::Enrol => right == "storage setsas",
            Self::EnrolAndGrant => right.ends_with("roleAssignments/write"),
            // A turn waits for seconds to see whether another run is at it.
            Self::RotateDirectly => {
                let read_first = [
                    "listkeys/action",
                    "storageAccounts/read",
                    "roleAssignments/read",
                ];
                right.starts_with("secrets") || read_first.iter().any(|end| right.ends_with(end))
            }
            Self::Policy | Self::Function | Self::RegenerateKey => false,
            _ => true,
        }
    }

    /// Does it and tells whether it succeeded, and what was said.
    pub(super) fn run(self, emulator: &Emulator) -> Result<(bool, String)> {
        let vault = format!("https://{VAULT}.vault.azure.net");
        match self {
            Self::Check => check(emulator, &[]),
            Self::CheckApps => check(emulator, &["--profile=entra", "--app-settings"]),
            Self::Enrol => {
                prepare(emulator)?;
                enrol(emulator, "grant_access = false")
            }
            Self::EnrolAndGrant => enrol(emulator, ""),
            Self::RotateDirectly => keyrotation(
                emulator,
                &[
                    "rotate",
                    "apply",
                    "--both",
                    "--wait=PT1S",
                    "--no-verify",
                    "--auto-approve",
                    "--vault-uri",
                    &vault,
                    "--secret-name=st-{account}",
                ],
            ),
            Self::RotateThroughVault => {
                keyrotation(emulator, &["rotate", "apply", "--auto-approve"])
            }
            Self::Policy => apply(emulator, &direct(&vault)),
            Self::Function => function(emulator, &vault),
            Self::RegenerateKey => {
                let words = [
                    "vault",
                    "regenerate-key",
                    "--vault-name",
                    VAULT,
                    "-n",
                    ACCOUNT,
                ];
                keyrotation(emulator, &[&words[..], &["--yes"]].concat())
            }
            Self::Sync => {
                let from = format!("{vault}/storage/{ACCOUNT}/sas/read");
                let words = ["sync", "--from", &from, "--file", "token"];
                let delivered = keyrotation(emulator, &words)?;
                if !delivered.0 {
                    return Ok(delivered);
                }
                keyrotation(emulator, &[&words[..], &["--check"]].concat())
            }
        }
    }
}

/// Checks; it succeeds if nothing in the scope stayed unseen, whatever was found.
fn check(emulator: &Emulator, more: &[&str]) -> Result<(bool, String)> {
    let mut command = emulator.command(&place::keyrotation()?);
    command.args(["check", "--format=json"]).args(more);
    let said = with_few_rights(&mut command)?;
    let report: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
    let managed = report
        .pointer("/accounts/0/enrolment")
        .is_some_and(|found| !found.is_null());
    let complete = report.get("complete") == Some(&json!(true));
    Ok((managed && complete, judged(&said).1))
}

/// Gives Key Vault its role, as somebody does who may.
fn prepare(emulator: &Emulator) -> Result<()> {
    let account = fleet::account_id(ACCOUNT);
    let place = ["--vault-name", VAULT, "-n", "once"];
    let terms = [
        "--resource-id",
        &account,
        "--active-key-name",
        "key1",
        "--regeneration-period",
        "P30D",
    ];
    let add = ["vault", "add", "--grant-access", "--yes"];
    cli::keyrotation(emulator, &[&add[..], &place, &terms].concat())?.expect_code(0)?;
    let remove = ["vault", "remove", "--yes"];
    cli::keyrotation(emulator, &[&remove[..], &place].concat())?.expect_code(0)?;
    Ok(())
}

/// Makes a command that the emulator describes sign in with few rights.
fn with_few_rights(command: &mut Command) -> Result<Said> {
    command
        .env("ARM_CLIENT_ID", CLIENT)
        .env("ARM_CLIENT_SECRET", SECRET);
    process::run(command)
}

fn judged(said: &Said) -> (bool, String) {
    (
        said.code == Some(0),
        format!("{:?} {}{}", said.code, said.stdout, said.stderr),
    )
}

fn keyrotation(emulator: &Emulator, arguments: &[&str]) -> Result<(bool, String)> {
    let mut command = emulator.command(&place::keyrotation()?);
    Ok(judged(&with_few_rights(command.args(arguments))?))
}

/// Has the timer of the function come once.
fn function(emulator: &Emulator, vault: &str) -> Result<(bool, String)> {
    let settings = emulator.scratch().path().join("keyrotation.toml");
    let text = format!("[rotate]\nvault_uri = \"{vault}\"\nsecret_name = \"st-{{account}}\"\n");
    fs::write(&settings, text)?;
    let mut command = Handler::command(emulator, &settings, &[])?;
    command
        .env("ARM_CLIENT_ID", CLIENT)
        .env("ARM_CLIENT_SECRET", SECRET);
    let timer = json!({ "Schedule": { "AdjustForDST": true }, "IsPastDue": false });
    let answer = Handler::run(&mut command)?.invoke("rotate-timer", "timer", &timer)?;
    let published = answer.logs().contains("published key1");
    Ok((answer.status == 200 && published, format!("{answer:?}")))
}

/// Writes a policy that rotates directly.
fn direct(vault: &str) -> String {
    let account = fleet::account_id(ACCOUNT);
    format!(
        r#"{REQUIRED}
resource "keyrotation_policy" "logs" {{
  storage_account_id        = "{account}"
  set_key_expiration_policy = false
  direct = {{
    vault_uri   = "{vault}"
    secret_name = "st-{ACCOUNT}"
    verify      = false
  }}
}}
"#
    )
}

/// Applies a policy with a SAS definition, and destroys it.
fn enrol(emulator: &Emulator, more: &str) -> Result<(bool, String)> {
    let account = fleet::account_id(ACCOUNT);
    let text = format!(
        r#"{REQUIRED}
resource "keyrotation_policy" "logs" {{
  storage_account_id = "{account}"
  key_vault = {{
    vault_uri = "https://{VAULT}.vault.azure.net/"
    {more}
  }}
}}

resource "keyrotation_sas_definition" "read" {{
  policy_id       = keyrotation_policy.logs.id
  name            = "read"
  services        = "b"
  resource_types  = "co"
  permissions     = "rl"
  validity_period = "PT4H"
}}
"#
    );
    apply(emulator, &text)
}

/// Applies a configuration and destroys all that is in it.
fn apply(emulator: &Emulator, text: &str) -> Result<(bool, String)> {
    let terraform = Terraform::open(emulator, "few", text)?;
    for act in ["apply", "destroy"] {
        let mut command = terraform.command(&[act, "-input=false", "-auto-approve", "-no-color"]);
        let said = with_few_rights(&mut command)?;
        // A warning is a right that is missing, too.
        let (succeeded, text) = judged(&said);
        if !succeeded || text.matches("Warning: ").count() > usize::from(act == "apply") * 2 {
            return Ok((false, text));
        }
    }
    Ok((true, String::new()))
}
