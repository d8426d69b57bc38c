//! Storage accounts: reading them, changing their settings, and their keys.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::page::page;
use super::{check_group, scope};
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::{Answer, Context, body};
use crate::wire::management::{account as account_body, keys};
use crate::world::account::{
    Account, AccountChange, KeySlot, LIST_KEYS, REGENERATE_KEY, missing_account,
};

const READ: &str = "Microsoft.Storage/storageAccounts/read";
const WRITE: &str = "Microsoft.Storage/storageAccounts/write";

#[derive(Deserialize)]
struct AccountBody {
    #[serde(default)]
    properties: PropertiesBody,
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PropertiesBody {
    allow_shared_key_access: Option<bool>,
    key_policy: Option<KeyPolicyBody>,
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

pub(super) fn list(context: &mut Context<'_>) -> Answer {
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

pub(super) fn read(context: &mut Context<'_>) -> Answer {
    let found = find(context, READ)?;
    Ok(Reply::ok(write(context, found)))
}

pub(super) fn update(context: &mut Context<'_>) -> Answer {
    let id = find(context, WRITE)?.id();
    let sent: AccountBody = body(context.call)?;
    let change = AccountChange {
        key_expiration_days: sent
            .properties
            .key_policy
            .map(|policy| policy.key_expiration_period_in_days),
        allow_shared_key: sent.properties.allow_shared_key_access,
        tags: sent.tags,
    };
    let caller = context.caller()?;
    context
        .world
        .update_account(&id, change, &caller, context.now)?;
    read(context)
}

pub(super) fn list_keys(context: &mut Context<'_>) -> Answer {
    let found = find(context, LIST_KEYS)?.clone();
    let caller = context.caller()?;
    context
        .world
        .activity
        .record(LIST_KEYS, &found.id(), &caller.client_id, context.now);
    Ok(Reply::ok(keys(
        context.world,
        &found,
        has_key_times(context),
    )))
}

pub(super) fn regenerate_key(context: &mut Context<'_>) -> Answer {
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
    let found = context
        .world
        .account(&id)
        .ok_or_else(|| missing_account(&id))?;
    Ok(Reply::ok(keys(
        context.world,
        found,
        has_key_times(context),
    )))
}

fn find<'a>(context: &'a Context<'_>, action: &str) -> Result<&'a Account, Refusal> {
    let id = format!(
        "{}/providers/Microsoft.Storage/storageAccounts/{}",
        scope(context),
        context.part("account")
    );
    context.world.authorize(&context.caller()?, action, &id)?;
    check_group(context)?;
    context
        .world
        .account(&id)
        .ok_or_else(|| missing_account(&id))
}

fn write(context: &Context<'_>, entry: &Account) -> serde_json::Value {
    account_body(context.cloud, entry, has_key_times(context))
}

/// Creation times of keys and key policies came with this version.
fn has_key_times(context: &Context<'_>) -> bool {
    context
        .call
        .api_version()
        .is_some_and(|version| version.as_str() >= "2021-02-01")
}
