//! Enrolling the account of a new policy.

use engine::managed::enrol::{self, Enrolled, How};
use engine::run::{Run, StepError};
use plugin::{Applied, Context, CreateRequest, Diagnostic, Diagnostics, Value};

use super::super::model::{AccountSeen, Model, Seen, fill};
use super::{Expiry, expire, fit_account, grant, precheck};
use crate::convert::Operation;
use crate::diagnostic;
use crate::private::{self, Note};
use crate::provider::Shared;

/// Enrols the account.
pub(in super::super) async fn create(
    shared: &Shared,
    context: &Context,
    request: CreateRequest,
) -> Applied {
    let CreateRequest { planned, .. } = request;
    let mut diagnostics = Diagnostics::default();
    let made = enrol(shared, context, &planned, &mut diagnostics).await;
    let made = made.map(|(state, note)| (state, private::write(&note)));
    Applied::made(made, diagnostics)
}

async fn enrol(
    shared: &Shared,
    context: &Context,
    planned: &Value,
    diagnostics: &mut Diagnostics,
) -> Result<(Value, Note), Diagnostic> {
    let client = shared.connected()?;
    let model = Model::read(planned, client.cloud())?;
    let limit = Operation::Create.limit(planned);
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    let account = fit_account(&run, &model).await?;
    precheck(shared, &run, &model).await?;
    let made = grant(shared, &run, &model).await?;
    let wish = model.wish(!made.is_empty());
    let Enrolled {
        enrolment,
        how,
        unfinished,
    } = enrol::enrol(&run, shared.register(), &model.place, &wish)
        .await
        .map_err(|error| diagnostic::enrol(&error))?;
    diagnostics.extend(announcement(how, &model));
    diagnostics.extend(unfinished.map(|error| left_to_do(&error, &model)));
    let account = expire(&run, Expiry::of(&model), account, diagnostics).await;
    let seen = Seen {
        enrolment: &enrolment,
        account: AccountSeen::Known(&account),
    };
    Ok((fill(planned, seen), Note { made, gone: false }))
}

/// Says how an enrolment came about, where it was not simply made.
fn announcement(how: How, model: &Model) -> Option<Diagnostic> {
    let text = match how {
        How::Made => return None,
        How::Recovered => "was deleted before and has been recovered",
        How::Adopted => {
            "existed already, exactly as planned, and has been taken over: an earlier run was \
             interrupted after it had made it, or somebody else made it"
        }
    };
    Some(Diagnostic::warning(
        "Enrolment was not new",
        format!("{} {text}.", model.place),
    ))
}

/// Says that an enrolment is in force with other settings than the planned ones.
fn left_to_do(error: &StepError, model: &Model) -> Diagnostic {
    Diagnostic::warning(
        "Recovered enrolment has its old settings",
        format!(
            "{} is in force again, but could not be brought up to date: {}\n\nThe next plan shows \
             the difference, and applying that mends it.",
            model.place,
            diagnostic::step(error).detail
        ),
    )
}
