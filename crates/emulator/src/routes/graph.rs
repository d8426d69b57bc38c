//! Microsoft Graph: looking up a service principal, which is how clients find Key Vault's own one.

use serde_json::{Value, json};

use super::reply::Reply;
use super::table::Route;
use super::{Answer, Context};
use crate::refusal::Refusal;
use crate::world::World;

/// What Graph does here.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/v1.0/servicePrincipals",
        "ServicePrincipals_List",
        list,
    ),
    Route::new(
        "GET",
        "/v1.0/{selector}",
        "ServicePrincipals_Get",
        by_application,
    ),
    Route::new(
        "GET",
        "/v1.0/servicePrincipals/{id}",
        "ServicePrincipals_Get",
        by_id,
    ),
];

fn list(context: &mut Context<'_>) -> Answer {
    let principals = all(context.world);
    let found: Vec<Value> = match context.call.parameter("$filter") {
        None => principals,
        Some(filter) => {
            let wanted = equals(&filter, "appId").ok_or_else(|| {
                let message = "The emulator filters service principals by appId eq '...' only.";
                Refusal::new(400, "Request_UnsupportedQuery", message)
            })?;
            principals
                .into_iter()
                .filter(|principal| has(principal, "appId", &wanted))
                .collect()
        }
    };
    let metadata = format!(
        "https://{}/v1.0/$metadata#servicePrincipals",
        context.cloud.graph
    );
    Ok(Reply::ok(
        json!({"@odata.context": metadata, "value": found}),
    ))
}

fn by_application(context: &mut Context<'_>) -> Answer {
    let selector = context.part("selector");
    let inner = selector
        .strip_prefix("servicePrincipals(appId='")
        .and_then(|rest| rest.strip_suffix("')"));
    one(context, "appId", inner.unwrap_or_default())
}

fn by_id(context: &mut Context<'_>) -> Answer {
    one(context, "id", context.part("id"))
}

fn one(context: &Context<'_>, member: &str, wanted: &str) -> Answer {
    let found = all(context.world)
        .into_iter()
        .find(|principal| has(principal, member, wanted));
    found.map(Reply::ok).ok_or_else(|| {
        let message = format!(
            "Resource '{wanted}' does not exist or one of its queried reference-property objects are not present."
        );
        Refusal::new(404, "Request_ResourceNotFound", message)
    })
}

fn all(world: &World) -> Vec<Value> {
    let key_vault = &world.directory.key_vault;
    let own = principal(
        &key_vault.object_id,
        &key_vault.client_id,
        "Azure Key Vault",
    );
    let applications = world.directory.applications();
    let others =
        applications.map(|one| principal(&one.object_id, &one.client_id, &one.display_name));
    std::iter::once(own).chain(others).collect()
}

fn principal(object_id: &str, client_id: &str, name: &str) -> Value {
    json!({
        "id": object_id,
        "appId": client_id,
        "displayName": name,
        "accountEnabled": true,
        "servicePrincipalType": "Application",
        "servicePrincipalNames": [client_id],
    })
}

fn has(principal: &Value, member: &str, wanted: &str) -> bool {
    principal
        .get(member)
        .and_then(Value::as_str)
        .is_some_and(|value| value.eq_ignore_ascii_case(wanted))
}

/// Reads `member eq 'value'`.
fn equals(filter: &str, member: &str) -> Option<String> {
    let rest = filter
        .trim()
        .strip_prefix(member)?
        .trim_start()
        .strip_prefix("eq")?
        .trim();
    Some(rest.strip_prefix('\'')?.strip_suffix('\'')?.to_owned())
}
