//! The release of the programs under test, packed once for all tests, and readers of archives that are not
//! ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use serde_json::Value;
use tests::place::{self, Scratch};
use tests::process;
use tests::signer::Signer;

pub(super) const PROVIDER: &str = "terraform-provider-keyrotation";
pub(super) const TOOL: &str = "keyrotation";
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Lists name, mode and day of everything in an archive.
const LIST: &str = r#"
import datetime, json, sys, tarfile, zipfile
path = sys.argv[1]
if path.endswith(".zip"):
    entries = [[one.filename, one.external_attr >> 16 & 0o7777, "%04d-%02d-%02d" % one.date_time[:3]]
               for one in zipfile.ZipFile(path).infolist()]
else:
    day = lambda one: datetime.datetime.fromtimestamp(one.mtime, datetime.timezone.utc)
    entries = [[one.name, one.mode, day(one).strftime("%Y-%m-%d")] for one in tarfile.open(path)]
print(json.dumps(entries))
"#;

/// Prints one file of a zip.
const READ: &str = "import sys, zipfile; \
                    sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))";

/// Returns the folder with the release, and makes it if no test has done so yet.
pub(super) fn folder() -> Result<PathBuf> {
    static IS_PACKED: Mutex<bool> = Mutex::new(false);
    let mut is_packed = IS_PACKED.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = place::packed()?;
    if !*is_packed {
        let mut pack = Command::new(place::xtask()?);
        pack.args(["dist", "--programs"]).arg(place::programs()?);
        pack.arg("--out").arg(&folder);
        process::run(&mut pack)?.expect_code(0)?;
        *is_packed = true;
    }
    Ok(folder)
}

/// Copies the release, for a test that changes it.
pub(super) fn copy(scratch: &Scratch) -> Result<PathBuf> {
    let folder = folder()?;
    let copy = scratch.folder("release")?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        fs::copy(entry.path(), copy.join(entry.file_name())).context("cannot copy the release")?;
    }
    Ok(copy)
}

/// Describes a run that makes the sums of a folder anew.
pub(super) fn seal(folder: &Path) -> Result<Command> {
    let mut seal = Command::new(place::xtask()?);
    seal.args(["dist", "--seal", "--out"]).arg(folder);
    Ok(seal)
}

/// Makes the sums of a folder anew, and signs them.
pub(super) fn sign(folder: &Path, signer: &Signer) -> Result<()> {
    let mut seal = seal(folder)?;
    seal.args(["--sign", signer.name()]);
    signer.lend(&mut seal)?;
    process::run(&mut seal)?.expect_code(0).map(drop)
}

/// Lists what is in an archive, in its order.
pub(super) fn entries(archive: &Path) -> Result<Value> {
    let said = python(LIST, &[&archive.to_string_lossy()])?;
    serde_json::from_str(&said).context("the list is not JSON")
}

/// Returns the text of a file in a zip.
pub(super) fn read(archive: &Path, name: &str) -> Result<String> {
    python(READ, &[&archive.to_string_lossy(), name])
}

fn python(script: &str, arguments: &[&str]) -> Result<String> {
    let mut python = Command::new(place::python()?);
    python.args(["-I", "-c", script]).args(arguments);
    Ok(process::run(&mut python)?.expect_code(0)?.stdout)
}
