//! The emulator's door to files: the folder in which others find its certificate, its addresses and its variables.
//! Whatever is or may hold a secret is readable by its owner only.

use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use tokio::fs;
use tokio::io::AsyncWriteExt as _;

/// The file that says that the emulator is up.
pub(crate) const READY: &str = "ready.json";

/// The file that a running emulator keeps locked.
const LOCK: &str = ".lock";

/// The state folder cannot be used.
#[derive(Debug, Error)]
pub(crate) enum StateError {
    #[error("cannot write `{}`", path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot read `{}`", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("another emulator runs in `{}`: end it first, or use another folder", path.display())]
    InUse { path: PathBuf },
}

/// The folder of one emulator. It is this emulator's alone until all clones are dropped.
#[derive(Clone, Debug)]
pub(crate) struct StateDir {
    path: PathBuf,
    _lock: Arc<std::fs::File>,
    /// Held while a large file is written: two writers at once would mix their bits.
    writing: Arc<Mutex<()>>,
}

impl StateDir {
    /// Opens a folder, made if it is missing, and takes back the word of an earlier emulator that it is up.
    pub(crate) async fn open(path: &Path) -> Result<Self, StateError> {
        let wrap = |source| StateError::Write {
            path: path.to_owned(),
            source,
        };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        builder.mode(0o700);
        builder.create(path).await.map_err(wrap)?;
        let path = std::path::absolute(path).map_err(wrap)?;
        let lock = write_options().open(path.join(LOCK)).await.map_err(wrap)?;
        let lock = lock.into_std().await;
        // The system lets go of the lock when the process ends, however it ends.
        lock.try_lock()
            .map_err(|_| StateError::InUse { path: path.clone() })?;
        let state = Self {
            path,
            _lock: Arc::new(lock),
            writing: Arc::default(),
        };
        state.retract().await;
        Ok(state)
    }

    /// Gives the folder as an absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the path of a file.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file for its owner's eyes only. It appears whole or not at all.
    pub(crate) async fn write(&self, name: &str, text: &str) -> Result<PathBuf, StateError> {
        let path = self.file(name);
        let whole = self.file(&format!(".{name}.new"));
        write_private(&whole, text)
            .await
            .map_err(|source| StateError::Write {
                path: whole.clone(),
                source,
            })?;
        fs::rename(&whole, &path)
            .await
            .map_err(|source| StateError::Write {
                path: path.clone(),
                source,
            })?;
        Ok(path)
    }

    /// Writes a file for its owner's eyes only, bit by bit; it appears whole or not at all. Blocks.
    pub(crate) fn write_large(
        &self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> Result<(), StateError> {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let (path, whole) = (self.file(name), self.file(&format!(".{name}.new")));
        let write = || {
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut writer = BufWriter::new(options.open(&whole)?);
            fill(&mut writer)?;
            writer.flush()?;
            std::fs::rename(&whole, &path)
        };
        write().map_err(|source| StateError::Write {
            path: path.clone(),
            source,
        })
    }

    /// Opens a file to read it bit by bit; nothing if there is none. Blocks.
    pub(crate) fn read_large(&self, name: &str) -> Result<Option<impl Read>, StateError> {
        let path = self.file(name);
        match std::fs::File::open(&path) {
            Ok(file) => Ok(Some(BufReader::new(file))),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StateError::Read { path, source }),
        }
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

fn write_options() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    options
}

async fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = write_options().open(path).await?;
    file.write_all(text.as_bytes()).await?;
    file.flush().await
}
