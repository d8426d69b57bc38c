//! Decisions by themselves: how long each takes, and how many instructions, which are the same on every
//! machine of a kind and tell of a regression where a wall does not.
//!
//! Each is run often and hardly ever; the difference is that of the decisions alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::measure;
use super::section::{Section, Table};
use crate::process::Supervisor;
use crate::tools;
use crate::workspace::{self, Programs};

/// The decisions, how often each is timed, and how often its instructions are counted.
const DECISIONS: [(&str, u32, u32); 4] = [
    ("judge an account", 1_000_000, 1000),
    ("judge 1,000 accounts in the small form", 300, 5),
    ("decide on a direct step", 10_000_000, 1000),
    ("read a duration", 5_000_000, 1000),
];

/// Builds the decisions and measures each.
pub(super) fn measure(supervisor: &Supervisor, _: &Programs) -> Result<Section> {
    let program = built(supervisor)?;
    let valgrind = tools::valgrind(supervisor)?;
    let mut table = Table::new(&["decision", "time", "instructions"], 1);
    let mut figures = Vec::new();
    for (name, timed, counted) in DECISIONS {
        let nanoseconds = time(supervisor, &program, name, timed)?;
        let count = |times| count(supervisor, &valgrind, &program, name, times);
        let instructions = (count(counted + 1)? - count(1)?) / u64::from(counted);
        table.row(&[
            name,
            &format!("{nanoseconds:.0} ns"),
            &instructions.to_string(),
        ]);
        figures.push(json!({
            "name": name, "nanoseconds": nanoseconds, "instructions": instructions,
        }));
    }
    Ok(Section {
        name: "micro",
        text: table.text(),
        figures: Value::Array(figures),
    })
}

fn built(supervisor: &Supervisor) -> Result<PathBuf> {
    let mut build = Command::new("cargo");
    build.args([
        "build",
        "--locked",
        "--release",
        "--quiet",
        "--package=keyrotation-engine",
    ]);
    build.args(["--bench=decisions", "--message-format=json"]);
    let told = supervisor.capture_text(&mut build)?;
    let messages = told
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_bench =
        messages.filter(|message| message.pointer("/target/name") == Some(&json!("decisions")));
    let mut programs = of_bench.filter_map(|message| {
        message
            .get("executable")
            .and_then(Value::as_str)
            .map(PathBuf::from)
    });
    programs
        .next_back()
        .context("cargo names no program of the decisions")
}

/// Gives the nanoseconds of one decision.
fn time(supervisor: &Supervisor, program: &Path, name: &str, times: u32) -> Result<f64> {
    let once = timed(supervisor, program, name, 0)?;
    let often = timed(supervisor, program, name, times)?;
    Ok((often - once).max(0.0) / f64::from(times) * 1e9)
}

fn timed(supervisor: &Supervisor, program: &Path, name: &str, times: u32) -> Result<f64> {
    let begin = measure::now();
    run(supervisor, &mut Command::new(program), name, times)?;
    Ok(begin.elapsed().as_secs_f64())
}

fn run(supervisor: &Supervisor, command: &mut Command, name: &str, times: u32) -> Result<()> {
    let ended = supervisor.capture(command, &format!("{name} {times}\n"))?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(
        ended.status.success(),
        "`{name}` ended with {}: {said}",
        ended.status
    );
    Ok(())
}

/// Gives the instructions of a run.
fn count(
    supervisor: &Supervisor,
    valgrind: &Path,
    program: &Path,
    name: &str,
    times: u32,
) -> Result<u64> {
    let out = workspace::target()?.join("bench").join("callgrind");
    let parent = out.parent().context("no folder")?;
    fs::create_dir_all(parent).context("cannot create the folder for the figures")?;
    let mut command = Command::new(valgrind.join("usr/bin/valgrind"));
    command
        .env("VALGRIND_LIB", valgrind.join("usr/libexec/valgrind"))
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program);
    run(supervisor, &mut command, name, times)?;
    let text = fs::read_to_string(&out).context("callgrind has written nothing")?;
    let summary = text.lines().find_map(|line| line.strip_prefix("summary: "));
    let summary = summary.context("callgrind has counted nothing")?;
    summary
        .trim()
        .parse()
        .context("callgrind has counted something else")
}
