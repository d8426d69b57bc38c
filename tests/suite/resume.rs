//! A check that was killed goes on where it was, reads nothing twice, and comes to the same report.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::{Emulator, Request};
use tests::fleet;
use tests::place;
use tests::process::{self, Running, Said, wait_for};

const NOW: &str = "2026-06-01T00:00:00Z";
const YOUNG: Option<&str> = Some("2026-05-20T00:00:00Z");
const LIMIT: Duration = Duration::from_secs(60);

/// The operations that read a scope, in the order of a scan.
const READS: [&str; 9] = [
    "Subscriptions_List",
    "StorageAccounts_List",
    "Vaults_ListBySubscription",
    "GetStorageAccounts",
    "GetStorageAccount",
    "GetSasDefinitions",
    "GetDeletedStorageAccounts",
    "RoleAssignments_ListForScope",
    "ActivityLogs_List",
];

/// Three subscriptions, each with two accounts and a vault that manages one of them.
fn start() -> Result<Emulator> {
    let subscription = |number: u32| {
        let name = |kind: &str| format!("{kind}{number}");
        json!({
            "id": format!("11111111-1111-4111-8111-11111111111{number}"),
            "name": name("sub"),
            "accounts": [
                fleet::account(&name("sta"), YOUNG),
                fleet::account(&name("stb"), Some("2025-11-01T00:00:00Z")),
            ],
            "vaults": [fleet::vault(&name("kvresume"), &[fleet::record("a", &name("sta"), true)])],
        })
    };
    let subscriptions: Vec<Value> = (1..=3).map(subscription).collect();
    Emulator::start(&json!({
        "tenant_id": "22222222-2222-4222-8222-222222222222",
        "now": NOW,
        "subscriptions": subscriptions,
    }))
}

fn file(emulator: &Emulator) -> PathBuf {
    emulator.scratch().path().join("scan.checkpoint")
}

fn words<'a>(file: &'a str, now: &'a str) -> Vec<&'a str> {
    let words = ["check", "--format=json", "--evidence=log", "--as-of", now];
    [words.as_slice(), &["--checkpoint", file]].concat()
}

/// Kills a check while Azure takes its time over the second request of an operation, as soon as the
/// checkpoint knows so many parts.
fn kill(emulator: &Emulator, during: &str, parts: usize) -> Result<()> {
    emulator.set_fault(&json!({
        "operation": during, "nth": 2, "fault": { "delay_ms": 60_000, "when": "before" },
    }))?;
    let path = file(emulator);
    let text = path.to_str().context("an odd path")?;
    let mut command = emulator.command(&place::keyrotation()?);
    let running = Running::start(command.args(words(text, NOW)))?;
    wait_for(during, LIMIT, || {
        let text = fs::read_to_string(&path).unwrap_or_default();
        Ok((text.matches("{\"end\":").count() == parts).then_some(()))
    })?;
    running.signal(Signal::KILL)?;
    let said = running.finish()?;
    ensure!(said.code.is_none(), "it was not killed: {said:?}");
    Ok(())
}

fn check(emulator: &Emulator) -> Result<Said> {
    let path = file(emulator);
    let path = path.to_str().context("an odd path")?;
    process::run(
        emulator
            .command(&place::keyrotation()?)
            .args(words(path, NOW)),
    )
}

/// Counts the requests of each reading operation since so many requests of the journal. The first one
/// to a vault is refused, and asks for a token; it is not counted.
fn requests(emulator: &Emulator, since: usize) -> Result<Vec<usize>> {
    let journal = emulator.journal()?;
    let new = journal.get(since..).context("the journal became shorter")?;
    let count = |operation: &&str| {
        let of_it = |one: &&Request| one.operation == **operation && one.status != 401;
        new.iter().filter(of_it).count()
    };
    Ok(READS.iter().map(count).collect())
}

