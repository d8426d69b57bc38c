//! What the lists of `terraform query` have in common; each stands beside its resource.

use std::time::Duration;

use azure::request::Listed;
use plugin::{Diagnostic, Diagnostics};

/// How long a search may take. A core sets no limit of its own.
pub(crate) const LIMIT: Duration = Duration::from_mins(15);

/// Splits what Azure listed into what can be shown, and warnings about the rest.
pub(crate) fn understood<T>(listed: Vec<Listed<T>>) -> (Vec<T>, Diagnostics) {
    let mut told = Diagnostics::new();
    let mut items = Vec::new();
    for element in listed {
        match element {
            Listed::Item(item) => items.push(item),
            Listed::Odd { id, reason } => told.push(odd(id, &reason)),
        }
    }
    (items, told)
}

fn odd(id: Option<String>, reason: &str) -> Diagnostic {
    let what = id.map_or_else(
        || "An element of the list".to_owned(),
        |id| format!("`{id}`"),
    );
    Diagnostic::warning(
        "Not everything could be listed",
        format!("{what} is left out, because Azure's description is not understood: {reason}."),
    )
}
