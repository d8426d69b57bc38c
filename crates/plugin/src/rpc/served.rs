//! Something the provider offers under a name, with its schema at hand, and the checks its values go through.

use std::sync::Arc;

use proto::tfplugin6::DynamicValue;

use super::wire;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::schema::{Schema, computed};
use crate::types::Type;
use crate::value::{Value, msgpack};

/// A resource, a data source, or another thing with a schema.
pub(super) struct Served<T: ?Sized> {
    /// The thing itself.
    pub(super) item: Arc<T>,
    /// Its schema.
    pub(super) schema: Schema,
    name: String,
    ty: Type,
}

impl<T: ?Sized> Served<T> {
    /// Serves a thing under its name.
    pub(super) fn new(item: Arc<T>, name: String, schema: Schema) -> Served<T> {
        Served {
            ty: schema.ty(),
            item,
            schema,
            name,
        }
    }

    /// Returns the name of the type.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the type of every value.
    pub(super) fn ty(&self) -> &Type {
        &self.ty
    }

    /// Reads a value; an absent one is null.
    pub(super) fn decode(&self, value: Option<&DynamicValue>) -> Result<Value, Diagnostics> {
        wire::decode(value, &self.ty)
    }

    /// Writes a value that was settled before.
    pub(super) fn encode(&self, value: &Value) -> Result<DynamicValue, Diagnostics> {
        wire::encode(value, &self.ty)
    }

    /// Makes a state of what was answered: write-only values and unknowns become null, and what does not fit the
    /// schema is replaced by the fallback. The last two are bugs, and are said to be.
    pub(super) fn settle(
        &self,
        answer: Value,
        fallback: &Value,
        diagnostics: &mut Diagnostics,
    ) -> Value {
        let answer = computed::without_write_only(&self.schema, answer);
        if let Err(error) = msgpack::encode(&answer, &self.ty) {
            diagnostics.push(self.bug(&format!(
                "answered with a value that does not fit its schema: {error}"
            )));
            return fallback.clone();
        }
        if !answer.is_wholly_known() {
            diagnostics.push(self.bug("left values unknown"));
        }
        answer.with_unknown_as_null()
    }

    /// Makes the message about a fault of the thing itself.
    pub(super) fn bug(&self, what: &str) -> Diagnostic {
        Diagnostic::bug(&format!("`{}` {what}.", self.name))
    }
}
