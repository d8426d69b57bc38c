//! `keyrotation sync`: tokens to clusters and files, and the whole picture of an account in the care
//! of its vault, whose tokens a pod uses day after day.

pub(crate) mod behind_ssh;
mod behind_vault;
mod by_kubeconfig;
mod days;
mod example;
mod faults;
mod in_pod;
mod places;
mod restarts;

use anyhow::{Context, Result};
use serde_json::Value;
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet::{self, VAULT};
use tests::process::Said;

/// The name of the SAS definition, of the enrolment `logs`.
const DEFINITION: &str = "blobrwu4hours";

pub(crate) fn source() -> String {
    format!("https://{VAULT}.vault.azure.net/storage/logs/sas/{DEFINITION}")
}

/// Makes the SAS definition: tokens for four hours.
pub(crate) fn define(emulator: &Emulator) -> Result<()> {
    define_for(emulator, "PT4H")
}

/// Makes the SAS definition, with tokens that are good for so long.
fn define_for(emulator: &Emulator, validity: &str) -> Result<()> {
    let definition = cli::Definition {
        vault: VAULT,
        enrolment: "logs",
        name: DEFINITION,
        template: "sv=2018-03-28&ss=b&srt=sco&sp=rwu&spr=https",
        validity,
    };
    cli::define(emulator, &definition, &[])
}

/// Runs `sync` as of the emulator's time.
fn sync(emulator: &Emulator, more: &[&str]) -> Result<Said> {
    let now = emulator.now()?;
    cli::keyrotation(emulator, &[&["sync", "--as-of", &now], more].concat())
}

/// Runs `sync` as of the emulator's time and returns its exit code and its only row.
fn row(emulator: &Emulator, more: &[&str]) -> Result<(Option<i32>, Value)> {
    let said = sync(emulator, &[&["--format", "json"], more].concat())?;
    let report: Value = serde_json::from_str(&said.stdout)
        .with_context(|| format!("no report: {}{}", said.stdout, said.stderr))?;
    let row = report.pointer("/targets/0").context("no row")?;
    Ok((said.code, row.clone()))
}

/// Puts a token into the cluster.
fn into_cluster(emulator: &Emulator, more: &[&str]) -> Result<(Option<i32>, Value)> {
    let (source, cluster) = (source(), fleet::cluster_id());
    let place = [
        "--from",
        &source,
        "--secret",
        "team/storage",
        "--cluster",
        &cluster,
    ];
    row(emulator, &[&place[..], more].concat())
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}
