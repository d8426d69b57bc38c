//! The attributes of `keyrotation_policy`. The descriptions are the manual.

use azure::id::{ManagedStorageName, PrincipalId, SecretName, StorageAccountId};
use engine::direct::publish::Content;
use plugin::{Attribute, Schema, Value};
use rotation::period::{Period, RotationPeriod};
use rotation::slot::KeySlot;

use crate::convert::{check, parse_vault, tags_attribute, timeouts};

/// The age that no key may outgrow, unless something else is said: the 90-day rule.
pub(super) const DEFAULT_MAX_KEY_AGE: &str = "P90D";

pub(super) const DEFAULT_PERIOD: &str = "P30D";

const MANUAL: &str = "Keeps the keys of a storage account younger than a limit, in one of two \
ways.\n\n\
**By Key Vault** (`key_vault`): the account is enrolled in Key Vault-managed rotation. Key Vault \
then renews one of the two keys every period: the idle one, which becomes the active \
one. So each key lives for **two periods**, and clients that use tokens of Key Vault never notice. \
A client that uses a key directly loses it at the second turn at the latest: move clients to \
tokens (`keyrotation_sas_definition`) first, and enrol with the key they use as the active one.\n\n\
Destroying the resource ends the enrolment: Key Vault stops renewing keys. It deletes no secret, \
regenerates no key, and tokens that were handed out stay good until they expire. The key \
expiration policy of the account stays as it is.\n\n\
~> Microsoft supports this feature of Key Vault as it is and plans no more updates for it.\n\n\
**Directly** (`direct`): the key that clients use is published as a secret of a vault, with the \
tags of Microsoft's dual-credential convention. A refresh sees from Azure's own key times when a \
turn is due, and the plan shows it; the apply renews the key that nobody uses, sees that it opens \
the account, and publishes it as a new version. The key before stays good for the overlap, so \
clients have that long to look. Each apply renews at most one key. An account that a vault manages, \
or may manage because Key Vault holds a role on it, is refused. Destroying the resource ends the rotation and changes nothing: the secret and the keys \
stay as they are.\n\n\
A run that is killed anywhere leaves the published key as it was, or a new one published; the next \
apply finishes what was begun. The secret itself never reaches Terraform's state: clients read it \
from the vault.";

/// Describes the resource.
pub(super) fn schema() -> Schema {
    let schema = Schema::new(0, MANUAL);
    let schema = demanded().into_iter().fold(schema, Schema::attribute);
    observed().into_iter().fold(schema, Schema::attribute)
}

/// The attributes that a person sets.
fn demanded() -> Vec<Attribute> {
    vec![
        Attribute::string("storage_account_id")
            .required()
            .replace()
            .check(|value| check(value, str::parse::<StorageAccountId>))
            .describe(
                "The resource id of the storage account. Another account makes a new policy.",
            ),
        Attribute::string("rotation_period")
            .optional_computed()
            .default(Value::from(DEFAULT_PERIOD))
            .check(|value| check(value, str::parse::<RotationPeriod>))
            .describe(
                "How often Key Vault renews a key, as an ISO 8601 duration in days such as \
                 `P30D`; at least `P1D`. Each key lives for two periods. Default: `P30D`.",
            ),
        Attribute::string("max_key_age")
            .optional_computed()
            .default(Value::from(DEFAULT_MAX_KEY_AGE))
            .check(|value| check(value, str::parse::<Period>))
            .describe(
                "The age that no key may outgrow, as an ISO 8601 duration. A plan warns if two \
                 rotation periods are longer. Default: `P90D`.",
            ),
        key_vault(),
        direct(),
        Attribute::bool("set_key_expiration_policy")
            .optional_computed()
            .default(Value::from(true))
            .describe(
                "Whether to set the account's own key expiration policy to `max_key_age`, in \
                 whole days, so that Azure's reminders and policies follow the same rule. \
                 Default: `true`.",
            ),
        tags_attribute("the enrolment"),
        timeouts(),
    ]
}

