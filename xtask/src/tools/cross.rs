//! C compilers for other systems than this machine's: the machine's own if it has them, else those of
//! Debian's packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{debian, install};
use crate::process::Supervisor;
use crate::{screen, workspace};

/// A compiler and what belongs to it.
pub struct CrossCompiler {
    /// What the names of its programs begin with.
    pub prefix: &'static str,
    /// The package that a person would install.
    package: &'static str,
    /// What that consists of in Debian 12.
    parts: &'static [&'static str],
    /// What Debian puts after the names of the compiler proper.
    suffix: &'static str,
}

/// The compiler for Linux on 64-bit ARM.
pub const FOR_ARM: CrossCompiler = CrossCompiler {
    prefix: "aarch64-linux-gnu",
    package: "gcc-aarch64-linux-gnu",
    parts: &[
        "gcc-12-aarch64-linux-gnu",
        "cpp-12-aarch64-linux-gnu",
        "binutils-aarch64-linux-gnu",
        "libgcc-12-dev-arm64-cross",
        "libc6-dev-arm64-cross",
        "linux-libc-dev-arm64-cross",
    ],
    suffix: "-12",
};

/// The compiler for 64-bit Windows.
pub const FOR_WINDOWS: CrossCompiler = CrossCompiler {
    prefix: "x86_64-w64-mingw32",
    package: "gcc-mingw-w64-x86-64",
    parts: &[
        "gcc-mingw-w64-x86-64-win32",
        "gcc-mingw-w64-x86-64-win32-runtime",
        "binutils-mingw-w64-x86-64",
        "mingw-w64-x86-64-dev",
        "mingw-w64-common",
    ],
    suffix: "-win32",
};

/// What builds call of it.
const PROGRAMS: [&str; 5] = ["gcc", "ar", "as", "ld", "dlltool"];

/// Finds the compiler. Returns the folder that the search path needs for it; none if the machine has it.
pub fn folder(supervisor: &Supervisor, compiler: &CrossCompiler) -> Result<Option<PathBuf>> {
    let mut ask = Command::new(format!("{}-gcc", compiler.prefix));
    if supervisor.capture_text(ask.arg("--version")).is_ok() {
        return Ok(None);
    }
    let folder = workspace::target()?.join("tools").join(compiler.package);
    install(&folder, &compiler.parts.join("\n"), |fresh| {
        screen::say(&format!("unpacking {} from Debian", compiler.package));
        debian::unpack(supervisor, fresh, compiler.parts)?;
        PROGRAMS
            .iter()
            .try_for_each(|program| write_launcher(fresh, compiler, program))
    })
    .with_context(|| {
        format!(
            "needs a C compiler for another system: install {} (that is its name in Debian)",
            compiler.package
        )
    })?;
    Ok(Some(folder.join("bin")))
}

/// Writes a program of the expected name that brings the libraries of the unpacked one along.
fn write_launcher(folder: &Path, compiler: &CrossCompiler, program: &str) -> Result<()> {
    let name = format!("{}-{program}", compiler.prefix);
    let unpacked = folder.join("usr/bin");
    let suffixed = format!("{name}{}", compiler.suffix);
    let real = if unpacked.join(&suffixed).exists() {
        suffixed
    } else if unpacked.join(&name).exists() {
        name.clone()
    } else {
        return Ok(());
    };
    debian::write_launcher(folder, &name, &real, "")
}
