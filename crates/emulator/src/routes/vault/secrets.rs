//! The operations on secrets: plain ones, and those that SAS definitions show themselves as.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::page::page;
use super::storage::{BackupBody, place};
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context, body};
use crate::wire::vault::{
    Place, deleted_secret_item, managed_secret, managed_secret_item, secret, secret_item,
    secret_without_value,
};
use crate::world::definition::Definition;
use crate::world::secret::{NewVersion, Secret, SecretChange, missing};
use crate::world::vault::Objects::Secrets;

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/secrets", "GetSecrets", list).needs(Secrets, "list", SECRET_METADATA),
    Route::new("GET", "/secrets/{secret}", "GetSecret", read).needs(Secrets, "get", SECRET_READ),
    Route::new("PUT", "/secrets/{secret}", "SetSecret", set).needs(
        Secrets,
        "set",
        "secrets/setSecret/action",
    ),
    Route::new("PATCH", "/secrets/{secret}", "UpdateSecret", update).needs(
        Secrets,
        "set",
        "secrets/update",
    ),
    Route::new(
        "PATCH",
        "/secrets/{secret}/{version}",
        "UpdateSecret",
        update,
    )
    .needs(Secrets, "set", "secrets/update"),
    Route::new("DELETE", "/secrets/{secret}", "DeleteSecret", delete).needs(
        Secrets,
        "delete",
        "secrets/delete",
    ),
    // Before the next one: its last part would also match any version.
    Route::new(
        "GET",
        "/secrets/{secret}/versions",
        "GetSecretVersions",
        versions,
    )
    .needs(Secrets, "list", SECRET_METADATA),
    Route::new("GET", "/secrets/{secret}/{version}", "GetSecret", read).needs(
        Secrets,
        "get",
        SECRET_READ,
    ),
    Route::new("GET", "/deletedsecrets", "GetDeletedSecrets", list_deleted).needs(
        Secrets,
        "list",
        SECRET_METADATA,
    ),
    Route::new(
        "GET",
        "/deletedsecrets/{secret}",
        "GetDeletedSecret",
        read_deleted,
    )
    .needs(Secrets, "get", SECRET_METADATA),
    Route::new(
        "DELETE",
        "/deletedsecrets/{secret}",
        "PurgeDeletedSecret",
        purge,
    )
    .needs(Secrets, "purge", "secrets/purge/action"),
    Route::new(
        "POST",
        "/deletedsecrets/{secret}/recover",
        "RecoverDeletedSecret",
        recover,
    )
    .needs(Secrets, "recover", "secrets/recover/action"),
    Route::new("POST", "/secrets/{secret}/backup", "BackupSecret", back_up).needs(
        Secrets,
        "backup",
        "secrets/backup/action",
    ),
    Route::new("POST", "/secrets/restore", "RestoreSecret", restore).needs(
        Secrets,
        "restore",
        "secrets/restore/action",
    ),
];

