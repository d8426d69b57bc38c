//! From a scope to what is concluded about each account of it.
//!
//! Reading is the matter of [`crate::observe`], judging that of [`rotation::drift`]; this joins
//! the two and says when nothing could be examined at all. Wording and exit codes are left to the
//! faces.

pub mod accounts;
pub mod declared;
pub(crate) mod rows;
pub mod scope;
pub mod waivers;

use azure::arm::{self, management_groups::Descendant};
use azure::client::ReadClient;
use azure::id::{ManagementGroupName, SubscriptionId};
use azure::request::Listed;
use jiff::{SignedDuration, Timestamp};
use rotation::drift::Demand;
use rotation::finding::{FindingCode, Severity};
use rotation::profile::Profile;
use rotation::standing::Standing;

use self::accounts::{Accounts, Measure};
use self::declared::Declarations;
use self::scope::{Area, Scope};
use self::waivers::Waivers;
use crate::observe::notes::NotesError;
use crate::observe::{self, Depth, Hole, LogSpan, Means, Place, odd_hole};

/// How far back Azure keeps the activity log, less what the clocks may differ.
const LOG_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// What to look at.
    pub scope: Scope,
    /// What is demanded of the keys.
    pub demand: Demand,
    /// Which sources are asked beside those that are always asked.
    pub evidence: Evidence,
    /// What a configuration says about who is enrolled, if one was asked.
    pub declared: Option<Declarations>,
    /// What somebody has taken responsibility for.
    pub waivers: Waivers,
    /// Whether the vaults' secrets are searched for published keys under any profile; under `entra`
    /// they are in any case.
    pub published: bool,
}

/// Which sources are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Evidence {
    /// The creation times of the keys and the records of the vaults; the activity log only if the
    /// profile cannot do without.
    #[default]
    Needed,
    /// The activity log as well: who regenerated a key and when.
    Log,
}

impl Question {
    /// Asks about the keys of a scope, and nothing else.
    pub fn new(scope: Scope, demand: Demand) -> Self {
        Self {
            scope,
            demand,
            evidence: Evidence::default(),
            declared: None,
            waivers: Waivers::default(),
            published: false,
        }
    }

    fn depth(&self, now: Timestamp) -> Depth {
        let profile = self.demand.profile;
        // The rule is about regenerations alone, whoever did them.
        let vaults = profile != Profile::Conformity002 || self.declared.is_some();
        let span = LogSpan {
            since: now.checked_sub(LOG_KEPT).unwrap_or(Timestamp::MIN),
            until: now,
        };
        let log = match (self.evidence, profile) {
            (Evidence::Log, _) => observe::LogDepth::OfAll(span),
            (Evidence::Needed, Profile::Conformity002) => observe::LogDepth::OfUnknown(span),
            (Evidence::Needed, _) => observe::LogDepth::Unread,
        };
        Depth {
            vaults,
            details: vaults,
            published: self.published || profile == Profile::Entra,
            log,
        }
    }
}

/// What was concluded about a scope.
#[derive(Debug)]
pub struct Outcome {
    /// The moment the conclusions are about.
    pub as_of: Timestamp,
    /// The rule that the accounts were held to.
    pub profile: Profile,
    /// What was looked at, in words.
    pub scope: Vec<String>,
    /// The accounts, ordered by id.
    pub accounts: Accounts,
    /// The parts of the scope that were not examined.
    pub holes: Vec<Hole>,
    /// How many accounts of the scope were left to other shares of it.
    pub left_to_others: usize,
}

impl Outcome {
    /// Counts what stands against a pass; breaches below `fail_on` do not.
    pub fn standing(&self, fail_on: Severity) -> Standing {
        let mut standing = Standing {
            holes: self.holes.len(),
            left_to_others: self.left_to_others,
            ..Standing::default()
        };
        for account in self.accounts.iter() {
            standing.count(&account.assessment, self.profile, fail_on);
        }
        standing
    }
}

