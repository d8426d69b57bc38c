//! The reports of `keyrotation check` as files, and `keyrotation explain`, as a user sees them.

use std::fs;

use anyhow::{Result, ensure};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet;

const NOW: &str = "2026-06-01T00:00:00Z";
const OLD: Option<&str> = Some("2025-11-01T00:00:00Z");
const DRIFT: i32 = 2;
const FAILED: i32 = 1;

fn one_old_account() -> Result<Emulator> {
    Emulator::start(&fleet::of(&[fleet::account("stsuite", OLD)], Some(NOW)))
}

#[test]
fn one_run_writes_many_forms_each_to_its_place() -> Result<()> {
    let emulator = one_old_account()?;
    let folder = emulator.scratch().folder("reports")?;
    let forms = ["json", "html", "sarif", "junit", "csv", "prometheus"];
    let outputs = forms.map(|form| format!("{form}={}", folder.join(form).display()));
    let mut words = vec!["check", "--as-of", NOW, "--output", "markdown"];
    for output in &outputs {
        words.extend(["--output", output.as_str()]);
    }
    let said = cli::keyrotation(&emulator, &words)?.expect_code(DRIFT)?;
    ensure!(
        said.stdout.starts_with("## "),
        "no summary: {}",
        said.stdout
    );
    let mut written = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        ensure!(text.contains("stsuite"), "{}: {text}", path.display());
        written.push(path);
    }
    ensure!(written.len() == forms.len(), "not these alone: {written:?}");
    Ok(())
}

#[test]
fn a_place_that_cannot_be_written_to_ends_the_command_before_it_looks() -> Result<()> {
    let emulator = one_old_account()?;
    let output = format!(
        "json={}",
        emulator.scratch().path().join("no/such").display()
    );
    let said = cli::keyrotation(&emulator, &["check", "--output", &output])?.expect_code(FAILED)?;
    ensure!(said.stdout.is_empty(), "a report: {}", said.stdout);
    ensure!(said.stderr.contains("cannot write `"), "{}", said.stderr);
    ensure!(emulator.journal()?.is_empty(), "it has looked all the same");
    Ok(())
}

#[test]
fn a_finding_is_explained_and_an_unknown_one_leads_to_the_nearest() -> Result<()> {
    let emulator = one_old_account()?;
    let said = cli::keyrotation(&emulator, &["explain", "key-overdue"])?.expect_code(0)?;
    ensure!(said.stdout.starts_with("key-overdue (severity high)"));
    let said = cli::keyrotation(&emulator, &["explain"])?.expect_code(0)?;
    ensure!(
        said.stdout.contains("\nrotation-stalled "),
        "{}",
        said.stdout
    );
    let said = cli::keyrotation(&emulator, &["explain", "key-overdeu"])?.expect_code(FAILED)?;
    ensure!(said.stderr.contains("'key-overdue'"), "{}", said.stderr);
    Ok(())
}
