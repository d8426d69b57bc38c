//! The emulator's door to files: the folder in which others find its certificate, its addresses and its variables.
//! Whatever is or may hold a secret is readable by its owner only.

use std::path::{Path, PathBuf};

use thiserror::Error;
use tokio::fs;
use tokio::io::AsyncWriteExt as _;

/// The file that says that the emulator is up.
pub(crate) const READY: &str = "ready.json";

/// A file of the state folder cannot be written.
#[derive(Debug, Error)]
#[error("cannot write `{}`", path.display())]
pub(crate) struct StateError {
    path: PathBuf,
    source: std::io::Error,
}

/// The folder of one emulator.
#[derive(Clone, Debug)]
pub(crate) struct StateDir(PathBuf);

impl StateDir {
    /// Opens a folder, made if it is missing, and takes back the word of an earlier emulator that it is up.
    pub(crate) async fn open(path: &Path) -> Result<Self, StateError> {
        let wrap = |source| StateError {
            path: path.to_owned(),
            source,
        };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        builder.mode(0o700);
        builder.create(path).await.map_err(wrap)?;
        let state = Self(std::path::absolute(path).map_err(wrap)?);
        state.retract().await;
        Ok(state)
    }

    /// Gives the folder as an absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Gives the path of a file.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file for its owner's eyes only. It appears whole or not at all.
    pub(crate) async fn write(&self, name: &str, text: &str) -> Result<PathBuf, StateError> {
        let path = self.file(name);
        let whole = self.file(&format!(".{name}.new"));
        write_private(&whole, text)
            .await
            .map_err(|source| StateError {
                path: whole.clone(),
                source,
            })?;
        fs::rename(&whole, &path)
            .await
            .map_err(|source| StateError {
                path: path.clone(),
                source,
            })?;
        Ok(path)
    }

    /// Takes back the word that the emulator is up.
    pub(crate) async fn retract(&self) {
        if let Err(error) = fs::remove_file(self.file(READY)).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "cannot remove {READY}");
        }
    }
}

async fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(path).await?;
    file.write_all(text.as_bytes()).await?;
    file.flush().await
}
