//! `keyrotation check` on the emulator: verdicts and exit codes as a user sees them.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet;

const NOW: &str = "2026-06-01T00:00:00Z";
const YOUNG: Option<&str> = Some("2026-05-01T00:00:00Z");
const OLD: Option<&str> = Some("2025-11-01T00:00:00Z");
const UNKNOWN: Option<&str> = None;

const COMPLIANT: i32 = 0;
const NOTHING_SAID: i32 = 1;
const DRIFT: i32 = 2;
const UNPROVEN: i32 = 3;

/// Checks a fleet of accounts whose keys were made at the given times.
fn check_verdicts(created: &[Option<&str>], code: i32, verdicts: &[&str]) -> Result<()> {
    let accounts: Vec<Value> = created
        .iter()
        .enumerate()
        .map(|(number, created)| fleet::account(&format!("stsuite{number}"), *created))
        .collect();
    let emulator = Emulator::start(&fleet::of(&accounts, Some(NOW)))?;
    let (found, report) = cli::check(&emulator, &[])?;
    assert_eq!(found, Some(code), "{created:?}: {report}");
    let accounts = report
        .get("accounts")
        .and_then(Value::as_array)
        .context("no accounts")?;
    let mut said: Vec<(&str, &str)> = accounts.iter().map(name_and_verdict).collect();
    said.sort_unstable();
    let said: Vec<&str> = said.into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(said, verdicts, "{created:?}: {report}");
    Ok(())
}

fn name_and_verdict(account: &Value) -> (&str, &str) {
    let field = |name: &str| {
        account
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    (field("name"), field("verdict"))
}

#[test]
fn the_exit_code_follows_the_verdicts() -> Result<()> {
    check_verdicts(&[YOUNG], COMPLIANT, &["compliant"])?;
    check_verdicts(&[OLD], DRIFT, &["overdue"])?;
    check_verdicts(&[UNKNOWN], UNPROVEN, &["unknown"])?;
    check_verdicts(&[YOUNG, UNKNOWN], UNPROVEN, &["compliant", "unknown"])?;
    check_verdicts(&[UNKNOWN, OLD], DRIFT, &["unknown", "overdue"])?;
    check_verdicts(&[], NOTHING_SAID, &[])
}

#[test]
fn an_account_becomes_compliant_by_the_rotations_of_its_vault() -> Result<()> {
    let mut fleet = fleet::of(&[fleet::account("stsuite", OLD)], Some(NOW));
    let vault = fleet
        .pointer_mut("/subscriptions/0/vaults/0")
        .context("no vault")?;
    let vault = vault.as_object_mut().context("a vault that is no object")?;
    vault.insert(
        "managed".to_owned(),
        json!([{
            "name": "logs",
            "account": "stsuite",
            "active_key": "key1",
            "auto_regenerate": true,
            "period": "P30D",
        }]),
    );
    let emulator = Emulator::start(&fleet)?;
    let (code, before) = cli::check(&emulator, &[])?;
    assert_eq!(code, Some(DRIFT), "{before}");
    emulator.advance("P31D")?;
    let (code, between) = cli::check(&emulator, &[])?;
    assert_eq!(code, Some(DRIFT), "one key is still old: {between}");
    emulator.advance("P31D")?;
    let (code, after) = cli::check(&emulator, &[])?;
    assert_eq!(code, Some(COMPLIANT), "{after}");
    assert_eq!(after.pointer("/summary/compliant"), Some(&json!(1)));
    assert_eq!(after.get("complete"), Some(&json!(true)));
    Ok(())
}

#[test]
fn a_stricter_limit_turns_the_same_keys_into_drift() -> Result<()> {
    let emulator = Emulator::start(&fleet::of(&[fleet::account("stsuite", YOUNG)], Some(NOW)))?;
    let (code, report) = cli::check(&emulator, &["--max-age", "P30D"])?;
    assert_eq!(code, Some(DRIFT), "{report}");
    Ok(())
}

#[test]
fn people_read_a_table_and_the_reason() -> Result<()> {
    let emulator = Emulator::start(&fleet::of(&[fleet::account("stsuite", OLD)], Some(NOW)))?;
    let said = cli::keyrotation(&emulator, &["check", "--as-of", NOW])?.expect_code(DRIFT)?;
    for expected in ["stsuite", "overdue"] {
        ensure!(
            said.stdout.contains(expected),
            "no `{expected}` in: {}",
            said.stdout
        );
    }
    Ok(())
}

#[test]
fn nothing_can_be_said_without_sign_in_or_with_a_wrong_command_line() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let mut command = emulator.command(&tests::place::keyrotation()?);
    command
        .arg("check")
        .env("ARM_CLIENT_SECRET", "wrong")
        .env("AZURE_CLIENT_SECRET", "wrong");
    let said = tests::process::run(&mut command)?.expect_code(NOTHING_SAID)?;
    ensure!(
        !said.stderr.contains("wrong\""),
        "the secret is repeated: {}",
        said.stderr
    );
    cli::keyrotation(&emulator, &["check", "--no-such-flag"])?.expect_code(NOTHING_SAID)?;
    cli::keyrotation(&emulator, &["check", "--max-age", "ninety"])?.expect_code(NOTHING_SAID)?;
    Ok(())
}

#[test]
fn checking_only_reads() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    cli::check(&emulator, &[])?;
    let requests = emulator.journal()?;
    ensure!(requests.len() > 1, "the journal is empty");
    for request in requests {
        let signs_in = request.operation == "Token";
        ensure!(
            signs_in || request.method == "GET",
            "check has sent {request:?}"
        );
        ensure!(
            request.operation != "unmodelled",
            "the emulator does not know {request:?}"
        );
    }
    Ok(())
}
