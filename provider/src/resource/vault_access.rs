//! `keyrotation_vault_access`: what somebody may do in a vault, for one purpose.

mod life;
mod model;
mod plan;
mod schema;

use std::sync::Arc;

use plugin::{
    Applied, Context, CreateRequest, DeleteRequest, Deleted, Diagnostic, Diagnostics, Imported,
    Plan, ReadRequest, ReadResponse, Resource, Schema, UpdateRequest, Value,
};

use crate::provider::Shared;

/// The resource type.
#[derive(Debug)]
pub(crate) struct VaultAccess {
    shared: Arc<Shared>,
}

impl VaultAccess {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

#[async_trait::async_trait]
impl Resource for VaultAccess {
    fn type_name(&self) -> &'static str {
        "keyrotation_vault_access"
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        plan::validate(config)
    }

    fn plan(&self, plan: &mut Plan) {
        plan::plan(plan);
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
        let state = model::imported(&self.schema(), id)
            .map_err(|reason| Diagnostic::error("Not the id of an access", format!("{reason}.")))?;
        Ok(Imported {
            state,
            private: Vec::new(),
        })
    }
}
