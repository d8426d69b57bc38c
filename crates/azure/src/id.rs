//! Names and ids as types: what Azure calls its objects, parsed once at the door.
//!
//! A parsed name holds no character that could leave its path segment. Types whose names Azure
//! compares without case do the same here, and still display the letters they were given.

#[macro_use]
mod macros;
mod text;

use std::{fmt, str::FromStr};

use uuid::Uuid;

use self::text::{
    Folded, Resource, concat_id, is_path, is_resource_group, is_vault_name, is_word, parse_uuid,
};
use crate::cloud::Cloud;

/// Says which text is not the name or id it should be, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {kind}: {rule}")]
pub struct IdError {
    kind: &'static str,
    text: String,
    rule: &'static str,
}

impl IdError {
    fn new(kind: &'static str, text: &str, rule: &'static str) -> Self {
        let text = text.chars().take(300).collect();
        Self { kind, text, rule }
    }
}

folded_name!(
    /// Names an Azure subscription.
    SubscriptionId,
    "a subscription id",
    "it has the form 00000000-0000-0000-0000-000000000000",
    |text| parse_uuid(text).is_some()
);

folded_name!(
    /// Names a managed storage account inside a vault; independent of the account's own name.
    ManagedStorageName,
    "a managed storage account name",
    "it has 1 to 127 letters and digits",
    |text| is_word(text, 127, b"")
);

folded_name!(
    /// Names a SAS definition of a managed storage account.
    SasDefinitionName,
    "a SAS definition name",
    "it has 1 to 102 letters and digits",
    |text| is_word(text, 102, b"")
);

folded_name!(
    /// Names a secret of a vault.
    SecretName,
    "a secret name",
    "it has 1 to 127 letters, digits and hyphens",
    |text| is_word(text, 127, b"-")
);

resource_id!(
    /// Names a storage account as ARM does.
    StorageAccountId,
    "the id of a storage account",
    "Microsoft.Storage/storageAccounts",
    |name| name.len() >= 3 && is_word(name, 24, b"")
);

resource_id!(
    /// Names a key vault as ARM does.
    VaultId,
    "the id of a key vault",
    "Microsoft.KeyVault/vaults",
    is_vault_name
);

resource_id!(
    /// Names a Kubernetes cluster as ARM does.
    ClusterId,
    "the id of a Kubernetes cluster",
    "Microsoft.ContainerService/managedClusters",
    |name| is_word(name, 63, b"-_")
);

folded_name!(
    /// Names a management group; this is its id, not what people call it.
    ManagementGroupName,
    "the name of a management group",
    "it has 1 to 90 letters, digits, hyphens, underscores, dots and parentheses",
    |text| is_resource_group(text)
);

/// Names a resource group as ARM does.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceGroupId {
    text: Folded,
    subscription: SubscriptionId,
}

impl ResourceGroupId {
    /// Borrows the subscription the group is in.
    #[must_use]
    pub fn subscription(&self) -> &SubscriptionId {
        &self.subscription
    }

    /// Borrows the name of the group.
    #[must_use]
    pub fn name(&self) -> &str {
        self.as_str().rsplit('/').next().unwrap_or_default()
    }

    /// Borrows the whole id in its original letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text.0
    }
}

impl FromStr for ResourceGroupId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let rule = "it has the form /subscriptions/{id}/resourceGroups/{group}";
        let parts: Vec<&str> = text.split('/').collect();
        let subscription = match *parts.as_slice() {
            ["", subscriptions, subscription, groups, group]
                if subscriptions.eq_ignore_ascii_case("subscriptions")
                    && groups.eq_ignore_ascii_case("resourceGroups")
                    && is_resource_group(group) =>
            {
                subscription.parse().ok()
            }
            _ => None,
        };
        Ok(Self {
            text: Folded(text.to_owned()),
            subscription: subscription
                .ok_or_else(|| IdError::new("the id of a resource group", text, rule))?,
        })
    }
}

text_conversions!(ResourceGroupId);

/// Names a user, group or service principal of the directory by its object id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalId(Uuid);

impl PrincipalId {
    /// Wraps an object id.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// Gives the bare object id.
    #[must_use]
    pub fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl FromStr for PrincipalId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let rule = "it has the form 00000000-0000-0000-0000-000000000000";
        let id = parse_uuid(text).ok_or_else(|| IdError::new("an object id", text, rule))?;
        Ok(Self(id))
    }
}

impl TryFrom<&str> for PrincipalId {
    type Error = IdError;

