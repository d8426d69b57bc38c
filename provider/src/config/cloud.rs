//! The arguments that say which cloud it is.

use azure::cloud::{Cloud, CloudEndpoints};
use azure::env::Env;
use plugin::{Attribute, Diagnostic, Path, Value};

use crate::convert::check;
use crate::diagnostic::sentence;

use super::{owned, text};

const CUSTOM: &str = "custom";
const ENDPOINTS: &str = "cloud_endpoints";

/// Describes the arguments.
pub(super) fn attributes() -> [Attribute; 2] {
    [
        Attribute::string("environment")
            .optional()
            .check(|value| check(value, named))
            .describe(
                "The cloud: `public`, `usgovernment`, `china`, or `custom` for one that \
                 `cloud_endpoints` describes. Variable: `ARM_ENVIRONMENT`. Default: `public`.",
            ),
        Attribute::object(ENDPOINTS, endpoints())
            .optional()
            .describe(
                "The endpoints of a cloud that is none of those, such as an Azure Stack Hub or \
                 another sovereign cloud. It goes with `environment = \"custom\"`.",
            ),
    ]
}

fn endpoints() -> Vec<Attribute> {
    let required = |name, description| Attribute::string(name).required().describe(description);
    vec![
        required(
            "authority",
            "The address of the sign-in service, such as `https://login.microsoftonline.com`.",
        ),
        required(
            "resource_manager",
            "The address of Azure Resource Manager, such as `https://management.azure.com`.",
        ),
        text(
            "resource_manager_audience",
            "The audience of tokens for Resource Manager, if it is not its address. On Azure Stack \
             Hub its metadata call it `audiences`.",
        ),
        required(
            "vault_suffix",
            "What follows the name of a key vault, such as `vault.azure.net`.",
        ),
        required(
            "storage_suffix",
            "What follows the name and service of a storage account, such as `core.windows.net`.",
        ),
        required(
            "graph",
            "The address of Microsoft Graph, such as `https://graph.microsoft.com`.",
        ),
        text(
            "key_vault_application_id",
            "The application id of Key Vault itself. Default: that of the public cloud, \
             `cfa8b339-82a2-471a-a3c9-0fc0be7a4093`.",
        ),
    ]
}

/// Finds the cloud that the block or the variable names.
pub(super) fn read(block: &Value, env: &Env) -> Result<Cloud, Diagnostic> {
    let given = owned(block, "environment");
    let from_variable = given.is_none();
    let name = given.or_else(|| env.var("ARM_ENVIRONMENT"));
    let endpoints = block.get(ENDPOINTS);
    let cloud = match &name {
        None => Some(Cloud::Public),
        Some(name) => named(name).map_err(|reason| {
            let place = if from_variable {
                " It is set by the variable ARM_ENVIRONMENT."
            } else {
                ""
            };
            Diagnostic::error("Unknown cloud", format!("{reason}.{place}"))
                .at(Path::attribute("environment"))
        })?,
    };
    match cloud {
        None => custom(endpoints),
        Some(cloud) if endpoints.is_null() => Ok(cloud),
        Some(cloud) => Err(Diagnostic::error(
            "Endpoints of another cloud",
            format!(
                "The cloud is `{cloud}`, whose endpoints are known. Leave `{ENDPOINTS}` out, or \
                 set `environment = \"{CUSTOM}\"` to use them."
            ),
        )
        .at(Path::attribute(ENDPOINTS))),
    }
}

/// Reads a name; `None` stands for a cloud that is described.
fn named(name: &str) -> Result<Option<Cloud>, String> {
    if name.eq_ignore_ascii_case(CUSTOM) {
        return Ok(None);
    }
    name.parse().map(Some).map_err(|_| {
        format!("`{name}` is not a cloud: it is `public`, `usgovernment`, `china` or `{CUSTOM}`")
    })
}

fn custom(endpoints: &Value) -> Result<Cloud, Diagnostic> {
    let place = Path::attribute(ENDPOINTS);
    if endpoints.is_null() {
        let detail = format!(
            "The cloud is `{CUSTOM}`, and nothing says where its services are. Set \
             `{ENDPOINTS}`, or name another `environment`."
        );
        return Err(Diagnostic::error("Endpoints are missing", detail).at(place));
    }
    let text = |name: &str| owned(endpoints, name).unwrap_or_default();
    let described = CloudEndpoints {
        authority: text("authority"),
        resource_manager: text("resource_manager"),
        resource_manager_audience: owned(endpoints, "resource_manager_audience"),
        vault_suffix: text("vault_suffix"),
        storage_suffix: text("storage_suffix"),
        graph: text("graph"),
        key_vault_application_id: owned(endpoints, "key_vault_application_id"),
    };
    Cloud::custom(&described).map_err(|error| {
        Diagnostic::error("Not an endpoint", sentence(&error)).at(place.then(error.field()))
    })
}
