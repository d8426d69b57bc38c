//! Looking at the enrolment of a policy and at its account.

use engine::managed::{self, Enrolment};
use engine::run::Run;
use plugin::{Context, Diagnostic, Diagnostics, Path, ReadRequest, ReadResponse, Value};
use rotation::enrolment::Whose;

use super::super::model::{AccountSeen, Seen, refresh, vanished};
use crate::convert::{Operation, parse_place, text};
use crate::diagnostic;
use crate::private::{self, Note};
use crate::provider::Shared;

/// Brings a stored policy up to date.
///
/// It is gone if the vault holds no such enrolment, or one of another account. If rights that were
/// made for it remain, it stays in state until they are taken back: the next plan replaces it.
pub(in super::super) async fn read(
    shared: &Shared,
    context: &Context,
    request: ReadRequest,
) -> ReadResponse {
    let ReadRequest { state, private, .. } = request;
    let mut diagnostics = Diagnostics::default();
    let Some(client) = shared.client() else {
        // The provider block is not known yet, so nothing can be said about the policy.
        let found = Ok(Some(state.clone()));
        return ReadResponse::found(found, state, private, diagnostics);
    };
    let run = Run::new(
        &client,
        shared.clock(),
        context.token(),
        Operation::Read.limit(&state),
    );
    let note = private::read(&private).map_err(|error| diagnostic::newer(&error));
    let found = match note {
        Ok(note) => look(&run, shared, &state, note, &mut diagnostics).await,
        Err(diagnostic) => Err(diagnostic),
    };
    let (found, private) = match found {
        Ok((found, note)) => (Ok(found), private::write(&note)),
        Err(diagnostic) => (Err(diagnostic), private),
    };
    ReadResponse::found(found, state, private, diagnostics)
}

async fn look(
    run: &Run<'_>,
    shared: &Shared,
    stored: &Value,
    mut note: Note,
    diagnostics: &mut Diagnostics,
) -> Result<(Option<Value>, Note), Diagnostic> {
    let id = text(stored, &Path::attribute("id"));
    let place = parse_place(&id, Some(run.client().cloud()))
        .map_err(|reason| Diagnostic::error("Not the id of an enrolment", format!("{reason}.")))?;
    let found = managed::look(run, &place)
        .await
        .map_err(|error| diagnostic::step(&error))?;
    let Some(enrolment) = found.filter(|found| is_ours(found, stored, diagnostics)) else {
        note.gone = !note.made.is_empty();
        diagnostics.extend(note.gone.then(|| rights_remain(&id)));
        return Ok((note.gone.then(|| vanished(stored)), note));
    };
    note.gone = false;
    diagnostics.extend((!enrolment.terms.enabled).then(|| disabled(&id)));
    let state = with_account(run, shared, &enrolment, stored, diagnostics).await;
    Ok((Some(state), note))
}

/// Tells whether a record is that of the stored account; an import takes whatever is there.
fn is_ours(found: &Enrolment, stored: &Value, diagnostics: &mut Diagnostics) -> bool {
    let account = text(stored, &Path::attribute("storage_account_id"));
    let another = account
        .parse()
        .is_ok_and(|account| found.whose(&account) == Whose::Another);
    if another {
        let detail = format!(
            "{} is the enrolment of {} by now, so {account} is not enrolled there any more.",
            text(stored, &Path::attribute("id")),
            found.account
        );
        diagnostics.push(Diagnostic::warning(
            "Name was taken by another account",
            detail,
        ));
    }
    !another
}

async fn with_account(
    run: &Run<'_>,
    shared: &Shared,
    enrolment: &Enrolment,
    stored: &Value,
    diagnostics: &mut Diagnostics,
) -> Value {
    let found = match enrolment.account.parse() {
        Ok(account) => shared.surroundings().account(run, &account).await,
        Err(_) => Ok(None),
    };
    let (account, reason) = match &found {
        Ok(Some(account)) => (AccountSeen::Known(account), None),
        Ok(None) => (
            AccountSeen::Gone,
            Some(format!("{} does not exist.", enrolment.account)),
        ),
        Err(error) => (
            AccountSeen::Unreadable,
            Some(diagnostic::step(error).detail),
        ),
    };
    diagnostics.extend(reason.map(|reason| Diagnostic::warning("Key ages are unknown", reason)));
    refresh(stored, Seen { enrolment, account })
}

fn rights_remain(id: &str) -> Diagnostic {
    Diagnostic::warning(
        "The enrolment is gone, rights that were granted for it remain",
        format!(
            "{id} was removed by other means. The plan replaces the policy: that takes the rights \
             back and enrols the account anew. A destroy only takes them back."
        ),
    )
}

fn disabled(id: &str) -> Diagnostic {
    Diagnostic::warning(
        "The enrolment is disabled",
        format!("Somebody disabled {id} in the vault. The next change of the policy enables it."),
    )
}
