//! Role definitions: the built-in ones, and those of the tenant's own.

use serde::Deserialize;
use uuid::Uuid;

use super::page::page;
use super::permit;
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context, body};
use crate::wire::management::role;
use crate::world::role::Role;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/{*scope}/providers/Microsoft.Authorization/roleDefinitions",
        "RoleDefinitions_List",
        list,
    ),
    Route::new(
        "GET",
        "/{*scope}/providers/Microsoft.Authorization/roleDefinitions/{name}",
        "RoleDefinitions_Get",
        read,
    ),
    Route::new(
        "PUT",
        "/{*scope}/providers/Microsoft.Authorization/roleDefinitions/{name}",
        "RoleDefinitions_CreateOrUpdate",
        put,
    ),
    Route::new(
        "DELETE",
        "/{*scope}/providers/Microsoft.Authorization/roleDefinitions/{name}",
        "RoleDefinitions_Delete",
        delete,
    ),
];

const WRITE: &str = "Microsoft.Authorization/roleDefinitions/write";
const DELETE: &str = "Microsoft.Authorization/roleDefinitions/delete";

#[derive(Deserialize)]
struct RoleBody {
    properties: RoleProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleProperties {
    role_name: String,
    #[serde(default)]
    description: String,
    permissions: Vec<PermissionBody>,
    #[serde(default)]
    assignable_scopes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct PermissionBody {
    actions: Vec<String>,
    not_actions: Vec<String>,
    data_actions: Vec<String>,
    not_data_actions: Vec<String>,
}

fn list(context: &mut Context<'_>) -> Answer {
    let filter = context.call.parameter("$filter").unwrap_or_default();
    let quoted = |name: &str| {
        let (_, rest) = filter.split_once(&format!("{name} eq '"))?;
        rest.split('\'').next().map(str::to_owned)
    };
    let (name, kind) = (quoted("roleName"), quoted("type"));
    let chosen = context.world.roles.roles().filter(|role| {
        let is_kind = |kind: &String| kind.eq_ignore_ascii_case("CustomRole") == role.custom;
        let is_name = |name: &String| role.name.eq_ignore_ascii_case(name);
        name.as_ref().is_none_or(is_name) && kind.as_ref().is_none_or(is_kind)
    });
    page(context, chosen, |entry| role(context.part("scope"), entry))
}

fn read(context: &mut Context<'_>) -> Answer {
    let name = context.part("name");
    let found = context.world.roles.role(name);
    let found = found.ok_or_else(|| unknown_role(name))?;
    Ok(Reply::ok(role(context.part("scope"), found)))
}

fn put(context: &mut Context<'_>) -> Answer {
    permit(context, WRITE, context.part("scope"))?;
    let name = context.part("name").to_owned();
    let id = Uuid::parse_str(&name).map_err(|_| {
        let message = format!("The role definition ID '{name}' is not valid; it must be a GUID.");
        Refusal::new(400, "RoleDefinitionInvalidId", message)
    })?;
    let present = context.world.roles.role(&name);
    if present.is_some_and(|role| !role.custom) {
        let message = format!("Built-in role '{name}' cannot be changed.");
        return Err(Refusal::new(403, "RoleDefinitionNotUpdatable", message));
    }
    let sent: RoleBody = body(context.call)?;
    let status = if present.is_some() { 200 } else { 201 };
    let new = custom(id.to_string(), sent.properties);
    let reply = role(context.part("scope"), &new);
    context.world.roles.define(new);
    Ok(Reply::new(status, reply))
}

fn delete(context: &mut Context<'_>) -> Answer {
    permit(context, DELETE, context.part("scope"))?;
    let (scope, name) = (
        context.part("scope").to_owned(),
        context.part("name").to_owned(),
    );
    let used = context
        .world
        .roles
        .iter()
        .any(|entry| entry.role.eq_ignore_ascii_case(&name));
    if used {
        let message =
            "There are existing role assignments referencing role; they must be removed first.";
        return Err(Refusal::new(400, "RoleDefinitionHasAssignments", message));
    }
    let gone = context.world.roles.undefine(&name);
    Ok(gone.map_or_else(|| Reply::empty(204), |gone| Reply::ok(role(&scope, &gone))))
}

fn custom(id: String, sent: RoleProperties) -> Role {
    let gather = |part: fn(&PermissionBody) -> &Vec<String>| {
        sent.permissions.iter().flat_map(part).cloned().collect()
    };
    Role {
        id,
        actions: gather(|one| &one.actions),
        not_actions: gather(|one| &one.not_actions),
        data_actions: gather(|one| &one.data_actions),
        not_data_actions: gather(|one| &one.not_data_actions),
        name: sent.role_name,
        description: sent.description,
        custom: true,
        assignable_scopes: sent.assignable_scopes,
    }
}

/// Refuses a role of which nothing is known.
pub(super) fn unknown_role(id: &str) -> Refusal {
    let message = format!("The specified role definition with ID '{id}' does not exist.");
    Refusal::new(404, "RoleDefinitionDoesNotExist", message)
}
