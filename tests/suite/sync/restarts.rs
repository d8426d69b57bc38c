//! Pods that are restarted for a new token, and runs that go on until they are stopped.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT, record};
use tests::process::{Running, wait_for};

use super::places::{TOKEN, emulator, patch_at};
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

/// An emulator whose cluster also runs a deployment `slow`, whose new pods never become ready.
fn with_slow_pods(validity: &str) -> Result<Emulator> {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[record("logs", ACCOUNT, true)]);
    let mut fleet = fleet::with_cluster(fleet::with_vaults(&accounts, &[vault]), TOKEN);
    let workloads = fleet.pointer_mut("/subscriptions/0/clusters/0/workloads");
    let workloads = workloads.and_then(Value::as_array_mut);
    workloads.context("no workloads")?.push(json!({
        "namespace": "team", "kind": "deployment", "name": "slow", "replicas": 2, "stuck": true,
    }));
    let emulator = Emulator::start(&fleet)?;
    define_for(&emulator, validity)?;
    Ok(emulator)
}

#[test]
fn pods_that_never_come_up_keep_no_token_from_others() -> Result<()> {
    let emulator = with_slow_pods("PT4H")?;
    // More places than are served at a time.
    let place = |number: usize| {
        let entry = format!("team/storage\"\nentry = \"e{number}");
        let target = target().replace("team/storage", &entry);
        format!("{target}restart = [\"deployment/slow\"]\n\n")
    };
    let places: String = (0..20).map(place).collect();
    let file = emulator.scratch().folder("slow")?.join("tokens.toml");
    fs::write(&file, places + &target())?;
    let mut command = emulator.command(&tests::place::keyrotation()?);
    command.args(["sync", "--config"]).arg(&file);
    let mut sync = Running::start(&mut command)?;
    wait_for("all tokens", Duration::from_secs(60), || {
        ensure!(!sync.has_ended()?, "it has ended: {}", sync.stderr());
        let applied = emulator.count("patchCoreV1NamespacedSecret")?;
        Ok((applied == 21).then_some(()))
    })?;
    sync.signal(Signal::TERM)?;
    let said = sync.finish()?.expect_code(3)?;
    ensure!(
        said.stdout.contains("stopped on request"),
        "{}",
        said.stdout
    );
    Ok(())
}

#[test]
fn a_watch_goes_on_with_other_places_while_pods_are_waited_for() -> Result<()> {
    let emulator = with_slow_pods("PT24S")?;
    let slow = target() + "restart = [\"deployment/slow\"]\n\n";
    let other = target().replace("team/storage\"", "team/storage\"\nentry = \"other\"");
    let file = emulator.scratch().folder("slow")?.join("tokens.toml");
    fs::write(&file, slow + &other)?;
    let mut command = emulator.command(&tests::place::keyrotation()?);
    command.args(["sync", "--watch", "--config"]).arg(&file);
    let mut watch = Running::start(&mut command)?;
    wait_for("three rounds", Duration::from_secs(90), || {
        ensure!(!watch.has_ended()?, "it has ended: {}", watch.stderr());
        let applied = emulator.count("patchCoreV1NamespacedSecret")?;
        Ok((applied >= 6).then_some(()))
    })?;
    let restarted = emulator.count("patchAppsV1NamespacedDeployment")?;
    assert_eq!(restarted, 1, "the first restart is still waited for");
    watch.signal(Signal::TERM)?;
    let said = watch.finish()?;
    ensure!(
        said.stdout.contains("the restart goes on"),
        "{}",
        said.stdout
    );
    Ok(())
}

#[test]
fn pods_that_wait_for_somebody_are_told_and_not_waited_for() -> Result<()> {
    let restart = ["--restart", "deployment/web"];
    let web = "/apis/apps/v1/namespaces/team/deployments/web";
    let merge = "application/merge-patch+json";
    for (held, let_go, expected) in [
        (
            json!({"spec": {"paused": true}}),
            json!({"spec": {"paused": null}}),
            "kubectl rollout resume",
        ),
        (
            json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}),
            json!({"spec": {"updateStrategy": null}}),
            "OnDelete",
        ),
        (
            json!({"spec": {"updateStrategy": {"rollingUpdate": {"partition": 2}}}}),
            json!({"spec": {"updateStrategy": null}}),
            "partition",
        ),
    ] {
        let emulator = emulator()?;
        patch_at(&emulator, web, merge, &held)?;
        for outcome in ["replaced", "kept"] {
            let (code, row) = into_cluster(&emulator, &restart)?;
            assert_eq!((code, text(&row, "outcome")), (Some(3), outcome), "{row}");
            let waiting = row.pointer("/waiting/0").and_then(Value::as_str);
            ensure!(waiting.is_some_and(|said| said.contains(expected)), "{row}");
        }
        patch_at(&emulator, web, merge, &let_go)?;
        let (code, row) = into_cluster(&emulator, &restart)?;
        assert_eq!((code, text(&row, "outcome")), (Some(0), "kept"), "{row}");
        let restarts = emulator.count("patchAppsV1NamespacedDeployment")?;
        // Two of them are those of somebody else.
        assert_eq!(restarts, 3, "one restart for one token");
    }
    Ok(())
}
