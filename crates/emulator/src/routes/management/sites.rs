//! Web and function apps: their settings and connection strings, which are read by a POST since they hold secrets, and
//! written as a whole.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::page::page;
use super::{check_group, missing, permit, scope};
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context, body};
use crate::wire::site::{config, site as site_body};
use crate::world::site::{Connection, KIND, Site};

macro_rules! site {
    ($rest:literal) => {
        concat!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites",
            $rest
        )
    };
}

/// Leads to a deployment slot of an app.
macro_rules! slot {
    ($rest:literal) => {
        concat!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites",
            "/{site}/slots/{slot}",
            $rest
        )
    };
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.Web/sites",
        "WebApps_List",
        list,
    ),
    Route::new("GET", site!(""), "WebApps_ListByResourceGroup", list),
    Route::new("GET", site!("/{site}"), "WebApps_Get", read),
    Route::new("PUT", site!("/{site}"), "WebApps_CreateOrUpdate", put),
    Route::new("DELETE", site!("/{site}"), "WebApps_Delete", delete),
    Route::new(
        "GET",
        site!("/{site}/slots"),
        "WebApps_ListSlots",
        list_slots,
    ),
    Route::new("GET", slot!(""), "WebApps_GetSlot", read),
    Route::new("PUT", slot!(""), "WebApps_CreateOrUpdateSlot", put),
    Route::new("DELETE", slot!(""), "WebApps_DeleteSlot", delete),
    Route::new(
        "POST",
        site!("/{site}/config/appsettings/list"),
        "WebApps_ListApplicationSettings",
        read_settings,
    ),
    Route::new(
        "PUT",
        site!("/{site}/config/appsettings"),
        "WebApps_UpdateApplicationSettings",
        write_settings,
    ),
    Route::new(
        "POST",
        site!("/{site}/config/connectionstrings/list"),
        "WebApps_ListConnectionStrings",
        read_connections,
    ),
    Route::new(
        "PUT",
        site!("/{site}/config/connectionstrings"),
        "WebApps_UpdateConnectionStrings",
        write_connections,
    ),
    Route::new(
        "POST",
        slot!("/config/appsettings/list"),
        "WebApps_ListApplicationSettingsSlot",
        read_settings,
    ),
    Route::new(
        "PUT",
        slot!("/config/appsettings"),
        "WebApps_UpdateApplicationSettingsSlot",
        write_settings,
    ),
    Route::new(
        "POST",
        slot!("/config/connectionstrings/list"),
        "WebApps_ListConnectionStringsSlot",
        read_connections,
    ),
    Route::new(
        "PUT",
        slot!("/config/connectionstrings"),
        "WebApps_UpdateConnectionStringsSlot",
        write_connections,
    ),
];

const READ: &str = "Microsoft.Web/sites/read";
const WRITE: &str = "Microsoft.Web/sites/write";
const DELETE: &str = "Microsoft.Web/sites/delete";
const LIST_CONFIG: &str = "Microsoft.Web/sites/config/list/action";
const WRITE_CONFIG: &str = "Microsoft.Web/sites/config/write";

