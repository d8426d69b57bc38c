//! SHA-256 of files, as `sha256sum` shows and checks it.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::Sha256;
use sha2::digest::Digest as _;

/// The SHA-256 of some bytes; shown in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest(Vec<u8>);

impl Digest {
    /// Digests bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).to_vec())
    }

    /// Returns its 32 bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Digests the files of a folder; gives them by name.
pub fn of_folder(folder: &Path) -> Result<Vec<(String, Digest)>> {
    let mut digests = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let bytes = fs::read(entry.path()).with_context(|| entry.path().display().to_string())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        digests.push((name, Digest::of(&bytes)));
    }
    digests.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(digests)
}

/// Writes what `sha256sum` checks.
pub fn lines(digests: &[(String, Digest)]) -> String {
    let lines = digests.iter();
    lines
        .map(|(name, digest)| format!("{digest}  {name}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_one_of_the_standard() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").to_string(), expected);
    }
}
