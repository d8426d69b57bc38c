//! The trait a resource type implements, and what it is asked and answers.
//!
//! Values that arrive fit the schema, and answers are checked against it: an answer that does not fit, or that
//! still holds unknowns, becomes a "bug in this provider" message without losing the state.

use std::fmt;

use async_trait::async_trait;
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::identity::IdentitySchema;
use crate::path::Path;
use crate::schema::{Schema, computed};
use crate::value::Value;

/// One type of resource.
///
/// A core asks about many objects at a time: an implementation keeps no lock across an await.
/// The asynchronous operations run on tasks of their own, so that a core that goes away tears none of them.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// Returns the name of the type, beginning with the provider's.
    fn type_name(&self) -> &str;

    /// Returns the schema; it must always be the same.
    fn schema(&self) -> Schema;

    /// Judges a configuration beyond what the schema says; parts of it may be unknown.
    fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    /// Refines the plan of a creation or a change after the schema's defaults were filled in.
    ///
    /// A core plans twice and refuses a second plan that differs, so this is a pure function: no clock, no
    /// request. It is not called for the removal of an object.
    fn plan(&self, _plan: &mut Plan) {}

    /// Reads the object as it is.
    async fn read(&self, context: &Context, request: ReadRequest) -> ReadResponse;

    /// Makes the object. Once anything exists, the answer has a state, also beside an error.
    async fn create(&self, context: &Context, request: CreateRequest) -> Applied;

    /// Changes the object. Beside an error, the state is what really is: prior values for what was not done.
    async fn update(&self, context: &Context, request: UpdateRequest) -> Applied;

    /// Removes the object.
    async fn delete(&self, context: &Context, request: DeleteRequest) -> Deleted;

    /// Finds an existing object; the core reads it afterwards.
    async fn import(&self, _context: &Context, _id: &str) -> Result<Imported, Diagnostics> {
        let detail = format!("`{}` cannot be imported.", self.type_name());
        Err(Diagnostic::error("Import is not supported", detail).into())
    }

    /// Converts a stored state of an older schema version to the current one.
    ///
    /// Attributes the schema lacks are dropped afterwards, and missing ones are added as null.
    fn upgrade(&self, version: i64, state: Json) -> Result<Json, Diagnostics> {
        if version == self.schema().version {
            return Ok(state);
        }
        let detail = format!(
            "The state of this `{}` has version {version}, which this provider cannot convert.",
            self.type_name()
        );
        Err(Diagnostic::error("State version is not supported", detail).into())
    }

    /// Returns what makes the identity of an object, if the type has one; it must always be the same.
    fn identity(&self) -> Option<IdentitySchema> {
        None
    }

    /// Tells the identity of an object; null as long as it cannot be told.
    ///
    /// Asked of planned states too, of which parts may be unknown: an identity with unknown parts, or without what
    /// importing needs, is not sent.
    fn identity_of(&self, state: &Value) -> Value {
        self.identity()
            .map_or(Value::Null, |identity| identity.pick(state))
    }

    /// Finds an existing object by its identity; the core reads it afterwards.
    async fn import_by_identity(
        &self,
        _context: &Context,
        _identity: &Value,
    ) -> Result<Imported, Diagnostics> {
        let detail = format!("`{}` is imported by `id`.", self.type_name());
        Err(Diagnostic::error("Import by identity is not supported", detail).into())
    }

    /// Converts a stored identity of an older version to the current one.
    fn upgrade_identity(&self, version: i64, identity: Json) -> Result<Json, Diagnostics> {
        if self
            .identity()
            .is_some_and(|schema| schema.version == version)
        {
            return Ok(identity);
        }
        let detail = format!(
            "The identity of this `{}` has version {version}, which this provider cannot convert.",
            self.type_name()
        );
        Err(Diagnostic::error("Identity version is not supported", detail).into())
    }

    /// Takes over an object of another type, perhaps of another provider; none if that type is not known here.
    fn move_state(&self, _request: MoveRequest) -> Option<Result<Imported, Diagnostics>> {
        None
    }

    /// Makes the configuration that a person would write for an object; null where they would write nothing.
    fn generate_config(&self, state: Value) -> Value {
        computed::configurable(&self.schema(), state)
    }
}

/// What surrounds one operation: whether it should come to an end.
#[derive(Clone, Debug)]
pub struct Context {
    stop: CancellationToken,
}

impl Context {
    /// Makes a context that is stopped by a token.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Context {
        Context { stop }
    }

    /// Completes when the operation should end at the next safe point.
    ///
    /// # Cancellation
    /// Dropping the future changes nothing.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Tells whether the operation should end at the next safe point.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Returns the token itself, for layers below that know tokens only.
    #[must_use]
    pub fn token(&self) -> &CancellationToken {
        &self.stop
    }
}

/// A plan on its way through [`Resource::plan`].
#[derive(Clone, Debug)]
pub struct Plan {
    /// The state before; none when the object is made.
    pub prior: Option<Value>,
    /// What the object shall be; unknown where only applying will tell.
    pub planned: Value,
    /// The configuration.
    pub config: Value,
    /// Private data that the operation will be handed.
    pub private: Vec<u8>,
    /// The attributes because of which a new object is needed.
    pub replace: Vec<Path>,
    /// What to tell.
    pub diagnostics: Diagnostics,
}

