//! `keyrotation_sas_definition`: the recipe by which Key Vault mints short-lived tokens.

mod identity;
mod life;
pub(crate) mod list;
pub(crate) mod model;
mod moved;
mod plan;
mod schema;

use std::sync::Arc;

use plugin::{
    Applied, Context, CreateRequest, DeleteRequest, Deleted, Diagnostic, Diagnostics,
    IdentitySchema, Imported, MoveRequest, Plan, ReadRequest, ReadResponse, Resource, Schema,
    UpdateRequest, Value,
};

use crate::provider::Shared;

/// The resource type.
#[derive(Debug)]
pub(crate) struct SasDefinition {
    shared: Arc<Shared>,
}

impl SasDefinition {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

#[async_trait::async_trait]
impl Resource for SasDefinition {
    fn type_name(&self) -> &'static str {
        "keyrotation_sas_definition"
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        plan::validate(config)
    }

    fn plan(&self, plan: &mut Plan) {
        plan::plan(plan, |policy| self.shared.pace(policy));
    }

    async fn read(&self, context: &Context, request: ReadRequest) -> ReadResponse {
        life::read(&self.shared, context, request).await
    }

    async fn create(&self, context: &Context, request: CreateRequest) -> Applied {
        life::create(&self.shared, context, request).await
    }

    async fn update(&self, context: &Context, request: UpdateRequest) -> Applied {
        life::update(&self.shared, context, request).await
    }

    async fn delete(&self, context: &Context, request: DeleteRequest) -> Deleted {
        life::delete(&self.shared, context, request).await
    }

    async fn import(&self, _context: &Context, id: &str) -> Result<Imported, Diagnostics> {
        let place =
            model::parse_definition(id, self.shared.cloud().as_ref()).map_err(|reason| {
                let mut diagnostics = Diagnostics::default();
                diagnostics.push(Diagnostic::error(
                    "Not the id of a SAS definition",
                    format!("{reason}."),
                ));
                diagnostics
            })?;
        Ok(Imported {
            state: model::imported(&self.schema(), &place),
            private: Vec::new(),
        })
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(identity::schema())
    }

    fn identity_of(&self, state: &Value) -> Value {
        identity::of_state(state)
    }

    async fn import_by_identity(
        &self,
        _context: &Context,
        identity: &Value,
    ) -> Result<Imported, Diagnostics> {
        let place = identity::place(identity, self.shared.cloud().as_ref())?;
        Ok(Imported {
            state: model::imported(&self.schema(), &place),
            private: Vec::new(),
        })
    }

    fn move_state(&self, request: MoveRequest) -> Option<Result<Imported, Diagnostics>> {
        moved::take_over(&self.schema(), &request, self.shared.cloud().as_ref())
    }

    fn generate_config(&self, state: Value) -> Value {
        model::written(state)
    }
}
