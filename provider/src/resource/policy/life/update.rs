//! Bringing the enrolment of a policy up to date in place.

use engine::grant::Made;
use engine::managed;
use engine::run::Run;
use plugin::{Applied, Context, Diagnostic, Diagnostics, UpdateRequest, Value};

use super::super::model::{AccountSeen, Model, Seen, fill};
use super::{Expiry, expire, fit_account, grant};
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
    let Note { mut made, gone } = match private::read(&private) {
        Ok(note) => note,
        Err(error) => {
            let newer = Err(diagnostic::newer(&error));
            return Applied::changed(newer, prior, private, diagnostics);
        }
    };
    let changed = change(shared, context, &planned, &mut made, &mut diagnostics).await;
    let private = private::write(&Note { made, gone });
    Applied::changed(changed, prior, private, diagnostics)
}

async fn change(
    shared: &Shared,
    context: &Context,
    planned: &Value,
    made: &mut Made,
    diagnostics: &mut Diagnostics,
) -> Result<Value, Diagnostic> {
    let client = shared.connected()?;
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
