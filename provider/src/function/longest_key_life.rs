//! `longest_key_life`: how old a key gets at a pace.

use plugin::{Function, FunctionError, Parameter, Signature, Type, Value};
use rotation::period::RotationPeriod;

use super::{blame, text};

/// The function.
pub(super) struct LongestKeyLife;

impl Function for LongestKeyLife {
    fn name(&self) -> &'static str {
        "longest_key_life"
    }

    fn signature(&self) -> Signature {
        Signature::new(Type::String, "How old a key gets at a rotation period.")
            .parameter(Parameter::new("rotation_period", Type::String).describe(
                "How often Key Vault renews a key, as an ISO 8601 duration such as `P30D`.",
            ))
            .describe(
                "Gives the age that a key reaches at a rotation period, as an ISO 8601 duration: \
                 two periods, because Key Vault renews the two keys in turn. Compare it with the \
                 age that your rules allow: `P45D` keeps keys within 90 days.",
            )
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let period: RotationPeriod = text(arguments, 0)
            .parse()
            .map_err(|error| blame(0, &error))?;
        Ok(Value::from(period.longest_key_life().to_string()))
    }
}
