//! The shapes of Key Vault: bundles, list items and their deleted forms. Recorded answers leave `tags` out where there
//! are none.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::world::definition::{Definition, MintedToken};
use crate::world::enrolment::Enrolment;
use crate::world::secret::{Secret, SecretVersion};
use crate::world::vault::{Deletion, Vault};

/// The content type of a SAS definition's secret.
const SAS_CONTENT: &str = "application/vnd.ms-sastoken-storage";

/// Where an object is: every answer repeats it.
pub(crate) struct Place<'a> {
    pub(crate) url: String,
    pub(crate) vault: &'a Vault,
    pub(crate) tells_recoverable_days: bool,
}

/// Writes a whole enrolment.
pub(crate) fn enrolment(place: &Place<'_>, entry: &Enrolment, deletion: Option<Deletion>) -> Value {
    let mut bundle = Map::new();
    let url = &place.url;
    bundle.insert(
        "id".to_owned(),
        json!(format!("{url}/storage/{}", entry.name)),
    );
    bundle.insert("resourceId".to_owned(), json!(entry.resource_id));
    bundle.insert("activeKeyName".to_owned(), json!(entry.active.as_str()));
    bundle.insert("autoRegenerateKey".to_owned(), json!(entry.auto_regenerate));
    bundle.insert(
        "regenerationPeriod".to_owned(),
        json!(entry.period.as_str()),
    );
    finish_enrolment(place, entry, deletion, bundle)
}

/// Writes an enrolment as lists show it: without its key and period.
pub(crate) fn enrolment_item(
    place: &Place<'_>,
    entry: &Enrolment,
    deletion: Option<Deletion>,
) -> Value {
    let mut item = Map::new();
    item.insert(
        "id".to_owned(),
        json!(format!("{}/storage/{}", place.url, entry.name)),
    );
    item.insert("resourceId".to_owned(), json!(entry.resource_id));
    finish_enrolment(place, entry, deletion, item)
}

fn finish_enrolment(
    place: &Place<'_>,
    entry: &Enrolment,
    deletion: Option<Deletion>,
    mut object: Map<String, Value>,
) -> Value {
    put_deletion(
        &mut object,
        deletion,
        &format!("{}/deletedstorage/{}", place.url, entry.name),
    );
    object.insert(
        "attributes".to_owned(),
        attributes(place, entry.enabled, entry.created, entry.updated),
    );
    put_tags(&mut object, &entry.tags);
    Value::Object(object)
}

/// Writes a whole SAS definition of the enrolment called `account`.
pub(crate) fn definition(
    place: &Place<'_>,
    account: &str,
    entry: &Definition,
    deletion: Option<Deletion>,
) -> Value {
    let mut bundle = definition_ids(place, account, entry);
    bundle.insert("templateUri".to_owned(), json!(entry.template_uri));
    bundle.insert("sasType".to_owned(), json!(entry.sas_type.as_str()));
    bundle.insert("validityPeriod".to_owned(), json!(entry.validity.as_str()));
    finish_definition(place, account, entry, deletion, bundle)
}

/// Writes a SAS definition as lists show it: without its template.
pub(crate) fn definition_item(
    place: &Place<'_>,
    account: &str,
    entry: &Definition,
    deletion: Option<Deletion>,
) -> Value {
    finish_definition(
        place,
        account,
        entry,
        deletion,
        definition_ids(place, account, entry),
    )
}

fn definition_ids(place: &Place<'_>, account: &str, entry: &Definition) -> Map<String, Value> {
    let (url, name) = (&place.url, &entry.name);
    let mut object = Map::new();
    object.insert(
        "id".to_owned(),
        json!(format!("{url}/storage/{account}/sas/{name}")),
    );
    object.insert(
        "sid".to_owned(),
        json!(format!("{url}/secrets/{account}-{name}")),
    );
    object
}

fn finish_definition(
    place: &Place<'_>,
    account: &str,
    entry: &Definition,
    deletion: Option<Deletion>,
    mut object: Map<String, Value>,
) -> Value {
    put_deletion(
        &mut object,
        deletion,
        &format!("{}/deletedstorage/{account}/sas/{}", place.url, entry.name),
    );
    object.insert(
        "attributes".to_owned(),
        attributes(place, entry.enabled, entry.created, entry.updated),
    );
    put_tags(&mut object, &entry.tags);
    Value::Object(object)
}

/// Writes the secret of a SAS definition with a fresh token.
pub(crate) fn managed_secret(place: &Place<'_>, name: &str, token: &MintedToken) -> Value {
    let mut attributes = json!({
        "enabled": token.enabled,
        "exp": token.expires.as_second(),
        "recoveryLevel": place.vault.recovery_level(),
    });
    put_recoverable_days(place, &mut attributes);
    let mut object = Map::new();
    object.insert("value".to_owned(), json!(token.value));
    object.insert("contentType".to_owned(), json!(SAS_CONTENT));
    object.insert(
        "id".to_owned(),
        json!(format!("{}/secrets/{name}", place.url)),
    );
    object.insert("managed".to_owned(), json!(true));
    object.insert("attributes".to_owned(), attributes);
    put_tags(&mut object, &token.tags);
    Value::Object(object)
}

