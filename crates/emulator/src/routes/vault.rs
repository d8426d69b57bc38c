//! Key Vault's data plane: who may pass, and the table of its operations. The operations are in `vault::storage`,
//! `vault::sas` and `vault::secrets`; pages in `vault::page`.

use serde_json::json;

use super::Context;
use super::call::Call;
use super::reply::Reply;
use super::table::{Route, Tables};
use crate::cloud::Cloud;
use crate::refusal::Refusal;
use crate::world::World;

mod legacy;
mod page;
mod sas;
mod secrets;
mod storage;
mod version;

/// What a vault does here.
pub(crate) const TABLES: Tables = &[storage::ROUTES, sas::ROUTES, secrets::ROUTES];

/// What Key Vault says of itself, also where Resource Manager passes its answers on.
pub(crate) const SERVICE_VERSION: (&str, &str) = ("x-ms-keyvault-service-version", "1.9.2800.1");

/// Checks what every operation of a vault needs: the vault, a version, names, the caller's permission.
pub(crate) fn check(context: &mut Context<'_>, route: &Route) -> Result<(), Refusal> {
    let (name, now) = (context.vault, context.now);
    context.world.vault_mut(name)?.purge_expired(now);
    version::check(context.call, route)?;
    if let Some(permission) = route.permission {
        let vault = context.world.vault(name)?;
        let caller = context.caller()?;
        let (objects, policy) = (permission.objects, permission.policy);
        let allowed = context.world.authorize_in_vault(
            &caller,
            vault,
            objects,
            policy,
            permission.data_action,
        );
        // Azure's documents name `update` for a PATCH, while recorded callers had `set` alone.
        let or_set = |refusal: Refusal| match policy {
            "update" => context.world.authorize_in_vault(
                &caller,
                vault,
                objects,
                "set",
                permission.data_action,
            ),
            _ => Err(refusal),
        };
        allowed.or_else(or_set)?;
    }
    let is_name = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_name(context.part("account"))
        && is_name(context.part("sas"))
        && context.part("sas").len() <= 102
    {
        return Ok(());
    }
    Err(Refusal::bad_parameter(
        "The request URI contains an invalid name; a name has letters and digits only",
    ))
}

/// Answers a request without a token of this tenant for this vault. The body was not looked at.
pub(crate) fn challenge(world: &World, cloud: &Cloud, call: &Call) -> Reply {
    let (login, tenant, suffix) = (cloud.login, &world.tenant, cloud.vault_suffix);
    let challenge =
        format!("Bearer authorization=\"https://{login}/{tenant}\", resource=\"https://{suffix}\"");
    let message = match call.bearer() {
        None => "AKV10000: Request is missing a Bearer or PoP token.",
        Some(_) => "AKV10032: Invalid issuer, audience, signature or lifetime of the Bearer token.",
    };
    Reply::new(
        401,
        json!({"error": {"code": "Unauthorized", "message": message}}),
    )
    .with_header("www-authenticate", challenge)
}

/// Adds the headers that every answer of a vault has.
pub(crate) fn with_headers(world: &World, name: &str, reply: Reply) -> Reply {
    let region = world
        .vault(name)
        .map_or("unknown", |vault| vault.location.as_str());
    reply
        .with_header("x-ms-keyvault-region", region)
        .with_header(SERVICE_VERSION.0, SERVICE_VERSION.1)
        .with_header(
            "x-ms-keyvault-network-info",
            "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;",
        )
}
