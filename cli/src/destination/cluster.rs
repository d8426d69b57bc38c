//! An entry of a secret in a cluster, and those who have to be restarted when it changes.
//!
//! What a cluster refuses in passing is tried again: an apply says what shall be, so to say it twice
//! does no harm.

pub(crate) mod names;
pub(crate) mod reached;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use azure::clock::Clock;
use engine::deliver::{Fresh, Held, Notes};
use kubernetes::cluster::Conflicts;
use kubernetes::rollout::{self, Progress};
use kubernetes::secret::{self, Entry};
use kubernetes::{BadName, Cluster, Error, Object};

use self::names::{BadTarget, SecretName, Workload};
use self::reached::Reached;

/// The pauses between tries.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];
/// The pause between two looks at a restart.
const LOOK: Duration = Duration::from_secs(1);

/// An entry of a secret in a cluster.
#[derive(Debug)]
pub(crate) struct ClusterEntry {
    cluster: Arc<Cluster>,
    entry: Entry,
    conflicts: Conflicts,
    clock: Arc<dyn Clock>,
}

/// A cluster did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    #[error(transparent)]
    Cluster(#[from] Error),
    #[error(transparent)]
    Name(#[from] BadName),
    #[error(
        "{secret} is immutable, so its value can never change. Name another secret, or delete this \
         one yourself when nobody needs it; nothing was changed"
    )]
    Immutable { secret: String },
    #[error(
        "another manager owns the entry; --force-conflicts (`force_conflicts = true`) takes it over"
    )]
    Conflict { source: Error },
    #[error("there is no {workload}, which should be restarted")]
    NoWorkload { workload: String },
    #[error("the restart of {workload} has failed: {reason}")]
    Failed { workload: String, reason: String },
    #[error("the restart of {workload} is not over after {limit}: {reason}")]
    Late {
        workload: String,
        limit: String,
        reason: String,
    },
}

