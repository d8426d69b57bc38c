//! Vaults as resources: reading, making and changing them, and their access policies.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::json;

use super::page::page;
use super::{check_group, missing, permit, scope};
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context, body};
use crate::wire::management::{policies as policies_body, vault as vault_body};
use crate::world::access::{AccessPolicy, PolicyChange};
use crate::world::vault::{KIND, Vault, VaultChange, is_vault_name};

macro_rules! vault {
    ($rest:literal) => {
        concat!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults",
            $rest
        )
    };
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults",
        "Vaults_ListBySubscription",
        list,
    ),
    Route::new(
        "POST",
        "/subscriptions/{subscription}/providers/Microsoft.KeyVault/checkNameAvailability",
        "Vaults_CheckNameAvailability",
        check_name,
    ),
    Route::new("GET", vault!(""), "Vaults_ListByResourceGroup", list),
    Route::new("GET", vault!("/{vault}"), "Vaults_Get", read),
    Route::new("PUT", vault!("/{vault}"), "Vaults_CreateOrUpdate", put),
    Route::new("PATCH", vault!("/{vault}"), "Vaults_Update", update),
    Route::new("DELETE", vault!("/{vault}"), "Vaults_Delete", delete),
    Route::new(
        "PUT",
        vault!("/{vault}/accessPolicies/{change}"),
        "Vaults_UpdateAccessPolicy",
        change_policies,
    ),
];

const READ: &str = "Microsoft.KeyVault/vaults/read";
const WRITE: &str = "Microsoft.KeyVault/vaults/write";
const DELETE: &str = "Microsoft.KeyVault/vaults/delete";
const WRITE_POLICIES: &str = "Microsoft.KeyVault/vaults/accessPolicies/write";
/// From this version on, a new vault has role-based access unless it is told otherwise.
const ROLE_BASED_SINCE: &str = "2026-02-01";

#[derive(Deserialize)]
struct VaultBody {
    location: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    properties: VaultProperties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VaultProperties {
    #[serde(default)]
    create_mode: CreateMode,
    access_policies: Option<Vec<PolicyBody>>,
    enable_rbac_authorization: Option<bool>,
    enable_purge_protection: Option<bool>,
    soft_delete_retention_in_days: Option<u32>,
}

/// Whether a PUT makes a vault, or brings a deleted one back.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum CreateMode {
    #[default]
    Default,
    Recover,
}

#[derive(Deserialize)]
struct NameBody {
    name: String,
}

