//! Microsoft Graph: looking up who is in the directory, which is how clients find Key Vault's own service principal.

use serde::Deserialize;
use serde_json::{Value, json};

use super::reply::Reply;
use super::table::Route;
use super::{Answer, Context, body};
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
        "/v1.0/applications",
        "Applications_List",
        applications,
    ),
    Route::new("GET", "/v1.0/users", "Users_List", users),
    Route::new("GET", "/v1.0/groups", "Groups_List", groups),
    Route::new(
        "GET",
        "/v1.0/directoryObjects/{id}",
        "DirectoryObjects_Get",
        by_object_id,
    ),
    Route::new("GET", "/v1.0/users/{id}", "Users_Get", by_object_id),
    Route::new(
        "POST",
        "/v1.0/directoryObjects/getByIds",
        "DirectoryObjects_GetByIds",
        by_ids,
    ),
    // After those with a fixed name: it stands for any.
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

#[derive(Deserialize)]
struct IdsBody {
    ids: Vec<String>,
}

fn list(context: &mut Context<'_>) -> Answer {
    listed(
        context,
        "servicePrincipals",
        service_principals(context.world),
    )
}

fn applications(context: &mut Context<'_>) -> Answer {
    let applications = context.world.directory.applications();
    let written = applications.map(
        |one| json!({"id": one.object_id, "appId": one.client_id, "displayName": one.display_name}),
    );
    listed(context, "applications", written.collect())
}

fn users(context: &mut Context<'_>) -> Answer {
    listed(context, "users", people(context.world))
}

/// The emulator knows people without knowing who of them is a group.
fn groups(context: &mut Context<'_>) -> Answer {
    listed(context, "groups", Vec::new())
}

fn listed(context: &Context<'_>, kind: &str, all: Vec<Value>) -> Answer {
    let filter = context.call.parameter("$filter");
    let filter = filter.as_deref().map(condition).transpose()?;
    let chosen: Vec<Value> = match &filter {
        None => all,
        Some((member, wanted)) => all
            .into_iter()
            .filter(|one| has(one, member, wanted))
            .collect(),
    };
    let metadata = format!("https://{}/v1.0/$metadata#{kind}", context.cloud.graph);
    Ok(Reply::ok(
        json!({"@odata.context": metadata, "value": chosen}),
    ))
}

fn by_ids(context: &mut Context<'_>) -> Answer {
    let sent: IdsBody = body(context.call)?;
    let is_asked = |one: &Value| sent.ids.iter().any(|id| has(one, "id", id));
    let all = service_principals(context.world).into_iter();
    let found: Vec<Value> = all.chain(people(context.world)).filter(is_asked).collect();
    Ok(Reply::ok(json!({"value": found})))
}

fn by_object_id(context: &mut Context<'_>) -> Answer {
    let all = service_principals(context.world).into_iter();
    one(all.chain(people(context.world)), "id", context.part("id"))
}

fn by_application(context: &mut Context<'_>) -> Answer {
    let selector = context.part("selector");
    let inner = selector
        .strip_prefix("servicePrincipals(appId='")
        .and_then(|rest| rest.strip_suffix("')"));
    let all = service_principals(context.world).into_iter();
    one(all, "appId", inner.unwrap_or_default())
}

fn by_id(context: &mut Context<'_>) -> Answer {
    let all = service_principals(context.world).into_iter();
    one(all, "id", context.part("id"))
}

fn one(mut all: impl Iterator<Item = Value>, member: &str, wanted: &str) -> Answer {
    let found = all.find(|principal| has(principal, member, wanted));
    found.map(Reply::ok).ok_or_else(|| {
        let message = format!(
            "Resource '{wanted}' does not exist or one of its queried reference-property objects are not present."
        );
        Refusal::new(404, "Request_ResourceNotFound", message)
    })
}

fn service_principals(world: &World) -> Vec<Value> {
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

fn people(world: &World) -> Vec<Value> {
    let person = |object_id: &String| {
        json!({
            "@odata.type": "#microsoft.graph.user",
            "id": object_id,
            "displayName": "person",
            "userPrincipalName": format!("{object_id}@emulator.example"),
        })
    };
    world.directory.people().map(person).collect()
}

fn principal(object_id: &str, client_id: &str, name: &str) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "id": object_id,
        "appId": client_id,
        "displayName": name,
        "accountEnabled": true,
        "servicePrincipalType": "Application",
        "servicePrincipalNames": [client_id],
    })
}

fn has(principal: &Value, member: &str, wanted: &str) -> bool {
    principal.get(member).is_some_and(|value| match value {
        Value::String(text) => text.eq_ignore_ascii_case(wanted),
        Value::Array(texts) => texts.iter().any(|text| text.as_str() == Some(wanted)),
        _ => false,
    })
}

/// Reads `member eq 'value'`, also where the member is a list of names: `names/any(c:c eq 'value')`.
fn condition(filter: &str) -> Result<(String, String), Refusal> {
    let read = || {
        let (head, rest) = filter.trim().split_once(" eq ")?;
        let (_, value) = rest.trim().split_once('\'')?;
        let member = head.split("/any(").next()?.trim();
        let allowed = |letter: char| letter.is_ascii_alphanumeric();
        let one_condition = value.matches('\'').count() == 1 && member.chars().all(allowed);
        let value = value.split('\'').next()?.to_owned();
        one_condition.then(|| (member.to_owned(), value))
    };
    read().ok_or_else(|| {
        let message = "The emulator filters by one comparison, as in appId eq '...', only.";
        Refusal::new(400, "Request_UnsupportedQuery", message)
    })
}
