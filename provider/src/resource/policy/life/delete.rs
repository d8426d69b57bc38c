//! Ending the enrolment of a policy.

use engine::grant::{self, GrantError, Made};
use engine::managed::{self, Removal};
use engine::run::Run;
use plugin::{Context, DeleteRequest, Deleted, Diagnostic, Diagnostics, Path, Value};

use super::super::model;
use crate::convert::{Operation, text};
use crate::provider::Shared;
use crate::{diagnostic, private};

/// Ends the enrolment and takes back what was granted for it.
pub(in super::super) async fn delete(
    shared: &Shared,
    context: &Context,
    request: DeleteRequest,
) -> Deleted {
    let DeleteRequest { prior, private, .. } = request;
    let mut diagnostics = Diagnostics::default();
    let ended = match private::read(&private) {
        Ok(note) => end(shared, context, &prior, &note.made, &mut diagnostics).await,
        Err(error) => Err(diagnostic::newer(&error)),
    };
    let ended = ended.map(|removal| diagnostics.extend(left_alone(removal, &prior)));
    Deleted::ended(ended, prior, private, diagnostics)
}

async fn end(
    shared: &Shared,
    context: &Context,
    prior: &Value,
    made: &Made,
    diagnostics: &mut Diagnostics,
) -> Result<Removal, Diagnostic> {
    let client = shared.connected()?;
    // Nothing but the identity is needed, so drift in the settings cannot stand in the way.
    let place = model::place(prior, client.cloud())?;
    let account = model::account(prior)?;
    let limit = Operation::Delete.limit(prior);
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    let removal = managed::remove(&run, shared.register(), &place, &account)
        .await
        .map_err(|error| diagnostic::step(&error))?;
    if shared.features().purge_on_destroy && removal != Removal::LeftForeign {
        let purged = managed::purge(&run, &place, &account).await;
        diagnostics.extend(purged.err().map(|error| diagnostic::not_purged(&error)));
    }
    let taken = grant::take_back(&run, shared.register(), &place, &account, made).await;
    match taken {
        Ok(()) => {}
        // The state stays: by it the next run knows what is left to be taken back.
        Err(GrantError::Step { source, .. }) if source.halt().is_some() => {
            return Err(diagnostic::step(&source));
        }
        Err(error) => diagnostics.push(diagnostic::left_over(&error)),
    }
    Ok(removal)
}

/// Says that a record was left, because it is not the policy's any more.
fn left_alone(removal: Removal, prior: &Value) -> Option<Diagnostic> {
    (removal == Removal::LeftForeign).then(|| {
        Diagnostic::warning(
            "Another account's enrolment was left alone",
            format!(
                "{} now is the enrolment of another account than {}; it was not deleted.",
                text(prior, &Path::attribute("id")),
                text(prior, &Path::attribute("storage_account_id"))
            ),
        )
    })
}
