//! What makes archives a release: the manifest of the registry, the sums, and the signature over them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::digest::{self, Digest};
use super::{PROVIDER, TOOL, VERSION};
use crate::process::Supervisor;
use crate::{screen, workspace};

const GET_GPG: &str = "signing needs gpg: install GnuPG from your distribution (Debian: apt-get install \
                       gnupg) or https://gnupg.org";

/// The sums of a folder with archives.
pub struct Seal {
    folder: PathBuf,
    /// The provider's archives and the manifest: exactly what a registry wants to see in the sums.
    registry: Vec<(String, Digest)>,
    /// All else.
    others: Vec<(String, Digest)>,
}

impl Seal {
    /// Puts the manifest into a folder, and digests what is there.
    pub fn of(folder: &Path) -> Result<Self> {
        let manifest = format!("{PROVIDER}_{VERSION}_manifest.json");
        let own = workspace::root().join("terraform-registry-manifest.json");
        fs::copy(own, folder.join(&manifest)).context("cannot copy the registry's manifest")?;
        let begin = format!("{PROVIDER}_{VERSION}_");
        let is_zip = |name: &str| name.starts_with(&begin) && name.ends_with(".zip");
        let mut files = digest::of_folder(folder)?;
        // Of an earlier seal.
        files.retain(|(name, _)| !name.ends_with("SHA256SUMS") && !name.ends_with(".sig"));
        let all = files.into_iter();
        let (registry, others): (Vec<_>, Vec<_>) =
            all.partition(|(name, _)| is_zip(name) || *name == manifest);
        let is_any = registry.iter().any(|(name, _)| is_zip(name));
        ensure!(is_any, "{} holds no {begin}*.zip", folder.display());
        Ok(Self {
            folder: folder.to_owned(),
            registry,
            others,
        })
    }

    /// Returns the archives, by name.
    pub fn archives(&self) -> impl Iterator<Item = &(String, Digest)> {
        let all = self.registry.iter().chain(&self.others);
        all.filter(|(name, _)| name.ends_with(".zip") || name.ends_with(".tar.gz"))
    }

    /// Writes the sums, and signs them with the key, if there is one.
    pub fn write(&self, supervisor: &Supervisor, key: Option<&str>) -> Result<()> {
        for (program, digests) in [(PROVIDER, &self.registry), (TOOL, &self.others)] {
            let sums = self.folder.join(format!("{program}_{VERSION}_SHA256SUMS"));
            fs::write(&sums, digest::lines(digests)).with_context(|| sums.display().to_string())?;
            let signature = PathBuf::from(format!("{}.sig", sums.display()));
            if signature.exists() {
                fs::remove_file(&signature).context("cannot remove an old signature")?;
            }
            if let Some(key) = key {
                sign(supervisor, key, &sums, &signature)?;
            }
        }
        screen::say(match key {
            Some(_) => "the sums are signed",
            None => "the sums are not signed: `--sign KEY` does that, and registries ask for it",
        });
        Ok(())
    }
}

/// Makes the kind of signature that registries read: binary, and apart from what it is for.
fn sign(supervisor: &Supervisor, key: &str, file: &Path, signature: &Path) -> Result<()> {
    let mut gpg = Command::new("gpg");
    gpg.args(["--batch", "--yes", "--detach-sign", "--local-user", key]);
    gpg.arg("--output").arg(signature).arg(file);
    let output = supervisor.capture(&mut gpg, "").context(GET_GPG)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("gpg cannot sign with the key {key}: {}", said.trim());
    }
    Ok(())
}
