//! The tags of a resource, kept small: a map takes half a kilobyte even for one tag, and a tenant has many accounts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Names with their values, in the order of the names.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub(crate) struct Tags(Box<[(Box<str>, Box<str>)]>);

impl From<BTreeMap<String, String>> for Tags {
    fn from(tags: BTreeMap<String, String>) -> Self {
        let pairs = tags.into_iter();
        Self(
            pairs
                .map(|(name, value)| (name.into_boxed_str(), value.into_boxed_str()))
                .collect(),
        )
    }
}

impl From<Tags> for BTreeMap<String, String> {
    fn from(tags: Tags) -> Self {
        let pairs = tags.0.into_iter();
        pairs
            .map(|(name, value)| (name.into_string(), value.into_string()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_written_and_read_as_a_map() {
        let text = r#"{"owner":"us","stage":"test"}"#;
        let tags: Tags = serde_json::from_str(text).expect("a map");
        assert_eq!(serde_json::to_string(&tags).ok().as_deref(), Some(text));
        assert_eq!(
            serde_json::to_string(&Tags::default()).ok().as_deref(),
            Some("{}")
        );
    }
}
