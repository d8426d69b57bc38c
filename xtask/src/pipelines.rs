//! `cargo xtask pipelines`: what people copy into their pipelines, under linters of others.
//!
//! What is looked at is written in `tests/clients/pipelines.py`; here the linters get installed: actionlint
//! of Go, and from PyPI the schemas of the three services, shellcheck and pre-commit.

use std::path::Path;

use anyhow::Result;

use crate::process::Supervisor;
use crate::{python, screen, tools};

const PACKAGES: &str = include_str!("../../tests/clients/requirements-pipelines.txt");

/// Installs the linters and runs them.
pub fn run(supervisor: &Supervisor) -> Result<()> {
    let packages: Vec<&str> = PACKAGES.lines().collect();
    let linters = python::with_packages(supervisor, "pipeline-linters", &packages)?;
    let actionlint = tools::actionlint(supervisor)?;
    screen::say(&format!("linters: actionlint, {}", packages.join(", ")));
    let arguments = [Path::new("--actionlint"), &actionlint];
    python::run(supervisor, &linters, "pipelines.py", &arguments)
}
