//! Tenants, subscriptions and what is registered in them.

use serde_json::{Value, json};

use super::page::page;
use super::{permit, scope};
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context};
use crate::wire::management::subscription;

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/tenants", "Tenants_List", tenants),
    Route::new("GET", "/subscriptions", "Subscriptions_List", list),
    Route::new(
        "GET",
        "/subscriptions/{subscription}",
        "Subscriptions_Get",
        read,
    ),
    Route::new(
        "GET",
        "/subscriptions/{subscription}/locations",
        "Subscriptions_ListLocations",
        locations,
    ),
    Route::new(
        "GET",
        "/subscriptions/{subscription}/providers",
        "Providers_List",
        providers,
    ),
    Route::new(
        "GET",
        "/subscriptions/{subscription}/providers/{namespace}",
        "Providers_Get",
        read_provider,
    ),
    Route::new(
        "POST",
        "/subscriptions/{subscription}/providers/{namespace}/register",
        "Providers_Register",
        read_provider,
    ),
];

const READ: &str = "Microsoft.Resources/subscriptions/read";

fn tenants(context: &mut Context<'_>) -> Answer {
    let tenant = &context.world.tenant;
    let entry = json!({"id": format!("/tenants/{tenant}"), "tenantId": tenant, "displayName": "keyrotation emulator"});
    Ok(Reply::ok(json!({"value": [entry]})))
}

fn list(context: &mut Context<'_>) -> Answer {
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

fn read(context: &mut Context<'_>) -> Answer {
    let id = context.part("subscription");
    permit(context, READ, &scope(context))?;
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

/// Regions, as they are called in ids and by people.
const LOCATIONS: &[(&str, &str)] = &[
    ("eastus", "East US"),
    ("northeurope", "North Europe"),
    ("southeastasia", "Southeast Asia"),
    ("uksouth", "UK South"),
    ("westeurope", "West Europe"),
    ("westus2", "West US 2"),
];

fn locations(context: &mut Context<'_>) -> Answer {
    read(context)?;
    let scope = scope(context);
    let written = LOCATIONS.iter().map(|(name, shown)| {
        json!({
            "id": format!("{scope}/locations/{name}"),
            "name": name,
            "type": "Region",
            "displayName": shown,
            "regionalDisplayName": shown,
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
        })
    });
    Ok(Reply::ok(json!({"value": written.collect::<Vec<_>>()})))
}

/// The providers that the emulator models; every subscription has them.
const PROVIDERS: &[&str] = &[
    "Microsoft.Authorization",
    "Microsoft.Insights",
    "Microsoft.KeyVault",
    "Microsoft.ResourceGraph",
    "Microsoft.Resources",
    "Microsoft.Storage",
];

fn providers(context: &mut Context<'_>) -> Answer {
    let all = PROVIDERS.iter();
    page(context, all, |name| provider(context, name))
}

fn read_provider(context: &mut Context<'_>) -> Answer {
    let name = context.part("namespace");
    let found = PROVIDERS
        .iter()
        .find(|known| known.eq_ignore_ascii_case(name));
    let found = found.ok_or_else(|| {
        let message = format!("The resource namespace '{name}' is invalid.");
        Refusal::new(404, "InvalidResourceNamespace", message)
    })?;
    Ok(Reply::ok(provider(context, found)))
}

fn provider(context: &Context<'_>, name: &str) -> Value {
    json!({
        "id": format!("{}/providers/{name}", scope(context)),
        "namespace": name,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": [],
    })
}
