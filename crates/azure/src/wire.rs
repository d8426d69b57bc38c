//! What wire types share: Azure leaves out or nulls what is empty, and writes times in two ways.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads `null` as the empty value; use it with `#[serde(default)]` for absent members.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads tags, whose map and whose values may be null.
pub(crate) fn tags<'de, D>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: Deserializer<'de>,
{
    let tags = Option::<BTreeMap<String, Option<String>>>::deserialize(deserializer)?;
    let tags = tags.unwrap_or_default().into_iter();
    Ok(tags
        .map(|(name, value)| (name, value.unwrap_or_default()))
        .collect())
}

/// Reads a moment written as text; whatever is no moment is an unknown one.
pub(crate) fn moment<'de, D>(deserializer: D) -> Result<Option<Timestamp>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(match Option::<Value>::deserialize(deserializer)? {
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    })
}

/// Is what a vault says about each of its objects.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Attributes {
    #[serde(deserialize_with = "enabled")]
    pub(crate) enabled: Enabled,
    pub(crate) created: Seconds,
    pub(crate) updated: Seconds,
    pub(crate) exp: Seconds,
}

/// Is a switch that is on unless it says otherwise.
#[derive(Debug)]
pub(crate) struct Enabled(pub(crate) bool);

impl Default for Enabled {
    fn default() -> Self {
        Self(true)
    }
}

fn enabled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Enabled, D::Error> {
    Ok(Option::<bool>::deserialize(deserializer)?.map_or_else(Enabled::default, Enabled))
}

/// Is a moment in seconds since 1970, as vaults write it, or an unknown one.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Seconds(pub(crate) Option<Timestamp>);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = Option::<i64>::deserialize(deserializer)?;
        Ok(Self(
            seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_null_attributes_are_those_of_an_enabled_object() {
        for text in ["{}", r#"{"enabled":null,"created":null}"#] {
            let attributes: Attributes = serde_json::from_str(text).expect("lenient");
            assert!(attributes.enabled.0, "{text}");
            assert_eq!(attributes.created.0, None, "{text}");
        }
    }

    #[test]
    fn null_tags_are_no_tags() {
        let check = |text: &str, expected: usize| {
            let mut json = serde_json::Deserializer::from_str(text);
            assert_eq!(tags(&mut json).expect("lenient").len(), expected, "{text}");
        };
        check("null", 0);
        check("{}", 0);
        check(r#"{"a":null,"b":"c"}"#, 2);
    }

    #[test]
    fn moments_with_seven_digits_are_read_and_odd_ones_are_unknown() {
        let read =
            |text: &str| moment(&mut serde_json::Deserializer::from_str(text)).expect("lenient");
        assert!(read(r#""2021-02-03T05:57:30.9171234Z""#).is_some());
        assert_eq!(read("null"), None);
        assert_eq!(read(r#""soon""#), None);
        assert_eq!(read("17"), None);
    }
}
