//! Reading and changing what a `keyrotation_policy` stands for.
//!
//! # Partial results
//! Until the account is enrolled, a failure leaves no state: what was granted by then is recognised
//! by the next run. From the moment it is enrolled, nothing is an error any more: a failed create
//! would be destroyed and made anew, which would interrupt the rotation for a missing reminder. It
//! becomes a warning, and the next refresh shows what is left to do.

use azure::arm::storage::StorageAccount;
use azure::client::Client;
use engine::grant::{self, Made};
use engine::managed::{self, Enrolled, How, Removal};
use engine::run::Run;
use plugin::{
    Applied, Context, CreateRequest, DeleteRequest, Deleted, Diagnostic, Diagnostics, Path,
    ReadRequest, ReadResponse, UpdateRequest, Value,
};

use super::model::{Model, Seen, fill, refresh};
use crate::convert::{Operation, parse_place, text};
use crate::provider::Shared;
use crate::{diagnostic, private};

/// Brings a stored policy up to date; gone if the vault holds no such enrolment.
pub(super) async fn read(shared: &Shared, context: &Context, request: ReadRequest) -> ReadResponse {
    let ReadRequest { state, private, .. } = request;
    let mut diagnostics = Diagnostics::default();
    let Some(client) = shared.client() else {
        // The provider block is not known yet, so nothing can be said about the policy.
        return ReadResponse {
            state: Some(state),
            private,
            diagnostics,
        };
    };
    let run = Run::new(
        &client,
        shared.clock(),
        context.token(),
        Operation::Read.limit(&state),
    );
    let state = match look(&run, &client, &state, &mut diagnostics).await {
        Ok(state) => state,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            Some(state)
        }
    };
    ReadResponse {
        state,
        private,
        diagnostics,
    }
}

async fn look(
    run: &Run<'_>,
    client: &Client,
    stored: &Value,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Value>, Diagnostic> {
    let id = text(stored, &Path::attribute("id"));
    let place = parse_place(&id, Some(client.cloud()))
        .map_err(|reason| Diagnostic::error("Not the id of an enrolment", format!("{reason}.")))?;
    let found = managed::look(run, &place)
        .await
        .map_err(|error| diagnostic::step(&error))?;
    let Some(enrolment) = found else {
        return Ok(None);
    };
    let account = match enrolment.account.parse() {
        Ok(account) => managed::look_at_account(run, &account).await,
        Err(_) => Ok(None),
    };
    let account = account.unwrap_or_else(|error| {
        let reason = diagnostic::step(&error).detail;
        diagnostics.push(Diagnostic::warning("Key ages are unknown", reason));
        None
    });
    Ok(Some(refresh(
        stored,
        Seen {
            enrolment: &enrolment,
            account: account.as_ref(),
        },
    )))
}

/// Enrols the account.
pub(super) async fn create(shared: &Shared, context: &Context, request: CreateRequest) -> Applied {
    let CreateRequest { planned, .. } = request;
    let mut diagnostics = Diagnostics::default();
    match enrol(shared, context, &planned, &mut diagnostics).await {
        Ok((state, made)) => Applied {
            state: Some(state),
            private: private::write(&made),
            diagnostics,
        },
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            Applied {
                state: None,
                private: Vec::new(),
                diagnostics,
            }
        }
    }
}

async fn enrol(
    shared: &Shared,
    context: &Context,
    planned: &Value,
    diagnostics: &mut Diagnostics,
) -> Result<(Value, Made), Diagnostic> {
    let client = shared.client().ok_or_else(not_configured)?;
    let model = Model::read(planned, client.cloud())?;
    let limit = Operation::Create.limit(planned);
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    let account = fit_account(&run, &model).await?;
    let made = grant(&run, &model).await?;
    let wish = model.wish(!made.is_empty());
    let Enrolled { enrolment, how } = managed::enrol(&run, &model.place, &wish)
        .await
        .map_err(|error| diagnostic::enrol(&error))?;
    diagnostics.extend(announcement(how, &model));
    let account = expire(&run, &model, account, diagnostics).await;
    Ok((
        fill(
            planned,
            Seen {
                enrolment: &enrolment,
                account: Some(&account),
            },
        ),
        made,
    ))
}

/// Reads the account and refuses one that cannot be rotated this way, before anything is changed.
async fn fit_account(run: &Run<'_>, model: &Model) -> Result<StorageAccount, Diagnostic> {
    let path = Path::attribute("storage_account_id");
    let found = managed::look_at_account(run, &model.account)
        .await
        .map_err(|error| diagnostic::step(&error).at(path.clone()))?;
    let Some(account) = found else {
        let detail = format!(
            "{} does not exist, or the caller may not see it. Nothing was changed.",
            model.account
        );
        return Err(Diagnostic::error("Storage account not found", detail).at(path));
    };
    if account.allow_shared_key_access == Some(false) {
        let detail = format!(
            "{} does not allow access by keys (allowSharedKeyAccess is false), so neither its \
             keys nor tokens signed by them can be used, and there is nothing to rotate. Nothing \
             was changed. Remove the policy, or allow access by keys.",
            model.account
        );
        return Err(Diagnostic::error("The account's keys are switched off", detail).at(path));
    }
    Ok(account)
}

