//! The file of a checkpoint: opened for one run, checked, and cut to its whole lines.
//!
//! It is read line by line, so that a file of any size takes little memory.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::head::Head;
use super::line::{EndLine, KindWord, Line, Said};
use crate::files::{others_may_write, private};

/// A checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckpointError {
    #[error("cannot open the checkpoint `{path}`")]
    Open { path: String, source: io::Error },
    #[error("cannot read the checkpoint `{path}`")]
    Read { path: String, source: io::Error },
    #[error("cannot write the checkpoint `{path}`")]
    Write { path: String, source: io::Error },
    #[error("another run is at the checkpoint `{path}`")]
    Locked { path: String },
    #[error("`{path}` is no checkpoint, and is left as it is")]
    Foreign { path: String },
    #[error("others than its owner may write the checkpoint `{path}`, so it proves nothing")]
    Exposed { path: String },
    #[error("`{path}` is the checkpoint of another scan, begun at {begun_at}: {difference}")]
    Other {
        path: String,
        begun_at: Timestamp,
        difference: String,
    },
}

impl CheckpointError {
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.display().to_string(),
            source,
        }
    }
}

/// What an earlier run has left in the file.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// The parts that were read whole, by the numbers of their readings.
    pub(super) parts: HashMap<u64, EndLine>,
    /// The first number that no reading has.
    pub(super) next: u64,
    /// How many bytes are whole lines.
    pub(super) whole: u64,
}

/// Opens the file, locks it, and cuts off what is of no use. A file in which nothing is fresh is begun
/// anew, so that it does not grow from run to run.
pub(super) fn open(
    path: &Path,
    head: &Head,
    is_fresh: impl Fn(Timestamp) -> bool,
) -> Result<(File, Stored), CheckpointError> {
    let shown = || path.display().to_string();
    let refuse = |source| CheckpointError::Open {
        path: shown(),
        source,
    };
    let mut options = OpenOptions::new();
    options.append(true).read(true).create(true);
    let mut file = private(&mut options).open(path).map_err(refuse)?;
    let metadata = file.metadata().map_err(refuse)?;
    if !metadata.is_file() {
        return Err(CheckpointError::Foreign { path: shown() });
    }
    if others_may_write(&metadata) {
        return Err(CheckpointError::Exposed { path: shown() });
    }
    file.try_lock()
        .map_err(|_| CheckpointError::Locked { path: shown() })?;
    let stored = examine(path, head)?;
    let is_of_use = stored.parts.values().any(|end| is_fresh(end.begun_at.0));
    let write = |source| CheckpointError::Write {
        path: shown(),
        source,
    };
    if is_of_use {
        file.set_len(stored.whole).map_err(write)?;
        return Ok((file, stored));
    }
    file.set_len(0).map_err(write)?;
    write_line(&mut file, head).map_err(write)?;
    Ok((file, Stored::default()))
}

/// Reads what there is; nothing is changed.
fn examine(path: &Path, head: &Head) -> Result<Stored, CheckpointError> {
    let read = |source| CheckpointError::read(path, source);
    let foreign = || CheckpointError::Foreign {
        path: path.display().to_string(),
    };
    let mut lines = Lines::open(path, u64::MAX).map_err(read)?;
    let first = lines.next_line().map_err(read)?;
    let Some(first) = first else {
        // Nothing yet, or a run that was killed while it wrote the first line.
        return Head::is_ours(&lines.line)
            .then(Stored::default)
            .ok_or_else(foreign);
    };
    if !Head::is_ours(first) {
        return Err(foreign());
    }
    let found: Head = serde_json::from_slice(first).map_err(|_| foreign())?;
    if let Some(difference) = head.difference(&found) {
        return Err(CheckpointError::Other {
            path: path.display().to_string(),
            begun_at: found.begun_at.0,
            difference,
        });
    }
    let mut stored = Stored {
        whole: lines.read,
        ..Stored::default()
    };
    while let Some(line) = lines.next_line().map_err(read)? {
        let Ok(Line(number, said)) = serde_json::from_slice(line) else {
            break;
        };
        stored.next = stored.next.max(number.saturating_add(1));
        if let Said::End(end) = said {
            stored.parts.insert(number, end);
        }
        stored.whole = lines.read;
    }
    stored.keep_the_latest();
    Ok(stored)
}

impl Stored {
    /// A part that was read twice counts as it was read last.
    fn keep_the_latest(&mut self) {
        let mut latest: HashMap<(KindWord, String), u64> = HashMap::new();
        for (number, end) in &self.parts {
            let one = latest.entry((end.kind, end.of.clone()));
            let number = *number;
            one.and_modify(|known| *known = number.max(*known))
                .or_insert(number);
        }
        self.parts
            .retain(|number, end| latest.get(&(end.kind, end.of.clone())) == Some(number));
    }
}

/// Gives each fact of the first `whole` bytes.
pub(super) fn each_line(
    path: &Path,
    whole: u64,
    give: &mut dyn FnMut(Line) -> io::Result<()>,
) -> io::Result<()> {
    let mut lines = Lines::open(path, whole)?;
    lines.next_line()?;
    while let Some(line) = lines.next_line()? {
        give(serde_json::from_slice(line)?)?;
    }
    Ok(())
}

/// The whole lines of a file, one at a time.
struct Lines {
    file: io::Take<BufReader<File>>,
    line: Vec<u8>,
    /// How many bytes of whole lines were given.
    read: u64,
}

impl Lines {
    fn open(path: &Path, most: u64) -> io::Result<Self> {
        Ok(Self {
            file: BufReader::new(File::open(path)?).take(most),
            line: Vec::new(),
            read: 0,
        })
    }

    /// Gives the next line; none at the end, and none if the rest is a torn line.
    fn next_line(&mut self) -> io::Result<Option<&[u8]>> {
        self.line.clear();
        let length = self.file.read_until(b'\n', &mut self.line)?;
        if self.line.last() != Some(&b'\n') {
            return Ok(None);
        }
        self.read += u64::try_from(length).unwrap_or(u64::MAX);
        Ok(Some(&self.line))
    }
}

pub(super) fn write_line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    out.write_all(&text)
}
