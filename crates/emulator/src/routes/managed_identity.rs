//! Tokens of the managed identity, as a virtual machine and as an App Service asks for them.

use serde_json::json;

use super::entra::audience_of;
use super::reply::Reply;
use super::table::Route;
use super::{Answer, Context};
use crate::refusal::Refusal;
use crate::token;
use crate::world::directory::Application;

/// The value of `X-IDENTITY-HEADER` that the App Service form demands. It proves nothing but the shape of the request.
pub(crate) const IDENTITY_HEADER: &str = "keyrotation-emulator";

/// What the identity endpoints do here.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/metadata/identity/oauth2/token",
        "ManagedIdentityToken",
        for_machine,
    ),
    Route::new("GET", "/msi/token", "ManagedIdentityToken", for_app_service),
];

fn for_machine(context: &mut Context<'_>) -> Answer {
    if context
        .call
        .header("metadata")
        .is_none_or(|value| !value.eq_ignore_ascii_case("true"))
    {
        return Err(Refusal::new(
            400,
            "invalid_request",
            "Required metadata header not specified",
        ));
    }
    issue(context)
}

fn for_app_service(context: &mut Context<'_>) -> Answer {
    if context.call.header("x-identity-header") != Some(IDENTITY_HEADER) {
        return Err(Refusal::new(
            401,
            "Unauthorized",
            "The header X-IDENTITY-HEADER is missing or wrong.",
        ));
    }
    issue(context)
}

fn issue(context: &Context<'_>) -> Answer {
    let resource = context.call.parameter("resource").unwrap_or_default();
    let audience = audience_of(context.world.cloud, &resource).ok_or_else(|| {
        Refusal::new(
            400,
            "invalid_resource",
            format!("The resource {resource} is not known."),
        )
    })?;
    let application = identity(context)?;
    let world = &context.world;
    let (access, end) = token::issue(
        &world.mint,
        &world.tenant,
        &application.caller(),
        &audience,
        context.real_now,
    );
    Ok(Reply::ok(json!({
        "access_token": access,
        "client_id": application.client_id,
        "expires_in": token::LIFETIME.to_string(),
        "expires_on": end.to_string(),
        "not_before": (end - token::LIFETIME).to_string(),
        "resource": resource,
        "token_type": "Bearer",
    })))
}

/// Gives the identity that was named, or the one of the machine.
fn identity<'a>(context: &'a Context<'_>) -> Result<&'a Application, Refusal> {
    let directory = &context.world.directory;
    let own = directory.managed_identity.clone();
    let client_id = context
        .call
        .parameter("client_id")
        .or(own)
        .unwrap_or_default();
    let of_machine = directory.managed_identity.as_deref() == Some(client_id.as_str());
    let found = directory.application(&client_id).filter(|_| of_machine);
    found.ok_or_else(|| Refusal::new(400, "invalid_request", "Identity not found"))
}