const SECRET_READ: &str = "secrets/getSecret/action";
const SECRET_METADATA: &str = "secrets/readMetadata/action";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecretBody {
    value: String,
    content_type: Option<String>,
    attributes: Option<SecretAttributes>,
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateBody {
    content_type: Option<String>,
    attributes: Option<SecretAttributes>,
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
struct SecretAttributes {
    enabled: Option<bool>,
    exp: Option<i64>,
    nbf: Option<i64>,
}

/// What a list of secrets shows: both kinds in one order of names.
enum Listed<'a> {
    Plain(&'a Secret),
    Managed(String, &'a Definition),
}

fn list(context: &mut Context<'_>) -> Answer {
    let place = place(context)?;
    page(context, &listed(&place), |entry| match entry {
        Listed::Plain(entry) => secret_item(&place, entry, None),
        Listed::Managed(name, entry) => managed_secret_item(&place, name, entry),
    })
}

fn read(context: &mut Context<'_>) -> Answer {
    let (name, version) = (context.part("secret"), context.part("version"));
    let version = (!version.is_empty()).then_some(version);
    if let (Some((account, definition)), None) = (managed(context, name), version) {
        let token = context
            .world
            .mint_token(context.vault, account, definition, context.now)?;
        return Ok(Reply::ok(managed_secret(&place(context)?, name, &token)));
    }
    let found = context.world.secret(context.vault, name)?;
    let version = found.version(version)?;
    if !version.enabled {
        let message = "Operation get is not allowed on a disabled secret.";
        return Err(Refusal::forbidden(message).with_inner("SecretDisabled"));
    }
    Ok(Reply::ok(secret(&place(context)?, found, version)))
}

fn versions(context: &mut Context<'_>) -> Answer {
    let place = place(context)?;
    let found = context
        .world
        .secret(context.vault, context.part("secret"))?;
    let all: BTreeMap<String, _> = found
        .versions
        .iter()
        .map(|version| (version.id.clone(), version))
        .collect();
    page(context, &all, |version| {
        secret_item(&place, found, Some(version))
    })
}

fn set(context: &mut Context<'_>) -> Answer {
    let sent: SecretBody = body(context.call)?;
    let name = context.part("secret").to_owned();
    let is_name = |name: &str| {
        name.len() <= 127
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !is_name(&name) {
        return Err(Refusal::bad_parameter(
            "The name of a secret has letters, digits and hyphens only",
        ));
    }
    check_unmanaged(context, &name)?;
    let attributes = sent.attributes.unwrap_or_default();
    let new = NewVersion {
        value: sent.value,
        content_type: sent.content_type,
        enabled: attributes.enabled,
        expires: attributes.exp,
        not_before: attributes.nbf,
        tags: sent.tags.unwrap_or_default(),
    };
    context
        .world
        .set_secret(context.vault, &name, new, context.now)?;
    let found = context.world.secret(context.vault, &name)?;
    Ok(Reply::ok(secret(
        &place(context)?,
        found,
        found.version(None)?,
    )))
}

fn update(context: &mut Context<'_>) -> Answer {
    let sent: UpdateBody = body(context.call)?;
    let (name, version) = (
        context.part("secret").to_owned(),
        context.part("version").to_owned(),
    );
    check_unmanaged(context, &name)?;
    let attributes = sent.attributes.unwrap_or_default();
    let change = SecretChange {
        content_type: sent.content_type,
        enabled: attributes.enabled,
        expires: attributes.exp,
        not_before: attributes.nbf,
        tags: sent.tags,
    };
    let chosen = (!version.is_empty()).then_some(version.as_str());
    context
        .world
        .update_secret(context.vault, &name, chosen, change, context.now)?;
    let found = context.world.secret(context.vault, &name)?;
    let id = &found.version(chosen)?.id;
    let item = secret_item(&place(context)?, found, found.version(Some(id)).ok());
    Ok(Reply::ok(item))
}

fn back_up(context: &mut Context<'_>) -> Answer {
    let backup = context
        .world
        .back_up_secret(context.vault, context.part("secret"))?;
    Ok(Reply::ok(json!({"value": backup})))
}

fn restore(context: &mut Context<'_>) -> Answer {
    let sent: BackupBody = body(context.call)?;
    let name = context.world.restore_secret(context.vault, &sent.value)?;
    let found = context.world.secret(context.vault, &name)?;
    Ok(Reply::ok(without_value(context, found, None)?))
}

fn delete(context: &mut Context<'_>) -> Answer {
    let name = context.part("secret").to_owned();
    let (gone, deletion) = context
        .world
        .delete_secret(context.vault, &name, context.now)?;
    Ok(Reply::ok(without_value(context, &gone, deletion)?))
}

fn list_deleted(context: &mut Context<'_>) -> Answer {
    let place = place(context)?;
    page(
        context,
        &place.vault.deleted_secrets,
        |(entry, deletion)| deleted_secret_item(&place, entry, *deletion),
    )
}

fn read_deleted(context: &mut Context<'_>) -> Answer {
    let name = context.part("secret");
    let deleted = &context.world.vault(context.vault)?.deleted_secrets;
    let (found, deletion) = deleted
        .get(&name.to_ascii_lowercase())
        .ok_or_else(|| missing(name))?;
    Ok(Reply::ok(without_value(context, found, Some(*deletion))?))
}

fn recover(context: &mut Context<'_>) -> Answer {
    let name = context.part("secret").to_owned();
    context.world.recover_secret(context.vault, &name)?;
    let found = context.world.secret(context.vault, &name)?;
    Ok(Reply::ok(without_value(context, found, None)?))
}

fn purge(context: &mut Context<'_>) -> Answer {
    let name = context.part("secret").to_owned();
    context.world.purge_secret(context.vault, &name)?;
    Ok(Reply::empty(204))
}

fn without_value(
    context: &Context<'_>,
    found: &Secret,
    deletion: Option<crate::world::vault::Deletion>,
) -> Result<Value, Refusal> {
    Ok(secret_without_value(&place(context)?, found, deletion))
}

/// Refuses to touch the secret of a SAS definition: it changes through its definition only.
fn check_unmanaged(context: &Context<'_>, name: &str) -> Result<(), Refusal> {
    if managed(context, name).is_none() {
        return Ok(());
    }
    let message = format!("The secret {name} belongs to a managed storage account.");
    Err(Refusal::new(409, "Conflict", message))
}

/// Splits the name of a definition's secret. Neither part has a hyphen, so there is one way to do it.
fn managed<'a>(context: &Context<'_>, name: &'a str) -> Option<(&'a str, &'a str)> {
    let (account, definition) = name.split_once('-')?;
    context
        .world
        .definition(context.vault, account, definition)
        .ok()?;
    Some((account, definition))
}

fn listed<'a>(place: &Place<'a>) -> BTreeMap<String, Listed<'a>> {
    let plain = place
        .vault
        .secrets
        .iter()
        .map(|(name, entry)| (name.clone(), Listed::Plain(entry)));
    let enrolments = place.vault.enrolments.values();
    let managed = enrolments.flat_map(|enrolment| {
        enrolment.definitions.values().map(|entry| {
            let name = format!("{}-{}", enrolment.name, entry.name);
            (name.to_ascii_lowercase(), Listed::Managed(name, entry))
        })
    });
    plain.chain(managed).collect()
}
