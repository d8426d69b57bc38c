//! The regeneration of a key that somebody insists on, whatever depends on it.
//!
//! The careful way is [`crate::managed::turn`], which takes the idle key and waits for its tokens.

use jiff::Timestamp;
use rotation::slot::KeySlot;

use crate::managed::regenerate::{Sent, regenerate};
use crate::managed::turn::Turned;
use crate::managed::{Enrolment, Place, look, look_at_account};
use crate::run::{Pauses, Run, StepError};

/// How often the vault and the account are looked at after an unclear answer.
const LOOKS: u32 = 5;

/// A key was not regenerated, or it cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum RegenerateError {
    /// A request failed; nothing was regenerated.
    #[error(transparent)]
    Step(#[from] StepError),
    /// Somebody regenerated a key or changed the record since it was looked at.
    #[error("somebody else was at `{place}` since it was looked at")]
    Overtaken {
        /// The identifier of the record.
        place: String,
    },
    /// The request was sent, and it cannot be told whether it took effect.
    #[error("cannot tell whether {slot} of `{account}` was regenerated")]
    Unclear {
        /// The account.
        account: String,
        /// The slot it was about.
        slot: KeySlot,
        /// The last answer.
        #[source]
        last: StepError,
    },
}

/// Has the vault regenerate a key and make it the active one, once, whatever is answered, if the record
/// still is the `agreed` one, which somebody decided by.
///
/// Whatever was signed with the key, or uses it, is refused from then on.
///
/// # Cancellation
/// A run that ends before the request has changed nothing; once it is sent, Azure finishes it alone.
///
/// # Errors
/// Why nothing was sent; or that it cannot be told whether what was sent took effect.
pub async fn insist(
    run: &Run<'_>,
    place: &Place,
    agreed: &Enrolment,
    slot: KeySlot,
) -> Result<Turned, RegenerateError> {
    let made_before = made(run, agreed, slot).await;
    match regenerate(run, place, agreed, slot).await? {
        Sent::Done => {
            let created_at = made(run, agreed, slot).await;
            let created_at = created_at.filter(|_| created_at > made_before);
            Ok(Turned {
                account: agreed.account.clone(),
                slot,
                created_at,
            })
        }
        Sent::Overtaken => Err(RegenerateError::Overtaken {
            place: place.to_string(),
        }),
        Sent::Unclear(last) => look_back(run, place, agreed, slot, made_before, last).await,
    }
}

/// Reads when a key was made; a time that cannot be had is an unknown one.
async fn made(run: &Run<'_>, enrolment: &Enrolment, slot: KeySlot) -> Option<Timestamp> {
    let account = enrolment.account.parse().ok()?;
    let seen = look_at_account(run, &account).await.ok()??;
    match slot {
        KeySlot::Key1 => seen.key1_created_at,
        KeySlot::Key2 => seen.key2_created_at,
    }
}

/// Looks for traces of a request whose answer is lost: a younger key, or another active one. A younger
/// record alone proves nothing, as anybody may have changed it.
async fn look_back(
    run: &Run<'_>,
    place: &Place,
    before: &Enrolment,
    slot: KeySlot,
    made_before: Option<Timestamp>,
    last: StepError,
) -> Result<Turned, RegenerateError> {
    let account = before.account.clone();
    let was_active = before.active == Some(slot);
    let mut pauses = Pauses::new();
    for _ in 0..LOOKS {
        let created_at = made(run, before, slot).await;
        let is_younger = made_before.is_some() && created_at > made_before;
        let now = look(run, place).await;
        let is_active = matches!(now, Ok(Some(now)) if now.active == Some(slot));
        if is_younger || (is_active && !was_active) {
            return Ok(Turned {
                account,
                slot,
                created_at: created_at.filter(|_| is_younger),
            });
        }
        if run.pause(pauses.next()).await.is_err() {
            break;
        }
    }
    Err(RegenerateError::Unclear {
        account,
        slot,
        last,
    })
}
