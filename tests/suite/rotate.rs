//! `keyrotation rotate` on the emulator: plans, steps, journals, and runs that end anywhere.

mod apps;
mod consumers;
mod through_vault;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::process::{Running, Said, wait_for};

const DONE: i32 = 0;
const NOTHING: i32 = 1;
const LEFT: i32 = 2;
const LIMIT: Duration = Duration::from_secs(60);

/// Renews both keys of whatever is due, publishing in the fleet's vault.
const BOTH: [&str; 8] = [
    "--both",
    "--wait=PT1S",
    "--vault-uri=https://kvsuite.vault.azure.net",
    "--secret-name=st-{account}",
    "--no-verify",
    "--auto-approve",
    "--journal=j",
    "--due-soon=P14D",
];

fn rotate(emulator: &Emulator, arguments: &[&str]) -> Result<Said> {
    let all = [&["rotate"], arguments].concat();
    cli::keyrotation(emulator, &all)
}

fn apply(emulator: &Emulator, more: &[&str]) -> Result<Said> {
    rotate(emulator, &[&["apply"], BOTH.as_slice(), more].concat())
}

fn journal(emulator: &Emulator) -> Result<String> {
    let path = emulator.scratch().path().join("j");
    fs::read_to_string(path).context("there is no journal")
}

/// Expects that both keys were renewed once, that the last one is published, and that `check` passes.
fn expect_both_renewed(emulator: &Emulator) -> Result<()> {
    let directly = emulator.count("StorageAccounts_RegenerateKey")?;
    let by_vault = emulator.count("RegenerateStorageAccountKey")?;
    ensure!(directly + by_vault <= 2, "{directly} + {by_vault} turns");
    let (code, report) = cli::check(emulator, &[])?;
    ensure!(code == Some(DONE), "{report}");
    assert_eq!(emulator.count("unmodelled")?, 0);
    let again = rotate(emulator, &["plan", "--out=again", BOTH[2], BOTH[3]])?;
    ensure!(again.code == Some(DONE), "{again:?}");
    ensure!(again.stdout.contains("0 accounts to rotate"), "{again:?}");
    rotate(emulator, &["status", "j"])?.expect_code(DONE)?;
    Ok(())
}

#[test]
fn an_overdue_fleet_becomes_compliant_by_both() -> Result<()> {
    let old = Some("2025-01-01T00:00:00Z");
    let accounts = [fleet::account("stone", old), fleet::account("sttwo", old)];
    let emulator = Emulator::start(&fleet::of(&accounts, None))?;
    apply(&emulator, &[])?.expect_code(DONE)?;
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 4);
    assert_eq!(emulator.count("SetSecret")?, 6, "three versions each");
    let (code, report) = cli::check(&emulator, &[])?;
    assert_eq!(code, Some(DONE), "{report}");
    Ok(())
}

#[test]
fn a_plan_changes_nothing_and_an_apply_takes_one_step() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let place = [BOTH[2], BOTH[3]];
    let plan = rotate(
        &emulator,
        &["plan", "--out=p", "--no-verify", place[0], place[1]],
    )?;
    let plan = plan.expect_code(DONE)?;
    ensure!(plan.stdout.contains("publish key1"), "{plan:?}");
    for operation in ["SetSecret", "UpdateSecret", "StorageAccounts_ListKeys"] {
        assert_eq!(emulator.count(operation)?, 0, "{operation}");
    }
    rotate(&emulator, &["apply", "p"])?.expect_code(NOTHING)?;
    assert_eq!(emulator.count("SetSecret")?, 0, "nobody has approved");
    rotate(&emulator, &["apply", "p", "--auto-approve", "--journal=j"])?.expect_code(DONE)?;
    assert_eq!(emulator.count("SetSecret")?, 1);
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 0);

    let stale = rotate(&emulator, &["apply", "p", "--auto-approve", "--journal=k"])?;
    let stale = stale.expect_code(LEFT)?;
    ensure!(stale.stdout.contains("make a new plan"), "{stale:?}");
    assert_eq!(emulator.count("SetSecret")?, 1);
    // The secret is found by its tags now; a day has to go by before the other key is renewed.
    let early = rotate(&emulator, &["plan", "--out=q"])?.expect_code(LEFT)?;
    ensure!(early.stdout.contains("clients may use key2"), "{early:?}");
    Ok(())
}

#[test]
fn an_account_without_a_place_is_skipped_and_never_touched() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let said = rotate(&emulator, &["apply", "--auto-approve"])?.expect_code(LEFT)?;
    ensure!(said.stdout.contains("no place to publish"), "{said:?}");
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 0);
    Ok(())
}

#[test]
fn the_command_after_a_publication_gets_references_and_holds_the_walk() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let fails = apply(&emulator, &["--after-publish=exit 3"])?.expect_code(LEFT)?;
    ensure!(fails.stdout.contains("ended with code 3"), "{fails:?}");
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 0);
    let tells = "--after-publish=echo $KEYROTATION_SLOT $KEYROTATION_SECRET_ID >> told";
    rotate(&emulator, &["resume", "j", tells])?.expect_code(DONE)?;
    let told = fs::read_to_string(emulator.scratch().path().join("told"))?;
    let line =
        |slot: &str| format!("{slot} https://{VAULT}.vault.azure.net/secrets/st-{ACCOUNT}\n");
    assert_eq!(told, line("key1") + &line("key2") + &line("key1"));
    expect_both_renewed(&emulator)
}

