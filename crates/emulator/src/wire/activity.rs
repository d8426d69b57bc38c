//! The shape of an entry of the activity log.

use serde_json::{Map, Value, json};

use super::management::precise;
use crate::world::World;
use crate::world::activity::Activity;

/// The names that people know operations by.
const NAMES: &[(&str, &str)] = &[
    (
        "storageAccounts/listKeys/action",
        "List Storage Account Keys",
    ),
    (
        "storageAccounts/regenerateKey/action",
        "Regenerate Storage Account Keys",
    ),
    ("storageAccounts/write", "Create/Update Storage Account"),
    ("storageAccounts/delete", "Delete Storage Account"),
    ("sites/write", "Update website"),
    ("sites/delete", "Delete website"),
    ("sites/config/write", "Update website config"),
    ("vaults/write", "Update Key Vault"),
    ("vaults/delete", "Delete Key Vault"),
    (
        "vaults/accessPolicies/write",
        "Update Key Vault Access Policies",
    ),
    ("roleAssignments/write", "Create role assignment"),
    ("roleAssignments/delete", "Delete role assignment"),
    ("locks/write", "Add management locks"),
    ("locks/delete", "Delete management locks"),
    ("resourceGroups/write", "Update resource group"),
    ("resourceGroups/delete", "Delete resource group"),
];

/// Gives the id under which all entries of one request are found.
pub(crate) fn correlation_id(entry: &Activity) -> String {
    format!("00000000-0000-4000-8000-{:012x}", entry.number)
}

/// Writes an entry of the activity log.
pub(crate) fn event(world: &World, entry: &Activity) -> Value {
    let number = entry.number;
    let part = |name: &str| {
        let mut segments = entry.resource_id.split('/');
        segments.find(|segment| segment.eq_ignore_ascii_case(name));
        segments.next().unwrap_or_default().to_owned()
    };
    let text = |value: &str| json!({"value": value, "localizedValue": value});
    let known = NAMES.iter().find(|(end, _)| entry.action.ends_with(end));
    let name = known.map_or(entry.action.as_ref(), |(_, name)| name);
    let kind: Vec<&str> = entry.action.split('/').take(2).collect();
    json!({
        "authorization": {"action": entry.action, "scope": entry.resource_id},
        "caller": entry.caller,
        "category": text("Administrative"),
        "claims": {"appid": entry.caller},
        "correlationId": correlation_id(entry),
        "description": "",
        "eventDataId": format!("00000000-0000-4000-9000-{number:012x}"),
        "eventName": {"value": "EndRequest", "localizedValue": "End request"},
        "eventTimestamp": precise(entry.at),
        "id": format!("{}/events/00000000-0000-4000-9000-{number:012x}/ticks/{number}", entry.resource_id),
        "level": "Informational",
        "operationId": correlation_id(entry),
        "operationName": {"value": entry.action, "localizedValue": name},
        "resourceGroupName": part("resourceGroups"),
        "resourceId": entry.resource_id,
        "resourceProviderName": text(kind.first().copied().unwrap_or_default()),
        "resourceType": text(&kind.join("/")),
        "status": text("Succeeded"),
        "subStatus": {"value": "OK", "localizedValue": "OK (HTTP Status Code: 200)"},
        "submissionTimestamp": precise(entry.at),
        "subscriptionId": part("subscriptions"),
        "tenantId": world.tenant,
    })
}

/// Leaves the members of an entry that `$select` names; all without one.
pub(crate) fn selected(event: Value, select: Option<&str>) -> Value {
    let (Some(select), Value::Object(members)) = (select, &event) else {
        return event;
    };
    let wanted = |name: &str| {
        select
            .split(',')
            .any(|one| one.trim().eq_ignore_ascii_case(name))
    };
    let chosen = members.iter().filter(|(name, _)| wanted(name));
    let chosen: Map<String, Value> = chosen
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Value::Object(chosen)
}
