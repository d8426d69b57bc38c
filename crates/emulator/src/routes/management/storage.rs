//! Storage accounts: reading, making, changing and deleting them, and their keys.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::page::page;
use super::{check_group, missing, permit, scope};
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context, body};
use crate::wire::management::{KeyTimes, account as account_body, keys};
use crate::world::account::{
    Account, AccountChange, DELETE, KIND, KeySlot, LIST_KEYS, PerSlot, READ, REGENERATE_KEY,
    SasPolicy, WRITE, is_account_name, missing_account,
};

macro_rules! account {
    ($rest:literal) => {
        concat!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts",
            $rest
        )
    };
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.Storage/storageAccounts",
        "StorageAccounts_List",
        list,
    ),
    Route::new(
        "POST",
        "/subscriptions/{subscription}/providers/Microsoft.Storage/checkNameAvailability",
        "StorageAccounts_CheckNameAvailability",
        check_name,
    ),
    Route::new(
        "GET",
        account!(""),
        "StorageAccounts_ListByResourceGroup",
        list,
    ),
    Route::new(
        "GET",
        account!("/{account}"),
        "StorageAccounts_GetProperties",
        read,
    ),
    Route::new(
        "PUT",
        account!("/{account}"),
        "StorageAccounts_Create",
        create,
    ),
    Route::new(
        "PATCH",
        account!("/{account}"),
        "StorageAccounts_Update",
        update,
    ),
    Route::new(
        "DELETE",
        account!("/{account}"),
        "StorageAccounts_Delete",
        delete,
    ),
    Route::new(
        "POST",
        account!("/{account}/listKeys"),
        "StorageAccounts_ListKeys",
        list_keys,
    ),
    Route::new(
        "POST",
        account!("/{account}/regenerateKey"),
        "StorageAccounts_RegenerateKey",
        regenerate_key,
    ),
];

