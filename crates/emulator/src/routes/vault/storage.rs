//! The operations on managed storage accounts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::page::page;
use super::version::tells_recoverable_days;
use crate::period::Period;
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context, body};
use crate::wire::vault::{Place, enrolment, enrolment_item};
use crate::world::account::KeySlot;
use crate::world::enrolment::{EnrolmentChange, NewEnrolment};
use crate::world::vault::Objects::Storage;

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/storage", "GetStorageAccounts", list).needs(Storage, "list", STORAGE_READ),
    Route::new("GET", "/storage/{account}", "GetStorageAccount", read).needs(
        Storage,
        "get",
        STORAGE_READ,
    ),
    Route::new("PUT", "/storage/{account}", "SetStorageAccount", set).needs(
        Storage,
        "set",
        STORAGE_SET,
    ),
    Route::new(
        "PATCH",
        "/storage/{account}",
        "UpdateStorageAccount",
        update,
    )
    .needs(Storage, "update", STORAGE_SET),
    Route::new(
        "DELETE",
        "/storage/{account}",
        "DeleteStorageAccount",
        delete,
    )
    .needs(Storage, "delete", "storageaccounts/delete"),
    Route::new(
        "POST",
        "/storage/{account}/regeneratekey",
        "RegenerateStorageAccountKey",
        regenerate,
    )
    .needs(
        Storage,
        "regeneratekey",
        "storageaccounts/regeneratekey/action",
    ),
    Route::new(
        "GET",
        "/deletedstorage",
        "GetDeletedStorageAccounts",
        list_deleted,
    )
    .needs(Storage, "list", STORAGE_READ),
    Route::new(
        "GET",
        "/deletedstorage/{account}",
        "GetDeletedStorageAccount",
        read_deleted,
    )
    .needs(Storage, "get", STORAGE_READ),
    Route::new(
        "DELETE",
        "/deletedstorage/{account}",
        "PurgeDeletedStorageAccount",
        purge,
    )
    .needs(Storage, "purge", "storageaccounts/purge/action"),
    Route::new(
        "POST",
        "/deletedstorage/{account}/recover",
        "RecoverDeletedStorageAccount",
        recover,
    )
    .needs(Storage, "recover", STORAGE_RECOVER),
    Route::new(
        "POST",
        "/storage/{account}/backup",
        "BackupStorageAccount",
        back_up,
    )
    .needs(Storage, "backup", "storageaccounts/backup/action"),
    Route::new("POST", "/storage/restore", "RestoreStorageAccount", restore).needs(
        Storage,
        "restore",
        "storageaccounts/restore/action",
    ),
];

const STORAGE_READ: &str = "storageaccounts/read";
const STORAGE_SET: &str = "storageaccounts/set/action";
const STORAGE_RECOVER: &str = "storageaccounts/recover/action";

