//! Reading the stored objects of the provider whose resources ours can take the place of.

use plugin::{MoveRequest, Value};
use serde_json::Value as Json;

/// The provider, in whichever registry it is.
const AZURERM: &str = "/hashicorp/azurerm";

/// Tells whether an object is of a type of azurerm.
pub(crate) fn is_azurerm(request: &MoveRequest, source_type: &str) -> bool {
    request.source_provider.ends_with(AZURERM) && request.source_type == source_type
}

/// Gives a text of a stored object; empty if there is none.
pub(crate) fn text<'a>(stored: &'a Json, name: &str) -> &'a str {
    stored.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// Gives the tags of a stored object; none and an empty map are the same there.
pub(crate) fn tags(stored: &Json) -> Value {
    let entries = stored.get("tags").and_then(Json::as_object);
    let tags = entries.into_iter().flatten();
    let tags: Vec<_> = tags
        .filter_map(|(name, text)| Some((name.as_str(), Value::from(text.as_str()?))))
        .collect();
    if tags.is_empty() {
        return Value::Null;
    }
    Value::object(tags)
}
