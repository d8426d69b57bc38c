//! What a vault with soft delete keeps of enrolments that were removed.

use std::fmt::Display;

use azure::id::VaultUrl;
use azure::vault::managed_storage::{self, DeletedManagedStorage};

use super::{Odd, parted};
use crate::managed::{Enrolment, Place, look};
use crate::run::{Halt, Pauses, Run, StepError, absent};

/// How often it is looked whether a request took effect that Azure did not answer with a success.
const LOOKS: u32 = 5;

/// A deleted object could not be brought back or purged.
#[derive(Debug, thiserror::Error)]
pub enum DeletedError {
    /// A request failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The vault keeps nothing deleted under the name.
    #[error("the vault keeps nothing deleted of `{place}`")]
    Nothing {
        /// The identifier that was asked for.
        place: String,
    },
    /// Something living has the name.
    #[error("`{place}` is not deleted")]
    Lives {
        /// The identifier that was asked for.
        place: String,
    },
    /// The operation ended while the vault was bringing the object back.
    #[error("`{place}` is being recovered, and was not seen to live yet: {halt}")]
    Halted {
        /// The identifier that was asked for.
        place: String,
        /// Why it ended.
        halt: Halt,
    },
}

/// Lists the deleted enrolments of a vault.
///
/// # Errors
/// Azure's refusal.
pub async fn list(
    run: &Run<'_>,
    vault: &VaultUrl,
) -> Result<(Vec<DeletedManagedStorage>, Vec<Odd>), StepError> {
    let list = managed_storage::list_deleted(vault);
    let listed = run
        .list("list the deleted enrolments of", vault.host(), list)
        .await?;
    Ok(parted(listed, vault.as_str()))
}

/// Looks up a deleted enrolment; `None` if the vault keeps nothing under the name.
///
/// # Errors
/// Azure's refusal.
pub async fn show(
    run: &Run<'_>,
    place: &Place,
) -> Result<Option<DeletedManagedStorage>, StepError> {
    let request = managed_storage::get_deleted(&place.vault, &place.name);
    absent(run.send("read the deleted enrolment", place, request).await)
}

/// Brings a deleted enrolment back and waits until it lives.
///
/// # Cancellation
/// Recovering can be repeated; once the request is sent, Azure finishes it alone.
///
/// # Errors
/// There is nothing deleted, or Azure refused.
pub async fn recover(run: &Run<'_>, place: &Place) -> Result<Enrolment, DeletedError> {
    if look(run, place).await?.is_some() {
        return Err(DeletedError::Lives {
            place: place.to_string(),
        });
    }
    if show(run, place).await?.is_none() {
        return Err(DeletedError::Nothing {
            place: place.to_string(),
        });
    }
    let request = managed_storage::recover(&place.vault, &place.name);
    let sent = run
        .send("recover the deleted enrolment", place, request)
        .await;
    until_it_lives(run, place, sent.map(drop), async || look(run, place).await).await
}

/// Waits until what was asked to be recovered lives. Whether a request took effect that was answered
/// otherwise is seen by looking, for a while.
pub(super) async fn until_it_lives<T>(
    run: &Run<'_>,
    place: &dyn Display,
    sent: Result<(), StepError>,
    look: impl AsyncFn() -> Result<Option<T>, StepError>,
) -> Result<T, DeletedError> {
    let may_have_done =
        |error: &StepError| error.is(|azure| azure.may_have_executed() || azure.is_not_found());
    let mut doubt = match sent {
        Err(error) if !may_have_done(&error) => return Err(error.into()),
        sent => sent.err(),
    };
    let (mut pauses, mut looked) = (Pauses::new(), 0);
    loop {
        if let Some(living) = look().await? {
            return Ok(living);
        }
        looked += 1;
        if looked == LOOKS
            && let Some(error) = doubt.take()
        {
            return Err(error.into());
        }
        let halted = |halt| DeletedError::Halted {
            place: place.to_string(),
            halt,
        };
        run.pause(pauses.next()).await.map_err(halted)?;
    }
}

/// Removes a deleted enrolment for good.
///
/// # Cancellation
/// Purging can be repeated.
///
/// # Errors
/// There is nothing deleted, or Azure refused.
pub async fn purge(run: &Run<'_>, place: &Place) -> Result<(), DeletedError> {
    if show(run, place).await?.is_none() {
        return Err(DeletedError::Nothing {
            place: place.to_string(),
        });
    }
    let request = managed_storage::purge(&place.vault, &place.name);
    let purged = run
        .send("purge the deleted enrolment", place, request)
        .await;
    absent(purged)?;
    Ok(())
}
