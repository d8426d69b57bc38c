//! `cargo xtask fuzz`: feeds each target of `tests/fuzz` its corpus, then searches on from there.
//!
//! Coverage comes from the stable compiler (`tests/fuzz/rustc.sh`), so no other toolchain is needed. What
//! a search finds is kept under `target/fuzz`; what breaks a promise is named in the error.

mod lock;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::process::Supervisor;
use crate::{screen, workspace};

/// How long each target is searched if nothing else is said.
const SECONDS: u32 = 30;

/// The longest input, in bytes: as the corpus keeps them.
const LONGEST: u32 = 3000;

/// How far a search goes.
#[derive(Clone, Copy)]
enum Reach {
    /// For so many seconds, on from what earlier searches have found, on a way of chance.
    Seconds(u32),
    /// For so many inputs, from the corpus alone, on the same way each time.
    Runs(u32),
}

/// Builds the fuzzers and runs one of them, or all.
pub fn run(supervisor: &Supervisor, words: &[&str]) -> Result<()> {
    let (target, options) = match words {
        [target, options @ ..] if !target.starts_with("--") => (Some(*target), options),
        options => (None, options),
    };
    let reach = match options {
        [] => Reach::Seconds(SECONDS),
        ["--seconds", seconds] => Reach::Seconds(number(seconds)?),
        ["--runs", runs] => Reach::Runs(number(runs)?),
        _ => bail!("usage: cargo xtask fuzz [TARGET] [--seconds N | --runs N]"),
    };
    let known = targets()?;
    if let Some(target) = target {
        let is_known = known.iter().any(|name| name == target);
        ensure!(is_known, "no target `{target}`: {}", known.join(", "));
    }
    build(supervisor)?;
    let is_wanted = |name: &&String| target.is_none_or(|target| target == *name);
    for name in known.iter().filter(is_wanted) {
        search(supervisor, name, reach)?;
    }
    Ok(())
}

fn number(word: &str) -> Result<u32> {
    let number = word.parse();
    number.with_context(|| format!("`{word}` is no number"))
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
    supervisor
        .capture(Command::new("c++").arg("--version"), "")
        .context("libFuzzer is built by a C++ compiler: on Debian, `apt-get install g++`")?;
    let folder = workspace::root().join("tests/fuzz");
    let target = workspace::target()?;
    lock::write(&folder)?;
    supervisor.run(cargo(&folder, &target).args(["fetch", "--target=host-tuple"]))?;
    lock::check(&folder)?;
    supervisor.run(cargo(&folder, &target).args(["build", "--locked"]))
}

fn cargo(folder: &Path, target: &Path) -> Command {
    let mut cargo = workspace::cargo();
    cargo
        .env("RUSTC_WRAPPER", folder.join("rustc.sh"))
        .env("CARGO_TARGET_DIR", target)
        .current_dir(folder);
    cargo
}

fn search(supervisor: &Supervisor, name: &str, reach: Reach) -> Result<()> {
    let target = workspace::target()?;
    let kept = target.join("fuzz");
    let found = match reach {
        Reach::Seconds(_) => kept.join(name),
        Reach::Runs(_) => empty(&kept.join("runs").join(name))?,
    };
    fs::create_dir_all(&found).context("cannot create a folder for what is found")?;
    let mut fuzzer = workspace::isolated(&target.join("debug").join(name), &target);
    // The system's temporary folder holds the files of commands.
    fuzzer.env_remove("TMPDIR").env("RUST_BACKTRACE", "0");
    match reach {
        Reach::Seconds(seconds) => fuzzer.arg(format!("-max_total_time={seconds}")),
        Reach::Runs(runs) => fuzzer.arg("-seed=1").arg(format!("-runs={runs}")),
    };
    fuzzer
        .args([format!("-max_len={LONGEST}"), "-timeout=60".to_owned()])
        .arg(format!(
            "-artifact_prefix={}/broken-{name}-",
            kept.display()
        ))
        .arg(&found)
        .arg(workspace::root().join("tests/fuzz/corpus").join(name));
    let output = supervisor.capture(&mut fuzzer, "")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "the target `{name}` breaks a promise:\n{said}"
    );
    let end = said.lines().rev().find(|line| line.contains("cov:"));
    screen::say(&format!("{name}: {}", end.unwrap_or_default().trim()));
    Ok(())
}

/// Leaves nothing of earlier runs in a folder.
fn empty(folder: &Path) -> Result<std::path::PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    Ok(folder.to_path_buf())
}
