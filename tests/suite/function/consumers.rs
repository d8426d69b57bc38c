//! Consumers of a published key that the settings declare: they have the present one before another
//! is renewed, and the new one right after.

use std::fs;

use anyhow::{Context, Result};
use serde_json::json;
use tests::emulator::Emulator;

use super::{deliver, expect, long_published, regenerated, rotating, secret_id};

/// Declares a file as a consumer of the published key.
fn consumer(emulator: &Emulator, file: &str) -> Result<()> {
    let path = rotating(emulator)?;
    let from = secret_id("");
    let more = format!("\n[[sync]]\nfrom = \"{from}\"\nfile = \"{file}\"\n");
    let text = fs::read_to_string(&path)? + &more;
    fs::write(&path, text).context("cannot write the settings")
}

#[test]
fn no_key_is_renewed_before_its_consumers_have_the_present_one() -> Result<()> {
    let (emulator, handler, version) = long_published()?;
    let folder = emulator.scratch().path().join("consumer");
    let file = folder.join("key").display().to_string();
    consumer(&emulator, &file)?;
    for answer in [deliver(&handler, &version)?, handler.timer("rotate-timer")?] {
        expect(&answer, 500, "cannot bring the published secret to")?;
    }
    assert_eq!(regenerated(&emulator)?, 0, "the consumer lives on that key");

    fs::create_dir(&folder)?;
    let answer = deliver(&handler, &version)?;
    expect(&answer, 200, "regenerated key2 and published it")?;
    let accounts = emulator.accounts()?;
    let key2 = accounts.pointer("/accounts/0/key2");
    assert_eq!(key2, Some(&json!(fs::read_to_string(file)?)));
    Ok(())
}
