//! Consumers that a rotation tells by itself: each has the published key before another is renewed.

use std::fs;

use anyhow::{Result, ensure};
use serde_json::json;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};

use super::{DONE, LEFT, apply, expect_both_renewed, rotate};

const APPLIED: &str = "patchCoreV1NamespacedSecret";
const RENEWED: &str = "StorageAccounts_RegenerateKey";

/// Declares a secret of the cluster, and a file, as consumers of the published secret.
fn stage() -> Result<Emulator> {
    let fleet = fleet::with_cluster(fleet::one_account(), "a-token");
    let emulator = Emulator::start(&fleet)?;
    let (secret, cluster) = (
        format!("https://{VAULT}.vault.azure.net/secrets/st-{ACCOUNT}"),
        fleet::cluster_id(),
    );
    let settings = format!(
        r#"
[[sync]]
from = "{secret}"
secret = "team/storage"
cluster = "{cluster}"
restart = ["deployment/web"]

[[sync]]
from = "{secret}"
file = "key"

[[sync]]
from = "https://{VAULT}.vault.azure.net/secrets/st-another"
file = "another"
"#
    );
    fs::write(emulator.scratch().path().join("keyrotation.toml"), settings)?;
    Ok(emulator)
}

#[test]
fn every_consumer_has_the_published_key_before_another_is_renewed() -> Result<()> {
    let emulator = stage()?;
    let said = apply(&emulator, &[])?.expect_code(DONE)?;
    let plan = "secret team/storage, entry token gets each key that is published";
    ensure!(said.stdout.contains(plan), "{}", said.stdout);
    assert_eq!(emulator.count(APPLIED)?, 3, "key1, key2, and key1 again");
    assert_eq!(emulator.count("patchAppsV1NamespacedDeployment")?, 3);
    let key = fs::read_to_string(emulator.scratch().path().join("key"))?;
    let accounts = emulator.accounts()?;
    let key1 = accounts.pointer("/accounts/0/key1");
    ensure!(key1 == Some(&json!(key)), "the file holds the present key");
    ensure!(!emulator.scratch().path().join("another").exists());
    ensure!(!said.stdout.contains(&key) && !said.stderr.contains(&key));

    let journal = emulator.journal()?;
    let order = journal
        .iter()
        .filter_map(|one| match one.operation.as_str() {
            APPLIED => Some("told"),
            RENEWED => Some("renewed"),
            "SetSecret" => Some("published"),
            _ => None,
        });
    let order: Vec<_> = order.collect();
    let turn = ["renewed", "published", "told"];
    let expected = [&["published", "told"][..], &turn, &turn].concat();
    assert_eq!(order, expected);
    expect_both_renewed(&emulator)
}

#[test]
fn a_consumer_that_cannot_be_told_holds_the_walk_and_resume_goes_on() -> Result<()> {
    let emulator = stage()?;
    let fault = json!({
        "operation": APPLIED, "count": 1,
        "fault": {"status": 403, "code": "Forbidden"},
    });
    emulator.set_fault(&fault)?;
    let said = apply(&emulator, &[])?.expect_code(LEFT)?;
    let reason = "cannot bring the published secret to secret team/storage";
    ensure!(said.stdout.contains(reason), "{}", said.stdout);
    ensure!(said.stdout.contains("rotate resume"), "{}", said.stdout);
    assert_eq!(emulator.count(RENEWED)?, 0, "no key is renewed before");
    rotate(&emulator, &["resume", "j"])?.expect_code(DONE)?;
    assert_eq!(emulator.count(RENEWED)?, 2);
    assert_eq!(emulator.count(APPLIED)?, 4, "one was refused");
    expect_both_renewed(&emulator)
}

#[test]
fn a_consumer_that_cannot_be_one_keeps_its_account_out_of_the_plan() -> Result<()> {
    let emulator = stage()?;
    let path = emulator.scratch().path().join("keyrotation.toml");
    let settings = fs::read_to_string(&path)?;
    fs::write(&path, settings.replace("deployment/web", "pod/web"))?;
    let said = apply(&emulator, &[])?.expect_code(LEFT)?;
    ensure!(
        said.stdout.contains("`pod/web` is nothing that restarts"),
        "{}",
        said.stdout
    );
    assert_eq!(emulator.count("SetSecret")?, 0);
    Ok(())
}
