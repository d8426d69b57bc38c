//! States that earlier versions have left behind: what they describe is still there, so there is nothing to
//! do for a newer version, and it can go on with them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, GROUP};
use tests::place;
use tests::terraform::Terraform;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const STATE: &str = "state.json";
const CONFIGURATION: &str = "main.tf";
/// The account whose key is published; [`ACCOUNT`] is enrolled.
const PUBLISHED: &str = "stpublished";

/// Requests that change something.
const CHANGES: [&str; 3] = ["PUT", "POST", "DELETE"];

fn kept() -> PathBuf {
    place::root().join("tests/fixtures/states")
}

/// Returns the fleet of all states: two accounts with keys of today, and a vault.
fn fleet() -> Value {
    let young = |name: &str| serde_json::json!({"resource_group": GROUP, "name": name, "location": "westeurope"});
    fleet::of(&[young(ACCOUNT), young(PUBLISHED)], None)
}

/// Applies a configuration with the present provider.
fn applied<'a>(emulator: &'a Emulator, configuration: &str) -> Result<Terraform<'a>> {
    let terraform = Terraform::open(emulator, "present", configuration)?;
    terraform.apply()?;
    Ok(terraform)
}

fn changes(emulator: &Emulator) -> Result<usize> {
    let journal = emulator.journal()?;
    let is_change = |method: &str| CHANGES.contains(&method);
    Ok(journal
        .iter()
        .filter(|request| is_change(&request.method) && !request.url.contains("/oauth2/"))
        .count())
}

#[test]
fn a_state_of_any_version_plans_nothing_and_can_be_gone_on_with() -> Result<()> {
    let mut seen = 0;
    for entry in fs::read_dir(kept()).context("no states are kept")? {
        let folder = entry?.path();
        if folder.is_dir() {
            check(&folder).with_context(|| format!("{}", folder.display()))?;
            seen += 1;
        }
    }
    ensure!(seen > 0, "no states are kept");
    Ok(())
}

fn check(folder: &Path) -> Result<()> {
    let configuration = fs::read_to_string(folder.join(CONFIGURATION))?;
    let state = fs::read_to_string(folder.join(STATE))?;
    let emulator = Emulator::start(&fleet())?;
    applied(&emulator, &configuration)?;
    let before = changes(&emulator)?;
    let upgraded = Terraform::open(&emulator, "upgraded", &configuration)?;
    upgraded.write_file("terraform.tfstate", &state)?;
    upgraded.expect_empty_plan()?;
    upgraded.apply()?;
    assert_eq!(changes(&emulator)?, before, "something was changed");
    upgraded.destroy()?;
    assert_eq!(upgraded.addresses()?, Vec::<String>::new());
    assert_eq!(emulator.count("DeleteStorageAccount")?, 1);
    assert_eq!(emulator.count("RoleAssignments_Delete")?, 1);
    Ok(())
}

#[test]
fn the_states_of_this_version_are_kept() -> Result<()> {
    let folder = kept().join(VERSION);
    let configuration = folder.join(CONFIGURATION);
    let configuration = fs::read_to_string(&configuration).with_context(|| {
        format!(
            "version {VERSION} keeps no configuration at {}",
            configuration.display()
        )
    })?;
    let emulator = Emulator::start(&fleet())?;
    let terraform = applied(&emulator, &configuration)?;
    let files = terraform.files()?.into_iter();
    let mut states = files.filter(|(path, _)| path.ends_with("terraform.tfstate"));
    let (_, state) = states.next().context("the core has left no state")?;
    if place::writes_states() {
        return fs::write(folder.join(STATE), state).context("cannot write the state");
    }
    let kept = fs::read(folder.join(STATE)).context("this version keeps no state")?;
    assert_eq!(
        shape(&serde_json::from_slice(&kept)?)?,
        shape(&serde_json::from_slice(&state)?)?,
        "the provider writes other states now: if {VERSION} is not released, run `cargo xtask states`"
    );
    Ok(())
}

/// Names everything that a state holds, without what it is.
fn shape(state: &Value) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let resources = state.get("resources").and_then(Value::as_array);
    for resource in resources.context("a state without resources")? {
        let text = |name: &str| {
            resource
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let address = format!("{}.{}", text("type"), text("name"));
        let instance = resource.pointer("/instances/0").context("no instance")?;
        for part in ["schema_version", "identity_schema_version"] {
            let version = instance.get(part).unwrap_or(&Value::Null);
            names.insert(format!("{address}: {part} {version}"));
        }
        for part in ["attributes", "identity"] {
            let value = instance.get(part).unwrap_or(&Value::Null);
            name(&format!("{address}: {part}"), value, &mut names);
        }
    }
    Ok(names)
}

fn name(path: &str, value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                name(&format!("{path}.{field}"), value, names);
            }
        }
        _ => {
            names.insert(path.to_owned());
        }
    }
}
