//! `cargo xtask fuzz`: feeds each target of `tests/fuzz` its corpus, then searches on for some seconds.
//!
//! Coverage comes from the stable compiler (`tests/fuzz/rustc.sh`), so no other toolchain is needed. What
//! a search finds is kept under `target/fuzz`; what breaks a promise is named in the error.

use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::process::Supervisor;
use crate::{screen, workspace};

/// How long each target is searched if nothing else is said.
const SECONDS: u32 = 30;

/// The longest input, in bytes: as the corpus keeps them.
const LONGEST: u32 = 3000;

/// Builds the fuzzers and runs one of them, or all.
pub fn run(supervisor: &Supervisor, words: &[&str]) -> Result<()> {
    let (target, seconds) = match words {
        [] => (None, SECONDS),
        ["--seconds", seconds] => (None, read(seconds)?),
        [target] => (Some(*target), SECONDS),
        [target, "--seconds", seconds] => (Some(*target), read(seconds)?),
        _ => bail!("usage: cargo xtask fuzz [TARGET] [--seconds N]"),
    };
    let known = targets()?;
    if let Some(target) = target {
        let is_known = known.iter().any(|name| name == target);
        ensure!(is_known, "no target `{target}`: {}", known.join(", "));
    }
    build(supervisor)?;
    let wanted = known
        .iter()
        .filter(|name| target.is_none_or(|target| target == *name));
    for name in wanted {
        search(supervisor, name, seconds)?;
    }
    Ok(())
}

fn read(seconds: &str) -> Result<u32> {
    let read = seconds.parse();
    read.with_context(|| format!("`{seconds}` is no number of seconds"))
}

/// A target is a folder of the corpus.
fn targets() -> Result<Vec<String>> {
    let folder = workspace::root().join("tests/fuzz/corpus");
    let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect::<Result<_>>()?;
    names.sort();
    Ok(names)
}

fn build(supervisor: &Supervisor) -> Result<()> {
    let folder = workspace::root().join("tests/fuzz");
    let mut build = workspace::cargo();
    build
        .args(["build", "--locked"])
        .env("RUSTC_WRAPPER", folder.join("rustc.sh"))
        .env("CARGO_TARGET_DIR", workspace::target()?)
        .current_dir(&folder);
    supervisor.run(&mut build)
}

fn search(supervisor: &Supervisor, name: &str, seconds: u32) -> Result<()> {
    let target = workspace::target()?;
    let found = target.join("fuzz").join(name);
    fs::create_dir_all(&found).context("cannot create a folder for what is found")?;
    let mut fuzzer = workspace::isolated(&target.join("debug").join(name), &target);
    // The system's temporary folder holds the files of commands.
    fuzzer.env_remove("TMPDIR").env("RUST_BACKTRACE", "0");
    let time = if seconds == 0 {
        "-runs=0".to_owned()
    } else {
        format!("-max_total_time={seconds}")
    };
    fuzzer
        .arg(time)
        .args([format!("-max_len={LONGEST}"), "-timeout=60".to_owned()]);
    fuzzer.arg(format!(
        "-artifact_prefix={}/fuzz/broken-{name}-",
        target.display()
    ));
    fuzzer
        .arg(&found)
        .arg(workspace::root().join("tests/fuzz/corpus").join(name));
    let output = supervisor.capture(&mut fuzzer, "")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("the target `{name}` breaks a promise:\n{said}");
    }
    let end = said
        .lines()
        .rev()
        .find(|line| line.contains("cov:"))
        .unwrap_or_default();
    screen::say(&format!("{name}: {}", end.trim()));
    Ok(())
}