/// The period of an enrolment that names none.
const DEFAULT_PERIOD: &str = "P90D";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnrolmentBody {
    resource_id: Option<String>,
    active_key_name: Option<String>,
    auto_regenerate_key: Option<bool>,
    regeneration_period: Option<String>,
    attributes: Option<Attributes>,
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
pub(super) struct Attributes {
    pub(super) enabled: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegenerateBody {
    key_name: String,
}

#[derive(Deserialize)]
pub(super) struct BackupBody {
    pub(super) value: String,
}

/// Gives what the answers of this request need beside the objects.
pub(super) fn place<'a>(context: &'a Context<'_>) -> Result<Place<'a>, Refusal> {
    let vault = context.world.vault(context.vault)?;
    Ok(Place {
        url: context.cloud.vault_url(&vault.name),
        vault,
        tells_recoverable_days: tells_recoverable_days(context.call),
    })
}

fn list(context: &mut Context<'_>) -> Answer {
    let place = place(context)?;
    page(context, &place.vault.enrolments, |entry| {
        enrolment_item(&place, entry, None)
    })
}

fn read(context: &mut Context<'_>) -> Answer {
    let found = context
        .world
        .enrolment(context.vault, context.part("account"))?;
    Ok(Reply::ok(enrolment(&place(context)?, found, None)))
}

fn set(context: &mut Context<'_>) -> Answer {
    let sent: EnrolmentBody = body(context.call)?;
    let required = |name: &str| Refusal::bad_parameter(format!("Property {name} is required"));
    let new = NewEnrolment {
        resource_id: sent.resource_id.ok_or_else(|| required("resourceId"))?,
        active: slot(
            &sent
                .active_key_name
                .ok_or_else(|| required("activeKeyName"))?,
        )?,
        auto_regenerate: sent
            .auto_regenerate_key
            .ok_or_else(|| required("autoRegenerateKey"))?,
        period: period(
            sent.regeneration_period
                .as_deref()
                .unwrap_or(DEFAULT_PERIOD),
        )?,
        enabled: sent
            .attributes
            .and_then(|attributes| attributes.enabled)
            .unwrap_or(true),
        tags: sent.tags.unwrap_or_default(),
    };
    let (caller, name) = (context.caller()?, context.part("account").to_owned());
    context
        .world
        .enrol(context.vault, &name, new, &caller, context.now)?;
    read(context)
}

fn update(context: &mut Context<'_>) -> Answer {
    let sent: EnrolmentBody = body(context.call)?;
    let change = EnrolmentChange {
        active: sent.active_key_name.as_deref().map(slot).transpose()?,
        auto_regenerate: sent.auto_regenerate_key,
        period: sent
            .regeneration_period
            .as_deref()
            .map(period)
            .transpose()?,
        enabled: sent.attributes.and_then(|attributes| attributes.enabled),
        tags: sent.tags,
    };
    let name = context.part("account").to_owned();
    context
        .world
        .update_enrolment(context.vault, &name, change, context.now)?;
    read(context)
}

fn regenerate(context: &mut Context<'_>) -> Answer {
    let sent: RegenerateBody = body(context.call)?;
    let slot = slot(&sent.key_name)?;
    let (caller, name) = (context.caller()?, context.part("account").to_owned());
    context
        .world
        .regenerate_managed(context.vault, &name, slot, &caller, context.now)?;
    read(context)
}

fn delete(context: &mut Context<'_>) -> Answer {
    let name = context.part("account").to_owned();
    let (gone, deletion) = context
        .world
        .delete_enrolment(context.vault, &name, context.now)?;
    Ok(Reply::ok(enrolment(&place(context)?, &gone, deletion)))
}

fn list_deleted(context: &mut Context<'_>) -> Answer {
    let place = place(context)?;
    page(
        context,
        &place.vault.deleted_enrolments,
        |(entry, deletion)| enrolment_item(&place, entry, Some(*deletion)),
    )
}

fn read_deleted(context: &mut Context<'_>) -> Answer {
    let (found, deletion) = context
        .world
        .deleted_enrolment(context.vault, context.part("account"))?;
    Ok(Reply::ok(enrolment(
        &place(context)?,
        found,
        Some(*deletion),
    )))
}

fn recover(context: &mut Context<'_>) -> Answer {
    let name = context.part("account").to_owned();
    context
        .world
        .recover_enrolment(context.vault, &name, context.now)?;
    read(context)
}

fn purge(context: &mut Context<'_>) -> Answer {
    let name = context.part("account").to_owned();
    context.world.purge_enrolment(context.vault, &name)?;
    Ok(Reply::empty(204))
}

fn back_up(context: &mut Context<'_>) -> Answer {
    let backup = context
        .world
        .back_up_enrolment(context.vault, context.part("account"))?;
    Ok(Reply::ok(json!({"value": backup})))
}

fn restore(context: &mut Context<'_>) -> Answer {
    let sent: BackupBody = body(context.call)?;
    let name = context
        .world
        .restore_enrolment(context.vault, &sent.value, context.now)?;
    let found = context.world.enrolment(context.vault, &name)?;
    Ok(Reply::ok(enrolment(&place(context)?, found, None)))
}

/// Reads a period; Key Vault's own complaint about a bad one is not known.
pub(super) fn period(text: &str) -> Result<Period, Refusal> {
    text.parse()
        .map_err(|error: crate::period::PeriodError| Refusal::bad_parameter(error.to_string()))
}

fn slot(text: &str) -> Result<KeySlot, Refusal> {
    KeySlot::parse(text).ok_or_else(|| {
        Refusal::bad_parameter(format!(
            "`{text}` is not the name of a key; key1 or key2 is"
        ))
    })
}
