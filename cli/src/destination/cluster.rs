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
use kubernetes::rollout::{self, Progress, Seen};
use kubernetes::secret::{self, Entry};
use kubernetes::{BadName, Cluster, Error, Object};
use tokio_util::sync::CancellationToken;

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
    waits: Waits,
}

/// What came of a restart.
#[derive(Debug)]
pub(crate) struct Restarted {
    /// Whether the pods were not restarted for this value before.
    pub(crate) was_due: bool,
    /// Why some pods stay as they are until somebody does something, if they do.
    pub(crate) held: Option<String>,
}

/// What waits go by: the clock, and the wish to stop.
#[derive(Clone, Debug)]
pub(crate) struct Waits {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: CancellationToken,
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
    #[error(
        "the cluster does not let this identity do that; its role needs `get`, `patch` and `create` \
         on secrets, and `get` and `patch` on what is restarted"
    )]
    Forbidden { source: Error },
    #[error("stopped on request, between two requests")]
    Stopped,
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
        waits: Waits,
    ) -> Result<Self, BadTarget> {
        Ok(Self {
            entry: secret.in_cluster(&reached.0)?,
            cluster: reached.0,
            conflicts: if takes_over {
                Conflicts::Taken
            } else {
                Conflicts::Refused
            },
            waits,
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
            Err(ClusterError::Cluster(error)) => Err(self.explained(error).await),
            done => done,
        }
    }

    async fn explained(&self, error: Error) -> ClusterError {
        if error.is_conflict() {
            return ClusterError::Conflict { source: error };
        }
        let held = secret::read(&self.cluster, &self.entry).await;
        match held {
            Ok(Some(held)) if held.is_immutable => ClusterError::Immutable {
                secret: self.entry.secret().to_string(),
            },
            _ => error.into(),
        }
    }

    /// Restarts the pods of a workload, unless they were restarted for this value already, and waits
    /// until all are new, or those that are left wait for somebody.
    ///
    /// # Errors
    /// The cluster's answer, pods that do not become ready, or a stop before that.
    pub(crate) async fn restart(
        &self,
        workload: &Workload,
        notes: &Notes,
        limit: Duration,
    ) -> Result<Restarted, ClusterError> {
        let namespace = self.entry.secret().namespace();
        let workload = &Object::new(workload.kind, namespace, &workload.name)?;
        let mark = notes.fingerprint.clone().unwrap_or_default();
        let seen = self.look(workload).await?;
        let is_stale = seen.mark.as_deref() != Some(mark.as_str());
        let mut progress = seen.progress;
        if is_stale {
            let now = self.waits.clock.now();
            let mark = (&self.entry, mark.as_str());
            let restart = || rollout::restart(&self.cluster, workload, mark, now);
            self.trying(restart).await?;
            progress = Progress::Waiting("the cluster has not begun".to_owned());
        }
        let mut held = None;
        if limit > Duration::ZERO {
            held = self.wait(workload, progress, limit).await?;
        }
        Ok(Restarted {
            was_due: is_stale,
            held,
        })
    }

    async fn look(&self, workload: &Object) -> Result<Seen, ClusterError> {
        let look = || rollout::look(&self.cluster, workload, &self.entry);
        let seen = self.trying(look).await?;
        seen.ok_or_else(|| ClusterError::NoWorkload {
            workload: workload.to_string(),
        })
    }

    async fn wait(
        &self,
        workload: &Object,
        mut progress: Progress,
        limit: Duration,
    ) -> Result<Option<String>, ClusterError> {
        let end = self.waits.clock.now().checked_add(limit);
        loop {
            let reason = match progress {
                Progress::Done => return Ok(None),
                Progress::Held(reason) => return Ok(Some(reason)),
                Progress::Failed(reason) => {
                    let workload = workload.to_string();
                    return Err(ClusterError::Failed { workload, reason });
                }
                Progress::Waiting(reason) => reason,
            };
            if end.as_ref().is_ok_and(|end| self.waits.clock.now() >= *end) {
                return Err(ClusterError::Late {
                    workload: workload.to_string(),
                    limit: format!("{} s", limit.as_secs()),
                    reason,
                });
            }
            self.pause(LOOK).await?;
            progress = self.look(workload).await?.progress;
        }
    }

    async fn trying<T>(
        &self,
        mut act: impl AsyncFnMut() -> Result<T, Error>,
    ) -> Result<T, ClusterError> {
        for pause in PAUSES {
            self.go_on()?;
            match act().await {
                Err(error) if error.is_passing() => self.pause(pause).await?,
                Err(source) if source.is_forbidden() => {
                    return Err(ClusterError::Forbidden { source });
                }
                done => return Ok(done?),
            }
        }
        Ok(act().await?)
    }

    /// Nothing more is asked of the cluster after a stop.
    fn go_on(&self) -> Result<(), ClusterError> {
        if self.waits.stop.is_cancelled() {
            return Err(ClusterError::Stopped);
        }
        Ok(())
    }

    async fn pause(&self, length: Duration) -> Result<(), ClusterError> {
        tokio::select! {
            () = self.waits.clock.sleep(length) => {}
            () = self.waits.stop.cancelled() => {}
        }
        self.go_on()
    }
}

fn annotations(notes: &Notes) -> BTreeMap<String, String> {
    let Notes {
        source,
        minted,
        expires,
        slot,
        key_made,
        refresh,
        fingerprint,
    } = notes;
    let texts = [
        ("source", source.clone()),
        ("minted", minted.map(|time| time.to_string())),
        ("expires", expires.map(|time| time.to_string())),
        ("key", slot.map(|slot| slot.to_string())),
        ("key-created", key_made.map(|time| time.to_string())),
        ("refresh", refresh.map(|time| time.to_string())),
        ("fingerprint", fingerprint.clone()),
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
        fingerprint: annotations.get("fingerprint").cloned(),
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
            fingerprint: Some("0a".into()),
        });
    }
}
