//! Role assignments, at any scope.

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::page::page;
use super::permit;
use super::role_definitions::unknown_role;
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context, body};
use crate::wire::management::role_assignment;
use crate::world::account::missing_account;
use crate::world::role::{RoleAssignment, covers};

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/{*scope}/providers/Microsoft.Authorization/roleAssignments",
        "RoleAssignments_ListForScope",
        list,
    ),
    Route::new(
        "GET",
        "/{*scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "RoleAssignments_Get",
        read,
    ),
    Route::new(
        "PUT",
        "/{*scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "RoleAssignments_Create",
        create,
    ),
    Route::new(
        "DELETE",
        "/{*scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "RoleAssignments_Delete",
        delete,
    ),
];

const READ: &str = "Microsoft.Authorization/roleAssignments/read";
const WRITE: &str = "Microsoft.Authorization/roleAssignments/write";
const DELETE: &str = "Microsoft.Authorization/roleAssignments/delete";

#[derive(Deserialize)]
struct AssignmentBody {
    properties: AssignmentProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssignmentProperties {
    role_definition_id: String,
    principal_id: String,
}

/// What a list of assignments is narrowed to.
#[derive(Default)]
struct Filter {
    at_scope: bool,
    principal: Option<String>,
}

fn list(context: &mut Context<'_>) -> Answer {
    let scope = context.part("scope");
    permit(context, READ, scope)?;
    let filter = filter(
        context
            .call
            .parameter("$filter")
            .as_deref()
            .unwrap_or_default(),
    )?;
    let chosen = context.world.roles.iter().filter(|entry| {
        let here = covers(&entry.scope, scope) || (!filter.at_scope && covers(scope, &entry.scope));
        here && filter
            .principal
            .as_ref()
            .is_none_or(|wanted| entry.principal_id.eq_ignore_ascii_case(wanted))
    });
    page(context, chosen, |entry| {
        role_assignment(context.world, entry)
    })
}

fn read(context: &mut Context<'_>) -> Answer {
    let (scope, name) = (context.part("scope"), context.part("name"));
    permit(context, READ, scope)?;
    let found = context.world.roles.find(scope, name).ok_or_else(|| {
        Refusal::new(
            404,
            "RoleAssignmentNotFound",
            format!("The role assignment '{name}' is not found."),
        )
    })?;
    Ok(Reply::ok(role_assignment(context.world, found)))
}

fn create(context: &mut Context<'_>) -> Answer {
    let (scope, name) = (
        context.part("scope").to_owned(),
        context.part("name").to_owned(),
    );
    let caller = context.caller()?;
    permit(context, WRITE, &scope)?;
    check_scope(context, &scope)?;
    let new = requested(context, &scope, &name, &caller.object_id)?;
    if let Some(present) = context.world.roles.find(&scope, &name) {
        return unchanged(context, present, &new);
    }
    if context.world.roles.find_same(&new).is_some() {
        return Err(Refusal::new(
            409,
            "RoleAssignmentExists",
            "The role assignment already exists.",
        ));
    }
    context
        .world
        .activity
        .record(WRITE, &new.id(), &caller.client_id, context.now);
    let reply = Reply::new(201, role_assignment(context.world, &new));
    context.world.roles.add(new);
    Ok(reply)
}

fn delete(context: &mut Context<'_>) -> Answer {
    let (scope, name) = (
        context.part("scope").to_owned(),
        context.part("name").to_owned(),
    );
    let caller = context.caller()?;
    permit(context, DELETE, &scope)?;
    let Some(gone) = context.world.roles.remove(&scope, &name) else {
        return Ok(Reply::empty(204));
    };
    context
        .world
        .activity
        .record(DELETE, &gone.id(), &caller.client_id, context.now);
    Ok(Reply::ok(role_assignment(context.world, &gone)))
}

fn requested(
    context: &Context<'_>,
    scope: &str,
    name: &str,
    caller: &str,
) -> Result<RoleAssignment, Refusal> {
    let sent: AssignmentBody = body(context.call)?;
    let AssignmentProperties {
        role_definition_id,
        principal_id,
    } = sent.properties;
    if Uuid::parse_str(name).is_err() {
        let message = format!(
            "The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
        );
        return Err(Refusal::new(400, "InvalidRoleAssignmentId", message));
    }
    let role = context.world.roles.role(&role_definition_id);
    let role = role
        .ok_or_else(|| unknown_role(&role_definition_id))?
        .id
        .clone();
    if !context.world.directory.knows(&principal_id) {
        let (id, tenant) = (principal_id.replace('-', ""), &context.world.tenant);
        let message = format!("Principal {id} does not exist in the directory {tenant}.");
        return Err(Refusal::new(400, "PrincipalNotFound", message));
    }
    Ok(new_assignment(
        context,
        (scope, name),
        role,
        principal_id,
        caller,
        context.now,
    ))
}

fn new_assignment(
    context: &Context<'_>,
    (scope, name): (&str, &str),
    role: String,
    principal_id: String,
    caller: &str,
    now: Timestamp,
) -> RoleAssignment {
    RoleAssignment {
        name: name.to_owned(),
        scope: scope.to_owned(),
        role,
        principal_id,
        created: now,
        created_by: caller.to_owned(),
        pending_uses: context.world.settings.role_propagation_requests.into(),
    }
}

/// Answers a PUT over an assignment that exists: the same again is no change, anything else is refused.
fn unchanged(context: &Context<'_>, present: &RoleAssignment, new: &RoleAssignment) -> Answer {
    if is_same(present, new) {
        return Ok(Reply::ok(role_assignment(context.world, present)));
    }
    let message =
        "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.";
    Err(Refusal::new(
        409,
        "RoleAssignmentUpdateNotPermitted",
        message,
    ))
}

fn is_same(one: &RoleAssignment, other: &RoleAssignment) -> bool {
    one.role == other.role
        && one.principal_id.eq_ignore_ascii_case(&other.principal_id)
        && one.scope.eq_ignore_ascii_case(&other.scope)
}

/// Refuses a scope that is an account of which nothing is known.
fn check_scope(context: &Context<'_>, scope: &str) -> Result<(), Refusal> {
    let is_account = scope
        .to_ascii_lowercase()
        .contains("/providers/microsoft.storage/storageaccounts/");
    if is_account && context.world.account(scope).is_none() {
        return Err(missing_account(scope));
    }
    Ok(())
}

fn filter(text: &str) -> Result<Filter, Refusal> {
    let mut filter = Filter::default();
    for part in text
        .split(" and ")
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let principal = part
            .strip_prefix("principalId eq '")
            .and_then(|rest| rest.strip_suffix('\''));
        let assigned = part
            .strip_prefix("assignedTo('")
            .and_then(|rest| rest.strip_suffix("')"));
        match principal.or(assigned) {
            Some(id) => filter.principal = Some(id.to_owned()),
            None if part == "atScope()" => filter.at_scope = true,
            None => {
                let message = format!("The filter '{part}' is not supported for role assignments.");
                return Err(Refusal::new(400, "UnsupportedQuery", message));
            }
        }
    }
    Ok(filter)
}
