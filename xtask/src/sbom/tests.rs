//! The bill of the provider against the lock file, which is read here in another way.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Program, document, materials};
use crate::process::Supervisor;
use crate::workspace;

const PROVIDER: &str = "keyrotation-provider";

fn bill() -> Result<Value> {
    let supervisor = Supervisor::default();
    let program = Program {
        sources: workspace::root(),
        name: "terraform-provider-keyrotation",
        package: PROVIDER,
        system: &workspace::host(&supervisor)?,
    };
    let materials = materials(&supervisor, &program)?;
    document::bill(program.name, PROVIDER, &materials)
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let found = value.get(name).and_then(Value::as_array);
    found.map_or(&[], Vec::as_slice)
}

/// Returns name, version and checksum of all that is pinned, without the provider itself.
fn pinned() -> Result<BTreeSet<[String; 3]>> {
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock"))?;
    let mut pinned = BTreeSet::new();
    for block in lock
        .split("\n\n")
        .filter(|block| block.starts_with("[[package]]"))
    {
        let fields = block.lines().filter_map(|line| line.split_once(" = "));
        let fields: BTreeMap<&str, &str> = fields.collect();
        let field = |name| fields.get(name).map_or("", |text| text.trim_matches('"'));
        if field("name") != PROVIDER {
            pinned.insert(["name", "version", "checksum"].map(|name| field(name).to_owned()));
        }
    }
    ensure!(pinned.len() > 100, "the lock file was not read");
    Ok(pinned)
}

#[test]
fn a_bill_lists_all_that_is_pinned_and_nothing_else() -> Result<()> {
    let bill = bill()?;
    let listed = list(&bill, "components").iter().map(|component| {
        ["/name", "/version", "/hashes/0/content"].map(|part| text(component, part).to_owned())
    });
    let listed: Vec<[String; 3]> = listed.collect();
    let unique: BTreeSet<[String; 3]> = listed.iter().cloned().collect();
    assert_eq!(unique.len(), listed.len(), "a package is listed twice");
    assert_eq!(unique, pinned()?);
    Ok(())
}

#[test]
fn every_need_in_a_bill_is_a_package_of_it() -> Result<()> {
    let bill = bill()?;
    let components = list(&bill, "components");
    let mut known: BTreeSet<&str> = components.iter().map(|one| text(one, "/bom-ref")).collect();
    known.insert(text(&bill, "/metadata/component/bom-ref"));
    let dependencies = list(&bill, "dependencies");
    let told: BTreeSet<&str> = dependencies.iter().map(|one| text(one, "/ref")).collect();
    assert_eq!(told, known);
    for dependency in dependencies {
        for need in list(dependency, "dependsOn") {
            let need = need.as_str().context("a need without a name")?;
            ensure!(known.contains(need), "{need} is needed and not listed");
        }
    }
    Ok(())
}

#[test]
fn what_a_program_holds_is_required_and_has_a_licence() -> Result<()> {
    let bill = bill()?;
    let scope = |name: &str| {
        let mut named = list(&bill, "components").iter();
        named
            .find(|one| text(one, "/name") == name)
            .map(|one| text(one, "/scope"))
    };
    for (name, expected) in [
        ("rustls", "required"),
        ("ring", "required"),
        ("keyrotation-engine", "required"),
        ("insta", "excluded"),
        ("keyrotation-emulator", "excluded"),
        ("keyrotation-xtask", "excluded"),
    ] {
        assert_eq!(scope(name), Some(expected), "{name}");
    }
    for component in list(&bill, "components") {
        let is_named = !text(component, "/licenses/0/expression").is_empty();
        let is_held = text(component, "/scope") == "required";
        ensure!(
            is_named || !is_held,
            "{}: no licence",
            text(component, "/name")
        );
    }
    Ok(())
}
