//! The files that reports are written to: whole or not at all.
//!
//! A draft is opened beside its place before the work begins, so that a place that cannot be
//! written to is found out at once and not after an hour. It takes its place when it is complete;
//! until then a reader finds the old file, or none. What is no ordinary file, such as a pipe, has
//! no place to take and is written to as it is.

use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process;

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`", path.display())]
pub(crate) struct FileError {
    path: PathBuf,
    source: io::Error,
}

/// A file that is being written and has not taken its place.
#[derive(Debug)]
pub(crate) struct Draft {
    path: PathBuf,
    /// Where it is written until it is complete; `None` if that is its place already.
    beside: Option<PathBuf>,
    /// Whether it may take the place of another file.
    replaces: bool,
    file: Option<File>,
}

impl Draft {
    /// Opens a draft of the file.
    ///
    /// # Errors
    /// The place cannot be written to.
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        Self::open_as(path, File::options().write(true).create_new(true), false)
    }

    /// Opens a draft of a file that its owner alone can read.
    ///
    /// # Errors
    /// The place cannot be written to.
    pub(crate) fn private(path: &Path) -> Result<Self, FileError> {
        let mut options = File::options();
        Self::open_as(path, private(options.write(true).create_new(true)), true)
    }

    /// Opens a draft of a file that its owner alone can read, in a place where there is none yet.
    ///
    /// # Errors
    /// The place is taken, or it cannot be written to.
    pub(crate) fn private_new(path: &Path) -> Result<Self, FileError> {
        expect_free(path)?;
        Self::private(path).map(Self::without_replacing)
    }

    /// Opens a draft of a file, in a place where there is none yet.
    ///
    /// # Errors
    /// The place is taken, or it cannot be written to.
    pub(crate) fn open_new(path: &Path) -> Result<Self, FileError> {
        expect_free(path)?;
        Self::open(path).map(Self::without_replacing)
    }

    fn without_replacing(mut self) -> Self {
        self.replaces = false;
        self
    }

    fn open_as(path: &Path, fresh: &OpenOptions, is_private: bool) -> Result<Self, FileError> {
        let refuse = |source| FileError {
            path: path.to_owned(),
            source,
        };
        if let Ok(found) = fs::metadata(path)
            && !found.is_file()
        {
            if is_private && !is_of_the_trusted(&found) {
                return Err(refuse(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    "it is no file, and belongs to somebody else",
                )));
            }
            let file = File::options().write(true).open(path).map_err(refuse)?;
            return Ok(Self {
                path: path.to_owned(),
                beside: None,
                replaces: true,
                file: Some(file),
            });
        }
        let beside = beside(path).map_err(refuse)?;
        let file = fresh.open(&beside);
        Ok(Self {
            path: path.to_owned(),
            beside: Some(beside),
            replaces: true,
            file: Some(file.map_err(refuse)?),
        })
    }

    /// Fills the draft and puts it in its place.
    ///
    /// # Errors
    /// It cannot be filled or put there; then its place is as it was.
    pub(crate) fn finish(
        mut self,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FileError> {
        self.fill(fill).map_err(|source| FileError {
            path: self.path.clone(),
            source,
        })
    }

    fn fill(&mut self, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        let mut out = BufWriter::new(file);
        fill(&mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        if let Some(beside) = &self.beside {
            file.sync_all()?;
            if self.replaces {
                fs::rename(beside, &self.path)?;
                self.beside = None;
            } else {
                put_new(beside, &self.path)?;
            }
        }
        Ok(())
    }
}

impl FileError {
    /// Parts it into the place and what happened there.
    pub(crate) fn into_parts(self) -> (PathBuf, io::Error) {
        (self.path, self.source)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(beside) = self.beside.take() {
            let _already_gone = fs::remove_file(beside);
        }
    }
}

/// Gives a file a second name, which is refused where there is a file; the first one goes at the end.
fn put_new(beside: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(beside, path) {
        // Some file systems give no second names.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            if fs::symlink_metadata(path).is_ok() {
                return Err(taken());
            }
            fs::rename(beside, path)
        }
        Err(_) => Err(taken()),
        Ok(()) => Ok(()),
    }
}

fn taken() -> io::Error {
    let text = "there is a file already, which is not overwritten";
    io::Error::new(io::ErrorKind::AlreadyExists, text)
}

fn expect_free(path: &Path) -> Result<(), FileError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(FileError {
            path: path.to_owned(),
            source: taken(),
        }),
        Err(_) => Ok(()),
    }
}

/// Makes a file that is opened readable by its owner only.
#[cfg(unix)]
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;

    options.mode(0o600)
}

/// Makes a file that is opened readable by its owner only, which takes a Unix.
#[cfg(not(unix))]
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Tells whether a file is the user's own or the system's, who may have what the user has.
#[cfg(unix)]
fn is_of_the_trusted(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    is_trusted(found.uid(), rustix::process::geteuid().as_raw())
}

#[cfg(unix)]
fn is_trusted(owner: u32, user: u32) -> bool {
    owner == user || owner == 0
}

#[cfg(not(unix))]
fn is_of_the_trusted(_found: &fs::Metadata) -> bool {
    true
}

/// Tells whether others than the user may have written a file, or may write it.
#[cfg(unix)]
pub(crate) fn others_may_write(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    !is_of_the_trusted(found) || found.permissions().mode() & 0o022 != 0
}

/// Tells whether others than the user may write a file, which takes a Unix.
#[cfg(not(unix))]
pub(crate) fn others_may_write(_found: &fs::Metadata) -> bool {
    false
}

/// Names the draft: in the same folder, so that it can be moved, and not found by accident.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    // In a container every process has the same number, and a killed one leaves its draft.
    let chance = RandomState::new().build_hasher().finish();
    hidden.push(format!(".{}-{chance:016x}.draft", process::id()));
    Ok(path.with_file_name(hidden))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is removed when the test is over.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let folder = format!("keyrotation-{}-{name}", process::id());
            let folder = std::env::temp_dir().join(folder);
            fs::create_dir_all(&folder).expect("a folder for scratch");
            Self(folder)
        }

        fn names(&self) -> Vec<OsString> {
            let entries = fs::read_dir(&self.0).expect("it was made");
            let mut names: Vec<_> = entries
                .map(|entry| entry.expect("it can be read").file_name())
                .collect();
            names.sort();
            names
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _gone = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_appears_whole_and_replaces_the_old_one() {
        let scratch = Scratch::new("whole");
        let path = scratch.0.join("report.json");
        for text in ["old", "new"] {
            let draft = Draft::open(&path).expect("it can be opened");
            draft
                .finish(|out| out.write_all(text.as_bytes()))
                .expect("it can be written");
            assert_eq!(fs::read_to_string(&path).expect("it is there"), text);
        }
        assert_eq!(scratch.names(), ["report.json"]);
    }

    #[test]
    fn what_fails_or_is_given_up_leaves_the_old_file_and_nothing_else() {
        let scratch = Scratch::new("failed");
        let path = scratch.0.join("report.json");
        fs::write(&path, "old").expect("it can be written");
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let failed = Draft::open(&path)
            .expect("it can be opened")
            .finish(|out| out.write_all(b"half").and(Err(full)));
        assert!(failed.is_err());
        drop(Draft::open(&path).expect("it can be opened"));
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "old");
        assert_eq!(scratch.names(), ["report.json"]);
    }

    #[test]
    fn a_new_file_appears_whole_and_never_in_the_place_of_another() {
        let scratch = Scratch::new("new");
        let path = scratch.0.join("backup");
        let draft = Draft::private_new(&path).expect("the place is free");
        assert!(!path.exists(), "half a file is seen");
        draft
            .finish(|out| out.write_all(b"sealed"))
            .expect("it can be written");
        assert_eq!(scratch.names(), ["backup"]);
        assert!(Draft::open_new(&path).is_err(), "the place is taken");
        let late = scratch.0.join("late");
        let draft = Draft::open_new(&late).expect("the place is free");
        fs::write(&late, "of somebody else").expect("it can be written");
        assert!(draft.finish(|out| out.write_all(b"ours")).is_err());
        let text = fs::read_to_string(&late).expect("it is there");
        assert_eq!(text, "of somebody else");
        assert_eq!(scratch.names(), ["backup", "late"]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_and_the_system_are_trusted_with_a_secret() {
        assert!(is_trusted(1000, 1000) && is_trusted(0, 1000) && is_trusted(0, 0));
        assert!(!is_trusted(1001, 1000) && !is_trusted(1000, 0));
        let null = Path::new("/dev/null");
        assert!(Draft::private(null).is_ok(), "it is the system's");
        let found = fs::metadata(null).expect("it is there");
        assert!(is_of_the_trusted(&found));
        assert!(others_may_write(&found), "all may");
    }

    #[test]
    fn a_place_that_cannot_be_written_to_is_found_out_at_the_start() {
        let scratch = Scratch::new("nowhere");
        let error = Draft::open(&scratch.0.join("no/such/report.json")).expect_err("no folder");
        assert!(error.to_string().starts_with("cannot write `"), "{error}");
        assert!(Draft::open(&scratch.0).is_err(), "a folder is no file");
    }
}
