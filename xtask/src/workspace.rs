//! Where things are: the checkout, the build folder, the built programs, the caller's variables.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::Supervisor;

/// The product's two programs, as cargo builds them.
pub struct Programs {
    /// The command line tool.
    pub keyrotation: PathBuf,
    /// The Terraform provider.
    pub provider: PathBuf,
}

/// The product's two programs, and the packages that they are built from.
pub const PROGRAMS: [(&str, &str); 2] = [
    ("terraform-provider-keyrotation", "keyrotation-provider"),
    ("keyrotation", "keyrotation-cli"),
];

/// Returns the root of the checkout that xtask was built from.
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Returns cargo's build folder, wherever the caller has put it.
pub fn target() -> Result<PathBuf> {
    let program = std::env::current_exe().context("cannot find the folder of xtask itself")?;
    let target = program
        .ancestors()
        .nth(2)
        .context("xtask does not run from a build folder")?;
    Ok(target.to_path_buf())
}

/// Returns where [`build_programs`] leaves the programs.
pub fn programs() -> Result<Programs> {
    programs_in("debug")
}

/// Returns where a release build leaves the programs.
pub fn released_programs() -> Result<Programs> {
    programs_in("release")
}

fn programs_in(profile: &str) -> Result<Programs> {
    let folder = target()?.join(profile);
    Ok(Programs {
        keyrotation: folder.join("keyrotation"),
        provider: folder.join("terraform-provider-keyrotation"),
    })
}

/// Describes the build of both programs in the profile that the tests use.
pub fn build_programs() -> Command {
    let mut command = cargo();
    command.args([
        "build",
        "--package=keyrotation-cli",
        "--package=keyrotation-provider",
    ]);
    command
}

/// Describes the build of both programs and all tests. Built by themselves, the programs would have other
/// features of the libraries below than the tests have, and all of those would be built twice.
pub fn build_with_tests() -> Command {
    let mut command = cargo();
    command.args(["build", "--workspace", "--all-targets"]);
    command
}

/// Describes a run of the cargo that built xtask, in the root of the checkout.
///
/// What cargo tells xtask about itself is not passed on: ring's build script looks at it, so ring and all
/// above it would be built anew whenever a run through xtask follows one without.
pub fn cargo() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root());
    for name in about_xtask() {
        command.env_remove(name);
    }
    // A failure says what is wrong in words; frames of the test runner push them out of a log.
    command.env("RUST_BACKTRACE", "0");
    command
}

fn about_xtask() -> impl Iterator<Item = OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    })
}

/// Describes a run of `program` that knows nothing of the caller's settings but the search path.
///
/// The caller's machine may carry proxies, certificates and Terraform settings of its own.
pub fn isolated(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("HOME", home)
        .env("TMPDIR", home)
        .env("LANG", "C.UTF-8");
    if let Some(path) = search_path() {
        command.env("PATH", path);
    }
    command
}

/// Names the system that programs are built for the way rustc does.
pub fn host(supervisor: &Supervisor) -> Result<String> {
    let said = compiler(supervisor)?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no system")?.to_owned())
}

/// Returns what the compiler says of itself.
pub fn compiler(supervisor: &Supervisor) -> Result<String> {
    let mut rustc = Command::new("rustc");
    supervisor.capture_text(rustc.arg("-vV").current_dir(root()))
}

/// Returns the folder in which cargo keeps the packages of others.
pub fn cargo_home(supervisor: &Supervisor) -> Result<PathBuf> {
    let of_host = format!("--filter-platform={}", host(supervisor)?);
    let mut metadata = cargo();
    metadata.args(["metadata", "--format-version=1", "--locked", &of_host]);
    let said = supervisor.capture_text(&mut metadata)?;
    let metadata: Value = serde_json::from_str(&said).context("cargo tells no JSON")?;
    let packages = metadata.get("packages").and_then(Value::as_array);
    let manifests = packages.into_iter().flatten();
    let mut manifests = manifests.filter_map(|package| package.get("manifest_path")?.as_str());
    let home = manifests.find_map(|path| path.split_once("/registry/src/"));
    Ok(home.context("cargo keeps no packages")?.0.into())
}

/// Returns the search path with a folder before all others.
pub fn search_path_with(folder: &Path) -> Result<OsString> {
    let known = search_path().unwrap_or_default();
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&known));
    std::env::join_paths(folders).context("a folder of programs has a separator in its name")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one variable that programs we start must share"
)]
fn search_path() -> Option<OsString> {
    std::env::var_os("PATH")
}
