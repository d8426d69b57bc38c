//! Two at work on one account or one place at once: one goes ahead, the other is told, and nothing is
//! done twice.
//!
//! The emulator holds a request of the first one, so that the second one meets it at that very moment.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::faults::view::View;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::life;
use tests::place;
use tests::process::{Running, Said, wait_for};

use crate::sync::{define, source};

const DONE: i32 = 0;
const LEFT: i32 = 2;
const LIMIT: Duration = Duration::from_secs(60);

const REGENERATE: &str = "StorageAccounts_RegenerateKey";

/// Gives the words that take the step that is due, by a journal of their own.
fn rotate(journal: &str) -> String {
    format!(
        "rotate apply --wait=PT1H --vault-uri=https://{VAULT}.vault.azure.net \
         --secret-name=st-{{account}} --no-verify --auto-approve --journal={journal}"
    )
}

fn run(emulator: &Emulator, words: &str) -> Result<Said> {
    let words: Vec<&str> = words.split(' ').collect();
    cli::keyrotation(emulator, &words)
}

/// An account whose key was published longer ago than clients need, and is too old.
fn due() -> Result<Emulator> {
    let emulator = Emulator::start(&fleet::one_account())?;
    run(&emulator, &rotate("first"))?.expect_code(DONE)?;
    let emulator = emulator.after_minutes(120)?;
    assert_eq!(emulator.count(REGENERATE)?, 0, "it was only published");
    Ok(emulator)
}

/// An old account in the care of a vault, which renews keys by itself if it is told to.
fn enrolled(auto: bool) -> Result<Emulator> {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[fleet::record("logs", ACCOUNT, auto)]);
    let emulator = Emulator::start(&fleet::with_vaults(&accounts, &[vault]))?;
    define(&emulator)?;
    Ok(emulator)
}

/// Starts a run, and waits until the emulator holds its request.
fn hold(emulator: &Emulator, words: &str, operation: &str, when: &str) -> Result<Running> {
    hold_nth(emulator, words, (operation, 1), when)
}

/// Starts a run, and waits until the emulator holds that request of an operation.
fn hold_nth(
    emulator: &Emulator,
    words: &str,
    (operation, nth): (&str, usize),
    when: &str,
) -> Result<Running> {
    let fault = json!({ "operation": operation, "nth": nth, "fault": { "hold": when } });
    emulator.set_fault(&fault)?;
    start_held(emulator, words, operation, nth)
}

/// Starts a run, and waits until the first fault of the emulator holds its request.
fn start_held(emulator: &Emulator, words: &str, operation: &str, nth: usize) -> Result<Running> {
    let mut command: Command = emulator.command(&place::keyrotation()?);
    let mut running = Running::start(command.args(words.split(' ')))?;
    wait_for(operation, LIMIT, || {
        ensure!(!running.has_ended()?, "it was over: {}", running.stderr());
        Ok((emulator.seen_by_fault()? >= u64::try_from(nth)?).then_some(()))
    })?;
    Ok(running)
}

/// Lets the held request go, and hears how its run ends.
fn let_go(emulator: &Emulator, held: Running) -> Result<Said> {
    emulator.clear_faults()?;
    held.finish()
}

/// Expects that one key was renewed, once, that it is the published one, and that nothing else is due.
fn expect_one_turn(emulator: &Emulator) -> Result<()> {
    assert_eq!(emulator.count(REGENERATE)?, 1);
    let view = View::of(emulator)?;
    view.expect_whole(&view, false)?;
    let plan = run(emulator, &rotate("last"))?;
    assert_eq!(emulator.count(REGENERATE)?, 1, "{plan:?}");
    assert_eq!(emulator.count("unmodelled")?, 0);
    Ok(())
}

#[test]
fn a_rotation_under_way_is_left_alone_by_a_second_one() -> Result<()> {
    let emulator = due()?;
    let first = hold(&emulator, &rotate("a"), REGENERATE, "before")?;
    let second = run(&emulator, &rotate("b"))?.expect_code(LEFT)?;
    ensure!(second.stdout.contains("another run is at it"), "{second:?}");
    let_go(&emulator, first)?.expect_code(DONE)?;
    expect_one_turn(&emulator)
}

