//! Reading and changing what a `keyrotation_sas_definition` stands for.

use engine::managed::sas::{self, Defined};
use engine::run::Run;
use plugin::{
    Applied, Context, CreateRequest, DeleteRequest, Deleted, Diagnostic, Diagnostics, ReadRequest,
    ReadResponse, UpdateRequest, Value,
};

use super::model::{self, Model};
use crate::convert::Operation;
use crate::diagnostic;
use crate::provider::Shared;

/// Brings a stored definition up to date; gone if the vault holds none.
pub(super) async fn read(shared: &Shared, context: &Context, request: ReadRequest) -> ReadResponse {
    let ReadRequest { state, private, .. } = request;
    let found = look(shared, context, &state).await;
    ReadResponse::found(found, state, private, Diagnostics::default())
}

async fn look(
    shared: &Shared,
    context: &Context,
    stored: &Value,
) -> Result<Option<Value>, Diagnostic> {
    // The provider block may not be known yet; then nothing can be said about the definition.
    let Some(client) = shared.client() else {
        return Ok(Some(stored.clone()));
    };
    let limit = Operation::Read.limit(stored);
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    let place = model::place(stored, client.cloud())?;
    let found = sas::look_at_definition(&run, &place)
        .await
        .map_err(|error| diagnostic::step(&error))?;
    Ok(found.map(|seen| model::refresh(stored, &seen)))
}

/// Makes the definition.
pub(super) async fn create(shared: &Shared, context: &Context, request: CreateRequest) -> Applied {
    let mut diagnostics = Diagnostics::default();
    let made = define(shared, context, &request.planned).await;
    let made = made.map(|(state, warning)| {
        diagnostics.extend(warning);
        (state, Vec::new())
    });
    Applied::made(made, diagnostics)
}

async fn define(
    shared: &Shared,
    context: &Context,
    planned: &Value,
) -> Result<(Value, Option<Diagnostic>), Diagnostic> {
    let client = shared.connected()?;
    let Model { place, wish } = Model::read(planned, client.cloud())?;
    let limit = Operation::Create.limit(planned);
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    let Defined {
        definition,
        unfinished,
    } = sas::define(&run, &place, &wish, shared.features().of_deleted())
        .await
        .map_err(|error| diagnostic::define(&error))?;
    let warning = unfinished.map(|error| {
        let detail = format!(
            "{place} was deleted before and has been recovered, but could not be brought up to \
             date: {}\n\nThe next plan shows the difference, and applying that mends it.",
            diagnostic::step(&error).detail
        );
        Diagnostic::warning("Recovered SAS definition has its old content", detail)
    });
    Ok((model::fill(planned, &definition), warning))
}

/// Brings the definition up to date in place.
pub(super) async fn update(shared: &Shared, context: &Context, request: UpdateRequest) -> Applied {
    let UpdateRequest {
        prior,
        planned,
        private,
        ..
    } = request;
    let changed = redefine(shared, context, &planned).await;
    Applied::changed(changed, prior, private, Diagnostics::default())
}

async fn redefine(
    shared: &Shared,
    context: &Context,
    planned: &Value,
) -> Result<Value, Diagnostic> {
    let client = shared.connected()?;
    let Model { place, wish } = Model::read(planned, client.cloud())?;
    let limit = Operation::Update.limit(planned);
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    let seen = sas::redefine(&run, &place, &wish)
        .await
        .map_err(|error| diagnostic::step(&error))?;
    Ok(model::fill(planned, &seen))
}

/// Deletes the definition; its secret goes with it.
pub(super) async fn delete(shared: &Shared, context: &Context, request: DeleteRequest) -> Deleted {
    let DeleteRequest { prior, private, .. } = request;
    let ended = end(shared, context, &prior).await;
    Deleted::ended(ended, prior, private, Diagnostics::default())
}

async fn end(shared: &Shared, context: &Context, prior: &Value) -> Result<(), Diagnostic> {
    let client = shared.connected()?;
    let place = model::place(prior, client.cloud())?;
    let limit = Operation::Delete.limit(prior);
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    sas::undefine(&run, &place)
        .await
        .map_err(|error| diagnostic::step(&error))
}
