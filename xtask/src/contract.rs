//! `cargo xtask golden` and `cargo xtask openapi`: the emulator against what Azure has published.
//!
//! The recordings and documents are not part of the repository, so these two commands need a folder
//! that has them. The comparisons themselves are in `tests/clients`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::process::Supervisor;
use crate::{python, tools, workspace};

/// Replays every recorded exchange with Azure, and with a Kubernetes server, against the emulator and compares the
/// answers.
pub fn golden(supervisor: &Supervisor, data: &str) -> Result<()> {
    check(supervisor, "golden.py", &part(data, "recordings")?, &[])?;
    check(supervisor, "kubernetes.py", &part(data, "kubernetes")?, &[])
}

/// Validates exchanges with the emulator under the published OpenAPI documents: those of a scenario
/// of its own, and those that the emulators of the last test run recorded. The recordings prove where
/// Azure itself breaks its documents.
pub fn openapi(supervisor: &Supervisor, data: &str) -> Result<()> {
    let exchanges = workspace::target()?.join("exchanges");
    let recordings = part(data, "recordings")?;
    let more = [
        Path::new("--exchanges"),
        &exchanges,
        Path::new("--recordings"),
        &recordings,
    ];
    check(supervisor, "openapi.py", &part(data, "specs")?, &more)
}

fn part(data: &str, name: &str) -> Result<PathBuf> {
    let path = Path::new(data).join(name);
    ensure!(
        path.is_dir(),
        "{} is missing: --data names the folder that has `recordings`, `specs` and `kubernetes`",
        path.display()
    );
    path.canonicalize()
        .with_context(|| format!("cannot find {}", path.display()))
}

fn check(supervisor: &Supervisor, program: &str, data: &Path, more: &[&Path]) -> Result<()> {
    let python = tools::python(supervisor)?;
    let arguments = [&[Path::new("--data"), data], more].concat();
    python::run(supervisor, &python, program, &arguments)
}
