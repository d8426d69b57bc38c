//! What is kept in files beside the journal: plans, generated configuration, the state of a direct
//! rotation.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::process::Said;
use tests::terraform::Terraform;

use super::{Secrets, talkative, trace};
use crate::direct::{configuration, wait_until_due};

/// Searches a file, or all files below a folder, and returns how many they are.
fn expect_none_below(secrets: &Secrets, path: &Path) -> Result<usize> {
    if path.is_file() {
        secrets.expect_none_in(&path.display().to_string(), &fs::read(path)?)?;
        return Ok(1);
    }
    let mut files = 0;
    for entry in fs::read_dir(path)? {
        files += expect_none_below(secrets, &entry?.path())?;
    }
    Ok(files)
}

#[test]
fn a_plan_that_is_kept_and_a_run_that_is_taken_up_hold_no_secret() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let mut secrets = Secrets::of(&emulator)?;
    let place = format!("--vault-uri=https://{VAULT}.vault.azure.net --secret-name=st-{{account}}");
    let lines = [
        format!("rotate plan --both --out=p --wait=PT1S --no-verify {place}"),
        "rotate apply p --auto-approve --journal=j".to_owned(),
        "rotate resume j".to_owned(),
    ];
    let said = lines.iter().map(|line| talkative(&emulator, line));
    let said = said.collect::<Result<Vec<Said>>>()?;
    secrets.learn_keys(&emulator)?;
    for (line, said) in lines.iter().zip(&said) {
        secrets.expect_none_said(line, said)?;
    }
    for name in ["p", "j"] {
        let path = emulator.scratch().path().join(name);
        assert_eq!(expect_none_below(&secrets, &path)?, 1);
    }
    Ok(())
}

#[test]
fn a_generated_configuration_holds_no_secret() -> Result<()> {
    let old = Some("2025-01-01T00:00:00Z");
    let accounts = [fleet::account(ACCOUNT, old), fleet::account("stother", old)];
    let vault = fleet::vault(VAULT, &[fleet::record("logs", ACCOUNT, true)]);
    let emulator = Emulator::start(&fleet::with_vaults(&accounts, &[vault]))?;
    crate::sync::define(&emulator)?;
    let secrets = Secrets::of(&emulator)?;
    for form in ["file", "module"] {
        let line = format!("generate --vault-name {VAULT} --form {form} --folder made-{form}");
        let said = talkative(&emulator, &line)?;
        secrets.expect_none_said(&line, &said)?;
        let folder = emulator.scratch().path().join(format!("made-{form}"));
        ensure!(
            expect_none_below(&secrets, &folder)? > 0,
            "nothing was made"
        );
    }
    Ok(())
}

/// The provider has keys in its hands here.
#[test]
fn a_direct_rotation_by_terraform_keeps_and_says_no_secret() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "direct", &configuration("connection_string"))?;
    let mut secrets = Secrets::of(&emulator)?;
    let apply = ["apply", "-auto-approve", "-no-color"];
    let mut said: Vec<Said> = vec![trace(&terraform, &apply)?];
    wait_until_due(&terraform)?;
    said.push(trace(&terraform, &["plan", "-out=saved", "-no-color"])?);
    said.push(terraform.succeed(&["show", "-json", "saved"])?);
    said.push(trace(&terraform, &apply)?);
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 1);
    secrets.learn_keys(&emulator)?;
    said.push(terraform.succeed(&["show", "-json"])?);
    let files = terraform.files()?;
    said.push(trace(
        &terraform,
        &["destroy", "-auto-approve", "-no-color"],
    )?);
    for said in &said {
        secrets.expect_none_said("a direct rotation", said)?;
    }
    for (path, content) in files {
        secrets.expect_none_in(&path.display().to_string(), &content)?;
    }
    Ok(())
}
