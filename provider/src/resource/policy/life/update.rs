//! Bringing the enrolment of a policy up to date in place.

use engine::grant::Made;
use engine::managed;
use engine::run::Run;
use plugin::{Applied, Context, Diagnostic, Diagnostics, UpdateRequest, Value};

use super::super::model::{AccountSeen, Model, Seen, fill};
use super::{Expiry, expire, fit_account, grant, not_configured};
use crate::convert::Operation;
use crate::diagnostic;
use crate::private::{self, Note};
use crate::provider::Shared;

/// Brings the enrolment up to date in place.
pub(in super::super) async fn update(
    shared: &Shared,
    context: &Context,
    request: UpdateRequest,
) -> Applied {
    let UpdateRequest {
        prior,
        planned,
        private,
        ..
    } = request;
    let mut diagnostics = Diagnostics::default();
    let note = match private::read(&private) {
        Ok(note) => note,
        Err(error) => {
            diagnostics.push(diagnostic::newer(&error));
            return Applied {
                state: Some(prior),
                private,
                diagnostics,
            };
        }
    };
    let mut made = note.made;
    let state = match change(shared, context, &planned, &mut made, &mut diagnostics).await {
        Ok(state) => state,
        Err(diagnostic) => {
            // The prior state is what still holds, so that the next plan sees the difference.
            diagnostics.push(diagnostic);
            prior
        }
    };
    let private = private::write(&Note {
        made,
        gone: note.gone,
    });
    Applied {
        state: Some(state),
        private,
        diagnostics,
    }
}

async fn change(
    shared: &Shared,
    context: &Context,
    planned: &Value,
    made: &mut Made,
    diagnostics: &mut Diagnostics,
) -> Result<Value, Diagnostic> {
    let client = shared.client().ok_or_else(not_configured)?;
    let model = Model::read(planned, client.cloud())?;
    let limit = Operation::Update.limit(planned);
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    let account = fit_account(&run, &model).await?;
    *made = std::mem::take(made).and(grant(shared, &run, &model).await?);
    let enrolment = managed::update(&run, &model.place, &model.account, &model.terms)
        .await
        .map_err(|error| diagnostic::update(&error))?;
    let account = expire(&run, Expiry::of(&model), account, diagnostics).await;
    let seen = Seen {
        enrolment: &enrolment,
        account: AccountSeen::Known(&account),
    };
    Ok(fill(planned, seen))
}
