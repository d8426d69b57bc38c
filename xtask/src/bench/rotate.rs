//! `keyrotation rotate apply --both` over 1,000 accounts that nothing was published of: each key in use
//! is published, then both keys are renewed, each published before the other one is touched.
//!
//! # The bound
//! No client can leave out, for each account, to list the keys once and to regenerate two: 3 calls that
//! the storage provider lets pass 10 a second in a region of a subscription, and 1,200 an hour. And 3
//! versions of a secret, of which a vault takes 300 in ten seconds. Each account has its clients wait
//! twice for `--wait`. With `a` accounts in each subscription, all at once:
//!
//! ```text
//! bound = max(3 a calls at 10 a second, 3 a writes of 200 and 10 a second, 3 a secrets at 300 in 10 s)
//!       + 2 waits
//! ```

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::bound;
use super::fleet::{self, Fleet};
use super::measure;
use super::section::{Section, Table, megabytes, milliseconds, ratio, seconds, shown};
use crate::emulator::Emulator;
use crate::process::Supervisor;
use crate::screen;
use crate::workspace::Programs;

const FLEET: Fleet = Fleet {
    subscriptions: 10,
    accounts: 100,
};
const WAIT: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(540);
/// Calls of the storage provider, and versions of secrets, for each account.
const CALLS: u64 = 3;
/// How far away Azure is.
const LATENCIES: [&str; 1] = ["0ms"];

/// Rotates the whole fleet.
pub(super) fn measure(supervisor: &Supervisor, programs: &Programs) -> Result<Section> {
    let heads = [
        "accounts",
        "subscriptions",
        "latency",
        "requests",
        "an account",
        "429",
        "bound",
        "wall",
        "wall / bound",
        "peak",
    ];
    let (mut table, mut figures) = (Table::new(&heads, 0), Vec::new());
    for latency in LATENCIES {
        screen::say(&format!("  {FLEET:?}, {latency}"));
        rotate(supervisor, programs, latency, &mut table, &mut figures)?;
    }
    Ok(Section {
        name: "rotate",
        text: table.text(),
        figures: Value::Array(figures),
    })
}

fn bound() -> Duration {
    let calls = CALLS * FLEET.accounts;
    let limits = [
        bound::key_calls(calls),
        bound::changes(calls),
        bound::vault(calls, calls),
    ];
    limits.into_iter().max().unwrap_or_default() + WAIT * 2
}

fn rotate(
    supervisor: &Supervisor,
    programs: &Programs,
    latency: &str,
    table: &mut Table,
    figures: &mut Vec<Value>,
) -> Result<()> {
    let file = FLEET.write("rotate")?;
    let latency_option = format!("--latency={latency}");
    let options = [
        OsStr::new("--fleet"),
        file.as_os_str(),
        OsStr::new("--throttle=published"),
        OsStr::new(&latency_option),
    ];
    let emulator = Emulator::start(supervisor, &programs.keyrotation, &options)?;
    let path = emulator.folder().join("rotate.log");
    let log = fs::File::create(&path).context("cannot create the log of a rotation")?;
    fs::write(emulator.folder().join("keyrotation.toml"), places())?;
    let mut command = emulator.command(&programs.keyrotation);
    command
        .current_dir(emulator.folder())
        .args([
            "rotate",
            "apply",
            "--both",
            "--wait=PT1S",
            "--no-verify",
            "--auto-approve",
        ])
        .args(["--config=keyrotation.toml", "--journal=journal"])
        .stdout(log.try_clone()?)
        .stderr(log);
    let ended = measure::run(supervisor, &mut command, LIMIT)?;
    let said = fs::read_to_string(&path).unwrap_or_default();
    ensure!(ended.code == 0, "rotate ended with {}: {said}", ended.code);
    let journal = emulator.journal()?;
    let accounts = FLEET.accounts * FLEET.subscriptions;
    check_all_renewed(&journal, accounts)?;
    let refused = measure::refused(&journal);
    table.row(&[
        accounts.to_string(),
        FLEET.subscriptions.to_string(),
        latency.to_owned(),
        journal.len().to_string(),
        (journal.len() as u64 / accounts).to_string(),
        refused.to_string(),
        seconds(bound()),
        seconds(ended.wall),
        shown(ratio(ended.wall, bound())),
        megabytes(ended.peak),
    ]);
    figures.push(json!({
        "accounts": accounts,
        "subscriptions": FLEET.subscriptions,
        "latency": latency,
        "requests": journal.len(),
        "refused_429": refused,
        "bound_ms": milliseconds(bound()),
        "wall_ms": milliseconds(ended.wall),
        "wall_to_bound": ratio(ended.wall, bound()),
        "peak_bytes": ended.peak,
    }));
    Ok(())
}

fn check_all_renewed(journal: &[Value], accounts: u64) -> Result<()> {
    let renewed = journal.iter().filter(|entry| is_renewal(entry)).count();
    ensure!(
        u64::try_from(renewed) == Ok(2 * accounts),
        "{renewed} keys were renewed, not two of each of {accounts} accounts"
    );
    Ok(())
}

fn is_renewal(entry: &Value) -> bool {
    let is = |name: &str, value: &str| entry.get(name).and_then(Value::as_str) == Some(value);
    is("operation", "StorageAccounts_RegenerateKey")
        && entry.get("status").and_then(Value::as_u64) == Some(200)
}

/// Publishes the keys of each subscription in the vault of its own.
pub(super) fn places() -> String {
    let mut text = "[rotate]\nsecret_name = \"{account}\"\n".to_owned();
    for at in 0..FLEET.subscriptions {
        let first = fleet::account(at, 0);
        let stem = first.strip_suffix("0000").unwrap_or_default();
        let vault = fleet::vault_uri(at);
        // Writing to a text never fails.
        let _ = write!(
            text,
            "[[rotate.account]]\naccounts = \"{stem}*\"\nvault_uri = \"{vault}\"\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_that_of_the_calls_of_one_subscription() {
        assert_eq!(bound(), Duration::from_secs(29 + 2));
    }
}
