//! `keyrotation sync` of 1,000 places: half of them files, half of them secrets of a cluster, each with
//! the published key of an account of its own. The first run puts all in place, the second one only
//! looks.
//!
//! # The least requests
//! The first time, for each place: the secret's value, and for a cluster the entry and its change; the
//! second time the secret's value or version, and for a cluster the entry. The way to the cluster,
//! sign-in and challenges come on top, a few for all.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::fleet::{self, Fleet};
use super::measure::{self, Ended};
use super::rotate;
use super::section::{Section, Table, megabytes, milliseconds, seconds};
use crate::emulator::Emulator;
use crate::process::Supervisor;
use crate::screen;
use crate::workspace::Programs;

const FLEET: Fleet = Fleet {
    subscriptions: 10,
    accounts: 100,
};
const LIMIT: Duration = Duration::from_secs(300);

/// Publishes the keys of a fleet, then puts them in place, then looks at them.
pub(super) fn measure(supervisor: &Supervisor, programs: &Programs) -> Result<Section> {
    let file = FLEET.write("sync")?;
    let options = [
        OsStr::new("--fleet"),
        file.as_os_str(),
        OsStr::new("--latency=0ms"),
    ];
    let emulator = Emulator::start(supervisor, &programs.keyrotation, &options)?;
    let settings = emulator.folder().join("keyrotation.toml");
    // With the places in it, a rotation would put the keys there itself.
    fs::write(&settings, rotate::places())?;
    screen::say("  publishing 1,000 keys");
    let publish = [
        "rotate",
        "apply",
        "--no-verify",
        "--auto-approve",
        "--journal=journal",
    ];
    run(supervisor, programs, &emulator, &publish)?;
    fs::write(&settings, targets(&emulator.folder().display().to_string()))?;
    let heads = [
        "places", "run", "latency", "requests", "least", "wall", "peak",
    ];
    let (mut table, mut figures) = (Table::new(&heads, 0), Vec::new());
    let mut before = emulator.journal()?.len();
    for (name, least) in [("all are new", 2000), ("none is new", 1500)] {
        screen::say(&format!("  {name}"));
        let ended = run(supervisor, programs, &emulator, &["sync"])?;
        let requests = emulator.journal()?.len() - before;
        before += requests;
        ensure!(
            requests >= least,
            "1,000 places took {requests} requests, of which the least are {least}"
        );
        table.row(&[
            "1000".to_owned(),
            name.to_owned(),
            "0 ms".to_owned(),
            requests.to_string(),
            least.to_string(),
            seconds(ended.wall),
            megabytes(ended.peak),
        ]);
        figures.push(json!({
            "places": 1000,
            "run": name,
            "latency_ms": 0,
            "requests": requests,
            "least": least,
            "wall_ms": milliseconds(ended.wall),
            "peak_bytes": ended.peak,
        }));
    }
    Ok(Section {
        name: "sync",
        text: table.text(),
        figures: Value::Array(figures),
    })
}

fn run(
    supervisor: &Supervisor,
    programs: &Programs,
    emulator: &Emulator,
    arguments: &[&str],
) -> Result<Ended> {
    let path = emulator.folder().join("sync.log");
    let log = fs::File::create(&path).context("cannot create the log of a run")?;
    let mut command = emulator.command(&programs.keyrotation);
    command
        .current_dir(emulator.folder())
        .args(arguments)
        .arg("--config=keyrotation.toml")
        .stdout(log.try_clone()?)
        .stderr(log);
    let ended = measure::run(supervisor, &mut command, LIMIT)?;
    let said = fs::read_to_string(&path).unwrap_or_default();
    ensure!(
        ended.code == 0,
        "`{}` ended with {}: {said}",
        arguments.join(" "),
        ended.code
    );
    Ok(ended)
}

/// Declares a file for every other account, and an entry of a secret for the rest.
fn targets(folder: &str) -> String {
    let mut text = String::new();
    for at in 0..FLEET.subscriptions {
        for number in 0..FLEET.accounts {
            let account = fleet::account(at, number);
            let from = format!("{}/secrets/{account}", fleet::vault_uri(at));
            let to = if number % 2 == 0 {
                format!("file = \"{folder}/{account}.token\"")
            } else {
                format!(
                    "secret = \"bench/{account}\"\ncluster = \"{}\"",
                    fleet::cluster_id()
                )
            };
            // Writing to a text never fails.
            let _ = write!(text, "[[sync]]\nfrom = \"{from}\"\n{to}\n");
        }
    }
    text
}
