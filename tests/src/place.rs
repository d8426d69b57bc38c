//! Where things are: the checkout, the built programs, the outside tools, folders for scratch.

use std::env::consts;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};

/// The Terraform cores that the tests run, oldest first.
pub const TERRAFORM_VERSIONS: [&str; 8] = [
    "1.6.6", "1.8.4", "1.10.5", "1.11.4", "1.12.2", "1.13.5", "1.14.9", "1.15.5",
];

/// Returns the root of the checkout.
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Returns the command line tool.
///
/// # Errors
///
/// Fails if it was not built.
pub fn keyrotation() -> Result<PathBuf> {
    program(profile_folder()?.join("keyrotation"))
}

/// Returns the Terraform provider.
///
/// # Errors
///
/// Fails if it was not built.
pub fn provider() -> Result<PathBuf> {
    program(profile_folder()?.join("terraform-provider-keyrotation"))
}

/// Returns the program with the commands of developers.
///
/// # Errors
///
/// Fails if it was not built.
pub fn xtask() -> Result<PathBuf> {
    program(profile_folder()?.join("xtask"))
}

/// Returns the folder with both programs.
///
/// # Errors
///
/// Fails if the build folder cannot be found.
pub fn programs() -> Result<PathBuf> {
    profile_folder()
}

/// Returns the folder for a release that is packed of the programs under test.
///
/// # Errors
///
/// Fails if the build folder cannot be found.
pub fn packed() -> Result<PathBuf> {
    let build = profile_folder()?;
    Ok(build
        .parent()
        .context("no build folder")?
        .join("dist-of-tests"))
}

/// Returns the cores to run: the one that `cargo xtask test --core` names, or all of
/// [`TERRAFORM_VERSIONS`].
///
/// # Errors
///
/// Fails if one is not installed.
pub fn cores() -> Result<Vec<PathBuf>> {
    if let Some(core) = chosen_core() {
        return Ok(vec![program(core)?]);
    }
    let tools = tools()?;
    let core = |version| program(tools.join(format!("terraform-{version}/terraform")));
    TERRAFORM_VERSIONS.iter().map(core).collect()
}

/// Returns the newest of [`cores`].
///
/// # Errors
///
/// Fails if one is not installed.
pub fn terraform() -> Result<PathBuf> {
    cores()?.pop().context("there is no core to run")
}

/// Returns the folder with the storage server that keeps blobs.
///
/// # Errors
///
/// Fails if it is not installed.
pub fn azurite() -> Result<PathBuf> {
    installed("azurite")
}

/// Returns the folder with the unpacked OpenSSH server.
///
/// # Errors
///
/// Fails if it is not installed.
pub fn openssh() -> Result<PathBuf> {
    installed("openssh")
}

/// Returns `kubectl`.
///
/// # Errors
///
/// Fails if it is not installed.
pub fn kubectl() -> Result<PathBuf> {
    installed("kubectl/bin/kubectl")
}

/// Returns `gpg`: the machine's, or else the installed one.
///
/// # Errors
///
/// Fails if there is none.
pub fn gpg() -> Result<PathBuf> {
    let folders = search_path().unwrap_or_default();
    let mut found = std::env::split_paths(&folders).map(|folder| folder.join("gpg"));
    found
        .find(|path| path.exists())
        .map_or_else(|| installed("gnupg/bin/gpg"), Ok)
}

/// Returns the search path of programs that call `gpg`.
///
/// # Errors
///
/// Fails if there is none.
pub fn search_path_with_gpg() -> Result<OsString> {
    let gpg = gpg()?;
    let first = gpg.parent().context("a program without a folder")?;
    let others = search_path().unwrap_or_default();
    let all = std::iter::once(first.to_owned()).chain(std::env::split_paths(&others));
    std::env::join_paths(all).context("a folder of programs has a separator in its name")
}

/// Returns the folder of an example.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    root().join("examples").join(name)
}

/// Copies the files of a folder, and of those below it, into one that is there already.
///
/// # Errors
///
/// Fails if a file cannot be read or written.
pub fn copy_files(source: &Path, target: &Path) -> Result<()> {
    let entries =
        fs::read_dir(source).with_context(|| format!("cannot list {}", source.display()))?;
    for entry in entries {
        let entry = entry?;
        let copy = target.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&copy).with_context(|| format!("cannot create {}", copy.display()))?;
            copy_files(&entry.path(), &copy)?;
        } else {
            fs::copy(entry.path(), &copy)
                .with_context(|| format!("cannot write {}", copy.display()))?;
        }
    }
    Ok(())
}

