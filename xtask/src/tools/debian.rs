//! Programs from Debian's packages, unpacked and not installed: they need no root, and nothing of the
//! machine changes.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::install;
use crate::process::Supervisor;
use crate::{screen, workspace};

/// The server, what makes its keys, the libraries that only it needs, and the one that lends it users.
const PACKAGES: [&str; 6] = [
    "openssh-server",
    "openssh-client",
    "libwrap0",
    "libnsl2",
    "libtirpc3",
    "libnss-wrapper",
];

/// The program that counts instructions, and what it has to know of the system's library.
const VALGRIND: [&str; 2] = ["valgrind", "libc6-dbg"];

/// The program that signs, its helpers, and the libraries that not every Debian has.
const GNUPG: [&str; 7] = [
    "gpg",
    "gpg-agent",
    "gpgconf",
    "libassuan0",
    "libksba8",
    "libnpth0",
    "libsqlite3-0",
];

const GET_GNUPG: &str = "the tests sign with gpg: install GnuPG from your distribution (Debian: apt-get \
                         install gnupg), or run this on Debian 12 with its package registry reachable";

const GET_VALGRIND: &str = "valgrind comes from Debian's packages by apt-get and dpkg: run this on \
                            Debian 12 or a system that has both, with its package registry reachable";

const GET_DEBIAN: &str = "the OpenSSH server of the tests comes from Debian's packages by apt-get and \
                          dpkg: run the tests on Debian 12 or a system that has both, with its \
                          package registry reachable";

/// Returns the folder in which the packages are unpacked.
pub fn openssh(supervisor: &Supervisor) -> Result<PathBuf> {
    let folder = workspace::target()?.join("tools").join("openssh");
    install(
        &folder,
        &format!("{} libraries", PACKAGES.join("\n")),
        |fresh| {
            screen::say("unpacking openssh-server from Debian");
            fill(supervisor, fresh)
        },
    )
    .context(GET_DEBIAN)?;
    Ok(folder)
}

/// Returns the folder in which valgrind is unpacked.
pub fn valgrind(supervisor: &Supervisor) -> Result<PathBuf> {
    let folder = workspace::target()?.join("tools").join("valgrind");
    install(&folder, &VALGRIND.join("\n"), |fresh| {
        screen::say("unpacking valgrind from Debian");
        unpack(supervisor, fresh, &VALGRIND)
    })
    .context(GET_VALGRIND)?;
    Ok(folder)
}

/// Returns the folder in which gpg is unpacked; none if the machine has it.
pub fn gnupg(supervisor: &Supervisor) -> Result<Option<PathBuf>> {
    let mut ask = Command::new("gpg");
    if supervisor.capture_text(ask.arg("--version")).is_ok() {
        return Ok(None);
    }
    let folder = workspace::target()?.join("tools").join("gnupg");
    install(&folder, &GNUPG.join("\n"), |fresh| {
        screen::say("unpacking gpg from Debian");
        unpack(supervisor, fresh, &GNUPG)?;
        let agent = "--agent-program \"$here/../bin/gpg-agent\"";
        write_launcher(fresh, "gpg", "gpg", agent)?;
        ["gpg-agent", "gpgconf"]
            .into_iter()
            .try_for_each(|program| write_launcher(fresh, program, program, ""))
    })
    .context(GET_GNUPG)?;
    Ok(Some(folder))
}

/// Writes a program into `bin` that starts an unpacked one, with the libraries that were unpacked with it.
pub(super) fn write_launcher(folder: &Path, name: &str, real: &str, options: &str) -> Result<()> {
    let text = format!(
        "#!/bin/sh\nhere=$(cd \"$(dirname \"$0\")/../usr\" && pwd)\n\
         export LD_LIBRARY_PATH=$(echo \"$here\"/lib/*-linux-gnu | tr ' ' :)\n\
         exec \"$here/bin/{real}\" {options} \"$@\"\n"
    );
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).context("cannot create a folder")?;
    let launcher = bin.join(name);
    fs::write(&launcher, text).context("cannot write a launcher")?;
    fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755))
        .context("cannot make a launcher executable")
}

fn fill(supervisor: &Supervisor, folder: &Path) -> Result<()> {
    unpack(supervisor, folder, &PACKAGES)?;
    // The name of this folder is that of the processor; under `libraries` everybody finds it.
    symlink(libraries(folder)?, folder.join("libraries")).context("cannot link the libraries")?;
    expect_whole(supervisor, folder)
}

/// Unpacks packages into a folder.
pub(super) fn unpack(supervisor: &Supervisor, folder: &Path, packages: &[&str]) -> Result<()> {
    if download(supervisor, folder, packages, &[]).is_err() {
        // A bare machine has no lists yet; these ones are for us alone.
        let lists = folder.join("lists");
        fs::create_dir_all(lists.join("partial")).context("cannot create a folder")?;
        let state = format!("Dir::State::Lists={}", lists.display());
        let mut update = Command::new("apt-get");
        supervisor.run(update.args(["-o", &state, "-qq", "update"]))?;
        download(supervisor, folder, packages, &["-o", &state])?;
        fs::remove_dir_all(&lists).context("cannot remove the lists")?;
    }
    let entries = fs::read_dir(folder)?;
    let files: Vec<_> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "deb"))
    {
        supervisor.run(Command::new("dpkg").arg("-x").arg(file).arg(folder))?;
        fs::remove_file(file).context("cannot remove a package")?;
    }
    Ok(())
}

fn download(
    supervisor: &Supervisor,
    folder: &Path,
    packages: &[&str],
    options: &[&str],
) -> Result<()> {
    let mut download = Command::new("apt-get");
    download.args(options).args(["-q", "download"]);
    let output = supervisor.capture(download.args(packages).current_dir(folder), "")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// The other libraries are part of every Debian; if one is not here, the server would not start.
fn expect_whole(supervisor: &Supervisor, folder: &Path) -> Result<()> {
    let mut list = Command::new("ldd");
    list.arg(folder.join("usr/sbin/sshd"));
    list.env("LD_LIBRARY_PATH", folder.join("libraries"));
    let output = supervisor.capture(&mut list, "")?;
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let missing: Vec<_> = listed
        .lines()
        .filter(|line| line.contains("not found"))
        .collect();
    if !missing.is_empty() {
        bail!("sshd lacks {}", missing.join(", "));
    }
    Ok(())
}

/// Finds the unpacked libraries, and names their folder as it is seen from above.
fn libraries(folder: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(folder.join("usr/lib"))? {
        let entry = entry?;
        if entry.path().join("libnss_wrapper.so").exists() {
            return Ok(Path::new("usr/lib").join(entry.file_name()));
        }
    }
    bail!("libnss-wrapper has no library")
}
