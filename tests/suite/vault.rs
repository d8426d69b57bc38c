//! `keyrotation vault` on the emulator: every command, what it prints, what it says, how it ends.
//!
//! Each test is a session, and its transcript is a snapshot of stdout, stderr and exit codes together.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT, record};
use tests::transcript::Transcript;

const OLD: Option<&str> = Some("2025-01-01T00:00:00Z");
const OTHER_VAULT: &str = "kvother";

/// Writes a fleet of one vault with records, and a second vault.
fn fleet(accounts: &[Value], records: &[Value], records_elsewhere: &[Value]) -> Value {
    let vaults = [
        fleet::vault(VAULT, records),
        fleet::vault(OTHER_VAULT, records_elsewhere),
    ];
    fleet::with_vaults(accounts, &vaults)
}

/// A vault with soft delete and one account, not enrolled.
fn empty() -> Result<Emulator> {
    let accounts = [fleet::account(ACCOUNT, OLD)];
    Emulator::start(&fleet(&accounts, &[], &[]))
}

fn transcript(emulator: &Emulator) -> Transcript<'_> {
    Transcript::new(emulator)
        .abbreviate("https://kvsuite.vault.azure.net/storage/", "VAULT/")
        .abbreviate(&fleet::account_id(""), "ACCOUNTS/")
}

/// Enrols the account as `logs`.
fn enrol(session: &mut Transcript<'_>) -> Result<()> {
    session.run(&format!(
        "vault add --vault-name {VAULT} -n logs --resource-id ACCOUNTS/{ACCOUNT} \
         --active-key-name key1 --grant-access --yes"
    ))
}

#[test]
fn vault_shows_what_az_never_could() -> Result<()> {
    let accounts = ["staged", "stolder", "sttwice"].map(|name| fleet::account(name, OLD));
    let records = [
        record("a", "staged", true),
        record("b", "stolder", false),
        record("c", "sttwice", true),
    ];
    let emulator = Emulator::start(&fleet(
        &accounts,
        &records,
        &[record("again", "sttwice", true)],
    ))?;
    let mut session = transcript(&emulator);
    let list = format!("vault list --vault-name {VAULT}");
    session.run(&format!("{list} --as-of 2025-01-20T00:00:00Z"))?;
    session.run(&format!("{list} --as-of 2025-02-20T00:00:00Z"))?;
    session.run(&format!(
        "{list} --as-of 2025-02-20T00:00:00Z --format json"
    ))?;
    let show = "vault show --id VAULT/c --as-of 2025-01-20T00:00:00Z";
    session.run(show)?;
    session.run(&format!("{show} --format json"))?;
    session.run(&format!("vault show --vault-name {VAULT} -n nothing"))?;
    session.run("vault list --vault-name kv-that-is-not-there")?;
    insta::assert_snapshot!(session.text());
    Ok(())
}

#[test]
fn vault_tells_what_it_could_not_read() -> Result<()> {
    let accounts = [fleet::account(ACCOUNT, OLD)];
    let emulator = Emulator::start(&fleet(&accounts, &[record("a", ACCOUNT, true)], &[]))?;
    let mut session = transcript(&emulator);
    let refusal = |operation: &str| {
        json!({
            "operation": operation, "count": 9,
            "fault": {"status": 403, "code": "AuthorizationFailed"},
        })
    };
    emulator.set_fault(&refusal("StorageAccounts_GetProperties"))?;
    emulator.set_fault(&refusal("Vaults_ListBySubscription"))?;
    session.run(&format!(
        "vault list --vault-name {VAULT} --as-of 2025-01-20T00:00:00Z"
    ))?;
    insta::assert_snapshot!(session.text());
    Ok(())
}

#[test]
fn vault_leads_an_enrolment_through_its_life() -> Result<()> {
    let emulator = empty()?;
    let mut session = transcript(&emulator);
    let place = format!("--vault-name {VAULT} -n logs");
    let add = format!(
        "vault add {place} --resource-id ACCOUNTS/{ACCOUNT} --active-key-name key1 --grant-access"
    );
    session.run(&add)?;
    session.run(&format!("{add} --yes --tags team=logs"))?;
    session.run(&format!("{add} --yes --tags team=logs"))?;
    session.run(&format!("{add} --yes --regeneration-period P20D"))?;
    session.run(&format!("{} --yes", add.replace("logs", "logs2")))?;
    let update = format!("vault update {place} --yes");
    session.run(&format!(
        "{update} --regeneration-period P45D --tags team=storage"
    ))?;
    session.run(&format!("{update} --regeneration-period P45D"))?;
    session.run(&format!(
        "{update} --active-key-name key2 --auto-regenerate-key false"
    ))?;
    session.run(&format!("{update} --disabled --format json"))?;
    session.run(&format!("vault update {place} --disabled false"))?;
    insta::assert_snapshot!(session.text());
    Ok(())
}

