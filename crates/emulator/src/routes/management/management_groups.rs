//! Management groups: the root of the tenant, and the subscriptions below it.

use serde_json::json;

use super::page::page;
use crate::refusal::Refusal;
use crate::routes::table::Route;
use crate::routes::{Answer, Context};

pub(super) const ROUTES: &[Route] = &[Route::new(
    "GET",
    "/providers/Microsoft.Management/managementGroups/{management_group}/descendants",
    "ManagementGroups_GetDescendants",
    descendants,
)];

const READ: &str = "Microsoft.Resources/subscriptions/read";

fn descendants(context: &mut Context<'_>) -> Answer {
    let (group, caller) = (context.part("management_group"), context.caller()?);
    let world = &context.world;
    let action = "Microsoft.Management/managementGroups/descendants/read";
    let refused = |scope: &str| {
        let who = &caller.object_id;
        let message = format!(
            "The client '{who}' with object id '{who}' does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid."
        );
        Refusal::new(403, "AuthorizationFailed", message)
    };
    let scope = format!("/providers/Microsoft.Management/managementGroups/{group}");
    // Azure does not tell a group that is not there from one that must not be seen.
    if !group.eq_ignore_ascii_case(&world.tenant) {
        return Err(refused(&scope));
    }
    let readable: Vec<_> = world
        .subscriptions
        .values()
        .filter(|entry| {
            let id = format!("/subscriptions/{}", entry.id);
            world.roles.allows(&caller.object_id, READ, &id)
        })
        .collect();
    if readable.is_empty() {
        return Err(refused(&scope));
    }
    page(context, readable.into_iter(), |entry| {
        json!({
            "id": format!("/subscriptions/{}", entry.id),
            "type": "Microsoft.Management/managementGroups/subscriptions",
            "name": entry.id,
            "properties": {"displayName": entry.name, "parent": {"id": scope}},
        })
    })
}
