//! What runs the pods of a cluster: deployments, stateful sets and daemon sets, as far as their restart goes. They come from
//! the fleet document; nothing runs, and new pods are ready a moment after their template has changed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::failure::Failure;
use super::patch::merge;
use super::{uid, written_time};

/// How long new pods take.
const START: SignedDuration = SignedDuration::from_secs(1);

/// A kind of workload.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Deployment,
    StatefulSet,
    DaemonSet,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Deployment, Self::StatefulSet, Self::DaemonSet];

    /// Gives the name of the kind.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
        }
    }

    /// Gives the name of the resource.
    pub(crate) fn resource(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
        }
    }
}

/// One workload.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Workload {
    /// Its metadata and specification, as they are read.
    object: Value,
    generation: u64,
    changed: Timestamp,
    replicas: u32,
    /// Whether its template has ever changed.
    #[serde(default)]
    has_changed: bool,
    /// Whether new pods never become ready.
    #[serde(default)]
    stuck: bool,
}

/// The workloads of a cluster, by namespace, kind and name.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Workloads(BTreeMap<String, Workload>);

fn place(namespace: &str, kind: Kind, name: &str) -> String {
    format!("{namespace}/{}/{name}", kind.resource())
}

impl Workloads {
    /// Adds a workload.
    pub(crate) fn add(
        &mut self,
        (namespace, kind, name): (&str, Kind, &str),
        (replicas, stuck): (u32, bool),
        now: Timestamp,
    ) {
        let labels = json!({"app": name});
        let mut spec = json!({
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": name, "image": name}]}},
        });
        if let (false, Some(spec)) = (kind == Kind::DaemonSet, spec.as_object_mut()) {
            spec.insert("replicas".to_owned(), json!(replicas));
        }
        let place = place(namespace, kind, name);
        let object = json!({
            "kind": kind.name(),
            "apiVersion": "apps/v1",
            "metadata": {
                "name": name, "namespace": namespace, "uid": uid(&place), "labels": labels,
                "creationTimestamp": written_time(now),
            },
            "spec": spec,
        });
        let workload = Workload {
            object,
            generation: 1,
            changed: now.saturating_sub(START).unwrap_or(now),
            replicas,
            has_changed: false,
            stuck,
        };
        self.0.insert(place, workload);
    }

    /// Reads a workload.
    pub(crate) fn read(
        &self,
        (namespace, kind, name): (&str, Kind, &str),
        now: Timestamp,
    ) -> Result<Value, Failure> {
        let found = self.0.get(&place(namespace, kind, name));
        let found = found.ok_or_else(|| missing(kind, name))?;
        Ok(found.written(kind, now))
    }

    /// Lists the workloads of a kind in a namespace.
    pub(crate) fn list(&self, namespace: &str, kind: Kind, now: Timestamp) -> Value {
        let prefix = place(namespace, kind, "");
        let all = self
            .0
            .iter()
            .filter(|(place, _)| place.starts_with(&prefix));
        let items: Vec<_> = all.map(|(_, one)| one.written(kind, now)).collect();
        json!({
            "kind": format!("{}List", kind.name()),
            "apiVersion": "apps/v1",
            "metadata": {"resourceVersion": "1"},
            "items": items,
        })
    }

    /// Merges a patch into a workload. A change of its specification makes new pods.
    pub(crate) fn patch(
        &mut self,
        (namespace, kind, name): (&str, Kind, &str),
        patch: &Value,
        now: Timestamp,
    ) -> Result<Value, Failure> {
        let found = self.0.get_mut(&place(namespace, kind, name));
        let found = found.ok_or_else(|| missing(kind, name))?;
        let before = found.object.get("spec").cloned();
        let template = found.object.pointer("/spec/template").cloned();
        let given = found.object.get("metadata").cloned();
        merge(&mut found.object, patch);
        let names = ["/metadata/name", "/metadata/namespace"];
        let given = given.map(|metadata| json!({"metadata": metadata}));
        for name in names {
            let kept = given.as_ref().and_then(|given| given.pointer(name));
            if found.object.pointer(name) != kept {
                return Err(Failure::bad_request("the name of an object cannot change"));
            }
        }
        if found.object.get("spec") != before.as_ref() {
            found.generation += 1;
        }
        if found.object.pointer("/spec/template") != template.as_ref() {
            found.changed = now;
            found.has_changed = true;
        }
        Ok(found.written(kind, now))
    }
}

impl Workload {
    fn written(&self, kind: Kind, now: Timestamp) -> Value {
        let mut object = self.object.clone();
        let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
        if let Some(metadata) = metadata {
            metadata.insert("generation".to_owned(), json!(self.generation));
            let revision = json!(self.generation.to_string());
            metadata.insert("resourceVersion".to_owned(), revision);
        }
        if let Some(members) = object.as_object_mut() {
            members.insert("status".to_owned(), self.status(kind, now));
        }
        object
    }

