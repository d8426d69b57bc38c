//! Management locks, at any scope.

use serde::Deserialize;
use serde_json::{Value, json};

use super::page::page;
use super::permit;
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context, body};
use crate::world::lock::{Lock, LockLevel};
use crate::world::role::covers;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/{*scope}/providers/Microsoft.Authorization/locks",
        "ManagementLocks_ListByScope",
        list,
    ),
    Route::new(
        "GET",
        "/{*scope}/providers/Microsoft.Authorization/locks/{name}",
        "ManagementLocks_GetByScope",
        read,
    ),
    Route::new(
        "PUT",
        "/{*scope}/providers/Microsoft.Authorization/locks/{name}",
        "ManagementLocks_CreateOrUpdateByScope",
        put,
    ),
    Route::new(
        "DELETE",
        "/{*scope}/providers/Microsoft.Authorization/locks/{name}",
        "ManagementLocks_DeleteByScope",
        delete,
    ),
];

const READ: &str = "Microsoft.Authorization/locks/read";
const WRITE: &str = "Microsoft.Authorization/locks/write";
const DELETE: &str = "Microsoft.Authorization/locks/delete";

#[derive(Deserialize)]
struct LockBody {
    properties: LockProperties,
}

#[derive(Deserialize)]
struct LockProperties {
    level: LockLevel,
    notes: Option<String>,
}

fn list(context: &mut Context<'_>) -> Answer {
    let scope = context.part("scope");
    permit(context, READ, scope)?;
    let filter = context.call.parameter("$filter").unwrap_or_default();
    let at_scope = filter.contains("atScope()");
    let chosen = context
        .world
        .locks
        .iter()
        .filter(|lock| covers(&lock.scope, scope) || (!at_scope && covers(scope, &lock.scope)));
    page(context, chosen, written)
}

fn read(context: &mut Context<'_>) -> Answer {
    let (scope, name) = (context.part("scope"), context.part("name"));
    permit(context, READ, scope)?;
    let found = context.world.locks.find(scope, name);
    let found = found.ok_or_else(|| {
        let message = format!("The lock '{name}' could not be found.");
        Refusal::new(404, "LockNotFound", message)
    })?;
    Ok(Reply::ok(written(found)))
}

fn put(context: &mut Context<'_>) -> Answer {
    permit(context, WRITE, context.part("scope"))?;
    let sent: LockBody = body(context.call)?;
    let lock = Lock {
        name: context.part("name").to_owned(),
        scope: context.part("scope").to_owned(),
        level: sent.properties.level,
        notes: sent.properties.notes,
    };
    let (caller, reply) = (context.caller()?, written(&lock));
    context
        .world
        .activity
        .record(WRITE, &lock.id(), &caller.client_id, context.now);
    let status = if context.world.locks.put(lock).is_some() {
        200
    } else {
        201
    };
    Ok(Reply::new(status, reply))
}

fn delete(context: &mut Context<'_>) -> Answer {
    let (scope, name) = (
        context.part("scope").to_owned(),
        context.part("name").to_owned(),
    );
    permit(context, DELETE, &scope)?;
    let Some(gone) = context.world.locks.remove(&scope, &name) else {
        return Ok(Reply::empty(204));
    };
    let caller = context.caller()?;
    context
        .world
        .activity
        .record(DELETE, &gone.id(), &caller.client_id, context.now);
    Ok(Reply::empty(200))
}

fn written(lock: &Lock) -> Value {
    let mut properties = json!({"level": lock.level.as_str()});
    if let (Some(notes), Some(properties)) = (&lock.notes, properties.as_object_mut()) {
        properties.insert("notes".to_owned(), json!(notes));
    }
    json!({
        "properties": properties,
        "id": lock.id(),
        "type": "Microsoft.Authorization/locks",
        "name": lock.name,
    })
}
