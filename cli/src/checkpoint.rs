//! The checkpoint of a check on disk: what was read so far, so that a scan that was cut short can go on.
//!
//! One line a fact, and one more for each part that was read whole; parts without that line do not
//! count. A process that is killed leaves at most one torn line, and it and all behind it are cut off.
//! The file is for its owner only, and locked while a run is at work. What it says is never older than
//! a bound, because what was true once must not pass for what is.

mod head;
mod line;
mod store;

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azure::clock::Clock;
use azure::cloud::Cloud;
use engine::observe::notes::{Fact, Kind, Notes, NotesError, Part, Ticket};
use jiff::Timestamp;
use rotation::period::Period;

use self::head::Head;
use self::line::{EndLine, KindWord, Line, Said};
use self::store::Stored;

use crate::report::text::count;

pub(crate) use self::head::Scan;
pub(crate) use self::store::CheckpointError;

/// Whether and where a check keeps what it reads.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckpointArgs {
    /// Keeps in this file what is read, and takes from it what an interrupted run has read already.
    ///
    /// The file is made if it is not there, and removed once everything was read. It holds no secret.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,

    /// How old what is taken from the file may be, as an ISO 8601 duration; what is older is read again.
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "PT1H",
        requires = "checkpoint"
    )]
    pub checkpoint_max_age: Period,
}

/// Notes in a file.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    path: PathBuf,
    cloud: Cloud,
    max_age: Period,
    clock: Arc<dyn Clock>,
    /// What an earlier run has left.
    stored: Stored,
    pen: Mutex<Pen>,
}

/// What is written, and what was taken.
#[derive(Debug)]
struct Pen {
    out: BufWriter<File>,
    next: u64,
    begun: HashMap<u64, Timestamp>,
    /// After a failure nothing more is written, so that the file ends with at most one torn line.
    failure: Option<io::Error>,
    taken: usize,
    oldest: Option<Timestamp>,
}

impl Checkpoint {
    /// Opens the checkpoint of a scan, or begins one.
    ///
    /// # Errors
    /// The file cannot be used, is of another scan, or another run is at it.
    pub(crate) fn open(
        args: &CheckpointArgs,
        scan: Scan,
        cloud: Cloud,
        clock: &Arc<dyn Clock>,
    ) -> Result<Option<Self>, CheckpointError> {
        let Some(path) = &args.checkpoint else {
            return Ok(None);
        };
        let (max_age, now) = (args.checkpoint_max_age, clock.now());
        let is_fresh = |begun_at| is_fresh(begun_at, max_age, now);
        let (file, stored) = store::open(path, &Head::new(scan, now), is_fresh)?;
        let pen = Pen {
            out: BufWriter::new(file),
            next: stored.next,
            begun: HashMap::new(),
            failure: None,
            taken: 0,
            oldest: None,
        };
        Ok(Some(Self {
            path: path.clone(),
            cloud,
            max_age,
            clock: Arc::clone(clock),
            stored,
            pen: Mutex::new(pen),
        }))
    }

    /// Ends the checkpoint and says what became of it. It is removed if there is nothing to go on with.
    pub(crate) fn finish(self, is_complete: bool) -> Vec<String> {
        let path = self.path.display().to_string();
        let (max_age, pen) = (self.max_age, self.pen.into_inner());
        let mut pen = pen.unwrap_or_else(PoisonError::into_inner);
        pen.flush();
        let mut said = Vec::new();
        if let (taken, Some(oldest)) = (pen.taken, pen.oldest) {
            let lists = count(taken, "list", "lists");
            said.push(format!(
                "taken from `{path}` and not read again: {lists}, the oldest as of {oldest}"
            ));
        }
        if is_complete {
            let removed = fs::remove_file(&self.path).err();
            said.extend(removed.map(|error| format!("cannot remove `{path}`: {error}")));
        } else if let Some(error) = pen.failure.take() {
            said.push(format!("cannot write `{path}`: {error}"));
        } else {
            said.push(format!(
                "`{path}` is kept: within {max_age} the same command reads only what is missing"
            ));
        }
        said
    }

    /// Says how an interrupted run can go on.
    pub(crate) fn leave(self) -> String {
        let path = self.path.display().to_string();
        self.pen().flush();
        format!("`{path}` keeps what was read; the same command goes on from there")
    }

    fn pen(&self) -> MutexGuard<'_, Pen> {
        self.pen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds the wanted parts, by the numbers of their readings.
    fn parts(
        &self,
        kind: Kind,
        ground: u64,
        wanted: &dyn Fn(&str) -> bool,
    ) -> HashMap<u64, &EndLine> {
        let (kind, now) = (KindWord::from(kind), self.clock.now());
        let is_wanted = |end: &EndLine| {
            let is_same = end.kind == kind && end.ground == ground && wanted(&end.of);
            is_same && is_fresh(end.begun_at.0, self.max_age, now)
        };
        let parts = self.stored.parts.iter();
        parts
            .filter(|(_, end)| is_wanted(end))
            .map(|(number, end)| (*number, end))
            .collect()
    }
}

/// A part from the future is of a clock that was wrong, and of no known age.
fn is_fresh(begun_at: Timestamp, max_age: Period, now: Timestamp) -> bool {
    begun_at <= now && max_age.after(begun_at) >= now
}

impl Notes for Checkpoint {
    fn recall(
        &self,
        kind: Kind,
        ground: u64,
        wanted: &dyn Fn(&str) -> bool,
        take: &mut dyn FnMut(&str, Fact<'_>),
    ) -> Result<BTreeSet<String>, NotesError> {
        let parts = self.parts(kind, ground, wanted);
        if parts.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut give = |Line(number, said): Line| match parts.get(&number) {
            Some(end) => said
                .give(&self.cloud, &mut |fact| take(&end.of, fact))
                .ok_or_else(|| io::Error::other("it names a vault outside the cloud")),
            None => Ok(()),
        };
        store::each_line(&self.path, self.stored.whole, &mut give).map_err(|source| {
            let error = CheckpointError::read(&self.path, source);
            NotesError(Box::new(error))
        })?;
        let mut pen = self.pen();
        pen.taken += parts.len();
        let oldest = parts.values().map(|end| end.begun_at.0).min();
        pen.oldest = [pen.oldest, oldest].into_iter().flatten().min();
        Ok(parts.into_values().map(|end| end.of.clone()).collect())
    }

    fn begin(&self) -> Ticket {
        let now = self.clock.now();
        let mut pen = self.pen();
        let number = pen.next;
        pen.next += 1;
        pen.begun.insert(number, now);
        Ticket(number)
    }

    fn note(&self, ticket: Ticket, fact: Fact<'_>) {
        self.pen().write(&Line(ticket.0, fact.into()));
    }

    fn end(&self, ticket: Ticket, part: Part<'_>) {
        let mut pen = self.pen();
        if let Some(begun_at) = pen.begun.remove(&ticket.0) {
            pen.write(&Line(ticket.0, Said::End(EndLine::new(part, begun_at))));
            pen.flush();
        }
    }
}

impl Pen {
    fn write(&mut self, line: &Line) {
        if self.failure.is_none() {
            let written = store::write_line(&mut self.out, line);
            self.failure = written.err();
        }
    }

    fn flush(&mut self) {
        if self.failure.is_none() {
            self.failure = self.out.flush().err();
        }
    }
}

impl Drop for Pen {
    /// A child process that is just being started may hold a copy of the file, and with it the lock.
    fn drop(&mut self) {
        self.flush();
        let _goes_with_the_process = self.out.get_ref().unlock();
    }
}

#[cfg(test)]
mod tests;
