//! Permissions of a party on a vault that works with access policies.

use azure::arm::vaults::{self, AccessPolicy, Vault};
use azure::error::{Error, ForbiddenCause};
use azure::id::{PrincipalId, VaultId, VaultUrl};
use azure::vault::managed_storage;

use super::permissions::Permissions;
use crate::run::{Run, StepError, absent};

/// Permissions that were added to a vault's access policy for one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultAccess {
    /// The vault, as a resource.
    pub vault: VaultId,
    /// Whom they were given to.
    pub object_id: PrincipalId,
    /// The tenant of that party.
    pub tenant_id: String,
    /// The permissions that were missing before.
    pub permissions: Permissions,
}

impl VaultAccess {
    /// Tells whether two are about the same party and vault.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.vault == other.vault && self.object_id == other.object_id
    }
}

/// Finds what a party lacks of the needed permissions; `None` if it lacks nothing.
pub(super) fn missing(
    vault: &Vault,
    party: PrincipalId,
    needed: &Permissions,
) -> Option<VaultAccess> {
    let missing = needed.without(&held(vault, &party));
    (!missing.is_empty()).then(|| VaultAccess {
        vault: vault.id.clone(),
        object_id: party,
        tenant_id: vault.tenant_id.clone(),
        permissions: missing,
    })
}

/// Gathers what a vault's access policies give a party.
pub(super) fn held(vault: &Vault, party: &PrincipalId) -> Permissions {
    let policies = vault.access_policies.iter();
    let mut held = Permissions::default();
    for policy in policies.filter(|policy| policy.object_id == *party) {
        held.storage.extend(policy.storage.iter().cloned());
        held.secrets.extend(policy.secrets.iter().cloned());
    }
    held
}

/// Adds permissions to those that a party has.
///
/// # Cancellation
/// Adding can be repeated: what is there already is added once.
pub(super) async fn add(run: &Run<'_>, access: &VaultAccess) -> Result<(), StepError> {
    let request = vaults::add_access_policy(&access.vault, &policy(access));
    let act = "add permissions to the access policy of";
    run.send(act, &access.vault, request).await
}

/// Removes permissions that were added, and no others; a vault that is gone is no error.
///
/// # Cancellation
/// Removing can be repeated.
pub(super) async fn remove(run: &Run<'_>, access: &VaultAccess) -> Result<(), StepError> {
    let request = vaults::remove_access_policy(&access.vault, &policy(access));
    let act = "remove permissions from the access policy of";
    absent(run.send(act, &access.vault, request).await)?;
    Ok(())
}

/// Removes the permissions that were added, and no others, unless the vault holds enrolments: those
/// need them as well.
pub(super) async fn take_back(
    run: &Run<'_>,
    vault: &VaultUrl,
    access: &VaultAccess,
) -> Result<(), StepError> {
    let list = managed_storage::list(vault);
    match run
        .list("list the managed storage accounts of", vault.host(), list)
        .await
    {
        Ok(records) if records.is_empty() => {}
        Ok(_) => return Ok(()),
        // The permission to list was among those that were added: an earlier run took them back.
        Err(error) if is_refused_by_policy(&error) => return Ok(()),
        Err(error) => return Err(error),
    }
    remove(run, access).await
}

fn is_refused_by_policy(error: &StepError) -> bool {
    let cause = error.azure().and_then(Error::forbidden_cause);
    matches!(cause, Some(ForbiddenCause::VaultPolicyLacks { .. }))
}

fn policy(access: &VaultAccess) -> AccessPolicy {
    AccessPolicy {
        tenant_id: access.tenant_id.clone(),
        object_id: access.object_id,
        storage: access.permissions.storage.iter().cloned().collect(),
        secrets: access.permissions.secrets.iter().cloned().collect(),
    }
}
