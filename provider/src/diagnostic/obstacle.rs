//! What stands in the way of an enrolment, worded; nothing was changed in any of these cases.

use engine::precheck::{LIST_KEYS, MANAGE, Obstacle};
use plugin::{Diagnostic, Path};

use super::meaning::OPERATOR;
use super::{sentence, step};

/// Says what to do about a deleted object that holds a name.
pub(super) const RECOVERING_IS_OFF: &str = "The vault keeps what is deleted for 7 to 90 days, and \
recovering it is switched off (`recover_soft_deleted = false` of the provider). Switch that on, \
choose another name, or wait until the vault has let it go; an enrolment can also be purged.";

/// Words an obstacle.
pub(crate) fn obstacle(obstacle: &Obstacle) -> Diagnostic {
    let account = Path::attribute("storage_account_id");
    let vault = |name: &str| Path::attribute("key_vault").then(name);
    let (summary, way_out, path) = match obstacle {
        Obstacle::Step(error) => return step(error),
        Obstacle::Locked { lock, scope, .. } => (
            "A lock makes the account read-only",
            unlock(lock, scope),
            account,
        ),
        Obstacle::CallerCannotListKeys { account: id } => (
            "The caller lacks a right in Azure",
            format!(
                "Key Vault acts on behalf of the caller, who needs `{LIST_KEYS}` on the account \
                 too: {}",
                assign(OPERATOR, id.as_str())
            ),
            account,
        ),
        Obstacle::NoVault { .. } => (
            "Vault not found",
            "Check the name of the vault. If it is there, it cannot be reached from here: check \
             the network, `HTTPS_PROXY`, and private endpoints."
                .to_owned(),
            vault("vault_uri"),
        ),
        Obstacle::NoVaultRole { vault: id } => (
            "The caller has no role on the vault",
            format!(
                "The vault works with roles, not with access policies, and the caller needs \
                 `{MANAGE}` there: {}",
                assign("Key Vault Administrator", id)
            ),
            vault("vault_uri"),
        ),
        Obstacle::Elsewhere { others, .. } => (
            "Account is enrolled already",
            import_or_end(others.split('`').next().unwrap_or(others)),
            account,
        ),
        Obstacle::Deleted { .. } => (
            "A deleted enrolment holds the name",
            RECOVERING_IS_OFF.to_owned(),
            vault("name"),
        ),
    };
    let detail = format!("{} Nothing was changed.\n\n{way_out}", sentence(obstacle));
    Diagnostic::error(summary, detail).at(path)
}

/// Says what to do about a second record of one account.
pub(super) fn import_or_end(place: &str) -> String {
    format!(
        "Two records of one account regenerate the keys that the other one signs tokens with. \
         Import the present one: `terraform import ADDRESS {place}`. Or un-enrol it first."
    )
}

pub(super) fn unlock(lock: &str, scope: &str) -> String {
    format!(
        "Azure refuses to list and to regenerate keys under a ReadOnly lock, Key Vault's own turns \
         included. Put one of the level CanNotDelete in its place, or remove it: az lock delete \
         --ids {scope}/providers/Microsoft.Authorization/locks/{lock}"
    )
}

/// Gives the command that assigns a role to the caller.
fn assign(role: &str, scope: &str) -> String {
    format!("az role assignment create --assignee CALLER --role \"{role}\" --scope {scope}")
}
