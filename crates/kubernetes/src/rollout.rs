//! The restart of those who read a secret only when they start, and how far it has come.
//!
//! The pods' template gets the annotation that `kubectl rollout restart` writes, and beside it the
//! mark of the value that the pods were restarted for. So a run that was killed between the apply
//! and the restart leaves a mark that does not match, which the next run sees.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::error::Error;
use crate::object::Object;
use crate::secret::{DOMAIN, Entry};

/// How far a restart has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All pods are new, and ready.
    Done,
    /// Some are not yet.
    Waiting(String),
    /// The cluster leaves pods as they are until somebody does something: what, and for which pods.
    Held(String),
    /// The cluster has given up.
    Failed(String),
}

/// What is to be seen of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The mark of the value that its pods were last restarted for.
    pub mark: Option<String>,
    /// How far that has come.
    pub progress: Progress,
}

/// Gives the name of the annotation that holds the mark of one entry: pods may read several.
fn mark_name(entry: &Entry) -> String {
    let place = format!("{}/{}", entry.secret(), entry.key());
    // FNV-1a, since a name has room for a few letters only.
    let hash = place.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{DOMAIN}/restarted-for.{hash:016x}")
}

/// Looks at a workload; nothing if there is none.
///
/// # Errors
/// The object, the act and the cluster's answer.
pub async fn look(
    cluster: &Cluster,
    workload: &Object,
    entry: &Entry,
) -> Result<Option<Seen>, Error> {
    let found = cluster.read(workload).await?;
    Ok(found.map(|object| seen(&object, entry)))
}

/// Restarts the pods of a workload, as `kubectl rollout restart` does, for the value of this mark.
///
/// # Errors
/// The object, the act and the cluster's answer.
pub async fn restart(
    cluster: &Cluster,
    workload: &Object,
    (entry, mark): (&Entry, &str),
    now: Timestamp,
) -> Result<(), Error> {
    let stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let annotations = json!({
        "kubectl.kubernetes.io/restartedAt": stamp,
        mark_name(entry): mark,
    });
    let fields = json!({"spec": {"template": {"metadata": {"annotations": annotations}}}});
    cluster.patch(workload, &fields).await
}

fn seen(object: &Value, entry: &Entry) -> Seen {
    let annotations = object.pointer("/spec/template/metadata/annotations");
    let mark = annotations
        .and_then(|all| all.get(mark_name(entry)))
        .and_then(Value::as_str);
    Seen {
        mark: mark.map(str::to_owned),
        progress: progress(object),
    }
}

/// Judges by the counts that `kubectl rollout status` goes by.
fn progress(object: &Value) -> Progress {
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
    let status = |name: &str| number(&format!("/status/{name}")).unwrap_or(0);
    if status("observedGeneration") < number("/metadata/generation").unwrap_or(0) {
        return Progress::Waiting("the cluster has not begun".to_owned());
    }
    let daemon = object.get("kind").and_then(Value::as_str) == Some("DaemonSet");
    let (wanted, updated, ready) = if daemon {
        (
            status("desiredNumberScheduled"),
            status("updatedNumberScheduled"),
            status("numberAvailable"),
        )
    } else {
        let wanted = number("/spec/replicas").unwrap_or(1);
        (wanted, status("updatedReplicas"), status("readyReplicas"))
    };
    let old = if daemon {
        0
    } else {
        status("replicas") - updated
    };
    if updated >= wanted && ready >= wanted && old <= 0 {
        return Progress::Done;
    }
    let count = format!("{updated} of {wanted} pods are new, {ready} ready");
    match held(object, wanted, updated) {
        // Pods that cannot start are the more urgent news.
        Some(Held::Now(reason)) => Progress::Held(format!("{count}; {reason}")),
        Some(Held::Later) | None => match gave_up(object) {
            Some(reason) => Progress::Failed(reason),
            None => Progress::Waiting(count),
        },
    }
}

