//! Deliveries that fail, are cut short or are killed: the next one finishes, and no key is renewed
//! twice.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::handler::Handler;
use tests::process::wait_for;

use super::{anew, deliver, expect, just_published, later, long_published, regenerated, rotating};
use crate::secrets::Secrets;

/// After this time a claim is nobody's.
const LAPSED: &str = "PT6M";
const LIMIT: Duration = Duration::from_secs(60);

fn set_fault(emulator: &Emulator, operation: &str, fault: &Value) -> Result<()> {
    emulator.set_fault(&json!({ "operation": operation, "fault": fault }))
}

#[test]
fn a_failure_of_azure_is_a_500_and_the_next_delivery_finishes() -> Result<()> {
    for (operation, fault) in [
        ("SetSecret", json!({ "status": 503 })),
        ("SetSecret", json!({ "status": 403, "code": "Forbidden" })),
        (
            "StorageAccounts_RegenerateKey",
            json!({ "status": 409, "code": "Conflict" }),
        ),
    ] {
        let (emulator, handler, version) = long_published()?;
        let known = emulator.count("SetSecret")?;
        set_fault(&emulator, operation, &fault)?;
        let answer = deliver(&handler, &version)?;
        expect(&answer, 500, "")?;
        let status = fault.get("status").context("a status")?.to_string();
        ensure!(
            answer.logs().contains(&status),
            "Azure's answer is told: {answer:?}"
        );
        // For hosts that drop the answer.
        handler.wait_to_say(&status)?;
        // A claim is that of the run that has failed until its time is over.
        let handler = later(&emulator, handler, LAPSED)?;
        expect(&deliver(&handler, &version)?, 200, "key2")?;
        let turns = regenerated(&emulator)?;
        let refused = usize::from(operation == "StorageAccounts_RegenerateKey");
        assert_eq!(turns, 1 + refused, "{operation}: one that took effect");
        assert_eq!(
            emulator.count("SetSecret")? - known,
            2 - refused,
            "{operation}"
        );
        expect(&deliver(&handler, &version)?, 200, "has taken the place")?;
    }
    Ok(())
}

/// Delivers an event, and acts on the handler while Azure takes its time over the change.
fn during(
    handler: Handler,
    version: &str,
    mut is_there: impl FnMut() -> Result<bool>,
    act: impl FnOnce(Handler) -> Result<()>,
) -> Result<Result<tests::handler::Answer>> {
    let url = handler.url("");
    thread::scope(|scope| {
        let delivery = scope.spawn(move || super::deliver_to(&url, version));
        wait_for("the change", LIMIT, || Ok(is_there()?.then_some(())))?;
        act(handler)?;
        delivery.join().ok().context("the delivery panicked")
    })
}

#[test]
fn a_handler_that_is_killed_while_azure_renews_a_key_is_finished_by_the_next_delivery() -> Result<()>
{
    for when in ["before", "after"] {
        let (emulator, handler, version) = long_published()?;
        let delay = json!({ "delay_ms": 2000, "when": when });
        set_fault(&emulator, "StorageAccounts_RegenerateKey", &delay)?;
        let old = emulator.accounts()?;
        let is_there = || match when {
            "after" => Ok(emulator.accounts()? != old),
            _ => Ok(emulator.seen_by_fault()? > 0),
        };
        let answer = during(handler, &version, is_there, |handler| {
            let said = handler.end(Signal::KILL)?;
            ensure!(said.code.is_none(), "it was not killed");
            Ok(())
        })?;
        ensure!(answer.is_err(), "a killed handler has answered: {answer:?}");
        emulator.advance(LAPSED)?;
        let handler = anew(&emulator)?;
        expect(&deliver(&handler, &version)?, 200, "key2")?;
        expect(&deliver(&handler, &version)?, 200, "has taken the place")?;
        ensure!(regenerated(&emulator)? <= 1, "{when}: renewed twice");
        assert_eq!(emulator.count("SetSecret")?, 2, "{when}");
    }
    Ok(())
}

#[test]
fn a_stop_lets_the_request_under_way_finish_and_the_next_delivery_does_the_rest() -> Result<()> {
    let (emulator, handler, version) = long_published()?;
    let delay = json!({ "delay_ms": 2000, "when": "after" });
    set_fault(&emulator, "StorageAccounts_RegenerateKey", &delay)?;
    let old = emulator.accounts()?;
    let is_there = || Ok(emulator.accounts()? != old);
    let answer = during(handler, &version, is_there, |handler| {
        handler.end(Signal::TERM)?.expect_code(0).map(drop)
    })??;
    expect(&answer, 500, "stopped on request")?;
    assert_eq!(
        (regenerated(&emulator)?, emulator.count("SetSecret")?),
        (1, 1)
    );
    let handler = anew(&emulator)?;
    expect(
        &deliver(&handler, &version)?,
        200,
        "published key2 as it was",
    )?;
    assert_eq!(
        (regenerated(&emulator)?, emulator.count("SetSecret")?),
        (1, 2)
    );
    Ok(())
}

#[test]
fn a_claim_that_a_killed_handler_left_behind_holds_for_its_time() -> Result<()> {
    let (emulator, handler, version) = long_published()?;
    set_fault(&emulator, "UpdateSecret", &json!({ "reset": "after" }))?;
    let url = handler.url("");
    let handler = thread::scope(|scope| {
        let delivery = scope.spawn(|| super::deliver_to(&url, &version));
        wait_for("the claim", LIMIT, || {
            Ok((emulator.count("UpdateSecret")? > 0).then_some(()))
        })?;
        handler.end(Signal::KILL)?;
        ensure!(
            delivery.join().ok().context("a panic")?.is_err(),
            "it has answered"
        );
        anew(&emulator)
    })?;
    expect(
        &deliver(&handler, &version)?,
        500,
        "another run is at it since",
    )?;
    assert_eq!(regenerated(&emulator)?, 0);
    let handler = later(&emulator, handler, LAPSED)?;
    expect(&deliver(&handler, &version)?, 200, "regenerated key2")?;
    assert_eq!(regenerated(&emulator)?, 1);
    Ok(())
}

#[test]
fn the_handler_answers_and_says_no_secret() -> Result<()> {
    let (emulator, handler, version) = just_published()?;
    handler.end(Signal::TERM)?.expect_code(0)?;
    emulator.advance("P2D")?;
    let mut secrets = Secrets::of(&emulator)?;
    let now = format!("--as-of={}", emulator.now()?);
    let mut command = Handler::command(&emulator, &rotating(&emulator)?, &[&now, "--verbose"])?;
    let handler = Handler::run(command.env("RUST_LOG", "trace"))?;
    let mut answers = vec![handler.timer("sync")?, deliver(&handler, &version)?];
    secrets.learn_keys(&emulator)?;
    answers.push(deliver(&handler, &version)?);
    set_fault(&emulator, "ListSecretVersions", &json!({ "status": 400 }))?;
    answers.push(handler.timer("rotate-timer")?);
    ensure!(
        answers.iter().any(|answer| answer.status == 500),
        "{answers:?}"
    );
    for answer in &answers {
        secrets.expect_none_in("an answer", answer.body.to_string().as_bytes())?;
    }
    let said = handler.end(Signal::TERM)?.expect_code(0)?;
    ensure!(
        said.stderr.contains("regenerateKey"),
        "it has logged nothing"
    );
    secrets.expect_none_in("stderr", said.stderr.as_bytes())?;
    secrets.expect_none_in("stdout", said.stdout.as_bytes())
}
