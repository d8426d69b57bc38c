//! The fleet document: which tenant an emulator starts with. Reading is strict, and every complaint names the place in
//! the document. Building the world of it is in `fleet::build`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;

use crate::world::lock::LockLevel;

pub(crate) mod beside;
pub(crate) mod build;
pub(crate) mod generate;

use beside::{ClusterEntry, ManagementGroupEntry, SiteEntry};
use generate::Maker;

/// The tenant of a fleet that names none.
pub const DEFAULT_TENANT: &str = "7e4a4100-0000-4000-8000-000000000001";
/// The client id of the application that the emulator's environment signs in with.
pub const DEFAULT_CLIENT: &str = "c11e4700-0000-4000-8000-000000000001";
/// The object id of that application.
pub const DEFAULT_OBJECT: &str = "0b7ec700-0000-4000-8000-000000000001";

/// A text that is no fleet document.
#[derive(Debug, Error)]
pub enum FleetError {
    /// The text is no JSON of the right shape.
    #[error("the fleet document is not valid")]
    Shape(#[source] serde_json::Error),
    /// A value cannot be used.
    #[error("the fleet document is not valid at `{path}`: {problem}")]
    Value {
        /// Where the value is, as in `subscriptions[0].accounts[2].name`.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// A valid fleet document.
#[derive(Clone, Debug)]
pub struct Fleet {
    pub(crate) document: Document,
    /// Makes up subscriptions beside those of the document.
    maker: Option<Maker>,
}

impl Fleet {
    /// Gives the fleet that the emulator starts with when none is named: one subscription, one vault, three accounts.
    ///
    /// # Panics
    ///
    /// Never: the document is part of this crate and checked by its tests.
    #[must_use]
    pub fn standard() -> Self {
        include_str!("fleet/standard.json")
            .parse()
            .expect("the embedded fleet document is valid")
    }
}

impl Fleet {
    /// Gives the subscriptions one by one: a large fleet that is made up need not be there as a whole.
    pub(crate) fn subscriptions(&self) -> impl Iterator<Item = Cow<'_, SubscriptionEntry>> {
        let written = self.document.subscriptions.iter().map(Cow::Borrowed);
        let made_up = self.maker.iter().flat_map(Maker::subscriptions);
        written.chain(made_up.map(Cow::Owned))
    }
}

impl FromStr for Fleet {
    type Err = FleetError;

    /// Reads a fleet document.
    ///
    /// # Errors
    ///
    /// Fails if the text is no JSON of the documented shape, or if a value in it cannot be used.
    fn from_str(text: &str) -> Result<Self, FleetError> {
        let document: Document = serde_json::from_str(text).map_err(FleetError::Shape)?;
        // What the world refuses is found now, with its place, and not when the emulator starts.
        let fleet = Self {
            document,
            maker: None,
        };
        build::build(&fleet, 0, jiff::Timestamp::UNIX_EPOCH)?;
        Ok(fleet)
    }
}

/// The document as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub(crate) now: Option<String>,
    pub(crate) tenant_id: Option<String>,
    pub(crate) cloud: Option<String>,
    /// Roles of the tenant's own, beside the built-in ones.
    #[serde(default)]
    pub(crate) role_definitions: Vec<RoleDefinitionEntry>,
    #[serde(default)]
    pub(crate) applications: Vec<ApplicationEntry>,
    /// Object ids of users and groups: they may hold roles but never sign in.
    #[serde(default)]
    pub(crate) principals: Vec<String>,
    pub(crate) subscriptions: Vec<SubscriptionEntry>,
    /// A group comes after the one above it.
    #[serde(default)]
    pub(crate) management_groups: Vec<ManagementGroupEntry>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationEntry {
    pub(crate) client_id: String,
    pub(crate) object_id: String,
    pub(crate) name: Option<String>,
    pub(crate) client_secret: Option<String>,
    /// Certificates in PEM form that it may sign assertions with.
    #[serde(default)]
    pub(crate) certificates: Vec<String>,
    #[serde(default)]
    pub(crate) roles: Vec<RoleEntry>,
}

impl std::fmt::Debug for ApplicationEntry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ApplicationEntry")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleDefinitionEntry {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) actions: Vec<String>,
    #[serde(default)]
    pub(crate) data_actions: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockEntry {
    pub(crate) name: String,
    /// The resource group or resource inside the subscription; the subscription itself without it.
    #[serde(default)]
    pub(crate) scope: String,
    /// `ReadOnly` or `CanNotDelete`.
    pub(crate) level: LockLevel,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleEntry {
    pub(crate) role: String,
    pub(crate) scope: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriptionEntry {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) accounts: Vec<AccountEntry>,
    #[serde(default)]
    pub(crate) vaults: Vec<VaultEntry>,
    #[serde(default)]
    pub(crate) sites: Vec<SiteEntry>,
    #[serde(default)]
    pub(crate) clusters: Vec<ClusterEntry>,
    #[serde(default)]
    pub(crate) locks: Vec<LockEntry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountEntry {
    pub(crate) resource_group: String,
    pub(crate) name: String,
    pub(crate) location: Option<String>,
    #[serde(default)]
    pub(crate) key1_created: KeyAge,
    #[serde(default)]
    pub(crate) key2_created: KeyAge,
    pub(crate) key_expiration_days: Option<u32>,
    pub(crate) allow_shared_key: Option<bool>,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
}

/// When a key was made. Leaving it out means now; `null` means that Azure does not know it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Option<String>")]
pub(crate) enum KeyAge {
    #[default]
    New,
    Unknown,
    Created(String),
}

impl From<Option<String>> for KeyAge {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Unknown, Self::Created)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VaultEntry {
    pub(crate) resource_group: String,
    pub(crate) name: String,
    pub(crate) location: Option<String>,
    #[serde(default)]
    pub(crate) rbac: bool,
    pub(crate) soft_delete_days: Option<u32>,
    #[serde(default)]
    pub(crate) purge_protection: bool,
    /// Without this, the default application and the managed identity may do everything in the vault.
    pub(crate) access_policies: Option<Vec<PolicyEntry>>,
    #[serde(default)]
    pub(crate) managed: Vec<ManagedEntry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyEntry {
    pub(crate) object_id: String,
    #[serde(default)]
    pub(crate) storage: Vec<String>,
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManagedEntry {
    pub(crate) name: String,
    /// The name of an account of any subscription of the fleet.
    pub(crate) account: String,
    pub(crate) active_key: String,
    #[serde(default)]
    pub(crate) auto_regenerate: bool,
    pub(crate) period: String,
    /// When it was enrolled. What became due since then has happened. Without it the enrolment is as old as the youngest
    /// key, and its next regeneration is due one period after the fleet's now.
    pub(crate) enrolled: Option<String>,
    /// Whether Key Vault holds its role on the account.
    #[serde(default = "yes")]
    pub(crate) key_vault_role: bool,
    #[serde(default)]
    pub(crate) definitions: Vec<DefinitionEntry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefinitionEntry {
    pub(crate) name: String,
    pub(crate) template_uri: String,
    /// `account` or `service`.
    pub(crate) sas_type: String,
    pub(crate) validity: String,
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn check_refused(text: &str, expected: &str) {
        let error = text
            .parse::<Fleet>()
            .err()
            .unwrap_or_else(|| FleetError::Value {
                path: String::new(),
                problem: String::new(),
            });
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        let said = format!("{error}: {source}");
        assert!(said.contains(expected), "{said}");
    }

    const SUBSCRIPTION: &str = "50b5c000-0000-4000-8000-000000000001";

    #[test]
    fn a_wrong_shape_is_refused_with_its_line() {
        check_refused("{", "line 1");
        check_refused(
            r#"{"subscriptions": [], "colour": "red"}"#,
            "unknown field `colour`",
        );
        check_refused("{}", "missing field `subscriptions`");
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_path() {
        let with =
            |inner: &str| format!(r#"{{"subscriptions": [{{"id": "{SUBSCRIPTION}", {inner}}}]}}"#);
        check_refused(r#"{"now": "yesterday", "subscriptions": []}"#, "`now`");
        check_refused(r#"{"tenant_id": "t", "subscriptions": []}"#, "`tenant_id`");
        check_refused(
            r#"{"subscriptions": [{"id": "s"}]}"#,
            "`subscriptions[0].id`",
        );
        let account = r#"{"resource_group": "rg", "name": "stlogs", "key1_created": "soon"}"#;
        check_refused(
            &with(&format!(r#""accounts": [{account}]"#)),
            "`subscriptions[0].accounts[0].key1_created`",
        );
        let account = r#"{"resource_group": "rg", "name": "ST"}"#;
        check_refused(
            &with(&format!(r#""accounts": [{account}]"#)),
            "`subscriptions[0].accounts[0].name`",
        );
        let twice = r#"{"resource_group": "rg", "name": "stlogs"}"#;
        check_refused(
            &with(&format!(r#""accounts": [{twice}, {twice}]"#)),
            "`subscriptions[0].accounts[1].name`",
        );
        let managed = r#"{"name": "a", "account": "none", "active_key": "key1", "period": "P30D"}"#;
        let vault = format!(
            r#""vaults": [{{"resource_group": "rg", "name": "kv-1", "managed": [{managed}]}}]"#
        );
        check_refused(
            &with(&vault),
            "`subscriptions[0].vaults[0].managed[0].account`",
        );
    }

    #[test]
    fn the_document_of_the_manual_is_valid() {
        let manual = include_str!("../README.md");
        let from = manual
            .find("{\n  \"now\"")
            .expect("a fleet document in the manual");
        let text = manual
            .get(from..)
            .and_then(|rest| rest.split("```").next())
            .unwrap_or_default();
        assert_eq!(
            text.parse::<Fleet>().err().map(|error| error.to_string()),
            None
        );
    }

    #[test]
    fn the_standard_fleet_has_three_accounts_and_a_vault() {
        let fleet = Fleet::standard();
        let subscription = fleet
            .document
            .subscriptions
            .first()
            .expect("one subscription");
        assert_eq!(
            (subscription.accounts.len(), subscription.vaults.len()),
            (3, 1)
        );
    }
}