    /// Counts the pods that stay old until somebody does something.
    fn held(&self) -> u32 {
        let spec = |pointer: &str| self.object.pointer(pointer);
        let is_paused = spec("/spec/paused") == Some(&Value::Bool(true));
        let is_left = spec("/spec/updateStrategy/type") == Some(&json!("OnDelete"));
        let partition =
            spec("/spec/updateStrategy/rollingUpdate/partition").and_then(Value::as_u64);
        match partition {
            _ if is_paused || is_left => self.replicas,
            Some(partition) => u32::try_from(partition)
                .unwrap_or(u32::MAX)
                .min(self.replicas),
            None => 0,
        }
    }

    fn status(&self, kind: Kind, now: Timestamp) -> Value {
        let is_over = now.duration_since(self.changed) >= START && !self.stuck;
        let new = match (self.has_changed, is_over) {
            (false, _) => self.replicas,
            (true, true) => self.replicas.saturating_sub(self.held()),
            (true, false) => 0,
        };
        match kind {
            Kind::DaemonSet => json!({
                "observedGeneration": self.generation, "desiredNumberScheduled": self.replicas,
                "currentNumberScheduled": self.replicas, "updatedNumberScheduled": new,
                "numberReady": self.replicas, "numberAvailable": self.replicas,
            }),
            Kind::Deployment | Kind::StatefulSet => json!({
                "observedGeneration": self.generation, "replicas": self.replicas, "updatedReplicas": new,
                "readyReplicas": self.replicas, "availableReplicas": self.replicas,
            }),
        }
    }
}

fn missing(kind: Kind, name: &str) -> Failure {
    let resource = format!("{}.apps", kind.resource());
    Failure::new(404, "NotFound", format!("{resource} \"{name}\" not found"))
        .with(json!({"name": name, "group": "apps", "kind": kind.resource()}))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: (&str, Kind, &str) = ("team", Kind::Deployment, "web");

    fn number(object: &Value, pointer: &str) -> Option<u64> {
        object.pointer(pointer).and_then(Value::as_u64)
    }

    #[test]
    fn a_change_of_the_template_makes_new_pods_and_a_label_does_not() {
        let start = Timestamp::UNIX_EPOCH;
        let mut workloads = Workloads::default();
        workloads.add(WEB, (2, false), start);
        let check = |object: &Value, generation: u64, updated: u64| {
            assert_eq!(number(object, "/metadata/generation"), Some(generation));
            assert_eq!(number(object, "/status/updatedReplicas"), Some(updated));
        };
        check(&workloads.read(WEB, start).expect("it is there"), 1, 2);
        let label = json!({"metadata": {"labels": {"a": "b"}}});
        check(&workloads.patch(WEB, &label, start).expect("patched"), 1, 2);
        let stamp = json!({"spec": {"template": {"metadata": {"annotations": {"at": "1"}}}}});
        check(&workloads.patch(WEB, &stamp, start).expect("patched"), 2, 0);
        check(
            &workloads.read(WEB, start + START).expect("it is there"),
            2,
            2,
        );
        check(
            &workloads
                .patch(WEB, &stamp, start + START)
                .expect("patched"),
            2,
            2,
        );
    }

    #[test]
    fn pods_that_are_left_to_somebody_stay_old_until_then() {
        let start = Timestamp::UNIX_EPOCH;
        let stamp = json!({"spec": {"template": {"metadata": {"annotations": {"at": "1"}}}}});
        for (held, expected) in [
            (json!({"spec": {"paused": true}}), 0),
            (json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}), 0),
            (
                json!({"spec": {"updateStrategy": {"rollingUpdate": {"partition": 1}}}}),
                1,
            ),
            (json!({"spec": {"paused": false}}), 2),
        ] {
            let mut workloads = Workloads::default();
            workloads.add(WEB, (2, false), start);
            let new = |object: Value| number(&object, "/status/updatedReplicas");
            assert_eq!(
                new(workloads.patch(WEB, &held, start).expect("patched")),
                Some(2)
            );
            workloads.patch(WEB, &stamp, start).expect("patched");
            let later = workloads.read(WEB, start + START).expect("it is there");
            assert_eq!(new(later), Some(expected), "{held}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found_and_a_name_stays() {
        let mut workloads = Workloads::default();
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(workloads.read(WEB, now).expect_err("none").code, 404);
        workloads.add(WEB, (1, false), now);
        let other = json!({"metadata": {"name": "other"}});
        assert_eq!(
            workloads.patch(WEB, &other, now).expect_err("a name").code,
            400
        );
        let list = workloads.list("team", Kind::DaemonSet, now);
        assert_eq!(list.pointer("/items"), Some(&json!([])));
    }
}
