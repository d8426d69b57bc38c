//! Entra ID: tokens for applications by secret or assertion, and the documents that clients read before they ask.

mod assertion;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::reply::Reply;
use super::table::Route;
use super::{Answer, Context};
use crate::cloud::Cloud;
use crate::token;
use crate::world::cluster::AUDIENCE as CLUSTERS;
use crate::world::directory::Application;

/// What Entra does here.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/common/discovery/instance",
        "InstanceDiscovery",
        discover_instance,
    ),
    Route::new(
        "GET",
        "/{tenant}/v2.0/.well-known/openid-configuration",
        "OpenIdConfiguration",
        describe,
    ),
    Route::new(
        "GET",
        "/{tenant}/.well-known/openid-configuration",
        "OpenIdConfiguration",
        describe,
    ),
    Route::new(
        "GET",
        "/{tenant}/discovery/v2.0/keys",
        "SigningKeys",
        signing_keys,
    ),
    Route::new("POST", "/{tenant}/oauth2/v2.0/token", "Token", issue),
    Route::new("POST", "/{tenant}/oauth2/token", "Token", issue),
];

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why a token is refused: the OAuth error, Entra's number and its text.
struct Denial {
    status: u16,
    error: &'static str,
    number: u32,
    text: String,
}

impl Denial {
    fn new(status: u16, error: &'static str, number: u32, text: impl Into<String>) -> Self {
        Self {
            status,
            error,
            number,
            text: text.into(),
        }
    }
}

fn discover_instance(context: &mut Context<'_>) -> Answer {
    let (login, tenant) = (context.cloud.login, &context.world.tenant);
    Ok(Reply::ok(json!({
        "tenant_discovery_endpoint": format!("https://{login}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{"preferred_network": login, "preferred_cache": login, "aliases": [login]}],
    })))
}

fn describe(context: &mut Context<'_>) -> Answer {
    if let Err(denial) = check_tenant(context) {
        return Ok(denied(context, &denial));
    }
    let (login, tenant) = (context.cloud.login, &context.world.tenant);
    let base = format!("https://{login}/{tenant}");
    Ok(Reply::ok(json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["pairwise"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_types_supported": ["code", "id_token", "token"],
        "issuer": format!("https://{login}/{tenant}/v2.0"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "tenant_region_scope": "EU",
        "cloud_instance_name": login,
        "msgraph_host": context.cloud.graph,
    })))
}

/// Tokens are signed with a secret, so there is no key to publish; clients only look whether there is a document.
fn signing_keys(_context: &mut Context<'_>) -> Answer {
    Ok(Reply::ok(json!({"keys": []})))
}

fn issue(context: &mut Context<'_>) -> Answer {
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&context.call.body)
        .into_owned()
        .collect();
    Ok(token_for(context, &form).unwrap_or_else(|denial| denied(context, &denial)))
}

fn token_for(context: &Context<'_>, form: &BTreeMap<String, String>) -> Result<Reply, Denial> {
    check_tenant(context)?;
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("grant_type") != "client_credentials" {
        let text = "The emulator signs in by grant_type client_credentials only.";
        return Err(Denial::new(400, "unsupported_grant_type", 70003, text));
    }
    let client_id = field("client_id");
    let unknown = || {
        let tenant = &context.world.tenant;
        let text = format!(
            "Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can happen if the \
             application has not been installed by the administrator of the tenant."
        );
        Denial::new(400, "unauthorized_client", 700_016, text)
    };
    let application = context
        .world
        .directory
        .application(client_id)
        .ok_or_else(unknown)?;
    authenticate(context, application, form)?;
    let asked = if field("scope").is_empty() {
        field("resource")
    } else {
        field("scope")
    };
    let audience = audience(context.cloud, asked)?;
    let world = &context.world;
    let (access, end) = token::issue(
        &world.mint,
        &world.tenant,
        &application.caller(),
        &audience,
        context.real_now,
    );
    let mut body = json!({
        "token_type": "Bearer",
        "expires_in": token::LIFETIME - 1,
        "ext_expires_in": token::LIFETIME - 1,
        "access_token": access,
    });
    if field("scope").is_empty() {
        as_version_one(&mut body, asked, end);
    }
    Ok(Reply::ok(body).with_header("pragma", "no-cache"))
}

/// The first version of the endpoint writes numbers as texts and repeats the resource.
fn as_version_one(body: &mut Value, resource: &str, end: i64) {
    if let Some(body) = body.as_object_mut() {
        let seconds = (token::LIFETIME - 1).to_string();
        body.insert("expires_in".to_owned(), json!(seconds));
        body.insert("ext_expires_in".to_owned(), json!(seconds));
        body.insert("expires_on".to_owned(), json!(end.to_string()));
        body.insert(
            "not_before".to_owned(),
            json!((end - token::LIFETIME).to_string()),
        );
        body.insert("resource".to_owned(), json!(resource));
    }
}

fn check_tenant(context: &Context<'_>) -> Result<(), Denial> {
    let tenant = context.part("tenant");
    if tenant.eq_ignore_ascii_case(&context.world.tenant) {
        return Ok(());
    }
    let text = format!(
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct \
         cloud."
    );
    Err(Denial::new(400, "invalid_request", 90002, text))
}

fn authenticate(
    context: &Context<'_>,
    application: &Application,
    form: &BTreeMap<String, String>,
) -> Result<(), Denial> {
    if let Some(secret) = form.get("client_secret") {
        if secret == application.expose_secret() {
            return Ok(());
        }
        let text = format!(
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not \
             the client secret ID, for a secret added to app '{}'.",
            application.client_id
        );
        return Err(Denial::new(401, "invalid_client", 7_000_215, text));
    }
    let assertion = form.get("client_assertion");
    let of_right_type = form
        .get("client_assertion_type")
        .is_some_and(|kind| kind == ASSERTION_TYPE);
    let Some(assertion) = assertion.filter(|_| of_right_type) else {
        let text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
        return Err(Denial::new(401, "invalid_client", 7_000_218, text));
    };
    assertion::check(context, application, assertion)
}

/// Reads the resource that a token is asked for: `https://vault.azure.net/.default`, also with two slashes, or the bare
/// resource of the first version.
pub(crate) fn audience_of(cloud: &Cloud, asked: &str) -> Option<String> {
    let resource = asked.strip_suffix("/.default").unwrap_or(asked);
    if resource == CLUSTERS {
        return Some(resource.to_owned());
    }
    let host = resource.strip_prefix("https://")?.trim_end_matches('/');
    let known = [
        cloud.management,
        cloud.management_audience,
        cloud.graph,
        cloud.vault_suffix,
    ];
    known.contains(&host).then(|| resource.to_owned())
}

fn audience(cloud: &Cloud, asked: &str) -> Result<String, Denial> {
    audience_of(cloud, asked).ok_or_else(|| {
        let text = format!("The resource principal named {asked} was not found in the tenant.");
        Denial::new(400, "invalid_resource", 500_011, text)
    })
}

fn denied(context: &Context<'_>, denial: &Denial) -> Reply {
    let Denial {
        status,
        error,
        number,
        text,
    } = denial;
    let (id, now) = (
        &context.call.id,
        context.real_now.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
    );
    Reply::new(
        *status,
        json!({
            "error": error,
            "error_description": format!("AADSTS{number}: {text} Trace ID: {id} Correlation ID: {id} Timestamp: {now}"),
            "error_codes": [number],
            "timestamp": now,
            "trace_id": id,
            "correlation_id": id,
        }),
    )
}
