//! What cargo knows about the workspace: its rooms, their arrows, and everything they depend on.

use std::collections::BTreeSet;
use std::env::consts;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::place;
use crate::process;

const OUR_PREFIX: &str = "keyrotation-";

/// A package of the workspace.
#[derive(Debug)]
pub struct Room {
    /// Its name without the prefix, as in `engine`.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The rooms that its programs and library call.
    pub calls: BTreeSet<String>,
    /// The rooms that only its tests call.
    pub calls_in_tests: BTreeSet<String>,
    /// Outside packages that its programs and library depend on.
    pub depends_on: BTreeSet<String>,
    /// The features that it declares.
    pub features: BTreeSet<String>,
}

/// A package that something of ours is built from, on this system.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence expression, if it states one.
    pub license: Option<String>,
    /// The features that are switched on.
    pub features: BTreeSet<String>,
    /// Whether it is one of the workspace's own.
    pub ours: bool,
}

/// One entry of the lock file, which covers all systems.
#[derive(Debug)]
pub struct Locked {
    /// The package's name.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// Where it comes from; `None` for the workspace's own.
    pub source: Option<String>,
}

/// Returns the rooms of the workspace.
///
/// # Errors
///
/// Fails if cargo cannot read the workspace.
pub fn rooms() -> Result<Vec<Room>> {
    let metadata = cargo_metadata(&["--no-deps"])?;
    array(&metadata, "packages").map(room).collect()
}

/// Returns everything that is built for this system.
///
/// # Errors
///
/// Fails if cargo cannot read the workspace, or has not fetched its dependencies.
pub fn packages() -> Result<Vec<Package>> {
    let metadata = cargo_metadata(&["--filter-platform", &host()])?;
    let nodes = metadata.get("resolve").context("cargo resolved nothing")?;
    let described: Vec<&Value> = array(&metadata, "packages").collect();
    let find = |id: &str| described.iter().find(|package| text(package, "id") == id);
    array(nodes, "nodes")
        .map(|node| {
            let package =
                find(text(node, "id")).context("a resolved package without a manifest")?;
            Ok(Package {
                name: text(package, "name").to_owned(),
                version: text(package, "version").to_owned(),
                license: package
                    .get("license")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
                features: array(node, "features")
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
                ours: package.get("source").is_none_or(Value::is_null),
            })
        })
        .collect()
}

/// Returns the entries of `Cargo.lock`.
///
/// # Errors
///
/// Fails if the file cannot be read.
pub fn locked() -> Result<Vec<Locked>> {
    let lock = fs::read_to_string(place::root().join("Cargo.lock")).context("no Cargo.lock")?;
    let entries: Vec<Locked> = lock
        .split("[[package]]")
        .skip(1)
        .filter_map(locked_entry)
        .collect();
    ensure!(!entries.is_empty(), "Cargo.lock holds no package");
    Ok(entries)
}

fn locked_entry(block: &str) -> Option<Locked> {
    let field = |name: &str| {
        let start = format!("{name} = \"");
        let line = block.lines().find_map(|line| line.strip_prefix(&start))?;
        Some(line.trim_end_matches('"').to_owned())
    };
    Some(Locked {
        name: field("name")?,
        version: field("version")?,
        source: field("source"),
    })
}

fn room(package: &Value) -> Result<Room> {
    let name = text(package, "name");
    let name = name
        .strip_prefix(OUR_PREFIX)
        .with_context(|| format!("{name}: not our prefix"))?;
    let manifest = PathBuf::from(text(package, "manifest_path"));
    let folder = manifest
        .parent()
        .context("a manifest without a folder")?
        .to_path_buf();
    let names = |development: bool, ours: bool| -> BTreeSet<String> {
        array(package, "dependencies")
            .filter(|dependency| (text(dependency, "kind") == "dev") == development)
            .map(|dependency| text(dependency, "name"))
            .filter(|name| name.starts_with(OUR_PREFIX) == ours)
            .map(|name| name.trim_start_matches(OUR_PREFIX).to_owned())
            .collect()
    };
    Ok(Room {
        name: name.to_owned(),
        folder,
        calls: names(false, true),
        calls_in_tests: names(true, true),
        depends_on: names(false, false),
        features: package
            .get("features")
            .and_then(Value::as_object)
            .map(|features| features.keys().cloned().collect())
            .unwrap_or_default(),
    })
}

fn cargo_metadata(arguments: &[&str]) -> Result<Value> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["metadata", "--format-version=1", "--offline", "--locked"])
        .args(arguments);
    command.current_dir(place::root());
    let said = process::run(&mut command)?
        .expect_code(0)
        .context("cargo metadata")?;
    serde_json::from_str(&said.stdout).context("cargo metadata: no JSON")
}

/// Names this system the way rustc does.
fn host() -> String {
    let system = if consts::OS == "macos" {
        "apple-darwin"
    } else {
        "unknown-linux-gnu"
    };
    format!("{}-{system}", consts::ARCH)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn array<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}