#[derive(Deserialize)]
struct SiteBody {
    location: String,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct ConfigBody<T> {
    properties: BTreeMap<String, T>,
}

fn list(context: &mut Context<'_>) -> Answer {
    check_group(context)?;
    let prefix = format!("{}/", scope(context).to_ascii_lowercase());
    let (caller, world) = (context.caller()?, &context.world);
    let apps = world.sites.iter().filter(|(_, site)| site.slot.is_none());
    let inside = apps.filter(|(id, _)| id.starts_with(&prefix));
    let seen = inside.filter(|(id, _)| world.roles.allows(&caller.object_id, READ, id));
    page(context, seen, |(_, entry)| site_body(entry))
}

fn read(context: &mut Context<'_>) -> Answer {
    Ok(Reply::ok(site_body(find(context, READ)?)))
}

fn put(context: &mut Context<'_>) -> Answer {
    let id = resource_id(context);
    permit_site(context, WRITE, &id)?;
    check_group(context)?;
    if slot(context).is_some() {
        app_of_slot(context)?;
    }
    let sent: SiteBody = body(context.call)?;
    let (settings, connections) = match context.world.site(&id) {
        Some(present) => (present.settings.clone(), present.connections.clone()),
        None => Default::default(),
    };
    let (caller, now) = (context.caller()?, context.now);
    let site = Site {
        subscription: context.part("subscription").to_owned(),
        resource_group: context.part("group").to_owned(),
        name: context.part("site").to_owned(),
        slot: slot(context).map(str::to_owned),
        location: sent.location,
        kind: sent.kind.unwrap_or_else(|| "app".to_owned()),
        settings,
        connections,
    };
    context.world.add_site(site);
    context.world.change_site(&id, |_| {}, WRITE, &caller, now);
    read(context)
}

fn delete(context: &mut Context<'_>) -> Answer {
    let id = resource_id(context);
    permit_site(context, DELETE, &id)?;
    let (caller, now) = (context.caller()?, context.now);
    let existed = context.world.delete_site(&id, &caller, now);
    Ok(Reply::empty(if existed { 200 } else { 204 }))
}

fn list_slots(context: &mut Context<'_>) -> Answer {
    let app = find(context, READ)?.id().to_ascii_lowercase();
    let (below, world) = (format!("{app}/slots/"), &context.world);
    let slots = world.sites.iter().filter(|(id, _)| id.starts_with(&below));
    page(context, slots, |(_, entry)| site_body(entry))
}

fn read_settings(context: &mut Context<'_>) -> Answer {
    Ok(settings(find(context, LIST_CONFIG)?))
}

fn write_settings(context: &mut Context<'_>) -> Answer {
    let id = find(context, WRITE_CONFIG)?.id();
    let sent: ConfigBody<String> = body(context.call)?;
    let (caller, now) = (context.caller()?, context.now);
    let change = |site: &mut Site| site.settings = sent.properties;
    context
        .world
        .change_site(&id, change, WRITE_CONFIG, &caller, now);
    Ok(settings(find(context, WRITE_CONFIG)?))
}

fn read_connections(context: &mut Context<'_>) -> Answer {
    Ok(connections(find(context, LIST_CONFIG)?))
}

fn write_connections(context: &mut Context<'_>) -> Answer {
    let id = find(context, WRITE_CONFIG)?.id();
    let sent: ConfigBody<Connection> = body(context.call)?;
    let (caller, now) = (context.caller()?, context.now);
    let change = |site: &mut Site| site.connections = sent.properties;
    context
        .world
        .change_site(&id, change, WRITE_CONFIG, &caller, now);
    Ok(connections(find(context, WRITE_CONFIG)?))
}

fn settings(site: &Site) -> Reply {
    Reply::ok(config(site, "appsettings", &json!(site.settings)))
}

fn connections(site: &Site) -> Reply {
    Reply::ok(config(site, "connectionstrings", &json!(site.connections)))
}

fn find<'a>(context: &'a Context<'_>, action: &str) -> Result<&'a Site, Refusal> {
    let id = resource_id(context);
    permit_site(context, action, &id)?;
    check_group(context)?;
    let found = context.world.site(&id);
    found.ok_or_else(|| missing(KIND, context.part("site"), context.part("group")))
}

/// For a slot the action has a name of its own.
fn permit_site(context: &Context<'_>, action: &str, id: &str) -> Result<(), Refusal> {
    match slot(context) {
        Some(_) => permit(context, &action.replace("/sites/", "/sites/slots/"), id),
        None => permit(context, action, id),
    }
}

/// A slot cannot be before its app is.
fn app_of_slot(context: &Context<'_>) -> Result<(), Refusal> {
    let app = context.world.site(&app_id(context));
    app.map(drop)
        .ok_or_else(|| missing(KIND, context.part("site"), context.part("group")))
}

fn resource_id(context: &Context<'_>) -> String {
    let app = app_id(context);
    match slot(context) {
        Some(slot) => format!("{app}/slots/{slot}"),
        None => app,
    }
}

fn app_id(context: &Context<'_>) -> String {
    format!(
        "{}/providers/{KIND}/{}",
        scope(context),
        context.part("site")
    )
}

fn slot<'a>(context: &'a Context<'_>) -> Option<&'a str> {
    Some(context.part("slot")).filter(|slot| !slot.is_empty())
}
