//! Backups of enrolments: what a vault hands out, sealed, and takes back.

use azure_core::http::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::{
    managed_storage::{ManagedStorage, decode},
    target,
};
use crate::{
    id::{ManagedStorageName, VaultUrl},
    request::{Change, Disclose, Idempotency, Request, decode_as},
    secret::{VaultBackup, deserialize_secret},
};

/// Discloses the backup of an enrolment with its SAS definitions.
///
/// Only vaults of the same subscription and geography can open it; whoever restores it there has the
/// enrolment, so it is kept like a key.
pub fn of_enrolment(vault: &VaultUrl, name: &ManagedStorageName) -> Request<VaultBackup, Disclose> {
    // A POST that changes nothing.
    let target = target(vault, &["storage", name.as_str(), "backup"]);
    Request::new(Method::Post, target, Idempotency::Repeatable, |body| {
        decode_as(body, |wire: Wire| Ok(wire.value.into()))
    })
}

/// Brings an enrolment back from a backup, under the name that it had.
///
/// It is never repeated by machinery: a second execution would fail on the first one's record, or
/// begin its period anew. Look at the name instead.
pub fn restore(vault: &VaultUrl, backup: &VaultBackup) -> Request<ManagedStorage, Change> {
    let target = target(vault, &["storage", "restore"]);
    let body = json!({ "value": backup.expose() });
    Request::new(Method::Post, target, Idempotency::Never, decode).with_body(&body)
}

#[derive(Deserialize)]
struct Wire {
    #[serde(deserialize_with = "deserialize_secret")]
    value: SecretString,
}
