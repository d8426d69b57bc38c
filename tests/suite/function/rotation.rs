//! Events and timers that rotate: what is due once, and nothing else however often it is asked for.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::handler::Handler;
use tests::process::wait_for;

use super::{deliver, expect, just_published, later, long_published, near_its_end, publish};
use super::{published, regenerated, rotating, secret_id};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn an_event_rotates_once_and_its_redeliveries_do_nothing() -> Result<()> {
    let (emulator, handler, first) = long_published()?;
    let answer = deliver(&handler, &first)?;
    expect(&answer, 200, "regenerated key2 and published it")?;
    let second = published(&answer)?;
    for _ in 0..2 {
        let answer = deliver(&handler, &first)?;
        expect(&answer, 200, "has taken the place of")?;
    }
    assert_eq!(regenerated(&emulator)?, 1);
    // The other key is as old as ever, so an event about the new version finds a turn due, once
    // clients have taken that up.
    expect(
        &deliver(&handler, &second)?,
        200,
        "clients may use key1 until",
    )?;
    let handler = later(&emulator, handler, "P2D")?;
    let answer = deliver(&handler, &second)?;
    expect(&answer, 200, "regenerated key1")?;
    let third = published(&answer)?;
    expect(&deliver(&handler, &third)?, 200, "nothing is due before")?;
    assert_eq!(regenerated(&emulator)?, 2, "a young key is left alone");
    let answer = handler.timer("rotate-timer")?;
    ensure!(
        answer.status == 200 && answer.logs().is_empty(),
        "{answer:?}"
    );
    let (code, report) = cli::check(&emulator, &[])?;
    ensure!(code == Some(0), "{report}");
    Ok(())
}

#[test]
fn clients_keep_the_key_that_they_may_still_use() -> Result<()> {
    let (emulator, handler, version) = just_published()?;
    let answer = deliver(&handler, &version)?;
    expect(&answer, 200, "clients may use key2 until")?;
    let answer = handler.timer("rotate-timer")?;
    expect(&answer, 200, "clients may use key2 until")?;
    assert_eq!(regenerated(&emulator)?, 0);
    Ok(())
}

#[test]
fn an_event_is_understood_in_every_wrapping() -> Result<()> {
    let (emulator, handler, version) = just_published()?;
    let event = near_its_end(&secret_id(&version));
    let text = json!(event.to_string());
    for (binding, data) in [
        ("eventGridEvent", event.clone()),
        ("x", json!([event])),
        ("e", text),
    ] {
        let answer = handler.invoke("rotate", binding, &data)?;
        expect(&answer, 200, "clients may use key2 until")?;
    }
    let posted = json!([event]).to_string();
    let answer = handler.send("POST", "/api/events", &posted)?;
    expect(&answer, 200, "clients may use key2 until")?;
    assert_eq!(regenerated(&emulator)?, 0);
    Ok(())
}

#[test]
fn events_about_what_is_not_ours_are_answered_and_change_nothing() -> Result<()> {
    let (emulator, handler, version) = long_published()?;
    let before = emulator.count("SetSecret")?;
    let check = |id: &str, said: &str| -> Result<()> {
        let answer = handler.invoke("rotate", "event", &near_its_end(id))?;
        expect(&answer, 200, said)
    };
    let ours = secret_id(&version);
    check(&secret_id("0123456789abcdef"), "has taken the place of")?;
    check(&ours.replace(ACCOUNT, "other"), "is not there any more")?;
    check(&ours.replace(VAULT, "kvother"), "names its vault")?;
    check("https://evil.example/secrets/st/0a", "no secret of ours")?;
    check(
        "https://kvsuite.vault.azure.net/keys/st/0a",
        "no version of a secret",
    )?;
    let created = json!({"eventType": "Microsoft.KeyVault.SecretNewVersionCreated", "data": {}});
    let answer = handler.invoke("rotate", "event", &created)?;
    expect(&answer, 200, "nothing is done about")?;
    let asked = emulator.journal()?;
    ensure!(
        !asked
            .iter()
            .any(|one| one.url.contains("kvother") || one.url.contains("evil")),
        "a vault that nobody declared was asked"
    );
    assert_eq!(
        (regenerated(&emulator)?, emulator.count("SetSecret")?),
        (0, before)
    );
    Ok(())
}

