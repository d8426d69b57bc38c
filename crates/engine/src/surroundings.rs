//! What lies around the accounts: vaults, locks and the caller's own rights, read once in the life
//! of a process; and what is read again after a few seconds, the roles of Key Vault and, for a plan, the
//! accounts themselves.
//!
//! A core makes many records in one process, and all of them ask the same of the same few
//! subscriptions and groups. What cannot be read is kept as unknown, and never taken for a "no".

use std::collections::BTreeMap;
use std::sync::Arc;

use azure::arm::locks::{self, Lock, LockLevel};
use azure::arm::permissions::{self, Permission};
use azure::arm::storage::StorageAccount;
use azure::arm::subscriptions;
use azure::arm::vaults::{self, Vault};
use azure::id::{PrincipalId, StorageAccountId, SubscriptionId, VaultId, VaultUrl};
use tokio::sync::{Mutex, OnceCell};

use crate::grant::GrantError;
use crate::grant::role::key_vault_principal;
use crate::group_accounts::GroupAccounts;
use crate::key_vault_roles::KeyVaultRoles;
use crate::list::every;
use crate::run::{Run, StepError};

/// What one reading showed; `None` if the caller may not read it.
type Seen<T> = Option<Arc<Vec<T>>>;
type Cache<T> = Mutex<BTreeMap<String, Seen<T>>>;

/// The surroundings that a process has had to do with.
#[derive(Debug, Default)]
pub struct Surroundings {
    vaults: Cache<Vault>,
    locks: Cache<Lock>,
    rights: Cache<Permission>,
    subscriptions: Mutex<Option<Arc<Vec<SubscriptionId>>>>,
    key_vault: OnceCell<PrincipalId>,
    accounts: GroupAccounts,
    /// The roles by which Key Vault may renew keys.
    pub(crate) key_vault_roles: KeyVaultRoles,
    /// Held by whoever reads a part of an app's configuration to write it again: several accounts may
    /// have a key in one part, and who writes what was read before would undo what others wrote.
    pub(crate) rewriting: Mutex<()>,
}

impl Surroundings {
    /// Finds the vault behind an address as a resource: first in `near`, then in all subscriptions
    /// that the caller can read. A vault that is not among the known ones is looked for anew: it may
    /// have been made a moment ago.
    ///
    /// `None` if none of them shows it. Then its access policy cannot be seen, and the first request
    /// to the vault itself will tell what is missing; so nothing that goes wrong here is an error.
    pub async fn vault(
        &self,
        run: &Run<'_>,
        near: Option<&SubscriptionId>,
        address: &VaultUrl,
    ) -> Option<Vault> {
        if let Some(known) = self.known_vault(address).await {
            return Some(known);
        }
        if let Some(near) = near
            && let Some(vault) = self.vault_in(run, near, address).await
        {
            return Some(vault);
        }
        for subscription in self.subscriptions(run).await.iter() {
            if Some(subscription) != near
                && let Some(vault) = self.vault_in(run, subscription, address).await
            {
                return Some(vault);
            }
        }
        None
    }

    async fn known_vault(&self, address: &VaultUrl) -> Option<Vault> {
        let known = self.vaults.lock().await;
        let mut all = known.values().flatten().flat_map(|vaults| vaults.iter());
        all.find(|vault| vault.url == *address).cloned()
    }

    async fn vault_in(
        &self,
        run: &Run<'_>,
        subscription: &SubscriptionId,
        address: &VaultUrl,
    ) -> Option<Vault> {
        self.vaults.lock().await.remove(&subscription.to_string());
        let vaults = self.vaults(run, subscription).await?;
        vaults.iter().find(|vault| vault.url == *address).cloned()
    }

    /// Reads an account as it was a few seconds ago at most; `None` if there is none. Where a process asks
    /// for many accounts of a resource group, they are listed.
    ///
    /// # Errors
    /// Azure's refusal of the account itself.
    pub async fn account(
        &self,
        run: &Run<'_>,
        account: &StorageAccountId,
    ) -> Result<Option<StorageAccount>, StepError> {
        self.accounts.get(run, account).await
    }

    /// Looks up Key Vault's own principal in the directory.
    pub(crate) async fn key_vault_principal(
        &self,
        run: &Run<'_>,
    ) -> Result<PrincipalId, GrantError> {
        let known = self.key_vault.get_or_try_init(|| key_vault_principal(run));
        known.await.copied()
    }

    /// Lists the vaults of a subscription.
    pub(crate) async fn vaults(&self, run: &Run<'_>, of: &SubscriptionId) -> Seen<Vault> {
        let read = every(run, "list the vaults of", of, vaults::list(of));
        once(&self.vaults, of.to_string(), read).await
    }

