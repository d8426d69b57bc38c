//! Tokens pass through `sync` to where they belong, and are nowhere else: not in what it says, not
//! in what it logs, not in what it keeps beside them.

use std::fs;

use anyhow::{Result, ensure};
use tests::ssh::PASSPHRASE;

use super::Secrets;
use crate::sync::behind_ssh::{Stage, secret};
use crate::sync::source;

/// Runs `sync` with everything logged, as of the emulator's time.
fn traced(stage: &Stage, more: &[&str]) -> Result<tests::process::Said> {
    let now = stage.emulator.now()?;
    let source = source();
    let mut command = stage.emulator.command(&tests::place::keyrotation()?);
    command.args(["sync", "--as-of", &now, "--from", &source]);
    command.args(more).env("RUST_LOG", "trace");
    tests::process::run(&mut command)
}

/// Knows the passphrase and the private keys as well.
fn with_keys(stage: &Stage) -> Result<Secrets> {
    let mut secrets = Secrets::of(&stage.emulator)?;
    secrets.texts.insert(PASSPHRASE.to_lowercase());
    for key in ["plain", "sealed"] {
        let text = stage.server.key(key)?;
        let line = text.lines().nth(2).unwrap_or_default();
        ensure!(line.len() > 40, "a line of the key");
        secrets.texts.insert(line.to_lowercase());
    }
    Ok(secrets)
}

#[test]
fn a_token_is_where_it_belongs_and_nowhere_else() -> Result<()> {
    let stage = Stage::open()?;
    let secrets = with_keys(&stage)?;
    let file = stage.emulator.scratch().folder("tokens")?.join("token");
    let path = file.display().to_string();
    let (address, print) = (stage.server.address(), stage.server.fingerprint()?);
    let (kubectl, key, phrase) = (
        stage.server.kubectl(),
        secret("sealedkey"),
        secret("passphrase"),
    );
    let cluster = tests::fleet::cluster_id();
    let into = ["--secret", "team/storage"];
    let by_api = [&into[..], &["--cluster", &cluster]].concat();
    let pinned = [
        "--ssh",
        &address,
        "--ssh-fingerprint",
        &print,
        "--ssh-kubectl",
        &kubectl,
    ];
    let by_ssh = [
        &into[..],
        &pinned,
        &["--ssh-key", &key, "--ssh-passphrase", &phrase],
    ]
    .concat();
    let wrong = [&into[..], &pinned, &["--ssh-key", &phrase]].concat();
    let elsewhere = ["--secret", "nowhere/storage", "--cluster", &cluster];
    let lines: [&[&str]; 6] = [
        &["--file", &path],
        &by_api,
        &by_ssh,
        &wrong,
        &elsewhere,
        &by_api,
    ];
    for (number, line) in lines.iter().enumerate() {
        for form in ["table", "json"] {
            let said = traced(
                &stage,
                &[line, &["--always", "--format", form][..]].concat(),
            )?;
            ensure!(said.stderr.contains("TRACE"), "it logs everything");
            secrets.expect_none_said(&format!("sync {number}"), &said)?;
        }
    }
    let notes = fs::read(format!("{path}.notes.json"))?;
    secrets.expect_none_in("the notes beside the token", &notes)?;
    let token = fs::read_to_string(&file)?;
    ensure!(token.contains("sig="), "the token itself is there");
    secrets.expect_none_in(
        "the command lines of kubectl",
        stage.server.words().as_bytes(),
    )?;
    secrets.expect_none_in("the log of the SSH server", stage.server.log().as_bytes())
}
