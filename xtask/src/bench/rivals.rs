//! The same question on the same fleet to tools that we did not write: which accounts have a key that is
//! older than ninety days?
//!
//! Each of them has to name the same accounts as the report of `check` does by the times of their keys.
//! What it does not see, a key of unknown age, is counted besides. Signing in to `az` is not timed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::measure::{self, Ended};
use super::section::{Section, Table, megabytes, milliseconds, ratio, seconds, shown};
use crate::emulator::Emulator;
use crate::process::Supervisor;
use crate::workspace::Programs;
use crate::{python, screen};

const CUSTODIAN: [&str; 2] = ["c7n==0.9.53", "c7n-azure==0.7.52"];
const AZ: &str = "2.53.1";
const SUBSCRIPTION: &str = "50b5c000-0000-4000-8000-000000000001";
const FLEETS: [u64; 2] = [1000, 10_000];
const LIMIT: Duration = Duration::from_secs(540);
const CHECK_SAYS_DRIFT: i32 = 2;
const LIMIT_OF_AGE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What one tool took, and what it said.
struct Answer {
    tool: String,
    ended: Ended,
    requests: usize,
    overdue: BTreeSet<String>,
    /// How many accounts it named for a key of unknown age.
    unknown: usize,
}

/// Asks every tool.
pub(super) fn measure(supervisor: &Supervisor, programs: &Programs) -> Result<Section> {
    let heads = [
        "accounts",
        "tool",
        "wall",
        "wall / ours",
        "peak",
        "requests",
        "named as overdue",
        "named as unknown",
    ];
    let (mut table, mut figures) = (Table::new(&heads, 2), Vec::new());
    for accounts in FLEETS {
        screen::say(&format!("  {accounts} accounts"));
        let answers = answers(supervisor, programs, accounts)?;
        let ours = answers.first().context("nobody was asked")?;
        for answer in &answers {
            ensure!(
                answer.overdue == ours.overdue,
                "{} names {} accounts, and ours {}; in one of both only: {:?}",
                answer.tool,
                answer.overdue.len(),
                ours.overdue.len(),
                answer.overdue.symmetric_difference(&ours.overdue).next()
            );
            table.row(&answer.cells(accounts, ours.ended.wall));
            figures.push(answer.figures(accounts));
        }
    }
    Ok(Section {
        name: "rivals",
        text: table.text(),
        figures: Value::Array(figures),
    })
}

impl Answer {
    fn cells(&self, accounts: u64, ours: Duration) -> [String; 8] {
        [
            accounts.to_string(),
            self.tool.clone(),
            seconds(self.ended.wall),
            shown(ratio(self.ended.wall, ours)),
            megabytes(self.ended.peak),
            self.requests.to_string(),
            self.overdue.len().to_string(),
            self.unknown.to_string(),
        ]
    }

    fn figures(&self, accounts: u64) -> Value {
        json!({
            "accounts": accounts,
            "tool": self.tool,
            "wall_ms": milliseconds(self.ended.wall),
            "peak_bytes": self.ended.peak,
            "requests": self.requests,
            "overdue": self.overdue.len(),
            "unknown": self.unknown,
        })
    }
}

fn answers(supervisor: &Supervisor, programs: &Programs, accounts: u64) -> Result<Vec<Answer>> {
    let sizes = format!("accounts={accounts},subscriptions=1,vaults=0,enrolled=0,seed=7");
    let options = [OsStr::new("--generate"), OsStr::new(&sizes)];
    let emulator = Emulator::start(supervisor, &programs.keyrotation, &options)?;
    let ask = |command: &mut Command, code| asked(supervisor, &emulator, command, code);
    Ok(vec![
        ours(&emulator, programs, &ask)?,
        az(supervisor, &emulator, &ask)?,
        custodian(supervisor, &emulator, &ask)?,
    ])
}

/// Times a program, which has to end with a code, and counts what it sends.
fn asked(
    supervisor: &Supervisor,
    emulator: &Emulator,
    command: &mut Command,
    code: i32,
) -> Result<(Ended, usize)> {
    let before = emulator.journal()?.len();
    let log = emulator.folder().join("rival.log");
    let file = fs::File::create(&log).context("cannot create a log")?;
    command.current_dir(emulator.folder()).stderr(file);
    let ended = measure::run(supervisor, command, LIMIT)?;
    ensure!(
        ended.code == code,
        "{command:?} ended with {}: {}",
        ended.code,
        fs::read_to_string(&log).unwrap_or_default()
    );
    Ok((ended, emulator.journal()?.len() - before))
}

type Ask<'a> = &'a dyn Fn(&mut Command, i32) -> Result<(Ended, usize)>;

