//! A function and an action, which misbehave as they are told to.

use async_trait::async_trait;

use crate::action::{Action, Progress};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::function::{Function, FunctionError, Parameter, Signature};
use crate::resource::Context;
use crate::schema::{Attribute, Schema};
use crate::types::Type;
use crate::value::Value;

/// The name of the function.
pub(in crate::rpc::tests) const FUNCTION: &str = "join";

/// The name of the action.
pub(in crate::rpc::tests) const ACTION: &str = "toy_push";

/// Joins words.
pub(super) struct Join;

/// Pushes a thing around.
pub(super) struct Push;

impl Function for Join {
    fn name(&self) -> &str {
        FUNCTION
    }

    fn signature(&self) -> Signature {
        let word = Parameter::new("word", Type::String);
        Signature::new(Type::String, "Joins words.")
            .parameter(Parameter::new("between", Type::String).allow_null())
            .parameter(Parameter::new("times", Type::Number).allow_unknown())
            .variadic(word)
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let [between, times, words @ ..] = arguments else {
            unreachable!("the arguments fit the signature")
        };
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        match between.as_str() {
            Some("panic") => unreachable!("told to panic"),
            Some("unknown") => return Ok(Value::UNKNOWN),
            Some("misfit") => return Ok(Value::object([])),
            _ if times.is_unknown() => return Ok(Value::UNKNOWN),
            _ => {}
        }
        let once = words.join(between.as_str().unwrap_or_default());
        match times.as_i64().map(usize::try_from) {
            Some(Ok(times)) => Ok(once.repeat(times).into()),
            _ => Err(FunctionError::new("It must be a whole number.").at(1)),
        }
    }
}

#[async_trait]
impl Action for Push {
    fn type_name(&self) -> &str {
        ACTION
    }

    fn schema(&self) -> Schema {
        Schema::new(0, "Pushes.").attribute(Attribute::string("behaviour").required())
    }

    async fn plan(&self, _context: &Context, config: Value) -> Diagnostics {
        assert!(
            config.get("behaviour").as_str() != Some("panic"),
            "told to panic"
        );
        Diagnostic::warning("Heavy", "It takes a while.").into()
    }

    async fn invoke(
        &self,
        context: &Context,
        config: Value,
        progress: &mut Progress,
    ) -> Diagnostics {
        progress.report("begins");
        let behaviour = config.get("behaviour").as_str();
        assert!(behaviour != Some("panic"), "told to panic");
        if behaviour == Some("wait") {
            context.stopped().await;
            return Diagnostic::error("Stopped", "It ended at a safe point.").into();
        }
        progress.report("ends");
        Diagnostics::new()
    }
}
