//! A file with one token in it, which its owner alone can read.
//!
//! It is replaced whole. What is known of the token lies in a file beside it, which names the token by
//! its fingerprint: a run may be killed between the two.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use engine::deliver::{Fresh, Held, Notes};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::files::{Draft, FileError};

/// A file for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenFile(PathBuf);

/// The file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenFileError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Write(#[from] FileError),
}

#[derive(Deserialize, Serialize)]
struct Wire {
    fingerprint: Option<String>,
    source: Option<String>,
    minted: Option<String>,
    expires: Option<String>,
    key: Option<String>,
    key_created: Option<String>,
    refresh: Option<String>,
}

impl TokenFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Reads the token and what is noted of it.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub(super) fn held(&self) -> Result<Option<Held>, TokenFileError> {
        let Some(text) = read(&self.0)? else {
            return Ok(None);
        };
        let notes = read(&self.beside())?;
        let wire = notes.and_then(|text| serde_json::from_str::<Wire>(&text).ok());
        Ok(Some(Held {
            value: Some(SecretString::from(text)),
            notes: wire.map(Wire::into_notes).unwrap_or_default(),
        }))
    }

    /// Puts a token in its place. A reader finds the old one or the new one.
    ///
    /// # Errors
    /// The place cannot be written to; then the old token stands there.
    pub(super) fn publish(&self, fresh: &Fresh) -> Result<(), TokenFileError> {
        let value = fresh.value.expose_secret();
        let wire = Wire::of(&fresh.notes);
        let token = Draft::private(&self.0)?;
        let notes = Draft::private(&self.beside())?;
        notes.finish(|out| serde_json::to_writer(out, &wire).map_err(io::Error::from))?;
        token.finish(|out| out.write_all(value.as_bytes()))?;
        Ok(())
    }

    fn beside(&self) -> PathBuf {
        let mut name = self.0.clone().into_os_string();
        name.push(".notes.json");
        name.into()
    }
}

impl Wire {
    fn of(notes: &Notes) -> Self {
        let written = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Self {
            fingerprint: notes.fingerprint.clone(),
            source: notes.source.clone(),
            minted: written(notes.minted),
            expires: written(notes.expires),
            key: notes.slot.map(|slot| slot.to_string()),
            key_created: written(notes.key_made),
            refresh: written(notes.refresh),
        }
    }

    fn into_notes(self) -> Notes {
        let time = |text: Option<String>| text?.parse().ok();
        Notes {
            source: self.source,
            minted: time(self.minted),
            expires: time(self.expires),
            slot: self.key.and_then(|text| text.parse().ok()),
            key_made: time(self.key_created),
            refresh: time(self.refresh),
            fingerprint: self.fingerprint,
        }
    }
}

fn read(path: &Path) -> Result<Option<String>, TokenFileError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TokenFileError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(value: &str) -> Fresh {
        Fresh {
            value: value.into(),
            notes: Notes {
                source: Some("here".into()),
                minted: Some(Timestamp::UNIX_EPOCH),
                ..Notes::default()
            },
        }
    }

    #[test]
    fn a_token_lies_whole_and_private_beside_its_notes() {
        let folder =
            std::env::temp_dir().join(format!("keyrotation-tokens-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for scratch");
        let file = TokenFile::new(folder.join("token"));
        assert!(file.held().expect("it is not there").is_none());
        for text in ["sig=old", "sig=new"] {
            file.publish(&fresh(text)).expect("it can be written");
            let held = file.held().expect("it is there").expect("it is there");
            assert_eq!(held.notes, fresh(text).notes);
            assert_eq!(fs::read_to_string(&file.0).expect("it is there"), text);
        }
        #[cfg(unix)]
        for path in [&file.0, &file.beside()] {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(path)
                .expect("it is there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        }
        let _gone = fs::remove_dir_all(&folder);
    }
}