/// Writes the secret of a SAS definition as lists show it.
pub(crate) fn managed_secret_item(place: &Place<'_>, name: &str, entry: &Definition) -> Value {
    let mut object = Map::new();
    object.insert("contentType".to_owned(), json!(SAS_CONTENT));
    object.insert(
        "id".to_owned(),
        json!(format!("{}/secrets/{name}", place.url)),
    );
    object.insert("managed".to_owned(), json!(true));
    object.insert(
        "attributes".to_owned(),
        attributes(place, entry.enabled, entry.created, entry.updated),
    );
    put_tags(&mut object, &entry.tags);
    Value::Object(object)
}

/// Writes a version of a plain secret with its value.
pub(crate) fn secret(place: &Place<'_>, entry: &Secret, version: &SecretVersion) -> Value {
    let mut object = version_object(place, version, &format!("{}/{}", entry.name, version.id));
    object.insert("value".to_owned(), json!(version.value));
    Value::Object(object)
}

/// Writes a secret, or one version of it, as lists show it.
pub(crate) fn secret_item(
    place: &Place<'_>,
    entry: &Secret,
    version: Option<&SecretVersion>,
) -> Value {
    let path = version.map_or_else(
        || entry.name.clone(),
        |version| format!("{}/{}", entry.name, version.id),
    );
    let newest = version.or(entry.versions.last());
    newest.map_or(Value::Null, |version| {
        Value::Object(version_object(place, version, &path))
    })
}

/// Writes a deleted secret as lists show it: without a version.
pub(crate) fn deleted_secret_item(place: &Place<'_>, entry: &Secret, deletion: Deletion) -> Value {
    let mut item = secret_item(place, entry, None);
    if let Some(item) = item.as_object_mut() {
        let recovery_id = format!("{}/deletedsecrets/{}", place.url, entry.name);
        put_deletion(item, Some(deletion), &recovery_id);
    }
    item
}

/// Writes a secret that was deleted or brought back: all but its value.
pub(crate) fn secret_without_value(
    place: &Place<'_>,
    entry: &Secret,
    deletion: Option<Deletion>,
) -> Value {
    let Some(version) = entry.versions.last() else {
        return Value::Null;
    };
    let mut object = version_object(place, version, &format!("{}/{}", entry.name, version.id));
    put_deletion(
        &mut object,
        deletion,
        &format!("{}/deletedsecrets/{}", place.url, entry.name),
    );
    Value::Object(object)
}

fn version_object(place: &Place<'_>, version: &SecretVersion, path: &str) -> Map<String, Value> {
    let mut attributes = attributes(place, version.enabled, version.created, version.updated);
    let times = [("exp", version.expires), ("nbf", version.not_before)];
    for (name, time) in times
        .into_iter()
        .filter_map(|(name, time)| Some((name, time?)))
    {
        put(&mut attributes, name, json!(time));
    }
    let mut object = Map::new();
    object.insert(
        "id".to_owned(),
        json!(format!("{}/secrets/{path}", place.url)),
    );
    if let Some(content_type) = &version.content_type {
        object.insert("contentType".to_owned(), json!(content_type));
    }
    object.insert("attributes".to_owned(), attributes);
    put_tags(&mut object, &version.tags);
    object
}

fn attributes(place: &Place<'_>, enabled: bool, created: Timestamp, updated: Timestamp) -> Value {
    let mut attributes = json!({
        "enabled": enabled,
        "created": created.as_second(),
        "updated": updated.as_second(),
        "recoveryLevel": place.vault.recovery_level(),
    });
    put_recoverable_days(place, &mut attributes);
    attributes
}

fn put_recoverable_days(place: &Place<'_>, attributes: &mut Value) {
    if place.tells_recoverable_days {
        put(
            attributes,
            "recoverableDays",
            json!(place.vault.soft_delete_days.unwrap_or(0)),
        );
    }
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

fn put_tags(object: &mut Map<String, Value>, tags: &BTreeMap<String, String>) {
    if !tags.is_empty() {
        object.insert("tags".to_owned(), json!(tags));
    }
}

fn put_deletion(object: &mut Map<String, Value>, deletion: Option<Deletion>, recovery_id: &str) {
    let Some(deletion) = deletion else { return };
    object.insert("recoveryId".to_owned(), json!(recovery_id));
    object.insert(
        "deletedDate".to_owned(),
        json!(deletion.deleted.as_second()),
    );
    object.insert(
        "scheduledPurgeDate".to_owned(),
        json!(deletion.purge.as_second()),
    );
}
