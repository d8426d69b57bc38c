//! The journal of a rotation on disk: what was begun, before it was begun.
//!
//! One JSON object a line; the first holds the plan, so that the journal alone is enough to go on.
//! It holds no secret and is readable for its owner only. Each line is on disk before the request
//! is sent that it announces. If a line cannot be written the run is stopped: what nobody noted
//! must not happen. It is locked while a run is at work, so that no two take it up.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use azure::clock::Clock;
use azure::env::Env;
use azure::id::StorageAccountId;
use jiff::Timestamp;
use rotation::slot::KeySlot;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::files::{others_may_write, private};
use crate::plan_file::{Plan, Text};

const FORMAT: &str = "keyrotation-journal";
const VERSION: u32 = 1;

/// Something that happened, or is about to, with an account.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// The plan still holds, and the first step is about to be taken.
    Begun,
    /// The key in the slot is about to be published as it is.
    Publishing { slot: Text<KeySlot> },
    /// The account is about to be claimed for a turn of the slot.
    Claiming { slot: Text<KeySlot> },
    /// The key in the slot is about to be regenerated.
    Regenerating { slot: Text<KeySlot> },
    /// An answer was lost, and the keys are being looked at.
    LookingBack { slot: Text<KeySlot> },
    /// The key in the slot is new, and about to be verified and published.
    Regenerated { slot: Text<KeySlot> },
    /// The key in the slot opens the account.
    Verified { slot: Text<KeySlot> },
    /// The key in the slot is published.
    Published { slot: Text<KeySlot> },
    /// An app is about to get the other key.
    Moving { holder: String },
    /// An app has got the other key.
    Moved { holder: String },
    /// The hook was told of a version.
    Told { version: String },
    /// Clients are given time.
    Waiting { until: Text<Timestamp> },
    /// All is done.
    Done,
    /// Nothing was changed.
    Refused { reason: String },
    /// Something was begun and is not done.
    Left { reason: String },
}

/// What a journal says of an account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    /// Whether the plan was found to hold.
    pub(crate) is_begun: bool,
    /// Whether a request that changes something may have been sent.
    pub(crate) is_touched: bool,
    /// Whether a key was published.
    pub(crate) is_published: bool,
    /// The slots whose keys were seen to be new.
    pub(crate) renewed: Vec<KeySlot>,
    /// When an app got another key last.
    pub(crate) apps_moved: Option<Timestamp>,
    /// The versions that the hook was told of.
    pub(crate) told: Vec<String>,
    /// The last event.
    pub(crate) last: Option<(Timestamp, Event)>,
}

impl Trace {
    fn add(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Begun => self.is_begun = true,
            Event::Publishing { .. }
            | Event::Claiming { .. }
            | Event::Regenerating { .. }
            | Event::Moving { .. } => self.is_touched = true,
            Event::Moved { .. } => self.apps_moved = Some(at),
            Event::Published { .. } => self.is_published = true,
            Event::Regenerated { slot } => self.renewed.push(slot.0),
            Event::Told { version } => self.told.push(version.clone()),
            _ => {}
        }
        self.last = Some((at, event.clone()));
    }

    /// Tells whether all is done.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.last, Some((_, Event::Done)))
    }
}

#[derive(Deserialize, Serialize)]
struct Head {
    format: String,
    version: u32,
    /// The mark in the claims of this run and of those that take it up.
    owner: String,
    plan: Plan,
}

#[derive(Deserialize, Serialize)]
struct Line {
    at: Text<Timestamp>,
    account: Text<StorageAccountId>,
    #[serde(flatten)]
    event: Event,
}

/// A journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("cannot read `{path}`")]
    Read { path: String, source: io::Error },
    #[error("cannot write the journal `{path}`")]
    Write { path: String, source: io::Error },
    #[error("others than its owner may write the journal `{path}`, so it proves nothing")]
    Exposed { path: String },
    #[error("line {line} of `{path}` is no line of a journal: {reason}")]
    Form {
        path: String,
        line: usize,
        reason: String,
    },
}

/// What a journal says, account by account.
pub(crate) type Traces = BTreeMap<String, Trace>;

/// A journal that was read.
pub(crate) struct Record {
    pub(crate) plan: Plan,
    pub(crate) traces: Traces,
    owner: String,
    /// How many bytes are whole lines.
    whole: u64,
}

/// A journal that is being written.
pub(crate) struct Journal {
    path: PathBuf,
    owner: String,
    file: File,
    traces: Traces,
    clock: Arc<dyn Clock>,
    halt: CancellationToken,
    failure: Option<io::Error>,
}

impl Journal {
    /// Begins a journal; a file that is there already is left alone.
    ///
    /// # Errors
    /// The file is there, or cannot be written.
    pub(crate) fn begin(
        path: &Path,
        plan: &Plan,
        owner: String,
        clock: Arc<dyn Clock>,
        halt: CancellationToken,
    ) -> Result<Self, JournalError> {
        let head = Head {
            format: FORMAT.to_owned(),
            version: VERSION,
            owner,
            plan: plan.clone(),
        };
        let refuse = |source| JournalError::Write {
            path: path.display().to_string(),
            source,
        };
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        let mut file = private(&mut options).open(path).map_err(refuse)?;
        lock(&file).map_err(refuse)?;
        write_line(&mut file, &head).map_err(refuse)?;
        Ok(Self {
            path: path.to_owned(),
            owner: head.owner,
            file,
            traces: Traces::new(),
            clock,
            halt,
            failure: None,
        })
    }

