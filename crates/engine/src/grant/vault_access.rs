//! The caller's storage permissions on a vault that works with access policies.

use azure::arm::subscriptions;
use azure::arm::vaults::{self, AccessPolicy, Vault};
use azure::error::{Error, ForbiddenCause};
use azure::id::{PrincipalId, SubscriptionId, VaultId, VaultUrl};
use azure::vault::managed_storage;

use crate::list::every;
use crate::run::{Run, StepError, absent};

/// What declaring enrolments and SAS definitions takes; purging and backup are left out.
const NEEDED: [&str; 11] = [
    "get",
    "list",
    "set",
    "update",
    "delete",
    "recover",
    "regeneratekey",
    "getsas",
    "listsas",
    "setsas",
    "deletesas",
];

/// Permissions that were added to a vault's access policy for one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultAccess {
    /// The vault, as a resource.
    pub vault: VaultId,
    /// Whom they were given to.
    pub object_id: PrincipalId,
    /// The tenant of that party.
    pub tenant_id: String,
    /// The storage permissions that were missing before.
    pub permissions: Vec<String>,
}

impl VaultAccess {
    /// Tells whether two are about the same party and vault.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.vault == other.vault && self.object_id == other.object_id
    }
}

/// Finds the vault behind an address as a resource: first in `near`, then in all subscriptions
/// that the caller can read.
///
/// `None` if none of them shows it. Then its access policy cannot be seen, and the first request to
/// the vault itself will tell what is missing; so nothing that goes wrong here is an error.
pub async fn find_vault(run: &Run<'_>, near: &SubscriptionId, address: &VaultUrl) -> Option<Vault> {
    if let Some(vault) = find_in(run, near, address).await {
        return Some(vault);
    }
    let all = every(run, "list", "the subscriptions", subscriptions::list())
        .await
        .ok()?;
    for subscription in all.iter().filter(|subscription| subscription.id != *near) {
        if let Some(vault) = find_in(run, &subscription.id, address).await {
            return Some(vault);
        }
    }
    None
}

async fn find_in(
    run: &Run<'_>,
    subscription: &SubscriptionId,
    address: &VaultUrl,
) -> Option<Vault> {
    let vaults = every(
        run,
        "list the vaults of",
        subscription,
        vaults::list(subscription),
    )
    .await;
    vaults.ok()?.into_iter().find(|vault| vault.url == *address)
}

/// Makes sure that the caller holds the needed permissions; tells which were missing.
pub(super) async fn ensure(run: &Run<'_>, vault: &Vault) -> Result<Option<VaultAccess>, StepError> {
    let caller = run.client().caller().await.map_err(|source| {
        StepError::new("tell who is calling, to grant access to", &vault.id, source)
    })?;
    let missing = missing(vault, &caller.object_id);
    if missing.is_empty() {
        return Ok(None);
    }
    let access = VaultAccess {
        vault: vault.id.clone(),
        object_id: caller.object_id,
        tenant_id: vault.tenant_id.clone(),
        permissions: missing,
    };
    let request = vaults::add_access_policy(&access.vault, &policy(&access));
    run.send(
        "add storage permissions to the access policy of",
        &access.vault,
        request,
    )
    .await?;
    Ok(Some(access))
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
    let request = vaults::remove_access_policy(&access.vault, &policy(access));
    let act = "remove storage permissions from the access policy of";
    absent(run.send(act, &access.vault, request).await)?;
    Ok(())
}

fn is_refused_by_policy(error: &StepError) -> bool {
    let cause = error.azure().and_then(Error::forbidden_cause);
    matches!(cause, Some(ForbiddenCause::VaultPolicyLacks { .. }))
}

fn policy(access: &VaultAccess) -> AccessPolicy {
    AccessPolicy {
        tenant_id: access.tenant_id.clone(),
        object_id: access.object_id,
        storage: access.permissions.clone(),
        secrets: Vec::new(),
    }
}

fn missing(vault: &Vault, object_id: &PrincipalId) -> Vec<String> {
    let held: Vec<&str> = vault
        .access_policies
        .iter()
        .filter(|policy| policy.object_id == *object_id)
        .flat_map(|policy| policy.storage.iter().map(String::as_str))
        .collect();
    let holds = |name: &str| {
        held.iter()
            .any(|held| held.eq_ignore_ascii_case(name) || held.eq_ignore_ascii_case("all"))
    };
    NEEDED
        .into_iter()
        .filter(|name| !holds(name))
        .map(str::to_owned)
        .collect()
}
