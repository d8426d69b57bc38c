//! What the provider remembers of a resource beside its state: the rights that it made.
//!
//! Terraform stores it in clear in the state file, so it holds identifiers only. It carries a
//! version, because every later release has to read what this one wrote.

use azure::id::{RoleAssignmentId, VaultId};
use engine::grant::{Made, VaultAccess};
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role_assignment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vault_access: Option<StoredAccess>,
}

#[derive(Serialize, Deserialize)]
struct StoredAccess {
    vault: String,
    object_id: String,
    tenant_id: String,
    permissions: Vec<String>,
}

/// Writes down which rights were made.
pub(crate) fn write(made: &Made) -> Vec<u8> {
    let stored = Stored {
        version: VERSION,
        role_assignment: made.role_assignment.as_ref().map(ToString::to_string),
        vault_access: made.vault_access.as_ref().map(|access| StoredAccess {
            vault: access.vault.to_string(),
            object_id: access.object_id.to_string(),
            tenant_id: access.tenant_id.clone(),
            permissions: access.permissions.clone(),
        }),
    };
    serde_json::to_vec(&stored).unwrap_or_default()
}

/// Reads which rights were made; nothing, where nothing readable was written.
///
/// Rights that cannot be recognised are not ours to take back, so an unreadable note is read as
/// an empty one.
pub(crate) fn read(bytes: &[u8]) -> Made {
    let stored: Stored = serde_json::from_slice(bytes).unwrap_or_default();
    Made {
        role_assignment: stored
            .role_assignment
            .and_then(|text| text.parse::<RoleAssignmentId>().ok()),
        vault_access: stored.vault_access.and_then(|access| {
            Some(VaultAccess {
                vault: access.vault.parse::<VaultId>().ok()?,
                object_id: access.object_id.parse().ok()?,
                tenant_id: access.tenant_id,
                permissions: access.permissions,
            })
        }),
    }
}

/// Adds what was made now to what was made before.
pub(crate) fn join(before: Made, now: Made) -> Made {
    Made {
        role_assignment: now.role_assignment.or(before.role_assignment),
        vault_access: now.vault_access.or(before.vault_access),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: &str = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv1";

    #[test]
    fn what_is_written_is_read_back() {
        let made = Made {
            role_assignment: None,
            vault_access: Some(VaultAccess {
                vault: VAULT.parse().expect("a vault"),
                object_id: "22222222-2222-2222-2222-222222222201"
                    .parse()
                    .expect("an id"),
                tenant_id: "t".into(),
                permissions: vec!["get".into()],
            }),
        };
        assert_eq!(read(&write(&made)), made);
        assert_eq!(read(&write(&Made::default())), Made::default());
    }

    #[test]
    fn an_unreadable_note_claims_nothing() {
        for bytes in [
            &b""[..],
            b"{",
            b"[]",
            br#"{"version":1,"vault_access":{"vault":"?"}}"#,
        ] {
            assert!(read(bytes).is_empty());
        }
    }
}
