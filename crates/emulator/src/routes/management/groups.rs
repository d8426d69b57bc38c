//! Resource groups.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::page::page;
use super::{check_group, permit, scope};
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context, body};
use crate::wire::management::resource_group;
use crate::world::group::Group;
use crate::world::role::covers;

macro_rules! group {
    ($rest:literal) => {
        concat!("/subscriptions/{subscription}/resourceGroups", $rest)
    };
}

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", group!(""), "ResourceGroups_List", list),
    Route::new("GET", group!("/{group}"), "ResourceGroups_Get", read),
    Route::new(
        "HEAD",
        group!("/{group}"),
        "ResourceGroups_CheckExistence",
        exists,
    ),
    Route::new(
        "PUT",
        group!("/{group}"),
        "ResourceGroups_CreateOrUpdate",
        put,
    ),
    Route::new(
        "DELETE",
        group!("/{group}"),
        "ResourceGroups_Delete",
        delete,
    ),
];

const READ: &str = "Microsoft.Resources/subscriptions/resourceGroups/read";
const WRITE: &str = "Microsoft.Resources/subscriptions/resourceGroups/write";
const DELETE: &str = "Microsoft.Resources/subscriptions/resourceGroups/delete";

#[derive(Deserialize)]
struct GroupBody {
    location: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

fn list(context: &mut Context<'_>) -> Answer {
    permit(context, READ, &scope(context))?;
    let subscription = scope(context);
    let groups = context.world.groups.values();
    let inside = groups.filter(|group| covers(&subscription, &group.id()));
    page(context, inside, resource_group)
}

fn read(context: &mut Context<'_>) -> Answer {
    permit(context, READ, &scope(context))?;
    Ok(Reply::ok(written(context)?))
}

fn exists(context: &mut Context<'_>) -> Answer {
    permit(context, READ, &scope(context))?;
    let found = check_group(context).is_ok();
    Ok(Reply::empty(if found { 204 } else { 404 }))
}

fn put(context: &mut Context<'_>) -> Answer {
    permit(context, WRITE, &scope(context))?;
    let sent: GroupBody = body(context.call)?;
    let existed = check_group(context).is_ok();
    let group = Group {
        subscription: context.part("subscription").to_owned(),
        name: context.part("group").to_owned(),
        location: sent.location,
        tags: sent.tags,
    };
    let (id, caller) = (group.id(), context.caller()?);
    context.world.put_group(group);
    context
        .world
        .activity
        .record(WRITE, &id, &caller.client_id, context.now);
    Ok(Reply::new(
        if existed { 200 } else { 201 },
        written(context)?,
    ))
}

fn delete(context: &mut Context<'_>) -> Answer {
    permit(context, DELETE, &scope(context))?;
    check_group(context)?;
    let caller = context.caller()?;
    let (subscription, name) = (
        context.part("subscription").to_owned(),
        context.part("group").to_owned(),
    );
    context
        .world
        .delete_group(&subscription, &name, &caller, context.now);
    // Azure goes on deleting after its answer; here all is done.
    Ok(Reply::empty(200))
}

fn written(context: &Context<'_>) -> Result<Value, Refusal> {
    check_group(context)?;
    let (subscription, name) = (context.part("subscription"), context.part("group"));
    let found = context.world.group(subscription, name);
    Ok(found.map(resource_group).unwrap_or_default())
}
