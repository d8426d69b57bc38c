//! Bringing back a deleted record that holds the wanted name.

use azure::error::Error;
use azure::vault::managed_storage;
use rotation::enrolment::{Creation, Found, TermsChange, decide_creation};

use super::{Attempt, EnrolError, Enrolled, How, Wish, foreign};
use crate::managed::{Enrolment, Place, look, patch, whose};
use crate::run::{Pauses, Run, StepError};

/// Brings back a deleted record that holds the name, if it is one of the same account.
pub(super) async fn recover(
    run: &Run<'_>,
    place: &Place,
    wish: &Wish,
    conflict: StepError,
) -> Result<Attempt, EnrolError> {
    let (vault, name) = (&place.vault, &place.name);
    let request = managed_storage::get_deleted(vault, name);
    let deleted = match run.send("read the deleted enrolment", place, request).await {
        Ok(deleted) => deleted,
        // The deletion is still under way: it holds the name and shows nothing yet.
        Err(error) if error.is(Error::is_not_found) => return Ok(Attempt::NotYet(conflict)),
        Err(_) => return Err(conflict.into()),
    };
    let account = deleted.resource_id.to_string();
    let held = Found::Deleted {
        account: whose(&account, &wish.account),
    };
    if decide_creation(&held, &wish.terms) != Creation::Recover {
        return Err(foreign(place, account));
    }
    let request = managed_storage::recover(vault, name);
    match run
        .send("recover the deleted enrolment", place, request)
        .await
    {
        Err(error) if !error.is(|azure| azure.may_have_executed() || azure.is_not_found()) => {
            return Err(error.into());
        }
        _ => {}
    }
    let back = wait_until_it_lives(run, place).await?;
    let change = TermsChange::between(&back.terms, &wish.terms);
    let active = (back.active != Some(wish.active)).then_some(wish.active);
    let (enrolment, unfinished) = if change.is_empty() && active.is_none() {
        (back, None)
    } else {
        // From here on the account is enrolled: what fails now is left for the next run.
        match patch(run, place, change, active).await {
            Ok(enrolment) => (enrolment, None),
            Err(error) => (back, Some(error)),
        }
    };
    Ok(Attempt::Settled(Enrolled {
        enrolment,
        how: How::Recovered,
        unfinished,
    }))
}

/// A recovered record takes a moment to appear.
async fn wait_until_it_lives(run: &Run<'_>, place: &Place) -> Result<Enrolment, EnrolError> {
    let mut pauses = Pauses::new();
    loop {
        if let Some(enrolment) = look(run, place).await? {
            return Ok(enrolment);
        }
        let halted = |halt| EnrolError::Halted {
            place: place.to_string(),
            halt,
            last: None,
        };
        run.pause(pauses.next()).await.map_err(halted)?;
    }
}