#[test]
fn two_accounts_of_a_group_are_never_under_way_at_once() -> Result<()> {
    let account = |name: &str| {
        let mut account = fleet::account(name, Some("2025-01-01T00:00:00Z"));
        if let Some(fields) = account.as_object_mut() {
            fields.insert("tags".to_owned(), json!({ "team": "x" }));
        }
        account
    };
    let emulator = Emulator::start(&fleet::of(&[account("stone"), account("sttwo")], None))?;
    apply(&emulator, &["--group-by=tag=team"])?.expect_code(DONE)?;
    let text = journal(&emulator)?;
    let lines: Vec<&str> = text.lines().skip(1).collect();
    let is_of = |name: &str, line: &str| line.contains(&format!("storageAccounts/{name}\""));
    let first = lines.iter().filter(|line| is_of("stone", line)).count();
    ensure!(first > 0 && first < lines.len(), "{text}");
    ensure!(
        lines.iter().take(first).all(|line| is_of("stone", line)),
        "{text}"
    );
    Ok(())
}

/// Kills an apply while Azure takes its time over the change, and goes on by the journal.
fn check_killed(fleet: &Value, during: &str, nth: u64, when: &str) -> Result<()> {
    let emulator = Emulator::start(fleet)?;
    let delay = json!({ "delay_ms": 3000, "when": when });
    emulator.set_fault(&json!({ "operation": during, "nth": nth, "fault": delay }))?;
    let mut command = emulator.command(&tests::place::keyrotation()?);
    let running = Running::start(command.args(["rotate", "apply"]).args(BOTH))?;
    let marks = |text: &str| {
        let announcing = match during {
            "StorageAccounts_RegenerateKey" | "RegenerateStorageAccountKey" => "\"regenerating\"",
            "UpdateSecret" => "\"claiming\"",
            _ if nth == 1 => "\"publishing\"",
            _ => "\"regenerated\"",
        };
        text.matches(announcing).count()
    };
    let wanted = if during == "SetSecret" {
        nth.max(2) - 1
    } else {
        nth
    };
    wait_for("the change", LIMIT, || {
        let text = journal(&emulator).unwrap_or_default();
        Ok((marks(&text) >= usize::try_from(wanted)?).then_some(()))
    })?;
    // The announcement is on disk before the request is sent, so the kill may come before it arrives.
    running.signal(Signal::KILL)?;
    ensure!(running.finish()?.code.is_none(), "it was not killed");
    rotate(&emulator, &["status", "j"])?.expect_code(LEFT)?;
    rotate(&emulator, &["resume", "j"])?.expect_code(DONE)?;
    expect_both_renewed(&emulator).with_context(|| format!("{during} {nth} {when}"))
}

#[test]
fn a_run_that_is_killed_at_a_change_is_finished_by_resume() -> Result<()> {
    let fleet = fleet::one_account();
    for nth in [1, 2] {
        check_killed(&fleet, "StorageAccounts_RegenerateKey", nth, "before")?;
        check_killed(&fleet, "StorageAccounts_RegenerateKey", nth, "after")?;
        check_killed(&fleet, "SetSecret", nth, "before")?;
        check_killed(&fleet, "SetSecret", nth, "after")?;
        check_killed(&fleet, "UpdateSecret", nth, "after")?;
    }
    Ok(())
}

#[test]
fn a_journal_is_for_its_owner_and_for_one_run_at_a_time() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let delay = json!({ "delay_ms": 10_000, "when": "before" });
    emulator.set_fault(&json!({ "operation": "SetSecret", "fault": delay }))?;
    let mut command = emulator.command(&tests::place::keyrotation()?);
    let running = Running::start(command.args(["rotate", "apply"]).args(BOTH))?;
    wait_for("the change", LIMIT, || {
        let text = journal(&emulator).unwrap_or_default();
        Ok(text.contains("\"publishing\"").then_some(()))
    })?;
    let path = emulator.scratch().path().join("j");
    let mode = fs::metadata(&path)?.permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "nobody else may read it");
    rotate(&emulator, &["resume", "j"])?.expect_code(NOTHING)?;
    running.signal(Signal::KILL)?;
    ensure!(running.finish()?.code.is_none(), "it was not killed");
    apply(&emulator, &[])?.expect_code(NOTHING)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o620))?;
    let open_to_others = rotate(&emulator, &["resume", "j"])?.expect_code(NOTHING)?;
    ensure!(
        open_to_others.stderr.contains("others than its owner"),
        "{open_to_others:?}"
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    rotate(&emulator, &["resume", "j"])?.expect_code(DONE)?;
    expect_both_renewed(&emulator)
}

#[test]
fn an_answer_that_is_lost_after_the_change_is_not_asked_for_twice() -> Result<()> {
    let changes = ["StorageAccounts_RegenerateKey", "SetSecret", "UpdateSecret"];
    for (operation, nth) in changes.into_iter().flat_map(|one| [(one, 1), (one, 2)]) {
        let emulator = Emulator::start(&fleet::one_account())?;
        let fault = json!({ "operation": operation, "nth": nth, "fault": { "reset": "after" } });
        emulator.set_fault(&fault)?;
        let said = apply(&emulator, &[])?;
        if said.code != Some(DONE) {
            rotate(&emulator, &["resume", "j"])?.expect_code(DONE)?;
        }
        assert_eq!(
            emulator.count("StorageAccounts_RegenerateKey")?,
            2,
            "{operation} {nth}"
        );
        expect_both_renewed(&emulator)?;
    }
    Ok(())
}
