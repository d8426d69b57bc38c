//! Looks at the accounts of a scope and keeps every hole as a value.
//!
//! Only a [`ReadClient`] is used, so by its type nothing can be sent but reads whose answers hold
//! no secret. A part of the scope that cannot be read becomes a [`Hole`] and the rest goes on.
//! What the observations mean is decided in [`rotation::drift`].

mod enrolments;
mod reading;

use azure::arm::storage::{self, StorageAccount};
use azure::client::ReadClient;
use azure::id::{StorageAccountId, SubscriptionId};
use rotation::finding::FindingCode;
use rotation::observation::{Enrolment, Observation, PerSlot, SharedKey};

use self::reading::{Found, Part, read_all, read_list};

pub(crate) use self::reading::odd_hole;

/// One account and what was seen of it.
#[derive(Clone, Debug)]
pub struct SeenAccount {
    /// Which account it is.
    pub id: StorageAccountId,
    /// What was seen.
    pub observation: Observation,
}

/// A part of the scope that was not examined.
#[derive(Debug)]
pub struct Hole {
    /// What kind of part it is.
    pub code: FindingCode,
    /// The id of the part, or the best name there is for it.
    pub scope: String,
    /// Why it was not examined.
    pub cause: HoleCause,
}

/// Why a part of the scope was not examined.
#[derive(Debug, thiserror::Error)]
pub enum HoleCause {
    /// Azure refused to show it, or could not be reached.
    #[error("cannot {act}")]
    Failed {
        /// What was tried.
        act: String,
        /// What came of it.
        source: azure::error::Error,
    },
    /// Azure described it in a form that is not understood.
    #[error("cannot understand Azure's description: {reason}")]
    Odd {
        /// What is odd about it.
        reason: String,
    },
}

/// Everything that was seen of a scope, ordered by account id, and what was not.
#[derive(Debug, Default)]
pub struct Seen {
    /// The accounts.
    pub accounts: Vec<SeenAccount>,
    /// The holes.
    pub holes: Vec<Hole>,
}

/// Looks at every account of the subscriptions, and at the vaults there that manage accounts.
///
/// A vault in another subscription may manage an account too; it is not looked for.
///
/// # Cancellation
/// Nothing is changed, so nothing is left behind.
pub async fn observe(client: &ReadClient, subscriptions: &[SubscriptionId]) -> Seen {
    let Found {
        items: accounts,
        mut holes,
    } = list_accounts(client, subscriptions).await;
    let mut enrolments = enrolments::Index::default();
    if !accounts.is_empty() {
        let found = enrolments::read(client, subscriptions, &accounts).await;
        enrolments = found.index;
        holes.extend(found.holes);
    }
    let mut accounts: Vec<_> = accounts
        .into_iter()
        .map(|account| {
            let observation = observation_of(&account, enrolments.take(&account.id));
            SeenAccount {
                id: account.id,
                observation,
            }
        })
        .collect();
    accounts.sort_by(|a, b| a.id.cmp(&b.id));
    Seen { accounts, holes }
}

/// Looks at one account, and for its enrolments at the vaults of the subscriptions.
///
/// # Errors
/// Azure's refusal to show the account. A vault that cannot be read is a hole.
///
/// # Cancellation
/// Nothing is changed, so nothing is left behind.
pub async fn observe_account(
    client: &ReadClient,
    id: &StorageAccountId,
    subscriptions: &[SubscriptionId],
) -> Result<(SeenAccount, Vec<Hole>), azure::error::Error> {
    let account = client.send(storage::get(id)).await?;
    let accounts = std::slice::from_ref(&account);
    let mut found = enrolments::read(client, subscriptions, accounts).await;
    let seen = SeenAccount {
        observation: observation_of(&account, found.index.take(&account.id)),
        id: account.id,
    };
    Ok((seen, found.holes))
}

/// Says in our words what an account's description and its vault records say.
pub fn observation_of(account: &StorageAccount, enrolments: Vec<Enrolment>) -> Observation {
    Observation {
        key_times: PerSlot {
            key1: account.key1_created_at,
            key2: account.key2_created_at,
        },
        shared_key: match account.allow_shared_key_access {
            Some(false) => SharedKey::Refused,
            Some(true) | None => SharedKey::Allowed,
        },
        key_expiration_days: account.key_expiration_days,
        enrolments,
    }
}

async fn list_accounts(
    client: &ReadClient,
    subscriptions: &[SubscriptionId],
) -> Found<StorageAccount> {
    let readings = subscriptions.iter().map(|subscription| async move {
        let part = Part {
            scope: format!("/subscriptions/{subscription}"),
            act: "list the storage accounts",
            code: FindingCode::ScopeUnreadable,
            item_code: FindingCode::AccountUnreadable,
        };
        read_list(client, storage::list(subscription), part).await
    });
    read_all(readings.collect()).await
}

#[cfg(test)]
mod tests;
