//! Reading and changing what a `keyrotation_sas_definition` stands for.

use azure::client::Client;
use engine::managed::{self, Definition};
use engine::run::Run;
use plugin::{
    Applied, Context, CreateRequest, DeleteRequest, Deleted, Diagnostic, Diagnostics, ReadRequest,
    ReadResponse, UpdateRequest, Value,
};

use super::model::{self, Model};
use crate::convert::Operation;
use crate::diagnostic;
use crate::provider::Shared;
use crate::resource::policy::not_configured;

/// Brings a stored definition up to date; gone if the vault holds none.
pub(super) async fn read(shared: &Shared, context: &Context, request: ReadRequest) -> ReadResponse {
    let ReadRequest { state, private, .. } = request;
    let mut diagnostics = Diagnostics::default();
    let Some(client) = shared.client() else {
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
    let state = match look(&run, &client, &state).await {
        Ok(found) => found.map(|seen| model::refresh(&state, &seen)),
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
) -> Result<Option<Definition>, Diagnostic> {
    let place = model::place(stored, client.cloud())?;
    managed::look_at_definition(run, &place)
        .await
        .map_err(|error| diagnostic::step(&error))
}

/// Makes the definition.
pub(super) async fn create(shared: &Shared, context: &Context, request: CreateRequest) -> Applied {
    let defined = change(shared, context, &request.planned, Operation::Create).await;
    applied(defined, None)
}

/// Brings the definition up to date in place.
pub(super) async fn update(shared: &Shared, context: &Context, request: UpdateRequest) -> Applied {
    let defined = change(shared, context, &request.planned, Operation::Update).await;
    applied(defined, Some(request.prior))
}

/// Answers with the new state, or with what still holds and the reason.
fn applied(defined: Result<Value, Diagnostic>, still_holds: Option<Value>) -> Applied {
    let mut diagnostics = Diagnostics::default();
    let state = match defined {
        Ok(state) => Some(state),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            still_holds
        }
    };
    Applied {
        state,
        private: Vec::new(),
        diagnostics,
    }
}

async fn change(
    shared: &Shared,
    context: &Context,
    planned: &Value,
    operation: Operation,
) -> Result<Value, Diagnostic> {
    let client = shared.client().ok_or_else(not_configured)?;
    let Model { place, wish } = Model::read(planned, client.cloud())?;
    let run = Run::new(
        &client,
        shared.clock(),
        context.token(),
        operation.limit(planned),
    );
    let seen = match operation {
        Operation::Create => managed::define(&run, &place, &wish)
            .await
            .map_err(|error| diagnostic::define(&error))?,
        _ => managed::redefine(&run, &place, &wish)
            .await
            .map_err(|error| diagnostic::step(&error))?,
    };
    Ok(model::fill(planned, &seen))
}

/// Deletes the definition; its secret goes with it.
pub(super) async fn delete(shared: &Shared, context: &Context, request: DeleteRequest) -> Deleted {
    let DeleteRequest { prior, private, .. } = request;
    let mut diagnostics = Diagnostics::default();
    let state = match end(shared, context, &prior).await {
        Ok(()) => None,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            Some(prior)
        }
    };
    Deleted {
        state,
        private,
        diagnostics,
    }
}

async fn end(shared: &Shared, context: &Context, prior: &Value) -> Result<(), Diagnostic> {
    let client = shared.client().ok_or_else(not_configured)?;
    let place = model::place(prior, client.cloud())?;
    let limit = Operation::Delete.limit(prior);
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    managed::undefine(&run, &place)
        .await
        .map_err(|error| diagnostic::step(&error))
}
