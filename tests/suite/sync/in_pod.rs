//! Within a pod: the cluster's address from the environment, the pod's own account from its folder.
//!
//! A pod's folder has one place, so the tool runs where only it sees another `/run`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::emulator::Emulator;
use tests::process;

use super::places::{TOKEN, emulator};
use super::{source, text};

/// Puts the files of an account where a pod has them, and becomes the tool.
const BECOME: &str = "mount -t tmpfs tmpfs /run && mkdir -p /run/secrets/kubernetes.io && \
                      cp -r account /run/secrets/kubernetes.io/serviceaccount && exec \"$0\" \"$@\"";

/// Delivers a token within a pod whose account has a token.
fn deliver(emulator: &Emulator, token: &str) -> Result<(Option<i32>, Value)> {
    let folder = emulator.scratch().folder("account")?;
    let authority = emulator.variable("SSL_CERT_FILE").context("no authority")?;
    fs::copy(authority, folder.join("ca.crt"))?;
    fs::write(folder.join("token"), token)?;
    fs::write(folder.join("namespace"), "team")?;
    let host = tests::fleet::CLUSTER_API.trim_start_matches("https://");
    let mut command = emulator.command(Path::new("unshare"));
    command
        .current_dir(emulator.scratch().path())
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", BECOME])
        .arg(tests::place::keyrotation()?)
        .args(["sync", "--format=json", "--secret=storage", "--from"])
        .arg(source())
        .envs([
            ("KUBERNETES_SERVICE_HOST", host),
            ("KUBERNETES_SERVICE_PORT", "443"),
        ]);
    let said = process::run(&mut command).context(
        "a pod takes `unshare` of util-linux, and a system that lets users have namespaces",
    )?;
    let report: Value = serde_json::from_str(&said.stdout)
        .with_context(|| format!("no report: {}{}", said.stdout, said.stderr))?;
    let row = report.pointer("/targets/0").context("no row")?;
    Ok((said.code, row.clone()))
}

#[test]
fn the_account_of_the_pod_and_its_namespace_are_used() -> Result<()> {
    let emulator = emulator()?;
    let (code, row) = deliver(&emulator, TOKEN)?;
    assert_eq!(
        (code, text(&row, "outcome")),
        (Some(0), "replaced"),
        "{row}"
    );
    let asked = emulator.journal()?;
    let place = "/namespaces/team/secrets/storage";
    ensure!(
        asked.iter().any(|request| request.url.contains(place)),
        "{asked:?}"
    );
    let (code, row) = deliver(&emulator, TOKEN)?;
    assert_eq!((code, text(&row, "outcome")), (Some(0), "kept"), "{row}");
    Ok(())
}

#[test]
fn an_account_without_rights_is_told_what_it_lacks() -> Result<()> {
    let (code, row) = deliver(&emulator()?, "guest")?;
    let said = text(&row, "reason");
    ensure!(
        code == Some(1) && said.contains("`get`, `patch` and `create`"),
        "{row}"
    );
    Ok(())
}
