//! A cluster by the user's own kubeconfig: its contexts, its namespace, and its plugins that sign in.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT, record};
use tests::process;

use super::places::{TOKEN, emulator};
use super::{define, row, source, text};

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

/// Delivers with these files in `KUBECONFIG`, and with a pod's variables beside it.
fn by_variable(emulator: &Emulator, listed: &str) -> Result<(Option<i32>, String)> {
    let mut command = emulator.command(&tests::place::keyrotation()?);
    command.args(["sync", "--from", &source(), "--secret", "storage"]);
    command.env("KUBECONFIG", listed);
    command.envs(pod_variables());
    let said = process::run(&mut command)?;
    Ok((said.code, said.stdout))
}

fn pod_variables() -> [(&'static str, &'static str); 2] {
    let host = fleet::CLUSTER_API.trim_start_matches("https://");
    [
        ("KUBERNETES_SERVICE_HOST", host),
        ("KUBERNETES_SERVICE_PORT", "443"),
    ]
}

#[test]
fn a_list_of_kubeconfigs_may_have_gaps_but_not_gaps_alone() -> Result<()> {
    let emulator = emulator()?;
    let config = kubeconfig(&emulator, &good_plugin())?.display().to_string();
    for listed in [
        config.clone(),
        format!("/nowhere/one:{config}"),
        format!(":{config}:/nowhere/two"),
    ] {
        let (code, said) = by_variable(&emulator, &listed)?;
        ensure!(code == Some(0), "{listed}: {said}");
    }
    for listed in ["/nowhere/one", "/nowhere/one:/nowhere/two"] {
        let (code, said) = by_variable(&emulator, listed)?;
        ensure!(code == Some(1), "{listed}: {said}");
        for path in listed.split(':') {
            ensure!(said.contains(&format!("`{path}`")), "{listed}: {said}");
        }
        ensure!(said.contains("`KUBECONFIG` names"), "{listed}: {said}");
    }
    Ok(())
}

/// Runs `sync` in a pod: in a namespace of its own, where the files of the pod's account lie where a
/// cluster puts them.
fn in_pod(emulator: &Emulator, account: &Path, files: &str) -> Result<(Option<i32>, String)> {
    let script = "set -e\n\
         mount -t tmpfs none /run\n\
         mkdir -p /run/secrets/kubernetes.io/serviceaccount\n\
         for file in $1; do cp \"$2/$file\" /run/secrets/kubernetes.io/serviceaccount; done\n\
         shift 2\n\
         exec \"$@\"";
    let mut command = emulator.command("unshare".as_ref());
    command.args([
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        script,
        "pod",
        files,
    ]);
    command.arg(account).arg(tests::place::keyrotation()?);
    command.args(["sync", "--from", &source(), "--secret", "storage"]);
    command.envs(pod_variables());
    let said = process::run(&mut command)?;
    Ok((said.code, said.stdout + &said.stderr))
}

#[test]
fn a_pod_reaches_its_cluster_by_its_own_account() -> Result<()> {
    let emulator = emulator()?;
    let account = emulator.scratch().folder("account")?;
    let authority = emulator.variable("SSL_CERT_FILE").context("no authority")?;
    fs::copy(authority, account.join("ca.crt"))?;
    fs::write(account.join("token"), TOKEN)?;
    fs::write(account.join("namespace"), "team")?;
    for outcome in ["replaced", "kept"] {
        let (code, said) = in_pod(&emulator, &account, "ca.crt token namespace")?;
        ensure!(code == Some(0) && said.contains(outcome), "{said}");
    }
    assert_eq!(emulator.count("patchCoreV1NamespacedSecret")?, 1);
    for (files, expected) in [
        ("ca.crt namespace", "token file"),
        ("token namespace", "certificate"),
        ("ca.crt token", "namespace"),
    ] {
        let (code, said) = in_pod(&emulator, &account, files)?;
        ensure!(
            code == Some(1) && said.contains(expected),
            "{files}: {said}"
        );
        ensure!(!said.contains(TOKEN), "the token is shown");
    }
    Ok(())
}

/// How often somebody signed in to Entra ID.
fn signed_in(emulator: &Emulator) -> Result<usize> {
    let journal = emulator.journal()?;
    let to_entra = journal
        .iter()
        .filter(|one| one.url.contains("/oauth2/v2.0/token"));
    Ok(to_entra.count())
}

#[test]
fn entra_is_asked_for_a_token_only_if_the_cluster_wants_one() -> Result<()> {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[record("logs", ACCOUNT, true)]);
    for (by_entra, expected) in [(false, 2), (true, 3)] {
        let fleet = fleet::with_vaults(&accounts, std::slice::from_ref(&vault));
        let mut fleet = fleet::with_cluster(fleet, TOKEN);
        let cluster = fleet.pointer_mut("/subscriptions/0/clusters/0");
        let cluster = cluster
            .and_then(Value::as_object_mut)
            .context("no cluster")?;
        cluster.insert("entra_sign_in".to_owned(), json!(by_entra));
        let emulator = Emulator::start(&fleet)?;
        define(&emulator)?;
        let before = signed_in(&emulator)?;
        let (code, row) = super::into_cluster(&emulator, &[])?;
        ensure!(code == Some(0), "{row}");
        // Resource Manager and the vault, each once.
        assert_eq!(signed_in(&emulator)? - before, expected, "{by_entra}");
    }
    Ok(())
}
