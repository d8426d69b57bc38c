//! Looking at a published key, and taking the step that is due.

use std::time::Duration;

use engine::direct::error::DirectError;
use engine::direct::{self, Outcome, Seen};
use engine::run::Run;
use plugin::{
    Applied, Context, CreateRequest, DeleteRequest, Deleted, Diagnostic, Diagnostics, ReadRequest,
    ReadResponse, UpdateRequest, Value,
};

use super::super::life::{Expiry, expire};
use super::model::{self, Model};
use crate::convert::Operation;
use crate::diagnostic;
use crate::provider::Shared;

/// Brings a stored policy up to date; gone if its account is.
pub(in super::super) async fn read(
    shared: &Shared,
    context: &Context,
    request: ReadRequest,
) -> ReadResponse {
    let ReadRequest { state, private, .. } = request;
    let found = look(shared, context, &state).await;
    ReadResponse::found(found, state, private, Diagnostics::default())
}

async fn look(
    shared: &Shared,
    context: &Context,
    stored: &Value,
) -> Result<Option<Value>, Diagnostic> {
    // The provider block may not be known yet; then nothing can be said about the policy.
    let Some(client) = shared.client() else {
        return Ok(Some(stored.clone()));
    };
    let limit = Operation::Read.limit(stored);
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    let model = Model::read(stored, client.cloud())?;
    match direct::look(&run, &model.wish.account, &model.wish.place).await {
        Ok(seen) => {
            let now = shared.clock().now();
            Ok(Some(model::put(stored, &model, &seen, now, true)))
        }
        Err(DirectError::NoAccount { .. }) => Ok(None),
        Err(error) => Err(diagnostic::direct(&error)),
    }
}

/// Publishes the key that clients use, or takes up where an earlier run ended.
pub(in super::super) async fn create(
    shared: &Shared,
    context: &Context,
    request: CreateRequest,
) -> Applied {
    let mut diagnostics = Diagnostics::default();
    let (planned, limit) = (&request.planned, Operation::Create.limit(&request.planned));
    let stepped = step(shared, context, planned, limit, &mut diagnostics).await;
    Applied::made(stepped.map(|state| (state, Vec::new())), diagnostics)
}

/// Takes the step that is due.
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
    let limit = Operation::Update.limit(&planned);
    // What was done shows in Azure: the next refresh finds it, and the next plan goes on.
    let stepped = step(shared, context, &planned, limit, &mut diagnostics).await;
    Applied::changed(stepped, prior, private, diagnostics)
}

async fn step(
    shared: &Shared,
    context: &Context,
    planned: &Value,
    limit: Duration,
    diagnostics: &mut Diagnostics,
) -> Result<Value, Diagnostic> {
    let client = shared.connected()?;
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    let model = Model::read(planned, client.cloud())?;
    let (around, register) = (shared.surroundings(), shared.register());
    let mut tell = |progress| tracing::info!(?progress, "direct rotation");
    let outcome = direct::step(&run, around, register, &model.wish, &mut tell)
        .await
        .map_err(|error| diagnostic::direct(&error))?;
    if let Outcome::Busy { since } = outcome {
        return Err(diagnostic::busy(&model.wish.account, since));
    }
    let mut seen: Seen = direct::look(&run, &model.wish.account, &model.wish.place)
        .await
        .map_err(|error| diagnostic::direct(&error))?;
    let expiry = Expiry {
        wanted: model.set_key_expiration,
        days: model.max_key_age.days_rounded_up(),
    };
    seen.account = expire(&run, expiry, seen.account, diagnostics).await;
    let now = shared.clock().now();
    Ok(model::put(planned, &model, &seen, now, false))
}

/// Ends the rotation: nothing in Azure is changed.
pub(in super::super) fn delete(request: DeleteRequest) -> Deleted {
    Deleted {
        state: None,
        private: request.private,
        diagnostics: Diagnostics::default(),
    }
}