impl ClusterEntry {
    /// Finds an entry in a cluster. Fields of other managers are taken only if it says so.
    ///
    /// # Errors
    /// A namespace of the context that is no name.
    pub(crate) fn new(
        reached: Reached,
        secret: &SecretName,
        takes_over: bool,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BadTarget> {
        Ok(Self {
            entry: secret.in_cluster(&reached.0)?,
            cluster: reached.0,
            conflicts: if takes_over {
                Conflicts::Taken
            } else {
                Conflicts::Refused
            },
            clock,
        })
    }

    /// Reads the entry.
    ///
    /// # Errors
    /// The cluster's answer.
    pub(super) async fn held(&self) -> Result<Option<Held>, ClusterError> {
        let read = || secret::read(&self.cluster, &self.entry);
        let found = self.trying(read).await?;
        Ok(found.map(|held| Held {
            value: held.value,
            notes: notes(&held.notes),
        }))
    }

    /// Sets the entry.
    ///
    /// # Errors
    /// The cluster's answer.
    pub(super) async fn publish(&self, fresh: &Fresh) -> Result<(), ClusterError> {
        let notes = annotations(&fresh.notes);
        let (cluster, entry) = (&self.cluster, &self.entry);
        let apply = || secret::apply(cluster, entry, &fresh.value, &notes, self.conflicts);
        match self.trying(apply).await {
            Ok(()) => Ok(()),
            Err(source) if source.is_conflict() => Err(ClusterError::Conflict { source }),
            Err(error) => Err(self.explained(error).await),
        }
    }

    async fn explained(&self, error: Error) -> ClusterError {
        let held = secret::read(&self.cluster, &self.entry).await;
        match held {
            Ok(Some(held)) if held.is_immutable => ClusterError::Immutable {
                secret: self.entry.secret().to_string(),
            },
            _ => error.into(),
        }
    }

    /// Restarts the pods of a workload, unless they were restarted for this value already, and waits
    /// until all are new. Gives whether they had to be restarted.
    ///
    /// # Errors
    /// The cluster's answer, or pods that do not become ready.
    pub(crate) async fn restart(
        &self,
        workload: &Workload,
        notes: &Notes,
        limit: Duration,
    ) -> Result<bool, ClusterError> {
        let namespace = self.entry.secret().namespace();
        let workload = &Object::new(workload.kind, namespace, &workload.name)?;
        let mark = mark(notes);
        let missing = || ClusterError::NoWorkload {
            workload: workload.to_string(),
        };
        let look = || rollout::look(&self.cluster, workload, &self.entry);
        let seen = self.trying(look).await?.ok_or_else(missing)?;
        let is_stale = seen.mark.as_deref() != Some(mark.as_str());
        if is_stale {
            let now = self.clock.now();
            let mark = (&self.entry, mark.as_str());
            let restart = || rollout::restart(&self.cluster, workload, mark, now);
            self.trying(restart).await?;
        }
        if limit > Duration::ZERO {
            self.wait(workload, limit).await?;
        }
        Ok(is_stale)
    }

    async fn wait(&self, workload: &Object, limit: Duration) -> Result<(), ClusterError> {
        let missing = || ClusterError::NoWorkload {
            workload: workload.to_string(),
        };
        let end = self.clock.now().checked_add(limit);
        loop {
            let look = || rollout::look(&self.cluster, workload, &self.entry);
            let seen = self.trying(look).await?.ok_or_else(missing)?;
            let reason = match seen.progress {
                Progress::Done => return Ok(()),
                Progress::Failed(reason) => {
                    let workload = workload.to_string();
                    return Err(ClusterError::Failed { workload, reason });
                }
                Progress::Waiting(reason) => reason,
            };
            if end.as_ref().is_ok_and(|end| self.clock.now() >= *end) {
                return Err(ClusterError::Late {
                    workload: workload.to_string(),
                    limit: format!("{} s", limit.as_secs()),
                    reason,
                });
            }
            self.clock.sleep(LOOK).await;
        }
    }

    async fn trying<T>(&self, mut act: impl AsyncFnMut() -> Result<T, Error>) -> Result<T, Error> {
        for pause in PAUSES {
            match act().await {
                Err(error) if error.is_passing() => self.clock.sleep(pause).await,
                done => return done,
            }
        }
        act().await
    }
}

/// Names a value by when and where it was minted: a restart for it need not be done twice.
fn mark(notes: &Notes) -> String {
    notes.minted.map(|at| at.to_string()).unwrap_or_default()
}

fn annotations(notes: &Notes) -> BTreeMap<String, String> {
    let Notes {
        source,
        minted,
        expires,
        slot,
        key_made,
        refresh,
    } = notes;
    let texts = [
        ("source", source.clone()),
        ("minted", minted.map(|time| time.to_string())),
        ("expires", expires.map(|time| time.to_string())),
        ("key", slot.map(|slot| slot.to_string())),
        ("key-created", key_made.map(|time| time.to_string())),
        ("refresh", refresh.map(|time| time.to_string())),
    ];
    let pair = |(name, text): (&str, Option<String>)| Some((name.to_owned(), text?));
    texts.into_iter().filter_map(pair).collect()
}

/// A note that cannot be read is none: then the token is replaced.
fn notes(annotations: &BTreeMap<String, String>) -> Notes {
    let time = |name: &str| annotations.get(name)?.parse().ok();
    Notes {
        source: annotations.get("source").cloned(),
        minted: time("minted"),
        expires: time("expires"),
        slot: annotations.get("key").and_then(|text| text.parse().ok()),
        key_made: time("key-created"),
        refresh: time("refresh"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rotation::slot::KeySlot;

    use super::*;

    #[test]
    fn what_is_noted_is_read_back() {
        let check = |noted: Notes| assert_eq!(notes(&annotations(&noted)), noted);
        check(Notes::default());
        check(Notes {
            source: Some("https://kv.vault.azure.net/storage/st/sas/read".into()),
            minted: Some(Timestamp::UNIX_EPOCH),
            expires: Some(Timestamp::MAX),
            slot: Some(KeySlot::Key2),
            key_made: Some(Timestamp::UNIX_EPOCH),
            refresh: Some(Timestamp::UNIX_EPOCH),
        });
    }
}
