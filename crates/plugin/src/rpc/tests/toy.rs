//! A provider with one of each kind, which misbehave as their attribute `behaviour` says. Here is the resource.

pub(super) mod asked;
pub(super) mod done;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use crate::action::Action;
use crate::data_source::DataSource;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ephemeral::EphemeralResource;
use crate::function::Function;
use crate::identity::{IdentityAttribute, IdentitySchema};
use crate::list::ListResource;
use crate::provider::{ConfigureRequest, Provider};
use crate::resource::{
    Applied, Context, CreateRequest, DeleteRequest, Deleted, Imported, MoveRequest, Plan,
    ReadRequest, ReadResponse, Resource, UpdateRequest,
};
use crate::schema::{Attribute, Schema};
use crate::value::Value;

/// The name of the resource type.
pub(super) const TYPE: &str = "toy_thing";

/// The schema of the resource.
pub(super) fn schema() -> Schema {
    Schema::new(2, "A thing.")
        .attribute(Attribute::string("id").computed())
        .attribute(Attribute::string("name").required().replace())
        .attribute(Attribute::string("behaviour").optional())
        .attribute(Attribute::number("days").optional_computed().default(90))
        .attribute(Attribute::string("secret").write_only())
        .attribute(Attribute::object(
            "vault",
            vec![Attribute::string("uri").required()],
        ))
}

/// The provider, and its resource.
#[derive(Default)]
pub(super) struct Toy {
    /// What its list handed over.
    pub(super) handed: Arc<AtomicUsize>,
}

#[async_trait]
impl Provider for Toy {
    fn schema(&self) -> Schema {
        Schema::new(0, "Toys.").attribute(Attribute::string("endpoint"))
    }

    fn resources(&self) -> Vec<Arc<dyn Resource>> {
        vec![Arc::new(Toy::default())]
    }

    fn data_sources(&self) -> Vec<Arc<dyn DataSource>> {
        vec![Arc::new(asked::Answer)]
    }

    fn ephemeral_resources(&self) -> Vec<Arc<dyn EphemeralResource>> {
        vec![Arc::new(asked::Answer)]
    }

    fn functions(&self) -> Vec<Arc<dyn Function>> {
        vec![Arc::new(done::Join)]
    }

    fn actions(&self) -> Vec<Arc<dyn Action>> {
        vec![Arc::new(done::Push)]
    }

    fn list_resources(&self) -> Vec<Arc<dyn ListResource>> {
        vec![Arc::new(asked::Things {
            handed: Arc::clone(&self.handed),
        })]
    }

    async fn configure(&self, _request: ConfigureRequest) -> Diagnostics {
        Diagnostics::new()
    }
}

#[async_trait]
impl Resource for Toy {
    fn type_name(&self) -> &str {
        TYPE
    }

    fn schema(&self) -> Schema {
        schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        assert!(
            config.get("name").as_str() != Some("panic"),
            "told to panic"
        );
        Diagnostics::new()
    }

    fn plan(&self, plan: &mut Plan) {
        assert!(
            plan.config.get("name").as_str() != Some("panic"),
            "told to panic"
        );
    }

    async fn read(&self, _context: &Context, request: ReadRequest) -> ReadResponse {
        let (state, diagnostics) = behave(request.state);
        ReadResponse {
            state,
            private: request.private,
            diagnostics,
        }
    }

    async fn create(&self, _context: &Context, request: CreateRequest) -> Applied {
        let mut planned = request.planned;
        if planned.get("behaviour").as_str() != Some("unknown") {
            let id = format!("id-{}", planned.get("name").as_str().unwrap_or_default());
            planned.set("id", id.into());
        }
        let (state, diagnostics) = behave(planned);
        Applied {
            state,
            private: request.private,
            diagnostics,
        }
    }

    async fn update(&self, _context: &Context, request: UpdateRequest) -> Applied {
        let (state, diagnostics) = behave(request.planned);
        Applied {
            state,
            private: request.private,
            diagnostics,
        }
    }

    async fn delete(&self, _context: &Context, request: DeleteRequest) -> Deleted {
        let good = request.prior.get("behaviour").as_str() == Some("good");
        let (state, diagnostics) = behave(request.prior);
        Deleted {
            state: state.filter(|_| !good),
            private: request.private,
            diagnostics,
        }
    }

    async fn import(&self, _context: &Context, id: &str) -> Result<Imported, Diagnostics> {
        assert!(id != "panic", "told to panic");
        let mut state = schema().null_object();
        state.set("id", id.into());
        state.set("secret", "leaked".into());
        let state = if id == "nothing" { Value::Null } else { state };
        Ok(Imported {
            state,
            private: Vec::new(),
        })
    }

    fn identity(&self) -> Option<IdentitySchema> {
        let identity = IdentitySchema::new(2)
            .attribute(IdentityAttribute::string("name"))
            .attribute(IdentityAttribute::string("shelf").optional());
        Some(identity)
    }

    fn identity_of(&self, state: &Value) -> Value {
        match state.get("behaviour").as_str() {
            Some("faceless") => unreachable!("told to panic"),
            Some("misnamed") => Value::object([("nick", "x".into())]),
            _ => Value::object([("name", state.get("name").clone()), ("shelf", Value::Null)]),
        }
    }

    async fn import_by_identity(
        &self,
        _context: &Context,
        identity: &Value,
    ) -> Result<Imported, Diagnostics> {
        let mut state = schema().null_object();
        state.set("name", identity.get("name").clone());
        state.set("id", identity.get("shelf").clone());
        Ok(Imported {
            state,
            private: b"imported".to_vec(),
        })
    }

    fn upgrade_identity(&self, version: i64, identity: Json) -> Result<Json, Diagnostics> {
        assert!(version == 1, "told to panic");
        Ok(json!({ "name": identity.get("title") }))
    }

    fn move_state(&self, request: MoveRequest) -> Option<Result<Imported, Diagnostics>> {
        if request.source_provider != "terraform.io/builtin/terraform" {
            return None;
        }
        let Some(name) = request.state.get("input").and_then(Json::as_str) else {
            return Some(Err(Diagnostic::error("No name", "It has no input.").into()));
        };
        let mut state = schema().null_object();
        state.set("name", name.into());
        state.set("secret", "leaked".into());
        let private = request.private;
        Some(Ok(Imported { state, private }))
    }

    fn upgrade(&self, version: i64, state: Json) -> Result<Json, Diagnostics> {
        match version {
            1 => Ok(json!({ "name": state.get("title") })),
            0 => Err(Diagnostic::error("State version is not supported", "It is too old.").into()),
            _ => unreachable!("told to panic"),
        }
    }
}

fn behave(mut state: Value) -> (Option<Value>, Diagnostics) {
    let behaviour = state
        .get("behaviour")
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(behaviour != "panic", "told to panic");
    match behaviour.as_str() {
        "misfit" => state.set("surprise", true.into()),
        "write_only" => state.set("secret", "leaked".into()),
        _ => {}
    }
    let error = |summary: &str| Diagnostics::from(Diagnostic::error(summary, "It was told to."));
    match behaviour.as_str() {
        "nothing" => (None, Diagnostics::new()),
        "refuse" => (None, error("Refused")),
        "halfway" => (Some(state), error("Halfway")),
        _ => (Some(state), Diagnostics::new()),
    }
}