#[derive(Deserialize)]
struct PoliciesBody {
    properties: PoliciesProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PoliciesProperties {
    access_policies: Vec<PolicyBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PolicyBody {
    object_id: String,
    #[serde(default)]
    permissions: BTreeMap<String, Option<BTreeSet<String>>>,
}

fn list(context: &mut Context<'_>) -> Answer {
    check_group(context)?;
    let prefix = format!("{}/", scope(context).to_ascii_lowercase());
    let caller = context.caller()?;
    let world = &context.world;
    let inside = world
        .vaults
        .values()
        .filter(|vault| vault.id().to_ascii_lowercase().starts_with(&prefix));
    let seen = inside.filter(|vault| world.roles.allows(&caller.object_id, READ, &vault.id()));
    page(context, seen, |vault| vault_body(world, vault))
}

fn read(context: &mut Context<'_>) -> Answer {
    let found = find(context, READ)?;
    Ok(Reply::ok(vault_body(context.world, found)))
}

fn check_name(context: &mut Context<'_>) -> Answer {
    let sent: NameBody = body(context.call)?;
    let deleted = context.world.deleted_vault(&sent.name, context.now);
    let free = context.world.vault(&sent.name).is_err() && deleted.is_none();
    Ok(Reply::ok(if free {
        json!({"nameAvailable": true})
    } else {
        let message = format!("The vault name '{}' is already in use.", sent.name);
        json!({"nameAvailable": false, "reason": "AlreadyExists", "message": message})
    }))
}

fn put(context: &mut Context<'_>) -> Answer {
    permit(context, WRITE, &resource_id(context))?;
    check_group(context)?;
    let name = context.part("vault").to_owned();
    let id = resource_id(context);
    let deleted = context.world.deleted_vault(&name, context.now);
    let is_deleted = deleted.is_some();
    let holders = [
        context.world.vault(&name).ok(),
        deleted.map(|entry| &entry.vault),
    ];
    if holders
        .into_iter()
        .flatten()
        .any(|holder| !holder.id().eq_ignore_ascii_case(&id))
    {
        return Err(taken(&name));
    }
    let sent: VaultBody = body(context.call)?;
    if context.world.vault(&name).is_err() {
        begin(context, &name, &sent, is_deleted)?;
    }
    change(context, sent)
}

/// Makes a vault, or brings a deleted one back if the request says so.
fn begin(
    context: &mut Context<'_>,
    name: &str,
    sent: &VaultBody,
    is_deleted: bool,
) -> Result<(), Refusal> {
    let (caller, now) = (context.caller()?, context.now);
    if sent.properties.create_mode == CreateMode::Recover {
        return context.world.recover_vault(name, &caller, now);
    }
    if is_deleted {
        let message = "A vault with the same name already exists in deleted state. You need to either recover or purge \
                       existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more \
                       information on soft delete.";
        return Err(Refusal::new(409, "ConflictError", message));
    }
    let vault = new_vault(context, name, sent.location.as_deref())?;
    context.world.add_vault(vault);
    Ok(())
}

/// Refuses a name that another vault has, or had until it was deleted.
fn taken(name: &str) -> Refusal {
    let message = format!(
        "The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the name is already taken."
    );
    Refusal::new(409, "VaultAlreadyExists", message)
}

fn update(context: &mut Context<'_>) -> Answer {
    find(context, WRITE)?;
    let sent: VaultBody = body(context.call)?;
    change(context, sent)
}

fn delete(context: &mut Context<'_>) -> Answer {
    permit(context, DELETE, &resource_id(context))?;
    let Ok(name) = find(context, READ).map(|vault| vault.name.clone()) else {
        return Ok(Reply::empty(204));
    };
    let caller = context.caller()?;
    context.world.delete_vault(&name, &caller, context.now);
    Ok(Reply::empty(200))
}

fn new_vault(context: &Context<'_>, name: &str, location: Option<&str>) -> Result<Vault, Refusal> {
    let refused = |message: String| Refusal::new(400, "VaultNameNotValid", message);
    if !is_vault_name(name) {
        return Err(refused(format!(
            "The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters."
        )));
    }
    let location = location.ok_or_else(|| {
        refused("The location property is required for this definition.".to_owned())
    })?;
    let version = context.call.api_version().unwrap_or_default();
    let id = (context.part("subscription"), context.part("group"), name);
    Ok(Vault {
        rbac: version.as_str() >= ROLE_BASED_SINCE,
        ..Vault::new(id, location)
    })
}

fn change(context: &mut Context<'_>, sent: VaultBody) -> Answer {
    let properties = sent.properties;
    let days = properties.soft_delete_retention_in_days;
    if days.is_some_and(|days| !(7..=90).contains(&days)) {
        let message = "The property \"softDeleteRetentionInDays\" must be between 7 and 90.";
        return Err(Refusal::new(400, "BadRequest", message));
    }
    let policies = properties.access_policies;
    let change = VaultChange {
        policies: policies.map(|sent| sent.into_iter().map(policy).collect()),
        rbac: properties.enable_rbac_authorization,
        purge_protection: properties.enable_purge_protection,
        soft_delete_days: days,
        tags: sent.tags,
    };
    let (name, caller) = (context.part("vault").to_owned(), context.caller()?);
    context
        .world
        .change_vault(&name, change, &caller, context.now)?;
    read(context)
}

fn change_policies(context: &mut Context<'_>) -> Answer {
    let name = find(context, WRITE_POLICIES)?.name.clone();
    let change = match context.part("change").to_ascii_lowercase().as_str() {
        "add" => PolicyChange::Add,
        "replace" => PolicyChange::Replace,
        "remove" => PolicyChange::Remove,
        _ => {
            return Err(Refusal::new(
                400,
                "BadRequest",
                "The operation kind is add, replace or remove.",
            ));
        }
    };
    let sent: PoliciesBody = body(context.call)?;
    let policies: Vec<AccessPolicy> = sent
        .properties
        .access_policies
        .into_iter()
        .map(policy)
        .collect();
    let caller = context.caller()?;
    let written = policies_body(context.world, &policies);
    context
        .world
        .change_policies(&name, change, policies, &caller, context.now)?;
    let id = context.world.vault(&name)?.id();
    Ok(Reply::ok(json!({
        "id": format!("{id}/accessPolicies/"),
        "type": "Microsoft.KeyVault/vaults/accessPolicies",
        "properties": {"accessPolicies": written},
    })))
}

fn policy(sent: PolicyBody) -> AccessPolicy {
    let permissions = sent.permissions.into_iter();
    let permissions =
        permissions.map(|(kind, names)| (kind.to_ascii_lowercase(), names.unwrap_or_default()));
    AccessPolicy {
        object_id: sent.object_id,
        permissions: permissions.collect(),
    }
}

fn find<'a>(context: &'a Context<'_>, action: &str) -> Result<&'a Vault, Refusal> {
    let (group, name, id) = (
        context.part("group"),
        context.part("vault"),
        resource_id(context),
    );
    permit(context, action, &id)?;
    check_group(context)?;
    let found = context.world.vaults.get(&name.to_ascii_lowercase());
    found
        .filter(|vault| vault.id().eq_ignore_ascii_case(&id))
        .ok_or_else(|| missing(KIND, name, group))
}

fn resource_id(context: &Context<'_>) -> String {
    format!(
        "{}/providers/{KIND}/{}",
        scope(context),
        context.part("vault")
    )
}
