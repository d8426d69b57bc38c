//! A cluster by the user's own kubeconfig: its contexts, its namespace, and its plugins that sign in.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet;

use super::places::{TOKEN, emulator};
use super::{row, source, text};

/// What the plugin is given, and what it says before it fails.
const SECRETS: [&str; 3] = [
    "argument-of-plugin",
    "variable-of-plugin",
    "output-of-plugin",
];

/// Writes a kubeconfig with two contexts: one with a token, one with a plugin.
fn kubeconfig(emulator: &Emulator, plugin: &str) -> Result<PathBuf> {
    let folder = emulator.scratch().folder("kube")?;
    let program = folder.join("plugin");
    fs::write(&program, plugin)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    let authority = emulator.variable("SSL_CERT_FILE").context("no authority")?;
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": program,
        "args": [SECRETS[0]], "env": [{"name": "ONE", "value": SECRETS[1]}],
        "interactiveMode": "IfAvailable",
    });
    let context = |user: &str| json!({"cluster": "here", "user": user, "namespace": "team"});
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "by-token",
        "clusters": [{"name": "here", "cluster": {
            "server": fleet::CLUSTER_API, "certificate-authority": authority,
        }}],
        "users": [
            {"name": "pod", "user": {"token": TOKEN}},
            {"name": "person", "user": {"exec": exec}},
            {"name": "guest", "user": {"token": "guest"}},
        ],
        "contexts": [
            {"name": "by-token", "context": context("pod")},
            {"name": "by-plugin", "context": context("person")},
            {"name": "as-guest", "context": context("guest")},
        ],
    });
    let path = folder.join("config");
    fs::write(&path, config.to_string())?;
    Ok(path)
}

/// A plugin that gives the token, and notes that nobody is there to be asked.
fn good_plugin() -> String {
    let status = json!({"token": TOKEN});
    let answer = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status,
    });
    format!("#!/bin/sh\nread -r answer && exit 9\ncat <<'E'\n{answer}\nE\n")
}

fn deliver(emulator: &Emulator, more: &[&str]) -> Result<(Option<i32>, Value)> {
    let source = source();
    row(
        emulator,
        &[&["--from", &source, "--secret", "storage"], more].concat(),
    )
}

#[test]
fn each_context_is_a_way_and_gives_the_namespace() -> Result<()> {
    let emulator = emulator()?;
    let config = kubeconfig(&emulator, &good_plugin())?.display().to_string();
    for (more, outcome) in [
        (&["--kubeconfig", config.as_str()][..], "replaced"),
        (&["--kubeconfig", &config, "--context", "by-plugin"], "kept"),
    ] {
        let (code, row) = deliver(&emulator, more)?;
        assert_eq!((code, text(&row, "outcome")), (Some(0), outcome), "{row}");
    }
    let (code, row) = deliver(
        &emulator,
        &["--kubeconfig", &config, "--context", "as-guest"],
    )?;
    let said = text(&row, "reason");
    ensure!(
        code == Some(1) && said.contains("`get`, `patch` and `create`"),
        "{said}"
    );
    let (code, row) = deliver(&emulator, &["--kubeconfig", &config, "--context", "other"])?;
    ensure!(
        code == Some(1) && text(&row, "reason").contains("other"),
        "{row}"
    );
    Ok(())
}

#[test]
fn a_plugin_that_fails_is_not_quoted() -> Result<()> {
    let emulator = emulator()?;
    let fails = format!("#!/bin/sh\necho {0}; echo {0} >&2; exit 7\n", SECRETS[2]);
    let config = kubeconfig(&emulator, &fails)?.display().to_string();
    let more = ["--kubeconfig", &config, "--context", "by-plugin"];
    let (code, row) = deliver(&emulator, &more)?;
    let said = text(&row, "reason");
    ensure!(
        code == Some(1) && said.contains("plugin ended with exit status: 7"),
        "{said}"
    );
    for secret in SECRETS {
        ensure!(
            !row.to_string().contains(secret),
            "{secret} stands in {row}"
        );
    }
    Ok(())
}