#[derive(Deserialize)]
struct AccountBody {
    location: Option<String>,
    kind: Option<String>,
    sku: Option<SkuBody>,
    #[serde(default)]
    properties: PropertiesBody,
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct SkuBody {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PropertiesBody {
    allow_shared_key_access: Option<bool>,
    key_policy: Option<KeyPolicyBody>,
    sas_policy: Option<SasPolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyPolicyBody {
    key_expiration_period_in_days: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegenerateBody {
    key_name: String,
}

#[derive(Deserialize)]
struct NameBody {
    name: String,
}

fn list(context: &mut Context<'_>) -> Answer {
    check_group(context)?;
    let prefix = format!("{}/", scope(context).to_ascii_lowercase());
    let caller = context.caller()?;
    let world = &context.world;
    let inside = world
        .accounts
        .range(prefix.clone()..)
        .take_while(|(id, _)| id.starts_with(&prefix));
    let seen = inside.filter(|(id, _)| world.roles.allows(&caller.object_id, READ, id));
    page(context, seen, |(_, entry)| write(context, entry))
}

fn read(context: &mut Context<'_>) -> Answer {
    let found = find(context, READ)?;
    Ok(Reply::ok(write(context, found)))
}

fn check_name(context: &mut Context<'_>) -> Answer {
    let sent: NameBody = body(context.call)?;
    let reason = if !is_account_name(&sent.name) {
        Some((
            "AccountNameInvalid",
            format!(
                "{} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.",
                sent.name
            ),
        ))
    } else if context.world.has_account_named(&sent.name) {
        Some((
            "AlreadyExists",
            format!("The storage account named {} is already taken.", sent.name),
        ))
    } else {
        None
    };
    Ok(Reply::ok(match reason {
        None => json!({"nameAvailable": true}),
        Some((reason, message)) => {
            json!({"nameAvailable": false, "reason": reason, "message": message})
        }
    }))
}

/// Makes an account, or changes the one there is, as a PUT over it does.
fn create(context: &mut Context<'_>) -> Answer {
    let id = resource_id(context);
    permit(context, WRITE, &id)?;
    check_group(context)?;
    if context.world.account(&id).is_some() {
        return update(context);
    }
    let sent: AccountBody = body(context.call)?;
    let name = context.part("account").to_owned();
    if !is_account_name(&name) {
        let message = format!(
            "{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only."
        );
        return Err(Refusal::new(400, "AccountNameInvalid", message));
    }
    if context.world.has_account_named(&name) {
        let message = format!("The storage account named {name} is already taken.");
        return Err(Refusal::new(409, "StorageAccountAlreadyTaken", message));
    }
    let account = new_account(context, name, sent)?;
    let caller = context.caller()?;
    context.world.create_account(account, &caller, context.now);
    read(context)
}

fn new_account(context: &Context<'_>, name: String, sent: AccountBody) -> Result<Account, Refusal> {
    let required = |part: &str| {
        let message = format!("The parameter {part} is required.");
        Refusal::new(400, "InvalidRequestPropertyName", message)
    };
    let properties = sent.properties;
    Ok(Account {
        subscription: context.part("subscription").to_owned(),
        resource_group: context.part("group").to_owned(),
        name,
        location: sent.location.ok_or_else(|| required("location"))?,
        created: context.now,
        generations: PerSlot::default(),
        key_created: PerSlot {
            key1: Some(context.now),
            key2: Some(context.now),
        },
        key_expiration_days: properties
            .key_policy
            .map(|policy| policy.key_expiration_period_in_days),
        allow_shared_key: properties.allow_shared_key_access,
        sas_policy: properties.sas_policy.map(Box::new),
        kind: sent.kind.ok_or_else(|| required("kind"))?,
        sku: sent.sku.ok_or_else(|| required("sku"))?.name,
        stale: None,
        tags: sent.tags.unwrap_or_default().into(),
    })
}

fn update(context: &mut Context<'_>) -> Answer {
    let id = find(context, WRITE)?.id();
    let sent: AccountBody = body(context.call)?;
    let change = AccountChange {
        key_expiration_days: sent
            .properties
            .key_policy
            .map(|policy| policy.key_expiration_period_in_days),
        allow_shared_key: sent.properties.allow_shared_key_access,
        sas_policy: sent.properties.sas_policy,
        tags: sent.tags,
    };
    let caller = context.caller()?;
    context
        .world
        .update_account(&id, change, &caller, context.now)?;
    read(context)
}

fn delete(context: &mut Context<'_>) -> Answer {
    let id = resource_id(context);
    permit(context, DELETE, &id)?;
    let caller = context.caller()?;
    let existed = context.world.delete_account(&id, &caller, context.now);
    Ok(Reply::empty(if existed { 200 } else { 204 }))
}

fn list_keys(context: &mut Context<'_>) -> Answer {
    let found = find(context, LIST_KEYS)?.clone();
    let caller = context.caller()?;
    context
        .world
        .activity
        .record(LIST_KEYS, &found.id(), &caller.client_id, context.now);
    Ok(Reply::ok(keys(context.world, &found, key_times(context))))
}

fn regenerate_key(context: &mut Context<'_>) -> Answer {
    let id = find(context, REGENERATE_KEY)?.id();
    let sent: RegenerateBody = body(context.call)?;
    let slot = KeySlot::parse(&sent.key_name).ok_or_else(|| {
        Refusal::new(
            400,
            "InvalidValuesForRequestParameters",
            "Values for request parameters are invalid: keyName.",
        )
    })?;
    let caller = context.caller()?;
    context
        .world
        .regenerate_key(&id, slot, &caller.client_id, context.now)?;
    let found = context.world.account(&id);
    let found = found.ok_or_else(|| missing_account(&id))?;
    Ok(Reply::ok(keys(context.world, found, key_times(context))))
}

fn find<'a>(context: &'a Context<'_>, action: &str) -> Result<&'a Account, Refusal> {
    let id = resource_id(context);
    permit(context, action, &id)?;
    check_group(context)?;
    let found = context.world.account(&id);
    found.ok_or_else(|| missing(KIND, context.part("account"), context.part("group")))
}

fn resource_id(context: &Context<'_>) -> String {
    format!(
        "{}/providers/{KIND}/{}",
        scope(context),
        context.part("account")
    )
}

fn write(context: &Context<'_>, entry: &Account) -> Value {
    account_body(context.cloud, entry, key_times(context))
}

/// Creation times of keys and key policies came with this version.
fn key_times(context: &Context<'_>) -> KeyTimes {
    let version = context.call.api_version().unwrap_or_default();
    if version.as_str() >= "2021-02-01" {
        KeyTimes::Shown
    } else {
        KeyTimes::Hidden
    }
}
