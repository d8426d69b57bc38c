//! Azure Resource Manager: the table of its operations and what all of them check first. The operations are in modules
//! by provider; pages in `management::page`.

use hyper::Method;
use serde_json::json;

use super::call::Call;
use super::reply::Reply;
use super::table::{Route, Tables};
use super::vault::SERVICE_VERSION;
use super::{Answer, Context};
use crate::cloud::Cloud;
use crate::refusal::Refusal;
use crate::world::World;

mod activity;
mod clusters;
mod deleted_vaults;
mod groups;
mod locks;
mod management_groups;
mod page;
mod permissions;
mod resource_graph;
mod resources;
mod role_definitions;
mod roles;
mod sites;
mod storage;
mod subscriptions;
mod vaults;

/// What Resource Manager does here.
pub(crate) const TABLES: Tables = &[
    ROUTES,
    subscriptions::ROUTES,
    groups::ROUTES,
    storage::ROUTES,
    vaults::ROUTES,
    deleted_vaults::ROUTES,
    sites::ROUTES,
    clusters::ROUTES,
    management_groups::ROUTES,
    activity::ROUTES,
    resources::ROUTES,
    resource_graph::ROUTES,
    locks::ROUTES,
    permissions::ROUTES,
    roles::ROUTES,
    role_definitions::ROUTES,
];

const ROUTES: &[Route] =
    &[Route::new("GET", "/metadata/endpoints", "MetadataEndpoints", endpoints).open()];

/// Checks what every operation needs: an api-version and a subscription that exists.
pub(crate) fn check(context: &Context<'_>) -> Result<(), Refusal> {
    let missing = || {
        let message =
            "The api-version query parameter (?api-version=) is required for all requests.";
        Refusal::new(400, "MissingApiVersionParameter", message)
    };
    let version = context.call.api_version().ok_or_else(missing)?;
    let is_date =
        version.len() >= 10 && version.starts_with("20") && version.matches('-').count() >= 2;
    // The endpoints document is asked for with a version of its own, such as 2022-09-01 or 1.0.
    if !is_date && context.caller.is_some() {
        let message = format!("The api-version '{version}' is invalid.");
        return Err(Refusal::new(400, "InvalidApiVersionParameter", message));
    }
    let mut scope = context.part("scope").split('/').skip(1);
    let in_scope = match scope.next() {
        Some(first) if first.eq_ignore_ascii_case("subscriptions") => scope.next(),
        _ => None,
    };
    let in_scope = in_scope.unwrap_or_default();
    let subscription = [context.part("subscription"), in_scope]
        .into_iter()
        .find(|id| !id.is_empty());
    match subscription {
        Some(id)
            if !context
                .world
                .subscriptions
                .contains_key(&id.to_ascii_lowercase()) =>
        {
            Err(Refusal::new(
                404,
                "SubscriptionNotFound",
                format!("The subscription '{id}' could not be found."),
            ))
        }
        _ => Ok(()),
    }
}

/// Answers a request without a token of this tenant for Resource Manager.
pub(crate) fn challenge(world: &World, cloud: &Cloud, call: &Call) -> Reply {
    let (login, tenant) = (cloud.login, &world.tenant);
    let (code, message) = match call.bearer() {
        None => (
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        ),
        Some(_) => ("InvalidAuthenticationToken", "The access token is invalid."),
    };
    let challenge = format!(
        "Bearer authorization_uri=\"https://{login}/{tenant}\", error=\"invalid_token\", error_description=\"{message}\""
    );
    Reply::error(&Refusal::new(401, code, message)).with_header("www-authenticate", challenge)
}

