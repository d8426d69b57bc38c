//! What changes nothing: `check` and `generate`.

use std::fs;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::faults::{Ended, Excused, Memory, Next, Operation, Stage};
use tests::fleet::{self, ACCOUNT, SUBSCRIPTION, VAULT};

use super::ended;
use crate::sync::define;

/// An account whose keys are too old.
const OLD: &str = "stold";

const COMMON: Operation = Operation {
    stage: young,
    run: check,
    next: Next::AfterFailure,
    objects: &[
        ACCOUNT,
        VAULT,
        OLD,
        SUBSCRIPTION,
        "management.azure.com",
        "subscription",
    ],
    ..super::COMMON
};

fn account(name: &str, created: &str) -> Value {
    fleet::account(name, Some(created))
}

fn enrolled(accounts: &[Value]) -> Result<Stage> {
    let vault = fleet::vault(VAULT, &[fleet::record("logs", ACCOUNT, true)]);
    let fleet = fleet::with_vaults(accounts, &[vault]);
    let emulator = Emulator::start(&fleet)?;
    define(&emulator)?;
    Ok(Stage::from(emulator))
}

/// A fleet in which nothing is wrong.
fn young() -> Result<Stage> {
    let emulator = enrolled(&[account(ACCOUNT, "2025-01-01T00:00:00Z")])?.emulator;
    // The vault renews one key after the other.
    emulator.advance("P31D")?;
    emulator.advance("P31D")?;
    Ok(Stage::from(emulator))
}

/// A fleet with an account that nobody rotates.
fn old() -> Result<Stage> {
    let accounts = [
        account(ACCOUNT, "2025-01-01T00:00:00Z"),
        account(OLD, "2025-01-01T00:00:00Z"),
    ];
    let emulator = enrolled(&accounts)?.emulator;
    emulator.advance("P31D")?;
    emulator.advance("P31D")?;
    Ok(Stage::from(emulator))
}

/// Judges the fleet. What is not known may be missing from the verdicts; what is known is as it is.
fn check(emulator: &Emulator, _: &mut Memory) -> Result<Ended> {
    let now = emulator.now()?;
    let words = [
        "check",
        "--as-of",
        &now,
        "--output=json=report.json",
        "--format=human",
    ];
    let said = cli::keyrotation(emulator, &words)?;
    let report = emulator.scratch().path().join("report.json");
    let report = fs::read_to_string(report).unwrap_or_else(|_| "{}".to_owned());
    let report: Value = serde_json::from_str(&report)?;
    let empty = Vec::new();
    let accounts = report.get("accounts").and_then(Value::as_array);
    let mut verdicts = Vec::new();
    let mut is_known = true;
    for account in accounts.unwrap_or(&empty) {
        let text = |name: &str| {
            account
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let expected = if text("name") == OLD {
            "overdue"
        } else {
            "compliant"
        };
        let verdict = text("verdict");
        ensure!(
            verdict == expected || verdict == "unknown",
            "{} is called {verdict}: {}",
            text("name"),
            said.stdout
        );
        is_known &= verdict == expected;
        verdicts.push(text("name").to_owned());
    }
    let has_old = verdicts.iter().any(|name| name == OLD);
    let code = said.code;
    let expected: &[i32] = match (has_old, is_known) {
        (true, _) => &[2, 3],
        (false, true) => &[0, 1, 3],
        (false, false) => &[1, 3],
    };
    ensure!(
        code.is_some_and(|code| expected.contains(&code)),
        "exit code {code:?}: {}{}",
        said.stdout,
        said.stderr
    );
    let is_whole = report.get("unscanned").and_then(Value::as_array);
    let is_whole = is_whole.is_some_and(Vec::is_empty);
    let mut ended = ended(said);
    ended.done = is_known && is_whole && matches!(code, Some(0 | 2));
    ended.claims = json!(verdicts);
    Ok(ended)
}

pub(super) const CHECK: Operation = Operation {
    name: "check, all compliant",
    ..COMMON
};

pub(super) const CHECK_DRIFT: Operation = Operation {
    name: "check, one overdue",
    stage: old,
    ..COMMON
};

/// An answer that says that something is gone is believed: it was listed a moment before.
const fn gone(request: &'static str) -> Excused {
    Excused {
        request,
        nth: None,
        faults: &["404"],
        reason: "an answer that says that the record is gone is believed, and it is left out",
    }
}

pub(super) const GENERATE: Operation = Operation {
    name: "generate",
    stage: old,
    run: |emulator, _| {
        let said = cli::keyrotation(emulator, &["generate", "--vault-name", VAULT])?;
        let written = said.stdout.clone();
        let mut ended = ended(said);
        ended.claims = json!(written);
        Ok(ended)
    },
    excused: &[gone("GetSasDefinition"), gone("GetStorageAccount")],
    ..COMMON
};
