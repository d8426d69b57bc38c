//! The two steps that change something: a turn, and publishing a key as it is.

use rotation::slot::KeySlot;

use super::claim::{self, Claim};
use super::error::DirectError;
use super::publish::{self, Version};
use super::{DirectWish, Outcome, Progress, Seen, keys, look, unmanaged, verify};
use crate::run::{Pauses, Run};
use crate::surroundings::Surroundings;

/// How often a turn is begun whose request was certainly not carried out.
const TRIES: u32 = 5;

/// Regenerates the idle key and publishes it.
pub(super) async fn turn(
    run: &Run<'_>,
    around: &Surroundings,
    wish: &DirectWish,
    seen: &Seen,
    slot: KeySlot,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Outcome, DirectError> {
    let fresh = || run.client().fresh_id().to_string();
    let ours = wish.owner.clone().unwrap_or_else(fresh);
    let (mut pauses, mut tried) = (Pauses::new(), 0);
    let mut seen = seen.clone();
    // To go through apps takes time, in which another run may have claimed the account.
    let mut is_old = wish.apps.is_some();
    loop {
        if is_old {
            seen = look(run, &wish.account, &wish.place).await?;
        }
        is_old = true;
        let before = run.now();
        let by = match claim::claim(run, wish, &seen, slot, &ours).await? {
            Claim::Held(until) => until,
            Claim::Not(outcome) => return Ok(outcome),
        };
        // The claim took some seconds, in which a vault may have taken the account over.
        unmanaged::check_roles(run, around, wish, before).await?;
        tell(Progress::Regenerating(slot));
        match keys::regenerate(run, wish, slot, seen.made(slot), by, tell).await {
            // Until its turn comes the claim may have lapsed, and another run be at it.
            Err(DirectError::Step(late)) if late.is_late() => {
                tried += 1;
                let wait = late.turn_in().unwrap_or_default().max(pauses.next());
                if tried == TRIES || !run.has_time_for(wait) || run.pause(wait).await.is_err() {
                    return Err(late.into());
                }
            }
            key => {
                let key = key?;
                tell(Progress::Regenerated(slot));
                let version = put(run, wish, slot, key, tell).await?;
                return Ok(Outcome::Turned { slot, version });
            }
        }
    }
}

/// Publishes the key that is in a slot, unless just that is published already.
pub(super) async fn republish(
    run: &Run<'_>,
    wish: &DirectWish,
    seen: &Seen,
    slot: KeySlot,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Version, DirectError> {
    let mut key = keys::read(run, &wish.account, slot).await?;
    key.created_at = key.created_at.or(seen.made(slot));
    if let Some(same) = publish::same(run, wish, seen, slot, &key).await? {
        return Ok(same);
    }
    put(run, wish, slot, key, tell).await
}

/// Sees that a key opens the account, and publishes it.
async fn put(
    run: &Run<'_>,
    wish: &DirectWish,
    slot: KeySlot,
    key: keys::Key,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Version, DirectError> {
    if wish.verify {
        verify::verify(run, wish, slot, &key).await?;
        tell(Progress::Verified(slot));
    }
    let version = publish::publish(run, wish, slot, &key).await?;
    tell(Progress::Published(slot));
    Ok(version)
}
