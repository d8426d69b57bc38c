//! Lists of secrets: by labels, in pages, and as the changes since a revision.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::failure::Failure;
use super::{Objects, Stored};

/// One demand on the labels of an object.
enum Demand {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

impl Objects {
    /// Lists the secrets of a namespace. A page ends with a token for the next.
    pub(crate) fn list(
        &self,
        namespace: &str,
        selector: &str,
        limit: usize,
        after: &str,
    ) -> Result<Value, Failure> {
        let demands = demands(selector)?;
        let after = URL_SAFE_NO_PAD.decode(after).ok();
        let after = after.and_then(|bytes| String::from_utf8(bytes).ok());
        let all = self.namespaces.get(namespace).into_iter().flatten();
        let chosen: Vec<(&String, &Stored)> = all
            .filter(|(name, _)| after.as_ref().is_none_or(|after| *name > after))
            .filter(|(_, secret)| demands.iter().all(|demand| demand.holds(secret)))
            .collect();
        let size = if limit == 0 { chosen.len() } else { limit };
        let mut metadata = json!({"resourceVersion": self.revision.to_string()});
        if let (Some((last, _)), true) = (chosen.get(size.wrapping_sub(1)), chosen.len() > size)
            && let Some(metadata) = metadata.as_object_mut()
        {
            metadata.insert("continue".to_owned(), json!(URL_SAFE_NO_PAD.encode(last)));
            if demands.is_empty() {
                metadata.insert("remainingItemCount".to_owned(), json!(chosen.len() - size));
            }
        }
        let items = chosen.iter().take(size).map(|(_, secret)| item(secret));
        Ok(json!({
            "kind": "SecretList",
            "apiVersion": "v1",
            "metadata": metadata,
            "items": items.collect::<Vec<Value>>(),
        }))
    }

    /// Gives the changes of the secrets of a namespace since a revision, oldest first.
    pub(crate) fn changes_since(&self, namespace: &str, revision: u64) -> Vec<Value> {
        let since = self
            .changes
            .iter()
            .filter(|change| change.namespace == namespace && change.revision > revision);
        since
            .map(|change| json!({"type": change.kind, "object": change.object}))
            .collect()
    }
}

impl Demand {
    fn holds(&self, secret: &Stored) -> bool {
        let label = |key: &str| {
            let labels = secret.object.pointer("/metadata/labels")?;
            labels.get(key)?.as_str()
        };
        let is_one = |key: &str, values: &[String]| {
            label(key).is_some_and(|held| values.iter().any(|value| value == held))
        };
        match self {
            Self::In(key, values) => is_one(key, values),
            Self::NotIn(key, values) => !is_one(key, values),
            Self::Exists(key) => label(key).is_some(),
            Self::Absent(key) => label(key).is_none(),
        }
    }
}

/// Items of a list do not repeat what all of them are.
fn item(secret: &Stored) -> Value {
    let mut written = secret.written();
    if let Some(members) = written.as_object_mut() {
        members.remove("kind");
        members.remove("apiVersion");
    }
    written
}

fn demands(selector: &str) -> Result<Vec<Demand>, Failure> {
    let mut depth = 0;
    let parts = selector.split(|letter: char| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        letter == ',' && depth == 0
    });
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    parts.map(demand).collect()
}

fn demand(text: &str) -> Result<Demand, Failure> {
    if let Some(operator) = ["==", "!=", "="]
        .iter()
        .find(|sign| text.starts_with(**sign))
    {
        let message = format!("found '{operator}', expected: !, identifier, or 'end of string'");
        return Err(Failure::bad_request(message));
    }
    let list = |values: &str| -> Vec<String> {
        let values = values.trim().trim_start_matches('(').trim_end_matches(')');
        values.split(',').map(|one| one.trim().to_owned()).collect()
    };
    let key = |key: &str| key.trim().to_owned();
    if let Some((name, values)) = text.split_once("!=") {
        return Ok(Demand::NotIn(key(name), vec![values.trim().to_owned()]));
    }
    if let Some((name, values)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(Demand::In(key(name), vec![values.trim().to_owned()]));
    }
    if let Some((name, values)) = text.split_once(" notin ") {
        return Ok(Demand::NotIn(key(name), list(values)));
    }
    if let Some((name, values)) = text.split_once(" in ") {
        return Ok(Demand::In(key(name), list(values)));
    }
    Ok(match text.strip_prefix('!') {
        Some(name) => Demand::Absent(key(name)),
        None => Demand::Exists(key(text)),
    })
}
