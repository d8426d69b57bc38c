//! Keeping two runs apart: a claim in the tags of the published version.
//!
//! Key Vault changes tags whoever changed them last, so a claim is written, and counts if it is
//! still there after a wait in which every other run that saw the account free has written its own.
//! Writing it also shows that the secret can be written, before a key is regenerated.

use std::time::Duration;

use azure::vault::secret;
use jiff::{SignedDuration, Timestamp};
use rotation::direct::{Step, decide_step};
use rotation::slot::KeySlot;

use super::error::DirectError;
use super::publish::Version;
use super::{DirectWish, Outcome, Seen, look};
use crate::run::{Run, StepError};

const TAG: &str = "KeyRotationClaim";

/// How long a run waits before it trusts its claim.
const WAIT: Duration = Duration::from_secs(5);

/// After this time a claim is that of a run that has ended: a turn takes less than a minute.
const LASTS: SignedDuration = SignedDuration::from_mins(5);

/// Claims the account for a turn of a slot; what comes back instead is why there will be none.
///
/// # Cancellation
/// A claim that is left behind lapses by itself.
pub(super) async fn claim(
    run: &Run<'_>,
    wish: &DirectWish,
    seen: &Seen,
    slot: KeySlot,
) -> Result<Option<Outcome>, DirectError> {
    // A turn has a version to replace; there is none only if somebody removed it just now.
    let Some(current) = &seen.published else {
        return Ok(Some(Outcome::Busy { since: None }));
    };
    let fresh = || run.client().fresh_id().to_string();
    let ours = wish.owner.clone().unwrap_or_else(fresh);
    if let Some(since) = live_claim(current, &ours, run.now()) {
        return Ok(Some(Outcome::Busy { since: Some(since) }));
    }
    let mut tags = current.tags.clone();
    tags.insert(TAG.to_owned(), ours.clone());
    let place = &wish.place;
    let request = secret::retag(&place.vault, &place.name, &current.version, &tags);
    run.send("claim the rotation in the tags of", place, request)
        .await?;
    run.pause(WAIT)
        .await
        .map_err(|halt| StepError::halted("claim the rotation in the tags of", place, halt))?;
    let now = look(run, &wish.account, place).await?;
    let is_ours = now
        .published
        .as_ref()
        .is_some_and(|now| now.version == current.version && now.tags.get(TAG) == Some(&ours));
    let still = decide_step(&now.standing(), &wish.terms, run.now());
    if is_ours && still == (Step::Turn { slot }) {
        return Ok(None);
    }
    let since = now.published.and_then(|now| now.updated);
    Ok(Some(Outcome::Busy { since }))
}

/// Finds a claim of another run that may still be at work.
fn live_claim(current: &Version, ours: &str, now: Timestamp) -> Option<Timestamp> {
    current.tags.get(TAG).filter(|claim| *claim != ours)?;
    current
        .updated
        .filter(|updated| now.duration_since(*updated) < LASTS)
}
