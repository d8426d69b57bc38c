//! One entry of one secret: what is held there, and the one apply that changes it.
//!
//! Every entry has a field manager of its own, so that several runs may each keep an entry of the
//! same secret without undoing one another, and so that what others wrote into it stays theirs.
//! What is known of the value lies beside it in annotations that carry the entry's name.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::cluster::{Cluster, Conflicts};
use crate::error::Error;
use crate::object::{BadName, Kind, Object};

/// What our annotations begin with: a name that belongs to the project.
pub const DOMAIN: &str = "azure-keyrotation.github.io";

/// The longest name of an entry whose annotations still have room.
const LONGEST: usize = 40;

/// The most of a server's words that an error repeats.
const LONGEST_MESSAGE: usize = 600;

/// One entry of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    secret: Object,
    key: String,
}

/// There can be no such entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEntry {
    /// The names of the secret.
    #[error(transparent)]
    Name(#[from] BadName),
    /// The name of the entry.
    #[error(
        "`{0}` is no name of an entry: it takes letters, digits, `-`, `_` and `.`, {LONGEST} \
         characters at most, and begins and ends with a letter or digit"
    )]
    Key(String),
}

impl Entry {
    /// Names an entry.
    ///
    /// # Errors
    /// A name that a cluster would refuse.
    pub fn new(namespace: &str, secret: &str, key: &str) -> Result<Self, BadEntry> {
        let inner = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let outer = |letter: char| letter.is_ascii_alphanumeric();
        let fits = key.len() <= LONGEST
            && key.starts_with(outer)
            && key.ends_with(outer)
            && key.chars().all(inner);
        if !fits {
            return Err(BadEntry::Key(key.to_owned()));
        }
        Ok(Self {
            secret: Object::new(Kind::Secret, namespace, secret)?,
            key: key.to_owned(),
        })
    }

    /// Borrows the secret that the entry is in.
    pub fn secret(&self) -> &Object {
        &self.secret
    }

    /// Borrows the name of the entry.
    pub fn key(&self) -> &str {
        &self.key
    }

    fn annotation(&self, what: &str) -> String {
        format!("{DOMAIN}/{}.{what}", self.key)
    }

    fn manager(&self) -> String {
        format!("keyrotation/{}", self.key)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, entry {}", self.secret, self.key)
    }
}

/// What the entry holds.
#[derive(Clone, Debug)]
pub struct Held {
    /// The value; none if the secret is there without the entry, or with no text in it.
    pub value: Option<SecretString>,
    /// Our annotations of the entry, by their short names.
    pub notes: BTreeMap<String, String>,
    /// Whether the secret may never change.
    pub is_immutable: bool,
}

/// Reads an entry; nothing if there is no such secret.
///
/// # Errors
/// The object, the act and the cluster's answer.
pub async fn read(cluster: &Cluster, entry: &Entry) -> Result<Option<Held>, Error> {
    let found = cluster.read(&entry.secret).await?;
    Ok(found.map(|object| held(&object, entry)))
}

