//! Where the keys of accounts are published, as `keyrotation.toml` declares it.

use azure::id::SubscriptionId;
use engine::check::scope::Pattern;
use serde::Deserialize;

use super::{one, words};

/// The section `rotate`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Places {
    /// The vault of accounts without a rule of their own.
    pub(crate) vault_uri: Option<String>,
    /// The name of their secrets; `{account}` stands for the account's name.
    pub(crate) secret_name: Option<String>,
    /// Whether apps that hold a key get the other one before theirs is renewed.
    pub(crate) app_settings: bool,
    /// The subscriptions whose apps are looked through; none stands for that of each account.
    #[serde(deserialize_with = "words")]
    pub(crate) apps_in: Vec<SubscriptionId>,
    /// The ids of apps that are left out.
    pub(crate) without_app: Vec<String>,
    /// What is said of some accounts; the first rule that fits counts.
    pub(crate) account: Vec<PlaceRule>,
}

/// What is said of some accounts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceRule {
    /// Which accounts.
    #[serde(deserialize_with = "one")]
    pub(crate) accounts: Pattern,
    /// The vault, if it is not that of the section.
    pub(crate) vault_uri: Option<String>,
    /// The name of the secret, if it is not that of the section.
    pub(crate) secret_name: Option<String>,
    /// What the secret holds, `key` or `connection_string`.
    pub(crate) content: Option<String>,
}
