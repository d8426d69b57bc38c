//! Reading and changing what a `keyrotation_vault_access` stands for.

use azure::client::Client;
use azure::id::VaultId;
use engine::grant::Made;
use engine::grant::party::{self, LetIn, Party, Rights};
use engine::run::Run;
use plugin::{
    Applied, Context, CreateRequest, DeleteRequest, Deleted, Diagnostic, Diagnostics, Path,
    ReadRequest, ReadResponse, UpdateRequest, Value,
};

use super::model;
use super::plan::broad_role;
use crate::convert::{Operation, parse_vault, text};
use crate::diagnostic;
use crate::private::{self, Note};
use crate::provider::Shared;

/// Brings a stored access up to date: gone if its vault is.
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
    // The provider block may not be known yet; then nothing can be said about the access.
    let Some(client) = shared.client() else {
        return Ok(Some(stored.clone()));
    };
    let limit = Operation::Read.limit(stored);
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    let party = model::party(stored)?;
    let vault = vault(shared, &run, &client, stored).await?;
    let found = party::look(&run, &vault, &party).await;
    let found = found.map_err(|error| diagnostic::access(&error))?;
    Ok(found.map(|standing| model::seen(stored, &party, &standing)))
}

/// Finds the vault as a resource, by what the configuration or an earlier run tells of it.
async fn vault(
    shared: &Shared,
    run: &Run<'_>,
    client: &Client,
    value: &Value,
) -> Result<VaultId, Diagnostic> {
    if let Some(id) = model::vault_id(value) {
        return Ok(id);
    }
    let path = Path::attribute("vault_uri");
    let address = parse_vault(&text(value, &path), Some(client.cloud())).map_err(|reason| {
        Diagnostic::error("Not a vault of this cloud", format!("{reason}.")).at(path.clone())
    })?;
    let found = shared.surroundings().vault(run, None, &address).await;
    found.map(|vault| vault.id).ok_or_else(|| {
        let detail = format!(
            "No subscription that the caller can read holds {}. Nothing was changed.\n\nGive the \
             caller the role `Reader` on the vault, or name the vault by `vault_id`.",
            address.as_str()
        );
        Diagnostic::error("Vault not found", detail).at(path)
    })
}

/// Lets the party in.
pub(super) async fn create(shared: &Shared, context: &Context, request: CreateRequest) -> Applied {
    let mut diagnostics = Diagnostics::default();
    let (planned, limit) = (&request.planned, Operation::Create.limit(&request.planned));
    let before = Made::default();
    let made = let_in(shared, context, planned, &before, limit, &mut diagnostics).await;
    let made = made.map(|(state, note)| (state, private::write(&note)));
    Applied::made(made, diagnostics)
}

/// Changes what the party may do, in place.
pub(super) async fn update(shared: &Shared, context: &Context, request: UpdateRequest) -> Applied {
    let UpdateRequest {
        prior,
        planned,
        private,
        ..
    } = request;
    let mut diagnostics = Diagnostics::default();
    let limit = Operation::Update.limit(&planned);
    let changed = match private::read(&private) {
        Ok(note) => {
            let_in(
                shared,
                context,
                &planned,
                &note.made,
                limit,
                &mut diagnostics,
            )
            .await
        }
        Err(error) => Err(diagnostic::newer(&error)),
    };
    let (changed, private) = match changed {
        Ok((state, note)) => (Ok(state), private::write(&note)),
        Err(diagnostic) => (Err(diagnostic), private),
    };
    Applied::changed(changed, prior, private, diagnostics)
}

async fn let_in(
    shared: &Shared,
    context: &Context,
    planned: &Value,
    before: &Made,
    limit: std::time::Duration,
    diagnostics: &mut Diagnostics,
) -> Result<(Value, Note), Diagnostic> {
    let client = shared.connected()?;
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    let party = model::party(planned)?;
    let vault = vault(shared, &run, &client, planned).await?;
    let LetIn {
        standing,
        made,
        left,
    } = party::let_in(&run, shared.surroundings(), &vault, &party, before)
        .await
        .map_err(|error| diagnostic::access(&error))?
        .ok_or_else(|| gone(&vault))?;
    let broad = before.is_empty() && is_broad(&party, &standing.held);
    diagnostics.extend(broad.then(broad_role));
    diagnostics.extend(left.map(|error| diagnostic::left_over(&error)));
    let state = model::seen(planned, &party, &standing);
    Ok((state, Note { made, gone: false }))
}

fn is_broad(party: &Party, held: &Rights) -> bool {
    matches!(held, Rights::Role(_)) && party.role.is_none() && party.purpose.role_is_broad()
}

fn gone(vault: &VaultId) -> Diagnostic {
    Diagnostic::error(
        "Vault not found",
        format!("{vault} does not exist, or the caller may not see it. Nothing was changed."),
    )
    .at(Path::attribute("vault_id"))
}

/// Takes back what was given.
pub(super) async fn delete(shared: &Shared, context: &Context, request: DeleteRequest) -> Deleted {
    let DeleteRequest { prior, private, .. } = request;
    let ended = match private::read(&private) {
        Ok(note) => put_out(shared, context, &prior, &note.made).await,
        Err(error) => Err(diagnostic::newer(&error)),
    };
    Deleted::ended(ended, prior, private, Diagnostics::default())
}

async fn put_out(
    shared: &Shared,
    context: &Context,
    prior: &Value,
    made: &Made,
) -> Result<(), Diagnostic> {
    let client = shared.connected()?;
    let limit = Operation::Delete.limit(prior);
    let run = Run::new(&client, shared.clock(), context.token(), limit);
    party::put_out(&run, made)
        .await
        .map_err(|error| diagnostic::access(&error))
}
