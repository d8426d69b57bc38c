//! Management groups: which there are, and what is below one.

use serde_json::{Value, json};

use super::page::page;
use super::permit;
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context};
use crate::world::management_group::{Descendant, ManagementGroup, group_id};

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/providers/Microsoft.Management/managementGroups",
        "ManagementGroups_List",
        list,
    ),
    Route::new(
        "GET",
        "/providers/Microsoft.Management/managementGroups/{group}",
        "ManagementGroups_Get",
        read,
    ),
    Route::new(
        "GET",
        "/providers/Microsoft.Management/managementGroups/{group}/descendants",
        "ManagementGroups_GetDescendants",
        list_descendants,
    ),
];

const READ: &str = "Microsoft.Management/managementGroups/read";
const DESCEND: &str = "Microsoft.Management/managementGroups/descendants/read";
const KIND: &str = "Microsoft.Management/managementGroups";

fn list(context: &mut Context<'_>) -> Answer {
    let (caller, world) = (context.caller()?, &context.world);
    let groups = world.management_groups.iter();
    let seen = groups.filter(|group| world.roles.allows(&caller.object_id, READ, &group.id()));
    page(context, seen, |group| {
        json!({
            "id": group.id(),
            "type": KIND,
            "name": group.name,
            "properties": {"tenantId": world.tenant, "displayName": group.display_name},
        })
    })
}

fn read(context: &mut Context<'_>) -> Answer {
    let group = find(context, READ)?;
    let above = group.parent.as_deref();
    let parent = above.and_then(|name| context.world.management_groups.find(name));
    let parent = parent.map(|parent| {
        json!({"id": parent.id(), "name": parent.name, "displayName": parent.display_name})
    });
    Ok(Reply::ok(json!({
        "id": group.id(),
        "type": KIND,
        "name": group.name,
        "properties": {
            "tenantId": context.world.tenant,
            "displayName": group.display_name,
            "details": {"version": 1, "parent": parent},
        },
    })))
}

fn list_descendants(context: &mut Context<'_>) -> Answer {
    let name = find(context, DESCEND)?.name.clone();
    page(context, context.world.descendants(&name), |one| {
        descendant(&one)
    })
}

fn descendant(entry: &Descendant<'_>) -> Value {
    match entry {
        Descendant::Group(group) => written(
            &group.id(),
            KIND,
            (&group.name, &group.display_name),
            group.parent.as_deref().unwrap_or_default(),
        ),
        Descendant::Subscription { id, name, parent } => written(
            &format!("/subscriptions/{id}"),
            "Microsoft.Management/managementGroups/subscriptions",
            (id, name),
            parent,
        ),
    }
}

fn written(id: &str, kind: &str, (name, shown): (&str, &str), parent: &str) -> Value {
    json!({
        "id": id,
        "type": kind,
        "name": name,
        "properties": {"displayName": shown, "parent": {"id": group_id(parent)}},
    })
}

/// Finds a group. Who may not see it does not learn whether it exists.
fn find<'a>(context: &'a Context<'_>, action: &str) -> Result<&'a ManagementGroup, Refusal> {
    let name = context.part("group");
    permit(context, action, &group_id(name))?;
    let found = context.world.management_groups.find(name);
    found.ok_or_else(|| {
        let message = format!("The management group '{name}' cannot be found.");
        Refusal::new(404, "NotFound", message)
    })
}