fn key_vault() -> Attribute {
    let attributes = vec![
        Attribute::string("vault_uri")
            .required()
            .replace()
            .check(|value| check(value, |text| parse_vault(text, None)))
            .describe("The address of the vault, such as `https://kv1.vault.azure.net/`."),
        Attribute::string("name")
            .optional_computed()
            .replace()
            .check(|value| check(value, str::parse::<ManagedStorageName>))
            .describe(
                "The name of the enrolment in the vault, of letters and digits. Default: the \
                 account's name.",
            ),
        Attribute::string("initial_active_key")
            .optional()
            .check(|value| check(value, str::parse::<KeySlot>))
            .describe(
                "The key that is active when the enrolment is made, `key1` or `key2`: the one \
                 that clients use now, since the other one is renewed first. Later it has no \
                 effect, because which key is active is Key Vault's business. Default: `key1`.",
            ),
        Attribute::bool("auto_regenerate")
            .optional_computed()
            .default(Value::from(true))
            .describe("Whether Key Vault renews keys by itself. Default: `true`."),
        Attribute::bool("grant_access").optional().describe(
            "Whether to grant what is missing: the role `Storage Account Key Operator Service \
             Role` on the account to Key Vault's principal and, on a vault with access policies, \
             the storage permissions to the caller. What was granted is taken back on destroy, \
             what was there before stays. Default: what the provider block says, else `true`.",
        ),
        Attribute::string("key_vault_principal_id")
            .optional()
            .check(|value| check(value, str::parse::<PrincipalId>))
            .describe(
                "The object id of Key Vault's service principal in this directory. Default: it \
                 is looked up by its application id, which takes the right to read the directory.",
            ),
    ];
    Attribute::object("key_vault", attributes)
        .optional()
        .describe(
            "Rotation by Key Vault: where the account is enrolled, and how. Exactly one of this and \
             `direct` is needed.",
        )
}

fn direct() -> Attribute {
    let attributes = vec![
        Attribute::string("vault_uri")
            .required()
            .replace()
            .check(|value| check(value, |text| parse_vault(text, None)))
            .describe("The address of the vault that holds the secret."),
        Attribute::string("secret_name")
            .required()
            .replace()
            .check(|value| check(value, str::parse::<SecretName>))
            .describe(
                "The name of the secret that clients read. If it is there already, its newest \
                 version must be a key of this account, by the tags `CredentialId` and \
                 `ProviderAddress` of Microsoft's convention.",
            ),
        Attribute::string("content")
            .optional_computed()
            .default(Value::from("key"))
            .check(|value| check(value, content))
            .describe("What the secret holds: `key` or `connection_string`. Default: `key`."),
        Attribute::string("overlap")
            .optional()
            .check(|value| check(value, str::parse::<Period>))
            .describe(
                "For how long at least a key stays good after another one was published in its \
                 place, as an ISO 8601 duration. Default: the rotation period.",
            ),
        Attribute::bool("verify")
            .optional_computed()
            .default(Value::from(true))
            .describe(
                "Whether a key has to open the account, by a signed read of its blobs, before it \
                 is published. Default: `true`.",
            ),
        Attribute::bool("assume_unmanaged").optional().describe(
            "Whether to vouch that no vault manages the account. A vault that cannot be listed \
             may, if Key Vault holds a role on the account, and then it is refused. Default: \
             `false`.",
        ),
        Attribute::string("initial_active_key")
            .optional()
            .check(|value| check(value, str::parse::<KeySlot>))
            .describe(
                "The key that is published first, `key1` or `key2`: the one that clients use now. \
                 Default: `key1`.",
            ),
    ];
    Attribute::object("direct", attributes).optional().describe(
        "Rotation without Key Vault's own feature: the key in use is published as a secret, and \
             each apply that finds a turn due renews the other key, publishes it, and leaves the \
             one before good for the overlap.",
    )
}

/// Reads what the secret holds.
pub(super) fn content(text: &str) -> Result<Content, String> {
    match text {
        "key" => Ok(Content::Key),
        "connection_string" => Ok(Content::ConnectionString),
        _ => Err(format!(
            "`{text}` is nothing that can be published; it is `key` or `connection_string`"
        )),
    }
}

/// The attributes that Azure decides.
fn observed() -> Vec<Attribute> {
    let computed =
        |name: &str, description: &str| Attribute::string(name).computed().describe(description);
    vec![
        computed(
            "id",
            "The identifier of the enrolment, `https://{vault}/storage/{name}`, or of the secret, \
             `https://{vault}/secrets/{name}`.",
        ),
        computed(
            "active_key",
            "The key that signs tokens now, or that is published, `key1` or `key2`. Key Vault \
             changes it at each turn; that is no difference to be planned.",
        ),
        computed(
            "key1_created_at",
            "When `key1` was made (RFC 3339); null if Azure does not know.",
        ),
        computed(
            "key2_created_at",
            "When `key2` was made (RFC 3339); null if Azure does not know.",
        ),
        computed(
            "longest_key_life",
            "How old a key gets at this pace: two rotation periods.",
        ),
        computed(
            "next_rotation_due",
            "When a key is expected to be renewed next (RFC 3339): by Key Vault, reckoned from the \
             last turn, or by the first apply after that time; null if nothing renews by itself.",
        ),
        computed(
            "secret_version",
            "The version of the secret that holds the key in use; null with `key_vault`. It \
             changes with each turn.",
        ),
        Attribute::bool("rotation_due").computed().describe(
            "Whether the next apply has something to renew or to publish, as the last refresh saw \
             it; null with `key_vault`.",
        ),
    ]
}
