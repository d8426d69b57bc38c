//! What the caller may do at a scope, by all roles it holds there.

use serde_json::{Value, json};

use super::page::page;
use super::{check_group, permit, scope};
use crate::routes::table::Route;
use crate::routes::{Answer, Context};
use crate::world::role::Role;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Authorization/permissions",
        "Permissions_ListForResourceGroup",
        of_group,
    ),
    Route::new(
        "GET",
        "/{*scope}/providers/Microsoft.Authorization/permissions",
        "Permissions_ListForResource",
        of_resource,
    ),
];

const READ: &str = "Microsoft.Authorization/permissions/read";

fn of_group(context: &mut Context<'_>) -> Answer {
    check_group(context)?;
    list(context, &scope(context))
}

fn of_resource(context: &mut Context<'_>) -> Answer {
    list(context, context.part("scope"))
}

fn list(context: &Context<'_>, scope: &str) -> Answer {
    permit(context, READ, scope)?;
    let caller = context.caller()?;
    let roles = context.world.roles.roles_of(&caller.object_id, scope);
    page(context, roles, written)
}

fn written(role: &Role) -> Value {
    json!({
        "actions": role.actions,
        "notActions": role.not_actions,
        "dataActions": role.data_actions,
        "notDataActions": role.not_data_actions,
    })
}
