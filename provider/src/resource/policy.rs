//! `keyrotation_policy`: an account whose keys are rotated.

mod direct;
mod identity;
mod life;
pub(crate) mod list;
mod model;
mod moved;
mod plan;
mod schema;

use std::sync::Arc;

use engine::direct::{SecretPlace, account_of};
use engine::run::Run;
use plugin::{
    Applied, Context, CreateRequest, DeleteRequest, Deleted, Diagnostic, Diagnostics,
    IdentitySchema, Imported, MoveRequest, Plan, ReadRequest, ReadResponse, Resource, Schema,
    UpdateRequest, Value,
};

use crate::convert::{self, Operation};
use crate::diagnostic;
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

    /// Finds the account whose key a secret holds.
    async fn import_secret(
        &self,
        context: &Context,
        place: Result<SecretPlace, String>,
    ) -> Result<Imported, Diagnostics> {
        let wrong = |reason: String| {
            Diagnostics::from(Diagnostic::error(
                "Not a published key",
                format!("{reason}."),
            ))
        };
        let place = place.map_err(wrong)?;
        let client = self.shared.connected()?;
        let limit = Operation::Read.limit(&Value::Null);
        let run = Run::new(&client, self.shared.clock(), context.token(), limit);
        let account = account_of(&run, &place)
            .await
            .map_err(|error| diagnostic::direct(&error))?;
        let account = account.ok_or_else(|| wrong(format!("`{place}` does not exist")))?;
        Ok(Imported {
            state: direct::imported(&self.schema(), &place, &account),
            private: Vec::new(),
        })
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
        if direct::is_direct(&plan.planned) {
            direct::plan(plan);
            return;
        }
        plan::plan(plan);
        if self.shared.owes_notice() {
            plan.diagnostics.push(plan::notice());
        }
        self.shared.remember_pace(&plan.planned);
    }

    async fn read(&self, context: &Context, request: ReadRequest) -> ReadResponse {
        if direct::is_direct(&request.state) {
            return direct::read(&self.shared, context, request).await;
        }
        life::read(&self.shared, context, request).await
    }

    async fn create(&self, context: &Context, request: CreateRequest) -> Applied {
        if direct::is_direct(&request.planned) {
            return direct::create(&self.shared, context, request).await;
        }
        life::create(&self.shared, context, request).await
    }

    async fn update(&self, context: &Context, request: UpdateRequest) -> Applied {
        if direct::is_direct(&request.planned) {
            return direct::update(&self.shared, context, request).await;
        }
        life::update(&self.shared, context, request).await
    }

    async fn delete(&self, context: &Context, request: DeleteRequest) -> Deleted {
        if direct::is_direct(&request.prior) {
            return direct::delete(request);
        }
        life::delete(&self.shared, context, request).await
    }

    async fn import(&self, context: &Context, id: &str) -> Result<Imported, Diagnostics> {
        if let Some(place) = direct::parse_secret(id, self.shared.cloud().as_ref()) {
            return self.import_secret(context, place).await;
        }
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
