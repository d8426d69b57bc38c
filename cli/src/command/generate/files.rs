//! The files that are generated: each of them whole, and never over one that is there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::files::Draft;

/// A file, named from the folder on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GeneratedFile {
    pub(super) path: &'static str,
    pub(super) text: String,
}

/// Writes the files into a folder, which is made if it is not there. One that is there already just as
/// it would be written, such as by a run that was cut short, is left as it is.
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
        if fs::read_to_string(&path).is_ok_and(|there| there == file.text) {
            continue;
        }
        if let Err(error) = write_new(&path, &file.text) {
            for path in made {
                let _already_gone = fs::remove_file(path);
            }
            return Err(error);
        }
        made.push(path);
    }
    Ok(())
}

fn write_new(path: &Path, text: &str) -> Result<(), (PathBuf, io::Error)> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| (path.to_owned(), error))?;
    }
    let written =
        Draft::open_new(path).and_then(|draft| draft.finish(|out| out.write_all(text.as_bytes())));
    written.map_err(|error| {
        let (_, source) = error.into_parts();
        (path.to_owned(), source)
    })
}
