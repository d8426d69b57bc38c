//! Vaults as resources: reading them and changing their access policies.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::page::page;
use super::{check_group, scope};
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::{Answer, Context, body};
use crate::wire::management::{policies as policies_body, vault as vault_body};
use crate::world::vault::{AccessPolicy, PolicyChange, Vault};

const READ: &str = "Microsoft.KeyVault/vaults/read";
const WRITE_POLICIES: &str = "Microsoft.KeyVault/vaults/accessPolicies/write";

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

pub(super) fn list(context: &mut Context<'_>) -> Answer {
    check_group(context)?;
    let prefix = format!("{}/", scope(context).to_ascii_lowercase());
    let caller = context.caller()?;
    let world = &context.world;
    let inside = world
        .vaults
        .values()
        .filter(|vault| vault.id().to_ascii_lowercase().starts_with(&prefix));
    let seen = inside.filter(|vault| world.roles.allows(&caller.object_id, READ, &vault.id()));
    page(context, seen, |vault| write(context, vault))
}

pub(super) fn read(context: &mut Context<'_>) -> Answer {
    let found = find(context, READ)?;
    Ok(Reply::ok(write(context, found)))
}

pub(super) fn change_policies(context: &mut Context<'_>) -> Answer {
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
    let lower =
        |names: BTreeSet<String>| names.iter().map(|name| name.to_ascii_lowercase()).collect();
    let permissions = sent.permissions.into_iter();
    let permissions = permissions
        .map(|(kind, names)| (kind.to_ascii_lowercase(), lower(names.unwrap_or_default())));
    AccessPolicy {
        object_id: sent.object_id,
        permissions: permissions.collect(),
    }
}

fn find<'a>(context: &'a Context<'_>, action: &str) -> Result<&'a Vault, Refusal> {
    let (group, name) = (context.part("group"), context.part("vault"));
    let id = format!(
        "{}/providers/Microsoft.KeyVault/vaults/{name}",
        scope(context)
    );
    context.world.authorize(&context.caller()?, action, &id)?;
    check_group(context)?;
    let found = context.world.vaults.get(&name.to_ascii_lowercase());
    found.filter(|vault| vault.id().eq_ignore_ascii_case(&id)).ok_or_else(|| {
        let message =
            format!("The Resource 'Microsoft.KeyVault/vaults/{name}' under resource group '{group}' was not found.");
        Refusal::new(404, "ResourceNotFound", message)
    })
}

fn write(context: &Context<'_>, vault: &Vault) -> Value {
    vault_body(context.world, vault)
}
