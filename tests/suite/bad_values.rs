//! Mistakes in a configuration, as a real core shows them: each with its file, line and attribute,
//! and before anything is asked of Azure.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::terraform::{REQUIRED, Terraform};

use crate::configuration::Configuration;

/// One mistake a block: the kind of block, and the line with the mistake.
const MISTAKES: [(&str, &str); 16] = [
    ("policy", "storage_account_id = \"stlogs\""),
    ("policy", "rotation_period = \"P1M\""),
    ("policy", "max_key_age = \"P1D\""),
    (
        "policy",
        "key_vault = { vault_uri = \"http://kv1.vault.azure.net\" }",
    ),
    ("policy", "timeouts = { create = \"soon\" }"),
    ("sas_definition", "policy_id = \"stlogs\""),
    ("sas_definition", "name = \"blob-rw\""),
    ("sas_definition", "services = \"x\""),
    ("sas_definition", "resource_types = \"x\""),
    ("sas_definition", "permissions = \"rwy\""),
    ("sas_definition", "validity_period = \"4h\""),
    ("sas_definition", "protocol = \"http\""),
    ("vault_access", "principal_id = \"me\""),
    ("vault_access", "purpose = \"admin\""),
    ("vault_access", "principal_type = \"Robot\""),
    ("vault_access", "vault_id = \"kv1\""),
];

/// What each kind of block needs besides.
fn needed(kind: &str) -> Vec<String> {
    let account = fleet::account_id(ACCOUNT);
    let lines: &[&str] = match kind {
        "policy" => &[
            "storage_account_id = \"ACCOUNT\"",
            "key_vault = { vault_uri = \"https://VAULT.vault.azure.net/\" }",
        ],
        "sas_definition" => &[
            "policy_id = \"https://VAULT.vault.azure.net/storage/ACCOUNTNAME\"",
            "name = \"blobrw4hours\"",
            "services = \"b\"",
            "resource_types = \"sco\"",
            "permissions = \"rw\"",
            "validity_period = \"PT4H\"",
        ],
        _ => &[
            "vault_uri = \"https://VAULT.vault.azure.net/\"",
            "principal_id = \"0b7ec700-0000-4000-8000-0000000000bb\"",
            "purpose = \"enrol\"",
        ],
    };
    let filled = lines.iter().map(|line| {
        line.replace("ACCOUNTNAME", ACCOUNT)
            .replace("ACCOUNT", &account)
            .replace("VAULT", VAULT)
    });
    filled.collect()
}

/// Writes all blocks, and tells on which line each mistake stands.
fn configuration() -> (String, Vec<(usize, &'static str)>) {
    let mut text = REQUIRED.to_owned();
    let mut expected = Vec::new();
    for (number, (kind, mistake)) in MISTAKES.into_iter().enumerate() {
        let name = mistake.split(' ').next().unwrap_or_default();
        let other = if name == "vault_id" {
            "vault_uri"
        } else {
            name
        };
        text.push_str(&format!(
            "resource \"keyrotation_{kind}\" \"bad{number}\" {{\n"
        ));
        text.push_str(&format!("  {mistake}\n"));
        expected.push((text.lines().count(), name));
        for line in needed(kind) {
            let of = line.split(' ').next().unwrap_or_default();
            if of != name && of != other {
                text.push_str(&format!("  {line}\n"));
            }
        }
        text.push_str("}\n");
    }
    (text, expected)
}

#[test]
fn each_mistake_is_shown_where_it_stands_and_nothing_is_asked_of_azure() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let good = Configuration::default().text();
    let terraform = Terraform::open(&emulator, "mistakes", &good)?;
    let (text, expected) = configuration();
    terraform.write(&text)?;
    let said = terraform.run(&["validate", "-json"])?;
    let said: Value = serde_json::from_str(&said.stdout).context("no JSON")?;
    let shown = said.get("diagnostics").and_then(Value::as_array);
    let shown: Vec<(usize, String)> = shown.into_iter().flatten().map(place).collect();
    for (line, name) in &expected {
        let here: Vec<_> = shown.iter().filter(|(at, _)| at == line).collect();
        ensure!(here.len() == 1, "line {line}, {name}: {here:?}");
        ensure!(here.iter().all(|(_, code)| code.contains(name)), "{here:?}");
    }
    ensure!(shown.len() == expected.len(), "{said}");
    let planned = terraform.run(&["plan", "-input=false", "-no-color"])?;
    ensure!(
        planned.code == Some(1),
        "a plan of mistakes ended with {:?}",
        planned.code
    );
    assert_eq!(emulator.journal()?, [], "nothing may be asked");
    Ok(())
}

/// Tells on which line a diagnostic points, and the text of the line.
fn place(diagnostic: &Value) -> (usize, String) {
    let line = diagnostic
        .pointer("/range/start/line")
        .and_then(Value::as_u64);
    let code = diagnostic.pointer("/snippet/code").and_then(Value::as_str);
    let line = line.and_then(|line| usize::try_from(line).ok());
    (
        line.unwrap_or_default(),
        code.unwrap_or_default().to_owned(),
    )
}