/// Whoever finds a key that was renewed and not published publishes it: that harms nobody who is
/// about to do the same.
#[test]
fn a_key_that_is_renewed_is_published_by_whoever_finds_it() -> Result<()> {
    let emulator = due()?;
    let first = hold(&emulator, &rotate("a"), REGENERATE, "after")?;
    let second = run(&emulator, &rotate("b"))?.expect_code(DONE)?;
    ensure!(second.stdout.contains("publish key2"), "{second:?}");
    let_go(&emulator, first)?.expect_code(DONE)?;
    expect_one_turn(&emulator)
}

#[test]
fn of_two_rotations_that_claim_an_account_at_once_one_goes_ahead() -> Result<()> {
    let emulator = due()?;
    let first = hold(&emulator, &rotate("a"), "UpdateSecret", "before")?;
    let mut command = emulator.command(&place::keyrotation()?);
    let second = Running::start(command.args(rotate("b").split(' ')))?;
    wait_for("the claim of the second", LIMIT, || {
        Ok((emulator.count("UpdateSecret")? == 1).then_some(()))
    })?;
    // The first had seen the account free, and claims it over the head of the second.
    let first = let_go(&emulator, first)?.expect_code(DONE)?;
    let second = second.finish()?.expect_code(LEFT)?;
    ensure!(
        second.stdout.contains("another run is at it"),
        "{first:?} {second:?}"
    );
    expect_one_turn(&emulator)
}

#[test]
fn a_policy_waits_while_a_rotation_by_hand_is_under_way() -> Result<()> {
    let emulator = due()?;
    let policy = json!({
        "storage_account_id": fleet::account_id(ACCOUNT),
        "rotation_period": "P30D",
        "direct": {
            "vault_uri": format!("https://{VAULT}.vault.azure.net/"),
            "secret_name": format!("st-{ACCOUNT}"),
            "overlap": "PT1H",
            "verify": false,
        },
    });
    let mut held = None;
    let mut apply = || life::apply(&emulator, "keyrotation_policy", Some(&policy), &mut held);
    let first = hold(&emulator, &rotate("a"), REGENERATE, "after")?;
    let meanwhile = apply()?;
    assert_eq!(emulator.count(REGENERATE)?, 0, "the answer is still held");
    let_go(&emulator, first)?.expect_code(DONE)?;
    let later = apply()?;
    ensure!(!later.failed, "{}; {}", meanwhile.said, later.said);
    expect_one_turn(&emulator)
}

#[test]
fn a_plan_that_the_timer_of_the_vault_overtook_is_refused() -> Result<()> {
    let emulator = enrolled(true)?;
    run(&emulator, "rotate plan --out=p --due-soon=P14D")?.expect_code(DONE)?;
    // The vault's turn comes first.
    emulator.advance("P31D")?;
    let now = emulator.now()?;
    let words = format!("rotate apply p --auto-approve --journal=j --as-of={now}");
    let said = run(&emulator, &words)?.expect_code(LEFT)?;
    ensure!(said.stdout.contains("make a new plan"), "{said:?}");
    assert_eq!(emulator.count("RegenerateStorageAccountKey")?, 0);
    Ok(())
}

#[test]
fn the_timer_of_the_vault_and_a_rotation_leave_the_vault_with_the_keys_of_the_account() -> Result<()>
{
    for when in ["before", "after"] {
        let emulator = enrolled(true)?;
        let words = "rotate apply --auto-approve --due-soon=P14D --journal=j";
        let first = hold(&emulator, words, "RegenerateStorageAccountKey", when)?;
        emulator.advance("P31D")?;
        let_go(&emulator, first)?.expect_code(DONE)?;
        let view = View::of(&emulator)?;
        view.expect_whole(&view, false)?;
        let deliver = format!(
            "sync --from {} --file token --as-of={}",
            source(),
            emulator.now()?
        );
        run(&emulator, &deliver)?.expect_code(DONE)?;
        run(&emulator, &format!("{deliver} --check"))?.expect_code(DONE)?;
    }
    Ok(())
}

const THROUGH_THE_VAULT: &str = "RegenerateStorageAccountKey";
const BY_HAND: &str = "vault regenerate-key --vault-name kvsuite -n logs --yes";

/// Gives the words that renew the idle key through the vault, by a journal of their own.
fn turn(journal: &str) -> String {
    format!("rotate apply --auto-approve --due-soon=P14D --journal={journal}")
}