#[test]
fn vault_brings_back_what_was_removed() -> Result<()> {
    let emulator = empty()?;
    let mut session = transcript(&emulator);
    let place = format!("--vault-name {VAULT} -n logs");
    enrol(&mut session)?;
    let backup = format!("vault backup {place} --file [folder]/logs.backup");
    session.run(&backup)?;
    session.run(&backup)?;
    let file = emulator.scratch().path().join("logs.backup");
    let mode = fs::metadata(&file)?.permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "nobody else may read it");
    session.run(&format!("vault remove {place}"))?;
    session.run(&format!("vault remove {place} --yes"))?;
    session.run(&format!("vault remove {place} --yes"))?;
    session.run(&format!("vault list-deleted --vault-name {VAULT}"))?;
    session.run(&format!("vault show-deleted {place}"))?;
    session.run(&format!("vault show-deleted {place} --format json"))?;
    session.run(&format!("vault recover {place} --yes"))?;
    session.run(&format!("vault recover {place} --yes"))?;
    session.run(&format!("vault remove {place} --yes --format json"))?;
    session.run(&format!("vault purge {place}"))?;
    session.run(&format!("vault purge {place} --yes"))?;
    session.run(&format!("vault purge {place} --yes"))?;
    session.run(&format!(
        "vault list-deleted --vault-name {VAULT} --format json"
    ))?;
    let restore = format!("vault restore --vault-name {VAULT} --file [folder]/logs.backup --yes");
    session.run(&restore)?;
    session.run(&restore)?;
    insta::assert_snapshot!(session.text());
    Ok(())
}

#[test]
fn vault_regenerates_the_idle_key_and_the_active_one_by_force_only() -> Result<()> {
    let emulator = empty()?;
    let mut session = transcript(&emulator);
    let place = format!("--vault-name {VAULT} -n logs");
    enrol(&mut session)?;
    let regenerate = format!("vault regenerate-key {place}");
    session.run(&regenerate)?;
    session.run(&format!("{regenerate} --yes"))?;
    session.run(&format!("{regenerate} --yes --key-name key2"))?;
    session.run(&format!("{regenerate} --yes --key-name key2 --force"))?;
    session.run(&format!("{regenerate} --yes"))?;
    assert_eq!(emulator.count("RegenerateStorageAccountKey")?, 1);
    session.run(&format!(
        "{regenerate} --yes --key-name key2 --force --again"
    ))?;
    session.run(&format!("{regenerate} --yes --key-name key1 --format json"))?;
    assert_eq!(emulator.count("RegenerateStorageAccountKey")?, 3);
    session.note("A definition whose tokens may still be signed with the idle key:");
    session.run(&format!(
        "vault sas-definition create --vault-name {VAULT} --account-name logs -n read --yes \
         --validity-period PT4H --template-uri sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https"
    ))?;
    session.run(&format!("{regenerate} --yes --again"))?;
    assert_eq!(emulator.count("RegenerateStorageAccountKey")?, 3);
    insta::assert_snapshot!(session.text());
    Ok(())
}

/// Who may not see the account cannot see how old its keys are; the record tells of the turn before.
#[test]
fn vault_regenerates_no_second_key_of_an_account_that_cannot_be_seen() -> Result<()> {
    let accounts = [fleet::account(ACCOUNT, OLD)];
    let emulator = Emulator::start(&fleet(&accounts, &[record("logs", ACCOUNT, true)], &[]))?;
    let place = format!("--vault-name {VAULT} -n logs");
    let words = format!("vault regenerate-key {place} --yes --key-name key1 --force");
    let words: Vec<&str> = words.split(' ').collect();
    let refused = json!({ "status": 403, "code": "AuthorizationFailed" });
    emulator.set_fault(&json!({
        "operation": "StorageAccounts_GetProperties", "count": 1000, "fault": refused,
    }))?;
    tests::cli::keyrotation(&emulator, &words)?.expect_code(0)?;
    let second = tests::cli::keyrotation(&emulator, &words)?.expect_code(1)?;
    ensure!(second.stderr.contains("within the last hour"), "{second:?}");
    assert_eq!(emulator.count("RegenerateStorageAccountKey")?, 1);
    let again = [&words[..], &["--again"]].concat();
    tests::cli::keyrotation(&emulator, &again)?.expect_code(0)?;
    assert_eq!(emulator.count("RegenerateStorageAccountKey")?, 2);
    Ok(())
}

