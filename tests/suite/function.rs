//! `keyrotation function` in the place of the custom handler, asked in the shape of the host.

mod broken;
mod consumers;
mod door;
mod example;
mod rotation;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::handler::{Answer, Handler};

/// Settings by which the keys of the fleet are published in its vault.
fn rotating(emulator: &Emulator) -> Result<PathBuf> {
    let text = format!(
        "[rotate]\nvault_uri = \"https://{VAULT}.vault.azure.net\"\nsecret_name = \"st-{{account}}\"\n"
    );
    settings(emulator, &text)
}

fn settings(emulator: &Emulator, text: &str) -> Result<PathBuf> {
    let path = emulator.scratch().path().join("keyrotation.toml");
    fs::write(&path, text)?;
    Ok(path)
}

/// The identifier of the secret that the key is published as, with a version.
fn secret_id(version: &str) -> String {
    format!("https://{VAULT}.vault.azure.net/secrets/st-{ACCOUNT}/{version}")
}

/// Finds the version that a line of the log says was published.
fn published(answer: &Answer) -> Result<String> {
    let (logs, before) = (answer.logs(), secret_id(""));
    let (_, rest) = logs
        .split_once(&before)
        .with_context(|| format!("nothing was published: {logs}"))?;
    let version = rest.split('`').next().unwrap_or_default();
    Ok(version.to_owned())
}

/// The event that a version of a secret comes near its end, in Event Grid's schema.
fn near_its_end(id: &str) -> Value {
    json!({
        "id": "1", "topic": "", "subject": "", "dataVersion": "1", "metadataVersion": "1",
        "eventTime": "2026-11-24T00:00:00Z",
        "eventType": "Microsoft.KeyVault.SecretNearExpiry",
        "data": { "Id": id, "ObjectType": "Secret", "VaultName": VAULT },
    })
}

/// Delivers the event that a version comes near its end, as the host does.
fn deliver(handler: &Handler, version: &str) -> Result<Answer> {
    handler.invoke("rotate", "event", &near_its_end(&secret_id(version)))
}

/// Publishes the key in use, as it is, by the timer.
fn publish(handler: &Handler) -> Result<String> {
    let answer = handler.timer("rotate-timer")?;
    ensure!(answer.status == 200, "{answer:?}");
    published(&answer)
}

/// Starts an emulator with one old account, and a handler that has just published its key.
fn just_published() -> Result<(Emulator, Handler, String)> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let handler = Handler::start(&emulator, &rotating(&emulator)?, &[])?;
    let version = publish(&handler)?;
    ensure!(regenerated(&emulator)? == 0, "it is only published");
    Ok((emulator, handler, version))
}

/// Does so, and lets the time pass in which clients take the key up.
fn long_published() -> Result<(Emulator, Handler, String)> {
    let (emulator, handler, version) = just_published()?;
    let handler = later(&emulator, handler, "P2D")?;
    Ok((emulator, handler, version))
}

/// Ends the handler, lets time pass, and starts another one.
fn later(emulator: &Emulator, handler: Handler, duration: &str) -> Result<Handler> {
    handler.end(Signal::TERM)?.expect_code(0)?;
    emulator.advance(duration)?;
    anew(emulator)
}

/// Starts a handler that lives in the emulator's time.
fn anew(emulator: &Emulator) -> Result<Handler> {
    let now = format!("--as-of={}", emulator.now()?);
    Handler::start(emulator, &rotating(emulator)?, &[&now])
}

fn regenerated(emulator: &Emulator) -> Result<usize> {
    emulator.count("StorageAccounts_RegenerateKey")
}

/// Fails if an answer is another one than expected.
fn expect(answer: &Answer, status: u16, said: &str) -> Result<()> {
    let found = answer.status == status && answer.logs().contains(said);
    ensure!(found, "expected {status} and `{said}`: {answer:?}");
    Ok(())
}

/// Delivers that event to a handler that may be killed meanwhile.
fn deliver_to(url: &str, version: &str) -> Result<Answer> {
    let event = near_its_end(&secret_id(version));
    Handler::invoke_at(url, "rotate", "event", &event)
}
