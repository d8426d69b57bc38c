//! The list of all resources of a subscription or group, of whatever type.

use serde_json::Value;

use super::page::page;
use super::{check_group, scope};
use crate::refusal::Refusal;
use crate::routes::table::Route;
use crate::routes::{Answer, Context};
use crate::wire::management::{KeyTimes, account, vault};
use crate::wire::resource::generic;
use crate::wire::site::site;
use crate::world::account::KIND as ACCOUNT;
use crate::world::role::covers;
use crate::world::vault::KIND as VAULT;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/subscriptions/{subscription}/resources",
        "Resources_List",
        list,
    ),
    Route::new(
        "GET",
        "/subscriptions/{subscription}/resourceGroups/{group}/resources",
        "Resources_ListByResourceGroup",
        list,
    ),
];

fn list(context: &mut Context<'_>) -> Answer {
    check_group(context)?;
    let filter = context.call.parameter("$filter").unwrap_or_default();
    let wanted = wanted(&filter)?;
    let is_wanted = |part: &str, value: &str| {
        let mut conditions = wanted
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(part));
        conditions.all(|(_, asked)| asked.eq_ignore_ascii_case(value))
    };
    let (scope, caller, world) = (scope(context), context.caller()?, &context.world);
    let accounts = world
        .accounts
        .values()
        .map(|one| (ACCOUNT, one.name.clone(), one.id()));
    let vaults = world
        .vaults
        .values()
        .map(|one| (VAULT, one.name.clone(), one.id()));
    let sites = world
        .sites
        .values()
        .map(|one| (one.kind(), one.whole_name(), one.id()));
    let chosen = accounts
        .chain(vaults)
        .chain(sites)
        .filter(|(kind, name, id)| {
            covers(&scope, id)
                && is_wanted("resourceType", kind)
                && is_wanted("name", name)
                && world
                    .roles
                    .allows(&caller.object_id, &format!("{kind}/read"), id)
        });
    page(context, chosen, |(kind, name, id)| {
        let body = match kind {
            ACCOUNT => world
                .account(&id)
                .map(|one| account(world.cloud, one, KeyTimes::Hidden)),
            VAULT => world.vault(&name).ok().map(|one| vault(world, one)),
            _ => world.site(&id).map(site),
        };
        body.as_ref().map_or(Value::Null, generic)
    })
}

/// Reads `part eq 'value'` conditions joined by `and`.
fn wanted(filter: &str) -> Result<Vec<(String, String)>, Refusal> {
    let parts = filter
        .split(" and ")
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once(" eq ").ok_or_else(|| unsupported(part))?;
            match name.trim() {
                name @ ("resourceType" | "name") => {
                    Ok((name.to_owned(), value.trim().trim_matches('\'').to_owned()))
                }
                _ => Err(unsupported(part)),
            }
        })
        .collect()
}

fn unsupported(part: &str) -> Refusal {
    let message = format!("The filter '{part}' is not supported.");
    Refusal::new(400, "InvalidFilterInQueryString", message)
}
