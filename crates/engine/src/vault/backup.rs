//! Backups of enrolments, as the vault seals them.

use azure::VaultBackup;
use azure::error::Error;
use azure::id::VaultUrl;
use azure::vault::backup;

use crate::managed::Place;
use crate::run::{Run, StepError};

/// An enrolment could not be restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A request failed; nothing was changed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The request was sent, and it cannot be told whether it took effect.
    #[error("cannot tell whether the enrolment was restored in `{vault}`")]
    Unclear {
        /// The vault's host.
        vault: String,
        /// The last answer.
        #[source]
        last: StepError,
    },
}

/// Has the vault hand out the sealed backup of an enrolment with its SAS definitions.
///
/// # Errors
/// Azure's refusal.
pub async fn back_up(run: &Run<'_>, place: &Place) -> Result<VaultBackup, StepError> {
    let request = backup::of_enrolment(&place.vault, &place.name);
    run.send("back up the enrolment", place, request).await
}

/// Brings an enrolment back from a backup and says where it stands now.
///
/// # Cancellation
/// The one request is never repeated. Whether one whose answer was lost took effect, the list of the
/// vault tells.
///
/// # Errors
/// Azure's refusal, for one because the name is taken; or that the effect is unclear.
pub async fn restore(
    run: &Run<'_>,
    vault: &VaultUrl,
    backup: &VaultBackup,
) -> Result<Place, RestoreError> {
    let request = backup::restore(vault, backup);
    match run
        .send("restore an enrolment in", vault.host(), request)
        .await
    {
        Ok(restored) => Ok(Place {
            vault: vault.clone(),
            name: restored.name,
        }),
        Err(last) if last.is(Error::may_have_executed) => Err(RestoreError::Unclear {
            vault: vault.host().to_owned(),
            last,
        }),
        Err(error) => Err(error.into()),
    }
}
