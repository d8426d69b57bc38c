//! What the provider remembers of an object beside its state: the rights that it made.
//!
//! Terraform stores it in clear in the state file, so it holds identifiers only. It carries a
//! version, because every later release has to read what this one wrote.

use std::collections::BTreeSet;

use azure::id::{RoleAssignmentId, VaultId};
use engine::grant::Made;
use engine::grant::permissions::Permissions;
use engine::grant::vault_access::VaultAccess;
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;

/// What is remembered of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Note {
    /// The rights that were made for it.
    pub(crate) made: Made,
    /// The enrolment was found to be gone, while rights that were made for it remain.
    pub(crate) gone: bool,
}

/// A note that this release cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state was written by a newer version of this provider")]
pub(crate) struct NewerNote;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role_assignment: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vault_access: Vec<StoredAccess>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gone: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredAccess {
    vault: String,
    object_id: String,
    tenant_id: String,
    /// Those on managed storage accounts.
    permissions: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    secrets: BTreeSet<String>,
}

/// Writes a note.
pub(crate) fn write(note: &Note) -> Vec<u8> {
    let access = note.made.vault_access.iter().map(|access| StoredAccess {
        vault: access.vault.to_string(),
        object_id: access.object_id.to_string(),
        tenant_id: access.tenant_id.clone(),
        permissions: access.permissions.storage.clone(),
        secrets: access.permissions.secrets.clone(),
    });
    let stored = Stored {
        version: VERSION,
        role_assignment: note.made.role_assignment.as_ref().map(ToString::to_string),
        vault_access: access.collect(),
        gone: note.gone,
    };
    serde_json::to_vec(&stored).unwrap_or_default()
}

/// Reads a note.
///
/// Rights that cannot be recognised are not ours to take back, so a damaged note is read as an
/// empty one. A note of a newer release is not touched.
pub(crate) fn read(bytes: &[u8]) -> Result<Note, NewerNote> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let version = serde_json::from_slice(bytes).map_or(VERSION, |note: Versioned| note.version);
    if version > VERSION {
        return Err(NewerNote);
    }
    let Ok(stored) = serde_json::from_slice::<Stored>(bytes) else {
        return Ok(Note::default());
    };
    let assignment = stored
        .role_assignment
        .and_then(|id| id.parse::<RoleAssignmentId>().ok());
    let vault_access = stored.vault_access.into_iter().filter_map(access).collect();
    let made = Made {
        role_assignment: assignment,
        vault_access,
    };
    Ok(Note {
        made,
        gone: stored.gone,
    })
}

fn access(stored: StoredAccess) -> Option<VaultAccess> {
    Some(VaultAccess {
        vault: stored.vault.parse::<VaultId>().ok()?,
        object_id: stored.object_id.parse().ok()?,
        tenant_id: stored.tenant_id,
        permissions: Permissions {
            storage: stored.permissions,
            secrets: stored.secrets,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: &str = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/g/\
                         providers/Microsoft.KeyVault/vaults/kv1";

    #[test]
    fn what_is_written_is_read_back() {
        let access = VaultAccess {
            vault: VAULT.parse().expect("a vault"),
            object_id: "22222222-2222-2222-2222-222222222201"
                .parse()
                .expect("an id"),
            tenant_id: "t".into(),
            permissions: Permissions::new(&["get"], &["list"]),
        };
        let made = Made {
            role_assignment: None,
            vault_access: vec![access],
        };
        for note in [Note { made, gone: true }, Note::default()] {
            assert_eq!(read(&write(&note)), Ok(note));
        }
    }

    #[test]
    fn a_damaged_note_claims_nothing_and_a_newer_one_is_refused() {
        for bytes in [
            &b""[..],
            b"{",
            b"[]",
            br#"{"version":1,"vault_access":[{"vault":"?"}]}"#,
        ] {
            assert_eq!(read(bytes), Ok(Note::default()));
        }
        assert_eq!(read(br#"{"version":2}"#), Err(NewerNote));
    }
}