async fn grant(run: &Run<'_>, model: &Model) -> Result<Made, Diagnostic> {
    if !model.grant_access {
        return Ok(Made::default());
    }
    let principal = model.key_vault_principal;
    grant::grant_for_enrolment(run, &model.account, &model.place.vault, principal)
        .await
        .map_err(|error| diagnostic::grant(&error))
}

/// Says how an enrolment came about, where it was not simply made.
fn announcement(how: How, model: &Model) -> Option<Diagnostic> {
    let text = match how {
        How::Made => return None,
        How::Recovered => "was deleted before and has been recovered, with the planned settings",
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

/// Sets the account's key expiration policy; a failure is a warning, as the account is enrolled.
async fn expire(
    run: &Run<'_>,
    model: &Model,
    account: StorageAccount,
    diagnostics: &mut Diagnostics,
) -> StorageAccount {
    if !model.set_key_expiration {
        return account;
    }
    let days = model.max_key_age.days_rounded_up();
    let kept = account.clone();
    let failure = match run.go_on() {
        Err(halt) => Diagnostic::warning("Key expiration policy not set", format!("{halt}.")),
        Ok(()) => match managed::set_key_expiration(run, account, days).await {
            Ok(account) => return account,
            Err(error) => diagnostic::step(&error),
        },
    };
    let detail = format!(
        "The enrolment is in force, but the account's key expiration policy is not set: {}\n\n\
         The next plan shows it as a difference, and applying that sets it. Azure refuses it on \
         accounts whose keys have no creation time, until both were regenerated; then leave it \
         for later with set_key_expiration_policy = false.",
        failure.detail
    );
    diagnostics.push(
        Diagnostic::warning("Key expiration policy not set", detail)
            .at(Path::attribute("set_key_expiration_policy")),
    );
    kept
}

/// Brings the enrolment up to date in place.
pub(super) async fn update(shared: &Shared, context: &Context, request: UpdateRequest) -> Applied {
    let UpdateRequest {
        prior,
        planned,
        private,
        ..
    } = request;
    let mut diagnostics = Diagnostics::default();
    let mut made = private::read(&private);
    let state = match change(shared, context, &planned, &mut made, &mut diagnostics).await {
        Ok(state) => state,
        Err(diagnostic) => {
            // The prior state is what still holds, so that the next plan sees the difference.
            diagnostics.push(diagnostic);
            prior
        }
    };
    Applied {
        state: Some(state),
        private: private::write(&made),
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
    *made = private::join(made.clone(), grant(&run, &model).await?);
    let enrolment = managed::look(&run, &model.place)
        .await
        .map_err(|error| diagnostic::step(&error))?
        .ok_or_else(|| vanished(&model))?;
    let enrolment = managed::update(&run, &model.place, enrolment, &model.terms)
        .await
        .map_err(|error| diagnostic::step(&error))?;
    let account = expire(&run, &model, account, diagnostics).await;
    Ok(fill(
        planned,
        Seen {
            enrolment: &enrolment,
            account: Some(&account),
        },
    ))
}

/// Ends the enrolment and takes back what was granted for it.
pub(super) async fn delete(shared: &Shared, context: &Context, request: DeleteRequest) -> Deleted {
    let DeleteRequest { prior, private, .. } = request;
    let mut diagnostics = Diagnostics::default();
    let made = private::read(&private);
    match end(shared, context, &prior, &made).await {
        Ok(Removal::Removed | Removal::WasGone) => Deleted {
            state: None,
            private: Vec::new(),
            diagnostics,
        },
        Ok(Removal::LeftForeign) => {
            diagnostics.push(Diagnostic::warning(
                "Another account's enrolment was left alone",
                format!(
                    "{} now is the enrolment of another account than {}; it was not deleted.",
                    text(&prior, &Path::attribute("id")),
                    text(&prior, &Path::attribute("storage_account_id"))
                ),
            ));
            Deleted {
                state: None,
                private: Vec::new(),
                diagnostics,
            }
        }
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            Deleted {
                state: Some(prior),
                private,
                diagnostics,
            }
        }
    }
}

async fn end(
    shared: &Shared,
    context: &Context,
    prior: &Value,
    made: &Made,
) -> Result<Removal, Diagnostic> {
    let client = shared.client().ok_or_else(not_configured)?;
    let model = Model::read(prior, client.cloud())?;
    let limit = Operation::Delete.limit(prior);
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    let removal = managed::remove(&run, &model.place, &model.account)
        .await
        .map_err(|error| diagnostic::step(&error))?;
    grant::take_back(&run, &model.place.vault, made)
        .await
        .map_err(|error| diagnostic::grant(&error))?;
    Ok(removal)
}

fn vanished(model: &Model) -> Diagnostic {
    Diagnostic::error(
        "The enrolment is gone",
        format!(
            "{} was there when the plan was made and is not any more. Nothing was changed. Plan \
             again to enrol the account anew.",
            model.place
        ),
    )
}

/// Says that the core did not configure the provider; it always does before it changes anything.
pub(crate) fn not_configured() -> Diagnostic {
    Diagnostic::error(
        "The provider is not configured",
        "The provider block still held unknown values when it was needed. Nothing was changed.",
    )
}