/// What [`Resource::read`] is asked.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// The state of the last time.
    pub state: Value,
    /// Private data of the last time.
    pub private: Vec<u8>,
}

/// What [`Resource::read`] answers.
#[derive(Clone, Debug)]
pub struct ReadResponse {
    /// The object as it is; none if it is gone. Not being able to tell is an error with the state of the last time.
    pub state: Option<Value>,
    /// Private data to keep.
    pub private: Vec<u8>,
    /// What to tell.
    pub diagnostics: Diagnostics,
}

impl ReadResponse {
    /// Answers with what was found or, if that cannot be told, with the state of the last time.
    #[must_use]
    pub fn found(
        found: Result<Option<Value>, Diagnostic>,
        stored: Value,
        private: Vec<u8>,
        mut diagnostics: Diagnostics,
    ) -> Self {
        let state = found.unwrap_or_else(|diagnostic| {
            diagnostics.push(diagnostic);
            Some(stored)
        });
        Self {
            state,
            private,
            diagnostics,
        }
    }
}

/// What [`Resource::create`] is asked.
#[derive(Clone, Debug)]
pub struct CreateRequest {
    /// What was planned.
    pub planned: Value,
    /// The configuration, the only place with write-only values.
    pub config: Value,
    /// Private data of the plan.
    pub private: Vec<u8>,
}

/// What [`Resource::update`] is asked.
#[derive(Clone, Debug)]
pub struct UpdateRequest {
    /// The state before.
    pub prior: Value,
    /// What was planned.
    pub planned: Value,
    /// The configuration, the only place with write-only values.
    pub config: Value,
    /// Private data of the plan.
    pub private: Vec<u8>,
}

/// What [`Resource::create`] and [`Resource::update`] answer.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The object as it is now; none only if nothing exists.
    pub state: Option<Value>,
    /// Private data to keep.
    pub private: Vec<u8>,
    /// What to tell.
    pub diagnostics: Diagnostics,
}

impl Applied {
    /// Answers with the object that was made and its private data, or that there is none.
    #[must_use]
    pub fn made(made: Result<(Value, Vec<u8>), Diagnostic>, mut diagnostics: Diagnostics) -> Self {
        let (state, private) = match made {
            Ok((state, private)) => (Some(state), private),
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                (None, Vec::new())
            }
        };
        Self {
            state,
            private,
            diagnostics,
        }
    }

    /// Answers with the object as it was changed or, after a failure, with the state before: it is
    /// what still holds, so that the next plan sees the difference.
    #[must_use]
    pub fn changed(
        changed: Result<Value, Diagnostic>,
        prior: Value,
        private: Vec<u8>,
        mut diagnostics: Diagnostics,
    ) -> Self {
        let state = changed.unwrap_or_else(|diagnostic| {
            diagnostics.push(diagnostic);
            prior
        });
        Self {
            state: Some(state),
            private,
            diagnostics,
        }
    }
}

/// What [`Resource::delete`] is asked.
#[derive(Clone, Debug)]
pub struct DeleteRequest {
    /// The state before.
    pub prior: Value,
    /// Private data of the last time.
    pub private: Vec<u8>,
}

/// What [`Resource::delete`] answers.
#[derive(Clone, Debug)]
pub struct Deleted {
    /// None if the object is gone; what is left of it otherwise, beside an error.
    pub state: Option<Value>,
    /// Private data to keep if the object is still there.
    pub private: Vec<u8>,
    /// What to tell.
    pub diagnostics: Diagnostics,
}

impl Deleted {
    /// Answers that the object is gone or, after a failure, that it is there as before.
    #[must_use]
    pub fn ended(
        ended: Result<(), Diagnostic>,
        prior: Value,
        private: Vec<u8>,
        mut diagnostics: Diagnostics,
    ) -> Self {
        let state = ended.err().map(|diagnostic| {
            diagnostics.push(diagnostic);
            prior
        });
        Self {
            state,
            private,
            diagnostics,
        }
    }
}

/// What [`Resource::import`] answers.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Every attribute that reading needs.
    pub state: Value,
    /// Private data to keep.
    pub private: Vec<u8>,
}

/// What [`Resource::move_state`] is asked.
#[derive(Clone)]
pub struct MoveRequest {
    /// The address of the provider that the object comes from, such as `terraform.io/builtin/terraform`.
    pub source_provider: String,
    /// The type that the object had there.
    pub source_type: String,
    /// The version of that type's schema.
    pub source_version: i64,
    /// The state, in the form of that schema.
    pub state: Json,
    /// Private data of the other provider.
    pub private: Vec<u8>,
    /// The identity, if the object had one.
    pub identity: Option<Json>,
}

/// Shows where the object comes from, and nothing of its state.
impl fmt::Debug for MoveRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MoveRequest")
            .field("source_provider", &self.source_provider)
            .field("source_type", &self.source_type)
            .field("source_version", &self.source_version)
            .finish_non_exhaustive()
    }
}
