//! Key Vault's data plane: who may pass, and the table of its operations. The operations are in `vault::storage`,
//! `vault::sas` and `vault::secrets`; pages in `vault::page`.

use serde_json::json;

use super::Context;
use super::call::Call;
use super::reply::Reply;
use super::table::Route;
use crate::cloud::Cloud;
use crate::refusal::Refusal;
use crate::world::World;
use crate::world::vault::Objects::{Secrets, Storage};

mod page;
mod sas;
mod secrets;
mod storage;

/// What a vault does here. Backup and restore are not modelled.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/storage", "GetStorageAccounts", storage::list).needs(
        Storage,
        "list",
        STORAGE_READ,
    ),
    Route::new(
        "GET",
        "/storage/{account}",
        "GetStorageAccount",
        storage::read,
    )
    .needs(Storage, "get", STORAGE_READ),
    Route::new(
        "PUT",
        "/storage/{account}",
        "SetStorageAccount",
        storage::set,
    )
    .needs(Storage, "set", STORAGE_SET),
    Route::new(
        "PATCH",
        "/storage/{account}",
        "UpdateStorageAccount",
        storage::update,
    )
    .needs(Storage, "update", STORAGE_SET),
    Route::new(
        "DELETE",
        "/storage/{account}",
        "DeleteStorageAccount",
        storage::delete,
    )
    .needs(Storage, "delete", "storageaccounts/delete"),
    Route::new(
        "POST",
        "/storage/{account}/regeneratekey",
        "RegenerateStorageAccountKey",
        storage::regenerate,
    )
    .needs(
        Storage,
        "regeneratekey",
        "storageaccounts/regeneratekey/action",
    ),
    Route::new(
        "GET",
        "/deletedstorage",
        "GetDeletedStorageAccounts",
        storage::list_deleted,
    )
    .needs(Storage, "list", STORAGE_READ),
    Route::new(
        "GET",
        "/deletedstorage/{account}",
        "GetDeletedStorageAccount",
        storage::read_deleted,
    )
    .needs(Storage, "get", STORAGE_READ),
    Route::new(
        "DELETE",
        "/deletedstorage/{account}",
        "PurgeDeletedStorageAccount",
        storage::purge,
    )
    .needs(Storage, "purge", "storageaccounts/purge/action"),
    Route::new(
        "POST",
        "/deletedstorage/{account}/recover",
        "RecoverDeletedStorageAccount",
        storage::recover,
    )
    .needs(Storage, "recover", STORAGE_RECOVER),
    Route::new(
        "GET",
        "/storage/{account}/sas",
        "GetSasDefinitions",
        sas::list,
    )
    .needs(Storage, "listsas", SAS_READ),
    Route::new(
        "GET",
        "/storage/{account}/sas/{sas}",
        "GetSasDefinition",
        sas::read,
    )
    .needs(Storage, "getsas", SAS_READ),
    Route::new(
        "PUT",
        "/storage/{account}/sas/{sas}",
        "SetSasDefinition",
        sas::set,
    )
    .needs(Storage, "setsas", SAS_SET),
    Route::new(
        "PATCH",
        "/storage/{account}/sas/{sas}",
        "UpdateSasDefinition",
        sas::update,
    )
    .needs(Storage, "setsas", SAS_SET),
    Route::new(
        "DELETE",
        "/storage/{account}/sas/{sas}",
        "DeleteSasDefinition",
        sas::delete,
    )
    .needs(Storage, "deletesas", "storageaccounts/sas/delete"),
    Route::new(
        "GET",
        "/deletedstorage/{account}/sas",
        "GetDeletedSasDefinitions",
        sas::list_deleted,
    )
    .needs(Storage, "listsas", SAS_READ),
    Route::new(
        "GET",
        "/deletedstorage/{account}/sas/{sas}",
        "GetDeletedSasDefinition",
        sas::read_deleted,
    )
    .needs(Storage, "getsas", SAS_READ),
    Route::new(
        "POST",
        "/deletedstorage/{account}/sas/{sas}/recover",
        "RecoverDeletedSasDefinition",
        sas::recover,
    )
    .needs(Storage, "recover", STORAGE_RECOVER),
    Route::new("GET", "/secrets", "GetSecrets", secrets::list).needs(
        Secrets,
        "list",
        SECRET_METADATA,
    ),
    Route::new("GET", "/secrets/{secret}", "GetSecret", secrets::read).needs(
        Secrets,
        "get",
        SECRET_READ,
    ),
    Route::new("PUT", "/secrets/{secret}", "SetSecret", secrets::set).needs(
        Secrets,
        "set",
        "secrets/setSecret/action",
    ),
    Route::new(
        "DELETE",
        "/secrets/{secret}",
        "DeleteSecret",
        secrets::delete,
    )
    .needs(Secrets, "delete", "secrets/delete"),
    // Before the next one: its last part would also match any version.
    Route::new(
        "GET",
        "/secrets/{secret}/versions",
        "GetSecretVersions",
        secrets::versions,
    )
    .needs(Secrets, "list", SECRET_METADATA),
    Route::new(
        "GET",
        "/secrets/{secret}/{version}",
        "GetSecret",
        secrets::read,
    )
    .needs(Secrets, "get", SECRET_READ),
    Route::new(
        "GET",
        "/deletedsecrets",
        "GetDeletedSecrets",
        secrets::list_deleted,
    )
    .needs(Secrets, "list", SECRET_METADATA),
    Route::new(
        "GET",
        "/deletedsecrets/{secret}",
        "GetDeletedSecret",
        secrets::read_deleted,
    )
    .needs(Secrets, "get", SECRET_METADATA),
    Route::new(
        "DELETE",
        "/deletedsecrets/{secret}",
        "PurgeDeletedSecret",
        secrets::purge,
    )
    .needs(Secrets, "purge", "secrets/purge/action"),
    Route::new(
        "POST",
        "/deletedsecrets/{secret}/recover",
        "RecoverDeletedSecret",
        secrets::recover,
    )
    .needs(Secrets, "recover", "secrets/recover/action"),
];

