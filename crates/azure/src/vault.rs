//! Operations of a key vault's data plane, one module per kind of object.

pub mod backup;
pub mod managed_storage;
pub mod sas_definition;
pub mod secret;

use crate::{
    id::VaultUrl,
    request::{Endpoint, Odd, Target},
};

// The storage operations are the same in every version from 7.0 to 2025-07-01; later descriptions
// have none.
const API_VERSION: &str = "7.4";
// A vault refuses to list more at once.
const PAGE_SIZE: &str = "25";

fn target(vault: &VaultUrl, segments: &[&str]) -> Target {
    let endpoint = Endpoint::Vault(vault.clone());
    Target::new(endpoint, segments.iter().copied(), Some(API_VERSION))
}

fn list_target(vault: &VaultUrl, segments: &[&str]) -> Target {
    target(vault, segments).with_query("maxresults", PAGE_SIZE)
}

/// Takes the name of an object out of its id, `https://{vault}/{kind}/{name}`.
fn last_segment(id: &str) -> Result<&str, Odd> {
    let last = id.trim_end_matches('/').rsplit('/').next();
    last.filter(|name| !name.is_empty())
        .ok_or_else(|| Odd::new("an id without a name"))
}

#[cfg(test)]
mod tests;
