//! The example app: what its files name is what the handler answers, and what its identity may do is
//! what its README says.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::handler::{Answer, Handler};
use tests::place;

use super::{near_its_end, secret_id, settings};

fn app() -> PathBuf {
    place::root().join("examples/function-app")
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn json_of(path: &Path) -> Result<Value> {
    serde_json::from_str(&text(path)?).with_context(|| format!("no JSON: {}", path.display()))
}

/// Lists the functions of the app with their bindings: every folder is one.
fn functions() -> Result<Vec<(String, Vec<Value>)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(app())? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.context("an odd name")?.to_owned();
        let function = json_of(&path.join("function.json"))?;
        let bindings = function.get("bindings").and_then(Value::as_array);
        found.push((name, bindings.context("no bindings")?.clone()));
    }
    Ok(found)
}

fn field<'a>(binding: &'a Value, name: &str) -> &'a str {
    binding
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Calls a function with what the host would bring by its trigger.
fn call(handler: &Handler, function: &str, bindings: &[Value]) -> Result<Answer> {
    let triggers = bindings
        .iter()
        .filter(|one| field(one, "type").ends_with("Trigger"));
    let [trigger] = triggers.collect::<Vec<_>>()[..] else {
        anyhow::bail!("{function} has not one trigger");
    };
    ensure!(field(trigger, "direction") == "in", "{trigger}");
    let data = match field(trigger, "type") {
        "timerTrigger" => {
            // Seconds, minutes, hours, days, months, days of the week.
            assert_eq!(
                field(trigger, "schedule").split(' ').count(),
                6,
                "{trigger}"
            );
            json!({ "Schedule": { "AdjustForDST": true }, "IsPastDue": false })
        }
        "eventGridTrigger" => near_its_end(&secret_id("0a")),
        "httpTrigger" => {
            json!({ "Method": "GET", "Url": "http://localhost/api/health", "Headers": {} })
        }
        other => anyhow::bail!("{function} has the trigger {other}"),
    };
    handler.invoke(function, field(trigger, "name"), &data)
}

#[test]
fn every_function_of_the_app_is_answered_under_its_settings() -> Result<()> {
    let host = json_of(&app().join("host.json"))?;
    let description = host
        .pointer("/customHandler/description")
        .context("no handler")?;
    assert_eq!(field(description, "defaultExecutablePath"), "keyrotation");
    assert_eq!(description.get("arguments"), Some(&json!(["function"])));
    let forwards = host.pointer("/customHandler/enableForwardingHttpRequest");
    assert_eq!(forwards, None, "requests come in the host's shape");

    let fleet = fleet::with_cluster(fleet::one_account(), "the-token-of-the-pod");
    let emulator = Emulator::start(&fleet)?;
    // The names of the example are those of nobody; the fleet's take their place.
    let example = text(&app().join("keyrotation.toml"))?;
    let (_, cluster) = example.split_once("cluster = \"").context("no cluster")?;
    let cluster = cluster.split('"').next().unwrap_or_default().to_owned();
    let own = example.replace(&cluster, &fleet::cluster_id());
    let own = own
        .replace("kv-example", VAULT)
        .replace("stexample", ACCOUNT);
    let handler = Handler::start(&emulator, &settings(&emulator, &own)?, &[])?;

    let mut functions = functions()?;
    // The first night publishes what is then put into the cluster.
    functions.sort_by_key(|(name, _)| name != "rotate-timer");
    let mut logs = String::new();
    for (name, bindings) in &functions {
        let answer = call(&handler, name, bindings)?;
        ensure!(answer.status == 200, "{name}: {answer:?}");
        let outputs = answer.body.get("Outputs").and_then(Value::as_object);
        let outputs = outputs.context("no outputs")?.keys();
        let declared = bindings
            .iter()
            .filter(|one| field(one, "direction") == "out");
        let declared: Vec<&str> = declared.map(|one| field(one, "name")).collect();
        assert_eq!(outputs.collect::<Vec<_>>(), declared, "{name}");
        logs.push_str(&answer.logs());
    }
    assert_eq!(functions.len(), 4);
    for said in [
        "published key1 as it was",
        "has the published secret",
        "entry AZURE_STORAGE_KEY: kept",
        "has taken the place of",
    ] {
        ensure!(logs.contains(said), "not said: {said}\n{logs}");
    }
    assert_eq!(emulator.count("patchAppsV1NamespacedDeployment")?, 1);
    Ok(())
}

#[test]
fn the_deployment_gives_the_roles_that_the_readme_lists_and_leads_to_the_functions() -> Result<()> {
    let (bicep, readme) = (
        text(&app().join("main.bicep"))?,
        text(&app().join("README.md"))?,
    );
    let is_role = |word: &&str| word.len() == 36 && word.matches('-').count() == 4;
    let roles = |text: &str| {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
        let mut found: Vec<String> = words.filter(is_role).map(str::to_owned).collect();
        found.sort();
        found
    };
    assert_eq!(roles(&bicep), roles(&readme));
    assert_eq!(roles(&bicep).len(), 4);
    let given = bicep
        .matches("'Microsoft.Authorization/roleAssignments@")
        .count();
    assert_eq!(given, 4, "each role is given once");
    for needed in [
        "functions/rotate'",
        "'Microsoft.KeyVault.SecretNearExpiry'",
        "name: 'ARM_USE_MSI'",
        "value: 'custom'",
    ] {
        ensure!(bicep.contains(needed), "{needed}");
    }
    for (opens, closes) in [('{', '}'), ('[', ']'), ('(', ')')] {
        assert_eq!(
            bicep.matches(opens).count(),
            bicep.matches(closes).count(),
            "{opens}"
        );
    }
    for (name, _) in functions()? {
        ensure!(
            readme.contains(&format!("| `{name}` |")),
            "{name} is not in the README"
        );
    }
    Ok(())
}

#[test]
fn the_manual_lists_every_path_and_every_answer() -> Result<()> {
    let manual = text(&place::root().join("docs/cli/function.md"))?;
    let host = text(&place::root().join("cli/src/command/function/host.rs"))?;
    let server = text(&place::root().join("cli/src/command/function/server.rs"))?;
    let (code, _) = host.split_once("#[cfg(test)]").context("no tests")?;
    let is_path = |text: &&str| text.starts_with('/') && !text.contains(char::is_whitespace);
    let paths = code.split('"').filter(is_path);
    let mut count = 0;
    for path in paths {
        ensure!(
            manual.contains(&format!(" {path}`")),
            "{path} is not in the manual"
        );
        count += 1;
    }
    ensure!(count >= 6, "only {count} paths were found");
    for source in [code, &server] {
        for (at, _) in source.match_indices("refused(") {
            let status = source.get(at + 8..at + 11).unwrap_or_default();
            if status.parse::<u16>().is_ok() {
                ensure!(manual.contains(status), "{status} is not in the manual");
            }
        }
    }
    Ok(())
}
