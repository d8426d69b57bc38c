//! The roles by which Key Vault may renew keys, read for whole subscriptions.
//!
//! Key Vault can renew no key of an account on which it has no role. Asking for every account by itself
//! takes more of what Azure lets a subscription read than all else in a rotation, and one list of the
//! subscription tells of everything above, in and below it. Roles come and go, so a list is good for a
//! moment only.

use std::collections::BTreeMap;
use std::sync::Arc;

use azure::arm::authorization::{self, RoleAssignment};
use azure::error::Error;
use azure::id::{PrincipalId, StorageAccountId, SubscriptionId};
use azure::request::Listed;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::grant::role::{KEY_OPERATOR_ROLE, is_at_or_above};
use crate::run::{Run, StepError};
use crate::surroundings::Surroundings;

/// How old a list may be that nothing is changed by yet.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(10);

/// Gives the moment from which on a list is good enough to go on by, but not to change anything by.
pub(crate) fn a_moment_before(now: Timestamp) -> Timestamp {
    now.checked_sub(GOOD_FOR).unwrap_or(now)
}

/// What is known of Key Vault's roles.
#[derive(Debug, Default)]
pub(crate) struct KeyVaultRoles {
    subscriptions: Mutex<BTreeMap<SubscriptionId, Arc<Mutex<Option<Reading>>>>>,
}

/// One list of a subscription.
#[derive(Debug)]
struct Reading {
    asked_at: Timestamp,
    /// `None` if it does not tell: the caller may not list it, or a part of it cannot be read.
    roles: Option<Arc<Vec<RoleAssignment>>>,
}

/// Whose roles count.
enum Holder {
    /// Key Vault's own principal.
    KeyVault(PrincipalId),
    /// Where the directory does not tell who that is: whoever but the caller has the role that is made
    /// for this purpose.
    AnyoneBut(PrincipalId),
}

/// The roles at, above and below a scope.
#[derive(Default)]
struct Roles {
    held: Vec<RoleAssignment>,
    /// Why some of them cannot be read.
    odd: Option<String>,
}

impl KeyVaultRoles {
    /// Says what role Key Vault holds on an account, or may hold; `None` if it holds none. It is told by
    /// what was asked since the given moment.
    ///
    /// # Errors
    /// It cannot be told.
    pub(crate) async fn on(
        &self,
        run: &Run<'_>,
        around: &Surroundings,
        account: &StorageAccountId,
        since: Timestamp,
    ) -> Result<Option<String>, StepError> {
        let scope = account.as_str();
        let counts = |held: &&RoleAssignment| is_at_or_above(&held.scope, scope);
        let may_hold =
            |held: &RoleAssignment| format!("Key Vault may hold a role on it, `{}`", held.id);
        if let Some(roles) = self.in_subscription(run, around, account, since).await? {
            return Ok(roles.iter().find(counts).map(may_hold));
        }
        let holder = Holder::find(run, around, account).await?;
        let Roles { held, odd } = read(run, &holder, scope).await?;
        let odd = odd.map(|reason| format!("a role assignment on it cannot be read: {reason}"));
        Ok(held.iter().find(counts).map(may_hold).or(odd))
    }

    /// Gives the roles in the account's subscription; `None` if they have to be asked for closer by.
    async fn in_subscription(
        &self,
        run: &Run<'_>,
        around: &Surroundings,
        account: &StorageAccountId,
        since: Timestamp,
    ) -> Result<Option<Arc<Vec<RoleAssignment>>>, StepError> {
        let subscription = account.subscription();
        let known = {
            let mut all = self.subscriptions.lock().await;
            Arc::clone(all.entry(subscription.clone()).or_default())
        };
        // Whoever waits here is content with a list that was asked for meanwhile.
        let mut known = known.lock().await;
        if let Some(reading) = known.as_ref().filter(|reading| reading.asked_at > since) {
            return Ok(reading.roles.clone());
        }
        let asked_at = run.now();
        let holder = Holder::find(run, around, account).await?;
        let scope = format!("/subscriptions/{subscription}");
        let roles = match read(run, &holder, &scope).await {
            Ok(Roles { held, odd: None }) => Some(Arc::new(held)),
            Ok(_) => None,
            Err(error) if error.is(|azure: &Error| azure.forbidden_cause().is_some()) => None,
            Err(error) => return Err(error),
        };
        *known = Some(Reading {
            asked_at,
            roles: roles.clone(),
        });
        Ok(roles)
    }
}

impl Holder {
    async fn find(
        run: &Run<'_>,
        around: &Surroundings,
        account: &StorageAccountId,
    ) -> Result<Self, StepError> {
        if let Ok(principal) = around.key_vault_principal(run).await {
            return Ok(Self::KeyVault(principal));
        }
        let caller = run.client().caller().await;
        let caller =
            caller.map_err(|error| StepError::new("tell who is calling, for", account, error))?;
        Ok(Self::AnyoneBut(caller.object_id))
    }

    fn may_hold(&self, held: &RoleAssignment) -> bool {
        match self {
            Self::KeyVault(_) => true,
            Self::AnyoneBut(caller) => {
                held.is_role(KEY_OPERATOR_ROLE) && held.principal_id != *caller
            }
        }
    }
}

async fn read(run: &Run<'_>, holder: &Holder, scope: &str) -> Result<Roles, StepError> {
    let list = match holder {
        Holder::KeyVault(principal) => authorization::role_assignments(scope, principal),
        Holder::AnyoneBut(_) => authorization::all_role_assignments(scope),
    };
    let mut roles = Roles::default();
    for element in run
        .list("list the role assignments of", scope, list)
        .await?
    {
        match element {
            Listed::Item(held) if holder.may_hold(&held) => roles.held.push(held),
            Listed::Item(_) => {}
            Listed::Odd { reason, .. } => roles.odd = Some(reason),
        }
    }
    Ok(roles)
}
