//! Every request of a delivery, struck by every fault and cut off by a kill: the next run finishes,
//! no token is called good that is not, and what failed is said with the object.
//!
//! The requests are those that the journal of a clean run shows, so that none is forgotten.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet;
use tests::process::{Running, wait_for};

use super::places::emulator;
use super::{into_cluster, source, text};

const RESTART: [&str; 2] = ["--restart", "deployment/web"];

/// The requests of a clean run, as operations and how often each was sent. Signing in is left out.
fn requests() -> Result<Vec<(String, usize)>> {
    let emulator = emulator()?;
    let before = emulator.journal()?.len();
    let (code, row) = into_cluster(&emulator, &RESTART)?;
    ensure!(code == Some(0), "{row}");
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for request in emulator.journal()?.into_iter().skip(before) {
        if request.url.contains("login.microsoftonline.com") {
            continue;
        }
        *counts.entry(request.operation).or_default() += 1;
    }
    Ok(counts.into_iter().collect())
}

/// Expects that one more run, without a fault, leaves a good token and restarted pods.
fn expect_finished(emulator: &Emulator, what: &str) -> Result<()> {
    let (code, row) = into_cluster(emulator, &RESTART)?;
    ensure!(code == Some(0), "{what}: {row}");
    let (code, row) = into_cluster(emulator, &["--check"])?;
    ensure!(
        code == Some(0) && text(&row, "outcome") == "kept",
        "{what}: {row}"
    );
    let never = emulator.count("deleteCoreV1NamespacedSecret")?;
    ensure!(never == 0, "{what}: the secret was deleted");
    // Pods that were restarted for this token are not restarted again.
    let (code, row) = into_cluster(emulator, &RESTART)?;
    ensure!(
        code == Some(0) && row.pointer("/restarted/0").is_none(),
        "{what}: {row}"
    );
    Ok(())
}

#[test]
fn every_fault_of_every_request_is_finished_by_the_next_run() -> Result<()> {
    let faults = [
        json!({"reset": "after"}),
        json!({"truncate": 10}),
        json!({"status": 403, "code": "Forbidden"}),
    ];
    let all = requests()?;
    let mut cells = 0;
    for (operation, count) in &all {
        for fault in &faults {
            for nth in 1..=*count {
                strike(operation, nth, fault)?;
                cells += 1;
            }
        }
    }
    ensure!(all.len() >= 7 && cells >= 21, "{cells} cells of {all:?}");
    Ok(())
}

fn strike(operation: &str, nth: usize, fault: &Value) -> Result<()> {
    let what = format!("{operation} {nth} {fault}");
    let emulator = emulator()?;
    emulator.set_fault(&json!({"operation": operation, "nth": nth, "fault": fault}))?;
    let (code, row) = into_cluster(&emulator, &RESTART)?;
    if code != Some(0) {
        let said = text(&row, "reason");
        let named = ["storage", "web", "logs", fleet::ACCOUNT, fleet::CLUSTER];
        ensure!(
            named.iter().any(|name| said.contains(name)),
            "{what}: no object in {said}"
        );
    }
    expect_finished(&emulator, &what)
}

#[test]
fn a_run_that_is_killed_at_any_request_is_finished_by_the_next() -> Result<()> {
    for (operation, _) in requests()? {
        for when in ["before", "after"] {
            let emulator = emulator()?;
            let delay = json!({"delay_ms": 4000, "when": when});
            emulator.set_fault(&json!({"operation": operation, "fault": delay}))?;
            kill_at(&emulator).with_context(|| format!("{operation} {when}"))?;
            expect_finished(&emulator, &format!("killed at {operation} {when}"))?;
        }
    }
    Ok(())
}

/// Kills a run once it waits for the answer that the fault holds back.
fn kill_at(emulator: &Emulator) -> Result<()> {
    let (source, cluster) = (source(), fleet::cluster_id());
    let mut command = emulator.command(&tests::place::keyrotation()?);
    command.args(["sync", "--from", &source, "--secret", "team/storage"]);
    command.args(["--cluster", &cluster]).args(RESTART);
    let mut running = Running::start(&mut command)?;
    let mut last = (0, 0);
    wait_for("the run to wait", Duration::from_secs(30), || {
        ensure!(!running.has_ended()?, "it was over: {}", running.stdout());
        let length = emulator.journal()?.len();
        last = if length == last.0 {
            (length, last.1 + 1)
        } else {
            (length, 0)
        };
        // A second without a request: it waits for the one that is held back.
        Ok((last.1 > 20 && length > 0).then_some(()))
    })?;
    running.signal(Signal::KILL)?;
    ensure!(running.finish()?.code.is_none(), "it was not killed");
    Ok(())
}
