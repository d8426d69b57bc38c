//! The JSON of a bill.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Materials;
use crate::lock_file::{self, Entry};

/// Lists every package of the lock file; those that the program holds are required, the others (of tests,
/// of builds, of other systems) are excluded.
pub(super) fn bill(program: &str, package: &str, materials: &Materials) -> Result<Value> {
    let locked = &materials.locked;
    let root = lock_file::find(locked, package)?;
    let parts = locked.iter().filter(|entry| *entry != root);
    let dependencies: Vec<Value> = locked
        .iter()
        .map(|entry| needs(locked, entry))
        .collect::<Result<_>>()?;
    let mut whole = json!({
        "type": "application",
        "bom-ref": reference(root),
        "name": program,
        "version": root.version,
    });
    add(&mut whole, "licenses", licences(materials, root))?;
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": whole,
            "properties": [{"name": "keyrotation:system", "value": materials.system}],
        },
        "components": parts.map(|entry| component(materials, entry)).collect::<Result<Vec<_>>>()?,
        "dependencies": dependencies,
    }))
}

fn component(materials: &Materials, entry: &Entry) -> Result<Value> {
    let key = (entry.name.clone(), entry.version.clone());
    let is_held = materials.held.contains(&key);
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(entry),
        "name": entry.name,
        "version": entry.version,
        "scope": if is_held { "required" } else { "excluded" },
    });
    if let Some(checksum) = &entry.checksum {
        let hashes = json!([{"alg": "SHA-256", "content": checksum}]);
        add(&mut component, "hashes", Some(hashes))?;
        add(&mut component, "purl", Some(reference(entry).into()))?;
    }
    add(&mut component, "licenses", licences(materials, entry))?;
    Ok(component)
}

fn licences(materials: &Materials, entry: &Entry) -> Option<Value> {
    let key = (entry.name.clone(), entry.version.clone());
    let expression = materials.licences.get(&key).filter(|text| !text.is_empty());
    expression.map(|expression| json!([{ "expression": expression }]))
}

fn needs(locked: &[Entry], entry: &Entry) -> Result<Value> {
    let needs = entry.needs.iter();
    let needs: Vec<String> = needs
        .map(|need| lock_file::find(locked, need).map(reference))
        .collect::<Result<_>>()?;
    Ok(json!({"ref": reference(entry), "dependsOn": needs}))
}

/// Names a package as package URLs do; ours are in no registry.
fn reference(entry: &Entry) -> String {
    let Entry { name, version, .. } = entry;
    // A plus sign, which some versions have, is a space in some readings of an address.
    let version = version.replace('+', "%2B");
    match entry.source {
        Some(_) => format!("pkg:cargo/{name}@{version}"),
        None => format!("{name}@{version}"),
    }
}

fn add(component: &mut Value, name: &str, value: Option<Value>) -> Result<()> {
    let fields = component
        .as_object_mut()
        .context("a component is an object")?;
    if let Some(value) = value {
        fields.insert(name.to_owned(), value);
    }
    Ok(())
}
