//! The functions, each a thin face over a pure function of another room.

mod longest_key_life;
mod parse_sas_token;
mod parse_storage_account_id;
mod sas_template;

use std::sync::Arc;

use plugin::{Function, FunctionError, Value};

/// Lists the functions.
pub(crate) fn all() -> Vec<Arc<dyn Function>> {
    vec![
        Arc::new(longest_key_life::LongestKeyLife),
        Arc::new(parse_sas_token::ParseSasToken),
        Arc::new(parse_storage_account_id::ParseStorageAccountId),
        Arc::new(sas_template::BuildSasTemplate),
    ]
}

/// Gives the text at a position; empty if there is none, which no core sends.
fn text(arguments: &[Value], position: usize) -> &str {
    arguments
        .get(position)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Blames an argument, with the reason as a sentence.
fn blame(argument: i64, error: &dyn std::error::Error) -> FunctionError {
    FunctionError::new(crate::diagnostic::sentence(error)).at(argument)
}