    fn try_from(text: &str) -> Result<Self, IdError> {
        text.parse()
    }
}

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names a role assignment: the scope it holds at, and its own name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleAssignmentId {
    text: Folded,
    name: Uuid,
}

impl RoleAssignmentId {
    const MARK: &str = "/providers/microsoft.authorization/roleassignments/";

    /// Borrows the id of the resource, group or subscription the assignment holds at.
    #[must_use]
    pub fn scope(&self) -> &str {
        let scope = self.as_str().len() - Self::MARK.len() - 36;
        self.as_str().get(..scope).unwrap_or_default()
    }

    /// Gives the assignment's own name.
    #[must_use]
    pub fn name(&self) -> Uuid {
        self.name
    }

    /// Borrows the whole id in its original letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text.0
    }
}

impl FromStr for RoleAssignmentId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let rule = "it has the form {scope}/providers/Microsoft.Authorization/roleAssignments/{id}";
        let odd = || IdError::new("the id of a role assignment", text, rule);
        let mark = text
            .to_ascii_lowercase()
            .rfind(Self::MARK)
            .ok_or_else(odd)?;
        let (scope, rest) = text.split_at(mark);
        let name = rest
            .get(Self::MARK.len()..)
            .and_then(parse_uuid)
            .ok_or_else(odd)?;
        if !scope.is_empty() && !is_path(scope) {
            return Err(odd());
        }
        Ok(Self {
            text: Folded(text.to_owned()),
            name,
        })
    }
}

text_conversions!(RoleAssignmentId);

/// Addresses one vault; always `https://{name}.{suffix}` with a suffix of a known cloud.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultUrl {
    text: String,
}

impl VaultUrl {
    const KIND: &str = "the address of a key vault";

    /// Reads the address of a vault of `cloud`; a trailing slash is dropped.
    ///
    /// # Errors
    /// Anything but `https://{name}.{suffix of the cloud}`, such as another host, a port or a path.
    pub fn parse(text: &str, cloud: &Cloud) -> Result<Self, IdError> {
        let rule = "it has the form https://{name}.{vault suffix of the cloud}";
        let lower = text.to_ascii_lowercase();
        let name = lower
            .strip_prefix("https://")
            .map(|rest| rest.strip_suffix('/').unwrap_or(rest))
            .and_then(|host| host.strip_suffix(cloud.vault_suffix()))
            .and_then(|host| host.strip_suffix('.'))
            .filter(|name| is_vault_name(name))
            .ok_or_else(|| IdError::new(Self::KIND, text, rule))?;
        Ok(Self {
            text: format!("https://{name}.{}", cloud.vault_suffix()),
        })
    }

    /// Builds the address of the vault called `name` in `cloud`.
    ///
    /// # Errors
    /// A name that no vault can have.
    pub fn of_name(name: &str, cloud: &Cloud) -> Result<Self, IdError> {
        Self::parse(&format!("https://{name}.{}", cloud.vault_suffix()), cloud)
    }

    /// Reads an address that ARM told us, whichever cloud it belongs to.
    pub(crate) fn parse_in_any_cloud(text: &str) -> Result<Self, IdError> {
        let rule = "it is in no known cloud";
        let in_cloud = |cloud| Self::parse(text, &cloud).ok();
        Cloud::known()
            .into_iter()
            .find_map(in_cloud)
            .ok_or_else(|| IdError::new(Self::KIND, text, rule))
    }

    /// Borrows the name of the vault.
    #[must_use]
    pub fn name(&self) -> &str {
        self.host().split('.').next().unwrap_or_default()
    }

    /// Borrows the host name.
    #[must_use]
    pub fn host(&self) -> &str {
        self.text.strip_prefix("https://").unwrap_or_default()
    }

    /// Borrows the address without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for VaultUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for VaultUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VaultUrl({})", self.text)
    }
}

/// Is one of the two keys of a storage account, by Azure's name.
///
/// The names of classic accounts, `primary` and `secondary`, are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyName {
    /// `key1`
    Key1,
    /// `key2`
    Key2,
}

impl KeyName {
    /// Gives the name as Azure writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key1 => "key1",
            Self::Key2 => "key2",
        }
    }

    /// Gives the other key of the account.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Key1 => Self::Key2,
            Self::Key2 => Self::Key1,
        }
    }
}

impl FromStr for KeyName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        [Self::Key1, Self::Key2]
            .into_iter()
            .find(|key| key.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| IdError::new("a key name", text, "it is `key1` or `key2`"))
    }
}

impl TryFrom<&str> for KeyName {
    type Error = IdError;

    fn try_from(text: &str) -> Result<Self, IdError> {
        text.parse()
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
