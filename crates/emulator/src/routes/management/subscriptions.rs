//! Tenants, subscriptions and resource groups. A group exists while something is in it.

use std::collections::BTreeMap;

use serde_json::json;

use super::page::page;
use super::{check_group, scope};
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::{Answer, Context};
use crate::wire::management::{resource_group, subscription};

const READ: &str = "Microsoft.Resources/subscriptions/read";

pub(super) fn tenants(context: &mut Context<'_>) -> Answer {
    let tenant = &context.world.tenant;
    let entry = json!({"id": format!("/tenants/{tenant}"), "tenantId": tenant, "displayName": "keyrotation emulator"});
    Ok(Reply::ok(json!({"value": [entry]})))
}

pub(super) fn list(context: &mut Context<'_>) -> Answer {
    let caller = context.caller()?;
    let seen = context.world.subscriptions.values().filter(|entry| {
        let id = format!("/subscriptions/{}", entry.id);
        // Whoever has a role somewhere inside sees the subscription.
        context.world.roles.allows(&caller.object_id, READ, &id)
            || context.world.roles.iter().any(|role| {
                role.principal_id.eq_ignore_ascii_case(&caller.object_id)
                    && crate::world::role::covers(&id, &role.scope)
            })
    });
    page(context, seen, |entry| subscription(context.world, entry))
}

pub(super) fn read(context: &mut Context<'_>) -> Answer {
    let id = context.part("subscription");
    context
        .world
        .authorize(&context.caller()?, READ, &scope(context))?;
    let found = context.world.subscriptions.get(&id.to_ascii_lowercase());
    let missing = || {
        Refusal::new(
            404,
            "SubscriptionNotFound",
            format!("The subscription '{id}' could not be found."),
        )
    };
    found
        .map(|entry| Reply::ok(subscription(context.world, entry)))
        .ok_or_else(missing)
}

pub(super) fn groups(context: &mut Context<'_>) -> Answer {
    context.world.authorize(
        &context.caller()?,
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        &scope(context),
    )?;
    let id = context.part("subscription");
    let accounts = context
        .world
        .accounts
        .values()
        .map(|one| (&one.subscription, &one.resource_group, &one.location));
    let vaults = context
        .world
        .vaults
        .values()
        .map(|one| (&one.subscription, &one.resource_group, &one.location));
    let inside = accounts
        .chain(vaults)
        .filter(|(subscription, ..)| subscription.eq_ignore_ascii_case(id));
    let named: BTreeMap<String, _> = inside
        .map(|(_, group, place)| (group.to_ascii_lowercase(), (group, place)))
        .collect();
    page(context, named.into_values(), |(group, location)| {
        resource_group(id, group, location)
    })
}

pub(super) fn group(context: &mut Context<'_>) -> Answer {
    context.world.authorize(
        &context.caller()?,
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        &scope(context),
    )?;
    check_group(context)?;
    let (id, group) = (context.part("subscription"), context.part("group"));
    Ok(Reply::ok(resource_group(id, group, "westeurope")))
}