/// Tells which reading of the record is the last one before a key is renewed.
fn last_look(words: &str) -> Result<usize> {
    let emulator = enrolled(false)?;
    let before = emulator.journal()?.len();
    run(&emulator, words)?.expect_code(DONE)?;
    let journal = emulator.journal()?;
    let ours = journal.iter().skip(before);
    let admitted = ours.filter(|request| request.status != 401);
    let until = admitted.take_while(|request| request.operation != THROUGH_THE_VAULT);
    let looks = until.filter(|request| request.operation == "GetStorageAccount");
    let looks = looks.count();
    ensure!(looks > 1, "it did not look again");
    Ok(looks)
}

/// Expects that one key was renewed so often, that the vault signs with it, and that a token can be had.
fn expect_turns(emulator: &Emulator, times: usize) -> Result<()> {
    assert_eq!(emulator.count(THROUGH_THE_VAULT)?, times);
    let view = View::of(emulator)?;
    view.expect_whole(&view, false)?;
    let deliver = format!("sync --from {} --file token", source());
    run(emulator, &deliver)?.expect_code(DONE)?;
    Ok(())
}

#[test]
fn a_turn_that_somebody_has_just_made_through_the_vault_is_not_made_again() -> Result<()> {
    for (words, code) in [(turn("a"), DONE), (BY_HAND.to_owned(), 1)] {
        let look = last_look(&words)?;
        let emulator = enrolled(false)?;
        let place = ("GetStorageAccount", look);
        let first = hold_nth(&emulator, &words, place, "before")?;
        run(&emulator, &turn("b"))?.expect_code(DONE)?;
        let first = let_go(&emulator, first)?.expect_code(code)?;
        if code != DONE {
            ensure!(first.stderr.contains("somebody else was at"), "{first:?}");
        }
        expect_turns(&emulator, 1)?;
    }
    Ok(())
}

/// A wait before another try is long enough for somebody else.
#[test]
fn a_turn_that_azure_throttles_is_not_sent_again_without_a_look() -> Result<()> {
    let look = last_look(&turn("a"))? + 1;
    let emulator = enrolled(false)?;
    let held = json!({ "hold": "before" });
    emulator.set_fault(&json!({ "operation": "GetStorageAccount", "nth": look, "fault": held }))?;
    let throttled = json!({ "status": 429 });
    emulator.set_fault(&json!({ "operation": THROUGH_THE_VAULT, "fault": throttled }))?;
    let first = start_held(&emulator, &turn("a"), "GetStorageAccount", look)?;
    run(&emulator, &turn("b"))?.expect_code(DONE)?;
    let_go(&emulator, first)?.expect_code(DONE)?;
    // The one that was throttled, and the one that was carried out.
    expect_turns(&emulator, 2)
}

/// Key Vault cannot be told to renew a key only if nobody else has: what is left is the time that one
/// request takes. SECURITY.md says so.
#[test]
fn of_two_requests_that_are_both_under_way_each_renews_the_key_and_the_vault_knows_the_last()
-> Result<()> {
    let emulator = enrolled(false)?;
    let first = hold(&emulator, &turn("a"), THROUGH_THE_VAULT, "before")?;
    run(&emulator, &turn("b"))?.expect_code(DONE)?;
    let_go(&emulator, first)?.expect_code(DONE)?;
    expect_turns(&emulator, 2)
}

#[test]
fn two_deliveries_to_one_file_leave_one_good_token() -> Result<()> {
    let emulator = enrolled(false)?;
    let deliver = format!("sync --from {} --file token --format json", source());
    let outcome = |said: &Said| -> Result<Value> {
        let report: Value = serde_json::from_str(&said.stdout)?;
        Ok(report
            .pointer("/targets/0/outcome")
            .cloned()
            .unwrap_or_default())
    };
    for when in ["before", "after"] {
        let first = hold(&emulator, &format!("{deliver} --always"), "GetSecret", when)?;
        let second = run(&emulator, &format!("{deliver} --always"))?.expect_code(DONE)?;
        assert_eq!(outcome(&second)?, "replaced");
        let first = let_go(&emulator, first)?.expect_code(DONE)?;
        assert_eq!(outcome(&first)?, "replaced");
        run(&emulator, &format!("{deliver} --check"))?.expect_code(DONE)?;
        let kept = run(&emulator, &deliver)?.expect_code(DONE)?;
        assert_eq!(
            outcome(&kept)?,
            "kept",
            "what lies beside belongs to the token"
        );
    }
    Ok(())
}
