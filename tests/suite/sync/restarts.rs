//! Pods that are restarted for a new token, and runs that go on until they are stopped.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::process::Signal;
use serde_json::json;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT, record};
use tests::process::{Running, wait_for};

use super::places::{TOKEN, emulator};
use super::{define_for, into_cluster, source, sync, text};

/// Writes a target of the cluster as the file declares it.
fn target() -> String {
    let (source, cluster) = (source(), fleet::cluster_id());
    format!("[[sync]]\nfrom = \"{source}\"\nsecret = \"team/storage\"\ncluster = \"{cluster}\"\n")
}

#[test]
fn a_restart_that_a_killed_run_left_out_is_made_up_for() -> Result<()> {
    let emulator = emulator()?;
    let restart = ["--restart", "deployment/web"];
    into_cluster(&emulator, &[])?;
    let restarts = || emulator.count("patchAppsV1NamespacedDeployment");
    assert_eq!(restarts()?, 0);
    let (code, row) = into_cluster(&emulator, &restart)?;
    assert_eq!((code, text(&row, "outcome")), (Some(0), "kept"), "{row}");
    assert_eq!(row.pointer("/restarted/0"), Some(&json!("deployment/web")));
    into_cluster(&emulator, &restart)?;
    assert_eq!(restarts()?, 1, "one restart for one token");
    let (code, row) = into_cluster(&emulator, &["--restart", "daemonset/none"])?;
    assert_eq!(code, Some(1));
    let said = text(&row, "reason");
    ensure!(said.contains("there is no daemonset team/none"), "{said}");
    Ok(())
}

#[test]
fn two_entries_that_restart_the_same_pods_leave_them_alone_once_they_have_them() -> Result<()> {
    let emulator = emulator()?;
    let more = "restart = [\"deployment/web\"]\n";
    let other = target().replace("team/storage\"", "team/storage\"\nentry = \"other\"");
    let file = emulator.scratch().folder("twice")?.join("tokens.toml");
    fs::write(&file, format!("{}{more}\n{other}{more}", target()))?;
    let file = file.display().to_string();
    for expected in [2, 2, 2] {
        sync(&emulator, &["--config", &file])?.expect_code(0)?;
        assert_eq!(emulator.count("patchAppsV1NamespacedDeployment")?, expected);
    }
    Ok(())
}

#[test]
fn a_stop_is_heeded_while_pods_are_waited_for() -> Result<()> {
    let emulator = emulator()?;
    let file = emulator.scratch().folder("stop")?.join("tokens.toml");
    fs::write(&file, target() + "restart = [\"deployment/web\"]\n")?;
    let mut command = emulator.command(&tests::place::keyrotation()?);
    command.args(["sync", "--watch", "--config"]).arg(&file);
    let watch = Running::start(&mut command)?;
    let restarted = || emulator.count("patchAppsV1NamespacedDeployment");
    wait_for("the restart", Duration::from_secs(30), || {
        Ok((restarted()? == 1).then_some(()))
    })?;
    // New pods take a second; the watch waits for them now.
    watch.signal(Signal::TERM)?;
    let said = watch.finish()?.expect_code(0)?;
    ensure!(
        said.stdout.contains("stopped on request"),
        "{}",
        said.stdout
    );
    let (code, row) = into_cluster(&emulator, &["--restart", "deployment/web"])?;
    ensure!(code == Some(0) && text(&row, "outcome") == "kept", "{row}");
    assert_eq!(restarted()?, 1, "what was begun is only waited for");
    Ok(())
}

#[test]
fn a_watch_replaces_each_token_in_time_until_it_is_stopped() -> Result<()> {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[record("logs", ACCOUNT, true)]);
    let fleet = fleet::with_vaults(&accounts, &[vault]);
    let emulator = Emulator::start(&fleet::with_cluster(fleet, TOKEN))?;
    define_for(&emulator, "PT24S")?;
    let file = emulator.scratch().folder("watch")?.join("tokens.toml");
    fs::write(&file, target())?;
    let mut command = emulator.command(&tests::place::keyrotation()?);
    command.args(["sync", "--watch", "--config"]).arg(&file);
    let mut watch = Running::start(&mut command)?;
    let applied = || emulator.count("patchCoreV1NamespacedSecret");
    wait_for("a second token", Duration::from_secs(60), || {
        ensure!(!watch.has_ended()?, "it has ended: {}", watch.stderr());
        Ok((applied()? >= 2).then_some(()))
    })?;
    watch.signal(Signal::TERM)?;
    let said = watch.finish()?.expect_code(0)?;
    ensure!(
        said.stdout.matches("replaced").count() >= 2,
        "{}",
        said.stdout
    );
    ensure!(said.stderr.contains("next look in"), "{}", said.stderr);
    Ok(())
}
