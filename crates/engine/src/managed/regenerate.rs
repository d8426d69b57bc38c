//! The one request that has a vault regenerate a key: right after a look, or not at all.
//!
//! # Guarantees
//! - It is sent only if the record is what the decision was made by, and nothing is waited for
//!   between that look and the request.
//! - One that may have been carried out is never sent again.
//!
//! # Caveats
//! - Key Vault has no conditional regeneration. Two runs that both look before either sends, within
//!   the time of one request, both regenerate: tokens that were minted in between die.

use azure::error::Error;
use azure::vault::managed_storage;
use rotation::slot::KeySlot;

use super::{Enrolment, Place, key_name, look};
use crate::run::{Pauses, Run, StepError};

/// How often the request is sent that was certainly not carried out.
const TRIES: u32 = 5;

/// What became of the request.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The key is new, and the active one.
    Done,
    /// It was not sent: the record is not what it was, or it is gone.
    Overtaken,
    /// It may have been carried out.
    Unclear(StepError),
}

/// Has the vault regenerate a key and make it the active one, unless somebody was there since.
///
/// # Cancellation
/// Before the request nothing is changed; once it is sent, Azure finishes it alone.
///
/// # Errors
/// Azure's refusal; nothing was regenerated.
pub(crate) async fn regenerate(
    run: &Run<'_>,
    place: &Place,
    before: &Enrolment,
    slot: KeySlot,
) -> Result<Sent, StepError> {
    let (mut pauses, mut tried) = (Pauses::new(), 0);
    loop {
        let now = look(run, place).await?;
        if !now.is_some_and(|now| is_untouched(before, &now)) {
            return Ok(Sent::Overtaken);
        }
        let request = managed_storage::regenerate_key(&place.vault, &place.name, key_name(slot));
        let sent = run.send_at_once("regenerate a key of", place, request);
        match sent.await {
            Ok(_) => return Ok(Sent::Done),
            Err(last) if last.is(Error::may_have_executed) => return Ok(Sent::Unclear(last)),
            // Whoever else is at it may be served first: it is looked at again before another try.
            Err(error) if error.is_late() => {
                tried += 1;
                if tried == TRIES || run.pause(pauses.next()).await.is_err() {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// Tells whether nobody had a key regenerated, or changed the record: its times move with each.
fn is_untouched(before: &Enrolment, now: &Enrolment) -> bool {
    before.active == now.active && before.times == now.times && before.account == now.account
}
