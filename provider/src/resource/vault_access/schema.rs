//! The attributes of `keyrotation_vault_access`. The descriptions are the manual.

use azure::id::{PrincipalId, VaultId};
use engine::grant::permissions::Purpose;
use plugin::{Attribute, Schema, Type, Value};

use super::model::{principal_type, role};
use crate::convert::{check, parse_vault, timeouts};

const MANUAL: &str = "Lets somebody into a key vault for one purpose of key rotation, with the \
permissions or the role that it needs.\n\n\
| `purpose` | for | in a vault with access policies | in a vault with roles |\n\
|---|---|---|---|\n\
| `enrol` | whoever runs `keyrotation_policy` | storage: get, list, set, update, delete, recover | \
`Key Vault Administrator` |\n\
| `issue_sas` | whoever makes SAS definitions and mints tokens by them | storage: getsas, listsas, \
setsas, deletesas, recover; secrets: get | `Key Vault Administrator` |\n\
| `read_sas` | whoever only uses tokens | secrets: get | `Key Vault Secrets User` |\n\
| `rotate` | whoever rotates on request, and publishes keys of accounts that are not enrolled | \
storage: get, list, regeneratekey, getsas, listsas; secrets: get, list, set | \
`Key Vault Administrator` |\n\n\
Permissions that the principal holds already are left alone, and only those that this resource \
added are taken back on destroy. Azure does not say who added a permission: if two of these \
resources serve one principal in one vault, what both purposes need belongs to the one that added \
it, and the next plan of the other adds it again.\n\n\
~> No built-in role is limited to managed storage accounts. In a vault with roles, give a role of \
your own in `role_definition_id` if `Key Vault Administrator` is too much; its data actions are \
`Microsoft.KeyVault/vaults/storageaccounts/*`.";

/// Describes the resource.
pub(super) fn schema() -> Schema {
    let schema = Schema::new(0, MANUAL);
    let schema = demanded().into_iter().fold(schema, Schema::attribute);
    observed().into_iter().fold(schema, Schema::attribute)
}

fn demanded() -> Vec<Attribute> {
    vec![
        Attribute::string("vault_uri")
            .optional_computed()
            .replace()
            .check(|value| check(value, |text| parse_vault(text, None)))
            .describe(
                "The address of the vault, such as `https://kv1.vault.azure.net/`. Exactly one of \
                 this and `vault_id` is needed; with the address, the vault is looked for in all \
                 subscriptions that the caller can read.",
            ),
        Attribute::string("vault_id")
            .optional_computed()
            .replace()
            .check(|value| check(value, str::parse::<VaultId>))
            .describe("The resource id of the vault."),
        Attribute::string("principal_id")
            .required()
            .replace()
            .check(|value| check(value, str::parse::<PrincipalId>))
            .describe("The object id of the user, group or application to let in."),
        Attribute::string("principal_type")
            .optional_computed()
            .default(Value::from("ServicePrincipal"))
            .check(|value| check(value, principal_type))
            .describe(
                "What the principal is: `ServicePrincipal` (an application or a managed identity), \
                 `User` or `Group`. Only a vault with roles asks for it. Default: \
                 `ServicePrincipal`.",
            ),
        Attribute::string("purpose")
            .required()
            .check(|value| check(value, str::parse::<Purpose>))
            .describe(
                "What for: `enrol`, `issue_sas`, `read_sas` or `rotate`. It is changed in place: \
                 what the new purpose lacks is added before what it does not need is taken back.",
            ),
        Attribute::string("role_definition_id")
            .optional()
            .check(|value| check(value, role))
            .describe(
                "The role to give in a vault with roles, by its GUID or resource id. Default: the \
                 built-in role of the purpose.",
            ),
        timeouts(),
    ]
}

fn observed() -> Vec<Attribute> {
    vec![
        Attribute::string("id").computed().describe(
            "The identifier of the access: `{vault_id}/access/{principal_id}/{purpose}`.",
        ),
        Attribute::string("mode")
            .computed()
            .describe("How the vault decides whom it lets in: `access_policy` or `role`."),
        Attribute::list_of("storage_permissions", Type::String)
            .computed()
            .describe(
                "The needed permissions on managed storage accounts that the principal holds; \
                 empty in a vault with roles.",
            ),
        Attribute::list_of("secret_permissions", Type::String)
            .computed()
            .describe(
                "The needed permissions on secrets that the principal holds; empty in a vault \
                 with roles.",
            ),
        Attribute::string("role").computed().describe(
            "The GUID of the role that the principal holds; null in a vault with access policies.",
        ),
    ]
}