fn installed(tool: &str) -> Result<PathBuf> {
    let place = tools()?.join(tool);
    ensure!(
        place.exists(),
        "{} is missing: run `cargo xtask test`, which installs it",
        place.display()
    );
    Ok(place)
}

/// Returns the Python interpreter itself: a version manager's stand-in does not start in an
/// environment that has nothing of its settings.
///
/// # Errors
///
/// Fails if there is none.
pub fn python() -> Result<PathBuf> {
    let tell = ["-c", "import sys; print(sys.executable)"];
    let said = Command::new("python3").args(tell).output();
    let said = said.context("python3 is missing: install Python 3.8 or later")?;
    Ok(PathBuf::from(String::from_utf8_lossy(&said.stdout).trim()))
}

fn tools() -> Result<PathBuf> {
    let profile = profile_folder()?;
    let target = profile
        .parent()
        .context("the tests do not run from a build folder")?;
    Ok(target.join("tools"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the way in which `cargo xtask test --core` names a core"
)]
fn chosen_core() -> Option<PathBuf> {
    std::env::var_os("KEYROTATION_TEST_CORE").map(PathBuf::from)
}

/// Names the system the way Terraform does, as in `linux_amd64`.
#[must_use]
pub fn terraform_platform() -> String {
    let system = if consts::OS == "macos" {
        "darwin"
    } else {
        consts::OS
    };
    let processor = match consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}_{processor}")
}

/// Describes a run of `program` that shares nothing with the tests' own environment but the search
/// path; `home` is where it may leave files.
#[must_use]
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
    command.current_dir(home);
    command
}

/// Names a file for the exchanges of one emulator. `cargo xtask openapi` reads all of them.
///
/// # Errors
///
/// Fails if the build folder cannot be found.
pub fn exchanges() -> Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let build = profile_folder()?;
    let build = build.parent().context("no build folder")?;
    Ok(build
        .join("exchanges")
        .join(format!("suite-{number}.jsonl")))
}

/// Returns the folder for the counts of the fault matrices, which `cargo xtask test` prints.
///
/// # Errors
///
/// Fails if the build folder cannot be found.
pub fn fault_counts() -> Result<PathBuf> {
    let build = profile_folder()?;
    Ok(build.parent().context("no build folder")?.join("faults"))
}

/// Tells whether `cargo xtask test --full` runs the tests: every request meets every fault then.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the way in which `cargo xtask test --full` asks for all"
)]
pub fn takes_the_full_matrix() -> bool {
    std::env::var_os("KEYROTATION_FULL_MATRIX").is_some()
}

/// Tells whether `cargo xtask docs` runs the tests: pages are written then instead of compared.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the one switch of the test suite"
)]
pub fn writes_pages() -> bool {
    std::env::var_os("KEYROTATION_WRITE_PAGES").is_some()
}

/// Tells whether `cargo xtask states` runs the tests: the state of this version is written then.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the way in which `cargo xtask states` asks for it"
)]
pub fn writes_states() -> bool {
    std::env::var_os("KEYROTATION_WRITE_STATES").is_some()
}

/// Returns where programs are looked for.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the one variable that programs we start must share"
)]
pub fn search_path() -> Option<OsString> {
    std::env::var_os("PATH")
}

/// Returns a part of the name of the only page to be tried, if somebody who writes one has named it.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "a writer tries one page again and again"
)]
pub fn chosen_page() -> Option<String> {
    std::env::var("KEYROTATION_TEST_PAGE").ok()
}

/// Returns the folder with the programs of the profile that the tests were built in.
fn profile_folder() -> Result<PathBuf> {
    let test = std::env::current_exe().context("cannot find the program of the tests")?;
    let folder = test
        .ancestors()
        .nth(2)
        .context("the tests do not run from a build folder")?;
    Ok(folder.to_path_buf())
}

fn program(path: PathBuf) -> Result<PathBuf> {
    ensure!(
        path.exists(),
        "{} is missing: `cargo xtask test` provides it",
        path.display()
    );
    Ok(path)
}

/// A folder of one test's own that nobody else may read, removed when it is dropped.
///
/// It is in the system's temporary folder, not below the build folder: the provider puts a socket
/// into it, and the path of a socket has only about a hundred bytes.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Creates the folder.
    ///
    /// # Errors
    ///
    /// Fails if the system's temporary folder cannot be written.
    pub fn new() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("keyrotation-suite-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let created = fs::DirBuilder::new().mode(0o700).create(&path);
        created.with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { path })
    }

    /// Returns its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates a folder below it.
    ///
    /// # Errors
    ///
    /// Fails if the name is taken.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        fs::create_dir(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.path));
    }
}