/// Kills a check, lets it go on, and looks at what was read again and what came of it.
fn check_goes_on(during: &str, parts: usize, expected: [usize; READS.len()]) -> Result<()> {
    let emulator = start()?;
    let alone = ["check", "--format=json", "--evidence=log", "--as-of", NOW];
    let undisturbed = cli::keyrotation(&emulator, &alone)?.expect_code(2)?;
    kill(&emulator, during, parts)?;
    let since = emulator.journal()?.len();
    let said = check(&emulator)?.expect_code(2)?;
    assert_eq!(requests(&emulator, since)?, expected, "{during}");
    ensure!(
        said.stdout == undisturbed.stdout,
        "{during}: the report is another: {}",
        said.stdout
    );
    ensure!(
        said.stderr.contains("and not read again: ") && !file(&emulator).exists(),
        "{during}: {}",
        said.stderr
    );
    Ok(())
}

#[test]
fn a_check_that_is_killed_reads_the_rest_and_nothing_twice() -> Result<()> {
    check_goes_on("StorageAccounts_List", 2, [1, 1, 3, 3, 3, 3, 3, 3, 3])?;
    check_goes_on("Vaults_ListBySubscription", 5, [1, 0, 1, 3, 3, 3, 3, 3, 3])?;
    check_goes_on("GetStorageAccount", 8, [1, 0, 0, 1, 1, 1, 1, 3, 3])?;
    check_goes_on(
        "RoleAssignments_ListForScope",
        11,
        [1, 0, 0, 0, 0, 0, 0, 1, 3],
    )?;
    check_goes_on("ActivityLogs_List", 14, [1, 0, 0, 0, 0, 0, 0, 0, 1])
}

#[test]
fn what_could_not_be_read_is_tried_again_and_the_rest_is_not() -> Result<()> {
    let emulator = start()?;
    let refusal = json!({ "status": 403, "code": "AuthorizationFailed" });
    emulator.set_fault(&json!({ "operation": "GetStorageAccounts", "fault": refusal }))?;
    let said = check(&emulator)?.expect_code(2)?;
    ensure!(
        said.stderr.contains("is kept: within PT1H"),
        "{}",
        said.stderr
    );
    let last = said.stderr.lines().last().unwrap_or_default();
    ensure!(last.starts_with("not examined: "), "{}", said.stderr);
    let since = emulator.journal()?.len();
    let said = check(&emulator)?.expect_code(2)?;
    assert_eq!(requests(&emulator, since)?, [1, 0, 0, 1, 1, 1, 1, 3, 0]);
    ensure!(!file(&emulator).exists(), "{}", said.stderr);
    Ok(())
}

#[test]
fn ages_are_judged_as_of_the_run_that_goes_on() -> Result<()> {
    let emulator = start()?;
    kill(&emulator, "GetStorageAccount", 8)?;
    let path = file(&emulator);
    let path = path.to_str().context("an odd path")?;
    let later = words(path, "2026-12-01T00:00:00Z");
    let said = cli::keyrotation(&emulator, &later)?.expect_code(2)?;
    let report: Value = serde_json::from_str(&said.stdout).context("no report")?;
    assert_eq!(
        report.pointer("/summary/compliant"),
        Some(&json!(0)),
        "{report}"
    );
    Ok(())
}

#[test]
fn a_checkpoint_of_another_scope_is_refused_before_anything_is_read() -> Result<()> {
    let emulator = start()?;
    kill(&emulator, "GetStorageAccount", 8)?;
    let since = emulator.journal()?.len();
    let path = file(&emulator);
    let path = path.to_str().context("an odd path")?;
    let mut other = words(path, NOW);
    other.extend(["--include", "sta*"]);
    let said = cli::keyrotation(&emulator, &other)?.expect_code(1)?;
    ensure!(
        said.stderr.contains("is the checkpoint of another scan"),
        "{}",
        said.stderr
    );
    assert_eq!(requests(&emulator, since)?, [0; READS.len()]);
    Ok(())
}
