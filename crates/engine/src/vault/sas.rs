//! The SAS definitions of an enrolment, living and deleted.

use azure::vault::sas_definition::{self, DeletedSasDefinition};
use futures::stream::{self, StreamExt};

use super::deleted::{DeletedError, until_it_lives};
use super::{AT_A_TIME, Odd, parted};
use crate::managed::Place;
use crate::managed::sas::{Definition, DefinitionPlace, look_at_definition};
use crate::run::{Run, StepError, absent};

/// A SAS definition as it was read, or why it was not; `None` if it is gone since it was listed.
pub type Read = Result<Option<Definition>, StepError>;

/// Lists the SAS definitions of an enrolment and reads each.
///
/// # Errors
/// Azure's refusal of the list. A definition that cannot be read is told in its place.
pub async fn list(
    run: &Run<'_>,
    enrolment: &Place,
) -> Result<(Vec<(DefinitionPlace, Read)>, Vec<Odd>), StepError> {
    let list = sas_definition::list(&enrolment.vault, &enrolment.name);
    let listed = run
        .list("list the SAS definitions of", enrolment, list)
        .await?;
    let (items, odd) = parted(listed, &enrolment.to_string());
    let readings = items.into_iter().map(|item| async move {
        let place = DefinitionPlace {
            enrolment: enrolment.clone(),
            name: item.name,
        };
        let read = look_at_definition(run, &place).await;
        (place, read)
    });
    let readings = stream::iter(readings).buffered(AT_A_TIME);
    let mut read: Vec<_> = readings.collect().await;
    read.retain(|(_, read)| !matches!(read, Ok(None)));
    Ok((read, odd))
}

/// Lists the deleted SAS definitions of an enrolment.
///
/// # Errors
/// Azure's refusal.
pub async fn list_deleted(
    run: &Run<'_>,
    enrolment: &Place,
) -> Result<(Vec<DeletedSasDefinition>, Vec<Odd>), StepError> {
    let list = sas_definition::list_deleted(&enrolment.vault, &enrolment.name);
    let listed = run
        .list("list the deleted SAS definitions of", enrolment, list)
        .await?;
    Ok(parted(listed, &enrolment.to_string()))
}

/// Looks up a deleted SAS definition; `None` if the vault keeps nothing under the name.
///
/// # Errors
/// Azure's refusal.
pub async fn show_deleted(
    run: &Run<'_>,
    place: &DefinitionPlace,
) -> Result<Option<DeletedSasDefinition>, StepError> {
    let (vault, account) = (&place.enrolment.vault, &place.enrolment.name);
    let request = sas_definition::get_deleted(vault, account, &place.name);
    let act = "read the deleted SAS definition";
    absent(run.send(act, place, request).await)
}

/// Brings a deleted SAS definition back and waits until it lives.
///
/// # Cancellation
/// Recovering can be repeated; once the request is sent, Azure finishes it alone.
///
/// # Errors
/// There is nothing deleted, or Azure refused.
pub async fn recover(run: &Run<'_>, place: &DefinitionPlace) -> Result<Definition, DeletedError> {
    let name = || place.to_string();
    if look_at_definition(run, place).await?.is_some() {
        return Err(DeletedError::Lives { place: name() });
    }
    if show_deleted(run, place).await?.is_none() {
        return Err(DeletedError::Nothing { place: name() });
    }
    let (vault, account) = (&place.enrolment.vault, &place.enrolment.name);
    let request = sas_definition::recover(vault, account, &place.name);
    let act = "recover the deleted SAS definition";
    let sent = run.send(act, place, request).await.map(drop);
    let look = async || look_at_definition(run, place).await;
    until_it_lives(run, place, sent, look).await
}