/// Loses the answer of a regeneration and tells how often it was sent.
fn lose_the_answer(created: Option<&str>, force: &str) -> Result<(String, usize)> {
    let accounts = [fleet::account(ACCOUNT, created)];
    let emulator = Emulator::start(&fleet(&accounts, &[record("logs", ACCOUNT, true)], &[]))?;
    let lost = |operation: &str, fault: Value| json!({"operation": operation, "fault": fault});
    emulator.set_fault(&lost(
        "RegenerateStorageAccountKey",
        json!({"reset": "after"}),
    ))?;
    let mut session = transcript(&emulator);
    session.run(&format!(
        "vault regenerate-key --vault-name {VAULT} -n logs --yes{force}"
    ))?;
    let sent = emulator.count("RegenerateStorageAccountKey")?;
    Ok((session.text().to_owned(), sent))
}

#[test]
fn vault_sends_a_regeneration_once_even_if_its_answer_is_lost() -> Result<()> {
    let (by_time, sent) = lose_the_answer(OLD, "")?;
    assert_eq!(sent, 1);
    ensure!(by_time.contains("[exit 0]"), "{by_time}");
    ensure!(by_time.contains("regenerated key2"), "{by_time}");
    let (by_force, sent) = lose_the_answer(OLD, " --key-name key1 --force")?;
    assert_eq!(sent, 1);
    ensure!(by_force.contains("regenerated key1"), "{by_force}");
    Ok(())
}

#[test]
fn vault_defines_tokens_and_mints_them() -> Result<()> {
    let emulator = empty()?;
    let mut session = transcript(&emulator);
    enrol(&mut session)?;
    let sas = |command: &str| format!("vault sas-definition {command} --vault-name {VAULT}");
    let place = "--account-name logs -n read";
    let create = format!(
        "{} {place} --validity-period PT4H \
         --template-uri sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https&sig=x",
        sas("create")
    );
    session.run(&create)?;
    session.run(&format!("{create} --yes"))?;
    session.run(&format!("{create} --yes --disabled"))?;
    session.run(&format!("{} --account-name logs", sas("list")))?;
    session.run(&format!(
        "{} --account-name logs --format json",
        sas("list")
    ))?;
    session.run(&format!("{} {place}", sas("show")))?;
    session.run(&format!(
        "{} {place} --yes --validity-period PT1H",
        sas("update")
    ))?;
    session.run(&format!(
        "{} {place} --yes --validity-period PT1H",
        sas("update")
    ))?;
    session.run(&format!("vault token --vault-name {VAULT} {place}"))?;
    session.run("vault token --id VAULT/logs/sas/read --format json")?;
    session.run(&format!("vault remove --vault-name {VAULT} -n logs"))?;
    session.run(&format!("{} {place}", sas("delete")))?;
    session.run(&format!("{} {place} --yes", sas("delete")))?;
    session.run(&format!("vault token --vault-name {VAULT} {place}"))?;
    session.run(&format!("{create} --yes"))?;
    session.run(&format!("{} --account-name logs", sas("list-deleted")))?;
    session.run(&format!("{} {place} --format json", sas("show-deleted")))?;
    session.run(&format!("{} {place} --yes --format json", sas("recover")))?;
    session.run(&format!("{} {place}", sas("show-deleted")))?;
    insta::assert_snapshot!(session.text());
    Ok(())
}

#[test]
fn vault_prints_a_token_and_nothing_else_on_stdout() -> Result<()> {
    let emulator = empty()?;
    let run = |line: &str| tests::cli::keyrotation(&emulator, &line.split(' ').collect::<Vec<_>>());
    let account = fleet::account_id(ACCOUNT);
    run(&format!(
        "vault add --vault-name {VAULT} -n logs --resource-id {account} --active-key-name key1 \
         --grant-access --yes"
    ))?
    .expect_code(0)?;
    run(&format!(
        "vault sas-definition create --vault-name {VAULT} --account-name logs -n read --yes \
         --validity-period PT4H --template-uri sv=2018-03-28&ss=b&srt=sco&sp=rl"
    ))?
    .expect_code(0)?;
    let said = run(&format!(
        "vault token --vault-name {VAULT} --account-name logs -n read"
    ))?;
    let said = said.expect_code(0)?;
    let token = said.stdout.strip_suffix('\n').context("one line")?;
    ensure!(
        token.starts_with("sv=") && token.contains("&sig=") && !token.contains(char::is_whitespace),
        "{} letters",
        token.len()
    );
    let signature = token.rsplit("sig=").next().context("a signature")?;
    ensure!(
        !said.stderr.contains(signature),
        "the token is talked about"
    );
    Ok(())
}