/// Whether a cluster leaves pods to somebody else.
enum Held {
    /// All that are left.
    Now(&'static str),
    /// Some, but there are others that it replaces itself.
    Later,
}

/// Finds out whether the pods that are not new yet will never be new by themselves.
fn held(object: &Value, wanted: i64, updated: i64) -> Option<Held> {
    if object.pointer("/spec/paused") == Some(&Value::Bool(true)) {
        let resumed = "it is paused, and they are replaced when somebody resumes it (`kubectl rollout \
                       resume`)";
        return Some(Held::Now(resumed));
    }
    let strategy = object.pointer("/spec/updateStrategy")?;
    if strategy.get("type").and_then(Value::as_str) == Some("OnDelete") {
        let deleted = "its update strategy is OnDelete, and each of the others is replaced when \
                       somebody deletes it";
        return Some(Held::Now(deleted));
    }
    let partition = strategy.pointer("/rollingUpdate/partition");
    let kept = partition.and_then(Value::as_i64).filter(|kept| *kept > 0)?;
    if updated < wanted - kept {
        return Some(Held::Later);
    }
    let lowered = "its update strategy has a partition, and the pods below it are replaced when \
                   somebody lowers it";
    Some(Held::Now(lowered))
}

fn gave_up(object: &Value) -> Option<String> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    let late = conditions.iter().find(|one| {
        one.get("reason").and_then(Value::as_str) == Some("ProgressDeadlineExceeded")
    })?;
    let said = late.get("message").and_then(Value::as_str);
    Some(said.unwrap_or("its deadline has passed").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(status: &Value) -> Value {
        json!({
            "kind": "Deployment",
            "metadata": {"generation": 2},
            "spec": {"replicas": 2},
            "status": status,
        })
    }

    fn check(object: &Value, expected: &str) {
        let found = match progress(object) {
            Progress::Done => "done".to_owned(),
            Progress::Waiting(text) | Progress::Held(text) | Progress::Failed(text) => text,
        };
        assert_eq!(found, expected, "{object}");
    }

    #[test]
    fn a_deployment_is_done_when_all_pods_are_new_and_ready() {
        let status = |observed: i64, updated: i64, ready: i64, all: i64| {
            deployment(&json!({
                "observedGeneration": observed, "updatedReplicas": updated,
                "readyReplicas": ready, "replicas": all,
            }))
        };
        check(&status(1, 2, 2, 2), "the cluster has not begun");
        check(&status(2, 1, 2, 2), "1 of 2 pods are new, 2 ready");
        check(&status(2, 2, 1, 2), "2 of 2 pods are new, 1 ready");
        check(&status(2, 2, 2, 3), "2 of 2 pods are new, 2 ready");
        check(&status(2, 2, 2, 2), "done");
        check(&deployment(&Value::Null), "the cluster has not begun");
    }

    #[test]
    fn pods_that_wait_for_somebody_are_not_waited_for() {
        let check = |kind: &str, spec: Value, updated: i64, expected: &str| {
            let object = json!({
                "kind": kind, "metadata": {"generation": 1}, "spec": spec,
                "status": {
                    "observedGeneration": 1, "replicas": 3, "readyReplicas": 3,
                    "updatedReplicas": updated, "desiredNumberScheduled": 3,
                    "updatedNumberScheduled": updated, "numberAvailable": 3,
                },
            });
            let found = match progress(&object) {
                Progress::Done => "done".to_owned(),
                Progress::Waiting(_) => "waits".to_owned(),
                Progress::Held(text) | Progress::Failed(text) => text,
            };
            assert!(found.contains(expected), "{object}: {found}");
        };
        let paused = json!({"replicas": 3, "paused": true});
        check(
            "Deployment",
            paused.clone(),
            0,
            "0 of 3 pods are new, 3 ready; it is paused",
        );
        check("Deployment", paused, 3, "done");
        let on_delete = || json!({"replicas": 3, "updateStrategy": {"type": "OnDelete"}});
        for kind in ["StatefulSet", "DaemonSet"] {
            check(kind, on_delete(), 1, "OnDelete");
            check(kind, on_delete(), 3, "done");
        }
        let parted = |partition: i64| {
            let rolling = json!({"partition": partition});
            json!({"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling}})
        };
        check("StatefulSet", parted(0), 0, "waits");
        check("StatefulSet", parted(1), 1, "waits");
        check("StatefulSet", parted(1), 2, "has a partition");
        check("StatefulSet", parted(9), 0, "has a partition");
        check("StatefulSet", parted(1), 3, "done");
    }

    #[test]
    fn each_entry_has_a_mark_of_its_own() {
        let name = |secret: &str, key: &str| {
            let entry = Entry::new("team", secret, key).expect("a good name");
            mark_name(&entry)
        };
        assert_ne!(name("a", "token"), name("b", "token"));
        assert_ne!(name("a", "token"), name("a", "other"));
        assert_eq!(name("a", "token").len(), DOMAIN.len() + 31);
    }

    #[test]
    fn a_deadline_that_has_passed_is_a_failure() {
        let object = deployment(&json!({
            "observedGeneration": 2,
            "conditions": [{"reason": "ProgressDeadlineExceeded", "message": "timed out"}],
        }));
        assert_eq!(progress(&object), Progress::Failed("timed out".into()));
    }

    #[test]
    fn a_daemon_set_is_counted_by_its_nodes() {
        let object = |available: i64| {
            json!({
                "kind": "DaemonSet",
                "metadata": {"generation": 1},
                "status": {
                    "observedGeneration": 1, "desiredNumberScheduled": 3,
                    "updatedNumberScheduled": 3, "numberAvailable": available,
                },
            })
        };
        check(&object(2), "3 of 3 pods are new, 2 ready");
        check(&object(3), "done");
    }
}
