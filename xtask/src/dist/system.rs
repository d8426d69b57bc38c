//! The systems that programs are built for: what rustc and what registries call them, and which C compiler
//! and linker they take.

use std::fmt;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::Supervisor;
use crate::tools::cross::{self, CrossCompiler};
use crate::workspace;

/// What this can name for a registry.
const KNOWN: [System; 7] = [
    System::new("x86_64-unknown-linux-musl", "linux", "amd64"),
    System::new("aarch64-unknown-linux-musl", "linux", "arm64"),
    System::new("x86_64-apple-darwin", "darwin", "amd64"),
    System::new("aarch64-apple-darwin", "darwin", "arm64"),
    System::new("x86_64-pc-windows-gnu", "windows", "amd64"),
    System::new("x86_64-unknown-linux-gnu", "linux", "amd64"),
    System::new("aarch64-unknown-linux-gnu", "linux", "arm64"),
];

/// A system that programs run on; shown as registries name it, as in `linux_amd64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct System {
    /// What rustc calls it.
    pub triple: &'static str,
    os: &'static str,
    processor: &'static str,
}

impl System {
    const fn new(triple: &'static str, os: &'static str, processor: &'static str) -> Self {
        Self {
            triple,
            os,
            processor,
        }
    }

    /// Finds a system by what rustc calls it.
    pub fn named(triple: &str) -> Result<Self> {
        let found = KNOWN.into_iter().find(|system| system.triple == triple);
        found.with_context(|| {
            let known: Vec<&str> = KNOWN.iter().map(|system| system.triple).collect();
            format!("`{triple}` is none of the systems that are released for: {known:?}")
        })
    }

    /// Returns the system that programs of this toolchain are built for.
    pub fn host(supervisor: &Supervisor) -> Result<Self> {
        Self::named(&workspace::host(supervisor)?)
    }

    /// Returns the systems that a machine of the given one can build for.
    pub fn usual(host: &Self) -> Result<Vec<Self>> {
        let others = KNOWN.into_iter();
        let usual: Vec<Self> = match host.os {
            // Only the static ones: programs of the others run where the C library is this one or newer.
            "linux" => others
                .filter(Self::is_static)
                .filter(|system| system.runs_on(host) || system.cross_compiler().is_some())
                .collect(),
            os => others.filter(|system| system.os == os).collect(),
        };
        if usual.is_empty() {
            bail!("nothing is released for {}", host.triple);
        }
        Ok(usual)
    }

    /// Tells whether programs hold all they need.
    pub fn is_static(&self) -> bool {
        self.triple.ends_with("-musl")
    }

    /// Tells whether this machine can run a program of that system.
    pub fn runs_on(&self, host: &Self) -> bool {
        self.os == host.os && self.processor == host.processor
    }

    /// Tells whether it is Windows, which has its own kind of names and archives.
    pub fn is_windows(&self) -> bool {
        self.os == "windows"
    }

    /// Names a program's file.
    pub fn executable(&self, program: &str) -> String {
        let end = if self.is_windows() { ".exe" } else { "" };
        format!("{program}{end}")
    }

    /// Makes a build for this system possible: its part of Rust, and a compiler for the C in `ring`.
    pub fn prepare(&self, supervisor: &Supervisor, build: &mut Command) -> Result<()> {
        let mut add = Command::new("rustup");
        add.args(["target", "add", self.triple]);
        let added = supervisor.capture_text(add.current_dir(workspace::root()));
        added.with_context(|| {
            format!(
                "no Rust for {}: rustup, from https://rustup.rs, brings it",
                self.triple
            )
        })?;
        let host = Self::host(supervisor)?;
        if self.os == "darwin" {
            // Apple's compiler builds for both processors; its libraries are on no other system.
            return if host.os == "darwin" {
                Ok(())
            } else {
                bail!("{} is built on macOS only", self.triple)
            };
        }
        if self.runs_on(&host) {
            // C in a static program asks for no library, so the machine's own compiler will do.
            build.env(self.variable("CC"), "cc");
            return Ok(());
        }
        self.set(supervisor, build)
    }

    fn cross_compiler(&self) -> Option<&'static CrossCompiler> {
        match (self.os, self.processor) {
            ("linux", "arm64") => Some(&cross::FOR_ARM),
            ("windows", "amd64") => Some(&cross::FOR_WINDOWS),
            _ => None,
        }
    }

    /// Lets a build take a compiler that is made for other systems than this machine's.
    fn set(&self, supervisor: &Supervisor, build: &mut Command) -> Result<()> {
        let compiler = self.cross_compiler().with_context(|| {
            let triple = self.triple;
            format!(
                "{triple} is built on a machine of its own kind: no other compiler is known here"
            )
        })?;
        if let Some(folder) = cross::folder(supervisor, compiler)? {
            build.env("PATH", workspace::search_path_with(&folder)?);
        }
        let program = format!("{}-gcc", compiler.prefix);
        let triple = self.triple.replace('-', "_").to_uppercase();
        build.env(format!("CARGO_TARGET_{triple}_LINKER"), &program);
        build.env(self.variable("CC"), program);
        build.env(self.variable("AR"), format!("{}-ar", compiler.prefix));
        Ok(())
    }

    /// Names a variable of build scripts for this system.
    fn variable(&self, name: &str) -> String {
        format!("{name}_{}", self.triple.replace('-', "_"))
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.os, self.processor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_usual(host: &str, expected: &[&str]) -> Result<()> {
        let usual = System::usual(&System::named(host)?)?;
        let triples: Vec<&str> = usual.iter().map(|system| system.triple).collect();
        assert_eq!(triples, expected);
        Ok(())
    }

    #[test]
    fn a_machine_builds_for_what_it_has_a_compiler_for() -> Result<()> {
        let (intel, arm) = ("x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl");
        check_usual("x86_64-unknown-linux-gnu", &[intel, arm])?;
        check_usual("aarch64-unknown-linux-gnu", &[arm])?;
        let (intel, arm) = ("x86_64-apple-darwin", "aarch64-apple-darwin");
        check_usual(arm, &[intel, arm])
    }

    #[test]
    fn names_are_those_of_registries() -> Result<()> {
        let windows = System::named("x86_64-pc-windows-gnu")?;
        assert_eq!(windows.to_string(), "windows_amd64");
        assert_eq!(windows.executable("keyrotation"), "keyrotation.exe");
        assert!(System::named("riscv64gc-unknown-linux-gnu").is_err());
        Ok(())
    }
}