fn ours(emulator: &Emulator, programs: &Programs, ask: Ask<'_>) -> Result<Answer> {
    let report = emulator.folder().join("ours.jsonl");
    let mut command = emulator.command(&programs.keyrotation);
    command
        .args(["check", "--output"])
        .arg(format!("jsonl={}", report.display()));
    let (ended, requests) = ask(&mut command, CHECK_SAYS_DRIFT)?;
    let text = fs::read_to_string(&report).context("check has left no report")?;
    let (mut overdue, mut unknown) = (BTreeSet::new(), 0);
    let mut limit = None;
    for line in text.lines() {
        let record: Value =
            serde_json::from_str(line).context("a line of the report is no JSON")?;
        let told = |name: &str| record.get(name).and_then(Value::as_str);
        if let Some(now) = told("as_of") {
            limit = Some(now.parse::<Timestamp>()?.checked_sub(LIMIT_OF_AGE)?);
        }
        let Some(keys) = record.get("keys").and_then(Value::as_object) else {
            continue;
        };
        let made = |key: &Value| {
            let made = key.get("created_at").and_then(Value::as_str);
            made.and_then(|made| made.parse::<Timestamp>().ok())
        };
        if keys
            .values()
            .any(|key| made(key) < limit && made(key).is_some())
        {
            overdue.extend(told("id").map(str::to_ascii_lowercase));
        }
        unknown += usize::from(told("verdict") == Some("unknown"));
    }
    Ok(Answer {
        tool: "`keyrotation check`".to_owned(),
        ended,
        requests,
        overdue,
        unknown,
    })
}

/// Asks Microsoft's `az`, which lists the accounts of one subscription and narrows the list itself.
fn az(supervisor: &Supervisor, emulator: &Emulator, ask: Ask<'_>) -> Result<Answer> {
    let package = format!("azure-cli=={AZ}");
    let python = python::with_packages(supervisor, &format!("az-{AZ}"), &[&package])?;
    let home = emulator.folder().join("az-home");
    let az = || {
        let mut command = emulator.command(&python);
        command
            .args(["-B", "-m", "azure.cli"])
            .env("AZURE_CONFIG_DIR", &home);
        command
    };
    let variable = |name| emulator.variable(name);
    let mut sign_in = az();
    sign_in
        .args(["login", "--service-principal", "--output", "none", "-u"])
        .arg(variable("ARM_CLIENT_ID")?)
        .arg("-p")
        .arg(variable("ARM_CLIENT_SECRET")?)
        .arg("--tenant")
        .arg(variable("ARM_TENANT_ID")?);
    ask(&mut sign_in, 0)?;
    let file = emulator.folder().join("az.txt");
    let limit = now().checked_sub(LIMIT_OF_AGE)?.to_string();
    let query =
        format!("[?keyCreationTime.key1 < '{limit}' || keyCreationTime.key2 < '{limit}'].id");
    let mut list = az();
    list.args(["storage", "account", "list", "--output", "tsv", "--query"])
        .arg(query)
        .stdout(fs::File::create(&file).context("cannot create a file")?);
    let (ended, requests) = ask(&mut list, 0)?;
    let text = fs::read_to_string(&file).context("az has said nothing")?;
    Ok(Answer {
        tool: format!("`az storage account list` {AZ}"),
        ended,
        requests,
        overdue: text.lines().map(str::to_ascii_lowercase).collect(),
        unknown: 0,
    })
}

/// Asks Cloud Custodian with a policy over the age of both keys.
fn custodian(supervisor: &Supervisor, emulator: &Emulator, ask: Ask<'_>) -> Result<Answer> {
    let python = python::with_packages(supervisor, "custodian", &CUSTODIAN)?;
    let older = |key: &str| {
        json!({
            "type": "value", "key": format!("properties.keyCreationTime.{key}"),
            "value_type": "age", "op": "gt", "value": LIMIT_OF_AGE.as_hours() / 24,
        })
    };
    let policy = json!({"policies": [{
        "name": "old", "resource": "azure.storage",
        "filters": [{"or": [older("key1"), older("key2")]}],
    }]});
    let file = emulator.folder().join("policy.json");
    fs::write(&file, policy.to_string()).context("cannot write a policy")?;
    let mut command = emulator.command(&python);
    command
        .args(["-B", "-m", "c7n.cli", "run", "-s", "found"])
        .arg(&file)
        .env("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION);
    for name in ["TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"] {
        let value = emulator.variable(&format!("ARM_{name}"))?;
        command.env(format!("AZURE_{name}"), value);
    }
    let (ended, requests) = ask(&mut command, 0)?;
    Ok(Answer {
        tool: "Cloud Custodian".to_owned(),
        ended,
        requests,
        overdue: ids(&emulator.folder().join("found/old/resources.json"))?,
        unknown: 0,
    })
}

fn ids(file: &Path) -> Result<BTreeSet<String>> {
    let text =
        fs::read_to_string(file).with_context(|| format!("there is no {}", file.display()))?;
    let found: Vec<Value> = serde_json::from_str(&text).context("what was found is no JSON")?;
    let id = |one: &Value| {
        one.get("id")
            .and_then(Value::as_str)
            .map(str::to_ascii_lowercase)
    };
    Ok(found.iter().filter_map(id).collect())
}

#[expect(clippy::disallowed_methods, reason = "the fleet is as old as of today")]
fn now() -> Timestamp {
    Timestamp::now()
}