#[test]
fn an_account_that_the_settings_leave_out_or_waive_is_left_alone() -> Result<()> {
    for (rule, said) in [
        (
            "[check]\nexclude = [\"stsuite\"]\n",
            "the settings leave it out",
        ),
        (
            "[[waiver]]\naccounts = \"st*\"\nfindings = [\"key-overdue\"]\nowner = \"ops\"\n\
             reason = \"moves\"\nexpires = \"2999-01-01\"\n",
            "waived: ops",
        ),
    ] {
        let (emulator, handler, version) = long_published()?;
        let path = rotating(&emulator)?;
        let text = std::fs::read_to_string(&path)?;
        // Settings are read at each delivery.
        std::fs::write(&path, format!("{text}{rule}"))?;
        expect(&deliver(&handler, &version)?, 200, said)?;
        assert_eq!(regenerated(&emulator)?, 0, "{rule}");
    }
    Ok(())
}

#[test]
fn an_account_in_the_care_of_a_vault_is_never_rotated_directly() -> Result<()> {
    let (emulator, handler, version) = long_published()?;
    let account = fleet::account_id(ACCOUNT);
    let enrol = [
        "vault",
        "add",
        "--vault-name",
        VAULT,
        "-n",
        "logs",
        "--resource-id",
        &account,
    ];
    let terms = ["--active-key-name", "key1", "--grant-access", "--yes"];
    cli::keyrotation(&emulator, &[&enrol[..], &terms].concat())?.expect_code(0)?;
    let before = regenerated(&emulator)?;
    expect(&deliver(&handler, &version)?, 200, "is enrolled, as")?;
    let answer = handler.timer("rotate-timer")?;
    expect(&answer, 200, "is left to the vault")?;
    assert_eq!(regenerated(&emulator)?, before);
    Ok(())
}

#[test]
fn two_deliveries_at_once_are_one_rotation() -> Result<()> {
    let (emulator, handler, version) = long_published()?;
    let answers = thread::scope(|scope| {
        let deliveries = [(); 3].map(|()| scope.spawn(|| deliver(&handler, &version)));
        deliveries.map(|delivery| delivery.join().ok())
    });
    let mut logs = String::new();
    for answer in answers {
        let answer = answer.context("a delivery panicked")??;
        ensure!(answer.status == 200, "{answer:?}");
        logs.push_str(&answer.logs());
    }
    assert_eq!(logs.matches("regenerated key2").count(), 1, "{logs}");
    assert_eq!(logs.matches("has taken the place").count(), 2, "{logs}");
    assert_eq!(regenerated(&emulator)?, 1);
    Ok(())
}

#[test]
fn event_grid_validates_the_handler_and_its_event_rotates() -> Result<()> {
    let accounts = [fleet::account(ACCOUNT, Some("2026-10-10T00:00:00Z"))];
    let emulator = Emulator::start(&fleet::of(&accounts, Some("2027-01-01T00:00:00Z")))?;
    let path = rotating(&emulator)?;
    let handler = Handler::start(&emulator, &path, &["--as-of=2027-01-01T00:00:00Z"])?;
    publish(&handler)?;
    handler.end(Signal::TERM)?.expect_code(0)?;
    let handler = Handler::start(&emulator, &path, &["--as-of=2027-02-17T00:00:00Z"])?;
    emulator.subscribe(&handler.url("/api/events"))?;
    wait_for("the handshake", LIMIT, || {
        let state = emulator.subscribers()?;
        let state = state.pointer("/subscribers/0/state").cloned();
        Ok((state == Some(Value::from("validated"))).then_some(()))
    })?;
    assert_eq!(regenerated(&emulator)?, 0);
    emulator.advance("P47D")?;
    // The second delivery of the journal is the event: the first asked whether it is wanted.
    wait_for("the event", LIMIT, || {
        let taken = emulator.journal()?.into_iter();
        let taken = taken.filter(|one| one.operation == "EventGrid_Publish" && one.status == 200);
        Ok((taken.count() >= 2).then_some(()))
    })?;
    handler.wait_to_say("regenerated key2 and published it")?;
    assert_eq!(
        (regenerated(&emulator)?, emulator.count("SetSecret")?),
        (1, 2)
    );
    Ok(())
}

#[test]
fn the_managed_identity_of_an_app_is_enough() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let mut command = Handler::command(&emulator, &rotating(&emulator)?, &[])?;
    for name in ["TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"] {
        command.env_remove(format!("ARM_{name}"));
        command.env_remove(format!("AZURE_{name}"));
    }
    let handler = Handler::run(command.env("ARM_USE_MSI", "true"))?;
    publish(&handler)?;
    let journal = emulator.journal()?;
    let by = |operation: &str| {
        journal
            .iter()
            .filter(|one| one.operation == operation)
            .count()
    };
    ensure!(
        by("ManagedIdentityToken") > 0,
        "nobody asked the identity endpoint"
    );
    ensure!(
        !journal
            .iter()
            .any(|one| one.url.contains("login.microsoftonline")),
        "another way to sign in was taken"
    );
    Ok(())
}
