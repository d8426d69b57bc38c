//! What never needs a key does not have one, not even in its memory; and no crash leaves memory on the disk.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tests::emulator::Emulator;
use tests::fleet;
use tests::process::{Running, wait_for};
use tests::terraform::Terraform;
use tests::{cli, memory, place};

use super::{MARKS, keys_in};
use crate::configuration::Configuration;

const LIMIT: Duration = Duration::from_secs(60);

/// Longer than the test waits: the run is ended by the test.
const HELD_MS: u32 = 170_000;

/// The marks of keys, plain (as bytes) and in Base64, and those of tokens for Azure.
const OF_KEYS: [&str; 2] = [MARKS[0], MARKS[1]];
const OF_TOKENS: [&str; 2] = [MARKS[2], MARKS[3]];

/// Looks into the memory of a run that waits for Azure's last answer. That it holds the token of the run
/// shows that the look finds what is there.
fn expect_no_key(emulator: &Emulator, run: &Running, program: &Path) -> Result<()> {
    let bytes = memory::of_group(run.id(), program)?;
    let text = String::from_utf8_lossy(&bytes);
    ensure!(
        OF_TOKENS.iter().any(|mark| text.contains(mark)),
        "the token of the run is not in its memory of {} bytes",
        bytes.len()
    );
    let mut keys = keys_in(&emulator.accounts()?);
    ensure!(!keys.is_empty(), "the emulator tells no keys");
    keys.extend(OF_KEYS.map(str::to_owned));
    for (number, key) in keys.iter().enumerate() {
        ensure!(!text.contains(key), "key or mark {number} is in the memory");
    }
    Ok(())
}

fn hold(emulator: &Emulator, operation: &str) -> Result<()> {
    emulator.set_fault(&json!({
        "operation": operation,
        "fault": { "delay_ms": HELD_MS, "when": "before" },
    }))
}

#[test]
fn the_provider_enrols_and_defines_without_having_a_key() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "one", &Configuration::default().text())?;
    hold(&emulator, "SetSasDefinition")?;
    let apply = terraform.start(&["apply", "-input=false", "-auto-approve", "-no-color"])?;
    wait_for("the definition to be sent", LIMIT, || {
        let mut seen = emulator.journal()?.into_iter();
        Ok(seen
            .any(|seen| seen.operation == "GetSasDefinition")
            .then_some(()))
    })?;
    assert_eq!(
        emulator.count("SetStorageAccount")?,
        1,
        "nothing was enrolled"
    );
    expect_no_key(&emulator, &apply, &place::provider()?)
}

#[test]
fn a_check_has_no_key() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    cli::check(&emulator, &[])?;
    let whole = emulator.journal()?;
    let last = whole.last().context("check asked for nothing")?;
    hold(&emulator, &last.operation)?;
    let mut command = emulator.command(&place::keyrotation()?);
    let check = Running::start(command.arg("check"))?;
    wait_for("all answers but one kind", LIMIT, || {
        let others = |seen: &&tests::emulator::Request| seen.operation != last.operation;
        let expected = whole.iter().filter(others).count() * 2;
        let seen = emulator.journal()?.iter().filter(others).count();
        Ok((seen >= expected).then_some(()))
    })?;
    expect_no_key(&emulator, &check, &place::keyrotation()?)
}

#[test]
fn the_look_finds_the_key_of_a_rotation() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    hold(&emulator, "SetSecret")?;
    let mut command = emulator.command(&place::keyrotation()?);
    let place = [
        "--vault-uri=https://kvsuite.vault.azure.net",
        "--secret-name=st-{account}",
    ];
    command
        .args(["rotate", "apply", "--no-verify", "--auto-approve"])
        .args(place);
    let rotate = Running::start(&mut command)?;
    wait_for("a key to be found", LIMIT, || {
        let looked = expect_no_key(&emulator, &rotate, &place::keyrotation()?);
        let found = looked.is_err_and(|error| error.to_string().ends_with("is in the memory"));
        Ok(found.then_some(()))
    })
}

/// Crashes a program that may leave a core file, and looks whether it has.
fn check_leaves_no_core(program: &Path, prepare: impl FnOnce(&mut Command)) -> Result<()> {
    let mut command = Command::new("sh");
    // A shell that may not raise the limit says so.
    command.args([
        "-c",
        "ulimit -S -c \"$(ulimit -H -c)\" && exec \"$0\" \"$@\"",
    ]);
    command.arg(program);
    prepare(&mut command);
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = child.spawn()?;
    let limits = format!("/proc/{}/limits", child.id());
    let crashed = wait_for("a program without core files", LIMIT, || {
        let limits = std::fs::read_to_string(&limits).unwrap_or_default();
        let line = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        let soft = line.and_then(|line| line.split_whitespace().nth(4));
        Ok((soft == Some("0")).then_some(()))
    });
    kill_process(Pid::from_child(&child), Signal::ABORT)?;
    let status = child.wait()?;
    crashed?;
    assert_eq!(status.signal(), Some(6), "{status}");
    ensure!(
        !status.core_dumped(),
        "{} left a core file",
        program.display()
    );
    Ok(())
}

#[test]
fn a_crash_leaves_no_core_file() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    hold(&emulator, "Subscriptions_List")?;
    check_leaves_no_core(&place::keyrotation()?, |command| {
        command.arg("check").env_clear().envs(emulator.variables());
    })?;
    let scratch = emulator.scratch();
    let plugin = tests::caller::command(scratch)?;
    check_leaves_no_core(&place::provider()?, |command| {
        let variables = plugin.get_envs();
        let variables = variables.filter_map(|(name, value)| Some((name, value?)));
        command
            .env_clear()
            .envs(variables)
            .current_dir(scratch.path());
    })
}
