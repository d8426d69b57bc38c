//! Looks at the accounts of a scope and keeps every hole as a value.
//!
//! Only a [`ReadClient`] is used, so by its type nothing can be sent but reads whose answers hold
//! no secret. A part of the scope that cannot be read becomes a [`Hole`] and the rest goes on.
//! What the observations mean is decided in [`rotation::drift`].

mod accounts;
mod apps;
mod log;
pub mod notes;
mod reading;
mod records;
mod roles;
mod vaults;

use std::collections::BTreeMap;
use std::sync::Arc;

use azure::arm::storage::{self, StorageAccount};
use azure::client::ReadClient;
use azure::client::search::SettingsSearch;
use azure::id::{ResourceGroupId, StorageAccountId, SubscriptionId};
use jiff::Timestamp;
use rotation::finding::FindingCode;
use rotation::observation::{Observation, PerSlot, SharedKey};

use self::notes::{Notes, NotesError, Unnoted};
use self::reading::{Holes, Scan};
use crate::check::rows::Rows;
use crate::check::scope::Filter;

pub(crate) use self::reading::odd_hole;

/// One account and what was seen of it.
#[derive(Clone, Debug)]
pub struct SeenAccount {
    /// Which account it is.
    pub id: StorageAccountId,
    /// The region it is in.
    pub location: Arc<str>,
    /// Its tags.
    pub tags: Arc<BTreeMap<String, String>>,
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

impl Hole {
    /// Makes the hole of a read that failed.
    pub fn failed(
        code: FindingCode,
        scope: impl Into<String>,
        act: impl Into<String>,
        source: azure::error::Error,
    ) -> Self {
        Self {
            code,
            scope: scope.into(),
            cause: HoleCause::Failed {
                act: act.into(),
                source,
            },
        }
    }
}

/// What a scan may use to look.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// Reads.
    pub client: &'a ReadClient,
    /// Looks for keys in the settings of apps; without it they are not looked at.
    pub search: Option<&'a SettingsSearch>,
    /// Keeps what is read.
    pub notes: &'a dyn Notes,
}

impl<'a> Means<'a> {
    /// Only reads, and keeps nothing.
    pub fn reading(client: &'a ReadClient) -> Self {
        Self {
            client,
            search: None,
            notes: &Unnoted,
        }
    }

    fn scan(self, holes: &'a Holes) -> Scan<'a> {
        Scan {
            client: self.client,
            search: self.search,
            notes: self.notes,
            holes,
        }
    }
}

/// A list of accounts, or one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Subscription(SubscriptionId),
    Group(ResourceGroupId),
    Account(StorageAccountId),
}

impl Place {
    /// Gives the resource id of what is listed or read.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Subscription(id) => format!("/subscriptions/{id}"),
            Self::Group(id) => id.to_string(),
            Self::Account(id) => id.to_string(),
        }
    }

    fn subscription(&self) -> &SubscriptionId {
        match self {
            Self::Subscription(id) => id,
            Self::Group(id) => id.subscription(),
            Self::Account(id) => id.subscription(),
        }
    }
}

/// How closely to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Depth {
    /// Whether vaults are asked for their records.
    pub(crate) vaults: bool,
    /// Whether their SAS definitions, deleted records and Key Vault's role are looked at as well.
    pub(crate) details: bool,
    /// Whether the vaults' secrets are searched for published keys.
    pub(crate) published: bool,
    /// Whether the activity log is read.
    pub(crate) log: LogDepth,
}

/// Whether the activity log is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogDepth {
    Unread,
    /// Where a key's time is unknown.
    OfUnknown(LogSpan),
    OfAll(LogSpan),
}

/// The part of the activity log that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogSpan {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

/// Everything that was seen of a scope, ordered by account id, and what was not.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    pub(crate) rows: Rows,
    pub(crate) holes: Vec<Hole>,
    pub(crate) left_to_others: usize,
}

/// Looks at the accounts of the places, and at the vaults of their subscriptions.
///
/// A vault in another subscription may manage an account too; it is not looked for.
///
/// # Errors
/// What an earlier scan noted cannot be read.
///
/// # Cancellation
/// Nothing is changed, so nothing is left behind.
pub(crate) async fn survey(
    means: Means<'_>,
    places: Vec<Place>,
    filter: &Filter,
    depth: &Depth,
) -> Result<Survey, NotesError> {
    let subscriptions = subscriptions_of(&places);
    let holes = Holes::default();
    let scan = means.scan(&holes);
    let found = accounts::read(scan, places, filter).await?;
    let mut rows = found.rows;
    if rows.len() > 0 {
        look_closer(scan, &subscriptions, depth, &mut rows).await?;
    }
    Ok(Survey {
        rows,
        holes: holes.in_order(),
        left_to_others: found.left_to_others,
    })
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
    let first = seen(account);
    let mut rows = Rows::default();
    rows.push(first.clone());
    let holes = Holes::default();
    let depth = Depth {
        vaults: true,
        details: false,
        published: false,
        log: LogDepth::Unread,
    };
    let scan = Means::reading(client).scan(&holes);
    look_closer(scan, subscriptions, &depth, &mut rows)
        .await
        .expect("where nothing is noted there is nothing to be read");
    let closer = rows.iter().next();
    Ok((closer.unwrap_or(first), holes.in_order()))
}

async fn look_closer(
    scan: Scan<'_>,
    subscriptions: &[SubscriptionId],
    depth: &Depth,
    rows: &mut Rows,
) -> Result<(), NotesError> {
    if depth.vaults {
        let vaults = vaults::list(scan, subscriptions).await?;
        vaults::read(scan, vaults, depth, rows).await?;
        if depth.details {
            roles::read(scan, subscriptions, rows).await?;
        }
    }
    if let Some(search) = scan.search {
        apps::read(scan, search, subscriptions, rows).await?;
    }
    if let LogDepth::OfUnknown(span) | LogDepth::OfAll(span) = depth.log {
        let only_unknown = depth.log == LogDepth::OfUnknown(span);
        let asked = rows.subscriptions(only_unknown);
        log::read(scan, asked, span, rows).await?;
    }
    Ok(())
}

/// Lists the subscriptions of the places, each once, in their order.
pub(crate) fn subscriptions_of(places: &[Place]) -> Vec<SubscriptionId> {
    let mut found: Vec<SubscriptionId> = Vec::new();
    for place in places {
        if !found.contains(place.subscription()) {
            found.push(place.subscription().clone());
        }
    }
    found
}

/// Says in our words what an account's description says.
fn seen(account: StorageAccount) -> SeenAccount {
    let observation = Observation {
        key_times: PerSlot {
            key1: account.key1_created_at,
            key2: account.key2_created_at,
        },
        shared_key: match account.allow_shared_key_access {
            Some(false) => SharedKey::Refused,
            Some(true) | None => SharedKey::Allowed,
        },
        key_expiration_days: account.key_expiration_days,
        made_at: account.made_at,
        ..Observation::default()
    };
    SeenAccount {
        id: account.id,
        location: account.location.into(),
        tags: Arc::new(account.tags),
        observation,
    }
}

#[cfg(test)]
mod tests;
