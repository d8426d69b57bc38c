//! A folder of our own for the socket, which no other user can enter.
//!
//! A process that is killed leaves its folder behind. Each holds a lock file that its process keeps locked, so
//! a later one can tell which are left over: process ids would mislead where several containers share a folder.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";

/// How many names to try; one is only taken if an earlier process of the same id was killed.
const ATTEMPTS: u32 = 16;

/// The folder, until it is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    // The lock is given back when the file is closed, after the folder is gone.
    _lock: File,
}

impl Folder {
    /// Makes a folder inside another.
    pub(super) fn make(parent: &Path, name: &str) -> io::Result<Folder> {
        let process = std::process::id();
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for attempt in 0..ATTEMPTS {
            match Folder::make_exactly(parent.join(format!("{name}-{process}-{attempt}"))) {
                Ok(folder) => return Ok(folder),
                Err(error) if is_collision(&error) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// Returns where the folder is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folders that killed processes of the same user and name left beside this one.
    pub(super) fn remove_left_over(parent: &Path, name: &str) -> io::Result<()> {
        let prefix = format!("{name}-");
        for entry in std::fs::read_dir(parent)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                // Another process may be faster; what cannot be removed now is left to the next one.
                let _ = remove_if_left_over(&entry.path());
            }
        }
        Ok(())
    }

    fn make_exactly(path: PathBuf) -> io::Result<Folder> {
        DirBuilder::new().mode(0o700).create(&path)?;
        let lock = File::create_new(path.join(LOCK))?;
        // Someone who cleans up may hold the lock for a moment: then the folder is about to go.
        lock.try_lock()?;
        Ok(Folder { path, _lock: lock })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left over is removed by a later process.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn is_collision(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, NotFound, WouldBlock};
    matches!(error.kind(), AlreadyExists | NotFound | WouldBlock)
}

/// The lock file is ours only if its owner is the owner of what we make ourselves; folders without one are
/// just being made, or not ours.
fn remove_if_left_over(path: &Path) -> io::Result<()> {
    let folder = std::fs::symlink_metadata(path)?;
    let lock = File::open(path.join(LOCK))?;
    if folder.is_dir() && folder.uid() == lock.metadata()?.uid() && folder.mode() & 0o077 == 0 {
        lock.try_lock()?;
        std::fs::remove_dir_all(path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(parent: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(parent).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_folder_is_private_and_goes_with_its_owner() -> io::Result<()> {
        let parent = Folder::make(&std::env::temp_dir(), "folder-private-test")?;
        let folder = Folder::make(parent.path(), "toy")?;
        assert_eq!(std::fs::metadata(folder.path())?.mode() & 0o777, 0o700);
        let second = Folder::make(parent.path(), "toy")?;
        assert_ne!(folder.path(), second.path());
        drop(folder);
        drop(second);
        assert_eq!(names(parent.path()), [LOCK]);
        Ok(())
    }

    #[test]
    fn only_folders_of_dead_processes_are_removed() -> io::Result<()> {
        let parent = Folder::make(&std::env::temp_dir(), "folder-cleaning-test")?;
        let alive = Folder::make(parent.path(), "toy")?;
        let dead = parent.path().join("toy-1-0");
        DirBuilder::new().mode(0o700).create(&dead)?;
        File::create_new(dead.join(LOCK))?;
        let other = parent.path().join("other-1-0");
        DirBuilder::new().mode(0o700).create(&other)?;
        File::create_new(other.join(LOCK))?;
        Folder::remove_left_over(parent.path(), "toy")?;
        assert!(alive.path().exists());
        assert!(!dead.exists());
        assert!(other.exists());
        Ok(())
    }
}
