//! The files that are generated: all of them or none, and never over one that is there.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file, named from the folder on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GeneratedFile {
    pub(super) path: &'static str,
    pub(super) text: String,
}

/// Writes the files into a folder, which is made if it is not there.
///
/// # Errors
/// The path that could not be written, and why; the files that were made before are removed then.
pub(super) fn write_all(
    folder: &Path,
    files: &[GeneratedFile],
) -> Result<(), (PathBuf, io::Error)> {
    let mut made = Vec::new();
    for file in files {
        let path = folder.join(file.path);
        if let Err(error) = write_new(&path, &file.text) {
            for path in made {
                let _already_gone = fs::remove_file(path);
            }
            return Err((path, error));
        }
        made.push(path);
    }
    Ok(())
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
