//! The api-versions of Key Vault's data plane: which exist, and what each knows.

use crate::refusal::Refusal;
use crate::routes::call::Call;
use crate::routes::table::Route;
use crate::world::vault::Objects;

/// The first version, with less in it and SAS definitions in a form of their own.
const FIRST: &str = "2016-10-01";
/// The versions that came with dates instead of numbers.
const DATED: &[&str] = &["2025-06-01", "2025-06-01-preview", "2025-07-01"];
/// Dated versions that know secrets and no managed storage accounts any more.
const WITHOUT_STORAGE: &[&str] = &[
    "2026-01-01-preview",
    "2026-03-01-preview",
    "2026-04-01",
    "2026-05-01-preview",
    "2026-07-01-preview",
];
/// What came with 7.0.
const NOT_IN_FIRST: &[&str] = &["Deleted", "Backup", "Restore", "Recover"];

/// Refuses a version that is missing, unknown, or without the operation.
pub(super) fn check(call: &Call, route: &Route) -> Result<(), Refusal> {
    let version = call
        .api_version()
        .ok_or_else(|| Refusal::bad_parameter("api-version must be specified"))?;
    let knows_storage =
        version == FIRST || is_numbered(&version) || DATED.contains(&version.as_str());
    let knows_secrets = knows_storage || WITHOUT_STORAGE.contains(&version.as_str());
    let is_storage = route
        .permission
        .is_some_and(|permission| permission.objects == Objects::Storage);
    if !(if is_storage {
        knows_storage
    } else {
        knows_secrets
    }) {
        return Err(Refusal::bad_parameter(format!(
            "The specified version ({version}) is not recognized. Consider using the latest supported version (2025-07-01)."
        )));
    }
    let is_newer = NOT_IN_FIRST
        .iter()
        .any(|word| route.operation.contains(word));
    if version == FIRST && is_storage && is_newer {
        let message = "The operation is not in api-version 2016-10-01.";
        return Err(Refusal::new(404, "NotFound", message));
    }
    Ok(())
}

/// Says whether a request comes by the first version.
pub(super) fn is_legacy(call: &Call) -> bool {
    call.api_version().is_some_and(|version| version == FIRST)
}

/// Says whether a version is 7.1 or later: those tell for how many days a deleted object can be recovered.
pub(super) fn tells_recoverable_days(call: &Call) -> bool {
    call.api_version()
        .is_some_and(|version| version != "7.0" && version != FIRST)
}

fn is_numbered(version: &str) -> bool {
    let Some(minor) = version.strip_prefix("7.") else {
        return false;
    };
    let (minor, preview) = minor.split_once('-').unwrap_or((minor, "preview"));
    preview.starts_with("preview") && matches!(minor.parse::<u8>(), Ok(0..=6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_versions_end_with_7_6() {
        for version in ["7.0", "7.4", "7.5-preview.1", "7.6"] {
            assert!(is_numbered(version), "{version}");
        }
        for version in ["7.7", "8.0", "7", "7.x", "7.5-beta"] {
            assert!(!is_numbered(version), "{version}");
        }
    }
}
