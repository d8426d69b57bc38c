//! From a scope to what is concluded about each account of it.
//!
//! Reading is the matter of [`crate::observe`], judging that of [`rotation::drift`]; this joins
//! the two and says when nothing could be examined at all. Wording and exit codes are left to the
//! faces.

use azure::arm;
use azure::client::ReadClient;
use azure::id::{StorageAccountId, SubscriptionId};
use azure::request::Listed;
use jiff::Timestamp;
use rotation::drift::{Assessment, Demand, assess};
use rotation::finding::FindingCode;
use rotation::observation::Observation;

use crate::observe::{Hole, observe, odd_hole};

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every subscription that the identity can read.
    EveryReadable,
    /// These subscriptions, and a hole for each of them that cannot be read.
    Subscriptions(Vec<SubscriptionId>),
}

/// What was concluded about a scope.
#[derive(Debug)]
pub struct Outcome {
    /// The moment the conclusions are about.
    pub as_of: Timestamp,
    /// The accounts, ordered by id.
    pub accounts: Vec<CheckedAccount>,
    /// The parts of the scope that were not examined.
    pub holes: Vec<Hole>,
}

/// One account: what was seen, and what is concluded from it.
#[derive(Clone, Debug)]
pub struct CheckedAccount {
    /// Which account it is.
    pub id: StorageAccountId,
    /// What was seen.
    pub observation: Observation,
    /// What is concluded.
    pub assessment: Assessment,
}

/// Nothing could be examined.
#[derive(Debug, thiserror::Error)]
#[error("cannot list the subscriptions that can be read")]
pub struct CheckError {
    #[source]
    source: azure::error::Error,
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
    scope: &Scope,
    demand: &Demand,
    now: Timestamp,
) -> Result<Outcome, CheckError> {
    let (subscriptions, mut holes) = match scope {
        Scope::EveryReadable => readable_subscriptions(client).await?,
        Scope::Subscriptions(ids) => (distinct(ids), Vec::new()),
    };
    let seen = observe(client, &subscriptions).await;
    holes.extend(seen.holes);
    let accounts = seen.accounts.into_iter().map(|account| {
        let assessment = assess(&account.observation, demand, now);
        CheckedAccount {
            id: account.id,
            observation: account.observation,
            assessment,
        }
    });
    Ok(Outcome {
        as_of: now,
        accounts: accounts.collect(),
        holes,
    })
}

async fn readable_subscriptions(
    client: &ReadClient,
) -> Result<(Vec<SubscriptionId>, Vec<Hole>), CheckError> {
    let listed = client
        .list(arm::subscriptions::list())
        .await
        .map_err(|source| CheckError { source })?;
    let mut holes = Vec::new();
    let mut found = Vec::new();
    for item in listed {
        match item {
            Listed::Item(subscription) => found.push(subscription.id),
            Listed::Odd { id, reason } => {
                holes.push(odd_hole(
                    FindingCode::ScopeUnreadable,
                    id,
                    "/subscriptions",
                    reason,
                ));
            }
        }
    }
    Ok((distinct(&found), holes))
}

/// Drops repetitions and keeps the order.
fn distinct(ids: &[SubscriptionId]) -> Vec<SubscriptionId> {
    let mut kept = Vec::new();
    for id in ids {
        if !kept.contains(id) {
            kept.push(id.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use azure::client::Client;
    use azure::clock::ManualClock;
    use azure::transport::scripted::{ScriptedTransport, Step};
    use rotation::drift::Verdict;
    use rotation::period::Period;

    use super::*;

    const ID: &str = "00000000-0000-0000-0000-000000000001";
    const NOW: &str = "2026-06-01T00:00:00Z";

    async fn look(scope: &Scope, script: Vec<Step>) -> Result<Outcome, CheckError> {
        let transport = ScriptedTransport::new(script);
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let client = Client::with_transport(&transport, clock).reader();
        let demand = Demand {
            max_key_age: Period::days(90),
            due_soon: Period::days(14),
        };
        let outcome = check(&client, scope, &demand, NOW.parse().expect("a moment")).await;
        assert_eq!(transport.unused(), Vec::<String>::new());
        outcome
    }

    fn get(path: &str, body: &str) -> Step {
        Step::answer("GET", path, 200, body)
    }

    fn one_old_account() -> Vec<Step> {
        let body = format!(
            r#"{{"value":[{{"id":"/subscriptions/{ID}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stlogs",
            "name":"stlogs","properties":{{"keyCreationTime":{{"key1":"2026-01-01T00:00:00Z","key2":null}}}}}}]}}"#
        );
        vec![
            get("/storageAccounts", &body),
            get("/vaults", r#"{"value":[]}"#),
        ]
    }

    fn subscriptions(items: &str) -> Step {
        get("/subscriptions", &format!(r#"{{"value":[{items}]}}"#))
    }

    #[tokio::test]
    async fn every_readable_subscription_is_examined_as_of_now() {
        let listed = format!(r#"{{"subscriptionId":"{ID}"}},{{"subscriptionId":7,"id":"/odd"}}"#);
        let script = [vec![subscriptions(&listed)], one_old_account()].concat();
        let outcome = look(&Scope::EveryReadable, script)
            .await
            .expect("it can be listed");
        let verdicts: Vec<_> = outcome
            .accounts
            .iter()
            .map(|one| one.assessment.verdict)
            .collect();
        assert_eq!(verdicts, [Verdict::Overdue]);
        let holes: Vec<_> = outcome
            .holes
            .iter()
            .map(|hole| hole.scope.as_str())
            .collect();
        assert_eq!(holes, ["/odd"]);
        assert_eq!(outcome.as_of.to_string(), NOW);
    }

    #[tokio::test]
    async fn a_named_subscription_is_examined_once_and_without_listing_others() {
        let id: SubscriptionId = ID.parse().expect("an id");
        let scope = Scope::Subscriptions(vec![id.clone(), id]);
        let outcome = look(&scope, one_old_account())
            .await
            .expect("nothing is listed");
        assert_eq!(outcome.accounts.len(), 1);
    }

    #[tokio::test]
    async fn if_no_subscription_can_be_listed_there_is_no_outcome() {
        let refusal = Step::answer("GET", "/subscriptions", 403, "{}");
        let error = look(&Scope::EveryReadable, vec![refusal])
            .await
            .expect_err("a refusal");
        assert_eq!(
            error.to_string(),
            "cannot list the subscriptions that can be read"
        );
    }
}
