//! A `keyrotation_policy` whose keys are rotated directly, and published as a secret.
//!
//! # Partial results
//! What a step has done can be seen in Azure: a key that was renewed and not published is found by
//! its age. So a step that fails leaves the state as it was, and the next one goes on from there.

mod life;
mod model;
mod plan;

use plugin::{Path, Value};

pub(super) use life::{create, delete, read, update};
pub(super) use model::{imported, parse_secret};
pub(super) use plan::plan;

/// Gives the path to an attribute of `direct`.
fn direct(name: &str) -> Path {
    Path::attribute("direct").then(name)
}

/// Tells whether a policy is rotated directly.
pub(super) fn is_direct(value: &Value) -> bool {
    !value.get("direct").is_null()
}