fn held(object: &Value, entry: &Entry) -> Held {
    let value = object
        .get("data")
        .and_then(|data| data.get(&entry.key))
        .and_then(Value::as_str)
        .and_then(|text| STANDARD.decode(text).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let start = entry.annotation("");
    let annotations = object.pointer("/metadata/annotations");
    let annotations = annotations.and_then(Value::as_object).into_iter().flatten();
    let notes = annotations.filter_map(|(name, text)| {
        let name = name.strip_prefix(&start)?;
        Some((name.to_owned(), text.as_str()?.to_owned()))
    });
    Held {
        value: value.map(Into::into),
        notes: notes.collect(),
        is_immutable: object.get("immutable") == Some(&Value::Bool(true)),
    }
}

/// Sets an entry and what is noted of it. The rest of the secret stays as it is, and a secret that
/// is not there is made.
///
/// # Errors
/// The object, the act and the cluster's answer. After [`Error::Unanswered`] the entry may have been
/// set; to set it again does no harm.
pub async fn apply(
    cluster: &Cluster,
    entry: &Entry,
    value: &SecretString,
    notes: &BTreeMap<String, String>,
    conflicts: Conflicts,
) -> Result<(), Error> {
    let encoded = STANDARD.encode(value.expose_secret());
    let fields = fields(entry, &encoded, notes);
    let manager = entry.manager();
    let answer = cluster
        .apply(&entry.secret, &manager, conflicts, &fields)
        .await
        .map_err(|error| without(error, &encoded, value))?;
    let kept = answer.get("data").and_then(|data| data.get(&entry.key));
    if kept.and_then(Value::as_str) == Some(&encoded) {
        return Ok(());
    }
    let step = cluster.step("apply", &entry.secret);
    Err(step.refused("200", "the answer does not hold what was applied"))
}

fn fields(entry: &Entry, encoded: &str, notes: &BTreeMap<String, String>) -> Value {
    let note = |(name, text): (&String, &String)| (entry.annotation(name), text.clone().into());
    let annotations: Map<String, Value> = notes.iter().map(note).collect();
    json!({
        "apiVersion": Kind::Secret.version(),
        "kind": Kind::Secret.name(),
        "metadata": {
            "name": entry.secret.name(),
            "namespace": entry.secret.namespace(),
            "annotations": annotations,
        },
        "data": {entry.key(): encoded},
    })
}

/// A server may quote what it refuses. The value is taken out first, and what is left is cut.
fn without(mut error: Error, encoded: &str, value: &SecretString) -> Error {
    if let Error::Refused { message, .. } = &mut error {
        let mut clean = message.clone();
        for secret in [encoded, value.expose_secret()] {
            if !secret.is_empty() {
                clean = clean.replace(secret, "(the value)");
            }
        }
        *message = clean.chars().take(LONGEST_MESSAGE).collect();
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry::new("team", "storage", "SAS_TOKEN").expect("a good name")
    }

    #[test]
    fn the_name_of_an_entry_has_room_for_its_annotations() {
        let check = |key: &str, expected: bool| {
            assert_eq!(
                Entry::new("team", "storage", key).is_ok(),
                expected,
                "{key}"
            );
        };
        for good in ["token", "SAS_TOKEN", "a.b-c", &"n".repeat(LONGEST)] {
            check(good, true);
        }
        for bad in [
            "",
            ".hidden",
            "_x",
            "x.",
            "a b",
            "a/b",
            &"n".repeat(LONGEST + 1),
        ] {
            check(bad, false);
        }
        let longest = entry().annotation("signing-key");
        assert!(longest.len() < DOMAIN.len() + 64, "{longest}");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let notes = BTreeMap::from([("expires".to_owned(), "2026-01-01T00:00:00Z".to_owned())]);
        let mut object = fields(&entry(), &STANDARD.encode("se=x&sig=y"), &notes);
        let annotations = object.pointer_mut("/metadata/annotations");
        let annotations = annotations.and_then(Value::as_object_mut);
        annotations
            .expect("annotations")
            .insert("other".to_owned(), "theirs".into());
        let members = object.as_object_mut().expect("an object");
        members.insert("immutable".to_owned(), true.into());
        let held = held(&object, &entry());
        assert_eq!(held.notes, notes);
        assert!(held.is_immutable);
        let value = held.value.expect("a value");
        assert_eq!(value.expose_secret(), "se=x&sig=y");
    }

    #[test]
    fn an_entry_that_holds_no_text_holds_nothing() {
        let check = |object: Value| {
            let held = held(&object, &entry());
            assert!(held.value.is_none() && held.notes.is_empty(), "{object}");
        };
        check(json!({}));
        check(json!({"data": null, "metadata": {"annotations": null}}));
        check(json!({"data": {"SAS_TOKEN": "not base64!"}}));
        check(json!({"data": {"SAS_TOKEN": "/w=="}}));
        check(json!({"data": {"other": "eA=="}}));
    }

    #[test]
    fn a_refusal_never_quotes_the_value() {
        let step_error = Error::Refused {
            act: "apply",
            object: "secret team/storage".into(),
            server: "https://c".into(),
            status: "422".into(),
            message: "Invalid value: c2VjcmV0 (secret): too long".into(),
        };
        let said = without(step_error, "c2VjcmV0", &"secret".into()).to_string();
        assert!(
            !said.contains("c2VjcmV0") && !said.contains("(secret)") && said.contains("too long"),
            "{said}"
        );
    }
}
