//! The shapes of web and function apps.

use serde_json::{Value, json};

use crate::world::site::Site;

/// Writes an app; what is in its settings is asked for apart.
pub(crate) fn site(entry: &Site) -> Value {
    let host = format!("{}.azurewebsites.net", entry.whole_name().replace('/', "-"));
    json!({
        "id": entry.id(),
        "name": entry.whole_name(),
        "type": entry.kind(),
        "kind": entry.kind,
        "location": entry.location,
        "tags": {},
        "properties": {
            "name": entry.whole_name(),
            "state": "Running",
            "enabled": true,
            "hostNames": [host],
            "defaultHostName": host,
            "resourceGroup": entry.resource_group,
        },
    })
}

/// Writes a part of an app's configuration.
pub(crate) fn config(entry: &Site, name: &str, properties: &Value) -> Value {
    json!({
        "id": format!("{}/config/{name}", entry.id()),
        "name": name,
        "type": format!("{}/config", entry.kind()),
        "location": entry.location,
        "properties": properties,
    })
}
