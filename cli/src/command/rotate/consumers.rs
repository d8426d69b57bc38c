//! The consumers that are told by us: places that the published secret is put to as well, as `sync`
//! would. No further key is renewed before each of them has the present one.

use std::sync::Arc;
use std::time::Duration;

use azure::cloud::Cloud;
use azure::id::StorageAccountId;

use super::site::Site;
use crate::command::sync::round::{self, Mode, Outcome, Row, Surroundings};
use crate::command::sync::target::{self, Ask, Target, TargetError};
use crate::config::targets::TargetRule;
use crate::connection;
use crate::destination::cluster::Waits;
use crate::report::text::inert;

/// How long restarted pods may take to be ready.
const PATIENCE: Duration = Duration::from_mins(5);

/// A consumer still has a key that will be renewed.
#[derive(Debug, thiserror::Error)]
#[error("cannot bring the published secret to {target}: {reason}")]
pub(super) struct ConsumerError {
    target: String,
    reason: String,
}

/// Finds the declared places of a secret.
pub(super) fn of(declared: &[TargetRule], secret: &str) -> Vec<TargetRule> {
    let from = |rule: &&TargetRule| rule.from.trim_end_matches('/').eq_ignore_ascii_case(secret);
    declared.iter().filter(from).cloned().collect()
}

/// Understands the places of a plan.
///
/// # Errors
/// The first one that cannot be.
pub(super) fn understood(rules: &[TargetRule], cloud: &Cloud) -> Result<Vec<Target>, TargetError> {
    let understood = |rule: &TargetRule| {
        let name = format!("the place of `{}`", rule.from);
        target::target(rule.clone(), &name, Ask::default(), cloud)
    };
    rules.iter().map(understood).collect()
}

/// Brings the published secret to each place that does not have it yet, and says which.
///
/// # Errors
/// The first place that was not served; the others were.
///
/// # Cancellation
/// Each place has the old value or the new one; the next run looks.
pub(super) async fn tell(
    account: &StorageAccountId,
    targets: &[Target],
    site: &Site,
    mut say: impl FnMut(&str),
) -> Result<(), ConsumerError> {
    let around = Surroundings {
        waits: Waits {
            clock: Arc::clone(&site.clock),
            stop: site.stop.clone(),
        },
        hints: connection::hints(&site.env),
        patience: PATIENCE,
    };
    let rows = round::serve(targets, Mode::Replace, &site.run(), &around).await;
    for Row {
        target, outcome, ..
    } in rows
    {
        match outcome {
            Outcome::Failed(reason) => return Err(ConsumerError { target, reason }),
            Outcome::Replaced(_) => {
                let line = format!("{}: {target} has the published secret", account.name());
                say(&inert(&line));
            }
            Outcome::Kept | Outcome::Wanting(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_of_a_secret_are_those_that_name_it() {
        let rule = |from: &str| TargetRule {
            from: from.to_owned(),
            ..TargetRule::default()
        };
        let secret = "https://kv1.vault.azure.net/secrets/st-a";
        let declared = [
            rule(secret),
            rule("https://KV1.vault.azure.net/secrets/st-a/"),
            rule("https://kv1.vault.azure.net/secrets/st-ab"),
            rule("https://kv1.vault.azure.net/storage/a/sas/read"),
        ];
        assert_eq!(of(&declared, secret), declared.get(..2).unwrap_or_default());
    }
}
