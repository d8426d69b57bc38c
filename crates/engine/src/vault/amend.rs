//! Changing single settings of an enrolment, the active key among them.

use rotation::enrolment::TermsChange;
use rotation::slot::KeySlot;

use crate::managed::{Enrolment, Place, UpdateError, look, patch};
use crate::run::Run;

/// Changes what is named and leaves the rest; sends nothing if nothing is named.
///
/// Another active key regenerates nothing: the tokens that the vault hands out from then on are signed
/// with it, and the next turn takes the other one.
///
/// # Cancellation
/// The one request sets absolute values, so it may be repeated.
///
/// # Errors
/// Azure's refusal, or a record that is gone or not that of `account` any more; nothing was changed
/// then.
pub async fn amend(
    run: &Run<'_>,
    place: &Place,
    account: &str,
    change: TermsChange,
    active: Option<KeySlot>,
) -> Result<Enrolment, UpdateError> {
    let present = look(run, place).await?.ok_or_else(|| UpdateError::Gone {
        place: place.to_string(),
    })?;
    if !present.account.eq_ignore_ascii_case(account) {
        return Err(UpdateError::Foreign {
            place: place.to_string(),
            account: present.account,
        });
    }
    if change.is_empty() && active.is_none() {
        return Ok(present);
    }
    Ok(patch(run, place, change, active).await?)
}