    /// Lists the vaults of a subscription anew, or says why they cannot be listed.
    pub(crate) async fn vaults_or_why(
        &self,
        run: &Run<'_>,
        of: &SubscriptionId,
    ) -> Result<Arc<Vec<Vault>>, StepError> {
        let all = every(run, "list the vaults of", of, vaults::list(of)).await?;
        let all = Arc::new(all);
        let mut known = self.vaults.lock().await;
        known.insert(of.to_string(), Some(Arc::clone(&all)));
        Ok(all)
    }

    /// Finds the lock that keeps an account from being changed. A known lock is looked at again
    /// before it counts: it may have been lifted.
    pub async fn lock(&self, run: &Run<'_>, account: &StorageAccountId) -> Option<Lock> {
        let subscription = account.subscription();
        let holds =
            |lock: &&Lock| lock.level == LockLevel::ReadOnly && lock.covers(account.as_str());
        let key = subscription.to_string();
        let is_known = self.locks.lock().await.contains_key(&key);
        let locks = self.locks(run, subscription).await?;
        let lock = locks.iter().find(holds).cloned()?;
        if !is_known {
            return Some(lock);
        }
        self.locks.lock().await.remove(&key);
        let locks = self.locks(run, subscription).await?;
        locks.iter().find(holds).cloned()
    }

    async fn locks(&self, run: &Run<'_>, of: &SubscriptionId) -> Seen<Lock> {
        let read = every(run, "list the locks of", of, locks::list(of));
        once(&self.locks, of.to_string(), read).await
    }

    /// Tells whether the caller holds a right on a resource; `None` if that cannot be told.
    ///
    /// Most rights are given on groups and above, so the group is asked first, once for all that is
    /// in it.
    pub(crate) async fn may(
        &self,
        run: &Run<'_>,
        object: Object<'_>,
        allows: impl Fn(&Permission) -> bool,
    ) -> Option<bool> {
        let Object {
            subscription,
            group,
            id,
        } = object;
        let key = format!("{subscription}/{group}").to_ascii_lowercase();
        let in_group = permissions::in_group(subscription, group);
        let read = every(run, "list the caller's rights on", group, in_group);
        let held = once(&self.rights, key, read).await?;
        if held.iter().any(&allows) {
            return Some(true);
        }
        let on_object = every(run, "list the caller's rights on", id, permissions::at(id));
        Some(on_object.await.ok()?.iter().any(allows))
    }

    async fn subscriptions(&self, run: &Run<'_>) -> Arc<Vec<SubscriptionId>> {
        let mut known = self.subscriptions.lock().await;
        if let Some(known) = known.as_ref() {
            return Arc::clone(known);
        }
        let listed = every(run, "list", "the subscriptions", subscriptions::list()).await;
        let Ok(listed) = listed else {
            return Arc::default();
        };
        let ids = listed.into_iter().map(|found| found.id);
        Arc::clone(known.insert(Arc::new(ids.collect())))
    }
}

/// A resource that the caller may have rights on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object<'a> {
    subscription: &'a SubscriptionId,
    group: &'a str,
    id: &'a str,
}

impl<'a> Object<'a> {
    /// Gives its resource id.
    pub(crate) fn id(&self) -> &'a str {
        self.id
    }
}

impl<'a> From<&'a StorageAccountId> for Object<'a> {
    fn from(account: &'a StorageAccountId) -> Self {
        Self {
            subscription: account.subscription(),
            group: account.resource_group(),
            id: account.as_str(),
        }
    }
}

impl<'a> From<&'a VaultId> for Object<'a> {
    fn from(vault: &'a VaultId) -> Self {
        Self {
            subscription: vault.subscription(),
            group: vault.resource_group(),
            id: vault.as_str(),
        }
    }
}

/// Reads what is not known yet. Others who ask for the same wait for the one reading. A refusal is
/// kept like an answer; a reading that failed for the moment is not.
async fn once<T>(
    cache: &Cache<T>,
    key: String,
    read: impl Future<Output = Result<Vec<T>, StepError>>,
) -> Seen<T> {
    let mut known = cache.lock().await;
    if let Some(seen) = known.get(&key) {
        return seen.clone();
    }
    let seen = match read.await {
        Ok(all) => Some(Arc::new(all)),
        Err(error) if error.is(|azure| azure.forbidden_cause().is_some()) => None,
        Err(_) => return None,
    };
    known.insert(key, seen.clone());
    seen
}