/// Adds the headers that every answer has. While limits are not in force, what remains never shrinks.
pub(crate) fn with_headers(call: &Call, reply: Reply) -> Reply {
    let segments = call.segments();
    let reply = reply.with_header("x-ms-correlation-request-id", call.id.as_str());
    let has = |place: usize, name: &str| {
        let found = segments.get(place);
        found.is_some_and(|segment| segment.eq_ignore_ascii_case(name))
    };
    let reply = if segments
        .iter()
        .any(|segment| segment.eq_ignore_ascii_case("Microsoft.KeyVault"))
    {
        reply.with_header(SERVICE_VERSION.0, SERVICE_VERSION.1)
    } else {
        reply
    };
    if has(1, "Microsoft.ResourceGraph") {
        // It counts by itself and says so.
        return reply;
    }
    let in_subscription = has(0, "subscriptions") && segments.len() > 1;
    remaining(&call.method, in_subscription)
        .iter()
        .fold(reply, |reply, (name, left)| reply.with_header(name, *left))
}

/// Gives what is left of each bucket that a request takes from.
fn remaining(method: &Method, in_subscription: bool) -> &'static [(&'static str, &'static str)] {
    match (method, in_subscription) {
        (&Method::GET | &Method::HEAD, true) => &[
            ("x-ms-ratelimit-remaining-subscription-reads", "249"),
            ("x-ms-ratelimit-remaining-subscription-global-reads", "3749"),
        ],
        (&Method::GET | &Method::HEAD, false) => {
            &[("x-ms-ratelimit-remaining-tenant-reads", "249")]
        }
        (&Method::DELETE, true) => &[
            ("x-ms-ratelimit-remaining-subscription-deletes", "199"),
            (
                "x-ms-ratelimit-remaining-subscription-global-deletes",
                "2999",
            ),
        ],
        (&Method::DELETE, false) => &[("x-ms-ratelimit-remaining-tenant-deletes", "199")],
        (_, true) => &[
            ("x-ms-ratelimit-remaining-subscription-writes", "199"),
            (
                "x-ms-ratelimit-remaining-subscription-global-writes",
                "2999",
            ),
        ],
        (_, false) => &[("x-ms-ratelimit-remaining-tenant-writes", "199")],
    }
}

/// Refuses a resource group that does not exist; a request without a group passes.
fn check_group(context: &Context<'_>) -> Result<(), Refusal> {
    let (subscription, group) = (context.part("subscription"), context.part("group"));
    if group.is_empty() || context.world.has_group(subscription, group) {
        return Ok(());
    }
    let message = format!("Resource group '{group}' could not be found.");
    Err(Refusal::new(404, "ResourceGroupNotFound", message))
}

/// Refuses a caller who may not perform `action` at `scope`, and an action that a lock forbids.
fn permit(context: &Context<'_>, action: &str, scope: &str) -> Result<(), Refusal> {
    context.world.permit(&context.caller()?, action, scope)
}

/// Refuses a resource of which nothing is known, in the recorded words.
fn missing(kind: &str, name: &str, group: &str) -> Refusal {
    let message =
        format!("The Resource '{kind}/{name}' under resource group '{group}' was not found.");
    Refusal::new(404, "ResourceNotFound", message)
}

/// Gives the id of the subscription or resource group that a request is about.
fn scope(context: &Context<'_>) -> String {
    let (subscription, group) = (context.part("subscription"), context.part("group"));
    let group = if group.is_empty() {
        String::new()
    } else {
        format!("/resourceGroups/{group}")
    };
    format!("/subscriptions/{subscription}{group}")
}

fn endpoints(context: &mut Context<'_>) -> Answer {
    let cloud = context.cloud;
    let (login, management) = (cloud.login, cloud.management);
    Ok(Reply::ok(json!({
        "name": cloud.name,
        "resourceManager": format!("https://{management}/"),
        "graphEndpoint": format!("https://{}/", cloud.graph),
        "microsoftGraphResourceId": format!("https://{}/", cloud.graph),
        "authentication": {
            "loginEndpoint": format!("https://{login}/"),
            "audiences": [format!("https://{}/", cloud.management_audience), format!("https://{management}/")],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {"keyVaultDns": cloud.vault_suffix, "storage": cloud.storage_suffix},
    })))
}
