//! The operations on SAS definitions.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::legacy;
use super::page::page;
use super::storage::{Attributes, period, place};
use super::version::is_legacy;
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context, body};
use crate::sas::SasType;
use crate::wire::vault::{definition, definition_item};
use crate::world::definition::{Definition, DefinitionChange, missing};
use crate::world::vault::Deletion;
use crate::world::vault::Objects::Storage;

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/storage/{account}/sas", "GetSasDefinitions", list)
        .needs(Storage, "listsas", SAS_READ),
    Route::new(
        "GET",
        "/storage/{account}/sas/{sas}",
        "GetSasDefinition",
        read,
    )
    .needs(Storage, "getsas", SAS_READ),
    Route::new(
        "PUT",
        "/storage/{account}/sas/{sas}",
        "SetSasDefinition",
        set,
    )
    .needs(Storage, "setsas", SAS_SET),
    Route::new(
        "PATCH",
        "/storage/{account}/sas/{sas}",
        "UpdateSasDefinition",
        update,
    )
    .needs(Storage, "setsas", SAS_SET),
    Route::new(
        "DELETE",
        "/storage/{account}/sas/{sas}",
        "DeleteSasDefinition",
        delete,
    )
    .needs(Storage, "deletesas", "storageaccounts/sas/delete"),
    Route::new(
        "GET",
        "/deletedstorage/{account}/sas",
        "GetDeletedSasDefinitions",
        list_deleted,
    )
    .needs(Storage, "listsas", SAS_READ),
    Route::new(
        "GET",
        "/deletedstorage/{account}/sas/{sas}",
        "GetDeletedSasDefinition",
        read_deleted,
    )
    .needs(Storage, "getsas", SAS_READ),
    Route::new(
        "POST",
        "/deletedstorage/{account}/sas/{sas}/recover",
        "RecoverDeletedSasDefinition",
        recover,
    )
    .needs(Storage, "recover", STORAGE_RECOVER),
];

const SAS_READ: &str = "storageaccounts/sas/read";
const SAS_SET: &str = "storageaccounts/sas/set/action";
const STORAGE_RECOVER: &str = "storageaccounts/recover/action";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DefinitionBody {
    template_uri: Option<String>,
    sas_type: Option<String>,
    validity_period: Option<String>,
    attributes: Option<Attributes>,
    tags: Option<BTreeMap<String, String>>,
    /// How the first api-version writes all of the above.
    parameters: Option<BTreeMap<String, String>>,
}

fn list(context: &mut Context<'_>) -> Answer {
    let (place, account) = (place(context)?, context.part("account"));
    let found = context.world.enrolment(context.vault, account)?;
    page(context, &found.definitions, |entry| {
        definition_item(&place, account, entry, None)
    })
}

fn read(context: &mut Context<'_>) -> Answer {
    let (account, name) = (context.part("account"), context.part("sas"));
    let found = context.world.definition(context.vault, account, name)?;
    Ok(Reply::ok(written(context, account, found, None)?))
}

fn set(context: &mut Context<'_>) -> Answer {
    let change = change(context)?;
    let (account, name) = names(context);
    context
        .world
        .set_definition(context.vault, &account, &name, change, context.now)?;
    read(context)
}

fn update(context: &mut Context<'_>) -> Answer {
    let change = change(context)?;
    let (account, name) = names(context);
    context
        .world
        .update_definition(context.vault, &account, &name, change, context.now)?;
    read(context)
}

fn delete(context: &mut Context<'_>) -> Answer {
    let (account, name) = names(context);
    let (gone, deletion) =
        context
            .world
            .delete_definition(context.vault, &account, &name, context.now)?;
    Ok(Reply::ok(written(context, &account, &gone, deletion)?))
}

fn list_deleted(context: &mut Context<'_>) -> Answer {
    let (place, account) = (place(context)?, context.part("account"));
    let found = context.world.deleted_definitions(context.vault, account)?;
    page(context, found, |(entry, deletion)| {
        definition_item(&place, account, entry, Some(*deletion))
    })
}

fn read_deleted(context: &mut Context<'_>) -> Answer {
    let (account, name) = (context.part("account"), context.part("sas"));
    let all = context.world.deleted_definitions(context.vault, account)?;
    let (found, deletion) = all
        .get(&name.to_ascii_lowercase())
        .ok_or_else(|| missing(name))?;
    Ok(Reply::ok(written(
        context,
        account,
        found,
        Some(*deletion),
    )?))
}

fn recover(context: &mut Context<'_>) -> Answer {
    let (account, name) = names(context);
    context
        .world
        .recover_definition(context.vault, &account, &name)?;
    read(context)
}

/// Writes a definition in the form of the request's api-version.
fn written(
    context: &Context<'_>,
    account: &str,
    found: &Definition,
    deletion: Option<Deletion>,
) -> Result<Value, Refusal> {
    let body = definition(&place(context)?, account, found, deletion);
    Ok(if is_legacy(context.call) {
        legacy::rewritten(body)
    } else {
        body
    })
}

fn names(context: &Context<'_>) -> (String, String) {
    (
        context.part("account").to_owned(),
        context.part("sas").to_owned(),
    )
}

fn change(context: &Context<'_>) -> Result<DefinitionChange, Refusal> {
    let mut sent: DefinitionBody = body(context.call)?;
    if let (true, Some(parameters)) = (is_legacy(context.call), &sent.parameters) {
        let old = legacy::understood(parameters)?;
        sent.template_uri = Some(old.template_uri);
        sent.sas_type = Some(old.sas_type);
        sent.validity_period = Some(old.validity_period);
    }
    let kind = |text: &str| {
        SasType::parse(text).ok_or_else(|| {
            Refusal::bad_parameter(format!("`{text}` is no sasType; account or service is"))
        })
    };
    Ok(DefinitionChange {
        template_uri: sent.template_uri,
        sas_type: sent.sas_type.as_deref().map(kind).transpose()?,
        validity: sent.validity_period.as_deref().map(period).transpose()?,
        enabled: sent.attributes.and_then(|attributes| attributes.enabled),
        tags: sent.tags,
    })
}
