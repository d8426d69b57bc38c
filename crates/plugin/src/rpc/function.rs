//! CallFunction: decodes the arguments by the signature, and checks the answer against it.

use proto::tfplugin6 as tf;
use proto::tfplugin6::DynamicValue;

use super::catalogue::Callable;
use super::{Service, tasks, wire};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::function::FunctionError;
use crate::value::Value;

/// Answers CallFunction.
pub(super) fn answer(
    service: &Service,
    request: &tf::call_function::Request,
) -> tf::call_function::Response {
    match call(service, request) {
        Ok(result) => tf::call_function::Response {
            result: Some(result),
            error: None,
        },
        Err(error) => tf::call_function::Response {
            result: None,
            error: Some(tf::FunctionError {
                text: error.text,
                function_argument: error.argument,
            }),
        },
    }
}

fn call(
    service: &Service,
    request: &tf::call_function::Request,
) -> Result<DynamicValue, FunctionError> {
    let name = &request.name;
    let callable =
        service.catalogue().functions.get(name).ok_or_else(|| {
            FunctionError::new(format!("This provider has no function `{name}`."))
        })?;
    let arguments = decode(callable, &request.arguments)?;
    let what = format!("call `{name}`");
    let result = tasks::call(&what, || callable.function.call(&arguments)).map_err(as_error)??;
    if !result.is_wholly_known() && arguments.iter().all(Value::is_wholly_known) {
        let what = format!("`{name}` answered known arguments with an unknown value.");
        return Err(as_error(Diagnostic::bug(&what).into()));
    }
    wire::encode(&result, &callable.signature.returns).map_err(as_error)
}

fn decode(callable: &Callable, sent: &[DynamicValue]) -> Result<Vec<Value>, FunctionError> {
    let signature = &callable.signature;
    let needed = signature.parameters.len();
    if sent.len() < needed {
        let text = format!("The function takes {needed} arguments, not {}.", sent.len());
        return Err(FunctionError::new(text));
    }
    let arguments = sent.iter().enumerate().map(|(position, argument)| {
        let at = i64::try_from(position).unwrap_or(i64::MAX);
        let Some(parameter) = signature.parameter_at(position) else {
            let text = format!("The function takes {needed} arguments, not {}.", sent.len());
            return Err(FunctionError::new(text).at(at));
        };
        let value =
            wire::decode(Some(argument), &parameter.ty).map_err(|found| as_error(found).at(at))?;
        let refused = |what| {
            let text = format!("`{}` must not be {what}.", parameter.name);
            Err(FunctionError::new(text).at(at))
        };
        match value {
            value if value.is_null() && !parameter.allow_null => refused("null"),
            value if !value.is_wholly_known() && !parameter.allow_unknown => refused("unknown"),
            value => Ok(value),
        }
    });
    arguments.collect()
}

/// A function has one text to answer with instead of messages.
fn as_error(found: Diagnostics) -> FunctionError {
    let texts: Vec<String> = found
        .into_iter()
        .map(|found| format!("{}: {}", found.summary, found.detail))
        .collect();
    FunctionError::new(texts.join("\n"))
}
