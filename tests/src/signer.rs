//! A key that signs releases, in a folder of GnuPG of its own.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::place;
use crate::process;

/// A key pair; the program that holds it ends when it is dropped.
#[derive(Debug)]
pub struct Signer {
    home: PathBuf,
    name: String,
}

impl Signer {
    /// Makes a key for somebody of this name; it is kept in a folder of that name below `folder`.
    ///
    /// # Errors
    ///
    /// Fails if there is no gpg, or it makes none.
    pub fn new(folder: &Path, name: &str) -> Result<Self> {
        let home = folder.join(name);
        let made = fs::DirBuilder::new().mode(0o700).create(&home);
        made.with_context(|| format!("cannot create {}", home.display()))?;
        let signer = Self {
            home,
            name: format!("{name}@keyrotation.invalid"),
        };
        let make = ["--passphrase", "", "--quick-generate-key", &signer.name];
        signer.gpg(&[&make[..], &["ed25519", "sign", "never"]].concat())?;
        Ok(signer)
    }

    /// Returns the name by which gpg knows the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the key's number as signatures show it.
    ///
    /// # Errors
    ///
    /// Fails if gpg does not tell.
    pub fn id(&self) -> Result<String> {
        let said = self.gpg(&["--with-colons", "--list-keys"])?;
        let line = said.lines().find(|line| line.starts_with("pub:"));
        let id = line.and_then(|line| line.split(':').nth(4));
        Ok(id.context("gpg shows no key")?.to_owned())
    }

    /// Returns the public half, as registries are given it.
    ///
    /// # Errors
    ///
    /// Fails if gpg does not tell.
    pub fn public_key(&self) -> Result<String> {
        self.gpg(&["--armor", "--export", &self.name])
    }

    /// Lets a command sign with the key.
    ///
    /// # Errors
    ///
    /// Fails if there is no gpg.
    pub fn lend(&self, command: &mut Command) -> Result<()> {
        command.env("GNUPGHOME", &self.home);
        command.env("PATH", place::search_path_with_gpg()?);
        Ok(())
    }

    fn gpg(&self, arguments: &[&str]) -> Result<String> {
        let mut gpg = Command::new(place::gpg()?);
        gpg.args(["--batch", "--pinentry-mode=loopback"]);
        gpg.args(arguments);
        self.lend(&mut gpg)?;
        Ok(process::run(&mut gpg)?.expect_code(0)?.stdout)
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        let end = || -> Result<()> {
            let mut end = Command::new(place::gpg()?.with_file_name("gpgconf"));
            self.lend(end.args(["--kill", "all"]))?;
            process::run(&mut end)?.expect_code(0).map(drop)
        };
        // The program also ends by itself when its folder is gone.
        drop(end());
    }
}