/// Nothing could be examined.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It is not known where to look.
    #[error("cannot list the subscriptions that can be read")]
    Subscriptions(#[source] azure::error::Error),
    /// The notes of an earlier scan cannot be used.
    #[error(transparent)]
    Notes(#[from] NotesError),
}

/// Examines every account of the scope as of the moment `now`.
///
/// # Errors
/// Only if it cannot be found out what there is to examine. Whatever else cannot be read is a
/// hole of the outcome.
///
/// # Cancellation
/// Nothing is changed, so nothing is left behind.
pub async fn check(
    client: &ReadClient,
    question: &Question,
    now: Timestamp,
) -> Result<Outcome, CheckError> {
    check_by(Means::reading(client), question, now).await
}

/// Examines every account of the scope as [`check`] does, by these means: it may look into the settings
/// of apps, and it notes what it reads and reads nothing that the notes know already.
///
/// Where to look is always found out anew, and all that is concluded is concluded as of `now`.
///
/// # Errors
/// As with [`check`], and if the notes cannot be read.
///
/// # Cancellation
/// Nothing is changed; the notes know the parts that were read whole.
pub async fn check_by(
    means: Means<'_>,
    question: &Question,
    now: Timestamp,
) -> Result<Outcome, CheckError> {
    let scope = &question.scope;
    let (places, mut holes) = places(means.client, scope).await?;
    let mut seen = observe::survey(means, places, &scope.filter, &question.depth(now)).await?;
    if let Some(declared) = &question.declared {
        declared.note(&mut seen.rows);
    }
    holes.extend(seen.holes);
    let measure = Measure {
        demand: question.demand,
        waivers: question.waivers.clone(),
        now,
    };
    Ok(Outcome {
        as_of: now,
        profile: question.demand.profile,
        scope: scope.words(),
        accounts: Accounts::of_rows(seen.rows, measure),
        holes,
        left_to_others: seen.left_to_others,
    })
}

/// Finds the lists to read: each once, in the order of the areas.
pub(crate) async fn places(
    client: &ReadClient,
    scope: &Scope,
) -> Result<(Vec<Place>, Vec<Hole>), CheckError> {
    let (mut places, mut holes) = (Vec::new(), Vec::new());
    let everywhere = [Area::EveryReadable];
    let areas = match scope.areas.as_slice() {
        [] => &everywhere,
        some => some,
    };
    for area in areas {
        let found = match area {
            Area::EveryReadable => readable_subscriptions(client, &mut holes).await?,
            Area::ManagementGroup(name) => below(client, name, &mut holes).await,
            Area::Subscription(id) => vec![Place::Subscription(id.clone())],
            Area::ResourceGroup(id) => vec![Place::Group(id.clone())],
            Area::Account(id) => vec![Place::Account(id.clone())],
        };
        for place in found {
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    Ok((places, holes))
}

async fn readable_subscriptions(
    client: &ReadClient,
    holes: &mut Vec<Hole>,
) -> Result<Vec<Place>, CheckError> {
    let listed = client
        .list(arm::subscriptions::list())
        .await
        .map_err(CheckError::Subscriptions)?;
    let subscriptions = listed.into_iter().map(|item| match item {
        Listed::Item(subscription) => Listed::Item(subscription.id),
        Listed::Odd { id, reason } => Listed::Odd { id, reason },
    });
    Ok(understood(subscriptions, "/subscriptions", holes))
}

async fn below(
    client: &ReadClient,
    group: &ManagementGroupName,
    holes: &mut Vec<Hole>,
) -> Vec<Place> {
    let scope = format!("/providers/Microsoft.Management/managementGroups/{group}");
    match client
        .list(arm::management_groups::descendants(group))
        .await
    {
        Err(error) => {
            let act = "list the subscriptions of the management group";
            holes.push(Hole::failed(
                FindingCode::ScopeUnreadable,
                scope,
                act,
                error,
            ));
            Vec::new()
        }
        Ok(listed) => {
            let subscriptions = listed.into_iter().filter_map(|item| match item {
                Listed::Item(Descendant::Subscription(id)) => Some(Listed::Item(id)),
                Listed::Item(Descendant::Group(_)) => None,
                Listed::Odd { id, reason } => Some(Listed::Odd { id, reason }),
            });
            understood(subscriptions, &scope, holes)
        }
    }
}

fn understood(
    listed: impl Iterator<Item = Listed<SubscriptionId>>,
    list: &str,
    holes: &mut Vec<Hole>,
) -> Vec<Place> {
    let mut places = Vec::new();
    for item in listed {
        match item {
            Listed::Item(id) => places.push(Place::Subscription(id)),
            Listed::Odd { id, reason } => {
                holes.push(odd_hole(FindingCode::ScopeUnreadable, id, list, reason));
            }
        }
    }
    places
}

#[cfg(test)]
mod tests;