const STORAGE_READ: &str = "storageaccounts/read";
const STORAGE_SET: &str = "storageaccounts/set/action";
const STORAGE_RECOVER: &str = "storageaccounts/recover/action";
const SAS_READ: &str = "storageaccounts/sas/read";
const SAS_SET: &str = "storageaccounts/sas/set/action";
const SECRET_READ: &str = "secrets/getSecret/action";
const SECRET_METADATA: &str = "secrets/readMetadata/action";

/// Checks what every operation of a vault needs: the vault, a version, names, the caller's permission.
pub(crate) fn check(context: &mut Context<'_>, route: &Route) -> Result<(), Refusal> {
    let (name, now) = (context.vault, context.now);
    context.world.vault_mut(name)?.purge_expired(now);
    check_version(context.call)?;
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
        .with_header("x-ms-keyvault-service-version", "1.9.2800.1")
        .with_header(
            "x-ms-keyvault-network-info",
            "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;",
        )
}

/// Says whether an api-version is 7.1 or later: those tell for how many days a deleted object can be recovered.
fn tells_recoverable_days(call: &Call) -> bool {
    call.api_version()
        .is_some_and(|version| !matches!(version.as_str(), "7.0" | "2016-10-01"))
}

fn check_version(call: &Call) -> Result<(), Refusal> {
    let version = call
        .api_version()
        .ok_or_else(|| Refusal::bad_parameter("api-version must be specified"))?;
    let of_seven = version
        .strip_prefix("7.")
        .and_then(|minor| minor.split('-').next());
    let is_minor = of_seven.is_some_and(|minor| matches!(minor.parse::<u8>(), Ok(0..=6)));
    let is_date =
        version.len() >= 10 && version.starts_with("20") && version.as_str() >= "2016-10-01";
    if is_minor || is_date {
        return Ok(());
    }
    Err(Refusal::bad_parameter(format!(
        "The specified version ({version}) is not recognized. Consider using the latest supported version (7.6)."
    )))
}
