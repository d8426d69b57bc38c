//! `keyrotation_policy`: an account whose keys are rotated.

mod identity;
mod life;
pub(crate) mod list;
mod model;
mod moved;
mod plan;
mod schema;

use std::sync::Arc;

pub(crate) use life::not_configured;
use plugin::{
    Applied, Context, CreateRequest, DeleteRequest, Deleted, Diagnostic, Diagnostics,
    IdentitySchema, Imported, MoveRequest, Plan, ReadRequest, ReadResponse, Resource, Schema,
    UpdateRequest, Value,
};

use crate::convert;
use crate::provider::Shared;

/// The resource type.
#[derive(Debug)]
pub(crate) struct Policy {
    shared: Arc<Shared>,
}

impl Policy {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

#[async_trait::async_trait]
impl Resource for Policy {
    fn type_name(&self) -> &'static str {
        "keyrotation_policy"
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        plan::validate(config)
    }

    fn plan(&self, plan: &mut Plan) {
        plan::plan(plan);
        if self.shared.owes_notice() {
            plan.diagnostics.push(plan::notice());
        }
        self.shared.remember_pace(&plan.planned);
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
        let place = convert::parse_place(id, self.shared.cloud().as_ref()).map_err(|reason| {
            let mut diagnostics = Diagnostics::default();
            diagnostics.push(Diagnostic::error(
                "Not the id of an enrolment",
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
}
