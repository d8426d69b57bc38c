//! What an answer of Azure means to somebody who wants to enrol an account, and the way out.

use azure::error::{Error, ForbiddenCause, Kind};

/// The role that lets its holder list and regenerate the keys of an account.
pub(super) const OPERATOR: &str = "Storage Account Key Operator Service Role";

/// Gives the summary for an answer of Azure, and the way out.
pub(super) fn meaning(error: &Error) -> (&'static str, String) {
    if let Some(cause) = error.forbidden_cause() {
        return forbidden(&cause);
    }
    if error.kind() == Kind::Unreadable {
        return (
            "Azure's answer cannot be read",
            "Something on the way may have answered in Azure's place: check `HTTPS_PROXY`, then apply \
             again. What was done is found by the next run."
                .into(),
        );
    }
    match error.status() {
        Some(401) => (
            "Azure does not accept the sign-in",
            "Check tenant, client and secret, and that the secret has not expired.".into(),
        ),
        Some(404) => (
            "Not found in Azure",
            "Check the name, and the vault or scope.".into(),
        ),
        Some(409) => (
            "In conflict with what Azure holds",
            "Azure's answer names what is in the way. Apply again once it is gone, or changed by \
             whoever works on it."
                .into(),
        ),
        Some(429) => (
            "Azure asks for fewer requests",
            "Wait as long as Azure asks for, then apply again; lower `-parallelism`.".into(),
        ),
        Some(500..) => (
            "Azure failed",
            "Apply again. If it stays so, the request id helps Azure's support.".into(),
        ),
        Some(_) => (
            "Azure refused the request",
            "Azure's answer names the reason. Apply again once it is mended.".into(),
        ),
        None => (
            "No answer from Azure",
            "Check the network, `HTTPS_PROXY`, and `SSL_CERT_FILE` if a proxy ends TLS.".into(),
        ),
    }
}

/// Gives the summary where a vault refuses a secret, and the way out; nothing for other answers.
pub(super) fn refusal_of_secret(error: &Error) -> Option<(&'static str, &'static str)> {
    match error.forbidden_cause()? {
        ForbiddenCause::VaultPolicyLacks { .. } => Some((
            "The vault's access policy does not allow it",
            "The caller needs the secret permission `get` on the vault: az keyvault set-policy \
             --name VAULT --object-id CALLER --secret-permissions get",
        )),
        ForbiddenCause::VaultRbac => Some((
            "The caller has no role on the vault",
            "The vault works with roles, not with access policies. The role `Key Vault Secrets \
             User` on the vault covers reading secrets.",
        )),
        _ => None,
    }
}

/// Tells apart whose right is missing where; each case has another cure.
fn forbidden(cause: &ForbiddenCause) -> (&'static str, String) {
    match cause {
        ForbiddenCause::CallerLacksArmAction { action } => (
            "The caller lacks a right in Azure",
            lacking(action.as_deref()),
        ),
        ForbiddenCause::KeyVaultLacksRole => (
            "Key Vault has no right to the storage account",
            format!(
                "Key Vault's own service principal needs the role `{OPERATOR}` on the account. Set \
                 `key_vault.grant_access = true`, or: az role assignment create --assignee \
                 KEY_VAULT --role \"{OPERATOR}\" --scope ACCOUNT_ID, where KEY_VAULT is the \
                 application cfa8b339-82a2-471a-a3c9-0fc0be7a4093 (in US Government \
                 7e7c393b-45d0-48b1-a35e-2905ddf8183c)."
            ),
        ),
        ForbiddenCause::VaultPolicyLacks { operation } => (
            "The vault's access policy does not allow it",
            format!(
                "The caller needs the storage permission `{0}` on the vault: az keyvault \
                 set-policy --name VAULT --object-id CALLER --storage-permissions {0}",
                operation.as_deref().unwrap_or("get list set update delete")
            ),
        ),
        ForbiddenCause::VaultRbac => (
            "The caller has no role on the vault",
            "The vault works with roles, not with access policies. The role `Key Vault \
             Administrator` on the vault covers managed storage accounts."
                .into(),
        ),
        ForbiddenCause::Firewall => (
            "The vault's firewall refuses this address",
            "Allow the address in the vault's network settings, or run from a network that is."
                .into(),
        ),
        _ => (
            "Azure forbids it",
            "Azure's answer names the missing right or the policy in force. Grant the right, or ask \
             whoever set the policy, then apply again."
                .into(),
        ),
    }
}

/// Names the role that mends a missing right: Key Vault acts on behalf of the caller where keys are
/// concerned, everything else is the caller's own act.
fn lacking(action: Option<&str>) -> String {
    let on_keys = action.is_some_and(|action| {
        let action = action.to_ascii_lowercase();
        action.ends_with("listkeys/action") || action.ends_with("regeneratekey/action")
    });
    match action {
        Some(action) if on_keys => format!(
            "Key Vault acts on behalf of the caller, who needs `{action}` on the account too: az \
             role assignment create --assignee CALLER --role \"{OPERATOR}\" --scope ACCOUNT_ID"
        ),
        Some(action) => format!(
            "The caller needs a role with `{action}` there, such as `Storage Account Contributor` \
             on the account, or `Reader` where it only reads."
        ),
        None => "The caller needs a role with the action that Azure names.".into(),
    }
}
