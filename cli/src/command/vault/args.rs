//! The flags that commands over a vault share; their texts are the help.
//!
//! The words are those of `az keyvault storage` where they were good.

use std::collections::BTreeMap;
use std::str::FromStr;

use azure::cloud::Cloud;
use azure::id::{ManagedStorageName, SasDefinitionName, VaultUrl};
use clap::{Args, ValueEnum};
use engine::managed::Place;
use engine::managed::sas::DefinitionPlace;
use engine::precheck::Deleted;
use jiff::Timestamp;

use super::error::VaultError;
use crate::place_id;

/// Enough to begin with.
pub(super) const EXAMPLES: &str = "\
Examples:
  keyrotation vault list --vault-name kv1
  keyrotation vault add --vault-name kv1 -n stlogs --active-key-name key1 --regeneration-period P30D \\
    --resource-id /subscriptions/ID/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stlogs
  keyrotation vault sas-definition create --vault-name kv1 --account-name stlogs -n read \\
    --validity-period PT4H --template-uri 'sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https'
  keyrotation vault token --vault-name kv1 --account-name stlogs -n read
  keyrotation vault regenerate-key --vault-name kv1 -n stlogs --yes
  keyrotation vault show --id https://kv1.vault.azure.net/storage/stlogs --format json";

/// Which vault.
#[derive(Debug, Args)]
pub struct VaultNameArgs {
    /// The name of the vault.
    #[arg(long, value_name = "NAME")]
    pub vault_name: String,
    /// The cloud the vault is in: public, usgovernment or china
    /// [default: `ARM_ENVIRONMENT`, else public].
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
}

/// Which enrolment.
#[derive(Debug, Args)]
pub struct PlaceArgs {
    /// The name of the vault.
    #[arg(long, value_name = "NAME", required_unless_present = "id")]
    pub vault_name: Option<String>,
    /// The name of the enrolment in the vault.
    #[arg(long, short, value_name = "NAME", required_unless_present = "id")]
    pub name: Option<ManagedStorageName>,
    /// The identifier of the enrolment instead: https://VAULT/storage/NAME.
    #[arg(long, value_name = "ID", conflicts_with_all = ["vault_name", "name"])]
    pub id: Option<String>,
    /// The cloud the vault is in: public, usgovernment or china
    /// [default: `ARM_ENVIRONMENT`, else public].
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
}

/// Which SAS definition.
#[derive(Debug, Args)]
pub struct DefinitionArgs {
    /// The name of the vault.
    #[arg(long, value_name = "NAME", required_unless_present = "id")]
    pub vault_name: Option<String>,
    /// The name of the enrolment in the vault.
    #[arg(long, value_name = "NAME", required_unless_present = "id")]
    pub account_name: Option<ManagedStorageName>,
    /// The name of the SAS definition.
    #[arg(long, short, value_name = "NAME", required_unless_present = "id")]
    pub name: Option<SasDefinitionName>,
    /// The identifier of the definition instead: https://VAULT/storage/ACCOUNT/sas/NAME.
    #[arg(long, value_name = "ID", conflicts_with_all = ["vault_name", "account_name", "name"])]
    pub id: Option<String>,
    /// The cloud the vault is in: public, usgovernment or china
    /// [default: `ARM_ENVIRONMENT`, else public].
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
}

/// A whole vault to look at.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Which.
    #[command(flatten)]
    pub vault: VaultNameArgs,
    /// How to show it.
    #[command(flatten)]
    pub look: LookArgs,
}

/// How to show something.
#[derive(Clone, Copy, Debug, Args)]
pub struct LookArgs {
    /// The form of what is shown.
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub format: Form,
    /// The moment that ages are reckoned for, such as 2026-06-01T00:00:00Z [default: now].
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<Timestamp>,
}

/// How to go about a change.
#[derive(Clone, Copy, Debug, Args)]
pub struct ChangeArgs {
    /// Makes the change without asking.
    #[arg(long, short)]
    pub yes: bool,
    /// The form of what is shown afterwards.
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub format: Form,
}

/// The form of what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Lines for people.
    Table,
    /// One JSON document, versioned; fields are only ever added.
    Json,
}

/// A tag, as `name=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    name: String,
    value: String,
}

/// The text is no tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tag has the form NAME=VALUE")]
pub struct NoTag;

impl FromStr for Tag {
    type Err = NoTag;

    fn from_str(text: &str) -> Result<Self, NoTag> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        if name.is_empty() {
            return Err(NoTag);
        }
        Ok(Self {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }
}

/// Puts tags together; of two with one name the later counts.
pub(super) fn tags(given: &[Tag]) -> BTreeMap<String, String> {
    let pair = |tag: &Tag| (tag.name.clone(), tag.value.clone());
    given.iter().map(pair).collect()
}

impl VaultNameArgs {
    /// Gives the vault's address.
    ///
    /// # Errors
    /// A name that no vault can have.
    pub(super) fn vault(&self, cloud: &Cloud) -> Result<VaultUrl, VaultError> {
        Ok(VaultUrl::of_name(&self.vault_name, cloud)?)
    }
}

impl PlaceArgs {
    /// Says where the enrolment stands.
    ///
    /// # Errors
    /// Names that cannot be, or an identifier of something else.
    pub(super) fn place(&self, cloud: &Cloud) -> Result<Place, VaultError> {
        match (&self.id, &self.vault_name, &self.name) {
            (Some(id), _, _) => Ok(place_id::enrolment(id, cloud)?),
            (None, Some(vault), Some(name)) => Ok(Place {
                vault: VaultUrl::of_name(vault, cloud)?,
                name: name.clone(),
            }),
            _ => Err(VaultError::Usage("--vault-name and --name are needed")),
        }
    }
}

impl DefinitionArgs {
    /// Says where the definition stands.
    ///
    /// # Errors
    /// Names that cannot be, or an identifier of something else.
    pub(super) fn place(&self, cloud: &Cloud) -> Result<DefinitionPlace, VaultError> {
        match (&self.id, &self.vault_name, &self.account_name, &self.name) {
            (Some(id), ..) => Ok(place_id::definition(id, cloud)?),
            (None, Some(vault), Some(account), Some(name)) => Ok(DefinitionPlace {
                enrolment: Place {
                    vault: VaultUrl::of_name(vault, cloud)?,
                    name: account.clone(),
                },
                name: name.clone(),
            }),
            _ => Err(VaultError::Usage(
                "--vault-name, --account-name and --name are needed",
            )),
        }
    }
}

/// Says what to do about a deleted record that holds the name.
pub(super) fn of_deleted(recover: bool) -> Deleted {
    if recover {
        Deleted::Recover
    } else {
        Deleted::Refuse
    }
}