    /// Takes up a journal where it ends. What a killed run wrote of its last line is cut off.
    ///
    /// # Errors
    /// The file is no journal, or cannot be written.
    pub(crate) fn take_up(
        env: &Env,
        path: &Path,
        clock: Arc<dyn Clock>,
        halt: CancellationToken,
    ) -> Result<(Plan, Self), JournalError> {
        let refuse = |source| JournalError::Write {
            path: path.display().to_string(),
            source,
        };
        let file = OpenOptions::new().append(true).open(path).map_err(refuse)?;
        if others_may_write(&file.metadata().map_err(refuse)?) {
            return Err(JournalError::Exposed {
                path: path.display().to_string(),
            });
        }
        lock(&file).map_err(refuse)?;
        let record = read(env, path)?;
        file.set_len(record.whole).map_err(refuse)?;
        let journal = Self {
            path: path.to_owned(),
            owner: record.owner,
            file,
            traces: record.traces,
            clock,
            halt,
            failure: None,
        };
        Ok((record.plan, journal))
    }

    /// Notes an event, on disk before it returns; if that fails, stops the run.
    pub(crate) fn note(&mut self, account: &StorageAccountId, event: Event) {
        let at = self.clock.now();
        let line = Line {
            at: Text(at),
            account: Text(account.clone()),
            event,
        };
        if let Err(error) = write_line(&mut self.file, &line) {
            self.halt.cancel();
            self.failure.get_or_insert(error);
        }
        let trace = self.traces.entry(account.to_string()).or_default();
        trace.add(at, &line.event);
    }

    /// Gives the mark by which claims of this run are known.
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    /// Gives what is known of an account.
    pub(crate) fn trace(&self, account: &StorageAccountId) -> Trace {
        let trace = self.traces.get(account.as_str());
        trace.cloned().unwrap_or_default()
    }

    /// Ends the journal.
    ///
    /// # Errors
    /// A line could not be written.
    pub(crate) fn end(self) -> Result<(), JournalError> {
        match self.failure {
            None => Ok(()),
            Some(source) => Err(JournalError::Write {
                path: self.path.display().to_string(),
                source,
            }),
        }
    }
}

/// Reads a journal: the plan, and what happened.
///
/// # Errors
/// No such file, or a line that is no line of a journal; an unfinished last line is passed over.
pub(crate) fn read(env: &Env, path: &Path) -> Result<Record, JournalError> {
    let shown = || path.display().to_string();
    let text = env.read_file(path).map_err(|source| JournalError::Read {
        path: shown(),
        source,
    })?;
    parse(&text).map_err(|(line, reason)| JournalError::Form {
        path: shown(),
        line,
        reason,
    })
}

fn parse(text: &str) -> Result<Record, (usize, String)> {
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let mut lines = text.get(..whole).unwrap_or_default().lines().enumerate();
    let (_, first) = lines.next().ok_or((1, "it is empty".to_owned()))?;
    let head: Head = serde_json::from_str(first).map_err(|error| (1, error.to_string()))?;
    if head.format != FORMAT || head.version != VERSION || !head.plan.is_known() {
        return Err((1, format!("it is not of {FORMAT}, version {VERSION}")));
    }
    let mut traces = Traces::new();
    for (number, line) in lines {
        let line: Line =
            serde_json::from_str(line).map_err(|error| (number + 1, error.to_string()))?;
        let trace = traces.entry(line.account.0.to_string()).or_default();
        trace.add(line.at.0, &line.event);
    }
    Ok(Record {
        plan: head.plan,
        traces,
        owner: head.owner,
        whole: u64::try_from(whole).unwrap_or(u64::MAX),
    })
}

fn write_line(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.sync_all()
}

/// Keeps a second run off the journal; the lock goes with the process.
fn lock(file: &File) -> io::Result<()> {
    file.try_lock().map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_file::tests::plan;

    fn text() -> String {
        let head = Head {
            format: FORMAT.to_owned(),
            version: VERSION,
            owner: "o".to_owned(),
            plan: plan(&["stlogs"]),
        };
        let slot = Text(KeySlot::Key2);
        let events = [
            Event::Begun,
            Event::Regenerating { slot },
            Event::Regenerated { slot },
        ];
        let mut text = serde_json::to_string(&head).expect("it can be written");
        for event in events {
            let line = Line {
                at: Text(Timestamp::UNIX_EPOCH),
                account: head.plan.accounts.first().expect("one").id.clone(),
                event,
            };
            text.push('\n');
            text.push_str(&serde_json::to_string(&line).expect("it can be written"));
        }
        text + "\n"
    }

    #[test]
    fn what_was_noted_is_read_back_and_half_a_line_is_passed_over() {
        let text = text();
        let record = parse(&format!("{text}{{\"at\":"))
            .map_err(|(_, reason)| reason)
            .expect("a journal");
        assert_eq!(record.whole, u64::try_from(text.len()).expect("short"));
        let trace = record.traces.values().next().expect("one account");
        assert!(trace.is_begun && trace.is_touched && !trace.is_done());
        assert_eq!(trace.renewed, [KeySlot::Key2]);
    }

    #[test]
    fn a_line_that_is_not_understood_is_refused() {
        let check = |text: &str, line: usize| {
            let refused = parse(text).map(drop).map_err(|(line, _)| line);
            assert_eq!(refused, Err(line), "{text}");
        };
        check("", 1);
        check("{}\n", 1);
        check(&text().replace("\"begun\"", "\"begone\""), 2);
        check(&text().replace("keyrotation-journal", "x"), 1);
    }
}
