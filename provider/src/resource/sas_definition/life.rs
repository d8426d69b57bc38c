//! Reading and changing what a `keyrotation_sas_definition` stands for.

use azure::client::Client;
use engine::managed::sas::{self, Defined, Definition};
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
    sas::look_at_definition(run, &place)
        .await
        .map_err(|error| diagnostic::step(&error))
}

/// Makes the definition.
pub(super) async fn create(shared: &Shared, context: &Context, request: CreateRequest) -> Applied {
    let mut diagnostics = Diagnostics::default();
    let state = match define(shared, context, &request.planned).await {
        Ok((state, warning)) => {
            diagnostics.extend(warning);
            Some(state)
        }
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            None
        }
    };
    Applied {
        state,
        private: Vec::new(),
        diagnostics,
    }
}

async fn define(
    shared: &Shared,
    context: &Context,
    planned: &Value,
) -> Result<(Value, Option<Diagnostic>), Diagnostic> {
    let client = shared.client().ok_or_else(not_configured)?;
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
    let mut diagnostics = Diagnostics::default();
    let state = match redefine(shared, context, &planned).await {
        Ok(state) => state,
        Err(diagnostic) => {
            // The prior state is what still holds, so that the next plan sees the difference.
            diagnostics.push(diagnostic);
            prior
        }
    };
    Applied {
        state: Some(state),
        private,
        diagnostics,
    }
}

async fn redefine(
    shared: &Shared,
    context: &Context,
    planned: &Value,
) -> Result<Value, Diagnostic> {
    let client = shared.client().ok_or_else(not_configured)?;
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
    sas::undefine(&run, &place)
        .await
        .map_err(|error| diagnostic::step(&error))
}
