//! The shapes of web and function apps.

use serde_json::{Value, json};

use crate::world::site::{KIND, Site};

/// Writes an app; what is in its settings is asked for apart.
pub(crate) fn site(entry: &Site) -> Value {
    let host = format!("{}.azurewebsites.net", entry.name);
    json!({
        "id": entry.id(),
        "name": entry.name,
        "type": KIND,
        "kind": entry.kind,
        "location": entry.location,
        "tags": {},
        "properties": {
            "name": entry.name,
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
        "type": format!("{KIND}/config"),
        "location": entry.location,
        "properties": properties,
    })
}
